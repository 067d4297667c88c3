"""Where a function of the onsets along a curve vanishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite, nan

import numpy as np

from ..landscapes.branch import Landscape
from .equations import left_of
from .onset import Onset, next_onset

Function = Callable[[Onset], tuple[float, float]]
"""A value, NaN where it is not known, and its doubt."""

_PLACED = 1e-12
"""Of the way between two onsets, to which a zero is solved for."""
_ZERO = 1e-3
"""Of the largest value: what is left at a zero; where the function jumps more is."""
_AROUND = 0.2
"""Of the way: the onsets around a zero whose doubts are looked at. One may vanish by rounding."""
_NEAREST = 3
"""Known onsets from which another one is solved for."""


def root_between(
    land: Landscape, here: Onset, there: Onset, function: Function, floor: float = 0.0
) -> Onset | None:
    """The onset between two at which a function rises through 0, to a floor; None if not found.

    Where the function is not known it counts as positive, and if that leads nowhere as negative:
    next to an end of the way a phase can be lost. The error says what the function's doubt means.
    """
    from scipy.optimize import brentq  # noqa: PLC0415

    chord = there.theta - here.theta
    known: dict[float, Onset] = {0.0: here, 1.0: there}
    values = {t: function(onset) for t, onset in known.items()}

    def value(t: float, blank: float) -> float:
        if t not in values:
            values[t] = nan, nan
            for start in sorted(known, key=lambda s: abs(s - t))[:_NEAREST]:
                new = next_onset(land, known[start], here.theta + t * chord, left_of(chord))
                if new is not None:
                    known[t], values[t] = new, function(new)
                    break
        found = values[t][0]
        if not isfinite(found):
            return blank
        return 0.0 if abs(found) < floor else found

    for sign in (1.0, -1.0):
        blank = sign * max((abs(v) for v, _ in values.values() if isfinite(v)), default=0.0)
        if not value(0.0, blank) < 0.0 < value(1.0, blank):
            continue
        t = brentq(value, 0.0, 1.0, (blank,), xtol=_PLACED, rtol=_PLACED)
        sizes = {s: abs(v) for s, (v, _) in values.items() if isfinite(v)}
        far = max(sizes, key=lambda s: sizes[s])
        t = min(sizes, key=lambda s: (sizes[s], abs(s - t)))
        if sizes[t] > max(floor, _ZERO * sizes[far]):
            continue
        slope = (sizes[far] - sizes[t]) / (abs(far - t) * float(np.linalg.norm(chord)))
        doubt = max(doubt for s, (_, doubt) in values.items() if abs(s - t) < _AROUND)
        return replace(known[t], error=max(known[t].error, (sizes[t] + doubt) / slope))
    return None
