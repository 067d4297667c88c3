"""A small grammar of exact formulas: text is read letter by letter, and never evaluated.

sum      [+|-] product { +|- product }
product  power { *|/ power }
power    atom [ ^|** [-] integer ]
atom     number | name | sqrt( sum ) | ( sum )
"""

from __future__ import annotations

import re
from fractions import Fraction

import sympy

from .symbols import S, p, r

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z_]))?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|[-+*/^()−]))"
)
_NAME = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z][A-Za-z0-9_]*")
_SYMBOLS = {symbol.name: symbol for symbol in (p, S, r)}
_ROOTS = ("sqrt",)
_NO_NAMES = ("nan", "inf", "infinity", "oo")
_DEEPEST = 40
_LARGEST_POWER = 1000
"""Of a number or a name; of any other formula it is 64."""
_LARGEST_POWER_OF_FORMULA = 64
_LONGEST_BASE = 64
"""Operations of a formula that may have a power above 2."""
_LONGEST_POWER = 4096
"""Bits of a number's power, where that is above 2."""
_SMALL_POWER = 2


def names_in(text: str) -> set[str]:
    """The names that a text holds, whether or not it is a formula.

    >>> sorted(names_in("rho^i/2"))
    ['i', 'rho']
    """
    return set(_NAME.findall(text))


def parse_expression(text: str, **counts: int) -> sympy.Expr:
    """The formula that a text writes: rationals, names, + - * / ^ with integers, sqrt, brackets.

    p, S and r are phasecalc's symbols, a name among `counts` is that number, 0 or more, and any
    other name is a real symbol of that name.

    >>> parse_expression("-(1 + sqrt(2))/2 * w")
    w*(-sqrt(2)/2 - 1/2)
    >>> parse_expression("(9/10)^i", i=2)
    81/100

    Raises `ValueError` that says what does not fit.
    """
    reader = _Reader([str(counts.get(token, token)) for token in _tokens(text)])
    found = reader.sum()
    if reader.token is not None:
        raise ValueError(f"{reader.token!r} is not expected there")
    return found


class _Reader:
    """One token ahead."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def token(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> str:
        if self.token is None:
            raise ValueError("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def sum(self) -> sympy.Expr:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"it has more than {_DEEPEST} brackets within each other")
        total = self._product()
        while self.token in ("+", "-"):
            total = total + self._product() if self._take() == "+" else total - self._product()
        self._depth -= 1
        return total

    def _product(self) -> sympy.Expr:
        found = self._signed()
        while self.token in ("*", "/"):
            if self._take() == "*":
                found = found * self._signed()
            else:
                divisor = self._signed()
                if divisor.is_zero:
                    raise ValueError("it divides by zero")
                found = found / divisor
        return found

    def _signed(self) -> sympy.Expr:
        sign = 1
        while self.token in ("+", "-"):
            sign *= -1 if self._take() == "-" else 1
        return sign * self._power()

    def _power(self) -> sympy.Expr:
        base = self._atom()
        if self.token not in ("^", "**"):
            return base
        self._take()
        minus = self.token == "-"
        if minus:
            self._take()
        digits = self._take()
        if not digits.isdigit() or len(digits) > len(str(_LARGEST_POWER)):
            raise ValueError(f"a power is an integer up to {_LARGEST_POWER}")
        power = -int(digits) if minus else int(digits)
        if abs(power) > _LARGEST_POWER or _large(base, abs(power)):
            raise ValueError("a power of it is too large")
        if minus and base.is_zero:
            raise ValueError("it divides by zero")
        return base**power

    def _atom(self) -> sympy.Expr:
        token = self._take()
        if token == "(" or token in _ROOTS:
            if token != "(" and self._take() != "(":
                raise ValueError(f"{token} needs brackets")
            inside = self.sum()
            if self.token != ")":
                raise ValueError("a bracket is not closed")
            self._take()
            return inside if token == "(" else sympy.sqrt(inside)
        if token[0].isdigit() or token[0] == ".":
            value = Fraction(token)
            return sympy.Rational(value.numerator, value.denominator)
        if token.lower() in _NO_NAMES:
            raise ValueError(f"{token} is no finite number")
        if token[0].isalpha():
            if self.token == "(":
                raise ValueError(f"{token}(…) is no function that it may hold; sqrt(…) is")
            return _SYMBOLS.get(token, sympy.Symbol(token))
        raise ValueError(f"{token!r} is not expected there")


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"{text[place:].lstrip()[:1]!r} is not expected there")
        found.append(match[match.lastgroup or ""].replace("−", "-"))
        place = match.end()
    return found


def _large(base: sympy.Expr, power: int) -> bool:
    if power <= _SMALL_POWER or base.is_Symbol:
        return False
    if base.is_Rational:
        return power * max(int(base.p).bit_length(), int(base.q).bit_length()) > _LONGEST_POWER
    return power > _LARGEST_POWER_OF_FORMULA or bool(base.count_ops() > _LONGEST_BASE)
