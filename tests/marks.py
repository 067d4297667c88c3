"""Marks of parameters."""

from __future__ import annotations

from typing import Any

import pytest


def slow(*values: Any):
    """A parameter for `make test` only; its cheaper neighbours stay in a bare `pytest -q`."""
    return pytest.param(*values, marks=pytest.mark.slow)


def long(*values: Any):
    """A parameter for `make test-long` only; its cheaper neighbours stay in `make test`."""
    return pytest.param(*values, marks=pytest.mark.long)
