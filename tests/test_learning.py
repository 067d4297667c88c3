"""Learning coefficients against known spectra, volumes, and the equation of the exchange."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.minima.minimize import local_minimum
from phasecalc.minima.problem import Problem


def test_pentagon():
    """Fourteen positive curvatures and one rotation: λ = 7."""
    found = pc.minimize(pc.ToyModel(5, 2), 0.95, 1, random_starts=12).lowest
    assert found.loss == pytest.approx(0.008903593724, abs=1e-11)
    assert len(found.hessian_spectrum) == 14
    assert found.hessian_spectrum[0] == pytest.approx(0.016981, abs=1e-6)
    assert found.hessian_spectrum[-1] == pytest.approx(0.298092, abs=1e-6)
    assert found.learning_coefficient == 7


def test_spectrum_is_the_exact_hessian_across_the_orbit():
    found = pc.minimize(pc.ToyModel(3, 2), 0.2, 1).lowest
    H = pc.expected_hessian(found.weights, found.bias, [1, 1, 1], 0.2)
    values = np.linalg.eigvalsh(H)
    assert found.learning_coefficient == 4
    assert np.abs(np.sort(values)[1:] - found.hessian_spectrum).max() < 1e-9
    assert abs(values[0]) < 1e-9


def test_volume_around_a_kink_grows_as_its_coefficient_says():
    """ignore has a kink; the volume of {L − L* < t} grows like t² in four parameters."""
    found = pc.minimize(pc.ToyModel(2, 1), 0.5, 0.4).lowest
    assert found.name == "ignore" and "kink" in found.learning_reason
    assert found.learning_coefficient == 2
    h = np.random.default_rng(0).uniform(-0.03, 0.03, (1_500_000, 4))
    x = np.concatenate([found.weights.ravel(), found.bias]) + h
    loss = pc.expected_loss(x[:, None, :2], x[:, 2:], [1, 0.4], 0.5) - found.loss
    # In a box that holds both level sets, four times the level has 4² times the volume.
    inside = [(loss < level).sum() for level in (5e-6, 2e-5)]
    assert inside[0] > 300
    assert inside[1] / inside[0] == pytest.approx(16, rel=0.25)


@pytest.mark.parametrize(
    ("n", "m", "rank", "r"),
    [
        (2, 3, 2, 0.7),
        (2, 3, 1, 1.0),
        (2, 4, 1, 0.0),
        (3, 4, 2, 1.0),
        (3, 5, 1, 0.6),
        (3, 3, 1, 0.6),
    ],
)
def test_rows_of_zeros_in_the_spectrum(n, m, rank, r):
    """More rows than features: the spectrum of the narrow model is that of all its rows.

    A minimum in fewer dimensions is a stationary point in more.
    """
    full = Problem.of(pc.ToyModel(n, m), 0.4, r)
    narrow = full.narrowed()
    low = pc.minimize(pc.ToyModel(n, rank), 0.4, r, random_starts=6).lowest
    rows = np.zeros((narrow.m, n))
    rows[:rank] = low.weights
    x, loss, size = narrow.parameters(rows, low.bias), low.loss, low.gradient
    assert np.abs(narrow.gradient(x)).max() < 1e-12
    assert np.linalg.matrix_rank(narrow.split(x)[0], tol=1e-6) == rank
    wide = full.parameters(np.vstack([narrow.split(x)[0], np.zeros((m - narrow.m, n))]), x[-n:])
    curvature = narrow.lowest_curvature(x)
    one = local_minimum(narrow, x, loss, size, curvature)
    two = local_minimum(full, wide, loss, size, curvature)
    assert full.loss(wide) == pytest.approx(loss, abs=1e-16)
    assert np.abs(full.gradient(wide)).max() < 1e-12
    assert one.weights.shape == two.weights.shape == (m, n)
    assert len(one.hessian_spectrum) == len(two.hessian_spectrum)
    assert np.abs(one.hessian_spectrum - two.hessian_spectrum).max() < 1e-7
    assert one.learning_reason == two.learning_reason
    assert one.learning_bounds == two.learning_bounds
    # Directly: the eigenvalues of the whole Hessian, with a zero for each rotation.
    if not full.has_kink(wide):
        values = list(np.linalg.eigvalsh(full.exact_hessian(wide)))
        for _ in range(len(values) - len(one.hessian_spectrum)):
            values.remove(min(values, key=abs))
        assert np.abs(np.array(values) - one.hessian_spectrum).max() < 1e-9


def test_flat_beyond_the_orbit_has_bounds():
    model = pc.ToyModel(2, 1)
    for minimum in pc.minimize(model, 0.9, 1).minima:
        low, high = minimum.learning_bounds
        assert 0 <= low <= high <= 2
        assert np.isnan(minimum.learning_coefficient) == (low < high)
        if minimum.name.startswith("dead"):
            assert low < high


def test_exchange():
    found = pc.minimize(pc.ToyModel(2, 1), 0.6, 1).lowest
    other = replace(found, loss=found.loss + 1e-4, learning_coefficient=1.5)
    first, second = pc.exchange_samples(found, other)
    for n in (first, second):
        assert n * 1e-4 / 2 == pytest.approx(0.5 * np.log(n), rel=1e-9)
    assert 1 < first < second
    assert pc.exchange_samples(found, replace(other, learning_coefficient=2.0)) == ()
    assert pc.exchange_samples(found, replace(other, loss=found.loss + 3.0)) == ()
    with pytest.raises(ValueError, match="only known"):
        pc.exchange_samples(found, replace(other, learning_coefficient=np.nan))
