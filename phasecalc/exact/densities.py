"""Integrals of truncated powers against any piecewise polynomial density with atoms.

A function Σ w (c + v)_+^k of the offset c is kept as {(v, k): w}. One more direction with slope g
≠ 0 and density f turns (c + v)_+^k into E (c + v + g x)_+^k, which is of the same form: an atom at
a shifts v by g a, and for a piece ∫ x^d from low to high by parts

    ∫ x^d (c + gx)_+^k dx = Σ_{r=0..d} (−1)^r d!/(d−r)! · x^(d−r) (c + gx)_+^(k+1+r)
                            / (g^(r+1) (k+1) … (k+1+r)), taken between the ends.

`moments.cube_integral` is the case of one piece of height 1, with the vertices counted by slope.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache, lru_cache
from math import prod

import sympy

from ..inputs import Scalar
from ..laws import Law
from .field import Number
from .truncated import truncated_power

Terms = dict[tuple[Scalar, int], Scalar]
"""{(v, k): w} for Σ w (c + v)_+^k."""


def density_integral(
    slopes: Mapping[Scalar, int],
    offset: Scalar,
    power: int,
    law: Law,
    own: Scalar | None = None,
    weight: int = 0,
) -> Scalar:
    """E x_j^w (g·x + a x_j + c)_+^q: c = offset, q = power, a = own, w = weight, x of the law.

    Without `own` the feature j is left out. All slopes in `slopes`, each with its number of
    directions, are not zero; `own` may be.

    >>> from phasecalc.laws import Uniform
    >>> density_integral({Fraction(1): 2}, Fraction(-1), 1, Uniform())
    Fraction(1, 6)
    >>> density_integral({}, Fraction(0), 1, Uniform(), own=Fraction(1), weight=1)
    Fraction(1, 3)

    Raises `ValueError` for a law without pieces and atoms.
    """
    if not law.density and not law.atoms:
        raise ValueError(f"law = {law}: there is no exact formula for it")
    factor: Scalar = Fraction(1)
    if own is not None and own == 0:
        factor, own = Fraction(law.moment(weight)), None
    directions = tuple(slope for slope, count in slopes.items() for _ in range(count))
    kinds = tuple(map(_kind, (*directions, own)))
    terms = _terms(directions, power, law, own, weight, kinds)
    values = [w * truncated_power(_tidy(offset + v), k) for (v, k), w in terms.items() if w != 0]
    return factor * sum(values, start=Fraction(0))


@lru_cache(maxsize=256)
def _terms(
    slopes: tuple[Scalar, ...],
    power: int,
    law: Law,
    own: Scalar | None,
    weight: int,
    kinds: tuple[object, ...],
) -> Mapping[tuple[Scalar, int], Scalar]:
    """One direction after another: sets of slopes that begin alike share what they begin with.

    `kinds` keeps apart what is equal but does not mix, as 1 in two number fields.
    """
    if slopes:
        fewer = _terms(slopes[:-1], power, law, own, weight, (*kinds[:-2], kinds[-1]))
        return _with_direction(fewer, slopes[-1], law, 0)
    terms: Terms = {(Fraction(0), power): Fraction(1)}
    return terms if own is None else _with_direction(terms, own, law, weight)


def _kind(value: Scalar | None) -> object:
    return value.field if isinstance(value, Number) else type(value)


def _with_direction(
    terms: Mapping[tuple[Scalar, int], Scalar], slope: Scalar, law: Law, weight: int
) -> Terms:
    """E x^w f(c + g x) of the function f of the terms."""
    result: Terms = {}
    # What all terms share: shifts, powers of 1/g, and for each k the factors of w by new power.
    atoms = [(slope * place, mass * place**weight) for place, mass in law.atoms]
    longest = max((len(coefficients) for _, _, coefficients in law.density), default=0) + weight
    inverse = [slope ** -(r + 1) for r in range(longest)]
    ends = {end: slope * end for low, high, _ in law.density for end in (low, high)}

    @cache
    def by_parts(k: int) -> list[tuple[Scalar, int, Scalar]]:
        """(shift, new power, factor) for every end that is not dropped."""
        factors: dict[tuple[Fraction, int], Fraction] = {}
        for low, high, coefficients in law.density:
            for e, coefficient in enumerate(coefficients):
                d = e + weight
                for r in range(d + 1):
                    falling = prod(range(d - r + 1, d + 1)) * (-1) ** r
                    rising = prod(range(k + 1, k + 2 + r))
                    for end, sign in ((high, 1), (low, -1)):
                        factor = Fraction(sign * coefficient * falling, rising) * end ** (d - r)
                        factors[end, r] = factors.get((end, r), Fraction(0)) + factor
        return [
            (ends[end], k + 1 + r, factor * inverse[r])
            for (end, r), factor in factors.items()
            if factor
        ]

    def add(shift: Scalar, k: int, w: Scalar) -> None:
        key = (_tidy(shift), k)
        result[key] = result.get(key, Fraction(0)) + w

    for (v, k), w in terms.items():
        for shift, factor in atoms:
            add(v + shift, k, w * factor)
        for shift, higher, factor in by_parts(k):
            add(v + shift, higher, w * factor)
    return result


def _tidy(value: Scalar) -> Scalar:
    return sympy.expand(value) if isinstance(value, sympy.Expr) else value
