"""All weights and biases free: minima from many starts, each a branch over the plane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..minima.minimize import RANDOM_STARTS
from ..minima.naming import is_dead
from ..minima.orbits import orbit
from ..minima.problem import Problem
from ..minima.starts import escapes, starts
from .branch import Branch, Landscape, Unconverged, apart
from .plane import Plane
from .settings import DEFAULT, ContinuationSettings

Floats = NDArray[np.float64]

_RETURNED = 1e-6
"""Gram matrices closer than this are one, where a step has been followed back."""


@dataclass(frozen=True)
class GlobalLandscape(Landscape):
    """All weights and biases are free, or all biases are 0, as the model says."""

    plane: Plane
    settings: ContinuationSettings = DEFAULT

    def minima(self, theta: Floats) -> list[Branch]:
        found: list[Branch] = []
        for x, size, _ in self._ends(theta, thorough=True):
            if size > self.settings.stationary:
                continue
            new = self.branch(theta, x)
            close = (one for one in found if abs(one.loss - new.loss) < 1e-9)
            if all(apart(self.plane, one, new) > 1e-6 for one in close):
                found.append(new)
        found.sort(key=lambda branch: branch.loss)
        least = self.settings.least_curvature
        return [branch for branch in found if self.softest(branch)[0] > least]

    def lowest(self, theta: Floats, *, thorough: bool = True) -> Branch:
        level = np.inf
        for x, size, suspect in self._ends(theta, thorough=thorough):
            found = self.branch(theta, x)
            # Next to an onset the valley is so flat that some starts stop short, at one loss.
            if found.loss > level + 10 * self.settings.same_loss:
                break
            level = min(level, found.loss)
            if size <= self.settings.stationary:
                return self.with_lowest_signs(self._escaped(found) if suspect else found)
        raise Unconverged(f"the lowest minimum did not converge at {self.plane.point(theta)}")

    def with_lowest_signs(self, branch: Branch) -> Branch:
        problem = self.plane.problem(branch.theta)
        for start in turned(problem, branch, self.settings):
            x, loss, size = problem.stationary(start, downhill=True)
            if size <= self.settings.stationary and loss < branch.loss - self.settings.lower:
                branch = self.branch(branch.theta, x)
        return branch

    def _escaped(self, branch: Branch) -> Branch:
        """The minimum below a saddle that a structured start lay on; the branch if it is none."""
        least, away = self.softest(branch)
        if least >= -self.settings.flat:
            return branch
        problem = self.plane.problem(branch.theta)
        ends, losses = problem.descend(escapes(branch.x, away))
        x, _, size = problem.settled(ends[int(np.nanargmin(losses))])
        if size > self.settings.stationary:
            raise Unconverged(f"no minimum below a saddle at {self.plane.point(branch.theta)}")
        return self.branch(branch.theta, x)

    def below(self, theta: Floats, level: float) -> Branch | None:
        problem = self.plane.problem(theta)
        ends, losses = problem.descend(self._starts(problem, thorough=False))
        k = int(np.nanargmin(losses))
        if losses[k] >= level - self.settings.lower:
            return None
        x, size = self._settled(problem, ends[k])
        if size > self.settings.stationary:
            return None
        found = self.branch(theta, x)
        return found if found.loss < level - self.settings.lower else None

    def follow(self, branch: Branch, theta: Floats) -> Branch | None:
        tiny = self.settings.vanished
        problem = self.plane.problem(theta)
        x, _, size = problem.stationary(np.where(np.abs(branch.x) < tiny, 0.0, branch.x))
        x = np.where(np.abs(x) < tiny, 0.0, x)
        if size > self.settings.stationary or self.leaps(x, branch, theta):
            return None
        found = self.branch(theta, x)
        if found.signs == branch.signs:
            return found
        return found if found.zeros == branch.zeros and self._leads_back(found, branch) else None

    def _leads_back(self, found: Branch, branch: Branch) -> bool:
        """Whether Newton's method, from where it has led, comes back: a leap does not."""
        problem = self.plane.problem(branch.theta)
        x, _, size = problem.stationary(found.x)
        gap = np.abs(problem.gram(x) - branch.gram).max()
        return bool(size <= self.settings.stationary and gap < _RETURNED)

    def softest(self, branch: Branch, near: Floats | None = None) -> tuple[float, Floats]:
        problem = self.plane.problem(branch.theta)
        starting = None if near is None else near[None, :]
        if near is None and problem.has_kink(branch.x):
            vectors = np.linalg.eigh(problem.hessian(branch.x))[1].T
            starting = np.concatenate([vectors, -vectors])
        return problem.softest(branch.x, starting)

    def section(self, branch: Branch) -> Floats:
        return self._across_orbit(branch, np.zeros(len(branch.x), dtype=np.bool_))

    def support(self, branch: Branch) -> Floats:
        return self._across_orbit(branch, np.abs(branch.x) < self.settings.vanished)

    def _across_orbit(self, branch: Branch, held: NDArray[np.bool_]) -> Floats:
        """Columns in which nothing held moves, without the rotations of the hidden space."""
        model = self.plane.model
        if model.bias == "zero":
            held[-model.n_features :] = True
        T, count = orbit(branch.x, model.d_hidden, model.n_features)
        inside = [t for t in T[:count] if np.abs(t[held]).max(initial=0.0) < 1e-9]
        free = np.eye(len(held))[~held]
        basis = np.linalg.qr(np.array([*inside, *free]).T)[0] if inside else free.T
        return np.asarray(basis[:, len(inside) : len(free)])

    def snapped(self, branch: Branch) -> Branch | None:
        problem = self.plane.problem(branch.theta)
        x = problem.canonical(branch.x, self.settings.snap)
        return self.follow(self.branch(branch.theta, x), branch.theta)

    def _starts(self, problem: Problem, *, thorough: bool) -> Floats:
        model = self.plane.model
        count = self.settings.random_starts[0 if thorough else 1]
        if thorough:
            count = min(count, RANDOM_STARTS.get(model.n_features, 24))
        return starts(model, float(problem.S[0]), count, 0)

    def _ends(self, theta: Floats, *, thorough: bool) -> Iterator[tuple[Floats, float, bool]]:
        """Distinct stationary points by rising loss: (x, gradient, whether it may be a saddle).

        A structured start can lie on a saddle, and is then where no other start ends.
        """
        problem = self.plane.problem(theta)
        rows = self._starts(problem, thorough=thorough)
        ends, losses = problem.descend(rows)
        moved = np.abs(ends - rows).max(axis=1) > self.settings.vanished
        known: list[tuple[float, Floats]] = []
        dead: list[float] = []
        for k in np.argsort(losses, kind="stable"):
            loss = float(losses[k])
            gram, bias = problem.gram(ends[k]), problem.split(ends[k])[1]
            # What does not depend on the order of equally important features.
            lengths = gram.diagonal()[np.lexsort([gram.diagonal(), np.array(self.plane.classes)])]
            mark = np.concatenate([np.sort(gram, axis=None), np.sort(bias), lengths])
            if not np.isfinite(loss) or any(
                abs(other - loss) < 1e-9 and np.abs(mark - seen).max() < 1e-6
                for other, seen in known
            ):
                continue
            known.append((loss, mark))
            if is_dead(gram, bias) and not problem.no_bias:  # a continuum of equal minima
                if any(abs(other - loss) < 1e-9 for other in dead):
                    continue
                dead.append(loss)
            near = np.abs(losses - loss) < 1e-9
            yield *self._settled(problem, ends[k]), not moved[near].any()

    def _settled(self, problem: Problem, x: Floats) -> tuple[Floats, float]:
        """The end of a descent polished, with what is rounding set to zero; and its gradient."""
        x, _, size = problem.settled(x)
        rounding = (x != 0) & (np.abs(x) < 100 * self.settings.vanished)
        if rounding.any():
            plain, _, small = problem.stationary(np.where(rounding, 0.0, x))
            if small <= max(size, self.settings.stationary) and np.abs(plain - x).max() < 1e-5:
                return plain, small
        return x, size


def turned(problem: Problem, branch: Branch, settings: ContinuationSettings) -> Iterator[Floats]:
    """Parameters with one faint feature turned around: all of its overlaps are small."""
    size = np.abs(branch.gram)
    for k in range(len(size)):
        if settings.vanished < np.delete(size[k], k).max(initial=0.0) < settings.nearly_one:
            x = branch.x.copy()
            problem.split(x)[0][:, k] *= -1.0  # a view
            yield x
