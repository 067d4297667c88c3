"""A quick proof that a candidate is nowhere strictly lowest, so that a sweep may leave it out.

A candidate with A(p) + r·B(p) is not strictly lowest at p where another one has no larger A and no
larger B: then it is beaten for every r > 0. The interval of p is halved until one other candidate
does that on each part, by Bernstein coefficients; where this does not succeed nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import sympy

from ..blocks.candidate import Candidate, coefficients_in_p
from ..exact.algebraic import Reader
from ..exact.bernstein import bernstein
from ..inputs import Scalar

_BITS = 160
_DEPTH = 6
_SAMPLES = 24

Parts = tuple[list[Scalar], list[Scalar]]
"""A(p) and B(p), or both over p: exact coefficients, lowest first."""


def not_beaten(candidates: Sequence[Candidate]) -> list[int]:
    """Indices of the candidates of which this is not proved."""
    return _left(_divided([c.coefficients for c in candidates]))


def not_beaten_of(parts: Sequence[sympy.Expr]) -> list[int]:
    """The same for losses given as A_0, B_0, A_1, B_1, …: polynomials in p."""
    tables = [list(coefficients_in_p(part)) for part in parts]
    return _left(list(zip(tables[::2], tables[1::2], strict=True)))


def _left(known: list[Parts]) -> list[int]:
    points = (Fraction(k, _SAMPLES) for k in range(1, _SAMPLES + 1))
    rivals = sorted({i for point in points for i in _lowest(known, point)})
    return [
        i
        for i in range(len(known))
        if i in rivals or not _is_beaten(known[i], [known[k] for k in rivals])
    ]


def _divided(known: Sequence[tuple[Sequence[Scalar], Sequence[Scalar]]]) -> list[Parts]:
    """All divided by p where all vanish at p = 0: then what is lowest does not change."""
    start = int(all(part[0] == 0 for parts in known for part in parts))
    return [
        (list(base[start:]) or [Fraction(0)], list(slope[start:]) or [Fraction(0)])
        for base, slope in known
    ]


@lru_cache(maxsize=4096)
def _middle(value: Scalar) -> Fraction:
    """A rational within 2^−_BITS of an algebraic number."""
    if isinstance(value, Fraction):
        return value
    low, high = Reader([value]).number(value).enclosure(_BITS)
    return (low + high) / 2


def _value(coefficients: Sequence[Scalar], point: Fraction) -> Fraction:
    total = Fraction(0)
    for c in reversed(coefficients):
        total = total * point + _middle(c)
    return total


def _lowest(losses: Sequence[Parts], point: Fraction) -> list[int]:
    """Who is lowest somewhere at this p, by rounded values: only a proposal."""
    values = [(_value(a, point), _value(b, point)) for a, b in losses]
    found = []
    weights = [Fraction(2) ** k for k in range(-12, 13)]
    for weight in weights:
        found.append(min(range(len(values)), key=lambda i: values[i][0] + weight * values[i][1]))
    return sorted(set(found))


def _is_beaten(loss: Parts, rivals: Sequence[Parts]) -> bool:
    pending = [(Fraction(0), Fraction(1), 0)]
    while pending:
        low, high, depth = pending.pop()
        if any(
            _never_below(loss[0], rival[0], low, high)
            and _never_below(loss[1], rival[1], low, high)
            for rival in rivals
        ):
            continue
        if depth == _DEPTH:
            return False
        middle = (low + high) / 2
        pending += [(low, middle, depth + 1), (middle, high, depth + 1)]
    return True


def _never_below(
    one: Sequence[Scalar], two: Sequence[Scalar], low: Fraction, high: Fraction
) -> bool:
    """Whether the first polynomial is proved to be nowhere below the second on [low, high]."""
    zero = Fraction(0)
    difference: list[Fraction] = []
    inexact = 0
    for k in range(max(len(one), len(two))):
        a = one[k] if k < len(one) else zero
        b = two[k] if k < len(two) else zero
        if a == b:
            # A factor p does not change the sign for p > 0.
            difference += [zero] if difference else []
            continue
        inexact += not (isinstance(a, Fraction) and isinstance(b, Fraction))
        difference.append(_middle(a) - _middle(b))
    return not difference or min(bernstein(difference, low, high)) >= Fraction(
        2 * inexact, 1 << _BITS
    )
