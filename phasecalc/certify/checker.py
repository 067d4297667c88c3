"""An independent check of a certificate file: python-flint's balls, and none of the search.

The file is read as plain JSON. Every claim is proved again from the formulas of
docs/certificates.md: the box that holds a global minimiser, the upper bound at the witness, every
step down the tree of boxes, convexity in the neighbourhoods, and that all that is left open lies in
the stated regions. Integrals are closed formulas of truncated powers, in ball arithmetic of
`PRECISION` bits; the search uses quadrature in float64.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from math import factorial
from os import PathLike
from pathlib import Path
from typing import Any

try:
    from flint import arb, ctx, fmpq
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "checking certificates needs python-flint: pip install 'phasecalc[check]'"
    ) from error

PRECISION = 333
"""Bits: truncated powers divided by small overlaps lose some hundred of them."""
MOST_PIECES = 3000
"""Parts into which a neighbourhood is cut to prove convexity in each."""

_FINER = 6
"""Halvings of a box whose stated reason is not quite enough here."""

Ball = Any
Box = list[tuple[Ball, Ball]]


class Rejected(ValueError):
    """A claim of the certificate that could not be proved."""


def check_certificate(path: str | PathLike[str]) -> dict[str, Any]:
    """Prove a certificate file again, with none of the code that made it.

    Returns {"lower", "upper", "leaves", "neighbourhoods", "regions"}. Needs python-flint. Raises
    `Rejected` with the first claim that cannot be proved, `ValueError` for a file that is no
    finished certificate, `OSError` where there is none.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        # To open a pipe waits for somebody who writes into it; a device may have no end.
        raise OSError(f"{str(path)!r} cannot be read: it is no regular file")
    text = path.read_text(encoding="utf-8")
    try:
        record = json.loads(text)["record"]
        if record["record"] != "Certificate":
            raise KeyError("Certificate")
        claim = _Claim(record)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ValueError(f"{str(path)!r} is no certificate: {error}") from None
    if not record["proved"]:
        raise ValueError(f"{str(path)!r}: the search did not end, only its bounds are known")
    before = ctx.prec
    ctx.prec = PRECISION
    try:
        return claim.proved()
    finally:
        ctx.prec = before


# Integrals ----------------------------------------------------------------------------------------


def positive(x: Ball) -> Ball:
    return arb.max(x, arb(0))


def moment(g: Sequence[Ball], b: Ball, p: Ball, powers: tuple[int, ...], q: int) -> Ball:
    """E[∏ x_i^powers_i · u_+^q], u = b + Σ g_i x_i, with e_q(u) = u_+^q/q! and e_{−1} = δ:

    ∫₀¹ x^w e_d(r + g x) dx = Σ_s (−1)^s w!/(w−s)! e_{d+1+s}(r + g)/g^{s+1}
    − (−1)^w w! e_{d+1+w}(r)/g^{w+1}. A slope that may be 0 but is not known to be is taken into r,
    as x is in [0, 1] and the integrand is not negative.
    """
    n = len(g)
    total = arb(0)
    for active in product((0, 1), repeat=n):
        if any(power and not on for power, on in zip(powers, active, strict=True)):
            continue
        weight = p ** sum(active) * (1 - p) ** (n - sum(active))
        if weight == 0:
            continue
        nodes = [(b, {q: arb(1)})]
        for i in range(n):
            if not active[i]:
                continue
            w = powers[i]
            if g[i].contains(0):
                weight = weight / (w + 1)
                if g[i] != 0:
                    nodes = [(r + g[i] * arb(0.5, 0.5), terms) for r, terms in nodes]
                continue
            new = []
            for r, terms in nodes:
                top: dict[int, Ball] = {}
                bottom: dict[int, Ball] = {}
                for d, value in terms.items():
                    part = value / g[i]
                    for s in range(w + 1):
                        top[d + 1 + s] = top.get(d + 1 + s, arb(0)) + part
                        if s < w:
                            part = -part * (w - s) / g[i]
                    bottom[d + 1 + w] = bottom.get(d + 1 + w, arb(0)) - part
                new += [(r + g[i], top), (r, bottom)]
            nodes = new
        total += weight * sum(
            (value * _power(r, d) for r, terms in nodes for d, value in terms.items()), arb(0)
        )
    return total * factorial(max(q, 0))


def _power(r: Ball, d: int) -> Ball:
    """e_d(r)."""
    if d > 0:
        return positive(r) ** d / factorial(d)
    if r > 0:
        return arb(1)
    return arb(0) if r <= 0 else arb(0.5, 0.5)


def kink_density(low: list[Ball], high: list[Ball], j: int, p: Ball) -> list[list[Ball]] | None:
    """Balls that hold the entries of E[x_j x̃ x̃ᵀ δ(u)] for every θ in [low, high].

    In an active set the direction of the largest certain slope is integrated by the delta: it is at
    x* = −(b + Σ g_i x_i)/g*, between two linear functions `up` and `down` of the other
    coordinates, with which the integrand grows. None where no direction has a certain slope.
    """
    n = len(low) - 1
    least_sum, most_sum = ([[arb(0)] * (n + 1) for _ in range(n + 1)] for _ in range(2))
    for active in product((0, 1), repeat=n):
        weight = p ** sum(active) * (1 - p) ** (n - sum(active))
        on = [i for i in range(n) if active[i]]
        if j not in on or weight == 0:
            continue
        if low[n] + sum((-positive(-low[i]) for i in on), arb(0)) > 0:
            continue
        if high[n] + sum((positive(high[i]) for i in on), arb(0)) < 0:
            continue
        sizes = {i: arb.max(low[i], -high[i]) for i in on}
        star = max(on, key=lambda i: sizes[i].mid())
        small, large = sizes[star], arb.max(abs(low[star]), abs(high[star]))
        if not small > 0:
            return None
        rest = [i for i in on if i != star]
        if low[star] > 0:
            up = [-low[i] / small for i in (n, *rest)]
            down = [-high[i] / large for i in (n, *rest)]
        else:
            up = [high[i] / small for i in (n, *rest)]
            down = [low[i] / large for i in (n, *rest)]
        for where, share in _nodes(up, down, len(rest)):
            x = [arb(0)] * n + [arb(1)]
            top, bottom = up[0], down[0]
            for i, value, a, b in zip(rest, where, up[1:], down[1:], strict=True):
                x[i] = value
                top, bottom = top + a * value, bottom + b * value
            if not (top < 0 or bottom > 1):
                x[star] = arb.max(arb.min(top, arb(1)), arb(0))
                _add(most_sum, weight * share * x[j] / small, x)
            if bottom >= 0 and top <= 1:
                x[star] = bottom
                _add(least_sum, weight * share * x[j] / large, x)
    slack = arb(0, 2**-100)
    return [
        [_hull(least_sum[max(k, q)][min(k, q)], most_sum[max(k, q)][min(k, q)]) + slack
         for q in range(n + 1)]
        for k in range(n + 1)
    ]  # fmt: skip


def _add(total: list[list[Ball]], part: Ball, x: list[Ball]) -> None:
    for k in range(len(x)):
        for q in range(k + 1):
            total[k][q] += part * x[k] * x[q]


def _nodes(up: list[Ball], down: list[Ball], count: int) -> Iterator[tuple[tuple[Ball, ...], Ball]]:
    """Gauss-Legendre nodes and weights on [0, 1]^count, between the lines up, down = 0, 1.

    Two points in the last coordinate, where the integrands are cubic, three in the one before.
    Cuts are sharp to 2^-300, and what lies on the wrong side of one is in the slack.
    """
    if count == 0:
        yield (), arb(1)
        return
    ends = [arb(0), *_cuts(up, down, count), arb(1)]
    for start, end in pairwise(ends):
        width = end - start
        middle = start + width / 2
        if count == 1:
            half = width / (2 * arb(3).sqrt())
            for value in (middle - half, middle + half):
                yield (value,), width / 2
            continue
        half = width * (arb(3) / 20).sqrt()
        for value, share in ((middle - half, 5), (middle, 8), (middle + half, 5)):
            line_up = [up[0] + up[2] * value, up[1]]
            line_down = [down[0] + down[2] * value, down[1]]
            for inner, part in _nodes(line_up, line_down, 1):
                yield (*inner, value), part * width * share / 18


def _cuts(up: list[Ball], down: list[Ball], count: int) -> list[Ball]:
    """Where a line meets 0 or 1 on the border of the other coordinate, or meets another line."""
    cuts = []
    for line, value in product((up, down), (0, 1)):
        if count == 1:
            corners = [line[0]]
            slope = line[1]
        else:
            corners = [line[0], line[0] + line[1]]
            slope = line[2]
        if slope != 0 and not slope.contains(0):
            cuts += [(value - corner) / slope for corner in corners]
    if count == 2:
        across = up[2] * down[1] - down[2] * up[1]
        if not across.contains(0):
            for one, two in product((0, 1), repeat=2):
                cuts.append(((one - up[0]) * down[1] - (two - down[0]) * up[1]) / across)
    return sorted((cut for cut in cuts if 0 < cut < 1), key=lambda cut: cut.mid())


# One loss -----------------------------------------------------------------------------------------


class _Claim:
    """A certificate's statements, in balls."""

    def __init__(self, record: dict[str, Any]) -> None:
        proof = record["proof"]
        S = _fraction(record["sparsity"])
        self.p = 1 - S
        self.n = int(record["model"]["n_features"])
        self.m = int(record["model"]["d_hidden"])
        self.weighting = [_fraction(entry) for entry in proof["weighting"]]
        self.penalty = _fraction(proof["penalty"])
        self.held = bool(proof["held"])
        self.lower = _fraction(record["lower"])
        self.upper = _fraction(record["upper"])
        self.gap = _fraction(record["gap"])
        self.size = self.m * self.n + self.n
        self.domain = _array(proof["domain"])
        self.balls = _array(proof["neighbourhoods"])
        self.witness = _array(proof["witness"])
        steps = (_array(proof[key]) for key in ("codes", "indices", "values"))
        self.steps = list(zip(*steps, strict=True))
        unit = _unit(record["model"]["law"])
        self.regions = [
            (
                [x for row in _array(r["weights"]) for x in row]
                + [float(x) / float(unit) for x in _array(r["bias"])],
                float(r["radius"]),
                bool(r["unique"]),
            )
            for r in record["minimisers"]
        ]
        if len(self.weighting) != self.n or len(self.witness) != self.size:
            raise ValueError("its sizes do not agree")
        if not 0 < self.p <= 1 or min(self.weighting) <= 0 or self.penalty < 0:
            raise ValueError("its numbers are out of range")

    # θ boxes and the quantities that grow with θ

    def gram(self, box: Box, j: int, k: int) -> tuple[Ball, Ball]:
        """Bounds of G_jk, as balls of (almost) no width."""
        low, high = arb(0), arb(0)
        for a in range(self.m):
            (u0, u1), (v0, v1) = box[a * self.n + j], box[a * self.n + k]
            if j == k:
                large = arb.max(abs(u0), abs(u1)) ** 2
                small = positive(arb.max(u0, -u1)) ** 2
                low, high = low + small, high + large
            else:
                corners = [u * v for u in (u0, u1) for v in (v0, v1)]
                low += _least(corners)
                high -= _least([-c for c in corners])
        return low, high

    def row(self, box: Box, j: int) -> tuple[list[Ball], list[Ball]]:
        """The lowest and the highest θ of row j: (g_1, …, g_n, b)."""
        ends = [self.gram(box, j, k) for k in range(self.n)] + [box[self.m * self.n + j]]
        return [low for low, _ in ends], [high for _, high in ends]

    def expect(self, theta: Sequence[Ball], powers: Sequence[int], q: int) -> Ball:
        """E[∏ x_i^powers_i q! e_q(u)]."""
        return moment(theta[:-1], theta[-1], arb(self.p), tuple(powers), q)

    def unit(self, *features: int) -> list[int]:
        """Powers of x_i, one for each time that i < n is named; n, the bias, stands for 1."""
        return [features.count(i) for i in range(self.n)]

    def error(self, theta: tuple[list[Ball], list[Ball]], j: int) -> Ball:
        """A lower bound of ℓ_j: p/3 − 2 E x_j u_+ + E u_+²."""
        low, high = theta
        return (
            arb(self.p) / 3
            - 2 * self.expect(high, self.unit(j), 1)
            + self.expect(low, self.unit(), 2)
        )

    def slope(self, theta: tuple[list[Ball], list[Ball]], j: int, k: int) -> tuple[Ball, Ball]:
        """Bounds of ∂ρ_j/∂θ_k = I_j (2 E x̃_k u_+ − 2 E x_j x̃_k 1(u > 0)) + 2λ θ_k [k ≠ j, n]."""
        low, high = theta
        I = arb(self.weighting[j])  # noqa: E741 (the paper's letter)
        ends = []
        for first, second in ((low, high), (high, low)):
            value = (
                2
                * I
                * (self.expect(first, self.unit(k), 1) - self.expect(second, self.unit(j, k), 0))
            )
            if k not in (j, self.n):
                value += 2 * arb(self.penalty) * first[k]
            ends.append(value)
        return ends[0], ends[1]

    def value(self, box: Box) -> Ball:
        """A lower bound of the loss on the box."""
        total = arb(0)
        for j in range(self.n):
            theta = self.row(box, j)
            total += arb(self.weighting[j]) * self.error(theta, j)
            for k in range(self.n):
                if k != j:
                    total += arb(self.penalty) * positive(arb.max(theta[0][k], -theta[1][k])) ** 2
        return total

    def gradient(self, box: Box, only: int | None = None) -> list[Ball]:
        """∂L/∂x on the box, one ball an entry."""
        split = self.m * self.n
        features = range(self.n)
        if only is not None and only < split:
            rows = {(only % self.n, k) for k in features} | {(k, only % self.n) for k in features}
        elif only is not None:
            rows = {(only - split, self.n)}
        else:
            rows = set(product(features, range(self.n + 1)))
        thetas = [self.row(box, j) for j in features]
        H = {(j, k): self.slope(thetas[j], j, k) for j, k in rows}
        found = []
        for s in range(self.size):
            if only is not None and s != only:
                found.append(arb(0))
            elif s >= split:
                found.append(arb(0) if self.held else _hull(*H[s - split, self.n]))
            else:
                a, i = divmod(s, self.n)
                low, high = arb(0), arb(0)
                for k in features:
                    slopes = (x + y for x, y in zip(H[i, k], H[k, i], strict=True))
                    ends = [x * w for x in slopes for w in box[a * self.n + k]]
                    low, high = low + _least(ends), high - _least([-x for x in ends])
                found.append(_hull(low, high))
        return found

    def hessian(self, box: Box) -> list[list[Ball]] | None:
        """Entries of a matrix that lies below every generalised Hessian on the box."""
        n, m, split = self.n, self.m, self.m * self.n
        total = [[arb(0)] * self.size for _ in range(self.size)]
        for j in range(n):
            low, high = self.row(box, j)
            density = kink_density(low, high, j, arb(self.p))
            if density is None:
                return None
            R = [[arb(0)] * (n + 1) for _ in range(n + 1)]
            for k in range(n + 1):
                for q in range(k + 1):
                    # M(θ) − M(lowest θ) is positive semidefinite: it may be left out.
                    entry = self.expect(low, self.unit(k, q), 0)
                    entry -= density[k][q]
                    R[k][q] = R[q][k] = 2 * arb(self.weighting[j]) * entry
                if k not in (j, n):
                    R[k][k] += 2 * arb(self.penalty)
            J = [[arb(0)] * self.size for _ in range(n + 1)]
            for k, a in product(range(n), range(m)):
                J[k][a * n + k] += _hull(*box[a * n + j])
                J[k][a * n + j] += _hull(*box[a * n + k])
            J[n][split + j] = arb(1)
            for k, q in product(range(n + 1), repeat=2):
                for s, t in product(range(self.size), repeat=2):
                    if J[k][s] != 0 and J[q][t] != 0:
                        total[s][t] += J[k][s] * R[k][q] * J[q][t]
            for k, a in product(range(n), range(m)):
                D = _hull(*self.slope((low, high), j, k))
                total[a * n + j][a * n + k] += D
                total[a * n + k][a * n + j] += D
        return total

    # The proof

    def proved(self) -> dict[str, Any]:
        """Check all claims."""
        self._domain()
        if not self.lower <= self.upper or self.upper - self.lower > self.gap:
            raise Rejected("the bounds are not in order, or further apart than the gap")
        at = _point(self.witness)
        self._inside(at, self.domain, "the witness")
        if not self._above(at) <= arb(self.upper):
            raise Rejected("the loss at the witness is not below the upper bound")
        levels = [self._neighbourhood(ball, number) for number, ball in enumerate(self.balls)]
        leaves = self._tree(levels)
        return {
            "lower": self.lower,
            "upper": self.upper,
            "leaves": leaves,
            "neighbourhoods": len(levels),
            "regions": len(self.regions),
        }

    def _above(self, at: Box) -> Ball:
        """The loss at a point."""
        return self.value(at)

    def _domain(self) -> None:
        """The box of section 1: lengths, biases, triangular weights."""
        n, m, p = self.n, self.m, arb(self.p)
        if self.held:
            theta = [arb(1)] + [arb(-1)] * (n - 1) + [arb(0)]
            least = self.expect(theta, self.unit(), 2)
            total = sum(self.weighting) / min(self.weighting)
            square = (arb(total) * p / (3 * least)).sqrt()
        else:
            c = 8 / (3 * p) - 1
            square = c + (c * c - 1).sqrt()
        reach = square.sqrt()
        lo, hi = self.domain
        for a, i in product(range(m), range(n)):
            s = a * n + i
            good = lo[s] == hi[s] == 0 if i < a else arb(hi[s]) >= reach
            good = good and (i <= a or arb(lo[s]) <= -reach) and lo[s] <= 0
            if not good:
                raise Rejected(f"the domain does not reach far enough in W[{a}, {i}]")
        for j in range(n):
            s = m * n + j
            if self.held:
                good = lo[s] == hi[s] == 0
            else:
                # With the lengths of the stored domain, which may be larger.
                most = arb(max(hi[: m * n])) ** 2 * m * n
                good = arb(lo[s]) <= -most and arb(hi[s]) >= p / 2 * (1 + most)
            if not good:
                raise Rejected(f"the domain does not reach far enough in b[{j}]")

    def _inside(self, box: Box, outer: Sequence[Sequence[float]], what: str) -> None:
        if any(low < outer[0][s] or high > outer[1][s] for s, (low, high) in enumerate(box)):
            raise Rejected(f"{what} is not where it should be")

    def _neighbourhood(self, ball: Sequence[Sequence[float]], number: int) -> Ball:
        """Convexity; returns a lower bound of the loss in the ball."""
        lo, hi, centre = ball
        box, at = _box(lo, hi), _point(centre)
        self._inside(at, (lo, hi), f"the centre of neighbourhood {number}")
        free = [s for s in range(self.size) if lo[s] < hi[s]]
        pieces = [box]
        done = 0
        while pieces:
            done += 1
            if done > MOST_PIECES:
                raise Rejected(f"neighbourhood {number}: convexity could not be proved")
            part = pieces.pop()
            below = self.hessian(part)
            if below is None or not _definite(below, part, free):
                axis = max(free, key=lambda s: (part[s][1] - part[s][0]).mid())
                low, high = part[axis]
                middle = ((low + high) / 2).mid()
                if not low < middle < high:
                    raise Rejected(f"neighbourhood {number}: convexity could not be proved")
                for ends in ((low, middle), (middle, high)):
                    pieces.append([*part[:axis], ends, *part[axis + 1 :]])
        gradient = self.gradient(at)
        drop = sum(
            (abs(gradient[s]) * arb.max(box[s][1] - at[s][0], at[s][0] - box[s][0]) for s in free),
            arb(0),
        )
        level = self.value(at) - drop
        if not level >= arb(self.lower):
            raise Rejected(f"neighbourhood {number}: the loss may fall below the lower bound")
        if level > arb(self.upper):
            return level
        # It may hold a minimiser, which must lie in a region.
        for centre_of, radius, unique in self.regions:
            same = all(arb(c) == at[s][0] for s, c in enumerate(centre_of))
            if unique and same and self._close(at, radius, gradient, free):
                return level
        raise Rejected(f"neighbourhood {number} may hold a minimiser that no region holds")

    def _close(self, at: Box, radius: float, gradient: list[Ball], free: list[int]) -> bool:
        """Whether a stationary point is proved within `radius` of the point."""
        reach = arb(radius)
        box = [(x - reach, x + reach) if s in free else (x, x) for s, (x, _) in enumerate(at)]
        below = self.hessian(box)
        if below is None:
            return False
        steep = sum((gradient[s] ** 2 for s in free), arb(0)).sqrt()
        # ∇L·h + ½ λ|h|² > 0 on |h| = radius where |∇L| < ½ λ radius.
        for s in free:
            below[s][s] -= 2 * steep / reach
        return _definite(below, box, free)

    def _tree(self, levels: list[Ball]) -> int:
        """Replay the steps in preorder; every leaf is proved."""
        stack = [_box(*self.domain)]
        steps = iter(self.steps)
        leaves = 0
        while stack:
            box = stack.pop()
            while True:
                try:
                    code, index, value = next(steps)
                except StopIteration:
                    raise Rejected("boxes are missing: the steps end too early") from None
                if code in _CUTS:
                    _CUTS[code](self, box, int(index), arb(value), levels)
                elif code == SPLIT:
                    low, high = box[int(index)]
                    if not low < arb(value) < high:
                        raise Rejected("a box is split outside itself")
                    for ends in ((arb(value), high), (low, arb(value))):
                        half = list(box)
                        half[int(index)] = ends
                        stack.append(half)
                    break
                else:
                    if code not in _LEAVES:
                        raise Rejected(f"a step has the unknown code {code}")
                    try:
                        _LEAVES[code](self, box, int(index), value, levels)
                    except Rejected:
                        if code not in _BOUNDS:
                            raise
                        self._finer(box, _FINER)
                    leaves += 1
                    break
        if next(steps, None) is not None:
            raise Rejected("there are more steps than boxes")
        return leaves

    def _finer(self, box: Box, depth: int) -> None:
        """Close a box that the search closed by a bound that is a little sharper than ours."""
        for code, index in ((SLOPE, None), (MEAN, 0), (QUADRATIC, 0)):
            try:
                if index is None:
                    gradient = self.gradient(box)
                    if not any(
                        low < high and not slope.contains(0)
                        for slope, (low, high) in zip(gradient, box, strict=True)
                    ):
                        continue
                else:
                    _LEAVES[code](self, box, index, 0.0, None)
                return
            except Rejected:
                if depth == 0 and code == QUADRATIC:
                    raise
        axis = max(range(self.size), key=lambda s: (box[s][1] - box[s][0]).mid())
        low, high = box[axis]
        middle = ((low + high) / 2).mid()
        for ends in ((low, middle), (middle, high)):
            self._finer([*box[:axis], ends, *box[axis + 1 :]], depth - 1)

    def _left_open(self, box: Box, bound: Ball) -> None:
        """A leaf with a bound of the loss: above the lower bound, and in a region or above F."""
        if not bound >= arb(self.lower):
            raise Rejected("a box may hold a loss below the lower bound")
        if bound > arb(self.upper):
            return
        for centre, radius, _ in self.regions:
            if all(
                low >= arb(c) - arb(radius) and high <= arb(c) + arb(radius)
                for (low, high), c in zip(box, centre, strict=True)
            ):
                return
        raise Rejected("a box that may hold a minimiser lies in no region")


# Steps that cut off a part of a box ---------------------------------------------------------------


def _domain_low(claim: _Claim, box: Box, j: int, value: Ball, _: object) -> None:
    """b_j ≤ −Σ (G_ji)_+ switches output j off."""
    s = claim.m * claim.n + j
    off = -sum((positive(claim.gram(box, j, i)[1]) for i in range(claim.n)), arb(0))
    _cut(claim, box, s, (value, box[s][1]), value <= off, "a bias is cut that need not be off")


def _domain_high(claim: _Claim, box: Box, j: int, value: Ball, _: object) -> None:
    """E u ≤ μ."""
    s = claim.m * claim.n + j
    mean = arb(claim.p) / 2
    top = mean - mean * sum((claim.gram(box, j, i)[0] for i in range(claim.n)), arb(0))
    _cut(claim, box, s, (box[s][0], value), value >= top, "a bias is cut that is not too large")


def _slope_low(claim: _Claim, box: Box, j: int, value: Ball, _: object) -> None:
    s = claim.m * claim.n + j
    low, high = claim.row(box, j)
    falls = claim.slope((low, [*high[:-1], value]), j, claim.n)[1] < 0
    _cut(claim, box, s, (value, box[s][1]), falls, "a bias is cut where the loss may be flat")


def _slope_high(claim: _Claim, box: Box, j: int, value: Ball, _: object) -> None:
    s = claim.m * claim.n + j
    low, high = claim.row(box, j)
    grows = claim.slope(([*low[:-1], value], high), j, claim.n)[0] > 0
    _cut(claim, box, s, (box[s][0], value), grows, "a bias is cut where the loss may be flat")


def _trim_low(claim: _Claim, box: Box, s: int, value: Ball, _: object) -> None:
    _trim(claim, box, s, (box[s][0], value))
    box[s] = (value, box[s][1])


def _trim_high(claim: _Claim, box: Box, s: int, value: Ball, _: object) -> None:
    _trim(claim, box, s, (value, box[s][1]))
    box[s] = (box[s][0], value)


def _trim(claim: _Claim, box: Box, s: int, ends: tuple[Ball, Ball]) -> None:
    part = [*box[:s], ends, *box[s + 1 :]]
    if not any(_within(part, ball) for ball in claim.balls):
        raise Rejected("a part is cut off that lies in no neighbourhood")


def _cut(claim: _Claim, box: Box, s: int, ends: tuple[Ball, Ball], good: bool, reason: str) -> None:
    if claim.held or not good or not (box[s][0] <= ends[0] and ends[1] <= box[s][1]):
        raise Rejected(reason)
    box[s] = ends


# Leaves -------------------------------------------------------------------------------------------


def _empty(claim: _Claim, box: Box, j: int, _: float, __: object) -> None:
    low, high = box[claim.m * claim.n + j]
    if not low > high:
        raise Rejected("a box is said to be empty and is not")


def _symmetry(claim: _Claim, box: Box, k: int, value: float, _: object) -> None:
    i = int(value)
    if not 0 <= k < i < claim.n or claim.weighting[i] != claim.weighting[k]:
        raise Rejected("a symmetry that the loss does not have")
    if not claim.gram(box, i, i)[0] > claim.gram(box, k, k)[1]:
        raise Rejected("a box is left out by a symmetry and may hold the longer feature first")


def _row(claim: _Claim, box: Box, j: int, _: float, __: object) -> None:
    p = arb(claim.p)
    if claim.held or not claim.error(claim.row(box, j), j) > p / 3 - p * p / 4:
        raise Rejected("an error that may be below the variance")


def _value(claim: _Claim, box: Box, _: int, __: float, ___: object) -> None:
    claim._left_open(box, claim.value(box))


def _slope(claim: _Claim, box: Box, s: int, _: float, __: object) -> None:
    if box[s][0] == box[s][1] or claim.gradient(box, s)[s].contains(0):
        raise Rejected("a derivative that may vanish")


def _mean(claim: _Claim, box: Box, _: int, __: float, ___: object) -> None:
    middle = _centre(box)
    gradient = claim.gradient(box)
    drop = sum(
        (
            abs(slope) * arb.max(high - at[0], at[0] - low)
            for slope, (low, high), at in zip(gradient, box, middle, strict=True)
        ),
        arb(0),
    )
    claim._left_open(box, claim.value(middle) - drop)


def _convex(claim: _Claim, box: Box, k: int, _: float, __: object) -> None:
    if not 0 <= k < len(claim.balls) or not _within(box, claim.balls[k]):
        raise Rejected("a box does not lie in its neighbourhood")


def _quadratic(claim: _Claim, box: Box, _: int, __: float, ___: object) -> None:
    middle = _centre(box)
    free = [s for s in range(claim.size) if box[s][0] != box[s][1]]
    below = claim.hessian(box)
    if below is None:
        raise Rejected("a box on which the Hessian is not bounded")
    A = _shifted(below, box, free)
    gradient = claim.gradient(middle)
    radius = {s: arb.max(box[s][1] - middle[s][0], middle[s][0] - box[s][0]) for s in free}
    factor = _cholesky(A)
    if factor is not None:
        y = [x.mid() for x in _solved(factor, [gradient[s] for s in free])]
        drop = arb(0)
        for i, s in enumerate(free):
            Ay = sum((A[i][t] * y[t] for t in range(len(free))), arb(0))
            drop += y[i] * Ay / 2 + abs(gradient[s] - Ay) * radius[s]
    else:
        drop = arb(0)
        for i, s in enumerate(free):
            bend = A[i][i] * radius[s] ** 2
            for t, other in enumerate(free):
                if t != i:
                    bend -= abs(A[i][t]) * radius[s] * radius[other]
            drop += abs(gradient[s]) * radius[s] + positive(-bend) / 2
    claim._left_open(box, claim.value(middle) - drop)


DOMAIN_LOW, DOMAIN_HIGH, SLOPE_LOW, SLOPE_HIGH, TRIM_LOW, TRIM_HIGH = range(1, 7)
_CUTS = {
    DOMAIN_LOW: _domain_low,
    DOMAIN_HIGH: _domain_high,
    SLOPE_LOW: _slope_low,
    SLOPE_HIGH: _slope_high,
    TRIM_LOW: _trim_low,
    TRIM_HIGH: _trim_high,
}
EMPTY, SYMMETRY, ROW, VALUE, SLOPE, MEAN, CONVEX, QUADRATIC = range(10, 18)
_LEAVES = {
    EMPTY: _empty,
    SYMMETRY: _symmetry,
    ROW: _row,
    VALUE: _value,
    SLOPE: _slope,
    MEAN: _mean,
    CONVEX: _convex,
    QUADRATIC: _quadratic,
}
_BOUNDS = (VALUE, MEAN, QUADRATIC)
SPLIT = 20


# Balls and matrices -------------------------------------------------------------------------------


def _hull(low: Ball, high: Ball) -> Ball:
    return low.union(high)


def _least(values: list[Ball]) -> Ball:
    found = values[0]
    for value in values[1:]:
        found = arb.min(found, value)
    return found


def _box(lo: Sequence[float], hi: Sequence[float]) -> Box:
    return [(arb(low), arb(high)) for low, high in zip(lo, hi, strict=True)]


def _point(at: Sequence[float]) -> Box:
    return [(arb(x), arb(x)) for x in at]


def _centre(box: Box) -> Box:
    found = []
    for low, high in box:
        middle = ((low + high) / 2).mid()
        found.append((middle, middle))
    return found


def _within(box: Box, ball: Sequence[Sequence[float]]) -> bool:
    return all(low >= ball[0][s] and high <= ball[1][s] for s, (low, high) in enumerate(box))


def _shifted(below: list[list[Ball]], box: Box, free: list[int]) -> list[list[Ball]]:
    """Midpoints of the free part, with the radii taken off the diagonal."""
    A = [[((below[s][t] + below[t][s]) / 2).mid() for t in free] for s in free]
    width = {s: box[s][1] - box[s][0] for s in free}
    for i, s in enumerate(free):
        for t in free:
            rad = ((below[s][t] + below[t][s]) / 2).rad()
            ratio = (width[t] / width[s]).mid() if t != s else arb(1)
            A[i][i] -= rad * ratio
    return A


def _definite(below: list[list[Ball]], box: Box, free: list[int]) -> bool:
    return _cholesky(_shifted(below, box, free)) is not None


def _cholesky(A: list[list[Ball]]) -> list[list[Ball]] | None:
    """The factor of a positive definite matrix; None where it is not proved to be one."""
    L = [[arb(0)] * len(A) for _ in A]
    for s in range(len(A)):
        for t in range(s + 1):
            part = A[s][t] - sum((L[s][k] * L[t][k] for k in range(t)), arb(0))
            if s == t:
                if not part > 0:
                    return None
                L[s][s] = part.sqrt()
            else:
                L[s][t] = part / L[t][t]
    return L


def _solved(L: list[list[Ball]], g: list[Ball]) -> list[Ball]:
    y: list[Ball] = []
    for s in range(len(L)):
        y.append((g[s] - sum((L[s][k] * y[k] for k in range(s)), arb(0))) / L[s][s])
    for s in reversed(range(len(L))):
        y[s] = (y[s] - sum((L[k][s] * y[k] for k in range(s + 1, len(L))), arb(0))) / L[s][s]
    return y


# Reading ------------------------------------------------------------------------------------------


def _fraction(entry: dict[str, str]) -> Any:
    numerator, denominator = entry["fraction"].split("/")
    return fmpq(int(numerator, 0), int(denominator, 0))


def _array(entry: dict[str, Any]) -> list[Any]:
    """Nested lists of numbers."""
    parts = entry["array"]
    flat = [float(x) if parts["dtype"][1] == "f" else int(x) for x in parts["entries"]]
    found: list[Any] = flat
    for size in reversed(parts["shape"][1:]):
        found = [found[k : k + size] for k in range(0, len(found), size)] if size else []
    return found


def _unit(law: dict[str, Any]) -> Any:
    return _fraction(law["high"])


if __name__ == "__main__":  # python -m phasecalc.certify.checker certificate.json
    try:
        print(check_certificate(sys.argv[1]))
    except (Rejected, OSError) as refusal:
        sys.exit(f"rejected: {refusal}")
