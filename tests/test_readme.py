"""What the README shows is what the program prints."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from phasecalc.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_python_examples():
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    source = "\n".join(blocks("python"))
    assert source.count(">>>") >= 10
    runner.run(parser.get_doctest(source, {}, "README", "README.md", 0))
    assert runner.failures == 0


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: block.splitlines()[0])
def test_console_examples(block, capsys):
    command, _, expected = block.partition("\n")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "phasecalc"
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert not stopped.value.code
    assert capsys.readouterr().out == expected
