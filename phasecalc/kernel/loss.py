"""The exact population loss of float weights, its gradient and its Hessian, in batches.

L(W, b) = Σ_j I_j E[(x_j − y_j)²], y = ReLU(Gx + b), G = WᵀW. The integrals are those of
`compiled.cube` and `compiled.pair`; nothing is sampled, and no step divides a difference by
something small.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..laws import Law
from ..supports import Independent, Support, checked_support
from .compiled.batch import batch_loss_grad, batch_pair_loss_grad, batch_sparse_loss_grad
from .compiled.cube import MAX_DIRECTIONS
from .compiled.rows import UNIFORM
from .inputs import Batch, Floats, checked_batch, sparsities_in
from .kernels import Kernel, kernel, second_kernel
from .method import Method, by_method
from .mixture import feature_sparsities, mixture
from .threads import in_threads

_NANOSECONDS = {1: 60, 2: 70, 3: 130, 4: 280, 5: 1100}
"""Of one model of n features, roughly: what a thread is worth being started for."""


def expected_loss(
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    sparsity: ArrayLike | None = None,
    law: Law | None = None,
    *,
    feature_probability: ArrayLike | None = None,
    sparsity_per_feature: ArrayLike | None = None,
    support: Support | None = None,
    method: Method = "auto",
    tolerance: float | None = None,
    return_error: bool = False,
) -> Any:
    """The expected squared error of the model, exactly: not sampled, and accurate to rounding.

    L = E Σ_j I_j (x_j − y_j)², y = ReLU(WᵀWx + b), a sum over features; x_i is 0 with probability
    S (`sparsity`), else drawn from `law`: `Uniform()` (the default), `Point()` or any other, whose
    loss is always dense. The closed form's error is below
    1e-13 (1 + Σ_j I_j (1 + ‖G_j‖₁ + |b_j|)²), G = WᵀW, for weights of any size and sign.

    weights (..., m, n), bias (..., n), importance (..., n) and sparsity (...) broadcast as in
    NumPy, to a loss of shape (...). One number is the bias of all features, or the importance of
    the last one beside others of 1; by default all are 0 and 1. Integers, floats, bools, Fraction
    and Decimal are taken, and rounded to float64; float64 comes out. `feature_probability` = 1 − S
    may be given in place of `sparsity`, and is then known to 2⁻⁵³, as S is. A sparsity for each
    feature goes into
    `sparsity_per_feature` (..., n) instead of `sparsity`: a keyword of its own, because an array of
    length n could also be a batch of n sparsities.

    support : which features are active together, at the same p = 1 − S: `Groups`, `ExactlyActive`,
    a `Table`, or `Independent` with probabilities of their own, in place of sparsities.

    method : "closed" is the closed form, accurate to rounding; its cost is exponential in the
    number of features that interfere with one feature (G_ji ≠ 0), at most 8, not in n. For n > 9,
    overlaps no larger than what rounding leaves between orthogonal columns are not counted as
    interference but enter by their mean, where the accuracy allows it. "dense" is the transform of
    the sum, for any number of them, in n² times some hundred nodes (docs/dense-loss.md).
    "few-active" adds up the terms of few active features (`truncated_loss`). "auto" takes the
    closed form where it fits and "dense" elsewhere.
    tolerance : the largest error of the loss, in units of the largest importance, for the last two
    methods; `ValueError` where it is not reached. By default 1e-10 is aimed at and not insisted on.
    return_error : also return the error of each loss, shape (...): loss, error. It is a bound, but
        for the dense loss where overlaps of one feature differ by many powers of ten, or many
        features have the point law: there it is an estimate (docs/dense-loss.md).

    Batches worth some milliseconds are split over the processors that this process may use, or
    over fewer if NUMBA_NUM_THREADS or OMP_NUM_THREADS says so; the result does not depend on it.

    Raises `ValueError` for shapes that do not fit, NaN, infinities, a sparsity outside [0, 1],
    negative importance, a tolerance that is not positive or not reached, and for "closed" a feature
    that interferes with more than 8 others; `TypeError` for what are no real numbers. A loss beyond
    the largest float is inf, also if only an intermediate result is. A row of importance 0 counts
    for nothing, however large.

    Source: the model and its loss, Elhage et al. 2022, "Toy Models of Superposition".

    >>> round(float(expected_loss([[1, -1]], [0, 0], [1, 1], 0.6)), 12)  # (1 + r) p²/6
    0.053333333333
    >>> expected_loss([[1, 0]], [0, 0.2], [1, 0.5], [0.2, 0.6]).shape
    (2,)
    """
    S = sparsities_in(sparsity, feature_probability)
    arguments = (weights, bias, importance, S, law, sparsity_per_feature, support)
    loss, _, _, error, _ = _computed(*arguments, method, tolerance, False, return_error)
    return (loss, error) if return_error else loss


def expected_loss_and_grad(
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    sparsity: ArrayLike | None = None,
    law: Law | None = None,
    *,
    feature_probability: ArrayLike | None = None,
    sparsity_per_feature: ArrayLike | None = None,
    support: Support | None = None,
    method: Method = "auto",
    tolerance: float | None = None,
    return_error: bool = False,
) -> Any:
    """The loss of `expected_loss` with its gradient: (loss (...), dW (..., m, n), db (..., n)).

    With v_j = (Gx + b)_j − x_j: H_ji = ∂L/∂G_ji = 2 I_j E[v_j x_i 1(y_j>0)],
    ∂L/∂b_j = 2 I_j E[v_j 1(y_j>0)] and ∂L/∂W = W (H + Hᵀ). The integrals are differentiated, not
    the formula: the closed form's gradient has an error below 1e-11 on the scale of the loss's.

    Under the uniform law L is C¹ except where W_j = 0 and b_j = 0 for some j: there the derivative
    by W_j and by b_j is the one-sided one of an inactive unit, 0, as is usual for ReLU at 0. Under
    the point law that choice is met at every b_j at which a set of active features brings unit j
    exactly to 0.
    Where the loss is inf, the gradient is of no use.

    Arguments and errors as for `expected_loss`, but there is no gradient by "few-active". With
    return_error=True two arrays (...) follow: the loss's error as in `expected_loss`, and that of
    the largest entry of the gradient, known in the same way.

    >>> loss, dW, db = expected_loss_and_grad([[0.0, 0.0]], [0.25, 0.25], [1, 1], 0.5)
    >>> float(loss), dW, db  # b = μ is the best bias of a feature that is not represented
    (0.20833333333333331, array([[0., 0.]]), array([0., 0.]))
    """
    S = sparsities_in(sparsity, feature_probability)
    arguments = (weights, bias, importance, S, law, sparsity_per_feature, support)
    loss, dW, db, *errors = _computed(*arguments, method, tolerance, True, return_error)
    return (loss, dW, db, *errors) if return_error else (loss, dW, db)


def expected_hessian(
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    sparsity: ArrayLike | None = None,
    law: Law | None = None,
    *,
    feature_probability: ArrayLike | None = None,
    sparsity_per_feature: ArrayLike | None = None,
) -> Floats:
    """The second derivatives of the loss, (..., N, N) with N = mn + n, for at most 9 features.

    The variables are the weights row by row, then the biases: θ = (W_11, …, W_1n, W_21, …, b_n).
    In a row, ∂²/∂g_a∂g_b = 2 I_j (E[x_a x_b 1(u>0)] − E[x_j x_a x_b δ(u)]), u = G_j·x + b_j, where
    x_b = 1 for the bias; G = WᵀW by the chain rule. Where the gradient itself has a kink, the
    value is that of one of its sides. Where a row's overlaps and bias are all below 1e-300, it may
    be beyond the largest float: inf or NaN.

    Arguments and errors as for `expected_loss`; `ValueError` for more than 9 features.

    >>> expected_hessian([[0.0]], [0.25], [1], 0.5)  # at W = 0: 4 E[(b − x) x] = −5/12
    array([[-0.41666667,  0.        ],
           [ 0.        ,  2.        ]])
    """
    from .compiled.hessian import batch_hessian  # noqa: PLC0415 compiled only when it is asked for

    S = sparsities_in(sparsity, feature_probability)
    batch = checked_batch(weights, bias, importance, S, sparsity_per_feature, law)
    if batch.n > MAX_DIRECTIONS:
        raise ValueError(
            f"weights: {batch.n} features; the Hessian is for {MAX_DIRECTIONS} or fewer"
        )
    size = batch.m * batch.n + batch.n
    hessian = np.empty((batch.size, size, size))
    which = second_kernel(batch.n, batch.law)
    in_threads(partial(_by_kernel, batch_hessian, which), batch, 100 * size**2 << batch.n, hessian)
    if batch.unit != 1.0:
        hessian[:, batch.m * batch.n :, :] /= batch.unit
        hessian[:, :, batch.m * batch.n :] /= batch.unit
    return hessian.reshape(*batch.shape, size, size)


def _computed(
    weights: ArrayLike,
    bias: ArrayLike | None,
    importance: ArrayLike | None,
    sparsity: ArrayLike | None,
    law: Law | None,
    per_feature: ArrayLike | None,
    support: Support | None,
    method: Method,
    tolerance: float | None,
    gradient: bool,
    bounds: bool,
) -> tuple[Floats, ...]:
    """(loss, dW, db, error, slope error); without gradient or bounds these are of no use."""

    def one(S: ArrayLike | None, S_each: ArrayLike | None) -> tuple[Floats, ...]:
        batch = checked_batch(weights, bias, importance, S, S_each, law, any_law=True)
        return by_method(batch, method, tolerance, _evaluate, gradient=gradient, bounds=bounds)

    if support is None or support == Independent():
        return one(sparsity, per_feature)
    if per_feature is not None:
        raise TypeError("sparsity_per_feature and support: at most one of them can be given")
    sizes = [
        np.ndim(weights) - 2,
        np.ndim(0.0 if bias is None else bias) - 1,
        np.ndim(1.0 if importance is None else importance) - 1,
        np.ndim(np.asarray(sparsity)),
    ]
    n = np.shape(weights)[-1] if np.ndim(weights) else 1
    together = checked_support(support, n)
    if isinstance(together, Independent):
        if sparsity is not None:
            raise TypeError("sparsity: the support gives every feature a probability of its own")
        return one(None, feature_sparsities(together, n))

    def sets(states: Floats) -> tuple[Floats, ...]:
        loss, dW, db, error, slope_error = one(None, states)
        return (loss, error, slope_error, dW, db) if gradient else (loss, error)

    loss, error, *slopes = mixture(sets, sparsity, together, n, max(sizes))
    slope_error, dW, db = slopes if gradient else (loss, loss, loss)
    return loss, dW, db, error, slope_error


def _evaluate(batch: Batch, gradient: bool) -> tuple[Floats, Floats, Floats]:
    """The closed form; NaN where a neighbourhood is too large. One model after another."""
    m, n = batch.m, batch.n
    loss = np.empty(batch.size)
    dW = np.empty((batch.size if gradient else 0, m, n))
    db = np.empty((len(dW), n))

    def run(*args: Any) -> None:
        # Threads that only need the loss have one gradient to write to each.
        compute(*args, *(() if gradient else (np.empty((1, m, n)), np.empty((1, n)))))

    if n > MAX_DIRECTIONS:
        compute, cost = batch_sparse_loss_grad, 1000 * n + m * n
    elif m == 1 and n == 2 and batch.law == UNIFORM:
        compute, cost = batch_pair_loss_grad, 40
    else:
        compute, cost = (
            partial(_by_kernel, batch_loss_grad, kernel(n, batch.law)),
            _NANOSECONDS.get(n, 50 * n << n),
        )
    in_threads(run, batch, cost, loss, *((dW, db) if gradient else ()))
    if gradient and batch.unit != 1.0:
        db /= batch.unit
    return loss, dW, db


def _by_kernel(run: Callable[..., None], which: Kernel, *rest: Any) -> None:
    W, b, importance, S, _, *results = rest
    run(which, W, b, importance, S, *results)
