"""The library's integrals at a point, from its numbers and from its formula for symbols."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy

from ..exact.moments import cube_cross_integral, cube_integral
from .record import CheckFailed
from .samples import fraction_of

_OFFSET, _OWN = sympy.symbols("offset own", real=True)


def library_integral(slopes: Mapping[Fraction, int], offset: Fraction, power: int) -> Fraction:
    """The library's integral of numbers, if its formula for symbols says the same."""
    names, place = _named(slopes)
    found = Fraction(cube_integral(slopes, offset, power))
    return _confirmed(found, cube_integral(names, _OFFSET, power), place | {_OFFSET: offset})


def library_cross_integral(
    own: Fraction, slopes: Mapping[Fraction, int], offset: Fraction
) -> Fraction:
    """The same with a factor x, whose own slope may be zero."""
    names, place = _named(slopes)
    slope_of_own = _OWN if own != 0 else sympy.Integer(0)
    found = Fraction(cube_cross_integral(own, slopes, offset))
    formula = cube_cross_integral(slope_of_own, names, _OFFSET)
    return _confirmed(found, formula, place | {_OFFSET: offset, _OWN: own})


def _named(
    slopes: Mapping[Fraction, int],
) -> tuple[dict[sympy.Symbol, int], dict[sympy.Symbol, Fraction]]:
    """A symbol in place of each slope, and what it stands for."""
    names = [sympy.Symbol(f"slope{index}", real=True) for index in range(len(slopes))]
    return (
        dict(zip(names, slopes.values(), strict=True)),
        dict(zip(names, slopes, strict=True)),
    )


def _confirmed(
    found: Fraction, formula: sympy.Expr, place: Mapping[sympy.Symbol, Fraction]
) -> Fraction:
    value = formula.subs(
        {name: sympy.Rational(x.numerator, x.denominator) for name, x in place.items()}
    )
    if fraction_of(value) != found:
        raise CheckFailed(f"the library's formula gives {value}, its number {found} at {place}")
    return found
