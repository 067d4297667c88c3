"""Compute the table of geometries that the package holds, or check it against a new computation.

    python benchmarks/geometry_table.py --write     # minutes; replaces phasecalc/limit/table.npz
    python benchmarks/geometry_table.py --write --resume   # goes on where a run has stopped
    python benchmarks/geometry_table.py --check     # another seed; status 1 where it is lower
    python benchmarks/geometry_table.py --check --most 6   # up to six features only
    python benchmarks/geometry_table.py --rename 3  # names and phases in 3 dimensions, no search

k ≤ 9 features in d ≤ 3 dimensions, at the S of `default_sparsities`, from random starts, the minima
at neighbouring S, and smaller geometries with a feature added.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from itertools import pairwise
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
    phases_along,
    table_arrays,
)
from phasecalc.limit.line import Line, Place

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


FAINT = 0.12
"""Below this S faint features come and go, and phases are narrow."""


def _place(line: Line, S: float, weights: Any, bias: Any) -> Place:
    x = np.concatenate([weights.ravel(), bias / line.problem.unit])
    return line.polished(Place(S, x, line.at(S).loss(x)))


def _at(line: Line, S: float, known: Geometry, smaller: Geometry | None) -> Place:
    """The lowest of what the table leads to, and of k − 1 features with a dropped one."""
    # A phase of all features between two points of the grid is searched for at random.
    whole = [p for p in known.phases if p.low < S < p.high and "dropped" not in p.name]
    parts = [known.phases.index(p) for p in whole]
    alone = replace(
        known,
        phases=tuple(whole),
        phase_weights=known.phase_weights[parts],
        phase_bias=known.phase_bias[parts],
    )
    places = [_place(line, S, *alone.minimum(S)[1:])]
    if smaller is not None:
        row = line.grown([smaller.minimum(S)[1:]], S)[0]
        places.append(line.polished(Place(S, row, line.at(S).loss(row))))
    least = min(place.loss for place in places)
    return next(place for place in places if place.loss <= least + 1e-14)


def _swept(line: Line, chain: list[Place]) -> list[Place]:
    """Each place replaced by what the one before it leads to, where that is lower."""
    found = chain[:1]
    for place in chain[1:]:
        moved = line.followed(found[-1], place.sparsity)
        found.append(moved if moved is not None and moved.loss < place.loss - 1e-14 else place)
    return found


def _between(known: Geometry, smaller: Geometry | None) -> list[float]:
    """S between changes of phase where there is no point of the grid.

    Three in a phase of all features, as one search may miss it.
    """
    grid = known.sparsities
    changes = {phase.high for one in (known, smaller) if one for phase in one.phases}
    whole = [p for p in known.phases if "dropped" not in p.name]
    return [
        low + share * (high - low)
        for low, high in pairwise(sorted({float(grid[0]), *changes}))
        if high - low > 1e-6 and not ((grid > low) & (grid < high)).any()
        for share in (0.25, 0.5, 0.75)
        if share == 0.5 or any(p.low <= low and high <= p.high for p in whole)
    ]


def renamed(known: Geometry, smaller: Geometry | None) -> Geometry:
    """The minima of a table with the names of today; nothing is searched at random.

    Below `FAINT` changes of phase are found anew, with k − 1 features and a dropped one where that
    is lower; above it the changes stay, but for those at which only the name changed.
    """
    line = Line(known.k, known.d, known.law)
    grid = known.sparsities
    places = [_place(line, *row) for row in zip(grid, known.weights, known.bias, strict=True)]
    last = int(np.searchsorted(grid, FAINT)) + 1
    faint = [S for S in _between(known, smaller) if S < FAINT]
    chain = [_at(line, S, known, smaller) for S in [*map(float, grid[:last]), *faint]]
    chain.sort(key=lambda place: place.sparsity)
    chain = _swept(line, _swept(line, chain)[::-1])[::-1]
    phases, inside = phases_along(line, chain, [place.x[None] for place in chain])
    found = list(phases)
    starts = list(zip(inside["phase_weights"], inside["phase_bias"], strict=True))
    for phase in known.phases:
        if phase.high <= chain[-1].sparsity:
            continue
        middle = 0.5 * (phase.low + phase.high)
        near = [p for p in places if phase.low < p.sparsity < phase.high]
        place = (
            min(near, key=lambda p: abs(p.sparsity - middle))
            if near
            else _at(line, middle, known, smaller)
        )
        name = line.name(place.x)
        if name == found[-1].name and (found[-1] is phases[-1] or not found[-1].crosses):
            found[-1] = replace(
                found[-1], high=phase.high, crosses=phase.crosses, error=phase.error
            )
            continue
        assert found[-1] is not phases[-1], (found[-1].name, name)
        found.append(
            replace(phase, name=name, description=line.description(place.x), low=found[-1].high)
        )
        starts.append(line.split(place.x))
    pairs = [line.split(place.x) for place in places]
    return replace(
        known,
        losses=np.array([place.loss for place in places]),
        weights=np.array([weights for weights, _ in pairs]),
        bias=np.array([bias for _, bias in pairs]),
        labels=np.array([line.name(place.x) for place in places]),
        phases=tuple(found),
        phase_weights=np.array([weights for weights, _ in starts]),
        phase_bias=np.array([bias for _, bias in starts]),
    )


def rename(dimensions: int) -> bool:
    """All geometries of the table in so many dimensions; whether no loss has risen."""
    known, same = _tabulated(), True
    found: dict[tuple[int, int], Geometry] = {}
    last: Geometry | None = None
    for k in range(1, MOST_FEATURES + 1):
        if (k, dimensions) not in known:
            last = None
            continue
        begun = time.process_time()
        old = known[k, dimensions]
        last = renamed(old, last)
        new = found[k, dimensions] = last
        names = " | ".join(f"{p.name} {p.high:.8f}" for p in new.phases)
        print(f"{k} in {dimensions}: {time.process_time() - begun:.1f} s  {names}")
        for one, other, what in ((old, new, "gone"), (new, old, "new")):
            places = [phase.high for phase in other.phases]
            moved = [p.high for p in one.phases if min(abs(p.high - q) for q in places) > 1e-6]
            print(f"   changes of name that are {what}: {moved}")
        gap = new.losses - old.losses
        print(f"   losses differ by {gap.min():.1e} … {gap.max():.1e}", flush=True)
        same = same and bool(gap.max() < 1e-13)
    if same:
        _tabulated.cache_clear()  # another dimension may have been written meanwhile
        arrays: dict[str, Any] = table_arrays(list((_tabulated() | found).values()))
        np.savez_compressed(TABLE, **arrays)
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
    parser.add_argument("--rename", type=int, metavar="D", help="search nothing at random")
    parser.add_argument("--resume", action="store_true", help="keep what the table holds")
    parser.add_argument("--starts", type=int, default=RANDOM_STARTS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[], metavar="K,D", help="only these")
    parser.add_argument("--least", type=int, default=1, help="smaller ones as the table has them")
    parser.add_argument("--most", type=int, default=MOST_FEATURES)
    options = parser.parse_args()
    same = rename(options.rename) if options.rename else compute(options)
    if options.write:
        print(f"{TABLE.name}: {TABLE.stat().st_size} bytes")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
