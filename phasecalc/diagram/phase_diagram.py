"""The exact phase diagram of a model's candidates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sympy

from ..blocks.candidate import Candidate
from ..blocks.tegum import candidates
from ..display import Drawn, Written
from ..exact.algebraic import comparable
from ..exact.extension import polynomials
from ..inputs import Scalar, probability_in, shown, sparsity_of
from ..model import ToyModel, checked_model
from ..records import Record
from .assembly import boundaries_of, junctions_of
from .beaten import not_beaten
from .envelope import Line, Strip, lower_envelope
from .transition import Boundary, Junction

if TYPE_CHECKING:
    from .grid import GridDiagram


@dataclass(frozen=True, slots=True, repr=False)
class PhaseDiagram(Record, Drawn, Written):
    """Which phase has the lowest loss where, over 0 ≤ S < 1 and r > 0; made by `phase_diagram`.

    ``phases`` are the candidates that win somewhere on an open set, ``candidates`` all that were
    compared; ``boundaries`` and ``junctions`` are exact. ``strips`` are the intervals of p between
    which the order of the phases along r does not change; their indices are those of
    ``candidates``.
    """

    model: ToyModel
    source: str
    candidates: tuple[Candidate, ...]
    phases: tuple[Candidate, ...]
    boundaries: tuple[Boundary, ...]
    junctions: tuple[Junction, ...]
    strips: tuple[Strip, ...] = field(compare=False)

    @property
    def special_points(self) -> tuple[Junction, ...]:
        """The junctions, and the points of the border at which boundaries end.

        >>> [point.kind for point in phase_diagram(ToyModel(2, 1)).special_points]
        ['junction', 'border', 'border', 'border']
        """
        ends = (end for boundary in self.boundaries for end in boundary.ends)
        return tuple(dict.fromkeys((*self.junctions, *ends)))

    @property
    def blocks(self) -> tuple[str, ...]:
        """The figures that the candidates are made of, `dedicated` features apart.

        >>> phase_diagram(ToyModel(3, 2)).blocks
        ('dropped', 'pair', 'triangle')
        """
        return tuple(dict.fromkeys(figure for c in self.candidates for figure in c.figures))

    def minimisers(
        self, sparsity: object = None, importance: object = 1, *, feature_probability: object = None
    ) -> tuple[str, ...]:
        """Names of all phases with the lowest loss at a point: several on a boundary.

        >>> phase_diagram(ToyModel(2, 1)).minimisers("3/7", 1)
        ('ignore', 'dedicated', 'antipodal')
        """
        losses = comparable(self._losses(sparsity, importance, feature_probability))
        lowest = min(losses)
        return tuple(
            phase.name for phase, loss in zip(self.phases, losses, strict=True) if loss == lowest
        )

    def label(
        self, sparsity: object = None, importance: object = 1, *, feature_probability: object = None
    ) -> str:
        """Name of the phase with the lowest loss at S (or p = 1 − S) and importance r.

        The comparison is exact; a float stands for the binary fraction that it holds. Exactly on a
        boundary it is the first of `minimisers`, in the order of ``phases``.

        >>> phase_diagram(ToyModel(2, 1)).label(0.9, 1)
        'antipodal'

        Raises `ValueError` for a sparsity outside [0, 1] or an importance that is negative, NaN or
        infinite.
        """
        return self.minimisers(sparsity, importance, feature_probability=feature_probability)[0]

    def minimum(
        self, sparsity: object = None, importance: object = 1, *, feature_probability: object = None
    ) -> Scalar:
        """The free energy F(S, r): the lowest loss at a point, an exact number.

        >>> phase_diagram(ToyModel(2, 1)).minimum("3/7", 1)
        Fraction(16, 147)
        """
        losses = self._losses(sparsity, importance, feature_probability)
        by_value = comparable(losses)
        return losses[by_value.index(min(by_value))]

    def grid(self, sparsities: object, importances: object) -> GridDiagram:
        """Labels and lowest losses on a grid: rows are sparsities, columns importances.

        See `GridDiagram`; `paper_axes` gives the paper's axes.
        """
        from .grid import grid_of  # noqa: PLC0415  (numpy is not needed for formulas)

        return grid_of(self.phases, sparsities, importances)

    def _losses(
        self, sparsity: object, importance: object, feature_probability: object
    ) -> list[Scalar]:
        S = sparsity_of(sparsity, feature_probability, probability_in)
        return [phase.loss_at(S, importance) for phase in self.phases]


def phase_diagram(
    model: ToyModel,
    source: str = "candidates",
    *,
    candidates: Iterable[Candidate] | None = None,
) -> PhaseDiagram:
    """The phase diagram of a model: phases, boundaries and junctions, exactly.

    F(S, r) = min_c L_c(S, r) over the candidates, as a lower envelope. Each loss is linear in r
    with rational polynomials in p as coefficients, and every decision is an exact sign.

    Parameters
    ----------
    model : a `ToyModel` with n_features > d_hidden.
    source : "candidates", the paper's theory.
    candidates : those to compare, by default `phasecalc.candidates(model)`; add your own with
        `Candidate.from_weights`. Of candidates with the same loss the first is kept.

    >>> diagram = phase_diagram(ToyModel(n_features=2, d_hidden=1))
    >>> for boundary in diagram.boundaries:
    ...     print(*boundary.phases, "r =", boundary.importance)
    ignore antipodal r = 2*p/(4 - 5*p)
    antipodal dedicated r = (4 - 5*p)/(2*p)
    ignore dedicated r = 1
    >>> [(j.sparsity, j.importance, j.loss) for j in diagram.junctions]
    [(3/7, 1, 16/147)]

    Raises `ValueError` for an unknown source, too many candidates, or a candidate of another size.

    Every line and junction of n = 2, m = 1 is derived in derivations/boundaries-2-1.tex, eq.
    ignore-antipodal and following.

    Source: Elhage et al. 2022, "Superposition as a Phase Change".
    """
    checked_model(model)
    if source != "candidates":
        raise ValueError(f'source = {source!r}: it must be "candidates"')
    compared = _distinct(model, candidates)
    left = not_beaten(compared)
    losses = [part for k in left for part in (compared[k].base_error, compared[k].extra_error)]
    polys = polynomials(losses)
    lines = dict(zip(left, map(Line, polys[::2], polys[1::2]), strict=True))
    strips = lower_envelope(lines)
    winning = sorted({index for strip in strips for index in strip.phases})
    return PhaseDiagram(
        model=model,
        source=source,
        candidates=compared,
        phases=tuple(compared[index] for index in winning),
        boundaries=boundaries_of(strips, lines, compared),
        junctions=junctions_of(strips, lines, compared),
        strips=strips,
    )


def _distinct(model: ToyModel, given: Iterable[Candidate] | None) -> tuple[Candidate, ...]:
    """The candidates, without those whose loss another one before them has."""
    found: dict[sympy.Expr, Candidate] = {}
    names: set[str] = set()
    if given is not None and not isinstance(given, Iterable):
        raise TypeError(f"candidates = {shown(given)}: it must be a sequence of Candidate")
    for c in candidates(model) if given is None else given:
        if not isinstance(c, Candidate):
            raise TypeError(f"candidates: {c!r} is no phasecalc.Candidate")
        if c.law != model.law:
            raise ValueError(
                f"candidate {c.name!r} is for the {c.law} law, the model has the {model.law} law"
            )
        if len(c.bias) != model.n_features or len(c.weights) != model.d_hidden:
            raise ValueError(
                f"candidate {c.name!r} has {len(c.bias)} features in {len(c.weights)} dimensions, "
                f"the model {model.n_features} in {model.d_hidden}"
            )
        if c.name in names:
            raise ValueError(f"two candidates have the name {c.name!r}")
        names.add(c.name)
        found.setdefault(sympy.expand(c.loss), c)
    if not found:
        raise ValueError("candidates is empty: a diagram needs at least one")
    return tuple(found.values())
