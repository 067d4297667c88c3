"""What an attack found, and the time that an input may take."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Attack:
    """How many inputs were tried, and which of them failed."""

    name: str
    inputs: int = 0
    failures: list[str] = field(default_factory=list)
    note: str = ""

    def expect(self, held: bool, what: str) -> None:
        """Count an input; keep what repeats it where the expectation did not hold."""
        self.inputs += 1
        if not held:
            self.failures.append(what)


class Slow(BaseException):
    """An input has used up its processor time."""


@dataclass
class Clock:
    """Seconds of processor time that an input took."""

    took: float = 0.0


@contextmanager
def within(seconds: float) -> Iterator[Clock]:
    """`Slow` is raised where what is inside takes more seconds of processor time."""

    def slow(*_: object) -> None:
        raise Slow

    clock, begun = Clock(), time.process_time()
    before = signal.signal(signal.SIGVTALRM, slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield clock
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        clock.took = time.process_time() - begun


def table(attacks: Iterable[Attack]) -> str:
    """The attacks in lines: name, inputs, failures, note."""
    rows = [("attack", "inputs", "failures", "")]
    rows += [(a.name, f"{a.inputs:,}", str(len(a.failures)), a.note) for a in attacks]
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    return "\n".join(
        f"{name:<{widths[0]}}  {inputs:>{widths[1]}}  {failed:>{widths[2]}}  {note}".rstrip()
        for name, inputs, failed, note in rows
    )
