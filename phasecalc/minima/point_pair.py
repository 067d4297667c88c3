"""Every minimum of two features in one dimension under the point law, as roots of polynomials.

With a = w₁², d = w₂² and g = |w₁ w₂| the loss is a sum over the two outputs,
L = φ₁(a, g) + r φ₂(d, g), g² = ad. The bias of an output is the best one given (a, g), and lies in
one of few pieces, by the inputs at which the output is on:

| piece | on at | φ(a, g) |
|---|---|---|
| `M`, opposed | none, own, both | κ (1 + pg − a)² + p² S g², κ = S² p/(S² + p) |
| `M`, aligned | own, other, both | κ (1 + Sg − a)² + p² S g², κ = p S/(1 + S) |
| `W`, either | every input | p S ((1 − a)² + g²) |
| `C`, opposed | none, own | p S² (1 − a)² + p² |

In all of them φ = κ (1 + μg − a)² + q g² + c. On a ray a = g s, d = g/s the loss is a quadratic
in g, whose least value K − B(s)²/A(s) is rational in s, with the positive roots of a quartic as its
stationary points. The loss is C¹ where b crosses from `M` to `W`, and has a concave kink between
`M` and `C`, on which no minimum lies. So each minimum with g > 0 is found in the piece in which it
lies, and F is the least of them and of `ignore`, r v, and `dedicated`, v.

What the table leaves out is not lowest. Where a is so large that φ₁ does not depend on it (b₁ < 0)
a smaller a leaves φ₁ as it is and lets d = g²/a grow, which lowers φ₂; where φ₂ is as flat, a
smaller g lowers both; where both outputs are so at `C` the loss is the (1 + r) p² of W = (1, −1),
which is among the roots. An output that is off where its own feature is active alone costs p S at
least, as much as to drop the feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

IGNORE, DEDICATED = "ignore", "dedicated"
_EDGE = 1e-13
"""Of a piece: a bias beyond its end by rounding is in it."""
_ROUNDING = 1e-15
"""Of a loss, relative to it."""
_REAL = 1e-7
"""Imaginary parts of roots below this share of them are rounding, as of a double root."""


@dataclass(frozen=True, slots=True)
class Point:
    """A stationary point: its pattern, loss, weights and biases.

    ``gain`` is how far its loss is below that of ``base``, `ignore` or `dedicated`, without the
    rounding of a difference: next to its onset a pair gains as the cube of the distance.
    """

    pattern: str
    loss: float
    weights: tuple[float, float]
    bias: tuple[float, float]
    base: str = ""
    gain: float = 0.0

    def above(self, other: Point) -> float:
        """The loss less that of another one."""
        if self.base and self.base == other.base:
            return other.gain - self.gain
        return self.loss - other.loss


PATTERNS = (
    *("-" + pair for pair in ("MM", "MW", "WM", "WW", "CM", "MC", "CC", "CW", "WC")),
    *("+" + pair for pair in ("MM", "MW", "WM", "WW")),
)
"""The sign of the overlap and the pieces of both outputs."""
ALL = (IGNORE, DEDICATED, *PATTERNS)


def base_of(pattern: str) -> str:
    """What a pair grows out of, whose one output is on at every input like a dropped feature's.

    `ignore` where it is the second, `dedicated` where it is the first; both are their own. Empty
    for other pairs.
    """
    if pattern in (IGNORE, DEDICATED):
        return pattern
    return IGNORE if pattern[2] == "W" else DEDICATED if pattern[1] == "W" else ""


def _piece(kind: str, sign: str, p: float) -> tuple[float, float, float, float]:
    """(κ, μ, q, c)."""
    S = 1.0 - p
    if kind == "W":
        return p * S, 0.0, p * S, 0.0
    if kind == "C":
        return p * S * S, 0.0, 0.0, p * p
    if sign == "-":
        return S * S * p / (S * S + p), p, p * p * S, 0.0
    return p * S / (1.0 + S), S, p * p * S, 0.0


def _bias(kind: str, sign: str, p: float, a: float, g: float) -> float:
    """The best bias of a piece."""
    S = 1.0 - p
    if kind == "W":
        return p * (1.0 - a + g) if sign == "-" else p * (1.0 - a - g)
    if kind == "C":
        return p * (1.0 - a)
    if sign == "-":
        return p * (1.0 + p * g - a) / (S * S + p)
    return (1.0 + S * g - a) / (1.0 + S) - g


def _inside(kind: str, sign: str, b: float, a: float, g: float) -> bool:
    """Whether that bias is in the piece, up to rounding."""
    if sign == "+":
        return b >= -_EDGE if kind == "W" else -g - _EDGE <= b <= _EDGE
    if kind == "W":
        return b >= g - _EDGE
    joint = a + b - g  # the output where both are active
    if not -_EDGE <= b <= g + _EDGE:
        return False
    return joint <= _EDGE if kind == "C" else joint >= -_EDGE


def points_of(pattern: str, p: float, r: float) -> list[Point]:
    """The stationary points of one pattern."""
    if pattern in (IGNORE, DEDICATED):
        return [dropped(pattern, p, r)]
    sign, one, two = pattern[0], pattern[1], pattern[2]
    A, m, q, c = _piece(one, sign, p)
    other, n, q_2, c_2 = _piece(two, sign, p)
    B, q, constant = r * other, q + r * q_2, A + r * other + c + r * c_2
    found = []
    for s in _roots(A, m, B, n, q):
        slope = A * (s - m) + B * (1.0 / s - n)
        if slope <= 0.0:
            continue
        g = slope / (A * (s - m) ** 2 + B * (1.0 / s - n) ** 2 + q)
        a, d = g * s, g / s
        b = _bias(one, sign, p, a, g), _bias(two, sign, p, d, g)
        if _inside(one, sign, b[0], a, g) and _inside(two, sign, b[1], d, g):
            w = float(np.sqrt(a)), float(np.copysign(np.sqrt(d), 1.0 if sign == "+" else -1.0))
            base, gain = "", 0.0
            if two == "W":  # f² − A h, over h
                h = A * s * s * (s - m) ** 2 + B + q * s * s
                rise = (A * (2.0 * B - q) * s - 2.0 * A * B * m) * s + B * (B - A)
                base, gain = IGNORE, rise / h - c
            elif one == "W":
                h = A * s**4 + B * (1.0 - n * s) ** 2 + q * s * s
                rise = ((A * (A - B) * s - 2.0 * A * B * n) * s + B * (2.0 * A - q)) * s * s
                base, gain = DEDICATED, rise / h - r * c_2
            found.append(Point(pattern, constant - slope * g, w, b, base, gain))
    return found


def _roots(A: float, m: float, B: float, n: float, q: float) -> list[float]:
    """Positive roots s of 2 f′h − f h′, where B(s) = f/s and A(s) = h/s².

    f = A s² − (Am + Bn) s + B and h = A s² (s − m)² + B (1 − ns)² + q s². The terms of s⁵ cancel;
    powers of s, of which there are some where m or n is 0, are taken out.
    """
    polynomial = [
        A * B * n,
        A * (q - 2.0 * B - B * n * (m - n)),
        3.0 * A * B * (m - n),
        B * (2.0 * A - q - A * m * (m - n)),
        -A * B * m,
    ]
    while polynomial and polynomial[-1] == 0.0:
        polynomial.pop()
    while polynomial and polynomial[0] == 0.0:
        polynomial.pop(0)
    if len(polynomial) < 2:
        return []
    roots = np.roots(polynomial)
    return [z.real for z in roots.tolist() if z.real > 0 and abs(z.imag) <= _REAL * abs(z)]


def dropped(pattern: str, p: float, r: float) -> Point:
    """`ignore` or `dedicated`, of whose biases and lengths the one of unit length is taken.

    The biases of the represented feature are all b ≤ 0 with w² = 1 − b.
    """
    v = p * (1.0 - p)
    if pattern == IGNORE:
        return Point(pattern, r * v, (1.0, 0.0), (0.0, p), pattern)
    return Point(pattern, v, (0.0, 1.0), (p, 0.0), pattern)


def instability(base: str, p: float, r: float) -> float:
    """Positive where a small overlap lowers the loss of `ignore` or `dedicated`.

    Of `ignore` one of ε has the loss r v + v (p − r) ε² + …; `dedicated` is its mirror image under
    r → 1/r.
    """
    return r - p if base == IGNORE else 1.0 - r * p


def minima(
    p: float, r: float, patterns: tuple[str, ...] = ALL, *, fallback: bool = True
) -> list[Point]:
    """Stationary points of some patterns, lowest first; `ignore` and `dedicated` where stable."""
    found: list[Point] = []
    for pattern in patterns:
        if pattern not in (IGNORE, DEDICATED) or instability(pattern, p, r) <= 0.0:
            found += points_of(pattern, p, r)
    found.sort(key=cmp_to_key(lambda one, two: int(np.sign(one.above(two)))))
    if fallback:
        bound = dropped(IGNORE if r <= 1.0 else DEDICATED, p, r)
        if not found or found[0].loss - bound.loss > _ROUNDING * bound.loss:
            found.insert(0, bound)  # within rounding of its onset, or at S = 0
    return found
