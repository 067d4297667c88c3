"""The float kernel where floats are awkward: next to nothing, far apart, or all but cancelling."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import phasecalc as pc

from .oracle import exact_loss, exact_slope, fractions, scale

LOSS_LIMIT = 1e-13  # of 1 + Σ I_j (1 + ‖G_j‖₁ + |b_j|)²
GRADIENT_LIMIT = 1e-11


def test_an_overlap_that_cancels_beside_a_huge_column():
    """Its rounding is small beside the columns' lengths, not beside the row that counts."""
    W = np.zeros((10, 10))
    W[2:, 2:] = np.eye(8)
    W[:2, 1] = 0.3, 0.7
    W[:2, 0] = 0.7e8, -0.3e8
    b, I = np.ones(10), np.ones(10)  # noqa: E741
    I[0] = 0.0
    exact = exact_loss(*[fractions(x) for x in (W, b, I, np.full(10, 0.5))])
    limit = LOSS_LIMIT * scale(W, b, I)
    assert abs(pc.expected_loss(W, b, I, 0.5) - float(exact)) <= limit
    truncated = pc.truncated_loss(W, b, I, 0.5, max_active=8)
    # Nine or ten active features besides: the missing part is not more than the bound.
    assert -limit <= float(exact) - truncated.loss <= truncated.bound + limit


@pytest.mark.parametrize("delta", [5e-16, 5e-15])
def test_tiny_overlaps_of_many_features_count_by_their_mean(delta):
    n = 200
    W, b, I = np.eye(n) + delta, np.full(n, 0.1), np.ones(n)  # noqa: E741
    own, other = Fraction(W[0, 0]), Fraction(delta)
    g, q, c = own**2 + (n - 1) * other**2, 2 * own * other + (n - 2) * other**2, Fraction(0.1)
    # Every unit is always active: E ((1 − g) x − c − q Σ x_i)².
    k, rest = 1 - g, n - 1
    exact = k * k / 3 + c * c + q * q * (Fraction(rest, 3) + Fraction(rest * (rest - 1), 4))
    exact += -k * c - k * q * Fraction(rest, 2) + c * q * rest
    loss = pc.expected_loss(W, b, I, 0.0)
    assert abs(loss - float(n * exact)) <= LOSS_LIMIT * scale(W, b, I)
    with pytest.raises(ValueError, match="feature 0 interferes with 199 others"):
        pc.expected_loss(np.eye(n) + 1e-13, b, I, 0.0, method="closed")


@pytest.mark.parametrize(
    ("W", "b"),
    [
        ([[0.0, 0.0]], [-1e-310, 0.0]),
        ([[0.5, 0.0]], [0.1, -1e-305]),
        ([[0.5, 0.0, -0.3]], [0.1, -1e-305, 0.2]),
        ([[1e-152, 0.0]], [-1e-303, 0.0]),
        ([[0.0]], [-1e-310]),
    ],
)
def test_a_unit_that_is_never_active_has_no_gradient(W, b):
    W = np.array(W)
    for order in (slice(None), slice(None, None, -1)):
        _, _, db = pc.expected_loss_and_grad(W[:, order], b[order], np.ones(len(b)), 0.0)
        assert np.array_equal(db[np.array(b[order]) <= 0], np.zeros(np.sum(np.array(b) <= 0)))


def test_weights_near_the_smallest_floats():
    """Where the products of weights lose their digits, u > 0 is still decided exactly."""
    rng = np.random.default_rng(3)
    for n, m in [(1, 1), (2, 1), (2, 2), (3, 2)]:
        for power in (-155.0, -158.0, -161.0):
            W = 10.0**power * rng.normal(size=(m, n))
            b = -0.3 * np.diag(W.T @ W)
            I = np.ones(n)  # noqa: E741
            loss, _, db = pc.expected_loss_and_grad(W, b, I, 0.3)
            args = fractions(W), fractions(b), fractions(I), fractions(np.full(n, 0.3))
            assert abs(loss - float(exact_loss(*args))) <= LOSS_LIMIT
            for v in np.eye(n):
                slope = exact_slope(*args, fractions(np.zeros((m, n))), fractions(v), bits=1400)
                assert abs(db @ v - slope) <= GRADIENT_LIMIT


CORNERS = {
    "zero weights": ([[0.0, 0.0]], [0.1, -0.1]),
    "a tiny weight": ([[1.0, 1e-9]], [0.0, 0.0]),
    "a kink inside the tiny direction": ([[1.0, 1e-9]], [-1e-9, -5e-19]),
    "repeated columns": ([[0.5, 0.5, -1.0], [0.3, 0.3, 0.2]], [0.1, 0.1, 0.0]),
    "kink on a vertex": ([[1.0, -0.5]], [-0.5, 0.25]),
    "antipodal": ([[1.0, -1.0]], [0.0, 0.0]),
    "denormal": ([[1e-160, 1.0]], [0.0, 1e-310]),
    "own overlap below the normal numbers": ([[1e-155, 0.0]], [0.0, 0.0]),
    "all overlaps below them": ([[1e-160, -1e-160]], [0.0, 0.0]),
    "underflow of the own overlap": ([[1e-170, 1.0, 2.0]], [1e-9, 0.1, -1.0]),
    "very unequal": ([[1e-6, 1.0, 1e-3, 10.0]], [0.0, -1e-4, 1e-7, -3.0]),
    "far from every kink": ([[0.5, 0.25, 0.75]], [30.0, -40.0, 1e6]),
}


@pytest.mark.parametrize("sparsity", [0.0, 0.5, 1 - 1e-9, 1.0])
@pytest.mark.parametrize("corner", CORNERS)
def test_every_component_of_the_gradient_at_the_corners(corner, sparsity):
    W, b = (np.array(x) for x in CORNERS[corner])
    I = np.linspace(1, 2, len(b))  # noqa: E741
    loss, dW, db = pc.expected_loss_and_grad(W, b, I, sparsity)
    exact = fractions(W), fractions(b), fractions(I), fractions(np.full(len(b), sparsity))
    one = scale(W, b, I)
    assert abs(float(exact_loss(*exact)) - loss) <= LOSS_LIMIT * one
    theta = np.concatenate([dW.ravel(), db])
    nowhere = (b == 0) & (W == 0).all(axis=0)  # no derivative: an inactive unit's
    for t, got in enumerate(theta):
        if np.tile(nowhere, len(W) + 1)[t]:
            assert got == 0.0 or t < W.size
            continue
        step = np.zeros(len(theta))
        step[t] = 1.0
        u, v = step[: W.size].reshape(W.shape), step[W.size :]
        slope = exact_slope(*exact, fractions(u), fractions(v), bits=1400)
        assert abs(slope - got) <= GRADIENT_LIMIT * one
