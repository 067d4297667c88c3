"""Every claim of every derivation: it holds, and its check would notice if it did not."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy
from scipy import integrate

import phasecalc as pc
from phasecalc.exact.moments import cube_cross_integral, cube_integral
from phasecalc.proofs import language as lang
from phasecalc.proofs.checks import AtPoints, Identity, SignOn, Solves
from phasecalc.proofs.evaluate import NotEvaluable, compiled
from phasecalc.proofs.notation import NOTATION
from phasecalc.proofs.quadrature import newton_cotes, piecewise_mean
from phasecalc.proofs.record import CheckFailed, Derivation, Prose, Step, prose
from phasecalc.proofs.registry import NAMES

SECONDS = ("block-simplices/block-error", "block-simplices/block-of-4")
"""Steps of which the check takes seconds."""

each = pytest.mark.parametrize("name", NAMES)
"""A derivation is built by the test that needs it: to build all of them takes seconds."""


def unnoticed(name: str, wrong: Callable[[Any], Any]) -> list[str]:
    """The steps whose check does not see that their claim was replaced by a wrong one."""
    found = []
    for step in pc.derivation(name).steps:
        claim = wrong(step.claim)
        if claim is not None:
            with suppress(CheckFailed):
                replace(step, claim=claim).verify()
                found.append(step.label)
    return found


@each
def test_the_claims_hold(name):
    steps = pc.derivation(name).steps
    assert steps
    for step in steps:
        if f"{name}/{step.label}" not in SECONDS:
            step.verify()


@pytest.mark.parametrize("place", SECONDS)
def test_the_claim_holds(place):
    name, label = place.split("/")
    pc.derivation(name).step(label).verify()


def mutated(claim):
    """The same claim with a wrong right side."""
    wrong = sympy.Rational(1, 7)
    if isinstance(claim.rhs, sympy.Tuple):
        return sympy.Eq(
            claim.lhs, sympy.Tuple(claim.rhs[0] + wrong, *claim.rhs[1:]), evaluate=False
        )
    if isinstance(claim, sympy.Eq):
        return sympy.Eq(claim.lhs, claim.rhs + wrong, evaluate=False)
    return type(claim)(claim.lhs, claim.rhs + 10**6, evaluate=False)


@each
def test_wrong_claims_fail(name):
    assert unnoticed(name, mutated) == []


MISTAKES = {
    "sign": lambda rhs: -rhs,
    "factor": lambda rhs: 2 * rhs,
    "1 - p": lambda rhs: rhs.subs(pc.p, 1 - pc.p),
}


def same_formula(one: sympy.Expr, two: sympy.Expr) -> bool:
    in_controls = two.free_symbols <= {pc.p, pc.r} and two.is_rational_function(pc.p, pc.r)
    return sympy.cancel(one - two) == 0 if in_controls else one == two


@pytest.mark.parametrize("mistake", MISTAKES)
@each
def test_a_sign_a_factor_or_another_probability_fails(name, mistake):
    def wrong(claim: Any) -> Any:
        """An equation between formulas with a mistake that changes it: p (1 − p) has none."""
        if not isinstance(claim, sympy.Eq) or isinstance(claim.rhs, sympy.Tuple):
            return None
        rhs = MISTAKES[mistake](claim.rhs)
        same = same_formula(rhs, claim.rhs)
        return None if same else sympy.Eq(claim.lhs, rhs, evaluate=False)

    assert unnoticed(name, wrong) == []


@pytest.mark.parametrize(
    ("name", "label", "wrong"),
    [
        # The errors that are easy to make by hand: a sign, a factor, a power, an index.
        ("truncated-powers", "cube-integral", lambda rhs: -rhs),
        ("truncated-powers", "cross-term", lambda rhs: 2 * rhs),
        ("decomposition", "total", lambda rhs: rhs.subs(pc.p, 1 - pc.p)),
        ("decomposition", "one-sparse", lambda rhs: rhs.subs(lang.b[lang.j], -lang.b[lang.j])),
        ("two-in-one", "antipodal", lambda rhs: rhs.subs(pc.r, 1 / pc.r)),
        ("boundaries-2-1", "ignore-antipodal", lambda rhs: 1 / rhs),
        ("boundaries-2-1", "ignore-antipodal-slope", lambda rhs: -rhs),
        (
            "point-law",
            "joint",
            lambda rhs: pc.derivation("block-simplices").step("joint").claim.rhs,
        ),
    ],
)
def test_typical_mistakes_fail(name, label, wrong):
    step = pc.derivation(name).step(label)
    claim = sympy.Eq(step.claim.lhs, wrong(step.claim.rhs), evaluate=False)
    with pytest.raises(CheckFailed, match=label):
        replace(step, claim=claim).verify()


def test_there_are_claims_to_be_mistaken_about():
    claims = [step.claim for d in pc.derivations() for step in d.steps]
    equations = [
        c for c in claims if isinstance(c, sympy.Eq) and not isinstance(c.rhs, sympy.Tuple)
    ]
    wrong = [c for c in equations if not same_formula(-c.rhs, c.rhs)]
    assert len(wrong) > 0.9 * len(equations) > 100


def test_every_boundary_and_junction_is_derived():
    for name, law in (("", pc.Uniform()), ("point-law-", pc.Point())):
        for size in ((2, 1), (3, 2)):
            found = pc.derivation(f"{name}boundaries-{size[0]}-{size[1]}")
            diagram = pc.phase_diagram(pc.ToyModel(*size, law))
            for boundary in diagram.boundaries:
                label = "-".join(boundary.phases)
                assert {label, f"{label}-heat", f"{label}-first-order"} <= set(found.labels)
                assert boundary.is_vertical == (f"{label}-slope" not in found.labels)
            for number, junction in enumerate(diagram.junctions, start=1):
                assert found.step(f"junction-{number}-loss").claim.rhs == junction.loss


def test_known_values():
    """What is known from elsewhere, so that library and claim are not wrong together."""
    p, r = pc.p, pc.r
    for name, label, value in [
        ("two-in-one", "dropped-error", p / 3 - p**2 / 4),
        ("two-in-one", "antipodal", (1 + r) * p**2 / 6),
        ("boundaries-2-1", "ignore-antipodal", 2 * p / (4 - 5 * p)),
        ("boundaries-2-1", "junction-1-loss", sympy.Rational(16, 147)),
        ("boundaries-3-2", "others-antipodal-ignore-other", sympy.Rational(4, 7)),
        ("boundaries-3-2", "junction-1-ignore-extra-others-antipodal", 4 * p / (4 - 3 * p)),
        ("decomposition", "example", sympy.Rational(1, 12) - sympy.Rational(369, 40960000)),
        ("point-law", "antipodal", (1 + r) * p**2),
        ("thomson", "pentagon", sympy.Rational(10, 3) * sympy.cos(2 * sympy.pi / 5) ** 2),
    ]:
        assert sympy.simplify(pc.derivation(name).step(label).claim.rhs - value) == 0


def test_cross_references_lead_somewhere():
    derivations = pc.derivations()
    labels = {f"{d.name}/{label}" for d in derivations for label in d.labels}
    for derivation in derivations:
        for text in (derivation.opening, *(step.reason for step in derivation.steps)):
            for reference in text.references():
                full = reference if "/" in reference else f"{derivation.name}/{reference}"
                assert full in labels


def names(expr: sympy.Basic) -> set[str]:
    """Names in a formula: symbols and indexed names, configurations without their label."""
    found = {symbol.name.split("_")[0] for symbol in expr.atoms(sympy.Symbol)}
    shown = {
        lang.LocalError: "ℓ", lang.Norm: "‖", lang.Overlap: "·", lang.Neighbourhood: "N",
        lang.Indicator: "[", lang.Expectation: "E", lang.Partial: "∂", lang.PositivePart: "+",
    }  # fmt: skip
    return found | {mark for node, mark in shown.items() if expr.has(node)}


@each
def test_every_name_is_explained(name):
    derivation = pc.derivation(name)
    explained = set().union(*(names(formula) for formula, _ in NOTATION))
    texts = (derivation.opening, *(step.reason for step in derivation.steps))
    explained |= set().union(*(names(value) for text in texts for value in text.values))
    bound = {"i", "j", "k", "B", "t"}
    for step in derivation.steps:
        assert names(step.claim) <= explained | bound, step.label


def test_the_names_are_known():
    assert tuple(d.name for d in pc.derivations()) == NAMES
    with pytest.raises(ValueError, match="did you mean 'thomson'"):
        pc.derivation("tomson")
    with pytest.raises(KeyError, match="no step 'x'"):
        pc.derivation("thomson").step("x")


def test_records_refuse_what_they_cannot_mean():
    step = pc.derivation("two-in-one").steps[0]
    with pytest.raises(ValueError, match="one label"):
        Derivation("d", "D", prose("…"), (step, step))
    with pytest.raises(ValueError, match="no step 'nowhere'"):
        Derivation("d", "D", prose("See {eq:nowhere}."), (step,))
    with pytest.raises(ValueError, match="label"):
        Step("Two words", prose("…"), step.claim, step.check)
    with pytest.raises(TypeError, match="no equation"):
        Step("label", prose("…"), pc.p, step.check)
    with pytest.raises(ValueError, match="1 formulas, not 0"):
        Prose("{} is missing")


# The two ways to an integral


def test_newton_cotes_is_exact():
    for degree in range(8):
        for power in range(degree + 1):
            total = sum(weight * node**power for node, weight in newton_cotes(degree))
            assert total == Fraction(1, power + 1)


@pytest.mark.parametrize("seed", range(20))
def test_quadrature_agrees_with_the_closed_formula_and_with_scipy(seed):
    generator = random.Random(seed)
    g = [Fraction(generator.choice([-3, -2, -1, 1, 2, 3]), 2) for _ in range(2)]
    c = Fraction(generator.randint(-4, 4), 3)
    power = generator.randint(1, 3)

    def integrand(x):
        return max(c + g[0] * x[0] + g[1] * x[1], Fraction(0)) ** power

    found = piecewise_mean(integrand, [(c, tuple(g))], 2, power)
    slopes = {s: g.count(s) for s in g}
    assert found == cube_integral(slopes, c, power)
    if power == 1:
        weighted = piecewise_mean(lambda x: x[0] * integrand(x), [(c, tuple(g))], 2, 2)
        assert weighted == cube_cross_integral(g[0], {g[1]: 1}, c)
    floats, _ = integrate.dblquad(
        lambda y, x: max(float(c) + float(g[0]) * x + float(g[1]) * y, 0.0) ** power, 0, 1, 0, 1
    )
    assert float(found) == pytest.approx(floats, abs=1e-6)


def test_quadrature_refuses_kinks_that_may_cross():
    one = Fraction(1)
    with pytest.raises(ValueError, match="may cross"):
        piecewise_mean(lambda x: one, [(one, (one, one)), (one, (one, -one))], 2, 1)


def test_unknown_formulas_are_refused():
    with pytest.raises(NotEvaluable, match="sin"):
        compiled(sympy.sin(pc.p))


# The checks themselves


def test_checks_tell_true_from_false():
    p, x = pc.p, sympy.Symbol("x")
    true, false = (
        sympy.Eq(x, 1 - p**2, evaluate=False),
        sympy.Eq(x, 1 - p**3, evaluate=False),
    )
    for check in (
        Identity({x: (1 - p) * (1 + p)}),
        Solves(x - (1 - p) * (1 + p)),
        AtPoints(lambda g: {"p": (q := Fraction(g.randint(2, 9), 10)), "x": 1 - q**2}),
    ):
        check(true)
        with pytest.raises(CheckFailed):
            check(false)
    SignOn(sympy.Integer(0), sympy.Integer(1))(sympy.Gt(p - p**2, 0, evaluate=False))
    with pytest.raises(CheckFailed, match="sign"):
        SignOn(sympy.Integer(0), sympy.Integer(1))(sympy.Gt(p - 2 * p**2, 0, evaluate=False))
    with pytest.raises(CheckFailed, match="not linear"):
        Solves(x**2 - 1)(sympy.Eq(x, 1, evaluate=False))
