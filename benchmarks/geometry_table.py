"""Compute the table of geometries that the package holds, or check it against a new computation.

    python -m benchmarks.geometry_table --write           # replaces phasecalc/limit/table.npz
    python -m benchmarks.geometry_table --write --resume  # goes on where a run has stopped
    python -m benchmarks.geometry_table --check           # another seed; status 1 where it is lower
    python -m benchmarks.geometry_table --check --most 6  # up to six features only

k ≤ 9 features in d ≤ 3 dimensions, at the S of `default_sparsities`, from random starts, the minima
at neighbouring S, and sums of smaller geometries; where two minima cross, and between changes of
phase of those sums, a third one is searched for. A check starts from nothing of the table.
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


DIFFERENT = 1e-12
"""Losses of one minimum from two searches agree better than this."""
SAME_PLACE = 1e-6
"""A change of phase from two searches is at one S to this, or the phases are not the same."""


def compute(options: argparse.Namespace) -> bool:
    """All geometries, small ones first; whether no loss is below that of the package's table."""
    grid, known = default_sparsities(), dict(_tabulated())
    found: dict[tuple[int, int], Geometry] = {}
    only = {tuple(map(int, pair.split(","))) for pair in options.only}
    if options.resume:
        found = {key: g for key, g in known.items() if np.array_equal(g.sparsities, grid)}
    found |= {
        (k, d): g
        for (k, d), g in known.items()
        if k < options.least or (only and (k, d) not in only)
    }
    seed = options.seed + (1 if options.check else 0)
    same, spent = True, 0.0
    for k in range(1, options.most + 1):
        for d in range(1, MOST_DIMENSIONS + 1):
            if (k, d) in found:
                continue
            begun = time.process_time()
            # A table that is written again gets no worse.
            before = known.get((k, d)) if options.write else None
            found[k, d] = computed(k, d, pc.Uniform(), grid, options.starts, seed, found, before)
            took = time.process_time() - begun
            spent += took
            names = " | ".join(f"{p.name} {p.high:.8f}" for p in found[k, d].phases)
            if options.write:
                arrays: dict[str, Any] = table_arrays(list(found.values()))
                np.savez_compressed(TABLE, **arrays)
            print(f"{k} in {d}: {took:6.1f} s  {names}", flush=True)
            if (k, d) in known:
                same = compared(found[k, d], known[k, d]) and same
    print(f"{spent:.0f} s of processor")
    return same


def compared(new: Geometry, table: Geometry) -> bool:
    """Whether a new search found nothing below the table; says where the two differ.

    At the S of the search, in the middle of its phases and next to the changes between them. Where
    it is higher it has missed the table's minimum, and the table is right.
    """
    places = [(float(S), float(loss)) for S, loss in zip(new.sparsities, new.losses, strict=True)]
    for phase in new.phases:
        width = phase.high - phase.low
        for share in (0.02, 0.5, 0.98):
            S = phase.low + share * width
            places.append((S, new.loss(S)))
    gaps = [(loss - table.loss(S), S) for S, loss in sorted(places)]
    print(
        f"   lower by at most {max(0.0, -min(gaps)[0]):.1e}, "
        f"higher by at most {max(0.0, max(gaps)[0]):.1e}",
        flush=True,
    )
    for gap, S in gaps:
        if abs(gap) > DIFFERENT:
            what = "LOWER" if gap < 0 else "missed"
            print(
                f"   {what} at S = {S:.8f}: {gap:+.1e}, {new.label(S)} and in the table "
                f"{table.label(S)}"
            )
    changes = [[(p.name, p.high) for p in g.phases] for g in (new, table)]
    alike = len(changes[0]) == len(changes[1]) and all(
        one[0] == other[0] and abs(one[1] - other[1]) < SAME_PLACE
        for one, other in zip(*changes, strict=True)
    )
    if not alike:
        print(f"   other phases in the table: {changes[1]}")
    return min(gaps)[0] >= -DIFFERENT


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
