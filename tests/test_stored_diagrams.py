"""Whole diagrams: found again as they were, whatever the scan and the steps, stopped or shared."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.continuation.whole import header, traced_diagram
from phasecalc.continuation.work import _line as kept_line
from phasecalc.landscapes.plane import Axis, Plane
from phasecalc.landscapes.sources import landscape_of
from phasecalc.records import document_of, record_of

from .lands import PAIR, not_lowest_beside, traced, window
from .stored import differences, model_of, stored
from .test_cli import run

PENALTIES = [f"global-2-1-penalty-{text}" for text in ("3_1000", "1_100", "2_100", "3_100")]


@pytest.fixture(scope="module")
def whole() -> pc.TracedDiagram:
    return pc.phase_diagram(PAIR, "global")


@pytest.mark.seconds  # the one long test of every run: what all others stand on
def test_two_in_one_is_found_again(whole: pc.TracedDiagram) -> None:
    assert differences(whole, stored("global-2-1")) == []
    assert len(whole.boundaries) == 11
    assert not_lowest_beside(whole) == []


@pytest.mark.parametrize(
    "name",
    [
        "global-2-1-nobias",
        "relaxed-2-1",
        *(pytest.param(name, marks=pytest.mark.long) for name in PENALTIES),
    ],
)
def test_variants_are_found_again(name: str) -> None:
    document = stored(name)
    found = pc.phase_diagram(model_of(document), document["source"])
    assert differences(found, document) == []
    if name in PENALTIES:
        # The short line between two pairs on r = 1, which no cell of the scan sees, and those
        # between the pair of equal lengths and each of them.
        short = [line for line in found.boundaries if line.phases == ("antipodal", "antipodal")]
        kinds = sorted([end.kind for end in line.ends] for line in short)
        wing = ["junction", "critical point"]
        assert kinds == ([] if "3_1000" in name else [wing, wing, ["junction", "junction"]])
        assert all(
            (end.importance == pytest.approx(1.0, abs=1e-12)) == (end.kind == "junction")
            for line in short
            for end in line.ends
        )


def test_special_points_of_a_penalty_by_the_command_alone() -> None:
    """At λ = 0.01 nothing is loose: where both weak phases vanish, four phases meet."""
    model = pc.ToyModel(2, 1, interference_penalty="1/100")
    found = traced(window((0.1, 0.5), (0.7, 1.4), model), (5, 5))
    assert all(point.kind != "end of a branch" for point in found.special_points)
    four = next(point for point in found.special_points if len(point.phases) == 4)
    assert four.kind == "critical end point"
    assert four.sparsity == pytest.approx(0.25414024535, abs=1e-9)
    assert set(four.phases) == {"ignore", "dedicated", "weak-antipodal", "weak-other-antipodal"}


@pytest.mark.parametrize("made", ["small", "whole"])
def test_record_is_data(made: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    whole = small() if made == "small" else request.getfixturevalue(made)
    whole.save(tmp_path / "diagram.json")
    again = pc.load(tmp_path / "diagram.json")
    assert again == whole
    assert again.label(0.5, 0.51) == "ignore"
    assert record_of(json.loads(json.dumps(document_of(whole)))) == whole
    for line in whole.boundaries:
        assert line.minima is not None
        assert line.minima.weights.shape == (2, len(line.sparsities), 1, 2)
        k = len(line.sparsities) // 2
        for side in (0, 1):
            weights, bias = line.minima.weights[side, k], line.minima.biases[side, k]
            S, r = line.sparsities[k], line.importances[k]
            loss = pc.expected_loss(weights, bias, [1, r], S)
            # A daughter on a continuous line is kept at its smallest amplitude.
            assert loss == pytest.approx(line.losses[k], abs=1e-12 if line.order == 1 else 1e-4)


def same_graph(one: pc.TracedDiagram, two: pc.TracedDiagram) -> None:
    """The same special points and lines between them."""

    def edges(diagram: pc.TracedDiagram) -> list[tuple[object, ...]]:
        return sorted(
            (tuple(sorted(line.phases)), line.order or 0,
             tuple(sorted((end.kind, round(end.sparsity, 6) + 0.0, round(end.importance, 6))
                          for end in line.ends)))
            for line in diagram.boundaries
        )  # fmt: skip

    assert edges(one) == edges(two)
    for point in one.special_points:
        here = one.plane.theta(max(point.sparsity, 0.0), point.importance)
        gaps = [
            float(np.abs(one.plane.theta(max(q.sparsity, 0.0), q.importance) - here).max())
            - 5 * (q.error + point.error)
            for q in two.special_points
        ]
        assert min(gaps) < 1e-9


@pytest.mark.long
@pytest.mark.parametrize(
    ("cells", "longest"), [((12, 12), 0.06), ((17, 31), 0.06), ((24, 24), 0.03), ((24, 24), 0.1)]
)
def test_scan_and_steps_do_not_matter(
    whole: pc.TracedDiagram, cells: tuple[int, int], longest: float
) -> None:
    settings = pc.ContinuationSettings(longest_step=longest)
    same_graph(whole, pc.phase_diagram(PAIR, "global", cells=cells, settings=settings))


def small(**given: object) -> pc.TracedDiagram:
    return traced_diagram(window((0.6, 0.7), (0.2, 0.5)), "global", (3, 3), **given)  # type: ignore[arg-type]


def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    first = small(checkpoint=path)
    assert small() == first
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) > 5
    for kept in (1, len(lines) // 2, len(lines) - 1, len(lines)):
        # Stopped between two tasks, or while one was written.
        path.write_text("".join(lines[:kept]) + "".join(lines[kept : kept + 1])[:30])
        assert small(checkpoint=path) == first
        assert path.read_text(encoding="utf-8") == "".join(lines)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole checkpoint of the small trace."""
    path = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    small(checkpoint=path)
    return path.read_text(encoding="utf-8")


TRACE = """
import sys
from tests.test_stored_diagrams import Path, small
small(checkpoint=Path(sys.argv[1])).save(sys.argv[2])
"""


def traced_apart(checkpoint: Path, output: Path) -> subprocess.Popen[bytes]:
    """The same small trace in a process of its own."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", TRACE, str(checkpoint), str(output)]
    return subprocess.Popen(command, cwd=root)


def test_a_trace_that_is_killed_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """SIGKILL while tasks are being kept, then the same call."""
    whole, kept, output = (tmp_path / name for name in ("a.json", "trace.jsonl", "b.json"))
    small().save(whole)
    running = traced_apart(kept, output)
    until = time.monotonic() + 300
    while running.poll() is None and time.monotonic() < until:
        if kept.exists() and len(kept.read_bytes().splitlines()) > 4:
            break
        time.sleep(0.01)
    running.kill()
    assert running.wait() < 0, "it was over before it could be killed"
    assert not output.exists()
    before = len(kept.read_bytes().splitlines())
    assert traced_apart(kept, output).wait() == 0
    assert output.read_bytes() == whole.read_bytes()
    assert len(kept.read_bytes().splitlines()) > before


@pytest.mark.long
def test_workers_of_the_command_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for workers in ("1", "2"):
        shared = ("boundaries", "--source", "global", "--json", "-q", "--workers", workers)
        status, out, _ = run(capsys, *shared)
        assert status == 0
        found.append(out)
    assert found[0] == found[1]


def test_names_are_for_people_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one name for everything the same numbers come out: lines, regions, grids, slices."""

    def numbers() -> list[object]:
        found = small()
        line = pc.slice_along(PAIR, sparsity=0.65, values=np.linspace(0.2, 0.5, 7))
        return [
            [(b.sparsities, b.importances, b.losses) for b in found.boundaries],
            [(q.sparsities, q.importances) for q in found.metastable],
            found.grid([0.62, 0.64, 0.68], [0.25, 0.3, 0.4]).losses.tolist(),
            line.losses.tolist(),
            [(c.value, c.nature) for c in line.crossings],
            [(b.values.tolist(), b.losses.tolist()) for b in line.branches],
        ]

    first = numbers()
    monkeypatch.setattr("phasecalc.landscapes.branch.name_of", lambda gram, bias: "x")
    assert numbers() == first


def test_an_executor_changes_nothing() -> None:
    with ThreadPoolExecutor(3) as executor:
        assert small(executor=executor) == small()


def test_processes_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert small(executor=executor) == small()


def no_json(line: str) -> str:
    return line[: len(line) // 2]


@pytest.mark.parametrize(
    "damage",
    [
        *("{}", "7x", "{half", '["Branch"', "[]", '{"a": 1}', "3", "null", '"text"', "[1, 2, 3]"),
        *('["lowest_in",[],0]', '["lowest_in",{"record":"Line"},1]'),
        pytest.param("[" * 10_000, id="deep"),
        pytest.param(lambda lines: [lines[1], lines[0], *lines[2:]], id="moved"),
        pytest.param(lambda lines: [lines[0], lines[0], *lines[1:]], id="doubled"),
        pytest.param(lambda lines: [lines[0].replace("0", "1", 1), *lines[1:]], id="changed"),
        pytest.param(lambda lines: lines[1:], id="lost"),
    ],
)
def test_a_damaged_line_is_refused(tmp_path: Path, trace: str, damage: Any) -> None:
    """Whatever takes the place of a result, and whether or not a later line was cut."""
    header, *lines = trace.splitlines()
    changed = damage(lines) if callable(damage) else [damage, *lines[1:]]
    for last in (changed[-1], no_json(changed[-1])):
        path = tmp_path / "trace.jsonl"
        path.write_text("\n".join([header, *changed[:-1], last]) + "\n", encoding="utf-8")
        before = path.read_bytes()
        with pytest.raises(
            ValueError, match=r"^checkpoint = .*: line [23] is damaged: give another file, or none$"
        ):
            small(checkpoint=path)
        assert path.read_bytes() == before


@pytest.mark.parametrize("bad", ["[]", '{"a": 1}', "0", '["lowest_in",[],0]'])
def test_a_last_line_is_dropped_only_if_it_was_cut(tmp_path: Path, trace: str, bad: str) -> None:
    path = tmp_path / "trace.jsonl"
    lines = trace.splitlines()
    for end in ("", "\n"):
        path.write_text("\n".join([*lines[:-1], bad]) + end, encoding="utf-8")
        with pytest.raises(ValueError, match=f"line {len(lines)} is damaged"):
            small(checkpoint=path)
    path.write_text("\n".join([*lines[:-1], no_json(lines[-1])]), encoding="utf-8")
    small(checkpoint=path)
    assert path.read_text(encoding="utf-8") == trace


def test_a_result_of_another_task_is_refused(tmp_path: Path, trace: str) -> None:
    """As other code would have kept it: whole, in its place, and of no use there."""
    path = tmp_path / "trace.jsonl"
    header, first, *_ = trace.splitlines()
    line, _ = kept_line("trace", (), crc32(header.encode()))
    assert line.startswith('["trace",[],')
    path.write_text(f"{header}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"checkpoint = .*: line 2 is damaged: give another file"):
        small(checkpoint=path)
    assert path.read_text(encoding="utf-8") == f"{header}\n{line}\n"
    assert first.startswith('["lowest_in",')


@pytest.mark.parametrize("content", [b"something else\n", b"", b"\x80\xba\x00", b"[]\n", b"{}\n"])
def test_foreign_checkpoints_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"checkpoint = .*give another file"):
        small(checkpoint=path)
    assert path.read_bytes() == content


def test_a_damaged_checkpoint_of_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "trace.jsonl"
    land = landscape_of(Plane.of(PAIR), "global")
    path.write_text(json.dumps(header(land, "global", (24, 24))) + "\n[]\n", encoding="utf-8")
    status, out, err = run(capsys, "boundaries", "--source", "global", "--checkpoint", str(path))
    assert status == 2 and not out and err.count("\n") == 1
    assert err.endswith(": line 2 is damaged: give another file, or none\n")


def test_any_two_symbols_make_a_plane() -> None:
    """(S, λ) at equal importances, and (S, ρ) with importances ρ^i: slopes, and one known point."""
    lam, rho = sympy.symbols("lam rho")
    penalised = pc.ToyModel(2, 1, importance=[1, 1], interference_penalty=lam)
    powers = pc.ToyModel(3, 2, importance=[1, rho, rho**2])
    for model, symbol in ((penalised, lam), (powers, rho)):
        land = landscape_of(Plane.of(model, pc.S, symbol), "global")
        theta = 0.4 * land.plane.low + 0.6 * land.plane.high
        branch = land.lowest(theta)
        for k, step in enumerate(1e-4 * np.eye(2)):
            near = [land.follow(branch, theta + i * step) for i in (-2, -1, 1, 2)]
            losses = [moved.loss for moved in near if moved is not None]
            slope = np.dot([1, -8, 8, -1], losses) / 12e-4
            assert slope == pytest.approx(branch.gradient[k], abs=1e-10)
    plane = Plane(penalised, Axis(pc.S, 0.4, 0.6, "log density"), Axis(lam, 0.015, 0.03, "linear"))
    found = traced_diagram(landscape_of(plane, "global"), "global", (4, 4))
    assert {phase.name for phase in found.phases} == {"ignore", "weak-antipodal", "antipodal"}
    (end,) = (point for point in found.special_points if point.kind == "critical end point")
    # Both weak phases shrink to this point and are gone (docs/variants.md, to 30 digits).
    assert end.sparsity == pytest.approx(0.501656932431, abs=1e-9)
    assert end.importance == pytest.approx(0.023483780685, abs=1e-9)
    assert found.label(0.55, 0.03) == "ignore"
    line = pc.slice_along(penalised, sparsity=0.55, y=lam, values=[0.0, 0.01, 0.02, 0.03])
    assert [crossing.phases for crossing in line.crossings] == [("antipodal", "ignore")]


@pytest.mark.long
def test_two_pairs_that_stay_alike_are_followed_to_the_border() -> None:
    """(S, λ), equal importances: the pair of equal lengths against that of unequal ones.

    Their first-order line has no other end; their Gram matrices differ by less and less on it.
    """
    lam = sympy.Symbol("lam")
    model = pc.ToyModel(2, 1, importance=[1, 1], interference_penalty=lam)
    axes = Axis(pc.S, 0.75, 0.99, "log density"), Axis(lam, 0.003, 0.05, "linear")
    found = traced_diagram(landscape_of(Plane(model, *axes), "global"), "global", (8, 8))
    (line,) = (line for line in found.boundaries if line.phases == ("antipodal", "antipodal"))
    assert sorted(end.kind for end in line.ends) == ["border", "junction"]
    assert all(point.kind in ("border", "junction") for point in found.special_points)
    assert line.minima is not None and line.order == 1
    lengths = np.sort(np.abs(line.minima.weights[:, 1:-1, 0, :]), axis=2)
    unequal = np.abs(lengths[..., 1] - lengths[..., 0])
    equal = int(unequal.max(axis=1).argmin())
    assert unequal[equal].max() < 1e-6
    assert unequal[1 - equal].min() > 3e-3


@pytest.mark.long
def test_the_plane_of_sparsity_and_penalty_has_no_loose_ends() -> None:
    lam = sympy.Symbol("lam")
    model = pc.ToyModel(2, 1, importance=[1, 1], interference_penalty=lam)
    found = pc.phase_diagram(model, "global", x=pc.S, y=lam)
    assert all(point.kind != "end of a branch" for point in found.special_points)
    assert not found.unexplained and not found.unresolved
    # Two pairs, of equal and of unequal lengths, and `ignore` (1, 0) meet at the junction: there
    # the line between a pair and `ignore` becomes another one, and that between pairs begins.
    assert sorted((*line.phases, *sorted(end.kind for end in line.ends))
                  for line in found.boundaries) == [
        ("antipodal", "antipodal", "border", "junction"),
        ("antipodal", "ignore", "border", "junction"),
        ("antipodal", "ignore", "critical end point", "junction"),
        ("antipodal", "weak-antipodal", "border", "critical end point"),
        ("weak-antipodal", "ignore", "border", "tricritical point"),
        ("weak-antipodal", "ignore", "critical end point", "tricritical point"),
    ]  # fmt: skip
    # The guess bends as the line does: straight ones lost the two pairs after steps of 0.0003.
    assert max(len(line.sparsities) for line in found.boundaries) < 200
    (junction,) = (point for point in found.special_points if point.kind == "junction")
    assert junction.minima is not None and len(junction.minima.weights) == 3
    lengths = np.abs(junction.minima.weights[:, 0])
    assert sorted(np.abs(lengths[:, 0] - lengths[:, 1]) > 0.1) == [False, True, True]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y": sympy.Symbol("z")}, "y = z: it must be a symbol of the model, one of S, r"),
        ({"x": pc.r}, "x = r, y = r: they must be two symbols"),
        ({"x": "S"}, "x = 'S': it must be a symbol, such as phasecalc.S"),
        ({"settings": 3}, "settings = 3: it must be a phasecalc.ContinuationSettings"),
        ({"executor": 3}, "executor = 3: it must be a concurrent.futures.Executor"),
        ({"checkpoint": 3}, "checkpoint = 3: it must be the name of a file"),
        ({"cells": (2, 1)}, r"cells = \(2, 1\): it must be a tuple of two integers, 2 to 1000"),
        ({"cells": (True, 5)}, r"cells = \(True, 5\): it must be a tuple of two integers"),
        ({"cells": (2, 10**9)}, r"cells = \(2, 1000000000\): it must be"),
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        pc.phase_diagram(PAIR, "global", **given)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", [field.name for field in fields(pc.ContinuationSettings)])
def test_every_setting_is_checked(name: str) -> None:
    default = getattr(pc.ContinuationSettings(), name)
    single = default[0] if isinstance(default, tuple) else default
    values: list[Any] = ["x", None, float("nan"), -1.0 if single > 0 else 1.0, True, [], ()]
    for value in values:
        given = value
        if isinstance(default, tuple) and not isinstance(value, tuple | list):
            given = (value,) * len(default)
        with pytest.raises((TypeError, ValueError), match=rf"^{name}(\[0\])? = .*: it must "):
            pc.ContinuationSettings(**{name: given})
    assert pc.ContinuationSettings(**{name: default}) == pc.ContinuationSettings()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"growth": 1.0}, "growth = 1.0: it must be above 1"),
        ({"longest_step": 1e-6}, "longest_step = 1e-06: it must be above shortest_step = 2e-06"),
        ({"random_starts": (1, 2, 3)}, "it must be a tuple of 2 integers"),
        ({"most_points": 0}, "most_points = 0: it must be at least 1"),
    ],
)
def test_settings_that_do_not_fit(given: dict[str, Any], says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        pc.ContinuationSettings(**given)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda h: h.update(phasecalc="0.0.1"), "another diagram: other version"),
        (lambda h: h["plane"]["model"].update(d_hidden=2), "other model or axes"),
        (lambda h: h.update(cells=[9, 9], source="relaxed"), "other source, cells"),
        (lambda h: h["settings"].update(growth=2.0), "other settings"),
        (lambda h: h.pop("checkpoint"), "it is no checkpoint"),
    ],
)
def test_another_checkpoint_is_refused_by_what_differs(tmp_path: Path, change, says: str) -> None:
    path = tmp_path / "trace.jsonl"
    land = window((0.6, 0.7), (0.2, 0.5))
    document = json.loads(json.dumps(header(land, "global", (3, 3))))
    change(document)
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=rf"checkpoint = .*{says}.*give another file") as refused:
        small(checkpoint=path)
    assert "\n" not in str(refused.value) and path.read_bytes() == before


def test_symbols_without_values_are_refused() -> None:
    lam = sympy.Symbol("lam")
    with pytest.raises(ValueError, match="lam: every symbol but S and r must have a value"):
        pc.phase_diagram(pc.ToyModel(2, 1, interference_penalty=lam), "global")


@pytest.mark.parametrize(("source", "n"), [("global", 3), ("relaxed", 2)])
def test_the_point_law_is_refused_at_once_with_the_reason(source: str, n: int) -> None:
    with pytest.raises(ValueError, match="minimize finds the phase at a point"):
        pc.phase_diagram(pc.ToyModel(n, n - 1, pc.Point()), source)  # type: ignore[call-overload]


def test_a_cell_that_does_not_converge_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newton's method stops short in one cell: the work goes on, and the record says where."""
    from phasecalc.landscapes.branch import Unconverged
    from phasecalc.landscapes.free import GlobalLandscape

    land = window((0.6, 0.7), (0.2, 0.5))
    search = GlobalLandscape.lowest
    bad: list[np.ndarray] = []

    def lowest(self: GlobalLandscape, theta: np.ndarray, *, thorough: bool = True) -> object:
        if not bad:
            bad.append(theta)
        if (theta == bad[0]).all():
            raise Unconverged("stopped at 8e-12")
        return search(self, theta, thorough=thorough)

    monkeypatch.setattr(GlobalLandscape, "lowest", lowest)
    found = traced_diagram(land, "global", (3, 3))
    assert found.unresolved == (land.plane.point(bad[0]),)
    assert found.cells_scanned == 9
    assert {phase.name for phase in found.phases} == {"ignore", "antipodal"}
    assert len(found.boundaries) == 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["global-3-2", "relaxed-3-2"])
def test_three_in_two_is_found_again(name: str) -> None:
    document = stored(name)
    found = pc.phase_diagram(model_of(document), document["source"])
    gaps = differences(found, document)
    renamed = [text for text in gaps if text.endswith("stored as fold")]
    assert [text for text in gaps if text not in renamed] == []
    # The earlier program called this a fold: test_spinodals.py shows that the branch goes on there.
    joint = [text for text in renamed if text.startswith("onset of joint at 0.")]
    assert renamed == joint and len(renamed) == (3 if name == "global-3-2" else 1)
    assert len(found.boundaries) == len(document["lines"])


@pytest.mark.long
def test_three_importances_that_are_powers() -> None:
    """(S, ρ) of 3 in 2 with importances 1, ρ, ρ²: nothing loose, and lines of (S, r) come back.

    Where one feature keeps its dimension the others are a pair of importances ρ and ρ², or 1 and ρ:
    up to a factor those of two in one with r = ρ.
    """
    rho = sympy.Symbol("rho")
    model = pc.ToyModel(3, 2, importance=[1, rho, rho**2])
    found = pc.phase_diagram(model, "global", x=pc.S, y=rho, cells=(6, 6))
    assert all(point.kind != "end of a branch" for point in found.special_points)
    assert not found.unexplained and not found.unresolved
    assert found.metastable
    places = [(point.kind, point.sparsity, point.importance) for point in found.special_points]
    pair = stored("global-2-1")["special_points"]
    for kind in ("junction", "tricritical point"):
        known = [(S, r) for k, _, S, r, _, _ in pair if k == kind and 0.4 < S and r < 0.6]
        assert known
        for S, r in known:
            gaps = [max(abs(x - S), abs(y - r)) for k, x, y in places if k == kind]
            assert min(gaps) < 1e-8
