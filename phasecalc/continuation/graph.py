"""The graph of a diagram: curves that end in points, and points that lead to curves.

scan → seeds → curves with events → nodes → seeds → …, until every difference between neighbouring
cells is explained by the curves between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, carefully, same_zeros, zeros_of
from . import polyline
from .complete import Curve, border_places, explained
from .continuous import continuous
from .curve import Line, Q
from .equations import Meeting
from .first_order import first_order, open_junction
from .nearby import with_lowest
from .onset import Onset
from .scan import Cells, cell_centres, connected, lowest_in, neighbours, seeds_between
from .work import Work

Floats = NDArray[np.float64]

_FARTHEST = 1.5
"""Longest steps, from the last point of a line to the node in which it ends."""
_ROUNDS = 4
"""In which the border is looked at: each finds lines that the one before did not explain."""
_OPEN = -1
"""In place of a node: where a line ends is not known yet."""


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
class Edge(Generic[Q]):
    """A line between two nodes, given by their numbers."""

    line: Line[Q]
    tail: int
    head: int


@dataclass(frozen=True, eq=False)
class Seed:
    """A point of a line: anywhere on it, or beside a known node that the line leaves."""

    point: Meeting | Onset
    heading: Floats | None = None
    tail: int = _OPEN
    again: bool = False
    """Whether it stands for one whose line was not one of lowest phases."""


@dataclass(eq=False)
class Graph:
    """What has been found so far, and the queue of seeds."""

    land: Landscape
    cells: Cells
    states: tuple[Branch | None, ...] = ()
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge[Any]] = field(default_factory=list)
    queue: list[Seed] = field(default_factory=list)
    unexplained: list[Floats] = field(default_factory=list)

    @property
    def unresolved(self) -> list[Floats]:
        """θ of the cells whose lowest minimum did not converge."""
        centres = cell_centres(self.land.plane, self.cells)
        return [theta for theta, b in zip(centres, self.states, strict=True) if b is None]

    @property
    def first_order(self) -> list[Edge[Meeting]]:
        """The first-order lines."""
        return [edge for edge in self.edges if not edge.line.continuous]

    @property
    def continuous(self) -> list[Edge[Onset]]:
        """The continuous lines."""
        return [edge for edge in self.edges if edge.line.continuous]

    @property
    def curves(self) -> list[Curve]:
        """The lines from node to node, where these are known."""
        return [self.curve(edge) for edge in self.edges]

    def curve(self, edge: Edge[Any]) -> Curve:
        """One line from node to node, where these are known."""
        points = edge.line.points
        ends = [
            points[-side].theta if k == _OPEN else self.nodes[k].theta
            for side, k in enumerate((edge.tail, edge.head))
        ]
        return Curve(np.array([ends[0], *edge.line.thetas, ends[1]]), points)

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

    def has(self, point: Meeting | Onset) -> bool:
        """Whether a known line runs through a point."""
        if isinstance(point, Onset):
            return any(self._same_onsets(edge, point) for edge in self.continuous)
        return any(self._same_line(edge.line, point) for edge in self.first_order)

    def _same_line(self, line: Line[Meeting], seed: Meeting) -> bool:
        """Whether the branches of a line, followed to a point, are those of the point."""
        plane, first = self.land.plane, line.points[0]
        if not any(
            same_zeros(plane, one, seed.a) and same_zeros(plane, two, seed.b)
            for one, two in ((first.a, first.b), (first.b, first.a))
        ):
            return False
        thetas = line.thetas
        gaps = np.abs(thetas - seed.theta).max(axis=1)
        near = line.points[int(gaps.argmin())]
        spacing = np.abs(np.diff(thetas, axis=0)).max(initial=self.land.settings.first_step)
        if gaps.min() > 2 * spacing:
            return False
        a, b = (carefully(self.land, branch, seed.theta) for branch in near.branches)
        tiny = min(0.2 * seed.distance, self.land.settings.alike)
        return any(
            one is not None and apart(plane, one, seed.a) < tiny
            and two is not None and apart(plane, two, seed.b) < tiny
            for one, two in ((a, b), (b, a))
        )  # fmt: skip

    def _same_onsets(self, edge: Edge[Onset], onset: Onset) -> bool:
        """Whether a continuous line runs through an onset, or its curve does beyond an end."""
        s, plane, one = self.land.settings, self.land.plane, edge.line.points[0]
        if not same_zeros(plane, one.parent, onset.parent):
            return False
        if one.even and onset.even and not same_zeros(plane, one.daughter, onset.daughter):
            return False  # other daughters can leave the parent there
        thetas = self.curve(edge).thetas
        near = np.abs(thetas[[0, -1]] - onset.theta).max(axis=1).min()
        return bool(near < s.fades or polyline.distance(thetas, onset.theta) < s.corner)

    def key(self, point: Meeting | Onset) -> Any:
        """The same for points that are perhaps on one line."""
        if isinstance(point, Onset):
            return zeros_of(self.land.plane, point.parent)
        return frozenset(branch.pattern for branch in point.branches)

    def known(self, point: Meeting | Onset | None) -> bool:
        """Whether a point that separates two places lies on a line, or beside the end of one."""
        beside = isinstance(point, Meeting) and self.fading(point) is not None
        return point is not None and (beside or self.has(point))

    def add(self, line: Line[Any], tail: int) -> list[int]:
        """A new line with its nodes, and the seeds that it leads to; new junctions."""
        junctions, ends = [], [tail, _OPEN]
        for side, end in enumerate(line.ends):
            node = None if end.kind == "start" else _node_at(line, side)
            if node is not None:
                count = len(self.nodes)
                ends[side] = self.node(node)
                if ends[side] == count and node.kind == "junction":
                    junctions.append(ends[side])
            elif isinstance(end.solved, Onset):
                self.queue.append(Seed(end.solved))
            self.queue += [
                Seed(point, heading, _OPEN if heading is None else ends[side])
                for point, heading in end.seeds
            ]
        self.edges.append(Edge(line, *(self.near(line, k, node) for k, node in enumerate(ends))))
        return junctions

    def near(self, line: Line[Any], side: int, node: int) -> int:
        """A node in which a line ends, unless it is further from its last point than a step."""
        at, s = line.points[-side], self.land.settings
        gap = 0.0 if node == _OPEN else float(np.abs(self.nodes[node].theta - at.theta).max())
        return node if gap <= _FARTHEST * max(s.longest_step, s.leap) else self.loose(at)

    def loose(self, at: Meeting | Onset) -> int:
        """The node of an end that joins nothing."""
        one = at.branches[0]
        return self.node(Node("end of a branch", at.branches, one.theta, one.loss, at.error))

    def join(self, *, last: bool = False) -> None:
        """Give open ends the end of a continuous line; at last, what there is."""
        for number, edge in enumerate(self.edges):
            ends = [edge.tail, edge.head]
            for side in (0, 1):
                if ends[side] == _OPEN:
                    thetas = edge.line.thetas[:: 2 * side - 1]
                    outward = None if len(thetas) < 2 else thetas[-1] - thetas[-2]
                    at = edge.line.points[-side]
                    found = self.fading(at, outward)
                    if found is not None:
                        ends[side] = self.near(edge.line, side, found)
                    elif last:
                        ends[side] = self.loose(at)
            self.edges[number] = replace(edge, tail=ends[0], head=ends[1])

    def fading(self, pair: Meeting, outward: Floats | None = None) -> int | None:
        """The end of a continuous line, of the phases of the pair, that it is about to reach.

        Of one of them only where they are about to become one: features can join in another order.
        """
        plane, s = self.land.plane, self.land.settings
        found: list[tuple[bool, float, int]] = []
        for k, node in enumerate(self.nodes):
            if node.onset is None or node.kind == "border":
                continue
            gap = float(np.abs(node.theta - pair.theta).max())
            behind = outward is not None and (node.theta - pair.theta) @ outward < -s.corner * gap
            if behind or gap >= s.fades:
                continue
            known = [any(same_zeros(plane, q, two) for two in node.branches) for q in pair.branches]
            if all(known) or (any(known) and pair.distance < 2 * s.faint):
                found.append((not all(known), gap, k))
        return min(found)[2] if found else None


def _node_at(line: Line[Any], side: int) -> Node | None:
    """What a line has found at one of its ends; None where it just stops."""
    end, last = line.ends[side], line.points[-side]
    at = last if end.kind == "border" else end.solved
    if at is None or (end.kind == "end of a branch" and not line.continuous):
        return None
    third = () if end.third is None else (end.third,)
    onset = at if isinstance(at, Onset) and end.kind != "border" else None
    return Node(
        end.kind, (*at.branches, *third), at.theta, at.branches[0].loss, at.error, onset
    )  # fmt: skip


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
    graph.join(last=True)
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
        graph.queue += [Seed(seed) for seeds in found for seed in seeds if seed is not None]
        _drain(graph, work)
        tried = {(id(one), id(two)) for one, two in batch}
        graph.unexplained += [
            0.5 * (one.theta + two.theta)
            for (one, two), seeds in zip(batch, found, strict=True)
            if not all(graph.known(seed) for seed in seeds) and not graph.explained(one, two)
        ]
        differ = [
            edge
            for edge in differ
            if (id(edge[0]), id(edge[1])) not in tried and not graph.explained(*edge)
        ]
    return len(graph.edges) > known


def _one_of_each(edges: list[tuple[Branch, Branch]]) -> list[tuple[Branch, Branch]]:
    """The middle one of the edges between each two patterns: their lines are likely different."""
    groups: dict[Any, list[tuple[Branch, Branch]]] = {}
    for edge in edges:
        groups.setdefault(frozenset((edge[0].pattern, edge[1].pattern)), []).append(edge)
    return [group[len(group) // 2] for group in groups.values()]


def trace(
    land: Landscape, point: Meeting | Onset, heading: Floats | None
) -> Line[Meeting] | Line[Onset] | None:
    """The line through a point."""
    if isinstance(point, Onset):
        return continuous(land, point)
    return first_order(land, point, heading)


def _drain(graph: Graph, work: Work) -> None:
    """Trace everything in the queue, and all that it leads to."""
    faint = graph.land.settings.faint
    while graph.queue:
        # Continuous lines first: those of first order end in their end points.
        onsets = [seed for seed in graph.queue if isinstance(seed.point, Onset)]
        others = [seed for seed in graph.queue if isinstance(seed.point, Meeting)]
        waiting, graph.queue = (onsets, others) if onsets else (others, [])
        batch: dict[Any, Seed] = {}
        for seed in waiting:
            point = seed.point
            if graph.has(point):
                continue
            if isinstance(point, Meeting) and seed.tail == _OPEN and point.distance < faint:
                if graph.fading(point) is not None:
                    continue  # the line ends there, and is followed from where it is plainer
            if batch.setdefault(graph.key(point), seed) is not seed:
                graph.queue.append(seed)  # perhaps on the same line: after that one
        tasks = [(seed.point, seed.heading) for seed in batch.values()]
        opened: list[int] = []
        for seed, line in zip(batch.values(), list(work(trace, tasks, "lines")), strict=True):
            if line is None:
                continue
            middle = line.points[len(line.points) // 2]
            better = middle if isinstance(middle, Onset) else with_lowest(graph.land, middle)
            if better is not middle and not seed.again:
                # Where the line began the two were one up to rounding.
                graph.queue.append(Seed(better, again=True))
            elif not graph.has(middle) and (
                line.continuous or len(line.points) > 1 or seed.tail != _OPEN
            ):
                opened += graph.add(line, seed.tail)
        known = [(graph.nodes[k].branches, graph.nodes[k].error) for k in opened]
        results = list(work(open_junction, known, "junctions"))
        for k, (branches, seeds) in zip(opened, results, strict=True):
            graph.nodes[k] = replace(graph.nodes[k], branches=branches)
            graph.queue += [Seed(pair, heading, k) for pair, heading in seeds]
        work.progress.note(f"{len(graph.edges)} lines")
    graph.join()
