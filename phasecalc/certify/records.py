"""What a certificate says, and the steps that prove it: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..display import Large
from ..model import ToyModel
from ..records import Record

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Minimiser(Record):
    """A region that may hold global minimisers; the union of all regions holds one of each class.

    Every x = (W, b) of the region has entries within ``radius`` of (weights, bias), which is the
    minimum that was found there, if any (then ``name`` is not empty). ``unique`` says that the loss
    is proved strictly convex around it, so that it is the only stationary point there. Where it is
    false the loss has a kink at the minimum, or is too flat: then other minima may be as close.
    """

    name: str
    weights: Floats
    bias: Floats
    radius: float
    unique: bool


@dataclass(frozen=True, slots=True, eq=False)
class Proof(Record):
    """The steps of the search in preorder; docs/certificates.md describes them.

    The loss is Σ_j I_j ℓ_j + λ Σ_{i≠j} (W_i·W_j)² for magnitudes on [0, 1], with I ``weighting``, λ
    ``penalty``, and b = 0 where ``held``. ``domain`` (2, d); ``neighbourhoods`` (k, 3, d): lowest
    corner, highest corner, centre; ``witness`` (d): the place with the least loss that was found.
    """

    weighting: tuple[Fraction, ...]
    penalty: Fraction
    held: bool
    witness: Floats
    domain: Floats
    neighbourhoods: Floats
    codes: NDArray[np.int8]
    indices: NDArray[np.int16]
    values: Floats


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Certificate(Record, Large):
    """A rigorous enclosure of the global minimum F at one rational point; made by `certify`.

    ``lower`` ≤ F ≤ ``upper`` is proved in any case. ``proved`` says that the search ended, so that
    upper − lower ≤ ``gap``, and that ``minimisers`` holds every global minimiser up to symmetry;
    where it ran out of boxes (``boxes`` of ``most_boxes``) it is false. ``phases`` are the names of
    the minima in these regions: one name where the phase is decided, several within ``gap`` of a
    boundary, none where the search did not end.
    """

    model: ToyModel
    sparsity: Fraction
    importance: Fraction
    symbols: tuple[tuple[str, Fraction], ...]
    gap: Fraction
    lower: Fraction
    upper: Fraction
    proved: bool
    phases: tuple[str, ...]
    minimisers: tuple[Minimiser, ...]
    boxes: int
    most_boxes: int
    proof: Proof

    @property
    def phase(self) -> str:
        """The one phase of the global minimum; empty where it is not decided."""
        return self.phases[0] if len(self.phases) == 1 else ""

    @property
    def width(self) -> Fraction:
        """upper − lower."""
        return self.upper - self.lower

    def entries(self) -> dict[str, Any]:
        """The model's own numbers at this point, as the checker needs them."""
        return {"sparsity": self.sparsity, "importance": self.importance, **dict(self.symbols)}
