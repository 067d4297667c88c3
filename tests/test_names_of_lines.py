"""Phases that meet on a line of a diagram have two names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import phasecalc as pc

STORED = sorted((Path(__file__).parent / "fixtures").glob("traced-*.json"))
ZERO = pc.ToyModel(3, 2, bias="zero")
FIVE = pc.ToyModel(5, 2)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_sides_of_stored_lines(path: Path) -> None:
    for line in json.loads(path.read_text(encoding="utf-8"))["lines"]:
        first, second = line["phases"]
        mirrored = all(abs(r - 1) < 1e-9 for _, r, _ in line["points"])
        assert first != second or mirrored, line["ends"]


@pytest.mark.parametrize(
    ("model", "S", "r", "name"),
    [
        # Without biases: the four regions that meet in pairs at r = 1.
        (ZERO, 0.3, 0.9, "mixed-extra-aligned"),
        (ZERO, 0.3, 1.1, "mixed-others-aligned"),
        (ZERO, 0.6, 0.9, "mixed-extra-antipodal"),
        (ZERO, 0.6, 1.1, "mixed-others-antipodal"),
        # Both sides of the lines at which one name once stood for two phases.
        (FIVE, 0.05, 0.998, "5-in-2(2:2=-x)"),
        (FIVE, 0.05, 1.005, "5-in-2(1-x:3=)"),
        (FIVE, 0.0802, 1.0001, "5-in-2(2-x:2)"),
        (FIVE, 0.15, 1.085, "5-in-2(1-x:3=)"),
        (FIVE, 0.15, 1.095, "5-in-2(1-x:1-2=)"),
        (FIVE, 0.187, 1.087, "5-in-2(1-x:2=-1)"),
        (FIVE, 0.22, 1.15, "5-in-2(1-x:1-2=)"),
        (FIVE, 0.9, 0.8, "deformed-pentagon"),
        (FIVE, 0.95, 4.0, "deformed-pentagon"),
    ],
)
def test_names_of_regions(model: pc.ToyModel, S: float, r: float, name: str) -> None:
    assert pc.minimize(model, S, r).name == name
