"""Progress on stderr: bars and words; without a stderr, or with a closed one, there is none.

`progress=` means one thing in every function: None shows it where stderr is a terminal and the work
takes longer than two seconds, True shows it in any case, False never.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from threading import TIMEOUT_MAX, Timer
from typing import Any


def on_terminal() -> bool:
    """Whether stderr is a terminal, which a bar may be drawn on.

    Programs without a console (pythonw, some services) have no stderr, or a closed one.
    """
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:
        return False


def has_stderr() -> bool:
    """Whether there is a stderr to write to."""
    return sys.stderr is not None and not sys.stderr.closed


def bar(*arguments: Any, progress: bool | None, **settings: Any) -> Any:
    """A bar of tqdm: shown, hidden, or with None shown on a terminal only."""
    from tqdm import tqdm  # noqa: PLC0415  (only where something is shown)

    shown = shows(progress)
    # Even to show nothing, tqdm asks for a file.
    file = sys.stderr if shown else StringIO()
    return tqdm(*arguments, **settings, disable=not shown, file=file)


PATIENCE = 2.0
"""Seconds of work before anything is said about it."""


def shows(progress: bool | None) -> bool:
    """Whether progress is shown; `TypeError` for anything but None, True and False."""
    if progress is not None and not isinstance(progress, bool):
        raise TypeError(f"progress = {progress!r}: it must be None, True or False")
    return has_stderr() and (on_terminal() if progress is None else progress)


@contextmanager
def told(what: str, progress: bool | None = None) -> Iterator[None]:
    """Says once what is being done, if that takes longer than two seconds."""
    if not shows(progress):
        yield
        return
    with after(PATIENCE, say, f"{what} …"):
        yield


@contextmanager
def after(seconds: float, act: Callable[..., object], *arguments: object) -> Iterator[None]:
    """Calls act(*arguments) once the block has taken so many seconds, never after its end."""
    timer = Timer(min(seconds, TIMEOUT_MAX), act, arguments)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def warned(what: str, progress: bool | None = None) -> None:
    """Says at once that a work is long, and how to make it smaller."""
    if shows(progress):
        say(what)


def say(text: str) -> None:
    """One line on stderr."""
    with suppress(OSError, ValueError):
        print(f"phasecalc: {text}", file=sys.stderr, flush=True)


def share_bar(progress: bool | None) -> Any:
    """A bar of the share that is done, in hundredths; what `tqdm` returns."""
    return bar(
        total=100.0,
        progress=shows(progress),
        bar_format="{percentage:3.0f}%|{bar}| {desc} [{elapsed}]",
        leave=False,
        delay=PATIENCE,
        miniters=0,
    )


def advance(shown_bar: Any, share: float, note: str) -> None:
    """Moves a bar of `share_bar` to this share, with a word beside it."""
    shown_bar.set_description_str(note, refresh=False)
    shown_bar.update(round(100 * share, 1) - shown_bar.n)


class Bar:
    """One bar for the whole of a work whose tasks become known as it goes on."""

    def __init__(self, shown: bool = True) -> None:
        self._bar: Any = None
        self._shown = shown

    def __call__(self, items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
        """The same items, counted as they are taken."""
        if self._bar is None:
            self._bar = bar(total=0, unit="task", progress=self._shown)
        self._bar.set_description(what, refresh=False)
        self._bar.total += total
        self._bar.refresh()
        for item in items:
            yield item
            self._bar.update()

    def note(self, text: str) -> None:
        """Something to say beside the count."""
        if self._bar is not None:
            self._bar.set_postfix_str(text)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
