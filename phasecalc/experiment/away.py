"""The cells of a grid that are away from the boundaries of a phase diagram."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import ToyModel

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Strings = NDArray[np.str_]

_TIE = 1e-9
"""Losses that differ by less, in parts of Σ_j I_j p, are equal: rounding is far below."""


class Labelled(Protocol):
    """What is asked of a diagram's grid: labels and lowest losses, (n_S, n_r)."""

    @property
    def labels(self) -> Strings: ...
    @property
    def losses(self) -> Floats: ...
    @property
    def outcomes(self) -> Strings | None: ...


class Diagram(Protocol):
    """What is asked of a diagram: any source of phases will do."""

    @property
    def model(self) -> ToyModel: ...
    @property
    def source(self) -> str: ...
    @property
    def phases(self) -> tuple[Any, ...]: ...
    def grid(self, sparsities: object, importances: object) -> Any: ...


def named(labels: Strings, outcome_of: Mapping[str, str]) -> Strings:
    """Outcomes of labels; "" for a label that is no phase of the diagram."""
    names, index = np.unique(labels, return_inverse=True)
    return np.array([outcome_of.get(str(name), "") for name in names])[index.reshape(labels.shape)]


def away_from_boundaries(
    diagram: Diagram,
    S: Floats,
    r: Floats,
    outcomes: Strings,
    outcome_of: Mapping[str, str],
    margin: float,
) -> Booleans:
    away = np.ones(outcomes.shape, np.bool_)
    factors = (1 / margin, 1.0, margin) if margin > 1 else (1.0,)
    for f, g in product(factors, factors):
        if (f, g) != (1.0, 1.0):
            moved = diagram.grid(1 - np.minimum((1 - S) * f, 1.0), r * g)
            away &= named(moved.labels, outcome_of) == outcomes
    return away


def tied(diagram: Diagram, S: Floats, r: Floats, lowest: Floats, outcomes: Strings) -> Booleans:
    """Where a phase with another outcome has the lowest loss too, to rounding.

    Known where phases have exact losses, as those of candidates; nowhere else.
    """
    found = np.zeros(outcomes.shape, np.bool_)
    for phase in diagram.phases:
        if hasattr(phase, "coefficients"):
            base, extra = (
                np.polynomial.polynomial.polyval(1 - S, [float(c) for c in coefficients])
                for coefficients in phase.coefficients
            )
            scale = np.outer(1 - S, diagram.model.n_features - 1 + r)
            close = base[:, None] + np.outer(extra, r) <= lowest + _TIE * scale
            found |= close & (outcomes != phase.outcome)
    return found


def widened(axis: Floats, margin: float, largest: float) -> Floats:
    """The values, ascending, and one beyond each end by the margin."""
    ends = [axis.min() / margin, min(axis.max() * margin, largest)]
    return np.unique(np.concatenate([axis, ends]))


def alone(
    outcomes: Strings, wide: tuple[Floats, Floats], axes: tuple[Floats, Floats], margin: float
) -> Booleans:
    """Where the outcome is one and the same within the margin, and at the next points beyond."""
    rows, columns = (
        [_around(values, float(value), margin) for value in axis]
        for values, axis in zip(wide, axes, strict=True)
    )
    return np.array([[len(np.unique(outcomes[i, j])) == 1 for j in columns] for i in rows])


def _around(values: Floats, centre: float, margin: float) -> slice:
    """The fewest neighbouring values that reach from centre/margin to centre·margin."""
    low, high = centre / margin * (1 + 1e-9), centre * margin * (1 - 1e-9)
    if margin == 1:
        low = high = centre
    first = max(int(np.searchsorted(values, low, side="right")) - 1, 0)
    return slice(first, int(np.searchsorted(values, high, side="left")) + 1)
