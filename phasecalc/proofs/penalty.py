r"""A penalty on interference: where superposition starts with it, and how the order changes."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from ..exact.onset import onset_importance
from .checks import All, Identity, Solves
from .language import Overlap, equal, feature_loss, loss, p, q, r, v
from .onset_checks import (
    CUBIC,
    ORDER,
    QUADRATIC,
    VARIANCE,
    OfTricritical,
    Series,
    agree,
    alpha,
    beta,
    c,
    eps,
    first_error,
)
from .record import Claim, Prose, Step, prose

lam = sympy.Symbol("lambda")
_PENALTY = 2 * lam * eps**2


def opening() -> Prose:
    """The family of the onset with the penalty added."""
    return prose(
        "To the loss of two features in one dimension, uniform magnitudes, the penalty {} is "
        "added: the sum of the squared overlaps over both orders of the pair. As for the onset "
        "without it, let a dropped feature of importance {} come in with {}, the other one's "
        "squared length {} and its bias {}; {}, {} and the best {} and {} are those found there, "
        "and {} is the variance of a feature.",
        2 * lam * Overlap(1, 2) ** 2,
        r,
        equal(Overlap(1, 2), -eps),
        1 + alpha * eps,
        beta * eps,
        equal(q, QUADRATIC),
        equal(c, CUBIC),
        alpha,
        beta,
        equal(v, VARIANCE),
    )


def steps() -> tuple[Step, ...]:
    """The expansion, the onset from both sides, the curve of tricritical points."""
    own = eps**2 / (1 + alpha * eps)
    exact = first_error() + r * v * ((1 - own) ** 2 + eps**2) + _PENALTY
    mirrored = feature_loss[1] / r + feature_loss[2] + 2 * lam / r * Overlap(1, 2) ** 2
    curve = p**2 * (1 - beta) ** 4 / (12 * alpha * v)
    return (
        Step(
            "penalty",
            prose("The penalty depends on the overlap alone:"),
            equal(2 * lam * Overlap(1, 2) ** 2, _PENALTY),
            Identity({Overlap(1, 2): -eps}),
        ),
        Step(
            "loss",
            prose("so it changes one coefficient of the loss and no other:"),
            equal(loss, r * v + (q + 2 * lam - r * v) * eps**2 + c * eps**3 + ORDER),
            Series(exact, {q: QUADRATIC, c: CUBIC}),
        ),
        Step(
            "onset",
            prose("The dropped feature starts to be represented where that coefficient is 0:"),
            equal(r, (q + 2 * lam) / v),
            All((Solves(q + 2 * lam - r * v), OfPenalisedOnset())),
        ),
        Step(
            "tricritical",
            prose(
                "The order changes where also {}, and that equation does not know {}: the "
                "tricritical points of all penalties lie on one curve,",
                equal(c, 0),
                lam,
            ),
            equal(r, curve),
            All((Solves(CUBIC), OfTricritical())),
        ),
        Step(
            "which-penalty",
            prose("and the point of the curve at {} belongs to the penalty", r),
            equal(lam, (r * v - q) / 2),
            Solves(q + 2 * lam - r * v),
        ),
        Step(
            "mirror",
            prose(
                "Exchange the two features and divide by {}: the loss at {} and {} is {} times "
                "that at {} and {} of the exchanged weights.",
                r,
                r,
                lam,
                r,
                1 / r,
                lam / r,
            ),
            equal(
                feature_loss[1] + r * feature_loss[2] + 2 * lam * Overlap(1, 2) ** 2,
                r * mirrored,
            ),
            Identity({}),
        ),
        Step(
            "dedicated-onset",
            prose(
                "So where the extra feature has the dimension and the other one is dropped, "
                "{eq:onset} holds with {} and {} in place of {} and {}, which is",
                1 / r,
                lam / r,
                r,
                lam,
            ),
            equal(r, (v - 2 * lam) / q),
            Solves(v - 2 * lam - r * q),
        ),
        Step(
            "no-mirror",
            prose(
                "The two lines are mirror images in {} only without a penalty: the product of the "
                "two importances is",
                equal(r, 1),
            ),
            equal((q + 2 * lam) / v * (v - 2 * lam) / q, 1 + 2 * lam * (v - q - 2 * lam) / (q * v)),
            Identity({}),
        ),
    )


@dataclass(frozen=True, slots=True)
class OfPenalisedOnset:
    """(q + 2λ)/v with the best α and β is the library's line, for several λ."""

    @property
    def description(self) -> str:
        return "the library's line for three penalties, at eleven rational points to 50 digits"

    def __call__(self, claim: Claim) -> None:
        for penalty in (sympy.Rational(1, 100), sympy.Rational(1, 7), sympy.Integer(2)):
            stated = claim.rhs.subs({q: QUADRATIC, lam: penalty})
            agree(stated, onset_importance(penalty))
