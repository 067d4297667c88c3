"""Writing files so that a killed run leaves no half file, and a bad place is found at once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends without an error.

    The temporary file is made first, so that a place that cannot be written is an `OSError` before
    any work is done. It has the ending of `path`. A link is followed; the permissions of a file
    that is there already are kept.
    """
    path = path.resolve()
    temporary = _beside(path)
    try:
        yield temporary
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if error.strerror is None or isinstance(error, BrokenPipeError):
            raise
        raise OSError(f"output = {str(path)!r} cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def checked_place(path: Path) -> None:
    """`OSError` where `path` cannot be written; nothing is left behind."""
    _beside(path).unlink()


def _beside(path: Path) -> Path:
    """An empty temporary file in the folder of `path`, with its ending."""
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder, name a file in it")
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix
        )
    except OSError as error:
        raise OSError(f"output = {str(path)!r} cannot be written: {error.strerror}") from None
    os.close(handle)
    return Path(name)


def writable_folder(folder: Path) -> None:
    """Make the folder where it is missing; `OSError` where nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"output = {str(folder)!r} cannot be written: {error.strerror}; name a folder"
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
