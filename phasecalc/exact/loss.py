r"""The decomposed sparse loss of any weights, exactly.

L = Σ_{k=0..n} (1−S)^k S^(n−k) L_k with L_k = Σ_{|A|=k} Σ_j I_j ℓ_j(A): sums over the active sets of
size k and over the features, never means (Elhage et al. 2022, "What about the terms corresponding
to less sparse vectors?"). A feature's error involves its neighbours in the interference graph only,
so the cost is exponential in the largest neighbourhood and not in n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from fractions import Fraction
from math import comb
from typing import Any

import sympy

from ..display import Written
from ..inputs import (
    Scalar,
    exact_number,
    exact_vector,
    importance_vector,
    shown,
    sparsity_of,
    turned,
)
from ..laws import Law, checked_law
from ..records import Record
from ..supports import Independent, Support, checked_support
from ..symbols import p
from .algebraic import Reader, in_sympy, normal_form
from .features import FeatureError, feature_errors, with_support
from .forms import collected, has_more_operations, is_rational_form
from .gram import gram_of, matrix_of
from .truncated import TruncatedPower, exact_sign

_MOST_MULTIPLIED_OUT = 4_000
"""Operations in a coefficient of p^k beyond which it stays as it is: SymPy would take seconds."""


@dataclass(frozen=True, slots=True)
class SparseLoss(Record, Written):
    """The loss of fixed weights, as an exact formula; made by `decompose`.

    ``terms`` is (L_0, …, L_n) and ``total`` is Σ_k p^k (1−p)^(n−k) L_k with p = 1 − S; with another
    ``support`` it is Σ_A π(A) Σ_j I_j ℓ_j(A), of which the terms are the sums over |A| = k.
    ``benefit`` and ``interference`` are the two parts of L_1: Σ_j I_j ℓ_j({j}) (the paper's feature
    benefit) and Σ_{i≠j} I_j ℓ_j({i}), see derivations/decomposition.tex, eq. one-sparse. ``gram``
    is G = WᵀW.
    """

    gram: tuple[tuple[sympy.Expr, ...], ...]
    bias: tuple[sympy.Expr, ...]
    importance: tuple[sympy.Expr, ...]
    law: Law
    features: tuple[FeatureError, ...]
    terms: tuple[sympy.Expr, ...]
    benefit: sympy.Expr
    interference: sympy.Expr
    total: sympy.Expr
    support: Support = Independent()  # noqa: RUF009 (immutable)

    def at(
        self, sparsity: object = None, *, feature_probability: object = None, **symbols: object
    ) -> sympy.Expr:
        """The loss as an exact number, at S (or p = 1 − S) and values for its other symbols.

        >>> decompose([[1, -1]], [0, 0]).at(sparsity=Fraction(3, 7))
        16/147

        Raises `ValueError` for a sparsity outside [0, 1] or a symbol without a value, `TypeError`
        for floats.
        """
        if {"p", "S"} & symbols.keys():
            raise ValueError("p and S are given by sparsity: they need no value of their own")
        if symbols:
            # The weights are decomposed again: a symbolic overlap may be zero at these values.
            values = self._values(symbols)
            special = decompose(
                gram=[[entry.subs(values) for entry in row] for row in self.gram],
                bias=[entry.subs(values) for entry in self.bias],
                importance=[entry.subs(values) for entry in self.importance],
                law=self.law,
                support=self.support,
            )
            total = special.at_sparsity(sparsity, feature_probability=feature_probability)
        else:
            total = self.at_sparsity(sparsity, feature_probability=feature_probability)
        if total.free_symbols:
            raise ValueError(f"the loss needs a value for {_names(total.free_symbols)}")
        return normal_form(total)

    def at_sparsity(
        self, sparsity: object = None, *, feature_probability: object = None
    ) -> sympy.Expr:
        """The loss at sparsity S (or p = 1 − S), as a formula in its other symbols.

        >>> r = sympy.Symbol("r")
        >>> decompose([[1, -1]], [0, 0], [1, r]).at_sparsity(Fraction(1, 2))
        r/24 + 1/24
        """
        probability = 1 - sparsity_of(sparsity, feature_probability, _probability)
        self.support.check(len(self.bias), probability)
        return sympy.expand(self.total.subs(p, probability))

    def in_regime(self, point: Mapping[Any, object]) -> SparseLoss:
        """The same loss without truncated powers, valid in the sign regime that holds `point`.

        `point` gives an exact value to every symbol inside a truncated power. Where (u)_+ has
        u > 0 at the point it becomes u, where u < 0 it becomes 0; what is left is a polynomial or
        rational function in the symbols, valid as long as no u changes its sign.

        >>> w = sympy.Symbol("w")
        >>> decompose([[w, -w]], [0, 0]).in_regime({w: 1}).terms[1]
        2*w**4/3 - 4*w**2/3 + 2/3

        Raises `ValueError` when a symbol has no value, or when the point lies on the border of a
        regime (some u is zero there).
        """
        values = self._values(point)
        pieces: dict[TruncatedPower, sympy.Expr] = {}

        def smooth(expr: Scalar) -> Scalar:
            if isinstance(expr, Fraction):
                return expr
            for bracket in expr.atoms(TruncatedPower) - pieces.keys():
                pieces[bracket] = _piece(bracket, values)
            smoothed = expr.xreplace(pieces)
            return sympy.cancel(smoothed) if is_rational_form(smoothed) else collected(smoothed)

        features = tuple(
            replace(
                f,
                by_active=tuple(smooth(error) for error in f.by_active),
                alone=smooth(f.alone),
                expected=None if f.expected is None else smooth(f.expected),
            )
            for f in self.features
        )
        return _assembled(self, features)

    def _values(self, point: Mapping[Any, object]) -> dict[sympy.Symbol, sympy.Expr]:
        """Values by symbol; symbols may be named by text."""
        if not isinstance(point, Mapping):
            raise TypeError(f"point = {shown(point)}: it must map symbols to exact numbers")
        named = {symbol.name: symbol for symbol in self._symbols()}
        values = {}
        for key, value in point.items():
            name = key.name if isinstance(key, sympy.Symbol) else str(key)
            if name not in named:
                known = ", ".join(sorted(named)) or "none"
                raise ValueError(f"the loss has no symbol {name}; its symbols: {known}")
            values[named[name]] = sympy.sympify(exact_number(value, name))
        return values

    def _symbols(self) -> set[sympy.Symbol]:
        """The free symbols of the weights, biases and importances, and p."""
        entries = (*(g for row in self.gram for g in row), *self.bias, *self.importance)
        return set().union({p}, *(entry.free_symbols for entry in entries))


def decompose(
    weights: object = None,
    bias: object = None,
    importance: object = None,
    law: Law | None = None,
    *,
    gram: object = None,
    support: Support | None = None,
    feature_probability: object = None,
) -> SparseLoss:
    """Decompose the exact loss of y = ReLU(WᵀWx + b) into L_0, …, L_n and their sum.

    L = Σ_{k=0..n} (1−S)^k S^(n−k) L_k,  L_k = Σ_{|A|=k} Σ_j I_j ℓ_j(A)

    Derived in derivations/decomposition.tex, eq. total; the general L_k there is eq. k-sparse.

    Parameters
    ----------
    weights : m rows of n exact entries (int, Fraction, SymPy number or expression; text such as
        "2/3", "-sqrt(3)/2" or "w" is parsed, never evaluated). Column i is feature i.
    bias : n exact entries, added: u = Gx + b, or one for all; 0 by default.
    importance : n exact entries, not negative, a formula in i as "0.9^i", or one number: that of
        the last feature. 1 by default.
    law : `Uniform()` (default), or any law whose density is piecewise polynomial.
    gram : the n × n matrix G = WᵀW in place of `weights`; any symmetric matrix is taken, whether
        or not it is the Gram matrix of m-dimensional vectors.
    support : which features are active together; `Independent()` by default. The total is then
        Σ_A π(A) Σ_j I_j ℓ_j(A).
    feature_probability : n exact probabilities or expressions, or one for all, in place of p; short
        for support=Independent(…).

    Numbers give exact rationals or algebraic numbers. Symbols give a finite sum of truncated
    powers, valid where every overlap that is not identically zero is not zero; see
    `SparseLoss.in_regime`.

    >>> loss = decompose([[1, -1]], [0, 0])
    >>> loss.terms, loss.total
    ((0, 0, 1/3), p**2/3)
    >>> decompose([[1, -1]], [0, 0], feature_probability=["1/2", "1/3"]).total
    1/18
    >>> from phasecalc.supports import Groups
    >>> decompose([[1, -1]], [0, 0], support=Groups(correlated=[(0, 1)])).total
    p/3

    Raises `ValueError` for shapes that do not fit, NaN, infinities, negative importance, or a
    neighbourhood too large to sum over; `TypeError` for floats.

    Source: Elhage et al. 2022, "Toy Models of Superposition", the loss of the ReLU output model.
    """
    law = checked_law(law)
    given = matrix_of(weights, gram)
    n = len(given[0])
    together = _support_of(support, feature_probability, n)
    refuse_transposed(given, bias, n)
    biases = exact_vector(0 if bias is None else bias, "bias", n)
    weighting = checked_importance(importance, n)
    entries = (*(g for row in given for g in row), *biases)
    _refuse_namesakes((*entries, *weighting))
    reader = Reader(entries)
    matrix = gram_of(weights, gram, reader)
    biases = tuple(reader.scalar(b) for b in biases)
    blank = SparseLoss(
        gram=tuple(tuple(map(in_sympy, row)) for row in matrix),
        bias=tuple(map(in_sympy, biases)),
        importance=tuple(sympy.sympify(weight) for weight in weighting),
        law=law,
        features=(),
        terms=(),
        benefit=sympy.Integer(0),
        interference=sympy.Integer(0),
        total=sympy.Integer(0),
        support=together,
    )
    features = feature_errors(matrix, biases, weighting, law)
    if together != Independent():
        features = with_support(features, matrix, biases, law, together)
    return _assembled(blank, features)


def refuse_transposed(rows: Sequence[Sequence[Scalar]], bias: object, n: int) -> None:
    """A bias with one entry for each row of weights: the hint that helps."""
    if isinstance(bias, Sized) and not isinstance(bias, str) and n < len(bias) == len(rows):
        raise ValueError(
            f"bias has {len(bias)} entries, but weights {len(rows)} rows of {n}"
            + turned(len(bias), len(rows), n)
        )


def _support_of(support: object, feature_probability: object, n: int) -> Support:
    if feature_probability is None:
        return checked_support(support, n)
    if support is not None:
        raise TypeError("support and feature_probability: at most one of them can be given")
    chances = exact_vector(feature_probability, "feature_probability", n)
    return checked_support(Independent(chances), n)


def checked_importance(importance: object, n: int) -> tuple[Scalar, ...]:
    """n importances, 1 by default; ValueError for a negative one."""
    if importance is None:
        return (Fraction(1),) * n
    weighting = importance_vector(importance, n)
    for j, weight in enumerate(weighting):
        if not getattr(weight, "free_symbols", None) and exact_sign(weight) < 0:
            raise ValueError(f"importance[{j}] = {weight}: it must not be negative")
    return weighting


def _assembled(blank: SparseLoss, features: tuple[FeatureError, ...]) -> SparseLoss:
    """The record with its terms and total summed from the errors of its features."""
    n = len(features)
    terms = tuple(
        _weighted_sum((f.importance, _count_sets(f, n, k)) for f in features) for k in range(n + 1)
    )
    benefit = _weighted_sum((f.importance, f.alone) for f in features)
    interference = _weighted_sum((f.importance, _count_sets(f, n, 1) - f.alone) for f in features)
    powers = range(1 + max(f.degree for f in features))
    by_power = (
        _weighted_sum(
            (f.importance, coefficients[k])
            for f, coefficients in ((f, f.polynomial()) for f in features)
            if k < len(coefficients)
        )
        for k in powers
    )
    total = sympy.Add(*(t for k, c in enumerate(by_power) for t in _times_power(c, k)))
    if blank.support != Independent():
        total = _weighted_sum((f.importance, f.expected) for f in features)
        if not has_more_operations(total, _MOST_MULTIPLIED_OUT):
            total = sympy.expand(total)
    return replace(
        blank,
        features=features,
        terms=terms,
        benefit=benefit,
        interference=interference,
        total=total,
    )


def _times_power(coefficient: sympy.Expr, k: int) -> Iterable[sympy.Expr]:
    """The terms of coefficient · p^k, multiplied out where that takes a moment.

    SymPy multiplies out ten thousand operations in half a minute.
    """
    if has_more_operations(coefficient, _MOST_MULTIPLIED_OUT):
        yield from (term * p**k for term in sympy.Add.make_args(coefficient))
    else:
        yield sympy.expand_mul(coefficient * p**k)


def _count_sets(feature: FeatureError, n: int, k: int) -> Scalar:
    """Σ_{|A|=k} ℓ_j(A): a set B of neighbours lies in C(n−d, k−|B|) active sets of size k."""
    d = feature.degree
    return sum(
        (
            comb(n - d, k - size) * error
            for size, error in enumerate(feature.by_active)
            if 0 <= k - size <= n - d
        ),
        start=Fraction(0),
    )


def _weighted_sum(pairs: Iterable[tuple[Scalar, Scalar]]) -> sympy.Expr:
    """Σ weight·value; rational values of the same weight are added as rationals first."""
    rational: dict[Scalar, Fraction] = {}
    symbolic: list[sympy.Expr] = []
    for weight, value in pairs:
        if isinstance(value, Fraction):
            rational[weight] = rational.get(weight, Fraction(0)) + value
        else:
            symbolic.append(sympy.sympify(weight) * value)
    symbolic.extend(
        sympy.sympify(weight) * sympy.sympify(value) for weight, value in rational.items()
    )
    total = sympy.Add(*symbolic)
    return normal_form(sympy.expand(total)) if total.is_number else total


def _piece(bracket: TruncatedPower, values: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    base, power = bracket.args
    missing = base.free_symbols - values.keys()
    if missing:
        raise ValueError(f"point has no value for {_names(missing)}, on which ({base})_+ depends")
    value = sympy.expand(base.subs(values))
    if not value.is_finite:
        raise ValueError(f"point: {base} is not finite there")
    sign = exact_sign(value)
    if sign == 0:
        raise ValueError(f"point lies on the border of a regime: {base} is zero there")
    return base**power if sign > 0 else sympy.Integer(0)


def _probability(value: object, argument: str, _: int) -> sympy.Expr:
    number = sympy.sympify(exact_number(value, argument))
    if exact_sign(number) < 0 or exact_sign(1 - number) < 0:
        raise ValueError(f"{argument} = {number}: it must lie in [0, 1]")
    return number


def _names(symbols: Iterable[sympy.Symbol]) -> str:
    return ", ".join(sorted(symbol.name for symbol in symbols))


def _refuse_namesakes(entries: Iterable[Scalar]) -> None:
    """Two symbols of one name could not be told apart when values are given by name."""
    symbols: dict[str, sympy.Symbol] = {}
    for entry in entries:
        for symbol in getattr(entry, "free_symbols", ()):
            if symbols.setdefault(symbol.name, symbol) != symbol:
                raise ValueError(f"two different symbols have the name {symbol.name}")
