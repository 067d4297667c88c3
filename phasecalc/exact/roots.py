"""Certified real roots of polynomials in p over ℚ or ℚ(α), and exact signs at them.

A root is known by its minimal polynomial over ℚ: for a polynomial over ℚ(α) that is a factor of its
norm, the product of its conjugates.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key, lru_cache
from math import lcm

import sympy
from sympy import QQ

from ..inputs import Scalar
from ..symbols import p
from .algebraic import normal_form
from .bernstein import has_no_root
from .extension import field_of, numbers, value_in_field, written
from .field import Field, Number
from .generators import RootOf

_FIRST_BITS = 64
"""Width 2^−64 of the interval of a root on which a sign is looked for first."""

_REDUCED = 12
"""Quotients in ℚ(α, root) are written without a denominator up to this degree: beyond it their
coefficients have hundreds of digits."""

ZERO = sympy.Poly(0, p, domain=QQ)
ONE = sympy.Poly(1, p, domain=QQ)
_SIMPLE = 10_000
"""Rational values with denominators up to this are tried, and proved, where a number is irrational
by its form."""


def polynomial(expr: sympy.Expr) -> sympy.Poly:
    """The expression as a polynomial in p with rational coefficients.

    Raises `sympy.PolynomialError` or `sympy.CoercionFailed` where it is none.
    """
    return sympy.Poly(expr, p, domain=QQ)


def value_at(poly: sympy.Poly, point: Fraction) -> Scalar:
    """The polynomial's exact value at a rational point: a `Fraction`, or a `Number` over ℚ(α)."""
    if poly.domain.is_Algebraic:
        return value_in_field(poly, point)
    value = poly.rep.eval(QQ(point.numerator, point.denominator))
    return Fraction(int(value.numerator), int(value.denominator))


def sign_at_rational(poly: sympy.Poly, point: Fraction) -> int:
    """Sign of the polynomial at a rational point."""
    value = value_at(poly, point)
    return value.sign() if isinstance(value, Number) else (value > 0) - (value < 0)


@dataclass(frozen=True)
class RealRoot:
    """One real root of an irreducible polynomial, in an interval that holds no other root of it.

    The interval [low, high] is a point for a rational root; else both ends are no roots. Intervals
    of the same root may differ in width: `compare` tells whether two records are one number.
    """

    minimal: sympy.Poly
    low: Fraction
    high: Fraction

    @property
    def is_rational(self) -> bool:
        return self.low == self.high

    def refined(self) -> RealRoot:
        """The same root in an interval at most half as wide."""
        if self.is_rational:
            return self
        middle = (self.low + self.high) / 2
        # The minimal polynomial has degree > 1 here, hence no rational root.
        if sign_at_rational(self.minimal, middle) == sign_at_rational(self.minimal, self.low):
            return RealRoot(self.minimal, middle, self.high)
        return RealRoot(self.minimal, self.low, middle)

    def within(self, width: Fraction) -> RealRoot:
        """The same root in an interval at most this wide."""
        root = self
        while root.high - root.low > width:
            root = root.refined()
        return root

    def sign_of(self, poly: sympy.Poly) -> int:
        """Exact sign of a polynomial at this root."""
        if self.is_rational:
            return sign_at_rational(poly, self.low)
        if poly.domain.is_Algebraic:
            return self._sign_over_field(poly)
        if poly.is_zero:
            return 0
        bits, root = _FIRST_BITS, _narrow(self, _FIRST_BITS)
        sign = _sign_on(poly, root.low, root.high)
        if sign == 0 and poly.rem(self.minimal).is_zero:
            return 0
        # Not zero at the root, so its values keep one sign on a small enough interval.
        while sign == 0:
            bits *= 2
            root = _narrow(self, bits)
            sign = _sign_on(poly, root.low, root.high)
        return sign

    def compare(self, other: RealRoot) -> int:
        """−1, 0 or 1 as this number is smaller than, equal to or larger than the other."""
        one, two = self, other
        while one.low <= two.high and two.low <= one.high:
            if one.minimal == two.minimal and _same_root(one, two):
                return 0
            one, two = one.refined(), two.refined()
        return -1 if one.high < two.low else 1

    def evaluate(self, numerator: sympy.Poly, denominator: sympy.Poly = ONE) -> sympy.Expr:
        """Exact value of a rational function of p at this root; the denominator is not zero there.

        >>> root = real_roots(polynomial(p**2 - 2), Fraction(0), Fraction(2))[0]
        >>> root.evaluate(ONE, polynomial(p + 1))
        -1 + sqrt(2)
        """
        if numerator.domain.is_Algebraic or denominator.domain.is_Algebraic:
            return _evaluated_in_field(self, numerator, denominator)
        if self.is_rational:
            return _qq(value_at(numerator, self.low) / value_at(denominator, self.low))
        field = self.minimal.set_domain(QQ)
        value = numerator.rem(field)
        if not denominator.is_ground:
            value = (value * denominator.rem(field).invert(field)).rem(field)
        else:
            value = value.quo_ground(denominator.LC())
        return sympy.expand(value.as_expr().subs(p, self.exact()))

    def _sign_over_field(self, poly: sympy.Poly) -> int:
        if poly.is_zero or poly.rem(self.minimal.set_domain(poly.domain)).is_zero:
            return 0
        near = _narrow(self, _FIRST_BITS)
        if Fraction(0) <= near.low and near.high <= 1 and may_skip(poly, near.low, near.high):
            return sign_at_rational(poly, near.high)
        value = self.value_in_field(poly)
        for bits in (_FIRST_BITS, 2 * _FIRST_BITS, 4 * _FIRST_BITS):
            middle, error = value.ball(bits)
            if abs(middle) > error:
                return 1 if middle > 0 else -1
        return 0 if self._is_common(poly) else value.sign()

    def _is_common(self, poly: sympy.Poly) -> bool:
        """Whether the polynomial over ℚ(α) is zero here, by division.

        It is if and only if its greatest common divisor g with the minimal polynomial is. That one
        has no double root, so exactly one of g and its cofactor vanishes here: intervals tell which
        one does not.
        """
        minimal = self.minimal.set_domain(poly.domain)
        divisor = poly.gcd(minimal)
        if divisor.is_ground:
            return False
        cofactor = minimal.quo(divisor)
        one, two = self.value_in_field(divisor), self.value_in_field(cofactor)
        bits = _FIRST_BITS
        while True:
            for value, zero in ((two, True), (one, False)):
                middle, error = value.ball(bits)
                if abs(middle) > error:
                    return zero
            bits *= 2

    def value_in_field(self, poly: sympy.Poly) -> Number:
        """The value at this root of a polynomial over ℚ(α), in ℚ(α, root)."""
        if self.is_rational:
            return value_in_field(poly, self.low)
        domain = poly.domain
        alpha, root = _with_root(domain, self.minimal, self.low, self.high)
        total = root.field.rational(0)
        for c in poly.rep.to_list():
            number = root.field.rational(0)
            for k in c.to_list():
                number = number * alpha + Fraction(int(k.numerator), int(k.denominator))
            total = total * root + number
        return total

    def exact(self) -> sympy.Expr:
        """The number as SymPy writes it: rational, quadratic surd, or `CRootOf`."""
        if self.is_rational:
            return _qq(self.low)
        if self.minimal.degree() == 2:
            # At a root of a p² + b p + c the derivative 2 a p + b is ±√(b² − 4ac).
            a, b, c = self.minimal.all_coeffs()
            sign = self.sign_of(self.minimal.diff(p))
            return (-b + sign * sympy.sqrt(b**2 - 4 * a * c)) / (2 * a)
        below = self.minimal.count_roots(None, _qq(self.low))
        return sympy.CRootOf(self.minimal.as_expr(), int(below))


@lru_cache(maxsize=1024)
def _evaluated_in_field(
    root: RealRoot, numerator: sympy.Poly, denominator: sympy.Poly
) -> sympy.Expr:
    one, two = numerator.unify(denominator)
    if root.is_rational:
        above, below = value_in_field(one, root.low), value_in_field(two, root.low)
    else:
        above, below = root.value_in_field(one), root.value_in_field(two)
    simple = _near(above, below).limit_denominator(_SIMPLE)
    if root.sign_of(one - two.mul_ground(_qq(simple))) == 0:
        return _qq(simple)
    if root.minimal.degree() * one.domain.mod.degree() > _REDUCED:
        return written(one).subs(p, root.exact()) / written(two).subs(p, root.exact())
    value = (above / below).as_expr()
    return value if value.has(sympy.CRootOf) else normal_form(value)


def _near(above: Number, below: Number) -> Fraction:
    """A rational number near the quotient; the denominator is not zero."""
    bits = _FIRST_BITS
    low, high = below.enclosure(bits)
    while (high - low) * 2**40 > min(abs(low), abs(high)):
        bits *= 2
        low, high = below.enclosure(bits)
    return sum(above.enclosure(bits)) / (low + high)


@lru_cache(maxsize=256)
def _with_root(
    domain: sympy.Domain, minimal: sympy.Poly, low: Fraction, high: Fraction
) -> tuple[Number, Number]:
    """α and a root of a rational polynomial in one field."""
    field = Field()
    source = field_of(domain)[0].generators[0]
    assert isinstance(source, RootOf)
    alpha = field.adjoin(source) / source.lead
    coefficients = tuple(
        int(c) for c in reversed(minimal.clear_denoms(convert=True)[1].all_coeffs())
    )
    expr = RealRoot(minimal, low, high).exact()
    root = field.adjoin(RootOf(coefficients, (low, high), 1, expr)) / coefficients[-1]
    return alpha, root


@lru_cache(maxsize=4096)
def _narrow(root: RealRoot, bits: int) -> RealRoot:
    """The same root in an interval of width 2^−bits at most."""
    start = root if bits == _FIRST_BITS else _narrow(root, bits // 2)
    return start.within(Fraction(1, 2**bits))


def _sign_on(poly: sympy.Poly, low: Fraction, high: Fraction) -> int:
    """The sign of all values on [low, high] where Horner's rule with intervals shows one, else 0.

    With one denominator q for both ends, q^degree times the values are sums of integers.
    """
    coefficients = [int(c) for c in poly.clear_denoms(convert=True)[1].rep.to_list()]
    q = lcm(low.denominator, high.denominator)
    a, b = int(low * q), int(high * q)
    below = above = coefficients[0]
    power = 1
    for coefficient in coefficients[1:]:
        power *= q
        ends = (below * a, below * b, above * a, above * b)
        below, above = min(ends) + coefficient * power, max(ends) + coefficient * power
    return (below > 0) - (above < 0)


def _same_root(one: RealRoot, two: RealRoot) -> bool:
    """Whether two isolating intervals of one polynomial that overlap hold the same root.

    They do where that root lies in the overlap. Its ends are ends of the two intervals, which are
    no roots, and inside there is at most one root, a simple one as the polynomial is irreducible:
    so it is there exactly if the signs at the ends differ.
    """
    if one.is_rational:
        return True  # an irreducible polynomial with a rational root has no other root
    low, high = max(one.low, two.low), min(one.high, two.high)
    return sign_at_rational(one.minimal, low) != sign_at_rational(one.minimal, high)


def _fraction(value: sympy.Rational) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _qq(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def real_roots(poly: sympy.Poly, low: Fraction, high: Fraction) -> list[RealRoot]:
    """The distinct real roots in the open interval (low, high), in ascending order.

    >>> cubic = polynomial(4 * p**2 - p - p**3)
    >>> [root.exact() for root in real_roots(cubic, Fraction(0), Fraction(1))]
    [2 - sqrt(3)]

    The zero polynomial has no isolated root: the list is empty.
    """
    if poly.is_zero or poly.degree() == 0:
        return []
    if poly.domain.is_Algebraic:
        return _roots_over_field(poly, low, high)
    found = []
    for factor, _ in poly.factor_list()[1]:
        if factor.degree() == 1:
            slope, offset = factor.all_coeffs()
            value = _fraction(-offset / slope)
            if low < value < high:
                found.append(RealRoot(factor, value, value))
            continue
        for (left, right), _ in factor.intervals(inf=_qq(low), sup=_qq(high)):
            root = RealRoot(factor, _fraction(left), _fraction(right))
            # No end of the range is a root of this factor, so the interval moves inside it.
            while root.low < low or root.high > high:
                root = root.refined()
            found.append(root)
    return sorted(found, key=cmp_to_key(RealRoot.compare))


def _roots_over_field(poly: sympy.Poly, low: Fraction, high: Fraction) -> list[RealRoot]:
    """Those roots of the norm that are roots of the polynomial itself."""
    if all(number.is_rational for number in numbers(poly)):
        return real_roots(polynomial(written(poly)), low, high)
    if may_skip(poly, low, high):
        return []
    return [root for root in _apart(real_roots(poly.norm(), low, high)) if _is_root(root, poly)]


def _apart(roots: list[RealRoot]) -> list[RealRoot]:
    """The same roots in intervals that do not meet."""
    for k in range(len(roots) - 1):
        while roots[k].high >= roots[k + 1].low:
            roots[k], roots[k + 1] = roots[k].refined(), roots[k + 1].refined()
    return roots


def _is_root(root: RealRoot, poly: sympy.Poly) -> bool:
    """Whether a root of the norm, apart from all others, is one of the polynomial."""
    if root.is_rational:
        return value_in_field(poly, root.low).sign() == 0
    # All real roots of the polynomial are among those of its norm.
    if sign_at_rational(poly, root.low) != sign_at_rational(poly, root.high):
        return True
    return root.sign_of(poly) == 0


def may_skip(poly: sympy.Poly, low: Fraction, high: Fraction) -> bool:
    """Whether a quick proof shows that there is no root in [low, high], a part of [0, 1].

    False means nothing.
    """
    if poly.is_zero:
        return False
    if poly.domain.is_Algebraic:
        bits = 160
        ends = [number.enclosure(bits) for number in reversed(numbers(poly))]
        middles = [(a + b) / 2 for a, b in ends]
        return has_no_root(middles, low, high, Fraction(len(middles), 1 << bits))
    coefficients = [_fraction(c) for c in reversed(poly.all_coeffs())]
    return has_no_root(coefficients, low, high, Fraction(0))
