"""Labels of a diagram on a grid of sparsities and importances, exact in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..blocks.candidate import Candidate
from ..display import Large
from ..exact.algebraic import comparable
from ..inputs import Scalar, parse_number
from ..records import Record

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GridDiagram(Record, Large):
    """Labels and lowest losses on a grid.

    ``labels[i, j]`` and ``losses[i, j]`` belong to ``sparsities[i]`` and ``importances[j]``; losses
    are float64, correct to a few units in the last place of the largest term of the polynomial.
    ``outcomes[i, j]``, where weights were optimised, is what those weights do to the extra feature
    by the measure that trained models are held to (`phasecalc.experiment.measures`); else None, and
    the outcome is that of the phase.
    """

    sparsities: Floats
    importances: Floats
    labels: NDArray[np.str_]
    losses: Floats
    phases: tuple[str, ...]
    outcomes: NDArray[np.str_] | None = None

    def to_xarray(self) -> Any:
        """An `xarray.Dataset` with variables label and loss over sparsity and importance."""
        import xarray  # noqa: PLC0415  (heavy, and only needed here)

        axes = ("sparsity", "importance")
        return xarray.Dataset(
            {"label": (axes, self.labels), "loss": (axes, self.losses)},
            coords={
                "sparsity": self.sparsities,
                "importance": self.importances,
                "feature_probability": ("sparsity", 1 - self.sparsities),
            },
        )


def paper_axes(n: int = 50) -> tuple[Floats, Floats]:
    """The axes of the paper's diagrams: 1 − S from 1 to 0.01 and r from 0.1 to 10, logarithmic.

    Returns sparsities S (ascending) and importances r (ascending), n of each.

    >>> sparsities, importances = paper_axes(3)
    >>> sparsities.round(2).tolist(), importances.round(2).tolist()
    ([0.0, 0.9, 0.99], [0.1, 1.0, 10.0])
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise ValueError(f"n = {n!r}: it must be an integer, at least 2")
    return 1.0 - np.geomspace(1.0, 0.01, n), np.geomspace(0.1, 10.0, n)


def checked_axis(values: object, argument: str, largest: float = np.inf) -> Floats:
    """A one-dimensional axis of finite float64 in [0, largest]; ValueError otherwise."""
    if isinstance(values, list | tuple):
        values = [parse_number(v, argument) if isinstance(v, str) else v for v in values]
    try:
        axis = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{argument} must be a sequence of numbers") from None
    if axis.ndim != 1 or axis.size == 0:
        raise ValueError(
            f"{argument} has shape {axis.shape}: it must have one dimension and an entry"
        )
    for i, value in enumerate(axis):
        if not (np.isfinite(value) and 0 <= value <= largest):
            allowed = "lie in [0, 1]" if largest == 1 else "be finite and not negative"
            raise ValueError(f"{argument}[{i}] = {value}: it must {allowed}")
    return axis


def grid_of(phases: Sequence[Candidate], sparsities: object, importances: object) -> GridDiagram:
    """Label every cell: by float64 where its error bound decides, by exact rationals elsewhere."""
    s = checked_axis(sparsities, "sparsities", 1.0)
    w = checked_axis(importances, "importances")
    density = 1.0 - s
    losses = np.empty((len(phases), len(s), len(w)))
    bound = np.zeros((len(s), len(w)))
    for k, phase in enumerate(phases):
        values, sizes = zip(
            *(_horner(coefficients, density) for coefficients in phase.coefficients), strict=True
        )
        losses[k] = values[0][:, None] + np.outer(values[1], w)
        degree = max(map(len, phase.coefficients))
        # Horner's rule errs by 2·degree roundings of Σ|c|p^k; p itself is rounded once.
        size = sizes[0][:, None] + np.outer(sizes[1], w)
        bound = np.maximum(bound, 4 * (degree + 2) * np.finfo(np.float64).eps * size)
    winners = losses.argmin(axis=0)
    lowest = np.take_along_axis(losses, winners[None], axis=0)[0]
    close = (losses <= lowest + 2 * bound).sum(axis=0) > 1
    for i, j in np.argwhere(close):
        p, r = 1 - Fraction(float(s[i])), Fraction(float(w[j]))
        exact = [phase.loss_at(importance=r, feature_probability=p) for phase in phases]
        winners[i, j] = min(range(len(exact)), key=comparable(exact).__getitem__)
        lowest[i, j] = float(exact[winners[i, j]])
    names = tuple(phase.name for phase in phases)
    return GridDiagram(s, w, np.array(names)[winners], lowest, names)


def _horner(coefficients: tuple[Scalar, ...], p: Floats) -> tuple[Floats, Floats]:
    """The polynomial and the sum of its terms' sizes."""
    value, size = np.zeros_like(p), np.zeros_like(p)
    for coefficient in map(float, reversed(coefficients)):
        value = value * p + coefficient
        size = size * p + abs(coefficient)
    return value, size
