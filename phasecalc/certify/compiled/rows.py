"""Bounds over a box of weights and biases: the loss, its gradient and its Hessian from below.

A box is (lo, hi) for x = (W by rows, b). A problem is the tuple that `problem_of` in `..problem`
makes: (m, n, I, law, λ, held) with `law` of `law_between` and `held` true where b = 0. Row j has
ρ_j(θ) = I_j ℓ_j(θ) + λ Σ_{k≠j} θ_k², θ = (G_j1, …, G_jn, b_j), so that the loss is Σ_j ρ_j.
"""

from __future__ import annotations

import numpy as np

from ...kernel.compiled.jit import compiled
from .density import density_bounds
from .moments import row_matrix, row_terms

UNIT = 2.0**-52
VALUE_ERROR = 2.0**-41
"""Of a row's error in parts of (1 + Σ|θ|)², of its derivatives in parts of 1 + Σ|θ|."""


@compiled()
def down(x):
    """A number below the exact result of which x is the rounded one."""
    return x - (abs(x) * UNIT + 1e-300)


@compiled()
def up(x):
    """A number above the exact result of which x is the rounded one."""
    return x + (abs(x) * UNIT + 1e-300)


@compiled()
def gram_box(lo, hi, m, n, glo, ghi):
    """Enclose G = WᵀW entry by entry."""
    for j in range(n):
        for k in range(j + 1):
            low = 0.0
            high = 0.0
            for a in range(m):
                u0, u1 = lo[a * n + j], hi[a * n + j]
                v0, v1 = lo[a * n + k], hi[a * n + k]
                if j == k:
                    large = max(abs(u0), abs(u1))
                    small = max(0.0, u0, -u1)
                    low = down(low + down(small * small)) if small > 0.0 else low
                    high = up(high + up(large * large)) if large > 0.0 else high
                elif (u0 == 0.0 and u1 == 0.0) or (v0 == 0.0 and v1 == 0.0):
                    continue
                else:
                    c0, c1, c2, c3 = u0 * v0, u0 * v1, u1 * v0, u1 * v1
                    low = down(low + down(min(c0, c1, c2, c3)))
                    high = up(high + up(max(c0, c1, c2, c3)))
            if j == k:
                low = max(low, 0.0)
            glo[j, k] = glo[k, j] = low
            ghi[j, k] = ghi[k, j] = high


@compiled()
def row_bounds(tlo, thi, j, n, law, Mlo, Mhi, qlo, qhi, dlo, dhi):
    """Enclose ℓ_j and ∂ℓ_j/∂θ for θ in [tlo, thi]; returns the bounds of ℓ_j.

    ℓ_j = p/3 − 2 E x_j u_+ + E u_+² and ∂ℓ_j/∂θ_k = 2 E x̃_k u_+ − 2 E x_j x̃_k 1(u > 0): every
    expectation grows with θ. M at both corners is left in Mlo and Mhi.
    """
    row_matrix(tlo, n, law, Mlo)
    row_matrix(thi, n, law, Mhi)
    square_lo = row_terms(tlo, n, Mlo, qlo)
    square_hi = row_terms(thi, n, Mhi, qhi)
    s = 1.0
    for k in range(n + 1):
        s += max(abs(tlo[k]), abs(thi[k]))
    error = VALUE_ERROR * s
    for k in range(n + 1):
        dlo[k] = 2.0 * (qlo[k] - Mhi[j, k]) - error
        dhi[k] = 2.0 * (qhi[k] - Mlo[j, k]) + error
    low = law[n + 1] / 3.0 - 2.0 * qhi[j] + square_lo - error * s
    high = law[n + 1] / 3.0 - 2.0 * qlo[j] + square_hi + error * s
    return low, high


@compiled()
def scaled(low, high, v0, v1):
    """[low, high] times [v0, v1]."""
    a, b, c, d = low * v0, low * v1, high * v0, high * v1
    return min(a, b, c, d), max(a, b, c, d)


@compiled()
def weight_gradient(lo, hi, m, n, hlo, hhi, grad_lo, grad_hi):
    """∂L/∂W = W (H + Hᵀ) from bounds of H_jk = ∂L/∂G_jk taken in row j; a slack for rounding."""
    for a in range(m):
        for i in range(n):
            low = 0.0
            high = 0.0
            size = 0.0
            for k in range(n):
                u, v = scaled(hlo[i, k] + hlo[k, i], hhi[i, k] + hhi[k, i], lo[a * n + k],
                              hi[a * n + k])  # fmt: skip
                low += u
                high += v
                size += abs(u) + abs(v)
            grad_lo[a * n + i] = low - 1e-14 * size
            grad_hi[a * n + i] = high + 1e-14 * size


@compiled()
def loss_box(lo, hi, problem, ell, grad_lo, grad_hi, hlo, hhi, corners):
    """Enclose loss and gradient over a box: (low, high). Scratch:

    ell (n, 2) rows' errors; grad (d) two ends; h (n, n + 1) bounds of ∂ρ_j/∂θ_k; corners
    (n, 2, n + 1, n + 1) the matrices M of the lowest and highest corner.
    """
    m, n, I, law, penalty, held = problem
    glo = np.empty((n, n))
    ghi = np.empty((n, n))
    gram_box(lo, hi, m, n, glo, ghi)
    tlo = np.empty(n + 1)
    thi = np.empty(n + 1)
    qlo = np.empty(n + 1)
    qhi = np.empty(n + 1)
    total_lo = 0.0
    total_hi = 0.0
    for j in range(n):
        tlo[:n] = glo[j]
        thi[:n] = ghi[j]
        tlo[n] = lo[m * n + j]
        thi[n] = hi[m * n + j]
        low, high = row_bounds(tlo, thi, j, n, law, corners[j, 0], corners[j, 1], qlo, qhi,
                               hlo[j], hhi[j])  # fmt: skip
        ell[j, 0] = low
        ell[j, 1] = high
        total_lo += I[j] * low
        total_hi += I[j] * high
        for k in range(n + 1):
            hlo[j, k] *= I[j]
            hhi[j, k] *= I[j]
        if penalty > 0.0:
            for k in range(n):
                if k != j:
                    small = max(0.0, tlo[k], -thi[k])
                    large = max(abs(tlo[k]), abs(thi[k]))
                    total_lo += penalty * small * small * (1.0 - 1e-14)
                    total_hi += penalty * large * large * (1.0 + 1e-14)
                    hlo[j, k] += 2.0 * penalty * tlo[k] - 1e-14 * penalty * large
                    hhi[j, k] += 2.0 * penalty * thi[k] + 1e-14 * penalty * large
        grad_lo[m * n + j] = 0.0 if held else hlo[j, n] * (1.0 - 1e-15) - abs(hlo[j, n]) * 1e-14
        grad_hi[m * n + j] = 0.0 if held else hhi[j, n] + abs(hhi[j, n]) * 1e-14
    weight_gradient(lo, hi, m, n, hlo, hhi, grad_lo, grad_hi)
    return total_lo - 1e-14 * abs(total_lo), total_hi + 1e-14 * abs(total_hi)


@compiled()
def hessian_below(lo, hi, problem, hlo, hhi, corners, mid):
    """A matrix below every generalised Hessian over the box, in Loewner's order; False if none.

    A row's Hessian is I_j (2 M(θ) − 2 E[x_j x̃x̃ᵀδ(u)]) with M(θ) ⪰ M(lowest corner); through
    θ(W, b) it comes as JᵀHJ + Σ_k ∂ρ_j/∂θ_k ∇²θ_k. Interval matrices are midpoint and radius; the
    radius goes to the diagonal, by Gershgorin's theorem.
    """
    m, n, I, law, penalty, held = problem
    d = m * n + n
    glo = np.empty((n, n))
    ghi = np.empty((n, n))
    gram_box(lo, hi, m, n, glo, ghi)
    tlo = np.empty(n + 1)
    thi = np.empty(n + 1)
    dens_lo = np.empty((n + 1, n + 1))
    dens_hi = np.empty((n + 1, n + 1))
    Jm = np.empty((n + 1, d))
    Jr = np.empty((n + 1, d))
    rad = np.zeros((d, d))
    mid[:, :] = 0.0
    Rm = np.empty((n + 1, n + 1))
    Rr = np.empty((n + 1, n + 1))
    for j in range(n):
        tlo[:n] = glo[j]
        thi[:n] = ghi[j]
        tlo[n] = lo[m * n + j]
        thi[n] = hi[m * n + j]
        if not density_bounds(tlo, thi, j, n, law, dens_lo, dens_hi):
            return False
        for k in range(n + 1):
            for q in range(n + 1):
                Rm[k, q] = I[j] * (2.0 * corners[j, 0, k, q] - dens_lo[k, q] - dens_hi[k, q])
                Rr[k, q] = I[j] * (dens_hi[k, q] - dens_lo[k, q]) + 1e-12 * I[j]
            if k < n and k != j:
                Rm[k, k] += 2.0 * penalty
        Jm[:, :] = 0.0
        Jr[:, :] = 0.0
        for k in range(n):
            for a in range(m):
                # θ_k = Σ_a W_aj W_ak
                cj = 0.5 * (lo[a * n + j] + hi[a * n + j])
                rj = 0.5 * (hi[a * n + j] - lo[a * n + j])
                ck = 0.5 * (lo[a * n + k] + hi[a * n + k])
                rk = 0.5 * (hi[a * n + k] - lo[a * n + k])
                Jm[k, a * n + k] += cj
                Jr[k, a * n + k] += rj
                Jm[k, a * n + j] += ck
                Jr[k, a * n + j] += rk
        Jm[n, m * n + j] = 1.0
        for s in range(d):
            for t in range(d):
                middle = 0.0
                inner = 0.0
                outer = 0.0
                for k in range(n + 1):
                    big = abs(Jm[k, s]) + Jr[k, s]
                    if big == 0.0:
                        continue
                    for q in range(n + 1):
                        other = abs(Jm[q, t]) + Jr[q, t]
                        if other == 0.0:
                            continue
                        middle += Jm[k, s] * Rm[k, q] * Jm[q, t]
                        inner += abs(Jm[k, s] * Rm[k, q] * Jm[q, t])
                        outer += big * (abs(Rm[k, q]) + Rr[k, q]) * other
                mid[s, t] += middle
                rad[s, t] += outer - inner + 1e-12 * outer
        for k in range(n):
            middle = 0.5 * (hlo[j, k] + hhi[j, k])
            width = 0.5 * (hhi[j, k] - hlo[j, k]) + 1e-12 * abs(middle)
            for a in range(m):
                mid[a * n + j, a * n + k] += middle
                rad[a * n + j, a * n + k] += width
                mid[a * n + k, a * n + j] += middle
                rad[a * n + k, a * n + j] += width
    # Rescaled by the widths, so that every direction of the box pays for its own part.
    for s in range(d):
        if hi[s] > lo[s]:
            for t in range(d):
                if t != s and hi[t] > lo[t]:
                    ratio = (hi[t] - lo[t]) / (hi[s] - lo[s])
                    ratio = min(max(ratio, 1e-3), 1e3)
                    # 2 |h_s h_t| ≤ q h_s² + h_t²/q, with equality at the corners of the box.
                    mid[s, s] -= rad[s, t] * ratio * (1.0 + 1e-12)
            mid[s, s] -= rad[s, s]
    return True
