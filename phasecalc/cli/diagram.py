"""`phasecalc diagram`: the picture of a phase diagram."""

from __future__ import annotations

from pathlib import Path

import click

from ..files import replacing
from .options import OutputFile, model_of, model_options


@click.command(short_help="Draw the phase diagram.")
@model_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(".png", ".svg", ".pdf"),
    help="File to write: .png, .svg or .pdf.",
)
@click.option(
    "--dpi", type=click.IntRange(50, 1200), default=200, show_default=True, help="Dots per inch."
)
def diagram(n_features: int, d_hidden: int, law: str, output: Path, dpi: int) -> None:
    """Draw the phase diagram on the paper's axes, from the exact boundaries.

    Regions and lines are drawn from the formulas, not from a grid of pixels.

    Example: phasecalc diagram -n 3 -m 2 -o diagram.png
    """
    with replacing(output) as temporary:
        from ..diagram.phase_diagram import phase_diagram
        from ..report.plot import plot_diagram

        figure = plot_diagram(phase_diagram(model_of(n_features, d_hidden, law)))
        figure.savefig(temporary, dpi=dpi)
    click.echo(f"wrote {output}")
