"""`phasecalc limit`: the diagram of many features over S and n/m."""

from __future__ import annotations

from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from .options import (
    NO_PICTURE,
    ExactNumber,
    OutputFile,
    bar_wanted,
    dpi_option,
    json_option,
    law_option,
    print_json,
    quiet_option,
    refuse_unused,
    sparsity_option,
)


@click.command(short_help="Many features: phases over S and n/m.")
@law_option
@click.option(
    "--source",
    type=click.Choice(["blocks", "optimised"]),
    default="blocks",
    show_default=True,
    help="Blocks of unit length without bias, exactly; or with optimised weights, numerically.",
)
@sparsity_option("With --ratio: the phases at a point.")
@click.option("--ratio", type=ExactNumber(), help="n/m, features for each dimension.")
@click.option(
    "-o", "--output", type=OutputFile(".png", ".svg", ".pdf"), help="Also draw the diagram."
)
@click.option("--sticky", is_flag=True, help="Draw D* = m/|W|^2 over 1/(1 - S) at --ratio instead.")
@dpi_option
@quiet_option
@json_option
def limit(
    law: str,
    source: str,
    sparsity: Fraction | None,
    ratio: Fraction | None,
    output: Path | None,
    sticky: bool,
    dpi: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Print the phases of n equal features in m dimensions for n and m without bound.

    The least loss for each dimension is the lower convex hull of the blocks (k/d, loss/d) and of
    dropped features: an upper bound of the true one, as blocks are taken to be orthogonal.

    Example: phasecalc limit -S 0.99 --ratio 3
    """
    from ..files import replacing
    from ..law_text import law_of
    from ..limit.diagram import limit_diagram
    from ..report.limit import limit_document, limit_text, state_document, state_text

    if (sparsity is not None and ratio is None) or (sticky and ratio is None):
        raise click.UsageError("--ratio is needed beside --sparsity, and beside --sticky")
    if ratio is not None and sparsity is None and not sticky:
        raise click.UsageError("--sparsity is needed beside --ratio, or --sticky")
    if sticky and output is None:
        raise click.UsageError("--output is needed beside --sticky")
    if output is None:
        refuse_unused(NO_PICTURE, "dpi")
    found = limit_diagram(law_of(law), source, progress=bar_wanted(quiet))
    state = None if sparsity is None else found.at(sparsity, ratio)
    with nullcontext() if output is None else replacing(output) as temporary:
        if temporary is not None and output is not None:
            from ..report.plot_file import save_picture

            def drawn() -> Any:
                from ..report.plot_limit import plot_limit, plot_sticky

                return plot_sticky(found, ratio) if sticky else plot_limit(found)

            save_picture(drawn, temporary, ending=output.suffix, dpi=dpi)
    if as_json:
        print_json(limit_document(found) if state is None else state_document(state))
    else:
        click.echo(limit_text(found) if state is None else state_text(state))
