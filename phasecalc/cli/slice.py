"""`phasecalc slice`: F and all branches along a line of the diagram."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import click

from .options import (
    NO_PICTURE,
    OutputFile,
    bar_wanted,
    dpi_option,
    importance_option,
    json_option,
    model_of,
    model_options,
    print_json,
    quiet_option,
    refuse_unused,
    sparsity_option,
    variant_options,
)


@click.command("slice", short_help="F and all minima along a line of constant S or r.")
@model_options
@click.option(
    "--source",
    type=click.Choice(["relaxed", "global"]),
    default="global",
    show_default=True,
    help="Minima over each candidate's lengths and biases, or over all weights and biases.",
)
@variant_options
@sparsity_option("Hold S here, from 0 to below 1.")
@importance_option(
    words=" Held, if it is in numbers; beside -S those of all features, with r, which is varied: "
    '"1,1/2,r".'
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(".png", ".svg", ".pdf"),
    help="Also draw the slice: .png, .svg or .pdf.",
)
@dpi_option
@quiet_option
@json_option
def slice_command(
    n_features: int,
    d_hidden: int,
    law: str,
    source: str,
    bias: Literal["free", "zero"],
    interference_penalty: Fraction,
    sparsity: Fraction | None,
    importance: str | None,
    output: Path | None,
    dpi: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Follow every local minimum along a line of constant S (-S) or constant r (-r).

    The line covers the paper's axis of the other coordinate: r from 0.1 to 10, or 1 - S from 1 to
    0.01. Crossings of the lowest two minima are solved for; the ends of a branch are where it stops
    being a local minimum. All of it is numerical evidence. It takes some seconds for two and
    three features.

    Example: phasecalc slice -S 0.4 -o slice.png
    """
    from contextlib import nullcontext

    from ..files import replacing
    from ..inputs import is_one_importance
    from ..report.slices import slice_document, slice_text
    from ..slices.along import slice_along

    if output is None:
        refuse_unused(NO_PICTURE, "dpi")
    alone = importance is None or is_one_importance(importance)
    if alone and (sparsity is None) == (importance is None):
        raise click.UsageError(
            "give one of -S and -r, the coordinate that is held"
            + ("" if sparsity is None else "; the other one is varied")
        )
    with nullcontext() if output is None else replacing(output) as temporary:
        line = slice_along(
            model_of(n_features, d_hidden, law, bias, interference_penalty),
            sparsity=sparsity,
            importance=importance,
            source=source,
            progress=bar_wanted(quiet),
        )
        if temporary is not None and output is not None:
            from ..report.plot_file import save_picture

            def drawn() -> Any:
                from ..report.plot_slice import plot_slice

                return plot_slice(line)

            save_picture(drawn, temporary, ending=output.suffix, dpi=dpi)
    if as_json:
        print_json(slice_document(line))
    else:
        click.echo(slice_text(line))
        if output is not None:
            click.echo(f"\nwrote {output}")
