"""Branch points where an overlap grows from 0: a daughter leaves its parent.

On the line itself the daughter is singular. So ∇L = 0, |G_ij| = a is solved for (x, position) at a
few amplitudes a > 0, where it is regular, and the position, smooth in a, is extrapolated to a = 0.
Its slope there tells whether the daughter is a minimum beyond the line (a continuous transition) or
a saddle before it (a first-order one); where it is 0, a tricritical point lies.

The slope is that against a where a kink of the loss (an output with bias 0, that the overlap clips)
makes the daughter grow as the distance from the line. Where the loss has no kink and a daughter of
amplitude −a, the mirror image, lies at the same place, the position is smooth and even in a: it is
smooth in u = Σ G_ij² over all overlaps that grow, and the daughter grows as the square root of the
distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..landscapes.branch import Branch, Landscape
from ..minima.problem import Problem
from .equations import Meeting, aligned, coexistence, left_of

Floats = NDArray[np.float64]

_PLACED = 1e-14
"""Of a position, whose rounding is that of θ."""
_SHIFT = 1e-6
"""Of differences in the position, in a Jacobian only."""
_ASIDE = float(np.sqrt(0.75))
"""Sine of 60°, by which directions are turned."""
_OPPOSITE = -0.75
"""Of the squared length of the overlaps that grow in a daughter: their product with those of its
mirror image, which are opposite but for what grows as a². A threefold symmetry gives −1/2."""


@dataclass(frozen=True, eq=False)
class Onset:
    """A point where a daughter leaves its parent.

    parent : the parent there. daughters : at the amplitudes, largest first.
    place : the overlap that grows. direction : unit vector in θ, from the parent's side of the
    line to the other. slope, bend : a daughter of amplitude a lies slope u + bend u² + … beyond
    the line, with u = a, or u = Σ G_ij² of all overlaps that grow where that is ``even``. error :
    of the position along the direction. exponent : of distance in the loss that the daughter gains,
    with its error, where the slope is positive.
    """

    parent: Branch
    daughters: tuple[Branch, ...]
    place: tuple[int, int]
    direction: Floats
    slope: float
    bend: float
    error: float
    slope_error: float
    exponent: tuple[float, float] | None
    even: bool = False

    @property
    def theta(self) -> Floats:
        return self.parent.theta

    @property
    def daughter(self) -> Branch:
        """The one of the smallest amplitude."""
        return self.daughters[-1]

    @property
    def branches(self) -> tuple[Branch, Branch]:
        return self.parent, self.daughter


def order_parameter(land: Landscape, parent: Branch, daughter: Branch) -> tuple[int, int] | None:
    """The overlap that vanishes in the parent and is largest in the daughter; None if none does."""
    tiny = land.settings.vanished
    grown = np.where(np.abs(parent.gram) < tiny, np.abs(daughter.gram), 0.0)
    np.fill_diagonal(grown, 0.0)
    i, j = np.unravel_index(int(grown.argmax()), grown.shape)
    return (int(i), int(j)) if grown[i, j] > tiny else None


def onset_near(
    land: Landscape, parent: Branch, daughter: Branch, theta: Floats, direction: Floats
) -> Onset | None:
    """The onset on the line θ + s · direction, from a daughter close to it; None where lost."""
    place = order_parameter(land, parent, daughter)
    if place is None:
        return None
    first = land.settings.amplitudes[0]
    solver = _FixedAmplitude(land, daughter, place, theta, direction)
    solved = solver.from_daughter(daughter, first)
    return None if solved is None else _extrapolated(solver, parent, [solved])


def next_onset(land: Landscape, here: Onset, theta: Floats, direction: Floats) -> Onset | None:
    """The onset on another line close by, from what is known here; either way along the line."""
    way = theta - here.theta
    # To the same side of the curve, which is along the way there; on the spot, about the same way.
    side = left_of(way) if np.abs(way).max() > land.settings.narrow else here.direction
    if (direction @ side) * (here.direction @ side) < 0:
        direction = -direction
    solver = _FixedAmplitude(land, here.daughter, here.place, theta, direction)
    moved = [
        here.theta + (q.theta - here.theta) @ here.direction * direction for q in here.daughters
    ]
    shift = _carried(land, here, theta, direction) if here.even else 0.0
    near = [
        (daughter.x + shift, float((start - theta) @ direction))
        for daughter, start in zip(here.daughters, moved, strict=True)
    ]
    return _extrapolated(solver, here.parent, near)


def turned(land: Landscape, here: Onset) -> list[Onset]:
    """The same onset along directions on both sides of its own, with the daughter beyond it.

    One of them leads across the curve of onsets where the onset's own runs along it.
    """
    across = np.array([-here.direction[1], here.direction[0]])
    found = [
        next_onset(land, here, here.theta, 0.5 * here.direction + side * across)
        for side in (_ASIDE, -_ASIDE)
    ]
    return [new for new in found if new is not None and new.slope * here.slope > 0]


def _carried(land: Landscape, here: Onset, theta: Floats, direction: Floats) -> Floats | float:
    """How far the parent moves up to the line of the next onset: its daughters do about the same.

    Where nothing is clipped, curvatures are so small that small steps lead far.
    """
    onto = theta + (here.theta - theta) @ direction * direction
    moved = _parent_at(land, here.parent, onto)
    return 0.0 if moved is None else moved.x - here.parent.x


def _extrapolated(
    solver: _FixedAmplitude, parent: Branch, near: list[tuple[Floats, float]]
) -> Onset | None:
    land, theta, direction = solver.land, solver.theta, solver.direction
    amplitudes = np.array(land.settings.amplitudes)
    found = _downwards(solver, near) or _upwards(solver, near)
    if found is None:
        return None
    positions = np.array([s for _, s in found])
    daughters = tuple(
        land.branch(theta + s * direction, x, solver.daughter.family) for x, s in found
    )
    even = any(_has_image(land, parent, daughter) for daughter in daughters[::-1])
    u = np.array([grown(land, parent, q) for q in daughters]) if even else amplitudes
    whole, short = _at_zero(u, positions), _at_zero(u[1:], positions[1:])
    at = _parent_at(land, parent, theta + whole[0] * direction)
    if at is None:
        return None
    exponent = _exponent(land, at, daughters, positions - whole[0]) if whole[1] > 0 else None
    # Of the polynomial with one point less: larger than that of the whole one, and an estimate.
    error = float(abs(whole[0] - short[0])) + _PLACED
    slope, bend = float(whole[1]), float(whole[2])
    doubt = float(abs(whole[1] - short[1]))
    return Onset(at, daughters, solver.place, direction, slope, bend, error, doubt, exponent, even)


def _downwards(
    solver: _FixedAmplitude, near: list[tuple[Floats, float]]
) -> list[tuple[Floats, float]] | None:
    """The daughters at all amplitudes, each from a known one near it or from the one before."""
    found: list[tuple[Floats, float]] = []
    for k, a in enumerate(solver.land.settings.amplitudes):
        tries = (solver.solve(*start, a) for start in (*near[k : k + 1], *found[-1:]))
        solved = next((one for one in tries if one is not None), None)
        if solved is None:
            return None
        found.append(solved)
    return found


def _upwards(
    solver: _FixedAmplitude, near: list[tuple[Floats, float]]
) -> list[tuple[Floats, float]] | None:
    """The same from the smallest amplitude, next to which the known one is nearly right.

    How far it is from right grows as a², in even daughters, which are those that get lost.
    """
    sizes = solver.land.settings.amplitudes
    if len(near) < len(sizes):
        return None
    known = [np.append(x, s) for x, s in near]
    off, found = np.zeros_like(known[0]), []
    for k in reversed(range(len(sizes))):
        start = known[k] + off
        solved = solver.solve(start[:-1], float(start[-1]), sizes[k])
        if solved is None:
            return None
        found.append(solved)
        off = (np.append(*solved) - known[k]) * (sizes[max(k - 1, 0)] / sizes[k]) ** 2
    return found[::-1]


def _has_image(land: Landscape, parent: Branch, daughter: Branch) -> bool:
    """Whether the loss is smooth around the parent, and the same at the daughter's mirror image."""
    problem = land.plane.problem(daughter.theta)
    at = _parent_at(land, parent, daughter.theta)
    if at is None or at.family or problem.has_kink(at.x):
        return False
    # Not by the landscape's way, which keeps signs: overlaps that are even keep theirs.
    x, loss, size = problem.stationary(2.0 * at.x - aligned(land, at.x, daughter.x))
    one, two = (
        _of_vanished(land, parent, daughter.gram),
        _of_vanished(land, parent, problem.gram(x)),
    )
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(two))
    opposite = one @ two < _OPPOSITE * max(lengths) ** 2
    s = land.settings
    return bool(opposite and size <= s.stationary and abs(loss - daughter.loss) < s.lower)


def _parent_at(land: Landscape, parent: Branch, theta: Floats) -> Branch | None:
    """The parent at a θ near which its loss is flat along a daughter.

    There Newton's method may go some way along the daughter before rounding stops it. Then it takes
    only steps along which the overlaps that vanish stay 0.
    """
    at, tiny = land.follow(parent, theta), land.settings.vanished
    vanish = np.argwhere(np.triu(np.abs(parent.gram) < tiny, 1))
    kept = at is not None and not any(abs(at.gram[i, j]) > tiny for i, j in vanish)
    if parent.family or kept:
        return at
    problem = land.plane.problem(theta)
    weights = problem.split(parent.x)[0]
    rows = np.zeros((len(vanish), len(parent.x)))
    for row, (i, j) in zip(rows, vanish, strict=True):
        slope = row[: weights.size].reshape(weights.shape)  # of G_ij
        slope[:, i], slope[:, j] = weights[:, j], weights[:, i]
    _, sizes, directions = np.linalg.svd(rows)
    free = directions[int((sizes > tiny).sum()) :]
    (x,), _, _ = problem.settled_within(parent.x[None], free.T @ free, downhill=False)
    x = np.where(np.abs(x) < tiny, 0.0, x)
    solved = np.abs(problem.gradient(x)).max() <= land.settings.stationary
    step = float(np.abs(theta - parent.theta).max())
    near = np.abs(x - parent.x).max() <= land.settings.leap + 3.0 * step
    found = land.branch(theta, x)
    return found if solved and near and found.zeros == parent.zeros else None


def _of_vanished(land: Landscape, parent: Branch, gram: Floats) -> Floats:
    """Those of a Gram matrix's entries G_ij, i < j, that vanish in the parent's."""
    return np.asarray(gram[np.triu(np.abs(parent.gram) < land.settings.vanished, 1)])


def grown(land: Landscape, parent: Branch, daughter: Branch) -> float:
    """Σ G_ij² of the daughter over the overlaps i < j that vanish in the parent."""
    return float((_of_vanished(land, parent, daughter.gram) ** 2).sum())


def at_amplitude(land: Landscape, onset: Onset, amplitude: float) -> Branch | None:
    """The daughter at a given amplitude, on the line through the onset along its direction."""
    theta, direction = onset.theta, onset.direction
    solver = _FixedAmplitude(land, onset.daughter, onset.place, theta, direction)
    sizes = [abs(float(q.gram[onset.place])) for q in onset.daughters]
    nearest = int(np.abs(np.log(np.array(sizes) / amplitude)).argmin())
    solved = solver.from_daughter(onset.daughters[nearest], amplitude)
    if solved is None:
        return None
    return land.branch(theta + solved[1] * direction, solved[0], onset.daughter.family)


def first_order_seed(land: Landscape, onset: Onset) -> Meeting | None:
    """Where parent and daughter coexist before an onset with a negative slope.

    With the position s = k u + l u² of the daughter, its loss minus the parent's is proportional to
    ∫ (s(t) − s) t dt over amplitudes t up to a, which vanishes at u = −2k/(3l) where u = a, and at
    u = −3k/(4l) where u grows as a².
    """
    if onset.slope >= 0 or onset.bend <= 0:
        return None
    ratio = -onset.slope / onset.bend
    if onset.even:
        nearest = onset.daughter
        relative = 0.75 * ratio / grown(land, onset.parent, nearest)
        amplitude = abs(float(nearest.gram[onset.place])) * float(np.sqrt(relative))
    else:
        amplitude = 2.0 * ratio / 3.0
    daughter = at_amplitude(land, onset, amplitude)
    parent = None if daughter is None else land.follow(onset.parent, daughter.theta)
    if daughter is None or parent is None:
        return None
    return coexistence(land, (parent, daughter), daughter.theta, onset.direction)


def _at_zero(u: Floats, values: Floats) -> Floats:
    """Value, slope and half the second derivative at 0 of the polynomial through the points."""
    coefficients = np.linalg.solve(np.vander(u / u[0], increasing=True), values)
    return np.asarray(coefficients[:3] / u[0] ** np.arange(3))


def _exponent(
    land: Landscape, parent: Branch, daughters: tuple[Branch, ...], beyond: Floats
) -> tuple[float, float] | None:
    """d ln(loss gained) / d ln(distance), extrapolated to the line, with its error, an estimate."""
    if beyond.min() <= 0:
        return None
    gains = np.empty(len(daughters))
    for k, daughter in enumerate(daughters):
        beneath = _parent_at(land, parent, daughter.theta)
        if beneath is None or beneath.loss <= daughter.loss:
            return None
        gains[k] = beneath.loss - daughter.loss
    steps = np.diff(np.log(beyond))
    middle = np.sqrt(beyond[1:] * beyond[:-1])
    # The extrapolated value is a sum of these shares of the local exponents.
    shares = np.array([np.polyfit(middle, one, 3)[-1] for one in np.eye(len(middle))])
    local = np.diff(np.log(gains)) / steps
    whole, short = shares @ local, np.polyfit(middle[1:], local[1:], 2)[-1]
    # A gain is the difference of two losses, each with the rounding of a sum of the outputs' parts.
    rounding = np.finfo(float).eps * float(land.plane.problem(parent.theta).I.sum()) / gains
    by_gain = np.append(0.0, shares / steps) - np.append(shares / steps, 0.0)
    return float(whole), float(abs(whole - short) + np.linalg.norm(by_gain * rounding))


@dataclass(frozen=True, eq=False)
class _FixedAmplitude:
    """∇L(x; θ + s · direction) = 0 and |G_ij| = a, for x and s."""

    land: Landscape
    daughter: Branch
    place: tuple[int, int]
    theta: Floats
    direction: Floats

    def from_daughter(self, daughter: Branch, target: float) -> tuple[Floats, float] | None:
        """The solution at an amplitude, by ones at most twice or half the one before."""
        size = abs(float(daughter.gram[self.place]))
        steps = max(1, int(np.ceil(abs(np.log2(target / size)))))
        solved = daughter.x, float((daughter.theta - self.theta) @ self.direction)
        for a in np.geomspace(size, target, steps + 1):
            found = self.solve(*solved, float(a))
            if found is None:
                return None
            solved = found
        return solved

    def solve(self, x: Floats, s: float, a: float) -> tuple[Floats, float] | None:
        """Newton's method, damped; None where it does not converge."""
        sign = 1.0 if self.daughter.gram[self.place] > 0 else -1.0
        P = self._section(x)
        residual, row = self._residual(P, x, s, a, sign)
        size = float(np.abs(residual).max())
        solved = self.land.settings.solved
        for _ in range(20):
            if size < 0.01 * solved:
                break
            k = P.shape[1]
            J = np.zeros((k + 1, k + 1))
            J[:k, :k] = P.T @ self._problem(s).exact_hessian(x) @ P
            ahead, behind = (self._problem(s + h).gradient(x) for h in (_SHIFT, -_SHIFT))
            J[:k, k] = P.T @ (ahead - behind) / (2 * _SHIFT)
            J[k, :k] = row @ P
            try:
                step = np.linalg.solve(J, residual)
            except np.linalg.LinAlgError:  # singular: there is no such branch
                return None
            if not abs(step[k]) < 1.0:  # nowhere near
                return None
            t, better = 1.0, False
            while t > (0.01 if size > solved else 0.9) and not better:
                new_x, new_s = x - t * (P @ step[:k]), s - t * float(step[k])
                new, new_row = self._residual(P, new_x, new_s, a, sign)
                better = float(np.abs(new).max()) < size
                t *= 0.5
            if not better:
                break
            x, s, residual, row, size = new_x, new_s, new, new_row, float(np.abs(new).max())
        return (x, s) if size < solved else None

    def _section(self, x: Floats) -> Floats:
        state = self.land.branch(self.theta, x, self.daughter.family)
        return np.linalg.qr(self.land.section(state))[0]

    def _problem(self, s: float) -> Problem:
        return self.land.plane.problem(self.theta + s * self.direction)

    def _residual(
        self, P: Floats, x: Floats, s: float, a: float, sign: float
    ) -> tuple[Floats, Floats]:
        """(∇L on the free directions, |G_ij| − a) and ∂|G_ij|/∂x."""
        problem = self._problem(s)
        weights = problem.split(x)[0]
        i, j = self.place
        row = np.zeros_like(weights)
        row[:, i] = sign * weights[:, j]
        row[:, j] = sign * weights[:, i]
        whole = np.concatenate([row.ravel(), np.zeros(len(x) - row.size)])
        overlap = sign * float(weights[:, i] @ weights[:, j])
        return np.append(P.T @ problem.gradient(x), overlap - a), whole
