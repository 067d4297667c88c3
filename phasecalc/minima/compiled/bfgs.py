"""Many models brought to a stationary point of the exact loss, one after another: BFGS.

The loss is C¹ almost everywhere, but its second derivatives jump where a vertex of the cube crosses
u = 0. BFGS with a weak Wolfe line search by bracketing and bisection is known to converge
superlinearly all the same, and on kinks too (Lewis and Overton 2013). Near a minimum two losses
differ by less than their rounding errors, long before the gradient is small: there the condition of
sufficient decrease is put in terms of slopes (Hager and Zhang 2005).
"""

from __future__ import annotations

import math

import numpy as np

from ...kernel.compiled.jit import compiled
from .objective import dot, objective

CONVERGED = 0
TOO_MANY_ITERATIONS = 1
NO_LOWER_POINT = 2
DIVERGED = 3

_DECREASE = 1e-4
_CURVATURE = 0.9
_ROUNDING = 1e-15
"""Error that the loss may have, in parts of Σ I_j p, the size of the terms that cancel in it."""
_TRIALS = 60


@compiled()
def _restart(H, scale):
    for i in range(len(H)):
        for j in range(len(H)):
            H[i, j] = scale if i == j else 0.0


@compiled()
def _update(H, s, y, sy, Hy):
    """The BFGS formula for the inverse Hessian: H y = s afterwards, and H stays positive."""
    size = len(s)
    yHy = 0.0
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += H[i, j] * y[j]
        Hy[i] = total
        yHy += y[i] * total
    a = (1.0 + yHy / sy) / sy
    c = 1.0 / sy
    for i in range(size):
        for j in range(size):
            H[i, j] += a * s[i] * s[j] - c * (s[i] * Hy[j] + Hy[i] * s[j])


@compiled(nogil=True)
def bfgs(
    X, m, n, I, S, kernel, penalty, no_bias, first, tolerance, limit, stop, iterations, reason
):
    """From every row of X = (W by rows, b), in place, with its own I (·, n) and S (·, n).

    The first step is `first` (·,) times the gradient, and at most 1/2 long. A gradient is small at
    the norm tolerance · min(1, Σ I_j p): losses and gradients shrink with p. Writes the number of
    steps and the reason for stopping of each. `stop[0]` is looked at before every model: when it is
    set, the models that remain keep the reason that they had.
    """
    size = m * n + n
    g = np.empty(size)
    x_new = np.empty(size)
    g_new = np.empty(size)
    d = np.empty(size)
    s = np.empty(size)
    y = np.empty(size)
    Hy = np.empty(size)
    H = np.empty((size, size))
    for e in range(len(X)):
        if stop[0]:
            return
        x = X[e]
        if no_bias:
            for i in range(m * n, size):
                x[i] = 0.0
        loss = objective(x, m, n, I[e], S[e], kernel, penalty, no_bias, g)
        norm = math.sqrt(dot(g, g))
        _restart(H, min(first[e], 0.5 / norm) if norm > 0.0 else 1.0)
        size_of_loss = 0.0
        for j in range(n):
            size_of_loss += I[e, j] * (1.0 - S[e, j])
        noise = _ROUNDING * size_of_loss
        small = tolerance * min(1.0, size_of_loss)
        fresh = True
        code = TOO_MANY_ITERATIONS
        steps = 0
        while steps < limit:
            if not math.isfinite(loss) or not math.isfinite(norm):
                code = DIVERGED
                break
            if norm <= small:
                code = CONVERGED
                break
            slope = 0.0
            for i in range(size):
                total = 0.0
                for j in range(size):
                    total -= H[i, j] * g[j]
                d[i] = total
                slope += total * g[i]
            low = 0.0
            high = math.inf
            t = 1.0
            found = False
            loss_new = loss
            if slope < 0.0:
                for _ in range(_TRIALS):
                    for i in range(size):
                        x_new[i] = x[i] + t * d[i]
                    loss_new = objective(x_new, m, n, I[e], S[e], kernel, penalty, no_bias, g_new)
                    slope_new = dot(g_new, d)
                    lower = loss_new <= loss + _DECREASE * t * slope
                    if not lower and abs(loss_new - loss) <= noise:
                        lower = slope_new <= (2.0 * _DECREASE - 1.0) * slope
                    if not lower:
                        high = t
                    elif slope_new < _CURVATURE * slope:
                        low = t
                    else:
                        found = True
                        break
                    t = 2.0 * t if high == math.inf else 0.5 * (low + high)
            if not found:
                if fresh:
                    code = NO_LOWER_POINT
                    break
                _restart(H, 1.0)
                fresh = True
                continue
            for i in range(size):
                s[i] = x_new[i] - x[i]
                y[i] = g_new[i] - g[i]
                x[i] = x_new[i]
                g[i] = g_new[i]
            loss = loss_new
            norm = math.sqrt(dot(g, g))
            sy = dot(s, y)
            if sy > 0.0:
                if fresh:
                    _restart(H, sy / dot(y, y))
                    fresh = False
                _update(H, s, y, sy, Hy)
            steps += 1
        iterations[e] = steps
        reason[e] = code
