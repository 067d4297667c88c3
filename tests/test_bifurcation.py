"""Onsets at fixed amplitudes, critical points, and the checkpoint of a trace."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.exact.onset import onset_cubic, onset_importance, tricritical_points
from phasecalc.tracing.arcs import trace
from phasecalc.tracing.bifurcation import Onset, at_amplitude, onset_near
from phasecalc.tracing.checkpoint import Checkpoint
from phasecalc.tracing.coexistence import Pair, Window, on_line
from phasecalc.tracing.critical import critical_point
from phasecalc.tracing.curve import zero_between
from phasecalc.tracing.landscape import GlobalLandscape, State, theta_of
from phasecalc.tracing.onset import first_order_seed, onset_line
from phasecalc.tracing.relaxed import RelaxedLandscape
from phasecalc.tracing.whole import WINDOW, traced_diagram

PAIR = pc.ToyModel(2, 1)
LAND = GlobalLandscape(PAIR)
UP = np.array([0.0, 1.0])


def onset_at(landscape: GlobalLandscape | RelaxedLandscape, S: float) -> Onset:
    """The onset of the weak phase from `ignore`, found without its formula."""
    r = float(onset_importance().subs(pc.p, 1 - S))
    parent = landscape.lowest(theta_of(S, 0.8 * r))
    daughter = next(s for s in landscape.minima(theta_of(S, 1.01 * r)) if "weak" in s.name)
    found = onset_near(landscape, parent, daughter, theta_of(S, 1.003 * r), UP)
    assert found is not None
    return found


@pytest.mark.parametrize("S", [0.1, 0.3, 0.45])
@pytest.mark.parametrize("landscape", [LAND, RelaxedLandscape(PAIR)])
def test_onset_agrees_with_the_exact_expansion(
    landscape: GlobalLandscape | RelaxedLandscape, S: float
) -> None:
    """Position q/v, and slope 3c/(2v): from L = r v + (q − r v) ε² + c ε³, stationary in ε."""
    found = onset_at(landscape, S)
    r = float(onset_importance().subs(pc.p, 1 - S))
    v = float(pc.Uniform().variance.subs(pc.p, 1 - S))
    c = float(onset_cubic().subs(pc.p, 1 - S))
    assert found.parent.point[1] == pytest.approx(r, abs=max(1e-11, found.error))
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
    assert np.abs(LAND.problem(state.theta).gradient(state.x)).max() < 1e-13
    assert LAND.is_minimum(state)


def test_continuous_line_ends_in_the_exact_tricritical_points() -> None:
    line = onset_line(LAND, onset_at(LAND, 0.3), WINDOW)
    assert line is not None
    assert line.formula == onset_importance()
    assert [end.kind for end in line.ends] == ["tricritical point"] * 2
    exact = sorted(1 - float(root.exact()) for root in tricritical_points())
    assert sorted(end.sparsity for end in line.ends) == pytest.approx(exact, abs=1e-14)
    # Those were put in; the slope of the onset itself vanishes there too.
    for side, k in ((0, 0), (1, -1)):
        zero = zero_between(LAND, line.onsets[k], line.beyond[side][0], lambda onset: onset.slope)
        assert zero is not None
        assert min(abs(zero.parent.point[0] - S) for S in exact) < 1e-8
    assert all(onset.slope > 0 for onset in line.onsets)
    boundary = line.boundary()
    assert boundary.order == 3
    for S, r in zip(boundary.sparsities, boundary.importances, strict=True):
        assert r == pytest.approx(float(onset_importance().subs(pc.p, 1 - S)), rel=1e-14)
    assert boundary.phases == ("ignore", "weak-antipodal")


def test_first_order_line_begins_beside_the_tricritical_point() -> None:
    line = onset_line(LAND, onset_at(LAND, 0.3), WINDOW)
    assert line is not None
    seeds = [first_order_seed(LAND, beyond[0]) for beyond in line.beyond]
    for seed in seeds:
        assert seed is not None
        assert {seed.a.name, seed.b.name} == {"ignore", "weak-antipodal"}
        assert abs(seed.a.loss - seed.b.loss) < 1e-15
        assert seed.distance < 0.05
        r = float(onset_importance().subs(pc.p, 1 - seed.a.point[0]))
        assert seed.a.point[1] < r  # first order comes before the limit of stability
    assert first_order_seed(LAND, line.onsets[0]) is None


@pytest.mark.slow
def test_critical_point_of_three_features() -> None:
    """Weak and strong joint phase become one, whatever point of their line the search begins at.

    The point itself was solved from the polynomials of the exact half in 110-digit arithmetic
    (docs/exact_points.py).
    """
    land = GlobalLandscape(pc.ToyModel(3, 2))
    at = theta_of(0.2, 0.9542345)
    states = sorted((s for s in land.minima(at) if s.pattern == "joint"), key=lambda s: s.loss)
    pair = on_line(land, states[0], states[1], at, UP)
    expected = theta_of(0.25359456677832, 0.91714656479392)
    assert pair is not None
    arc = trace(land, pair, Window(theta_of(0.27, 0.88), theta_of(0.19, 1.0)))
    close = [pair for pair in arc.pairs if pair.distance < 0.06]
    assert len(close) > 3
    for pair in close[:: len(close) // 3]:
        found = critical_point(land, pair)
        assert found is not None
        assert np.abs(found.theta - expected).max() < 1e-11 + found.error
        assert abs(land.curvature(found.state)) < 1e-6


def test_no_critical_point_where_branches_stay_apart() -> None:
    states: list[State] = LAND.minima(theta_of(0.6, 0.3373))
    pair = on_line(LAND, states[0], states[1], states[0].theta)
    assert isinstance(pair, Pair)
    assert critical_point(LAND, pair) is None


class TestCheckpoint:
    window = Window(theta_of(0.7, 0.2), theta_of(0.6, 0.5))

    def trace(self, path: Path | None) -> pc.TracedDiagram:
        return traced_diagram(LAND, "global", (3, 3), self.window, kept=path)

    def test_a_stopped_trace_goes_on(self, tmp_path: Path, monkeypatch) -> None:
        path = tmp_path / "trace.jsonl"
        whole = self.trace(path)
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) > 10
        # Stopped within the scan, and within a line of the file.
        path.write_text("\n".join(lines[:6]) + "\n" + lines[6][:30], encoding="utf-8")
        again = self.trace(path)
        for other in (again, self.trace(None)):
            assert other.boundaries == whole.boundaries
            assert other.special_points == whole.special_points
            assert other.unexplained == whole.unexplained
        assert path.read_text(encoding="utf-8").splitlines() == lines
        # With all of it there, nothing is searched for but the seeds of known lines.
        monkeypatch.setattr(
            GlobalLandscape, "minima", lambda self, theta: pytest.fail("searched again")
        )
        assert self.trace(path).boundaries == whole.boundaries

    def test_a_file_of_another_diagram_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "trace.jsonl"
        Checkpoint(path, LAND, "global", (3, 4), self.window)
        with pytest.raises(ValueError, match=r"checkpoint = .*trace.jsonl.*another file"):
            self.trace(path)
        path.write_text("something else\n", encoding="utf-8")
        with pytest.raises(ValueError, match="checkpoint"):
            self.trace(path)
        assert path.read_text(encoding="utf-8") == "something else\n"

    def test_lines_that_two_runs_added_count_once(self, tmp_path: Path) -> None:
        path = tmp_path / "trace.jsonl"
        whole = self.trace(path)
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([*lines, lines[-1]]) + "\n", encoding="utf-8")
        assert self.trace(path).boundaries == whole.boundaries

    @pytest.mark.parametrize("bad", ["{}", "7", '{"cell": 2, "state": [[0, 0], [1], ""]}', "{half"])
    def test_damage_before_the_last_line_is_refused(self, tmp_path: Path, bad: str) -> None:
        path = tmp_path / "trace.jsonl"
        kept = Checkpoint(path, LAND, "global", (3, 3), self.window)
        kept.add_state(0, LAND.lowest(theta_of(0.35, 0.8)))
        header, state = path.read_text(encoding="utf-8").splitlines()
        path.write_text(f"{header}\n{bad}\n{state}\n", encoding="utf-8")
        with pytest.raises(ValueError, match=r"checkpoint = .*line 2 is damaged"):
            self.trace(path)
        # As the last line it was cut off when the run was stopped: it is dropped.
        path.write_text(f"{header}\n{state}\n{bad}", encoding="utf-8")
        assert list(Checkpoint(path, LAND, "global", (3, 3), self.window).states) == [0]
        assert path.read_text(encoding="utf-8") == f"{header}\n{state}\n"

    def test_a_file_that_cannot_be_used_is_named(self, tmp_path: Path) -> None:
        binary = tmp_path / "binary.jsonl"
        binary.write_bytes(b"\x80\xba\x00")
        for path in (binary, tmp_path / "nowhere" / "trace.jsonl"):
            with pytest.raises(ValueError, match=r"checkpoint = .*give another file"):
                Checkpoint(path, LAND, "global", (3, 3), self.window)

    def test_states_come_back_to_the_last_digit(self, tmp_path: Path) -> None:
        path = tmp_path / "trace.jsonl"
        state = LAND.lowest(theta_of(0.35, 0.8))
        Checkpoint(path, LAND, "global", (3, 3), self.window).add_state(4, state)
        back = Checkpoint(path, LAND, "global", (3, 3), self.window).states[4]
        assert (back.x == state.x).all()
        assert (back.theta == state.theta).all()
        assert (back.loss, back.name) == (state.loss, state.name)
        assert json.loads(path.read_text(encoding="utf-8").splitlines()[0])["source"] == "global"
