"""Spinodals: the onset's formula, folds against their equations and slices, mirror law, records."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.continuation.equations import Degenerate, coexistence
from phasecalc.continuation.first_order import first_order, leaving
from phasecalc.continuation.limits import (
    Instability,
    cause_of,
    limit_along,
    limit_between,
    limit_curve,
)
from phasecalc.continuation.metastable import away, wall_of
from phasecalc.exact.onset import onset_importance
from phasecalc.landscapes.branch import walk
from phasecalc.landscapes.plane import Plane
from phasecalc.landscapes.sources import landscape_of
from phasecalc.report.plot_traced import plot_traced
from phasecalc.report.traced import traced_document, traced_text

from .lands import LAND, PAIR, named, point_of, theta_of, traced, window

onset = sympy.lambdify(pc.p, sympy.log(onset_importance()))
FLAT = pc.ContinuationSettings().flat


@lru_cache(maxsize=2)
def diagram(mirrored: bool = False) -> pc.TracedDiagram:
    """The line between a pair and one feature alone, with both regions beside it."""
    r = (1 / 0.55, 1 / 0.17) if mirrored else (0.17, 0.55)
    return traced(window((0.5, 0.72), r), (4, 4))


def region(phase: str, mirrored: bool = False) -> pc.MetastableRegion:
    return next(q for q in diagram(mirrored).metastable if q.phase == phase)


def _theta(curve: pc.Spinodal) -> np.ndarray:
    places = zip(curve.sparsities, curve.importances, strict=True)
    return np.array([theta_of(S, r) for S, r in places])


def test_ignore_ends_on_the_exact_onset() -> None:
    """r = q(p)/v(p), with the stated error and far below it."""
    (curve,) = region("ignore").spinodals
    assert curve.cause == "onset"
    assert curve.boundary == ("ignore", "antipodal")
    points = _theta(curve)
    gaps = np.abs(points[:, 1] - onset(np.exp(points[:, 0])))
    assert gaps.max() < curve.error < 1e-10
    assert len(points) > 5
    # It ends at the border of the window on both sides, and neighbours are close.
    plane = diagram().plane
    assert max(abs(plane.excess(point)) for point in points[[0, -1]]) < 1e-3
    assert max(np.linalg.norm(b - a) for a, b in pairwise(points)) < 0.1


def test_folds_solve_their_equations() -> None:
    """No gradient, a singular Hessian, and no minimum of the branch just beyond."""
    (curve,) = region("antipodal").spinodals
    assert curve.cause == "fold"
    assert curve.error < 1e-10
    for S, r in list(zip(curve.sparsities, curve.importances, strict=True))[1:-1:3]:
        inside = LAND.follow(named(S, r * 1.01, "antipodal"), theta_of(S, r * (1 + 1e-4)))
        assert inside is not None and LAND.softest(inside)[0] > FLAT
        # Curvature squared falls linearly to 0 at the fold.
        near = LAND.follow(inside, theta_of(S, r * (1 + 1e-6)))
        assert near is not None
        ratio = LAND.softest(inside)[0] / LAND.softest(near)[0]
        assert ratio == pytest.approx(10.0, rel=0.1)
        assert all(b.name != "antipodal" for b in LAND.minima(theta_of(S, r * 0.999)))


def test_spinodals_agree_with_slices() -> None:
    """A slice finds the ends from other starts, along another direction."""
    (curve,) = region("antipodal").spinodals
    for k in (2, 5):
        S, r = curve.sparsities[k], curve.importances[k]
        line = pc.slice_along(PAIR, sparsity=S, values=np.linspace(0.9 * r, 1.1 * r, 6))
        end = next(b.ends[0] for b in line.branches if b.name == "antipodal")
        assert end is not None
        assert end.cause == "fold"
        assert end.value == pytest.approx(r, rel=1e-9)
        assert end.error < 1e-10


def test_a_curve_of_folds_passes_its_cusp_and_is_its_own_mirror_image() -> None:
    """(S, r) ↔ (S, 1/r) exchanges the features: the strong pair's folds are one smooth curve."""
    last = LAND.follow(named(0.6, 0.31, "antipodal"), theta_of(0.6, 0.303))
    assert last is not None
    seed = limit_between(LAND, last, theta_of(0.6, 0.3015))
    assert isinstance(seed, Degenerate)
    points, ends = limit_curve(LAND, seed)
    assert [end.kind for end in ends] == ["border", "border"]
    theta = np.array([point.theta for point in points])
    assert max(point.error for point in points) < 1e-10
    first, last_ = sorted(theta[[0, -1]].tolist(), key=lambda t: t[1])
    np.testing.assert_allclose(first, np.array(last_) * [1, -1], atol=1e-10)
    # At the cusp on r = 1 the third derivative vanishes: it changes its sign there.
    signs = np.sign([point.third for point in points if isinstance(point, Degenerate)])
    assert len(signs) == len(points)
    assert np.count_nonzero(np.diff(signs)) == 1
    k = int(np.flatnonzero(np.diff(signs))[0])
    assert np.abs(theta[k : k + 2, 1]).min() < 0.01
    # Sparser steps give points of the same curve: mirror images solve the equations too.
    for place in theta[5:-5:20]:
        S, r = point_of(place * [1.0, -1.0])
        away = 1.0 + 2e-4 * np.sign(np.log(r) or 1.0) * -1.0
        inside = LAND.follow(named(S, r * away**100, "antipodal"), theta_of(S, r * away))
        if inside is not None:
            end = limit_between(LAND, inside, theta_of(S, r / away))
            assert end is not None
            assert end.theta == pytest.approx(place * [1.0, -1.0], abs=1e-9)


def test_regions_lie_between_line_and_spinodal() -> None:
    """Well inside its outline a phase is a minimum and not the lowest; the line is its edge."""
    found = diagram()
    (line,) = found.boundaries
    for name in ("ignore", "antipodal"):
        corners = np.column_stack([region(name).sparsities, region(name).importances])
        edge = np.column_stack([line.sparsities, line.importances])
        np.testing.assert_allclose(corners[: len(edge)], edge, rtol=1e-12)
        k = len(edge) // 2
        foot = theta_of(*edge[k])
        far = _theta(region(name).spinodals[0])
        middle = 0.5 * (foot + far[np.linalg.norm(far - foot, axis=1).argmin()])
        states = {branch.name: branch for branch in LAND.minima(middle)}
        lowest = min(states.values(), key=lambda branch: branch.loss)
        assert lowest.name != name
        assert name in states


def test_a_symmetric_pair_ends_where_two_folds_meet() -> None:
    """On r = 1 the pair stays its own mirror image, and its spinodal has a cusp."""
    last = LAND.follow(named(0.3, 1.0, "antipodal"), theta_of(0.28705, 1.0))
    assert last is not None
    end = limit_between(LAND, last, theta_of(0.28695, 1.0))
    assert end is not None
    assert cause_of(end) == "onset"
    assert end.error < 1e-8
    assert 1 - np.exp(end.theta[0]) == pytest.approx(0.2869867, abs=1e-6)


@pytest.mark.parametrize("S", [1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.9])
def test_onsets_from_curvature_and_from_the_daughter(S: float) -> None:
    """Two ways to one point, also where two sides of the kink become unstable almost together.

    At S = 0.01 the side of positive overlaps follows 3e-6 after that of negative ones.
    """
    r = float(np.exp(onset(1 - S)))
    last = LAND.follow(named(S, 0.9 * r, "ignore"), theta_of(S, r * (1 - 1e-3)))
    assert last is not None
    one = limit_between(LAND, last, theta_of(S, r * (1 + 1e-3)))
    assert one is not None
    assert cause_of(one) == "onset"
    assert abs(one.theta[1] - np.log(r)) <= one.error < 2e-11
    two = leaving(LAND, last, last.theta, np.array([0.0, 1.0]))
    assert two is not None
    assert abs(two.theta[1] - np.log(r)) <= 2 * two.error < 2e-11


def test_nothing_to_relax_has_no_spinodal() -> None:
    """A candidate without free lengths or biases never stops being a minimum of its pattern."""
    land = landscape_of(Plane.of(PAIR), "relaxed")
    states = {branch.name: branch for branch in land.minima(theta_of(0.6, 0.3373))}
    seed = coexistence(land, (states["ignore"], states["antipodal"]), theta_of(0.6, 0.3373))
    assert seed is not None
    assert np.isinf(land.softest(states["ignore"])[0])
    assert len(first_order(land, seed).points) > 5


def test_records_texts_and_picture() -> None:
    with pytest.raises(ValueError, match="as many S as r"):
        pc.Spinodal("a", ("a", "b"), "fold", (0.5,), (), 0.0)
    found = diagram()
    assert {q.phase for q in found.metastable} == {"ignore", "antipodal"}
    text = traced_text(found)
    assert "Spinodals (" in text
    assert "ignore | antipodal" in text
    document = json.loads(json.dumps(traced_document(found)))
    assert {curve["cause"] for curve in document["spinodals"]} == {"fold", "onset"}
    assert [len(curve["points"]) for curve in document["spinodals"]] == [
        len(curve.sparsities) for curve in found.spinodals
    ]
    assert document["metastable"][0]["outline"]
    for drawn in (False, True):
        figure = plot_traced(found, metastable=drawn)
        legend = figure.axes[0].get_legend()
        assert legend is not None
        labels = [entry.get_text() for entry in legend.get_texts()]
        for phase in ("ignore", "antipodal"):
            assert (f"{phase} metastable" in labels) == drawn
        assert ("spinodal" in labels) == (drawn and bool(found.spinodals))


def test_each_minimum_ends_on_its_own_side_of_a_cusp() -> None:
    """3 in 2: two joint minima coexist between two folds of one curve, and each has one of them."""
    land = window((0.2, 0.6), (0.5, 1.0), pc.ToyModel(3, 2))
    one, two = (named(0.4621, 0.6188, name, land) for name in ("weak-joint", "joint"))
    pair = coexistence(land, (one, two), land.plane.theta(0.4621, 0.6188))
    assert pair is not None
    limits = []
    for branch, sign in ((pair.a, 1.0), (pair.b, -1.0)):
        way = sign * pair.normal / np.linalg.norm(pair.normal)
        limit = limit_along(land, branch, pair.theta, pair.theta + 0.2 * way)
        assert isinstance(limit, Degenerate)
        limits.append(limit)
    curve = wall_of(limit_curve(land, limits[0])[0])
    assert all(np.isfinite(away(land, curve, limit)) for limit in limits)
    places = [np.abs(curve.points - limit.theta).max(axis=1).argmin() for limit in limits]
    between = curve.limits[min(places) : max(places) + 1]
    # One cusp in between, at which the two minima become one: there ∂³L/∂v³ changes its sign.
    thirds = [limit.third for limit in between if isinstance(limit, Degenerate)]
    assert len(thirds) == len(between) and np.count_nonzero(np.diff(np.sign(thirds))) == 1


@pytest.mark.parametrize(
    ("source", "name", "S", "r", "width"),
    [
        ("global", "joint", 0.09993005211982565, 1.0314199124154082, 1e-3),
        ("global", "joint", 0.1142423287433341, 1.0413157188784918, 1e-3),
        ("global", "joint", 0.12498210461159183, 1.0500092588858503, 1e-3),
        ("relaxed", "weak-other-joint", 0.0964497536220687, 7.4272113752252595, 5e-7),
    ],
)
def test_joint_above_one_becomes_unstable_and_goes_on(
    source: str, name: str, S: float, r: float, width: float
) -> None:
    """3 in 2: its curvature passes through 0 smoothly, so that its end is no fold.

    These are the points of the stored diagrams that an earlier program called folds. At the last
    one the saddle that it becomes ends in a fold soon after, 1e-4 further on.
    """
    land = landscape_of(Plane.of(pc.ToyModel(3, 2)), source)
    place = land.plane.theta(S, r)
    branch = next(
        b for b in land.minima(place - [0.0, 5e-3]) if b.name == name and b.family in ("", "joint")
    )
    curvatures = []
    for step in (-2, -1, 0, 1, 2):
        moved = walk(land, branch, place + np.array([0.0, step * width]))
        assert moved is not None
        curvatures.append(land.softest(moved)[0])
        branch = moved
    assert abs(curvatures[2]) < 1e-7
    assert np.diff(curvatures) == pytest.approx(np.diff(curvatures)[0], rel=0.02)


def test_a_minimum_passes_the_fold_of_another_of_the_same_signs() -> None:
    """3 in 2, relaxed: the curve of folds of `joint` at S = 0.3 goes on beyond where another ends.

    There, at S = 0.6, it is that of a second minimum, and the one followed from above lives on.
    """
    land = landscape_of(Plane.of(pc.ToyModel(3, 2)), "relaxed")
    ends = []
    for S in (0.3, 0.6):
        theta = land.plane.theta(S, 0.3)
        joint = next(b for b in land.minima(theta) if b.family == "joint")
        ends.append(limit_along(land, joint, theta, land.plane.theta(S, 0.1)))
    one, two = ends
    assert isinstance(one, Degenerate) and isinstance(two, Degenerate)
    curve = [limit.theta for limit in limit_curve(land, one)[0]]
    log_p = two.theta[0]
    (at,) = (
        a + (log_p - a[0]) / (b[0] - a[0]) * (b - a)
        for a, b in pairwise(curve)
        if min(a[0], b[0]) <= log_p < max(a[0], b[0])
    )
    assert np.exp([at[1], two.theta[1]]) == pytest.approx([0.2472, 0.1832], abs=5e-4)
    beyond = walk(land, joint, 0.5 * (at + two.theta))
    assert beyond is not None and land.softest(beyond)[0] > 1e-3


def test_a_curve_of_folds_that_closes_is_followed_once_around() -> None:
    """λ = 0.02: the pair's folds, two cusps among them, are a closed curve within the window."""
    model = pc.ToyModel(2, 1, interference_penalty="1/50")
    land = landscape_of(Plane.of(model), "global")
    pair = named(0.9, 1.5, "antipodal", land)
    limit = limit_along(land, pair, pair.theta, pair.theta - np.array([1.0, 0.0]))
    assert isinstance(limit, Degenerate)
    points, ends = limit_curve(land, limit)
    assert [end.kind for end in ends] == ["closed", "closed"]
    assert points[0] is limit and np.abs(points[-1].theta - limit.theta).max() < 1e-9
    steps = np.diff([point.theta for point in points], axis=0)
    assert np.linalg.norm(steps, axis=1).max() < 0.1 and len(points) < 400
    # Its two cusps, where two minima and a saddle are one: there ∂³L/∂v³ rises along v.
    folds = [point for point in points if isinstance(point, Degenerate)]
    cusps = [
        k
        for k, (a, b) in enumerate(pairwise(folds))
        if a.third * b.third < 0 < (b.third - a.third) * (a.null @ (b.branch.x - a.branch.x))
    ]
    assert len(folds) == len(points) and len(cusps) == 2
    assert np.diff([-1, *cusps, len(points)]).min() > 5


def test_a_relaxed_pair_of_equal_lengths_ends_on_one_onset() -> None:
    """3 in 2: two saddles meet the pair of equal features at one S, whatever r; it is no fold."""
    land = landscape_of(Plane.of(pc.ToyModel(3, 2)), "relaxed")
    for r in (0.5, 1.5):
        pair = next(
            branch
            for branch in land.minima(land.plane.theta(0.4, r))
            if branch.name == "others-antipodal"
        )
        limit = limit_along(land, pair, pair.theta, pair.theta + np.array([1.0, 0.0]))
        assert isinstance(limit, Instability) and cause_of(limit) == "onset"
        points, ends = limit_curve(land, limit)
        assert [end.kind for end in ends] == ["border", "border"]
        sparsities = [land.plane.point(point.theta)[0] for point in points]
        assert sparsities == pytest.approx([0.286986980457] * len(points), abs=1e-9)
        # Beyond it the branch goes on, as a saddle.
        beyond = land.follow(limit.branch, limit.theta + np.array([1e-3, 0.0]))
        assert beyond is not None and land.softest(beyond)[0] < -1e-6
