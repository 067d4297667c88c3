"""The graph of a diagram: curves that end in points, and points that lead to curves.

scan → seeds → curves with events → nodes → seeds → …, until every difference between neighbouring
cells is explained by the curves between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, carefully, same_zeros
from . import polyline
from .complete import Curve, border_places, explained
from .equations import Degenerate, Meeting, Pair
from .events import Arc, OnsetLine, trace
from .leaving import line_with_seeds, open_junction
from .nearby import with_lowest_signs
from .onset import Onset
from .scan import Cells, cell_centres, connected, lowest_in, neighbours, seeds_between
from .work import Work

Floats = NDArray[np.float64]

_FARTHEST = 1.5
"""Longest steps, from the last point of a line to the node in which it ends."""
_ROUNDS = 4
"""In which the border is looked at: each finds lines that the one before did not explain."""


@dataclass(frozen=True, eq=False)
class Node:
    """A special point: its kind, the branches that meet, where, and how accurately."""

    kind: str
    branches: tuple[Branch, ...]
    theta: Floats
    loss: float
    error: float
    onset: Onset | None = None


@dataclass(frozen=True, eq=False)
class Edge:
    """A curve between two nodes, given by their numbers."""

    curve: Arc | OnsetLine
    tail: int
    head: int

    @property
    def points(self) -> Sequence[Pair | Onset]:
        return self.curve.pairs if isinstance(self.curve, Arc) else self.curve.onsets

    @property
    def thetas(self) -> Floats:
        """Its points, (k, 2)."""
        return np.array([point.theta for point in self.points])


@dataclass(frozen=True, eq=False)
class Seed:
    """A point of a line; leaving a known node in a direction, or anywhere on it."""

    pair: Pair
    heading: Floats | None = None
    tail: int | None = None


@dataclass(eq=False)
class Graph:
    """What has been found so far, and the queue of seeds."""

    land: Landscape
    cells: Cells
    states: tuple[Branch | None, ...] = ()
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    queue: list[Seed] = field(default_factory=list)
    onsets: list[Onset] = field(default_factory=list)
    unexplained: list[Floats] = field(default_factory=list)

    @property
    def unresolved(self) -> list[Floats]:
        """θ of the cells whose lowest minimum did not converge."""
        centres = cell_centres(self.land.plane, self.cells)
        return [theta for theta, b in zip(centres, self.states, strict=True) if b is None]

    @property
    def arcs(self) -> list[Edge]:
        """The first-order lines."""
        return [edge for edge in self.edges if isinstance(edge.curve, Arc)]

    @property
    def lines(self) -> list[Edge]:
        """The continuous lines."""
        return [edge for edge in self.edges if isinstance(edge.curve, OnsetLine)]

    @property
    def curves(self) -> list[Curve]:
        """The lines from node to node."""
        ends = [[self.nodes[k].theta for k in (edge.tail, edge.head)] for edge in self.edges]
        return [
            Curve(np.array([tail, *edge.thetas, head]), edge.points)
            for edge, (tail, head) in zip(self.edges, ends, strict=True)
        ]

    def explained(self, one: Branch, two: Branch) -> bool:
        """Whether the lines known so far lead from one minimum to the other."""
        return explained(self.land, self.curves, one, two)

    def node(self, new: Node) -> int:
        """The number of a node: a known one that solves the same equations at the same place."""
        for k, known in enumerate(self.nodes):
            near = float(np.abs(known.theta - new.theta).max())
            if near > self.land.settings.same_point + known.error + new.error:
                continue
            plane = self.land.plane
            if not any(same_zeros(plane, a, b) for a in known.branches for b in new.branches):
                continue
            added = [
                two
                for two in new.branches
                if all(apart(plane, one, two) > 1e-6 for one in known.branches)
            ]
            better = new if new.onset is not None and known.onset is None else known
            self.nodes[k] = replace(better, branches=(*known.branches, *added))
            return k
        self.nodes.append(new)
        return len(self.nodes) - 1

    def has(self, seed: Pair) -> bool:
        """Whether a known line runs through a point: its branches, followed there, are the same."""
        return any(self._same_line(edge, seed) for edge in self.arcs)

    def _same_line(self, edge: Edge, seed: Pair) -> bool:
        points = edge.points
        plane, first = self.land.plane, points[0].branches
        if not any(
            same_zeros(plane, one, seed.a) and same_zeros(plane, two, seed.b)
            for one, two in (first, first[::-1])
        ):
            return False
        thetas = edge.thetas
        gaps = np.abs(thetas - seed.theta).max(axis=1)
        k = int(gaps.argmin())
        near = points[k]
        spacing = np.abs(np.diff(thetas, axis=0)).max(initial=self.land.settings.first_step)
        if gaps[k] > 2 * spacing or not isinstance(near, Pair):
            return False
        moved = [carefully(self.land, branch, seed.theta) for branch in near.branches]
        if moved[0] is None or moved[1] is None:
            return False
        tiny = min(0.2 * seed.distance, self.land.settings.alike)
        return any(
            apart(plane, one, seed.a) < tiny and apart(plane, two, seed.b) < tiny
            for one, two in (moved, moved[::-1])
            if one is not None and two is not None
        )

    def border(self, points: Sequence[Pair | Onset], side: int) -> int:
        """The node at which a curve leaves the window."""
        last = points[side]
        return self.node(Node("border", last.branches, last.theta, _loss(last), last.error))


def _loss(point: Pair | Onset) -> float:
    return point.branches[0].loss


def build(land: Landscape, cells: Cells, work: Work) -> Graph:
    """The whole graph of a window."""
    graph = Graph(land, cells)
    centres = cell_centres(land.plane, cells).reshape(cells[0], cells[1], 2)
    rows = work(lowest_in, [(row,) for row in centres], "scan")
    graph.states = tuple(branch for row in rows for branch in row)
    beside = [
        (one, two)
        for i, j in neighbours(cells)
        if (one := graph.states[i]) is not None and (two := graph.states[j]) is not None
    ]
    _between_all(graph, beside, work)
    inside = len(graph.unexplained)
    for _ in range(_ROUNDS):
        del graph.unexplained[inside:]  # what a round leaves, the next one comes to again
        places = border_places(land, graph.curves)
        if not _between_all(graph, _in_a_row(work(lowest_in, places, "border")), work):
            break
    _join_again(graph)
    return graph


def _in_a_row(sides: Iterable[tuple[Branch | None, ...]]) -> list[tuple[Branch, Branch]]:
    """Neighbours on every side of the window that both converged."""
    return [
        (one, two)
        for side in sides
        for one, two in pairwise(side)
        if one is not None and two is not None
    ]


def _between_all(graph: Graph, beside: list[tuple[Branch, Branch]], work: Work) -> bool:
    """Trace what lies between neighbours, until curves explain their differences; whether any did.

    Edges are bisected only where none of the curves known by then explains them.
    """
    land, known = graph.land, len(graph.edges)
    differ = [edge for edge in beside if not connected(land, *edge) and not graph.explained(*edge)]
    while differ:
        batch = _one_of_each(differ)
        found = list(work(seeds_between, batch, "edges"))
        for seed in (seed for seeds in found for seed in seeds):
            if isinstance(seed, Pair):
                graph.queue.append(Seed(seed))
            elif isinstance(seed, Onset):
                graph.onsets.append(seed)
        _drain(graph, work)
        tried = {(id(one), id(two)) for one, two in batch}
        graph.unexplained += [
            0.5 * (one.theta + two.theta)
            for (one, two), seeds in zip(batch, found, strict=True)
            if not all(_known(graph, seed) for seed in seeds) and not graph.explained(one, two)
        ]
        differ = [
            edge
            for edge in differ
            if (id(edge[0]), id(edge[1])) not in tried and not graph.explained(*edge)
        ]
    return len(graph.edges) > known


def _known(graph: Graph, seed: Pair | Onset | None) -> bool:
    """Whether a point that separates two places lies on a line of the graph, or beside its end."""
    if isinstance(seed, Pair):
        return graph.has(seed) or _fading_node(graph, seed) is not None
    return seed is not None and _on_onset_line(graph, seed)


def _join_again(graph: Graph) -> None:
    """Give loose ends the nodes of continuous lines that were found later."""
    for number, edge in enumerate(graph.edges):
        if not isinstance(edge.curve, Arc):
            continue
        for side, k in enumerate((edge.tail, edge.head)):
            if graph.nodes[k].kind == "end of a branch":
                found = _fading_node(graph, edge.curve.pairs[-side], _outward(edge.curve, side))
                if found is not None:
                    _attach(graph, number, side, found)


def _one_of_each(edges: list[tuple[Branch, Branch]]) -> list[tuple[Branch, Branch]]:
    """The middle one of the edges between each two patterns: their lines are likely different."""
    groups: dict[Any, list[tuple[Branch, Branch]]] = {}
    for edge in edges:
        groups.setdefault(frozenset((edge[0].pattern, edge[1].pattern)), []).append(edge)
    return [group[len(group) // 2] for group in groups.values()]


def _drain(graph: Graph, work: Work) -> None:
    """Trace everything in the queue, and all that it leads to."""
    land = graph.land
    while graph.queue or graph.onsets:
        waiting, graph.queue = graph.queue, []
        batch: list[Seed] = []
        seen: set[Any] = set()
        for seed in waiting:
            if graph.has(seed.pair):
                continue
            if seed.tail is None and seed.pair.distance < land.settings.faint:
                if _fading_node(graph, seed.pair) is not None:
                    continue  # the line ends there, and is followed from where it is plainer
            key = frozenset(branch.pattern for branch in seed.pair.branches)
            if key in seen:
                graph.queue.append(seed)  # perhaps on the same line: after that one
                continue
            seen.add(key)
            batch.append(seed)
        arcs = list(work(trace, [(q.pair, q.heading) for q in batch], "lines"))
        ends: list[tuple[int, int]] = []
        for seed, arc in zip(batch, arcs, strict=True):
            middle = arc.pairs[len(arc.pairs) // 2]
            better = with_lowest_signs(land, middle)
            if better is not middle:  # where the line began the two were one up to rounding
                graph.queue.append(Seed(better))
                continue
            whole = len(arc.pairs) > 1 or seed.tail is not None
            if whole and not graph.has(middle):
                graph.edges.append(Edge(arc, seed.tail if seed.tail is not None else -1, -1))
                ends += [(len(graph.edges) - 1, side) for side in (0, 1)]
        _join(graph, work, ends)
        work.progress.note(f"{len(graph.edges)} lines")


def _join(graph: Graph, work: Work, ends: list[tuple[int, int]]) -> None:
    """Give ends of new lines their nodes, and new nodes their seeds."""
    fading: list[tuple[int, int]] = []
    opened: list[int] = []
    for number, side in ends:
        arc = graph.edges[number].curve
        assert isinstance(arc, Arc)
        end = arc.ends[side]
        if end.kind == "start":
            continue
        if end.kind == "border":
            _attach(graph, number, side, graph.border(arc.pairs, -side))
        elif isinstance(end.solved, Meeting):
            met, count = end.solved, len(graph.nodes)
            node = Node("junction", met.branches, met.theta, met.branches[0].loss, met.error)
            k = graph.node(node)
            _attach(graph, number, side, k)
            if k == count:
                opened.append(k)
        elif isinstance(end.solved, Degenerate):
            at = end.solved
            node = Node(end.kind, at.branches, at.theta, at.branch.loss, at.error)
            _attach(graph, number, side, graph.node(node))
        else:
            fading.append((number, side))
            if isinstance(end.solved, Onset):
                graph.onsets.append(end.solved)
    _onset_lines(graph, work)
    for number, side in fading:
        arc = graph.edges[number].curve
        assert isinstance(arc, Arc)
        last = arc.pairs[-side]
        k_found = _fading_node(graph, last, _outward(arc, side))
        if k_found is None:
            node = Node("end of a branch", last.branches, last.theta, last.a.loss, last.error)
            k_found = graph.node(node)
        _attach(graph, number, side, k_found)
    results = work(
        open_junction,
        [(graph.nodes[k].branches, graph.nodes[k].error) for k in opened],
        "junctions",
    )
    for k, (branches, seeds) in zip(opened, list(results), strict=True):
        graph.nodes[k] = replace(graph.nodes[k], branches=branches)
        graph.queue += [Seed(pair, heading, k) for pair, heading in seeds]


def _attach(graph: Graph, number: int, side: int, node: int) -> None:
    """End a line in a node, unless that is further from its last point than a step leads."""
    edge, s = graph.edges[number], graph.land.settings
    last = edge.points[-side]
    gap = float(np.abs(graph.nodes[node].theta - last.theta).max())
    if gap > _FARTHEST * max(s.longest_step, s.leap):
        loose = Node("end of a branch", last.branches, last.theta, _loss(last), last.error)
        node = graph.node(loose)
    tail, head = (node, edge.head) if side == 0 else (edge.tail, node)
    graph.edges[number] = Edge(edge.curve, tail, head)


def _outward(arc: Arc, side: int) -> Floats | None:
    """Where a line was heading at an end; None for a single point."""
    thetas = [pair.theta for pair in (arc.pairs if side else arc.pairs[::-1])[-2:]]
    return None if len(thetas) < 2 else np.asarray(thetas[1] - thetas[0])


def _fading_node(graph: Graph, pair: Pair, outward: Floats | None = None) -> int | None:
    """The end of a continuous line, of the phases of the pair, that the pair is about to reach.

    Of one of them only where they are about to become one: features can join in another order.
    """
    plane, s = graph.land.plane, graph.land.settings
    found: list[tuple[bool, float, int]] = []
    for k, node in enumerate(graph.nodes):
        if node.onset is None or node.kind == "border":
            continue
        gap = float(np.abs(node.theta - pair.theta).max())
        behind = outward is not None and (node.theta - pair.theta) @ outward < -s.corner * gap
        if behind or gap >= s.fades:
            continue
        known = [any(same_zeros(plane, one, two) for two in node.branches) for one in pair.branches]
        if all(known) or (any(known) and pair.distance < 2 * s.faint):
            found.append((not all(known), gap, k))
    return min(found)[2] if found else None


def _onset_lines(graph: Graph, work: Work) -> None:
    """The continuous lines through the onsets that wait, and the seeds beside their ends."""
    waiting, graph.onsets, batch = graph.onsets, [], list[Onset]()
    for onset in waiting:
        if _on_onset_line(graph, onset):
            continue
        if any(same_zeros(graph.land.plane, onset.parent, other.parent) for other in batch):
            graph.onsets.append(onset)  # perhaps on the same line: after that one
        else:
            batch.append(onset)
    for found in work(line_with_seeds, [(onset,) for onset in batch], "onsets"):
        if found is None:
            continue
        line, seeds = found
        if _on_onset_line(graph, line.onsets[len(line.onsets) // 2]):
            continue
        numbers = []
        for side, end in enumerate(line.ends):
            if end.kind == "border":
                numbers.append(graph.border(line.onsets, -side))
                continue
            onset = end.solved
            assert isinstance(onset, Onset)
            branches = onset.branches if end.third is None else (*onset.branches, end.third)
            node = Node(end.kind, branches, onset.theta, onset.parent.loss, onset.error, onset)
            numbers.append(graph.node(node))
            beyond = line.beyond[side]
            if end.kind == "bicritical point" and beyond is not None:
                graph.onsets.append(beyond)  # the line goes on with another daughter
            for pair, heading in seeds[side]:
                # Beside a tricritical point a line is begun far on, and followed back to it too.
                whole = end.kind == "tricritical point"
                graph.queue.append(Seed(pair) if whole else Seed(pair, heading, numbers[-1]))
        graph.edges.append(Edge(line, numbers[0], numbers[1]))
    if graph.onsets:
        _onset_lines(graph, work)


def _on_onset_line(graph: Graph, onset: Onset) -> bool:
    """Whether a known continuous line runs through an onset, or its curve does beyond an end."""
    s, plane = graph.land.settings, graph.land.plane
    for edge in graph.lines:
        one = edge.points[0]
        if not same_zeros(plane, one.branches[0], onset.parent):
            continue
        both = isinstance(one, Onset) and one.even and onset.even
        if both and not same_zeros(plane, one.branches[1], onset.daughter):
            continue  # other daughters can leave the parent there
        ends = [graph.nodes[k].theta for k in (edge.tail, edge.head)]
        near = min(float(np.abs(end - onset.theta).max()) for end in ends)
        if (
            near < s.fades
            or polyline.distance(np.array([ends[0], *edge.thetas, ends[1]]), onset.theta) < s.corner
        ):
            return True
    return False
