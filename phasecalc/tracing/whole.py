"""From a scan of the window to a whole traced diagram."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .assembled import Found, assembled
from .checkpoint import Checkpoint
from .coexistence import Arc, Pair, Window
from .landscape import Landscape, State, point_of
from .lines import Lines
from .records import TracedDiagram
from .seeds import cell_centres, neighbours

WINDOW = Window(np.array([np.log(0.01), np.log(0.1)]), np.array([0.0, np.log(10.0)]))
"""The paper's axes: 1 − S from 1 to 0.01, r from 0.1 to 10."""


class Progress(Protocol):
    """Shows how far a trace has come."""

    def __call__(self, items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
        """The same items, counted as they are taken."""

    def note(self, text: str) -> None:
        """Something to say beside the count."""


class _Silent:
    def __call__(self, items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
        return items

    def note(self, text: str) -> None:
        pass


def traced_diagram(
    landscape: Landscape,
    source: str,
    cells: tuple[int, int],
    window: Window = WINDOW,
    progress: Progress | None = None,
    kept: Path | None = None,
) -> TracedDiagram:
    """Scan the window, trace every line that separates its cells, and solve for its junctions.

    What is found is kept in the file ``kept``, from which a stopped trace goes on.
    """
    return assembled(find(landscape, source, cells, window, progress, kept))


def find(
    landscape: Landscape,
    source: str,
    cells: tuple[int, int],
    window: Window = WINDOW,
    progress: Progress | None = None,
    kept: Path | None = None,
) -> Found:
    """The lowest minima of the cells and all lines, as they were solved."""
    shown = progress or _Silent()
    file = None if kept is None else Checkpoint(kept, landscape, source, cells, window)
    states = _scanned(landscape, window, cells, file, shown)
    lines, unexplained = _traced(landscape, window, cells, states, file, shown)
    return Found(source, tuple(states), lines, tuple(unexplained))


def _scanned(
    landscape: Landscape,
    window: Window,
    cells: tuple[int, int],
    kept: Checkpoint | None,
    shown: Progress,
) -> list[State]:
    """The lowest minimum in the middle of every cell of a grid over the window, row by row."""
    states = []
    centres = cell_centres(window, cells)
    for k, theta in enumerate(shown(centres, len(centres), "scan")):
        state = None if kept is None else kept.states.get(k)
        if state is None:
            state = landscape.lowest(theta)
            if kept is not None:
                kept.add_state(k, state)
        states.append(state)
    return states


def _traced(
    landscape: Landscape,
    window: Window,
    cells: tuple[int, int],
    states: list[State],
    kept: Checkpoint | None,
    shown: Progress,
) -> tuple[Lines, list[tuple[float, float]]]:
    """The lines between the cells, and places between phases that none of them explains."""
    lines = Lines(landscape, window)

    def keep(arc: Arc) -> None:
        if kept is not None:
            kept.add_arc(arc)
        shown.note(f"{len(lines.arcs) + 1} lines traced")

    lines.keep = keep
    if kept is not None:
        # All lines that are known before any that they lead to; two runs may have added one twice.
        seeds: list[Pair] = []
        for arc in tuple(kept.arcs):
            if not lines.has(arc.pairs[len(arc.pairs) // 2]):
                seeds.extend(lines.take(arc))
        for seed in seeds:
            lines.add(seed)
    unexplained = []
    beside = list(neighbours(states, cells))
    for one, two in shown(beside, len(beside), "lines"):
        if not lines.explain(one, two) and not lines.search(one, two):
            unexplained.append(point_of(0.5 * (one.theta + two.theta)))
    return lines, unexplained
