"""Landau points: where minima that break a symmetry of equal features differently become one.

Three or more features with equal weights are interchangeable. The loss along a direction v in which
one of them moves against the others is κ t²/2 + c t³/6 + …, with one κ for all of them; the cubic
term makes the loss of the symmetry of first order. Where κ = c = 0 the symmetric minimum and those
with t > 0 and t < 0 are one, and the lines between each two of them meet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape
from .equations import Degenerate, Meeting

Floats = NDArray[np.float64]
_DIFFERENCE = 1e-5
"""Of θ, in a Jacobian only."""
_STALLED = 1e-6
"""A step of Newton's method below this that shrinks no more is rounding, of the cubic term."""
_CLUSTERED = 4.0
"""Features of one cluster differ by at most so many times what the minima of a pair do."""


def landau_point(land: Landscape, pair: Meeting) -> Degenerate | None:
    """The Landau point that a pair of minima, about to become one, is close to; None where none."""
    parent = _symmetric(land, pair)
    if parent is None:
        return None
    found = [_solved(land, *parent, width * land.settings.stencil) for width in (0.5, 1)]
    if found[0] is None or found[1] is None:
        return None
    error = float(np.abs(found[0].theta - found[1].theta).max()) + land.settings.close
    far = float(np.abs(found[0].theta - pair.theta).max())
    if error > land.settings.narrow or far > land.settings.leap:
        return None
    return Degenerate(found[0].branch, found[0].null, error, third=0.0)


def _symmetric(land: Landscape, pair: Meeting) -> tuple[Branch, list[int]] | None:
    """The stationary point near a pair in which three or more features are equal, and which."""
    plane = land.plane
    m, n = plane.model.d_hidden, plane.model.n_features
    for one in pair.branches:
        columns = np.vstack([one.x[: m * n].reshape(m, n), one.x[m * n :]])
        for first in dict.fromkeys(plane.classes):
            equal = [i for i in range(n) if plane.classes[i] == first]
            for i in equal:
                gaps = np.abs(columns[:, equal] - columns[:, [i]]).max(axis=0)
                near = [j for j, gap in zip(equal, gaps, strict=True)
                        if gap <= _CLUSTERED * pair.distance]  # fmt: skip
                if len(near) < 3 or np.abs(columns[:m, i]).max() < land.settings.vanished:
                    continue
                even = columns.copy()
                even[:, near] = columns[:, near].mean(axis=1, keepdims=True)
                x, _, size = plane.problem(pair.theta).stationary(even.ravel())
                moved = float(np.abs(x - even.ravel()).max())
                if size <= land.settings.stationary and moved < land.settings.leap:
                    return land.branch(pair.theta, x, one.family), near
    return None


def _solved(
    land: Landscape, parent: Branch, cluster: list[int], stencil: float
) -> Degenerate | None:
    """κ = c = 0 by Newton's method in θ, along the parent."""
    here: Branch | None = parent
    last = np.inf
    for _ in range(20):
        if here is None:
            return None
        value, v = _terms(land, here, cluster, stencil)
        J = np.empty((2, 2))
        for axis in (0, 1):
            shift = _DIFFERENCE * np.eye(2)[axis]
            sides = [land.follow(here, here.theta + sign * shift) for sign in (1.0, -1.0)]
            terms = [_terms(land, side, cluster, stencil, v)[0] for side in sides if side]
            if len(terms) < 2:
                return None
            ahead, behind = terms
            J[:, axis] = (ahead - behind) / (2 * _DIFFERENCE)
        if np.linalg.matrix_rank(J) < 2:
            return None
        step = np.linalg.solve(J, value)
        size = float(np.abs(step).max())
        if size < land.settings.close or (size < _STALLED and size >= 0.5 * last):
            return Degenerate(here, v, size, third=0.0)
        if size > land.settings.leap:
            return None
        here, last = land.follow(here, here.theta - step), size
    return None


def _terms(
    land: Landscape, parent: Branch, cluster: list[int], stencil: float, like: Floats | None = None
) -> tuple[Floats, Floats]:
    """(κ, c) and v: one feature of the cluster moves, the others equally against it."""
    plane, problem = land.plane, land.plane.problem(parent.theta)
    m, n = plane.model.d_hidden, plane.model.n_features
    first, *rest = cluster
    against = np.zeros((n, n))
    against[first, first] = 1.0
    against[np.ix_(rest, rest)] = 1.0 / len(rest)
    against[np.ix_(cluster, cluster)] -= 1.0 / len(cluster)
    # Newton's method knows x to few digits along v, where the loss is flat: it is averaged.
    mean = np.eye(n)
    mean[np.ix_(cluster, cluster)] = 1.0 / len(cluster)
    x = np.kron(np.eye(m + 1), mean) @ parent.x
    P = np.kron(np.eye(m + 1), against) @ land.section(parent)
    left, sizes, _ = np.linalg.svd(P, full_matrices=False)
    P = left[:, sizes > 0.5]
    values, vectors = np.linalg.eigh(P.T @ problem.exact_hessian(x) @ P)
    v = np.asarray(P @ vectors[:, 0])
    if like is not None and v @ like < 0:
        v = -v
    sides = [problem.gradient(x + t * stencil * v) @ v for t in (-2, -1, 0, 1, 2)]
    cubic = float(np.dot((-1, 16, -30, 16, -1), sides)) / (12 * stencil**2)
    return np.array([values[0], cubic]), v
