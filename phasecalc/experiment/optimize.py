"""Models of many cells trained in compiled code, some at a time, over threads."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.compiled.batch import batch_loss_grad
from ..kernel.conditions import evaluated
from ..kernel.inputs import kernel_of
from ..kernel.kernels import kernel
from ..kernel.loss import expected_loss_and_grad
from ..kernel.threads import thread_count
from ..minima.compiled.bfgs import bfgs
from ..minima.wide import Stopped, is_wide, train_one
from ..model import ToyModel
from ..supports import Independent
from .compiled.adam import adam_batch, estimate_batch
from .compiled.starts import random_starts
from .trained import ALL_STEPS, DIVERGED, NOT_TRAINED, TrainingSettings

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some models: where they stand in the grid, (cell row, cell column, model), and their cells.

    sparsities and importances: of each model, (size,).
    """

    places: tuple[Integers, Integers, Integers]
    sparsities: Floats
    importances: Floats

    @property
    def size(self) -> int:
        return len(self.sparsities)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What became of a chunk; the first axis is that of its models."""

    weights: Floats
    biases: Floats
    losses: Floats
    loss_errors: Floats
    gradient_norms: Floats
    iterations: NDArray[np.int32]
    reasons: NDArray[np.uint8]


def chunk_size(model: ToyModel, settings: TrainingSettings) -> int:
    """Models that take some tenths of a second together."""
    if settings.method == "sampled":
        return max(1, min(500, 4 * 10**7 // (settings.steps * settings.batch_size)))
    if is_wide(model):
        return 1
    return max(1, 500 >> 2 * max(model.n_features - 2, 0))


def train_chunk(
    model: ToyModel, settings: TrainingSettings, chunk: Chunk, stop: NDArray[np.bool_]
) -> Trained:
    """Train a chunk; models that are left when `stop[0]` is set stay "not trained"."""
    size, n = chunk.size, model.n_features
    W, b = np.empty((size, model.d_hidden, n)), np.empty((size, n))
    importance = np.array([evaluated(model, {"r": r})[0] for r in chunk.importances])
    sparsity = np.repeat(chunk.sparsities[:, None], n, axis=1)
    wide = is_wide(model)
    law, unit = (0, 1.0) if wide and settings.method == "population" else kernel_of(model.law)
    key = np.random.SeedSequence(settings.seed).generate_state(2, np.uint32)
    reasons = np.full(size, NOT_TRAINED, np.uint8)
    iterations = np.zeros(size, np.int64)
    random_starts(key, *chunk.places, settings.starts == "stratified", 0, size, W, b)
    if settings.method == "population" and wide:
        _train_wide(model, settings, chunk, importance, W, b, stop, iterations, reasons)
    elif settings.method == "population":
        tolerance, limit = settings.tolerance, settings.max_iterations
        x = np.concatenate([W.reshape(size, -1), b], axis=1)
        loss_of = (model.d_hidden, n, unit**2 * importance, sparsity, kernel(n, law), 0.0, False)
        # The weights' second derivatives are of the order of p times the importance.
        first = 1.0 / np.maximum(1.0 - sparsity[:, 0], 1e-3)
        bfgs(x, *loss_of, first, tolerance, limit, stop, iterations, reasons)
        W, b = x[:, :-n].reshape(W.shape).copy(), x[:, -n:].copy()
    else:
        done = np.zeros(size, np.bool_)
        adam_batch(
            *(W, b, unit**2 * importance, sparsity, law, key, *chunk.places),
            *(settings.batch_size, settings.steps, settings.learning_rate, settings.weight_decay),
            *(0, size, stop, done),
        )
        reasons[done] = ALL_STEPS
        iterations[done] = settings.steps
    b *= unit
    finite = np.isfinite(W).all(axis=(1, 2)) & np.isfinite(b).all(axis=1)
    reasons[(reasons != NOT_TRAINED) & ~finite] = DIVERGED
    loss, error, norm = (np.full(size, np.inf), np.zeros(size), np.full(size, np.inf))
    on = finite & (reasons != NOT_TRAINED)
    # Not what the optimiser says, but what the kernel says about the weights that are kept.
    if on.any():
        loss[on], dW, db = _measured(model, W[on], b[on], importance[on], chunk.sparsities[on])
        with np.errstate(over="ignore"):
            norm[on] = np.sqrt((dW**2).sum(axis=(1, 2)) + (db**2).sum(axis=1))
    if settings.method == "sampled":
        some = np.flatnonzero(on)
        estimate, spread = np.empty(len(some)), np.empty(len(some))
        estimate_batch(
            *(W[on], b[on] / unit, unit**2 * importance[on], sparsity[on], law, key),
            *(place[on] for place in chunk.places),
            *(settings.evaluation_samples, 0, len(some), estimate, spread),
        )
        loss[on], error[on] = estimate, spread
    left = reasons == NOT_TRAINED
    for array in (W, b, loss, error, norm):
        array[left] = np.nan
    return Trained(W, b, loss, error, norm, iterations.astype(np.int32), reasons)


def _measured(
    model: ToyModel, W: Floats, b: Floats, importance: Floats, sparsities: Floats
) -> tuple[Floats, Floats, Floats]:
    support = model.support
    if support == Independent() and not is_wide(model):
        # By what trained them: nothing else has to be compiled.
        law, unit = kernel_of(model.law)
        sparsity = np.repeat(sparsities[:, None], model.n_features, axis=1)
        loss, dW, db = np.empty(len(W)), np.empty_like(W), np.empty_like(b)
        arrays = (W, b / unit, unit**2 * importance, sparsity)
        batch_loss_grad(kernel(model.n_features, law), *arrays, 0, len(W), loss, dW, db)
        return loss, dW, db / unit
    if isinstance(support, Independent):
        given = support != Independent()
        S = None if given else sparsities
        return expected_loss_and_grad(  # type: ignore[no-any-return]
            W, b, importance, S, model.law, support=support if given else None
        )
    return expected_loss_and_grad(  # type: ignore[no-any-return]
        W, b, importance, sparsities, model.law, support=support
    )


def _train_wide(
    model: ToyModel,
    settings: TrainingSettings,
    chunk: Chunk,
    importance: Floats,
    W: Floats,
    b: Floats,
    stop: NDArray[np.bool_],
    iterations: Integers,
    reasons: NDArray[np.uint8],
) -> None:
    for e in range(chunk.size):
        try:
            W[e], b[e], iterations[e], reasons[e] = train_one(
                *(model, W[e], b[e], importance[e], float(chunk.sparsities[e])),
                *(settings.tolerance, settings.max_iterations, stop),
            )
        except Stopped:
            return


def train_chunks(
    model: ToyModel, settings: TrainingSettings, chunks: Iterator[Chunk], threads: int | None = None
) -> Generator[tuple[Chunk, Trained]]:
    """Each chunk with what became of it, in the order in which they end.

    Closing the iterator drops the chunks at work: they stop after the model that they are at.
    """
    stop = np.zeros(1, np.bool_)
    count = threads or thread_count()
    with ThreadPoolExecutor(count) as pool:
        running: dict[Future[Trained], Chunk] = {}
        try:
            while True:
                while len(running) < 2 * count and (chunk := next(chunks, None)) is not None:
                    running[pool.submit(train_chunk, model, settings, chunk, stop)] = chunk
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            stop[0] = True
