"""Documented pictures are what the printed commands draw; every picture goes into given axes."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import sympy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread

import phasecalc as pc
from docs import pictures
from phasecalc.landscapes.plane import Axis, Plane
from phasecalc.report.plot_traced import _window

from .pages import ROOT

_BLOCK = 12
"""Pixels on a side of the squares whose mean colours are compared: letters move with fonts."""
LONG = ("global-3-2.png", "sticky.png", "check-global-2-1.png")
OTHERS = sorted({*pictures.COMMANDS, *pictures.FIGURES} - {*LONG})


DRAWN_WITH = (3, 11)
"""The matplotlib of the kept pictures; layouts of older ones have other proportions."""


@pytest.mark.skipif(
    matplotlib.__version_info__[:2] < DRAWN_WITH, reason="drawn with a newer matplotlib"
)
@pytest.mark.parametrize(
    "name", [*OTHERS, *(pytest.param(name, marks=pytest.mark.long) for name in LONG)]
)
def test_a_picture_of_the_pages_is_what_its_command_draws(name, tmp_path):
    pictures.draw(name, tmp_path)
    kept, drawn = (coarse(folder / name) for folder in (ROOT / "docs", tmp_path))
    rows, columns = np.minimum(kept.shape, drawn.shape)[:2]
    assert np.abs(np.subtract(kept.shape, drawn.shape)).max() <= 1
    apart = np.abs(kept[:rows, :columns] - drawn[:rows, :columns]).max(axis=2) > 0.15
    assert apart.mean() < 0.02, f"docs/{name} is old: python docs/pictures.py {name}"


def coarse(path) -> np.ndarray:
    image = imread(path)[..., :3]
    rows, columns = (length // _BLOCK for length in image.shape[:2])
    cut = image[: rows * _BLOCK, : columns * _BLOCK]
    return cut.reshape(rows, _BLOCK, columns, _BLOCK, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("name", pictures.COMMANDS)
def test_a_page_prints_the_commands(name):
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    texts = [page.read_text(encoding="utf-8") for page in pages if name in page.read_text("utf-8")]
    assert texts, f"no page shows {name}"
    for command in pictures.COMMANDS[name]:
        assert any(command.removesuffix(" -o") in text for text in texts), command


def single() -> tuple[Figure, Axes]:
    figure = Figure()
    return figure, figure.add_subplot()


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: pc.plot_diagram(pc.phase_diagram(pc.ToyModel(2, 1)), ax=ax),
        lambda ax: pc.plot_limit(pc.limit_diagram(), ax=ax),
        lambda ax: pc.plot_sticky(pc.limit_diagram(), 4, ax=ax),
        lambda ax: pc.plot_correlation(1, ax=ax),
        lambda ax: pc.plot_dimensionality([[1.0, -1.0]], ax=ax),
    ],
    ids=["diagram", "limit", "sticky", "correlation", "dimensionality"],
)
def test_a_picture_goes_into_given_axes_with_its_title(draw):
    figure, ax = single()
    assert draw(ax) is figure
    assert ax.get_title()


def test_a_slice_has_the_legend_of_what_it_shows():
    line = pc.slice_along(pc.ToyModel(2, 1), importance=0.6, source="relaxed")
    figure = pc.plot_slice(line, window=(0.3, 0.6))
    (legend,) = (ax.get_legend() for ax in figure.axes if ax.get_legend() is not None)
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    assert {"F", "first order", "antipodal", "ignore"} <= set(words)
    low, high = figure.axes[0].get_ylim()
    for curve in figure.axes[0].get_lines():
        if curve.get_label() in words:
            x, y = (np.asarray(values, dtype=float) for values in curve.get_data())
            shown = (1 - x >= 0.3) & (1 - x <= 0.6) & (y >= low) & (y <= high)
            assert shown.any(), curve.get_label()


def test_numbers_of_near_crossings_do_not_lie_over_each_other():
    line = pc.slice_along(pc.ToyModel(2, 1), importance=0.6, source="global")
    figure = pc.plot_slice(line)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[1].texts]
    assert len(boxes) > 1
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:k])


def test_a_part_of_a_plane_is_drawn_where_it_was_traced() -> None:
    model = pc.ToyModel(5, 2, importance="rho^i")
    plane = Plane(
        model, Axis(pc.S, 0.4, 0.99, "log density"), Axis(sympy.Symbol("rho"), 0.1, 0.9, "log")
    )
    window = _window(SimpleNamespace(plane=plane), "log")  # type: ignore[arg-type]
    assert window.densities == pytest.approx((0.01, 0.6))
    assert window.importances == (0.1, 0.9)


def test_lines_and_points_of_many_features_are_explained():
    legend = pc.plot_limit(pc.limit_diagram()).axes[0].get_legend()
    assert legend is not None
    shown = [text.get_text() for text in legend.get_texts()]
    assert len(shown) == 4 and "three phases coexist" in shown


def test_the_end_of_a_line_says_where_it_is():
    for importance, words in ((1, "p = 2/3, c = 1/3"), ("1/2", "p = 0.6103, c = 0.2206")):
        texts = [text.get_text() for text in pc.plot_correlation(importance).axes[0].texts]
        assert words in texts
