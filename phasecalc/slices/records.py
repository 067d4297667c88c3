"""Records of slices: branches, where they end, and crossings, along a line of the diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..display import Drawn, Large, Shown, list_records
from ..model import ToyModel
from ..records import Record

Floats = NDArray[np.float64]
Nature = Literal["first order", "continuous", "crossover"]
Cause = Literal["fold", "onset"]


@dataclass(frozen=True, slots=True)
class BranchEnd:
    """Where a branch stops being a local minimum, known to ``error``, and its loss there.

    ``cause`` is "fold" where it meets a saddle, "onset" where it becomes unstable against a branch
    that leaves it or shrinks into the branch that it left: the lowest curvature is 0 there. None
    means that the branch was lost, within ``error``, and nothing was solved. ``becomes`` names the
    branch that takes over continuously.
    """

    value: float
    loss: float
    error: float
    becomes: str | None
    cause: Cause | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Branch(Record, Large):
    """One local minimum followed along the line; arrays are over its own ``values``.

    ``curvatures`` are lowest one-sided second derivatives: positive at a strict minimum. An end is
    None where the branch leaves the values of the slice as a minimum.
    """

    name: str
    outcome: str
    values: Floats
    losses: Floats
    curvatures: Floats
    ends: tuple[BranchEnd | None, BranchEnd | None]


@dataclass(frozen=True, slots=True)
class Crossing(Shown):
    """Where the lowest minimum changes from the first phase to the second as the value grows.

    ``jump`` is that of dF along the line (dF/dr or dF/dS); 0 unless of first order. A crossover is
    one minimum that changes its name, from weak to strong say: no transition.
    """

    phases: tuple[str, str]
    value: float
    loss: float
    jump: float
    nature: Nature
    error: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slice(Record, Drawn):
    """A line through a phase diagram; made by `slice_along`.

    ``fixed`` names the coordinate that is ``at``; ``values`` are those of the other one. ``losses``
    is F, the lowest loss at each value. All of it is numerical evidence.
    """

    model: ToyModel
    source: str
    fixed: Literal["sparsity", "importance"]
    at: float
    values: Floats
    losses: Floats
    labels: tuple[str, ...]
    branches: tuple[Branch, ...]
    crossings: tuple[Crossing, ...]
    axes: tuple[str, str] = ("S", "r")
    """The symbols of the model that are called sparsity and importance here."""

    def __post_init__(self) -> None:
        if not len(self.values) == len(self.losses) == len(self.labels):
            raise ValueError("values, losses and labels of a slice differ in number")
        list_records(self)

    @property
    def varied(self) -> str:
        """The coordinate that changes along the line."""
        return "importance" if self.fixed == "sparsity" else "sparsity"

    @property
    def letters(self) -> tuple[str, str]:
        """The symbols of what is held and of what is varied."""
        x, y = self.axes
        return (x, y) if self.fixed == "sparsity" else (y, x)
