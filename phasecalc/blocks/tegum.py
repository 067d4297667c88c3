"""The candidates of a model: all sums of blocks in orthogonal subspaces, by symmetry class.

A candidate puts some of the features into blocks; a feature in no block has a dimension of its own.
A block of k features in d dimensions saves k − d dimensions, so the blocks of n features in m
dimensions save n − m together. The paper's "W ⊥ v" is one simplex, the block supp(v).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

import sympy

from ..display import Listed
from ..inputs import shown
from ..laws import Law
from ..model import ToyModel, checked_model
from ..symbols import r
from .block import Block, collected_in_p
from .candidate import Candidate
from .names import Part, configuration_name, description
from .standard import dedicated, standard_blocks

MOST_CANDIDATES = 300
"""Limit on the candidates of one diagram; a few minutes of exact work."""

MOST_FEATURES = 40
"""Limit on the features of one diagram; a minute or two of exact work when n = m + 1."""

Sum = tuple[tuple[Block, ...], int, int]
"""Blocks, which of them holds the extra feature (−1: none), and its place in that block."""


def candidates(model: ToyModel, blocks: Iterable[Block] = ()) -> tuple[Candidate, ...]:
    """All candidates of a model with n > m ≥ 1 made of blocks, one of each symmetry class.

    The blocks are the dropped feature, the regular simplices (antipodal pair, triangle, …), the
    regular polygons from the pentagon to the octagon, the square antiprism, three features on a
    line, and your own ``blocks``. Features are of unit length with bias 0; a dropped feature has
    the bias that solves dL/db = 0. Equal features are interchangeable, so a candidate is a
    multiset of blocks and the place of the extra feature in one of them. Names follow the rules of
    `phasecalc.blocks.names`.

    >>> for c in candidates(ToyModel(n_features=2, d_hidden=1)):
    ...     print(c.name, "|", c.loss)
    ignore | -p**2*r/4 + p*r/3
    dedicated | -p**2/4 + p/3
    antipodal | p**2*r/6 + p**2/6
    >>> [c.name for c in candidates(ToyModel(5, 2)) if len(c.blocks) == 1]
    ['pentagon']

    Raises `ValueError` unless n_features > d_hidden, or where there are too many candidates;
    `TypeError` for blocks that are none.

    The error in a simplex is derived in derivations/block-simplices.tex, eq. block-error, that in
    a pentagon in derivations/pentagon.tex, eq. loss.

    Source: Elhage et al. 2022, "Superposition as a Phase Change".
    """
    checked_model(model)
    n, m = model.n_features, model.d_hidden
    if model.importance != ToyModel(n, m).importance:
        raise ValueError(
            f"importance = {model.importance}: candidates are those of (1, …, 1, r), as their "
            "diagram is over r; a slice (slice_along) holds r or takes other importances"
        )
    if not model.is_standard:
        raise ValueError(
            f"bias = {model.bias!r}, interference_penalty = {model.interference_penalty}, "
            f"support = {model.support}: candidates are those of free biases, no penalty and "
            "independent features"
        )
    if n <= m:
        raise ValueError(
            f"n_features = {n}, d_hidden = {m}: a phase diagram needs more features than "
            "dimensions (n_features > d_hidden)"
        )
    if n > MOST_FEATURES:
        raise ValueError(
            f"n_features = {n}: a simplex of all features has a loss of degree {n} in p, "
            f"the limit is {MOST_FEATURES}"
        )
    kinds = _kinds(n, m, model.law, blocks)
    found = list(islice(_sums(n, m, kinds), MOST_CANDIDATES + 1))
    if len(found) > MOST_CANDIDATES:
        raise ValueError(
            f"n_features = {n}, d_hidden = {m}: there are more candidates than "
            f"the limit is, {MOST_CANDIDATES}"
        )
    return Listed(_candidate(model, *chosen) for chosen in sorted(found, key=_order))


def _kinds(n: int, m: int, law: Law, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks that fit: standard ones, then the user's own; two of one name are refused."""
    if not isinstance(blocks, Iterable):
        raise TypeError(f"blocks = {shown(blocks)}: it must be a sequence of phasecalc.Block")
    kinds = list(standard_blocks(n, law, m))
    names = {block.name for block in kinds} | {"dedicated"}
    for block in blocks:
        if not isinstance(block, Block):
            raise TypeError(f"blocks: {shown(block)} is no phasecalc.Block")
        if block.size > n or block.dimensions > m:
            raise ValueError(
                f"block {block.name!r} has {block.size} features in {block.dimensions} dimensions: "
                f"it does not fit into {n} features in {m}"
            )
        if block.name in names:
            raise ValueError(f"two blocks have the name {block.name!r}")
        names.add(block.name)
        kinds.append(block)
    return tuple(kinds)


def _sums(n: int, m: int, kinds: tuple[Block, ...]) -> Iterator[Sum]:
    """Every multiset of blocks that fits, with every place that the extra feature can have."""
    for blocks in _multisets(kinds, n, m):
        alone = n - sum(block.size for block in blocks)
        if alone:
            yield blocks, -1, 0
        for index, block in enumerate(blocks):
            if block not in blocks[:index]:
                for place in block.places:
                    yield blocks, index, place


def _multisets(kinds: tuple[Block, ...], n: int, m: int) -> Iterator[tuple[Block, ...]]:
    """Multisets of kinds for n features in m dimensions; what is left over is dedicated."""
    if n == m:
        yield ()
    if not kinds:
        return
    first, rest = kinds[0], kinds[1:]
    if first.size <= n and first.dimensions <= m:
        for others in _multisets(kinds, n - first.size, m - first.dimensions):
            yield (first, *others)
    for others in _multisets(rest, n, m):
        if others or n != m:
            yield others


def _order(chosen: Sum) -> tuple[object, ...]:
    """Small blocks first, then those whose extra feature is in a large one."""
    blocks, index, place = chosen
    sizes = sorted(block.size for i, block in enumerate(blocks) if i != index)
    own = blocks[index].size if index >= 0 else 0
    return max([own, *sizes]), -own, sizes, [block.name for block in blocks], index, place


def _candidate(model: ToyModel, blocks: tuple[Block, ...], index: int, place: int) -> Candidate:
    n, m, law = model.n_features, model.d_hidden, model.law
    # The block of the extra feature comes last, turned so that the extra feature is its last one.
    order = [i for i in range(len(blocks)) if i != index]
    alone = n - sum(block.size for block in blocks)
    singles = [dedicated()] * alone
    arranged = [blocks[i] for i in order]
    if index >= 0:
        arranged = [*arranged, *singles, blocks[index]]
    else:
        arranged = [*arranged, *singles]
    weights = [[sympy.Integer(0)] * n for _ in range(m)]
    gram = [[sympy.Integer(0)] * n for _ in range(n)]
    bias, errors, groups = [], [], []
    start = row = 0
    for position, block in enumerate(arranged):
        inner = list(range(block.size))
        if index >= 0 and position == len(arranged) - 1:
            inner = [*(i for i in inner if i != place), place]
        for i, a in enumerate(inner):
            for j, b in enumerate(inner):
                gram[start + i][start + j] = block.gram[a][b]
        for line in _weights_of(block):
            for i, a in enumerate(inner):
                weights[row][start + i] = line[a]
            row += 1
        bias += [block.bias[a] for a in inner]
        own = block.errors(law)
        errors += [own[a] for a in inner]
        groups.append(tuple(range(start, start + block.size)))
        start += block.size
    parts = [
        Part(block.name, block.plural, block.size, group[-1] == n - 1)
        for block, group in zip(arranged, groups, strict=True)
    ]
    ordinal = blocks[index].places.index(place) if index >= 0 else 0
    base = collected_in_p(sympy.Add(*errors[:-1]))
    return Candidate(
        name=configuration_name(n, parts, ordinal),
        outcome=_outcome(arranged[-1]),
        weights=tuple(map(tuple, weights)),
        bias=tuple(bias),
        loss=sympy.expand(base + r * errors[-1]),
        gram=tuple(map(tuple, gram)),
        blocks=tuple(
            group
            for block, group in zip(arranged, groups, strict=True)
            if block.name != "dedicated"
        ),
        figures=tuple(block.name for block in arranged if block.name != "dedicated"),
        description=description(parts),
        law=law,
    )


@lru_cache(maxsize=512)
def _weights_of(block: Block) -> tuple[tuple[sympy.Expr, ...], ...]:
    return block.weights()


def _outcome(block: Block) -> str:
    if block.name == "dedicated":
        return "dedicated"
    return "not represented" if block.dimensions == 0 else "superposition"
