"""Continuous lines: curves of onsets, what ends them, and the lines that leave their ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, same_signs, same_zeros, walk
from .curve import Across, End, Line, Start, both_ways
from .equations import Meeting, coexistence, left_of
from .exchange import beside_bicritical, exchanged, lowest_signs, rival, variants
from .nearby import is_lowest
from .onset import (
    Onset,
    at_amplitude,
    first_order_seed,
    next_onset,
    onset_near,
    order_parameter,
    turned,
)
from .roots import Function, root_between
from .scan import seeds_between

Floats = NDArray[np.float64]


def continuous(land: Landscape, seed: Onset) -> Line[Onset] | None:
    """The continuous line on the curve of onsets through a seed.

    It ends in a tricritical point where the slope of position against amplitude changes its sign,
    in a critical end point where a third phase takes over, in a bicritical point where another
    daughter does, or at the border. Beyond, the parent is not the lowest phase, or the transition
    is of first order. None where the curve has no part on which the daughter is a minimum beyond it
    and no third phase is lower.
    """
    seed = rival(land, seed) or seed
    curve, ends, start = _curve(land, seed)
    middle = _plainest(land, curve, start)
    if middle is None:
        return None
    lowest = _lowest_daughter(land, curve[middle])
    if lowest is not curve[middle]:
        curve, ends, middle = _curve(land, lowest)
    first, back, before = _last(land, curve[middle::-1], ends[0])
    last, forth, after = _last(land, curve[middle:], ends[1])
    inner = curve[middle - back + 1 : middle + forth]
    if len(inner) < 2 and "end of a branch" in (first.kind, last.kind):
        return None  # too little of it is known to be told from what else is there
    first, last = (
        replace(end, seeds=tuple(_seeds(land, end, beyond)))
        for end, beyond in ((first, before), (last, after))
    )
    return Line(tuple(inner), (first, last))


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


def _last(land: Landscape, curve: list[Onset], end: End) -> tuple[End, int, Onset | None]:
    """Where the stable part of a curve ends, after how many onsets, and the first one beyond."""
    around = variants(land, curve[0])
    for k in range(1, len(curve)):
        found = list(_ended(land, curve[k - 1], curve[k], around))
        if found:
            # Of what was solved for, the first.
            ended, beyond, _ = min(found, key=lambda q: (q[0].kind == "end of a branch", q[2]))
            return ended, k, beyond
        around = variants(land, curve[k], around)
    return End(end.kind, curve[-1]), len(curve), None


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
        turn = root_between(land, here, there, lambda onset: (-onset.slope, onset.slope_error))
        yield end("tricritical point", turn, None, there)
        if turn is None:
            return
        there = turn
    third = _taken_over(land, there)
    if third is not None:
        ahead = _ahead(land, third)
        met = root_between(land, here, there, ahead)
        if met is None and abs(ahead(here)[0]) < land.settings.lower:
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


def _ahead(land: Landscape, third: Branch) -> Function:
    """By how much the loss of a third phase is below that of the parent of an onset."""
    known = [third]

    def ahead(onset: Onset) -> tuple[float, float]:
        # From the nearest place at which it is known: next to its own end it changes fast.
        near = min(known, key=lambda one: float(np.abs(one.theta - onset.theta).max()))
        moved = walk(land, near, onset.theta)
        if moved is None:
            return nan, nan
        known.append(moved)
        return onset.parent.loss - moved.loss, 0.0

    return ahead


def _seeds(land: Landscape, end: End, beyond: Onset | None) -> list[Start]:
    """Points of the lines that leave the end of a continuous one."""
    if not isinstance(end.solved, Onset):
        return []
    if end.kind == "critical end point" and end.third is not None:
        return _beside_end_point(land, end.solved, end.third)
    if end.kind == "tricritical point" and beyond is not None:
        return _beyond_tricritical(land, end.solved, beyond)
    if end.kind == "bicritical point" and beyond is not None:
        # The continuous line goes on with another daughter.
        return [*beside_bicritical(land, end.solved, beyond), (beyond, None)]
    return []


def _beyond_tricritical(land: Landscape, start: Onset, beyond: Onset) -> list[Start]:
    """A point of the first-order line into which a continuous one turns, some way on.

    From there the line is followed back too.
    """
    tangent = beyond.theta - start.theta
    tangent = tangent / np.linalg.norm(tangent)
    for away in land.settings.beyond_tricritical:
        onset = onset_near(
            land, beyond.parent, beyond.daughter, start.theta + away * tangent, beyond.direction
        )
        seed = None if onset is None else first_order_seed(land, onset)
        if seed is None or seed.distance < land.settings.faint:
            continue
        if is_lowest(land, seed):
            return [(seed, None)]
        # Other phases are lower: look across.
        step = land.settings.to_the_side * seed.normal / np.linalg.norm(seed.normal)
        low, high = (land.lowest(seed.theta + sign * step) for sign in (-1.0, 1.0))
        found = seeds_between(land, low, high)
        return [(pair, None) for pair in found if isinstance(pair, Meeting)]
    return []


def _beside_end_point(land: Landscape, onset: Onset, third: Branch) -> list[Start]:
    """Points of the two first-order lines that meet where a continuous one ends.

    The third phase coexists with the parent on one side of the continuous line, with the daughter
    on the other. There the daughter grows fast: it is taken at one amplitude after another, and the
    line is where the third phase has its loss.
    """
    ray = left_of(onset.parent.gradient - third.gradient)
    steps = (away * one for away in land.settings.beside_end_point for one in (ray, -ray))
    trials: list[Iterator[Meeting | None]] = [
        (_coexisting(land, onset.parent, third, third.theta + step) for step in steps)
    ]
    turned = next_onset(land, onset, onset.theta, ray)
    if turned is not None and turned.slope > 0:
        grown = (at_amplitude(land, turned, size) for size in land.settings.grown)
        trials.append(_coexisting(land, one, third, one.theta) for one in grown if one is not None)
    found = [next((q for q in some if q and is_lowest(land, q)), None) for some in trials]
    return [(pair, pair.theta - onset.theta) for pair in found if pair is not None]


def _coexisting(land: Landscape, one: Branch, two: Branch, theta: Floats) -> Meeting | None:
    """Where two branches, followed to θ, have one loss, if the first is of its kind there."""
    moved, other = walk(land, one, theta), walk(land, two, theta)
    if moved is None or other is None:
        return None
    pair = coexistence(land, (moved, other), theta)
    return pair if pair is not None and same_zeros(land.plane, pair.a, one) else None
