"""The dense loss: time, memory, accuracy, and what it costs in samples.

    python benchmarks/dense.py            everything (about two minutes)
    python benchmarks/dense.py --quick    without n = 1000 and training

Times are of the whole call, threads included; memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import phasecalc as pc
from phasecalc.kernel.dense import dense_loss
from phasecalc.kernel.inputs import checked_batch

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.test_dense import AT_KINKS, KINDS, hard_model, simplex, simplex_row


def random_model(n: int, m: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, n)) / np.sqrt(m), 0.1 * rng.normal(size=n), np.ones(n)


def timed(run: Callable[[], Any], times: int = 3) -> tuple[float, float, Any]:
    """Least wall-clock and processor time of some runs, and the result."""
    wall, work = [], []
    for _ in range(times):
        begun, used = time.perf_counter(), time.process_time()
        result = run()
        wall.append(time.perf_counter() - begun)
        work.append(time.process_time() - used)
    return min(wall), min(work), result


def speed(quick: bool) -> None:
    print("loss of random weights, W ~ N(0, 1/m), b ~ N(0, 1/100); |error|: against tolerance/1000")
    cases = [
        (100, 20, 0.9, 1e-10, True),
        (100, 20, 0.9, 1e-10, False),
        (400, 30, 0.99, 1e-8, False),
    ]
    if not quick:
        cases.append((1000, 100, 0.99, 1e-8, False))
    for n, m, S, tolerance, gradient in cases:
        W, b, weight = random_model(n, m)
        name = pc.expected_loss_and_grad if gradient else pc.expected_loss

        def run(t: float = tolerance, name: Callable = name, W=W, b=b, weight=weight, S=S):
            return name(W, b, weight, S, method="dense", tolerance=t, return_error=True)

        run()
        wall, work, result = timed(run)
        fine = dense_at(W, b, weight, S, tolerance / 1000)
        text = f"|error| {abs(result[0] - fine[0]):.1e}, bound {result[-1]:.1e}"
        if gradient:
            apart = max(np.abs(result[k] - fine[k]).max() for k in (1, 2))
            text += f"; gradient's |error| {apart:.1e}"
        what = "loss and gradient" if gradient else "loss"
        print(f"  n = {n}, m = {m}, S = {S}, {what} to {tolerance:g}: "
              f"{wall:.3f} s ({work:.3f} s of processors); {text}")  # fmt: skip


def dense_at(W, b, weight, S, tolerance):
    """Loss and gradient with nodes for a tolerance that need not be reached."""
    batch = checked_batch(W, b, weight, S, None, None)
    found = dense_loss(batch, [0], True, tolerance)
    return found.loss[0], found.dW[0], found.db[0]


def accuracy(models: int) -> None:
    """Errors of loss and gradient in units of the scale, and in parts of what is stated."""
    for law in (pc.Uniform(), pc.Point()):
        worst, stated = np.zeros(2), np.zeros(2)
        for kind in range(KINDS):
            rng = np.random.default_rng(1000 + kind)
            for _ in range(models // KINDS):
                W, b, weight, S = hard_model(rng, kind)
                args = (W, b, weight, None, law)
                closed = pc.expected_loss_and_grad(*args, sparsity_per_feature=S)
                *found, error, slope_error = pc.expected_loss_and_grad(
                    *args, sparsity_per_feature=S, method="dense", return_error=True
                )
                scale = 1 + weight @ (1 + np.abs(W.T @ W).sum(1) + np.abs(b)) ** 2
                slope_scale = scale * (1 + np.abs(W).max())
                apart = [np.abs(x - y).max() for x, y in zip(found, closed, strict=True)]
                loss, slope = apart[0], max(apart[1:])
                if law == pc.Point() and kind == AT_KINKS:
                    slope = 0.0  # z is 0 for some inputs: two slopes, and rounding decides
                worst = np.maximum(worst, [loss / scale, slope / slope_scale])
                allowed = error + 1e-15 * scale, slope_error + 1e-14 * slope_scale
                stated = np.maximum(stated, [loss / allowed[0], slope / allowed[1]])
        print(
            f"  {models // KINDS * KINDS} hard models of 3 to 8 features, {law}: loss "
            f"{worst[0]:.1e}, gradient {worst[1]:.1e} of the scale; at most {stated[0]:.2g} and "
            f"{stated[1]:.2g} of what is stated"
        )


def other_laws(models: int) -> None:
    """The dense loss of random rational weights against `decompose`, both ends of S."""
    rng = np.random.default_rng(7)
    laws = (pc.Uniform(high=2), pc.Point("3/2"), pc.SignedUniform(), pc.Beta(2, 1), pc.Beta(2, 3))
    for law in laws:
        worst = 0.0
        for k in range(models):
            n, m = int(rng.integers(2, 5)), int(rng.integers(1, 3))
            W = [[Fraction(int(x), 16) for x in row] for row in rng.integers(-24, 25, (m, n))]
            b = [Fraction(int(x), 16) for x in rng.integers(-12, 13, n)]
            S = [Fraction(1, 1000), Fraction(1, 2), Fraction(9, 10), Fraction(999, 1000)][k % 4]
            exact = float(pc.decompose(W, b, [1] * n, law=law).at_sparsity(S))
            weights, bias = np.array(W, float), np.array(b, float)
            loss = pc.expected_loss(weights, bias, 1, float(S), law, method="dense")
            reach = 1 + np.abs(weights.T @ weights).sum(1) + np.abs(bias)
            worst = max(worst, abs(float(loss) - exact) / (1 + float((reach**2).sum())))
        print(f"  {models} rational models, n = 2 to 4, {law}: loss {worst:.1e} of the scale")


def simplices() -> None:
    for n, S in ((30, "1/2"), (100, "9/10"), (300, "99/100")):
        exact = n * simplex_row(n, Fraction(S), Fraction(1, 50))
        loss = pc.expected_loss(simplex(n), [0.02] * n, np.ones(n), float(Fraction(S)))
        print(f"  simplex of {n}, S = {S}: error {abs(loss - float(exact)):.1e}")


def samples() -> None:
    n, m, S = 100, 20, 0.9
    W, b, weight = random_model(n, m)
    pc.expected_loss(W, b, weight, S)
    wall, _, loss = timed(lambda: pc.expected_loss(W, b, weight, S, tolerance=1e-8))
    rng = np.random.default_rng(0)

    def sample(count: int) -> Any:
        x = rng.random((count, n)) * (rng.random((count, n)) >= S)
        return ((x - np.maximum(x @ W.T @ W + b, 0)) ** 2) @ weight

    count = 4096
    each, _, values = timed(lambda: sample(count))
    same = int(count * wall / each)
    error = values.std() / np.sqrt(same)
    print(
        f"  n = {n}, m = {m}, S = {S} to 1e-8: {wall:.3f} s, the time of {same} samples in "
        f"NumPy, whose standard error is {error:.1e} ({error / loss:.1e} of the loss)"
    )


def memory() -> None:
    code = (
        "import sys; sys.path.insert(0, 'benchmarks'); import resource, dense, phasecalc as pc\n"
        "W, b, weight = dense.random_model(1000, 100)\n"
        "pc.expected_loss(W, b, weight, 0.99, tolerance=1e-8)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"  peak of a process, n = 1000: {float(done.stdout):.2f} GB")


def training() -> None:
    model = pc.ToyModel(40, 10, importance=[1] * 40)
    begun, used = time.perf_counter(), time.process_time()
    grid = pc.train(model, [0.95], [1.0], 1, tolerance=1e-6, max_iterations=5000)
    wall, work = time.perf_counter() - begun, time.process_time() - used
    steps, norm = grid.iterations[0, 0, 0], grid.gradient_norms[0, 0, 0]
    print(
        f"  40 in 10 at p = 0.05: {wall:.1f} s ({work:.1f} s of processors), {steps} steps to a "
        f"gradient of {norm:.1e}, loss {grid.losses[0, 0, 0]:.9f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--models", type=int, default=2000)
    options = parser.parse_args()
    speed(options.quick)
    print("accuracy")
    accuracy(options.models)
    other_laws(options.models // 20)
    simplices()
    print("in samples")
    samples()
    if not options.quick:
        print("memory")
        memory()
        print("training")
        training()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak of this process {peak:.2f} GB")
