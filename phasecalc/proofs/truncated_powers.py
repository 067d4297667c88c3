"""The integral of a truncated power over the cube, and the same with a factor x."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import sympy

from .checks import AtPoints
from .evaluate import Env
from .language import (
    B,
    CubeIntegral,
    MemberOf,
    ProductOver,
    Range,
    Size,
    SubsetOf,
    SumOver,
    UpTo,
    a,
    c,
    equal,
    g,
    i,
    j,
    k,
    positive,
    q,
    slope,
    t,
    u,
    x,
)
from .library_integrals import library_cross_integral, library_integral
from .record import Prose, Step, prose
from .samples import Draw, from_one, nonzero, rational

linear = SumOver(slope[i] * x[i], Range(i, 1, k)) + c
extended = SumOver(slope[i] * x[i], Range(i, 1, k + 1)) + c
vertex = SumOver(slope[i], MemberOf(i, B)) + c
sign = (-1) ** (k - Size(B))
scale = sympy.factorial(q) / sympy.factorial(q + k) / ProductOver(slope[i], Range(i, 1, k))
low, high = sympy.symbols("u_0 u_1")


def opening() -> Prose:
    """What is integrated."""
    return prose(
        "The errors in the loss are made of two kinds of integrals over a cube, {} being linear "
        "in the magnitudes: of the power {}, and of {} with one of the magnitudes as a factor. "
        "Both are finite sums of truncated powers at the cube's vertices; a vertex is the set {} "
        "of the directions in which it lies at 1. All slopes {} are different from 0, {} and {} "
        "are integers.",
        u,
        positive(u, q),
        positive(u),
        B,
        slope[i],
        sympy.Ge(q, 0, evaluate=False),
        sympy.Ge(k, 1, evaluate=False),
    )


def steps() -> tuple[Step, ...]:
    """Induction over the dimension, then integration by parts."""
    own = positive(a * t + c)
    return (
        Step(
            "definition",
            prose(
                "The truncated power is {} for {} and 0 otherwise, also for {}. For positive "
                "powers it is the power of the positive part:",
                u**q,
                sympy.Gt(u, 0, evaluate=False),
                equal(q, 0),
            ),
            equal(positive(u, q + 1), sympy.Max(u, 0) ** (q + 1)),
            AtPoints(_one_dimension, count=12),
        ),
        Step(
            "antiderivative",
            prose(
                "Its antiderivative is the next one: for {} both sides of {} are powers, for {} "
                "both are 0, and at {} they join continuously. So between bounds {} and {}",
                sympy.Gt(u, 0, evaluate=False),
                equal(positive(u, q + 1) / (q + 1), sympy.Integral(positive(t, q), (t, 0, u))),
                sympy.Lt(u, 0, evaluate=False),
                equal(u, 0),
                low,
                high,
            ),
            equal(
                sympy.Integral(positive(t, q), (t, low, high)),
                (positive(high, q + 1) - positive(low, q + 1)) / (q + 1),
            ),
            AtPoints(_one_dimension, count=12),
        ),
        Step(
            "one-direction",
            prose(
                "The integral along a direction with slope {} follows by {}:",
                g,
                equal(u, g * t + c),
            ),
            equal(
                sympy.Integral(positive(g * t + c, q), (t, 0, 1)),
                (positive(c + g, q + 1) - positive(c, q + 1)) / ((q + 1) * g),
            ),
            AtPoints(
                _one_dimension,
                count=12,
                library=lambda env: library_integral({env["g"]: 1}, env["c"], env["q"]),
            ),
        ),
        Step(
            "induction",
            prose(
                "Suppose the formula {eq:cube-integral} for {} directions, which is "
                "{eq:one-direction} for {}. With one direction more, the last magnitude {} shifts "
                "the offset: inside the integral over the other magnitudes {} is {}, and the "
                "integral over {} is left.",
                k,
                equal(k, 1),
                t,
                c,
                c + slope[k + 1] * t,
                t,
            ),
            equal(
                CubeIntegral(positive(extended, q), UpTo(k + 1)),
                scale
                * SumOver(
                    sign * sympy.Integral(positive(vertex + slope[k + 1] * t, q + k), (t, 0, 1)),
                    SubsetOf(B, UpTo(k)),
                ),
            ),
            AtPoints(_cube(2), count=8),
        ),
        Step(
            "cube-integral",
            prose(
                "By {eq:one-direction} each integral over the last magnitude raises the power by "
                "one, divides by {} times the new power, and takes the difference between the "
                "vertices with and without the new direction. So for every {}",
                slope[k + 1],
                k,
            ),
            equal(
                CubeIntegral(positive(linear, q), UpTo(k)),
                scale * SumOver(sign * positive(vertex, q + k), SubsetOf(B, UpTo(k))),
            ),
            AtPoints(
                _cube(3),
                library=lambda env: library_integral(_counted(env), env["c"], env["q"]),
            ),
        ),
        Step(
            "equal-slopes",
            prose(
                "Equal slopes {} need {} vertices and not {}: those with the same number {} of "
                "directions are summed together.",
                g,
                k + 1,
                2**k,
                j,
            ),
            equal(
                CubeIntegral(positive(SumOver(g * x[i], Range(i, 1, k)) + c, q), UpTo(k)),
                sympy.factorial(q)
                / sympy.factorial(q + k)
                / g**k
                * SumOver(
                    sympy.binomial(k, j) * (-1) ** (k - j) * positive(c + j * g, q + k),
                    Range(j, 0, k),
                ),
            ),
            AtPoints(
                _cube(3),
                library=lambda env: library_integral({env["g"]: env["k"]}, env["c"], env["q"]),
            ),
        ),
        Step(
            "by-parts",
            prose(
                "With a factor {} and the slope {} along it, {}: integration by parts, with {} "
                "from {eq:antiderivative} as antiderivative of {}.",
                t,
                a,
                sympy.Ne(a, 0, evaluate=False),
                positive(a * t + c, 2) / (2 * a),
                own,
            ),
            equal(
                sympy.Integral(t * own, (t, 0, 1)),
                positive(a + c, 2) / (2 * a)
                - sympy.Integral(positive(a * t + c, 2), (t, 0, 1)) / (2 * a),
            ),
            AtPoints(
                _one_dimension,
                count=12,
                library=lambda env: library_cross_integral(env["a"], {}, env["c"]),
            ),
        ),
        Step(
            "cross-term",
            prose(
                "The other directions shift the offset; integrated over them as well, both terms "
                "on the right are of the form {eq:cube-integral}, in {} and in {} dimensions.",
                k,
                k + 1,
            ),
            equal(
                CubeIntegral(x[k + 1] * positive(linear + a * x[k + 1]), UpTo(k + 1)),
                CubeIntegral(positive(linear + a, 2), UpTo(k)) / (2 * a)
                - CubeIntegral(positive(linear + a * x[k + 1], 2), UpTo(k + 1)) / (2 * a),
            ),
            AtPoints(
                _cube(2),
                count=6,
                library=lambda env: library_cross_integral(env["a"], _counted(env), env["c"]),
            ),
        ),
        Step(
            "cross-zero",
            prose("For {} the factor is integrated by itself.", equal(a, 0)),
            equal(
                CubeIntegral(x[k + 1] * positive(linear), UpTo(k + 1)),
                CubeIntegral(positive(linear), UpTo(k)) / 2,
            ),
            AtPoints(
                _cube(2),
                count=6,
                library=lambda env: library_cross_integral(Fraction(0), _counted(env), env["c"]),
            ),
        ),
    )


def _counted(env: Env) -> Counter[Fraction]:
    return Counter(env["slopes"][: env["k"]])


def _one_dimension(generator: random.Random) -> Env:
    return {
        "q": generator.randint(0, 4),
        "u": rational(generator),
        "u_0": rational(generator),
        "u_1": rational(generator),
        "g": nonzero(generator),
        "a": nonzero(generator),
        "c": rational(generator),
    }


def _cube(largest: int) -> Draw:
    """Up to `largest` directions, and one slope more for the induction."""

    def draw(generator: random.Random) -> Env:
        slopes = [nonzero(generator) for _ in range(largest + 1)]
        return _one_dimension(generator) | {
            "k": generator.randint(1, largest),
            "q": generator.randint(0, 2),
            "slopes": slopes,
            "g_": from_one(slopes),
        }

    return draw
