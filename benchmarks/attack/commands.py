"""Random and adversarial command lines, run in this process.

Lines are made from the options that each command declares, so that a new command or option is
attacked without a word here. Held: no exception leaves `main`; the exit status is 0, 1 or 2; a
refusal is one line on stderr; nothing is left in the folder by a line that was refused, and no
temporary file by any; no line takes more than 20 s of processor time.
"""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import click
import numpy as np

from phasecalc.cli import cli, main

from .report import Attack, Clock, Slow, within

SLOW = 20.0
"""Seconds of processor time that no line may take."""

NUMBERS = [
    "0", "1", "-1", "2", "1/2", "-1/3", "0.4", "0.6", "1e-3", "3/7", "-0.25", "1e3", "0.999999",
    "1/0", "0/0", "1e999", "1e-999", "nan", "inf", "-inf", "", " ", "1,5", "1 2", "½", "−1", "٣",
    "0x10", "1_000", "--1", "1e", ".", "1.", ".5", "2/-3", "1" * 700, "1" * 2000, "1e-300",
    "r", "S", "p", "pi", "sqrt(2)", "1+1", "__import__('os')", "\x00".replace("\x00", "\\0"),
    "123456789012345678901234567890/987654321098765432109876543211", "0.123456789",
]  # fmt: skip
COUNTS = [
    "0", "1", "2", "3", "4", "5", "6", "7", "9", "10", "36", "100", "1000000", "-1", "-0", "1e3",
    "1.0", "two", "", "99999999999999999999", "9223372036854775807", "9223372036854775808", " 2",
]  # fmt: skip
SMALL_COUNTS = ["1", "2", "2", "3", "3", "4", "5", "6"]
TEXTS = [
    "", " ", "-", "--", "\n", "a\nb", "'", '"', ";", ",", "ℓ", "\udcff", "\u202e", "😀", "x" * 5000,
    "%s", "{}", "$(id)", "`id`", "../..", "~", "*", "\\", "-h", "--json", "=", "a=b",
]  # fmt: skip
OUTPUTS = [
    "out.png", "out.svg", "out.pdf", "out.npz", "out.nc", "out.html", "out.json", "out.csv",
    "OUT.PNG", "loop.png", "loop.npz", "loop.nc", "folder.png", "folder", "link.png", "link.npz",
    "link.html", "no/such/x.png", "no/such", "\udcff.png", "\udcff.npz", "x" * 300 + ".png",
    "x.gif", "x", "", ".", "..", "-", "/dev/null", "/dev/full", "null.png", "a\nb.png", " .png",
    "pipe.npz", "pipe.png", ".png", "-o.png",
]  # fmt: skip
FILES = [
    "good.npz", "good.nc", "half.npz", "half.nc", "text.npz", "empty.npz", "empty", "folder",
    "folder.png", "loop.npz", "missing.npz", "missing", "/dev/null", "", "\udcff", "good.txt",
    "pipe", "pipe.npz", "zero.nc", "weights.npz",
]  # fmt: skip

TRACED = {"relaxed", "global"}
TINY = {
    "regret": ["--random-starts", "2"],
    "train": ["--cells", "2", "--models", "1", "--steps", "3", "--batch-size", "4",
              "--max-iterations", "5", "--threads", "1"],
}  # fmt: skip
"""What keeps a line that is valid short; it comes first, so that random options overrule it."""
SPOILERS = ("--nonsense", "-@", "--json=1")
LONG = {"slice", "certify", "cells", "explore", "limit"}
"""Commands that work for long on a valid line: they are given one that is refused."""
SEARCHES = {"minimize", "regret", "train"}
RARE = {"loss": 0.4, "boundaries": 0.2, "diagram": 0.05, "minimize": 0.1, "train": 0.1,
        "derive": 0.02, "check": 0.3}  # fmt: skip
"""Part of the lines of a command that are left as they are; the others get an option too many."""


def matrix(rng: random.Random, n: int, m: int) -> str:
    """A matrix of random entries, mostly of the right shape."""
    rows = [",".join(entry(rng) for _ in range(n)) for _ in range(m)]
    text = ";".join(rows)
    return text if rng.random() < 0.9 else text + rng.choice([";", ",", ";;", ",1", "|", "\n"])


def entry(rng: random.Random) -> str:
    """A number in one of the ways that people write it, now and then none."""
    kind = rng.random()
    if kind < 0.4:
        return str(rng.choice([0, 0, 1, 1, -1, 2, -2]))
    if kind < 0.6:
        return f"{rng.randint(-9, 9)}/{rng.randint(1, 9)}"
    if kind < 0.85:
        return f"{rng.uniform(-3, 3):.{rng.randint(1, 6)}f}"
    if kind < 0.9:
        return f"{rng.randrange(-(10**45), 10**45)}/{rng.randrange(1, 10**33)}"
    if kind < 0.97:
        return f"{rng.uniform(-3, 3):.3e}"
    return rng.choice(NUMBERS)


def value(rng: random.Random, command: str, option: click.Parameter, n: int, m: int) -> str:
    """A value for an option: usually of its kind, now and then anything."""
    if rng.random() < 0.03:
        return rng.choice(rng.choice([NUMBERS, COUNTS, TEXTS, OUTPUTS, FILES]))
    name, kind = option.name or "", option.type
    usual: dict[str, Callable[[], str]] = {
        "n_features": lambda: str(n) if rng.random() < 0.8 else rng.choice(COUNTS),
        "d_hidden": lambda: str(m) if rng.random() < 0.8 else rng.choice(COUNTS),
        "weights": lambda: matrix(rng, n, m),
        "output": lambda: rng.choice(OUTPUTS),
        "file": lambda: rng.choice(FILES),
        "checkpoint": lambda: rng.choice(FILES),
        "trained": lambda: rng.choice(FILES),
        "sparsity": lambda: rng.choice(["1/2", "0.9", "0", "1", "99/100", *NUMBERS]),
    }
    if command == "loss":
        usual |= {
            "bias": lambda: vector(rng, [entry(rng) for _ in range(n)]),
            "importance": lambda: vector(
                rng, [rng.choice([entry(rng).lstrip("-"), "1", "r"]) for _ in range(n)]
            ),
        }
    if isinstance(kind, click.Choice):
        return str(rng.choice([*kind.choices, *kind.choices, *kind.choices, "nonsense"]))
    if name in usual:
        return usual[name]()
    if kind.name.startswith("integer"):
        return rng.choice(SMALL_COUNTS if rng.random() < 0.7 else COUNTS)
    return rng.choice(NUMBERS)


def vector(rng: random.Random, entries: list[str]) -> str:
    """Entries in a row, now and then one too few."""
    return ",".join(entries if rng.random() < 0.9 else entries[1:])


def line(rng: random.Random) -> list[str]:
    """A command line."""
    if rng.random() < 0.01:
        return [rng.choice(rng.choice([TEXTS, NUMBERS])) for _ in range(rng.randint(0, 4))]
    names = sorted(cli.commands)
    command = rng.choice([*names, *["loss"] * 4, *["boundaries"] * 2])
    m = rng.choice([1, 1, 1, 2, 2, 3, 4, 5])
    n = rng.choice([m + 1, m + 1, m + 1, m, rng.randint(1, 6)])
    words: list[list[str]] = []
    for option in cli.commands[command].params:
        wanted = 0.9 if option.required or option.name in ("n_features", "d_hidden") else 0.25
        if rng.random() > wanted:
            continue
        if isinstance(option, click.Argument):
            words.append([value(rng, command, option, n, m)])
            continue
        word = rng.choice(option.opts)
        if getattr(option, "is_flag", False):
            words.append([word])
        else:
            given = value(rng, command, option, n, m)
            glued = word.startswith("--") and rng.random() < 0.3
            words.append([f"{word}={given}"] if glued else [word, given])
    rng.shuffle(words)
    spoilt = rng.random() > RARE.get(command, 1.0) or command in LONG
    if spoilt or any(word in TRACED or word.split("=")[-1] in TRACED for w in words for word in w):
        place = rng.randint(0, len(words))
        words.insert(place, [rng.choice(SPOILERS)])
    flat = [*TINY.get(command, []), *(word for group in words for word in group)]
    if rng.random() < 0.05 and flat:
        change = rng.randrange(3)
        at = rng.randrange(len(flat))
        if change == 0:
            del flat[at]
        elif change == 1:
            flat.insert(at, flat[rng.randrange(len(flat))])
        else:
            flat[at] = rng.choice(TEXTS)
    return [command, *flat]


def too_long(words: list[str]) -> bool:
    """Whether a line is valid work of minutes: a trace, or a grid of the paper's size."""
    command, given = words[0] if words else "", set(words) | {w.split("=")[-1] for w in words}
    # After another option such a word may be that option's value, and refuses nothing.
    if any(word in SPOILERS and not before.startswith("-") for before, word in pairwise(words)):
        return False
    if command in LONG or given & TRACED:
        return True
    # A million starts or hidden dimensions are work that somebody wants; compiled code ends late.
    if command in SEARCHES and "1000000" in given:
        return True
    # Beyond nine features a search takes tens of seconds, and says so.
    if command == "minimize" and given & {"10", "36", "100"}:
        return True
    # Without a file, check trains the paper's grid; changed lines of train may have lost a limit.
    if command == "check":
        return not any(name in given for name in FILES if name)
    return command == "train" and (
        words[1 : 1 + len(TINY["train"])] != TINY["train"]
        or any(w.startswith(f"--{o}=") for w in words for o in ("cells", "models", "steps"))
        or any(words.count(f"--{o}") > 1 for o in ("cells", "models", "steps", "batch-size"))
        or any(w.startswith("--batch-size=") for w in words)
    )


@contextmanager
def sandbox() -> Iterator[Path]:
    """A folder of good and bad files to work in."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        try:
            _furnish(folder)
            yield folder
        finally:
            os.chdir(here)


def _furnish(folder: Path) -> None:
    for ending in ("npz", "nc"):
        words = ["train", "--cells", "2", "--models", "1", "-o", f"good.{ending}"]
        assert run(words)[0] == 0
        (folder / f"half.{ending}").write_bytes((folder / f"good.{ending}").read_bytes()[:500])
    shutil.copy("good.npz", "good.txt")
    np.savez(folder / "weights.npz", weights=[[1.0, -1.0]], bias=[0.0, 0.0])
    (folder / "text.npz").write_text("no archive")
    for name in ("empty", "empty.npz"):
        (folder / name).touch()
    for name in ("folder", "folder.png"):
        (folder / name).mkdir()
    for ending in ("png", "npz", "nc"):
        (folder / f"loop.{ending}").symlink_to(f"pool.{ending}")
        (folder / f"pool.{ending}").symlink_to(f"loop.{ending}")
    for ending in ("png", "npz", "html"):
        (folder / f"link.{ending}").symlink_to(f"target{ending}")
    (folder / "null.png").symlink_to("/dev/null")
    (folder / "zero.nc").symlink_to("/dev/zero")
    for name in ("pipe", "pipe.npz", "pipe.png"):
        os.mkfifo(folder / name)


def run(words: list[str]) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a line."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        main(words)
        raise AssertionError("main did not exit")
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        if status == 130:
            raise KeyboardInterrupt from None
        return status, sys.stdout.getvalue(), sys.stderr.getvalue()
    finally:
        sys.stdout, sys.stderr = out, err


def contents() -> set[str]:
    """What is in the folder, and in the folders in it."""
    found = set[str]()
    for place in (".", "folder", "folder.png"):
        found.update(f"{place}/{name}" for name in os.listdir(place))
    return found


def attack(lines: int, seed: int, seconds: float | None = None) -> Attack:
    """So many lines, or as many as fit into so many seconds."""
    found = Attack("command lines")
    rng = random.Random(seed)
    statuses = {0: 0, 1: 0, 2: 0}
    worst = (0.0, [""])
    begun = time.monotonic()

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with sandbox():
        before = contents()
        while found.inputs < lines and (seconds is None or time.monotonic() - begun < seconds):
            words = line(rng)
            if too_long(words):
                continue
            clock = Clock()
            try:
                with within(SLOW) as clock:
                    status, _, err = run(words)
                reason = _wrong(status, err)
                statuses[status] = statuses.get(status, 0) + 1
            except Slow:
                status, reason = -1, f"took more than {SLOW} s"
            except Exception as error:
                status, reason = -1, f"{type(error).__name__}: {error}"
            worst = max(worst, (clock.took, words))
            left = contents() - before
            if left and (status != 0 or any("/.phasecalc-" in name for name in left)):
                reason = reason or f"left {sorted(left)}"
            for name in left:
                shutil.rmtree(name) if Path(name).is_dir() else os.unlink(name)
            if before - contents():
                reason = reason or f"removed {sorted(before - contents())}"
                break
            found.expect(not reason, f"{reason}: {words!r}")
    shares = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    found.note = f"seed {seed}; statuses {shares}; slowest {worst[0]:.1f} s: {worst[1]!r:.200}"
    return found


def _wrong(status: int, err: str) -> str:
    if status not in (0, 1, 2):
        return f"status {status}"
    if "Traceback" in err or "Warning" in err:
        return f"stderr {err!r:.200}"
    if status == 2 and not (err.startswith("phasecalc: ") and err.count("\n") == 1):
        return f"refused with {err!r:.300}"
    return ""
