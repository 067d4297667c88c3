"""Minima over all weights: known values, invariances, names, options and refusals."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
import sympy
from click.testing import CliRunner

import phasecalc as pc
from phasecalc.blocks.tegum import candidates
from phasecalc.cli import cli, main
from phasecalc.minima.naming import name_of, outcome_of
from phasecalc.minima.problem import Problem

PAIR = pc.ToyModel(2, 1)
THREE = pc.ToyModel(3, 2)


def antipodal_polynomial(p: Fraction) -> tuple[sympy.Expr, sympy.Symbol, sympy.Symbol]:
    """The exact loss of W = (w, −w), b = (c, c) in the regime of the true minimum."""
    w, c = sympy.symbols("w c")
    loss = pc.decompose([[w, -w]], [c, c]).in_regime({w: Fraction(1), c: Fraction(1, 25)})
    return loss.total.subs(pc.p, sympy.Rational(p.numerator, p.denominator)), w, c


def test_symmetric_antipodal_against_high_precision() -> None:
    """Fifty digits from the exact polynomial of the regime, and the recorded reference values."""
    loss, w, c = antipodal_polynomial(Fraction(2, 5))
    equations = [sympy.diff(loss, w), sympy.diff(loss, c)]
    root = sympy.nsolve(equations, (w, c), (1, 0.04), prec=50)
    value = loss.subs({w: root[0], c: root[1]})
    assert abs(value - sympy.Float("0.050993018104326510", 18)) < 1e-18
    found = pc.minimize(PAIR, 0.6, 1)
    assert found.name == "antipodal"
    assert found.loss == pytest.approx(float(value), abs=1e-16)
    np.testing.assert_allclose(found.weights, [[1.00183468764, -1.00183468764]], atol=5e-12)
    np.testing.assert_allclose(found.bias, [0.04268635921] * 2, atol=5e-12)
    np.testing.assert_allclose(found.weights[0, 0], float(root[0]), atol=1e-13)


def test_broken_symmetry() -> None:
    found = pc.minimize(PAIR, 0.2, 1)
    assert found.name == "weak-antipodal"
    assert found.loss == pytest.approx(0.105516253422506894, abs=2e-16)
    np.testing.assert_allclose(np.abs(found.weights[0]), [0.929833, 0.444845], atol=5e-7)
    np.testing.assert_allclose(found.bias, [0.205427, 0.486298], atol=5e-7)


def test_joint_island() -> None:
    found = pc.minimize(THREE, 0.2, 1)
    assert found.name == "joint"
    assert found.loss == pytest.approx(0.1028075, abs=5e-8)
    np.testing.assert_allclose(np.diag(found.gram), 0.7264, atol=5e-5)
    np.testing.assert_allclose(found.gram[0, 1:], -0.3632, atol=5e-5)
    np.testing.assert_allclose(found.bias, 0.3866, atol=5e-5)


def test_every_minimum_is_stationary_and_stable() -> None:
    rng = np.random.default_rng(5)
    for _ in range(12):
        S, r = rng.uniform(0, 0.97), 10 ** rng.uniform(-1, 1)
        found = pc.minimize(PAIR, S, r)
        losses = [minimum.loss for minimum in found.minima]
        assert losses == sorted(losses)
        best = min(float(c.loss.subs({pc.p: 1 - S, pc.r: r})) for c in candidates(PAIR))
        assert found.loss <= best + 1e-15
        for minimum in found.minima:
            assert minimum.converged
            loss, dW, db = pc.expected_loss_and_grad(minimum.weights, minimum.bias, [1, r], S)
            assert max(np.abs(dW).max(), np.abs(db).max()) <= 1e-12
            assert loss == pytest.approx(minimum.loss, abs=1e-15)
            W = minimum.weights + 1e-3 * rng.normal(size=(200, 1, 2))
            b = minimum.bias + 1e-3 * rng.normal(size=(200, 2))
            assert (pc.expected_loss(W, b, [1, r], S) >= minimum.loss - 1e-15).all()


def test_mirror_law() -> None:
    """n = 2: swapping the features gives L(r) = r L(1/r)."""
    for S, r in ((0.1, 0.7), (0.4, 0.82), (0.7, 0.2), (0.49, 0.56)):
        one, two = pc.minimize(PAIR, S, r), pc.minimize(PAIR, S, 1 / r)
        assert one.loss == pytest.approx(r * two.loss, rel=1e-13)
        np.testing.assert_allclose(one.gram, two.gram[::-1, ::-1], atol=1e-10)


@pytest.mark.parametrize("S", [Fraction(1, 10), Fraction(3, 10), Fraction(2, 5), Fraction(7, 10)])
def test_no_bias_is_exact(S: Fraction) -> None:
    """Antipodal w² = (3+5S)/(2+6S), L = (1−S)²(7+25S)/(24(1+3S)); aligned (1,1)/√2, L = v(S)."""
    found = pc.minimize(pc.ToyModel(2, 1, bias="zero"), S, 1)
    antipodal = (1 - S) ** 2 * (7 + 25 * S) / (24 * (1 + 3 * S))
    aligned = (1 - S) * (1 + 3 * S) / 12
    losses = {minimum.name: minimum for minimum in found.minima}
    assert losses["antipodal"].loss == pytest.approx(float(antipodal), abs=1e-15)
    assert losses["antipodal"].gram[0, 0] == pytest.approx(float((3 + 5 * S) / (2 + 6 * S)))
    assert found.loss == pytest.approx(float(min(antipodal, aligned)), abs=1e-15)
    assert found.name == ("antipodal" if S > (3 + 4 * 14**0.5) / 43 else "aligned")
    assert not found.bias.any()


def test_interference_penalty_is_added() -> None:
    free = pc.minimize(PAIR, 0.8, 1)
    held = pc.minimize(pc.ToyModel(2, 1, interference_penalty="1/100"), 0.8, 1)
    w = held.weights[0]
    plain = float(pc.expected_loss(held.weights, held.bias, [1, 1], 0.8))
    assert held.loss == pytest.approx(plain + 0.01 * 2 * w[0] ** 2 * w[1] ** 2, abs=1e-15)
    assert free.loss < held.loss < free.loss + 0.02 * np.prod(free.weights) ** 2
    assert pc.minimize(pc.ToyModel(2, 1, interference_penalty=10), 0.8, 1).name == "ignore"


def test_point_law() -> None:
    model = pc.ToyModel(2, 1, law=pc.Point())
    found = pc.minimize(model, 0.9, 1)
    assert found.name == "antipodal"
    assert found.loss <= 2 * 0.1**2 + 1e-15


@pytest.mark.parametrize("sizes", [(2, 1), (3, 1), (3, 2), (4, 2), (4, 3), (5, 2), (5, 3), (6, 3)])
def test_candidates_have_their_own_names(sizes: tuple[int, int]) -> None:
    for candidate in candidates(pc.ToyModel(*sizes)):
        gram = np.array(candidate.gram, dtype=float)
        bias = np.array([float(b.subs(pc.p, 0.3)) for b in candidate.bias])
        # Represented features have bias 0, at which no output is dead.
        assert name_of(gram, bias) == candidate.name
        assert outcome_of(gram) == candidate.outcome


@pytest.mark.parametrize(
    ("weights", "bias", "name"),
    [
        ([[1, -0.4]], [0.1, 0.31], "weak-antipodal"),
        ([[1, -0.4]], [0.1, 0.29], "antipodal"),
        ([[0.4, -1]], [0.31, 0.1], "weak-other-antipodal"),
        ([[1, 0.5]], [-0.1, 0.4], "aligned"),
        ([[0, 0]], [0.1, 0.1], "ignore+ignore-other"),
        ([[1, -0.5, 0], [0, 0, 1]], [0.1, 0.4, 0], "others-weak-antipodal"),
        ([[1, 0, 0], [0, -0.5, 1]], [0, 0.4, 0.1], "extra-weak-other-antipodal"),
        ([[1, 0.5, 0.5], [0, 0.8, -0.8]], [0.1, 0.1, 0.1], "mixed-others-aligned"),
        ([[1, -0.9, 0.2], [0, 0.1, 1]], [0.1, 0.1, 0.1], "mixed-others-antipodal"),
        ([[0.2, -0.9, 1], [1, 0.1, 0]], [0.1, 0.1, 0.1], "mixed-extra-antipodal"),
        ([[1, 0], [0, 1]], [0, 0], "all-dedicated"),
    ],
)
def test_names_of_other_patterns(weights: list[list[float]], bias: list[float], name: str) -> None:
    W, b = np.array(weights, dtype=float), np.array(bias, dtype=float)
    assert name_of(W.T @ W, b) == name
    turned = np.array([[0.6, -0.8], [0.8, 0.6]]) @ W if len(W) == 2 else -W
    assert name_of(turned.T @ turned, b) == name


def test_dead_outputs_are_named() -> None:
    assert name_of(np.diag([1.0, 0.0]), np.array([0.0, -0.2])) == "dead-ignore"
    found = pc.minimize(PAIR, 0.3, 0.3)
    dead = [minimum for minimum in found.minima if minimum.name.startswith("dead-")]
    assert dead
    assert all(minimum.stability == "flat" for minimum in dead)


def test_gradient_of_the_objective() -> None:
    """Penalty included: central differences of the loss."""
    problem = Problem.of(pc.ToyModel(3, 2, interference_penalty="1/5"), 0.3, 0.7)
    x = np.random.default_rng(0).normal(size=9)
    steps = 1e-6 * np.eye(9)
    slope = [(problem.loss(x + h) - problem.loss(x - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(problem.gradient(x), slope, atol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(sparsity=1), "sparsity"),
        (dict(sparsity=-0.1), "sparsity"),
        (dict(sparsity=float("nan")), "sparsity"),
        (dict(importance=-1), "importance"),
        (dict(importance=float("inf")), "importance"),
        (dict(importance=10**400), "importance = 1000.*…: it must be a finite number"),
        (
            dict(model=pc.ToyModel(2000, 5)),
            "n_features = 2000: at most 1000 features are minimised",
        ),
        (dict(model=pc.ToyModel(30, 5, bias="zero")), "beyond 9 features there is no penalty"),
        (dict(rho=0.5), "the model has no symbol rho"),
        (dict(r=0.5), "r = 0.5: give the value of r as importance"),
        (
            dict(model=pc.ToyModel(2, 1, importance=[1, "3/5"]), importance=0.5),
            "importance = 0.5: one number is the value of r, which the model does not have",
        ),
        (
            dict(model=pc.ToyModel(2, 1, bias="zero"), start=([[1, -1]], [0.1, 0])),
            "start: a bias of 0.1; the model holds biases at 0",
        ),
        (dict(model=pc.ToyModel(2, 1, importance=[1, sympy.Symbol("q")])), "needs a value for q"),
        (dict(random_starts=-1), "random_starts"),
    ],
)
def test_refusals(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        pc.minimize(**{"model": PAIR, "sparsity": 0.5, **arguments})  # type: ignore[arg-type]


def test_no_number() -> None:
    with pytest.raises(TypeError, match="sparsity"):
        pc.minimize(PAIR, None)


def test_command_line() -> None:
    done = CliRunner().invoke(cli, ["minimize", "-S", "0.6", "-r", "1", "--json"])
    document = json.loads(done.output)
    assert done.exit_code == 0
    assert document["name"] == "antipodal"
    assert document["loss"] == pytest.approx(0.05099301810432651, abs=1e-15)
    assert document["converged"] is True
    assert document["minima"][0]["weights"] == document["weights"]
    text = CliRunner().invoke(cli, ["minimize", "-S", "3/5", "--bias", "zero"]).output
    assert "b is held at 0" in text


@pytest.mark.parametrize("options", [["-S", "1"], ["-S", "x"], ["-S", "0.5", "-r", "-1"], []])
def test_command_line_refuses(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["minimize", *options])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("law", [pc.Uniform(), pc.SignedUniform()])
def test_more_dimensions_than_features(law):
    """Each feature has a dimension of its own; what is more stays empty."""
    narrow = pc.minimize(pc.ToyModel(2, 2, law), 0.5, 0.7, random_starts=6)
    wide = pc.minimize(pc.ToyModel(2, 40, law), 0.5, 0.7, random_starts=6)
    assert wide.weights.shape == (40, 2)
    assert wide.loss == narrow.loss and wide.name == narrow.name
    assert (wide.weights[:2] == narrow.weights).all() and not wide.weights[2:].any()


def test_a_start_in_more_dimensions_than_features():
    """Where the narrow start of the same Gram matrix leads."""
    weights = np.random.default_rng(1).normal(size=(4, 2))
    found = pc.minimize(pc.ToyModel(2, 4), 0.5, 0.7, start=weights)
    factor = np.linalg.qr(weights, mode="r")
    narrow = pc.minimize(pc.ToyModel(2, 2), 0.5, 0.7, start=factor)
    assert found.weights.shape == (4, 2)
    assert found.loss == pytest.approx(narrow.loss, abs=1e-14)
    assert np.abs(found.gram - narrow.gram).max() < 1e-9


def test_too_many_dimensions_are_refused():
    with pytest.raises(ValueError, match="d_hidden = 1000000: weights of at most 100000 rows"):
        pc.minimize(pc.ToyModel(2, 10**6), 0.5)


def test_flat_minima_of_the_point_law_are_one_each():
    """Of `ignore` only G_11 + b_1 = 1 is fixed, for every b_1 ≤ 0: one minimum, not one a start."""
    found = pc.minimize(pc.ToyModel(2, 1, pc.Point()), 0.3, 0.5)
    known = [(minimum.name, round(minimum.loss, 9)) for minimum in found.minima]
    assert len(known) == len(set(known)) and "ignore" in dict(known)
    # r Var(x_2) with x_2 one with probability p.
    assert found.loss == pytest.approx(0.5 * 0.7 * 0.3, rel=1e-9)
