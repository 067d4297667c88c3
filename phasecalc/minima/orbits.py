"""What leaves the loss as it is: rotations W → QW, and orders of equally important features."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def orbit(x: Floats, m: int, n: int) -> tuple[Floats, int]:
    """Orthonormal tangents of W → QW at x = (W by rows, b), one a row, and how many there are."""
    T = np.zeros((max(1, m * (m - 1) // 2), len(x)))
    rows = x[: m * n].reshape(m, n)
    count = 0
    for a in range(m):
        for c in range(a):
            v = np.zeros(len(x))
            v[a * n : (a + 1) * n] = rows[c]
            v[c * n : (c + 1) * n] = -rows[a]
            for known in T[:count]:
                v -= (known @ v) * known
            length = float(np.sqrt(v @ v))
            if length > 1e-6:
                T[count] = v / length
                count += 1
    return T, count


@lru_cache(maxsize=64)
def orders_of(classes: tuple[int, ...]) -> NDArray[np.intp]:
    """Permutations of features that permute each class within itself, one a row.

    >>> orders_of((0, 0, 2)).tolist()
    [[0, 1, 2], [1, 0, 2]]
    """
    groups = [[i for i, c in enumerate(classes) if c == one] for one in dict.fromkeys(classes)]
    orders = []
    for arranged in product(*(permutations(group) for group in groups)):
        order = np.empty(len(classes), dtype=np.intp)
        for group, images in zip(groups, arranged, strict=True):
            order[group] = images
        orders.append(order)
    return np.array(orders)
