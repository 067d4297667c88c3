"""The loss of rare features: the one-sparse term, and the terms up to K active ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..laws import Law
from .compiled.cube import MAX_DIRECTIONS
from .compiled.truncated import gram, one_sparse, truncated
from .inputs import Batch, Floats, checked_batch, sparsities_in


class TruncatedLoss(NamedTuple):
    """loss ≤ L ≤ loss + bound, up to the rounding of `loss` itself."""

    loss: Floats
    """Σ_{k ≤ K} (1−S)^k S^{n−k} L_k, shape (...)."""
    bound: Floats
    """At least the sum of the terms with more than K active features, shape (...)."""


def one_sparse_loss(
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    law: Law | None = None,
) -> Floats:
    """L_1, the loss summed over the inputs in which exactly one feature is active.

    L_1 = Σ_j I_j Σ_i ∫₀¹ ([i = j] x − (G_ji x + b_j)_+)² dx, with G = WᵀW: the paper's feature
    benefit (i = j) plus interference (i ≠ j). L/(1−S) → L_1 as S → 1 if no bias is positive. The
    point law puts x = 1 in the place of the integral.

    weights (..., m, n), bias (..., n), importance (..., n) broadcast to (...), bias and
    importance 0 and 1 by default. Any n, in O(n²)
    besides WᵀW; models one after another on one thread. Raises `ValueError` for shapes that do not
    fit, NaN, infinities and negative importance.

    Source: Elhage et al. 2022, "Toy Models of Superposition", the section on what a ReLU model
    optimises.

    >>> float(one_sparse_loss([[1, -1]], [0, 0], [1, 1]))
    0.0
    >>> round(float(one_sparse_loss([[1, 1]], [0, 0], [1, 1])), 12)
    0.666666666667
    """
    batch = checked_batch(weights, bias, importance, 0.0, None, law)
    loss = np.empty(batch.size)
    for e, (G, b, I, _) in enumerate(_models(batch)):  # noqa: E741 the paper's letter
        loss[e] = one_sparse(G, b, I, batch.law)
    return loss.reshape(batch.shape)[()]


def truncated_loss(
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    sparsity: ArrayLike | None = None,
    law: Law | None = None,
    *,
    max_active: int,
    feature_probability: ArrayLike | None = None,
    sparsity_per_feature: ArrayLike | None = None,
) -> TruncatedLoss:
    """The part of the loss with at most `max_active` = K active features, and a bound on the rest.

    loss = Σ_{k ≤ K} (1−S)^k S^{n−k} L_k. With N the number of active features, what is left out
    is Σ_j I_j E[(x_j − y_j)² 1(N>K)], and 0 ≤ (x_j − y_j)² ≤ x_j² + (b_j⁺ + Σ_i G_ji⁺ x_i)²; the
    bound is the expectation of that, with the exact tail probabilities of N and with
    E[x_i x_l 1(N>K)] ≤ E[x_i] E[x_l] P(N>K−2). It is 0 for K ≥ n.

    Arguments and errors as for `expected_loss`, but any number of features may interfere: the cost
    grows as Σ_j C(d_j, K), d_j being the number of features that interfere with feature j.
    K is 0 to 8. Models are evaluated one after another on one thread.

    >>> loss, bound = truncated_loss([[1, -1]], [0, 0], [1, 1], 0.9, max_active=1)
    >>> exact = 0.1**2 / 3
    >>> bool(loss <= exact <= loss + bound)
    True
    """
    if isinstance(max_active, bool) or not isinstance(max_active, int | np.integer):
        raise TypeError(f"max_active = {max_active!r}: it must be an integer")
    if not 0 <= max_active < MAX_DIRECTIONS:
        raise ValueError(f"max_active = {max_active}: it must be 0 to {MAX_DIRECTIONS - 1}")
    S = sparsities_in(sparsity, feature_probability)
    batch = checked_batch(weights, bias, importance, S, sparsity_per_feature, law)
    loss = np.empty(batch.size)
    bound = np.empty(batch.size)
    for e, (G, b, I, S) in enumerate(_models(batch)):  # noqa: E741 the paper's letter
        loss[e], bound[e] = truncated(G, batch.m, b, I, S, batch.law, int(max_active))
    return TruncatedLoss(loss.reshape(batch.shape)[()], bound.reshape(batch.shape)[()])


def truncated_batch(batch: Batch, tolerance: float | None) -> tuple[Floats, Floats]:
    """(loss, error) with as many active features as the tolerance asks for, up to 8.

    The middle of what `truncated_loss` leaves open: half of its bound is added to the loss.
    """
    aim = 1e-10 if tolerance is None else tolerance
    loss = np.empty(batch.size)
    error = np.empty(batch.size)
    for e, (G, b, I, S) in enumerate(_models(batch)):  # noqa: E741 the paper's letter
        for active in range(MAX_DIRECTIONS):
            part, bound = truncated(G, batch.m, b, I, S, batch.law, active)
            loss[e], error[e] = part + 0.5 * bound, 0.5 * bound
            if error[e] <= aim * I.max():
                break
    return loss, error


def _models(batch: Batch) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """(G, bias, importance, sparsity) of each model; G = WᵀW of a shared W is computed once."""
    shared = len(batch.arrays[0]) == 1
    for e in range(batch.size):
        W, b, importance, S = batch.model(e)
        if e == 0 or not shared:
            G = gram(W)
        yield G, b, importance, S
