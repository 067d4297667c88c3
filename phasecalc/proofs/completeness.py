"""Why a diagram has no other boundaries: all pairs of losses, and what is nowhere lowest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise

import sympy

from ..blocks.candidate import Candidate
from ..diagram.phase_diagram import PhaseDiagram
from ..exact.extension import polynomials
from ..exact.roots import polynomial, real_roots, sign_at_rational
from ..symbols import p, r
from .checks import All, Identity
from .coexistence import AllPairs, together
from .language import equal, free_energy, named_loss
from .record import CheckFailed, Claim, Step, prose

_LARGEST_DENOMINATOR = 12
_MOST_LISTED = 20
"""Pairs of candidates that a sentence lists."""


def slug(*names: str) -> str:
    """A label made of names.

    >>> slug("extra-pair+1-dropped", "never")
    'extra-pair-1-dropped-never'
    """
    return re.sub(r"[^a-z0-9]+", "-", "-".join(names)).strip("-")


def listed(names: Sequence[str]) -> str:
    """Names as a person lists them.

    >>> listed(("a", "b", "c"))
    'a, b and c'
    """
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last


def completeness(diagram: PhaseDiagram) -> Iterator[Step]:
    """The candidates that are nowhere lowest, then all pairs."""
    for candidate in diagram.candidates:
        if candidate not in diagram.phases:
            yield _never(diagram, candidate)
    yield _all_pairs(diagram)


def _never(diagram: PhaseDiagram, candidate: Candidate) -> Step:
    found = lower_mean(candidate, diagram.phases)
    if found is None:
        return _never_as_nowhere_tied(diagram, candidate)
    one, two, share = found
    mean = share * named_loss(one.name) + (1 - share) * named_loss(two.name)
    meanings = {named_loss(c.name): c.loss for c in (candidate, one, two)}
    excess = sympy.factor(candidate.loss - share * one.loss - (1 - share) * two.loss)
    below = (
        f"that of {(one if share else two).name}"
        if share in (0, 1)
        else "a weighted mean of two others, and so the lower of them,"
    )
    return Step(
        slug(candidate.name, "never"),
        prose(
            f"The candidate {candidate.name} is nowhere lowest. Its loss exceeds {below} by a sum "
            "of positive terms:"
        ),
        equal(named_loss(candidate.name) - mean, excess),
        All((Identity(meanings), PositiveForAll())),
    )


def lower_mean(
    candidate: Candidate, others: Sequence[Candidate]
) -> tuple[Candidate, Candidate, sympy.Rational] | None:
    """Two candidates and the share of the first, whose mean loss is lower everywhere.

    None where none is found with a small denominator.
    """
    if any(not _is_rational(c.loss) for c in (candidate, *others)):
        return None
    shares = sorted(
        {Fraction(i, k) for k in range(1, _LARGEST_DENOMINATOR + 1) for i in range(k + 1)},
        key=lambda share: (share.denominator, share),
    )
    for share in shares:
        weight = sympy.Rational(share.numerator, share.denominator)
        for one, two in combinations(others, 2):
            excess = candidate.loss - weight * one.loss - (1 - weight) * two.loss
            if positive_for_all(excess):
                return one, two, weight
    return None


def _is_rational(loss: sympy.Expr) -> bool:
    return all(number.is_Rational for number in sympy.Poly(loss, p, r).coeffs())


_SAMPLE = sympy.Integer(1)
"""The r at which a strip of p is sampled."""


def _never_as_nowhere_tied(diagram: PhaseDiagram, candidate: Candidate) -> Step:
    """The set where a candidate is lowest is thin: on lines with others, and not beside them."""
    first, *_ = _samples(diagram, candidate)
    here, lowest = _losses_at(diagram, candidate, first)
    return Step(
        slug(candidate.name, "never"),
        prose(
            f"The candidate {candidate.name} is nowhere lower than all others. On the border of "
            "the set where it is lowest another one has the same loss and is lowest as well. That "
            "happens in single points and on the vertical lines above at most (see {eq:complete}), "
            "so the set is made of these, or holds all of a strip between such lines; and in each "
            "strip there is a point in which it is not lowest, as in {}:",
            sympy.Tuple(equal(p, first), equal(r, _SAMPLE)),
        ),
        sympy.Gt(here, lowest, evaluate=False),
        NowhereAlone(diagram, candidate),
    )


def _samples(diagram: PhaseDiagram, candidate: Candidate) -> list[sympy.Rational]:
    """A p in each strip between the vertical lines on which it is lowest together with others.

    Raises `ValueError` where it is so on another line.
    """
    places = {sympy.Integer(0), sympy.Integer(1)}
    for other in diagram.candidates:
        if other is candidate:
            continue
        found = together(diagram, (candidate.name, other.name))
        lines = [place for place, where in found.verticals if where.intervals]
        if found.curve.intervals or not all(place.is_Rational for place in lines):
            raise ValueError(
                f"{candidate.name} and {other.name} are lowest together along a line that is not "
                "vertical, or irrational; no proof is known here that the first is nowhere alone"
            )
        places.update(lines)
    return [(low + high) / 2 for low, high in pairwise(sorted(places))]


def _losses_at(
    diagram: PhaseDiagram, candidate: Candidate, density: sympy.Rational
) -> tuple[sympy.Expr, sympy.Expr]:
    """The candidate's loss at a p and r = 1, and the lowest of the phases."""
    mine, *theirs = (
        sympy.expand(c.loss.subs({p: density, r: _SAMPLE})) for c in (candidate, *diagram.phases)
    )
    return mine, min(theirs, key=sympy.N)


@dataclass(frozen=True, slots=True)
class NowhereAlone:
    """With others it is lowest in single points and on vertical lines, and in no strip between."""

    diagram: PhaseDiagram
    candidate: Candidate

    @property
    def description(self) -> str:
        return "certified pair by pair; losses at a point of each strip, exactly"

    def __call__(self, claim: Claim) -> None:
        found = [
            _losses_at(self.diagram, self.candidate, density)
            for density in _samples(self.diagram, self.candidate)
        ]
        if claim.args not in found:
            raise CheckFailed(f"{claim} is not about losses at these points")
        for mine, lowest in found:
            if _sign_of(mine - lowest) <= 0:
                raise CheckFailed(f"{self.candidate.name}, {mine}, is not above {lowest}")


def _sign_of(value: sympy.Expr) -> int:
    (constant,) = polynomials([value])
    return sign_at_rational(constant, Fraction(0))


def positive_for_all(loss: sympy.Expr) -> bool:
    """Whether a(p) + r b(p) is positive for 0 < p < 1 and r > 0: a > 0 and b ≥ 0, certified."""
    expanded = sympy.expand(loss)
    base, slope = (polynomial(expanded.coeff(r, power)) for power in (0, 1))
    return _sign_inside(base) > 0 and _sign_inside(slope) >= 0


def _sign_inside(poly: sympy.Poly) -> int:
    """The sign on (0, 1); −1 also where it changes."""
    if real_roots(poly, Fraction(0), Fraction(1)):
        return -1
    return sign_at_rational(poly, Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class PositiveForAll:
    """The right side is positive for 0 < p < 1 and r > 0."""

    @property
    def description(self) -> str:
        return "positive for 0 < p < 1 and r > 0, certified"

    def __call__(self, claim: Claim) -> None:
        if not positive_for_all(claim.rhs):
            raise CheckFailed(f"{claim.rhs} is not shown to be positive")


def _all_pairs(diagram: PhaseDiagram) -> Step:
    along: list[str] = []
    touching: list[str] = []
    apart: list[str] = []
    for one, two in combinations(diagram.candidates, 2):
        found = together(diagram, (one.name, two.name))
        kind = along if found.has_line else apart if found.is_empty else touching
        kind.append(f"{one.name} with {two.name}")
    sentences = [
        f"{words}: {'; '.join(names)}."
        for words, names in (
            ("Along the lines above", along),
            ("In a junction only", touching),
            ("Nowhere", apart if len(apart) <= _MOST_LISTED else ["all other pairs"]),
        )
        if names
    ]
    number, pairs = len(diagram.candidates), len((*along, *touching, *apart))
    return Step(
        "complete",
        prose(
            "There are no other boundaries, since on a boundary two losses are equal and lowest "
            "of all, that is equal to {}. Where this is so, pair by pair: "
            + " ".join(sentences)
            + " The number of pairs is",
            free_energy,
        ),
        equal(
            sympy.binomial(number, 2, evaluate=False),
            sympy.Integer(pairs),
        ),
        AllPairs(diagram),
    )
