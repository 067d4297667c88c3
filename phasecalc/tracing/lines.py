"""All lines of a diagram, each leading to the next: arcs, onsets, and the points that join them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from .arcs import trace
from .bifurcation import onset_near, order_parameter
from .coexistence import LOWER, Arc, Pair, Window, left_of, on_line
from .critical import Degenerate, critical_point
from .field import walk
from .landscape import Landscape, State, theta_of
from .onset import OnsetLine, first_order_seed, onset_between, onset_line
from .records import Kind
from .seeds import Continuous, between, connected, crosses, from_junction, lies_on, passes

Floats = NDArray[np.float64]

SAME_POINT = 1e-6
"""Two junctions closer than this in θ are one."""
_NEARLY_ONE = 0.1
"""Branches whose Gram matrices differ by less where their line was lost are about to become one."""
FAINT = 1.5e-3
"""Lines whose Gram matrices differ by less are not begun beside a tricritical point."""
FADES = 2e-2
"""How far in θ from a tricritical point a first-order line can fade out."""
_BEYOND = (4e-2, 2e-2, 1.2e-2, 8e-3)
"""How far beyond a tricritical point its first-order line is looked for. Closer by, its phases
differ by less than a search can tell."""
_SIDE = 2e-3
_AWAY = (3e-3, 8e-3, 2e-2)
"""How far in θ from a special point the lines that leave it are looked for."""


@dataclass(slots=True)
class Lines:
    """What has been found so far; adding a seed adds every line that it leads to.

    ``keep`` is called with every line as soon as it has been traced.
    """

    landscape: Landscape
    window: Window
    arcs: list[Arc] = field(default_factory=list)
    onsets: list[OnsetLine] = field(default_factory=list)
    meetings: list[list[State]] = field(default_factory=list)
    criticals: list[tuple[tuple[str, str], Degenerate]] = field(default_factory=list)
    keep: Callable[[Arc], None] = field(default=lambda arc: None)

    def add(self, seed: Pair) -> None:
        """Trace the line through a seed, unless it is there already, and those it leads to."""
        waiting = [seed]
        while waiting:
            here = waiting.pop()
            if self.has(here):
                continue
            if here.distance < FAINT and self._tricritical(here):
                continue  # the line ends there, and has been followed from where it is plainer
            arc = trace(self.landscape, here, self.window)
            self.keep(arc)
            waiting.extend(self.take(arc))

    def has(self, pair: Pair) -> bool:
        """Whether a known line runs through a point between two branches."""
        return any(lies_on(arc, pair) for arc in self._between(pair.a, pair.b))

    def take(self, arc: Arc) -> list[Pair]:
        """Keep a line; the seeds of those that its ends lead to."""
        self.arcs.append(arc)
        found: list[Pair] = []
        for side, pair in ((0, arc.pairs[0]), (1, arc.pairs[-1])):
            kind, third = arc.ends[side]
            if kind == "junction" and third is not None:
                found.extend(self._meet([pair.a, pair.b, third]))
            elif kind == "end of a branch" and pair.distance < _NEARLY_ONE:
                kind, seeds = self._merge(arc, pair)
                arc.ends[side] = (kind, None)
                found.extend(seeds)
        return found

    def explain(self, one: State, two: State) -> bool:
        """Whether the two are one branch, or some line between their phases separates them."""
        if connected(self.landscape, one, two):
            return True
        lines = [
            np.array([pair.theta for pair in arc.pairs])
            for arc in self.arcs
            if len(arc.pairs) > 1 and arc.separates(one.name, two.name)
        ]
        lines += [line.thetas for line in self.onsets if line.separates(one.name, two.name)]
        return any(crosses(line, one.theta, two.theta) for line in lines)

    def search(self, one: State, two: State) -> bool:
        """Find the lines that cross an edge; whether all of them were found."""
        complete = True
        for found in between(self.landscape, one, two):
            if isinstance(found, Pair):
                self.add(found)
            elif not self._continuous(found):
                complete = False
        return complete

    def _continuous(self, place: Continuous) -> bool:
        if self.explain(place.low, place.high) or self._on_onset(place):
            return True
        line = onset_between(self.landscape, place, self.window)
        if line is None:
            return False
        for seed in self.join(line):
            self.add(seed)
        return True

    def _on_onset(self, place: Continuous) -> bool:
        """Whether a known continuous line of one of the two phases passes there.

        So close to it the other one may go by the name of any daughter.
        """
        names = {place.low.name, place.high.name}
        return any(
            line.phases[0] in names and passes(line.thetas, place.low.theta) for line in self.onsets
        )

    def join(self, line: OnsetLine) -> list[Pair]:
        """Keep a continuous line, if it is new; the seeds of the others that leave its ends."""
        for known in self.onsets:
            if known.same(line):
                if len(line.onsets) <= len(known.onsets) or line.loose >= known.loose:
                    return []
                self.onsets.remove(known)  # it was lost on the way
                break
        self.onsets.append(line)
        return [
            seed for seed in (*self._from_tricritical(line), *self._from_end_points(line)) if seed
        ]

    def _between(self, one: State, two: State) -> list[Arc]:
        """The arcs between branches of the same patterns."""
        patterns = {one.pattern, two.pattern}
        return [
            arc for arc in self.arcs if {arc.pairs[0].a.pattern, arc.pairs[0].b.pattern} == patterns
        ]

    def _meet(self, states: list[State]) -> list[Pair]:
        """Note a junction; the seeds of the lines that leave it."""
        for known in self.meetings:
            if np.abs(known[0].theta - states[0].theta).max() < SAME_POINT:
                names = {state.name for state in known}
                known.extend(state for state in states if state.name not in names)
                states = known
                break
        else:
            self.meetings.append(list(states))
        found = []
        for a, b in combinations(states, 2):
            for third in states:
                if third.name in (a.name, b.name):
                    continue
                seed = from_junction(self.landscape, (a, b, third))
                if seed is not None and self._is_lowest(seed):
                    found.append(seed)
        return found

    def _is_lowest(self, seed: Pair) -> bool:
        return self.landscape.lowest(seed.theta).loss > seed.a.loss - LOWER

    def _merge(self, arc: Arc, pair: Pair) -> tuple[Kind, list[Pair]]:
        """What lies where the two branches of a line become one, and the seeds from there."""
        if pair.a.pattern == pair.b.pattern:
            found = critical_point(self.landscape, pair)
            if found is None:
                return "end of a branch", []
            self.criticals.append((arc.names, found))
            return "critical point", []
        if self._tricritical(pair):
            return "tricritical point", []
        for one, daughter in permutations((pair.a, pair.b)):
            parent = self.landscape.snapped(one)
            if parent is None or order_parameter(parent, daughter) is None:
                continue
            # From the parent's side of the line to the other.
            normal = (1.0 if one is pair.a else -1.0) * pair.normal / np.linalg.norm(pair.normal)
            seed = onset_near(self.landscape, parent, daughter, pair.theta, normal)
            if seed is None or np.abs(seed.theta - pair.theta).max() > FADES:
                continue
            line = onset_line(self.landscape, seed, self.window)
            if line is None:
                continue
            return "tricritical point", self.join(line)
        return "end of a branch", []

    def _tricritical(self, pair: Pair) -> bool:
        """Whether a continuous line that is known ends close to a pair of its phases."""
        return any(
            end.kind == "tricritical point"
            and np.abs(theta_of(end.sparsity, end.importance) - pair.theta).max() < FADES
            and bool({pair.a.name, pair.b.name} & {*line.phases})
            for line in self.onsets
            for end in line.ends
        )

    def _from_tricritical(self, line: OnsetLine) -> Iterator[Pair | None]:
        """Seeds of the first-order line into which a continuous one turns, a little way on."""
        for end, beyond in zip(line.ends, line.beyond, strict=True):
            if end.kind != "tricritical point" or not beyond:
                continue
            start = theta_of(end.sparsity, end.importance)
            tangent = beyond[0].theta - start
            tangent = tangent / np.linalg.norm(tangent)
            for away in _BEYOND:
                onset = onset_near(
                    self.landscape,
                    beyond[0].parent,
                    beyond[0].daughter,
                    start + away * tangent,
                    beyond[0].direction,
                )
                seed = None if onset is None else first_order_seed(self.landscape, onset)
                if seed is None or seed.distance < FAINT:
                    continue
                if self._is_lowest(seed):
                    yield seed
                else:  # other phases are lower: look across
                    yield from self._across(seed)
                break

    def _across(self, seed: Pair) -> Iterator[Pair]:
        """What separates the lowest phases on both sides of a point."""
        step = _SIDE * seed.normal / np.linalg.norm(seed.normal)
        low, high = (self.landscape.lowest(seed.theta + sign * step) for sign in (-1.0, 1.0))
        for found in between(self.landscape, low, high):
            if isinstance(found, Pair):
                yield found

    def _from_end_points(self, line: OnsetLine) -> Iterator[Pair | None]:
        """Seeds of the first-order line on which a continuous one ends, on both sides of it."""
        for onset, third in zip((line.onsets[0], line.onsets[-1]), line.thirds, strict=True):
            if third is None:
                continue
            for branch in (onset.parent, onset.daughter):
                for away in _AWAY:
                    for sign in (-1.0, 1.0):
                        yield self._beside(branch, third, sign * away)

    def _beside(self, branch: State, third: State, away: float) -> Pair | None:
        """A point of the line of two phases, a little way along it from where the third is."""
        moved = walk(self.landscape, branch, third.theta)
        if moved is None:
            return None
        normal = moved.gradient - third.gradient
        tangent = left_of(normal)
        found = on_line(self.landscape, moved, third, third.theta + away * tangent)
        if found is None or not self._is_lowest(found):
            return None
        minima = self.landscape.is_minimum(found.a) and self.landscape.is_minimum(found.b)
        return found if minima else None
