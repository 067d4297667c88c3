"""Marks of tests that take time: by hand, or by what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

KINDS = ("seconds", "long")
"""pyproject.toml says what runs them."""
MEASURED = {"long": 3.0, "seconds": 0.5}
"""A test that took so much has that mark, unless it is marked by hand."""
TIMES = Path(__file__).parent / "times.txt"
"""Seconds of processor of tests; `python -m benchmarks.suite` writes it."""


def long(*values: Any):
    """A parameter for `make test-long` only; its cheaper neighbours stay in `make test`."""
    return pytest.param(*values, marks=pytest.mark.long)


def times() -> dict[str, float]:
    """What is in the file, by the name of the test."""
    lines = TIMES.read_text(encoding="utf-8").splitlines() if TIMES.exists() else []
    return {name: float(took) for took, name in (line.split(maxsplit=1) for line in lines)}


def by_time(items: list[pytest.Item]) -> None:
    """Mark what is not marked by hand."""
    known = times()
    for item in items:
        took = 0.0 if {*KINDS} & {*item.keywords} else known.get(item.nodeid, 0.0)
        if mark := next((mark for mark, least in MEASURED.items() if took >= least), None):
            item.add_marker(mark)
