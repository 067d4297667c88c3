"""Magnitude laws: what the magnitude of an active feature is drawn from. One class a law.

A law is data: its density as pieces of polynomials and its atoms. The exact half integrates these,
whatever the law; the float half has compiled kernels for the laws that name one.
"""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, fields
from fractions import Fraction
from math import comb, factorial, inf
from typing import Any, ClassVar

import sympy

from .inputs import exact_number, shown
from .law_checks import check_class, check_law
from .symbols import p

Piece = tuple[Fraction, Fraction, tuple[Fraction, ...]]
"""(low, high, coefficients): the density on [low, high], in powers of x, lowest first."""
Atom = tuple[Fraction, Fraction]
"""(value, weight): a magnitude that is taken with a probability of its own."""


class Law(ABC):
    """The magnitude law of an active feature; subclasses are frozen dataclasses of exact numbers.

    A law whose density is piecewise polynomial states it in ``density`` and ``atoms``, and all that
    is exact follows from them. ``kernel`` names the compiled loss that serves the law at
    ``scale`` = 1: for x on [0, c] in place of [0, 1] the loss is c² times that of (W, b/c).
    """

    name: ClassVar[str]
    """One word: the law without its parameters."""
    kernel: ClassVar[str | None] = None

    @property
    def density(self) -> tuple[Piece, ...]:
        """The pieces of the density; none where it is not piecewise polynomial."""
        return ()

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The magnitudes that have a probability of their own."""
        return ()

    @property
    def scale(self) -> Fraction:
        """The unit of magnitudes in which the compiled kernel is right."""
        return Fraction(1)

    @property
    def text(self) -> str:
        """The law in words, as tables and pictures show it."""
        return str(self)

    def moment(self, order: int) -> Fraction | sympy.Expr:
        """E x^q of an active feature.

        >>> Uniform().moment(2), Point(2).moment(3)
        (Fraction(1, 3), Fraction(8, 1))
        """
        smooth = sum(
            c * (high ** (order + k + 1) - low ** (order + k + 1)) / (order + k + 1)
            for low, high, coefficients in self.density
            for k, c in enumerate(coefficients)
        )
        return Fraction(smooth + sum(weight * value**order for value, weight in self.atoms))

    @property
    def edges(self) -> tuple[float, ...]:
        """Places between which the density is smooth, ascending; the first and last enclose it."""
        return tuple(sorted({float(end) for low, high, _ in self.density for end in (low, high)}))

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest magnitude, infinite where there is none."""
        places = [*self.edges, *(float(value) for value, _ in self.atoms)]
        return min(places), max(places)

    def pdf(self, x: Any) -> Any:
        """The density at x, an array of floats; atoms are not in it."""
        from .transforms import polynomial_pdf  # noqa: PLC0415 the exact half has no arrays

        return polynomial_pdf(self.density, x)

    def transform(self, t: Any, order: int = 0) -> Any:
        """E x^q e^{tx} of an active feature, for real or complex t (an array), q = order.

        >>> complex(Point().transform(0.5j, 1))
        (0.8775825618903728+0.479425538604203j)
        """
        from .transforms import polynomial_transform  # noqa: PLC0415

        return polynomial_transform(self.density, self.atoms, t, order)

    def sample(self, rng: Any, size: Any = None) -> Any:
        """Magnitudes of active features, drawn by a `numpy.random.Generator`."""
        from .transforms import polynomial_sample  # noqa: PLC0415

        return polynomial_sample(self.density, self.atoms, rng, size)

    @property
    def first_moment(self) -> Fraction | sympy.Expr:
        """E x of an active feature."""
        return self.moment(1)

    @property
    def second_moment(self) -> Fraction | sympy.Expr:
        """E x² of an active feature."""
        return self.moment(2)

    @property
    def mean(self) -> sympy.Expr:
        """μ = E x of one feature, zero or not, in p."""
        return p * sympy.sympify(self.moment(1))

    @property
    def variance(self) -> sympy.Expr:
        """v = E x² − μ² of one feature, zero or not, in p."""
        return p * sympy.sympify(self.moment(2)) - self.mean**2

    def __str__(self) -> str:
        """The text that `law_of` reads; parameters that have their default are left out."""
        return self.name + self._parameters()

    def __repr__(self) -> str:
        return type(self).__name__ + (self._parameters() or "()")

    def _parameters(self) -> str:
        own = [(f.name, getattr(self, f.name), f.default) for f in fields(self)]  # type: ignore[arg-type]
        changed = [f"{name}={value}" for name, value, default in own if value != default]
        return f"({', '.join(changed)})" if changed else ""


@dataclass(frozen=True, slots=True, repr=False)
class Uniform(Law):
    """Magnitudes of active features are uniform on [0, high]; high = 1 is the paper's law.

    >>> Uniform().mean, Uniform().variance
    (p/2, -p**2/4 + p/3)
    >>> Uniform(high=2).variance
    -p**2 + 4*p/3

    Raises `ValueError` unless high is a positive rational number.
    """

    high: Any = Fraction(1)

    name: ClassVar[str] = "uniform"
    kernel: ClassVar[str | None] = "uniform"

    def __post_init__(self) -> None:
        object.__setattr__(self, "high", _positive(self.high, "high"))

    @property
    def density(self) -> tuple[Piece, ...]:
        return ((Fraction(0), self.high, (1 / self.high,)),)

    @property
    def scale(self) -> Fraction:
        return Fraction(self.high)

    @property
    def text(self) -> str:
        return f"uniform on [0, {self.high}]"


@dataclass(frozen=True, slots=True, repr=False)
class Point(Law):
    """Every active feature has the same magnitude; 1 is the paper's "x_i = 1 case".

    >>> Point().mean, Point().variance
    (p, -p**2 + p)

    Raises `ValueError` unless value is a positive rational number.
    """

    value: Any = Fraction(1)

    name: ClassVar[str] = "point"
    kernel: ClassVar[str | None] = "point"

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _positive(self.value, "value"))

    @property
    def atoms(self) -> tuple[Atom, ...]:
        return ((self.value, Fraction(1)),)

    @property
    def scale(self) -> Fraction:
        return Fraction(self.value)

    @property
    def text(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class SignedUniform(Law):
    """Magnitudes of active features are uniform on [−high, high].

    y = ReLU(…) is never negative: the negative half of a feature can only be given up.

    >>> SignedUniform().mean, SignedUniform().variance
    (0, p/3)

    Raises `ValueError` unless high is a positive rational number.
    """

    high: Fraction = Fraction(1)

    name: ClassVar[str] = "signed-uniform"

    def __post_init__(self) -> None:
        object.__setattr__(self, "high", _positive(self.high, "high"))

    @property
    def density(self) -> tuple[Piece, ...]:
        return ((-self.high, self.high, (1 / (2 * self.high),)),)

    @property
    def text(self) -> str:
        return f"uniform on [-{self.high}, {self.high}]"


@dataclass(frozen=True, slots=True, repr=False)
class Beta(Law):
    """Magnitudes have the density x^(a−1) (1−x)^(b−1)/B(a, b) on [0, 1], a and b integers.

    Beta(1, 1) is `Uniform()`; with integers the density is a polynomial and the loss exact.

    >>> Beta(2, 1).moment(1), Beta(2, 3).density
    (Fraction(2, 3), ((Fraction(0, 1), Fraction(1, 1), (0, 12, -24, 12)),))

    Raises `ValueError` unless a and b are integers from 1 to 12.
    """

    a: int = 2
    b: int = 2

    name: ClassVar[str] = "beta"

    def __post_init__(self) -> None:
        for argument in ("a", "b"):
            number = exact_number(getattr(self, argument), argument)
            if not isinstance(number, Fraction) or number.denominator != 1 or not 1 <= number <= 12:
                raise ValueError(f"{argument} = {number}: it must be an integer, 1 to 12")
            object.__setattr__(self, argument, int(number))

    @property
    def density(self) -> tuple[Piece, ...]:
        scale = factorial(self.a + self.b - 1) // (factorial(self.a - 1) * factorial(self.b - 1))
        signed = [(-1) ** k * comb(self.b - 1, k) * scale for k in range(self.b)]
        return ((Fraction(0), Fraction(1), (*(0,) * (self.a - 1), *signed)),)

    @property
    def text(self) -> str:
        return f"Beta({self.a}, {self.b}) on [0, 1]"


@dataclass(frozen=True, slots=True, repr=False)
class Exponential(Law):
    """Magnitudes have the density e^(−x/ℓ)/ℓ on x ≥ 0, with ℓ = length, its mean.

    >>> Exponential().moment(3), Exponential(2).moment(1)
    (Fraction(6, 1), Fraction(2, 1))

    Raises `ValueError` unless the length is a positive rational number.
    """

    length: Fraction = Fraction(1)

    name: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", _positive(self.length, "length"))

    @property
    def text(self) -> str:
        return f"exponential with mean {self.length}"

    @property
    def edges(self) -> tuple[float, ...]:
        return tuple(float(self.length) * k for k in (*range(0, 41, 2),))

    @property
    def bounds(self) -> tuple[float, float]:
        return 0.0, inf

    def moment(self, order: int) -> Fraction:
        return factorial(order) * self.length**order

    def pdf(self, x: Any) -> Any:
        from .transforms import exponential_pdf  # noqa: PLC0415

        return exponential_pdf(float(self.length), x)

    def transform(self, t: Any, order: int = 0) -> Any:
        from .transforms import exponential_transform  # noqa: PLC0415

        return exponential_transform(float(self.length), t, order)

    def sample(self, rng: Any, size: Any = None) -> Any:
        return rng.exponential(float(self.length), size)


@dataclass(frozen=True, slots=True, repr=False)
class HalfNormal(Law):
    """Magnitudes are |t| with t normal of mean 0 and standard deviation σ.

    >>> HalfNormal().moment(1), HalfNormal().moment(4)
    (sqrt(2)/sqrt(pi), 3)

    Raises `ValueError` unless σ is a positive rational number.
    """

    sigma: Fraction = Fraction(1)

    name: ClassVar[str] = "half-normal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", _positive(self.sigma, "sigma"))

    @property
    def text(self) -> str:
        return f"half-normal with σ = {self.sigma}"

    @property
    def edges(self) -> tuple[float, ...]:
        return tuple(float(self.sigma) * k for k in range(10))

    @property
    def bounds(self) -> tuple[float, float]:
        return 0.0, inf

    def moment(self, order: int) -> sympy.Expr:
        half = sympy.Rational(order + 1, 2)
        sigma = sympy.Rational(self.sigma.numerator, self.sigma.denominator)
        return sigma**order * sympy.sqrt(2) ** order * sympy.gamma(half) / sympy.sqrt(sympy.pi)

    def pdf(self, x: Any) -> Any:
        from .transforms import half_normal_pdf  # noqa: PLC0415

        return half_normal_pdf(float(self.sigma), x)

    def transform(self, t: Any, order: int = 0) -> Any:
        from .transforms import half_normal_transform  # noqa: PLC0415

        return half_normal_transform(float(self.sigma), t, order)

    def sample(self, rng: Any, size: Any = None) -> Any:
        return abs(rng.normal(0.0, float(self.sigma), size))


LAWS: dict[str, type[Law]] = {
    law.name: law for law in (Uniform, Point, SignedUniform, Beta, Exponential, HalfNormal)
}
"""The laws by name; a law that is added here can be read from text and from files."""


def checked_law(law: object) -> Law:
    """The law itself, `Uniform()` for None; TypeError for anything else.

    A law of one's own is checked: `ValueError` where it is no probability law or E x² is infinite.
    """
    if law is None:
        return Uniform()
    if not isinstance(law, Law):
        known = ", ".join(f"phasecalc.{kind.__name__}" for kind in LAWS.values())
        raise TypeError(f"law = {shown(law)}: it must be a law, for example one of {known}")
    if type(law) not in LAWS.values():
        check_class(law)
        check_law(law)
    return law


def _positive(value: object, argument: str) -> Fraction:
    """A positive rational number."""
    number = exact_number(value, argument)
    if not isinstance(number, Fraction) or number <= 0:
        raise ValueError(
            f"{argument} = {number if isinstance(number, Fraction) else shown(value)}: it must be "
            "a positive rational number"
        )
    return number
