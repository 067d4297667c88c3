"""Exact integration of piecewise polynomials over a cube, without any closed formula.

The independent path of the checks: one variable after the other, cut where the integrand's kink
(the hyperplane on which a truncated power starts) meets the edges of the remaining cube. Between
the cuts every inner integral is a polynomial, which a Newton-Cotes rule with enough rational nodes
integrates without error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, product

import sympy

Form = tuple[Fraction, tuple[Fraction, ...]]
"""A linear form c + g·x as (c, g)."""

Integrand = Callable[[tuple[Fraction, ...]], Fraction]


@lru_cache(maxsize=32)
def newton_cotes(degree: int) -> tuple[tuple[Fraction, Fraction], ...]:
    """Nodes in (0, 1) and weights that integrate polynomials up to `degree` exactly.

    The ends are no nodes: a step function has its jump there.

    >>> newton_cotes(1)
    ((Fraction(1, 4), Fraction(1, 2)), (Fraction(3, 4), Fraction(1, 2)))
    """
    nodes = [sympy.Rational(2 * i + 1, 2 * (degree + 1)) for i in range(degree + 1)]
    powers = sympy.Matrix([[node**k for node in nodes] for k in range(degree + 1)])
    moments = sympy.Matrix([sympy.Rational(1, k + 1) for k in range(degree + 1)])
    return tuple(
        (Fraction(int(node.p), int(node.q)), Fraction(int(weight.p), int(weight.q)))
        for node, weight in zip(nodes, powers.LUsolve(moments), strict=True)
    )


def piecewise_mean(
    integrand: Integrand,
    forms: Sequence[Form],
    dimension: int,
    degree: int,
    density: Fraction | None = None,
) -> Fraction:
    """∫_{[0,1]^k} f(x) dx for f polynomial on either side of the zero set of each linear form.

    With a `density` p it is the mean of f over independent x_i that are uniform on [0, 1] with
    probability p and else zero. `degree` bounds the degree of f between its kinks.

    >>> one = Fraction(1)
    >>> piecewise_mean(lambda x: max(x[0] - x[1], 0), [(0 * one, (one, -one))], 2, 1)
    Fraction(1, 6)

    Raises `ValueError` for several forms in more than one dimension: their kinks may cross.
    """
    kinks = list(dict.fromkeys(form for form in forms if any(form[1])))
    if dimension > 1 and len(kinks) > 1:
        raise ValueError("the kinks of several linear forms may cross: integrate each by itself")

    def mean(fixed: tuple[Fraction, ...], offsets: tuple[Fraction, ...]) -> Fraction:
        depth = len(fixed)
        if depth == dimension:
            return integrand(fixed)

        def inner(value: Fraction) -> Fraction:
            shifted = tuple(
                offset + slopes[depth] * value
                for offset, (_, slopes) in zip(offsets, kinks, strict=True)
            )
            return mean((*fixed, value), shifted)

        cuts = {Fraction(0), Fraction(1)}
        for offset, (_, slopes) in zip(offsets, kinks, strict=True):
            if slopes[depth] != 0:
                for vertex in product((0, 1), repeat=dimension - depth - 1):
                    rest = sum(
                        (g for g, on in zip(slopes[depth + 1 :], vertex, strict=True) if on),
                        start=offset,
                    )
                    cuts.add(-rest / slopes[depth])
        rule = newton_cotes(degree + dimension - depth - 1)
        total = Fraction(0)
        for low, high in pairwise(sorted(cut for cut in cuts if 0 <= cut <= 1)):
            width = high - low
            total += width * sum(
                (weight * inner(low + width * node) for node, weight in rule), start=Fraction(0)
            )
        if density is None:
            return total
        return density * total + (1 - density) * inner(Fraction(0))

    return mean((), tuple(offset for offset, _ in kinks))
