"""The part of a row with at most one active feature besides its own, for the compiled laws."""

from __future__ import annotations

from .dense_factors import POINT
from .jit import compiled
from .pair import pair_row


@compiled()
def few_weights(p, s, one, without):
    """P(no feature active); P(only i active) into one, ∏_{l≠i} s_l into without."""
    n = len(p)
    product = 1.0
    for i in range(n):
        without[i] = product
        product *= s[i]
    suffix = 1.0
    for i in range(n - 1, -1, -1):
        without[i] *= suffix
        suffix *= s[i]
        one[i] = p[i] * without[i]
    return product


@compiled()
def point_pair(a, q, c, p_x, s_x, p_y, s_y):
    """As `pair.pair_row`, for magnitudes 1."""
    d_a = d_q = d_c = off = 0.0
    for x in range(2):
        for y in range(2):
            w = (p_x if x else s_x) * (p_y if y else s_y)
            u = c + a * x + q * y
            if u > 0.0:
                part = 2.0 * w * (u - x)
                d_c += part
                d_a += part * x
                d_q += part * y
            elif x:
                off += w
    return d_a, d_q, d_c, off


@compiled()
def few_row(law, g, one, none, a, p_x, s_x, b, d_g):
    """The part of the row with at most one active feature besides its own: (ℓ, ∂a, ∂b).

    ∂ℓ/∂g_i is written into d_g.
    """
    d_a = d_b = off = 0.0
    inner = 0.0
    for i in range(-1, len(g)):
        if i < 0:
            q, p_y, s_y = 0.0, 0.0, none
        else:
            q, p_y, s_y = g[i], one[i], 0.0
            if p_y == 0.0:
                d_g[i] = 0.0
                continue
        if law == POINT:
            x_a, x_q, x_b, x_off = point_pair(a, q, b, p_x, s_x, p_y, s_y)
        else:
            x_a, x_q, x_b, x_off = pair_row(a, q, b, p_x, s_x, p_y, s_y)
        d_a += x_a
        d_b += x_b
        off += x_off
        if i >= 0:
            d_g[i] = x_q
            inner += q * x_q
    return 0.5 * ((a - 1.0) * d_a + inner + b * d_b) + off, d_a, d_b
