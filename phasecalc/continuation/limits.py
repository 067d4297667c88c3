"""Where a branch stops being a minimum: solved for in a bracket, and continued as a curve.

A minimum meets a saddle (a fold); or it goes on as a saddle, its lowest curvature being 0 where a
daughter leaves it (an onset); or it shrinks into the parent that it left, on that parent's onset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape, walk
from .curve import Across, End, Folds, Stop, continue_curve
from .equations import Degenerate, Flat, aligned, fold_on, left_of, next_fold

Floats = NDArray[np.float64]

Cause = Literal["fold", "onset"]
_SAME = 1.0 - 1e-6
"""Cosine of directions that are one."""
_EVEN = 1e-4
"""∂³L/∂v³ of a branch that is its own mirror image along v, where no saddle meets it but two leave:
0, up to the fourth derivative times the 1e-5 to which a minimum is known along a flat direction."""
_BESIDE = 0.1
"""Of a step: how far from its chord a curve may lie that turns by `longest_turn` at most."""
_ROUNDED = 1e-14
"""Of a curvature, an eigenvalue of second derivatives of order 1: some 50 roundings."""
_EQUAL = 1e-11
"""Of curvatures that symmetry makes equal, at a branch whose gradient is 1e-12."""
_GROWN = 0.5
"""Share of a soft direction of which a feature grows; the rest are other weights and biases."""


@dataclass(frozen=True, eq=False)
class Instability(Flat):
    """A branch whose lowest one-sided curvature is 0.

    ``slope`` is that of the curvature across the curve, along ``across``.
    """

    across: Floats
    slope: float


Limit = Degenerate | Instability
Kind = TypeVar("Kind", Degenerate, Instability)


def cause_of(limit: Limit) -> Cause:
    """What happens at the end of a branch."""
    return "fold" if isinstance(limit, Degenerate) else "onset"


def followed(
    land: Landscape, branch: Branch, target: Floats, narrow: float, step: float
) -> tuple[Branch, Floats | None]:
    """A minimum straight on to θ: there; or its last point, and the next at which it is none.

    These two are at most ``narrow`` apart. All directions are looked at now and then; in between
    only the softest, which moves slowly.
    """
    s, here, checked = land.settings, branch, branch.theta
    _, u = land.softest(here)
    while (left := target - here.theta).any():
        length = float(np.linalg.norm(left))
        step = min(step, length)
        theta = target if step == length else here.theta + (step / length) * left
        moved, least, v = land.follow(here, theta), -np.inf, u
        # Near a fold Newton's method may leap to another minimum.
        if moved is not None and np.abs(moved.x - here.x).max() <= 0.01 + 3.0 * step:
            fresh = float(np.linalg.norm(theta - checked)) > s.checked
            least, v = land.softest(moved, None if fresh else u)
            checked = theta if fresh else checked
        if moved is None or least <= s.least_curvature:
            if step <= narrow:
                return here, theta
            step *= 0.5
            continue
        here, u, step = moved, v, min(1.5 * step, s.longest_step)
    return here, None


def limit_along(
    land: Landscape, phase: Branch, foot: Floats, target: Floats
) -> Limit | Branch | None:
    """Where a minimum ends on the straight way from one θ close to it to another.

    None where it does not; its last point where the end was not solved.
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


def limit_between(land: Landscape, last: Branch, lost: Floats) -> Limit | None:
    """The end of a branch between its last minimum and a θ at which it is none any more.

    None where nothing was solved. The curve of such ends must not be parallel to the way.
    """
    width = float(np.linalg.norm(lost - last.theta))
    along = (lost - last.theta) / width
    soft, u = land.softest(last)
    if not np.isfinite(soft):
        return None
    moved = land.follow(last, lost)
    goes_on = moved is not None and float(np.abs(moved.x - last.x).max()) < 1e-3 + 3.0 * width
    trials = [_instability, _fold, _shrunk] if goes_on else [_fold, _instability, _shrunk]
    for trial in trials:
        found = trial(land, last, u, along)
        if found is None:
            continue
        position = float((found.theta - last.theta) @ along)
        if -land.settings.behind <= position <= width + land.settings.ahead:
            return found
    return None


def _fold(land: Landscape, last: Branch, u: Floats, along: Floats) -> Limit | None:
    found = fold_on(land, last, u, last.theta, along)
    if found is None or found.branch.signs != last.signs or abs(found.third) < _EVEN:
        return None
    return found if abs(land.softest(found.branch)[0]) < land.settings.flat else None


def _shrunk(land: Landscape, last: Branch, u: Floats, along: Floats) -> Limit | None:
    """The onset of the parent into which the branch shrinks."""
    problem = land.plane.problem(last.theta)
    tiny = land.settings.vanished
    for snap in (1e-3, 1e-2, 5e-2):
        x = problem.canonical(last.x, snap)
        x = problem.stationary(x)[0]
        parent = land.branch(last.theta, np.where(np.abs(x) < tiny, 0.0, x), last.family)
        if parent.signs == last.signs or np.abs(parent.gram - last.gram).max() > snap * 10:
            continue
        v = aligned(land, parent.x, problem.canonical(last.x, 0.0)) - parent.x
        if np.abs(v).max() > 10 * snap or not v.any():
            continue
        found = _instability(land, parent, v / np.linalg.norm(v), along, own=True)
        if found is not None:
            return found
    return None


def _instability(
    land: Landscape, last: Branch, u: Floats | None, along: Floats, *, own: bool = False
) -> Instability | None:
    """Where the lowest curvature vanishes; with ``own`` that of the direction u, not of all."""
    own = own or _smooth(land, last)
    u = u if own else None
    for _ in range(3):
        found = instability_on(land, last, u, last.theta, along)
        if found is None or own:
            return found
        # On another side of the kink the curvature may already be negative there.
        least, doubt, u = lowest(land, found.branch)
        if least >= -doubt - abs(found.slope) * found.error:
            return found
    return None


def _steady(land: Landscape, branch: Branch, theta: Floats, u: Floats) -> Branch | None:
    """A branch at θ; where it is smooth without moving along u, in which its loss is even.

    Where it is flat along u Newton's method knows it to few digits, or leaves it.
    """
    moved, problem = land.follow(branch, theta), land.plane.problem(theta)
    if not _smooth(land, branch):
        return moved
    start = (branch if moved is None else moved).x
    P = np.linalg.qr(land.section(branch))[0]
    rows = (start - (start - branch.x) @ u * u)[None]
    (x,), _, _ = problem.settled_within(rows, P @ P.T - np.outer(u, u), downhill=False)
    solved = np.abs(P.T @ problem.gradient(x)).max() <= land.settings.stationary
    near = solved and not land.leaps(x, branch, theta)
    return land.branch(theta, x, branch.family) if near else None


def instability_on(
    land: Landscape,
    branch: Branch,
    near: Floats | None,
    theta: Floats,
    along: Floats,
    slope: float = 0.0,
) -> Instability | None:
    """The zero of the lowest curvature on the line θ + s · along, by secants.

    A slope of the curvature along it that is not known is found first.
    """
    here = walk(land, branch, theta)
    if here is None:
        return None
    value, _, u = lowest(land, here, near)
    for _ in range(13):
        step = -value / slope if slope else land.settings.bracket
        moved = _steady(land, here, here.theta + step * along, u) if abs(step) < 0.2 else None
        if moved is None:
            return None
        new, doubt, u = lowest(land, moved, u)
        if abs(step) > 1e-9 and new != value:
            slope = (new - value) / step
        here, value = moved, new
        if slope and (abs(step) < 1e-11 or abs(value) < doubt):
            error = (abs(value) + doubt) / abs(slope) + land.settings.close
            return Instability(here, u, error, along, slope)
    return None


def _smooth(land: Landscape, branch: Branch) -> bool:
    """Whether the second derivatives that a branch sees are continuous at it."""
    return bool(branch.family) or not land.plane.problem(branch.theta).has_kink(branch.x)


def softest_sides(land: Landscape, branch: Branch) -> list[Floats]:
    """Directions that may have the lowest curvature, up to their signs where it has no kink.

    At a kink the curvature differs from side to side. Where several directions have the same one,
    as for a dropped feature amid a regular polygon, those along the features that are represented.
    """
    if _smooth(land, branch):
        return _along_features(land, branch) or [land.softest(branch)[1]]
    values, directions = land.plane.problem(branch.theta).soft_directions(branch.x)
    likely: list[Floats] = []
    for u in directions[values < values[0] + land.settings.unsure]:
        if all(u @ other < _SAME for other in likely):
            likely.append(u)
    return likely


def _along_features(land: Landscape, branch: Branch) -> list[Floats]:
    """The softest directions in which a feature without weights grows along another, if several."""
    problem = land.plane.problem(branch.theta)
    P = np.linalg.qr(land.section(branch))[0]
    values, vectors = np.linalg.eigh(P.T @ problem.exact_hessian(branch.x) @ P)
    soft = P @ vectors[:, values < values[0] + _EQUAL]
    weights = problem.split(branch.x)[0]
    lengths = np.linalg.norm(weights, axis=0)
    found: list[Floats] = []
    for dropped in np.flatnonzero(lengths == 0) if soft.shape[1] > 1 else ():
        for other in np.flatnonzero(lengths):
            along = np.zeros_like(branch.x)
            problem.split(along)[0][:, dropped] = weights[:, other] / lengths[other]  # a view
            u = soft @ (soft.T @ along)
            size = float(np.linalg.norm(u))
            if size > _GROWN and all(abs(u @ one) < _SAME * size for one in found):
                found.append(u / size)
    return found


def lowest(
    land: Landscape, branch: Branch, near: Floats | None = None
) -> tuple[float, float, Floats]:
    """The lowest curvature, its error, and its direction.

    Where the gradient has a kink, that is an eigenvalue of the second derivatives on the side to
    which the softest direction points, extrapolated to the branch.
    """
    problem = land.plane.problem(branch.theta)
    P = np.linalg.qr(land.section(branch))[0]

    def eigen(H: Floats, like: Floats | None = None) -> tuple[float, Floats]:
        values, vectors = np.linalg.eigh(P.T @ H @ P)
        # On its own side of a kink, the direction that is looked at.
        k = 0 if like is None else int(np.abs(like @ P @ vectors).argmax())
        return float(values[k]), np.asarray(P @ vectors[:, k])

    if _smooth(land, branch):
        value, u = eigen(problem.exact_hessian(branch.x))
        return value, _ROUNDED, u
    if near is None:
        likely = softest_sides(land, branch)
        return min((lowest(land, branch, u) for u in likely), key=lambda found: found[0])
    u = near
    steps = np.array(land.settings.sideways)
    # The polynomial through the matrices at h = 0, and that through all but the widest.
    weights = [
        np.concatenate([np.zeros(k), np.linalg.inv(np.vander(steps[k:], increasing=True))[0]])
        for k in (0, 1)
    ]
    for _ in range(5):  # the eigenvector is the better direction, to second order
        sides = np.array([problem.exact_hessian(branch.x + h * u) for h in steps])
        whole, short = (eigen(np.tensordot(weight, sides, 1), u) for weight in weights)
        v = whole[1] if whole[1] @ u > 0 else -whole[1]
        u, moved = v, float(np.abs(v - u).max())
        if moved < 1e-7:
            break
    # The extrapolation with one matrix less, and the weights of the whole one times a rounding.
    return whole[0], abs(whole[0] - short[0]) + 10 * _ROUNDED, u


def next_instability(
    land: Landscape, here: Instability, theta: Floats, along: Floats
) -> Instability | None:
    """The point of the curve on another line close by; None where that is along the curve."""
    cosine = float(along @ here.across)
    if abs(cosine) < 0.1:
        return None
    return instability_on(land, here.branch, here.null, theta, along, here.slope * cosine)


def limit_beside(land: Landscape, known: Limit, theta: Floats) -> Limit | None:
    """The point of the curve through a known one that is straight across it from θ, or θ itself."""
    if isinstance(known, Instability):
        return instability_on(land, known.branch, known.null, theta, known.across, known.slope)
    if known.tangent is None:
        return None
    axis = int(np.abs(known.tangent[1]).argmax())
    return next_fold(land, known, 0.0, (axis, float(theta[axis])))


def limit_curve(land: Landscape, seed: Limit) -> tuple[tuple[Limit, ...], tuple[End, End]]:
    """The whole curve of limits of stability through one, over the window.

    A curve that comes back to where it began is followed once around, and ends in its first point.
    """
    forth, last = _one_way(land, seed, 1.0)
    if last.kind != "closed":
        back, first = _one_way(land, seed, -1.0)
        return (*back[::-1], seed, *forth), (first, last)
    again = limit_beside(land, forth[-1], seed.theta)  # as the curve comes to it, in x too
    return (seed, *forth, seed if again is None else again), (last, last)


def _one_way(land: Landscape, seed: Limit, sign: float) -> tuple[Sequence[Limit], End]:
    if isinstance(seed, Instability):
        curve = Across(land, next_instability)
        heading = curve.tangent(seed, left_of(seed.across))
        if heading is None:
            return [], End("end of a branch")
        return continue_curve(land, curve, seed, sign * heading, _closes(seed))
    assert seed.tangent is not None
    start = replace(seed, tangent=(sign * seed.tangent[0], sign * seed.tangent[1]))
    return continue_curve(land, Folds(land), start, sign * seed.tangent[1], _closes(start))


def _closes(seed: Kind) -> Stop[Kind]:
    """Ends a curve where it passes its own first point again, in G and θ."""

    def place(limit: Kind) -> Floats:
        return np.concatenate([limit.branch.gram.ravel(), limit.theta])

    def stop(here: Kind, new: Kind, border: bool) -> End | bool:
        if here is seed:
            return True
        left, step = place(seed) - place(here), place(new) - place(here)
        share = float(left @ step) / max(float(step @ step), 1e-300)
        beside = float(np.linalg.norm(left - share * step))
        passes = 0.0 <= share <= 1.0 and beside < _BESIDE * float(np.linalg.norm(step))
        return End("closed") if passes else True

    return stop
