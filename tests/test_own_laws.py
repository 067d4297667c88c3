"""A law of one's own: used everywhere, and refused in a sentence where it is no law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pytest

import phasecalc as pc

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, repr=False)
class Own(pc.Law):
    """Any pieces and atoms."""

    pieces: Any = ()
    points: Any = ()
    name: ClassVar[str] = "own"

    @property
    def density(self) -> Any:
        return self.pieces

    @property
    def atoms(self) -> Any:
        return self.points


TRIANGLE = Own(((0, HALF, (0, 4)), (HALF, 1, (4, -4))))
MIXED = Own(((0, 1, (HALF,)),), ((2, HALF),))
TOUCHING = Own(((0, 1, (3, -12, 12)),))
"""Density 12 (x − 1/2)², 0 inside."""


@pytest.mark.parametrize("law", [TRIANGLE, MIXED, TOUCHING], ids=["triangle", "mixed", "touching"])
def test_a_law_of_ones_own(law: Own) -> None:
    W, b = [[1, Fraction(-4, 5)]], [Fraction(1, 10), 0]
    exact = pc.decompose(W, b, law=law).at(Fraction(2, 5))
    floats = pc.expected_loss(np.array(W, float), np.array(b, float), [1, 1], 0.4, law)
    assert float(exact) == pytest.approx(float(floats), abs=1e-11)
    rng = np.random.default_rng(1)
    x = law.sample(rng, (200_000, 2)) * (rng.random((200_000, 2)) < 0.6)
    y = np.maximum(x @ np.array(W, float).T @ np.array(W, float) + np.array(b, float), 0)
    each = ((x - y) ** 2).sum(axis=1)
    assert abs(each.mean() - floats) <= 5 * each.std() / np.sqrt(len(x))
    assert pc.phase_diagram(pc.ToyModel(2, 1, law)).phases


@dataclass(frozen=True, slots=True, repr=False)
class Heavy(pc.Law):
    """Density 2/x³ from 1 on: E x² is infinite."""

    name: ClassVar[str] = "heavy"
    edges = (1.0, 2.0)
    bounds = (1.0, np.inf)

    def moment(self, order: int) -> Any:
        return [1, 2][order] if order < 2 else np.inf

    def pdf(self, x: Any) -> Any:
        return 2 / x**3


class Loose(pc.Law):
    """No dataclass."""

    name = "loose"


REFUSED: dict[str, tuple[pc.Law, str]] = {
    "mass": (Own(((0, 1, (2,)),)), "its density and atoms add up to 2, it must be 1"),
    "less": (Own(((0, 1, (HALF,)),)), "add up to 1/2, it must be 1"),
    "negative": (Own(((0, 1, (-1, 4)),)), r"its density is negative somewhere in \[0, 1\]"),
    "inside": (Own(((0, 1, (4, -18, 18)),)), "is negative somewhere"),
    "ends": (Own(((0, 1, (0, -6, 6)),)), "is negative somewhere"),
    "overlap": (Own(((0, 1, (HALF,)), (HALF, Fraction(3, 2), (HALF,)))), "overlap at 1/2"),
    "turned": (Own(((1, 0, (-1,)),)), "density from 1 to 0: the ends must ascend"),
    "atom": (Own(((0, 1, (2,)),), ((1, -1),)), "the weight of its atom 1 is -1, below 0"),
    "moment": (Heavy(), "E x² = inf, it must be finite"),
}
USES: dict[str, Callable[[pc.Law], Any]] = {
    "decompose": lambda law: pc.decompose([[1, -1]], [0, 0], law=law),
    "expected_loss": lambda law: pc.expected_loss([[1, -1]], [0, 0], [1, 1], 0.5, law),
    "ToyModel": lambda law: pc.ToyModel(2, 1, law),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_law(case: str, use: str) -> None:
    law, says = REFUSED[case]
    with pytest.raises(ValueError, match=says) as refused:
        USES[use](law)
    assert str(refused.value).startswith(f"law = {law}")


@pytest.mark.parametrize("use", USES)
def test_what_is_no_class_of_a_law(use: str) -> None:
    with pytest.raises(TypeError, match="law = Loose: a law is a frozen dataclass with a name"):
        USES[use](Loose())
    with pytest.raises(TypeError, match=r"density holds 0\.5, it must be exact"):
        USES[use](Own(((0, 2, (0.5,)),)))


def test_files_hold_laws_by_name(tmp_path) -> None:
    model = pc.ToyModel(2, 1, TRIANGLE)
    with pytest.raises(ValueError, match="files hold laws by name, and law = own"):
        pc.train(model, [0.5], [1.0], 1, checkpoint=tmp_path / "own.npz")
    with pytest.raises(TypeError, match="Own is no record that can be saved"):
        pc.phase_diagram(model).save(tmp_path / "own.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ({"seed": -1}, ValueError, "seed = -1: it must be an integer, 0 or more"),
        ({"seed": "x"}, TypeError, "seed = 'x': it must be an integer, 0 or more"),
        ({"random_starts": -1}, ValueError, "random_starts = -1: it must be an integer, 0 or more"),
        ({"random_starts": 1.5}, TypeError, "random_starts = 1.5: it must be an integer"),
    ],
)
def test_counts_and_seeds(arguments: dict[str, Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        pc.minimize(pc.ToyModel(2, 1), 0.5, **arguments)
    with pytest.raises(kind, match=says):
        pc.regret(pc.ToyModel(2, 1), [[1.0, -1.0]], sparsity=0.5, **arguments)
