"""One loop follows every curve: predict along the tangent, correct, halve or grow the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, leads_back
from .equations import Degenerate, Meeting, coexistence, left_of, next_fold
from .onset import Onset

Floats = NDArray[np.float64]
Pin = tuple[int, float]
"""A coordinate of θ and the value that it must have, on the border."""


class Point(Protocol):
    """A point of a curve."""

    @property
    def theta(self) -> Floats: ...


class Solved(Point, Protocol):
    """A point of a line, with the branches that meet there and its error."""

    @property
    def branches(self) -> tuple[Branch, ...]: ...

    @property
    def error(self) -> float: ...


P = TypeVar("P", bound=Point)
Q = TypeVar("Q", bound=Solved)


@dataclass(frozen=True, eq=False)
class Equation(Generic[P]):
    """What a curve is a curve of."""

    land: Landscape

    def advance(self, here: P, heading: Floats, step: float, pin: Pin | None) -> P | None:
        """The point a step further on, or on the border; None where it is lost or another's."""
        raise NotImplementedError

    def heading(self, here: P, new: P, before: Floats) -> Floats:
        """dθ by the length of a step at the new point, in the direction of travel."""
        return np.asarray((new.theta - here.theta) / np.linalg.norm(new.theta - here.theta))

    def longest(self, here: P, before: P | None = None) -> float:
        """The longest step worth trying, after one from a point before."""
        return self.land.settings.longest_step


Start = tuple[Meeting | Onset, Floats | None]
"""A point of a line, and the direction in which the line leaves a special point, if it does."""


@dataclass(frozen=True, eq=False)
class End:
    """How a curve ends: in what kind of point, with what solved it, if anything did.

    ``third`` is another phase that takes over there, ``seeds`` are of other lines that begin there.
    """

    kind: str
    solved: Meeting | Onset | Degenerate | None = None
    third: Branch | None = None
    seeds: tuple[Start, ...] = ()


@dataclass(frozen=True, eq=False)
class Line(Generic[Q]):
    """A line between two phases: its points in order, and how each end came about.

    Of first order: points where both phases have one loss. Continuous: onsets.
    """

    points: tuple[Q, ...]
    ends: tuple[End, End]

    @property
    def continuous(self) -> bool:
        """Whether its points are onsets."""
        return isinstance(self.points[0], Onset)

    @property
    def thetas(self) -> Floats:
        """Its points, (k, 2)."""
        return np.array([point.theta for point in self.points])

    @property
    def plainest(self) -> Q:
        """Of first order, where both phases differ most: beside an end they can be alike."""
        if self.continuous:
            return self.points[len(self.points) // 2]
        return max(self.points, key=lambda point: point.distance)  # type: ignore[attr-defined]


Stop = Callable[[P, P, bool], "End | bool"]
"""(here, new, whether on the border) -> an end before the new point; True to go on; False to come
closer in smaller steps."""


def continue_curve(
    land: Landscape, equation: Equation[P], seed: P, heading: Floats, stop: Stop[P]
) -> tuple[list[P], End]:
    """The points after a seed in one direction, and how they end."""
    s, plane = land.settings, land.plane
    points: list[P] = []
    here, step, crept = seed, min(s.first_step, equation.longest(seed)), 0
    while len(points) < s.most_points and step >= s.shortest_step and crept < s.most_crept:
        reach, axis = plane.reach(here.theta, heading)
        border = reach <= step
        pin = None
        if border:
            if reach * float(np.abs(heading).max()) < s.close:
                return points, End("border")
            pin = (axis, float((plane.high if heading[axis] > 0 else plane.low)[axis]))
        new = equation.advance(here, heading, min(reach, step), pin)
        if new is None or plane.excess(new.theta) > s.vanished:
            step = 0.5 * min(step, max(reach, s.shortest_step))
            continue
        verdict = stop(here, new, border)
        if verdict is False:
            step *= 0.5
            continue
        if isinstance(verdict, End):
            return points, verdict
        points.append(new)
        crept = crept + 1 if step < 10 * s.shortest_step else 0
        if border:
            return points, End("border")
        heading = equation.heading(here, new, heading)
        step = min(s.growth * step, s.longest_step, equation.longest(new, here))
        here = new
    return points, End("end of a branch")


@dataclass(frozen=True, eq=False)
class Coexistence(Equation[Meeting]):
    """L_a = L_b with both branches minima."""

    _soft: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)
    _bend: dict[int, Floats] = field(default_factory=dict)
    """Of the line at its last point, known by its id: d²θ by the square of a length."""

    def advance(
        self, here: Meeting, heading: Floats, step: float, pin: Pin | None
    ) -> Meeting | None:
        # Soft minima, nearly alike, are lost a little way off their line: the guess bends as it.
        guess = here.theta + step * heading + 0.5 * step**2 * self._bend.get(id(here), 0.0)
        direction = None
        if pin is not None:
            guess[pin[0]] = pin[1]
            direction = np.eye(2)[1 - pin[0]]
        new = coexistence(self.land, here.branches, guess, direction)
        if new is None:
            return None
        s = self.land.settings
        straight = abs(float(new.tangent @ heading)) >= np.cos(s.longest_turn)
        near = float(np.abs(new.theta - guess).max()) <= 0.3 * step
        if pin is None and not (straight and near):
            return None
        leaps = self._moved(here, new) > 0.4 * here.distance
        if leaps or not self._leads_back(here, new):
            return None
        return new if self.are_minima(new) else None

    def heading(self, here: Meeting, new: Meeting, before: Floats) -> Floats:
        tangent = new.tangent if new.tangent @ before >= 0 else -new.tangent
        self._bend.clear()
        self._bend[id(new)] = (tangent - before) / float(np.linalg.norm(new.theta - here.theta))
        return tangent

    def longest(self, here: Meeting, before: Meeting | None = None) -> float:
        # Where the two branches are about to become one they change fast; elsewhere two that are
        # alike may stay so for long.
        share = 0.12
        if before is not None:
            gap = float(np.abs(here.theta - before.theta).max())
            share = max(share, 0.3 * gap / max(self._moved(before, here), 1e-12))
        return max(share * here.distance, 10 * self.land.settings.shortest_step)

    def _moved(self, here: Meeting, new: Meeting) -> float:
        """How far the branches moved, or came closer to each other, in Gram matrices."""
        return max(
            float(np.abs(new.a.gram - here.a.gram).max()),
            float(np.abs(new.b.gram - here.b.gram).max()),
            here.distance - new.distance,
        )

    def _leads_back(self, here: Meeting, new: Meeting) -> bool:
        """Whether both branches, followed back, are those that the step began with."""
        both = zip(here.branches, new.branches, strict=True)
        return all(leads_back(self.land, old, moved) for old, moved in both)

    def are_minima(self, pair: Meeting) -> bool:
        """Whether neither branch goes down.

        At a kink all directions are looked at now and then; in between only the softest, which
        moves slowly.
        """
        s = self.land.settings
        for side, branch in enumerate(pair.branches):
            place, u = self._soft.get(side, (None, None))
            if place is None or np.abs(branch.theta - place).max() > s.checked:
                place, u = branch.theta, None
            value, u = self.land.softest(branch, u)
            if value <= s.least_curvature and place is not branch.theta:
                value, u = self.land.softest(branch)
                place = branch.theta
            if value <= s.least_curvature:
                return False
            self._soft[side] = (place, u)
        return True


@dataclass(frozen=True, eq=False)
class Across(Equation[P]):
    """Points that are solved for straight across their curve: onsets, limits of stability.

    solve : the point of the curve on the line through a θ along a unit vector, from one close by.
    """

    solve: Callable[[Landscape, P, Floats, Floats], P | None]

    def advance(self, here: P, heading: Floats, step: float, pin: Pin | None) -> P | None:
        guess, normal = here.theta + step * heading, left_of(heading)
        if pin is not None:
            guess[pin[0]] = pin[1]
            normal = np.eye(2)[1 - pin[0]]
        new = self.solve(self.land, here, guess, normal)
        near = new is not None and float(np.abs(new.theta - guess).max()) <= 0.4 * step
        return new if near else None

    def tangent(self, seed: P, along: Floats) -> Floats | None:
        """Of the curve, about a unit vector, from two points close to each other."""
        for step in (1e-3, -1e-3, 1e-4, -1e-4):
            other = self.solve(self.land, seed, seed.theta + step * along, left_of(along))
            if other is not None:
                return np.asarray(np.sign(step) * self.heading(seed, other, along))
        return None


@dataclass(frozen=True, eq=False)
class Folds(Equation[Degenerate]):
    """A minimum meets a saddle; the step is a length in (x, θ), so that cusps are passed."""

    def advance(
        self, here: Degenerate, heading: Floats, step: float, pin: Pin | None
    ) -> Degenerate | None:
        new = next_fold(self.land, here, step, pin)
        if new is None or here.tangent is None or new.tangent is None:
            return None
        turned = here.tangent[0] @ new.tangent[0] + here.tangent[1] @ new.tangent[1]
        # The third derivatives of the loss jump on some surfaces: there the curve has a corner.
        s = self.land.settings
        corner = step < 10 * s.shortest_step
        return new if turned > (0.0 if corner else np.cos(s.longest_turn)) else None

    def heading(self, here: Degenerate, new: Degenerate, before: Floats) -> Floats:
        assert new.tangent is not None
        return new.tangent[1]


def both_ways(
    land: Landscape, equation: Equation[P], seed: P, heading: Floats, stop: Stop[P]
) -> tuple[list[P], tuple[End, End]]:
    """The whole curve through a seed, and both ends."""
    back, first = continue_curve(land, equation, seed, -heading, stop)
    forth, last = continue_curve(land, equation, seed, heading, stop)
    return [*back[::-1], seed, *forth], (first, last)
