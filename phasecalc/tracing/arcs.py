"""Coexistence lines by continuation: predictor along the tangent, corrector across it.

On the line Δ = L_a − L_b = 0, with both branches polished at every point; ∇Δ comes from the
envelope theorem. The step grows and shrinks with the angle that the tangent turns. A line ends at
the border of the window, in a junction with a third phase, or where its two branches become one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .coexistence import LOWER, SHARP, Arc, Pair, Window, junction, on_line
from .landscape import Landscape, State
from .records import Kind

Floats = NDArray[np.float64]

STEP = (1e-5, 0.02, 0.06)
"""Smallest, first and largest step in θ = (ln p, ln r)."""
SEARCHED = 0.015
"""How far in θ a line goes on before a third phase is searched for again, from many starts."""
MERGED = 1e-3
"""A line ends where its two Gram matrices differ by less: the losses of phases that are closer to
each other, which differ by the cube of that, cannot be told apart."""
MOST_POINTS = 2000
_LONGEST = 0.12


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
