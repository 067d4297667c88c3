"""Records of the diagram of two features in one dimension under the point law."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..continuation.records import (
    Kind,
    Minima,
    SpecialPoint,
    TracedBoundary,
    TracedDiagram,
    TracedPhase,
)
from ..landscapes.branch import Branch
from ..landscapes.point_pair import PointPairLandscape, conditions
from ..minima.point_pair import DEDICATED, IGNORE, dropped, minima
from ..symbols import p as DENSITY
from .strips import WIDTH, Line, Tracer, leaves

_EPS = float(np.finfo(np.float64).eps)
_BESIDE = 1e-4
"""In ln r, from an onset: where a pair that begins there is looked at."""


def point_pair_diagram(
    land: PointPairLandscape, source: str, cells: tuple[int, int]
) -> TracedDiagram:
    """The whole diagram: its lines and special points as records, with the minima on them."""
    tracer = Tracer(land.plane, cells)
    tracer.trace()
    used = sorted({end for line in tracer.lines for end in line.ends})
    points = {k: _special_point(land, tracer, k) for k in used}
    boundaries = tuple(_record(land, line, points) for line in tracer.lines)
    phases: dict[str, TracedPhase] = {}
    for line in tracer.lines:
        for pattern in line.patterns:
            middle = line.points[len(line.points) // 2]
            branch = _at(land, middle, pattern)
            phases.setdefault(branch.name, TracedPhase(branch.name, branch.outcome))
    return TracedDiagram(
        plane=land.plane,
        source=source,
        phases=tuple(sorted(phases.values(), key=lambda phase: phase.name)),
        boundaries=boundaries,
        special_points=tuple(points.values()),
        cells_scanned=cells[0] * cells[1],
        unexplained=(),
        settings=land.settings,
    )


def _at(land: PointPairLandscape, theta: tuple[float, float], pattern: str) -> Branch:
    """The lowest minimum of a pattern; of a pair that is not there, what it grows out of."""
    p, r = conditions(np.array(theta))
    found = minima(p, r, (pattern,), fallback=False)
    if found:
        return land.branch_of(np.array(theta), found[0])
    if pattern not in (IGNORE, DEDICATED):
        pattern = IGNORE if pattern[2] == "W" else DEDICATED
    return land.branch_of(np.array(theta), dropped(pattern, p, r))


def _special_point(land: PointPairLandscape, tracer: Tracer, k: int) -> SpecialPoint:
    node = tracer.nodes[k]
    lines = [line for line in tracer.lines if k in line.ends]
    branches = {name: _at(land, node.theta, name) for line in lines for name in line.patterns}
    continuous = sum(leaves(*line.patterns) for line in lines)
    kind: Kind = "junction"
    if node.border:
        kind = "border"
    elif continuous:
        kind = "bicritical point" if continuous > 1 else "critical end point"
    S, r = land.plane.point(np.array(node.theta))
    # A pair that begins there is named by the line that it begins on.
    names = {name for line in lines for name in _names(land, line)}
    rows = list(branches.values())
    minima_there = Minima(
        np.array([branch.x[:2].reshape(1, 2) for branch in rows]),
        np.array([branch.x[2:] for branch in rows]) * float(land.plane.model.law.scale),
        ("",) * len(rows),
    )
    loss = min(branch.loss for branch in rows)
    return SpecialPoint(kind, tuple(sorted(names)), S, r, loss, node.error, "numeric", minima_there)


def _names(land: PointPairLandscape, line: Line) -> tuple[str, str]:
    """The names of the two phases of a line, each beside it."""
    t, u = line.points[len(line.points) // 2]
    one, two = line.patterns
    beside = u + (_BESIDE if one == IGNORE else -_BESIDE if two == DEDICATED else 0.0)
    theta = (t, beside if leaves(one, two) else u)
    return tuple(  # type: ignore[return-value]
        name if name in (IGNORE, DEDICATED) else _at(land, theta, name).name for name in (one, two)
    )


def _record(
    land: PointPairLandscape, line: Line, points: dict[int, SpecialPoint]
) -> TracedBoundary:
    rows = [[_at(land, theta, name) for theta in line.points] for name in line.patterns]
    places = [land.plane.point(np.array(theta)) for theta in line.points]
    ends = points[line.ends[0]], points[line.ends[1]]
    for k, end in ((0, ends[0]), (-1, ends[1])):
        places[k] = end.sparsity, end.importance
    continuous = leaves(*line.patterns)
    jumps = [
        (0.0, 0.0) if continuous
        else (two.slopes[0] - one.slopes[0], two.slopes[1] - one.slopes[1])
        for one, two in zip(*rows, strict=True)
    ]  # fmt: skip
    losses = [min(one.loss, two.loss) for one, two in zip(*rows, strict=True)]
    formula, exponent, error = None, None, max(end.error for end in ends)
    if continuous:
        formula = DENSITY if line.patterns[0] == IGNORE else 1 / DENSITY
        exponent = _exponent(line)
        error = 4 * _EPS
    x = np.array([[branch.x for branch in row] for row in rows])
    unit = float(land.plane.model.law.scale)
    return TracedBoundary(
        phases=_names(land, line),
        sparsities=tuple(S for S, _ in places),
        importances=tuple(r for _, r in places),
        losses=tuple(losses),
        jumps=tuple(jumps),
        order=1 if exponent is None else round(exponent[0]),
        error=error,
        ends=ends,
        formula=formula,
        status="numeric" if formula is None else "matched",
        exponent=exponent,
        jump_error=0.0 if continuous else _jump_error(line, jumps, losses, error),
        minima=Minima(x[..., None, :2], x[..., 2:] * unit, ("", "")),
    )


def _jump_error(
    line: Line, jumps: list[tuple[float, float]], losses: list[float], error: float
) -> float:
    """Rounding of the slopes, and what the jump changes over the error of a point's position."""
    gaps = np.maximum(np.abs(np.diff(line.points, axis=0)).max(axis=1), WIDTH)
    steepest = (np.abs(np.diff(jumps, axis=0)).max(axis=1) / gaps).max()
    return float(1e-14 * max(losses) + steepest * error)


def _exponent(line: Line) -> tuple[float, float]:
    """How the loss gained grows with the distance from an onset, from three distances."""
    t, u = line.points[len(line.points) // 2]
    side, name = (1, line.patterns[1]) if line.patterns[0] == IGNORE else (-1, line.patterns[0])
    gains = [
        minima(float(np.exp(t)), float(np.exp(u + side * d)), (name,))[0].gain
        for d in (_BESIDE, 2 * _BESIDE, 4 * _BESIDE)
    ]
    near, far = (float(np.log2(two / one)) for one, two in pairwise(gains))
    return near, abs(far - near)
