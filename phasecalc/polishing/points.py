"""Special points to 30 digits, from the polynomials that the exact half derives.

Inside a sign regime the loss has no truncated powers: it is a rational function of the weights,
biases, p and r. Every minimum is written with the few parameters that its symmetry leaves, and the
equations of the point are solved by Newton's method with derivatives by differences in 110-digit
arithmetic. The traced point, from the float64 kernel, is only where the search begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath as mp
import numpy as np
import sympy
from numpy.typing import NDArray

from ..continuation.records import SpecialPoint, TracedBoundary, TracedDiagram
from ..display import Shown
from ..exact.loss import SparseLoss, decompose
from ..records import Record
from ..symbols import p as DENSITY
from ..symbols import r as EXTRA

Floats = NDArray[np.float64]
Number = Any
"""An mpmath number."""

DIGITS = 110
"""Of the arithmetic: third differences over `_STEP` lose 54 of them."""
_STEP = mp.mpf(10) ** -18
"""Of differences: their errors are its square, 1e-36."""
_RESIDUAL = mp.mpf(10) ** -30
"""Of solved equations, above the errors of the differences."""
_PAIR = sympy.symbols("w1 w2 b1 b2")
_JOINT = sympy.symbols("a c d b1 b3")
_OVERLAP = 1e-9
"""Overlaps and squared lengths below it are rounding."""
_EDGE = 1e-9
"""Points this close to S = 0 or r = 1 lie on it: the border, or the line of mirror images."""


@dataclass(frozen=True, slots=True)
class PolishedPoint(Record, Shown):
    """A special point to 30 digits, as `sympy.Float`, and how far the traced one is from it."""

    sparsity: sympy.Float
    importance: sympy.Float
    loss: sympy.Float
    gap: float


def polish(diagram: TracedDiagram, point: SpecialPoint) -> PolishedPoint:
    """A junction, critical point or end at S = 0 of a usual diagram, solved to 30 digits.

    The equations are L_a = L_b = … with ∇L = 0 for every minimum, at a critical point ∇L = 0,
    H v = 0, |v| = 1, ∂³L/∂v³ = 0; their residuals are below 1e-30. That a solution lies there is
    not certified by interval arithmetic.

    Raises `ValueError` for points and minima whose polynomials are not known here: only pairs,
    dropped features and joint minima that treat the other two features alike, under the uniform
    law; `ArithmeticError` where the equations were not solved or the point is another one.
    """
    model = diagram.model
    usual = model.n_features in (2, 3) and model.n_features == model.d_hidden + 1
    if not (usual and model.is_standard and point.minima is not None):
        raise ValueError("polish: the model must have importances (1, …, 1, r) and free biases")
    branches = [
        _branch(weights, bias)
        for weights, bias in zip(point.minima.weights, point.minima.biases, strict=True)
    ]
    if point.kind == "critical point":
        S, r, loss = _critical(branches[0], point.sparsity, point.importance)
    elif point.kind in ("junction", "border"):
        density = mp.mpf(1) if point.sparsity < _EDGE else None
        importance = mp.mpf(1) if abs(point.importance - 1) < _EDGE else None
        if importance is not None:  # some minima are then each other's mirror images
            branches = list({one.size: one for one in branches}.values())
        S, r, loss = _coexistence(branches, point.sparsity, point.importance, density, importance)
    else:
        raise ValueError(f"polish: a {point.kind} has no equations here")
    gap = max(abs(float(S) - point.sparsity), abs(float(r) - point.importance))
    if gap > max(100 * point.error, _EDGE):
        raise ArithmeticError(f"the solution is {gap:.1e} away from the {point.kind}")
    return PolishedPoint(_digits(S), _digits(r), _digits(loss), gap)


def polish_line(line: TracedBoundary, sparsity: str) -> PolishedPoint:
    """The point of a first-order line of a usual diagram at one sparsity, to 30 digits.

    Raises `ValueError` and `ArithmeticError` as `polish` does.
    """
    if line.minima is None or line.order != 1:
        raise ValueError("polish_line: the line must be of first order, with its minima")
    k = int(np.abs(np.array(line.sparsities) - float(sparsity)).argmin())
    branches = [_branch(line.minima.weights[i, k], line.minima.biases[i, k]) for i in (0, 1)]
    with mp.workdps(DIGITS):
        density = 1 - mp.mpf(sparsity)
    S, r, loss = _coexistence(branches, line.sparsities[k], line.importances[k], density, None)
    return PolishedPoint(_digits(S), _digits(r), _digits(loss), abs(float(r) - line.importances[k]))


def _digits(value: Number) -> sympy.Float:
    with mp.workdps(DIGITS):
        return sympy.Float(mp.nstr(value, 32), 30)


@dataclass(frozen=True, slots=True)
class _Branch:
    """One minimum: its loss in (parameters…, p, r), where those are, and its squared lengths."""

    loss: Callable[..., Number]
    start: tuple[float, ...]
    size: tuple[float, ...]

    def gradient(self, z: Sequence[Number], p: Number, r: Number) -> list[Number]:
        found = []
        for k in range(len(z)):
            up, down = list(z), list(z)
            up[k] += _STEP
            down[k] -= _STEP
            found.append((self.loss(*up, p, r) - self.loss(*down, p, r)) / (2 * _STEP))
        return found


def _branch(weights: Floats, bias: Floats) -> _Branch:
    """A minimum by its blocks; a dedicated feature adds nothing to the loss."""
    gram = weights.T @ weights
    n = len(gram)
    size = tuple(np.sort(np.diag(gram)).round(6).tolist())
    linked = [(i, j) for i in range(n) for j in range(i) if abs(gram[i, j]) > _OVERLAP]
    if not linked:
        if gram[-1, -1] > _OVERLAP:
            return _Branch(_other_dropped, (), size)
        return _Branch(_dropped, (), size)
    if len(linked) == 1:
        j, i = linked[0]  # the extra feature has importance r, alone in a pair or with another
        w = np.sqrt(np.diag(gram))[[i, j]]
        pair = (float(w[0]), -float(w[1]), float(bias[i]), float(bias[j]))
        return _Branch(_pair(pair, j < n - 1), pair, size)
    if len(linked) != n or abs(gram[0, 2] - gram[1, 2]) > 1e-7:
        raise ValueError("polish: only joint minima that treat the other two features alike")
    d = np.sqrt(gram[2, 2])
    c = -gram[0, 2] / d
    parts = (np.sqrt(gram[0, 0] - c**2), c, d, bias[0], bias[2])
    start = tuple(float(part) for part in parts)
    return _Branch(_joint(start), start, size)


def _dropped(p: Number, r: Number) -> Number:
    return r * (p / 3 - p**2 / 4)


def _other_dropped(p: Number, r: Number) -> Number:
    return p / 3 - p**2 / 4


@lru_cache(maxsize=16)
def _pair(start: tuple[float, ...], equal: bool) -> Callable[..., Number]:
    w1, w2, b1, b2 = _PAIR
    return _function(decompose([[w1, w2]], [b1, b2], [1, 1 if equal else EXTRA]), _PAIR, start)


@lru_cache(maxsize=16)
def _joint(start: tuple[float, ...]) -> Callable[..., Number]:
    a, c, d, b1, b3 = _JOINT
    return _function(
        decompose([[a, -a, 0], [c, c, -d]], [b1, b1, b3], [1, 1, EXTRA]), _JOINT, start
    )


def _function(
    loss: SparseLoss, letters: Sequence[sympy.Symbol], start: tuple[float, ...]
) -> Callable[..., Number]:
    point = {name: Fraction(value) for name, value in zip(letters, start, strict=True)}
    total = loss.in_regime(point).total
    found: Callable[..., Number] = sympy.lambdify(
        [*letters, DENSITY, EXTRA], total, modules="mpmath", cse=True
    )
    return found


def _coexistence(
    branches: Sequence[_Branch], S0: float, r0: float, p: Number | None, r: Number | None
) -> tuple[Number, Number, Number]:
    """(S, r, loss) where all the minima have one loss; p or r may be held."""
    with mp.workdps(DIGITS):
        free = [
            *([] if p is not None else [1 - S0]),
            *([] if r is not None else [r0]),
        ]

        def unpack(u: Sequence[Number]) -> tuple[list[list[Number]], Number, Number]:
            rest, parts = list(u), []
            for one in branches:
                parts.append([rest.pop(0) for _ in one.start])
            p_here = rest.pop(0) if p is None else p
            return parts, p_here, rest.pop(0) if r is None else r

        def equations(*u: Number) -> list[Number]:
            parts, p_here, r_here = unpack(u)
            losses = [one.loss(*z, p_here, r_here) for one, z in zip(branches, parts, strict=True)]
            found = [loss - losses[0] for loss in losses[1:]]
            for one, z in zip(branches, parts, strict=True):
                found += one.gradient(z, p_here, r_here)
            return found

        if len(branches) != len(free) + 1:
            raise ValueError("polish: as many minima as it takes to fix the point, and no more")
        start = [*(z for one in branches for z in one.start), *free]
        parts, p_here, r_here = unpack(_solved(equations, start))
        return 1 - p_here, r_here, branches[0].loss(*parts[0], p_here, r_here)


def _critical(one: _Branch, S: float, r0: float) -> tuple[Number, Number, Number]:
    """(S, r, loss) of a critical point: ∇L = 0, H v = 0, |v| = 1, ∂³L/∂v³ = 0."""
    k = len(one.start)
    with mp.workdps(DIGITS):

        def equations(*u: Number) -> list[Number]:
            z, v, (p, r) = u[:k], u[k : 2 * k], u[2 * k :]
            here = one.gradient(z, p, r)
            ahead = one.gradient([x + _STEP * y for x, y in zip(z, v, strict=True)], p, r)
            behind = one.gradient([x - _STEP * y for x, y in zip(z, v, strict=True)], p, r)
            curved = [(x - y) / (2 * _STEP) for x, y in zip(ahead, behind, strict=True)]
            third = sum(
                y * (up - 2 * at + down)
                for up, at, down, y in zip(ahead, here, behind, v, strict=True)
            )
            return [*here, *curved, sum(y * y for y in v) - 1, third / _STEP**2]

        hessian = np.empty((k, k))
        for j in range(k):
            shifted = [
                [mp.mpf(x) + sign * (_STEP if i == j else 0) for i, x in enumerate(one.start)]
                for sign in (1, -1)
            ]
            up, down = (one.gradient(z, mp.mpf(1 - S), mp.mpf(r0)) for z in shifted)
            hessian[j] = [float((x - y) / (2 * _STEP)) for x, y in zip(up, down, strict=True)]
        null = np.linalg.eigh(0.5 * (hessian + hessian.T))[1][:, 0]
        solved = _solved(equations, [*one.start, *null, 1 - S, r0])
        return 1 - solved[-2], solved[-1], one.loss(*solved[:k], *solved[-2:])


def _solved(equations: Callable[..., list[Number]], start: Sequence[float]) -> list[Number]:
    found = mp.findroot(
        equations, [mp.mpf(float(x)) for x in start], tol=1e-60, maxsteps=8, verify=False
    )
    solved = list(found)
    worst = max(abs(value) for value in equations(*solved))
    if worst > _RESIDUAL:
        raise ArithmeticError(f"not solved: residual {mp.nstr(worst, 3)}")
    return solved
