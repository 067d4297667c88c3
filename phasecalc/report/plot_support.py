"""The picture of two features in one dimension over p and the probability that both are active."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..inputs import exact_number
from ..proofs.correlated import both, boundary_at
from ..symbols import p
from .plot_names import CELLS, write_names
from .plot_style import INK, TINTS

Floats = NDArray[np.float64]


def plot_correlation(importance: Any = 1, ax: Axes | None = None) -> Figure:
    """Draw the exact phases of two features in one dimension over (p, P(both active)).

    Each feature is active with probability p, both with probability c between max(0, 2p − 1) and p;
    derivations/correlated-2-1.tex, eq. ignore-antipodal, has the boundary c(p) at an importance r
    of the extra feature. The dashed line c = p² is that of independent features.

    Raises `ValueError` unless the importance is a positive number.

    Source: Elhage et al. 2022, "Correlated and anticorrelated feature sets".
    """
    r = sympy.sympify(exact_number(importance, "importance"))
    if not r > 0:
        raise ValueError(f"importance = {importance}: it must be a positive number")
    if ax is None:
        ax = Figure(figsize=(5, 4.2), layout="constrained").add_subplot()
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    x = np.linspace(0, 1, 801)
    low, high, edge = _limits(r, x)
    other = "ignore" if r < 1 else "dedicated" if r > 1 else "ignore = dedicated"
    outcome = "not represented" if r <= 1 else "dedicated"
    ax.fill_between(x, low, edge, color=TINTS["superposition"][0], linewidth=0)
    ax.fill_between(x, edge, high, color=TINTS[outcome][0], linewidth=0)
    inside = (edge > low) & (edge < high)
    ax.plot(x[inside], edge[inside], color=INK, linewidth=1.5, label="first order")
    ax.plot(x, high, color=INK, linewidth=0.7)
    ax.plot(x, low, color=INK, linewidth=0.7)
    ax.plot(x, x**2, color=INK, linewidth=0.9, ls=(0, (5, 4)), label="independent, c = p²")
    ax.legend(loc="upper left", frameon=False, fontsize=8.5)
    ax.text(0.3, 0.32, "always together, c = p", rotation=45, rotation_mode="anchor",
            transform_rotates_text=True, fontsize=8)  # fmt: skip
    ax.text(0.52, 0.015, "← never together, c = 0", fontsize=8)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("p = P(a feature is active)")
    ax.set_ylabel("c = P(both are active)")
    ax.set_title(f"2 features in 1 dimension, r = {r}\nexact among the candidates", fontsize=10.5)
    figure.draw_without_rendering()
    middles = (np.arange(CELLS) + 0.5) / CELLS
    below, above, between = _limits(r, middles)
    c = middles[:, None]
    names = np.where(c < between, "antipodal", other)
    names[(c < below) | (c > above)] = ""
    write_names(ax, names.T, ["antipodal", other], ())
    return figure


def _limits(r: sympy.Expr, x: Floats) -> tuple[Floats, Floats, Floats]:
    """The least and the largest c at each p, and up to which c `antipodal` is lowest."""
    low, high = np.maximum(0, 2 * x - 1), x
    return low, high, np.minimum(*(np.clip(_values(line, x), low, high) for line in boundary_at(r)))


def _values(line: sympy.Expr, x: Floats) -> Floats:
    assert line.free_symbols <= {p} and both not in line.free_symbols
    return np.broadcast_to(sympy.lambdify(p, line, "numpy")(x), x.shape)
