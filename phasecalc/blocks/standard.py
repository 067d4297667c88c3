r"""The blocks that occur among minima: simplices, regular polygons, the square antiprism, a line.

All have unit lengths and bias 0, but the dropped feature, whose best bias is its mean: dL/db = 0.
"""

from __future__ import annotations

from functools import lru_cache

import sympy

from ..exact.loss import decompose
from ..laws import Law, Uniform
from .block import Block

LARGEST = 8
"""Largest polygon among the standard blocks."""

SHAPES = {1: "dropped", 2: "pair", 3: "triangle", 4: "tetrahedron"}
POLYGONS = {5: "pentagon", 6: "hexagon", 7: "heptagon", 8: "octagon"}


def simplex_name(size: int) -> str:
    """The name of a regular simplex of so many features.

    >>> simplex_name(2), simplex_name(6)
    ('pair', '5-simplex')
    """
    return SHAPES.get(size, f"{size - 1}-simplex")


@lru_cache(maxsize=128)
def simplex(size: int) -> Block:
    """s unit vectors that sum to zero, in s − 1 dimensions: overlaps −1/(s − 1).

    >>> simplex(3).name, simplex(3).dimensions, simplex(3).gram[0][1]
    ('triangle', 2, -1/2)
    """
    gram = [[sympy.Integer(1)] * size for _ in range(size)]
    for i in range(size):
        for j in range(size):
            if i != j:
                gram[i][j] = sympy.Rational(-1, size - 1)
    plurals = {4: "tetrahedra"}
    name = simplex_name(size)
    return Block(gram=gram, name=name, plural=plurals.get(size, ""))


@lru_cache(maxsize=64)
def dropped(law: Law | None = None) -> Block:
    """A feature without weights; its bias is its mean, from dL/db = 0, and its loss the variance.

    >>> dropped().bias, dropped().loss()
    ((p/2,), -p**2/4 + p/3)
    """
    b = sympy.Symbol("b", positive=True)
    loss = sympy.Poly(decompose(None, [b], [1], law, gram=[[0]]).total, b)
    # With b > 0 the loss is a parabola in b that opens upwards; for b ≤ 0 it is what b = 0 gives.
    best = sympy.cancel(-loss.coeff_monomial(b) / (2 * loss.coeff_monomial(b**2)))
    return Block(gram=[[0]], bias=[best], name="dropped", plural="dropped")


@lru_cache(maxsize=1)
def dedicated() -> Block:
    """A feature that has a dimension of its own."""
    return Block(gram=[[1]], name="dedicated", plural="dedicated")


@lru_cache(maxsize=64)
def polygon(size: int) -> Block:
    """A regular k-gon on the unit circle: overlaps cos(2π(i − j)/k).

    >>> polygon(5).gram[0][1], polygon(5).dimensions
    (-1/4 + sqrt(5)/4, 2)

    Raises `ValueError` for fewer than 5 features: three are a triangle, four are two pairs.
    """
    if size < 5:
        raise ValueError(f"size = {size}: a polygon that is no sum of simplices has 5 or more")
    by_steps = [sympy.cos(2 * sympy.pi * k / size) for k in range(size)]
    gram = [[by_steps[(i - j) % size] for j in range(size)] for i in range(size)]
    return Block(gram=gram, name=POLYGONS.get(size, f"{size}-gon"))


@lru_cache(maxsize=1)
def square_antiprism() -> Block:
    r"""Eight unit vectors in three dimensions: two squares, one turned by 45°, at heights ±h.

    Overlaps are u = h² and 2u − 1 in a square, −u ± (1 − u)/√2 between squares. The height has the
    least interference in 1-sparse inputs: d/du of 2u² + 2((1 − u)/√2 − u)² vanishes at
    u = (1 + 3√2)/17.
    """
    u = sympy.Symbol("u")
    near = (1 - u) / sympy.sqrt(2) - u
    (height,) = sympy.solve(sympy.diff(u**2 + near**2, u), u)
    u = sympy.radsimp(height)
    side, far = u, 2 * u - 1
    turns = [(1 - u) / sympy.sqrt(2) - u, -(1 - u) / sympy.sqrt(2) - u]
    square = [sympy.Integer(1), side, far, side]
    gram = [
        [square[(i - j) % 4] if (i < 4) == (j < 4) else turns[_between(i, j)] for j in range(8)]
        for i in range(8)
    ]
    return Block(gram=[[sympy.expand(g) for g in row] for row in gram], name="square-antiprism")


def _between(i: int, j: int) -> int:
    """0 for the two nearest features of the other square, 1 for the two far ones."""
    upper, lower = min(i, j), max(i, j) - 4
    # Angles 90°·upper and 90°·lower + 45°.
    return 0 if (upper - lower) % 4 in (0, 1) else 1


@lru_cache(maxsize=1)
def line() -> Block:
    """Three features on one axis: two on one side, one on the other.

    >>> line().dimensions, line().loss()
    (1, -17*p**3/60 + p**2/6 + 2*p/3)
    """
    return Block(
        gram=[[1, 1, -1], [1, 1, -1], [-1, -1, 1]],
        name="three-on-a-line",
        plural="threes-on-a-line",
    )


def standard_blocks(
    n_features: int, law: Law | None = None, d_hidden: int | None = None
) -> tuple[Block, ...]:
    """All standard blocks of at most n features: dropped, simplices, polygons, antiprism, line.

    With `d_hidden` only simplices of at most so many dimensions are made: large ones take long.

    >>> [block.name for block in standard_blocks(5)]  # doctest: +NORMALIZE_WHITESPACE
    ['dropped', 'pair', 'triangle', 'tetrahedron', '4-simplex', 'pentagon', 'three-on-a-line']
    """
    found = [dropped(law or Uniform())]
    largest = n_features if d_hidden is None else min(n_features, d_hidden + 1)
    found += [simplex(size) for size in range(2, largest + 1)]
    found += [polygon(size) for size in range(5, min(n_features, LARGEST) + 1)]
    if n_features >= 8:
        found.append(square_antiprism())
    if n_features >= 3:
        found.append(line())
    return tuple(found)
