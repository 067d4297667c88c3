"""The diagram of many features from optimised blocks: numeric, for the uniform law.

The points (k/d, ℓ/d) are those of `geometry`. At an S where the minimum of (k, d) falls apart into
smaller blocks or drops features it is a mixture of other points and is left out.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from ..laws import Law, Uniform
from ..minima.naming import groups_of
from ..progress import bar
from ..symbols import p
from .geometry import geometry, tabulated
from .records import Compound, InvariantPoint, LimitDiagram, LimitStrip, lower_hull

HIGH = 0.999
"""The largest S of the table's minima; the smallest is 0."""
_HALVED = 1e-11
"""Width to which the place is bisected where a block falls apart."""
_MARGIN = 1e-6
"""Closer than this to the end of a phase of the table its minimum is searched for."""
_TIED = 1e-11
"""Points of the hull closer than this to a mixture of others are such mixtures."""


def optimised_diagram(law: Law, progress: bool | None = None) -> LimitDiagram:
    """The diagram of the package's table."""
    if law != Uniform():
        raise ValueError(f'law = {law}: source = "optimised" is for the uniform law on [0, 1]')
    return _diagram(progress)


@lru_cache(maxsize=4096)
def _block(k: int, d: int, sparsity: float) -> tuple[float, float, bool]:
    """(loss, mean squared length, whether all features hang together) of the lowest minimum."""
    table = geometry(k, d)
    known = np.flatnonzero(table.sparsities == sparsity)
    if known.size:
        loss, weights = float(table.losses[known[0]]), table.weights[known[0]]
    else:
        loss, weights, _ = table.minimum(sparsity)
    gram = weights.T @ weights
    groups = groups_of(gram)
    return loss, float(np.trace(gram)) / k, len(groups) == 1 and len(groups[0]) == k


@lru_cache(maxsize=64)
def _mixtures(k: int, d: int) -> list[tuple[float, float]]:
    """The S between which the table's minimum of (k, d) is a sum of smaller blocks.

    A phase is one geometry, so that of one S of the table in it tells; phases between two S are
    left out, and so are the errors of their ends.
    """
    table = geometry(k, d)
    found = []
    for phase in table.phases:
        inside = table.sparsities[(phase.low < table.sparsities) & (table.sparsities < phase.high)]
        if inside.size and not _block(k, d, float(inside[0]))[2]:
            margin = phase.error + _MARGIN
            found.append((phase.low + margin, phase.high - margin))
    return found


def optimised_points(sparsity: float) -> tuple[list[Compound], list[float], list[float]]:
    """The compounds that exist at S, their losses, and their mean squared lengths.

    Raises `ValueError` for S above the table's.
    """
    if sparsity > HIGH:
        raise ValueError(f'sparsity = {sparsity}: with source = "optimised" it must be ≤ {HIGH}')
    compounds, losses, squares = [Compound("dedicated", 1, 1)], [0.0], [1.0]
    for k, d in tabulated():
        if k <= d or any(low < sparsity < high for low, high in _mixtures(k, d)):
            continue
        loss, square, whole = _block(k, d, sparsity)
        if whole:
            compounds.append(Compound(compound_name(k, d), k, d))
            losses.append(loss)
            squares.append(square)
    return compounds, losses, squares


def compound_name(k: int, d: int) -> str:
    """The name of an optimised block: a figure may change along S, so it has its numbers.

    >>> compound_name(5, 2)
    '5 in 2'
    """
    return f"{k} in {d}"


def stable_at(sparsity: float) -> list[Compound]:
    """The compounds on the hull at S, by ascending ν."""
    compounds, losses, _ = optimised_points(sparsity)
    points = [
        (float(c.ratio), loss / c.dimensions) for c, loss in zip(compounds, losses, strict=True)
    ]
    hull = lower_hull(points, _variance(sparsity))
    # A point that is on a segment but for rounding is no vertex.
    kept = list(hull)
    for i in hull:
        if i != hull[0] and _gap_of(points, kept, i, _variance(sparsity)) < _TIED:
            kept.remove(i)
    return [compounds[i] for i in kept]


def _gap_of(points: list[tuple[float, float]], hull: list[int], i: int, slope: float) -> float:
    """How far vertex i is below the segment, or ray, that would replace it."""
    k = hull.index(i)
    (x0, y0), (x, y) = points[hull[k - 1]], points[i]
    if k + 1 < len(hull):
        x2, y2 = points[hull[k + 1]]
        slope = (y2 - y0) / (x2 - x0)
    return y0 + slope * (x - x0) - y


def _variance(sparsity: float) -> float:
    return float(Uniform().variance.subs(p, 1 - sparsity))


@lru_cache(maxsize=3)
def _diagram(progress: bool | None) -> LimitDiagram:
    grid = [float(s) for s in geometry(2, 1).sparsities if s <= HIGH]
    stable = [stable_at(s) for s in grid]
    changes: list[tuple[float, list[Compound], list[Compound]]] = []
    with bar(total=len(grid) - 1, unit="interval", desc="changes", progress=progress) as shown:
        for low, high, one, two in zip(grid, grid[1:], stable, stable[1:], strict=False):
            shown.set_postfix_str(f"S = {low:.3f} to {high:.3f}")
            changes += _changes(low, high, one, two)
            shown.update()
    edges = [grid[0], *(where for where, _, _ in changes), grid[-1]]
    lists = [stable[0], *(after for _, _, after in changes)]
    strips = tuple(
        LimitStrip(low, high, tuple(c.name for c in kept))
        for low, high, kept in zip(edges, edges[1:], lists, strict=False)
    )
    names = dict.fromkeys(name for strip in strips for name in strip.compounds)
    known = {c.name: c for kept in lists for c in kept}
    return LimitDiagram(
        Uniform(),
        "optimised",
        tuple(sorted((known[name] for name in names), key=lambda c: c.ratio)),
        strips,
        tuple(point for change in changes for point in _points(*change)),
    )


def _changes(
    low: float, high: float, one: list[Compound], two: list[Compound]
) -> list[tuple[float, list[Compound], list[Compound]]]:
    """All changes of the stable compounds between two S, by halving until each is alone."""
    if [c.name for c in one] == [c.name for c in two]:
        return []
    differing = {c.name for c in one} ^ {c.name for c in two}
    if len(differing) == 1:
        where = _solved(low, high, one, two)
        if where is not None:
            return [(where, one, two)]
    if high - low < 1e-9:
        return [((low + high) / 2, one, two)]
    middle = (low + high) / 2
    there = stable_at(middle)
    return [*_changes(low, middle, one, there), *_changes(middle, high, there, two)]


def _solved(low: float, high: float, one: list[Compound], two: list[Compound]) -> float | None:
    """Where the compound that only one side has touches the segment of its neighbours."""
    long = one if len(one) > len(two) else two
    k = next(
        k for k, c in enumerate(long) if c.name not in {x.name for x in (two, one)[long is two]}
    )

    def gap(sparsity: float) -> float:
        def height(c: Compound) -> float:
            if c.size == c.dimensions:
                return 0.0
            return _block(c.size, c.dimensions, sparsity)[0] / c.dimensions

        x0, y0 = float(long[k - 1].ratio), height(long[k - 1])
        slope = _variance(sparsity)
        if k + 1 < len(long):
            slope = (height(long[k + 1]) - y0) / (float(long[k + 1].ratio) - x0)
        return y0 + slope * (float(long[k].ratio) - x0) - height(long[k])

    block = long[k]
    whole = [_block(block.size, block.dimensions, s)[2] for s in (low, high)]
    if whole[0] != whole[1]:
        # On one side the minimum of (k, d) is itself a mixture. Where it begins to be one block it
        # need not be on the hull yet: the mixture may have been above it.
        edge = _halved(block, low, high, whole[0])
        low, high = (low, edge - _HALVED) if whole[0] else (edge + _HALVED, high)
        if gap(edge + (-_HALVED if whole[0] else _HALVED)) > -_TIED:
            return edge
    if gap(low) * gap(high) >= 0:
        return None
    return float(brentq(gap, low, high, xtol=1e-12, rtol=1e-14))


def _halved(block: Compound, low: float, high: float, whole_below: bool) -> float:
    """Where the minimum of (k, d) begins, or ceases, to be one block.

    That is where a phase of the table ends, to its stated error; halving begins there.
    """

    def is_below(sparsity: float) -> bool:
        return _block(block.size, block.dimensions, sparsity)[2] == whole_below

    for phase in geometry(block.size, block.dimensions).phases:
        left, right = (phase.high + side * (phase.error + _HALVED / 4) for side in (-1, 1))
        if low < left and right < high and is_below(left) and not is_below(right):
            low, high = left, right
    while high - low > _HALVED:
        middle = (low + high) / 2
        if is_below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _points(where: float, below: list[Compound], above: list[Compound]) -> list[InvariantPoint]:
    points = []
    for here, there, side in ((above, below, "above"), (below, above, "below")):
        names = {c.name for c in there}
        for i, c in enumerate(here):
            if c.name in names:
                continue
            lower = [x.name for x in here[:i] if x.name in names]
            upper = [x.name for x in here[i + 1 :] if x.name in names]
            products = (lower[-1] if lower else "no features", upper[0] if upper else "dropped")
            points.append(
                InvariantPoint(where, c.name, c.ratio, products, side, "numeric", None, 1e-10)
            )
    return points
