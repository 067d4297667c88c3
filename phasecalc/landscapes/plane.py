"""The plane of a diagram: two symbols of a model, and the loss with its derivatives in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import sympy
from numpy.typing import NDArray

from ..minima.problem import Problem
from ..model import ToyModel
from ..symbols import S as SPARSITY
from ..symbols import r as EXTRA

Floats = NDArray[np.float64]

Chart = Literal["log density", "log", "linear"]
_SPREAD = 0.4
"""Width in S of the points through which the loss of fixed weights is interpolated."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One symbol of a plane between two values; t = ln(1 − x), ln x or x is its chart.

    >>> axis = Axis(SPARSITY, 0.0, 0.99, "log density")
    >>> axis.value(axis.chart_of(0.5))
    0.5
    """

    symbol: sympy.Symbol
    low: float
    high: float
    chart: Chart

    def value(self, t: float) -> float:
        """The symbol's value at t."""
        if self.chart == "log density":
            return max(0.0 - float(np.expm1(t)), 0.0)  # no −0
        return float(np.exp(t)) if self.chart == "log" else float(t)

    def chart_of(self, value: float) -> float:
        """t of a value."""
        if self.chart == "log density":
            return float(np.log1p(-value))
        return float(np.log(value)) if self.chart == "log" else float(value)

    def slope(self, t: float) -> float:
        """dx/dt."""
        if self.chart == "log density":
            return -float(np.exp(t))
        return float(np.exp(t)) if self.chart == "log" else 1.0


def axis_of(model: ToyModel, symbol: sympy.Symbol, argument: str = "symbol") -> Axis:
    """The usual axis of a symbol: the paper's for S and r, (0.1, 1) for others, linear for λ.

    Raises `ValueError` for a symbol that the model does not have.
    """
    if symbol == SPARSITY:
        return Axis(symbol, 0.0, 0.99, "log density")
    if any(symbol in weight.free_symbols for weight in model.importance):
        return Axis(symbol, 0.1, 10.0 if symbol == EXTRA else 1.0, "log")
    if symbol in model.interference_penalty.free_symbols:
        return Axis(symbol, 0.0, 0.05, "linear")
    known = ", ".join(["S", *map(str, model.symbols)])
    raise ValueError(f"{argument} = {symbol}: it must be a symbol of the model, one of {known}")


@dataclass(frozen=True)
class Plane:
    """A window of two symbols of a model, in their charts θ."""

    model: ToyModel
    x: Axis
    y: Axis

    @classmethod
    def of(cls, model: ToyModel, x: sympy.Symbol = SPARSITY, y: sympy.Symbol = EXTRA) -> Plane:
        """The plane of two symbols on their usual axes."""
        for name, symbol in (("x", x), ("y", y)):
            if not isinstance(symbol, sympy.Symbol):
                raise TypeError(f"{name} = {symbol!r}: it must be a symbol, such as phasecalc.S")
        if x == y:
            raise ValueError(f"x = {x}, y = {y}: they must be two symbols")
        return cls(model, axis_of(model, x, "x"), axis_of(model, y, "y"))

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """(x, y)."""
        return self.x, self.y

    @cached_property
    def low(self) -> Floats:
        """Lower corner of the window in θ."""
        return np.array([min(a.chart_of(a.low), a.chart_of(a.high)) for a in self.axes])

    @cached_property
    def high(self) -> Floats:
        """Upper corner of the window in θ."""
        return np.array([max(a.chart_of(a.low), a.chart_of(a.high)) for a in self.axes])

    def theta(self, x: float, y: float) -> Floats:
        """θ of values of the two symbols."""
        return np.array([self.x.chart_of(x), self.y.chart_of(y)])

    def point(self, theta: Floats) -> tuple[float, float]:
        """Values of the two symbols at θ."""
        return self.x.value(float(theta[0])), self.y.value(float(theta[1]))

    def excess(self, theta: Floats) -> float:
        """How far θ lies outside the window, not positive inside."""
        return float(max((self.low - theta).max(), (theta - self.high).max()))

    def reach(self, theta: Floats, along: Floats) -> tuple[float, int]:
        """How far the border is in a direction, and across which axis."""
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(along > 0, self.high - theta, self.low - theta) / along
        reach = np.where(np.abs(along) > 1e-12, reach, np.inf)
        axis = int(reach.argmin())
        return float(reach[axis]), axis

    def problem(self, theta: Floats) -> Problem:
        """The loss at θ.

        Features whose importances are different expressions stay different where their values
        meet: they are told apart by one rounding.
        """
        values = self._at(*self.point(theta))
        base, n = _base(self.model), self.model.n_features
        weighting = np.array(values[1 : n + 1], dtype=np.float64)
        for one in self._firsts:
            if any(values[1 + one] == values[1 + other] for other in self._firsts if other < one):
                weighting[[k == one for k in self.classes]] = np.nextafter(values[1 + one], np.inf)
        S = np.full(n, float(values[0]))
        penalty = float(values[n + 1])
        return Problem(base.m, n, weighting, S, base.law, penalty, base.no_bias, base.unit)

    @cached_property
    def _at(self) -> Callable[[float, float], tuple[Any, ...]]:
        return _conditions(self.model, self.x.symbol, self.y.symbol)

    @cached_property
    def _firsts(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.classes))

    def __reduce__(self) -> tuple[Any, ...]:
        """Without what is compiled, which cannot be pickled and is made again."""
        return Plane, (self.model, self.x, self.y)

    @cached_property
    def classes(self) -> tuple[int, ...]:
        """For every feature, the first one that has the same importance as an expression."""
        weights = self.model.importance
        return tuple(weights.index(weight) for weight in weights)

    def slopes(self, problem: Problem, theta: Floats, x: Floats) -> tuple[float, float]:
        """(∂L/∂x, ∂L/∂y) of the two symbols at fixed parameters, to rounding.

        L is linear in every importance and in λ, and a polynomial of degree n in S.
        """
        n = self.model.n_features
        values = self._at(*self.point(theta))
        found = []
        for by_S, *by_I, by_penalty in (values[n + 2 : 2 * n + 4], values[2 * n + 4 :]):
            total = by_S * _by_sparsity(problem, x) if by_S else 0.0
            if any(by_I):
                only = replace(problem, I=np.array(by_I, dtype=np.float64), penalty=0.0)
                total += only.loss(x)
            if by_penalty:
                gram = problem.gram(x)
                total += by_penalty * float((gram**2).sum() - (np.diag(gram) ** 2).sum())
            found.append(float(total))
        return found[0], found[1]


@lru_cache(maxsize=64)
def _base(model: ToyModel) -> Problem:
    return Problem.of(
        model, 0.5, **{"importance": 1.0, **{s.name: 1.0 for s in model.symbols if s != EXTRA}}
    )


@lru_cache(maxsize=64)
def _conditions(
    model: ToyModel, x: sympy.Symbol, y: sympy.Symbol
) -> Callable[[float, float], tuple[Any, ...]]:
    """(S, I_1, …, I_n, λ) at a point of the plane, then their derivatives by x and by y.

    Raises `ValueError` where another symbol has no value.
    """
    unit = (
        sympy.Rational(model.law.scale) ** 2
    )  # biases are in units of the law, its scale squared in importances
    values = [SPARSITY, *(unit * w for w in model.importance), model.interference_penalty]
    left = sympy.Tuple(*values).free_symbols - {x, y}
    if left:
        names = ", ".join(sorted(map(str, left)))
        raise ValueError(f"{names}: every symbol but {x} and {y} must have a value")
    derivatives = [value.diff(symbol) for symbol in (x, y) for value in values]
    found: Callable[[float, float], tuple[Any, ...]] = sympy.lambdify(
        (x, y), tuple([*values, *derivatives]), "math"
    )
    return found


@lru_cache(maxsize=16)
def _interpolation(n: int) -> Floats:
    """Coefficients in u of the polynomial through values at u = k/n."""
    nodes = np.arange(n + 1) / n
    return np.asarray(np.linalg.inv(np.vander(nodes, increasing=True)))


def _by_sparsity(problem: Problem, x: Floats) -> float:
    S, n = float(problem.S[0]), problem.n
    first = min(max(S - 0.5 * _SPREAD, 0.0), 1.0 - _SPREAD)
    losses = [replace(problem, S=np.full(n, first + _SPREAD * k / n)).loss(x) for k in range(n + 1)]
    coefficients = _interpolation(n) @ losses
    powers = ((S - first) / _SPREAD) ** np.arange(n)
    return float((np.arange(1, n + 1) * powers) @ coefficients[1:]) / _SPREAD
