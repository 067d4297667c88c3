r"""Real algebraic integers that number fields are made of, each with intervals as narrow as wanted.

`surd`         n^(1/m), n ≥ 2
`cosine`       2 cos(2π/N)
`root_of`      a real root of a polynomial with rational coefficients, times its leading coefficient
`radical`      (A)^(1/m) with A made of the generators before it
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import comb
from typing import TypeAlias

import mpmath
import sympy
from sympy.core.intfunc import integer_nthroot

Ball: TypeAlias = tuple[int, int]
"""(x, e): a number within e of x, in units of 2^−bits."""


def product_of(one: Ball, two: Ball, bits: int) -> Ball:
    """The ball of a product."""
    (x, a), (y, b) = one, two
    return (x * y) >> bits, ((abs(x) * b + abs(y) * a + a * b) >> bits) + 2


class Generator(ABC):
    """g with g^degree = Σ relation[e] g^e; no conjugate of g is larger than `bound` (≥ 1)."""

    degree: int
    relation: Mapping[tuple[int, ...], int]
    bound: int

    def __init__(self) -> None:
        self._balls: dict[int, Ball] = {}
        self._terms: dict[int, tuple[sympy.Expr, ...]] = {}

    def ball(self, bits: int) -> Ball:
        """g to within a few units of 2^−bits."""
        if bits not in self._balls:
            self._balls[bits] = self._enclosed(bits)
        return self._balls[bits]

    @abstractmethod
    def _enclosed(self, bits: int) -> Ball: ...

    @abstractmethod
    def written(self, exponent: int) -> sympy.Expr:
        """g^exponent as SymPy writes it."""

    def terms(self, exponent: int) -> tuple[sympy.Expr, ...]:
        """g^exponent as the terms of a sum of roots and cosines; kept, for SymPy is slow at it."""
        if exponent not in self._terms:
            whole = sympy.expand(self.written(exponent), trig=False)
            self._terms[exponent] = sympy.Add.make_args(whole)
        return self._terms[exponent]


class Surd(Generator):
    """n^(1/m) for an integer n ≥ 2."""

    def __init__(self, radicand: int, index: int) -> None:
        super().__init__()
        self.radicand, self.degree = radicand, index
        self.relation = {(): radicand}
        self.bound = int(integer_nthroot(radicand, index)[0]) + 1

    def _enclosed(self, bits: int) -> Ball:
        return int(integer_nthroot(self.radicand << (self.degree * bits), self.degree)[0]), 1

    def written(self, exponent: int) -> sympy.Expr:
        return sympy.Integer(self.radicand) ** sympy.Rational(exponent, self.degree)


class Cosine(Generator):
    """2 cos(2π/N), the largest root of its minimal polynomial Ψ_N; all roots lie in [−2, 2]."""

    bound = 2

    def __init__(self, order: int, index: int) -> None:
        super().__init__()
        self.order = order
        self.coefficients = cosine_polynomial(order)
        self.degree = len(self.coefficients) - 1
        self.relation = {
            (*(0,) * index, k) if k else (): -c for k, c in enumerate(self.coefficients[:-1]) if c
        }

    def _enclosed(self, bits: int) -> Ball:
        with mpmath.workprec(bits + 30):
            near = int(mpmath.floor(mpmath.ldexp(2 * mpmath.cos(2 * mpmath.pi / self.order), bits)))
        return _checked(self.coefficients, near, bits)

    def written(self, exponent: int) -> sympy.Expr:
        # (e^{iθ} + e^{−iθ})^k = Σ_j C(k, j) e^{i(k−2j)θ}
        angle = 2 * sympy.pi / self.order
        return sympy.Add(
            *(
                comb(exponent, j) * sympy.cos((exponent - 2 * j) * angle)
                for j in range(exponent + 1)
            )
        )


def cosine_polynomial(order: int) -> tuple[int, ...]:
    """Ψ_N, the minimal polynomial of 2 cos(2π/N), lowest coefficient first.

    From Φ_N(z) = z^d Ψ_N(z + 1/z) with z^k + z^−k = C_k(z + 1/z), C_(k+1) = x C_k − C_(k−1).

    >>> cosine_polynomial(5)
    (-1, 1, 1)
    """
    if order <= 2:
        return (-2, 1) if order == 1 else (2, 1)
    cyclotomic = sympy.Poly(sympy.cyclotomic_poly(order)).all_coeffs()
    half = (len(cyclotomic) - 1) // 2
    total = [0] * (half + 1)
    before, now = [2], [0, 1]
    for k in range(half + 1):
        current = [1] if k == 0 else now
        coefficient = int(cyclotomic[half - k])
        for i, c in enumerate(current):
            total[i] += coefficient * c
        if k:
            following = [0, *now]
            for i, c in enumerate(before):
                following[i] -= c
            before, now = now, following
    return tuple(total)


class RootOf(Generator):
    """a·x for the root x of an integer polynomial with leading coefficient a, in an interval."""

    def __init__(
        self,
        coefficients: tuple[int, ...],
        interval: tuple[Fraction, Fraction],
        index: int,
        written: sympy.Expr,
    ) -> None:
        super().__init__()
        lead = coefficients[-1]
        self.lead = lead
        self.degree = len(coefficients) - 1
        # With y = a x: y^d + Σ_k c_k a^(d−1−k) y^k = 0.
        self.coefficients = (
            *(c * lead ** (self.degree - 1 - k) for k, c in enumerate(coefficients[:-1])),
            1,
        )
        self.relation = {
            (*(0,) * index, k) if k else (): -c for k, c in enumerate(self.coefficients[:-1]) if c
        }
        # Fujiwara's bound.
        self.bound = 2 * max(
            1 + int(integer_nthroot(abs(c), self.degree - k)[0])
            for k, c in enumerate(self.coefficients[:-1])
        )
        ends = sorted(end * lead for end in interval)
        self._interval = ends[0], ends[1]
        self._expr = written

    def _enclosed(self, bits: int) -> Ball:
        low, high = self._interval
        rising = _value(self.coefficients, low) < 0
        # Bisection to some 40 bits, then Newton's method doubles them; a sign change is the proof.
        width = Fraction(1, 1 << 40)
        while high - low > width:
            middle = (low + high) / 2
            value = _value(self.coefficients, middle)
            if value == 0:
                low = high = middle
            elif (value < 0) == rising:
                low = middle
            else:
                high = middle
        self._interval = low, high
        start = (low + high) / 2
        # Rounding of the values is relative to the largest coefficient.
        with mpmath.workprec(bits + 60 + max(c.bit_length() for c in self.coefficients)):
            x = mpmath.mpf(start.numerator) / start.denominator
            known = max((b for b in self._balls if 40 < b < bits), default=40)
            if known > 40:
                x = mpmath.ldexp(self._balls[known][0], -known)
            # Each step doubles the bits that are right; two more see to a slow beginning.
            for _ in range((bits // known).bit_length() + 2):
                value, slope = mpmath.polyval(list(self.coefficients[::-1]), x, derivative=1)
                if slope == 0:
                    break
                x -= value / slope
            near = int(mpmath.floor(mpmath.ldexp(x, bits)))
        try:
            return _checked(self.coefficients, near, bits, (low, high))
        except ArithmeticError:
            return self._bisected(low, high, bits, rising)

    def _bisected(self, low: Fraction, high: Fraction, bits: int, rising: bool) -> Ball:
        while high - low > Fraction(1, 1 << bits):
            middle = (low + high) / 2
            if (_value(self.coefficients, middle) < 0) == rising:
                low = middle
            else:
                high = middle
        return (low.numerator << bits) // low.denominator, 3

    def written(self, exponent: int) -> sympy.Expr:
        return (self.lead * self._expr) ** exponent


class Radical(Generator):
    """A^(1/m) with A a polynomial in earlier generators, given by its relation and intervals."""

    def __init__(
        self,
        relation: Mapping[tuple[int, ...], int],
        index: int,
        bound: int,
        enclosed: Callable[[int], Ball],
        written: sympy.Expr,
    ) -> None:
        super().__init__()
        self.relation, self.degree = relation, index
        self.bound = int(integer_nthroot(bound, index)[0]) + 1
        self._radicand = enclosed
        self._expr = written

    def _enclosed(self, bits: int) -> Ball:
        m = self.degree
        value, error = self._radicand(m * bits)
        low = int(integer_nthroot(max(value - error, 0), m)[0])
        high = int(integer_nthroot(value + error, m)[0]) + 1
        # value is in units of 2^(−m bits), its root in units of 2^−bits.
        return low, high - low

    def written(self, exponent: int) -> sympy.Expr:
        return self._expr**exponent


def _value(coefficients: tuple[int, ...], x: Fraction) -> int:
    """A positive multiple of the polynomial's value at a rational number."""
    n, d = x.numerator, x.denominator
    total, scale = 0, 1
    for c in reversed(coefficients):
        total = total * n + c * scale
        scale *= d
    return total


def _checked(
    coefficients: tuple[int, ...],
    near: int,
    bits: int,
    inside: tuple[Fraction, Fraction] | None = None,
) -> Ball:
    """(near, 3) once the polynomial is seen to change its sign within 3 units of `near`."""
    low, high = Fraction(near - 2, 1 << bits), Fraction(near + 3, 1 << bits)
    if inside is not None and not (inside[0] <= high and low <= inside[1]):
        raise ArithmeticError("the root left its interval")
    if _value(coefficients, low) * _value(coefficients, high) >= 0:
        raise ArithmeticError(f"no root near the guess, to {bits} bits")
    return near, 3
