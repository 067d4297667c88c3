"""Landscapes and windows that several tests of the continuation use."""

from __future__ import annotations

import numpy as np

import phasecalc as pc
from phasecalc.continuation.field import branch_of
from phasecalc.continuation.whole import traced_diagram
from phasecalc.landscapes.branch import Branch, Landscape, walk
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


SAME = 1e-12
"""Of losses: 1e-6 beside a line its phases differ by more wherever its latent heat is 1e-6."""


def not_lowest_beside(diagram: pc.TracedDiagram) -> list[tuple[str, float]]:
    """Phases of first-order lines that are not the lowest on their side: name, and S on the line.

    Looked at a little to both sides of the middle of every line; other lines can be as close as
    that, so at four distances.
    """
    land = landscape_of(diagram.plane, diagram.source, diagram.settings)
    found = []
    for line in diagram.boundaries:
        if line.order != 1:
            continue
        k = len(line.sparsities) // 2
        a, b = (branch_of(land, line, side, k) for side in (0, 1))
        normal = (a.gradient - b.gradient) / np.linalg.norm(a.gradient - b.gradient)
        for branch, side in ((a, -normal), (b, normal)):
            for away in (1e-3, 1e-4, 1e-5, 1e-6):
                moved = walk(land, branch, branch.theta + away * side)
                lowest = None if moved is None else land.lowest(moved.theta)
                if moved is None or lowest is None or moved.name != lowest.name:
                    continue
                if moved.loss < lowest.loss + SAME:  # mirror images can have one name
                    break
            else:
                found.append((branch.name, line.sparsities[k]))
    return found


def named(S: float, r: float, name: str, land: Landscape = LAND) -> Branch:
    """The minimum of a name at a point."""
    return next(b for b in land.minima(land.plane.theta(S, r)) if b.name == name)
