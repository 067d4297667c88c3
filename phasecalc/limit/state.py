"""The phases of many features at one point (S, ν): the hull there and the lever rule."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from ..exact.algebraic import comparable, in_sympy, normal_form
from ..inputs import Scalar, probability_in, rational_in, sparsity_of
from ..symbols import p
from .records import Compound, LimitDiagram, LimitState, lower_hull


def state_at(
    diagram: LimitDiagram, sparsity: object, ratio: object, feature_probability: object = None
) -> LimitState:
    """The phases at (S, ν); exact for exact diagrams, floats for optimised ones."""
    S = sparsity_of(sparsity, feature_probability, probability_in)
    nu = rational_in(ratio, "ratio")
    if S == 1 or nu == 0:
        raise ValueError(f"sparsity = {S}, ratio = {ratio}: S must be below 1, ν positive")
    if diagram.source == "optimised":
        from .optimised import optimised_points  # noqa: PLC0415  (numeric, not needed here)

        compounds, losses, squares = optimised_points(float(S))
        variance: Any = float(diagram.law.variance.subs(p, float(1 - S)))
        return _state(S, nu, compounds, losses, squares, variance, exact=False)
    density = sympy.Rational((1 - S).numerator, (1 - S).denominator)
    compounds = list(diagram.compounds)
    formulas: list[Any] = [c.loss for c in compounds]
    values = [normal_form(sympy.expand(formula.subs(p, density))) for formula in formulas]
    variance = sympy.sympify(diagram.law.variance.subs(p, density))
    return _state(S, nu, compounds, values, [c.square for c in compounds], variance, exact=True)


def _state(
    S: Fraction,
    nu: Fraction,
    compounds: list[Compound],
    losses: list[Any],
    squares: list[Any],
    variance: Any,
    *,
    exact: bool,
) -> LimitState:
    hull = _hull(compounds, losses, variance, exact=exact)
    ratios = [compounds[i].ratio for i in hull]
    dropped = Fraction(0)
    if nu <= ratios[0]:
        # Dimensions to spare: some are left empty.
        shares = [(hull[0], nu / ratios[0])]
    elif nu >= ratios[-1]:
        shares = [(hull[-1], Fraction(1))]
        dropped = nu - ratios[-1]
    else:
        k = next(k for k in range(1, len(ratios)) if nu <= ratios[k])
        upper = (nu - ratios[k - 1]) / (ratios[k] - ratios[k - 1])
        shares = [(hull[k - 1], 1 - upper), (hull[k], upper)]
    shares = [(i, share) for i, share in shares if share]
    number = in_sympy if exact else float
    loss = sum(number(share) * losses[i] / compounds[i].dimensions for i, share in shares)
    loss = loss + number(dropped) * variance
    total = sum(number(share * compounds[i].ratio) * squares[i] for i, share in shares)
    return LimitState(
        sparsity=S,
        ratio=nu,
        shares=tuple((compounds[i].name, share) for i, share in shares),
        dropped=dropped,
        loss=normal_form(sympy.expand(loss)) if exact else float(loss),
        dimensions_per_feature=1 / total,
    )


def _hull(compounds: list[Compound], losses: list[Any], variance: Any, *, exact: bool) -> list[int]:
    """Indices of the stable compounds, by ascending ν."""
    if not exact:
        points: list[tuple[Scalar, Scalar]] = [
            (float(c.ratio), loss / c.dimensions) for c, loss in zip(compounds, losses, strict=True)
        ]
        return lower_hull(points, variance)
    *values, slope = comparable(
        [
            *(in_sympy(loss) / c.dimensions for c, loss in zip(compounds, losses, strict=True)),
            variance,
        ]
    )
    return lower_hull([(c.ratio, y) for c, y in zip(compounds, values, strict=True)], slope)
