"""The lowest minimum at every point of a grid, from few searches and many branches followed.

A search from many starts costs a hundred times what a step along a branch does. So minima are
searched for at some points of the grid only; every one that is found there, and every one that is
known from elsewhere, is followed over the grid as long as it is not far above the lowest. A phase
is missed only where none of those is continuous with it.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from .landscape import Landscape, State

Floats = NDArray[np.float64]

STRIDE = 6
"""Along each axis every sixth point is searched, and the last."""
FARTHEST = 0.08
"""Longest step in θ along a branch."""
_EQUAL = 1e-13
KEPT = 1.25
"""A branch is followed while its loss is at most this many times the lowest."""

Place = tuple[int, int]


def field_of(
    landscape: Landscape, rows: Floats, columns: Floats, known: tuple[State, ...] = ()
) -> list[list[State]]:
    """The lowest minimum at every θ = (rows[i], columns[j]), with states known at any θ."""
    theta = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    shape = theta.shape[:2]
    found: dict[Place, dict[str, State]] = {place: {} for place in np.ndindex(*shape)}
    waiting: deque[tuple[Place, State]] = deque()
    for i in _searched(shape[0]):
        for j in _searched(shape[1]):
            for state in landscape.minima(theta[i, j]):
                if _improves(found[i, j], state):
                    waiting.append(((i, j), state))
    for state in known:
        place = _nearest(rows, state.theta[0]), _nearest(columns, state.theta[1])
        moved = walk(landscape, state, theta[place])
        if moved is not None and _improves(found[place], moved):
            waiting.append((place, moved))
    while waiting:
        (i, j), state = waiting.popleft()
        if found[i, j][state.name] is not state:
            continue
        for next_to in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            if next_to not in found:
                continue
            moved = walk(landscape, state, theta[next_to])
            if moved is not None and _improves(found[next_to], moved):
                waiting.append((next_to, moved))
    lowest = [
        [min(found[i, j].values(), key=lambda state: state.loss) for j in range(shape[1])]
        for i in range(shape[0])
    ]
    return lowest


def walk(
    landscape: Landscape, state: State, theta: Floats, farthest: float = FARTHEST
) -> State | None:
    """A branch followed to θ in small steps; None where it is lost."""
    start = state.theta
    steps = max(1, int(np.ceil(np.abs(theta - start).max() / farthest)))
    for k in range(1, steps + 1):
        moved = landscape.follow(state, start + (theta - start) * k / steps)
        if moved is None:
            return None
        state = moved
    return state


def _searched(count: int) -> list[int]:
    return sorted({*range(0, count, STRIDE), count - 1})


def _nearest(values: Floats, value: float) -> int:
    return int(np.abs(values - value).argmin())


def _improves(known: dict[str, State], state: State) -> bool:
    """Keep the lowest state of each name; whether this is one, and worth following."""
    other = known.get(state.name)
    if other is not None and state.loss >= other.loss - _EQUAL:
        return False
    known[state.name] = state
    return state.loss <= KEPT * min(other.loss for other in known.values())
