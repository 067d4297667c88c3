"""How many threads, and the splitting of a batch over them."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from threading import Thread

from .inputs import Batch, Floats

_WORTH_A_THREAD = 1_000_000  # nanoseconds of work


def thread_count() -> int:
    """The processors that this process may use, or fewer if the environment asks for fewer.

    NUMBA_NUM_THREADS and OMP_NUM_THREADS are read, each time; the smallest number counts. What is
    no positive number is ignored.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "").strip()
        if value.isdecimal() and int(value) > 0:
            count = min(count, int(value))
    return count


def in_threads(run: Callable[..., None], batch: Batch, cost: int, *results: Floats) -> None:
    """Call run(*batch.arrays, law, lo, hi, *results) on stretches that together are the batch.

    cost: nanoseconds that one model takes, roughly. `run` must let go of the interpreter lock.
    """
    threads = min(batch.size, batch.size * cost // _WORTH_A_THREAD)
    if threads > 1:
        threads = min(threads, thread_count())

    def stretch(lo: int, hi: int) -> None:
        run(*batch.arrays, batch.law, lo, hi, *results)

    in_stretches(stretch, batch.size, threads)


def in_stretches(run: Callable[[int, int], None], size: int, threads: int) -> None:
    """run(lo, hi) on stretches of 0 … size − 1, in so many threads.

    The stretches are short, and whoever is free takes the next: models and rows differ in their
    work, and a thread that starts late does less. The threads live as long as the call: none is
    left over for a later fork() to lose.
    """
    if threads <= 1:
        run(0, size)
        return
    bounds = [size * t // (8 * threads) for t in range(8 * threads + 1)]
    work = iter([(lo, hi) for lo, hi in pairwise(bounds) if hi > lo])
    failures: list[BaseException] = []

    def worker() -> None:
        try:
            for lo, hi in work:
                run(lo, hi)
        except BaseException as failure:  # raised again by the caller's thread
            failures.append(failure)

    others = []
    for _ in range(threads - 1):
        thread = Thread(target=worker)
        try:
            thread.start()
        except RuntimeError:  # no more threads, as while the interpreter shuts down
            break
        others.append(thread)
    worker()
    for thread in others:
        thread.join()
    if failures:
        raise failures[0]
