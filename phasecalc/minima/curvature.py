"""The least one-sided second derivative where the loss is only piecewise C²."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEP = 1e-5
_MOST = 200
_KEPT = ((40, 2), (80, 6))
"""After so many steps only this part of the directions, the lowest, goes on."""
_FEWEST = 12


def least_one_sided(
    at_all: Callable[[Floats], tuple[Floats, Floats]], x: Floats, directions: Floats, fixed: Floats
) -> tuple[Floats, Floats]:
    """Local minima over unit u of u·(∇L(x + h u) − ∇L(x))/h at a stationary point x, and their u.

    That is the Hessian's lowest eigenvalue where the loss is C², and the right criterion of a local
    minimum where it is only piecewise so. Every row of `directions` is refined by projected
    descent, all at once; u stays orthogonal to the orthonormal rows of `fixed`. Returns the values,
    rising, and their directions.
    """
    count = len(directions)
    g = at_all(x[None])[1][0]
    new = np.array(directions, dtype=np.float64)
    u = new.copy()
    value = np.full(count, np.inf)
    slope = np.zeros_like(u)
    rate = np.full(count, 0.25)
    active = np.arange(count)
    for step in range(_MOST):
        for after, part in _KEPT:
            if step == after and len(active) > max(_FEWEST, count // part):
                order = np.argsort(value[active], kind="stable")
                active = np.sort(active[order[: max(_FEWEST, count // part)]])
        trial = new[active]
        trial -= (trial @ fixed.T) @ fixed
        length = np.sqrt((trial * trial).sum(axis=1))
        some = length >= 1e-9
        active, trial = active[some], trial[some] / length[some, None]
        if not len(active):
            break
        change = (at_all(x + _STEP * trial)[1] - g) / _STEP
        found = (trial * change).sum(axis=1)
        better = found < value[active] - 1e-13
        won = active[better]
        u[won] = trial[better]
        value[won] = found[better]
        rate[won] = np.minimum(1.5 * rate[won], 4.0)
        slope[won] = change[better] - found[better, None] * trial[better]
        rate[active[~better]] *= 0.5
        going = (rate[active] >= 1e-6) & (np.abs(slope[active]).max(axis=1) >= 1e-9)
        active = active[going]
        if not len(active):
            break
        new[active] = u[active] - rate[active, None] * slope[active]
    order = np.argsort(value, kind="stable")
    return value[order], u[order]
