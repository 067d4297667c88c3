"""The dense loss against the closed form, exact rationals, blocks and samples."""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial
from typing import Literal

import numpy as np
import pytest

import phasecalc as pc

LAWS = [pc.Uniform(), pc.Point()]
SIMPLEX_BIAS = Fraction(1, 50)


KINDS = 8
AT_KINKS = 7
"""Of hard models: z is 0 for some inputs, so that the point law has two slopes."""


def hard_model(rng: np.random.Generator, kind: int):
    """Weights, bias, importance and sparsity of n ≤ 8 features, of a kind that is hard."""
    n = int(rng.integers(3, 9))
    m = int(rng.integers(1, n + 1))
    W = rng.normal(size=(m, n)) / np.sqrt(m)
    if kind == 1:
        W *= 10.0 ** rng.uniform(-3, 1)
    if kind == 2:
        W *= 10.0 ** rng.uniform(-6, 0, size=n)
    if kind == 3:
        W = np.eye(m, n) + 10.0 ** rng.uniform(-8, 0) * W
    if kind == 4:
        W = np.where(rng.random((m, n)) < 0.5, 0.0, np.sign(W))
    if kind == 6:
        W = np.sign(W) * 10.0 ** rng.uniform(-12, 2, size=(m, n))
    b = 0.3 * rng.normal(size=n) * (rng.random(n) < 0.7)
    if kind == AT_KINKS:
        W *= 10.0 ** rng.uniform(-5, 0, size=n)
        b = -(W.T @ W * (rng.random((n, n)) < 0.3)).sum(axis=1)
    S = rng.choice([0.0, 1e-3, 0.1, 0.5, 0.9, 0.99, 0.9999, 1.0], size=n if kind == 5 else None)
    return W, b, rng.choice([0.0, 1.0, 1.0, 0.1, 3.0], size=n), np.broadcast_to(S, n)


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("kind", range(KINDS))
def test_dense_is_the_closed_form(kind, law):
    rng = np.random.default_rng(100 + kind)
    for _ in range(25):
        W, b, weight, S = hard_model(rng, kind)
        args = (W, b, weight, None, law)
        closed, dW, db = pc.expected_loss_and_grad(*args, sparsity_per_feature=S)
        loss, d_W, d_b, error, slope_error = pc.expected_loss_and_grad(
            *args, sparsity_per_feature=S, method="dense", return_error=True
        )
        scale = 1 + weight @ (1 + np.abs(W.T @ W).sum(1) + np.abs(b)) ** 2
        assert abs(loss - closed) <= error + 1e-15 * scale
        assert abs(loss - closed) <= 1e-10 * scale
        assert error <= 1e-6 * scale
        if law == pc.Point() and kind == AT_KINKS:
            continue
        slope_scale = (1 + np.abs(W).max()) * scale
        apart = max(np.abs(d_W - dW).max(), np.abs(d_b - db).max())
        assert apart <= min(1e-10 * slope_scale, slope_error + 1e-14 * slope_scale)


def irwin_hall(k: int, c: Fraction, g: Fraction, power: int) -> Fraction:
    """E (c + g Σ_{i≤k} x_i)_+^q for k uniform magnitudes."""
    total = sum(
        (-1) ** (k - v) * comb(k, v) * max(c + g * v, Fraction(0)) ** (power + k)
        for v in range(k + 1)
    )
    return total * factorial(power) / (factorial(power + k) * g**k)


def simplex_row(
    n: int, S: Fraction, b: Fraction, a: Fraction = Fraction(1), g: Fraction | None = None
) -> Fraction:
    """E (x_j − y_j)² of one feature of the regular simplex: overlaps a = 1, g = −1/(n−1)."""
    p, g = 1 - S, Fraction(-1, n - 1) if g is None else g
    total = Fraction(0)
    for k in range(n):
        weight = comb(n - 1, k) * p**k * S ** (n - 1 - k)
        if not weight:
            continue
        without = irwin_hall(k, b, g, 2)
        # By parts in the own magnitude: ∫ f(u + ax) dx and ∫ x f(u + ax) dx.
        square = (irwin_hall(k, b + a, g, 3) - irwin_hall(k, b, g, 3)) / (3 * a)
        cross = irwin_hall(k, b + a, g, 2) / (2 * a) - square / (2 * a)
        total += weight * (S * without + p * (Fraction(1, 3) - 2 * cross + square))
    return total


def simplex(n: int) -> np.ndarray:
    """Unit columns with overlaps −1/(n−1), in n − 1 dimensions."""
    values, vectors = np.linalg.eigh(np.eye(n) - np.full((n, n), 1 / n))
    return np.sqrt(n / (n - 1)) * (vectors[:, 1:] * np.sqrt(values[1:])).T


@pytest.mark.parametrize(
    ("n", "S"),
    [
        *[(30, "0"), (30, "1/2"), (30, "9/10"), (100, "9/10")],
        (300, "99/100"),
    ],
)
@pytest.mark.parametrize("b", ["0", "1/50", "-1/20"])
def test_simplices_have_rational_losses(n, S, b):
    S, b = Fraction(S), Fraction(b)
    exact = n * simplex_row(n, S, b)
    loss, error = pc.expected_loss(
        simplex(n), [float(b)] * n, np.ones(n), float(S), return_error=True
    )
    assert abs(loss - float(exact)) <= 1e-10
    assert error <= 1e-6


@pytest.mark.parametrize(
    ("n", "S", "b"),
    [
        (20, "1/2", "0"),
        (60, "9/10", "1/50"),
        (100, "19/20", "-1/20"),
    ],
)
def test_simplices_have_rational_gradients(n, S, b):
    S, b, h = Fraction(S), Fraction(b), Fraction(1, 10**9)
    a, g = Fraction(1), Fraction(-1, n - 1)
    d_a, d_g, d_b = (
        float((simplex_row(n, S, *up) - simplex_row(n, S, *down)) / (2 * h))  # wrong by h² only
        for up, down in [
            ((b, a + h, g), (b, a - h, g)),
            ((b, a, g + h), (b, a, g - h)),
            ((b + h, a, g), (b - h, a, g)),
        ]
    )
    W = simplex(n)
    _, dW, db, _, error = pc.expected_loss_and_grad(
        W, [float(b)] * n, np.ones(n), float(S), return_error=True
    )
    # H has d_a on the diagonal and d_g/(n − 1) beside it, and W times ones is 0.
    apart = np.abs(dW - 2 * W * (d_a - d_g / (n - 1))).max()
    assert max(apart, np.abs(db - d_b).max()) <= min(1e-9, error + 1e-13)


def point_simplex_row(n: int, S: Fraction, b: Fraction) -> tuple[Fraction, ...]:
    """ℓ, ∂ℓ/∂a, ∂ℓ/∂g of all others together and ∂ℓ/∂b of the simplex, magnitudes 1."""
    p, g = 1 - S, Fraction(-1, n - 1)
    loss = d_a = d_g = d_b = Fraction(0)
    for k in range(n):
        weight = comb(n - 1, k) * p**k * S ** (n - 1 - k)
        for x, chance in ((0, S), (1, p)):
            z = b + x + g * k
            error = max(z, Fraction(0)) - x
            loss += weight * chance * error**2
            if z > 0:
                slope = 2 * weight * chance * error
                d_a, d_g, d_b = d_a + slope * x, d_g + slope * k, d_b + slope
    return loss, d_a, d_g, d_b


@pytest.mark.parametrize("n", [10, 20, 31, 38])
@pytest.mark.parametrize("b", ["1/50", "-1/20"])
def test_point_simplices_are_summed_exactly(n, b):
    S, b = Fraction(4, 5), Fraction(b)
    loss, d_a, d_g, d_b = point_simplex_row(n, S, b)
    W = simplex(n)
    found, dW, db, error, slope_error = pc.expected_loss_and_grad(
        W, [float(b)] * n, np.ones(n), 0.8, pc.Point(), return_error=True
    )
    assert found == pytest.approx(float(n * loss), rel=1e-13)
    np.testing.assert_allclose(db, float(d_b), atol=1e-13)
    # H has ∂ℓ/∂a on the diagonal and (∂ℓ/∂g)/(n − 1) beside it, and W times ones is 0.
    np.testing.assert_allclose(dW, 2 * W * float(d_a - d_g / (n - 1)), atol=1e-12)
    assert error <= 1e-10 and slope_error <= 1e-9


def test_point_law_beyond_the_closed_form_is_the_sum_over_all_sets():
    rng = np.random.default_rng(11)
    n, S = 16, rng.uniform(0.3, 0.9, size=16)
    W, b, weight = rng.normal(size=(5, n)) / 2, 0.1 * rng.normal(size=n), rng.random(n)
    x = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    chance = np.where(x, 1 - S, S).prod(axis=1)
    z = x @ (W.T @ W) + b
    v = (np.maximum(z, 0) - x) * weight
    slope = 2 * chance[:, None] * v * (z > 0)
    H = slope.T @ x
    loss, dW, db = pc.expected_loss_and_grad(
        W, b, weight, law=pc.Point(), sparsity_per_feature=S, tolerance=1e-12
    )
    assert loss == pytest.approx((chance[:, None] * v * (np.maximum(z, 0) - x)).sum(), rel=1e-13)
    np.testing.assert_allclose(dW, W @ (H + H.T), atol=1e-13)
    np.testing.assert_allclose(db, slope.sum(axis=0), atol=1e-13)


def test_blocks_add_up():
    rng = np.random.default_rng(3)
    small = [(rng.normal(size=(2, 5)), 0.2 * rng.normal(size=5)) for _ in range(4)]
    W = np.zeros((8, 20))
    for k, (w, _) in enumerate(small):
        W[2 * k : 2 * k + 2, 5 * k : 5 * k + 5] = w
    b = np.concatenate([bias for _, bias in small])
    exact = sum(pc.expected_loss(w, bias, np.ones(5), 0.7) for w, bias in small)
    turn = np.linalg.qr(rng.normal(size=(8, 8)))[0]  # rounding makes every overlap non-zero
    ways: list[tuple[np.ndarray, Literal["dense", "auto"]]]
    ways = [(W, "dense"), (turn @ W, "dense"), (turn @ W, "auto")]
    for weights, method in ways:
        loss = pc.expected_loss(weights, b, np.ones(20), 0.7, method=method)
        assert loss == pytest.approx(exact, abs=1e-10)


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("S", [0.0, 0.5, 0.95, 0.999])
def test_samples_agree(law, S):
    rng = np.random.default_rng(4)
    n, m = 40, 8
    W = rng.normal(size=(m, n)) / np.sqrt(m)
    b = 0.1 * rng.normal(size=n)
    weight = 0.9 ** np.arange(n)
    x = (rng.random((40_000, n)) >= S) * (rng.random((40_000, n)) if law == pc.Uniform() else 1.0)
    sample = ((x - np.maximum(x @ W.T @ W + b, 0)) ** 2) @ weight
    loss = pc.expected_loss(W, b, weight, S, law)
    assert abs(sample.mean() - loss) <= 5 * sample.std() / np.sqrt(len(sample)) + 1e-10


def test_the_gradient_is_that_of_the_loss():
    rng = np.random.default_rng(5)
    n, m = 30, 6
    W = rng.normal(size=(m, n)) / np.sqrt(m)
    b = 0.1 * rng.normal(size=n)
    weight = np.ones(n)
    S = rng.uniform(0.5, 1.0, size=n)
    _, dW, db = pc.expected_loss_and_grad(W, b, weight, sparsity_per_feature=S)
    v, c = rng.normal(size=(m, n)), rng.normal(size=n)
    h = 1e-4
    up, down = (
        pc.expected_loss(W + t * v, b + t * c, weight, sparsity_per_feature=S, tolerance=1e-11)
        for t in (h, -h)
    )
    slope = (v * dW).sum() + c @ db
    assert (up - down) / (2 * h) == pytest.approx(slope, abs=1e-6 * abs(slope))


def test_symmetries():
    rng = np.random.default_rng(6)
    n, m = 20, 5
    W, b, weight = rng.normal(size=(m, n)), 0.1 * rng.normal(size=n), rng.uniform(size=n)
    loss = pc.expected_loss(W, b, weight, 0.9)
    order = rng.permutation(n)
    turn = np.linalg.qr(rng.normal(size=(m, m)))[0]
    assert pc.expected_loss(W[:, order], b[order], weight[order], 0.9) == pytest.approx(
        loss, rel=1e-11
    )
    assert pc.expected_loss(turn @ W, b, weight, 0.9) == pytest.approx(loss, rel=1e-11)
    assert pc.expected_loss(W, b, 7 * weight, 0.9) == pytest.approx(7 * loss, rel=1e-11)
    twice = pc.expected_loss(W, 2 * b, weight, 0.9, pc.Uniform(2))
    assert twice == pytest.approx(4 * loss, rel=1e-11)


def test_batches_mix_closed_and_dense():
    rng = np.random.default_rng(7)
    wide, pairs = rng.normal(size=(6, 12)), np.kron(np.eye(6), [1.0, -1.0])
    both = np.stack([wide, pairs])
    loss, dW, db, error, slope_error = pc.expected_loss_and_grad(
        both, np.zeros(12), np.ones(12), [[0.9], [0.5]], return_error=True
    )
    assert loss.shape == error.shape == slope_error.shape == (2, 2)
    assert dW.shape == (2, 2, 6, 12)
    for e, S in enumerate([0.9, 0.5]):
        for k in range(2):
            one = pc.expected_loss_and_grad(both[k], np.zeros(12), np.ones(12), S)
            assert loss[e, k] == pytest.approx(one[0], rel=1e-13)
            np.testing.assert_allclose(dW[e, k], one[1], atol=1e-11)
            np.testing.assert_allclose(db[e, k], one[2], atol=1e-11)
    assert loss[0, 1] == pytest.approx(12 * 0.1**2 / 6, rel=1e-13)


def test_few_active_encloses():
    rng = np.random.default_rng(8)
    W, b = rng.normal(size=(4, 12)) / 2, -0.1 * rng.random(12)
    args = (W, b, np.ones(12), 0.9999)
    few, error = pc.expected_loss(*args, method="few-active", return_error=True)
    assert abs(few - pc.expected_loss(*args, method="dense")) <= error + 1e-12


def test_unusable_arguments():
    W, b, weight = np.ones((2, 12)), np.zeros(12), np.ones(12)
    with pytest.raises(ValueError, match='method = \'fast\': it must be one of "auto", "closed"'):
        pc.expected_loss(W, b, weight, 0.5, method="fast")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tolerance = 0: it must be positive"):
        pc.expected_loss(W, b, weight, 0.5, tolerance=0)
    with pytest.raises(ValueError, match=r"tolerance = -1: it must be a finite number, 0 or more"):
        pc.expected_loss(W, b, weight, 0.5, tolerance=-1)
    with pytest.raises(ValueError, match=r"tolerance = 1e-30: the error is only known to be"):
        pc.expected_loss(W, b, weight, 0.5, tolerance=1e-30)
    with pytest.raises(ValueError, match=r"few-active.*no gradient"):
        pc.expected_loss_and_grad(W, b, weight, 0.5, method="few-active")


@pytest.mark.parametrize(
    ("overlapping", "bias"),
    [
        ([1000, 10, Fraction(1, 8)], [Fraction(1, 4), Fraction(-1, 4), Fraction(-1, 8)]),
        ([300, 1, Fraction(1, 2)], [-100, -30, 0]),
    ],
)
def test_parts_without_their_own_feature_need_no_table_for_it(overlapping, bias):
    law, S = pc.Beta(2, 1), Fraction(1, 2)
    exact = pc.decompose([overlapping], bias, [1, 1, 1], law=law).at_sparsity(S)
    loss, error = pc.expected_loss(
        [[float(w) for w in overlapping]], [float(b) for b in bias], 1, 0.5, law, return_error=True
    )
    assert np.isfinite(error)
    assert abs(float(loss) - float(exact)) <= error
