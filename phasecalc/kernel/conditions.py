"""What a model is at one point of its plane, in floats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ..model import ToyModel

Floats = NDArray[np.float64]


def evaluated(model: ToyModel, values: Mapping[str, float]) -> tuple[Floats, float]:
    """Importances (I_1, …, I_n) and penalty λ of a model, with values for its symbols by name.

    >>> evaluated(ToyModel(2, 1), {"r": 0.5})
    (array([1. , 0.5]), 0.0)

    Raises `ValueError` for a symbol without a value, and where an importance or the penalty is
    negative or not finite.
    """
    missing = [s.name for s in model.symbols if s.name not in values]
    if missing:
        raise ValueError(f"the model needs a value for {', '.join(missing)}")
    *weighting, penalty = _numbers(model)(*(float(values[s.name]) for s in model.symbols))
    found = np.array(weighting, dtype=np.float64)
    good = np.isfinite(found).all() and np.isfinite(penalty) and (found >= 0).all()
    if not good or penalty < 0:
        raise ValueError(
            f"importance = {found.tolist()}, interference_penalty = {penalty}: they must be "
            "finite and 0 or more"
        )
    return found, float(penalty)


def supported(model: ToyModel, values: Mapping[str, float]) -> ToyModel:
    """The model with values, as the binary fractions that they are, in its support's symbols.

    >>> from phasecalc.supports import Pair
    >>> supported(ToyModel(2, 1, support=Pair()), {"c": 0.25}).support
    Pair(both=Fraction(1, 4))
    """
    symbols = {s.name for s in model.support.symbols(model.n_features)} & values.keys()
    if not symbols:
        return model
    exact = {
        sympy.Symbol(name): sympy.Rational(*values[name].as_integer_ratio()) for name in symbols
    }
    return replace(model, support=model.support.subs(exact))


def derivatives(
    model: ToyModel, symbol: sympy.Symbol, values: Mapping[str, float]
) -> tuple[Floats, float]:
    """∂I_j/∂symbol of all importances, and ∂λ/∂symbol.

    >>> derivatives(ToyModel(2, 1), sympy.Symbol("r"), {"r": 0.5})
    (array([0., 1.]), 0.0)
    """
    *weighting, penalty = _numbers(model, symbol)(*(float(values[s.name]) for s in model.symbols))
    return np.array(weighting, dtype=np.float64), float(penalty)


@lru_cache(maxsize=64)
def _numbers(model: ToyModel, symbol: sympy.Symbol | None = None) -> Callable[..., Any]:
    expressions = [*model.importance, model.interference_penalty]
    if symbol is not None:
        expressions = [sympy.diff(expression, symbol) for expression in expressions]
    return sympy.lambdify(model.symbols, expressions, "math")  # type: ignore[no-any-return]
