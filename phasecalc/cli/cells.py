"""`phasecalc cells`: the plane of two features in one dimension, divided into proved cells."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from .options import (
    ExactNumber,
    OutputFile,
    bar_wanted,
    dpi_option,
    json_option,
    model_of,
    print_json,
    quiet_option,
    refuse_unused,
)


@click.command(short_help="Divide the plane into cells of one proved phase.")
@click.option(
    "--levels",
    type=click.IntRange(3, 12),
    default=6,
    show_default=True,
    help="The smallest cells are 2^-LEVELS of the window, next to S = 1 a sixteenth as wide.",
)
@click.option(
    "--interference-penalty", type=ExactNumber(), default="0", show_default=True, help="λ >= 0."
)
@click.option(
    "-o", "--output", type=OutputFile(".json"), help="Write the cells as a record: .json."
)
@click.option("--picture", type=OutputFile(".png", ".svg", ".pdf"), help="Also draw them.")
@click.option("--lines", is_flag=True, help="Draw the traced lines above the cells.")
@dpi_option
@quiet_option
@json_option
def cells(
    levels: int,
    interference_penalty: Fraction,
    output: Path | None,
    picture: Path | None,
    lines: bool,
    dpi: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Divide 0 <= S < 1, 1/10 <= r <= 10 into cells, with a proof of the phase in each.

    For two features in one dimension. In a cell of a phase every global minimiser of every point
    has the signs of that phase: ignore w_2 = 0, antipodal w_1 w_2 < 0, dedicated w_1 = 0. What is
    next to a boundary stays without a phase.

    Example: phasecalc cells --levels 5 --picture cells.png
    """
    from ..certify.cells import certify_cells
    from ..files import checked_place, replacing

    if lines and picture is None:
        raise click.UsageError("--picture is needed beside --lines")
    if picture is None:
        refuse_unused("it is for a picture: give --picture as well", "dpi")
    for place in (output, picture):
        if place is not None:
            checked_place(place)
    model = model_of(2, 1, "uniform", "free", interference_penalty)
    found = certify_cells(model, levels=levels, progress=bar_wanted(quiet))
    if output is not None:
        found.save(output)
    if picture is not None:
        with replacing(picture) as temporary:
            from ..report.plot_file import save_picture

            def drawn() -> Any:
                from ..report.plot_cells import plot_cells
                from ..sources import phase_diagram

                traced = phase_diagram(model, source="global") if lines else None
                return plot_cells(found, traced)

            save_picture(drawn, temporary, ending=picture.suffix, dpi=dpi)
    from ..report.cells import cell_map_text, cells_document

    if as_json:
        print_json(cells_document(found))
    else:
        click.echo(cell_map_text(found))
