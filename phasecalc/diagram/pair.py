"""The exact diagram of two features in one dimension over (p, P(both are active))."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import sympy

from ..blocks.tegum import candidates
from ..display import Drawn, Written
from ..exact.loss import decompose
from ..exact.truncated import exact_sign
from ..inputs import rational_in
from ..model import ToyModel
from ..records import Record
from ..supports import Pair
from ..symbols import c, p
from .transition import Status, vanishing_order


@dataclass(frozen=True, slots=True)
class PairPhase(Record, Written):
    """A phase of a `PairDiagram`: its weights and bias, and its loss as a formula in p and c."""

    name: str
    outcome: str
    weights: tuple[tuple[sympy.Expr, ...], ...]
    bias: tuple[sympy.Expr, ...]
    loss: sympy.Expr


@dataclass(frozen=True, slots=True)
class PairPoint(Record, Written):
    """The end of a boundary of a `PairDiagram`, on c = max(0, 2p − 1) or c = p."""

    phases: tuple[str, str]
    feature_probability: sympy.Expr
    both: sympy.Expr
    loss: sympy.Expr
    status: Status = "exact"
    kind: Literal["border"] = "border"


@dataclass(frozen=True, slots=True)
class PairBoundary(Record, Written):
    """A coexistence line of a `PairDiagram`.

    phases : the phase at smaller c first. formula : c on the line, in p. interval : (low, high) of
    p. losses : of the two phases, in p and c; that they are equal on the line is checked. order : 1
    where ∂F/∂c jumps. ends : the points at both ends, by growing p.
    """

    phases: tuple[str, str]
    formula: sympy.Expr
    interval: tuple[sympy.Expr, sympy.Expr]
    losses: tuple[sympy.Expr, sympy.Expr]
    order: int
    ends: tuple[PairPoint, PairPoint]
    status: Status = "exact"

    def __post_init__(self) -> None:
        if sympy.expand((self.losses[0] - self.losses[1]).subs(c, self.formula)) != 0:
            raise ValueError(f"the losses of {self.phases} are not equal on the boundary")


@dataclass(frozen=True, slots=True, repr=False)
class PairDiagram(Record, Drawn, Written):
    """Which phase of two features in one dimension is lowest over p and c = P(both are active).

    It covers 0 < p < 1 and max(0, 2p − 1) ≤ c ≤ p: c = 0 is anticorrelated, c = p² independent and
    c = p fully correlated. ``phases`` are the candidates that win somewhere, ``boundaries`` where
    they meet; all of it is exact among the candidates. Made by `phase_diagram`.
    """

    model: ToyModel
    source: str
    phases: tuple[PairPhase, ...]
    boundaries: tuple[PairBoundary, ...]

    @property
    def special_points(self) -> tuple[PairPoint, ...]:
        """The points of the border at which boundaries end."""
        return tuple(end for boundary in self.boundaries for end in boundary.ends)

    @property
    def junctions(self) -> tuple[PairPoint, ...]:
        """None: two phases at most."""
        return ()

    def minimisers(self, feature_probability: object, both: object) -> tuple[str, ...]:
        """Names of all phases with the lowest loss at a point: two on a boundary."""
        losses = self._losses(feature_probability, both)
        lowest = min(losses)
        return tuple(
            phase.name for phase, loss in zip(self.phases, losses, strict=True) if loss == lowest
        )

    def label(self, feature_probability: object, both: object) -> str:
        """Name of the phase with the lowest loss; on a boundary, of the first of ``phases``.

        A float stands for the binary fraction that it holds.

        >>> pair_diagram(ToyModel(2, 1, importance=1, support=Pair())).label("1/2", "1/4")
        'antipodal'

        Raises `ValueError` unless 0 ≤ p ≤ 1 and max(0, 2p − 1) ≤ both ≤ p.
        """
        return self.minimisers(feature_probability, both)[0]

    def minimum(self, feature_probability: object, both: object) -> Fraction:
        """The free energy F(p, c): the lowest loss at a point, an exact number."""
        return min(self._losses(feature_probability, both))

    def _losses(self, feature_probability: object, both: object) -> list[Fraction]:
        density = rational_in(feature_probability, "feature_probability", largest=1)
        together = rational_in(both, "both", largest=1)
        low = max(Fraction(0), 2 * density - 1)
        if not low <= together <= density:
            raise ValueError(
                f"both = {both}: with feature_probability = {feature_probability} it must lie in "
                f"[{low}, {density}]"
            )
        values = (phase.loss.subs({p: density, c: together}) for phase in self.phases)
        return [Fraction(int(value.p), int(value.q)) for value in values]


def pair_diagram(model: ToyModel) -> PairDiagram:
    """The exact diagram over (p, c) of a model of two features in one dimension with Pair(c).

    A dropped feature costs its importance times its variance v(p), an antipodal pair costs
    c (I_1 + I_2) E min(x_1, x_2)². With the smaller importance I they meet at

        c = I v/((I_1 + I_2) E min²),    for uniform magnitudes and I = I_1 = I_2: c = p − 3p²/4,

    a parabola in p; antipodal is lowest below it. Its end on c = 2p − 1 is a quadratic surd.
    Derived in derivations/correlated-2-1.tex, eq. ignore-antipodal.

    >>> diagram = pair_diagram(ToyModel(2, 1, importance=1, support=Pair()))
    >>> [(line.phases, line.formula, line.interval) for line in diagram.boundaries]
    [(('antipodal', 'ignore'), -3*p**2/4 + p, (0, 2/3))]

    Raises `ValueError` for another size or support, importances that are no positive rational
    numbers, biases held at 0, a penalty, or magnitudes that can be negative or have no exact
    formula.

    Source: Elhage et al. 2022, "Correlated and anticorrelated feature sets".
    """
    _check(model)
    dropped, antipodal = _phases(model)
    line = sympy.expand(dropped.loss / antipodal.loss.coeff(c))
    # αp − βp², α and β positive: it leaves c = p at (α − 1)/β and meets c = 2p − 1 once.
    alpha, beta = line.coeff(p), -line.coeff(p, 2)
    low = max(sympy.Integer(0), (alpha - 1) / beta)
    if low >= 1:
        return PairDiagram(model, "candidates", (antipodal,), ())
    high = (alpha - 2 + sympy.sqrt((2 - alpha) ** 2 + 4 * beta)) / (2 * beta)
    names = (antipodal.name, dropped.name)
    boundary = PairBoundary(
        phases=names,
        formula=line,
        interval=(low, high),
        losses=(antipodal.loss, dropped.loss),
        order=vanishing_order(
            antipodal.loss - dropped.loss, c, lambda loss: sympy.expand(loss.subs(c, line))
        ),
        ends=(_end(names, dropped.loss, low, low), _end(names, dropped.loss, high, 2 * high - 1)),
    )
    return PairDiagram(model, "candidates", (antipodal, dropped), (boundary,))


def _end(
    names: tuple[str, str], loss: sympy.Expr, place: sympy.Expr, both: sympy.Expr
) -> PairPoint:
    return PairPoint(names, place, sympy.expand(both), sympy.expand(loss.subs(p, place)))


def _check(model: ToyModel) -> None:
    """ValueError for a model that has no such diagram."""
    usual = Pair().patterns((0, 1), 2)
    if (model.n_features, model.d_hidden) != (2, 1) or (model.support.patterns((0, 1), 2) != usual):
        raise ValueError(
            f"support = {model.support}: the diagram over (p, c) is for 2 features in 1 "
            "dimension with phasecalc.Pair(c); no other diagram has a support"
        )
    if model.bias != "free" or model.interference_penalty:
        raise ValueError(
            f"bias = {model.bias!r}, interference_penalty = {model.interference_penalty}: the "
            "diagram over (p, c) is for free biases and no penalty"
        )
    for i, weight in enumerate(model.importance):
        if not weight.is_Rational or weight <= 0:
            raise ValueError(
                f"importance[{i}] = {weight}: over (p, c) it must be a positive rational number, "
                'as in importance = "1, 1/2"'
            )
    if model.law.bounds[0] < 0:
        raise ValueError(f"law = {model.law}: over (p, c) magnitudes must not be negative")


def _phases(model: ToyModel) -> tuple[PairPhase, PairPhase]:
    """The better one of the two dropped features, the first of equals, and the antipodal pair."""
    found = {}
    for candidate in candidates(ToyModel(2, 1, model.law)):
        loss = decompose(
            candidate.weights, candidate.bias, model.importance, model.law, support=Pair()
        )
        total = loss.in_regime({p: "1/2"}).total
        found[candidate.name] = PairPhase(
            candidate.name, candidate.outcome, candidate.weights, candidate.bias,
            sympy.expand(total),
        )  # fmt: skip
    ignore, dedicated = found["ignore"], found["dedicated"]
    # Both are an importance times the same variance.
    better = exact_sign(sympy.cancel(dedicated.loss / ignore.loss) - 1) < 0
    return (dedicated if better else ignore), found["antipodal"]
