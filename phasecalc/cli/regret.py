"""`phasecalc regret`: weights out of a file held against the least known loss."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

import click

from .options import (
    ExactNumber,
    bar_wanted,
    convention_option,
    importance_option,
    json_option,
    law_option,
    model_of,
    print_json,
    quiet_option,
    random_starts_options,
    support_option,
    variant_options,
)


@click.command(short_help="Hold weights out of a file against the least known loss.")
@click.argument("file", type=click.Path(path_type=Path))
@convention_option
@click.option(
    "-S",
    "--sparsity",
    type=ExactNumber(),
    multiple=True,
    required=True,
    help="Sparsity S = 1 - p; once, or once for each instance.",
)
@importance_option("1")
@support_option
@law_option
@variant_options
@random_starts_options
@quiet_option
@json_option
def regret(
    file: Path,
    convention: str,
    sparsity: tuple[Fraction, ...],
    importance: str,
    support: str,
    law: str,
    bias: Literal["free", "zero"],
    interference_penalty: Fraction,
    random_starts: int | None,
    seed: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Print the exact loss of weights, the least known loss, and what both are.

    The file is .npz, .safetensors, or a PyTorch state dict (.pt, .pth, .bin). Losses are sums over
    features; the last column says where a descent from the weights ends, and how far that is.

    Example: phasecalc regret weights.npz --convention elhage -S 0.9
    """
    from ..experiment.elsewhere import read_weights
    from ..experiment.regret import regret as measured
    from ..report.regret import regret_document, regret_text

    found = read_weights(file, convention)
    S = [float(value) for value in sparsity]
    if len(S) > 1 and found.weights.shape[:-2] != (len(S),):
        lead = found.weights.shape[:-2]
        held = f"instances {lead}" if lead else "the one model of the file"
        raise ValueError(
            f"sparsity: {len(S)} of them for {held}; give one, or one for each instance"
        )
    result = measured(
        model_of(
            found.n_features, found.d_hidden, law, bias, interference_penalty, support=support
        ),
        found.weights,
        found.bias,
        sparsity=S if len(S) > 1 else S[0],
        importance=importance,
        random_starts=random_starts,
        seed=seed,
        progress=bar_wanted(quiet),
    )
    if as_json:
        print_json(regret_document(result, found))
    else:
        click.echo(regret_text(result, found))
