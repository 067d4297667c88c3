"""Rays across a first-order line, along which its phases are followed into each other's region.

They start at points of the line and go straight across it in θ. At an end of the line the direction
turns on to the next line, or to the border, so that no sector is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .coexistence import Arc, Pair, Window, left_of
from .landscape import State

Floats = NDArray[np.float64]

RAYS = {2: 21}
"""At most so many points of a line are the feet of rays, by number of features; 11 for more."""
_FAR = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Ray:
    """From a foot on the line, where the phase and its partner coexist, along a unit vector."""

    phase: State
    partner: State
    direction: Floats


def rays_of(arc: Arc, window: Window, *, first: bool) -> Iterator[Ray]:
    """Rays from evenly spaced points of a line, and fans at its ends."""
    features = len(arc.pairs[0].a.gram)
    pairs = _thinned(arc.pairs, RAYS.get(features, 11))
    rays = [_across(pair, first=first) for pair in pairs]
    outward = [_outward(arc.pairs), _outward(arc.pairs[::-1])]
    fans = [
        _fan(ray, outside, arc.ends[k][1] if arc.ends[k][0] == "junction" else None, window)
        for k, (ray, outside) in enumerate(zip((rays[0], rays[-1]), outward, strict=True))
    ]
    yield from fans[0][::-1]
    yield from rays
    yield from fans[1]


def _thinned(pairs: list[Pair], count: int) -> list[Pair]:
    """At most so many of the points, as evenly spaced as they come, with both ends."""
    steps = [np.linalg.norm(there.theta - here.theta) for here, there in pairwise(pairs)]
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, along[-1], count)
    return [pairs[k] for k in sorted({int(np.abs(along - s).argmin()) for s in wanted})]


def _across(pair: Pair, *, first: bool) -> Ray:
    """Straight across the line to where the phase is the higher one."""
    normal = pair.normal / np.linalg.norm(pair.normal)
    return Ray(pair.a, pair.b, normal) if first else Ray(pair.b, pair.a, -normal)


def _outward(pairs: list[Pair]) -> Floats:
    """Unit vector out of the line at its first point, from one that is not too close to it.

    Next to a junction a line may overshoot by less than a search can tell.
    """
    steps = [pairs[0].theta - pair.theta for pair in pairs[1:]]
    sizes = [float(np.linalg.norm(step)) for step in steps]
    far = [k for k, size in enumerate(sizes) if size > _FAR]
    if not sizes or max(sizes) == 0.0:
        return np.zeros(2)
    k = far[0] if far else int(np.argmax(sizes))
    return np.asarray(steps[k] / sizes[k])


def _fan(ray: Ray, outward: Floats, third: State | None, window: Window) -> list[Ray]:
    """Rays that turn from the last one on, past the end of the line.

    At a junction they turn on to the line between the other two phases, beyond which the region
    lies beside another line; at the border, on to the border.
    """
    if third is not None:
        normal = ray.partner.gradient - third.gradient
        last = left_of(normal)
    else:
        gap = np.minimum(
            np.abs(ray.phase.theta - window.low), np.abs(window.high - ray.phase.theta)
        )
        if gap.min() > 1e-6:
            return []
        last = np.eye(2)[1 - int(gap.argmin())]
    if last @ ray.direction < 0:
        last = -last
    if last @ outward < 1e-3:
        return []
    turned = [(1 - t) * ray.direction + t * last for t in (1 / 3, 2 / 3, 1.0)]
    return [Ray(ray.phase, ray.partner, d / np.linalg.norm(d)) for d in turned]
