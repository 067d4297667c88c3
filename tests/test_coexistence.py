"""Boundaries are proved along their whole length, and none is missing."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import pytest
import sympy

import phasecalc as pc
from phasecalc.cli import main
from phasecalc.proofs.coexistence import AllPairs, AlongLine, OnlyTouches, VerticalRoot, together
from phasecalc.proofs.completeness import NowhereAlone, lower_mean, positive_for_all, slug
from phasecalc.proofs.equal_losses import coexistence
from phasecalc.proofs.record import CheckFailed

P, R = pc.p, pc.r
Q = sympy.Rational
LAWS = (pc.Uniform(), pc.Point())
DIAGRAMS = [pc.phase_diagram(pc.ToyModel(*size, law)) for law in LAWS for size in ((2, 1), (3, 2))]
THREE = DIAGRAMS[1]


def line(boundary):
    if boundary.is_vertical:
        return sympy.Eq(P, boundary.feature_probability, evaluate=False)
    return sympy.Eq(R, boundary.importance, evaluate=False)


def boundary_of(diagram, *names):
    return next(b for b in diagram.boundaries if set(b.phases) == set(names))


@pytest.mark.parametrize(
    "interval", [(0, Q(56, 100)), (Q(1, 10), Q(4, 7)), (0, 1), (0, Q(5, 7)), (Q(1, 5), Q(2, 5))]
)
@pytest.mark.parametrize("diagram", DIAGRAMS[:2], ids=("2-1", "3-2"))
def test_a_wrong_interval_of_a_curve_fails(diagram, interval):
    boundary = diagram.boundaries[0]
    assert boundary.interval == (0, Q(4, 7))
    AlongLine(diagram, boundary)(line(boundary))
    wrong = replace(boundary, interval=tuple(map(sympy.sympify, interval)))
    with pytest.raises(CheckFailed, match="lowest for p"):
        AlongLine(diagram, wrong)(line(wrong))


@pytest.mark.parametrize("span", [(0, 2), (0, sympy.oo), (Q(1, 10), 1)])
def test_a_wrong_range_of_importance_fails(span):
    boundary = THREE.boundaries[0]
    wrong = replace(boundary, importance_interval=tuple(map(sympy.sympify, span)))
    with pytest.raises(CheckFailed, match="r is in"):
        AlongLine(THREE, wrong)(line(wrong))


@pytest.mark.parametrize("start", [2, 10, Q(999, 1000), Q(1, 2), 0])
def test_a_wrong_start_of_a_vertical_line_fails(start):
    boundary = boundary_of(THREE, "others-antipodal", "ignore-other")
    VerticalRoot(THREE, boundary)(line(boundary))
    wrong = replace(boundary, importance_interval=(sympy.sympify(start), sympy.oo))
    with pytest.raises(CheckFailed, match="vertical"):
        VerticalRoot(THREE, wrong)(line(wrong))
    with pytest.raises(CheckFailed, match="vertical"):
        VerticalRoot(THREE, boundary)(sympy.Eq(P, Q(5, 7), evaluate=False))


def test_a_boundary_is_more_than_a_touch():
    junction = THREE.junctions[0]
    for names, value in [
        (("ignore-extra", "extra-antipodal"), 2 * P / (4 - 5 * P)),
        (("extra-antipodal", "others-antipodal"), sympy.Integer(1)),
        (("joint", "others-antipodal"), sympy.Integer(1)),
    ]:
        with pytest.raises(CheckFailed, match="equal and lowest"):
            OnlyTouches(THREE, names, junction)(sympy.Eq(R, value, evaluate=False))


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda d: f"{d.model.law.name}-{len(d.phases)}")
def test_a_missing_boundary_or_junction_is_noticed(diagram):
    claim = sympy.Eq(sympy.Symbol("x"), len(list(combinations(diagram.candidates, 2))))
    AllPairs(diagram)(claim)
    for index in range(len(diagram.boundaries)):
        fewer = diagram.boundaries[:index] + diagram.boundaries[index + 1 :]
        with pytest.raises(CheckFailed, match="coexist on"):
            AllPairs(replace(diagram, boundaries=fewer))(claim)
    if len(diagram.junctions[0].phases) > 3:
        with pytest.raises(CheckFailed, match="no junction"):
            AllPairs(replace(diagram, junctions=()))(claim)


def uniform_losses(p, r):
    """Three features in two dimensions, from the paper and from an integral done by hand."""
    variance = p / 3 - p**2 / 4
    # In a triangle of unit vectors an active feature is wrong by the smaller of its magnitude and
    # half of the others': E min(x, y/2)² = 1/16 and E min(x, (y + z)/2)² = 1/6.
    joint = 2 * p**2 * (1 - p) / 16 + p**3 / 6
    return {
        "ignore-extra": r * variance,
        "ignore-other": variance,
        "extra-antipodal": (1 + r) * p**2 / 6,
        "others-antipodal": p**2 / 3,
        "joint": (2 + r) * joint,
    }


GRID = [
    (Fraction(i, 28), Fraction(k, 12)) for i in range(1, 28) for k in (*range(1, 37), 60, 120, 600)
]


def point_losses(p, r):
    variance = p * (1 - p)
    # In a triangle of unit vectors an active feature is lowered by 1/2 for each other active one.
    joint = p * (2 * p * (1 - p) * Fraction(1, 4) + p**2)
    return {
        "ignore-extra": r * variance,
        "ignore-other": variance,
        "extra-antipodal": (1 + r) * p**2,
        "others-antipodal": 2 * p**2,
        "joint": (2 + r) * joint,
    }


@pytest.mark.parametrize(
    ("diagram", "losses"), [(DIAGRAMS[1], uniform_losses), (DIAGRAMS[3], point_losses)]
)
def test_on_a_grid_phases_coexist_on_the_boundaries_only(diagram, losses):
    seen = set()
    for p, r in GRID:
        values = losses(p, r)
        lowest = min(values.values())
        winners = {name for name, value in values.items() if value == lowest}
        assert set(diagram.minimisers(1 - p, r)) == winners
        for pair in combinations(sorted(winners), 2):
            seen.add(pair)
            on_line = any(
                set(b.phases) == set(pair)
                and (
                    p == b.feature_probability
                    if b.is_vertical
                    else b.importance.subs(P, Q(p.numerator, p.denominator)) == r
                )
                for b in diagram.boundaries
            )
            at_junction = any(
                set(pair) <= set(j.phases) and (1 - p, r) == (j.sparsity, j.importance)
                for j in diagram.junctions
            )
            assert on_line or at_junction, (pair, p, r)
    assert len(seen) >= 4


def test_irrational_ends():
    weak = pc.Candidate.from_weights("weak", [[1, "-1/2"]], [0, "1/10"], "superposition")
    model = pc.ToyModel(2, 1)
    diagram = pc.phase_diagram(model, candidates=[*pc.candidates(model), weak])
    ends = {end for b in diagram.boundaries for end in b.interval}
    assert any(not end.is_Rational for end in ends)
    for boundary in diagram.boundaries:
        found = together(diagram, boundary.phases).curve.intervals
        assert boundary.interval in found
    AllPairs(diagram)(sympy.Eq(sympy.Symbol("x"), 6))


def test_nowhere_equal():
    one, two = pc.candidates(pc.ToyModel(2, 1))[:2]
    both = coexistence(one, replace(two, loss=one.loss + P), (one, two))
    assert both.is_empty and not both.has_line


def test_never_lowest():
    others = THREE.phases
    joint = THREE.candidates[-1]
    found = lower_mean(joint, others)
    assert found is not None
    one, two, share = found
    assert positive_for_all(joint.loss - share * one.loss - (1 - share) * two.loss)
    assert lower_mean(others[2], [c for c in others if c is not others[2]]) is None
    assert not positive_for_all(P - P**2 * R)
    assert not positive_for_all(sympy.Integer(0))


ANY_SIZE = (
    "boundaries-3-1",
    "boundaries-4-3",
    "boundaries-6-1",
    "point-law-boundaries-4-1",
    "boundaries-4-2",
    "point-law-boundaries-4-2",
    pytest.param("boundaries-5-3", marks=pytest.mark.long),
)


@pytest.mark.parametrize("name", ANY_SIZE)
def test_boundaries_of_other_sizes_are_proved(name, tmp_path):
    found = pc.derivation(name)
    found.verify()
    law = pc.Point() if name.startswith("point") else pc.Uniform()
    n, m = map(int, name.split("-")[-2:])
    diagram = pc.phase_diagram(pc.ToyModel(n, m, law))
    for boundary in diagram.boundaries:
        value = boundary.feature_probability if boundary.is_vertical else boundary.importance
        assert found.step(slug(*boundary.phases)).claim.rhs == value
    for phase in diagram.phases:
        assert found.step(slug(phase.name)).claim.rhs == phase.loss
    never = [c for c in diagram.candidates if c not in diagram.phases]
    assert all(slug(c.name, "never") in found.labels for c in never)
    assert rf"\label{{{name}:complete}}" in found.to_latex()
    assert pickle.loads(pickle.dumps(found)) is found


def test_a_false_claim_about_another_size_is_found():
    found = pc.derivation("boundaries-4-3")
    step = next(step for step in found.steps if step.label.endswith("-never"))
    diagram = pc.phase_diagram(pc.ToyModel(4, 3))
    with pytest.raises(CheckFailed):
        step.check(sympy.Gt(sympy.Integer(1), sympy.Integer(0), evaluate=False))
    loss = found.step(slug(diagram.phases[0].name))
    with pytest.raises(CheckFailed):
        loss.check(sympy.Eq(loss.claim.lhs, loss.claim.rhs + P**2, evaluate=False))
    with pytest.raises(ValueError, match="along a line that is not vertical"):
        NowhereAlone(diagram, diagram.phases[0])(step.claim)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("boundaries-9-4", "103 candidates; .* at most 20"),
        ("boundaries-2-2", "d_hidden = 2"),
        ("boundaries-0-1", "The names are .* and boundaries-N-M"),
        ("boundaries-4", "The names are"),
        ("boundaries-5-2", "end in irrational points"),
    ],
)
def test_sizes_that_have_no_derivation(name, says):
    with pytest.raises(ValueError, match=says):
        pc.derivation(name)


@pytest.mark.skipif(
    shutil.which("pdflatex") is None and not os.environ.get("CI"), reason="needs pdflatex"
)
def test_the_boundaries_of_another_size_compile(tmp_path):
    for option in ("--appendix", "--pdf"):
        with contextlib.suppress(SystemExit):
            main(["derive", "boundaries-4-2", "-o", str(tmp_path), "--pdf", option])
        assert (tmp_path / "boundaries-4-2.pdf").read_bytes().startswith(b"%PDF")
        (tmp_path / "boundaries-4-2.pdf").unlink()
