"""Descriptions of weights as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sizes import magnitudes, sizes
from .text import table

if TYPE_CHECKING:
    from ..experiment.describe import Description
    from ..minima.found import LocalMinimum


def _accuracy(minimum: LocalMinimum) -> str:
    """How well the dense loss is known."""
    if minimum.loss_error is None:
        return ""
    return f" (error about {minimum.loss_error:.0e}, gradient {minimum.gradient:.0e})"


def described_text(found: Description) -> str:
    """What the weights do to each feature, and which minimum they are near."""
    where = "" if found.sparsity is None else f", S = {found.sparsity:g}"
    rows = []
    for i, outcome in enumerate(found.outcomes):
        row = [str(i + 1), outcome]
        row += [
            f"{values[i] + 0.0:.6g}"
            for values in (found.importance, found.norms, found.dimensionalities, found.bias)
        ]
        rows.append([*row, "" if found.losses is None else f"{found.losses[i]:.8g}"])
    headers = ("feature", "is", "importance", "norm", "dimensionality", "bias", "loss")
    lines = [
        f"{sizes(found.model)}{where}, {magnitudes(found.model)}: {found.phase}",
        "  y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
        "",
        table(headers, rows),
        "",
        "W_i·W_j",
        *(
            "  " + " ".join(f"{value + 0.0:10.6f}" for value in row)
            for row in found.interference[:12, :12]
        ),
    ]
    if found.loss is not None:
        lines += ["", f"L = {found.loss:.12g}"]
    if found.nearest is not None and found.loss is not None:
        excess = found.loss - found.nearest.loss
        lines.append(
            f"a descent from here ends in {found.nearest.name}, L = {found.nearest.loss:.12g}"
            f"{_accuracy(found.nearest)}: "
            f"{excess:.3g} lower, at a distance of {found.distance:.3g} in WᵀW and b"
        )
    return "\n".join(lines)
