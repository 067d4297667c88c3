"""The onset's family of weights, its loss in a small overlap ε, and what its claims are held to."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from ..exact.loss import decompose
from ..exact.onset import (
    onset_bias,
    onset_cubic,
    onset_importance,
    onset_stretch,
    tricritical_importance,
    tricritical_polynomial,
)
from ..exact.roots import real_roots
from ..laws import Uniform
from .language import S, p, q, r, v
from .record import CheckFailed, Claim

alpha, beta, eps, c = sympy.symbols("alpha beta epsilon c")
ORDER = sympy.Order(eps**4)
VARIANCE = Uniform().variance
QUADRATIC = (
    p * (alpha**2 / 12 + (alpha / 2 + beta - p / 2) ** 2 + VARIANCE)
    + (1 - p) * p * beta**3 / 3
    + (1 - p) ** 2 * beta**2
)
"""q in α, β and p."""
CUBIC = 2 * r * v * alpha - p**2 * (1 - beta) ** 4 / 6
DIGITS = 10


def first_error() -> sympy.Expr:
    """The first feature's exact error along the family, a rational function of ε, from the library.

    In the regime of a small ε, of which the library finds the signs at one point of it.
    """
    own, other = eps**2 / (1 + alpha * eps), 1 + alpha * eps
    found = decompose(None, [beta * eps, 1], [1, 0], gram=[[other, -eps], [-eps, own]])
    inside = {eps: "1/100", alpha: "1/20", beta: "1/5", p: "1/2"}
    names = found.total.free_symbols
    return found.in_regime({k: value for k, value in inside.items() if k in names}).total


@dataclass(frozen=True, slots=True)
class Series:
    """The right side is the Taylor series in ε of the library's exact loss."""

    exact: sympy.Expr
    meanings: dict[sympy.Symbol, sympy.Expr] | None = None

    @property
    def description(self) -> str:
        return "Taylor series of the library's exact loss, coefficient by coefficient"

    def __call__(self, claim: Claim) -> None:
        if not claim.rhs.has(ORDER):
            raise CheckFailed(f"{claim.rhs} does not say which order is left out")
        stated = claim.rhs.removeO().subs(self.meanings or {})
        for power in range(4):
            one = _coefficient(self.exact, power)
            two = sympy.expand(stated).coeff(eps, power)
            if sympy.expand((one - two).subs(v, VARIANCE)) != 0:
                raise CheckFailed(f"the coefficient of ε^{power} is {one}, not {two}")


def _coefficient(exact: sympy.Expr, power: int) -> sympy.Expr:
    """A Taylor coefficient in ε of a rational function."""
    numerator, denominator = map(sympy.Poly, sympy.fraction(sympy.together(exact)), (eps, eps))
    above, below = numerator.all_coeffs()[::-1], denominator.all_coeffs()[::-1]
    found: list[sympy.Expr] = []
    for k in range(power + 1):
        rest = sum(below[j] * found[k - j] for j in range(1, min(k, len(below) - 1) + 1))
        own = above[k] if k < len(above) else 0
        found.append(sympy.cancel((own - rest) / below[0]))
    return found[power]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """The right side is a coefficient of the loss in ε: that of the first feature's, or of both."""

    power: int

    @property
    def description(self) -> str:
        return "coefficient of the library's exact loss, and the library's closed form"

    def __call__(self, claim: Claim) -> None:
        own = eps**2 / (1 + alpha * eps)
        exact = first_error()
        if self.power == 3:
            exact += r * VARIANCE * ((1 - own) ** 2 + eps**2)
        difference = _coefficient(exact, self.power) - claim.rhs.subs(v, VARIANCE)
        if sympy.expand(difference) != 0:
            raise CheckFailed(f"the coefficient differs by {sympy.factor(difference)}")
        if self.power == 3:
            agree(claim.rhs.subs(r * v, QUADRATIC), onset_cubic())


def agree(formula: sympy.Expr, library: sympy.Expr) -> None:
    """A formula in α, β and p against the library's, at rational points, in 50 digits."""
    for k in range(1, 12):
        place = sympy.Rational(k, 12)
        best = {alpha: onset_stretch(), beta: onset_bias()}
        left, right = (
            side.subs(v, VARIANCE).subs(best).subs(p, place).evalf(60)
            for side in (formula, library)
        )
        if abs(left - right) > sympy.Float(10, 60) ** -50:
            raise CheckFailed(f"{left} and the library's {right} differ at p = {place}")


@dataclass(frozen=True, slots=True)
class SameZero:
    """Left minus right is a number times an expression that is to be 0."""

    expression: sympy.Expr

    @property
    def description(self) -> str:
        return "exact identity, up to a factor that is a number"

    def __call__(self, claim: Claim) -> None:
        ratio = sympy.cancel((claim.lhs - claim.rhs).subs(S, 1 - p) / self.expression)
        if not ratio.is_Rational or ratio == 0:
            raise CheckFailed(f"{claim} is not {self.expression} = 0")


@dataclass(frozen=True, slots=True)
class SolvesFor:
    """The claim's right side, put in for a symbol, makes an expression zero."""

    expression: sympy.Expr
    unknown: sympy.Symbol

    @property
    def description(self) -> str:
        return "put into the equation: exact identity"

    def __call__(self, claim: Claim) -> None:
        found = self.expression.subs(self.unknown, claim.rhs)
        if sympy.cancel(sympy.radsimp(sympy.together(sympy.expand(found)))) != 0:
            raise CheckFailed(f"{claim.rhs} does not make {self.expression} zero")


@dataclass(frozen=True, slots=True)
class Curvature:
    """The determinant of the second derivatives of q."""

    @property
    def description(self) -> str:
        return "exact identity"

    def __call__(self, claim: Claim) -> None:
        found = sympy.hessian(QUADRATIC, (alpha, beta)).det()
        if sympy.expand(found - claim.rhs.subs(S, 1 - p)) != 0:
            raise CheckFailed(f"the determinant is {sympy.factor(found)}")


@dataclass(frozen=True, slots=True)
class OfOnset:
    """q/v with the best α and β is the library's onset."""

    @property
    def description(self) -> str:
        return "the library's line, at eleven rational points to 50 digits"

    def __call__(self, claim: Claim) -> None:
        agree(claim.rhs.subs(q, QUADRATIC), onset_importance())


@dataclass(frozen=True, slots=True)
class OfTricritical:
    """The r of the tricritical points is the library's."""

    @property
    def description(self) -> str:
        return "the library's formula, at eleven rational points to 50 digits"

    def __call__(self, claim: Claim) -> None:
        agree(claim.rhs, tricritical_importance())


@dataclass(frozen=True, slots=True)
class Resultant:
    """The claimed polynomial divides the resultant of c and of the equation of β."""

    @property
    def description(self) -> str:
        return "the library's polynomial; divides the resultant of both equations, exactly"

    def __call__(self, claim: Claim) -> None:
        stretched = QUADRATIC.subs(alpha, sympy.Rational(3, 2) * (p / 2 - beta))
        cubic = CUBIC.subs(r * v, stretched).subs(alpha, sympy.Rational(3, 2) * (p / 2 - beta))
        equation = (1 - p) * p * beta**2 + (p / 2 + 2 * (1 - p) ** 2) * beta - p**2 / 4
        whole = sympy.Poly(sympy.resultant(sympy.expand(cubic), sympy.expand(equation), beta), p)
        stated = sympy.Poly(claim.rhs, p)
        if (
            claim.lhs != 0
            or claim.rhs != tricritical_polynomial().as_expr()
            or not whole.rem(stated).is_zero
        ):
            raise CheckFailed(f"{claim.rhs} does not divide the resultant")


@dataclass(frozen=True, slots=True)
class IsolatedRoot:
    """One of the zeros of c in (0, 1), in ascending order, has these first digits."""

    number: int

    @property
    def description(self) -> str:
        return "isolated root of the polynomial; the sign of c differs on its two sides"

    def __call__(self, claim: Claim) -> None:
        narrow = Fraction(1, 10 ** (DIGITS + 3))
        places = [
            root.within(narrow)
            for root in real_roots(tricritical_polynomial(), Fraction(0), Fraction(1))
        ]
        changes = [
            (root.low, root.high)
            for root in places
            if _sign_of_cubic(root.low) != _sign_of_cubic(root.high)
        ]
        low, high = changes[self.number - 1]
        digits = claim.rhs
        if not digits.is_Integer:
            raise CheckFailed(f"{digits} is no row of digits")
        if not digits <= low * 10**DIGITS <= high * 10**DIGITS < digits + 1:
            raise CheckFailed(f"the root lies between {float(low)} and {float(high)}")


def _sign_of_cubic(place: Fraction) -> int:
    """The sign of c on the onset at a rational p, by the formulas of the steps."""
    best = {alpha: onset_stretch(), beta: onset_bias()}
    value = CUBIC.subs(r * v, QUADRATIC).subs(best)
    return int(
        sympy.sign(value.subs(p, sympy.Rational(place.numerator, place.denominator)).evalf(40))
    )
