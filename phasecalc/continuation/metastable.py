"""Metastable regions beside first-order lines, bounded by limits of stability as curves.

On either side of a line one of its phases is metastable. It is followed along a few rays across the
line until it ends; where it does, the curve of such ends is continued over the window, once for all
lines of that phase. All other rays are then met with these curves, the border, and the lines beyond
which the phase is the lowest again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, kind_of, same_signs
from ..minima.orbits import orders_of
from . import polyline
from .assembled import like, names_of
from .curve import End, Line
from .equations import Degenerate, Meeting
from .first_order import rays_of
from .graph import Graph, Node
from .limits import Cause, Limit, cause_of, followed, limit_beside, limit_between, limit_curve
from .records import MetastableRegion, Spinodal
from .work import Work

Floats = NDArray[np.float64]

_FAINT = 1e-6
"""Error beyond which the ends of a curve of folds are left out: nobody sees less in a picture."""
_NEAREST = 4
"""From so many points of a curve it is asked whether another one lies on it; one does mostly."""


@dataclass(frozen=True, eq=False)
class Ray:
    """From a foot on a line, where the phase coexists with another, along a unit vector."""

    phase: Branch
    direction: Floats


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of limits of stability, with the points in θ to which it is closed at its ends."""

    limits: tuple[Limit, ...]
    before: tuple[Floats, ...] = ()
    after: tuple[Floats, ...] = ()

    @property
    def cause(self) -> Cause:
        return cause_of(self.limits[0])

    @property
    def thetas(self) -> Floats:
        return np.array([limit.theta for limit in self.limits])

    @property
    def points(self) -> Floats:
        """Its points in θ, and those that close it."""
        return np.array([*self.before, *self.thetas, *self.after])


@dataclass(frozen=True, eq=False)
class Hit:
    """How far a ray goes; and the curve on which it ends, if on one, and the place on that."""

    ray: Ray
    reach: float
    curve: Curve | None = None
    place: float = 0.0

    @property
    def tip(self) -> Floats:
        return self.ray.phase.theta + self.reach * self.ray.direction


@dataclass(frozen=True, eq=False)
class Side:
    """One phase of a first-order line, metastable beyond it, and the curves on which it ends."""

    graph: Graph
    line: Line[Meeting]
    nodes: tuple[Node, Node]
    first: bool
    curves: list[Curve] = field(default_factory=list)

    @property
    def phase(self) -> Branch:
        return self.line.plainest.branches[1 - self.first]

    def across(self, pair: Meeting) -> Ray:
        """Straight across the line to where the phase is the higher one."""
        normal = pair.normal / np.linalg.norm(pair.normal)
        return Ray(pair.a, normal) if self.first else Ray(pair.b, -normal)

    def at(self, shares: Iterable[float]) -> list[Meeting]:
        """The points of the line next to these shares of its length."""
        pairs = self.line.points
        steps = [np.linalg.norm(two.theta - one.theta) for one, two in pairwise(pairs)]
        along = np.concatenate([[0.0], np.cumsum(steps)])
        near = (int(np.abs(along - share * along[-1]).argmin()) for share in shares)
        return [pairs[k] for k in dict.fromkeys(near)]

    def fan(self, end: int) -> list[Ray]:
        """Rays that turn from the last one on, past the line's tail or head.

        At a junction they leave the point itself and turn on to a line between two other phases, to
        which the region beside the next line of the phase turns from the other side; at the border,
        on to the border.
        """
        plane, node, line = self.graph.land.plane, self.nodes[end], self.line.points[:: 1 - 2 * end]
        step, tangent = line[0].theta - line[min(1, len(line) - 1)].theta, line[0].tangent
        ray = self.across(line[0])
        phase, across = ray.phase, ray.direction
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
        turns = self.graph.land.settings.turns
        turned = ((1 - t) * across + t * last for t in (np.arange(turns) + 1) / turns)
        return [Ray(phase, d / np.linalg.norm(d)) for d in turned]

    def hit(self, ray: Ray, curves: Sequence[Curve]) -> Hit:
        """How far a ray goes before it meets a curve, the border, or a line of its phase."""
        foot, plane = ray.phase.theta, self.graph.land.plane
        corner, kind = self.graph.land.settings.corner, kind_of(plane, ray.phase)
        best = Hit(ray, max(plane.reach(foot, ray.direction)[0], 0.0))
        for edge in self.graph.first_order:
            other = edge.line
            if other is self.line or kind not in (
                kind_of(plane, b) for b in other.plainest.branches
            ):
                continue
            for t, _ in polyline.meets(other.thetas, foot, ray.direction):
                if corner < t < best.reach:
                    best = Hit(ray, t)
        for curve in curves:
            for t, place in polyline.meets(curve.points, foot, ray.direction):
                # Close to its end a line is closer to the curve than that is to its chords.
                if -2 * corner < t < best.reach:
                    best = Hit(ray, max(t, 0.0), curve, place)
        return best


def metastable_regions(graph: Graph, work: Work) -> tuple[MetastableRegion, ...]:
    """The regions on both sides of every first-order line."""
    land = graph.land
    whole = [
        Side(graph, edge.line, (graph.nodes[edge.tail], graph.nodes[edge.head]), first)
        for edge in graph.first_order
        for first in (True, False)
    ]
    sides = [side for side in whole if np.isfinite(land.softest(side.phase)[0])]
    curves: list[Curve] = []
    shares = land.settings.followed
    for fan in range(-len(shares), 2):  # across the line; at last the fans at its tail and head
        if fan < 0:
            rays = [(side, side.across(side.at([shares[fan]])[0])) for side in sides]
            rays = [(side, ray) for side, ray in rays if not side.hit(ray, side.curves).curve]
        else:
            rays = [(side, ray) for side in sides for ray in side.fan(fan)[1:]]
        jobs = [(ray, side.hit(ray, ()).reach) for side, ray in rays]
        found = list(work(limit_along, jobs, "stability"))
        left = [limit for limit in found if limit is not None]
        while left:
            # One of each kind at a time: others may lie on the same curve.
            left = [q for q in left if not any(on(land, curve, q) for curve in curves)]
            kinds = {(cause_of(q), kind_of(land.plane, q.branch)): q for q in left[::-1]}
            batch = [q for q in left if q in kinds.values()]
            continued = work(limit_curve, [(q,) for q in batch], "spinodals")
            for limit, (limits, ends) in zip(batch, continued, strict=True):
                if not any(on(land, curve, limit) for curve in curves):
                    curves += pieces_of(graph, limits, ends)
            left = [q for q in left if q not in batch]
        for (side, _), limit in zip(rays, found, strict=True):
            if limit is not None:
                new = [curve for curve in curves if curve not in side.curves]
                side.curves.extend(curve for curve in new if on(land, curve, limit))
    return tuple(_region(side) for side in sides)


def limit_along(land: Landscape, ray: Ray, reach: float) -> Limit | None:
    """Where the phase of a ray ends before it has gone so far; None where it does not."""
    s, here = land.settings, ray.phase
    target, narrow, step = here.theta + reach * ray.direction, s.bracket, s.first_step
    while True:
        here, lost = followed(land, here, target, narrow, step)
        found = None if lost is None else limit_between(land, here, lost)
        if lost is None or found is not None or narrow <= 1e-3 * s.bracket:
            return found
        narrow = step = 0.5 * narrow


def on(land: Landscape, curve: Curve, limit: Limit) -> bool:
    """Whether a limit lies on a curve: the curve's own point beside it, solved for, is the same.

    Up to equally important features: a curve of one order of them is that of all others.
    """
    if cause_of(limit) != curve.cause or not same_signs(
        land.plane, curve.limits[0].branch, limit.branch
    ):
        return False
    s, gram = land.settings, limit.branch.gram
    orders = orders_of(land.plane.classes)
    images = gram[orders[:, :, None], orders[:, None, :]]
    near = np.array([one.branch.gram for one in curve.limits])
    apart = np.abs(near[:, None] - images).max(axis=(2, 3)).min(axis=1)
    gaps = np.abs(curve.thetas - limit.theta).max(axis=1) + apart
    for k in np.argsort(gaps, kind="stable")[:_NEAREST]:
        if gaps[k] > 4 * s.longest_step:
            break
        found = limit_beside(land, curve.limits[k], limit.theta)
        if found is not None:
            away = float(np.abs(found.theta - limit.theta).max())
            alike = float(np.abs(images - found.branch.gram).max(axis=(1, 2)).min()) < s.alike
            if alike and away < s.same_point + found.error + limit.error:
                return True
    return False


def pieces_of(graph: Graph, limits: tuple[Limit, ...], ends: tuple[End, End]) -> list[Curve]:
    """A curve of limits in pieces: behind a cusp of folds it is another minimum that ends.

    With the tricritical points at which a curve of folds fades out. Next to these its points, ever
    less accurate, are left out.
    """
    s = graph.land.settings
    closed: list[tuple[Floats, ...]] = []
    for side, end in enumerate(ends):
        near = (
            node.theta
            for node in graph.nodes
            if end.kind not in ("border", "closed")
            and node.kind == "tricritical point"
            and np.abs(node.theta - limits[-side].theta).max() < s.fades
        )
        closed.append(tuple(near)[:1])
    good = [k for k, limit in enumerate(limits) if limit.error < _FAINT] or [0]
    kept = limits[good[0] : good[-1] + 1]
    cusps = [k for k in range(1, len(kept)) if _is_cusp(kept[k - 1], kept[k])]
    return [
        Curve(kept[a:b], closed[0] if a == 0 else (), closed[1] if b == len(kept) else ())
        for a, b in pairwise([0, *cusps, len(kept)])
    ]


def _is_cusp(here: Limit, there: Limit) -> bool:
    """Whether two minima and the saddle between them are one point between two folds.

    There ∂³L/∂v³ along the folds rises through 0 in the direction v. Where it falls, a minimum and
    two saddles are one, and the same minimum ends on both sides.
    """
    if not isinstance(here, Degenerate) or not isinstance(there, Degenerate):
        return False
    rises = (there.third - here.third) * float(here.null @ (there.branch.x - here.branch.x)) > 0
    return here.third * there.third < 0 and rises


def _region(side: Side) -> MetastableRegion:
    """Rays from the line and fans at its ends, refined where neighbours end apart."""
    settings, plane = side.graph.land.settings, side.graph.land.plane
    feet = side.at(np.linspace(0.0, 1.0, settings.feet))
    rays = [*side.fan(0)[::-1], *(side.across(pair) for pair in feet), *side.fan(1)]
    hits = [side.hit(ray, side.curves) for ray in rays]
    for _ in range(settings.halvings):
        new = hits[:1]
        for one, two in pairwise(hits):
            if one.curve is not two.curve and _gap(one.tip, two.tip) > settings.corner:
                middle = _between(one.ray, two.ray)
                if middle is not None:
                    new.append(side.hit(middle, side.curves))
            new.append(two)
        if len(new) == len(hits):
            break
        hits = new
    outline, runs = _outline(side, hits[::-1])
    phase, boundary = side.phase.name, names_of(side.line)
    spinodals = []
    for curve, places in runs:
        # Only solved points, not where rays meet the chords between them.
        low, high = int(np.floor(min(places))), int(np.ceil(max(places)))
        shift = len(curve.before)
        inner = curve.limits[max(low - shift, 0) : high - shift + 1]
        if inner:
            error = max(limit.error for limit in inner)
            way = 1 if places[0] < places[-1] else -1
            xs, ys = zip(*(plane.point(limit.theta) for limit in inner[::way]), strict=True)
            spinodals.append(Spinodal(phase, boundary, curve.cause, xs, ys, error))
    xs, ys = zip(*map(plane.point, outline), strict=True)
    return MetastableRegion(phase, boundary, xs, ys, tuple(spinodals))


def _outline(side: Side, hits: list[Hit]) -> tuple[list[Floats], list[tuple[Curve, list[float]]]]:
    """The corners along a line and back along its rays' ends; and runs of places on the curves."""
    land = side.graph.land
    outline: list[Floats] = [pair.theta for pair in side.line.points]
    runs: list[tuple[Curve, list[float]]] = []
    last = Hit(hits[0].ray, 0.0)
    for hit in hits:
        if hit.curve is not None and hit.curve is last.curve:
            outline += polyline.between(hit.curve.points, last.place, hit.place)
            runs[-1][1].append(hit.place)
        elif hit.curve is not None:
            runs.append((hit.curve, [hit.place]))
            tip = None
            if last.curve is not None and _gap(outline[-1], hit.tip) > land.settings.corner:
                tip = _tip_of(land, last.curve, hit.curve)
            if tip is not None and last.curve is not None:
                # No ray reaches into the horn between two folds: along both, to its tip.
                outline += polyline.between(last.curve.points, last.place, tip[0])
                outline += polyline.between(hit.curve.points, tip[1], hit.place)
                runs[-2][1].append(tip[0])
                runs[-1][1].insert(0, tip[1])
        outline.append(hit.tip)
        last = hit
    return outline, runs


def _gap(one: Floats, two: Floats) -> float:
    return float(np.linalg.norm(one - two))


def _tip_of(land: Landscape, one: Curve, two: Curve) -> tuple[float, float] | None:
    """The places on two curves at which they end in one point; None where they do not."""
    first, second = one.points, two.points
    best = min((float(np.abs(first[i] - second[j]).max()), i, j) for i in (0, -1) for j in (0, -1))
    if best[0] > land.settings.fades:
        return None
    return (len(first) - 1.0 if best[1] else 0.0), (len(second) - 1.0 if best[2] else 0.0)


def _between(one: Ray, two: Ray) -> Ray | None:
    """The ray half-way between two; its foot lies beside the line by its curvature at most."""
    direction = one.direction + two.direction
    size = float(np.linalg.norm(direction))
    if size < 1e-3:
        return None
    theta = 0.5 * (one.phase.theta + two.phase.theta)
    if (theta == one.phase.theta).all() and size > 2 - 1e-12:
        return None
    return Ray(replace(one.phase, theta=theta), direction / size)
