"""What README and site show is what the program does; no page leads nowhere."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from . import pages

ROOT = pages.ROOT
MARKDOWN = [
    *ROOT.glob("*.md"),
    *(path for path in (ROOT / "docs").rglob("*.md")),
]


def identity(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", pages.pages(), ids=identity)
def test_page(page, tmp_path):
    pages.run(page, tmp_path, slow=False)


@pytest.mark.parametrize(
    "page",
    [page for page in pages.pages() if any(b.slow for b in pages.blocks(page.read_text()))],
    ids=identity,
)
def test_slow_page(page, tmp_path):
    pages.run(page, tmp_path, slow=True)


@pytest.mark.parametrize("page", MARKDOWN, ids=identity)
def test_indices_of_formulas_are_no_emphasis(page):
    """Between (u)_+ and the next one a line would be in italics, without its indices."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for line in text.splitlines():
        if not line.startswith("    "):
            prose = re.sub(r"`[^`]*`", "", line)
            assert len(re.findall(r"(?<!\\)_[+*]", prose)) < 2, line


@pytest.mark.parametrize("page", MARKDOWN, ids=identity)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{identity(page)}: {target}"


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_runner_sees_a_difference(tmp_path):
    page = tmp_path / "page.md"
    for text in (
        "```python\n>>> 1 + 1\n3\n```\n",
        "```console\n$ phasecalc --version\nnothing\n```\n",
        "```console\n$ phasecalc diagram -n 0 -o a.png\n```\n",
        "```python\nraise ValueError\n```\n",
    ):
        page.write_text(text)
        with pytest.raises((AssertionError, ValueError)):
            pages.run(page, tmp_path, slow=True)
    page.write_text("```console\n$ phasecalc boundaries\n…\n\nPhases (3)\n…\n```\n")
    pages.run(page, tmp_path, slow=True)


def test_every_page_is_reached_from_the_first():
    listed = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").splitlines()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem in listed or page.stem == "index", (
            f"docs/index.md does not list {page.stem}"
        )


def test_the_table_of_tolerances_is_that_of_the_settings():
    found = runpy.run_path(str(ROOT / "docs" / "tolerances.py"))
    kept = (ROOT / "docs" / "continuation.md").read_text(encoding="utf-8")
    assert kept == found["page"](kept), "run python docs/tolerances.py"
    assert found["table"]().count("\n") > 20


def test_the_glossary_is_that_of_the_command():
    from phasecalc.report.glossary import glossary_markdown

    kept = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert kept == glossary_markdown(), "run python docs/glossary.py"


def test_a_release_has_addresses_for_every_picture_and_link():
    release = runpy.run_path(str(ROOT / ".github" / "release.py"))
    kept = (ROOT / "README.md").read_text(encoding="utf-8")
    found = release["readme"](kept, "owner/name", "v1.0.0")
    targets = re.findall(r"\]\(([^)]+)\)", found)
    assert len(targets) == len(re.findall(r"\]\(([^)]+)\)", kept)) > 20
    assert all(target.startswith("https://") for target in targets)
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", found)
    assert len(pictures) == 3
    raw = "https://raw.githubusercontent.com/owner/name/v1.0.0/"
    for address in pictures:
        assert (ROOT / address.removeprefix(raw)).exists()
    urls = release["project"]((ROOT / "pyproject.toml").read_text("utf-8"), "owner/name", "v1.0.0")
    assert tomllib.loads(urls)["project"]["urls"].keys() > {"Repository", "Issues", "Paper"}


def test_the_site_can_import_every_public_name():
    """The API reference shows all of them; the check of certificates has an extra of its own."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    for extra in ("docs", "dev"):
        assert set(extras["check"]) <= set(extras[extra])
