"""Quadratic forms over boxes: proved to be positive definite, and their least values."""

from __future__ import annotations

import numpy as np

from ...kernel.compiled.jit import compiled

SHARES = (0.0, 1.0 / 256, 1.0 / 64, 1.0 / 16, 1.0 / 4, 1.0 / 2, 1.0 + 1e-9)
SWEEPS = 8


@compiled()
def positive_definite(A, free, L):
    """Cholesky factor of the free part of A − 1e-11 max|A| into L; False where there is none."""
    d = len(free)
    top = 0.0
    for s in range(d):
        for t in range(d):
            if free[s] and free[t]:
                top = max(top, abs(A[s, t]))
    shift = 1e-11 * top
    for s in range(d):
        if not free[s]:
            continue
        for t in range(s + 1):
            if not free[t]:
                continue
            part = 0.5 * (A[s, t] + A[t, s])
            for k in range(t):
                if free[k]:
                    part -= L[s, k] * L[t, k]
            if s == t:
                part -= shift
                if not part > shift:
                    return False
                L[s, s] = np.sqrt(part)
            else:
                L[s, t] = part / L[t, t]
    return True


@compiled()
def convex_drop(A, free, glo, ghi, radius, y):
    """A number above −min of g·h + ½hᵀAh over |h| ≤ radius, A positive definite.

    For any y: g·h + ½hᵀAh ≥ −½yᵀAy − |g − Ay|·radius, with equality where −y is the minimum in the
    box, to which coordinate descent leads.
    """
    d = len(free)
    y[:] = 0.0
    for _ in range(SWEEPS):
        for s in range(d):
            if free[s]:
                part = 0.5 * (glo[s] + ghi[s])
                for t in range(d):
                    if t != s and free[t]:
                        part -= 0.5 * (A[s, t] + A[t, s]) * y[t]
                y[s] = min(max(part / A[s, s], -radius[s]), radius[s])
    drop = 0.0
    for s in range(d):
        if not free[s]:
            continue
        Ay = 0.0
        size = 0.0
        for t in range(d):
            if free[t]:
                part = 0.5 * (A[s, t] + A[t, s]) * y[t]
                Ay += part
                size += abs(part)
        drop += 0.5 * y[s] * Ay + 1e-14 * size * abs(y[s])
        drop += (max(ghi[s] - Ay, Ay - glo[s]) + 1e-14 * size) * radius[s]
    return drop * (1.0 + 1e-14)


@compiled()
def quadratic_drop(A, free, glo, ghi, radius, L, y, goal, chosen):
    """A number above −min over |h| ≤ radius of g·h + ½ hᵀAh, for every g in [glo, ghi].

    A + share · τ diag(1/r²) is positive definite for a share of at most 1, where τ is what
    Gershgorin's theorem misses in A scaled by the radii r: ½ share τ for each direction is what
    that costs. The first share with a drop of at most `goal` is taken, else the best one; it is
    written into chosen[0].
    """
    d = len(free)
    drop = np.inf
    raised = A.copy()
    tau = 0.0
    total = 0.0
    for s in range(d):
        if free[s]:
            bend = A[s, s] * radius[s] * radius[s]
            for t in range(d):
                if t != s and free[t]:
                    bend -= 0.5 * abs(A[s, t] + A[t, s]) * radius[s] * radius[t]
            tau = max(tau, -bend)
            total += 1.0
    total *= tau
    for share in SHARES:
        for s in range(d):
            if free[s]:
                raised[s, s] = A[s, s] + share * tau / (radius[s] * radius[s])
        if positive_definite(raised, free, L):
            found = convex_drop(raised, free, glo, ghi, radius, y) + 0.5 * share * total
            found *= 1.0 + 1e-12
            if found < drop:
                drop = found
                chosen[0] = share
            if drop <= goal:
                break
        if total == 0.0:
            break
    return drop
