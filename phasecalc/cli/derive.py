"""`phasecalc derive`: the derivations as LaTeX files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from .options import in_option, refuse_unused


def _folder(_: click.Context, __: click.Parameter, value: str | None) -> Path | None:
    """The folder; none for an empty name, which `Path` would take for the current one."""
    return Path(value) if value else None


@click.command(short_help="Write derivations in LaTeX.")
@click.argument("name", required=False)
@click.option("--list", "list_names", is_flag=True, help="List the derivations and stop.")
@click.option("--all", "everything", is_flag=True, help="All derivations and the main document.")
@click.option("-o", "--output", callback=_folder, help="Folder to write to.")
@click.option("--pdf", is_flag=True, help="Also compile it; needs LaTeX.")
@click.option("--appendix", is_flag=True, help="Running text, without names and checks of claims.")
@in_option
def derive(
    name: str | None,
    list_names: bool,
    everything: bool,
    output: Path | None,
    pdf: bool,
    appendix: bool,
    variable: str,
) -> None:
    """Write the derivation NAME, or all of them, as LaTeX files.

    Besides the names of --list there are boundaries-N-M and point-law-boundaries-N-M for any n and
    m with at most 20 candidates whose boundaries end in rational points.

    NAME.tex can be compiled by itself, or read into your own document with \\input{NAME}. With
    --all there is also a main document, phasecalc-derivations.tex, that reads all files.

    Example: phasecalc derive two-in-one -o out --pdf
    """
    from ..proofs.registry import NAMES, known, title_of

    if list_names:
        refuse_unused("--list stands alone, as in: phasecalc derive --list", "variable")
    if list_names and (name is not None or everything or output is not None or pdf or appendix):
        raise click.UsageError("--list stands alone, as in: phasecalc derive --list")
    if list_names:
        width = max(map(len, NAMES))
        for each in NAMES:
            click.echo(f"{each:<{width}}  {title_of(each)}")
        return
    if everything == (name is not None):
        raise click.UsageError(
            "name one derivation or give --all, for example: phasecalc derive two-in-one -o out "
            "(phasecalc derive --list lists them)"
        )
    names = NAMES if name is None else (known(name),)
    if output is None:
        raise click.UsageError("say where to write with -o, for example -o out")
    _write(
        names, output, everything=everything, pdf=pdf, sparsity=variable == "S", appendix=appendix
    )


def _write(
    names: Sequence[str],
    folder: Path,
    *,
    everything: bool,
    pdf: bool,
    sparsity: bool,
    appendix: bool,
) -> None:
    from ..files import replacing, writable_folder
    from ..proofs.registry import derivation

    found = [derivation(each) for each in names]  # what has none leaves no folder
    writable_folder(folder)

    from ..report.article import MAIN, derivation_file, main_document
    from .pdflatex import compiled

    texts = {
        each.name: derivation_file(each, sparsity=sparsity, appendix=appendix) for each in found
    }
    if everything:
        texts[MAIN] = main_document(names, sparsity=sparsity, appendix=appendix)
    for each, text in texts.items():
        with replacing(folder / f"{each}.tex") as temporary:
            temporary.write_text(text, encoding="utf-8")
        click.echo(f"wrote {folder / each}.tex")
    if pdf:
        document = MAIN if everything else names[0]
        with replacing(folder / f"{document}.pdf") as temporary:
            temporary.write_bytes(compiled(texts, document))
        click.echo(f"wrote {folder / document}.pdf")
