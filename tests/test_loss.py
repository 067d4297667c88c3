"""The exact loss against reference values, sampling, quadrature and laws."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations, pairwise, permutations
from math import comb
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

import phasecalc as pc
from phasecalc.exact.moments import cube_cross_integral, cube_integral

from .strategies import POSITIVE, SMALL, models, sampled_loss

REFERENCE = json.loads((Path(__file__).parent / "reference" / "losses.json").read_text())
LAWS = [pc.Uniform(), pc.Point()]
half = Fraction(1, 2)


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["kind"])
def test_reference_losses_are_equal_as_fractions(case):
    loss = pc.decompose(case["weights"], case["bias"], case["importance"])
    assert [Fraction(str(term)) for term in loss.terms] == [Fraction(t) for t in case["terms"]]
    assert Fraction(str(loss.at(sparsity=case["sparsity"]))) == Fraction(case["loss"])


def test_known_value_at_full_density():
    loss = pc.decompose([["3/5", "4/5"]], ["2/25", "-3/50"])
    assert loss.at(sparsity=0) == sympy.Rational(1, 12) - sympy.Rational(369, 40960000)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_sampling_agrees_within_five_standard_errors(law):
    rng = np.random.default_rng(7)
    for seed in range(12):
        n, m = rng.integers(1, 5), rng.integers(1, 4)
        weights = [[Fraction(int(k), 10) for k in row] for row in rng.integers(-15, 16, (m, n))]
        bias = [Fraction(int(k), 20) for k in rng.integers(-10, 11, n)]
        importance = [Fraction(int(k), 10) for k in rng.integers(1, 30, n)]
        sparsity = Fraction(int(rng.integers(0, 10)), 10)
        exact = pc.decompose(weights, bias, importance, law).at(sparsity)
        mean, error = sampled_loss(weights, bias, importance, sparsity, law, seed, 200_000)
        assert abs(mean - float(exact)) <= 5 * error


@given(st.lists(SMALL.filter(bool), min_size=1, max_size=2), SMALL, st.integers(0, 3))
def test_cube_integral_agrees_with_quadrature(slopes, offset, power):
    counts = {g: slopes.count(g) for g in slopes}
    exact = float(cube_integral(counts, offset, power))
    g, c = [float(s) for s in slopes], float(offset)

    def inner(y: float) -> float:
        """∫ (g_0 x + y)_+^q dx, by its antiderivative's kink at x = −y/g_0."""
        kink = min(max(-y / g[0], 0.0), 1.0)
        pieces = [(0.0, kink), (kink, 1.0)]
        return sum(
            integrate.fixed_quad(lambda x: np.maximum(g[0] * x + y, 0) ** power, a, b, n=4)[0]
            if power
            else (b - a) * (g[0] * (a + b) / 2 + y > 0)
            for a, b in pieces
        )

    if len(g) == 1:
        found = inner(c)
    else:
        kinks = [-(c + k * g[0]) / g[1] for k in (0, 1)]
        ends = sorted({0.0, 1.0, *(k for k in kinks if 0 < k < 1)})
        nodes, node_weights = np.polynomial.legendre.leggauss(8)
        found = sum(
            (b - a)
            / 2
            * sum(
                w * inner(g[1] * ((b - a) / 2 * t + (a + b) / 2) + c)
                for t, w in zip(nodes, node_weights, strict=True)
            )
            for a, b in pairwise(ends)
        )
    # Gauss rules split at the kinks are exact for piecewise polynomials, up to rounding.
    assert found == pytest.approx(exact, rel=1e-10, abs=1e-12)


@given(SMALL, st.lists(SMALL.filter(bool), max_size=2), SMALL)
def test_cross_integral_is_a_derivative(own, slopes, offset):
    """∫ x (a x + …)_+ dx is d/da of ∫ (a x + …)_+² dx / 2, a quotient of exact differences."""
    counts = {g: slopes.count(g) for g in slopes}

    def square(a: Fraction) -> Fraction:
        more = dict(counts)
        if a:
            more[a] = more.get(a, 0) + 1
        return cube_integral(more, offset, 2)

    h = Fraction(1, 10**6)
    difference = (square(own + h) - square(own - h)) / (4 * h)
    assert abs(difference - cube_cross_integral(own, counts, offset)) <= h


@given(models())
def test_total_is_the_weighted_sum_of_terms(model):
    weights, bias, importance, sparsity = model
    loss = pc.decompose(weights, bias, importance)
    n, p = len(bias), 1 - sparsity
    by_hand = sum(p**k * sparsity ** (n - k) * t for k, t in enumerate(loss.terms))
    assert loss.at(sparsity) == by_hand
    assert loss.terms[1] == loss.benefit + loss.interference
    assert loss.terms[0] == sum(
        i * max(b, Fraction(0)) ** 2 for i, b in zip(importance, bias, strict=True)
    )


@given(models())
def test_permuting_features_leaves_the_loss(model):
    weights, bias, importance, _ = model
    loss = pc.decompose(weights, bias, importance)
    for order in permutations(range(len(bias))):
        shuffled = pc.decompose(
            [[row[i] for i in order] for row in weights],
            [bias[i] for i in order],
            [importance[i] for i in order],
        )
        assert shuffled.terms == loss.terms


@given(models(m_most=2), st.sampled_from([(3, 4, 5), (5, 12, 13)]))
def test_signs_and_rotations_leave_the_loss(model, triple):
    weights, bias, importance, _ = model
    loss = pc.decompose(weights, bias, importance)
    negated = [[-w for w in row] for row in weights]
    assert pc.decompose(negated, bias, importance).terms == loss.terms
    if len(weights) == 2:
        c, s = Fraction(triple[0], triple[2]), Fraction(triple[1], triple[2])
        rotated = [
            [c * a - s * b for a, b in zip(*weights, strict=True)],
            [s * a + c * b for a, b in zip(*weights, strict=True)],
        ]
        assert pc.decompose(rotated, bias, importance).terms == loss.terms


@given(models(), POSITIVE)
def test_scaling_importance_scales_the_loss(model, factor):
    weights, bias, importance, _ = model
    loss = pc.decompose(weights, bias, importance)
    scaled = pc.decompose(weights, bias, [factor * i for i in importance])
    assert scaled.total == sympy.expand(sympy.sympify(factor) * loss.total)


@given(models())
def test_limits_of_density(model):
    """At p = 1 only L_n is left; near p = 0 with L_0 = 0 the loss is p·L_1."""
    weights, bias, importance, _ = model
    loss = pc.decompose(weights, bias, importance)
    assert loss.at(sparsity=0) == loss.terms[-1]
    assert loss.at(sparsity=1) == loss.terms[0]
    if loss.terms[0] == 0:
        assert loss.total.diff(pc.p).subs(pc.p, 0) == loss.terms[1]


def test_disjoint_components_add_up():
    """n features in pairs: L_k counts each pair's sets together with sets of the others."""
    pair = pc.decompose([["9/10", "-4/5"]], ["1/10", "-1/20"])
    weights = [["9/10", "-4/5", 0, 0], [0, 0, "9/10", "-4/5"]]
    both = pc.decompose(weights, ["1/10", "-1/20"] * 2)
    assert both.total == sympy.expand(2 * pair.total)
    for k in range(5):
        expected = sum(
            2 * comb(2, k - size) * term for size, term in enumerate(pair.terms) if size <= k
        )
        assert both.terms[k] == expected


def test_twelve_features_in_pairs_cost_six_small_problems():
    weights = [[0] * 12 for _ in range(6)]
    for k in range(6):
        weights[k][2 * k], weights[k][2 * k + 1] = 1, -1
    loss = pc.decompose(weights, [0] * 12)
    assert loss.total == 2 * pc.p**2
    assert loss.terms[2] == 2


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_symbolic_loss_agrees_with_numbers(law):
    w, b, c = sympy.symbols("w b c")
    loss = pc.decompose([[1, w]], [b, c], [1, pc.r], law)
    values = {"w": Fraction(-7, 10), "b": Fraction(1, 20), "c": Fraction(-1, 5), "r": 3}
    exact = pc.decompose([[1, values["w"]]], [values["b"], values["c"]], [1, 3], law)
    assert loss.at(sparsity=half, **values) == exact.at(sparsity=half)
    regime = loss.in_regime(values)
    assert not regime.total.has(pc.TruncatedPower)
    assert regime.at(sparsity=half, **values) == exact.at(sparsity=half)
    assert regime.terms[1] - regime.benefit - regime.interference == 0


def test_symbolic_loss_differentiates_substitutes_and_lambdifies():
    w = sympy.Symbol("w")
    loss = pc.decompose([[1, w]], [0, sympy.Rational(-1, 10)])
    function = sympy.lambdify((w, pc.p), loss.total, "numpy")
    slope = sympy.lambdify((w, pc.p), loss.total.diff(w), "numpy")
    points = np.array([-0.8, 0.3, 1.2])
    exact = [
        float(pc.decompose([[1, Fraction(str(x))]], [0, Fraction(-1, 10)]).at(half)) for x in points
    ]
    assert function(points, 0.5) == pytest.approx(exact, rel=1e-12)
    # Central differences of a C² piece err by h²: 1e-10 for h = 1e-5.
    h = 1e-5
    numeric = (function(points + h, 0.5) - function(points - h, 0.5)) / (2 * h)
    assert slope(points, 0.5) == pytest.approx(numeric, abs=1e-8)
    assert r"_{+}^{" in sympy.latex(loss.total)


def test_regime_border_and_missing_values_are_refused():
    w, b = sympy.symbols("w b")
    loss = pc.decompose([[1, w]], [b, 0])
    with pytest.raises(ValueError, match="no value for b"):
        loss.in_regime({w: -1})
    with pytest.raises(ValueError, match="border of a regime"):
        loss.in_regime({w: -1, b: 0})


def test_algebraic_weights_have_exact_losses():
    root = sympy.sqrt(3) / 2
    simplex = [[1, -half, -half], [0, root, -root]]
    loss = pc.decompose(simplex, [0, 0, 0])
    assert loss.total == pc.p**3 / 8 + 3 * pc.p**2 / 8
    from_gram = pc.decompose(
        gram=[[1, -half, -half], [-half, 1, -half], [-half, -half, 1]], bias=[0, 0, 0]
    )
    assert from_gram.terms == loss.terms
    scaled = pc.decompose([[sympy.sqrt(2), -1]], [sympy.sqrt(3) - 2, 0])
    mean, error = sampled_loss([[2**0.5, -1]], [3**0.5 - 2, 0], [1, 1], half, pc.Uniform(), 3)
    assert abs(float(scaled.at(half)) - mean) <= 5 * error


def test_hidden_zeros_are_seen():
    """√(5 + 2√6) = √2 + √3: an overlap that is zero only after simplification."""
    tangled = sympy.sqrt(5 + 2 * sympy.sqrt(6)) - sympy.sqrt(2)
    loss = pc.decompose([[1, sympy.sqrt(3)], [tangled, -1]], [0, 0])
    assert loss.gram[0][1] == 0


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_linear_model(law):
    rng = np.random.default_rng(1)
    weights = [["1/2", "-3/10", "1/5"], ["0", "7/10", "2/5"]]
    bias = ["1/10", "-1/5", "0"]
    importance = ["1", "2", "1/2"]
    w, b, i = (
        np.array([[float(Fraction(x)) for x in row] for row in rows])
        for rows in (weights, [bias], [importance])
    )
    samples, sparsity = 400_000, 0.4
    x = (rng.random((samples, 3)) >= sparsity) * (
        1.0 if law == pc.Point() else rng.random((samples, 3))
    )
    losses = ((x - x @ (w.T @ w) - b) ** 2) @ i[0]
    exact = pc.linear_loss(weights, bias, importance, law).subs(pc.p, sympy.Rational(3, 5))
    assert abs(losses.mean() - float(exact)) <= 5 * losses.std() / np.sqrt(samples)


def test_linear_model_best_bias_is_a_minimum_and_superposition_never_pays():
    a, b = sympy.symbols("a b")
    free = sympy.Poly(pc.linear_loss([["3/5", "-4/5"]], [a, b]), a, b)
    best = sympy.solve([free.as_expr().diff(a), free.as_expr().diff(b)], [a, b])
    minimum = sympy.expand(free.as_expr().subs(best))
    assert minimum == pc.linear_loss([["3/5", "-4/5"]])
    v = pc.Uniform().variance
    assert pc.linear_loss([[1, 0]]) == sympy.expand(v)
    w1, w2 = sympy.symbols("w1 w2", real=True)
    saxe = sympy.factor(pc.linear_loss([[w1, w2]]) / v) - 1
    assert sympy.expand(saxe - (w1**2 + w2**2 - 1) ** 2) == 0  # never below (n − m) v = v


def test_one_sparse_polygons_are_critical_points():
    """Regular k-gons in two dimensions, one-sparse data: known lengths, biases and losses."""
    length, bias = sympy.symbols("l b", real=True)
    known = {5: (1.17046, -0.28230, 0.01583), 6: (1.32053, -0.61814, 0.04819)}
    for k, (l0, b0, loss0) in known.items():
        total = sympy.Integer(0)
        for i in range(k):
            overlap = length**2 * sympy.cos(2 * sympy.pi * i / k)
            # A pair counts both its features: half of it is one feature's share.
            pair = pc.decompose(
                gram=[[length**2, overlap], [overlap, length**2]], bias=[bias, bias]
            )
            total += (pair.interference if i else pair.benefit) / 2
        values = {length: sympy.Float(l0, 20), bias: sympy.Float(b0, 20)}
        # Known to five digits; the loss is quadratic around the point, its gradient linear.
        assert abs(float(total.subs(values)) - loss0) < 6e-6
        for symbol in (length, bias):
            assert abs(float(total.diff(symbol).subs(values))) < 1e-4


def test_text_is_read_but_never_evaluated():
    with pytest.raises(ValueError, match="is not a number"):
        pc.decompose([["__import__('os').system('id')"]], [0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[1, -1]], [0]), ValueError, "bias has 1 entries: it must have 2"),
        (([[1, -1], [1]], [0, 0]), ValueError, r"weights\[1\] has 1 entries"),
        (([], []), ValueError, "weights is empty"),
        (([[1, 0.5]], [0, 0]), TypeError, r'weights\[0\]\[1\] = 0.5 .*Fraction\("0.5"\)'),
        (([[1, np.float64(0.5)]], [0, 0]), TypeError, r"would not be exact"),
        (([[1, sympy.Float(0.5)]], [0, 0]), TypeError, "contains a float"),
        (([[1, float("nan")]], [0, 0]), ValueError, "finite"),
        (([[1, sympy.oo]], [0, 0]), ValueError, "finite"),
        (([[1, sympy.I]], [0, 0]), ValueError, "real"),
        (([[1, sympy.pi]], [0, 0]), ValueError, "algebraic"),
        (([[1, True]], [0, 0]), TypeError, "must be a number"),
        (([[1, None]], [0, 0]), TypeError, "int, a Fraction"),
        ((5, [0, 0]), TypeError, "list of rows"),
        (([[1, -1]], [0, 0], [1, -1]), ValueError, r"importance\[1\] = -1"),
        (([[1, -1]], [0, 0], None, "uniform"), TypeError, "law = 'uniform'"),
    ],
)
def test_unusable_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        pc.decompose(*arguments)


def test_gram_must_be_square_symmetric_and_alone():
    with pytest.raises(ValueError, match="square"):
        pc.decompose(gram=[[1, 0]], bias=[0, 0])
    with pytest.raises(ValueError, match="symmetric"):
        pc.decompose(gram=[[1, 0], [1, 1]], bias=[0, 0])
    with pytest.raises(TypeError, match="either weights"):
        pc.decompose([[1]], [0], gram=[[1]])


def test_large_neighbourhoods_are_refused_with_their_size():
    weights = [[Fraction(1, k + 2) for k in range(20)]]
    with pytest.raises(ValueError, match=r"interferes with 19 others.*limit"):
        pc.decompose(weights, [0] * 20)


@pytest.mark.parametrize("sparsity", [-1, 2, "nan", 0.5, float("inf")])
def test_sparsity_must_be_exact_and_in_range(sparsity):
    with pytest.raises((ValueError, TypeError), match="sparsity"):
        pc.decompose([[1, -1]], [0, 0]).at(sparsity=sparsity)


def test_at_needs_every_symbol():
    with pytest.raises(ValueError, match="value for r"):
        pc.decompose([[1, -1]], [0, 0], [1, pc.r]).at(sparsity=half)


def test_values_that_make_a_symbolic_overlap_vanish():
    """The formula divides by the overlap; the value is that of the weights themselves."""
    w = sympy.Symbol("w")
    loss = pc.decompose([[1, w]], [0, pc.S / 2])
    expected = pc.decompose([[1, 0]], [0, Fraction(1, 4)]).at(half)
    assert loss.at(half, w=0) == expected


def test_sparsity_in_a_bias_is_one_minus_p():
    assert pc.decompose([[1, 0]], [0, pc.S / 2]).bias[1] == sympy.Rational(1, 2) - pc.p / 2


@pytest.mark.parametrize("module", ["numpy", "math", "mpmath"])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_compiled_formulas_agree_with_exact_values(module, law):
    w = sympy.Symbol("w")
    loss = pc.decompose([[1, w]], [Fraction(1, 8), 0], law=law)
    function = sympy.lambdify((w, pc.p), loss.total, module)
    assert float(function(2.0, 0.5)) == pytest.approx(float(loss.at(half, w=2)), rel=1e-13)
    u = sympy.Symbol("u")
    powers = pc.TruncatedPower(u, 1) ** 3 + 1 / pc.TruncatedPower(u, 2) + pc.TruncatedPower(u, 0)
    assert float(sympy.lambdify(u, powers, module)(2.0)) == pytest.approx(9.25)


def test_decimals_of_a_symbolic_loss():
    w = sympy.Symbol("w")
    loss = pc.decompose([[1, w]], [0, 0])
    decimals = loss.total.n(20).subs({w: sympy.Rational(-1, 3), pc.p: sympy.Rational(1, 2)})
    exact = loss.at(half, w=Fraction(-1, 3))
    assert abs(decimals.n(15) - exact) < sympy.Float("1e-14")


def test_signs_of_nearly_vanishing_numbers():
    from phasecalc.exact.truncated import exact_sign

    assert exact_sign(sympy.sqrt(10**400 + 1) - 10**200) == 1
    assert exact_sign(10**200 - sympy.sqrt(10**400 + 1)) == -1
    assert exact_sign(sympy.sqrt(3) * sympy.sqrt(2) - sympy.sqrt(6)) == 0
    with pytest.raises(ValueError, match="not real"):
        exact_sign(sympy.sqrt(-2))


def test_polygons_may_be_given_by_their_weights():
    corners = range(5)
    weights = [[f(2 * sympy.pi * k / 5) for k in corners] for f in (sympy.cos, sympy.sin)]
    loss = pc.decompose(weights, [0] * 5)
    near, far = (sympy.sqrt(5) - 1) / 4, (-sympy.sqrt(5) - 1) / 4
    gram = [[[1, near, far, far, near][(i - j) % 5] for j in corners] for i in corners]
    assert sympy.expand(loss.total - pc.decompose(gram=gram, bias=[0] * 5).total) == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pc.decompose([[10**5000]], [0]), ValueError, "16610 bits: the limit"),
        (lambda: pc.decompose([[sympy.Symbol("p", real=True)]], [0]), ValueError, "phasecalc.p"),
        (lambda: pc.decompose([[sympy.Symbol("a"), sympy.Symbol("a", real=True)]], [0, 0]),
         ValueError, "two different symbols"),
        (lambda: pc.decompose([[sympy.I * sympy.Symbol("a")]], [0]), ValueError, "real"),
        (lambda: pc.decompose([[1]], [0]).at(half, q=1), ValueError, "no symbol q"),
        (lambda: pc.decompose([[1]], [0]).at(half, p=1), ValueError, "given by sparsity"),
        (lambda: pc.decompose([[1]], [0]).in_regime([1]), TypeError, "map symbols"),  # type: ignore[arg-type]
        (lambda: pc.decompose([[1, 1 / pc.r]], [0, 0]).in_regime({"r": 0}), ValueError, "finite"),
        (lambda: pc.decompose([[1, pc.r]], [0, 0]).in_regime({"r": pc.p}), ValueError, "a number"),
    ],
)  # fmt: skip
def test_further_unusable_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_linear_loss_has_no_limit_of_features():
    n = 40
    loss = pc.linear_loss([[Fraction(1, k + 2) for k in range(n)]])
    assert loss.subs(pc.p, 0) == 0
    assert pc.decompose([[1, "1/2", 0]], [0, 0, 0], [1, 0, 0]).features[1].by_active == (0, 0)


def test_numpy_integers_and_sympy_matrices_are_exact():
    by_lists = pc.decompose([[1, -1]], [0, 0])
    assert pc.decompose(np.array([[1, -1]]), np.array([0, 0])).terms == by_lists.terms
    assert pc.decompose(sympy.Matrix([[1, -1]]), sympy.Matrix([0, 0])).terms == by_lists.terms


def test_every_pair_of_active_sets_by_brute_force():
    """L_k by its definition, set by set, with each ℓ_j(A) from a model of the active set alone."""
    weights = [[Fraction(1), Fraction(-7, 10), Fraction(2, 5)]]
    bias = [Fraction(1, 10), Fraction(-1, 5), Fraction(0)]
    loss = pc.decompose(weights, bias)
    for k in range(4):
        total = Fraction(0)
        for active in combinations(range(3), k):
            for j in range(3):
                members = [*active, *([] if j in active else [j])]
                sub = pc.decompose(
                    [[weights[0][i] for i in members]],
                    [bias[i] for i in members],
                    [int(i == j) for i in members],
                )
                # With all of `members` active but possibly j: alternating over j's activity.
                if j in active:
                    total += Fraction(str(sub.terms[-1]))
                else:
                    own = weights[0][j]
                    slopes: dict[Fraction, int] = {}
                    for i in active:
                        g = own * weights[0][i]
                        slopes[g] = slopes.get(g, 0) + 1
                    total += cube_integral(slopes, bias[j], 2)
        assert loss.terms[k] == total


@pytest.mark.parametrize("broken", ["_vertex_weight", "cube_cross_integral"])
def test_a_wrong_sign_in_the_moments_is_noticed(broken, monkeypatch):
    """Break the formula on purpose: the comparison with the reference must fail."""
    from phasecalc.exact import features, moments

    module = moments if broken == "_vertex_weight" else features
    right = getattr(module, broken)
    monkeypatch.setattr(module, broken, lambda *arguments: -right(*arguments))
    wrong = sum(
        Fraction(str(pc.decompose(c["weights"], c["bias"], c["importance"]).at(c["sparsity"])))
        != Fraction(c["loss"])
        for c in REFERENCE[:20]
    )
    assert wrong >= 15
