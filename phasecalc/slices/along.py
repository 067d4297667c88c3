"""F and all branches of minima along a line on which one coordinate of a plane is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np
import sympy
from numpy.typing import NDArray

from ..continuation.equations import Meeting
from ..continuation.limits import Limit, cause_of, followed, limit_between
from ..continuation.scan import Continuous, between, connected, onset_at
from ..diagram.grid import checked_axis
from ..inputs import is_one_importance
from ..kernel.inputs import scalar_in, sparsity_in
from ..landscapes.branch import Branch, Landscape, kind_of, same_signs
from ..landscapes.plane import Axis, Plane
from ..landscapes.point_pair import PointPairLandscape
from ..landscapes.settings import DEFAULT, ContinuationSettings
from ..landscapes.sources import landscape_of
from ..model import ToyModel, binary_fractions, checked_model, number_of_r
from ..progress import told
from ..symbols import S as SPARSITY
from ..symbols import r as EXTRA
from . import records

Floats = NDArray[np.float64]
Bracket = tuple[Branch, Floats]
"""The last minimum of a branch, and a θ next to it at which the branch is none any more."""


def slice_along(
    model: ToyModel,
    *,
    sparsity: object = None,
    importance: object = None,
    feature_probability: object = None,
    values: Sequence[float] | Floats | None = None,
    source: str = "global",
    x: sympy.Symbol = SPARSITY,
    y: sympy.Symbol = EXTRA,
    settings: ContinuationSettings = DEFAULT,
    progress: bool | None = None,
) -> records.Slice:
    """F and every branch of local minima along a line of constant S or constant r.

    Minima are searched for at every value (n = 2) or at every eighth and wherever the lowest one
    changes (n > 2), and followed in both directions until they stop being minima; folds and onsets
    are solved for there. So are the crossings of the lowest two: L_a = L_b to 10⁻¹² in ln r or ln p
    where both exist, the onset of the one that leaves the other where the transition is continuous.

    Parameters
    ----------
    model : only the global source takes models with bias = "zero" or an interference penalty.
    sparsity, importance : one of the two, the coordinate that is held; or p = 1 − S, as
        ``feature_probability``. One importance is r. Importances of all features take the place of
        the model's: in numbers they are held, and the model of the slice has r for the last of
        them; beside a sparsity they keep an r that is varied. A model whose importances are numbers
        needs neither.
    values : of the other one, at least two, ascending; by default its usual axis.
    source : "global" (all weights and biases free) or "relaxed" (within each candidate's pattern).
    x, y : two symbols of the model in place of S and r, of which ``sparsity`` and ``importance``
        then are values; for example S and the symbol of the interference penalty.
    settings : the tolerances of the continuation.
    progress : words on stderr where it takes longer than two seconds; None on a terminal only.

    >>> import phasecalc as pc
    >>> line = pc.slice_along(pc.ToyModel(2, 1), sparsity=0.6, values=[0.2, 0.3, 0.4])
    >>> line.labels
    ('ignore', 'ignore', 'antipodal')
    >>> [(c.phases, round(c.value, 9), c.nature) for c in line.crossings]
    [(('ignore', 'antipodal'), 0.337280469, 'first order')]

    Raises `ValueError` for none or both of the coordinates, values out of range, or a model that
    the source does not take.
    """
    checked_model(model)
    if not is_one_importance(importance):
        model = replace(model, importance=binary_fractions(importance))
        importance = None
    importance = number_of_r(importance)
    if source not in ("relaxed", "global"):
        raise ValueError(f'source = {source!r}: it must be "relaxed" or "global"')
    if model.n_features <= model.d_hidden:
        raise ValueError(
            f"n_features = {model.n_features}, d_hidden = {model.d_hidden}: a slice needs more "
            "features than dimensions (n_features > d_hidden)"
        )
    if y == EXTRA and not set(model.symbols) & {x, y}:
        if (sparsity, importance, feature_probability) != (None, None, None):
            raise ValueError(
                "sparsity: there is none beside importances in numbers, which are held while S is "
                'varied; to vary r keep it, as in importance = "1, 1/2, r"'
            )
        importance = model.importance[-1]
        if sympy.sympify(importance).free_symbols:
            raise ValueError(
                f"importance = {importance}: it must be a number, or a formula in r or S"
            )
        model = replace(model, importance=(*model.importance[:-1], EXTRA))
    held: Literal["sparsity", "importance"]
    held = "sparsity" if importance is None else "importance"
    if [sparsity, importance, feature_probability].count(None) != 2:
        raise ValueError(
            "give one of sparsity, feature_probability and importance, the coordinate that is held"
        )
    plane = Plane.of(model, x, y)
    if feature_probability is not None:
        if plane.x.chart != "log density":
            raise ValueError(f"feature_probability: x = {x} is not S, so that 1 − x is no p")
        at = sparsity_in(None, feature_probability)
    else:
        at = _coordinate(plane.x if held == "sparsity" else plane.y, sparsity, importance, held)
    varied = plane.y if held == "sparsity" else plane.x
    line = _values(values, varied, settings.slice_points[model.n_features > 2])
    thetas = [plane.theta(at, v) if held == "sparsity" else plane.theta(v, at) for v in line]
    land = landscape_of(plane, source, settings)
    if isinstance(land, PointPairLandscape):
        raise ValueError(
            f"law = {model.law}: a slice follows minima that are isolated, and under the point law "
            "they are whole polytopes; phase_diagram has their phases"
        )
    with told(f"following the minima along {len(line)} points of the line", progress):
        return _Line(land, held, line, thetas).slice(source, at)


def _coordinate(axis: Axis, sparsity: object, importance: object, held: str) -> float:
    given = sparsity if held == "sparsity" else importance
    if axis.chart == "log density":
        return float(scalar_in(given, held, 0.0, 1.0, open_end=True))
    at = float(scalar_in(given, held, 0.0, np.inf))
    return _positive(at, held) if axis.chart == "log" else at


def _values(values: object, axis: Axis, count: int) -> Floats:
    if values is None:
        ends = axis.chart_of(axis.low), axis.chart_of(axis.high)
        line = np.array([axis.value(float(t)) for t in np.linspace(*ends, count)])
        line[0], line[-1] = axis.low, axis.high
        return line
    line = checked_axis(values, "values")
    if len(line) < 2 or (np.diff(line) <= 0).any():
        raise ValueError("values must be at least two, and ascending")
    if axis.chart == "log":
        _positive(float(line[0]), "values[0]")
    elif axis.chart == "log density" and line[-1] >= 1:
        raise ValueError(f"values[{len(line) - 1}] = {line[-1]}: a sparsity must be below 1")
    return line


def _positive(value: float, argument: str) -> float:
    if value <= 0:
        raise ValueError(f"{argument} = {value:g}: an importance must be above 0")
    return value


class _Line:
    """The branches along one line, as they are found."""

    def __init__(
        self,
        land: Landscape,
        held: Literal["sparsity", "importance"],
        values: Floats,
        thetas: list[Floats],
    ) -> None:
        self.land, self.held, self.values, self.thetas = land, held, values, thetas
        self.axis = 0 if held == "importance" else 1
        self.chart = land.plane.axes[self.axis]
        self.branches: list[dict[int, Branch]] = []
        self.brackets: list[list[Bracket | None]] = []

    def slice(self, source: str, at: float) -> records.Slice:
        lowest = self._lowest()
        crossings = [
            crossing
            for one, two in pairwise(lowest)
            if not connected(self.land, one, two)
            for crossing in self._crossings(one, two)
        ]
        branches = [self._branch(i) for i in range(len(self.branches))]
        return records.Slice(
            model=self.land.plane.model,
            source=source,
            fixed=self.held,
            at=at,
            values=self.values,
            losses=np.array([branch.loss for branch in lowest]),
            labels=tuple(branch.name for branch in lowest),
            branches=tuple(sorted(branches, key=lambda branch: float(branch.losses.min()))),
            crossings=tuple(crossings),
            axes=(self.land.plane.x.symbol.name, self.land.plane.y.symbol.name),
        )

    def _lowest(self) -> list[Branch]:
        """The lowest minimum at each value, after a search wherever it changes its pattern."""
        count = len(self.values)
        stride = self.land.settings.slice_searched[self.land.plane.model.n_features > 2]
        waiting, searched = {*range(0, count, stride), count - 1}, set[int]()
        while True:
            for k in sorted(waiting):
                for branch in self.land.minima(self.thetas[k]):
                    self._add(k, branch)
            searched |= waiting
            lowest = [
                min((b[k] for b in self.branches if k in b), key=lambda branch: branch.loss)
                for k in range(count)
            ]
            kinds = [kind_of(self.land.plane, branch) for branch in lowest]
            changes = [k for k in range(1, count) if kinds[k - 1] != kinds[k]]
            waiting = {j for k in changes for j in (k - 1, k)} - searched
            if not waiting:
                return lowest

    def _add(self, k: int, branch: Branch) -> None:
        """A branch in both directions, unless it is one that is known."""
        for other in self.branches:
            known = other.get(k)
            if known is not None and self._same(known, branch):
                return
        s, found = self.land.settings, {k: branch}
        brackets: list[Bracket | None] = []
        for step in (-1, 1):
            here, j, lost = branch, k + step, None
            while lost is None and 0 <= j < len(self.values):
                here, lost = followed(
                    self.land, here, self.thetas[j], s.slice_bracket, s.longest_step
                )
                if lost is None:
                    found[j] = here
                    j += step
            brackets.append(None if lost is None else (here, lost))
        again = [i for i, other in enumerate(self.branches) if self._contains(found, other)]
        for i in reversed(again):
            del self.branches[i], self.brackets[i]
        self.branches.append(found)
        self.brackets.append(brackets)

    def _branch(self, i: int) -> records.Branch:
        states = [branch for _, branch in sorted(self.branches[i].items())]
        return records.Branch(
            name=states[0].name,
            outcome=states[0].outcome,
            values=self.values[sorted(self.branches[i])],
            losses=np.array([branch.loss for branch in states]),
            curvatures=np.array([self.land.softest(branch)[0] for branch in states]),
            ends=(self._end(i, 0), self._end(i, 1)),
        )

    def _end(self, i: int, side: int) -> records.BranchEnd | None:
        bracket = self.brackets[i][side]
        if bracket is None:
            return None
        last, lost = bracket
        limit: Limit | None = limit_between(self.land, last, lost)
        theta = 0.5 * (last.theta + lost) if limit is None else limit.theta
        width = float(np.linalg.norm(lost - last.theta))
        error = 0.5 * width if limit is None else limit.error
        becomes = None
        for j, other in enumerate(self.brackets):
            facing = other[1 - side]
            if j != i and facing is not None:
                gap = abs(float(facing[0].theta[self.axis] - last.theta[self.axis]))
                if gap < self.land.settings.joined:
                    becomes = next(iter(self.branches[j].values())).name
        loss = last.loss + float(last.gradient @ (theta - last.theta))
        cause = None if limit is None else cause_of(limit)
        return records.BranchEnd(
            self._value(theta), loss, self._error(theta, error), becomes, cause
        )

    def _error(self, theta: Floats, error: float) -> float:
        """An error in θ as one of the coordinate."""
        return error * abs(self.chart.slope(float(theta[self.axis])))

    def _value(self, theta: Floats) -> float:
        return self.chart.value(float(theta[self.axis]))

    def _crossings(self, one: Branch, two: Branch) -> list[records.Crossing]:
        found = []
        for place in between(self.land, one, two):
            if isinstance(place, Meeting):
                a, b = place.branches
                jump = b.slopes[self.axis] - a.slopes[self.axis]
                value, error = self._value(place.theta), self._error(place.theta, place.error)
                names = a.name, b.name
                found.append(records.Crossing(names, value, a.loss, jump, "first order", error))
            else:
                found.append(self._continuous(place))
        return found

    def _continuous(self, place: Continuous) -> records.Crossing:
        """The onset in a bracket, or the bracket; a minimum may also just change its name there."""
        a, b = place.low, place.high
        same = same_signs(self.land.plane, a, b)
        if not same:
            onset = onset_at(self.land, place)
            if onset is not None and onset.slope > 0:
                value, error = self._value(onset.theta), self._error(onset.theta, onset.error)
                loss = onset.parent.loss
                names = a.name, b.name
                return records.Crossing(names, value, loss, 0.0, "continuous", error)
        nature: records.Nature = "crossover" if same else "continuous"
        values = [self._value(branch.theta) for branch in (a, b)]
        value, loss = 0.5 * sum(values), 0.5 * (a.loss + b.loss)
        error = 0.5 * abs(values[1] - values[0])
        return records.Crossing((a.name, b.name), value, loss, 0.0, nature, error)

    def _same(self, one: Branch, two: Branch) -> bool:
        """Whether two minima at one value are of one branch."""
        alike = kind_of(self.land.plane, one) == kind_of(self.land.plane, two)
        return alike and abs(one.loss - two.loss) < self.land.settings.same_loss

    def _contains(self, branch: dict[int, Branch], part: dict[int, Branch]) -> bool:
        """Whether every minimum of the part is the branch's own."""
        return all(k in branch and self._same(branch[k], other) for k, other in part.items())
