"""Random exact points for the checks: models, weights, sets, and the library's value there."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy

from ..blocks.candidate import Candidate
from ..exact.features import local_errors
from ..exact.loss import decompose
from ..exact.roots import polynomial
from ..inputs import Scalar
from ..laws import Law, Uniform
from ..symbols import p
from .checks import Interpolated
from .evaluate import Env, compiled
from .language import SumOver, equal, error_of, features, j, named_loss
from .language import importance as weight
from .record import Prose, Step

Draw = Callable[[random.Random], Env]

_DEFINITION = compiled(SumOver(weight[j] * error_of(j), features()))


def rational(generator: random.Random, low: int = -2, high: int = 2) -> Fraction:
    """A rational with a small denominator in [low, high]."""
    denominator = generator.choice((1, 2, 3, 4, 5, 7))
    return Fraction(generator.randint(low * denominator, high * denominator), denominator)


def nonzero(generator: random.Random) -> Fraction:
    """A rational that is not zero."""
    while not (value := rational(generator)):
        pass
    return value


def probability(generator: random.Random) -> Fraction:
    """A rational in (0, 1)."""
    denominator = generator.randint(2, 9)
    return Fraction(generator.randint(1, denominator - 1), denominator)


def from_one(values: Sequence[Scalar]) -> Callable[..., Scalar]:
    """A list as a function of the index from 1."""
    return lambda index: values[index - 1]


def matrix_from_one(rows: Sequence[Sequence[Scalar]]) -> Callable[..., Scalar]:
    """Rows as a function of two indices from 1."""
    return lambda row, column: rows[row - 1][column - 1]


def gram_of(weights: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """G = WᵀW."""
    columns = list(zip(*weights, strict=True))
    return [[_dot(one, two) for two in columns] for one in columns]


def outer_gram_of(weights: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """H = WWᵀ."""
    return [[_dot(one, two) for two in weights] for one in weights]


def _dot(one: Sequence[Fraction], two: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, two, strict=True)), start=Fraction(0))


def model_point(law: Law | None = None, largest: int = 3) -> Draw:
    """A draw of n, m, W, b, I, p, and of L, L_k, E_j and ℓ_j(A) as the library has them.

    One weight in five is zero, so that directions that drop out are among the points.
    """
    law = Uniform() if law is None else law

    def draw(generator: random.Random) -> Env:
        n = generator.randint(1, largest)
        m = generator.randint(1, n)
        weights = [
            [Fraction(0) if generator.random() < 0.2 else nonzero(generator) for _ in range(n)]
            for _ in range(m)
        ]
        bias = [rational(generator, -1, 1) for _ in range(n)]
        importance = [rational(generator, 0, 3) for _ in range(n)]
        return model_env(gram_of(weights), bias, importance, probability(generator), law) | {
            "m": m,
            "k": generator.randint(0, n),
            "j": generator.randint(1, n),
            "A": frozenset(i for i in range(1, n + 1) if generator.random() < 0.5),
            "W_": matrix_from_one(weights),
            "H_": matrix_from_one(outer_gram_of(weights)),
            "weights": weights,
        }

    return draw


def model_env(
    gram: Sequence[Sequence[Fraction]],
    bias: Sequence[Fraction],
    importance: Sequence[Fraction],
    density: Fraction,
    law: Law,
) -> Env:
    """Names of one model at one point."""
    n = len(gram)

    def decomposed(weighting: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """L_0, …, L_n and L."""
        found = decompose(None, bias, weighting, law, gram=gram)
        return tuple(map(fraction_of, (*found.terms, found.at(sparsity=1 - density))))

    def only(index: int) -> list[Fraction]:
        return [Fraction(i == index - 1) for i in range(n)]

    return {
        "n": n,
        "p": density,
        "G_": matrix_from_one(gram),
        "b_": from_one(bias),
        "I_": from_one(importance),
        "L": lambda: decomposed(importance)[-1],
        "L_": lambda size: decomposed(importance)[size],
        "E_": lambda index: decomposed(only(index))[-1],
        "N_": lambda index: frozenset(
            i for i in range(1, n + 1) if i == index or gram[index - 1][i - 1] != 0
        ),
        "l_": lambda index, active: local_error(gram, bias, law, index, active),
        "mu": fraction_of(law.mean.subs("p", density)),
        "v": fraction_of(law.variance.subs("p", density)),
        "law": law.name,
    }


def local_error(
    gram: Sequence[Sequence[Fraction]],
    bias: Sequence[Fraction],
    law: Law,
    index: int,
    active: frozenset[int],
) -> Fraction:
    """ℓ_j(A) as the library has it."""
    row = gram[index - 1]
    others = Counter(row[i - 1] for i in active if i != index and row[i - 1] != 0)
    without, with_own = local_errors(row[index - 1], others, bias[index - 1], law)
    return Fraction(with_own if index in active else without)


def candidate_at(candidate: Candidate, law: Law) -> Callable[[Fraction, Fraction], Env]:
    """The candidate's loss at p and r, by its definition as an expectation.

    Features that do not overlap do not enter each other's errors (derivation `decomposition`,
    neighbourhood), so each group that does is a model of its own.
    """
    gram = [[fraction_of(entry) for entry in row] for row in candidate.gram]
    groups = _groups(gram)

    def at(density: Fraction, ratio: Fraction) -> Env:
        biases = [fraction_of(value.subs(p, density)) for value in candidate.bias]
        weights = [Fraction(1)] * (len(gram) - 1) + [ratio]
        total = Fraction(0)
        for group in groups:
            total += _DEFINITION(
                {
                    "n": len(group),
                    "p": density,
                    "law": law.name,
                    "G_": matrix_from_one([[gram[i][k] for k in group] for i in group]),
                    "b_": from_one([biases[i] for i in group]),
                    "I_": from_one([weights[i] for i in group]),
                }
            )
        return {"p": density, "r": ratio, f"L_{candidate.name}": total}

    return at


def _groups(gram: Sequence[Sequence[Fraction]]) -> list[list[int]]:
    """Features that overlap, directly or through others."""
    left = list(range(len(gram)))
    found = []
    while left:
        group = [left.pop(0)]
        for i in group:
            group += [k for k in left if gram[i][k] != 0]
            left = [k for k in left if k not in group]
        found.append(sorted(group))
    return found


def loss_step(candidate: Candidate, law: Law, reason: Prose, label: str | None = None) -> Step:
    """The loss of a candidate, as the library has it, against its definition."""
    return Step(
        candidate.name if label is None else label,
        reason,
        equal(named_loss(candidate.name), candidate.loss),
        Interpolated(candidate_at(candidate, law), _degree(candidate), importances=2),
    )


def _degree(candidate: Candidate) -> int:
    """A bound for the degree in p: n from the pattern, and each bias to the power n + 2 at most.

    n is the number of features that overlap.
    """
    gram = [[fraction_of(entry) for entry in row] for row in candidate.gram]
    size = max(map(len, _groups(gram)))
    own = max(polynomial(bias).degree() for bias in candidate.bias)
    return size + (size + 2) * int(own) if own > 0 else size


def fraction_of(value: sympy.Expr) -> Fraction:
    """A SymPy rational as a `Fraction`."""
    return Fraction(int(value.p), int(value.q))
