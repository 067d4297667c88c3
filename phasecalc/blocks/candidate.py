"""Candidate configurations: weights and biases with an exact loss in p and r."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import sympy

from ..display import Written
from ..exact.algebraic import in_sympy
from ..exact.forms import by_monomials
from ..exact.loss import SparseLoss, decompose
from ..exact.roots import polynomial, real_roots
from ..exact.truncated import TruncatedPower
from ..inputs import Scalar, count_of, exact_matrix, probability_in, rational_in, shown, sparsity_of
from ..laws import Law, Uniform, checked_law
from ..records import Record
from ..symbols import p, r
from .biases import BiasPiece, Gram, best_bias, bias_pieces

OUTCOMES = ("not represented", "dedicated", "superposition")
"""What can happen to the extra feature."""


@dataclass(frozen=True, slots=True)
class Candidate(Record, Written):
    """A configuration whose loss is a polynomial in p and r, of degree one in r.

    ``weights`` (m rows of n) and ``bias`` are exact; ``bias`` may contain p. ``outcome`` is one of
    `OUTCOMES` and speaks of the extra (last) feature. ``blocks`` are the features of each block, by
    index from 0, and ``figures`` what these blocks are; both are empty for a configuration of your
    own. ``gram`` is WᵀW, ``law`` the magnitude law that the loss belongs to. ``description`` says
    in a sentence what happens to the features.

    Raises `ValueError` when blocks overlap, or the loss is no such polynomial with real algebraic
    coefficients.
    """

    name: str
    outcome: str
    weights: tuple[tuple[sympy.Expr, ...], ...]
    bias: tuple[sympy.Expr, ...]
    loss: sympy.Expr
    gram: tuple[tuple[sympy.Expr, ...], ...]
    blocks: tuple[tuple[int, ...], ...] = ()
    law: Law = field(default_factory=Uniform)
    figures: tuple[str, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome = {self.outcome!r}: it must be one of {', '.join(OUTCOMES)}")
        inside = {i: block for block in self.blocks for i in block}
        for i, row in enumerate(self.gram):
            for k, overlap in enumerate(row):
                if overlap != 0 and i != k and k not in inside.get(i, range(len(self.gram))):
                    raise ValueError(f"blocks: features {i} and {k} overlap outside of a block")
        if self.figures and len(self.figures) != len(self.blocks):
            raise ValueError("figures: there must be one for each block")
        if not _is_loss(self.loss):
            raise ValueError(
                f"loss = {shown(self.loss)}: it must be a polynomial in p and r with real "
                "algebraic coefficients, of degree at most one in r"
            )

    @property
    def base_error(self) -> sympy.Expr:
        """The squared error of all features but the extra one: the loss at r = 0."""
        return self.loss.subs(r, 0)

    @property
    def extra_error(self) -> sympy.Expr:
        """The extra feature's own squared error, ∂L/∂r."""
        return self.loss.diff(r)

    @property
    def coefficients(self) -> tuple[tuple[Scalar, ...], tuple[Scalar, ...]]:
        """Coefficients of `base_error` and `extra_error` in powers of p, lowest first.

        A `Fraction` where it is rational, else a SymPy number.
        """
        return coefficients_in_p(self.base_error), coefficients_in_p(self.extra_error)

    def loss_at(
        self, sparsity: object = None, importance: object = 1, *, feature_probability: object = None
    ) -> Scalar:
        """The loss at rational S (or p = 1 − S) and r: exactly, a `Fraction` or a SymPy number.

        >>> antipodal = Candidate.from_weights("pair", [[1, -1]], [0, 0], "superposition")
        >>> antipodal.loss_at("3/7", 1)
        Fraction(16, 147)
        """
        base, slope = self.coefficients
        density = 1 - sparsity_of(sparsity, feature_probability, probability_in)
        weight = rational_in(importance, "importance")
        return combined(_evaluated(base, density), _evaluated(slope, density), weight)

    def bias_pieces(self, feature: int) -> tuple[BiasPiece, ...]:
        """The error of a feature as a function of its own bias b, piece by piece.

            slope = ½ ∂/∂b E (x_j − (Σ_i G_ji x_i + b)_+)²

        Between two kinks, low ≤ b ≤ high, it is a polynomial in b and p. Where it is linear or
        quadratic in b, ``closed`` has its zeros as formulas in p: under the point law in every
        piece where the output is not off, under the uniform law for a dropped or dedicated feature.

        >>> from phasecalc.blocks.tegum import candidates
        >>> from phasecalc.model import ToyModel
        >>> from phasecalc.laws import Point
        >>> pair = candidates(ToyModel(2, 1, law=Point()))[-1]
        >>> [(piece.low, piece.high, *piece.closed) for piece in pair.bias_pieces(0)[2:3]]
        [(0, 1, p**2/(p**2 - p + 1))]

        Raises `ValueError` for a feature that there is not.
        """
        index = count_of(feature, "feature")
        if index >= len(self.gram):
            raise ValueError(f"feature = {index}: it must be 0 to {len(self.gram) - 1}")
        return bias_pieces(*self._alone(index), self.law)

    def best_biases(
        self, sparsity: object = None, *, feature_probability: object = None
    ) -> tuple[sympy.Expr, ...]:
        """The biases that minimise the loss at fixed weights and rational S or p = 1 − S.

            ∂/∂b_j E (x_j − (Σ_i G_ji x_i + b_j)_+)² = 0

        Exact algebraic numbers: of all stationary biases of a feature the one with the least error,
        to 40 digits. `bias` holds the simple choice that `loss` belongs to: 0 but for dropped
        features.

        >>> from phasecalc.blocks.tegum import candidates
        >>> from phasecalc.model import ToyModel
        >>> ignore, _, pair = candidates(ToyModel(2, 1))
        >>> ignore.best_biases("1/2")
        (0, 1/4)
        >>> round(float(pair.best_biases("3/5")[0]), 12)
        0.043566060439

        Raises `ValueError` for S outside [0, 1].
        """
        density = 1 - sparsity_of(sparsity, feature_probability, probability_in)
        return tuple(
            best_bias(*self._alone(feature), self.law, density) for feature in range(len(self.gram))
        )

    def _alone(self, feature: int) -> tuple[Gram, int]:
        """The Gram matrix of a feature and those it overlaps, in one order for equal features."""
        row = self.gram[feature]
        others = [i for i, g in enumerate(row) if g != 0 and i != feature]
        others.sort(key=lambda i: sympy.default_sort_key(row[i]))
        n = 1 + len(others)
        matrix = [[sympy.Integer(0)] * n for _ in range(n)]
        for k, i in enumerate((feature, *others)):
            matrix[0][k] = matrix[k][0] = row[i]
        return tuple(map(tuple, matrix)), 0

    @classmethod
    def from_weights(
        cls,
        name: str,
        weights: object,
        bias: object = None,
        outcome: str | None = None,
        law: Law | None = None,
    ) -> Candidate:
        """A configuration of your own, to be compared with others of the same law.

        `weights` and `bias` are those of `decompose`, exact numbers (a bias may be a polynomial in
        p, and is 0 by default); importances are (1, …, 1, r). The outcome of the extra feature is
        read from the weights where it is not given: no column, an overlap with others, or neither.

        >>> Candidate.from_weights("confused", [[1, 1]], [0, 0], "superposition").loss
        p*r/3 + p/3

        Raises what `decompose` raises, and `ValueError` where the loss is no polynomial in p.
        """
        law = checked_law(law)
        rows = exact_matrix(weights, "weights")
        loss = decompose(rows, bias, (*(1,) * (len(rows[0]) - 1), r), law)
        return cls(
            name=name,
            outcome=_outcome(loss.gram) if outcome is None else outcome,
            weights=tuple(tuple(sympy.sympify(w) for w in row) for row in rows),
            bias=loss.bias,
            loss=polynomial_loss(loss),
            gram=loss.gram,
            law=law,
        )


def _outcome(gram: tuple[tuple[sympy.Expr, ...], ...]) -> str:
    *overlaps, own = gram[-1]
    if own == 0:
        return "not represented"
    return "superposition" if any(overlap != 0 for overlap in overlaps) else "dedicated"


@lru_cache(maxsize=2048)
def coefficients_in_p(expr: sympy.Expr) -> tuple[Scalar, ...]:
    """Coefficients of a polynomial in powers of p, lowest first."""
    by_power = {sympy.degree(m, p): n for m, n in by_monomials(expr).items()}
    coefficients = (by_power.get(k, sympy.Integer(0)) for k in range(max(by_power, default=0) + 1))
    return tuple(Fraction(int(c.p), int(c.q)) if c.is_Rational else c for c in coefficients)


def _is_loss(loss: sympy.Expr) -> bool:
    """Whether a formula is a polynomial in p and r, of degree at most one in r."""
    if not (loss.free_symbols <= {p, r} and loss.is_polynomial(p, r)):
        return False
    by_power = by_monomials(loss)
    return all(n.is_real for n in by_power.values()) and all(
        m.as_powers_dict().get(r, 0) <= 1 for m in by_power
    )


def _evaluated(coefficients: tuple[Scalar, ...], point: Fraction) -> Scalar:
    """A polynomial, lowest coefficient first, by Horner's rule."""
    value: Scalar = Fraction(0)
    for coefficient in reversed(coefficients):
        value = combined(coefficient, value, point)
    return value


def combined(base: Scalar, slope: Scalar, weight: Fraction) -> Scalar:
    """base + weight · slope, a `Fraction` where both are."""
    if isinstance(base, Fraction) and isinstance(slope, Fraction):
        return base + weight * slope
    return sympy.expand(in_sympy(base) + in_sympy(weight) * in_sympy(slope))


def polynomial_loss(loss: SparseLoss) -> sympy.Expr:
    """The total with every bracket resolved whose sign is the same for all 0 < p < 1."""
    half = Fraction(1, 2)
    for bracket in loss.total.atoms(TruncatedPower):
        base = bracket.args[0]
        if base.free_symbols - {p}:
            raise ValueError(f"weights, bias: ({base})_+ has a symbol other than p")
        if not base.is_polynomial(p):
            raise ValueError(f"bias: {base} must be a polynomial in p")
        turns = real_roots(polynomial(base), Fraction(0), Fraction(1))
        if turns:
            raise ValueError(f"bias: {base} changes its sign inside 0 < p < 1")
    return sympy.expand(loss.in_regime({p: half}).total)
