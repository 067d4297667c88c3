"""Traced lines: coexistence against high precision, junctions, onsets, mirror law, refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.cli import main
from phasecalc.continuation.curve import End, Line
from phasecalc.continuation.equations import Meeting
from phasecalc.continuation.equations import coexistence as on_line
from phasecalc.continuation.first_order import first_order
from phasecalc.continuation.graph import Graph
from phasecalc.continuation.scan import Continuous, between
from phasecalc.continuation.whole import traced_diagram
from phasecalc.landscapes.branch import Branch, Landscape
from phasecalc.landscapes.free import GlobalLandscape
from phasecalc.landscapes.plane import Axis, Plane
from phasecalc.landscapes.sources import landscape_of
from phasecalc.report.plot_traced import plot_traced
from phasecalc.report.text_trained import check_text
from phasecalc.report.traced import traced_document, traced_text

from .lands import LAND, PAIR, named, point_of, theta_of, traced, window

W1, W2, B1, B2 = sympy.symbols("w1 w2 b1 b2")


@lru_cache(maxsize=4)
def regime(x: tuple[float, ...]) -> sympy.Expr:
    """The exact loss of W = (w1, w2), b, in p and r, in the sign regime of a point."""
    point = dict(zip((W1, W2, B1, B2), (Fraction(value) for value in x), strict=True))
    return pc.decompose([[W1, W2]], [B1, B2], [1, pc.r]).in_regime(point).total


def followed(state: Branch, S: float, r: float) -> Branch:
    found = LAND.follow(state, theta_of(S, r))
    assert found is not None
    return found


def coexistence(sparsity: str) -> tuple[sympy.Expr, Branch]:
    """r at which the strong pair has the loss r·v of `ignore`, to 30 digits; a starting state."""
    S = sympy.Rational(sparsity)
    r = {"1/2": 0.536, "3/5": 0.3373, "4/5": 0.1138, "9/10": 0.0487}[sparsity]
    state = next(s for s in LAND.minima(theta_of(float(S), r)) if s.name == "antipodal")
    loss = regime(tuple(state.x.round(6))).subs(pc.p, 1 - S)
    variance = pc.Uniform().variance.subs(pc.p, 1 - S)
    equations = [sympy.diff(loss, z) for z in (W1, W2, B1, B2)] + [loss - pc.r * variance]
    unknowns = (W1, W2, B1, B2, pc.r)
    found = sympy.nsolve(equations, unknowns, (*state.x, r), prec=30)
    return found[4], state


@pytest.mark.parametrize(
    ("sparsity", "known"), [("1/2", 0.5357), ("3/5", 0.3373), ("4/5", 0.1138), ("9/10", 0.0487)]
)
def test_coexistence_against_exact_polynomials(sparsity: str, known: float) -> None:
    """The traced point agrees with 30-digit arithmetic on the exact half's polynomial."""
    expected, strong = coexistence(sparsity)
    S = float(sympy.Rational(sparsity))
    ignore = followed(named(S, point_of(strong.theta)[1], "ignore"), *point_of(strong.theta))
    found = on_line(LAND, (ignore, strong), strong.theta, np.array([0.0, 1.0]))
    assert found is not None
    assert point_of(found.a.theta)[1] == pytest.approx(float(expected), abs=1e-11)
    assert point_of(found.a.theta)[1] == pytest.approx(known, abs=6e-5)
    # Clausius-Clapeyron against the difference of two points of the line.
    near = on_line(
        LAND, found.branches, theta_of(S + 1e-5, point_of(found.a.theta)[1]), np.array([0.0, 1.0])
    )
    jump_S = found.b.slopes[0] - found.a.slopes[0]
    jump_r = found.b.slopes[1] - found.a.slopes[1]
    assert near is not None and found is not None
    assert (point_of(near.a.theta)[1] - point_of(found.a.theta)[1]) / 1e-5 == pytest.approx(
        -jump_S / jump_r, rel=1e-3
    )


def test_slopes_are_derivatives_of_the_branch() -> None:
    """Envelope theorem: the branch's loss, re-polished, has the slopes at fixed weights."""
    state = named(0.6, 0.5, "antipodal")
    h = 1e-5
    losses = [followed(state, 0.6 + k * h, 0.5).loss for k in (-1, 1)]
    assert (losses[1] - losses[0]) / (2 * h) == pytest.approx(state.slopes[0], abs=1e-8)
    losses = [followed(state, 0.6, 0.5 + k * h).loss for k in (-1, 1)]
    assert (losses[1] - losses[0]) / (2 * h) == pytest.approx(state.slopes[1], abs=1e-8)


def test_weak_and_strong_line_ends_in_two_junctions() -> None:
    low, high = LAND.lowest(theta_of(0.4, 0.75)), LAND.lowest(theta_of(0.4, 0.9))
    assert (low.name, high.name) == ("weak-antipodal", "antipodal")
    (seed,) = between(LAND, low, high)
    assert not isinstance(seed, Continuous)
    assert max(seed.error, abs(seed.a.loss - seed.b.loss)) < 1e-12
    arc = first_order(LAND, seed)
    assert [end.kind for end in arc.ends] == ["junction", "junction"]
    solved = [end.solved for end in arc.ends]
    thirds = {place.branches[2].name for place in solved if isinstance(place, Meeting)}
    assert thirds == {"ignore", "weak-other-antipodal"}
    corners = sorted(point_of(place.theta) for place in solved if place is not None)
    np.testing.assert_allclose(corners[0], (0.29359630732, 1.0), atol=1e-9)
    np.testing.assert_allclose(corners[1], (0.48826196788, 0.56413136535), atol=1e-9)
    for pair in arc.points:
        assert abs(pair.a.loss - pair.b.loss) < 1e-13
        assert pair.a.loss <= LAND.lowest(pair.theta).loss + 1e-11


def in_three(
    S: float, r: float, *names: str, longest_step: float = 0.06
) -> tuple[Landscape, Meeting]:
    """A point of a line of three features in two dimensions."""
    land = window((0.0, 0.99), (0.1, 10.0), pc.ToyModel(3, 2), longest_step=longest_step)
    one, two = (named(S, r, name, land) for name in names)
    found = on_line(land, (one, two), land.plane.theta(S, r))
    assert found is not None
    return land, found


@pytest.mark.parametrize("longest", [0.03, 0.06, 0.08, 0.102, 0.12])
def test_a_line_that_runs_on_along_a_saddle_ends_in_the_junction_before(longest: float) -> None:
    """The third phase is no minimum where the line's last good point may lie, beyond its fold."""
    names = "others-antipodal", "others-weak-antipodal"
    land, seed = in_three(0.29359630732678, 3.831186849557289, *names, longest_step=longest)
    met = first_order(land, seed, np.array([0.0, -1.0])).ends[1].solved
    assert isinstance(met, Meeting) and met.branches[2].name == "joint"
    assert land.plane.point(met.theta)[1] == pytest.approx(1.404060748, abs=1e-9)


def test_a_direction_along_a_line_leads_to_the_line() -> None:
    """Up to the rounding of losses there is no one point of r = 1 on r = 1."""
    land, seed = in_three(0.951382819, 1.0, "extra-antipodal", "others-antipodal")
    for angle in (0.0, 1e-12, 1e-9, 1e-3, 1.0):
        along = np.array([np.cos(angle), np.sin(angle)])
        found = on_line(land, seed.branches, seed.theta + 1e-7 * np.array([0.0, 1.0]), along)
        assert found is not None and found.error < 1e-9
        assert abs(found.theta[1]) < 1e-13


def test_two_branches_that_are_one_have_no_line() -> None:
    one = named(0.6, 0.5, "antipodal")
    assert on_line(LAND, (one, one), one.theta) is None


def test_a_line_does_not_end_in_a_node_further_off_than_a_step() -> None:
    land, seed = in_three(0.9, 1.0, "extra-antipodal", "others-antipodal")
    for gap, kind in ((0.05, "junction"), (0.2, "end of a branch")):
        there = replace(seed.a, theta=seed.theta + np.array([gap, 0.0]))
        met = Meeting((there, seed.b), 0.0)
        graph = Graph(land, (2, 2))
        graph.add(Line((seed,), (End("start"), End("junction", met))), -1)
        end = graph.nodes[graph.edges[0].head]
        assert end.kind == kind
        assert (end.theta == (seed.theta if kind == "end of a branch" else met.theta)).all()


def test_junction_of_ignore_weak_and_strong_to_thirty_digits() -> None:
    """All ten equations at once, from the exact polynomials of both regimes."""
    states = {s.name: s for s in LAND.minima(theta_of(0.488262, 0.5641))}
    ignore = followed(states["ignore"], 0.48826196788, 0.56413136535)
    weak = named(0.484, 0.5705, "weak-antipodal")
    for S, r in ((0.486, 0.5675), (0.4880, 0.5645)):
        weak = LAND.follow(weak, theta_of(S, r)) or weak
    found = on_line(LAND, (ignore, states["antipodal"], weak), ignore.theta)
    assert found is not None
    three = found.branches
    assert found.error < 1e-9
    small, large = sympy.symbols("u1:5"), sympy.symbols("v1:5")
    letters = (W1, W2, B1, B2)
    weak_loss, strong_loss = (regime(tuple(three[k].x.round(9))) for k in (2, 1))
    equations = [sympy.diff(weak_loss, z).subs(zip(letters, small, strict=True)) for z in letters]
    equations += [
        sympy.diff(strong_loss, z).subs(zip(letters, large, strict=True)) for z in letters
    ]
    ignored = pc.r * pc.Uniform().variance
    equations += [
        weak_loss.subs(zip(letters, small, strict=True)) - ignored,
        strong_loss.subs(zip(letters, large, strict=True)) - ignored,
    ]
    S, r = point_of(three[0].theta)
    found = sympy.nsolve(
        equations, (*small, *large, pc.p, pc.r), (*three[2].x, *three[1].x, 1 - S, r), prec=30
    )
    assert float(1 - found[8]) == pytest.approx(S, abs=1e-9)
    assert float(found[9]) == pytest.approx(r, abs=1e-9)


def test_onset_is_found_where_the_formula_says() -> None:
    low, high = LAND.lowest(theta_of(0.35, 0.6)), LAND.lowest(theta_of(0.35, 0.8))
    (place,) = between(LAND, low, high)
    assert isinstance(place, Continuous)
    from phasecalc.exact.onset import onset_importance

    expected = float(onset_importance().subs(pc.p, 0.65))
    assert point_of(place.low.theta)[1] <= expected * (1 + 1e-5)
    assert point_of(place.high.theta)[1] == pytest.approx(expected, rel=1e-4)


def test_relaxed_branches_agree_with_global_ones() -> None:
    """n = 2: every pattern of the minima is that of a candidate, so both find the same losses."""
    relaxed = landscape_of(Plane.of(PAIR), "relaxed")
    for S, r in ((0.1, 0.97), (0.3, 0.9), (0.45, 0.7), (0.6, 0.2), (0.8, 1.5), (0.2, 3.0)):
        one, two = relaxed.lowest(theta_of(S, r)), LAND.lowest(theta_of(S, r))
        assert one.name == two.name
        assert one.loss == pytest.approx(two.loss, abs=1e-13)


def test_relaxed_candidates_are_no_worse_than_candidates() -> None:
    model = pc.ToyModel(3, 2)
    relaxed = landscape_of(Plane.of(model), "relaxed")
    for S, r in ((0.3, 0.5), (0.7, 1.0), (0.9, 3.0)):
        best = {c.name: float(c.loss.subs({pc.p: 1 - S, pc.r: r})) for c in pc.candidates(model)}
        for state in relaxed.minima(theta_of(S, r)):
            assert state.loss <= best[state.family] + 1e-12
        assert (
            GlobalLandscape(Plane.of(model)).lowest(theta_of(S, r)).loss
            <= min(best.values()) + 1e-12
        )


def test_small_window_end_to_end() -> None:
    """The corner around the first triple point: three lines, one junction, nothing left over."""
    found = traced(window((0.45, 0.55), (0.5, 0.62)), (5, 5))
    assert {phase.name for phase in found.phases} == {"ignore", "weak-antipodal", "antipodal"}
    assert not found.unexplained
    assert found.cells_scanned == 25
    (point,) = found.junctions
    assert point.sparsity == pytest.approx(0.48826196788, abs=1e-9)
    assert point.importance == pytest.approx(0.56413136535, abs=1e-9)
    orders = sorted(boundary.order or 0 for boundary in found.boundaries)
    assert orders == [1, 1, 1, 3]
    for boundary in found.boundaries:
        assert boundary.status == ("matched" if boundary.order == 3 else "numeric")
        for S, r, loss in zip(
            boundary.sparsities, boundary.importances, boundary.losses, strict=True
        ):
            assert loss == pytest.approx(found.minimum(S, r), abs=1e-9)
    assert found.label(0.5, 0.51) == "ignore"
    grid = found.grid([0.46, 0.5], [0.52, 0.61])
    assert grid.labels.tolist() == [["ignore", "weak-antipodal"], ["ignore", "antipodal"]]
    # The same record as text, as a document and as a picture.
    text = traced_text(found)
    assert "0.4882619679" in text
    assert "tricritical point" in text
    document = json.loads(json.dumps(traced_document(found)))
    assert document["junctions"][0]["phases"] == ["antipodal", "ignore", "weak-antipodal"]
    figure = plot_traced(found, pc.phase_diagram(PAIR))
    assert "global" in figure.axes[0].get_title()


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"candidates.*relaxed.*global"):
        pc.phase_diagram(PAIR, source="trained")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="more features than"):
        pc.phase_diagram(pc.ToyModel(2, 2), source="global")
    with pytest.raises(ValueError, match="cells"):
        pc.phase_diagram(PAIR, source="global", cells=(1, 5))
    with pytest.raises(ValueError, match="cells = 5: it must be a tuple"):
        pc.phase_diagram(PAIR, source="global", cells=5)  # type: ignore[call-overload]
    for checkpoint in ("", "no/such/folder/trace.jsonl"):
        with pytest.raises(ValueError, match="checkpoint"):
            pc.phase_diagram(PAIR, source="global", checkpoint=checkpoint)
    for ignored in ({"cells": (3, 3)}, {"settings": pc.ContinuationSettings()}):
        with pytest.raises(ValueError, match='it must be None for source = "candidates"'):
            pc.phase_diagram(pc.ToyModel(2, 1), **ignored)
    with pytest.raises(ValueError, match="checkpoint = 'x': it must be None"):
        pc.phase_diagram(PAIR, checkpoint="x")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="candidates can be given"):
        pc.phase_diagram(PAIR, source="global", candidates=pc.candidates(PAIR))


@pytest.mark.parametrize("source", ["relaxed", "global"])
def test_whole_diagram(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both sources give the same n = 2 diagram, and it is its own mirror image in r = 1."""
    with pytest.raises(SystemExit) as stop:
        main(["boundaries", "--source", source, "--json"])
    assert not stop.value.code
    document = json.loads(capsys.readouterr().out)
    assert document["unexplained"] == []
    assert len(document["phases"]) == 5
    assert len(document["boundaries"]) == 11
    # Mirror images share S to rounding: order by r there.
    places = sorted(
        ((j["sparsity"], j["importance"]) for j in document["junctions"]),
        key=lambda place: (round(place[0], 8), place[1]),
    )
    expected = [
        (0.29359630732, 1.0),
        (0.48826196788, 0.56413136535),
        (0.48826196788, 1.77263676759),
    ]
    np.testing.assert_allclose(places, expected, atol=2e-9)
    special = np.array([(q["sparsity"], q["importance"]) for q in document["special_points"]])
    mirrored = np.column_stack([special[:, 0], 1 / special[:, 1]])
    for place in mirrored:
        assert np.abs(special - place).sum(axis=1).min() < 1e-8


# A traced diagram held against trained models ---------------------------------------------------


@pytest.fixture(scope="module")
def small() -> pc.TracedDiagram:
    return traced(window((0.2, 0.6), (0.4, 1.1)), (6, 6))


def test_losses_of_lines_are_the_lowest_and_ends_included(small) -> None:
    """Every point and both ends lie where the search finds no other loss; jumps are above 0."""
    for line in small.boundaries:
        count = len(line.sparsities)
        for k in sorted({0, count // 3, count // 2, count - 1}):
            found = LAND.lowest(theta_of(line.sparsities[k], line.importances[k]))
            # A shift by the error of a point changes F by its slope, which is below 1, times that.
            assert line.losses[k] == pytest.approx(found.loss, abs=2 * line.error + 1e-12)
        assert (line.order == 1) == (np.abs(line.jumps).max() > 10 * line.jump_error)
        if line.order == 1:
            assert line.jump_error < 1e-6


def test_stated_errors_cover_what_other_starts_give(small) -> None:
    """A line solved again from beside it: the scatter is within a few times its error."""
    assert max(min(line.latent_heat()) for line in small.boundaries) > 1e-3
    for line in small.boundaries:
        if min(line.latent_heat()) < 1e-3:
            continue  # next to a tricritical point the branches are too close for other starts
        k = len(line.sparsities) // 2
        at = theta_of(line.sparsities[k], line.importances[k])
        states = [state for state in LAND.minima(at) if state.name in line.phases]
        for shift in (-3e-5, 2e-6, 1e-5):
            normal = states[0].gradient - states[1].gradient
            normal /= np.linalg.norm(normal)
            found = on_line(LAND, (states[0], states[1]), at + shift * normal, normal)
            assert found is not None
            assert abs((found.theta - at) @ normal) < 5 * (line.error + found.error)


def test_the_public_picture_takes_a_traced_diagram(small) -> None:
    figure = pc.plot_diagram(small)
    assert "(global)" in figure.axes[0].get_title()


def test_grid_follows_to_the_minima_that_a_search_finds(small) -> None:
    S, r = np.linspace(0.22, 0.58, 9), np.geomspace(0.42, 1.05, 9)
    grid = small.grid(S, r)
    for i, j in np.ndindex(9, 9):
        found = LAND.lowest(theta_of(float(S[i]), float(r[j])))
        assert grid.losses[i, j] == pytest.approx(found.loss, abs=1e-11), (S[i], r[j])
        assert grid.labels[i, j] == found.name, (S[i], r[j])
    for S_bad, r_bad in (([0.5, 1.0], [1.0]), ([0.5], [0.0, 1.0])):
        with pytest.raises(ValueError, match="give sparsities below 1 and importances above 0"):
            small.grid(S_bad, r_bad)


def test_crosscheck_measures_both_sides_by_one_rule(small) -> None:
    trained = pc.train(PAIR, np.linspace(0.22, 0.58, 9), np.geomspace(0.42, 1.05, 9))
    check = pc.crosscheck(small, trained)
    assert check.passed
    assert check.source == "global"
    assert check.agreement_away == 1.0
    assert not check.lower.any()
    weak = check.phases == "weak-antipodal"
    assert weak.any()
    assert (check.theory_outcomes[weak] == "not represented").any()
    assert check.agree[weak].mean() > 0.9
    assert {phase.name: phase.outcome for phase in small.phases}["weak-antipodal"] == (
        "superposition"
    )
    assert "outcomes are measured in the theory's weights as in the" in check_text(check)
    counts = [pc.crosscheck(small, trained, margin=f).away.sum() for f in (1, 1.25)]
    assert counts[0] == 81
    assert counts == sorted(counts, reverse=True)
    # A cell is away only where everything within the margin has its outcome.
    for i, j in np.argwhere(check.away):
        p, r = 1 - check.sparsities, check.importances
        box = np.ix_(abs(np.log(p / p[i])) < np.log(1.25), abs(np.log(r / r[j])) < np.log(1.25))
        assert len(np.unique(check.theory_outcomes[box])) == 1


def test_check_command_takes_a_traced_diagram(small, tmp_path, monkeypatch, capsys) -> None:
    trained = pc.train(PAIR, np.linspace(0.22, 0.58, 4), np.geomspace(0.42, 1.05, 4))
    trained.save(tmp_path / "trained.npz")
    asked = []

    def stand_in(model, source, progress, executor, checkpoint):
        asked.append((model, source))
        return small

    monkeypatch.setattr("phasecalc.sources.phase_diagram", stand_in)
    places = [str(tmp_path / name) for name in ("trained.npz", "check.png")]
    with pytest.raises(SystemExit) as stopped:
        main(["check", places[0], "--source", "global", "-o", places[1], "--dpi", "50"])
    assert not stopped.value.code
    assert asked == [(PAIR, "global")]
    assert "theory: global" in capsys.readouterr().out
    assert (tmp_path / "check.png").stat().st_size > 10_000


@pytest.mark.long
def test_a_trace_does_not_depend_on_where_its_branches_lie_in_memory(monkeypatch, tmp_path):
    # Edges of the scan were told apart by the exclusive or of two addresses, which neighbours on a
    # grid share: some runs left out an edge, and then could not go on from each other's results.
    from phasecalc.continuation import graph

    model = pc.ToyModel(2, 1)
    one = pc.phase_diagram(model, "global", checkpoint=tmp_path / "one")

    class Address(int):
        """An address as unlucky as can be, for a key that is made in that way."""

        def __xor__(self, other: object) -> int:
            return 0

    monkeypatch.setattr(graph, "id", lambda branch: Address(id(branch)), raising=False)
    two = pc.phase_diagram(model, "global", checkpoint=tmp_path / "two")
    assert one == two
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_more_features_than_can_be_minimised_are_refused() -> None:
    model, words = pc.ToyModel(30, 2), r"n_features = 30: .* at most 9 features"
    with pytest.raises(ValueError, match=words):
        pc.phase_diagram(model, "relaxed")
    with pytest.raises(ValueError, match=words):
        pc.phase_diagram(model, "global")


def test_a_picture_over_another_importance_has_its_axis() -> None:
    rho, lam = sympy.symbols("rho lam")
    x = Axis(pc.S, 0.6, 0.7, "log density")
    plane = Plane(pc.ToyModel(2, 1, importance="rho^i"), x, Axis(rho, 0.2, 0.5, "log"))
    ax = plot_traced(traced_diagram(landscape_of(plane, "global"), "global", (3, 3))).axes[0]
    assert ax.get_ylabel() == "ρ, of importances 1, ρ"
    assert ax.get_ylim() == (0.2, 0.5)
    penalised = pc.ToyModel(2, 1, importance=1, interference_penalty=lam)
    plane = Plane(penalised, x, Axis(lam, 0.0, 0.002, "linear"))
    found = traced_diagram(landscape_of(plane, "global"), "global", (2, 2))
    with pytest.raises(ValueError, match="over S and lam; pictures are over S and an importance"):
        plot_traced(found)
