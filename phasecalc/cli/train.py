"""`phasecalc train`: the paper's experiment."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .options import (
    OVER_R,
    OutputFile,
    bar_wanted,
    importance_option,
    json_option,
    model_of,
    model_options,
    print_json,
    quiet_option,
    refuse_unused,
    support_option,
)
from .streams import complain


@contextmanager
def _warning_in_a_line() -> Iterator[None]:
    """A warning is one line on stderr."""

    def show(message: object, *_: object, **__: object) -> None:
        complain(f"phasecalc: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


@click.command(short_help="Train models on a grid of sparsities and importances.")
@model_options
@importance_option(words=OVER_R)
@support_option
@click.option(
    "-o",
    "--output",
    type=OutputFile(".npz", ".nc"),
    help="File for all weights: .npz or .nc (netCDF). If it exists, the run in it is continued.",
)
@click.option(
    "--method",
    type=click.Choice(["population", "sampled"]),
    default="population",
    show_default=True,
    help="BFGS on the exact loss, or AdamW on fresh samples at every step.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all random numbers.")
@click.option(
    "--cells",
    type=click.IntRange(2, 1000),
    default=50,
    show_default=True,
    help="Cells along each axis: 1 - S from 1 to 0.01 and r from 0.1 to 10, logarithmic.",
)
@click.option(
    "--models", type=int, default=10, show_default=True, help="Models per cell, at least 1."
)
@click.option(
    "--tolerance",
    type=float,
    default=1e-8,
    show_default=True,
    help="Gradient norm at which a model is finished (population).",
)
@click.option("--steps", type=int, default=5000, show_default=True, help="Steps (sampled).")
@click.option(
    "--batch-size", type=int, default=1024, show_default=True, help="Samples per step (sampled)."
)
@click.option(
    "--learning-rate", type=float, default=1e-3, show_default=True, help="Of AdamW (sampled)."
)
@click.option(
    "--weight-decay",
    type=float,
    default=0.01,
    show_default=True,
    help="Of AdamW (sampled); 0 makes it Adam.",
)
@click.option(
    "--starts",
    type=click.Choice(["stratified", "independent"]),
    default="stratified",
    show_default=True,
    help="Independent starts are the paper's ten runs. Stratified ones have the same law each, but "
    "are spread over what decides the minimum, so that ten miss it less often.",
)
@click.option(
    "--max-iterations", type=int, default=1000, show_default=True, help="Of BFGS (population)."
)
@click.option("--threads", type=int, help="By default as many as processors; results are the same.")
@quiet_option
@json_option
def train(
    n_features: int,
    d_hidden: int,
    law: str,
    importance: str | None,
    support: str,
    output: Path | None,
    method: str,
    seed: int,
    cells: int,
    models: int,
    tolerance: float,
    steps: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    starts: str,
    max_iterations: int,
    threads: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train models from random starts in every cell of the paper's grid.

    The file is written every ten seconds, on an interruption and at the end; the same command goes
    on from it and ends with the same bits as an uninterrupted run. A file of another run is
    refused. A progress bar is shown on a terminal only. Weights start as N(0, 1/m), biases at 0.

    Importances without r, as --importance "0.9^i", leave one axis: 1 - S.

    Example: phasecalc train -n 2 -m 1 -o trained.npz
    """
    from ..diagram.grid import paper_axes
    from ..experiment.train import train as run
    from ..symbols import r

    if method == "population":
        sampled = ("steps", "batch_size", "learning_rate", "weight_decay")
        refuse_unused("it is for --method sampled", *sampled)
    else:
        refuse_unused("it is for --method population", "tolerance", "max_iterations")
    model = model_of(n_features, d_hidden, law, importance=importance, support=support)
    sparsities, importances = paper_axes(cells)
    if r not in model.symbols:
        importances = importances[:1] ** 0  # nothing depends on r: one column
    try:
        with _warning_in_a_line():
            trained = run(
                model,
                sparsities,
                importances,
                models,
                method,  # type: ignore[arg-type]  # click has checked it
                seed,
                checkpoint=output,
                tolerance=tolerance,
                steps=steps,
                batch_size=batch_size,
                learning_rate=learning_rate,
                weight_decay=weight_decay,
                starts=starts,  # type: ignore[arg-type]
                max_iterations=max_iterations,
                threads=threads,
                progress=bar_wanted(quiet),
            )
    except KeyboardInterrupt:
        if output is not None:
            complain(f"kept what is done in {output}: the same command goes on")
        raise
    if as_json:
        from ..report.text_trained import trained_document

        print_json(trained_document(trained))
    else:
        from ..report.text_trained import trained_text

        click.echo(trained_text(trained))
        if output is not None:
            click.echo(f"\nwrote {output}")
    if output is None and not quiet:
        complain("phasecalc: without -o only what is printed is kept")
