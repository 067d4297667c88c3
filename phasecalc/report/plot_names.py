"""Writes the names of phases into their regions, where and how they fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray
from scipy import ndimage

from ..diagram.phase_diagram import PhaseDiagram
from .plot_style import INK, WHOLE, Window

CELLS = _CELLS = 160
"""Cells along each axis of the grid on which a place is looked for."""
_KEY = 90
"""Letters in a line of the key of numbers."""
_SIZES = (10.0, 8.5, 7.0)
_MARGIN = 1
_HALO = [withStroke(linewidth=2.5, foreground=(1.0, 1.0, 1.0, 0.8))]
"""Names stay readable on dark regions and across lines."""


def name_regions(
    ax: Axes,
    diagram: PhaseDiagram,
    taken: Iterable[Text],
    key_height: float = -0.33,
    window: Window = WHOLE,
    *,
    inset: bool = False,
) -> None:
    """Write each name inside its region, clear of the texts in `taken`.

    A name that does not fit is broken at "+", turned upright or made smaller; where nothing fits,
    a number stands for it and the name goes below the picture.
    """
    middles = (np.arange(_CELLS) + 0.5) / _CELLS
    densities, importances = window.at(middles, middles)
    labels = diagram.grid(1.0 - densities, importances).labels
    if inset:
        labels[int(0.47 * _CELLS) :, : int(0.5 * _CELLS)] = ""
    write_names(ax, labels, [phase.name for phase in diagram.phases], taken, key_height)


def write_names(
    ax: Axes,
    labels: NDArray[np.str_],
    names: Iterable[str],
    taken: Iterable[Text],
    key_height: float = -0.33,
    detail: tuple[Axes, NDArray[np.str_]] | None = None,
) -> None:
    """Write names into their regions: labels is over the axes, from left to right and upwards.

    `detail` is the inset with its own labels: names in small letters, the same numbers.
    """
    free = np.ones(labels.shape, dtype=bool)
    for text in taken:
        low, high = _corners(ax, text)
        free[_slice(low[0], high[0]), _slice(low[1], high[1])] = False
    beside: list[str] = []
    near = np.zeros(labels.shape, dtype=bool)
    for name in names:
        region = labels == name
        if region.any() and not any(_placed(ax, text, region & free) for text in _ways(ax, name)):
            beside.append(name)
            _numbered(ax, len(beside), region, near)
    if detail is not None:
        box, labels = detail
        near = np.zeros(labels.shape, dtype=bool)
        for name in np.unique(labels[labels != ""]):
            region = labels == name
            ways = _ways(box, str(name), _SIZES[-1:])
            if not any(_placed(box, text, region) for text in ways):
                if name not in beside:
                    beside.append(str(name))
                _numbered(box, 1 + beside.index(str(name)), region, near)
    if beside:
        lines = [""]
        for k, name in enumerate(beside, start=1):
            entry = f"{k}: {name}"
            if lines[-1] and len(lines[-1]) + 3 + len(entry) > _KEY:
                lines.append("")
            lines[-1] += ("   " if lines[-1] else "") + entry
        ax.annotate(
            "\n".join(lines),
            (0.5, key_height),
            xycoords="axes fraction",
            # The first line is where a single one is.
            xytext=(0, 8),
            textcoords="offset points",
            va="top",
            ha="center",
            fontsize=8.5,
            parse_math=False,
        )


def _numbered(ax: Axes, number: int, region: NDArray[np.bool_], near: NDArray[np.bool_]) -> None:
    """A number in place of a name that fits nowhere, clear of other numbers where that can be."""
    text = next(_ways(ax, str(number), _SIZES[-1:]))
    free = region & ~near
    _place(text, region, free if free.any() else region)
    low, high = _corners(ax, text)
    width, height = high - low
    near[_slice(low[0] - width / 2, high[0] + width / 2),
         _slice(low[1] - height / 2, high[1] + height / 2)] = True  # fmt: skip


def _ways(ax: Axes, name: str, sizes: tuple[float, ...] = _SIZES) -> Iterator[Text]:
    """The name as text, in every way that is tried, the best first."""
    broken = name.replace("+", "+\n")
    for size in sizes:
        for content in dict.fromkeys((name, broken)):
            for rotation in (0, 90):
                yield ax.text(
                    0.5,
                    0.5,
                    content,
                    transform=ax.transAxes,
                    ha="center",
                    va="center",
                    multialignment="center",
                    fontsize=size,
                    rotation=rotation,
                    color=INK,
                    parse_math=False,
                    path_effects=_HALO,
                    zorder=6,
                )


def _placed(ax: Axes, text: Text, region: NDArray[np.bool_]) -> bool:
    """Move the text to the deepest place where it fits into the region; else remove it."""
    low, high = _corners(ax, text)
    width, height = (
        int(np.ceil((b - a) * _CELLS)) + 2 * _MARGIN for a, b in zip(low, high, strict=True)
    )
    fits = ndimage.minimum_filter(region, size=(width | 1, height | 1), mode="constant", cval=False)
    if not fits.any():
        text.remove()
        return False
    _place(text, region, fits)
    return True


def _place(text: Text, region: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> None:
    """Move the text to the allowed place that is deepest inside the region."""
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1] * allowed
    # Of the places that are nearly deepest the middle one: long regions are named halfway.
    places = np.argwhere(depth >= 0.95 * depth.max())
    place = places[np.abs(places - places.mean(axis=0)).sum(axis=1).argmin()]
    text.set_position(tuple((place + 0.5) / _CELLS))


def without_overlaps(notes: Iterable[Text]) -> list[Text]:
    """Remove every note that lies over one before it; the notes that stay."""
    kept: list[Text] = []
    for note in notes:
        box = note.get_window_extent()
        if any(box.overlaps(other.get_window_extent()) for other in kept):
            note.remove()
        else:
            kept.append(note)
    return kept


def _corners(ax: Axes, text: Text) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower left and upper right corner of a text, as parts of the axes."""
    box = text.get_window_extent().transformed(ax.transAxes.inverted())
    return np.array(box.min), np.array(box.max)


def _slice(low: float, high: float) -> slice:
    return slice(max(int(low * _CELLS), 0), max(int(np.ceil(high * _CELLS)), 0))
