"""What the exact loss saves: Monte Carlo and general quadrature for one model, n = 3, m = 2.

python benchmarks/kernel_vs_sampling.py [--nquad-1e-8]

`nquad` takes half a minute at 1e-6, many minutes at 1e-8: that is only done when asked for.

Monte Carlo's time for an accuracy is measured at 10⁶ samples and scaled by (σ/accuracy)². The
quadratures integrate each set of active features over its cube.
"""

from __future__ import annotations

import sys
import time
import warnings
from itertools import combinations

import numpy as np
from scipy import integrate
from tabulate import tabulate

import phasecalc as pc

W = np.array([[1.0, -0.4, 0.3], [0.2, 0.8, -0.7]])
B = np.array([0.05, -0.1, 0.15])
IMPORTANCE = np.array([1.0, 1.0, 0.7])
SPARSITY = 0.6
G = W.T @ W
# For one input at a time, Python's own numbers are quicker than NumPy's.
OVERLAPS, BIAS, WEIGHT = G.tolist(), B.tolist(), IMPORTANCE.tolist()


def error(x):
    """Σ_j I_j (x_j − y_j)² of inputs x (..., 3)."""
    return np.square(x - np.maximum(x @ G + B, 0)) @ IMPORTANCE


def monte_carlo(samples, rng):
    x = rng.random((samples, 3)) * (rng.random((samples, 3)) >= SPARSITY)
    value = error(x)
    return value.mean(), value.std()


def by_sets(integral):
    """Σ_A p^|A| S^{n−|A|} · integral(A)."""
    total = SPARSITY**3 * error(np.zeros(3))
    for k in (1, 2, 3):
        for active in combinations(range(3), k):
            total += (1 - SPARSITY) ** k * SPARSITY ** (3 - k) * integral(list(active))
    return total


def nquad(tolerance):
    def integral(active):
        def f(*values):
            u = list(BIAS)
            x = [0.0, 0.0, 0.0]
            for i, value in zip(active, values, strict=True):
                x[i] = value
                u = [c + g * value for c, g in zip(u, OVERLAPS[i], strict=True)]
            return sum(w * (t - max(c, 0.0)) ** 2 for w, t, c in zip(WEIGHT, x, u, strict=True))

        options = {"epsabs": tolerance, "epsrel": 0}
        return integrate.nquad(f, [(0, 1)] * len(active), opts=options)[0]

    return by_sets(integral)


def cubature(tolerance):
    def integral(active):
        def f(values):
            x = np.zeros((len(values), 3))
            x[:, active] = values
            return error(x)

        k = len(active)
        return integrate.cubature(f, np.zeros(k), np.ones(k), atol=tolerance, rtol=0).estimate

    return by_sets(integral)


def timed(function, *args):
    start = time.perf_counter()
    result = function(*args)
    return result, time.perf_counter() - start


def main():
    warnings.simplefilter("ignore", integrate.IntegrationWarning)
    args = W, B, IMPORTANCE, SPARSITY
    exact = pc.expected_loss_and_grad(*args)[0]
    one = float(np.median([timed(pc.expected_loss_and_grad, *args)[1] for _ in range(200)]))
    many = tuple(np.broadcast_to(x, (10_000, *np.shape(x))) for x in args)
    in_batch = timed(pc.expected_loss, *many)[1] / 10_000
    rows = [
        ["phasecalc, with gradient, one call", 0.0, one],
        ["phasecalc, with gradient, in a batch", 0.0, in_batch],
    ]
    samples = 1_000_000
    (mean, deviation), seconds = timed(monte_carlo, samples, np.random.default_rng(0))
    rows.append([f"Monte Carlo, {samples:.0e} samples", abs(mean - exact), seconds])
    for accuracy in (1e-6, 1e-8, 1e-13):
        scaled = seconds * (deviation / accuracy) ** 2 / samples
        rows.append([f"Monte Carlo to {accuracy:.0e} (extrapolated)", accuracy, scaled])
    for name, function in (("nquad", nquad), ("cubature", cubature)):
        for tolerance in (1e-6, 1e-8):
            slow = name == "nquad" and tolerance < 1e-6 and "--nquad-1e-8" not in sys.argv
            if slow or not hasattr(integrate, name):
                continue
            value, seconds = timed(function, tolerance)
            rows.append([f"scipy {name}, {tolerance:.0e}", abs(value - exact), seconds])
    table = [[name, f"{off:.1e}", f"{t:.2g}", f"{t / one:.1e}"] for name, off, t in rows]
    print(tabulate(table, ["method", "error", "seconds", "in exact calls"], disable_numparse=True))


if __name__ == "__main__":
    main()
