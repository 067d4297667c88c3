r"""Real algebraic numbers in one number field: sums, products, quotients and signs, exactly.

A `Field` is a tower ℚ(g_1, …, g_k) of real algebraic integers, each a root of a monic polynomial
over those before it; a `Number` is a polynomial in them with rational coefficients, reduced by
these relations. Nothing is ever factored over the field: where two generators happen to depend on
each other a number may have two forms, and its sign decides.

*Signs.* An interval decides, refined as far as it takes. That a number is zero follows from its
norm: let x = N/d with d an integer and N a polynomial in the generators with integer coefficients.
N is an algebraic integer; if N ≠ 0 the product of its at most D conjugates is an integer that is
not zero, so |N| ≥ M^(1−D), where M ≥ 1 bounds the conjugates and D is the product of the degrees.
An interval narrower than that which holds 0 proves N = 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gcd, lcm, prod
from typing import TypeAlias

import sympy

from .generators import Ball, Generator, product_of

Monomial: TypeAlias = tuple[int, ...]
"""Exponents of the generators, without the zeros at the end."""

_FIRST_BITS = 64


class Field:
    """ℚ(g_1, …, g_k); generators are only ever added at the end."""

    def __init__(self) -> None:
        self.generators: list[Generator] = []
        self._values: dict[int, dict[Monomial, Ball]] = {}

    @property
    def degree(self) -> int:
        """The product of the degrees of the generators: [ℚ(g_1, …, g_k) : ℚ] is at most this."""
        return prod(g.degree for g in self.generators)

    def adjoin(self, generator: Generator) -> Number:
        """The number that the new generator is."""
        self.generators.append(generator)
        return self.power(len(self.generators) - 1, 1)

    def power(self, index: int, exponent: int) -> Number:
        """g_index to an exponent, reduced."""
        return Number.reduced(self, {(*(0,) * index, exponent): 1}, 1)

    def rational(self, value: Fraction | int) -> Number:
        """A rational number as a `Number`."""
        value = Fraction(value)
        return Number(self, {(): value.numerator} if value else {}, value.denominator)

    def ball(self, monomial: Monomial, bits: int) -> Ball:
        """(x, e): the monomial lies within e of x, both in units of 2^−bits."""
        known = self._values.setdefault(bits, {})
        if monomial not in known:
            if not monomial:
                return (1 << bits, 0)
            index = len(monomial) - 1
            lower = _trimmed((*monomial[:-1], monomial[-1] - 1))
            known[monomial] = product_of(
                self.ball(lower, bits), self.generators[index].ball(bits), bits
            )
        return known[monomial]

    def involved(self, terms: Mapping[Monomial, int]) -> set[int]:
        """Indices of the generators that occur, and of those that they are made of."""
        found: set[int] = set()
        fresh = {i for monomial in terms for i, e in enumerate(monomial) if e}
        while fresh:
            found |= fresh
            fresh = {
                i
                for index in fresh
                for monomial in self.generators[index].relation
                for i, e in enumerate(monomial)
                if e
            } - found
        return found


def _trimmed(monomial: Monomial) -> Monomial:
    end = len(monomial)
    while end and not monomial[end - 1]:
        end -= 1
    return monomial[:end]


def _times(one: Monomial, two: Monomial) -> Monomial:
    if len(one) < len(two):
        one, two = two, one
    return tuple(a + b for a, b in zip(one, two, strict=False)) + one[len(two) :]


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """Σ terms[e] g^e / denominator in a `Field`; made by a field, not by hand.

    Arithmetic with int, `Fraction` and numbers of the same field is exact; so are comparisons.
    """

    field: Field
    terms: Mapping[Monomial, int]
    denominator: int = 1

    @classmethod
    def reduced(cls, field: Field, terms: dict[Monomial, int], denominator: int) -> Number:
        """The number with every exponent below its generator's degree, in lowest terms."""
        highest = max(map(len, terms), default=0)
        for index in range(highest - 1, -1, -1):
            generator = field.generators[index]
            while True:
                high = [e for e in terms if len(e) > index and e[index] >= generator.degree]
                if not high:
                    break
                # The largest exponent first: each pass lowers it.
                top = max(e[index] for e in high)
                for e in high:
                    if e[index] != top:
                        continue
                    coefficient = terms.pop(e)
                    rest = (*e[:index], e[index] - generator.degree, *e[index + 1 :])
                    for relation, factor in generator.relation.items():
                        target = _trimmed(_times(rest, relation))
                        total = terms.get(target, 0) + coefficient * factor
                        if total:
                            terms[target] = total
                        else:
                            terms.pop(target, None)
        return cls._in_lowest_terms(field, terms, denominator)

    @classmethod
    def _in_lowest_terms(cls, field: Field, terms: dict[Monomial, int], denominator: int) -> Number:
        shared = gcd(denominator, *terms.values())
        if shared > 1:
            terms = {e: c // shared for e, c in terms.items()}
            denominator //= shared
        return cls(field, terms, denominator)

    # Arithmetic

    def _operand(self, other: object) -> Number | None:
        if isinstance(other, Number):
            return other if other.field is self.field else None
        return self.field.rational(other) if isinstance(other, int | Fraction) else None

    def __add__(self, other: object) -> Number:
        number = self._operand(other)
        if number is None:
            return NotImplemented
        common = lcm(self.denominator, number.denominator)
        terms = {e: c * (common // self.denominator) for e, c in self.terms.items()}
        for e, c in number.terms.items():
            total = terms.get(e, 0) + c * (common // number.denominator)
            if total:
                terms[e] = total
            else:
                terms.pop(e, None)
        # No exponent is higher than before.
        return Number._in_lowest_terms(self.field, terms, common)

    __radd__ = __add__

    def __neg__(self) -> Number:
        return Number(self.field, {e: -c for e, c in self.terms.items()}, self.denominator)

    def __sub__(self, other: object) -> Number:
        number = self._operand(other)
        return NotImplemented if number is None else self + (-number)

    def __rsub__(self, other: object) -> Number:
        return (-self) + other

    def __mul__(self, other: object) -> Number:
        if isinstance(other, int | Fraction) and other:
            terms = {e: c * other.numerator for e, c in self.terms.items()}
            return Number._in_lowest_terms(self.field, terms, self.denominator * other.denominator)
        number = self._operand(other)
        if number is None:
            return NotImplemented
        terms = {}
        for e, c in self.terms.items():
            for f, d in number.terms.items():
                target = _times(e, f)
                terms[target] = terms.get(target, 0) + c * d
        terms = {e: c for e, c in terms.items() if c}
        return Number.reduced(self.field, terms, self.denominator * number.denominator)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Number:
        number = self._operand(other)
        return NotImplemented if number is None else self * number.inverse()

    def __rtruediv__(self, other: object) -> Number:
        return self.inverse() * other

    def __pow__(self, exponent: int) -> Number:
        base = self if exponent >= 0 else self.inverse()
        result = self.field.rational(1)
        for bit in bin(abs(exponent))[2:]:
            result = result * result
            if bit == "1":
                result = result * base
        return result

    def inverse(self) -> Number:
        """1/x; ZeroDivisionError for zero."""
        if set(self.terms) <= {()}:
            return self.field.rational(Fraction(self.denominator, self.terms.get((), 0)))
        if self.sign() == 0:
            raise ZeroDivisionError("division by zero in a number field")
        top = max(map(len, self.terms)) - 1
        generator = self.field.generators[top]
        if generator.degree == 2 and all(len(e) <= top for e in generator.relation):
            # With g² = a and x = u + v g: 1/x = (u − v g)/(u² − a v²).
            mirror = Number(
                self.field,
                {e: -c if len(e) > top else c for e, c in self.terms.items()},
                self.denominator,
            )
            norm = self * mirror
            if norm.sign() != 0:
                return mirror * norm.inverse()
        return self._inverse_by_powers()

    def _inverse_by_powers(self) -> Number:
        """1/x from a polynomial that x solves: its lowest term that is not zero is divided out."""
        annihilator = self.annihilator()
        lowest = next(k for k, c in enumerate(annihilator) if c)
        # Not zero, so x^lowest may be cancelled, also where the tower has divisors of zero.
        shifted = annihilator[lowest:]
        result = self.field.rational(0)
        for coefficient in reversed(shifted[1:]):
            result = result * self + coefficient
        return result * (-1 / shifted[0])

    def annihilator(self) -> tuple[Fraction, ...]:
        """Coefficients, lowest first, of the least polynomial that x solves by these relations."""
        rows: list[tuple[Monomial, dict[Monomial, Fraction], list[Fraction]]] = []
        power = self.field.rational(1)
        degree = 0
        while True:
            vector = {e: Fraction(c, power.denominator) for e, c in power.terms.items()}
            made_of = [Fraction(0)] * degree + [Fraction(1)]
            for pivot, row, combination in rows:
                factor = vector.get(pivot)
                if not factor:
                    continue
                for e, c in row.items():
                    value = vector.get(e, Fraction(0)) - factor * c
                    if value:
                        vector[e] = value
                    else:
                        vector.pop(e, None)
                for k, c in enumerate(combination):
                    made_of[k] -= factor * c
            if not vector:
                return tuple(made_of)
            pivot, lead = next(iter(vector.items()))
            rows.append(
                (pivot, {e: c / lead for e, c in vector.items()}, [c / lead for c in made_of])
            )
            power = power * self
            degree += 1

    # Signs and comparisons

    def ball(self, bits: int) -> Ball:
        """(x, e): numerator within e of x, in units of 2^−bits."""
        value = error = 0
        for monomial, coefficient in self.terms.items():
            x, e = self.field.ball(monomial, bits)
            value += coefficient * x
            error += abs(coefficient) * e
        return value, error

    def sign(self) -> int:
        """−1, 0 or 1, proved."""
        if set(self.terms) <= {()}:
            value = self.terms.get((), 0)
            return (value > 0) - (value < 0)
        bits = _FIRST_BITS
        while True:
            value, error = self.ball(bits)
            if abs(value) > error:
                return 1 if value > 0 else -1
            if bits > self._separation and error.bit_length() < bits - self._separation:
                return 0
            bits *= 2

    @property
    def _separation(self) -> int:
        """s with |N| > 2^−s for the numerator N, unless it is zero."""
        generators = self.field.generators
        involved = self.field.involved(self.terms)
        degree = prod(generators[i].degree for i in involved)
        largest = sum(
            abs(c) * prod(generators[i].bound ** k for i, k in enumerate(e) if k)
            for e, c in self.terms.items()
        )
        return int((degree - 1) * largest.bit_length() + 2)

    def __bool__(self) -> bool:
        return self.sign() != 0

    def __eq__(self, other: object) -> bool:
        number = self._operand(other)
        return NotImplemented if number is None else (self - number).sign() == 0

    def __hash__(self) -> int:
        # Equal numbers in two forms may differ here: they are then kept apart, which costs time.
        if set(self.terms) <= {()}:
            return hash(Fraction(self.terms.get((), 0), self.denominator))
        return hash((frozenset(self.terms.items()), self.denominator))

    def __lt__(self, other: object) -> bool:
        return (self - other).sign() < 0

    def __gt__(self, other: object) -> bool:
        return (self - other).sign() > 0

    def __le__(self, other: object) -> bool:
        return (self - other).sign() <= 0

    def __ge__(self, other: object) -> bool:
        return (self - other).sign() >= 0

    def __abs__(self) -> Number:
        return -self if self.sign() < 0 else self

    def enclosure(self, bits: int) -> tuple[Fraction, Fraction]:
        """A rational interval that holds the number, at most 2^−bits wide."""
        extra = bits + _FIRST_BITS
        while True:
            value, error = self.ball(extra)
            scale = self.denominator << extra
            if 2 * error << bits <= scale:
                return Fraction(value - error, scale), Fraction(value + error, scale)
            extra *= 2

    def _sympy_(self) -> sympy.Expr:
        """SymPy's own protocol: without it `expression * number` goes through `__float__`."""
        return self.as_expr()

    def __float__(self) -> float:
        low, high = self.enclosure(80)
        return float((low + high) / 2)

    # Forms

    @property
    def is_rational(self) -> bool:
        """Whether the form shows that the number is rational."""
        return set(self.terms) <= {()}

    def as_fraction(self) -> Fraction:
        """The value of a number that `is_rational`."""
        return Fraction(self.terms.get((), 0), self.denominator)

    def as_expr(self) -> sympy.Expr:
        """The number as SymPy writes it: a sum of products of roots and cosines."""
        generators = self.field.generators
        return sympy.Add(
            *(
                sympy.Mul(sympy.Rational(coefficient, self.denominator), *factors)
                for e, coefficient in self.terms.items()
                for factors in product(*(generators[i].terms(k) for i, k in enumerate(e) if k))
            )
        )
