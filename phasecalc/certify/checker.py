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
from functools import cache
from itertools import pairwise, product
from math import factorial
from os import PathLike
from pathlib import Path
from typing import Any

try:
    from flint import arb, arb_mat, ctx, fmpq
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "checking certificates needs python-flint: pip install 'phasecalc[check]'"
    ) from error

PRECISION = 333
"""Bits: truncated powers divided by small overlaps lose some hundred of them."""
MOST_PIECES = 3000
"""Parts into which a neighbourhood is cut to prove convexity in each."""

DOMAIN_LOW, DOMAIN_HIGH, SLOPE_LOW, SLOPE_HIGH = range(1, 5)
EMPTY, SYMMETRY, LENGTH, ROW, VALUE, SLOPE, CONVEX, SECANT = range(10, 18)
SPLIT = 20

Ball = Any
Box = list[tuple[Ball, Ball]]
Theta = tuple["Row", "Row"]


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
    low: Sequence[Ball], high: Sequence[Ball], j: int, p: Ball
) -> list[list[Ball]] | None:
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
        [_hull((least_sum[max(k, q)][min(k, q)], most_sum[max(k, q)][min(k, q)])) + slack
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


# The certificate ---------------------------------------------------------------------------------


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
        self.law = Law(self.n, self.p)
        if len(self.weighting) != self.n or len(self.witness) != self.size:
            raise ValueError("its sizes do not agree")
        if not 0 < self.p <= 1 or min(self.weighting) <= 0 or self.penalty < 0:
            raise ValueError("its numbers are out of range")
        model = record["model"]
        values = {"r": _fraction(record["importance"])}
        values |= {name: _fraction(value) for name, value in record["symbols"]}
        importance = [unit**2 * _number(x["formula"], values) for x in model["importance"]]
        self.same = (
            importance == self.weighting
            and _number(model["interference_penalty"]["formula"], values) == self.penalty
            and {"zero": True, "free": False}[model["bias"]] == self.held
            and model["law"]["record"] == "Uniform"
            and model["support"]["probabilities"] is None
        )

    # θ boxes and the quantities that grow with θ

    def gram(self, box: Box, j: int, k: int) -> tuple[Ball, Ball]:
        """Bounds of G_jk."""
        low, high = arb(0), arb(0)
        for a in range(self.m):
            (u0, u1), (v0, v1) = box[a * self.n + j], box[a * self.n + k]
            if j == k:
                low += positive(arb.max(u0, -u1)) ** 2
                high += arb.max(abs(u0), abs(u1)) ** 2
            else:
                least, most = _ends([u * v for u in (u0, u1) for v in (v0, v1)])
                low, high = low + least, high + most
        return low, high

    def row(self, box: Box, j: int) -> tuple[list[Ball], list[Ball]]:
        """The lowest and the highest θ of row j: (g_1, …, g_n, b)."""
        ends = [self.gram(box, j, k) for k in range(self.n)] + [box[self.m * self.n + j]]
        return [low for low, _ in ends], [high for _, high in ends]

    def rows(self, box: Box, j: int) -> Theta:
        low, high = self.row(box, j)
        return Row(self.law, low), Row(self.law, high)

    def error(self, low: Row, high: Row, j: int) -> Ball:
        """A lower bound of ℓ_j = p/3 − 2 E x_j u_+ + E u_+²."""
        first = 2 * high.expect(high.of(j), 1)
        return arb(self.p) / 3 - first + low.expect(low.of(), 2)

    def bias_slope(self, low: Row, high: Row, j: int, k: int) -> Ball:
        """An upper bound of ½ ∂ℓ_j/∂θ_k; with low and high exchanged a lower bound."""
        return high.expect(high.of(k), 1) - low.expect(low.of(j, k), 0)

    def slope(self, low: Row, high: Row, j: int, k: int) -> tuple[Ball, Ball]:
        """Bounds of ∂ρ_j/∂θ_k, ρ_j = I_j ℓ_j + λ Σ_{k≠j} θ_k²."""
        twice = 2 * arb(self.weighting[j])
        least = twice * self.bias_slope(high, low, j, k)
        most = twice * self.bias_slope(low, high, j, k)
        if k not in (j, self.n):
            least += 2 * arb(self.penalty) * low.theta[k]
            most += 2 * arb(self.penalty) * high.theta[k]
        return least, most

    def value(self, box: Box) -> Ball:
        """A lower bound of the loss on the box."""
        total = arb(0)
        for j in range(self.n):
            low, high = self.rows(box, j)
            total += arb(self.weighting[j]) * self.error(low, high, j)
            for k in range(self.n) if self.penalty > 0 else ():
                if k != j:
                    least = positive(arb.max(low.theta[k], -high.theta[k]))
                    total += arb(self.penalty) * least**2
        return total

    def derivative(self, box: Box, s: int) -> Ball:
        """∂L/∂x_s on the box."""
        split = self.m * self.n
        if s >= split:
            j = s - split
            return arb(0) if self.held else _hull(self.slope(*self.rows(box, j), j, self.n))
        a, i = divmod(s, self.n)
        low, high = arb(0), arb(0)
        own = self.rows(box, i)
        for k in range(self.n):
            if box[a * self.n + k] == (0, 0):
                continue
            there = own if k == i else self.rows(box, k)
            slopes = zip(self.slope(*own, i, k), self.slope(*there, k, i), strict=True)
            ends = [sum(pair, arb(0)) * w for pair in slopes for w in box[a * self.n + k]]
            least, most = _ends(ends)
            low, high = low + least, high + most
        return _hull((low, high))

    def hessian(self, box: Box) -> list[list[Ball]] | None:
        """Entries of a matrix that lies below every generalised Hessian on the box."""
        n, m, split = self.n, self.m, self.m * self.n
        total = arb_mat(self.size, self.size)
        for j in range(n):
            low, high = self.rows(box, j)
            density = kink_density(low.theta, high.theta, j, arb(self.p))
            if density is None:
                return None
            # M(θ) − M(lowest θ) is positive semidefinite: it may be left out.
            M = low.matrix()
            twice = 2 * arb(self.weighting[j])
            R = arb_mat(
                [[twice * (M[k][q] - density[k][q]) for q in range(n + 1)] for k in range(n + 1)]
            )
            J = arb_mat(n + 1, self.size)
            for k in range(n):
                if k != j:
                    R[k, k] += 2 * arb(self.penalty)
                for a in range(m):
                    J[k, a * n + k] += _hull(box[a * n + j])
                    J[k, a * n + j] += _hull(box[a * n + k])
            J[n, split + j] = arb(1)
            total += J.transpose() * R * J
            for k, a in product(range(n), range(m)):
                D = _hull(self.slope(low, high, j, k))
                total[a * n + j, a * n + k] += D
                total[a * n + k, a * n + j] += D
        return [[total[s, t] for t in range(self.size)] for s in range(self.size)]

    def secant(self, box: Box, share: float) -> Ball:
        """A lower bound of the loss on the box by tangents and corners (section 2)."""
        n, m, split = self.n, self.m, self.m * self.n
        c = _centre(box)
        free = [s for s in range(self.size) if box[s][0] != box[s][1]]
        radius = [arb.max(high - x, x - low) for x, (low, high) in zip(c, box, strict=True)]
        A = arb_mat(self.size, self.size)
        g = [arb(0)] * self.size
        bound = arb(0)
        for j in range(n):
            I = arb(self.weighting[j])  # noqa: E741 (the paper's letter)
            low, high = self.row(box, j)
            at = [
                sum((c[a * n + j] * c[a * n + k] for a in range(m)), arb(0)) for k in range(n)
            ] + [c[split + j]]
            bend = [
                sum((radius[a * n + j] * radius[a * n + k] for a in range(m)), arb(0))
                for k in range(n)
            ] + [arb(0)]
            M = Row(self.law, at).matrix()
            q = [sum((M[k][i] * at[i] for i in range(n + 1)), arb(0)) for k in range(n + 1)]
            square = sum((q[k] * at[k] for k in range(n + 1)), arb(0))
            rise = arb(0)
            for corner in product(*({*ends} for ends in zip(low, high, strict=True))):
                there = Row(self.law, corner)
                above = there.expect(there.of(j), 1) - q[j]
                for k in range(n + 1):
                    above -= M[j][k] * (corner[k] - at[k])
                rise = arb.max(rise, above)
            bound += I * (arb(self.p) / 3 - 2 * q[j] + square - 2 * rise)
            J = arb_mat(n + 1, self.size)
            J[n, split + j] = arb(1)
            for k in range(n + 1):
                beta = 2 * I * (q[k] - M[j][k])
                if k not in (j, n):
                    bound += arb(self.penalty) * at[k] ** 2
                    beta += 2 * arb(self.penalty) * at[k]
                if k == n:
                    g[split + j] += beta
                    continue
                for a in range(m):
                    for s, t in ((a * n + j, a * n + k), (a * n + k, a * n + j)):
                        J[k, s] += c[t]
                        g[s] += beta * c[t]
                        A[s, t] += beta
            least = arb_mat(Row(self.law, low).matrix())
            move = arb_mat([[sum((abs(J[k, s]) * radius[s] for s in free), arb(0))]
                            for k in range(n + 1)])  # fmt: skip
            bends = arb_mat([[x] for x in bend])
            inner = (bends.transpose() * least * bends)[0, 0]
            outer = (move.transpose() * least * move)[0, 0]
            e = 0.0 if inner == 0 else 1.0
            if inner > 0 and outer > inner:
                e = float(inner / outer) ** 0.5
                bound -= I * (1 / arb(e) - 1) * inner
            A += J.transpose() * least * J * (2 * I * (1 - arb(e)))
        return bound - _drop(A, g, radius, free, share)

    # The proof

    def proved(self) -> dict[str, Any]:
        """Check all claims."""
        if not self.same:
            raise Rejected("the loss of the proof is not that of the model")
        self._domain()
        if not self.lower <= self.upper or self.upper - self.lower > self.gap:
            raise Rejected("the bounds are not in order, or further apart than the gap")
        at = _point(self.witness)
        self._inside(at, self.domain, "the witness")
        if not self.value(at) <= arb(self.upper):
            raise Rejected("the loss at the witness is not below the upper bound")
        for number, ball in enumerate(self.balls):
            self._neighbourhood(ball, number)
        return {
            "lower": self.lower,
            "upper": self.upper,
            "leaves": self._tree(),
            "neighbourhoods": len(self.balls),
            "regions": len(self.regions),
        }

    def _domain(self) -> None:
        """The box of section 1: lengths, biases, triangular weights."""
        n, m, p = self.n, self.m, arb(self.p)
        if self.held:
            theta = [arb(1)] + [arb(-1)] * (n - 1) + [arb(0)]
            least = Row(self.law, theta).expect((0,) * n, 2)
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

    def _neighbourhood(self, ball: Sequence[Sequence[float]], number: int) -> None:
        """Convexity, and that a minimiser in it lies in a region."""
        lo, hi, centre = ball
        box, at = _box(lo, hi), _point(centre)
        self._inside(at, (lo, hi), f"the centre of neighbourhood {number}")
        free = [s for s in range(self.size) if lo[s] < hi[s]]
        pieces = [box]
        for _ in range(MOST_PIECES):
            if not pieces:
                break
            part = pieces.pop()
            below = self.hessian(part)
            if below is None or not _definite(below, part, free):
                axis = max(free, key=lambda s: (part[s][1] - part[s][0]).mid())
                pieces += _halves(part, axis)
        if pieces:
            raise Rejected(f"neighbourhood {number}: convexity could not be proved")
        gradient = [self.derivative(at, s) for s in range(self.size)]
        drop = sum(
            (abs(gradient[s]) * arb.max(box[s][1] - at[s][0], at[s][0] - box[s][0]) for s in free),
            arb(0),
        )
        level = self.value(at) - drop
        if not level >= arb(self.lower):
            raise Rejected(f"neighbourhood {number}: the loss may fall below the lower bound")
        if level > arb(self.upper):
            return
        # It may hold a minimiser, which must lie in a region.
        for centre_of, radius, unique in self.regions:
            same = all(arb(c) == at[s][0] for s, c in enumerate(centre_of))
            if unique and same and self._close(at, radius, gradient, free):
                return
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

    def _tree(self) -> int:
        """Replay the steps in preorder: what is split is covered, and every leaf is proved."""
        stack = [_box(*self.domain)]
        leaves = 0
        for code, index, value in self.steps:
            if not stack:
                raise Rejected("there are more steps than boxes")
            if not 0 <= index < max(self.size, len(self.balls)):
                raise Rejected(f"a step names entry {index}, which the model does not have")
            box = stack[-1]
            if code == SPLIT:
                low, high = box[index % self.size]
                if not index < self.size or not low < arb(value) < high:
                    raise Rejected("a box is split outside itself")
                stack.pop()
                stack += reversed(_halves(box, index, arb(value)))
            elif DOMAIN_LOW <= code <= SLOPE_HIGH:
                self._cut(box, code, index, arb(value))
            elif EMPTY <= code <= SECANT:
                self._leaf(stack.pop(), code, index, value)
                leaves += 1
            else:
                raise Rejected(f"a step has the unknown code {code}")
        if stack:
            raise Rejected("boxes are missing: the steps end too early")
        return leaves

    def _cut(self, box: Box, code: int, j: int, value: Ball) -> None:
        """Cut off the end of b_j's interval at `value`, where output j is off or L is not flat."""
        if self.held or j >= self.n:
            raise Rejected("a bias is cut that is held")
        s = self.m * self.n + j
        start, end = box[s]
        lower = code in (DOMAIN_LOW, SLOPE_LOW)
        low, high = self.row(box, j)
        if code == DOMAIN_LOW:
            # b_j ≤ −Σ (G_ji)_+ switches output j off.
            good = value >= start and value <= -sum((positive(g) for g in high[:-1]), arb(0))
        elif code == DOMAIN_HIGH:
            # E u ≤ μ.
            good = value <= end and value >= arb(self.p) / 2 * (1 - sum(low[:-1], arb(0)))
        else:
            part = (start, value) if lower else (value, end)
            below = Row(self.law, [*low[:-1], part[0]])
            above = Row(self.law, [*high[:-1], part[1]])
            good = start <= value <= end and (
                self.bias_slope(below, above, j, self.n) < 0
                if lower
                else self.bias_slope(above, below, j, self.n) > 0
            )
        if not good:
            raise Rejected("a part is cut off that may hold a minimiser")
        box[s] = (value, end) if lower else (start, value)

    def _leaf(self, box: Box, code: int, index: int, value: float) -> None:
        """A box that holds no minimiser, or whose loss is bounded below."""
        p, split = arb(self.p), self.m * self.n
        if code == EMPTY:
            low, high = box[split + index % self.n]
            good = low > high
        elif code == SYMMETRY:
            # Of equally important features the longer one comes first.
            i = int(value)
            good = 0 <= index < i < self.n and self.weighting[i] == self.weighting[index]
            good = good and self.gram(box, i, i)[0] > self.gram(box, index, index)[1]
        elif code == ROW:
            good = not self.held and index < self.n
            good = good and self.error(*self.rows(box, index), index) > p / 3 - p * p / 4
        elif code == SLOPE:
            good = (
                index < self.size
                and box[index][0] != box[index][1]
                and not self.derivative(box, index).contains(0)
            )
        elif code == CONVEX:
            good = index < len(self.balls) and _within(box, self.balls[index])
        else:
            if code == LENGTH:
                bound = self._lengths(box)
            elif code == VALUE:
                bound = self.value(box)
            else:
                bound = self.secant(box, value)
            self._left_open(box, bound)
            good = True
        if not good:
            raise Rejected(f"a box is closed by a reason, {_NAMES[code]}, that does not hold")

    def _lengths(self, box: Box) -> Ball:
        """A lower bound of the loss by the lengths of the features alone (section 2)."""
        p, total = arb(self.p), arb(0)
        for j in range(self.n):
            small, large = self.gram(box, j, j)
            if large < 1:
                total += arb(self.weighting[j]) * (p / 3 - p * p / 4) * (1 - large) ** 2
            elif small > 1:
                h = arb(1) / 3 - small * 4 / (3 * (small + 1) ** 2)
                total += arb(self.weighting[j]) * p * h
        return total

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


_NAMES = dict(
    zip(
        range(EMPTY, SECANT + 1),
        "empty symmetry length row value slope convex secant".split(),
        strict=True,
    )
)


# Balls and matrices -------------------------------------------------------------------------------


def _hull(ends: tuple[Ball, Ball]) -> Ball:
    return ends[0].union(ends[1])


def _ends(values: list[Ball]) -> tuple[Ball, Ball]:
    """Numbers not above and not below all of the values."""
    least = most = values[0]
    for value in values[1:]:
        least, most = arb.min(least, value), arb.max(most, value)
    return least, most


def _box(lo: Sequence[float], hi: Sequence[float]) -> Box:
    return [(arb(low), arb(high)) for low, high in zip(lo, hi, strict=True)]


def _point(at: Sequence[float]) -> Box:
    return _box(at, at)


def _centre(box: Box) -> list[Ball]:
    return [((low + high) / 2).mid() for low, high in box]


def _halves(box: Box, axis: int, at: Ball | None = None) -> list[Box]:
    low, high = box[axis]
    middle = ((low + high) / 2).mid() if at is None else at
    return [[*box[:axis], ends, *box[axis + 1 :]] for ends in ((low, middle), (middle, high))]


def _within(box: Box, ball: Sequence[Sequence[float]]) -> bool:
    return all(low >= ball[0][s] and high <= ball[1][s] for s, (low, high) in enumerate(box))


def _drop(A: Any, g: list[Ball], radius: list[Ball], free: list[int], share: float) -> Ball:
    """A number above −min of g·h + ½hᵀAh over |h| ≤ radius.

    With B = A + share τ diag(1/r²), proved positive definite, and any y: at most
    ½ share τ (number of directions) + ½yᵀBy + |g − By|·r.
    """
    tau = 0.0
    size = [float(r) for r in radius]
    for s in free:
        bend = float(A[s, s]) * size[s] ** 2
        bend -= sum(abs(float(A[s, t])) * size[s] * size[t] for t in free if t != s)
        tau = max(tau, -bend)
    raise_by = arb(share) * arb(tau)
    B = [[A[s, t] + raise_by / radius[s] ** 2 if s == t else A[s, t] for t in free] for s in free]
    if share < 0 or not positive_definite(B):
        raise Rejected("a quadratic form is not positive definite")
    close = [[float(x) for x in row] for row in B]
    y = [0.0] * len(free)
    for _ in range(8):
        for i, s in enumerate(free):
            part = float(g[s]) - sum(close[i][k] * y[k] for k in range(len(free)) if k != i)
            y[i] = min(max(part / close[i][i], -size[s]), size[s])
    drop = raise_by * len(free) / 2
    for i, s in enumerate(free):
        By = sum((entry * k for entry, k in zip(B[i], y, strict=True)), arb(0))
        drop += By * y[i] / 2 + abs(g[s] - By) * radius[s]
    return drop


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
    return positive_definite(_shifted(below, box, free))


def positive_definite(A: list[list[Ball]]) -> bool:
    """Whether Cholesky's factor is proved to exist."""
    L = [[arb(0)] * len(A) for _ in A]
    for s in range(len(A)):
        for t in range(s + 1):
            part = A[s][t] - sum((L[s][k] * L[t][k] for k in range(t)), arb(0))
            if s != t:
                L[s][t] = part / L[t][t]
            elif part > 0:
                L[s][s] = part.sqrt()
            else:
                return False
    return True


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


def _number(formula: Any, values: dict[str, Any]) -> Any:
    """A rational number from a formula, its symbols replaced."""
    if isinstance(formula, str):
        return fmpq(int(formula, 0))
    head, *parts = formula
    if head == "Symbol":
        return values[parts[0]]
    numbers = [_number(part, values) for part in parts]
    if head == "Rational":
        return numbers[0] / numbers[1]
    if head == "Pow" and numbers[1].q == 1:
        return numbers[0] ** int(numbers[1].p)
    if head not in ("Add", "Mul"):
        raise ValueError(f"it holds the formula {head}, which is not read here")
    found = numbers[0]
    for number in numbers[1:]:
        found = found + number if head == "Add" else found * number
    return found


def _unit(law: dict[str, Any]) -> Any:
    return _fraction(law["high"])


if __name__ == "__main__":  # python -m phasecalc.certify.checker certificate.json
    try:
        print(check_certificate(sys.argv[1]))
    except (Rejected, OSError) as refusal:
        sys.exit(f"rejected: {refusal}")
