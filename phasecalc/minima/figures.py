"""The shape of a group of features that interfere, from its Gram matrix: regular, deformed, mixed.

1. Negative overlaps only: a `pair`, `triangle`, `tetrahedron`, `4-simplex` …, regular or not.
2. One length and the angles of a regular polygon or a square antiprism, to `REGULAR`: `pentagon`,
   `hexagon`, …, `square-antiprism`. Three features on one axis: `three-on-a-line`.
3. Every feature long, and in the plane the signs of overlaps of a regular polygon:
   `deformed-pentagon` …. A feature is *long* when its squared length is at least half of the
   largest of the group, else *short*.
4. Three features that span a plane with overlaps of both signs, where there are no others: `mixed-`
   and the two whose cosine is largest, `mixed-extra-aligned`, `mixed-others-antipodal`.
5. Any other group of k features that span d dimensions is `k-in-d(…)`. In brackets stand the sizes
   of the sets of features that are *alike*: of one length and bias, with the same overlaps, as a
   symmetry of the group makes them. "3=" are three in one direction, "3'" three with positive
   overlaps among them, "x" is the extra feature. Long features come first, large sets before small
   ones and the extra feature last; after ":" the short ones, from long to short.
   `5-in-2(1-x:2=-1)`: one feature and the extra one are long; shorter are two alike in one
   direction, and one that is shorter still.

A branch of minima keeps its symmetry until it meets another one, so the sets do not change along
it; nor do overlaps between sets that change their sign, or lengths of long features that pass each
other, change a name. Two branches with the same sets would share one. Beyond `MOST_SETS` features
the number of positive overlaps stands in the brackets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..blocks.names import number_word
from ..blocks.standard import POLYGONS, SHAPES, simplex_name

Floats = NDArray[np.float64]

REGULAR = 1e-5
"""How far overlaps of a regular figure may be from it, relative to the squared length; and how far
two features that are alike from each other."""
SHORT = 0.5
"""Squared lengths below this share of the largest are short."""
MOST_SETS = 9
"""Up to so many features an irregular group is named by what is alike in it."""

_ROUNDING = 1e-8
"""A share of a squared length that is no overlap."""
_MARKS = ("=", "", "'")
_MARKS_IN_WORDS = (" in one direction", "", " with positive overlaps")


@dataclass(frozen=True, slots=True)
class Figure:
    """A name, and in a sentence a noun with its details; "" where the name is noun enough."""

    name: str
    noun: str = ""
    detail: str = ""


def figure_of(
    block: Floats, bias: Floats, extra: int | None = None, *, whole: bool = True
) -> Figure:
    """The shape of a group of three or more features; `extra` is the place of the extra one in it.

    `whole` where there are no other features.

    >>> W = np.array([[1.0, -0.5, -0.2, -0.2], [0.0, 0.9, -0.5, -0.5]])
    >>> figure_of(W.T @ W, np.zeros(4), 0).name
    '4-in-2(1-x:2=)'
    """
    size, rank = len(block), rank_of(block)
    known = _shape(block, rank)
    if known:
        return Figure(known)
    if size == 3 and whole:
        return _mixed(block, extra)
    if size > MOST_SETS:
        positive = int((block[~np.eye(size, dtype=bool)] > 0).sum()) // 2
        return Figure(f"{size}-in-{rank}({positive})")
    return _irregular(block, bias, rank, extra)


def _shape(block: Floats, rank: int) -> str:
    """The name of a shape that has one of its own, else ""."""
    size, square = len(block), np.diag(block)
    if (block[~np.eye(size, dtype=bool)] < 0).all():
        return SHAPES.get(size, simplex_name(size))
    if size == 3 and rank == 1:
        return "three-on-a-line"
    mean = square.mean()
    rows = np.sort(block / mean, axis=1)
    regular = np.abs(square - mean).max() <= REGULAR * mean
    if rank == 2 and regular and _alike(rows, np.cos(2 * np.pi * np.arange(size) / size)):
        return POLYGONS.get(size, f"{size}-gon")
    if rank == 2 and size in POLYGONS and _is_deformed_polygon(block):
        return f"deformed-{POLYGONS[size]}"
    return "square-antiprism" if regular and (size, rank) == (8, 3) and _is_antiprism(rows) else ""


def _mixed(block: Floats, extra: int | None) -> Figure:
    """Three features that span two dimensions, by the largest of their three cosines."""
    length = np.sqrt(np.diag(block))
    cosine = block / np.outer(length, length)
    # Of two that are equal but for rounding that of the others: at r = 1 two regions meet so.
    pairs = [
        (abs(cosine[i, j]) - 1e-7 * (extra in (i, j)), i, j) for i in range(3) for j in range(i)
    ]
    _, i, j = max(pairs)
    kind = "aligned" if cosine[i, j] > 0 else "antipodal"
    if extra is None:
        return Figure(f"mixed-{kind}", "mixed figure", f"its largest cosine {kind}")
    whose = "extra" if extra in (i, j) else "others"
    two = "the extra feature and another" if extra in (i, j) else "the two others"
    return Figure(f"mixed-{whose}-{kind}", "mixed figure", f"{two} most of all {kind}")


def _irregular(block: Floats, bias: Floats, rank: int, extra: int | None) -> Figure:
    length = np.sqrt(np.diag(block))
    short = length**2 < SHORT * (length**2).max()
    sets = [(s, _mark(block, s)) for s in _sets(block, bias, extra)]
    long = [(s, mark) for s, mark in sets if not short[s[0]]]
    long.sort(key=lambda one: (one[0] == [extra], -len(one[0]), _MARKS.index(one[1])))
    levels = long, [(s, mark) for s, mark in sets if short[s[0]]]
    code = ":".join(
        "-".join("x" if s == [extra] else f"{len(s)}{mark}" for s, mark in level)
        for level in levels
        if level
    )
    texts = [_listed([_words(s, mark, extra) for s, mark in level]) for level in levels]
    detail = f"{texts[0]}; shorter: {texts[1]}" if texts[1] else texts[0]
    return Figure(f"{len(block)}-in-{rank}({code})", "irregular figure", detail)


def _sets(block: Floats, bias: Floats, extra: int | None) -> list[list[int]]:
    """Sets of features that are alike, by falling length; the extra feature is a set by itself.

    It comes after one of its own length, so that rounding does not decide where all are equal.
    """
    length = np.sqrt(np.diag(block))
    rows = np.sort(block, axis=1) / length.max()
    close, far = REGULAR * length.max(), REGULAR * np.abs(bias).max()
    found: list[list[int]] = []
    order = np.where(np.arange(len(length)) == extra, length - 2 * close, length)
    for i in np.argsort(-order, kind="stable").tolist():
        for known in found:
            j = known[0]
            if (
                extra not in (i, j)
                and abs(length[i] - length[j]) <= close
                and np.abs(rows[i] - rows[j]).max() <= close
                and abs(bias[i] - bias[j]) <= far
            ):
                known.append(i)
                break
        else:
            found.append([i])
    return found


def _mark(block: Floats, features: list[int]) -> str:
    """Of a set of features: "=" in one direction, "'" three or more with a positive overlap."""
    if len(features) == 1:
        return ""
    part = block[np.ix_(features, features)] / block[features[0], features[0]]
    if (part >= 1 - REGULAR).all():
        return "="
    apart = len(features) == 2 or not (part[~np.eye(len(features), dtype=bool)] > _ROUNDING).any()
    return "" if apart else "'"


def _words(features: list[int], mark: str, extra: int | None) -> str:
    if features == [extra]:
        return "the extra one"
    if len(features) == 1:
        return "one"
    return f"{number_word(len(features))} alike{_MARKS_IN_WORDS[_MARKS.index(mark)]}"


def _listed(texts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def _is_deformed_polygon(block: Floats) -> bool:
    """Whether vectors of a plane, in the order of their angles, have a polygon's signs of overlaps.

    Where the regular polygon has an overlap of 0 any sign will do.
    """
    size = len(block)
    square = np.diag(block)
    if (square < SHORT * square.max()).any():
        return False
    values, vectors = np.linalg.eigh(block)
    plane = vectors[:, -2:] * np.sqrt(values[-2:])
    order = np.argsort(np.arctan2(plane[:, 1], plane[:, 0]))
    steps = np.arange(size)
    regular = np.cos(2 * np.pi * (steps[:, None] - steps) / size)
    signs = np.where(np.abs(regular) < 1e-9, 0.0, np.sign(regular))
    return bool((signs * block[np.ix_(order, order)] >= 0).all())


def _alike(rows: Floats, row: Floats) -> bool:
    return bool(np.abs(rows - np.sort(row)).max() <= REGULAR)


def _is_antiprism(rows: Floats) -> bool:
    """Whether the sorted rows are those of two squares, one turned by 45°, at some heights ±h.

    A row holds 1, u = h² twice, 2u − 1, and −u ± (1 − u)/√2 twice each; its sum of squares fixes u.
    """

    def row(u: float) -> Floats:
        turn = (1 - u) / np.sqrt(2)
        return np.array([1, u, u, 2 * u - 1, turn - u, turn - u, -turn - u, -turn - u])

    # Σ_j G_ij² = 1 + 2u² + (2u − 1)² + 4u² + 2(1 − u)² = 4 − 8u + 12u²: both roots are tried.
    inner = 1 / 9 - (4 - float((rows[0] ** 2).sum())) / 12
    roots = 1 / 3 + np.sqrt(max(inner, 0.0)) * np.array([1.0, -1.0])
    return any(_alike(rows, row(float(u))) for u in roots if 0 < u < 1)


def rank_of(block: Floats) -> int:
    """The number of dimensions that a group spans."""
    values = np.linalg.eigvalsh(block)
    return int((values > 1e-7 * values.max()).sum())
