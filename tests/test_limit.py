"""Many features: the convex hull of blocks, geometries over S, and their pictures."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
import sympy
from click.testing import CliRunner
from matplotlib.text import Annotation
from mpmath import mpf, workdps
from scipy.optimize import brentq, linprog

import phasecalc as pc
from phasecalc.cli import cli
from phasecalc.limit.geometry import tabulated
from phasecalc.limit.line import Line, minima_along
from phasecalc.limit.optimised import optimised_points
from phasecalc.limit.records import lower_hull
from phasecalc.symbols import p

from .marks import long

PENTAGON = {0.8: 0.079588052129, 0.9: 0.026305131124, 0.95: 0.008903593724, 0.99: 0.001001482251}


@pytest.fixture(scope="module")
def diagram():
    return pc.limit_diagram()


def test_the_exact_diagram_of_unit_blocks(diagram):
    assert [strip.compounds for strip in diagram.strips] == [
        ("dedicated",),
        ("dedicated", "pair"),
        ("dedicated", "pair", "pentagon"),
    ]
    pair, pentagon = diagram.invariants
    assert (pair.sparsity, pair.status, pair.products) == (
        sympy.Rational(3, 7), "exact", ("dedicated", "dropped"),
    )  # fmt: skip
    assert (pentagon.compound, pentagon.status) == ("pentagon", "isolated")
    low, high = pentagon.isolation
    assert high - low <= Fraction(1, 10**15)
    # The pentagon and a pair with a dropped feature cost the same there: 2ℓ_5 = 4ℓ_2 + 2v.
    loss = {c.name: c.loss for c in diagram.compounds}
    v = pc.Uniform().variance
    gap = loss["pentagon"] - 2 * loss["pair"] - v
    signs = [
        sympy.N(gap.subs(p, sympy.Rational(x.numerator, x.denominator)), 30)
        for x in (low - Fraction(1, 10**12), high + Fraction(1, 10**12))
    ]
    assert signs[0] < 0 < signs[1]


def test_the_hull_is_the_best_of_all_mixtures_of_three_blocks(diagram):
    """Brute force: each set of up to three blocks with dropped features, by its own best shares."""
    for S, nu in (("1/2", 3), ("9/10", "7/4"), ("99/100", "9/4"), ("199/200", 4), ("1/5", 2)):
        state = diagram.at(S, nu)
        density = float(1 - Fraction(S))
        points = [
            (float(c.ratio), float(c.loss.subs(p, density)) / c.dimensions)
            for c in diagram.compounds
        ]
        points.append((0.0, 0.0))  # an empty dimension
        v = float(pc.Uniform().variance.subs(p, density))
        best = np.inf
        for chosen in combinations(points, 3):
            xs = [x for x, _ in chosen]
            found = linprog(
                [y for _, y in chosen] + [v],
                A_eq=[[1, 1, 1, 0], [*xs, 1]],
                b_eq=[1, float(Fraction(nu))],
                bounds=(0, None),
            )
            if found.success:
                best = min(best, found.fun)
        assert float(state.loss) == pytest.approx(best, abs=1e-9)
        assert sum(share for _, share in state.shares) == 1


def test_the_crossings_of_the_exact_diagram_by_brute_force(diagram):
    """What no mixture of up to three others beats, to 40 digits, on both sides of each crossing."""
    losses = sympy.lambdify(p, [c.loss for c in diagram.compounds], "mpmath")

    def unbeaten(S):
        v = (1 - S) * (1 + 3 * S) / 12
        points = [(mpf(0), mpf(0)), *((mpf(c.size) / c.dimensions, loss / c.dimensions)
                  for c, loss in zip(diagram.compounds, losses(1 - S), strict=True))]  # fmt: skip
        found = set()
        for compound, (x, y) in zip(diagram.compounds, points[1:], strict=True):
            others = [point for point in points if point != (x, y)]
            # Another and dropped features; two or three others, at shares that keep n/m.
            mixed = [y0 + (x - x0) * v for x0, y0 in others if x0 <= x]
            for (x0, y0), (x1, y1) in combinations(others, 2):
                if x0 != x1 and min(x0, x1) <= x <= max(x0, x1):
                    mixed.append(y0 + (x - x0) / (x1 - x0) * (y1 - y0))
                    halfway = ((x0 + x1) / 2, (y0 + y1) / 2)
                    mixed += [
                        y2 + (x - x2) / (halfway[0] - x2) * (halfway[1] - y2)
                        for x2, y2 in others
                        if x2 != halfway[0] and min(x2, halfway[0]) <= x <= max(x2, halfway[0])
                    ]
            if min(mixed) > y:
                found.add(compound.name)
        return found

    with workdps(40):
        places = [mpf(k) / 16 for k in range(1, 16)]
        for point in diagram.invariants:
            where = mpf(str(sympy.N(point.sparsity, 40)))
            places += [where - mpf(10) ** -12, where + mpf(10) ** -12]
        for S in places:
            (strip,) = (s for s in diagram.strips if sympy.N(s.low, 40) < S < sympy.N(s.high, 40))
            assert unbeaten(S) == set(strip.compounds), S


def test_the_lever_rule(diagram):
    state = diagram.at("99/100", "9/4")
    assert dict(state.shares) == {"pair": Fraction(1, 2), "pentagon": Fraction(1, 2)}
    assert state.dropped == 0
    assert state.dimensions_per_feature == Fraction(4, 9)
    spare = diagram.at("1/2", "1/2")
    assert spare.shares == (("dedicated", Fraction(1, 2)),) and spare.loss == 0
    assert "pentagon" in str(state)


def test_a_block_of_ones_own_takes_part():
    free = pc.Block(gram=[[1, 0, 0], [0, 1, 0], [0, 0, 1]], name="cube-edges")
    assert "cube-edges" in {c.name for c in pc.limit_diagram(blocks=[free]).compounds}


def test_records_of_limits_are_data(diagram, tmp_path):
    diagram.save(tmp_path / "limit.json")
    assert pc.load(tmp_path / "limit.json") == diagram


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pc.limit_diagram(source="none"), "source = 'none'"),
        (lambda: pc.limit_diagram().at(1, 2), "must be below 1"),
        (lambda: pc.limit_diagram().at("1/2", -1), "ratio = -1"),
        (lambda: pc.limit_diagram(blocks=[pc.Block(gram=[[4]], name="long")]), "of length 1"),
        (lambda: pc.limit_diagram(pc.Point(), "optimised"), "uniform law"),
        (lambda: optimised_points(0.9995), "≤ 0.999"),
        (lambda: pc.geometry(10, 2), "limit is 9 features in 3 dimensions"),
        (lambda: pc.geometry(3, 1, sparsities=[0.5, 0.4]), "ascend"),
        (lambda: pc.geometry(3, 1, sparsities=[0.5, 1.0]), "ascend"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_hulls_of_points():
    points = [(Fraction(k), Fraction((k - 2) ** 2)) for k in range(6)]
    assert lower_hull(points, Fraction(100)) == [0, 1, 2, 3, 4, 5]
    assert lower_hull(points, Fraction(2)) == [0, 1, 2, 3]
    assert lower_hull([(0, 0), (1, 1), (2, 1), (2, 3)], 9) == [0, 2]


def test_losses_of_the_pentagon():
    five = pc.geometry(5, 2)
    for S, loss in PENTAGON.items():
        assert five.loss(S) == pytest.approx(loss, abs=1e-12)
        assert five.label(S) == "pentagon"
        assert five.is_block(S)


@pytest.mark.parametrize(
    ("k", "d", "benefit"),
    [(2, 1, 1.948145), (3, 1, 1.974658), (7, 3, 2.141029), (6, 2, 2.260350), (8, 3, 2.335800)],
)
def test_benefits_of_scarce_dimensions(k, d, benefit):
    """(k v − ℓ)/(d v) at S = 0.95, as measured before in another way."""
    v = 0.05 / 3 - 0.05**2 / 4
    assert (k * v - pc.geometry(k, d).loss(0.95)) / (d * v) == pytest.approx(benefit, abs=1e-6)


def test_five_in_two_along_equal_importance():
    phases = pc.geometry(5, 2).phases
    names = [phase.name for phase in phases]
    assert names[-3:] == ["triangle+2-dropped", "2-pairs+1-dropped", "pentagon"]
    assert phases[-3].high == pytest.approx(0.355759636, abs=1e-8)
    assert phases[-2].high == pytest.approx(0.775124551, abs=1e-8)
    assert all(phase.crosses for phase in phases[-3:-1])
    assert phases[-2].description == "two antipodal pairs; one feature dropped"


def test_a_computed_geometry_agrees_with_the_table():
    found = pc.geometry(3, 1, sparsities=[0.2, 0.3, 0.6, 0.87, 0.9])
    for S, loss in zip(found.sparsities, found.losses, strict=True):
        assert pc.geometry(3, 1).loss(float(S)) == pytest.approx(loss, abs=1e-12)


def test_the_table_is_of_minima():
    """Losses again by the public kernel; no gradient is left."""
    for k, d in ((3, 1), (5, 2), (6, 2)):
        g = pc.geometry(k, d)
        loss, dW, db = pc.expected_loss_and_grad(g.weights, g.bias, np.ones(k), g.sparsities)
        np.testing.assert_allclose(loss, g.losses, rtol=1e-12, atol=1e-14)
        assert max(np.abs(dW).max(), np.abs(db).max()) < 1e-8


def test_a_crossing_is_where_two_branches_are_equal():
    line = Line(5, 2)
    (left, right), _ = minima_along(line, [0.75, 0.8], 20)
    met = line.crossing(left, right)
    assert met is not None
    change, (a, b) = met
    assert change.crossing and a.sparsity == b.sparsity == change.sparsity
    assert abs(a.loss - b.loss) < 1e-12


def test_a_phase_that_begins_continuously_between_points_of_the_search():
    """5 in 3: the branch with four equal features becomes a saddle, and its daughter is lower."""
    phases = pc.geometry(5, 3).phases
    parent, daughter = phases[-4:-2]
    assert [parent.name, daughter.name] == ["5-in-3(4'-1)", "5-in-3(2-2-1)"]
    assert not parent.crosses and daughter.crosses
    line = Line(5, 3)
    (here,), _ = minima_along(line, [0.36], 20)

    def curvature(S):
        there = line.followed(here, S)
        assert there is not None
        return line.at(S).softest(there.x)[0]

    assert line.name(here.x) == parent.name
    assert brentq(curvature, 0.37, 0.3744) == pytest.approx(daughter.low, abs=1e-6)
    S = 0.374
    found = pc.minimize(pc.ToyModel(5, 3), S, 1.0).loss
    assert pc.geometry(5, 3).loss(S) == pytest.approx(found, abs=1e-13)
    saddle = line.followed(here, S)
    assert saddle is not None and saddle.loss > found + 1e-8


@pytest.mark.parametrize("k", [8, 9])
def test_a_narrow_phase_that_drops_features_lies_between_two_crossings(k):
    """7 in 3 beside dropped features, 0.10168564 < S < 0.10242459: lower by less than 1e-8."""
    name = f"7-in-3(3-1:3)+{k - 7}-dropped"
    (phase,) = (p for p in pc.geometry(k, 3).phases if p.name == name)
    assert (phase.low, phase.high) == pytest.approx((0.10168564, 0.10242459), abs=1e-8)
    S = (phase.low + phase.high) / 2
    v = (1 - S) / 3 - (1 - S) ** 2 / 4
    assert pc.geometry(k, 3).loss(S) == pytest.approx(pc.geometry(7, 3).loss(S) + (k - 7) * v)
    assert pc.geometry(k, 3).loss(S) < pc.geometry(6, 3).loss(S) + (k - 6) * v - 1e-12


def test_a_dropped_feature_changes_no_phase_of_the_table():
    """ℓ(k + 1, d) ≤ ℓ(k, d) + v; a change between phases that both drop a feature is one of k."""
    for k, d in tabulated():
        if (k + 1, d) not in tabulated():
            continue
        one, more = pc.geometry(k, d), pc.geometry(k + 1, d)
        feature = (1 - one.sparsities) / 3 - (1 - one.sparsities) ** 2 / 4
        assert (more.losses - one.losses - feature).max() < 1e-10, (k, d)
        for left, right in pairwise(more.phases):
            if "dropped" in left.name and "dropped" in right.name:
                gaps = [abs(phase.high - left.high) for phase in one.phases]
                assert min(gaps) < 1e-6, (k, d, left.name, right.name)


def test_phases_of_the_table_that_follow_each_other_have_two_names():
    for k, d in tabulated():
        for left, right in pairwise(pc.geometry(k, d).phases):
            assert left.name != right.name, (k, d)


@pytest.mark.parametrize("size", [(5, 2), (5, 3), long((8, 3)), long((9, 3))])
def test_narrow_phases_of_the_table_drop_a_feature(size):
    """Next to the onset of faint features the least loss of k − 1 and a dropped one is lower."""
    k, d = size
    one, more = pc.geometry(k - 1, d), pc.geometry(k, d)
    for phase in one.phases:
        S = (phase.low + phase.high) / 2
        assert more.loss(S) <= one.loss(S) + (1 - S) / 3 - (1 - S) ** 2 / 4 + 1e-14
    if size == (5, 2):  # where the traced diagram of (1, 1, 1, 1, r) has its junctions on r = 1
        changes = [phase.high for phase in more.phases[1:3]]
        assert changes == pytest.approx([0.081771750, 0.081801093], abs=1e-7)
        assert more.phases[2].name == "4-in-2(2-1:1)+1-dropped"


def test_pictures(diagram, tmp_path):
    pc.plot_limit(diagram).savefig(tmp_path / "limit.png")
    pc.plot_sticky(diagram, 4, trained=([0.5, 0.9], [1.0, 0.5]), points=10).savefig(
        tmp_path / "sticky.png"
    )
    pc.plot_weights(pc.geometry(5, 2)).savefig(tmp_path / "five.png")
    with pytest.raises(ValueError, match="one or two dimensions"):
        pc.plot_weights(pc.geometry(4, 3))


def test_short_arrows_are_told_apart_in_a_lens():
    """Of the triangle with two faint features, whose vectors are a twentieth of the others."""
    figure = pc.plot_weights(pc.geometry(5, 2))
    powers = [[t.get_text() for t in ax.texts if "middle" in t.get_text()] for ax in figure.axes]
    (ax,) = (ax for ax, words in zip(figure.axes, powers, strict=True) if words)
    ends = np.array([t.xy for t in ax.texts if isinstance(t, Annotation)])
    gaps = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))
    assert len(ends) == 5
    assert gaps[np.triu_indices(5, 1)].min() > 0.2


def test_command_line(tmp_path):
    run = CliRunner().invoke
    done = run(cli, ["limit", "-S", "99/100", "--ratio", "3", "--json"])
    assert json.loads(done.output)["shares"] == [["pentagon", "1"]]
    whole = run(cli, ["limit", "-o", str(tmp_path / "limit.svg")])
    assert whole.exit_code == 0
    assert "Scarce dimensions" in whole.output and "upper bound" in whole.output
    assert (tmp_path / "limit.svg").exists()
    assert run(cli, ["limit", "--ratio", "3"]).exit_code == 2
    assert run(cli, ["limit", "--sticky"]).exit_code == 2


@pytest.mark.parametrize("size", [(2, 1), (4, 2), (5, 2), (6, 2), (5, 3)])
def test_a_phase_between_neighbours_of_the_table_is_found(size):
    """6 in 2 at S = 0.925: the table's neighbours lead to the metastable pentagon."""
    record = pc.geometry(*size)
    for phase in record.phases:
        assert record.label((phase.low + phase.high) / 2) == phase.name


def test_the_least_loss_in_a_narrow_phase():
    model = pc.ToyModel(6, 2, importance=[1] * 6)
    assert pc.geometry(6, 2).loss(0.925) == pytest.approx(
        pc.minimize(model, 0.925, random_starts=24).loss, abs=1e-13
    )


def test_optimised_blocks_of_one_sparsity_are_what_a_search_finds():
    compounds, losses, squares = optimised_points(0.9)
    known = {(c.size, c.dimensions): k for k, c in enumerate(compounds)}
    for size, dimensions in ((2, 1), (3, 1), (5, 2)):
        minimum = pc.minimize(pc.ToyModel(size, dimensions), 0.9, 1.0).minima[0]
        k = known[size, dimensions]
        assert losses[k] == pytest.approx(minimum.loss, abs=1e-12)
        assert squares[k] == pytest.approx((minimum.weights**2).sum() / size, abs=1e-6)
