"""Minima for laws without a compiled kernel and for supports: BFGS (SciPy's) on the float loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..kernel.conditions import evaluated, supported
from ..kernel.loss import expected_loss_and_grad
from ..model import ToyModel
from ..supports import Independent
from .found import LocalMinimum, Minimum, padded
from .naming import name_of, outcome_of
from .starts import narrowed, starts

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]

TOLERANCE = 1e-9
"""The largest entry of a gradient that counts as zero: dense gradients have errors below it."""
_SAME = 1e-5
_STEP = 1e-5


def is_general(model: ToyModel) -> bool:
    """Whether a model's loss has no compiled kernel."""
    return model.law.kernel is None or model.support != Independent()


def objective_of(model: ToyModel, S: float, values: dict[str, float]) -> tuple[Objective, Floats]:
    """x = (W by rows, b) -> (loss, gradient), the penalty included, and the importances."""
    m, n = model.d_hidden, model.n_features
    importance, penalty = evaluated(model, values)
    model = supported(model, values)
    plain = model.support == Independent()
    given = S if plain or not isinstance(model.support, Independent) else None
    support = None if plain else model.support

    def objective(x: Floats) -> tuple[float, Floats]:
        W, b = x[: m * n].reshape(m, n), x[m * n :]
        loss, dW, db = expected_loss_and_grad(W, b, importance, given, model.law, support=support)
        G = W.T @ W
        off = G - np.diag(np.diag(G))
        if model.bias == "zero":
            db = np.zeros(n)
        slope = np.concatenate([(dW + 4.0 * penalty * W @ off).ravel(), db])
        return float(loss) + penalty * float((off**2).sum()), slope

    return objective, importance


def general_minimum(
    model: ToyModel, S: float, r: float, values: dict[str, float], count: int, seed: int
) -> Minimum:
    """The minima of a model whose loss has no compiled kernel."""
    narrow = narrowed(model)
    m, n = narrow.d_hidden, model.n_features
    rows = starts(ToyModel(n, m), S, count, seed)
    found, failed = _local_minima(narrow, S, {"r": r, **values}, rows)
    minima = []
    for x, loss, size, curvature in found:
        weights, bias = x[: m * n].reshape(m, n), x[m * n :]
        gram = weights.T @ weights
        named = np.full(n, 1e-6) if model.bias == "zero" else bias
        minima.append(
            LocalMinimum(
                name=name_of(gram, named),
                outcome=outcome_of(gram),
                loss=loss,
                weights=padded(weights, model.d_hidden - m),
                bias=bias,
                gram=gram,
                gradient=size,
                curvature=curvature,
                converged=size <= 10 * TOLERANCE and curvature >= -1e-5,
                hessian_spectrum=np.empty(0),
                learning_coefficient=float("nan"),
                learning_bounds=(0.0, (model.d_hidden + 1) * n / 2),
                learning_reason="not known under a law without a closed form or another support",
            )
        )
    return Minimum(model, S, r, tuple(minima), len(rows), failed, tuple(values.items()))


def _local_minima(
    model: ToyModel, S: float, values: dict[str, float], rows: Floats
) -> tuple[list[tuple[Floats, float, float, float]], int]:
    """([(x, loss, gradient, curvature)], failed): the distinct ends of descents, lowest first."""
    from scipy.optimize import minimize  # noqa: PLC0415 late: it is slow to import

    m, n = model.d_hidden, model.n_features
    objective, importance = objective_of(model, S, values)
    found: list[tuple[Floats, float, float, float]] = []
    failed = 0
    ends = []
    for row in rows:
        start = row.copy()
        if model.bias == "zero":
            start[m * n :] = 0.0
        end = minimize(objective, start, jac=True, method="BFGS", options={"gtol": TOLERANCE / 10})
        ends.append((float(end.fun), end.x, float(np.abs(end.jac).max())))
    ends.sort(key=lambda end: end[0])
    for loss, x, size in ends:
        if size > 1e-5:
            failed += 1
            continue
        if any(_same(m, n, importance, x, loss, other) for other in found):
            continue
        curvature = _curvature(objective, x, m, n, model.bias == "zero")
        if curvature >= -1e-5 or not found:
            found.append((x, loss, size, curvature))
    return found, failed


def _same(
    m: int, n: int, importance: Floats, x: Floats, loss: float,
    other: tuple[Floats, float, float, float],
) -> bool:  # fmt: skip
    """Equal losses, spectra and, for each importance, lengths and biases."""
    if abs(loss - other[1]) > 1e-8 * (1.0 + abs(loss)):
        return False
    return bool(
        np.abs(_marks(m, n, importance, x) - _marks(m, n, importance, other[0])).max() < _SAME
    )


def _marks(m: int, n: int, importance: Floats, x: Floats) -> Floats:
    W, b = x[: m * n].reshape(m, n), x[m * n :]
    G = W.T @ W
    order = np.lexsort((b.round(5), np.diag(G).round(5), importance))
    return np.concatenate([np.linalg.eigvalsh(G), np.diag(G)[order], b[order]])


def _curvature(objective: Objective, x: Floats, m: int, n: int, no_bias: bool) -> float:
    """The least second derivative, from differences of the gradient, rotations left out."""
    size = m * n if no_bias else len(x)
    H = np.empty((size, size))
    for k in range(size):
        e = np.zeros(len(x))
        e[k] = _STEP
        H[k] = (objective(x + e)[1] - objective(x - e)[1])[:size] / (2 * _STEP)
    H = 0.5 * (H + H.T)
    W = x[: m * n].reshape(m, n)
    top = float(np.abs(H).max()) + 1.0
    for a in range(m):
        for c in range(a):
            turn = np.zeros((m, n))
            turn[a], turn[c] = W[c], -W[a]
            t = np.concatenate([turn.ravel(), np.zeros(size - m * n)])
            length = float(t @ t)
            if length > 1e-12:
                H += top * np.outer(t, t) / length
    return float(np.linalg.eigvalsh(H)[0])
