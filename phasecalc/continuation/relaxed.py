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
from ..minima.problem import Problem
from ..model import ToyModel
from .branch import Branch, Unconverged, _Shared
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

    name: str
    base: Floats
    dropped: Floats
    P: Floats

    def __post_init__(self) -> None:
        if np.abs(self.P.T @ self.P - np.eye(self.P.shape[1])).max(initial=0.0) > _ROUNDING:
            raise ValueError(f"{self.name}: the features in its blocks must have length 1")

    @property
    def free(self) -> int:
        """How many features have free lengths and biases."""
        return int(self.P.shape[1]) // 2

    def settled(
        self, ys: Floats, problem: Problem, mean: float, settings: ContinuationSettings,
        *, downhill: bool,
    ) -> list[Floats]:  # fmt: skip
        """x where Newton's method in the family ends from rows of y, if not outside."""
        starts = self.base + mean * self.dropped + ys @ self.P.T
        ends, _, sizes = problem.settled_within(starts, self.P @ self.P.T, downhill=downhill)
        lengths = (ends @ self.P)[:, : self.free]
        inside = lengths.min(axis=1, initial=1.0) >= settings.shortest_length
        return list(ends[inside & (sizes <= settings.stationary)])


@lru_cache(maxsize=16)
def families(model: ToyModel) -> dict[str, Family]:
    """One family for every candidate of the model, by its name."""
    n, m = model.n_features, model.d_hidden
    found = {}
    for candidate in candidates(model):
        weights = np.array(candidate.weights, dtype=np.float64)
        free = sorted(i for block in candidate.blocks if len(block) > 1 for i in block)
        single = [block[0] for block in candidate.blocks if len(block) == 1]
        P = np.zeros((m * n + n, 2 * len(free)))
        for k, i in enumerate(free):
            only = np.zeros((m, n))
            only[:, i] = weights[:, i]
            P[: m * n, k] = only.ravel()
            P[m * n + i, len(free) + k] = 1.0
        fixed = weights.copy()
        fixed[:, free] = 0.0
        base = np.concatenate([fixed.ravel(), np.zeros(n)])
        dropped = np.concatenate([np.zeros(m * n), np.isin(np.arange(n), single)])
        found[candidate.name] = Family(candidate.name, base, dropped, P)
    return found


@dataclass(frozen=True)
class RelaxedLandscape(_Shared):
    """The candidates' branches; the lowest of them is the phase."""

    plane: Plane
    settings: ContinuationSettings = DEFAULT

    def lowest(self, theta: Floats, *, thorough: bool = True) -> Branch:
        found = self._found(theta)
        if not found:
            raise Unconverged(f"no candidate converged at {self.plane.point(theta)}")
        return found[0]

    def minima(self, theta: Floats) -> list[Branch]:
        return self._found(theta)

    def below(self, theta: Floats, level: float) -> Branch | None:
        found = self._found(theta)
        low = bool(found) and found[0].loss < level - self.settings.lower
        return found[0] if low else None

    def follow(self, branch: Branch, theta: Floats) -> Branch | None:
        # Not downhill: beyond a limit of stability the branch goes on as a saddle.
        ys = branch.x @ self.section(branch)
        ends = self._settled(branch.family, ys, theta, downhill=False)
        if not ends or self.leaps(ends[0], branch, theta):
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

    def _found(self, theta: Floats) -> list[Branch]:
        found: list[Branch] = []
        for family in families(self.plane.model).values():
            known: list[Floats] = []
            for x in self._settled(family.name, self._starts(family, theta), theta, downhill=True):
                if all(np.abs(x - other).max() >= _SAME for other in known):
                    known.append(x)
                    found.append(self.branch(theta, x, family.name))
        return sorted(found, key=lambda branch: branch.loss)

    def _settled(self, family: str, ys: Floats, theta: Floats, *, downhill: bool) -> list[Floats]:
        problem, mean = self.plane.problem(theta), self._mean(theta)
        rows = np.atleast_2d(ys)
        known = families(self.plane.model)[family]
        return known.settled(rows, problem, mean, self.settings, downhill=downhill)

    def _starts(self, family: Family, theta: Floats) -> Floats:
        """The candidate with a little bias, and each of its features weakened in turn."""
        k, mean = family.free, self._mean(theta)
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
