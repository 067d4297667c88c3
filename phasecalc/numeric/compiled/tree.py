"""The derivatives of one output's squared error, all in one pass over a tree.

The functional E[v x_i 1(u>0)], v = u − x_own, is linear in every factor, so that one sweep down the
tree of `cube` (coefficients of what is asked: A) and one sweep up (moments of what remains: F) give
it for every i at once: at each node where direction i is taken off, A meets the x_i-weighted F of
the two children. Down to the level where the own direction is taken off, the part with the factor
x_own (suffix 1) is kept apart from the part without (suffix 0).

Nodes on whose box u > 0 are polynomial. Those of one level share the box, hence the moments T, and
are added up as one polynomial C in the distance from the box's centre, which is then handed down
level by level.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def direction_moments(gamma, p, s, n, zero, one, two):
    """E[x^w e_m(γ(x − ½))], m < n, for w = 0, 1, 2; e_m(y) = y^m/m! without truncation."""
    power = p
    atom = s
    for m in range(n):
        # E(x − ½)^r = ½^r / (r + 1) for even r, 0 for odd r; power = p (γ/2)^m / m!.
        even = power / (m + 1)
        odd = power / (m + 2)
        if m % 2 == 0:
            zero[m] = even
            one[m] = 0.5 * even
            two[m] = 0.25 * (even + power / (m + 3))
        else:
            zero[m] = 0.0
            one[m] = 0.5 * odd
            two[m] = 0.5 * odd
        zero[m] += atom
        power *= 0.5 * gamma / (m + 1)
        atom *= -0.5 * gamma / (m + 1)


@njit(cache=True, error_model="numpy")
def tree_row(k, g, c, own, p, s, d_g):
    """Write ∂ℓ/∂g_i into d_g; return (∂ℓ/∂c, E[x_own² 1(u≤0)]), for |g_0| ≥ |g_1| ≥ …, k ≥ 1."""
    n = k + 4
    hi = np.empty(k + 1)
    lo = np.empty(k + 1)
    hi[k] = 0.0
    lo[k] = 0.0
    for i in range(k - 1, -1, -1):
        hi[i] = hi[i + 1] + max(g[i], 0.0)
        lo[i] = lo[i + 1] + min(g[i], 0.0)
        d_g[i] = 0.0
    top = c + hi[0]
    if top <= 0.0:
        return 0.0, p[own] / 3.0
    polynomial = c + lo[0] >= 0.0

    # Level i measures in unit[i]: |g_{i−1}|, or the root's own unit.
    unit = np.empty(k + 1)
    ratio = np.empty(k + 1)
    unit[0] = top if polynomial else abs(g[0])
    for i in range(k):
        unit[i + 1] = abs(g[i])
        ratio[i] = unit[i + 1] / unit[i] if unit[i] > 0.0 else 0.0

    zero = np.empty((k, n))
    one = np.empty((k, n))
    two = np.empty((k, n))
    T0 = np.zeros((k + 1, n))
    T1 = np.zeros((k + 1, n))
    C0 = np.zeros((k + 1, n))
    C1 = np.zeros((k + 1, n))
    T0[k, 0] = 1.0
    for i in range(k - 1, -1, -1):
        gamma = ratio[i] if g[i] > 0.0 else -ratio[i]
        direction_moments(gamma, p[i], s[i], n, zero[i], one[i], two[i])
        scale = 1.0
        for m in range(n):
            part = scale * T0[i + 1, m]
            for r in range(n - m):
                T0[i, m + r] += part * zero[i, r]
            if i == own:
                for r in range(n - m):
                    T1[i, m + r] += part * one[i, r]
            elif i < own:
                part = scale * T1[i + 1, m]
                for r in range(n - m):
                    T1[i, m + r] += part * zero[i, r]
            scale *= ratio[i]

    off = p[own] / 3.0
    if polynomial:
        # u = unit · (middle + σ), v = u − x_own.
        C0[0, 0] = c + 0.5 * (hi[0] + lo[0])
        C0[0, 1] = unit[0]
        C1[0, 0] = -1.0
    else:
        off += _sweep(k, n, g, c, own, p, s, hi, lo, ratio, T0, T1, C0, C1, d_g)

    for i in range(k):
        scale = 1.0
        for m in range(n):
            a0 = 0.0
            a1 = 0.0
            x0 = 0.0
            x1 = 0.0
            for r in range(n - m):
                a0 += C0[i, m + r] * zero[i, r]
                x0 += C0[i, m + r] * one[i, r]
            if i < own:
                for r in range(n - m):
                    a1 += C1[i, m + r] * zero[i, r]
                    x1 += C1[i, m + r] * one[i, r]
                d_g[i] += scale * (x0 * T0[i + 1, m] + x1 * T1[i + 1, m])
            elif i == own:
                for r in range(n - m):
                    a0 += C1[i, m + r] * one[i, r]
                    x1 += C1[i, m + r] * two[i, r]
                part = scale * x1 * T0[i + 1, m]
                off += part
                d_g[i] += scale * x0 * T0[i + 1, m] + part
            else:
                d_g[i] += scale * x0 * T0[i + 1, m]
            C0[i + 1, m] += scale * a0
            C1[i + 1, m] += scale * a1
            scale *= ratio[i]
        d_g[i] *= 2.0
    return 2.0 * C0[k, 0], off


@njit(cache=True, error_model="numpy")
def _sweep(k, n, g, c, own, p, s, hi, lo, ratio, T0, T1, C0, C1, d_g):
    """Down and up the tree: adds to C0, C1 and d_g (not doubled); returns −E[x_own² 1(u>0)]'s part
    from the nodes where the own direction is taken off."""
    slots = 2 << k
    base = np.empty(slots)
    child = np.zeros((slots, 2), np.int64)
    A0 = np.zeros((slots, n))
    A1 = np.zeros((slots, n))
    F0 = np.zeros((slots, n))  # slot 0: the node on which u ≤ 0
    F1 = np.zeros((slots, n))
    power = np.empty(n)
    queue = np.empty(slots, np.int64)
    first = np.zeros(k + 2, np.int64)
    queue[0] = 1
    first[1] = 1
    used = 2
    base[1] = c
    A0[1, 1] = abs(g[0])
    A1[1, 0] = -1.0
    for i in range(k):
        size = abs(g[i])
        smaller = ratio[i + 1] if i + 1 < k else 0.0
        odds = p[i] if g[i] > 0.0 else -p[i]
        done = first[i + 1]
        for q in range(first[i], first[i + 1]):
            node = queue[q]
            for end in range(2):
                r = base[node] + g[i] if end == 1 else base[node]
                if r + hi[i + 1] <= 0.0:
                    continue
                new = used
                used += 1
                child[node, end] = new
                # The coefficients of A at this child, for powers up to i + 2.
                if end == 1:
                    for d in range(i + 2):
                        A0[new, d + 1] = odds * A0[node, d]
                    if i < own:
                        for d in range(i + 2):
                            A1[new, d + 1] = odds * A1[node, d]
                    elif i == own:
                        for d in range(i + 1):
                            A0[new, d + 1] += odds * A1[node, d]
                            A0[new, d + 2] -= p[i] * A1[node, d]
                else:
                    for d in range(i + 2):
                        A0[new, d] += s[i] * A0[node, d]
                        A0[new, d + 1] -= odds * A0[node, d]
                    if i < own:
                        for d in range(i + 2):
                            A1[new, d] += s[i] * A1[node, d]
                            A1[new, d + 1] -= odds * A1[node, d]
                    elif i == own:
                        for d in range(i + 1):
                            A0[new, d + 2] += p[i] * A1[node, d]
                if r + lo[i + 1] < 0.0:
                    scale = 1.0
                    for d in range(i + 3):
                        A0[new, d] *= scale
                        A1[new, d] *= scale
                        scale *= smaller
                    base[new] = r
                    queue[done] = new
                    done += 1
                else:
                    middle = (r + 0.5 * (hi[i + 1] + lo[i + 1])) / size
                    power[0] = 1.0
                    for d in range(1, i + 4):
                        power[d] = power[d - 1] * middle / d
                    for d in range(i + 3):
                        for m in range(d + 1):
                            C0[i + 1, m] += A0[new, d] * power[d - m]
                    for d in range(1, i + 4):
                        for m in range(d + 1):
                            F0[new, d] += power[d - m] * T0[i + 1, m]
                    if i < own:
                        for d in range(i + 3):
                            for m in range(d + 1):
                                C1[i + 1, m] += A1[new, d] * power[d - m]
                        for d in range(1, i + 4):
                            for m in range(d + 1):
                                F1[new, d] += power[d - m] * T1[i + 1, m]
        first[i + 2] = done

    off = 0.0
    for i in range(k - 1, -1, -1):
        sign = 1.0 if g[i] > 0.0 else -1.0
        odds = sign * p[i]
        total = 0.0
        for q in range(first[i], first[i + 1]):
            node = queue[q]
            c0 = child[node, 0]
            c1 = child[node, 1]
            for d in range(1, i + 2):
                x = sign * F0[c1, d + 1] - F0[c1, d + 2] + F0[c0, d + 2]
                total += A0[node, d] * x
            if i < own:
                for d in range(i + 1):
                    x = sign * F1[c1, d + 1] - F1[c1, d + 2] + F1[c0, d + 2]
                    total += A1[node, d] * x
            elif i == own:
                for d in range(i + 1):
                    x = 2.0 * sign * (F0[c1, d + 3] - F0[c0, d + 3])
                    off += A1[node, d] * (sign * F0[c1, d + 1] - 2.0 * F0[c1, d + 2] + x)
            if i > 0:
                scale = ratio[i]
                for d in range(1, i + 3):
                    x = s[i] * F0[c0, d] + odds * (F0[c1, d + 1] - F0[c0, d + 1])
                    F0[node, d] = scale * x
                    if i < own:
                        x = s[i] * F1[c0, d] + odds * (F1[c1, d + 1] - F1[c0, d + 1])
                        F1[node, d] = scale * x
                    elif i == own:
                        x = sign * F0[c1, d + 1] - F0[c1, d + 2] + F0[c0, d + 2]
                        F1[node, d] = scale * p[i] * x
                    scale *= ratio[i]
        d_g[i] += p[i] * total
        if i == own:
            off *= p[i]
            d_g[i] += off
    return off
