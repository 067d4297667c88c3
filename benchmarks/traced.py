"""Time and completeness of traced diagrams.

    python benchmarks/traced.py [--source global] [-n 2] [-m 1]

Prints the wall and processor time of the scan with the lines and of the metastable regions, the
lines and special points found, ends of lines that join nothing, and neighbouring cells that no line
explains. The compiled code is loaded before the clock starts. Exit status 1 when anything is loose.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import phasecalc as pc
from phasecalc.sources import SCANNED, Bars
from phasecalc.tracing.assembled import assembled
from phasecalc.tracing.variant import landscape_of
from phasecalc.tracing.whole import find


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", choices=["relaxed", "global"], default="global")
    parser.add_argument("-n", "--n-features", type=int, default=2)
    parser.add_argument("-m", "--d-hidden", type=int, default=1)
    given = parser.parse_args()
    model = pc.ToyModel(given.n_features, given.d_hidden)
    pc.slice_along(model, sparsity=0.35, values=[0.5, 1.0], source=given.source)  # compiles
    landscape = landscape_of(model, given.source, "free", 0)
    cells = SCANNED.get(model.n_features, (16, 16))
    clocks = [(time.perf_counter(), time.process_time())]
    shown = Bars() if sys.stderr.isatty() else None
    found = find(landscape, given.source, cells, progress=shown)
    clocks.append((time.perf_counter(), time.process_time()))
    diagram = assembled(found)
    clocks.append((time.perf_counter(), time.process_time()))
    sizes = f"n = {model.n_features}, m = {model.d_hidden}"
    print(f"{given.source}, {sizes}, {cells[0]} x {cells[1]} cells")
    for what, before, after in zip(
        ("scan and lines", "metastable regions"), clocks[:-1], clocks[1:], strict=True
    ):
        print(f"  {what}: {after[0] - before[0]:.1f} s, of processor {after[1] - before[1]:.1f} s")
    kinds = Counter(point.kind for point in diagram.special_points)
    print(f"  {len(diagram.phases)} names, {len(diagram.boundaries)} lines")
    print("  " + ", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items())))
    loose = kinds["end of a branch"]
    print(f"  loose ends: {loose}, unexplained neighbours: {len(diagram.unexplained)}")
    return int(bool(loose or diagram.unexplained))


if __name__ == "__main__":
    sys.exit(main())
