"""SymPy's algebraic numbers as numbers of one field, and back.

All square roots are written in roots of coprime integers, all cosines and sines of rational
multiples of π in one cosine; a square root that lies in the field of that cosine is written in it
(Gauss's sums). What is left, nested radicals and roots of polynomials, is adjoined as it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from math import prod
from operator import add, mul

import sympy

from ..inputs import Scalar
from .field import Field, Number
from .generators import Cosine, Radical, RootOf, Surd
from .radicands import atoms, conductor, coprime_roots, prime_factors, turns_of, with_square_roots

MOST_DEGREE = 512
"""Limit on the degree of a field: more makes a sum of a few dozen terms take seconds."""

MOST_FACTORED = 16
"""Limit on the degree of rational polynomials that are factored for a shorter form of a number."""

MOST_ORDER = 720
"""Limit on N in cos(2π/N)."""

_TRIG = (sympy.cos, sympy.sin)


class Reader:
    """Numbers of one field from SymPy expressions; the field holds all of those given."""

    def __init__(self, expressions: Iterable[Scalar] = ()) -> None:
        self.field = Field()
        order, roots = atoms(expressions)
        self._order = 1
        self._cosine: Number | None = None
        self._surds: dict[tuple[int, int], Number] = {}
        self._nested: list[tuple[Number, int, Number]] = []
        self._roots: dict[sympy.Expr, Number] = {}
        self._known: list[Number] = []
        order = with_square_roots(order, [n for n, index in roots.items() if index % 2 == 0])
        if order > MOST_ORDER:
            raise ValueError(
                f"cosines of multiples of 2π/{order} take a number field too large to compute in, "
                f"the limit is 2π/{MOST_ORDER}"
            )
        if order > 1:
            self._order = order
            self._cosine = self.field.adjoin(Cosine(order, 0))
        for n, index in sorted(roots.items(), key=lambda item: (-item[1], item[0])):
            self._surd(n, index)
        self._check_degree()

    def scalar(self, value: Scalar) -> Scalar:
        """A `Fraction` or a `Number`; expressions with symbols stay what they are."""
        if isinstance(value, Fraction) or (isinstance(value, sympy.Expr) and value.free_symbols):
            return value
        return self.tidied(value if isinstance(value, Number) else self.number(value))

    def tidied(self, value: Scalar) -> Scalar:
        """A `Fraction` where the number is rational, and equal numbers in one form."""
        if not isinstance(value, Number):
            return value
        number = self._one_form(value)
        return number.as_fraction() if number.is_rational else number

    def number(self, value: Scalar) -> Number:
        """The number that a `Fraction` or a SymPy expression without symbols is.

        Raises `ValueError` for what is not real, or not made of roots, cosines and rationals.
        """
        if isinstance(value, Fraction | int):
            return self.field.rational(value)
        if value.is_Rational:
            return self.field.rational(Fraction(int(value.p), int(value.q)))
        if value.is_Add:
            return reduce(add, map(self.number, value.args))
        if value.is_Mul:
            return reduce(mul, map(self.number, value.args))
        if value.is_Pow and value.exp.is_Rational:
            return self._power(value.base, value.exp)
        return self._other(value)

    def _other(self, value: sympy.Expr) -> Number:
        """Cosines, sines, roots of polynomials, and what SymPy rewrites in these."""
        if isinstance(value, _TRIG):
            return self._trigonometric(value)
        if isinstance(value, sympy.CRootOf):
            return self._root_of(value)
        if isinstance(value, sympy.AlgebraicNumber):
            return self.number(value.as_expr())
        for simpler in (value.expand(func=True), value.rewrite(sympy.cos), value.doit()):
            if simpler != value and isinstance(simpler, sympy.Expr):
                return self.number(simpler)
        raise ValueError(f"{value} is not a sum of products of real roots and cosines")

    def _power(self, base: sympy.Expr, exponent: sympy.Rational) -> Number:
        power, index = int(exponent.p), int(exponent.q)
        if index == 1:
            return self.number(base) ** power
        if base.is_Rational:
            if base < 0:
                raise ValueError(f"{base**exponent} is not real")
            above, below = int(base.p), int(base.q)
            # (a/b)^(1/m) = (a b^(m−1))^(1/m)/b
            return (self._integer_root(above * below ** (index - 1), index) / below) ** power
        return self._nested_root(base, index) ** power

    def _integer_root(self, n: int, index: int) -> Number:
        """n^(1/m) by the generators that n is made of."""
        result = self.field.rational(1)
        for (base, m), root in self._surds.items():
            power, left = 0, n
            while left % base == 0:
                left //= base
                power += 1
            if power and (power * m) % index == 0:
                n = left
                result = result * root ** (power * m // index)
        whole, is_exact = sympy.integer_nthroot(n, index)
        if is_exact:
            return result * int(whole)
        # A number that was not among those the field was made for.
        for base, m in coprime_roots([(n, index)]).items():
            self._surd(base, m)
        self._check_degree()
        return result * self._integer_root(n, index)

    def _surd(self, n: int, index: int) -> None:
        """Adjoin n^(1/index), or its square root from the cosines that hold it already."""
        if index == 2 and self._cosine is not None and self._order % conductor(n) == 0:
            self._surds[n, index] = self._gauss_sum(n)
        else:
            self._surds[n, index] = self.field.adjoin(Surd(n, index))

    def _gauss_sum(self, n: int) -> Number:
        """√n in cosines: √q is Σ_k cos(2πk²/q), of sines for q ≡ 3 mod 4; √2 = 2 cos(π/4)."""
        result = self.field.rational(1)
        for q in prime_factors(n):
            if q == 2:
                result = result * (self._cosine_of(Fraction(1, 8)) * 2)
                continue
            turn = Fraction(0) if q % 4 == 1 else Fraction(1, 4)
            total = self.field.rational(0)
            for k in range(q):
                total = total + self._cosine_of(Fraction(k * k, q) - turn)
            result = result * total
        return result

    def _cosine_of(self, turns: Fraction) -> Number:
        """cos(2π·turns) for turns in multiples of 1/N, by Chebyshev's recursion."""
        steps = turns * self._order
        if steps.denominator != 1 or self._cosine is None:
            raise ArithmeticError("the cosine is not in the field")
        count = int(steps) % self._order
        count = min(count, self._order - count)
        before, now = self.field.rational(2), self._cosine
        if count == 0:
            return self.field.rational(1)
        for _ in range(count - 1):
            before, now = now, self._cosine * now - before
        return now / 2

    def _trigonometric(self, value: sympy.Expr) -> Number:
        turns = turns_of(value.args[0])
        if turns is None:
            raise ValueError(f"{value} is not a cosine or sine of a rational multiple of π")
        if isinstance(value, sympy.sin):
            turns -= Fraction(1, 4)
        if self._cosine is None or (turns * self._order).denominator != 1:
            # Not among the numbers that the field was made for.
            order = turns.denominator
            if order > MOST_ORDER:
                raise ValueError(f"{value}: the limit on the denominator is {MOST_ORDER}")
            fresh = self.field.adjoin(Cosine(order, len(self.field.generators)))
            self._check_degree()
            kept, self._cosine = self._cosine, fresh
            kept_order, self._order = self._order, order
            number = self._cosine_of(turns)
            if kept is not None:
                self._cosine, self._order = kept, kept_order
            return number
        return self._cosine_of(turns)

    def _nested_root(self, base: sympy.Expr, index: int) -> Number:
        radicand = self.number(base)
        sign = radicand.sign()
        if sign < 0:
            raise ValueError(f"{base ** sympy.Rational(1, index)} is not real")
        if sign == 0:
            return self.field.rational(0)
        if radicand.is_rational:
            value = radicand.as_fraction()
            return self._power(
                sympy.Rational(value.numerator, value.denominator), sympy.Rational(1, index)
            )
        for known, m, root in self._nested:
            if m == index and known == radicand:
                return root
        short = self._surd_of(radicand, index)
        if short is not None:
            root = short
        else:
            # c^m·a with a = A/c is the algebraic integer c^(m−1)·A.
            c = radicand.denominator
            integral = {e: k * c ** (index - 1) for e, k in radicand.terms.items()}
            whole = Number(self.field, integral)
            bound = sum(
                abs(k) * prod(self.field.generators[i].bound ** x for i, x in enumerate(e))
                for e, k in integral.items()
            )
            written = c * base ** sympy.Rational(1, index)
            root = self.field.adjoin(Radical(integral, index, bound, whole.ball, written)) / c
            self._check_degree()
        self._nested.append((radicand, index, root))
        return root

    def _surd_of(self, radicand: Number, index: int) -> Number | None:
        """The root of a radicand where it is rational or a quadratic surd: √(3 + 2√2) = 1 + √2."""
        annihilator = radicand.annihilator()
        if (len(annihilator) - 1) * index > MOST_FACTORED:
            return None
        spread = [Fraction(0)] * ((len(annihilator) - 1) * index + 1)
        spread[::index] = annihilator
        roots = self._roots_of_low_degree(spread)
        return next((x for x in roots if x.sign() > 0 and x**index == radicand), None)

    def _roots_of_low_degree(self, coefficients: Sequence[Fraction]) -> Iterator[Number]:
        """The real roots of the linear and quadratic factors of a rational polynomial."""
        x = sympy.Dummy("x")
        poly = sympy.Poly.from_list(
            [sympy.Rational(c.numerator, c.denominator) for c in reversed(coefficients)],
            x,
            domain="QQ",
        )
        for factor, _ in poly.factor_list()[1]:
            if factor.degree() > 2:
                continue
            a, b, *rest = (Fraction(int(c.p), int(c.q)) for c in factor.all_coeffs())
            if not rest:
                yield self.field.rational(-b / a)
                continue
            discriminant = b * b - 4 * a * rest[0]
            if discriminant >= 0:
                square = sympy.Rational(discriminant.numerator, discriminant.denominator)
                width = self._power(square, sympy.Rational(1, 2))
                yield from ((width * sign - b) / (2 * a) for sign in (1, -1))

    def _one_form(self, number: Number) -> Number:
        """The number as an equal one before it was written; generators may depend on each other."""
        generators = self.field.generators
        if not any(
            isinstance(generators[i], Radical | RootOf) for i in self.field.involved(number.terms)
        ):
            return number
        for known in self._known:
            if known == number:
                return known
        if self.field.degree <= MOST_FACTORED:
            annihilator = number.annihilator()
            short = (x for x in self._roots_of_low_degree(annihilator) if x == number)
            number = next(short, number)
        self._known.append(number)
        return number

    def _root_of(self, value: sympy.CRootOf) -> Number:
        if not value.is_real:
            raise ValueError(f"{value} is not real")
        if value not in self._roots:
            poly = value.poly.set_domain("ZZ")
            coefficients = tuple(int(c) for c in reversed(poly.all_coeffs()))
            interval = value._get_interval()
            ends = tuple(
                Fraction(int(e.numerator), int(e.denominator)) for e in (interval.a, interval.b)
            )
            generator = RootOf(coefficients, (ends[0], ends[1]), len(self.field.generators), value)
            self._roots[value] = self.field.adjoin(generator) / coefficients[-1]
            self._check_degree()
        return self._roots[value]

    def _check_degree(self) -> None:
        if self.field.degree > MOST_DEGREE:
            raise ValueError(
                f"the entries span a number field of degree up to {self.field.degree}: "
                f"the limit is {MOST_DEGREE}"
            )


def normal_form(value: sympy.Expr) -> sympy.Expr:
    """A real algebraic number as a sum of products of roots and cosines with rational coefficients.

    >>> normal_form(1 / (sympy.sqrt(2) - 1))
    1 + sqrt(2)
    """
    return value if value.is_Rational else in_sympy(Reader([value]).scalar(value))


def in_sympy(value: Scalar) -> sympy.Expr:
    """A `Fraction`, a `Number` or a SymPy expression as a SymPy expression."""
    return value.as_expr() if isinstance(value, Number) else sympy.sympify(value)


def comparable(values: Sequence[Scalar]) -> list[Scalar]:
    """The same exact numbers as `Fraction` or as numbers of one field, which can be compared."""
    if all(isinstance(value, Fraction) for value in values):
        return list(values)
    reader = Reader(values)
    return [reader.scalar(value) for value in values]
