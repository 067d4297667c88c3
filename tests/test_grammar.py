"""One grammar: an argument has one name, one place and one meaning in every call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
import sympy

import phasecalc as pc

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
def test_one_number_stands_for_all_features(call):
    assert call(None, None) == call(0, 1) == call([0, 0], [1, 1])
    assert call("1/8", "1/2") == call(["1/8", "1/8"], ["1/2", "1/2"])
