"""Where two branches become one: folds (spinodals) and critical points, solved as equations.

A minimum that stops being one has a null vector v of its Hessian H. At a fold ∇L = 0, H v = 0; at a
critical point, where two minima and the saddle between them merge, also ∂³L/∂v³ = 0. The parameters
are those of a section across the orbit of rotations, x = x₀ + P y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .coexistence import Pair
from .landscape import Landscape, State

Floats = NDArray[np.float64]

_SOLVED = 1e-10
_REACH = 0.05
"""A solution further from where the search began than this, in θ, is another one."""
_STENCIL = 2e-3


@dataclass(frozen=True, slots=True, eq=False)
class Degenerate:
    """A stationary point with a singular Hessian: its state and null vector in x.

    ``error`` is that of θ at a critical point, from two stencils; at a fold the residual of its
    equations.
    """

    state: State
    null: Floats
    error: float

    @property
    def theta(self) -> Floats:
        return self.state.theta


def critical_point(landscape: Landscape, pair: Pair) -> Degenerate | None:
    """The critical point at which a coexistence line ends, from its last point; None where none."""
    a, b = pair.a, pair.b
    x, other = a.x, _aligned(landscape, a.x, b.x)
    middle = 0.5 * (x + other)
    found = _solve(landscape, a, middle, other - x, pair.theta, np.eye(2), _STENCIL)
    again = _solve(landscape, a, middle, other - x, pair.theta, np.eye(2), 2 * _STENCIL)
    if found is None or again is None:
        return None
    error = float(np.abs(found.theta - again.theta).max()) + 1e-12
    return Degenerate(found.state, found.null, error)


def fold(
    landscape: Landscape, state: State, null: Floats, theta: Floats, direction: Floats
) -> Degenerate | None:
    """The fold on the line θ + s · direction near a state that is about to stop being a minimum."""
    return _solve(landscape, state, state.x, null, theta, direction[:, None], 0.0)


def _aligned(landscape: Landscape, x: Floats, y: Floats) -> Floats:
    """y with its weights turned towards those of x."""
    m, n = landscape.model.d_hidden, landscape.model.n_features
    one, two = (z[: m * n].reshape(m, n) for z in (x, y))
    left, _, right = np.linalg.svd(one @ two.T)
    return np.concatenate([(left @ right @ two).ravel(), y[m * n :]])


def _solve(
    landscape: Landscape,
    like: State,
    x0: Floats,
    null: Floats,
    theta0: Floats,
    along: Floats,
    stencil: float,
) -> Degenerate | None:
    """Newton's method for ∇L = 0, H v = 0, |v| = 1 and, with two directions, ∂³L/∂v³ = 0.

    ``along`` has the directions in θ that are free as its columns, one or two.
    """
    from scipy.optimize import root  # noqa: PLC0415

    P = landscape.directions(x0, like.family)
    P = np.linalg.qr(P)[0]
    k = P.shape[1]
    v0 = P.T @ null
    v0 /= np.linalg.norm(v0)
    cusp = along.shape[1] == 2

    def residual(z: Floats) -> Floats:
        x, v, theta = x0 + P @ z[:k], z[k : 2 * k], theta0 + along @ z[2 * k :]
        problem = landscape.problem(theta)
        H = P.T @ problem.exact_hessian(x) @ P
        rest = [float(0.5 * (v @ v - 1.0))]
        if cusp:
            values = [
                float(v @ P.T @ problem.exact_hessian(x + t * stencil * (P @ v)) @ P @ v)
                for t in (-2, -1, 1, 2)
            ]
            rest.append(float(np.dot((1, -8, 8, -1), values)) / (12 * stencil))
        return np.concatenate([P.T @ problem.gradient(x), H @ v, rest])

    start = np.concatenate([np.zeros(k), v0, np.zeros(along.shape[1])])
    solved = root(residual, start, method="hybr", options={"xtol": 1e-13})
    z = solved.x
    if np.abs(residual(z)).max() > _SOLVED or np.abs(along @ z[2 * k :]).max() > _REACH:
        return None
    theta = theta0 + along @ z[2 * k :]
    state = landscape.state(theta, x0 + P @ z[:k], like.family)
    return Degenerate(state, P @ z[k : 2 * k], float(np.abs(residual(z)).max()))
