"""Slices: crossings and spinodals against exact results, texts, pictures, the command, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.exact.onset import onset_importance
from phasecalc.report.plot_slice import plot_slice
from phasecalc.report.slices import slice_document, slice_text

from .test_cli import run

PAIR = pc.ToyModel(2, 1)


def test_relaxed_slice_as_json(capsys) -> None:
    """`ignore` has nothing to relax: its curvature is null."""
    status, out, err = run(capsys, "slice", "--source", "relaxed", "-S", "0.6", "--json")
    assert (status, err) == (0, "")
    branches = {branch["name"]: branch for branch in json.loads(out)["branches"]}
    assert set(branches["ignore"]["curvatures"]) == {None}
    assert min(branches["antipodal"]["curvatures"]) > 0


def test_loss_at_the_end_of_a_branch_is_that_of_the_end() -> None:
    line = pc.slice_along(PAIR, sparsity=0.4, values=[0.5, 0.6, 0.7, 0.8])
    branch = next(branch for branch in line.branches if branch.name == "ignore")
    end = branch.ends[1]
    assert end is not None
    v = float(pc.Uniform().variance.subs(pc.p, 0.6))
    assert end.loss == pytest.approx(end.value * v, abs=1e-13)


@pytest.fixture(scope="module")
def line() -> pc.Slice:
    return pc.slice_along(PAIR, sparsity=0.4, values=np.geomspace(0.5, 2.0, 33))


def test_crossings_and_ends_of_branches_at_constant_sparsity(line) -> None:
    names = [crossing.phases for crossing in line.crossings]
    assert names == [
        ("ignore", "weak-antipodal"),
        ("weak-antipodal", "antipodal"),
        ("antipodal", "weak-other-antipodal"),
        ("weak-other-antipodal", "dedicated"),
    ]
    onset = float(onset_importance().subs(pc.p, 0.6))
    first, second, third, last = line.crossings
    assert [c.nature for c in line.crossings] == [
        "continuous", "first order", "first order", "continuous",
    ]  # fmt: skip
    assert first.value == pytest.approx(onset, rel=1e-10)
    assert last.value == pytest.approx(1 / onset, rel=1e-10)
    assert max(c.error for c in line.crossings) < 1e-10
    assert third.value == pytest.approx(1 / second.value, abs=1e-11)  # mirror law
    assert second.jump < 0
    # `ignore` is a local minimum up to r = q/v, exactly, and the weak pair begins there.
    branches = {branch.name: branch for branch in line.branches}
    end = branches["ignore"].ends[1]
    begin = branches["weak-antipodal"].ends[0]
    assert end.value == pytest.approx(onset, rel=1e-9)
    assert begin.value == pytest.approx(onset, rel=1e-9)
    assert end.becomes == "weak-antipodal"
    assert begin.becomes == "ignore"
    assert end.cause == begin.cause == "onset"
    strong, weak = branches["antipodal"].ends[0], branches["weak-antipodal"].ends[1]
    assert strong.becomes is weak.becomes is None
    assert strong.value < second.value < weak.value
    assert strong.cause == weak.cause == "fold"
    assert max(e.error for b in line.branches for e in b.ends if e is not None) < 1e-8
    # Mirror law of the strong pair's two folds.
    assert branches["antipodal"].ends[1].value == pytest.approx(1 / strong.value, rel=1e-11)


def test_branches_are_minima_and_F_is_their_envelope(line) -> None:
    lowest = np.full(len(line.values), np.inf)
    for branch in line.branches:
        assert (branch.curvatures > -1e-7).all()
        places = np.searchsorted(line.values, branch.values)
        lowest[places] = np.minimum(lowest[places], branch.losses)
        assert (np.diff(places) == 1).all()
    np.testing.assert_array_equal(lowest, line.losses)
    for k in (3, 12, 20):
        assert line.losses[k] == pytest.approx(
            pc.minimize(PAIR, 0.4, line.values[k]).loss, abs=1e-13
        )


def test_texts_and_picture(line) -> None:
    text = slice_text(line)
    assert "S = 0.4, r from 0.5 to 2, source: global" in text
    assert "(onset, → weak-antipodal)" in text
    assert "(fold)" in text
    assert "lost)" not in text
    document = json.loads(json.dumps(slice_document(line)))
    assert document["sparsity"] == 0.4
    assert document["crossings"][1]["nature"] == "first order"
    figure = plot_slice(line)
    assert "S = 0.4" in figure.axes[0].get_title()


def test_constant_importance_and_relaxed() -> None:
    values = np.linspace(0.2, 0.6, 17)
    one, two = (
        pc.slice_along(PAIR, importance=0.8, values=values, source=source)
        for source in ("global", "relaxed")
    )
    np.testing.assert_allclose(one.losses, two.losses, atol=1e-13)
    strong = [c for c in one.crossings if c.phases == ("weak-antipodal", "antipodal")]
    assert [c.nature for c in strong] == ["first order"]
    assert one.varied == "sparsity"
    weak = next(branch for branch in one.branches if branch.name == "weak-antipodal")
    (end, _) = weak.ends
    assert end is not None
    p = 1 - end.value
    assert float(onset_importance().subs(pc.p, p)) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give one of sparsity, feature_probability and importance"),
        (
            {"sparsity": 0.4, "importance": 1},
            "give one of sparsity, feature_probability and importance",
        ),
        ({"sparsity": 1}, r"it must be in \[0, 1\)"),
        ({"importance": 0}, "must be above 0"),
        ({"sparsity": 0.4, "values": [1.0]}, "at least two, and ascending"),
        ({"importance": 1, "values": [0.5, 1.0]}, "a sparsity must be below 1"),
        ({"sparsity": 0.4, "values": [0.0, 1.0]}, "must be above 0"),
        ({"sparsity": 0.4, "source": "candidates"}, '"relaxed" or "global"'),
    ],
)
def test_refusals(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        pc.slice_along(PAIR, **arguments)


def test_command_refuses_what_it_cannot_use(capsys) -> None:
    assert run(capsys, "slice")[0] == 2
    assert run(capsys, "slice", "-S", "0.4", "-r", "1")[0] == 2


def test_importances_in_numbers_are_held() -> None:
    given = pc.slice_along(pc.ToyModel(2, 1, importance=[1, "1/2"]), values=[0.4, 0.5, 0.6])
    held = pc.slice_along(pc.ToyModel(2, 1), importance=0.5, values=[0.4, 0.5, 0.6])
    assert given == held
    other = pc.slice_along(
        pc.ToyModel(2, 1, importance=["1/2", pc.r]), sparsity=0.5, values=[0.2, 1]
    )
    assert "importance (1/2, r)" in slice_text(other)
    # All importances times 2: the same minima at twice r.
    same = pc.slice_along(pc.ToyModel(2, 1), sparsity=0.5, values=[0.4, 2])
    np.testing.assert_allclose(2 * other.losses, same.losses, rtol=1e-12)
    with pytest.raises(ValueError, match="there is none beside importances in numbers"):
        pc.slice_along(pc.ToyModel(2, 1, importance="0.9^i"), sparsity=0.5)


def test_commands_take_importances_of_all_features(capsys) -> None:
    status, out, _ = run(capsys, "certify", "-S", "3/5", "-r", "1/2,1", "--gap", "1e-3")
    assert status == 0 and "importance (1/2, 1), magnitudes" in out
    status, out, _ = run(capsys, "slice", "-r", "0.9^i", "-q", "--source", "relaxed")
    assert status == 0 and "r = 0.9, S from 0 to 0.99" in out
    status, out, err = run(capsys, "slice", "-S", "1/2", "-r", "1,1/2")
    assert (status, out) == (2, "") and "S is varied" in err
    for line, says in [
        (("slice", "-r", "1,x"), "-r x: it must be a number"),
        (("slice", "-r", "0.9^i+x"), "it must be a number"),
        (("certify", "-S", "1/2", "-r", "1,2*r"), "all features must be numbers, without r"),
        (("certify", "-S", "1/2", "-r", "0.9^j"), 'a formula in their number i as "0.9^i"'),
    ]:
        status, out, err = run(capsys, *line)
        assert (status, out) == (2, "") and says in err and err.count("\n") == 1


def test_one_entry_in_the_legend_for_a_name(line) -> None:
    figure = plot_slice(line)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    names = [text.get_text().split(" (")[0] for text in legend.get_texts()]
    assert len(names) == len(set(names))


def test_a_slice_names_the_symbols_that_it_is_over() -> None:
    """λ from 0 on has no logarithm; its picture is drawn all the same."""
    lam = sympy.Symbol("lam")
    model = pc.ToyModel(2, 1, importance=[1, 1], interference_penalty=lam)
    line = pc.slice_along(model, sparsity=0.6, y=lam, values=[0.0, 0.03, 0.04])
    assert line.letters == ("S", "lam")
    assert "S = 0.6, lam from 0 to 0.04" in str(line)
    upper, lower = pc.plot_slice(line).axes
    assert lower.get_xlabel() == "lam" and upper.get_xscale() == "linear"
