"""Rows of features with magnitude 1, exactly, by meeting in the middle.

The other features are cut into halves of k features each. z = c + u + v with u and v one of the 2^k
values of a half, which are listed in order: each feature merges the list with itself moved by g_i.
While u rises, the v with z > 0 only become more, so that E over them is a running sum.
"""

from __future__ import annotations

import numpy as np

from .jit import compiled

MOST_POINTS = 40
"""Up to so many other features a row is summed exactly: 2^20 values a half, 0.2 s and 120 MB."""
MOST_QUICK = 30
"""Up to so many it takes less time than the series: 5 ms."""


@compiled()
def half_sums(g, p, s):
    """(values ascending, probabilities, sets as bits) of Σ g_i x_i."""
    n = len(g)
    u, w, sets = np.zeros(1 << n), np.ones(1 << n), np.zeros(1 << n, np.int32)
    u_2, w_2, sets_2 = np.empty(1 << n), np.empty(1 << n), np.empty(1 << n, np.int32)
    for i in range(n):
        size = 1 << i
        off = on = 0
        for t in range(2 * size):
            if off < size and (on == size or u[off] <= u[on] + g[i]):
                u_2[t], w_2[t], sets_2[t] = u[off], w[off] * s[i], sets[off]
                off += 1
            else:
                u_2[t], w_2[t], sets_2[t] = u[on] + g[i], w[on] * p[i], sets[on] | size
                on += 1
        u, u_2 = u_2, u
        w, w_2 = w_2, w
        sets, sets_2 = sets_2, sets
    return u, w, sets


@compiled()
def add(sums, k, x):
    """Add x to the compensated sum sums[k] + sums[k + 3]."""
    old = sums[k]
    new = old + x
    sums[k + 3] += (old - new) + x if abs(old) >= abs(x) else (x - new) + old
    sums[k] = new


@compiled()
def meet(u, w, sets, v, w_v, c, x, swapped, weight, d, totals):
    """Sweep over u; v and w_v are the other half. x: the own magnitude, c = b + a x.

    Adds to totals weight times (ℓ, E[z − x; z > 0]), and to d[i] 2 weight E[x_i (z − x); z > 0] of
    the features of u. swapped: u is the half that is added last, so that rounding is the same.
    """
    each = np.zeros(len(u))
    sums = np.zeros(6)
    parts = np.zeros(6)
    place = len(v)
    for e in range(len(u)):
        while place > 0:
            y = v[place - 1]
            z = (c + y) + u[e] if swapped else (c + u[e]) + y
            if not z > 0.0:
                break
            place -= 1
            add(sums, 0, w_v[place])
            add(sums, 1, w_v[place] * y)
            add(sums, 2, w_v[place] * y * y)
        t_0 = sums[0] + sums[3]
        t_1 = sums[1] + sums[4]
        t_2 = sums[2] + sums[5]
        q = c + u[e]
        z_1 = q * t_0 + t_1
        z_2 = q * q * t_0 + 2.0 * q * t_1 + t_2
        add(parts, 0, w[e] * (z_2 - 2.0 * x * z_1 + x * x))
        add(parts, 1, w[e] * (z_1 - x * t_0))
        each[sets[e]] = w[e] * (z_1 - x * t_0)
    totals[0] += weight * (parts[0] + parts[3])
    totals[1] += weight * (parts[1] + parts[4])
    half = len(u) // 2
    i = len(d) - 1
    while half > 0:
        total = 0.0
        for t in range(half):
            total += each[t + half]
            each[t] += each[t + half]
        d[i] += 2.0 * weight * total
        half //= 2
        i -= 1


@compiled()
def point_row(g, p, s, a, p_x, s_x, b, d_g, result):
    """As `dense_row`, exactly: over all sets of active features; inactive where z = 0."""
    n = len(g)
    k = n // 2
    u, w, sets = half_sums(g[:k], p[:k], s[:k])
    v, w_v, sets_v = half_sums(g[k:], p[k:], s[k:])
    result[:] = 0.0
    d_g[:n] = 0.0
    unused = np.zeros(2)
    off = np.zeros(2)
    on = np.zeros(2)
    if s_x > 0.0:
        meet(u, w, sets, v, w_v, b, 0.0, False, s_x, d_g[:k], off)
        meet(v, w_v, sets_v, u, w, b, 0.0, True, s_x, d_g[k:n], unused)
    if p_x > 0.0:
        meet(u, w, sets, v, w_v, b + a, 1.0, False, p_x, d_g[:k], on)
        meet(v, w_v, sets_v, u, w, b + a, 1.0, True, p_x, d_g[k:n], unused)
    result[0] = off[0] + on[0]
    result[1] = 2.0 * on[1]
    result[2] = 2.0 * (off[1] + on[1])
