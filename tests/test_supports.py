"""Supports: which features are active together, exactly and in numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc import laws
from phasecalc.records import document_of, record_of
from phasecalc.support_text import support_of

p, r = pc.p, pc.r
c = sympy.Symbol("c")
WEIGHTS = [[1, Fraction(-4, 5), Fraction(1, 3), 0], [0, Fraction(1, 2), Fraction(6, 5), -1]]
BIAS = [Fraction(1, 10), Fraction(-1, 20), Fraction(1, 5), 0]
IMPORTANCE = [1, 1, Fraction(1, 2), r]
PAIR = pc.Table({(): 1 - 2 * p + c, (0,): p - c, (1,): p - c, (0, 1): c})
TABLE = pc.Table({(): "1/4", (0, 1): "1/4", (2,): "1/8", (0, 2, 3): "3/8"})
SUPPORTS = [
    pc.Groups(correlated=[(0, 2)]),
    pc.Groups(correlated=[(1, 3)], anticorrelated=[(0, 2)]),
    pc.Groups(anticorrelated=[(0, 1, 2)]),
    pc.ExactlyActive(1),
    pc.ExactlyActive(3),
    TABLE,
]


LAWS = [law() for law in laws.LAWS.values()]


def drawn(support: pc.Support, rng: np.random.Generator, size: int, probability: float, n: int = 4):
    """Samples of the active set, from the factors."""
    active = np.zeros((size, n), bool)
    for members, sets in support.factors(n):
        chances = np.array([float(sympy.sympify(w).subs(p, probability)) for _, w in sets])
        chosen = rng.choice(len(sets), size=size, p=chances)
        for e, (on, _) in enumerate(sets):
            for i in members:
                active[chosen == e, i] = i in on
    return active


@pytest.mark.parametrize("support", SUPPORTS, ids=str)
@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point(), pc.Beta(2, 1)], ids=str)
def test_samples_agree_with_the_exact_and_the_float_loss(support, law):
    rng = np.random.default_rng(1)
    S = Fraction(7, 10)
    active = drawn(support, rng, 100_000, 0.3)
    x = law.sample(rng, active.shape) * active
    W, b = np.array(WEIGHTS, float), np.array(BIAS, float)
    I = [1, 1, 0.5, 2]  # noqa: E741 the paper's letter
    sample = ((x - np.maximum(x @ W.T @ W + b, 0)) ** 2) @ I
    loss = pc.expected_loss(W, b, I, 0.7, law, support=support)
    assert abs(loss - sample.mean()) <= 5 * sample.std() / np.sqrt(len(x))
    exact = pc.decompose(WEIGHTS, BIAS, IMPORTANCE, law, support=support).at(S, r=2)
    assert loss == pytest.approx(float(exact), abs=1e-10)


@pytest.mark.parametrize("support", SUPPORTS, ids=str)
def test_losses_with_radicals_are_exact(support):
    weights = [[1, "-sqrt(3)/2", "1/3", 0], [0, "1/2", "6/5", "-sqrt(2)"]]
    loss = pc.decompose(weights, BIAS, [1, "sqrt(2)", "1/2", 2], support=support)
    assert not loss.total.atoms(sympy.Float)
    found = loss.at("7/10")
    assert not found.atoms(sympy.Float)
    W = np.array([[float(sympy.sympify(w)) for w in row] for row in weights])
    numeric = pc.expected_loss(W, np.array(BIAS, float), [1, 2**0.5, 0.5, 2], 0.7, support=support)
    assert float(found) == pytest.approx(numeric, abs=1e-13)


@pytest.mark.parametrize("support", [*SUPPORTS, pc.Independent(["1/2", p, "1/10", 1])], ids=str)
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_samples_agree_for_every_law_and_support(support, law):
    rng = np.random.default_rng(5)
    x = law.sample(rng, (20_000, 4)) * drawn(support, rng, 20_000, 0.3)
    W, b = np.array(WEIGHTS, float), np.array(BIAS, float)
    I = [1, 1, 0.5, 2]  # noqa: E741 the paper's letter
    sample = ((x - np.maximum(x @ W.T @ W + b, 0)) ** 2) @ I
    S = None if isinstance(support, pc.Independent) else 0.7
    if S is None:
        support = pc.Independent(["1/2", "3/10", "1/10", 1])
    loss = pc.expected_loss(W, b, I, S, law, support=support)
    assert abs(loss - sample.mean()) <= 5 * sample.std() / np.sqrt(len(x))


@pytest.mark.parametrize("support", SUPPORTS, ids=str)
def test_patterns_are_the_marginals_of_the_whole(support):
    whole = support.patterns(range(4), 4)
    assert sympy.expand(sum(whole.values())) == 1
    for size in range(1, 4):
        for features in combinations(range(4), size):
            part = support.patterns(features, 4)
            for active, weight in part.items():
                same = [w for a, w in whole.items() if a & set(features) == active]
                assert sympy.expand(sum(same) - weight) == 0
    for i in range(4):
        if isinstance(support, pc.Groups):
            assert support.active(i, 4) == p


def test_independent_features_of_one_probability_are_the_usual_loss():
    usual = pc.decompose(WEIGHTS, BIAS, IMPORTANCE)
    same = pc.decompose(WEIGHTS, BIAS, IMPORTANCE, feature_probability=[p] * 4)
    assert sympy.expand(usual.total - same.total) == 0
    assert usual.terms == same.terms
    one = pc.decompose(WEIGHTS, BIAS, IMPORTANCE, support=pc.ExactlyActive(2))
    assert sympy.expand(one.total - usual.terms[2] / 6) == 0


def test_probabilities_of_single_features():
    chances = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 10), Fraction(1)]
    exact = pc.decompose(WEIGHTS, BIAS, [1] * 4, feature_probability=chances).total
    W, b = np.array(WEIGHTS, float), np.array(BIAS, float)
    S = [float(1 - q) for q in chances]
    loss = pc.expected_loss(W, b, np.ones(4), sparsity_per_feature=S)
    assert loss == pytest.approx(float(exact), rel=1e-14)
    again = pc.expected_loss(W, b, np.ones(4), support=pc.Independent(chances))
    assert again == pytest.approx(loss, rel=1e-14)
    q = sympy.Symbol("q")
    formula = pc.decompose([[1, -1]], [0, 0], [1, r], feature_probability=[p, q]).total
    assert sympy.expand(formula - p * q * (1 + r) / 6) == 0


def test_two_features_that_may_be_correlated():
    """MATH of one dimension: ignore r v, antipodal c (1 + r)/6."""
    ignore = pc.decompose([[1, 0]], [0, p / 2], [1, r], support=PAIR).in_regime({p: "1/2"}).total
    assert sympy.expand(ignore - r * (p / 3 - p**2 / 4)) == 0
    antipodal = pc.decompose([[1, -1]], [0, 0], [1, r], support=PAIR).total
    assert sympy.expand(antipodal - c * (1 + r) / 6) == 0
    assert sympy.expand(antipodal.subs(c, p**2) - p**2 * (1 + r) / 6) == 0


def test_batches_and_gradients():
    rng = np.random.default_rng(2)
    W, b = rng.normal(size=(3, 1, 2, 4)), 0.1 * rng.normal(size=(3, 1, 4))
    support = SUPPORTS[1]
    loss, dW, db = pc.expected_loss_and_grad(W, b, np.ones(4), [0.6, 0.9], support=support)
    assert loss.shape == (3, 2) and dW.shape == (3, 2, 2, 4) and db.shape == (3, 2, 4)
    one = pc.expected_loss(W[1, 0], b[1, 0], np.ones(4), 0.9, support=support)
    assert loss[1, 1] == pytest.approx(one, rel=1e-13)
    v, h = rng.normal(size=(2, 4)), 1e-6
    up, down = (
        pc.expected_loss(W[1, 0] + t * v, b[1, 0], np.ones(4), 0.9, support=support)
        for t in (h, -h)
    )
    assert (up - down) / (2 * h) == pytest.approx((v * dW[1, 1]).sum(), rel=1e-6)


def test_one_sparse_data_of_many_features():
    """L = L_1/n: the least loss of k-gons in Chen et al. 2023."""
    known = {5: (1.17046, -0.28230, 0.0158256), 6: (1.32053, -0.61814, 0.0481924)}
    for k, (length, bias, loss) in known.items():
        angle = 2 * np.pi * np.arange(k) / k
        W = length * np.stack([np.cos(angle), np.sin(angle)])
        found = pc.expected_loss(W, [bias] * k, np.ones(k), 0.0, support=pc.ExactlyActive(1))
        assert found == pytest.approx(loss, abs=2e-7)
        square = 1 / (1 - np.cos(2 * np.pi / k))
        W *= np.sqrt(square) / length
        best = [-square * np.cos(2 * np.pi / k)] * k
        args = (W, best, np.ones(k), 0.0, pc.Point())
        assert pc.expected_loss(*args, support=pc.ExactlyActive(1)) == pytest.approx(0, abs=1e-30)
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(5, 30)) / 3, 0.1 * rng.normal(size=30)
    one = pc.expected_loss(W, b, np.ones(30), 0.5, support=pc.ExactlyActive(1))
    assert one == pytest.approx(pc.one_sparse_loss(W, b, np.ones(30)) / 30, abs=1e-10)


@pytest.mark.parametrize("support", [*SUPPORTS, PAIR, pc.Independent(["1/2", p])], ids=str)
def test_a_support_reads_back(support):
    bias = [0] * (2 if support in (PAIR, pc.Independent(["1/2", p])) else 4)
    loss = pc.decompose([[1, *bias[1:]]], bias, support=support)
    assert record_of(document_of(loss)) == loss


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: pc.Groups(correlated=[(0, 1)], anticorrelated=[(1, 2)]), "1 is in a group"),
        (lambda: pc.Groups(correlated=[(0, 0)]), "a feature is listed twice"),
        (lambda: pc.Groups(correlated=[(0, -1)]), "-1 is no feature; they count from 0"),
        (lambda: pc.Table({(0,): "1/2", (): "1/3"}), "they sum to 5/6, it must be 1"),
        (lambda: pc.Table({(0,): "3/2", (): "-1/2"}), r"= 3/2: it must lie in \[0, 1\]"),
        (lambda: pc.Table([((0, 1), "1/2"), ((1, 0), "1/2")]), "{0, 1} is listed twice"),
        (lambda: pc.ExactlyActive(5).patterns((0,), 4), "k = 5: there are only 4 features"),
        (lambda: pc.Independent(["1/2", 2]), r"probabilities\[1\] = 2: it must lie in"),
        (
            lambda: pc.decompose([[1, 0]], [0, 0], feature_probability=["1/2"]),
            "feature_probability has 1 entries: it must have 2",
        ),
        (
            lambda: pc.decompose([[1, 0]], [0, 0], support=pc.Groups(correlated=[(0, 2)])),
            "there is no feature 2, only 0 to 1",
        ),
        (
            lambda: pc.expected_loss(
                np.ones((1, 4)), np.zeros(4), np.ones(4), 0.5,
                support=pc.Groups(anticorrelated=[(0, 1, 2)]),
            ),
            "at S = 0.5 a set of features has the probability -0.5",
        ),
        (
            lambda: pc.expected_loss([[1, 1]], [0, 0], [1, 1], 0.5, support=PAIR),
            "needs a value to be computed with",
        ),
        (
            lambda: pc.expected_loss(
                np.ones((1, 60)), np.zeros(60), np.ones(60), 0.5, support=pc.ExactlyActive(5)
            ),
            "5461512 active sets would be summed, the limit is 20000",
        ),
    ],
)  # fmt: skip
def test_unusable_supports(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_supports_of_the_wrong_type():
    with pytest.raises(TypeError, match="it must be a support"):
        pc.decompose([[1]], [0], support="independent")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="at most one of them"):
        pc.decompose([[1]], [0], support=pc.ExactlyActive(1), feature_probability=["1/2"])
    with pytest.raises(TypeError, match="must list features"):
        pc.Groups(correlated=[0, 1])
    with pytest.raises(TypeError, match="must be given with a support"):
        pc.expected_loss([[1, 1]], [0, 0], [1, 1], support=pc.ExactlyActive(1))


def test_minima_with_a_support():
    apart = pc.minimize(
        pc.ToyModel(2, 1, support=pc.Groups(anticorrelated=[(0, 1)])), 0.6, random_starts=0
    )
    assert apart.name == "antipodal" and apart.loss < 1e-12
    together = pc.minimize(
        pc.ToyModel(2, 1, support=pc.Groups(correlated=[(0, 1)])), 0.6, random_starts=0
    )
    v = 0.4 / 3 - 0.4**2 / 4
    assert together.loss < v and together.converged


def test_one_sparse_minimum_is_the_pentagon():
    """Chen et al. 2023: length 1.17046, bias −0.28230, loss 0.0158256 a feature."""
    model = pc.ToyModel(5, 2, importance=[1] * 5, support=pc.ExactlyActive(1))
    found = pc.minimize(model, 0.5, random_starts=5)
    assert found.name == "pentagon"
    # their loss is that of a feature, and one feature in five is active
    assert found.loss == pytest.approx(0.0158256, abs=2e-7)
    assert np.linalg.norm(found.weights, axis=0) == pytest.approx(1.17046, abs=2e-5)
    assert found.bias == pytest.approx(-0.282297, abs=2e-5)


SMALL = [
    pc.Independent(["1/2", "1/3", "1/5"]),
    pc.Groups(correlated=[(0, 2)]),
    pc.Groups(correlated=[(0, 1, 2)]),
    pc.Groups(anticorrelated=[(0, 1, 2)]),
    pc.ExactlyActive(1),
    pc.ExactlyActive(2),
    pc.Table({(): "1/4", (0, 1): "1/4", (2,): "1/8", (0, 2): "3/8"}),
    pc.Pair(pc.p / 4),
]


@pytest.mark.parametrize(
    "support", [*SMALL, *SUPPORTS, PAIR, pc.Independent(), pc.Groups(), pc.Pair()], ids=repr
)
def test_texts_read_back(support):
    """What a document says of a support is what --support takes; words are for people."""
    assert support_of(str(support)) == support
    assert "(" not in support.text or str(support) == support.text


@pytest.mark.parametrize("support", SMALL, ids=str)
def test_trained_and_minimised_with_every_support(support):
    """Both find a minimum whose loss is that of samples, of the float loss and the exact one."""
    law = pc.Exponential() if isinstance(support, pc.Pair) else pc.Uniform()
    n = 2 if isinstance(support, pc.Pair) else 3
    S = None if isinstance(support, pc.Independent) else 0.7
    importance = [1, Fraction(3, 4), Fraction(1, 2)][:n]
    model = pc.ToyModel(n, 1, law, importance=importance, support=support)
    grid = pc.train(model, [0.7], [1.0], 4, seed=2, progress=False)
    least = pc.minimize(model, 0.7, random_starts=0)
    assert least.converged
    trained = int(np.argmin(grid.losses[0, 0]))
    assert grid.losses[0, 0, trained] == pytest.approx(least.loss, abs=1e-7)
    rng = np.random.default_rng(3)
    active = drawn(support, rng, 200_000, 0.3, n)
    x = law.sample(rng, active.shape) * active
    I = np.array(importance, float)  # noqa: E741 the paper's letter
    ends = [(least.weights, least.bias), (grid.weights[0, 0, trained], grid.biases[0, 0, trained])]
    for W, b in ends:
        each = ((x - np.maximum(x @ W.T @ W + b, 0)) ** 2) @ I
        known = pc.expected_loss(W, b, I, S, law, support=support)
        assert abs(known - each.mean()) <= 5 * each.std() / np.sqrt(len(x)) + 1e-15
        if law == pc.Uniform():
            exact = pc.decompose(
                [[Fraction(float(w)) for w in row] for row in W],
                [Fraction(float(c)) for c in b],
                importance,
                support=support,
            )
            assert float(exact.at("7/10")) == pytest.approx(float(known), abs=1e-10)
