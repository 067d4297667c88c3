"""Sets of active features with their probabilities: what supports are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import sympy

from .inputs import Scalar, exact_scalar, shown

Active = frozenset[int]
Factor = tuple[tuple[int, ...], tuple[tuple[Active, Scalar], ...]]
"""(features, ((active ones among them, probability), …)): probabilities in p, S = 1 − p."""


def single(feature: int, probability: Scalar) -> tuple[tuple[Active, Scalar], ...]:
    """One feature by itself."""
    return ((frozenset(), 1 - probability), (frozenset((feature,)), probability))


def restricted(sets: Iterable[tuple[Active, Scalar]], wanted: Active) -> dict[Active, Scalar]:
    """What is active among `wanted`."""
    found: dict[Active, Scalar] = {}
    for active, weight in sets:
        key = active & wanted
        found[key] = found.get(key, Fraction(0)) + weight
    return _nonzero(found)


def combined(one: Mapping[Active, Scalar], two: Mapping[Active, Scalar]) -> dict[Active, Scalar]:
    """Of two independent groups of features."""
    return {a | b: v * w for (a, v), (b, w) in product(one.items(), two.items())}


def _nonzero(found: Mapping[Active, Scalar]) -> dict[Active, Scalar]:
    tidy = {
        key: sympy.expand(weight) if isinstance(weight, sympy.Expr) else weight
        for key, weight in found.items()
    }
    return {key: weight for key, weight in tidy.items() if weight != 0}


def valued(probability: Scalar, values: Mapping[Any, Any]) -> Scalar:
    """A probability with values for its symbols."""
    return probability.subs(values) if isinstance(probability, sympy.Expr) else probability


def probability_in(value: object, argument: str) -> Scalar:
    """An exact number in [0, 1], or a formula."""
    number = exact_scalar(value, argument)
    if isinstance(number, Fraction) and not 0 <= number <= 1:
        raise ValueError(f"{argument} = {number}: it must lie in [0, 1]")
    return number


def features_in(group: object, argument: str) -> tuple[int, ...]:
    """A group of features that a user hands over."""
    if isinstance(group, str) or not isinstance(group, Iterable):
        raise TypeError(f"{argument} = {shown(group)}: it must list features, from 0 on")
    found = []
    for entry in group:
        if isinstance(entry, bool) or not hasattr(entry, "__index__") or entry.__index__() < 0:
            raise ValueError(f"{argument}: {shown(entry)} is no feature; they count from 0")
        found.append(entry.__index__())
    if len(set(found)) < len(found):
        raise ValueError(f"{argument}: a feature is listed twice")
    return tuple(found)


def set_text(features: Iterable[int]) -> str:
    """A set as the command line reads it: {0, 2}."""
    return "{" + ", ".join(map(str, sorted(features))) + "}"
