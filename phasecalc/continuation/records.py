"""Records of traced diagrams: phases, boundaries as curves of points, special points, spinodals.

The terms are those of the exact diagrams: F(x, y) is the lowest loss; with y = r, ∂F/∂r is the
extra feature's own squared error. Coordinates are called S and r after the usual plane; over other
symbols of a model they are those of its x and its y. What is traced is known numerically, with an
error, and says so in its ``status``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import sympy
from numpy.typing import NDArray

from ..diagram.transition import Status
from ..display import Drawn, Large, Lined, Listed, Shown, Written
from ..inputs import probability_in, sparsity_of
from ..landscapes.plane import Plane
from ..landscapes.settings import DEFAULT, ContinuationSettings
from ..model import ToyModel
from ..records import Record

if TYPE_CHECKING:
    from ..diagram.grid import GridDiagram

Floats = NDArray[np.float64]

Kind = Literal[
    "junction",
    "tricritical point",
    "critical end point",
    "critical point",
    "Landau point",
    "bicritical point",
    "end of a branch",
    "border",
]
"""What stands at the end of a boundary.

junction : three or more first-order lines meet. tricritical point : a line changes from first order
to continuous. critical end point : a continuous line ends on a first-order one. critical point : a
first-order line ends because its two phases become one. Landau point : a symmetric minimum and
those that break its symmetry become one, and the lines between them meet. bicritical point : on a
continuous line another daughter becomes the lower one, and the line between both begins. border :
of the window. end of a branch : not resolved, the line could not be followed further.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Minima(Record):
    """Weights (…, m, n) and biases (…, n) of minima; ``families`` of relaxed ones, else "".

    The family of a relaxed minimum is the candidate whose pattern it keeps.
    """

    weights: Floats
    biases: Floats
    families: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TracedPhase(Shown):
    """A phase of a traced diagram: its name, and what becomes of the extra feature in it."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True, eq=False)
class SpecialPoint(Record, Written):
    """A point where boundaries end or meet.

    ``error`` estimates how accurately the point is known, in the chart (ln p, ln r): from the
    rounding of losses at a junction, from two stencils at a critical point, from two extrapolations
    at the end of a continuous line. ``status`` is "matched" where it agrees with a root of a
    formula, to the error, and is that root; else "numeric". ``minima`` are those that meet there.
    """

    kind: Kind
    phases: tuple[str, ...]
    sparsity: float
    importance: float
    loss: float
    error: float
    status: Status = "numeric"
    minima: Minima | None = None

    @property
    def feature_probability(self) -> float:
        """p = 1 − S."""
        return 1.0 - self.sparsity


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TracedBoundary(Record, Large, Written):
    """A line between two phases, as points (S, r) from one end to the other.

    phases : names; the first is the one at smaller r (at smaller S where the line runs along r).
    sparsities, importances, losses : S, r and F at each point.
    jumps : (∂F/∂S, ∂F/∂r) of the second phase minus that of the first, at each point.
    jump_error : estimates the error of the jumps: of rounding, and of the points' positions.
    order : 1 where the gradient jumps by more than ten times that error somewhere on the line; on a
        continuous line that of the first derivative of F which is not continuous, from the measured
        exponent; None where it was not measured.
    exponent : on a continuous line, d ln(loss gained by the new phase) / d ln(distance), with its
        error; None on first-order ones.
    error : estimates the distance of the points from the line, in the chart (ln p, ln r): the last
        Newton correction or the rounding of losses; on a matched line the largest distance from
        the formula.
    ends : the special points at both ends.
    formula : r in p that the points agree with, to the error, where one is known; it is not proved
        that the line is this curve, and the status then is "matched".
    minima : weights and biases of both phases at each point, (2, points, …).
    """

    phases: tuple[str, str]
    sparsities: tuple[float, ...]
    importances: tuple[float, ...]
    losses: tuple[float, ...]
    jumps: tuple[tuple[float, float], ...]
    order: int | None
    error: float
    ends: tuple[SpecialPoint, SpecialPoint]
    formula: sympy.Expr | None = None
    status: Status = "numeric"
    exponent: tuple[float, float] | None = None
    jump_error: float = 0.0
    minima: Minima | None = None

    def __post_init__(self) -> None:
        if not len(self.sparsities) == len(self.importances) == len(self.losses) == len(self.jumps):
            raise ValueError(f"the points of {self.phases} have coordinates of unequal number")
        if len(self.sparsities) < 2:
            raise ValueError(f"the boundary of {self.phases} needs at least two points")

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high) of p on the line."""
        return 1.0 - max(self.sparsities), 1.0 - min(self.sparsities)

    @property
    def importance(self) -> sympy.Expr | None:
        """The formula, by the name that an exact boundary has for it."""
        return self.formula

    @property
    def importance_interval(self) -> tuple[float, float]:
        """(low, high) of r on the line."""
        return min(self.importances), max(self.importances)

    @property
    def feature_probability(self) -> None:
        """None: no traced line is taken to be vertical."""
        return None

    def latent_heat(self, sparsity: object = None, *, feature_probability: object = None) -> Any:
        """How much ∂F/∂r, the extra feature's squared error E(x − y)², drops across the line.

        The size of the jump, as on an exact line: a squared magnitude, at most 1 with magnitudes
        in [0, 1]. ``jump_error`` estimates its error.

        Parameters
        ----------
        sparsity : where on the line, a number S, for one number, interpolated between the two
            points beside it; None for a tuple, at each of ``sparsities``.

        Raises `ValueError` for an S that the line does not pass, or passes more than once,
        `TypeError` for no number.
        """
        sizes = tuple(abs(jump[1]) for jump in self.jumps)
        place = sparsity_of(sparsity, feature_probability, probability_in, optional=True)
        if place is None:
            return sizes
        at, found = float(place), list[float]()
        places = zip(pairwise(self.sparsities), pairwise(sizes), strict=True)
        for k, ((one, two), (first, second)) in enumerate(places):
            if min(one, two) <= at <= max(one, two) and not (k and at == one):
                share = (at - one) / (two - one) if two != one else 0.5
                found.append(first + share * (second - first))
        if len(found) != 1:
            asked = at if sparsity is None else sparsity
            raise ValueError(
                f"sparsity = {asked}: the boundary of {self.phases}, with S from "
                f"{min(self.sparsities):.6g} to {max(self.sparsities):.6g}, passes it "
                + ("nowhere" if not found else f"{len(found)} times")
            )
        return found[0]

    @property
    def slopes(self) -> tuple[float, ...]:
        """Clausius-Clapeyron dr/dS at each point; infinite where ∂F/∂r does not jump."""
        return tuple(-s / r if r else float("inf") for s, r in self.jumps)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Spinodal(Record, Large):
    """A curve on which a phase stops being a local minimum, beyond a boundary of its own.

    phase : the one that is metastable between the boundary and this curve. boundary : the phases of
        that boundary, the one at smaller r first.
    cause : "fold" where the minimum meets a saddle, "onset" where it becomes unstable against a
        branch that leaves it, or shrinks into the one that it left: the lowest curvature is 0.
    sparsities, importances : points (S, r), from one end to the other.
    error : estimates the distance of the points from the curve in the chart (ln p, ln r), from the
        residuals of their equations.
    """

    phase: str
    boundary: tuple[str, str]
    cause: Literal["fold", "onset"] | None
    sparsities: tuple[float, ...]
    importances: tuple[float, ...]
    error: float

    def __post_init__(self) -> None:
        if not len(self.sparsities) == len(self.importances) > 0:
            raise ValueError(f"the spinodal of {self.phase} needs as many S as r, at least one")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MetastableRegion(Record, Large):
    """Where a phase is still a local minimum beyond one of its first-order boundaries.

    phase : the one that is a local minimum, though not the lowest. boundary : the phases of the
        boundary that the region lies beside, the one at smaller r first.
    sparsities, importances : corners (S, r) of a polygon: along the boundary, and back along the
        spinodals or the border of the window, whichever comes first.
    spinodals : the curves that bound it; none where it reaches the border everywhere.
    """

    phase: str
    boundary: tuple[str, str]
    sparsities: tuple[float, ...]
    importances: tuple[float, ...]
    spinodals: tuple[Spinodal, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TracedDiagram(Record, Drawn, Written, Lined):
    """A phase diagram of optimised weights over a window; made by `phase_diagram`.

    ``phases`` are those that are lowest somewhere in the window; ``boundaries`` are curves;
    ``special_points`` are their ends, ``junctions`` those where three or more phases meet.
    ``cells_scanned`` points of a grid were minimised from many starts to look for phases that no
    boundary reaches; ``unexplained`` are places between neighbours of that grid, or of a side of
    the window, whose difference the traced lines do not account for; ``unresolved`` are cells at
    which Newton's method stopped short of a minimum, of which the diagram says nothing.
    """

    plane: Plane
    source: str
    phases: tuple[TracedPhase, ...]
    boundaries: tuple[TracedBoundary, ...]
    special_points: tuple[SpecialPoint, ...]
    cells_scanned: int
    unexplained: tuple[tuple[float, float], ...]
    unresolved: tuple[tuple[float, float], ...] = ()
    metastable: tuple[MetastableRegion, ...] = ()
    """Beside every first-order boundary, where each of its two phases is a local minimum."""
    settings: ContinuationSettings = DEFAULT

    @property
    def model(self) -> ToyModel:
        """The model whose minima these are."""
        return self.plane.model

    @property
    def junctions(self) -> tuple[SpecialPoint, ...]:
        """The points where three or more phases meet."""
        return Listed(point for point in self.special_points if point.kind == "junction")

    @property
    def spinodals(self) -> tuple[Spinodal, ...]:
        """The curves on which phases stop being local minima; those of one phase may overlap."""
        return Listed(curve for region in self.metastable for curve in region.spinodals)

    def label(
        self, sparsity: object = None, importance: object = 1, *, feature_probability: object = None
    ) -> str:
        """Name of the phase with the lowest loss at S (or p = 1 − S) and importance r.

        It is searched for at that point, from many starts: the lines are not used.

        Raises `ValueError` for a sparsity outside [0, 1) or an importance below 0.
        """
        return str(self._lowest_at(sparsity, importance, feature_probability).name)

    def minimum(
        self, sparsity: object = None, importance: object = 1, *, feature_probability: object = None
    ) -> float:
        """The free energy F(S, r): the lowest loss that the search finds."""
        return float(self._lowest_at(sparsity, importance, feature_probability).loss)

    def grid(self, sparsities: object, importances: object) -> GridDiagram:
        """Labels, lowest losses and outcomes on a grid: rows are sparsities, columns importances.

        Some of the points are searched from many starts, and every minimum found there, and those
        of the boundaries, are followed to all others. The outcomes are those of the minimum's
        weights by the rule for trained models (`phasecalc.experiment.measures`): in a weak pair the
        extra feature counts as not represented until its norm is 1/2.

        Raises `ValueError` for a sparsity outside [0, 1) or an importance that is not positive.
        """
        from ..diagram.grid import GridDiagram, checked_axis  # noqa: PLC0415  (for formulas only)
        from .field import labelled  # noqa: PLC0415

        s, w = checked_axis(sparsities, "sparsities", 1.0), checked_axis(importances, "importances")
        log = self.plane.y.chart == "log"
        if s.max() >= 1 or (log and w.min() <= 0):
            raise ValueError(
                f"a {self.source} diagram has no minima to follow at S = 1 or r = 0: give "
                "sparsities below 1 and importances above 0"
            )
        labels, losses, outcomes = labelled(self, s, w)
        names = tuple(phase.name for phase in self.phases)
        return GridDiagram(s, w, labels, losses, names, outcomes)

    def _lowest_at(self, sparsity: object, importance: object, feature_probability: object) -> Any:
        from ..kernel.inputs import scalar_in, sparsity_in  # noqa: PLC0415
        from ..landscapes.sources import landscape_of  # noqa: PLC0415

        S = sparsity_in(sparsity, feature_probability)
        y = scalar_in(importance, "importance", 0.0, np.inf)
        if self.plane.y.chart == "log" and y == 0.0:
            y = float(np.finfo(np.float64).tiny)  # in the chart 0 is infinitely far
        land = landscape_of(self.plane, self.source, self.settings)
        return land.lowest(self.plane.theta(S, y))
