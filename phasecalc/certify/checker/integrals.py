"""M(θ) in float64, compiled: rules that are exact between the kinks, section 3 of the certificates.

Written for the checker alone; the search has integrals of its own. The steepest direction is
innermost, where integrals are polynomials of the kink; rules of two and of three points follow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .jit import compiled

Array = Any

_FAR_OF_TWO = (1 / 3) ** 0.5
_FAR_OF_THREE = 0.6**0.5


@compiled
def _kink(slope: float, c: float) -> float:
    """Where c + slope x = 0, moved into [0, 1]; 0 where the slope is."""
    return 0.0 if slope == 0.0 else min(max(-c / slope, 0.0), 1.0)


@compiled
def _line(g: float, c: float) -> tuple[float, ...]:
    """∫ (x², x, 1) 1(c + g x > 0) dx over [0, 1]."""
    x = _kink(g, c)
    if g > 0.0 or (g == 0.0 and c > 0.0):
        return (1.0 - x * x * x) / 3.0, (1.0 - x * x) / 2.0, 1.0 - x
    return x * x * x / 3.0, x * x / 2.0, x


@compiled
def _plane(g: float, h: float, c: float) -> tuple[float, ...]:
    """∫∫ (x², xy, y², x, y, 1) 1(c + g x + h y > 0) dx dy: a rule of two points for cubics."""
    one_kink, other = _kink(h, c), 1.0 if h == 0.0 else _kink(h, c + g)
    low, high = min(one_kink, other), max(one_kink, other)
    xx = xy = yy = x = y = one = 0.0
    # Beyond the kinks all of [0, 1] counts, or nothing: what is on in the middle of it.
    if low > 0.0 and c + 0.5 * g + h * (0.5 * low) > 0.0:
        xx, xy, yy = low / 3.0, low * low / 4.0, low * low * low / 3.0
        x, y, one = low / 2.0, low * low / 2.0, low
    if high < 1.0 and c + 0.5 * g + h * (0.5 + 0.5 * high) > 0.0:
        width = 1.0 - high
        middle = width * (high + 1.0) / 2.0
        xx, xy = xx + width / 3.0, xy + middle / 2.0
        yy += width * (1.0 + high + high * high) / 3.0
        x, y, one = x + width / 2.0, y + middle, one + width
    half = (high - low) / 2.0
    if half > 0.0:
        for node in (-_FAR_OF_TWO, _FAR_OF_TWO):
            at = (high + low) / 2.0 + half * node
            square, first, width = _line(g, c + h * at)
            square, first, width = half * square, half * first, half * width
            xx, xy, yy = xx + square, xy + first * at, yy + width * at * at
            x, y, one = x + first, y + width * at, one + width
    return xx, xy, yy, x, y, one


@compiled
def _slab(start: float, end: float, S: Array) -> None:
    """Add ∫ (x, y, z, 1)(x, y, z, 1)ᵀ over [0, 1]² × [start, end]."""
    one = end - start
    z = one * (end + start) / 2.0
    S[0, 0] += one / 3.0
    S[1, 0] += one / 4.0
    S[1, 1] += one / 3.0
    S[2, 0] += z / 2.0
    S[2, 1] += z / 2.0
    S[2, 2] += one * (end * end + end * start + start * start) / 3.0
    S[3, 0] += one / 2.0
    S[3, 1] += one / 2.0
    S[3, 2] += z
    S[3, 3] += one


@compiled
def _space(g: float, h: float, k: float, c: float, S: Array) -> None:
    """The same for three directions into S (4, 4), lower half, 1 last: three points in z."""
    one, two, three = _kink(k, c), _kink(k, c + h), _kink(k, c + g)
    four = 1.0 if k == 0.0 else _kink(k, c + g + h)
    one, two, three, four = min(one, two), max(one, two), min(three, four), max(three, four)
    low, two, three, high = min(one, three), max(one, three), min(two, four), max(two, four)
    two, three = min(two, three), max(two, three)
    S[:] = 0.0
    # Beyond the kinks all of [0, 1]² counts, or nothing.
    if low > 0.0 and c + 0.5 * g + 0.5 * h + k * (0.5 * low) > 0.0:
        _slab(0.0, low, S)
    if high < 1.0 and c + 0.5 * g + 0.5 * h + k * (0.5 + 0.5 * high) > 0.0:
        _slab(high, 1.0, S)
    for start, end in ((low, two), (two, three), (three, high)):
        width = end - start
        if width > 0.0:
            for node, part in ((-_FAR_OF_THREE, 5.0), (0.0, 8.0), (_FAR_OF_THREE, 5.0)):
                z = start + width * (0.5 + 0.5 * node)
                share = width * part / 18.0
                xx, xy, yy, x, y, one = _plane(g, h, c + k * z)
                x, y, one = share * x, share * y, share * one
                S[0, 0] += share * xx
                S[1, 0] += share * xy
                S[1, 1] += share * yy
                S[2, 0] += x * z
                S[2, 1] += y * z
                S[2, 2] += one * z * z
                S[3, 0] += x
                S[3, 1] += y
                S[3, 2] += one * z
                S[3, 3] += one


@compiled
def _steepest_first(at: Array, n: int, active: int, where: Array) -> int:
    """Write the features of a set into `where`, by |slope|; returns how many there are."""
    count = 0
    for i in range(n):
        if active >> i & 1:
            place = count
            while place > 0 and abs(at[where[place - 1]]) < abs(at[i]):
                where[place] = where[place - 1]
                place -= 1
            where[place] = i
            count += 1
    return count


@compiled
def moments(theta: Array, weights: Array, M: Array) -> None:
    """Write M(θ) of many θ, (n + 1, boxes), into M (n + 1, n + 1, boxes), for n ≤ 3.

    `weights` has the probability of each set of 0, …, n active features.
    """
    n = len(theta) - 1
    where, S, total, at = np.empty(4, np.int64), np.empty((4, 4)), np.empty((4, 4)), np.empty(4)
    for box in range(theta.shape[1]):
        for i in range(n + 1):
            at[i] = theta[i, box]
        b = at[n]
        total[:] = 0.0
        if b > 0.0:
            total[n, n] = weights[0]
        for active in range(1, 1 << n):
            count = _steepest_first(at, n, active, where)
            where[count] = n
            g = at[where[0]]
            if count == 1:
                S[0, 0], S[1, 0], S[1, 1] = _line(g, b)
            elif count == 2:
                S[0, 0], S[1, 0], S[1, 1], S[2, 0], S[2, 1], S[2, 2] = _plane(g, at[where[1]], b)
            else:
                _space(g, at[where[1]], at[where[2]], b, S)
            for i in range(count + 1):
                for k in range(i + 1):
                    row, column = max(where[i], where[k]), min(where[i], where[k])
                    total[row, column] += weights[count] * S[i, k]
        for row in range(n + 1):
            for column in range(row + 1):
                M[row, column, box] = M[column, row, box] = total[row, column]
