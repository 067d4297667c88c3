"""Second moments of the active side of one output, at one point and over boxes.

For θ = (g_1, …, g_n, b), x̃ = (x_1, …, x_n, 1) and u = θ·x̃ the matrix is

    M(θ) = E[x̃ x̃ᵀ 1(u > 0)],   and   E u_+² = θᵀMθ,   E x_j u_+ = (Mθ)_j.

All magnitudes are at least 0, so every entry of M, E u_+² and E x_j u_+ grow with every entry of
θ: over a box of θ they are enclosed by their values at its lowest and its highest corner.

The integrals over the cube are iterated, the direction of the largest |g| innermost. Between its
kinks an integrand is a polynomial of low degree, for which a Gauss-Legendre rule of a few nodes is
exact; all terms are positive, nothing is subtracted but coordinates of kinks. `MOMENT_ERROR` bounds
the rounding error of every entry of M (proved in docs/certificates.md for n ≤ 3).
"""

from __future__ import annotations

import numpy as np

from ...kernel.compiled.jit import compiled

MOMENT_ERROR = 2.0**-42
"""Bound of the error of every entry of M; the proof needs 2^-43."""

MOST_FEATURES = 3
_TWO = 0.2113248654051871
"""(1 − 1/√3)/2: nodes of the rule of two points on [0, 1]."""
_THREE = 0.1127016653792583
"""(1 − √(3/5))/2: nodes of the rule of three points on [0, 1]."""


@compiled()
def clipped(x):
    """x moved into [0, 1]."""
    return min(max(x, 0.0), 1.0)


@compiled()
def kinks(c, g, offsets, count, cuts):
    """0, 1 and the zeros of c + g z + offset between them, ascending; how many there are."""
    cuts[0] = 0.0
    size = 1
    if g != 0.0:
        for k in range(count):
            at = -(c + offsets[k]) / g
            if 0.0 < at < 1.0:
                place = size
                while place > 1 and cuts[place - 1] > at:
                    cuts[place] = cuts[place - 1]
                    place -= 1
                cuts[place] = at
                size += 1
    cuts[size] = 1.0
    return size + 1


@compiled()
def _innermost(M, weight, i, g, c, x, n):
    """Add weight · ∫ x̃ x̃ᵀ 1(g x_i + c > 0) dx_i over [0, 1]; x[i] is not read."""
    low, high = 0.0, 1.0
    if g > 0.0:
        low = clipped(-c / g)
    elif g < 0.0:
        high = clipped(-c / g)
    elif c <= 0.0:
        return
    s0 = weight * (high - low)
    if s0 <= 0.0:
        return
    s1 = 0.5 * s0 * (high + low)
    s2 = s0 * (high * high + high * low + low * low) / 3.0
    for k in range(n + 1):
        if k == i or x[k] == 0.0:
            continue
        part = s0 * x[k]
        for q in range(k + 1):
            if q != i:
                M[k, q] += part * x[q]
        part = s1 * x[k]
        if k > i:
            M[k, i] += part
        else:
            M[i, k] += part
    M[i, i] += s2


@compiled()
def law_between(p, q, n):
    """(probability of each active set of k features, k = 0 … n; marginal E 1(x_j > 0)).

    Of n ≤ 3 independent features with probability p each where p = q. For n = 2 and p ≠ q it is the
    polar form: one feature has p and one q, either with chance ½.
    """
    law = np.zeros(n + 2)
    if n == 2:
        law[0] = (1.0 - p) * (1.0 - q)
        law[1] = 0.5 * (p * (1.0 - q) + q * (1.0 - p))
        law[2] = p * q
        law[3] = 0.5 * (p + q)
        return law
    for k in range(n + 1):
        law[k] = p**k * (1.0 - p) ** (n - k)
    law[n + 1] = p
    return law


@compiled()
def row_matrix(theta, n, law, M):
    """Write M(θ) into M (n + 1, n + 1); `law` (n + 2) as `law_between` makes it."""
    M[:, :] = 0.0
    order = np.empty(3, np.int64)
    x = np.zeros(n + 1)
    x[n] = 1.0
    offsets = np.zeros(4)
    cuts = np.empty(6)
    inner = np.empty(4)
    b = theta[n]
    for active in range(1 << n):
        k = 0
        for i in range(n):
            x[i] = 0.0
            if active >> i & 1:
                place = k
                while place > 0 and abs(theta[order[place - 1]]) < abs(theta[i]):
                    order[place] = order[place - 1]
                    place -= 1
                order[place] = i
                k += 1
        weight = law[k]
        if weight == 0.0:
            continue
        if k == 0:
            if b > 0.0:
                M[n, n] += weight
            continue
        g = theta[order[0]]
        if k == 1:
            _innermost(M, weight, order[0], g, b, x, n)
            continue
        offsets[0] = 0.0
        offsets[1] = g
        h = theta[order[1]]
        if k == 2:
            _middle(M, weight, order, g, h, b, x, n, offsets, inner)
            continue
        z = theta[order[2]]
        offsets[2] = h
        offsets[3] = g + h
        size = kinks(b, z, offsets, len(offsets), cuts)
        for piece in range(size - 1):
            low, width = cuts[piece], cuts[piece + 1] - cuts[piece]
            for node in range(3):
                at = _THREE if node == 0 else (0.5 if node == 1 else 1.0 - _THREE)
                share = 4.0 / 9.0 if node == 1 else 5.0 / 18.0
                x[order[2]] = low + width * at
                c = b + z * x[order[2]]
                _middle(M, weight * width * share, order, g, h, c, x, n, offsets, inner)
    for i in range(n + 1):
        for q in range(i):
            M[q, i] = M[i, q]


@compiled()
def _middle(M, weight, order, g, h, c, x, n, offsets, cuts):
    """Add weight · ∫∫ over the directions order[1] (slope h) and order[0] (slope g)."""
    size = kinks(c, h, offsets, np.int64(2), cuts)
    i = order[1]
    for piece in range(size - 1):
        low, width = cuts[piece], cuts[piece + 1] - cuts[piece]
        for node in range(2):
            at = _TWO if node == 0 else 1.0 - _TWO
            x[i] = low + width * at
            _innermost(M, 0.5 * weight * width, order[0], g, c + h * x[i], x, n)
    x[i] = 0.0


@compiled()
def row_terms(theta, n, M, out):
    """Write (Mθ)_k = E x̃_k u_+ into out; return E u_+² = θᵀMθ."""
    total = 0.0
    for k in range(n + 1):
        part = 0.0
        for q in range(n + 1):
            part += M[k, q] * theta[q]
        out[k] = part
        total += part * theta[k]
    return total
