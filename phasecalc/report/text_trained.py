"""Training experiments and their checks, as text for a terminal and as JSON documents."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from ..blocks.candidate import OUTCOMES
from ..experiment.crosscheck import CrossCheck
from ..experiment.measures import LEAST_NORM
from ..experiment.trained import REASONS, TrainedGrid
from ..model import ToyModel
from ..symbols import r
from .documents import Document
from .rows import conventions
from .sizes import importances as importance_words
from .sizes import sizes, support_lines
from .text import table

Floats = NDArray[np.float64]

_WORST = 5
"""Cells that a list in a text names."""


def trained_document(trained: TrainedGrid) -> Document:
    """Model, settings, and the summary; not the weights, which are in the file."""
    return {
        "model": _model(trained.model),
        "settings": asdict(trained.settings),
        "version": trained.version,
        "sparsities": trained.sparsities.tolist(),
        "importances": trained.importances.tolist(),
        "models": int(trained.losses.size),
        "trained": int(trained.done.sum()),
        "stopped": _stopped(trained),
        "largest_gradient_norm": _finite(_largest(trained.gradient_norms)),
        "shares": dict(zip(OUTCOMES, _shares(trained), strict=True)),
        "best_outcomes": {name: int((trained.best_outcomes == name).sum()) for name in OUTCOMES},
        "best_losses": [[_finite(loss) for loss in row] for row in trained.best_losses.tolist()],
    }


def trained_text(trained: TrainedGrid) -> str:
    """How many models stopped why, and what became of the extra feature."""
    settings = trained.settings
    way = (
        f"BFGS on the exact loss to gradient norm {settings.tolerance:g} min(1, sum_j I_j p)"
        if trained.method == "population"
        else f"{settings.steps} steps of AdamW on {settings.batch_size} samples, learning rate "
        f"{settings.learning_rate:g}, weight decay {settings.weight_decay:g}"
    )
    best = [int((trained.best_outcomes == name).sum()) for name in OUTCOMES]
    return "\n".join(
        [
            *_heading(trained.model, trained.sparsities, trained.importances),
            f"{settings.models_per_cell} models per cell, {settings.starts} starts, "
            f"seed {settings.seed}: {way}",
            "",
            "Why the models stopped",
            table(
                ("reason", "models", "part"),
                [
                    (name, count, _part(count, trained.losses.size))
                    for name, count in _stopped(trained).items()
                ],
            ),
            f"largest gradient norm of the exact loss: {_largest(trained.gradient_norms):.3g}",
            "",
            "What became of the extra feature",
            table(
                ("outcome", "all models", "best model of a cell"),
                [
                    (name, _part(share), _part(count, trained.best_losses.size))
                    for name, share, count in zip(OUTCOMES, _shares(trained), best, strict=True)
                ],
            ),
        ]
    )


def check_document(check: CrossCheck) -> Document:
    """The whole comparison, cells included."""
    return {
        "model": _model(check.model),
        "source": check.source,
        "method": check.method,
        "margin": check.margin,
        "threshold": check.threshold,
        "cells": int(check.agree.size),
        "agreement": check.agreement,
        "cells_away": int(check.away.sum()),
        "agreement_away": check.agreement_away if check.away.any() else None,
        "confusion": {
            theory: dict(zip(OUTCOMES, map(int, row), strict=True))
            for theory, row in zip(OUTCOMES, check.confusion, strict=True)
        },
        "lower": {
            "cells": int(check.lower.sum()),
            "by_at_most": _finite(max(0.0, -float(check.excess.min()))),
            "at": _places(check, check.lower),
        },
        "stuck": {
            "cells": int(check.stuck.sum()),
            "by_at_most": _finite(max(0.0, float(check.excess.max()))),
            "at": _places(check, check.stuck),
        },
        "losses_agree": check.losses_agree,
        "largest_mismatch": _finite(float(check.mismatches.max())),
        "rational_models": check.rational_models,
        "largest_rational_mismatch": _finite(check.rational_mismatch),
        "diverged": check.diverged,
        "passed": check.passed,
    }


def check_text(check: CrossCheck) -> str:
    """Agreement, confusion, and the cells in which training went below or stayed above."""
    differ = ~check.agree & check.away
    lines = [
        *_heading(check.model, check.sparsities, check.importances),
        f"theory: {check.source}; trained: {check.method}, the best model of each cell",
        "",
        f"Agreement on what becomes of the extra feature ({check.agree.size} cells)",
        f"  in all cells                {_part(check.agreement)}",
        f"  away from boundaries        {_away(check)}",
        *_rule(check),
        "",
        "Cells by the theory's outcome (rows) and the trained one",
        table(
            ("theory", *OUTCOMES),
            [(name, *row) for name, row in zip(OUTCOMES, check.confusion.tolist(), strict=True)],
        ),
        "",
        *_list(check, check.lower, -check.excess, "Training found a lower loss than the theory"),
        *_list(check, check.stuck, check.excess, "Training stayed above the theory's loss"),
    ]
    if differ.any():
        pairs = Counter(
            zip(check.phases[differ].tolist(), check.trained_outcomes[differ].tolist(), strict=True)
        )
        lines += ["Disagreement away from boundaries"]
        lines += [f"  theory {a}, trained {b}: {count}" for (a, b), count in pairs.most_common()]
        lines += [""]
    verdict = "passed" if check.passed else "failed"
    reasons = [
        f"trained losses {'are' if check.losses_agree else 'are not'} the exact losses of their "
        f"weights (largest deviation {check.mismatches.max():.2g} of what is allowed; "
        f"{_rational(check)})",
        f"agreement away from boundaries {_part(check.agreement_away)}, at least "
        f"{_part(check.threshold)} is asked for"
        if check.away.any()
        else "no cell is away from the boundaries, so that no outcome was compared",
        f"training stuck above the theory's loss in {int(check.stuck.sum())} cells",
    ]
    if check.diverged:
        reasons.append(f"{check.diverged} models diverged")
    return "\n".join([*lines, f"Check {verdict}: {'; '.join(reasons)}"])


def _away(check: CrossCheck) -> str:
    within = f"within a factor {check.margin:g} in p and r"
    if not check.away.any():
        return f"no cell: each has a boundary {within}"
    return f"{_part(check.agreement_away)} of {check.away.sum()} cells (none {within})"


def _rational(check: CrossCheck) -> str:
    if not check.rational_models:
        return "none was computed again with rational numbers"
    return (
        f"{check.rational_models} of them computed again with rational numbers, by other code: "
        f"{check.rational_mismatch:.2g}"
    )


def _rule(check: CrossCheck) -> list[str]:
    if check.source == "candidates":
        return []
    return [
        "  outcomes are measured in the theory's weights as in the trained ones: not represented",
        f"  is an extra feature whose norm is below {LEAST_NORM:g} (phasecalc names measured)",
    ]


def _heading(model: ToyModel, sparsities: Floats, importances: Floats) -> list[str]:
    across = f"{len(importances)} importances of the extra feature from {importances[0]:g} to "
    what = [
        f"{sizes(model)}, {len(sparsities)} sparsities from "
        f"{sparsities[0]:g} to {sparsities[-1]:g}",
        importance_words(model),
        f"{across}{importances[-1]:g}" if r in model.symbols else "",
    ]
    return [", ".join(filter(None, what)), *conventions(model.law), *support_lines(model)]


def _list(check: CrossCheck, where: NDArray[np.bool_], size: Floats, title: str) -> list[str]:
    count = int(where.sum())
    if not count:
        return [f"{title}: nowhere (by more than {check.slack.max():g})", ""]
    places = np.argwhere(where)
    order = np.argsort(-size[where], kind="stable")[:_WORST]
    rows = [
        (
            f"{check.sparsities[i]:.4g}",
            f"{check.importances[j]:.4g}",
            check.phases[i, j],
            f"{check.theory_losses[i, j]:.9g}",
            f"{check.trained_losses[i, j]:.9g}",
            f"{check.excess[i, j]:+.3g}",
        )
        for i, j in places[order]
    ]
    return [
        f"{title}: {count} cells, by up to {size[where].max():.3g}",
        table(("S", "r", "theory", "its loss", "trained loss", "difference"), rows),
        "",
    ]


def _places(check: CrossCheck, where: NDArray[np.bool_]) -> list[Document]:
    return [
        {
            "sparsity": float(check.sparsities[i]),
            "importance": float(check.importances[j]),
            "phase": str(check.phases[i, j]),
            "difference": _finite(float(check.excess[i, j])),
        }
        for i, j in np.argwhere(where)
    ]


def _model(model: ToyModel) -> Document:
    return {
        "n_features": model.n_features,
        "d_hidden": model.d_hidden,
        "law": str(model.law),
        "importance": [str(weight) for weight in model.importance],
    }


def _stopped(trained: TrainedGrid) -> dict[str, int]:
    counts = np.bincount(trained.reasons.ravel(), minlength=len(REASONS)).tolist()
    return {name: count for name, count in zip(REASONS, counts, strict=True) if count}


def _shares(trained: TrainedGrid) -> list[float]:
    reached = trained.outcomes[trained.done]
    return [float((reached == name).sum() / max(reached.size, 1)) for name in OUTCOMES]


def _finite(value: float) -> float | None:
    """The number, or None for what JSON has no number for."""
    return value if math.isfinite(value) else None


def _largest(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else float("nan")


def _part(part: float, of: int = 1) -> str:
    return f"{100 * part / of:.2f} %"
