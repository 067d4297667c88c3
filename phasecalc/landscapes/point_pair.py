"""Two features in one dimension under the point law: a landscape from closed forms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..laws import Point as PointLaw
from ..minima.point_pair import Point, minima
from ..symbols import S as SPARSITY
from ..symbols import r as EXTRA
from .branch import Branch
from .free import GlobalLandscape
from .plane import Plane

Floats = NDArray[np.float64]


def has_closed_forms(plane: Plane) -> bool:
    """Whether the closed forms are of this plane's minima."""
    model = plane.model
    axes = (plane.x.symbol, plane.y.symbol) == (SPARSITY, EXTRA)
    sizes = (model.n_features, model.d_hidden) == (2, 1)
    return axes and sizes and isinstance(model.law, PointLaw) and model.is_standard


class PointPairLandscape(GlobalLandscape):
    """The minima of two features in one dimension under the point law, from their closed forms."""

    def minima(self, theta: Floats) -> list[Branch]:
        return [self.branch_of(theta, point) for point in minima(*conditions(theta))]

    def lowest(self, theta: Floats, *, thorough: bool = True) -> Branch:
        return self.branch_of(theta, minima(*conditions(theta))[0])

    def branch_of(self, theta: Floats, point: Point) -> Branch:
        """The record of a stationary point."""
        return self.branch(np.asarray(theta), np.array([*point.weights, *point.bias]))


def conditions(theta: Floats) -> tuple[float, float]:
    """(p, r)."""
    return float(np.exp(theta[0])), float(np.exp(theta[1]))
