"""How long each test takes, in seconds of processor, into tests/times.txt.

    python -m benchmarks.suite                      # what `make test` runs
    python -m benchmarks.suite --run-long           # all but what is marked so by hand
    python -m benchmarks.suite tests/test_x.py      # some tests: their lines are replaced

A test is charged with the fixtures that it shares with others, whoever set them up: it would have
to, were it run alone. `conftest.py` reads the file and leaves tests out of shorter runs by it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests import marks

LEAST = 0.25
"""A test that takes less is not listed."""
FOLDER = "PHASECALC_TEST_TIMES"

_shared: dict[int, float] = {}
_since: list[float] = [0.0]


def processor() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def shared(item: Any) -> float:
    """What the fixtures took that others use too."""
    definitions = getattr(item, "_fixtureinfo", None)
    used = definitions.name2fixturedefs.values() if definitions else ()
    return sum(_shared.get(id(one[-1]), 0.0) for one in used if one)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Generator[None, Any, Any]:
    start, within = processor(), _since[0]
    result = yield
    if fixturedef.scope != "function":
        took = processor() - start
        _shared[id(fixturedef)] = took
        _since[0] = within + took  # one that this one asked for is a part of it
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: Any, nextitem: Any) -> Generator[None, Any, Any]:
    _since[0], start = 0.0, processor()
    result = yield
    took = processor() - start - _since[0] + shared(item)
    folder = os.environ.get(FOLDER)
    if folder and not item.get_closest_marker("skip"):
        with (Path(folder) / str(os.getpid())).open("a", encoding="utf-8") as file:
            file.write(json.dumps([item.nodeid, took]) + "\n")
    return result


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ[FOLDER] = folder
        asked = arguments or ["--run-seconds"]
        status = int(pytest.main(["-q", "-p", "benchmarks.suite", *asked]))
        times = marks.times()
        for part in Path(folder).iterdir():
            for name, took in map(json.loads, part.read_text(encoding="utf-8").splitlines()):
                times.pop(name, None)
                if took >= LEAST:
                    times[name] = took
    text = "".join(f"{took:7.2f} {name}\n" for name, took in sorted(times.items()))
    marks.TIMES.write_text(text, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
