"""The command `phasecalc`: one module per command, each importing what it needs when it runs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

import click

from .._version import __version__
from ..display import long_integers
from ..files import MissingPackage
from .boundaries import boundaries
from .cells import cells
from .certify import certify
from .check import check
from .derive import derive
from .diagram import diagram
from .explore import explore
from .limit import limit
from .loss import loss
from .minimize import minimize
from .names import names
from .refusals import in_options
from .regret import regret
from .slice import slice_command
from .streams import (
    abandon_output,
    complain,
    open_descriptors,
    readable_output,
    stopping,
    takes_output,
)
from .train import train

FAILED = 1
UNUSABLE = 2
"""Exit status when the input is unusable."""
INTERRUPTED = 130

EPILOG = (
    "S is the sparsity (the probability that a feature is zero), p = 1 - S the feature "
    "probability, r the importance of the last, extra, feature; the others have importance 1. "
    "Losses are sums over features, never means, and the bias is added: ReLU(W'Wx + b). "
    "Exit status: 0 done, 1 a check failed, 2 the input is unusable."
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="phasecalc")
def cli() -> None:
    """Phase diagrams of toy models of superposition.

    Those of the paper's candidates are exact among these; those of free weights are traced.
    """


_COMMANDS = (
    boundaries, loss, minimize, certify, cells, diagram, slice_command, derive, train, check,
    explore, names, regret, limit,
)  # fmt: skip

for command in _COMMANDS:
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every refusal is one line on stderr and exit status 2.

    Without ``arguments`` they are the process's own, and the process ends with this call.
    """
    # Importing SymPy makes some 10⁵ objects that stay: looking through them again and again for
    # cycles would be a tenth of a short command.
    gc.set_threshold(100_000, *gc.get_threshold()[1:])
    open_descriptors()
    with stopping():
        status = _status(arguments)
    if arguments is None:
        # For the same reason: Python's ending collects once more, a fifth of a short command.
        gc.freeze()
    sys.exit(status)


def _status(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with readable_output(), long_integers():
            return _run(arguments, words)
    except (click.Abort, KeyboardInterrupt):
        complain("phasecalc: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (as in `| head`): stop quietly.
        abandon_output()
        return 0
    except (MemoryError, ValueError, OSError, ArithmeticError, MissingPackage) as error:
        if isinstance(error, OSError) and not takes_output():
            abandon_output()
        return _failed(error, words)


def _failed(error: Exception, words: Sequence[str]) -> int:
    """One line that says why, and the status."""
    if isinstance(error, MemoryError):
        return _refused(f"out of memory: ask for less ({error})", ())
    if isinstance(error, OverflowError):
        return _refused(f"a number is too large: {error}", words)
    if isinstance(error, ArithmeticError):
        complain(f"phasecalc: the computation failed: {error}")
        return FAILED
    return _refused(str(error), words)


def _run(arguments: Sequence[str] | None, words: Sequence[str]) -> int:
    try:
        status = cli.main(args=arguments, prog_name="phasecalc", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _refused(error.format_message(), words)
    return status if isinstance(status, int) else 0


def _refused(reason: str, words: Sequence[str]) -> int:
    reason = " ".join(reason.split())
    command = cli.commands.get(words[0]) if words else None
    complain(f"phasecalc: {reason if command is None else in_options(reason, command, words[1:])}")
    return UNUSABLE
