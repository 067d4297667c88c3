"""Time and completeness of traced diagrams, and the same graph for other scans and steps.

    python benchmarks/traced.py [--source global] [-n 2] [-m 1] [--workers 1]
    python benchmarks/traced.py --independent [-n 3] [-m 2]
    python benchmarks/traced.py --targets

Prints the wall and processor time of the graph and of the metastable regions, the lines and special
points found, ends of lines that join nothing, and neighbouring cells that no line explains. The
compiled code is loaded before the clock starts, not that of the other processes. `--targets` traces
three diagrams in two processes. Exit status 1 when anything is loose, different or too slow.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace

import phasecalc as pc
from phasecalc.cli.options import executor_of
from phasecalc.continuation.assembled import assembled
from phasecalc.continuation.graph import build
from phasecalc.continuation.metastable import metastable_regions
from phasecalc.continuation.work import Work
from phasecalc.landscapes.plane import Plane
from phasecalc.landscapes.settings import DEFAULT
from phasecalc.landscapes.sources import landscape_of
from phasecalc.sources import SCANNED


def edges(diagram: pc.TracedDiagram) -> list[tuple[object, ...]]:
    """The graph: phases of every line, its order, and where it ends."""
    return sorted(
        (
            tuple(sorted(line.phases)),
            line.order or 0,
            tuple(
                sorted(
                    (end.kind, round(max(end.sparsity, 0.0), 6), round(end.importance, 6))
                    for end in line.ends
                )
            ),
        )
        for line in diagram.boundaries
    )


SCANS = ((8, 8), (10, 14), (11, 23), (12, 12), (16, 16), (20, 20), (24, 24))
STEPS = (0.5, 1.0, 1.7)
"""Of the longest step."""


def independent(model: pc.ToyModel, source: str) -> int:
    """Whether scans and step sizes give one graph: a table, and what differs from the commonest."""
    found: dict[tuple[tuple[int, int], float], list[tuple[object, ...]]] = {}
    start = time.process_time()
    print("| cells | " + " | ".join(f"steps to {q * DEFAULT.longest_step:g}" for q in STEPS) + " |")
    print("|---" * (len(STEPS) + 1) + "|")
    for cells in SCANS:
        row = []
        for share in STEPS:
            step = share * DEFAULT.longest_step
            land = landscape_of(Plane.of(model), source, replace(DEFAULT, longest_step=step))
            diagram = assembled(build(land, cells, Work(land, {})), source)
            found[cells, step] = edges(diagram)
            loose = sum(point.kind == "end of a branch" for point in diagram.special_points)
            row.append(f"{len(diagram.boundaries)} lines, {loose} loose")
        print(f"| {cells[0]} x {cells[1]} | " + " | ".join(row) + " |", flush=True)
    counts = Counter(tuple(graph) for graph in found.values())
    first = set(counts.most_common(1)[0][0])
    different = {run: graph for run, graph in found.items() if set(graph) != first}
    print(f"{len(different)} of {len(found)} differ from the commonest graph, "
          f"{time.process_time() - start:.0f} s of processor")  # fmt: skip
    for (cells, step), graph in different.items():
        print(f"  {cells[0]} x {cells[1]} cells, steps to {step:g}:")
        for line in sorted(first ^ set(graph)):
            print("    ", "+" if line in graph else "-", line)
    return int(bool(different))


TARGETS = (("global", 2, 1, 10.0), ("relaxed", 2, 1, 5.0), ("global", 3, 2, 180.0))
"""Diagrams, and the seconds on the clock that two idle cores may take for them."""


def traced(model: pc.ToyModel, source: str, workers: int) -> tuple[float, bool]:
    """Trace a diagram, print what it took and what is in it: seconds, and whether it is whole."""
    pc.slice_along(model, sparsity=0.35, values=[0.5, 1.0], source=source)  # compiles
    landscape = landscape_of(Plane.of(model), source)
    cells = SCANNED.get(model.n_features, (16, 16))
    with executor_of(workers) as executor:
        clocks = [(time.perf_counter(), time.process_time())]
        work = Work(landscape, {}, executor=executor)
        graph = build(landscape, cells, work)
        clocks.append((time.perf_counter(), time.process_time()))
        diagram = assembled(graph, source, metastable_regions(graph, work))
        clocks.append((time.perf_counter(), time.process_time()))
    sizes = f"n = {model.n_features}, m = {model.d_hidden}"
    print(f"{source}, {sizes}, {cells[0]} x {cells[1]} cells, {workers} processes")
    for what, before, after in zip(
        ("scan and lines", "metastable regions"), clocks[:-1], clocks[1:], strict=True
    ):
        print(f"  {what}: {after[0] - before[0]:.1f} s, of processor {after[1] - before[1]:.1f} s")
    kinds = Counter(point.kind for point in diagram.special_points)
    print(f"  {len(diagram.phases)} names, {len(diagram.boundaries)} lines")
    print("  " + ", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items())))
    loose = kinds["end of a branch"]
    print(f"  loose ends: {loose}, unexplained neighbours: {len(diagram.unexplained)}", flush=True)
    return clocks[-1][0] - clocks[0][0], not (loose or diagram.unexplained)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", choices=["relaxed", "global"], default="global")
    parser.add_argument("-n", "--n-features", type=int, default=2)
    parser.add_argument("-m", "--d-hidden", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--independent", action="store_true")
    parser.add_argument("--targets", action="store_true")
    given = parser.parse_args()
    if given.targets:
        kept = True
        for source, n, m, most in TARGETS:
            spent, whole = traced(pc.ToyModel(n, m), source, 2)
            print(f"  {spent:.1f} s on the clock, of {most:g}", flush=True)
            kept = kept and whole and spent <= most
        return int(not kept)
    model = pc.ToyModel(given.n_features, given.d_hidden)
    if given.independent:
        return independent(model, given.source)
    return int(not traced(model, given.source, given.workers)[1])


if __name__ == "__main__":
    sys.exit(main())
