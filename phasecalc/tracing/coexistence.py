"""Points at which branches have one loss: of two, a point of a line; of three, a junction.

∇L of a branch comes from the envelope theorem, so that both are solved by Newton's method in θ with
the branches polished at every step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .landscape import Landscape, State
from .records import Kind

Floats = NDArray[np.float64]

CLOSE = 1e-12
"""A corrected point lies on the line when the last correction of θ was below this."""
LOWER = 1e-14
"""A third phase is lower when its loss is lower by more than this: some roundings of a loss."""
SHARP = 1e-9
"""A junction counts as one when the rounding of losses moves it in θ by less than this.

Where two of its phases are nearly one, it may be the end of a continuous line instead.
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Bounds of θ: (ln p, ln r)."""

    low: Floats
    high: Floats

    def excess(self, theta: Floats) -> float:
        """How far θ lies outside, not positive inside."""
        return float(max((self.low - theta).max(), (theta - self.high).max()))


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A point of a coexistence line: both branches there, and how accurately it is known, in θ."""

    a: State
    b: State
    error: float

    @property
    def theta(self) -> Floats:
        return self.a.theta

    @property
    def normal(self) -> Floats:
        """∇Δ in θ."""
        return self.a.gradient - self.b.gradient

    @property
    def tangent(self) -> Floats:
        """Unit vector along the line, to the left of ∇Δ."""
        return left_of(self.normal)

    @property
    def distance(self) -> float:
        """Largest difference of the two Gram matrices."""
        return float(np.abs(self.a.gram - self.b.gram).max())


def left_of(vector: Floats) -> Floats:
    """The unit vector to the left of one in the plane of θ."""
    return np.asarray(np.array([-vector[1], vector[0]]) / np.linalg.norm(vector))


@dataclass(slots=True)
class Arc:
    """Points of a line in order, and how each end came about (with the third phase, if any)."""

    pairs: list[Pair]
    ends: list[tuple[Kind, State | None]] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two phases where they differ most: near a critical point both are alike."""
        widest = max(self.pairs, key=lambda pair: pair.distance)
        return widest.a.name, widest.b.name

    def separates(self, one: str, two: str) -> bool:
        """Whether the phases on its sides have these names, somewhere along it."""
        sides = {pair.a.name for pair in self.pairs}, {pair.b.name for pair in self.pairs}
        return any(one in sides[k] and two in sides[1 - k] for k in (0, 1))


def on_line(
    landscape: Landscape, a: State, b: State, theta: Floats, direction: Floats | None = None
) -> Pair | None:
    """The point of the line next to θ, across it or along a given direction; None if lost."""
    last = np.inf
    for _ in range(12):
        next_a, next_b = landscape.follow(a, theta), landscape.follow(b, theta)
        if next_a is None or next_b is None:
            return None
        a, b = next_a, next_b
        normal = a.gradient - b.gradient
        along = normal / np.linalg.norm(normal) if direction is None else direction
        slope = float(normal @ along)
        if slope == 0.0:
            return None
        correction = (a.loss - b.loss) / slope
        if abs(correction) < CLOSE or (abs(correction) < 1e-10 and abs(correction) >= 0.5 * last):
            # Where the gradients are nearly equal, the rounding of the losses moves the line.
            rounding = 4 * np.finfo(np.float64).eps * abs(a.loss) / abs(slope)
            return Pair(a, b, max(abs(correction), float(rounding)))
        if abs(correction) > 0.2:
            return None
        last = abs(correction)
        theta = theta - correction * along
    return None


def junction(
    landscape: Landscape, states: tuple[State, State, State]
) -> tuple[tuple[State, State, State], float] | None:
    """Where three branches have one loss, and the error in θ; None where a branch is lost.

    Newton's method in θ. Two branches with nearly equal gradients fix the point no better than
    losses are rounded.
    """
    theta = states[0].theta
    a, b, c = states
    last = np.inf
    for _ in range(20):
        moved = [landscape.follow(state, theta) for state in (a, b, c)]
        if any(state is None for state in moved):
            return None
        a, b, c = (state for state in moved if state is not None)
        matrix = np.array([a.gradient - b.gradient, a.gradient - c.gradient])
        values = np.array([a.loss - b.loss, a.loss - c.loss])
        if np.linalg.matrix_rank(matrix) < 2:
            return None
        correction = np.linalg.solve(matrix, values)
        rounding = 4 * np.finfo(np.float64).eps * abs(a.loss)
        size = float(np.abs(correction).max())
        stalls = size < 1e-11 and size >= 0.5 * last
        if size < 1e-13 or stalls or np.abs(values).max() <= rounding:
            smallest = float(np.linalg.svd(matrix, compute_uv=False)[-1])
            return (a, b, c), float(max(rounding / smallest, 1e-14))
        if size > 0.3:
            return None
        theta, last = theta - correction, size
    return None
