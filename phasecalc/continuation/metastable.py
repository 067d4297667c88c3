"""Metastable regions beside first-order lines, bounded by limits of stability as curves.

On either side of a line one of its phases is metastable. Rays go across the line, and turn on past
its ends, to the border or to a line on which the phase is lowest again. Of rays that meet the same
curves in the same order one is tried: its phase is followed along it until it ends. Where it does
on no curve yet, the curve of such ends is continued over the window, once for all lines; and rays
that meet this one are tried again. So every ray ends where its phase does, not where a curve runs
on which its phase ends elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, kind_of, same_signs
from . import polyline
from .assembled import like, names_of
from .curve import End
from .equations import Pair
from .events import Arc
from .graph import Graph, Node
from .leaving import rays_of
from .limits import Cause, Limit, cause_of, followed, limit_beside, limit_between, limit_curve
from .records import MetastableRegion, Spinodal
from .work import Work

Floats = NDArray[np.float64]

_FEET = 21
"""At most so many points of a line are the feet of rays: the curves have their own points."""
_TURNS = 4
"""Rays in a fan at an end of a line."""
_TRIED = (0.1, 0.5, 0.9)
"""Where along the tips of rays that meet the same some are tried, as shares of the way."""
_CLOSEST = 1e-3
"""Rays put between two whose ends are apart, as numbers: as much of the way from foot to foot."""
_FEWEST = 4
"""Points of a curve: where no more are solved, next to a special point, there is none."""
_FAINT = 1e-6
"""Error beyond which the ends of a curve of folds are left out: nobody sees less in a picture."""
_NEAREST = 4
"""From so many points of a curve it is asked whether another one lies on it; one does mostly."""


@dataclass(frozen=True, eq=False)
class Wall:
    """What a ray may end on: a curve of limits of stability; without these, a line of its phase."""

    points: Floats
    limits: tuple[Limit, ...] = ()

    @property
    def cause(self) -> Cause:
        return cause_of(self.limits[0])


@dataclass(frozen=True, eq=False)
class Hit:
    """What the ray of a number meets: how far along, where, which wall, and the place on that.

    A side of the window is a wall by its number.
    """

    ray: float
    reach: float
    tip: Floats
    wall: Wall | int
    place: float = 0.0


@dataclass(eq=False)
class Side:
    """One phase of a first-order line, metastable beyond it; its rays in order, and their ends.

    Rays are numbered along the line, with those that turn past its ends; between two rays there are
    others. ``tried`` says on what curve the phase ends along some of them, and how far on.
    """

    graph: Graph
    arc: Arc
    nodes: tuple[Node, Node]
    first: bool
    walls: list[Wall] = field(default_factory=list)
    tried: dict[float, tuple[Wall, float] | None] = field(default_factory=dict)
    met: list[list[Hit]] = field(default_factory=list)
    failed: set[float] = field(default_factory=set)

    def __post_init__(self) -> None:
        kind = kind_of(self.graph.land.plane, self.phase)
        for edge in self.graph.arcs:
            assert isinstance(edge.curve, Arc)
            phases = edge.curve.widest.branches
            if edge.curve is not self.arc and kind in self._kinds(phases):
                self.walls.append(Wall(edge.thetas))
        self.met = [self.meets(float(k)) for k in range(len(self.rays))]

    def _kinds(self, branches: tuple[Branch, ...]) -> list[object]:
        return [kind_of(self.graph.land.plane, branch) for branch in branches]

    @property
    def phase(self) -> Branch:
        return self.of(self.arc.widest)

    def of(self, pair: Pair) -> Branch:
        """The phase at a point of the line."""
        return pair.branches[1 - self.first]

    def across(self, pair: Pair) -> Floats:
        """Straight across the line to where the phase is the higher one."""
        return (1.0 if self.first else -1.0) * pair.normal / np.linalg.norm(pair.normal)

    @cached_property
    def rays(self) -> list[tuple[Branch, Floats]]:
        """Feet, as the phase there, and directions."""
        pairs = self.arc.pairs
        steps = [np.linalg.norm(two.theta - one.theta) for one, two in pairwise(pairs)]
        along = np.concatenate([[0.0], np.cumsum(steps)])
        near = (int(np.abs(along - t * along[-1]).argmin()) for t in np.linspace(0, 1, _FEET))
        feet = [pairs[k] for k in dict.fromkeys(near)]
        straight = [(self.of(pair), self.across(pair)) for pair in feet]
        return [*self.fan(0)[::-1], *straight, *self.fan(1)]

    def fan(self, end: int) -> list[tuple[Branch, Floats]]:
        """Rays that turn from the last ray on, past the line's tail or head.

        At a junction they leave the point itself and turn on to a line between two other phases, to
        which the region beside the next line of the phase turns from the other side; at the border,
        on to the border.
        """
        plane, node, line = self.graph.land.plane, self.nodes[end], self.arc.pairs[:: 1 - 2 * end]
        step, tangent = line[0].theta - line[min(1, len(line) - 1)].theta, line[0].tangent
        phase, across = self.of(line[0]), self.across(line[0])
        if len(node.branches) > 2:
            phase = like(node, phase)
            rays = rays_of(node.branches)
            own = sum((out for a, b, out in rays if phase in (a, b)), np.zeros(2))
            beyond = [out for a, b, out in rays if phase not in (a, b)]
            if not beyond:
                return []
            last = min(beyond, key=lambda out: float(out @ own))
        else:
            gap = np.minimum(np.abs(phase.theta - plane.low), np.abs(plane.high - phase.theta))
            if gap.min() > 1e-6:
                return []
            last = np.eye(2)[1 - int(gap.argmin())]
            last = last if last @ across > 0 else -last
        if np.sign(tangent @ step) * (last @ tangent) < 1e-3 or last @ across < -0.9:
            return []
        turned = ((1 - t) * across + t * last for t in (np.arange(_TURNS) + 1) / _TURNS)
        return [(phase, d / np.linalg.norm(d)) for d in turned]

    def ray(self, number: float) -> tuple[Branch, Floats, Floats]:
        """The phase near the foot of a ray, the foot, and the direction."""
        low, t = int(number), number % 1.0
        (one, out), (two, into) = self.rays[low], self.rays[min(low + 1, len(self.rays) - 1)]
        way = (1 - t) * out + t * into
        return one, (1 - t) * one.theta + t * two.theta, way / np.linalg.norm(way)

    def look(self) -> None:
        """Let the rays meet the walls that are known."""
        self.met = [self.meets(hits[0].ray) for hits in self.met]

    def meets(self, number: float) -> list[Hit]:
        """What a ray meets in order, up to a line of its phase or the border."""
        plane, s = self.graph.land.plane, self.graph.land.settings
        _, foot, way = self.ray(number)
        reach, axis = plane.reach(foot, way)
        places = [(max(reach, 0.0), 2 * axis + int(way[axis] > 0), 0.0)]
        for wall in self.walls:
            # Close to its end a line is closer to the curve than that is to its chords.
            least = -2 * s.corner if wall.limits else s.corner
            for t, place in polyline.meets(wall.points, foot, way):
                if least < t < reach:
                    places.append((max(t, 0.0), wall, place))
        found = []
        for t, wall, place in sorted(places, key=lambda one: one[0]):
            found.append(Hit(number, t, foot + t * way, wall, place))
            if isinstance(wall, int) or not wall.limits:
                break
        return found

    def open(self) -> list[list[Hit]]:
        """Of neighbouring rays to which no tried one is alike, the ones to be tried."""
        found = []
        known = [met[0].ray in self.failed or self._like(met) is not None for met in self.met]
        for one, run in groupby(range(len(known)), key=lambda k: known[k]):
            if one:
                continue
            rays = [self.met[k] for k in run]
            gaps = [_gap(one[-1].tip, two[-1].tip) for one, two in pairwise(rays)]
            along = np.concatenate([[0.0], np.cumsum(gaps)])
            picked = {int(np.abs(along - share * along[-1]).argmin()) for share in _TRIED}
            found += [rays[k] for k in sorted(picked)]
        return found

    def _like(self, met: list[Hit]) -> tuple[float, int] | None:
        """The tried ray next to one that meets the same up to its end, and which that is.

        None where those to both sides do and end apart: where one is so close to a curve that its
        points do not tell which side it is on.
        """
        number = met[0].ray
        numbers = np.array(sorted(self.tried))
        near = dict.fromkeys([*numbers[numbers <= number][-1:], *numbers[numbers >= number][:1]])
        found = []
        for other in sorted(near, key=lambda k: abs(k - number)):
            known, last = self.tried_met[other]
            if [hit.wall for hit in known[: last + 1]] == [hit.wall for hit in met[: last + 1]]:
                found.append((other, last))
        if len(found) == 2 and found[0][1] != found[1][1] and max(near) - min(near) > _CLOSEST:
            return None
        return found[0] if found else None

    @property
    def tried_met(self):
        out = {}
        for met in self.met:
            if met[0].ray in self.tried:
                out[met[0].ray] = met, self._last(met)
        return out

    def _last(self, met: list[Hit]) -> int:
        """Which of the things that a tried ray meets is the one on which it ends."""
        ended = self.tried[met[0].ray]
        on_it = [] if ended is None else [k for k, hit in enumerate(met) if hit.wall is ended[0]]
        return min(on_it, key=lambda k: abs(met[k].reach - ended[1]), default=len(met) - 1)

    def ends(self) -> list[Hit]:
        """Where the rays end: as a tried one next to each that meets the same."""
        return [self._end(met) for met in self.met]

    def _end(self, met: list[Hit]) -> Hit:
        like = self._like(met)
        if like is None:
            own = [ended[0] for ended in self.tried.values() if ended is not None]
            return next((hit for hit in met if hit.wall in own), met[-1])
        ended = self.tried[like[0]]
        hit = met[like[1]]
        if ended is None or hit.wall is ended[0]:
            return hit
        # So close to the end of a line or a curve that their points do not tell them apart.
        _, foot, way = self.ray(hit.ray)
        tip = foot + ended[1] * way
        place = float(np.linalg.norm(ended[0].points - tip, axis=1).argmin())
        return Hit(hit.ray, ended[1], tip, ended[0], place)

    def refine(self) -> bool:
        """Put rays between neighbours that end on different walls, apart; whether there are any."""
        corner, ends = self.graph.land.settings.corner, self.ends()
        new = [
            self.meets(0.5 * (one.ray + two.ray))
            for one, two in pairwise(ends)
            if one.wall is not two.wall
            and _gap(one.tip, two.tip) > corner
            and two.ray - one.ray > _CLOSEST
        ]
        self.met = sorted(self.met + new, key=lambda met: met[0].ray)
        return bool(new)


def metastable_regions(graph: Graph, work: Work) -> tuple[MetastableRegion, ...]:
    """The regions on both sides of every first-order line."""
    land = graph.land
    sides = [
        Side(graph, edge.curve, (graph.nodes[edge.tail], graph.nodes[edge.head]), first)
        for edge in graph.edges
        if isinstance(edge.curve, Arc)
        for first in (True, False)
    ]
    free = [side for side in sides if np.isfinite(land.softest(side.phase)[0])]
    curves: list[Wall] = []
    while True:
        rays = [(side, met) for side in free for met in side.open()]
        if not rays and not any([side.refine() for side in free]):
            break
        jobs = [(*side.ray(met[0].ray)[:2], met[-1].tip) for side, met in rays]
        found = list(work(limit_along, jobs, "stability"))
        left = [limit for limit in found if limit is not None and not isinstance(limit, Branch)]
        while left:
            # One of each kind at a time: others may lie on the same curve.
            left = [q for q in left if all(on(land, curve, q) is None for curve in curves)]
            kinds = {(cause_of(q), kind_of(land.plane, q.branch)): q for q in left[::-1]}
            batch = [q for q in left if q in kinds.values()]
            continued = work(limit_curve, [(q,) for q in batch], "spinodals")
            for limit, (limits, ends) in zip(batch, continued, strict=True):
                if len(limits) >= _FEWEST and all(on(land, c, limit) is None for c in curves):
                    curves.append(closed(graph, limits, ends))
            left = [q for q in left if q not in batch]
        for (side, met), limit in zip(rays, found, strict=True):
            number = met[0].ray
            if limit is None:
                side.tried[number] = None
                continue
            gaps = [] if isinstance(limit, Branch) else [(gap, k) for k, c in enumerate(curves) if (gap := on(land, c, limit)) is not None]
            curve = curves[min(gaps)[1]] if gaps else None
            if curve is None:
                side.failed.add(number)
                print("failed", side.phase.name, number, limit.theta, type(limit).__name__)
                continue
            side.tried[number] = curve, _gap(limit.theta, side.ray(number)[1])
            for other in free:
                if curve not in other.walls and same_signs(land.plane, other.phase, side.phase):
                    other.walls.append(curve)
        for side in free:
            side.look()
    return tuple(_region(side) for side in free)


def limit_along(land: Landscape, phase: Branch, foot: Floats, target: Floats) -> Limit | Branch | None:
    """Where a phase ends on the straight way from one θ to another; None where it does not.

    Where nothing was solved, its last minimum.
    """
    s, here = land.settings, land.follow(phase, foot)
    if here is None:
        return phase
    narrow, step = s.bracket, s.first_step
    while True:
        here, lost = followed(land, here, target, narrow, step)
        found = None if lost is None else limit_between(land, here, lost)
        if lost is None or found is not None:
            return found
        if narrow <= 1e-3 * s.bracket:
            return here
        narrow = step = 0.5 * narrow


def on(land: Landscape, curve: Wall, limit: Limit) -> float | None:
    """How far a limit on a curve is from the nearest point of it; None where it is not on it.

    It is where the curve's own point beside it, solved for, is the same, up to equally important
    features: a curve of one order of them is that of all others.
    """
    plane, s = land.plane, land.settings
    if cause_of(limit) != curve.cause or not same_signs(plane, curve.limits[0].branch, limit.branch):
        return None

    def gap(one: Limit, two: Limit) -> float:
        return float(np.abs(one.theta - two.theta).max()) + apart(plane, one.branch, two.branch)

    gaps = np.array([gap(one, limit) for one in curve.limits])
    for k in np.argsort(gaps, kind="stable")[:_NEAREST]:
        beside = curve.limits[max(k - 1, 0) : k + 2]
        if gaps[k] > 2 * max(gap(curve.limits[k], one) for one in beside):
            break  # Newton's method could leap to another curve
        found = limit_beside(land, curve.limits[k], limit.theta)
        if found is not None:
            away = float(np.abs(found.theta - limit.theta).max())
            alike = apart(plane, found.branch, limit.branch) < s.alike
            if alike and away < s.same_point + found.error + limit.error:
                return float(gaps[k])
    return None


def closed(graph: Graph, limits: tuple[Limit, ...], ends: tuple[End, End]) -> Wall:
    """A curve of limits, up to the tricritical points at which it fades out.

    Next to these its points, ever less accurate, are left out.
    """
    s = graph.land.settings
    good = [k for k, limit in enumerate(limits) if limit.error < _FAINT] or [0]
    limits = limits[good[0] : good[-1] + 1]
    points = [limit.theta for limit in limits]
    for side, end in enumerate(ends):
        near = (
            node.theta
            for node in graph.nodes
            if end.kind not in ("border", "closed")
            and node.kind == "tricritical point"
            and np.abs(node.theta - limits[-side].theta).max() < s.fades
        )
        for theta in list(near)[:1]:
            points.insert(side * len(points), theta)
            limits = (limits[0], *limits) if side == 0 else (*limits, limits[-1])
    return Wall(np.array(points), limits)


def _region(side: Side) -> MetastableRegion:
    """The tips of rays, put closer together where neighbours end on different walls."""
    plane, corner = side.graph.land.plane, side.graph.land.settings.corner
    outline, runs = _outline(side, side.ends()[::-1])
    phase, boundary = side.phase.name, names_of(side.arc)
    spinodals = []
    for wall, places in runs:
        # Only solved points, not where rays meet the chords between them.
        inner = wall.limits[int(np.floor(min(places))) : int(np.ceil(max(places))) + 1]
        error = max(limit.error for limit in inner)
        way = 1 if places[0] < places[-1] else -1
        xs, ys = zip(*(plane.point(limit.theta) for limit in inner[::way]), strict=True)
        spinodals.append(Spinodal(phase, boundary, wall.cause, xs, ys, error))
    xs, ys = zip(*map(plane.point, outline), strict=True)
    return MetastableRegion(phase, boundary, xs, ys, tuple(spinodals))


def _outline(side: Side, hits: list[Hit]) -> tuple[list[Floats], list[tuple[Wall, list[float]]]]:
    """The corners along a line and back along its rays' ends; and runs of places on the curves."""
    land = side.graph.land
    outline: list[Floats] = [pair.theta for pair in side.arc.pairs]
    runs: list[tuple[Wall, list[float]]] = []
    last: Hit | None = None
    for hit in hits:
        if isinstance(hit.wall, Wall):
            if last is not None and hit.wall is last.wall:
                outline += polyline.between(hit.wall.points, last.place, hit.place)
                if hit.wall.limits: runs[-1][1].append(hit.place)
            else:
                if hit.wall.limits: runs.append((hit.wall, [hit.place]))
                if last is not None and hit.wall.limits and isinstance(last.wall, Wall) and last.wall.limits and _gap(outline[-1], hit.tip) > land.settings.corner:
                    tip = _tip_of(land, last.wall, hit.wall)
                    if tip is not None:
                        # No ray reaches into the horn between two folds: along both, to its tip.
                        outline += polyline.between(last.wall.points, last.place, tip[0])
                        outline += polyline.between(hit.wall.points, tip[1], hit.place)
                        runs[-2][1].append(tip[0])
                        runs[-1][1].insert(0, tip[1])
        outline.append(hit.tip)
        last = hit
    return outline, runs


def _gap(one: Floats, two: Floats) -> float:
    return float(np.linalg.norm(one - two))


def _tip_of(land: Landscape, one: Wall, two: Wall) -> tuple[float, float] | None:
    """The places on two curves at which they end in one point; None where they do not."""
    first, second = one.points, two.points
    best = min((float(np.abs(first[i] - second[j]).max()), i, j) for i in (0, -1) for j in (0, -1))
    if best[0] > land.settings.fades:
        return None
    return (len(first) - 1.0 if best[1] else 0.0), (len(second) - 1.0 if best[2] else 0.0)
