"""Best biases: pieces of an error in its bias, against exact losses and against minimisation."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy
from scipy.optimize import minimize_scalar

import phasecalc as pc
from phasecalc.blocks.biases import B, best_bias, bias_pieces
from phasecalc.blocks.block import Block
from phasecalc.blocks.standard import dedicated, line, polygon, simplex
from phasecalc.exact.algebraic import normal_form
from phasecalc.exact.loss import decompose
from phasecalc.laws import Law, Point, Uniform
from phasecalc.symbols import p

from .marks import long

SMALL = [dedicated(), simplex(2), simplex(3), line(), simplex(4)]
LARGE = [polygon(5), polygon(6), polygon(8), simplex(8)]
"""The heptagon (54 pieces) and the square antiprism (80) take minutes under the uniform law."""
BLOCKS = [*SMALL, *LARGE[:2], *map(long, LARGE[2:])]
LAWS = [Uniform(), Point()]


def named(value: object) -> str:
    return str(getattr(value, "name", value))


def between(low: sympy.Expr, high: sympy.Expr) -> list[Fraction]:
    """Two rational biases of a piece."""
    ends = [max(float(low), -3.0), min(float(high), 3.0)]
    inner = [ends[0] + t * (ends[1] - ends[0]) for t in (0.37, 0.71)]
    return [Fraction(b).limit_denominator(10**6) for b in inner]


@pytest.mark.parametrize("law", LAWS, ids=named)
@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_pieces_are_the_exact_loss_at_rational_biases(block: Block, law: Law) -> None:
    only = [1, *[0] * (block.size - 1)]
    density = Fraction(2, 7)
    for piece in bias_pieces(block.gram, 0, law):
        for bias in between(piece.low, piece.high)[: 1 if block.size > 5 else 2]:
            given = [bias, *[0] * (block.size - 1)]
            exact = decompose(None, given, only, law, gram=block.gram).at(
                feature_probability=density
            )
            value = piece.error.subs({p: sympy.Rational(2, 7), B: sympy.sympify(bias)})
            assert normal_form(sympy.expand(value - exact)) == 0


@pytest.mark.parametrize("law", LAWS, ids=named)
@pytest.mark.parametrize("block", SMALL, ids=named)
def test_neighbouring_pieces_have_one_error_and_slope_at_their_kink(block: Block, law: Law) -> None:
    pieces = bias_pieces(block.gram, 0, law)
    for one, two in pairwise(pieces):
        gap = (one.error - two.error).subs(B, one.high)
        assert normal_form(sympy.expand(gap)) == 0
        if law == Uniform() and one.low != -sympy.oo:
            gap = (one.slope - two.slope).subs(B, one.high)
            assert normal_form(sympy.expand(gap)) == 0


@pytest.mark.parametrize("law", LAWS, ids=named)
@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_closed_forms_solve_the_slope(block: Block, law: Law) -> None:
    for piece in bias_pieces(block.gram, 0, law):
        if law == Point() and piece.low != -sympy.oo:
            assert piece.closed is not None and len(piece.closed) == 1
        for bias in piece.closed or ():
            assert sympy.simplify(piece.slope.subs(B, bias)) == 0


@pytest.mark.parametrize("law", LAWS, ids=named)
@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_best_biases_are_those_of_a_search(block: Block, law: Law) -> None:
    weights = np.array([[float(w) for w in row] for row in block.weights()])
    importance = np.eye(block.size)[0]
    for density in (Fraction(1, 20), Fraction(2, 5)):

        def loss(bias: float, S: float = 1 - float(density)) -> float:
            return float(pc.expected_loss(weights, bias * importance, importance, S, law))

        grid = np.linspace(-1.2, 1.2, 241)
        k = int(np.argmin([loss(float(b)) for b in grid]))
        found = minimize_scalar(loss, bracket=grid[[k - 1, k, k + 1]], tol=1e-12)
        exact = float(best_bias(block.gram, 0, law, density))
        assert exact == pytest.approx(found.x, abs=1e-7)
        assert loss(exact) <= found.fun + 1e-15


def test_a_dropped_features_best_bias_is_the_mean() -> None:
    ignore, dedicated_, antipodal = pc.candidates(pc.ToyModel(2, 1))
    assert ignore.best_biases("1/3") == (0, sympy.Rational(1, 3))
    assert dedicated_.best_biases("1/3") == (sympy.Rational(1, 3), 0)
    assert [piece.closed for piece in ignore.bias_pieces(1)] == [None, (p / 2,)]
    one, two = antipodal.best_biases("3/5")
    assert one == two
    cubic = -(B**3) * p**2 / 3 + p * (1 + p) * B**2 / 2 + (1 - p) * B - p**2 / 6
    assert sympy.expand(antipodal.bias_pieces(0)[2].slope - cubic) == 0
    with pytest.raises(ValueError, match="feature = 2: it must be 0 to 1"):
        antipodal.bias_pieces(2)
    with pytest.raises(ValueError, match="sparsity = 2"):
        antipodal.best_biases(2)


@pytest.mark.parametrize(("law", "mean"), [(Uniform(high=10), 5), (Point(3), 3)])
def test_best_biases_beyond_the_unit(law: Law, mean: int) -> None:
    """A dropped feature that is always active: its mean, wherever that is."""
    assert best_bias(((sympy.Integer(0),),), 0, law, Fraction(1)) == mean


def test_best_bias_beyond_the_last_kink() -> None:
    """W = (1/2, −2, −2, −2) under the point law: the last kink is at 3, the best bias above it."""
    row = [sympy.Rational(x, 2) for x in (1, -4, -4, -4)]
    gram = tuple(tuple(x * y for y in row) for x in row)
    last = bias_pieces(gram, 0, Point())[-1]
    assert last.low == 3
    bias = best_bias(gram, 0, Point(), Fraction(19, 20))
    assert bias > 3
    assert last.slope.subs({B: bias, p: sympy.Rational(19, 20)}) == 0
