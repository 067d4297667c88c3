"""Records as data: equal when their contents are, and kept in JSON files that read back bit by bit.

A record is a frozen dataclass of numbers, texts, tuples, arrays, formulas and other records. Its
document is described in docs/records.md; `VERSION` grows when a file of the older form could not
be read as it is. Files are parsed, never evaluated: only the classes of `encoding.PLACES` are
made from them, and each checks its own contents again when it is made.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from fractions import Fraction
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

import sympy

from ._version import __version__
from .encoding import decoded, encoded
from .files import readable, replacing

FORMAT = "phasecalc record"
VERSION = 4


class Record:
    """A record that can be compared, pickled and saved."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in _compared(self))

    def __hash__(self) -> int:
        own = (getattr(self, f.name) for f in _compared(self))
        return hash((type(self), *(value for value in own if _is_plain(value))))

    def __reduce__(self) -> tuple[Any, ...]:
        # SymPy evaluates formulas again when it unpickles them: factored ones would come out other.
        return record_of, (document_of(self),)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the record to a .json file, which `phasecalc.load` reads back bit by bit.

        Raises `ValueError` for another ending, `OSError` for a place that cannot be written.
        """
        save(self, path)


def save(record: object, path: str | PathLike[str]) -> None:
    """Write a record to a .json file; see `Record.save`."""
    path = Path(path)
    if path.suffix.lower() != ".json":
        raise ValueError(f"path = {str(path)!r}: the name must end in .json")
    text = json.dumps(document_of(record), ensure_ascii=False, allow_nan=False, indent=1)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def load(path: str | PathLike[str]) -> Any:
    """Read a record that its `save` wrote: .json, or .npz and .nc for trained models.

    The record is equal to the one that was saved, bit by bit. Nothing in a file is evaluated or
    unpickled.

    Raises `ValueError` for a damaged or foreign file and for one of another version, `OSError`
    where none can be read.
    """
    path = Path(path)
    if path.suffix.lower() in (".npz", ".nc"):
        return import_module("phasecalc.experiment.storage").load_trained(path)
    try:
        text = readable(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{str(path)!r} is no record of phasecalc: it is not text") from None
    try:
        return record_of(json.loads(text))
    except RecursionError:
        raise ValueError(f"{str(path)!r} is no record of phasecalc: nested too deeply") from None
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise ValueError(f"{str(path)!r} is no record of phasecalc: {reason}") from None


def document_of(record: object) -> dict[str, Any]:
    """The JSON document of a record."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "phasecalc": __version__,
        "record": encoded(record),
    }


def record_of(document: Any) -> Any:
    """The record of a JSON document.

    >>> from phasecalc.model import ToyModel
    >>> record_of(document_of(ToyModel(3, 2))) == ToyModel(3, 2)
    True

    Raises `ValueError` where the document is none, or of another version.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    if document.get("version") != VERSION:
        raise ValueError(f"its version is {document.get('version')!r}, not {VERSION}")
    return decoded(document["record"], 0)


def _compared(record: Any) -> list[Any]:
    return [f for f in fields(record) if f.compare]


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | str | Fraction | sympy.Basic | None)


def _same(one: Any, two: Any) -> bool:
    numpy = sys.modules.get("numpy")  # not imported for the sake of a comparison
    if numpy is not None and isinstance(one, numpy.ndarray):
        if not isinstance(two, numpy.ndarray) or one.shape != two.shape or one.dtype != two.dtype:
            return False
        return bool(numpy.array_equal(one, two, equal_nan=one.dtype.kind == "f"))
    if isinstance(one, tuple) and isinstance(two, tuple):
        return len(one) == len(two) and all(_same(a, b) for a, b in zip(one, two, strict=True))
    return type(one) is type(two) and bool(one == two or (one != one and two != two))  # noqa: PLR0124 (NaN)
