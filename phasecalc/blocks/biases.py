"""Best biases: where the error of a feature is stationary in its own bias, exactly.

A bias enters the error of its own feature only,

    E (x_j − (Σ_i G_ji x_i + b)_+)²,

which for given overlaps is a polynomial in b and p between the kinks, the b at which Gx + b changes
its sign in a corner of the cube of active features. Half its derivative by b is a polynomial too:
linear under the point law, linear for a dropped feature, of the degree of the active neighbours and
one more under the uniform law. Where it is linear or quadratic in b its zeros have a formula in p;
at a given p they are algebraic numbers. Which of these has the least error is decided to 40 digits.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor
from typing import NamedTuple

import sympy

from ..exact.algebraic import normal_form
from ..exact.extension import polynomials
from ..exact.loss import decompose
from ..exact.roots import real_roots
from ..exact.truncated import TruncatedPower
from ..laws import Law
from ..symbols import p

B = sympy.Symbol("b")
"""The bias of a feature."""
_DIGITS = 60
"""In which kinks are ordered and errors of stationary biases compared."""
_SAME = sympy.Float("1e-40", _DIGITS)
"""Kinks closer than this are one: they are sums of at most nine overlaps."""

Gram = tuple[tuple[sympy.Expr, ...], ...]


class BiasPiece(NamedTuple):
    """Between two kinks, low ≤ b ≤ high: a feature's error and half its slope, in b and p.

    ``closed`` are the zeros of the slope as formulas in p where it is linear or quadratic in b;
    of a quadratic one both, whether or not they lie between the kinks. None where there is no such
    formula.
    """

    low: sympy.Expr
    high: sympy.Expr
    error: sympy.Expr
    slope: sympy.Expr
    closed: tuple[sympy.Expr, ...] | None


@lru_cache(maxsize=256)
def bias_pieces(gram: Gram, feature: int, law: Law) -> tuple[BiasPiece, ...]:
    """The pieces of the error of one feature in its own bias, by ascending b; −∞ and ∞ included.

    >>> from phasecalc.laws import Uniform
    >>> one = sympy.Integer(1)
    >>> pair = bias_pieces(((one, -one), (-one, one)), 0, Uniform())
    >>> [(piece.low, piece.high) for piece in pair]
    [(-oo, -1), (-1, 0), (0, 1), (1, oo)]
    >>> pair[2].slope
    -b**3*p**2/3 + b**2*p**2/2 + b**2*p/2 - b*p + b - p**2/6
    """
    n = len(gram)
    bias, only = [0] * n, [0] * n
    bias[feature], only[feature] = B, 1
    loss = decompose(None, bias, only, law, gram=gram)
    found = []
    for low, high in pairwise([-sympy.oo, *_kinks(loss.total.atoms(TruncatedPower)), sympy.oo]):
        inside = _between(low, high)
        error = sympy.expand(loss.in_regime({p: Fraction(1, 2), B: inside}).total)
        slope = sympy.expand(error.diff(B) / 2)
        found.append(BiasPiece(low, high, error, slope, _closed(slope)))
    return tuple(found)


def best_bias(gram: Gram, feature: int, law: Law, density: Fraction) -> sympy.Expr:
    """The bias with the least error of a feature at rational p: an exact algebraic number.

    0 where the error is the same for a range of biases that holds 0.
    """
    stationary = [sympy.Integer(0)]
    for piece in bias_pieces(gram, feature, law):
        if sympy.expand(piece.slope.subs(p, density)) != 0:
            stationary += _zeros(piece, density)
    errors = [_error_at(gram, feature, law, density, bias) for bias in stationary]
    least = min(errors)
    return next(
        bias for bias, error in zip(stationary, errors, strict=True) if error - least <= _SAME
    )


def _kinks(brackets: set[TruncatedPower]) -> list[sympy.Expr]:
    """Where the brackets vanish, by ascending b."""
    values = []
    for bracket in brackets:
        base = sympy.expand(bracket.args[0])
        slope = base.coeff(B, 1)
        if slope != 0:
            values.append(normal_form(sympy.expand(-(base - slope * B) / slope)))
    found: list[sympy.Expr] = []
    for value in sorted(set(values), key=lambda number: number.evalf(_DIGITS)):
        if not found or (value - found[-1]).evalf(_DIGITS) > _SAME:
            found.append(value)
    return found


def _between(low: sympy.Expr, high: sympy.Expr) -> Fraction:
    """A rational number between two kinks."""
    if low == -sympy.oo:
        return Fraction(floor(high)) - 1 if high != sympy.oo else Fraction(0)
    if high == sympy.oo:
        return Fraction(ceil(low)) + 1
    scale = 2
    while True:  # ends: some multiple of 1/scale lies between
        above = Fraction(floor(low * scale) + 1, scale)
        if (high - sympy.Rational(above.numerator, above.denominator)).evalf(_DIGITS) > _SAME:
            return above
        scale *= 2


def _closed(slope: sympy.Expr) -> tuple[sympy.Expr, ...] | None:
    """The zeros in b of a slope that is linear or quadratic in it."""
    coefficients = sympy.Poly(slope, B).all_coeffs()
    if len(coefficients) == 2:
        return (sympy.cancel(-coefficients[1] / coefficients[0]),)
    if len(coefficients) != 3:
        return None
    a, b, c = coefficients
    root = sympy.sqrt(sympy.factor(b**2 - 4 * a * c))
    return tuple((-b + sign * root) / (2 * a) for sign in (1, -1))


def _zeros(piece: BiasPiece, density: Fraction) -> list[sympy.Expr]:
    """The zeros of the slope of a piece, at one p, between its kinks."""
    rational = sympy.Rational(density.numerator, density.denominator)
    if piece.high == sympy.oo:  # the output is always on: the slope is b and what has no b
        assert piece.closed is not None
        bias = sympy.expand(piece.closed[0].subs(p, rational))
        within = piece.low == -sympy.oo or (bias - piece.low).evalf(_DIGITS) >= -_SAME
        return [bias] if within else []
    low, width = floor(piece.low) - 1, ceil(piece.high) - floor(piece.low) + 2
    # b = low + width · t, with t in the place of p, whose roots are isolated in [0, 1].
    in_t = sympy.expand(piece.slope.subs(p, rational).subs(B, low + width * p))
    (poly,) = polynomials([in_t])
    found = []
    for root in real_roots(poly, Fraction(0), Fraction(1)):
        bias = low + width * root.exact()
        value = bias.evalf(_DIGITS)
        if piece.low.evalf(_DIGITS) - _SAME <= value <= piece.high.evalf(_DIGITS) + _SAME:
            found.append(sympy.expand(bias))
    return found


def _error_at(
    gram: Gram, feature: int, law: Law, density: Fraction, bias: sympy.Expr
) -> sympy.Float:
    rational = sympy.Rational(density.numerator, density.denominator)
    value = bias.evalf(_DIGITS)
    piece = next(
        piece
        for piece in bias_pieces(gram, feature, law)
        if piece.low.evalf(_DIGITS) - _SAME <= value <= piece.high.evalf(_DIGITS) + _SAME
    )
    return piece.error.subs({p: rational, B: value}).evalf(_DIGITS)
