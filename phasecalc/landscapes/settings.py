"""The tolerances of the continuation, each with its reason.

What belongs to one formula only, as the step of a difference, stands beside that formula: to change
it would change no result but its rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from numbers import Integral, Real
from typing import Any


@dataclass(frozen=True, slots=True)
class ContinuationSettings:
    """Step sizes, tolerances and search effort; lengths in θ, the chart of the plane.

    θ = (ln p, ln r) for the usual plane: a step is a relative one, the same at all scales.

    >>> ContinuationSettings(longest_step=0.03).longest_step
    0.03

    Raises `TypeError` or `ValueError`, by name, for a number of another kind or sign.
    """

    # Steps.
    first_step: float = 0.02
    """Of a curve: small against the window, which is some units wide."""
    longest_step: float = 0.06
    """So that the picture of a curve has no corners that the eye sees."""
    shortest_step: float = 2e-6
    """A curve that needs shorter ones ends: two branches meet there, or Newton's method fails."""
    longest_turn: float = 0.25
    """Radians between tangents one step apart: a larger turn means another curve was met."""
    growth: float = 1.4
    """Of the step after a success; it is halved after a failure."""
    most_points: int = 2000
    """Of one half of a curve: fifty times what a window needs."""
    most_crept: int = 40
    """So many steps of a few times the shortest in a row: a curve that gets nowhere, and ends."""
    farthest: float = 0.08
    """Longest step along a branch away from its curve: Newton's method still finds it."""
    # Branches.
    stationary: float = 1e-11
    """Gradient of a branch: a hundred roundings of the loss of an ill-conditioned minimum."""
    same_loss: float = 1e-12
    """Losses closer than this, with one pattern, are those of one branch: some 1e4 roundings."""
    lower: float = 1e-14
    """A phase is lower when its loss is by more than this: some 100 roundings of a loss."""
    leap: float = 0.05
    """A branch whose parameters move by more than this and thrice the step is another one."""
    least_curvature: float = -1e-7
    """Above it a stationary point is a minimum: curvatures are differences, known to 1e-8."""
    flat: float = 3e-6
    """One-sided curvatures below it are 0: they are differences over 1e-5."""
    alike: float = 5e-4
    """Gram matrices closer than this are not told apart beside an onset."""
    snap: float = 3e-5
    """Overlaps below it are tried at exactly zero, where the loss has its kinks."""
    vanished: float = 1e-9
    """Overlaps and entries below it are rounding."""
    shortest_length: float = 1e-5
    """A feature of a relaxed branch that shrinks below it has left its block."""
    # Searches.
    random_starts: tuple[int, int] = (60, 12)
    """Beside the structured ones: of a search for all minima, and for a third phase only."""
    weakened: tuple[float, ...] = (0.4, 0.15, 0.03)
    """Lengths of one feature of a block from which a relaxed search begins: from pair to onset."""
    lifts: tuple[float, ...] = (0.1, 0.4)
    """Biases from which a relaxed search begins, in means: optimal ones lie between 0 and 1."""
    searched: float = 0.015
    """How far a curve goes on before a third phase is searched for again."""
    narrow: float = 1e-5
    """An edge this short without coexistence is taken for a continuous transition."""
    # Coexistence.
    close: float = 1e-12
    """A point lies on the line when the last correction of θ was below this."""
    merged: float = 1e-3
    """A line ends where its Gram matrices differ by less: losses then differ by the cube of it."""
    faint: float = 1.5e-3
    """Lines are not begun where the Gram matrices differ by less."""
    sharp: float = 1e-8
    """A junction counts when the rounding of losses moves it by less than this."""
    nearly_one: float = 0.1
    """Branches whose Gram matrices differ by less where a line stops are about to become one."""
    same_point: float = 1e-8
    """Two solutions of one system closer than this and their errors are one node."""
    fades: float = 2e-2
    """How far from the special point that ends it a first-order line can become too faint."""
    # Lines that leave a special point: begun at the first of these distances that serves.
    beside_junction: tuple[float, ...] = (3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
    """Down to where a search no longer tells phases apart: a line may be short."""
    beside_end_point: tuple[float, ...] = (3e-3, 8e-3, 2e-2, 1e-3, 3e-4)
    """Of the parent and the phase that takes over; the last are for small windows."""
    grown: tuple[float, ...] = (0.012, 0.03, 0.08)
    """Overlaps of the daughter beside such a point: growing, as it is faint at first."""
    beyond_tricritical: tuple[float, ...] = (4e-2, 2e-2, 1.2e-2, 8e-3, 5e-4, 2e-4, 5e-5, 2e-5)
    """Closer by, phases differ by less than a search can tell; the last are for short lines."""
    to_the_side: float = 2e-3
    """How far to both sides of such a line phases are searched for where others are lower."""
    meets_itself: float = 1e-2
    """Minima of one pattern at a junction, closer than this, are one: next to where a symmetric
    minimum becomes unstable, losses differ by the fourth power of it and tell nothing."""
    # Onsets and folds.
    amplitudes: tuple[float, ...] = (0.012, 0.0096, 0.00744, 0.00552, 0.00384, 0.0024)
    """Overlaps at which a daughter is solved for: small, and large against rounding."""
    solved: float = 1e-13
    """Residual of an extended system, where rounding allows it; folds are good to 100 times it."""
    stencil: float = 2e-3
    """Of the third derivative along the null vector, by four Hessians: error 1e-11."""
    sideways: tuple[float, ...] = (2e-3, 1e-3, 5e-4, 2.5e-4)
    """How far to the side of a kink second derivatives are evaluated, to be extrapolated to it."""
    bracket: float = 1e-4
    """Width in which the end of a branch is bracketed before it is solved for."""
    ahead: float = 2e-3
    """How far beyond its bracket the solved end of a branch may lie."""
    behind: float = 1e-5
    """How far before the last minimum it may lie: there its curvature was 0 up to rounding."""
    unsure: float = 1e-4
    """Directions whose one-sided curvatures, as differences, are this close may be the softest."""
    # Metastable regions.
    corner: float = 1e-3
    """Neighbouring corners of an outline on different curves are no further apart than this."""
    checked: float = 0.08
    """How far a minimum is followed before all directions are looked at again."""
    # Records.
    overshoot: float = 1e-4
    """Points closer to the special point at a line's end are left out: a third phase is lower there
    by less than a search can tell."""
    matched: float = 1e-9
    """A line whose points lie this close to a formula, in ln r, agrees with it."""
    matched_point: float = 1e-6
    """A tricritical point this close to a root of its formula agrees with it: known to 5e-8."""
    # Grids and slices.
    grid_searched: int = 6
    """Along each axis every so many points of a grid are searched, and the last: a search costs a
    hundred times what a step along a branch does."""
    grid_followed: int = 8
    """Of so many points of a boundary, the branches of one are followed over a grid."""
    grid_kept: float = 1.25
    """A branch is followed over a grid while its loss is at most this many times the lowest."""
    slice_points: tuple[int, int] = (121, 41)
    """Of the default line: for two features, and for more, where each is slower."""
    slice_searched: tuple[int, int] = (1, 8)
    """Every so many points of a slice are searched: for two features, and for more."""
    slice_bracket: float = 1e-7
    """Width in which the end of a branch is bracketed on a slice, which has no curve to fall on."""
    joined: float = 1e-5
    """Ends of two branches of a slice that are closer are one: the one continues the other."""

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name), field.default)
        for name in ("first_step", "longest_step"):
            if not self.shortest_step < getattr(self, name):
                raise ValueError(
                    f"{name} = {getattr(self, name)}: it must be above shortest_step = "
                    f"{self.shortest_step}"
                )
        if self.growth <= 1:
            raise ValueError(f"growth = {self.growth}: it must be above 1")


def _check(name: str, value: Any, default: Any, least: int = 1) -> None:
    """TypeError or ValueError, by name, unless a value is of its default's kind and sign."""
    if isinstance(default, tuple):
        whole = isinstance(default[0], int)
        if not isinstance(value, tuple) or len(value) != (len(default) if whole else len(value)):
            wanted = f"a tuple of {len(default)} integers" if whole else "a tuple of numbers"
            raise TypeError(f"{name} = {value!r}: it must be {wanted}")
        if not value:
            raise ValueError(f"{name} = (): it must hold at least one number")
        for k, entry in enumerate(value):
            _check(f"{name}[{k}]", entry, default[0], least=0)
        return
    whole = isinstance(default, int)
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        raise TypeError(f"{name} = {value!r}: it must be {'an integer' if whole else 'a number'}")
    number: Any = value
    if whole and number < least:
        raise ValueError(f"{name} = {value}: it must be at least {least}")
    if not whole and not (isfinite(number) and number * default > 0):
        sign = "positive" if default > 0 else "negative"
        raise ValueError(f"{name} = {value}: it must be {sign} and finite")


DEFAULT = ContinuationSettings()
