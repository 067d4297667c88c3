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

LIFT = 2.0**600


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def dot(W, i, j, lift):
    """lift · Σ_a W_ai W_aj, carrying along the rounding error of each product and each sum.

    lift: 1, or `LIFT` for a column i so small that its products would lose digits below the
    smallest normal number.
    """
    total = 0.0
    error = 0.0
    plain = 0.0
    for a in range(W.shape[0]):
        x = W[a, i] * lift
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
        error += ((xh * yh - product) + (xh * yl + xl * yh)) + xl * yl
        new = total + product
        z = new - total
        error += (total - (new - z)) + (product - z)
        total = new
    total += error
    return total if np.isfinite(total) else plain


@compiled(forceinline=True)
def lift_of(peak, c):
    """LIFT for a row whose coefficients and bias are all near the smallest numbers, else 1.

    u > 0 does not change when (g, c) is multiplied by LIFT. In v = u − x_own, u is below the
    rounding of x_own before and after.
    """
    return LIFT if (peak < 2.0**-960) & (abs(c) < 2.0**-900) else 1.0


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def settled(loss, W, b, I):
    """The loss; inf if it overflowed. NaN from numbers that cannot overflow stays NaN."""
    if np.isfinite(loss):
        return loss
    peak = 0.0
    for a in range(W.shape[0]):
        for i in range(W.shape[1]):
            peak = max(peak, abs(W[a, i]))
    for j in range(len(b)):
        peak = max(peak, abs(b[j]), I[j])
    return np.inf if peak > 1e50 else np.nan


@compiled(forceinline=True)
def pair_rows(a_0, q_0, c_0, a_1, q_1, c_1, I_0, I_1, s_0, s_1):
    """The loss of two features, uniform law: (L, ∂L/∂G_00, ∂G_11, ∂G_01, ∂b_0, ∂b_1).

    ∂G_01 is the sum over the two places that the overlap has in G; each of the two rows may be
    lifted by itself. For W = [w_0, w_1], ∂L/∂w_0 = 2 w_0 ∂G_00 + w_1 ∂G_01.
    """
    p_0 = 1.0 - s_0
    p_1 = 1.0 - s_1
    x_a, x_q, x_c, x_off = pair_row(a_0, q_0, c_0, p_0, s_0, p_1, s_1)
    y_a, y_q, y_c, y_off = pair_row(a_1, q_1, c_1, p_1, s_1, p_0, s_0)
    x = 0.5 * ((a_0 - 1.0) * x_a + q_0 * x_q + c_0 * x_c) + x_off
    y = 0.5 * ((a_1 - 1.0) * y_a + q_1 * y_q + c_1 * y_c) + y_off
    # A row of no importance counts for nothing, even where it overflows.
    x_on = I_0 > 0.0
    y_on = I_1 > 0.0
    return (
        (I_0 * x if x_on else 0.0) + (I_1 * y if y_on else 0.0),
        I_0 * x_a if x_on else 0.0,
        I_1 * y_a if y_on else 0.0,
        (I_0 * x_q if x_on else 0.0) + (I_1 * y_q if y_on else 0.0),
        I_0 * x_c if x_on else 0.0,
        I_1 * y_c if y_on else 0.0,
    )


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def pair_model(W, b, I, S, dW, db):
    """`careful_model` for n ≤ 2 under the uniform law."""
    m, n = W.shape
    j = n - 1
    a_0 = dot(W, 0, 0, 1.0)
    a_1 = dot(W, j, j, 1.0)
    q_0 = dot(W, 0, j, 1.0) if n == 2 else 0.0
    q_1 = q_0
    lift_0 = lift_of(max(a_0, abs(q_0)), b[0])
    lift_1 = lift_of(max(a_1, abs(q_0)), b[j])
    if lift_0 != 1.0:
        a_0 = dot(W, 0, 0, lift_0)
        q_0 = dot(W, 0, j, lift_0) if n == 2 else 0.0
    if lift_1 != 1.0:
        a_1 = dot(W, j, j, lift_1)
        q_1 = dot(W, j, 0, lift_1) if n == 2 else 0.0
    # One feature is a pair whose other one is never active and of no importance.
    other = I[1] if n == 2 else 0.0
    loss, d_00, d_11, d_01, d_b0, d_b1 = pair_rows(
        a_0, q_0, lift_0 * b[0], a_1, q_1, lift_1 * b[j], I[0], other, S[0], S[j] if n == 2 else 1.0
    )
    if n == 2:
        for a in range(m):
            dW[a, 0] = 2.0 * W[a, 0] * d_00 + W[a, 1] * d_01
            dW[a, 1] = 2.0 * W[a, 1] * d_11 + W[a, 0] * d_01
        db[1] = d_b1
    else:
        for a in range(m):
            dW[a, 0] = 2.0 * W[a, 0] * d_00
    db[0] = d_b0
    return settled(loss, W, b, I)


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def point_model(W, b, I, S, dW, db):
    """`careful_model` under the point law: every active feature is 1, a sum over 2^n inputs."""
    m, n = W.shape
    G = np.empty((n, n))
    H = np.zeros((n, n))
    for j in range(n):
        db[j] = 0.0
        for i in range(n):
            G[j, i] = dot(W, j, i, 1.0)
    loss = 0.0
    for j in range(n):
        if I[j] == 0.0:
            continue
        lift = overlaps(W, j, b[j], G[j])
        part = 0.0
        d_c = 0.0
        for active in range(1 << n):
            u = lift * b[j]
            weight = 1.0
            for i in range(n):
                if active >> i & 1:
                    u += G[j, i]
                    weight *= 1.0 - S[i]
                else:
                    weight *= S[i]
            x = active >> j & 1
            if u > 0.0:
                v = u - x
                part += weight * v * v
                d_c += 2.0 * weight * v
                for i in range(n):
                    if active >> i & 1:
                        H[j, i] += 2.0 * I[j] * weight * v
            elif x:
                part += weight
        loss += I[j] * part
        db[j] = I[j] * d_c
    for a in range(m):
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += W[a, j] * (H[i, j] + H[j, i])
            dW[a, i] = total
    return settled(loss, W, b, I)


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def careful_model(W, b, I, S, law, dW, db):
    """The loss of one model; its gradient is written into dW (m, n) and db (n,).

    W (m, n), b (n,), I (n,) and the sparsity of each feature S (n,): float64 in C order, n at most
    MAX_DIRECTIONS (`sparse.sparse_loss_grad` takes any n). law: rows.UNIFORM or rows.POINT. Values
    must have been checked. A loss beyond the largest float is inf, and then dW and db are whatever
    they overflowed to.
    """
    m, n = W.shape
    loss = 0.0
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
        c = b[j] * overlaps(W, j, b[j], row)
        own = sort_row(row, j, S, order, g, p, s)
        k = n
        while k > own + 1 and g[k - 1] == 0.0:
            k -= 1
        d_c, off = row_terms(k, g, c, own, p, s, law, d_g)
        part = 0.5 * c * d_c + off - 0.5 * d_g[own]
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
    return settled(loss, W, b, I)


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def overlaps(W, j, c, row):
    """Write row j of G, lifted where that is called for; return by what."""
    peak = 0.0
    for i in range(len(row)):
        row[i] = dot(W, j, i, 1.0)
        peak = max(peak, abs(row[i]))
    lift = lift_of(peak, c)
    if lift != 1.0:
        for i in range(len(row)):
            row[i] = dot(W, j, i, lift)
    return lift


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
