"""The picture of proved cells, with traced lines above them."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..certify.cell_records import PHASES, CellMap
from ..continuation.records import TracedDiagram
from .colours import colour_of
from .plot_style import INK, dress
from .plot_traced import STYLES, draw_lines
from .sizes import magnitudes, sizes

_OUTCOMES = {"ignore": "not represented", "antipodal": "superposition", "dedicated": "dedicated"}
_WORDS = {"ignore": "w₂ = 0", "antipodal": "w₁ w₂ < 0", "dedicated": "w₁ = 0"}


def plot_cells(
    cells: CellMap, diagram: TracedDiagram | None = None, ax: Axes | None = None
) -> Figure:
    """Draw proved cells in their phase's colour on the paper's axes, traced lines above if given.

    What is white is not proved.
    """
    if ax is None:
        figure = Figure(figsize=(6.8, 5.8), layout="constrained")
        ax = figure.add_subplot()
    handles: list[Artist] = []
    for code, phase in enumerate(PHASES):
        chosen = cells.phase == code
        if not code or not chosen.any():
            continue
        p, r = 1.0 - cells.sparsity[chosen], cells.importance[chosen]
        corners = np.stack(
            [np.stack([p[:, i], r[:, k]], axis=1) for i, k in ((0, 0), (1, 0), (1, 1), (0, 1))],
            axis=1,
        )
        colour = colour_of(phase, _OUTCOMES[phase])
        ax.add_collection(
            PolyCollection(list(corners), facecolors=colour, edgecolors="white", linewidths=0.25)
        )
        handles.append(Patch(color=colour, label=f"{phase}: {_WORDS[phase]}"))
    handles.append(Patch(facecolor="white", edgecolor=INK, lw=0.6, label="not proved"))
    if diagram is not None:
        draw_lines(ax, diagram)
        orders = {line.order == 1 for line in diagram.boundaries}
        handles += [
            Line2D([], [], color=INK, lw=1.5, ls=STYLES[1 if first else 2], label=words)
            for first, words in ((True, "first order, traced"), (False, "continuous, traced"))
            if first in orders
        ]
    dress(ax)
    ax.set_title(
        f"{sizes(cells.model)}, {magnitudes(cells.model)}\n"
        f"phase proved on {100 * cells.share:.1f} % of the plane (S, log r)",
        fontsize=10.5,
    )
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=min(len(handles), 3),
        frameon=False,
        fontsize=8.5,
    )
    found = ax.get_figure(root=True)
    assert isinstance(found, Figure)
    return found
