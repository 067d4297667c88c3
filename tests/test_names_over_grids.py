"""Names of minima over grids of conditions: one pattern, one name, short and in plain words."""

from __future__ import annotations

import re
from itertools import permutations

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.minima.naming import WEAK, groups_of

from .marks import long

GRIDS = [
    (4, 2, (0.3, 0.7, 0.98), (0.2, 1.0, 4.0)),
    (4, 2, (0.05, 0.3, 0.5, 0.7, 0.9, 0.98), (0.2, 0.7, 1.0, 1.5, 4.0)),
    long(5, 2, (0.1, 0.3, 0.6, 0.85, 0.97), (0.2, 0.7, 1.0, 1.5, 4.0)),
    long(6, 2, (0.3, 0.9), (0.5, 1.0, 2.0)),
    (5, 3, (0.1, 0.5, 0.9), (0.5, 1.0, 2.0)),
]
SET = r"(?:\d[=']?|x)"
FIGURES = (
    rf"\d-in-\d\({SET}(?:-{SET})*(?::{SET}(?:-{SET})*)?\)|pair|triangle|tetrahedron|\d-simplex"
    r"|aligned|(?:deformed-)?(?:pentagon|hexagon)|three-on-a-line"
)
PLURALS = r"pairs|triangles|tetrahedra"
EXTRA = rf"extra-(?:dedicated|dropped|(?:weak-(?:other-)?)?(?:{FIGURES})(?:#2)?)"
PART = rf"(?:weak-)?(?:{FIGURES})|[2-9]-(?:weak-)?(?:{PLURALS})|[1-9]-(?:dedicated|dropped)"
NAME = re.compile(rf"(?:{FIGURES})|all-dedicated|{EXTRA}(?:\+(?:{PART}))*")


def pattern(gram: np.ndarray, bias: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Signs of overlaps, in the first order of the other features, with marks.

    Marked are weak features, short ones and the order of their lengths, and which features a
    symmetry of the minimum makes alike.
    """
    n = len(gram)
    length = np.sqrt(np.maximum(gram.diagonal(), 0.0))
    least = 1e-5 * np.outer(length, length)
    signs = np.where(np.abs(gram) > least, np.sign(gram), 0).astype(int)
    signs[length < 1e-5] = signs[:, length < 1e-5] = 0
    pull = np.maximum(-gram, 0.0).sum(axis=1)
    weak = (pull > 0) & (bias > WEAK * pull) & ((signs > 0).sum(axis=1) == 1)
    short = length**2 < 0.5 * (length**2).max()
    signs += np.diag(2 * weak + 4 * short)
    signs += 10 * (np.outer(short, short) & (length[:, None] > length + 1e-5))
    orders = [np.array([*order, n - 1]) for order in permutations(range(n - 1))]
    for o in orders:
        if np.abs(gram[np.ix_(o, o)] - gram).max() < 1e-5 and np.abs(bias[o] - bias).max() < 1e-5:
            signs[o, np.arange(n)] |= 128  # the symmetry makes these alike
    return min(tuple(map(tuple, signs[np.ix_(o, o)].tolist())) for o in orders)


@pytest.mark.parametrize(("n", "m", "sparsities", "importances"), GRIDS)
def test_names(
    n: int, m: int, sparsities: tuple[float, ...], importances: tuple[float, ...]
) -> None:
    model = pc.ToyModel(n, m)
    names: dict[object, set[str]] = {}
    for S in sparsities:
        for r in importances:
            found = pc.minimize(model, sparsity=S, importance=r).lowest
            gram = found.weights.T @ found.weights
            name = found.name
            assert "mixed" not in name
            assert NAME.fullmatch(name), name
            assert len(name.split("+")) <= 4, "parts of a kind are counted, not listed"
            dropped = sum(int(c) for c in re.findall(r"(\d)-dropped", name))
            dropped += "extra-dropped" in name
            assert dropped == n - sum(map(len, groups_of(gram))), name
            words = found.description
            assert ("dropped" in words) == (dropped > 0)
            assert ("dimension" in words) == ("dedicated" in name)
            assert not re.search(r"[+_]|#", words) and words[0].islower()
            if not found.name.endswith("gon"):  # a regular figure has its own name on top
                names.setdefault(pattern(gram, found.bias), set()).add(name)
    assert all(len(found) == 1 for found in names.values()), names
