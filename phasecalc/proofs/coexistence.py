"""Checks of boundaries and junctions: the losses are equal there, and no candidate is lower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import sympy

from ..diagram.phase_diagram import PhaseDiagram
from ..diagram.transition import Boundary, Junction
from ..exact.roots import polynomial, real_roots, value_at
from ..symbols import p
from .equal_losses import Coexistence, Interval, Places, coexistence
from .record import CheckFailed, Claim
from .samples import fraction_of


def _lowest(diagram: PhaseDiagram, density: Fraction, importance: Fraction) -> Fraction:
    return Fraction(
        min(
            c.loss_at(importance=importance, feature_probability=density)
            for c in diagram.candidates
        )
    )


def together(diagram: PhaseDiagram, names: Sequence[str]) -> Coexistence:
    """Where two candidates of a diagram are equal and lowest."""
    one, two = (next(c for c in diagram.candidates if c.name == name) for name in names)
    return coexistence(one, two, diagram.candidates)


def _check_losses(diagram: PhaseDiagram, boundary: Boundary) -> None:
    known = {c.name: c.loss for c in diagram.candidates}
    for name, loss in zip(boundary.phases, boundary.losses, strict=True):
        if sympy.expand(known[name] - loss) != 0:
            raise CheckFailed(f"{loss} is not the loss of {name}")


@dataclass(frozen=True, slots=True)
class AlongLine:
    """On the boundary its two losses are lowest; at both ends of the interval that changes."""

    diagram: PhaseDiagram
    boundary: Boundary

    @property
    def description(self) -> str:
        return (
            "certified: no other candidate is lower anywhere on the interval, and another one is "
            "equal at its ends (but p = 0 and p = 1)"
        )

    def __call__(self, claim: Claim) -> None:
        _check_losses(self.diagram, self.boundary)
        found = together(self.diagram, self.boundary.phases).curve.intervals
        if self.boundary.interval not in found:
            raise CheckFailed(f"the two are lowest for p in {found}, not {self.boundary.interval}")
        span = _range_of(claim.rhs, self.boundary.interval)
        if self.boundary.importance_interval != span:
            raise CheckFailed(f"r is in {span}, not {self.boundary.importance_interval}")


def _range_of(importance: sympy.Expr, interval: Interval) -> Interval:
    """The least and the largest r on a line; `CheckFailed` where it turns inside the interval."""
    numerator, denominator = map(polynomial, sympy.fraction(sympy.cancel(importance)))
    turns = numerator.diff(p) * denominator - numerator * denominator.diff(p)
    low, high = map(fraction_of, interval)
    if any(real_roots(poly, low, high) for poly in (turns, denominator)):
        raise CheckFailed(f"{importance} turns inside the interval")
    values = [_end_value(numerator, denominator, end) for end in (low, high)]
    least, most = sorted(values, key=lambda value: (value == sympy.oo, value))
    return least, most


def _end_value(numerator: sympy.Poly, denominator: sympy.Poly, end: Fraction) -> sympy.Expr:
    below = value_at(denominator, end)
    if below == 0:
        return sympy.oo
    value = value_at(numerator, end) / below
    return sympy.Rational(value.numerator, value.denominator)


@dataclass(frozen=True, slots=True)
class VerticalRoot:
    """On p = value the two losses are equal for every r, and lowest between the ends."""

    diagram: PhaseDiagram
    boundary: Boundary

    @property
    def description(self) -> str:
        return (
            "the only root of the difference, certified; no other candidate is lower on the line, "
            "and another one is equal at its end"
        )

    def __call__(self, claim: Claim) -> None:
        _check_losses(self.diagram, self.boundary)
        found = together(self.diagram, self.boundary.phases)
        lines = [(place, where.intervals) for place, where in found.verticals]
        expected = [(claim.rhs, (self.boundary.importance_interval,))]
        if lines != expected or found.curve.intervals:
            raise CheckFailed(f"the vertical lines are {lines}, not {expected}")


@dataclass(frozen=True, slots=True)
class AtJunction:
    """At (S, r) exactly the junction's phases, of all that win somewhere, have the lowest loss."""

    diagram: PhaseDiagram
    junction: Junction

    @property
    def description(self) -> str:
        return "all losses at the point, exactly"

    def __call__(self, claim: Claim) -> None:
        sparsity, importance = map(fraction_of, claim.rhs.args)
        density = 1 - sparsity
        lowest = _lowest(self.diagram, density, importance)
        if lowest != fraction_of(self.junction.loss):
            raise CheckFailed(f"the lowest loss is {lowest}")
        found = {
            phase.name
            for phase in self.diagram.phases
            if phase.loss_at(importance=importance, feature_probability=density) == lowest
        }
        if found != set(self.junction.phases):
            raise CheckFailed(f"the phases that meet are {', '.join(sorted(found))}")


@dataclass(frozen=True, slots=True)
class LowestAt:
    """The claimed value is the lowest loss of all candidates at the junction."""

    diagram: PhaseDiagram
    junction: Junction

    @property
    def description(self) -> str:
        return "the lowest of all losses at the point, exactly"

    def __call__(self, claim: Claim) -> None:
        density = fraction_of(self.junction.feature_probability)
        lowest = _lowest(self.diagram, density, fraction_of(self.junction.importance))
        if fraction_of(claim.rhs) != lowest:
            raise CheckFailed(f"the lowest loss is {lowest}")


@dataclass(frozen=True, slots=True)
class OnlyTouches:
    """Two phases are equal along r(p), but lowest only where they meet others, in a junction."""

    diagram: PhaseDiagram
    names: tuple[str, str]
    junction: Junction

    @property
    def description(self) -> str:
        return "certified: on the line another candidate is lower everywhere but in the junction"

    def __call__(self, claim: Claim) -> None:
        found = together(self.diagram, self.names)
        meeting = self.junction.feature_probability
        if found != Coexistence(Places((), (meeting,)), ()):
            raise CheckFailed(f"the two are equal and lowest on {found}")
        if claim.rhs.subs(p, meeting) != self.junction.importance:
            raise CheckFailed("the line does not go through the junction")


@dataclass(frozen=True, slots=True)
class AllPairs:
    """Every pair of candidates coexists on the diagram's lines, in its junctions, or nowhere."""

    diagram: PhaseDiagram

    @property
    def description(self) -> str:
        return "certified for each pair: equal and lowest on these lines only"

    def __call__(self, claim: Claim) -> None:
        pairs = tuple(combinations(self.diagram.candidates, 2))
        for one, two in pairs:
            self._pair(one.name, two.name)
        if claim.rhs != len(pairs):
            raise CheckFailed(f"there are {len(pairs)} pairs")

    def _pair(self, one: str, two: str) -> None:
        found = together(self.diagram, (one, two))
        # Others may be as low as the phases of a junction, in it, or of a vertical line, along it.
        winning = {phase.name for phase in self.diagram.phases}
        lines = [
            b
            for b in self.diagram.boundaries
            if set(b.phases) == {one, two}
            or (b.is_vertical and not {one, two} <= winning and found.is_along(b))
        ]
        curves = {b.interval for b in lines if not b.is_vertical}
        verticals = {(b.feature_probability, b.importance_interval) for b in lines if b.is_vertical}
        if set(found.curve.intervals) != curves or verticals != {
            (place, interval) for place, where in found.verticals for interval in where.intervals
        }:
            raise CheckFailed(f"{one} and {two} coexist on {found}")
        points = {(point, None) for point in found.curve.points} | {
            (place, point) for place, where in found.verticals for point in where.points
        }
        for density, importance in points:
            if not any(
                {one, two} & winning <= set(j.phases)
                and j.feature_probability == density
                and importance in (None, j.importance)
                for j in self.diagram.junctions
            ):
                raise CheckFailed(f"{one} and {two} meet at p = {density}, which is no junction")
