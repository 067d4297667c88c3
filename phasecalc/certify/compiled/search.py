"""Branch and bound: what one box is worth, and the loop over boxes.

Every step is written to a log, in preorder: (code, index, value). The codes are shared with
`..codes`, and a checker that knows none of this code replays them.
"""

from __future__ import annotations

import numpy as np

from ...kernel.compiled.jit import compiled
from ..codes import (
    CONVEX,
    DOMAIN_HIGH,
    DOMAIN_LOW,
    EMPTY,
    LENGTH,
    ROW,
    SECANT,
    SLOPE,
    SLOPE_HIGH,
    SLOPE_LOW,
    SPLIT,
    SYMMETRY,
    VALUE,
)
from .quadratic import positive_definite, quadratic_drop
from .rows import down, gram_box, hessian_below, loss_box, row_bounds, up
from .secant import lengths_bound, secant_form

SMALL, SMALL_BIAS = 10.0, 20.0
"""Widths of W and b, in parts of √gap, below which a box of more than two features only has to lie
above the floor, where several minima are within the gap of the least. Where the curvature is 1/50
a loss within the gap is within 10 √gap of the minimum."""
WIDEST = 2.0
"""Widths of W from which on tangents are not tried."""
SHAVES = 3
"""Cuts of a bias interval from each side, at most, in one visit."""


@compiled()
def convex_around(lo, hi, at, problem, level):
    """Whether L is proved strictly convex on the box, `at` inside it.

    Then level[0] is a bound of L below on the box, and level[1] one of the distance from `at` to
    a stationary point in the box: |∇L(at)| over the least eigenvalue of the Hessian from below.
    """
    m, n, I, law, penalty, held = problem
    d = m * n + n
    ell = np.empty((n, 2))
    gl, gh = np.empty(d), np.empty(d)
    hl, hh = np.zeros((n, n + 1)), np.zeros((n, n + 1))
    corners = np.empty((n, 2, n + 1, n + 1))
    A, L, y = np.empty((d, d)), np.zeros((d, d)), np.empty(d)
    free = hi > lo
    loss_box(lo, hi, problem, ell, gl, gh, hl, hh, corners)
    if not hessian_below(lo, hi, problem, hl, hh, corners, A):
        return False
    if not positive_definite(A, free, L):
        return False
    low, _ = loss_box(at, at, problem, ell, gl, gh, hl, hh, corners)
    radius = np.maximum(hi - at, at - lo) * (1.0 + 1e-15)
    drop = quadratic_drop(A, free, gl, gh, radius, L, y, 0.0, np.empty(1))
    level[0] = low - drop - 1e-15 * (abs(low) + drop)
    used = np.flatnonzero(free)
    part = np.empty((len(used), len(used)))
    steep = 0.0
    for s in range(len(used)):
        steep += max(abs(gl[used[s]]), abs(gh[used[s]])) ** 2
        for t in range(len(used)):
            part[s, t] = 0.5 * (A[used[s], used[t]] + A[used[t], used[s]])
    values = np.linalg.eigvalsh(part)
    least = values[0] - 1e-10 * max(abs(values[0]), abs(values[-1]))
    level[1] = np.sqrt(steep) / least * (1.0 + 1e-12) if least > 0.0 else np.inf
    return True


@compiled(inline="always")
def _note(log_code, log_index, log_value, size, code, index, value):
    log_code[size] = code
    log_index[size] = index
    log_value[size] = value
    return size + 1


@compiled()
def _shave(lo, hi, j, problem, log_code, log_index, log_value, size):
    """Cut off ends of b_j's interval on which ∂L/∂b_j has one sign; (size of the log, empty)."""
    m, n, I, law, penalty, held = problem
    at = m * n + j
    glo, ghi = np.empty((n, n)), np.empty((n, n))
    gram_box(lo, hi, m, n, glo, ghi)
    tlo, thi = np.empty(n + 1), np.empty(n + 1)
    Mlo, Mhi = np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1))
    qlo, qhi = np.empty(n + 1), np.empty(n + 1)
    dlo, dhi = np.empty(n + 1), np.empty(n + 1)
    tlo[:n] = glo[j]
    thi[:n] = ghi[j]
    mean = 0.5 * law[n + 1]
    # Off for every x below, and above it E u_+ ≥ E u exceeds E x_j.
    low, high = 0.0, mean * (1.0 + 1e-14)
    for i in range(n):
        low = down(low - max(ghi[j, i], 0.0))
        high = up(high - down(mean * glo[j, i])) + 1e-14 * abs(glo[j, i])
    # A little is left to whoever checks this with other roundings.
    low -= 1e-13 * abs(low)
    high += 1e-13 * (abs(high) + 1.0)
    if low > lo[at]:
        lo[at] = low
        size = _note(log_code, log_index, log_value, size, DOMAIN_LOW, j, low)
    if high < hi[at]:
        hi[at] = high
        size = _note(log_code, log_index, log_value, size, DOMAIN_HIGH, j, high)
    if lo[at] > hi[at]:
        return size, True
    for end in range(2):
        for _ in range(SHAVES):
            width = hi[at] - lo[at]
            if width <= 1e-14:
                break
            # The slope at the far end of a slab, of which the near end is the border.
            tlo[n], thi[n] = lo[at], hi[at]
            share = 0.5
            cut = False
            for _ in range(4):
                if end == 0:
                    new = lo[at] + share * width
                    thi[n] = new
                else:
                    new = hi[at] - share * width
                    tlo[n] = new
                row_bounds(tlo, thi, j, n, law, Mlo, Mhi, qlo, qhi, dlo, dhi)
                if end == 0 and dhi[n] < 0.0:
                    lo[at] = new
                    size = _note(log_code, log_index, log_value, size, SLOPE_LOW, j, new)
                    cut = True
                    break
                if end == 1 and dlo[n] > 0.0:
                    hi[at] = new
                    size = _note(log_code, log_index, log_value, size, SLOPE_HIGH, j, new)
                    cut = True
                    break
                # Newton's step for the share at which the slope would vanish.
                if end == 0:
                    slope = 2.0 * (Mhi[n, n] * width + 1e-300)
                    share = min(0.9 * (share - dhi[n] / slope), 0.5 * share)
                else:
                    slope = 2.0 * (Mlo[n, n] * width + 1e-300)
                    share = min(0.9 * (share + dlo[n] / slope), 0.5 * share)
                if share < 0.04:
                    break
            if not cut:
                break
    return size, False


@compiled()
def examine(lo, hi, problem, variance, classes, target, floor, bare, balls, levels, log_code,
            log_index, log_value, size):  # fmt: skip
    """One box: contract it, then close it or say where to split; (log size, closed, bound).

    A box is closed when it lies above `target`; one next to a row of `bare`, a minimum without a
    neighbourhood, and a small one, when it lies above `floor`.
    """
    m, n, I, law, penalty, held = problem
    d = m * n + n
    for i in range(n):
        for k in range(i):
            if classes[i] != classes[k]:
                continue
            # Of equally important features the longer one comes first.
            longest = 0.0
            shortest = 0.0
            for a in range(m):
                longest = up(longest + up(max(abs(lo[a * n + k]), abs(hi[a * n + k])) ** 2))
                least = max(0.0, lo[a * n + i], -hi[a * n + i])
                shortest = down(shortest + down(least * least))
            if shortest > longest * (1.0 + 1e-13):
                return _note(log_code, log_index, log_value, size, SYMMETRY, k, i), True, np.inf
    bound = lengths_bound(lo, hi, problem, variance)
    if bound > target:
        return _note(log_code, log_index, log_value, size, LENGTH, 0, 0.0), True, bound
    if not held:
        for j in range(n):
            size, empty = _shave(lo, hi, j, problem, log_code, log_index, log_value, size)
            if empty:
                return _note(log_code, log_index, log_value, size, EMPTY, j, 0.0), True, np.inf

    # Inside a neighbourhood where L is convex.
    for k in range(len(balls)):
        if levels[k] >= floor and (lo >= balls[k, 0]).all() and (hi <= balls[k, 1]).all():
            size = _note(log_code, log_index, log_value, size, CONVEX, k, 0.0)
            return size, True, levels[k]

    goal = target
    reach = 0.01 * np.sqrt(max(target - floor, 0.0))
    for k in range(len(bare)):
        beside = True
        for s in range(d):
            if lo[s] > bare[k, s] + reach or hi[s] < bare[k, s] - reach:
                beside = False
        if beside:
            goal = floor
    reach = np.sqrt(max(target - floor, 0.0))
    wide, biases = SMALL, SMALL_BIAS
    rivals = 0
    for k in range(len(levels)):
        if levels[k] < 2.0 * target - floor:
            rivals += 1
    if n > 2 and rivals < 2:
        wide, biases = 1.0, np.inf
    elif n <= 2:
        # Beside a neighbourhood boxes close above the minimum itself once they are small enough.
        wide, biases = 1.0 if len(bare) > 0 else 0.05, np.inf
    if (hi - lo)[: m * n].max() < wide * reach and (hi - lo)[m * n :].max() < biases * reach:
        goal = floor
    ell = np.empty((n, 2))
    gl, gh = np.empty(d), np.empty(d)
    hl, hh = np.zeros((n, n + 1)), np.zeros((n, n + 1))
    corners = np.empty((n, 2, n + 1, n + 1))
    low, _ = loss_box(lo, hi, problem, ell, gl, gh, hl, hh, corners)
    if low >= goal:
        return _note(log_code, log_index, log_value, size, VALUE, 0, 0.0), True, low
    if not held:
        for j in range(n):
            if ell[j, 0] > variance:
                return _note(log_code, log_index, log_value, size, ROW, j, 0.0), True, np.inf
    free = hi > lo
    for s in range(d):
        if free[s] and (gl[s] > 0.0 or gh[s] < 0.0):
            return _note(log_code, log_index, log_value, size, SLOPE, s, 0.0), True, np.inf
    bound = max(bound, low)
    if (hi - lo)[: m * n].max() < WIDEST:
        A, L, y = np.empty((d, d)), np.zeros((d, d)), np.empty(d)
        slope, share = np.empty(d), np.zeros(1)
        centre = 0.5 * (lo + hi)
        radius = np.maximum(hi - centre, centre - lo) * (1.0 + 1e-15)
        start = secant_form(lo, hi, problem, A, slope)
        if start >= goal:
            drop = quadratic_drop(A, free, slope, slope, radius, L, y, start - goal, share)
            bound = max(bound, start - drop)
            if start - drop >= goal:
                size = _note(log_code, log_index, log_value, size, SECANT, 0, share[0])
                return size, True, start - drop

    # Split at the face of a neighbourhood that fills a good part of the box, else in the middle.
    axis = -1
    at = 0.0
    for k in range(len(balls)):
        if levels[k] < floor:
            continue
        apart = False
        for s in range(d):
            if hi[s] <= balls[k, 0, s] or lo[s] >= balls[k, 1, s]:
                apart = True
            if free[s] and balls[k, 1, s] - balls[k, 0, s] < 0.125 * (hi[s] - lo[s]):
                apart = True
        if apart:
            continue
        excess = 0.0
        for s in range(d):
            if lo[s] < balls[k, 0, s]:
                part = (balls[k, 0, s] - lo[s]) / (hi[s] - lo[s])
                if part > excess:
                    excess, axis, at = part, s, balls[k, 0, s]
            if hi[s] > balls[k, 1, s]:
                part = (hi[s] - balls[k, 1, s]) / (hi[s] - lo[s])
                if part > excess:
                    excess, axis, at = part, s, balls[k, 1, s]
        if axis >= 0:
            break
    if axis < 0:
        worst = -1.0
        for s in range(d):
            if free[s]:
                # The widths of gradients are those of W; biases follow by contraction.
                part = (hi[s] - lo[s]) * (gh[s] - gl[s]) * (1.0 if s < m * n else 0.5)
                if part > worst:
                    worst, axis = part, s
        at = 0.5 * (lo[axis] + hi[axis])
    return _note(log_code, log_index, log_value, size, SPLIT, axis, at), False, bound


@compiled(nogil=True)
def run(stack, shares, depth, most, problem, variance, classes, target, floor, bare, balls,
        levels, log_code, log_index, log_value, best, near):  # fmt: skip
    """Work off the stack of boxes, last in first out, for at most `most` boxes.

    Returns (depth of the stack, size of the log, boxes done, boxes near, share closed). best[0]
    becomes the least bound of a closed box; closed boxes that may hold a global minimiser and lie
    in no neighbourhood are written into `near`, as many as it takes, and are counted. Ends early
    where the log or the stack is nearly full. A box too small to be split
    ends it with −(depth of the stack).
    """
    done = 0
    size = np.int64(0)
    count = 0
    closed_share = 0.0
    d = stack.shape[2]
    room = 16 + 8 * d
    while depth > 0 and done < most:
        if size + room > len(log_code) or depth + 2 > len(stack):
            break
        depth -= 1
        lo, hi = stack[depth, 0].copy(), stack[depth, 1].copy()
        size, closed, bound = examine(
            lo, hi, problem, variance, classes, target, floor, bare, balls, levels, log_code,
            log_index, log_value, size,
        )  # fmt: skip
        done += 1
        if closed:
            closed_share += shares[depth]
            best[0] = min(best[0], bound)
            if bound < best[1] and log_code[size - 1] != CONVEX:
                if count < len(near):
                    near[count, 0], near[count, 1] = lo, hi
                count += 1
            continue
        axis, at = log_index[size - 1], log_value[size - 1]
        if not lo[axis] < at < hi[axis]:
            stack[depth, 0], stack[depth, 1] = lo, hi
            return -depth - 1, size, done, count, closed_share
        shares[depth] *= 0.5
        shares[depth + 1] = shares[depth]
        stack[depth, 0], stack[depth, 1] = lo, hi
        stack[depth, 0, axis] = at
        stack[depth + 1, 0], stack[depth + 1, 1] = lo, hi
        stack[depth + 1, 1, axis] = at
        depth += 2
    return depth, size, done, count, closed_share
