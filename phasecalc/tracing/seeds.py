"""Where lines begin: grid edges between different phases, and junctions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arcs import third_below
from .coexistence import Arc, Pair, Window, left_of, on_line
from .field import walk
from .landscape import Landscape, State

Floats = NDArray[np.float64]

NARROW = 1e-5
"""An edge this short on which no coexistence was found is taken for a continuous transition."""


EQUAL = 1e-12
"""Losses that differ by less are those of one minimum."""
DISTINCT = 5e-4
"""Two branches whose Gram matrices differ by less are not told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Continuous:
    """A place between two phases where no two branches coexist, in an interval of θ."""

    low: State
    high: State


def cell_centres(window: Window, cells: tuple[int, int]) -> Floats:
    """θ of the middles of a grid's cells, (cells[0] · cells[1], 2)."""
    axes = [
        low + (high - low) * (np.arange(count) + 0.5) / count
        for low, high, count in zip(window.low, window.high, cells, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def neighbours(states: list[State], cells: tuple[int, int]) -> Iterator[tuple[State, State]]:
    """Neighbouring cells."""
    rows, columns = cells
    for i in range(rows):
        for j in range(columns):
            here = states[i * columns + j]
            if j + 1 < columns:
                yield here, states[i * columns + j + 1]
            if i + 1 < rows:
                yield here, states[(i + 1) * columns + j]


def connected(landscape: Landscape, one: State, two: State) -> bool:
    """Whether two states are one branch: the first, followed to the second, becomes it."""
    if one.pattern != two.pattern:
        return False
    if np.abs(two.theta - one.theta).max() < NARROW and _alike(one, two):
        return True  # next to an onset, too faint to be followed
    moved = walk(landscape, one, two.theta)
    return moved is not None and abs(moved.loss - two.loss) < EQUAL


def _alike(one: State, two: State) -> bool:
    return bool(np.abs(one.gram - two.gram).max() < DISTINCT)


def between(landscape: Landscape, one: State, two: State) -> list[Pair | Continuous]:
    """What separates two states along the straight edge between them, by bisection."""
    low, high = one, two
    while True:
        width = float(np.abs(high.theta - low.theta).max())
        middle = 0.5 * (low.theta + high.theta)
        if width < 0.02:
            if connected(landscape, low, high):
                return []
            direction = (high.theta - low.theta) / np.linalg.norm(high.theta - low.theta)
            found = on_line(landscape, low, high, middle, direction)
            if (
                found is not None
                and np.abs(found.theta - middle).max() <= width
                and found.distance > DISTINCT
            ):
                third = third_below(landscape, found)
                if third is None or third.name in (low.name, high.name):
                    return [found]
                return [*between(landscape, low, third), *between(landscape, third, high)]
        if width < NARROW:
            return [Continuous(low, high)]
        new = landscape.lowest(middle, thorough=width > 1e-3)
        if connected(landscape, low, new):
            low = new
        elif connected(landscape, high, new):
            high = new
        else:
            return [*between(landscape, low, new), *between(landscape, new, high)]


def lies_on(arc: Arc, seed: Pair) -> bool:
    """Whether a seed is close to the arc's polyline, and of the same line.

    Two lines between phases of the same patterns can run close to each other; their phases then
    differ by different amounts.
    """
    points = np.array([pair.theta for pair in arc.pairs])
    nearest = arc.pairs[int(((points - seed.theta) ** 2).sum(axis=1).argmin())]
    return 1 / 3 < nearest.distance / seed.distance < 3 and passes(points, seed.theta)


def passes(points: Floats, theta: Floats, tolerance: float = 1e-3) -> bool:
    """Whether θ is closer than the tolerance to a polyline."""
    if len(points) == 1:
        return bool(np.abs(points[0] - theta).max() < tolerance)
    starts, steps = points[:-1], np.diff(points, axis=0)
    lengths = np.maximum((steps**2).sum(axis=1), 1e-300)
    t = np.clip(((theta - starts) * steps).sum(axis=1) / lengths, 0.0, 1.0)
    gaps = theta - (starts + t[:, None] * steps)
    return bool(np.sqrt((gaps**2).sum(axis=1)).min() < tolerance)


def crosses(points: Floats, one: Floats, two: Floats, slack: float = 0.02) -> bool:
    """Whether the polyline meets the edge from one to two, each stretched by a little."""
    edge = two - one
    one, edge = one - slack * edge, (1 + 2 * slack) * edge
    starts, steps = points[:-1], np.diff(points, axis=0)
    determinant = edge[0] * steps[:, 1] - edge[1] * steps[:, 0]
    offset = starts - one
    with np.errstate(divide="ignore", invalid="ignore"):
        on_edge = (offset[:, 0] * steps[:, 1] - offset[:, 1] * steps[:, 0]) / determinant
        on_steps = (offset[:, 0] * edge[1] - offset[:, 1] * edge[0]) / determinant
    inside = (on_edge >= 0) & (on_edge <= 1) & (on_steps >= -slack) & (on_steps <= 1 + slack)
    return bool(inside.any())


def from_junction(landscape: Landscape, states: tuple[State, State, State]) -> Pair | None:
    """A point of the line of the first two phases, a little way out of a junction of three."""
    a, b, third = states
    normal = a.gradient - b.gradient
    tangent = left_of(normal)
    # Outwards is where the third phase is the higher one.
    if (third.gradient - a.gradient) @ tangent < 0:
        tangent = -tangent
    for step in (3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5):
        found = on_line(landscape, a, b, a.theta + step * tangent)
        if found is not None and landscape.is_minimum(found.a) and landscape.is_minimum(found.b):
            return found
    return None
