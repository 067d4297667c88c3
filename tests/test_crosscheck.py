"""Theory held against experiment, on the command line too, and the picture of both."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import phasecalc as pc
from phasecalc.blocks.candidate import OUTCOMES
from phasecalc.experiment import crosscheck as module
from phasecalc.experiment import optimize, train
from phasecalc.experiment.trained import DIVERGED
from phasecalc.report import plot_trained as picture
from phasecalc.report.plot_style import TINTS
from phasecalc.report.text_trained import check_document, check_text, trained_text

from .marks import slow
from .test_cli import run

PAIR = pc.ToyModel(2, 1)
THEORY = pc.phase_diagram(PAIR)


@pytest.fixture(scope="module")
def trained() -> pc.TrainedGrid:
    return pc.train(PAIR, *pc.paper_axes(12))


@pytest.fixture(scope="module")
def checked(trained) -> pc.CrossCheck:
    return pc.crosscheck(THEORY, trained)


# The comparison -------------------------------------------------------------------------------


def test_the_small_experiment_agrees_with_the_theory(checked):
    assert checked.passed
    assert checked.losses_agree
    assert checked.agreement_away == 1.0
    assert checked.agreement <= 1.0
    assert not checked.stuck.any()
    assert checked.lower.any()
    assert checked.confusion.sum() == 144
    assert np.trace(checked.confusion) == checked.agree.sum()
    np.testing.assert_allclose(checked.shares.sum(axis=-1), 1)


def test_theory_is_the_diagram_of_each_cell(checked):
    for i, j in np.ndindex(12, 12):
        S, r = checked.sparsities[i], checked.importances[j]
        assert checked.phases[i, j] == THEORY.label(S, r)
        assert checked.theory_losses[i, j] == pytest.approx(float(THEORY.minimum(S, r)))


@pytest.mark.seconds
def test_away_means_that_the_theory_says_the_same_all_around(checked):
    outcome = {phase.name: phase.outcome for phase in THEORY.phases}
    for i, j in np.ndindex(12, 12):
        p, r = 1 - checked.sparsities[i], checked.importances[j]
        around = {
            outcome[THEORY.label(1 - min(p * f, 1.0), r * g)]
            for f in (0.8, 1, 1.25)
            for g in (0.8, 1, 1.25)
        }
        assert checked.away[i, j] == (len(around) == 1)


def test_the_margin_only_moves_cells_out_of_the_comparison(trained):
    counts = [pc.crosscheck(THEORY, trained, margin=f).away.sum() for f in (1, 1.1, 1.5, 3)]
    assert counts[0] == 144
    assert counts == sorted(counts, reverse=True)


def test_a_loss_that_is_not_that_of_its_weights_fails(trained):
    for change in (1e-9, -1e-9, np.inf):
        losses = trained.losses.copy()
        losses[3, 4, 5] += change
        found = pc.crosscheck(THEORY, replace(trained, losses=losses))
        assert not found.losses_agree
        assert not found.passed
        assert np.argmax(found.mismatches) == np.ravel_multi_index((3, 4, 5), losses.shape)


def test_wrong_outcomes_fail(trained):
    weights = trained.weights.copy()
    weights[..., -1] = 0.0
    importance = np.stack(np.broadcast_arrays(1.0, trained.importances), axis=-1)[None, :, None]
    losses = pc.expected_loss(
        weights, trained.biases, importance, trained.sparsities[:, None, None]
    )
    found = pc.crosscheck(THEORY, replace(trained, weights=weights, losses=losses))
    assert found.losses_agree
    assert found.stuck.any()
    assert found.agreement_away < 0.5
    assert not found.passed
    assert pc.crosscheck(
        THEORY, replace(trained, weights=weights, losses=losses), threshold=0
    ).passed


def test_sampled_models_are_held_to_their_standard_errors():
    trained = pc.train(PAIR, [0.2, 0.9], [0.3, 4.0], 5, "sampled", steps=1500, batch_size=64)
    found = pc.crosscheck(THEORY, trained)
    assert found.losses_agree
    assert 0.05 < found.mismatches.max() <= 1
    off = replace(trained, losses=trained.losses + 7 * trained.loss_errors)
    assert not pc.crosscheck(THEORY, off).losses_agree


def test_refusals(trained):
    with pytest.raises(ValueError, match="the diagram is of"):
        pc.crosscheck(pc.phase_diagram(pc.ToyModel(3, 2)), trained)
    with pytest.raises(TypeError, match=r"it must be a phasecalc\.TrainedGrid"):
        pc.crosscheck(THEORY, trained.losses)
    for margin in (0.9, np.inf, np.nan):
        with pytest.raises(ValueError, match="margin"):
            pc.crosscheck(THEORY, trained, margin=margin)
    for threshold in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="threshold"):
            pc.crosscheck(THEORY, trained, threshold=threshold)
    reasons = trained.reasons.copy()
    reasons[0, 0, :3] = 4
    with pytest.raises(ValueError, match="1437 of 1440 models are trained"):
        pc.crosscheck(THEORY, replace(trained, reasons=reasons))


def test_slack_lists_and_document(checked):
    theory = checked.theory_losses
    excess = np.zeros_like(theory)
    excess[3, 4], excess[7, 2], excess[9, 9], excess[5, 6] = 2e-9, 8e-9, 5e-10, -4e-9
    found = replace(checked, trained_losses=theory + excess, slack=np.full(theory.shape, 1e-9))
    assert np.argwhere(found.stuck).tolist() == [[3, 4], [7, 2]]
    assert np.argwhere(found.lower).tolist() == [[5, 6]]
    document = check_document(found)
    assert document["stuck"]["by_at_most"] == found.excess.max()
    assert document["lower"]["by_at_most"] == -found.excess.min()
    assert document["agreement"] == np.mean(found.theory_outcomes == found.trained_outcomes)
    assert document["stuck"]["at"][1]["sparsity"] == found.sparsities[7]
    assert document["stuck"]["at"][1]["importance"] == found.importances[2]
    lines = check_text(found).splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("Training stayed above"))
    first = next(line for line in lines[start + 2 :] if line.lstrip()[:1].isdigit())
    assert first.split()[:2] == [f"{found.sparsities[7]:.4g}", f"{found.importances[2]:.4g}"]
    assert "stuck above the theory's loss in 2 cells" in lines[-1]


def test_trained_losses_are_those_of_the_best_models(trained, checked):
    np.testing.assert_allclose(checked.trained_losses, trained.best_losses, rtol=0, atol=1e-14)
    size = np.outer(1 - trained.sparsities, 1 + trained.importances)
    np.testing.assert_allclose(checked.slack, 1e-9 * np.minimum(1, size))


def test_tampered_files_fail(trained):
    nan = np.full_like(trained.weights, np.nan)
    for change in (
        {"losses": 2 * trained.losses, "loss_errors": trained.losses},
        {"weights": nan},
        {"weights": nan, "losses": np.full_like(trained.losses, np.nan)},
        {"losses": np.full_like(trained.losses, np.nan)},
    ):
        found = pc.crosscheck(THEORY, replace(trained, **change))
        assert not found.losses_agree
        assert not found.passed
    diverged = {
        "weights": nan,
        "losses": np.full_like(trained.losses, np.inf),
        "reasons": np.full_like(trained.reasons, DIVERGED),
    }
    found = pc.crosscheck(THEORY, replace(trained, **diverged))
    assert found.diverged == trained.losses.size
    assert not found.passed
    assert "1440 models diverged" in check_text(found)
    json.dumps(check_document(found), allow_nan=False)


def test_a_wrong_kernel_is_found_by_rational_numbers(trained, monkeypatch):
    from phasecalc.experiment import exactness

    right = pc.crosscheck(THEORY, trained)
    assert right.rational_models == 10
    assert right.rational_mismatch < 1
    kernel = pc.expected_loss
    monkeypatch.setattr(exactness, "expected_loss", lambda *a: kernel(*a) * (1 + 1e-9))
    losses = trained.losses * (1 + 1e-9)
    wrong = pc.crosscheck(THEORY, replace(trained, losses=losses))
    assert (wrong.mismatches <= 1).all()
    assert not wrong.losses_agree


def test_no_cell_away_from_boundaries_is_no_pass(trained):
    found = pc.crosscheck(THEORY, trained, margin=100)
    assert not found.away.any()
    assert np.isnan(found.agreement_away)
    assert not found.passed
    assert check_document(found)["agreement_away"] is None
    assert "no cell is away from the boundaries" in check_text(found)


def test_ties_are_not_away():
    """With the point law and S = 0 every feature is a constant, which a bias represents."""
    model = pc.ToyModel(3, 2, pc.Point())
    found = pc.crosscheck(pc.phase_diagram(model), pc.train(model, [0.0, 0.3], [0.2, 5.0], 2))
    assert not found.away[0].any()
    assert found.away[1].all()


# Texts ----------------------------------------------------------------------------------------


def test_texts_state_the_conventions_and_the_verdict(trained, checked):
    text = trained_text(trained)
    assert "a sum over features" in text
    assert "small gradient  1440" in text
    for outcome in OUTCOMES:
        assert outcome in text
    text = check_text(checked)
    assert "away from boundaries        100.00 %" in text
    assert "Training stayed above the theory's loss: nowhere" in text
    assert "Check passed" in text


# The picture ----------------------------------------------------------------------------------


def test_colours_at_the_corners_are_those_of_the_theory():
    corners = picture.colours(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 5.0]))
    pale, blue, red = (to_rgb(TINTS[name][0]) for name in OUTCOMES)
    np.testing.assert_allclose(corners, [pale, pale, blue, red, red])


def test_the_picture_has_both_sides(trained):
    figure = pc.plot_trained(trained, THEORY)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[:3] == [
        "trained, stratified starts, mean of the best 9 of 10",
        "trained, stratified starts, best of 10",
        "theory (candidates)",
    ]
    # Whole cells: half a cell beyond the first and the last.
    half = 10 ** (1 / 11)
    for ax in figure.axes[:2]:
        np.testing.assert_allclose(ax.get_xlim(), (half, 0.01 / half))
        np.testing.assert_allclose(ax.get_ylim(), (0.1 / half, 10 * half))
    assert figure.axes[2].get_xlim() == (1.0, 0.01)
    assert figure.axes[2].get_ylim() == (0.1, 10.0)
    for ax in figure.axes[:3]:
        assert len(ax.lines) >= 3
    assert len([ax for ax in pc.plot_trained(trained).axes if ax.get_title()]) == 2
    with pytest.raises(ValueError, match="models = 'all'"):
        pc.plot_trained(trained, models="all")
    with pytest.raises(ValueError, match="the diagram is of"):
        pc.plot_trained(trained, pc.phase_diagram(pc.ToyModel(3, 2)))
    with pytest.raises(ValueError, match="at least two"):
        pc.plot_trained(pc.train(PAIR, [0.5], [1.0]))


def test_each_cell_has_the_colour_of_its_own_model():
    """On a grid that is not square, so that no axis can take the other's place."""
    trained = pc.train(PAIR, [0.1, 0.5, 0.9], [0.2, 0.5, 1.0, 2.0, 5.0], 4)
    figure = pc.plot_trained(trained, THEORY)
    for ax, pick in zip(figure.axes, (trained.average, trained.of_best), strict=False):
        norm, overlap = pick(trained.norms)[..., -1], pick(trained.overlaps)[..., -1]
        wanted = picture.colours(norm, overlap).swapaxes(0, 1).reshape(-1, 3)
        found = np.asarray(ax.collections[0].get_facecolor()).reshape(-1, 4)
        np.testing.assert_allclose(found[:, :3], wanted, atol=1e-12)


def test_theory_has_the_colours_that_its_phases_have_elsewhere():
    """ignore-other and others-antipodal do the same to the extra feature: still two colours."""
    model = pc.ToyModel(3, 2)
    diagram = pc.phase_diagram(model)
    trained = pc.train(model, [0.2, 0.9], [0.3, 3.0], 2)

    def filled(ax) -> set[tuple[float, ...]]:
        return {tuple(np.asarray(c.get_facecolor())[0]) for c in ax.collections}

    figure = pc.plot_trained(trained, diagram)
    theory = next(ax for ax in figure.axes if ax.get_title().startswith("theory"))
    assert filled(theory) == filled(pc.plot_diagram(diagram).axes[0])
    assert len(filled(theory)) == len(diagram.phases)


# The command line -----------------------------------------------------------------------------


@pytest.mark.seconds
@pytest.mark.parametrize("ending", ["npz", "nc"])
def test_train_and_check_on_the_command_line(capsys, tmp_path, ending):
    path = tmp_path / f"grid.{ending}"
    command = ("train", "--cells", "8", "-o", str(path))
    status, out, err = run(capsys, *command)
    assert (status, err) == (0, "")
    assert "640" in out
    assert pc.TrainedGrid.load(path).complete
    before = path.read_bytes()
    status, out, err = run(capsys, *command, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["trained"] == 640
    assert path.read_bytes() == before
    status, out, err = run(capsys, "check", str(path), "-o", str(tmp_path / "check.png"))
    assert (status, err) == (0, "")
    assert "Check passed" in out
    assert (tmp_path / "check.png").stat().st_size > 10_000
    status, out, err = run(capsys, "check", str(path), "--json")
    document = json.loads(out)
    assert (status, document["passed"], document["stuck"]["cells"]) == (0, True, 0)
    assert document["agreement_away"] == 1.0


def test_a_failed_check_has_exit_status_1(capsys, tmp_path):
    path = tmp_path / "grid.npz"
    trained = pc.train(PAIR, [0.1, 0.9], [0.2, 5.0])
    replace(trained, losses=trained.losses * (1 + 1e-6)).save(path)
    status, out, err = run(capsys, "check", str(path))
    assert (status, err) == (1, "")
    assert "Check failed: trained losses are not" in out


def test_check_without_a_file_trains_first(capsys, monkeypatch):
    from phasecalc.diagram import grid

    monkeypatch.setattr(grid, "paper_axes", lambda: ([0.1, 0.9], [0.2, 5.0]))
    status, out, err = run(capsys, "check", "-n", "2", "-m", "1", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["cells"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "-o", "grid.txt"), "must end in .npz, .nc"),
        (("train", "-o", "nowhere/grid.npz"), "cannot be written"),
        (("train", "--models", "0"), "--models 0"),
        (("train", "--models", "1000000000"), "GB of memory"),
        (("train", "--threads", "0"), "--threads 0"),
        (("train", "--max-iterations", "0"), "--max-iterations 0"),
        (("train", "--starts", "lucky"), "lucky"),
        (("check", "good.npz", "--margin", "1e308"), "--margin 1e+308"),
        (("train", "--seed", "-1"), "--seed -1"),
        (("train", "--cells", "1"), "cells"),
        (("train", "-n", "1000000", "-m", "3"), "-n 1000000"),
        (("train", "-n", "0"), "-n 0"),
        (("train", "--method", "magic"), "magic"),
        (("train", "--tolerance", "nan"), "tolerance"),
        (("check", "absent.npz"), "cannot be read"),
        (("check", "grid.txt"), "must end in .npz or .nc"),
        (("check", "text.npz"), "is no complete file of phasecalc train"),
        (("check", "good.npz", "-n", "3"), "-n 3"),
        (("check", "good.npz", "--law", "point"), "--law point"),
        (("check", "good.npz", "--margin", "0.5"), "--margin 0.5"),
        (("check", "good.npz", "--threshold", "2"), "--threshold 2"),
        (("check", "good.npz", "-o", "check.doc"), "must end in .png"),
        (("train", "--cells", "3", "-o", "good.npz"), "holds another run"),
    ],
)
def test_refusals_are_one_line_and_exit_status_2(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.npz").write_text("hello")
    pc.train(PAIR, [0.1, 0.9], [0.2, 5.0], 2, checkpoint="good.npz")
    good = (tmp_path / "good.npz").read_bytes()
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
    assert (tmp_path / "good.npz").read_bytes() == good
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["good.npz", "text.npz"]


def test_the_rule_is_in_the_help(capsys):
    status, out, _ = run(capsys, "check", "--help")
    assert status == 0
    for word in ("Rule", "exit status 0", "--threshold", "6 standard errors", "exit status is 1"):
        assert word in " ".join(out.split())


def test_an_interrupted_command_keeps_what_is_done(capsys, tmp_path, monkeypatch):
    path = tmp_path / "grid.npz"
    command = ("train", "--cells", "6", "-o", str(path))
    work = optimize.train_chunks

    def interrupted(*arguments):
        yield next(work(*arguments))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train, "chunk_size", lambda model, settings: 50)
        patch.setattr(train, "train_chunks", interrupted)
        status, out, err = run(capsys, *command)
    assert (status, out) == (130, "")
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert pc.TrainedGrid.load(path).done.sum() == 50
    assert run(capsys, "check", str(path))[0] == 2
    assert run(capsys, *command)[0] == 0
    assert pc.TrainedGrid.load(path).complete
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_terminated_command_keeps_what_is_done(capsys, tmp_path, monkeypatch):
    path = tmp_path / "grid.npz"
    work = optimize.train_chunks

    def terminated(*arguments):
        yield next(work(*arguments))
        os.kill(os.getpid(), signal.SIGTERM)
        yield from work(*arguments)

    monkeypatch.setattr(train, "chunk_size", lambda model, settings: 50)
    monkeypatch.setattr(train, "train_chunks", terminated)
    before = signal.getsignal(signal.SIGTERM)
    status, _, err = run(capsys, "train", "--cells", "6", "-o", str(path))
    assert status == 130
    assert "the same command goes on" in err
    assert pc.TrainedGrid.load(path).done.any()
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_option_defaults_are_those_of_the_function():
    from phasecalc.cli.check import check

    defaults = {option.name: option.default for option in check.params}
    assert defaults["margin"] == module.MARGIN
    assert defaults["threshold"] == module.THRESHOLD


@pytest.fixture(scope="module")
def small_grid(tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "grid.npz"
    pc.train(PAIR, *pc.paper_axes(3), 1).save(path)
    return path


@pytest.mark.seconds
@pytest.mark.parametrize("name", ["weights", "biases", "losses"])
@pytest.mark.parametrize(
    "value", [1e155, slow(-1e300), slow(5e307), slow(float("inf")), float("nan"), slow(1e-320)]
)
def test_a_damaged_file_of_huge_numbers_fails_without_a_warning(
    capsys, tmp_path, small_grid, name, value
):
    damaged = tmp_path / "damaged.npz"
    arrays = dict(np.load(small_grid))
    arrays[name].flat[0] = value
    arrays[name].flat[-2:] = value
    np.savez(damaged, **arrays)
    status, _, err = run(capsys, "check", str(damaged), "-o", str(tmp_path / "x.png"))
    assert status in (1, 2)
    assert "Warning" not in err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["-n", "5", "-m", "5"], "needs more features than dimensions"),
        (["-n", "5", "-m", "5", "--source", "global"], "needs more features than dimensions"),
        (["--law", "point", "--source", "relaxed"], "needs minima that are isolated"),
    ],
)
def test_what_has_no_diagram_is_not_trained_first(more, says, monkeypatch, capsys):
    def trained(*_: object, **__: object) -> None:
        raise AssertionError("trained before it was refused")

    monkeypatch.setattr("phasecalc.experiment.train.train", trained)
    status, out, err = run(capsys, "check", *more)
    assert (status, out) == (2, "") and says in err
