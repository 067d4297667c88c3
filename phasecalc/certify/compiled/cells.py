"""Branch and bound for all losses of a cell of the plane at once: two features in one dimension.

For every x the loss over the cell is a convex combination, with the same weights for every x, of
its six *vertex losses*: Bernstein coefficients in p (see `law_between`) at both ends of r. So is
its difference to the loss at a fixed place, so are gradients and Hessians: what holds for all six
vertex losses holds for every loss of the cell. docs/certificates.md proves it.
"""

from __future__ import annotations

import numpy as np

from ...kernel.compiled.jit import compiled
from .quadratic import positive_definite, quadratic_drop
from .rows import down, gram_box, hessian_below, loss_box, row_bounds, up
from .secant import lengths_bound, secant_form

IGNORE, ANTIPODAL = 1, 2
_SHAVES = 3
_M, _N, _D = 1, 2, 4


@compiled()
def vertex(family, v):
    """The problem of vertex v = 0 … 5 of a family (laws (3, 4), ends of r (2), λ)."""
    laws, ends, penalty = family
    I = np.array([1.0, ends[v // 3]])
    # Typed as in `certify`, whose compiled bounds these calls then share.
    return np.int64(_M), np.int64(_N), I, laws[v % 3], penalty, np.bool_(False)


@compiled()
def _always_on(lo, hi):
    """Whether the output of feature 2 is above 0 for every x, W and b of the box."""
    g = min(lo[0] * lo[1], hi[0] * lo[1], lo[0] * hi[1], hi[0] * hi[1], 0.0)
    return lo[3] + g > 1e-12


@compiled()
def _bounds(lo, hi, family, variances, v, on, ell, gl, gh, hl, hh, corners):
    """A bound below vertex loss v; its gradient goes to gl and gh.

    Where feature 2 is always on, b_2 at its best leaves r v ((1 − w_2²)² + w_1² w_2²) of its error.
    """
    m, n, I, law, penalty, held = vertex(family, v)
    r = I[1]
    if not on:
        return loss_box(lo, hi, (m, n, I, law, penalty, held), ell, gl, gh, hl, hh, corners)[0]
    I[1] = 0.0
    low, _ = loss_box(lo, hi, (m, n, I, law, penalty, held), ell, gl, gh, hl, hh, corners)
    rv = r * variances[v % 3]
    t0, t1, s0, s1 = _squares(lo, hi)
    low += rv * (1.0 + min(t0 * s0, t1 * s0)) - 1e-14 * rv * (1.0 + t1 * (abs(s0) + abs(s1)))
    # ∂_1 = 2rv w_1 t, ∂_2 = 2rv w_2 (2t + w_1² − 2) with w_1 ≥ 0.
    small, large = lo[0] * lo[0], hi[0] * hi[0]
    if lo[0] < 0.0:
        small, large = 0.0, max(large, lo[0] * lo[0])
    slack = 1e-13 * rv * (1.0 + t1 + large) * (1.0 + abs(lo[1]) + abs(hi[1]) + abs(hi[0]))
    gl[0] += 2.0 * rv * min(lo[0] * t0, lo[0] * t1) - slack
    gh[0] += 2.0 * rv * max(hi[0] * t0, hi[0] * t1) + slack
    c0, c1 = 2.0 * t0 + small - 2.0, 2.0 * t1 + large - 2.0
    k0, k1, k2, k3 = c0 * lo[1], c0 * hi[1], c1 * lo[1], c1 * hi[1]
    gl[1] += 2.0 * rv * min(k0, k1, k2, k3) - slack
    gh[1] += 2.0 * rv * max(k0, k1, k2, k3) + slack
    return low


@compiled()
def _squares(lo, hi):
    """(least, largest) of w_2² and of w_1² + w_2² − 2."""
    t1 = max(lo[1] * lo[1], hi[1] * hi[1])
    t0 = 0.0 if lo[1] <= 0.0 <= hi[1] else min(lo[1] * lo[1], hi[1] * hi[1])
    u1 = max(lo[0] * lo[0], hi[0] * hi[0])
    u0 = 0.0 if lo[0] <= 0.0 <= hi[0] else min(lo[0] * lo[0], hi[0] * hi[0])
    return t0, t1, t0 + u0 - 2.0, t1 + u1 - 2.0


@compiled()
def _hessian(lo, hi, family, variances, v, on, hl, hh, corners, A):
    """A matrix below the Hessians of vertex loss v, from what `_bounds` left; False if none."""
    m, n, I, law, penalty, held = vertex(family, v)
    r = I[1]
    if on:
        I[1] = 0.0
    if not hessian_below(lo, hi, (m, n, I, law, penalty, held), hl, hh, corners, A):
        return False
    if on:
        rv = r * variances[v % 3]
        t0, t1, _, _ = _squares(lo, hi)
        u1 = max(lo[0] * lo[0], hi[0] * hi[0])
        u0 = 0.0 if lo[0] <= 0.0 <= hi[0] else min(lo[0] * lo[0], hi[0] * hi[0])
        x0, x1 = lo[0] * lo[1], lo[0] * hi[1]
        x2, x3 = hi[0] * lo[1], hi[0] * hi[1]
        least, most = 4.0 * rv * min(x0, x1, x2, x3), 4.0 * rv * max(x0, x1, x2, x3)
        middle, width = 0.5 * (least + most), 0.5 * (most - least)
        slack = 1e-12 * rv * (10.0 + t1 + u1)
        ratio = 1.0
        if hi[0] > lo[0] and hi[1] > lo[1]:
            ratio = min(max((hi[1] - lo[1]) / (hi[0] - lo[0]), 1e-3), 1e3)
        A[0, 0] += 2.0 * rv * t0 - width * ratio - slack * (1.0 + ratio)
        A[1, 1] += rv * (12.0 * t0 + 2.0 * u0 - 4.0) - width / ratio - slack * (1.0 + 1.0 / ratio)
        A[0, 1] += middle
        A[1, 0] += middle
    return True


@compiled()
def cell_convex(low, high, family, variances, most):
    """Whether every loss, b_2 at its best, is proved strictly convex in (w_1, w_2, b_1) on the box.

    In at most so many pieces; output 2 is always on there.
    """
    ell = np.empty((_N, 2))
    gl, gh = np.empty(_D), np.empty(_D)
    hl, hh = np.zeros((_N, _N + 1)), np.zeros((_N, _N + 1))
    corners = np.empty((_N, 2, _N + 1, _N + 1))
    A, L = np.empty((_D, _D)), np.zeros((_D, _D))
    stack = np.empty((100, 2, _D))
    stack[0, 0], stack[0, 1] = low, high
    depth, done, on = 1, 0, np.bool_(True)
    while depth > 0:
        done += 1
        if done > most or depth + 1 > len(stack):
            return False
        depth -= 1
        lo, hi = stack[depth, 0].copy(), stack[depth, 1].copy()
        free = hi > lo
        convex = True
        for v in range(6):
            _bounds(lo, hi, family, variances, v, on, ell, gl, gh, hl, hh, corners)
            if not _hessian(lo, hi, family, variances, v, on, hl, hh, corners, A):
                convex = False
                break
            if not positive_definite(A, free, L):
                convex = False
                break
        if convex:
            continue
        axis = np.argmax((hi - lo)[:3] / (high - low)[:3])
        at = 0.5 * (lo[axis] + hi[axis])
        stack[depth, 0], stack[depth, 1] = lo, hi
        stack[depth, 1, axis] = at
        stack[depth + 1, 0], stack[depth + 1, 1] = lo, hi
        stack[depth + 1, 0, axis] = at
        depth += 2
    return True


@compiled()
def cell_values(at, family, out):
    """Bounds above the six vertex losses at one place."""
    ell = np.empty((_N, 2))
    gl, gh = np.empty(_D), np.empty(_D)
    hl, hh = np.zeros((_N, _N + 1)), np.zeros((_N, _N + 1))
    corners = np.empty((_N, 2, _N + 1, _N + 1))
    for v in range(6):
        _, high = loss_box(at, at, vertex(family, v), ell, gl, gh, hl, hh, corners)
        out[v] = high


@compiled()
def _cut_biases(lo, hi, family):
    """Cut ends off the intervals of b that hold no minimiser of any loss; False if none is left."""
    laws = family[0]
    m, n = np.int64(_M), np.int64(_N)
    glo, ghi = np.empty((n, n)), np.empty((n, n))
    gram_box(lo, hi, m, n, glo, ghi)
    tlo, thi = np.empty(n + 1), np.empty(n + 1)
    Mlo, Mhi = np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1))
    qlo, qhi = np.empty(n + 1), np.empty(n + 1)
    dlo, dhi = np.empty(n + 1), np.empty(n + 1)
    for j in range(n):
        at = _N + j
        tlo[:n] = glo[j]
        thi[:n] = ghi[j]
        # Off for every x below; above, E u_+ ≥ E u exceeds E x_j, for every p of the cell.
        low, rest = 0.0, 1.0
        for i in range(n):
            low = down(low - max(ghi[j, i], 0.0))
            rest = up(rest - glo[j, i])
        high = -np.inf
        for a in range(3):
            high = max(high, up(0.5 * laws[a, n + 1] * rest))
        high += 1e-14 * abs(high)
        lo[at] = max(lo[at], low)
        hi[at] = min(hi[at], high)
        if lo[at] > hi[at]:
            return False
        for end in range(2):
            for _ in range(_SHAVES):
                width = hi[at] - lo[at]
                share = 0.5
                cut = False
                while share > 0.1 and width > 1e-14:
                    tlo[n], thi[n] = lo[at], hi[at]
                    if end == 0:
                        thi[n] = lo[at] + share * width
                    else:
                        tlo[n] = hi[at] - share * width
                    one_sign = True
                    for a in range(3):
                        row_bounds(tlo, thi, j, n, laws[a], Mlo, Mhi, qlo, qhi, dlo, dhi)
                        if not (dhi[n] < 0.0 if end == 0 else dlo[n] > 0.0):
                            one_sign = False
                            break
                    if one_sign:
                        cut = True
                        if end == 0:
                            lo[at] = thi[n]
                        else:
                            hi[at] = tlo[n]
                        break
                    share *= 0.5
                if not cut:
                    break
    return True


@compiled()
def _above_by_lengths(lo, hi, family, uppers, variances):
    """Whether the lengths of the features alone show that every vertex loss lies above."""
    for v in range(6):
        # Given the other feature the polar form is half of each law.
        variance = 0.5 * (variances[0] + variances[2]) if v % 3 == 1 else variances[v % 3]
        if not lengths_bound(lo, hi, vertex(family, v), variance) > uppers[v]:
            return False
    return True


@compiled()
def _above_by_secants(lo, hi, family, uppers, free, scratch):
    """Whether tangents show that every vertex loss lies above."""
    A, L, y, g, radius, share = scratch
    for s in range(_D):
        centre = 0.5 * (lo[s] + hi[s])
        radius[s] = max(hi[s] - centre, centre - lo[s]) * (1.0 + 1e-15)
    for v in range(6):
        spare = secant_form(lo, hi, vertex(family, v), A, g) - uppers[v]
        if not spare > 0.0:
            return False
        if not quadratic_drop(A, free, g, g, radius, L, y, 0.999 * spare, share) < spare:
            return False
    return True


@compiled()
def _examine(lo, hi, family, uppers, variances, target, near):
    """(closed, in the phase, axis, place to split); a closed box holds no global minimiser, or,
    where it is in the phase, only such as `target` names."""
    if _above_by_lengths(lo, hi, family, uppers, variances):
        return True, False, 0, 0.0
    if not _cut_biases(lo, hi, family):
        return True, False, 0, 0.0
    if target == ANTIPODAL and lo[0] > 0.0 and hi[1] < 0.0:
        return True, True, 0, 0.0
    free = hi > lo
    on = _always_on(lo, hi)
    if on:
        free[3] = False
    apart = not (on and target == IGNORE)
    if not apart:
        inside = True
        for s in range(3):
            if lo[s] < near[0, s] or hi[s] > near[1, s]:
                inside = False
            if hi[s] <= near[0, s] or lo[s] >= near[1, s]:
                apart = True
        if inside:
            return True, True, 0, 0.0
    ell = np.empty((_N, 2))
    gl, gh = np.empty(_D), np.empty(_D)
    hl, hh = np.zeros((_N, _N + 1)), np.zeros((_N, _N + 1))
    corners = np.empty((_N, 2, _N + 1, _N + 1))
    above = True
    row = np.ones(_N, np.bool_)
    least, most = np.full(_D, np.inf), np.full(_D, -np.inf)
    for v in range(6):
        low = _bounds(lo, hi, family, variances, v, on, ell, gl, gh, hl, hh, corners)
        above = above and low > uppers[v]
        for j in range(_N):
            row[j] = row[j] and ell[j, 0] > variances[v % 3]
        least = np.minimum(least, gl)
        most = np.maximum(most, gh)
    if above or row[0] or row[1]:
        return True, False, 0, 0.0
    for s in range(_D):
        if free[s] and (least[s] > 0.0 or most[s] < 0.0):
            return True, False, 0, 0.0
    widest = max(hi[0] - lo[0], hi[1] - lo[1])
    if not on and widest < 1.5:
        A, L, y = np.empty((_D, _D)), np.zeros((_D, _D)), np.empty(_D)
        scratch = A, L, y, np.empty(_D), np.empty(_D), np.zeros(1)
        if _above_by_secants(lo, hi, family, uppers, free, scratch):
            return True, False, 0, 0.0
    elif widest < 0.6:
        centre = 0.5 * (lo + hi)
        radius = np.empty(_D)
        for s in range(_D):
            radius[s] = up(max(hi[s] - centre[s], centre[s] - lo[s]))
        cgl, cgh = np.empty(_D), np.empty(_D)
        chl, chh = np.zeros((_N, _N + 1)), np.zeros((_N, _N + 1))
        A, L, y = np.empty((_D, _D)), np.zeros((_D, _D)), np.empty(_D)
        share = np.empty(1)
        above = True
        for v in range(6):
            middle = _bounds(centre, centre, family, variances, v, on, ell, cgl, cgh, chl, chh,
                             corners)  # fmt: skip
            if not middle > uppers[v]:
                above = False
                break
            _bounds(lo, hi, family, variances, v, on, ell, gl, gh, hl, hh, corners)
            drop = 0.0
            for s in range(_D):
                if free[s]:
                    drop += max(abs(gl[s]), abs(gh[s])) * radius[s]
            if middle - drop * (1.0 + 1e-14) > uppers[v]:
                continue
            if not _hessian(lo, hi, family, variances, v, on, hl, hh, corners, A):
                above = False
                break
            drop = quadratic_drop(
                A, free, cgl, cgh, radius, L, y, middle - uppers[v] - 1e-15, share
            )
            if not middle - drop - 1e-15 * abs(middle) > uppers[v]:
                above = False
                break
        if above:
            return True, False, 0, 0.0
    axis, at, excess = -1, 0.0, 0.0
    if not apart:
        for s in range(3):
            width = hi[s] - lo[s]
            if near[1, s] - near[0, s] < 0.125 * width:
                excess, axis = 0.0, -1
                break
            if lo[s] < near[0, s] and (near[0, s] - lo[s]) / width > excess:
                excess, axis, at = (near[0, s] - lo[s]) / width, s, near[0, s]
            if hi[s] > near[1, s] and (hi[s] - near[1, s]) / width > excess:
                excess, axis, at = (hi[s] - near[1, s]) / width, s, near[1, s]
    if axis < 0:
        # The sign of w_2 is what is asked.
        if lo[1] < 0.0 < hi[1] and hi[1] - lo[1] > 0.5:
            return False, False, 1, 0.0
        worst = -1.0
        for s in range(_D):
            part = (hi[s] - lo[s]) * (most[s] - least[s]) * (1.0 if s < _N else 0.5)
            if free[s] and part > worst:
                worst, axis = part, s
        at = 0.5 * (lo[axis] + hi[axis])
    return False, False, axis, at


@compiled(nogil=True)
def cell_run(boxes, family, uppers, variances, target, near, smallest, most, stop, left):
    """Work off `boxes` (k, 2, 4), write what stays into `left`: (boxes there, boxes open, done).

    Boxes in the phase stay, as do open ones: those that are as small as `smallest`, and all that
    remain after `most` visits, or with `stop` after the first open one. No open box means that
    every global minimiser of every loss of the cell is of the target phase.
    """
    stack = np.empty((len(boxes) + 400, 2, _D))
    stack[: len(boxes)] = boxes
    depth = len(boxes)
    kept, opened, done = 0, 0, 0
    while depth > 0:
        depth -= 1
        lo, hi = stack[depth, 0].copy(), stack[depth, 1].copy()
        small = max(hi[0] - lo[0], hi[1] - lo[1]) < smallest
        full = depth + 2 > len(stack) or kept + depth + 3 > len(left)
        if done >= most or full or (stop and opened > 0):
            left[kept, 0], left[kept, 1] = lo, hi
            kept += 1
            opened += 1
            continue
        done += 1
        closed, within, axis, at = _examine(lo, hi, family, uppers, variances, target, near)
        if within:
            left[kept, 0], left[kept, 1] = lo, hi
            kept += 1
        if closed:
            continue
        if small or not lo[axis] < at < hi[axis]:
            left[kept, 0], left[kept, 1] = lo, hi
            kept += 1
            opened += 1
            continue
        stack[depth, 0], stack[depth, 1] = lo, hi
        stack[depth, 0, axis] = at
        stack[depth + 1, 0], stack[depth + 1, 1] = lo, hi
        stack[depth + 1, 1, axis] = at
        depth += 2
    return kept, opened, done
