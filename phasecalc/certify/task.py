"""What is to be certified: one loss at one rational point, and the compact box of its minimisers.

Proofs are in docs/certificates.md. In short, at a global minimum with free biases

- ℓ_j ≤ v for every j: dropping feature j costs I_j v, and no other output loses by it, as each can
  take the best of the biases b_i + G_ij x_j that it had;
- hence G_jj ≤ A with (A + 1)² = 16 A/(3p), since ℓ_j ≥ p (1/3 − 4a/(3 (a + 1)²)) at G_jj = a ≥ 1;
- W can be turned so that it is upper triangular with a diagonal of at least 0.

With b = 0 the best length of W gives Σ I_j E u_j₊² ≤ Σ I_j p/3, which bounds the longest column.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

import numpy as np
import sympy
from numpy.typing import NDArray

from ..inputs import exact_number, shown, sparsity_of
from ..laws import Uniform
from ..model import ToyModel, checked_model, symbol_values, weighted
from .compiled.moments import MOST_FEATURES, law_between, row_matrix, row_terms

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """One loss at one rational point, in the unit of the magnitude law.

    ``weighting`` are the importances times the unit squared. x = (W by rows, b) has ``size``
    entries.
    """

    model: ToyModel
    sparsity: Fraction
    importance: Fraction
    symbols: tuple[tuple[str, Fraction], ...]
    weighting: tuple[Fraction, ...]
    penalty: Fraction

    @classmethod
    def of(
        cls,
        model: ToyModel,
        sparsity: object,
        importance: object,
        symbols: dict[str, object],
        feature_probability: object = None,
    ) -> Task:
        """The task; `TypeError` for floats, `ValueError` for what cannot be certified."""
        checked_model(model)
        if not isinstance(model.law, Uniform):
            raise ValueError(
                f"law = {model.law}: certificates are for uniform magnitudes, on [0, c]"
            )
        if model.n_features > MOST_FEATURES:
            raise ValueError(
                f"n_features = {model.n_features}: certificates are for models of at most "
                f"{MOST_FEATURES} features"
            )
        S = sparsity_of(sparsity, feature_probability, _probability)
        model, given_r = weighted(model, importance, exact=True)
        r = rational(given_r, "importance")
        if r <= 0:
            raise ValueError(f"importance = {r}: it must be above 0")
        values = symbol_values(model, symbols, rational)
        # A model whose importances are numbers has no symbol r, and its value says nothing.
        known = {symbol.name for symbol in model.symbols}
        given = {**({"r": r} if "r" in known else {}), **values}
        missing = known - given.keys()
        if missing:
            raise ValueError(f"the model needs a value for {', '.join(sorted(missing))}")
        there = model.at(given)
        unit = model.law.scale
        weighting = tuple(unit**2 * _fraction(own, "importance") for own in there.importance)
        if min(weighting) <= 0:
            raise ValueError("importance: every feature must have an importance above 0")
        penalty = _fraction(there.interference_penalty, "interference_penalty")
        if penalty < 0:
            raise ValueError(f"interference_penalty = {penalty}: it must be 0 or more")
        return cls(model, S, r, tuple(values.items()), weighting, penalty)

    @property
    def n(self) -> int:
        return self.model.n_features

    @property
    def m(self) -> int:
        return self.model.d_hidden

    @property
    def size(self) -> int:
        return self.m * self.n + self.n

    @property
    def density(self) -> Fraction:
        """p = 1 − S."""
        return 1 - self.sparsity

    @property
    def held(self) -> bool:
        """Whether b = 0."""
        return self.model.bias == "zero"

    @property
    def compiled(self) -> tuple[int, int, Floats, Floats, float, bool]:
        """The problem as compiled code takes it; the proof covers the rounding of its numbers."""
        weighting = np.array([float(weight) for weight in self.weighting])
        p = float(self.density)
        law = law_between(p, p, self.n)
        return self.m, self.n, weighting, law, float(self.penalty), self.held

    @property
    def variance(self) -> float:
        """A float above v = p/3 − p²/4."""
        v = self.density / 3 - self.density**2 / 4
        return float(v) * (1 + 1e-14)

    @property
    def classes(self) -> NDArray[np.int64]:
        """For every feature the first one of the same importance."""
        return np.array([self.weighting.index(weight) for weight in self.weighting])

    def longest(self) -> float:
        """A bound of every |W_ai| at a global minimum."""
        p = self.density
        if not self.held:
            # A < 2c with c = 8/(3p) − 1; the square root of an upper bound, rounded up.
            return _root_above(2 * (8 / (3 * p) - 1))
        theta = np.array([1.0] + [-1.0] * (self.n - 1) + [0.0])
        M, out = np.empty((self.n + 1, self.n + 1)), np.empty(self.n + 1)
        row_matrix(theta, self.n, law_between(float(p), float(p), self.n), M)
        least = Fraction(float(row_terms(theta, self.n, M, out)) * (1 - 1e-6))
        fourth = sum(self.weighting) * p / (3 * min(self.weighting) * least)
        return _root_above(Fraction(_root_above(fourth)))

    def domain(self) -> tuple[Floats, Floats]:
        """(lowest, highest) x: a box that holds a global minimiser of every symmetry class."""
        m, n, reach = self.m, self.n, self.longest()
        lo, hi = np.zeros(self.size), np.zeros(self.size)
        for a in range(m):
            for i in range(a, n):
                lo[a * n + i] = 0.0 if i == a else -reach
                hi[a * n + i] = reach
        if not self.held:
            # b_j > −Σ (G_ji)_+ and b_j ≤ μ (1 − Σ G_ji), with |G_ji| ≤ A.
            most = m * n * reach**2 * (1 + 1e-12)
            lo[m * n :] = -most
            hi[m * n :] = 1.0 + most
        return lo, hi

    def triangular(self, weights: Floats) -> Floats:
        """The weights turned so that they are upper triangular with a diagonal ≥ 0."""
        upper = np.triu(np.linalg.qr(weights, mode="r"))
        turned = np.zeros_like(weights)
        turned[: len(upper)] = upper
        signs = np.where(np.diag(turned[:, : self.m]) < 0, -1.0, 1.0)
        return np.asarray(turned * signs[: len(turned), None] + 0.0)


def rational(value: object, argument: str, _: int = 0) -> Fraction:
    """A rational number, from exact input only."""
    number = exact_number(value, argument)
    if not isinstance(number, Fraction):
        raise ValueError(f"{argument} = {shown(value)}: it must be a rational number")
    return number


def _probability(value: object, argument: str, never: int) -> Fraction:
    number = rational(value, argument)
    if not 0 <= number <= 1 or number == never:
        allowed = "[0, 1)" if never == 1 else "(0, 1]"
        raise ValueError(f"{argument} = {number}: it must lie in {allowed}")
    return number


def _fraction(value: sympy.Expr, argument: str) -> Fraction:
    if not value.is_Rational:
        raise ValueError(f"{argument} = {value}: it must be a rational number")
    return Fraction(int(value.p), int(value.q))


def _root_above(value: Fraction) -> float:
    """A float not below √value, by some 1e-9 at most."""
    scale = 1 << 60
    root = isqrt(int(value * scale * scale) + 1) + 1
    return float(Fraction(root, scale)) * (1 + 1e-12)
