"""The picture of an experiment beside its theory, in the paper's colours."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from ..continuation.records import TracedDiagram
from ..diagram.phase_diagram import PhaseDiagram
from ..experiment.trained import TrainedGrid
from .plot import draw_boundaries, fill_phases, phase_colours
from .plot_names import name_regions, without_overlaps
from .plot_style import INK, TINTS, dress
from .plot_traced import draw_lines, plot_traced
from .sizes import magnitudes, sizes

Floats = NDArray[np.float64]

_PALE = np.array(to_rgb(TINTS["not represented"][0]))
_HUES = np.array(
    [to_rgb(TINTS["dedicated"][0]), to_rgb("#b884ad"), to_rgb(TINTS["superposition"][0])]
)
"""Overlap 0, ½ and 1 at norm 1."""
_PANELS = ("average", "best")


def plot_trained(
    trained: TrainedGrid,
    diagram: PhaseDiagram | TracedDiagram | None = None,
    models: str = "both",
) -> Figure:
    """Draw the trained models, the theory beside them, and its boundaries over both.

    Each cell is coloured by the extra feature: hue from its overlap Σ_{j≠n}(Ŵ_n·W_j)², blue at 0
    and red at 1; fading to pale as its norm ‖W_n‖ goes from 1 to 0. Norm and overlap are averages
    over all models of the cell but the one with the highest loss, as in the paper
    (models="average"), or those of the model with the lowest loss ("best"), or one panel of each
    ("both"). The theory's regions have the colours that their phases have in every picture.

    >>> import phasecalc as pc
    >>> trained = pc.train(pc.ToyModel(2, 1), [0.2, 0.9], [0.2, 5.0])
    >>> figure = plot_trained(trained, pc.phase_diagram(trained.model))
    >>> [ax.get_title() for ax in figure.axes[1:3]]
    ['trained, stratified starts, best of 10', 'theory (candidates)']

    Raises `ValueError` for a diagram of another model, or an axis of fewer than two entries.
    """
    if models not in (*_PANELS, "both"):
        raise ValueError(f'models = {models!r}: it must be "average", "best" or "both"')
    if diagram is not None and diagram.model != trained.model:
        raise ValueError(f"the diagram is of {diagram.model}, the training of {trained.model}")
    kinds = _PANELS if models == "both" else (models,)
    count = len(kinds) + (diagram is not None)
    figure = Figure(figsize=(5.4 * count + (count == 1), 6.5), layout="constrained")
    # The legend has a row of its own, in the middle below all panels.
    rows = figure.add_gridspec(2, count, height_ratios=(1, 0.13))
    axes = [figure.add_subplot(rows[0, column]) for column in range(count)]
    legend = figure.add_subplot(rows[1, :])
    legend.set_axis_off()
    for ax, kind in zip(axes, kinds, strict=False):
        dress(ax)
        _draw_cells(ax, trained, kind)
        ax.set_title(_title(trained, kind), fontsize=11)
        if diagram is not None:
            _draw_lines(ax, diagram)
    model = trained.model
    figure.suptitle(
        f"{sizes(model)}, {magnitudes(model)}",
        fontsize=12,
    )
    _legend(legend, 1 / count)
    if diagram is not None:
        if isinstance(diagram, TracedDiagram):
            # Last: it places names by the layout that it finds.
            plot_traced(diagram, ax=axes[-1])
        else:
            _draw_theory(axes[-1], diagram, figure)
        axes[-1].set_title(f"theory ({diagram.source})", fontsize=11)
    return figure


def _draw_lines(ax: Axes, diagram: PhaseDiagram | TracedDiagram) -> None:
    if isinstance(diagram, TracedDiagram):
        draw_lines(ax, diagram)
    else:
        draw_boundaries(ax, diagram, annotate=False)


def colours(norm: ArrayLike, overlap: ArrayLike) -> Floats:
    """Red, green, blue of norms and overlaps, (...) -> (..., 3); values above 1 count as 1."""
    fade = np.clip(np.asarray(norm), 0, 1)[..., None]
    place = 2 * np.clip(np.asarray(overlap), 0, 1)[..., None]
    low, middle, high = _HUES
    hue = np.where(place < 1, low + place * (middle - low), middle + (place - 1) * (high - middle))
    return np.asarray(_PALE + fade * (hue - _PALE))


def _draw_theory(ax: Axes, diagram: PhaseDiagram, figure: Figure) -> None:
    # The colours that these phases have in every picture; those of their weights alone would paint
    # neighbours alike which do the same to the extra feature.
    fill_phases(ax, diagram, phase_colours(diagram))
    dress(ax)
    notes = draw_boundaries(ax, diagram)
    # Sizes in pixels are known once the layout is.
    figure.draw_without_rendering()
    name_regions(ax, diagram, without_overlaps(notes), key_height=-0.2)


def _title(trained: TrainedGrid, models: str) -> str:
    count = trained.settings.models_per_cell
    way = "trained" if trained.method == "population" else "trained on samples"
    if not trained.complete:
        way += f" ({trained.done.sum()} of {trained.done.size} models)"
    if count == 1:
        return way
    if trained.settings.starts == "independent":
        way += ", independent starts"
    else:
        way += ", stratified starts"
    return (
        f"{way}, best of {count}"
        if models == "best"
        else (f"{way}, mean of the best {count - 1} of {count}")
    )


def _draw_cells(ax: Axes, trained: TrainedGrid, models: str) -> None:
    pick = trained.of_best if models == "best" else trained.average
    norm, overlap = (pick(values[..., -1]) for values in (trained.norms, trained.overlaps))
    # Logarithmic axes have no place for p = 0 and r = 0.
    rows, columns = trained.sparsities < 1, trained.importances > 0
    densities, importances = 1 - trained.sparsities[rows], trained.importances[columns]
    if len(densities) < 2 or len(importances) < 2:
        raise ValueError("a picture needs at least two sparsities below 1 and two importances")
    rgb = colours(norm, overlap)[np.ix_(rows, columns)]
    rgba = np.concatenate([np.nan_to_num(rgb), np.isfinite(rgb[..., :1])], axis=-1)
    across, upwards = _edges(densities), _edges(importances)
    ax.pcolormesh(across, upwards, rgba.swapaxes(0, 1), shading="flat", rasterized=True)
    # Whole cells at the edges too: their middles are where the axes' last ticks are.
    ax.set_xlim(across.max(), across.min())
    ax.set_ylim(upwards.min(), upwards.max())


def _edges(centres: Floats) -> Floats:
    """Geometric midpoints, and as far beyond the ends."""
    logs = np.log(centres)
    middle = (logs[1:] + logs[:-1]) / 2
    first, last = 2 * logs[0] - middle[0], 2 * logs[-1] - middle[-1]
    return np.asarray(np.exp(np.concatenate([[first], middle, [last]])))


def _legend(ax: Axes, width: float) -> None:
    """The two-dimensional legend: overlap to the right, norm upwards."""
    box = ax.inset_axes((0.5 - 0.24 * width, 0.25, 0.48 * width, 0.75))
    overlap, norm = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 51))
    box.imshow(
        colours(norm, overlap), origin="lower", extent=(0, 1, 0, 1), aspect="auto",
        interpolation="bilinear",
    )  # fmt: skip
    box.set_xticks([0, 0.5, 1])
    box.set_yticks([0, 1])
    box.tick_params(labelsize=8, length=2, color=INK)
    box.set_xlabel("overlap with other features", fontsize=8.5, labelpad=2)
    box.set_ylabel("norm", fontsize=8.5, labelpad=2)
    for x, text, side in ((0.02, "dedicated", "left"), (0.98, "superposition", "right")):
        box.annotate(text, (x, 0.94), xycoords="axes fraction", fontsize=8.5, va="top", ha=side)
    # The whole bottom edge: without length there is no overlap to speak of.
    box.annotate(
        "not represented", (0.5, 0.05), xycoords="axes fraction", fontsize=8.5, va="bottom",
        ha="center",
    )  # fmt: skip
