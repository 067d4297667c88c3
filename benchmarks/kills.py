"""Kill a trace at random moments and let it go on: is the diagram the same to the last bit?

    python benchmarks/kills.py [--kills 20] [--seed 0] [-n 2] [-m 1]

A trace with a checkpoint is started in a process of its own and ended by SIGKILL after a random
time, started again and ended again, until it comes to its end between two kills or the kills are
spent; its JSON is then compared with that of a run that was left alone, and a new trace begins.
Prints one line a kill and one a trace. Exit status 1 where the bits differ.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_CODE = """
import sys, phasecalc as pc
model = pc.ToyModel(int(sys.argv[1]), int(sys.argv[2]))
pc.phase_diagram(model, "global", checkpoint=sys.argv[3] or None).save(sys.argv[4])
"""


def started(given: argparse.Namespace, checkpoint: str, output: Path) -> subprocess.Popen[bytes]:
    sizes = [str(given.n_features), str(given.d_hidden)]
    return subprocess.Popen([sys.executable, "-c", _CODE, *sizes, checkpoint, str(output)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-n", "--n-features", type=int, default=2)
    parser.add_argument("-m", "--d-hidden", type=int, default=1)
    given = parser.parse_args()
    moments = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, kept, output = (Path(folder) / name for name in ("a.json", "trace.jsonl", "b.json"))
        begun = time.perf_counter()
        if started(given, "", whole).wait():
            return 1
        spent = time.perf_counter() - begun
        expected, different, kills = whole.read_bytes(), 0, 0
        while kills < given.kills or kept.exists():
            running = started(given, str(kept), output)
            try:
                # Long enough to get somewhere, short enough for several kills a trace.
                most = moments.uniform(0.1, 0.6) * spent if kills < given.kills else None
                if running.wait(most):
                    return 1
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                kills += 1
                lines = len(kept.read_bytes().splitlines()) if kept.exists() else 0
                print(f"kill {kills}: after {max(lines - 1, 0)} tasks", flush=True)
                continue
            same = output.read_bytes() == expected
            different += not same
            print("a trace at its end:", "the same bits" if same else "DIFFERENT", flush=True)
            kept.unlink()
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
