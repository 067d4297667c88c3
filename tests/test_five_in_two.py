"""Five features in two dimensions, traced: what three features do not need."""

from __future__ import annotations

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.continuation.continuous import continuous
from phasecalc.continuation.equations import coexistence
from phasecalc.continuation.nearby import with_lowest
from phasecalc.continuation.onset import Onset
from phasecalc.continuation.scan import seeds_between
from phasecalc.landscapes.branch import walk

from .lands import not_lowest_beside, traced, window


def test_a_continuous_line_ends_where_a_third_phase_takes_over_and_soon_ends_itself() -> None:
    """The triangle is lost a little inside the line: its loss is compared as far as it goes."""
    land = window((0.22, 0.5), (1.05, 1.9), pc.ToyModel(5, 2))
    above, below = (land.lowest(land.plane.theta(0.42, r)) for r in (1.6, 1.5))
    (seed,) = seeds_between(land, above, below)
    assert isinstance(seed, Onset)
    line = continuous(land, seed)
    assert line is not None
    first, last = sorted(line.ends, key=lambda end: end.kind)
    assert (first.kind, last.kind) == ("critical end point", "tricritical point")
    assert first.third is not None and first.third.name == "extra-triangle+2-dropped"
    assert isinstance(first.solved, Onset)
    S, r = land.plane.point(first.solved.theta)
    assert (S, r) == pytest.approx((0.365811, 1.421985), abs=2e-6)
    assert first.third.loss == pytest.approx(first.solved.parent.loss, abs=1e-10)


def test_a_branch_goes_on_where_an_overlap_changes_its_sign() -> None:
    land = window((0.1, 0.3), (1.0, 1.3), pc.ToyModel(5, 2))
    here, there = (land.lowest(land.plane.theta(0.185, r)) for r in (1.11, 1.09))
    moved = walk(land, here, there.theta)
    assert moved is not None
    assert moved.signs != here.signs and moved.zeros == here.zeros
    assert moved.loss == pytest.approx(there.loss, abs=1e-13)


def test_where_two_importances_meet_a_line_has_the_lowest_phase_on_either_side() -> None:
    """At r = 1 the extra feature can take the place of any other, and several minima are level."""
    land = window((0.0795, 0.0812), (0.9999, 1.0001), pc.ToyModel(5, 2))
    theta = land.plane.theta(0.0805, 1.0)
    lowest, level, *_ = land.minima(theta)
    assert level.loss == pytest.approx(lowest.loss, abs=1e-14)
    pair = coexistence(land, (lowest, level), theta)
    assert pair is not None
    normal = pair.normal / np.linalg.norm(pair.normal)
    for branch, side in zip(with_lowest(land, pair).branches, (-1e-5, 1e-5), strict=True):
        there = theta + side * normal
        moved = walk(land, branch, there)
        assert moved is not None
        assert moved.loss == pytest.approx(land.lowest(there).loss, abs=1e-13)
    beside = walk(land, level, theta + 1e-5 * normal)
    assert beside is not None
    assert beside.loss > land.lowest(beside.theta).loss + 1e-8


@pytest.mark.long
def test_minima_that_break_a_symmetry_differently_meet_in_a_landau_point() -> None:
    land = window((0.15, 0.19), (1.08, 1.11), pc.ToyModel(5, 2))
    found = traced(land, (4, 4))
    assert all(point.kind != "end of a branch" for point in found.special_points)
    (point,) = (point for point in found.special_points if point.kind == "Landau point")
    assert (point.sparsity, point.importance) == pytest.approx((0.16355020, 1.09273384), abs=1e-6)
    joined = [set(line.phases) for line in found.boundaries if point in line.ends]
    assert {"5-in-2(1-x:3=)", "5-in-2(1-x:2=-1)"} in joined
    # A line that is found on the right side of the window and not followed from there is told.
    (place,) = found.unexplained
    assert place == pytest.approx((0.1752, 1.0949), abs=1e-3)
    # The line on which one of the three becomes longer passes above it; close to it its lower phase
    # has no curvature that Newton's method could follow, and the tracer joins it to the point.
    theta = land.plane.theta(point.sparsity, point.importance)
    alike, *others = land.minima(theta)  # known to few digits there: found more than once
    longer = next(b for b in others if np.abs(b.gram - alike.gram).max() > 0.01)
    pair = coexistence(land, (alike, longer), theta, np.array([0.0, 1.0]))
    assert pair is not None and pair.distance > 0.05
    assert land.plane.point(pair.theta)[1] - point.importance == pytest.approx(1.37e-4, abs=1e-6)
    # Three features are alike there, and no two of the softest directions differ.
    assert point.minima is not None
    gram = point.minima.weights[0].T @ point.minima.weights[0]
    lengths = np.sort(np.diag(gram)[:4])
    assert lengths[:3] == pytest.approx(lengths[0], abs=1e-5)
    at = land.branch(
        land.plane.theta(point.sparsity, point.importance),
        np.concatenate([point.minima.weights[0].ravel(), point.minima.biases[0]]),
    )
    P = np.linalg.qr(land.section(at))[0]
    hessian = land.plane.problem(at.theta).exact_hessian(at.x)
    softest = np.linalg.eigvalsh(P.T @ hessian @ P)[:3]
    assert softest[:2] == pytest.approx([0.0, 0.0], abs=1e-7)
    assert softest[2] > 1e-4


@pytest.mark.long
def test_a_line_stops_where_another_daughter_leaves_one_of_its_phases() -> None:
    """Of the dedicated phase, whose softest direction was another one before."""
    found = traced(window((0.34, 0.40), (1.36, 1.47), pc.ToyModel(5, 2)), (4, 4))
    assert sorted(point.kind for point in found.special_points) == [
        *["border"] * 3,
        "critical end point",
    ]


@pytest.mark.long
def test_the_extra_feature_begins_faint_at_small_sparsity() -> None:
    """Continuous lines at which nothing is clipped, and the lines that they end on: all joined."""
    found = traced(window((0.0, 0.074), (0.985, 0.9985), pc.ToyModel(5, 2)), (3, 3))
    assert found.unexplained == ()
    points = {(q.kind, round(q.sparsity, 6), round(q.importance, 6)) for q in found.special_points}
    assert {point for point in points if point[0] != "border"} == {
        ("critical end point", 0.06754, 0.994228),
        ("junction", 0.067796, 0.995558),
    }
    (line,) = (line for line in found.boundaries if line.order != 1)
    assert line.order == 2 and line.exponent is not None
    assert line.exponent[0] == pytest.approx(2, abs=2e-3)
    assert sorted(end.kind for end in line.ends) == ["border", "critical end point"]
    assert len(found.boundaries) == 5


def test_one_faint_feature_is_lowest_on_one_side_of_the_bicritical_point_and_two_on_the_other() -> (
    None
):
    """A little beyond the onset, from many starts, without its expansion."""
    land = window((0.0810, 0.0838), (0.9992, 1.0014), pc.ToyModel(5, 2))
    below, above = (
        land.lowest(land.plane.theta(S, r)) for S, r in ((0.08194, 1.0002), (0.0824, 1.0006))
    )
    assert below.name == "extra-4-in-2(1-1-x:1)+1-dropped"
    assert above.name == "5-in-2(2-x:2)"


@pytest.mark.long
@pytest.mark.parametrize(("cells", "step"), [((3, 3), 0.06), ((5, 6), 0.03)])
def test_two_daughters_of_one_onset_exchange_their_order(
    cells: tuple[int, int], step: float
) -> None:
    """In a window in which losses differ by 1e-11: one graph whatever the scan and the step."""
    model = pc.ToyModel(5, 2)
    found = traced(window((0.0810, 0.0838), (0.9992, 1.0014), model, longest_step=step), cells)
    assert found.unexplained == ()
    assert not_lowest_beside(found) == []
    points = {
        (q.kind, round(q.sparsity, 6), round(q.importance, 6))
        for q in found.special_points
        if q.kind != "border"
    }
    assert points == {
        ("bicritical point", 0.082015, 1.000246),
        ("critical end point", 0.083259, 1.001212),
        ("junction", 0.081772, 1.0),
        ("junction", 0.081801, 1.0),
        ("tricritical point", 0.081083, 0.999929),
        ("tricritical point", 0.081833, 1.000101),
    }
    (node,) = (q for q in found.special_points if q.kind == "bicritical point")
    assert node.error < 2e-6
    met = sorted(line.order or 0 for line in found.boundaries if node in line.ends)
    assert met == [1, 2, 2]
    (first,) = (line for line in found.boundaries if node in line.ends and line.order == 1)
    assert {end.kind for end in first.ends} == {"bicritical point", "junction"}


@pytest.mark.long
@pytest.mark.parametrize("cells", [(4, 4), (5, 6)])
def test_every_point_of_a_line_has_its_two_phases_lowest(cells: tuple[int, int]) -> None:
    """Also where the third phase of a junction is lost on the way to the end of the line."""
    land = window((0.0660, 0.0772), (0.990, 0.9994), pc.ToyModel(5, 2))
    for line in traced(land, cells).boundaries:
        points = zip(line.sparsities, line.importances, line.losses, strict=True)
        for S, r, loss in list(points)[1:-1]:
            assert land.lowest(land.plane.theta(S, r)).loss > loss - 1e-10
