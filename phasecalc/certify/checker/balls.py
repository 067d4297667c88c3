"""Integrals in python-flint's balls: closed formulas of truncated powers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise, product
from math import factorial
from typing import Any

from flint import arb, fmpq

Ball = Any


def positive(x: Ball) -> Ball:
    return arb.max(x, arb(0))


@cache
def terms(n: int, powers: tuple[int, ...], q: int, zeros: int) -> list[Any]:
    """E[∏ x_i^powers_i · u_+^q] as a sum over (active features k, vertex v, d, exponents e):

    coefficient · p^k (1 − p)^(n − k) · (b + Σ_{i∈v} g_i)_+^d / ∏ g_i^e_i. With e_d(u) = u_+^d/d!

    ∫₀¹ x^w e_d(r + g x) dx = Σ_s (−1)^s w!/(w−s)! e_{d+1+s}(r + g)/g^{s+1}
    − (−1)^w w! e_{d+1+w}(r)/g^{w+1}; a slope that is 0 (in the mask `zeros`) gives 1/(w + 1).
    """
    found: dict[Any, Any] = {}
    for active in range(1 << n):
        if any(powers[i] and not active >> i & 1 for i in range(n)):
            continue
        parts = [(0, q, (0,) * n, fmpq(factorial(max(q, 0))))]
        for i in (i for i in range(n) if active >> i & 1):
            w = powers[i]
            if zeros >> i & 1:
                parts = [(v, d, e, part / (w + 1)) for v, d, e, part in parts]
                continue
            new = []
            for v, d, e, part in parts:
                for s in range(w + 1):
                    raised = (*e[:i], s + 1, *e[i + 1 :])
                    own = part * (-1) ** s * fmpq(factorial(w), factorial(w - s))
                    new.append((v | 1 << i, d + 1 + s, raised, own))
                    if s == w:
                        new.append((v, d + 1 + w, raised, -own))
            parts = new
        for v, d, e, part in parts:
            key = active.bit_count(), v, d, e
            found[key] = found.get(key, fmpq(0)) + part / factorial(d)
    return [(*key, part) for key, part in found.items()]


class Law:
    """n features of probability p: the formulas of expectations with their weights put in."""

    def __init__(self, n: int, p: Any) -> None:
        self.n = n
        self.weights = [p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        self._terms: dict[Any, Any] = {}

    def terms(self, powers: tuple[int, ...], q: int, zeros: int) -> Any:
        """[(exponents, [((vertex, d), coefficient)])]."""
        found = self._terms.get((powers, q, zeros))
        if found is None:
            groups: dict[Any, dict[Any, Ball]] = {}
            for k, v, d, e, part in terms(self.n, powers, q, zeros):
                if self.weights[k] != 0:
                    group = groups.setdefault(e, {})
                    group[v, d] = group.get((v, d), arb(0)) + part * self.weights[k]
            found = [(e, list(group.items())) for e, group in groups.items()]
            self._terms[powers, q, zeros] = found
        return found


class Row:
    """One output at one θ = (g_1, …, g_n, b): expectations by closed formulas."""

    __slots__ = ("_inverse", "_powers", "law", "theta", "vertices", "zeros")

    def __init__(self, law: Law, theta: Sequence[Ball]) -> None:
        self.law, self.theta = law, theta
        self.zeros = sum(1 << i for i, g in enumerate(theta[:-1]) if g == 0)
        self.vertices = [theta[-1]]
        for g in theta[:-1]:
            self.vertices += [r + g for r in self.vertices]
        self._powers: dict[Any, Ball] = {}
        self._inverse: dict[Any, Ball] = {}

    def expect(self, powers: tuple[int, ...], q: int) -> Ball:
        """E[∏ x_i^powers_i · u_+^q]; with q = −1 E[∏ x_i^powers_i δ(u)]."""
        total = arb(0)
        known, inverses = self._powers, self._inverse
        for e, group in self.law.terms(powers, q, self.zeros):
            part = None
            for key, coefficient in group:
                power = known.get(key)
                if power is None:
                    power = known[key] = _power(self.vertices[key[0]], key[1])
                if power is not _NOTHING:
                    term = coefficient * power
                    part = term if part is None else part + term
            if part is None:
                continue
            inverse = inverses.get(e)
            if inverse is None:
                inverse = arb(1)
                for g, times in zip(self.theta, e, strict=False):
                    if times:
                        inverse /= g**times
                inverses[e] = inverse
            total += part * inverse
        return total

    def of(self, *features: int) -> tuple[int, ...]:
        """Powers of x_i, one for each time that i < n is named; n, the bias, stands for 1."""
        return tuple(features.count(i) for i in range(self.law.n))

    def matrix(self) -> list[list[Ball]]:
        """M(θ) = E[x̃ x̃ᵀ 1(u > 0)]."""
        n = self.law.n
        M = [[arb(0)] * (n + 1) for _ in range(n + 1)]
        for k in range(n + 1):
            for i in range(k + 1):
                M[k][i] = M[i][k] = self.expect(self.of(k, i), 0)
        return M


_NOTHING = arb(0)


def _power(r: Ball, d: int) -> Ball:
    """r_+^d; `_NOTHING` itself where it is 0."""
    if r > 0:
        return r**d
    if r <= 0:
        return _NOTHING
    return positive(r) ** d if d > 0 else arb(0.5, 0.5)


def kink_density(
    low: Sequence[Ball], high: Sequence[Ball], j: int, weights: Sequence[Ball]
) -> list[list[Ball]] | None:
    """Balls that hold the entries of E[x_j x̃ x̃ᵀ δ(u)] for every θ in [low, high].

    In an active set the direction of the largest certain slope is integrated by the delta: it is at
    x* = −(b + Σ g_i x_i)/g*, between two linear functions `up` and `down` of the other
    coordinates, with which the integrand grows. None where no direction has a certain slope.
    """
    n, zero, one = len(low) - 1, arb(0), arb(1)
    sums = [[[zero] * (n + 1) for _ in range(n + 1)] for _ in range(2)]
    for active in product((0, 1), repeat=n):
        on = [i for i in range(n) if active[i]]
        weight = weights[len(on)]
        least = low[n] + sum((arb.min(low[i], zero) for i in on), zero)
        most = high[n] + sum((arb.max(high[i], zero) for i in on), zero)
        if j not in on or weight == 0 or least > 0 or most < 0:
            continue
        sizes = {i: arb.max(low[i], -high[i]) for i in on}
        star = max(on, key=lambda i: sizes[i].mid())
        small, large = sizes[star], arb.max(abs(low[star]), abs(high[star]))
        if not small > 0:
            return None
        rest = [n, *(i for i in on if i != star)]
        signs = (-one, low, high) if low[star] > 0 else (one, high, low)
        up = [signs[0] * signs[1][i] / small for i in rest]
        down = [signs[0] * signs[2][i] / large for i in rest]
        for where, share in _nodes(up, down):
            x = [zero] * n + [one]
            for i, value in zip(rest[1:], where, strict=True):
                x[i] = value
            top, bottom = (
                line[0] + sum((a * y for a, y in zip(line[1:], where, strict=True)), zero)
                for line in (up, down)
            )
            for total, at, size in ((sums[0], bottom, large), (sums[1], top, small)):
                outside = top < 0 or bottom > 1
                if total is sums[0]:
                    outside = not (bottom >= 0 and top <= 1)
                if outside:
                    continue
                x[star] = arb.max(arb.min(at, one), zero)
                part = weight * share * x[j] / size
                for k, q in product(range(n + 1), repeat=2):
                    total[k][q] += part * x[k] * x[q]
    # Cuts are sharp to 2^-300; what lies on the wrong side of one is in the slack.
    slack = arb(0, 2**-100)
    return [
        [a.union(b) + slack for a, b in zip(*rows, strict=True)] for rows in zip(*sums, strict=True)
    ]


def _nodes(up: list[Ball], down: list[Ball]) -> Iterator[tuple[tuple[Ball, ...], Ball]]:
    """Gauss-Legendre nodes and weights in the coordinates, between the lines up, down = 0, 1.

    Two points in the last coordinate, where the integrands are cubic, three in the one before.
    """
    if len(up) == 1:
        yield (), arb(1)
        return
    far = (arb(1) / 3).sqrt()
    nodes = [(-far, arb(1)), (far, arb(1))]
    if len(up) == 3:
        far = (arb(3) / 5).sqrt()
        nodes = [(-far, arb(5) / 9), (arb(0), arb(8) / 9), (far, arb(5) / 9)]
    for start, end in pairwise([arb(0), *_cuts(up, down), arb(1)]):
        half = (end - start) / 2
        for node, share in nodes:
            value = start + half * (1 + node)
            lines = ([line[0] + line[-1] * value, *line[1:-1]] for line in (up, down))
            for inner, part in _nodes(*lines):
                yield (*inner, value), part * half * share


def _cuts(up: list[Ball], down: list[Ball]) -> list[Ball]:
    """Where a line meets 0 or 1 on the border of the other coordinate, or meets another line."""
    ratios = []
    for line, value in product((up, down), (0, 1)):
        for corner in (line[0], line[0] + line[1])[: len(up) - 1]:
            ratios.append((value - corner, line[-1]))
    if len(up) == 3:
        across = up[2] * down[1] - down[2] * up[1]
        for one, two in product((0, 1), repeat=2):
            ratios.append(((one - up[0]) * down[1] - (two - down[0]) * up[1], across))
    cuts = [part / slope for part, slope in ratios if not slope.contains(0)]
    return sorted((cut for cut in cuts if 0 < cut < 1), key=lambda cut: cut.mid())
