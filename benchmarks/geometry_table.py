"""Compute the table of geometries that the package holds, or check it against a new computation.

    python benchmarks/geometry_table.py --write     # minutes; replaces phasecalc/limit/table.npz
    python benchmarks/geometry_table.py --write --resume   # goes on where a run has stopped
    python benchmarks/geometry_table.py --check     # another seed; status 1 where it is lower
    python benchmarks/geometry_table.py --check --most 6   # up to six features only

k ≤ 9 features in d ≤ 3 dimensions, at the S of `default_sparsities`, from random starts, the minima
at neighbouring S, and smaller geometries with a feature added.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import phasecalc as pc
from phasecalc.limit.geometry import (
    MOST_DIMENSIONS,
    MOST_FEATURES,
    RANDOM_STARTS,
    Geometry,
    _tabulated,
    computed,
    default_sparsities,
    table_arrays,
)

TABLE = Path(pc.__file__).parent / "limit" / "table.npz"


DIFFERENT = 1e-10
"""Losses of one minimum from two searches agree better than this."""


def compute(options: argparse.Namespace) -> bool:
    """All geometries, small ones first; whether all losses are those of the package's table."""
    grid, known = default_sparsities(), dict(_tabulated())
    found: dict[tuple[int, int], Geometry] = dict(known) if options.resume else {}
    only = {tuple(map(int, pair.split(","))) for pair in options.only}
    found |= {
        (k, d): g
        for (k, d), g in known.items()
        if k < options.least or (only and (k, d) not in only)
    }
    seed = options.seed + (1 if options.check else 0)
    same = True
    for k in range(1, options.most + 1):
        for d in range(1, MOST_DIMENSIONS + 1):
            if (k, d) in found:
                continue
            begun = time.process_time()
            smaller = [found[key] for key in ((k - 1, d), (k - 1, d - 1)) if key in found]
            if options.write and (k, d) in known:
                smaller.append(known[k, d])  # a table that is written again gets no worse
            found[k, d] = computed(k, d, pc.Uniform(), grid, options.starts, seed, smaller)
            names = " | ".join(f"{p.name} {p.high:.4f}" for p in found[k, d].phases)
            if options.write:
                arrays: dict[str, Any] = table_arrays(list(found.values()))
                np.savez_compressed(TABLE, **arrays)
            print(f"{k} in {d}: {time.process_time() - begun:6.1f} s  {names}", flush=True)
            if options.check and (k, d) in known:
                same = compared(found[k, d], known[k, d]) and same
    return same


def compared(new: Geometry, table: Geometry) -> bool:
    """Whether a new search found nothing below the table; says where the two differ.

    Where the new one is higher it has missed the table's minimum, and the table is right.
    """
    difference = new.losses - table.losses
    print(
        f"   lower by at most {max(-difference.min(), 0):.1e}, "
        f"higher by at most {max(difference.max(), 0):.1e}",
        flush=True,
    )
    for S, gap, one, other in zip(
        new.sparsities, difference, new.labels, table.labels, strict=True
    ):
        if abs(gap) > DIFFERENT:
            what = "LOWER" if gap < 0 else "missed"
            print(f"   {what} at S = {S:.4f}: {gap:+.1e}, {one} and in the table {other}")
    changes = [[(p.name, p.high) for p in g.phases] for g in (new, table)]
    alike = len(changes[0]) == len(changes[1]) and all(
        one[0] == other[0] and abs(one[1] - other[1]) < 1e-6
        for one, other in zip(*changes, strict=True)
    )
    if not alike:
        print(f"   other phases in the table: {changes[1]}")
    return bool(difference.min() >= -DIFFERENT)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--resume", action="store_true", help="keep what the table holds")
    parser.add_argument("--starts", type=int, default=RANDOM_STARTS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[], metavar="K,D", help="only these")
    parser.add_argument("--least", type=int, default=1, help="smaller ones as the table has them")
    parser.add_argument("--most", type=int, default=MOST_FEATURES)
    options = parser.parse_args()
    same = compute(options)
    if options.write:
        print(f"{TABLE.name}: {TABLE.stat().st_size} bytes")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
