"""The loss of models of any number of interfering features, by the transform of their sum.

The series and the choice of its nodes are explained in `compiled.dense`; here rows are handed to
threads and put together to losses and gradients, with bounds on their errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .compiled.dense import dense_rows
from .dense_law import law_rows
from .inputs import Batch, Floats
from .law_table import LawTable, law_table
from .memory import checked_memory
from .threads import in_stretches, thread_count

TOLERANCE = 1e-10
"""The error of the loss that is aimed at by default, in units of the largest importance."""
GRADIENT = 5.0
"""The bound on an entry of I_j ∂ℓ_j/∂G_ji that is aimed at, in units of the loss's tolerance.

It is far above the error: the bound adds up the absolute values of an oscillating sum."""
ROUNDING = 2.220446049250313e-16
"""Of a row's loss, in units of I_j (1 + ‖G_j‖₁ + |b_j|)²."""


class DenseResult(NamedTuple):
    loss: Floats
    error: Floats
    """A bound on the error of each loss, or an estimate (docs/dense-loss.md)."""
    dW: Floats
    db: Floats
    slope_error: Floats
    """The same of the largest entry of each gradient."""


def dense_loss(
    batch: Batch, models: Iterable[int], gradient: bool, tolerance: float | None
) -> DenseResult:
    """Loss, error and gradient of some models of a batch, one after another, rows in threads."""
    m, n = batch.m, batch.n
    wanted = [int(model) for model in models]
    checked_memory(8.0 * (2 * n * n + len(wanted) * (m * n + n)), f"models of {n} features")
    law = batch.law if batch.source is None else law_table(batch.source)
    loss = np.empty(len(wanted))
    error = np.empty(len(wanted))
    dW = np.empty((len(wanted) if gradient else 0, m, n))
    db = np.empty((len(wanted) if gradient else 0, n))
    slope_error = np.empty(len(wanted))
    H = np.empty((n, n) if gradient else (1, 1))
    for e, model in enumerate(wanted):
        W, b, I, S = batch.model(model)  # noqa: E741 the paper's letter
        G = W.T @ W
        db_e = db[e] if gradient else np.empty(1)
        loss[e], error[e], rows = _rows(law, G, b, I, S, gradient, tolerance, H, db_e)
        if gradient:
            dW[e] = W @ (H + H.T)
            # ∂L/∂W_ki = Σ_j W_kj (H_ji + H_ij), each entry of row j of H wrong by rows_j.
            size = np.abs(W)
            both = size @ rows + size.sum(axis=1) * rows.max(initial=0.0)
            slope_error[e] = max(both.max(initial=0.0), rows.max(initial=0.0))
    return DenseResult(loss, error, dW, db, slope_error)


def _rows(
    law: int | LawTable,
    G: Floats,
    b: Floats,
    importance: Floats,
    S: Floats,
    gradient: bool,
    tolerance: float | None,
    H: Floats,
    db: Floats,
) -> tuple[float, float, Floats]:
    """The loss, its error, and that of each row's slopes; H and ∂L/∂b are written."""
    n = len(b)
    aim = (TOLERANCE if tolerance is None else tolerance) * float(np.max(importance))
    losses = np.zeros(n)
    errors = np.zeros((n, 3))
    slope = GRADIENT * aim if gradient else np.inf
    share = aim / max(1, int(np.count_nonzero(importance)))

    def run(lo: int, hi: int) -> None:
        rest = (G, b, importance, S, lo, hi, gradient, share, slope)
        if isinstance(law, LawTable):
            law_rows(law, *rest, losses, H, db, errors)
        else:
            dense_rows(law, *rest, losses, H, db, errors)

    worth = n > 24 and not isinstance(law, LawTable)
    in_stretches(run, n, min(n, thread_count()) if worth else 1)
    reach = 1.0 + np.abs(G).sum(axis=1) + np.abs(b)
    error = errors[:, 0].sum() + ROUNDING * (importance @ reach**2)
    return float(losses.sum()), float(error), errors[:, 1] + ROUNDING * importance * reach
