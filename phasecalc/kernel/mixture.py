"""The loss under a support: the average over its active sets, each with probability π(A).

L = Σ_A π(A) L(A), where L(A) is the loss of inputs whose active features are exactly A, that is of
features with sparsity 0 or 1. Features that are active by themselves keep their sparsity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike

from ..active_sets import single
from ..inputs import Scalar
from ..supports import MOST_SETS, Independent, Support
from ..symbols import p
from .inputs import Floats, real_array

_AT_ONCE = 512
"""Sets that are evaluated as one batch."""

Evaluate = Callable[..., tuple[Floats, ...]]


def mixture(
    evaluate: Evaluate, sparsity: ArrayLike | None, support: Support, n: int, axes: int
) -> tuple[Floats, ...]:
    """Σ_A π(A) of what evaluate(sparsity_per_feature) returns, its active sets on a leading axis.

    evaluate takes sparsities (sets, ..., n) and returns arrays whose first axes are (sets, ...);
    axes is the number of axes that stand for models.

    Raises `ValueError` for a support that has no such features, symbols of its own, too many sets,
    or a probability outside [0, 1] at one of the sparsities.
    """
    if sparsity is None:
        raise TypeError(
            "sparsity or feature_probability must be given with a support, as p = 1 - S is in it"
        )
    S = real_array("sparsity", sparsity)
    if ((S < 0) | (S > 1)).any():
        raise ValueError("sparsity: every entry must be between 0 and 1")
    S = S.reshape((1,) * (axes - S.ndim) + S.shape)
    total: tuple[Floats, ...] = ()
    for states, chances in _chunks(support, n, S):
        parts = evaluate(states)
        # π(A) goes along the axes of the batch; gradients have two more.
        weighted = []
        for part in parts:
            shape = chances.shape + (1,) * (part.ndim - max(chances.ndim, 1))
            weighted.append((chances.reshape(shape) * part).sum(axis=0))
        total = tuple(map(np.add, total, weighted)) if total else tuple(weighted)
    return total


def feature_sparsities(support: Independent, n: int) -> Floats:
    """1 − p_i of features with probabilities of their own."""
    chances = [_number(active[1][1], support) for _, active in support.factors(n)]
    return 1.0 - np.array(chances)


def _number(value: Any, support: Support) -> float:
    if getattr(value, "free_symbols", None):
        raise ValueError(f"support = {support}: {value} needs a value to be computed with")
    return float(value)


def _chunks(support: Support, n: int, S: Floats) -> Iterator[tuple[Floats, Floats]]:
    """(sparsities (sets, ..., n), probabilities (sets, ...)) in parts."""
    states: list[Floats] = []
    chances: list[Floats] = []
    known: dict[Any, Floats] = {}
    for state, weight in _configurations(support, n):
        key = weight
        if key not in known:
            known[key] = _along(weight, S, support)
        chance = known[key]
        if not chance.any():
            continue
        line = np.broadcast_to(S[..., None], (*S.shape, n)).copy()
        for i, active in state.items():
            line[..., i] = 0.0 if active else 1.0
        states.append(line)
        chances.append(chance)
        if len(states) == _AT_ONCE:
            yield np.stack(states), np.stack(chances)
            states, chances = [], []
    if states:
        yield np.stack(states), np.stack(chances)


def _configurations(support: Support, n: int) -> Iterator[tuple[dict[int, bool], Scalar]]:
    """(state of the features that depend on each other, probability), over all their states.

    A feature that is independent of all others and active with probability p has no state.
    """
    tied = [
        (members, sets)
        for members, sets in support.factors(n)
        if not (len(members) == 1 and sets == single(members[0], p))
    ]
    count = prod(len(sets) for _, sets in tied)
    if count > MOST_SETS:
        raise ValueError(
            f"support = {support}: {count} active sets would be summed, the limit is {MOST_SETS}"
        )
    for chosen in product(*(sets for _, sets in tied)):
        state = {
            i: i in active
            for (members, _), (active, _) in zip(tied, chosen, strict=True)
            for i in members
        }
        yield state, prod((weight for _, weight in chosen), start=Fraction(1))


def _along(weight: Any, S: Floats, support: Support) -> Floats:
    """The probability of one state at every sparsity."""
    if not getattr(weight, "free_symbols", None):
        return np.full(S.shape, float(weight))
    if set(weight.free_symbols) != {p}:
        _number(weight.subs(p, sympy.Rational(1, 2)), support)
    chance = np.broadcast_to(sympy.lambdify(p, weight, "numpy")(1.0 - S), S.shape)
    wrong = (chance < -1e-12) | (chance > 1 + 1e-12)
    if wrong.any():
        at = float(np.asarray(S)[wrong].flat[0])
        raise ValueError(
            f"support = {support}: at S = {at:g} a set of features has the probability "
            f"{float(chance[wrong].flat[0]):.3g}; there must be fewer or rarer ones"
        )
    clipped: Floats = np.clip(chance, 0.0, 1.0)
    return clipped
