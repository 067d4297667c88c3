"""Which landscape a source means, and the atlas of relaxed minima."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.compiled.cube import MAX_DIRECTIONS
from ..minima.atlas import Atlas, Sheet, losses_of, shown
from ..model import ToyModel, refuse_variant
from .branch import Landscape
from .free import GlobalLandscape
from .plane import Plane
from .point_pair import PointPairLandscape, has_closed_forms
from .relaxed import RelaxedLandscape
from .settings import DEFAULT, ContinuationSettings

Floats = NDArray[np.float64]


def landscape_of(plane: Plane, source: str, settings: ContinuationSettings = DEFAULT) -> Landscape:
    """The landscape of "relaxed" or "global" minima over a plane.

    Raises `ValueError` for a model of more features than can be minimised, whose law has no
    compiled kernel or whose minima are not isolated, and for one with a bias mode or penalty that
    the source does not have.
    """
    if source not in ("relaxed", "global"):
        raise ValueError(f'source = {source!r}: it must be "relaxed" or "global"')
    if plane.model.n_features > MAX_DIRECTIONS:
        raise ValueError(
            f"n_features = {plane.model.n_features}: source = {source!r} takes at most "
            f"{MAX_DIRECTIONS} features, since minima of more cannot be searched for"
        )
    law = plane.model.law
    if law.kernel is None:
        raise ValueError(f"law = {law}: source = {source!r} needs a law with a compiled kernel")
    if law.kernel == "point":
        if source == "global" and has_closed_forms(plane):
            return PointPairLandscape(plane, settings)
        raise ValueError(
            f"law = {law}: source = {source!r} needs minima that are isolated, and under the point "
            "law they are whole polytopes; two features in one dimension have a global diagram, "
            'every model one of source = "candidates", and minimize finds the phase at a point'
        )
    if source == "global":
        return GlobalLandscape(plane, settings)
    refuse_variant(plane.model, source)
    return RelaxedLandscape(plane, settings)


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
    land = landscape_of(Plane.of(model), "relaxed")
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
