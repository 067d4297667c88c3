"""Branches of minima over a plane, and the landscapes that offer them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..minima.minimize import RANDOM_STARTS
from ..minima.naming import TINY, WEAK, is_dead, name_of, outcome_of
from ..minima.orbits import orbit, orders_of
from ..minima.problem import Problem
from ..minima.starts import escapes, starts
from .plane import Plane
from .settings import DEFAULT, ContinuationSettings

Floats = NDArray[np.float64]
Matrix = tuple[tuple[int, ...], ...]

_RETURNED = 1e-6
"""Gram matrices closer than this are one, where a step has been followed back."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Signs of overlaps, and which outputs hardly notice the others.

    signs : of G = WᵀW, row by row, 0 where an overlap vanishes. A branch keeps which ones vanish;
        the sign of an overlap can change on its way, where the overlap passes through 0.
    weak : the features whose bias keeps them on against all that acts on them; a branch can
        change from weak to strong on its way.
    """

    signs: tuple[tuple[int, ...], ...]
    weak: tuple[bool, ...]

    @property
    def size(self) -> int:
        """How many overlaps do not vanish: a daughter has more than its parent."""
        return int(np.abs(self.signs).sum())


@dataclass(frozen=True, eq=False)
class Branch:
    """A minimum of one branch at θ: parameters x = (W by rows, b), loss, derivatives, pattern.

    ``slopes`` are ∂L/∂x and ∂L/∂y of the plane's symbols, ``gradient`` those by θ, at fixed
    parameters: by the envelope theorem those of the branch's loss. ``family`` is the candidate
    whose pattern a relaxed branch keeps.
    """

    theta: Floats
    x: Floats
    loss: float
    slopes: tuple[float, float]
    gradient: Floats
    gram: Floats
    named_bias: Floats
    family: str = ""

    @cached_property
    def signs(self) -> tuple[tuple[int, ...], ...]:
        """Signs of G row by row, 0 where an overlap vanishes."""
        G = self.gram
        length = np.sqrt(np.maximum(G.diagonal(), 0.0))
        least = 1e-9 * length[:, None] * length  # rounding; exact zeros stay zero on a branch
        dropped = length <= TINY
        least[dropped] = least[:, dropped] = np.inf
        signs = (G > least).astype(np.int8) - (G < -least).astype(np.int8)
        return tuple(map(tuple, signs.tolist()))

    @property
    def zeros(self) -> tuple[tuple[bool, ...], ...]:
        """Which overlaps vanish: the same all along a branch."""
        return tuple(tuple(sign == 0 for sign in row) for row in self.signs)

    @cached_property
    def pattern(self) -> Pattern:
        """Signs of G, and which features are weak."""
        signs = np.array(self.signs)
        pull = np.where(signs < 0, -self.gram, 0.0).sum(axis=1)
        weak = (pull > 0) & (self.named_bias > WEAK * pull) & ((signs > 0).sum(axis=1) == 1)
        return Pattern(self.signs, tuple(map(bool, weak)))

    @cached_property
    def name(self) -> str:
        """For people."""
        return name_of(self.gram, self.named_bias)

    @property
    def outcome(self) -> str:
        """What becomes of the last feature."""
        return outcome_of(self.gram)


class Unconverged(ArithmeticError):
    """Newton's method stopped short at the lowest minimum of a place."""


class Landscape(Protocol):
    """What continuation needs to know of a source of branches."""

    plane: Plane
    settings: ContinuationSettings

    def minima(self, theta: Floats) -> list[Branch]:
        """All minima there, lowest first."""

    def lowest(self, theta: Floats, *, thorough: bool = True) -> Branch:
        """The lowest minimum, from scratch; raises `Unconverged`."""

    def below(self, theta: Floats, level: float) -> Branch | None:
        """A minimum whose loss is below a level, by a quick search."""

    def follow(self, branch: Branch, theta: Floats) -> Branch | None:
        """The same branch at a nearby θ; None where it is lost."""

    def softest(self, branch: Branch, near: Floats | None = None) -> tuple[float, Floats]:
        """The lowest one-sided curvature and its direction; refined from one that is near."""

    def section(self, branch: Branch) -> Floats:
        """Columns that span the free directions, without those in which the loss is constant."""

    def support(self, branch: Branch) -> Floats:
        """The same without the directions that leave the branch's pattern."""

    def snapped(self, branch: Branch) -> Branch | None:
        """The branch with overlaps that vanish but for rounding at exactly 0."""

    def branch(self, theta: Floats, x: Floats, family: str = "") -> Branch:
        """The record of parameters that are stationary at θ."""
        problem = self.plane.problem(theta)
        slopes = self.plane.slopes(problem, theta, x)
        by_theta = [
            slope * axis.slope(float(t))
            for slope, axis, t in zip(slopes, self.plane.axes, theta, strict=True)
        ]
        return Branch(
            theta, x, problem.loss(x), slopes, np.array(by_theta), problem.gram(x),
            problem.named_bias(x), family,
        )  # fmt: skip

    def leaps(self, x: Floats, branch: Branch, theta: Floats) -> bool:
        """Whether parameters moved by too much to be the same branch."""
        step = float(np.abs(theta - branch.theta).max())
        return bool(np.abs(x - branch.x).max() > self.settings.leap + 3.0 * step)


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
                return self._turned(self._escaped(found) if suspect else found)
        raise Unconverged(f"the lowest minimum did not converge at {self.plane.point(theta)}")

    def _turned(self, branch: Branch) -> Branch:
        """The branch, or a lower one in which faint features point the other way.

        Where hardly an output is clipped they differ by so little that a search takes either.
        """
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


@lru_cache(maxsize=8192)
def _first_of(
    classes: tuple[int, ...], matrix: Matrix, marks: tuple[bool, ...] = ()
) -> tuple[Matrix, tuple[bool, ...]]:
    """The first in order of what a matrix, and marks, are in all orders of equal features."""
    return min(
        (tuple(tuple(matrix[i][j] for j in q) for i in q), tuple(marks[i] for i in q if marks))
        for q in orders_of(classes)
    )


def kind_of(plane: Plane, branch: Branch) -> Pattern:
    """The pattern of a branch, the same for all orders of equally important features."""
    return Pattern(*_first_of(plane.classes, branch.signs, branch.pattern.weak))


def same_signs(plane: Plane, one: Branch, two: Branch) -> bool:
    """Whether two branches have one pattern of signs, up to equally important features."""
    return _first_of(plane.classes, one.signs) == _first_of(plane.classes, two.signs)


def same_zeros(plane: Plane, one: Branch, two: Branch) -> bool:
    """Whether the same overlaps vanish in two branches, up to equally important features."""
    return _first_of(plane.classes, one.zeros) == _first_of(plane.classes, two.zeros)


def apart(plane: Plane, one: Branch, two: Branch) -> float:
    """Largest difference of G and biases of two branches, over orders of equal features."""
    orders = orders_of(plane.classes)
    b, c = (branch.x[-plane.model.n_features :] for branch in (one, two))
    moved = one.gram[orders[:, :, None], orders[:, None, :]]
    gaps = np.abs(moved - two.gram).max(axis=(1, 2)), np.abs(b[orders] - c).max(axis=1)
    return float(np.maximum(*gaps).min())


def walk(
    landscape: Landscape, branch: Branch, theta: Floats, farthest: float | None = None
) -> Branch | None:
    """A branch followed to θ in small steps; None where it is lost."""
    start = branch.theta
    longest = farthest or landscape.settings.farthest
    steps = max(1, int(np.ceil(np.abs(theta - start).max() / longest)))
    here: Branch | None = branch
    for k in range(1, steps + 1):
        if here is not None:
            here = landscape.follow(here, start + (theta - start) * k / steps)
    return here
