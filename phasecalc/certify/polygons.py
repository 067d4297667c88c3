"""Regular polygons as strict local minima, proved in ball arithmetic (python-flint).

k features in two dimensions at the corners of a regular k-gon, all of length √t and bias β. By
symmetry ∇L has only the two components along t and β; that both vanish at one (t, β) is proved by
Krawczyk's test. The Hessian there, in balls, is positive definite across the rotation.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

from .checker.balls import Law, Row
from .checker.bounds import positive_definite

PRECISION = 200


class Polygon(NamedTuple):
    """A proved strict local minimum: squared length, bias and loss in balls, curvature from below.

    ``curvature`` is proved to lie below every eigenvalue of the Hessian across the rotation;
    ``positive`` is how many there are.
    """

    corners: int
    sparsity: Fraction
    square: Any
    bias: Any
    loss: Any
    curvature: float
    positive: int


def certified_polygon(
    corners: int, sparsity: Fraction, start: tuple[float, float], curvature: float
) -> Polygon | None:
    """The regular polygon near `start` = (squared length, bias), if the proof succeeds.

    `curvature`: what is to be proved to lie below the eigenvalues. Works while no kink touches the
    minimum, that is for non-vanishing overlaps.
    """
    before = ctx.prec
    ctx.prec = PRECISION
    try:
        p = arb(1 - fmpq(sparsity.numerator, sparsity.denominator))
        angle = 2 * arb.pi() / corners
        cosines = [(angle * i).cos() for i in range(corners)]
        found = _stationary(cosines, p, start)
        if found is None:
            return None
        t, b = found
        g = [t * c for c in cosines]
        row = Row(Law(corners, p), [*g, b])
        loss = corners * (p / 3 - 2 * row.expect(row.of(0), 1) + row.expect(row.of(), 2))
        H = _hessian(cosines, t, b, p)
        for s in range(3 * corners):
            H[s][s] -= arb(curvature)
        if not positive_definite([[np.array([x]) for x in row] for row in H])[0]:
            return None
        return Polygon(corners, sparsity, t, b, loss, curvature, 3 * corners - 1)
    finally:
        ctx.prec = before


def _slopes(row: Row) -> list[Any]:
    """∂ℓ_0/∂θ = 2 E x̃_k u_+ − 2 E x_0 x̃_k 1(u > 0)."""
    return [
        2 * (row.expect(row.of(k), 1) - row.expect(row.of(0, k), 0)) for k in range(row.law.n + 1)
    ]


def _curvatures(row: Row) -> list[list[Any]]:
    """∂²ℓ_0/∂θ² = 2 E x̃x̃ᵀ 1(u > 0) − 2 E x_0 x̃x̃ᵀ δ(u)."""
    R = row.matrix()
    for k in range(row.law.n + 1):
        for q in range(k + 1):
            R[k][q] = R[q][k] = 2 * (R[k][q] - row.expect(row.of(0, k, q), -1))
    return R


def _reduced(
    cosines: list[Any], t: Any, b: Any, p: Any, *, second: bool
) -> tuple[list[Any], list[list[Any]]]:
    """Gradient of ℓ_0 along (t, β), and its Jacobian."""
    g = [t * c for c in cosines]
    directions = [[*cosines, arb(0)], [arb(0)] * len(cosines) + [arb(1)]]
    row = Row(Law(len(cosines), p), [*g, b])
    D = _slopes(row)
    gradient = [sum((x * y for x, y in zip(D, d, strict=True)), arb(0)) for d in directions]
    if not second:
        return gradient, []
    R = _curvatures(row)
    jacobian = [
        [
            sum((u[k] * R[k][q] * v[q] for k, q in product(range(len(u)), repeat=2)), arb(0))
            for v in directions
        ]
        for u in directions
    ]
    return gradient, jacobian


def _stationary(cosines: list[Any], p: Any, start: tuple[float, float]) -> tuple[Any, Any] | None:
    """Balls that hold exactly one zero of the reduced gradient."""
    x = [arb(start[0]), arb(start[1])]
    for _ in range(8):
        f, J = _reduced(cosines, x[0], x[1], p, second=True)
        step = arb_mat(J).solve(arb_mat([[f[0]], [f[1]]]))
        x = [(x[i] - step[i, 0]).mid() for i in range(2)]
    reach = arb(0, 2.0**-120)
    wide = [x[0] + reach, x[1] + reach]
    f, J = _reduced(cosines, x[0], x[1], p, second=True)
    C = arb_mat([[e.mid() for e in row] for row in J]).inv()
    C = [[C[i, k].mid() for k in range(2)] for i in range(2)]
    _, J = _reduced(cosines, wide[0], wide[1], p, second=True)
    found = []
    for i in range(2):
        image = x[i] - C[i][0] * f[0] - C[i][1] * f[1]
        for k in range(2):
            entry = arb(i == k) - C[i][0] * J[0][k] - C[i][1] * J[1][k]
            image += entry * reach
        if not wide[i].contains_interior(image):
            return None
        found.append(image)
    return found[0], found[1]


def _hessian(cosines: list[Any], t: Any, b: Any, p: Any) -> list[list[Any]]:
    """The Hessian in (W by rows, b), with the rotation's tangent given a curvature of one."""
    n = len(cosines)
    row = Row(Law(n, p), [*(t * c for c in cosines), b])
    D, R = _slopes(row), _curvatures(row)
    length = t.sqrt()
    angle = 2 * arb.pi() / n
    W = [
        [length * (angle * i).cos() for i in range(n)],
        [length * (angle * i).sin() for i in range(n)],
    ]
    size = 3 * n
    H = [[arb(0)] * size for _ in range(size)]
    for j in range(n):
        # Row j is row 0 with the features turned: G_jk = g[(k − j) mod n].
        turned = [(k - j) % n for k in range(n)] + [n]
        J: list[dict[int, Any]] = [{} for _ in range(n + 1)]
        for k, a in product(range(n), range(2)):
            J[k][a * n + k] = J[k].get(a * n + k, arb(0)) + W[a][j]
            J[k][a * n + j] = J[k].get(a * n + j, arb(0)) + W[a][k]
        J[n][2 * n + j] = arb(1)
        for k, q in product(range(n + 1), repeat=2):
            curvature = R[turned[k]][turned[q]]
            for (s, u), (r, v) in product(J[k].items(), J[q].items()):
                H[s][r] += u * curvature * v
        for k, a in product(range(n), range(2)):
            H[a * n + j][a * n + k] += D[turned[k]]
            H[a * n + k][a * n + j] += D[turned[k]]
    norm = (n * t).sqrt()
    tangent = [-x / norm for x in W[1]] + [x / norm for x in W[0]] + [arb(0)] * n
    for s, r in product(range(size), repeat=2):
        H[s][r] += tangent[s] * tangent[r]
    return H
