"""Landscapes and windows that several tests of the continuation use."""

from __future__ import annotations

import numpy as np

import phasecalc as pc
from phasecalc.continuation.whole import traced_diagram
from phasecalc.landscapes.branch import Branch, Landscape
from phasecalc.landscapes.free import GlobalLandscape
from phasecalc.landscapes.plane import Axis, Plane
from phasecalc.landscapes.sources import landscape_of

PAIR = pc.ToyModel(2, 1)
LAND = GlobalLandscape(Plane.of(PAIR))
theta_of = LAND.plane.theta


def point_of(theta: np.ndarray) -> tuple[float, float]:
    """(S, r)."""
    return LAND.plane.point(theta)


def window(
    S: tuple[float, float], r: tuple[float, float], model: pc.ToyModel = PAIR, **settings: float
) -> Landscape:
    """The global landscape over a part of the usual plane."""
    plane = Plane(model, Axis(pc.S, *S, "log density"), Axis(pc.r, *r, "log"))
    return landscape_of(plane, "global", pc.ContinuationSettings(**settings))  # type: ignore[arg-type]


def traced(land: Landscape, cells: tuple[int, int]) -> pc.TracedDiagram:
    """The diagram of a window."""
    return traced_diagram(land, "global", cells)


def named(S: float, r: float, name: str, land: Landscape = LAND) -> Branch:
    """The minimum of a name at a point."""
    return next(b for b in land.minima(land.plane.theta(S, r)) if b.name == name)
