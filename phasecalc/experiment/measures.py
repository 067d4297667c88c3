"""What became of the features of a trained model, in measures that signs and rotations leave alone.

With G = WᵀW and Ŵ_i = W_i/‖W_i‖:

    norm ‖W_i‖,  overlap Σ_{j≠i} (Ŵ_i·W_j)²,  dimensionality D_i = ‖W_i‖²/Σ_j (Ŵ_i·W_j)².

W and QW, with Q orthogonal, are the same model: an average over runs of W itself says nothing, an
average of these does. Source: Elhage et al. 2022, "Superposition as a Phase Change" and "The
Geometry of Superposition".

The outcome here is a measure with thresholds, for weights that carry noise. `naming.outcome_of`
reads the structure of exact minima instead: there a feature of any length > 10⁻⁵ is represented.
They differ where an extra feature that interferes is shorter than 1/2 or overlaps by little: in
superposition by structure, not represented or dedicated by measure. A comparison of theory with
trained weights applies the measure to both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..blocks.candidate import OUTCOMES

Floats = NDArray[np.float64]

LEAST_NORM = 0.5
"""A feature whose column is shorter is not represented: half of a represented feature's length."""


def least_overlap(d_hidden: int) -> float:
    """The overlap from which on a represented feature is in superposition.

    At most 1/4: that is the overlap with one opposed feature of norm ½, which below that norm
    counts as not represented. In m > 2 dimensions 1/(2m), half the overlap 1/m of a regular simplex
    of m + 1 unit vectors.

    >>> least_overlap(1), least_overlap(2), least_overlap(4)
    (0.25, 0.25, 0.125)
    """
    return 1 / (2 * max(d_hidden, 2))


def _columns(weights: ArrayLike) -> Floats:
    W = np.asarray(weights, dtype=np.float64)
    if W.ndim < 2 or 0 in W.shape[-2:]:
        raise ValueError(f"weights: shape {W.shape}; it must be (..., m, n), with m, n at least 1")
    return W


def norms(weights: ArrayLike) -> Floats:
    """‖W_i‖ of each feature: weights (..., m, n) -> (..., n).

    >>> norms([[3.0, 0.0], [-4.0, 1.0]]).tolist()
    [5.0, 1.0]
    """
    W = _columns(weights)
    size = _size(W)
    with np.errstate(over="ignore"):  # a length beyond the largest float is inf
        return np.asarray(np.linalg.norm(W / size, axis=-2) * size[..., 0])


def _size(W: Floats) -> Floats:
    """The power of two at or below the largest entry of each matrix, 1 where that is no use.

    Squares of weights divided by it neither overflow nor vanish, and no bit of them changes.
    """
    largest = np.abs(W).max(axis=(-2, -1), keepdims=True)
    usable = np.isfinite(largest) & (largest > 0)
    return np.asarray(np.ldexp(1.0, np.frexp(np.where(usable, largest, 0.5))[1] - 1))


def _projections(weights: ArrayLike) -> tuple[Floats, Floats]:
    """(Ŵ_i·W_j)²/c² at [..., i, j], zero for a feature of norm zero; and the size c."""
    W = _columns(weights)
    size = _size(W)
    W = W / size
    length = norms(W)[..., None, :]
    with np.errstate(invalid="ignore"):  # weights that are not finite
        unit = np.divide(W, length, out=np.zeros_like(W), where=length != 0)
        return np.asarray((np.swapaxes(unit, -1, -2) @ W) ** 2), size


def overlaps(weights: ArrayLike) -> Floats:
    """Σ_{j≠i} (Ŵ_i·W_j)² of each feature: weights (..., m, n) -> (..., n).

    0 for a dedicated dimension, 1 in an antipodal pair of unit vectors.

    >>> overlaps([[1.0, -1.0]]).tolist(), overlaps([[1.0, 0.0]]).tolist()
    ([1.0, 1.0], [0.0, 0.0])
    """
    squares, size = _projections(weights)
    n = squares.shape[-1]
    with np.errstate(over="ignore"):
        others = np.where(np.eye(n, dtype=bool), 0.0, squares).sum(axis=-1)
        return np.asarray(others * size[..., 0] * size[..., 0])


def dimensionalities(weights: ArrayLike) -> Floats:
    """D_i = ‖W_i‖²/Σ_j (Ŵ_i·W_j)²: the part of a dimension that a feature has; (..., n).

    1 for a dedicated dimension, ½ in an antipodal pair, 0 for a feature of norm zero.

    >>> dimensionalities([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]).tolist()
    [0.5, 0.5, 1.0]
    """
    squares, _ = _projections(weights)
    own = np.diagonal(squares, axis1=-2, axis2=-1)
    total = squares.sum(axis=-1)
    return np.asarray(np.divide(own, total, out=np.zeros_like(total), where=total != 0))


def outcomes(weights: ArrayLike) -> NDArray[np.str_]:
    """What happened to the extra (last) feature: weights (..., m, n) -> (...).

    "not represented" where its norm is below `LEAST_NORM`; else "superposition" where its overlap
    is `least_overlap(m)` or more; else "dedicated". Weights that are not finite have "".

    >>> outcomes([[[1.0, 0.0]], [[0.0, -1.0]], [[-1.0, 1.0]]]).tolist()
    ['not represented', 'dedicated', 'superposition']
    """
    W = _columns(weights)
    finite = np.asarray(np.isfinite(W).all(axis=(-1, -2)))
    W = np.where(finite[..., None, None], W, 0.0)
    shared = overlaps(W)[..., -1] >= least_overlap(W.shape[-2])
    absent = norms(W)[..., -1] < LEAST_NORM
    names = np.array(["", *OUTCOMES])
    return np.asarray(names[np.where(finite, np.where(absent, 1, np.where(shared, 3, 2)), 0)])
