"""The linear model y = Gx + b, the paper's point of comparison."""

from __future__ import annotations

import sympy

from ..inputs import exact_vector
from ..laws import Law, checked_law
from .algebraic import in_sympy
from .forms import collected, is_rational_form
from .gram import gram_of, matrix_of
from .loss import checked_importance, refuse_transposed


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
    given = matrix_of(weights, gram)
    n = len(given[0])
    refuse_transposed(given, bias, n)
    matrix = gram_of(weights, gram)
    weighting = checked_importance(importance, n)
    biases = None if bias is None else exact_vector(bias, "bias", n)
    total = sympy.Integer(0)
    for j, row in enumerate(tuple(map(in_sympy, row)) for row in matrix):
        spread = sympy.Add(*((int(i == j) - g) ** 2 for i, g in enumerate(row)))
        shift = sympy.Integer(0)
        if biases is not None:
            shift = law.mean * (1 - sympy.Add(*row)) - in_sympy(biases[j])
        error = law.variance * spread + shift**2
        total += in_sympy(weighting[j]) * error
    total = sympy.expand(total)
    return total if is_rational_form(total) else collected(total)
