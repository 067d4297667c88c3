"""The one Newton's method of the continuation, on systems whose zeros are known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from phasecalc.continuation.newton import newton

ROUNDING = 4 * float(np.finfo(np.float64).eps)


def circle(z: np.ndarray):
    """The unit circle and the diagonal."""
    values = np.array([z @ z - 1.0, z[0] - z[1]])
    return values, ROUNDING, lambda: np.array([2.0 * z, [1.0, -1.0]])


@pytest.mark.parametrize("keep", [False, True])
def test_zero_is_as_close_as_its_error_says(keep: bool) -> None:
    found = newton(circle, np.array([0.7, 0.8]), keep=keep)
    assert found is not None
    exact = Fraction(1, 2)  # of the squares of both entries
    gaps = [abs(float(Fraction(float(x)) ** 2 - exact)) / (2 * float(x)) for x in found.z]
    assert max(gaps) <= found.error.max() < 1e-15


def test_error_is_that_of_the_rounding_where_it_is_large() -> None:
    """Values with an error of 1e-6, and a slope of 1e-2: known to 1e-4."""

    def off(z: np.ndarray):
        return 0.01 * (z - 0.1) + 1e-7, 1e-6, lambda: np.array([[0.01]])

    found = newton(off, np.ones(1), farthest=2.0)
    assert found is not None
    assert abs(found.z[0] - 0.1) < found.error[0] == pytest.approx(1e-4)


def test_with_fewer_equations_the_nearest_zero_is_found() -> None:
    def plane(z: np.ndarray):
        return z[:1] + 2 * z[1:] - 1.0, ROUNDING, lambda: np.array([[1.0, 2.0]])

    found = newton(plane, np.zeros(2), farthest=0.5)
    assert found is not None
    assert np.allclose(found.z, [0.2, 0.4], atol=1e-15)
    assert newton(plane, np.zeros(2), farthest=0.3) is None  # a step of 0.4


@pytest.mark.parametrize(
    "equations",
    [
        lambda z: (z**2 + 1.0, 0.0, lambda: np.diag(2 * z)),  # no zero
        lambda z: (np.array([z[0], z[0]]) - 1.0, 0.0, lambda: np.ones((2, 2))),  # singular
        lambda z: None,  # lost
    ],
)
def test_none_where_there_is_none(equations) -> None:
    assert newton(equations, np.array([0.3, 0.2]), farthest=10.0) is None
