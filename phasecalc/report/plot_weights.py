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
_DROPPED = 1e-3
"""Features whose vectors are shorter are drawn as dropped."""
_FAINT = 0.1
"""Arrows shorter than this are drawn again in a lens beside the plane, which enlarges them."""
_LENS = (-1.15, -1.15, 0.45)
"""Centre and radius of the lens, in the units of the plane."""
_DASHES = {"first order": "-", "continuous": (0, (1, 1.5))}
_WIDTH = {"first order": 0.8, "continuous": 1.3}
"""Of the upright lines between phases."""
_F = 120
"""Sparsities at which F is drawn beside those of the record: closer than the eye sees corners."""
_NARROW = 0.002
"""Phases narrower than this, as a part of the picture's width, get no plane of their own."""


def plot_weights(record: Geometry, *, low: float = 0.0, high: float = 0.99) -> Figure:
    """Draw F over S for k equal features in two dimensions (or one), the weights above each phase.

    Upright lines are where the phase changes: solid where another minimum becomes lower (first
    order), dotted where it changes continuously. Each plane shows the columns of W at the middle of
    its phase; the circle has radius 1, a dot in the middle is a dropped feature, and where features
    coincide their number stands beside them. Vectors too short to be told apart there are shown
    enlarged in a lens, with its power.

    Raises `ValueError` for three dimensions.
    """
    if record.d > 2:
        raise ValueError(f"d = {record.d}: weights are drawn in one or two dimensions")
    inside = (record.sparsities >= low) & (record.sparsities <= high)
    S = np.union1d(record.sparsities[inside], np.linspace(max(low, record.phases[0].low), high, _F))
    F = [record.loss(float(s)) for s in S]
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
            kind = "first order" if phase.crosses else "continuous"
            below.axvline(b, color=INK, lw=_WIDTH[kind], ls=_DASHES[kind], label=kind)
    lines = {line.get_label(): line for line in below.lines if line.get_label() in _DASHES}
    if lines:
        # F is highest where S is small: the corner below it is free.
        below.legend(
            lines.values(), [f"change of phase: {kind}" for kind in lines], fontsize=8,
            loc="lower left", framealpha=1,
        )  # fmt: skip
    # F begins where it is known.
    below.set_xlim(max(low, S[0]), high)
    below.set_ylim(0, None)
    below.set_xlabel("sparsity, S")
    below.set_ylabel("least loss, F")
    figure.suptitle(
        f"{sizes(record.k, record.d)}, equally important, all weights and biases free (numeric)\n"
        "arrows: columns of W; dotted circles: radius 1; ○ in the middle: dropped",
        fontsize=10,
    )
    return figure


def _arrows(ax: Axes, weights: NDArray[np.float64], colour: str) -> None:
    columns = np.vstack([weights, np.zeros((2 - len(weights), weights.shape[1]))]).T
    length = np.hypot(*columns.T)
    faint = (length >= _DROPPED) & (length < _FAINT)
    _circle(ax, 0.0, 0.0, 1.0)
    if (length < _DROPPED).any():
        ax.plot(0, 0, "o", ms=5, mfc="white", color=INK)
    if faint.any():
        _lens(ax, columns[faint], colour)
    for x, y in columns[length >= _FAINT]:
        _arrow(ax, (0.0, 0.0), (x, y), colour)
        many = int((np.hypot(*(columns - (x, y)).T) < _ALIKE).sum())
        if many > 1:
            reach = 1.0 + 0.3 / np.hypot(x, y)
            ax.text(reach * x, reach * y, f"{many}×", ha="center", va="center", fontsize=8)
    ax.set_aspect("equal")
    ax.set_xlim(-1.65, 1.5)
    ax.set_ylim(-1.65, 1.5)
    ax.axis("off")


def _lens(ax: Axes, columns: NDArray[np.float64], colour: str) -> None:
    """Short vectors, enlarged by a round number so that the longest nearly fills the lens."""
    x, y, radius = _LENS
    most = 0.9 * radius / float(np.hypot(*columns.T).max())
    power = next(p for p in (50, 20, 10, 5, 2, 1) if p <= most)
    for column in columns:
        ax.plot(*column, "o", ms=2, color=colour)
        _arrow(ax, (x, y), (x + power * column[0], y + power * column[1]), colour)
    _circle(ax, x, y, radius)
    ax.plot([0, x + 0.71 * radius], [0, y + 0.71 * radius], color=INK, lw=0.5, ls=":")
    ax.text(x + 1.15 * radius, y, f"middle, {power}×", va="center", fontsize=7)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.6})
    ax.plot(*end, "o", ms=3, color=colour)


def _circle(ax: Axes, x: float, y: float, radius: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 200)
    ax.plot(x + radius * np.cos(turn), y + radius * np.sin(turn), color=INK, lw=0.5, ls=":")
