r"""The diagram of many features, exactly: blocks of unit length over S and ν = n/m.

A block of k features in d dimensions with loss ℓ is the point (k/d, ℓ/d): features and loss for
each dimension. Sums of blocks in orthogonal subspaces mix these points, dropped features add
multiples of (1, v), so the least loss F(ν)/m is the lower convex hull of the points and of the ray:
the common-tangent construction of an alloy with composition ν and temperature S.

*Duality.* With s ≥ 0 the distance of a tangent's slope from v, the hull's vertices are the
minimisers of (ℓ − k v)/d + s·k/d: straight lines in s with polynomials in p as coefficients. So the
envelope of `phasecalc.diagram` finds the hull for all S at once, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

import sympy

from ..blocks.block import Block, collected_in_p
from ..blocks.standard import dedicated, line, polygon, simplex, square_antiprism
from ..diagram.beaten import not_beaten_of
from ..diagram.envelope import Line, Strip, lower_envelope
from ..diagram.transition import Enclosure, Status
from ..exact.extension import polynomials
from ..exact.roots import RealRoot
from ..inputs import shown
from ..laws import Law, checked_law
from .records import Compound, InvariantPoint, LimitDiagram, LimitStrip

SOURCES = ("blocks", "optimised")
MOST_SIMPLEX = 6
"""Largest simplex among the compounds: ν = s/(s − 1) crowds towards 1."""
_WIDTH = Fraction(1, 10**15)


def limit_diagram(
    law: Law | None = None,
    source: str = "blocks",
    *,
    blocks: Iterable[Block] = (),
    progress: bool | None = None,
) -> LimitDiagram:
    """The phase diagram of n equal features in m dimensions, n, m → ∞, over S and ν = n/m.

        F(ν)/m = lower convex hull of the points (k/d, ℓ/d) and of the ray (1, v)

    Parameters
    ----------
    law : the magnitude law, uniform on [0, 1] by default.
    source : "blocks": unit lengths and bias 0, exact; "optimised": the minima of `geometry`,
        numeric, for the uniform law and S ≤ 0.999.
    blocks : of your own, of unit length, besides the standard ones (source "blocks").
    progress : a bar on stderr, source "optimised" takes many seconds; None on a terminal only.

    >>> diagram = limit_diagram()
    >>> [(c, float(low), float(high)) for c, low, high in diagram.scarce][0]
    ('dedicated', 0.0, 0.42857142857142855)

    Raises `ValueError` for an unknown source or blocks whose features are not of unit length.

    It is an upper bound of the true least loss. Derived in derivations/many-features.tex, eq. hull.
    """
    law = checked_law(law)
    if source not in SOURCES:
        raise ValueError(f"source = {shown(source)}: it must be one of {', '.join(SOURCES)}")
    own = tuple(blocks)
    for block in own:
        if not isinstance(block, Block):
            raise TypeError(f"blocks: {shown(block)} is no phasecalc.Block")
        if source != "blocks":
            raise ValueError('blocks: they are for source = "blocks"')
        if not block.is_unit:
            raise ValueError(
                f"block {block.name!r}: its features must be of length 1, their squared lengths "
                f"are {', '.join(str(block.gram[i][i]) for i in range(block.size))}"
            )
    if source == "optimised":
        from .optimised import optimised_diagram  # noqa: PLC0415  (numeric, not needed here)

        return optimised_diagram(law, progress)
    return _exact(law, own)


def unit_blocks() -> tuple[Block, ...]:
    """The standard blocks of unit length."""
    return (
        dedicated(),
        *(simplex(size) for size in range(MOST_SIMPLEX, 1, -1)),
        *(polygon(size) for size in range(5, 9)),
        square_antiprism(),
        line(),
    )


@lru_cache(maxsize=16)
def _exact(law: Law, own: tuple[Block, ...]) -> LimitDiagram:
    blocks = (*unit_blocks(), *own)
    compounds = tuple(
        Compound(b.name, b.size, b.dimensions, b.loss(law), sympy.Integer(1)) for b in blocks
    )
    v = law.variance
    # No features at all is the last line: A = B = 0, the vertex (0, 0) of the hull.
    parts = [
        *((collected_in_p((c.loss - c.size * v) / c.dimensions), _ratio(c)) for c in compounds),
        (sympy.Integer(0), sympy.Integer(0)),
    ]
    left = not_beaten_of([part for pair in parts for part in pair])
    polys = polynomials([part for i in left for part in parts[i]])
    lines = dict(zip(left, map(Line, polys[::2], polys[1::2]), strict=True))
    strips = lower_envelope(lines)
    stable = [_stable(strip, compounds) for strip in strips]
    found = tuple(
        LimitStrip(1 - strip.high.exact(), 1 - strip.low.exact(), tuple(c.name for c in kept))
        for strip, kept in zip(strips, stable, strict=True)
    )
    invariants = [
        point
        for k in range(len(strips) - 1)
        for point in _invariants(strips[k].high, stable[k], stable[k + 1])
    ]
    return LimitDiagram(law, "blocks", compounds, _merged(found[::-1]), tuple(invariants[::-1]))


def _ratio(compound: Compound) -> sympy.Expr:
    return sympy.Rational(compound.size, compound.dimensions)


def _stable(strip: Strip, compounds: Sequence[Compound]) -> list[Compound]:
    """The compounds of a strip by ascending ν, without "no features"."""
    return [compounds[i] for i in reversed(strip.phases) if i < len(compounds)]


def _merged(strips: Sequence[LimitStrip]) -> tuple[LimitStrip, ...]:
    found: list[LimitStrip] = []
    for strip in strips:
        same = found and found[-1].compounds == strip.compounds
        low = found.pop().low if same else strip.low
        found.append(LimitStrip(low, strip.high, strip.compounds))
    return tuple(found)


def _invariants(
    root: RealRoot, before: Sequence[Compound], after: Sequence[Compound]
) -> list[InvariantPoint]:
    """Compounds that are stable on one side of p only; `before` belongs to smaller p, larger S."""
    points = []
    for here, there, side in ((before, after, "above"), (after, before, "below")):
        names = {c.name for c in there}
        for i, compound in enumerate(here):
            if compound.name in names:
                continue
            lower = [c for c in here[:i] if c.name in names]
            upper = [c for c in here[i + 1 :] if c.name in names]
            # Where the last compound gives way to another last one, that one is its neighbour.
            rival = there[-1]
            if not upper and rival.ratio > compound.ratio and rival.name != compound.name:
                upper = [rival]
            products = (
                lower[-1].name if lower else "no features",
                upper[0].name if upper else "dropped",
            )
            points.append(
                InvariantPoint(
                    sparsity=sympy.expand(1 - root.exact()),
                    compound=compound.name,
                    ratio=compound.ratio,
                    products=products,
                    stable=side,
                    status=_status(root),
                    isolation=_isolation(root),
                )
            )
    return points


def _status(root: RealRoot) -> Status:
    return "exact" if root.is_rational or root.minimal.degree() <= 2 else "isolated"


def _isolation(root: RealRoot) -> Enclosure | None:
    if _status(root) == "exact":
        return None
    narrow = root.within(_WIDTH)
    return narrow.low, narrow.high
