"""Compute the table of geometries that the package holds, or check it against a new computation.

    python benchmarks/geometry_table.py --write     # minutes; replaces phasecalc/limit/table.npz
    python benchmarks/geometry_table.py --write --resume   # goes on where a run has stopped
    python benchmarks/geometry_table.py --check     # another seed; prints where losses differ

k ≤ 9 features in d ≤ 3 dimensions, at the S of `default_sparsities`, from random starts, the minima
at neighbouring S, and smaller geometries with a feature added.
"""

from __future__ import annotations

import argparse
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


def compute(starts: int, seed: int, most: int, keep: bool, resume: bool) -> list[Geometry]:
    """All geometries, small ones first."""
    grid = default_sparsities()
    found: dict[tuple[int, int], Geometry] = dict(_tabulated()) if resume else {}
    for k in range(1, most + 1):
        for d in range(1, MOST_DIMENSIONS + 1):
            if (k, d) in found:
                continue
            begun = time.process_time()
            smaller = [found[key] for key in ((k - 1, d), (k - 1, d - 1)) if key in found]
            found[k, d] = computed(k, d, pc.Uniform(), grid, starts, seed, smaller)
            names = " | ".join(f"{p.name} {p.high:.4f}" for p in found[k, d].phases)
            if keep:
                arrays: dict[str, Any] = table_arrays(list(found.values()))
                np.savez_compressed(TABLE, **arrays)
            print(f"{k} in {d}: {time.process_time() - begun:6.1f} s  {names}", flush=True)
    return list(found.values())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--resume", action="store_true", help="keep what the table holds")
    parser.add_argument("--starts", type=int, default=RANDOM_STARTS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=MOST_FEATURES)
    options = parser.parse_args()
    seed = options.seed + (1 if options.check else 0)
    found = compute(options.starts, seed, options.most, options.write, options.resume)
    if options.write:
        print(f"{TABLE.name}: {TABLE.stat().st_size} bytes")
    if options.check:
        for g in found:
            difference = g.losses - pc.geometry(g.k, g.d).losses
            print(
                f"{g.k} in {g.d}: this run lower by at most {max(-difference.min(), 0):.2e}, "
                f"higher by at most {max(difference.max(), 0):.2e}"
            )


if __name__ == "__main__":
    main()
