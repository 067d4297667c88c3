"""Pictures of diagrams, drawn from formulas. The only module that imports matplotlib."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text
from numpy.typing import NDArray

from ..blocks.candidate import OUTCOMES
from ..diagram.envelope import Crossing, Strip
from ..diagram.pair import PairDiagram
from ..diagram.phase_diagram import PhaseDiagram
from .colours import colour_of
from .plot_names import name_regions, without_overlaps
from .plot_style import (
    DENSITY_RANGE,
    IMPORTANCE_RANGE,
    INK,
    TINTS,
    AxesKind,
    Window,
    dress,
    inset_axes,
)
from .sizes import magnitudes, sizes
from .variant import source_title

if TYPE_CHECKING:
    from ..continuation.records import TracedDiagram

Floats = NDArray[np.float64]

_SAMPLES = 400


def plot_diagram(
    diagram: PhaseDiagram | PairDiagram | TracedDiagram,
    ax: Axes | None = None,
    *,
    axes: AxesKind = "log",
    inset: tuple[float, float, float, float] | None = None,
    metastable: bool = False,
) -> Figure:
    """Draw a phase diagram on the paper's axes: 1 − S from 1 to 0.01, r from 0.1 to 10.

    Regions are filled between the exact boundary curves; junctions are circles. Draws into `ax`
    when it is given, else into a new figure; returns the figure. Of a relaxed or global diagram the
    traced curves are drawn, of a `PairDiagram` the plane of p and c, without options. A phase has
    the same colour in every picture.

    Parameters
    ----------
    diagram : from `phase_diagram`, of any source; the title names it.
    ax : axes to draw into.
    axes : "log" as in the paper, or "linear" for an axis on which S runs evenly.
    inset : (lowest S, highest S, lowest r, highest r) of a part that is also drawn larger.
    metastable : whether to hatch, in traced diagrams, where phases are metastable.

    >>> import phasecalc as pc
    >>> figure = plot_diagram(pc.phase_diagram(pc.ToyModel(2, 1)))
    >>> figure.axes[0].get_ylabel()
    'relative importance of the extra feature, r'

    Raises `ValueError` for other axes, an inset that is no part of the window, or an option that
    the diagram has no use for.
    """
    if isinstance(diagram, PairDiagram):
        from .plot_support import plot_pair  # noqa: PLC0415

        usual: dict[str, object] = {"inset": None, "axes": "log", "metastable": False}
        for name, given in zip(usual, (inset, axes, metastable), strict=True):
            if given != usual[name]:
                raise ValueError(f"{name} = {given!r}: a diagram over p and c has none")
        return plot_pair(diagram, ax)
    if not isinstance(diagram, PhaseDiagram):
        from .plot_traced import plot_traced  # noqa: PLC0415

        return plot_traced(diagram, ax=ax, axes=axes, inset=inset, metastable=metastable)
    if metastable:
        raise ValueError(
            "metastable = True: the candidates' diagram says of no phase where it is metastable"
        )
    window = Window(axes=axes)
    part = None if inset is None else Window.of(inset, axes)
    if ax is None:
        figure = Figure(figsize=(6.4, 5.6), layout="constrained")
        ax = figure.add_subplot()
    colours = phase_colours(diagram)
    fill_phases(ax, diagram, colours)
    dress(ax, window)
    model = diagram.model
    ax.set_title(
        f"{sizes(model)}, {magnitudes(model)}\n{source_title(diagram.source, model)}",
        fontsize=10.5,
    )
    shown = _shown(diagram, window)
    ax.legend(
        handles=[
            Patch(facecolor=TINTS[outcome][0], edgecolor=INK, linewidth=0.5, label=outcome)
            for outcome in OUTCOMES
            if any(phase.outcome == outcome for phase in diagram.phases if phase.name in shown)
        ],
        title="outcome of the extra feature",
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=3,
        frameon=False,
        fontsize=9,
        title_fontsize=9,
    )
    found = ax.get_figure(root=True)
    assert isinstance(found, Figure)
    notes = draw_boundaries(ax, diagram)
    taken = without_overlaps(notes)
    if part is not None:
        box = inset_axes(ax, part)
        fill_phases(box, diagram, colours)
        draw_boundaries(box, diagram, annotate=False)
    # Sizes in pixels are known once the layout is.
    found.draw_without_rendering()
    name_regions(ax, diagram, taken, window=window, inset=part is not None)
    return found


def _shown(diagram: PhaseDiagram, window: Window) -> set[str]:
    """Names of the phases that the window shows."""
    middles = (np.arange(160) + 0.5) / 160
    densities, importances = window.at(middles, middles)
    return set(diagram.grid(1.0 - densities, importances).labels.ravel().tolist())


def phase_colours(diagram: PhaseDiagram) -> dict[int, str]:
    """The colour of each phase, by index."""
    return {
        index: colour_of(phase.name, phase.outcome)
        for index, phase in enumerate(diagram.candidates)
        if phase in diagram.phases
    }


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


def fill_phases(ax: Axes, diagram: PhaseDiagram, colours: dict[int, str]) -> None:
    """Fill each phase; its parts in neighbouring strips are one polygon, so that no seam shows."""
    runs: dict[int, list[tuple[Floats, Floats, Floats]]] = {}
    for strip in diagram.strips:
        p = _visible(strip)
        bands = {} if p is None else {phase: (p, a, b) for phase, a, b in _bands(strip, p)}
        for phase in [phase for phase in runs if phase not in bands]:
            _fill_run(ax, runs.pop(phase), colours[phase])
        for phase, band in bands.items():
            runs.setdefault(phase, []).append(band)
    for phase, run in runs.items():
        _fill_run(ax, run, colours[phase])


def _fill_run(ax: Axes, run: list[tuple[Floats, Floats, Floats]], colour: str) -> None:
    p, low, high = (np.concatenate(parts) for parts in zip(*run, strict=True))
    # An edge of the fill's own colour closes the hairline between neighbouring phases.
    ax.fill_between(p, low, high, facecolor=colour, edgecolor=colour, lw=0.4)


def draw_boundaries(ax: Axes, diagram: PhaseDiagram, *, annotate: bool = True) -> list[Text]:
    """Draw the exact boundaries and junctions; with `annotate`, write where the junctions are."""
    notes: list[Text] = []
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
        # Beside the right border the words stand to the left.
        right = ax.transAxes.inverted().transform(ax.transData.transform(place))[0] > 0.75
        known = junction.sparsity.is_Rational and junction.importance.is_Rational
        note = ax.annotate(
            f"S = {junction.sparsity}, r = {junction.importance}"
            if known
            else f"S = {1 - place[0]:.4g}, r = {place[1]:.4g}",
            place,
            xytext=(-12, 14) if right else (12, 12),
            textcoords="offset points",
            va="center",
            ha="right" if right else "left",
            fontsize=8.5,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
            zorder=6,
        )
        notes.append(note)
    return notes
