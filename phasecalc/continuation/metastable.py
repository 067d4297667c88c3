"""Metastable regions beside first-order lines, bounded by limits of stability as curves.

On either side of a line one of its phases is metastable. Rays go across the line, and turn on past
its ends, up to the border or a line beyond which the phase is the lowest again. Of rays that meet
the same curves in the same order a few are tried: the phase is followed along them until it ends.
Where it ends on no curve yet, the curve of such ends is continued over the window, once for all
lines of the phase, and rays that meet it are tried again. So every ray ends where the phase does,
and not where it meets a curve on which other minima of the same signs end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, apart, apart_from, kind_of, same_signs
from . import polyline
from .assembled import like, names_of
from .curve import Line
from .equations import Meeting
from .first_order import rays_of
from .graph import Graph, Node
from .limits import Limit, cause_of, limit_along, limit_beside, limit_curve
from .records import MetastableRegion, Spinodal
from .work import Work

Floats = NDArray[np.float64]

_FEET = 21
"""At most so many points of a line are the feet of rays: the curves have their own points."""
_TURNS = 4
"""Rays in a fan at an end of a line."""
_TRIED = (0.1, 0.5, 0.9)
"""Which of the rays that meet the same are tried, as shares of the way along their tips."""
_CLOSEST = 1e-3
"""Of two neighbouring rays: the share of the way between two feet."""
_FEWEST = 4
"""Points of a curve: where no more can be solved, next to a special point, there is none."""
_FAINT = 1e-6
"""Error beyond which the ends of a curve of folds are left out: nobody sees less in a picture."""
_NEAREST = 4
"""From so many points of a curve it is asked whether another one lies on it; one does mostly."""


@dataclass(frozen=True, eq=False)
class Wall:
    """What a ray may end on: a curve of limits of stability; a line of its phase has no limits."""

    points: Floats
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, eq=False)
class Hit:
    """Where a ray meets a wall, or by its number a side of the window; ``place`` is on the wall."""

    reach: float
    tip: Floats
    wall: Wall | int
    place: float = 0.0


@dataclass(eq=False)
class Side:
    """One phase of a first-order line, metastable beyond it.

    met : what its rays meet, up to a line of the phase or the border. Rays have numbers, in order
        along the line, and between two there are others. tried : of rays along which the phase was
        followed, the curve on which it ended, and how far on; None where it did not end. failed :
        those on which its end was not solved.
    """

    graph: Graph
    line: Line[Meeting]
    nodes: tuple[Node, Node]
    first: bool
    walls: list[Wall] = field(default_factory=list)
    met: dict[float, list[Hit]] = field(default_factory=dict)
    tried: dict[float, tuple[Wall, float] | None] = field(default_factory=dict)
    failed: set[float] = field(default_factory=set)

    def __post_init__(self) -> None:
        plane, pairs = self.graph.land.plane, self.line.points
        for edge in self.graph.first_order:
            kinds = [kind_of(plane, branch) for branch in edge.line.plainest.branches]
            if edge.line is not self.line and kind_of(plane, self.phase) in kinds:
                self.walls.append(Wall(edge.line.thetas))
        steps = [_gap(one.theta, two.theta) for one, two in pairwise(pairs)]
        along = np.concatenate([[0.0], np.cumsum(steps)])
        near = (int(np.abs(along - t * along[-1]).argmin()) for t in np.linspace(0, 1, _FEET))
        feet = [self._across(pairs[k]) for k in dict.fromkeys(near)]
        self._rays = [*self._fan(0)[::-1], *feet, *self._fan(1)]
        self.met = {float(k): self._meets(k) for k in range(len(self._rays))}

    @property
    def phase(self) -> Branch:
        return self.line.plainest.branches[1 - self.first]

    def _across(self, pair: Meeting) -> tuple[Branch, Floats]:
        """The ray straight across the line to where the phase is the higher one."""
        normal = pair.normal / np.linalg.norm(pair.normal)
        return (pair.a, normal) if self.first else (pair.b, -normal)

    def _fan(self, end: int) -> list[tuple[Branch, Floats]]:
        """Rays that turn from the last one on, past the line's tail or head.

        At a junction they leave the point itself and turn on to a line between two other phases, to
        which the region beside the next line of the phase turns from the other side; at the border,
        on to the border.
        """
        plane, node, line = self.graph.land.plane, self.nodes[end], self.line.points[:: 1 - 2 * end]
        step, tangent = line[0].theta - line[min(1, len(line) - 1)].theta, line[0].tangent
        phase, across = self._across(line[0])
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
        (one, out), (two, into) = self._rays[low], self._rays[min(low + 1, len(self._rays) - 1)]
        way = (1 - t) * out + t * into
        return one, (1 - t) * one.theta + t * two.theta, way / np.linalg.norm(way)

    def _meets(self, number: float) -> list[Hit]:
        plane, (_, foot, way) = self.graph.land.plane, self.ray(number)
        reach, axis = plane.reach(foot, way)
        reach = max(reach, 0.0)
        found = [Hit(reach, foot + reach * way, 2 * axis + int(way[axis] > 0))]
        for wall in self.walls:
            found = self._added(number, found, wall)
        return found

    def _added(self, number: float, met: list[Hit], wall: Wall) -> list[Hit]:
        """What a ray meets, with one wall more."""
        _, foot, way = self.ray(number)
        # Close to its end a line is closer to the curve than that is to its chords.
        corner = self.graph.land.settings.corner
        least = -2 * corner if wall.limits else corner
        new = [
            Hit(max(t, 0.0), foot + max(t, 0.0) * way, wall, place)
            for t, place in polyline.meets(wall.points, foot, way)
            if least < t < met[-1].reach
        ]
        if not wall.limits:
            return sorted([*met, *new], key=lambda hit: hit.reach)[: len(met)] if new else met
        return sorted([*met[:-1], *new], key=lambda hit: hit.reach) + met[-1:]

    def learn(self, curve: Wall) -> None:
        """Let the rays meet a curve of limits of the phase."""
        if curve not in self.walls:
            self.walls.append(curve)
            self.met = {k: self._added(k, met, curve) for k, met in self.met.items()}

    def open(self) -> list[float]:
        """Of neighbouring rays without a tried one that meets the same, the ones to be tried."""
        found = []
        settled = {k: k in self.failed or self._like(k) is not None for k in sorted(self.met)}
        for known, run in groupby(settled, key=lambda k: settled[k]):
            if not known:
                rays = list(run)
                steps = [_gap(self.met[k][-1].tip, self.met[q][-1].tip) for k, q in pairwise(rays)]
                along = np.concatenate([[0.0], np.cumsum(steps)])
                short = along[-1] < self.graph.land.settings.longest_step
                shares = _TRIED[1:2] if short else _TRIED
                picked = {int(np.abs(along - share * along[-1]).argmin()) for share in shares}
                found += [rays[k] for k in sorted(picked)]
        return found

    def _like(self, number: float) -> tuple[float, int] | None:
        """The tried ray next to one that meets the same up to its end, and as which that is.

        None where those to both sides do and end apart: where one is so close to a curve that its
        points do not tell which side of it is meant.
        """
        numbers, met, found = np.array(sorted(self.tried)), self.met[number], []
        near = {*numbers[numbers <= number][-1:], *numbers[numbers >= number][:1]}
        for other in sorted(near, key=lambda k: abs(k - number)):
            known, last, ended = self.met[other], len(self.met[other]) - 1, self.tried[other]
            if ended is not None:
                on_it = (k for k, hit in enumerate(known) if hit.wall is ended[0])
                last = min(on_it, key=lambda k: abs(known[k].reach - ended[1]), default=last)
            if [hit.wall for hit in known[: last + 1]] == [hit.wall for hit in met[: last + 1]]:
                found.append((float(other), last))
        if len(found) == 2 and found[0][1] != found[1][1] and max(near) - min(near) > _CLOSEST:
            return None
        return found[0] if found else None

    def ends(self) -> list[tuple[float, Hit]]:
        """Where the rays end: as a tried one next to each that meets the same."""
        return [(number, self._end(number)) for number in sorted(self.met)]

    def _end(self, number: float) -> Hit:
        met, alike = self.met[number], self._like(number)
        if alike is None:
            own = [ended[0] for ended in self.tried.values() if ended is not None]
            return next((hit for hit in met if hit.wall in own), met[-1])
        hit, ended = met[alike[1]], self.tried[alike[0]]
        if ended is None or hit.wall is ended[0]:
            return hit
        # So close to the end of a line or a curve that their points do not tell them apart.
        (wall, reach), (_, foot, way) = ended, self.ray(number)
        tip = foot + reach * way
        return Hit(reach, tip, wall, float(np.linalg.norm(wall.points - tip, axis=1).argmin()))

    def refine(self) -> bool:
        """Put rays between neighbours that end on different walls, apart; whether there are any."""
        between = [
            0.5 * (k + q)
            for (k, one), (q, two) in pairwise(self.ends())
            if one.wall is not two.wall
            and _gap(one.tip, two.tip) > self.graph.land.settings.corner
            and q - k > _CLOSEST
        ]
        self.met |= {number: self._meets(number) for number in between}
        return bool(between)


def metastable_regions(graph: Graph, work: Work) -> tuple[MetastableRegion, ...]:
    """The regions on both sides of every first-order line."""
    land = graph.land
    whole = [
        Side(graph, edge.line, (graph.nodes[edge.tail], graph.nodes[edge.head]), first)
        for edge in graph.first_order
        for first in (True, False)
    ]
    sides = [side for side in whole if np.isfinite(land.softest(side.phase)[0])]
    curves: list[Wall] = []
    while True:
        rays = [(side, number) for side in sides for number in side.open()]
        if not rays and not any([side.refine() for side in sides]):
            return tuple(_region(side) for side in sides)
        jobs = [(*side.ray(k)[:2], side.met[k][-1].tip) for side, k in rays]
        found = list(work(limit_along, jobs, "stability"))
        _continue(land, work, curves, [q for q in found if not isinstance(q, Branch | None)])
        for (side, number), limit in zip(rays, found, strict=True):
            if limit is None:
                side.tried[number] = None
                continue
            gaps = [np.inf if isinstance(limit, Branch) else away(land, c, limit) for c in curves]
            if min(gaps, default=np.inf) == np.inf:
                side.failed.add(number)
                continue
            curve = curves[int(np.argmin(gaps))]
            side.tried[number] = curve, _gap(limit.theta, side.ray(number)[1])
            for other in sides:
                if same_signs(land.plane, other.phase, side.phase):
                    other.learn(curve)


def _continue(land: Landscape, work: Work, curves: list[Wall], left: list[Limit]) -> None:
    """Add the curves through limits that are on none of those known."""
    while left:
        # One of each kind at a time: others may lie on the same curve.
        left = [q for q in left if all(away(land, curve, q) == np.inf for curve in curves)]
        kinds = {(cause_of(q), kind_of(land.plane, q.branch)): q for q in left[::-1]}
        batch = [q for q in left if q in kinds.values()]
        continued = work(limit_curve, [(q,) for q in batch], "spinodals")
        for limit, (limits, _) in zip(batch, continued, strict=True):
            new = all(away(land, curve, limit) == np.inf for curve in curves)
            if new and len(limits) >= _FEWEST:
                curves.append(wall_of(limits))
        left = [q for q in left if q not in batch]


def away(land: Landscape, curve: Wall, limit: Limit) -> float:
    """How far a limit on a curve is from its nearest point, in θ and x; infinite if not on it.

    It is where the curve's own point beside it, solved for, is the same, up to equally important
    features: a curve of one order of them is that of all others.
    """
    plane, s, first = land.plane, land.settings, curve.limits[0]
    if cause_of(limit) != cause_of(first) or not same_signs(plane, first.branch, limit.branch):
        return np.inf

    def gaps_to(limits: Sequence[Limit], one: Limit) -> Floats:
        places = np.array([other.theta for other in limits])
        found = apart_from(plane, [other.branch for other in limits], one.branch)
        return np.asarray(np.abs(places - one.theta).max(axis=1) + found)

    gaps = gaps_to(curve.limits, limit)
    for k in np.argsort(gaps, kind="stable")[:_NEAREST]:
        beside = curve.limits[max(k - 1, 0) : k + 2]
        if gaps[k] > 2 * gaps_to(beside, curve.limits[k]).max():
            break  # Newton's method could leap to another curve
        found = limit_beside(land, curve.limits[k], limit.theta)
        if found is not None and apart(plane, found.branch, limit.branch) < s.alike:
            miss = float(np.abs(found.theta - limit.theta).max())
            if miss < s.same_point + found.error + limit.error:
                return float(gaps[k])
    return np.inf


def wall_of(limits: tuple[Limit, ...]) -> Wall:
    """A curve of limits, without its ends where these are ever less accurate."""
    good = [k for k, limit in enumerate(limits) if limit.error < _FAINT] or [0]
    limits = limits[good[0] : good[-1] + 1]
    return Wall(np.array([limit.theta for limit in limits]), limits)


def _region(side: Side) -> MetastableRegion:
    plane, phase, boundary = side.graph.land.plane, side.phase.name, names_of(side.line)
    outline, runs = _outline(side)
    spinodals = []
    for wall, places in runs:
        # Only solved points, not where rays meet the chords between them.
        inner = wall.limits[int(np.floor(min(places))) : int(np.ceil(max(places))) + 1]
        error = max(limit.error for limit in inner)
        way = 1 if places[0] < places[-1] else -1
        xs, ys = zip(*(plane.point(limit.theta) for limit in inner[::way]), strict=True)
        spinodals.append(Spinodal(phase, boundary, cause_of(inner[0]), xs, ys, error))
    xs, ys = zip(*map(plane.point, outline), strict=True)
    return MetastableRegion(phase, boundary, xs, ys, tuple(spinodals))


def _outline(side: Side) -> tuple[list[Floats], list[tuple[Wall, list[float]]]]:
    """The corners along a line and back along its rays' ends; and runs of places on the curves."""
    land = side.graph.land
    outline: list[Floats] = [pair.theta for pair in side.line.points]
    runs: list[tuple[Wall, list[float]]] = []
    last: Hit | None = None
    for _, hit in side.ends()[::-1]:
        wall = hit.wall
        if last is not None and isinstance(wall, Wall) and wall is last.wall:
            outline += polyline.between(wall.points, last.place, hit.place)
        elif isinstance(wall, Wall) and wall.limits:
            runs.append((wall, []))
            tip = None if last is None else _tip_of(land, last, hit)
            if tip is not None and last is not None and isinstance(last.wall, Wall):
                # No ray reaches into the horn between two folds: along both, to its tip.
                outline += polyline.between(last.wall.points, last.place, tip[0])
                outline += polyline.between(wall.points, tip[1], hit.place)
                runs[-2][1].append(tip[0])
                runs[-1][1].append(tip[1])
        if isinstance(wall, Wall) and wall.limits:
            runs[-1][1].append(hit.place)
        outline.append(hit.tip)
        last = hit
    return outline, runs


def _gap(one: Floats, two: Floats) -> float:
    return float(np.linalg.norm(one - two))


def _tip_of(land: Landscape, one: Hit, two: Hit) -> tuple[float, float] | None:
    """The places at which two curves end in one point; None where they do not."""
    first, second = one.wall, two.wall
    if not isinstance(first, Wall) or not isinstance(second, Wall) or not first.limits:
        return None
    a, b = first.points, second.points
    best = min((float(np.abs(a[i] - b[j]).max()), i, j) for i in (0, -1) for j in (0, -1))
    if best[0] > land.settings.fades or _gap(one.tip, two.tip) <= land.settings.corner:
        return None
    return (len(a) - 1.0 if best[1] else 0.0), (len(b) - 1.0 if best[2] else 0.0)
