"""Trains 80 features in 20 dimensions at several sparsities and draws docs/dimensionality.png.

    python docs/dimensionality.py                                 some minutes
    python docs/dimensionality.py --features 32 --dimensions 8    less than one
    python docs/dimensionality.py --draw                          the picture alone

The loss is the population's, dense, with its own gradient (L-BFGS from one random start each).
Upper panel: m/‖W‖_F², the dimensions a feature takes, as in "The Geometry of Superposition" of
Elhage et al. 2022. Lower panel: the dimensionality D_i = ‖W_i‖²/Σ_j (Ŵ_i·W_j)² of every feature.
What has been trained is kept in out/, so that an interrupted run goes on, and in
docs/dimensionality.npz: sparsities (s,), weights (s, m, n) and biases (s, n) in float32, losses (s,).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import phasecalc as pc

DOCS = Path(__file__).parent
LINES = {1: "dedicated", 3 / 4: "tetrahedron", 2 / 3: "triangle", 1 / 2: "pair", 2 / 5: "pentagon"}
LINES |= {3 / 8: "antiprism"}


def train(n: int, m: int, out: Path) -> pc.TrainedGrid:
    sparsities = 1 - 1 / np.geomspace(1.25, 100, 20)
    model = pc.ToyModel(n, m, importance=[1] * n)
    begun = time.perf_counter()
    grid = pc.train(
        model,
        sparsities,
        [1.0],
        models_per_cell=1,
        tolerance=1e-4,
        max_iterations=1500,
        checkpoint=out / f"dimensionality-{n}-{m}.npz",
    )
    print(f"{n} features in {m} dimensions: {time.perf_counter() - begun:.0f} s")
    for S, loss, norm, steps in zip(
        grid.sparsities, grid.losses[:, 0, 0], grid.gradient_norms[:, 0, 0],
        grid.iterations[:, 0, 0], strict=True,
    ):  # fmt: skip
        print(f"  S = {S:.4f}: loss {loss:.8f}, gradient {norm:.1e} after {steps} steps")
    return grid


def draw(path: Path) -> None:
    """The picture of what is kept beside it."""
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as kept:
        weights, x = kept["weights"].astype(float), 1 / (1 - kept["sparsities"])
    _, m, n = weights.shape
    figure, (above, below) = plt.subplots(
        2, 1, sharex=True, figsize=(6.4, 6.4), height_ratios=(1, 1.6), layout="constrained"
    )
    above.plot(x, m / (weights**2).sum(axis=(1, 2)), "o-", color="C0", markersize=4)
    above.set_ylabel("dimensions per feature\n$m/\\|W\\|_F^2$")
    above.set_ylim(0, 1.05)
    length = np.linalg.norm(weights, axis=1)
    overlaps = np.einsum("sdi,sdj->sij", weights, weights) / np.maximum(length, 1e-12)[:, :, None]
    D = length**2 / np.maximum((overlaps**2).sum(axis=2), 1e-12)
    rng = np.random.default_rng(0)
    for k, place in enumerate(x):
        shown = length[k] > 0.1  # dropped features have no direction
        spread = place * np.exp(0.03 * rng.normal(size=shown.sum()))
        below.scatter(spread, D[k, shown], s=6, alpha=0.5, color="C0", linewidths=0)
    for value, name in LINES.items():
        for axes in (above, below):
            axes.axhline(value, color="0.8", linewidth=0.7, zorder=0)
        # Beside the axes; the two lowest stand close together.
        side = {"pentagon": "bottom", "antiprism": "top"}.get(name, "center")
        below.annotate(
            name, (1.01, value), xycoords=("axes fraction", "data"), fontsize=7, va=side,
            annotation_clip=False,
        )  # fmt: skip
    below.set_xscale("log")
    below.set_ylim(0, 1.05)
    below.set_xlabel("$1/(1-S)$")
    below.set_ylabel("dimensionality $D_i$")
    figure.suptitle(f"{n} features in {m} dimensions, population loss", fontsize=10)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", type=int, default=80)
    parser.add_argument("--dimensions", type=int, default=20)
    parser.add_argument("--out", type=Path, default=DOCS.parent / "out")
    parser.add_argument("--draw", action="store_true", help="only draw what is kept")
    options = parser.parse_args()
    mpl.use("Agg")
    picture = DOCS / "dimensionality.png"
    if not options.draw:
        options.out.mkdir(exist_ok=True)
        trained = train(options.features, options.dimensions, options.out)
        np.savez_compressed(
            picture.with_suffix(".npz"),
            sparsities=trained.sparsities,
            weights=trained.weights[:, 0, 0].astype(np.float32),
            biases=trained.biases[:, 0, 0].astype(np.float32),
            losses=trained.losses[:, 0, 0],
        )
    draw(picture)
