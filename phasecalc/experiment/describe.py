"""What given weights do: phase, outcomes, geometry, losses, and the minimum that they are near."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..display import Large
from ..inputs import turned
from ..kernel.inputs import biases_of, importances_of, scalar_in, sparsity_in, weights_of
from ..kernel.loss import expected_loss
from ..laws import Law, checked_law
from ..minima.found import LocalMinimum
from ..minima.general import is_general
from ..minima.minimize import HEAVIEST, minimize, start_row
from ..minima.naming import name_of
from ..minima.problem import Problem
from ..minima.wide import MOST_FEATURES as WIDEST
from ..minima.wide import Stopped, wide_minimum
from ..model import ToyModel, sizes
from ..progress import told
from ..records import Record
from .measures import LEAST_NORM, dimensionalities, least_overlap, norms, overlaps

Floats = NDArray[np.float64]

MOST_FEATURES = 9
"""Up to so many features the loss has its closed form, and a descent takes no time to speak of."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Description(Record, Large):
    """What weights (m, n) with a bias (n,) do to each of their features; made by `describe`.

    phase : the name of the minimum that a descent from these weights ends in; where none was looked
        for, that of the weights themselves, in which every overlap counts that is not tiny.
    outcomes : of each feature, by the thresholds of `phasecalc.experiment.measures`.
    norms, overlaps, dimensionalities : ‖W_i‖, Σ_{j≠i} (Ŵ_i·W_j)², ‖W_i‖²/Σ_j (Ŵ_i·W_j)²; (n,).
    interference : W_i·W_j off the diagonal, (n, n).
    losses : each feature's part of the loss, importance included; their sum is ``loss``.
    nearest : the local minimum that the descent ends in, and ``distance`` to it: the root of the
        sum of the squared differences of WᵀW and b.
    Losses and nearest are None without a sparsity; nearest also under laws without a closed form,
    and where the descent of more than nine features was not at its end in the time it was given.
    Of so many features ``nearest.loss_error`` is the error of its loss, and its gradient is that of
    `LocalMinimum`.
    """

    model: ToyModel
    weights: Floats
    bias: Floats
    importance: Floats
    sparsity: float | None
    phase: str
    outcomes: tuple[str, ...]
    norms: Floats
    overlaps: Floats
    dimensionalities: Floats
    interference: Floats
    losses: Floats | None
    nearest: LocalMinimum | None
    distance: float | None

    @property
    def loss(self) -> float | None:
        """The sum of the features' losses."""
        return None if self.losses is None else float(self.losses.sum())


def describe(
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    sparsity: object = None,
    law: Law | None = None,
    *,
    feature_probability: object = None,
    seconds: float = 60.0,
    progress: bool | None = None,
) -> Description:
    """Say what given weights do to their features, and which minimum they are near.

    weights (m, n), column i for feature i; bias (n,) or one number for all, zeros by default;
    importance (n,) or one number, that of the last feature, ones by default. With a sparsity S in
    [0, 1), or p = 1 − S as ``feature_probability``, also the loss of each feature and the minimum
    that a descent from these weights ends in. Beyond nine features that is a descent on the dense
    loss, which is given up after so many ``seconds``; 0 begins none. progress: words on stderr
    where it takes longer than two seconds; None on a terminal only.

    >>> found = describe([[1.0, -0.98]], [0.04, 0.05], sparsity=0.6)
    >>> found.phase, found.outcomes, found.dimensionalities.round(2).tolist()
    ('antipodal', ('superposition', 'superposition'), [0.51, 0.49])
    >>> round(found.loss, 5), round(found.nearest.loss, 5), round(found.distance, 3)
    (0.05111, 0.05099, 0.055)

    Raises `ValueError` for shapes that do not fit, with a hint where weights look transposed.
    """
    W = weights_of(weights)
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"weights: shape {W.shape}; it must be (m, n), the weights of one model")
    if np.abs(W).max() > HEAVIEST:
        raise ValueError(f"weights: one of {np.abs(W).max():g}; the limit is {HEAVIEST:g}")
    m, n = W.shape
    b = _fitting("bias", biases_of(bias, n), n, m)
    I = _fitting("importance", importances_of(importance, n), n, m)  # noqa: E741
    chosen = checked_law(law)
    model = ToyModel(n, m, chosen, importance=[Fraction(float(value)) for value in I])
    gram = W.T @ W
    asked = sparsity is not None or feature_probability is not None
    S = sparsity_in(sparsity, feature_probability) if asked else None
    losses = nearest = distance = None
    limit = scalar_in(seconds, "seconds", 0.0, np.inf)
    with told(f"losses and the nearest minimum of {sizes(n, m)}", progress):
        if S is not None:
            losses = np.asarray(expected_loss(W, b, np.diag(I), S, chosen))
            nearest = _nearest(model, S, W, b, limit)
            if nearest is not None:
                moved = (nearest.gram - gram, nearest.bias - b)
                distance = float(np.sqrt(sum((part**2).sum() for part in moved)))
    length, overlap = norms(W), overlaps(W)
    return Description(
        model=model,
        weights=W,
        bias=b,
        importance=I,
        sparsity=S,
        phase=name_of(gram, b) if nearest is None else nearest.name,
        outcomes=tuple(
            "not represented"
            if size < LEAST_NORM
            else ("superposition" if shared >= least_overlap(m) else "dedicated")
            for size, shared in zip(length, overlap, strict=True)
        ),
        norms=length,
        overlaps=overlap,
        dimensionalities=dimensionalities(W),
        interference=gram - np.diag(np.diag(gram)),
        losses=losses,
        nearest=nearest,
        distance=distance,
    )


def _nearest(
    model: ToyModel, S: float, weights: Floats, bias: Floats, seconds: float
) -> LocalMinimum | None:
    """The minimum that a descent from the weights ends in; None where none is looked for."""
    if is_general(model):
        return None
    if model.n_features <= MOST_FEATURES:
        return minimize(model, S, start=(weights, bias), progress=False).lowest
    if seconds == 0 or model.n_features > WIDEST:
        return None
    begun = start_row(Problem.of(model, S, 1.0), (weights, bias))
    try:
        return wide_minimum(model, S, 1.0, {}, 0, 0, begun, False, seconds).lowest
    except Stopped:
        return None


def _fitting(name: str, array: Floats, n: int, m: int) -> Floats:
    """The array, if it has one number for each feature."""
    if array.shape != (n,):
        hint = turned(array.shape[0], m, n) if array.ndim == 1 else ""
        raise ValueError(
            f"{name}: shape {array.shape}; it must be ({n},), as weights has n = {n}{hint}"
        )
    return array
