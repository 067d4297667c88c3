"""Compiled by Numba where it is there; else the same functions run as Python, slowly."""

from __future__ import annotations

from typing import Any

try:
    from numba import njit
except ImportError:
    njit = None


def compiled(function: Any) -> Any:
    """As `numba.njit`, kept on disk where there is a place for it; x/0 is infinite."""
    if njit is None:
        return function
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        return njit(error_model="numpy")(function)
