"""Options that several commands share, and the exact numbers they read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from ..diagram.pair import PairDiagram
    from ..diagram.phase_diagram import PhaseDiagram
    from ..model import ToyModel

Command = TypeVar("Command", bound=Callable[..., Any])


class ExactNumber(click.ParamType[Fraction]):
    """An exact rational: "2/3", "0.4", "1e-3"."""

    name = "number"

    def convert(self, value: Any, param: Any, ctx: Any) -> Fraction:
        from ..inputs import parse_number

        if isinstance(value, Fraction):
            return value
        argument = param.name if param is not None else "number"
        try:
            return parse_number(value, argument)
        except ValueError as error:
            raise click.UsageError(str(error), ctx) from None


class OutputFile(click.ParamType[Path]):
    """A file to write, with one of the allowed endings, in a folder that exists."""

    name = "file"

    def __init__(self, *endings: str) -> None:
        self.endings = endings

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        path = Path(value)
        if path.suffix.lower() not in self.endings:
            name = "output" if param is None else param.name
            raise click.UsageError(
                f"{name} = {str(path)!r}: the name must end in {', '.join(self.endings)}, "
                f"for example out{self.endings[0]}",
                ctx,
            )
        return path


LAW_HELP = (
    'Magnitudes of active features, a law with parameters or without: "point", '
    '"uniform(high=2)", "beta(2, 3)"; a wrong name lists all.'
)


def importance_option(
    default: str | None = None, *, words: str = ""
) -> Callable[[Command], Command]:
    """-r: the importance of the last feature, or those of all, the same in every command.

    words : what it is in this command, beside that.
    """
    return click.option(
        "-r",
        "--importance",
        default=default,
        show_default=default is not None,
        help='Importance of the last feature: "1/2", with 1 for the others; or those of all: '
        f'"1,1,1/2", or a formula in the number i = 0, 1, ... of a feature: "0.9^i".{words}',
    )


OVER_R = " Default: the symbol r, one axis of the diagram."


def support_option(command: Command) -> Command:
    """--support: which features are active together."""
    return click.option(
        "--support",
        default="independent",
        show_default=True,
        help='Which features are active together: "independent(1/2, 1/3)", "exactly-active(1)", '
        '"groups(correlated={0, 1}, anticorrelated={2, 3}{4, 5})", '
        '"table({}: 1/2, {0, 1}: 1/2)", "pair(p/2)".',
    )(command)


def model_options(command: Command) -> Command:
    """-n, -m and --law: the model."""
    for option in (
        law_option,
        click.option(
            "-m", "--d-hidden", type=int, default=1, show_default=True, help="Hidden dimensions."
        ),
        click.option(
            "-n", "--n-features", type=int, default=2, show_default=True, help="Features."
        ),
    ):
        command = option(command)
    return command


def source_option(command: Command) -> Command:
    """--source: candidates, relaxed or global."""
    return click.option(
        "--source",
        type=click.Choice(["candidates", "relaxed", "global"]),
        default="candidates",
        show_default=True,
        help="What is compared: the paper's candidates, the same with optimised lengths and "
        "biases, or all weights and biases.",
    )(command)


def variant_options(command: Command) -> Command:
    """--bias and --interference-penalty: variants of the loss."""
    for option in (
        click.option(
            "--interference-penalty",
            type=ExactNumber(),
            default="0",
            show_default=True,
            help="Add this times the sum of (W_i.W_j)^2 over i != j to the loss.",
        ),
        click.option(
            "--bias",
            type=click.Choice(["free", "zero"]),
            default="free",
            show_default=True,
            help="Whether biases are free or held at zero.",
        ),
    ):
        command = option(command)
    return command


def checkpoint_option(command: Command) -> Command:
    """--checkpoint: a file from which a stopped trace goes on."""
    return click.option(
        "--checkpoint",
        type=click.Path(dir_okay=False, path_type=Path),
        default=None,
        help="Keep in this file what a relaxed or global trace has found; go on from it if it "
        "exists.",
    )(command)


def workers_option(command: Command) -> Command:
    """--workers: how many processes share the work of a relaxed or global diagram."""
    return click.option(
        "--workers",
        type=click.IntRange(1, 256),
        default=1,
        show_default=True,
        help="Processes that share the work of a relaxed or global diagram; its result stays.",
    )(command)


def refuse_unused(why: str, *names: str) -> None:
    """UsageError for an option that was given where it has no use, which `why` tells."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            value = context.params[name]
            shown = repr(str(value)) if isinstance(value, Path) else value
            raise click.UsageError(f"{name} = {shown}: {why}")


def refuse_trace(source: str) -> None:
    """UsageError for an option of a trace beside the candidates' diagram."""
    if source == "candidates":
        why = "it needs --source relaxed or global; the candidates' diagram takes no time"
        refuse_unused(why, "workers", "checkpoint")


def executor_of(workers: int) -> AbstractContextManager[Executor | None]:
    """Processes for the tasks of a diagram; none for a single one."""
    from concurrent.futures import ProcessPoolExecutor
    from contextlib import nullcontext
    from multiprocessing import get_context

    from .workers import ends_with_its_parent

    if workers == 1:
        return nullcontext()
    # Processes that are begun afresh share no lock or thread of the compiled code.
    spawned = get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=spawned, initializer=ends_with_its_parent)


def sparsity_option(words: str, *, required: bool = False) -> Callable[[Command], Command]:
    """-S: a sparsity."""
    return click.option("-S", "--sparsity", type=ExactNumber(), required=required, help=words)


def random_starts_options(command: Command) -> Command:
    """--random-starts and --seed: of a search for minima."""
    for option in (
        click.option(
            "--seed", type=click.IntRange(0), default=0, show_default=True, help="Their seed."
        ),
        click.option(
            "--random-starts",
            type=click.IntRange(0),
            default=None,
            help="Random starts; by default 60 for two or three features, fewer for more.",
        ),
    ):
        command = option(command)
    return command


def convention_option(command: Command) -> Command:
    """--convention: whose weights a file holds."""
    return click.option(
        "--convention",
        default="phasecalc",
        show_default=True,
        help="Whose file it is: phasecalc, elhage, arena, devinterp or spd.",
    )(command)


def law_option(command: Command) -> Command:
    """--law: of the magnitudes."""
    return click.option("--law", default="uniform", show_default=True, help=LAW_HELP)(command)


NO_PICTURE = "it is for a picture: give -o as well"


def dpi_option(command: Command) -> Command:
    """--dpi: of a picture."""
    return click.option(
        "--dpi",
        type=click.IntRange(50, 1200),
        default=200,
        show_default=True,
        help="Dots per inch.",
    )(command)


def in_option(command: Command) -> Command:
    """--in: the variable of printed formulas."""
    return click.option(
        "--in",
        "variable",
        type=click.Choice(["p", "S"]),
        default="p",
        show_default=True,
        help="Formulas in the feature probability p, or in the sparsity S = 1 - p.",
    )(command)


def quiet_option(command: Command) -> Command:
    """-q: no progress."""
    return click.option(
        "-q",
        "--quiet",
        is_flag=True,
        help="Show no progress; without it there is some where stderr is a terminal.",
    )(command)


def bar_wanted(quiet: bool) -> bool:
    """Whether progress is shown."""
    from ..progress import on_terminal

    return not quiet and on_terminal()


def json_option(command: Command) -> Command:
    """--json: one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def model_of(
    n_features: int,
    d_hidden: int,
    law: str,
    bias: Literal["free", "zero"] = "free",
    interference_penalty: Any = 0,
    importance: str | None = None,
    support: str = "independent",
) -> ToyModel:
    """The model that the options describe."""
    from ..law_text import law_of
    from ..model import ToyModel
    from ..support_text import support_of

    return ToyModel(
        n_features,
        d_hidden,
        law_of(law),
        importance=importance,
        support=support_of(support),
        bias=bias,
        interference_penalty=interference_penalty,
    )


def exact_diagram(model: ToyModel) -> PhaseDiagram | PairDiagram:
    """The exact diagram: over p and c for a support with c = P(both are active)."""
    from ..sources import phase_diagram
    from ..symbols import S, c, p, r

    over = (p, c) if c in model.support.symbols(model.n_features) else (S, r)
    found: PhaseDiagram | PairDiagram = phase_diagram(model, x=over[0], y=over[1])
    return found


def print_json(document: object) -> None:
    """One JSON document on stdout, in ASCII where its encoding has no signs of mathematics."""
    import json

    from .streams import TypedForms

    ascii_only = isinstance(sys.stdout, TypedForms)
    click.echo(json.dumps(document, indent=2, ensure_ascii=ascii_only, allow_nan=False))
