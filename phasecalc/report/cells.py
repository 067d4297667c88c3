"""Maps of proved cells as plain text and as JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .sizes import model_entries, sizes
from .variant import variant_entries

if TYPE_CHECKING:
    from ..certify.cell_records import CellMap


def cells_document(found: CellMap) -> dict[str, Any]:
    """Every proved cell with its ends in S and r, and the shares of the window."""
    return {
        "model": model_entries(found.model),
        **variant_entries(found.model),
        "levels": found.levels,
        "share": found.share,
        "shares": shares(found),
        "cells": [
            {"sparsity": S.tolist(), "importance": r.tolist(), "phase": phase}
            for S, r, phase in zip(found.sparsity, found.importance, found.phases, strict=True)
            if phase
        ],
    }


def shares(found: CellMap) -> dict[str, float]:
    """Of every phase: the share of the window in (S, log r) in which it is proved."""
    areas = found.areas
    return {
        phase: float(
            sum(area for area, name in zip(areas, found.phases, strict=True) if name == phase)
        )
        for phase in ("ignore", "antipodal", "dedicated")
    }


def cell_map_text(found: CellMap) -> str:
    """The share of the window that is proved, in all and by phase."""
    lines = [
        f"{sizes(found.model)}, 0 ≤ S < 1, 1/10 ≤ r ≤ 10: the phase of every global minimiser is "
        f"proved on {100 * found.share:.2f} % of the window in (S, log r)"
    ]
    lines += [f"  {phase:<10} {100 * share:6.2f} %" for phase, share in shares(found).items()]
    count = int((found.phase > 0).sum())
    lines.append(
        f"{count} cells; the smallest are 2^-{found.levels} of the window wide and high, next to "
        "S = 1 a sixteenth as wide"
    )
    return "\n".join(lines)
