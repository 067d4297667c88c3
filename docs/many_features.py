"""Write the tables of many-features.md, each between its marks.

    python -m docs.many_features                   scarce dimensions; 80 features in 20 dimensions
    python -m docs.many_features --trained FILE    also 24 in 8, as trained by
    python -m benchmarks.limit_training --keep FILE

Some minutes, nearly all for the diagram of many features with optimised blocks.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import phasecalc as pc
from benchmarks.limit_training import read, table
from phasecalc.laws import Uniform
from phasecalc.limit.geometry import MOST_DIMENSIONS, MOST_FEATURES
from phasecalc.symbols import p

HERE = Path(__file__).parent
PAGE = HERE / "many-features.md"
HIGH = 0.99
"""Where the table of scarce dimensions ends, as the picture of the field does."""


def scarce(diagram: pc.LimitDiagram) -> list[str]:
    """The block with the largest benefit for each dimension, over S, with the figures it takes."""
    rows = [
        "| S | block | figures of its minimum | benefit for each dimension, in units of v, at both "
        "ends |",
        "|---|---|---|---|",
    ]
    for name, low, until in diagram.scarce:
        if low >= HIGH:
            continue
        high = min(until, HIGH)
        k, d = (int(part) for part in name.split(" in "))
        geometry = pc.geometry(k, d)
        figures = dict.fromkeys(
            phase.name
            for phase in geometry.phases
            if phase.low < high - 1e-6 and phase.high > low + 1e-6
        )
        ends = []
        for S in (low, high):
            variance = float(Uniform().variance.subs(p, 1 - S))
            ends.append(f"{(k - geometry.loss(S) / variance) / d:.4f}")
        rows.append(
            f"| {low:.8f} … {high:.8f} | {name} | {', '.join(figures)} | {' … '.join(ends)} |"
        )
    return rows


def dense() -> list[str]:
    """Benefits for each dimension at S = 0, in units of v: k features in d dimensions."""
    rows = ["| k | d = 1 | d = 2 | d = 3 |", "|---|---|---|---|"]
    for k in range(2, MOST_FEATURES + 1):
        cells = [
            f"{(k - 12 * pc.geometry(k, d).loss(0)) / d:.6f}" if k >= d else ""
            for d in range(1, MOST_DIMENSIONS + 1)
        ]
        rows.append(f"| {k} | " + " | ".join(cells) + " |")
    return rows


def put(text: str, mark: str, rows: list[str]) -> str:
    """The page with the rows between the marks of that name."""
    begin, end = f"<!-- {mark}: written by many_features.py -->", f"<!-- end of {mark} -->"
    before, found, rest = text.partition(begin)
    assert found, f"no mark {mark!r} in {PAGE.name}"
    return "\n".join([f"{before}{begin}\n", *rows, f"\n{end}{rest.partition(end)[2]}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--trained", type=Path, help="24 in 8, kept by benchmarks/limit_training.py"
    )
    given = parser.parse_args()
    diagram = pc.limit_diagram(source="optimised")
    assert diagram.strips[0].low == 0
    text = PAGE.read_text(encoding="utf-8")
    text = put(text, "scarce", scarce(diagram))
    text = put(text, "dense", dense())
    text = put(text, "80 in 20", table(read(HERE / "dimensionality.npz"), diagram)[0])
    if given.trained is not None:
        text = put(text, "24 in 8", table(read(given.trained), diagram)[0])
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
