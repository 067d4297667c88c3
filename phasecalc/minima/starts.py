"""Where the search for minima begins: structured configurations and seeded random ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..blocks.tegum import candidates
from ..model import ToyModel
from ..symbols import p as density_symbol

Floats = NDArray[np.float64]

MOST_STRUCTURED_FEATURES = 6
"""Beyond this many features the candidates are too many to be worth their exact losses."""


_SHORT = 0.4
"""Length of several features that agree, against one or two long ones."""


@lru_cache(maxsize=32)
def candidate_patterns(model: ToyModel) -> tuple[tuple[str, Floats, tuple[Any, ...]], ...]:
    """(name, weights, biases in p) of every candidate; none where there are too many."""
    n, m = model.n_features, model.d_hidden
    model = ToyModel(n, m, model.law)  # candidates are those of the standard importances
    if n <= m or n > MOST_STRUCTURED_FEATURES:
        return ()
    return tuple((c.name, np.array(c.weights, dtype=np.float64), c.bias) for c in candidates(model))


def candidate_points(model: ToyModel, sparsity: float) -> list[tuple[str, Floats]]:
    """(name, x) of every candidate at a sparsity, x = (W by rows, b), b in units of the law."""
    found = []
    for name, weights, bias in candidate_patterns(model):
        unit = float(model.law.scale)
        values = [_value(b, 1.0 - sparsity) / unit for b in bias]
        found.append((name, np.concatenate([weights.ravel(), values])))
    return found


@lru_cache(maxsize=256)
def _value(bias: Any, density: float) -> float:
    """Few biases are different: 0, the mean."""
    return float(bias.subs(density_symbol, density))


def narrowed(model: ToyModel) -> ToyModel:
    """The model in no more dimensions than its features span; see `Problem.narrowed`."""
    return replace(model, d_hidden=min(model.d_hidden, model.n_features))


def starts(model: ToyModel, sparsity: float, count: int, seed: int) -> Floats:
    """Rows of parameters x = (W by rows, b): structured ones first, then `count` random ones.

    Structured: every candidate, exactly; with its biases and lengths disturbed in the direction in
    which optimised ones differ; with each single feature weakened (symmetry broken). Where there
    are no candidates: orthonormal features, the rest dropped, and the figures of `_figures`.
    """
    n, m = model.n_features, model.d_hidden
    mean = float(model.law.first_moment / model.law.scale) * (1.0 - sparsity)
    rng = np.random.default_rng(seed)
    rows: list[Floats] = []
    for _, x in candidate_points(model, sparsity):
        rows.append(x)
        weights, bias = x[: m * n].reshape(m, n), x[m * n :]
        rows.append(np.concatenate([0.97 * weights.ravel(), bias + 0.15 * mean]))
        for j in range(n):
            scaled = weights.copy()
            lifted = bias + 0.1 * mean
            if np.linalg.norm(weights[:, j]) > 0:
                scaled[:, j] *= 0.35
                lifted[j] = 0.85 * mean
            else:
                nearest = weights[:, (j + 1) % n]
                scaled[:, j] = -0.3 * nearest
            rows.append(np.concatenate([scaled.ravel(), lifted]))
    if not rows:
        weights = np.eye(m, n)
        rows.append(np.concatenate([weights.ravel(), np.where(np.arange(n) < m, 0.0, mean)]))
        for weights in _figures(n, m):
            bias = np.where(np.any(weights, axis=0), 0.0, mean)
            rows.append(np.concatenate([weights.ravel(), bias]))
    random_weights = rng.normal(size=(count, m * n)) * rng.uniform(0.3, 1.0, size=(count, 1))
    random_bias = mean * rng.uniform(-0.6, 1.4, size=(count, n))
    return np.concatenate([np.array(rows), np.hstack([random_weights, random_bias])])


def _figures(n: int, m: int) -> Iterator[Floats]:
    """Weights of regular polygons, and of a few long features against many short ones that agree.

    Random starts seldom lead to these where there are many features.
    """
    flat = min(m, 2)
    for long in (1, 2) if flat == 1 else (2,):
        places = np.exp(2j * np.pi * np.arange(flat + 1) / (flat + 1))
        against = np.array([places.real, places.imag])[:flat]  # ±1, or a triangle's corners
        for short in range(2, n - long + 1):
            weights = np.zeros((m, n))
            weights[:flat, :long] = against[:, :2] if flat == 2 else (1.0, 0.9)[:long]
            weights[:flat, long : long + short] = _SHORT * against[:, flat:]
            yield weights
    for sides in range(5, n + 1) if m > 1 else ():
        weights = np.zeros((m, n))
        around = 2 * np.pi * np.arange(sides) / sides
        weights[:2, :sides] = np.cos(around), np.sin(around)
        yield weights


ESCAPES = (1e-2, 1e-3, 1e-4)
"""How far from a saddle a descent begins again: one of them lies in the valley that it leads to."""


def escapes(x: Floats, away: Floats) -> Floats:
    """Rows on both sides of a saddle, along its softest direction."""
    return np.array([x + sign * step * away for step in ESCAPES for sign in (1.0, -1.0)])
