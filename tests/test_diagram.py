"""Candidates, the exact envelope, boundaries, junctions and grids."""

from __future__ import annotations

import dataclasses
import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import phasecalc as pc
from phasecalc.blocks.standard import simplex
from phasecalc.diagram.envelope import Line, hull_at, lower_envelope
from phasecalc.diagram.known_better import _WEIGHTS, known_better
from phasecalc.exact.roots import polynomial, real_roots, value_at
from phasecalc.inputs import parse_matrix, parse_vector

p, S, r = pc.p, pc.S, pc.r
SIZES = [(2, 1), (3, 2), (3, 1), (4, 2), (5, 3), (6, 5)]
LAWS = [pc.Uniform(), pc.Point()]


def same(one: sympy.Expr, two: sympy.Expr) -> bool:
    return sympy.cancel(one - two) == 0


def exact_points(count: int, seed: int = 0):
    """Random exact (S, r), with r spread over four decades."""
    rng = random.Random(seed)
    for _ in range(count):
        scale = Fraction(10) ** rng.randint(-2, 1)
        yield Fraction(rng.randint(0, 999), 1000), scale * Fraction(rng.randint(1, 1000), 100)


def test_two_features_in_one_dimension():
    diagram = pc.phase_diagram(pc.ToyModel(2, 1))
    v = p / 3 - p**2 / 4
    losses = {c.name: c.loss for c in diagram.phases}
    assert same(losses["ignore"], r * v)
    assert same(losses["dedicated"], v)
    assert same(losses["antipodal"], (1 + r) * p**2 / 6)
    lines = {frozenset(b.phases): b for b in diagram.boundaries}
    assert same(lines[frozenset({"ignore", "antipodal"})].importance, 2 * p / (4 - 5 * p))
    assert same(lines[frozenset({"dedicated", "antipodal"})].importance, (4 - 5 * p) / (2 * p))
    flat = lines[frozenset({"ignore", "dedicated"})]
    assert flat.importance == 1
    assert flat.interval == (sympy.Rational(4, 7), 1)
    (junction,) = diagram.junctions
    assert (junction.sparsity, junction.importance) == (sympy.Rational(3, 7), 1)
    assert junction.loss == sympy.Rational(16, 147)
    assert set(junction.phases) == {"ignore", "dedicated", "antipodal"}


def test_three_features_in_two_dimensions():
    diagram = pc.phase_diagram(pc.ToyModel(3, 2))
    assert [c.name for c in diagram.candidates] == [
        "ignore-extra", "ignore-other", "extra-antipodal", "others-antipodal", "joint",
    ]  # fmt: skip
    lines = {frozenset(b.phases): b for b in diagram.boundaries}
    # These two losses touch the envelope in one point only: no arc between them.
    assert frozenset({"ignore-extra", "others-antipodal"}) not in lines
    vertical = lines[frozenset({"ignore-other", "others-antipodal"})]
    assert vertical.importance is None
    assert vertical.feature_probability == sympy.Rational(4, 7)
    assert vertical.importance_interval == (1, sympy.oo)
    assert vertical.slope is None
    assert vertical.latent_heat(pc.S) == 0 and vertical.latent_heat() == (0, 0)
    assert vertical.gradient_jump[0] != 0
    assert vertical.order == 1
    (junction,) = diagram.junctions
    assert set(junction.phases) == {c.name for c in diagram.phases}
    assert len(junction.phases) == 4
    assert (junction.sparsity, junction.importance) == (sympy.Rational(3, 7), 1)


def test_point_law():
    diagram = pc.phase_diagram(pc.ToyModel(2, 1, pc.Point()))
    losses = {c.name: c.loss for c in diagram.phases}
    assert same(losses["ignore"], r * p * (1 - p))
    assert same(losses["antipodal"], (1 + r) * p**2)
    assert diagram.junctions[0].feature_probability == sympy.Rational(1, 3)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_candidate_losses_agree_with_their_own_weights(size, law):
    """Two ways: the block formula, and the decomposition of the weights at an exact p."""
    model = pc.ToyModel(size[0], size[1], law)
    for c in pc.candidates(model):
        for density in (Fraction(1, 5), Fraction(3, 4)):
            bias = [sympy.sympify(b).subs(p, sympy.Rational(str(density))) for b in c.bias]
            loss = pc.decompose(c.weights, bias, model.importance, law)
            expected = c.loss.subs(p, sympy.Rational(str(density)))
            assert sympy.expand(loss.at_sparsity(1 - density) - expected) == 0
        gram = sympy.Matrix(c.weights).T * sympy.Matrix(c.weights)
        assert gram.applyfunc(sympy.simplify) == sympy.Matrix(c.gram)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_best_bias_of_a_dropped_feature_costs_the_variance(law):
    ignore = pc.candidates(pc.ToyModel(2, 1, law))[0]
    assert same(ignore.bias[1], law.mean)
    assert same(ignore.loss, r * law.variance)
    near = [
        pc.decompose([[1, 0]], [0, Fraction(k, 100)], [1, 1], law).at(Fraction(1, 2))
        for k in range(101)
    ]
    best = law.mean.subs(p, sympy.Rational(1, 2))
    assert near.index(min(near)) == 100 * best


@pytest.mark.parametrize("size", range(2, 7))
def test_simplex_vectors_are_unit_and_sum_to_zero(size):
    vectors = list(zip(*simplex(size).weights(), strict=True))
    for i in range(size):
        for j in range(size):
            overlap = sympy.simplify(
                sum(a * b for a, b in zip(vectors[i], vectors[j], strict=True))
            )
            assert overlap == (1 if i == j else sympy.Rational(-1, size - 1))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("count", [50, 1000])
def test_the_label_is_the_argmin_at_many_points(size, law, count):
    diagram = pc.phase_diagram(pc.ToyModel(size[0], size[1], law))
    for sparsity, importance in exact_points(count if size == (3, 2) else min(count, 150)):
        losses = {c.name: c.loss_at(sparsity, importance) for c in diagram.candidates}
        lowest = min(losses.values())
        assert diagram.minimum(sparsity, importance) == lowest
        winners = diagram.minimisers(sparsity, importance)
        assert set(winners) <= {name for name, loss in losses.items() if loss == lowest}
        assert diagram.label(sparsity, importance) == winners[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_boundaries_are_where_two_phases_are_lowest_together(size, law):
    diagram = pc.phase_diagram(pc.ToyModel(size[0], size[1], law))
    for boundary in diagram.boundaries:
        low, high = boundary.interval
        for t in (Fraction(1, 7), Fraction(1, 2), Fraction(9, 10)):
            if boundary.importance is None:
                density = Fraction(str(boundary.feature_probability))
                least, most = boundary.importance_interval
                most = least + 5 if most == sympy.oo else most
                importance = Fraction(str(least + sympy.Rational(str(t)) * (most - least)))
            else:
                density = Fraction(str(low + sympy.Rational(str(t)) * (high - low)))
                importance = Fraction(
                    str(boundary.importance.subs(p, sympy.Rational(str(density))))
                )
            assert set(diagram.minimisers(1 - density, importance)) == set(boundary.phases)


@pytest.mark.parametrize("size", SIZES)
def test_thermodynamics_of_every_boundary(size):
    """Clausius-Clapeyron is the derivative of r(p); the latent heat is the jump of ∂F/∂r."""
    for boundary in pc.phase_diagram(pc.ToyModel(*size)).boundaries:
        if boundary.importance is None:
            continue
        assert same(boundary.slope, -boundary.importance.diff(p))
        heat = (boundary.losses[0] - boundary.losses[1]).diff(r)
        assert same(boundary.latent_heat(pc.S), heat.subs(p, 1 - pc.S))
        middle = sum(boundary.interval) / 2
        assert boundary.latent_heat(1 - middle) == heat.subs(p, middle) > 0
        assert boundary.latent_heat() == tuple(heat.subs(p, 1 - S) for S in boundary.sparsities)
        assert boundary.order == 1


def test_swapping_the_features_mirrors_the_two_feature_diagram():
    """n = 2: L(r) with the features swapped is r·L(1/r)."""
    diagram = pc.phase_diagram(pc.ToyModel(2, 1))
    mirror = {"ignore": "dedicated", "dedicated": "ignore", "antipodal": "antipodal"}
    for sparsity, importance in exact_points(200, seed=3):
        assert diagram.minimum(sparsity, importance) == importance * diagram.minimum(
            sparsity, 1 / importance
        )
        if len(diagram.minimisers(sparsity, importance)) == 1:
            label = diagram.label(sparsity, 1 / importance)
            assert mirror[diagram.label(sparsity, importance)] == label


COEFFICIENT = st.integers(-4, 4).map(lambda k: Fraction(k, 2))
LINES = st.lists(
    st.tuples(*[st.lists(COEFFICIENT, min_size=1, max_size=4) for _ in range(2)]),
    min_size=1,
    max_size=6,
)


@given(LINES)
def test_the_envelope_of_arbitrary_polynomials(coefficients):
    """Strips cover (0, 1); inside each the hull is what the strip says; neighbours differ."""
    lines = list(
        dict.fromkeys(
            Line(*(polynomial(sum(c * p**k for k, c in enumerate(cs))) for cs in pair))
            for pair in coefficients
        )
    )
    strips = lower_envelope(lines)
    assert strips[0].low.exact() == 0
    assert strips[-1].high.exact() == 1
    for one, two in pairwise(strips):
        assert one.high.compare(two.low) == 0
    rng = random.Random(len(coefficients))
    for _ in range(25):
        at = Fraction(rng.randint(1, 10**6 - 1), 10**6)
        (strip,) = (
            s
            for s in strips
            if sympy.Rational(str(at)) > s.low.exact() and sympy.Rational(str(at)) < s.high.exact()
        )
        assert hull_at(lines, at) == strip.phases
        edges = [value_at(c.numerator, at) / value_at(c.denominator, at) for c in strip.crossings]
        assert edges == sorted(edges)
        for low, high, phase in zip(
            [Fraction(0), *edges], [*edges, None], strip.phases, strict=True
        ):
            middle = (low + high) / 2 if high is not None else low + 1
            losses = [value_at(x.base, at) + middle * value_at(x.slope, at) for x in lines]
            assert losses[phase] == min(losses)


def test_irrational_junctions_are_isolated_and_consistent():
    """A candidate of one's own whose junctions have irrational coordinates."""
    own = pc.Candidate.from_weights("weak", [[1, "-1/2"]], [0, "1/10"], "superposition")
    model = pc.ToyModel(2, 1)
    diagram = pc.phase_diagram(model, candidates=[*pc.candidates(model), own])
    assert "weak" in {phase.name for phase in diagram.phases}
    assert any(not j.sparsity.is_Rational for j in diagram.junctions)
    by_name = {c.name: c for c in diagram.candidates}
    for junction in diagram.junctions:
        values = {p: junction.feature_probability, r: junction.importance}
        for name in junction.phases:
            difference = by_name[name].loss.subs(values) - junction.loss
            assert abs(sympy.N(difference, 40)) < sympy.Float("1e-35")
        assert junction.status == (
            "exact" if not junction.sparsity.has(sympy.CRootOf) else "isolated"
        )


def test_candidates_with_the_same_loss_are_one_phase():
    model = pc.ToyModel(2, 1)
    twin = pc.Candidate.from_weights("twin", [[-1, 1]], [0, 0], "superposition")
    diagram = pc.phase_diagram(model, candidates=[*pc.candidates(model), twin])
    assert "twin" not in {c.name for c in diagram.candidates}
    assert len(diagram.junctions) == 1


def test_a_line_that_only_touches_is_no_phase():
    """p(1 − p)² − like contact: the middle line touches the crossing of two others at p = 1/2."""
    lines = [
        Line(polynomial(sympy.Integer(0)), polynomial(sympy.Integer(2))),
        Line(polynomial(1 + (p - sympy.Rational(1, 2)) ** 2), polynomial(sympy.Integer(1))),
        Line(polynomial(sympy.Integer(2)), polynomial(sympy.Integer(0))),
    ]
    (strip,) = lower_envelope(lines)
    assert strip.phases == (0, 2)


def test_a_pinched_phase_makes_a_junction_on_both_sides():
    """The middle line is strictly lowest except at p = 1/2: its region has a neck of width 0."""
    lines = [
        Line(polynomial(sympy.Integer(0)), polynomial(sympy.Integer(2))),
        Line(polynomial(1 - (p - sympy.Rational(1, 2)) ** 2), polynomial(sympy.Integer(1))),
        Line(polynomial(sympy.Integer(2)), polynomial(sympy.Integer(0))),
    ]
    assert [strip.phases for strip in lower_envelope(lines)] == [(0, 1, 2), (0, 1, 2)]


def made_up(name: str, loss: sympy.Expr) -> pc.Candidate:
    """A candidate with any loss, for the geometry alone."""
    zero, one = sympy.Integer(0), sympy.Integer(1)
    return pc.Candidate(
        name, "dedicated", ((zero, one),), (zero, zero), loss, ((zero, zero), (zero, one))
    )


def test_arcs_end_in_a_neck_and_begin_again():
    """As above: the neck is a junction, and every arc through it is two arcs."""
    neck = 1 - (p - sympy.Rational(1, 2)) ** 2 + r
    given = [made_up("low", 2 * r), made_up("middle", neck), made_up("high", sympy.Integer(2))]
    diagram = pc.phase_diagram(pc.ToyModel(2, 1), candidates=given)
    half = sympy.Rational(1, 2)
    assert [(j.feature_probability, j.importance) for j in diagram.junctions] == [(half, 1)]
    assert [(b.phases, b.interval) for b in diagram.boundaries] == [
        (("low", "middle"), (0, half)),
        (("middle", "high"), (0, half)),
        (("low", "middle"), (half, 1)),
        (("middle", "high"), (half, 1)),
    ]


def test_arcs_run_through_events_elsewhere():
    """A third phase appears at p = 1/2 far from the first arc, which stays one arc."""
    third = 4 + (p - sympy.Rational(1, 2)) * -8
    given = [made_up("a", 2 * r), made_up("b", 1 + r), made_up("c", third)]
    diagram = pc.phase_diagram(pc.ToyModel(2, 1), candidates=given)
    arcs = [b for b in diagram.boundaries if b.phases == ("a", "b")]
    assert len(arcs) == 1
    assert arcs[0].interval[0] == 0


def test_a_loss_that_does_not_vanish_at_p_0_beats_nobody_there():
    """Some losses vanish at p = 0 and others do not: dividing only some by p compared wrongly."""
    half = sympy.Rational(1, 2)
    given = [made_up("a", (1 + r) * half), made_up("b", p * (1 + r))]
    diagram = pc.phase_diagram(pc.ToyModel(2, 1), candidates=given)
    (boundary,) = diagram.boundaries
    assert boundary.feature_probability == half
    assert diagram.label("3/4", 1) == "b" and diagram.label("1/4", 1) == "a"


def test_a_vertical_boundary_of_third_order():
    """Losses that differ by (p − 1/2)³ swap at p = 1/2 with a jump in the third derivative."""
    half = sympy.Rational(1, 2)
    given = [made_up("a", 1 + r), made_up("b", sympy.expand(1 + r + (p - half) ** 3))]
    (boundary,) = pc.phase_diagram(pc.ToyModel(2, 1), candidates=given).boundaries
    assert boundary.phases == ("b", "a")
    assert (boundary.feature_probability, boundary.order) == (half, 3)
    assert boundary.gradient_jump == (0, 0)


def test_roots_lie_strictly_inside():
    poly = polynomial(p * (p - 1) * (2 * p - 1))
    assert [root.exact() for root in real_roots(poly, Fraction(0), Fraction(1))] == [
        sympy.Rational(1, 2)
    ]


def test_root_isolation_of_random_products():
    rng = random.Random(5)
    for _ in range(40):
        chosen = sorted({Fraction(rng.randint(1, 99), 100) for _ in range(3)})
        poly = polynomial(
            sympy.prod([(p - sympy.Rational(str(c))) ** rng.randint(1, 2) for c in chosen])
        )
        found = real_roots(poly * polynomial(p**2 - 2), Fraction(0), Fraction(1))
        assert [root.exact() for root in found] == [sympy.Rational(str(c)) for c in chosen]


def test_intervals_that_meet_hold_one_root_or_two():
    """Against Sturm's theorem: two near roots, in intervals of many widths."""
    rng = random.Random(7)
    for _ in range(20):
        centre = sympy.Rational(rng.randint(2, 8), 10)
        factor = polynomial((p - centre) ** 2 - sympy.Rational(2, 10**4))
        one, two = real_roots(factor, Fraction(0), Fraction(1))
        wide = [one, two]
        for _ in range(rng.randrange(12)):
            wide[rng.randrange(2)] = wide[rng.randrange(2)].refined()
        for a in (one, two, *wide):
            for b in (one, two, *wide):
                low, high = max(a.low, b.low), min(a.high, b.high)
                shared = low <= high and factor.count_roots(
                    sympy.Rational(str(low)), sympy.Rational(str(high))
                )
                assert (a.compare(b) == 0) == bool(shared)


def test_signs_at_algebraic_numbers():
    (root,) = real_roots(polynomial(p**3 - p + sympy.Rational(1, 5)), Fraction(1, 2), Fraction(1))
    assert root.sign_of(polynomial(p**3 - p + sympy.Rational(1, 5))) == 0
    assert root.within(Fraction(1, 10**9)).high - root.low > 0
    value = Fraction(str(sympy.Rational(str(sympy.N(root.exact(), 30)))))
    assert root.sign_of(polynomial(p - sympy.Rational(str(value + Fraction(1, 10**20))))) == -1


def test_grid_is_exact_where_float64_cannot_decide():
    """Cells on the boundary r = 1, where two losses are equal, and next to it."""
    diagram = pc.phase_diagram(pc.ToyModel(2, 1))
    grid = diagram.grid([0.25, 0.75], [np.nextafter(1, 0), 1.0, np.nextafter(1, 2)])
    assert grid.labels.tolist() == [["ignore", "ignore", "dedicated"], ["antipodal"] * 3]


def test_grid_next_to_a_curve_is_exact():
    """The floats around r = 2p/(4 − 5p): the losses differ by less than their rounding errors."""
    diagram = pc.phase_diagram(pc.ToyModel(2, 1))
    for k in range(1, 30):
        density = k / 64
        on_curve = 2 * density / (4 - 5 * density)
        around = [on_curve + step * np.spacing(on_curve) for step in range(-2, 3)]
        labels = diagram.grid([1 - density], around).labels[0]
        assert labels.tolist() == [diagram.label(1 - density, w) for w in around]
        assert {"ignore", "antipodal"} == set(labels)


@pytest.mark.parametrize("size", [(2, 1), (3, 2), (4, 2)])
def test_grid_agrees_with_label(size):
    diagram = pc.phase_diagram(pc.ToyModel(*size))
    sparsities, importances = pc.paper_axes(12)
    grid = diagram.grid(sparsities, importances)
    assert grid.labels.shape == grid.losses.shape == (12, 12)
    for i, s in enumerate(sparsities):
        for j, w in enumerate(importances):
            assert grid.labels[i, j] == diagram.label(s, w)
            exact = diagram.minimum(s, w)
            # Horner's rule and one product: a few roundings of the sum of the terms' sizes.
            assert abs(grid.losses[i, j] - float(exact)) <= 1e-14 * (1 + w)
    dataset = grid.to_xarray()
    assert dataset.label.dims == ("sparsity", "importance")
    assert dataset.feature_probability.values == pytest.approx(1 - sparsities)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.label(2, 1), "sparsity = 2: it must lie in"),
        (lambda d: d.label(0.5, -1), "importance = -1: it must not be negative"),
        (lambda d: d.label(float("nan"), 1), "sparsity = nan: it must be a finite"),
        (lambda d: d.grid([], [1]), "sparsities has shape"),
        (lambda d: d.grid([0.5, 1.5], [1]), r"sparsities\[1\] = 1.5: it must lie in \[0, 1\]"),
        (lambda d: d.grid([0.5], [float("inf")]), r"importances\[0\] = inf"),
        (lambda d: pc.phase_diagram(d.model, source="nonsense"), "source = 'nonsense'"),  # type: ignore[call-overload]
        (lambda d: pc.phase_diagram(pc.ToyModel(2, 2)), "n_features = 2, d_hidden = 2"),
        (
            lambda d: pc.phase_diagram(pc.ToyModel(36, 18)),
            r"there are more candidates than the limit is, \d+",
        ),
        (lambda d: pc.phase_diagram(pc.ToyModel(10**5, 1)), "degree 100000 in p, the limit is"),
        (lambda d: pc.ToyModel(10**9, 1), "n_features = 1000000000: a model has at most 100000"),
        (lambda d: pc.phase_diagram(pc.ToyModel(3, 2), candidates=d.phases), "features in 1 dim"),
        (lambda d: pc.phase_diagram(d.model, candidates=[]), "candidates is empty"),
        (lambda d: pc.paper_axes(1), "n = 1"),
        (lambda d: pc.ToyModel(0, 1), "n_features = 0"),
    ],
)
def test_unusable_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(pc.phase_diagram(pc.ToyModel(2, 1)))


def test_a_candidate_needs_a_polynomial_loss():
    surd = pc.Candidate.from_weights("surd", [[sympy.sqrt(2), -1]], [0, 0], "superposition")
    assert surd.loss_at(Fraction(1, 2), Fraction(1)).is_real
    with pytest.raises(ValueError, match="algebraic coefficients"):
        dataclasses.replace(surd, loss=p * r**2)
    with pytest.raises(ValueError, match="algebraic coefficients"):
        dataclasses.replace(surd, loss=sympy.Symbol("q") * p)
    with pytest.raises(ValueError, match="changes its sign"):
        pc.Candidate.from_weights(
            "kinked", [[1, -1]], [0, p - sympy.Rational(1, 2)], "superposition"
        )
    with pytest.raises(ValueError, match="outcome"):
        pc.Candidate.from_weights("odd", [[1, -1]], [0, 0], "lost")


def test_candidates_of_another_law_are_refused():
    model = pc.ToyModel(2, 1, pc.Point())
    with pytest.raises(ValueError, match="for the uniform law, the model has the point law"):
        pc.phase_diagram(model, candidates=pc.candidates(pc.ToyModel(2, 1)))


def test_models_need_integer_sizes():
    for sizes in [(2.0, 1), ("2", 1), (True, 1)]:
        with pytest.raises(TypeError, match="n_features"):
            pc.ToyModel(*sizes)  # type: ignore[arg-type]
    assert pc.ToyModel(np.int64(3), 2) == pc.ToyModel(3, 2)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="law"):
        pc.ToyModel(2, 1, law="uniform")  # type: ignore[arg-type]


def test_more_features_keep_the_paper_s_junction():
    """One deficient dimension: the large simplices never win, so n does not change the diagram."""
    for n in (4, 5, 6, 8):
        (junction,) = pc.phase_diagram(pc.ToyModel(n, n - 1)).junctions
        assert (junction.sparsity, junction.importance) == (sympy.Rational(3, 7), 1)


def test_simplex_error_by_inclusion_of_active_sets():
    """E_s of a block simplex by a second way: subsets of equal neighbours, moments of their sum."""
    size = 4
    overlap = Fraction(-1, size - 1)
    loss = pc.candidates(pc.ToyModel(size, size - 1))[-1].loss.subs(r, 1)
    rng = np.random.default_rng(11)
    x = rng.random((300_000, size))
    y = np.maximum(x * (1 - float(overlap)) + float(overlap) * x.sum(axis=1, keepdims=True), 0)
    full = ((x - y) ** 2).sum(axis=1)
    assert abs(full.mean() - float(loss.subs(p, 1))) <= 5 * full.std() / np.sqrt(len(full))


@pytest.mark.parametrize("size", [(5, 2), (6, 2), (3, 1), (4, 1)])
def test_a_diagram_says_where_lower_weights_are_known(size):
    diagram = pc.phase_diagram(pc.ToyModel(*size))
    assert "lower weights are known: at S = 19/20" in str(diagram)
    found = known_better(diagram)
    assert found is not None and found.loss < found.candidates
    # The float loss of the same weights, by other code.
    rows, entries = _WEIGHTS[size]
    weights, bias = parse_matrix(rows, "weights"), parse_vector(entries, "bias")
    loss = pc.expected_loss(np.array(weights, float), np.array(bias, float), sparsity=0.95)
    assert float(found.loss) == pytest.approx(float(loss), rel=1e-12)
    assert known_better(pc.phase_diagram(pc.ToyModel(size[0], size[1], pc.Point()))) is None
