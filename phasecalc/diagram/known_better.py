"""Weights that are known to be better than every candidate, where the candidates miss much.

They are minima that `minimize` found, rounded to simple rational numbers; what they show is not
taken from there: their loss is computed exactly each time, and so is that of the candidates.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from ..exact.loss import decompose
from ..inputs import Scalar, parse_matrix, parse_vector
from ..laws import Uniform
from .phase_diagram import PhaseDiagram

_SPARSITY = Fraction(19, 20)
_WEIGHTS = {
    (3, 1): ("21/20, -1, 2/5", "-4/25, 0, 1/50"),
    (4, 1): ("21/20, -1, 7/20, 7/20", "-4/25, 0, 1/50, 1/50"),
    (5, 2): (
        "23/20, 7/20, -9/10, -9/10, 7/20; 0, 11/10, -13/20, 13/20, -11/10",
        "-6/25, -6/25, -6/25, -6/25, -6/25",
    ),
    (6, 2): (
        "6/5, 3/5, -3/5, -6/5, -3/5, 3/5; 0, 21/20, 21/20, 0, -21/20, -21/20",
        "-11/25, -11/25, -11/25, -11/25, -11/25, -11/25",
    ),
}
"""(W, b) by (n, m): features of equal importance, at S = 19/20."""


class Better(NamedTuple):
    """Exact losses at one point: of the known weights, and the least of the candidates."""

    sparsity: Fraction
    importance: int
    loss: Scalar
    candidates: Scalar


def known_better(diagram: PhaseDiagram) -> Better | None:
    """A point at which weights are known that are lower than every candidate; None without one.

    >>> from phasecalc import ToyModel, phase_diagram
    >>> found = known_better(phase_diagram(ToyModel(5, 2)))
    >>> round(float(found.loss), 6), round(float(found.candidates), 6)
    (0.009086, 0.017708)
    """
    model = diagram.model
    known = _WEIGHTS.get((model.n_features, model.d_hidden))
    if known is None or not model.is_standard or model.law != Uniform():
        return None
    weights, bias = parse_matrix(known[0], "weights"), parse_vector(known[1], "bias")
    loss = decompose(weights, bias).at_sparsity(_SPARSITY)
    least = diagram.minimum(_SPARSITY, 1)
    return Better(_SPARSITY, 1, loss, least) if loss < least else None
