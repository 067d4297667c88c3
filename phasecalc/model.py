"""The toy model whose theory is computed: everything that defines its loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from typing import Any, Literal, TypeVar

import sympy

from .inputs import (
    exact_scalar,
    importance_vector,
    is_one_importance,
    parse_number,
    shown,
    size_of,
)
from .laws import Law, Uniform, checked_law
from .supports import Independent, checked_support
from .symbols import S, p, r

Value = TypeVar("Value")

BIASES = ("free", "zero")
MOST_FEATURES = 100_000
"""Of a model: it holds an importance for each."""


def sizes(n_features: int, d_hidden: int) -> str:
    """The sizes of a model in words.

    >>> sizes(3, 2), sizes(2, 1)
    ('3 features in 2 dimensions', '2 features in 1 dimension')
    """
    return f"{n_features} features in {d_hidden} dimension{'s' * (d_hidden > 1)}"


@dataclass(frozen=True, slots=True)
class ToyModel:
    """y = ReLU(WᵀWx + b) with n features in m hidden dimensions (Elhage et al. 2022).

        L(W, b) = E Σ_j I_j (x_j − y_j)² + λ Σ_{i≠j} (W_i·W_j)²

    Features are independent unless `support` says otherwise; each is 0 with probability S (the
    *sparsity*), else drawn from the magnitude law. The loss is a sum over features, never a mean.
    The bias enters as +b.

    n_features, d_hidden : n and m.
    law : of the magnitudes, `Uniform()` by default.
    importance : (I_1, …, I_n), exact numbers or expressions in symbols; by default (1, …, 1, r), r
        for the last, "extra", feature. One number is that of the last feature, wherever importances
        are taken; a text may be a formula in the feature's number i = 0, 1, …, such as "0.9^i".
    support : which features are active together, `Independent()` by default.
    bias : "free", or "zero" where b is held at 0.
    interference_penalty : λ ≥ 0, an exact number or an expression in symbols.

    >>> ToyModel(n_features=2, d_hidden=1).importance
    (1, r)
    >>> ToyModel(3, 2, importance="(7/10)^i").importance
    (1, 7/10, 49/100)
    >>> ToyModel(3, 2, importance="1/2").importance
    (1, 1, 1/2)
    >>> ToyModel(5, 2, importance="rho^i").symbols
    (rho,)

    Raises `TypeError` for sizes that are no integers and for floats, `ValueError` for sizes below
    1, negative importances or penalties, and an unknown bias.
    """

    n_features: int
    d_hidden: int
    law: Law = Uniform()  # noqa: RUF009 (immutable)
    importance: Any = ()
    support: Any = None
    bias: Literal["free", "zero"] = "free"
    interference_penalty: Any = sympy.Integer(0)  # noqa: RUF009 (immutable)

    def __post_init__(self) -> None:
        for name in ("n_features", "d_hidden"):
            object.__setattr__(self, name, size_of(getattr(self, name), name))
        if self.n_features > MOST_FEATURES:
            raise ValueError(f"n_features = {self.n_features}: a model has at most {MOST_FEATURES}")
        checked_law(self.law)
        object.__setattr__(self, "importance", self._checked_importance())
        object.__setattr__(self, "support", checked_support(self.support, self.n_features))
        if self.bias not in BIASES:
            raise ValueError(f'bias = {shown(self.bias)}: it must be "free" or "zero"')
        penalty = _condition(self.interference_penalty, "interference_penalty")
        object.__setattr__(self, "interference_penalty", penalty)

    def _checked_importance(self) -> tuple[sympy.Expr, ...]:
        given: Any = self.importance
        if given is None or (isinstance(given, tuple) and not given):
            return (*(sympy.Integer(1),) * (self.n_features - 1), r)
        entries = importance_vector(given, self.n_features)
        return tuple(_condition(entry, f"importance[{i}]") for i, entry in enumerate(entries))

    @property
    def sparsity(self) -> sympy.Symbol:
        """The symbol S, equal for all features."""
        return S

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of the importances, of the penalty and of the support, p apart, by name."""
        found = self.support.symbols(self.n_features) - {p}
        found |= self.interference_penalty.free_symbols
        found.update(*(weight.free_symbols for weight in self.importance))
        return tuple(sorted(found, key=lambda symbol: str(symbol.name)))

    @property
    def is_standard(self) -> bool:
        """Whether importances are (1, …, 1, r), biases free, and nothing is added to the loss."""
        standard = (*(sympy.Integer(1),) * (self.n_features - 1), r)
        plain = self.bias == "free" and not self.interference_penalty
        return self.importance == standard and plain and self.support == Independent()

    def at(self, values: Mapping[Any, object]) -> ToyModel:
        """The model with exact numbers in place of symbols, which may be named by text.

        >>> ToyModel(2, 1).at({"r": "1/2"}).importance
        (1, 1/2)

        Raises `ValueError` for a symbol that the model does not have.
        """
        named = {symbol.name: symbol for symbol in self.symbols}
        found = {}
        for key, value in values.items():
            name = key.name if isinstance(key, sympy.Symbol) else str(key)
            if name not in named:
                known = ", ".join(named) or "none"
                raise ValueError(f"the model has no symbol {name}; its symbols: {known}")
            found[named[name]] = sympy.sympify(exact_scalar(value, name))
        return replace(
            self,
            importance=tuple(weight.subs(found) for weight in self.importance),
            interference_penalty=self.interference_penalty.subs(found),
            support=self.support.subs(found),
        )


def weighted(
    model: ToyModel, importance: object, *, exact: bool = False
) -> tuple[ToyModel, object]:
    """(model, value of r) for the argument ``importance`` at a point of a model's plane.

    One number is r, None is r = 1. Importances of all features, in numbers, take the place of the
    model's own, and r is then the last of them, or 1 where that has a symbol. Floats stand for the
    binary fractions that they are, or are refused where the numbers must be exact.

    >>> there, r = weighted(ToyModel(3, 2), "0.9^i")
    >>> there.importance, r
    ((1, 9/10, 81/100), 81/100)

    Raises `ValueError` for one number where the model has no r, unless it is the last importance,
    and for a formula that keeps r.
    """
    if importance is None:
        return model, 1
    if is_one_importance(importance):
        number = number_of_r(importance)
        if r not in model.symbols and not _same(number, model.importance[-1]):
            raise ValueError(
                f"importance = {shown(importance)}: one number is the value of r, which the model "
                f"does not have, as its importances are {shown(model.importance)}; give those of "
                "all features, or leave it out"
            )
        return model, number
    found = replace(model, importance=importance if exact else binary_fractions(importance))
    if r in found.symbols:
        raise ValueError(
            f"importance = {shown(importance)}: importances of all features must be numbers, "
            "without r"
        )
    last = found.importance[-1]
    return found, last if last.is_number else 1


def _same(number: object, importance: sympy.Expr) -> bool:
    """Whether a number is an importance, in floats, as most values at a point are."""
    try:
        return bool(importance.is_number) and float(importance) == float(number)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def symbol_values(
    model: ToyModel, symbols: Mapping[str, object], read: Callable[[object, str], Value]
) -> dict[str, Value]:
    """Values of the model's symbols, r apart, which is the argument ``importance``.

    Raises `ValueError` for a name that the model does not have, and for r.
    """
    if "r" in symbols:
        raise ValueError(f"r = {shown(symbols['r'])}: give the value of r as importance")
    known = [symbol.name for symbol in model.symbols if symbol != r]
    unknown = sorted(symbols.keys() - set(known))
    if unknown:
        raise ValueError(
            f"the model has no symbol {', '.join(unknown)}; beside r it has "
            f"{', '.join(known) or 'none'}"
        )
    return {name: read(value, name) for name, value in symbols.items()}


def number_of_r(importance: object) -> object:
    """One importance at a point, a text as the number that it is; ValueError for other texts."""
    if not isinstance(importance, str):
        return importance
    try:
        return parse_number(importance, "importance")
    except ValueError as error:
        raise ValueError(
            f'{error}; importances of all features are "1,1/2", or a formula in their number i as '
            '"0.9^i"'
        ) from None


def binary_fractions(importance: Any) -> Any:
    """A row of importances with each float as the binary fraction that it is."""
    if isinstance(importance, str):
        return importance
    return [
        Fraction(float(entry)) if isinstance(entry, float) and isfinite(entry) else entry
        for entry in importance
    ]


def _condition(value: object, argument: str) -> sympy.Expr:
    """A number that is not negative, or an expression in symbols other than p and S."""
    exact = exact_scalar(value, argument)
    if isinstance(exact, Fraction):
        good = exact >= 0
    elif exact.free_symbols:
        good = p not in exact.free_symbols
    else:
        good = bool(exact >= 0)
    if not good:
        raise ValueError(
            f"{argument} = {exact}: it must be a number, 0 or more, or an expression in "
            "symbols other than p and S"
        )
    return sympy.sympify(exact)


def refuse_variant(model: ToyModel, source: str) -> None:
    """ValueError where a model's bias mode, penalty or support is one that this source lacks."""
    if model.support != Independent():
        raise ValueError(f"support = {model.support}: there is no {source} diagram for it")
    if model.bias != "free":
        raise ValueError(f'bias = {model.bias!r} needs source = "global", not {source!r}')
    if model.interference_penalty:
        raise ValueError(
            f'interference_penalty = {model.interference_penalty} needs source = "global", '
            f"not {source!r}"
        )


def checked_model(model: object) -> ToyModel:
    """The model itself; TypeError for anything else."""
    if not isinstance(model, ToyModel):
        raise TypeError(f"model = {shown(model)}: it must be a phasecalc.ToyModel")
    return model
