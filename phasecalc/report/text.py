"""Records as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from tabulate import tabulate

from ..diagram.phase_diagram import PhaseDiagram
from ..diagram.transition import Boundary
from ..exact.loss import SparseLoss
from ..inputs import Scalar
from ..model import Law

_LAWS = {"uniform": "uniform on [0, 1]", "point": "1"}


def diagram_text(diagram: PhaseDiagram) -> str:
    """Phases, boundaries and junctions as tables, under the conventions that they use."""
    model = diagram.model
    lines = [
        f"{model.n_features} features in {model.d_hidden} "
        f"dimension{'s' if model.d_hidden > 1 else ''}, importance "
        f"{_importance(model.n_features)}, source: {diagram.source}",
        *conventions(model.law),
        "",
        f"Phases ({len(diagram.phases)})",
        table(
            ("name", "extra feature", "loss"),
            [(phase.name, phase.outcome, phase.loss) for phase in diagram.phases],
        ),
        "",
        f"Boundaries ({len(diagram.boundaries)})",
        table(
            ("phases", "line", "for", "order", "latent heat", "slope dr/dS", "status"),
            [_boundary_row(boundary) for boundary in diagram.boundaries],
        ),
        "",
        f"Junctions ({len(diagram.junctions)})",
        table(
            ("S", "p", "r", "loss", "status", "phases"),
            [
                (
                    _number(j.sparsity),
                    _number(j.feature_probability),
                    _number(j.importance),
                    _number(j.loss),
                    j.status,
                    ", ".join(j.phases),
                )
                for j in diagram.junctions
            ],
        ),
    ]
    beaten = [c.name for c in diagram.candidates if c not in diagram.phases]
    if beaten:
        lines += ["", f"Nowhere lowest: {', '.join(beaten)}"]
    return "\n".join(lines)


def loss_text(loss: SparseLoss, sparsity: Scalar | None = None) -> str:
    """The terms L_0 … L_n, the two parts of L_1, and the total."""
    rows: list[tuple[object, object]] = [(f"L_{k}", term) for k, term in enumerate(loss.terms)]
    rows.insert(2, ("  feature benefit", loss.benefit))
    rows.insert(3, ("  interference", loss.interference))
    rows.append(("L", loss.total))
    if sparsity is not None:
        value = loss.at_sparsity(sparsity)
        rows.append((f"L at S = {sparsity}", _number(value) if value.is_number else value))
    importance = ", ".join(str(weight) for weight in loss.importance)
    return "\n".join(
        [
            f"{len(loss.bias)} feature{'s' if len(loss.bias) > 1 else ''}, "
            f"importance ({importance}), bias ({', '.join(map(str, loss.bias))})",
            *conventions(loss.law),
            f"  L = Σ_k p^k S^({len(loss.bias)}−k) L_k",
            "",
            table(("term", "value"), rows),
        ]
    )


def conventions(law: Law) -> list[str]:
    return [
        "  y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
        f"  S = P(x_j = 0), p = 1 − S, magnitudes of active features: {_LAWS[law.name]}",
    ]


def _importance(n: int) -> str:
    return "(1, r)" if n == 2 else "(r)" if n == 1 else "(1, …, 1, r)"


def _boundary_row(boundary: Boundary) -> tuple[object, ...]:
    low, high = (_number(end) for end in boundary.interval)
    if boundary.importance is not None:
        closed = "≤" if boundary.interval[1] == 1 else "<"
        line, where = f"r = {boundary.importance}", f"{low} < p {closed} {high}"
    else:
        least, most = (_number(end) for end in boundary.importance_interval)
        line = f"p = {_number(boundary.interval[0])}"
        where = f"r > {least}" if most == "oo" else f"{least} < r < {most}"
    return (
        " | ".join(boundary.phases),
        line,
        where,
        boundary.order,
        boundary.latent_heat,
        "vertical" if boundary.slope is None else boundary.slope,
        boundary.status,
    )


def _number(value: sympy.Expr) -> str:
    """A rational or quadratic surd as it is, another number by its decimals."""
    if value.has(sympy.CRootOf):
        return f"{sympy.N(value, 12)}…"
    return str(value)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return "  (none)"
    cells = [[str(cell) for cell in row] for row in rows]
    text = tabulate(cells, headers=headers, tablefmt="simple", disable_numparse=True)
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
