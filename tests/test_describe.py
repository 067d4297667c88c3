"""Descriptions of given weights: parts that add up, whatever the order of features and rotation."""

from __future__ import annotations

import numpy as np
import pytest

import phasecalc as pc


def test_losses_of_features_add_up():
    W = np.array([[1.0, -0.9, 0.1], [0.05, 0.2, 1.1]])
    found = pc.describe(W, 0.05, [1, 2, 0.5], sparsity=0.7)
    whole = pc.expected_loss(W, [0.05] * 3, [1, 2, 0.5], 0.7)
    assert found.loss == pytest.approx(float(whole), rel=1e-13)
    assert found.nearest is not None and found.distance is not None
    assert found.loss is not None and found.nearest.loss <= found.loss
    assert found.distance > 0
    assert (
        found.interference[0, 1] == pytest.approx(W[:, 0] @ W[:, 1])
        and not np.diag(found.interference).any()
    )


def test_rotations_and_orders_change_nothing():
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(2, 3)), rng.normal(size=3) * 0.1
    Q = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    order = [2, 0, 1]
    first = pc.describe(W, b, sparsity=0.8)
    second = pc.describe(Q @ W[:, order], b[order], sparsity=0.8)
    assert second.loss == pytest.approx(first.loss, rel=1e-12)
    np.testing.assert_allclose(second.dimensionalities, first.dimensionalities[order])
    assert [first.outcomes[i] for i in order] == list(second.outcomes)


def test_a_minimum_is_its_own_nearest():
    best = pc.minimize(pc.ToyModel(2, 1), 0.6)
    found = pc.describe(best.weights, best.bias, sparsity=0.6)
    assert found.distance is not None
    assert found.distance < 1e-7 and found.phase == best.name
    assert "ends in antipodal" in str(found) and len(repr(found)) < 120


def test_without_a_sparsity_there_is_no_loss():
    found = pc.describe([[1, 0]])
    assert found.loss is None and found.nearest is None
    assert found.outcomes == ("dedicated", "not represented")
    assert "L =" not in str(found).replace("L = E", "")


def test_transposed_weights_are_recognised():
    with pytest.raises(ValueError, match="look transposed"):
        pc.describe(np.ones((3, 2)), [0, 0, 0])
    for call in (
        lambda: pc.describe([1, 2]),
        lambda: pc.describe([[1, 2]], [0, 0, 0]),
        lambda: pc.describe([[1, 2]], sparsity=1),
    ):
        with pytest.raises(ValueError, match=r"it must be"):
            call()


def test_bias_and_importance_default_to_zeros_and_ones():
    W = [[1.0, -0.9]]
    for call in (pc.expected_loss, pc.expected_hessian):
        whole = call(W, [0, 0], [1, 1], 0.5)
        np.testing.assert_array_equal(call(W, sparsity=0.5), whole)
        np.testing.assert_array_equal(call(W, 0, 1, 0.5), whole)
    loss, dW, _ = pc.expected_loss_and_grad(W, sparsity=[0.5, 0.9])
    assert loss.shape == (2,) and dW.shape == (2, 1, 2)
    with pytest.raises(ValueError, match="look transposed"):
        pc.expected_loss(np.ones((3, 2)), [0, 0, 0], 1, 0.5)
