"""Minima next to a known one, and where a third phase first becomes lowest along a line.

Next to an onset several minima have nearly one loss: a feature that overlaps none, one or some of
its equals. A search from many starts finds one or another of them, as rounding has it. So those
that follow from a known minimum are looked at one by one: each of its small overlaps removed, and
both sides of each of its softest directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, walk
from ..landscapes.free import turned
from ..minima.starts import escapes
from .equations import Meeting, coexistence
from .limits import softest_sides

Floats = NDArray[np.float64]

_MOST = 4
"""Phases that are lower than the one before, at one point."""
_SEVERAL = 1e-6
"""Minima at one place that differ by less are one."""
_MET = 1e-9
"""Of two importances: a line on which they are equal is known to 1e-11."""
LEVEL = 1e-9
"""Slopes of losses that differ by less are one: they are exact but for how well x is known."""


def siblings(land: Landscape, branch: Branch) -> list[Branch]:
    """Minima at the same θ that differ from a branch by small overlaps only, or by few of them."""
    if branch.family:
        return []
    s, problem = land.settings, land.plane.problem(branch.theta)
    found: list[Branch] = []
    for start in _starts(land, branch):
        x, _, size = problem.settled(start)
        if size > s.stationary:
            continue
        new = land.branch(branch.theta, x)
        if np.abs(np.sort(new.gram, axis=None) - np.sort(branch.gram, axis=None)).max() > (
            s.nearly_one
        ):
            continue
        known = (branch, *found)
        if all(apart(land.plane, one, new) > _SEVERAL for one in known):
            if land.softest(new)[0] > s.least_curvature:
                found.append(new)
    return found


def _starts(land: Landscape, branch: Branch) -> Iterator[Floats]:
    s, problem = land.settings, land.plane.problem(branch.theta)
    size = np.abs(branch.gram)
    small = np.argwhere((size > s.vanished) & (size < s.nearly_one))
    for i, j in small:
        if i == j or size[i, i] > size[j, j]:
            continue
        x = branch.x.copy()
        weights = problem.split(x)[0]  # a view
        weights[:, i] -= branch.gram[i, j] / branch.gram[j, j] * weights[:, j]
        yield np.where(np.abs(x) < s.vanished, 0.0, x)
    yield from turned(problem, branch, s)
    if len(small):
        yield problem.canonical(branch.x, s.nearly_one)
    rows = np.concatenate([escapes(branch.x, u) for u in softest_sides(land, branch)])
    yield from problem.descend(rows)[0]


def with_lowest(land: Landscape, pair: Meeting) -> Meeting:
    """A point of the same line with, on either side of it, the lowest of minima that have one loss.

    Where hardly an output is clipped a search takes either of two that differ by the sign of a
    faint feature. Where two importances meet, features that differ by them exchange.
    """
    if any(branch.family for branch in pair.branches):
        return pair
    normal = pair.normal / np.linalg.norm(pair.normal)
    branches = tuple(
        _extreme(land, land.with_lowest_signs(branch), sign * normal)
        for branch, sign in zip(pair.branches, (-1.0, 1.0), strict=True)
    )
    if all(one is two for one, two in zip(branches, pair.branches, strict=True)):
        return pair
    return coexistence(land, branches, pair.theta) or pair


def _extreme(land: Landscape, branch: Branch, side: Floats) -> Branch:
    """Of a minimum and those in which equally important features exchange, the lowest beside θ."""
    problem, classes = land.plane.problem(branch.theta), land.plane.classes
    for i, j in combinations(range(problem.n), 2):
        gap = abs(float(problem.I[i] - problem.I[j]))
        if classes[i] == classes[j] or gap > _MET * problem.I[j]:
            continue
        columns = branch.x.reshape(-1, problem.n).copy()
        columns[:, [i, j]] = columns[:, [j, i]]
        x, loss, size = problem.stationary(columns.ravel())
        # What they exchange is a squared error, at most 1, times the difference.
        if size > land.settings.stationary or abs(loss - branch.loss) > (
            land.settings.same_loss + gap
        ):
            continue
        image = land.branch(branch.theta, x)
        if (image.gradient - branch.gradient) @ side < -LEVEL:
            return _extreme(land, image, side)
    return branch


def lower_than(land: Landscape, branches: Sequence[Branch]) -> Branch | None:
    """A minimum below some that have one loss: next to one of them, or found by a search."""
    level = min(branch.loss for branch in branches)
    near = [one for branch in branches for one in siblings(land, branch)]
    lowest = min(near, key=lambda one: one.loss, default=None)
    if lowest is not None and lowest.loss < level - land.settings.lower:
        return lowest
    return land.below(branches[0].theta, level)


def is_lowest(land: Landscape, pair: Meeting) -> bool:
    """Whether both branches are minima inside the window, and nothing there is lower."""
    least = land.settings.least_curvature
    inside = land.plane.excess(pair.theta) <= land.settings.vanished
    minima = all(land.softest(branch)[0] > least for branch in pair.branches)
    return inside and minima and lower_than(land, pair.branches) is None


def meeting(
    land: Landscape, around: tuple[Meeting, ...], third: Branch, reach: float = 0.3
) -> Meeting | None:
    """The junction near points of a line where a third phase becomes lowest."""
    for pair in around[::-1]:
        moved = walk(land, third, pair.theta)
        if moved is None:
            continue
        found = coexistence(land, (pair.a, pair.b, moved), pair.theta)
        if found is None:
            continue
        # A third branch that stops being a minimum on the way there meets nothing.
        close = float(np.abs(found.theta - pair.theta).max()) < reach
        if close and land.softest(found.branches[2])[0] > land.settings.least_curvature:
            return found
    return None


def first_meeting(
    land: Landscape, around: tuple[Meeting, ...], third: Branch, reach: float = 0.3
) -> Meeting | None:
    """The same where no fourth phase is lower: else the one where that becomes lowest.

    None where there is one and its junction is not found.
    """
    met = meeting(land, around, third, reach)
    for _ in range(_MOST):
        lower = None if met is None else lower_than(land, met.branches)
        if met is None or lower is None:
            return met
        here = Meeting(met.branches[:2], met.error)
        met = meeting(land, (*around, here), lower, reach)
        if met is not None and not distinct(land, met):
            return None
    return None


def distinct(land: Landscape, met: Meeting) -> bool:
    """Whether the three branches of a meeting are three."""
    a, b, c = met.branches[:3]
    gaps = (np.abs(x.gram - y.gram).max() for x, y in ((a, b), (a, c), (b, c)))
    return bool(min(gaps) > land.settings.snap)
