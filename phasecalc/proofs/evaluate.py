"""What a formula of the claims' language is worth at a point, as an exact rational.

A formula is compiled into a Python function of an environment (see `values`). Sums are enumerated,
integrals go through `piecewise_mean`: nothing is known here about the formulas that are to be
checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy

from ..exact.truncated import TruncatedPower
from . import language as lang
from .domains import points_of
from .quadrature import Form, piecewise_mean
from .values import TRACE, Compiled, Env, NotEvaluable, Value, compiled

__all__ = ["Compiled", "Env", "NotEvaluable", "compiled"]


@compiled.register(lang.SumOver)
def _(expr: lang.SumOver) -> Compiled:
    body, domain = compiled(expr.args[0]), points_of(expr.args[1])
    return lambda env: sum((body(point) for point in domain(env)), start=Fraction(0))


@compiled.register(lang.ProductOver)
def _(expr: lang.ProductOver) -> Compiled:
    body, domain = compiled(expr.args[0]), points_of(expr.args[1])
    return lambda env: math.prod((body(point) for point in domain(env)), start=Fraction(1))


@compiled.register(sympy.Integral)
def _(expr: sympy.Integral) -> Compiled:
    body, (variable, low, high) = expr.args
    function, start, end = compiled(body), compiled(low), compiled(high)
    name = variable.name

    def integral(env: Env) -> Value:
        first, width = start(env), end(env) - start(env)

        def bind(point: tuple[Fraction, ...]) -> Env:
            return {**env, name: first + width * point[0]}

        degree = degree_of(body, {name}, env)
        return width * _mean(function, bind, 1, degree)

    return integral


@compiled.register(lang.CubeIntegral)
def _(expr: lang.CubeIntegral) -> Compiled:
    body, active = expr.args
    function, members = compiled(body), compiled(active)

    def integral(env: Env) -> Value:
        directions = sorted(members(env))
        degree = degree_of(body, {"x"}, env)
        if env.get("law") == "point":
            return function(_with_magnitudes(env, directions, (Fraction(1),) * len(directions)))
        return _mean(
            function,
            lambda point: _with_magnitudes(env, directions, point),
            len(directions),
            degree,
        )

    return integral


@compiled.register(lang.Expectation)
def _(expr: lang.Expectation) -> Compiled:
    body = expr.args[0]
    function = compiled(body)

    def expectation(env: Env) -> Value:
        directions = range(1, env["n"] + 1)
        if env.get("law") == "point":
            return _point_mean(function, env, directions, ())
        return _mean(
            function,
            lambda point: _with_magnitudes(env, directions, point),
            len(directions),
            degree_of(body, {"x"}, env),
            env["p"],
        )

    return expectation


def _point_mean(
    function: Compiled, env: Env, directions: Any, fixed: tuple[Fraction, ...]
) -> Value:
    if len(fixed) == len(directions):
        return function(_with_magnitudes(env, directions, fixed))
    on, off = (_point_mean(function, env, directions, (*fixed, Fraction(x))) for x in (1, 0))
    return env["p"] * on + (1 - env["p"]) * off


def _with_magnitudes(env: Env, directions: Any, point: tuple[Fraction, ...]) -> Env:
    magnitudes = dict(zip(directions, point, strict=True))
    return {**env, "x_": lambda index: magnitudes.get(index, Fraction(0))}


def _mean(
    function: Compiled,
    bind: Callable[[tuple[Fraction, ...]], Env],
    dimension: int,
    degree: int,
    density: Fraction | None = None,
) -> Fraction:
    """The mean of a compiled formula over the cube, its kinks found by evaluating their bases."""

    def bases(point: tuple[Fraction, ...]) -> list[Fraction]:
        env = {**bind(point), TRACE: []}
        function(env)
        return env[TRACE]  # type: ignore[no-any-return]

    zero = (Fraction(0),) * dimension
    offsets = bases(zero)
    corners = [
        bases(tuple(Fraction(i == axis) for i in range(dimension))) for axis in range(dimension)
    ]
    forms: list[Form] = [
        (offset, tuple(corner[index] - offset for corner in corners))
        for index, offset in enumerate(offsets)
    ]
    middle = bases((Fraction(1, 2),) * dimension)
    for value, (offset, slopes) in zip(middle, forms, strict=True):
        if value != offset + sum(slopes, start=Fraction(0)) / 2:
            raise NotEvaluable("a truncated power inside an integral has a base that is not linear")
    return piecewise_mean(lambda point: function(bind(point)), forms, dimension, degree, density)


def degree_of(expr: sympy.Basic, names: set[str], env: Env) -> int:
    """A bound for the degree of a formula in the named variables, between its kinks."""
    if isinstance(expr, sympy.Symbol):
        return int(expr.name in names)
    if isinstance(expr, sympy.Indexed):
        return int(expr.base.label.name in names)
    if not expr.args:
        return 0
    parts = [degree_of(arg, names, env) for arg in expr.args]
    if isinstance(expr, sympy.Mul):
        return sum(parts)
    if isinstance(expr, sympy.Pow | lang.PositivePart | TruncatedPower) and parts[0]:
        return parts[0] * int(compiled(expr.args[1])(env))
    return max(parts)
