"""Loss and gradient against exact rationals, on models chosen to be hard.

python benchmarks/kernel_accuracy.py [MODELS]        (default 100000; about ten minutes)

Errors are divided by 1 + Σ_j I_j (1 + ‖G_j‖₁ + |b_j|)². Every component of the gradient is compared
with its exact value, a formula that is differentiated in rationals (tests/oracle.py). One model in
four has overlaps and biases around the sizes at which the kernel of three to five features hands
models over to the careful one ("switch"), and the last column says how many were handed over. One
in a thousand has 6 to 9 features that all interfere. The status is 1 if an error is over its limit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import phasecalc as pc
from phasecalc.kernel.compiled.batch import batch_loss_grad
from phasecalc.kernel.compiled.rows import UNIFORM
from phasecalc.kernel.kernels import kernel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.oracle import (
    exact_gradient,
    exact_loss,
    exact_slope,
    fractions,
    hard_model,
    scale,
    switch_model,
)

LARGE = tuple((n, m) for n in (6, 7, 8, 9) for m in (2, 3))
LOSS_LIMIT, GRADIENT_LIMIT = 1e-13, 1e-11


def handed_over(W, b, I, S):  # noqa: E741
    """Whether the kernel for few features leaves this model to the careful one."""
    if not 3 <= len(b) <= 5:
        return False
    address, _, law = kernel(len(b), UNIFORM)
    loss = np.empty(1)
    model = (np.ascontiguousarray(x)[None] for x in (W, b, I, S))
    scratch = np.empty_like(W)[None], np.empty_like(b)[None]
    batch_loss_grad((address, 0, law), *model, 0, 1, loss, *scratch)
    return bool(np.isnan(loss[0]))


def errors(rng, model, by_components):
    """Of the loss, and the largest of the gradient, divided by the scale."""
    W, b, I, S = model  # noqa: E741
    loss, dW, db = pc.expected_loss_and_grad(W, b, I, sparsity_per_feature=S)
    args = fractions(W), fractions(b), fractions(I), fractions(S)
    one = scale(W, b, I)
    kink = (b == 0) & (W == 0).all(axis=0)  # the one place where L has no derivative
    if by_components:
        exact, *gradient = exact_gradient(*args)
        exact_W, exact_b = (np.array(x, dtype=float) for x in gradient)
        off = np.concatenate([(dW - exact_W)[:, ~kink].ravel(), (db - exact_b)[~kink]])
        return abs(float(exact) - loss) / one, np.abs(off).max(initial=0.0) / one
    # Nine features: the exact gradient would take minutes, along one direction it takes seconds.
    u, v = rng.choice([-1.0, 1.0], W.shape), rng.choice([-1.0, 1.0], b.shape)
    u[:, kink], v[kink] = 0.0, 0.0
    slope = float(np.sum(dW * u) + np.sum(db * v))
    exact = float(exact_loss(*args))
    return abs(exact - loss) / one, abs(
        exact_slope(*args, fractions(u), fractions(v)) - slope
    ) / one


def main(models: int) -> int:
    rng = np.random.default_rng(20220914)
    worst: dict[str, tuple[int, float, float, int]] = {}
    failures = 0
    for t in range(models):
        large = t % 1000 == 0
        if large:
            kind, model = "hard", hard_model(rng, (LARGE[t // 1000 % len(LARGE)],))
        elif t % 4 == 1:
            kind, model = "switch", switch_model(rng)
        else:
            kind, model = "hard", hard_model(rng)
        error, off = errors(rng, model, by_components=not large)
        W = model[0]
        shape = f"n={W.shape[1]}, m={W.shape[0]}, {kind}"
        count, a, c, given = worst.get(shape, (0, 0.0, 0.0, 0))
        given += handed_over(*model)
        worst[shape] = (count + 1, max(a, error), max(c, off), given)
        if not (error <= LOSS_LIMIT and off <= GRADIENT_LIMIT):
            failures += 1
            print("over the limit:", error, off, *(x.tolist() for x in model))
    print("| model | number | worst loss error (limit 1e-13) | gradient (1e-11) | handed over |")
    print("|---|---|---|---|---|")
    for shape, (count, a, c, given) in sorted(worst.items()):
        print(f"| {shape} | {count} | {a:.1e} | {c:.1e} | {given} |")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
