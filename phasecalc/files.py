"""Writing files so that a killed run leaves no half file, and a bad place is found at once."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")
"""Where Linux names open files, those without a name in a folder as well."""


class MissingPackage(ImportError):
    """A package that is not installed is needed, and the sentence says how to get it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place to write to that takes the place of `path` when the block ends without an error.

    The place is found first, so that one that cannot be written is an `OSError` before any work is
    done. Where the system can, what is written has no name in the folder until it is complete: a
    run that is killed, even with SIGKILL, leaves nothing beside `path`. So the place has not the
    ending of `path`: say in which format you write. A link is followed once; the permissions of a
    file that is there already are kept.
    """
    target = followed(path)
    unnamed = _unnamed(target)
    try:
        with unnamed as temporary:
            yield temporary
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
            temporary.chmod(mode)
            _put(temporary, target)
    except OSError as error:
        if error.strerror is None or isinstance(error, BrokenPipeError):
            raise
        raise _refused(target, error.strerror) from error


def checked_place(path: Path) -> None:
    """`OSError` where `path` cannot be written; nothing is left behind."""
    with _unnamed(followed(path)):
        pass


def readable(path: Path) -> Path:
    """The same path; `OSError` where it is there and is no file with an end.

    To open a pipe waits for somebody who writes into it, and a device may have no end.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return path  # whoever opens it says why it cannot be
    if stat.S_ISREG(mode):
        return path
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.ESPIPE, "it is no regular file", str(path))


def followed(path: Path) -> Path:
    """The file that is meant: links are followed, `OSError` where they lead nowhere to write."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return target
    except OSError as error:
        raise _refused(target, error.strerror) from None
    if stat.S_ISLNK(mode):
        raise _refused(path, "its links go round in a circle")
    if stat.S_ISDIR(mode):
        raise _refused(target, "it is a folder, name a file in it")
    if not stat.S_ISREG(mode):
        raise _refused(target, "it is no regular file")
    return target


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


@contextmanager
def _unnamed(target: Path) -> Iterator[Path]:
    """A new empty file in the folder of `target`, without a name where the system can do that."""
    try:
        descriptor = os.open(target.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except AttributeError:  # not Linux
        descriptor = -1
    except OSError:  # a file system without them; or a place that cannot be written, found below
        descriptor = -1
    if descriptor >= 0:
        try:
            os.fchmod(descriptor, 0o600)  # whatever the mask: the place is opened once more
            place = _DESCRIPTORS / str(descriptor)
            if place.exists():
                yield place
                return
        finally:
            os.close(descriptor)
    temporary = _beside(target)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _put(temporary: Path, target: Path) -> None:
    """Give what was written the name of `target`, in one step."""
    if temporary.parent != _DESCRIPTORS:
        temporary.replace(target)
        return
    try:
        _link(temporary, target)
        return
    except FileExistsError:
        # Only a rename takes the place of a file that is there: a name beside it first.
        named = target.parent / f".phasecalc-{secrets.token_hex(4)}"
    try:
        _link(temporary, named)
        named.replace(target)
    finally:
        named.unlink(missing_ok=True)


def _link(temporary: Path, name: Path) -> None:
    """Name a file that has none yet; `FileExistsError` where the name is taken."""
    folder = os.open(name.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # With a folder given, the system follows the link that stands for the descriptor.
        os.link(temporary, name.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _beside(target: Path) -> Path:
    """An empty file in the folder of `target`."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".phasecalc-")
    except OSError as error:
        raise _refused(target, error.strerror) from None
    os.close(handle)
    return Path(name)


def _refused(path: Path, reason: str | None) -> OSError:
    return OSError(f"output = {str(path)!r} cannot be written: {reason}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
