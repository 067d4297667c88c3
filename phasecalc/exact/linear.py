"""The linear model y = Gx + b, the paper's point of comparison."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ..model import Law, checked_law
from .loss import decompose


def linear_loss(
    weights: object = None,
    bias: object = None,
    importance: object = None,
    law: Law | None = None,
    *,
    gram: object = None,
) -> sympy.Expr:
    """The exact loss of the linear model y = WᵀWx + b, in p; its best bias when `bias` is None.

    L = Σ_j I_j [v·((1 − G_jj)² + Σ_{i≠j} G_ji²) + (μ(1 − Σ_i G_ji) − b_j)²]

    with μ and v the mean and variance of one feature. The best bias removes the last square; what
    is left is v times the Saxe form of the paper, and with equal importances its minimum over W is
    (n − m)v: superposition never pays in the linear model. Derived in
    derivations/linear-model.tex, eq. saxe. Arguments are those of `decompose`.

    >>> linear_loss([[1, -1]])
    -p**2/2 + 2*p/3
    """
    law = checked_law(law)
    checked = decompose(
        weights, _zeros_like(weights, gram) if bias is None else bias, importance, law, gram=gram
    )
    total = sympy.Integer(0)
    for j, row in enumerate(checked.gram):
        spread = sum(((int(i == j) - g) ** 2 for i, g in enumerate(row)), start=sympy.Integer(0))
        shift = sympy.Integer(0)
        if bias is not None:
            shift = law.mean * (1 - sympy.Add(*row)) - checked.bias[j]
        total += checked.importance[j] * (law.variance * spread + shift**2)
    return sympy.expand(total)


def _zeros_like(weights: object, gram: object) -> list[Fraction]:
    given = weights if gram is None else gram
    if isinstance(given, sympy.MatrixBase):
        return [Fraction(0)] * given.shape[1]
    try:
        return [Fraction(0)] * len(given[0])  # type: ignore[index]
    except (TypeError, IndexError, KeyError):
        return []
