"""One output of a model with any number of interfering features, by the transform of its sum.

Row j has z = b + Σ_i g_i x_i, its own feature among them. E of |z|, z|z| and sgn z are sums of the
characteristic function of z (`dense_sum`) with a period and a number of nodes from bounds
(`dense_plan`). The part with at most one active feature besides j, where the characteristic
function does not decay, is integrated exactly (`dense_few`). Where overlaps are of very different
size the row is taken apart (`dense_parts`).
"""

from __future__ import annotations

import numpy as np

from .dense_factors import ORDERS, POINT, UNIFORM
from .dense_few import few_row, few_weights
from .dense_parts import (
    ALONE,
    BAND,
    BEGIN,
    COLUMNS,
    GONE,
    HEAD,
    MASS,
    P_X,
    S_X,
    SCALE,
    SLOPE_SCALE,
    SURE,
    X_0,
    X_D,
    A,
    B,
    split,
    whole,
)
from .dense_plan import MOST_NODES, compiled_decay, node_count, part_nodes, period
from .dense_points import MOST_POINTS, MOST_QUICK, point_row
from .dense_sum import sum_part
from .dense_zones import most_parts, scatter, split_by_zones
from .jit import compiled

ROUNDING = 2e-14
"""Of a row that is taken apart, in units of (1 + ‖G_j‖₁ + |b_j|)²: twice what has been seen."""
TINY = 1e-25
"""Overlaps up to this size are 0: they move no pre-activation by a rounding error."""


@compiled()
def dense_row(law, g, p, s, a, p_x, s_x, b, gradient, tolerance, slope, d_g, result):
    """ℓ of one row: a, p_x, s_x belong to its own feature, g, p, s to the others (no g_i is 0).

    |g| falls. result: (ℓ, ∂ℓ/∂a, ∂ℓ/∂b, errors of ℓ and of the derivatives, nodes); ∂ℓ/∂g_i in d_g.
    """
    exact = law == POINT and len(g) <= MOST_POINTS
    if exact and len(g) <= MOST_QUICK:
        point_row(g, p, s, a, p_x, s_x, b, d_g, result)
        return
    series_row(law, g, p, s, a, p_x, s_x, b, gradient, tolerance, slope, d_g, result)
    if exact and not (result[3] <= tolerance and result[4] <= slope):
        point_row(g, p, s, a, p_x, s_x, b, d_g, result)


@compiled()
def series_row(law, g, p, s, a, p_x, s_x, b, gradient, tolerance, slope, d_g, result):
    """`dense_row` by series."""
    n = len(g)
    result[:] = 0.0
    d_g[:n] = 0.0
    one = np.empty(n)
    without = np.empty(n)
    none = few_weights(p, s, one, without)
    delta = 0.25 * min(tolerance, slope)
    P = period(law, g, p, s, a, p_x, s_x, b, delta)
    result[3] = result[4] = delta
    nodes = 0
    plain = True
    if P > 0.0:
        result[0], result[1], result[2] = few_row(law, g, one, none, a, p_x, s_x, b, d_g)
        nodes, bound, slope_bound = node_count(
            compiled_decay(law), g, p, s, a, p_x, s_x, 2.0 * np.pi / max(P, 1e-300),
            0.5 * tolerance, 0.5 * slope, MOST_NODES,
        )  # fmt: skip
        plain = bound < np.inf
        if plain:
            result[3] += bound
            result[4] += slope_bound
    if plain:
        parts = np.empty((1, COLUMNS))
        whole(n, none, a, p_x, s_x, b, min(P, 0.0), parts[0])
        count = 1
    elif law == UNIFORM:
        parts = np.empty((most_parts(n), COLUMNS))
        count = split_by_zones(g, p, s, a, p_x, s_x, b, parts)
    else:
        parts = np.empty((2 * n + 1, COLUMNS))
        count = split(g, s, a, p_x, s_x, b, parts)
    if not plain:
        reach = 1.0 + abs(b) + abs(a) + np.abs(g).sum()
        result[3] += ROUNDING * reach * reach
        result[4] += ROUNDING * reach
    share = 0.25 / count
    G = np.empty(n + 1)
    Q = np.empty(n + 1)
    Z = np.empty(n + 1)
    one_e = np.empty(n + 1)
    without_e = np.empty(n + 1)
    d = np.empty(n + 1)
    found = np.empty(6)
    table = np.empty((0, 2 * ORDERS))
    for e in range(count):
        part = parts[e]
        begin = int(part[BEGIN])
        band = int(part[BAND])
        size = n - begin
        all_x = part[P_X] + part[S_X]
        if part[MASS] == 0.0 or all_x == 0.0:
            continue
        part_features(g, p, s, one, without, part, G, Q, Z, one_e, without_e)
        count_e = size + (1 if part[HEAD] > 0.0 else 0)
        part_tolerance = share * tolerance / part[SCALE]
        part_slope = share * slope / part[SLOPE_SCALE]
        found[:] = 0.0
        if not plain:
            P = part[SURE]
            if P == 0.0:
                delta = min(part_tolerance, part_slope)
                own_p = part[P_X] / all_x
                P = period(
                    law, G[:count_e], Q[:count_e], Z[:count_e], part[A] if own_p > 0.0 else 0.0,
                    own_p, part[S_X] / all_x, part[B], delta,
                )  # fmt: skip
                found[3] = found[4] = delta
            nodes = part_nodes(count_e)
        d[:] = 0.0
        own = (part[A], part[P_X], part[S_X], part[X_0], part[X_D])
        sum_part(
            law, G[:count_e], Q[:count_e], Z[:count_e], one_e, without_e, band, part[ALONE] != 0.0,
            part[MASS], part[GONE], own, part[B], 1.0 if law == POINT else 0.5,
            1.0 if law == POINT else 1.0 / 3.0, P if P < 0.0 else max(P, 1e-300), nodes,
            0.0 if plain else part_tolerance, 0.0 if plain else part_slope, gradient, table, 1.0, d,
            found,
        )  # fmt: skip
        for t in range(4):
            result[t] += part[SCALE] * found[t]
        result[4] += part[SLOPE_SCALE] * found[4]
        result[5] += found[5]
        for i in range(size):
            d_g[begin + i] += part[SCALE] * d[i]
        if part[HEAD] > 0.0:
            scatter(g, p, s, b, part, found[2], d[size], d_g)


@compiled()
def part_features(g, p, s, one, without, part, G, Q, Z, one_e, without_e):
    """Overlaps and probabilities of a part's features, and what is taken out of its band."""
    begin = int(part[BEGIN])
    band = int(part[BAND])
    size = len(g) - begin
    for i in range(size):
        G[i], Q[i], Z[i] = g[begin + i], p[begin + i], s[begin + i]
        one_e[i], without_e[i] = one[begin + i], without[begin + i]
    G[size], Q[size], Z[size] = part[HEAD], 1.0, 0.0
    one_e[size] = without_e[size] = 0.0
    if part[ALONE] == 0.0:
        one_e[:] = without_e[:] = 0.0
        if part[HEAD] == 0.0:
            few_weights(Q[:band], Z[:band], one_e, without_e)
            for i in range(band):
                one_e[i] *= part[MASS]
                without_e[i] *= part[MASS]


@compiled(nogil=True)
def dense_rows(law, G, b, I, S, lo, hi, gradient, tolerance, slope, loss, H, db, errors):
    """Rows lo … hi − 1: I_j ℓ_j into loss, I_j ∂ℓ_j/∂G_ji into H, I_j ∂ℓ_j/∂b_j into db.

    errors[j]: errors of I_j ℓ_j and of the entries of I_j ∇ℓ_j, and the nodes.
    """
    n = len(b)
    half = 1.0 if law == POINT else 0.5
    g = np.empty(n)
    p = np.empty(n)
    s = np.empty(n)
    d_g = np.empty(n)
    result = np.empty(6)
    for j in range(lo, hi):
        if I[j] == 0.0:
            loss[j] = 0.0
            errors[j] = 0.0
            if gradient:
                db[j] = 0.0
                H[j] = 0.0
            continue
        index = np.argsort(-np.abs(G[j]))
        k = 0
        for i in index:
            if i != j and abs(G[j, i]) > TINY and S[i] < 1.0:
                g[k] = G[j, i]
                s[k] = S[i]
                p[k] = 1.0 - S[i]
                index[k] = i
                k += 1
        dense_row(
            law, g[:k], p[:k], s[:k], G[j, j], 1.0 - S[j], S[j], b[j], gradient,
            tolerance / I[j], slope / I[j], d_g, result,
        )  # fmt: skip
        loss[j] = I[j] * result[0]
        errors[j, 0] = I[j] * result[3]
        errors[j, 1] = I[j] * result[4]
        errors[j, 2] = result[5]
        if gradient:
            db[j] = I[j] * result[2]
            for i in range(n):
                # A feature that does not meet z is independent of it.
                H[j, i] = db[j] * half * (1.0 - S[i])
            for t in range(k):
                H[j, index[t]] = I[j] * d_g[t]
            H[j, j] = I[j] * result[1]
