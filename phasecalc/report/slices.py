"""Slices as plain text and as JSON documents."""

from __future__ import annotations

import math
from math import isfinite
from typing import TYPE_CHECKING, Any

from .rows import conventions
from .sizes import model_entries, others, sizes
from .text import table
from .variant import variant_entries, variant_lines

if TYPE_CHECKING:
    from ..slices.records import Branch, BranchEnd, Slice

Document = dict[str, Any]


def slice_document(line: Slice) -> Document:
    """The line, F on it, its crossings and branches; numbers are floats."""
    model = line.model
    return {
        "model": model_entries(model),
        "source": line.source,
        **variant_entries(model),
        line.fixed: line.at,
        "varied": line.varied,
        "symbols": dict(zip(("sparsity", "importance"), line.axes, strict=True)),
        "values": line.values.tolist(),
        "losses": line.losses.tolist(),
        "labels": list(line.labels),
        "crossings": [
            {
                "phases": list(crossing.phases),
                "value": crossing.value,
                "loss": crossing.loss,
                "jump": crossing.jump,
                "nature": crossing.nature,
                "error": crossing.error,
            }
            for crossing in line.crossings
        ],
        "branches": [
            {
                "name": branch.name,
                "outcome": branch.outcome,
                "values": branch.values.tolist(),
                "losses": branch.losses.tolist(),
                # A candidate with nothing to relax has no curvature.
                "curvatures": [c if isfinite(c) else None for c in branch.curvatures.tolist()],
                "ends": [_end_document(end) for end in branch.ends],
            }
            for branch in line.branches
        ],
    }


def _end_document(end: BranchEnd | None) -> Document | None:
    if end is None:
        return None
    return {
        "value": end.value,
        "loss": end.loss,
        "error": end.error,
        "becomes": end.becomes,
        "cause": end.cause,
    }


def slice_text(line: Slice) -> str:
    """Crossings and branches as tables, under the conventions that they use."""
    model, (held, letter) = line.model, line.letters
    return "\n".join(
        [
            f"{sizes(model)}{others(model)}, {held} = {line.at:g}, "
            f"{letter} from {line.values[0]:g} to {line.values[-1]:g}, source: {line.source}",
            *conventions(model.law),
            *variant_lines(model),
            "",
            f"Crossings of the lowest minimum, as {letter} grows ({len(line.crossings)})",
            table(
                ("from", "to", letter, "F", f"jump of dF/d{letter}", "nature", "error"),
                [
                    (
                        *crossing.phases,
                        f"{crossing.value:.10g}",
                        f"{crossing.loss:.10g}",
                        f"{crossing.jump:.4g}",
                        crossing.nature,
                        f"{crossing.error:.0e}",
                    )
                    for crossing in line.crossings
                ],
            ),
            "",
            f"Branches of local minima ({len(line.branches)})",
            table(
                ("name", "extra feature", "from", "to", "lowest loss", "least curvature"),
                [
                    (
                        branch.name,
                        branch.outcome,
                        _end_text(branch, 0),
                        _end_text(branch, -1),
                        f"{branch.losses.min():.8g}",
                        f"{branch.curvatures.min():.3g}",
                    )
                    for branch in line.branches
                ],
            ),
            "",
            "  fold: the minimum meets a saddle; onset: it becomes unstable against a branch that",
            "  leaves it, or shrinks into the one that it left (←, →); lost: it could not be",
            "  followed, and why is not known. That no branch is missing is numerical evidence",
        ]
    )


def _end_text(branch: Branch, side: int) -> str:
    end = branch.ends[side]
    if end is None:
        return f"{branch.values[side]:.6g} (edge)"
    arrow = "" if end.becomes is None else f", {'→' if side else '←'} {end.becomes}"
    return f"{end.value:.{_digits(end)}g} ({end.cause or 'lost'}{arrow})"


def _digits(end: BranchEnd) -> int:
    """As many as are known, ten at most."""
    return min(10, max(4, round(-math.log10(end.error / abs(end.value)))))
