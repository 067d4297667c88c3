"""What a process that shares a command's work does when it begins."""

from __future__ import annotations

import os
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread


def ends_with_its_parent() -> None:
    """Let this process end when the one that began it does, also if that was killed.

    An idle worker waits on a queue of which it holds both ends: nothing tells it that nobody will
    write to it any more, and it would wait for ever.
    """
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()
