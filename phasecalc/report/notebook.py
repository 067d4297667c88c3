"""Records for a notebook (a formula, a table) and for a terminal (aligned text)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from html import escape
from typing import TypeAlias

import sympy

from ..configurations import Candidate
from ..diagram.phase_diagram import PhaseDiagram
from ..diagram.transition import Boundary, Junction
from ..exact.loss import SparseLoss
from ..proofs.language import Between, equal, named_loss
from ..symbols import S, p, r
from .latex import latex
from .plain import plain
from .text import diagram_text, loss_text

Cell: TypeAlias = str | sympy.Basic | None
"""A word, a formula, or nothing."""

Rows = Sequence[Sequence[Cell]]

_PHASES = ("phase", "extra feature", "loss")
_BOUNDARIES = ("phases", "line", "for", "order", "latent heat", "slope dr/dS", "status")
_JUNCTIONS = ("point (S, r)", "loss", "phases", "status")


def record_latex(record: object) -> str:
    """The formulas of a record between dollar signs."""
    lines = [
        latex(formula) if isinstance(formula, sympy.Basic) else "" for formula in _formulas(record)
    ]
    if len(lines) == 1:
        return rf"$\displaystyle {lines[0]}$"
    return "$$\\begin{array}{l}\n" + " \\\\\n".join(lines) + "\n\\end{array}$$"


def record_html(record: object) -> str:
    """The tables of a record; formulas are set by MathJax."""
    return "\n".join(_html_table(*table) for table in _tables(record))


@singledispatch
def record_text(record: object) -> str:
    """The record as aligned text."""
    return "\n".join(
        f"{name:<{width}}  {_plain(cell)}"
        for _, headers, rows in _tables(record)
        for width in [max(map(len, headers))]
        for row in rows
        for name, cell in zip(headers, row, strict=True)
    )


@record_text.register
def _(record: PhaseDiagram) -> str:
    return diagram_text(record)


@record_text.register
def _(record: SparseLoss) -> str:
    return loss_text(record)


@singledispatch
def _formulas(record: object) -> Iterable[sympy.Basic]:
    raise TypeError(f"{type(record).__name__} has no formula")


@_formulas.register
def _(record: SparseLoss) -> Iterable[sympy.Basic]:
    return (equal(sympy.Symbol("L"), record.total),)


@_formulas.register
def _(record: Candidate) -> Iterable[sympy.Basic]:
    return (equal(named_loss(record.name), record.loss),)


@_formulas.register
def _(record: Boundary) -> Iterable[sympy.Basic]:
    return (_line(record),)


@_formulas.register
def _(record: Junction) -> Iterable[sympy.Basic]:
    return (_point(record),)


@_formulas.register
def _(record: PhaseDiagram) -> Iterable[sympy.Basic]:
    return (
        *(equal(named_loss(phase.name), phase.loss) for phase in record.phases),
        *map(_line, record.boundaries),
        *map(_point, record.junctions),
    )


Table = tuple[str, Sequence[str], Rows]
"""Caption, headers and rows."""


@singledispatch
def _tables(record: object) -> Iterable[Table]:
    raise TypeError(f"{type(record).__name__} has no table")


@_tables.register
def _(record: SparseLoss) -> Iterable[Table]:
    rows: list[tuple[Cell, Cell]] = [
        (sympy.IndexedBase("L")[k], term) for k, term in enumerate(record.terms)
    ]
    rows.insert(2, ("feature benefit", record.benefit))
    rows.insert(3, ("interference", record.interference))
    rows.append((sympy.Symbol("L"), record.total))
    caption = f"{len(record.bias)} features, {record.law.name} law; a sum over features, S = 1 − p"
    return ((caption, ("term", "value"), rows),)


@_tables.register
def _(record: Candidate) -> Iterable[Table]:
    weights = "; ".join(", ".join(map(str, row)) for row in record.weights)
    return (
        (
            "",
            (*_PHASES, "weights", "bias"),
            [(record.name, record.outcome, record.loss, weights, sympy.Tuple(*record.bias))],
        ),
    )


@_tables.register
def _(record: Boundary) -> Iterable[Table]:
    return (("", _BOUNDARIES, [_boundary_row(record)]),)


@_tables.register
def _(record: Junction) -> Iterable[Table]:
    return (("", _JUNCTIONS, [_junction_row(record)]),)


@_tables.register
def _(record: PhaseDiagram) -> Iterable[Table]:
    model = record.model
    title = f"{model.n_features} features in {model.d_hidden} dimensions, {model.law.name} law"
    return (
        (
            f"Phases ({title})",
            _PHASES,
            [(phase.name, phase.outcome, phase.loss) for phase in record.phases],
        ),
        ("Boundaries", _BOUNDARIES, [_boundary_row(b) for b in record.boundaries]),
        ("Junctions", _JUNCTIONS, [_junction_row(j) for j in record.junctions]),
    )


def _line(boundary: Boundary) -> sympy.Eq:
    if boundary.importance is None:
        return equal(p, boundary.feature_probability)
    return equal(r, boundary.importance)


def _point(junction: Junction) -> sympy.Eq:
    return equal(sympy.Tuple(S, r), sympy.Tuple(junction.sparsity, junction.importance))


def _boundary_row(boundary: Boundary) -> tuple[Cell, ...]:
    low, high = boundary.importance_interval if boundary.is_vertical else boundary.interval
    return (
        " | ".join(boundary.phases),
        _line(boundary),
        Between(low, r if boundary.is_vertical else p, high),
        str(boundary.order),
        boundary.latent_heat,
        boundary.slope if boundary.slope is not None else "vertical",
        boundary.status,
    )


def _junction_row(junction: Junction) -> tuple[Cell, ...]:
    return (
        sympy.Tuple(junction.sparsity, junction.importance),
        junction.loss,
        ", ".join(junction.phases),
        junction.status,
    )


def _plain(cell: Cell) -> str:
    return plain(cell) if isinstance(cell, sympy.Basic) else str(cell)


def _html(cell: Cell) -> str:
    if isinstance(cell, sympy.Basic):
        return f"${escape(latex(cell))}$"
    return escape(str(cell))


def _html_table(caption: str, headers: Sequence[str], rows: Rows) -> str:
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    return f"<table>\n{title}<tr>{head}</tr>\n{body}\n</table>"
