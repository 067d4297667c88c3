"""What descents go down: the exact loss and a penalty, over one vector x = (W by rows, b).

Written out in loops: what NumPy writes in one line costs a second of compilation.
"""

from __future__ import annotations

from ...kernel.compiled.call import call_loss_flat
from ...kernel.compiled.jit import compiled


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def objective(x, m, n, I, S, kernel, penalty, no_bias, g):
    """Loss and λ Σ_{i≠j} (W_i·W_j)² at x; the gradient is written into g, 0 where b is held."""
    loss = call_loss_flat(kernel, m, n, x, I, S, g)
    if penalty != 0.0:
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                overlap = 0.0
                for a in range(m):
                    overlap += x[a * n + i] * x[a * n + j]
                loss += penalty * overlap * overlap
                for a in range(m):
                    g[a * n + i] += 4.0 * penalty * overlap * x[a * n + j]
    if no_bias:
        for i in range(n):
            g[m * n + i] = 0.0
    return loss


@compiled(nogil=True)
def objectives(X, m, n, I, S, kernel, penalty, no_bias, loss, G):
    """`objective` at every row of X."""
    for k in range(len(X)):
        loss[k] = objective(X[k], m, n, I, S, kernel, penalty, no_bias, G[k])


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def dot(x, y):
    """Σ x_i y_i."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * y[i]
    return total
