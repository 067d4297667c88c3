"""Every magnitude law: moments, transform, samples, exact integrals, dense loss."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest

import phasecalc as pc
from phasecalc import laws
from phasecalc.exact.densities import density_integral
from phasecalc.exact.moments import cube_cross_integral, cube_integral

LAWS = [
    *(law() for law in laws.LAWS.values()),
    pc.Uniform(2),
    pc.Point("3/2"),
    pc.Beta(2, 3),
    pc.Beta(1, 1),
    pc.Exponential("1/2"),  # type: ignore[arg-type]
]
EXACT = [law for law in LAWS if law.density or law.atoms]
WEIGHTS = [[1, Fraction(-4, 5), Fraction(1, 3)], [0, Fraction(1, 2), Fraction(6, 5)]]
BIAS = [Fraction(1, 10), Fraction(-1, 20), Fraction(1, 5)]


@dataclass(frozen=True, slots=True, repr=False)
class Mixed(pc.Law):
    """Half an atom at 1/2, half uniform on [1, 2]."""

    name: ClassVar[str] = "mixed"
    density = property(lambda self: ((Fraction(1), Fraction(2), (Fraction(1, 2),)),))
    atoms = property(lambda self: ((Fraction(1, 2), Fraction(1, 2)),))


@dataclass(frozen=True, slots=True, repr=False)
class PlainUniform(pc.Law):
    """Uniform on [0, 1] without a kernel."""

    name: ClassVar[str] = "plain"
    density = property(lambda self: ((Fraction(0), Fraction(1), (Fraction(1),)),))


@pytest.mark.parametrize("law", [*LAWS, Mixed()], ids=str)
def test_moments_transform_and_samples_agree(law):
    rng = np.random.default_rng(1)
    x = law.sample(rng, 100_000)
    low, high = law.bounds
    assert low <= x.min() and x.max() <= high
    assert np.shape(law.sample(rng)) == () and law.sample(rng, (2, 3)).shape == (2, 3)
    for order in range(4):
        assert law.transform(np.zeros(1), order)[0] == pytest.approx(float(law.moment(order)))
        for t in (0.3, -1.0, 2j, 40j, 500j):
            values = x**order * np.exp(t * x)
            exact = law.transform(np.array([t]), order)[0]
            assert abs(values.mean() - exact) <= 5 * values.std() / np.sqrt(len(x)) + 1e-12
        for t in (0.3j, 29j, 31j, 2000j):  # the derivative is the transform of the next order
            h = 1e-4
            steps = law.transform(np.array([t + 1j * h, t - 1j * h]), order)
            slope = law.transform(np.array([t]), order + 1)[0]
            assert abs((steps[0] - steps[1]) / (2j * h) - slope) <= 1e-6


@pytest.mark.parametrize("law", [*LAWS, Mixed()], ids=str)
def test_the_density_has_the_moments(law):
    nodes, weights = np.polynomial.legendre.leggauss(30)
    for order in range(4):
        total = sum(float(w) * float(x) ** order for x, w in law.atoms)
        for a, b in zip(law.edges, law.edges[1:], strict=False):
            x = 0.5 * (a + b) + 0.5 * (b - a) * nodes
            total += 0.5 * (b - a) * (weights * law.pdf(x) * x**order).sum()
        assert total == pytest.approx(float(law.moment(order)), rel=1e-12)


def test_integrals_of_one_piece_are_those_of_the_cube():
    slopes = {Fraction(1, 2): 2, Fraction(-1): 1, Fraction(3): 1}
    for offset in (Fraction(-1, 3), Fraction(0), Fraction(7, 5)):
        for power in (1, 2):
            value = density_integral(slopes, offset, power, PlainUniform())
            assert value == cube_integral(slopes, offset, power)
        for own in (Fraction(0), Fraction(2, 3)):
            value = density_integral(slopes, offset, 1, PlainUniform(), own, 1)
            assert value == cube_cross_integral(own, slopes, offset)


def test_beta_1_1_is_uniform():
    for symbols in ([pc.r, 1, 1], None):
        one = pc.decompose(WEIGHTS, BIAS, symbols, law=pc.Beta(1, 1))
        assert one.total == pc.decompose(WEIGHTS, BIAS, symbols).total


@pytest.mark.parametrize("law", [*LAWS, Mixed()], ids=str)
@pytest.mark.parametrize("S", [0.0, 0.4, 0.95])
def test_samples_agree_with_the_loss(law, S):
    rng = np.random.default_rng(2)
    W, b = np.array(WEIGHTS, float), np.array(BIAS, float)
    x = law.sample(rng, (200_000, 3)) * (rng.random((200_000, 3)) >= S)
    sample = ((x - np.maximum(x @ W.T @ W + b, 0)) ** 2).sum(axis=1)
    loss, error = pc.expected_loss(W, b, np.ones(3), S, law, return_error=True)
    assert abs(loss - sample.mean()) <= 5 * sample.std() / np.sqrt(len(x)) + 1e-12
    if law in EXACT:
        exact = float(pc.decompose(WEIGHTS, BIAS, law=law).at(sparsity=Fraction(str(S))))
        assert abs(loss - exact) <= error + 1e-14
        assert abs(loss - exact) <= 1e-10


def test_a_law_without_a_kernel_gives_what_the_kernel_gives():
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(4, 12)) / 2, 0.1 * rng.normal(size=12)
    with_kernel = pc.expected_loss_and_grad(W, b, np.ones(12), 0.8)
    without = pc.expected_loss_and_grad(W, b, np.ones(12), 0.8, PlainUniform())
    for one, two in zip(with_kernel, without, strict=True):
        np.testing.assert_allclose(one, two, atol=2e-10)


@pytest.mark.parametrize(
    ("law", "unit"),
    [
        (pc.Uniform(3), pc.Uniform()),
        (pc.Point(3), pc.Point()),
        (pc.SignedUniform(Fraction(3)), pc.SignedUniform()),
        (pc.Exponential(Fraction(3)), pc.Exponential()),
        (pc.HalfNormal(Fraction(3)), pc.HalfNormal()),
    ],
    ids=str,
)
def test_magnitudes_three_times_as_large(law, unit):
    """The loss is c² times that of (W, b/c): MATH of laws. Ten features are dense."""
    rng = np.random.default_rng(9)
    W, b = rng.normal(size=(3, 10)) / 2, 0.1 * rng.normal(size=10)
    large, dW, db = pc.expected_loss_and_grad(W, b, np.ones(10), 0.7, law)
    small, dW_1, db_1 = pc.expected_loss_and_grad(W, b / 3, np.ones(10), 0.7, unit)
    assert large == pytest.approx(9 * small, rel=1e-9)
    np.testing.assert_allclose(dW, 9 * dW_1, atol=1e-8)
    np.testing.assert_allclose(db, 3 * db_1, atol=1e-8)


def test_the_diagram_of_another_law():
    (junction,) = pc.phase_diagram(pc.ToyModel(2, 1, pc.Beta(2, 1))).junctions
    # r v = (1 + r) c p² at r = 1 and at p: v = p/2 − 4p²/9, E((x − y)_+²) = (1/2 − 4/9) by symmetry
    assert junction.importance == 1
    p = 1 - junction.sparsity
    antipodal = pc.decompose([[1, -1]], [0, 0], law=pc.Beta(2, 1)).total.subs(pc.p, p)
    assert p / 2 - 4 * p**2 / 9 == antipodal


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: pc.Beta(0, 1), "a = 0: it must be an integer, 1 to 12"),
        (lambda: pc.Beta(2, "1/2"), "b = 1/2: it must be an integer"),  # type: ignore[arg-type]
        (lambda: pc.Exponential(0), "length = 0: it must be a positive rational"),  # type: ignore[arg-type]
        (lambda: pc.HalfNormal(-1), "sigma = -1: it must be a positive rational"),  # type: ignore[arg-type]
        (lambda: pc.SignedUniform(0), "high = 0: it must be a positive rational"),  # type: ignore[arg-type]
        (
            lambda: pc.decompose([[1]], [0], law=pc.Exponential()),
            "law = exponential: there is no exact formula for it",
        ),
        (
            lambda: pc.expected_loss([[1]], [0], [1], 0.5, pc.Beta(), method="closed"),
            'method = "closed": law = beta has the method "dense" only',
        ),
    ],
)
def test_unusable_laws(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_a_law_that_is_no_law():
    @dataclass(frozen=True, slots=True, repr=False)
    class Half(pc.Law):
        name: ClassVar[str] = "half"
        density = property(lambda self: ((Fraction(0), Fraction(1), (Fraction(1, 2),)),))

    with pytest.raises(ValueError, match=r"law = half: its density and atoms add up to 1/2"):
        pc.expected_loss([[1]], [0], [1], 0.5, Half())
