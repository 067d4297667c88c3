"""The picture of an experiment beside its theory, in the paper's colours."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..diagram.phase_diagram import PhaseDiagram
from ..numeric.trained import TrainedGrid
from ..tracing.records import TracedDiagram
from .plot import draw_boundaries, plot_diagram
from .plot_style import INK, LAW_TEXTS, TINTS, dress
from .plot_traced import draw_lines, plot_traced

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
    ("both").

    >>> import phasecalc as pc
    >>> trained = pc.train(pc.ToyModel(2, 1), [0.2, 0.9], [0.2, 5.0])
    >>> figure = plot_trained(trained, pc.phase_diagram(trained.model))
    >>> [ax.get_title() for ax in figure.axes[:3]]
    ['trained, mean of the best 9 of 10', 'trained, best of 10', 'theory (candidates)']

    Raises `ValueError` for a diagram of another model, or an axis of fewer than two entries.
    """
    if models not in (*_PANELS, "both"):
        raise ValueError(f'models = {models!r}: it must be "average", "best" or "both"')
    if diagram is not None and diagram.model != trained.model:
        raise ValueError(f"the diagram is of {diagram.model}, the training of {trained.model}")
    kinds = _PANELS if models == "both" else (models,)
    count = len(kinds) + (diagram is not None)
    figure = Figure(figsize=(5.4 * count + (count == 1), 5.8), layout="constrained")
    engine = figure.get_layout_engine()
    assert engine is not None
    # Room for the legend, which the layout does not see.
    engine.set(rect=(0, 0.035, 1, 0.965))  # type: ignore[call-arg]
    axes = figure.subplots(1, count, squeeze=False)[0]
    for ax, kind in zip(axes, kinds, strict=False):
        _draw_cells(ax, trained, kind)
        dress(ax)
        ax.set_title(_title(trained, kind), fontsize=11)
        if diagram is not None:
            _draw_lines(ax, diagram)
    model = trained.model
    figure.suptitle(
        f"{model.n_features} features in {model.d_hidden} "
        f"dimension{'s' if model.d_hidden > 1 else ''}, {LAW_TEXTS[model.law.name]}",
        fontsize=12,
    )
    _legend(axes[0])
    if diagram is not None:
        # Last: it places names by the layout that it finds.
        if isinstance(diagram, TracedDiagram):
            plot_traced(diagram, ax=axes[-1])
        else:
            plot_diagram(diagram, axes[-1])
        axes[-1].set_title(f"theory ({diagram.source})", fontsize=11)
    return figure


def _draw_lines(ax: Axes, diagram: PhaseDiagram | TracedDiagram) -> None:
    if isinstance(diagram, TracedDiagram):
        draw_lines(ax, diagram)
    else:
        draw_boundaries(ax, diagram, annotate=False)


def colours(norm: Floats, overlap: Floats) -> Floats:
    """Red, green, blue of norms and overlaps, (...) -> (..., 3); values above 1 count as 1."""
    fade = np.clip(norm, 0, 1)[..., None]
    place = 2 * np.clip(overlap, 0, 1)[..., None]
    low, middle, high = _HUES
    hue = np.where(place < 1, low + place * (middle - low), middle + (place - 1) * (high - middle))
    return np.asarray(_PALE + fade * (hue - _PALE))


def _title(trained: TrainedGrid, models: str) -> str:
    count = trained.settings.models_per_cell
    way = "trained" if trained.method == "population" else "trained on samples"
    if count == 1:
        return way
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
    ax.pcolormesh(
        _edges(densities), _edges(importances), rgba.swapaxes(0, 1), shading="flat", rasterized=True
    )


def _edges(centres: Floats) -> Floats:
    """Geometric midpoints, and as far beyond the ends."""
    logs = np.log(centres)
    middle = (logs[1:] + logs[:-1]) / 2
    first, last = 2 * logs[0] - middle[0], 2 * logs[-1] - middle[-1]
    return np.asarray(np.exp(np.concatenate([[first], middle, [last]])))


def _legend(ax: Axes) -> None:
    """The two-dimensional legend: overlap to the right, norm upwards."""
    box = ax.inset_axes((0.33, -0.305, 0.34, 0.12))
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
    for x, text in ((-0.26, "dedicated"), (1.04, "superposition")):
        box.annotate(
            text, (x, 0.95), xycoords="axes fraction", fontsize=8.5, va="top",
            ha="right" if x < 0 else "left",
        )  # fmt: skip
    box.annotate(
        "not represented", (1.04, 0.02), xycoords="axes fraction", fontsize=8.5, va="bottom"
    )
