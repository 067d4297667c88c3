"""The expansion of the loss at the onset of superposition, against the exact loss itself."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.exact import onset
from phasecalc.minima.problem import Problem

PAIR = pc.ToyModel(2, 1)


@pytest.mark.parametrize("S", [Fraction(1, 10), Fraction(2, 5), Fraction(3, 5), Fraction(9, 10)])
def test_expansion_is_that_of_the_exact_loss(S: Fraction) -> None:
    """Exact loss with symbols, in the regime of small ε: its series begins q ε² + c ε³."""
    e, a, b, t = sympy.symbols("e a b t")
    density = 1 - S
    # Free rational stand-ins for α and β near the best ones: the expansion holds for any.
    alpha = Fraction(round(1000 * float(onset.onset_stretch().subs(pc.p, density))), 1000)
    beta = Fraction(round(1000 * float(onset.onset_bias().subs(pc.p, density))), 1000)
    first, cross = 1 + a, -e
    second = e**2 / first
    mean = sympy.Rational(density.numerator, density.denominator) / 2
    loss = pc.decompose(None, [b, t], [1, pc.r], gram=[[first, cross], [cross, second]]).in_regime(
        {e: "1/1000000", a: alpha / 10**6, b: beta / 10**6, t: density / 2}
    )
    total = loss.total.subs(pc.p, sympy.Rational(density.numerator, density.denominator))
    scaled = total.subs({a: alpha * e, b: beta * e, t: mean * (1 + e - second.subs(a, alpha * e))})
    series = sympy.series(sympy.cancel(sympy.together(scaled)), e, 0, 4).removeO()
    p, v = density, Fraction(1, 3) * density - density**2 / 4
    q = (
        p * (alpha**2 / 3 + alpha * (beta - p / 2) + (beta - p / 2) ** 2 + v)
        + S * p * beta**3 / 3
        + S**2 * beta**2
    )
    k = -(p**2) * (1 - beta) ** 4 / 6
    expected = pc.r * v + (q - pc.r * v) * e**2 + (2 * pc.r * v * alpha + k) * e**3
    assert sympy.expand(series - expected) == 0


def test_bias_and_stretch_minimise_the_quadratic_part() -> None:
    for density in (0.95, 0.6, 0.2):
        p, S = density, 1 - density
        beta = float(onset.onset_bias().subs(pc.p, density))
        alpha = float(onset.onset_stretch().subs(pc.p, density))
        v = p / 3 - p**2 / 4

        def q(x: float, y: float, p: float = p, S: float = S, v: float = v) -> float:
            fitted = p * (x**2 / 3 + x * (y - p / 2) + (y - p / 2) ** 2 + v)
            return fitted + S * p * y**3 / 3 + S**2 * y**2

        lowest = q(alpha, beta)
        assert lowest == pytest.approx(
            float((onset.onset_importance()).subs(pc.p, density)) * v, rel=1e-12
        )
        for dx, dy in ((1e-4, 0), (-1e-4, 0), (0, 1e-4), (0, -1e-4)):
            assert q(alpha + dx, beta + dy) > lowest


@pytest.mark.parametrize("S", [0.1, 0.3, 0.45, 0.7, 0.9])
def test_ignore_stops_being_a_local_minimum_there(S: float) -> None:
    """The one-sided curvature of the numerical loss changes its sign at r = q/v."""
    r = float(onset.onset_importance().subs(pc.p, 1 - S))
    ignore = np.array([1, 0, 0, (1 - S) / 2])
    assert Problem.of(PAIR, S, 0.99 * r).lowest_curvature(ignore) > 0
    assert Problem.of(PAIR, S, 1.01 * r).lowest_curvature(ignore) < 0


@pytest.mark.parametrize(("S", "continuous"), [(0.1, False), (0.3, True), (0.45, True)])
def test_order_of_the_onset(S: float, continuous: bool) -> None:
    """Just below the line a lower minimum exists exactly where the transition is first order."""
    r = float(onset.onset_importance().subs(pc.p, 1 - S))
    below = pc.minimize(PAIR, S, r * (1 - 1e-5))
    above = pc.minimize(PAIR, S, r * (1 + 1e-5))
    assert below.name == ("ignore" if continuous else "weak-antipodal")
    assert above.name == "weak-antipodal"
    overlap = -above.gram[0, 1]
    if continuous:
        # ε = 2 (r v − q) / (3 c) to leading order.
        q, c = (
            float(f.subs(pc.p, 1 - S))
            for f in (onset.onset_importance() * pc.Uniform().variance, onset.onset_cubic())
        )
        assert overlap == pytest.approx(2 * 1e-5 * q / (3 * c), rel=0.05)


def test_tricritical_points() -> None:
    one, two = (root.within(Fraction(1, 10**30)) for root in onset.tricritical_points())
    assert abs(float(1 - two.low) - 0.16268041986496617) < 1e-14
    assert abs(float(1 - one.low) - 0.47975226320060144) < 1e-14
    for root in (one, two):
        cubic = onset.onset_cubic().subs(
            pc.p, sympy.Rational(root.low.numerator, root.low.denominator)
        )
        assert abs(cubic.evalf(40)) < 1e-28
