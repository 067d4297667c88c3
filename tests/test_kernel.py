"""The float kernel against exact rationals, and the laws that any such loss obeys."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import phasecalc as pc

from .marks import long
from .oracle import exact_loss, exact_slope, fractions, hard_model, scale

REFERENCE = json.loads((Path(__file__).parent / "reference" / "losses.json").read_text())
LOSS_LIMIT = 1e-13  # of 1 + Σ I_j (1 + ‖G_j‖₁ + |b_j|)²
GRADIENT_LIMIT = 1e-11

seeds = st.integers(0, 2**32 - 1)


def floats(values):
    return np.array(
        [floats(v) if isinstance(v, list) else float(Fraction(v)) for v in values], dtype=float
    )


def random_model(seed, sizes=((1, 1), (2, 1), (3, 2), (4, 2), (5, 3))):
    rng = np.random.default_rng(seed)
    n, m = sizes[rng.integers(len(sizes))]
    S = rng.random()
    return rng, rng.normal(size=(m, n)), rng.normal(size=n) / 3, rng.random(n), S


def close(a, b, limit):
    return bool(np.all(np.abs(np.asarray(a) - np.asarray(b)) <= limit))


@pytest.mark.parametrize("case", range(0, len(REFERENCE), 8))
def test_reference_losses(case):
    for record in REFERENCE[case : case + 8]:
        W, b, I = (floats(record[key]) for key in ("weights", "bias", "importance"))  # noqa: E741
        loss = pc.expected_loss(W, b, I, float(Fraction(record["sparsity"])))
        exact = float(Fraction(record["loss"]))
        # The decimals were rounded to floats: the derivative is below twice the scale.
        assert abs(loss - exact) <= LOSS_LIMIT * scale(W, b, I)


def test_hard_models_against_exact_rationals():
    rng = np.random.default_rng(5)
    for _ in range(120):
        check_model(rng, hard_model(rng), every_component=True)


@pytest.mark.parametrize("n", [6, 7, 8, long(9)])
def test_hard_models_of_many_interfering_features(n):
    rng = np.random.default_rng(n)
    for _ in range(2 if n < 8 else 1):
        check_model(rng, hard_model(rng, ((n, 2), (n, 3))), every_component=False)


def check_model(rng, model, every_component):
    """Loss and gradient against rationals; the gradient by components or along one direction."""
    W, b, I, S = model  # noqa: E741
    loss, dW, db = pc.expected_loss_and_grad(W, b, I, sparsity_per_feature=S)
    args = fractions(W), fractions(b), fractions(I), fractions(S)
    one = scale(W, b, I)
    assert abs(float(exact_loss(*args)) - loss) <= LOSS_LIMIT * one
    differentiable = (b != 0) | (W != 0).any(axis=0)
    gradient = np.concatenate([dW.ravel(), db])
    if every_component:
        directions = np.eye(len(gradient))
    else:
        directions = rng.choice([-1.0, 1.0], (1, len(gradient)))
    for direction in directions:
        u = direction[: W.size].reshape(W.shape) * differentiable
        v = direction[W.size :] * differentiable
        slope = exact_slope(*args, fractions(u), fractions(v))
        assert abs(np.sum(dW * u) + np.sum(db * v) - slope) <= GRADIENT_LIMIT * one


def test_where_it_has_no_derivative_the_inactive_side_counts():
    loss, dW, db = pc.expected_loss_and_grad([[0.0, 1.0]], [0.0, 0.0], [1, 1], 0.5)
    assert loss == pytest.approx(1 / 6, abs=1e-16)
    assert not dW.any() and not db.any()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_point_law(n):
    rng = np.random.default_rng(n)
    W, b, I, S = rng.normal(size=(2, n)), rng.normal(size=n), rng.random(n), rng.random(n)  # noqa: E741
    loss, dW, db = pc.expected_loss_and_grad(W, b, I, law=pc.Point(), sparsity_per_feature=S)
    exact = fractions(W), fractions(b), fractions(I), fractions(S)
    assert abs(float(exact_loss(*exact, point=True)) - loss) <= LOSS_LIMIT * scale(W, b, I)
    u, v = rng.normal(size=W.shape), rng.normal(size=b.shape)
    slope = exact_slope(*exact, fractions(u), fractions(v), point=True)
    assert np.sum(dW * u) + np.sum(db * v) == pytest.approx(slope, rel=1e-11)


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point()])
@pytest.mark.parametrize("n", [2, 6, 9])
def test_monte_carlo(law, n):
    rng = np.random.default_rng(n)
    W, b, I, S = rng.normal(size=(3, n)) / 2, rng.normal(size=n) / 3, rng.random(n), 0.6  # noqa: E741
    x = (rng.random((100_000, n)) >= S) * (rng.random((100_000, n)) if law.name == "uniform" else 1)
    sample = np.maximum(x @ (W.T @ W) + b, 0)
    sample = ((x - sample) ** 2 * I).sum(axis=1)
    error = sample.std() / np.sqrt(len(sample))
    assert abs(pc.expected_loss(W, b, I, S, law) - sample.mean()) < 5 * error


def test_known_values():
    p = 0.4
    w, b = 1.00183468764, 0.04268635921
    loss, dW, db = pc.expected_loss_and_grad([[w, -w]], [b, b], [1, 1], 1 - p)
    assert loss == pytest.approx(0.050993018104326510, abs=1e-16)
    assert close(dW, 0, 1e-10) and close(db, 0, 1e-10)  # the best pair, to the digits given
    assert pc.expected_loss([[0.6, 0.8]], [0.08, -0.06], [1, 1], 0) == pytest.approx(
        1 / 12 - 369 / 40960000, abs=1e-16
    )
    assert pc.expected_loss(np.eye(3), np.zeros(3), np.ones(3), 0.3) == 0.0


@given(seeds)
def test_equal_features_may_be_permuted(seed):
    rng, W, b, I, S = random_model(seed)  # noqa: E741
    order = rng.permutation(len(b))
    loss, dW, db = pc.expected_loss_and_grad(W, b, I, S)
    loss2, dW2, db2 = pc.expected_loss_and_grad(W[:, order], b[order], I[order], S)
    limit = LOSS_LIMIT * scale(W, b, I)
    assert close(loss, loss2, limit)
    assert close(dW[:, order], dW2, limit) and close(db[order], db2, limit)


@given(seeds)
def test_rotations_and_reflections_of_the_hidden_space(seed):
    rng, W, b, I, S = random_model(seed)  # noqa: E741
    Q = np.linalg.qr(rng.normal(size=(len(W), len(W))))[0]
    loss, dW, db = pc.expected_loss_and_grad(W, b, I, S)
    limit = LOSS_LIMIT * scale(W, b, I)
    for T in (Q, -np.eye(len(W))):
        loss2, dW2, db2 = pc.expected_loss_and_grad(T @ W, b, I, S)
        assert close(loss, loss2, limit)
        assert close(T @ dW, dW2, 10 * limit) and close(db, db2, limit)


@given(seeds, st.floats(1e-3, 1e3))
def test_importance_scales_the_loss(seed, factor):
    _, W, b, I, S = random_model(seed)  # noqa: E741
    one = pc.expected_loss_and_grad(W, b, I, S)
    other = pc.expected_loss_and_grad(W, b, factor * I, S)
    for a, c in zip(one, other, strict=True):
        assert close(factor * a, c, factor * LOSS_LIMIT * scale(W, b, I))


@given(seeds)
def test_a_feature_of_no_importance_is_as_good_as_any(seed):
    rng, W, b, I, S = random_model(seed, ((3, 2), (4, 3)))  # noqa: E741
    I[0] = 0.0
    moved = b.copy()
    moved[0] = rng.normal()
    loss, _, db = pc.expected_loss_and_grad(W, b, I, S)
    assert loss == pc.expected_loss(W, moved, I, S)
    assert db[0] == 0.0


@given(seeds)
def test_the_hidden_space_may_have_spare_dimensions(seed):
    _, W, b, I, S = random_model(seed)  # noqa: E741
    wide = np.concatenate([W, np.zeros((2, len(b)))])
    loss, dW, _ = pc.expected_loss_and_grad(W, b, I, S)
    loss2, dW2, _ = pc.expected_loss_and_grad(wide, b, I, S)
    assert close(loss, loss2, LOSS_LIMIT * scale(W, b, I))
    assert not dW2[len(W) :].any()
    assert close(dW, dW2[: len(W)], LOSS_LIMIT * scale(W, b, I))


@given(seeds)
def test_results_do_not_depend_on_how_a_batch_is_split(seed):
    rng = np.random.default_rng(seed)
    n, m = [(2, 1), (3, 2), (10, 10)][rng.integers(3)]
    size = 7
    W = rng.normal(size=(size, m, n)) if n < 10 else np.array([np.diag(rng.normal(size=n))] * size)
    b, I, S = rng.normal(size=(size, n)), rng.random((size, n)), rng.random(size)  # noqa: E741
    whole = pc.expected_loss_and_grad(W, b, I, S)
    for e in range(size):
        for a, c in zip(whole, pc.expected_loss_and_grad(W[e], b[e], I[e], S[e]), strict=True):
            assert np.array_equal(a[e], c)


@given(seeds)
def test_many_features_agree_with_few(seed):
    """The sparse route for n > 9, on a model that falls apart into small ones."""
    rng = np.random.default_rng(seed)
    parts = [(2, 4), (1, 2), (2, 3), (1, 1), (0, 2)]
    m, n = (sum(x) for x in zip(*parts, strict=True))
    W = np.zeros((m, n))
    b, I, S = rng.normal(size=n) / 3, rng.random(n), rng.random(n)  # noqa: E741
    total, a, i = 0.0, 0, 0
    blocks = []
    for rows, columns in parts:
        block = (slice(a, a + rows), slice(i, i + columns))
        W[block] = rng.normal(size=(rows, columns))
        small = W[block] if rows else np.zeros((1, columns))
        part = pc.expected_loss_and_grad(
            small, b[block[1]], I[block[1]], sparsity_per_feature=S[block[1]]
        )
        blocks.append((block, part))
        total += part[0]
        a, i = a + rows, i + columns
    order = rng.permutation(n)
    loss, dW, db = pc.expected_loss_and_grad(
        W[:, order], b[order], I[order], sparsity_per_feature=S[order]
    )
    back = np.argsort(order)
    dW, db = dW[:, back], db[back]
    limit = LOSS_LIMIT * scale(W, b, I)
    assert close(loss, total, limit)
    for block, (_, dW1, db1) in blocks:
        assert close(dW[block], dW1[: dW[block].shape[0]], limit)
        assert close(db[block[1]], db1, limit)
    Q = np.linalg.qr(rng.normal(size=(m, m)))[0]
    rotated = pc.expected_loss_and_grad(Q @ W, b, I, sparsity_per_feature=S)
    assert close(rotated[0], total, limit)


def test_gradient_between_features_that_do_not_interfere():
    """dL/dG_ji is not 0 where G_ji is: against a difference quotient in the sparse route."""
    rng = np.random.default_rng(2)
    W = np.zeros((6, 12))
    W[np.arange(12) // 2, np.arange(12)] = rng.normal(size=12)
    b, I = rng.normal(size=12) / 3, rng.random(12)  # noqa: E741
    _, dW, _ = pc.expected_loss_and_grad(W, b, I, 0.4)
    h = 1e-6
    for a, i in [(0, 0), (0, 5), (3, 11), (5, 0)]:
        up, down = W.copy(), W.copy()
        up[a, i] += h
        down[a, i] -= h
        slope = (pc.expected_loss(up, b, I, 0.4) - pc.expected_loss(down, b, I, 0.4)) / (2 * h)
        assert dW[a, i] == pytest.approx(slope, abs=1e-8)
