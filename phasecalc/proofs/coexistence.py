"""Checks of boundaries and junctions: the losses are equal there, and no candidate is lower."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import sympy

from ..diagram.phase_diagram import PhaseDiagram
from ..diagram.transition import Boundary, Junction
from ..exact.roots import polynomial, real_roots
from ..symbols import p, r
from .record import CheckFailed, Claim
from .samples import fraction_of

_POINTS = 12
_FAR = Fraction(50)


def _lowest(diagram: PhaseDiagram, density: Fraction, importance: Fraction) -> Fraction:
    return min(c.loss_at(density, importance) for c in diagram.candidates)


def _inside(low: Fraction, high: Fraction, seed: int) -> Iterator[Fraction]:
    generator = random.Random(seed)
    for _ in range(_POINTS):
        yield low + (high - low) * Fraction(generator.randint(1, 999), 1000)


@dataclass(frozen=True, slots=True)
class AlongLine:
    """On the boundary its two losses are equal and lowest; beyond its ends they are not."""

    diagram: PhaseDiagram
    boundary: Boundary

    @property
    def description(self) -> str:
        return f"lowest of all candidates at {_POINTS} exact points of the line, and not beyond it"

    def __call__(self, claim: Claim) -> None:
        low, high = map(fraction_of, self.boundary.interval)
        for density in _inside(low, high, 1):
            self._at(density, self._importance(claim, density))
        for start, end in ((Fraction(0), low), (high, Fraction(1))):
            for density in _inside(start, end, 2) if start < end else ():
                importance = self._importance(claim, density)
                if importance is not None and importance > 0:
                    self._beyond(density, importance)

    @staticmethod
    def _importance(claim: Claim, density: Fraction) -> Fraction | None:
        value = claim.rhs.subs(p, density)
        return fraction_of(value) if value.is_Rational else None

    def _losses(self, density: Fraction, importance: Fraction) -> tuple[Fraction, Fraction]:
        one, two = (
            fraction_of(loss.subs({p: density, r: importance})) for loss in self.boundary.losses
        )
        return one, two

    def _at(self, density: Fraction, importance: Fraction | None) -> None:
        if importance is None:
            raise CheckFailed(f"there is no r at p = {density}")
        one, two = self._losses(density, importance)
        if one != two or one != _lowest(self.diagram, density, importance):
            raise CheckFailed(f"losses {one}, {two} at p = {density}, r = {importance}")

    def _beyond(self, density: Fraction, importance: Fraction) -> None:
        one, _ = self._losses(density, importance)
        if one <= _lowest(self.diagram, density, importance):
            raise CheckFailed(f"the line goes on to p = {density}, r = {importance}")


@dataclass(frozen=True, slots=True)
class VerticalRoot:
    """On p = value the two losses are equal for every r, and at no other p in (0, 1)."""

    diagram: PhaseDiagram
    boundary: Boundary

    @property
    def description(self) -> str:
        return "the only root of the difference, certified; lowest of all candidates along it"

    def __call__(self, claim: Claim) -> None:
        difference = sympy.expand(self.boundary.losses[0] - self.boundary.losses[1])
        place = fraction_of(claim.rhs)
        if sympy.expand(difference.subs(p, place)) != 0:
            raise CheckFailed(f"the losses differ at p = {place}")
        for coefficient in sympy.Poly(difference, r).coeffs():
            roots = real_roots(polynomial(coefficient), Fraction(0), Fraction(1))
            if len(roots) != 1:
                raise CheckFailed(f"{coefficient} has {len(roots)} roots in (0, 1)")
        low, high = self.boundary.importance_interval
        top = _FAR if high == sympy.oo else fraction_of(high)
        for importance in _inside(fraction_of(low), top, 3):
            value = fraction_of(self.boundary.losses[0].subs({p: place, r: importance}))
            if value != _lowest(self.diagram, place, importance):
                raise CheckFailed(f"another candidate is lower at r = {importance}")


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
            if phase.loss_at(density, importance) == lowest
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
        return f"another candidate is lower at {_POINTS} exact points of the line"

    def __call__(self, claim: Claim) -> None:
        one, two = (c for c in self.diagram.candidates if c.name in self.names)
        meeting = fraction_of(self.junction.feature_probability)
        for density in (*_inside(Fraction(0), Fraction(1), 4), meeting):
            value = claim.rhs.subs(p, density)
            if not (value.is_Rational and value > 0):
                continue
            importance = fraction_of(value)
            loss = one.loss_at(density, importance)
            if loss != two.loss_at(density, importance):
                raise CheckFailed(f"the losses differ at p = {density}")
            if (loss == _lowest(self.diagram, density, importance)) != (density == meeting):
                raise CheckFailed(f"the line is part of the diagram at p = {density}")
