"""The LaTeX files: as checked in, without an overfull line, and cited by labels that exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import phasecalc as pc
from phasecalc.cli import main
from phasecalc.proofs.registry import NAMES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "derivations"
CITATION = re.compile(r"derivations/([\w-]+)\.tex,\s+eq\.\s+([\w-]+)")


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    captured = capsys.readouterr()
    return int(stopped.value.code or 0), captured.out, captured.err


def test_the_files_checked_in_are_what_the_command_writes(tmp_path, capsys):
    status, _, _ = run(capsys, "derive", "--all", "-o", str(tmp_path))
    assert status == 0
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert written == kept, "run `phasecalc derive --all -o derivations`"


def citations() -> set[tuple[str, str, str]]:
    sources = [*(ROOT / "phasecalc").rglob("*.py"), *ROOT.glob("*.md"), *ROOT.glob("examples/*.py")]
    return {
        (str(path.relative_to(ROOT)), *found)
        for path in sources
        for found in CITATION.findall(path.read_text())
    }


def test_no_citation_is_dead():
    found = citations()
    assert len(found) >= 10
    for source, name, label in found:
        assert label in pc.derivation(name).labels, f"{source} cites {name}, eq. {label}"


def test_every_mention_of_a_file_names_an_equation():
    for path in (ROOT / "phasecalc").rglob("*.py"):
        text = path.read_text()
        assert len(re.findall(r"derivations/[\w-]+\.tex", text)) == len(CITATION.findall(text)), (
            path
        )


needs_latex = pytest.mark.skipif(
    shutil.which("pdflatex") is None and not os.environ.get("CI"), reason="needs pdflatex"
)


def log_of(folder: Path, name: str) -> str:
    for _ in range(3):
        subprocess.run(
            ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", f"{name}.tex"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
    return (folder / f"{name}.log").read_text(errors="replace")


@needs_latex
@pytest.mark.parametrize("variable", ["p", "S"])
def test_the_main_document_compiles_without_an_overfull_line(tmp_path, capsys, variable):
    run(capsys, "derive", "--all", "-o", str(tmp_path), "--in", variable)
    log = log_of(tmp_path, "phasecalc-derivations")
    assert not re.findall(r"^(?:!|Overfull).*", log, flags=re.MULTILINE)
    assert "undefined" not in log and "multiply defined" not in log


@needs_latex
@pytest.mark.parametrize("name", NAMES)
def test_every_file_compiles_by_itself(tmp_path, name):
    shutil.copy(FOLDER / f"{name}.tex", tmp_path)
    log = log_of(tmp_path, name)
    assert not re.findall(r"^(?:!|Overfull).*", log, flags=re.MULTILINE)
    assert "undefined" not in log


@needs_latex
def test_a_file_can_be_read_into_another_document(tmp_path):
    shutil.copy(FOLDER / "thomson.tex", tmp_path)
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{amsmath,amssymb}\\begin{document}\n"
        "\\appendix\\input{thomson}\nThe end, after equation \\eqref{thomson:pentagon}.\n"
        "\\end{document}\n"
    )
    log = log_of(tmp_path, "paper")
    assert not re.findall(r"^(?:!|Overfull).*", log, flags=re.MULTILINE)
    assert "undefined" not in log


@needs_latex
@pytest.mark.parametrize("variable", ["p", "S"])
def test_all_files_fit_into_a_plain_article(tmp_path, capsys, variable):
    run(capsys, "derive", "--all", "-o", str(tmp_path), "--in", variable)
    inputs = "\n".join(f"\\input{{{name}}}" for name in NAMES)
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{amsmath,amssymb}\\begin{document}\n"
        f"\\appendix\n{inputs}\n\\end{{document}}\n"
    )
    log = log_of(tmp_path, "paper")
    assert not re.findall(r"^(?:!|Overfull).*", log, flags=re.MULTILINE)
    assert "undefined" not in log


@needs_latex
def test_what_a_notebook_shows_is_latex(tmp_path):
    """Jupyter's LaTeX export passes `_repr_latex_` on as it is."""
    cells = "\n\n".join(
        text
        for derivation in pc.derivations()
        for text in (derivation._repr_latex_(), pc.phase_diagram(pc.ToyModel(2, 1))._repr_latex_())
    )
    (tmp_path / "cells.tex").write_text(
        "\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage{amsmath,amssymb}\n"
        f"\\begin{{document}}\n{cells}\n\\end{{document}}\n"
    )
    assert not re.findall(r"^!.*", log_of(tmp_path, "cells"), flags=re.MULTILINE)


def test_citations_and_references_work_in_any_document():
    text = (FOLDER / "decomposition.tex").read_text()
    joined = " ".join(text.split())
    assert r"\ifcsname b@elhage2022\endcsname~\cite{elhage2022}\else{} (2022)\fi{}" in joined
    assert r"\ifcsname r@truncated-powers:cross-term\endcsname" in joined
    assert f"% Source: phasecalc {pc.__version__}, derivation decomposition" in text
    main_text = (FOLDER / "phasecalc-derivations.tex").read_text()
    assert f"version {pc.__version__}" in main_text


@needs_latex
def test_pdf_is_written(tmp_path, capsys):
    status, _, err = run(capsys, "derive", "thomson", "-o", str(tmp_path), "--pdf")
    assert (status, err) == (0, "")
    assert (tmp_path / "thomson.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thomson.pdf", "thomson.tex"]


def test_list(capsys):
    status, out, _ = run(capsys, "derive", "--list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(NAMES)


def test_one_derivation(tmp_path, capsys):
    status, _, err = run(capsys, "derive", "two-in-one", "-o", str(tmp_path / "a" / "b"))
    assert (status, err) == (0, "")
    assert (tmp_path / "a" / "b" / "two-in-one.tex").read_text() == (
        FOLDER / "two-in-one.tex"
    ).read_text()


def test_in_sparsity(tmp_path, capsys):
    run(capsys, "derive", "two-in-one", "-o", str(tmp_path), "--in", "S")
    text = (tmp_path / "two-in-one.tex").read_text()
    assert r"\left(1 - S\right) \left(1 + 3 S\right)" in text and "p^{2}" not in text


def test_an_appendix_is_running_text(tmp_path, capsys):
    run(capsys, "derive", "two-in-one", "-o", str(tmp_path), "--appendix")
    text = (tmp_path / "two-in-one.tex").read_text()
    whole = (FOLDER / "two-in-one.tex").read_text()
    assert "Check:" in whole and "Check:" not in text and r"\paragraph" not in text
    labels = re.findall(r"\\label\{(.*?)\}", whole)
    assert re.findall(r"\\label\{(.*?)\}", text) == labels


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("tomson", "-o", "out"), "did you mean 'thomson'"),
        (("__import__('os')", "-o", "out"), "there is none of this name. The names are decomp"),
        (("thomson", "-o", ""), "say where to write"),
        (("--list", "--all"), "--list stands alone"),
        (("--list", "thomson"), "--list stands alone"),
        (("--list", "--pdf"), "--list stands alone"),
        (("--list", "--appendix"), "--list stands alone"),
        (("thomson",), "-o"),
        ((), "--all"),
        (("thomson", "--all", "-o", "out"), "--all"),
        (("thomson", "-o", "{file}"), "cannot be written"),
        (("thomson", "-o", "/proc/nowhere"), "cannot be written"),
        (("thomson", "-o", "out", "--in", "x"), "--in"),
    ],
)
def test_refusals(tmp_path, capsys, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    given = [a.format(file=tmp_path / "file") if a == "{file}" else a for a in arguments]
    status, out, err = run(capsys, "derive", *given)
    assert status == 2 and out == ""
    assert says in err and err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("#!/bin/sh\necho '! It broke.'\nexit 1\n", "! It broke."),
        ("#!/bin/sh\nexit 0\n", "wrote no PDF"),
        ("#!/no/such/program\n", "cannot be run"),
        ("#!/bin/sh\nexec /bin/sleep 60\n", "did not end"),
    ],
)
def test_a_broken_pdflatex(tmp_path, capsys, monkeypatch, script, says):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pdflatex"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr("phasecalc.cli.pdflatex._SECONDS", 1)
    status, _, err = run(capsys, "derive", "thomson", "-o", str(tmp_path / "out"), "--pdf")
    assert status == 2 and says in err and err.count("\n") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thomson.tex"]


def test_pdf_without_latex(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    status, _, err = run(capsys, "derive", "thomson", "-o", str(tmp_path), "--pdf")
    assert status == 2
    assert "texlive-latex-base" in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thomson.tex"]


def test_less_and_greater_signs_in_text_are_set_as_mathematics():
    """In the default text fonts a bare < is printed as an inverted exclamation mark."""
    for path in (ROOT / "derivations").glob("*.tex"):
        for line in path.read_text().splitlines():
            if "Check:" in line:
                assert not re.search(r"(?<!\$)[<>](?!\$)", line), line
