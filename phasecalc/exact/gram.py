"""The Gram matrix G = WᵀW of exact weights, with equal algebraic entries written the same way."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ..inputs import Scalar, exact_matrix
from .truncated import exact_sign

Gram = tuple[tuple[Scalar, ...], ...]


def gram_of(weights: object, gram: object) -> Gram:
    """G from `weights` (m rows of n) or from `gram` itself (n rows of n), one of them given.

    >>> gram_of([[1, -1]], None)[0]
    (Fraction(1, 1), Fraction(-1, 1))

    Raises `TypeError` when both or none are given, `ValueError` for shapes that do not fit or a
    matrix that is not symmetric.
    """
    if (weights is None) == (gram is None):
        raise TypeError("give either weights (m rows of n entries) or gram (n rows of n entries)")
    numbers = _Algebraic()
    if gram is not None:
        matrix = exact_matrix(gram, "gram")
        if len(matrix) != len(matrix[0]):
            raise ValueError(f"gram has shape {len(matrix)} × {len(matrix[0])}: it must be square")
        for i, row in enumerate(matrix):
            for j in range(i):
                if not is_zero(row[j] - matrix[j][i]):
                    raise ValueError(
                        f"gram[{i}][{j}] = {row[j]} and gram[{j}][{i}] = {matrix[j][i]}: "
                        "it must be symmetric"
                    )
        entries = {
            (i, j): numbers.one_form(matrix[i][j]) for i in range(len(matrix)) for j in range(i + 1)
        }
        size = len(matrix)
    else:
        columns = tuple(zip(*exact_matrix(weights, "weights"), strict=True))
        size = len(columns)
        entries = {
            (i, j): numbers.one_form(
                sum((a * b for a, b in zip(columns[i], columns[j], strict=True)), start=Fraction(0))
            )
            for i in range(size)
            for j in range(i + 1)
        }
    return tuple(tuple(entries[max(i, j), min(i, j)] for j in range(size)) for i in range(size))


class _Algebraic:
    """Writes every algebraic number the way an equal one before it was written."""

    def __init__(self) -> None:
        self._seen: dict[sympy.Expr, list[sympy.Expr]] = {}

    def one_form(self, value: Scalar) -> Scalar:
        """A `Fraction` where the number is rational; symbolic values are only expanded."""
        if isinstance(value, Fraction):
            return value
        value = sympy.expand(value)
        if value.is_Rational:
            return Fraction(int(value.p), int(value.q))
        if not value.is_number:
            return Fraction(0) if is_zero(value) else value
        minimal = sympy.minimal_polynomial(value, sympy.Symbol("x"), polys=True)
        if minimal.degree() <= 2:
            return _short_form(value, [Fraction(int(c)) for c in minimal.all_coeffs()])
        known = self._seen.setdefault(minimal.as_expr(), [])
        for other in known:
            if exact_sign(value - other) == 0:
                return other
        known.append(value)
        return value


def _short_form(value: sympy.Expr, coefficients: list[Fraction]) -> Scalar:
    """A root of a linear or quadratic polynomial as a `Fraction` or a + b√c."""
    if len(coefficients) == 2:
        return -coefficients[1] / coefficients[0]
    a, b, c = (sympy.sympify(coefficient) for coefficient in coefficients)
    centre, width = -b / (2 * a), sympy.sqrt(b**2 - 4 * a * c) / abs(2 * a)
    return sympy.expand(centre + exact_sign(value - centre) * width)


def is_zero(value: Scalar) -> bool:
    """Whether a number is zero, or an expression vanishes identically."""
    if isinstance(value, Fraction):
        return value == 0
    value = sympy.expand(value)
    if value.is_number:
        return exact_sign(value) == 0
    return bool(sympy.cancel(value) == 0)
