"""Two features in one dimension over the probability that both are active."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

import phasecalc as pc
from phasecalc.proofs.correlated import PAIR, OfLibrary, both, boundary_at
from phasecalc.proofs.record import CheckFailed


def test_the_boundary_is_where_the_exact_losses_meet():
    for r in (1, Fraction(1, 2)):
        line = boundary_at(sympy.Rational(r))[0]
        for p in (Fraction(1, 10), Fraction(1, 2)):
            c = line.subs(pc.p, p)
            ignore = pc.decompose([[1, 0]], [0, p / 2], [1, r], support=PAIR)
            pair = pc.decompose([[1, -1]], [0, 0], [1, r], support=PAIR)
            assert ignore.total.subs({pc.p: p, both: c}) == pair.total.subs({pc.p: p, both: c})


def test_a_wrong_loss_is_found():
    check = OfLibrary((1, -1), (sympy.Integer(0), sympy.Integer(0)))
    claim = sympy.Eq(sympy.Symbol("L_antipodal"), both * (2 + pc.r) / 6, evaluate=False)
    with pytest.raises(CheckFailed):
        check(claim)


def test_the_picture():
    figure = pc.plot_correlation("1/2")
    (ax,) = figure.axes
    assert {"antipodal", "ignore"} <= {text.get_text() for text in ax.texts}
    assert pc.plot_correlation(1, ax=ax) is figure
    with pytest.raises(ValueError, match="importance = 0: it must be a positive number"):
        pc.plot_correlation(0)
