"""The vector kernel of three to five features: formulas in rationals, accuracy, its edge."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import phasecalc as pc
from phasecalc.kernel.compiled.batch import batch_loss_grad
from phasecalc.kernel.compiled.hessian import batch_hessian
from phasecalc.kernel.compiled.rows import UNIFORM
from phasecalc.kernel.compiled.vertices import row_moments, sort_by_size, unsort
from phasecalc.kernel.kernels import kernel, second_kernel

from .oracle import _row_gradient, exact_gradient, fractions, hard_model, scale, switch_model

LOSS_LIMIT = 1e-13  # of 1 + Σ I_j (1 + ‖G_j‖₁ + |b_j|)²
GRADIENT_LIMIT = 1e-11
FEW = ((3, 1), (3, 2), (4, 2), (5, 2))

seeds = st.integers(0, 2**32 - 1)


class Rationals:
    """The arithmetic of `vertices` in exact numbers, one row at a time."""

    @staticmethod
    def exact(x):
        """Constants of the formulas are reciprocals of integers."""
        return Fraction(x).limit_denominator(10**7) if isinstance(x, float) else x

    def fma(self, a, b, c):
        return self.exact(a) * self.exact(b) + self.exact(c)

    def add_product(self, total, a, b):
        product = self.exact(a) * self.exact(b)
        return product if total is None else total + product

    def less(self, a, b):
        return a < b

    def not_less(self, a, b):
        return a >= b

    def both(self, a, b):
        return a and b

    def select(self, condition, a, b):
        return self.exact(a if condition else b)

    def abs(self, a):
        return abs(a)

    def positive(self, a):
        return max(a, Fraction(0))

    def inverse(self, a):
        return 1 / a if a else _Infinite()

    def unit(self, a):
        return Fraction(1) if a is None else min(max(a, Fraction(0)), Fraction(1))


class _Infinite:
    """1/0, as it multiplies −u: clipped it is 0 where u > 0, else 1."""

    def __rmul__(self, minus):
        return Fraction(0) if minus < 0 else Fraction(1)


class Number(Fraction):
    """A Fraction that meets the float constants of the formulas exactly."""

    def __neg__(self) -> Number:
        return Number(-Fraction(self))

    def __abs__(self) -> Number:
        return Number(abs(Fraction(self)))


def _operator(name):
    base = getattr(Fraction, name)

    def operate(self, other):
        result = base(self, Rationals.exact(other))
        return result if result is NotImplemented else Number(result)

    return operate


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul"):
    setattr(Number, f"__{_name}__", _operator(f"__{_name}__"))


@pytest.mark.parametrize("n", [3, 4, 5])
def test_the_formulas_are_identities(n):
    """With rational numbers there is no rounding: the loss of a row, and every derivative, equal
    the textbook formula's, on generic rows, on kinks and with overlaps that vanish."""
    rng = np.random.default_rng(n)
    ops = Rationals()
    for trial in range(12 if n < 5 else 4):
        g = [Number(int(x), 8) for x in rng.integers(-8, 9, n)]
        own = int(rng.integers(n))
        g[own] = abs(g[own])
        c = Number(int(rng.integers(-12, 13)), 8) if trial % 2 else -sum(g[:2], Number(0))
        s = [Number(int(x), 5) for x in rng.integers(0, 6, n)]
        expected = _row_gradient(
            [Fraction(x) for x in g], Fraction(c), own, [Fraction(x) for x in s]
        )
        if c == 0 and not any(g):
            continue
        flag = [Number(int(i == own)) for i in range(n)]
        p = [1 - x for x in s]
        columns = (list(g), list(flag), [Number(x) for x in p], list(s))
        swaps = sort_by_size(ops, columns)
        g_, flag, p_, s_ = columns
        M = row_moments(ops, n, g_, p_, s_, c, ((1, 2), (0, 1), (0,)))
        cross = sum(f * M[(a,)][1] for a, f in enumerate(flag))
        loss = p[own] / 3 + 2 * M[()][2] - 2 * cross
        d_c = 2 * (M[()][1] - sum(f * M[(a,)][0] for a, f in enumerate(flag)))
        d_g = [
            2 * (M[(i,)][1] - sum(f * M[(min(a, i), max(a, i))][0] for a, f in enumerate(flag)))
            for i in range(n)
        ]
        unsort(ops, swaps, d_g)
        assert loss == expected[0]
        assert d_g == expected[1]
        assert d_c == expected[2]


def errors(model):
    """Of loss and gradient, every component, on the scale of the loss."""
    W, b, I, S = model  # noqa: E741
    loss, dW, db = pc.expected_loss_and_grad(W, b, I, sparsity_per_feature=S)
    assert loss == pc.expected_loss(W, b, I, sparsity_per_feature=S)
    exact, exact_W, exact_b = exact_gradient(*[fractions(x) for x in model])
    differentiable = (b != 0) | (W != 0).any(axis=0)
    off_W = np.abs(dW - np.array(exact_W, dtype=float))[:, differentiable]
    off_b = np.abs(db - np.array(exact_b, dtype=float))[differentiable]
    one = scale(W, b, I)
    return abs(loss - float(exact)) / one, max(off_W.max(initial=0), off_b.max(initial=0)) / one


def test_every_component_on_hard_models():
    rng = np.random.default_rng(7)
    for _ in range(300):
        loss, gradient = errors(hard_model(rng, FEW))
        assert loss <= LOSS_LIMIT
        assert gradient <= GRADIENT_LIMIT


def alone(model):
    """The loss of the vector kernel, which is NaN where it hands the model over."""
    W, b, I, S = (np.ascontiguousarray(x)[None] for x in model)  # noqa: E741
    address, _, law = kernel(W.shape[2], UNIFORM)
    loss = np.empty(1)
    batch_loss_grad((address, 0, law), W, b, I, S, 0, 1, loss, np.empty_like(W), np.empty_like(b))
    return loss[0]


def test_both_sides_of_the_switch_between_the_paths():
    rng = np.random.default_rng(8)
    handed_over = []
    for _ in range(200):
        model = switch_model(rng)
        loss, gradient = errors(model)
        assert loss <= LOSS_LIMIT
        assert gradient <= GRADIENT_LIMIT
        handed_over.append(np.isnan(alone(model)))
    assert 40 <= sum(handed_over) <= 160  # both paths were taken often


@given(seeds)
def test_the_vector_kernel_and_the_careful_one_agree(seed):
    rng = np.random.default_rng(seed)
    n, m = FEW[rng.integers(len(FEW))]
    W, b = rng.normal(size=(1, m, n)), rng.normal(size=(1, n)) / 3
    W *= 10.0 ** rng.integers(-6, 1, n)
    I, S = rng.random((1, n)), rng.random((1, n))  # noqa: E741
    address, careful, law = kernel(n, UNIFORM)
    results = []
    for which in ((address, 0, law), (careful, 0, law)):
        loss, dW, db = np.empty(1), np.empty_like(W), np.empty_like(b)
        batch_loss_grad(which, W, b, I, S, 0, 1, loss, dW, db)
        results.append((loss, dW, db))
    one = scale(W[0], b[0], I[0])
    for fast, slow in zip(*results, strict=True):
        assert np.abs(fast - slow).max() <= 1e-14 * one


@given(seeds)
def test_second_derivatives_by_vector_code_and_by_single_moments(seed):
    rng = np.random.default_rng(seed)
    n, m = ((2, 1), (2, 2), *FEW)[rng.integers(6)]
    W, b = rng.normal(size=(1, m, n)), rng.normal(size=(1, n)) / 3
    W *= 10.0 ** rng.integers(-3, 1, n)
    I, S = rng.random((1, n)), rng.random((1, n))  # noqa: E741
    address, careful, law = second_kernel(n, UNIFORM)
    size = m * n + n
    results = []
    for which in ((address, 0, law), (careful, 0, law)):
        hessian = np.empty((1, size, size))
        batch_hessian(which, W, b, I, S, 0, 1, hessian)
        results.append(hessian)
    assert np.isfinite(results[0]).all()
    limit = 1e-13 * max(scale(W[0], b[0], I[0]), np.abs(results[1]).max())
    assert np.abs(results[0] - results[1]).max() <= limit


def test_a_batch_of_thousands_and_its_models_one_by_one():
    rng = np.random.default_rng(9)
    for n, m in FEW:
        W, b, S = rng.normal(size=(3000, m, n)), rng.normal(size=(3000, n)), rng.random(3000)
        I = rng.random(n)  # noqa: E741
        loss, dW, db = pc.expected_loss_and_grad(W, b, I, S)
        assert np.array_equal(loss, pc.expected_loss(W, b, I, S))
        for e in range(0, 3000, 400):
            one = pc.expected_loss_and_grad(W[e], b[e], I, S[e])
            assert one[0] == loss[e]
            assert np.array_equal(one[1], dW[e])
            assert np.array_equal(one[2], db[e])
