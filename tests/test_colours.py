"""Neighbouring phases have colours that everyone can tell apart; one phase has one colour."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import phasecalc as pc
from phasecalc.minima.naming import outcome_of
from phasecalc.report.colours import colour_of

# Machado, Oliveira and Fernandes 2009, severity 1; on linear RGB.
VISION = {
    "all three cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
APART = 8.0
"""Least distance in CIELAB; 2.3 is just noticeable for large patches side by side."""

GLOBAL_PAIRS = {
    (2, 1): [
        ("ignore", "antipodal"),
        ("ignore", "weak-antipodal"),
        ("antipodal", "dedicated"),
        ("weak-other-antipodal", "dedicated"),
        ("weak-antipodal", "antipodal"),
        ("weak-antipodal", "weak-other-antipodal"),
        ("antipodal", "weak-other-antipodal"),
        ("antipodal", "aligned"),
    ],
    (3, 2): [
        *combinations(("ignore-extra", "extra-antipodal", "joint", "weak-joint"), 2),
        *combinations(("others-antipodal", "others-weak-antipodal", "weak-other-joint"), 2),
        ("extra-weak-antipodal", "ignore-extra"),
        ("extra-weak-antipodal", "weak-joint"),
        ("extra-weak-antipodal", "extra-antipodal"),
        ("joint", "others-antipodal"),
        ("joint", "weak-other-joint"),
        ("weak-joint", "weak-other-joint"),
        ("extra-antipodal", "others-antipodal"),
        ("joint", "others-weak-antipodal"),
        ("ignore-extra", "others-weak-antipodal"),
    ],
}


def lab(colour: str, vision: np.ndarray) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(vision @ linear, 0, 1)
    xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    ) @ seen / np.array([0.95047, 1.0, 1.08883])  # fmt: skip
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(first: str, second: str) -> float:
    """The least distance that any reader sees."""
    return min(
        float(np.linalg.norm(lab(first, vision) - lab(second, vision)))
        for vision in VISION.values()
    )


def outcome_by_name(name: str) -> str:
    if name.startswith("ignore-extra") or name == "ignore":
        return "not represented"
    if name.startswith(("ignore-other", "others-", "dedicated", "all-")) or name[1:3] == "x-":
        return "dedicated"
    return "superposition"


def colour(name: str) -> str:
    return colour_of(name, outcome_by_name(name))


def test_the_measure():
    assert distance("#ffffff", "#ffffff") == 0
    # White against black is 100 for everyone; red against green is what colour-blind readers lose.
    assert abs(distance("#ffffff", "#000000") - 100) < 1e-2
    assert distance("#c04040", "#6a7a2a") < 20


@pytest.mark.parametrize("size", GLOBAL_PAIRS)
def test_neighbours_of_the_traced_diagrams(size):
    for first, second in GLOBAL_PAIRS[size]:
        assert distance(colour(first), colour(second)) > APART, (first, second)


@pytest.mark.parametrize("size", [(2, 1), (3, 1), (3, 2), (4, 2), (5, 2), (5, 3), (6, 2), (6, 3)])
def test_neighbours_of_the_exact_diagrams(size):
    diagram = pc.phase_diagram(pc.ToyModel(*size))
    outcomes = {phase.name: phase.outcome for phase in diagram.phases}
    for boundary in diagram.boundaries:
        first, second = (colour_of(name, outcomes[name]) for name in boundary.phases)
        assert distance(first, second) > APART, boundary.phases


def test_outcomes_have_their_hues():
    for name, outcome in (("ignore", "not represented"), ("dedicated", "dedicated")):
        assert colour_of(name, outcome) == colour(name)
    red, _, blue = to_rgb(colour("antipodal"))
    assert red > 2 * blue * 0.9
    assert outcome_of(np.array([[1.0, -1.0], [-1.0, 1.0]])) == outcome_by_name("antipodal")


def names_in(figure) -> set[str]:
    return {text.get_text() for ax in figure.axes for text in ax.texts}


def test_pictures_name_their_source_and_every_phase():
    for n, m in ((2, 1), (3, 2), (5, 2)):
        diagram = pc.phase_diagram(pc.ToyModel(n, m))
        for axes in ("log", "linear"):
            figure = pc.plot_diagram(diagram, axes=axes)
            assert "exact among the candidates" in figure.axes[0].get_title()
            words = " ".join(names_in(figure)).replace("+\n", "+")
            assert all(phase.name in words for phase in diagram.phases)
            legend = figure.axes[0].get_legend()
            assert legend is not None
            shown = {entry.get_text() for entry in legend.get_texts()}
            assert shown == {phase.outcome for phase in diagram.phases}


def test_axes_and_insets():
    diagram = pc.phase_diagram(pc.ToyModel(2, 1))
    figure = pc.plot_diagram(diagram, axes="linear", inset=(0.2, 0.6, 0.5, 2))
    outer, inner = figure.axes[0], figure.axes[0].child_axes[0]
    assert outer.get_xscale() == "linear" and outer.get_xlabel() == "sparsity, S"
    np.testing.assert_allclose(inner.get_xlim(), (0.8, 0.4))
    np.testing.assert_allclose(inner.get_ylim(), (0.5, 2))
    for wrong in ((0.6, 0.2, 0.5, 2), (0, 1, 1, 2), (0, 0.5, 1), "a"):
        with pytest.raises(ValueError, match="inset"):
            pc.plot_diagram(diagram, inset=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="axes"):
        pc.plot_diagram(diagram, axes="cubic")  # type: ignore[arg-type]


def test_own_axes_get_everything():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 9))
    left, right = figure.subplots(1, 2)
    diagram = pc.phase_diagram(pc.ToyModel(2, 1))
    assert pc.plot_diagram(diagram, ax=left) is figure
    assert left.get_title() and left.get_legend() is not None
    assert pc.plot_dimensionality(np.eye(2, 3), ax=right) is figure
    assert "3 features in 2 dimensions" in right.get_title()


def test_slices_have_a_window():
    line = pc.slice_along(pc.ToyModel(2, 1), sparsity=0.6, source="relaxed")
    figure = pc.plot_slice(line, window=(0.2, 1))
    np.testing.assert_allclose(figure.axes[0].get_xlim(), (0.2, 1))
    assert figure.axes[0].get_legend() is not None
    for wrong in ((1, 0.2), (0, 20), "x"):
        with pytest.raises(ValueError, match="window"):
            pc.plot_slice(line, window=wrong)  # type: ignore[arg-type]
