"""Names in their regions: the numbers that stand for long ones."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from phasecalc.report.plot_names import CELLS, write_names


def test_numbers_of_neighbouring_strips_do_not_cover_each_other() -> None:
    labels = np.full((CELLS, CELLS), "a-wide-phase", dtype="U40")
    for k in range(3):
        labels[:20, 2 + k] = f"a-long-name-in-strip-{k}"
    figure = Figure(figsize=(4, 4))
    ax = figure.subplots()
    figure.draw_without_rendering()
    write_names(ax, labels, np.unique(labels), ())
    numbers = [text for text in ax.texts if text.get_text() in {"1", "2", "3"}]
    assert len(numbers) == 3
    boxes = [text.get_window_extent() for text in numbers]
    assert not any(one.overlaps(two) for one, two in combinations(boxes, 2))
