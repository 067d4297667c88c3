"""Block simplices: the error of a feature in a block, and the five solutions of three in two."""

from __future__ import annotations

import random
from fractions import Fraction

import sympy

from ..model import Law, ToyModel, Uniform
from ..simplices import candidates
from .checks import AtPoints, Solves
from .evaluate import Env, compiled
from .language import (
    CubeIntegral,
    Perpendicular,
    Range,
    SumOver,
    UpTo,
    block_error,
    c,
    equal,
    error_of,
    i,
    k,
    m,
    n,
    p,
    s,
    x,
)
from .record import Prose, Step, prose
from .samples import Draw, from_one, loss_step, matrix_from_one, probability

block_size = sympy.IndexedBase("s")


def opening() -> Prose:
    """Blocks of features."""
    return prose(
        "A candidate puts some features into blocks. A block of {} features is a regular simplex: "
        "unit vectors in {} dimensions that sum to zero. A block of one is a dropped feature, a "
        "block of two an antipodal pair; a feature in no block has a dimension of its own. The "
        "solution that Elhage et al. (2022) write as orthogonal to a vector is the block of the "
        "features in which that vector is not zero. All biases are zero but those of dropped "
        "features.",
        s,
        s - 1,
    )


def steps(law: Law | None = None) -> tuple[Step, ...]:
    """The error in a block, and the five solutions of three features in two dimensions."""
    law = Uniform() if law is None else law
    overlap = candidates(ToyModel(3, 2, law))[-1].gram[0][1]
    return (
        Step(
            "overlap",
            prose(
                "The overlap {} of two vectors of a block: multiply the zero sum of its vectors by "
                "one of them. For {} it is {}.",
                c,
                equal(s, 3),
                overlap,
            ),
            equal(c, -1 / (s - 1)),
            Solves(1 + (s - 1) * c),
        ),
        Step(
            "dimensions",
            prose(
                "A block of {} features saves one dimension, so {} features in {} dimensions take "
                "{} blocks; with block sizes {},",
                s,
                n,
                m,
                n - m,
                block_size[k],
            ),
            equal(
                SumOver(block_size[k] - 1, Range(k, 1, n - m))
                + n
                - SumOver(block_size[k], Range(k, 1, n - m)),
                m,
            ),
            AtPoints(_blocks),
        ),
        *_block_errors(law),
        *_five(law),
    )


def _block_errors(law: Law) -> tuple[Step, ...]:
    others = SumOver(x[i], Range(i, 2, k + 1)) / (s - 1)
    wrong = sympy.Min(x[1], others) ** 2
    if isinstance(law, Uniform):
        mean, amount = CubeIntegral(wrong, UpTo(k + 1)), others
    else:
        mean, amount = (k / (s - 1)) ** 2, k / (s - 1)
    general = Step(
        "block-error",
        prose(
            "An inactive feature of a block sees only negative overlaps: no error. An active one, "
            "with {} others active, is wrong by the smaller of its own magnitude and {}. In a "
            "block of {} features",
            k,
            amount,
            s,
        ),
        equal(
            block_error[s],
            SumOver(
                sympy.binomial(s - 1, k) * p ** (k + 1) * (1 - p) ** (s - 1 - k) * mean,
                Range(k, 1, s - 1),
            ),
        ),
        AtPoints(_block_size(law, 2, 3), count=6),
    )
    table = [
        Step(
            f"block-of-{size}",
            prose(f"A block of {word}."),
            equal(block_error[size], joint_error(size, law)),
            AtPoints(_block_size(law, size, size), count=4 if size < 4 else 1),
        )
        for size, word in (
            (2, "two, an antipodal pair"),
            (3, "three, a triangle"),
            (4, "four, a tetrahedron"),
        )
    ]
    return (general, *table)


def joint_error(size: int, law: Law) -> sympy.Expr:
    """ε_s as the library has it: the extra feature's error where all features are one block."""
    return candidates(ToyModel(size, size - 1, law))[-1].extra_error


def _block_size(law: Law, least: int, largest: int) -> Draw:
    """s and p; ε_s by the definition of the loss of one feature of a simplex."""
    error = compiled(error_of(sympy.Integer(1)))

    def draw(generator: random.Random) -> Env:
        size, density = generator.randint(least, largest), probability(generator)
        gram = [
            [Fraction(1) if a == b else Fraction(-1, size - 1) for b in range(size)]
            for a in range(size)
        ]
        env: Env = {
            "n": size,
            "s": size,
            "p": density,
            "law": law.name,
            "G_": matrix_from_one(gram),
            "b_": lambda _: Fraction(0),
        }
        value = error(env)
        return env | {"epsilon_": lambda _: value}

    return draw


_FIVE = (
    "The extra feature is dropped, the paper's {}.",
    "One of the other features is dropped: {}.",
    "The extra feature is in a pair with one of the others: {}.",
    "The other two features are a pair and the extra feature has a dimension of its own: {}.",
    "All three features are one block: {}. The paper sets this solution aside.",
)
_DIRECTIONS = ((0, 0, 1), (1, 0, 0), (0, 1, 1), (1, 1, 0), (1, 1, 1))


def _five(law: Law) -> tuple[Step, ...]:
    found = candidates(ToyModel(3, 2, law))
    return tuple(
        loss_step(
            candidate,
            law,
            prose(
                ("Three features in two dimensions, the last one extra. " if k == 0 else "") + text,
                Perpendicular(sympy.Tuple(*direction)),
            ),
        )
        for k, (candidate, text, direction) in enumerate(
            zip(found, _FIVE, _DIRECTIONS, strict=True)
        )
    )


def _blocks(generator: random.Random) -> Env:
    sizes = [generator.randint(1, 4) for _ in range(generator.randint(1, 3))]
    count = sum(sizes) + generator.randint(0, 3)
    return {"n": count, "m": count - len(sizes), "s_": from_one(sizes)}
