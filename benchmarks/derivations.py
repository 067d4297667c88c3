"""Time of writing all derivations, against its target, and of running their checks.

Run with `python benchmarks/derivations.py`. The command is a process of its own, start included;
the median of five runs counts.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

from tabulate import tabulate

TARGET = 20.0
"""Seconds for `phasecalc derive --all`, without PDF."""

CHECKS = "import phasecalc as pc; [d.verify() for d in pc.derivations()]"


def seconds(command: list[str], runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "phasecalc", "derive", "--all", "-o", folder]
        writing = seconds(command)
    rows = [
        ("phasecalc derive --all", f"{writing:.2f}", f"{TARGET:.0f}"),
        ("all checks", f"{seconds([sys.executable, '-c', CHECKS]):.2f}", ""),
    ]
    print(tabulate(rows, headers=("what", "seconds", "target"), disable_numparse=True))
    return int(writing > TARGET)


if __name__ == "__main__":
    sys.exit(main())
