"""The onset of superposition under the point law: r = p, where no line is traced."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

import phasecalc as pc

MODEL = pc.ToyModel(2, 1, pc.Point())


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("p", [sympy.Rational(2, 5), sympy.Rational(3, 5)])
def test_expansion_is_that_of_the_exact_loss(sign: int, p: sympy.Rational) -> None:
    """L = r v + (p² S − r v) ε² + 2 r v k ε³ + O(ε⁴), at the weights of the expansion.

    Aligned: output 1 is 1 − pε where feature 1 is active alone, and b_1 = −ε keeps it off without;
    opposed: 1 + pε, b_1 = 0. Output 2 is always on, with its best bias.
    """
    r, S = sympy.Rational(2, 3), 1 - p
    v, k = p * S, S if sign > 0 else p
    remainders = []
    for epsilon in (sympy.Rational(1, 1000), sympy.Rational(1, 2000)):
        bias = -epsilon if sign > 0 else 0
        square = 1 - sign * p * epsilon - bias  # W_1²
        w1, overlap = sympy.sqrt(square), sign * epsilon
        weights = [[w1, overlap / w1]]
        best = p * (1 - overlap - epsilon**2 / square)
        loss = pc.decompose(weights, [bias, best], [1, r], pc.Point()).total.subs(pc.p, p)
        expected = r * v + (p * p * S - r * v) * epsilon**2 + 2 * r * v * k * epsilon**3
        remainders.append(float(sympy.N(loss - expected, 50)))
    # Half of ε divides what is of fourth order by 16.
    assert remainders[0] / remainders[1] == pytest.approx(16, rel=0.01)


@pytest.mark.parametrize(
    ("S", "name"), [(Fraction(2, 5), "aligned"), (Fraction(3, 5), "weak-antipodal")]
)
def test_the_search_finds_it(S: Fraction, name: str) -> None:
    p = 1 - S
    v, k = p * S, min(p, S)
    assert pc.minimize(MODEL, S, Fraction(99, 100) * p, random_starts=20).name == "ignore"
    for above in (Fraction(1, 100), Fraction(1, 200)):
        r = (1 + above) * p
        found = pc.minimize(MODEL, S, r, random_starts=20)
        assert found.name == name
        gain = 4 * (r * v - p * p * S) ** 3 / (27 * (2 * r * v * k) ** 2)
        # The next power of r − p is left out.
        assert (float(r * v) - found.loss) / float(gain) == pytest.approx(1, abs=2 * float(above))
