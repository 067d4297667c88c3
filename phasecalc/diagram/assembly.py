"""From the strips of an envelope to its boundaries and junctions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cmp_to_key
from itertools import pairwise

import sympy

from ..blocks.candidate import Candidate
from ..exact.extension import reduced
from ..exact.roots import RealRoot, real_roots
from ..exact.truncated import exact_sign
from ..symbols import p, r
from .envelope import R_INFINITY, R_ZERO, Crossing, Line, Strip, compare_at
from .transition import Boundary, Enclosure, Junction, Status, on_line, vanishing_order


@dataclass(frozen=True, slots=True)
class _Front:
    """The line p = constant between two strips (`right` is None at the border p = 1)."""

    root: RealRoot
    left: Strip
    right: Strip | None

    def strips(self) -> tuple[Strip, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)

    def stops(self) -> list[Crossing]:
        """The different r in (0, ∞) at which a phase ends on either side, ascending."""
        stops: list[Crossing] = []
        crossings = [c for strip in self.strips() for c in strip.crossings]
        for crossing in sorted(crossings, key=cmp_to_key(self.compare)):
            inside = self.compare(R_ZERO, crossing) < 0 and self.compare(crossing, R_INFINITY) < 0
            if inside and (not stops or self.compare(stops[-1], crossing) < 0):
                stops.append(crossing)
        return stops

    def compare(self, one: Crossing, two: Crossing) -> int:
        return compare_at(self.root, one, two)

    def phases_between(self, strip: Strip, low: Crossing, high: Crossing) -> list[int]:
        """Phases of the strip whose closed range of r at the front holds [low, high]."""
        edges = strip.edges()
        return [
            phase
            for phase, below, above in zip(strip.phases, edges, edges[1:], strict=False)
            if self.compare(below, low) <= 0 and self.compare(high, above) <= 0
        ]

    def meeting(self, stop: Crossing) -> tuple[int, ...]:
        """All phases, from either side, whose regions touch the point (p, stop)."""
        found = (i for strip in self.strips() for i in self.phases_between(strip, stop, stop))
        return tuple(sorted(set(found)))

    def is_junction(self, stop: Crossing) -> bool:
        return len(self.meeting(stop)) > 2


def junctions_of(
    strips: Sequence[Strip], lines: Mapping[int, Line], candidates: Sequence[Candidate]
) -> tuple[Junction, ...]:
    """All points in which three or more phases meet, by descending sparsity, then by r."""
    return tuple(point for _, _, point in _meetings(strips, lines, candidates))


_Meeting = tuple[_Front, Crossing, Junction]


def _meetings(
    strips: Sequence[Strip], lines: Mapping[int, Line], candidates: Sequence[Candidate]
) -> list[_Meeting]:
    found: list[_Meeting] = []
    for front in _fronts(strips):
        for stop in front.stops():
            meeting = front.meeting(stop)
            if len(meeting) < 3:
                continue
            first = lines[meeting[0]]
            numerator = first.base * stop.denominator + first.slope * stop.numerator
            for other in (lines[i] for i in meeting[1:]):
                same = other.base * stop.denominator + other.slope * stop.numerator
                if front.root.sign_of(numerator - same) != 0:
                    raise AssertionError("the losses of a junction's phases differ")
            point = Junction(
                phases=tuple(candidates[i].name for i in meeting),
                sparsity=sympy.expand(1 - front.root.exact()),
                importance=stop.value_at(front.root),
                loss=front.root.evaluate(numerator, stop.denominator),
                status=_status(front.root),
                isolation=_isolation(front.root),
                # Where the root has no formula the signs above are the proof.
                losses=tuple(candidates[i].loss for i in meeting)
                if _status(front.root) == "exact"
                else (),
            )
            found.append((front, stop, point))
    return found


def _end(
    root: RealRoot, stop: Crossing, one: Candidate, two: Candidate, meetings: Sequence[_Meeting]
) -> Junction:
    """The end of a boundary of two phases at (p, r) = (root, stop)."""
    for front, other, point in meetings:
        if front.root is root and front.compare(other, stop) == 0:
            return point
    density, importance = root.exact(), stop.value_at(root)
    if importance == sympy.oo:  # the loss stays finite where one of the phases has none of r's
        losses = [c.loss for c in (one, two) if not c.loss.has(r)]
        loss = losses[0].subs(p, density) if losses else sympy.oo
    else:
        loss = one.loss.subs({p: density, r: importance})
    return Junction(
        phases=(one.name, two.name),
        sparsity=sympy.expand(1 - density),
        importance=importance,
        loss=loss if loss == sympy.oo else reduced(loss),
        status=_status(root),
        isolation=_isolation(root),
        kind="border",
    )


def boundaries_of(
    strips: Sequence[Strip], lines: Mapping[int, Line], candidates: Sequence[Candidate]
) -> tuple[Boundary, ...]:
    """All coexistence lines: curves r(p) first, then vertical lines, each by ascending p and r."""
    fronts = _fronts(strips)
    meetings = _meetings(strips, lines, candidates)
    curves: list[_Curve] = []
    for k, strip in enumerate(strips):
        for (a, b), stop in zip(pairwise(strip.phases), strip.crossings, strict=True):
            curve = _Curve(a, b, stop, strip.low, strip.high)
            before = _continued(curves, curve, fronts[k - 1]) if k else None
            if before is None:
                curves.append(curve)
            else:
                curves[before] = replace(curves[before], end=strip.high)
    found = [_boundary(curve, candidates, meetings) for curve in curves]
    for front in fronts:
        found.extend(_verticals(front, candidates, meetings))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Curve:
    """The crossing of two phases, by index, from one p to another."""

    low: int
    high: int
    stop: Crossing
    start: RealRoot
    end: RealRoot


def _fronts(strips: Sequence[Strip]) -> list[_Front]:
    return [
        _Front(strip.high, strip, following)
        for strip, following in zip(strips, (*strips[1:], None), strict=True)
    ]


def _continued(curves: Sequence[_Curve], new: _Curve, front: _Front) -> int | None:
    """Index of the curve that the new one goes on through the front, if there is one."""
    for index, curve in enumerate(curves):
        if (curve.low, curve.high) == (new.low, new.high) and curve.end is front.root:
            stop = curve.stop
            inside = front.compare(R_ZERO, stop) < 0 and front.compare(stop, R_INFINITY) < 0
            if inside and not front.is_junction(stop):
                return index
    return None


def _boundary(
    curve: _Curve, candidates: Sequence[Candidate], meetings: Sequence[_Meeting]
) -> Boundary:
    low, high = candidates[curve.low], candidates[curve.high]
    importance = curve.stop.expr
    return Boundary(
        phases=(low.name, high.name),
        importance=importance,
        feature_probability=None,
        interval=(curve.start.exact(), curve.end.exact()),
        importance_interval=_range(curve.stop, curve.start, curve.end),
        losses=(low.loss, high.loss),
        order=vanishing_order(
            low.loss - high.loss, r, lambda loss: on_line(loss, importance, None)
        ),
        status=_status(curve.start, curve.end),
        isolation=_isolations(curve.start, curve.end),
        ends=(
            _end(curve.start, curve.stop, low, high, meetings),
            _end(curve.end, curve.stop, low, high, meetings),
        ),
    )


def _range(stop: Crossing, start: RealRoot, end: RealRoot) -> tuple[sympy.Expr, sympy.Expr]:
    """Smallest and largest r on the curve, the limits at its ends included."""
    derivative = stop.numerator.diff(p) * stop.denominator - stop.numerator * stop.denominator.diff(
        p
    )
    turns = [
        root
        for root in real_roots(derivative, start.low, end.high)
        if root.compare(start) > 0 and root.compare(end) < 0
    ]
    values = sorted((stop.value_at(root) for root in (start, *turns, end)), key=_BY_VALUE)
    return values[0], values[-1]


def _compare_values(one: sympy.Expr, two: sympy.Expr) -> int:
    if sympy.oo in (one, two):
        return int(one == sympy.oo) - int(two == sympy.oo)
    return exact_sign(one - two)


_BY_VALUE = cmp_to_key(_compare_values)


def _verticals(
    front: _Front, candidates: Sequence[Candidate], meetings: Sequence[_Meeting]
) -> list[Boundary]:
    if front.right is None:
        return []
    stops = [R_ZERO, *front.stops(), R_INFINITY]
    pieces: list[tuple[int, int, Crossing, Crossing]] = []
    for low, high in pairwise(stops):
        (a,) = front.phases_between(front.left, low, high)
        (b,) = front.phases_between(front.right, low, high)
        if a == b:
            continue
        start = low
        if pieces and pieces[-1][:2] == (a, b) and not front.is_junction(low):
            start = pieces.pop()[2]
        pieces.append((a, b, start, high))
    place = front.root.exact()
    return [
        Boundary(
            phases=(candidates[a].name, candidates[b].name),
            importance=None,
            feature_probability=place,
            interval=(place, place),
            importance_interval=(low.value_at(front.root), high.value_at(front.root)),
            losses=(candidates[a].loss, candidates[b].loss),
            order=vanishing_order(
                candidates[a].loss - candidates[b].loss,
                p,
                lambda loss: sympy.expand(loss.subs(p, place)),
            ),
            status=_status(front.root),
            isolation=_isolations(front.root, front.root),
            ends=(
                _end(front.root, low, candidates[a], candidates[b], meetings),
                _end(front.root, high, candidates[a], candidates[b], meetings),
            ),
        )
        for a, b, low, high in pieces
    ]


def _status(*ends: RealRoot) -> Status:
    """Rational numbers and quadratic surds are formulas; other roots are known by an interval."""
    degrees = [1 if end.is_rational else end.minimal.degree() for end in ends]
    return "exact" if max(degrees) <= 2 else "isolated"


_WIDTH = Fraction(1, 10**15)


def _isolation(root: RealRoot) -> Enclosure | None:
    """A narrow certified interval of a root that has no formula."""
    if _status(root) == "exact":
        return None
    narrow = root.within(_WIDTH)
    return narrow.low, narrow.high


def _isolations(start: RealRoot, end: RealRoot) -> tuple[Enclosure, Enclosure] | None:
    if _status(start, end) == "exact":
        return None
    low, high = start.within(_WIDTH), end.within(_WIDTH)
    return (low.low, low.high), (high.low, high.high)
