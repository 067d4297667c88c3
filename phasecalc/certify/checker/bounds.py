"""Bounds of the loss and its slopes over many boxes (section 2 of docs/certificates.md)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from .arrays import Array, Kind
from .balls import Law

LEAST_SHARE = 2.0**-10
"""Of e in section 2's tangents: it divides what rounding may have done to M."""

Box = tuple[Sequence[Array], Sequence[Array]]
"""Lowest and highest entries of x = (W by rows, b), or of θ = (g_1, …, g_n, b)."""
Terms = tuple[Any, list[Array], Array]
"""M(θ), Mθ and θᵀMθ."""


class Loss:
    """The loss in numbers of one kind; every method takes boxes and returns bounds for each."""

    def __init__(self, claim: Any, kind: Kind) -> None:
        self.n, self.m, self.held, self.kind = claim.n, claim.m, claim.held, kind
        self.law = Law(claim.n, claim.p)
        self.p, self.penalty = kind.number(claim.p), kind.number(claim.penalty)
        self.variance = kind.number(claim.p / 3 - claim.p**2 / 4)
        self.importance = [kind.number(weight) for weight in claim.weighting]
        self.weights = [
            kind.number(claim.p**k * (1 - claim.p) ** (self.n - k)) for k in range(self.n + 1)
        ]

    def row(self, box: Box, j: int) -> Box:
        """The lowest and the highest θ of row j, rounded outward."""
        n, least, most = self.n, self.kind.least, self.kind.most
        lo, hi = box
        low, high = [], []
        for k in range(n):
            below, above = 0 * lo[0], 0 * lo[0]
            for s, t in ((a * n + j, a * n + k) for a in range(self.m)):
                if s == t:
                    small, large = most(most(lo[s], -hi[s]), 0 * lo[s]), most(-lo[s], hi[s])
                    ends = small * small, large * large
                else:
                    parts = lo[s] * lo[t], lo[s] * hi[t], hi[s] * lo[t], hi[s] * hi[t]
                    ends = (
                        least(least(*parts[:2]), least(*parts[2:])),
                        most(most(*parts[:2]), most(*parts[2:])),
                    )
                below, above = below + ends[0], above + ends[1]
                below = below - self.kind.SUM * (abs(below) + abs(ends[0]))
                above = above + self.kind.SUM * (abs(above) + abs(ends[1]))
            low.append(below)
            high.append(above)
        low.append(lo[self.m * n + j])
        return low, low if lo is hi else [*high, hi[self.m * n + j]]

    def terms(self, theta: Sequence[Array]) -> Terms:
        """M(θ), (E x̃_k u_+) = Mθ and E u_+² = θᵀMθ."""
        M = self.kind.moments(theta, self)
        P = [sum(M[k][q] * theta[q] for q in range(self.n + 1)) for k in range(self.n + 1)]
        return M, P, sum(P[k] * theta[k] for k in range(self.n + 1))

    def size(self, theta: Box) -> Array:
        """1 + Σ|θ|."""
        return 1 + sum(self.kind.most(-low, high) + 0 for low, high in zip(*theta, strict=True))

    def both(self, theta: Box) -> tuple[Terms, Terms]:
        """The terms at both ends, which may be one point."""
        low = self.terms(theta[0])
        return low, low if theta[1] is theta[0] else self.terms(theta[1])

    def error(self, box: Box, j: int) -> Array:
        """A lower bound of ℓ_j = p/3 − 2 E x_j u_+ + E u_+²."""
        theta = self.row(box, j)
        (_, _, square), (_, P, _) = self.both(theta)
        return self.p / 3 - 2 * P[j] + square - self.kind.ROW * self.size(theta) ** 2

    def bias_slope(self, theta: Box, j: int) -> tuple[Array, Array]:
        """Bounds of ½ ∂ℓ_j/∂b_j = E u_+ − E x_j 1(u > 0)."""
        M = [self.kind.moments(end, self)[self.n] for end in theta]
        q = [sum(m * t for m, t in zip(*pair, strict=True)) for pair in zip(M, theta, strict=True)]
        slack = self.kind.ROW * self.size(theta)
        return q[0] - M[1][j] - slack, q[1] - M[0][j] + slack

    def slopes(self, theta: Box, ends: tuple[Terms, Terms], j: int) -> list[tuple[Array, Array]]:
        """Bounds of ∂ρ_j/∂θ_k, ρ_j = I_j ℓ_j + λ Σ_{k≠j} θ_k², from the terms at both ends."""
        (M0, P0, _), (M1, P1, _) = ends
        slack, found = self.kind.ROW * self.size(theta), []
        for k in range(self.n + 1):
            sides = [P0[k] - M1[j][k] - slack, P1[k] - M0[j][k] + slack]
            sides = [2 * self.importance[j] * side for side in sides]
            if k not in (j, self.n):
                for end, sign in ((0, -1), (1, 1)):
                    part = 2 * self.penalty * theta[end][k]
                    sides[end] = sides[end] + part + sign * self.kind.SUM * abs(part)
            found.append((sides[0], sides[1]))
        return found

    def value(self, box: Box) -> Array:
        """A lower bound of the loss."""
        total = 0 * box[0][0]
        for j in range(self.n):
            total = total + self.importance[j] * self.error(box, j)
            low, high = self.row(box, j)
            for k in (k for k in range(self.n) if k != j and self.penalty > 0):
                least = self.kind.most(self.kind.most(low[k], -high[k]), 0 * low[k])
                total = total + self.penalty * least**2
        return total - self.kind.SUM * abs(total)

    def gradient(self, box: Box) -> list[tuple[Array, Array]]:
        """Bounds of ∂L/∂x."""
        n, lo, kind = self.n, box[0], self.kind
        rows = [self.row(box, j) for j in range(n)]
        H = [self.slopes(theta, self.both(theta), j) for j, theta in enumerate(rows)]
        found = []
        for a, i in product(range(self.m), range(n)):
            low, high, size = 0 * lo[0], 0 * lo[0], 0 * lo[0]
            for k in range(n):
                # ∂L/∂W = W (H + Hᵀ)
                ends = [H[i][k][end] + H[k][i][end] for end in (0, 1)]
                parts = [end * w[a * n + k] for end in ends for w in box]
                low = low + kind.least(kind.least(*parts[:2]), kind.least(*parts[2:]))
                high = high + kind.most(kind.most(*parts[:2]), kind.most(*parts[2:]))
                size = size + sum(abs(part) for part in parts)
            found.append((low - kind.SUM * size, high + kind.SUM * size))
        return found + [(0 * lo[0], 0 * lo[0]) if self.held else H[j][n] for j in range(n)]

    def lengths(self, box: Box) -> Array:
        """A lower bound of the loss by the lengths of the features alone."""
        total = 0 * box[0][0]
        for j in range(self.n):
            low, high = self.row(box, j)
            short = self.kind.most(1 - high[j], 0 * total)
            long = self.kind.most(low[j], 1 + 0 * total)
            rest = self.p / 3 - self.p * long * 4 / (3 * (long + 1) ** 2)
            total = total + self.importance[j] * self.kind.most(self.variance * short**2, rest)
            total = total - self.kind.SUM * self.importance[j] * self.p
        return total

    def secant(self, box: Box, free: list[int], share: Array) -> Array:
        """A lower bound of the loss by tangents and second differences."""
        n, m, kind, split = self.n, self.m, self.kind, self.m * self.n
        c = [(low + high) / 2 for low, high in zip(*box, strict=True)]
        radius = [
            kind.most(high - x, x - low) * (1 + kind.SUM)
            for x, low, high in zip(c, *box, strict=True)
        ]
        zero = 0 * c[0]
        A = [[zero] * len(c) for _ in c]
        g = [zero] * len(c)
        bound, slack = zero, zero
        for j, I in enumerate(self.importance):  # noqa: E741 (the paper's letter)
            theta = self.row(box, j)
            places = [[(a * n + j, a * n + k) for a in range(m)] for k in range(n)]
            at = [sum(c[s] * c[t] for s, t in pairs) for pairs in places] + [c[split + j]]
            bend = [sum(radius[s] * radius[t] for s, t in pairs) for pairs in places] + [zero]
            # θ lies within r of its value at the centre.
            r = [
                kind.most(high - x, x - low) + kind.SUM * abs(x)
                for x, low, high in zip(at, *theta, strict=True)
            ]
            M, q, square = self.terms(at)
            least, under, _ = self.terms([x - y for x, y in zip(at, r, strict=True)])
            over = self.terms([x + y for x, y in zip(at, r, strict=True)])[1]
            rise = kind.most(over[j] - 2 * q[j] + under[j], zero)
            bound = bound + I * (self.p / 3 - 2 * q[j] + square - 2 * rise)
            J: dict[tuple[int, int], Array] = {(n, split + j): zero + 1}
            for k in range(n + 1):
                beta = 2 * I * (q[k] - M[j][k])
                if k == n:
                    g[split + j] = g[split + j] + beta
                    continue
                if k != j:
                    bound = bound + self.penalty * at[k] ** 2
                    beta = beta + 2 * self.penalty * at[k]
                for s, t in (pair for two in places[k] for pair in (two, two[::-1])):
                    J[k, s] = J.get((k, s), zero) + c[t]
                    g[s] = g[s] + beta * c[t]
                    A[s][t] = A[s][t] + beta
            move = [zero] * (n + 1)
            for (k, s), x in J.items():
                move[k] = move[k] + abs(x) * radius[s]
            inner, outer = (
                sum(least[k][i] * v[k] * v[i] for k in range(n + 1) for i in range(n + 1))
                for v in (bend, move)
            )
            e = kind.array(np.sqrt(_floats(inner) / np.maximum(_floats(outer), 1e-300)))
            e = kind.least(kind.most(e, LEAST_SHARE + zero), 1 + zero)
            bound = bound - I * (1 / e - 1) * inner
            for (k, s), x in J.items():
                for (i, t), y in J.items():
                    A[s][t] = A[s][t] + 2 * I * (1 - e) * least[k][i] * x * y
            size, reach = self.size(theta), sum(r)
            error = size * (size + 3 * reach) + 8 * (size + reach)
            # M may be wrong by ROW, and so not quite semidefinite: that is divided by e too.
            slack = slack + kind.ROW * I * (error + sum(bend) ** 2 / e)
            parts = I * (inner / e + outer + size * reach) + self.penalty * size * (size + reach)
            slack = slack + kind.SUM * parts
        slack = slack + kind.SUM * sum(abs(x) * y for x, y in zip(g, radius, strict=True))
        # In parts of the half-widths. A number that is not above 0 would do no harm.
        radius = [kind.most(radius[s], 1e-100 + zero) for s in free]
        A = [[(A[s][t] + A[t][s]) / 2 * x * y for t, y in zip(free, radius, strict=True)]
             for s, x in zip(free, radius, strict=True)]  # fmt: skip
        drop, definite = _drop(
            A, [g[s] * x for s, x in zip(free, radius, strict=True)], share, kind
        )
        found = bound - slack - kind.SUM * (abs(bound) + drop) - drop
        return np.where(definite, found, -1 + zero)


def _drop(A: list[list[Array]], g: list[Array], share: Array, kind: Kind) -> tuple[Array, Array]:
    """(a number above −min of g·h + ½hᵀAh over |h| ≤ 1, whether that is proved).

    With B = A + share τ proved positive definite and any y it is at most
    ½ share τ (number of directions) + ½yᵀBy + |g − By|·1; the other numbers need not be exact.
    """
    d = len(A)
    near = np.array([[_floats(x) for x in row] for row in A])
    diagonal = np.einsum("iik->ik", near)
    tau = np.maximum(abs(near).sum(1) - abs(diagonal) - diagonal, 0).max(0)
    raised = kind.array(share) * kind.array(tau)
    B = [[A[i][k] + raised if i == k else A[i][k] for k in range(d)] for i in range(d)]
    diagonal += share * tau
    slope, y = [_floats(x) for x in g], np.zeros((d, len(tau)))
    with np.errstate(all="ignore"):
        for i in list(range(d)) * 8:
            part = slope[i] - (near[i] * y).sum(0) + near[i, i] * y[i]
            y[i] = np.clip(np.nan_to_num(part / near[i, i]), -1, 1)
    definite = positive_definite(B, 16 * kind.SUM)
    drop, slack = raised * d / 2, 0 * raised
    z = [kind.array(x) for x in y]
    for i in range(d):
        parts = [B[i][k] * z[k] for k in range(d)]
        By = sum(parts)
        drop = drop + By * z[i] / 2 + abs(g[i] - By)
        slack = slack + abs(g[i]) + abs(B[i][i]) + 2 * sum(abs(part) for part in parts)
    return drop + kind.SUM * slack, definite & (share >= 0)


def positive_definite(A: list[list[Array]], share: float = 0) -> Array:
    """Whether Cholesky's factor exists when the diagonal is lowered by a share of itself."""
    L: list[list[Array]] = [[0 * A[0][0]] * len(A) for _ in A]
    good = True
    for s in range(len(A)):
        for t in range(s + 1):
            part = A[s][t] - sum(L[s][k] * L[t][k] for k in range(t))
            if s != t:
                L[s][t] = part / L[t][t]
                continue
            part = part - share * A[s][s]
            above = part > 0
            good = good & above
            L[s][s] = np.sqrt(np.where(above, part, 1 + 0 * part))
    return good


def _floats(x: Array) -> Any:
    """Numbers near those of an array."""
    return x if x.dtype == float else x.astype(float)
