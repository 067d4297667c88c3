"""Rows of features with magnitude 1, over all sets of active features."""

from __future__ import annotations

import numpy as np

from .jit import compiled

MOST_POINTS = 14
"""Up to so many other features the 2^k values that a row takes at magnitudes 1 are added up."""


@compiled()
def point_row(g, p, s, a, p_x, s_x, b, d_g, result):
    """As `dense_row`, for magnitudes 1, exactly: over all sets of active features."""
    n = len(g)
    u = np.empty(1 << n)
    w = np.empty(1 << n)
    u[0] = b
    w[0] = 1.0
    for i in range(n):
        d_g[i] = 0.0
        for t in range(1 << i):
            u[t + (1 << i)] = u[t] + g[i]
            w[t + (1 << i)] = w[t] * p[i]
            w[t] *= s[i]
    loss = d_a = d_b = 0.0
    for t in range(1 << n):
        part = 0.0
        if u[t] > 0.0:
            loss += s_x * w[t] * u[t] * u[t]
            part = s_x * w[t] * u[t]
        y = u[t] + a
        if y > 0.0:
            loss += p_x * w[t] * (y - 1.0) * (y - 1.0)
            part += p_x * w[t] * (y - 1.0)
            d_a += p_x * w[t] * (y - 1.0)
        else:
            loss += p_x * w[t]
        d_b += part
        for i in range(n):
            if t >> i & 1:
                d_g[i] += part
    for i in range(n):
        d_g[i] *= 2.0
    result[0] = loss
    result[1] = 2.0 * d_a
    result[2] = 2.0 * d_b
    result[3:] = 0.0
