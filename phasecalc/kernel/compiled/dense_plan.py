"""Period and number of nodes of a row's series, with bounds on what they leave out.

The bounds are proved in docs/dense-loss.md.
"""

from __future__ import annotations

import math

import numpy as np

from .dense_factors import LANES, POINT
from .jit import compiled

MOST_NODES = 1 << 15
"""Of a plain series; where they do not suffice the row is taken apart."""
MOST_WORK = 1 << 23
"""Nodes times features of a part, at least MOST_NODES of them and at most 32 times as many."""


@compiled()
def part_nodes(features):
    return min(max(MOST_WORK // (features + 1), MOST_NODES), 32 * MOST_NODES) // LANES * LANES


@compiled()
def log_mgf(law, g, p, s, x):
    """log E e^{x Σ g_i x_i}."""
    total = 0.0
    product = 1.0
    for i in range(len(g)):
        t = g[i] * x
        if law == POINT:
            e = math.exp(t) if t < 600.0 else math.inf
        elif abs(t) < 1e-5:
            e = 1.0 + 0.5 * t
        else:
            e = math.expm1(t) / t if t < 600.0 else math.inf
        product *= s[i] + p[i] * e
        if not 1e-100 < product < 1e100:
            if not 0.0 < product < math.inf:
                return math.inf
            total += math.log(product)
            product = 1.0
    return total + math.log(product)


STEPS = 14


@compiled()
def exponents(g, p, a, p_x, out):
    """Values of x > 0 at which Chernoff's bound is tried; 0 if z is constant."""
    variance = p_x * a * a
    largest = abs(a) if p_x > 0.0 else 0.0
    for i in range(len(g)):
        if p[i] > 0.0:
            variance += p[i] * g[i] * g[i]
            largest = max(largest, abs(g[i]))
    if largest == 0.0:
        out[:] = 0.0
        return
    deviation = math.sqrt(variance)
    first = 0.5 * min(1.0 / largest, 1.0 / deviation)
    last = max(40.0 / largest, 14.0 / deviation)
    ratio = (last / first) ** (1.0 / (STEPS - 1))
    for e in range(STEPS):
        out[e] = first * ratio**e


ALWAYS_OFF = -1.0
ALWAYS_ON = -2.0


@compiled()
def reach(x, up_mgf, down_mgf, low, high, delta):
    """P such that what |z| ≥ P contributes to loss and gradient is at most delta.

    ALWAYS_OFF or ALWAYS_ON where z > 0, or z < 0, contributes at most that. low ≤ z ≤ high;
    up_mgf and down_mgf: log E e^{xz} and log E e^{−xz}. By Chernoff's bound
    E[f(z); z > P] ≤ sup_{z>P} f(z) e^{−xz} · E e^{xz} for every x > 0.
    """
    if high <= 0.0:
        return ALWAYS_OFF
    if low >= 0.0:
        return ALWAYS_ON
    up = high
    down = -low
    on = off = math.inf
    for e in range(STEPS):
        y = x[e]
        if y == 0.0:
            break
        f = max(1.0, 0.55 / (y * y))  # sup of 1, z and z² times e^{−yz} over z > 0
        for side in range(2):
            m = up_mgf[e] if side == 0 else down_mgf[e]
            if not m < 600.0:
                continue
            if side == 0:
                off = min(off, f * math.exp(m))
            else:
                on = min(on, f * math.exp(m))
            P = 2.0 / y
            for _ in range(4):
                # The series are wrong by at most 1.2 z² + 1.5 |z| + 2 outside.
                P = max(2.0 / y, (m + math.log((2.4 * P * P + 3.0 * P + 4.0) / delta)) / y)
            if side == 0:
                up = min(up, P)
            else:
                down = min(down, P)
    if off <= delta:
        return ALWAYS_OFF
    if on <= delta:
        return ALWAYS_ON
    return max(up, down)


@compiled()
def tails(decay, g, p, s, none, a, p_x, s_x, omega, out):
    """Bounds on the densities in ω of what the sum beyond ω adds: out = (loss, gradient).

    (2/π) [|F|/ω³ + |Ψ|/ω²] B for the loss, (2/π) [|F|/ω² + |Ψ|/ω] p_i |ψ_i| B_i for ∂g_i,
    (2/π) [|F|/ω² + |Ψ|/ω] B for ∂b and (2/π) [|Ψ|/ω² + |Ψ'|/ω] B for ∂a; F, Ψ and Ψ' are the own
    feature's factors s_x + p_x E e^{iωax}, p_x E x e^{iωax} and p_x E x² e^{iωax}, B bounds the
    product of the others without its part of at most one active feature, B_i that of the others
    without i, none of them active. decay = (k, l, m, l', m'): |E e^{itx}| ≤ min(1, k/|t|),
    |E x e^{itx}| ≤ min(m, l/|t|), |E x² e^{itx}| ≤ min(m', l'/|t|). Both fall with ω.
    """
    k, l, m, l_2, m_2 = decay
    u = 1.0
    one = 0.0
    for i in range(len(g)):
        e = min(1.0, k / (omega * abs(g[i])))
        u *= s[i] + p[i] * e
        if s[i] > 0.0:
            one += p[i] / s[i] * e
        # With s_i = 0 nothing is taken out: the bound stays one.
    rest = max(u - none * (1.0 + one), 0.0) + 1e-17
    worst = 0.0
    for i in range(len(g)):
        e = min(1.0, k / (omega * abs(g[i])))
        d = min(m, l / (omega * abs(g[i])))
        f = s[i] + p[i] * e
        left = u / f - (none / s[i] if s[i] > 0.0 else 0.0)
        worst = max(worst, p[i] * d * left)
    own = omega * abs(a)
    f = s_x + p_x * (min(1.0, k / own) if a != 0.0 else 1.0)
    d = p_x * (min(m, l / own) if a != 0.0 else m)
    d_2 = p_x * (min(m_2, l_2 / own) if a != 0.0 else m_2)
    q = 2.0 / math.pi
    both = f / omega**2 + d / omega
    out[0] = q * both * rest / omega
    out[1] = q * max(both * max(worst, rest), (d / omega**2 + d_2 / omega) * rest)


@compiled()
def node_count(decay, g, p, s, a, p_x, s_x, h, tolerance, slope, most):
    """(nodes, bound of the loss, bound of the gradient): the fewest nodes whose bounds suffice.

    The densities fall with ω, so that each stretch between two points is at most its length times
    the value at its start; from where all features decay they fall at least like 1/ω². Where
    nothing decays the gradient has no bound. If `most` nodes do not suffice the bounds are inf.
    """
    none = 1.0
    smallest = math.inf
    for i in range(len(s)):
        none *= s[i]
        if p[i] > 0.0:
            smallest = min(smallest, abs(g[i]))
    fades = decay[0] < math.inf
    out = np.empty(2)
    top = h * (most - 0.5)
    omega = top
    if fades:
        omega = max(top, max(decay[0], decay[1] / decay[2]) / smallest)
    tails(decay, g, p, s, none, a, p_x, s_x, omega, out)
    loss = out[0] * omega
    gradient = out[1] * omega if fades else math.inf
    step = math.sqrt(2.0)
    while omega > top and loss <= tolerance and gradient <= slope:
        lower = max(omega / step, top)
        tails(decay, g, p, s, none, a, p_x, s_x, lower, out)
        loss += out[0] * (omega - lower)
        gradient += out[1] * (omega - lower)
        omega = lower
    if loss > tolerance or gradient > slope:
        return most, math.inf, math.inf
    step = 2.0**0.25
    while omega / step > 2.0 * LANES * h:
        lower = omega / step
        tails(decay, g, p, s, none, a, p_x, s_x, lower, out)
        next_loss = loss + out[0] * (omega - lower)
        next_gradient = gradient + out[1] * (omega - lower)
        if next_loss > tolerance or next_gradient > slope:
            break
        omega, loss, gradient = lower, next_loss, next_gradient
    nodes = int((omega / h + 0.5) / LANES + 1.0) * LANES
    return nodes, loss, gradient


DECAY = (2.0, 1.5, 0.5, 2.0, 1.0 / 3.0)
"""Of the uniform law."""


@compiled()
def compiled_decay(law):
    if law == POINT:
        return (math.inf, math.inf, 1.0, math.inf, 1.0)
    return DECAY


@compiled()
def period(law, g, p, s, a, p_x, s_x, b, delta):
    """P of `reach`, for a compiled law."""
    low = high = b
    if p_x > 0.0:
        low += min(a, 0.0)
        high += max(a, 0.0)
    for i in range(len(g)):
        low += min(g[i], 0.0)
        high += max(g[i], 0.0)
    x = np.empty(STEPS)
    up = np.empty(STEPS)
    down = np.empty(STEPS)
    exponents(g, p, a, p_x, x)
    own_g = np.array([a])
    own_p = np.array([p_x])
    own_s = np.array([s_x])
    for e in range(STEPS):
        y = x[e]
        up[e] = log_mgf(law, g, p, s, y) + log_mgf(law, own_g, own_p, own_s, y) + b * y
        down[e] = log_mgf(law, g, p, s, -y) + log_mgf(law, own_g, own_p, own_s, -y) - b * y
    return reach(x, up, down, low, high, delta)
