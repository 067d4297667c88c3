"""Branches of minima over a plane, and the landscapes that offer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..minima.naming import TINY, WEAK, name_of, outcome_of
from ..minima.orbits import orders_of
from .plane import Plane
from .settings import ContinuationSettings

Floats = NDArray[np.float64]
Matrix = tuple[tuple[int, ...], ...]

_RETURNED = 1e-4
"""Of a Gram matrix after a step and back: a soft minimum is known to 1e-5."""
_LEAST = 1e-4
"""Of a way: a branch that needs shorter steps is lost."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Signs of overlaps, and which outputs hardly notice the others.

    signs : of G = WᵀW, row by row, 0 where an overlap vanishes. A branch keeps which ones vanish;
        the sign of an overlap can change on its way, where the overlap passes through 0.
    weak : the features whose bias keeps them on against all that acts on them; a branch can
        change from weak to strong on its way.
    """

    signs: tuple[tuple[int, ...], ...]
    weak: tuple[bool, ...]

    @property
    def size(self) -> int:
        """How many overlaps do not vanish: a daughter has more than its parent."""
        return int(np.abs(self.signs).sum())


@dataclass(frozen=True, eq=False)
class Branch:
    """A minimum of one branch at θ: parameters x = (W by rows, b), loss, derivatives, pattern.

    ``slopes`` are ∂L/∂x and ∂L/∂y of the plane's symbols, ``gradient`` those by θ, at fixed
    parameters: by the envelope theorem those of the branch's loss. ``family`` is the candidate
    whose pattern a relaxed branch keeps.
    """

    theta: Floats
    x: Floats
    loss: float
    slopes: tuple[float, float]
    gradient: Floats
    gram: Floats
    named_bias: Floats
    family: str = ""

    @cached_property
    def signs(self) -> tuple[tuple[int, ...], ...]:
        """Signs of G row by row, 0 where an overlap vanishes."""
        G = self.gram
        length = np.sqrt(np.maximum(G.diagonal(), 0.0))
        least = 1e-9 * length[:, None] * length  # rounding; exact zeros stay zero on a branch
        dropped = length <= TINY
        least[dropped] = least[:, dropped] = np.inf
        signs = (G > least).astype(np.int8) - (G < -least).astype(np.int8)
        return tuple(map(tuple, signs.tolist()))

    @property
    def zeros(self) -> tuple[tuple[bool, ...], ...]:
        """Which overlaps vanish: the same all along a branch."""
        return tuple(tuple(sign == 0 for sign in row) for row in self.signs)

    @cached_property
    def pattern(self) -> Pattern:
        """Signs of G, and which features are weak."""
        signs = np.array(self.signs)
        pull = np.where(signs < 0, -self.gram, 0.0).sum(axis=1)
        weak = (pull > 0) & (self.named_bias > WEAK * pull) & ((signs > 0).sum(axis=1) == 1)
        return Pattern(self.signs, tuple(map(bool, weak)))

    @cached_property
    def name(self) -> str:
        """For people."""
        return name_of(self.gram, self.named_bias)

    @property
    def outcome(self) -> str:
        """What becomes of the last feature."""
        return outcome_of(self.gram)


class Unconverged(ArithmeticError):
    """Newton's method stopped short at the lowest minimum of a place."""


class Landscape(Protocol):
    """What continuation needs to know of a source of branches."""

    plane: Plane
    settings: ContinuationSettings

    def minima(self, theta: Floats) -> list[Branch]:
        """All minima there, lowest first."""

    def lowest(self, theta: Floats, *, thorough: bool = True) -> Branch:
        """The lowest minimum, from scratch; raises `Unconverged`."""

    def below(self, theta: Floats, level: float) -> Branch | None:
        """A minimum whose loss is below a level, by a quick search."""

    def follow(self, branch: Branch, theta: Floats) -> Branch | None:
        """The same branch at a nearby θ; None where it is lost."""

    def softest(self, branch: Branch, near: Floats | None = None) -> tuple[float, Floats]:
        """The lowest one-sided curvature and its direction; refined from one that is near."""

    def section(self, branch: Branch) -> Floats:
        """Columns that span the free directions, without those in which the loss is constant."""

    def support(self, branch: Branch) -> Floats:
        """The same without the directions that leave the branch's pattern."""

    def snapped(self, branch: Branch) -> Branch | None:
        """The branch with overlaps that vanish but for rounding at exactly 0."""

    def with_lowest_signs(self, branch: Branch) -> Branch:
        """The branch, or a lower one in which faint features point the other way.

        Where hardly an output is clipped they differ by so little that a search takes either.
        """
        return branch

    def branch(self, theta: Floats, x: Floats, family: str = "") -> Branch:
        """The record of parameters that are stationary at θ."""
        problem = self.plane.problem(theta)
        slopes = self.plane.slopes(problem, theta, x)
        by_theta = [
            slope * axis.slope(float(t))
            for slope, axis, t in zip(slopes, self.plane.axes, theta, strict=True)
        ]
        return Branch(
            theta, x, problem.loss(x), slopes, np.array(by_theta), problem.gram(x),
            problem.named_bias(x), family,
        )  # fmt: skip

    def leaps(self, x: Floats, branch: Branch, theta: Floats) -> bool:
        """Whether parameters moved by too much to be the same branch."""
        step = float(np.abs(theta - branch.theta).max())
        return bool(np.abs(x - branch.x).max() > self.settings.leap + 3.0 * step)


@lru_cache(maxsize=8192)
def _first_of(
    classes: tuple[int, ...], matrix: Matrix, marks: tuple[bool, ...] = ()
) -> tuple[Matrix, tuple[bool, ...]]:
    """The first in order of what a matrix, and marks, are in all orders of equal features."""
    return min(
        (tuple(tuple(matrix[i][j] for j in q) for i in q), tuple(marks[i] for i in q if marks))
        for q in orders_of(classes)
    )


def kind_of(plane: Plane, branch: Branch) -> Pattern:
    """The pattern of a branch, the same for all orders of equally important features."""
    return Pattern(*_first_of(plane.classes, branch.signs, branch.pattern.weak))


def same_signs(plane: Plane, one: Branch, two: Branch) -> bool:
    """Whether two branches have one pattern of signs, up to equally important features."""
    return _first_of(plane.classes, one.signs) == _first_of(plane.classes, two.signs)


def zeros_of(plane: Plane, branch: Branch) -> Any:
    """Which overlaps vanish, the same for all orders of equally important features."""
    return _first_of(plane.classes, branch.zeros)


def same_zeros(plane: Plane, one: Branch, two: Branch) -> bool:
    """Whether the same overlaps vanish in two branches, up to equally important features."""
    return bool(zeros_of(plane, one) == zeros_of(plane, two))


def apart(plane: Plane, one: Branch, two: Branch) -> float:
    """Largest difference of G and biases of two branches, over orders of equal features."""
    return float(apart_from(plane, [one], two)[0])


def apart_from(plane: Plane, branches: Sequence[Branch], one: Branch) -> Floats:
    """The same of each of several branches and one other."""
    orders = orders_of(plane.classes)
    moved = one.gram[orders[:, :, None], orders[:, None, :]]
    biases = np.array([branch.x[-plane.model.n_features :] for branch in (*branches, one)])
    grams = np.array([branch.gram for branch in branches])
    gaps = np.abs(grams[:, None] - moved).max(axis=(2, 3))
    lifted = np.abs(biases[:-1, None] - biases[-1][orders]).max(axis=2)
    return np.asarray(np.maximum(gaps, lifted).min(axis=1))


def walk(
    landscape: Landscape, branch: Branch, theta: Floats, farthest: float | None = None
) -> Branch | None:
    """A branch followed to θ in small steps; None where it is lost."""
    start = branch.theta
    longest = farthest or landscape.settings.farthest
    steps = max(1, int(np.ceil(np.abs(theta - start).max() / longest)))
    here: Branch | None = branch
    for k in range(1, steps + 1):
        if here is not None:
            here = landscape.follow(here, start + (theta - start) * k / steps)
    return here


def carefully(landscape: Landscape, branch: Branch, theta: Floats) -> Branch | None:
    """The same in steps that lead back to where they began, however short; None where it is lost.

    Where a minimum is soft, next to another one, longer steps leap.
    """
    start, here, done, share = branch.theta, branch, 0.0, 1.0
    while done < 1.0 and share > _LEAST:
        further = min(done + share, 1.0)
        moved = landscape.follow(here, start + (theta - start) * further)
        if moved is None or not leads_back(landscape, here, moved):
            share *= 0.5
            continue
        here, done, share = moved, further, 2.0 * share
    return here if done == 1.0 else None


def leads_back(landscape: Landscape, old: Branch, moved: Branch) -> bool:
    """Whether a branch, followed back, is the one that a step began with.

    Close to where two minima become one Newton's method can take the other of them.
    """
    back = landscape.follow(moved, old.theta)
    way = float(np.abs(moved.gram - old.gram).max())
    return back is not None and bool(np.abs(back.gram - old.gram).max() <= _RETURNED + 0.05 * way)
