"""Time and memory of the exact half, next to the time of importing SymPy.

Run with `python benchmarks/exact.py`. Every command is a process of its own, run several times;
the median counts, and ratios are to the median of `python -c "import sympy"`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from tabulate import tabulate

SIX_FIVE = """
import phasecalc as pc
diagram = pc.phase_diagram(pc.ToyModel(6, 5))
assert len(diagram.junctions) == 1
"""

TWELVE_IN_PAIRS = """
from fractions import Fraction
import phasecalc as pc
weights = [[0] * 12 for _ in range(6)]
for k in range(6):
    weights[k][2 * k : 2 * k + 2] = [Fraction(9, 10) - Fraction(k, 50), Fraction(-4, 5)]
assert pc.decompose(weights, [Fraction(1, 10)] * 12).total.has(pc.p)
"""

PHASECALC = (sys.executable, "-m", "phasecalc")
YARDSTICK = "import sympy"
COMMANDS = {
    YARDSTICK: (sys.executable, "-c", YARDSTICK),
    "phasecalc --help": (*PHASECALC, "--help"),
    "phasecalc --version": (*PHASECALC, "--version"),
    "phasecalc boundaries -n 2 -m 1": (*PHASECALC, "boundaries", "-n", "2", "-m", "1"),
    "phasecalc boundaries -n 3 -m 2": (*PHASECALC, "boundaries", "-n", "3", "-m", "2"),
    "exact diagram of (6, 5)": (sys.executable, "-c", SIX_FIVE),
    "loss of 12 features in 6 pairs": (sys.executable, "-c", TWELVE_IN_PAIRS),
}
TARGETS = {
    "phasecalc --help": "0.3 s",
    "phasecalc --version": "0.3 s",
    "phasecalc boundaries -n 2 -m 1": "1.5 ×",
    "phasecalc boundaries -n 3 -m 2": "1.5 ×",
    "exact diagram of (6, 5)": "30 s",
    "loss of 12 features in 6 pairs": "2 s",
}
RUNS = 7


def measure(command: tuple[str, ...]) -> tuple[float, float]:
    """Median wall seconds and largest peak resident MB of several runs, after one that warms up."""
    # An installed package has its bytecode beside it; without it every run would compile again.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    seconds, peaks = [], []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=kept)
        _, status, usage = os.wait4(process.pid, 0)
        seconds.append(time.perf_counter() - start)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        peaks.append(usage.ru_maxrss / 1024)
    return statistics.median(seconds[1:]), max(peaks)


def main() -> None:
    """Print the table."""
    rows = []
    base = None
    for name, command in COMMANDS.items():
        seconds, peak = measure(command)
        base = base or seconds
        rows.append(
            (name, f"{seconds:.3f}", f"{seconds / base:.2f}", f"{peak:.0f}", TARGETS.get(name, ""))
        )
    headers = ("process", "median s", "× import sympy", "peak MB", "target")
    print(tabulate(rows, headers=headers, disable_numparse=True))


if __name__ == "__main__":
    main()
