"""One grammar: an argument has one name, one place and one meaning in every call."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc import progress
from phasecalc.cli import cli, main

PAIR = pc.ToyModel(2, 1)
W = [[1.0, -0.9]]

LOSS = ("weights", "bias", "importance", "sparsity", "law")
"""Order of the arguments of functions of given weights."""
POINT = ("model", "sparsity", "importance")
"""Order of those of functions of a model at a point of its plane."""

OLD_NAMES = {
    "W", "b", "I", "S", "p", "starts", "n_starts", "n_random", "importances_", "biases",
    "verbose", "show_progress", "tol", "random_state",
}  # fmt: skip
"""Words for what has another name here."""
ALLOWED = {("train", "starts"), ("TrainingSettings", "starts"), ("Minimum", "starts")}
"""Which law the starts of training have; how many starts a search had."""


def calls() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """(name, owner, function) of all public functions and methods."""
    for name in sorted(dir(pc)):
        found = getattr(pc, name)
        if inspect.isfunction(found):
            yield name, "", found
        elif inspect.isclass(found) and found.__module__.startswith("phasecalc"):
            for method, member in vars(found).items():
                inner = member.__func__ if isinstance(member, classmethod) else member
                if inspect.isfunction(inner) and not method.startswith("_"):
                    yield f"{name}.{method}", name, inner


CALLS = list(calls())
SIGNATURES = {name: inspect.signature(function).parameters for name, _, function in CALLS}


def test_the_walk_sees_the_library():
    assert {"minimize", "expected_loss", "PhaseDiagram.label", "Candidate.from_weights"} <= set(
        SIGNATURES
    )


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_have_one_order_and_one_name(name):
    parameters = SIGNATURES[name]
    order = LOSS if "weights" in parameters and "model" not in parameters else POINT
    known = [order.index(key) for key in parameters if key in order]
    assert known == sorted(known), list(parameters)
    assert not [key for key in parameters if key in OLD_NAMES and (name, key) not in ALLOWED], list(
        parameters
    )


@pytest.mark.parametrize("name", [n for n, found in SIGNATURES.items() if "sparsity" in found])
def test_a_sparsity_can_be_given_as_a_probability(name):
    parameters = SIGNATURES[name]
    if name.startswith("Derivation."):  # whether formulas are in S
        return
    other = parameters.get("feature_probability")
    assert other is not None, list(parameters)
    assert other.kind is inspect.Parameter.KEYWORD_ONLY and other.default is None
    assert parameters["sparsity"].default is None


@pytest.mark.parametrize("name", SIGNATURES)
def test_bias_and_importance_have_defaults(name):
    parameters = SIGNATURES[name]
    for key in ("bias", "importance"):
        if key in parameters:
            assert parameters[key].default in (None, 0, 1, 1.0), f"{name}: {key}"


AT: dict[str, Callable[..., Any]] = {
    "expected_loss": partial(pc.expected_loss, W),
    "expected_loss_and_grad": lambda **at: pc.expected_loss_and_grad(W, **at)[1],
    "expected_hessian": partial(pc.expected_hessian, W),
    "truncated_loss": lambda **at: pc.truncated_loss(W, max_active=1, **at).loss,
    "minimize": lambda **at: pc.minimize(PAIR, random_starts=0, **at).loss,
    "describe": lambda **at: pc.describe(W, **at).loss,
    "regret": lambda **at: pc.regret(PAIR, W, random_starts=0, **at).loss,
    "gradient_flow": lambda **at: pc.gradient_flow(PAIR, trajectories=20, **at).counts,
    "certify": lambda **at: pc.certify(PAIR, gap="1/10", **at).upper,
    "slice_along": lambda **at: pc.slice_along(PAIR, values=[0.3, 0.4], **at).losses,
    "SparseLoss.at": lambda **at: pc.decompose([[1, -1]]).at(**at),
    "SparseLoss.at_sparsity": lambda **at: pc.decompose([[1, -1]]).at_sparsity(**at),
    "PhaseDiagram.label": lambda **at: pc.phase_diagram(PAIR).label(**at),
    "PhaseDiagram.minimisers": lambda **at: pc.phase_diagram(PAIR).minimisers(**at),
    "PhaseDiagram.minimum": lambda **at: pc.phase_diagram(PAIR).minimum(**at),
    "Candidate.loss_at": pc.candidates(PAIR)[1].loss_at,
    "Candidate.best_biases": pc.candidates(PAIR)[1].best_biases,
    "Boundary.latent_heat": pc.phase_diagram(PAIR).boundaries[0].latent_heat,
    "LimitDiagram.at": lambda **at: pc.limit_diagram().at(ratio=3, **at).shares,
    "Geometry.loss": lambda **at: pc.geometry(2, 1).loss(**at),
    "Geometry.label": lambda **at: pc.geometry(2, 1).label(**at),
    "Geometry.is_block": lambda **at: pc.geometry(2, 1).is_block(**at),
    "Geometry.minimum": lambda **at: pc.geometry(2, 1).minimum(**at)[0],
}  # fmt: skip
ELSEWHERE = {
    "decompose", "Derivation.to_latex", "Derivation.to_text", "TracedDiagram.label",
    "TracedDiagram.minimum", "TracedBoundary.latent_heat", "CellMap.phase_at",
    "PairDiagram.label", "PairDiagram.minimisers", "PairDiagram.minimum",
}  # fmt: skip
"""A probability for each feature; whether a text is in S; records that take
long to make; diagrams over p itself."""
OPTIONAL = {"describe", "Boundary.latent_heat"}
"""What may be asked without either."""


def test_every_such_call_is_tried():
    assert {n for n, found in SIGNATURES.items() if "feature_probability" in found} == (
        AT.keys() | ELSEWHERE - {"Derivation.to_latex", "Derivation.to_text"}
    )


@pytest.mark.parametrize("name", AT)
def test_the_probability_is_one_minus_the_sparsity(name):
    call = AT[name]
    # Halves and quarters: 1 − p is S to the last bit, and exact functions take them as text.
    assert np.array_equal(call(sparsity="3/4"), call(feature_probability="1/4"))
    with pytest.raises((TypeError, ValueError), match=r"one of (sparsity|x)"):
        call(sparsity="3/4", feature_probability="1/4")
    if name not in OPTIONAL:
        with pytest.raises((TypeError, ValueError), match=r"one of (sparsity|x)"):
            call()
    value: Any
    for value in ("-1/4", "5/4", "nan", "much", {}, float("nan")):
        with pytest.raises((TypeError, ValueError)) as refused:
            call(feature_probability=value)
        assert "feature_probability" in str(refused.value), value
        assert "\n" not in str(refused.value)


def test_a_probability_that_is_lost_in_one_minus_itself_is_refused():
    for name in ("minimize", "describe", "regret", "gradient_flow", "slice_along"):
        for value in (0, 1e-20):
            with pytest.raises(ValueError, match="feature_probability"):
                AT[name](feature_probability=value)
        AT[name](feature_probability=2.0**-10)


def test_texts_are_numbers_as_on_the_command_line():
    exact = pc.decompose([["1/2", "-sqrt(3)/2"]], "1/10", ["1", "1/3"]).at("3/5")
    found = pc.expected_loss([["1/2", "-sqrt(3)/2"]], "1/10", ["1", "1/3"], "3/5")
    assert found == pytest.approx(float(exact), rel=1e-14)
    mixed = pc.expected_loss([[Fraction(1, 2), -sympy.sqrt(3) / 2]], 0.1, [1, 1 / 3], 0.6)
    assert mixed == pytest.approx(found, rel=1e-14)
    for bad in ("w", "1/0", "__import__('os')", "nan", "sqrt(-1)"):
        with pytest.raises((TypeError, ValueError), match="weights"):
            pc.expected_loss([[1, bad]], 0, 1, 0.5)


@pytest.mark.parametrize(
    "call",
    [
        pc.decompose,
        pc.linear_loss,
        lambda W, b: pc.expected_loss(W, b, sparsity=0.5),
        lambda W, b: pc.expected_loss_and_grad(W, b, sparsity=0.5),
        lambda W, b: pc.expected_hessian(W, b, sparsity=0.5),
        pc.one_sparse_loss,
        lambda W, b: pc.truncated_loss(W, b, sparsity=0.5, max_active=1),
        pc.describe,
        lambda W, b: pc.regret(None, W, b, sparsity=0.5),
        lambda W, b: pc.regret(pc.ToyModel(3, 2), W, sparsity=0.5),
        lambda W, b: pc.minimize(pc.ToyModel(3, 2), 0.5, start=W),
    ],
)
def test_transposed_weights_are_recognised(call):
    with pytest.raises(ValueError, match=r"transpose.*column i") as refused:
        call([[1, 0], [0, 1], [0, -1]], [0, 0, 0])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda b, i: pc.expected_loss(W, b, i, 0.5),
        lambda b, i: pc.truncated_loss(W, b, i, 0.5, max_active=2).loss,
        lambda b, i: pc.one_sparse_loss(W, b, i),
        lambda b, i: pc.describe(W, b, i, 0.5).loss,
        lambda b, i: pc.decompose([[1, "-9/10"]], b, i).at("1/2"),
    ],
)
def test_one_bias_is_that_of_all_features_and_one_importance_that_of_the_last(call):
    assert call(None, None) == call(0, 1) == call([0, 0], [1, 1])
    assert call("1/8", "1/2") == call(["1/8", "1/8"], ["1", "1/2"]) == call("1/8,1/8", "1,1/2")
    assert call("0", "(1/2)^i") == call(0, "1/2")


@pytest.mark.parametrize(
    "call",
    [
        lambda i: pc.minimize(PAIR, "3/5", i, random_starts=0).loss,
        lambda i: pc.regret(PAIR, "1,-9/10", "0", "3/5", i, random_starts=0).minimum,
        lambda i: pc.certify(PAIR, "3/5", i, gap="1/10").upper,
        lambda i: pc.gradient_flow(PAIR, "3/5", i, trajectories=20).counts,
        lambda i: pc.slice_along(PAIR, importance=i, values=[0.3, 0.4]).losses.tolist(),
        lambda i: pc.minimize(pc.ToyModel(2, 1, importance=i), "3/5", random_starts=0).loss,
    ],
)
def test_importances_of_a_model_are_read_as_those_of_weights(call):
    assert call("1/2") == call("1,1/2") == call(["1", Fraction(1, 2)]) == call("(1/2)^i")


def test_importances_of_all_features_at_a_point_have_values():
    for call in (pc.minimize, pc.certify):
        with pytest.raises(ValueError, match="importances of all features must be numbers"):
            call(PAIR, "3/5", "1,r")
    with pytest.raises(ValueError, match=r"importance = \[0.5, 1.0\]: gradient_flow is for"):
        pc.gradient_flow(PAIR, 0.5, [0.5, 1.0], trajectories=20)
    with pytest.raises(TypeError, match=r"importance\[1\] = 0.5 is a float"):
        pc.certify(PAIR, "3/5", [1, 0.5])


COMMANDS = {name: command for name, command in sorted(cli.commands.items())}
OPTIONS = {
    name: {max(o.opts, key=len): o for o in command.params if isinstance(o, click.Option)}
    for name, command in COMMANDS.items()
}
OWN = {
    ("loss", "--bias"): "entries of the bias, as --weights are entries of the weights",
    ("loss", "--n-features"): "read from the weights where it is not given",
    ("loss", "--d-hidden"): "read from the weights where it is not given",
    ("train", "--cells"): "of the grid, not of a page",
    ("train", "--seed"): "of all random numbers, not only of starts",
    ("slice", "--source"): "lines of the candidates are formulas",
    ("explore", "--source"): "several on one page",
    ("limit", "--source"): "blocks in place of candidates",
    ("certify", "--checkpoint"): "the state of a search, not of a trace",
    ("cells", "--interference-penalty"): "one model",
}
"""Options whose type or default is not that of the others, and why."""
WORDS = {"--importance", "--sparsity", "--output"}
"""Options whose help says what they are in this command."""
LONG = {"boundaries", "cells", "certify", "check", "diagram", "explore", "limit", "minimize",
        "regret", "slice", "train"}  # fmt: skip
"""Commands that can take longer than two seconds."""
WRITES = {"derive", "diagram", "explore"}
"""Commands that write files and print no results."""


@pytest.mark.parametrize("flag", sorted({flag for known in OPTIONS.values() for flag in known}))
def test_an_option_means_the_same_in_every_command(flag):
    having = {name: known[flag] for name, known in OPTIONS.items() if flag in known}
    shared = {n: o for n, o in having.items() if (n, flag) not in OWN}
    assert len({o.name for o in having.values()}) == 1, "one name in Python"
    assert len({o.is_flag for o in having.values()}) == 1
    assert len({tuple(o.opts) for o in having.values()}) <= 1
    kinds = {str(o.type.to_info_dict()) for o in shared.values() if flag not in WORDS}
    assert len(kinds) <= 1, (flag, kinds)
    helps = {o.help for o in shared.values() if flag not in WORDS}
    assert len(helps) <= 1, (flag, helps)
    defaults = {repr(o.default) for o in shared.values() if flag not in WORDS}
    assert len(defaults) <= 1, (flag, defaults)


def test_every_command_has_the_options_of_its_kind():
    assert {name for name, known in OPTIONS.items() if "--quiet" in known} == LONG
    assert {name for name, known in OPTIONS.items() if "--json" not in known} == WRITES
    assert {name for name, known in OPTIONS.items() if "--in" in known} == {
        "boundaries", "derive", "loss",
    }  # fmt: skip
    for known in OPTIONS.values():
        if "--bias" in known and "--weights" not in known:
            assert "--interference-penalty" in known
        if "--workers" in known:
            assert "--checkpoint" in known
        for flag, short in (("--sparsity", "-S"), ("--output", "-o"), ("--quiet", "-q")):
            assert flag not in known or short in known[flag].opts


def printed(*arguments: str, capsys: Any) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    assert not stopped.value.code
    return str(capsys.readouterr().out)


def test_formulas_are_printed_in_the_variable_that_is_asked_for(capsys):
    in_p = json.loads(printed("boundaries", "--json", capsys=capsys))
    in_S = json.loads(printed("boundaries", "--json", "--in", "S", capsys=capsys))
    for one, other in zip(in_p["boundaries"], in_S["boundaries"], strict=True):
        for key in ("importance", "latent_heat", "slope"):
            if one[key] is None:
                assert other[key] is None
                continue
            first, second = sympy.sympify(one[key]), sympy.sympify(other[key], {"S": pc.S})
            assert sympy.cancel(first.subs(pc.p, 1 - pc.S) - second) == 0
            assert pc.p not in second.free_symbols
    text = printed("boundaries", "--in", "S", capsys=capsys)
    assert "r (1 − S) (1 + 3 S)/12" in text and "3/7 < S < 1" in text and "0 ≤ S < 3/7" in text
    assert "S = 2/3" in printed(
        "boundaries", "-n", "3", "-m", "2", "--law", "point", "--in", "S", capsys=capsys
    )
    loss = json.loads(printed("loss", "--weights", "1,-1", "--json", "--in", "S", capsys=capsys))
    assert sympy.expand(sympy.sympify(loss["total"], {"S": pc.S}) - (1 - pc.S) ** 2 / 3) == 0
    assert "(1 − S)²/3" in printed("loss", "--weights", "1,-1", "--in", "S", capsys=capsys)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("boundaries", "--in", "q"), "'q' is not one of 'p', 'S'"),
        (("loss", "--weights", "1,-1", "--in", "s"), "'s' is not one of 'p', 'S'"),
        (
            ("boundaries", "--support", "pair(c)", "--importance", "1,1", "--in", "S"),
            "P(both are active)",
        ),
        (("regret", "none.npz", "-S", "0.5", "--starts", "3"), "--starts"),
        (("minimize", "-n", "2000", "-m", "5", "-S", "0.5"), "at most 1000 features"),
        (("minimize", "-S", "0.5", "--random-starts", "-1"), "-1"),
        (("minimize", "-S", "1.5"), "-S 3/2: it must be in [0, 1)"),
        (("minimize", "--sparsity", "1.5"), "--sparsity 3/2: it must be in [0, 1)"),
        (("minimize", "-S", "0.5", "-r", "1,2,3"), "-r has 3 entries: it must have 2"),
        (("certify", "-S", "1/2", "--importance=0"), "--importance 0: it must be above 0"),
        (("slice",), "give one of -S and -r, the coordinate that is held"),
        (("slice", "-S", "1/2", "-r", "1"), "give one of -S and -r, the coordinate that is held;"),
        (("slice", "-S", "1/2", "-r", "0.9^i"), "-S: there is none beside importances in numbers"),
        (("slice", "-S", "1/2", "--source", "relaxed", "--bias", "zero"), "--bias zero needs --so"),
        (("boundaries", "-r", "1/2"), "-r (1, 1/2): candidates are those of (1, …, 1, r)"),
        (("limit", "-S", "1/2"), "--ratio is needed beside --sparsity"),
        (("cells", "--picture", "none/x.png"), "--picture '"),
        (("cells", "--picture", "x.txt"), "--picture 'x.txt': the name must end in .png"),
        (("loss", "--weights", "1,-1", "--bias", "free"), "--bias free: these weights need biases"),
        (("train", "--models", "0"), "--models 0: it must be at least 1"),
        (("boundaries", "--workers", "2"), "--workers 2: it needs --source relaxed or global"),
        (
            ("boundaries", "--checkpoint", "c.jsonl"),
            "--checkpoint 'c.jsonl': it needs --source relaxed or gl",
        ),
        (("diagram", "-o", "x.png", "--workers", "1"), "--workers 1: it needs --source relaxed"),
        (
            ("diagram", "-o", "x.png", "--checkpoint", "c.jsonl"),
            "--checkpoint 'c.jsonl': it needs --source",
        ),
        (("diagram", "-o", "x.png", "--metastable"), "--metastable needs --source relaxed"),
        (
            ("diagram", "-o", "x.png", "--support", "pair(c)", "-r", "1,1", "--axes", "linear"),
            "--axes linear: a diagram over p and c has none",
        ),
        (
            ("diagram", "-o", "x.png", "--law", "point", "--source", "global", "--metastable"),
            "--metastable: the diagram does not say where phases are metastable",
        ),
        (("check", "none.npz", "--workers", "2"), "--workers 2: it needs --source relaxed"),
        (
            ("check", "none.npz", "--checkpoint", "c.jsonl"),
            "--checkpoint 'c.jsonl': it needs --source relax",
        ),
        (("check", "none.npz", "--dpi", "100"), "--dpi 100: it is for a picture: give -o as well"),
        (("slice", "-S", "1/2", "--dpi", "100"), "--dpi 100: it is for a picture: give -o as"),
        (("limit", "--dpi", "100"), "--dpi 100: it is for a picture: give -o as well"),
        (("cells", "--dpi", "100"), "--dpi 100: it is for a picture: give --picture as well"),
        (("cells", "--lines"), "--picture is needed beside --lines"),
        (
            ("loss", "--weights", "1,-1", "--law", "exponential", "-S", "1/2", "--in", "S"),
            "--in S: --law exponential has no formula",
        ),
        (("train", "--steps", "10"), "--steps 10: it is for --method sampled"),
        (("train", "--batch-size", "8"), "--batch-size 8: it is for --method sampled"),
        (("train", "--learning-rate", "1"), "--learning-rate 1.0: it is for --method sampled"),
        (("train", "--weight-decay", "0"), "--weight-decay 0.0: it is for --method sampled"),
        (("train", "--method", "sampled", "--tolerance", "1"), "--tolerance 1.0: it is for --me"),
        (("train", "--method", "sampled", "--max-iterations", "1"), "--max-iterations 1: it is"),
        (("derive", "--list", "--in", "S"), "--in S: --list stands alone"),
        (
            ("boundaries", "--law", "point", "--source", "global", "--workers", "2"),
            "--workers: it must be 1 for --law point, whose diagram is soon made",
        ),
        (
            ("boundaries", "--law", "point", "--source", "global", "--checkpoint", "c.jsonl"),
            "--checkpoint 'c.jsonl': it must be None for --law point, whose diagram is soon made",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(arguments, says, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert says in error and error.count("\n") == 1
    assert not Path("x.png").exists() and not Path("c.jsonl").exists()


exact: Any = partial(pc.phase_diagram, PAIR)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: exact(cells=(9, 9)), r"cells = \(9, 9\)"),
        (lambda: exact(settings=pc.ContinuationSettings()), "settings = "),
        (lambda: exact(checkpoint="c"), "checkpoint = 'c'"),
        (lambda: exact(executor=ThreadPoolExecutor(1)), "executor = ThreadPoolExecutor: it must"),
        (
            lambda: pc.phase_diagram(
                pc.ToyModel(2, 1, pc.Point()), "global", executor=ThreadPoolExecutor(1)
            ),
            "executor = ThreadPoolExecutor: it must be None for law = point",
        ),
        (lambda: pc.plot_diagram(pc.phase_diagram(PAIR), metastable=True), "metastable = True"),
        (lambda: pc.minimize(PAIR, 0.5, start=W, random_starts=0), "random_starts = 0: it has no"),
        (lambda: pc.minimize(PAIR, 0.5, start=W, seed=1), "seed = 1: it has no use beside start"),
    ],
)
def test_arguments_of_no_use_are_refused(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call()


LONG_CALLS = {name for name, found in SIGNATURES.items() if "progress" in found}


def test_progress_is_one_thing():
    assert {"minimize", "regret", "train", "certify", "certify_cells", "phase_diagram",
            "slice_along", "limit_diagram", "geometry", "gradient_flow"} <= LONG_CALLS  # fmt: skip
    for name in LONG_CALLS:
        parameter = SIGNATURES[name]["progress"]
        assert parameter.annotation == "bool | None" and parameter.default is None, name
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, name
    bad: Any = "yes"
    for call in (
        lambda: pc.minimize(PAIR, 0.5, progress=bad),
        lambda: pc.certify(PAIR, "1/2", gap="1/10", progress=bad),
        lambda: pc.slice_along(PAIR, sparsity=0.5, values=[0.2, 0.3], progress=bad),
    ):
        with pytest.raises(TypeError, match=r"progress = .*: it must be None, True"):
            call()


def test_work_that_takes_longer_than_two_seconds_says_what_it_is(monkeypatch, capsys):
    monkeypatch.setattr(progress, "PATIENCE", 0.02)
    with progress.told("counting"):
        time.sleep(0.1)
    assert capsys.readouterr().err == ""  # no terminal
    with progress.told("counting", True):
        time.sleep(0.1)
    assert capsys.readouterr().err == "phasecalc: counting …\n"
    with progress.told("counting", False):
        time.sleep(0.1)
    monkeypatch.setattr(progress, "PATIENCE", 60.0)
    with progress.told("counting", True):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda bad: pc.minimize(PAIR, 0.5, seed=bad), "seed = -1: it must be an integer, 0 or"),
        (lambda bad: pc.minimize(PAIR, 0.5, random_starts=bad), "random_starts = -1: it must be"),
        (lambda bad: pc.regret(PAIR, W, sparsity=0.5, random_starts=bad), "random_starts = -1"),
        (lambda bad: pc.regret(PAIR, W, sparsity=0.5, seed=bad), "seed = -1"),
        (lambda bad: pc.geometry(2, 1, seed=bad), "seed = -1"),
        (lambda bad: pc.gradient_flow(PAIR, 0.5, trajectories=2, seed=bad), "seed = -1"),
        (lambda bad: pc.minimize(bad, 0.5), "model = -1: it must be a phasecalc.ToyModel"),
        (lambda bad: pc.gradient_flow(bad, 0.5), "model = -1: it must be a phasecalc.ToyModel"),
        (lambda bad: pc.minimize(PAIR, 0.5, start=bad), "start: weights of shape ()"),
        (lambda bad: pc.minimize(PAIR, 0.5, start=[[1e200, bad]]), "start: a weight of 1e+200"),
        (lambda bad: pc.minimize(PAIR, 0.5, start=(W, [bad])), "start: a bias of shape (1,)"),
        (lambda bad: pc.describe([[1e200, bad]], sparsity=0.5), "weights: one of 1e+200"),
        (lambda bad: pc.minimize(pc.ToyModel(20, 5), 0.9, seed=bad), "seed = -1: it must be"),
    ],
)
def test_bad_values_are_named(call, says):
    with pytest.raises((TypeError, ValueError)) as refused:
        call(-1)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_a_start_with_one_bias_for_all_and_a_description_without_a_closed_form():
    one = pc.minimize(PAIR, 0.5, start=([["1", "-1/2"]], 0.1))
    assert one.loss == pc.minimize(PAIR, 0.5, start=([[1, -0.5]], [0.1, 0.1])).loss
    found = pc.describe(W, sparsity=0.5, law=pc.Exponential())
    assert found.nearest is None and found.loss is not None
    rows = pc.phase_diagram(PAIR).grid(["1/2", "3/10"], ["1"])
    assert rows.labels.ravel().tolist() == ["antipodal", "ignore"]
