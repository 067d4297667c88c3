"""Certificates measured: twenty points of two features in one dimension, and larger models.

    python benchmarks/certify.py             twenty points, gap 1e-10, and their files checked
    python benchmarks/certify.py three       three in one dimension, three points, gap 1e-4; checked
    python benchmarks/certify.py plane       three in two dimensions: how far a million boxes get
    python benchmarks/certify.py cells [L]   the plane in cells of L levels (7): share and seconds
    python benchmarks/certify.py flow        a million trajectories of gradient flow

Processor seconds of this process; the first call compiles and is not counted.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import phasecalc as pc

POINTS = [
    ("1/2", "1"), ("3/5", "1"), ("4/5", "1"), ("9/10", "1"), ("99/100", "1"),
    ("1/5", "1"), ("1/100", "1"), ("0", "1"), ("1/2", "2/5"), ("3/10", "3/5"),
    ("1/10", "9/10"), ("3/10", "13/10"), ("1/2", "2"), ("4/5", "5"), ("9/10", "3/10"),
    # Near boundaries: ignore | antipodal at S = 1/2, 3/5, 4/5, and its mirror image.
    ("1/2", "5356/10000"), ("1/2", "5358/10000"), ("3/5", "3374/10000"), ("4/5", "1139/10000"),
    ("1/2", "18664/10000"),
]  # fmt: skip


def measured(model: pc.ToyModel, S: str, r: str, gap: str, most: int) -> None:
    """One enclosure, and where it is proved the check of its file."""
    start = time.process_time()
    found = pc.certify(model, sparsity=S, importance=r, gap=gap, most_boxes=most)
    seconds = time.process_time() - start
    best = pc.minimize(model, S, r)
    inside = (
        found.lower
        <= Fraction(best.loss) + Fraction(1, 10**13)
        <= found.upper + Fraction(2, 10**13)
    )
    known = ", ".join(name or "unnamed" for name in found.phases) if found.proved else "not proved"
    print(
        f"S = {S:>7} r = {r:>11}  F ≥ {float(found.lower):.12f}  width {float(found.width):.1e}  "
        f"{known:<28} {found.boxes:>8} boxes {seconds:7.2f} s  holds minimize: {inside}",
        flush=True,
    )
    if not found.proved:
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "certificate.json"
        found.save(place)
        start = time.process_time()
        result = pc.check_certificate(place)
        check = time.process_time() - start
        print(
            f"    checked: {result['leaves']} leaves, {check:.3f} s, {check / seconds:.2f} × the "
            f"search, {place.stat().st_size} bytes",
            flush=True,
        )


def main(what: str, levels: int = 7) -> None:
    pc.certify(pc.ToyModel(2, 1), sparsity="1/2", gap="1e-3")
    pc.certify(pc.ToyModel(3, 2), sparsity="1/2", gap="1/10", most_boxes=10)
    importlib.import_module("phasecalc.certify.checker")
    if what == "three":
        for S in ("1/20", "1/2", "19/20"):
            measured(pc.ToyModel(3, 1), S, "1", "1e-4", 20_000_000)
    elif what == "plane":
        for S, r in (("1/5", "1"), ("4/5", "2")):
            measured(pc.ToyModel(3, 2), S, r, "1e-3", 1_000_000)
    elif what == "cells":
        start = time.process_time()
        cells = pc.certify_cells(levels=levels)
        print(cells, f"{time.process_time() - start:.0f} s", sep="\n")
    elif what == "flow":
        start = time.process_time()
        flow = pc.gradient_flow(pc.ToyModel(2, 1), "9/10", 1, trajectories=1_000_000)
        seconds = time.process_time() - start
        print(flow.probabilities, flow.standard_errors, f"{seconds:.1f} s")
    else:
        for S, r in POINTS:
            measured(pc.ToyModel(2, 1), S, r, "1e-10", 2_000_000)


if __name__ == "__main__":
    main(
        sys.argv[1] if len(sys.argv) > 1 else "",
        int(sys.argv[2]) if len(sys.argv) > 2 else 7,
    )
