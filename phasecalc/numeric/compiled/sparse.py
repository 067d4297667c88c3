"""Models of many features, few of which interfere: the cost follows the interference graph."""

from __future__ import annotations

import numpy as np

from .cube import MAX_DIRECTIONS
from .jit import compiled
from .rows import UNIFORM, row_terms

_EPS = 2.220446049250313e-16


@compiled()
def nonzeros(W):
    """The non-zero entries of W by rows: (start, column)."""
    m, n = W.shape
    start = np.zeros(m + 1, np.int64)
    for a in range(m):
        count = 0
        for i in range(n):
            count += W[a, i] != 0.0
        start[a + 1] = start[a] + count
    column = np.empty(start[m], np.int64)
    for a in range(m):
        t = start[a]
        for i in range(n):
            if W[a, i] != 0.0:
                column[t] = i
                t += 1
    return start, column


@compiled()
def interference(W, start, column):
    """The rows of G = WᵀW: (degree, index, value), each row in falling order of |G_ji|.

    degree[j] counts the entries of row j, the own feature always among them. A row keeps at most
    MAX_DIRECTIONS entries, but degree counts on. An entry off the diagonal that is below the
    rounding error of its own sum counts as zero: rotated orthogonal features do not interfere.
    """
    m, n = W.shape
    degree = np.zeros(n, np.int64)
    index = np.empty((n, MAX_DIRECTIONS), np.int64)
    value = np.empty((n, MAX_DIRECTIONS))
    dense = 4 * start[m] > m * n
    if dense:
        G = np.dot(W.T, W)
        norm = np.empty(n)
        for i in range(n):
            norm[i] = np.sqrt(G[i, i])
    else:
        # The columns' own lists: which rows of W feature j occupies.
        begin = np.zeros(n + 1, np.int64)
        for t in range(start[m]):
            begin[column[t] + 1] += 1
        for i in range(n):
            begin[i + 1] += begin[i]
        row = np.empty(start[m], np.int64)
        fill = begin[:n].copy()
        for a in range(m):
            for t in range(start[a], start[a + 1]):
                row[fill[column[t]]] = a
                fill[column[t]] += 1
    total = np.zeros(n)
    size = np.zeros(n)
    met = np.empty(n, np.int64)
    seen = np.zeros(n, np.bool_)
    for j in range(n):
        count = 0
        if dense:
            for i in range(n):
                total[i] = G[j, i]
                size[i] = norm[j] * norm[i]
                met[i] = i
            count = n
        else:
            met[0] = j
            seen[j] = True
            count = 1
            for e in range(begin[j], begin[j + 1]):
                a = row[e]
                for t in range(start[a], start[a + 1]):
                    i = column[t]
                    if not seen[i]:
                        seen[i] = True
                        met[count] = i
                        count += 1
                    product = W[a, j] * W[a, i]
                    total[i] += product
                    size[i] += abs(product)
        for e in range(count):
            i = met[e]
            # One product is exact enough whatever its size: only sums can cancel.
            if i == j or (total[i] != 0.0 and not abs(total[i]) <= m * _EPS * size[i]):
                t = min(degree[j], MAX_DIRECTIONS - 1)
                degree[j] += 1
                while t > 0 and abs(value[j, t - 1]) < abs(total[i]):
                    value[j, t] = value[j, t - 1]
                    index[j, t] = index[j, t - 1]
                    t -= 1
                value[j, t] = total[i]
                index[j, t] = i
            total[i] = 0.0
            size[i] = 0.0
            seen[i] = False
    return degree, index, value


@compiled()
def sparse_loss_grad(W, b, I, S, law, dW, db):
    """As `model.model_loss_grad`, for any number of features n.

    NaN says that a feature interferes with more than MAX_DIRECTIONS − 1 others.
    """
    m, n = W.shape
    start, column = nonzeros(W)
    degree, index, value = interference(W, start, column)
    for j in range(n):
        if degree[j] > MAX_DIRECTIONS:
            return np.nan
    p = np.empty(MAX_DIRECTIONS)
    s = np.empty(MAX_DIRECTIONS)
    d_g = np.empty(MAX_DIRECTIONS)
    H = np.zeros((n, MAX_DIRECTIONS))
    half = 0.5 if law == UNIFORM else 1.0
    mean = half * (1.0 - S)
    loss = 0.0
    for j in range(n):
        db[j] = 0.0
        if I[j] == 0.0:
            continue
        k = degree[j]
        own = k
        for t in range(k):
            s[t] = S[index[j, t]]
            p[t] = 1.0 - s[t]
            if index[j, t] == j:
                own = t
        g = value[j]
        d_c, off = row_terms(k, g, b[j], own, p, s, law, d_g)
        part = 0.5 * b[j] * d_c + off - 0.5 * d_g[own]
        for t in range(k):
            part += 0.5 * g[t] * d_g[t]
            H[j, t] = I[j] * (d_g[t] - mean[index[j, t]] * d_c)
        loss += I[j] * part
        db[j] = I[j] * d_c
    # T = H̃ + H̃ᵀ on the graph, which is symmetric.
    T = np.empty_like(H)
    for j in range(n):
        for t in range(degree[j]):
            i = index[j, t]
            T[j, t] = H[j, t]
            for e in range(degree[i]):
                if index[i, e] == j:
                    T[j, t] += H[i, e]
    for a in range(m):
        to_mean = 0.0
        to_bias = 0.0
        for t in range(start[a], start[a + 1]):
            j = column[t]
            to_mean += W[a, j] * mean[j]
            to_bias += W[a, j] * db[j]
        for i in range(n):
            dW[a, i] = to_bias * mean[i] + to_mean * db[i]
        for t in range(start[a], start[a + 1]):
            j = column[t]
            for e in range(degree[j]):
                dW[a, index[j, e]] += W[a, j] * T[j, e]
    return loss if np.isfinite(loss) else np.inf
