"""Polylines in θ: curves as their solved points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def distance(points: Floats, theta: Floats) -> float:
    """Of θ from a polyline, or from its only point.

    >>> distance(np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([1.0, 0.5]))
    0.5
    """
    starts, steps = points[:-1], np.diff(points, axis=0)
    if not len(steps):
        return float(np.linalg.norm(points[0] - theta))
    lengths = np.maximum((steps**2).sum(axis=1), 1e-300)
    t = np.clip(((theta - starts) * steps).sum(axis=1) / lengths, 0.0, 1.0)
    return float(np.linalg.norm(theta - starts - t[:, None] * steps, axis=1).min())


def meets(points: Floats, start: Floats, way: Floats) -> list[tuple[float, float]]:
    """Where the straight line start + t · way meets a polyline: (t, place).

    A place on a polyline is the index of a point, with the share of the way to the next one.

    >>> meets(np.array([[1.0, -1.0], [1.0, 1.0]]), np.zeros(2), np.array([2.0, 0.0]))
    [(0.5, 0.5)]
    """
    if len(points) < 2:
        return []
    steps, offset = np.diff(points, axis=0), points[:-1] - start
    determinant = way[0] * steps[:, 1] - way[1] * steps[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (offset[:, 0] * steps[:, 1] - offset[:, 1] * steps[:, 0]) / determinant
        u = (offset[:, 0] * way[1] - offset[:, 1] * way[0]) / determinant
    end = np.arange(len(u)) == len(u) - 1  # a corner belongs to the piece after it, if there is one
    inside = (u >= 0) & ((u < 1) | (end & (u <= 1))) & np.isfinite(t)
    return [(float(t[k]), float(k + u[k])) for k in np.flatnonzero(inside)]


def between(points: Floats, start: float, stop: float) -> list[Floats]:
    """The points of a polyline from one place on it to another, in this order."""
    low, high = sorted((start, stop))
    inner = list(points[int(np.ceil(low)) : int(np.floor(high)) + 1])
    return inner if start < stop else inner[::-1]
