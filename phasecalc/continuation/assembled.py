"""Graph -> diagram: what was solved becomes plain data, with names for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ..exact.onset import (
    mirrored_onset_importance,
    onset_cubic,
    onset_importance,
    tricritical_importance,
)
from ..landscapes.branch import Branch, Landscape
from ..landscapes.plane import Plane
from ..laws import Uniform
from ..symbols import S as SPARSITY
from ..symbols import p
from ..symbols import r as EXTRA
from .curve import Line
from .graph import Edge, Graph, Node
from .records import (
    Kind,
    MetastableRegion,
    Minima,
    SpecialPoint,
    TracedBoundary,
    TracedDiagram,
    TracedPhase,
)

Floats = NDArray[np.float64]
Function = Callable[[Any], Any]

_ROUNDING = 1e-14
"""Of the derivatives of a loss in the conditions, on its own scale."""
_CLEARLY = 10
"""A jump by more than so many of its errors, which are estimates and may be off by a few times."""
_LEVEL = 1e-6
"""A gradient whose part along r is smaller than this share of it lies along S."""

_MERGING = ("tricritical point", "critical point", "Landau point", "bicritical point")
"""Nodes at which both branches of a first-order line become one."""


def assembled(
    graph: Graph, source: str, regions: tuple[MetastableRegion, ...] = ()
) -> TracedDiagram:
    """The diagram of a graph and its metastable regions."""
    land = graph.land
    points = tuple(
        _special_point(land, node, _names(graph, k)) for k, node in enumerate(graph.nodes)
    )
    boundaries = tuple(_boundary(graph, edge, points) for edge in graph.edges)
    along = (q for edge in graph.first_order for q in edge.line.points[0].branches)
    return diagram_of(
        land,
        source,
        (*(b for b in graph.states if b is not None), *along),
        boundaries,
        cells_scanned=len(graph.states),
        unexplained=tuple(land.plane.point(theta) for theta in graph.unexplained),
        unresolved=tuple(land.plane.point(theta) for theta in graph.unresolved),
        metastable=regions,
    )


def diagram_of(
    land: Landscape,
    source: str,
    branches: Iterable[Branch],
    boundaries: tuple[TracedBoundary, ...],
    **entries: Any,
) -> TracedDiagram:
    """The record of lines and the points at their ends, with the phases of some branches."""
    phases: dict[str, TracedPhase] = {}
    for branch in branches:
        phases.setdefault(branch.name, TracedPhase(branch.name, branch.outcome))
    used = {id(end): end for line in boundaries for end in line.ends}
    return TracedDiagram(
        plane=land.plane,
        source=source,
        phases=tuple(sorted(phases.values(), key=lambda phase: phase.name)),
        boundaries=boundaries,
        special_points=tuple(used.values()),
        settings=land.settings,
        **entries,
    )


def names_of(line: Line[Any]) -> tuple[str, str]:
    """The two phases, that at smaller r first (at smaller S where the line runs along r)."""
    a, b = line.plainest.branches
    return (b.name, a.name) if _swapped(line) else (a.name, b.name)


def _swapped(line: Line[Any]) -> bool:
    """Whether the second of a line's branches is the phase at smaller r."""
    if line.continuous:
        return bool(np.sum([onset.direction[1] for onset in line.points]) <= 0)
    normals = np.array([point.normal for point in (*line.points, line.plainest)])
    sides = np.array([normals[:, 1], -normals[:, 0]]) / np.abs(normals).max()
    # A line that turns back in r is told by S: both of its halves may be equally plain.
    for side in (*sides, *sides[:, -1:]):
        if min(-side.min(), side.max()) < _LEVEL < np.abs(side).max():
            return bool(side.sum() < 0)
    return False


def minima_of(land: Landscape, rows: list[list[Branch]]) -> Minima:
    """Of several branches at several places: (branches, places, …)."""
    m, n = land.plane.model.d_hidden, land.plane.model.n_features
    unit = float(land.plane.model.law.scale)
    x = np.array([[branch.x for branch in row] for row in rows])
    weights = np.ascontiguousarray(x[..., : m * n]).reshape(*x.shape[:2], m, n)
    return Minima(weights, x[..., m * n :] * unit, tuple(row[0].family for row in rows))


def minima_at(land: Landscape, branches: Sequence[Branch]) -> Minima:
    """Of several branches at one place: (branches, …)."""
    m = minima_of(land, [[branch] for branch in branches])
    return Minima(m.weights[:, 0], m.biases[:, 0], m.families)


def _names(graph: Graph, number: int) -> list[str]:
    """The phases that meet at a node; where they become one, they lose their names."""
    node = graph.nodes[number]
    if node.kind not in ("critical point", "Landau point"):
        return [branch.name for branch in node.branches]
    lines = (edge.line for edge in graph.edges if number in (edge.tail, edge.head))
    return sorted({name for line in lines for name in names_of(line)})


def _special_point(land: Landscape, node: Node, names: list[str]) -> SpecialPoint:
    if node.kind in ("junction", "border", "end of a branch"):
        names.sort()
    minima = minima_at(land, node.branches)
    kind: Kind = node.kind  # type: ignore[assignment]
    x, y = land.plane.point(node.theta)
    point = SpecialPoint(kind, tuple(names), x, y, node.loss, node.error, "numeric", minima)
    if kind != "tricritical point":
        return point
    point = _matched_point(land, point)
    at = land.follow(node.branches[0], land.plane.theta(point.sparsity, point.importance))
    return point if at is None else replace(point, loss=at.loss)


def _boundary(graph: Graph, edge: Edge[Any], points: tuple[SpecialPoint, ...]) -> TracedBoundary:
    land, line = graph.land, edge.line
    first_order = not line.continuous
    ends = points[edge.tail], points[edge.head]
    nodes = [graph.nodes[k] for k in (edge.tail, edge.head)]
    solved, overshoot = list(line.points), land.settings.overshoot
    for node in nodes:
        if not first_order or node.kind in ("junction", "critical end point"):
            far = [q for q in solved if np.abs(q.theta - node.theta).max() > overshoot]
            solved = far or [solved[len(solved) // 2]]
    columns = [point.branches for point in solved]
    jumps = [jump(*two) if first_order else (0.0, 0.0) for two in columns]
    for side, node in enumerate(nodes):
        near = columns[-side]
        if np.abs(near[0].theta - node.theta).max() < land.settings.vanished:
            continue
        one = not first_order or node.kind in _MERGING
        moved = [None if one else land.follow(branch, node.theta) for branch in near]
        a, b = (at or like(node, branch) for at, branch in zip(moved, near, strict=True))
        place = side * len(columns)
        columns.insert(place, (a, b))
        jumps.insert(place, (0.0, 0.0) if one else jump(*near if None in moved else (a, b)))
    places = [land.plane.point(a.theta) for a, _ in columns]
    swapped = _swapped(line)
    losses = [two[first_order and swapped].loss for two in columns]
    for k, end in zip((0, -1), ends, strict=True):
        places[k], losses[k] = (end.sparsity, end.importance), end.loss
    if swapped:
        columns = [(b, a) for a, b in columns]
        jumps = [(0.0 - x, 0.0 - y) for x, y in jumps]  # no −0
    error, doubt = max(point.error for point in solved), 0.0
    exponent, formula, gap, order = None, None, 0.0, None
    if line.continuous:
        exponent = max(line.points, key=lambda onset: onset.slope).exponent
        order = None if exponent is None else round(exponent[0])
        formula, gap = _formula(land, line.thetas)
    else:
        loss = max(point.a.loss for point in solved)
        thetas, slopes = [point.theta for point in solved], [point.normal for point in solved]
        doubt = jump_error(thetas, slopes, loss, error)
        order = 1 if np.abs(jumps).max() > _CLEARLY * doubt else None
    return TracedBoundary(
        phases=names_of(line),
        sparsities=tuple(x for x, _ in places),
        importances=tuple(y for _, y in places),
        losses=tuple(losses),
        jumps=tuple(jumps),
        order=order,
        error=max(error, gap),
        ends=ends,
        formula=formula,
        status="numeric" if formula is None else "matched",
        exponent=exponent,
        jump_error=doubt,
        minima=minima_of(land, [list(row) for row in zip(*columns, strict=True)]),
    )


def jump(a: Branch, b: Branch) -> tuple[float, float]:
    """Of the slopes of the loss, from one phase to another."""
    return b.slopes[0] - a.slopes[0], b.slopes[1] - a.slopes[1]


def like(node: Node, branch: Branch) -> Branch:
    """The branch of a node that is most like another one."""
    return min(node.branches, key=lambda other: float(np.abs(other.gram - branch.gram).max()))


def jump_error(thetas: Any, jumps: Any, loss: float, error: float) -> float:
    """Rounding of the slopes, and what the jump changes over the error of a point's position."""
    gaps = np.maximum(np.abs(np.diff(thetas, axis=0)).max(axis=1), 1e-12)
    steepest = (np.abs(np.diff(jumps, axis=0)).max(axis=1) / gaps).max(initial=0.0)
    return float(_ROUNDING * loss + steepest * error)


def _usual(plane: Plane) -> bool:
    """Whether the formulas of the onset are about this plane."""
    model = plane.model
    usual = model.importance[-1] == EXTRA and set(model.importance[:-1]) == {sympy.Integer(1)}
    axes = (plane.x.symbol, plane.y.symbol) == (SPARSITY, EXTRA)
    return axes and usual and model.law == Uniform() and model.bias == "free"


@lru_cache(maxsize=16)
def _onsets(penalty: sympy.Expr) -> tuple[tuple[sympy.Expr, Function, Function], ...]:
    """r in p where a dropped feature joins a dedicated one, and mirrored: r = (q + 2λ)/v, 1/r.

    Each as a formula and as a function of p, with what vanishes at its tricritical points.
    """
    lines = onset_importance(penalty), mirrored_onset_importance(penalty)
    zeros = onset_cubic(penalty), tricritical_importance() * lines[1] - 1
    return tuple(
        (line, sympy.lambdify(p, line), sympy.lambdify(p, zero))
        for line, zero in zip(lines, zeros, strict=True)
    )


def _formula(land: Landscape, theta: Floats) -> tuple[sympy.Expr | None, float]:
    """The formula of an onset, if all points agree with it; how closely."""
    if not _usual(land.plane):
        return None, 0.0
    for formula, line, _ in _onsets(land.plane.model.interference_penalty):
        # Relative, since the mirrored line has no logarithm where λ > v/2.
        gap = float(np.abs(line(np.exp(theta[:, 0])) * np.exp(-theta[:, 1]) - 1.0).max())
        if gap < land.settings.matched:
            return formula, gap
    return None, 0.0


def _matched_point(land: Landscape, point: SpecialPoint) -> SpecialPoint:
    """The root of the onset's cubic term that a tricritical point agrees with, and how closely."""
    from scipy.optimize import brentq  # noqa: PLC0415

    plane = land.plane
    if not _usual(plane):
        return point
    here = plane.theta(point.sparsity, point.importance)
    low, high = point.feature_probability - 1e-5, min(point.feature_probability + 1e-5, 1.0)
    for _, line, zero in _onsets(plane.model.interference_penalty):
        if zero(low) * zero(high) < 0:
            root = float(brentq(zero, low, high, xtol=1e-16, rtol=1e-15))
            S, r = 1.0 - root, float(line(root))
            gap = float(np.abs(plane.theta(S, r) - here).max())
            if gap < land.settings.matched_point:
                return replace(point, sparsity=S, importance=r, error=gap, status="matched")
    return point
