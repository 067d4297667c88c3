"""Compiling LaTeX in a folder of its own, so that no auxiliary files are left behind."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

PACKAGE = "texlive-latex-base"
_RUNS = 3
"""Contents and references are settled after so many runs."""
_SECONDS = 300


def compiled(texts: Mapping[str, str], document: str) -> bytes:
    """The PDF of one of the texts, which may read the others.

    Raises `ValueError` where there is no pdflatex, or where it finds an error.
    """
    program = shutil.which("pdflatex")
    if program is None:
        raise ValueError(
            "pdf: pdflatex is not installed (the .tex files are written); install LaTeX, on "
            f"Debian the package {PACKAGE}"
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each, text in texts.items():
            (folder / f"{each}.tex").write_text(text, encoding="utf-8")
        for _ in range(_RUNS):
            # A document that is ours; still, it gets no shell and no terminal.
            try:
                run = subprocess.run(
                    [program, "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode",
                     f"{document}.tex"],
                    cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS,
                    check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                raise ValueError(
                    f"pdf: pdflatex did not end within {_SECONDS} s (the .tex files are written)"
                ) from None
            except OSError as error:
                raise ValueError(
                    f"pdf: {program} cannot be run: {error.strerror}; install LaTeX, on Debian the "
                    f"package {PACKAGE} (the .tex files are written)"
                ) from None
            if run.returncode != 0:
                raise ValueError(f"pdf: pdflatex failed: {_first_error(run.stdout)}")
        result = folder / f"{document}.pdf"
        if not result.exists():
            raise ValueError(f"pdf: {program} wrote no PDF; is it pdflatex?")
        return result.read_bytes()


def _first_error(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").splitlines()
    return next((line for line in lines if line.startswith("!")), "see its log")
