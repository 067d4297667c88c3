"""Every boundary and junction of a diagram: where it runs, and what jumps there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations

import sympy

from ..configurations import Candidate
from ..diagram.phase_diagram import PhaseDiagram, phase_diagram
from ..diagram.transition import Boundary, Junction
from ..model import Law, Point, ToyModel, Uniform
from .checks import All, AtPoints, Identity, NotZero, SignOn, Solves
from .coexistence import AlongLine, AtJunction, LowestAt, OnlyTouches, VerticalRoot
from .evaluate import Env
from .language import Between, Partial, S, Total, equal, free_energy, named_loss, p, positive, r
from .record import Prose, Step, prose
from .samples import rational

first, second = named_loss("1"), named_loss("2")
step = sympy.Symbol("h")
slopes = (sympy.Symbol("alpha"), sympy.Symbol("beta"))
NUMBERS = {1: "one dimension", 2: "two dimensions"}
FEATURES = {2: "Two", 3: "Three"}


def general_opening() -> Prose:
    """What is shown about any two phases."""
    return prose(
        "Two phases with losses {} and {} meet where the losses are equal; the free energy {} is "
        "the lower of the two. If the losses cross there, and do not merely touch, the "
        "gradient of {} jumps: the transition is of first order. The control parameters are the "
        "sparsity {} and the importance {} of the extra feature.",
        first,
        second,
        free_energy,
        free_energy,
        S,
        r,
    )


def general_steps() -> tuple[Step, ...]:
    """The kink of the free energy, its jump, and the slope of a coexistence line."""
    slope = -(Partial(first, S) - Partial(second, S)) / (Partial(first, r) - Partial(second, r))
    examples = tuple(
        Identity({first: b.losses[0], second: b.losses[1], r: b.importance})
        for law in (Uniform(), Point())
        for b in phase_diagram(ToyModel(2, 1, law)).boundaries
    )
    return (
        Step(
            "kink",
            prose(
                "The lower of two losses is one of them minus a truncated power, so {} has a kink "
                "wherever {} passes through 0 with a gradient that is not 0.",
                free_energy,
                first - second,
            ),
            equal(sympy.Min(first, second), first - positive(first - second)),
            AtPoints(_two_losses, count=20),
        ),
        Step(
            "jump",
            prose(
                "Near a point of the line, {} being the step in {} and {}, {} the derivatives of "
                "the two losses, {} changes by the following: its derivative is {} on one side "
                "and {} on the other. It jumps by {}, the latent heat, and the phase at larger {} "
                "is the one in which the extra feature has the smaller error.",
                step,
                r,
                *slopes,
                free_energy,
                *slopes,
                slopes[0] - slopes[1],
                r,
            ),
            equal(
                sympy.Min(step * slopes[0], step * slopes[1]),
                slopes[1] * positive(step) - slopes[0] * positive(-step),
            ),
            AtPoints(_two_losses, count=20),
        ),
        Step(
            "clausius-clapeyron",
            prose(
                "Along the line {} stays 0. Its total derivative in {} gives the slope of the "
                "line, vertical where the denominator vanishes: the equation of Clausius and "
                "Clapeyron.",
                first - second,
                S,
            ),
            equal(Total(r, S), slope),
            All(examples),
        ),
    )


def _two_losses(generator: random.Random) -> Env:
    small, large = sorted((rational(generator), rational(generator)))
    return {
        "L_1": rational(generator),
        "L_2": rational(generator),
        "h": rational(generator),
        "alpha": large,
        "beta": small,
    }


def opening(n: int, m: int, law: Law | None = None) -> Prose:
    """Which diagram, and in which terms."""
    magnitudes = "uniform magnitudes" if law is None else "all magnitudes equal to 1"
    return prose(
        f"{FEATURES[n]} features in {NUMBERS[m]}, {magnitudes}. The free energy {{}} is the lowest "
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
    """All boundaries, then all junctions, then the pairs that meet in a junction only."""
    diagram = phase_diagram(ToyModel(n, m, Uniform() if law is None else law))
    found: list[Step] = []
    for boundary in diagram.boundaries:
        found.extend(
            _vertical(diagram, boundary) if boundary.is_vertical else _curve(diagram, boundary)
        )
    for number, junction in enumerate(diagram.junctions, start=1):
        found.extend(_junction(diagram, junction, number))
    return tuple(found)


def _meanings(boundary: Boundary) -> dict[sympy.Symbol, sympy.Expr]:
    return dict(zip(map(named_loss, boundary.phases), boundary.losses, strict=True))


def _curve(diagram: PhaseDiagram, boundary: Boundary) -> Iterator[Step]:
    label = "-".join(boundary.phases)
    one, two = map(named_loss, boundary.phases)
    meanings = _meanings(boundary)
    low, high = boundary.interval
    yield Step(
        label,
        prose(
            "{} and {} are equal for {} and {} on the line",
            one,
            two,
            Between(low, p, high),
            _range(boundary),
        ),
        equal(r, boundary.importance),
        All((Solves(boundary.losses[0] - boundary.losses[1]), AlongLine(diagram, boundary))),
    )
    yield Step(
        f"{label}-heat",
        prose("The latent heat, the drop of the extra feature's own squared error, is"),
        equal(Partial(one, r) - Partial(two, r), boundary.latent_heat),
        Identity(meanings),
    )
    yield Step(
        f"{label}-first-order",
        prose(
            "and it is positive inside the interval: {} jumps, the transition is of first order.",
            Partial(free_energy, r),
        ),
        sympy.Gt(boundary.latent_heat, 0, evaluate=False),
        SignOn(low, high),
    )
    yield Step(
        f"{label}-slope",
        prose("The slope of the line."),
        equal(Total(r, S), boundary.slope),
        Identity({r: boundary.importance}),
    )


def _vertical(diagram: PhaseDiagram, boundary: Boundary) -> Iterator[Step]:
    label = "-".join(boundary.phases)
    one, two = map(named_loss, boundary.phases)
    at_line = _meanings(boundary) | {p: boundary.feature_probability}
    yield Step(
        label,
        prose(
            "For {} and {} the extra feature has the same error, so {} drops out of the "
            "condition, and the two coexist for {} on the vertical line",
            one,
            two,
            r,
            _range(boundary),
        ),
        equal(p, boundary.feature_probability),
        VerticalRoot(diagram, boundary),
    )
    yield Step(
        f"{label}-heat",
        prose("There is no latent heat in {},", r),
        equal(Partial(one, r) - Partial(two, r), boundary.latent_heat),
        Identity(at_line),
    )
    yield Step(
        f"{label}-first-order",
        prose(
            "but the derivative in {} jumps by an amount that is not zero, and the transition is "
            "of first order all the same.",
            S,
        ),
        equal(Partial(two, S) - Partial(one, S), boundary.gradient_jump[0]),
        All((Identity(at_line), NotZero())),
    )


def _junction(diagram: PhaseDiagram, junction: Junction, number: int) -> Iterator[Step]:
    label = f"junction-{number}"
    names = ", ".join(junction.phases)
    yield Step(
        label,
        prose(f"The phases {names} meet in"),
        equal(sympy.Tuple(S, r), sympy.Tuple(junction.sparsity, junction.importance)),
        AtJunction(diagram, junction),
    )
    yield Step(
        f"{label}-loss",
        prose("where they have the loss"),
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
                f"{label}-{one}-{two}",
                prose(
                    f"The losses of {one} and {two} are equal on a line through this point, but it "
                    "touches the free energy in this point only and is no boundary.",
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


def _range(boundary: Boundary) -> sympy.Basic:
    low, high = boundary.importance_interval
    return equal(r, low) if low == high else Between(low, r, high)
