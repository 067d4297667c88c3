"""Hypothesis profiles, the switches for tests that take time, and the whole suite on all cores."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from tests import warm
from tests.marks import KINDS, by_time

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=75, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    for kind in KINDS:
        parser.addoption(f"--run-{kind}", action="store_true", help=f"also run tests marked {kind}")


def is_whole(config: pytest.Config) -> bool:
    """Whether nothing was named on the command line."""
    return config.args_source is config.ArgsSource.TESTPATHS


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """`-n auto` of pyproject.toml: the whole suite on all cores, what is named in one process.

    So is a run of which one wants to see more (`-s`).
    """
    seen = config.option.capture == "no" or config.option.collectonly
    return None if is_whole(config) and not seen else 0


def pytest_sessionstart(session: pytest.Session) -> None:
    """Workers find compiled what most tests call; each would compile it by itself."""
    if not hasattr(session.config, "workerinput") and session.config.option.numprocesses:
        warm.once(session.config)


def pytest_collection_finish() -> None:
    """Thousands of formulas that stay are not looked through again and again for garbage."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(tryfirst=True)  # before marks select
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    by_time(items)
    asked = {kind for kind in KINDS if config.getoption(f"--run-{kind}")}
    if not is_whole(config):
        asked.add("seconds")
    for kind in {*KINDS} - asked:
        skip = pytest.mark.skip(reason=f"{kind}: needs --run-{kind}")
        for item in items:
            if kind in item.keywords:
                item.add_marker(skip)
