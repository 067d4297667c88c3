"""Formulas with irrational coefficients, without SymPy's polynomials over algebraic fields.

`sympy.cancel`, `factor` and `radsimp` may take minutes, or fail, where two roots or a cosine stand
among the coefficients. Sums over monomials need none of them.
"""

from __future__ import annotations

import sympy

from .algebraic import normal_form
from .truncated import exact_sign


def is_rational_form(expr: sympy.Expr) -> bool:
    """Whether all numbers in a formula are rational.

    >>> is_rational_form(sympy.Symbol("x") / 3), is_rational_form(sympy.sqrt(2) * sympy.Symbol("x"))
    (True, False)
    """
    return all(
        part.is_Rational or part.free_symbols or not part.is_number
        for part in sympy.preorder_traversal(expr)
        if isinstance(part, sympy.Expr)
    )


def has_more_operations(expr: sympy.Basic, most: int) -> bool:
    """Whether a formula has more than so many operations, counted no further than that.

    >>> x = sympy.Symbol("x")
    >>> has_more_operations(x + x**2, 1), has_more_operations(x + x**2, 2)
    (True, False)
    """
    count = 0
    for part in sympy.preorder_traversal(expr):
        count += max(len(part.args) - 1, 0 if part.is_Atom else 1)
        if count > most:
            return True
    return False


def by_monomials(expr: sympy.Expr) -> dict[sympy.Expr, sympy.Expr]:
    """The number that stands before each product of symbols, brackets and functions."""
    found: dict[sympy.Expr, list[sympy.Expr]] = {}
    for term in sympy.Add.make_args(sympy.expand(expr)):
        if term.is_number:
            found.setdefault(sympy.Integer(1), []).append(term)
            continue
        number, monomial = term.as_independent(*term.free_symbols, as_Add=False)
        found.setdefault(monomial, []).append(number)
    return {monomial: sympy.Add(*numbers) for monomial, numbers in found.items()}


def vanishes(expr: sympy.Expr) -> bool:
    """Whether a sum of products of powers of symbols with algebraic coefficients is zero."""
    numerator = sympy.fraction(sympy.together(expr))[0]
    return all(exact_sign(number) == 0 for number in by_monomials(numerator).values())


def collected(expr: sympy.Expr) -> sympy.Expr:
    """The sum with one coefficient, in normal form, for each monomial.

    >>> x = sympy.Symbol("x")
    >>> collected(sympy.sqrt(2) * x * (1 + sympy.sqrt(3)) - sympy.sqrt(6) * x)
    sqrt(2)*x
    """
    if expr.is_number:
        return normal_form(expr)
    return sympy.Add(*(sympy.expand(normal_form(n) * m) for m, n in by_monomials(expr).items()))
