"""Runs the code of Markdown pages and compares it with what the page shows.

    python tests/pages.py --write FILE …   writes into the pages what their commands print

A page is run from its top to its end in one empty folder: Python blocks share their names, commands
the files that they write. A block `python` with prompts is a doctest, one without is run. In a
block `console` every line "$ phasecalc …" is a command; below is what it prints, if the page shows
it, where a line "…" stands for any lines. "# exit 1" after a command is its exit status. Blocks of
other languages are not run. The comment `<!-- slow -->` above a block marks it, and all after it,
as slow.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phasecalc.cli import main

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(
    r"(?P<slow><!-- slow -->\s*)?^```(?P<language>python|console)\n(?P<code>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
ANY = "…"


@dataclass(frozen=True)
class Block:
    """A block of code: its language, text, whether it takes long, and where it stands."""

    language: str
    code: str
    slow: bool
    span: tuple[int, int]


def pages() -> list[Path]:
    """README and every page of the site that has code."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]
    found += sorted((ROOT / "docs").rglob("*.md"))
    return [path for path in found if blocks(path.read_text(encoding="utf-8"))]


def blocks(text: str) -> list[Block]:
    found = []
    slow = False
    for match in _BLOCK.finditer(text):
        slow = slow or match["slow"] is not None
        found.append(Block(match["language"], match["code"], slow, match.span("code")))
    return found


def commands(code: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with what it is said to print."""
    parts = re.split(r"^\$ ", code, flags=re.MULTILINE)
    assert not parts[0].strip(), "a console block begins with a command"
    for part in parts[1:]:
        command, _, expected = part.partition("\n")
        while command.endswith("\\"):
            rest, _, expected = expected.partition("\n")
            command = f"{command[:-1].rstrip()} {rest.strip()}"
        yield command, expected


def printed(command: str) -> str:
    """What a command prints on stdout; AssertionError for another exit status than it says."""
    written, _, comment = command.partition("#")
    status = re.fullmatch(r"\s*exit (\d+)\s*", comment)
    program, *arguments = shlex.split(written)
    assert program == "phasecalc", f"{program}: pages run phasecalc only"
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    assert code == (int(status[1]) if status else 0), f"{command}: status {code}\n{err.getvalue()}"
    return out.getvalue() if code != 2 else err.getvalue()


def agrees(expected: str, found: str) -> bool:
    if not expected.strip():
        return True  # a page need not show what a command prints
    pattern = "".join(
        r"(?:.*\n)*?" if line == ANY else re.escape(line) + r"[ ]*\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, found) is not None


def run(path: Path, folder: Path, *, slow: bool) -> None:
    """Run a page in a folder; AssertionError where it shows something else."""
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    with contextlib.chdir(folder):
        for block in blocks(path.read_text(encoding="utf-8")):
            if block.slow and not slow:
                return
            if block.language == "console":
                for command, expected in commands(block.code):
                    found = printed(command)
                    assert agrees(expected, found), (
                        f"{path.name}: {command}\nthe page has\n{expected}\nand it is\n{found}"
                    )
            elif ">>>" in block.code:
                test = doctest.DocTestParser().get_doctest(block.code, names, path.name, None, 0)
                report = io.StringIO()
                runner.run(test, out=report.write, clear_globs=False)
                names.update(test.globs)
                assert not report.getvalue(), f"{path.name}: {report.getvalue()}"
            else:
                # Without this module's own "from __future__ import annotations".
                exec(compile(block.code, path.name, "exec", dont_inherit=True), names)


def rewrite(path: Path, folder: Path) -> None:
    """Put what the commands print into a page; a block that has a line "…" stays as it is."""
    text = path.read_text(encoding="utf-8")
    with contextlib.chdir(folder):
        for block in reversed(
            [
                (block, _filled(block)) if block.language == "console" else (block, block.code)
                for block in blocks(text)
            ]
        ):
            (start, stop), code = block[0].span, block[1]
            text = text[:start] + code + text[stop:]
    path.write_text(text, encoding="utf-8")


def _filled(block: Block) -> str:
    code = ""
    for command, expected in commands(block.code):
        found = printed(command)
        kept = expected if ANY in expected.splitlines() and agrees(expected, found) else found
        code += f"$ {command}\n" + "".join(f"{line.rstrip()}\n" for line in kept.splitlines())
    return code


if __name__ == "__main__":
    import tempfile

    os.environ.setdefault("MPLBACKEND", "agg")
    for name in sys.argv[2:]:
        with tempfile.TemporaryDirectory() as temporary:
            rewrite(Path(name).resolve(), Path(temporary))
