"""How records show themselves: as pictures, tables or formulas in a notebook, else as text.

Records know nothing of their printers, which come after them in the order of imports. This is the
one place where a record reaches for them, at the moment when it is shown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from importlib import import_module
from os import PathLike
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def long_integers() -> Iterator[None]:
    """While this lasts integers of any length are written as text.

    Exact losses hold high powers of what was given, some with more digits than Python's limit.
    That limit guards against long texts that are read; ours are written, of numbers computed here.
    """
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)


def printers(module: str) -> Any:
    """A module of `phasecalc.report`, imported when something is to be shown."""
    return import_module(f"phasecalc.report.{module}")


def list_records(record: Any) -> None:
    """Turn every tuple of records among the fields of a dataclass into a `Listed`."""
    for field in fields(record):
        value = getattr(record, field.name)
        if type(value) is tuple and value and all(isinstance(item, Shown) for item in value):
            object.__setattr__(record, field.name, Listed(value))


class Shown:
    """A record that `phasecalc.report.notebook` can print; `repr` stays that of a dataclass."""

    __slots__ = ()

    @long_integers()
    def __str__(self) -> str:
        return str(printers("notebook").record_text(self))

    @long_integers()
    def _repr_html_(self) -> str:
        return str(printers("notebook").record_html(self))

    def __post_init__(self) -> None:
        """Tuples of records among the fields show themselves as tables too."""
        list_records(self)

    def __init_subclass__(cls) -> None:
        # IPython takes the first class that has either; a dataclass has a repr of its own.
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython's terminal."""
        printer.text("…" if cycle else str(self))


class Written(Shown):
    """A record that is a formula, or formulas."""

    __slots__ = ()

    @long_integers()
    def to_latex(self, *, sparsity: bool = False) -> str:
        """The record in LaTeX, in p or, with `sparsity`, in S; needs amsmath only.

        A formula comes without dollar signs, a diagram as tables.
        """
        return str(printers("notebook").record_to_latex(self, sparsity=sparsity))

    @long_integers()
    def _repr_latex_(self) -> Any:
        # A str; None for a record without a formula: a notebook then shows its other forms.
        return printers("notebook").record_latex(self)


class Large(Shown):
    """A record of many numbers: its `repr` says what it is, not all of them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({printers('notebook').summary(self)})"


class Drawn(Large):
    """A record that shows its picture as the last line of a cell, in every notebook.

    The picture stands in the HTML as well as by itself: frontends choose one of the two.
    """

    __slots__ = ()

    @long_integers()
    def _repr_png_(self) -> bytes:
        return bytes(printers("notebook").record_png(self))

    @long_integers()
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return dict(printers("notebook").drawn_bundle(self))


class Lined(Shown):
    """A diagram of traced lines, whose points can be taken elsewhere."""

    __slots__ = ()

    @long_integers()
    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write the points of all lines and all special points, one a row, to a .csv file.

        Raises `ValueError` for another ending, `OSError` for a place that cannot be written.
        """
        printers("export").write_csv(self, path)

    def to_xarray(self) -> Any:
        """The points of all lines as an `xarray.Dataset` over (line, point), padded with nan."""
        return printers("export").lines_dataset(self)


class Listed(tuple[T, ...]):
    """A tuple of records that shows itself as one table."""

    __slots__ = ()

    def __new__(cls, records: Iterable[T]) -> Listed[T]:
        return super().__new__(cls, tuple(records))

    def __reduce__(self) -> tuple[Any, ...]:
        return Listed, (tuple(self),)

    @long_integers()
    def __str__(self) -> str:
        return str(printers("notebook").record_text(self))

    @long_integers()
    def _repr_html_(self) -> str:
        return str(printers("notebook").record_html(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython's terminal."""
        printer.text("…" if cycle else str(self))
