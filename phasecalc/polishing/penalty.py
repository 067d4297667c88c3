r"""Two features in one dimension with a penalty: special points, and the λ at which they change.

The penalty λ Σ_{i≠j} (W_i·W_j)² is 2λ w_1² w_2². What depends on β alone (`phasecalc.exact.onset`)
is an isolated root of a polynomial in p. Other points are solved by Newton's method with 30 digits
on ∇L = 0 and equal losses, where L is the decomposed loss in the sign regime of a traced minimum,
or of the symmetric pair W = (w, −w), b = (c, c) at r = 1. Where pairs of other lengths have its
loss two lines begin, each to a critical point: H v = 0 and w_i² + w_1 w_2 + b_i = 0, an output
that is just clipped where both features are 1, beyond which ∂³L/∂v³ has another sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
import sympy
from numpy.typing import NDArray

from ..continuation.records import SpecialPoint, TracedDiagram
from ..exact.loss import decompose
from ..exact.onset import (
    mirrored_onset_importance,
    onset_importance,
    tricritical_importance,
    tricritical_penalty,
    tricritical_points,
)
from ..exact.roots import RealRoot, polynomial, real_roots
from ..laws import Uniform
from ..model import ToyModel
from ..symbols import p as P
from ..symbols import r as EXTRA

Floats = NDArray[np.float64]
How = Literal["isolated root", "30-digit Newton"]

_DIGITS = 30
_V = Uniform().variance
_Q = onset_importance() * _V
_LETTERS = sympy.symbols("w1 w2 b1 b2")
_LAM, _W, _C = sympy.symbols("lam w c")
_IGNORE, _DEDICATED = "ignore", "dedicated"
_WEAK, _OTHER, _STRONG = "weak-antipodal", "weak-other-antipodal", "antipodal"
_AT_ONE = 1e-6
"""Traced points this close to r = 1 lie on it."""
_DENSE = sympy.Rational(3, 5)
"""Tricritical points at smaller p lie beneath `antipodal`: they are on no boundary."""


@dataclass(frozen=True, slots=True)
class PenaltyPoint:
    """A special point of the diagram with a penalty, its coordinates as `sympy.Float`."""

    kind: str
    phases: tuple[str, ...]
    sparsity: sympy.Float
    importance: sympy.Float
    how: How


@dataclass(frozen=True, slots=True)
class Threshold:
    """A penalty λ at which the diagram changes its shape: where, and what happens there."""

    penalty: sympy.Float
    sparsity: sympy.Float
    importance: sympy.Float
    what: str
    how: How


# Roots of polynomials in p ------------------------------------------------------------------------


def _algebraic(condition: Callable[[sympy.Symbol], sympy.Expr], sign: sympy.Expr) -> list[RealRoot]:
    """p in (0, 1) with condition(β) = 0: roots of the resultant with the equation of β.

    ``sign`` is the same condition in p; roots at which it does not change belong to the other β.
    """
    b, S = sympy.Symbol("b"), 1 - P
    equation = S * P * b**2 + (P / 2 + 2 * S**2) * b - P**2 / 4
    whole = sympy.resultant(sympy.expand(condition(b)), sympy.expand(equation), b)
    found = []
    for root in real_roots(polynomial(whole), Fraction(0), Fraction(1)):
        narrow = root.within(Fraction(1, 10**9))
        ends = [sign.subs(P, sympy.Rational(end)).evalf(40) for end in (narrow.low, narrow.high)]
        if ends[0] * ends[1] < 0:
            found.append(root)
    return found


def _quadratic(b: sympy.Symbol) -> sympy.Expr:
    """Q of `exact.onset` in p and β, without the square root in β."""
    S = 1 - P
    return P * ((b - P / 2) ** 2 / 4 + _V) + S * P * b**3 / 3 + S**2 * b**2


def onset_at_equal_importance(penalty: sympy.Rational) -> list[RealRoot]:
    """p with the onset from `ignore` at r = 1: q + 2λ = v."""
    return _algebraic(lambda b: _quadratic(b) + 2 * penalty - _V, _Q + 2 * penalty - _V)


def upper_tricritical_at_equal_importance() -> RealRoot:
    """The largest p with a tricritical point at r = 1, for one λ: p² (1 − β)⁴ = 12 α v."""
    roots = _algebraic(
        lambda b: P**2 * (1 - b) ** 4 - 18 * (P / 2 - b) * _V, tricritical_importance() - 1
    )
    return roots[-1]


def mirrored_tricritical_points(penalty: sympy.Rational) -> list[RealRoot]:
    """p of those on the side of `dedicated`: 18 q (p/2 − β) v = p² (1 − β)⁴ (v − 2λ)."""
    sign = tricritical_importance() * mirrored_onset_importance(penalty) - 1
    return _algebraic(
        lambda b: 18 * _quadratic(b) * (P / 2 - b) * _V - P**2 * (1 - b) ** 4 * (_V - 2 * penalty),
        sign,
    )


def _middle(root: RealRoot) -> sympy.Rational:
    narrow = root.within(Fraction(1, 10**30))
    return sympy.Rational((narrow.low + narrow.high) / 2)


# Newton's method with 30 digits -------------------------------------------------------------------


def _regime(weights: Floats, bias: Floats) -> sympy.Expr:
    """The exact loss without penalty in the sign regime of a point, in w1, w2, b1, b2, p and r."""
    w1, w2, b1, b2 = _LETTERS
    values = [*weights.ravel().tolist(), *bias.tolist()]
    point = dict(zip(_LETTERS, map(Fraction, values), strict=True))
    return decompose([[w1, w2]], [b1, b2], [1, EXTRA]).in_regime(point).total


@dataclass(frozen=True)
class _Symmetric:
    """The pair W = (w, −w), b = (c, c) at r = 1: loss and stationarity."""

    loss: sympy.Expr
    stationary: tuple[sympy.Expr, sympy.Expr]


@lru_cache(maxsize=1)
def _symmetric() -> _Symmetric:
    w1, w2, b1, b2 = _LETTERS
    # Any pair in whose regime the symmetric one lies.
    plain = _regime(np.array([0.78, -0.77]), np.array([0.07, 0.075])).subs(EXTRA, 1)
    loss = plain.subs({w1: _W, w2: -_W, b1: _C, b2: _C}, simultaneous=True)
    even = sympy.factor(loss + 2 * _LAM * _W**4)
    return _Symmetric(even, (sympy.diff(even, _W), sympy.diff(even, _C)))


def _solve(
    equations: Sequence[sympy.Expr], names: Sequence[sympy.Symbol], start: Sequence[float]
) -> dict[sympy.Symbol, sympy.Float]:
    found = sympy.nsolve(list(equations), tuple(names), tuple(start), prec=_DIGITS)
    return dict(zip(names, found, strict=True))


def _on_curve(
    minimum: tuple[Floats, Floats], S: float, lam: sympy.Expr, ratio: sympy.Expr, other: sympy.Expr
) -> tuple[sympy.Float, sympy.Float]:
    """(S, r) on the curve r(p) where the minimum's loss equals another expression in p and r."""
    w1, w2, *_ = _LETTERS
    loss = _regime(*minimum) + 2 * lam * w1**2 * w2**2
    equations = [sympy.diff(loss, letter).subs(EXTRA, ratio) for letter in _LETTERS]
    equations.append((loss - other).subs(EXTRA, ratio))
    start = (*minimum[0].ravel().tolist(), *minimum[1].tolist(), 1 - S)
    found = _solve(equations, (*_LETTERS, P), start)
    return 1 - found[P], sympy.sympify(ratio).subs(P, found[P]).evalf(_DIGITS)


def _weak_and_strong(
    weak: tuple[Floats, Floats], strong: tuple[Floats, Floats], lam: sympy.Expr, S: float
) -> sympy.Float:
    """S at r = 1 where the weak pairs have the loss of the symmetric strong one."""
    w1, w2, *_ = _LETTERS
    pair = _symmetric()
    loss = _regime(*weak).subs(EXTRA, 1) + 2 * lam * w1**2 * w2**2
    stationary = [equation.subs(_LAM, lam) for equation in pair.stationary]
    equations = [sympy.diff(loss, letter) for letter in _LETTERS]
    equations += [*stationary, loss - pair.loss.subs(_LAM, lam)]
    start = [*weak[0].ravel().tolist(), *weak[1].tolist()]
    start += [abs(float(strong[0][0, 0])), float(strong[1][0]), 1 - S]
    return 1 - _solve(equations, (*_LETTERS, _W, _C, P), start)[P]


def _at_kink(
    minimum: tuple[Floats, Floats], S: float, r: float, lam: sympy.Expr
) -> tuple[sympy.Float, sympy.Float]:
    """(S, r) where a minimum has a flat direction and an output of it is just clipped."""
    w1, w2, b1, b2 = _LETTERS
    loss = _regime(*minimum) + 2 * lam * w1**2 * w2**2
    gradient = [sympy.diff(loss, letter) for letter in _LETTERS]
    hessian = sympy.Matrix([[sympy.diff(g, letter) for letter in _LETTERS] for g in gradient])
    values = [*minimum[0].ravel().tolist(), *minimum[1].tolist(), 1 - S, r]
    at = dict(zip((*_LETTERS, P, EXTRA), values, strict=True))
    kink = min((w1**2 + w1 * w2 + b1, w2**2 + w1 * w2 + b2), key=lambda k: abs(k.subs(at)))
    flat = np.linalg.eigh(np.array(hessian.subs(at).tolist(), dtype=np.float64))[1][:, 0]
    null = sympy.symbols("v1:5")
    equations = [*gradient, *(hessian * sympy.Matrix(null)), sum(v**2 for v in null) - 1, kink]
    found = _solve(equations, (*at, *null), (*values, *flat.tolist()))
    return 1 - found[P], found[EXTRA]


# The points of one diagram ------------------------------------------------------------------------


def penalty_points(diagram: TracedDiagram) -> tuple[PenaltyPoint, ...]:
    """The special points of a traced diagram of two features with a penalty, by rising S.

    From exact equations; the traced points only tell where to look. Tricritical points come from
    roots of their own.

    Raises `ValueError` for another model.
    """
    model = diagram.model
    lam = model.interference_penalty
    if model != ToyModel(2, 1, interference_penalty=lam) or not lam.is_Rational or lam == 0:
        raise ValueError(
            "diagram: its model must be two features in one dimension under the uniform law, with "
            "importances (1, r), free biases and a rational penalty above 0"
        )
    kinds = "junction", "critical end point", "critical point"
    kept = [q for q in diagram.special_points if q.kind in kinds]
    found = list(_onsets(lam)) if any(_WEAK in point.phases for point in kept) else []
    for point in kept:
        found += _solved(point, lam)
    return tuple(sorted(found, key=lambda point: float(point.sparsity)))


def _solved(point: SpecialPoint, lam: sympy.Rational) -> list[PenaltyPoint]:
    """The point that a traced one is close to, by what meets there; none without equations."""
    S, phases, at_one = point.sparsity, set(point.phases), abs(point.importance - 1) < _AT_ONE
    newton: How = "30-digit Newton"
    ends = (
        (_IGNORE, _WEAK, onset_importance(lam), EXTRA * _V),
        (_DEDICATED, _OTHER, mirrored_onset_importance(lam), _V),
    )
    for parent, daughter, curve, value in ends:
        if phases == {parent, daughter, _STRONG} and point.kind == "critical end point":
            place = _on_curve(_minimum(point, _STRONG), S, lam, curve, value)
            return [_point(point.kind, (parent, daughter, _STRONG), *place, newton)]
    one = sympy.Integer(1)
    if phases == {_STRONG, _WEAK, _OTHER}:
        at = _weak_and_strong(_minimum(point, _WEAK), _minimum(point, _STRONG), lam, S)
        return [_point("triple point", point.phases, at, one, newton)]
    if {_IGNORE, _WEAK, _DEDICATED} < phases and point.kind == "junction":
        place = _on_curve(_minimum(point, _WEAK), S, lam, one, _V)
        return [_point("four phases meet", _FOUR, *place, newton)]
    if phases == {_STRONG}:
        return _of_pairs(point, lam)
    if phases == {_STRONG, _IGNORE, _DEDICATED} and at_one:
        place = _on_curve(_minimum(point, _STRONG), S, lam, one, _V)
        return [_point("junction", point.phases, *place, newton)]
    return []


def _of_pairs(point: SpecialPoint, lam: sympy.Rational) -> list[PenaltyPoint]:
    """The same where only strong pairs meet, of equal lengths and of others."""
    assert point.minima is not None
    pairs = list(zip(point.minima.weights, point.minima.biases, strict=True))
    pairs.sort(key=lambda pair: abs(float(np.abs(pair[0][0]) @ [1.0, -1.0])))
    newton: How = "30-digit Newton"
    if point.kind == "junction":
        at = _weak_and_strong(pairs[-1], pairs[0], lam, point.sparsity)
        return [_point("triple point", (_SHORTER, _EQUAL, _LONGER), at, 1, newton)]
    place = _at_kink(pairs[-1], point.sparsity, point.importance, lam)
    other = _LONGER if place[1] > 1 else _SHORTER
    return [_point(point.kind, (_EQUAL, other), *place, newton)]


_SHORTER, _EQUAL, _LONGER = (
    f"antipodal (extra {how})" for how in ("shorter", "about equal", "longer")
)
_FOUR = (_IGNORE, _DEDICATED, _WEAK, _OTHER)


def _point(
    kind: str, phases: Sequence[str], S: sympy.Expr, r: sympy.Expr | int, how: How
) -> PenaltyPoint:
    return PenaltyPoint(kind, tuple(phases), _number(S), _number(r), how)


def _number(value: sympy.Expr | int) -> sympy.Float:
    return sympy.Float(sympy.sympify(value).evalf(_DIGITS), _DIGITS)


def _minimum(point: SpecialPoint, name: str) -> tuple[Floats, Floats]:
    """Weights and biases of one of the minima that meet at a traced point."""
    from ..minima.naming import name_of  # noqa: PLC0415

    if point.minima is None:
        raise ValueError("diagram: its special points must hold their minima")
    for weights, bias in zip(point.minima.weights, point.minima.biases, strict=True):
        if name_of(weights.T @ weights, bias) == name:
            return weights, bias
    raise ValueError(f"diagram: no minimum named {name} at S = {point.sparsity}")


def _onsets(lam: sympy.Rational) -> list[PenaltyPoint]:
    """Tricritical points on lines that are boundaries, and the four-phase point at r = 1."""
    isolated: How = "isolated root"
    found = []
    sides = (
        ((_IGNORE, _WEAK), tricritical_points(lam), onset_importance(lam)),
        ((_DEDICATED, _OTHER), mirrored_tricritical_points(lam), mirrored_onset_importance(lam)),
    )
    for phases, roots, curve in sides:
        for density in map(_middle, roots):
            r = curve.subs(P, density)
            outside = r < 1 if phases[0] == _IGNORE else r > 1
            if outside and density > _DENSE:
                found.append(_point("tricritical point", phases, 1 - density, r, isolated))
    if not any(point.phases[0] == _IGNORE for point in found):
        first = max(map(_middle, onset_at_equal_importance(lam)))
        found.append(_point("four phases meet", _FOUR, 1 - first, 1, isolated))
    return found


# Where the diagram changes its shape --------------------------------------------------------------


def thresholds(strong: tuple[Floats, Floats]) -> tuple[Threshold, ...]:
    """The penalties at which the diagram changes its shape, by rising λ.

    Parameters
    ----------
    strong : weights and biases of `antipodal` at S = 0.489, r = 0.565 without a penalty, next to
        where the tricritical point meets the triple point.

    Raises `ArithmeticError` where the number of tricritical points does not change where it should.
    """
    pair = _symmetric()
    found = [*_first_meeting(strong)]
    density = _middle(upper_tricritical_at_equal_importance())
    found.append(
        _threshold(
            ((_V - _Q) / 2).subs(P, density), density, 1,
            "the other two tricritical points reach r = 1 and are gone: the onset of the weak "
            "phases is continuous all along", "isolated root",
        )
    )  # fmt: skip
    density = sympy.nsolve(sympy.diff(tricritical_penalty(), P), P, 0.23, prec=_DIGITS)
    top = tricritical_penalty().subs(P, density).evalf(_DIGITS)
    near = [sympy.Rational(str(top.round(9))) + k * sympy.Rational(1, 10**8) for k in (-1, 1)]
    counted = [len(tricritical_points(penalty)) for penalty in near]
    if counted != [3, 1]:
        raise ArithmeticError(f"{counted} tricritical points on both sides of λ = {top}")
    found.append(
        _threshold(
            top, density, tricritical_importance().subs(P, density),
            "the two tricritical points on the metastable part of ignore's onset (beneath "
            "`antipodal`) merge, λ certified to 10⁻⁸ by counting roots; above, that spinodal is "
            "continuous everywhere", "30-digit Newton",
        )
    )  # fmt: skip
    for condition, start, what in (
        (_Q + 2 * _LAM - _V, (0.8, 0.18, 0.5, 0.0235),
         "both weak phases shrink to this point and are gone"),
        (sympy.diff(pair.loss - _V, P), (0.769, 0.0775, 0.267, 0.0395),
         "superposition is gone: for larger λ the diagram is `ignore` below r = 1 and `dedicated` "
         "above"),
    ):  # fmt: skip
        equations = [*pair.stationary, pair.loss - _V, condition]
        at = _solve(equations, (_W, _C, P, _LAM), start)
        found.append(_threshold(at[_LAM], at[P], 1, what, "30-digit Newton"))
    found.append(_last_broken_pair())
    return tuple(sorted(found, key=lambda one: float(one.penalty)))


def _last_broken_pair() -> Threshold:
    """Where at r = 1 pairs of other lengths have the loss of the symmetric one and of `ignore`."""
    w1, w2, *_ = _LETTERS
    pair, near = _symmetric(), (0.8213, -0.6959, 0.0559, 0.0776)
    loss = _regime(np.array(near[:2]), np.array(near[2:])).subs(EXTRA, 1) + 2 * _LAM * w1**2 * w2**2
    equations = [sympy.diff(loss, letter) for letter in _LETTERS]
    equations += [*pair.stationary, loss - _V, pair.loss - _V]
    at = _solve(equations, (*_LETTERS, _W, _C, P, _LAM), (*near, 0.762, 0.0671, 0.2366, 0.03915))
    what = "the pair no longer breaks its symmetry before it gives way to `ignore` at large S"
    return _threshold(at[_LAM], at[P], 1, what, "30-digit Newton")


def _threshold(
    lam: sympy.Expr, density: sympy.Expr, r: sympy.Expr | int, what: str, how: How
) -> Threshold:
    return Threshold(_number(lam), _number(1 - density), _number(r), what, how)


def _first_meeting(strong: tuple[Floats, Floats]) -> list[Threshold]:
    """Where the tricritical point meets the junction with `antipodal`, on both sides of r = 1."""
    w1, w2, *_ = _LETTERS
    ratio, penalty = tricritical_importance(), tricritical_penalty()
    loss = _regime(*strong) + 2 * _LAM * w1**2 * w2**2
    here = {EXTRA: ratio, _LAM: penalty}
    equations = [sympy.diff(loss, letter).subs(here) for letter in _LETTERS]
    equations.append((loss - EXTRA * _V).subs(here))
    start = (*strong[0].ravel().tolist(), *strong[1].tolist(), 0.511)
    density = _solve(equations, (*_LETTERS, P), start)[P]
    r, lam = (value.subs(P, density).evalf(_DIGITS) for value in (ratio, penalty))
    text = (
        "on the side of `{}`: the tricritical point next to `antipodal` meets the triple point; "
        "above, a continuous line ends on a first-order one"
    )
    how: How = "30-digit Newton"
    return [
        _threshold(lam, density, r, text.format(_IGNORE), how),
        _threshold(lam / r, density, 1 / r, text.format(_DEDICATED), how),
    ]
