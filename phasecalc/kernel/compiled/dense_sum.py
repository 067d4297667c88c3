"""The antiperiodic series of one part of a row.

With h = 2π/P and ω_k = (k + ½) h

    sgn z = (4/P) Σ sin(ω_k z)/ω_k,   |z| = P/2 − (4/P) Σ cos(ω_k z)/ω_k²,
    z|z|/2 = P z/2 − (4/P) Σ sin(ω_k z)/ω_k³            hold for |z| < P,

so that E of the left sides, weighted with x_i and x_j, are sums of the characteristic function
e^{ibω} ∏ (s_i + p_i φ(ω g_i)), with single factors replaced by p_i ψ(ω g_i).
"""

from __future__ import annotations

import math

import numpy as np

from .dense_factors import (
    ACC,
    FIELDS,
    GENERAL,
    LANES,
    OMEGA,
    SUM,
    TAPER,
    TWO,
    T,
    interpolated,
    own_transforms,
    prepare,
    products,
    suffixes,
    transforms,
)
from .dense_plan import ALWAYS_OFF, ALWAYS_ON
from .jit import compiled

FIRST = 256
"""Nodes of the first of the stretches, each twice as long as the last, of a tapered sum."""


@compiled()
def taper(t):
    """1 up to t = ½, 0 from t = 1 on, smooth between them."""
    if t <= 0.5:
        return 1.0
    if t >= 1.0:
        return 0.0
    x = 2.0 * t - 1.0
    return 1.0 / (1.0 + math.exp(1.0 / (1.0 - x) - 1.0 / x))


@compiled()
def sum_part(
    law, g, p, s, one, without, band, alone, mass_all, gone, own, b, first, second, P, nodes,
    tolerance, slope, gradient, table, step, d_g, result,
):  # fmt: skip
    """Add a part's ℓ, ∂ℓ/∂a, ∂ℓ/∂b to result[:3] and its ∂ℓ/∂g_i to d_g.

    The part: inputs with the weight mass_all at which some of the first `band` features are active;
    gone = mass_all ∏_{i<band} s_i. Taken out is also that one of these features is active alone,
    one_i = p_i without_i saying how often: if `alone` only where no other feature at all is active.
    own: (a, p_x, s_x, x_0, x_d), the own feature's overlap, how often it is active and not, perhaps
    only one of them, and its magnitude x_0 + x_d t with z = b + a t + …, t of the law.
    first, second: E t and E t² of an active feature. table, step: of a GENERAL law.

    With slope = 0 the sum has `nodes` nodes. Otherwise it is tapered: multiplied by a smooth
    function that ends at the last node, which is doubled until the results no longer change by more
    than tolerance (ℓ) and slope (the derivatives), or `nodes` are reached. Of a tapered sum
    result[3] and [4] grow by twice the last change, an estimate of the error of ℓ and of the
    derivatives.
    result[5] grows by the number of nodes.
    """
    n = len(g)
    a, p_x, s_x, x_0, x_d = own
    own_0 = s_x + p_x
    t_1 = p_x * first
    t_2 = p_x * second
    own_1 = x_0 * p_x + x_d * t_1
    own_2 = x_0 * x_0 * p_x + 2.0 * x_0 * x_d * t_1 + x_d * x_d * t_2
    # Moments of Σ g_i x_i over the others: of all, and of those after the band alone.
    mean = square = mean_rest = square_rest = 0.0
    few_mass = few_mean = few_square = 0.0
    for i in range(n):
        m = p[i] * first
        variance = g[i] * g[i] * (p[i] * second - m * m)
        mean += g[i] * m
        square += variance
        if i < band:
            few_mass += one[i]
            few_mean += one[i] * g[i] * first
            few_square += one[i] * g[i] * g[i] * second
        else:
            mean_rest += g[i] * m
            square_rest += variance
    square += mean * mean
    square_rest += mean_rest * mean_rest
    if not alone:
        few_square += 2.0 * few_mean * mean_rest + few_mass * square_rest
        few_mean += few_mass * mean_rest
    mass = mass_all - gone - few_mass
    u_1 = mass_all * mean - gone * mean_rest - few_mean
    u_2 = mass_all * square - gone * square_rest - few_square
    v_1 = b * mass + u_1
    v_2 = b * b * mass + 2.0 * b * u_1 + u_2
    z_1 = own_0 * v_1 + a * t_1 * mass
    z_2 = own_0 * v_2 + 2.0 * a * t_1 * v_1 + a * a * t_2 * mass
    xz = own_1 * v_1 + a * (x_0 * t_1 + x_d * t_2) * mass
    xx = own_2 * mass
    x_1 = own_1 * mass
    if P == ALWAYS_OFF:
        result[0] += xx
        return
    on = P == ALWAYS_ON
    half = 0.0 if on else 0.5 * P
    # On: (x − z)². Else half of it, from z_+² = ½ z² + ½ z|z| and z_+ = ½ z + ½ |z|.
    share = 1.0 if on else 0.5
    result[0] += xx + 2.0 * share * (-xz - half * x_1 + half * z_1) + share * z_2
    result[1] += 2.0 * share * (xz - xx + half * x_1)
    result[2] += 2.0 * share * (z_1 - x_1 + half * own_0 * mass)
    if gradient:
        for i in range(n):
            # The others without i; nothing active adds nothing.
            m = p[i] * first
            without_i = g[i] * m
            if i < band:
                left = mass_all - without[i]
                others = mass_all * (mean - without_i)
                if not alone:
                    others -= without[i] * mean_rest
            else:
                left = mass_all - gone
                others = mass_all * (mean - without_i) - gone * (mean_rest - without_i)
                if not alone:
                    left -= few_mass
                    others -= few_mean - few_mass * without_i
            xi_z = m * ((own_0 * b + a * t_1) * left + own_0 * others)
            xi_z += own_0 * g[i] * p[i] * second * left
            d_g[i] += 2.0 * share * (xi_z - m * own_1 * left + half * m * own_0 * left)
    if on:
        return
    h = 2.0 * math.pi / P
    scale = 4.0 / P
    tapered = slope > 0.0
    buf = np.empty((n, FIELDS * LANES))
    acc = np.empty(ACC * LANES)
    soft = np.zeros((n if tapered and gradient else 0, LANES))
    before = np.zeros((n, 2))  # sums up to the last stretch's end, plain and tapered
    prepare(law, g, h, buf)
    sums = np.zeros(3)  # of ℓ, ∂a, ∂b
    softer = np.zeros(3)
    ends = np.zeros((3, 2))
    change = change_g = math.inf
    begin = 0
    end = min(FIRST, nodes) if tapered else nodes
    while True:
        for k in range(begin, end, LANES):
            start = (k + 0.5) * h
            for t in range(LANES):
                w = (k + t + 0.5) * h
                acc[t + OMEGA * LANES] = w
                acc[t + TWO * LANES] = 2.0 / w
                if tapered:
                    acc[t + TAPER * LANES] = taper((k + t + 0.5) / end)
            transforms(law, gradient, g, start, table, step, buf, acc)
            products(gradient, p, s, one, band, alone, mass_all, gone, buf, acc)
            for t in range(LANES):
                w = acc[t + OMEGA * LANES]
                if law == GENERAL:
                    r0, i0, r1, i1, r2, i2 = interpolated(table, step, w * a)
                else:
                    r0, i0, r1, i1, r2, i2 = own_transforms(law, w * a)
                c = math.cos(b * w)
                e = math.sin(b * w)
                f_re = s_x + p_x * r0
                f_im = p_x * i0
                r2 = p_x * (x_0 * x_0 * r0 + 2.0 * x_0 * x_d * r1 + x_d * x_d * r2)
                i2 = p_x * (x_0 * x_0 * i0 + 2.0 * x_0 * x_d * i1 + x_d * x_d * i2)
                r1 = p_x * (x_0 * r0 + x_d * r1)
                i1 = p_x * (x_0 * i0 + x_d * i1)
                # e^{ibω} times the product without its part of few active features
                q_re = acc[t]
                q_im = acc[t + LANES]
                m_re = c * q_re - e * q_im
                m_im = c * q_im + e * q_re
                x_re = m_re * f_re - m_im * f_im
                x_im = m_re * f_im + m_im * f_re
                y_re = m_re * r1 - m_im * i1
                y_im = m_re * i1 + m_im * r1
                per = 1.0 / w
                term = per * per * (y_re - per * x_im)
                sums[0] += term
                if tapered:
                    softer[0] += acc[t + TAPER * LANES] * term
                if gradient:
                    term_a = -per * (per * y_re + m_re * i2 + m_im * r2)
                    term_b = -per * (per * x_re + y_im)
                    sums[1] += term_a
                    sums[2] += term_b
                    if tapered:
                        softer[1] += acc[t + TAPER * LANES] * term_a
                        softer[2] += acc[t + TAPER * LANES] * term_b
                    t_re = per * (-per * f_re - i1)
                    t_im = per * (-per * f_im + r1)
                    acc[t + T * LANES] = c * t_re - e * t_im
                    acc[t + (T + 1) * LANES] = c * t_im + e * t_re
            if gradient:
                suffixes(p, s, without, band, alone, buf, soft, acc)
        result[5] += end - begin
        if not tapered:
            break
        old, old_g = change, change_g
        change, change_g = stretch_changes(p, scale, sums, softer, ends, buf, soft, before)
        if not gradient:
            change_g = 0.0
        begin = end
        # Terms fall at least like 1/ω², changes by half each time: the last one is as much as all
        # that is left, and is doubled. The one before counts too, as one may be small by chance.
        error, error_g = max(2.0 * change, old), max(2.0 * change_g, old_g)
        if begin >= nodes or (begin > 2 * FIRST and error <= tolerance and error_g <= slope):
            result[3] += error
            result[4] += error_g
            break
        end = min(2 * begin, nodes)
    for t in range(3):
        sums[t] = ends[t, 1] if tapered else sums[t]
    result[0] += scale * sums[0]
    result[1] += scale * sums[1]
    result[2] += scale * sums[2]
    if gradient:
        for i in range(n):
            total = before[i, 1]
            if not tapered:
                for t in range(LANES):
                    total += buf[i, t + SUM * LANES]
            d_g[i] += p[i] * scale * total


@compiled()
def stretch_changes(p, scale, sums, softer, ends, buf, soft, before):
    """(of ℓ, of the derivatives): by how much the last stretch has changed the tapered sums.

    ends and before: sums to the end of the stretch before and its tapered ones; they are renewed.
    """
    changes = np.zeros(2)
    for t in range(3):
        value = ends[t, 0] + softer[t]
        changes[min(t, 1)] = max(changes[min(t, 1)], scale * abs(value - ends[t, 1]))
        ends[t, 0] = sums[t]
        ends[t, 1] = value
        softer[t] = 0.0
    for i in range(len(soft)):
        full = value = 0.0
        for t in range(LANES):
            full += buf[i, t + SUM * LANES]
            value += soft[i, t]
            soft[i, t] = 0.0
        value += before[i, 0]
        changes[1] = max(changes[1], p[i] * scale * abs(value - before[i, 1]))
        before[i, 0] = full
        before[i, 1] = value
    return changes[0], changes[1]
