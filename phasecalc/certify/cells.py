"""`certify_cells`: the plane of two features in one dimension in cells of one proved phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..inputs import shown
from ..laws import Uniform
from ..minima.minimize import minimize
from ..model import ToyModel, checked_model
from ..progress import advance, share_bar, warned
from .cell_records import PHASES, CellMap
from .compiled.cells import ANTIPODAL, IGNORE, cell_convex, cell_run, cell_values
from .compiled.moments import law_between
from .task import Task

Floats = NDArray[np.float64]

LEVELS = 8
MOST_LEVELS = 12
_MINUTES = 6
"""Levels that take some minutes."""
_COARSE = 3
"""The first cells have the size 2⁻³."""
_FINER = 4
"""How many times more the cells at S = 1 are halved across: of these there is one in a row."""
_MOST_BOXES = 4000
_MOST_FIRST = 30_000
_LEFT = 12_000
_MOST_LAST = 20_000
_PIECES = 1000
"""Parts of a neighbourhood in which convexity is proved."""
_NO_BOX = np.zeros((2, 4))
_ON = 1e3
"""A bias b_2 with which output 2 is on all over the neighbourhood; the loss does not hold it."""
_MARGIN = 1e-15
"""Cells are proved for ends of r moved outward by this part: the reciprocals are rounded."""


def certify_cells(
    model: ToyModel | None = None,
    *,
    levels: int = LEVELS,
    progress: bool | None = None,
) -> CellMap:
    """Divide the plane 0 ≤ S < 1, 1/10 ≤ r ≤ 10 into cells, with a proof of the phase in each.

    In a cell of the phase `ignore` every global minimiser of every (S, r) has w_2 = 0, in one of
    `antipodal` w_1 w_2 < 0 (weak pairs are among these), in one of `dedicated` w_1 = 0. Cells next
    to a boundary are halved up to `levels` times and then stay without a phase. The proof is branch
    and bound over the weights for all losses of a cell at once (docs/certificates.md, section 5).

    Parameters
    ----------
    model : two features in one dimension, uniform magnitudes, free biases, any fixed penalty;
        `ToyModel(2, 1)` by default.
    levels : the smallest cells have 2^-levels of the window's height and of its width, 3 to 12;
        next to S = 1 a sixteenth of that width.
    progress : a bar of the area that is done; None shows it on a terminal only.

    ``certify_cells(levels=3).phase_at("4/5", 1)`` is 'antipodal', after some seconds.

    >>> import phasecalc as pc
    >>> pc.certify_cells(levels=2)
    Traceback (most recent call last):
        ...
    ValueError: levels = 2: it must be from 3 to 12

    Raises `TypeError` or `ValueError` for other models and levels.
    """
    model = ToyModel(2, 1) if model is None else model
    penalty = _penalty(model)
    if isinstance(levels, bool) or not isinstance(levels, int):
        raise TypeError(f"levels = {shown(levels)}: it must be an integer")
    if not _COARSE <= levels <= MOST_LEVELS:
        raise ValueError(f"levels = {levels}: it must be from {_COARSE} to {MOST_LEVELS}")
    found: list[tuple[_Cell, int]] = []
    done = proved = 0.0
    if levels > _MINUTES:
        warned(
            f"{levels} levels take many minutes; levels={_MINUTES} takes a minute or two and "
            "proves less of the plane",
            progress,
        )
    with share_bar(progress) as shown_bar:
        for cell, phase in _divided(model, penalty, levels):
            found.append((cell, phase))
            # By the mirror image each cell counts twice.
            done += 2 * cell.area
            proved += 2 * cell.area if phase else 0.0
            advance(shown_bar, done, f"{100 * proved:.1f} % proved")
    S, r, phases = [], [], []
    for cell, phase in found:
        S += [cell.sparsity, cell.sparsity]
        low, high = cell.importance
        r += [(low, high), (1 / high, 1 / low)]
        phases += [phase, _MIRROR[phase]]
    return CellMap(
        model=model,
        levels=levels,
        sparsity=np.array(S),
        importance=np.array(r),
        phase=np.array(phases, dtype=np.int8),
    )


_MIRROR = (0, PHASES.index("dedicated"), PHASES.index("antipodal"), PHASES.index("ignore"))


def _penalty(model: ToyModel) -> float:
    checked_model(model)
    if (model.n_features, model.d_hidden) != (2, 1):
        raise ValueError(
            f"n_features, d_hidden = {model.n_features}, {model.d_hidden}: cells are for two "
            "features in one dimension"
        )
    if not isinstance(model.law, Uniform) or model.bias != "free":
        raise ValueError("model: cells are proved for uniform magnitudes and free biases")
    if model.importance != ToyModel(2, 1).importance:
        raise ValueError("importance: cells are proved for the importances 1 and r")
    # The unit of the magnitudes: W stays, b goes with it, and the loss with its square.
    return float(Task.of(model, "1/2", 1, {}).penalty / model.law.scale**2)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One of width 2^-across and height 2^-level, in steps of these from (S, log r) = (0, −1).

    Below r = 1. The first cells are squares; those at S = 1, which are never proved, are halved
    across alone.
    """

    level: int
    across: int
    column: int
    row: int

    @property
    def area(self) -> float:
        return 0.5 ** (self.level + self.across)

    @property
    def sparsity(self) -> tuple[float, float]:
        return self.column * 0.5**self.across, (self.column + 1) * 0.5**self.across

    @property
    def importance(self) -> tuple[float, float]:
        low, high = (10.0 ** (2 * k * 0.5**self.level - 1) for k in (self.row, self.row + 1))
        return low, high

    @property
    def at_one(self) -> bool:
        return self.column == (1 << self.across) - 1

    def last(self, levels: int) -> bool:
        return self.across == levels + _FINER if self.at_one else self.level == levels

    def parts(self) -> list[_Cell]:
        """Quarters; halves in S at S = 1, halves in r of what such halving has made narrow."""
        across = self.at_one or self.across == self.level
        up = not self.at_one
        return [
            _Cell(
                self.level + up,
                self.across + across,
                (self.column << across) + i,
                (self.row << up) + k,
            )
            for i in range(1 + across)
            for k in range(1 + up)
        ]


def _divided(model: ToyModel, penalty: float, levels: int) -> Iterator[tuple[_Cell, int]]:
    """Every cell below r = 1 with its phase, 0 where it is not proved."""
    count = 1 << _COARSE
    waiting = [
        (_Cell(_COARSE, _COARSE, column, row), None, _NO_BOX)
        for column in reversed(range(count))
        for row in reversed(range(count // 2))
    ]  # type: list[tuple[_Cell, Floats | None, Floats]]
    while waiting:
        cell, boxes, near = waiting.pop()
        last = cell.last(levels)
        phase, left, near = _proved(model, penalty, cell, boxes, near, last=last)
        if phase or last:
            yield cell, phase
        else:
            waiting += [(part, left, near) for part in cell.parts()]


def _proved(
    model: ToyModel, penalty: float, cell: _Cell, boxes: Floats | None, near: Floats, *, last: bool
) -> tuple[int, Floats | None, Floats]:
    """(phase or 0, the boxes that are left, the neighbourhood of `ignore`)."""
    S, r = cell.sparsity, cell.importance
    p = 1 - S[1], 1 - S[0]
    if p[0] == 0.0:
        return 0, None, near  # lengths have no bound at p = 0
    laws = np.array([law_between(a, b, 2) for a, b in ((p[0], p[0]), (p[0], p[1]), (p[1], p[1]))])
    variances = np.array([(a + b) / 6 - a * b / 4 for a, b in ((p[0],) * 2, p, (p[1],) * 2)])
    ends = np.array([r[0] * (1 - _MARGIN), r[1] * (1 + _MARGIN)])
    family = laws, ends, penalty
    first = boxes is None
    if boxes is None:
        reach = Task.of(ToyModel(2, 1), Fraction(S[1]), 1, {}).domain()
        boxes = np.array([reach])
    # The least loss of `ignore` is r v, for every p.
    ignored, paired = np.outer(ends, variances).ravel() * (1 + 1e-14), np.empty(6)
    middle = 0.5 * (S[0] + S[1])
    target, at = ANTIPODAL, _pair(model, middle, float(np.sqrt(r[0] * r[1])))
    if at is None:
        # The corner at which a pair gains most.
        target, at = IGNORE, _pair(model, S[1], r[1]) if last else None
    if at is not None:
        cell_values(at, family, paired)
        # No proof is tried where a line crosses the cell.
        better, worse = (paired, ignored) if target == ANTIPODAL else (ignored, paired)
        if last and not (better < worse).all():
            return 0, None, near
    uppers = paired if target == ANTIPODAL else ignored
    if target == IGNORE:
        near = _neighbourhood(family, variances, near)
    left = np.empty((_LEFT, 2, 4))
    # Cells that are not halved any more end with their first open box, and may try the longer.
    smallest = (0.01 if last else 0.04) * 0.5 ** (cell.level / 2)
    most = _MOST_FIRST if first else _MOST_LAST if last else _MOST_BOXES
    kept, opened, _ = cell_run(
        boxes, family, uppers, variances * (1 + 1e-14), target, near, smallest, most, last, left
    )
    return (0 if opened else target), left[:kept].copy(), near


def _pair(model: ToyModel, S: float, r: float) -> Floats | None:
    """The lowest minimum that is found, (W, b) with w_1 > 0, if its entries differ in sign."""
    lowest = minimize(model, S, r).lowest
    w = lowest.weights[0]
    if not w[0] * w[1] < -1e-8:
        return None
    return np.concatenate([w if w[0] > 0 else -w, lowest.bias / float(model.law.scale)])


def _neighbourhood(
    family: tuple[Floats, Floats, float], variances: Floats, inherited: Floats
) -> Floats:
    """A box around W = (1, 0), b_1 = 0 on which every loss, b_2 at its best, is convex.

    What was proved for the whole of a cell, `inherited`, holds for its quarters.
    """
    at = np.array([1.0, 0.0, 0.0, _ON])

    def convex(radius: Floats) -> bool:
        return bool(cell_convex(at - radius, at + radius, family, variances, _PIECES))

    if inherited[1, 3] == _ON:
        radius, rounds = inherited[1] - at, 2
    else:
        radius, rounds = np.array([0.25, 0.25, 0.25, 0.0]), 5
        for _ in range(12):
            if convex(radius):
                break
            radius *= 0.5
        else:
            return _NO_BOX
    for _ in range(rounds):
        grown = False
        for s in range(3):
            wider = radius.copy()
            wider[s] *= 1.4
            if wider[s] < 1.0 and convex(wider):
                radius, grown = wider, True
        if not grown:
            break
    return np.array([at - radius, at + radius])
