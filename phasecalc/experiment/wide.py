"""Training on the population loss where no compiled optimiser serves: many features, any law,
any support.

Each model is trained by L-BFGS (SciPy's) on the exact gradient, dense where the closed form does
not fit. The line search stops where the loss no longer falls by more than its rounding; then the
search begins again with an empty memory, a few times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..kernel.compiled.cube import MAX_DIRECTIONS
from ..kernel.dense import TOLERANCE, dense_loss
from ..kernel.inputs import checked_batch
from ..kernel.loss import expected_loss_and_grad
from ..model import ToyModel
from ..supports import Independent

Floats = NDArray[np.float64]

SMALL_GRADIENT, ITERATION_LIMIT, NO_LOWER_POINT = 0, 1, 2
"""Codes as in `trained.REASONS`."""
_MEMORY = 30
_BEGINNINGS = 5
_AIM = 0.02
"""The dense loss is aimed at this part of what the norm of the gradient allows an entry. The bound
that is aimed at is 5 times it for an entry, and the error is far below the bound."""


class Stopped(Exception):
    """Training is to end."""


def is_wide(model: ToyModel) -> bool:
    """Whether a model's loss is beyond the compiled optimisers."""
    few = model.n_features <= MAX_DIRECTIONS
    return not (few and model.law.kernel is not None and model.support == Independent())


def train_one(
    model: ToyModel,
    weights: Floats,
    bias: Floats,
    importance: Floats,
    sparsity: float,
    tolerance: float,
    max_iterations: int,
    stop: NDArray[np.bool_],
) -> tuple[Floats, Floats, int, int]:
    """(weights, bias, iterations, reason) from a start; `Stopped` when `stop[0]` is set.

    tolerance: of the gradient's norm, in parts of min(1, Σ_j I_j P(j active)).
    """
    from scipy.optimize import minimize  # noqa: PLC0415 late: it is slow to import

    m, n = weights.shape
    plain = model.support == Independent()
    S = sparsity if plain or not isinstance(model.support, Independent) else None
    support = None if plain else model.support

    active = [model.support.active(i, n) for i in range(n)]
    chances = np.array([float(_at(q, 1.0 - sparsity)) for q in active])
    wanted = tolerance * min(1.0, float(importance @ chances))
    x = np.concatenate([weights.ravel(), bias])
    aim = max(TOLERANCE, _AIM * wanted / np.sqrt(len(x)) / max(float(importance.max()), 1e-300))

    def loss_and_gradient(x: Floats) -> tuple[float, Floats]:
        if stop[0]:
            raise Stopped
        W, b = x[: m * n].reshape(m, n), x[m * n :]
        if plain and n > MAX_DIRECTIONS:
            batch = checked_batch(W, b, importance, sparsity, None, model.law, any_law=True)
            found = dense_loss(batch, [0], True, aim)
            dW, db = found.dW[0], found.db[0] / batch.unit
            return float(found.loss[0]), np.concatenate([dW.ravel(), db])
        loss, dW, db = expected_loss_and_grad(W, b, importance, S, model.law, support=support)
        return float(loss), np.concatenate([dW.ravel(), db])

    iterations = 0
    reason = ITERATION_LIMIT
    for _ in range(_BEGINNINGS):
        if iterations >= max_iterations:
            break
        found = minimize(
            loss_and_gradient,
            x,
            jac=True,
            method="L-BFGS-B",
            options={
                "maxcor": _MEMORY,
                "maxiter": max_iterations - iterations,
                "maxfun": 10 * max_iterations,
                "gtol": wanted / np.sqrt(len(x)),
                "ftol": 0.0,
            },
        )
        x = found.x
        iterations += int(found.nit)
        if np.linalg.norm(found.jac) <= wanted:
            reason = SMALL_GRADIENT
            break
        reason = NO_LOWER_POINT if iterations < max_iterations else ITERATION_LIMIT
        if found.nit == 0:
            break
    return x[: m * n].reshape(m, n), x[m * n :], iterations, reason


def _at(probability: object, p: float) -> float:
    """A probability, a formula in p, at a number."""
    if getattr(probability, "free_symbols", None):
        return float(probability.subs("p", p))  # type: ignore[attr-defined]
    return float(probability)  # type: ignore[arg-type]
