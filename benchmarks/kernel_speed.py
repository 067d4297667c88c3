"""How long the losses, their derivatives, `minimize` and `train` take, and the first call.

python benchmarks/kernel_speed.py

Every time is the median over rounds in which the candidates take turns. Times of one thread are
processor time, those that compare numbers of threads are times on the clock; on a busy machine
trust the ratios of the former.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from threading import Thread

import numpy as np
from tabulate import tabulate

import phasecalc as pc
from phasecalc.kernel.threads import thread_count

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.numpy_pair import loss_and_grad
from benchmarks.plain_c import plain_c


def medians(rounds, *functions, clock=time.thread_time):
    """Seconds a call, for each function."""
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, taken in zip(functions, times, strict=True):
            start = clock()
            function()
            taken.append(clock() - start)
    return [float(np.median(taken)) for taken in times]


def threads(count):
    """The kernel reads this at each call."""
    os.environ["OMP_NUM_THREADS"] = str(count)


def machine_speedup():
    """What two threads bring where they share nothing: hashing, which lets go of the lock."""
    data = bytes(20_000_000)

    def hashing(count):
        def run():
            at_work = [Thread(target=sha256, args=(data,)) for _ in range(count)]
            for thread in at_work:
                thread.start()
            for thread in at_work:
                thread.join()

        return run

    one, two = medians(9, hashing(1), hashing(2), clock=time.perf_counter)
    return 2 * one / two


def pairs_batch(rng, size=25_000):
    S = rng.random(size)
    args = rng.normal(size=(size, 1, 2)), rng.normal(size=(size, 2)) / 3, np.array([1.0, 0.7]), S
    for ours, plain in zip(pc.expected_loss_and_grad(*args), loss_and_grad(*args), strict=True):
        assert np.abs(ours - plain).max() < 1e-12 * np.abs(ours).max()
    available = thread_count()

    def with_threads(count):
        def run():
            threads(count)
            pc.expected_loss_and_grad(*args)

        return run

    threads(1)
    plain, ours = medians(
        31, lambda: loss_and_grad(*args), lambda: pc.expected_loss_and_grad(*args)
    )
    print("n = 2, m = 1, batch of 25,000, loss and gradient, one thread")
    rows = [["plain NumPy", 1e9 * plain / size, plain / ours]]
    rows.append(["phasecalc", 1e9 * ours / size, 1.0])
    print(tabulate(rows, ["", "ns a model", "ratio"], floatfmt=(None, ".0f", ".1f")))

    counts = [1, *(c for c in (2, 4, 8, 16) if c <= available)]
    rows = []
    for n, m, models in [(2, 1, 25_000), (2, 1, 1_000_000), (3, 2, 25_000), (3, 2, 250_000)]:
        W, b = rng.normal(size=(models, m, n)), rng.normal(size=(models, n)) / 3
        args = W, b, np.ones(n), rng.random(models)
        rounds = max(9, 10**6 // models)
        times = medians(rounds, *map(with_threads, counts), clock=time.perf_counter)
        for c, t in zip(counts, times, strict=True):
            rows.append([f"n = {n}, m = {m}, batch of {models:,}", c, 1e3 * t, times[0] / t])
    print("\nBy threads (clock; 3 in 2 with 25,000 models: at least 1.8, aim 1.95)")
    print(
        f"Two threads that share nothing, hashing, are {machine_speedup():.2f} times as fast as one"
    )
    print(tabulate(rows, ["", "threads", "ms", "speedup"], floatfmt=(None, None, ".1f", ".2f")))
    threads(1)


def shapes(rng):
    rows = []
    for n, m, size in [(2, 2, 4000), (3, 2, 2000), (4, 2, 1000), (5, 2, 500), (9, 3, 20)]:
        W, b, I = rng.normal(size=(size, m, n)), rng.normal(size=(size, n)) / 3, np.ones(n)  # noqa: E741
        (batch,) = medians(15, lambda x=(W, b, I, 0.5): pc.expected_loss_and_grad(*x))
        (one,) = medians(101, lambda x=(W[0], b[0], I, 0.5): pc.expected_loss_and_grad(*x))
        (second,) = medians(15, lambda x=(W[:500], b[:500], I, 0.5): pc.expected_hessian(*x))
        rows.append(
            [
                f"n = {n}, m = {m}, dense",
                1e6 * batch / size,
                1e6 * one,
                1e6 * second / min(500, size),
            ]
        )
    W = np.zeros((500, 1000))
    W[np.arange(1000) // 2, np.arange(1000)] = np.tile([1.0, -0.9], 500)
    b, I = rng.normal(size=1000) / 10, np.ones(1000)  # noqa: E741
    (pairs,) = medians(31, lambda: pc.expected_loss_and_grad(W, b, I, 0.9))
    rows.append(["1,000 features in 500 pairs", None, 1e6 * pairs, None])
    print("\nOne thread, microseconds")
    print(tabulate(rows, ["", "in a batch", "one call", "Hessian in a batch"], floatfmt=".1f"))


def few_features(rng, size=25_000):
    """Three to five features that all interfere, beside the textbook formula in plain C."""
    threads(1)
    rows = []
    limits = {2: ("", ""), 3: ("1000", "400"), 4: ("3000", "1500"), 5: ("7000", "4000")}
    for n in (2, 3, 4, 5):
        W, b = rng.normal(size=(size, 2, n)), rng.normal(size=(size, n)) / 3
        I, S = np.ones((size, n)), np.repeat(rng.random((size, 1)), n, axis=1)  # noqa: E741
        functions = [
            lambda x=(W, b, I), S=S: pc.expected_loss_and_grad(*x, sparsity_per_feature=S),
            lambda x=(W, b, I), S=S: pc.expected_loss(*x, sparsity_per_feature=S),
        ]
        c_version = plain_c(n, 2)
        if c_version is not None:
            ours, theirs = functions[0](), c_version(W, b, I, S)
            for x, y in zip(ours, theirs, strict=True):  # it is wrong for some, as it must be
                assert np.median(np.abs(x - y)) < 1e-12
            functions.append(lambda x=(W, b, I, S), run=c_version: run(*x))
        both, alone, *c = (1e9 * t / size for t in medians(15, *functions))
        ratio = both / c[0] if c else None
        rows.append([f"n = {n}, m = 2", both, *limits[n], alone, c[0] if c else None, ratio])
    print("\nBatches of 25,000 models of which all features interfere, one thread, ns a model")
    headers = ["", "loss, gradient", "at most", "aim", "loss", "plain C", "ratio to C (2.5; 1.3)"]
    print(tabulate(rows, headers, floatfmt=(None, ".0f", "", "", ".0f", ".0f", ".2f")))


def optimised():
    threads(1)
    rows = []
    for n, m, S, limits in [
        (2, 1, 0.6, "-"),
        (3, 2, 0.6, "0.15; 0.05"),
        (3, 2, 0.2, "0.15; 0.05"),
        (5, 2, 0.5, "0.5; 0.2"),
        (5, 2, 0.9, "0.5; 0.2"),
    ]:
        model = pc.ToyModel(n, m)
        times = medians(7, lambda x=(model, S, 1): pc.minimize(*x), clock=time.process_time)
        rows.append([f"minimize, n = {n}, m = {m}, S = {S}, r = 1", times[0], limits])
    axes = pc.paper_axes(50)
    available = thread_count_of_machine()
    model = pc.ToyModel(3, 2)
    for count in (1, available):
        start = time.perf_counter()
        pc.train(model, *axes, progress=False, threads=count)
        taken = time.perf_counter() - start
        rows.append(
            [f"25,000 models of 3 in 2 trained, {count} threads", taken, "4; 2 (two cores)"]
        )
    print("\nSeconds (processor time; of training the clock)")
    print(tabulate(rows, ["", "s", "at most; aim"], floatfmt=(None, ".3f", "")))


def thread_count_of_machine():
    os.environ.pop("OMP_NUM_THREADS", None)
    return thread_count()


FIRST = """
import time; start = time.perf_counter()
import numpy as np, phasecalc as pc
{call}
print(time.perf_counter() - start)
"""


def cold_and_warm(command, last_line=False):
    """Seconds of a process with an empty cache of compiled code, and of the next one."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "NUMBA_CACHE_DIR": folder}
        times = []
        for run in range(2):
            start = time.perf_counter()
            done = [x.format(output=Path(folder) / f"{run}.npz") for x in command]
            output = subprocess.run(done, env=env, check=True, capture_output=True, text=True)
            taken = time.perf_counter() - start
            times.append(float(output.stdout) if last_line else taken)
    return times


def first_call():
    os.environ.pop("OMP_NUM_THREADS", None)
    rows = []
    phasecalc = [sys.executable, "-m", "phasecalc"]
    for command, limits in [
        ("minimize -S 0.6 -r 1", "8; 4"),
        ("minimize -n 3 -m 2 -S 0.6 -r 1", "-"),
        ("minimize -n 5 -m 2 -S 0.6 -r 1", "-"),
        ("train -n 2 -m 1 -q -o {output}", "8; 4"),
        ("train -n 3 -m 2 -q -o {output}", "-"),
    ]:
        shown = command.replace(" -q -o {output}", "")
        rows.append([f"phasecalc {shown}", *cold_and_warm([*phasecalc, *command.split()]), limits])
    calls = {
        "n = 2, m = 1": "expected_loss_and_grad(np.ones((1, 2)), np.zeros(2), np.ones(2), 0.5)",
        "n = 3, m = 2": "expected_loss_and_grad(np.ones((2, 3)), np.zeros(3), np.ones(3), 0.5)",
        "n = 5, m = 2": "expected_loss_and_grad(np.ones((2, 5)), np.zeros(5), np.ones(5), 0.5)",
        "n = 6, m = 2": "expected_loss_and_grad(np.ones((2, 6)), np.zeros(6), np.ones(6), 0.5)",
        "n = 12, m = 12": "expected_loss_and_grad(np.eye(12), np.zeros(12), np.ones(12), 0.5)",
        "Hessian, n = 3": "expected_hessian(np.ones((2, 3)), np.zeros(3), np.ones(3), 0.5)",
        "truncated_loss, n = 12": "truncated_loss(np.eye(12), np.zeros(12), np.ones(12), 0.5, "
        "max_active=2)",
    }
    for name, call in calls.items():
        code = FIRST.format(call=f"pc.{call}").replace("{", "{{").replace("}", "}}")
        rows.append([name, *cold_and_warm([sys.executable, "-c", code], last_line=True), "-"])
    print("\nA new process: imports and first call, seconds on the clock")
    print(tabulate(rows, ["", "empty cache", "warm cache", "at most; aim"], floatfmt=".1f"))


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    pairs_batch(rng)
    few_features(rng)
    shapes(rng)
    optimised()
    first_call()
