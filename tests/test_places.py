"""Places to write to: links, names that are no text, disks that are full, runs that are killed."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import phasecalc as pc
from phasecalc.files import replacing

from .test_cli import run

COMMANDS = {
    "diagram": (["diagram"], (".png", ".svg", ".pdf")),
    "train": (["train", "--cells", "2", "--models", "1"], (".npz", ".nc")),
}
CASES = [
    pytest.param(arguments, ending, id=f"{name}{ending}")
    for name, (arguments, endings) in COMMANDS.items()
    for ending in endings
]


@pytest.mark.parametrize(("arguments", "ending"), CASES)
def test_links_in_a_circle_are_refused(capsys, tmp_path, arguments, ending):
    one, two = tmp_path / f"one{ending}", tmp_path / f"two{ending}"
    one.symlink_to(two)
    two.symlink_to(one)
    status, _, err = run(capsys, *arguments, "-o", str(one))
    assert status == 2
    reason = f"-o {str(one)!r} cannot be written: its links go round in a circle"
    assert err == f"phasecalc: {reason}\n"
    assert sorted(tmp_path.iterdir()) == [one, two]


@pytest.fixture
def special(tmp_path):
    """A maker of names that open no file with an end; opening one by mistake ends in a minute."""

    def late(*_: object) -> None:
        raise AssertionError("waited for a special file")

    def made(kind: str, ending: str = "") -> Path:
        path = tmp_path / f"{kind}{ending}"
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
        return path

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield made
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


KINDS = pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
TRACED = ["--source", "global", "--checkpoint"]


@KINDS
@pytest.mark.parametrize(
    ("arguments", "ending"),
    [
        (["check"], ".npz"),
        (["check"], ".nc"),
        (["regret", "-S", "1/2"], ".npz"),
        (["regret", "-S", "1/2"], ".safetensors"),
        (["explore", "-o", "x.html", "--trained"], ".npz"),
        (["boundaries", *TRACED], ""),
        (["diagram", "-o", "x.png", *TRACED], ""),
        (["check", *TRACED], ""),
        (["explore", "-o", "x.html", *TRACED], ""),
        (["certify", "-S", "1/2", "-r", "1", "--checkpoint"], ""),
        (["certify", "-S", "1/2", "-r", "1", "-o"], ".json"),
        (["diagram", "-o"], ".png"),
        (["slice", "-S", "1/2", "-o"], ".png"),
        (["limit", "-o"], ".png"),
        (["explore", "-o"], ".html"),
        (["train", "--cells", "2", "--models", "1", "-o"], ".npz"),
        (["train", "--cells", "2", "--models", "1", "-o"], ".nc"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_special_files_are_refused(capsys, special, monkeypatch, tmp_path, kind, arguments, ending):
    monkeypatch.chdir(tmp_path)
    place = special(kind, ending)
    before = sorted(tmp_path.iterdir())
    status, out, err = run(capsys, *arguments, str(place))
    assert (status, out) == (2, "")
    assert err.startswith("phasecalc: ")
    assert err.count("\n") == 1
    assert str(place) in err or "/dev/zero" in err
    assert sorted(tmp_path.iterdir()) == before


@KINDS
def test_special_files_are_refused_by_functions(special, kind):
    readers = {".json": pc.load, ".npz": pc.load, ".nc": pc.TrainedGrid.load}
    readers |= dict.fromkeys((".safetensors", ".pt"), pc.read_weights)
    for ending, reader in readers.items():
        with pytest.raises(OSError, match=kind):
            reader(special(kind, ending))


def test_a_folder_of_derivations_that_is_a_pipe_is_refused(capsys, special):
    status, out, err = run(capsys, "derive", "two-in-one", "-o", str(special("pipe")))
    assert (status, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(("arguments", "ending"), CASES)
@pytest.mark.parametrize("target_name", ["target", "target.other"])
def test_a_link_to_another_ending_is_followed(capsys, tmp_path, arguments, ending, target_name):
    link, target = tmp_path / f"link{ending}", tmp_path / target_name
    plain = tmp_path / f"plain{ending}"
    link.symlink_to(target)
    for place in (link, plain):
        assert run(capsys, *arguments, "-o", str(place))[0] == 0
    assert sorted(tmp_path.iterdir()) == sorted([link, target, plain])
    assert link.is_symlink()
    assert target.read_bytes()[:4] == plain.read_bytes()[:4]


def test_a_link_to_a_device_is_refused(capsys, tmp_path):
    link = tmp_path / "null.png"
    link.symlink_to("/dev/null")
    status, _, err = run(capsys, "diagram", "-o", str(link))
    assert (status, err.count("it is no regular file")) == (2, 1)
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_name_that_is_no_text_is_written_and_printed(tmp_path, encoding):
    name = os.fsencode(tmp_path) + b"/\xff.svg"
    done = subprocess.run(
        [sys.executable, "-m", "phasecalc", "diagram", "-o", name],
        check=True, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert done.stdout == b"wrote " + name + b"\n"
    assert os.listdir(os.fsencode(tmp_path)) == [b"\xff.svg"]


def test_nothing_is_left_by_a_run_that_is_killed_while_it_writes(tmp_path):
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from phasecalc.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as place:\n"
        "    place.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "file.json"
    for before in (None, b"whole"):
        if before is not None:
            path.write_bytes(before)
        done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
        assert done.returncode == -signal.SIGKILL
        assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([before] if before else [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_in_good_order(tmp_path, number):
    code = (
        "import os, signal, sys\n"
        "from phasecalc import sources\n"
        "from phasecalc.cli import main\n"
        # Background jobs of a shell begin with an interrupt that is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        # So does what `nohup` begins with a hang-up.
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        f"sources.phase_diagram = lambda *_, **__: os.kill(os.getpid(), {int(number)})\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "diagram", "-o", str(tmp_path / "x.png")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "phasecalc: interrupted"
    assert list(tmp_path.iterdir()) == []


def test_where_files_without_a_name_are_unknown_a_name_is_used(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_TMPFILE")
    path = tmp_path / "file"
    for text in ("one", "two"):
        with replacing(path) as place:
            assert place.parent == tmp_path
            place.write_text(text)
        assert path.read_text() == text
    with pytest.raises(RuntimeError), replacing(path) as place:
        raise RuntimeError
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["two"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_disk_that_is_full_is_one_line(tmp_path):
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    path = tmp_path / "x.png"
    path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-m", "phasecalc", "diagram", "-o", str(path)],
        check=False, capture_output=True, text=True, preexec_fn=small,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"phasecalc: -o {str(path)!r} cannot be written: File too large\n"
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_does_not_fit_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "phasecalc", "boundaries"],
            check=False, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_saved_grid_is_the_same_through_a_link(tmp_path):
    grid = pc.train(pc.ToyModel(2, 1), [0.5], [1.0], 2)
    (tmp_path / "link.nc").symlink_to(tmp_path / "target")
    grid.save(tmp_path / "link.nc")
    found = pc.TrainedGrid.load(tmp_path / "link.nc")
    assert (found.weights == grid.weights).all()


def test_workers_end_with_a_run_that_is_killed():
    """They hold the other end of its standard output, which is read to the end."""
    code = (
        "import os, signal\n"
        "from phasecalc.cli.options import executor_of\n"
        "if __name__ == '__main__':\n"
        "    with executor_of(2) as executor:\n"
        "        ids = {executor.submit(os.getpid).result() for _ in range(2)}\n"
        "        print(*ids, flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split()
