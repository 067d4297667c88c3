"""Reading exact numbers, vectors and matrices from users. Text is parsed, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any

import sympy

Scalar = Any
"""A `Fraction`, or a SymPy expression where a number is algebraic or symbolic."""

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?:"
    r"(?P<numerator>[0-9]+)\s*/\s*(?P<denominator>[0-9]+)"
    r"|(?P<decimal>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?))"
)
_LONGEST_TEXT = 1000
_SHOWN = 40


def shown(value: object) -> str:
    """The value as an error message shows it: short, on one line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def parse_number(text: str, argument: str) -> Fraction:
    """An exact rational from text such as "2/3", "0.4", "-1e-3".

    >>> parse_number("0.4", "sparsity")
    Fraction(2, 5)

    Raises `ValueError` for anything else; the text is matched, never evaluated.
    """
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise ValueError(
            f"{argument} = {shown(text)} is not a number: write an integer, a fraction or a "
            'decimal, for example "2/3", "0.4" or "1e-3"'
        )
    if match["denominator"] is not None:
        if int(match["denominator"]) == 0:
            raise ValueError(f"{argument} = {shown(text)} divides by zero")
        value = Fraction(int(match["numerator"]), int(match["denominator"]))
    else:
        value = Fraction(match["decimal"])
    return -value if match["sign"] == "-" else value


def parse_vector(text: str, argument: str) -> tuple[Fraction, ...]:
    """A row of exact rationals from text such as "1, -1/2, 0.3".

    >>> parse_vector("1, -1/2", "bias")
    (Fraction(1, 1), Fraction(-1, 2))
    """
    return tuple(parse_number(entry, f"{argument}[{i}]") for i, entry in enumerate(text.split(",")))


def parse_matrix(text: str, argument: str) -> tuple[tuple[Fraction, ...], ...]:
    """Rows separated by ";", entries by ",", as in "1,0,0; 0,1,-1".

    >>> parse_matrix("1,0; 0,1", "weights")
    ((Fraction(1, 1), Fraction(0, 1)), (Fraction(0, 1), Fraction(1, 1)))
    """
    return tuple(parse_vector(row, f"{argument}[{i}]") for i, row in enumerate(text.split(";")))


def exact_scalar(value: object, argument: str) -> Scalar:
    """A `Fraction` for rational input, a SymPy expression for algebraic or symbolic input.

    Accepts int, Fraction, Decimal, SymPy expressions without floats, and text that
    `parse_number` reads. Raises `TypeError` for floats (a float is a rounded number: say which
    rational is meant) and other types, `ValueError` for NaN, infinities and complex numbers.
    """
    if isinstance(value, bool):
        raise TypeError(f"{argument} = {value}: it must be a number")
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, str):
        return parse_number(value, argument)
    if isinstance(value, sympy.Basic):
        return _exact_sympy(value, argument)
    as_text = _float_text(value)
    if as_text in ("nan", "inf", "-inf"):
        raise ValueError(f"{argument} = {as_text}: it must be a finite number")
    if as_text is not None:
        raise TypeError(
            f"{argument} = {as_text} is a float and would not be exact: "
            f'write Fraction("{as_text}") or sympy.Rational("{as_text}")'
        )
    raise TypeError(
        f"{argument} = {shown(value)}: it must be an int, a Fraction or a SymPy expression"
    )


def _float_text(value: object) -> str | None:
    """Shortest text of a binary or decimal float, None for anything that is no float."""
    # numpy's scalars are recognised by their interface: the exact half does not import numpy.
    if hasattr(value, "__float__") and hasattr(value, "is_integer"):
        return repr(float(value))
    return None


def _exact_sympy(value: sympy.Basic, argument: str) -> Scalar:
    if not isinstance(value, sympy.Expr):
        raise TypeError(f"{argument} = {shown(value)}: it must be a number or an expression")
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if value.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
        raise ValueError(f"{argument} = {value}: it must be a finite number")
    if value.has(sympy.Float):
        raise TypeError(
            f"{argument} = {value} contains a float and would not be exact: "
            "use sympy.Rational in its place"
        )
    if value.is_number:
        if not value.is_real:
            raise ValueError(f"{argument} = {value}: it must be a real number")
        if not value.is_algebraic:
            raise ValueError(f"{argument} = {value}: it must be an algebraic number")
    return value


def exact_vector(values: object, argument: str, length: int | None = None) -> tuple[Scalar, ...]:
    """A tuple of exact scalars; ValueError when its length is not the wanted one."""
    if isinstance(values, sympy.MatrixBase):
        if 1 not in values.shape:
            raise ValueError(f"{argument} has shape {values.shape}: it must be one row or column")
        values = list(values)
    entries = _sequence(values, argument, "a sequence of numbers")
    if length is not None and len(entries) != length:
        raise ValueError(f"{argument} has {len(entries)} entries: it must have {length}")
    return tuple(exact_scalar(entry, f"{argument}[{i}]") for i, entry in enumerate(entries))


def exact_matrix(values: object, argument: str) -> tuple[tuple[Scalar, ...], ...]:
    """Rows of exact scalars, all of one length, at least one by one."""
    if isinstance(values, sympy.MatrixBase):
        values = values.tolist()
    rows = [
        exact_vector(row, f"{argument}[{i}]")
        for i, row in enumerate(_sequence(values, argument, "a list of rows"))
    ]
    if not rows or not rows[0]:
        raise ValueError(f"{argument} is empty: it must have at least one row and one column")
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"{argument}[{i}] has {len(row)} entries and {argument}[0] has {len(rows[0])}: "
                "every row must have one entry for each feature"
            )
    return tuple(rows)


def _sequence(values: object, argument: str, what: str) -> Sequence[object]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{argument} = {shown(values)}: it must be {what}")
    return list(values)
