"""Magnitude laws and the model that carries everything its loss depends on."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.law_text import law_of
from phasecalc.laws import LAWS

WEIGHTS = [[1, Fraction(-4, 5), Fraction(1, 3)], [0, Fraction(1, 2), Fraction(6, 5)]]
BIAS = [Fraction(1, 10), Fraction(-1, 20), Fraction(1, 5)]


@pytest.mark.parametrize("law", [pc.Uniform(high=2), pc.Point(value="3/2"), pc.Uniform(high="1/3")])
def test_scaling_of_magnitudes(law: pc.Law) -> None:
    """With x = c t the loss is c² times that of (W, b/c) and magnitudes t."""
    c = law.scale
    exact = pc.decompose(WEIGHTS, BIAS, law=law).at(sparsity="2/5")
    inner = pc.decompose(WEIGHTS, [b / c for b in BIAS], law=type(law)()).at(sparsity="2/5")
    assert exact == c**2 * inner
    numbers = (np.array(WEIGHTS, float), np.array(BIAS, float), np.ones(3), 0.4)
    loss, _, db = pc.expected_loss_and_grad(*numbers, law=law)
    assert loss == pytest.approx(float(exact), rel=1e-14)
    hessian = pc.expected_hessian(*numbers, law=law)
    for j in range(3):
        step = 1e-6 * np.eye(3)[j]
        up, down = (
            pc.expected_loss_and_grad(numbers[0], numbers[1] + s, *numbers[2:], law=law)
            for s in (step, -step)
        )
        assert db[j] == pytest.approx((up[0] - down[0]) / 2e-6, abs=1e-8)
        np.testing.assert_allclose(hessian[6:, 6 + j], (up[2] - down[2]) / 2e-6, atol=1e-7)
        np.testing.assert_allclose(hessian[:6, 6 + j], (up[1] - down[1]).ravel() / 2e-6, atol=1e-7)


def test_minimum_of_scaled_magnitudes() -> None:
    one, two = (pc.minimize(pc.ToyModel(2, 1, pc.Uniform(high)), 0.6, 1) for high in (1, 2))
    assert two.loss == pytest.approx(4 * one.loss, rel=1e-13)
    np.testing.assert_allclose(two.weights, one.weights, atol=1e-9)
    np.testing.assert_allclose(two.bias, 2 * one.bias, atol=1e-9)
    again = pc.expected_loss(two.weights, two.bias, [1, 1], 0.6, pc.Uniform(2))
    assert again == pytest.approx(two.loss, rel=1e-13)


@pytest.mark.parametrize("law", [law() for law in LAWS.values()] + [pc.Uniform("2/3")])
def test_a_law_is_read_back_from_its_text(law: pc.Law) -> None:
    assert law_of(str(law)) == law


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gauss", "it must be one of"),
        ("uniform(low=1)", "uniform takes high"),
        ("uniform(1, 2)", "uniform takes high"),
        ("uniform(high=x)", "is not a number"),
        ("uniform(high=0)", "positive rational"),
        ("__import__('os')", "it must be one of"),
    ],
)
def test_texts_that_are_no_law(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        law_of(text)


def test_minimum_depends_on_all_that_the_model_carries() -> None:
    """Importances rho^i: at rho = r of two features it is the standard model."""
    rho = sympy.Symbol("rho")
    powers = pc.ToyModel(2, 1, importance=[1, rho])
    plain = pc.minimize(pc.ToyModel(2, 1), 0.7, 0.5)
    found = pc.minimize(powers, 0.7, rho=0.5)
    assert found.loss == plain.loss
    assert found.symbols == (("rho", 0.5),)
    assert pc.minimize(powers.at({"rho": "1/2"}), 0.7).loss == plain.loss


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (dict(importance=[1]), "importance has 1 entries"),
        (dict(importance=[1, -1]), r"importance\[1\] = -1"),
        (dict(importance=[1, pc.S]), "symbols other than p and S"),
        (dict(bias="none"), 'bias = .none.: it must be "free" or "zero"'),
        (dict(interference_penalty=-1), "interference_penalty = -1"),
    ],
)
def test_models_that_are_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        pc.ToyModel(2, 1, **arguments)


def test_floats_are_refused_with_the_exact_way_to_write_them() -> None:
    with pytest.raises(TypeError, match="importance"):
        pc.ToyModel(2, 1, importance=[1, 0.5])


def test_what_is_for_the_standard_model_says_so() -> None:
    model = pc.ToyModel(3, 2, importance=[1, "1/2", "1/4"])
    with pytest.raises(ValueError, match="candidates are those of"):
        pc.candidates(model)
    rho = sympy.Symbol("rho")
    with pytest.raises(ValueError, match="training takes free biases"):
        pc.train(pc.ToyModel(2, 1, importance=[1, rho]), [0.5], [1.0])
