r"""Two features in one dimension with b = 0: the global minimum, certified (uniform law).

Without biases y = ReLU(G x) is homogeneous in G. Let W = w (1, ±z) with z > 0. Then

    L = (1 + r) p/3 − 2 A w² + D w⁴,   A = E Σ_j I_j x_j (Gx)_+j / w² > 0,   D > 0,

so the best length gives L = (1 + r) p/3 − A²/D, and what is left is one ratio z in each of three
sectors: the overlap is positive (`aligned`), or negative with the extra feature shorter or longer
(`antipodal`). In each A²/D is a rational function of z, p and r. At rational p and r the real zeros
of its derivative are isolated, the function is bounded at each of them by rational intervals, and
the largest value is compared with the ends z → 0 (`ignore`), z → ∞ (`dedicated`) and z = 1: this
decides the global minimum over all W with certainty.

`ignore`, W = (1, 0), is never a minimum: there A²/D = p/3, and it grows with the slope

    d(A²/D)/dz = r p²/2 > 0   at z = 0 of `aligned`,

since an output that never reacts loses the mean of x, and any positive overlap mends part of that.
By the mirror law the same holds for `dedicated`. Hence there is no onset of superposition: without
biases every feature is represented everywhere.

At r = 1 the best `aligned` weights are (1, 1)/√2 with L = v, the variance, and the best `antipodal`
ones have w² = (3 + 5S)/(2 + 6S) and L = (1 − S)² (7 + 25S)/(24 (1 + 3S)); they cross at
S = (3 + 4√14)/43.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy

from ..symbols import p, r
from .loss import decompose
from .roots import polynomial, real_roots

Interval = tuple[Fraction, Fraction]

z = sympy.Symbol("z", positive=True)
"""|w_2/w_1|."""

_w1, _w2, _w = sympy.symbols("w1 w2 w")

_INSIDE = {
    "aligned": {_w1: "1", _w2: "1/2"},
    "antipodal, extra shorter": {_w1: "1", _w2: "-1/2"},
    "antipodal, extra longer": {_w1: "1", _w2: "-3/2"},
}
SECTORS = tuple(_INSIDE)
_NARROW = Fraction(1, 10**40)


@dataclass(frozen=True, slots=True)
class NoBiasMinimum:
    """The global minimum at one rational (p, r): its name, |w_2/w_1| and loss in intervals."""

    name: str
    ratio: Interval
    loss: Interval


@lru_cache(maxsize=3)
def gain(sector: str) -> sympy.Expr:
    """A²/D in z, p and r: how far the best length brings the loss below (1 + r) p/3.

    >>> sympy.factor(gain("aligned").subs({z: 1, r: 1}))
    p*(3*p + 4)/12

    Raises `ValueError` for an unknown sector.
    """
    linear, quartic = _parts(sector)
    return sympy.cancel(linear**2 / quartic)


def best_length(sector: str) -> sympy.Expr:
    """w² = A/D in z, p and r.

    >>> S = sympy.Symbol("S")
    >>> sympy.factor(best_length("antipodal, extra shorter").subs({z: 1, r: 1, p: 1 - S}))
    (5*S + 3)/(2*(3*S + 1))
    """
    linear, quartic = _parts(sector)
    return sympy.cancel(linear / quartic)


@lru_cache(maxsize=3)
def _parts(sector: str) -> tuple[sympy.Expr, sympy.Expr]:
    """(A, D) from the decomposed loss."""
    if sector not in SECTORS:
        raise ValueError(f"sector = {sector!r}: it must be one of {', '.join(SECTORS)}")
    inside = _INSIDE[sector]
    loss = decompose([[_w1, _w2]], [0, 0], [1, r]).in_regime(inside).total
    sign = 1 if sector == "aligned" else -1
    in_length = sympy.Poly(sympy.cancel(loss.subs({_w1: _w, _w2: sign * z * _w})), _w)
    return -in_length.coeff_monomial(_w**2) / 2, in_length.coeff_monomial(_w**4)


def no_bias_minimum(feature_probability: Fraction, importance: Fraction) -> NoBiasMinimum:
    """The global minimum over all W with b = 0, at rational p and r; every step is exact.

    Every stationary ratio of every sector is isolated and its loss bounded within 10⁻³⁰.

    >>> found = no_bias_minimum(Fraction(1, 2), Fraction(1))
    >>> found.name, float(found.loss[0]), float(found.ratio[0])
    ('antipodal', 0.08125, 1.0)

    Raises `ValueError` for p outside (0, 1] or r not above 0, and `ArithmeticError` where the two
    lowest losses are too close to be told apart.
    """
    density, weight = Fraction(feature_probability), Fraction(importance)
    if not 0 < density <= 1:
        raise ValueError(f"feature_probability = {density}: it must be in (0, 1]")
    if weight <= 0:
        raise ValueError(f"importance = {weight}: it must be above 0")
    whole = (1 + weight) * density / 3
    # W = (1, 0) and (0, 1): the lengths are 1 and the loss is the other feature's E x².
    found = [
        NoBiasMinimum("ignore", (Fraction(0), Fraction(0)), (whole - density / 3,) * 2),
        NoBiasMinimum("dedicated", (Fraction(0), Fraction(0)), (whole - weight * density / 3,) * 2),
    ]
    for sector in SECTORS:
        found += _stationary(sector, density, weight, whole)
    found.sort(key=lambda minimum: minimum.loss[0])
    lowest = found[0]
    for other in found[1:]:
        if other.loss[0] <= lowest.loss[1] and other.name != lowest.name:
            raise ArithmeticError(
                f"p = {density}, r = {weight}: the losses of {lowest.name} and {other.name} agree "
                "to 30 digits"
            )
    return lowest


def no_bias_crossing(
    importance: Fraction, width: Fraction = Fraction(1, 10**12)
) -> tuple[Fraction, Fraction]:
    """(p, p') at most ``width`` apart: `antipodal` is the global minimum at p, `aligned` at p'.

    Both are decided exactly, by halving from p = 1/100 and p = 1; that there is one crossing
    between them is not proved.

    >>> low, high = no_bias_crossing(Fraction(1), Fraction(1, 10**6))
    >>> round(float(1 - high), 5), round(float(1 - low), 5)
    (0.41783, 0.41783)

    Raises `ValueError` for r not above 0 and a width that is not positive, or where the minima at
    p = 1/100 and p = 1 are others, `ArithmeticError` as `no_bias_minimum` does.
    """
    if width <= 0:
        raise ValueError(f"width = {width}: it must be positive")
    low, high = Fraction(1, 100), Fraction(1)
    names = tuple(no_bias_minimum(end, importance).name for end in (low, high))
    if names != ("antipodal", "aligned"):
        raise ValueError(f"importance = {importance}: {names} at p = 1/100 and p = 1, no crossing")
    most = int(100 / width) + 1  # of a denominator: what is rounded is far below the width
    while high - low > width:
        half = ((low + high) / 2).limit_denominator(most)
        if no_bias_minimum(half, importance).name == "antipodal":
            low = half
        else:
            high = half
    return low, high


def _stationary(
    sector: str, density: Fraction, weight: Fraction, whole: Fraction
) -> list[NoBiasMinimum]:
    """The stationary ratios of a sector with their losses, and z = 1 where sectors join."""
    # Roots are isolated for polynomials in p: z takes its name once p and r are numbers.
    numbers = {p: sympy.Rational(density), r: sympy.Rational(weight)}
    upper, lower = (
        polynomial(part.subs(z, p)) for part in sympy.fraction(gain(sector).subs(numbers))
    )
    slope = upper.diff(p) * lower - upper * lower.diff(p)
    bound = Fraction(1) if sector.endswith("shorter") else _cauchy(slope)
    least = Fraction(1) if sector.endswith("longer") else Fraction(0)
    roots = [root.within(_NARROW) for root in real_roots(slope, least, bound)]
    places = [(root.low, root.high) for root in roots]
    if sector != "aligned":
        places.append((Fraction(1), Fraction(1)))
    name = sector.split(",", maxsplit=1)[0]
    found = []
    for place in places:
        top, bottom = _bounds(upper, place), _bounds(lower, place)
        found.append(
            NoBiasMinimum(name, place, (whole - top[1] / bottom[0], whole - top[0] / bottom[1]))
        )
    return found


def _cauchy(poly: sympy.Poly) -> Fraction:
    """A number above every real root."""
    first, *rest = (Fraction(int(c.p), int(c.q)) for c in poly.all_coeffs())
    return 2 + max(abs(c / first) for c in rest)


def _bounds(poly: sympy.Poly, place: Interval) -> Interval:
    """Bounds of a polynomial over an interval of positive numbers, by the signs of its terms."""
    low = high = Fraction(0)
    for (power,), coefficient in poly.terms():
        c = Fraction(int(coefficient.p), int(coefficient.q))
        ends = [c * end**power for end in place]
        low, high = low + min(ends), high + max(ends)
    return low, high
