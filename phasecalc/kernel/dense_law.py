"""Rows of the dense loss for a law without a compiled transform: its values come in tables."""

from __future__ import annotations

import math

import numpy as np

from .compiled.dense import ROUNDING, TINY
from .compiled.dense_factors import GENERAL, ORDERS
from .compiled.dense_few import few_weights
from .compiled.dense_parts import BAND, BEGIN, COLUMNS, GONE, MASS, P_X, S_X, split
from .compiled.dense_plan import MOST_NODES, STEPS, exponents, node_count, part_nodes, reach
from .compiled.dense_sum import sum_part
from .compiled.density import few_density
from .inputs import Floats
from .law_table import LawTable


def law_rows(
    table: LawTable,
    G: Floats,
    b: Floats,
    importance: Floats,
    S: Floats,
    lo: int,
    hi: int,
    gradient: bool,
    tolerance: float,
    slope: float,
    losses: Floats,
    H: Floats,
    db: Floats,
    errors: Floats,
) -> None:
    """As `compiled.dense.dense_rows`, for the law of the table."""
    for j in range(lo, hi):
        weight = importance[j]
        if weight == 0.0:
            losses[j], errors[j] = 0.0, 0.0
            if gradient:
                db[j], H[j] = 0.0, 0.0
            continue
        order = np.argsort(-np.abs(G[j]))
        others = order[(np.abs(G[j, order]) > TINY) & (S[order] < 1.0) & (order != j)]
        row = _Row(table, G[j, others], S[others], G[j, j], S[j], b[j], gradient)
        row.add(tolerance / weight, slope / weight)
        losses[j] = weight * row.result[0]
        errors[j] = weight * row.result[3], weight * row.result[4], row.result[5]
        if gradient:
            db[j] = weight * row.result[2]
            H[j] = db[j] * table.first * (1.0 - S)
            H[j, others] = weight * row.d_g
            H[j, j] = weight * row.result[1]


class _Row:
    """As `compiled.dense.dense_row`: result is (ℓ, ∂a, ∂b, their errors, nodes), d_g is ∂ℓ/∂g."""

    def __init__(
        self,
        table: LawTable,
        g: Floats,
        s: Floats,
        a: float,
        s_x: float,
        b: float,
        gradient: bool,
    ) -> None:
        self.table, self.g, self.s, self.p = table, g, s, 1.0 - s
        self.a, self.s_x, self.p_x, self.b = a, s_x, 1.0 - s_x, b
        self.gradient = gradient
        self.one, self.without = np.empty(len(g)), np.empty(len(g))
        self.none = few_weights(self.p, s, self.one, self.without)
        self.result, self.d_g = np.zeros(6), np.zeros(len(g))

    def add(self, tolerance: float, slope: float) -> None:
        table, n = self.table, len(self.g)
        delta = 0.25 * min(tolerance, slope)
        own = self.p_x, self.s_x
        P = self._period(0, own, delta)
        if P < 0.0:
            self._part(0, 0, own, 1.0, 0.0, P, 0, 0.0, 0.0)
            self.result[3:5] = delta
            return
        self.result[:3] = few_density(
            table.panels, table.anti, table.below, table.atoms, table.edges, table.dense,
            table.nodes, table.weights, self.g, self.one, self.none, self.a, self.p_x, self.s_x,
            self.b, self.d_g,
        )  # fmt: skip
        h = 2.0 * math.pi / P
        nodes, bound, slope_bound = node_count(
            table.decay, self.g, self.p, self.s, self.a, self.p_x, self.s_x, h,
            0.5 * tolerance, 0.5 * slope, min(MOST_NODES, self._most(0, own, P)),
        )  # fmt: skip
        if bound < math.inf:
            self._part(0, n, own, 1.0, self.none, P, nodes, 0.0, 0.0)
            self.result[3:5] = bound + delta, slope_bound + delta
            return
        parts = np.empty((2 * n + 1, COLUMNS))
        count = split(self.g, self.s, self.a, self.p_x, self.s_x, self.b, parts)
        share = 0.5 / count
        for part in parts[:count].tolist():
            begin, end, own = (
                int(part[BEGIN]),
                int(part[BEGIN] + part[BAND]),
                (part[P_X], part[S_X]),
            )
            P = self._period(begin, own, delta / count)
            most = min(part_nodes(n - begin), self._most(begin, own, P)) if P > 0.0 else 0
            tapered = tolerance * share, slope * share
            self._part(begin, end, own, part[MASS], part[GONE], P, most, *tapered)
            self.result[3:5] += delta / count
        reach = 1.0 + abs(self.b) + abs(self.a) + float(np.abs(self.g).sum())
        self.result[3:5] += ROUNDING * reach**2, ROUNDING * reach

    def _slope(self, own: tuple[float, float]) -> float:
        """The own overlap; 0 in a part in which the own feature is never active."""
        return self.a if own[0] > 0.0 else 0.0

    def _largest(self, begin: int, own: tuple[float, float]) -> float:
        return max(abs(self._slope(own)), float(np.abs(self.g[begin:]).max(initial=0.0)), 1e-300)

    def _most(self, begin: int, own: tuple[float, float], P: float) -> int:
        """As many nodes as a table may serve."""
        places = self.table.furthest / (self._largest(begin, own) * 2.0 * math.pi / P)
        return max(16, int(min(places, 1e9)) // 16 * 16)

    def _part(
        self,
        begin: int,
        end: int,
        own: tuple[float, float],
        weight: float,
        gone: float,
        P: float,
        nodes: int,
        tolerance: float,
        slope: float,
    ) -> None:
        values = np.empty((0, 2 * ORDERS))
        if P > 0.0:
            reached = (nodes + 1) * 2.0 * math.pi / P
            values = self.table.transform(self._largest(begin, own) * reached)
        sum_part(
            GENERAL, self.g[begin:], self.p[begin:], self.s[begin:], self.one[begin:],
            self.without[begin:], end - begin, True, weight, gone,
            (self._slope(own), *own, 0.0, 1.0), self.b,
            self.table.first, self.table.second, P, nodes, tolerance, slope, self.gradient, values,
            self.table.step, self.d_g[begin:], self.result,
        )  # fmt: skip

    def _period(self, begin: int, own: tuple[float, float], delta: float) -> float:
        table = self.table
        if not (math.isfinite(table.low) and math.isfinite(table.high)):
            # E[|x z|; |z| > P]² ≤ E x² E[z²; |z| > P].
            delta = min(delta, delta**2 / max(1.0, table.second))
        p_x = own[0] / (own[0] + own[1])
        P = _reach(
            table, self.g[begin:], self.p[begin:], self.s[begin:], self.a, p_x, 1.0 - p_x, self.b,
            delta,
        )  # fmt: skip
        return P if P < 0.0 else max(P, 1e-300)


def _reach(
    table: LawTable,
    g: Floats,
    p: Floats,
    s: Floats,
    a: float,
    p_x: float,
    s_x: float,
    b: float,
    delta: float,
) -> float:
    slopes, P, S = np.append(g, a), np.append(p, p_x), np.append(s, s_x)
    active = (P > 0.0) & (slopes != 0.0)
    slopes, P, S = slopes[active], P[active], S[active]
    ends = np.stack([slopes * table.low, slopes * table.high, np.zeros(len(slopes))])
    x = np.empty(STEPS)
    # The grid is made for magnitudes up to 1; moments give the unit.
    unit = max(math.sqrt(table.second), 1e-300)
    exponents(g * unit, p, a * unit, p_x, x)
    sides = np.array([1.0, -1.0])[:, None] * x
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        factors = S + P * table.law.transform(sides[..., None] * slopes, 0)
        mgf = np.log(factors).sum(axis=-1) + sides * b
    mgf[~np.isfinite(mgf)] = np.inf
    low, high = float(b + ends.min(axis=0).sum()), float(b + ends.max(axis=0).sum())
    return float(reach(x, mgf[0], mgf[1], low, high, delta))
