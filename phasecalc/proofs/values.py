"""Numbers, names and sets of the claims' language as functions of an environment.

An environment gives a value to every free name: to a symbol a `Fraction`, an integer, a
`frozenset`, or a function without arguments that makes one; to an indexed name, under the name with
an underscore, a function of its indices. Sums and integrals are in `evaluate`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from functools import reduce, singledispatch
from typing import Any

import sympy

from ..exact.truncated import TruncatedPower
from . import language as lang

Env = dict[str, Any]
Value = Any
Compiled = Callable[[Env], Value]

TRACE = "trace of kinks"
"""Where the bases of truncated powers are noted, in an environment that has this name."""


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
    if TRACE in env:
        env[TRACE].append(value)


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


@compiled.register(lang.Least)
def _(expr: lang.Least) -> Compiled:
    # The environment has the value at the best biases under the name of the function.
    return compiled(expr.args[0])


compiled.register(lang.LocalError, _looked_up("l_"))
compiled.register(lang.Overlap, _looked_up("G_"))
compiled.register(lang.Neighbourhood, _looked_up("N_"))
