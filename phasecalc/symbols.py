"""The symbols of every formula, and the conversion of formulas between p and S.

``p`` is the *feature probability* (density), ``S = 1 − p`` the *sparsity*, ``r`` the relative
importance of the last, "extra", feature. Many replications call p "sparsity": phasecalc does not.

The symbols carry no assumptions, so that a printed formula read back by SymPy is the formula.
"""

from __future__ import annotations

import sympy

p: sympy.Symbol = sympy.Symbol("p")
"""Feature probability: each feature is non-zero with probability p = 1 − S, 0 < p ≤ 1."""

S: sympy.Symbol = sympy.Symbol("S")
"""Sparsity: each feature is zero with probability S = 1 − p, 0 ≤ S < 1."""

r: sympy.Symbol = sympy.Symbol("r")
"""Relative importance of the extra feature, r > 0; every other importance is 1."""

c: sympy.Symbol = sympy.Symbol("c")
"""P(both features are active) of two that may be correlated, max(0, 2p − 1) ≤ c ≤ p."""


def in_sparsity(expr: sympy.Expr) -> sympy.Expr:
    """Rewrite a formula in p as one in S, by p = 1 − S.

    >>> in_sparsity(p)
    1 - S
    """
    return sympy.sympify(expr).subs(p, 1 - S)


def in_feature_probability(expr: sympy.Expr) -> sympy.Expr:
    """Rewrite a formula in S as one in p, by S = 1 − p.

    >>> in_feature_probability(1 - S)
    p
    """
    return sympy.sympify(expr).subs(S, 1 - p)
