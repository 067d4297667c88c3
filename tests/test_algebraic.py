"""Algebraic entries: one number field for the entries of a model, signs that are proved."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
import sympy
from sympy import Rational, cbrt, cos, pi, sin, sqrt

import phasecalc as pc
from phasecalc.exact.algebraic import Reader, normal_form
from phasecalc.exact.extension import polynomials
from phasecalc.exact.forms import collected, is_rational_form, vanishes
from phasecalc.exact.generators import cosine_polynomial
from phasecalc.exact.roots import polynomial, real_roots
from phasecalc.exact.truncated import exact_sign
from phasecalc.report.notebook import record_html, record_latex, record_text

from .marks import long

x = sympy.Symbol("x")
PLASTIC = sympy.CRootOf(x**3 - x - 1, 0)

ATOMS = (
    *(sqrt(n) for n in (2, 3, 5, 7, Rational(3, 7))),
    *(cos(pi * Rational(k, n)) for k, n in ((1, 7), (3, 7), (2, 9), (1, 5), (1, 12))),
    *(sin(pi * Rational(k, n)) for k, n in ((1, 7), (2, 5))),
    cbrt(2),
    sympy.GoldenRatio,
    *(Rational(k, 5) for k in range(-7, 8)),
)


def entry(generator: random.Random) -> sympy.Expr:
    value = generator.choice(ATOMS) * generator.choice((1, -1))
    if generator.random() < 0.3:
        value = value + generator.choice(ATOMS) * Rational(generator.randint(-3, 3), 2)
    return value


@pytest.mark.parametrize(
    "value",
    [
        1 / (sqrt(2) - 1),
        1 / (cos(pi / 7) + sqrt(7)),
        1 / (sqrt(2) + sqrt(3) + sqrt(5) + sqrt(7)),
        1 / (1 + cbrt(2) + sqrt(2) + cos(pi / 9)),
        sqrt(7) * cos(pi / 28),
        cos(pi / 8) * sin(pi / 8),
        sympy.tan(pi / 7),
        1 / PLASTIC + PLASTIC**2,
        sqrt(10**40 + 7) * sqrt(3 * (10**40 + 7)),
        sympy.GoldenRatio * 5 ** Rational(1, 3),
    ],
    ids=str,
)
def test_normal_forms_have_the_same_value(value):
    form = normal_form(value)
    assert abs(sympy.N(value - form, 30)) < 1e-25 * (1 + abs(sympy.N(value)))
    assert exact_sign(value - form) == 0


@pytest.mark.parametrize(
    "zero",
    [
        sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6)),
        cos(pi / 7) - cos(2 * pi / 7) + cos(3 * pi / 7) - Rational(1, 2),
        sin(2 * pi / 7) + sin(4 * pi / 7) + sin(8 * pi / 7) - sqrt(7) / 2,
        sqrt(17) - 1 - 4 * sum(cos(2 * pi * k / 17) for k in (1, 2, 4, 8)),
        PLASTIC**5 - PLASTIC**4 - 1,
        cbrt(2 + sqrt(5)) - sympy.GoldenRatio,
        64 * sympy.prod(sin(pi * k / 7) for k in range(1, 7)) - 7,
    ],
    ids=str,
)
def test_zeros_are_proved(zero):
    assert Reader([zero]).number(zero).sign() == 0
    tiny = zero + Rational(1, 10**60)
    assert Reader([tiny]).number(tiny).sign() == 1
    assert Reader([tiny]).number(-tiny).sign() == -1


def test_a_field_computes_as_the_numbers_do():
    generator = random.Random(3)
    for _ in range(60):
        a, b = entry(generator), entry(generator)
        reader = Reader([a, b])
        one, two = reader.number(a), reader.number(b)
        for found, expected in ((one + two, a + b), (one - two, a - b), (one * two, a * b)):
            assert abs(float(found) - float(expected)) <= 1e-12 * (1 + abs(float(expected)))
        if one:
            assert one * one.inverse() == 1
            assert one**-2 * one**2 == 1
        assert (one < two) == bool(float(a) < float(b))
        low, high = one.enclosure(200)
        assert low <= high and high - low < Fraction(1, 2**190)
        assert (
            low - Fraction(1, 10**25) < Fraction(str(sympy.N(a, 40))) < high + Fraction(1, 10**25)
        )


def test_minimal_polynomials_of_cosines():
    for order in range(1, 40):
        coefficients = cosine_polynomial(order)
        value = sum(
            c * (2 * sympy.N(cos(2 * pi / order), 50)) ** k for k, c in enumerate(coefficients)
        )
        assert abs(value) < 1e-40
        assert len(coefficients) - 1 == max(1, sympy.totient(order) // 2)


@pytest.mark.parametrize(
    "value", [sqrt(sqrt(2) - 2), (-8) ** Rational(1, 3) * sympy.Integer(1)], ids=["root", "cube"]
)
def test_complex_numbers_have_no_sign(value):
    with pytest.raises(ValueError, match="real"):
        Reader([value]).number(value)


def test_forms_without_polynomials_over_fields():
    assert is_rational_form(x / 3) and not is_rational_form(x * cos(pi / 7))
    assert collected(sqrt(2) * x * (1 + sqrt(3)) - sqrt(6) * x) == sqrt(2) * x
    assert vanishes(sqrt(2) * sqrt(3) * x - x * sqrt(6) + (cos(pi / 3) - Rational(1, 2)) * x**2)
    assert not vanishes(sqrt(2) * x - x)


def shown(loss: pc.SparseLoss) -> None:
    for form in (record_latex, record_html, record_text):
        assert form(loss)


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point()], ids=str)
@pytest.mark.parametrize("count", [3, long(8)])
def test_losses_of_random_algebraic_entries(law, count):
    """Against the float kernel: an independent way to the same number."""
    generator = random.Random(11)
    for k in range(count):
        n, m = generator.randint(1, 3), generator.randint(1, 2)
        weights = [[entry(generator) for _ in range(n)] for _ in range(m)]
        bias = [entry(generator) for _ in range(n)]
        importance = [generator.choice((1, pc.r, sqrt(2), cos(pi / 7) ** 2)) for _ in range(n)]
        loss = pc.decompose(weights, bias, importance, law)
        values = {"r": Fraction(2, 3)} if pc.r in importance else {}
        exact = loss.at(sparsity=Fraction(2, 7), **values)
        numbers = [float(sympy.sympify(i).subs(pc.r, Rational(2, 3))) for i in importance]
        found = pc.expected_loss(
            np.array(weights, dtype=float), np.array(bias, dtype=float), numbers, 2 / 7, law=law
        )
        assert abs(float(exact) - found) <= 1e-10 * (1 + abs(found))
        if k < 3:
            shown(loss)


def test_cosine_beside_its_square_root():
    loss = pc.decompose([[cos(pi / 7), sqrt(7)], [-sqrt(2), 1]], [cbrt(3), 0], [1, pc.r])
    assert loss.at(sparsity=0, r="2/3").is_number
    shown(loss)


def test_symbols_beside_two_radicals():
    w, b = sympy.symbols("w b")
    loss = pc.decompose([[sqrt(2) * w, sqrt(3) - cos(pi / 7)]], [b, 0], [1, pc.r])
    shown(loss)
    values = {"w": Fraction(1, 2), "b": Fraction(1, 3), "r": Fraction(2)}
    number = loss.at(sparsity=Fraction(1, 4), **values)
    smooth = loss.in_regime({"w": "1/2", "b": "1/3"})
    there = smooth.at_sparsity(Fraction(1, 4)).subs({w: Rational(1, 2), b: Rational(1, 3), pc.r: 2})
    assert abs(sympy.N(there - number, 30)) < 1e-25


def test_too_large_a_field_is_refused_in_a_sentence():
    entries = [sqrt(q) for q in sympy.primerange(2, 40)]
    with pytest.raises(ValueError, match="number field of degree up to"):
        pc.decompose([entries], [0] * len(entries))


def test_signs_at_a_root_that_generates_the_field() -> None:
    """At 2^(1/4), in whose field √2 lies, p² − √2 is 0 though p⁴ − 2 does not divide it."""
    p, root2 = pc.p, sympy.sqrt(2)
    (root,) = real_roots(polynomial(p**4 - 2), Fraction(0), Fraction(2))
    tiny = sympy.expand((root2 - 1) ** 300)  # 2^-381: beyond the digits that are tried first
    zero, below, above, plain = polynomials(
        [p**2 - root2, p**2 - root2 - tiny, p**2 - root2 + tiny, p**2 + root2]
    )
    assert [root.sign_of(poly) for poly in (zero, below, above, plain)] == [0, -1, 1, 1]
    # A factor in common that vanishes at another root only.
    (other,) = polynomials([sympy.expand((p**2 + root2) * (p**2 - root2 - tiny))])
    assert root.sign_of(other) == -1
