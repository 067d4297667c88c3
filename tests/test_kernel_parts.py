"""The parts of the kernel against each other, the Hessian, and the losses of rare features."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import phasecalc as pc
from phasecalc.kernel.compiled.cube import cube_moment
from phasecalc.kernel.compiled.pair import pair_row
from phasecalc.kernel.compiled.tree import tree_row

from .oracle import exact_slope, fractions, scale

REFERENCE = json.loads((Path(__file__).parent / "reference" / "losses.json").read_text())
seeds = st.integers(0, 2**32 - 1)


def random_row(rng, k):
    g = rng.normal(size=k) if rng.random() < 0.5 else 10 ** rng.uniform(-6, 1, k)
    g *= rng.choice([-1.0, 1.0], k)
    g = g[np.argsort(-np.abs(g))]
    own = int(rng.integers(k))
    g[own] = abs(g[own])
    c = rng.normal() if rng.random() < 0.6 else -float(g @ rng.integers(0, 2, k))
    s = rng.random(k) if rng.random() < 0.8 else rng.integers(0, 2, k).astype(float)
    return g, c, own, 1 - s, s


@given(seeds)
def test_the_cut_square_and_the_tree_agree(seed):
    g, c, own, p, s = random_row(np.random.default_rng(seed), 2)
    d_g = np.empty(2)
    d_c, off = tree_row(2, g, c, own, p, s, d_g)
    i = 1 - own
    square = pair_row(g[own], g[i], c, p[own], s[own], p[i], s[i])
    tree = np.array([d_g[own], d_g[i], d_c, off])
    assert np.abs(tree - square).max() <= 1e-14 * (1 + np.abs(g).sum() + abs(c))


@given(seeds)
def test_the_one_sweep_and_single_moments_agree(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 8))
    g, c, own, p, s = random_row(rng, k)
    d_g = np.empty(k)
    d_c, off = tree_row(k, g, c, own, p, s, d_g)

    def moment(d, *weights):
        w = np.bincount(np.array(weights, dtype=np.int64), minlength=k).astype(np.int64)
        return cube_moment(k, g, c, w, p, s, d)

    expected = [2 * (moment(1, i) - moment(0, i, own)) for i in range(k)]
    limit = 1e-13 * (1 + np.abs(g).sum() + abs(c))
    assert np.abs(d_g - expected).max() <= limit
    assert abs(d_c - 2 * (moment(1) - moment(0, own))) <= limit
    assert abs(off - (p[own] / 3 - moment(0, own, own))) <= limit


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point()])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (2, 2), (3, 2), (5, 2)])
def test_hessian_is_the_derivative_of_the_gradient(n, m, law):
    rng = np.random.default_rng(n + 10 * m)
    W, b, I, S = rng.normal(size=(m, n)), rng.normal(size=n) / 2, rng.random(n) + 0.5, rng.random(n)  # noqa: E741
    h = 1e-6
    size = m * n + n
    moved = np.concatenate([W.ravel(), b]) + h * np.concatenate([np.eye(size), -np.eye(size)])
    _, dW, db = pc.expected_loss_and_grad(
        moved[:, : m * n].reshape(-1, m, n), moved[:, m * n :], I, law=law, sparsity_per_feature=S
    )
    slopes = np.concatenate([dW.reshape(-1, m * n), db], axis=1)
    slopes = (slopes[:size] - slopes[size:]) / (2 * h)
    hessian = pc.expected_hessian(W, b, I, law=law, sparsity_per_feature=S)
    assert np.abs(hessian - hessian.T).max() <= 1e-13 * np.abs(hessian).max()
    assert np.abs(hessian - slopes).max() <= 1e-7 * np.abs(hessian).max()  # O(h²) and ε/h


@given(seeds)
def test_hessian_along_a_direction_against_rationals(seed):
    """θᵀHθ = d²L/dt², by a difference of exact slopes, with a feature near 0."""
    rng = np.random.default_rng(seed)
    n, m = [(2, 1), (3, 1), (3, 2)][rng.integers(3)]
    W, b = rng.normal(size=(m, n)), rng.normal(size=n) / 3
    W[:, 0] *= 10.0 ** rng.integers(-6, 1)
    I, S = np.ones(n), np.full(n, 0.5)  # noqa: E741
    u, v = rng.normal(size=(m, n)), rng.normal(size=n)
    h = 2.0**-60
    args = fractions(I), fractions(S), fractions(u), fractions(v)
    slopes = []
    for t in (h, -h):
        at = [
            [
                [x + Fraction(t) * y for x, y in zip(r, q, strict=True)]
                for r, q in zip(A, D, strict=True)
            ]
            for A, D in ((fractions(W), fractions(u)), ([fractions(b)], [fractions(v)]))
        ]
        slopes.append(exact_slope(at[0], at[1][0], *args, exact=True))
    second = float((slopes[0] - slopes[1]) / Fraction(2 * h))
    theta = np.concatenate([u.ravel(), v])
    got = theta @ pc.expected_hessian(W, b, I, 0.5) @ theta
    assert abs(got - second) <= 1e-9 * (abs(second) + scale(W, b, I) * (theta @ theta))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("size", [7.4e-155, 1e-155, 1.6e-162])
def test_hessian_of_an_overlap_below_the_normal_numbers(n, size):
    W = np.zeros((1, n))
    W[0, 0] = size
    hessian = pc.expected_hessian(W, np.zeros(n), np.ones(n), 0.5)
    # ∂²L/∂w_1² = 2 ∂ℓ/∂a = −4 E x², and ∂²L/∂w_1∂w_i = ∂ℓ_1/∂q = −2 E x_1 x_i.
    expected = [-4 / 6, *[-1 / 8] * (n - 1)]
    assert np.isfinite(hessian).all()
    assert hessian[0, :n] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("case", range(0, len(REFERENCE), 12))
def test_truncated_losses_against_the_exact_terms(case):
    for record in REFERENCE[case : case + 12]:
        W = np.array([[float(Fraction(x)) for x in row] for row in record["weights"]])
        b, I = (  # noqa: E741
            np.array([float(Fraction(x)) for x in record[key]]) for key in ("bias", "importance")
        )
        S = Fraction(record["sparsity"])
        n = len(b)
        terms = [Fraction(x) for x in record["terms"]]
        limit = 1e-13 * scale(W, b, I)
        assert abs(pc.one_sparse_loss(W, b, I) - float(terms[1])) <= n * limit
        partial = Fraction(0)
        total = float(Fraction(record["loss"]))
        for active in range(min(n, 8) + 1):
            partial += (1 - S) ** active * S ** (n - active) * terms[active]
            loss, bound = pc.truncated_loss(W, b, I, float(S), max_active=active)
            assert abs(loss - float(partial)) <= limit
            assert -limit <= total - loss <= bound + limit
        assert bound == 0.0


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point()])
def test_truncated_loss_of_many_interfering_features(law):
    rng = np.random.default_rng(3)
    W, b, I = rng.normal(size=(3, 14)) / 2, rng.normal(size=14) / 5, rng.random(14)  # noqa: E741
    S = rng.uniform(0.7, 1, 14)
    x = (rng.random((100_000, 14)) >= S) * (
        rng.random((100_000, 14)) if law.name == "uniform" else 1
    )
    error = ((x - np.maximum(x @ (W.T @ W) + b, 0)) ** 2 * I).sum(axis=1)
    previous: Any = np.inf
    for active in range(4):
        loss, bound = pc.truncated_loss(W, b, I, law=law, max_active=active, sparsity_per_feature=S)
        few = error * (np.count_nonzero(x, axis=1) <= active)
        assert abs(loss - few.mean()) <= 5 * few.std() / np.sqrt(len(x))
        left = (error - few).mean()
        assert left <= bound < previous
        assert bound <= 20 * left  # a bound, and not an idle one
        previous = bound


def test_one_sparse_polygons():
    """Chen et al. 2023: the loss of k-gons in two dimensions, L_1 / c for c features."""
    for corners, length, bias, expected in [
        (5, 1.17046, -0.28230, 0.01583),
        (6, 1.32053, -0.61814, 0.04819),
    ]:
        angle = 2 * np.pi * np.arange(corners) / corners
        W = length * np.array([np.cos(angle), np.sin(angle)])
        loss = pc.one_sparse_loss(W, np.full(corners, bias), np.ones(corners)) / corners
        assert loss == pytest.approx(expected, abs=6e-6)
    # A pentagon and a dead sixth feature with the best bias, 1/(2c).
    angle = 2 * np.pi * np.arange(5) / 5
    W = np.zeros((2, 6))
    W[:, :5] = 1.17046 * np.array([np.cos(angle), np.sin(angle)])
    loss = pc.one_sparse_loss(W, [*[-0.28230] * 5, 1 / 12], np.ones(6)) / 6
    assert loss == pytest.approx(0.06180, abs=6e-6)
    # The dead feature without a bias; a square and two dead ones lose 1/3 of two.
    loss = pc.one_sparse_loss(W, [*[-0.28230] * 5, 0], np.ones(6)) / 6
    assert loss == pytest.approx(0.06874, abs=6e-6)
    W = np.array([[1, 0, -1, 0, 0, 0], [0, 1, 0, -1, 0, 0]])
    assert pc.one_sparse_loss(W, np.zeros(6), np.ones(6)) / 6 == pytest.approx(1 / 9, rel=1e-14)
