"""Names of configurations, from the sign pattern and the structure of G = WᵀW alone.

1. Feature i is *dropped* when ‖W_i‖ ≤ `TINY`, else *represented*. Two represented features
   *interfere* when |G_ij| > `TINY` ‖W_i‖ ‖W_j‖; groups are the connected sets of that graph, and a
   represented feature that interferes with none has a dimension of its own.
2. A group has a *shape*. Two features are a `pair` (G_ij < 0) or `aligned` (G_ij > 0); those of
   more are in `phasecalc.minima.figures`: regular figures, deformed polygons, and irregular groups,
   named by which of their features are alike.
3. A group is *weak* when the output of one of its features hardly notices the others: with only
   negative overlaps acting on it, its bias keeps it on, b_i > `WEAK` Σ_j (−G_ij)_+ > 0. That is how
   a feature looks that has just begun to be represented: its bias is still near its mean. `weak-`
   is put before the shape; `weak-other-` when the group holds the extra feature but the extra
   feature's own output is not one of those.
4. The parts are joined by the rules of `phasecalc.blocks.names`, the same as for candidates.
5. "dead-" is put before all when some output is 0 for every x though its feature is not; nothing
   can pull such a bias up again.

Every candidate with its own pattern gets its own name by these rules.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..blocks.names import Part, configuration_name, description
from .figures import Figure, figure_of, rank_of

Floats = NDArray[np.float64]

TINY = 1e-5
WEAK = 0.75
_PLURALS = {"tetrahedron": "tetrahedra", "dedicated": "dedicated", "dropped": "dropped"}


def groups_of(gram: Floats) -> tuple[tuple[int, ...], ...]:
    """The connected sets of the interference graph of the represented features, by first index.

    >>> groups_of(np.array([[1.0, -0.5, 0.0], [-0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    ((0, 1), (2,))
    """
    n = len(gram)
    length = np.sqrt(np.maximum(np.diag(gram), 0.0))
    linked = np.abs(gram) > TINY * np.outer(length, length)
    left = [i for i in range(n) if length[i] > TINY]
    found = []
    while left:
        group, fringe = set(), [left[0]]
        while fringe:
            i = fringe.pop()
            if i not in group:
                group.add(i)
                fringe.extend(j for j in left if linked[i, j])
        found.append(tuple(sorted(group)))
        left = [i for i in left if i not in group]
    return tuple(found)


def is_dead(gram: Floats, bias: Floats) -> bool:
    """Whether some output is 0 for every x: b_j + Σ_i (G_ji)_+ ≤ 0 (up to rounding).

    >>> is_dead(np.array([[0.0]]), np.array([-0.1]))
    True
    """
    return bool((bias + np.maximum(gram, 0.0).sum(axis=1) <= 1e-9).any())


def name_of(gram: Floats, bias: Floats) -> str:
    """The systematic name of a configuration; the last feature is the extra one.

    >>> name_of(np.array([[1.0, -0.2], [-0.2, 0.04]]), np.array([0.1, 0.4]))
    'weak-antipodal'
    """
    parts = parts_of(gram, bias)
    name = configuration_name(len(gram), parts, _place(gram))
    return f"dead-{name}" if is_dead(gram, bias) else name


def description_of(gram: Floats, bias: Floats) -> str:
    """What happens to the features, in a sentence.

    >>> description_of(np.diag([1.0, 1.0, 0.0]), np.zeros(3))
    'two other features have dimensions of their own; the extra feature dropped'
    """
    return description(parts_of(gram, bias))


def parts_of(gram: Floats, bias: Floats, *, equal: bool = False) -> list[Part]:
    """The figures of a configuration; where all features are `equal` names mark no extra one."""
    last = len(gram) - 1
    groups = groups_of(gram)
    represented = {i for group in groups for i in group}
    parts = []
    for group in groups:
        figure = Figure("dedicated") if len(group) == 1 else _figure(gram, bias, group, equal)
        name = figure.name
        parts.append(
            Part(
                name, _PLURALS.get(name, f"{name}s"), len(group), last in group,
                figure.noun, figure.detail,
            )
        )  # fmt: skip
    parts += [
        Part("dropped", "dropped", 1, i == last) for i in range(len(gram)) if i not in represented
    ]
    return parts


def _place(gram: Floats) -> int:
    """1 where the extra feature is alone on its side of a line of three features, else 0."""
    last = len(gram) - 1
    group = next((g for g in groups_of(gram) if last in g), ())
    if len(group) != 3 or rank_of(gram[np.ix_(group, group)]) != 1:
        return 0
    return int(all(gram[last, i] < 0 for i in group if i != last))


def outcome_of(gram: Floats) -> str:
    """What happens to the extra feature: "not represented", "dedicated" or "superposition".

    By structure alone, for exact minima: a phase has one outcome. `measures.outcomes`, with
    thresholds for weights that carry noise, goes by sizes; comparisons with trained weights use it
    on both sides.

    >>> outcome_of(np.array([[0.0, 0.0], [0.0, 1.0]]))
    'dedicated'
    """
    last = len(gram) - 1
    extra = next((group for group in groups_of(gram) if last in group), ())
    if not extra:
        return "not represented"
    return "dedicated" if len(extra) == 1 else "superposition"


def _figure(gram: Floats, bias: Floats, group: tuple[int, ...], equal: bool) -> Figure:
    """The shape of a group of two or more, with the mark of a weak one."""
    block, own = gram[np.ix_(group, group)], bias[list(group)]
    last = len(gram) - 1
    if len(group) == 2:
        figure = Figure("pair" if block[0, 1] < 0 else "aligned")
    else:
        extra = len(group) - 1 if group[-1] == last and not equal else None
        figure = figure_of(block, own, extra, whole=len(group) == len(gram))
    pull = np.maximum(-block, 0.0).sum(axis=1)
    weak = (pull > 0) & (own > WEAK * pull) & ((block >= 0).sum(axis=1) == 1)
    if not weak.any():
        return figure
    mark = "weak-other-" if group[-1] == last and not weak[-1] else "weak-"
    noun = f"{mark.replace('-', ' ')}{figure.noun}" if figure.noun else ""
    return Figure(mark + figure.name, noun, figure.detail)
