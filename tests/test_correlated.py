"""Two features in one dimension over the probability that both are active."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy

import phasecalc as pc
from phasecalc.proofs.correlated import PAIR, OfLibrary, both, boundary_at
from phasecalc.proofs.record import CheckFailed


def test_the_boundary_is_where_the_exact_losses_meet():
    for r in (1, Fraction(1, 2)):
        line = boundary_at(sympy.Rational(r))[0]
        for p in (Fraction(1, 10), Fraction(1, 2)):
            c = line.subs(pc.p, p)
            ignore = pc.decompose([[1, 0]], [0, p / 2], [1, r], support=PAIR)
            pair = pc.decompose([[1, -1]], [0, 0], [1, r], support=PAIR)
            assert ignore.total.subs({pc.p: p, both: c}) == pair.total.subs({pc.p: p, both: c})


def test_a_wrong_loss_is_found():
    check = OfLibrary((1, -1), (sympy.Integer(0), sympy.Integer(0)))
    claim = sympy.Eq(sympy.Symbol("L_antipodal"), both * (2 + pc.r) / 6, evaluate=False)
    with pytest.raises(CheckFailed):
        check(claim)


def diagram(importance: Any = 1, law: pc.Law | None = None) -> pc.PairDiagram:
    model = pc.ToyModel(2, 1, law or pc.Uniform(), importance=importance, support=pc.Pair())
    found = pc.phase_diagram(model, x=pc.p, y=pc.c)
    assert isinstance(found, pc.PairDiagram)
    return found


def test_the_pictures():
    figure = pc.plot_correlation("1/2")
    (ax,) = figure.axes
    assert {"antipodal", "ignore"} <= {text.get_text() for text in ax.texts}
    assert pc.plot_correlation(1, ax=ax) is figure
    with pytest.raises(ValueError, match=r"importance\[1\] = 0: .* must be a positive rational"):
        pc.plot_correlation(0)
    figure = pc.plot_diagram(diagram([1, 2]))
    assert "dedicated" in [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point(2), pc.Beta(1, 3), pc.Beta(3, 1)], ids=str)
@pytest.mark.parametrize("importance", [1, [1, "1/3"], [2, 5]], ids=str)
def test_the_diagram_is_what_the_losses_of_its_weights_say(law, importance):
    found = diagram(importance, law)
    small = pc.phase_diagram(pc.ToyModel(2, 1, law)).candidates
    for k in range(1, 20):
        p = Fraction(k, 20)
        low = max(Fraction(0), 2 * p - 1)
        for t in (Fraction(0), Fraction(1, 7), Fraction(1, 2), Fraction(9, 10), Fraction(1)):
            c = low + t * (p - low)
            losses = {
                other.name: pc.decompose(
                    other.weights, [b.subs(pc.p, p) for b in other.bias], found.model.importance,
                    law, support=pc.Pair(c),
                ).at(1 - p)
                for other in small
            }  # fmt: skip
            least = min(losses.values())
            assert found.minimum(p, c) == least
            assert losses[found.label(p, c)] == least


@pytest.mark.parametrize("importance", [1, [1, "1/2"], [3, 1]], ids=str)
def test_the_line_is_the_one_of_the_derivation(importance):
    found = diagram(importance)
    (line,) = found.boundaries
    first, second = found.model.importance
    r = min(first, second) / max(first, second)
    assert line.formula == boundary_at(r)[0]
    v = pc.p / 3 - pc.p**2 / 4
    assert sympy.expand(line.formula - 6 * r * v / (1 + r)) == 0
    end = line.ends[1]
    assert sympy.expand(end.both - (2 * end.feature_probability - 1)) == 0
    assert sympy.expand(line.formula.subs(pc.p, end.feature_probability) - end.both) == 0
    assert line.order == 1 and line.status == "exact"
    if importance == 1:
        assert (end.feature_probability, end.both) == (Fraction(2, 3), Fraction(1, 3))
        # independent features come back: S = 3/7
        assert sympy.solve(line.formula - pc.p**2, pc.p) == [0, sympy.Rational(4, 7)]


def test_correlation_as_the_paper_has_it():
    found = diagram()
    assert found.label("2/5", 0) == "antipodal"
    assert all(found.label(p, p) == "ignore" for p in ("1/10", "1/2", "9/10"))
    # a law with much weight near 0: features that are always together share where they are rare
    assert diagram(1, pc.Beta(1, 3)).label("1/10", "1/10") == "antipodal"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: diagram().label("1/2", "3/4"), r"both = 3/4: .* must lie in \[0, 1/2\]"),
        (lambda: diagram().label("2", "3/4"), r"feature_probability = 2: it must lie in \[0, 1\]"),
        (lambda: diagram(None), r"importance\[1\] = r: over \(p, c\)"),
        (lambda: diagram([1, 0]), r"importance\[1\] = 0: over \(p, c\)"),
        (lambda: diagram(1, pc.SignedUniform()), "must not be negative"),
        (lambda: diagram(1, pc.Exponential()), "no exact formula"),
        (
            lambda: pc.phase_diagram(pc.ToyModel(2, 1), x=pc.p, y=pc.c),
            "for 2 features in 1 dimension with phasecalc.Pair",
        ),
        (
            lambda: pc.phase_diagram(pc.ToyModel(2, 1, importance=1, support=pc.Pair())),
            r"pair\(c\): its diagram is that of x = p, y = c",
        ),
        (
            lambda: pc.phase_diagram(
                pc.ToyModel(2, 1, importance=1, support=pc.Pair(), bias="zero"), x=pc.p, y=pc.c
            ),
            "for free biases and no penalty",
        ),
        (lambda: pc.plot_diagram(diagram(), inset=(0, 0.5, 1, 2)), "over p and c has none"),
        (lambda: pc.Pair(2), r"both = 2: it must lie in \[0, 1\]"),
        (lambda: pc.ToyModel(3, 1, support=pc.Pair()), "it is for 2 features, not 3"),
    ],
)
def test_what_has_no_such_diagram(make, says):
    with pytest.raises(ValueError, match=says):
        make()
