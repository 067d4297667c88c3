"""One output of a model with any number of interfering features, by the transform of its sum.

Row j has z = b + Σ_i g_i x_i, its own feature among them. E of |z|, z|z| and sgn z are sums of the
characteristic function of z (`dense_sum`) with a period and a number of nodes from bounds
(`dense_plan`). The part with at most one active feature besides j, where the characteristic
function does not decay, is integrated exactly (`dense_few`). Where overlaps are of very different
size the row is taken apart (`dense_parts`).
"""

from __future__ import annotations

import numpy as np

from .dense_factors import ORDERS, POINT
from .dense_few import few_row, few_weights
from .dense_parts import ACTIVE, BOTH, INACTIVE, parts
from .dense_plan import MOST_NODES, compiled_decay, node_count, period
from .dense_points import MOST_POINTS, MOST_QUICK, point_row
from .dense_sum import sum_part
from .jit import compiled

TINY = 1e-25
"""Overlaps up to this size are 0: they move no pre-activation by a rounding error."""
MOST_WORK = 1 << 23
"""Nodes times features of a part, at least MOST_NODES of them and at most 32 times as many."""


@compiled()
def part_nodes(features):
    return min(max(MOST_WORK // (features + 1), MOST_NODES), 32 * MOST_NODES) // 16 * 16


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
    table = np.empty((0, 2 * ORDERS))
    first = 1.0 if law == POINT else 0.5
    second = 1.0 if law == POINT else 1.0 / 3.0
    one = np.empty(n)
    without = np.empty(n)
    none = few_weights(p, s, one, without)
    d_g[:n] = 0.0
    delta = 0.25 * min(tolerance, slope)
    P = period(law, g, p, s, a, p_x, s_x, b, delta)
    if P < 0.0:
        sum_part(
            law, g, p, s, one, without, 0, 1.0, 0.0, a, p_x, s_x, b, first, second, P, 0,
            0.0, 0.0, gradient, table, 1.0, d_g, result,
        )  # fmt: skip
        result[3] = result[4] = delta
        return
    result[0], result[1], result[2] = few_row(law, g, one, none, a, p_x, s_x, b, d_g)
    P = max(P, 1e-300)
    decay = compiled_decay(law)
    nodes, bound, slope_bound = node_count(
        decay, g, p, s, a, p_x, s_x, 2.0 * np.pi / P, 0.5 * tolerance, 0.5 * slope, MOST_NODES
    )
    if bound < np.inf:
        sum_part(
            law, g, p, s, one, without, n, 1.0, none, a, p_x, s_x, b, first, second, P, nodes,
            0.0, 0.0, gradient, table, 1.0, d_g, result,
        )  # fmt: skip
        result[3] = bound + delta
        result[4] = slope_bound + delta
        return
    found = parts(g, s, a, p_x, s_x)
    delta /= len(found)
    for e in range(len(found)):
        begin, end, own, weight = int(found[e, 0]), int(found[e, 1]), found[e, 2], found[e, 3]
        # The own feature's probabilities in the part's law, and their weights.
        p_own = p_x if own == BOTH else (1.0 if own == ACTIVE else 0.0)
        s_own = s_x if own == BOTH else (0.0 if own == ACTIVE else 1.0)
        p_x_e = 0.0 if own == INACTIVE else p_x
        s_x_e = 0.0 if own == ACTIVE else s_x
        G, Q, Z = g[begin:], p[begin:], s[begin:]
        P = period(law, G, Q, Z, a if p_own > 0.0 else 0.0, p_own, s_own, b, delta)
        if P > 0.0:
            P = max(P, 1e-300)
        gone = weight
        for i in range(begin, end):
            gone *= s[i]
        sum_part(
            law, G, Q, Z, one[begin:], without[begin:], end - begin, weight, gone, a, p_x_e, s_x_e,
            b, first, second, P, part_nodes(n - begin), 0.5 * tolerance / len(found),
            0.5 * slope / len(found), gradient, table, 1.0, d_g[begin:], result,
        )  # fmt: skip
        result[3] += delta
        result[4] += delta


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
