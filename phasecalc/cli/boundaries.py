"""`phasecalc boundaries`: the phases, their boundaries and junctions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

import click

from .options import (
    OVER_R,
    bar_wanted,
    checkpoint_option,
    exact_diagram,
    executor_of,
    importance_option,
    in_option,
    json_option,
    model_of,
    model_options,
    print_json,
    quiet_option,
    refuse_trace,
    source_option,
    support_option,
    variant_options,
    workers_option,
)


@click.command(short_help="Print phases, boundaries and junctions.")
@model_options
@importance_option(words=OVER_R)
@support_option
@source_option
@variant_options
@checkpoint_option
@workers_option
@in_option
@quiet_option
@json_option
def boundaries(
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
    variable: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Print the phases of a model, their boundaries and their junctions.

    Those of the candidates are exact among the candidates: weights that are free to move find lower
    losses. With --source relaxed (each candidate's lengths and biases optimised) or global (all
    weights and biases free) they are traced numerically, which takes some ten seconds for two
    features, half a minute for three and minutes for more. --bias and --interference-penalty are
    for the global source.

    With --support "pair(c)" --importance "1,1" the diagram of two features in one dimension is over
    p and c = P(both are active).

    Example: phasecalc boundaries -n 3 -m 2
    """
    from ..sources import phase_diagram

    in_S = variable == "S"
    refuse_trace(source)
    model = model_of(n_features, d_hidden, law, bias, interference_penalty, importance, support)
    if source == "candidates":
        exact = exact_diagram(model)
        if as_json:
            from ..report.documents import exact_document

            print_json(exact_document(exact, in_S=in_S))
        else:
            from ..report.text import diagram_text

            click.echo(diagram_text(exact, in_S=in_S))
        return
    from ..report.traced import traced_document, traced_text

    with executor_of(workers) as executor:
        found = phase_diagram(
            model,
            source,  # type: ignore[call-overload]
            progress=bar_wanted(quiet),
            executor=executor,
            checkpoint=checkpoint,
        )
    if as_json:
        print_json(traced_document(found, in_S=in_S))
    else:
        click.echo(traced_text(found, in_S=in_S))
