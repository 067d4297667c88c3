"""Where a branch of minima stops being one on the way from a point to another: solved, not guessed.

Three things can happen, and each has its own equations:

* the minimum meets a saddle: ∇L = 0, H v = 0 (`critical.fold`);
* it stays stationary but goes down in some direction, in which a daughter leaves it: the overlap
  that the direction makes grow is held at small amplitudes (`bifurcation.onset_near`);
* it shrinks into a parent that has lost an overlap: the same equations, seen from the daughter.

What the equations give is kept only if it lies where the branch was lost and the lowest curvature
there vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .bifurcation import AMPLITUDES, onset_near
from .critical import fold
from .field import walk
from .landscape import Landscape, State

Floats = NDArray[np.float64]
Cause = Literal["fold", "onset"]

FLAT = 3e-6
"""One-sided curvatures below this are 0: they are differences over 1e-5."""
_SLACK = 2e-3
"""How far outside its bracket, in θ, a solution may lie. Where a branch ends it is steep, and the
steps that bracket the end stop a little short of it."""
_TRANSVERSE = 1e-6
"""At a fold the gradient moves along the null direction by more than this; at an onset it stays."""
_STEP = 1e-6
_ALIKE = 0.05
"""A parent whose Gram matrix differs from a vanishing daughter's by more is another state."""


@dataclass(frozen=True, slots=True, eq=False)
class Ending:
    """The θ at which a branch ends, why, and how accurately it is known, in θ.

    ``cause`` is None where nothing was solved: the middle of a bracket, half of which is the error.
    """

    theta: Floats
    cause: Cause | None
    error: float


def ending(landscape: Landscape, last: State, lost: Floats) -> Ending:
    """The end of a branch between its last minimum and a θ at which it is none any more.

    The curve on which branches end must not be parallel to the line between the two.
    """
    width = float(np.linalg.norm(lost - last.theta))
    direction = (lost - last.theta) / width
    stays = _stays(landscape, last, lost)
    solvers = (_unstable, _fold, _merged) if stays else (_fold, _merged, _unstable)
    for solver in solvers:
        found = solver(landscape, last, lost, direction)
        if found is not None:
            position = float((found.theta - last.theta) @ direction)
            if -_SLACK <= position <= width + _SLACK:
                return found
    return Ending(0.5 * (last.theta + lost), None, 0.5 * width)


def softest(landscape: Landscape, state: State) -> Floats:
    """The unit direction, among those in which the state is free, of the lowest curvature."""
    problem = landscape.problem(state.theta)
    if not state.family:
        return problem.softest(state.x)[1]
    P = np.linalg.qr(landscape.directions(state.x, state.family))[0]
    return np.asarray(P @ np.linalg.eigh(P.T @ problem.hessian(state.x) @ P)[1][:, 0])


def _stays(landscape: Landscape, last: State, lost: Floats) -> bool:
    """Whether the branch goes on smoothly as a stationary point that is no minimum."""
    moved = landscape.follow(last, lost)
    return moved is not None and float(np.abs(moved.x - last.x).max()) < 1e-3 + 3.0 * float(
        np.abs(lost - last.theta).max()
    )


def _fold(landscape: Landscape, last: State, lost: Floats, direction: Floats) -> Ending | None:
    """Where the minimum meets a saddle."""
    if not np.isfinite(landscape.curvature(last)):
        return None
    found = fold(landscape, last, softest(landscape, last), last.theta, direction)
    if found is None or abs(landscape.curvature(found.state)) > FLAT:
        return None
    x, theta = found.state.x, found.theta
    ahead, behind = (
        landscape.problem(theta + h * direction).gradient(x) for h in (_STEP, -_STEP)
    )
    moves = abs(float(found.null @ (ahead - behind))) / (2 * _STEP)
    if moves < _TRANSVERSE:
        return None
    # ∇L is known to its residual or to rounding; along the null direction only θ balances it.
    return Ending(theta, "fold", max(found.error, 1e-15) / moves + 1e-13)


def _unstable(landscape: Landscape, last: State, lost: Floats, direction: Floats) -> Ending | None:
    """Where a daughter leaves the branch, which goes on as a saddle."""
    u = softest(landscape, last)
    problem = landscape.problem(last.theta)
    size = AMPLITUDES[0]
    for sign in (1.0, -1.0):
        grown = problem.gram(last.x + sign * size * u) - last.gram
        np.fill_diagonal(grown, 0.0)
        most = float(np.abs(grown).max())
        if most == 0.0:
            continue
        # A daughter of the first amplitude, up to the second order.
        x = last.x + sign * size * min(size / most, 4.0) * u
        daughter = landscape.state(last.theta, x, last.family)
        found = onset_near(landscape, last, daughter, last.theta, direction)
        if found is not None and abs(landscape.curvature(found.parent)) < FLAT:
            return Ending(found.theta, "onset", 10 * found.error + 1e-12)
    return None


def _merged(landscape: Landscape, last: State, lost: Floats, direction: Floats) -> Ending | None:
    """Where the branch shrinks into its parent."""
    parents = [
        state
        for state in landscape.minima(lost)
        if state.pattern != last.pattern and np.abs(state.gram - last.gram).max() < _ALIKE
    ]
    for state in sorted(parents, key=lambda state: float(np.abs(state.gram - last.gram).max())):
        parent = landscape.snapped(state)
        parent = None if parent is None else walk(landscape, parent, last.theta)
        if parent is None:
            continue
        found = onset_near(landscape, parent, last, last.theta, direction)
        if found is not None:
            return Ending(found.theta, "onset", 10 * found.error + 1e-12)
    return None
