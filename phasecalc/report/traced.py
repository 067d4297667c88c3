"""Traced diagrams as plain text and as JSON documents."""

from __future__ import annotations

from ..continuation.records import (
    MetastableRegion,
    SpecialPoint,
    Spinodal,
    TracedBoundary,
    TracedDiagram,
)
from .documents import Document, written
from .plain import plain
from .sizes import importances, model_entries, sizes
from .text import WIDE, folded, table
from .variant import variant_entries, variant_lines


def traced_document(diagram: TracedDiagram, *, in_S: bool = False) -> Document:
    """Model, phases, boundaries with their points, junctions; numbers are floats."""
    model = diagram.model
    return {
        "model": model_entries(model),
        "source": diagram.source,
        **variant_entries(model),
        "phases": [
            {"name": phase.name, "outcome": phase.outcome, "loss": None} for phase in diagram.phases
        ],
        "boundaries": [_boundary_document(boundary, in_S) for boundary in diagram.boundaries],
        "junctions": [_point_document(point) for point in diagram.junctions],
        "special_points": [_point_document(point) for point in diagram.special_points],
        "spinodals": [_spinodal_document(curve) for curve in diagram.spinodals],
        "metastable": [_region_document(region) for region in diagram.metastable],
        "cells_scanned": diagram.cells_scanned,
        "unexplained": [list(place) for place in diagram.unexplained],
        "unresolved": [list(place) for place in diagram.unresolved],
    }


def _boundary_document(boundary: TracedBoundary, in_S: bool) -> Document:
    return {
        "phases": list(boundary.phases),
        "importance": None if boundary.formula is None else str(written(boundary.formula, in_S)),
        "feature_probability": None,
        "p_interval": list(boundary.interval),
        "r_interval": list(boundary.importance_interval),
        "order": boundary.order,
        "exponent": None if boundary.exponent is None else list(boundary.exponent),
        "jump_error": boundary.jump_error,
        "latent_heat": [min(boundary.latent_heat()), max(boundary.latent_heat())],
        "status": boundary.status,
        "error": boundary.error,
        "ends": [_point_document(end) for end in boundary.ends],
        "points": [
            {"sparsity": S, "importance": r, "loss": loss, "jump": list(jump)}
            for S, r, loss, jump in zip(
                boundary.sparsities,
                boundary.importances,
                boundary.losses,
                boundary.jumps,
                strict=True,
            )
        ],
    }


def _spinodal_document(curve: Spinodal) -> Document:
    return {
        "phase": curve.phase,
        "boundary": list(curve.boundary),
        "cause": curve.cause,
        "error": curve.error,
        "points": _places(curve),
    }


def _region_document(region: MetastableRegion) -> Document:
    return {
        "phase": region.phase,
        "boundary": list(region.boundary),
        "outline": _places(region),
    }


def _places(curve: Spinodal | MetastableRegion) -> list[Document]:
    return [
        {"sparsity": S, "importance": r}
        for S, r in zip(curve.sparsities, curve.importances, strict=True)
    ]


def _point_document(point: SpecialPoint) -> Document:
    return {
        "kind": point.kind,
        "phases": list(point.phases),
        "sparsity": point.sparsity,
        "importance": point.importance,
        "loss": point.loss,
        "error": point.error,
        "status": point.status,
    }


def traced_text(diagram: TracedDiagram, *, in_S: bool = False) -> str:
    """Phases, boundaries and special points as tables, under the conventions that they use."""
    model = diagram.model
    y = plain(diagram.plane.y.symbol)
    lines = [
        f"{sizes(model)}, source: {diagram.source}",
        "  y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
        f"  S = P(x_j = 0), p = 1 − S, magnitudes: {model.law.text}, "
        f"{importances(model) or 'importance (1, …, r)'}",
        *variant_lines(model),
        "",
        f"Phases ({len(diagram.phases)})",
        table(("name", "extra feature"), [(q.name, q.outcome) for q in diagram.phases]),
        "",
        f"Boundaries ({len(diagram.boundaries)})",
        table(
            ("phases", "points", "S", y, "order", "latent heat", "error", "line", "ends"),
            [_row(boundary) for boundary in diagram.boundaries],
        ),
        *_formulas(diagram, in_S),
        "",
        f"Special points ({len(diagram.special_points)})",
        table(
            ("kind", "S", y, "loss", "error", "status", "phases"),
            [
                (
                    point.kind,
                    f"{point.sparsity + 0.0:.10f}",
                    f"{point.importance:.10f}",
                    f"{point.loss:.10f}",
                    f"{point.error:.0e}",
                    point.status,
                    ", ".join(point.phases),
                )
                for point in diagram.special_points
            ],
        ),
        "",
        f"Spinodals ({len(diagram.spinodals)})",
        table(
            ("phase", "beside", "points", "S", "r", "cause", "error"),
            [_spinodal_row(curve) for curve in diagram.spinodals],
        ),
        "  beyond a first-order boundary a phase is metastable, still a local minimum, up to its",
        "  spinodal or the border of the window",
        "",
        f"{diagram.cells_scanned} cells scanned, {len(diagram.unexplained)} neighbours with "
        "different phases and no line between them",
    ]
    lines += [
        f"  at S = {S:.6g}, r = {r:.6g} the minimum did not converge" for S, r in diagram.unresolved
    ]
    lines += [f"  unexplained near S = {S:.6g}, r = {r:.6g}" for S, r in diagram.unexplained]
    if any("weak" in phase.name for phase in diagram.phases):
        lines += [
            "weak: with a feature that has only begun to be represented, as its bias keeps its",
            "  output on (phasecalc names weak)",
        ]
    return "\n".join(lines)


def _formulas(diagram: TracedDiagram, in_S: bool) -> list[str]:
    """What the lines with a formula match."""
    known = [b for b in diagram.boundaries if b.formula is not None]
    if not known:
        return []
    rows = [
        (" | ".join(b.phases), folded(f"r = {plain(b.formula, sparsity=in_S)}", WIDE))
        for b in known
    ]
    return ["", "Formulas that lines agree with", table(("phases", "formula"), rows)]


def _order(boundary: TracedBoundary) -> str:
    if boundary.exponent is None:
        return str(boundary.order) if boundary.order else "not found"
    return "{} (exponent {:.3f} ± {:.3f})".format(boundary.order, *boundary.exponent)


def _row(boundary: TracedBoundary) -> tuple[object, ...]:
    low, high = boundary.importance_interval
    heats = boundary.latent_heat()
    return (
        " | ".join(boundary.phases),
        len(boundary.sparsities),
        f"{min(boundary.sparsities) + 0.0:.6f} … {max(boundary.sparsities):.6f}",
        f"{low:.6f} … {high:.6f}",
        _order(boundary),
        f"{min(heats):.3g} … {max(heats):.3g}",
        f"{boundary.error:.0e}",
        boundary.status if boundary.formula is None else f"{boundary.status} formula",
        f"{boundary.ends[0].kind}; {boundary.ends[1].kind}",
    )


def _spinodal_row(curve: Spinodal) -> tuple[object, ...]:
    return (
        curve.phase,
        " | ".join(curve.boundary),
        len(curve.sparsities),
        f"{min(curve.sparsities) + 0.0:.6f} … {max(curve.sparsities):.6f}",
        f"{min(curve.importances):.6f} … {max(curve.importances):.6f}",
        curve.cause or "not resolved",
        f"{curve.error:.0e}",
    )
