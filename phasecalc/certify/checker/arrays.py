"""Numbers for many boxes at a time: float64 with bounds of its rounding errors, or balls.

Errors of float64 are those of section 3 of docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb

from .balls import Row
from .integrals import moments

Array = Any
"""float64 or balls, one number for each box."""


class Floats:
    """float64. Errors of rows in parts of (1 + Σ|θ|)², of sums in parts of what is added."""

    ROW, SUM = 1.25 * 2.0**-43, 2.0**-48
    least, most = np.minimum, np.maximum

    @staticmethod
    def array(x: Array) -> Array:
        return x

    @staticmethod
    def number(x: Any) -> float:
        try:
            return int(x.p) / int(x.q)
        except OverflowError:
            return np.inf if x > 0 else -np.inf

    @staticmethod
    def moments(theta: Sequence[Array], loss: Any) -> Array:
        """M(θ), (n + 1, n + 1, boxes)."""
        points = np.array(theta)
        M = np.empty((len(points), *points.shape))
        with np.errstate(all="ignore"):  # as compiled: what overflows is no bound of anything
            moments(points, np.array(loss.weights), M)
        return M


class Balls:
    """Balls, which carry their errors, in arrays of objects."""

    ROW = SUM = 0
    array = staticmethod(np.frompyfunc(arb, 1, 1))
    least = staticmethod(np.frompyfunc(lambda x, y: arb(x).min(arb(y)), 2, 1))
    most = staticmethod(np.frompyfunc(lambda x, y: arb(x).max(arb(y)), 2, 1))
    number = arb

    @staticmethod
    def moments(theta: Sequence[Array], loss: Any) -> Array:
        """M(θ) by closed formulas."""
        found = [Row(loss.law, point).matrix() for point in zip(*theta, strict=True)]
        return np.moveaxis(np.array(found, dtype=object), 0, -1)


Kind = type[Floats] | type[Balls]
