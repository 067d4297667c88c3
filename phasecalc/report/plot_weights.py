"""Phases along S with their weight vectors as arrows in the plane above each phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..model import sizes
from .colours import colour_of
from .plot_style import INK

if TYPE_CHECKING:
    from ..limit.geometry import Geometry

_ALIKE = 0.03
"""Arrows whose ends are nearer than this look like one."""
_NARROW = 0.002
"""Phases narrower than this, as a part of the picture's width, get no plane of their own."""


def plot_weights(record: Geometry, *, low: float = 0.0, high: float = 0.99) -> Figure:
    """Draw F over S for k equal features in two dimensions (or one), the weights above each phase.

    Each plane shows the columns of W at the middle of its phase; the circle has radius 1, a dot in
    the middle is a dropped feature, and where features coincide their number stands beside them.

    Raises `ValueError` for three dimensions.
    """
    if record.d > 2:
        raise ValueError(f"d = {record.d}: weights are drawn in one or two dimensions")
    inside = (record.sparsities >= low) & (record.sparsities <= high)
    S, F = record.sparsities[inside], record.losses[inside]
    spans = [(p, max(p.low, low), min(p.high, high)) for p in record.phases]
    spans = [(p, a, b) for p, a, b in spans if b - a > _NARROW * (high - low)]
    figure = Figure(figsize=(max(7.0, 2.0 * len(spans)), 5.4), layout="constrained")
    grid = figure.add_gridspec(2, len(spans), height_ratios=(1.1, 1.6))
    below = figure.add_subplot(grid[1, :])
    below.plot(S, F, color=INK, lw=1.6)
    for k, (phase, a, b) in enumerate(spans):
        parts = phase.name.split("+")
        alone = all(part.endswith(("dedicated", "dropped")) for part in parts)
        colour = colour_of(phase.name, "dedicated" if alone else "superposition")
        below.axvspan(a, b, color=colour, alpha=0.6, lw=0)
        plane = figure.add_subplot(grid[0, k])
        _arrows(plane, record.minimum((a + b) / 2)[1], colour)
        plane.set_title(f"{phase.name}\n{a:.3f} < S < {b:.3f}", fontsize=8)
        if b < high:
            below.axvline(b, color=INK, lw=0.8, ls="-" if phase.crosses else ":")
    below.set_xlim(low, high)
    below.set_ylim(0, None)
    below.set_xlabel("sparsity, S")
    below.set_ylabel("least loss, F")
    figure.suptitle(
        f"{sizes(record.k, record.d)}, equally important, all weights and biases free (numeric)",
        fontsize=10,
    )
    return figure


def _arrows(ax: Axes, weights: NDArray[np.float64], colour: str) -> None:
    columns = np.vstack([weights, np.zeros((2 - len(weights), weights.shape[1]))])
    turn = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(turn), np.sin(turn), color=INK, lw=0.5, ls=":")
    for x, y in columns.T:
        if np.hypot(x, y) < 1e-3:
            ax.plot(0, 0, "o", ms=5, mfc="white", color=INK)
            continue
        ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.6})
        ax.plot(x, y, "o", ms=3, color=colour)
        many = int((np.hypot(*(columns.T - (x, y)).T) < _ALIKE).sum())
        if many > 1:
            reach = 1.0 + 0.3 / np.hypot(x, y)
            ax.text(reach * x, reach * y, f"{many}×", ha="center", va="center", fontsize=8)
    ax.set_aspect("equal")
    ax.set_xlim(-1.5, 1.5)
    ax.set_ylim(-1.5, 1.5)
    ax.axis("off")
