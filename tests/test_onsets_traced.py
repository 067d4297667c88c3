"""Onsets at fixed amplitudes, tricritical and critical points."""

from __future__ import annotations

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.continuation.assembled import _formula
from phasecalc.continuation.continuous import continuous
from phasecalc.continuation.equations import Meeting, cusp
from phasecalc.continuation.equations import coexistence as on_line
from phasecalc.continuation.first_order import first_order, leaving
from phasecalc.continuation.onset import Onset, at_amplitude, first_order_seed, onset_near
from phasecalc.continuation.scan import seeds_between
from phasecalc.exact.onset import onset_cubic, onset_importance, tricritical_points
from phasecalc.landscapes.branch import Branch, Landscape
from phasecalc.landscapes.plane import Plane
from phasecalc.landscapes.sources import landscape_of

from .lands import LAND, PAIR, point_of, theta_of, window

RELAXED = landscape_of(Plane.of(PAIR), "relaxed")
UP = np.array([0.0, 1.0])


def onset_at(landscape: Landscape, S: float) -> Onset:
    """The onset of the weak phase from `ignore`, found without its formula."""
    r = float(onset_importance().subs(pc.p, 1 - S))
    parent = landscape.lowest(theta_of(S, 0.8 * r))
    daughter = next(s for s in landscape.minima(theta_of(S, 1.01 * r)) if "weak" in s.name)
    found = onset_near(landscape, parent, daughter, theta_of(S, 1.003 * r), UP)
    assert found is not None
    return found


@pytest.mark.parametrize("S", [0.1, 0.3, 0.45])
@pytest.mark.parametrize("landscape", [LAND, RELAXED])
def test_onset_agrees_with_the_exact_expansion(landscape: Landscape, S: float) -> None:
    """Position q/v, and slope 3c/(2v): from L = r v + (q − r v) ε² + c ε³, stationary in ε."""
    found = onset_at(landscape, S)
    r = float(onset_importance().subs(pc.p, 1 - S))
    v = float(pc.Uniform().variance.subs(pc.p, 1 - S))
    c = float(onset_cubic().subs(pc.p, 1 - S))
    assert point_of(found.theta)[1] == pytest.approx(r, abs=max(1e-11, found.error))
    assert found.error < 1e-10
    assert found.slope == pytest.approx(3 * c / (2 * v * r), abs=1e-8)  # of ln r
    assert (found.exponent is not None) == (c > 0)
    if found.exponent is not None:
        value, error = found.exponent
        assert value == pytest.approx(3, abs=5 * error)
        assert round(value) == 3


def test_daughter_at_a_given_amplitude_is_stationary() -> None:
    onset = onset_at(LAND, 0.3)
    state = at_amplitude(LAND, onset, 0.03)
    assert state is not None
    assert abs(state.gram[onset.place]) == pytest.approx(0.03, abs=1e-13)
    assert np.abs(LAND.plane.problem(state.theta).gradient(state.x)).max() < 1e-13
    assert LAND.softest(state)[0] > 0


def test_continuous_line_ends_in_the_exact_tricritical_points() -> None:
    line = continuous(LAND, onset_at(LAND, 0.3))
    assert line is not None
    formula, gap = _formula(LAND, line.thetas)
    assert formula == onset_importance()
    assert gap < 1e-10
    assert [end.kind for end in line.ends] == ["tricritical point"] * 2
    exact = sorted(1 - float(root.exact()) for root in tricritical_points())
    solved = [end.solved for end in line.ends if end.solved is not None]
    found = sorted((point_of(place.theta)[0], place.error) for place in solved)
    assert len(found) == len(exact) == 2
    for (S, error), root in zip(found, exact, strict=True):
        assert S == pytest.approx(root, abs=5 * error)
        assert error < 5e-8
    assert all(onset.slope > 0 for onset in line.points)


def test_first_order_line_begins_beside_the_tricritical_point() -> None:
    low, high = sorted(1 - float(root.exact()) for root in tricritical_points())
    for S in (low - 0.01, high + 0.01):
        beyond = onset_at(LAND, S)
        assert beyond.slope < 0
        seed = first_order_seed(LAND, beyond)
        assert seed is not None
        assert {seed.a.name, seed.b.name} == {"ignore", "weak-antipodal"}
        assert abs(seed.a.loss - seed.b.loss) < 1e-15
        assert seed.distance < 0.05
        place, r = point_of(seed.theta)
        # First order comes before the limit of stability.
        assert r < float(onset_importance().subs(pc.p, 1 - place))
    assert first_order_seed(LAND, onset_at(LAND, 0.3)) is None


def test_critical_point_of_three_features() -> None:
    """Weak and strong joint phase become one, whatever point of their line the search begins at.

    The point itself was solved from the polynomials of the exact half in 110-digit arithmetic
    (docs/exact_points.py).
    """
    land = window((0.19, 0.27), (0.88, 1.0), pc.ToyModel(3, 2))
    at = theta_of(0.2, 0.9542345)
    states = sorted((s for s in land.minima(at) if "joint" in s.name), key=lambda s: s.loss)
    pair = on_line(land, (states[0], states[1]), at, UP)
    expected = theta_of(0.25359456677832, 0.91714656479392)
    assert pair is not None
    arc = first_order(land, pair)
    close = [pair for pair in arc.points if pair.distance < 0.06]
    assert len(close) > 3
    for pair in close[:: len(close) // 3]:
        found = cusp(land, pair)
        assert found is not None
        assert np.abs(found.theta - expected).max() < 1e-11 + found.error
        assert abs(land.softest(found.branch)[0]) < 1e-6


def test_no_critical_point_where_branches_stay_apart() -> None:
    states: list[Branch] = LAND.minima(theta_of(0.6, 0.3373))
    pair = on_line(LAND, (states[0], states[1]), states[0].theta)
    assert isinstance(pair, Meeting)
    assert cusp(LAND, pair) is None


FIVE = window((0.0, 0.1), (0.98, 1.01), pc.ToyModel(5, 2))


def faint(S: float) -> Onset:
    """Where the extra feature begins to be represented, at a small S: nothing is clipped by it."""
    low, high = (FIVE.lowest(FIVE.plane.theta(S, r)) for r in (0.99, 0.9947))
    (found,) = seeds_between(FIVE, low, high)
    assert isinstance(found, Onset)
    return found


def test_a_daughter_of_which_nothing_is_clipped_grows_as_a_square_root() -> None:
    """The parent's lowest curvature is 0 at the onset; beyond it Σ G² is distance over slope."""
    found = faint(0.03)
    assert found.even
    assert found.exponent is not None
    value, error = found.exponent
    assert value == pytest.approx(2, abs=2 * error)
    assert error < 1e-2
    problem, x = FIVE.plane.problem(found.theta), found.parent.x
    P = FIVE.section(found.parent)
    assert np.linalg.eigvalsh(P.T @ problem.exact_hessian(x) @ P)[0] == pytest.approx(0, abs=1e-9)
    beyond = FIVE.lowest(found.theta + 3e-4 * found.direction)
    grown = float((beyond.gram[-1, :-1] ** 2).sum())
    assert grown == pytest.approx(3e-4 / found.slope, rel=2e-2)


def test_a_line_of_such_daughters_runs_from_the_border_to_a_critical_end_point() -> None:
    line = continuous(FIVE, faint(0.03))
    assert line is not None
    assert all(onset.even and onset.slope > 10 * onset.slope_error for onset in line.points)
    border, end = sorted(line.ends, key=lambda end: end.kind)
    assert (border.kind, end.kind) == ("border", "critical end point")
    assert isinstance(end.solved, Onset) and end.third is not None
    assert FIVE.plane.point(end.solved.theta) == pytest.approx((0.0675404, 0.9942284), abs=2e-7)
    # There a third minimum, from scratch, has the parent's loss.
    there = FIVE.lowest(end.solved.theta + np.array([-1e-5, 0.0]))
    assert there.name == "extra-dropped+4-in-2(2-1:1)"
    assert end.third.loss == pytest.approx(end.solved.parent.loss, abs=1e-13)


def test_a_cubic_term_is_no_mirror_image() -> None:
    """A triangle's dropped feature leaves in three directions: the position has a slope in a."""
    parent = FIVE.lowest(FIVE.plane.theta(0.0825, 0.985))
    found = leaving(FIVE, parent, parent.theta, np.array([1.0, 0.0]))
    assert found is not None
    assert not found.even
    assert abs(found.slope) > 1e3 * found.slope_error
