"""From a landscape to a whole diagram: scan, curves, metastable regions, records."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path

from .._version import __version__
from ..landscapes.branch import Landscape
from ..progress import Bar
from ..records import document_of
from .assembled import assembled
from .graph import build
from .metastable import metastable_regions
from .records import TracedDiagram
from .scan import Cells
from .work import Work


def traced_diagram(
    land: Landscape,
    source: str,
    cells: Cells,
    *,
    executor: Executor | None = None,
    progress: Bar | None = None,
    checkpoint: Path | None = None,
) -> TracedDiagram:
    """Scan the window, continue every curve that separates its cells, and all they lead to.

    What is found is kept in the file ``checkpoint``, from which a stopped run goes on. The result
    is the same, to the last bit, however it was come by.
    """
    work = Work(land, header(land, source, cells), checkpoint, executor, progress)
    graph = build(land, cells, work)
    return assembled(graph, source, metastable_regions(graph, work))


def header(land: Landscape, source: str, cells: Cells) -> dict[str, object]:
    """What a checkpoint belongs to."""
    return {
        "checkpoint": 4,
        "phasecalc": __version__,
        "source": source,
        "cells": list(cells),
        "plane": document_of(land.plane)["record"],
        "settings": asdict(land.settings),
    }
