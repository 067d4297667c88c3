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


def test_more_than_nine_features_have_a_nearest_minimum_too():
    """Six pairs, disturbed: back to the loss of six pairs, twice two of which is four of two."""
    W = np.zeros((6, 12))
    W[range(6), range(6)], W[range(6), range(6, 12)] = 1.0, -1.0
    W += 0.02 * np.random.default_rng(0).normal(size=W.shape)
    found = pc.describe(W, [0.03] * 12, sparsity=0.6)
    pair = pc.minimize(pc.ToyModel(2, 1), 0.6)
    assert found.nearest is not None and found.distance is not None
    assert found.nearest.loss == pytest.approx(6 * pair.loss, abs=1e-10)
    assert found.nearest.loss_error is not None and "error about" in str(found)
    assert 0 < found.distance < 1
    assert pc.describe(W, [0.03] * 12, sparsity=0.6, seconds=0).nearest is None
    # Given up at once: what is known without it is there.
    short = pc.describe(W, [0.03] * 12, sparsity=0.6, seconds=1e-9)
    assert short.nearest is None and short.loss == found.loss
    with pytest.raises(ValueError, match="seconds"):
        pc.describe(W, sparsity=0.6, seconds=-1)


@pytest.mark.parametrize("n", [3, 5, 6])
def test_distances_hold_every_feature_to_itself(n):
    """All features of a regular figure look alike: their order alone tells which is which."""
    angle = 2 * np.pi * np.arange(n) / n
    W = 1.1 * np.stack([np.cos(angle), np.sin(angle)])
    W += 1e-3 * np.random.default_rng(n).normal(size=W.shape)
    found = pc.describe(W, [-0.2] * n, sparsity=0.97)
    assert found.nearest is not None and found.distance is not None
    moved = found.nearest.gram - W.T @ W
    assert found.distance == pytest.approx(
        np.sqrt((moved**2).sum() + ((found.nearest.bias + 0.2) ** 2).sum())
    )
    assert np.abs(moved).max() < 0.4  # between features that change places it is more than 1
    assert pc.minimize(found.model, 0.97, start=(W, [-0.2] * n)).loss == found.nearest.loss


def test_a_long_call_says_what_it_does(monkeypatch, capsys):
    monkeypatch.setattr("phasecalc.progress.PATIENCE", 0.0)
    pc.describe([[1.0, -0.9]], sparsity=0.6, progress=True)
    assert "the nearest minimum of 2 features in 1 dimension …" in capsys.readouterr().err
    pc.describe([[1.0, -0.9]], sparsity=0.6, progress=False)
    assert not capsys.readouterr().err
    with pytest.raises(TypeError, match="progress = 1: it must be None, True or False"):
        pc.describe([[1.0, -0.9]], sparsity=0.6, progress=1)  # type: ignore[arg-type]


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
