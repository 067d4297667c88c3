"""The explorer in a real browser: its numbers are the library's, and nothing goes wrong."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.cli import main
from phasecalc.experiment.train import train
from phasecalc.landscapes.plane import Plane
from phasecalc.landscapes.sources import landscape_of, relaxed_atlas
from phasecalc.minima.atlas import Atlas, Sheet, atlas
from phasecalc.report.explorer import explorer_page

from .lands import traced as traced_in
from .lands import window

BROWSER = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
        if (found := shutil.which(name))
    ),
    None,
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--no-first-run", "--virtual-time-budget=20000",
)  # fmt: skip
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs chromium")
LIMIT = 1_000_000


def asked(page: str, script: str, folder: Path) -> dict:
    """What a script that runs on the page after it has been drawn leaves behind."""
    probe = (
        "<script>setTimeout(() => { const out = document.createElement('pre'); out.id = 'probe';"
        f"out.textContent = JSON.stringify((() => {{ {script} }})());"
        "document.body.append(out); }, 1500);</script>"
    )
    assert BROWSER is not None
    # The page's own policy allows inline scripts and nothing else.
    path = folder / "page.html"
    path.write_text(page.replace("</body>", probe + "</body>"), encoding="utf-8")
    dom = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    found = re.search(r'<pre id="probe">(.*?)</pre>', dom, flags=re.DOTALL)
    assert found, dom[-2000:]
    return json.loads(html.unescape(found[1]))


def points(count: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng(3)
    p, r = 10 ** rng.uniform(-1.95, 0, count), 10 ** rng.uniform(-0.98, 0.98, count)
    return [(float(1 - a), float(b)) for a, b in zip(p, r, strict=True)]


@needs_browser
@pytest.mark.parametrize("size", [(2, 1), (3, 2), (5, 2)])
def test_candidates_in_the_browser(size, tmp_path):
    diagram = pc.phase_diagram(pc.ToyModel(*size))
    places = points(50)
    found = asked(
        explorer_page(diagram),
        f"return {{at: {json.dumps(places)}.map(([S, r]) => phasecalc.at(S, r, 'candidates')),"
        "errors: phasecalc.errors, shown: document.getElementById('phase').textContent}",
        tmp_path,
    )
    assert found["errors"] == []
    assert found["shown"] == diagram.label(sparsity="3/5", importance=1)
    for (S, r), here in zip(places, found["at"], strict=True):
        expected = {
            c.name: float(c.loss.subs({pc.p: 1 - S, pc.r: r}).evalf()) for c in diagram.candidates
        }
        assert here[0]["name"] == diagram.label(sparsity=S, importance=r)
        for entry in here:
            assert entry["loss"] == pytest.approx(expected[entry["name"]], rel=1e-12, abs=1e-15)


@pytest.fixture(scope="module")
def pair() -> Atlas:
    return atlas(pc.ToyModel(2, 1), *pc.paper_axes(24))


@pytest.fixture(scope="module")
def relaxed_pair() -> Atlas:
    return relaxed_atlas(pc.ToyModel(2, 1), *pc.paper_axes(24))


def relaxed_minimum(model: pc.ToyModel, S: float, r: float) -> tuple[str, float]:
    """The lowest of the candidates with lengths and biases optimised, searched for there."""
    plane = Plane.of(model, pc.S, pc.r)
    lowest = landscape_of(plane, "relaxed").lowest(plane.theta(S, r))
    return lowest.name, lowest.loss


@pytest.mark.parametrize(
    "made",
    [
        pytest.param("pair", marks=pytest.mark.long),
        pytest.param("relaxed_pair", marks=pytest.mark.long),
    ],
)
def test_the_sheets_are_losses_of_their_weights(made, request):
    found = request.getfixturevalue(made)
    assert isinstance(found.sheets[3][4][0], Sheet)
    for i, j in ((0, 0), (5, 12), (23, 23), (12, 3)):
        S, r = found.sparsities[i], found.importances[j]
        for sheet in found.sheets[i][j]:
            p, k = 1 - S, np.arange(3)
            loss = (p**k * S ** (2 - k)) @ (sheet.terms[0] + r * sheet.terms[1])
            assert loss == pytest.approx(sheet.loss, rel=1e-11)
            assert pc.expected_loss(sheet.weights, sheet.bias, [1, r], S) == pytest.approx(
                sheet.loss, rel=1e-11
            )
        # No start of the library's own search finds anything lower, and the relaxed minimum is
        # one of some weights.
        least, lowest = pc.minimize(found.model, S, r, random_starts=20).loss, found.sheets[i][j][0]
        if made == "pair":
            assert lowest.loss <= least * (1 + 1e-9)
        else:
            assert lowest.loss >= least * (1 - 1e-9)
            exact = pc.phase_diagram(found.model)
            assert lowest.loss <= float(exact.minimum(S, r)) * (1 + 1e-12)


@needs_browser
@pytest.mark.long
def test_minima_and_trained_models_in_the_browser(pair, relaxed_pair, tmp_path):
    model = pair.model
    trained = train(model, *pc.paper_axes(12), 4)
    traced = pc.phase_diagram(model, "global", cells=(6, 6))
    relaxed = pc.phase_diagram(model, "relaxed", cells=(6, 6))
    pairs = [(relaxed, relaxed_pair), (traced, pair)]
    page = explorer_page(pc.phase_diagram(model), pairs, trained)
    assert len(page.encode()) < LIMIT
    places = points(50)
    script = (
        f"const places = {json.dumps(places)};"
        "const start = performance.now();"
        "for (let k = 0; k < 60; k++) { phasecalc.move(.3 + k / 200, 1); phasecalc.refresh(); }"
        "const spent = performance.now() - start;"
        "for (const source of ['trained', 'relaxed', 'candidates', 'global'])"
        "phasecalc.choose(source);"
        "const paint = performance.getEntriesByType('paint').map(e => e.startTime);"
        "return {global: places.map(([S, r]) => phasecalc.at(S, r, 'global')), spent, paint,"
        "relaxed: places.map(([S, r]) => phasecalc.at(S, r, 'relaxed')),"
        "trained: places.map(([S, r]) => phasecalc.at(S, r, 'trained')), errors: phasecalc.errors}"
    )
    found = asked(page, script, tmp_path)
    assert found["errors"] == []
    print("60 moves take", found["spent"], "ms; first paint at", found["paint"], "ms")
    for source in ("relaxed", "global"):
        names, errors = 0, []
        for (S, r), here in zip(places, found[source], strict=True):
            if source == "relaxed":
                name, loss = relaxed_minimum(model, S, r)
            else:
                exact = pc.minimize(model, S, r, random_starts=8)
                name, loss = exact.name, exact.loss
            # Interpolated between the points of a coarse grid, worst next to where branches end.
            errors.append(abs(here[0]["loss"] / loss - 1))
            names += here[0]["name"] == name
        print(source, names, np.sort(errors)[[25, 44, 49]])
        assert names >= 46
        assert np.median(errors) < 1e-5 and np.sort(errors)[44] < 3e-3 and max(errors) < 2e-2
    for (S, r), cell in zip(places, found["trained"], strict=True):
        i = np.abs(np.log((1 - trained.sparsities) / (1 - S))).argmin()
        j = np.abs(np.log(trained.importances / r)).argmin()
        assert cell[0]["loss"] == pytest.approx(trained.best_losses[i, j], rel=1e-6)
        assert cell[0]["name"] == trained.best_outcomes[i, j]


@needs_browser
def test_keys_touches_and_sliders_move_the_point(tmp_path):
    script = (
        "const {state} = phasecalc, plane = document.getElementById('plane'), seen = [];"
        "const note = () => seen.push([state.S, state.r]);"
        "phasecalc.move(.5, 1); note();"
        "for (const [key, shiftKey] of [['ArrowRight', false], ['ArrowUp', true]]) {"
        "plane.dispatchEvent(new KeyboardEvent('keydown', {key, shiftKey})); note(); }"
        "const box = plane.getBoundingClientRect();"
        "plane.dispatchEvent(new PointerEvent('pointerdown', {pointerType: 'touch',"
        "clientX: box.left + box.width / 2, clientY: box.top + box.height / 4})); note();"
        "for (const id of ['S', 'r']) { const e = document.getElementById(id);"
        "e.value = 1000; e.dispatchEvent(new Event('input')); note(); }"
        "const themes = [state.theme]; document.getElementById('theme').click();"
        "themes.push(state.theme);"
        "return {seen, themes, errors: phasecalc.errors};"
    )
    found = asked(explorer_page(pc.phase_diagram(pc.ToyModel(2, 1))), script, tmp_path)
    start, right, up, touch, slid, slid_up = found["seen"]
    assert start == [0.5, 1]
    assert right == pytest.approx([1 - 0.5 * np.exp(-0.01), 1])
    assert up == pytest.approx([right[0], np.exp(0.1)])
    assert touch == pytest.approx([0.9, 10**0.5], rel=1e-2)
    assert slid == pytest.approx([0.99, touch[1]]) and slid_up == pytest.approx([0.99, 10])
    assert sorted(found["themes"]) == ["dark", "light"] and found["errors"] == []


def test_the_page_is_one_file_without_a_network(tmp_path):
    evil = pc.Candidate.from_weights("</script><b>", [[1, "-1/2"]], [0, 0], "superposition")
    model = pc.ToyModel(2, 1)
    page = explorer_page(pc.phase_diagram(model, candidates=[*pc.candidates(model), evil]))
    assert page.count("</script>") == 1 and "<b>" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']|https?://(?!www\.w3\.org/2000/svg)""", page)
    assert "default-src 'none'" in page and "@" not in re.sub(r"@media", "", page)
    assert len(page.encode()) < LIMIT


def test_other_models_are_refused():
    axes = pc.paper_axes(2)
    pair, relaxed_pair = (find(pc.ToyModel(2, 1), *axes) for find in (atlas, relaxed_atlas))
    traced = traced_in(window((0.6, 0.7), (0.2, 0.5)), (3, 3))
    with pytest.raises(ValueError, match="traced: of"):
        explorer_page(pc.phase_diagram(pc.ToyModel(3, 2)), [(traced, pair)])
    with pytest.raises(ValueError, match="traced: minima of relaxed beside lines of global"):
        explorer_page(pc.phase_diagram(pc.ToyModel(2, 1)), [(traced, relaxed_pair)])


def test_the_command(tmp_path, capsys):
    path = tmp_path / "explorer.html"
    with pytest.raises(SystemExit) as stopped:
        main(["explore", "-n", "3", "-m", "2", "-o", str(path)])
    assert not stopped.value.code and "kB" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    for arguments, words in (
        (["-o", str(tmp_path / "a.png")], ".html"),
        (["-n", "12", "-m", "5", "-o", str(path)], "at most 9"),
        (["--source", "tight", "-o", str(path)], "relaxed"),
        (["--cells", "5", "-o", str(path)], "--source relaxed or global"),
        (
            ["--source", "relaxed", "--source", "global", "--checkpoint", "c", "-o", str(path)],
            "one --source",
        ),
        (["--trained", str(tmp_path / "none.npz"), "-o", str(tmp_path / "b.html")], "none.npz"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["explore", *arguments])
        error = capsys.readouterr().err
        assert stopped.value.code == 2 and error.count("\n") == 1 and words in error
    assert [p.name for p in tmp_path.iterdir()] == ["explorer.html"]
