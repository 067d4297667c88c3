"""Points at which branches satisfy an equation, each solved by Newton's method, with its error.

Two branches with one loss: a point of a first-order line. Three: a junction. A minimum that meets a
saddle, where H v = 0: a fold; two minima and the saddle between them: a cusp, also ∂³L/∂v³ = 0.
Derivatives of losses in θ come from the envelope theorem, with the branches polished at every step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_ROUNDINGS = 4
"""Of a loss, which is a sum of a few terms of its own size."""
_PLACED = 1e-14
"""Of θ itself, whose entries are a few units: no point is known better than they are rounded."""
_SHIFT = 1e-5
"""Of central differences in θ, and of the third derivative in a Jacobian: error 1e-10."""


_NARROWER = 10
"""Times that a stencil is halved: the rounding of Hessians over it stays below 1e-10."""
_ALONG = 1e-6
"""Cosine to the normal of a line of a direction that is the line's own."""
_FARTHEST = 0.3
"""Of a correction in θ: from further away nothing says where Newton's method leads."""
_LEVEL = 1e-15
"""Ratio of singular values below which gradients of losses span no plane."""


def left_of(vector: Floats) -> Floats:
    """The unit vector to the left of one in the plane of θ."""
    return np.asarray(np.array([-vector[1], vector[0]]) / np.linalg.norm(vector))


@dataclass(frozen=True, eq=False)
class Meeting:
    """A point where branches have one loss: two on a line, three or more at a junction.

    ``error`` estimates how accurately the point is known in θ.
    """

    branches: tuple[Branch, ...]
    error: float

    @property
    def theta(self) -> Floats:
        return self.branches[0].theta

    @property
    def a(self) -> Branch:
        """The first branch."""
        return self.branches[0]

    @property
    def b(self) -> Branch:
        """The second branch."""
        return self.branches[1]

    @property
    def normal(self) -> Floats:
        """∇(L_a − L_b) in θ."""
        return self.a.gradient - self.b.gradient

    @property
    def tangent(self) -> Floats:
        """Unit vector along the line of both, to the left of the normal."""
        return left_of(self.normal)

    @property
    def distance(self) -> float:
        """Largest difference of the two Gram matrices."""
        return float(np.abs(self.a.gram - self.b.gram).max())


def coexistence(
    land: Landscape,
    branches: tuple[Branch, ...],
    theta: Floats,
    direction: Floats | None = None,
) -> Meeting | None:
    """Where branches have one loss, by Newton's method in θ from close by; None where one is lost.

    Two meet on a line: straight across it, or along a direction. Three meet in a point.
    """
    last = np.inf
    for _ in range(20):
        moved = [land.follow(branch, theta) for branch in branches]
        branches = tuple(branch for branch in moved if branch is not None)
        if len(branches) < len(moved):
            return None
        first, *others = branches
        matrix = np.array([first.gradient - other.gradient for other in others])
        # A direction along the line leads to no point of it.
        if direction is not None and abs(matrix @ direction) > _ALONG * np.linalg.norm(matrix):
            matrix = matrix @ np.outer(direction, direction)
        left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
        if sizes[-1] <= _LEVEL * sizes[0]:
            return None
        values = np.array([first.loss - other.loss for other in others])
        correction = right.T @ (left.T @ values / sizes)
        size = float(np.linalg.norm(correction))
        # The losses are off by as much as they are rounded: first-order, an estimate. No correction
        # is better than that, and one that shrinks no more is rounding.
        error = max(_ROUNDINGS * _EPS * abs(first.loss) / float(sizes[-1]), _PLACED)
        if error > land.settings.sharp:
            return None  # two of them are one branch by now
        # Points of lines are many; at a junction other phases are compared with these.
        known = error if len(others) > 1 else max(error, land.settings.close)
        if size < known or (size < 100 * land.settings.close and size >= 0.5 * last):
            return Meeting(branches, max(error, size))
        if size > _FARTHEST:
            return None
        theta, last = theta - correction, size
    return None


@dataclass(frozen=True, eq=False)
class Flat:
    """A stationary point, a direction in x along which it is flat, and the error of θ."""

    branch: Branch
    null: Floats
    error: float

    @property
    def theta(self) -> Floats:
        return self.branch.theta

    @property
    def branches(self) -> tuple[Branch]:
        return (self.branch,)


@dataclass(frozen=True, eq=False)
class Degenerate(Flat):
    """A stationary point with a singular Hessian.

    ``tangent`` points along the curve of folds in (x, θ), ``third`` is ∂³L/∂v³, 0 at a cusp.
    """

    tangent: tuple[Floats, Floats] | None = None
    third: float = np.nan


@dataclass(frozen=True, eq=False)
class _Folds:
    """∇L = 0, H v = 0, |v| = 1 in the pattern of one branch: x = x₀ + P y, z = (y, v, θ)."""

    land: Landscape
    x0: Floats
    P: Floats
    family: str

    def residual(self, z: Floats) -> Floats:
        k = self.P.shape[1]
        v = z[k : 2 * k]
        gradient, H = self._parts(z)
        return np.concatenate([gradient, H @ v, [0.5 * (v @ v - 1.0)]])

    def _parts(self, z: Floats) -> tuple[Floats, Floats]:
        problem, x = self.land.plane.problem(z[-2:]), self.x(z)
        return self.P.T @ problem.gradient(x), self.P.T @ problem.exact_hessian(x) @ self.P

    def x(self, z: Floats) -> Floats:
        return np.asarray(self.x0 + self.P @ z[: self.P.shape[1]])

    def jacobian(self, z: Floats) -> tuple[Floats, float]:
        """That of the residual, and ∂³L/∂v³."""
        k = self.P.shape[1]
        v, problem, x = z[k : 2 * k], self.land.plane.problem(z[-2:]), self.x(z)
        _, H = self._parts(z)
        J = np.zeros((2 * k + 1, 2 * k + 2))
        J[:k, :k] = J[k : 2 * k, k : 2 * k] = H
        u = _SHIFT * (self.P @ v)
        curved = problem.exact_hessian(x + u) - problem.exact_hessian(x - u)
        J[k : 2 * k, :k] = third = self.P.T @ curved @ self.P / (2 * _SHIFT)
        J[2 * k, k : 2 * k] = v
        for axis in (0, 1):
            step = np.zeros(len(z))
            step[axis - 2] = _SHIFT
            (g1, H1), (g0, H0) = self._parts(z + step), self._parts(z - step)
            J[:k, 2 * k + axis] = (g1 - g0) / (2 * _SHIFT)
            J[k : 2 * k, 2 * k + axis] = (H1 - H0) @ v / (2 * _SHIFT)
        return J, float(v @ third @ v)

    def solve(self, z: Floats, row: Floats, value: float) -> Degenerate | None:
        """Newton's method with row · z = value as the last equation; None if not solved.

        A matrix is kept while it serves: it costs as much as seven residuals.
        """
        k, last, inverse = self.P.shape[1], np.inf, None
        for _ in range(25):
            residual = np.append(self.residual(z), row @ z - value)
            size = float(np.abs(residual).max())
            if size < self.land.settings.solved or (size < 1e-11 and size >= 0.5 * last):
                break
            if inverse is None or size > 0.1 * last:
                try:
                    inverse = np.linalg.inv(np.vstack([self.jacobian(z)[0], row]))
                except np.linalg.LinAlgError:
                    return None
            step = inverse @ residual
            if not np.abs(step).max() < 0.5:
                return None
            z, last = z - step, size
        else:
            return None
        J, third = self.jacobian(z)
        null = np.linalg.svd(J)[2][-1]
        # How far a residual of this size in every equation can move θ, to first order.
        inverse = np.linalg.inv(np.vstack([J, row]))
        error = max(size, _EPS) * float(np.abs(inverse[-2:]).sum(axis=1).max())
        tangent = (self.P @ null[:k], null[-2:])
        scale = np.sqrt(tangent[0] @ tangent[0] + tangent[1] @ tangent[1])
        branch = self.land.branch(z[-2:], self.x(z), self.family)
        tangent = (tangent[0] / scale, tangent[1] / scale)
        return Degenerate(branch, self.P @ z[k : 2 * k], error, tangent, third)


def fold_on(
    land: Landscape, like: Branch, null: Floats, theta: Floats, direction: Floats
) -> Degenerate | None:
    """The fold on the line θ + s · direction next to a branch that is about to end."""
    system = _Folds(land, like.x, land.support(like), like.family)
    v = system.P.T @ null
    if np.linalg.norm(v) < 0.5:
        return None  # it goes out of the pattern: no fold
    k = len(v)
    z = np.concatenate([np.zeros(k), v / np.linalg.norm(v), theta])
    row = np.zeros(2 * k + 2)
    row[-2:] = left_of(direction)
    return system.solve(z, row, float(row[-2:] @ theta))


def next_fold(
    land: Landscape, here: Degenerate, step: float, pin: tuple[int, float] | None = None
) -> Degenerate | None:
    """The fold a step further along the tangent in (x, θ), or where one coordinate has a value."""
    assert here.tangent is not None
    system = _Folds(land, here.branch.x, land.support(here.branch), here.branch.family)
    k = system.P.shape[1]
    along = np.concatenate([system.P.T @ here.tangent[0], np.zeros(k), here.tangent[1]])
    z = np.concatenate([np.zeros(k), system.P.T @ here.null, here.theta])
    if pin is None:
        found = system.solve(z + step * along, along, float(along @ z) + step)
    else:
        row = np.zeros(2 * k + 2)
        row[pin[0] - 2] = 1.0
        t = (pin[1] - here.theta[pin[0]]) / here.tangent[1][pin[0]]
        found = system.solve(z + t * along, row, pin[1])
    if found is None or found.tangent is None:
        return None
    forward = found.tangent[0] @ here.tangent[0] + found.tangent[1] @ here.tangent[1]
    if forward < 0:
        found = replace(found, tangent=(-found.tangent[0], -found.tangent[1]))
    if found.null @ here.null < 0:
        found = replace(found, null=-found.null, third=-found.third)
    return found


def cusp(land: Landscape, pair: Meeting) -> Degenerate | None:
    """The critical point at which a coexistence line ends, from its last point; None where none."""
    x, other = pair.a.x, aligned(land, pair.a.x, pair.b.x)
    width, start = land.settings.stencil, np.concatenate([0.5 * (x + other), pair.theta])
    wide, found = (_cusp(land, pair, start, other - x, factor * width) for factor in (2.0, 1.0))
    error = np.inf
    for _ in range(_NARROWER):
        if wide is None or found is None:
            break
        # The error of a stencil grows with the fourth power of its width: the difference is 15/16
        # of that of the wider one, the narrower one is what is kept. Where the third derivative
        # jumps through 0 it grows as the width, and the difference is that of the narrower one.
        error = float(np.abs(found.theta - wide.theta).max()) + land.settings.close
        if error < land.settings.same_point:
            break
        near, far = (np.concatenate([q.branch.x, q.theta]) for q in (found, wide))
        width *= 0.5
        narrow = _cusp(land, pair, near + 0.5 * (near - far), found.null, width)
        wide, found = found, narrow or found
        if narrow is None:
            break
    if found is None or error > land.settings.narrow:
        return None  # solutions of no one point
    return Degenerate(found.branch, found.null, error, third=0.0)


def aligned(land: Landscape, x: Floats, y: Floats) -> Floats:
    """y with its weights turned towards those of x."""
    m, n = land.plane.model.d_hidden, land.plane.model.n_features
    one, two = (z[: m * n].reshape(m, n) for z in (x, y))
    left, _, right = np.linalg.svd(one @ two.T)
    return np.concatenate([(left @ right @ two).ravel(), y[m * n :]])


def _cusp(
    land: Landscape, pair: Meeting, near: Floats, null: Floats, stencil: float
) -> Degenerate | None:
    """From (x, θ) near it, with the third derivative along a direction by a stencil of a width."""
    from scipy.optimize import root  # noqa: PLC0415

    like, x0, theta = pair.a, near[:-2], near[-2:]
    P = land.section(land.branch(theta, x0, like.family))
    system = _Folds(land, x0, np.linalg.qr(P)[0], like.family)
    P, k = system.P, system.P.shape[1]

    def residual(z: Floats) -> Floats:
        x, v, problem = system.x(z), z[k : 2 * k], land.plane.problem(z[-2:])
        values = [
            float(v @ P.T @ problem.exact_hessian(x + t * stencil * (P @ v)) @ P @ v)
            for t in (-2, -1, 1, 2)
        ]
        third = float(np.dot((1, -8, 8, -1), values)) / (12 * stencil)
        return np.append(system.residual(z), third)

    v0 = P.T @ null
    start = np.concatenate([np.zeros(k), v0 / np.linalg.norm(v0), theta])
    z = root(residual, start, method="hybr", options={"xtol": 1e-13}).x
    size = float(np.abs(residual(z)).max())
    if size > 1000 * land.settings.solved or np.abs(z[-2:] - pair.theta).max() > land.settings.leap:
        return None
    branch = land.branch(z[-2:], system.x(z), like.family)
    return Degenerate(branch, P @ z[k : 2 * k], size)
