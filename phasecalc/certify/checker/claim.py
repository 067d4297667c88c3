"""What a certificate file states, and what of it holds before any step is looked at."""

from __future__ import annotations

from base64 import b64decode
from itertools import product
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq

from .arrays import Array, Balls, Floats
from .balls import Ball, kink_density
from .bounds import Box, Loss, positive_definite

MOST_PIECES = 3000
"""Parts into which a neighbourhood is cut to prove convexity in each."""


class Rejected(ValueError):
    """A claim of the certificate that could not be proved."""


class Claim:
    """A certificate's statements."""

    def __init__(self, record: dict[str, Any]) -> None:
        proof, model = record["proof"], record["model"]
        self.p = 1 - _fraction(record["sparsity"])
        self.n, self.m = int(model["n_features"]), int(model["d_hidden"])
        self.size = self.m * self.n + self.n
        self.weighting = [_fraction(entry) for entry in proof["weighting"]]
        self.penalty, self.held = _fraction(proof["penalty"]), bool(proof["held"])
        self.lower, self.upper, self.gap = (_fraction(record[k]) for k in ("lower", "upper", "gap"))
        self.domain, self.witness = _array(proof["domain"]), _array(proof["witness"])
        if not len(self.weighting) == self.n or self.witness.shape != (self.size,):
            raise ValueError("its sizes do not agree")
        if not 1 <= self.n <= 3 or self.m < 1 or self.domain.shape != (2, self.size):
            raise ValueError("its sizes are not those of a certificate")
        self.balls = _array(proof["neighbourhoods"]).reshape(-1, 3, self.size)
        self.codes, self.indices = (_array(proof[k]).astype(int) for k in ("codes", "indices"))
        self.values = _array(proof["values"])
        unit = _fraction(model["law"]["high"])
        self.regions = [
            (
                np.append(_array(r["weights"]), _array(r["bias"]) / Floats.number(unit)),
                float(r["radius"]),
                bool(r["unique"]),
            )
            for r in record["minimisers"]
        ]
        if not self.codes.shape == self.indices.shape == self.values.shape or self.codes.ndim != 1:
            raise ValueError("its steps are not lists of one length")
        if not 0 < self.p <= 1 or min(self.weighting) <= 0 or self.penalty < 0:
            raise ValueError("its numbers are out of range")
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
        self.exact = Loss(self, Balls)
        self.free = [s for s in range(self.size) if self.domain[0, s] != self.domain[1, s]]

    def check(self) -> None:
        """All that is claimed but the steps."""
        if not self.same:
            raise Rejected("the loss of the proof is not that of the model")
        self._domain()
        if not self.lower <= self.upper or self.upper - self.lower > self.gap:
            raise Rejected("the bounds are not in order, or further apart than the gap")
        if (self.witness < self.domain[0]).any() or (self.witness > self.domain[1]).any():
            raise Rejected("the witness is not where it should be")
        if not self.exact.value(_points(self.witness, self.witness))[0] <= arb(self.upper):
            raise Rejected("the loss at the witness is not below the upper bound")
        proved = {
            region
            for number, ball in enumerate(self.balls)
            for region in self._neighbourhood(ball, number)
        }
        for number, (_, _, unique) in enumerate(self.regions):
            if unique and number not in proved:
                raise Rejected(f"region {number} is not shown to hold one stationary point only")

    def _domain(self) -> None:
        """The box of section 1: lengths, biases, triangular weights."""
        n, m, p = self.n, self.m, arb(self.p)
        if self.held:
            theta = [np.array([arb(x)]) for x in (1, *[-1] * (n - 1), 0)]
            least = self.exact.terms(theta)[2][0]
            square = (arb(sum(self.weighting) / min(self.weighting)) * p / (3 * least)).sqrt()
        else:
            c = 8 / (3 * p) - 1
            square = c + (c * c - 1).sqrt()
        reach = square.sqrt()
        lo, hi = self.domain.tolist()
        for a, i in product(range(m), range(n)):
            s = a * n + i
            good = lo[s] == hi[s] == 0 if i < a else arb(hi[s]) >= reach
            if not (good and (i <= a or arb(lo[s]) <= -reach) and lo[s] <= 0):
                raise Rejected(f"the domain does not reach far enough in W[{a}, {i}]")
        # With the lengths of the stored domain, which may be larger.
        most = arb(max(hi[: m * n])) ** 2 * m * n
        for j, s in enumerate(range(m * n, self.size)):
            good = arb(lo[s]) <= -most and arb(hi[s]) >= p / 2 * (1 + most)
            if not (lo[s] == hi[s] == 0 if self.held else good):
                raise Rejected(f"the domain does not reach far enough in b[{j}]")

    def _neighbourhood(self, ball: Array, number: int) -> list[int]:
        """Convexity; the regions, by number, that hold a minimiser in it, if there may be one."""
        lo, hi, at = ball
        if not ((lo <= at) & (at <= hi)).all():
            raise Rejected(f"the centre of neighbourhood {number} is not where it should be")
        pieces = [(lo, hi)]
        for _ in range(MOST_PIECES):
            if not pieces:
                break
            low, high = pieces.pop()
            if not self._convex(_points(low, high)):
                axis = np.argmax(high - low)
                middle = np.where(np.arange(self.size) == axis, (low + high) / 2, low)
                pieces.append((middle, high))
                pieces.append((low, np.where(np.arange(self.size) == axis, middle, high)))
        if pieces:
            raise Rejected(f"neighbourhood {number}: convexity could not be proved")
        gradient = [low[0].union(high[0]) for low, high in self.exact.gradient(_points(at, at))]
        width = [arb.max(arb(h) - arb(x), arb(x) - arb(w)) for w, h, x in zip(*ball, strict=True)]
        level = self.exact.value(_points(at, at))[0]
        level -= sum((abs(gradient[s]) * width[s] for s in self.free), arb(0))
        if not level >= arb(self.lower):
            raise Rejected(f"neighbourhood {number}: the loss may fall below the lower bound")
        # If it may hold a minimiser, that must lie in a region.
        if level > arb(self.upper):
            return []
        found = [
            k
            for k, (centre, radius, unique) in enumerate(self.regions)
            if unique and self._close(at, (radius - abs(centre - at).max()) * (1 - 1e-15), gradient)
        ]
        if not found:
            raise Rejected(f"neighbourhood {number} may hold a minimiser that no region holds")
        return found

    def _close(self, at: Array, radius: float, gradient: list[Ball]) -> bool:
        """Whether a stationary point is proved within `radius` of the point.

        ∇L·h + ½ κ|h|² > 0 on |h| = radius where |∇L| < ½ κ radius.
        """
        reach = np.zeros(self.size)
        reach[self.free] = radius
        centre, wide = (Balls.array(x[:, None]) for x in (at, reach))
        steep = sum((gradient[s].abs_upper() ** 2 for s in self.free), arb(0)).sqrt()
        around = centre - wide, centre + wide
        return radius > 0 and self._convex(around, 2 * steep / arb(radius))

    def _convex(self, box: Box, curvature: Ball = 0) -> bool:
        """Whether every generalised Hessian on the box lies above `curvature`."""
        n, loss, split = self.n, self.exact, self.m * self.n
        x = [a[0].union(b[0]) for a, b in zip(*box, strict=True)]
        total = arb_mat(self.size, self.size)
        for j in range(n):
            theta = loss.row(box, j)
            ends = [[entry[0] for entry in end] for end in theta]
            density = kink_density(ends[0], ends[1], j, loss.weights)
            if density is None:
                return False
            # M(θ) − M(lowest θ) is positive semidefinite: it may be left out.
            terms = loss.both(theta)
            M = terms[0][0]
            twice = 2 * loss.importance[j]
            R = arb_mat([[twice * (M[k][q][0] - density[k][q]) for q in range(n + 1)]
                         for k in range(n + 1)])  # fmt: skip
            J = arb_mat(n + 1, self.size)
            J[n, split + j] = arb(1)
            slopes = loss.slopes(theta, terms, j)
            for k, a in product(range(n), range(self.m)):
                D = slopes[k][0][0].union(slopes[k][1][0])
                for s, t in ((a * n + j, a * n + k), (a * n + k, a * n + j)):
                    J[k, s] += x[t]
                    total[s, t] += D
                if k != j and a == 0:
                    R[k, k] += 2 * loss.penalty
            total += J.transpose() * R * J
        # Midpoints, with the radii taken off the diagonal in parts of the widths.
        A = [[(total[s, t] + total[t, s]) / 2 for t in self.free] for s in self.free]
        width = [box[1][s][0] - box[0][s][0] for s in self.free]
        if not all(w > 0 for w in width):
            return False
        below = [[np.array([entry.mid()]) for entry in row] for row in A]
        for s, t in product(range(len(A)), repeat=2):
            below[s][s] = below[s][s] - A[s][t].rad() * (width[t] / width[s]).mid()
        for s in range(len(A)):
            below[s][s] = below[s][s] - curvature
        return bool(np.all(positive_definite(below)))


def _points(low: Array, high: Array) -> Box:
    """One box, in balls."""
    least = Balls.array(low[:, None])
    return least, least if high is low else Balls.array(high[:, None])


def _fraction(entry: dict[str, str]) -> Any:
    numerator, denominator = entry["fraction"].split("/")
    return fmpq(int(numerator, 0), int(denominator, 0))


def _array(entry: dict[str, Any]) -> Array:
    parts = entry["array"]
    if "base64" in parts:
        if parts["dtype"] not in ("|i1", "<i2", "<i8", "<f8"):
            raise ValueError(f"an array has the type {parts['dtype']!r}")
        flat = np.frombuffer(b64decode(parts["base64"], validate=True), parts["dtype"])
    else:
        flat = np.array(parts["entries"])
    return flat.astype(float).reshape(parts["shape"])


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
