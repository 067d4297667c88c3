"""The steps of a certificate, many at a time: all is covered, and every leaf is proved."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
from flint import arb

from .arrays import Array, Balls, Floats, Kind
from .bounds import Loss
from .claim import Claim, Rejected
from .unfold import (
    DOMAIN_HIGH,
    DOMAIN_LOW,
    EMPTY,
    LENGTH,
    ROW,
    SECANT,
    SLOPE,
    SLOPE_HIGH,
    SLOPE_LOW,
    SPLIT,
    SYMMETRY,
    VALUE,
    WRONG,
    unfold,
)

AT_ONCE = 2048
"""Boxes in an array, so that what they need stays in a processor's cache."""

REASONS = dict(
    enumerate("empty symmetry length row value slope convex secant".split(), start=EMPTY)
)


class Tree:
    """The steps in preorder: what is split is covered, and every leaf is proved."""

    def __init__(self, claim: Claim, kind: Kind) -> None:
        self.claim, self.kind, self.loss = claim, kind, Loss(claim, kind)
        codes, index = claim.codes, claim.indices
        known = (DOMAIN_LOW <= codes) & (codes <= SLOPE_HIGH) | (codes >= EMPTY) & (codes <= SECANT)
        if not (known | (codes == SPLIT)).all():
            raise Rejected("a step has an unknown code")
        if ((index < 0) | (index >= max(claim.size, len(claim.balls)))).any():
            raise Rejected("a step names an entry which the model does not have")
        cuts, self.ends = np.flatnonzero(codes < EMPTY), np.flatnonzero(codes >= EMPTY)
        if len(cuts) and (claim.held or (index[cuts] >= claim.n).any()):
            raise Rejected("a bias is cut that is held")
        self.code, self.cut_code = codes[self.ends], codes[cuts]
        self.cut_row, self.cut_at = index[cuts], claim.values[cuts]
        self.box = np.empty((2, claim.size, len(self.ends)))
        self.interval, self.owner = np.empty((2, len(cuts))), np.empty(len(cuts), int)
        wrong = unfold(codes, index, claim.values, claim.domain, claim.m * claim.n,
                       self.box, self.interval, self.owner)  # fmt: skip
        if wrong:
            raise Rejected(WRONG[wrong])

    def leaves(self) -> int:
        """Prove all cuts and leaves; how many leaves there are."""
        self._cuts()
        for code, name in REASONS.items():
            nodes = np.flatnonzero(self.code == code)
            for start in range(0, len(nodes), AT_ONCE):
                if not np.all(self._closed(code, nodes[start : start + AT_ONCE])):
                    raise Rejected(f"a box is closed by a reason, {name}, that does not hold")
        return int((self.code != SPLIT).sum())

    def _cuts(self) -> None:
        """Ends of b_j's interval are cut off where output j is off or L is not flat."""
        n, kind, loss = self.claim.n, self.kind, self.loss
        for code, j in product(range(DOMAIN_LOW, SLOPE_HIGH + 1), range(n)):
            cuts = np.flatnonzero((self.cut_code == code) & (self.cut_row == j))
            for part in (cuts[k : k + AT_ONCE] for k in range(0, len(cuts), AT_ONCE)):
                start, end = (kind.array(x) for x in self.interval[:, part])
                at = kind.array(self.cut_at[part])
                low, high = loss.row(kind.array(self.box[:, :, self.owner[part]]), j)
                if code == DOMAIN_LOW:
                    # b_j ≤ −Σ (G_ji)_+ switches output j off.
                    reach = sum(kind.most(g, 0 * g) for g in high[:-1])
                    good = (at >= start) & (at <= -(1 + kind.SUM) * reach)
                elif code == DOMAIN_HIGH:
                    # E u ≤ μ.
                    size = 1 + sum(abs(g) for g in low[:-1])
                    most = loss.p / 2 * (1 - sum(low[:-1]) + kind.SUM * size)
                    good = (at <= end) & (at >= most)
                else:
                    lower = code == SLOPE_LOW
                    ends = (start, at) if lower else (at, end)
                    theta = [*low[:-1], ends[0]], [*high[:-1], ends[1]]
                    least, most = loss.bias_slope(theta, j)
                    good = (start <= at) & (at <= end) & (most < 0 if lower else least > 0)
                if not np.all(good):
                    raise Rejected("a part is cut off that may hold a minimiser")

    def _closed(self, code: int, nodes: Array) -> Array:
        """Which boxes hold no minimiser, or a loss that is bounded below."""
        step = self.ends[nodes]
        index, value = self.claim.indices[step], self.claim.values[step]
        ends = self.box[:, :, nodes]
        if code in (LENGTH, VALUE, SECANT):
            return self._bounded(code, value, ends)
        if code == EMPTY:
            s, every = self.claim.m * self.claim.n + index % self.claim.n, np.arange(len(nodes))
            return ends[0, s, every] > ends[1, s, every]
        if code == SYMMETRY:
            return self._shorter(index, value, ends)
        if code == ROW:
            return self._worse(index, ends)
        return self._sloping(index, ends) if code == SLOPE else self._convex(index, ends)

    def _shorter(self, index: Array, value: Array, ends: Array) -> Array:
        """Of equally important features the longer one comes first."""
        weighting, good = self.claim.weighting, np.zeros(len(index), bool)
        box = self.kind.array(ends)
        for i, k in combinations(range(self.claim.n), 2):
            if weighting[i] == weighting[k]:
                longer = self.loss.row(box, k)[0][k] > self.loss.row(box, i)[1][i]
                good |= longer.astype(bool) & (index == i) & (value == k)
        return good

    def _worse(self, index: Array, ends: Array) -> Array:
        """A row's error is above the variance."""
        good = np.zeros(len(index), bool)
        for j in range(0 if self.claim.held else self.claim.n):
            mine = index == j
            error = self.loss.error(self.kind.array(ends[:, :, mine]), j)
            good[mine] = error > self.loss.variance * (1 + self.kind.SUM)
        return good

    def _sloping(self, index: Array, ends: Array) -> Array:
        """An entry of the gradient has one sign."""
        s, every = np.minimum(index, self.claim.size - 1), np.arange(len(index))
        least, most = np.moveaxis(np.array(self.loss.gradient(self.kind.array(ends))), 1, 0)
        good = (least[s, every] > 0) | (most[s, every] < 0)
        return good & (index == s) & (ends[0, s, every] != ends[1, s, every])

    def _convex(self, index: Array, ends: Array) -> Array:
        """Inside a neighbourhood."""
        if (index >= len(self.claim.balls)).any():
            return False
        outer = self.claim.balls[index]
        return ((ends[0].T >= outer[:, 0]) & (ends[1].T <= outer[:, 1])).all(1)

    def _bounded(self, code: int, value: Array, ends: Array) -> Array:
        """The loss is above the lower bound, and above F or in a region."""
        claim, loss, box = self.claim, self.loss, self.kind.array(ends)
        if code == SECANT:
            bound = loss.secant(box, claim.free, value)
        else:
            bound = loss.value(box) if code == VALUE else loss.lengths(box)
        if not np.all(bound >= _outward(claim.lower, self.kind)):
            raise Rejected("a box may hold a loss below the lower bound")
        good = (bound > _outward(claim.upper, self.kind)).astype(bool)
        for centre, radius, _ in claim.regions:
            # 1e-15 of a region's radius is far below what it was widened by.
            reach = radius * (1 - 1e-15) - 2.0**-52 * abs(centre)
            good |= ((ends[0].T >= centre - reach) & (ends[1].T <= centre + reach)).all(1)
        if not good.all():
            raise Rejected("a box that may hold a minimiser lies in no region")
        return good


def _outward(x: Any, kind: Kind) -> Any:
    """A number of the kind that is not below x."""
    return arb(x) if kind is Balls else np.nextafter(Floats.number(x), np.inf)
