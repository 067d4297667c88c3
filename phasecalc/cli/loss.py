"""`phasecalc loss`: the decomposed loss of given weights."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import click

from .options import (
    convention_option,
    importance_option,
    in_option,
    json_option,
    law_option,
    print_json,
    refuse_unused,
    sparsity_option,
    support_option,
)
from .streams import complain

if TYPE_CHECKING:
    from ..laws import Law
    from ..supports import Support

FILES = (".npz", ".safetensors", ".pt", ".pth", ".bin")


@click.command(short_help="Print the decomposed loss of given weights.")
@click.option(
    "--weights",
    required=True,
    help='Rows of W separated by ";", entries by ",": "1,0,0; 0,1,-1". Column i is feature i. '
    "Entries are numbers, names and roots, as -sqrt(3)/2. Or a file: .npz, .safetensors, .pt.",
)
@convention_option
@click.option(
    "--bias",
    default=None,
    help='One entry per feature, added, or one for all: "0,-1/2"; "zero" is 0. Default: the '
    "file's, or 0.",
)
@importance_option(words=' Names are symbols: "r". Default: 1 for all.')
@sparsity_option("Also print the loss at this sparsity.")
@click.option("-n", "--n-features", type=int, help="Features; default: the columns of W.")
@click.option("-m", "--d-hidden", type=int, help="Hidden dimensions; default: the rows of W.")
@law_option
@support_option
@in_option
@json_option
def loss(
    weights: str,
    convention: str,
    bias: str | None,
    importance: str | None,
    sparsity: Fraction | None,
    n_features: int | None,
    d_hidden: int | None,
    law: str,
    support: str,
    variable: str,
    as_json: bool,
) -> None:
    """Print L_0, ..., L_n and the total loss of given weights, exactly.

    L = sum over k of p^k S^(n-k) L_k, with L_k a sum over the active sets of size k and over the
    features. Numbers are read as exact: 2/3, 0.4, 1e-3, sqrt(2). Weights of a file are floats and
    taken as the rationals that they are; their losses are printed as decimals. Under the laws
    exponential and half-normal there is no exact formula: the loss at -S is printed, a number with
    its error.

    Example: phasecalc loss --weights "1,-1" --bias "0,0"
    """
    from ..exact.loss import decompose
    from ..inputs import parse_matrix
    from ..law_text import law_of
    from ..support_text import support_of

    known: object = None
    rows: Sequence[Sequence[object]]
    if weights.strip().lower().endswith(FILES):
        rows, known = _from_file(weights.strip(), convention)
    elif convention != "phasecalc":
        raise ValueError(f"convention = {convention}: it is that of a file, not of typed weights")
    else:
        rows = parse_matrix(weights, "weights")
    for name, given, actual in (
        ("n_features", n_features, len(rows[0])),
        ("d_hidden", d_hidden, len(rows)),
    ):
        if given is not None and given != actual:
            raise ValueError(
                f"{name} = {given}, but weights has {len(rows)} rows of {len(rows[0])}"
            )
    biases = known if bias is None else _biases(bias)
    magnitudes, together = law_of(law), support_of(support)
    if not (magnitudes.density or magnitudes.atoms):
        refuse_unused(f"law = {law} has no formula", "variable")
        _print_number(rows, biases, importance, sparsity, magnitudes, together, as_json)
        _hint(rows, n_features, d_hidden)
        return
    found = decompose(rows, biases, importance, magnitudes, support=together)
    if as_json:
        from ..report.documents import loss_document

        print_json(loss_document(found, rows, sparsity, in_S=variable == "S"))
    else:
        from ..report.text import loss_text

        click.echo(loss_text(found, sparsity, in_S=variable == "S"))
    _hint(rows, n_features, d_hidden)


def _hint(rows: Sequence[Sequence[object]], n_features: int | None, d_hidden: int | None) -> None:
    """Weights that look transposed, where the shape is not said."""
    if len(rows) > len(rows[0]) and n_features is None and d_hidden is None:
        complain(
            f"phasecalc: weights has {len(rows)} rows of {len(rows[0])}, more dimensions than "
            "features; if it is transposed, turn it: column i is feature i"
        )


def _print_number(
    rows: Sequence[Sequence[object]],
    bias: object,
    importance: str | None,
    sparsity: Fraction | None,
    law: Law,
    support: Support,
    as_json: bool,
) -> None:
    """The loss at one sparsity, where the law has no exact formula."""
    from ..exact.loss import checked_importance
    from ..inputs import exact_vector
    from ..kernel.loss import expected_loss
    from ..supports import Independent

    if sparsity is None:
        raise ValueError(f"law = {law}: there is no exact formula for it; give -S, for its number")
    n = len(rows[0])
    entries = {
        "weights": [entry for row in rows for entry in row],
        "bias": exact_vector(0 if bias is None else bias, "bias", n),
        "importance": checked_importance(importance, n),
    }
    for name, values in entries.items():
        symbols = [str(value) for value in values if getattr(value, "free_symbols", None)]
        if symbols:
            raise ValueError(f"{name}: {symbols[0]} has no number, which law = {law} needs")
    numbers = {name: [float(value) for value in values] for name, values in entries.items()}
    weights = [numbers["weights"][k : k + n] for k in range(0, n * len(rows), n)]
    plain = support == Independent()
    own = isinstance(support, Independent) and not plain
    loss, error = expected_loss(
        weights, numbers["bias"], numbers["importance"], None if own else float(sparsity), law,
        support=None if plain else support, return_error=True,
    )  # fmt: skip
    found = {
        "weights": weights,
        "bias": numbers["bias"],
        "importance": numbers["importance"],
        "law": str(law),
        "support": str(support),
        "sparsity": str(sparsity),
        "loss": float(loss),
        "error": float(error),
    }
    if as_json:
        print_json(found)
    else:
        from ..report.text import numerical_loss_text

        click.echo(numerical_loss_text(found, law.text, support.text))


def _biases(text: str) -> str:
    """Entries, or the word of the other commands for biases that are held at 0."""
    if text.strip().lower() == "free":
        raise ValueError(
            'bias = "free": these weights need biases, as "0,-1/2", or "zero"; phasecalc minimize '
            "finds the best ones"
        )
    return "0" if text.strip().lower() == "zero" else text


def _from_file(name: str, convention: str) -> tuple[list[list[Fraction]], list[Fraction]]:
    """Weights and biases of one model, each float as the rational that it is."""
    from ..experiment.elsewhere import read_weights

    found = read_weights(name, convention)
    instances = found.weights.shape[:-2]
    if any(size != 1 for size in instances):
        raise ValueError(
            f"weights = {name!r} holds {instances} models: phasecalc regret takes several, loss one"
        )
    weights = found.weights.reshape(found.d_hidden, found.n_features)
    rows = [[Fraction(float(entry)) for entry in row] for row in weights]
    return rows, [Fraction(float(entry)) for entry in found.bias.ravel()]
