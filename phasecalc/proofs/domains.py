"""What sums and products go over: the environments of a domain, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import singledispatch
from itertools import chain, combinations

import sympy

from . import language as lang
from .values import Env, NotEvaluable, compiled


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
