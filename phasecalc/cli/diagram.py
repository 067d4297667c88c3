"""`phasecalc diagram`: the picture of a phase diagram."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import click

from ..files import replacing
from .options import (
    OVER_R,
    OutputFile,
    bar_wanted,
    checkpoint_option,
    dpi_option,
    exact_diagram,
    executor_of,
    importance_option,
    model_of,
    model_options,
    quiet_option,
    refuse_trace,
    source_option,
    support_option,
    variant_options,
    workers_option,
)


@click.command(short_help="Draw the phase diagram.")
@model_options
@importance_option(words=OVER_R)
@support_option
@source_option
@variant_options
@checkpoint_option
@workers_option
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(".png", ".svg", ".pdf"),
    help="File to write: .png, .svg or .pdf.",
)
@dpi_option
@click.option(
    "--axes",
    type=click.Choice(["log", "linear"]),
    default="log",
    show_default=True,
    help="The paper's logarithmic axis of 1 - S, or an axis on which S runs evenly.",
)
@click.option(
    "--inset",
    default=None,
    help='Also draw a part larger: "lowest S, highest S, lowest r, highest r", as "0,0.55,0.5,2".',
)
@click.option(
    "--metastable", is_flag=True, help="Hatch where phases are metastable (relaxed, global)."
)
@quiet_option
def diagram(
    n_features: int,
    d_hidden: int,
    law: str,
    importance: str | None,
    support: str,
    source: str,
    bias: Literal["free", "zero"],
    interference_penalty: Fraction,
    checkpoint: Path | None,
    workers: int,
    output: Path,
    dpi: int,
    axes: Literal["log", "linear"],
    inset: str | None,
    metastable: bool,
    quiet: bool,
) -> None:
    """Draw the phase diagram on the paper's axes, from its boundaries as curves.

    Regions and lines are drawn from formulas (candidates) or from traced curves (relaxed, global,
    with the candidates' boundaries dashed beneath), not from a grid of pixels. With --bias zero or
    --interference-penalty (global only) nothing is dashed: the candidates minimise another loss.

    Example: phasecalc diagram -n 3 -m 2 -o diagram.png
    """
    refuse_trace(source)
    if metastable and source == "candidates":
        raise click.UsageError("--metastable needs --source relaxed or global")
    part = None if inset is None else _part(inset)
    with replacing(output) as temporary:
        from ..report.plot_file import save_picture
        from ..sources import phase_diagram

        model = model_of(n_features, d_hidden, law, bias, interference_penalty, importance, support)
        if source == "candidates":
            exact = exact_diagram(model)

            def drawn() -> Any:
                from ..report.plot import plot_diagram

                return plot_diagram(exact, axes=axes, inset=part)
        else:
            with executor_of(workers) as executor:
                traced = phase_diagram(
                    model,
                    source,  # type: ignore[call-overload]
                    progress=bar_wanted(quiet),
                    executor=executor,
                    checkpoint=checkpoint,
                )
            plain = model.is_standard
            beneath = phase_diagram(model) if plain else None

            def drawn() -> Any:
                from ..report.plot_traced import plot_traced

                return plot_traced(traced, beneath, axes=axes, inset=part, metastable=metastable)

        save_picture(drawn, temporary, ending=output.suffix, dpi=dpi)
    click.echo(f"wrote {output}")


def _part(text: str) -> tuple[float, float, float, float]:
    """The four numbers of --inset."""
    from ..inputs import parse_number
    from ..report.plot_style import Window

    numbers = [float(parse_number(entry, "inset")) for entry in text.split(",")]
    Window.of(tuple(numbers))  # type: ignore[arg-type]  # it refuses any other number of them
    low, high, bottom, top = numbers
    return low, high, bottom, top
