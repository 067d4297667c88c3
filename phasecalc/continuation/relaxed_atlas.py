"""The candidates' optimised branches on a grid of the (S, r) plane, as an atlas of minima."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..minima.atlas import Atlas, Sheet, losses_of, shown
from ..model import ToyModel
from ..symbols import S, r
from .landscapes import landscape_of
from .plane import Plane

Floats = NDArray[np.float64]


def relaxed_atlas(
    model: ToyModel,
    sparsities: Floats,
    importances: Floats,
    progress: Callable[[Iterable[Any], int, str], Iterable[Any]] | None = None,
) -> Atlas:
    """Optimise the lengths and biases of every candidate at every point of a grid.

    A candidate can have several minima, a strong and a weak pair, say; each is a sheet. Where it
    has none that keeps its pattern it is left out.

    Raises `ValueError` for a model that the relaxed source does not take.
    """
    land = landscape_of(Plane.of(model, S, r), "relaxed")
    cells = [(i, j) for i in range(len(sparsities)) for j in range(len(importances))]
    found: dict[tuple[int, int], tuple[Sheet, ...]] = {}
    for i, j in shown(progress, cells, "relaxed"):
        theta = land.plane.theta(sparsities[i], importances[j])
        problem = land.plane.problem(theta)
        sheets = []
        for branch in land.minima(theta):
            weights, bias = problem.split(branch.x)
            bias = problem.unit * bias
            terms = losses_of(model, weights, bias)
            sheets.append(Sheet(branch.name, branch.outcome, branch.loss, weights, bias, terms))
        found[i, j] = tuple(sheets)
    return Atlas.of("relaxed", model, sparsities, importances, found)
