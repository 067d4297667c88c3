"""One model, from its weights to its loss and gradient, without a Python object.

These functions are compiled and may be called from other compiled code, in parallel loops too:
they keep no state. G = WᵀW is symmetric and every row of it is a function of the weights, so with
H_ji = ∂L/∂G_ji the chain rule gives ∂L/∂W = W (H + Hᵀ). A feature i that does not interfere with j
is independent of that row, hence H_ji = E[x_i] ∂L/∂b_j: never zero, but of rank one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .cube import MAX_DIRECTIONS
from .pair import pair_row
from .rows import UNIFORM, row_terms
from .sparse import sparse_loss_grad


@njit(cache=True, error_model="numpy")
def dot(x, y):
    """Σ x_a y_a with each product's and each sum's rounding error carried along."""
    total = 0.0
    error = 0.0
    plain = 0.0
    for a in range(len(x)):
        product = x[a] * y[a]
        plain += product
        # Veltkamp's splitting, Dekker's product, Knuth's sum.
        t = 134217729.0 * x[a]
        xh = t - (t - x[a])
        xl = x[a] - xh
        t = 134217729.0 * y[a]
        yh = t - (t - y[a])
        yl = y[a] - yh
        error += ((xh * yh - product) + xh * yl + xl * yh) + xl * yl
        new = total + product
        z = new - total
        error += (total - (new - z)) + (product - z)
        total = new
    total += error
    return total if np.isfinite(total) else plain


@njit(cache=True, error_model="numpy")
def pair_loss(g_00, g_11, g_01, b_0, b_1, I_0, I_1, s_0, s_1):
    """The loss of two features and its derivatives: (ℓ, ∂G_00, ∂G_11, ∂G_01, ∂b_0, ∂b_1).

    ∂G_01 is the sum over the two places that the overlap has in G.
    """
    p_0 = 1.0 - s_0
    p_1 = 1.0 - s_1
    x_a, x_q, x_c, x_off = pair_row(g_00, g_01, b_0, p_0, s_0, p_1, s_1)
    y_a, y_q, y_c, y_off = pair_row(g_11, g_01, b_1, p_1, s_1, p_0, s_0)
    x = 0.5 * ((g_00 - 1.0) * x_a + g_01 * x_q + b_0 * x_c) + x_off
    y = 0.5 * ((g_11 - 1.0) * y_a + g_01 * y_q + b_1 * y_c) + y_off
    return I_0 * x + I_1 * y, I_0 * x_a, I_1 * y_a, I_0 * x_q + I_1 * y_q, I_0 * x_c, I_1 * y_c


@njit(cache=True, error_model="numpy")
def _two_features(W, b, I, S, dW, db):
    """n = 2 and the uniform law, without any temporary array."""
    m = W.shape[0]
    if m == 1:
        g_00 = W[0, 0] * W[0, 0]
        g_11 = W[0, 1] * W[0, 1]
        g_01 = W[0, 0] * W[0, 1]
    else:
        g_00 = dot(W[:, 0], W[:, 0])
        g_11 = dot(W[:, 1], W[:, 1])
        g_01 = dot(W[:, 0], W[:, 1])
    loss, d_00, d_11, d_01, d_b0, d_b1 = pair_loss(
        g_00, g_11, g_01, b[0], b[1], I[0], I[1], S[0], S[1]
    )
    for a in range(m):
        dW[a, 0] = 2.0 * W[a, 0] * d_00 + W[a, 1] * d_01
        dW[a, 1] = 2.0 * W[a, 1] * d_11 + W[a, 0] * d_01
    db[0] = d_b0
    db[1] = d_b1
    return loss


@njit(cache=True, error_model="numpy")
def _few_features(W, b, I, S, law, dW, db):
    """Up to MAX_DIRECTIONS features: every row holds all of them."""
    m, n = W.shape
    G = np.empty((n, n))
    H = np.zeros((n, n))
    order = np.empty(n, np.int64)
    g = np.empty(n)
    p = np.empty(n)
    s = np.empty(n)
    d_g = np.empty(n)
    for j in range(n):
        for i in range(j + 1):
            G[j, i] = G[i, j] = dot(W[:, i], W[:, j])
    loss = 0.0
    for j in range(n):
        db[j] = 0.0
        if I[j] == 0.0:
            continue
        own = sort_row(G[j], j, S, n, order, g, p, s)
        k = n
        while k > 1 and g[k - 1] == 0.0 and k - 1 != own:
            k -= 1
        d_c, off = row_terms(k, g, b[j], own, p, s, law, d_g)
        loss += I[j] * (0.5 * b[j] * d_c + off)
        db[j] = I[j] * d_c
        mean = 0.5 if law == UNIFORM else 1.0
        for i in range(n):
            if i >= k:
                d_g[i] = mean * p[i] * d_c
            elif i == own:
                loss += 0.5 * I[j] * (g[i] - 1.0) * d_g[i]
            else:
                loss += 0.5 * I[j] * g[i] * d_g[i]
            H[j, order[i]] = I[j] * d_g[i]
    for a in range(m):
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += W[a, j] * (H[j, i] + H[i, j])
            dW[a, i] = total
    return loss


@njit(cache=True, error_model="numpy")
def sort_row(row, own, S, n, order, g, p, s):
    """Bring one row of G into falling order of size; the position of the own feature."""
    for i in range(n):
        t = i
        while t > 0 and abs(g[t - 1]) < abs(row[i]):
            g[t] = g[t - 1]
            order[t] = order[t - 1]
            t -= 1
        g[t] = row[i]
        order[t] = i
    at = 0
    for t in range(n):
        i = order[t]
        s[t] = S[i]
        p[t] = 1.0 - S[i]
        if i == own:
            at = t
    return at


@njit(cache=True, error_model="numpy")
def model_loss_grad(W, b, I, S, law, dW, db):
    """The loss of one model; its gradient is written into dW (m, n) and db (n,).

    W (m, n), b (n,), I (n,) and the sparsity of each feature S (n,): float64. law: UNIFORM or
    POINT. The values must have been checked. NaN says that a feature interferes with more than
    MAX_DIRECTIONS − 1 others; a loss beyond the largest float is inf, and then dW and db are
    whatever they overflowed to.
    """
    n = W.shape[1]
    if n == 2 and law == UNIFORM:
        loss = _two_features(W, b, I, S, dW, db)
    elif n <= MAX_DIRECTIONS:
        loss = _few_features(W, b, I, S, law, dW, db)
    else:
        fits, loss = sparse_loss_grad(W, b, I, S, law, dW, db)
        if not fits:
            return np.nan
    return loss if np.isfinite(loss) else np.inf
