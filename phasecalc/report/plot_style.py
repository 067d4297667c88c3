"""What all pictures share: the paper's axes, the window that they show, and the ink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from .colours import TINTS

Floats = NDArray[np.float64]
AxesKind = Literal["log", "linear"]
AXES = ("log", "linear")

DENSITY_RANGE = (0.01, 1.0)
IMPORTANCE_RANGE = (0.1, 10.0)
_DENSITY_TICKS = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_LINEAR_TICKS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.01)
_IMPORTANCE_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
INK = "#222222"
__all__ = ["INK", "TINTS", "WHOLE", "AxesKind", "Window", "dress", "inset_axes"]


@dataclass(frozen=True, slots=True)
class Window:
    """What a picture shows: p from ``densities[1]`` at the left to ``densities[0]``, and r upwards.

    ``axes`` is "log", or "linear" for an axis of S without a logarithm; r is always logarithmic.
    """

    densities: tuple[float, float] = DENSITY_RANGE
    importances: tuple[float, float] = IMPORTANCE_RANGE
    axes: AxesKind = "log"

    def __post_init__(self) -> None:
        if self.axes not in AXES:
            raise ValueError(f'axes = {self.axes!r}: it must be "log" or "linear"')

    @classmethod
    def of(cls, part: tuple[float, float, float, float], axes: AxesKind = "log") -> Window:
        """The window of (lowest S, highest S, lowest r, highest r).

        Raises `ValueError` where that is no part of the paper's window.
        """
        try:
            low, high, bottom, top = (float(value) for value in part)
        except (TypeError, ValueError):
            low = high = bottom = top = np.nan
        if not (0 <= low < high <= 0.99 and 0.1 <= bottom < top <= 10):
            raise ValueError(
                f"inset = {part!r}: it must be (lowest S, highest S, lowest r, highest r) with "
                "0 <= S <= 0.99 and 0.1 <= r <= 10"
            )
        return cls((1.0 - high, 1.0 - low), (bottom, top), axes)

    def place(self, density: Floats, importance: Floats) -> tuple[Floats, Floats]:
        """Fractions of the axes, from the lower left corner."""
        low, high = self.densities
        x, ends = np.asarray(density, dtype=np.float64), np.array([high, low])
        if self.axes == "log":
            x, ends = np.log(np.maximum(x, 1e-300)), np.log(ends)
        y, sides = np.log(importance), np.log(self.importances)
        return (x - ends[0]) / (ends[1] - ends[0]), (y - sides[0]) / (sides[1] - sides[0])

    def at(self, across: Floats, upwards: Floats) -> tuple[Floats, Floats]:
        """(p, r) at fractions of the axes; the inverse of `place`."""
        low, high = self.densities
        bottom, top = np.log(self.importances)
        if self.axes == "log":
            density = np.exp(np.log(high) + across * (np.log(low) - np.log(high)))
        else:
            density = high + across * (low - high)
        return np.asarray(density), np.asarray(np.exp(bottom + upwards * (top - bottom)))


WHOLE = Window()


def dress(ax: Axes, window: Window = WHOLE) -> None:
    """The paper's axes: 1 − S from 1 (left) to 0.01, with S on top, and r; all logarithmic.

    Of a window with linear axes S runs evenly, and is written below.
    """
    linear = window.axes == "linear"
    ax.set_xscale("linear" if linear else "log")
    ax.set_yscale("log")
    ax.set_xlim(window.densities[1], window.densities[0])
    ax.set_ylim(*window.importances)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    sparse = FuncFormatter(lambda value, _: f"{1 - value:g}")
    ticks = _LINEAR_TICKS if linear else _DENSITY_TICKS
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_major_locator(FixedLocator(_IMPORTANCE_TICKS))
    ax.xaxis.set_major_formatter(sparse if linear else plain)
    ax.yaxis.set_major_formatter(plain)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
    ax.set_xlabel("sparsity, S" if linear else "feature probability, p = 1 − S")
    ax.set_ylabel("relative importance of the extra feature, r")
    if linear:
        return
    top = ax.secondary_xaxis("top")
    top.xaxis.set_major_locator(FixedLocator(_DENSITY_TICKS))
    top.xaxis.set_major_formatter(sparse)
    top.xaxis.set_minor_locator(NullLocator())
    top.set_xlabel("sparsity, S")


def inset_axes(ax: Axes, window: Window, importance: str = "r") -> Axes:
    """Axes inside others for a part of the window, in the corner that has room, with its frame."""
    box = ax.inset_axes((0.5, 0.08, 0.46, 0.4))
    box.set_xscale("linear" if window.axes == "linear" else "log")
    box.set_yscale("log")
    box.set_xlim(window.densities[1], window.densities[0])
    box.set_ylim(*window.importances)
    (low, high), (bottom, top) = window.densities, window.importances
    box.xaxis.set_major_locator(FixedLocator([high, low]))
    box.yaxis.set_major_locator(FixedLocator([bottom, top]))
    box.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"S = {1 - value:.3g}"))
    box.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{importance} = {value:.3g}"))
    for axis in (box.xaxis, box.yaxis):
        axis.set_minor_locator(NullLocator())
    box.tick_params(labelsize=7, length=2, pad=1.5)
    left, right = box.get_xticklabels()
    left.set_horizontalalignment("left")
    right.set_horizontalalignment("right")
    lower, upper = box.get_yticklabels()
    lower.set_verticalalignment("bottom")
    upper.set_verticalalignment("top")
    for spine in box.spines.values():
        spine.set_color(INK)
    frame = ([high, low, low, high, high], [bottom, bottom, top, top, bottom])
    ax.plot(*frame, color=INK, lw=0.8, ls=(0, (2, 1.5)), zorder=4.5)
    box.set_zorder(7)
    return box
