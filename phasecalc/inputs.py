"""Reading exact numbers, vectors and matrices from users. Text is parsed, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any, Protocol, TypeVar, overload

import sympy
from sympy.core.function import AppliedUndef

from .expressions import names_in, parse_expression
from .symbols import S, in_feature_probability, p, r

Scalar = Any
"""A `Fraction`, or a SymPy expression where a number is algebraic or symbolic."""

Read_co = TypeVar("Read_co", covariant=True)


class Reading(Protocol[Read_co]):
    """How a number in [0, 1] is read, see `sparsity_of`."""

    def __call__(self, value: Any, argument: str, never: int, /) -> Read_co: ...


_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?:"
    r"(?P<numerator>[0-9]+)\s*/\s*(?P<denominator>[0-9]+)"
    r"|(?P<decimal>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?))"
)
FEATURE = "i"
"""The number of a feature, from 0, in a formula for importances."""
_LONGEST_TEXT = 1000
_MOST_BITS = 2000
"""Limit on numerators and denominators, some 600 digits: results hold high powers of them."""
_SHOWN = 40
_RESERVED = {symbol.name: symbol for symbol in (p, S, r)}


def shown(value: object) -> str:
    """The value as an error message shows it: short, on one line."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"an integer of {value.bit_length()} bits"
    text = " ".join(repr(value).split())  # arrays are written in lines
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
    return checked_size(-value if match["sign"] == "-" else value, argument)


def checked_size(value: Fraction, argument: str) -> Fraction:
    """The number itself; ValueError where it has too many digits to compute with."""
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits > _MOST_BITS:
        raise ValueError(f"{argument} has {bits} bits: the limit is {_MOST_BITS}")
    return value


def parse_scalar(text: str, argument: str, counts: Mapping[str, int] | None = None) -> Scalar:
    """An exact number or formula from text such as "2/3", "-sqrt(3)/2", "w" or "1 - S".

    >>> parse_scalar("-sqrt(3)/2", "weights")
    -sqrt(3)/2

    counts : names that stand for integers.

    Raises `ValueError` for anything else; the text is parsed, never evaluated.
    """
    if len(text) > _LONGEST_TEXT or _NUMBER.fullmatch(text.strip()):
        return parse_number(text, argument)
    try:
        found = parse_expression(text, **(counts or {}))
    except ValueError as error:
        raise ValueError(
            f"{argument} = {shown(text)} is not a number or a formula: {error}; write for example "
            '"2/3", "0.4", "-sqrt(3)/2" or "1 - w"'
        ) from None
    return _exact_sympy(found, argument)


def parse_vector(text: str, argument: str) -> tuple[Scalar, ...]:
    """A row of exact numbers and formulas from text such as "1, -1/2, 0.3".

    >>> parse_vector("1, -1/2", "bias")
    (Fraction(1, 1), Fraction(-1, 2))
    """
    return tuple(parse_scalar(entry, f"{argument}[{i}]") for i, entry in enumerate(text.split(",")))


def parse_matrix(text: str, argument: str) -> tuple[tuple[Scalar, ...], ...]:
    """Rows separated by ";", entries by ",", as in "1,0,0; 0,1,-1".

    >>> parse_matrix("1,0; 0,1", "weights")
    ((Fraction(1, 1), Fraction(0, 1)), (Fraction(0, 1), Fraction(1, 1)))
    """
    return tuple(parse_vector(row, f"{argument}[{i}]") for i, row in enumerate(text.split(";")))


def exact_scalar(value: object, argument: str) -> Scalar:
    """A `Fraction` for rational input, a SymPy expression for algebraic or symbolic input.

    Accepts int, Fraction, Decimal, SymPy expressions without floats, and text that
    `parse_scalar` reads. Raises `TypeError` for floats (a float is a rounded number: say which
    rational is meant) and other types, `ValueError` for NaN, infinities and complex numbers.
    """
    if isinstance(value, bool):
        raise TypeError(f"{argument} = {value}: it must be a number")
    if isinstance(value, Rational):
        return checked_size(Fraction(int(value.numerator), int(value.denominator)), argument)
    if isinstance(value, Decimal) and value.is_finite():
        return parse_number(str(value), argument)
    if isinstance(value, str):
        return parse_scalar(value, argument)
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
        return checked_size(Fraction(int(value.p), int(value.q)), argument)
    unknown = next((node for node in sympy.preorder_traversal(value) if not _is_known(node)), None)
    if unknown is not None:
        raise ValueError(
            f"{argument} = {shown(value)}: {shown(unknown)} has no value; an entry is made of "
            "numbers, symbols, their sums, products, powers and known functions"
        )
    if value.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
        raise ValueError(f"{argument} = {value}: it must be a finite number")
    if value.has(sympy.Float):
        raise TypeError(
            f"{argument} = {value} contains a float and would not be exact: "
            "use sympy.Rational in its place"
        )
    if value.has(sympy.I) or value.is_real is False:
        raise ValueError(f"{argument} = {value}: it must be real")
    if value.is_number and not value.is_algebraic:
        raise ValueError(f"{argument} = {value}: it must be an algebraic number")
    for symbol in value.free_symbols:
        if symbol != _RESERVED.get(symbol.name, symbol):
            raise ValueError(
                f"{argument} = {value}: the symbol {symbol.name} carries assumptions, "
                f"use phasecalc.{symbol.name}"
            )
    return in_feature_probability(value) if S in value.free_symbols else value


_NODES = (
    sympy.Add,
    sympy.Mul,
    sympy.Pow,
    sympy.Symbol,
    sympy.Number,
    sympy.NumberSymbol,
    sympy.Function,
    sympy.Max,
    sympy.Min,
    sympy.CRootOf,
    sympy.UnevaluatedExpr,
    sympy.Indexed,
    sympy.IndexedBase,
)


def _is_known(node: sympy.Basic) -> bool:
    """Whether a part of an expression is one that formulas are made of; parts of parts are theirs.

    f(x) of an undefined f, integrals and limits that were not worked out are none.
    """
    if isinstance(node, AppliedUndef) or (isinstance(node, sympy.Symbol) and not node.name):
        return False
    if isinstance(node, sympy.Expr):
        return isinstance(node, _NODES) or node in (
            sympy.nan, sympy.oo, -sympy.oo, sympy.zoo, sympy.I
        )  # fmt: skip
    return True  # conditions of a Piecewise, an IndexedBase


def exact_number(value: object, argument: str) -> Scalar:
    """An exact scalar without symbols."""
    number = exact_scalar(value, argument)
    if not isinstance(number, Fraction) and number.free_symbols:
        if isinstance(value, str):
            return parse_number(value, argument)  # which says what a number is
        raise ValueError(f"{argument} = {number}: it must be a number")
    return number


def size_of(value: object, argument: str) -> int:
    """An integer, from int or any integer type but bool; TypeError otherwise."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{argument} = {shown(value)}: it must be an integer, at least 1")
    number = int(value.__index__())
    if not 0 < number < 2**63:
        raise ValueError(f"{argument} = {shown(number)}: it must be at least 1 and below 2^63")
    return number


def count_of(value: object, argument: str) -> int:
    """A seed or a number of things, an integer of at least 0."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{argument} = {shown(value)}: it must be an integer, 0 or more")
    number = int(value.__index__())
    if not 0 <= number < 2**63:
        raise ValueError(f"{argument} = {shown(number)}: it must be an integer, 0 or more")
    return number


def exact_vector(values: object, argument: str, length: int | None = None) -> tuple[Scalar, ...]:
    """A tuple of exact scalars; ValueError when its length is not the wanted one.

    Where a length is wanted one number, or its text, stands for all entries; a text with commas
    is a row, as on the command line.
    """
    if length is not None and is_single(values):
        return (exact_scalar(values, argument),) * length
    if isinstance(values, str) and "," in values:
        values = values.split(",")
    if isinstance(values, sympy.MatrixBase):
        if 1 not in values.shape:
            raise ValueError(f"{argument} has shape {values.shape}: it must be one row or column")
        values = list(values)
    entries = _sequence(values, argument, "a sequence of numbers")
    if length is not None and len(entries) != length:
        raise ValueError(f"{argument} has {len(entries)} entries: it must have {length}")
    return tuple(exact_scalar(entry, f"{argument}[{i}]") for i, entry in enumerate(entries))


def is_single(values: object) -> bool:
    """Whether it is one number or formula, and not a row of them; a text with commas is a row."""
    if isinstance(values, str):
        return "," not in values
    if isinstance(values, sympy.Expr) or getattr(values, "ndim", None) == 0:
        return True
    return not isinstance(values, Iterable | sympy.MatrixBase)


def is_one_importance(values: object) -> bool:
    """Whether importances are given as one: not as a row, nor as a formula in i."""
    return is_single(values) and not (isinstance(values, str) and FEATURE in names_in(values))


def importance_vector(values: object, length: int) -> tuple[Scalar, ...]:
    """Exact importances: one for each feature, that of the last one, or a formula in i as text.

    One number is the importance of the last, "extra", feature, here and wherever importances are
    taken; the others have 1. i is the feature's number, 0, 1, …: the field's 0.7^i and 0.9^i.

    >>> importance_vector("(9/10)^i", 3)
    (Fraction(1, 1), Fraction(9, 10), Fraction(81, 100))
    >>> importance_vector("1/2", 3)
    (Fraction(1, 1), Fraction(1, 1), Fraction(1, 2))
    """
    if isinstance(values, str) and "," not in values and FEATURE in names_in(values):
        return tuple(parse_scalar(values, "importance", {FEATURE: i}) for i in range(length))
    if is_single(values):
        return (*(Fraction(1),) * (length - 1), exact_scalar(values, "importance"))
    return exact_vector(values, "importance", length)


def exact_matrix(values: object, argument: str) -> tuple[tuple[Scalar, ...], ...]:
    """Rows of exact scalars, all of one length, at least one by one; a text is "1,0; 0,1"."""
    if isinstance(values, sympy.MatrixBase):
        values = values.tolist()
    if isinstance(values, str):
        values = parse_matrix(values, argument)
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


def turned(entries: int, m: int, n: int) -> str:
    """The hint where a vector has one entry for each of the m rows of weights, not of n columns."""
    return "; weights look transposed: column i is feature i" if entries == m != n else ""


def _sequence(values: object, argument: str, what: str) -> Sequence[object]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{argument} = {shown(values)}: it must be {what}")
    return list(values)


@overload
def sparsity_of(
    sparsity: object, feature_probability: object, read: Reading[Read_co]
) -> Read_co: ...
@overload
def sparsity_of(
    sparsity: object, feature_probability: object, read: Reading[Read_co], *, optional: bool
) -> Read_co | None: ...
def sparsity_of(
    sparsity: object,
    feature_probability: object,
    read: Reading[Any],
    *,
    optional: bool = False,
) -> Any:
    """S = 1 − p from whichever of S and p is given; the only place where one becomes the other.

    read(value, argument, never) : the value as a number or an array in [0, 1]; ``never`` is the end
        of the interval at which no feature is ever active, 1 for S and 0 for p.
    optional : whether neither may be given; the result is then None.

    >>> sparsity_of(None, "1/4", lambda value, argument, never: parse_number(value, argument))
    Fraction(3, 4)

    Raises `TypeError` unless exactly one is given.
    """
    if feature_probability is None:
        if sparsity is not None:
            return read(sparsity, "sparsity", 1)
        if optional:
            return None
    if (sparsity is None) == (feature_probability is None):
        raise TypeError("exactly one of sparsity and feature_probability must be given")
    return 1 - read(feature_probability, "feature_probability", 0)


def probability_in(value: object, argument: str, _: int = 0) -> Fraction:
    """A rational in [0, 1] as `rational_in` reads it: how `sparsity_of` reads S and p exactly."""
    return rational_in(value, argument, largest=1)


def rational_in(value: object, argument: str, largest: int | None = None) -> Fraction:
    """A rational in [0, largest]; a float is taken as the binary fraction that it holds."""
    if isinstance(value, str):
        number = parse_number(value, argument)
    elif isinstance(value, bool) or not hasattr(value, "as_integer_ratio"):
        number = exact_scalar(value, argument)
    else:
        try:
            ratio = value.as_integer_ratio()
        except (ValueError, OverflowError):
            raise ValueError(f"{argument} = {value}: it must be a finite number") from None
        number = checked_size(Fraction(*ratio), argument)
    if not isinstance(number, Fraction):
        raise TypeError(f"{argument} = {number}: it must be a rational number")
    if number < 0 or (largest is not None and number > largest):
        allowed = "not be negative" if largest is None else f"lie in [0, {largest}]"
        raise ValueError(f"{argument} = {value}: it must {allowed}")
    return number
