"""Pictures of traced diagrams, with the candidates' boundaries dashed beneath."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon
from numpy.typing import NDArray

from ..continuation.records import TracedDiagram
from ..diagram.phase_diagram import PhaseDiagram
from ..symbols import S, r
from .colours import colour_of
from .plain import plain
from .plot_names import CELLS, write_names
from .plot_style import DENSITY_RANGE, INK, AxesKind, Window, dress, inset_axes
from .sizes import magnitudes, sizes
from .variant import source_title

Floats = NDArray[np.float64]

_PIXELS = 700
_BENEATH = Line2D([], [], color=INK, lw=0.9, ls=(0, (5, 4)), label="candidates")
MARKS = {
    "junction": ("o", "white"),
    "tricritical point": ("^", INK),
    "critical end point": ("s", "white"),
    "critical point": ("D", INK),
    "Landau point": ("*", INK),
    "bicritical point": ("v", "white"),
}
"""Marker and face of each kind of special point."""
_SPINODAL: dict[str, Any] = {"color": INK, "lw": 0.7, "alpha": 0.7}
_HATCHED: dict[str, Any] = {"fill": False, "lw": 0.0}
_HATCHES = ("////", r"\\\\")
STYLES: tuple[Any, ...] = ((0, (4, 1.5, 1, 1.5)), "-", (0, (1, 1.2)))
"""Of lines whose order was not found, of first-order and of continuous ones."""
_REACH = 3
"""Half the width, in cells of the grid of names, of the square that a special point keeps."""
_LEAST = 2.0
"""Half the width, in pixels, below which a part of the picture is a gap between lines."""


def plot_traced(
    diagram: TracedDiagram,
    beneath: PhaseDiagram | None = None,
    ax: Axes | None = None,
    *,
    axes: AxesKind = "log",
    inset: tuple[float, float, float, float] | None = None,
    metastable: bool = False,
) -> Figure:
    """Draw a traced diagram on the paper's axes; the exact one's boundaries dashed, if given.

    Solid lines are first-order transitions, dotted ones continuous; circles are junctions,
    triangles tricritical points, squares critical end points, diamonds critical points,
    stars Landau points, triangles upside down bicritical points. With `metastable` thin lines are
    spinodals, and where a phase is metastable it is hatched in its colour. Regions are the
    connected parts that the lines cut out. `axes` and
    `inset` are those of `plot_diagram`.

    Raises `ValueError` for candidates beneath a variant: they minimise another loss; for a diagram
    over other symbols than S and an importance, or to be hatched without regions.
    """
    if beneath is not None and (diagram.model.bias == "zero" or diagram.model.interference_penalty):
        raise ValueError(
            "beneath: the candidates have free biases and no penalty, so it must be None for a "
            "diagram with bias = 'zero' or an interference_penalty"
        )
    if metastable and not diagram.metastable and any(q.order == 1 for q in diagram.boundaries):
        raise ValueError("metastable = True: the diagram does not say where phases are metastable")
    window = _window(diagram, axes)
    part = None if inset is None else Window.of(inset, axes)
    if ax is None:
        figure = Figure(figsize=(6.8, 5.8), layout="constrained")
        ax = figure.add_subplot()
    labels = _fill(ax, diagram, window)
    _draw(ax, diagram, beneath, metastable=metastable)
    dress(ax, window)
    if diagram.plane.y.symbol != r:
        ax.set_ylabel(f"{plain(diagram.plane.y.symbol)}, of importances {_joined(diagram)}")
    model = diagram.model
    ax.set_title(
        f"{sizes(model)}, {magnitudes(model)}\n{source_title(diagram.source, model)}",
        fontsize=10.5,
    )
    handles = _handles(diagram, beneath, metastable=metastable)
    columns = 3 if metastable else min(len(handles), 4)
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=columns,
        frameon=False,
        fontsize=8.5,
    )
    detail = None
    if part is not None:
        box = inset_axes(ax, part, plain(diagram.plane.y.symbol))
        detail = box, _coarse(_fill(box, diagram, part), diagram, part)
        _draw(box, diagram, beneath, metastable=metastable)
    found = ax.get_figure(root=True)
    assert isinstance(found, Figure)
    # Sizes in pixels are known once the layout is.
    found.draw_without_rendering()
    rows = -(-len(handles) // columns)
    coarse = _coarse(labels, diagram, window)
    if part is not None:
        coarse[int(0.47 * CELLS) :, : int(0.5 * CELLS)] = ""  # behind the inset
    write_names(ax, coarse, [q.name for q in diagram.phases], (), -0.17 - 0.06 * rows, detail)
    return found


def _coarse(labels: NDArray[np.str_], diagram: TracedDiagram, window: Window) -> NDArray[np.str_]:
    """The names on the grid on which places for them are looked for, special points left out."""
    middles = ((np.arange(CELLS) + 0.5) / CELLS * _PIXELS).astype(int)
    coarse: NDArray[np.str_] = labels[np.ix_(middles, middles)].T
    _clear_of_points(coarse, diagram, window)
    return coarse


def _window(diagram: TracedDiagram, axes: AxesKind) -> Window:
    """The paper's window; of another importance than r, where it was traced."""
    x, y = diagram.plane.axes
    if x.symbol != S or y.chart != "log":
        raise ValueError(
            f"diagram: it is over {x.symbol} and {y.symbol}; pictures are over S and an importance"
        )
    if y.symbol == r:
        return Window(axes=axes)
    return Window((1.0 - x.high, 1.0 - x.low), (y.low, y.high), axes)


def _joined(diagram: TracedDiagram) -> str:
    return ", ".join(map(plain, diagram.model.importance))


def _clear_of_points(names: NDArray[np.str_], diagram: TracedDiagram, window: Window) -> None:
    """Make room around special points: names is over the axes, from left to right and upwards."""
    for point in diagram.special_points:
        if point.kind in MARKS:
            u, v = window.place(np.array(point.feature_probability), np.array(point.importance))
            across, upwards = (
                slice(max(int(part * CELLS) - _REACH, 0), max(int(part * CELLS) + _REACH + 1, 0))
                for part in (u, v)
            )
            names[across, upwards] = ""


def _draw(
    ax: Axes, diagram: TracedDiagram, beneath: PhaseDiagram | None, *, metastable: bool
) -> None:
    """Lines and points, on filled axes."""
    if metastable:
        draw_metastable(ax, diagram)
    if beneath is not None:
        _dashed(ax, beneath)
    draw_lines(ax, diagram)
    for point in diagram.special_points:
        if point.kind in MARKS:
            marker, face = MARKS[point.kind]
            ax.plot(
                point.feature_probability,
                point.importance,
                marker,
                ms=6,
                mfc=face,
                mec=INK,
                mew=1.2,
                zorder=5,
            )


def _handles(
    diagram: TracedDiagram, beneath: PhaseDiagram | None, *, metastable: bool
) -> list[Any]:
    """What the legend explains: only what is in the picture."""
    orders = {min(boundary.order or 0, 2) for boundary in diagram.boundaries}
    kinds = ((1, "first order"), (2, "continuous"), (0, "order not found"))
    hatched = {region.phase: None for region in diagram.metastable} if metastable else {}
    return [
        *(
            Line2D([], [], color=INK, lw=1.5, ls=STYLES[order], label=words)
            for order, words in kinds
            if order in orders
        ),
        *([] if beneath is None else [_BENEATH]),
        *(
            [Line2D([], [], **_SPINODAL, label="spinodal")]
            if metastable and diagram.spinodals
            else []
        ),
        *(
            Patch(**_HATCHED, **_hatch(diagram, name), label=f"{name} metastable")
            for name in hatched
        ),
        *(
            Line2D([], [], color=INK, ls="", marker=marker, mfc=face, label=kind)
            for kind, (marker, face) in MARKS.items()
            if any(point.kind == kind for point in diagram.special_points)
        ),
    ]


def _hatch(diagram: TracedDiagram, name: str) -> dict[str, Any]:
    """Hatches of a phase: in a dark tint of its colour, alternating in direction."""
    names = sorted({region.phase for region in diagram.metastable})
    outcome = next((q.outcome for q in diagram.phases if q.name == name), "")
    dark = tuple(0.5 * channel for channel in to_rgb(colour_of(name, outcome)))
    return {"edgecolor": (*dark, 0.55), "hatch": _HATCHES[names.index(name) % len(_HATCHES)]}


def draw_lines(ax: Axes, diagram: TracedDiagram) -> None:
    """The boundaries alone, on axes that have limits already."""
    for boundary in diagram.boundaries:
        ax.plot(
            1.0 - np.array(boundary.sparsities),
            boundary.importances,
            color=INK,
            lw=1.5,
            ls=STYLES[min(boundary.order or 0, 2)],
            solid_capstyle="round",
        )


def draw_metastable(ax: Axes, diagram: TracedDiagram) -> None:
    """Hatch where a phase is a local minimum beyond its boundary, up to the thin spinodals."""
    for region in diagram.metastable:
        corners = np.column_stack([1.0 - np.array(region.sparsities), region.importances])
        ax.add_patch(Polygon(corners, **_HATCHED, **_hatch(diagram, region.phase), zorder=1.2))
    for curve in diagram.spinodals:
        ax.plot(1.0 - np.array(curve.sparsities), curve.importances, **_SPINODAL, zorder=1.6)


def _dashed(ax: Axes, exact: PhaseDiagram) -> None:
    import sympy  # noqa: PLC0415

    from ..symbols import p  # noqa: PLC0415

    for boundary in exact.boundaries:
        low, high = (float(end) for end in boundary.interval)
        if boundary.importance is None:
            bottom, top = (float(end) for end in boundary.importance_interval)
            ax.plot(
                [low, low], [max(bottom, 1e-3), min(top, 1e3)], color=INK, lw=0.9, ls=(0, (5, 4))
            )
            continue
        density = np.geomspace(max(low, DENSITY_RANGE[0] / 2), high, 400)[:-1]
        values = sympy.lambdify(p, boundary.importance)(density) * np.ones_like(density)
        ax.plot(density, values, color=INK, lw=0.9, ls=(0, (5, 4)))


def _fill(ax: Axes, diagram: TracedDiagram, window: Window) -> NDArray[np.str_]:
    """Colour the parts of the window between the lines, each by the phase in its middle.

    Returns the name of every pixel, from left to right and upwards; "" where none is known.
    """
    from scipy import ndimage  # noqa: PLC0415

    parts, count = ndimage.label(~_walls(diagram, window))
    names = [""] * (count + 1)
    for part in range(1, count + 1):
        depth = ndimage.distance_transform_edt(np.pad(parts == part, 1))[1:-1, 1:-1]
        if depth.max() < _LEAST:
            continue
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        density, importance = window.at(*((np.array([column, row]) + 0.5) / _PIXELS))
        names[part] = diagram.label(1.0 - float(density), float(importance))
    # Walls take the name of their nearest region, so that no white shows beside the lines.
    known = np.array([name != "" for name in names])[parts]
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    labels: NDArray[np.str_] = np.array(names)[parts[nearest[0], nearest[1]]]
    tints = {q.name: to_rgb(colour_of(q.name, q.outcome)) for q in diagram.phases}
    image = np.full((_PIXELS, _PIXELS, 3), 0.9)
    for name in np.unique(labels):
        image[labels == name] = tints.get(str(name), (0.9, 0.9, 0.9))
    edges = np.linspace(0.0, 1.0, _PIXELS + 1)
    densities, importances = window.at(edges, edges)
    ax.pcolormesh(densities, importances, image, shading="flat", rasterized=True)
    return labels


def _walls(diagram: TracedDiagram, window: Window) -> NDArray[np.bool_]:
    """Pixels that a line runs through."""
    wall = np.zeros((_PIXELS, _PIXELS), dtype=bool)
    for boundary in diagram.boundaries:
        u, v = window.place(1.0 - np.array(boundary.sparsities), np.array(boundary.importances))
        for k in range(len(u) - 1):
            steps = 2 + int(2 * _PIXELS * max(abs(u[k + 1] - u[k]), abs(v[k + 1] - v[k])))
            t = np.linspace(0.0, 1.0, min(steps, 20 * _PIXELS))
            columns = (u[k] + t * (u[k + 1] - u[k])) * _PIXELS
            rows = (v[k] + t * (v[k + 1] - v[k])) * _PIXELS
            # A line along the border still is a wall there, one far outside is none.
            near = (np.abs(columns - _PIXELS / 2) <= _PIXELS / 2 + 1) & (
                np.abs(rows - _PIXELS / 2) <= _PIXELS / 2 + 1
            )
            inside = [
                np.clip(values[near], 0, _PIXELS - 1).astype(int) for values in (rows, columns)
            ]
            wall[inside[0], inside[1]] = True
    return wall
