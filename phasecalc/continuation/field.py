"""The lowest minimum at every point of a grid, from few searches and many branches followed.

A search from many starts costs a hundred times what a step along a branch does. So minima are
searched for at some points of the grid only; every one that is found there, and every one that
the diagram knows, is followed over the grid as long as it is not far above the lowest. A phase is
missed only where none of those is continuous with it.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from ..experiment.measures import outcomes
from ..landscapes.branch import Branch, Landscape, Pattern, kind_of, walk
from ..landscapes.point_pair import PointPairLandscape
from ..landscapes.sources import landscape_of
from .records import TracedBoundary, TracedDiagram

Floats = NDArray[np.float64]
Strings = NDArray[np.str_]
Place = tuple[int, int]


def labelled(diagram: TracedDiagram, xs: Floats, ys: Floats) -> tuple[Strings, Floats, Strings]:
    """Names, losses and measured outcomes of the lowest minima on a grid."""
    land = landscape_of(diagram.plane, diagram.source, diagram.settings)
    rows = np.array([diagram.plane.x.chart_of(float(x)) for x in xs])
    columns = np.array([diagram.plane.y.chart_of(float(y)) for y in ys])
    states: list[list[Branch]]
    if isinstance(land, PointPairLandscape):  # all its minima are known everywhere
        states = [[land.lowest(np.array([t, u])) for u in columns] for t in rows]
    else:
        states = lowest_on(land, rows, columns, known_branches(land, diagram))
    m, n = diagram.model.d_hidden, diagram.model.n_features
    weights = [[branch.x[: m * n].reshape(m, n) for branch in row] for row in states]
    return (
        np.array([[branch.name for branch in row] for row in states]),
        np.array([[branch.loss for branch in row] for row in states]),
        outcomes(np.array(weights)),
    )


def branch_of(land: Landscape, line: TracedBoundary, side: int, k: int) -> Branch:
    """The minimum of one side of a boundary at its k-th point, as the branch that it was."""
    if line.minima is None:
        raise ValueError(f"the boundary of {line.phases} holds no minima")
    weights, bias = line.minima.weights[side, k], line.minima.biases[side, k]
    x = np.concatenate([weights.ravel(), bias / float(land.plane.model.law.scale)])
    theta = land.plane.theta(line.sparsities[k], line.importances[k])
    return land.branch(theta, x, line.minima.families[side])


def known_branches(land: Landscape, diagram: TracedDiagram) -> list[Branch]:
    """Branches that the boundaries of a diagram run between."""
    return [
        branch_of(land, line, side, k)
        for line in diagram.boundaries
        if line.minima is not None
        for side in (0, 1)
        for k in range(1, len(line.sparsities) - 1, land.settings.grid_followed)
    ]


def lowest_on(
    land: Landscape, rows: Floats, columns: Floats, known: list[Branch]
) -> list[list[Branch]]:
    """The lowest minimum at every θ = (rows[i], columns[j]), with branches known at any θ."""
    theta = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    shape = theta.shape[:2]
    found: dict[Place, dict[Pattern, Branch]] = {place: {} for place in np.ndindex(*shape)}
    waiting: deque[tuple[Place, Branch]] = deque()

    def offer(place: Place, branch: Branch | None) -> None:
        if branch is not None and _improves(land, found[place], branch):
            waiting.append((place, branch))

    every = land.settings.grid_searched
    for i in sorted({*range(0, shape[0], every), shape[0] - 1}):
        for j in sorted({*range(0, shape[1], every), shape[1] - 1}):
            for branch in land.minima(theta[i, j]):
                offer((i, j), branch)
    for branch in known:
        place = (
            int(np.abs(rows - branch.theta[0]).argmin()),
            int(np.abs(columns - branch.theta[1]).argmin()),
        )
        offer(place, walk(land, branch, theta[place]))
    while waiting:
        (i, j), branch = waiting.popleft()
        if found[i, j][kind_of(land.plane, branch)] is branch:
            for beside in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                if beside in found:
                    offer(beside, walk(land, branch, theta[beside]))
    return [
        [min(found[i, j].values(), key=lambda branch: branch.loss) for j in range(shape[1])]
        for i in range(shape[0])
    ]


def _improves(land: Landscape, known: dict[Pattern, Branch], branch: Branch) -> bool:
    """Keep the lowest branch of each pattern; whether this is one, and worth following."""
    kind = kind_of(land.plane, branch)
    other = known.get(kind)
    if other is not None and branch.loss >= other.loss - land.settings.same_loss:
        return False
    known[kind] = branch
    return branch.loss <= land.settings.grid_kept * min(other.loss for other in known.values())
