"""The state of a search in a file, so that a stopped one goes on."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from ..files import readable, replacing
from ..records import document_of

if TYPE_CHECKING:
    from .search import _Search

_PLAIN = ("upper", "floor", "depth", "boxes", "share", "lowest", "stuck")
_ARRAYS = ("bare", "balls", "levels", "shares")


def save_state(path: Path, search: _Search) -> None:
    """Write the search; the file takes the place of an older one when it is whole."""
    entries: dict[str, Any] = {name: np.array(getattr(search, name)) for name in _PLAIN}
    entries |= {name: getattr(search, name) for name in _ARRAYS}
    entries["stack"] = search.stack[: search.depth]
    entries["near"] = np.array(search.near).reshape(-1, 2, search.task.size)
    for k, name in enumerate(("codes", "indices", "values")):
        entries[name] = np.concatenate([part[k] for part in search.log])
    entries["task"] = np.array(_fingerprint(search))
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **entries)


def load_state(path: Path, fresh: _Search) -> _Search:
    """The search that the file holds, or the fresh one where there is no file.

    Raises `ValueError` for a foreign or damaged file and for one of another task.
    """
    if not path.exists():
        return fresh
    try:
        with np.load(readable(path), allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        if str(held["task"]) != _fingerprint(fresh):
            raise ValueError(f"checkpoint = {str(path)!r} is of another task")
        for name in _PLAIN:
            setattr(fresh, name, held[name].item())
        for name in _ARRAYS:
            setattr(fresh, name, held[name])
        fresh.stack[: fresh.depth] = held["stack"]
        fresh.near = list(held["near"])
        fresh.log = [(held["codes"], held["indices"], held["values"])]
    except (BadZipFile, KeyError, EOFError, OSError) as error:
        raise ValueError(f"checkpoint = {str(path)!r} cannot be read: {error}") from None
    except ValueError as error:
        if str(error).startswith("checkpoint"):
            raise
        raise ValueError(f"checkpoint = {str(path)!r} is no state of a search") from None
    return fresh


def _fingerprint(search: _Search) -> str:
    task = search.task
    numbers = [str(getattr(task, f.name)) for f in fields(task) if f.name != "model"]
    gap = f"{search.upper - search.floor:.3e}"
    return " ".join([str(document_of(task.model)["record"]), *numbers, gap])
