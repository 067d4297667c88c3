"""How many threads, and the splitting of a batch over them."""

from __future__ import annotations

import _thread
import os
from collections.abc import Callable
from itertools import pairwise

from .inputs import Batch, Floats, laid_out

_WORTH_A_THREAD = 1_000_000  # nanoseconds of work
_STRETCHES = 4  # for each thread: the end is even to an eighth, and each costs some 10 µs of Python


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
    """Call run(*arrays, law, 0, k, *results) on stretches of k models that together are the batch.

    cost: nanoseconds that one model takes, roughly. `run` must let go of the interpreter lock. An
    array of the batch that is not laid out for compiled code, such as one sparsity spread over
    the features, is brought into shape stretch by stretch: by the threads, and in their caches.
    """
    threads = min(batch.size, batch.size * cost // _WORTH_A_THREAD)
    if threads > 1:
        threads = min(threads, thread_count())

    def stretch(lo: int, hi: int) -> None:
        arrays = [laid_out(x if len(x) == 1 else x[lo:hi]) for x in batch.arrays]
        run(*arrays, batch.law, 0, hi - lo, *(x[lo:hi] for x in results))

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
    count = _STRETCHES * threads
    bounds = [size * t // count for t in range(count + 1)]
    work = iter([(lo, hi) for lo, hi in pairwise(bounds) if hi > lo])
    failures: list[BaseException] = []

    def worker(done: _thread.LockType | None = None) -> None:
        try:
            for lo, hi in work:
                run(lo, hi)
        except BaseException as failure:  # raised again by the caller's thread
            failures.append(failure)
        finally:
            if done is not None:
                done.release()

    # threading.Thread.start waits until the new thread runs, a tenth of a millisecond in which
    # this one would stand still.
    others = []
    for _ in range(threads - 1):
        done = _thread.allocate_lock()
        done.acquire()
        try:
            _thread.start_new_thread(worker, (done,))
        except RuntimeError:  # no more threads, as while the interpreter shuts down
            break
        others.append(done)
    worker()
    for done in others:
        done.acquire()
    if failures:
        raise failures[0]
