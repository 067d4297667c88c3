"""Newton's method to stationary points of one model's loss, to the last digits.

The loss is C¹ and piecewise C²: Newton's method converges inside a piece. W → QW does not change
the loss; the tangents of that orbit are given a curvature of one, so that the Hessian is regular at
a strict minimum.
"""

from __future__ import annotations

import math

import numpy as np

from ...kernel.compiled.jit import compiled
from .eigen import cholesky, eigen, solve
from .objective import dot, objective

HESSIAN_STEP = 3e-6
"""Largest step of the differences of the exact gradient: error about 1e-10.

The kinks of the loss lie at zero, and close to them it varies on the scale of the smallest entry of
x that is not zero: steps are small on that scale too.
"""


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _largest(g):
    """max |g_i|, infinite where an entry is no number."""
    top = 0.0
    for i in range(len(g)):
        if not math.isfinite(g[i]):
            return math.inf
        top = max(top, abs(g[i]))
    return top


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _hessian(x, m, n, I, S, kernel, penalty, no_bias, work, H):
    """∂²L/∂x² from central differences of the gradient; the identity for a bias that is held."""
    d = len(x)
    up, down, y = work[2], work[3], work[4]
    last = m * n if no_bias else d
    h = HESSIAN_STEP
    for i in range(d):
        y[i] = x[i]
        if x[i] != 0.0:
            h = min(h, 3e-3 * abs(x[i]))
    h = max(h, 1e-9)
    for i in range(last):
        y[i] = x[i] + h
        objective(y, m, n, I, S, kernel, penalty, no_bias, up)
        y[i] = x[i] - h
        objective(y, m, n, I, S, kernel, penalty, no_bias, down)
        y[i] = x[i]
        for j in range(d):
            H[i, j] = (up[j] - down[j]) / (2.0 * h)
    for i in range(last, d):
        for j in range(d):
            H[i, j] = 1.0 if i == j else 0.0
    for i in range(d):
        for j in range(i):
            H[i, j] = 0.5 * (H[i, j] + H[j, i])
            H[j, i] = H[i, j]


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _orbit(x, m, n, T):
    """Orthonormal tangents of W → QW at x, one a row of T; how many there are."""
    d = len(x)
    count = 0
    for a in range(m):
        for c in range(a):
            v = T[count]
            for i in range(d):
                v[i] = 0.0
            for i in range(n):
                v[a * n + i] = x[c * n + i]
                v[c * n + i] = -x[a * n + i]
            for k in range(count):
                along = 0.0
                for i in range(d):
                    along += T[k, i] * v[i]
                for i in range(d):
                    v[i] -= along * T[k, i]
            square = 0.0
            for i in range(d):
                square += v[i] * v[i]
            length = math.sqrt(square)
            if length > 1e-6:
                for i in range(d):
                    v[i] /= length
                count += 1
    return count


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _project(P, g, work):
    """g becomes P g."""
    for i in range(len(g)):
        work[i] = dot(P[i], g)
    for i in range(len(g)):
        g[i] = work[i]


@compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _restrict(P, H, work):
    """H becomes P H P + 1 − P: that of the loss within the image of P, of a sphere across it."""
    d = len(H)
    for i in range(d):
        for j in range(d):
            work[i, j] = dot(P[i], H[j])
    for i in range(d):
        for j in range(d):
            H[i, j] = dot(work[i], P[j]) + (1.0 if i == j else 0.0) - P[i, j]


@compiled(nogil=True)
def newton(
    X, m, n, I, S, kernel, penalty, no_bias, tolerance, most, downhill, hold, within, loss, size
):
    """Newton's method from every row of X, in place; losses and largest entries of the gradients.

    With `downhill` the step follows |curvature| downhill, so that it leaves saddles; without, it
    goes to the nearest stationary point of any kind. With `hold` the entries that are exactly zero,
    where the kinks lie, stay zero; the gradient that is returned counts them all the same. `within`
    is a projector, or empty: steps stay in its image, and only the gradient's part in it counts.
    """
    d = m * n + n
    work = np.empty((6, d))
    g, new_g, new_x, step, values, further = work[0], work[1], work[2], work[3], work[4], work[5]
    L = np.empty((d, d))
    H = np.empty((d, d))
    V = np.empty((d, d))
    T = np.empty((1 + m * (m - 1) // 2, d))
    held = np.empty(d, np.bool_)
    projected = len(within) > 0
    for k in range(len(X)):
        x = X[k]
        for i in range(d):
            held[i] = hold and x[i] == 0.0
        f = objective(x, m, n, I, S, kernel, penalty, no_bias, g)
        if projected:
            _project(within, g, further)
        top = _largest(g)
        for _ in range(most):
            if top <= tolerance or not math.isfinite(f):
                break
            _hessian(x, m, n, I, S, kernel, penalty, no_bias, work, H)
            count = _orbit(x, m, n, T)
            for c in range(count):
                for i in range(d):
                    for j in range(d):
                        H[i, j] += T[c, i] * T[c, j]
            if projected:
                _restrict(within, H, V)
            for i in range(d):
                if held[i]:
                    for j in range(d):
                        H[i, j] = 0.0
                        H[j, i] = 0.0
                    H[i, i] = 1.0
                    g[i] = 0.0
            definite = cholesky(H, L)
            if not definite:
                eigen(H, V)
                for i in range(d):
                    values[i] = abs(H[i, i]) if downhill else H[i, i]
                    if abs(values[i]) < 1e-11:
                        values[i] = math.inf
            solve(L, V, values, definite, g, step)
            length = math.sqrt(dot(step, step))
            for i in range(d):
                step[i] = 0.0 if held[i] else -step[i]  # not only up to rounding
            t = min(1.0, 0.5 / max(_largest(step), 1e-300))
            better = False
            new_f = f
            new_top = top
            for _ in range(30):
                for i in range(d):
                    new_x[i] = x[i] + t * step[i]
                new_f = objective(new_x, m, n, I, S, kernel, penalty, no_bias, new_g)
                if projected:
                    _project(within, new_g, further)
                new_top = _largest(new_g)
                if downhill and new_f < f - 1e-15 * abs(f):
                    better = True
                elif not downhill or new_f <= f + 1e-14:
                    # Deuflhard's test: in the Hessian's metric the next step would be shorter. The
                    # gradient itself may grow in stiff directions while it falls in a soft one.
                    better = new_top < top
                    if not better:
                        solve(L, V, values, definite, new_g, further)
                        better = math.sqrt(dot(further, further)) < (1.0 - 0.25 * t) * length
                if better:
                    break
                t *= 0.5
            if not better:
                break
            for i in range(d):
                x[i] = new_x[i]
                g[i] = new_g[i]
            f = new_f
            top = new_top
        loss[k] = f
        size[k] = top
