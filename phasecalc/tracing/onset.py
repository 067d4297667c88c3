"""Continuous onsets whose line is known exactly: where a dropped feature joins a dedicated one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy
from numpy.typing import NDArray

from ..exact.onset import onset_importance, tricritical_points
from ..model import Uniform
from ..symbols import p
from .arcs import Window
from .field import walk
from .landscape import Landscape, State, theta_of
from .records import SpecialPoint, TracedBoundary
from .seeds import Continuous

Floats = NDArray[np.float64]

SAMPLES = 81
_STEP = 0.05
NEAR = 1e-3
"""How close in ln r a continuous transition must lie to the exact line to be it."""


@dataclass(frozen=True, slots=True, eq=False)
class OnsetLine:
    """The part r = q(p)/v(p) (or its inverse) of the onset that lies between tricritical points."""

    phases: tuple[str, str]
    formula: sympy.Expr
    states: tuple[State, ...]
    ends: tuple[SpecialPoint, SpecialPoint]

    @property
    def thetas(self) -> Floats:
        """Sampled points (k, 2)."""
        return np.array([state.theta for state in self.states])

    def boundary(self, points: list[SpecialPoint]) -> TracedBoundary:
        """The record: third order, as the loss gained grows with the cube of the distance."""
        return TracedBoundary(
            phases=self.phases,
            sparsities=tuple(state.point[0] for state in self.states),
            importances=tuple(state.point[1] for state in self.states),
            losses=tuple(state.loss for state in self.states),
            jumps=((0.0, 0.0),) * len(self.states),
            order=3,
            error=1e-15,
            ends=self.ends,
            importance=self.formula,
        )


@lru_cache(maxsize=1)
def _numerical() -> tuple[float, float]:
    """p of the two tricritical points, ascending."""
    one, two = (float(root.exact()) for root in tricritical_points())
    return one, two


def onset_between(landscape: Landscape, place: Continuous, window: Window) -> OnsetLine | None:
    """The exact onset line through a continuous transition; None where that is none."""
    if not isinstance(landscape.model.law, Uniform):
        return None
    formula = onset_importance()
    expected = float(np.log(float(formula.subs(p, float(np.exp(place.low.theta[0]))))))
    if abs(expected - place.low.theta[1]) < NEAR:
        inverse, outcome = False, "not represented"
    elif abs(expected + place.low.theta[1]) < NEAR and landscape.model.n_features == 2:
        inverse, outcome = True, "dedicated"
    else:
        return None
    both = {place.low.outcome: place.low, place.high.outcome: place.high}
    dropped, joined = both.pop(outcome, None), next(iter(both.values()), None)
    if dropped is None or joined is None:
        return None
    evaluate = sympy.lambdify(p, formula)
    first, last = _numerical()
    states: list[State] = []
    for position in np.linspace(first, last, SAMPLES):
        r = float(evaluate(position))
        theta = theta_of(1.0 - position, 1.0 / r if inverse else r)
        if window.excess(theta) > 0:
            continue
        walked = walk(landscape, states[-1] if states else dropped, theta, _STEP)
        if walked is None:
            return None
        states.append(walked)
    names = (joined.name, dropped.name) if inverse else (dropped.name, joined.name)
    ends = tuple(
        SpecialPoint("tricritical point", names, *state.point, state.loss, 1e-15, "isolated")
        for state in (states[0], states[-1])
    )
    return OnsetLine(names, 1 / formula if inverse else formula, tuple(states), (ends[0], ends[1]))
