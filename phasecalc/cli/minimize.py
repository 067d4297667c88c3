"""`phasecalc minimize`: the minima of the exact loss at one point."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Literal

import click

from .options import (
    bar_wanted,
    importance_option,
    json_option,
    model_of,
    model_options,
    print_json,
    quiet_option,
    random_starts_options,
    sparsity_option,
    support_option,
    variant_options,
)
from .streams import complain


@click.command(short_help="Find the minima of the exact loss at one point.")
@model_options
@sparsity_option("Sparsity S, from 0 to below 1.", required=True)
@importance_option("1")
@support_option
@variant_options
@random_starts_options
@quiet_option
@json_option
def minimize(
    n_features: int,
    d_hidden: int,
    law: str,
    sparsity: Fraction,
    importance: str,
    support: str,
    bias: Literal["free", "zero"],
    interference_penalty: Fraction,
    random_starts: int | None,
    seed: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Find the global minimum over all weights and biases, and the other local minima.

    The loss is exact and each minimum is polished to a gradient of at most 1e-12. That no lower
    minimum exists is evidence from many starts, not a proof. Exit status 1 when the lowest one did
    not converge.

    More than 9 features have the dense loss: fewer starts, a gradient of some 1e-8, and the error
    of the loss is printed.

    Example: phasecalc minimize -S 0.6 -r 1
    """
    from ..minima.minimize import minimize as search

    found = search(
        model_of(n_features, d_hidden, law, bias, interference_penalty, support=support),
        sparsity,
        importance,
        random_starts=random_starts,
        seed=seed,
        progress=bar_wanted(quiet),
    )
    if as_json:
        from ..report.minima import minimum_document

        print_json(minimum_document(found))
    else:
        from ..report.minima import minimum_text

        click.echo(minimum_text(found))
    if not found.converged:
        complain("phasecalc: the lowest minimum did not converge")
        sys.exit(1)
