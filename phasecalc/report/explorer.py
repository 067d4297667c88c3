"""A phase diagram to move over: one HTML file with all formulas and data in it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from ..blocks.candidate import OUTCOMES
from ..diagram.phase_diagram import PhaseDiagram
from ..symbols import p
from .colours import colour_of
from .plain import plain
from .rows import line_of, number
from .sizes import magnitudes, sizes

if TYPE_CHECKING:
    from ..continuation.records import TracedDiagram
    from ..experiment.trained import TrainedGrid
    from ..minima.atlas import Atlas

_MOST_POINTS = 160
"""Points of a traced line that are kept."""
_HOW = {
    "candidates": "Exact formulas of the candidates; other weights may have lower losses.",
    "relaxed": "Each candidate with its lengths and biases optimised, on a grid and interpolated: "
    "good to about three digits. Other weights may have lower losses. Dashed: the candidates' "
    "boundaries.",
    "global": "Local minima over all weights and biases, found on a grid and interpolated: good to "
    "about three digits. That none is missing is evidence, not a proof. Dashed: the "
    "candidates' boundaries.",
    "trained": "The best trained model of the nearest cell, coloured by what it does to the extra "
    "feature. Dashed: the candidates' boundaries.",
}


def explorer_page(
    exact: PhaseDiagram,
    traced: Sequence[tuple[TracedDiagram, Atlas]] = (),
    trained: TrainedGrid | None = None,
) -> str:
    """The page: the exact diagram, and if given traced ones with their minima, and trained models.

    It loads nothing: formulas are JavaScript by SymPy's printer, arrays are in base64.

    Raises `ValueError` for a diagram, minima or models of another model.
    """
    model = exact.model
    others: list[tuple[str, Any]] = [("traced", part) for pair in traced for part in pair]
    if trained is not None:
        others.append(("trained", trained))
    for name, other in others:
        if other.model != model:
            raise ValueError(f"{name}: of {other.model}, but the exact diagram is of {model}")
    sources = ["candidates"]
    data: dict[str, Any] = {
        "n": model.n_features,
        "m": model.d_hidden,
        "candidates": [_candidate(c) for c in exact.candidates],
        "boundaries": [
            {"phases": list(b.phases), "formula": plain(line_of(b))} for b in exact.boundaries
        ],
        "junctions": [
            {"kind": "junction", "S": plain(number(j.sparsity)), "r": plain(number(j.importance))}
            for j in exact.junctions
        ],
        "phases": {c.name: _look(c.name, c.outcome) for c in exact.candidates},
        "lines": {},
        "atlas": {},
        "names": [],
    }
    for diagram, minima in traced:
        if minima.source != diagram.source:
            raise ValueError(f"traced: minima of {minima.source} beside lines of {diagram.source}")
        sources.append(diagram.source)
        data["lines"][diagram.source] = _traced(diagram)
        data["atlas"][diagram.source] = _atlas(minima, data)
    if trained is not None:
        sources.append("trained")
        data["trained"] = _trained(trained, data)
    data["sources"] = sources
    data["how"] = {source: _HOW[source] for source in sources}
    page = _template()
    for mark, text in (
        ("@TITLE@", escape(f"{sizes(model)}: phases of superposition")),
        ("@MAGNITUDES@", escape(magnitudes(model))),
        ("@DATA@", _json(data)),
        ("@FORMULAS@", _formulas(exact)),
        ("@LINES@", _lines(exact)),
    ):
        page = page.replace(mark, text)
    return page


@cache
def _template() -> str:
    return Path(__file__).with_name("explorer.html").read_text(encoding="utf-8")


def _json(value: object) -> str:
    """JSON that can stand inside a script: no tag begins in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _code(expr: sympy.Expr) -> str:
    return str(sympy.jscode(sympy.horner(expr, p) if expr.is_polynomial(p) else expr))


def _look(name: str, outcome: str) -> dict[str, str]:
    return {"colour": colour_of(name, outcome), "outcome": outcome}


def _candidate(candidate: Any) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "formula": plain(candidate.loss),
        "weights": [[round(float(w), 12) for w in row] for row in candidate.weights],
    }


def _formulas(exact: PhaseDiagram) -> str:
    entries = []
    for candidate in exact.candidates:
        bias = ",".join(f"p => {_code(sympy.sympify(b))}" for b in candidate.bias)
        loss = _code(candidate.base_error), _code(candidate.extra_error)
        entries.append(
            f"{_json(candidate.name)}: "
            f"{{loss: (p, r) => {loss[0]} + r*({loss[1]}), bias: [{bias}]}}"
        )
    return "{" + ",\n".join(entries) + "}"


def _lines(exact: PhaseDiagram) -> str:
    entries = []
    for boundary in exact.boundaries:
        if boundary.importance is None:
            low, high = (float(end) for end in boundary.importance_interval)
            at = float(boundary.feature_probability)  # type: ignore[arg-type]
            entries.append(f"{{p: {at!r}, r: [{max(low, 0.01)!r}, {min(high, 100.0)!r}]}}")
        else:
            low, high = (float(end) for end in boundary.interval)
            formula = sympy.jscode(boundary.importance)
            entries.append(f"{{p: null, from: {low!r}, to: {high!r}, formula: p => {formula}}}")
    return "[" + ",\n".join(entries) + "]"


def _traced(diagram: TracedDiagram) -> dict[str, Any]:
    lines = []
    for boundary in diagram.boundaries:
        count = len(boundary.sparsities)
        kept = sorted({*range(0, count, max(1, count // _MOST_POINTS)), count - 1})
        lines.append(
            {
                "phases": list(boundary.phases),
                "order": boundary.order or 0,
                "formula": "" if boundary.formula is None else plain(boundary.formula),
                "S": [round(float(boundary.sparsities[k]), 6) for k in kept],
                "r": [round(float(boundary.importances[k]), 6) for k in kept],
            }
        )
    points = [
        {"kind": point.kind, "S": f"{point.sparsity:.8g}", "r": f"{point.importance:.8g}"}
        for point in diagram.special_points
        if point.kind not in ("border", "end of a branch")
    ]
    return {"lines": lines, "points": points}


def _atlas(minima: Atlas, data: dict[str, Any]) -> dict[str, Any]:
    """The minima of all points in order; those with an output that is always 0 are left out."""
    counts, ids, rows = [], [], []
    names = {name: k for k, name in enumerate(data["names"])}
    for row in minima.sheets:
        for cell in row:
            alive = [s for s in cell if not s.name.startswith("dead-")] or list(cell[:1])
            counts.append(len(alive))
            for sheet in alive:
                ids.append(names.setdefault(sheet.name, len(names)))
                data["phases"].setdefault(sheet.name, _look(sheet.name, sheet.outcome))
                parts = (sheet.terms, sheet.weights, sheet.bias)
                rows.append(np.concatenate([np.ravel(part) for part in parts]))
    data["names"] = list(names)
    return {
        "S": [float(s) for s in minima.sparsities],
        "r": [float(w) for w in minima.importances],
        "counts": _base64(counts, "u1"),
        "ids": _base64(ids, "u1"),
        "data": _base64(rows, "<f4"),
    }


def _trained(trained: TrainedGrid, data: dict[str, Any]) -> dict[str, Any]:
    for outcome, name in zip(OUTCOMES, ("ignore", "dedicated", "antipodal"), strict=True):
        data["phases"].setdefault(outcome, _look(name, outcome))
    data["phases"].setdefault("diverged", {"colour": "#ffffff", "outcome": ""})
    outcomes = [*OUTCOMES, "diverged"]
    best = trained.best_outcomes
    ids = [outcomes.index(name) if name in outcomes else 3 for name in best.ravel().tolist()]
    return {
        "S": [float(s) for s in trained.sparsities],
        "r": [float(w) for w in trained.importances],
        "outcomes": outcomes,
        "ids": _base64(ids, "u1"),
        "losses": _base64(np.nan_to_num(trained.best_losses), "<f4"),
        "W": _base64(np.nan_to_num(trained.of_best(trained.weights)), "<f4"),
        "b": _base64(np.nan_to_num(trained.of_best(trained.biases)), "<f4"),
    }


def _base64(values: Any, kind: str) -> str:
    return b64encode(np.asarray(values, dtype=kind).tobytes()).decode("ascii")
