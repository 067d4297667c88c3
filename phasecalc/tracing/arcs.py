"""Coexistence lines by continuation: predictor along the tangent, corrector across it.

On the line Δ = L_a − L_b = 0, with both branches polished at every point; ∇Δ comes from the
envelope theorem. The step grows and shrinks with the angle that the tangent turns. A line ends at
the border of the window, in a junction with a third phase, or where its two branches become one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .landscape import Landscape, State
from .records import Kind

Floats = NDArray[np.float64]

STEP = (1e-5, 0.02, 0.06)
"""Smallest, first and largest step in θ = (ln p, ln r)."""
CLOSE = 1e-12
"""A corrected point lies on the line when the last correction of θ was below this."""
LOWER = 1e-11
"""A third phase is lower when its loss is lower by more than this."""
MOST_POINTS = 2000
_MERGED = 0.12


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
    """A point of a coexistence line: both branches there, and the size of the last correction."""

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
        n = self.normal
        return np.asarray(np.array([-n[1], n[0]]) / np.linalg.norm(n))

    @property
    def distance(self) -> float:
        """Largest difference of the two Gram matrices."""
        return float(np.abs(self.a.gram - self.b.gram).max())


@dataclass(slots=True)
class Arc:
    """Points of a line in order, and how each end came about (with the third phase, if any)."""

    pairs: list[Pair]
    ends: list[tuple[Kind, State | None]] = field(default_factory=list)


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
            return Pair(a, b, abs(correction))
        if abs(correction) > 0.2:
            return None
        last = abs(correction)
        theta = theta - correction * along
    return None


def junction(landscape: Landscape, states: tuple[State, State, State]) -> tuple[State, ...] | None:
    """Where three branches have one loss: Newton in θ; None where a branch is lost."""
    theta = states[0].theta
    a, b, c = states
    for _ in range(20):
        moved = [landscape.follow(state, theta) for state in (a, b, c)]
        if any(state is None for state in moved):
            return None
        a, b, c = (state for state in moved if state is not None)
        matrix = np.array([a.gradient - b.gradient, a.gradient - c.gradient])
        values = np.array([a.loss - b.loss, a.loss - c.loss])
        correction = np.linalg.solve(matrix, values)
        # Two branches with nearly equal gradients fix the point no better than losses are rounded.
        rounding = 4 * np.finfo(np.float64).eps * abs(a.loss)
        if np.abs(correction).max() < 1e-11 or np.abs(values).max() <= rounding:
            return a, b, c
        if np.abs(correction).max() > 0.3:
            return None
        theta = theta - correction
    return None


def trace(landscape: Landscape, seed: Pair, window: Window) -> Arc:
    """The whole line through a point, in both directions."""
    back, kind_back = _half(landscape, seed, window, -1.0)
    forth, kind_forth = _half(landscape, seed, window, 1.0)
    return Arc([*back[::-1], seed, *forth], [kind_back, kind_forth])


def _half(
    landscape: Landscape, seed: Pair, window: Window, sign: float
) -> tuple[list[Pair], tuple[Kind, State | None]]:
    """Points from the seed on in one direction, and how they end."""
    points: list[Pair] = []
    here = seed
    tangent = sign * seed.tangent
    step = min(STEP[1], _longest(seed))
    while len(points) < MOST_POINTS:
        if here.distance < 1e-3:
            return points, ("end of a branch", None)
        guess = here.theta + step * tangent
        if window.excess(guess) > 0:
            last = _last(landscape, here, _at_border(landscape, here, tangent, window))
            if last is not None:
                return [*points, last[0]], last[1]
        found = None if window.excess(guess) > 0 else on_line(landscape, here.a, here.b, guess)
        if found is not None:
            turn = sign_of_turn(found, tangent)
            bad = (
                abs(turn @ tangent) < 0.97
                or _leaps(here, found)
                or np.abs(found.theta - guess).max() > 0.3 * step
                or not landscape.is_minimum(found.a)
                or not landscape.is_minimum(found.b)
            )
            found = None if bad else found
        if found is None:
            step *= 0.5
            if step < STEP[0]:
                return _stopped(landscape, here, points)
            continue
        last = _last(landscape, here, found)
        if last is not None and last[1][0] == "junction":
            return [*points, last[0]], last[1]
        if last is None:  # a third phase is lower, but its junction was not found from here
            step *= 0.5
            if step < STEP[0]:
                return _stopped(landscape, here, points)
            continue
        points.append(found)
        tangent = sign_of_turn(found, tangent)
        here = found
        step = min(1.4 * step, STEP[2], _longest(here))
    return points, ("end of a branch", None)


def _leaps(here: Pair, there: Pair) -> bool:
    """Whether a branch changed by so much that it may have become another one."""
    moved = max(
        float(np.abs(there.a.gram - here.a.gram).max()),
        float(np.abs(there.b.gram - here.b.gram).max()),
        here.distance - there.distance,
    )
    return moved > 0.4 * here.distance


def _longest(pair: Pair) -> float:
    """The longest step worth trying: short where the two branches are about to become one."""
    return max(_MERGED * pair.distance, 10 * STEP[0])


def _stopped(
    landscape: Landscape, here: Pair, points: list[Pair]
) -> tuple[list[Pair], tuple[Kind, State | None]]:
    """The end of a line whose next point was not found: a junction close by, or a lost branch."""
    for third in landscape.minima(here.theta):
        if third.name not in (here.a.name, here.b.name):
            met = _meet(landscape, (here, here), third, reach=1e-3)
            if met is not None:
                return [*points, met[0]], ("junction", met[1])
    return points, ("end of a branch", None)


def sign_of_turn(pair: Pair, before: Floats) -> Floats:
    """The tangent at a point, in the direction of travel."""
    tangent = pair.tangent
    return tangent if tangent @ before >= 0 else -tangent


def _at_border(landscape: Landscape, here: Pair, tangent: Floats, window: Window) -> Pair | None:
    """The point of the line on the border that the tangent leads to."""
    with np.errstate(divide="ignore"):
        reach = np.where(tangent > 0, window.high - here.theta, window.low - here.theta) / tangent
    axis = int(np.argmin(np.where(np.isfinite(reach), np.abs(reach), np.inf)))
    theta = here.theta + reach[axis] * tangent
    theta[axis] = (window.high if tangent[axis] > 0 else window.low)[axis]
    along = np.eye(2)[1 - axis]
    found = on_line(landscape, here.a, here.b, theta, along)
    return None if found is None or window.excess(found.theta) > 1e-9 else found


def _last(
    landscape: Landscape, here: Pair, there: Pair | None
) -> tuple[Pair, tuple[Kind, State | None]] | None:
    """The next point, or the junction before it where a third phase is lower there."""
    if there is None:
        return None
    third = _lower(landscape, there)
    if third is None:
        return there, ("border", None)
    met = _meet(landscape, (here, there), third)
    return None if met is None else (met[0], ("junction", met[1]))


def _lower(landscape: Landscape, pair: Pair) -> State | None:
    """A third minimum below the line's own two, if there is one."""
    third = landscape.lowest(pair.theta, thorough=False)
    if third.loss < min(pair.a.loss, pair.b.loss) - LOWER:
        return third
    return None


def _meet(
    landscape: Landscape, around: tuple[Pair, Pair], third: State, reach: float = 0.3
) -> tuple[Pair, State] | None:
    """The junction near two points of a line, where the third phase becomes lowest."""
    for pair in around[::-1]:
        moved = landscape.follow(third, pair.theta)
        if moved is None:
            continue
        met = junction(landscape, (pair.a, pair.b, moved))
        # A third branch that stops being a minimum on the way there meets nothing.
        close = met is not None and np.abs(met[0].theta - pair.theta).max() < reach
        if met is not None and close and landscape.is_minimum(met[2]):
            return Pair(met[0], met[1], 1e-11), met[2]
    return None
