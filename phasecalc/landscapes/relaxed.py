"""Candidates with their lengths and biases optimised, each as a branch over the plane.

A candidate fixes which features share a block and the directions of its simplex. Inside every block
of two or more features the lengths ‖W_i‖ and the biases are free; blocks do not interfere, so a
feature with its own dimension keeps length 1 and bias 0, and a dropped one its mean as bias: both
are optimal exactly. A pattern may hold several minima (a strong and a weak pair, say), each a
branch of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..blocks.tegum import candidates
from ..model import ToyModel
from .branch import Branch, Landscape, Unconverged
from .plane import Plane
from .settings import DEFAULT, ContinuationSettings

Floats = NDArray[np.float64]

_ROUNDING = 1e-12
"""Of products of unit vectors."""
_SAME = 1e-7
"""Ends closer than this are one: Newton's method brings them to 1e-10."""


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A candidate's pattern: x = base + mean · dropped + P y, y = (lengths, biases) in blocks.

    The columns of P are orthonormal: a candidate's features in blocks have length 1.
    """

    base: Floats
    dropped: Floats
    P: Floats


@lru_cache(maxsize=16)
def families(model: ToyModel) -> dict[str, Family]:
    """One family for every candidate of the model, by its name."""
    n, m = model.n_features, model.d_hidden
    found = {}
    for candidate in candidates(model):
        weights = np.array(candidate.weights, dtype=np.float64)
        free = sorted(i for block in candidate.blocks if len(block) > 1 for i in block)
        base, dropped = np.zeros((2, m + 1, n))  # rows of W, then b
        base[:m] = weights
        base[:, free] = 0.0
        dropped[m, [block[0] for block in candidate.blocks if len(block) == 1]] = 1.0
        columns, k = np.zeros((m + 1, n, 2, len(free))), np.arange(len(free))
        columns[:m, free, 0, k] = weights[:, free]
        columns[m, free, 1, k] = 1.0
        P = columns.reshape((m + 1) * n, 2 * len(free))
        if np.abs(P.T @ P - np.eye(P.shape[1])).max(initial=0.0) > _ROUNDING:
            raise ValueError(f"{candidate.name}: the features in its blocks must have length 1")
        found[candidate.name] = Family(base.ravel(), dropped.ravel(), P)
    return found


@dataclass(frozen=True)
class RelaxedLandscape(Landscape):
    """The candidates' branches; the lowest of them is the phase."""

    plane: Plane
    settings: ContinuationSettings = DEFAULT

    def minima(self, theta: Floats) -> list[Branch]:
        found: list[Branch] = []
        for name, family in families(self.plane.model).items():
            known: list[Floats] = []
            for x in self._settled(name, self._starts(family, theta), theta, downhill=True):
                if all(np.abs(x - other).max() >= _SAME for other in known):
                    known.append(x)
                    found.append(self.branch(theta, x, name))
        return sorted(found, key=lambda branch: branch.loss)

    def lowest(self, theta: Floats, *, thorough: bool = True) -> Branch:
        found = self.minima(theta)
        if not found:
            raise Unconverged(f"no candidate converged at {self.plane.point(theta)}")
        return found[0]

    def below(self, theta: Floats, level: float) -> Branch | None:
        found = self.minima(theta)
        return found[0] if found and found[0].loss < level - self.settings.lower else None

    def follow(self, branch: Branch, theta: Floats) -> Branch | None:
        # Not downhill: beyond a limit of stability the branch goes on as a saddle.
        ys = np.atleast_2d(branch.x @ self.section(branch))
        ends = self._settled(branch.family, ys, theta, downhill=False)
        if not len(ends) or self.leaps(ends[0], branch, theta):
            return None
        found = self.branch(theta, ends[0], branch.family)
        return found if found.signs == branch.signs else None

    def softest(self, branch: Branch, near: Floats | None = None) -> tuple[float, Floats]:
        P = self.section(branch)
        if not P.shape[1]:
            return float("inf"), np.zeros_like(branch.x)  # nothing is free
        hessian = self.plane.problem(branch.theta).hessian(branch.x)
        values, vectors = np.linalg.eigh(P.T @ hessian @ P)
        return float(values[0]), np.asarray(P @ vectors[:, 0])

    def section(self, branch: Branch) -> Floats:
        return families(self.plane.model)[branch.family].P

    def support(self, branch: Branch) -> Floats:
        return self.section(branch)

    def snapped(self, branch: Branch) -> Branch | None:
        return branch  # overlaps between blocks are 0 by construction

    def _settled(self, name: str, ys: Floats, theta: Floats, *, downhill: bool) -> Floats:
        """x where Newton's method in a family ends from rows of y, if not outside."""
        family = families(self.plane.model)[name]
        starts = family.base + self._mean(theta) * family.dropped + ys @ family.P.T
        ends, _, sizes = self.plane.problem(theta).settled_within(
            starts, family.P @ family.P.T, downhill=downhill
        )
        lengths = (ends @ family.P)[:, : family.P.shape[1] // 2]
        inside = lengths.min(axis=1, initial=1.0) >= self.settings.shortest_length
        return np.asarray(ends[inside & (sizes <= self.settings.stationary)])

    def _starts(self, family: Family, theta: Floats) -> Floats:
        """The candidate with a little bias, and each of its features weakened in turn."""
        k, mean = family.P.shape[1] // 2, self._mean(theta)
        if not k:
            return np.empty((1, 0))
        found = [np.repeat([1.0, lift * mean], k) for lift in self.settings.lifts]
        for i in range(k):
            for weak in self.settings.weakened:
                start = np.repeat([1.0, 0.1 * mean], k)
                start[i], start[k + i] = weak, 0.9 * mean + 0.1 * weak
                found.append(start)
        return np.array(found)

    def _mean(self, theta: Floats) -> float:
        """Of a magnitude, zeros included, in units of the law."""
        law = self.plane.model.law
        return float(1.0 - self.plane.problem(theta).S[0]) * float(law.first_moment / law.scale)
