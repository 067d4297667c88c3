"""Records as plain text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product, zip_longest
from typing import Any

import sympy

from ..diagram.pair import PairDiagram
from ..diagram.phase_diagram import PhaseDiagram
from ..exact.forms import has_more_operations
from ..exact.loss import SparseLoss
from ..inputs import Scalar
from .plain import plain
from .rows import (
    MOST_WRITTEN,
    Cell,
    Table,
    counted,
    decimals,
    diagram_tables,
    footing,
    heading,
    number,
    tables,
)

NARROW, WIDE = 22, 100
"""Characters of a formula in a table of many columns, and in one of two; longer ones are broken."""

_LONGEST = 20_000
"""Characters of a formula beyond which it is not printed: pages."""

_LONG, _DIGITS = 80, 12
"""Bits of a rational number that is printed as a decimal, and its digits."""

_BREAKS = (r" [+−] ", r" [+−] |/\(|(?<=\)) \(")
"""Where a line may end: between terms, and if that is not enough between factors."""


def diagram_text(diagram: PhaseDiagram | PairDiagram, *, in_S: bool = False) -> str:
    """Phases, boundaries and junctions as tables, under the conventions that they use.

    in_S : whether formulas are in S in place of p.
    """
    lines = _headed(diagram)
    for found in diagram_tables(diagram, in_S=in_S):
        lines += ["", found.caption, cells_table(found, in_S=in_S)]
    below = footing(diagram)
    return "\n".join([*lines, *([""] if below else []), *below])


def loss_text(loss: SparseLoss, sparsity: Scalar | None = None, *, in_S: bool = False) -> str:
    """The terms L_0 … L_n, the two parts of L_1, and the total."""
    (found,) = tables(loss)
    rows = list(found.rows)
    if sparsity is not None:
        value = sympy.sympify(loss.at_sparsity(sparsity))
        more = (value, decimals(value)) if len(found.headers) == 3 else (number(value),)
        rows.append((f"L at S = {sparsity}", *more))
    shorter = [tuple(map(_rounded, row)) for row in rows]
    note = ["", f"Numbers of many digits are rounded to {_DIGITS}."] if shorter != rows else []
    first, *others = _headed(loss)
    if note:
        first = f"{counted(len(loss.bias), 'feature')}, exact rational weights of many digits"
    return "\n".join(
        [first, *others, "", cells_table(found._replace(rows=shorter), in_S=in_S), *note]
    )


def numerical_loss_text(found: dict[str, Any], magnitudes: str, together: str) -> str:
    """A loss that is a number with its error, under the conventions that it uses."""
    return "\n".join(
        [
            f"{counted(len(found['bias']), 'feature')}, S = {found['sparsity']}, no exact formula",
            "  y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
            f"  magnitudes of active features: {magnitudes}",
            *([] if together == "independent" else [f"  active together: {together}"]),
            "",
            f"  L = {found['loss']:.15g}, numeric, error about {found['error']:.1e}",
        ]
    )


def _rounded(cell: Cell) -> Cell:
    """A formula with its rationals of many digits as decimals."""
    if not isinstance(cell, sympy.Basic) or has_more_operations(cell, MOST_WRITTEN):
        return cell
    long = [n for n in cell.atoms(sympy.Rational) if max(abs(n.p), n.q).bit_length() > _LONG]
    return cell.xreplace(
        {n: sympy.sign(n) * sympy.Symbol(f"{float(abs(n)):.{_DIGITS}g}") for n in long}
    )


def _headed(record: object) -> list[str]:
    first, *others = heading(record)
    return [first, *(f"  {line}" for line in others)]


def shown(cell: Cell, *, in_S: bool = False) -> str:
    """A word as it is, a formula as a person writes it in one line, unless it fills a book."""
    if not isinstance(cell, sympy.Basic):
        return cell
    if (
        not has_more_operations(cell, MOST_WRITTEN)
        and len(text := plain(cell, sparsity=in_S)) <= _LONGEST
    ):
        return text
    many = (
        f"more than {MOST_WRITTEN:,}"
        if has_more_operations(cell, MOST_WRITTEN)
        else f"{int(cell.count_ops()):,}"
    )
    return f"a formula of {many} operations, not written out"


def folded(text: str, width: int) -> str:
    """A formula in lines of at most `width` characters, broken before a + or − where possible.

    >>> print(folded("a + b (c − d) + e", 13))
    a + b (c − d)
    + e
    """
    depth_of = []
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        depth_of.append(depth)
    for level, places in product(range(max(depth_of, default=0) + 1), _BREAKS):
        marks = [m.start() for m in re.finditer(places, text) if depth_of[m.start()] <= level]
        ends = [*marks, len(text)]
        pieces = [text[a:b] for a, b in zip([0, *marks], ends, strict=True)]
        if max(map(len, pieces)) <= width:
            break
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) > width:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return "\n".join(lines)


def cells_table(found: Table, *, in_S: bool = False) -> str:
    """A table of words and formulas."""
    width = WIDE if len(found.headers) <= 3 else NARROW
    rows = [
        [
            folded(shown(cell, in_S=in_S), width) if isinstance(cell, sympy.Basic) else cell
            for cell in row
        ]
        for row in found.rows
    ]
    return table(found.headers, rows)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned columns under headers."""
    if not rows:
        return "  (none)"
    lines = [[str(cell).strip().split("\n") for cell in row] for row in rows]
    widths = [
        max([len(header) + 2, *(len(line) for row in lines for line in row[place])])
        for place, header in enumerate(headers)
    ]
    shown = [[header] for header in headers], [["-" * width] for width in widths], *lines
    found = []
    for row in shown:
        for parts in zip_longest(*row, fillvalue=""):
            aligned = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            found.append(("  " + "  ".join(aligned)).rstrip())
    return "\n".join(found)
