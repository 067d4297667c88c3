"""Pictures of diagrams, drawn from formulas. The only module that imports matplotlib."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray
from scipy import ndimage

from ..configurations import OUTCOMES
from ..diagram.envelope import Crossing, Strip
from ..diagram.phase_diagram import PhaseDiagram

Floats = NDArray[np.float64]

TINTS = {
    "not represented": ("#eceae6", "#d9d6cf", "#c7c3ba"),
    "dedicated": ("#7fa8d9", "#a9c5e8", "#5b8bc6", "#c9dbf1"),
    "superposition": ("#e07a6c", "#eda498", "#cc5848", "#f4c6be"),
}
"""The paper's colours: red for superposition, blue for dedicated, pale where not represented."""

DENSITY_RANGE = (0.01, 1.0)
IMPORTANCE_RANGE = (0.1, 10.0)
_DENSITY_TICKS = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_IMPORTANCE_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SAMPLES = 400
INK = "#222222"
_CELLS_A_LETTER = 0.018
"""Width of a letter of a region's name, as a part of the axis."""


def plot_diagram(diagram: PhaseDiagram, ax: Axes | None = None) -> Figure:
    """Draw a phase diagram on the paper's axes: 1 − S from 1 to 0.01, r from 0.1 to 10.

    Regions are filled between the exact boundary curves; junctions are circles. Draws into `ax`
    when it is given, else into a new figure; returns the figure.

    >>> import phasecalc as pc
    >>> figure = plot_diagram(pc.phase_diagram(pc.ToyModel(2, 1)))
    >>> figure.axes[0].get_ylabel()
    'relative importance of the extra feature, r'
    """
    if ax is None:
        figure = Figure(figsize=(6.4, 5.4), layout="constrained")
        ax = figure.add_subplot()
    colours = _colours(diagram)
    for strip in diagram.strips:
        _fill(ax, diagram, strip, colours)
    draw_boundaries(ax, diagram)
    _name_regions(ax, diagram)
    dress(ax)
    model = diagram.model
    ax.set_title(
        f"{model.n_features} features in {model.d_hidden} "
        f"dimension{'s' if model.d_hidden > 1 else ''} ({diagram.source})",
        fontsize=11,
    )
    ax.legend(
        handles=[
            Patch(facecolor=TINTS[outcome][0], edgecolor=INK, linewidth=0.5, label=outcome)
            for outcome in OUTCOMES
            if any(phase.outcome == outcome for phase in diagram.phases)
        ],
        title="the extra feature is",
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=3,
        frameon=False,
        fontsize=9,
        title_fontsize=9,
    )
    found = ax.get_figure(root=True)
    assert isinstance(found, Figure)
    return found


def _colours(diagram: PhaseDiagram) -> dict[int, str]:
    """A colour for each phase, by index: tints of its outcome's colour."""
    used = dict.fromkeys(OUTCOMES, 0)
    colours = {}
    for index, phase in enumerate(diagram.candidates):
        if phase in diagram.phases:
            tints = TINTS[phase.outcome]
            colours[index] = tints[used[phase.outcome] % len(tints)]
            used[phase.outcome] += 1
    return colours


def _visible(strip: Strip) -> Floats | None:
    """Sampled p of the part of a strip that the axes show, its ends included."""
    low = max(float(strip.low.exact()), DENSITY_RANGE[0])
    high = min(float(strip.high.exact()), DENSITY_RANGE[1])
    return np.geomspace(low, high, _SAMPLES) if low < high else None


def _curve(crossing: Crossing, p: Floats) -> Floats:
    """r(p) of a crossing, clipped to the axes."""
    numerator, denominator = (
        np.polyval([float(c) for c in poly.all_coeffs()], p)
        for poly in (crossing.numerator, crossing.denominator)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.abs(numerator) / np.abs(denominator)
    return np.asarray(np.clip(np.nan_to_num(values, nan=np.inf), *_CLIP))


_CLIP = (IMPORTANCE_RANGE[0] / 10, IMPORTANCE_RANGE[1] * 10)


def _bands(strip: Strip, p: Floats) -> Iterator[tuple[int, Floats, Floats]]:
    """Each phase of a strip with the r between which it is lowest."""
    edges = [
        np.full_like(p, _CLIP[0]),
        *(_curve(crossing, p) for crossing in strip.crossings),
        np.full_like(p, _CLIP[1]),
    ]
    for phase, (low, high) in zip(strip.phases, pairwise(edges), strict=True):
        yield phase, low, high


def _fill(ax: Axes, diagram: PhaseDiagram, strip: Strip, colours: dict[int, str]) -> None:
    p = _visible(strip)
    if p is None:
        return
    for phase, low, high in _bands(strip, p):
        # An edge of the fill's own colour closes the hairline between neighbouring fills.
        ax.fill_between(p, low, high, facecolor=colours[phase], edgecolor=colours[phase], lw=0.8)


def draw_boundaries(ax: Axes, diagram: PhaseDiagram, *, annotate: bool = True) -> None:
    """The exact boundaries and junctions; with `annotate`, where the junctions are."""
    for strip in diagram.strips:
        p = _visible(strip)
        if p is not None:
            for crossing in strip.crossings:
                ax.plot(p, _curve(crossing, p), color=INK, lw=1.4, solid_capstyle="round")
    for boundary in diagram.boundaries:
        if boundary.is_vertical:
            vertical = float(boundary.interval[0])
            low, high = (float(end) for end in boundary.importance_interval)
            ax.plot(
                [vertical, vertical], [max(low, _CLIP[0]), min(high, _CLIP[1])], color=INK, lw=1.4
            )
    for junction in diagram.junctions:
        place = (float(junction.feature_probability), float(junction.importance))
        ax.plot(*place, "o", ms=7, mfc="white", mec=INK, mew=1.4, zorder=5)
        if not annotate:
            continue
        known = junction.sparsity.is_Rational and junction.importance.is_Rational
        ax.annotate(
            f"S = {junction.sparsity}, r = {junction.importance}"
            if known
            else f"S = {1 - place[0]:.4g}, r = {place[1]:.4g}",
            place,
            xytext=(12, 12),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
            zorder=6,
        )


def _name_regions(ax: Axes, diagram: PhaseDiagram, cells: int = 121) -> None:
    """Write each phase's name where its region is widest."""
    densities = np.geomspace(*DENSITY_RANGE, cells)
    importances = np.geomspace(*IMPORTANCE_RANGE, cells)
    labels = diagram.grid(1.0 - densities, importances).labels
    for phase in diagram.phases:
        # Distance to the border of the region, in cells; the frame counts as border.
        inside = np.pad(labels == phase.name, 1)
        depth = ndimage.distance_transform_edt(inside)[1:-1, 1:-1]
        deepest = depth.max()
        if deepest < 4:
            continue
        # Of the places that are nearly deepest the middle one: long regions are named halfway.
        places = np.argwhere(depth >= 0.95 * deepest)
        i, j = places[np.abs(places - places.mean(axis=0)).sum(axis=1).argmin()]
        row = np.flatnonzero(inside[1:-1, 1 + j])
        column = np.flatnonzero(inside[1 + i, 1:-1])
        width = np.ptp(row[np.abs(row - i) <= 2 * deepest])
        narrow = width < _CELLS_A_LETTER * len(phase.name) * cells and np.ptp(column) > width
        ax.text(
            densities[i],
            importances[j],
            phase.name,
            ha="center",
            va="center",
            rotation=90 if narrow else 0,
            fontsize=10,
            color=INK,
        )


def dress(ax: Axes) -> None:
    """The paper's axes: 1 − S from 1 (left) to 0.01, with S on top, and r; all logarithmic."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(DENSITY_RANGE[1], DENSITY_RANGE[0])
    ax.set_ylim(*IMPORTANCE_RANGE)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_major_locator(FixedLocator(_DENSITY_TICKS))
    ax.yaxis.set_major_locator(FixedLocator(_IMPORTANCE_TICKS))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(plain)
        axis.set_minor_locator(NullLocator())
    ax.set_xlabel("feature probability, p = 1 − S")
    ax.set_ylabel("relative importance of the extra feature, r")
    top = ax.secondary_xaxis("top")
    top.xaxis.set_major_locator(FixedLocator(_DENSITY_TICKS))
    top.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{1 - value:g}"))
    top.xaxis.set_minor_locator(NullLocator())
    top.set_xlabel("sparsity, S")
