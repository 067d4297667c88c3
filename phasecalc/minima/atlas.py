"""All local minima on a grid of the (S, r) plane, with the loss of their weights as a formula."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.loss import expected_loss
from ..model import ToyModel
from .found import LocalMinimum
from .minimize import Search, minimize
from .problem import Problem

Floats = NDArray[np.float64]

_COARSE = 4
"""Every so many points of the grid are searched from all starts; the others from their minima."""
_FEW = 8
"""Random starts at each of those points, beside the structured ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A minimum at a point of the grid: ``terms`` (2, n + 1) are L_k without and per unit of r.

    At fixed weights L(p, r) = Σ_k p^k (1 − p)^(n−k) (terms[0, k] + r terms[1, k]) for all p and r.
    """

    name: str
    outcome: str
    loss: float
    weights: Floats
    bias: Floats
    terms: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """``sheets[i][j]`` are the minima at ``sparsities[i]``, ``importances[j]``, lowest first."""

    source: str
    model: ToyModel
    sparsities: Floats
    importances: Floats
    sheets: tuple[tuple[tuple[Sheet, ...], ...], ...]

    @classmethod
    def of(
        cls,
        source: str,
        model: ToyModel,
        sparsities: Floats,
        importances: Floats,
        found: dict[tuple[int, int], tuple[Sheet, ...]],
    ) -> Atlas:
        """The atlas of sheets by the place of their point in the grid."""
        sheets = tuple(
            tuple(found[i, j] for j in range(len(importances))) for i in range(len(sparsities))
        )
        return cls(source, model, sparsities, importances, sheets)


def atlas(
    model: ToyModel,
    sparsities: Floats,
    importances: Floats,
    progress: Callable[[Iterable[Any], int, str], Iterable[Any]] | None = None,
) -> Atlas:
    """Find the local minima at every point of a grid, of a model whose one symbol is r.

    Every fourth point in each direction is searched from structured and random starts; then every
    point is searched from all minima of its neighbours, and on the way back once more where a
    neighbour has a minimum that the point has not.
    """
    rows, columns = len(sparsities), len(importances)
    found: dict[tuple[int, int], tuple[LocalMinimum, ...]] = {}
    coarse = [
        (i, j)
        for i in sorted({*range(0, rows, _COARSE), rows - 1})
        for j in sorted({*range(0, columns, _COARSE), columns - 1})
    ]
    for i, j in shown(progress, coarse, "search"):
        start = minimize(model, sparsities[i], importances[j], random_starts=_FEW)
        found[i, j] = start.minima
    cells = [(i, j) for i in range(rows) for j in range(columns)]
    for back, order in enumerate((cells, cells[::-1])):
        for i, j in shown(progress, order, "minima"):
            around = [
                found.get((i + k, j + m), ())
                for k in (-1, 0, 1)
                for m in (-1, 0, 1)
                if (k, m) != (0, 0)
            ]
            own = found.get((i, j), ())
            if back and not any(_names(minima) - _names(own) for minima in around):
                continue  # no neighbour has a minimum that is missing here
            near = [minimum for minima in (own, *around) for minimum in minima]
            near += found.get((i - i % _COARSE, j - j % _COARSE), ())
            found[i, j] = _followed(model, sparsities[i], importances[j], near)
    sheets = {cell: tuple(_sheet(model, minimum) for minimum in found[cell]) for cell in cells}
    return Atlas.of("global", model, sparsities, importances, sheets)


def _names(minima: Iterable[LocalMinimum]) -> Counter[str]:
    return Counter(minimum.name for minimum in minima)


def _sheet(model: ToyModel, found: LocalMinimum) -> Sheet:
    terms = losses_of(model, found.weights, found.bias)
    return Sheet(found.name, found.outcome, found.loss, found.weights, found.bias, terms)


def shown(
    progress: Callable[[Iterable[Any], int, str], Iterable[Any]] | None,
    items: list[tuple[int, int]],
    what: str,
) -> Iterable[tuple[int, int]]:
    """The items, counted by a bar where there is one."""
    return items if progress is None else progress(items, len(items), what)


def _followed(
    model: ToyModel, S: float, r: float, near: Iterable[LocalMinimum]
) -> tuple[LocalMinimum, ...]:
    """The minima at a point that those of its neighbours lead to."""
    problem = Problem.of(model, S, r)
    search = Search(problem)
    search.from_rows(np.array([problem.parameters(m.weights, m.bias) for m in near]))
    return tuple(sorted(search.found, key=lambda minimum: minimum.loss))


def losses_of(model: ToyModel, weights: Floats, bias: Floats) -> Floats:
    """L_k of the weights, without and per unit of the extra feature's importance."""
    n = model.n_features
    p = (1.0 + np.arange(n + 1)) / (n + 1.0)
    powers = np.arange(n + 1)
    basis = p[:, None] ** powers * (1.0 - p[:, None]) ** (n - powers)
    extra = np.eye(n)[-1]
    values = [
        expected_loss(weights, bias, importance, 1.0 - p, model.law)
        for importance in (1.0 - extra, extra)
    ]
    return np.linalg.solve(basis, np.array(values).T).T
