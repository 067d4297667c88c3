"""Block simplices: the error of a feature in a block, and the five solutions of three in two."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle

import sympy

from ..blocks.standard import line
from ..blocks.tegum import candidates
from ..laws import Law, Uniform
from ..model import ToyModel
from .checks import All, AtPoints, Interpolated, Solves
from .evaluate import Env, compiled
from .language import (
    CubeIntegral,
    MemberOf,
    Range,
    SumOver,
    UpTo,
    block_error,
    equal,
    error_of,
    i,
    importance,
    j,
    k,
    loss,
    m,
    n,
    p,
    s,
    x,
)
from .record import CheckFailed, Claim, Prose, Step, prose
from .samples import Draw, fraction_of, from_one, matrix_from_one, probability, rational
from .three_in_two import five

block_size = sympy.IndexedBase("s")
block_members = sympy.IndexedBase("B")
rho = sympy.Symbol("rho")


@dataclass(frozen=True, slots=True)
class _LibraryOverlaps:
    """The right side is the library's overlap in blocks of two to five."""

    law: Law

    @property
    def description(self) -> str:
        return "as in the library's Gram matrices for blocks of 2 to 5"

    def __call__(self, claim: Claim) -> None:
        for size in range(2, 6):
            overlap = candidates(ToyModel(size, size - 1, self.law))[-1].gram[0][1]
            if claim.rhs.subs(s, size) != overlap:
                raise CheckFailed(f"the overlap in a block of {size} is {overlap}")


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
    return (
        Step(
            "overlap",
            prose(
                "Let {} be the overlap of two vectors of a block of {}. The zero sum of the "
                "block's vectors times one of them is {}, so that",
                rho,
                sympy.Ge(s, 2, evaluate=False),
                equal(1 + (s - 1) * rho, 0),
            ),
            equal(rho, -1 / (s - 1)),
            All((Solves(1 + (s - 1) * rho), _LibraryOverlaps(law))),
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
        *five(law),
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
            "Let {}, all biases of the block zero. An inactive feature of the block sees only "
            "negative overlaps: no error. An active one, with {} others active, is wrong by the "
            "smaller of its own magnitude and {}. So the error of a feature in a block of {} is",
            sympy.Ge(s, 2, evaluate=False),
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
        All((AtPoints(_block_size(law, 2, 3), count=6), AtPoints(_larger_blocks(law), count=2))),
    )
    table = [
        Step(
            f"block-of-{size}",
            prose(f"The error in a block of {word}, is"),
            equal(block_error[size], joint_error(size, law)),
            Interpolated(_block_of(size, law), size),
        )
        for size, word in (
            (2, "two, an antipodal pair"),
            (3, "three, a triangle"),
            (4, "four, a tetrahedron"),
        )
    ]
    return (_dropped(law), general, *table, _loss_of_blocks(law))


def _dropped(law: Law) -> Step:
    """ε_1 is the variance."""

    def at(density: Fraction, _: Fraction) -> Env:
        bias = fraction_of(law.mean.subs(p, density))
        env = {
            "n": 1,
            "p": density,
            "law": law.name,
            "G_": matrix_from_one([[Fraction(0)]]),
            "b_": from_one([bias]),
        }
        value = compiled(error_of(sympy.Integer(1)))(env)
        return env | {"epsilon_": lambda _: value}

    return Step(
        "block-of-1",
        prose(
            "A block of one is a dropped feature. With the best bias, the mean, its error is the "
            "variance."
        ),
        equal(block_error[1], candidates(ToyModel(2, 1, law))[0].extra_error),
        Interpolated(at, 3),
    )


def _loss_of_blocks(law: Law) -> Step:
    """The loss of a whole configuration, from ε_s and the importances of its blocks."""

    def draw(generator: random.Random) -> Env:
        model = ToyModel(*generator.choice(((2, 1), (3, 1), (3, 2), (4, 2), (4, 3))), law)
        simplices = [c for c in candidates(model) if line().name not in c.figures]
        candidate = generator.choice(simplices)
        density, ratio = probability(generator), abs(rational(generator)) + 1
        sizes = [len(block) for block in candidate.blocks]
        weights = [Fraction(1)] * (model.n_features - 1) + [ratio]
        members = [frozenset(index + 1 for index in block) for block in candidate.blocks]
        return {
            "L": candidate.loss_at(importance=ratio, feature_probability=density),
            "n": model.n_features,
            "m": model.d_hidden,
            "B_": from_one(members),
            "I_": from_one(weights),
            "s_": from_one(sizes),
            "epsilon_": lambda size: fraction_of(_error(size, law).subs(p, density)),
        }

    return Step(
        "block-loss",
        prose(
            "With the features of block {} in the set {}, a configuration's loss is the sum over "
            "its blocks; a feature in no block has no error.",
            k,
            block_members[k],
        ),
        equal(
            loss,
            SumOver(
                block_error[block_size[k]] * SumOver(importance[j], MemberOf(j, block_members[k])),
                Range(k, 1, n - m),
            ),
        ),
        AtPoints(draw, count=20),
    )


def _error(size: int, law: Law) -> sympy.Expr:
    return law.variance if size == 1 else joint_error(size, law)


def joint_error(size: int, law: Law) -> sympy.Expr:
    """ε_s as the library has it: the extra feature's error where all features are one block."""
    return candidates(ToyModel(size, size - 1, law))[-1].extra_error


def _block_size(law: Law, least: int, largest: int) -> Draw:
    """s and p."""

    def draw(generator: random.Random) -> Env:
        size = generator.randint(least, largest)
        return _block_of(size, law)(probability(generator), Fraction(0))

    return draw


def _larger_blocks(law: Law) -> Draw:
    """s = 4 and 5 in turn, with ε_s as the library has it: the definition would take minutes."""
    sizes = cycle((4, 5))

    def draw(generator: random.Random) -> Env:
        size, density = next(sizes), probability(generator)
        value = fraction_of(joint_error(size, law).subs(p, density))
        return {
            "n": size,
            "s": size,
            "p": density,
            "law": law.name,
            "epsilon_": lambda _: value,
        }

    return draw


def _block_of(size: int, law: Law) -> Callable[[Fraction, Fraction], Env]:
    """p; ε_s by the definition of the loss of one feature of a simplex."""
    error = compiled(error_of(sympy.Integer(1)))

    def at(density: Fraction, _: Fraction) -> Env:
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

    return at


def _blocks(generator: random.Random) -> Env:
    sizes = [generator.randint(1, 4) for _ in range(generator.randint(1, 3))]
    count = sum(sizes) + generator.randint(0, 3)
    return {"n": count, "m": count - len(sizes), "s_": from_one(sizes)}
