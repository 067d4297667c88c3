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

from ..laws import Point as PointLaw
from ..minima.point_pair import DEDICATED, IGNORE, Point, dropped, minima
from ..symbols import S as SPARSITY
from ..symbols import p as DENSITY
from ..symbols import r as EXTRA
from .branch import Branch, GlobalLandscape
from .plane import Plane
from .records import (
    Kind,
    Minima,
    SpecialPoint,
    TracedBoundary,
    TracedDiagram,
    TracedPhase,
)

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_WIDTH = 1e-10
"""Of the bracket of a special p, in ln p: losses there differ by some 1e-12, thousands of roundings."""
_STEP = 0.04
"""In ln p, of the points of a line."""
_START = 1e-6
"""In ln p, from S = 0, where every loss is 0: the first strip; the lines are extrapolated from it."""
_ONE = 1e-6
"""Ends of lines at a special p closer than this in ln r are one point."""
_VERTICAL = 1e-14
"""Losses of two phases closer than this, all along r, are one: a line of constant p."""
_BESIDE = 1e-4
"""In ln r, from an onset: where a pair that begins there is looked at."""
_LOW, _HIGH = "low", "high"
"""In place of phases beyond the window."""


def has_closed_forms(plane: Plane) -> bool:
    """Whether the closed forms are of this plane's minima."""
    model = plane.model
    axes = (plane.x.symbol, plane.y.symbol) == (SPARSITY, EXTRA)
    sizes = (model.n_features, model.d_hidden) == (2, 1)
    return axes and sizes and isinstance(model.law, PointLaw) and model.is_standard


class PointPairLandscape(GlobalLandscape):
    """The minima of two features in one dimension under the point law, from their closed forms."""

    def minima(self, theta: Floats) -> list[Branch]:
        return [self.branch_of(theta, point) for point in minima(*_conditions(theta))]

    def lowest(self, theta: Floats, *, thorough: bool = True) -> Branch:
        return self.branch_of(theta, minima(*_conditions(theta))[0])

    def branch_of(self, theta: Floats, point: Point) -> Branch:
        """The record of a stationary point."""
        return self.branch(np.asarray(theta), np.array([*point.weights, *point.bias]))


def _conditions(theta: Floats) -> tuple[float, float]:
    return float(np.exp(theta[0])), float(np.exp(theta[1]))


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
class _Line:
    """A boundary: two patterns, the smaller r (or S) first, its points θ, and nodes at both ends."""

    patterns: tuple[str, str]
    points: list[tuple[float, float]]
    ends: list[int]


@dataclass(eq=False)
class _Node:
    """A special point θ, and whether it is on the border."""

    theta: tuple[float, float]
    border: bool
    error: float


def _leaves(one: str, two: str) -> bool:
    """Whether one of two patterns may be a pair that grows out of the other from nothing.

    Its second output (its first, of `dedicated`) is on at every input, as that of a dropped feature.
    """
    return (IGNORE in (one, two) and "W" in (one[2:3] + two[2:3])) or (
        DEDICATED in (one, two) and "W" in (one[1:2] + two[1:2])
    )


def _gap(t: float, u: float, one: str, two: str) -> float:
    """L_one − L_two; a phase that does not exist is far above; 0 where neither does.

    Of `ignore` and a phase that does not leave it also where `ignore` is unstable.
    """
    p, r = float(np.exp(t)), float(np.exp(u))
    leaves = _leaves(one, two)
    found = [
        [dropped(name, p, r)]
        if name in (IGNORE, DEDICATED) and not leaves
        else minima(p, r, (name,), fallback=False)
        for name in (one, two)
    ]
    if not all(found):
        return float(bool(found[1])) - float(bool(found[0]))
    return found[0][0].above(found[1][0])


class _Tracer:
    def __init__(self, plane: Plane, cells: tuple[int, int]) -> None:
        self.low, self.high = plane.low, plane.high
        self.cells = cells
        self.lines: list[_Line] = []
        self.nodes: list[_Node] = []
        self.folds: list[tuple[int, int]] = []

    def strip(self, t: float) -> _Strip:
        """All phases along r at one p."""
        count = self.cells[1]
        us = self.low[1] + (self.high[1] - self.low[1]) * (np.arange(count) + 0.5) / count
        us = np.array([self.low[1], *us, self.high[1]])
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
        if not _leaves(one, two):
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
            for low, high, names in zip(
                middles, middles[1:], pairwise(one.patterns), strict=False
            )
        ]
        return _Strip(t, one.patterns, (guesses[0], *places, guesses[-1]))

    def trace(self) -> None:
        """Strips from S = 0 to the window's other end; lines between neighbours, nodes where they end."""
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
        """One line of the two that end on both sides of a fold, at which p is stationary along it."""
        one = next(line for line in self.lines if low in line.ends)
        two = next(line for line in self.lines if high in line.ends)
        for line, node, last in ((one, low, True), (two, high, False)):
            if (line.ends[1] == node) != last:
                line.points.reverse()
                line.ends.reverse()
        (t, u), (_, v) = self.nodes[low].theta, self.nodes[high].theta
        arc = []
        inside = _gap(t, 0.5 * (u + v), *one.patterns)
        for at in np.linspace(u, v, 9)[1:-1]:
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
            yield *(
                _Strip(at, s.patterns, self.like(at, s, _Strip(at, s.patterns, s.places)).places)
                if s.t != at else s
                for s in (one, two)
            ), True
        elif abs(two.t - one.t) <= _WIDTH:
            yield one, two, False
        else:
            middle = self.strip(0.5 * (one.t + two.t))
            yield from self._specials(one, middle)
            yield from self._specials(middle, two)

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
            places.append(float(brentq(_gap, one.t, two.t, (us[0], *names), xtol=1e-15, rtol=4 * _EPS)))
            if max(abs(_gap(places[-1], u, *names)) for u in us) > _VERTICAL:
                return None
        return places[0] if np.ptp(places) < _WIDTH else None

    def _dense(self, run: list[_Strip]) -> list[_Strip]:
        """Strips of one order of phases, no further apart than a step."""
        found = [run[0]]
        for one, two in pairwise(run):
            count = int(np.ceil(abs(two.t - one.t) / _STEP))
            for k in range(1, count):
                found.append(self.like(one.t + (two.t - one.t) * k / count, one, two))
            found.append(two)
        return found

    def _begun(self, run: list[_Strip]) -> dict[tuple[str, str], _Line]:
        """The lines at S = 0, from where two strips lead."""
        first = run[0]
        second = self.strip(2 * first.t)
        lines = {}
        for pair, u in first.pairs.items():
            end = 2 * u - second.pairs[pair]
            node = self._node(0.0, end, border=True, error=10 * _START**2)
            lines[pair] = _Line(pair, [(0.0, self.nodes[node].theta[1])], [node])
        return lines

    def _node(self, t: float, u: float, *, border: bool, error: float = _WIDTH) -> int:
        for k, node in enumerate(self.nodes):
            if abs(node.theta[0] - t) <= 2 * _WIDTH and abs(node.theta[1] - u) < _ONE:
                node.border |= border
                return k
        self.nodes.append(_Node((t, u), border, error))
        return len(self.nodes) - 1

    def _joined(
        self, lines: dict[tuple[str, str], _Line], one: _Strip, two: _Strip, vertical: bool
    ) -> dict[tuple[str, str], _Line]:
        """Lines beyond a special p: those that go on, and new ones; others end."""
        t = 0.5 * (one.t + two.t)
        onward = {}
        for here, there in ((one.pairs, two.pairs), (two.pairs, one.pairs)):
            for pair, u in here.items():
                back = pair[::-1]
                if pair not in there and back in here and back not in there and u < here[back] - _ONE:
                    ends = [self._node(t, at, border=False) for at in (u, here[back])]
                    self.folds.append((ends[0], ends[1]))
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
                onward[pair] = _Line(pair, [self.nodes[node].theta], [node])
        if vertical:
            for k, names in enumerate(zip(one.patterns, two.patterns, strict=True)):
                if names[0] != names[1]:
                    ends = [self._node(t, one.places[j], border=False) for j in (k, k + 1)]
                    us = np.linspace(*(self.nodes[j].theta[1] for j in ends), 17)
                    self.lines.append(_Line(names, [(t, float(u)) for u in us], ends))
        return onward

    def _keep(self, pair: tuple[str, str], line: _Line) -> None:
        if not {_LOW, _HIGH} & set(pair):
            self.lines.append(line)


def point_pair_diagram(
    land: PointPairLandscape, source: str, cells: tuple[int, int]
) -> TracedDiagram:
    """The whole diagram: its lines and special points as records, with the minima on them."""
    tracer = _Tracer(land.plane, cells)
    tracer.trace()
    used = sorted({end for line in tracer.lines for end in line.ends})
    points = {k: _special_point(land, tracer, k) for k in used}
    boundaries = tuple(_record(land, line, points) for line in tracer.lines)
    phases: dict[str, TracedPhase] = {}
    for line in tracer.lines:
        for pattern in line.patterns:
            middle = line.points[len(line.points) // 2]
            branch = _at(land, middle, pattern)
            phases.setdefault(branch.name, TracedPhase(branch.name, branch.outcome))
    return TracedDiagram(
        plane=land.plane,
        source=source,
        phases=tuple(sorted(phases.values(), key=lambda phase: phase.name)),
        boundaries=boundaries,
        special_points=tuple(points.values()),
        cells_scanned=cells[0] * cells[1],
        unexplained=(),
        settings=land.settings,
    )


def _at(land: PointPairLandscape, theta: tuple[float, float], pattern: str) -> Branch:
    """The lowest minimum of a pattern; of a pair that is not there, what it grows out of."""
    p, r = _conditions(np.array(theta))
    found = minima(p, r, (pattern,), fallback=False)
    if found:
        return land.branch_of(np.array(theta), found[0])
    if pattern not in (IGNORE, DEDICATED):
        pattern = IGNORE if pattern[2] == "W" else DEDICATED
    return land.branch_of(np.array(theta), dropped(pattern, p, r))


def _special_point(land: PointPairLandscape, tracer: _Tracer, k: int) -> SpecialPoint:
    node = tracer.nodes[k]
    lines = [line for line in tracer.lines if k in line.ends]
    branches = {name: _at(land, node.theta, name) for line in lines for name in line.patterns}
    continuous = sum(_leaves(*line.patterns) for line in lines)
    kind: Kind = "junction"
    if node.border:
        kind = "border"
    elif continuous:
        kind = "bicritical point" if continuous > 1 else "critical end point"
    S, r = land.plane.point(np.array(node.theta))
    # A pair that begins there is named by the line that it begins on.
    names = {name for line in lines for name in _names(land, line)}
    rows = list(branches.values())
    minima_there = Minima(
        np.array([branch.x[:2].reshape(1, 2) for branch in rows]),
        np.array([branch.x[2:] for branch in rows]) * float(land.plane.model.law.scale),
        ("",) * len(rows),
    )
    loss = min(branch.loss for branch in rows)
    return SpecialPoint(kind, tuple(sorted(names)), S, r, loss, node.error, "numeric", minima_there)


def _names(land: PointPairLandscape, line: _Line) -> tuple[str, str]:
    """The names of the two phases of a line, each beside it."""
    t, u = line.points[len(line.points) // 2]
    one, two = line.patterns
    beside = u + (_BESIDE if one == IGNORE else -_BESIDE if two == DEDICATED else 0.0)
    theta = (t, beside if _leaves(one, two) else u)
    return tuple(  # type: ignore[return-value]
        name if name in (IGNORE, DEDICATED) else _at(land, theta, name).name for name in (one, two)
    )


def _record(
    land: PointPairLandscape, line: _Line, points: dict[int, SpecialPoint]
) -> TracedBoundary:
    rows = [[_at(land, theta, name) for theta in line.points] for name in line.patterns]
    places = [land.plane.point(np.array(theta)) for theta in line.points]
    ends = points[line.ends[0]], points[line.ends[1]]
    for k, end in ((0, ends[0]), (-1, ends[1])):
        places[k] = end.sparsity, end.importance
    continuous = _leaves(*line.patterns)
    jumps = [
        (0.0, 0.0) if continuous
        else (two.slopes[0] - one.slopes[0], two.slopes[1] - one.slopes[1])
        for one, two in zip(*rows, strict=True)
    ]  # fmt: skip
    losses = [min(one.loss, two.loss) for one, two in zip(*rows, strict=True)]
    formula, exponent, error = None, None, max(end.error for end in ends)
    if continuous:
        formula = DENSITY if line.patterns[0] == IGNORE else 1 / DENSITY
        exponent = _exponent(line)
        error = 4 * _EPS
    x = np.array([[branch.x for branch in row] for row in rows])
    unit = float(land.plane.model.law.scale)
    return TracedBoundary(
        phases=_names(land, line),
        sparsities=tuple(S for S, _ in places),
        importances=tuple(r for _, r in places),
        losses=tuple(losses),
        jumps=tuple(jumps),
        order=1 if exponent is None else round(exponent[0]),
        error=error,
        ends=ends,
        formula=formula,
        status="numeric" if formula is None else "matched",
        exponent=exponent,
        jump_error=0.0 if continuous else _jump_error(line, jumps, losses, error),
        minima=Minima(x[..., None, :2], x[..., 2:] * unit, ("", "")),
    )


def _jump_error(
    line: _Line, jumps: list[tuple[float, float]], losses: list[float], error: float
) -> float:
    """Rounding of the slopes, and what the jump changes over the error of a point's position."""
    gaps = np.maximum(np.abs(np.diff(line.points, axis=0)).max(axis=1), _WIDTH)
    steepest = (np.abs(np.diff(jumps, axis=0)).max(axis=1) / gaps).max()
    return float(1e-14 * max(losses) + steepest * error)


def _exponent(line: _Line) -> tuple[float, float]:
    """How the loss gained grows with the distance from an onset, from three distances."""
    t, u = line.points[len(line.points) // 2]
    side, name = (1, line.patterns[1]) if line.patterns[0] == IGNORE else (-1, line.patterns[0])
    gains = [
        minima(float(np.exp(t)), float(np.exp(u + side * d)), (name,))[0].gain
        for d in (_BESIDE, 2 * _BESIDE, 4 * _BESIDE)
    ]
    near, far = (float(np.log2(two / one)) for one, two in pairwise(gains))
    return near, abs(far - near)


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
