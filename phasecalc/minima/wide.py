"""Descents on the population loss where no compiled optimiser serves: many features, any law, any
support.

Each model descends by L-BFGS (SciPy's) on the exact gradient, dense where the closed form does
not fit. The line search stops where the loss no longer falls by more than its rounding; then the
search begins again with an empty memory, a few times.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernel.compiled.cube import MAX_DIRECTIONS
from ..kernel.conditions import evaluated, supported
from ..kernel.dense import TOLERANCE, dense_loss
from ..kernel.inputs import checked_batch
from ..kernel.loss import expected_loss, expected_loss_and_grad
from ..model import ToyModel, sizes
from ..progress import advance, after, share_bar, warned
from ..supports import Independent, Support
from .found import LocalMinimum, Minimum, padded
from .naming import name_of, outcome_of
from .starts import narrowed

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
    S, support = _conditions(model, sparsity)

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


def _conditions(model: ToyModel, sparsity: float) -> tuple[float | None, Support | None]:
    """The sparsity and the support as the float loss takes them."""
    plain = model.support == Independent()
    own = isinstance(model.support, Independent) and not plain
    return None if own else sparsity, None if plain else model.support


_COARSE, _FINE = 1e-4, 1e-8
"""Tolerances of the first descent from every start and of the polishing."""
_CONVERGED = 10 * _FINE
"""A gradient up to this many parts of min(1, Σ_j I_j P(j active)) is that of a minimum: the line
search ends where the loss falls by no more than its rounding."""
_ITERATIONS = 3000
_POLISHED = 3
"""So many of the lowest ends that differ are polished."""
_APART = 1e-6
"""Ends of first descents whose losses differ by less are one."""
_USUAL = 150
"""Losses with gradients of one descent, for the estimate of the time that is said first."""
_LONG = 90.0
"""Seconds from which on it is said."""


class End(NamedTuple):
    """Where a descent ended."""

    loss: float
    weights: Floats
    bias: Floats
    reason: int


MOST_FEATURES = 1000
"""Of a search: one gradient of so many features takes seconds."""


def wide_starts(
    model: ToyModel, importance: Floats, sparsity: float, count: int, seed: int
) -> list[tuple[Floats, Floats]]:
    """(W, b): antipodal pairs of the most important features, disturbed, and random weights."""
    m, n = model.d_hidden, model.n_features
    rng = np.random.default_rng(seed)
    pairs = np.zeros((m, n))
    bias = np.full(n, (1.0 - sparsity) * float(model.law.moment(1)))
    order = np.argsort(-importance, kind="stable")
    for e, i in enumerate(order[: 2 * m]):
        pairs[e % m, i] = 1.0 if e < m else -1.0
        bias[i] = 0.0
    rows = [(pairs + 0.02 * rng.normal(size=(m, n)), bias)]
    rows += [(rng.normal(size=(m, n)) / np.sqrt(m), np.zeros(n)) for _ in range(count)]
    return rows


def wide_minimum(
    model: ToyModel, S: float, r: float, values: dict[str, float], count: int, seed: int,
    begun: Floats | None, progress: bool | None, seconds: float | None = None,
) -> Minimum:  # fmt: skip
    """The lowest minima of the dense loss that descents end in, from `begun` alone if given.

    `Stopped` after so many seconds; None waits for the end.
    """
    importance, penalty = evaluated(model, {"r": r, **values})
    if penalty or model.bias != "free":
        raise ValueError(
            f"bias = {model.bias!r}, interference_penalty = {model.interference_penalty}: "
            "beyond 9 features there is no penalty and biases are free"
        )
    if model.n_features > MOST_FEATURES:
        raise ValueError(
            f"n_features = {model.n_features}: at most {MOST_FEATURES} features are minimised; "
            "the limit of many equal ones is limit_diagram, phasecalc limit"
        )
    whole, model = model, narrowed(supported(model, values))
    m, n = model.d_hidden, model.n_features
    if begun is None:
        rows = wide_starts(model, importance, S, count, seed)
    else:
        W, b = begun[:-n].reshape(-1, n)[:m], begun[-n:]
        rows = [(W, b * float(model.law.scale))]
    if seconds is None:
        _foretold(model, importance, S, rows[-1], len(rows), progress)
    shown = share_bar(progress)
    steps = len(rows) + _POLISHED
    running = np.zeros(1, np.bool_)

    def descent(start: tuple[Floats, Floats], tolerance: float, done: int, note: str) -> End:
        advance(shown, done / steps, note)
        W, b, _, reason = train_one(model, *start, importance, S, tolerance, _ITERATIONS, running)
        given, support = _conditions(model, S)
        loss = expected_loss(W, b, importance, given, model.law, support=support)
        return End(float(loss), W, b, reason)

    # The flag ends a descent.
    late = nullcontext() if seconds is None else after(seconds, running.__setitem__, 0, True)
    with shown, late:
        first = [descent(row, _COARSE, k, "descents") for k, row in enumerate(rows)]
        first.sort(key=lambda end: end.loss)
        best: list[End] = []
        for end in first:
            if len(best) < _POLISHED and (not best or end.loss - best[-1].loss > _APART):
                best.append(end)
        last = [
            descent((end.weights, end.bias), _FINE, len(rows) + k, "polishing")
            for k, end in enumerate(best)
        ]
    last.sort(key=lambda end: end.loss)
    # Rough ends of one soft basin are one minimum once they are polished.
    last = [end for k, end in enumerate(last) if not k or end.loss - last[k - 1].loss > _APART]
    minima = tuple(_minimum(whole, model, importance, S, end) for end in last)
    failed = sum(end.reason == ITERATION_LIMIT for end in first)
    return Minimum(whole, S, r, minima, len(rows), failed, tuple(values.items()))


def _foretold(
    model: ToyModel, importance: Floats, S: float, row: tuple[Floats, Floats], count: int,
    progress: bool | None,
) -> None:  # fmt: skip
    """Says what takes longer than a minute before it begins, and how to make it smaller."""
    given, support = _conditions(model, S)
    for _ in range(2):  # the first call compiles
        begun = time.perf_counter()
        expected_loss_and_grad(*row, importance, given, model.law, support=support)
        took = time.perf_counter() - begun
    seconds = took * _USUAL * (count + _POLISHED)
    if seconds > _LONG:
        warned(
            f"descents from {count} starts of {sizes(model.n_features, model.d_hidden)} take some "
            f"{max(2, round(seconds / 60))} minutes; fewer random starts take less",
            progress,
        )


def _minimum(
    whole: ToyModel, model: ToyModel, importance: Floats, S: float, end: End
) -> LocalMinimum:
    """The record of the end of a descent."""
    W, b = end.weights, end.bias
    given, support = _conditions(model, S)
    loss, error = expected_loss(
        W, b, importance, given, model.law, support=support, return_error=True
    )
    _, dW, db = expected_loss_and_grad(W, b, importance, given, model.law, support=support)
    gradient = float(max(np.abs(dW).max(), np.abs(db).max()))
    active = [float(_at(model.support.active(i, len(b)), 1.0 - S)) for i in range(len(b))]
    gram = W.T @ W
    return LocalMinimum(
        name=name_of(gram, b),
        outcome=outcome_of(gram),
        loss=float(loss),
        weights=padded(W, whole.d_hidden - model.d_hidden),
        bias=b,
        gram=gram,
        gradient=gradient,
        curvature=float("nan"),
        converged=gradient <= _CONVERGED * min(1.0, float(importance @ active)),
        hessian_spectrum=np.empty(0),
        learning_coefficient=float("nan"),
        learning_bounds=(0.0, (whole.d_hidden + 1) * len(b) / 2),
        learning_reason="not computed for more than nine features",
        loss_error=float(error),
    )
