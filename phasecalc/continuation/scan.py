"""A grid of minima, and the bisection of its edges into seeds of curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, Unconverged, carefully, same_signs, same_zeros
from ..landscapes.plane import Plane
from .equations import Meeting, coexistence
from .onset import Onset, onset_near, order_parameter

Floats = NDArray[np.float64]
Cells = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Continuous:
    """A place between two phases where no two branches coexist, in an interval of θ."""

    low: Branch
    high: Branch


def cell_centres(plane: Plane, cells: Cells) -> Floats:
    """θ of the middles of a grid's cells, (cells[0] · cells[1], 2), row by row."""
    axes = [
        low + (high - low) * (np.arange(count) + 0.5) / count
        for low, high, count in zip(plane.low, plane.high, cells, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def neighbours(cells: Cells) -> Iterator[tuple[int, int]]:
    """Pairs of indices of neighbouring cells."""
    rows, columns = cells
    for i in range(rows):
        for j in range(columns):
            here = i * columns + j
            if j + 1 < columns:
                yield here, here + 1
            if i + 1 < rows:
                yield here, here + columns


def lowest_in(land: Landscape, centres: Floats) -> tuple[Branch | None, ...]:
    """The lowest minimum at each place; None where it did not converge."""
    return tuple(_lowest(land, theta) for theta in centres)


def _lowest(land: Landscape, theta: Floats, *, thorough: bool = True) -> Branch | None:
    try:
        return land.lowest(theta, thorough=thorough)
    except Unconverged:
        return None


def connected(land: Landscape, one: Branch, two: Branch) -> bool:
    """Whether two minima are one branch: the first, followed to the second, becomes it."""
    if not same_zeros(land.plane, one, two):
        return False
    s = land.settings
    if np.abs(two.theta - one.theta).max() < s.narrow:
        if np.abs(one.gram - two.gram).max() < s.alike:
            return True  # next to an onset, too faint to be followed
    moved = carefully(land, one, two.theta)
    return moved is not None and abs(moved.loss - two.loss) < s.same_loss


def between(land: Landscape, one: Branch, two: Branch) -> list[Meeting | Continuous]:
    """What separates two minima along the straight edge between them, by bisection."""
    s, low, high = land.settings, one, two
    while True:
        width = float(np.abs(high.theta - low.theta).max())
        middle = 0.5 * (low.theta + high.theta)
        if width < s.first_step:
            if connected(land, low, high):
                return []
            direction = (high.theta - low.theta) / np.linalg.norm(high.theta - low.theta)
            found = coexistence(land, (low, high), middle, direction)
            if (
                found is not None
                and np.abs(found.theta - middle).max() <= width
                and found.distance > s.alike
            ):
                third = land.below(found.theta, min(found.a.loss, found.b.loss))
                if third is None or any(same_signs(land.plane, third, q) for q in (low, high)):
                    return [found]
                return [*between(land, low, third), *between(land, third, high)]
        if width < s.narrow:
            return [Continuous(low, high)]
        new = _middle(land, low, high, thorough=width > 100 * s.narrow)
        if new is None:
            return [Continuous(low, high)]
        if connected(land, low, new):
            low = new
        elif connected(land, high, new):
            high = new
        else:
            return [*between(land, low, new), *between(land, new, high)]


def _middle(land: Landscape, low: Branch, high: Branch, *, thorough: bool) -> Branch | None:
    """The lowest minimum half-way, or beside that where it does not converge."""
    places = ((1 - t) * low.theta + t * high.theta for t in (0.5, 0.4, 0.6))
    found = (_lowest(land, theta, thorough=thorough) for theta in places)
    return next((branch for branch in found if branch is not None), None)


def onset_at(land: Landscape, place: Continuous) -> Onset | None:
    """The onset in a bracket, on its straight edge; None where no overlap grows from zero there."""
    for one, daughter in ((place.low, place.high), (place.high, place.low)):
        parent = land.snapped(one)
        if parent is None or order_parameter(land, parent, daughter) is None:
            continue
        direction = daughter.theta - parent.theta
        direction = direction / np.linalg.norm(direction)
        found = onset_near(land, parent, daughter, daughter.theta, direction)
        if found is not None:
            return found
    return None


def seeds_between(land: Landscape, one: Branch, two: Branch) -> tuple[Meeting | Onset | None, ...]:
    """Points of the lines that cross an edge; None for one that was not resolved."""
    return tuple(
        place if isinstance(place, Meeting) else onset_at(land, place)
        for place in between(land, one, two)
    )
