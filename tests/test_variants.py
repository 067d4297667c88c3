"""Diagrams with b = 0 and with an interference penalty: algebra, tracing, options and refusals."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.cli import main
from phasecalc.continuation.onset import onset_near
from phasecalc.exact import onset
from phasecalc.exact.no_bias import (
    SECTORS,
    best_length,
    gain,
    no_bias_crossing,
    no_bias_minimum,
    z,
)
from phasecalc.landscapes.free import GlobalLandscape
from phasecalc.landscapes.plane import Plane
from phasecalc.minima.problem import Problem
from phasecalc.polishing.penalty import (
    mirrored_tricritical_points,
    penalty_points,
    thresholds,
)
from phasecalc.report.plot_traced import plot_traced
from phasecalc.report.traced import traced_document, traced_text

from .lands import point_of, theta_of, traced, window

PAIR = pc.ToyModel(2, 1)
ZERO = pc.ToyModel(2, 1, bias="zero")


def penalised(penalty: object) -> pc.ToyModel:
    return pc.ToyModel(2, 1, interference_penalty=penalty)


CROSSING = (3 + 4 * sympy.sqrt(14)) / 43
V = pc.Uniform().variance


# Without biases, exactly --------------------------------------------------------------------------


def test_no_bias_at_equal_importance_follows_from_the_loss() -> None:
    """The three statements about r = 1, from `decompose` alone."""
    w = sympy.Symbol("w")
    S = pc.S
    loss = {
        sign: pc.decompose([[w, sign * w]], [0, 0]).in_regime({w: 1}).total.subs(pc.p, 1 - S)
        for sign in (1, -1)
    }
    square = {1: sympy.Rational(1, 2), -1: (3 + 5 * S) / (2 + 6 * S)}
    best = {1: (1 - S) * (1 + 3 * S) / 12, -1: (1 - S) ** 2 * (7 + 25 * S) / (24 * (1 + 3 * S))}
    for sign in (1, -1):
        # Length: the loss is c − 2A w² + D w⁴, lowest at w² = A/D.
        even = sympy.Poly(loss[sign], w)
        assert all(power in (0, 2, 4) for (power,) in even.monoms())
        fitted = -even.coeff_monomial(w**2) / (2 * even.coeff_monomial(w**4))
        assert sympy.cancel(fitted - square[sign]) == 0
        at_best = even.as_expr().subs(w, sympy.sqrt(square[sign]))
        assert sympy.cancel(sympy.together(sympy.expand(at_best)) - best[sign]) == 0
    assert sympy.simplify((best[1] - best[-1]).subs(S, CROSSING)) == 0
    assert sympy.cancel(best[1] - V.subs(pc.p, 1 - S)) == 0


def test_symmetric_ratio_is_stationary_at_equal_importance() -> None:
    for sector in SECTORS:
        slope = sympy.diff(gain(sector).subs(pc.r, 1), z)
        assert sympy.cancel(slope.subs(z, 1)) == 0
    inner = best_length("antipodal, extra shorter").subs({z: 1, pc.r: 1, pc.p: 1 - pc.S})
    assert sympy.cancel(inner - (3 + 5 * pc.S) / (2 + 6 * pc.S)) == 0


def test_no_onset_without_biases() -> None:
    """At z = 0 the gain is that of `ignore` and rises: ignoring a feature is never best."""
    aligned = gain("aligned")
    assert sympy.cancel(aligned.subs(z, 0) - pc.p / 3) == 0
    assert sympy.cancel(sympy.diff(aligned, z).subs(z, 0) - pc.r * pc.p**2 / 2) == 0


def test_certified_minimum_agrees_with_the_search() -> None:
    rng = np.random.default_rng(3)
    for _ in range(10):
        p, r = Fraction(int(rng.integers(1, 100)), 100), Fraction(int(rng.integers(1, 100)), 10)
        exact = no_bias_minimum(p, r)
        found = pc.minimize(ZERO, 1 - p, r)
        assert exact.name == found.name
        assert exact.loss[1] - exact.loss[0] < Fraction(1, 10**30)
        assert found.loss == pytest.approx(float(exact.loss[0]), abs=1e-14)
        w1, w2 = np.abs(found.weights[0])
        assert w2 / w1 == pytest.approx(float(exact.ratio[0]), rel=1e-6)


def test_certified_minimum_changes_at_the_crossing() -> None:
    p = Fraction(str(sympy.N(1 - CROSSING, 25)))
    step = Fraction(1, 10**15)
    assert no_bias_minimum(p - step, Fraction(1)).name == "antipodal"
    assert no_bias_minimum(p + step, Fraction(1)).name == "aligned"


@pytest.mark.parametrize(
    ("p", "r", "words"),
    [(0, 1, "feature_probability = 0"), (2, 1, "feature_probability"), (1, 0, "importance = 0")],
)
def test_certified_minimum_refuses(p: int, r: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        no_bias_minimum(Fraction(p), Fraction(r))
    with pytest.raises(ValueError, match="sector = 'parallel'"):
        gain("parallel")


# Without biases, traced ---------------------------------------------------------------------------


def test_no_bias_slice_crosses_where_algebra_says() -> None:
    line = pc.slice_along(ZERO, importance=1, values=[0.3, 0.38, 0.45, 0.6])
    (crossing,) = line.crossings
    assert crossing.phases == ("aligned", "antipodal")
    assert crossing.value == pytest.approx(float(CROSSING), abs=1e-11)
    assert line.model == ZERO


def test_no_bias_window(tmp_path) -> None:
    """A small window: one line through the crossing at r = 1, and what the reports say of it."""
    found = traced(window((0.3, 0.5), (0.7, 1 / 0.7), ZERO), (4, 4))
    assert [phase.name for phase in found.phases] == ["aligned", "antipodal"]
    (line,) = found.boundaries
    assert not found.unexplained
    assert [end.kind for end in line.ends] == ["border", "border"]
    # The line is its own mirror image: S is even in ln r, least at r = 1.
    np.testing.assert_allclose(line.ends[0].sparsity, line.ends[1].sparsity, atol=1e-10)
    for S, r in list(zip(line.sparsities, line.importances, strict=True))[:: len(line.losses) // 2]:
        p, weight = Fraction(1 - S).limit_denominator(10**12), Fraction(r).limit_denominator(10**12)
        step = Fraction(1, 10**9)
        assert no_bias_minimum(p - step, weight).name == "antipodal"
        assert no_bias_minimum(p + step, weight).name == "aligned"
    assert found.model == ZERO
    assert "b is held at 0" in traced_text(found)
    assert traced_document(found)["bias_held_at_zero"] is True
    assert "(global, b = 0)" in plot_traced(found).axes[0].get_title()
    with pytest.raises(ValueError, match="beneath"):
        plot_traced(found, pc.phase_diagram(PAIR))


# With a penalty -----------------------------------------------------------------------------------


@pytest.mark.parametrize("S", [Fraction(1, 5), Fraction(7, 10)])
def test_penalised_expansion_is_that_of_the_exact_loss(S: Fraction) -> None:
    """Series of the decomposed loss plus λ Σ G_ij² on the path of `exact.onset`, by rationals."""
    e, lam = sympy.symbols("e lam")
    b, t, c = sympy.symbols("b t c")
    density = sympy.Rational(1 - S)
    alpha, beta = (
        Fraction(round(1000 * float(f.subs(pc.p, density))), 1000)
        for f in (onset.onset_stretch(), onset.onset_bias())
    )
    gram = [[c, -e], [-e, e**2 / c]]
    inside = {e: "1/1000000", c: 1 + alpha / 10**6, b: beta / 10**6, t: density / 2}
    loss = pc.decompose(None, [b, t], [1, pc.r], gram=gram).in_regime(inside).total
    penalty = lam * sum(gram[i][j] ** 2 for i in range(2) for j in range(2) if i != j)
    first = 1 + alpha * e
    path = {c: first, b: beta * e, t: density / 2 * (1 + e - e**2 / first), pc.p: density}
    whole = sympy.cancel(sympy.together((loss + penalty).subs(path, simultaneous=True)))
    series = sympy.Poly(sympy.series(whole, e, 0, 4).removeO(), e)
    v = V.subs(pc.p, density)
    q = (
        density * (alpha**2 / 3 + alpha * (beta - density / 2) + (beta - density / 2) ** 2 + v)
        + S * density * beta**3 / 3
        + S**2 * beta**2
    )
    assert sympy.expand(series.coeff_monomial(e**2) - (q + 2 * lam - pc.r * v)) == 0
    corner = density**2 * (1 - beta) ** 4 / 6
    assert sympy.expand(series.coeff_monomial(e**3) - (2 * pc.r * v * alpha - corner)) == 0
    # Rounding α and β to 1/1000 moves q by the square of that: the formulas are the minimum.
    formula = onset.onset_importance(lam).subs(pc.p, density) * v
    assert abs(float((formula - (q + 2 * lam)).subs(lam, 0))) < 1e-6
    assert sympy.diff(formula, lam) == 2


@pytest.mark.parametrize("S", [0.25, 0.35])
@pytest.mark.parametrize("lam", ["3/1000", "1/50"])
def test_numeric_onset_agrees_on_both_sides(S: float, lam: str) -> None:
    penalty = sympy.Rational(lam)
    land = GlobalLandscape(Plane.of(penalised(penalty)))
    sides = (
        (onset.onset_importance, "weak-antipodal", 1.0, [1, 0, 0, (1 - S) / 2]),
        (onset.mirrored_onset_importance, "weak-other-antipodal", -1.0, [0, 1, (1 - S) / 2, 0]),
    )
    for formula, name, sign, parent in sides:
        r = float(formula(penalty).subs(pc.p, 1 - S))
        daughter = next(
            s for s in land.minima(theta_of(S, r * (1 + sign * 0.02))) if s.name == name
        )
        state = land.branch(theta_of(S, r), np.array(parent))
        found = onset_near(land, state, daughter, daughter.theta, np.array([0.0, sign]))
        assert found is not None
        assert found.slope > 0
        assert point_of(found.theta)[1] == pytest.approx(r, abs=1e-9)
        for factor, stable in ((1 - sign * 0.01, True), (1 + sign * 0.01, False)):
            problem = Problem.of(penalised(penalty), S, r * factor)
            assert (problem.lowest_curvature(np.array(parent, dtype=float)) > 0) is stable


def test_tricritical_points_of_all_penalties_lie_on_one_curve() -> None:
    expected = {"0": 2, "3/1000": 3, "1/200": 3, "1/100": 1, "1/10": 1}
    for text, count in expected.items():
        penalty = sympy.Rational(text)
        roots = onset.tricritical_points(penalty)
        assert len(roots) == count, text
        for root in roots:
            narrow = root.within(Fraction(1, 10**25))
            at = {pc.p: sympy.Rational(narrow.low)}
            gap = onset.tricritical_importance() - onset.onset_importance(penalty)
            assert abs(gap.subs(at).evalf(40)) < 1e-20
            assert abs((onset.tricritical_penalty() - penalty).subs(at).evalf(40)) < 1e-20
    with pytest.raises(ValueError, match=r"penalty = 0\.1"):
        onset.tricritical_polynomial(sympy.Float("0.1"))


def test_mirror_law_with_a_penalty() -> None:
    """L(S, r, λ) = r L(S, 1/r, λ/r)."""
    for S, r, lam in ((0.3, Fraction(4, 5), "1/100"), (0.8, Fraction(3), "1/50")):
        one = pc.minimize(penalised(lam), S, r)
        two = pc.minimize(penalised(Fraction(lam) / r), S, 1 / r)
        assert one.loss == pytest.approx(float(r) * two.loss, rel=1e-12)


@pytest.mark.parametrize(("lam", "left"), [("0.0394", True), ("0.0397", False)])
def test_superposition_vanishes(lam: str, left: bool) -> None:
    """λ = 0.03955215…: until then the pair is lowest at S = 0.7327, r = 1, afterwards nowhere."""
    S = 0.732700898762
    found = pc.minimize(penalised(lam), S, 1)
    assert found.name == ("antipodal" if left else "ignore")
    if not left:
        for S in np.linspace(0.0, 0.98, 15):
            lowest = pc.minimize(penalised(lam), S, 1).loss
            assert lowest == pytest.approx((1 - S) * (1 + 3 * S) / 12, abs=1e-14)


@pytest.mark.long
def test_junction_with_a_pair_that_breaks_its_symmetry() -> None:
    """Near S = 0.9675 the symmetric pair is a saddle: the junction is that of the broken one."""
    found = traced(window((0.93, 0.985), (0.8, 1.25), penalised("1/100")), (6, 6))
    _, junction = sorted(found.junctions, key=lambda point: point.sparsity)
    assert set(junction.phases) == {"ignore", "dedicated", "antipodal"}
    assert junction.sparsity == pytest.approx(0.967511844878, abs=1e-9)
    assert junction.importance == pytest.approx(1.0, abs=1e-9)
    # To 30 digits from the decomposed loss, with the points at which the pair breaks its symmetry.
    solved = penalty_points(found)
    kinds = ["critical point", "critical point", "triple point", "junction"]
    assert [point.kind for point in solved] == kinds
    traced_points = sorted(
        (q for q in found.special_points if q.kind in ("critical point", "junction")),
        key=lambda q: q.sparsity,
    )
    for point, other in zip(solved, traced_points, strict=True):
        close = 1e-9 + other.error
        assert float(point.sparsity) == pytest.approx(other.sparsity, abs=close)
        assert float(point.importance) == pytest.approx(other.importance, abs=close)
        assert (float(point.importance) == 1.0) == (other.kind == "junction")
        assert point.how == "30-digit Newton"
    assert "L includes 0.01 Σ" in traced_text(found)
    assert traced_document(found)["interference_penalty"] == 0.01


@pytest.mark.parametrize(("S", "equal"), [("0.86562", False), ("0.86558", True)])
def test_pairs_change_their_symmetry_at_once(S: str, equal: bool) -> None:
    """λ = 0.03, r = 1: a pair of other lengths is lowest above S = 0.865596555, a minimum below.

    The symmetric pair is a minimum below S = 0.865647117: no critical point lies there.
    """
    found = pc.minimize(penalised("3/100"), S, 1)
    pairs = [one for one in found.minima if one.name == "antipodal"]
    gaps = [float(np.ptp(np.abs(one.weights))) for one in pairs]
    assert sorted(gap < 1e-6 for gap in gaps) == [False, True]
    assert (gaps[0] < 1e-6) == equal and max(gaps) > 0.04
    # Exactly, at rational weights 1e-9 from the minima: their losses differ by 1e-9 and more.
    exact = [
        pc.decompose(
            [[Fraction(float(w)).limit_denominator(10**9) for w in one.weights[0]]],
            [Fraction(float(b)).limit_denominator(10**9) for b in one.bias],
        ).at(sparsity=S)
        + Fraction(3, 50) * Fraction(float(np.prod(one.weights**2))).limit_denominator(10**18)
        for one in pairs
    ]
    assert exact[0] < exact[1]


@pytest.mark.long
def test_thresholds_are_where_the_float_search_finds_equal_losses() -> None:
    """At r = 1 the pair, weak or strong, is there as low as a feature alone, to rounding."""
    strong = next(q for q in pc.minimize(PAIR, 0.489, 0.565).minima if q.name == "antipodal")
    found = thresholds((strong.weights, strong.bias))
    assert [one.how for one in found].count("isolated root") == 1
    assert [float(one.penalty) for one in found] == sorted(float(one.penalty) for one in found)
    three = [one for one in found if float(one.importance) == 1.0 and one.how != "isolated root"]
    assert len(three) == 3
    for one in three:
        lam, S = sympy.Rational(str(one.penalty)), float(one.sparsity)
        losses = {q.name: q.loss for q in pc.minimize(penalised(lam), S, 1).minima}
        assert losses["antipodal"] == pytest.approx(losses["ignore"], abs=1e-13)
        value = float(V.subs(pc.p, 1 - one.sparsity))
        assert losses["ignore"] == pytest.approx(value, abs=1e-14)


def test_tricritical_points_lie_on_both_onsets() -> None:
    lam = sympy.Rational(3, 1000)
    for roots, curve in (
        (onset.tricritical_points(lam), onset.onset_importance(lam)),
        (mirrored_tricritical_points(lam), onset.mirrored_onset_importance(lam)),
    ):
        density = float(roots[-1].exact())
        S, r = 1 - density, float(curve.subs(pc.p, density))
        name = "weak-antipodal" if r < 1 else "weak-other-antipodal"
        # Next to it, where the transition is continuous, a weak pair is the lowest beyond the line.
        inside = pc.minimize(penalised(lam), S + 0.03, r_beyond(curve, density - 0.03, r < 1))
        assert inside.name == name


def r_beyond(curve: sympy.Expr, density: float, below: bool) -> float:
    """r a little on the side of an onset to which the daughter exists."""
    return float(curve.subs(pc.p, density)) * (1.002 if below else 0.998)


def test_penalty_points_are_of_one_model() -> None:
    found = traced(window((0.3, 0.5), (0.7, 1 / 0.7), ZERO), (4, 4))
    with pytest.raises(ValueError, match="diagram: its model must be two features"):
        penalty_points(found)


def test_crossing_without_biases_is_bracketed() -> None:
    low, high = no_bias_crossing(Fraction(1), Fraction(1, 10**9))
    assert 0 < high - low <= Fraction(1, 10**9)
    assert low < 1 - CROSSING < high
    with pytest.raises(ValueError, match="width = 0: it must be positive"):
        no_bias_crossing(Fraction(1), Fraction(0))


# Options ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["candidates", "relaxed"])
def test_variants_are_of_the_global_source(source: str) -> None:
    with pytest.raises(ValueError, match=r"bias = 'zero' needs source = \"global\""):
        pc.phase_diagram(ZERO, source)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"interference_penalty = 1/100 needs source"):
        pc.phase_diagram(penalised("1/100"), source)  # type: ignore[call-overload]


def test_variants_out_of_range() -> None:
    with pytest.raises(ValueError, match="bias = 'none'"):
        pc.ToyModel(2, 1, bias="none")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="interference_penalty = -1"):
        penalised(-1)
    with pytest.raises(ValueError, match="bias = 'zero' needs"):
        pc.slice_along(ZERO, importance=1, source="relaxed")
    assert pc.phase_diagram(penalised(0)).phases


@pytest.mark.parametrize(
    "command",
    [
        ["boundaries", "--bias", "zero"],
        ["boundaries", "--source", "relaxed", "--interference-penalty", "0.01"],
        ["boundaries", "--source", "global", "--interference-penalty", "-1"],
        ["diagram", "--bias", "zero", "-o", "never.png"],
        ["slice", "-r", "1", "--source", "relaxed", "--bias", "zero"],
    ],
)
def test_command_line_refuses(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "--bias" in message or "--interference-penalty" in message


@pytest.mark.long
def test_whole_diagram_without_biases(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["boundaries", "--source", "global", "--bias", "zero", "--json"])
    assert not stop.value.code
    document = json.loads(capsys.readouterr().out)
    assert document["bias_held_at_zero"] is True
    assert document["unexplained"] == []
    assert [phase["name"] for phase in document["phases"]] == ["aligned", "antipodal"]
    (line,) = document["boundaries"]
    # It turns back at r = 1, and both of its halves are equally wide: the phase at smaller S first.
    assert line["phases"] == ["aligned", "antipodal"]
    assert [end["kind"] for end in line["ends"]] == ["border", "border"]
    ends = np.array([(end["sparsity"], end["importance"]) for end in line["ends"]])
    np.testing.assert_allclose(ends[:, 0], 0.790366708571, atol=1e-10)
    assert min(point["sparsity"] for point in line["points"]) > float(CROSSING) - 1e-9
    for point in line["points"]:
        assert point["loss"] == pytest.approx(
            pc.minimize(ZERO, point["sparsity"], point["importance"]).loss, abs=1e-11
        )


@pytest.mark.long
def test_whole_diagram_with_a_penalty() -> None:
    found = pc.phase_diagram(penalised("1/50"), "global")
    assert not found.unexplained
    assert len(found.phases) == 5
    ends = sorted({(round(q.sparsity, 8), round(q.importance, 8)) for q in found.special_points})
    for place in ((0.42915012, 1.0), (0.47102442, 1.0), (0.51829400, 0.91908428)):
        assert np.abs(np.array(ends) - place).sum(axis=1).min() < 3e-8
    formulas = [line for line in found.boundaries if line.formula is not None]
    assert len(formulas) == 2
