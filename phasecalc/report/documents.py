"""Records as JSON documents: exact numbers and formulas are text that SymPy reads back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from ..diagram.pair import PairDiagram
from ..diagram.phase_diagram import PhaseDiagram
from ..diagram.transition import Boundary, Junction
from ..exact.loss import SparseLoss
from ..inputs import Scalar
from ..supports import Independent
from ..symbols import in_sparsity
from .sizes import model_entries

Document = dict[str, Any]

_LONG, _MANY = 64, 1000
"""Bits of a number, and operations, beyond which a formula in S is not factored."""


def written(expr: sympy.Expr, in_S: bool) -> sympy.Expr:
    """A formula in p as it is, or in S, which `sympy.sympify(text, {"S": S})` reads.

    In S it is factored where that is quick.
    """
    if not in_S:
        return expr
    found = in_sparsity(expr)
    # SymPy's factors over long integers may take minutes.
    bits = (max(abs(n.p), n.q).bit_length() for n in found.atoms(sympy.Rational))
    short = max(bits, default=0) <= _LONG and found.count_ops() <= _MANY
    return sympy.factor(found) if short else found


def exact_document(diagram: PhaseDiagram | PairDiagram, *, in_S: bool = False) -> Document:
    """An exact diagram over either plane; formulas in S where it is said so."""
    if isinstance(diagram, PairDiagram):
        if in_S:
            raise ValueError("in = 'S': a diagram over p and P(both are active) is in p")
        return pair_document(diagram)
    return diagram_document(diagram, in_S=in_S)


def diagram_document(diagram: PhaseDiagram, *, in_S: bool = False) -> Document:
    """Model, phases, boundaries and junctions."""
    model = diagram.model
    return {
        "model": model_entries(model),
        "source": diagram.source,
        "phases": [
            {
                "name": phase.name,
                "description": phase.description,
                "outcome": phase.outcome,
                "loss": str(written(phase.loss, in_S)),
            }
            for phase in diagram.phases
        ],
        "boundaries": [boundary_document(boundary, in_S=in_S) for boundary in diagram.boundaries],
        "junctions": [junction_document(junction) for junction in diagram.junctions],
        "blocks": list(diagram.blocks),
    }


def pair_document(diagram: PairDiagram) -> Document:
    """Model, phases and boundaries over p and c."""
    return {
        "model": model_entries(diagram.model),
        "source": diagram.source,
        "phases": [
            {"name": phase.name, "outcome": phase.outcome, "loss": str(phase.loss)}
            for phase in diagram.phases
        ],
        "boundaries": [
            {
                "phases": list(line.phases),
                "both": str(line.formula),
                "p_interval": [str(end) for end in line.interval],
                "order": line.order,
                "status": line.status,
                "ends": [
                    {
                        "feature_probability": str(end.feature_probability),
                        "both": str(end.both),
                        "loss": str(end.loss),
                    }
                    for end in line.ends
                ],
            }
            for line in diagram.boundaries
        ],
    }


def boundary_document(boundary: Boundary, *, in_S: bool = False) -> Document:
    """One coexistence line; r_interval may end in "oo", slope is null for a vertical line.

    isolation holds certified rational intervals of the two ends of p_interval, null for formulas.
    """
    return {
        "phases": list(boundary.phases),
        "importance": _text(boundary.importance, in_S),
        "feature_probability": _text(boundary.feature_probability),
        "p_interval": [str(end) for end in boundary.interval],
        "r_interval": [str(end) for end in boundary.importance_interval],
        "order": boundary.order,
        "latent_heat": str(written(-boundary.gradient_jump[1], in_S)),
        "slope": _text(boundary.slope, in_S),
        "status": boundary.status,
        "isolation": boundary.isolation
        and [[str(bound) for bound in enclosure] for enclosure in boundary.isolation],
    }


def junction_document(junction: Junction) -> Document:
    """One point in which phases meet."""
    return {
        "phases": list(junction.phases),
        "sparsity": str(junction.sparsity),
        "importance": str(junction.importance),
        "loss": str(junction.loss),
        "status": junction.status,
        "isolation": junction.isolation and [str(bound) for bound in junction.isolation],
    }


def loss_document(
    loss: SparseLoss,
    weights: Sequence[Sequence[Scalar]],
    sparsity: Scalar | None = None,
    *,
    in_S: bool = False,
) -> Document:
    """The decomposition, and its value at a sparsity when one is given."""
    document: Document = {
        "weights": [[str(entry) for entry in row] for row in weights],
        "bias": [str(written(entry, in_S)) for entry in loss.bias],
        "importance": [str(entry) for entry in loss.importance],
        "law": str(loss.law),
        "terms": [str(written(term, in_S)) for term in loss.terms],
        "feature_benefit": str(loss.benefit),
        "interference": str(loss.interference),
        "total": str(written(loss.total, in_S)),
        **({} if loss.support == Independent() else {"support": str(loss.support)}),
    }
    if sparsity is not None:
        document |= {"sparsity": str(sparsity), "loss": str(loss.at_sparsity(sparsity))}
    return document


def _text(expr: sympy.Expr | None, in_S: bool = False) -> str | None:
    return None if expr is None else str(written(expr, in_S))
