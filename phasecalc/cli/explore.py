"""`phasecalc explore`: a phase diagram to move over, as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from .options import (
    OutputFile,
    bar_wanted,
    checkpoint_option,
    model_of,
    model_options,
    quiet_option,
)

_CELLS = {2: 52, 3: 26}


@click.command(short_help="Write a page on which to move over the diagram.")
@model_options
@click.option(
    "--source",
    type=click.Choice(["candidates", "relaxed", "global"]),
    multiple=True,
    default=("candidates",),
    show_default=True,
    help="What the page has beside the paper's candidates: these with optimised lengths and biases "
    "(relaxed), or the minima over all weights and biases (global); both, if given twice.",
)
@checkpoint_option
@click.option(
    "--trained",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of phasecalc train, to switch to its models as well.",
)
@click.option(
    "--cells",
    type=click.IntRange(4, 80),
    help="Points along each axis at which minima are computed (relaxed, global); default: 52 for "
    "two features, 26 for three, 16 for more.",
)
@click.option("-o", "--output", required=True, type=OutputFile(".html"), help="File: .html.")
@quiet_option
def explore(
    n_features: int,
    d_hidden: int,
    law: str,
    source: tuple[str, ...],
    checkpoint: Path | None,
    trained: Path | None,
    cells: int | None,
    output: Path,
    quiet: bool,
) -> None:
    """Write one page with the diagram, its losses, weights, slices and formulas at every point.

    The page opens from disk in any browser and loads nothing from a network. With --source relaxed
    or global it also has the minima on a grid, and the traced lines: half a minute (relaxed) or
    some minutes (global) for two features, many minutes for three, fewer with a smaller --cells.
    With --trained it has the trained models.

    Example: phasecalc explore -n 2 -m 1 -o explorer.html
    """
    from ..files import replacing
    from ..progress import Bar
    from ..sources import phase_diagram

    traced = [name for name in ("relaxed", "global") if name in source]
    if not traced and (checkpoint is not None or cells is not None):
        raise click.UsageError("--checkpoint and --cells need --source relaxed or global")
    if len(traced) > 1 and checkpoint is not None:
        raise click.UsageError("--checkpoint is the file of one trace: give one --source with it")
    if n_features > _MOST_FEATURES:
        raise click.UsageError(
            f"n_features = {n_features}: the explorer is for at most {_MOST_FEATURES} features"
        )
    model = model_of(n_features, d_hidden, law)
    with replacing(output) as temporary:
        from ..report.explorer import explorer_page

        exact = phase_diagram(model)
        models = None
        if trained is not None:
            from ..experiment.storage import load_trained

            models = load_trained(trained)
        pairs = []
        shown = bar_wanted(quiet)
        for name in traced:
            from ..diagram.grid import paper_axes
            from ..landscapes.sources import relaxed_atlas
            from ..minima.atlas import atlas

            diagram = phase_diagram(model, name, progress=shown, checkpoint=checkpoint)
            axes = paper_axes(cells or _CELLS.get(n_features, 16))
            search = relaxed_atlas if name == "relaxed" else atlas
            pairs.append((diagram, search(model, *axes, Bar() if shown else None)))
        page = explorer_page(exact, pairs, models)
        temporary.write_text(page, encoding="utf-8")
    click.echo(f"wrote {output} ({len(page.encode()) / 1000:.0f} kB)")


_MOST_FEATURES = 9
