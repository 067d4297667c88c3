"""The lines of two features in one dimension under the point law, from its closed forms.

Minima of a piecewise quadratic loss are not isolated (those of `ignore` are a line) and their
curvatures jump at its kinks, so none is polished here: a point of a line is bracketed straight
across it, where two patterns exchange their order. A line ends where a third pattern is lower, or
on the border. Which lines leave a special point is seen on a polygon around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ..continuation import polyline
from ..continuation.curve import Across, End, continue_curve
from ..continuation.equations import left_of
from ..continuation.scan import Cells, cell_centres, neighbours
from ..landscapes.point_pair import PointPairLandscape, conditions
from ..minima.point_pair import IGNORE, Point, base_of, dropped, instability, minima

Floats = NDArray[np.float64]

ERROR = 1e-10
"""Of a point in θ: across a line losses differ by many roundings over this distance."""
_EPS = float(np.finfo(np.float64).eps)
_BESIDE = 1e-4
"""In ln r, from an onset: where pairs that begin there are compared, and named."""
_START = 1e-6
"""In S: at 0 all losses are 0, and lines are extrapolated to it from here and from twice as far."""
_LEVEL = 1e-4
"""A normal whose part along r is a smaller share of it lies along S."""
_ASIDE = 0.2
"""How far across a line its next point is looked for, as a share of the step."""
_POLYGON = 0.01 * np.array([[np.cos(a), np.sin(a)] for a in 0.1 + np.arange(49) * np.pi / 24])
"""Around a special point; turned, since some lines are vertical and horizontal."""
_NEAR = 0.003
"""From a line of the same phases: a place closer to it is on it."""
_LONGEST = 0.06
"""The longest step, whatever the settings: arcs are then closer to their chords than that."""
_ONE = 1e-6
"""Ends of lines closer than this are one point."""


@dataclass(frozen=True, eq=False)
class Place:
    """A point of a line between two patterns."""

    theta: Floats
    patterns: tuple[str, str]

    @property
    def normal(self) -> Floats:
        """∇(L_one − L_two) in θ, about, or what has its direction."""
        return np.array([gap(self.theta + way, *self.patterns) for way in _BESIDE * np.eye(2)])


@dataclass(frozen=True, eq=False)
class Line:
    """Two patterns, that at smaller r (or S) first, all points θ, and the nodes at both ends."""

    patterns: tuple[str, str]
    points: Floats
    ends: tuple[int, int]

    @property
    def middle(self) -> Floats:
        """One of its points."""
        return np.asarray(self.points[len(self.points) // 2])


def onset_base(one: str, two: str) -> str:
    """The one of two patterns that the other grows out of from nothing; empty if neither does."""
    return one if base_of(two) == one != two else two if base_of(one) == two != one else ""


def beside(theta: Floats, base: str) -> Floats:
    """The place, or the next one along r at which pairs that leave `ignore` or `dedicated` are."""
    t, u = theta
    return np.array([t, max(u, t + _BESIDE) if base == IGNORE else min(u, -t - _BESIDE)])


def found_at(theta: Floats, pattern: str) -> Point | None:
    """The lowest point of a pattern; of a pair that is not there, what it grows out of."""
    p, r = conditions(theta)
    base = base_of(pattern)
    found = [] if base == pattern else minima(p, r, (pattern,), fallback=False)
    return found[0] if found else dropped(base, p, r) if base else None


def gap(theta: Floats, one: str, two: str) -> float:
    """L_one − L_two; a pattern that is not there is far above.

    On both sides of an onset, where the losses differ by the cube of the distance or not at all,
    something of the same sign. Pairs that grow out of one are compared where they are.
    """
    base = onset_base(one, two)
    if base:
        return instability(base, *conditions(theta)) * (1.0 if base == one else -1.0)
    if base_of(one) == base_of(two) != "":
        theta = beside(theta, base_of(one))
    first, second = found_at(theta, one), found_at(theta, two)
    if first is None or second is None:
        return float(second is not None) - float(first is not None)
    return first.above(second)


def _lowest(theta: Floats) -> str:
    return minima(*conditions(theta))[0].pattern


def _root(function: Callable[[float], float]) -> float | None:
    """Where a function changes its sign between 0 and 1; None where it has one sign at both."""
    ends = function(0.0), function(1.0)
    if ends[0] * ends[1] > 0.0 or not any(ends):
        return None
    return float(brentq(function, 0.0, 1.0, xtol=1e-15, rtol=4 * _EPS))


def _between(start: Floats, stop: Floats, patterns: tuple[str, str]) -> Place | None:
    """Where two patterns exchange their order on a straight edge."""
    at = _root(lambda s: gap(start + s * (stop - start), *patterns))
    return None if at is None else Place(start + at * (stop - start), patterns)


def _across(here: Place, theta: Floats, normal: Floats) -> Place | None:
    """The point of a line near θ, along a normal."""
    way = _ASIDE * float(np.linalg.norm(theta - here.theta)) * normal
    return _between(theta - way, theta + way, here.patterns)


def _third(place: Place) -> str | None:
    """A pattern that is lower on a line than its own."""
    base = onset_base(*place.patterns)
    third = _lowest(beside(place.theta, base) if base else place.theta)
    for pattern in () if base else place.patterns:
        # Next to an onset losses differ by less than rounding.
        parent = base_of(pattern)
        if parent and (instability(parent, *conditions(place.theta)) > 0.0) == (pattern == parent):
            third = _lowest(beside(place.theta, parent)) if pattern == parent else parent
    return third if third not in place.patterns and _rise(place, third) < 0.0 else None


def _rise(place: Place, third: str) -> float:
    """How far the loss of a third pattern is above a line's."""
    one, two = place.patterns
    base = onset_base(one, two)
    if base:  # both have one loss: pairs are compared with the pair
        pair = two if base == one else one
        return gap(place.theta, third, pair if base_of(third) == base else base)
    return gap(place.theta, third, two if onset_base(third, two) else one)


class _Lost(ArithmeticError):
    """A line bends too much for its points between two to be bracketed."""


def _met(here: Place, new: Place) -> Place | None:
    """Where a line ends between two of its points, of which only the first is lowest."""

    def on(share: float) -> Place:
        place = here if share == 0.0 else _across(here, here.theta + share * step, left_of(step))
        if place is None:
            raise _Lost(f"the line between {here.patterns} is lost at {here.theta}")
        return place

    found, third, tried = None, _third(new), set[str]()
    while third is not None and third not in tried:
        tried.add(third)
        step = (found or new).theta - here.theta
        share = _root(partial(lambda name, s: _rise(on(s), name), third))
        if share is None:
            break
        found = on(share)
        third = _third(found)
    return found


def _crossings(start: Floats, stop: Floats, one: str, two: str) -> Iterator[Place]:
    """The lines that cross a straight edge, at whose ends the lowest patterns are known."""
    place = None if one == two else _between(start, stop, (one, two))
    if place is None:
        return
    third = _third(place)
    if third is None:
        yield place
    else:
        yield from _crossings(start, place.theta, one, third)
        yield from _crossings(place.theta, stop, third, two)


class Tracer:
    """Lines and nodes of the window: from the edges of a scan, and from node to node."""

    def __init__(self, land: PointPairLandscape) -> None:
        plane = replace(land.plane, x=replace(land.plane.x, low=_START))
        step = min(land.settings.longest_step, _LONGEST)
        self.land = replace(land, plane=plane, settings=replace(land.settings, longest_step=step))
        self.lines: list[Line] = []
        self.nodes: list[Floats] = []

    def trace(self, cells: Cells) -> None:
        """All lines that cross an edge between neighbouring cells, and all that these lead to."""
        centres = cell_centres(self.land.plane, cells)
        names = [_lowest(theta) for theta in centres]
        opened = 0
        for i, j in neighbours(cells):
            for seed in _crossings(centres[i], centres[j], names[i], names[j]):
                if self._known(seed):
                    continue
                along = left_of(seed.normal)
                (back, first), (forth, last) = (self._followed(seed, w) for w in (-along, along))
                self._keep(seed, [*back[:0:-1], *forth], (first, last))
                while opened < len(self.nodes):
                    self._open(opened)
                    opened += 1

    def _open(self, k: int) -> None:
        """The lines that leave a node inside the window, where they cross the polygon around it."""
        theta, plane = self.nodes[k], self.land.plane
        corners = [corner for corner in theta + _POLYGON if plane.excess(corner) <= 0.0]
        for start, stop in pairwise(corners) if plane.excess(theta) < -_ONE else ():
            for seed in _crossings(start, stop, _lowest(start), _lowest(stop)):
                if not self._known(seed):
                    along = left_of(seed.normal)
                    way = along * np.sign(along @ (seed.theta - theta))
                    points, end = self._followed(seed, way)
                    self._keep(seed, [theta, *points], (k, end))

    def _known(self, place: Place) -> bool:
        return any(
            set(line.patterns) == set(place.patterns)
            and polyline.distance(line.points, place.theta) < _NEAR
            for line in self.lines
        )

    def _keep(self, on: Place, points: list[Floats], ends: tuple[int, int]) -> None:
        """A line, with its patterns in order."""
        by_p, by_r = on.normal
        swapped = by_p > 0.0 if abs(by_r) < _LEVEL * abs(by_p) else by_r < 0.0
        patterns = on.patterns[::-1] if swapped else on.patterns
        self.lines.append(Line(patterns, np.array(points), ends))

    def _followed(self, seed: Place, way: Floats) -> tuple[list[Floats], int]:
        """The points of a line from a place on to its end, and the number of that node."""
        met: list[Place] = []

        def stop(here: Place, new: Place, border: bool) -> End | bool:
            if _third(new) is None:
                return True
            try:
                met.extend(filter(None, [_met(here, new)]))
            except _Lost:
                return False
            return End("junction") if met else False

        line = Across[Place](self.land, lambda _, here, guess, normal: _across(here, guess, normal))
        places, end = continue_curve(self.land, line, seed, way, stop)
        points = [place.theta for place in (seed, *places, *met)]
        if end.kind == "end of a branch":
            raise ArithmeticError(f"the line between {seed.patterns} is lost at {points[-1]}")
        if not met and points[-1][0] > -2 * _START:
            twice, wide = 2 * points[-1], np.array([0.0, 9 * _START])
            before = _between(twice - wide, twice + wide, seed.patterns)
            assert before is not None
            points[-1] = twice - before.theta
        for k, node in enumerate(self.nodes):
            if np.abs(node - points[-1]).max() < _ONE:
                return [*points[:-1], node], k
        self.nodes.append(points[-1])
        return points, len(self.nodes) - 1
