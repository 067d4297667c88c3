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
from phasecalc.minima.atlas import Atlas, Sheet, atlas
from phasecalc.report.explorer import explorer_page

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
@pytest.mark.slow
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


def test_the_sheets_are_losses_of_their_weights(pair):
    assert isinstance(pair.sheets[3][4][0], Sheet)
    for i, j in ((0, 0), (5, 12), (23, 23), (12, 3)):
        for sheet in pair.sheets[i][j]:
            S, r = pair.sparsities[i], pair.importances[j]
            p, k = 1 - S, np.arange(3)
            loss = (p**k * S ** (2 - k)) @ (sheet.terms[0] + r * sheet.terms[1])
            assert loss == pytest.approx(sheet.minimum.loss, rel=1e-11)
        # No start of the library's own search finds anything lower.
        assert pair.sheets[i][j][0].minimum.loss <= (
            pc.minimize(pair.model, S, r, random_starts=20).loss * (1 + 1e-9)
        )


@needs_browser
@pytest.mark.slow
def test_minima_and_trained_models_in_the_browser(pair, tmp_path):
    model = pair.model
    trained = train(model, *pc.paper_axes(12), 4)
    traced = pc.phase_diagram(model, "global", cells=(6, 6))
    page = explorer_page(pc.phase_diagram(model), traced, pair, trained)
    assert len(page.encode()) < LIMIT
    places = points(50)
    script = (
        f"const places = {json.dumps(places)};"
        "const start = performance.now();"
        "for (let k = 0; k < 60; k++) { phasecalc.move(.3 + k / 200, 1); phasecalc.refresh(); }"
        "const spent = performance.now() - start;"
        "phasecalc.choose('trained'); phasecalc.choose('global');"
        "const paint = performance.getEntriesByType('paint').map(e => e.startTime);"
        "return {at: places.map(([S, r]) => phasecalc.at(S, r, 'global')), spent, paint,"
        "trained: places.map(([S, r]) => phasecalc.at(S, r, 'trained')), errors: phasecalc.errors}"
    )
    found = asked(page, script, tmp_path)
    assert found["errors"] == []
    print("60 moves take", found["spent"], "ms; first paint at", found["paint"], "ms")
    names, errors = 0, []
    for (S, r), here, cell in zip(places, found["at"], found["trained"], strict=True):
        exact = pc.minimize(model, S, r, random_starts=8)
        # Interpolated between the points of a coarse grid, worst next to where branches end.
        errors.append(abs(here[0]["loss"] / exact.loss - 1))
        names += here[0]["name"] == exact.name
        i = np.abs(np.log((1 - trained.sparsities) / (1 - S))).argmin()
        j = np.abs(np.log(trained.importances / r)).argmin()
        assert cell[0]["loss"] == pytest.approx(trained.best_losses[i, j], rel=1e-6)
        assert cell[0]["name"] == trained.best_outcomes[i, j]
    assert names >= 46
    assert np.median(errors) < 1e-5 and np.sort(errors)[44] < 3e-3 and max(errors) < 2e-2


def test_the_page_is_one_file_without_a_network(tmp_path):
    evil = pc.Candidate.from_weights("</script><b>", [[1, "-1/2"]], [0, 0], "superposition")
    model = pc.ToyModel(2, 1)
    page = explorer_page(pc.phase_diagram(model, candidates=[*pc.candidates(model), evil]))
    assert page.count("</script>") == 1 and "<b>" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']|https?://(?!www\.w3\.org/2000/svg)""", page)
    assert "default-src 'none'" in page and "@" not in re.sub(r"@media", "", page)
    assert len(page.encode()) < LIMIT


def test_other_models_are_refused(pair):
    with pytest.raises(ValueError, match="minima: of"):
        explorer_page(pc.phase_diagram(pc.ToyModel(3, 2)), minima=pair)


def test_the_command(tmp_path, capsys):
    path = tmp_path / "explorer.html"
    with pytest.raises(SystemExit) as stopped:
        main(["explore", "-n", "3", "-m", "2", "-o", str(path)])
    assert not stopped.value.code and "kB" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    for arguments, words in (
        (["-o", str(tmp_path / "a.png")], ".html"),
        (["-n", "12", "-m", "5", "-o", str(path)], "at most 9"),
        (["--source", "relaxed", "-o", str(path)], "relaxed"),
        (["--cells", "5", "-o", str(path)], "--source global"),
        (["--trained", str(tmp_path / "none.npz"), "-o", str(tmp_path / "b.html")], "none.npz"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["explore", *arguments])
        error = capsys.readouterr().err
        assert stopped.value.code == 2 and error.count("\n") == 1 and words in error
    assert [p.name for p in tmp_path.iterdir()] == ["explorer.html"]
