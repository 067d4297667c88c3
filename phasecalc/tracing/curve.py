"""Curves of onsets: followed over the plane, and points on them where a function vanishes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .bifurcation import Onset, onset_near
from .coexistence import Window
from .landscape import Landscape

Floats = NDArray[np.float64]

STEP = 0.04
"""Between points of a curve, in θ."""
SHORTEST = 1e-4
_FIRST = 2e-3
"""The first step, whose direction is only a guess."""
_MOST_POINTS = 600


def curve_through(landscape: Landscape, seed: Onset, window: Window) -> tuple[list[Onset], int]:
    """The onsets of a curve in order, as far as they can be followed, and the seed's index."""
    halves = [_half(landscape, seed, window, sign) for sign in (-1.0, 1.0)]
    return [*halves[0][::-1], seed, *halves[1]], len(halves[0])


def _half(landscape: Landscape, seed: Onset, window: Window, sign: float) -> list[Onset]:
    """Onsets from a seed on in one direction, up to the border."""
    found: list[Onset] = []
    here = seed
    tangent = sign * np.array([seed.direction[1], -seed.direction[0]])
    step = _FIRST
    while len(found) < _MOST_POINTS and step >= SHORTEST:
        guess = here.theta + step * tangent
        if window.excess(guess) > 0:
            reach = _reach(here.theta, tangent, window)
            if reach < SHORTEST:
                break
            guess = here.theta + reach * tangent
        normal = _normal(tangent, here.direction)
        new = onset_near(landscape, here.parent, here.daughter, guess, normal)
        if new is None or np.abs(new.theta - guess).max() > (0.3 if found else 3.0) * step:
            step *= 0.5
            continue
        if window.excess(new.theta) > 1e-9:
            break
        tangent = (new.theta - here.theta) / np.linalg.norm(new.theta - here.theta)
        found.append(new)
        here = new
        step = min(2 * step, STEP)
    return found


def _reach(theta: Floats, tangent: Floats, window: Window) -> float:
    """How far the border is along the tangent."""
    with np.errstate(divide="ignore"):
        reach = np.where(tangent > 0, window.high - theta, window.low - theta) / tangent
    return float(reach[np.isfinite(reach)].min())


def _normal(tangent: Floats, like: Floats) -> Floats:
    normal = np.array([-tangent[1], tangent[0]])
    return normal if normal @ like > 0 else -normal


def zero_between(
    landscape: Landscape, here: Onset, there: Onset, function: Callable[[Onset], float]
) -> Onset | None:
    """The onset between two, one of either sign of a function, at which it vanishes."""
    tangent = (there.theta - here.theta) / np.linalg.norm(there.theta - here.theta)
    normal = _normal(tangent, here.direction)
    low, high = 0.0, 1.0
    f_low, f_high = function(here), function(there)
    best: Onset | None = None
    for k in range(60):
        if not (np.isfinite(f_low) and np.isfinite(f_high)) or f_low == f_high:
            return best
        t = low + (high - low) * (f_low / (f_low - f_high) if k % 4 else 0.5)
        t = min(max(t, low), high)
        guess = here.theta + t * (there.theta - here.theta)
        best = onset_near(landscape, here.parent, here.daughter, guess, normal)
        if best is None:
            return None
        value = function(best)
        if value == 0.0 or high - low < 1e-12 or abs(value) < 1e-15:
            return best
        if (value > 0) == (f_low > 0):
            low, f_low = t, value
        else:
            high, f_high = t, value
    return best
