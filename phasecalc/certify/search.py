"""`certify`: the global minimum at a rational point, enclosed."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inputs import shown
from ..minima.minimize import minimize
from ..model import ToyModel
from ..progress import advance, share_bar
from ..symbols import r as EXTRA
from .checkpoint import load_state, save_state
from .compiled.search import run
from .neighbourhoods import Centre, bounds_at, centres_of
from .records import Certificate, Minimiser, Proof
from .task import Task, rational

Floats = NDArray[np.float64]

MOST_BOXES = 2_000_000
_AT_ONCE = 20_000
_DEEPEST = 4000


def certify(
    model: ToyModel,
    sparsity: object = None,
    importance: object = None,
    *,
    feature_probability: object = None,
    gap: object = "1e-6",
    most_boxes: int = MOST_BOXES,
    checkpoint: str | Path | None = None,
    progress: bool | None = None,
    **symbols: object,
) -> Certificate:
    """Enclose the global minimum F = min over all W and b of the exact loss, with proof.

        lower ≤ min_{W,b} E Σ_j I_j (x_j − ReLU(WᵀWx + b)_j)² + λ Σ_{i≠j} (W_i·W_j)² ≤ upper

    Branch and bound over a box that provably holds a global minimiser, down to boxes around the
    minima that `minimize` finds, in which the loss is proved convex. Bounds are those of
    docs/certificates.md; rounding is accounted for. A search that runs out of boxes returns the
    enclosure it has, with ``proved`` false.

    Parameters
    ----------
    model : at most 3 features, uniform magnitudes; free biases or b = 0, any penalty.
    sparsity, importance : exact rationals (int, Fraction, or text such as "3/5"); S in [0, 1),
        or p = 1 − S as ``feature_probability``. One importance is the value of r, by default
        1; a row, or a text as "0.9^i", holds those of all.
    gap : the largest upper − lower that is accepted, above 0.
    most_boxes : where the search gives up.
    checkpoint : a file from which a stopped search goes on.
    progress : a bar of the share that is done; None shows it on a terminal only.
    symbols : values of the model's other symbols, by name.

    >>> import phasecalc as pc
    >>> found = pc.certify(pc.ToyModel(2, 1), sparsity="3/5", importance=1)
    >>> found.proved, found.phase, found.width < Fraction(1, 10**9)
    (True, 'antipodal', True)

    Raises `TypeError` for floats, `ValueError` for values out of range, other laws and models that
    are too large.
    """
    task = Task.of(model, sparsity, importance, symbols, feature_probability)
    width = rational(gap, "gap")
    if width <= 0:
        raise ValueError(f"gap = {gap}: it must be above 0")
    if isinstance(most_boxes, bool) or not isinstance(most_boxes, int) or most_boxes < 1:
        raise ValueError(f"most_boxes = {shown(most_boxes)}: it must be an integer, at least 1")
    values: dict[str, Any] = {name: float(value) for name, value in task.symbols}
    r = task.importance if EXTRA in task.model.symbols else None
    found = minimize(task.model, task.sparsity, r, **values)
    centres = centres_of(task, found)
    search = _Search.of(task, centres, width)
    place = None if checkpoint is None else Path(checkpoint)
    if place is not None:
        search = load_state(place, search)
    with share_bar(progress) as shown_bar:
        while not search.ended and not search.stuck and search.boxes < most_boxes:
            search.advance(min(_AT_ONCE, most_boxes - search.boxes))
            advance(shown_bar, search.share, f"{search.boxes} boxes of at most {most_boxes}")
            if place is not None:
                save_state(place, search)
    return _certificate(task, centres, search, width, most_boxes)


@dataclass(slots=True)
class _Search:
    """The state of a search: the stack of open boxes and what is known of the closed ones."""

    task: Task
    balls: Floats
    levels: Floats
    upper: float
    floor: float
    bare: Floats
    stack: Floats
    shares: Floats
    depth: int = 1
    boxes: int = 0
    share: float = 0.0
    lowest: float = np.inf
    stuck: bool = False
    near: list[Floats] = field(default_factory=list)
    log: list[tuple[NDArray[Any], NDArray[Any], Floats]] = field(default_factory=list)

    @classmethod
    def of(cls, task: Task, centres: list[Centre], gap: Fraction) -> _Search:
        lo, hi = task.domain()
        upper = min(centre.high for centre in centres)
        floor = upper - float(gap) * (1 - 1e-9)
        usable = [c for c in centres if c.box is not None and c.level >= floor]
        # Outside the neighbourhoods all is shown to lie above the minimum itself; only next to a
        # minimum that has none (a kink, a flat direction), above the floor.
        bare = [c for c in centres if c.high <= upper + (upper - floor)]
        bare = [c for c in bare if not any(c is u for u in usable)]
        stack = np.zeros((_DEEPEST, 2, task.size))
        stack[0] = lo, hi
        shares = np.zeros(_DEEPEST)
        shares[0] = 1.0
        return cls(
            task=task,
            balls=np.array([c.box for c in usable]).reshape(len(usable), 2, task.size),
            levels=np.array([c.level for c in usable], dtype=np.float64),
            upper=upper,
            floor=floor,
            bare=np.array([c.at for c in bare]).reshape(len(bare), task.size),
            stack=stack,
            shares=shares,
        )

    def advance(self, most: int) -> None:
        """Work off at most so many boxes."""
        task = self.task
        room = 40 * most
        log = np.empty(room, np.int8), np.empty(room, np.int16), np.empty(room)
        near = np.empty((most, 2, task.size))
        best = np.array([self.lowest, self.upper])
        depth, size, done, count, share = run(
            self.stack, self.shares, self.depth, most, task.compiled, task.variance, task.classes,
            self.upper, self.floor, self.bare, self.balls, self.levels, *log, best, near,
        )  # fmt: skip
        self.log.append(tuple(part[:size].copy() for part in log))  # type: ignore[arg-type]
        self.lowest = float(best[0])
        self.boxes += done
        self.share += share
        self.near = _clusters([*self.near, *near[:count].copy()])
        self.stuck = depth < 0 or done == 0
        self.depth = abs(depth)

    @property
    def ended(self) -> bool:
        return self.depth == 0


def _certificate(
    task: Task, centres: list[Centre], search: _Search, gap: Fraction, most_boxes: int
) -> Certificate:
    lower = min(search.lowest, search.upper)
    for k in range(search.depth):
        lower = min(lower, bounds_at(task, *search.stack[k])[0])
    lower = max(lower, 0.0)
    low, high = Fraction(lower), Fraction(search.upper)
    proved = search.ended and high - low <= gap
    minimisers = _minimisers(task, centres, search) if proved else ()
    phases = tuple(dict.fromkeys(m.name for m in minimisers))
    usable = [c for c in centres if c.box is not None and c.level >= search.floor]
    lo, hi = task.domain()
    code, index, value = (
        np.concatenate([part[k] for part in search.log] or [np.empty(0)]) for k in range(3)
    )
    proof = Proof(
        weighting=task.weighting,
        penalty=task.penalty,
        held=task.held,
        witness=min(centres, key=lambda c: c.high).at,
        domain=np.array([lo, hi]),
        neighbourhoods=np.array([[*c.box, c.at] for c in usable if c.box is not None]).reshape(
            len(usable), 3, task.size
        ),
        codes=code.astype(np.int8),
        indices=index.astype(np.int16),
        values=value.astype(np.float64),
    )
    return Certificate(
        model=task.model,
        sparsity=task.sparsity,
        importance=task.importance,
        symbols=task.symbols,
        gap=gap,
        lower=low,
        upper=high,
        proved=proved,
        phases=phases,
        minimisers=minimisers,
        boxes=search.boxes,
        most_boxes=most_boxes,
        proof=proof,
    )


def _minimisers(task: Task, centres: list[Centre], search: _Search) -> tuple[Minimiser, ...]:
    """Neighbourhoods that can hold a global minimiser, and clusters of the boxes left open."""
    regions = [
        _region(task, c, np.array([c.at - c.radius, c.at + c.radius]), unique=True)
        for c in centres
        if c.box is not None and search.floor <= c.level <= search.upper
    ]
    for hull in search.near:
        inside = [c for c in centres if c.high <= search.upper + 2 * (search.upper - search.floor)]
        inside = [c for c in inside if (hull[0] <= c.at).all() and (c.at <= hull[1]).all()]
        if not inside:
            regions.append(_region(task, None, hull, unique=False))
        regions += [_region(task, c, hull, unique=False) for c in inside]
    return tuple(regions)


def _region(task: Task, centre: Centre | None, box: Floats, *, unique: bool) -> Minimiser:
    at = 0.5 * (box[0] + box[1]) if centre is None else centre.at
    unit = float(task.model.law.scale)
    split = task.m * task.n
    return Minimiser(
        name="" if centre is None else centre.minimum.name,
        weights=at[:split].reshape(task.m, task.n).copy(),
        bias=unit * at[split:],
        radius=float(max(np.max(box[1] - at), np.max(at - box[0]))) * max(1.0, unit) * (1 + 1e-12),
        unique=unique,
    )


def _clusters(boxes: list[Floats]) -> list[Floats]:
    """The hulls of the sets of boxes that lie together; hulls nearer than their size are one."""
    hulls: list[Floats] = []
    for box in boxes:
        merged = box
        while True:
            size = max(float((merged[1] - merged[0]).max()), 1e-6)
            apart = [
                h
                for h in hulls
                if (h[1] + size < merged[0]).any() or (merged[1] + size < h[0]).any()
            ]
            if len(apart) == len(hulls):
                break
            touching = [h for h in hulls if not any(h is a for a in apart)]
            merged = np.array(
                [
                    np.min([merged[0], *(h[0] for h in touching)], axis=0),
                    np.max([merged[1], *(h[1] for h in touching)], axis=0),
                ]
            )
            hulls = apart
        hulls.append(merged)
    return hulls
