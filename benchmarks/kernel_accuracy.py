"""Loss and gradient against exact rationals, on models chosen to be hard.

python benchmarks/kernel_accuracy.py [MODELS]        (default 100000; about five minutes)

Errors are divided by 1 + Σ_j I_j (1 + ‖G_j‖₁ + |b_j|)². The gradient is compared along one random
direction of ±1 entries for each model, with an exactly computed difference quotient.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import phasecalc as pc

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from oracle import exact_loss, exact_slope, fractions, hard_model, scale


def main(models: int) -> None:
    rng = np.random.default_rng(20220914)
    worst = {}
    for _ in range(models):
        W, b, I, S = hard_model(rng)  # noqa: E741
        loss, dW, db = pc.expected_loss_and_grad(W, b, I, sparsity_per_feature=S)
        u = rng.choice([-1.0, 1.0], W.shape)
        v = rng.choice([-1.0, 1.0], b.shape)
        kink = (b == 0) & (W == 0).all(axis=0)  # the one place where L has no derivative
        u[:, kink] = 0.0
        v[kink] = 0.0
        args = [fractions(x) for x in (W, b, I, S)]
        one = scale(W, b, I)
        error = abs(float(exact_loss(*args)) - loss) / one
        # float(Fraction) rounds the exact loss: at most half a unit in the last place.
        slope = float(np.sum(dW * u) + np.sum(db * v))
        off = abs(exact_slope(*args, fractions(u), fractions(v)) - slope) / one
        shape = f"n={W.shape[1]}, m={W.shape[0]}"
        count, a, c = worst.get(shape, (0, 0.0, 0.0))
        worst[shape] = (count + 1, max(a, error), max(c, off))
        if error > 1e-13 or off > 1e-11:
            print("over the limit:", error, off, W.tolist(), b.tolist(), I.tolist(), S.tolist())
    print("| model | number | worst loss error (limit 1e-13) | worst gradient error (1e-11) |")
    print("|---|---|---|---|")
    for shape, (count, a, c) in sorted(worst.items()):
        print(f"| {shape} | {count} | {a:.1e} | {c:.1e} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
