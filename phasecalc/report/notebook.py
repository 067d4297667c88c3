"""Records for a notebook (a picture, a formula, a table) and for a terminal (aligned text)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import singledispatch
from html import escape
from importlib import import_module
from io import BytesIO
from typing import Any

import sympy

from ..blocks.candidate import Candidate
from ..diagram.pair import PairBoundary, PairDiagram, PairPhase, PairPoint
from ..diagram.phase_diagram import PhaseDiagram
from ..diagram.transition import Boundary, Junction
from ..display import Listed
from ..exact.loss import SparseLoss
from ..proofs.language import equal, named_loss
from ..proofs.record import Derivation, Step
from ..symbols import c, p
from .latex import latex
from .numbers import numbers_table, summary
from .rows import Cell, Table, footing, heading, line_of, point_of, tables
from .text import cells_table, diagram_text, loss_text, shown

_TEXTS = {
    "TracedDiagram": ("traced", "traced_text"),
    "Slice": ("slices", "slice_text"),
    "Minimum": ("minima", "minimum_text"),
    "LocalMinimum": ("minima", "local_text"),
    "Certificate": ("certificates", "certificate_text"),
    "CellMap": ("cells", "cell_map_text"),
    "CrossCheck": ("text_trained", "check_text"),
    "TrainedGrid": ("text_trained", "trained_text"),
    "Regret": ("regret", "regret_text"),
    "Description": ("described", "described_text"),
    "Geometry": ("limit", "geometry_text"),
    "LimitDiagram": ("limit", "limit_text"),
    "LimitState": ("limit", "state_text"),
    "InvariantPoint": ("limit", "invariant_text"),
}
"""Text of records whose modules are imported by the time that there is such a record."""

_PICTURES = {
    "PhaseDiagram": ("plot", "plot_diagram"),
    "PairDiagram": ("plot", "plot_diagram"),
    "TracedDiagram": ("plot", "plot_diagram"),
    "Slice": ("plot_slice", "plot_slice"),
    "CellMap": ("plot_cells", "plot_cells"),
}
_DPI = 110


def _of(record: object, table: dict[str, tuple[str, str]]) -> Callable[[Any], Any] | None:
    found = table.get(type(record).__name__)
    if found is None:
        return None
    return getattr(import_module(f"phasecalc.report.{found[0]}"), found[1])  # type: ignore[no-any-return]


def record_latex(record: object) -> str | None:
    """The formulas of a record between dollar signs; None where it has none."""
    try:
        lines = [latex(formula) for formula in _formulas(record)]
    except _NoFormula:
        return None
    if len(lines) == 1:
        return rf"$\displaystyle {lines[0]}$"
    return "$$" + _array(lines) + "$$"


def record_to_latex(record: object, *, sparsity: bool = False) -> str:
    """LaTeX for a document: a formula without dollar signs, or tables of several records."""
    if isinstance(record, PhaseDiagram | PairDiagram):
        return "\n\n".join(_latex_table(found, sparsity) for found in tables(record) if found.rows)
    if type(record).__name__ == "TracedDiagram":
        return _traced_latex(record, sparsity)
    lines = [latex(formula, sparsity=sparsity) for formula in _formulas(record)]
    return lines[0] if len(lines) == 1 else _array(lines)


def _array(lines: list[str]) -> str:
    return "\\begin{array}{l}\n" + " \\\\\n".join(lines) + "\n\\end{array}"


def record_html(record: object) -> str:
    """The picture of a record that has one, and its tables; formulas are set by MathJax."""
    if type(record).__name__ in _PICTURES:
        return _with_picture(record, record_png(record))
    return _html_body(record)


def record_png(record: object) -> bytes:
    """The picture of a record as a PNG file."""
    draw = _of(record, _PICTURES)
    assert draw is not None
    stream = BytesIO()
    draw(record).savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return stream.getvalue()


def drawn_bundle(record: object) -> dict[str, str]:
    """What a notebook keeps of a drawn record; the picture is drawn once."""
    png = record_png(record)
    return {
        "image/png": b64encode(png).decode("ascii"),
        "text/html": _with_picture(record, png),
        "text/plain": str(record),
    }


def _with_picture(record: object, png: bytes) -> str:
    return (
        f'<img alt="{escape(summary(record))}" style="max-width:100%;background:#fff" '
        f'src="data:image/png;base64,{b64encode(png).decode("ascii")}">\n'
        f"<details><summary>{escape(summary(record))}</summary>\n{_html_body(record)}\n</details>"
    )


def _html_body(record: object) -> str:
    text = _of(record, _TEXTS)
    if text is not None:
        return f"<pre>{escape(text(record))}</pre>"
    above, below = ("<br>\n".join(map(escape, lines(record))) for lines in (heading, footing))
    return "\n".join(
        [
            *([f"<p>{above}</p>"] if above else []),
            *map(_html_table, tables(record)),
            *([f"<p>{below}</p>"] if below else []),
        ]
    )


def record_text(record: object) -> str:
    """The record as aligned text."""
    text = _of(record, _TEXTS)
    if text is not None:
        return str(text(record))
    if isinstance(record, PhaseDiagram | PairDiagram):
        return diagram_text(record)
    if isinstance(record, SparseLoss):
        return loss_text(record)
    if isinstance(record, Listed):
        return "\n\n".join(map(cells_table, tables(record))) if record else "(none)"
    return "\n".join(
        f"{name:<{width}}  {shown(cell)}"
        for _, headers, rows in tables(record)
        for width in [max(map(len, headers))]
        for row in rows
        for name, cell in zip(headers, row, strict=True)
    )


class _NoFormula(TypeError):
    """A record that is known by numbers."""


@singledispatch
def _formulas(record: Any) -> Iterable[sympy.Basic]:
    if type(record).__name__ == "SpecialPoint":
        return (equal(sympy.Tuple(sympy.Symbol("S"), sympy.Symbol("r")), _decimals(record)),)
    if type(record).__name__ == "TracedBoundary" and record.importance is not None:
        return (equal(sympy.Symbol("r"), record.importance),)
    raise _NoFormula(
        f"{type(record).__name__} has no formula: it is known by its points, see to_csv"
    )


def _decimals(point: Any) -> sympy.Tuple:
    """The place of a special point, as far as its error lets it be known."""
    places = max(1, min(15, -round(sympy.log(max(point.error, 1e-15), 10))))
    return sympy.Tuple(
        *(sympy.Symbol(f"{value:.{places}f}") for value in (point.sparsity, point.importance))
    )


@_formulas.register
def _(record: SparseLoss) -> Iterable[sympy.Basic]:
    return (equal(sympy.Symbol("L"), record.total),)


@_formulas.register
def _(record: Candidate) -> Iterable[sympy.Basic]:
    return (equal(named_loss(record.name), record.loss),)


@_formulas.register
def _(record: Boundary) -> Iterable[sympy.Basic]:
    return (line_of(record),)


@_formulas.register
def _(record: Junction) -> Iterable[sympy.Basic]:
    return (point_of(record),)


@_formulas.register
def _(record: Step) -> Iterable[sympy.Basic]:
    return (record.claim,)


@_formulas.register
def _(record: PhaseDiagram) -> Iterable[sympy.Basic]:
    return (
        *(equal(named_loss(phase.name), phase.loss) for phase in record.phases),
        *map(line_of, record.boundaries),
        *map(point_of, record.junctions),
    )


@_formulas.register
def _(record: PairPhase) -> Iterable[sympy.Basic]:
    return (equal(named_loss(record.name), record.loss),)


@_formulas.register
def _(record: PairBoundary) -> Iterable[sympy.Basic]:
    return (equal(c, record.formula),)


@_formulas.register
def _(record: PairPoint) -> Iterable[sympy.Basic]:
    where = sympy.Tuple(record.feature_probability, record.both)
    return (equal(sympy.Tuple(p, c), where),)


@_formulas.register
def _(record: PairDiagram) -> Iterable[sympy.Basic]:
    for part in (*record.phases, *record.boundaries):
        yield from _formulas(part)


@tables.register
def _(record: Listed) -> Iterable[Table]:  # type: ignore[type-arg]
    """One table of all records of a kind."""
    kinds: dict[type, list[object]] = {}
    for item in record:
        kinds.setdefault(type(item), []).append(item)
    found = []
    for items in kinds.values():
        parts = [next(iter(tables(item))) for item in items]
        found.append(parts[0]._replace(rows=[row for part in parts for row in part.rows]))
    return found


@tables.register
def _(record: Derivation) -> Iterable[Table]:
    steps = ", ".join(step.label for step in record.steps)
    return (Table("", ("derivation", "title", "steps"), [(record.name, record.title, steps)]),)


@tables.register
def _(record: Step) -> Iterable[Table]:
    from .article import step_reason  # noqa: PLC0415  (that module is large)

    return (
        Table("", ("step", "reason", "claim"), [(record.label, step_reason(record), record.claim)]),
    )


def _traced_latex(record: Any, sparsity: bool) -> str:
    phases = Table("", ("phase", "extra feature"), [(q.name, q.outcome) for q in record.phases])
    parts = [phases]
    for items in (record.boundaries, record.special_points):
        if items:
            found = [numbers_table(item) for item in items]
            parts.append(found[0]._replace(rows=[row for part in found for row in part.rows]))
    return "\n\n".join(_latex_table(part, sparsity) for part in parts)


def _latex_table(found: Table, sparsity: bool) -> str:
    def cell(value: Cell) -> str:
        if isinstance(value, sympy.Basic):
            return f"${latex(value, sparsity=sparsity)}$"
        words = value.replace("_", r"\_").replace("%", r"\%").replace("…", r"\dots{}")
        return words.replace("|", r"$|$").replace("∂", r"$\partial$")

    rows = " \\\\\n".join(" & ".join(map(cell, row)) for row in found.rows)
    head = " & ".join(map(cell, found.headers))
    columns = "l" * len(found.headers)
    return f"\\begin{{tabular}}{{{columns}}}\n{head} \\\\ \\hline\n{rows}\n\\end{{tabular}}"


def _html(cell: Cell) -> str:
    if isinstance(cell, sympy.Basic):
        return f"${escape(latex(cell))}$"
    return escape(str(cell))


def _html_table(found: Table) -> str:
    head = "".join(f"<th>{escape(header)}</th>" for header in found.headers)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>" for row in found.rows
    )
    title = f"<caption>{escape(found.caption)}</caption>\n" if found.caption else ""
    return f"<table>\n{title}<tr>{head}</tr>\n{body}\n</table>"
