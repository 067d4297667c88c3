"""Pictures of many features: the diagram in (n/m, S) as of an alloy, and its section D*."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import ArrayLike

from .colours import colour_of
from .plot_style import INK, TINTS

if TYPE_CHECKING:
    from ..limit.records import LimitDiagram

_DENSITIES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_SMALLEST = 0.01
_WIDEST = 3.6
_STEEP = 0.01
"""Points of D* that differ by more get another one between them, _HALVED times at most."""
_HALVED = 5


def plot_limit(diagram: LimitDiagram, ax: Axes | None = None) -> Figure:
    """Draw the diagram over ν = n/m and 1 − S, as one draws that of an alloy.

    Line compounds are upright lines where they are stable, invariant points level ones; between
    two compounds lies a two-phase region, beyond the last one features are dropped.
    """
    figure, ax = _canvas(ax, (7.4, 5.6))
    ratio = {c.name: float(c.ratio) for c in diagram.compounds}
    rooms: dict[str, tuple[float, tuple[float, float]]] = {}
    for strip in diagram.strips:
        top, bottom = 1 - float(strip.low), max(1 - float(strip.high), _SMALLEST)
        if top <= bottom:
            continue
        xs = [ratio[name] for name in strip.compounds]
        for k, (x0, x1) in enumerate(zip(xs, [*xs[1:], _WIDEST], strict=True)):
            pair = (*strip.compounds, "dropped")[k : k + 2]
            ax.fill_between([x0, x1], bottom, top, color=_mixture(pair), lw=0)
            name, room = "\n+ ".join(pair), np.log(top / bottom)
            if room > max(0.35, rooms.get(name, (0.0,))[0]) and x1 - x0 > 0.25:
                rooms[name] = room, ((x0 + x1) / 2, np.sqrt(top * bottom))
        ax.vlines(xs, bottom, top, color=INK, lw=1.6)
    for name, (_, (x, y)) in rooms.items():
        ax.text(x, y, name, ha="center", va="center", fontsize=8.5, color=INK)
    for point in diagram.invariants:
        ends = [ratio.get(name, _WIDEST) for name in point.products]
        height = 1 - float(point.sparsity)
        if height >= _SMALLEST:
            ax.hlines(height, min(ends), max(ends), color=INK, lw=0.9, ls=(0, (4, 2)))
            ax.plot(float(point.ratio), height, "o", ms=4, color=INK)
    _dress(ax)
    ax.set_xlim(0.9, _WIDEST)
    ax.set_xlabel("features for each dimension, ν = n/m")
    ax.set_title(f"Many features, {diagram.source}: upper bound by sums of blocks", fontsize=10)
    handles = [
        Line2D([], [], color=INK, lw=1.6, label="a compound: one block alone"),
        Line2D([], [], color=INK, lw=0.9, ls=(0, (4, 2)), label="three phases coexist"),
        Line2D([], [], color=INK, ls="", marker="o", ms=4, label="where a compound ends"),
        Patch(facecolor="#d9d9d9", label="between: a mixture of two"),
    ]
    ax.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=4, frameon=False,
        fontsize=8, columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip
    return figure


def _mixture(pair: Sequence[str]) -> tuple[float, ...]:
    """The mean of both colours, as of a mixture of both."""
    outcomes = {"dedicated": "dedicated", "dropped": "not represented"}
    both = [to_rgb(colour_of(name, outcomes.get(name, "superposition"))) for name in pair]
    return tuple(np.mean(both, axis=0))


def _canvas(ax: Axes | None, size: tuple[float, float]) -> tuple[Figure, Axes]:
    if ax is None:
        figure = Figure(figsize=size, layout="constrained")
        return figure, figure.subplots()
    drawn_in = ax.get_figure(root=True)
    assert isinstance(drawn_in, Figure)
    return drawn_in, ax


def _dress(ax: Axes) -> None:
    ax.set_yscale("log")
    ax.set_ylim(1.0, _SMALLEST)
    ax.yaxis.set_major_locator(FixedLocator(_DENSITIES))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylabel("feature probability, p = 1 − S")


def plot_sticky(
    diagram: LimitDiagram,
    ratio: object,
    ax: Axes | None = None,
    *,
    trained: tuple[ArrayLike, ArrayLike] | None = None,
    points: int = 60,
) -> Figure:
    """Draw D* = m/‖W‖_F² against 1/(1 − S) at one n/m: the section that Elhage et al. measured.

    `trained` are (S, D*) of trained models, drawn as dots. The line has `points` points and, where
    it is steep, more.
    """
    figure, ax = _canvas(ax, (7.0, 4.2))
    line = {
        float(q): float(diagram.at(float(1 - q), ratio).dimensions_per_feature)
        for q in np.geomspace(0.98, 0.0101, points)
    }
    for _ in range(_HALVED):
        for a, b in pairwise(sorted(line)):
            if abs(line[a] - line[b]) > _STEEP:
                middle = float(np.sqrt(a * b))
                line[middle] = float(diagram.at(1 - middle, ratio).dimensions_per_feature)
    p = np.array(sorted(line))
    ax.plot(
        1 / p, [line[float(q)] for q in p], color=INK, lw=1.5,
        label=f"sums of blocks ({diagram.source})",
    )  # fmt: skip
    if trained is not None:
        S, D = (np.asarray(part, dtype=np.float64) for part in trained)
        ax.plot(1 / (1 - S), D, "o", ms=4, color=TINTS["superposition"][2], label="trained")
    ax.set_xscale("log")
    ax.set_xlabel("1/(1 − S)")
    ax.set_ylabel("dimensions per feature, D* = m/‖W‖²")
    # The last two lie so close that their names are put above and below the lines.
    levels = ((1, "dedicated", "center"), (1 / 2, "pair", "center"),
              (2 / 5, "pentagon", "bottom"), (3 / 8, "8 in 3", "top"))  # fmt: skip
    for level, name, side in levels:
        ax.axhline(level, color=INK, lw=0.4, ls=":")
        ax.annotate(
            name, (1.0, level), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", fontsize=8, va=side, color=INK, annotation_clip=False,
        )  # fmt: skip
    ax.set_title(f"Dimensions per feature of the best sum of blocks, n/m = {ratio}", fontsize=10)
    ax.legend(fontsize=8, loc="upper right")
    return figure
