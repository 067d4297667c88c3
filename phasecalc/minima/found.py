"""What a search for minima hands back."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..display import Large, list_records
from ..model import ToyModel
from ..records import Record
from .learning import FLAT
from .naming import description_of

Floats = NDArray[np.float64]


def padded(weights: Floats, rows: int) -> Floats:
    """The weights with this many rows of zeros below."""
    return np.pad(weights, ((0, rows), (0, 0)))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LocalMinimum(Record, Large):
    """One local minimum, up to permutation of equal features, rotation and sign.

    weights (m, n), bias (n,), gram = WᵀW (n, n). ``gradient`` is the largest entry of |∇L|,
    ``curvature`` the lowest one-sided second derivative over all directions other than rotations
    (the loss is only piecewise C²): positive at a strict minimum, zero where the loss is flat.
    ``converged`` says whether the gradient is at most 1e-12 and no direction goes down.

    ``hessian_spectrum``: the eigenvalues of the Hessian across the orbit of rotations, ascending
    (where the gradient has a kink, of the mean of its sides). ``learning_coefficient``: λ of
    F_n = n L/2 + λ log n + O(1), half the number of directions in which the loss grows; NaN where
    only ``learning_bounds`` are known. ``learning_reason`` says why; see `minima.learning`.

    ``loss_error``: of a loss by the dense kernel its error, a bound or an estimate as in
    `expected_loss`; None for a closed form, which is right to 1e-13 of the scale. For more than
    nine features the curvature is NaN, as it is not computed, and
    a gradient of 1e-7 min(1, Σ_j I_j P(j is active)) is converged.
    """

    name: str
    outcome: str
    loss: float
    weights: Floats
    bias: Floats
    gram: Floats
    gradient: float
    curvature: float
    converged: bool
    hessian_spectrum: Floats
    learning_coefficient: float
    learning_bounds: tuple[float, float]
    learning_reason: str
    loss_error: float | None = None

    @property
    def description(self) -> str:
        """What happens to the features, in a sentence."""
        return description_of(self.gram, self.bias)

    @property
    def stability(self) -> Literal["stable", "flat", "unstable", "not known"]:
        """By the sign of ``curvature``, with ±1e-6 counted as zero."""
        if isnan(self.curvature):
            return "not known"
        if self.curvature > FLAT:
            return "stable"
        return "flat" if self.curvature >= -FLAT else "unstable"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Minimum(Record, Large):
    """The lowest minimum that was found at one point, and all others; made by `minimize`.

    ``minima`` holds every distinct local minimum, lowest first; ``starts`` is the number of starts
    and ``failed`` the number of those that ended in no stationary point. That no lower minimum
    exists is evidence from many starts, not a proof. Of more than nine features `minima` holds at
    most the three lowest ends, told apart by their losses.
    """

    model: ToyModel
    sparsity: float
    importance: float
    minima: tuple[LocalMinimum, ...]
    starts: int
    failed: int
    symbols: tuple[tuple[str, float], ...] = ()
    """Values of the model's other symbols."""

    def __post_init__(self) -> None:
        if not self.minima:
            raise ValueError("a Minimum needs at least one local minimum")
        list_records(self)

    @property
    def lowest(self) -> LocalMinimum:
        return self.minima[0]

    @property
    def loss(self) -> float:
        return self.lowest.loss

    @property
    def weights(self) -> Floats:
        return self.lowest.weights

    @property
    def bias(self) -> Floats:
        return self.lowest.bias

    @property
    def gram(self) -> Floats:
        return self.lowest.gram

    @property
    def name(self) -> str:
        return self.lowest.name

    @property
    def phase(self) -> str:
        """The name of the lowest minimum, as diagrams and certificates call it."""
        return self.lowest.name

    @property
    def description(self) -> str:
        """What happens to the features at the lowest minimum, in a sentence."""
        return self.lowest.description

    @property
    def outcome(self) -> str:
        return self.lowest.outcome

    @property
    def converged(self) -> bool:
        return self.lowest.converged
