r"""Two features in one dimension without biases: lengths, the two pairs, and no onset."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from ..exact.loss import decompose
from ..exact.no_bias import SECTORS, gain, z
from ..exact.roots import polynomial, real_roots
from ..symbols import in_sparsity
from .checks import Identity, Solves
from .language import Overlap, Partial, S, W, equal, loss, p, r, v
from .record import CheckFailed, Claim, Prose, Step, prose

linear, quartic, ell = sympy.symbols("A D ell")
_WEIGHTS = sympy.symbols("w1 w2")
_WHOLE = (1 + r) * p / 3
_OF_LENGTH = _WHOLE - 2 * linear * ell + quartic * ell**2
_VARIANCE = p / 3 - p**2 / 4
_AT_ONE, _T, _Y = sympy.symbols("K t y")
_INSIDE = {"aligned": "1/2", "shorter": "-1/2", "longer": "-3/2"}
"""A ratio of the weights inside each sector."""
_LINES = {
    "aligned": (
        p * (1 + r * z**2) / 3 + p**2 * (1 + r) * z / 4,
        p * (1 + r * z**2) * (2 * (1 + z**2) + 3 * p * z) / 6,
    ),
    "shorter": (
        p * (1 + r * z**2) / 3 + p**2 * ((1 + 3 * r) * z**3 - 8 * r * z**2 - 6 * z) / 24,
        p * (1 + r * z**4) / 3 + p**2 * (r * z**5 - 4 * r * z**4 - z**3 + 4 * z**2 - 6 * z) / 12,
    ),
}


def opening() -> Prose:
    """The question."""
    weights, vector = sympy.Symbol("W"), sympy.Symbol("w")
    return prose(
        "Two features in one dimension, uniform magnitudes, with {}. The output is homogeneous in "
        "the Gram matrix: with {} only the length {} and the ratio {} matter, for a positive "
        "overlap {} (aligned) and for a negative one (antipodal).",
        equal(sympy.Symbol("b"), 0),
        equal(weights, sympy.Tuple(vector, vector * z)),
        equal(ell, vector**2),
        z,
        Overlap(1, 2),
    )


def steps() -> tuple[Step, ...]:
    """The best length, the two sectors, no onset, the crossing at r = 1."""
    return (*_length(), *_sectors(), *_onset(), *_crossing())


def _length() -> tuple[Step, ...]:
    return (
        Step(
            "homogeneous",
            prose(
                "An output of a positive factor is that factor times the output, so the loss is "
                "a quadratic function of {}, with coefficients that depend on {}, {} and {} alone:",
                ell,
                z,
                p,
                r,
            ),
            equal(loss, _OF_LENGTH),
            Homogeneous(),
        ),
        Step(
            "length",
            prose("Both are positive; the best length is where {}:", equal(Partial(loss, ell), 0)),
            equal(ell, linear / quartic),
            Solves(2 * quartic * ell - 2 * linear),
        ),
        Step(
            "best",
            prose("What is left is one ratio:"),
            equal(loss, _WHOLE - linear**2 / quartic),
            Identity(
                {loss: (_WHOLE - 2 * linear * ell + quartic * ell**2).subs(ell, linear / quartic)}
            ),
        ),
    )


def _sectors() -> tuple[Step, ...]:
    words = {
        "aligned": "Where the overlap is positive,",
        "shorter": "Where it is negative and the second feature is the shorter one, {},",
    }
    found = []
    for sector, (one, two) in _LINES.items():
        values = (sympy.Le(z, 1),) if "{}" in words[sector] else ()
        found += [
            Step(
                f"{sector}-linear",
                prose(words[sector], *values),
                equal(linear, one),
                OfSector(sector, 2),
            ),
            Step(f"{sector}-quartic", prose("and"), equal(quartic, two), OfSector(sector, 4)),
        ]
    ratio, other = sympy.Function("f")(z, r), sympy.Function("f")(1 / z, 1 / r)
    found.append(
        Step(
            "mirror",
            prose(
                "Where the second feature is the longer one, exchange the two features and divide "
                "the loss by {}: with {} as a function {} of the ratio and the importance",
                r,
                linear**2 / quartic,
                ratio,
            ),
            equal(ratio, r * other),
            Mirror(),
        )
    )
    return tuple(found)


def _onset() -> tuple[Step, ...]:
    return (
        Step(
            "no-onset",
            prose(
                "An output that never reacts loses the mean of its feature, and any positive "
                "overlap mends part of that. In the aligned sector, at {},",
                equal(z, 0),
            ),
            equal(Partial(linear**2 / quartic, z), r * p**2 / 2),
            SlopeAt("aligned", 0),
        ),
        Step(
            "no-dropped",
            prose(
                "which is positive: {} is never a minimum, nor is its mirror image. Without biases "
                "every feature is represented everywhere, and superposition has no onset. At {} "
                "the loss would be",
                equal(sympy.Symbol("W"), sympy.Tuple(1, 0)),
                equal(z, 0),
            ),
            equal(loss, r * p / 3),
            Identity({loss: _WHOLE - sympy.limit(_best("aligned"), z, 0)}),
        ),
    )


def _crossing() -> tuple[Step, ...]:
    pair = (1 - S) ** 2 * (7 + 25 * S) / (24 * (1 + 3 * S))
    found = [
        Step(
            f"{sector}-equal",
            prose(
                f"At {{}} equal lengths, {{}}, are stationary in the {name} sector:",
                equal(r, 1),
                equal(z, 1),
            ),
            equal(Partial(linear**2 / quartic, z), 0),
            SlopeAt(sector, 1),
        )
        for sector, name in (("aligned", "aligned"), ("shorter", "antipodal"))
    ]
    return (
        found[0],
        Step(
            "aligned-largest",
            prose(
                "and no other ratio is as good. With {} the value of {} there, the loss at any "
                "other ratio is higher by",
                _AT_ONE,
                linear**2 / quartic,
            ),
            equal(_AT_ONE - linear**2 / quartic, p**2 * (1 - z) ** 2 / (4 * (1 + z**2))),
            Identity(
                {
                    _AT_ONE: _best("aligned").subs({z: 1, r: 1}),
                    **dict(zip((linear, quartic), _equal_importance("aligned"), strict=True)),
                }
            ),
        ),
        Step(
            "aligned-loss",
            prose("The loss at equal lengths is"),
            equal(loss, v),
            Identity({loss: _at_one("aligned"), v: _VARIANCE}),
        ),
        found[1],
        Step(
            "antipodal-largest",
            prose(
                "and no other ratio is better: with {} and {} the difference is {} times a "
                "quotient of polynomials in {} and {} whose coefficients are all positive. By "
                "{eq:mirror} this holds beyond {} too.",
                equal(p, 1 / (1 + _T)),
                equal(z, 1 / (1 + _Y)),
                (1 - z) ** 2,
                _T,
                _Y,
                equal(z, 1),
            ),
            sympy.Ge(_AT_ONE, linear**2 / quartic, evaluate=False),
            LargestAtOne(),
        ),
        Step(
            "antipodal-length",
            prose("Equal lengths are {}, where", equal(W[1], -W[2])),
            equal(ell, (3 + 5 * S) / (2 + 6 * S)),
            Identity(
                {
                    ell: sympy.cancel(
                        (_LINES["shorter"][0] / _LINES["shorter"][1]).subs({z: 1, r: 1})
                    )
                }
            ),
        ),
        Step(
            "antipodal-loss",
            prose("and the loss"),
            equal(loss, pair),
            Identity({loss: _at_one("shorter")}),
        ),
        Step(
            "crossing",
            prose(
                "The two losses {} and {} are equal at one sparsity between 0 and 1; below it the "
                "aligned pair is lower, above it the antipodal one. By {eq:no-dropped}, "
                "{eq:aligned-largest} and {eq:antipodal-largest} no other weights are: this is the "
                "transition of the global minimum.",
                v,
                pair,
            ),
            equal(S, (3 + 4 * sympy.sqrt(14)) / 43),
            OnlyCrossing(in_sparsity(_at_one("shorter") - _at_one("aligned"))),
        ),
    )


def _best(sector: str) -> sympy.Expr:
    """A²/D of the stated coefficients."""
    one, two = _LINES[sector]
    return sympy.cancel(one**2 / two)


def _equal_importance(sector: str) -> tuple[sympy.Expr, sympy.Expr]:
    """The stated A and D at r = 1."""
    one, two = _LINES[sector]
    return one.subs(r, 1), two.subs(r, 1)


def _at_one(sector: str) -> sympy.Expr:
    """The loss at z = r = 1, from the library."""
    name = next(name for name in SECTORS if sector in name)
    return sympy.cancel((_WHOLE - gain(name)).subs({z: 1, r: 1}))


def _library(sector: str) -> sympy.Poly:
    """The library's loss of W = (w, ± z w) in a sector, as a polynomial in w."""
    w1, w2 = _WEIGHTS
    inside = {w1: "1", w2: _INSIDE[sector]}
    found = decompose([_WEIGHTS], [0, 0], [1, r]).in_regime(inside).total
    sign = 1 if sector == "aligned" else -1
    w = sympy.Symbol("w")
    return sympy.Poly(sympy.cancel(found.subs({w1: w, w2: sign * z * w})), w)


@dataclass(frozen=True, slots=True)
class Homogeneous:
    """The library's loss of every sector is quadratic in w², with the claimed constant."""

    @property
    def description(self) -> str:
        return "the library's exact loss in each of the three sectors"

    def __call__(self, claim: Claim) -> None:
        stated = sympy.Poly(claim.rhs, ell)
        if stated.degree() != 2 or stated.coeff_monomial(ell**2) != quartic:
            raise CheckFailed(f"{claim.rhs} is not the stated function of the length")
        for sector in _INSIDE:
            found = _library(sector)
            if {power for (power,) in found.monoms()} != {0, 2, 4}:
                raise CheckFailed(f"{sector}: powers {found.monoms()} of the length")
            if sympy.expand(found.coeff_monomial(1) - stated.coeff_monomial(1)) != 0:
                raise CheckFailed(f"{sector}: the constant is {found.coeff_monomial(1)}")


@dataclass(frozen=True, slots=True)
class OfSector:
    """The right side is what the library's loss has at a power of the length."""

    sector: str
    power: int

    @property
    def description(self) -> str:
        return "coefficient of the library's exact loss"

    def __call__(self, claim: Claim) -> None:
        found = _library(self.sector)
        w = found.gen
        exact = found.coeff_monomial(w**self.power)
        exact = -exact / 2 if self.power == 2 else exact
        if sympy.cancel(exact - claim.rhs) != 0:
            raise CheckFailed(f"the coefficient is {sympy.factor(exact)}, not {claim.rhs}")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A²/D of the sector of the longer second feature is that of the shorter, exchanged."""

    @property
    def description(self) -> str:
        return "exact identity between the library's formulas of both sectors"

    def __call__(self, claim: Claim) -> None:
        shorter, longer = gain(SECTORS[1]), gain(SECTORS[2])
        exchanged = {z: 1 / z, r: 1 / r}

        def meaning(node: sympy.Expr) -> sympy.Expr:
            return longer if node.args == (z, r) else shorter.subs(exchanged, simultaneous=True)

        places = {f: meaning(f) for f in claim.atoms(sympy.Function)}
        difference = (claim.lhs - claim.rhs).xreplace(places)
        if sympy.cancel(difference) != 0:
            raise CheckFailed(f"the two sides differ by {sympy.factor(difference)}")


@dataclass(frozen=True, slots=True)
class SlopeAt:
    """The right side is ∂(A²/D)/∂z of a sector at a ratio: at 0 for any r, at 1 for r = 1."""

    sector: str
    ratio: int

    @property
    def description(self) -> str:
        return "derivative of the library's formula, at that ratio"

    def __call__(self, claim: Claim) -> None:
        name = next(name for name in SECTORS if self.sector in name)
        slope = gain(name).diff(z).subs(r, 1 if self.ratio else r)
        found = sympy.cancel(sympy.cancel(slope).subs(z, self.ratio))
        if sympy.cancel(found - claim.rhs) != 0:
            raise CheckFailed(f"the slope is {found}, not {claim.rhs}")


@dataclass(frozen=True, slots=True)
class OnlyCrossing:
    """The claimed S is the only zero between 0 and 1 of a difference of losses."""

    difference: sympy.Expr

    @property
    def description(self) -> str:
        return "put into the difference: 0; no other root between 0 and 1, certified"

    def __call__(self, claim: Claim) -> None:
        if sympy.radsimp(sympy.cancel(self.difference.subs(S, claim.rhs))) != 0:
            raise CheckFailed(f"the losses differ at S = {claim.rhs}")
        numerator = sympy.fraction(sympy.cancel(self.difference.subs(S, 1 - p)))[0]
        if len(real_roots(polynomial(numerator), Fraction(0), Fraction(1))) != 1:
            raise CheckFailed("there is more than one crossing between 0 and 1")


@dataclass(frozen=True, slots=True)
class LargestAtOne:
    """At r = 1 no ratio below 1 gives antipodal weights a larger A²/D than 1 does."""

    @property
    def description(self) -> str:
        return "all coefficients of both polynomials are positive, for 0 < p < 1 and 0 < z < 1"

    def __call__(self, claim: Claim) -> None:
        if sympy.expand(claim.lhs - claim.rhs - _AT_ONE + linear**2 / quartic) != 0:
            raise CheckFailed(f"{claim} compares other values than those at 1 and elsewhere")
        one, two = (sympy.Poly(part, z, p) for part in _equal_importance("shorter"))
        above = one.eval(z, 1) ** 2 * two - one**2 * two.eval(z, 1)
        parts = (above.exquo(sympy.Poly((1 - z) ** 2, z, p)), two.eval(z, 1) * two)
        for part in parts:
            inside = part.as_expr().subs({p: 1 / (1 + _T), z: 1 / (1 + _Y)})
            numerator = sympy.Poly(sympy.fraction(sympy.together(inside))[0], _T, _Y)
            if claim.rel_op != ">=" or min(numerator.coeffs()) <= 0:
                raise CheckFailed(f"{numerator.as_expr()} has a coefficient that is not positive")
