r"""The onset of superposition: where a dropped feature starts to be represented, and how."""

from __future__ import annotations

import random
from fractions import Fraction

import sympy

from ..exact.onset import onset_bias, tricritical_points, tricritical_polynomial
from .checks import All, AtPoints, Identity, SignOn, Solves
from .evaluate import Env
from .language import (
    CubeIntegral,
    Expectation,
    G,
    Overlap,
    Partial,
    S,
    UpTo,
    W,
    b,
    equal,
    feature_loss,
    loss,
    p,
    positive,
    q,
    r,
    t,
    v,
    x,
)
from .onset_checks import (
    CUBIC,
    DIGITS,
    ORDER,
    QUADRATIC,
    VARIANCE,
    Coefficient,
    Curvature,
    IsolatedRoot,
    OfOnset,
    OfTricritical,
    Resultant,
    SameZero,
    Series,
    SolvesFor,
    alpha,
    beta,
    c,
    eps,
    first_error,
)
from .record import Prose, Step, prose
from .samples import probability

_WHOLE = sympy.Integer(0), sympy.Integer(1)


def opening() -> Prose:
    """The family that leaves `ignore`."""
    return prose(
        "Two features in one dimension, uniform magnitudes, of which the second has importance {}. "
        "In the configuration that drops it, {} and {}, let it come in with a small negative "
        "overlap {}: the first feature may get longer, {}, and its bias positive, {}, with {} and "
        "{} to be chosen. The first output lies on a kink, its bias is 0, so that the loss has a "
        "term in {}, and that term decides the order of the transition. The same holds wherever a "
        "dropped feature meets a dedicated one, with {} the ratio of their importances.",
        r,
        equal(sympy.Symbol("W"), sympy.Tuple(1, 0)),
        equal(sympy.Symbol("b"), sympy.Tuple(0, p / 2)),
        equal(Overlap(1, 2), -eps),
        equal(G[1, 1], 1 + alpha * eps),
        equal(b[1], beta * eps),
        alpha,
        beta,
        eps**3,
        r,
    )


def steps() -> tuple[Step, ...]:
    """The loss near `ignore`, the onset, its order, the tricritical points."""
    return (*_expansion(), *_best(), *_transition(), *_tricritical())


def _expansion() -> tuple[Step, ...]:
    own = eps**2 / (1 + alpha * eps)
    bias = p / 2 * (1 - own + eps)
    linear = positive(own * x[2] - eps * x[1] + bias)
    return (
        Step(
            "length",
            prose("In one dimension the extra feature's length follows from the overlap:"),
            equal(G[2, 2], own),
            Identity({G[2, 2]: (-eps / W[1]) ** 2, W[1]: sympy.sqrt(1 + alpha * eps)}),
        ),
        Step(
            "extra-error",
            prose(
                "Its own output never meets the rectifier while {} is small, so its best bias {} "
                "keeps the mean, and what is left is a variance:",
                eps,
                bias,
            ),
            equal(Expectation((x[2] - linear) ** 2), VARIANCE * ((1 - own) ** 2 + eps**2)),
            AtPoints(_small),
        ),
        Step(
            "extra-series",
            prose("In powers of {}, with the variance {},", eps, equal(v, VARIANCE)),
            equal(feature_loss[2], v * (1 - eps**2 + 2 * alpha * eps**3) + ORDER),
            Series(v * ((1 - own) ** 2 + eps**2)),
        ),
        Step(
            "alone",
            prose(
                "The first output is {}. Where the first feature is inactive and the second "
                "active, its error is {} times",
                positive((1 + alpha * eps) * x[1] - eps * x[2] + beta * eps),
                eps**2,
            ),
            equal(sympy.Integral(positive(beta - t, 2), (t, 0, 1)), beta**3 / 3),
            AtPoints(_small),
        ),
        Step(
            "fitted-both",
            prose(
                "Where neither is active it is {}. Where the first is active and the output is not "
                "cut off, the error is {} times a square, whose mean is, with the second active,",
                beta**2 * eps**2,
                eps**2,
            ),
            equal(
                CubeIntegral((alpha * x[1] + beta - x[2]) ** 2, UpTo(2)),
                (alpha**2 + 1) / 12 + (alpha / 2 + beta - sympy.Rational(1, 2)) ** 2,
            ),
            AtPoints(_small),
        ),
        Step(
            "fitted-one",
            prose("and without it"),
            equal(
                CubeIntegral((alpha * x[1] + beta) ** 2, UpTo(1)),
                alpha**2 / 12 + (alpha / 2 + beta) ** 2,
            ),
            AtPoints(_small),
        ),
        Step(
            "corner",
            prose(
                "Where both are active and {} is below {}, the output is cut off: the error is {} "
                "in place of {}. With {} this corner gives {} times",
                x[1],
                positive(x[2] - beta) * eps,
                x[1] ** 2,
                eps**2 * (x[2] - beta) ** 2,
                equal(x[1], eps * t),
                eps**3,
            ),
            equal(
                sympy.Integral(positive(t - beta, 3) / 3 - positive(t - beta, 3), (t, 0, 1)),
                -((1 - beta) ** 4) / 6,
            ),
            AtPoints(_small),
        ),
        Step(
            "quadratic",
            prose("The terms in {} of the first feature's error make up", eps**2),
            equal(q, QUADRATIC),
            Coefficient(2),
        ),
        Step(
            "dedicated-series",
            prose("and together with {eq:corner} its error is"),
            equal(feature_loss[1], q * eps**2 - p**2 * (1 - beta) ** 4 / 6 * eps**3 + ORDER),
            Series(first_error(), {q: QUADRATIC}),
        ),
        Step(
            "loss",
            prose("The loss is the sum of both, by {eq:extra-series} and {eq:dedicated-series}:"),
            equal(loss, r * v + (q - r * v) * eps**2 + c * eps**3 + ORDER),
            Series(first_error() + r * v * ((1 - own) ** 2 + eps**2), {q: QUADRATIC, c: CUBIC}),
        ),
        Step(
            "cubic",
            prose("with the coefficient"),
            equal(c, CUBIC),
            Coefficient(3),
        ),
    )


def _best() -> tuple[Step, ...]:
    slope = sympy.expand(QUADRATIC.diff(alpha))
    stretch = sympy.Rational(3, 2) * (p / 2 - beta)
    steep = sympy.cancel(QUADRATIC.diff(beta).subs(alpha, stretch))
    half = p / 2 + 2 * (1 - p) ** 2
    root = (p**2 / 2) / (half + sympy.sqrt(half**2 + (1 - p) * p**3))
    return (
        Step(
            "stretch",
            prose("The best {} and {} minimise {}. From {} comes", alpha, beta, q, _zero(alpha)),
            equal(alpha, stretch),
            Solves(slope),
        ),
        Step(
            "bias",
            prose("With it, {} is a quadratic equation:", _zero(beta)),
            equal(S * p * beta**2 + (p / 2 + 2 * S**2) * beta, p**2 / 4),
            SameZero(steep),
        ),
        Step(
            "bias-between",
            prose(
                "Its left side grows with {} from 0, and at {} it is larger than the right side by "
                "the following, so it has one positive root, which is below 1.",
                beta,
                equal(beta, 1),
            ),
            sympy.Gt((1 - p) * p + p / 2 + 2 * (1 - p) ** 2 - p**2 / 4, 0, evaluate=False),
            SignOn(*_WHOLE),
        ),
        Step(
            "bias-root",
            prose("It is, written so that it holds at {} too,", equal(p, 1)),
            equal(beta, root),
            All((SolvesFor(steep, beta), Identity({beta: onset_bias()}))),
        ),
        Step(
            "convex",
            prose(
                "The second derivatives of {} have the determinant below, and {} is positive as "
                "well: for positive {} the stationary point is the minimum.",
                q,
                equal(Partial(Partial(q, alpha), alpha), 2 * p / 3),
                beta,
            ),
            equal(
                Partial(Partial(q, alpha), alpha) * Partial(Partial(q, beta), beta)
                - Partial(Partial(q, alpha), beta) ** 2,
                p**2 / 3 + 4 * p / 3 * (S * p * beta + S**2),
            ),
            Curvature(),
        ),
    )


def _transition() -> tuple[Step, ...]:
    gain = r * v - q
    best = 2 * gain / (3 * c)
    return (
        Step(
            "onset",
            prose(
                "By {eq:loss} a small overlap raises the loss where {} is below {} and lowers it "
                "above. The extra feature starts to be represented on the line",
                r * v,
                q,
            ),
            equal(r, q / v),
            All((Solves(q - r * v), OfOnset())),
        ),
        Step(
            "amplitude",
            prose(
                "Where {} is positive there is a minimum beyond the line, and its overlap grows "
                "from 0 in proportion to the distance from it:",
                c,
            ),
            equal(eps, best),
            Solves(sympy.expand((-2 * gain * eps + 3 * c * eps**2) / eps)),
        ),
        Step(
            "third-order",
            prose(
                "It lowers the loss by the third power of that distance, up to higher powers: the "
                "loss, its first and its second derivatives are continuous and the third ones "
                "jump, so the transition is continuous and of third order."
            ),
            equal(gain * eps**2 - c * eps**3, 4 * gain**3 / (27 * c**2)),
            Identity({eps: best}),
        ),
        Step(
            "first-order",
            prose(
                "Where {} is negative the loss is below that of the dropped feature already before "
                "the line, at {}, for any small overlap: the transition comes earlier, by a jump, "
                "and is of first order. There",
                c,
                equal(r * v, q),
            ),
            equal(q * eps**2 - r * v * eps**2 + c * eps**3, c * eps**3),
            Identity({r: q / v}),
        ),
    )


def _tricritical() -> tuple[Step, ...]:
    line = p**2 * (1 - beta) ** 4 / (12 * alpha * v)
    polynomial = tricritical_polynomial()
    roots = tricritical_points()
    found: list[Step] = [
        Step(
            "tricritical",
            prose("Between the two {} is 0: a tricritical point. There", c),
            equal(r, line),
            All((Solves(CUBIC), OfTricritical())),
        ),
        Step(
            "tricritical-polynomial",
            prose(
                "Together with {eq:onset} and {eq:stretch}, and {} eliminated by {eq:bias}, its "
                "feature probability solves",
                beta,
            ),
            equal(0, polynomial.as_expr()),
            Resultant(),
        ),
    ]
    for number, root in enumerate(roots, start=1):
        density = sympy.Symbol(f"p_{number}")
        narrow = root.within(Fraction(1, 10 ** (DIGITS + 3)))
        digits = narrow.low * 10**DIGITS // 1
        sparse = (1 - narrow.high) * 10**DIGITS // 1
        words = (
            f"Two of its roots between 0 and 1 belong to the positive {{}}, one of them to the "
            f"digits below (so {{}} is 0.{sparse:0{DIGITS}d} …): there {{}} changes its sign."
            if number == 1
            else f"The other one is this (and {{}} is 0.{sparse:0{DIGITS}d} …). Between the two "
            "{} is positive and the onset is continuous; on both sides it is of first order."
        )
        values: tuple[object, ...] = (beta, S, c) if number == 1 else (S, c)
        found.append(
            Step(
                f"tricritical-{number}",
                prose(words, *values),
                equal(sympy.floor(sympy.Pow(10, DIGITS, evaluate=False) * density), int(digits)),
                IsolatedRoot(number),
            )
        )
    return tuple(found)


def _zero(variable: sympy.Symbol) -> sympy.Eq:
    return equal(Partial(q, variable), 0)


def _small(generator: random.Random) -> Env:
    """A point at which the extra feature's output stays linear."""
    density = probability(generator)
    return {
        "n": 2,
        "p": density,
        "law": "uniform",
        "epsilon": density / generator.randint(4, 9),
        "alpha": Fraction(generator.randint(-2, 2), 5),
        "beta": probability(generator),
    }
