"""The picture of two features in one dimension over p and the probability that both are active."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..diagram.pair import PairDiagram, pair_diagram
from ..model import ToyModel
from ..supports import Pair
from ..symbols import p
from .plot_names import CELLS, write_names
from .plot_style import INK, TINTS

Floats = NDArray[np.float64]


def plot_correlation(importance: Any = 1, ax: Axes | None = None) -> Figure:
    """Draw the exact phases of two features in one dimension over (p, P(both active)).

    Each feature is active with probability p, both with probability c between max(0, 2p − 1) and p;
    the importance r of the extra feature is a positive rational number, that of the other 1. See
    `PairDiagram`.

    Source: Elhage et al. 2022, "Correlated and anticorrelated feature sets".
    """
    return plot_pair(pair_diagram(ToyModel(2, 1, importance=[1, importance], support=Pair())), ax)


def plot_pair(diagram: PairDiagram, ax: Axes | None = None) -> Figure:
    """Draw a `PairDiagram` from its formulas; the dashed line c = p² is independence."""
    if ax is None:
        ax = Figure(figsize=(5, 4.6), layout="constrained").add_subplot()
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    x = np.linspace(0, 1, 801)
    low, high, edge = _limits(diagram, x)
    below, *above = diagram.phases
    ax.fill_between(x, low, edge, color=TINTS[below.outcome][0], linewidth=0)
    for phase in above:
        ax.fill_between(x, edge, high, color=TINTS[phase.outcome][0], linewidth=0)
    for border in (low, high):
        ax.plot(x, border, color=INK, linewidth=0.7)
    for line in diagram.boundaries:
        start, stop = map(float, line.interval)
        places = np.linspace(start, stop, 400)
        ax.plot(places, _values(line.formula, places), color=INK, lw=1.5, label="first order")
        for end in line.ends:
            if float(end.feature_probability) > 0:
                place = float(end.feature_probability), float(end.both)
                exact = end.feature_probability.is_Rational and end.both.is_Rational
                note = (
                    f"p = {end.feature_probability}, c = {end.both}"
                    if exact
                    else "p = {:.4g}, c = {:.4g}".format(*place)
                )
                ax.plot(*place, "o", ms=6, mfc="white", mec=INK, mew=1.3, zorder=5)
                ax.annotate(note, place, xytext=(9, -3), textcoords="offset points", fontsize=8)
    ax.plot(x, x**2, color=INK, linewidth=0.9, ls=(0, (5, 4)), label="independent, c = p²")
    ax.legend(loc="upper left", frameon=False, fontsize=8.5)
    ax.text(0.62, 0.64, "always together, c = p", rotation=45, rotation_mode="anchor",
            transform_rotates_text=True, fontsize=8)  # fmt: skip
    ax.text(0.52, 0.015, "← never together, c = 0", fontsize=8)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("p = P(a feature is active)")
    ax.set_ylabel("c = P(both are active)")
    first, second = diagram.model.importance
    ax.set_title(
        f"2 features in 1 dimension, r = {second / first}\n"
        f"magnitudes {diagram.model.law.text}, exact among the candidates",
        fontsize=9,
    )
    figure.draw_without_rendering()  # sizes in pixels are known once the layout is
    words = [below.name, *("ignore = dedicated" if first == second else q.name for q in above)]
    middles = (np.arange(CELLS) + 0.5) / CELLS
    least, most, between = (part[:, None] for part in _limits(diagram, middles))
    names = np.where(middles < between, words[0], words[-1])
    names[(middles < least) | (middles > most)] = ""
    write_names(ax, names, words, ())
    return figure


def _limits(diagram: PairDiagram, x: Floats) -> tuple[Floats, Floats, Floats]:
    """The least and the largest c at each p, and where the lower phase ends."""
    low, high = np.maximum(0, 2 * x - 1), x
    lines = [np.broadcast_to(_values(line.formula, x), x.shape) for line in diagram.boundaries]
    return low, high, np.clip(lines[0], low, high) if lines else high


def _values(line: sympy.Expr, x: Floats) -> Floats:
    return np.asarray(sympy.lambdify(p, line, "numpy")(x))
