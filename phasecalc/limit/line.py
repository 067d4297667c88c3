"""The minima of k equal features in d dimensions along the line of sparsity.

The lowest minimum on a grid of S comes from descents from random starts, from the minima at the
neighbouring S and from smaller blocks with one feature added; that nothing lower was missed is
evidence, not proof. Where the lowest minimum changes, both branches are followed by Newton's method
and their crossing is solved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
SAME_LOSS = 1e-10
"""Two ends with losses closer than this are one minimum, up to symmetry."""
_STATIONARY = 1e-9
"""A gradient above this is no minimum: the branch has ended."""
_LEAP = 0.05
"""A branch whose overlaps move more than this in one step has leaped to another one."""
_STEPS = 12
"""Steps in which a branch is followed from one end of an interval to the other."""
_LOWER = 1e-9
"""A third minimum this much lower at a crossing is a phase between the two."""
_BESIDE = 0.02
"""Size of the steps away from known minima from which a third one is looked for."""
_NARROW = 1e-4
"""Intervals narrower than this are not searched for a third phase."""
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

    def grown(self, smaller: Iterable[tuple[Floats, Floats]], sparsity: float) -> Floats:
        """Starts from fewer features or dimensions: features added at a dimension, or dropped."""
        rows = []
        for weights, bias in smaller:
            W = np.zeros((self.d, self.k))
            b = np.full(self.k, self.mean * (1 - sparsity))
            d, k = weights.shape
            W[:d, :k], b[:k] = weights, bias / self.problem.unit
            for extra in range(min(self.d - d, self.k - k)):
                W[d + extra, k + extra], b[k + extra] = 1.0, 0.0
            rows.append(np.concatenate([W.ravel(), b]))
        return np.array(rows).reshape(len(rows), -1)

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

    def moved(self, place: Place, sparsity: float) -> Place | None:
        """The same branch at another S near by; None where it has ended or leaped."""
        problem = self.at(sparsity)
        x, loss, size = problem.stationary(place.x)
        leap = np.abs(problem.gram(x) - problem.gram(place.x)).max()
        return None if size > _STATIONARY or leap > _LEAP else Place(sparsity, x, loss)

    def followed(self, place: Place, sparsity: float) -> Place | None:
        """The same branch at another S, in small steps."""
        here: Place | None = place
        for s in np.linspace(place.sparsity, sparsity, _STEPS + 1)[1:]:
            if here is None:
                return None
            here = self.moved(here, float(s))
        return here

    def change(self, left: Place, right: Place) -> Change | None:
        """Where the lowest minimum changes between two places; None where it is one branch."""
        onward, back = self.followed(left, right.sparsity), self.followed(right, left.sparsity)
        if (
            onward is not None
            and abs(onward.loss - right.loss) <= SAME_LOSS
            and self.name(onward.x) == self.name(right.x)
        ):
            return None if self.name(left.x) == self.name(right.x) else self._renamed(left, right)
        if onward is not None and back is not None:
            if back.loss > left.loss and onward.loss > right.loss:
                return self._crossing(left, onward, back, right)
        return self._bisected(left, right)

    def _crossing(self, left: Place, onward: Place, back: Place, right: Place) -> Change:
        def gap(sparsity: float) -> float:
            t = (sparsity - left.sparsity) / (right.sparsity - left.sparsity)
            losses = []
            for one, two in ((left, onward), (back, right)):
                guess = one if t < 0.5 else two
                place = self.followed(guess, sparsity) if 0 < t < 1 else guess
                losses.append(np.nan if place is None else place.loss)
            return losses[0] - losses[1]

        where = brentq(gap, left.sparsity, right.sparsity, xtol=1e-13, rtol=1e-14)
        step = 1e-5
        slope = (gap(min(where + step, right.sparsity)) - gap(max(where - step, left.sparsity))) / (
            min(where + step, right.sparsity) - max(where - step, left.sparsity)
        )
        return Change(float(where), float(1e-14 / max(abs(slope), 1e-6)) + 1e-12, True)

    def _middle(self, left: Place, right: Place) -> Place:
        """The lowest minimum half-way, from both ends."""
        s = (left.sparsity + right.sparsity) / 2
        return self.polished(self.lowest(s, np.array([left.x, right.x]))[0])

    def _bisected(self, left: Place, right: Place) -> Change | None:
        """Halve the interval until a branch can be followed across it, or it is narrow."""
        if right.sparsity - left.sparsity < _CONTINUOUS:
            where = (left.sparsity + right.sparsity) / 2
            return Change(where, right.sparsity - left.sparsity, False)
        middle = self._middle(left, right)
        if self.name(middle.x) == self.name(right.x):
            return self.change(left, middle)
        return self.change(middle, right)

    def _renamed(self, left: Place, right: Place) -> Change:
        """Where a continuous branch changes its name."""
        name = self.name(left.x)
        while right.sparsity - left.sparsity > _CONTINUOUS:
            middle = self._middle(left, right)
            left, right = (middle, right) if self.name(middle.x) == name else (left, middle)
        where = (left.sparsity + right.sparsity) / 2
        return Change(where, right.sparsity - left.sparsity, False)


def minima_along(
    line: Line,
    sparsities: Sequence[float],
    random_starts: int,
    seed: int = 0,
    smaller: Iterable[Sequence[tuple[Floats, Floats]]] = (),
) -> tuple[list[Place], list[Floats]]:
    """The lowest minimum at each S, ascending, and the ends of all low minima there, as rows.

    `smaller` are (W, b) of smaller blocks at these S.

    Every S descends from random starts and from the ends of its neighbours, once upwards and once
    downwards.
    """
    rng = np.random.default_rng(seed)
    grown = [list(rows) for rows in smaller]
    found: list[list[Place]] = []
    for i, s in enumerate(sparsities):
        rows = [line.starts(s, random_starts, rng)]
        if found:
            rows.append(np.array([place.x for place in found[-1]]))
        if grown:
            rows.append(line.grown([row[i] for row in grown], s))
        found.append(line.lowest(s, np.concatenate([row for row in rows if len(row)])))
    for i in range(len(found) - 2, -1, -1):
        rows_back = np.array([place.x for place in (*found[i + 1], *found[i])])
        found[i] = line.lowest(sparsities[i], rows_back)
    for i in range(1, len(found)):
        found[i] = line.lowest(
            sparsities[i], np.array([place.x for place in (found[i - 1][0], *found[i])])
        )
    rows_of = [np.array([place.x for place in places]) for places in found]
    return [line.polished(places[0]) for places in found], rows_of


def changes_between(
    line: Line, left: Place, right: Place, rows: Floats
) -> list[tuple[Change, Place]]:
    """All changes of the lowest minimum between two S, each with the place that follows it.

    Where two minima cross, descents from the rows look for a third one that is lower there.
    """
    change = line.change(left, right)
    if change is None:
        return []
    if change.crossing and right.sparsity - left.sparsity > _NARROW:
        known = line.followed(left, change.sparsity)
        # Beside the rows too: a branch may cross where it has become a saddle.
        beside = rows + _BESIDE * np.random.default_rng(0).normal(size=rows.shape)
        third = line.lowest(change.sparsity, np.concatenate([rows, beside]))[0]
        if known is not None and third.loss < known.loss - _LOWER:
            middle = line.polished(third)
            return [
                *changes_between(line, left, middle, rows),
                *changes_between(line, middle, right, rows),
            ]
    return [(change, right)]
