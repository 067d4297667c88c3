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

import mpmath as mp
import numpy as np
import sympy

import phasecalc as pc
from phasecalc.tracing.landscape import State

DIGITS = 110
STEP = mp.mpf(10) ** -18
PAIR_LETTERS = sympy.symbols("w1 w2 b1 b2")
JOINT_LETTERS = sympy.symbols("a c d b1 b3")

Number = mp.mpf


@dataclass(frozen=True, slots=True)
class Branch:
    """One minimum: its loss as a function of (parameters…, p, r), and where they are."""

    loss: Callable[..., Number]
    start: tuple[float, ...]

    def gradient(self, z: Sequence[Number], p: Number, r: Number) -> list[Number]:
        found = []
        for k in range(len(z)):
            up, down = list(z), list(z)
            up[k] += STEP
            down[k] -= STEP
            found.append((self.loss(*up, p, r) - self.loss(*down, p, r)) / (2 * STEP))
        return found


def branch(state: State) -> Branch:
    """The branch of a state by its name; a dedicated feature adds nothing to the loss."""
    n = len(state.gram)
    if state.name in ("ignore", "ignore-extra"):
        return Branch(_dropped, ())
    bias = state.x[-n:]
    if state.pattern == "joint":
        if abs(state.gram[0, 2] - state.gram[1, 2]) > 1e-7:
            raise ValueError("only joint phases that treat the other two features alike")
        d = np.sqrt(state.gram[2, 2])
        c = -state.gram[0, 2] / d
        a = np.sqrt(state.gram[0, 0] - c**2)
        start = (a, c, d, bias[0], bias[2])
        return Branch(_joint(tuple(float(z) for z in start)), start)
    i, j = (int(k) for k in np.argwhere(np.triu(np.abs(state.gram), 1) > 1e-9)[0])
    # The extra feature has importance r: alone in a pair, or with another one of importance 1.
    w = np.sqrt(np.diag(state.gram))[[i, j]]
    start = (w[0], -w[1], bias[i], bias[j])
    equal = j < n - 1
    return Branch(_pair(tuple(float(z) for z in start), equal), start)


def _dropped(p: Number, r: Number) -> Number:
    return r * (p / 3 - p**2 / 4)


@lru_cache(maxsize=16)
def _pair(start: tuple[float, ...], equal: bool) -> Callable[..., Number]:
    w1, w2, b1, b2 = PAIR_LETTERS
    weighting = [1, 1 if equal else pc.r]
    return _function(pc.decompose([[w1, w2]], [b1, b2], weighting), PAIR_LETTERS, start)


@lru_cache(maxsize=16)
def _joint(start: tuple[float, ...]) -> Callable[..., Number]:
    a, c, d, b1, b3 = JOINT_LETTERS
    loss = pc.decompose([[a, -a, 0], [c, c, -d]], [b1, b1, b3], [1, 1, pc.r])
    return _function(loss, JOINT_LETTERS, start)


def _function(
    loss: pc.Decomposition, letters: Sequence[sympy.Symbol], start: tuple[float, ...]
) -> Callable[..., Number]:
    point = {name: Fraction(value) for name, value in zip(letters, start, strict=True)}
    total = loss.in_regime(point).total
    found: Callable[..., Number] = sympy.lambdify(
        [*letters, pc.p, pc.r], total, modules="mpmath", cse=True
    )
    return found


def coexistence(
    states: Sequence[State], *, p: Number | None = None, r: Number | None = None
) -> tuple[Number, Number, Number]:
    """(S, r, loss) where all the minima have one loss; p or r may be held."""
    branches = [branch(state) for state in states]
    S0, r0 = states[0].point
    with mp.workdps(DIGITS):
        free = [*([] if p is not None else [1 - S0]), *([] if r is not None else [r0])]

        def unpack(u: tuple[Number, ...]) -> tuple[list[list[Number]], Number, Number]:
            rest, parts = list(u), []
            for one in branches:
                parts.append([rest.pop(0) for _ in one.start])
            p_here = rest.pop(0) if p is None else mp.mpf(p)
            return parts, p_here, rest.pop(0) if r is None else mp.mpf(r)

        def equations(*u: Number) -> list[Number]:
            parts, p_here, r_here = unpack(u)
            losses = [one.loss(*z, p_here, r_here) for one, z in zip(branches, parts, strict=True)]
            found = [loss - losses[0] for loss in losses[1:]]
            for one, z in zip(branches, parts, strict=True):
                found += one.gradient(z, p_here, r_here)
            return found

        start = [z for one in branches for z in one.start] + free
        solved = _solved(equations, start)
        parts, p_here, r_here = unpack(tuple(solved))
        return 1 - p_here, r_here, branches[0].loss(*parts[0], p_here, r_here)


def critical(state: State) -> tuple[Number, Number, Number]:
    """(S, r, loss) of the critical point near a state: ∇L = 0, H v = 0, |v| = 1, ∂³L/∂v³ = 0."""
    one = branch(state)
    k = len(one.start)
    S0, r0 = state.point
    with mp.workdps(DIGITS):

        def equations(*u: Number) -> list[Number]:
            z, v, (p, r) = u[:k], u[k : 2 * k], u[2 * k :]
            here = one.gradient(z, p, r)
            ahead = one.gradient([x + STEP * y for x, y in zip(z, v, strict=True)], p, r)
            behind = one.gradient([x - STEP * y for x, y in zip(z, v, strict=True)], p, r)
            curved = [(x - y) / (2 * STEP) for x, y in zip(ahead, behind, strict=True)]
            third = sum(
                y * (up - 2 * at + down)
                for up, at, down, y in zip(ahead, here, behind, v, strict=True)
            )
            return [*here, *curved, sum(y * y for y in v) - 1, third / STEP**2]

        hessian = np.empty((k, k))
        for j in range(k):
            shifted = [
                [mp.mpf(x) + sign * (STEP if i == j else 0) for i, x in enumerate(one.start)]
                for sign in (1, -1)
            ]
            up, down = (one.gradient(z, mp.mpf(1 - S0), mp.mpf(r0)) for z in shifted)
            hessian[j] = [float((x - y) / (2 * STEP)) for x, y in zip(up, down, strict=True)]
        null = np.linalg.eigh(0.5 * (hessian + hessian.T))[1][:, 0]
        solved = _solved(equations, [*one.start, *null, 1 - S0, r0])
        return 1 - solved[-2], solved[-1], one.loss(*solved[:k], *solved[-2:])


def _solved(equations: Callable[..., list[Number]], start: Sequence[float]) -> list[Number]:
    found = mp.findroot(
        equations, [mp.mpf(float(x)) for x in start], tol=1e-60, maxsteps=8, verify=False
    )
    solved = list(found)
    worst = max(abs(value) for value in equations(*solved))
    if worst > mp.mpf(10) ** -30:
        raise ArithmeticError(f"not solved: residual {mp.nstr(worst, 3)}")
    return solved
