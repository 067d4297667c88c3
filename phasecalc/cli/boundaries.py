"""`phasecalc boundaries`: the phases, their boundaries and junctions."""

from __future__ import annotations

import click

from .options import json_option, model_of, model_options, print_json


@click.command(short_help="Print phases, boundaries and junctions.")
@model_options
@json_option
def boundaries(n_features: int, d_hidden: int, law: str, as_json: bool) -> None:
    """Print the phases of a model, their boundaries and their junctions, exactly.

    Example: phasecalc boundaries -n 3 -m 2
    """
    from ..diagram.phase_diagram import phase_diagram

    found = phase_diagram(model_of(n_features, d_hidden, law))
    if as_json:
        from ..report.documents import diagram_document

        print_json(diagram_document(found))
    else:
        from ..report.text import diagram_text

        click.echo(diagram_text(found))
