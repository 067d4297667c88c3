"""Pictures of slices: F, the branches above it, and the crossings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import ArrayLike, NDArray

from .colours import colour_of
from .plot_style import INK
from .sizes import magnitudes, others, sizes
from .variant import variant_title

if TYPE_CHECKING:
    from ..slices.records import Branch, Slice

Floats = NDArray[np.float64]

_ROOM = 0.05
"""Height of the lower panel, as a part of the largest F; branches further above F are left out."""
_TICKS = {
    "sparsity": (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01),
    "importance": (0.1, 0.2, 0.5, 1, 2, 5, 10),
}
_AXES = {
    "r": "relative importance of the extra feature, r",
    "S": "feature probability, p = 1 − S; numbers in the picture are S",
}
_NEAR = 0.035
"""Numbers of two crossings closer than this part of the axis would lie over each other."""
_ENDS = {"fold": "x", "onset": "+", None: "1"}
_STYLES = {"first order": "o", "continuous": "D", "crossover": "|"}


def plot_slice(
    line: Slice,
    ax: tuple[Axes, Axes] | None = None,
    *,
    window: tuple[float, float] | None = None,
) -> Figure:
    """Draw a slice: F and every branch of minima, and below how far the branches lie above F.

    `ax` is a pair of axes to draw into, above and below; `window` is the (lowest, highest) value of
    the varied coordinate that is shown. Returns the figure.

    Circles are first-order crossings, diamonds continuous ones. Where a branch stops being a local
    minimum there is a cross: × at a fold, + at an onset, three-legged where neither was solved.
    """
    shown = _window(line, window)
    if ax is None:
        figure = Figure(figsize=(8.8, 6.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    else:
        upper, lower = ax
        found = upper.get_figure(root=True)
        assert isinstance(found, Figure)
        figure = found
    visible = (line.values >= shown[0]) & (line.values <= shown[1])
    highest = float(line.losses[visible].max()) if visible.any() else float(line.losses.max())
    (lowest,) = upper.plot(
        _place(line, line.values), line.losses, color=INK, lw=4.5, alpha=0.25, label="F"
    )
    fine = _fine(line)
    losses = [_losses(line, branch, fine) for branch in line.branches]
    F = np.nanmin(losses, axis=0)
    # Between the end of one branch and the beginning of the next no low one may be known.
    chord = np.interp(fine, line.values, line.losses)
    F = np.where(F > chord + 0.01 * highest, chord, F)
    named: dict[str, list[str]] = {}
    curves: dict[str, Line2D] = {}
    drawn: dict[str, int] = {}
    inside = (fine >= shown[0]) & (fine <= shown[1])
    marks: dict[str, Line2D] = {}
    for branch, loss in zip(line.branches, losses, strict=True):
        if not (loss - F)[inside & np.isfinite(loss)].min(initial=np.inf) <= _ROOM * highest:
            continue
        # One style for all branches of a name, as they have one colour; one entry in the legend.
        alike = named.setdefault(branch.outcome, [])
        if branch.name not in alike:
            alike.append(branch.name)
        drawn[branch.name] = drawn.get(branch.name, 0) + 1
        colour = _dark(branch.name, branch.outcome)
        dashes = ("-", (0, (5, 2)), (0, (2, 1.5)))[alike.index(branch.name) % 3]
        for panel, lowered in ((upper, 0.0), (lower, F)):
            (curve,) = panel.plot(
                _place(line, fine), loss - lowered, color=colour, lw=1.4, ls=dashes
            )
            curves.setdefault(branch.name, curve)
            for end in branch.ends:
                if end is not None and end.becomes is None:
                    height = end.loss - np.interp(end.value, fine, F * (panel is lower))
                    mark = _ENDS[end.cause]
                    panel.plot(_place(line, end.value), height, mark, color=colour, ms=6, zorder=4)
                    if shown[0] <= end.value <= shown[1]:
                        marks[mark] = _mark(mark, f"ends: {end.cause or 'not solved'}")
    marks |= _draw_crossings(line, upper, lower, shown)
    upper.set_ylim(0, 1.1 * highest)
    lower.set_ylim(0, _ROOM * highest)
    _dress(line, upper, lower, shown)
    # Beside the curves, not on them.
    _name_curves(upper, lowest, curves, drawn, list(marks.values()))
    return figure


def _draw_crossings(
    line: Slice, upper: Axes, lower: Axes, shown: tuple[float, float]
) -> dict[str, Line2D]:
    """The crossings with their values; returns the entries of their markers."""
    marks: dict[str, Line2D] = {}
    seen = sorted(
        (c for c in line.crossings if shown[0] <= c.value <= shown[1]),
        key=lambda c: float(_place(line, c.value)),
        reverse=line.letters[1] == "S",
    )
    width = abs(_charted(line, shown[1]) - _charted(line, shown[0]))
    for k, crossing in enumerate(seen):
        where, style = _place(line, crossing.value), _STYLES[crossing.nature]
        marks[style] = _mark(style, crossing.nature)
        # To the left of its line, to the right where another number is too near.
        before = _charted(line, seen[k - 1].value) if k else np.inf
        gap = abs(_charted(line, crossing.value) - before)
        side = 1 if gap < _NEAR * width else -1
        for panel, height in ((upper, crossing.loss), (lower, 0.0)):
            panel.plot(where, height, style, ms=6, mfc="white", mec=INK, zorder=5, clip_on=False)
        upper.axvline(where, color=INK, lw=0.5, alpha=0.4)
        lower.axvline(where, color=INK, lw=0.5, alpha=0.4)
        lower.annotate(
            f"{crossing.value:.5g}", (where, 1.0), xycoords=("data", "axes fraction"),
            xytext=(3 * side, -4), textcoords="offset points", rotation=90,
            ha="left" if side > 0 else "right", va="top",
            fontsize=8, color=INK, zorder=6,
            bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.85},
        )  # fmt: skip
    return marks


def _name_curves(
    ax: Axes, lowest: Line2D, curves: dict[str, Line2D], drawn: dict[str, int], marks: list[Line2D]
) -> None:
    """The legend: F, one entry for all branches of a name, the markers."""
    for name, curve in curves.items():
        curve.set_label(name if drawn[name] == 1 else f"{name} ({drawn[name]} branches)")
    ax.legend(
        handles=[lowest, *curves.values(), *marks],
        frameon=False,
        fontsize=8.5,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )


def _mark(style: str, words: str) -> Line2D:
    """The entry of a marker in the legend."""
    return Line2D([], [], ls="", marker=style, mfc="white", mec=INK, color=INK, label=words)


def _window(line: Slice, window: tuple[float, float] | None) -> tuple[float, float]:
    """The part of the slice that is shown; ValueError for one that has nothing of it."""
    low, high = float(line.values[0]), float(line.values[-1])
    if window is None:
        return low, high
    try:
        start, stop = (float(value) for value in window)
    except (TypeError, ValueError):
        start = stop = float("nan")
    if not low <= start < stop <= high:
        raise ValueError(f"window = {window!r}: it must be two values between {low:g} and {high:g}")
    return start, stop


def _fine(line: Slice) -> Floats:
    """Values close enough for a picture, with all those at which a curve has a corner or an end."""
    low, high = (float(_place(line, line.values[k])) for k in (0, -1))
    spaced = np.geomspace if _logarithmic(line) else np.linspace
    close = np.asarray(_place(line, spaced(low, high, 800)))
    close[[0, -1]] = line.values[[0, -1]]
    ends = [end.value for branch in line.branches for end in branch.ends if end is not None]
    corners = [crossing.value for crossing in line.crossings]
    return np.unique(np.clip([*close, *ends, *corners], line.values[0], line.values[-1]))


def _losses(line: Slice, branch: Branch, at: Floats) -> Floats:
    """A branch's loss between its points and up to its ends; nan beyond."""
    values, losses = list(branch.values), list(branch.losses)
    for end, place in zip(branch.ends, (0, len(values) + 1), strict=True):
        if end is not None:
            values.insert(place, end.value)
            losses.insert(place, end.loss)
    known, kept = np.unique(values, return_index=True)
    x, y = _charted(line, known), np.array(losses)[kept]
    order = np.argsort(x)
    found = np.full(len(at), np.nan)
    inside = (at >= known[0]) & (at <= known[-1])
    wanted = _charted(line, at[inside])
    if len(known) < 4:
        found[inside] = np.interp(wanted, x[order], y[order])
    else:
        from scipy.interpolate import CubicSpline  # noqa: PLC0415

        found[inside] = CubicSpline(x[order], y[order])(wanted)
    return found


def _place(line: Slice, value: ArrayLike) -> Any:
    """Where a value is drawn: S at p = 1 − S."""
    return 1.0 - np.asarray(value) if line.letters[1] == "S" else np.asarray(value)


def _logarithmic(line: Slice) -> bool:
    """Whether the axis is logarithmic: not where it begins at 0, as that of a penalty does."""
    return line.letters[1] == "S" or bool(line.values[0] > 0)


def _charted(line: Slice, value: ArrayLike) -> Any:
    """The place along the picture's axis, up to its unit."""
    place = _place(line, value)
    return np.log(place) if _logarithmic(line) else place


def _dress(line: Slice, upper: Axes, lower: Axes, shown: tuple[float, float]) -> None:
    low, high = (float(_place(line, value)) for value in shown)
    for panel in (upper, lower):
        if _logarithmic(line):
            panel.set_xscale("log")
        panel.set_xlim(low, high)
    if _logarithmic(line):
        lower.set_xticks([tick for tick in _TICKS[line.varied] if _inside(tick, low, high)])
    lower.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    lower.xaxis.set_minor_formatter(NullFormatter())
    letter = line.letters[1]
    lower.set_xlabel(_AXES.get(letter, letter))
    upper.set_ylabel("loss, a sum over features")
    lower.set_ylabel("loss above F")
    model = line.model
    upper.set_title(
        f"{sizes(model)}{others(model)} "
        f"({variant_title(line.source, model)}), "
        f"{line.letters[0]} = {line.at:g}, {magnitudes(model)}",
        fontsize=10.5,
    )


def _inside(tick: float, one: float, two: float) -> bool:
    low, high = sorted((one, two))
    return low * 0.999 <= tick <= high * 1.001


def _dark(name: str, outcome: str) -> tuple[float, ...]:
    """The colour of the phase, dark enough for a line."""
    return tuple(0.72 * part for part in to_rgb(colour_of(name, outcome)))
