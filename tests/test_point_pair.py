"""The global diagram of two features in one dimension under the point law."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.landscapes.plane import Plane
from phasecalc.landscapes.point_pair import PointPairLandscape
from phasecalc.minima.point_pair import _piece, _roots, minima
from phasecalc.minima.problem import Problem
from phasecalc.point_law.lines import ERROR, Place, Tracer, gap

MODEL = pc.ToyModel(2, 1, pc.Point())


@pytest.fixture(scope="module")
def diagram():
    return pc.phase_diagram(MODEL, "global")


def _conditions(count: int, seed: int):
    rng = np.random.default_rng(seed)
    return zip(
        rng.uniform(0.02, 0.98, count), np.exp(rng.uniform(-2.3, 2.3, count)), strict=True
    )  # fmt: skip


def test_no_search_finds_a_lower_loss():
    for p, r in _conditions(60, 5):
        found = pc.minimize(MODEL, 1 - p, r)
        assert minima(p, r)[0].loss == pytest.approx(found.loss, abs=1e-13)


def test_every_root_is_a_stationary_point_of_the_loss():
    for p, r in _conditions(40, 6):
        problem = Problem.of(MODEL, 1 - p, r)
        for point in minima(p, r):
            x = np.array([*point.weights, *point.bias])
            assert problem.loss(x) == pytest.approx(point.loss, abs=1e-14)
            if point.pattern != "-CC":  # at W = (1, −1) its outputs are on a kink
                assert np.abs(problem.gradient(x)).max() < 1e-11
            if point.base:
                dropped = (r if point.base == "ignore" else 1) * p * (1 - p)
                assert dropped - point.gain == pytest.approx(point.loss, abs=1e-14)


def test_the_polynomial_is_the_derivative_along_rays():
    A, m, B, n, q, s = (sympy.Rational(k, 7) for k in (3, 2, 5, 1, 4, 9))
    s = sympy.Symbol("s")
    share = (A * (s - m) + B * (1 / s - n)) ** 2 / (A * (s - m) ** 2 + B * (1 / s - n) ** 2 + q)
    zeros = sympy.Poly(sympy.fraction(sympy.together(share.diff(s)))[0], s).nroots()
    positive = [float(z) for z in zeros if z.is_real and z > 0]
    slope = sympy.lambdify(s, A * (s - m) + B * (1 / s - n))
    roots = _roots(*(float(k) for k in (A, m, B, n, q)))
    assert sorted(roots) == pytest.approx([z for z in positive if abs(slope(z)) > 1e-9])


def test_pairs_of_both_signs_have_one_loss_at_p_one_half():
    assert _piece("M", "-", 0.5) == pytest.approx(_piece("M", "+", 0.5), abs=1e-16)
    assert _piece("W", "-", 0.5) == _piece("W", "+", 0.5)


def test_phases_and_special_points(diagram):
    assert [phase.name for phase in diagram.phases] == [
        "aligned", "antipodal", "dedicated", "ignore", "weak-antipodal", "weak-other-antipodal",
    ]  # fmt: skip
    kinds = [point.kind for point in diagram.special_points]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "border": 4, "bicritical point": 2, "junction": 5, "critical end point": 2,
    }  # fmt: skip
    # Swapping the features takes r to 1/r.
    places = sorted((q.sparsity, abs(np.log(q.importance))) for q in diagram.special_points)
    for one, two in pairwise([place for place in places if place[1] > 1e-6]):
        if abs(one[0] - two[0]) < 1e-8:
            assert one[1] == pytest.approx(two[1], abs=1e-8)


def test_the_onset_is_its_formula(diagram):
    onsets = [line for line in diagram.boundaries if line.order == 3]
    assert sorted(str(line.formula) for line in onsets) == ["1/p", "1/p", "p", "p"]
    for line in onsets:
        expected = [float(line.formula.subs(pc.p, 1 - S)) for S in line.sparsities[1:-1]]
        assert line.importances[1:-1] == pytest.approx(expected, rel=1e-13)
        assert line.exponent[0] == pytest.approx(3, abs=1e-3)


def test_phases_meet_on_lines(diagram):
    """A search on both sides of a line finds its phases, and the loss on it is theirs."""
    for line in diagram.boundaries:
        k = len(line.sparsities) // 2
        S, r = line.sparsities[k], line.importances[k]
        upright = np.ptp(line.sparsities) < 1e-9
        d = 0.02 if line.order == 3 else 1e-3
        sides = [(S - d, r), (S + d, r)] if upright else [(S, r * (1 - d)), (S, r * (1 + d))]
        found = [pc.minimize(MODEL, *side, random_starts=20) for side in sides]
        assert {one.name for one in found} == set(line.phases)
        if not upright:
            assert tuple(one.name for one in found) == line.phases
        if line.order == 1:
            two = zip(line.minima.weights[:, k], line.minima.biases[:, k], strict=True)
            on = [float(pc.expected_loss(W, b, [1, r], S, pc.Point())) for W, b in two]
            lowest = pc.minimize(MODEL, S, r).loss
            assert [*on, lowest] == pytest.approx([line.losses[k]] * 3, abs=1e-13)
            assert np.abs(line.jumps[k]).max() > 100 * line.jump_error


def test_a_line_is_where_bisection_of_the_search_finds_it(diagram):
    line = next(q for q in diagram.boundaries if q.phases == ("ignore", "antipodal"))
    k = len(line.sparsities) // 2
    S, low, high = line.sparsities[k], 0.87 * line.importances[k], 1.1 * line.importances[k]
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        below = pc.minimize(MODEL, S, middle).name == "ignore"
        low, high = (middle, high) if below else (low, middle)
    assert low < line.importances[k] < high


@pytest.mark.parametrize(("cells", "longest"), [((2, 2), 0.02), ((9, 15), 0.06), ((3, 3), 0.5)])
def test_scan_and_steps_change_nothing(diagram, cells, longest):
    """Other cells, one with a column on the line r = 1, and steps: the same lines and points."""
    settings = pc.ContinuationSettings(longest_step=longest)
    other = pc.phase_diagram(MODEL, "global", cells=cells, settings=settings)
    one, two = (
        sorted((q.kind, round(q.sparsity, 9), round(q.importance, 8)) for q in d.special_points)
        for d in (diagram, other)
    )
    assert one == two
    one, two = (
        sorted((*line.phases, *sorted(end.kind for end in line.ends)) for line in d.boundaries)
        for d in (diagram, other)
    )
    assert one == two and len(one) == 17


def test_points_are_as_close_to_their_lines_as_they_say():
    """Within the error two patterns exchange their order, at special points those of every line."""
    land = PointPairLandscape(Plane.of(MODEL))
    tracer = Tracer(land)
    tracer.trace((2, 2))
    around = ERROR * np.array([[np.cos(a), np.sin(a)] for a in 0.1 + np.arange(16) * np.pi / 8])
    for line in tracer.lines:
        for theta in line.points[1:-1]:
            normal = Place(theta, line.patterns).normal
            step = ERROR * normal / np.linalg.norm(normal)
            assert gap(theta + step, *line.patterns) * gap(theta - step, *line.patterns) < 0
        for theta in (tracer.nodes[k] for k in line.ends):
            if land.plane.excess(theta) < -1e-6:
                gaps = [gap(theta + step, *line.patterns) for step in around]
                assert min(gaps) < 0 < max(gaps)


def test_labels_and_grids(diagram):
    assert diagram.label(0.9, 1) == "antipodal"
    grid = diagram.grid([0.0, 0.4, 0.6], [0.3, 0.7])
    assert grid.labels.tolist() == [
        ["ignore", "ignore"], ["ignore", "aligned"], ["ignore", "weak-antipodal"],
    ]  # fmt: skip
    assert grid.losses[1, 0] == pytest.approx(0.3 * 0.24)


def test_losses_scale_with_the_magnitude(diagram):
    large = phase_at(pc.Point(2), 0.3, 0.8)
    assert large.loss == pytest.approx(4 * diagram.minimum(0.7, 0.8))


def phase_at(law: pc.Point, p: float, r: float):
    plane = Plane.of(pc.ToyModel(2, 1, law))
    return PointPairLandscape(plane).lowest(plane.theta(1 - p, r))


def test_others_are_refused():
    with pytest.raises(ValueError, match="two features in one dimension have a global diagram"):
        pc.phase_diagram(pc.ToyModel(3, 2, pc.Point()), "global")
    with pytest.raises(ValueError, match="a slice follows minima that are isolated"):
        pc.slice_along(MODEL, source="global", sparsity=0.5)
    with pytest.raises(ValueError, match="it must be None for law"):
        pc.phase_diagram(MODEL, "global", checkpoint="point.jsonl")


def test_it_is_kept_in_files_and_drawn(diagram, tmp_path):
    diagram.save(tmp_path / "point.json")
    assert pc.load(tmp_path / "point.json").boundaries[3].phases == diagram.boundaries[3].phases
    assert pc.plot_diagram(diagram).axes
