"""From a scan of the window to a whole traced diagram: lines, junctions, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..numeric.measures import outcomes
from ..numeric.naming import strong_name
from .arcs import Arc, Pair, Window, junction, trace
from .field import field_of
from .landscape import Landscape, State, point_of, theta_of
from .onset import OnsetLine, onset_between
from .records import SpecialPoint, TracedBoundary, TracedDiagram, TracedPhase
from .seeds import between, crosses, edges, from_junction, lies_on, scan

Floats = NDArray[np.float64]
Strings = NDArray[np.str_]

WINDOW = Window(np.array([np.log(0.01), np.log(0.1)]), np.array([0.0, np.log(10.0)]))
"""The paper's axes: 1 − S from 1 to 0.01, r from 0.1 to 10."""

SAME_POINT = 1e-6
"""Two junctions closer than this in θ are one."""

OVERSHOOT = 1e-4
"""Points of an arc that are closer to its junction than this in θ are left out."""

Progress = Callable[[Iterable[State], int], Iterable[State]]


@dataclass(slots=True)
class _Lines:
    """What has been found so far."""

    landscape: Landscape
    window: Window
    arcs: list[Arc] = field(default_factory=list)
    onsets: list[OnsetLine] = field(default_factory=list)
    meetings: list[list[State]] = field(default_factory=list)

    def add(self, seed: Pair) -> None:
        """Trace the line through a seed, unless it is there already, and those it leads to."""
        waiting = [seed]
        while waiting:
            here = waiting.pop()
            if any(lies_on(arc, here.theta) for arc in self.of(here.a.name, here.b.name)):
                continue
            arc = trace(self.landscape, here, self.window)
            self.arcs.append(arc)
            for pair, (kind, third) in zip((arc.pairs[0], arc.pairs[-1]), arc.ends, strict=True):
                if kind == "junction" and third is not None:
                    waiting.extend(self.meet([pair.a, pair.b, third]))

    def of(self, one: str, two: str) -> list[Arc]:
        """The arcs between two phases."""
        return [
            arc for arc in self.arcs if {arc.pairs[0].a.name, arc.pairs[0].b.name} == {one, two}
        ]

    def meet(self, states: list[State]) -> list[Pair]:
        """Note a junction; the seeds of the lines that leave it."""
        for known in self.meetings:
            if np.abs(known[0].theta - states[0].theta).max() < SAME_POINT:
                names = {state.name for state in known}
                known.extend(state for state in states if state.name not in names)
                states = known
                break
        else:
            self.meetings.append(list(states))
        found = []
        for a, b in combinations(states, 2):
            for third in states:
                if third.name in (a.name, b.name):
                    continue
                seed = from_junction(self.landscape, (a, b, third))
                if seed is not None and self._is_lowest(seed):
                    found.append(seed)
        return found

    def _is_lowest(self, seed: Pair) -> bool:
        return self.landscape.lowest(seed.theta).loss > seed.a.loss - 1e-11

    def explain(self, one: State, two: State) -> bool:
        """Whether some line between the phases of an edge crosses it."""
        names = {one.name, two.name}
        lines = [
            np.array([pair.theta for pair in arc.pairs])
            for arc in self.of(one.name, two.name)
            if len(arc.pairs) > 1
        ]
        lines += [line.thetas for line in self.onsets if set(line.phases) == names]
        return any(crosses(line, one.theta, two.theta) for line in lines)


def traced_diagram(
    landscape: Landscape,
    source: str,
    cells: tuple[int, int],
    window: Window = WINDOW,
    progress: Progress | None = None,
) -> TracedDiagram:
    """Scan the window, trace every line that separates its cells, and solve for its junctions."""
    lines = _Lines(landscape, window)
    count = cells[0] * cells[1]
    scanned = scan(landscape, window, cells)
    states = list(scanned if progress is None else progress(scanned, count))
    unexplained = []
    for one, two in edges(states, cells):
        if not _explained(lines, one, two):
            unexplained.append(point_of(0.5 * (one.theta + two.theta)))
    phases: dict[str, TracedPhase] = {}
    everything = [*states, *(s for arc in lines.arcs for p in arc.pairs[:1] for s in (p.a, p.b))]
    for state in everything:
        phases.setdefault(state.name, TracedPhase(state.name, state.outcome))
    along = tuple(s for arc in lines.arcs for q in arc.pairs[::8] for s in (q.a, q.b))
    points = _special_points(lines)
    boundaries = [_boundary(arc, points) for arc in lines.arcs if len(arc.pairs) > 1]
    boundaries += [line.boundary() for line in lines.onsets]
    used = [point for boundary in boundaries for point in boundary.ends]
    return TracedDiagram(
        model=landscape.model,
        source=source,
        phases=tuple(sorted(phases.values(), key=lambda phase: phase.name)),
        boundaries=tuple(boundaries),
        special_points=tuple(dict.fromkeys(used)),
        cells_scanned=count,
        no_bias=landscape.no_bias,
        interference_penalty=landscape.penalty,
        unexplained=tuple(unexplained),
        lowest=lambda S, r: _lowest(landscape, S, r),
        field=lambda s, w: _field(landscape, s, w, (*everything, *along)),
    )


def _lowest(landscape: Landscape, sparsity: float, importance: float) -> tuple[str, float]:
    state = landscape.lowest(theta_of(sparsity, importance))
    return state.name, state.loss


def _field(
    landscape: Landscape, sparsities: Floats, importances: Floats, known: tuple[State, ...]
) -> tuple[Strings, Floats, Strings]:
    states = field_of(landscape, np.log1p(-sparsities), np.log(importances), known)
    weights = [
        [
            state.x[: -landscape.model.n_features].reshape(landscape.model.d_hidden, -1)
            for state in row
        ]
        for row in states
    ]
    return (
        np.array([[state.name for state in row] for row in states]),
        np.array([[state.loss for state in row] for row in states]),
        outcomes(np.array(weights)),
    )


def _explained(lines: _Lines, one: State, two: State) -> bool:
    """Whether the lines account for an edge, after tracing those that it needs."""
    if lines.explain(one, two):
        return True
    complete = True
    for found in between(lines.landscape, one, two):
        if isinstance(found, Pair):
            lines.add(found)
            continue
        if strong_name(found.low.name) == strong_name(found.high.name):
            continue  # one minimum that grows from weak to strong: a crossover, no transition
        onset = onset_between(lines.landscape, found, lines.window)
        if onset is None:
            complete = False
        elif all(line.phases != onset.phases for line in lines.onsets):
            lines.onsets.append(onset)
    return complete


def _special_points(lines: _Lines) -> list[SpecialPoint]:
    found = []
    for states in lines.meetings:
        S, r = states[0].point
        polished = junction(lines.landscape, (states[0], states[1], states[2]))
        if polished is not None:
            S, r = polished[0].point
        names = tuple(sorted({state.name for state in states}))
        if len(names) > 2:
            found.append(SpecialPoint("junction", names, S, r, states[0].loss, 1e-9))
    for onset in lines.onsets:
        found.extend(onset.ends)
    return found


def _boundary(arc: Arc, points: list[SpecialPoint]) -> TracedBoundary:
    pairs = _trimmed(arc)
    a, b = pairs[len(pairs) // 2].a, pairs[len(pairs) // 2].b
    swap = (a.gradient - b.gradient)[1] < 0  # then a is the phase at larger r
    names = (a.name, b.name)
    sign = -1.0 if swap else 1.0
    ends = tuple(
        _end(pair, kind, points)
        for pair, (kind, _) in zip((pairs[0], pairs[-1]), arc.ends, strict=True)
    )
    places = [pair.a.point for pair in pairs]
    losses = [pair.a.loss for pair in pairs]
    jumps = [
        (
            sign * (pair.b.by_sparsity - pair.a.by_sparsity),
            sign * (pair.b.by_importance - pair.a.by_importance),
        )
        for pair in pairs
    ]
    for position, end in ((0, ends[0]), (len(places), ends[1])):
        if end.kind == "tricritical point":  # the line fades out before it gets there
            places.insert(position, (end.sparsity, end.importance))
            losses.insert(position, end.loss)
            jumps.insert(position, (0.0, 0.0))
    places[0], places[-1] = ((end.sparsity, end.importance) for end in ends)
    return TracedBoundary(
        phases=(names[1], names[0]) if swap else names,
        sparsities=tuple(S for S, _ in places),
        importances=tuple(r for _, r in places),
        losses=tuple(losses),
        jumps=tuple(jumps),
        order=1,
        error=max(pair.error for pair in pairs),
        ends=(ends[0], ends[1]),
    )


def _trimmed(arc: Arc) -> list[Pair]:
    """The points of an arc without those that overshoot a junction at its end.

    Next to it the third phase is lower by less than a search can tell.
    """
    first, last = arc.pairs[0], arc.pairs[-1]
    inner = [
        pair
        for pair in arc.pairs[1:-1]
        if all(
            kind != "junction" or np.abs(pair.theta - end.theta).max() > OVERSHOOT
            for end, (kind, _) in zip((first, last), arc.ends, strict=True)
        )
    ]
    return [first, *inner, last]


def _end(pair: Pair, kind: str, points: list[SpecialPoint]) -> SpecialPoint:
    names = {pair.a.name, pair.b.name}
    for point in points:
        gap = np.abs(theta_of(point.sparsity, point.importance) - pair.theta).max()
        near = 1e-5 if point.kind == "junction" else 2e-2
        if gap < near and names <= set(point.phases) and point.kind != "border":
            if point.kind == "tricritical point" and (kind != "end of a branch"):
                continue
            return point
    S, r = pair.a.point
    return SpecialPoint(
        "border" if kind == "border" else "end of a branch",
        tuple(sorted(names)),
        S,
        r,
        pair.a.loss,
        pair.error,
    )
