"""Trained models against the theory of many features: who is lower, and by how much.

    python benchmarks/limit_training.py                      24 in 8 at ten values of S
    python benchmarks/limit_training.py --models 4           more random starts at each S
    python benchmarks/limit_training.py --picture sticky.png also D* of both
    python benchmarks/limit_training.py --trained FILE       models of `pc.train`, none trained anew
    python benchmarks/limit_training.py --trained docs/dimensionality.npz

The theory is m times the lower convex hull of the optimised blocks at n/m, in whose mixtures shares
need not be whole blocks: no sum of orthogonal blocks of the table is lower. Models are trained on
the exact population loss from random starts, so each of them is an upper bound of the least loss.
"excess" is (trained − theory)/theory; negative where training beats the theory, that is where
blocks that are not orthogonal to each other, or larger than those of the table, do better.
Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import phasecalc as pc

SPARSITIES = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


def trained(n: int, m: int, models: int, seed: int, keep: Path | None) -> pc.TrainedGrid:
    """The models of a file, or new ones."""
    begun = time.process_time()
    grid = pc.train(
        pc.ToyModel(n, m, importance=[1] * n),
        list(SPARSITIES),
        [1.0],
        models_per_cell=models,
        seed=seed,
        tolerance=1e-5,
        max_iterations=1000,
        checkpoint=keep,
    )
    print(
        f"{n} in {m}, {models} models at each S: {time.process_time() - begun:.0f} s of processor"
    )
    return grid


Lowest = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Sparsities (s,), losses (s,) and weights (s, m, n) of the lowest model at each sparsity."""


def lowest(grid: pc.TrainedGrid) -> Lowest:
    best = grid.losses[:, 0].argmin(axis=1)
    rows = np.arange(len(best))
    return grid.sparsities, grid.losses[rows, 0, best], grid.weights[rows, 0, best]


def read(path: Path) -> Lowest:
    """What `pc.train` has saved, or docs/dimensionality.py."""
    with np.load(path, allow_pickle=False) as kept:
        if kept["weights"].ndim == 3:
            return kept["sparsities"], kept["losses"], kept["weights"].astype(np.float64)
    return lowest(pc.TrainedGrid.load(path))


def percent(share: float) -> str:
    """With its sign, but for what rounds to zero."""
    text = f"{100 * share:+.2f} %"
    return "0.00 %" if text in ("+0.00 %", "-0.00 %") else text


def table(models: Lowest, diagram: pc.LimitDiagram) -> tuple[list[str], list[float]]:
    """Rows of Markdown, and D* of the lowest model at each S."""
    sparsities, losses, weights = models
    _, m, n = weights.shape
    rows = ["| S | theory | trained | excess | phases of the theory | D* theory | D* trained |"]
    rows.append("|" + "---|" * 7)
    found = []
    for S, loss, W in zip(sparsities, losses, weights, strict=True):
        state = diagram.at(float(S), f"{n}/{m}")
        theory = m * float(state.loss)
        D = m / float((W**2).sum())
        parts = " + ".join(f"{float(share):.2f} {name}" for name, share in state.shares)
        parts += f", {float(state.dropped) * m:.1f} dropped" if state.dropped else ""
        found.append(D)
        rows.append(
            f"| {S:.4g} | {theory:.6f} | {loss:.6f} | {percent(loss / theory - 1)} | {parts} "
            f"| {float(state.dimensions_per_feature):.4f} | {D:.4f} |"
        )
    return rows, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=int, default=24)
    parser.add_argument("--dimensions", type=int, default=8)
    parser.add_argument("--models", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="file in which training keeps what is done")
    parser.add_argument("--trained", type=Path, help="file of trained models to compare instead")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    if given.trained is not None:
        models = read(given.trained)
    else:
        models = lowest(
            trained(given.features, given.dimensions, given.models, given.seed, given.keep)
        )
    diagram = pc.limit_diagram(source="optimised")
    rows, D = table(models, diagram)
    print("\n".join(rows))
    if given.picture is not None:
        _, m, n = models[2].shape
        ratio = Fraction(n, m)
        pc.plot_sticky(diagram, ratio, trained=(models[0], D)).savefig(given.picture, dpi=130)


if __name__ == "__main__":
    main()
