"""A magnitude law as numbers: its density on panels, for laws without a compiled kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.polynomial import chebyshev, polynomial
from numpy.typing import NDArray

from ..laws import Law
from .compiled.dense_factors import ORDERS

Floats = NDArray[np.float64]
_DEGREE = 20
"""Of the polynomial that stands for the density on a panel."""
_NODES = 24
_SAFE = 1.05
_MOST_PLACES = 150_000
"""Of a table of transforms: 24 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class LawTable:
    law: Law
    first: float
    second: float
    low: float
    high: float
    decay: tuple[float, float, float, float, float]
    """(k, l, m, l', m'): |E e^{itx}| ≤ min(1, k/|t|), |E x e^{itx}| ≤ min(m, l/|t|) and
    |E x² e^{itx}| ≤ min(m', l'/|t|); k, l and l' are inf with atoms."""
    panels: Floats
    dense: Floats
    anti: Floats
    below: Floats
    atoms: Floats
    edges: Floats
    nodes: Floats
    weights: Floats
    step: float
    """Between two places of the table of transforms."""
    furthest: float
    """The largest |t| that a table may reach."""
    grown: list[Floats]
    """The table so far, which `transform` makes longer."""

    def transform(self, reach: float) -> Floats:
        """φ^(q)(k step)/q!, real and imaginary parts, up to |t| = reach: (places, 2 ORDERS)."""
        wanted = int(reach / self.step) + 2
        if len(self.grown[0]) < wanted:
            wanted = max(wanted, 5 * len(self.grown[0]) // 4)
            t = 1j * self.step * np.arange(wanted)
            values = np.empty((wanted, 2 * ORDERS))
            for q in range(ORDERS):
                coefficient = 1j**q * self.law.transform(t, q) / math.factorial(q)
                values[:, 2 * q], values[:, 2 * q + 1] = coefficient.real, coefficient.imag
            self.grown[0] = values
        return self.grown[0]


@lru_cache(maxsize=8)
def law_table(law: Law) -> LawTable:
    """The law's numbers; ValueError where its moments do not exist or the density is not one."""
    moments = [float(law.moment(q)) for q in (1, 2)]
    atoms = np.array([(float(x), float(w)) for x, w in law.atoms]).reshape(-1, 2)
    panels = np.array(law.edges, float)
    if len(panels) == 0:
        panels = np.array([0.0, 1.0])
        fits = np.zeros((1, 1))
    else:
        fits = np.stack([_fit(law, a, b) for a, b in pairwise(panels)])
    anti = np.zeros((len(fits), 3, fits.shape[1] + 3))
    below = np.zeros((len(panels), 3))
    for e, fit in enumerate(fits):
        half, middle = 0.5 * (panels[e + 1] - panels[e]), 0.5 * (panels[e + 1] + panels[e])
        for q in range(3):
            integrand = polynomial.polymul(fit, polynomial.polypow([middle, half], q))
            integral = half * polynomial.polyint(integrand, lbnd=-1)
            anti[e, q, : len(integral)] = integral
            below[e + 1, q] = below[e, q] + polynomial.polyval(1.0, integral)
    total = below[-1, 0] + atoms[:, 1].sum()
    if not all(map(math.isfinite, moments)) or abs(total - 1.0) > 1e-9:
        raise ValueError(
            f"law = {law}: its density and atoms add up to {total:.9g} and its moments are "
            f"{moments[0]:g} and {moments[1]:g}; they must be 1 and finite"
        )
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    low, high = law.bounds
    # The series leaves out E x^ORDERS d^ORDERS/ORDERS!, |d| ≤ step/2, and for −φ'' E x^ORDERS
    # d^(ORDERS−2)/(ORDERS−2)!.
    size = float(law.moment(ORDERS)) ** (1.0 / ORDERS)
    step = 0.06 / size
    return LawTable(
        law=law,
        first=moments[0],
        second=moments[1],
        low=low,
        high=high,
        decay=_decay(law, panels, atoms, moments[1]),
        panels=panels,
        dense=fits,
        anti=anti,
        below=below,
        atoms=atoms,
        edges=np.array(_kinks(law), float),
        nodes=nodes,
        weights=weights,
        step=step,
        furthest=_MOST_PLACES * step,
        grown=[np.empty((0, 2 * ORDERS))],
    )


def _kinks(law: Law) -> tuple[float, ...]:
    """Edges of pieces are kinks; those between panels of a smooth density are not."""
    return law.edges if law.density else law.edges[:1] + law.edges[-1:]


def _fit(law: Law, low: float, high: float) -> Floats:
    """Coefficients of the density in s on [−1, 1], through Chebyshev points."""
    s = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    values = law.pdf(0.5 * (low + high) + 0.5 * (high - low) * s)
    result = np.zeros(_DEGREE + 1)
    series = chebyshev.cheb2poly(chebyshev.chebfit(s, values, _DEGREE))
    result[: len(series)] = series
    return result


def _decay(
    law: Law, panels: Floats, atoms: Floats, second: float
) -> tuple[float, float, float, float, float]:
    """By parts |∫ f e^{itx}| ≤ TV(f)/|t|, TV being the total variation over the whole line."""
    mean = float(np.abs(atoms[:, 0] * atoms[:, 1]).sum())
    variation = np.zeros(3)
    previous = np.zeros(3)
    for low, high in pairwise(panels):
        width = high - low
        x = np.linspace(low + 1e-12 * width, high - 1e-12 * width, 1001)
        f = law.pdf(x)
        each = np.stack([f, x * f, x * x * f])
        variation += np.abs(each[:, 0] - previous) + np.abs(np.diff(each)).sum(axis=1)
        previous = each[:, -1]
        mean += float(np.abs(x * f).mean() * width)
    variation += np.abs(previous)
    slopes = (math.inf,) * 3 if len(atoms) else tuple((_SAFE * variation).tolist())
    return slopes[0], slopes[1], _SAFE * mean, slopes[2], second
