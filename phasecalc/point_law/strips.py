"""The diagram of two features in one dimension under the point law, from its closed forms.

Minima of a piecewise quadratic loss are not isolated (those of `ignore` are a line) and their
curvatures jump at its kinks, so no curve is continued here. At each p the phases along r follow
each other; neighbours have one loss at their boundary, or one of them begins there. Between two p
whose orders of phases differ lies a special p, found by bisection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import bisect, brentq

from ..landscapes.plane import Plane
from ..minima.point_pair import DEDICATED, IGNORE, dropped, minima

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
WIDTH = 1e-10
"""Of the bracket of a special p, in ln p: losses there differ by thousands of roundings."""
_STEP = 0.04
"""In ln p, of the points of a line."""
_START = 1e-6
"""In ln p, from S = 0, where losses are 0, to the first strip: lines are extrapolated from it."""
_ONE = 1e-6
"""Ends of lines at a special p closer than this in ln r are one point."""
_VERTICAL = 1e-14
"""Losses of two phases closer than this, all along r, are one: a line of constant p."""
_LOW, _HIGH = "low", "high"
"""In place of phases beyond the window."""


@dataclass(frozen=True)
class _Strip:
    """At t = ln p: the patterns along ln r, and where they change, with the window's ends."""

    t: float
    patterns: tuple[str, ...]
    places: tuple[float, ...]

    @property
    def pairs(self) -> dict[tuple[str, str], float]:
        """Where each pair of neighbours has its boundary; the window's ends are two of them."""
        return dict(zip(pairwise((_LOW, *self.patterns, _HIGH)), self.places, strict=True))


@dataclass(eq=False)
class Line:
    """A boundary: two patterns, that at smaller r (or S) first, points θ, and both end nodes."""

    patterns: tuple[str, str]
    points: list[tuple[float, float]]
    ends: list[int]


@dataclass(eq=False)
class Node:
    """A special point θ, and whether it is on the border."""

    theta: tuple[float, float]
    border: bool
    error: float


def leaves(one: str, two: str) -> bool:
    """Whether one of two patterns may be a pair that grows out of the other from nothing.

    Its second output (its first, of `dedicated`) is on at every input, like a dropped feature's.
    """
    return (IGNORE in (one, two) and "W" in (one[2:3] + two[2:3])) or (
        DEDICATED in (one, two) and "W" in (one[1:2] + two[1:2])
    )


def _gap(t: float, u: float, one: str, two: str) -> float:
    """L_one − L_two; a phase that does not exist is far above; 0 where neither does.

    Of `ignore` and a phase that does not leave it also where `ignore` is unstable.
    """
    p, r = float(np.exp(t)), float(np.exp(u))
    grown = leaves(one, two)
    found = [
        [dropped(name, p, r)]
        if name in (IGNORE, DEDICATED) and not grown
        else minima(p, r, (name,), fallback=False)
        for name in (one, two)
    ]
    if not all(found):
        return float(bool(found[1])) - float(bool(found[0]))
    return found[0][0].above(found[1][0])


class Tracer:
    """Lines and nodes of the window, from strips along r."""

    def __init__(self, plane: Plane, cells: tuple[int, int]) -> None:
        self.low, self.high = plane.low, plane.high
        self.cells = cells
        self.lines: list[Line] = []
        self.nodes: list[Node] = []
        self.folds: list[tuple[int, int]] = []

    def strip(self, t: float, *near: _Strip) -> _Strip:
        """All phases along r at one p: at the cells, and where strips nearby have theirs.

        So a phase that ends inside another one is followed to where it is a point.
        """
        count = self.cells[1]
        us = self.low[1] + (self.high[1] - self.low[1]) * (np.arange(count) + 0.5) / count
        seen = [0.5 * (a + b) for strip in near for a, b in pairwise(strip.places)]
        us = np.sort([*us, *seen])
        # Of two that close, on a line, rounding could turn the order of its phases around.
        us = us[np.diff(us, prepend=self.low[1]) > _ONE]
        us = np.array([self.low[1], *us[us < self.high[1] - _ONE], self.high[1]])
        p = float(np.exp(t))
        names = [minima(p, float(np.exp(u)))[0].pattern for u in us]
        patterns, places = [names[0]], [float(us[0])]
        for k in range(len(us) - 1):
            for place, name in self._changes(t, float(us[k]), float(us[k + 1]), *names[k : k + 2]):
                places.append(place)
                patterns.append(name)
        return _Strip(t, tuple(patterns), (*places, float(us[-1])))

    def _changes(
        self, t: float, low: float, high: float, one: str, two: str
    ) -> Iterator[tuple[float, str]]:
        """Where phases change between two places along r, and to which."""
        if one == two:
            return
        at = _boundary(t, low, high, one, two)
        p, r = float(np.exp(t)), float(np.exp(at))
        found = minima(p, r)
        own = [point for point in found if point.pattern in (one, two)]
        third = found[0].pattern
        if not leaves(one, two):
            # The two have one loss. Where one is a dropped feature that is unstable there, a pair
            # lies between them, lower by less than rounding if its onset is near.
            for name in {one, two} & ({IGNORE, DEDICATED} - {point.pattern for point in found}):
                third = next((point.pattern for point in found if point.base == name), third)
                own = []
        if third not in (one, two) and (
            not own or own[0].above(found[0]) > 4 * _EPS * found[0].loss
        ):
            yield from self._changes(t, low, at, one, third)
            yield from self._changes(t, at, high, third, two)
        else:
            yield at, two

    def like(self, t: float, one: _Strip, two: _Strip) -> _Strip:
        """The strip at t between two of one order of phases, which it has as well."""
        share = (t - one.t) / (two.t - one.t)
        guesses = [(1 - share) * a + share * b for a, b in zip(one.places, two.places, strict=True)]
        middles = [0.5 * (a + b) for a, b in pairwise(guesses)]
        places = [
            _boundary(t, low, high, *names)
            for low, high, names in zip(middles, middles[1:], pairwise(one.patterns), strict=False)
        ]
        return _Strip(t, one.patterns, (guesses[0], *places, guesses[-1]))

    def trace(self) -> None:
        """Strips from S = 0 to the window's other end, the lines through them, and their nodes."""
        ts = np.linspace(-_START, self.low[0], self.cells[0] + 1)
        strips = [self.strip(float(t)) for t in ts]
        runs: list[list[_Strip]] = [[strips[0]]]
        joints: list[tuple[_Strip, _Strip, bool]] = []
        for one, two in pairwise(strips):
            for a, b, vertical in self._specials(one, two):
                runs[-1].append(a)
                joints.append((a, b, vertical))
                runs.append([b])
            runs[-1].append(two)
        open_lines = self._begun(runs[0])
        for k, run in enumerate(runs):
            for line_pair, line in open_lines.items():
                line.points += [(strip.t, strip.pairs[line_pair]) for strip in self._dense(run)]
            if k < len(joints):
                open_lines = self._joined(open_lines, *joints[k])
        for pair, line in open_lines.items():
            t, u = line.points[-1]
            line.ends.append(self._node(t, u, border=True, error=2 * _EPS))
            self._keep(pair, line)
        for low, high in self.folds:
            self._close(low, high)

    def _close(self, low: int, high: int) -> None:
        """One line of the two that end on both sides of a fold, where p is stationary along it."""
        one = next(line for line in self.lines if low in line.ends)
        two = next(line for line in self.lines if high in line.ends)
        for line, node, last in ((one, low, True), (two, high, False)):
            if (line.ends[1] == node) != last:
                line.points.reverse()
                line.ends.reverse()
        (t, u), (_, v) = self.nodes[low].theta, self.nodes[high].theta
        arc = []
        inside = _gap(t, 0.5 * (u + v), *one.patterns)
        for at in np.linspace(u, v, 9)[1:-1] if v - u > _STEP / 10 else ():
            steps = (t + sign * 1e-6 * 4**k for k in range(9) for sign in (1, -1))
            far = next(s for s in steps if _gap(s, at, *one.patterns) * inside < 0)
            arc.append((float(bisect(_gap, t, far, (at, *one.patterns), xtol=1e-15)), float(at)))
        self.lines.remove(two)
        one.points = [*one.points[:-1], *arc, *two.points[1:]]
        one.ends = [one.ends[0], two.ends[1]]

    def _specials(self, one: _Strip, two: _Strip) -> Iterator[tuple[_Strip, _Strip, bool]]:
        """Brackets of the p between two strips at which the order of the phases changes."""
        if one.patterns == two.patterns:
            return
        at = self._vertical(one, two)
        if at is not None:
            yield self._moved(one, at), self._moved(two, at), True
        elif abs(two.t - one.t) <= WIDTH:
            yield one, two, False
        else:
            middle = self.strip(0.5 * (one.t + two.t), one, two)
            yield from self._specials(one, middle)
            yield from self._specials(middle, two)

    def _moved(self, strip: _Strip, t: float) -> _Strip:
        """The strip at another t, between which and it the order of the phases is one."""
        if strip.t == t:
            return strip
        return self.like(t, strip, _Strip(t, strip.patterns, strip.places))

    def _vertical(self, one: _Strip, two: _Strip) -> float | None:
        """The p at which phases change along a stretch of r, if that is all that changes."""
        if len(one.patterns) != len(two.patterns):
            return None
        places = []
        for k, names in enumerate(zip(one.patterns, two.patterns, strict=True)):
            if names[0] == names[1]:
                continue
            low = max(one.places[k], two.places[k])
            high = min(one.places[k + 1], two.places[k + 1])
            us = low + (high - low) * np.array([0.5, 0.3, 0.7])
            gaps = [_gap(s.t, us[0], *names) for s in (one, two)]
            if low >= high or gaps[0] * gaps[1] >= 0:
                return None
            places.append(
                float(brentq(_gap, one.t, two.t, (us[0], *names), xtol=1e-15, rtol=4 * _EPS))
            )
            if max(abs(_gap(places[-1], u, *names)) for u in us) > _VERTICAL:
                return None
        return places[0] if np.ptp(places) < WIDTH else None

    def _dense(self, run: list[_Strip]) -> list[_Strip]:
        """Strips of one order of phases, no further apart than a step."""
        found = [run[0]]
        for one, two in pairwise(run):
            found += self._filled(one, two)
        return found

    def _filled(self, one: _Strip, two: _Strip) -> list[_Strip]:
        """Strips after one up to two; next to a fold they are close, as places move fast."""
        moved = np.abs(np.subtract(two.places, one.places)).max()
        if max(abs(two.t - one.t), moved) <= _STEP or abs(two.t - one.t) <= WIDTH:
            return [two]
        middle = self.strip(0.5 * (one.t + two.t), one, two)
        if middle.patterns != one.patterns:
            raise ArithmeticError(f"phases {middle.patterns} between two strips {one.patterns}")
        return [*self._filled(one, middle), *self._filled(middle, two)]

    def _begun(self, run: list[_Strip]) -> dict[tuple[str, str], Line]:
        """The lines at S = 0, from where two strips lead."""
        first = run[0]
        second = self.strip(2 * first.t)
        lines = {}
        for pair, u in first.pairs.items():
            end = 2 * u - second.pairs[pair]
            node = self._node(0.0, end, border=True, error=10 * _START**2)
            lines[pair] = Line(pair, [(0.0, self.nodes[node].theta[1])], [node])
        return lines

    def _node(self, t: float, u: float, *, border: bool, error: float = WIDTH) -> int:
        at = min(
            (k for k, node in enumerate(self.nodes) if abs(node.theta[0] - t) <= 2 * WIDTH),
            key=lambda k: abs(self.nodes[k].theta[1] - u),
            default=None,
        )
        if at is not None and abs(self.nodes[at].theta[1] - u) < _ONE:
            self.nodes[at].border |= border
            return at
        self.nodes.append(Node((t, u), border, error))
        return len(self.nodes) - 1

    def _joined(
        self, lines: dict[tuple[str, str], Line], one: _Strip, two: _Strip, vertical: bool
    ) -> dict[tuple[str, str], Line]:
        """Lines beyond a special p: those that go on, and new ones; others end."""
        t = 0.5 * (one.t + two.t)
        onward = {}
        for here, there in ((one.pairs, two.pairs), (two.pairs, one.pairs)):
            for pair, u in here.items():
                back = pair[::-1]
                if pair not in there and back in here and back not in there and u < here[back]:
                    # Two nodes, however close, one for each line.
                    self.nodes += [Node((t, at), False, WIDTH) for at in (u, here[back])]
                    self.folds.append((len(self.nodes) - 2, len(self.nodes) - 1))
        for pair, u in one.pairs.items():
            if pair not in two.pairs:
                line = lines[pair]
                line.ends.append(self._node(t, u, border=bool({_LOW, _HIGH} & set(pair))))
                self._keep(pair, line)
        for pair, u in two.pairs.items():
            if pair in one.pairs:
                onward[pair] = lines[pair]
            else:
                node = self._node(t, u, border=bool({_LOW, _HIGH} & set(pair)))
                onward[pair] = Line(pair, [self.nodes[node].theta], [node])
        if vertical:
            for k, names in enumerate(zip(one.patterns, two.patterns, strict=True)):
                if names[0] != names[1]:
                    ends = [self._node(t, one.places[j], border=False) for j in (k, k + 1)]
                    low, high = (self.nodes[j].theta[1] for j in ends)
                    us = np.linspace(low, high, 17)
                    self.lines.append(Line(names, [(t, float(u)) for u in us], ends))
        return onward

    def _keep(self, pair: tuple[str, str], line: Line) -> None:
        if not {_LOW, _HIGH} & set(pair):
            self.lines.append(line)


def _boundary(t: float, low: float, high: float, one: str, two: str) -> float:
    """Where one phase gives way to another along r; an end of the interval, if it is there.

    At an end two phases can have one loss but for rounding, where one has just begun.
    """
    if _gap(t, low, one, two) >= 0.0:
        return low
    if _gap(t, high, one, two) <= 0.0:
        return high
    # Bisected, since the gap jumps where a phase begins.
    return float(bisect(lambda u: _gap(t, u, one, two), low, high, xtol=1e-15, rtol=4 * _EPS))
