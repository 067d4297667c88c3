"""The loss in exact rational arithmetic, by the textbook formula, and models hard for floats.

With all g_i ≠ 0,
∫_{[0,1]^k} (g·x + c)_+^q dx = q!/(q+k)! Σ_v (−1)^{k−|v|} (c + g·v)_+^{q+k} / ∏ g_i.
In floating point this cancels to nothing; in rationals it is the truth.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import factorial, lcm, prod
from typing import Any

import numpy as np


def _integral(g: list[int], c: int, q: int) -> Fraction:
    """∫ (g·x + c)_+^q over the unit cube, for integers g_i ≠ 0 and c."""
    sums = [(c, (-1) ** len(g))]
    for a in g:
        sums += [(t + a, -sign) for t, sign in sums]
    k = q + len(g)
    total = sum(sign * t**k for t, sign in sums if t > 0)
    return Fraction(total * factorial(q), factorial(k) * prod(g))


def _row(g, c, own, S, point):
    """E (x_own − (g·x + c)_+)² over the features with g_i ≠ 0 or i = own."""
    meets = [i for i in range(len(g)) if g[i] != 0 or i == own]
    unit = lcm(c.denominator, *(g[i].denominator for i in meets))
    whole = {i: int(g[i] * unit) for i in meets}
    c = int(c * unit)
    total = Fraction(0)
    for state in product((False, True), repeat=len(meets)):
        active = [i for i, on in zip(meets, state, strict=True) if on]
        weight = prod((1 - S[i] if on else S[i]) for i, on in zip(meets, state, strict=True))
        if weight == 0:
            continue
        if point:
            x = Fraction(own in active)
            total += weight * (x - Fraction(max(c + sum(whole[i] for i in active), 0), unit)) ** 2
            continue
        steep = [whole[i] for i in active if whole[i]]
        square = _integral(steep, c, 2)
        part = square / unit**2
        if own in active:
            a = whole[own]
            if a == 0:
                cross = _integral(steep, c, 1) / 2
            else:
                others = [whole[i] for i in active if i != own]
                cross = (_integral(others, c + a, 2) - square) / (2 * a)
            part += Fraction(1, 3) - 2 * cross / unit
        total += weight * part
    return total


def _row_gradient(g, c, own, S):
    """(ℓ, ∂ℓ/∂g, ∂ℓ/∂c) of one row: the formula for ∫ u_+² differentiated, in rationals.

    With N = Σ_v ± (c + g·v)_+^{k+2} and P = ∏ g, F = N/P, 2 E[u_+ x_i] ∝ ∂F/∂g_i and
    2 E[x_own x_i 1(u>0)] ∝ ∂²F/∂g_i∂g_own. A direction with g_i = 0 takes its mean, 1/2 or 1/3.
    """
    n = len(g)
    meets = [i for i in range(n) if g[i] != 0 or i == own]
    unit = lcm(c.denominator, *(g[i].denominator for i in meets))
    whole = {i: int(g[i] * unit) for i in meets}
    whole_c = int(c * unit)
    loss, d_g, d_c = Fraction(0), [Fraction(0)] * n, Fraction(0)
    for state in product((False, True), repeat=len(meets)):
        active = [i for i, on in zip(meets, state, strict=True) if on]
        weight = prod((1 - S[i] if on else S[i]) for i, on in zip(meets, state, strict=True))
        if weight == 0:
            continue
        steep = [i for i in active if whole[i]]
        k = len(steep)
        vertices: list[tuple[int, int, tuple[int, ...]]] = [(whole_c, (-1) ** k, ())]
        for i in steep:
            vertices += [(t + whole[i], -sign, (*v, i)) for t, sign, v in vertices]
        vertices = [vertex for vertex in vertices if vertex[0] > 0]

        def total(power, *through, vertices=vertices):
            """Σ ± t^power over the vertices that have all these directions."""
            return sum(s * t**power for t, s, v in vertices if all(i in v for i in through))

        # F = ∫ u_+² = factor · N / P in units of 1/unit each.
        factor = Fraction(2, factorial(k + 2) * prod(whole[i] for i in steep))
        N = total(k + 2)
        N1 = {i: (k + 2) * total(k + 1, i) for i in steep}
        square = factor * N / unit**2
        first = {i: factor * (N1[i] - Fraction(N, whole[i])) / unit for i in steep}
        first_c = factor * (k + 2) * total(k + 1) / unit  # 2 E[u_+]
        second_c = factor * (k + 2) * (k + 1) * total(k)  # 2 P(u>0)
        mixed_c = {  # 2 E[x_i 1(u>0)]
            i: factor * (k + 2) * ((k + 1) * total(k, i) - Fraction(total(k + 1), whole[i]))
            for i in steep
        }
        part, p_g, p_c = square, {i: first[i] for i in steep}, first_c
        if own in active and own in steep:
            part += Fraction(1, 3) - first[own]
            p_c -= mixed_c[own]
            for i in steep:
                mixed = (k + 2) * (k + 1) * total(k, i, own)
                mixed -= Fraction(N1[i], whole[own]) + Fraction(N1[own], whole[i])
                mixed += Fraction((2 if i == own else 1) * N, whole[i] * whole[own])
                p_g[i] -= factor * mixed
        elif own in active:
            part += Fraction(1, 3) - first_c / 2
            p_c -= second_c / 2
            for i in steep:
                p_g[i] -= mixed_c[i] / 2
            p_g[own] = first_c / 2 - second_c / 3
        loss += weight * part
        d_c += weight * p_c
        for i, x in p_g.items():
            d_g[i] += weight * x
    for i in range(n):
        if i not in meets:
            d_g[i] = (1 - S[i]) / 2 * d_c
    return loss, d_g, d_c


def exact_gradient(W, b, I, S) -> tuple:  # noqa: E741
    """(loss, dW, db) under the uniform law, all Fractions; where L has no derivative, the
    inactive side's."""
    m, n = len(W), len(b)
    loss, K, db = Fraction(0), [], []
    for j in range(n):
        g = [sum(row[i] * row[j] for row in W) for i in range(n)]
        part, d_g, d_c = _row_gradient(g, b[j], j, S) if I[j] else (0, [0] * n, 0)
        loss += I[j] * part
        K.append([I[j] * x for x in d_g])
        db.append(I[j] * d_c)
    dW = [
        [sum(W[a][j] * (K[i][j] + K[j][i]) for j in range(n)) for i in range(n)] for a in range(m)
    ]
    return loss, dW, db


def fractions(array) -> Any:
    """Nested lists of the exact values of floats."""
    array = np.asarray(array)
    return [fractions(a) for a in array] if array.ndim else Fraction(float(array))


def exact_loss(W, b, I, S, point=False) -> Fraction:  # noqa: E741 the paper's letter
    """The loss; W is a list of rows, S a list of sparsities, all Fractions."""
    n = len(b)
    G = [[sum(row[i] * row[j] for row in W) for i in range(n)] for j in range(n)]
    return sum((I[j] * _row(G[j], b[j], j, S, point) for j in range(n) if I[j]), Fraction(0))


def exact_slope(W, b, I, S, dW, db, point=False, exact=False, bits=200):  # noqa: E741
    """The derivative along (dW, db): a central difference of step 2^−bits, in rationals."""
    h = Fraction(1, 2**bits)

    def at(t):
        moved = [
            [w + t * d for w, d in zip(row, step, strict=True)]
            for row, step in zip(W, dW, strict=True)
        ]
        return exact_loss(moved, [x + t * d for x, d in zip(b, db, strict=True)], I, S, point)

    slope = (at(h) - at(-h)) / (2 * h)
    return slope if exact else float(slope)


def switch_model(rng, sizes=((3, 1), (3, 2), (4, 2), (5, 2))):
    """A hard model some of whose overlaps and biases lie on either side of the sizes at which the
    kernel for few features hands a model over to the careful one."""
    W, b, I, S = hard_model(rng, sizes)  # noqa: E741
    kind = rng.integers(5)
    if kind == 0:
        W = W * 10.0 ** rng.uniform(-22, -16, W.shape[1])
        b = rng.choice([-1.0, 1.0], len(b)) * 10.0 ** rng.uniform(-42, -18, len(b))
    elif kind == 1:
        W[:, rng.integers(W.shape[1])] *= 10.0 ** rng.uniform(-42, -38)
    elif kind == 2:
        W[:, rng.integers(W.shape[1])] *= 10.0 ** rng.uniform(-42, -38)
        b[rng.integers(len(b))] = 10.0 ** rng.uniform(-24, -16)
    elif kind == 3:
        W = W * 10.0 ** rng.uniform(8, 11)
    else:
        b = b * 10.0 ** rng.uniform(18, 22)
    return W, b, I, S


def scale(W, b, I) -> float:  # noqa: E741
    """1 + Σ_j I_j (1 + ‖G_j‖₁ + |b_j|)²: what rounding is measured by."""
    return float(1 + np.sum(I * (1 + np.abs(W.T @ W).sum(axis=1) + np.abs(b)) ** 2))


def hard_model(rng, sizes=((1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (4, 2), (5, 2))):
    """(W, b, I, S): sizes from 1e-12 to 10, signs free; in a third of them every unit has a kink
    exactly on a vertex of its cube, others have repeated or missing columns."""
    n, m = sizes[rng.integers(len(sizes), size=2).min()]  # the larger, slower ones less often

    def sizes_free(*shape):
        return 10 ** rng.uniform(-12, 1, shape) * rng.choice([-1.0, 1.0], shape)

    W = sizes_free(m, n)
    b = sizes_free(n)
    kind = rng.integers(12)
    if kind == 0:
        W[:, 0] = W[:, -1]
    elif kind == 1:
        W[:, rng.integers(n)] = 0.0
    elif kind == 2:
        b[:] = 0.0
    elif kind == 3:
        W = np.round(W)
    if rng.random() < 1 / 3:
        # Integers times powers of two: the sums below are exact.
        W = rng.integers(1, 8, (m, n)) * rng.choice([-1.0, 1.0], (m, n))
        W *= 2.0 ** rng.integers(-40, 1, n)
        vertex = rng.integers(0, 2, n)
        b = -(W.T @ W @ vertex.astype(float))
        exact = fractions(W)
        for j in range(n):
            overlaps = [sum(row[i] * row[j] for row in exact) for i in np.flatnonzero(vertex)]
            assert Fraction(b[j]) + sum(overlaps) == 0
    I = 10 ** rng.uniform(-3, 1, n)  # noqa: E741
    S = np.array([rng.choice([rng.random(), 1 - 10 ** rng.uniform(-9, 0), 0.0, 0.5])] * n)
    if rng.random() < 0.2:
        S = rng.random(n)
    return W, b, I, S
