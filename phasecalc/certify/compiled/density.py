"""Enclosures of E[x_j x̃ x̃ᵀ δ(u)] over a box of θ: the concave part of a row's Hessian.

An active set that holds j is integrated along its direction of the largest certain slope: there
δ(u) picks x* = −(b + Σ g_i x_i)/g*, which lies between two linear functions of the other
coordinates. The integrand grows with x*, so its bounds are values at these two, clipped to [0, 1].
"""

from __future__ import annotations

import numpy as np

from ...kernel.compiled.jit import compiled
from .moments import _THREE, _TWO

SLACK = 2.0**-30
"""Added on both sides, in parts of 1/|g*|: far above the rounding errors, far below what counts."""


@compiled()
def _add_cut(cuts, size, at):
    """Insert `at` into the ascending cuts if it lies inside (0, 1); the new size."""
    if not 0.0 < at < 1.0:
        return size
    place = size
    while place > 0 and cuts[place - 1] > at:
        cuts[place] = cuts[place - 1]
        place -= 1
    cuts[place] = at
    return size + 1


@compiled()
def _line_cuts(cuts, up0, up1, down0, down1):
    """0, the places where the lines up0 + up1 y, down0 + down1 y are 0 or 1, and 1."""
    cuts[0] = 0.0
    size = np.int64(1)
    if up1 != 0.0:
        size = _add_cut(cuts, size, -up0 / up1)
        size = _add_cut(cuts, size, (1.0 - up0) / up1)
    if down1 != 0.0:
        size = _add_cut(cuts, size, -down0 / down1)
        size = _add_cut(cuts, size, (1.0 - down0) / down1)
    cuts[size] = 1.0
    return size + 1


@compiled()
def _collect(weight, up, down, j, star, x, n, least, most, low, high):
    """Add weight · x_j x̃ x̃ᵀ/|g*| at x* = down to `low` and at x* = up to `high`."""
    if up >= 0.0 and down <= 1.0:
        x[star] = min(up, 1.0)
        part = weight * x[j] / least
        for k in range(n + 1):
            for q in range(k + 1):
                high[k, q] += part * x[k] * x[q]
    if down >= 0.0 and up <= 1.0:
        x[star] = down
        part = weight * x[j] / most
        for k in range(n + 1):
            for q in range(k + 1):
                low[k, q] += part * x[k] * x[q]
    x[star] = 0.0


@compiled()
def density_bounds(tlo, thi, j, n, law, low, high):
    """Entrywise bounds of E[x_j x̃ x̃ᵀ δ(u)] for θ in [tlo, thi]; False where none is found."""
    low[:, :] = 0.0
    high[:, :] = 0.0
    x = np.zeros(n + 1)
    rest = np.empty(3, np.int64)
    ys = np.empty(8)
    zs = np.empty(16)
    for active in range(1 << n):
        if not active >> j & 1:
            continue
        count = 0
        star = np.int64(-1)
        least = 0.0
        umin, umax = tlo[n], thi[n]
        for i in range(n):
            if active >> i & 1:
                count += 1
                size = max(tlo[i], -thi[i])
                if size > least:
                    least = size
                    star = i
                umin += min(tlo[i], 0.0)
                umax += max(thi[i], 0.0)
        weight = law[count]
        if weight == 0.0:
            continue
        scale = 1e-12 * (1.0 + abs(umin) + abs(umax))
        if umin > scale or umax < -scale:
            continue
        if star < 0:
            return False
        most = max(abs(tlo[star]), abs(thi[star]))
        k = 0
        for i in range(n + 1):
            x[i] = 0.0
            if i < n and active >> i & 1 and i != star:
                rest[k] = i
                k += 1
        x[n] = 1.0
        # x* between down and up, both linear in the other coordinates.
        if tlo[star] > 0.0:
            up0, down0 = -tlo[n] / least, -thi[n] / most
        else:
            up0, down0 = thi[n] / least, tlo[n] / most
        if k == 0:
            _collect(weight, up0, down0, j, star, x, n, least, most, low, high)
        elif k == 1:
            up1, down1 = _slopes(tlo, thi, rest[0], star, least, most)
            _along(weight, up0, up1, down0, down1, rest[0], j, star, x, n, least, most, low, high,
                   ys)  # fmt: skip
        else:
            up1, down1 = _slopes(tlo, thi, rest[0], star, least, most)
            up2, down2 = _slopes(tlo, thi, rest[1], star, least, most)
            zs[0] = 0.0
            size = np.int64(1)
            for end in range(2):
                for value in range(2):
                    if up2 != 0.0:
                        size = _add_cut(zs, size, (value - up0 - end * up1) / up2)
                    if down2 != 0.0:
                        size = _add_cut(zs, size, (value - down0 - end * down1) / down2)
                    # Where the lines up = value and down = end cross.
                    across = up2 * down1 - down2 * up1
                    if across != 0.0:
                        at = ((value - up0) * down1 - (end - down0) * up1) / across
                        size = _add_cut(zs, size, at)
            zs[size] = 1.0
            for piece in range(size):
                width = zs[piece + 1] - zs[piece]
                for node in range(3):
                    at = _THREE if node == 0 else (0.5 if node == 1 else 1.0 - _THREE)
                    share = 4.0 / 9.0 if node == 1 else 5.0 / 18.0
                    z = zs[piece] + width * at
                    x[rest[1]] = z
                    _along(weight * width * share, up0 + up2 * z, up1, down0 + down2 * z, down1,
                           rest[0], j, star, x, n, least, most, low, high, ys)  # fmt: skip
            x[rest[1]] = 0.0
        slack = SLACK * weight / least
        for i in range(n + 1):
            for q in range(i + 1):
                high[i, q] += slack
                low[i, q] -= slack
    for i in range(n + 1):
        for q in range(i):
            low[q, i] = low[i, q]
            high[q, i] = high[i, q]
    return True


@compiled()
def _slopes(tlo, thi, i, star, least, most):
    if tlo[star] > 0.0:
        return -tlo[i] / least, -thi[i] / most
    return thi[i] / least, tlo[i] / most


@compiled()
def _along(weight, up0, up1, down0, down1, i, j, star, x, n, least, most, low, high, cuts):
    """The integral over coordinate i of what `_collect` adds."""
    size = _line_cuts(cuts, up0, up1, down0, down1)
    for piece in range(size - 1):
        start, width = cuts[piece], cuts[piece + 1] - cuts[piece]
        for node in range(2):
            at = _TWO if node == 0 else 1.0 - _TWO
            x[i] = start + width * at
            _collect(0.5 * weight * width, up0 + up1 * x[i], down0 + down1 * x[i], j, star, x, n,
                     least, most, low, high)  # fmt: skip
    x[i] = 0.0
