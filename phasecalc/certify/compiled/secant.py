"""Bounds of the loss over a box that need no Hessian: lengths alone, and tangents.

ℓ_j = p/3 + Q − 2P with Q = E u_+² and P = E x_j u_+ convex in θ. Q lies above its tangent and the
quadratic form of the least M; P lies below its tangent and its second difference between the two
extreme corners of the box. docs/certificates.md, section 2.
"""

from __future__ import annotations

import numpy as np

from ...kernel.compiled.jit import compiled
from .moments import row_matrix, row_terms
from .rows import VALUE_ERROR, gram_box

LEAST_SHARE = 2.0**-10
"""Of e, the part of the form that is given up for what is not linear."""


@compiled()
def length_bound(small, large, density, variance):
    """A bound below ℓ_j where small ≤ G_jj ≤ large: whatever the other features add to u_j."""
    if large < 1.0:
        return variance * (1.0 - large) ** 2 * (1.0 - 1e-13)
    if small > 1.0:
        # The error of 1/3 − (4/3) a/(a + 1)² is that of its parts, not of what is left.
        return density * (
            (1.0 - 1e-13) / 3.0 - 4.0 / 3.0 * small / (small + 1.0) ** 2 * (1 + 1e-13)
        )
    return 0.0


@compiled()
def lengths_bound(lo, hi, problem, variance):
    """A bound below the loss, from the lengths of the features alone."""
    m, n, I, law, penalty, held = problem
    total = 0.0
    for j in range(n):
        small, large = 0.0, 0.0
        for a in range(m):
            u, v = lo[a * n + j], hi[a * n + j]
            small += max(0.0, u, -v) ** 2
            large += max(abs(u), abs(v)) ** 2
        least = length_bound(small * (1.0 - 1e-14), large * (1.0 + 1e-14), law[n + 1], variance)
        total += I[j] * max(0.0, least)
    return total * (1.0 - 1e-14)


@compiled()
def secant_form(lo, hi, problem, A, g):
    """A number from which on g·h + ½ hᵀAh bounds the loss at centre + h below, on the box.

    With δ = Jh + q(h) the change of θ, and M the matrix of the lowest corner, the sum over the rows
    of I_j (ℓ_j(c) + ∇ℓ_j·δ + δᵀMδ − 2 max rise of P): the second term is a quadratic in h, and
    δᵀMδ ≥ (1 − e) (Jh)ᵀM(Jh) − (1/e − 1) qᵀMq for every 0 < e ≤ 1.
    """
    m, n, I, law, penalty, held = problem
    d = m * n + n
    glo, ghi = np.empty((n, n)), np.empty((n, n))
    gram_box(lo, hi, m, n, glo, ghi)
    c = 0.5 * (lo + hi)
    radius = np.maximum(hi - c, c - lo) * (1.0 + 1e-15)
    tlo, thi, at, corner = np.empty(n + 1), np.empty(n + 1), np.empty(n + 1), np.empty(n + 1)
    M, least, other = np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1))
    q, out, J = np.empty(n + 1), np.empty(n + 1), np.empty((n + 1, d))
    move, bend = np.empty(n + 1), np.empty(n + 1)
    A[:, :] = 0.0
    g[:] = 0.0
    constant = 0.0
    slack = 0.0
    for j in range(n):
        J[:, :] = 0.0
        J[n, m * n + j] = 1.0
        tlo[:n], thi[:n] = glo[j], ghi[j]
        tlo[n], thi[n] = lo[m * n + j], hi[m * n + j]
        at[n], bend[n] = c[m * n + j], 0.0
        for k in range(n):
            at[k], bend[k] = 0.0, 0.0
            for a in range(m):
                at[k] += c[a * n + j] * c[a * n + k]
                bend[k] += radius[a * n + j] * radius[a * n + k]
                J[k, a * n + k] += c[a * n + j]
                J[k, a * n + j] += c[a * n + k]
            at[k] = min(max(at[k], tlo[k]), thi[k])
        size, reach = 1.0, 0.0
        for k in range(n + 1):
            move[k] = 0.0
            for s in range(d):
                move[k] += abs(J[k, s]) * radius[s]
            size += max(abs(tlo[k]), abs(thi[k]))
            reach += thi[k] - tlo[k]
        row_matrix(at, n, law, M)
        square = row_terms(at, n, M, q)
        # |δ·x̃| ≤ W = r·x̃, so that P rises above its tangent by at most E x_j (W − |u|)_+.
        rise = -2.0 * q[j]
        for sign in (-1.0, 1.0):
            for k in range(n + 1):
                far = max(thi[k] - at[k], at[k] - tlo[k]) + 1e-15 * abs(at[k])
                corner[k] = at[k] + sign * far * (1.0 + 1e-15)
            row_matrix(corner, n, law, other)
            if sign < 0.0:
                least[:, :] = other
            row_terms(corner, n, other, out)
            rise += out[j]
        rise = max(rise, 0.0)
        constant += I[j] * (law[n + 1] / 3.0 - 2.0 * q[j] + square - 2.0 * rise)
        error = size * (size + 3.0 * reach) + 8.0 * (size + reach)
        slack += 0.5 * I[j] * VALUE_ERROR * error
        for k in range(n + 1):
            beta = 2.0 * I[j] * (q[k] - M[j, k])
            if k < n and k != j:
                constant += penalty * at[k] * at[k]
                slack += 1e-14 * penalty * size * size
                beta += 2.0 * penalty * at[k]
            if k < n:
                for a in range(m):
                    A[a * n + j, a * n + k] += beta
                    A[a * n + k, a * n + j] += beta
            for s in range(d):
                g[s] += beta * J[k, s]
        inner, outer = 0.0, 0.0
        for k in range(n + 1):
            for i in range(n + 1):
                inner += bend[k] * least[k, i] * bend[i]
                outer += move[k] * least[k, i] * move[i]
        e = min(1.0, np.sqrt(max(inner, 0.0) / outer)) if outer > 0.0 else 1.0
        e = max(e, LEAST_SHARE)
        # M may be wrong by its error, and so not quite semidefinite: that is divided by e too.
        slack += I[j] * VALUE_ERROR * np.sum(bend) ** 2 / e
        if inner > 0.0:
            constant -= I[j] * (1.0 / e - 1.0) * inner
            slack += I[j] * 1e-13 * inner / e
        for k in range(n + 1):
            for i in range(n + 1):
                share = 2.0 * I[j] * (1.0 - e) * least[k, i]
                for s in range(d):
                    if J[k, s] != 0.0:
                        for t in range(d):
                            A[s, t] += share * J[k, s] * J[i, t]
        slack += 1e-13 * I[j] * outer + 1e-14 * I[j] * size * reach
    for s in range(d):
        slack += 1e-13 * abs(g[s]) * radius[s]
    return constant - slack - 1e-14 * abs(constant)
