"""`phasecalc certify`: the global minimum at a rational point, enclosed with proof."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Literal

import click

from .options import (
    ExactNumber,
    OutputFile,
    bar_wanted,
    importance_option,
    json_option,
    model_of,
    model_options,
    print_json,
    quiet_option,
    sparsity_option,
    variant_options,
)
from .streams import complain


@click.command(short_help="Enclose the global minimum at one point, with proof.")
@model_options
@sparsity_option("Sparsity S, from 0 to below 1.", required=True)
@importance_option("1")
@variant_options
@click.option(
    "--gap", type=ExactNumber(), default="1e-6", show_default=True, help="Largest upper - lower."
)
@click.option(
    "--most-boxes",
    type=click.IntRange(1),
    default=2_000_000,
    show_default=True,
    help="Where the search gives up.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Keep the state of the search in this file; go on from it if it exists.",
)
@click.option(
    "-o", "--output", type=OutputFile(".json"), help="Write the certificate with its proof: .json."
)
@quiet_option
@json_option
def certify(
    n_features: int,
    d_hidden: int,
    law: str,
    sparsity: Fraction,
    importance: str,
    bias: Literal["free", "zero"],
    interference_penalty: Fraction,
    gap: Fraction,
    most_boxes: int,
    checkpoint: Path | None,
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Enclose the global minimum over all weights and biases, rigorously.

    Branch and bound over a box that provably holds a global minimiser. Exit status 1 when the
    boxes run out before the gap is reached; the enclosure is right all the same.

    Example: phasecalc certify -S 3/5 -r 1 --gap 1e-9
    """
    from ..certify.search import certify as search
    from ..files import checked_place

    for place in (output, checkpoint):
        if place is not None:
            checked_place(place)
    found = search(
        model_of(n_features, d_hidden, law, bias, interference_penalty),
        sparsity,
        importance,
        gap=gap,
        most_boxes=most_boxes,
        checkpoint=checkpoint,
        progress=bar_wanted(quiet),
    )
    if output is not None:
        found.save(output)
    if as_json:
        from ..report.certificates import certificate_document

        print_json(certificate_document(found))
    else:
        from ..report.certificates import certificate_text

        click.echo(certificate_text(found))
    if not found.proved:
        complain("phasecalc: the boxes ran out before the gap was reached")
        sys.exit(1)
