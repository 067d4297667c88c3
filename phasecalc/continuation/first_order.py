"""Lines of first order: what ends them, and those that leave a junction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, same_zeros, walk
from .curve import Coexistence, End, Line, Start, both_ways, continue_curve
from .equations import Degenerate, Meeting, coexistence, cusp, left_of
from .landau import landau_point
from .limits import lowest, softest_sides
from .nearby import LEVEL, distinct, first_meeting, is_lowest, lower_than, siblings, with_lowest
from .onset import Onset, onset_near, order_parameter

Floats = NDArray[np.float64]

_BEFORE = 3
"""Pairs at the end of a line from which a Landau point is solved for, until one leads there."""


def first_order(land: Landscape, seed: Meeting, heading: Floats | None = None) -> Line[Meeting]:
    """The line through a seed, in both directions or only in one."""
    watch = _Third(land)
    seed = with_lowest(land, seed)
    along = seed.tangent if heading is None or seed.tangent @ heading > 0 else -seed.tangent
    if heading is None:
        pairs, (first, last) = both_ways(land, Coexistence(land), seed, along, watch.stop)
    else:
        points, last = continue_curve(land, Coexistence(land), seed, along, watch.stop)
        pairs, first = [seed, *points], End("start")
    ends = [first, last]
    for side in (0, 1):
        pairs = pairs[::-1]  # twice: each end in its turn is the last
        if ends[side].kind == "end of a branch":
            beyond: Meeting | None = None
            while len(pairs) > 1 and not _stable(land, pairs[-1]):
                beyond = pairs.pop()
            alone = along if side else -along
            outward = pairs[-1].theta - pairs[-2].theta if len(pairs) > 1 else alone
            ends[side] = _resolved(land, pairs, ends[side], outward, beyond)
        if isinstance(met := ends[side].solved, Meeting):
            while len(pairs) > 1 and (
                _beyond(met, pairs) or _is_lower(land, met.branches[2], pairs[-1])
            ):
                pairs.pop()
    return Line(tuple(pairs), (ends[0], ends[1]))


def _stable(land: Landscape, pair: Meeting) -> bool:
    """Whether no direction goes down from either branch; along a line only the softest is watched.

    Where a daughter leaves a branch in another direction, a line runs on for a while.
    """
    return all(land.softest(branch)[0] > -land.settings.flat for branch in pair.branches)


def _beyond(met: Meeting, pairs: list[Meeting]) -> bool:
    """Whether a line has run past a junction: the third phase can be lost on the way to its end."""
    return bool((met.theta - pairs[-1].theta) @ (pairs[-1].theta - pairs[-2].theta) < 0)


def _is_lower(land: Landscape, third: Branch, pair: Meeting) -> bool:
    moved = walk(land, third, pair.theta)
    return moved is not None and moved.loss < min(pair.a.loss, pair.b.loss)


class _Third:
    """Looks for a third phase below a line, often enough."""

    def __init__(self, land: Landscape) -> None:
        self.land = land
        self.searched = np.full(2, np.inf)

    def stop(self, here: Meeting, new: Meeting, border: bool) -> End | bool:
        s = self.land.settings
        if new.distance < s.merged and new.distance < here.distance:
            return End("end of a branch")
        far = float(np.abs(new.theta - self.searched).max()) > s.searched
        if not border and not far:
            return True
        third = self.land.below(new.theta, min(new.a.loss, new.b.loss))
        self.searched = new.theta
        if third is None:
            return True
        met = first_meeting(self.land, (here, new), third)
        self.searched = np.full(2, np.inf)  # if not found from here, at every point closer by
        return False if met is None else End("junction", met)


def _resolved(
    land: Landscape, pairs: list[Meeting], end: End, outward: Floats, beyond: Meeting | None
) -> End:
    """What lies at the end of a line whose next point was not found, or is not one of minima."""
    last, s = pairs[-1], land.settings
    if _beside_border(land, pairs):
        return End("border")
    if last.a.zeros == last.b.zeros and last.distance < s.nearly_one:
        for kind, solve in (("Landau point", landau_point), ("critical point", cusp)):
            tries = pairs[: -_BEFORE - 1 : -1] if kind == "Landau point" else [last]
            found = next(filter(None, (solve(land, pair) for pair in tries)), None)
            if found is not None and (kind == "Landau point" or _merge(land, last, found, outward)):
                return End(kind, found)
    met = _junction_of(land, pairs, outward, beyond)
    return (
        End("junction", met)
        if met is not None
        else End("end of a branch", fading(land, last, outward))
    )


def _merge(land: Landscape, last: Meeting, at: Degenerate, outward: Floats) -> bool:
    """Whether two minima become one at a critical point ahead.

    Where a third lies between them and is lower they end in folds, beyond a junction with it.
    """
    ahead = (at.theta - last.theta) @ outward > 0
    return bool(ahead) and lower_than(land, last.branches) is None


def _junction_of(
    land: Landscape, pairs: list[Meeting], outward: Floats, beyond: Meeting | None
) -> Meeting | None:
    """The first junction at the end of a line, with any minimum there, or below the next point.

    Where that is a saddle's, a minimum lies below it, which can be none any more at the end.
    """
    last, s = pairs[-1], land.settings
    level = min(last.a.loss, last.b.loss)
    # One that was missed between two searches: the junction lies as far back as that.
    back = [q for q in pairs if np.abs(q.theta - last.theta).max() < 2 * s.searched]
    around = (*back[:: max(1, len(back) // 4)], last)
    near = [one for branch in last.branches for one in siblings(land, branch)]
    found: list[Meeting] = []
    under = None if beyond is None else lower_than(land, beyond.branches)
    if beyond is not None and under is not None:
        met = first_meeting(land, (*around, beyond), under)
        if met is not None and distinct(land, met):
            found.append(met)
    for third in [*land.minima(last.theta), *near]:
        if third.loss > 1.05 * level:
            continue
        if third.loss < level - s.lower:
            met = first_meeting(land, around, third)
        else:
            met = first_meeting(land, (last,), third, reach=1e-3)
            if met is not None and (met.theta - last.theta) @ outward < 0:
                continue  # where the line began
        if met is not None and distinct(land, met):
            found.append(met)
    return min(found, key=lambda met: float(met.theta @ outward), default=None)


def _beside_border(land: Landscape, pairs: list[Meeting]) -> bool:
    """Whether a line stops within a few of the shortest steps of the border.

    At S = 0 minima that differ in signs can have one loss: on that border nothing tells them apart.
    """
    if len(pairs) < 2:
        return False
    last = pairs[-1]
    along = last.tangent if last.tangent @ (last.theta - pairs[-2].theta) > 0 else -last.tangent
    return land.plane.reach(last.theta, along)[0] < 10 * land.settings.shortest_step


def fading(land: Landscape, last: Meeting, outward: Floats) -> Onset | None:
    """The onset at which a line stops: where a branch shrinks into its parent or leaves it."""
    normal = last.normal / np.linalg.norm(last.normal)
    outward = last.tangent if last.tangent @ outward > 0 else -last.tangent
    reach = land.settings.fades
    for one, other, sign in ((last.a, last.b, 1.0), (last.b, last.a, -1.0)):
        parent = land.snapped(one)  # from the parent's side of the line to the other
        trials = [(parent, other, sign * normal)] if parent is not None else []
        parent = snapped_far(land, one)
        if parent is not None and parent.signs != one.signs:
            trials += [(parent, one, outward), (parent, one, -outward)]
        for old, daughter, direction in trials:
            if order_parameter(land, old, daughter) is None:
                continue
            if np.abs(old.gram - daughter.gram).max() > land.settings.nearly_one:
                continue
            found = onset_near(land, old, daughter, last.theta, direction)
            if found is not None and np.abs(found.theta - last.theta).max() < reach:
                return found
    for one in last.branches:
        found = leaving(land, one, last.theta, outward)
        if found is not None and np.abs(found.theta - last.theta).max() < reach:
            return found
    return None


def snapped_far(land: Landscape, branch: Branch) -> Branch | None:
    """The parent of a branch with a small overlap: the one minimum or saddle without it."""
    problem = land.plane.problem(branch.theta)
    x = problem.canonical(branch.x, 0.05)
    if np.abs(x - branch.x).max() < land.settings.vanished:
        return None
    x = problem.stationary(x)[0]
    tiny = land.settings.vanished
    found = land.branch(branch.theta, np.where(np.abs(x) < tiny, 0.0, x), branch.family)
    return land.follow(found, branch.theta)


def leaving(land: Landscape, parent: Branch, theta: Floats, direction: Floats) -> Onset | None:
    """Where a daughter leaves a branch that loses its stability, from its first amplitude.

    Where daughters on several sides of a kink leave it close together, the first of them: at the
    others the parent is unstable already.
    """
    if not np.isfinite(land.softest(parent)[0]):
        return None  # nothing is free
    problem, size = land.plane.problem(parent.theta), land.settings.amplitudes[0]
    onsets = []
    for u in (sign * u for u in softest_sides(land, parent) for sign in (1.0, -1.0)):
        grown = problem.gram(parent.x + size * u) - parent.gram
        np.fill_diagonal(grown, 0.0)
        most = float(np.abs(grown).max())
        if most == 0.0:
            continue
        x = parent.x + size * min(size / most, 4.0) * u
        daughter = land.branch(parent.theta, x, parent.family)
        found = onset_near(land, parent, daughter, theta, direction)
        if found is not None:
            onsets.append(found)
    return max(onsets, key=lambda onset: lowest(land, onset.parent)[0], default=None)


def open_junction(
    land: Landscape, branches: tuple[Branch, ...], error: float
) -> tuple[tuple[Branch, ...], tuple[Start, ...]]:
    """All minima that meet at a junction, and a seed of every line that leaves it.

    To first order the loss of branch i is g_i · dθ beyond the common one. Two branches are lowest
    together along the ray on which they are equal and all others are higher.
    """
    theta, level, s = branches[0].theta, branches[0].loss, land.settings
    everyone = list(branches)
    for other in land.minima(theta):
        # Where the junction is not quite there, losses differ by their slopes.
        slope = float(np.abs(other.gradient - branches[0].gradient).sum())
        if abs(other.loss - level) < s.same_loss + 2 * error * slope and all(
            apart(land.plane, one, other)
            > (s.meets_itself if same_zeros(land.plane, one, other) else 1e-6)
            for one in everyone
        ):
            everyone.append(other)
    found = [(_along(land, a, b, ray), ray) for a, b, ray in rays_of(everyone)]
    return tuple(everyone), tuple((pair, ray) for pair, ray in found if pair is not None)


def rays_of(branches: Sequence[Branch]) -> list[tuple[Branch, Branch, Floats]]:
    """The rays out of a point on which two of its branches are lowest together."""
    found = []
    for a, b in combinations(branches, 2):
        for sign in (1.0, -1.0):
            ray = sign * left_of(a.gradient - b.gradient)
            others = (c for c in branches if c is not a and c is not b)
            if all(_higher(a, b, c, ray) for c in others):
                found.append((a, b, ray))
    return found


def _higher(a: Branch, b: Branch, c: Branch, ray: Floats) -> bool:
    """Whether a third branch is above two along a ray; if level with them, to both sides of it.

    By a symmetry several minima can have one loss along a line, and then two of them bound it.
    """
    along = float((c.gradient - a.gradient) @ ray)
    if abs(along) > LEVEL:
        return along > 0
    one, two, three = (float(q.gradient @ left_of(ray)) for q in (a, b, c))
    return min(one, two) - LEVEL <= three <= max(one, two) + LEVEL


def _along(land: Landscape, a: Branch, b: Branch, ray: Floats) -> Meeting | None:
    """The first point of a line beside where it begins at which both are lowest minima."""
    for step in land.settings.beside_junction:
        found = coexistence(land, (a, b), a.theta + step * ray)
        if found is not None and is_lowest(land, found):
            return found
    return None
