"""Work that could explode is bounded. What is counted are SymPy's expensive calls, not seconds."""

from __future__ import annotations

import random
import sys
from fractions import Fraction
from typing import Any

import pytest
import sympy
from sympy.polys import factortools

import phasecalc as pc
from phasecalc.exact import loss as exact_loss
from phasecalc.exact.forms import vanishes
from phasecalc.exact.roots import polynomial, real_roots
from phasecalc.report import forms
from phasecalc.report.documents import written
from phasecalc.report.plain import plain
from phasecalc.report.rows import decimals
from phasecalc.report.text import shown
from phasecalc.supports import Groups

LONG = Fraction(3447673450147334801155432519043313901863196073, 1087267340087407989506055062295766)


def _longest(dense: Any) -> int:
    """Bits of the longest coefficient of a dense polynomial in several variables."""
    if isinstance(dense, list):
        return max(map(_longest, dense), default=0)
    return int(dense).bit_length()


@pytest.fixture
def no_search(monkeypatch):
    """Factoring that searches for long, or makes SymPy search primes beyond them, is an error."""
    search = factortools.dmp_zz_wang

    def checked(f, u, *others):
        assert _longest(f) <= 200, "a polynomial in two symbols with long coefficients"
        assert u < 4, "a polynomial in five symbols"
        return search(f, u, *others)

    monkeypatch.setattr(factortools, "dmp_zz_wang", checked)
    sympy.core.cache.clear_cache()


def test_long_rationals_print_without_a_search(no_search):
    weights = [
        [0, Fraction("0.575139"), -6, Fraction(3, 7)],
        [6, -1, LONG, 3],
    ]
    bias = [-4, -1, Fraction(-7, 8), Fraction("-0.129")]
    loss = pc.decompose(weights, bias, [Fraction(6, 7), 1, pc.r, 0])
    text = str(loss)
    assert loss._repr_html_() and loss._repr_latex_()
    assert "L_4" in text


def test_five_features_of_decimals_print_without_a_search(no_search):
    rng = random.Random(0)

    def decimal() -> Fraction:
        return Fraction(rng.randrange(-(10**6), 10**6), 10**6)

    weights = [[decimal() for _ in range(5)] for _ in range(3)]
    loss = pc.decompose(weights, [decimal() for _ in range(5)], [1, 1, 1, 1, pc.r])
    assert "L_5" in str(loss)


@pytest.mark.parametrize("digits", [3, 40])
def test_a_part_in_r_is_split_off_whatever_the_coefficients(digits):
    rng = random.Random(digits)
    a, b, c, d = (Fraction(rng.randrange(1, 10**digits), 7) for _ in range(4))
    product = sympy.expand((a + b * pc.r) * (c * pc.p**2 + d * pc.p))
    shaped = forms.tidy(product)
    assert sympy.expand(shaped - product) == 0
    assert isinstance(shaped, sympy.Mul)
    apart = sympy.expand(product + pc.p**3 * a)
    assert sympy.expand(forms.tidy(apart) - apart) == 0


@pytest.mark.parametrize("power", [1, 2, 3])
def test_the_part_in_r_is_that_of_all_factors(power):
    # Against SymPy's factors, where these are cheap.
    rng = random.Random(power)
    for _ in range(20):
        f, g = (
            sum(rng.randint(-3, 3) * pc.r**i * pc.p**j for i in range(2) for j in range(3)) + 1
            for _ in range(2)
        )
        expr = sympy.expand((1 + rng.randint(0, 2) * pc.r) ** power * f * g)
        if not expr.has(pc.r):
            continue
        factors = [factor for factor, _ in sympy.factor_list(expr)[1]]
        expected = any(x.free_symbols == {pc.r} and x != pc.r for x in factors)
        assert forms._r_apart(expr) == expected


def test_symbolic_weights_in_two_dimensions_print_without_a_search(no_search):
    a, b, c, d, e, f = sympy.symbols("a b c d e f")
    loss = pc.decompose([[a, b, c], [d, e, f]], [0, 0, 0])
    assert "_+" in str(loss)


def test_brackets_keep_their_value():
    a, b = sympy.symbols("a b")
    loss = pc.decompose([[a, b]], [Fraction(1, 3), a])
    for term in loss.terms:
        assert sympy.simplify(forms.tidy(term) - term) == 0
    assert plain(loss.terms[2])


def test_numbers_beyond_pythons_limit_of_digits_print(capsys):
    rng = random.Random(3)
    digits = 500
    weights = [
        [Fraction(rng.randrange(10**digits), 10**digits + 1) for _ in range(4)] for _ in range(2)
    ]
    loss = pc.decompose(weights, [0] * 4)
    limit = sys.get_int_max_str_digits()
    # For people: decimals, which the text says. The record itself keeps every digit.
    assert len(str(loss)) < limit and "Numbers of many digits are rounded to 12." in str(loss)
    assert max(abs(int(n.p)) for n in loss.total.atoms(sympy.Rational)) > 10**1000
    assert loss._repr_html_()
    assert sys.get_int_max_str_digits() == limit
    from .test_cli import run

    text = ";".join(",".join(str(entry) for entry in row) for row in weights)
    with_limit = run(capsys, "loss", "--weights", text)
    assert with_limit[0] in (0, 2)
    assert "digits" not in with_limit[2]


def test_signs_at_algebraic_numbers_need_no_sturm_sequence(monkeypatch):
    p = pc.p
    (root,) = real_roots(polynomial(p**5 + p - 1), Fraction(0), Fraction(1))
    near = polynomial(p - Fraction(float(sympy.N(root.exact(), 17))))
    far = [polynomial(p**3 - Fraction(k, 7)) for k in range(7)]
    expected = [sympy.sign(poly.as_expr().subs(p, root.exact()).evalf(50)) for poly in (near, *far)]

    def refused(*_):
        raise AssertionError("a Sturm sequence was computed")

    monkeypatch.setattr(sympy.Poly, "count_roots", refused)
    assert [root.sign_of(poly) for poly in (near, *far)] == expected
    assert root.sign_of(polynomial((p**5 + p - 1) * (p + 3))) == 0


def test_seven_candidates_of_ones_own_in_a_hard_diagram():
    # The same envelope as on a grid, at rational points; a Sturm sequence for each of some 7,000
    # signs made this diagram last 25 s.
    rng = random.Random(44)
    model = pc.ToyModel(3, 2)

    def entry() -> Fraction:
        return Fraction(rng.randint(-1500, 1500), 1000)

    own = [
        pc.Candidate.from_weights(
            f"c{k}",
            [[entry() for _ in range(3)] for _ in range(2)],
            [entry() for _ in range(3)],
            "superposition",
        )
        for k in range(7)
    ]
    diagram = pc.phase_diagram(model, candidates=own)
    for S, r in ((Fraction(1, 3), Fraction(1, 5)), (Fraction(4, 5), 2), (Fraction(1, 50), 7)):
        values = {c.name: c.loss.subs({pc.p: 1 - S, pc.r: r}) for c in own}
        assert values[diagram.label(S, r)] == min(values.values())


@pytest.mark.parametrize(
    "entry",
    [
        sympy.Function("f")(sympy.Rational(-4, 3)),
        sympy.Function("f")(sympy.Symbol("x")) + 1,
        sympy.Integral(sympy.Symbol("x"), sympy.Symbol("x")),
        sympy.Limit(sympy.Symbol("x"), sympy.Symbol("x"), 0),
        sympy.AccumBounds(0, 1),
        sympy.Order(sympy.Symbol("x")),
        sympy.Symbol(""),
    ],
    ids=str,
)
@pytest.mark.parametrize("place", ["weights", "bias", "importance"])
def test_entries_without_a_value_are_refused_in_a_sentence(entry, place):
    given: dict[str, Any] = {"weights": [[1, 2]], "bias": [0, 0], "importance": [1, 1]}
    given[place] = [[1, entry]] if place == "weights" else [1, entry]
    with pytest.raises(ValueError, match=rf"^{place}\[.* has no value; an entry is made of"):
        pc.decompose(**given)


@pytest.mark.parametrize("support", [None, Groups(correlated=[(0, 1)])], ids=str)
def test_a_long_total_is_not_multiplied_out(support, monkeypatch):
    given: dict[str, Any] = {
        "weights": [["w", "sqrt(2)", -1]],
        "bias": ["1/7", 0, "b"],
        "importance": ["r", "r", 1],
        "support": support,
    }
    at = {"w": "2/3", "b": "-1/5", "r": "3/2", "sparsity": "3/4"}
    whole = pc.decompose(**given)
    monkeypatch.setattr(exact_loss, "_MOST_MULTIPLIED_OUT", 10)
    short = pc.decompose(**given)
    assert short.total != whole.total
    assert vanishes(short.at(**at) - whole.at(**at))


def test_a_formula_that_fills_a_book_is_not_turned_into_decimals():
    x = sympy.Symbol("x")
    long = sympy.Add(*((k + sympy.sqrt(2)) * x**k for k in range(2, 3000)))
    assert decimals(long) is long
    assert str(decimals(sympy.sqrt(2) * x)) == "1.41421*x"


def test_a_formula_that_fills_a_book_is_not_written():
    x = sympy.Symbol("x")
    long = sympy.Add(*((k + 1) * x**k for k in range(2, 3000)))
    assert shown(long) == "a formula of more than 2,000 operations, not written out"
    assert shown(x) == "x"


def test_formulas_in_S_with_long_numbers_are_not_factored(no_search):
    x = sympy.Symbol("x")
    long = sympy.Rational(LONG) * pc.p**2 * x + pc.p * x**2 + sympy.Rational(LONG) * pc.p
    assert sympy.expand(written(long, True) - long.subs(pc.p, 1 - pc.S)) == 0
