"""Newton's method for the small systems of the continuation, and the error of what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Equations = Callable[[Floats], tuple[Floats, float, Callable[[], Floats]] | None]
"""z -> the values that shall be 0, their rounding, and their Jacobian; None where undefined."""

_STALLED = 1e-10
"""A step below this, after which the values shrink no more, is one of their rounding."""
_HALVED = 0.5
"""Values that shrink by less in a step shrink no more: Newton's method squares them."""
_SERVES = 0.1
"""A matrix that is kept serves as long as every step brings the values down by this."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A zero, and by how much its entries can be off.

    error : to first order, the length of the values that are left, not less than their rounding,
    times the lengths of the rows of the inverse of the Jacobian: an estimate.
    """

    z: Floats
    error: Floats


def newton(
    equations: Equations,
    z: Floats,
    *,
    close: float = 0.0,
    enough: float = 0.0,
    farthest: float = 0.3,
    keep: bool = False,
) -> Solution | None:
    """A zero of some equations by Newton's method from z; None where it is lost.

    It is found where the values are within their rounding or below ``enough``, where the step to it
    is shorter than ``close``, or where steps are small and do not help. With fewer equations than
    unknowns every step is the shortest one. With ``keep`` a matrix is kept while it serves.
    No step may be longer than ``farthest``, nor may the Jacobian be singular.
    """
    last, inverse = np.inf, None
    for _ in range(25):
        at = equations(z)
        if at is None:
            return None
        values, rounding, jacobian = at
        left = float(np.abs(values).max())
        if inverse is None or not keep or left > _SERVES * last:
            J = jacobian()
            if np.linalg.matrix_rank(J) < len(J):
                return None
            inverse = np.linalg.pinv(J)
        step = inverse @ values
        size = float(np.abs(step).max())
        stalls = (size < _STALLED or left < 100 * enough) and left >= _HALVED * last
        if left <= max(rounding, enough) or size < close or stalls:
            length = max(float(np.linalg.norm(values)), rounding)
            return Solution(z, length * np.linalg.norm(inverse, axis=1))
        if not size < farthest:
            return None
        z, last = z - step, left
    return None
