"""What the diagram of many features holds: compounds, where they are stable, invariant points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from ..diagram.transition import Enclosure, Status
from ..display import Large, Shown
from ..inputs import Scalar
from ..laws import Law
from ..records import Record


@dataclass(frozen=True, slots=True)
class Compound(Record):
    """A block as a phase of many features: k features in d dimensions, at ν = n/m = k/d.

    ``loss`` is ℓ as a polynomial in p, None where weights are optimised; ``square`` the mean
    squared length of its features, None likewise.
    """

    name: str
    size: int
    dimensions: int
    loss: sympy.Expr | None = None
    square: sympy.Expr | None = None

    @property
    def ratio(self) -> Fraction:
        """ν = k/d."""
        return Fraction(self.size, self.dimensions)


@dataclass(frozen=True, slots=True)
class LimitStrip(Record):
    """The compounds that are stable for ``low`` < S < ``high``, by ascending ν."""

    low: Any
    high: Any
    compounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvariantPoint(Record, Shown):
    """An S at which three phases coexist: a compound and the two that it is made into.

    On one side of ``sparsity`` the phase ``compound`` at ν = ``ratio`` is stable, on the other,
    "above" or "below" in S as ``stable`` says, a mixture of the two phases of ``products``, of
    which one may be "dropped". ``status`` says how S is known; ``isolation`` is a certified
    interval of p, at most 10⁻¹⁵ wide, when it is "isolated"; ``error`` bounds the error of a
    numeric one.
    """

    sparsity: Any
    compound: str
    ratio: Fraction
    products: tuple[str, str]
    stable: str
    status: Status
    isolation: Enclosure | None = None
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class LimitState(Record, Shown):
    """The phases of many features at one point (S, ν).

    ``shares`` are (compound, share of the dimensions), by the lever rule; ``dropped`` is the number
    of dropped features for each dimension, ``loss`` the loss for each dimension and
    ``dimensions_per_feature`` D* = m/‖W‖_F².
    """

    sparsity: Any
    ratio: Any
    shares: tuple[tuple[str, Any], ...]
    dropped: Any
    loss: Any
    dimensions_per_feature: Any


@dataclass(frozen=True, slots=True, repr=False)
class LimitDiagram(Record, Large):
    """The phases of n → ∞ equal features in m → ∞ dimensions over S and ν = n/m.

    Made by `limit_diagram`. ``strips`` list the stable compounds from small S to large, with
    the ``invariants`` between them; between neighbours is a two-phase region, beyond the
    last one features are dropped. F(ν)/m is an upper bound of the true least loss: blocks that are
    not orthogonal to each other are left out.
    """

    law: Law
    source: str
    compounds: tuple[Compound, ...]
    strips: tuple[LimitStrip, ...]
    invariants: tuple[InvariantPoint, ...]

    def at(
        self, sparsity: object = None, ratio: object = 1, *, feature_probability: object = None
    ) -> LimitState:
        """The phases at one (S or p = 1 − S, ν), with their shares by the lever rule.

        >>> from phasecalc.limit.diagram import limit_diagram
        >>> state = limit_diagram().at("99/100", 3)
        >>> state.shares, state.dropped
        ((('pentagon', Fraction(1, 1)),), Fraction(1, 2))

        Raises `ValueError` for S outside [0, 1) or ν that is not positive.
        """
        from .state import state_at  # noqa: PLC0415  (states are computed from diagrams)

        return state_at(self, sparsity, ratio, feature_probability)

    @property
    def scarce(self) -> tuple[tuple[str, Any, Any], ...]:
        """(compound, low S, high S): who fills the dimensions when they are scarce, ν → ∞.

        The largest benefit for each dimension, (k v − ℓ)/d.
        """
        found: list[tuple[str, Any, Any]] = []
        for strip in self.strips:
            last = strip.compounds[-1]
            if found and found[-1][0] == last:
                found[-1] = (last, found[-1][1], strip.high)
            else:
                found.append((last, strip.low, strip.high))
        return tuple(found)

    def stable(self, name: str) -> tuple[tuple[Any, Any], ...]:
        """The intervals of S in which a compound is stable."""
        found: list[tuple[Any, Any]] = []
        for strip in self.strips:
            if name not in strip.compounds:
                continue
            if found and found[-1][1] == strip.low:
                found[-1] = (found[-1][0], strip.high)
            else:
                found.append((strip.low, strip.high))
        return tuple(found)

    def compound(self, name: str) -> Compound:
        """The compound of a name."""
        for compound in self.compounds:
            if compound.name == name:
                return compound
        known = ", ".join(c.name for c in self.compounds)
        raise ValueError(f"compound = {name!r}: it must be one of {known}")


def lower_hull(points: Sequence[tuple[Scalar, Scalar]], slope: Scalar) -> list[int]:
    """Indices on the lower convex hull, by ascending x, up to where a slope would exceed `slope`.

    Exact for exact numbers. Of points with one x the lowest counts, of collinear ones the outer.
    """
    order = sorted(range(len(points)), key=lambda i: points[i])
    hull: list[int] = []
    for i in order:
        x, y = points[i]
        if hull and points[hull[-1]][0] == x:
            continue
        while len(hull) > 1:
            (x0, y0), (x1, y1) = points[hull[-2]], points[hull[-1]]
            if (y1 - y0) * (x - x0) >= (y - y0) * (x1 - x0):
                hull.pop()
            else:
                break
        hull.append(i)
    while len(hull) > 1:
        (x0, y0), (x1, y1) = points[hull[-2]], points[hull[-1]]
        if y1 - y0 < slope * (x1 - x0):
            break
        hull.pop()
    return hull
