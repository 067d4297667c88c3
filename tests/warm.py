"""Compile what the tests call, before the workers of a run begin.

Numba keeps what it compiled on disk, but workers that meet a function at the same time would each
compile it. Two processes that begin with different functions do not: `python -m tests.warm 0` and
`python -m tests.warm 1`.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest

KEY = "phasecalc/compiled"
"""Where pytest's cache holds what the compiled files were when all was compiled."""


def once(config: pytest.Config) -> None:
    """Compile unless that was done for these files; wait for the end."""
    stamp = [
        [path.name, path.stat().st_mtime_ns, sys.prefix]
        for path in sorted(config.rootpath.glob("phasecalc/*/compiled/*.py"))
    ]
    cache = config.cache
    if cache is not None and cache.get(KEY, None) == stamp:
        return
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.warm", part],
            cwd=config.rootpath,
            stderr=subprocess.DEVNULL,
        )
        for part in "01"
    ]
    if not any([process.wait() for process in started]) and cache is not None:
        cache.set(KEY, stamp)


def main(part: str) -> None:
    """Call things of that part; what fails here fails in its own test."""
    import numpy as np

    import phasecalc as pc

    many = np.eye(8, 12) + 0.1, np.zeros(12), np.ones(12), 0.6

    def dense(*law: pc.Law) -> None:
        pc.expected_loss_and_grad(*many, *law, method="dense", return_error=True)

    pair, few, some = pc.ToyModel(2, 1), ([[1, -1, 0]], [0, 0, 0], [1, 1, 1]), ([[1]], [0], [1])
    calls = {
        "0": [
            lambda: pc.minimize(pair, 0.5, 1),
            lambda: pc.certify(pair, sparsity="3/5", importance=1),
            lambda: pc.certify_cells(levels=3),
        ],
        "1": [
            dense,
            lambda: dense(pc.Point()),
            lambda: pc.expected_loss(*few, 0.6, pc.SignedUniform(), return_error=True),
            lambda: pc.expected_hessian(*few, 0.6),
            lambda: pc.expected_loss_and_grad(*many),
            lambda: pc.expected_loss_and_grad([[1, -1]], [0, 0], [1, 1], 0.6),
            lambda: pc.expected_loss_and_grad([[1, -1]], [0, 0], [1, 1], 0.6, pc.Point()),
            lambda: pc.train(pc.ToyModel(3, 2), [0.5], [1.0], 2),
            lambda: pc.train(pair, [0.5], [1.0], 5, "sampled", steps=1, batch_size=64),
            lambda: pc.gradient_flow(pair, 0.9, 1, trajectories=2),
            lambda: pc.truncated_loss(*some, 0.9, max_active=1),
            lambda: pc.one_sparse_loss(*some),
        ],
    }
    for call in calls[part]:
        with suppress(Exception):
            call()


if __name__ == "__main__":
    main(sys.argv[1])
