"""Which way the loss of a model is computed: closed form, dense or few active features."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from .compiled.cube import MAX_DIRECTIONS
from .compiled.sparse import interference, nonzeros
from .inputs import Batch, Floats, scalar_in
from .truncated import truncated_batch

Method = Literal["auto", "closed", "dense", "few-active"]
Closed = Callable[[Batch, bool], tuple[Floats, Floats, Floats]]


def by_method(
    batch: Batch,
    method: Method,
    tolerance: float | None,
    closed: Closed,
    *,
    gradient: bool,
    bounds: bool,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """(loss, dW, db, the loss's error, the gradient's) in the batch's shape.

    Without gradient dW, db and the last one are of no use, and without bounds the last two.

    closed: the closed form of the batch, with NaN where a neighbourhood is too large for it.
    """
    tolerance = _checked(batch, method, tolerance, gradient)
    m, n, size = batch.m, batch.n, batch.size
    if batch.source is None and method in ("auto", "closed"):
        loss, dW, db = closed(batch, gradient)
        error, slope_error = rounding(batch) if bounds else (np.empty(size), np.empty(size))
        left = too_large(batch, loss)
        if len(left) and method == "closed":
            _refuse(batch, int(left[0]))
    else:
        loss, error, left = np.empty(size), np.empty(size), np.arange(size)
        slope_error = np.empty(size)
        dW = np.empty((size if gradient else 0, m, n))
        db = np.empty((size if gradient else 0, n))
    if len(left) and method == "few-active":
        loss, error = truncated_batch(batch, tolerance)
    elif len(left):
        from .dense import dense_loss  # noqa: PLC0415 compiled only where it is needed

        found = dense_loss(batch, left, gradient, tolerance)
        loss[left], error[left] = found.loss, found.error
        if gradient:
            dW[left], db[left] = found.dW, found.db / batch.unit
            slope_error[left] = found.slope_error / min(1.0, batch.unit)
    if tolerance is not None and len(left):
        largest = np.array([batch.arrays[2][e % len(batch.arrays[2])].max() for e in left])
        _require_reached(error[left], tolerance * largest, tolerance)
    shape = batch.shape
    if not gradient:
        return loss.reshape(shape)[()], dW, db, error.reshape(shape)[()], slope_error
    return (
        loss.reshape(shape)[()],
        dW.reshape(*shape, m, n),
        db.reshape(*shape, n),
        error.reshape(shape)[()],
        slope_error.reshape(shape)[()],
    )


def _checked(batch: Batch, method: Method, tolerance: float | None, gradient: bool) -> float | None:
    """The tolerance; ValueError for arguments that do not fit together."""
    if method not in get_args(Method):
        listed = ", ".join(f'"{name}"' for name in get_args(Method))
        raise ValueError(f"method = {method!r}: it must be one of {listed}")
    if tolerance is not None:
        tolerance = scalar_in(tolerance, "tolerance", 0.0, math.inf)
        if tolerance == 0.0:
            raise ValueError("tolerance = 0: it must be positive")
    if method == "few-active" and gradient:
        raise ValueError('method = "few-active": it has no gradient; use "dense"')
    if batch.source is not None and method in ("closed", "few-active"):
        raise ValueError(f'method = "{method}": law = {batch.source} has the method "dense" only')
    return tolerance


def rounding(batch: Batch) -> tuple[Floats, Floats]:
    """What the closed form states for its rounding errors: of each loss, of each gradient."""
    W, b, I, _ = batch.arrays  # noqa: E741 the paper's letter
    with np.errstate(over="ignore"):
        reach = np.stack([np.abs(w.T @ w).sum(axis=1) for w in W])
        scale: Floats = (I * (1.0 + reach + np.abs(b)) ** 2).sum(axis=-1)
        loss = np.broadcast_to(1e-13 * (1.0 + scale), batch.size).copy()
        largest = np.broadcast_to(1.0 + np.abs(W).max(axis=(1, 2), initial=0.0), batch.size)
        return loss, 100.0 * loss * largest / min(1.0, batch.unit)


def too_large(batch: Batch, loss: Floats) -> np.ndarray:
    """The models whose loss is NaN because a neighbourhood is too large for the closed form."""
    if batch.n <= MAX_DIRECTIONS:
        return np.empty(0, np.int64)
    nan = np.flatnonzero(np.isnan(loss))
    return np.array([e for e in nan if _degrees(batch, int(e)).max() > MAX_DIRECTIONS], np.int64)


def _degrees(batch: Batch, model: int) -> np.ndarray:
    W, b, I, _ = (a[model % len(a)] for a in batch.arrays)  # noqa: E741 the paper's letter
    return interference(W, b, I, np.zeros(batch.n), *nonzeros(W))[0]  # type: ignore[no-any-return]


def _refuse(batch: Batch, model: int) -> None:
    degree = _degrees(batch, model)
    feature = int(np.argmax(degree))
    name = ", ".join(str(i) for i in np.unravel_index(model, batch.shape))
    where = f" of model [{name}]" if name else ""
    raise ValueError(
        f"weights: feature {feature}{where} interferes with {degree[feature] - 1} others, at most "
        f'{MAX_DIRECTIONS - 1} are possible with method = "closed"; "dense" takes any number'
    )


def _require_reached(error: Floats, allowed: Floats, tolerance: float) -> None:
    worst = int(np.argmax(error - allowed))
    if not error[worst] <= allowed[worst]:
        raise ValueError(
            f"tolerance = {tolerance:g}: the error is only known to be below {error[worst]:.1e}; "
            "ask for less"
        )
