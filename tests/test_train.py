"""The experiment: minima, random numbers, samples, resuming, and refusals."""

from __future__ import annotations

import gc
import zipfile
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from scipy import stats

import phasecalc as pc
from phasecalc.experiment import optimize, storage, train
from phasecalc.experiment.compiled import adam, philox, starts
from phasecalc.experiment.trained import REASONS, TrainedGrid
from phasecalc.kernel.compiled.rows import POINT, UNIFORM

from .marks import long

PAIR = pc.ToyModel(2, 1)
TRIPLE = pc.ToyModel(3, 2)
ARRAYS = [
    field.name
    for field in fields(TrainedGrid)
    if field.name not in ("model", "settings", "version")
]


def same_bits(one: TrainedGrid, two: TrainedGrid) -> bool:
    return (one.model, one.settings, one.version) == (two.model, two.settings, two.version) and all(
        getattr(one, name).tobytes() == getattr(two, name).tobytes() for name in ARRAYS
    )


# Minima ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "sparsity", "loss", "tolerance"),
    [
        (PAIR, 0.6, 0.050993018104326510, 1e-15),
        (PAIR, 0.2, 0.105516253422506894, 1e-15),
    ],
)
def test_known_minima(model, sparsity, loss, tolerance):
    trained = pc.train(model, [sparsity], [1.0], seed=3)
    assert trained.best_losses[0, 0] == pytest.approx(loss, abs=tolerance)


def test_three_features_reach_the_minimum_that_the_search_finds():
    """The other way there: many structured starts, each polished to rounding by Newton's steps."""
    trained = pc.train(TRIPLE, [0.2], [1.0], seed=3)
    polished = pc.minimize(TRIPLE, 0.2, 1.0).loss
    assert trained.best_losses[0, 0] == pytest.approx(polished, abs=1e-10)
    assert polished == pytest.approx(0.1028075, abs=5e-8)


def test_the_weights_at_two_known_minima():
    trained = pc.train(PAIR, [0.2, 0.6], [1.0])
    W, b = (trained.of_best(a)[:, 0] for a in (trained.weights[..., 0, :], trained.biases))
    assert np.sign(W[:, 0]).tolist() == (-np.sign(W[:, 1])).tolist()
    np.testing.assert_allclose(
        np.sort(abs(W)), [[0.444845, 0.929833], [1.0018346876] * 2], atol=1e-6
    )
    np.testing.assert_allclose(np.sort(b), [[0.205427, 0.486298], [0.0426863592] * 2], atol=1e-6)


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point()])
def test_training_beats_every_candidate_and_stops_at_small_gradients(law):
    model = pc.ToyModel(2, 1, law)
    S, r = pc.paper_axes(12)
    trained = pc.train(model, S, r)
    assert set(trained.reasons.ravel()) == {REASONS.index("small gradient")}
    importance = np.stack(np.broadcast_arrays(1.0, r), axis=-1)[None, :, None]
    loss, dW, db = pc.expected_loss_and_grad(
        trained.weights, trained.biases, importance, S[:, None, None], law
    )
    assert (loss == trained.losses).all()
    norm = np.sqrt((dW**2).sum(axis=(-1, -2)) + (db**2).sum(axis=-1))
    np.testing.assert_allclose(norm, trained.gradient_norms, rtol=1e-12)
    assert norm.max() <= 1e-8
    assert (trained.best_losses <= pc.phase_diagram(model).grid(S, r).losses + 1e-9).all()


def test_exchanging_the_features_maps_the_grid_onto_itself():
    """L(S, r) = r L(S, 1/r) for n = 2."""
    r = np.geomspace(0.1, 10, 9)
    best = pc.train(PAIR, [0.1, 0.5, 0.9], r, models_per_cell=20).best_losses
    np.testing.assert_allclose(best, r * best[:, ::-1], rtol=1e-9)


@pytest.mark.parametrize("model", [PAIR, TRIPLE])
def test_the_whole_experiment(model):
    S, r = pc.paper_axes()
    trained = pc.train(model, S, r)
    assert (trained.gradient_norms <= 1e-8).mean() >= 0.99
    diagram = pc.phase_diagram(model)
    assert (trained.best_losses <= diagram.grid(S, r).losses + 1e-9).all()
    check = pc.crosscheck(diagram, trained)
    assert check.passed
    assert check.agreement_away == 1.0


@pytest.mark.parametrize("seed", [0, *map(long, range(1, 4))])
@pytest.mark.parametrize(
    ("model", "most"),
    [
        (PAIR, 0),
        (pc.ToyModel(2, 1, pc.Point()), 0),
        (TRIPLE, 1),
        # One start in four reaches the joint phase: ten stratified ones miss it in a few of its
        # 901 cells, ten independent ones in some 60.
        (pc.ToyModel(3, 2, pc.Point()), 8),
    ],
)
def test_few_cells_stay_above_the_candidates(model, most, seed):
    S, r = pc.paper_axes()
    above = (
        pc.train(model, S, r, seed=seed).best_losses
        > pc.phase_diagram(model).grid(S, r).losses + 1e-9
    )
    assert above.sum() <= most


def test_tiny_probabilities_are_trained_too():
    S = [0.999999, 1 - 1e-9]
    trained = pc.train(PAIR, S, [1.0])
    theory = pc.phase_diagram(PAIR).grid(S, [1.0]).losses
    assert (trained.best_losses <= theory * (1 + 1e-6)).all()


def test_extreme_cells():
    """S = 1: no feature is ever active, and every bias up to 0 is best."""
    trained = pc.train(PAIR, [0.0, 1.0], [0.0, 1.0, 1e6], models_per_cell=4)
    assert trained.complete
    assert (trained.losses[1] <= 1e-15).all()
    assert np.isfinite(trained.losses).all()


def test_one_feature_needs_no_interference():
    trained = pc.train(pc.ToyModel(1, 1), [0.5], [1.0])
    assert trained.best_losses[0, 0] < 1e-15


def test_the_limit_of_iterations_is_a_reason():
    trained = pc.train(PAIR, [0.5], [1.0], max_iterations=2)
    assert {REASONS[code] for code in trained.reasons.ravel()} == {"iteration limit"}
    assert (trained.iterations == 2).all()


# Random numbers -------------------------------------------------------------------------------


def test_philox_gives_the_published_answers():
    """Known answers of the Random123 distribution, philox 4x32, 10 rounds."""
    pi = ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0])
    for (counter, key), answer in (
        (([0] * 4, [0] * 2), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (([2**32 - 1] * 4, [2**32 - 1] * 2), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (pi, (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ):
        words = philox.known_answers(np.array(counter, np.uint32), np.array(key, np.uint32))
        assert tuple(map(int, words)) == answer


def random_starts(n: int, m: int, cells: int, models: int) -> np.ndarray:
    W, b = np.empty((cells * models, m, n)), np.ones((cells * models, n))
    cell, model = np.divmod(np.arange(cells * models), models)
    starts.random_starts(np.array([5, 7], np.uint32), cell, cell // 3, model, True, 0, len(W), W, b)
    assert (b == 0).all()
    return W.reshape(cells, models, m, n)


@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 2), (3, 1), (4, 2)])
def test_every_start_is_normal(n, m):
    W = random_starts(n, m, 5000, 3) * np.sqrt(m)
    for k in range(3):
        for a in range(m):
            for i in range(n):
                assert stats.kstest(W[:, k, a, i], "norm").pvalue > 1e-4
        covariance = np.cov(W[:, k].reshape(5000, -1).T)
        np.testing.assert_allclose(covariance, np.eye(n * m), atol=5 * np.sqrt(2 / 5000))


def test_starts_of_a_cell_go_through_signs_and_pairs():
    W = random_starts(2, 1, 200, 10)[..., 0, :]
    opposed = W[..., 0] * W[..., 1] < 0
    assert (opposed.sum(axis=1) == 5).all()
    assert opposed[:, 0].mean() == pytest.approx(0.5, abs=0.15)
    W = random_starts(3, 2, 200, 10)
    U = W / np.linalg.norm(W, axis=-2, keepdims=True)
    C = np.einsum("ckai,ckaj->ckij", U, U)
    most = np.stack([C[..., 0, 1], C[..., 0, 2], C[..., 1, 2]], axis=-1).argmin(axis=-1)
    counts = np.stack([(most == pair).sum(axis=1) for pair in range(3)], axis=-1)
    assert (np.sort(counts) == [3, 3, 4]).all()
    # One start of every ten is of the tenth of its pool whose features cancel most.
    together = np.sort((C.sum(axis=(-1, -2)) - 3) / 2)
    assert (together[:, 0] < -0.75).all()
    assert (together[:, 0] < np.quantile(together, 0.2)).all()
    assert (together[:, -1] > np.quantile(together, 0.8)).all()


@pytest.mark.parametrize("method", ["population", "sampled"])
def test_results_depend_on_neither_chunks_nor_threads_nor_other_models(method, monkeypatch):
    few: dict[str, Any] = {"steps": 30, "batch_size": 100}
    axes = ([0.2, 0.5, 0.9], [0.5, 2.0])
    whole = pc.train(PAIR, *axes, 7, method, threads=2, **few)
    for size in (1, 5):
        monkeypatch.setattr(train, "chunk_size", lambda model, settings, size=size: size)
        assert same_bits(pc.train(PAIR, *axes, 7, method, threads=1, **few), whole)
    fewer = pc.train(PAIR, axes[0][:2], axes[1][:1], 4, method, **few)
    assert (fewer.weights == whole.weights[:2, :1, :4]).all()
    other = pc.train(PAIR, *axes, 7, method, seed=1, **few)
    assert (other.weights != whole.weights).any()


# Samples --------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [UNIFORM, POINT])
@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.99])
def test_samples_follow_their_law(law, sparsity):
    batch, p = 200_000, 1 - sparsity
    word = np.empty(2 * batch, np.uint32)
    x = np.empty((2, batch))
    adam._words(word, 3, philox.BATCH, np.uint32(1), np.uint32(2))
    adam._features(word, np.full(2, sparsity), law, x)
    for k in (1, 2, 3):
        mean = p if law == POINT else p / (k + 1)
        assert abs((x**k).mean() - mean) < 5 * (x**k).std() / np.sqrt(x.size) + 1e-9
    assert abs((x > 0).mean() - p) < 5 * np.sqrt(p * sparsity / x.size) + 1e-9
    joint = ((x[0] > 0) & (x[1] > 0)).mean()
    assert abs(joint - p * p) < 5 * np.sqrt(p * p / batch)
    assert x.min() >= 0
    assert x.max() <= 1


def test_the_batch_gradient_is_that_of_the_batch():
    rng = np.random.default_rng(2)
    W, b, weight, x = (
        rng.normal(size=(2, 3)),
        rng.normal(size=3),
        np.array([1, 2, 0.5]),
        rng.random((3, 64)),
    )
    G, H, db = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    adam._batch_gradient(W, b, weight, x, np.empty(64), G, H, db)

    def loss(gram, bias):
        y = np.maximum(gram @ x + bias[:, None], 0)
        return (weight @ (x - y) ** 2).mean()

    step = 1e-6
    for j in range(3):
        e = step * np.eye(3)[j]
        assert db[j] == pytest.approx((loss(G, b + e) - loss(G, b - e)) / (2 * step), abs=1e-7)
        for i in range(3):
            E = step * np.outer(np.eye(3)[j], np.eye(3)[i])
            assert H[j, i] == pytest.approx(
                (loss(G + E, b) - loss(G - E, b)) / (2 * step), abs=1e-7
            )


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point()])
@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 2)])
def test_sampled_losses_are_estimates_of_the_exact_ones(law, n, m):
    S, r = [0.0, 0.5, 0.9, 0.99], [0.2, 1.0, 5.0]
    trained = pc.train(
        pc.ToyModel(n, m, law), S, r, 40, "sampled", seed=1, steps=300, batch_size=128
    )
    importance = np.ones((3, 1, n))
    importance[:, 0, -1] = r
    exact = pc.expected_loss(
        trained.weights, trained.biases, importance, np.array(S)[:, None, None], law
    )
    # With the point law and S = 0 there is nothing random: then only rounding is left.
    error = trained.loss_errors + 1e-13
    assert (abs(trained.losses - exact) <= 5 * error).all()
    off = ((trained.losses - exact) / error)[1:]
    assert 0.9 < off.std() < 1.1
    assert (trained.loss_errors[1:] > 0).all()
    assert (trained.loss_errors < 0.05 * trained.losses + 1e-12)[1:3].all()


def test_sampled_training_comes_near_the_minimum_but_not_to_it():
    trained = pc.train(PAIR, [0.6], [1.0], 4, "sampled", steps=4000, batch_size=256)
    minimum = 0.050993018104326510
    exact = pc.expected_loss(trained.weights, trained.biases, [1.0, 1.0], 0.6)
    assert minimum < exact.min() < 1.01 * minimum
    assert (trained.gradient_norms > 1e-8).all()


def test_adam_takes_the_steps_of_its_formula():
    """AdamW (Loshchilov and Hutter 2019) in NumPy on the same samples."""
    settings: dict[str, Any] = {
        "steps": 5, "batch_size": 40, "learning_rate": 0.1, "weight_decay": 0.3,
    }  # fmt: skip
    trained = pc.train(TRIPLE, [0.4], [2.0], 1, "sampled", seed=9, **settings)
    key = np.random.SeedSequence(9).generate_state(2, np.uint32)
    zero = np.zeros(1, np.int64)
    first_W, first_b = np.empty((1, 2, 3)), np.empty((1, 3))
    starts.random_starts(key, zero, zero, zero, True, 0, 1, first_W, first_b)
    W, b, weight = first_W[0], first_b[0], np.array([1, 1, 2.0])
    k0, k1 = map(np.uint32, philox.model_key(key, 0, 0, 0))
    first, second = np.zeros(9), np.zeros(9)
    for t in range(5):
        word, x = np.empty(120, np.uint32), np.empty((3, 40))
        adam._words(word, t, philox.BATCH, k0, k1)
        adam._features(word, np.full(3, 0.4), UNIFORM, x)
        u = W.T @ W @ x + b[:, None]
        e = 2 * weight[:, None] * (u - x) * (u > 0) / 40
        g = np.concatenate([(W @ (e @ x.T + x @ e.T)).ravel(), e.sum(axis=1)])
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
        theta = np.concatenate([W.ravel(), b]) * (1 - 0.1 * 0.3)
        theta -= (
            0.1 * first / (1 - 0.9 ** (t + 1)) / (np.sqrt(second / (1 - 0.999 ** (t + 1))) + 1e-8)
        )
        W, b = theta[:6].reshape(2, 3), theta[6:]
    np.testing.assert_allclose(trained.weights[0, 0, 0], W, rtol=1e-11)
    np.testing.assert_allclose(trained.biases[0, 0, 0], b, rtol=1e-11)


def test_diverged_models_say_so():
    trained = pc.train(
        PAIR, [0.5], [1.0], 3, "sampled", steps=60, batch_size=8, learning_rate=1e300
    )
    assert {REASONS[code] for code in trained.reasons.ravel()} == {"diverged"}
    assert np.isinf(trained.losses).all()
    assert trained.complete


# Summaries ------------------------------------------------------------------------------------


def test_selection_shares_and_averages():
    trained = pc.train(PAIR, [0.1, 0.9], [0.5, 3.0], 10)
    assert (trained.selected.sum(axis=-1) == 9).all()
    dropped = np.where(trained.selected, -np.inf, trained.losses).max(axis=-1)
    assert (dropped == trained.losses.max(axis=-1)).all()
    np.testing.assert_allclose(
        trained.average(trained.losses), np.sort(trained.losses)[..., :9].mean(axis=-1), rtol=1e-14
    )
    assert trained.average(trained.norms).shape == (2, 2, 2)
    np.testing.assert_allclose(trained.shares.sum(axis=-1), 1)
    assert (trained.best_losses == trained.losses.min(axis=-1)).all()
    single = pc.train(PAIR, [0.5], [1.0], 1)
    assert single.selected.all()


# Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".npz", ".nc"])
@pytest.mark.parametrize("method", ["population", "sampled"])
def test_files_keep_every_bit(tmp_path, ending, method):
    trained = pc.train(
        pc.ToyModel(3, 2, pc.Point()), [0.2, 0.8], [1.0], 3, method, steps=20, seed=2**31 - 1
    )
    path = tmp_path / f"grid{ending}"
    trained.save(path)
    assert same_bits(pc.TrainedGrid.load(path), trained)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_dataset_says_what_it_is():
    trained = pc.train(PAIR, [0.2, 0.8], [1.0, 2.0, 3.0], 4)
    data = trained.to_xarray()
    assert data["weights"].dims == ("sparsity", "importance", "model", "dimension", "feature")
    assert data["outcomes"].sel(sparsity=0.8, importance=2.0).shape == (4,)
    assert data.attrs["method"] == "population"
    assert data.attrs["version"] == pc.__version__
    assert "sum over features" in data.attrs["conventions"]
    np.testing.assert_allclose(data["feature_probability"], [0.8, 0.2])


class Interruption:
    """Work that is interrupted after some chunks."""

    def __init__(self, monkeypatch, chunks: int):
        self.left = chunks
        self.work = optimize.train_chunks
        monkeypatch.setattr(train, "chunk_size", lambda model, settings: 3)
        monkeypatch.setattr(train, "train_chunks", self)

    def __call__(self, *arguments):
        for result in self.work(*arguments):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            yield result


@pytest.mark.parametrize("ending", [".npz", ".nc"])
@pytest.mark.parametrize("method", ["population", "sampled"])
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, monkeypatch, ending, method):
    arguments = (PAIR, [0.3, 0.6, 0.9], [0.5, 1.0], 4, method)
    whole = pc.train(*arguments, steps=20)
    path = tmp_path / f"grid{ending}"
    with monkeypatch.context() as patch:
        Interruption(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            pc.train(*arguments, steps=20, checkpoint=path)
    kept = pc.TrainedGrid.load(path)
    assert kept.done.sum() == 9
    assert not kept.complete
    assert (kept.weights[kept.done] == whole.weights[kept.done]).all()
    assert np.isnan(kept.losses[~kept.done]).all()
    assert set(kept.outcomes[~kept.done]) == {""}
    with monkeypatch.context() as patch:
        Interruption(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            pc.train(*arguments, steps=20, checkpoint=path)
    assert pc.TrainedGrid.load(path).done.sum() == 15
    assert same_bits(pc.train(*arguments, steps=20, checkpoint=path), whole)
    assert same_bits(pc.TrainedGrid.load(path), whole)
    before = path.stat().st_mtime_ns
    assert same_bits(pc.train(*arguments, steps=20, checkpoint=path), whole)
    assert path.stat().st_mtime_ns == before


def test_long_runs_are_saved_now_and_then(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(train, "chunk_size", lambda model, settings: 5)
    monkeypatch.setattr(train, "save_trained", lambda grid, path: saved.append(grid.done.sum()))
    monkeypatch.setattr(train, "SAVE_SECONDS", -1.0)
    pc.train(PAIR, [0.3, 0.6], [1.0], checkpoint=tmp_path / "grid.npz")
    assert saved == [5, 10, 15, 20, 20]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, r"seed \(0 and 1\)"),
        ({"models_per_cell": 3}, r"models_per_cell \(2 and 3\)"),
        ({"model": TRIPLE}, r"n_features \(2 and 3\), d_hidden \(1 and 2\)"),
        ({"model": pc.ToyModel(2, 1, pc.Point())}, r"law \(uniform and point\)"),
        ({"method": "sampled"}, r"method \(population and sampled\)"),
        ({"sparsities": [0.5, 0.7]}, r"sparsities \(\[1\] is 0\.6 and 0\.7\)"),
        ({"importances": [1.0, 2.0]}, r"importances \(1 and 2 of them\)"),
        ({"tolerance": 1e-6}, r"tolerance \(1e-08 and 1e-06\)"),
    ],
)
def test_a_file_of_another_run_is_refused_and_kept(tmp_path, change, message):
    arguments = {
        "model": PAIR,
        "sparsities": [0.5, 0.6],
        "importances": [1.0],
        "models_per_cell": 2,
    }
    path = tmp_path / "grid.npz"
    pc.train(**arguments, checkpoint=path)  # type: ignore[arg-type]
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        pc.train(**(arguments | change), checkpoint=path)
    assert path.read_bytes() == before


def test_a_file_of_another_version_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "grid.npz"
    pc.train(PAIR, [0.5], [1.0], 1, checkpoint=path)
    monkeypatch.setattr(train, "__version__", "99.0")
    with pytest.raises(ValueError, match=r"version \(.* and 99\.0\)"):
        pc.train(PAIR, [0.5], [1.0], 1, checkpoint=path)


@pytest.mark.parametrize("ending", [".npz", ".nc"])
@pytest.mark.parametrize("part", [0.0, 0.2, 0.7, 0.99])
def test_truncated_files_are_refused_and_kept(tmp_path, ending, part):
    path = tmp_path / f"grid{ending}"
    pc.train(PAIR, [0.5, 0.6], [1.0], checkpoint=path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ValueError, match=r"grid.* is no complete file of phasecalc train"):
        pc.TrainedGrid.load(path)
    with pytest.raises(ValueError, match="is no complete file"):
        pc.train(PAIR, [0.5, 0.6], [1.0], checkpoint=path)
    assert path.read_bytes() == whole[: int(part * len(whole))]


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "grid.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="is no complete file of phasecalc train"):
        pc.TrainedGrid.load(path)
    path.write_text("hello")
    with pytest.raises(ValueError, match="is no complete file of phasecalc train"):
        pc.TrainedGrid.load(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(path)
    with pytest.raises(ValueError, match="is no complete file of phasecalc train"):
        pc.TrainedGrid.load(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("header.npy", b"no array")
    with pytest.raises(ValueError, match="is no complete file of phasecalc train"):
        pc.TrainedGrid.load(path)


@pytest.mark.parametrize("ending", [".npz", ".nc"])
def test_damaged_files_are_refused_in_one_way(tmp_path, ending):
    """Bytes changed at random give a grid, or one ValueError that names the file."""
    path = tmp_path / f"grid{ending}"
    pc.train(PAIR, [0.5, 0.6], [1.0], 2, checkpoint=path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for at in rng.integers(0, len(whole), size=rng.integers(1, 9)):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            pc.TrainedGrid.load(path)
        except ValueError as error:
            assert "is no complete file of phasecalc train" in str(error)
        gc.collect(0)


def test_a_failed_checkpoint_is_tried_again(tmp_path, monkeypatch):
    path = tmp_path / "grid.npz"
    save, calls = storage.save_trained, []

    def full(grid, place):
        calls.append(place)
        if len(calls) == 1:
            raise OSError("output = 'grid.npz' cannot be written: No space left on device")
        save(grid, place)

    monkeypatch.setattr(train, "save_trained", full)
    monkeypatch.setattr(train, "SAVE_SECONDS", -1.0)
    monkeypatch.setattr(train, "chunk_size", lambda model, settings: 10)
    with pytest.warns(RuntimeWarning, match=r"checkpoint: .*No space left"):
        grid = pc.train(PAIR, [0.3, 0.6], [1.0], checkpoint=path)
    assert len(calls) == 3
    assert same_bits(pc.TrainedGrid.load(path), grid)


def test_a_run_with_other_settings_of_the_other_method_is_the_same(tmp_path):
    path = tmp_path / "grid.npz"
    one = pc.train(PAIR, [0.5], [1.0], 2, checkpoint=path, seed=np.int64(3))  # type: ignore[arg-type]
    assert type(one.seed) is int
    assert same_bits(pc.train(PAIR, [0.5], [1.0], 2, checkpoint=path, seed=3, steps=7), one)
    with pytest.raises(ValueError, match=r"starts \(stratified and independent\)"):
        pc.train(PAIR, [0.5], [1.0], 2, checkpoint=path, seed=3, starts="independent")
    assert len(repr(one)) < 200


def test_independent_starts_are_independent():
    grids = [
        pc.train(PAIR, [0.5], [1.0], 400, "sampled", steps=1, learning_rate=1e-12, starts=kind)
        for kind in ("independent", "stratified")
    ]
    opposed = [(g.weights[0, 0, :, 0].prod(axis=-1) < 0).reshape(40, 10).sum(axis=1) for g in grids]
    assert (opposed[1] == 5).all()
    assert opposed[0].var() == pytest.approx(2.5, abs=1.5)


def test_wrong_shapes_and_formats_are_refused(tmp_path):
    path = tmp_path / "grid.npz"
    pc.train(PAIR, [0.5], [1.0], 2, checkpoint=path)
    with np.load(path) as file:
        arrays = dict(file)
    for change, message in (
        ({"losses": np.zeros((1, 1, 3))}, r"losses: shape \(1, 1, 3\); it must be \(1, 1, 2\)"),
        ({"reasons": np.full((1, 1, 2), 77, np.uint8)}, "reasons"),
        ({"weights": np.full((1, 1, 2, 1, 2), "a")}, "weights has the type"),
        ({"sparsities": np.array([7.5])}, "sparsities must be finite, from 0 to 1"),
        ({"importances": np.array([-1.0])}, "importances must be finite"),
        ({"weights": np.zeros((1, 1, 2, 1, 2), np.float32)}, "weights has the type float32"),
        ({"header": np.array('{"format": "other"}')}, "its format is 'other'"),
        ({"header": np.array("nonsense")}, "is no complete file"),
    ):
        np.savez(path, **(arrays | change))
        with pytest.raises(ValueError, match=message):
            pc.TrainedGrid.load(path)


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError, match="cannot be written"):
        pc.train(PAIR, [0.5], [1.0], checkpoint=tmp_path / "nowhere" / "grid.npz")
    with pytest.raises(OSError, match="is a folder"):
        (tmp_path / "folder.npz").mkdir()
        pc.train(PAIR, [0.5], [1.0], checkpoint=tmp_path / "folder.npz")
    with pytest.raises(ValueError, match=r"must end in \.npz or \.nc, for example grid\.npz"):
        pc.train(PAIR, [0.5], [1.0], checkpoint=tmp_path / "grid.txt")
    with pytest.raises(OSError, match="cannot be read"):
        pc.TrainedGrid.load(tmp_path / "absent.npz")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.npz"]


# Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sparsities": []}, ValueError, "sparsities has shape"),
        ({"importances": []}, ValueError, "importances has shape"),
        ({"sparsities": [0.5, 0.2]}, ValueError, r"sparsities\[1\] = 0\.2 follows 0\.5"),
        ({"importances": [1.0, 1.0]}, ValueError, r"importances\[1\] = 1\.0 follows 1\.0"),
        ({"sparsities": [0.5, 1.2]}, ValueError, r"sparsities\[1\] = 1\.2"),
        ({"sparsities": [np.nan]}, ValueError, "sparsities"),
        ({"importances": [-1.0]}, ValueError, "importances"),
        ({"importances": ["a"]}, ValueError, "importances = 'a' is not a number"),
        ({"models_per_cell": 0}, ValueError, "models_per_cell = 0"),
        ({"models_per_cell": 2.0}, TypeError, "models_per_cell"),
        ({"method": "sgd"}, ValueError, "method = 'sgd'"),
        ({"seed": -1}, ValueError, "seed = -1"),
        ({"seed": None}, TypeError, "seed"),
        ({"tolerance": 0}, ValueError, "tolerance = 0"),
        ({"tolerance": float("nan")}, ValueError, "tolerance = nan"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate"),
        ({"steps": 0}, ValueError, "steps = 0"),
        ({"batch_size": 0}, ValueError, "batch_size = 0"),
        ({"max_iterations": True}, TypeError, "max_iterations"),
        ({"starts": "lucky"}, ValueError, "starts = 'lucky'"),
        ({"models_per_cell": 10**9}, ValueError, "GB of memory"),
        (
            {"method": "sampled", "batch_size": 2 * 10**9},
            ValueError,
            "batch_size = 2000000000 would take",
        ),
        (
            {"method": "sampled", "sparsities": [1 - 1e-9]},
            ValueError,
            "1 - S below 1e-08 cannot be sampled",
        ),
        ({"threads": 0}, ValueError, "threads = 0"),
        ({"threads": 1.5}, TypeError, "threads"),
        ({"model": pc.ToyModel(3, 2, bias="zero")}, ValueError, "training takes free biases"),
        (
            {"model": pc.ToyModel(2, 1, importance=[1, "1/2"]), "importances": [0.3]},
            ValueError,
            r"importances = \[0.3\]: they are values of r, which the model does not have",
        ),
        ({"model": (2, 1)}, TypeError, "must be a phasecalc.ToyModel"),
    ],
)
def test_unusable_arguments(change, error, message):
    arguments = {"model": PAIR, "sparsities": [0.5], "importances": [1.0]}
    with pytest.raises(error, match=message):
        pc.train(**(arguments | change))


def test_progress_is_shown_when_asked_for(capsys):
    pc.train(PAIR, [0.5], [1.0])
    assert capsys.readouterr().err == ""
    pc.train(PAIR, [0.5], [1.0], progress=True)
    assert "10/10" in capsys.readouterr().err
