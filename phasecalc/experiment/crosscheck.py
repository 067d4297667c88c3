"""Theory against experiment, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..blocks.candidate import OUTCOMES
from ..display import Large
from ..model import ToyModel
from ..records import Record
from .away import Diagram, Labelled, alone, away_from_boundaries, named, tied, widened
from .exactness import loss_scale, mismatches, rational_mismatch
from .trained import DIVERGED, Method, TrainedGrid

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Strings = NDArray[np.str_]

MARGIN = 1.25
"""Factor in p and r within which a boundary is near. Weights that are optimised, as trained ones
are, move the boundaries of the unit-norm candidates by up to a fifth in r."""
THRESHOLD = 0.98
"""Least agreement away from the boundaries. On the paper's axes all cells away from them agree for
n = 2, m = 1 and n = 3, m = 2; for the latter with the point law 99.9 in 100 do, as training stays
above the joint phase in a few cells."""
SLACK = 1e-9
"""A trained loss this much above the theory's counts as stuck, this much below as lower; times
Σ_j I_j p where that is below 1, as the losses are of its size."""
LARGEST_MARGIN = 1e6


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CrossCheck(Record, Large):
    """A diagram held against trained models; arrays are (n_S, n_r), of each cell's best model.

    phases : the theory's labels. theory_outcomes, trained_outcomes : of the extra feature.
    theory_losses : of the theory's phase. trained_losses : the lowest of the cell, exact
    (for the method "sampled" the exact losses of the weights with the lowest estimate).
    away : no boundary between outcomes within the factor ``margin`` of the cell in p and r, and no
    phase with another outcome that ties for the lowest loss.
    Outcomes of both sides are by one rule where the theory has weights of its own
    (`phasecalc.experiment.measures`), by the sizes of norm and overlap.
    shares : (n_S, n_r, 3), the part of a cell's models that reached each outcome.
    mismatches : (n_S, n_r, models), |loss − exact loss of the same weights| in units of what is
    allowed: 10⁻¹² of the loss's scale, or six standard errors of an estimated loss.
    rational_models, rational_mismatch : how many models' exact losses were computed again with
    rational numbers, and the largest difference, in the same units. diverged : number of models.
    slack : (n_S, n_r), the difference from which on a cell is lower or stuck.
    """

    model: ToyModel
    source: str
    method: Method
    margin: float
    threshold: float
    sparsities: Floats
    importances: Floats
    phases: Strings
    theory_outcomes: Strings
    trained_outcomes: Strings
    theory_losses: Floats
    trained_losses: Floats
    away: Booleans
    shares: Floats
    mismatches: Floats
    rational_models: int
    rational_mismatch: float
    diverged: int
    slack: Floats

    @property
    def agree(self) -> Booleans:
        """Where the best trained model has the theory's outcome."""
        return np.asarray(self.theory_outcomes == self.trained_outcomes)

    @property
    def agreement(self) -> float:
        """Part of all cells that agree."""
        return float(self.agree.mean())

    @property
    def agreement_away(self) -> float:
        """Part of the cells away from boundaries that agree; NaN where there is no such cell."""
        return float(self.agree[self.away].mean()) if self.away.any() else float("nan")

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Numbers of cells by the theory's outcome (rows) and the trained one, as in `OUTCOMES`."""
        names = np.array(OUTCOMES)
        theory = self.theory_outcomes[..., None, None] == names[:, None]
        trained = self.trained_outcomes[..., None, None] == names
        return np.asarray((theory & trained).sum(axis=(0, 1)))

    @property
    def excess(self) -> Floats:
        """Trained loss minus the theory's: negative where training found something better."""
        return self.trained_losses - self.theory_losses

    @property
    def lower(self) -> Booleans:
        """Where training found a lower loss than every phase of the theory."""
        return np.asarray(self.excess < -self.slack)

    @property
    def stuck(self) -> Booleans:
        """Where even the best model stayed above the theory's loss."""
        return np.asarray(self.excess > self.slack)

    @property
    def losses_agree(self) -> bool:
        """Whether every trained loss is the exact loss of its own weights, within its error."""
        return bool((self.mismatches <= 1).all()) and self.rational_mismatch <= 1

    @property
    def passed(self) -> bool:
        """The losses agree with their weights, and outcomes do away from the boundaries.

        False where no cell is away from them: then nothing has been compared.
        """
        return self.losses_agree and self.agreement_away >= self.threshold


def crosscheck(
    diagram: Diagram,
    trained: TrainedGrid,
    *,
    margin: float = MARGIN,
    threshold: float = THRESHOLD,
) -> CrossCheck:
    """Compare a phase diagram with trained models, in every cell of the models' grid.

    The theory's outcome of a cell is that of its phase of lowest loss; the trained one is that of
    the model with the lowest loss. A cell is away from the boundaries when the theory's outcome is
    the same at all nine points (p·f, r·g), f and g in {1/margin, 1, margin}, with p ≤ 1, and the
    lowest loss is that of one outcome only.

    A diagram of optimised weights is asked for one grid: the trained one, with the ends of its axes
    moved outwards by ``margin``. There the theory's outcome is that of the minimum's own weights,
    by the rule that is used for the trained ones; and a cell is away from the boundaries when the
    outcome is the same at all points of that grid within ``margin``, and at the first ones beyond.

    Parameters
    ----------
    diagram : a diagram with ``model``, ``source``, ``phases`` and ``grid``, as `phase_diagram`
        makes them, of the same model as the training.
    trained : a complete `TrainedGrid`.
    margin : a factor from 1 to 10⁶. The default 1.25 is a little more than optimised weights
        move the boundaries of the paper's candidates.
    threshold : least agreement away from boundaries for ``passed``, from 0 to 1.

    >>> import phasecalc as pc
    >>> model = pc.ToyModel(2, 1)
    >>> check = crosscheck(pc.phase_diagram(model), pc.train(model, [0.2, 0.9], [0.2, 5.0]))
    >>> check.agreement, check.losses_agree, int(check.lower.sum()), int(check.stuck.sum())
    (1.0, True, 2, 0)

    Raises `TypeError` for other types, `ValueError` for another model, a training that is not
    finished, or a margin or threshold out of range.
    """
    if not isinstance(trained, TrainedGrid):
        raise TypeError(f"trained = {type(trained).__name__}: it must be a phasecalc.TrainedGrid")
    if diagram.model != trained.model:
        raise ValueError(f"the diagram is of {diagram.model}, the training of {trained.model}")
    if not trained.complete:
        done = trained.done
        raise ValueError(
            f"{done.sum()} of {done.size} models are trained: finish the training before the check"
        )
    if not 1 <= margin <= LARGEST_MARGIN:
        raise ValueError(f"margin = {margin}: it must be a factor from 1 to 1e6, for example 1.25")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold = {threshold}: it must be between 0 and 1")
    S, r = trained.sparsities, trained.importances
    outcome_of = {phase.name: phase.outcome for phase in diagram.phases}
    wide = widened(1 - S, margin, 1.0), widened(r, margin, np.inf)
    theory: Labelled = diagram.grid(1 - wide[0], wide[1])
    here = np.ix_(np.searchsorted(wide[0], 1 - S), np.searchsorted(wide[1], r))
    if theory.outcomes is None:
        outcomes = named(theory.labels[here], outcome_of)
        away = away_from_boundaries(diagram, S, r, outcomes, outcome_of, margin)
        away &= ~tied(diagram, S, r, theory.losses[here], outcomes)
    else:
        outcomes = theory.outcomes[here]
        away = alone(theory.outcomes, wide, (1 - S, r), margin)
    exact, off = mismatches(trained)
    rational_models, rational_off = rational_mismatch(trained, exact)
    return CrossCheck(
        model=trained.model,
        source=diagram.source,
        method=trained.method,
        margin=float(margin),
        threshold=float(threshold),
        sparsities=S,
        importances=r,
        phases=theory.labels[here],
        theory_outcomes=outcomes,
        trained_outcomes=trained.best_outcomes,
        theory_losses=theory.losses[here],
        trained_losses=trained.of_best(exact),
        away=away,
        shares=trained.shares,
        mismatches=off,
        rational_models=rational_models,
        rational_mismatch=rational_off,
        diverged=int((trained.reasons == DIVERGED).sum()),
        slack=SLACK * np.minimum(1.0, loss_scale(trained)),
    )
