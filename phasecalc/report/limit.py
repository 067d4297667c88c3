"""Diagrams of many features and geometries, as text and as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy

from ..model import sizes
from .rows import conventions
from .text import table

if TYPE_CHECKING:
    from ..limit.geometry import Geometry
    from ..limit.records import InvariantPoint, LimitDiagram, LimitState

Document = dict[str, Any]

BOUND = (
    "F/m is an upper bound: only blocks that are orthogonal to each other are mixed; "
    "how tight it is shows training."
)


def limit_text(diagram: LimitDiagram) -> str:
    """Stable compounds, invariant points and who wins scarce dimensions, as tables."""
    lines = [
        f"Many equal features, n/m = ν, source: {diagram.source}",
        *(f"  {line}" for line in conventions(diagram.law)),
        "  F(ν)/m is the lower convex hull of the blocks (k/d, ℓ/d) and of dropped features (1, v)",
        f"  {BOUND}",
        *_range(diagram),
        "",
        f"Compounds ({len(diagram.compounds)})",
    ]
    rows = [
        (
            c.name,
            f"{c.size} in {c.dimensions}",
            str(c.ratio),
            ", ".join(f"{_short(a)} < S < {_short(b)}" for a, b in diagram.stable(c.name)) or "−",
        )
        for c in sorted(diagram.compounds, key=lambda c: c.ratio)
    ]
    lines.append(table(("block", "features", "ν", "stable for"), rows))
    lines += ["", f"Invariant points ({len(diagram.invariants)})"]
    lines.append(
        table(
            ("S", "compound", "ν", "stable", "else a mixture of", "status"),
            [_invariant_row(point) for point in diagram.invariants],
        )
    )
    lines += ["", "Scarce dimensions (ν → ∞): the largest (k v − ℓ)/d"]
    lines.append(
        table(
            ("S from", "S to", "block"), [(_short(a), _short(b), n) for n, a, b in diagram.scarce]
        )
    )
    return "\n".join(lines)


def _range(diagram: LimitDiagram) -> list[str]:
    """Where a numeric diagram ends, as its minima do."""
    if diagram.source != "optimised":
        return []
    low, high = diagram.strips[0].low, diagram.strips[-1].high
    return [f"  for {low:g} ≤ S ≤ {high:g}, blocks of at most 9 features in 3 dimensions"]


def state_text(state: LimitState) -> str:
    """The phases at one (S, ν)."""
    rows: list[Sequence[object]] = [
        (name, f"{_short(share)} of the dimensions") for name, share in state.shares
    ]
    if state.dropped:
        rows.append(("dropped", f"{_short(state.dropped)} features for each dimension"))
    head = (
        f"S = {state.sparsity}, n/m = {state.ratio}: loss for each dimension {_short(state.loss)}, "
        f"dimensions per feature D* = {_short(state.dimensions_per_feature)}"
    )
    return "\n".join([head, table(("phase", "share"), rows)])


def geometry_text(record: Geometry) -> str:
    """The phases of k equal features in d dimensions."""
    rows = [
        (
            phase.name,
            phase.description,
            f"{phase.low:.9f}",
            f"{phase.high:.9f}",
            "crossing" if phase.crosses else "",
        )
        for phase in record.phases
    ]
    return "\n".join(
        [
            f"{sizes(record.k, record.d)}, equally important, over S (numeric)",
            table(("phase", "what it is", "S from", "S to", "ends by"), rows),
        ]
    )


def invariant_text(point: InvariantPoint) -> str:
    """One invariant point as a line."""
    row = _invariant_row(point)
    return f"S = {row[0]}: {row[1]} {row[3]}, else a mixture of {row[4]} ({row[5]})"


def _invariant_row(point: InvariantPoint) -> tuple[str, ...]:
    return (
        _short(point.sparsity),
        point.compound,
        str(point.ratio),
        f"{point.stable} this S",
        " and ".join(point.products),
        point.status if point.status != "numeric" else f"numeric ± {point.error:.0e}",
    )


def _short(value: object) -> str:
    """A rational as it is, another number by its decimals."""
    if isinstance(value, Fraction | int) or (isinstance(value, sympy.Expr) and value.is_Rational):
        return str(value)
    if isinstance(value, sympy.Expr):
        return f"{sympy.N(value, 12)}…"
    return f"{value:.10f}"


def _exact(value: object) -> object:
    return value if isinstance(value, float) else str(value)


def limit_document(diagram: LimitDiagram) -> Document:
    """The diagram for JSON; exact numbers as text."""
    return {
        "law": str(diagram.law),
        "source": diagram.source,
        "compounds": [
            {
                "name": c.name,
                "features": c.size,
                "dimensions": c.dimensions,
                "ratio": str(c.ratio),
                "loss": None if c.loss is None else str(c.loss),
                "stable": [[_exact(a), _exact(b)] for a, b in diagram.stable(c.name)],
            }
            for c in diagram.compounds
        ],
        "strips": [
            {"low": _exact(s.low), "high": _exact(s.high), "compounds": list(s.compounds)}
            for s in diagram.strips
        ],
        "invariants": [
            {
                "sparsity": _exact(point.sparsity),
                "compound": point.compound,
                "products": list(point.products),
                "stable": point.stable,
                "status": point.status,
                "isolation": None if point.isolation is None else list(map(str, point.isolation)),
                "error": point.error,
            }
            for point in diagram.invariants
        ],
        "scarce": [[name, _exact(a), _exact(b)] for name, a, b in diagram.scarce],
        "note": BOUND,
    }


def state_document(state: LimitState) -> Document:
    """One point for JSON."""
    return {
        "sparsity": str(state.sparsity),
        "ratio": str(state.ratio),
        "shares": [[name, _exact(share)] for name, share in state.shares],
        "dropped": str(state.dropped),
        "loss": _exact(state.loss),
        "dimensions_per_feature": _exact(state.dimensions_per_feature),
    }
