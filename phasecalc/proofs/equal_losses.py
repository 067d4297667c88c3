"""Where two losses are equal and lowest of all: certified, and without the sweep of the diagram.

With L_a − L_b = α(p) + r β(p) the losses are equal on the line r = −α/β, and for every r where α
and β vanish together. On the line another candidate's loss minus theirs has the sign of a
polynomial in p. Between the roots of all these polynomials no sign changes, so that one point
decides for a whole interval; at the roots themselves the signs are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key, lru_cache, partial
from itertools import pairwise

import sympy

from ..blocks.candidate import Candidate
from ..diagram.transition import Boundary
from ..exact.extension import polynomials
from ..exact.roots import ONE, ZERO, RealRoot, real_roots, sign_at_rational

Interval = tuple[sympy.Expr, sympy.Expr]


@dataclass(frozen=True, slots=True)
class Places:
    """A set of numbers: open intervals, and single points apart from them."""

    intervals: tuple[Interval, ...]
    points: tuple[sympy.Expr, ...]


@dataclass(frozen=True, slots=True)
class Coexistence:
    """Where two candidates have one loss and no other is lower, for 0 < p < 1 and r > 0.

    ``curve`` holds the p of the line r(p), ``verticals`` the r of each line p = constant. An
    interval ends where another candidate has the same loss.
    """

    curve: Places
    verticals: tuple[tuple[sympy.Expr, Places], ...]

    @property
    def has_line(self) -> bool:
        """Whether it is more than single points."""
        return bool(self.curve.intervals) or any(p.intervals for _, p in self.verticals)

    def is_along(self, boundary: Boundary) -> bool:
        """Whether a vertical boundary is among the lines."""
        return any(
            place == boundary.feature_probability
            and boundary.importance_interval in where.intervals
            for place, where in self.verticals
        )

    @property
    def is_empty(self) -> bool:
        """Whether the two are nowhere equal and lowest."""
        return not (
            self.has_line or self.curve.points or any(place.points for _, place in self.verticals)
        )


Parts = tuple[sympy.Poly, sympy.Poly]
"""A loss as a(p) + r b(p)."""


@lru_cache(maxsize=64)
def _parts_of(candidates: tuple[Candidate, ...]) -> tuple[Parts, ...]:
    """The polynomials a and b of each loss a(p) + r b(p), all over one field."""
    polys = polynomials([part for c in candidates for part in (c.base_error, c.extra_error)])
    return tuple(zip(polys[::2], polys[1::2], strict=True))


def coexistence(one: Candidate, two: Candidate, everyone: Iterable[Candidate]) -> Coexistence:
    """Where two candidates have the same loss and no other one has a lower one.

    >>> from phasecalc import Point, ToyModel, candidates
    >>> three = candidates(ToyModel(2, 1))
    >>> coexistence(three[0], three[2], three).curve.intervals
    ((0, 4/7),)
    """
    all_of_them = tuple(everyone)
    all_of_them += tuple(c for c in (one, two) if c not in all_of_them)
    parts = _parts_of(all_of_them)
    base, slope = parts[all_of_them.index(one)]
    other_base, other_slope = parts[all_of_them.index(two)]
    alpha, beta = base - other_base, slope - other_slope
    gaps = [
        (first - base, second - slope)
        for c, (first, second) in zip(all_of_them, parts, strict=True)
        if c not in (one, two)
    ]
    shared = sympy.gcd(alpha, beta)
    return Coexistence(
        _on_curve(alpha, beta, gaps),
        tuple(
            (root.exact(), _on_vertical(root, gaps))
            for root in real_roots(shared, Fraction(0), Fraction(1))
        ),
    )


def _on_curve(alpha: sympy.Poly, beta: sympy.Poly, gaps: Sequence[Parts]) -> Places:
    if beta.is_zero:
        return Places((), ())
    # r has the sign of −αβ, and (a + r b) that of (aβ − bα) β.
    importance = -alpha * beta
    signs = [(a * beta - b * alpha) * beta for a, b in gaps]
    roots = _roots_of((importance, beta, *signs))

    def lowest(sign: Callable[[sympy.Poly], int]) -> bool:
        return sign(importance) > 0 and all(sign(poly) >= 0 for poly in signs)

    samples = _between(roots)
    inside = [lowest(partial(_sign_at, at)) for at in samples]
    at_roots = [lowest(root.sign_of) for root in roots]
    # A root of r's numerator or denominator is no point of the line; any other root is a point
    # where another candidate has the same loss, and ends the interval.
    return _places([sympy.Integer(0), *(r.exact() for r in roots), sympy.Integer(1)], inside,
                   at_roots)  # fmt: skip


def _sign_at(point: Fraction, poly: sympy.Poly) -> int:
    return sign_at_rational(poly, point)


def _on_vertical(root: RealRoot, gaps: Sequence[Parts]) -> Places:
    """Where a + r b ≥ 0 for all gaps: between the largest lower and the least upper bound on r."""
    low, high = (ZERO, ONE), (ONE, ZERO)  # r = numerator/denominator, both ≥ 0 at the root
    for a, b in gaps:
        sign, slope = root.sign_of(a), root.sign_of(b)
        if (slope == 0 and sign < 0) or (slope < 0 and sign <= 0):
            return Places((), ())
        if slope > 0 > sign and _above(root, (-a, b), low):
            low = (-a, b)
        if slope < 0 < sign and _above(root, high, (a, -b)):
            high = (a, -b)
    ends = tuple(_value(root, end) for end in (low, high))
    if _above(root, high, low):
        return Places(((ends[0], ends[1]),), ())
    return Places((), () if _above(root, low, high) else (ends[0],))


def _above(root: RealRoot, one: Parts, two: Parts) -> bool:
    """Whether the first fraction is larger than the second at the root; 1/0 is infinite."""
    return root.sign_of(one[0] * two[1] - two[0] * one[1]) > 0


def _value(root: RealRoot, end: Parts) -> sympy.Expr:
    return sympy.oo if end[1].is_zero else root.evaluate(*end)


def _places(ends: Sequence[sympy.Expr], inside: list[bool], at_ends: list[bool]) -> Places:
    """Intervals between neighbouring ends, and single points that belong to none of them."""
    intervals = tuple(pair for pair, holds in zip(pairwise(ends), inside, strict=True) if holds)
    points = tuple(
        end
        for end, holds, before, after in zip(
            ends[1:-1], at_ends, inside[:-1], inside[1:], strict=True
        )
        if holds and not before and not after
    )
    return Places(intervals, points)


def _roots_of(polynomials: Iterable[sympy.Poly]) -> list[RealRoot]:
    """The distinct roots in (0, 1) of several polynomials, in ascending order, apart."""
    found: list[RealRoot] = []
    for poly in polynomials:
        for root in real_roots(poly, Fraction(0), Fraction(1)):
            if all(root.compare(other) != 0 for other in found):
                found.append(root)
    found.sort(key=cmp_to_key(RealRoot.compare))
    found = [_off_the_ends(root) for root in found]
    for index in range(len(found) - 1):
        while found[index].high >= found[index + 1].low:
            found[index], found[index + 1] = found[index].refined(), found[index + 1].refined()
    return found


def _off_the_ends(root: RealRoot) -> RealRoot:
    while root.low <= 0 or root.high >= 1:
        root = root.refined()
    return root


def _between(roots: Sequence[RealRoot]) -> list[Fraction]:
    """One rational in each of the intervals into which roots cut (0, 1)."""
    lows = [Fraction(0), *(root.high for root in roots)]
    highs = [*(root.low for root in roots), Fraction(1)]
    return [(low + high) / 2 for low, high in zip(lows, highs, strict=True)]
