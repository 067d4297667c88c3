"""Where gradient flow ends: probabilities of the phases of two features in one dimension."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from ..display import Shown
from ..inputs import count_of, shown
from ..kernel.conditions import evaluated
from ..kernel.inputs import scalar_in, sparsity_in
from ..kernel.threads import thread_count
from ..laws import Uniform
from ..minima.minimize import minimize
from ..minima.naming import is_dead
from ..model import ToyModel, checked_model, weighted
from ..progress import told
from ..records import Record
from .compiled.flow import flow

Floats = NDArray[np.float64]

NEAR = 0.01
"""A trajectory this close, in every entry, to a minimum belongs to it."""
TOLERANCE = 1e-4
"""Error of a step, relative to 1 + |x|. tests/test_flow.py repeats a sample with a thousandth."""
LONGEST = 1e5
_ZERO = 1e-3
"""A weight below this counts as 0 where the flow ends at no known minimum."""


@dataclass(frozen=True, slots=True, eq=False)
class FlowCounts(Record, Shown):
    """How many trajectories of gradient flow ended in each event; made by `gradient_flow`.

    drop: w_2 = 0 ≠ w_1; dedicate: w_1 = 0 ≠ w_2; antipodal: w_1 w_2 < 0; other: all else.
    ``at_minima``: (name, count) of the minima that were reached; ``elsewhere``: ends where the
    gradient vanished at no strict minimum, most of them dead outputs; ``unfinished``: time ran out.
    """

    model: ToyModel
    sparsity: float
    importance: float
    sigma: float
    seed: int
    trajectories: int
    counts: tuple[int, int, int, int]
    at_minima: tuple[tuple[str, int], ...]
    elsewhere: int
    unfinished: int

    @property
    def probabilities(self) -> tuple[float, ...]:
        """The share of each event, in the order of `counts`: drop, dedicate, antipodal, other."""
        return tuple(count / self.trajectories for count in self.counts)

    @property
    def standard_errors(self) -> tuple[float, ...]:
        """√(q (1 − q)/N) of each share q."""
        return tuple((q * (1 - q) / self.trajectories) ** 0.5 for q in self.probabilities)


def gradient_flow(
    model: ToyModel,
    sparsity: object = None,
    importance: object = None,
    *,
    feature_probability: object = None,
    sigma: object = 1.0,
    trajectories: int = 100_000,
    seed: int = 0,
    near: float = NEAR,
    tolerance: float = TOLERANCE,
    progress: bool | None = None,
) -> FlowCounts:
    """Follow gradient flow on the exact loss from W ~ N(0, σ²), b = 0, and count where it ends.

    ẇ = −∂(L + λR)/∂w, ḃ = −∂(L + λR)/∂b for two features in one dimension, uniform magnitudes. A
    trajectory ends within ``near`` of a strict minimum that `minimize` knows, or where the gradient
    is below 1e-9. progress: words on stderr after two seconds; None on a terminal only.

    >>> import phasecalc as pc
    >>> found = gradient_flow(pc.ToyModel(2, 1), 0.9, 1, trajectories=2000)
    >>> sum(found.counts), 0.4 < found.probabilities[2] < 0.6
    (2000, True)

    Raises `ValueError` for other models and values out of range.
    """
    checked_model(model)
    if (model.n_features, model.d_hidden) != (2, 1) or model.law != Uniform():
        raise ValueError(
            "model: gradient_flow is for 2 features in 1 dimension with magnitudes on [0, 1]"
        )
    if model.bias != "free":
        raise ValueError(f"bias = {model.bias!r}: gradient_flow moves the biases")
    if isinstance(trajectories, bool) or not isinstance(trajectories, int) or trajectories < 1:
        raise ValueError(f"trajectories = {shown(trajectories)}: it must be an integer, 1 or more")
    S = sparsity_in(sparsity, feature_probability)
    model, given = weighted(model, importance)
    I = evaluated(model, {"r": scalar_in(given, "importance", 0.0, np.inf)})[0]  # noqa: E741
    if I[0] != 1:
        raise ValueError(f"importance = {I.tolist()}: gradient_flow is for importances (1, r)")
    r = float(I[1])
    spread = scalar_in(sigma, "sigma", 0.0, np.inf)
    found = minimize(replace(model, importance=(1, Fraction(r))), S)
    known = [
        (minimum.name, sign * minimum.weights[0], minimum.bias)
        for minimum in found.minima
        if minimum.stability == "stable" and not is_dead(minimum.gram, minimum.bias)
        for sign in (1.0, -1.0)
    ]
    if r == 1.0:  # the two features may change places
        known += [(name, weights[::-1], bias[::-1]) for name, weights, bias in known]
    minima = np.array([[*weights, *bias] for _, weights, bias in known]).reshape(-1, 4)
    X = np.zeros((trajectories, 4))
    X[:, :2] = spread * np.random.default_rng(count_of(seed, "seed")).standard_normal(
        (trajectories, 2)
    )
    ends = np.empty(trajectories, np.int64)
    steps = np.empty(trajectories, np.int64)
    penalty = float(model.interference_penalty)
    threads = max(1, min(thread_count(), trajectories // 1000))
    cuts = np.linspace(0, trajectories, threads + 1).astype(int)
    workers = [
        Thread(
            target=flow,
            args=(X, lo, hi, r, 1.0 - S, penalty, minima, near, tolerance, LONGEST, ends, steps),
        )
        for lo, hi in pairwise(cuts)
    ]
    with told(f"following {trajectories} trajectories", progress):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    final = X[:, :2].copy()
    reached = ends >= 0
    if len(minima):
        final[reached] = minima[ends[reached], :2]
    final[np.abs(final) < np.where(reached, 1e-5, _ZERO)[:, None]] = 0.0
    drop = (final[:, 1] == 0) & (final[:, 0] != 0) & (ends > -2)
    dedicate = (final[:, 0] == 0) & (final[:, 1] != 0) & (ends > -2)
    antipodal = (final[:, 0] * final[:, 1] < 0) & (ends > -2)
    counts = [int(event.sum()) for event in (drop, dedicate, antipodal)]
    names: dict[str, int] = {}
    for k, (name, _, _) in enumerate(known):
        names[name] = names.get(name, 0) + int((ends == k).sum())
    return FlowCounts(
        model=model,
        sparsity=S,
        importance=r,
        sigma=spread,
        seed=seed,
        trajectories=trajectories,
        counts=(counts[0], counts[1], counts[2], trajectories - sum(counts)),
        at_minima=tuple(names.items()),
        elsewhere=int((ends == -1).sum()),
        unfinished=int((ends == -2).sum()),
    )
