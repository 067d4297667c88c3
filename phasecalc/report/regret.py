"""Regret as plain text and as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tabulate import tabulate

from .sizes import importances, model_entries, sizes, support_lines
from .variant import variant_entries, variant_lines

if TYPE_CHECKING:
    from ..experiment.elsewhere import FoundWeights
    from ..experiment.regret import Regret


def regret_document(found: Regret, weights: FoundWeights) -> dict[str, Any]:
    """One entry for each instance, under the model and the convention of the file."""
    return {
        "model": model_entries(found.model),
        "importance": found.importance,
        **variant_entries(found.model),
        "convention": weights.convention,
        "loss_factor": weights.loss_factor,
        "instances": [
            {
                "sparsity": float(row[0]),
                "loss": float(row[1]),
                "minimum": float(row[2]),
                "regret": float(row[3]),
                "relative": float(row[4]) if np.isfinite(row[4]) else None,
                "phase": str(row[5]),
                "least_phase": str(row[6]),
                "nearest_phase": str(row[7]),
                "nearest_loss": float(row[8]),
                "distance": float(row[9]),
            }
            for row in _rows(found)
        ],
    }


def regret_text(found: Regret, weights: FoundWeights | None = None) -> str:
    """A table with a line for each instance, and how their own losses compare."""
    head = [
        f"{sizes(found.model)}, {importances(found.model, found.importance)}, "
        f"magnitudes {found.model.law.text}"
        + ("" if weights is None else f"; convention {weights.convention}"),
        "  y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
        *(f"  {line}" for line in support_lines(found.model)),
        *variant_lines(found.model),
    ]
    if weights is not None and weights.loss_factor != 1:
        head.append(
            f"  their loss is a mean over features: {weights.loss_factor:g} times it is L at the "
            f"same importances; their {weights.probability}"
        )
    names = ("S", "loss", "least known", "regret", "relative", "they are", "least known is",
             "nearest minimum", "its loss", "distance")  # fmt: skip
    rows = [
        [f"{row[0]:g}", *(f"{x:.10g}" for x in row[1:3]), f"{row[3]:.4g}", f"{row[4]:.4g}",
         *map(str, row[5:8]), f"{row[8]:.10g}", f"{row[9]:.4g}"]
        for row in _rows(found)
    ]  # fmt: skip
    table = tabulate(rows, headers=names, disable_numparse=True)
    words = (
        "  they are: by every overlap; the nearest minimum is where a descent from them ends, at "
        "this distance in W and b"
    )
    return "\n".join([*head, words, "", table])


def _rows(found: Regret) -> list[tuple[Any, ...]]:
    columns = (
        *(found.sparsity, found.loss, found.minimum, found.regret, found.relative),
        *(found.phases, found.least_phases, found.nearest_phases),
        *(found.nearest_loss, found.distance),
    )
    return list(zip(*(np.ravel(column) for column in columns), strict=True))
