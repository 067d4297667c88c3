"""The exact population loss of float weights and its gradient, batched over leading axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model import Law
from .compiled.batch import batch_loss_grad, batch_pair_loss_grad
from .compiled.rows import UNIFORM
from .inputs import Batch, checked_batch

Floats = NDArray[np.float64]


def expected_loss(
    weights: ArrayLike,
    bias: ArrayLike,
    importance: ArrayLike,
    sparsity: ArrayLike | None = None,
    law: Law | None = None,
    *,
    sparsity_per_feature: ArrayLike | None = None,
) -> Floats:
    """The population loss."""
    return expected_loss_and_grad(
        weights, bias, importance, sparsity, law, sparsity_per_feature=sparsity_per_feature
    )[0]


def expected_loss_and_grad(
    weights: ArrayLike,
    bias: ArrayLike,
    importance: ArrayLike,
    sparsity: ArrayLike | None = None,
    law: Law | None = None,
    *,
    sparsity_per_feature: ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats]:
    """The population loss and its gradient."""
    batch = checked_batch(weights, bias, importance, sparsity, sparsity_per_feature, law)
    return _evaluate(batch)


def _evaluate(batch: Batch) -> tuple[Floats, Floats, Floats]:
    size = batch.size
    loss = np.empty(size)
    dW = np.empty((size, batch.m, batch.n))
    db = np.empty((size, batch.n))
    if batch.m == 1 and batch.n == 2 and batch.law == UNIFORM:
        batch_pair_loss_grad(*batch.arrays, 0, size, loss, dW, db)
    else:
        batch_loss_grad(*batch.arrays, batch.law, 0, size, loss, dW, db)
    shape = batch.shape
    return loss.reshape(shape), dW.reshape(*shape, batch.m, batch.n), db.reshape(*shape, batch.n)
