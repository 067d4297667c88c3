"""Minima as plain text and as JSON documents."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from .sizes import importances, model_entries, sizes, support_lines
from .variant import variant_entries, variant_lines

if TYPE_CHECKING:
    from ..minima.found import LocalMinimum, Minimum

Document = dict[str, Any]


def minimum_document(found: Minimum) -> Document:
    """The lowest minimum's own entries at the top, then every local minimum."""
    model = found.model
    return {
        "model": model_entries(model),
        "sparsity": found.sparsity,
        "importance": found.importance,
        **variant_entries(model),
        **_entries(found.lowest),
        "minima": [_entries(minimum) for minimum in found.minima],
        "starts": found.starts,
        "failed": found.failed,
    }


def _entries(minimum: LocalMinimum) -> Document:
    return {
        "name": minimum.name,
        "outcome": minimum.outcome,
        "loss": minimum.loss,
        # null for a closed form, right to 1e-13 of the scale; the entry is always there
        "loss_error": minimum.loss_error,
        "weights": minimum.weights.tolist(),
        "bias": minimum.bias.tolist(),
        "gram": minimum.gram.tolist(),
        "gradient": minimum.gradient,
        "curvature": _number(minimum.curvature),
        "stability": minimum.stability,
        "hessian_spectrum": minimum.hessian_spectrum.tolist(),
        "learning_coefficient": _number(minimum.learning_coefficient),
        "learning_bounds": list(minimum.learning_bounds),
        "learning_reason": minimum.learning_reason,
        "converged": minimum.converged,
    }


def minimum_text(found: Minimum) -> str:
    """The minima, lowest first, under the conventions that they use."""
    model = found.model
    lines = [
        f"{sizes(model)}, S = {found.sparsity:g}, "
        f"{importances(model, found.importance)}, magnitudes {model.law.text}",
        "  y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
    ]
    lines += [f"  {line}" for line in support_lines(model)] + variant_lines(model)
    for rank, minimum in enumerate(found.minima):
        lines += ["", local_text(minimum, "local minimum" if rank else "lowest minimum")]
    lines += [
        "",
        f"{found.starts} starts, {found.failed} of which reached no stationary point",
    ]
    return "\n".join(lines)


def local_text(minimum: LocalMinimum, what: str = "local minimum") -> str:
    """One minimum: its loss, weights and bias, and how well they are known."""
    known = "converged" if minimum.converged else "NOT CONVERGED"
    return "\n".join(
        [
            f"{minimum.name} ({what}; the extra feature is {_state(minimum.outcome)})",
            f"  L = {minimum.loss:.15g}{_error(minimum)}",
            *(
                f"  {'W = ' if row == 0 else '    '}{_row(values)}"
                for row, values in enumerate(minimum.weights)
            ),
            f"  b = {_row(minimum.bias)}",
            f"  {known}: gradient {minimum.gradient:.1e}{_curvature(minimum)}",
            f"  learning coefficient {_coefficient(minimum)}: {minimum.learning_reason}",
        ]
    )


def _state(outcome: str) -> str:
    """An outcome as the end of a sentence."""
    return f"in {outcome}" if outcome == "superposition" else outcome


def _error(minimum: LocalMinimum) -> str:
    return "" if minimum.loss_error is None else f", error about {minimum.loss_error:.1e}"


def _curvature(minimum: LocalMinimum) -> str:
    if isnan(minimum.curvature):
        return ""
    return f", {minimum.stability}: lowest curvature {minimum.curvature:.3g}"


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return None if isnan(value) else value


def _coefficient(minimum: LocalMinimum) -> str:
    low, high = minimum.learning_bounds
    return f"{low:g}" if low == high else f"from {low:g} to {high:g}"


def _row(values: Any) -> str:
    return " ".join(f"{value + 0.0:15.11f}" for value in values)
