"""Streams of all kinds: encodings without mathematics, a stderr that is missing or closed."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys

import pytest

from phasecalc.cli import main
from phasecalc.cli.typed import ALPHABET, typed_form

PRINTING = [
    ["boundaries", "-n", "3", "-m", "2"],
    ["loss", "--weights", "1,-1", "--importance", "1,r", "-S", "1/2"],
    ["minimize", "-S", "0.6"],
    ["derive", "--list"],
    ["train", "--cells", "2", "--models", "1"],
]


def spoken(encoding: str, arguments: list[str], monkeypatch) -> tuple[int, str]:
    """Exit status and stdout of a command whose stdout has this encoding."""
    raw = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert sys.stdout.errors == "strict"
        sys.stdout.flush()
        return int(stopped.value.code or 0), raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp437", "ascii"])
@pytest.mark.parametrize("arguments", PRINTING, ids=lambda arguments: arguments[0])
def test_every_encoding_gets_readable_mathematics(monkeypatch, encoding, arguments):
    status, text = spoken(encoding, arguments, monkeypatch)
    full_status, full = spoken("utf-8", arguments, monkeypatch)
    assert status == full_status == 0
    # The same text, written as one types it: nothing is dropped, escaped or in question marks.
    assert strip_times(text) == strip_times(typed_form(full))
    assert text.isascii()
    assert "?" not in text
    assert "\\" not in text


def strip_times(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)? s\b", "", text))


def test_json_stays_json_in_every_encoding(monkeypatch):
    _, text = spoken("cp437", ["minimize", "-S", "0.6", "--json"], monkeypatch)
    _, full = spoken("utf-8", ["minimize", "-S", "0.6", "--json"], monkeypatch)
    assert json.loads(text) == json.loads(full)


def test_every_sign_has_a_typed_form():
    assert all(typed_form(sign).isascii() for sign in ALPHABET)


@pytest.mark.parametrize("stderr", [None, "closed"])
@pytest.mark.parametrize(
    "arguments",
    [["train", "--cells", "2", "--models", "1"], ["boundaries", "--nonsense"], ["derive", "no"]],
    ids=["train", "refused", "unknown"],
)
def test_without_a_stderr_a_command_is_silent(capsys, monkeypatch, stderr, arguments):
    stream = None
    if stderr == "closed":
        stream = io.StringIO()
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code in (0, 2)
    assert (capsys.readouterr().out != "") == (stopped.value.code == 0)


@pytest.mark.parametrize("stderr", [None, "closed"])
def test_bars_of_a_trace_need_no_stderr(monkeypatch, stderr):
    from phasecalc.progress import Bar

    stream = None
    if stderr == "closed":
        stream = io.StringIO()
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    bars = Bar()
    assert list(bars(range(3), 3, "scan")) == [0, 1, 2]
    bars.note("three")
    bars.close()


def test_quiet_hides_the_bar_of_a_terminal(monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for extra, silent in (([], False), (["-q"], True)):
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        with pytest.raises(SystemExit) as stopped:
            main(["train", "--cells", "2", "--models", "1", *extra])
        assert stopped.value.code == 0
        assert (stream.getvalue() == "") == silent


@pytest.mark.parametrize("closed", ["1", "2", "1 2", "0 1 2"])
def test_closed_descriptors_are_not_written_over(tmp_path, closed):
    redirections = " ".join(f"{number}>&-" for number in closed.split())
    path = tmp_path / "x.npz"
    command = f"{sys.executable} -m phasecalc train --cells 2 --models 1 -o {path} {redirections}"
    done = subprocess.run(["bash", "-c", command], check=False, env=os.environ)
    assert done.returncode == 0
    assert path.read_bytes().startswith(b"PK")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("setting", ["rc", "backend"])
def test_a_picture_does_not_depend_on_the_users_matplotlib(tmp_path, setting):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 40\nsavefig.format: ps\n")
    extra = {
        "rc": {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc")},
        "backend": {"MPLBACKEND": "nonsense"},
    }[setting]
    pictures = []
    for number, more in enumerate(({}, extra)):
        path = tmp_path / f"{number}.png"
        subprocess.run(
            [sys.executable, "-m", "phasecalc", "diagram", "-o", str(path), "--dpi", "50"],
            check=True, env={**os.environ, **more},
        )  # fmt: skip
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1]
