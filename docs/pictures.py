"""Draws the pictures of the pages, by the commands that the pages print.

    python docs/pictures.py [NAME …]     all, or those whose names begin so

A test draws them again and compares.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

import phasecalc as pc
from phasecalc.cli import main

HERE = Path(__file__).parent
DPI = 120

COMMANDS: dict[str, tuple[str, ...]] = {
    "diagram-2-1.png": ("phasecalc diagram -n 2 -m 1 -o",),
    "diagram-3-2.png": ("phasecalc diagram -n 3 -m 2 -o",),
    "limit.png": ("phasecalc limit -o",),
    "global-2-1.png": ("phasecalc diagram --source global -o",),
    "point-global-2-1.png": ("phasecalc diagram --law point --source global -o",),
    "global-3-2.png": ("phasecalc diagram -n 3 -m 2 --source global --inset 0,0.55,0.5,2 -o",),
    "no-bias-2-1.png": ("phasecalc diagram --source global --bias zero -o",),
    "check-2-1.png": (
        "phasecalc train -n 2 -m 1 -o trained-2-1.npz",
        "phasecalc check trained-2-1.npz -o",
    ),
    "check-global-2-1.png": (
        "phasecalc train -n 2 -m 1 -o trained-2-1.npz",
        "phasecalc check trained-2-1.npz --source global -o",
    ),
}
"""Of a picture the commands that draw it; the last one is given its file."""


def correlation() -> Figure:
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    for importance, ax in zip((1, "1/2"), figure.subplots(1, 2), strict=True):
        pc.plot_correlation(importance, ax=ax)
    return figure


def sticky() -> Figure:
    with np.load(HERE / "dimensionality.npz", allow_pickle=False) as kept:
        weights, sparsities = kept["weights"].astype(float), kept["sparsities"]
    _, m, n = weights.shape
    trained = sparsities, m / (weights**2).sum(axis=(1, 2))
    return pc.plot_sticky(pc.limit_diagram(source="optimised"), Fraction(n, m), trained=trained)


FIGURES: dict[str, Callable[[], Figure]] = {
    "correlation-2-1.png": correlation,
    "sticky.png": sticky,
    **{
        f"weights-{k}-2.png": lambda k=k: pc.plot_weights(pc.geometry(k, 2))  # type: ignore[misc]
        for k in (4, 5, 6)
    },
}
"""Of a picture what draws it in Python."""


def draw(name: str, folder: Path) -> None:
    """Draw a picture into a folder."""
    if name in FIGURES:
        FIGURES[name]().savefig(folder / name, dpi=DPI, metadata={"Software": None})
        return
    with contextlib.chdir(folder):
        for command in COMMANDS[name]:
            words = command.split()[1:]
            if words[-1] == "-o":
                words += [name, "--dpi", str(DPI)]
            with contextlib.redirect_stdout(io.StringIO()):
                try:
                    main(words)
                except SystemExit as ended:
                    # 1: a check that found differences, and has drawn them.
                    if ended.code not in (None, 0, 1):
                        raise


if __name__ == "__main__":
    wanted = tuple(sys.argv[1:]) or ("",)
    for each in (*COMMANDS, *FIGURES):
        if each.startswith(wanted):
            with TemporaryDirectory() as temporary:
                draw(each, Path(temporary))
                (HERE / each).write_bytes((Path(temporary) / each).read_bytes())
            print(f"wrote docs/{each}")
