"""Formulas as text: what the grammar takes, what it refuses, and that nothing is evaluated."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import phasecalc as pc
from phasecalc.expressions import parse_expression
from phasecalc.inputs import parse_scalar

w, u = sympy.symbols("w u")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-sqrt(3)/2", -sympy.sqrt(3) / 2),
        ("−1/3", sympy.Rational(-1, 3)),
        ("2*w - -u", 2 * w + u),
        ("1 - 2 - 3", -4),
        ("12/2/3", 2),
        ("-w^2", -(w**2)),
        ("w**-1", 1 / w),
        ("(1+sqrt(5))/4", (1 + sympy.sqrt(5)) / 4),
        ("0.25*r", pc.r / 4),
        ("1 - S", 1 - pc.S),
        ("1e-3", sympy.Rational(1, 1000)),
        ("sqrt(w + 1)", sympy.sqrt(w + 1)),
    ],
)
def test_formulas(text, value):
    assert sympy.expand(parse_expression(text) - value) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("__import__('os')", "not expected"),
        ("exec(1)", "no function"),
        ("w.real", "not expected"),
        ("2w", "not expected"),
        ("1/(1-1)", "divides by zero"),
        ("0^-1", "divides by zero"),
        ("2^2^2", "not expected"),
        ("w^w", "a power is an integer"),
        ("2^1001", "too large"),
        ("99^999", "too large"),
        ("(w + 1)^65", "too large"),
        ("(" * 60 + "1" + ")" * 60, "brackets within"),
        ("(1", "not closed"),
        ("1)", "not expected"),
        ("1 +", "too early"),
        ("", "not a number"),
        ("nan", "no finite number"),
        ("sqrt 2", "needs brackets"),
    ],
)
def test_refusals(text, says):
    with pytest.raises(ValueError, match=r"w = .* is not a number"):
        parse_scalar(text, "w")
    if text:
        with pytest.raises(ValueError, match=says):
            parse_expression(text)


@given(
    st.recursive(
        st.fractions(-5, 5, max_denominator=7),
        lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner),
        max_leaves=8,
    )
)
def test_arithmetic_is_that_of_rationals(tree):
    def text(node):
        if isinstance(node, Fraction):
            return f"({node})"
        sign, one, two = node
        return f"({text(one)} {sign} {text(two)})"

    def value(node):
        if isinstance(node, Fraction):
            return node
        sign, one, two = node
        a, b = value(one), value(two)
        return {"+": a + b, "-": a - b, "*": a * b}[sign] if sign != "/" else a / b

    try:
        expected = value(tree)
    except ZeroDivisionError:
        with pytest.raises(ValueError, match="divides by zero"):
            parse_expression(text(tree))
    else:
        found = parse_expression(text(tree))
        assert Fraction(int(found.p), int(found.q)) == expected


def test_text_means_the_same_in_python():
    by_text = pc.decompose([["1", "-sqrt(2)/2"]], "0", "1")
    assert by_text.total == pc.decompose([[1, -sympy.sqrt(2) / 2]], [0, 0]).total
    assert pc.decompose([[1, -1]]).total == pc.decompose([[1, -1]], [0, 0], [1, 1]).total
    with pytest.raises(ValueError, match="transposed"):
        pc.decompose([[1], [-1]], [0, 0])
