"""Theory against experiment, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..configurations import OUTCOMES
from ..model import ToyModel
from .kernel import expected_loss
from .trained import Method, TrainedGrid

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Strings = NDArray[np.str_]

MARGIN = 1.25
"""Factor in p and r within which a boundary is near. Weights that are optimised, as trained ones
are, move the boundaries of the unit-norm candidates by up to a fifth in r."""
THRESHOLD = 0.95
"""Least agreement away from the boundaries. On the paper's axes all cells away from them agree for
n = 2, m = 1 and n = 3, m = 2; with the point law 98 in 100 do, as at S = 0 its features are
constants that a bias alone represents."""
SLACK = 1e-9
"""A trained loss this much above the theory's counts as stuck, this much below as lower."""
ROUNDING = 1e-12
"""Relative difference allowed between the loss of a trained model and the exact loss of it."""
STANDARD_ERRORS = 6.0
"""The same for estimated losses. One model in 5·10⁸ is further off by chance."""


class Phase(Protocol):
    """What is asked of a phase."""

    @property
    def name(self) -> str: ...
    @property
    def outcome(self) -> str: ...


class Labelled(Protocol):
    """What is asked of a diagram's grid: labels and lowest losses, (n_S, n_r)."""

    @property
    def labels(self) -> Strings: ...
    @property
    def losses(self) -> Floats: ...
    @property
    def outcomes(self) -> Strings | None: ...


class Diagram(Protocol):
    """What is asked of a diagram: any source of phases will do."""

    @property
    def model(self) -> ToyModel: ...
    @property
    def source(self) -> str: ...
    @property
    def phases(self) -> tuple[Any, ...]: ...
    def grid(self, sparsities: object, importances: object) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class CrossCheck:
    """A diagram held against trained models; arrays are (n_S, n_r), of each cell's best model.

    phases : the theory's labels. theory_outcomes, trained_outcomes : of the extra feature.
    theory_losses : of the theory's phase. trained_losses : the lowest of the cell, exact
    (for the method "sampled" the exact losses of the weights with the lowest estimate).
    away : no boundary between outcomes within the factor ``margin`` of the cell in p and r.
    Outcomes of both sides are by one rule where the theory has weights of its own
    (`phasecalc.numeric.measures`): a weak pair, whose extra feature has a norm below 1/2, counts as
    not represented in both.
    shares : (n_S, n_r, 3), the part of a cell's models that reached each outcome.
    mismatches : (n_S, n_r, models), |loss − exact loss of the same weights| in units of what is
    allowed: 10⁻¹² of the loss's scale, or six standard errors of an estimated loss.
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
        """Part of the cells away from boundaries that agree; 1 where there is none."""
        return float(self.agree[self.away].mean()) if self.away.any() else 1.0

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
        return np.asarray(self.excess < -SLACK)

    @property
    def stuck(self) -> Booleans:
        """Where even the best model stayed above the theory's loss."""
        return np.asarray(self.excess > SLACK)

    @property
    def losses_agree(self) -> bool:
        """Whether every trained loss is the exact loss of its own weights, within its error."""
        return bool((self.mismatches <= 1).all())

    @property
    def passed(self) -> bool:
        """The losses agree with their weights, and outcomes do away from the boundaries."""
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
    the same at all nine points (p·f, r·g), f and g in {1/margin, 1, margin}, with p ≤ 1.

    A diagram of optimised weights is asked for one grid: the trained one, with the ends of its axes
    moved outwards by ``margin``. There the theory's outcome is that of the minimum's own weights,
    by the rule that is used for the trained ones; and a cell is away from the boundaries when the
    outcome is the same at all points of that grid within ``margin``, and at the first ones beyond.

    Parameters
    ----------
    diagram : a diagram with ``model``, ``source``, ``phases`` and ``grid``, as `phase_diagram`
        makes them, of the same model as the training.
    trained : a complete `TrainedGrid`.
    margin : a factor, at least 1. The default 1.25 is a little more than optimised weights move the
        boundaries of the paper's candidates.
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
    if not 1 <= margin < np.inf:
        raise ValueError(f"margin = {margin}: it must be a factor, at least 1, for example 1.25")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold = {threshold}: it must be between 0 and 1")
    S, r = trained.sparsities, trained.importances
    outcome_of = {phase.name: phase.outcome for phase in diagram.phases}
    wide = _widened(1 - S, margin, 1.0), _widened(r, margin, np.inf)
    theory: Labelled = diagram.grid(1 - wide[0], wide[1])
    here = np.ix_(np.searchsorted(wide[0], 1 - S), np.searchsorted(wide[1], r))
    if theory.outcomes is None:
        outcomes = _named(theory.labels[here], outcome_of)
        away = _away(diagram, S, r, outcomes, outcome_of, margin)
    else:
        outcomes = theory.outcomes[here]
        away = _alone(theory.outcomes, wide, (1 - S, r), margin)
    exact, mismatches = _mismatches(trained)
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
        mismatches=mismatches,
    )


def _named(labels: Strings, outcome_of: Mapping[str, str]) -> Strings:
    """Outcomes of labels; "" for a label that is no phase of the diagram."""
    names, index = np.unique(labels, return_inverse=True)
    return np.array([outcome_of.get(str(name), "") for name in names])[index.reshape(labels.shape)]


def _away(
    diagram: Diagram,
    S: Floats,
    r: Floats,
    outcomes: Strings,
    outcome_of: Mapping[str, str],
    margin: float,
) -> Booleans:
    away = np.ones(outcomes.shape, np.bool_)
    factors = (1 / margin, 1.0, margin) if margin > 1 else (1.0,)
    for f, g in product(factors, factors):
        if (f, g) != (1.0, 1.0):
            moved = diagram.grid(1 - np.minimum((1 - S) * f, 1.0), r * g)
            away &= _named(moved.labels, outcome_of) == outcomes
    return away


def _widened(axis: Floats, margin: float, largest: float) -> Floats:
    """The values, ascending, and one beyond each end by the margin."""
    ends = [axis.min() / margin, min(axis.max() * margin, largest)]
    return np.unique(np.concatenate([axis, ends]))


def _alone(
    outcomes: Strings, wide: tuple[Floats, Floats], axes: tuple[Floats, Floats], margin: float
) -> Booleans:
    """Where the outcome is one and the same within the margin, and at the next points beyond."""
    rows, columns = (
        [_around(values, float(value), margin) for value in axis]
        for values, axis in zip(wide, axes, strict=True)
    )
    return np.array([[len(np.unique(outcomes[i, j])) == 1 for j in columns] for i in rows])


def _around(values: Floats, centre: float, margin: float) -> slice:
    """The fewest neighbouring values that reach from centre/margin to centre·margin."""
    low, high = centre / margin * (1 + 1e-9), centre * margin * (1 - 1e-9)
    if margin == 1:
        low = high = centre
    first = max(int(np.searchsorted(values, low, side="right")) - 1, 0)
    return slice(first, int(np.searchsorted(values, high, side="left")) + 1)


def _mismatches(trained: TrainedGrid) -> tuple[Floats, Floats]:
    """The exact losses of the weights, and how far the losses are from them."""
    importance = np.ones((len(trained.importances), trained.model.n_features))
    importance[:, -1] = trained.importances
    finite = np.isfinite(trained.weights).all((-1, -2)) & np.isfinite(trained.biases).all(-1)
    shape = trained.losses.shape
    S = np.broadcast_to(trained.sparsities[:, None, None], shape)[finite]
    importance = np.broadcast_to(importance[None, :, None], trained.biases.shape)[finite]
    exact = np.full(shape, np.inf)
    exact[finite] = expected_loss(
        trained.weights[finite], trained.biases[finite], importance, S, trained.model.law
    )
    # Rounding grows with the terms that cancel in the loss, Σ I_j E x_j² at their smallest.
    scale = np.zeros(shape)
    scale[finite] = importance.sum(-1) * (1 - S)
    allowed = STANDARD_ERRORS * trained.loss_errors + ROUNDING * scale
    off = np.zeros(shape)
    # An estimate cannot be told from a loss that is exactly known to be zero.
    np.subtract(trained.losses, exact, out=off, where=finite)
    smallest = np.finfo(np.float64).tiny
    return exact, np.abs(off) / np.maximum(allowed, smallest)
