"""Whether a law of one's own is a law: exact data, nowhere negative, one in all."""

from __future__ import annotations

from dataclasses import is_dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import isfinite
from numbers import Rational
from typing import Any

import sympy


@lru_cache(maxsize=256)
def check_law(law: Any) -> None:
    """ValueError or TypeError, by name, unless this is a probability law with finite moments."""
    name = str(law)
    for low, high, coefficients in law.density:
        _exact(name, "density", (low, high, *coefficients))
        if not low < high:
            raise ValueError(f"law = {name}: density from {low} to {high}: the ends must ascend")
        if _is_negative(low, high, coefficients):
            raise ValueError(f"law = {name}: its density is negative somewhere in [{low}, {high}]")
    pieces = sorted((low, high) for low, high, _ in law.density)
    for (_, end), (start, _) in pairwise(pieces):
        if start < end:
            raise ValueError(f"law = {name}: the pieces of its density overlap at {start}")
    for value, weight in law.atoms:
        _exact(name, "atoms", (value, weight))
        if weight < 0:
            raise ValueError(f"law = {name}: the weight of its atom {value} is {weight}, below 0")
    if (law.density or law.atoms) and (total := law.moment(0)) != 1:
        raise ValueError(f"law = {name}: its density and atoms add up to {total}, it must be 1")
    if not isfinite(float(second := law.moment(2))):
        raise ValueError(f"law = {name}: E x² = {second}, it must be finite")


def check_class(law: Any) -> None:
    """TypeError unless a law's class can be compared, kept and named."""
    kind = type(law)
    frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    if not frozen or not isinstance(getattr(kind, "name", None), str):
        raise TypeError(
            f"law = {kind.__name__}: a law is a frozen dataclass with a name, as in "
            'docs/laws-and-supports.md: @dataclass(frozen=True), name = "…"'
        )


def _exact(law: str, what: str, numbers: tuple[Any, ...]) -> None:
    for number in numbers:
        if not isinstance(number, Rational):
            raise TypeError(
                f"law = {law}: {what} holds {number!r}, it must be exact: an int or a Fraction"
            )


def _is_negative(low: Fraction, high: Fraction, coefficients: tuple[Any, ...]) -> bool:
    """Whether a polynomial takes a negative value on an interval."""
    x = sympy.Symbol("x")
    entries = [sympy.Rational(c.numerator, c.denominator) for c in reversed(coefficients)]
    polynomial = sympy.Poly(entries or [0], x)
    ends = [sympy.Rational(end.numerator, end.denominator) for end in (low, high)]
    if polynomial.is_zero or any(polynomial.eval(end) < 0 for end in ends):
        return not polynomial.is_zero
    # Inside it changes its sign at the roots of odd multiplicity only.
    for factor, multiplicity in polynomial.sqf_list()[1]:
        inside = factor.count_roots(*ends) - sum(factor.eval(end) == 0 for end in ends)
        if multiplicity % 2 and inside:
            return True
    steps = polynomial.degree() + 2
    places = (ends[0] + (ends[1] - ends[0]) * sympy.Rational(k, steps) for k in range(1, steps))
    return any(polynomial.eval(place) < 0 for place in places)
