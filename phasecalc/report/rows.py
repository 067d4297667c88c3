"""What is shown of a record: headings and tables of words and formulas, in no typography yet.

The one source of the terminal's tables (`text`) and the notebook's (`notebook`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import NamedTuple, TypeAlias

import sympy

from ..blocks.block import Block
from ..blocks.candidate import Candidate
from ..diagram.known_better import known_better
from ..diagram.pair import PairBoundary, PairDiagram, PairPhase, PairPoint
from ..diagram.phase_diagram import PhaseDiagram
from ..diagram.transition import Boundary, Junction
from ..exact.forms import has_more_operations
from ..exact.loss import SparseLoss
from ..exact.truncated import TruncatedPower
from ..laws import Law
from ..proofs.language import Between, Decimal, equal
from ..supports import Independent
from ..symbols import S, c, p, r
from .plain import plain

Cell: TypeAlias = str | sympy.Basic
"""A word or a formula."""

MOST_WRITTEN = 2_000
"""Operations in a formula beyond which it is not printed."""

_SEARCHED = 9
"""Features up to which there is a global source."""
_PHASES = ("name", "extra feature", "loss")
_BOUNDARIES = ("phases", "line", "for", "order", "latent heat", "slope dr/dS", "status")
_JUNCTIONS = ("S", "p", "r", "loss", "status", "phases")


class Table(NamedTuple):
    """A table: what it shows, the headers, and the rows."""

    caption: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "dimension"), counted(2, "dimension")
    ('1 dimension', '2 dimensions')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def conventions(law: Law) -> list[str]:
    """What the formulas of every table mean."""
    return [
        "y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
        f"S = P(x_j = 0), p = 1 − S, magnitudes of active features: {law.text}",
    ]


def heading(record: object) -> list[str]:
    """Lines above the tables: what it is; the conventions follow."""
    if isinstance(record, PhaseDiagram):
        model = record.model
        importance = {1: "(r)", 2: "(1, r)"}.get(model.n_features, "(1, …, 1, r)")
        return [
            f"{counted(model.n_features, 'feature')} in {counted(model.d_hidden, 'dimension')}, "
            f"importance {importance}, source: {record.source}",
            "exact among its candidates; free weights may be lower"
            + (": see --source global" if model.n_features <= _SEARCHED else ""),
            *_known_better(record),
            *conventions(model.law),
        ]
    if isinstance(record, PairDiagram):
        first, second = record.model.importance
        return [
            f"2 features in 1 dimension, importance ({first}, {second}), source: {record.source}",
            "exact among its candidates, over p and c = P(both are active), max(0, 2p − 1) ≤ c ≤ p",
            conventions(record.model.law)[0],
            f"p = P(x_j ≠ 0), magnitudes of active features: {record.model.law.text}",
        ]
    if isinstance(record, SparseLoss):
        number = len(record.bias)
        return [
            f"{counted(number, 'feature')}, importance ({_joined(record.importance)}), "
            f"bias ({_joined(record.bias)})",
            *conventions(record.law),
            f"L = Σ_k p^k S^({number}−k) L_k"
            if record.support == Independent()
            else f"active together: {record.support.text}",
        ]
    return []


def _known_better(record: PhaseDiagram) -> list[str]:
    """Where lower weights are known, by how much."""
    found = known_better(record)
    if found is None:
        return []
    below = 1 - float(found.loss) / float(found.candidates)
    return [
        f"lower weights are known: at S = {found.sparsity}, r = {found.importance} with "
        f"L = {float(found.loss):.6g}, {100 * below:.0f} % below the candidates' "
        f"{float(found.candidates):.6g}"
    ]


def footing(record: object) -> list[str]:
    """Lines below the tables."""
    if isinstance(record, PhaseDiagram):
        winning = {phase.name for phase in record.phases}
        beaten = [c.name for c in record.candidates if c.name not in winning]
        lines = [f"Nowhere lowest: {', '.join(beaten)}"] if beaten else []
        if record.blocks:
            lines.append(f"Blocks considered: {', '.join(record.blocks)}")
        return lines
    return []


@singledispatch
def tables(record: object) -> Iterable[Table]:
    """The tables of a record."""
    raise TypeError(f"{type(record).__name__} has no table")


@tables.register
def _(record: SparseLoss) -> Iterable[Table]:
    rows: list[tuple[str, sympy.Expr]] = [(f"L_{k}", term) for k, term in enumerate(record.terms)]
    rows.insert(2, ("  feature benefit", record.benefit))
    rows.insert(3, ("  interference", record.interference))
    rows.append(("L", record.total))
    if all(cell.is_rational is not False for _, value in rows for cell in _constants(value)):
        return (Table("", ("term", "value"), rows),)
    wider = [(name, value, decimals(value)) for name, value in rows]
    return (Table("", ("term", "value", "decimals"), wider),)


def _constants(formula: sympy.Expr) -> set[sympy.Expr]:
    """The radicals of a formula."""
    return {part for part in formula.atoms(sympy.Pow) if part.is_number}


@tables.register
def _(record: Candidate) -> Iterable[Table]:
    weights = "; ".join(", ".join(map(str, row)) for row in record.weights)
    row = (record.name, record.outcome, record.loss, weights, sympy.Tuple(*record.bias))
    return (Table("", (*_PHASES, "weights", "bias"), [row]),)


@tables.register
def _(record: Block) -> Iterable[Table]:
    gram = "; ".join(", ".join(str(g) for g in row) for row in record.gram)
    row = (
        record.name,
        f"{record.size} in {record.dimensions}",
        gram,
        _joined(record.bias),
        record.loss(),
    )
    return (Table("", ("name", "features", "overlaps", "bias", "loss"), [row]),)


@tables.register
def _(record: Boundary) -> Iterable[Table]:
    return (Table("", _BOUNDARIES, [_boundary_row(record)]),)


@tables.register
def _(record: Junction) -> Iterable[Table]:
    return (Table("", _JUNCTIONS, [_junction_row(record)]),)


@tables.register
def _(record: PhaseDiagram) -> Iterable[Table]:
    return diagram_tables(record)


def diagram_tables(record: PhaseDiagram | PairDiagram, *, in_S: bool = False) -> Iterable[Table]:
    """The tables of an exact diagram; with `in_S` intervals and vertical lines are those of S.

    Raises `ValueError` for S in a diagram over p and P(both are active).
    """
    if isinstance(record, PairDiagram):
        if in_S:
            raise ValueError("in = 'S': a diagram over p and P(both are active) is in p")
        return tables(record)
    phases = [(phase.name, phase.outcome, phase.loss) for phase in record.phases]
    boundaries = [_boundary_row(boundary, in_S=in_S) for boundary in record.boundaries]
    junctions = list(map(_junction_row, record.junctions))
    return (
        Table(f"Phases ({len(phases)})", _PHASES, phases),
        Table(f"Boundaries ({len(boundaries)})", _BOUNDARIES, boundaries),
        Table(f"Junctions ({len(junctions)})", _JUNCTIONS, junctions),
    )


@tables.register
def _(record: PairPhase) -> Iterable[Table]:
    return (Table("", _PHASES, [(record.name, record.outcome, record.loss)]),)


@tables.register
def _(record: PairBoundary) -> Iterable[Table]:
    low, high = record.interval
    row = (
        " | ".join(record.phases),
        equal(c, record.formula),
        Between(low, p, high),
        str(record.order),
        record.status,
    )
    return (Table("", ("phases", "line", "for", "order", "status"), [row]),)


@tables.register
def _(record: PairPoint) -> Iterable[Table]:
    row = (
        record.feature_probability,
        record.both,
        record.loss,
        record.status,
        ", ".join(record.phases),
    )
    return (Table("", ("p", "c", "loss", "status", "phases"), [row]),)


@tables.register
def _(record: PairDiagram) -> Iterable[Table]:
    parts = (
        ("Phases", record.phases),
        ("Boundaries", record.boundaries),
        ("Ends", record.special_points),
    )
    for caption, items in parts:
        found = [next(iter(tables(item))) for item in items]
        if found:
            rows = [row for table in found for row in table.rows]
            yield Table(f"{caption} ({len(rows)})", found[0].headers, rows)


def line_of(boundary: Boundary, *, in_S: bool = False) -> sympy.Eq:
    """The equation of a coexistence line; of a vertical one in p, or in S."""
    if boundary.importance is None:
        at: sympy.Expr = boundary.feature_probability
        return equal(S, number(1 - at)) if in_S else equal(p, number(at))
    return equal(r, boundary.importance)


def point_of(junction: Junction) -> sympy.Eq:
    """The equation of a junction."""
    where = sympy.Tuple(number(junction.sparsity), number(junction.importance))
    return equal(sympy.Tuple(S, r), where)


def number(value: sympy.Expr) -> sympy.Expr:
    """A rational number as it is, a radical with its decimals, any other by its decimals alone."""
    if value.has(sympy.CRootOf):
        return sympy.Symbol(f"{sympy.N(value, 12)}…")
    if value.is_number and value.is_finite and not value.is_rational:
        return Decimal(value, sympy.Symbol(f"{sympy.N(value, 6)}"))
    return value


def decimals(formula: sympy.Expr) -> sympy.Expr:
    """A formula with its radicals as decimals; truncated powers count as symbols.

    A formula that is too long to be printed stays as it is.

    >>> from phasecalc.report.plain import plain
    >>> plain(decimals(sympy.sqrt(2) * p**2 - sympy.sqrt(5) / 4))
    '1.41421 p² − 0.559017'
    """
    if has_more_operations(formula, MOST_WRITTEN):
        return formula
    expanded = sympy.expand(formula)
    truncated = {term: sympy.Dummy() for term in expanded.atoms(TruncatedPower)}
    bare = expanded.xreplace(truncated)
    symbols = sorted(bare.free_symbols, key=str)
    if not symbols or not bare.is_polynomial(*symbols):
        rounded = {term: term.evalf(6) for term in expanded.atoms(sympy.Pow) if term.is_number}
        return expanded.xreplace(rounded).evalf(6)
    total: sympy.Expr = sympy.Integer(0)
    for powers, coefficient in sympy.Poly(bare, *symbols).terms():
        value = sympy.Abs(coefficient)
        if not value.is_Integer:
            value = sympy.Symbol(f"{value.evalf(6)}", positive=True)
        monomial = sympy.prod(s**k for s, k in zip(symbols, powers, strict=True))
        total += sympy.sign(coefficient) * value * monomial
    back = {
        dummy: TruncatedPower(decimals(term.args[0]), term.args[1])
        for term, dummy in truncated.items()
    }
    return total.xreplace(back)


def _boundary_row(boundary: Boundary, *, in_S: bool = False) -> tuple[Cell, ...]:
    if boundary.is_vertical:
        low, high = boundary.importance_interval
        where: Cell = Between(number(low), r, number(high))
    elif in_S:
        low, high = (1 - end for end in reversed(boundary.interval))
        # S = 0 belongs to the diagram, S = 1 does not.
        sign = "≤" if low == 0 else "<"
        where = f"{plain(number(low))} {sign} S < {plain(number(high))}"
    else:
        low, high = boundary.interval
        # S = 0 belongs to the diagram, S = 1 does not.
        closed = (True,) if high == 1 else ()
        where = Between(number(low), p, number(high), *closed)
    return (
        " | ".join(boundary.phases),
        line_of(boundary, in_S=in_S),
        where,
        str(boundary.order),
        -boundary.gradient_jump[1],
        "vertical" if boundary.slope is None else boundary.slope,
        boundary.status,
    )


def _junction_row(junction: Junction) -> tuple[Cell, ...]:
    return (
        number(junction.sparsity),
        number(junction.feature_probability),
        number(junction.importance),
        number(junction.loss),
        junction.status,
        ", ".join(junction.phases),
    )


def _joined(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
