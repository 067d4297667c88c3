"""Numbers for many boxes at a time: float64 with bounds of its rounding errors, or balls.

Errors of float64 are those of section 3 of docs/certificates.md, integrals its rules of few nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb

from .balls import Row

Array = Any
"""float64 or balls, one number for each box."""


class Floats:
    """float64. Errors of rows in parts of (1 + Σ|θ|)², of sums in parts of what is added."""

    ROW, SUM = 1.25 * 2.0**-43, 2.0**-48
    least, most = np.minimum, np.maximum

    @staticmethod
    def array(x: Array) -> Array:
        return x

    @staticmethod
    def number(x: Any) -> float:
        try:
            return int(x.p) / int(x.q)
        except OverflowError:
            return np.inf if x > 0 else -np.inf

    @staticmethod
    def moments(theta: Sequence[Array], loss: Any, first: bool) -> list[list[Array]]:
        """M(θ): rules that are exact between the kinks, the steepest direction innermost.

        With `first` only its last row is.
        """
        n, b = len(theta) - 1, theta[-1]
        M: list[list[Any]] = [[0.0] * (n + 1) for _ in range(n + 1)]
        M[n][n] = loss.weights[0] * (b > 0)
        for active in range(1, 1 << n):
            on = [i for i in range(n) if active >> i & 1]
            g, swaps = [theta[i] for i in on], []
            for i in range(1, len(on)):
                swap = abs(g[i]) > abs(g[0])
                g[0], g[i] = np.where(swap, g[i], g[0]), np.where(swap, g[0], g[i])
                swaps.append((i, swap))
            size = len(on) + 1
            rows = range(len(on) if first else 0, size)
            places = [(i, k) for i in rows for k in range(i + 1)]
            with np.errstate(all="ignore"):
                # A slope that is 0 has no kink, but divides.
                S = dict(zip(places, _INTEGRALS[len(on)](*g, b, first), strict=True))
            for i, swap in reversed(swaps):
                others = [((k, 0), (max(k, i), min(k, i))) for k in range(1, size) if k != i]
                for one, two in [((0, 0), (i, i)), *others]:
                    if one in S:
                        x, y = S[one], S[two]
                        S[one], S[two] = np.where(swap, y, x), np.where(swap, x, y)
            where = [*on, n]
            for (i, k), part in S.items():
                M[where[i]][where[k]] = M[where[i]][where[k]] + loss.weights[len(on)] * part
        return [[M[max(k, q)][min(k, q)] for q in range(n + 1)] for k in range(n + 1)]


def _kink(slope: Array, c: Array) -> Array:
    """Where c + slope x = 0, moved into [0, 1]; 0 where the slope is."""
    return np.fmin(np.fmax(np.where(slope == 0, 0.0, -c / slope), 0.0), 1.0)


def _line(g: Array, c: Array, first: bool) -> list[Array]:
    """∫ (x², x, 1) 1(c + g x > 0) dx over [0, 1]."""
    kink, up = _kink(g, c), (g > 0) | (g == 0) & (c > 0)
    square = kink * kink
    last = [np.where(up, 1 - square, square) / 2, np.where(up, 1 - kink, kink)]
    if first:
        return last
    cube = square * kink
    return [np.where(up, 1 - cube, cube) / 3, *last]


def _plane(g: Array, h: Array, c: Array, first: bool) -> list[Array]:
    """∫∫ (x², xy, y², x, y, 1) 1(c + g x + h y > 0) dx dy: a rule of two points for cubics."""
    kinks = _kink(h, c), np.where(h == 0, 1.0, _kink(h, c + g))
    low, high = np.minimum(*kinks), np.maximum(*kinks)
    half, middle = (high - low) / 2, (high + low) / 2
    S: list[Array] = [0.0] * (3 if first else 6)

    def add(*parts: Array) -> None:
        for k in range(len(S)):
            S[-1 - k] = S[-1 - k] + parts[-1 - k]

    # Beyond the kinks all of [0, 1] counts, or nothing.
    for start, end in ((0.0, low), (high, 1.0)):
        both = (start + end) / 2
        one = (end - start) * (c + h * both > 0)
        y = one * both
        if first:
            add(one / 2, y, one)
        else:
            yy = one * (end * end + end * start + start * start)
            add(one / 3, y / 2, yy / 3, one / 2, y, one)
    for y in (middle - half * (1 / 3) ** 0.5, middle + half * (1 / 3) ** 0.5):
        *xx, x, one = (half * s for s in _line(g, c + h * y, first))
        if first:
            add(x, one * y, one)
        else:
            add(*xx, x * y, one * y * y, x, one * y, one)
    return S


def _space(g: Array, h: Array, k: Array, c: Array, first: bool) -> list[Array]:
    """The same for three directions, (x², xy, y², xz, yz, z², x, y, z, 1): three points in z."""
    kinks = [_kink(k, c + step) for step in (0, g, h, g + h)]
    cuts = np.sort([0 * c, *kinks, 0 * c + 1], axis=0)
    piece, box = np.nonzero(np.diff(cuts, axis=0))
    start, width = cuts[piece, box], (cuts[piece + 1, box] - cuts[piece, box])
    node = 0.15**0.5 * np.array([[-1], [0], [1]])
    z = (start + width * (0.5 + node)).ravel()
    share = (width * np.array([[5], [8], [5]]) / 18).ravel()
    at = np.tile(box, 3)
    *second, x, y, one = _plane(g[at], h[at], c[at] + k[at] * z, first)
    across = one * z
    parts = [x, y, across, one]
    if not first:
        parts = [*second, x * z, y * z, across * z, *parts]
    return [np.bincount(at, share * part, len(c)) for part in parts]


_INTEGRALS: dict[int, Callable[..., list[Array]]] = {1: _line, 2: _plane, 3: _space}


class Balls:
    """Balls, which carry their errors, in arrays of objects."""

    ROW = SUM = 0
    array = staticmethod(np.frompyfunc(arb, 1, 1))
    least = staticmethod(np.frompyfunc(lambda x, y: arb(x).min(arb(y)), 2, 1))
    most = staticmethod(np.frompyfunc(lambda x, y: arb(x).max(arb(y)), 2, 1))
    number = arb

    @staticmethod
    def moments(theta: Sequence[Array], loss: Any, first: bool) -> Array:
        """M(θ) by closed formulas."""
        found = [Row(loss.law, point).matrix() for point in zip(*theta, strict=True)]
        return np.moveaxis(np.array(found, dtype=object), 0, -1)


Kind = type[Floats] | type[Balls]
