"""Blocks beyond simplices: exact losses against the float kernel, the diagrams made of them."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
import sympy
from click.testing import CliRunner

import phasecalc as pc
from phasecalc.blocks.standard import line, polygon, simplex, square_antiprism, standard_blocks
from phasecalc.cli import cli
from phasecalc.diagram.beaten import not_beaten
from phasecalc.exact.extension import polynomials, reduced
from phasecalc.exact.roots import real_roots
from phasecalc.minima.naming import description_of, name_of
from phasecalc.symbols import p, r

BLOCKS = standard_blocks(8)
LAWS = [pc.Uniform(), pc.Point()]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_exact_losses_are_those_of_the_float_kernel(block, law):
    """A polynomial in p with algebraic coefficients, at a thousand points."""
    densities = np.linspace(0.001, 1.0, 1000)
    weights = np.array(block.weights(), dtype=float).reshape(-1, block.size)
    if not len(weights):
        weights = np.zeros((1, block.size))
    np.testing.assert_allclose(weights.T @ weights, np.array(block.gram, dtype=float), atol=1e-14)
    bias = np.empty((1000, block.size))
    for i, b in enumerate(block.bias):
        bias[:, i] = sympy.lambdify(p, b, "numpy")(densities)
    exact = sympy.lambdify(p, block.loss(law), "numpy")(densities)
    found = pc.expected_loss(weights, bias, np.ones(block.size), 1 - densities, law=law)
    np.testing.assert_allclose(exact, found, rtol=1e-12, atol=1e-13)


def test_one_sparse_loss_of_the_pentagon():
    """The value that makes simplices alone wrong near S = 1: it is below 1/3."""
    loss = pc.decompose(gram=polygon(5).gram, bias=[0] * 5)
    root = sympy.sqrt(5)
    # Unit lengths: (W_i·W_j)_+²/3 for each of ten ordered neighbours, cos 72° = (√5 − 1)/4.
    assert sympy.expand(loss.terms[1] - sympy.Rational(10, 3) * ((root - 1) / 4) ** 2) == 0
    assert loss.terms[1] == sympy.Rational(5, 4) - 5 * root / 12
    assert loss.terms[1] < sympy.Rational(1, 3)


def test_the_antiprism_has_the_least_one_sparse_loss_of_its_family():
    from scipy.optimize import minimize_scalar

    def interference(u):
        return 8 / 3 * (2 * u**2 + 2 * max((1 - u) / 2**0.5 - u, 0) ** 2)

    best = minimize_scalar(
        interference, bounds=(0.01, 0.6), method="bounded", options={"xatol": 1e-12}
    )
    found = pc.decompose(gram=square_antiprism().gram, bias=[0] * 8).terms[1]
    assert float(found) == pytest.approx(best.fun, abs=1e-12)
    assert square_antiprism().dimensions == 3


@pytest.mark.parametrize("size", [(3, 1), (5, 2), (6, 2), (8, 3)])
def test_candidates_have_the_sizes_of_the_model(size):
    n, m = size
    found = pc.candidates(pc.ToyModel(*size))
    assert len({c.name for c in found}) == len(found)
    for c in found:
        assert (len(c.weights), len(c.weights[0]), len(c.gram)) == (m, n, n)
        assert c.description
        gram = np.array(c.weights, dtype=float).T @ np.array(c.weights, dtype=float)
        np.testing.assert_allclose(gram, np.array(c.gram, dtype=float), atol=1e-13)


def test_candidates_of_five_in_two_agree_with_the_kernel():
    for c in pc.candidates(pc.ToyModel(5, 2)):
        for density, weight in ((0.05, 1.0), (0.6, 0.3)):
            bias = [float(b.subs(p, density)) for b in c.bias]
            found = pc.expected_loss(
                np.array(c.weights, dtype=float), bias, [1, 1, 1, 1, weight], 1 - density
            )
            exact = float(c.loss.subs({p: density, r: weight}))
            assert exact == pytest.approx(float(found), rel=1e-13, abs=1e-14)


@pytest.fixture(scope="module")
def five_in_two():
    return pc.phase_diagram(pc.ToyModel(5, 2))


def test_five_in_two_ends_in_the_pentagon(five_in_two):
    assert "pentagon" in {c.name for c in five_in_two.phases}
    assert five_in_two.label(Fraction(99, 100), 1) == "pentagon"
    assert five_in_two.label(Fraction(97, 100), 1) != "pentagon"
    (meeting,) = (j for j in five_in_two.junctions if "pentagon" in j.phases)
    assert meeting.importance == 1
    assert meeting.status == "isolated"
    low, high = meeting.isolation
    assert high - low <= Fraction(1, 10**15)
    # The line of the two pairs as a formula with √5; at S → 1 it is at (720 − 240√5)/(60 + 60√5).
    boundary = next(b for b in five_in_two.boundaries if b.phases[1] == "pentagon")
    limit = sympy.radsimp(boundary.importance.subs(p, 0))
    assert limit == sympy.radsimp((12 - 4 * sympy.sqrt(5)) / (1 + sympy.sqrt(5)))
    assert boundary.order == 1


@pytest.mark.parametrize("count", [50, 200])
def test_the_envelope_is_the_lowest_of_all_candidates(five_in_two, count):
    """On a grid, by floats, away from ties."""
    rng = np.random.default_rng(5)
    for density, weight in zip(
        rng.random(count) ** 3, 10 ** rng.uniform(-1, 1, count), strict=True
    ):
        S, w = Fraction(1 - density), Fraction(float(weight))
        losses = {c.name: float(c.loss_at(S, w)) for c in five_in_two.candidates}
        label = five_in_two.label(S, w)
        assert losses[label] <= min(losses.values()) * (1 + 1e-12)
    grid = five_in_two.grid(1 - rng.random(20) ** 3, 10 ** rng.uniform(-1, 1, 20))
    assert grid.labels[3, 7] == five_in_two.label(grid.sparsities[3], grid.importances[7])


def test_who_is_left_out_is_nowhere_lowest():
    compared = pc.candidates(pc.ToyModel(6, 2))
    left = {compared[k].name for k in not_beaten(compared)}
    assert len(left) < len(compared)
    functions = {c.name: sympy.lambdify((p, r), c.loss) for c in compared}
    rng = np.random.default_rng(1)
    for density, weight in zip(rng.random(100), 10 ** rng.uniform(-1, 1, 100), strict=True):
        losses = {name: loss(density, weight) for name, loss in functions.items()}
        assert min(losses, key=losses.__getitem__) in left


def test_records_of_algebraic_diagrams_are_data(five_in_two, tmp_path):
    five_in_two.save(tmp_path / "d.json")
    assert pc.load(tmp_path / "d.json") == five_in_two


def test_a_block_of_ones_own():
    """Three on a line at the lengths of an open question: it beats a pair with one dropped."""
    W = [[Fraction(2, 5), Fraction(21, 20), Fraction(-1)]]
    gram = [[a * b for b in W[0]] for a in W[0]]
    own = pc.Block(gram=gram, bias=["1/100", "-3/20", 0], name="lop-sided")
    assert (own.size, own.dimensions, len(own.places)) == (3, 1, 3)
    exact = own.loss().subs(p, sympy.Rational(1, 20))
    assert exact == sympy.Rational(71365055540275453, 4337012736000000000)
    model = pc.ToyModel(3, 1)
    diagram = pc.phase_diagram(model, candidates=pc.candidates(model, blocks=[own]))
    assert diagram.label(Fraction(19, 20), 1).startswith("lop-sided")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pc.Block(gram=[[1, 2], [2, 1]]), "not positive semidefinite"),
        (lambda: pc.Block(gram=[[0, 1], [1, 0]]), "not positive semidefinite"),
        (lambda: pc.Block(gram=[[1, -1], [-1, 1]], dimensions=2), "span 1 dimensions, not 2"),
        (lambda: pc.Block(gram=[[1, -1]]), "square"),
        (lambda: pc.Block(gram=[[1, -1], [1, 1]]), "symmetric"),
        (lambda: pc.Block(gram=[[sympy.Symbol("g")]]), "numbers, not formulas"),
        (lambda: pc.Block(gram=[[1]], bias=[0, 0]), "bias has 2 entries"),
        (lambda: pc.Block(gram=[[1]], name="a+b"), "without"),
        (lambda: polygon(4), "5 or more"),
        (lambda: pc.candidates(pc.ToyModel(3, 2), blocks=[polygon(5)]), "does not fit"),
        (lambda: pc.candidates(pc.ToyModel(6, 2), blocks=[polygon(5)]), "two blocks have the name"),
    ],
)
def test_blocks_that_do_not_fit(make, words):
    with pytest.raises(ValueError, match=words):
        make()
    with pytest.raises(TypeError, match=r"phasecalc\.Block"):
        pc.candidates(pc.ToyModel(3, 2), blocks=[3])  # type: ignore[list-item]


def rotated(weights: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(len(weights),) * 2))[0]
    return (turn @ weights)[:, rng.permutation(weights.shape[1])]


@pytest.mark.parametrize(
    ("block", "name"),
    [(polygon(k), n) for k, n in ((5, "pentagon"), (6, "hexagon"), (7, "heptagon"), (8, "octagon"))]
    + [(square_antiprism(), "square-antiprism"), (simplex(4), "tetrahedron")],
)
def test_regular_figures_are_recognised(block, name):
    weights = np.array(block.weights(), dtype=float)
    for seed in range(3):
        W = 1.1 * rotated(weights, seed) + np.random.default_rng(seed).normal(
            size=weights.shape, scale=1e-8
        )
        assert name_of(W.T @ W, np.full(block.size, -0.1)) == name
        assert name in description_of(W.T @ W, np.zeros(block.size)).replace(" ", "-")


def test_irregular_groups_have_a_pattern_that_lasts():
    angles = np.array([0.0, 1.2, 2.6, 3.9, 5.2])
    for shift in (0.0, 0.02):
        W = np.array([np.cos(angles + shift * angles), np.sin(angles + shift * angles)])
        assert name_of(W.T @ W, np.zeros(5)) == "deformed-pentagon"
    assert line().size == 3


def turned(lengths, degrees):
    angles = np.radians(degrees) + 0.7
    return np.array([lengths * np.cos(angles), lengths * np.sin(angles)])


# Irregular minima of five features in two dimensions, the extra feature last.
@pytest.mark.parametrize(
    ("lengths", "degrees", "biases", "name"),
    [
        ((0.9, 0.9, 0.4, 0.4, 0.3), (128, 232, 0, 0, 0), (4, 4, 5, 5, 6), "5-in-2(2:2=-x)"),
        ((0.9, 0.3, 0.3, 0.3, 0.94), (102, 237, 237, 237, 0), (4, 5, 5, 5, 3), "5-in-2(1-x:3=)"),
        ((0.9, 0.31, 0.27, 0.27, 1), (93, 244, 270, 270, 0), (4, 5, 6, 6, 0), "5-in-2(1-x:1-2=)"),
        ((0.9, 0.32, 0.32, 0.3, 1), (97, 247, 247, 253, 0), (4, 5, 5, 6, 1), "5-in-2(1-x:2=-1)"),
        ((0.83, 0.83, 0.04, 0.04, 0.82), (120, 240, 62, 298, 0), (4, 4, 5, 5, 3), "5-in-2(2-x:2)"),
    ],
)
def test_names_tell_apart_what_is_alike(lengths, degrees, biases, name):
    W, b = turned(np.array(lengths), degrees), np.array(biases) / 10
    for order in permutations(range(4)):
        k = [*order, 4]
        assert name_of(W[:, k].T @ W[:, k], b[k]) == name
    assert "irregular figure of all five" in description_of(W.T @ W, b)


def test_names_last_where_overlaps_change_their_sign():
    names = set()
    for angle in (265, 269, 271, 275):  # the two at this angle turn past 90 degrees from the extra
        W = turned(np.array([0.9, 0.31, 0.27, 0.27, 1]), (93, 244, angle, angle, 0))
        names.add(name_of(W.T @ W, np.array([4, 5, 6, 6, 0]) / 10))
    assert names == {"5-in-2(1-x:1-2=)"}


def test_polynomials_over_a_field():
    root = sympy.sqrt(5)
    one, two = polynomials([root * p**2 - 1, p / 3])
    (found,) = real_roots(one, Fraction(0), Fraction(1))
    assert found.minimal.degree() == 4
    assert found.sign_of(one) == 0 and found.sign_of(two) == 1
    twice = one * one
    assert [x.compare(found) for x in real_roots(twice, Fraction(0), Fraction(1))] == [0]
    assert reduced((root * p**2 - root) / (p + 1)) == root * p - root


def test_the_command_says_which_blocks_were_considered():
    done = CliRunner().invoke(cli, ["boundaries", "-n", "5", "-m", "2"])
    assert done.exit_code == 0
    assert "Blocks considered: dropped, pair, three-on-a-line, triangle, pentagon" in done.output
    assert "√5" in done.output
    done = CliRunner().invoke(cli, ["boundaries", "-n", "5", "-m", "2", "--json"])
    document = json.loads(done.output)
    assert "pentagon" in document["blocks"]
    described = {phase["name"]: phase["description"] for phase in document["phases"]}
    assert described["extra-dropped+2-pairs"] == "two antipodal pairs; the extra feature dropped"
