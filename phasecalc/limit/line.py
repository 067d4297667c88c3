"""The minima of k equal features in d dimensions along the line of sparsity.

The lowest minimum on a grid of S comes from descents from random starts, from the minima at the
neighbouring S and from sums of smaller blocks; that nothing lower was missed is evidence, not
proof. Where the lowest minimum changes, both branches are followed by Newton's method and their
crossing is solved. A third minimum is searched for there: a phase between two points of the grid
can be narrow, and lower than its neighbours by as little as 10⁻⁹ where faint features come and go,
and a branch that crosses may be no minimum any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ..blocks.names import Part, equal_description, equal_name
from ..laws import Law, Uniform
from ..minima.naming import parts_of
from ..minima.problem import Problem
from ..model import ToyModel

Floats = NDArray[np.float64]

KEPT = 8
"""So many of the lowest ends of one S are carried on to its neighbours."""
SAME_LOSS = 1e-12
"""Two ends with losses closer than this are one minimum, up to symmetry."""
_STATIONARY = 1e-9
"""A gradient above this is no minimum: the branch has ended."""
_LEAP = 0.05
"""A branch whose overlaps move more than this in one step has leaped to another one."""
_STEPS = 12
"""Most steps in which a branch is followed from one end of an interval to the other."""
_STEP = 0.01
"""Length of such a step, in parts of 1 − S, where these are not too many."""
_LOWER = 1e-13
"""Losses that differ by this differ by more than rounding."""
_CURVED = 1e-8
"""Curvatures below minus this are those of a saddle: they are known to about that."""
_SADDLES = 5
"""So many saddles are left, one after the other."""
_ASIDE = (0.02, 0.1)
"""Steps away from a saddle."""
_BESIDE = 0.02
"""Size of the steps away from known minima from which a third one is looked for."""
_WIDE = 1e-3
"""In wider intervals a third minimum is searched for from many starts."""
_CONTINUOUS = 1e-7
"""Width to which the place of a continuous change is bisected."""


@dataclass(frozen=True, slots=True)
class Place:
    """A minimum at one S: x = (W by rows, b) with its loss."""

    sparsity: float
    x: Floats
    loss: float


@dataclass(frozen=True, slots=True)
class Change:
    """Where the lowest minimum changes: S, its bound of error, and whether two minima cross."""

    sparsity: float
    error: float
    crossing: bool


def equal_model(k: int, d: int, law: Law | None = None) -> ToyModel:
    """k equally important features in d dimensions."""
    return ToyModel(k, d, law or Uniform(), importance=(1,) * k)


class Line:
    """The search along S for one (k, d)."""

    def __init__(self, k: int, d: int, law: Law | None = None) -> None:
        self.k, self.d = k, d
        self.problem = Problem.of(equal_model(k, d, law), 0.5)
        self.mean = 0.5 if law is None else float(law.first_moment / law.scale)

    def at(self, sparsity: float) -> Problem:
        return self.problem.at(sparsity, 1.0)

    def split(self, x: Floats) -> tuple[Floats, Floats]:
        """(W, b)."""
        weights, bias = self.problem.split(x)
        return weights, self.problem.unit * bias

    def name(self, x: Floats) -> str:
        """The systematic name of a minimum."""
        return equal_name(self._parts(x))

    def description(self, x: Floats) -> str:
        """What happens to the features, in a sentence."""
        return equal_description(self._parts(x))

    def _parts(self, x: Floats) -> list[Part]:
        return parts_of(self.problem.gram(x), self.problem.split(x)[1], equal=True)

    def starts(self, sparsity: float, count: int, rng: np.random.Generator) -> Floats:
        """Random starts."""
        scale = rng.uniform(0.3, 1.3, size=(count, 1)) / np.sqrt(self.d)
        weights = scale * rng.normal(size=(count, self.k * self.d))
        bias = self.mean * (1 - sparsity) * rng.uniform(-0.6, 1.4, size=(count, self.k))
        return np.hstack([weights, bias])

    def summed(self, parts: Iterable[tuple[Floats, Floats]], sparsity: float) -> Floats:
        """A start, x, from blocks (W, b) in dimensions of their own; other features are dropped."""
        W = np.zeros((self.d, self.k))
        b = np.full(self.k, self.mean * (1 - sparsity))
        row = column = 0
        for weights, bias in parts:
            d, k = weights.shape
            W[row : row + d, column : column + k] = weights
            b[column : column + k] = bias / self.problem.unit
            row, column = row + d, column + k
        return np.concatenate([W.ravel(), b])

    def lowest(self, sparsity: float, rows: Floats) -> list[Place]:
        """The different ends of descents from the rows, lowest first, at most `KEPT`."""
        ends, losses = self.at(sparsity).descend(rows)
        found: list[Place] = []
        for index in np.argsort(losses, kind="stable"):
            loss = float(losses[index])
            if not np.isfinite(loss) or len(found) == KEPT:
                break
            if not found or loss - found[-1].loss > SAME_LOSS:
                found.append(Place(sparsity, ends[index], loss))
        return found

    def polished(self, place: Place) -> Place:
        """The place after Newton's method, in canonical form."""
        x, loss, _ = self.at(place.sparsity).settled(place.x)
        return Place(place.sparsity, x, loss)

    def minimum(self, place: Place) -> Place:
        """The place polished; from a saddle on to what its softest direction leads to."""
        here = self.polished(place)
        for _ in range(_SADDLES):
            curvature, soft = self.at(here.sparsity).softest(here.x)
            if curvature > -_CURVED:
                break
            sides = [size * sign * soft for size in _ASIDE for sign in (1.0, -1.0)]
            found = self.polished(self.lowest(here.sparsity, here.x + np.array(sides))[0])
            if found.loss >= here.loss - _LOWER:
                break
            here = found
        return here

    def moved(self, place: Place, sparsity: float) -> Place | None:
        """The same branch at another S near by; None where it has ended or leaped."""
        problem = self.at(sparsity)
        x, loss, size = problem.stationary(place.x)
        leap = np.abs(problem.gram(x) - problem.gram(place.x)).max()
        return None if size > _STATIONARY or leap > _LEAP else Place(sparsity, x, loss)

    def followed(self, place: Place, sparsity: float) -> Place | None:
        """The same branch at another S, in small steps."""
        here: Place | None = place
        far = abs(sparsity - place.sparsity) / (1 - max(sparsity, place.sparsity))
        for s in np.linspace(place.sparsity, sparsity, min(_STEPS, ceil(far / _STEP)) + 1)[1:]:
            if here is None:
                return None
            here = self.moved(here, float(s))
        return here

    def preferred(self, other: Place, place: Place) -> Place:
        """What another place leads to, where that is no higher than this one."""
        here = self.followed(other, place.sparsity)
        return place if here is None or here.loss > place.loss + _LOWER else self.minimum(here)

    def joined(self, left: Place, right: Place) -> bool:
        """Whether the two are one branch, under one name."""
        onward = self.followed(left, right.sparsity)
        return (
            onward is not None
            and abs(onward.loss - right.loss) <= SAME_LOSS
            and self.name(onward.x) == self.name(right.x) == self.name(left.x)
        )

    def crossing(self, left: Place, right: Place) -> tuple[Change, list[Place]] | None:
        """Where the losses of two branches are equal, and both there; None without a crossing."""
        onward, back = self.followed(left, right.sparsity), self.followed(right, left.sparsity)
        if onward is None or back is None:
            return None
        if back.loss <= left.loss + _LOWER or onward.loss <= right.loss + _LOWER:
            return None

        def both(sparsity: float) -> list[Place | None]:
            first = sparsity - left.sparsity < right.sparsity - sparsity
            guesses = (left, back) if first else (onward, right)
            return [self.followed(guess, sparsity) for guess in guesses]

        def gap(sparsity: float) -> float:
            one, two = both(sparsity)
            return np.nan if one is None or two is None else one.loss - two.loss

        try:
            where = float(brentq(gap, left.sparsity, right.sparsity, xtol=1e-13, rtol=1e-14))
        except ValueError:  # a branch was lost on the way
            return None
        met = [place for place in both(where) if place is not None]
        if len(met) < 2 or not left.sparsity < where < right.sparsity:
            return None
        step = min(1e-5, where - left.sparsity, right.sparsity - where)
        slope = (gap(where + step) - gap(where - step)) / (2 * step)
        error = 1e-14 / max(abs(slope), 1e-6) + 1e-12
        return Change(where, float(error), True), met


Grown = Callable[[float], Floats]
"""Starts at any S, as rows, that come from smaller blocks."""


def minima_along(
    line: Line,
    sparsities: Sequence[float],
    random_starts: int,
    seed: int = 0,
    grown: Grown | None = None,
) -> tuple[list[Place], list[Floats]]:
    """The lowest minimum at each S, ascending, and the ends of all low minima there, as rows.

    Every S descends from random starts and from the ends of its neighbours, once upwards and once
    downwards.
    """
    rng = np.random.default_rng(seed)
    found: list[list[Place]] = []
    for s in sparsities:
        rows = [line.starts(s, random_starts, rng)]
        if found:
            rows.append(np.array([place.x for place in found[-1]]))
        if grown is not None:
            rows.append(grown(s))
        found.append(line.lowest(s, np.concatenate([row for row in rows if len(row)])))
    for i in range(len(found) - 2, -1, -1):
        rows_back = np.array([place.x for place in (*found[i + 1], *found[i])])
        found[i] = line.lowest(sparsities[i], rows_back)
    for i in range(1, len(found)):
        found[i] = line.lowest(
            sparsities[i], np.array([place.x for place in (found[i - 1][0], *found[i])])
        )
    rows_of = [np.array([place.x for place in places]) for places in found]
    return continued(line, [line.minimum(one[0]) for one in found]), rows_of


def continued(line: Line, places: Sequence[Place]) -> list[Place]:
    """Of minima with one loss, to rounding, the one that the next larger S leads to.

    Minima that differ by signs of features have one loss at S = 0, and nearly so next to it.
    """
    found = list(places)
    for i in range(len(found) - 2, -1, -1):
        found[i] = line.preferred(found[i + 1], found[i])
    return found


class Search:
    """The search for a third minimum between two places of a line."""

    def __init__(
        self, line: Line, random_starts: int = 0, seed: int = 0, grown: Grown | None = None
    ) -> None:
        self.line, self.random_starts, self.grown = line, random_starts, grown
        self.rng = np.random.default_rng(seed)

    def lowest(
        self, sparsity: float, known: Sequence[Place], rows: Floats, *, wide: bool = True
    ) -> Place:
        """The lowest minimum that known places, with steps away from them, and rows lead to."""
        line = self.line
        starts = [np.array([place.x for place in known])]
        for place in known:
            soft = line.at(sparsity).softest(place.x)[1]
            starts += [place.x + size * np.array([[1.0], [-1.0]]) * soft for size in _ASIDE]
        if wide:
            # Beside the rows too: a branch may cross where it has become a saddle.
            beside = rows + _BESIDE * self.rng.normal(size=rows.shape)
            starts += [rows, beside, line.starts(sparsity, self.random_starts, self.rng)]
        if self.grown is not None:
            starts.append(self.grown(sparsity))
        return line.minimum(line.lowest(sparsity, np.concatenate(starts))[0])


def changes_between(
    search: Search, left: Place, right: Place, rows: Floats
) -> list[tuple[Change, Place]]:
    """All changes of the lowest minimum between two S, each with the place that follows it.

    Where two minima cross, a search looks for a third one that is lower there; where none can be
    followed to the other end, the interval is halved.
    """
    line = search.line
    if line.joined(left, right):
        return []
    width = right.sparsity - left.sparsity
    where = (left.sparsity + right.sparsity) / 2
    met = line.crossing(left, right)
    if width <= _CONTINUOUS:
        return [(Change(where, width, False) if met is None else met[0], right)]
    known = [left, right]
    if met is not None:
        crossing, known = met
        where = crossing.sparsity
    middle = search.lowest(where, known, rows, wide=width > _WIDE or met is not None)
    if met is not None and middle.loss >= min(place.loss for place in known) - _LOWER:
        return [(crossing, right)]
    middle = line.preferred(right, middle)
    return [
        *changes_between(search, left, middle, rows),
        *changes_between(search, middle, right, rows),
    ]
