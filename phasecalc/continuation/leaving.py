"""Seeds of the lines that leave a special point: junctions and both ends of continuous lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, same_zeros, walk
from .curve import End
from .equations import Meeting, coexistence, left_of
from .events import OnsetLine, onset_line
from .exchange import beside_bicritical
from .nearby import lower_than
from .onset import Onset, at_amplitude, first_order_seed, next_onset, onset_near
from .scan import seeds_between

Floats = NDArray[np.float64]

_LEVEL = 1e-9
"""Slopes of losses that differ by less are one: they are exact but for how well x is known."""
Emitted = tuple[tuple[Meeting, Floats], ...]


def open_junction(
    land: Landscape, branches: tuple[Branch, ...], error: float
) -> tuple[tuple[Branch, ...], Emitted]:
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
    seeds = [seed for a, b, ray in rays_of(everyone) for seed in _along(land, a, b, ray)]
    return tuple(everyone), tuple(seeds)


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
    if abs(along) > _LEVEL:
        return along > 0
    one, two, three = (float(q.gradient @ left_of(ray)) for q in (a, b, c))
    return min(one, two) - _LEVEL <= three <= max(one, two) + _LEVEL


def _along(land: Landscape, a: Branch, b: Branch, ray: Floats) -> list[tuple[Meeting, Floats]]:
    """The first point of a line beside where it begins at which both are lowest minima."""
    for step in land.settings.beside_junction:
        moved = [walk(land, branch, a.theta) for branch in (a, b)]
        if moved[0] is None or moved[1] is None:
            return []
        found = coexistence(land, (moved[0], moved[1]), a.theta + step * ray)
        if found is not None and _lowest_minima(land, found):
            return [(found, ray)]
    return []


def _lowest_minima(land: Landscape, pair: Meeting) -> bool:
    least = land.settings.least_curvature
    inside = land.plane.excess(pair.theta) <= land.settings.vanished
    minima = all(land.softest(branch)[0] > least for branch in pair.branches)
    return inside and minima and lower_than(land, pair.branches) is None


def line_with_seeds(
    land: Landscape, seed: Onset
) -> tuple[OnsetLine, tuple[Emitted, Emitted]] | None:
    """The continuous line through an onset, and seeds of those that leave its ends."""
    line = onset_line(land, seed)
    if line is None:
        return None
    ends = zip(line.ends, line.beyond, strict=True)
    first, last = (tuple(_beyond(land, end, beyond)) for end, beyond in ends)
    return line, (first, last)


def _beyond(land: Landscape, end: End, beyond: Onset | None) -> list[tuple[Meeting, Floats]]:
    if end.kind == "tricritical point":
        return _beyond_tricritical(land, end, beyond)
    if end.kind == "bicritical point" and isinstance(end.solved, Onset) and beyond is not None:
        return beside_bicritical(land, end.solved, beyond)
    return _beside_end_point(land, end)


def _beyond_tricritical(
    land: Landscape, end: End, beyond: Onset | None
) -> list[tuple[Meeting, Floats]]:
    """Seeds of the first-order line into which a continuous one turns, a little way on."""
    if beyond is None or not isinstance(end.solved, Onset):
        return []
    start = end.solved.theta
    tangent = beyond.theta - start
    tangent = tangent / np.linalg.norm(tangent)
    for away in land.settings.beyond_tricritical:
        onset = onset_near(
            land, beyond.parent, beyond.daughter, start + away * tangent, beyond.direction
        )
        seed = None if onset is None else first_order_seed(land, onset)
        if seed is None or seed.distance < land.settings.faint:
            continue
        if _lowest_minima(land, seed):
            return [(seed, tangent)]
        # Other phases are lower: look across.
        step = land.settings.to_the_side * seed.normal / np.linalg.norm(seed.normal)
        low, high = (land.lowest(seed.theta + sign * step) for sign in (-1.0, 1.0))
        found = seeds_between(land, low, high)
        return [(pair, tangent) for pair in found if isinstance(pair, Meeting)]
    return []


def _beside_end_point(land: Landscape, end: End) -> list[tuple[Meeting, Floats]]:
    """Seeds of the two first-order lines that meet where a continuous one ends.

    The third phase coexists with the parent on one side of the continuous line, with the daughter
    on the other. There the daughter grows fast: it is taken at one amplitude after another, and the
    line is where the third phase has its loss.
    """
    third, onset = end.third, end.solved
    if third is None or not isinstance(onset, Onset):
        return []
    ray = left_of(onset.parent.gradient - third.gradient)
    rays = [ray, -ray]
    found = next(
        (seed for away in land.settings.beside_end_point for one in rays
         if (seed := _beside(land, onset.parent, third, away * one))), []
    )  # fmt: skip
    turned = next_onset(land, onset, onset.theta, ray)
    if turned is None or turned.slope <= 0:
        return found
    for amplitude in land.settings.grown:
        daughter = at_amplitude(land, turned, amplitude)
        other = None if daughter is None else walk(land, third, daughter.theta)
        if daughter is None or other is None:
            continue
        pair = coexistence(land, (daughter, other), daughter.theta)
        if pair is None or not same_zeros(land.plane, pair.a, daughter):
            continue
        if _lowest_minima(land, pair):
            return [*found, (pair, pair.theta - onset.theta)]
    return found


def _beside(
    land: Landscape, branch: Branch, third: Branch, step: Floats
) -> list[tuple[Meeting, Floats]]:
    theta = third.theta + step
    moved, other = walk(land, branch, theta), walk(land, third, theta)
    if moved is None or other is None:
        return []
    pair = coexistence(land, (moved, other), theta)
    return [] if pair is None or not _lowest_minima(land, pair) else [(pair, step)]
