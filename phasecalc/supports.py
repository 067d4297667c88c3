"""Supports: which features are active together. One class a support.

With π(A) the probability that A is the set of active features, L = Σ_A π(A) Σ_j I_j ℓ_j(A), where
ℓ_j(A) depends on the weights and the magnitude law alone. A support is a product of independent
*factors*: disjoint groups of features, each with the probabilities of its active subsets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any, ClassVar

import sympy

from .active_sets import (
    Active,
    Factor,
    combined,
    features_in,
    probability_in,
    restricted,
    set_text,
    single,
    valued,
)
from .inputs import Scalar, shown, size_of
from .symbols import c, p

MOST_SETS = 20_000
"""Limit on the active sets that are listed one by one."""


class Support(ABC):
    """Which features are active together; subclasses are frozen dataclasses of exact numbers."""

    name: ClassVar[str]

    @abstractmethod
    def factors(self, n: int) -> tuple[Factor, ...]:
        """The independent parts of n features, which together are all of them.

        Raises `ValueError` where the support names a feature that is not among them.
        """

    def patterns(self, features: Sequence[int], n: int) -> dict[Active, Scalar]:
        """P(A ∩ features = B) by B, without those that are never met; formulas in p.

        >>> Groups(anticorrelated=[(0, 1)]).patterns((0, 1), 3)
        {frozenset(): 1 - 2*p, frozenset({0}): p, frozenset({1}): p}
        """
        wanted = frozenset(features)
        found: dict[Active, Scalar] = {frozenset(): Fraction(1)}
        for members, sets in self.factors(n):
            if wanted.isdisjoint(members):
                continue
            found = combined(found, restricted(sets, wanted))
        return found

    def active(self, feature: int, n: int) -> Scalar:
        """P(the feature is active), a formula in p."""
        return self.patterns((feature,), n).get(frozenset((feature,)), Fraction(0))

    def check(self, n: int, probability: Scalar | None = None) -> None:
        """ValueError unless this is a support of n features, also at that feature probability."""
        for members, sets in self.factors(n):
            for active, weight in sets:
                value = weight
                if probability is not None and isinstance(weight, sympy.Expr):
                    value = weight.subs(p, probability)
                if getattr(value, "free_symbols", None):
                    continue
                if not 0 <= value <= 1:
                    at = "" if probability is None else f" at p = {probability}"
                    raise ValueError(
                        f"support = {self}: P({set_text(active)} active, of features "
                        f"{set_text(members)}) = {value}{at}, it must lie in [0, 1]"
                    )

    def symbols(self, n: int) -> set[sympy.Symbol]:
        """The symbols of its probabilities."""
        found: set[sympy.Symbol] = set()
        for _, sets in self.factors(n):
            for _, weight in sets:
                found |= getattr(weight, "free_symbols", set())
        return found

    def subs(self, values: Mapping[Any, Any]) -> Support:
        """The same support with exact numbers in place of symbols of its probabilities."""
        return self

    @property
    def text(self) -> str:
        """Which features are active together, in words."""
        return str(self)

    def __str__(self) -> str:
        """The text that `support_of` reads."""
        return self.name


@dataclass(frozen=True, slots=True, repr=False)
class Independent(Support):
    """Every feature is active by itself: with the same p, or each with a probability of its own.

    probabilities : (p_1, …, p_n), exact numbers or expressions; None for p, which S = 1 − p gives.

    >>> Independent(["1/2", "1/3"]).patterns((1,), 2)
    {frozenset(): Fraction(2, 3), frozenset({1}): Fraction(1, 3)}
    """

    probabilities: Any = None

    name: ClassVar[str] = "independent"

    def __post_init__(self) -> None:
        if self.probabilities is not None:
            if isinstance(self.probabilities, str) or not isinstance(self.probabilities, Iterable):
                raise TypeError(f"probabilities = {shown(self.probabilities)}: it must be a list")
            entries = tuple(
                probability_in(entry, f"probabilities[{i}]")
                for i, entry in enumerate(self.probabilities)
            )
            object.__setattr__(self, "probabilities", entries)

    def __repr__(self) -> str:
        given = "" if self.probabilities is None else f"{list(map(str, self.probabilities))}"
        return f"Independent({given})"

    def factors(self, n: int) -> tuple[Factor, ...]:
        if self.probabilities is None:
            return tuple(((i,), single(i, p)) for i in range(n))
        if len(self.probabilities) != n:
            raise ValueError(
                f"support = {self}: probabilities has {len(self.probabilities)} entries: {n} are "
                "needed"
            )
        return tuple(((i,), single(i, q)) for i, q in enumerate(self.probabilities))

    def subs(self, values: Mapping[Any, Any]) -> Support:
        if self.probabilities is None:
            return self
        return Independent([valued(q, values) for q in self.probabilities])

    def __str__(self) -> str:
        return "independent" + (
            f"({', '.join(map(str, self.probabilities))})" if self.probabilities else ""
        )


@dataclass(frozen=True, slots=True)
class Groups(Support):
    """Groups of features that are always active together, and groups of which at most one is.

    Each feature is active with probability p. A correlated group is active as a whole with
    probability p; of an anticorrelated group of k ≤ 1/p features each is active alone with
    probability p, and none with 1 − kp. Magnitudes stay independent; so do groups of each other and
    features that are in none.

    Source: Elhage et al. 2022, "Correlated and anticorrelated feature sets".

    >>> Groups(correlated=[(0, 1)]).patterns((0, 1), 2)
    {frozenset(): 1 - p, frozenset({0, 1}): p}

    Raises `ValueError` for a feature in two groups or twice in one.
    """

    correlated: Any = ()
    anticorrelated: Any = ()

    name: ClassVar[str] = "groups"

    def __post_init__(self) -> None:
        seen: set[int] = set()
        for argument in ("correlated", "anticorrelated"):
            given = getattr(self, argument)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise TypeError(f"{argument} = {shown(given)}: it must be a list of groups")
            groups = tuple(features_in(group, f"{argument}[{e}]") for e, group in enumerate(given))
            for group in groups:
                for i in group:
                    if i in seen:
                        raise ValueError(f"{argument}: feature {i} is in a group already")
                    seen.add(i)
            object.__setattr__(self, argument, groups)

    def factors(self, n: int) -> tuple[Factor, ...]:
        result: list[Factor] = []
        free = set(range(n))
        for group in (*self.correlated, *self.anticorrelated):
            _known(group, n, self)
            free -= set(group)
        for group in self.correlated:
            result.append((group, ((frozenset(), 1 - p), (frozenset(group), p))))
        for group in self.anticorrelated:
            none = (frozenset[int](), 1 - len(group) * p)
            result.append((group, (none, *((frozenset((i,)), p) for i in group))))
        return (*result, *(((i,), single(i, p)) for i in sorted(free)))

    @property
    def text(self) -> str:
        parts = [f"{kind} {', '.join(map(set_text, sets))}" for kind, sets in self._kinds()]
        return "; ".join(parts) or "independent"

    def __str__(self) -> str:
        parts = [f"{kind}={''.join(map(set_text, sets))}" for kind, sets in self._kinds()]
        return f"groups({', '.join(parts)})"

    def _kinds(self) -> list[tuple[str, tuple[tuple[int, ...], ...]]]:
        kinds = (("correlated", self.correlated), ("anticorrelated", self.anticorrelated))
        return [(kind, sets) for kind, sets in kinds if sets]


@dataclass(frozen=True, slots=True)
class ExactlyActive(Support):
    """Exactly k features are active, every set of k with the same probability 1/C(n, k).

    k = 1 is *one-sparse* data (Chen et al. 2023).
    The sparsity plays no part.

    >>> ExactlyActive(1).patterns((0, 1), 4)
    {frozenset(): Fraction(1, 2), frozenset({0}): Fraction(1, 4), frozenset({1}): Fraction(1, 4)}
    """

    k: int = 1

    name: ClassVar[str] = "exactly-active"

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", size_of(self.k, "k"))

    def factors(self, n: int) -> tuple[Factor, ...]:
        self._fits(n)
        count = comb(n, self.k)
        if count > MOST_SETS:
            raise ValueError(
                f"support = {self}: {count} active sets would be summed, the limit is {MOST_SETS}"
            )
        sets = combinations(range(n), self.k)
        return ((tuple(range(n)), tuple((frozenset(A), Fraction(1, count)) for A in sets)),)

    def patterns(self, features: Sequence[int], n: int) -> dict[Active, Scalar]:
        self._fits(n)
        wanted = sorted(set(features))
        total, rest = comb(n, self.k), n - len(wanted)
        return {
            frozenset(B): Fraction(comb(rest, self.k - size), total)
            for size in range(min(self.k, len(wanted)) + 1)
            if self.k - size <= rest
            for B in combinations(wanted, size)
        }

    def check(self, n: int, probability: Scalar | None = None) -> None:
        self._fits(n)

    def symbols(self, n: int) -> set[sympy.Symbol]:
        return set()

    def _fits(self, n: int) -> None:
        if self.k > n:
            raise ValueError(f"support = {self}: k = {self.k}: there are only {n} features")

    @property
    def text(self) -> str:
        return f"exactly {self.k} active"

    def __str__(self) -> str:
        return f"exactly-active({self.k})"


@dataclass(frozen=True, slots=True)
class Table(Support):
    """Any table π(A) of probabilities, which sum to 1; sets that are not listed are never active.

    probabilities : {A: π(A)}, A a tuple of features; exact numbers, or expressions in p and other
        symbols. Kept as sorted pairs.

    >>> c = sympy.Symbol("c")
    >>> pair = Table({(): 1 - 2 * p + c, (0,): p - c, (1,): p - c, (0, 1): c})
    >>> pair.active(0, 2)
    p

    Raises `ValueError` for numbers outside [0, 1] and where the sum is not 1.
    """

    probabilities: Any

    name: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        given = self.probabilities
        pairs = given.items() if isinstance(given, Mapping) else given
        if isinstance(pairs, str) or not isinstance(pairs, Iterable):
            raise TypeError(f"probabilities = {shown(given)}: it must map active sets to numbers")
        entries: dict[tuple[int, ...], Scalar] = {}
        pairs = list(pairs)
        if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
            raise TypeError(f"probabilities = {shown(given)}: it must map active sets to numbers")
        for key, value in pairs:
            active = tuple(sorted(features_in(key, "probabilities")))
            if active in entries:
                raise ValueError(f"probabilities: {set_text(active)} is listed twice")
            entries[active] = probability_in(value, f"probabilities[{set_text(active)}]")
        total = sympy.expand(sympy.Add(*(sympy.sympify(weight) for weight in entries.values())))
        if total != 1:
            raise ValueError(f"probabilities: they sum to {total}, it must be 1")
        object.__setattr__(self, "probabilities", tuple(sorted(entries.items())))

    def factors(self, n: int) -> tuple[Factor, ...]:
        for active, _ in self.probabilities:
            _known(active, n, self)
        sets = tuple((frozenset(active), weight) for active, weight in self.probabilities)
        return ((tuple(range(n)), sets),)

    def subs(self, values: Mapping[Any, Any]) -> Support:
        return Table({active: valued(weight, values) for active, weight in self.probabilities})

    @property
    def text(self) -> str:
        return f"a table of {len(self.probabilities)} active sets"

    def __str__(self) -> str:
        rows = [f"{set_text(active)}: {weight}" for active, weight in self.probabilities]
        return f"table({', '.join(rows)})"


@dataclass(frozen=True, slots=True)
class Pair(Support):
    """Two features that may be correlated: each is active with p, both with `both`.

    both : max(0, 2p − 1) ≤ P(both are active) ≤ p, an exact number or an expression in p and other
        symbols; c, the symbol of the exact diagram over (p, c), by default. 0 is anticorrelated,
        p² independent, p fully correlated.

    >>> both = frozenset({0, 1})
    >>> Pair("p^2").patterns((0, 1), 2)[both], Independent().patterns((0, 1), 2)[both]
    (p**2, p**2)
    >>> Pair().active(0, 2), Pair().symbols(2) == {c, p}
    (p, True)

    Raises `ValueError` for a number outside [0, 1], and for a model of other than two features.
    """

    both: Any = c

    name: ClassVar[str] = "pair"

    def __post_init__(self) -> None:
        object.__setattr__(self, "both", probability_in(self.both, "both"))

    def factors(self, n: int) -> tuple[Factor, ...]:
        if n != 2:
            raise ValueError(f"support = {self}: it is for 2 features, not {n}")
        neither, one = sympy.expand(1 - 2 * p + self.both), p - self.both
        sets = (((), neither), ((0,), one), ((1,), one), ((0, 1), self.both))
        return (((0, 1), tuple((frozenset(active), weight) for active, weight in sets)),)

    def subs(self, values: Mapping[Any, Any]) -> Support:
        return Pair(valued(self.both, values))

    def __str__(self) -> str:
        return f"pair({self.both})"


def checked_support(support: object, n: int) -> Support:
    """The support itself, `Independent()` for None; TypeError for anything else."""
    if support is None:
        return Independent()
    if not isinstance(support, Support):
        raise TypeError(
            f"support = {shown(support)}: it must be a support, for example "
            "phasecalc.Groups(correlated=[(0, 1)]) or phasecalc.ExactlyActive(1)"
        )
    support.check(n)
    return support


def _known(features: Iterable[int], n: int, support: Support) -> None:
    for i in features:
        if i >= n:
            raise ValueError(f"support = {support}: there is no feature {i}, only 0 to {n - 1}")
