"""Time and memory of the paper's experiments: 50 × 50 cells, 10 models each.

Run with `python benchmarks/training.py [--sampled]`. Every experiment is a process of its own, run
several times after one model has been trained, so that nothing is compiled while the clock runs;
the median counts. With --sampled, some models are also trained the paper's way, on samples, and the
time of the whole experiment is extrapolated; benchmarks/torch_replication.py is the yardstick.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from tabulate import tabulate

RUNS = 3

POPULATION = """
import json, resource, sys, time
import numpy as np
import phasecalc as pc

n, m = map(int, sys.argv[1:])
model = pc.ToyModel(n, m)
S, r = pc.paper_axes()
pc.train(model, S[:1], r[:1])
start = time.perf_counter()
trained = pc.train(model, S, r, progress=False)
seconds = time.perf_counter() - start
importance = np.ones((len(r), 1, n))
importance[:, 0, -1] = r
_, dW, db = pc.expected_loss_and_grad(
    trained.weights, trained.biases, importance, S[:, None, None]
)
norm = np.sqrt((dW**2).sum((-1, -2)) + (db**2).sum(-1))
excess = trained.best_losses - pc.phase_diagram(model).grid(S, r).losses
print(json.dumps({
    "seconds": seconds,
    "converged": float((norm <= 1e-8).mean()),
    "iterations": float(trained.iterations.mean()),
    "above": int((excess > 1e-9).sum()),
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""

SAMPLED = """
import json, resource, sys, time
import phasecalc as pc

n, m = map(int, sys.argv[1:])
model = pc.ToyModel(n, m)
S, r = pc.paper_axes(4)
pc.train(model, S[:1], r[:1], method="sampled", steps=10)
start = time.perf_counter()
trained = pc.train(model, S, r, 5, "sampled", steps=1000, progress=False)
seconds = time.perf_counter() - start
print(json.dumps({
    "seconds": seconds / trained.losses.size / 1000 * 25_000,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""

TARGETS = {(2, 1): 3.0, (3, 2): 90.0}


def measure(code: str, size: tuple[int, int]) -> list[dict[str, float]]:
    """What the runs of one experiment print."""
    command = (sys.executable, "-c", code, *map(str, size))
    outputs = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for _ in range(RUNS)
    ]
    return [json.loads(output) for output in outputs]


def main() -> None:
    """Print the tables."""
    rows: list[tuple[object, ...]] = []
    for size, target in TARGETS.items():
        runs = measure(POPULATION, size)
        seconds = statistics.median(run["seconds"] for run in runs)
        rows.append(
            (
                f"n = {size[0]}, m = {size[1]}",
                f"{seconds:.2f} s",
                f"{target:g} s",
                f"{seconds / target:.2f}",
                f"{100 * min(run['converged'] for run in runs):.2f} %",
                f"{runs[0]['iterations']:.0f}",
                max(run["above"] for run in runs),
                f"{max(run['megabytes'] for run in runs):.0f} MB",
            )
        )
    print("population, 25,000 models")
    headers = (
        *("experiment", "time", "target", "ratio", "gradient ≤ 1e-8", "iterations"),
        *("cells above a candidate", "peak memory (1000 MB)"),
    )
    print(tabulate(rows, headers=headers))
    if "--sampled" in sys.argv[1:]:
        rows = []
        for size in TARGETS:
            runs = measure(SAMPLED, size)
            seconds = statistics.median(run["seconds"] for run in runs)
            rows.append(
                (
                    f"n = {size[0]}, m = {size[1]}",
                    f"{seconds:.3f} s",
                    f"{5000 * seconds / 60:.0f} min",
                    f"{max(run['megabytes'] for run in runs):.0f} MB",
                )
            )
        print("\nsampled, batch 1024, extrapolated to 25,000 models from 80")
        print(tabulate(rows, headers=("experiment", "a step", "5,000 steps", "peak memory")))


if __name__ == "__main__":
    main()
