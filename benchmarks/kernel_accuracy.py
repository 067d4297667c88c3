"""Loss and gradient against exact rationals, on models chosen to be hard.

python benchmarks/kernel_accuracy.py [MODELS]        (default 100000; about ten minutes)

Errors are divided by 1 + Σ_j I_j (1 + ‖G_j‖₁ + |b_j|)². The gradient is compared along one random
direction of ±1 entries for each model, with an exactly computed difference quotient. One model in
a thousand has 6 to 9 features that all interfere. The status is 1 if an error is over its limit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import phasecalc as pc

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from oracle import exact_loss, exact_slope, fractions, hard_model, scale

LARGE = tuple((n, m) for n in (6, 7, 8, 9) for m in (2, 3))


def main(models: int) -> int:
    rng = np.random.default_rng(20220914)
    worst = {}
    failures = 0
    for t in range(models):
        large = t % 1000 == 0
        model = hard_model(rng, (LARGE[t // 1000 % len(LARGE)],)) if large else hard_model(rng)
        W, b, I, S = model  # noqa: E741
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
        if not (error <= 1e-13 and off <= 1e-11):
            failures += 1
            print("over the limit:", error, off, W.tolist(), b.tolist(), I.tolist(), S.tolist())
    print("| model | number | worst loss error (limit 1e-13) | worst gradient error (1e-11) |")
    print("|---|---|---|---|")
    for shape, (count, a, c) in sorted(worst.items()):
        print(f"| {shape} | {count} | {a:.1e} | {c:.1e} |")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
