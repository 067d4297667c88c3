"""A map of the plane in which the phase of every cell is proved: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..display import Large
from ..inputs import sparsity_of
from ..model import ToyModel
from ..records import Record
from .task import rational

PHASES = ("", "ignore", "antipodal", "dedicated")
"""Names by the code of a cell; the first one says that nothing is proved."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CellMap(Record, Large):
    """Cells of the plane 0 ≤ S < 1, 1/10 ≤ r ≤ 10, each with its proved phase; by `certify_cells`.

    Cell k is ``sparsity[k]`` × ``importance[k]``, each (lowest, highest), and `phases[k]` is its
    phase: every global minimiser of every point in it has w_2 = 0 (`ignore`), w_1 w_2 < 0
    (`antipodal`) or w_1 = 0 (`dedicated`). Where it is empty nothing is proved.
    """

    model: ToyModel
    levels: int
    sparsity: NDArray[np.float64]
    importance: NDArray[np.float64]
    phase: NDArray[np.int8]

    @property
    def phases(self) -> tuple[str, ...]:
        """The phase of every cell."""
        return tuple(PHASES[code] for code in self.phase)

    @property
    def areas(self) -> NDArray[np.float64]:
        """Of every cell: its share of the window in (S, log r)."""
        sides = np.diff(self.sparsity, axis=1) * np.diff(np.log10(self.importance), axis=1) / 2
        return np.asarray(sides[:, 0])

    @property
    def share(self) -> float:
        """The share of the window, in (S, log r), in which the phase is proved."""
        return float(self.areas[self.phase > 0].sum())

    def phase_at(
        self, sparsity: object = None, importance: object = 1, *, feature_probability: object = None
    ) -> str:
        """The proved phase at an exact point of the window; empty where there is none."""
        S = sparsity_of(sparsity, feature_probability, rational)
        r = rational(importance, "importance")
        if not (0 <= S < 1 and Fraction(1, 10) <= r <= 10):
            raise ValueError(
                f"S, r = {S}, {r}: cells are those with 0 <= S < 1 and 1/10 <= r <= 10"
            )
        for ends, sides, code in zip(self.sparsity, self.importance, self.phase, strict=True):
            if code and ends[0] <= S <= ends[1] and sides[0] <= r <= sides[1]:
                return PHASES[code]
        return ""
