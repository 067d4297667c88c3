"""Boxes around minima in which the loss is proved convex."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from ..minima.found import LocalMinimum, Minimum
from ..minima.naming import is_dead
from .compiled.rows import loss_box
from .compiled.search import convex_around
from .task import Task

Floats = NDArray[np.float64]

_FIRST = 0.25
_HALVINGS = 14
_GROWTH = 1.6
_ROUNDS = 12
SAME_PLACE = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Centre:
    """A minimum that was found, at its place in the domain; ``level`` bounds L below on ``box``.

    ``box`` (2, size) is None where convexity could not be proved around it. A stationary point in
    the box is within ``radius`` of ``at``.
    """

    minimum: LocalMinimum
    at: Floats
    high: float
    box: Floats | None
    level: float
    radius: float


def centres_of(task: Task, found: Minimum) -> list[Centre]:
    """The minima of a search, in all places of the domain that they have by symmetry."""
    centres: list[Centre] = []
    lo, hi = task.domain()
    unit = float(task.model.law.scale)
    classes = task.classes
    for minimum in found.minima:
        if not task.held and is_dead(minimum.gram, minimum.bias):
            continue
        for order in permutations(range(task.n)):
            if any(classes[k] != classes[order[k]] for k in range(task.n)):
                continue
            weights = task.triangular(minimum.weights[:, order])
            bias = 0.0 * minimum.bias if task.held else minimum.bias[list(order)] / unit
            length = (weights**2).sum(axis=0)
            # Of equally important features the longer one comes first.
            if any(
                classes[i] == classes[k] and length[i] > length[k] + SAME_PLACE
                for i in range(task.n)
                for k in range(i)
            ):
                continue
            # Signs of rows are left free where the diagonal vanishes.
            for signs in product((1.0, -1.0), repeat=task.m):
                turned = np.array(signs)[:, None] * weights
                if np.diag(turned[:, : task.m]).min() < -SAME_PLACE:
                    continue
                at = np.concatenate([turned.ravel(), bias]) + 0.0
                at[lo == hi] = 0.0
                if any(np.abs(at - other.at).max() < SAME_PLACE for other in centres):
                    continue
                high = bounds_at(task, at, at)[1]
                centres.append(Centre(minimum, at, high, *_convex_box(task, at, lo == hi)))
    return centres


def bounds_at(task: Task, lo: Floats, hi: Floats) -> tuple[float, float]:
    """Bounds of the loss over a box."""
    n, d = task.n, task.size
    low, high = loss_box(
        lo, hi, task.compiled, np.empty((n, 2)), np.empty(d), np.empty(d),
        np.zeros((n, n + 1)), np.zeros((n, n + 1)), np.empty((n, 2, n + 1, n + 1)),
    )  # fmt: skip
    return float(low), float(high)


def _convex_box(
    task: Task, at: Floats, fixed: NDArray[np.bool_]
) -> tuple[Floats | None, float, float]:
    """A large box around `at` in which the loss is convex, its lower bound there, and radius."""
    level = np.empty(2)

    def box(radius: Floats) -> Floats:
        return np.array([np.where(fixed, at, at - radius), np.where(fixed, at, at + radius)])

    def proved(radius: Floats) -> bool:
        low, high = box(radius)
        return bool(convex_around(low, high, at, task.compiled, level))

    radius = np.full(task.size, _FIRST)
    for _ in range(_HALVINGS):
        if proved(radius):
            break
        radius *= 0.5
    else:
        return None, -np.inf, np.inf
    for _ in range(_ROUNDS):
        grown = False
        for s in np.flatnonzero(~fixed):
            wider = radius.copy()
            wider[s] *= _GROWTH
            if wider[s] < 1.0 and proved(wider):
                radius, grown = wider, True
        if not grown:
            break
    proved(radius)
    return box(radius), float(level[0]), 2.0 * float(level[1])
