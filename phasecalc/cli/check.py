"""`phasecalc check`: a phase diagram against trained models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import (
    NO_PICTURE,
    OutputFile,
    bar_wanted,
    checkpoint_option,
    dpi_option,
    executor_of,
    json_option,
    model_of,
    model_options,
    print_json,
    quiet_option,
    refuse_trace,
    refuse_unused,
    source_option,
    workers_option,
)

if TYPE_CHECKING:
    from ..experiment.trained import TrainedGrid
    from ..model import ToyModel

FAILED = 1


@click.command(short_help="Check the theory against trained models, cell by cell.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@model_options
@source_option
@checkpoint_option
@workers_option
@click.option(
    "--margin",
    type=float,
    default=1.25,
    show_default=True,
    help="Factor in p and r within which a boundary counts as near. Optimised weights move the "
    "paper's boundaries by up to a fifth.",
)
@click.option(
    "--threshold",
    type=float,
    default=0.98,
    show_default=True,
    help="Least part of the cells away from boundaries that must agree. For the paper's two "
    "experiments all do.",
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(".png", ".svg", ".pdf"),
    help="Also draw trained models beside the theory: .png, .svg or .pdf.",
)
@dpi_option
@quiet_option
@json_option
@click.pass_context
def check(
    context: click.Context,
    file: Path | None,
    n_features: int,
    d_hidden: int,
    law: str,
    source: str,
    checkpoint: Path | None,
    workers: int,
    margin: float,
    threshold: float,
    output: Path | None,
    dpi: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Compare the phase diagram with the trained models in FILE, which phasecalc train wrote.

    Without FILE the models of -n and -m are trained first, on the paper's grid (50 x 50 cells, 10
    models each, seed 0). With FILE the model is the file's.

    Rule: the check passes, with exit status 0, when (1) every trained loss is the exact loss of its
    own weights, within rounding, or within 6 standard errors for losses estimated from samples (ten
    of them are computed again with rational numbers), and
    (2) in at least --threshold of the cells that are away from boundaries, the model with the
    lowest loss does to the extra feature (not represented, dedicated, superposition) what the
    theory says. A cell is away from boundaries when the theory says the same at p and r divided
    by, equal to and multiplied by --margin, and no other outcome ties; without such a cell the
    check fails. Otherwise the exit status is 1. Cells in which training
    found a lower loss than the theory, or stayed above it, are listed but do not decide.

    With --source relaxed or global the theory's minima are searched for and followed over the grid.
    Then the outcome of its weights is measured as that of trained weights is: not represented where
    the extra feature's norm is below 1/2, else superposition where its overlap with the others is
    at least 1/4 (1/(2m) for m > 2), else dedicated. Near boundaries then reaches to the first
    points of the grid at or beyond --margin.

    Example: phasecalc check trained.npz -o check.png
    """
    from contextlib import nullcontext

    from ..experiment.crosscheck import crosscheck
    from ..files import replacing
    from ..sources import phase_diagram

    refuse_trace(source)
    if output is None:
        refuse_unused(NO_PICTURE, "dpi")
    if file is None:
        _refuse_before_training(model_of(n_features, d_hidden, law), source)
    trained = _trained(context, file, n_features, d_hidden, law, quiet)
    with nullcontext() if output is None else replacing(output) as temporary:
        if source == "candidates":
            diagram = phase_diagram(trained.model)
        else:
            with executor_of(workers) as executor:
                diagram = phase_diagram(
                    trained.model,
                    source,  # type: ignore[call-overload]
                    progress=bar_wanted(quiet),
                    executor=executor,
                    checkpoint=checkpoint,
                )
        found = crosscheck(diagram, trained, margin=margin, threshold=threshold)
        if temporary is not None and output is not None:
            from ..report.plot_file import save_picture

            def drawn() -> Any:
                from ..report.plot_trained import plot_trained

                return plot_trained(trained, diagram)

            save_picture(drawn, temporary, ending=output.suffix, dpi=dpi)
    if as_json:
        from ..report.text_trained import check_document

        print_json(check_document(found))
    else:
        from ..report.text_trained import check_text

        click.echo(check_text(found))
        if output is not None:
            click.echo(f"\nwrote {output}")
    if not found.passed:
        context.exit(FAILED)


def _refuse_before_training(model: ToyModel, source: str) -> None:
    """ValueError for a model that has no diagram of this source: not after a minute of training."""
    from ..blocks.tegum import candidates
    from ..landscapes.plane import Plane
    from ..landscapes.sources import landscape_of
    from ..symbols import S, r

    candidates(model)
    if source != "candidates":
        landscape_of(Plane.of(model, S, r), source)


def _trained(
    context: click.Context, file: Path | None, n_features: int, d_hidden: int, law: str, quiet: bool
) -> TrainedGrid:
    asked = model_of(n_features, d_hidden, law)
    if file is None:
        from ..diagram.grid import paper_axes
        from ..experiment.train import train

        return train(asked, *paper_axes(), progress=bar_wanted(quiet))
    from ..experiment.storage import load_trained

    trained = load_trained(file)
    for name, value in (
        ("n_features", n_features),
        ("d_hidden", d_hidden),
        ("law", asked.law),
    ):
        held = getattr(trained.model, name)
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and value != held:
            raise ValueError(f"{name} = {value}, but {str(file)!r} holds {name} = {held}")
    return trained
