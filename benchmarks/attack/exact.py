"""Algebraic entries, and diagrams of random candidates of one's own, each within a time.

Held: an input is refused in one line or answered within `SECONDS` of processor time; the exact
loss is that of the float kernel; at random points the diagram names a candidate that is lowest
there, by exact losses.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy
from sympy import Rational, cbrt, cos, pi, sin, sqrt

import phasecalc as pc
from phasecalc.exact.algebraic import comparable, in_sympy
from phasecalc.report.notebook import record_html, record_latex, record_text

from .report import Attack, Slow, within

SECONDS = 20.0
SAME = 1e-9
"""Of exact and float loss, relative to the scale of the loss."""


def algebraic(rng: random.Random) -> sympy.Expr:
    """A real algebraic number: a root, a cosine, a root of unity's real part, a sum of two."""
    kind = rng.random()
    if kind < 0.25:
        return Rational(rng.randint(-9, 9), rng.randint(1, 7))
    if kind < 0.45:
        value = sqrt(Rational(rng.randint(1, 12), rng.choice([1, 1, 2, 3, 7])))
    elif kind < 0.7:
        value = rng.choice([cos, sin])(pi * Rational(rng.randint(0, 9), rng.choice(ORDERS)))
    elif kind < 0.78:
        zeta = pi * 2 / rng.choice([3, 5, 7, 8, 9, 11, 12])
        value = cos(zeta) + Rational(rng.randint(-2, 2), 3) * cos(2 * zeta)
    elif kind < 0.83:
        value = rng.choice([cbrt(2), cbrt(3), sqrt(sqrt(2)), sympy.GoldenRatio, sqrt(2 + sqrt(2))])
    else:
        value = algebraic(rng) + algebraic(rng)
    return value * rng.choice([1, -1, Rational(1, 2), Rational(-2, 3)])


ORDERS = (4, 5, 5, 7, 7, 8, 9, 10, 12, 15, 17)


def attack_algebraic(inputs: int, seed: int) -> Attack:
    """Losses of random algebraic weights, biases and importances, and all their forms."""
    found = Attack("algebraic entries")
    rng = random.Random(seed)
    slowest, refused = 0.0, 0
    for k in range(inputs):
        n, m = rng.randint(1, 4), rng.randint(1, 2)
        few = [algebraic(rng) for _ in range(rng.randint(1, 4))] + [sympy.Integer(0)]

        def entry(few: list[sympy.Expr] = few) -> sympy.Expr:
            return rng.choice([*few, Rational(rng.randint(-3, 3), rng.randint(1, 3))])

        weights = [[entry() for _ in range(n)] for _ in range(m)]
        bias = [rng.choice([sympy.Integer(0), entry()]) for _ in range(n)]
        importance = [rng.choice([sympy.Integer(1), pc.r, entry() ** 2]) for _ in range(n)]
        law, support = rng.choice(LAWS), _support(rng, n)
        place = f"seed {seed}, input {k}: {weights}, {bias}, {importance}, {law}, {support}"
        took, reason = _tried(found, place, partial(_loss, weights, bias, importance, law, support))
        slowest = max(slowest, took)
        refused += reason is None
    found.note = f"{refused} refused; slowest {slowest:.1f} s"
    return found


def _tried(found: Attack, place: str, work: Callable[[], str | None]) -> tuple[float, str | None]:
    """Count one input within the time: seconds, and what `work` says is wrong with it."""
    try:
        with within(SECONDS) as clock:
            reason = work()
    except Slow:
        found.expect(False, f"{place}: took more than {SECONDS} s")
        return 0.0, ""
    except Exception as error:
        found.expect(False, f"{place}: {type(error).__name__}: {error}")
        return 0.0, ""
    found.expect(not reason, f"{place}: {reason}")
    return clock.took, reason


def _support(rng: random.Random, n: int) -> pc.Support | None:
    """Which features are active together: usually independent ones, else any of the kinds."""
    kind = rng.random()
    if kind < 0.5:
        return None
    members = rng.sample(range(n), rng.randint(1, n))
    if kind < 0.6:
        return pc.Groups(correlated=[members])
    if kind < 0.7:
        return pc.Groups(anticorrelated=[members])
    if kind < 0.85:
        return pc.ExactlyActive(rng.randint(1, n))
    return pc.Table({(): 1 - pc.p, tuple(sorted(members)): pc.p})


LAWS = [
    *[pc.Uniform(), pc.Point()] * 3,
    pc.Uniform(high=Fraction(3, 2)),
    pc.Point(2),
    pc.Beta(2, 1),
    pc.SignedUniform(),
]


def _loss(
    weights: Any, bias: Any, importance: Any, law: pc.Law, support: pc.Support | None
) -> str | None:
    """What is wrong with the loss, "" for nothing, None where it is refused in a line."""
    try:
        loss = pc.decompose(weights, bias, importance, law, support=support)
    except ValueError as error:
        return None if "\n" not in str(error) else f"message {error!r}"
    if any(part.atoms(sympy.Float) for part in (loss.total, loss.benefit, *loss.terms)):
        return f"floats in {loss.total}"
    for form in (record_latex, record_html, record_text):
        if not form(loss):
            return f"{form.__name__} is empty"
    values = {"r": "2/3"} if pc.r in importance else {}
    if support is None:
        loss.at(sparsity=0, **values)
    # Four features that are never active together are active with 1/4 each at most.
    S = Fraction(11, 14)
    exact = float(loss.at(S, **values))
    W, b = np.array(weights, dtype=float), np.array(bias, dtype=float)
    weighting = [float(i.subs(pc.r, Rational(2, 3))) for i in importance]
    number = float(pc.expected_loss(W, b, weighting, float(S), law, support=support))
    scale = 1 + float((weighting * (1 + np.abs(W.T @ W).sum(1) + np.abs(b)) ** 2).sum())
    return "" if abs(exact - number) <= SAME * scale else f"{exact} exactly, {number} in floats"


def attack_candidates(inputs: int, seed: int, *, roots: bool) -> Attack:
    """Diagrams of up to seven random candidates of one's own, 3 features in 2 dimensions.

    With roots the entries are of ℚ(√2), ℚ(√3), ℚ(√5) or ℚ(cos π/7), else rational.
    """
    found = Attack(f"candidates of one's own, {'algebraic' if roots else 'rational'}")
    rng = random.Random(seed)
    slowest = (0.0, -1)
    for k in range(inputs):
        own = random.Random(rng.random())
        took, _ = _tried(found, f"seed {seed}, input {k}", partial(_diagram, own, roots))
        slowest = max(slowest, (took, k))
    found.note = f"slowest {slowest[0]:.1f} s (input {slowest[1]})"
    return found


def own_candidates(rng: random.Random, roots: bool) -> list[pc.Candidate]:
    """One to seven candidates of random exact weights, some of them with a bias in p."""
    root = rng.choice([sqrt(2), sqrt(3), sqrt(5), cos(pi / 7)]) if roots else sympy.Integer(1)

    def entry() -> sympy.Expr:
        if rng.random() < 0.6:
            return sympy.Integer(rng.choice([0, 0, 1, 1, -1]))
        number = Rational(rng.randint(-9, 9), rng.randint(1, 9))
        return number * root if rng.random() < 0.3 else number

    def bias() -> sympy.Expr:
        kind = rng.random()
        if kind < 0.6:
            return sympy.Integer(0)
        return pc.p / 2 if kind < 0.7 else Rational(rng.randint(-6, 6), rng.randint(1, 9))

    chosen = []
    for k in range(rng.randint(1, 7)):
        weights = [[entry() for _ in range(3)] for _ in range(2)]
        absent = [all(row[i] == 0 for row in weights) for i in range(3)]
        # A bias that depends on p has no sign where others overlap: it is for absent features.
        biases = [bias() if absent[i] else rng.choice([0, bias().subs(pc.p, 0)]) for i in range(3)]
        chosen.append(pc.Candidate.from_weights(f"own-{k}", weights, biases))
    return chosen


def _diagram(rng: random.Random, roots: bool) -> str:
    chosen = own_candidates(rng, roots)
    diagram = pc.phase_diagram(pc.ToyModel(3, 2), candidates=chosen)
    for _ in range(3):
        S, r = Fraction(rng.randint(0, 99), 100), Fraction(rng.randint(1, 400), 100)
        label = diagram.label(S, r)
        names = [c.name for c in chosen]
        losses = comparable([in_sympy(c.loss_at(S, r)) for c in chosen])
        if min(losses) < losses[names.index(label)]:
            return f"{label} is not lowest at {S}, {r}"
    for boundary in diagram.boundaries:
        if len(set(boundary.phases)) != 2:
            return f"a boundary between {boundary.phases}"
    return ""
