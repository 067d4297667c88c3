"""Learning coefficients of minima: how fast the loss grows around them, modulo symmetry.

For data y ~ N(f(x), 1) in every output, K = (L − L*)/2 around a minimum, and the learning
coefficient λ (the RLCT of singular learning theory, the LLC of its users) is the exponent of the
volume of {K < t} ~ t^λ. It enters the free energy of n samples as F_n = n L/2 + λ log n + O(1)
(importances 1). Only the growth counts: where c|h|² ≤ K ≤ C|h|² across the orbit of W → QW, which
has k dimensions, λ = (d − k)/2, whether K is analytic or has a kink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernel.compiled.rows import UNIFORM
from .orbits import orbit

if TYPE_CHECKING:
    from .found import LocalMinimum
    from .problem import Problem

Floats = NDArray[np.float64]

FLAT = 1e-6
"""Curvatures up to this count as zero."""


_SHORT = 1e-6
"""Singular values of W up to this are zero, as tangents of the orbit are."""


class Learning(NamedTuple):
    """The spectrum across the orbit, λ (NaN where only bounds are known), its bounds, and why."""

    spectrum: Floats
    coefficient: float
    bounds: tuple[float, float]
    reason: str


def learning(problem: Problem, x: Floats, curvature: float) -> Learning:
    """The learning coefficient at a minimum x with its lowest one-sided curvature."""
    size = problem.m * problem.n if problem.no_bias else len(x)
    kink = problem.has_kink(x)
    smooth = problem.law == UNIFORM and not kink
    H = (problem.exact_hessian(x) if smooth else problem.hessian(x))[:size, :size]
    T, count = orbit(x, problem.m, problem.n)
    across = _complement(T[:count, :size], size)
    units = np.ones(size)
    units[problem.m * problem.n :] = 1.0 / problem.unit
    spectrum = np.asarray(
        np.linalg.eigvalsh(across.T @ (units[:, None] * H * units) @ across), dtype=np.float64
    )
    if problem.spare:
        rank, values = _spare_row(problem, x, H)
        count += problem.spare * rank
        spectrum = np.sort(np.concatenate([spectrum, np.tile(values, problem.spare)]))
    dimensions = len(spectrum)
    highest = dimensions / 2
    if curvature > FLAT:
        reason = (
            "a kink at the minimum, quadratic growth on all its sides"
            if kink
            else f"the Hessian has rank {dimensions} across an orbit of dimension {count}"
        )
        return Learning(spectrum, highest, (highest, highest), reason)
    lowest = 0.0 if kink else float((spectrum > FLAT).sum()) / 2
    reason = (
        "a kink at the minimum, on one side of which the loss is flat"
        if kink
        else f"flat beyond the orbit: rank {int((spectrum > FLAT).sum())} of {dimensions}"
    )
    return Learning(spectrum, np.nan, (lowest, highest), reason)


def _spare_row(problem: Problem, x: Floats, H: Floats) -> tuple[int, Floats]:
    """The rank k of W, and the n − k eigenvalues of the Hessian along one more row of zeros.

    A row v adds vᵀAv to the loss, A = ∂L/∂G; along the span of W that is a rotation and A is 0, so
    the eigenvalues are those of 2A on the kernel of W. H has them along u ⊗ v where uᵀW = 0.
    """
    m, n = problem.m, problem.n
    left, lengths, right = np.linalg.svd(problem.split(x)[0])
    rank = int((lengths > _SHORT).sum())
    if rank == n:
        return rank, np.empty(0)
    u, kernel = left[:, -1], right[rank:]
    slope = np.einsum("a,aicj,c->ij", u, H[: m * n, : m * n].reshape(m, n, m, n), u)
    return rank, np.asarray(np.linalg.eigvalsh(kernel @ slope @ kernel.T))


def _complement(tangents: Floats, size: int) -> Floats:
    """An orthonormal basis, by columns, of what is orthogonal to the tangents."""
    if len(tangents) == 0:
        return np.eye(size)
    basis = np.linalg.qr(tangents.T, mode="complete")[0]
    return np.asarray(basis[:, len(tangents) :])


def exchange_samples(one: LocalMinimum, other: LocalMinimum) -> tuple[float, ...]:
    """The sample sizes n at which two minima have the same free energy to the order log n.

        n (L_1 − L_2)/2 + (λ_1 − λ_2) log n = 0,   n > 1

    None where one of them is preferred for all n: with the lower loss and no larger λ, or with a
    loss so much lower that it wins from the start. Otherwise the simpler minimum is preferred
    between the first and the second n, and the one of lower loss beyond.

    >>> import phasecalc as pc
    >>> found = pc.minimize(pc.ToyModel(2, 1), 0.6, 1)
    >>> exchange_samples(found.lowest, found.lowest)
    ()

    Raises `ValueError` where a learning coefficient is not known.
    """
    for minimum in (one, other):
        if np.isnan(minimum.learning_coefficient):
            low, high = minimum.learning_bounds
            raise ValueError(
                f"{minimum.name}: its learning coefficient is only known to lie in "
                f"[{low:g}, {high:g}]: {minimum.learning_reason}"
            )
    loss = (one.loss - other.loss) / 2
    steps = one.learning_coefficient - other.learning_coefficient
    if loss == 0 or loss * steps >= 0:
        return ()
    # n = exp(c n) with c = −(ΔL/2)/Δλ > 0: n = −W(−c)/c on both branches.
    c = -loss / steps
    if c >= np.exp(-1):
        return ()
    from scipy.special import lambertw  # noqa: PLC0415 late: it is slow to import

    return tuple(float((-lambertw(-c, branch) / c).real) for branch in (0, -1))
