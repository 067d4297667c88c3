"""Laws, supports and importances on the command line: what they mean, and how they are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.laws import LAWS
from phasecalc.support_text import support_of

from .test_cli import read, run

TEXTS = {
    "independent": pc.Independent(),
    "independent(1/2, p^2)": pc.Independent(["1/2", pc.p**2]),
    "exactly-active": pc.ExactlyActive(1),
    "exactly-active(k=2)": pc.ExactlyActive(2),
    "groups(correlated={0, 1}{2,3})": pc.Groups(correlated=[(0, 1), (2, 3)]),
    "groups(anticorrelated={0, 1}, correlated={2, 3})": pc.Groups([(2, 3)], [(0, 1)]),
    "table({}: 1/2, {0}: 1/4, {0, 1}: 1/4)": pc.Table({(): "1/2", (0,): "1/4", (0, 1): "1/4"}),
    "table({}: 1 - p, {0, 1}: p)": pc.Table({(): 1 - pc.p, (0, 1): pc.p}),
    "pair": pc.Pair(),
    "pair(p^2)": pc.Pair(pc.p**2),
    "pair(both=1/10)": pc.Pair("1/10"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_support_is_read_from_text(text):
    assert support_of(text) == TEXTS[text]


@pytest.mark.parametrize("law", LAWS)
def test_loss_under_every_law(capsys, law):
    arguments = ("--weights", "1,-1,0", "--bias", "0,0,1/4", "--importance", "0.9^i", "-S", "3/5")
    status, out, _ = run(capsys, "loss", *arguments, "--law", law, "--json")
    assert status == 0
    known = pc.expected_loss([[1, -1, 0]], [0, 0, 0.25], [1, 0.9, 0.81], 0.6, LAWS[law]())
    assert float(read(json.loads(out)["loss"])) == pytest.approx(float(known), abs=1e-9)
    status, out, _ = run(capsys, "loss", *arguments, "--law", law)
    assert status == 0 and "L " in out


@pytest.mark.parametrize("text", ["0.7^i", "(9/10)^i", "1/(i + 1)", "rho^i"])
def test_importances_that_are_a_formula_in_the_feature(capsys, text):
    _, out, _ = run(capsys, "loss", "--weights", "1,-1,0", "--importance", text, "--json")
    i = sympy.Symbol("i")
    formula = sympy.sympify(text.replace("^", "**"), rational=True, locals={"i": i})
    document = json.loads(out)
    assert [read(entry) for entry in document["importance"]] == [
        formula.subs(i, k) for k in range(3)
    ]
    model = pc.ToyModel(3, 1, importance=text)
    assert list(model.importance) == [formula.subs(i, k) for k in range(3)]


def test_eighty_features_of_falling_importance():
    model = pc.ToyModel(80, 20, importance="0.9^i")
    assert model.importance[79] == sympy.Rational(9, 10) ** 79
    with pytest.raises(ValueError, match="importance has 2004 bits: the limit is 2000"):
        pc.ToyModel(1000, 20, importance="0.9^i")


@pytest.mark.slow
def test_minimize_takes_importances_and_supports(capsys):
    shared = ("minimize", "-n", "3", "-m", "1", "-S", "0.9", "--random-starts", "0", "--json")
    _, out, _ = run(capsys, *shared, "--importance", "0.7^i")
    found = json.loads(out)
    known = pc.minimize(pc.ToyModel(3, 1, importance="0.7^i"), 0.9, random_starts=0)
    assert found["loss"] == known.loss
    assert found["model"]["importance"] == ["1", "7/10", "49/100"]
    text = "groups(anticorrelated={0, 1, 2})"
    _, out, _ = run(capsys, *shared, "--support", text)
    found = json.loads(out)
    assert found["model"]["support"] == text
    known = pc.minimize(pc.ToyModel(3, 1, support=support_of(text)), 0.9, random_starts=0)
    assert found["loss"] == known.loss
    _, out, _ = run(capsys, *shared[:-1], "--support", text, "-r", "1,1,1/2")
    assert "active together: anticorrelated {0, 1, 2}" in out
    assert "importance (1, 1, 1/2)" in out


@pytest.mark.seconds
def test_train_takes_importances_and_supports(capsys, tmp_path):
    path = tmp_path / "grid.npz"
    shared = ("train", "-n", "4", "-m", "2", "--cells", "2", "--models", "2", "-q")
    status, out, _ = run(capsys, *shared, "--importance", "0.7^i", "-o", str(path))
    assert status == 0 and "importance (1, 7/10, 49/100, 343/1000)" in out
    grid = pc.load(path)
    assert grid.losses.shape == (2, 1, 2)
    assert grid.model == pc.ToyModel(4, 2, importance="0.7^i")
    assert run(capsys, *shared, "--importance", "0.7^i", "-o", str(path))[0] == 0
    before = path.read_bytes()
    status, _, err = run(capsys, *shared, "--importance", "0.9^i", "-o", str(path))
    assert status == 2 and "another run" in err and path.read_bytes() == before
    one = ("train", "--cells", "2", "--models", "1", "-q", "--support", "pair(0)", "--json")
    status, _, err = run(capsys, *one)
    assert status == 2 and "at S = 0" in err  # c = 0 needs p of at most 1/2
    status, out, _ = run(capsys, *one[:-2], "pair(p^2)", "--json")
    assert status == 0
    assert json.loads(out)["best_losses"] == pytest.approx(
        np.array(json.loads(run(capsys, *one[:-3], "--json")[1])["best_losses"]), abs=1e-7
    )


def test_regret_takes_importances_and_supports(capsys, tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, weights=[[1.0, -1.0]], bias=[0.0, 0.0])
    shared = ("regret", str(path), "-S", "0.6", "--random-starts", "1", "--json")
    _, out, _ = run(capsys, *shared, "--importance", "0.9^i")
    assert json.loads(out)["instances"][0]["loss"] == pytest.approx(1.9 * 0.16 / 6)
    _, out, _ = run(capsys, *shared, "--support", "pair(p/2)", "--law", "point")
    assert json.loads(out)["instances"][0]["loss"] == pytest.approx(2 * 0.2)


def test_the_diagram_over_p_and_c(capsys, tmp_path):
    shared = ("--support", "pair(c)", "--importance", "1,1/2")
    status, out, _ = run(capsys, "boundaries", *shared)
    assert status == 0 and "c = 2 p/3 − p²/2" in out
    _, out, _ = run(capsys, "boundaries", *shared, "--json")
    (line,) = json.loads(out)["boundaries"]
    known = pc.phase_diagram(
        pc.ToyModel(2, 1, importance="1,1/2", support=pc.Pair()), x=pc.p, y=pc.c
    )
    assert read(line["both"]) == known.boundaries[0].formula
    assert run(capsys, "diagram", *shared, "-o", str(tmp_path / "c.png"))[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["c.png"]


LOSS = ("loss", "--weights", "1,-1")
POINT = ("minimize", "-S", "0.5")
DRAWN = ("diagram", "-o", "out.png")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*LOSS, "--law", "cauchy"), "--law cauchy: it must be one of uniform, point"),
        ((*LOSS, "--law", "uniform(high=0)"), "--law 'uniform(high=0)': high = 0: it must"),
        ((*LOSS, "--law", "beta(1/2, 2)"), "a = 1/2: it must be an integer, 1 to 12"),
        ((*LOSS, "--law", "point(width=2)"), "point takes value"),
        ((*LOSS, "--law", "exponential"), "--law exponential: there is no exact formula"),
        ((*LOSS, "--law", "exponential", "-S", "2"), "-S 2.0: it must"),
        (("loss", "--weights", "1,w", "--law", "half-normal", "-S", "1/2"), "w has no number"),
        ((*LOSS, "--importance", "0.9^i)"), "--importance '0.9^i)' is not a number or"),
        ((*LOSS, "--importance", "1/i"), "divides by zero"),
        ((*LOSS, "--importance", "i - 1"), "importance[0] = -1: it must not be negative"),
        ((*LOSS, "--support", "sometimes"), "--support sometimes: it must be one of"),
        ((*LOSS, "--support", "independent(1/2, 3/2)"), "probabilities[1] = 3/2: it must lie in"),
        ((*LOSS, "--support", "independent(1/2)"), "independent(1/2): probabilities has 1 entries"),
        ((*LOSS, "--support", "independent(-1/2, 1)"), "probabilities[0] = -1/2"),
        ((*LOSS, "--support", "table({}: 1/2, {0}: 1/4)"), "they sum to 3/4, it must be 1"),
        ((*LOSS, "--support", "table({}: 3/2, {0}: -1/2)"), "probabilities[{}] = 3/2"),
        ((*LOSS, "--support", "table({5}: 1)"), "there is no feature 5, only 0 to 1"),
        ((*LOSS, "--support", "table(1/2, 1/2)"), "write table({}: 1/2, {0}: 1/4"),
        ((*LOSS, "--support", "groups(correlated={0, 7})"), "there is no feature 7, only 0 to 1"),
        ((*LOSS, "--support", "groups(correlated={0, 0})"), "a feature is listed twice"),
        ((*LOSS, "--support", "groups(correlated={0}, anticorrelated={0, 1})"), "in a group"),
        ((*LOSS, "--support", "groups(correlated=0 1)"), "write groups(correlated={0, 1}"),
        ((*LOSS, "--support", "exactly-active(3)"), "exactly-active(3): k = 3: there are only 2"),
        ((*LOSS, "--support", "exactly-active(0)"), "k = 0: it must be at least 1"),
        ((*LOSS, "--support", "exactly-active(one)"), "k = 'one': it must be an integer"),
        ((*LOSS, "--support", "pair(3/2)"), "both = 3/2: it must lie in [0, 1]"),
        ((*LOSS, "--support", "pair(1/2)", "-S", "0.9"), "= 13/10 at p = 1/10" ),
        ((*LOSS, "--support", "groups(anticorrelated={0, 1})", "-S", "0.1"), "must lie in [0, 1]"),
        ((*POINT, "--support", "pair(c)"), "needs a value for c"),
        ((*POINT, "--importance", "1,q"), "needs a value for q"),
        ((*POINT, "--importance", "1,1,1"), "--importance has 3 entries: it must have 2"),
        ((*POINT, "--importance", "0.9^j"), "--importance '0.9^j' is not a number"),
        (("minimize", "-S", "1.5"), "-S 3/2: it must be in [0, 1)"),
        (("train", "--importance", "rho^i", "-o", "out.npz"), "importances in numbers and r"),
        (("train", "--tolerance", "0", "-o", "out.npz"), "--tolerance 0.0: it must be positive"),
        (("train", "--law", "beta(2, 2)", "--method", "sampled", "-o", "out.npz"), "--law beta"),
        ((*DRAWN, "--support", "exactly-active(1)"), "there is no candidates diagram for it"),
        ((*DRAWN, "--support", "pair(c)"), "importance[1] = r: over (p, c)"),
        ((*DRAWN, "--support", "pair(c)", "--importance", "1", "--inset", "0,0.5,0.5,2"), "inset"),
        ((*DRAWN, "--importance", "0.9^i"), "candidates are those of (1, …, 1, r)"),
        ((*DRAWN, "--importance", "0.9^i", "--source", "global"), "needs one symbol beside S"),
        ((*DRAWN, "--law", "exponential"), "--law exponential: there is no exact formula"),
        ((*DRAWN, "--law", "beta", "--source", "global"), "needs a law with a compiled kernel"),
    ],
)  # fmt: skip
def test_unusable_conditions(capsys, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1 and err.startswith("phasecalc: ")
    assert not list(tmp_path.iterdir())
