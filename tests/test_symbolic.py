"""Formulas for symbols give, with numbers put in, what the arithmetic of rationals gives."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import phasecalc as pc
from phasecalc.exact.features import errors_by_active
from phasecalc.exact.moments import cube_cross_integral, cube_integral
from phasecalc.proofs.library_integrals import library_cross_integral, library_integral
from phasecalc.proofs.record import CheckFailed

from .strategies import SMALL

NAMES = sympy.symbols("g1:5", real=True)
C, A = sympy.symbols("c a", real=True)
SLOPES = st.dictionaries(SMALL.filter(bool), st.integers(1, 2), max_size=3).filter(
    lambda slopes: sum(slopes.values()) <= 4
)


def exact(value) -> Fraction:
    value = sympy.sympify(value)
    assert value.is_Rational
    return Fraction(int(value.p), int(value.q))


def number(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def named(slopes):
    """Symbols with the same multiplicities, and what to put in for them."""
    symbols = dict(zip(NAMES, slopes.values(), strict=False))
    return symbols, {name: number(g) for name, g in zip(symbols, slopes, strict=True)}


@given(SLOPES, SMALL, st.integers(0, 2))
def test_cube_integral(slopes, offset, power):
    symbols, place = named(slopes)
    formula = cube_integral(symbols, C, power)
    found = formula.subs({**place, C: number(offset)})
    assert exact(found) == cube_integral(slopes, offset, power)
    assert library_integral(slopes, offset, power) == exact(found)


@given(SLOPES, SMALL, SMALL)
def test_cross_integral(slopes, own, offset):
    symbols, place = named(slopes)
    formula = cube_cross_integral(A if own else sympy.Integer(0), symbols, C)
    found = formula.subs({**place, C: number(offset), A: number(own)})
    assert exact(found) == cube_cross_integral(own, slopes, offset)
    assert library_cross_integral(own, slopes, offset) == exact(found)


@given(
    st.dictionaries(SMALL.filter(bool), st.integers(1, 2), max_size=2),
    SMALL.filter(bool),
    SMALL,
    st.sampled_from([pc.Uniform(), pc.Point()]),
)
def test_errors_by_active(neighbours, own, bias, law):
    symbols, place = named(neighbours)
    place |= {A: number(own), C: number(bias)}
    errors, alone = errors_by_active(A, symbols, C, law)
    expected = errors_by_active(own, neighbours, bias, law)
    found = tuple(exact(sympy.sympify(error).subs(place)) for error in errors)
    assert (found, exact(sympy.sympify(alone).subs(place))) == expected


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_the_hook_of_the_derivations_notices_a_wrong_formula(monkeypatch, dimension):
    """A factor 2 in the formula for symbols, in one dimension only."""
    right = cube_integral

    def wrong(slopes, offset, power):
        value = right(slopes, offset, power)
        doubled = isinstance(offset, sympy.Expr) and sum(slopes.values()) == dimension
        return 2 * value if doubled else value

    monkeypatch.setattr("phasecalc.proofs.library_integrals.cube_integral", wrong)
    slopes = Counter({Fraction(1): dimension})
    with pytest.raises(CheckFailed, match="formula gives"):
        library_integral(slopes, Fraction(1), 1)
