"""Bicritical points: where another daughter of one onset becomes the lower one.

Several dropped features of one importance become unstable at one onset, and one of them, or more
together, can begin to be represented. With amplitudes a_i the loss is

    −½ k s Σ a_i² + u Σ a_i⁴ + v Σ_{i<j} a_i² a_j²

beyond the parent's, at a distance s beyond the line. A daughter with U = Σ a_i² lies at
s = slope · U, slope = 4u/k for one feature, (2u + v)/k for two, and gains k s²/(4 slope): that of
the smallest slope is lowest. Where two are equal, 2u = v, the line between the daughters ends on
the continuous one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, same_zeros, zeros_of
from .curve import Start
from .equations import coexistence
from .onset import Onset, at_amplitude, next_onset, onset_near
from .roots import root_between

Floats = NDArray[np.float64]

_EQUAL = 2e-3
"""Slopes that differ by less are equal: both are extrapolated."""
_FOUND = 2e-6
"""Of a difference of slopes: their rounding."""
_SIGNS = 1e-4
"""Of slope + bend · amplitude², by which daughters that differ by signs differ at least."""
_BEGUN = (0.012, 0.008, 0.02, 0.005, 0.03)
"""Overlaps at which the line between two daughters is begun, which is nearly along the other."""
_MOST = 3
"""Dropped features of one importance, of which every set is tried, with every sign."""
_CLEAR = 4.0
"""Errors by which slopes must differ for one to be the smaller."""


def variants(land: Landscape, onset: Onset, around: Sequence[Onset] = ()) -> list[Onset]:
    """Other daughters of the same onset: other dropped features in its place, or more, or fewer.

    Made from its own daughter, which needs luck, and followed from those ``around``, of an onset
    next to it. Of those in which the same overlaps vanish the lowest: they differ by signs, and so
    from the sixth order on only.
    """
    if not onset.even:
        return []
    found: dict[Any, Onset] = {}
    followed = (next_onset(land, q, onset.theta, onset.direction) for q in around)
    for new in _daughters(land, onset, [*followed, *_made(land, onset, _starts(land, onset))]):
        kind = zeros_of(land.plane, new.daughter)
        if kind not in found or _gained(land, found[kind], new) > 0:
            found[kind] = new
    found.pop(zeros_of(land.plane, onset.daughter), None)
    return list(found.values())


def lowest_signs(land: Landscape, onset: Onset) -> Onset:
    """The lowest of the onset's daughters in which features that grow point the one or other way.

    Where nothing is clipped they differ from the sixth order on only: a search takes either.
    """
    best, kind = onset, zeros_of(land.plane, onset.daughter)
    alike = (q for q in _starts(land, onset) if zeros_of(land.plane, q) == kind)
    for new in _daughters(land, onset, _made(land, onset, alike)):
        if zeros_of(land.plane, new.daughter) == kind and _gained(land, best, new) > _SIGNS:
            best = new
    return best


def _made(land: Landscape, onset: Onset, starts: Iterable[Branch]) -> Iterator[Onset | None]:
    for start in starts:
        yield onset_near(land, onset.parent, start, onset.theta, onset.direction)


def _daughters(land: Landscape, onset: Onset, found: Iterable[Onset | None]) -> Iterator[Onset]:
    """Those that leave the same parent there."""
    return (q for q in found if q is not None and q.even and _same_place(land, onset, q))


def _gained(land: Landscape, one: Onset, two: Onset) -> float:
    """By how much the second daughter lies closer to the onset, at the largest amplitude."""
    size = float(land.settings.amplitudes[0]) ** 2
    return (one.slope - two.slope) + (one.bend - two.bend) * size


def _like(land: Landscape, onset: Onset, other: Onset) -> Onset | None:
    """The variant of an onset in which the same overlaps vanish as in another one's daughter."""
    return next((q for q in variants(land, onset) if _alike(land, q, other)), None)


def _alike(land: Landscape, one: Onset, two: Onset) -> bool:
    return same_zeros(land.plane, one.daughter, two.daughter)


def rival(land: Landscape, onset: Onset, around: Sequence[Onset] = ()) -> Onset | None:
    """The variant that gains most, where that is more than the onset's own daughter does."""
    lowest = min(variants(land, onset, around), key=lambda other: other.slope, default=None)
    if lowest is None:
        return None
    doubt = max(_EQUAL, _CLEAR * (onset.slope_error + lowest.slope_error))
    return lowest if lowest.slope < onset.slope - doubt else None


def exchanged(
    land: Landscape, here: Onset, there: Onset, other: Onset
) -> tuple[Onset, Onset] | None:
    """The onset between two at which the slope of another daughter is that of the own one.

    With both daughters: the onset once as that of the own one, once as that of the other.
    """
    found: dict[bytes, Onset] = {there.theta.tobytes(): other}

    def compared(onset: Onset) -> tuple[float, float]:
        # Both are followed: to grow one daughter from the other needs luck.
        near = sorted(found.values(), key=lambda q: float(np.abs(q.theta - onset.theta).max()))[:3]
        moved = (next_onset(land, q, onset.theta, onset.direction) for q in near)
        alike = (q for q in _daughters(land, onset, moved) if _alike(land, q, other))
        new = next(alike, None) or _like(land, onset, other)
        if new is None:
            return nan, nan
        found[onset.theta.tobytes()] = new
        return onset.slope - new.slope, onset.slope_error + new.slope_error

    first = compared(here)[0]
    met = here if abs(first) < _EQUAL else root_between(land, here, there, compared, _FOUND)
    return None if met is None else (met, found[met.theta.tobytes()])


def _same_place(land: Landscape, one: Onset, two: Onset) -> bool:
    """Whether two onsets are one, of two daughters, up to their errors."""
    apart = float(np.abs(two.theta - one.theta).max())
    return apart <= land.settings.same_point + _CLEAR * (two.error + one.error)


def _starts(land: Landscape, onset: Onset) -> Iterator[Branch]:
    plane, parent = land.plane, onset.parent
    problem = plane.problem(parent.theta)
    n = plane.model.n_features
    weights, bias = problem.split(parent.x)
    dropped = [k for k in range(n) if not weights[:, k].any()]
    for daughter in onset.daughters[::2]:
        W, b = problem.split(daughter.x)
        length = np.linalg.norm(W, axis=0)
        began = [k for k in dropped if length[k] > land.settings.vanished]
        if not began:
            continue
        first = began[0]
        alike = [k for k in dropped if plane.classes[k] == plane.classes[first]]
        if not 2 <= len(alike) <= _MOST:
            continue
        for count in range(1, len(alike) + 1):
            for chosen in combinations(alike, count):
                for signs in product((-1.0, 1.0), repeat=count - 1):
                    new, lifted = W.copy(), b.copy()
                    new[:, alike], lifted[alike] = 0.0, bias[alike]
                    # Of about the same Σ a_i² as what it is made from.
                    share = np.sqrt(len(began) / count)
                    for k, sign in zip(chosen, (share, *(share * q for q in signs)), strict=True):
                        new[:, k], lifted[k] = sign * W[:, first], b[first]
                    yield land.branch(daughter.theta, np.concatenate([new.ravel(), lifted]))


def beside_bicritical(land: Landscape, onset: Onset, other: Onset) -> list[Start]:
    """The first point at which a line between two daughters of one onset can be begun."""
    s = land.settings
    for amplitude in _BEGUN:
        one, two = at_amplitude(land, onset, amplitude), at_amplitude(land, other, amplitude)
        moved = None if one is None or two is None else land.follow(two, one.theta)
        if one is None or moved is None or not same_zeros(land.plane, moved, other.daughter):
            continue
        pair = coexistence(land, (one, moved), one.theta)
        if pair is None or pair.distance < 2 * s.faint:
            continue
        away = pair.theta - onset.theta
        near = float(np.abs(away).max()) < s.fades
        if near and all(land.softest(q)[0] > s.least_curvature for q in pair.branches):
            return [(pair, away)]
    return []
