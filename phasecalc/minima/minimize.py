"""Global and local minima of the exact loss over all weights and biases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..inputs import count_of
from ..kernel.compiled.cube import MAX_DIRECTIONS
from ..kernel.compiled.rows import POINT
from ..kernel.inputs import any_number, real_array, scalar_in, sparsity_in
from ..model import ToyModel, checked_model, sizes, symbol_values, weighted
from ..progress import told
from .found import LocalMinimum, Minimum, padded
from .general import general_minimum, is_general
from .learning import FLAT, learning
from .naming import is_dead, name_of, outcome_of
from .orbits import orders_of
from .problem import GRADIENT_TOLERANCE, Problem
from .starts import escapes, narrowed, starts

Floats = NDArray[np.float64]

RANDOM_STARTS = {2: 60, 3: 60, 4: 40}
"""Random starts by number of features, unless the caller says otherwise; 24 for more features."""

WIDE_STARTS = 10
"""Random starts where the loss is the dense one, whose descents take seconds."""

SAME = 1e-6
"""Two minima are one when Gram matrices and biases agree to this, up to symmetry."""

MOST_DIMENSIONS = 100_000
"""Rows of weights: those beyond the number of features are zero, and printed."""

HEAVIEST = 1e70
"""The largest weight or bias of a start: losses grow as its fourth power, to the largest float."""

MOST_PERMUTED = 5
"""Up to this many interchangeable features all their permutations are compared."""


def minimize(
    model: ToyModel,
    sparsity: object = None,
    importance: object = None,
    *,
    feature_probability: object = None,
    start: object = None,
    random_starts: int | None = None,
    seed: int = 0,
    progress: bool | None = None,
    **symbols: object,
) -> Minimum:
    """Find the global minimum of the exact loss over all weights and biases, and the local ones.

    min over W, b of E Σ_j I_j (x_j − ReLU(WᵀWx + b)_j)² + λ Σ_{i≠j} (W_i·W_j)²

    Structured starts (every candidate, exactly and disturbed, with weakened features) and seeded
    random ones descend by BFGS and are polished by Newton's method until the gradient is at most
    1e-12. Minima that a permutation of equally important features, a rotation or a sign carries
    into each other are one. Names follow the rules of `phasecalc.minima.naming`.

    Parameters
    ----------
    model : a `ToyModel`; its bias mode, penalty and importances count. Under a law without a closed
        form or another support the descents are SciPy's BFGS, to a gradient of some 1e-9. Of more
        than 9 features the loss is the dense one: descents from antipodal pairs and 10 random
        starts, of which the three lowest ends are polished to a gradient of some 1e-8; `loss_error`
        is the error of a minimum's loss. There is no
        penalty and no fixed bias then, and there are at most 1000 features.
    sparsity : S in [0, 1), a number; or p = 1 − S as ``feature_probability``.
    importance : one number, the value of r, which is the last feature's importance unless the model
        says otherwise, by default 1; or the importances of all features in numbers, in place of the
        model's.
    start : weights (m, n), or a pair of weights and bias (n,) or one number for all, as arrays or a
        `LocalMinimum`: the descent begins there and nowhere else, so that what is found is where
        these weights lead, with every feature in its place.
        Without a bias it begins with the best one for the features that are not represented.
    random_starts : how many random starts; by default 60 for two or three features, none beside a
        start.
    seed : of the random starts.
    progress : words on stderr where it takes longer than two seconds; None on a terminal only.
    symbols : values of the model's other symbols, by name.

    >>> import phasecalc as pc
    >>> found = pc.minimize(pc.ToyModel(2, 1), 0.6, 1)
    >>> found.name, round(found.loss, 12), found.weights.round(6).tolist()
    ('antipodal', 0.050993018104, [[1.001835, -1.001835]])
    >>> pc.minimize(pc.ToyModel(2, 1), 0.6, 0.36, start=[[1, 0]]).name  # not the lowest there
    'ignore'

    Raises `ValueError` for values out of range and for a value of a symbol that the model does not
    have, `TypeError` for what is no number.
    """
    checked_model(model)
    S = sparsity_in(sparsity, feature_probability)
    model, given = weighted(model, importance)
    r = scalar_in(given, "importance", 0.0, np.inf)
    values = symbol_values(model, symbols, any_number)
    is_wide = model.n_features > MAX_DIRECTIONS
    usual = WIDE_STARTS if is_wide else RANDOM_STARTS.get(model.n_features, 24)
    count = usual if random_starts is None else random_starts
    count, seed = count_of(count, "random_starts"), count_of(seed, "seed")
    if model.d_hidden > MOST_DIMENSIONS:
        raise ValueError(
            f"d_hidden = {model.d_hidden}: weights of at most {MOST_DIMENSIONS} rows are "
            f"minimised; {model.n_features} features span no more than {model.n_features}"
        )
    work = f"searching for the minima of {sizes(model.n_features, model.d_hidden)}"
    if start is not None and (random_starts is not None or seed != 0):
        name, value = ("seed", seed) if random_starts is None else ("random_starts", count)
        raise ValueError(f"{name} = {value}: it has no use beside start, which is the only one")
    if is_general(model) and start is not None:
        raise ValueError("start: it is for independent features under a law with a closed form")
    if is_wide:
        from .wide import wide_minimum  # noqa: PLC0415 the dense loss is imported only here

        begun = None if start is None else start_row(Problem.of(model, S, r, **values), start)
        return wide_minimum(model, S, r, values, count, seed, begun, progress)
    if is_general(model):
        with told(work, progress):
            return general_minimum(model, S, r, values, count, seed)
    problem = Problem.of(model, S, r, **values)
    if start is None:
        begun = starts(narrowed(model), S, count, seed)
    else:
        begun = start_row(problem, start)[None]
    search = Search(replace(problem.narrowed(), ordered=start is None))
    with told(work, progress):
        search.from_rows(begun)
    found = search.found
    if not found:
        raise ArithmeticError(f"no descent from {len(begun)} starts ended at a minimum")
    found.sort(key=lambda minimum: minimum.loss)
    return Minimum(model, S, r, tuple(found), len(begun), search.failed, tuple(values.items()))


def start_row(problem: Problem, start: object) -> Floats:
    """The parameter vector of weights, with or without a bias, that a user hands over.

    Weights with more rows than features are turned into their triangular factor, whose Gram matrix
    is the same.
    """
    if isinstance(start, Minimum):
        start = start.lowest
    if isinstance(start, LocalMinimum):
        start = (start.weights, start.bias)
    pair = isinstance(start, tuple) and len(start) == 2
    pair = pair and real_array("start", start[0]).ndim == 2  # type: ignore[index]
    weights = real_array("start", start[0] if pair else start)  # type: ignore[index, arg-type]
    shape = (problem.m, problem.n)
    if weights.shape != shape:
        hint = "; transpose it: column i is feature i" if weights.shape == shape[::-1] else ""
        raise ValueError(f"start: weights of shape {weights.shape}; it must be {shape}{hint}")
    if np.abs(weights).max() > HEAVIEST:
        raise ValueError(f"start: a weight of {np.abs(weights).max():g}; the limit is {HEAVIEST:g}")
    if pair:
        bias = real_array("start", start[1])  # type: ignore[index]
        if bias.ndim == 0:
            bias = np.full(problem.n, float(bias))
        if bias.shape != (problem.n,):
            raise ValueError(f"start: a bias of shape {bias.shape}; it must be ({problem.n},)")
        if np.abs(bias).max() > HEAVIEST:
            raise ValueError(f"start: a bias of {np.abs(bias).max():g}; the limit is {HEAVIEST:g}")
        if problem.no_bias and bias.any():
            raise ValueError(
                f"start: a bias of {np.abs(bias).max():g}; the model holds biases at 0: give the "
                "weights alone"
            )
    else:
        mean = 0.5 if problem.law != POINT else 1.0
        absent = (weights**2).sum(axis=0) == 0
        bias = np.where(absent, problem.unit * mean * (1.0 - problem.S), 0.0)
    if problem.m > problem.n:
        weights = np.asarray(np.linalg.qr(weights, mode="r"))
    return problem.parameters(weights, np.zeros_like(bias) if problem.no_bias else bias)


STATIONARY = 1e-8
"""A gradient above this is no stationary point at all."""


class Search:
    """Minima found so far, and every end of a descent that need not be polished again."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.found: list[LocalMinimum] = []
        self.failed = 0
        self._seen: list[tuple[float, Floats, Floats]] = []

    def from_rows(self, rows: Floats, *, escape: bool = True) -> None:
        """Descend from every row and keep the new minima."""
        ends, losses = self.problem.descend(rows)
        for k in np.argsort(losses, kind="stable"):
            if np.isfinite(losses[k]):
                self._add(ends[k], float(losses[k]), escape=escape)
            else:
                self.failed += 1

    def _known(self, x: Floats, loss: float) -> bool:
        if any(_same(self.problem, x, loss, other) for other in self._seen):
            return True
        self._seen.append((loss, self.problem.gram(x), self.problem.split(x)[1]))
        return False

    def _add(self, end: Floats, end_loss: float, *, escape: bool) -> None:
        if self._known(end, end_loss):
            return
        x, loss, size = self.problem.settled(end)
        same = [
            m
            for m in self.found
            if _same(self.problem, x, loss, (m.loss, m.gram, m.bias / self.problem.unit))
        ]
        if any(m.gradient <= max(size, GRADIENT_TOLERANCE) for m in same):
            return
        self.found = [m for m in self.found if m not in same]
        if size > STATIONARY:
            self.failed += 1
            if self.found:
                return
        curvature, away = self.problem.softest(x)
        minimum = local_minimum(self.problem, x, loss, size, curvature)
        if minimum.curvature >= -FLAT:
            self.found.append(minimum)
        elif escape:
            self.from_rows(escapes(x, away), escape=False)
        elif not self.found:
            self.found.append(minimum)


def local_minimum(
    problem: Problem, x: Floats, loss: float, size: float, curvature: float | None = None
) -> LocalMinimum:
    """The record of a stationary point; its curvature is computed unless it is known."""
    weights, bias = problem.split(x)
    gram = problem.gram(x)
    if curvature is None:
        curvature = problem.lowest_curvature(x)
    known = learning(problem, x, curvature)
    return LocalMinimum(
        name=name_of(gram, problem.named_bias(x)),
        outcome=outcome_of(gram),
        loss=loss,
        weights=padded(weights, problem.spare),
        bias=problem.unit * bias,
        gram=gram,
        gradient=size,
        curvature=curvature,
        converged=size <= GRADIENT_TOLERANCE and curvature >= -FLAT,
        hessian_spectrum=known.spectrum,
        learning_coefficient=known.coefficient,
        learning_bounds=known.bounds,
        learning_reason=known.reason,
    )


def _same(problem: Problem, x: Floats, loss: float, other: tuple[float, Floats, Floats]) -> bool:
    """Whether x is the other configuration up to a permutation of equally important features."""
    if abs(loss - other[0]) > 1e-9 * (1.0 + abs(loss)):
        return False
    gram, bias = problem.gram(x), problem.split(x)[1]
    if not problem.no_bias and is_dead(gram, bias) and is_dead(other[1], other[2]):
        return True  # a dead output leaves a continuum of equal minima
    if problem.law == POINT and name_of(gram, bias) == name_of(other[1], other[2]):
        return True  # minima of a piecewise quadratic loss are whole polytopes: one phase each
    orders = _symmetries(problem, gram, bias, other)
    near = np.abs(bias[orders] - other[2]).max(axis=1) < SAME
    orders = orders[near]
    moved = gram[orders[:, :, None], orders[:, None, :]]
    return bool((np.abs(moved - other[1]).max(axis=(1, 2), initial=0.0) < SAME).any())


def _symmetries(
    problem: Problem, gram: Floats, bias: Floats, other: tuple[float, Floats, Floats]
) -> NDArray[np.intp]:
    """Permutations of equally important features: all, or for many features the sorting one."""
    values, which, counts = np.unique(problem.I, return_inverse=True, return_counts=True)
    if counts.max() <= MOST_PERMUTED:
        return orders_of(tuple(which.tolist()))
    order = np.empty(len(bias), dtype=np.intp)
    for value in values:
        group = np.flatnonzero(problem.I == value)
        mine, theirs = (
            group[np.lexsort((np.sort(g, axis=1).sum(axis=1)[group], b[group].round(6)))]
            for g, b in ((gram, bias), other[1:])
        )
        order[theirs] = mine
    return order[None]
