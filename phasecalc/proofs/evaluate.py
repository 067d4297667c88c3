"""What a formula of the claims' language is worth at a point, as an exact rational.

A formula is compiled into a Python function of an environment, which gives a value to every free
name: to a symbol a `Fraction`, an integer, a `frozenset`, or a function without arguments that
makes one; to an indexed name, under the name with an underscore, a function of its indices. Sums
are enumerated, integrals go through `piecewise_mean`: nothing is known here about the formulas
that are to be checked.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce, singledispatch
from itertools import chain, combinations
from typing import Any

import sympy

from ..exact.truncated import TruncatedPower
from . import language as lang
from .quadrature import Form, piecewise_mean

Env = dict[str, Any]
Value = Any
Compiled = Callable[[Env], Value]

_TRACE = "trace of kinks"


class NotEvaluable(TypeError):
    """A formula holds a node that has no rule."""


@singledispatch
def compiled(expr: sympy.Basic) -> Compiled:
    """The formula as a function of an environment; `NotEvaluable` for an unknown node.

    >>> x = sympy.Symbol("x")
    >>> compiled(x**2 / 2)({"x": Fraction(1, 3)})
    Fraction(1, 18)
    """
    raise NotEvaluable(f"{type(expr).__name__} has no rule")


@compiled.register(sympy.Rational)
def _(expr: sympy.Rational) -> Compiled:
    value = Fraction(int(expr.p), int(expr.q))
    return lambda env: value


@compiled.register(sympy.Symbol)
def _(expr: sympy.Symbol) -> Compiled:
    name = expr.name
    return lambda env: env[name]() if callable(env[name]) else env[name]


@compiled.register(sympy.Indexed)
def _(expr: sympy.Indexed) -> Compiled:
    name, indices = f"{expr.base.label.name}_", [compiled(index) for index in expr.indices]
    return lambda env: env[name](*(int(index(env)) for index in indices))


@compiled.register(sympy.Add)
def _(expr: sympy.Add) -> Compiled:
    return _folded(operator.add, expr)


@compiled.register(sympy.Mul)
def _(expr: sympy.Mul) -> Compiled:
    return _folded(operator.mul, expr)


def _folded(operation: Callable[[Value, Value], Value], expr: sympy.Expr) -> Compiled:
    parts = [compiled(arg) for arg in expr.args]
    return lambda env: reduce(operation, (part(env) for part in parts))


@compiled.register(sympy.Pow)
def _(expr: sympy.Pow) -> Compiled:
    if isinstance(expr.base, lang.Norm) and expr.exp == 2:
        return compiled(lang.Overlap(*expr.base.args, *expr.base.args))
    base, power = map(compiled, expr.args)
    return lambda env: Fraction(base(env)) ** int(power(env))


@compiled.register(sympy.Max)
def _(expr: sympy.Max) -> Compiled:
    one, two = map(compiled, expr.args)
    return lambda env: max(one(env), two(env))


@compiled.register(sympy.Min)
def _(expr: sympy.Min) -> Compiled:
    one, two = map(compiled, expr.args)

    def smaller(env: Env) -> Value:
        left, right = one(env), two(env)
        _trace(env, left - right)
        return min(left, right)

    return smaller


@compiled.register(lang.PositivePart)
@compiled.register(TruncatedPower)
def _(expr: sympy.Expr) -> Compiled:
    base, power = map(compiled, expr.args)

    def truncated(env: Env) -> Value:
        value = Fraction(base(env))
        _trace(env, value)
        return value ** int(power(env)) if value > 0 else Fraction(0)

    return truncated


def _trace(env: Env, value: Fraction) -> None:
    if _TRACE in env:
        env[_TRACE].append(value)


@compiled.register(sympy.factorial)
def _(expr: sympy.factorial) -> Compiled:
    number = compiled(expr.args[0])
    return lambda env: Fraction(math.factorial(int(number(env))))


@compiled.register(sympy.binomial)
def _(expr: sympy.binomial) -> Compiled:
    total, chosen = map(compiled, expr.args)
    return lambda env: Fraction(math.comb(int(total(env)), int(chosen(env))))


@compiled.register(sympy.KroneckerDelta)
def _(expr: sympy.KroneckerDelta) -> Compiled:
    one, two = map(compiled, expr.args)
    return lambda env: Fraction(one(env) == two(env))


@compiled.register(sympy.Tuple)
def _(expr: sympy.Tuple) -> Compiled:
    parts = [compiled(arg) for arg in expr.args]
    return lambda env: tuple(part(env) for part in parts)


@compiled.register(lang.SumOver)
def _(expr: lang.SumOver) -> Compiled:
    body, domain = compiled(expr.args[0]), points_of(expr.args[1])
    return lambda env: sum((body(point) for point in domain(env)), start=Fraction(0))


@compiled.register(lang.ProductOver)
def _(expr: lang.ProductOver) -> Compiled:
    body, domain = compiled(expr.args[0]), points_of(expr.args[1])
    return lambda env: math.prod((body(point) for point in domain(env)), start=Fraction(1))


@compiled.register(lang.Indicator)
def _(expr: lang.Indicator) -> Compiled:
    element, members = map(compiled, expr.args)
    return lambda env: Fraction(element(env) in members(env))


@compiled.register(lang.Size)
def _(expr: lang.Size) -> Compiled:
    members = compiled(expr.args[0])
    return lambda env: len(members(env))


@compiled.register(lang.UpTo)
def _(expr: lang.UpTo) -> Compiled:
    size = compiled(expr.args[0])
    return lambda env: frozenset(range(1, int(size(env)) + 1))


@compiled.register(lang.Singleton)
def _(expr: lang.Singleton) -> Compiled:
    element = compiled(expr.args[0])
    return lambda env: frozenset({element(env)})


@compiled.register(lang.Without)
def _(expr: lang.Without) -> Compiled:
    members, element = map(compiled, expr.args)
    return lambda env: members(env) - {element(env)}


def _looked_up(name: str) -> Callable[[sympy.Expr], Compiled]:
    def rule(expr: sympy.Expr) -> Compiled:
        arguments = [compiled(arg) for arg in expr.args]
        return lambda env: env[name](*(argument(env) for argument in arguments))

    return rule


compiled.register(lang.LocalError, _looked_up("l_"))
compiled.register(lang.Overlap, _looked_up("G_"))
compiled.register(lang.Neighbourhood, _looked_up("N_"))


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
        env = {**bind(point), _TRACE: []}
        function(env)
        return env[_TRACE]  # type: ignore[no-any-return]

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


@singledispatch
def points_of(domain: sympy.Basic) -> Callable[[Env], Iterator[Env]]:
    """The environments over which a sum or a product goes."""
    raise NotEvaluable(f"{type(domain).__name__} is no domain")


@points_of.register(lang.Range)
def _(domain: lang.Range) -> Callable[[Env], Iterator[Env]]:
    name, low, high = domain.args[0].name, compiled(domain.args[1]), compiled(domain.args[2])
    return lambda env: ({**env, name: i} for i in range(int(low(env)), int(high(env)) + 1))


@points_of.register(lang.MemberOf)
def _(domain: lang.MemberOf) -> Callable[[Env], Iterator[Env]]:
    name, members = domain.args[0].name, compiled(domain.args[1])
    return lambda env: ({**env, name: i} for i in sorted(members(env)))


@points_of.register(lang.SubsetOf)
def _(domain: lang.SubsetOf) -> Callable[[Env], Iterator[Env]]:
    name, members = domain.args[0].name, compiled(domain.args[1])
    return lambda env: ({**env, name: chosen} for chosen in _subsets(members(env)))


@points_of.register(lang.OfSize)
def _(domain: lang.OfSize) -> Callable[[Env], Iterator[Env]]:
    name, size = domain.args[0].name, compiled(domain.args[1])
    return lambda env: (
        {**env, name: frozenset(chosen)}
        for chosen in combinations(range(1, env["n"] + 1), int(size(env)))
    )


@points_of.register(lang.Distinct)
def _(domain: lang.Distinct) -> Callable[[Env], Iterator[Env]]:
    pairs = points_of(lang.Pairs(*domain.args, lang.n))
    one, two = (index.name for index in domain.args)
    return lambda env: (point for point in pairs(env) if point[one] != point[two])


@points_of.register(lang.Pairs)
def _(domain: lang.Pairs) -> Callable[[Env], Iterator[Env]]:
    one, two, high = domain.args[0].name, domain.args[1].name, compiled(domain.args[2])

    def pairs(env: Env) -> Iterator[Env]:
        values = range(1, int(high(env)) + 1)
        return ({**env, one: first, two: second} for first in values for second in values)

    return pairs


def _subsets(members: frozenset[int]) -> Iterator[frozenset[int]]:
    ordered = sorted(members)
    sizes = range(len(ordered) + 1)
    return map(frozenset, chain.from_iterable(combinations(ordered, size) for size in sizes))
