"""What happens along a curve: a third phase takes over, a branch ends, its order changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, same_signs, walk
from .curve import Across, Coexistence, End, both_ways, continue_curve
from .equations import Degenerate, Meeting, Pair, cusp, left_of
from .exchange import exchanged, lowest_signs, rival, root_between, variants
from .landau import landau_point
from .limits import lowest, softest_sides
from .nearby import distinct, first_meeting, lower_than, siblings, with_lowest_signs
from .onset import Onset, next_onset, onset_near, order_parameter, turned

Floats = NDArray[np.float64]

_BEFORE = 3
"""Pairs at the end of a line from which a Landau point is solved for, until one leads there."""
_LOST = 1e-3
"""Of the way between two onsets: a third phase that ends closer to the point is not compared."""


@dataclass(frozen=True, eq=False)
class Arc:
    """A first-order line: points in order, and how each end came about."""

    pairs: tuple[Pair, ...]
    ends: tuple[End, End]

    @property
    def widest(self) -> Pair:
        """Where its phases differ most: near a critical point both are alike."""
        return max(self.pairs, key=lambda pair: pair.distance)


def trace(land: Landscape, seed: Pair, heading: Floats | None = None) -> Arc:
    """The line through a seed, in both directions or only in one."""
    watch = _Third(land)
    seed = with_lowest_signs(land, seed)
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
            beyond: Pair | None = None
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
    return Arc(tuple(pairs), (ends[0], ends[1]))


def _stable(land: Landscape, pair: Pair) -> bool:
    """Whether no direction goes down from either branch; along a line only the softest is watched.

    Where a daughter leaves a branch in another direction, a line runs on for a while.
    """
    return all(land.softest(branch)[0] > -land.settings.flat for branch in pair.branches)


def _beyond(met: Meeting, pairs: list[Pair]) -> bool:
    """Whether a line has run past a junction: the third phase can be lost on the way to its end."""
    return bool((met.theta - pairs[-1].theta) @ (pairs[-1].theta - pairs[-2].theta) < 0)


def _is_lower(land: Landscape, third: Branch, pair: Pair) -> bool:
    moved = walk(land, third, pair.theta)
    return moved is not None and moved.loss < min(pair.a.loss, pair.b.loss)


class _Third:
    """Looks for a third phase below a line, often enough."""

    def __init__(self, land: Landscape) -> None:
        self.land = land
        self.searched = np.full(2, np.inf)

    def stop(self, here: Pair, new: Pair, border: bool) -> End | bool:
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
    land: Landscape, pairs: list[Pair], end: End, outward: Floats, beyond: Pair | None
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


def _merge(land: Landscape, last: Pair, at: Degenerate, outward: Floats) -> bool:
    """Whether two minima become one at a critical point ahead.

    Where a third lies between them and is lower they end in folds, beyond a junction with it.
    """
    ahead = (at.theta - last.theta) @ outward > 0
    return bool(ahead) and lower_than(land, last.branches) is None


def _junction_of(
    land: Landscape, pairs: list[Pair], outward: Floats, beyond: Pair | None
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


def _beside_border(land: Landscape, pairs: list[Pair]) -> bool:
    """Whether a line stops within a few of the shortest steps of the border.

    At S = 0 minima that differ in signs can have one loss: on that border nothing tells them apart.
    """
    if len(pairs) < 2:
        return False
    last = pairs[-1]
    along = last.tangent if last.tangent @ (last.theta - pairs[-2].theta) > 0 else -last.tangent
    return land.plane.reach(last.theta, along)[0] < 10 * land.settings.shortest_step


def fading(land: Landscape, last: Pair, outward: Floats) -> Onset | None:
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


@dataclass(frozen=True, eq=False)
class OnsetLine:
    """A continuous boundary: its onsets in order and its ends, with one onset beyond each.

    Beyond them the parent is not the lowest phase, or the transition is of first order.
    """

    onsets: tuple[Onset, ...]
    ends: tuple[End, End]
    beyond: tuple[Onset | None, Onset | None]


def onset_line(land: Landscape, seed: Onset) -> OnsetLine | None:
    """The continuous boundary on the curve of onsets through a seed.

    It ends in a tricritical point where the slope of position against amplitude changes its sign,
    in a critical end point where a third phase takes over, in a bicritical point where another
    daughter does, or at the border. None where the curve has no part on which the daughter is a
    minimum beyond it and no third phase is lower.
    """
    seed = rival(land, seed) or seed
    curve, ends, start = _curve(land, seed)
    middle = _plainest(land, curve, start)
    if middle is None:
        return None
    lowest = _lowest_daughter(land, curve[middle])
    if lowest is not curve[middle]:
        curve, ends, middle = _curve(land, lowest)
    first, before = _last(land, curve[middle::-1], ends[0])
    last, after = _last(land, curve[middle:], ends[1])
    inner = curve[middle - first[1] + 1 : middle + last[1]]
    if len(inner) < 2 and "end of a branch" in (first[0].kind, last[0].kind):
        return None  # too little of it is known to be told from what else is there
    return OnsetLine(tuple(inner), (first[0], last[0]), (before, after))


def _curve(land: Landscape, seed: Onset) -> tuple[list[Onset], tuple[End, End], int]:
    """The onsets around a seed, on both sides up to a little beyond the continuous part."""
    onsets = Across(land, next_onset)
    tries = [seed, *(turned(land, seed) if seed.even else ())]
    seed = next((q for q in tries if onsets.tangent(q, -left_of(q.direction)) is not None), seed)
    along = -left_of(seed.direction)
    tangent = onsets.tangent(seed, along)
    was_good: dict[int, bool] = {}

    def stop(here: Onset, new: Onset, border: bool) -> End | bool:
        if here is seed:
            was_good.clear()
            was_good[id(seed)] = _is_good(land, seed)
        if not was_good[id(here)] and True in was_good.values():
            return End("beyond")
        was_good[id(new)] = _is_good(land, new)
        far = np.abs(new.theta - here.theta).max() > 10 * land.settings.bracket
        # Where curvatures are tiny a long step leads to another curve.
        return not (new.even and far and was_good[id(here)] and not was_good[id(new)])

    points, ends = both_ways(land, onsets, seed, along if tangent is None else tangent, stop)
    return points, ends, next(k for k, point in enumerate(points) if point is seed)


def _is_good(land: Landscape, onset: Onset) -> bool:
    return onset.slope > 0 and _taken_over(land, onset) is None


def _plainest(land: Landscape, curve: list[Onset], start: int) -> int | None:
    """The index of the steepest onset of the continuous part of a curve next to the start."""
    good = [k for k, onset in enumerate(curve) if onset.slope > 0]
    if not good:
        return None
    first = last = min(good, key=lambda k: abs(k - start))
    while first - 1 in good:
        first -= 1
    while last + 1 in good:
        last += 1
    free = [
        k
        for k in range(first, last + 1)
        if _taken_over(land, curve[k]) is None and rival(land, curve[k]) is None
    ]
    return max(free, key=lambda k: curve[k].slope) if free else None


def _lowest_daughter(land: Landscape, seed: Onset) -> Onset:
    """The onset of the daughter that is lowest: a dropped feature may join one other, or two."""
    if seed.even:
        return lowest_signs(land, seed)
    other = land.below(seed.daughter.theta, seed.daughter.loss)
    if other is None or order_parameter(land, seed.parent, other) is None:
        return seed
    found = onset_near(land, seed.parent, other, seed.theta, seed.direction)
    return seed if found is None or found.slope <= 0 else found


def _last(land: Landscape, curve: list[Onset], end: End) -> tuple[tuple[End, int], Onset | None]:
    """Where the stable part of a curve ends, after how many onsets, and the first one beyond."""
    around = variants(land, curve[0])
    for k in range(1, len(curve)):
        found = list(_ended(land, curve[k - 1], curve[k], around))
        if found:
            # Of what was solved for, the first.
            ended, beyond, _ = min(found, key=lambda q: (q[0].kind == "end of a branch", q[2]))
            return (ended, k), beyond
        around = variants(land, curve[k], around)
    return (End(end.kind, curve[-1]), len(curve)), None


def _ended(
    land: Landscape, here: Onset, there: Onset, around: Sequence[Onset]
) -> Iterator[tuple[End, Onset, float]]:
    """What ends the stable part of a curve between two onsets, one beyond it, and how far it is.

    Other daughters of the first onset are ``around``.
    """

    def end(kind: str, at: Onset | None, third: Branch | None, beyond: Onset) -> Any:
        kind, at = ("end of a branch", here) if at is None else (kind, at)
        return End(kind, at, third), beyond, float(np.abs(at.theta - here.theta).max())

    if there.slope <= 0:
        turn = zero_between(land, here, there)
        if turn is None:
            turn = root_between(land, here, there, lambda q: (-q.slope, q.slope_error))
        yield end("tricritical point", turn, None, there)
        if turn is None:
            return
        there = turn
    third = _taken_over(land, there)
    if third is not None:
        excess = _excess(land, third)
        met = zero_between(land, here, there, excess)
        if met is None and abs(excess(here)) < land.settings.lower:
            met = here  # it lies on the end point already, up to rounding
        yield end("critical end point", met, walk(land, third, met.theta) if met else None, there)
    other = rival(land, there, around)
    if other is not None:
        both = exchanged(land, here, there, other)
        met, new = both or (None, there)
        yield end("bicritical point", met, new.daughter, new)


def _taken_over(land: Landscape, onset: Onset) -> Branch | None:
    """A third phase that is lower than parent and daughter at an onset, if there is one."""
    third = land.below(onset.theta, onset.parent.loss)
    same = third is not None and same_signs(land.plane, third, onset.parent)
    return None if same else third


def _excess(land: Landscape, third: Branch) -> Callable[[Onset], float]:
    known = [third]

    def excess(onset: Onset) -> float:
        # From the nearest place at which it is known: next to its own end it changes fast.
        near = min(known, key=lambda one: float(np.abs(one.theta - onset.theta).max()))
        moved = walk(land, near, onset.theta)
        if moved is None:
            return float("nan")
        known.append(moved)
        return moved.loss - onset.parent.loss

    return excess


_AROUND = 0.2
"""Of a bracket: the onsets around a zero of their slope whose doubts are looked at."""


def zero_between(
    land: Landscape,
    here: Onset,
    there: Onset,
    function: Callable[[Onset], float] | None = None,
) -> Onset | None:
    """The onset between two, one of either sign of a function, at which that vanishes.

    By default the function is the slope of position against amplitude. A third phase can be lost
    on the way to the first onset: then its loss is compared as far as it goes.
    """
    from scipy.optimize import brentq  # noqa: PLC0415

    chord = there.theta - here.theta
    normal = left_of(chord)
    known: dict[float, Onset | None] = {0.0: here, 1.0: there}
    of_slope = function is None

    def value(t: float) -> float:
        if t not in known:
            known[t] = next_onset(land, here, here.theta + t * chord, normal)
        onset = known[t]
        if onset is None:
            return float("nan")
        return onset.slope if function is None else function(onset)

    low, high = 0.0, 1.0
    while np.isfinite(value(high)) and not np.isfinite(value(low)) and high - low > _LOST:
        middle = 0.5 * (low + high)
        same = np.isfinite(value(middle)) and (value(middle) > 0) == (value(high) > 0)
        low, high = (low, middle) if same else (middle, high)
    ends = value(low), value(high)
    if not np.isfinite(ends).all() or (ends[0] > 0) == (ends[1] > 0):
        return None
    try:
        t = brentq(value, low, high, xtol=1e-12, rtol=1e-12)
    except (RuntimeError, ValueError):
        return None
    found = known.get(t) or next_onset(land, here, here.theta + t * chord, normal)
    if found is None:
        return None
    # What the doubt of the slope means along the curve, where that is the function: the largest one
    # around it, for at a single point rounding may have it vanish.
    steep = abs(ends[1] - ends[0]) / float((high - low) * np.linalg.norm(chord))
    near = [o for s, o in known.items() if o is not None and abs(s - t) < _AROUND * (high - low)]
    doubt = max([found.slope_error, *(onset.slope_error for onset in near)])
    along = doubt / steep if of_slope else 0.0
    return replace(found, error=max(found.error, along))
