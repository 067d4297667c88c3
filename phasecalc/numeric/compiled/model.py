"""One model of few features, from its weights to its loss, gradient and Hessian.

G = WᵀW is symmetric and every row of it is a function of the weights, so with H_ji = ∂L/∂G_ji the
chain rule gives ∂L/∂W = W (H + Hᵀ). A feature i that does not interfere with j is independent of
that row, hence H_ji = E[x_i] ∂L/∂b_j: not zero.
"""

from __future__ import annotations

import numpy as np

from .jit import compiled
from .pair import pair_row
from .rows import UNIFORM, row_terms


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def dot(W, i, j):
    """Σ_a W_ai W_aj, carrying along the rounding error of each product and each sum."""
    total = 0.0
    error = 0.0
    plain = 0.0
    for a in range(W.shape[0]):
        x = W[a, i]
        y = W[a, j]
        product = x * y
        plain += product
        # Veltkamp's splitting, Dekker's product, Knuth's sum.
        t = 134217729.0 * x
        xh = t - (t - x)
        xl = x - xh
        t = 134217729.0 * y
        yh = t - (t - y)
        yl = y - yh
        error += ((xh * yh - product) + xh * yl + xl * yh) + xl * yl
        new = total + product
        z = new - total
        error += (total - (new - z)) + (product - z)
        total = new
    total += error
    return total if np.isfinite(total) else plain


@compiled(forceinline=True)
def pair_loss(g_00, g_11, g_01, b_0, b_1, I_0, I_1, s_0, s_1):
    """The loss of two features, uniform law: (L, ∂L/∂G_00, ∂G_11, ∂G_01, ∂b_0, ∂b_1).

    ∂G_01 is the sum over the two places that the overlap has in G. Numbers in, numbers out: for
    W = [w_0, w_1], ∂L/∂w_0 = 2 w_0 ∂G_00 + w_1 ∂G_01.
    """
    p_0 = 1.0 - s_0
    p_1 = 1.0 - s_1
    x_a, x_q, x_c, x_off = pair_row(g_00, g_01, b_0, p_0, s_0, p_1, s_1)
    y_a, y_q, y_c, y_off = pair_row(g_11, g_01, b_1, p_1, s_1, p_0, s_0)
    x = 0.5 * ((g_00 - 1.0) * x_a + g_01 * x_q + b_0 * x_c) + x_off
    y = 0.5 * ((g_11 - 1.0) * y_a + g_01 * y_q + b_1 * y_c) + y_off
    return I_0 * x + I_1 * y, I_0 * x_a, I_1 * y_a, I_0 * x_q + I_1 * y_q, I_0 * x_c, I_1 * y_c


@compiled()
def model_loss_grad(W, b, I, S, law, dW, db):
    """The loss of one model; its gradient is written into dW (m, n) and db (n,).

    W (m, n), b (n,), I (n,) and the sparsity of each feature S (n,): float64 in C order, n at most
    MAX_DIRECTIONS (`sparse.sparse_loss_grad` takes any n). law: rows.UNIFORM or rows.POINT. Values
    must have been checked. A loss beyond the largest float is inf, and then dW and db are whatever
    they overflowed to.
    """
    m, n = W.shape
    loss = 0.0
    if n == 2 and law == UNIFORM:
        loss, d_00, d_11, d_01, d_b0, d_b1 = pair_loss(
            dot(W, 0, 0), dot(W, 1, 1), dot(W, 0, 1), b[0], b[1], I[0], I[1], S[0], S[1]
        )
        for a in range(m):
            dW[a, 0] = 2.0 * W[a, 0] * d_00 + W[a, 1] * d_01
            dW[a, 1] = 2.0 * W[a, 1] * d_11 + W[a, 0] * d_01
        db[0] = d_b0
        db[1] = d_b1
        return loss if np.isfinite(loss) else np.inf

    row = np.empty(n)
    order = np.empty(n, np.int64)
    g = np.empty(n)
    p = np.empty(n)
    s = np.empty(n)
    d_g = np.empty(n)
    mean = 0.5 if law == UNIFORM else 1.0
    for a in range(m):
        for i in range(n):
            dW[a, i] = 0.0
    for j in range(n):
        db[j] = 0.0
        if I[j] == 0.0:
            continue
        for i in range(n):
            row[i] = dot(W, i, j)
        own = sort_row(row, j, S, order, g, p, s)
        k = n
        while k > own + 1 and g[k - 1] == 0.0:
            k -= 1
        d_c, off = row_terms(k, g, b[j], own, p, s, law, d_g)
        part = 0.5 * b[j] * d_c + off - 0.5 * d_g[own]
        for t in range(n):
            if t >= k:
                d_g[t] = mean * p[t] * d_c
            else:
                part += 0.5 * g[t] * d_g[t]
            # H_ji enters the columns of both features.
            i = order[t]
            for a in range(m):
                dW[a, i] += I[j] * d_g[t] * W[a, j]
                dW[a, j] += I[j] * d_g[t] * W[a, i]
        loss += I[j] * part
        db[j] = I[j] * d_c
    return loss if np.isfinite(loss) else np.inf


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sort_row(row, j, S, order, g, p, s):
    """Row j of G in falling order of size, with its features' laws; where feature j stands."""
    n = len(row)
    for i in range(n):
        t = i
        while t > 0 and abs(g[t - 1]) < abs(row[i]):
            g[t] = g[t - 1]
            order[t] = order[t - 1]
            t -= 1
        g[t] = row[i]
        order[t] = i
    own = n
    for t in range(n):
        s[t] = S[order[t]]
        p[t] = 1.0 - s[t]
        if order[t] == j:
            own = t
    return own
