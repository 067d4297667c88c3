"""The derivations by name; each is built when it is first asked for."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from importlib import import_module

from ..display import Listed
from ..laws import Point
from ..model import sizes
from .record import Builder, Derivation, Prose, Step


def _built(module: str, **options: object) -> Builder:
    def build() -> tuple[Prose, tuple[Step, ...]]:
        found = import_module(f".{module}", __package__)
        return found.opening(**options), found.steps(**options)

    return build


_ENTRIES: dict[str, tuple[str, Builder]] = {
    "decomposition": ("The loss, sparsity pattern by sparsity pattern", _built("decomposition")),
    "truncated-powers": ("Truncated powers over the cube", _built("truncated_powers")),
    "linear-model": ("The linear model", _built("linear")),
    "two-in-one": ("Two features in one dimension", _built("two_in_one")),
    "block-simplices": ("Block simplices", _built("block_simplices")),
    "first-order": (
        "Why a crossing is a transition of first order",
        _built("first_order"),
    ),
    "boundaries-2-1": (
        "Boundaries and junctions of two features in one dimension",
        _built("boundaries", n=2, m=1),
    ),
    "correlated-2-1": (
        "Two features in one dimension that occur together or apart",
        _built("correlated"),
    ),
    "onset": ("The onset of superposition", _built("onset")),
    "penalty": ("A penalty on interference", _built("penalty")),
    "no-bias": ("Two features in one dimension without biases", _built("no_bias")),
    "boundaries-3-2": (
        "Boundaries and junctions of three features in two dimensions",
        _built("boundaries", n=3, m=2),
    ),
    "thomson": ("The generalised Thomson problem", _built("thomson")),
    "pentagon": ("The pentagon", _built("pentagon")),
    "many-features": ("Many features: a convex hull", _built("many_features")),
    "point-law": ("The point law", _built("point_law")),
    "point-law-boundaries-2-1": (
        "Boundaries and junctions of two features in one dimension, point law",
        _built("boundaries", n=2, m=1, law=Point()),
    ),
    "point-law-boundaries-3-2": (
        "Boundaries and junctions of three features in two dimensions, point law",
        _built("boundaries", n=3, m=2, law=Point()),
    ),
}

NAMES: tuple[str, ...] = tuple(_ENTRIES)
"""Names of all derivations, in the order of the document."""


def _of_any_size(name: str) -> tuple[str, Builder] | None:
    """Boundaries of any n and m, by a name such as boundaries-4-2."""
    found = re.fullmatch(r"(point-law-)?boundaries-([1-9]\d{0,3})-([1-9]\d{0,3})", name)
    if found is None:
        return None
    n, m = int(found[2]), int(found[3])
    options: dict[str, object] = {"law": Point()} if found[1] else {}
    title = f"Boundaries and junctions of {sizes(n, m)}"
    return title + (", point law" if found[1] else ""), _built("boundaries", n=n, m=m, **options)


def _entry(name: str) -> tuple[str, Builder]:
    found = _ENTRIES.get(name) or _of_any_size(name)
    assert found is not None
    return found


def title_of(name: str) -> str:
    """The title of a derivation, without building it."""
    return _entry(name)[0]


@cache
def _derivation(name: str) -> Derivation:
    title, build = _entry(name)
    opening, steps = build()
    return Derivation(name, title, opening, steps)


def derivation(name: str) -> Derivation:
    """A result of the library with its proof: claims, reasons, and a check for every claim.

    >>> found = derivation("two-in-one")
    >>> found.step("antipodal").claim
    Eq(L_antipodal, p**2*r/6 + p**2/6)
    >>> found.step("antipodal").verify()

    `derivations()` gives all of them; besides there are boundaries of any size whose lines and
    junctions end in rational points, by names such as "boundaries-4-2", "point-law-boundaries-4-1".

    Raises `ValueError` for an unknown name, or a size that is too large.
    """
    return _derivation(known(name))


def is_known(name: str) -> bool:
    """Whether there is a derivation of this name."""
    return name in _ENTRIES or _of_any_size(name) is not None


def known(name: str) -> str:
    """The name, if there is such a derivation; `ValueError` names the nearest one."""
    if not is_known(str(name)):
        close = get_close_matches(str(name), NAMES, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]!r}?" if close else "there is none of this name."
        raise ValueError(
            f"derivation = {name!r}: {hint} The names are {', '.join(NAMES)}, and boundaries-N-M"
        )
    return name


def derivations() -> tuple[Derivation, ...]:
    """All derivations, in the order of the document.

    >>> [d.name for d in derivations()][:3]
    ['decomposition', 'truncated-powers', 'linear-model']
    """
    return Listed(map(_derivation, NAMES))
