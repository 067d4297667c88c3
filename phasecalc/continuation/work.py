"""Independent tasks, in this process or an executor, kept in a file from which a run can go on.

Every task is a function of its arguments alone. They are handed out in waves whose make-up does not
depend on who computes them or when, so the same graph comes out of any executor, and out of a run
that was stopped and goes on: its results are read from the file instead of computed again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ..encoding import decoded, encoded
from ..files import readable, replacing
from ..landscapes.branch import Landscape
from ..progress import Bar

Document = dict[str, Any]


class Work:
    """Runs tasks and keeps what they return."""

    def __init__(
        self,
        land: Landscape,
        header: Document,
        file: Path | None = None,
        executor: Executor | None = None,
        progress: Bar | None = None,
    ) -> None:
        self.land, self.executor = land, executor
        self.progress = progress or Bar(shown=False)
        self._file = file
        self._done: list[tuple[str, Any]] = []
        self._sum = self._next = 0
        if file is not None:
            self._done, self._sum = _kept(file, header)

    def __call__(
        self, task: Callable[..., Any], arguments: Sequence[tuple[Any, ...]], what: str
    ) -> Iterator[Any]:
        """The results of task(landscape, *arguments) in order."""
        kept = self._done[self._next : self._next + len(arguments)]
        for number, (name, _) in enumerate(kept, self._next + 2):
            if self._file is not None and name != task.__name__:
                raise _refusal(self._file, f"line {number} is damaged")
        known = [value for _, value in kept]
        self._next += len(arguments)
        left = arguments[len(known) :]
        results: Iterable[Any]
        if self.executor is None or len(left) < 2:
            results = (task(self.land, *given) for given in left)
        else:
            waiting = [self.executor.submit(task, self.land, *given) for given in left]
            results = (future.result() for future in waiting)

        def everything() -> Iterator[Any]:
            yield from known
            for result in results:
                if self._file is not None:
                    line, self._sum = _line(task.__name__, result, self._sum)
                    with self._file.open("a", encoding="utf-8") as stream:
                        stream.write(line + "\n")
                yield result

        yield from self.progress(everything(), len(arguments), what)


def _line(name: str, result: Any, before: int) -> tuple[str, int]:
    """The line of a task's result, [name, result, sum], and its sum: that of all lines so far."""
    body = json.dumps([name, encoded(result)], separators=(",", ":"))[:-1]
    total = zlib.crc32(body.encode(), before)
    return f"{body},{total}]", total


def _kept(path: Path, header: Document) -> tuple[list[tuple[str, Any]], int]:
    """The results in a file that this diagram's run wrote, each with its task, and the last sum.

    A last line that was cut is dropped. Sums go on from line to line: one that was changed, lost,
    doubled or moved has another. Raises `ValueError` for a damaged file or one of something else,
    and leaves it untouched.
    """
    first = json.dumps(header)
    total = zlib.crc32(first.encode())
    if not path.exists():
        try:
            path.write_text(first + "\n", encoding="utf-8")
        except OSError as error:
            raise _refusal(path, f"it cannot be written ({error.strerror})") from None
        return [], total
    try:
        text = readable(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _refusal(path, "it cannot be read") from None
    lines = text.splitlines()
    if not lines or lines[0] != first:
        raise _refusal(path, _difference(lines[0] if lines else "", json.loads(first)))
    done = []
    for number, line in enumerate(lines[1:], 2):
        body, _, end = line.rpartition(",")
        before, total = total, zlib.crc32(body.encode(), total)
        try:
            if end != f"{total}]":
                raise ValueError
            name, result = json.loads(body + "]")
            done.append((name, decoded(result)))
        except (ValueError, TypeError, KeyError, AttributeError):
            if number < len(lines) or _is_json(line):
                raise _refusal(path, f"line {number} is damaged") from None
            total = before
    if not text.endswith("\n") or len(done) < len(lines) - 1:
        kept = "".join(line + "\n" for line in lines[: len(done) + 1])
        with replacing(path) as temporary:
            temporary.write_text(kept, encoding="utf-8")
    return done, total


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _difference(line: str, header: Document) -> str:
    """How the first line of a file differs from the header that this diagram's has."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "checkpoint" not in found:
        return "it is no checkpoint"
    names = {"phasecalc": "version", "checkpoint": "form", "plane": "model or axes"}
    other = [names.get(key, key) for key in header if found.get(key) != header[key]]
    return f"it is the checkpoint of another diagram: other {', '.join(other)}"


def _refusal(path: Path, why: str) -> ValueError:
    return ValueError(f"checkpoint = {str(path)!r}: {why}: give another file, or none")
