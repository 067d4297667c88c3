"""The toy model whose theory is computed: its sizes and its magnitude law."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import sympy

from .inputs import shown, size_of
from .symbols import S, p, r


@dataclass(frozen=True, slots=True)
class Uniform:
    """Magnitudes of active features are uniform on [0, 1] (the paper's law).

    >>> Uniform().mean, Uniform().variance
    (p/2, -p**2/4 + p/3)
    """

    name: ClassVar[str] = "uniform"
    first_moment: ClassVar[Fraction] = Fraction(1, 2)
    """E x of an active feature."""
    second_moment: ClassVar[Fraction] = Fraction(1, 3)
    """E x² of an active feature."""

    @property
    def mean(self) -> sympy.Expr:
        """μ = E x of one feature, zero or not, in p."""
        return p / 2

    @property
    def variance(self) -> sympy.Expr:
        """v = E x² − μ² of one feature, zero or not, in p."""
        return p / 3 - p**2 / 4


@dataclass(frozen=True, slots=True)
class Point:
    """Every active feature has magnitude 1 (the paper's "x_i = 1 case").

    >>> Point().mean, Point().variance
    (p, -p**2 + p)
    """

    name: ClassVar[str] = "point"
    first_moment: ClassVar[Fraction] = Fraction(1)
    second_moment: ClassVar[Fraction] = Fraction(1)

    @property
    def mean(self) -> sympy.Expr:
        """μ = E x of one feature, zero or not, in p."""
        return p

    @property
    def variance(self) -> sympy.Expr:
        """v = E x² − μ² of one feature, zero or not, in p."""
        return p - p**2


Law = Uniform | Point
LAWS: dict[str, Law] = {"uniform": Uniform(), "point": Point()}


def checked_law(law: Law | None) -> Law:
    """The law itself, `Uniform()` for None; TypeError for anything else."""
    if law is None:
        return Uniform()
    if not isinstance(law, Uniform | Point):
        raise TypeError(f"law = {law!r}: it must be phasecalc.Uniform() or phasecalc.Point()")
    return law


@dataclass(frozen=True, slots=True)
class ToyModel:
    """y = ReLU(WᵀWx + b) with n features in m hidden dimensions (Elhage et al. 2022).

    Features are independent; each is 0 with probability S (the *sparsity*), else drawn from the
    magnitude law. The loss is E Σ_j I_j (x_j − y_j)²: a sum over features, never a mean. The bias
    enters as +b. Importances are (1, …, 1, r): r belongs to the last, "extra", feature.

    >>> model = ToyModel(n_features=2, d_hidden=1)
    >>> model.importance
    (1, r)

    Raises `TypeError` for sizes that are no integers, `ValueError` for sizes below 1.
    """

    n_features: int
    d_hidden: int
    law: Law = Uniform()

    def __post_init__(self) -> None:
        for name in ("n_features", "d_hidden"):
            object.__setattr__(self, name, size_of(getattr(self, name), name))
        checked_law(self.law)

    @property
    def importance(self) -> tuple[sympy.Expr, ...]:
        """(1, …, 1, r)."""
        return (*(sympy.Integer(1),) * (self.n_features - 1), r)

    @property
    def sparsity(self) -> sympy.Symbol:
        """The symbol S, equal for all features."""
        return S


def checked_model(model: ToyModel) -> ToyModel:
    """The model itself; TypeError for anything else."""
    if not isinstance(model, ToyModel):
        raise TypeError(f"model = {shown(model)}: it must be a phasecalc.ToyModel")
    return model
