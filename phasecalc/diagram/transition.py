"""Boundaries and junctions: where phases coexist, and what jumps there.

The free energy is F(S, r) = min over phases of L(S, r). Across a coexistence line L_a = L_b = F its
gradient jumps by (∂_S, ∂_r)(L_b − L_a): first order where that is not zero. ∂F/∂r is the extra
feature's own squared error, and the size of its jump is the latent heat. Along the line
dr/dS = −(∂_S L_a − ∂_S L_b)/(∂_r L_a − ∂_r L_b) (Clausius-Clapeyron).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, get_args

import sympy

from ..display import Written, list_records
from ..exact.extension import reduced
from ..exact.forms import is_rational_form
from ..exact.truncated import exact_sign
from ..inputs import exact_scalar, rational_in, sparsity_of
from ..records import Record
from ..symbols import S, p, r

Status = Literal["exact", "isolated", "certified", "matched", "numeric"]
"""How a result is known, and never more.

exact : a proved formula. isolated : in a certified interval. certified : in a rigorous enclosure.
matched : numbers agree with a formula to the stated error; no proof. numeric : with its error.
"""

Enclosure = tuple[Fraction, Fraction]
"""A closed interval with rational ends."""


def _check_status(status: str) -> None:
    if status not in get_args(Status):
        raise ValueError(f"status = {status!r}: it must be one of {', '.join(get_args(Status))}")


@dataclass(frozen=True, slots=True)
class Boundary(Record, Written):
    """A coexistence line of two phases, from one end to the other.

    phases : names; the phase at smaller r first (vertical line: at smaller p, larger S, first).
    importance : r on the line as a formula in p; None for a vertical line.
    feature_probability : p of a vertical line; None otherwise.
    interval : (low, high) of p; both ends equal for a vertical line.
    importance_interval : (low, high) of r on the line, `sympy.oo` where it is unbounded.
    losses : of the two phases, in p and r.
    order : 1 where the gradient of F jumps, k where the k-th derivatives are the first that jump.
    status : how the ends are known; the formula of the line is always exact.
    isolation : certified intervals of p that hold the low and the high end, at most 10⁻¹⁵ wide,
        when the status is "isolated"; None otherwise.
    ends : the points at both ends, by growing p (vertical line: by growing r): a junction, or a
        point of the border S = 0, S = 1, r = 0 or r = ∞.
    """

    phases: tuple[str, str]
    importance: sympy.Expr | None
    feature_probability: sympy.Expr | None
    interval: tuple[sympy.Expr, sympy.Expr]
    importance_interval: tuple[sympy.Expr, sympy.Expr]
    losses: tuple[sympy.Expr, sympy.Expr]
    order: int
    status: Status = "exact"
    isolation: tuple[Enclosure, Enclosure] | None = None
    ends: tuple[Junction, ...] = ()

    def __post_init__(self) -> None:
        _check_status(self.status)
        if (self.importance is None) == (self.feature_probability is None):
            raise ValueError("a boundary has either importance or feature_probability")
        if self.importance is not None and self._on_line(self.losses[0] - self.losses[1]) != 0:
            raise ValueError(f"the losses of {self.phases} are not equal on the boundary")
        list_records(self)

    @property
    def is_vertical(self) -> bool:
        """Whether the line is p = constant, whatever r."""
        return self.importance is None

    @property
    def gradient_jump(self) -> tuple[sympy.Expr, sympy.Expr]:
        """(∂F/∂S, ∂F/∂r) of the second phase minus that of the first, on the line.

        A formula in p; on a vertical line, in r.
        """
        return _gradient_jump(*self.losses, self.importance, self.feature_probability)

    @property
    def formula(self) -> sympy.Expr | None:
        """r on the line as a formula in p, by the name that traced lines have for it too."""
        return self.importance

    @property
    def sparsities(self) -> tuple[sympy.Expr, ...]:
        """S at the points that the record holds: its ends."""
        return tuple(end.sparsity for end in self.ends)

    @property
    def importances(self) -> tuple[sympy.Expr, ...]:
        """r at the points that the record holds: its ends."""
        return tuple(end.importance for end in self.ends)

    def latent_heat(self, sparsity: object = None, *, feature_probability: object = None) -> Any:
        """How much ∂F/∂r, the extra feature's squared error E(x − y)², drops across the line.

            ∂L/∂r (first phase) − ∂L/∂r (second phase)

        Derived in derivations/first-order.tex, eq. jump. A squared magnitude: with magnitudes in
        [0, 1] at most 1. Not negative, as F is concave in r; zero across a vertical line. It means
        the same on a traced line, in floats.

        Parameters
        ----------
        sparsity : where on the line, a number S, for one exact number (a float stands for the
            binary fraction that it holds); the symbol `phasecalc.S`, for the formula; None for a
            tuple, at each of ``sparsities``.
        feature_probability : p = 1 − S, a number or `phasecalc.p`, in place of S.

        >>> from phasecalc import S, ToyModel, phase_diagram
        >>> line = phase_diagram(ToyModel(2, 1)).boundaries[0]
        >>> line.latent_heat(S), line.latent_heat("3/5"), line.latent_heat()
        (-(S - 1)*(5*S - 1)/12, 1/15, (0, 8/147))

        Raises `ValueError` for an S that the line does not pass, `TypeError` for no number.
        """
        drop = -self.gradient_jump[1]
        if sparsity == S and feature_probability is None:
            return sympy.factor(drop.subs(p, 1 - S))
        if feature_probability == p and sparsity is None:
            return sympy.factor(drop)
        at = sparsity_of(sparsity, feature_probability, _place, optional=True)
        if at is None:
            return tuple(reduced(drop.subs(p, 1 - at)) for at in self.sparsities)
        low, high = (1 - end for end in reversed(self.interval))
        if exact_sign(at - low) < 0 or exact_sign(high - at) < 0:
            raise ValueError(
                f"sparsity = {at if sparsity is None else sparsity}: the boundary of {self.phases} "
                f"passes S from {low} to {high}"
            )
        return reduced(drop.subs(p, 1 - at))

    @property
    def slope(self) -> sympy.Expr | None:
        """Clausius-Clapeyron slope dr/dS in p; None for a vertical line.

        Derived in derivations/first-order.tex, eq. clausius-clapeyron.
        """
        if self.importance is None:
            return None
        by_sparsity, by_importance = self.gradient_jump
        slope = -by_sparsity / by_importance
        return sympy.factor(slope) if is_rational_form(slope) else reduced(slope)

    def _on_line(self, expr: sympy.Expr) -> sympy.Expr:
        return on_line(expr, self.importance, self.feature_probability)


@lru_cache(maxsize=256)
def on_line(
    expr: sympy.Expr, importance: sympy.Expr | None, feature_probability: sympy.Expr | None
) -> sympy.Expr:
    """A formula on the line; kept, as the boundary's own check and its order ask for the same."""
    if importance is None:
        return sympy.expand(expr.subs(p, feature_probability))
    return reduced(expr.subs(r, importance))


@lru_cache(maxsize=256)
def _gradient_jump(
    one: sympy.Expr,
    two: sympy.Expr,
    importance: sympy.Expr | None,
    feature_probability: sympy.Expr | None,
) -> tuple[sympy.Expr, sympy.Expr]:
    """Kept, as the order, the latent heat and the slope of a boundary all ask for it."""
    difference = two - one
    line = importance, feature_probability
    return on_line(-difference.diff(p), *line), on_line(difference.diff(r), *line)


@dataclass(frozen=True, slots=True)
class Junction(Record, Written):
    """A point in which three or more phases meet; or, of another kind, the end of a boundary.

    ``kind`` is "junction", or "border" where a boundary ends at S = 0, S = 1, r = 0 or r = ∞.
    ``phases`` are those whose regions touch the point from the left or the right; ``loss`` is their
    common loss, ``sparsity`` and ``importance`` are exact numbers. ``isolation`` is a certified
    interval of p, at most 10⁻¹⁵ wide, when the status is "isolated"; None otherwise. ``losses``
    are those of the phases, in p and r; that they are equal at the point is checked.
    """

    phases: tuple[str, ...]
    sparsity: sympy.Expr
    importance: sympy.Expr
    loss: sympy.Expr
    status: Status = "exact"
    isolation: Enclosure | None = None
    losses: tuple[sympy.Expr, ...] = ()
    kind: Literal["junction", "border"] = "junction"

    def __post_init__(self) -> None:
        _check_status(self.status)
        if self.kind not in ("junction", "border"):
            raise ValueError(f'kind = {self.kind!r}: it must be "junction" or "border"')
        if self.kind == "junction" and len(set(self.phases)) < 3:
            raise ValueError(f"a junction needs three phases, not {self.phases}")
        for phase, loss in zip(self.phases, self.losses, strict=self.losses != ()):
            difference = loss.subs({p: self.feature_probability, r: self.importance}) - self.loss
            if exact_sign(sympy.expand(difference)) != 0:
                raise ValueError(f"the loss of {phase} is not {self.loss} at the junction")

    @property
    def feature_probability(self) -> sympy.Expr:
        """p = 1 − S."""
        return 1 - self.sparsity

    @property
    def error(self) -> Fraction:
        """Bounds how far p is off: 0 for a formula, else the width of the certified interval."""
        low, high = self.isolation or (Fraction(0), Fraction(0))
        return high - low


def vanishing_order(
    difference: sympy.Expr,
    across: sympy.Symbol,
    on_line: Callable[[sympy.Expr], sympy.Expr],
) -> int:
    """Order of the transition: the first derivative of L_a − L_b across the line that is not zero.

    `across` is a variable transversal to the line: r for a curve r(p), p for a vertical line;
    `on_line` restricts a formula to the line. Where the losses cross simply it is 1: first order.
    """
    order = 0
    while on_line(difference) == 0:
        if difference == 0:
            raise ValueError("two phases of one boundary have the same loss everywhere")
        difference = sympy.expand(difference.diff(across))
        order += 1
    return order


def _place(value: object, argument: str, _: int) -> sympy.Expr:
    """A number on a line, algebraic or rational; a float is the binary fraction that it holds."""
    known = isinstance(value, sympy.Expr) and not value.is_Float
    at = sympy.sympify((exact_scalar if known else rational_in)(value, argument))
    if at.free_symbols or exact_sign(at) < 0 or exact_sign(1 - at) < 0:
        raise ValueError(f"{argument} = {at}: it must be a number in [0, 1]")
    return at
