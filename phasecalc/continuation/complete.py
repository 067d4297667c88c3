"""Whether the curves of a graph account for all that differs between places of a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, carefully, same_zeros, walk
from . import polyline
from .equations import Meeting
from .onset import Onset
from .scan import connected

Floats = NDArray[np.float64]

_INSIDE = 1e-3
"""Of a window's width: how far inside its border the lines that end there are counted. At S = 0
itself minima that differ in signs can have one loss."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A line from node to node, and its own points, without these two."""

    thetas: Floats
    points: Sequence[Meeting | Onset]


def explained(land: Landscape, curves: Sequence[Curve], one: Branch, two: Branch) -> bool:
    """Whether a walk from one place to the other, changing branch at every curve, ends right."""
    return any(
        _explained(land, curves, first, last)
        for first in _lowest(land, curves, one)
        for last in _lowest(land, curves, two)
    )


def _lowest(land: Landscape, curves: Sequence[Curve], place: Branch) -> Iterator[Branch]:
    """The minimum found at a place and, if it lies on a line, both of that: either is found."""
    yield place
    for curve in curves:
        if polyline.distance(curve.thetas, place.theta) < land.settings.same_point:
            gaps = [np.abs(point.theta - place.theta).max() for point in curve.points]
            for branch in curve.points[int(np.argmin(gaps))].branches:
                moved = walk(land, branch, place.theta)
                if moved is not None:
                    yield moved


def _explained(land: Landscape, curves: Sequence[Curve], one: Branch, two: Branch) -> bool:
    here, plane = one, land.plane
    for _, point in crossings(curves, one.theta, two.theta):
        a, b = point.branches
        if same_zeros(plane, a, b):
            moved = carefully(land, here, point.theta)
            if moved is None:
                return False
            gaps = [apart(plane, moved, branch) for branch in (a, b)]
            if min(gaps) > land.settings.merged:
                return False  # a line of other phases
            here = b if gaps[0] < gaps[1] else a
        elif same_zeros(plane, here, a) or same_zeros(plane, here, b):
            here = b if same_zeros(plane, here, a) else a
        if isinstance(point, Onset) and here is b:
            here = point.daughters[0]
    return connected(land, here, two)


def crossings(
    curves: Sequence[Curve], one: Floats, two: Floats
) -> list[tuple[float, Meeting | Onset]]:
    """Where curves meet the straight way from one to two: how far along, and the nearest point."""
    found = []
    for curve in curves:
        for t, place in polyline.meets(curve.thetas, one, two - one):
            if 0 <= t <= 1:
                at = min(max(round(place) - 1, 0), len(curve.points) - 1)
                found.append((t, curve.points[at]))
    return sorted(found, key=lambda item: item[0])


def border_places(land: Landscape, curves: Sequence[Curve]) -> list[tuple[Floats]]:
    """On every side of the window, places between each two lines that end there, in a row.

    Phases that are lowest in a narrow strip only, which no cell of a scan meets, differ there from
    those behind the lines that are known.
    """
    low, high = land.plane.low, land.plane.high
    margin = _INSIDE * (high - low)
    low, high = low + margin, high - margin
    sides = [
        (low, np.array([high[0], low[1]])),
        (np.array([low[0], high[1]]), high),
        (low, np.array([low[0], high[1]])),
        (np.array([high[0], low[1]]), high),
    ]
    found = []
    for one, two in sides:
        marks = [0.0, *(t for t, _ in crossings(curves, one, two)), 1.0]
        middles = [0.5 * (s + t) for s, t in pairwise(marks)]
        found.append((np.array([one + t * (two - one) for t in middles]),))
    return found
