"""The picture of what part of a dimension each feature has."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..experiment.measures import dimensionalities, norms, overlaps
from ..kernel.inputs import real_array
from ..model import sizes
from .plot_style import INK, TINTS

_FRACTIONS = (
    (1.0, "1: a dimension of its own"),
    (3 / 4, "3/4: tetrahedron"),
    (2 / 3, "2/3: triangle"),
    (1 / 2, "1/2: antipodal pair"),
    (2 / 5, "2/5: pentagon"),
    (3 / 8, "3/8: square antiprism"),
)
_OVERLAP = LinearSegmentedColormap.from_list(
    "overlap", [to_rgb(TINTS["dedicated"][0]), to_rgb("#b884ad"), to_rgb(TINTS["superposition"][0])]
)


def plot_dimensionality(weights: ArrayLike, ax: Axes | None = None) -> Figure:
    """Draw the norm and the dimensionality of every feature of one model.

    D_i = ‖W_i‖²/Σ_j (Ŵ_i·W_j)² is a point for each feature at its number, of an area in proportion
    to ‖W_i‖² and coloured by its overlap Σ_{j≠i} (Ŵ_i·W_j)²; lines are those of the geometries that
    the paper finds. A feature of norm below 1/2 is hollow: it is not represented.

    weights : (m, n), column i for feature i. Draws into `ax` when it is given; returns the figure.

    >>> figure = plot_dimensionality([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> figure.axes[0].get_ylabel()
    'dimensionality $D_i$'

    Raises `ValueError` for weights of another shape.

    Source: Elhage et al. 2022, "The Geometry of Superposition".
    """
    W = real_array("weights", weights)
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"weights: shape {W.shape}; it must be (m, n), the weights of one model")
    parts, length, overlap = dimensionalities(W), norms(W), overlaps(W)
    if ax is None:
        figure = Figure(figsize=(6.8, 4.2), layout="constrained")
        ax = figure.add_subplot()
    features = np.arange(1, len(parts) + 1)
    for value, words in _FRACTIONS:
        ax.axhline(value, color=INK, lw=0.6, alpha=0.35, zorder=1)
        ax.annotate(
            words, (1.0, value), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", fontsize=8, color=INK,
            va={2 / 5: "bottom", 3 / 8: "top"}.get(value, "center"),
        )  # fmt: skip
    shades = _OVERLAP(np.clip(overlap, 0.0, 1.0))
    represented = length >= 0.5
    ax.scatter(
        features, parts, s=25.0 + 70.0 * length**2, edgecolors=INK, linewidths=0.8, zorder=3,
        facecolors=np.where(represented[:, None], shades, [[1.0, 1.0, 1.0, 1.0]]),
    )  # fmt: skip
    ax.set_ylim(-0.05, 1.1)
    ax.set_xlabel("feature (the last one is the extra feature)")
    ax.set_ylabel("dimensionality $D_i$")
    if len(features) <= 20:
        ax.set_xticks(features)
    ax.set_title(
        f"{sizes(W.shape[1], W.shape[0])}: "
        f"$m / ‖W‖^2$ = {len(W) / max(float((W**2).sum()), 1e-300):.3g}",
        fontsize=10.5,
    )
    found = ax.get_figure(root=True)
    assert isinstance(found, Figure)
    bar = found.colorbar(
        ScalarMappable(cmap=_OVERLAP), ax=ax, location="bottom", shrink=0.5, pad=0.02
    )
    bar.set_label("overlap with other features", fontsize=8.5)
    bar.ax.tick_params(labelsize=8)
    return found
