"""Metastable regions beside first-order lines, bounded by limits of stability as curves.

On either side of a line one of its phases is metastable. It is followed along a few rays across the
line until it ends; where it does, the curve of such ends is continued over the window, once for all
lines of that phase. All other rays are then met with these curves, the border, and the lines beyond
which the phase is the lowest again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from . import polyline
from .branch import Branch, Landscape, kind_of, orders_of, same_signs
from .curve import End
from .equations import Degenerate, Pair
from .events import Arc
from .graph import Graph, Node
from .leaving import rays_of
from .limits import Cause, Limit, cause_of, followed, limit_beside, limit_between, limit_curve
from .work import Work

Floats = NDArray[np.float64]

_FAINT = 1e-6
"""Error beyond which the ends of a curve of folds are left out: nobody sees less in a picture."""
_NEAREST = 4
"""From so many points of a curve it is asked whether another one lies on it; one does mostly."""
Hit = tuple[float, tuple[int, float] | None]
"""How far a ray goes; and on which curve, and where on it, it ends, if on one."""


@dataclass(frozen=True, eq=False)
class Ray:
    """From a foot on a line, where the phase coexists with another, along a unit vector."""

    phase: Branch
    direction: Floats


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of limits of stability with its cause and error; its points in θ and x."""

    limits: tuple[Limit, ...]
    ends: tuple[Floats, ...] = ()

    @property
    def cause(self) -> Cause:
        return cause_of(self.limits[0])

    @property
    def thetas(self) -> Floats:
        return np.array([limit.theta for limit in self.limits])


@dataclass(frozen=True, eq=False)
class Region:
    """Where one phase of a line is metastable: outline, and (cause, points, error) of curves."""

    arc: Arc
    phase: Branch
    outline: Floats
    curves: tuple[tuple[Cause, Floats, float], ...]


def metastable_regions(graph: Graph, work: Work) -> tuple[Region, ...]:
    """The regions on both sides of every first-order line."""
    land = graph.land
    sides = [
        (number, first)
        for number, edge in enumerate(graph.edges)
        if isinstance(edge.curve, Arc)
        for first in (True, False)
        if np.isfinite(land.softest(_phase(edge.curve.widest, first))[0])
    ]
    curves: list[Curve] = []
    owned: dict[tuple[int, bool], list[int]] = {side: [] for side in sides}
    shares = land.settings.followed
    for fan in range(-len(shares), 2):  # across the line; at last the fans at its tail and head
        jobs, whose = [], []
        for number, first in sides:
            arc = graph.edges[number].curve
            assert isinstance(arc, Arc)
            known = _bounds(curves, owned[number, first])
            if fan < 0:
                rays = [_across(_at_share(arc, shares[fan]), first)]
            else:
                rays = _fans(graph, number, first)[fan][1:]
            for ray in rays:
                if fan >= 0 or _hit(graph, arc, ray, known)[1] is None:
                    jobs.append((ray, _hit(graph, arc, ray, ())[0]))
                    whose.append((number, first))
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
        for side, limit in zip(whose, found, strict=True):
            if limit is not None:
                owned[side] += [k for k, curve in enumerate(curves) if on(land, curve, limit)]
    return tuple(
        _region(graph, number, first, _bounds(curves, owned[number, first]))
        for number, first in sides
    )


def _bounds(curves: Sequence[Curve], owned: Sequence[int]) -> list[Curve]:
    return [curves[k] for k in dict.fromkeys(owned)]


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


def _phase(pair: Pair, first: bool) -> Branch:
    return pair.a if first else pair.b


def _at_share(arc: Arc, share: float) -> Pair:
    along = _along(arc.pairs)
    return arc.pairs[int(np.abs(along - share * along[-1]).argmin())]


def _along(pairs: Sequence[Pair]) -> Floats:
    steps = [np.linalg.norm(there.theta - here.theta) for here, there in pairwise(pairs)]
    return np.concatenate([[0.0], np.cumsum(steps)])


def _across(pair: Pair, first: bool) -> Ray:
    """Straight across the line to where the phase is the higher one."""
    normal = pair.normal / np.linalg.norm(pair.normal)
    return Ray(pair.a, normal) if first else Ray(pair.b, -normal)


def on(land: Landscape, curve: Curve, limit: Limit) -> bool:
    """Whether a limit lies on a curve: the curve's own point beside it, solved for, is the same.

    Up to equally important features: a curve of one order of them is that of all others.
    """
    if cause_of(limit) != curve.cause or not same_signs(
        land.plane, curve.limits[0].branch, limit.branch
    ):
        return False
    s, gram = land.settings, limit.branch.gram
    images = np.array([gram[np.ix_(order, order)] for order in orders_of(land.plane.classes)])
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
    closed = []
    for side, end in enumerate(ends):
        limit = limits[-side]
        near = [
            node.theta
            for node in graph.nodes
            if end.kind not in ("border", "closed")
            and node.kind == "tricritical point"
            and np.abs(node.theta - limit.theta).max() < s.fades
        ]
        closed.append(np.array(near[:1]).reshape(-1, 2))
    good = [k for k, limit in enumerate(limits) if limit.error < _FAINT] or [0]
    kept = limits[good[0] : good[-1] + 1]
    cusps = [k for k in range(1, len(kept)) if _is_cusp(kept[k - 1], kept[k])]
    none, pieces = np.empty((0, 2)), list(pairwise([0, *cusps, len(kept)]))
    return [
        Curve(kept[a:b], (closed[0] if a == 0 else none, closed[1] if b == len(kept) else none))
        for a, b in pieces
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


# Rays against curves ----------------------------------------------------------------------------


def _points(curve: Curve) -> Floats:
    if not curve.ends:
        return curve.thetas
    return np.concatenate([curve.ends[0], curve.thetas, curve.ends[1]])


def _hit(graph: Graph, arc: Arc, ray: Ray, curves: Sequence[Curve]) -> Hit:
    """How far a ray goes before it meets a curve, the border, or a line of its phase."""
    foot, plane = ray.phase.theta, graph.land.plane
    kind = kind_of(plane, ray.phase)
    reach, _ = plane.reach(foot, ray.direction)
    best: Hit = (max(reach, 0.0), None)
    for edge in graph.arcs:
        other = edge.curve
        assert isinstance(other, Arc)
        if other is arc or kind not in (kind_of(plane, b) for b in other.widest.branches):
            continue
        for t, _ in polyline.meets(edge.thetas, foot, ray.direction):
            if 1e-9 < t < best[0] and t > graph.land.settings.corner:
                best = (t, None)
    for k, curve in enumerate(curves):
        for t, place in polyline.meets(_points(curve), foot, ray.direction):
            # Close to its end a line is closer to the curve than that is to its chords.
            if -2 * graph.land.settings.corner < t < best[0]:
                best = (max(t, 0.0), (k, place))
    return best


def _region(graph: Graph, number: int, first: bool, curves: list[Curve]) -> Region:
    """Rays from the line and fans at its ends, refined where neighbours end apart."""
    edge = graph.edges[number]
    arc = edge.curve
    assert isinstance(arc, Arc)
    along = _along(arc.pairs)
    wanted = np.linspace(0.0, along[-1], graph.land.settings.feet)
    feet = [arc.pairs[k] for k in sorted({int(np.abs(along - s).argmin()) for s in wanted})]
    fans = _fans(graph, number, first)
    rays = [*fans[0][::-1], *(_across(pair, first) for pair in feet), *fans[1]]
    ends = [(ray, _hit(graph, arc, ray, curves)) for ray in rays]
    for _ in range(graph.land.settings.halvings):
        new = [ends[0]]
        for one, two in pairwise(ends):
            gap = float(np.linalg.norm(_tip(*one) - _tip(*two)))
            where = [hit[1][0] if hit[1] else None for _, hit in (one, two)]
            if where[0] != where[1] and gap > graph.land.settings.corner:
                middle = _between(one[0], two[0])
                if middle is not None:
                    new.append((middle, _hit(graph, arc, middle, curves)))
            new.append(two)
        if len(new) == len(ends):
            break
        ends = new
    outline, runs = _outline(graph.land, arc, ends[::-1], curves)
    parts = []
    for k, places in runs:
        curve = curves[k]
        shift = 0 if not curve.ends else len(curve.ends[0])
        # Only solved points, not where rays meet the chords between them.
        low, high = int(np.floor(min(places))) - shift, int(np.ceil(max(places))) - shift
        inner = curve.limits[max(low, 0) : high + 1]
        if inner:
            thetas = np.array([limit.theta for limit in inner])
            error = max(limit.error for limit in inner)
            parts.append((curve.cause, thetas if places[0] < places[-1] else thetas[::-1], error))
    return Region(arc, _phase(arc.widest, first), outline, tuple(parts))


def _outline(
    land: Landscape, arc: Arc, ends: list[tuple[Ray, Hit]], curves: list[Curve]
) -> tuple[Floats, list[tuple[int, list[float]]]]:
    """The corners along a line and back along its rays' ends; and runs of places on the curves."""
    outline: list[Floats] = [pair.theta for pair in arc.pairs]
    runs: list[tuple[int, list[float]]] = []
    last: tuple[int, float] | None = None
    for ray, (t, place) in ends:
        here = ray.phase.theta + t * ray.direction
        if place is not None and last is not None and last[0] == place[0]:
            outline += polyline.between(_points(curves[place[0]]), last[1], place[1])
            runs[-1][1].append(place[1])
        elif place is not None:
            runs.append((place[0], [place[1]]))
            tip = None
            if last is not None and np.linalg.norm(outline[-1] - here) > land.settings.corner:
                tip = _tip_of(land, curves[last[0]], curves[place[0]])
            if tip is not None and last is not None:
                # No ray reaches into the horn between two folds: along both, to its tip.
                outline += polyline.between(_points(curves[last[0]]), last[1], tip[0])
                outline += polyline.between(_points(curves[place[0]]), tip[1], place[1])
                runs[-2][1].append(tip[0])
                runs[-1][1].insert(0, tip[1])
        outline.append(here)
        last = place
    return np.array(outline), runs


def _fans(graph: Graph, number: int, first: bool) -> tuple[list[Ray], list[Ray]]:
    edge = graph.edges[number]
    pairs = edge.curve.pairs if isinstance(edge.curve, Arc) else ()
    nodes = graph.nodes[edge.tail], graph.nodes[edge.head]
    found = [
        _fan(graph, node, _across(line[0], first), _outward(line))
        for node, line in zip(nodes, (pairs, pairs[::-1]), strict=True)
    ]
    return found[0], found[1]


def _tip_of(land: Landscape, one: Curve, two: Curve) -> tuple[float, float] | None:
    """The places on two curves at which they end in one point; None where they do not."""
    first, second = _points(one), _points(two)
    best = min((float(np.abs(first[i] - second[j]).max()), i, j) for i in (0, -1) for j in (0, -1))
    if best[0] > land.settings.fades:
        return None
    return (len(first) - 1.0 if best[1] else 0.0), (len(second) - 1.0 if best[2] else 0.0)


def _tip(ray: Ray, hit: Hit) -> Floats:
    return ray.phase.theta + hit[0] * ray.direction


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


def _outward(pairs: Sequence[Pair]) -> Floats:
    """Unit vector out of a line at its first point, from one that is not too close to it."""
    steps = [pairs[0].theta - pair.theta for pair in pairs[1:]]
    sizes = [float(np.linalg.norm(step)) for step in steps]
    if not sizes or max(sizes) == 0.0:
        return np.zeros(2)
    k = next((k for k, size in enumerate(sizes) if size > 1e-3), int(np.argmax(sizes)))
    return np.asarray(steps[k] / sizes[k])


def _fan(graph: Graph, node: Node, ray: Ray, outward: Floats) -> list[Ray]:
    """Rays that turn from the last one on, past the end of the line.

    At a junction they leave the point itself and turn on to a line between two other phases, to
    which the region beside the next line of the phase turns from the other side; at the border, on
    to the border.
    """
    plane = graph.land.plane
    if len(node.branches) > 2:
        phase = _nearest(node, ray.phase)
        ray = Ray(phase, ray.direction)
        rays = rays_of(node.branches)
        own = np.zeros(2)
        for a, b, out in rays:
            own += out * (a is phase or b is phase)
        beyond = [out for a, b, out in rays if a is not phase and b is not phase]
        if not beyond:
            return []
        last = min(beyond, key=lambda out: float(out @ own))
    else:
        gap = np.minimum(np.abs(ray.phase.theta - plane.low), np.abs(plane.high - ray.phase.theta))
        if gap.min() > 1e-6:
            return []
        last = np.eye(2)[1 - int(gap.argmin())]
        last = last if last @ ray.direction > 0 else -last
    if last @ outward < 1e-3 or last @ ray.direction < -0.9:
        return []
    turns = graph.land.settings.turns
    shares = (np.arange(turns) + 1) / turns
    turned = [(1 - t) * ray.direction + t * last for t in shares]
    return [Ray(ray.phase, d / np.linalg.norm(d)) for d in turned]


def _nearest(node: Node, branch: Branch) -> Branch:
    return min(node.branches, key=lambda one: float(np.abs(one.gram - branch.gram).max()))
