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
LOWER = 1e-14
"""A third phase is lower when its loss is lower by more than this: some roundings of a loss."""
SHARP = 1e-9
"""A junction counts as one when the rounding of losses moves it in θ by less than this.

Where two of its phases are nearly one, it may be the end of a continuous line instead.
"""
SEARCHED = 0.015
"""How far in θ a line goes on before a third phase is searched for again, from many starts."""
MERGED = 1e-3
"""A line ends where its two Gram matrices differ by less: the losses of phases that are closer to
each other, which differ by the cube of that, cannot be told apart."""
MOST_POINTS = 2000
_LONGEST = 0.12


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
    searched = np.full(2, np.inf)
    while len(points) < MOST_POINTS and step >= STEP[0]:
        if here.distance < MERGED and here.distance < seed.distance:
            break
        guess = here.theta + step * tangent
        border = window.excess(guess) > 0
        if border:
            found = _at_border(landscape, here, tangent, window)
        else:
            found = on_line(landscape, here.a, here.b, guess)
            if found is not None and not _goes_on(landscape, here, found, tangent, step):
                found = None
        if found is None:
            step *= 0.5
            continue
        if border or np.abs(found.theta - searched).max() > SEARCHED:
            searched = found.theta
            third = third_below(landscape, found)
            if third is not None:
                met = _meet(landscape, (here, found), third)
                while points and _is_lower(landscape, third, points[-1]):
                    points.pop()
                if met is not None:
                    return [*points, met[0]], ("junction", met[1])
                # Not found from here: closer, with a search at every point.
                here, searched = points[-1] if points else seed, np.full(2, np.inf)
                tangent = sign_of_turn(here, tangent)
                step *= 0.5
                continue
        points.append(found)
        if border:
            return points, ("border", None)
        tangent = sign_of_turn(found, tangent)
        here = found
        step = min(1.4 * step, STEP[2], _longest(here))
    return _stopped(landscape, here, points)


def _goes_on(landscape: Landscape, here: Pair, there: Pair, tangent: Floats, step: float) -> bool:
    """Whether the next point of a line is where it should be, and still one of two minima."""
    guess = here.theta + step * tangent
    return (
        bool(abs(there.tangent @ tangent) >= 0.97)
        and not _leaps(here, there)
        and bool(np.abs(there.theta - guess).max() <= 0.3 * step)
        and landscape.is_minimum(there.a)
        and landscape.is_minimum(there.b)
    )


def _is_lower(landscape: Landscape, third: State, pair: Pair) -> bool:
    """Whether a third phase, followed there, lies below a point of a line."""
    moved = landscape.follow(third, pair.theta)
    return moved is not None and moved.loss < min(pair.a.loss, pair.b.loss)


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
    return max(_LONGEST * pair.distance, 10 * STEP[0])


def _stopped(
    landscape: Landscape, here: Pair, points: list[Pair]
) -> tuple[list[Pair], tuple[Kind, State | None]]:
    """The end of a line whose next point was not found: a junction close by, or a lost branch."""
    for third in landscape.minima(here.theta):
        if third.name not in (here.a.name, here.b.name):
            lower = third.loss < min(here.a.loss, here.b.loss) - LOWER
            met = _meet(landscape, (here, here), third, reach=2 * SEARCHED if lower else 1e-3)
            if met is not None:
                while points and lower and _is_lower(landscape, third, points[-1]):
                    points.pop()
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


def third_below(landscape: Landscape, pair: Pair) -> State | None:
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
        found = junction(landscape, (pair.a, pair.b, moved))
        if found is None or found[1] > SHARP:
            continue
        (a, b, c), error = found
        # A third branch that stops being a minimum on the way there meets nothing.
        if np.abs(a.theta - pair.theta).max() < reach and landscape.is_minimum(c):
            return Pair(a, b, error), c
    return None
