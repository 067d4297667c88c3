"""Records of the diagram of two features in one dimension under the point law."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..continuation.assembled import diagram_of, jump, jump_error, minima_at, minima_of
from ..continuation.records import Kind, SpecialPoint, TracedBoundary, TracedDiagram
from ..continuation.scan import Cells
from ..landscapes.branch import Branch
from ..landscapes.point_pair import PointPairLandscape
from ..minima.point_pair import IGNORE, base_of
from ..symbols import p as DENSITY
from .lines import ERROR, Line, Tracer, beside, found_at, onset_base

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)


def point_pair_diagram(land: PointPairLandscape, source: str, cells: Cells) -> TracedDiagram:
    """The whole diagram: its lines and special points as records, with the minima on them."""
    tracer = Tracer(land)
    tracer.trace(cells)
    points = [
        _special_point(land, theta, [line for line in tracer.lines if k in line.ends])
        for k, theta in enumerate(tracer.nodes)
    ]
    boundaries = tuple(_boundary(land, line, points) for line in tracer.lines)
    branches = [branch for line in tracer.lines for branch in _named(land, line)]
    return diagram_of(
        land, source, branches, boundaries, cells_scanned=cells[0] * cells[1], unexplained=()
    )


def _at(land: PointPairLandscape, theta: Floats, pattern: str) -> Branch:
    point = found_at(theta, pattern)
    if point is None:
        raise ArithmeticError(f"no minimum {pattern} at {land.plane.point(theta)}")
    return land.branch_of(theta, point)


def _named(land: PointPairLandscape, line: Line) -> list[Branch]:
    """The two phases in the middle of a line; where a pair begins on it, the pair beside it."""
    here = line.middle
    bases = [base_of(name) for name in line.patterns]
    places = [beside(here, base) if base else here for base in bases]
    return [_at(land, there, name) for there, name in zip(places, line.patterns, strict=True)]


def _special_point(land: PointPairLandscape, theta: Floats, lines: list[Line]) -> SpecialPoint:
    patterns = dict.fromkeys(name for line in lines for name in line.patterns)
    branches = [_at(land, theta, name) for name in patterns]
    onsets = sum(onset_base(*line.patterns) != "" for line in lines)
    kind: Kind = "junction"
    if land.plane.excess(theta) > -ERROR:
        kind = "border"
    elif onsets:
        kind = "bicritical point" if onsets > 1 else "critical end point"
    names = {branch.name for line in lines for branch in _named(land, line)}
    S, r = land.plane.point(theta)
    loss = min(branch.loss for branch in branches)
    found = minima_at(land, branches)
    return SpecialPoint(kind, tuple(sorted(names)), S, r, loss, ERROR, "numeric", found)


def _boundary(land: PointPairLandscape, line: Line, points: list[SpecialPoint]) -> TracedBoundary:
    columns = [[_at(land, theta, name) for name in line.patterns] for theta in line.points]
    places = [land.plane.point(theta) for theta in line.points]
    losses = [min(one.loss, two.loss) for one, two in columns]
    base = onset_base(*line.patterns)
    jumps = [(0.0, 0.0) if base else jump(*two) for two in columns]
    error, exponent, formula = ERROR, None, None
    if base:
        error, formula = 4 * _EPS, DENSITY if base == IGNORE else 1 / DENSITY
        exponent = _exponent(line, base)
    return TracedBoundary(
        phases=tuple(branch.name for branch in _named(land, line)),  # type: ignore[arg-type]
        sparsities=tuple(S for S, _ in places),
        importances=tuple(r for _, r in places),
        losses=tuple(losses),
        jumps=tuple(jumps),
        order=1 if exponent is None else round(exponent[0]),
        error=error,
        ends=(points[line.ends[0]], points[line.ends[1]]),
        formula=formula,
        status="matched" if base else "numeric",
        exponent=exponent,
        jump_error=0.0 if base else jump_error(line.points, jumps, max(losses), error),
        minima=minima_of(land, [list(row) for row in zip(*columns, strict=True)]),
    )


def _exponent(line: Line, base: str) -> tuple[float, float]:
    """How the loss gained grows with the distance from an onset, from three distances."""
    (pair,) = set(line.patterns) - {base}
    way = beside(line.middle, base) - line.middle
    points = [found_at(line.middle + k * way, pair) for k in (1, 2, 4)]
    gains = [point.gain for point in points if point is not None]
    near, far = (float(np.log2(two / one)) for one, two in pairwise(gains))
    return near, abs(far - near)
