"""Training beyond the compiled optimisers: many features, other laws, supports, importances."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.records import document_of, record_of


def test_few_features_end_where_the_compiled_optimiser_ends():
    usual = pc.train(pc.ToyModel(2, 1), [0.6], [1.0], 4)
    other = pc.train(pc.ToyModel(2, 1, pc.Beta(1, 1)), [0.6], [1.0], 4)
    assert other.best_losses[0, 0] == pytest.approx(usual.best_losses[0, 0], abs=1e-10)
    assert (other.gradient_norms <= 1e-8).all()


def test_correlated_features_are_not_superposed_and_anticorrelated_ones_are():
    S = 0.6
    together, apart = (
        pc.train(pc.ToyModel(2, 1, support=support), [S], [1.0], 4)
        for support in (pc.Groups(correlated=[(0, 1)]), pc.Groups(anticorrelated=[(0, 1)]))
    )
    assert apart.best_losses[0, 0] < 1e-15  # an antipodal pair is never wrong
    p = 1 - S
    assert together.best_losses[0, 0] < p / 3 - p**2 / 4  # what ignoring one of them costs
    assert (together.gradient_norms <= 1e-8).all()


def test_twelve_features_with_falling_importance(tmp_path):
    model = pc.ToyModel(12, 3, importance=[Fraction(7, 10) ** i for i in range(12)])
    grid = pc.train(model, [0.95], [1.0], 1, tolerance=1e-7)
    assert (grid.gradient_norms <= 1e-7).all()
    assert (grid.norms[0, 0, 0] > 0.5).sum() > 3
    grid.save(tmp_path / "grid.npz")
    again = pc.TrainedGrid.load(tmp_path / "grid.npz")
    assert again.model == model
    np.testing.assert_array_equal(again.weights, grid.weights)


def test_a_stopped_run_goes_on(tmp_path):
    model = pc.ToyModel(10, 2, support=pc.ExactlyActive(1), importance=[1] * 10)
    whole = pc.train(model, [0.9], [1.0], 2, tolerance=1e-6)
    some = pc.train(model, [0.9], [1.0], 2, tolerance=1e-6, checkpoint=tmp_path / "run.npz")
    np.testing.assert_array_equal(whole.losses, some.losses)
    with pytest.raises(ValueError, match="another run: support"):
        other = pc.ToyModel(10, 2, importance=[1] * 10)
        pc.train(other, [0.9], [1.0], 2, tolerance=1e-6, checkpoint=tmp_path / "run.npz")


def test_a_model_with_a_support_reads_back():
    for support in (pc.Groups(anticorrelated=[(0, 1)]), pc.ExactlyActive(2), None):
        model = pc.ToyModel(4, 2, pc.HalfNormal(), support=support)
        assert record_of(document_of(model)) == model
        assert model.is_standard == (support is None)


def test_what_cannot_be_trained_or_drawn():
    correlated = pc.ToyModel(2, 1, support=pc.Groups(correlated=[(0, 1)]))
    with pytest.raises(ValueError, match="samples are drawn of independent"):
        pc.train(correlated, [0.5], [1.0], method="sampled")
    with pytest.raises(ValueError, match=r"support = groups\(correlated=\{0, 1\}\)"):
        pc.phase_diagram(correlated, source="relaxed")
    with pytest.raises(ValueError, match="no feature 2"):
        pc.ToyModel(2, 1, support=pc.Groups(correlated=[(0, 2)]))
    symbolic = pc.ToyModel(2, 1, support=pc.Independent([pc.p.func("q"), "1/2"]))
    with pytest.raises(ValueError, match=r"support = independent\(q, 1/2\)"):
        pc.train(symbolic, [0.5], [1.0])
    with pytest.raises(ValueError, match="the model needs a value for q"):
        pc.minimize(symbolic, sparsity=0.5)


def test_minima_of_ten_features_are_five_pairs():
    model = pc.ToyModel(10, 5, importance=[1] * 10)
    found = pc.minimize(model, 0.7, random_starts=1)
    pair = pc.minimize(pc.ToyModel(2, 1, importance=[1, 1]), 0.7)
    assert found.name == "extra-pair+4-pairs" and found.converged and found.starts == 2
    error = found.lowest.loss_error
    assert error is not None and 0 < error < 1e-9
    assert abs(found.loss - 5 * pair.loss) <= error + 1e-14  # minima are flat: 1e-8 off in W
    assert np.isnan(found.lowest.curvature) and found.lowest.stability == "not known"
    assert record_of(document_of(found)) == found
    assert f"error about {error:.1e}" in str(found) and "curvature" not in str(found)


def test_minima_of_many_features_from_a_start():
    model = pc.ToyModel(10, 2, support=pc.ExactlyActive(1), importance=[1] * 10)
    assert pc.minimize(model, 0.9, random_starts=0).starts == 1
    model = pc.ToyModel(12, 6, pc.Uniform(2), importance=[1] * 12)
    W = np.repeat(np.eye(6), 2, axis=1) * np.tile([1.1, -0.9], 6)
    found = pc.minimize(model, 0.7, start=(W, 0.1))
    pair = pc.minimize(pc.ToyModel(2, 1, pc.Uniform(2), importance=[1, 1]), 0.7)
    assert found.starts == 1 and len(found.minima) == 1
    assert found.loss == pytest.approx(6 * pair.loss, abs=1e-9)
    with pytest.raises(ValueError, match="start: it is for independent features"):
        pc.minimize(pc.ToyModel(10, 2, pc.Exponential()), 0.9, start=np.ones((2, 10)))


def test_long_searches_say_so_first(monkeypatch, capsys):
    monkeypatch.setattr("phasecalc.minima.wide._LONG", 0.0)
    model = pc.ToyModel(10, 9, importance=[1] * 10)
    pc.minimize(model, 0.1, random_starts=0, progress=True)
    assert "phasecalc: descents from 1 starts of 10 features in 9 dimensions take some" in (
        capsys.readouterr().err
    )
