"""The phases of k equal features in d dimensions over S: a table in the package, or computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..display import Large
from ..inputs import count_of, shown, size_of
from ..kernel.inputs import sparsity_in
from ..laws import Law, Uniform, checked_law
from ..minima.naming import groups_of
from ..progress import told
from ..records import Record
from .line import SAME_LOSS, Change, Line, Place, Search, changes_between, continued, minima_along

Floats = NDArray[np.float64]

MOST_FEATURES, MOST_DIMENSIONS = 9, 3
"""Limits of the table, and of what is computed: all features of a start interfere."""

RANDOM_STARTS = 16
_NOISE = (0.03, 0.3)
_LOOSE = 8
"""Of the search for a phase that no neighbour is in: sizes of disturbances, and copies of each."""
_ASTRAY = 0.05
"""Disturbance of a sum of smaller geometries."""
_NARROWEST = 1e-6
"""Changes of phase closer than this are one."""


@dataclass(frozen=True, slots=True)
class GeometryPhase(Record):
    """A phase of the line: its name, a sentence, and where it is lowest, ``low`` ≤ S ≤ ``high``.

    ``crosses`` says whether it ends at ``high`` where another minimum becomes lower (first order);
    else it changes there continuously. ``error`` bounds the error of ``high``.
    """

    name: str
    description: str
    low: float
    high: float
    crosses: bool
    error: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Geometry(Record, Large):
    """The least loss of k equal features in d dimensions over S; made by `geometry`.

    ``sparsities`` (s,), ``losses`` (s,), ``weights`` (s, d, k), ``bias`` (s, k) and ``labels`` (s,)
    hold the lowest minimum found at each S; ``phases`` follow each other from small S up, and
    ``phase_weights`` (p, d, k) and ``phase_bias`` (p, k) hold a minimum in each of them. Numeric:
    each is a minimum to a gradient of 10⁻¹², that none is lower is evidence from many starts.
    """

    k: int
    d: int
    law: Law
    sparsities: Floats
    losses: Floats
    weights: Floats
    bias: Floats
    labels: NDArray[np.str_]
    phases: tuple[GeometryPhase, ...]
    phase_weights: Floats
    phase_bias: Floats

    def minimum(
        self, sparsity: object = None, *, feature_probability: object = None
    ) -> tuple[float, Floats, Floats]:
        """(loss, W, b) of the lowest minimum at any S, by Newton's method from its neighbours.

        >>> round(geometry(5, 2).minimum(0.9)[0], 12)
        0.026305131124
        """
        place = self._place(sparsity_in(sparsity, feature_probability))
        weights, bias = self._line().split(place.x)
        return place.loss, weights, bias

    def loss(self, sparsity: object = None, *, feature_probability: object = None) -> float:
        """The least loss at any S.

        >>> round(geometry(2, 1).loss(0.6), 12)
        0.050993018104
        """
        return self.minimum(sparsity, feature_probability=feature_probability)[0]

    def label(self, sparsity: object = None, *, feature_probability: object = None) -> str:
        """The name of the lowest minimum at any S.

        >>> geometry(5, 2).label(0.5), geometry(5, 2).label(0.9)
        ('2-pairs+1-dropped', 'pentagon')
        """
        place = self._place(sparsity_in(sparsity, feature_probability))
        return self._line().name(place.x)

    def is_block(self, sparsity: object = None, *, feature_probability: object = None) -> bool:
        """Whether all features hang together at S: a block, not a sum of smaller ones."""
        gram = self.minimum(sparsity, feature_probability=feature_probability)[1]
        groups = groups_of(gram.T @ gram)
        return len(groups) == 1 and len(groups[0]) == self.k

    def _line(self) -> Line:
        return Line(self.k, self.d, self.law)

    def _place(self, sparsity: float) -> Place:
        line = self._line()
        near = np.argsort(np.abs(self.sparsities - sparsity))[:4]
        unit = line.problem.unit
        pairs = [(self.weights[i], self.bias[i]) for i in near]
        # Neighbours of the table need not lead into a phase that lies between two of them.
        pairs += [
            (self.phase_weights[i], self.phase_bias[i])
            for i, phase in enumerate(self.phases)
            if phase.low <= sparsity <= phase.high
        ]
        rows = np.array([np.concatenate([W.ravel(), b / unit]) for W, b in pairs])
        place = line.polished(line.lowest(sparsity, rows)[0])
        inside = [p.name for p in self.phases if p.low < sparsity < p.high]
        if inside and inside[0] != line.name(place.x):
            # A phase between two neighbours of the table: neither of them leads into it.
            rng = np.random.default_rng(0)
            loose = [rows + size * rng.normal(size=(_LOOSE, *rows.shape)) for size in _NOISE]
            more = [*(row.reshape(-1, rows.shape[1]) for row in loose)]
            more.append(line.starts(sparsity, _LOOSE * len(rows), rng))
            place = min(
                place,
                line.polished(line.lowest(sparsity, np.concatenate(more))[0]),
                key=lambda found: found.loss,
            )
        return place


def geometry(
    k: int,
    d: int,
    law: Law | None = None,
    *,
    sparsities: Sequence[float] | None = None,
    random_starts: int = RANDOM_STARTS,
    seed: int = 0,
    progress: bool | None = None,
) -> Geometry:
    """The least loss of k equal features in d dimensions over S, with all phases and weights.

        ℓ_(k,d)(S) = min over W, b of E Σ_j (x_j − ReLU(WᵀWx + b)_j)²,  W in ℝ^(d × k)

    For the uniform law it comes from a table in the package, which `benchmarks/geometry_table.py`
    computes; for another law or with `sparsities` it is computed, which takes up
    to some minutes.

    Parameters
    ----------
    k : features, at most 9.
    d : dimensions, at most 3.
    law : the magnitude law, uniform on [0, 1] by default.
    sparsities : S, ascending in [0, 1), where minima are searched; by default those of the table.
    random_starts : at each S.
    seed : of the random starts.
    progress : words on stderr where it takes longer than two seconds; None on a terminal only.

    >>> [phase.name for phase in geometry(5, 2).phases][-3:]
    ['triangle+2-dropped', '2-pairs+1-dropped', 'pentagon']
    >>> [round(phase.high, 9) for phase in geometry(5, 2).phases][-3:-1]
    [0.355759636, 0.775124551]

    Raises `ValueError` for sizes beyond the limits or sparsities out of range, `TypeError` for what
    is no number.

    What a block is worth beside others: derivations/many-features.tex, eq. scarce.
    """
    k, d = size_of(k, "k"), size_of(d, "d")
    if k > MOST_FEATURES or d > MOST_DIMENSIONS:
        raise ValueError(
            f"k = {k}, d = {d}: the limit is {MOST_FEATURES} features in {MOST_DIMENSIONS} "
            "dimensions"
        )
    law = checked_law(law)
    random_starts, seed = count_of(random_starts, "random_starts"), count_of(seed, "seed")
    if sparsities is None and law == Uniform() and random_starts == RANDOM_STARTS and seed == 0:
        known = _tabulated().get((k, d))
        if known is not None:
            return known
    grid = default_sparsities() if sparsities is None else _checked_grid(sparsities)
    with told(f"minimising {k} features in {d} dimensions at {len(grid)} sparsities", progress):
        return computed(k, d, law, grid, random_starts, seed)


def default_sparsities() -> Floats:
    """The S of the table: closer together towards S = 1, and where faint features come and go."""
    dense = [0.0, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12]
    return np.concatenate([dense, np.arange(7, 44, 2) / 50, 1 - np.geomspace(0.12, 0.001, 18)])


def _checked_grid(values: Sequence[float]) -> Floats:
    try:
        grid = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"sparsities = {shown(values)}: it must be a sequence of numbers") from None
    if grid.ndim != 1 or grid.size < 2 or not np.isfinite(grid).all():
        raise ValueError("sparsities: it must hold two or more finite numbers")
    if (np.diff(grid) <= 0).any() or grid[0] < 0 or grid[-1] >= 1:
        raise ValueError("sparsities: they must ascend in [0, 1)")
    return grid


def computed(
    k: int,
    d: int,
    law: Law,
    sparsities: Floats,
    random_starts: int,
    seed: int,
    smaller: Mapping[tuple[int, int], Geometry] | None = None,
    known: Geometry | None = None,
) -> Geometry:
    """The search itself; starts are also sums of `smaller` geometries, by (k, d), and `known`."""
    line = Line(k, d, law)
    parts, rng = _sums(k, d, smaller or {}), np.random.default_rng(seed)

    def grown(sparsity: float) -> Floats:
        rows = [
            line.summed([part.minimum(sparsity)[1:] for part in whole], sparsity) for whole in parts
        ]
        if known is not None:
            rows.append(line.problem.parameters(*known.minimum(sparsity)[1:]))
        sums = np.array(rows).reshape(len(rows), k * d + k)
        # A sum is a stationary point: a descent does not leave it, even where it is a saddle.
        return np.concatenate([sums, sums + _ASTRAY * rng.normal(size=sums.shape)])

    grid = [float(s) for s in sparsities]
    places, ends = minima_along(line, grid, random_starts, seed, grown)
    search = Search(line, random_starts, seed, grown)
    chain = list(zip(places, ends, strict=True))
    for S in _middles(grid, [*(part for whole in parts for part in whole)]):
        after = int(np.searchsorted(grid, S))
        near = np.concatenate(ends[after - 1 : after + 1])
        rows = np.concatenate([near, grown(S)])
        chain.append((line.minimum(line.lowest(S, rows)[0]), rows))
    chain.sort(key=lambda one: one[0].sparsity)
    pairs = [line.split(place.x) for place in places]
    phases, inside = phases_along(search, chain)
    return Geometry(
        k=k,
        d=d,
        law=law,
        sparsities=np.asarray(sparsities, dtype=np.float64),
        losses=np.array([place.loss for place in places]),
        weights=np.array([weights for weights, _ in pairs]),
        bias=np.array([bias for _, bias in pairs]),
        labels=np.array([line.name(place.x) for place in places]),
        phases=phases,
        phase_weights=inside["phase_weights"],
        phase_bias=inside["phase_bias"],
    )


def _sums(
    k: int, d: int, smaller: Mapping[tuple[int, int], Geometry]
) -> list[tuple[Geometry, ...]]:
    """Geometries that fill d dimensions with k features; or k − 1, and one is dropped."""
    found: list[tuple[Geometry, ...]] = []
    if (k - 1, d) in smaller:
        found.append((smaller[k - 1, d],))
    for size in sorted(smaller):
        rest = (k - size[0], d - size[1])
        if rest in smaller and size <= rest:
            found.append((smaller[size], smaller[rest]))
    return found


def _middles(grid: Sequence[float], parts: Sequence[Geometry]) -> list[float]:
    """S between neighbouring changes of phase of the parts, where the grid has no point.

    A phase can lie between two neighbours of the grid, where no descent begins.
    """
    places = sorted({phase.high for part in parts for phase in part.phases})
    return [
        (low + high) / 2
        for low, high in pairwise(places)
        if high - low > _NARROWEST and high < grid[-1] and not any(low < S < high for S in grid)
    ]


def phases_along(
    search: Search, chain: Sequence[tuple[Place, Floats]]
) -> tuple[tuple[GeometryPhase, ...], dict[str, Floats]]:
    """The phases between the changes of the lowest minimum, and a minimum in each of them.

    The chain holds the lowest minimum at each S, ascending, and rows that lead to low ones.
    """
    line = search.line
    places = continued(line, [place for place, _ in chain])
    changes: list[tuple[Change, Place]] = []
    for (left, right), (one, two) in zip(pairwise(places), pairwise(chain), strict=True):
        changes += changes_between(search, left, right, np.concatenate([one[1], two[1]]))
    first, end = places[0], places[-1]
    within = [c for c, _ in changes[:1] if c.sparsity < places[1].sparsity and not c.crossing]
    if within and first.sparsity == 0.0:
        # A minimum can be more symmetric at S = 0, where signs of features are of no account, than
        # it is next to it: that is no phase.
        limit = line.followed(changes[0][1], 0.0)
        if limit is not None and abs(limit.loss - first.loss) <= SAME_LOSS:
            first = changes.pop(0)[1]
    changes = _settled(line, first, changes)
    inside = [first, *(following for _, following in changes)]
    low, found = places[0].sparsity, []
    last = Change(end.sparsity, 0.0, False)
    for place, change in zip(inside, [*(change for change, _ in changes), last], strict=True):
        name, text = line.name(place.x), line.description(place.x)
        found.append(GeometryPhase(name, text, low, change.sparsity, change.crossing, change.error))
        low = change.sparsity
    pairs = [line.split(place.x) for place in inside]
    weights, bias = (np.array(rows) for rows in zip(*pairs, strict=True))
    return tuple(found), {"phase_weights": weights, "phase_bias": bias}


def _settled(
    line: Line, first: Place, changes: Sequence[tuple[Change, Place]]
) -> list[tuple[Change, Place]]:
    """The changes without those between which a name only flickers: the error of an onset."""
    found: list[tuple[Change, Place]] = []
    for change, place in changes:
        before = found[-1][0] if found else None
        width = np.inf if before is None else change.sparsity - before.sparsity
        if before is None or before.crossing or change.crossing or width >= _NARROWEST:
            found.append((change, place))
            continue
        found[-1] = Change(before.sparsity, width + change.error + before.error, False), place
    names = [line.name(first.x), *(line.name(place.x) for _, place in found)]
    return [
        one
        for one, left, right in zip(found, names, names[1:], strict=False)
        if one[0].crossing or left != right
    ]


def tabulated() -> tuple[tuple[int, int], ...]:
    """The (k, d) of the package's table."""
    return tuple(sorted(_tabulated(), key=lambda pair: (pair[1], pair[0])))


@lru_cache(maxsize=1)
def _tabulated() -> dict[tuple[int, int], Geometry]:
    """The table of the package, by (k, d)."""
    with files("phasecalc.limit").joinpath("table.npz").open("rb") as stream:
        data = np.load(stream, allow_pickle=False)
        found = {}
        for d in range(1, MOST_DIMENSIONS + 1):
            for k in range(1, MOST_FEATURES + 1):
                key = f"{k}-{d}-"
                if key + "losses" not in data:
                    continue
                phases = tuple(
                    GeometryPhase(
                        str(name), str(text), float(low), float(high), bool(crosses), float(error)
                    )
                    for name, text, low, high, crosses, error in zip(
                        data[key + "names"], data[key + "descriptions"], data[key + "low"],
                        data[key + "high"], data[key + "crosses"], data[key + "error"], strict=True,
                    )
                )  # fmt: skip
                found[k, d] = Geometry(
                    k, d, Uniform(), data["sparsities"], data[key + "losses"],
                    data[key + "weights"], data[key + "bias"], data[key + "labels"], phases,
                    data[key + "phase-weights"], data[key + "phase-bias"],
                )  # fmt: skip
    return found


def table_arrays(found: Sequence[Geometry]) -> dict[str, NDArray[np.generic]]:
    """The arrays of the table's file."""
    arrays: dict[str, NDArray[np.generic]] = {"sparsities": found[0].sparsities}
    for g in found:
        key = f"{g.k}-{g.d}-"
        arrays |= {
            key + "losses": g.losses,
            key + "weights": g.weights,
            key + "bias": g.bias,
            key + "labels": g.labels,
            key + "phase-weights": g.phase_weights,
            key + "phase-bias": g.phase_bias,
            key + "names": np.array([phase.name for phase in g.phases]),
            key + "descriptions": np.array([phase.description for phase in g.phases]),
            key + "low": np.array([phase.low for phase in g.phases]),
            key + "high": np.array([phase.high for phase in g.phases]),
            key + "crosses": np.array([phase.crosses for phase in g.phases]),
            key + "error": np.array([phase.error for phase in g.phases]),
        }
    return arrays
