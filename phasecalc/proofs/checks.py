"""How claims are tested: as identities, at random rational points, on an interval, as solutions.

Every check takes the claim that it tests, so a wrong claim fails with the same check.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

from ..exact.roots import polynomial, real_roots, sign_at_rational
from ..symbols import S, in_sparsity, p, r
from .evaluate import Env, compiled
from .language import Partial, Total
from .record import Check, CheckFailed, Claim

_TRUE_OF_SIGN: dict[str, Callable[[int], bool]] = {
    "==": lambda sign: sign == 0,
    "<=": lambda sign: sign <= 0,
    ">=": lambda sign: sign >= 0,
    "<": lambda sign: sign < 0,
    ">": lambda sign: sign > 0,
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Left minus right is zero in canonical form, once every name has its meaning.

    `meanings` maps symbols to formulas; ∂L/∂s and dr/dS of a symbol with a meaning are taken.
    """

    meanings: Mapping[sympy.Symbol, sympy.Expr]

    @property
    def description(self) -> str:
        return "exact identity"

    def __call__(self, claim: Claim) -> None:
        difference = claim.lhs - claim.rhs
        derivatives = {
            node: self._derivative(*node.args) for node in difference.atoms(Partial, Total)
        }
        plain = difference.xreplace(derivatives).subs(dict(self.meanings))
        plain = plain.subs(S, 1 - p)
        if sympy.cancel(sympy.radsimp(sympy.expand(plain))) != 0:
            raise CheckFailed(f"{claim.lhs} and {claim.rhs} differ by {sympy.factor(plain)}")

    def _derivative(self, function: sympy.Symbol, variable: sympy.Symbol) -> sympy.Expr:
        meaning = self.meanings[function]
        if variable == S:
            return in_sparsity(meaning).diff(S).subs(S, 1 - p)
        return meaning.diff(variable)


@dataclass(frozen=True, slots=True)
class AtPoints:
    """Both sides have the same exact value at random rational points.

    `draw` makes a point: a value for every free name of the claim. Named quantities come from the
    library, sums and integrals are worked out by `evaluate`.
    """

    draw: Callable[[random.Random], Env]
    count: int = 8
    library: Callable[[Env], Fraction] | None = None
    """The library's value at a point, where neither side is one: the right side must be equal."""

    @property
    def description(self) -> str:
        if self.count == 1:
            return "exact value, integrals by exact quadrature"
        return f"exact at {self.count} random rational points, integrals by exact quadrature"

    def __call__(self, claim: Claim) -> None:
        if self.count == 1 and claim.rhs.free_symbols:
            raise CheckFailed(f"one point does not show that {claim.rhs} is right")
        left, right = compiled(claim.lhs), compiled(claim.rhs)
        generator = random.Random(str(self.count))
        for _ in range(self.count):
            point = self.draw(generator)
            one, two = left(point), right(point)
            sign = (one > two) - (one < two)
            if not _TRUE_OF_SIGN[claim.rel_op](sign):
                raise CheckFailed(f"left side {one}, right side {two} at {_shown(point)}")
            if self.library is not None and (value := self.library(point)) != two:
                raise CheckFailed(f"library {value}, right side {two} at {_shown(point)}")


def _shown(point: Env) -> str:
    return ", ".join(f"{name} = {value}" for name, value in point.items() if not callable(value))


@dataclass(frozen=True, slots=True)
class Interpolated:
    """Both sides are polynomials in p of bounded degree, and linear in r: enough values prove it.

    `at` gives the point for p and r; `degree` bounds the degree in p of the left side.
    """

    at: Callable[[Fraction, Fraction], Env]
    degree: int
    importances: int = 1
    """How many values of r: 2 for a claim that is linear in r, 1 for one without r."""

    @property
    def description(self) -> str:
        values = f"{self.degree + 1} values of p"
        if self.importances > 1:
            values += f" and {self.importances} of r"
        return f"exact at {values}, more than the degrees allow for: identical as polynomials"

    def __call__(self, claim: Claim) -> None:
        degrees = {p: self.degree, r: self.importances - 1}
        free = claim.rhs.free_symbols
        if free - set(degrees) or not claim.rhs.is_polynomial(*free):
            raise CheckFailed(f"{claim.rhs} is no polynomial in p and r")
        for variable, most in degrees.items():
            if sympy.degree(sympy.expand(claim.rhs), variable) > most:
                raise CheckFailed(f"{claim.rhs} has a degree above {most} in {variable}")
        left, right = compiled(claim.lhs), compiled(claim.rhs)
        for k in range(1, self.degree + 2):
            density = Fraction(k, self.degree + 2)
            for importance in range(1, self.importances + 1):
                point = self.at(density, Fraction(2 * importance, 3))
                one, two = left(point), right(point)
                if one != two:
                    raise CheckFailed(f"left side {one}, right side {two} at {_shown(point)}")


@dataclass(frozen=True, slots=True)
class SignOn:
    """A rational function of p has one sign on an open interval: no root inside, and a sample."""

    low: sympy.Expr
    high: sympy.Expr

    @property
    def description(self) -> str:
        return "no root in the interval, certified; the sign at a point inside"

    def __call__(self, claim: Claim) -> None:
        numerator, denominator = sympy.fraction(sympy.cancel(claim.lhs - claim.rhs))
        low, high = (Fraction(int(end.p), int(end.q)) for end in (self.low, self.high))
        middle = (low + high) / 2
        sign = 1
        for part in map(polynomial, (numerator, denominator)):
            if real_roots(part, low, high):
                raise CheckFailed(f"{claim.lhs} changes its sign inside ({low}, {high})")
            sign *= sign_at_rational(part, middle)
        if not _TRUE_OF_SIGN[claim.rel_op](sign):
            raise CheckFailed(f"{claim} is false at p = {middle}")


@dataclass(frozen=True, slots=True)
class Solves:
    """The claim x = value is the only solution of equation = 0, which is linear in x."""

    equation: sympy.Expr

    @property
    def description(self) -> str:
        return "put into the equation, which is linear in it: exact identity"

    def __call__(self, claim: Claim) -> None:
        unknown, value = claim.args
        equation = sympy.expand(self.equation)
        if sympy.degree(equation, unknown) != 1:
            raise CheckFailed(f"{equation} = 0 is not linear in {unknown}")
        if sympy.cancel(equation.subs(unknown, value)) != 0:
            raise CheckFailed(f"{unknown} = {value} does not solve {equation} = 0")


@dataclass(frozen=True, slots=True)
class NotZero:
    """The right side is a number, and not zero."""

    @property
    def description(self) -> str:
        return "not zero"

    def __call__(self, claim: Claim) -> None:
        if not claim.rhs.is_Rational or claim.rhs == 0:
            raise CheckFailed(f"{claim.rhs} is not a number different from zero")


@dataclass(frozen=True, slots=True)
class All:
    """Several checks of one claim."""

    checks: tuple[Check, ...]

    @property
    def description(self) -> str:
        return "; ".join(dict.fromkeys(check.description for check in self.checks))

    def __call__(self, claim: Claim) -> None:
        for check in self.checks:
            check(claim)
