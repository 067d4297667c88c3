"""Refusals of the library in the words of the command line: options in place of arguments."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import pairwise

import click


def in_options(message: str, command: click.Command, typed: Sequence[str]) -> str:
    """The message with the option for each of the command's arguments, as the user typed it.

    typed : the words after the command's name; an option that was not typed has its short form.

    >>> sparsity = click.Option(["-S", "--sparsity"])
    >>> command = click.Command("slice", params=[sparsity, click.Option(["--source"])])
    >>> in_options('sparsity = 3/2: it must lie in [0, 1)', command, ["-S", "1.5"])
    '-S 3/2: it must lie in [0, 1)'
    >>> in_options('sparsity needs source = "global"', command, ["--sparsity=1"])
    'sparsity needs --source global'
    """
    written = re.match(r"output = '(.*?)' cannot be written", message)
    if written is not None:
        # Which of several files that a command writes.
        for flag, word in pairwise(typed):
            if os.path.realpath(word) == written[1] and flag.startswith("-"):
                message = message.replace("output =", flag, 1)
    message = message.replace("models_per_cell =", "models =")  # as the option is called
    message = re.sub(r"^executor = \S+: it must be None", "workers: it must be 1", message)
    for parameter in command.params:
        if not isinstance(parameter, click.Option) or parameter.name is None:
            continue
        flag, name = _typed_form(parameter, typed), re.escape(parameter.name)
        # name = value, a word without its quotes; and the name before a colon or an index.
        message = re.sub(rf"(?<![\w-]){name} = (['\"])([\w-]+)\1", rf"{flag} \2", message)
        message = re.sub(rf"(?<![\w-]){name} = ", f"{flag} ", message)
        if parameter.is_flag:
            message = message.replace(f"{flag} True", flag)
        message = re.sub(rf"^{name}(?=:| has )", flag, message)
        message = re.sub(rf"^(?={name}\[)", f"{flag}: ", message)
        if "_" in parameter.name:  # no word of English
            message = re.sub(rf"(?<![\w-]){name}(?!\w)", flag, message)
    return message


def _typed_form(option: click.Option, typed: Sequence[str]) -> str:
    """The form of the option among the words; else its shortest form."""
    for form in option.opts:
        joined = (f"{form}=",) if form.startswith("--") else (form,)
        if any(word == form or word.startswith(joined) for word in typed):
            return form
    return min(option.opts, key=len)
