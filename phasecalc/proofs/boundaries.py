"""Every boundary and junction of a diagram: where it runs, and what jumps there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import sympy

from ..blocks.candidate import Candidate
from ..blocks.tegum import candidates
from ..diagram.phase_diagram import PhaseDiagram, phase_diagram
from ..diagram.transition import Boundary, Junction
from ..laws import Law, Uniform
from ..model import ToyModel
from .checks import All, Identity, NotZero, SignOn, Solves
from .coexistence import AlongLine, AtJunction, LowestAt, OnlyTouches, VerticalRoot
from .completeness import completeness, listed, slug
from .language import Between, Partial, S, Total, equal, free_energy, named_loss, p, r
from .record import Prose, Step, prose
from .samples import loss_step

_WORDS = "no one two three four five six seven eight nine ten".split()
MOST_CANDIDATES = 20
"""Each pair of candidates is a proof of its own."""
_KNOWN = ((2, 1), (3, 2))
"""Models whose losses have derivations of their own."""


def _counted(number: int, noun: str) -> str:
    word = _WORDS[number] if number < len(_WORDS) else str(number)
    return f"{word} {noun}{'s' if number > 1 else ''}"


def opening(n: int, m: int, law: Law | None = None) -> Prose:
    """Which diagram, and in which terms."""
    magnitudes = "uniform magnitudes" if law is None else "all magnitudes equal to 1"
    return prose(
        f"{_counted(n, 'feature').capitalize()} in {_counted(m, 'dimension')}, {magnitudes}. The "
        "free energy {} is the lowest "
        "loss of the candidates. Each loss is linear in {} with polynomials in {} as coefficients, "
        "so two phases coexist on a line {} that is a rational function of {}, or on a vertical "
        "line. Of two phases the one at smaller {} comes first (on a vertical line the one at "
        "smaller {}).",
        free_energy,
        r,
        p,
        r,
        p,
        r,
        p,
    )


def steps(n: int, m: int, law: Law | None = None) -> tuple[Step, ...]:
    """All boundaries, then all junctions, then why there are no others.

    Raises `ValueError` for more than `MOST_CANDIDATES`, and where an end of a boundary or a
    junction is no rational point.
    """
    model = ToyModel(n, m, Uniform() if law is None else law)
    if len(candidates(model)) > MOST_CANDIDATES:
        raise ValueError(
            f"boundaries of n = {n}, m = {m}: {len(candidates(model))} candidates; a derivation, "
            f"which compares every pair, is written for at most {MOST_CANDIDATES}"
        )
    diagram = phase_diagram(model)
    known = {b.status for b in diagram.boundaries} | {j.status for j in diagram.junctions}
    if known != {"exact"}:
        raise ValueError(
            f"boundaries of n = {n}, m = {m}: some of them end in irrational points; a derivation "
            "is written where all are rational (phasecalc boundaries prints these)"
        )
    found: list[Step] = []
    if (n, m) not in _KNOWN:
        found += [
            loss_step(phase, model.law, prose(f"{_sentence(phase.description)}:"), slug(phase.name))
            for phase in diagram.phases
        ]
    for boundary in diagram.boundaries:
        found.extend(
            _vertical(diagram, boundary) if boundary.is_vertical else _curve(diagram, boundary)
        )
    for number, junction in enumerate(diagram.junctions, start=1):
        found.extend(_junction(diagram, junction, number))
    return (*found, *completeness(diagram))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _meanings(boundary: Boundary) -> dict[sympy.Symbol, sympy.Expr]:
    return dict(zip(map(named_loss, boundary.phases), boundary.losses, strict=True))


def _curve(diagram: PhaseDiagram, boundary: Boundary) -> Iterator[Step]:
    label = slug(*boundary.phases)
    one, two = map(named_loss, boundary.phases)
    low, high = boundary.interval
    where: tuple[sympy.Basic, ...] = (Between(low, p, high),)
    least, most = boundary.importance_interval
    if least != most:
        where = (*where, Between(least, r, most))
    yield Step(
        label,
        prose(
            "{} and {} coexist: they are equal, and lowest of all candidates, for {}"
            + (" (where {})" if len(where) > 1 else "")
            + " on the line",
            one,
            two,
            *where,
        ),
        equal(r, boundary.importance),
        All((Solves(boundary.losses[0] - boundary.losses[1]), AlongLine(diagram, boundary))),
    )
    yield Step(
        f"{label}-heat",
        prose(
            "On this line the latent heat, the drop of the extra feature's own squared error, is"
        ),
        equal(Partial(one, r) - Partial(two, r), -boundary.gradient_jump[1]),
        Identity(_meanings(boundary)),
    )
    yield Step(
        f"{label}-first-order",
        prose(
            "It is positive inside the interval, so {} jumps and the transition is of first order:",
            Partial(free_energy, r),
        ),
        sympy.Gt(-boundary.gradient_jump[1], 0, evaluate=False),
        SignOn(low, high),
    )
    yield Step(
        f"{label}-slope",
        prose("The slope of the line is"),
        equal(Total(r, S), boundary.slope),
        Identity({r: boundary.importance}),
    )


def _vertical(diagram: PhaseDiagram, boundary: Boundary) -> Iterator[Step]:
    label = slug(*boundary.phases)
    one, two = map(named_loss, boundary.phases)
    line = equal(p, boundary.feature_probability)
    at_line = _meanings(boundary) | {p: boundary.feature_probability}
    low, high = boundary.importance_interval
    yield Step(
        label,
        prose(
            "In {} and {} the extra feature has the same error, so {} drops out of the condition. "
            "The two coexist (equal, and lowest of all candidates) for {} on the vertical line",
            one,
            two,
            r,
            Between(low, r, high),
        ),
        line,
        VerticalRoot(diagram, boundary),
    )
    yield Step(
        f"{label}-heat",
        prose("There is no latent heat in {}: on the line {}", r, line),
        equal(Partial(one, r) - Partial(two, r), -boundary.gradient_jump[1]),
        Identity(at_line),
    )
    yield Step(
        f"{label}-first-order",
        prose(
            "The transition is of first order all the same: on the line {} the derivative in {} "
            "jumps by an amount that is not zero,",
            line,
            S,
        ),
        equal(Partial(two, S) - Partial(one, S), boundary.gradient_jump[0]),
        All((Identity(at_line), NotZero())),
    )


def _junction(diagram: PhaseDiagram, junction: Junction, number: int) -> Iterator[Step]:
    label = f"junction-{number}"
    names = listed(junction.phases)
    yield Step(
        label,
        prose(f"The phases {names} meet in the junction"),
        equal(sympy.Tuple(S, r), sympy.Tuple(junction.sparsity, junction.importance)),
        AtJunction(diagram, junction),
    )
    yield Step(
        f"{label}-loss",
        prose("The loss of all of them in the junction is"),
        equal(free_energy, junction.loss),
        LowestAt(diagram, junction),
    )
    lines = {frozenset(b.phases) for b in diagram.boundaries}
    for one, two in combinations(junction.phases, 2):
        if {one, two} in lines:
            continue
        pair = tuple(c for c in diagram.candidates if c.name in (one, two))
        found = _crossing(*pair)
        if found is not None:
            yield Step(
                slug(label, one, two),
                prose(
                    f"The losses of {one} and {two} are equal on a line through the junction. This "
                    "line touches the free energy in the junction only and is no boundary:",
                ),
                equal(r, found),
                All(
                    (
                        Solves(pair[0].loss - pair[1].loss),
                        OnlyTouches(diagram, (one, two), junction),
                    )
                ),
            )


def _crossing(one: Candidate, two: Candidate) -> sympy.Expr | None:
    """r(p) where two losses are equal; None where r does not enter."""
    slope = sympy.expand(one.extra_error - two.extra_error)
    return None if slope == 0 else sympy.cancel((two.base_error - one.base_error) / slope)
