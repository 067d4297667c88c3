"""The picture of two features in one dimension over p and the probability that both are active."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from ..diagram.pair import PairDiagram, pair_diagram
from ..model import ToyModel
from ..supports import Pair
from ..symbols import p
from .plot_style import INK, TINTS


def plot_correlation(importance: Any = 1, ax: Any = None) -> Any:
    """Draw the exact phases of two features in one dimension over (p, P(both active)).

    Each feature is active with probability p, both with probability c between max(0, 2p − 1) and p;
    the importance r of the extra feature is a positive rational number, that of the other 1. See
    `PairDiagram`. Returns the matplotlib Axes.

    Source: Elhage et al. 2022, "Correlated and anticorrelated feature sets".
    """
    return plot_pair(pair_diagram(ToyModel(2, 1, importance=[1, importance], support=Pair())), ax)


def plot_pair(diagram: PairDiagram, ax: Any = None) -> Any:
    """Draw a `PairDiagram` from its formulas; the dashed line c = p² is independence."""
    from matplotlib.figure import Figure  # noqa: PLC0415 only when a picture is drawn

    if ax is None:
        ax = Figure(figsize=(5, 4.6), layout="constrained").add_subplot()
    x = np.linspace(0, 1, 801)
    low, high = np.maximum(0, 2 * x - 1), x
    below, *above = diagram.phases
    lines = [np.broadcast_to(_values(line.formula, x), x.shape) for line in diagram.boundaries]
    edge = np.clip(lines[0], low, high) if lines else high
    ax.fill_between(x, low, edge, color=TINTS[below.outcome][0], linewidth=0)
    for phase in above:
        ax.fill_between(x, edge, high, color=TINTS[phase.outcome][0], linewidth=0)
    for line in diagram.boundaries:
        start, stop = map(float, line.interval)
        places = np.linspace(start, stop, 400)
        ax.plot(places, _values(line.formula, places), color=INK, lw=1.4)
        for end in line.ends:
            if float(end.feature_probability) > 0:
                ax.plot(float(end.feature_probability), float(end.both), "o", ms=6, mfc="white",
                        mec=INK, mew=1.3, zorder=5)  # fmt: skip
    for border in (low, high):
        ax.plot(x, border, color="0.3", linewidth=0.8)
    ax.plot(x, x**2, "--", color="white", linewidth=1.2)
    _name(ax, below.name, x, low, edge)
    for phase in above:
        first, second = diagram.model.importance
        _name(ax, "ignore = dedicated" if first == second else phase.name, x, edge, high)
    ax.annotate("independent, $c = p^2$", (0.9, 0.81), (0.97, 0.45), ha="right", fontsize=8,
                arrowprops={"arrowstyle": "-", "linewidth": 0.6})  # fmt: skip
    ax.text(0.16, 0.2, "always together", rotation=42, fontsize=8)
    ax.text(0.25, 0.012, "never together", ha="center", fontsize=8)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("$p = P$(a feature is active)")
    ax.set_ylabel("$c = P$(both are active)")
    ratio = sympy.latex(diagram.model.importance[1] / diagram.model.importance[0])
    ax.set_title(
        f"2 features in 1 dimension, $r = {ratio}$\n"
        f"magnitudes {diagram.model.law.text}, exact among the candidates",
        fontsize=10,
    )
    return ax


def _name(ax: Any, name: str, x: Any, low: Any, high: Any) -> None:
    """A name where its region is widest, along the region."""
    k = int(np.argmax(high - low))
    slope = np.degrees(np.arctan(np.gradient((low + high) / 2, x)[k]))
    ax.text(x[k], (low[k] + high[k]) / 2, name, ha="center", va="center", rotation=slope)


def _values(line: sympy.Expr, x: Any) -> Any:
    return sympy.lambdify(p, line, "numpy")(x)
