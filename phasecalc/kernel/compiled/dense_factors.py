"""The factors of the transform at LANES nodes at a time, and their products.

Row j has z = b + a x_j + Σ_i g_i x_i; a feature's factor at frequency ω is s_i + p_i φ(ωg_i), with
φ(t) = E e^{itx}, and ψ(t) = E x e^{itx} takes its place in the derivative by g_i. Nodes are done
LANES at a time, so that the compiler can use vector registers; products without feature i come from
prefix and suffix products, never from a division.
"""

from __future__ import annotations

import math

from .jit import compiled

UNIFORM = 0
POINT = 1
GENERAL = 2
"""Any law, its transform tabulated by the caller."""

LANES = 16

# Fields of a feature's row in the scratch array, each LANES long.
_COS, _SIN, _PHI, _PSI, _PRE, SUM, FIELDS = 0, 1, 2, 4, 6, 8, 9
# Fields of the accumulator.
_RE, _IM, FEW, T, OMEGA, _SUF, TWO, TAPER, _REST, ACC = 0, 1, 2, 4, 6, 7, 9, 10, 11, 13


@compiled(fastmath={"contract"})
def prepare(law, g, h, buf):
    """The rotations e^{i t h g/2} (uniform) or e^{i t h g} (point) of LANES nodes, by features."""
    for i in range(len(g)):
        row = buf[i]
        angle = g[i] * h
        if law == UNIFORM:
            angle *= 0.5
        c1 = math.cos(angle)
        s1 = math.sin(angle)
        c = 1.0
        s = 0.0
        for t in range(LANES):
            row[t] = c
            row[t + LANES] = s
            row[t + SUM * LANES] = 0.0
            new = c * c1 - s * s1
            s = s * c1 + c * s1
            c = new


ORDERS = 10
"""Taylor coefficients of φ that a table of a GENERAL law holds at each of its places."""


@compiled()
def interpolated(table, step, t):
    """φ(t), ψ = −iφ' and E x² e^{itx} = −φ'' by the Taylor series at the nearest place of a table.

    table (places, 2 ORDERS): real and imaginary parts of φ^(q)(k step)/q!.
    """
    size = abs(t)
    k = int(size / step + 0.5)
    d = size - k * step
    row = table[k]
    f_re = f_im = u_re = u_im = v_re = v_im = 0.0
    for q in range(ORDERS - 1, -1, -1):
        # Horner's rule for a polynomial, its derivative, and half of the second one.
        v_re = v_re * d + u_re
        v_im = v_im * d + u_im
        u_re = u_re * d + f_re
        u_im = u_im * d + f_im
        f_re = f_re * d + row[2 * q]
        f_im = f_im * d + row[2 * q + 1]
    v_re *= -2.0
    v_im *= -2.0
    if t < 0.0:
        return f_re, -f_im, u_im, u_re, v_re, -v_im
    return f_re, f_im, u_im, -u_re, v_re, v_im


@compiled(fastmath={"contract"})
def transforms(law, gradient, g, start, table, step, buf, acc):
    """φ(ω g_i), and ψ(ω g_i) for the gradient, at LANES nodes from ω = start on."""
    for i in range(len(g)):
        row = buf[i]
        if law == UNIFORM:
            # φ = e^{iu} j₀(u) and ψ = ½ e^{iu} (j₀ + i j₁), u = ωg/2: nothing cancels in j₀.
            half = 0.5 * g[i]
            c0 = math.cos(half * start)
            s0 = math.sin(half * start)
            inverse = 1.0 / g[i]
            for t in range(LANES):
                c = c0 * row[t] - s0 * row[t + LANES]
                s = s0 * row[t] + c0 * row[t + LANES]
                per_u = inverse * acc[t + TWO * LANES]
                j0 = s * per_u
                row[t + _PHI * LANES] = c * j0
                row[t + (_PHI + 1) * LANES] = s * j0
                if gradient:
                    u = half * acc[t + OMEGA * LANES]
                    uu = u * u
                    small = u * (1.0 / 3.0) * (1.0 - uu * 0.1 * (1.0 - uu * (1.0 / 28.0)))
                    large = (j0 - c) * per_u
                    j1 = small if uu < 2.5e-3 else large
                    row[t + _PSI * LANES] = 0.5 * (c * j0 - s * j1)
                    row[t + (_PSI + 1) * LANES] = 0.5 * (s * j0 + c * j1)
        elif law == GENERAL:
            for t in range(LANES):
                at = interpolated(table, step, g[i] * acc[t + OMEGA * LANES])
                row[t + _PHI * LANES] = at[0]
                row[t + (_PHI + 1) * LANES] = at[1]
                row[t + _PSI * LANES] = at[2]
                row[t + (_PSI + 1) * LANES] = at[3]
        else:
            c0 = math.cos(g[i] * start)
            s0 = math.sin(g[i] * start)
            for t in range(LANES):
                c = c0 * row[t] - s0 * row[t + LANES]
                s = s0 * row[t] + c0 * row[t + LANES]
                row[t + _PHI * LANES] = c
                row[t + (_PHI + 1) * LANES] = s
                row[t + _PSI * LANES] = c
                row[t + (_PSI + 1) * LANES] = s


@compiled(fastmath={"contract"})
def products(gradient, p, s, one, band, alone, mass, gone, buf, acc):
    """mass ∏ (s_i + p_i φ_i) less what is taken out of the product of the first `band` features.

    That is gone = mass ∏_{i<band} s_i and Σ_{i<band} one_i φ_i, whatever the features after the
    band do; if `alone` the latter only where these are inactive. For the gradient each feature's
    prefix product is kept.
    """
    for t in range(LANES):
        acc[t] = mass
        acc[t + LANES] = 0.0
        acc[t + FEW * LANES] = 0.0
        acc[t + (FEW + 1) * LANES] = 0.0
    for i in range(len(p)):
        row = buf[i]
        p_i = p[i]
        s_i = s[i]
        if i == band:
            for t in range(LANES):
                acc[t] -= gone
                if not alone:
                    acc[t] -= acc[t + FEW * LANES]
                    acc[t + LANES] -= acc[t + (FEW + 1) * LANES]
        w = one[i] if i < band else 0.0
        for t in range(LANES):
            re = acc[t]
            im = acc[t + LANES]
            x = row[t + _PHI * LANES]
            y = row[t + (_PHI + 1) * LANES]
            acc[t + FEW * LANES] += w * x
            acc[t + (FEW + 1) * LANES] += w * y
            if gradient:
                row[t + _PRE * LANES] = re
                row[t + (_PRE + 1) * LANES] = im
            x = s_i + p_i * x
            y = p_i * y
            acc[t] = re * x - im * y
            acc[t + LANES] = re * y + im * x
    if band == len(p):
        for t in range(LANES):
            acc[t] -= gone
    if alone or band == len(p):
        for t in range(LANES):
            acc[t] -= acc[t + FEW * LANES]
            acc[t + LANES] -= acc[t + (FEW + 1) * LANES]


@compiled(fastmath={"contract"})
def suffixes(p, s, without, band, alone, buf, tapered, acc):
    """Add Re T ψ_i times the product without feature i to the sum of every feature i.

    For i < band less without_i times the product of the features after the band, or times 1 if
    `alone`. tapered (features, LANES) takes the same sums with the weights of the taper, if it has
    any rows.
    """
    for t in range(LANES):
        acc[t + _SUF * LANES] = 1.0
        acc[t + (_SUF + 1) * LANES] = 0.0
        acc[t + _REST * LANES] = 1.0
        acc[t + (_REST + 1) * LANES] = 0.0
    for i in range(len(p) - 1, -1, -1):
        row = buf[i]
        p_i = p[i]
        s_i = s[i]
        w = without[i] if i < band else 0.0
        if i == band - 1 and not alone:
            for t in range(2 * LANES):
                acc[t + _REST * LANES] = acc[t + _SUF * LANES]
        for t in range(LANES):
            a = row[t + _PRE * LANES]
            b = row[t + (_PRE + 1) * LANES]
            re = acc[t + _SUF * LANES]
            im = acc[t + (_SUF + 1) * LANES]
            v_re = a * re - b * im - w * acc[t + _REST * LANES]
            v_im = a * im + b * re - w * acc[t + (_REST + 1) * LANES]
            x = row[t + _PSI * LANES]
            y = row[t + (_PSI + 1) * LANES]
            u_re = v_re * x - v_im * y
            u_im = v_re * y + v_im * x
            u_re = acc[t + T * LANES] * u_re - acc[t + (T + 1) * LANES] * u_im
            row[t + _PRE * LANES] = u_re
            row[t + SUM * LANES] += u_re
            x = s_i + p_i * row[t + _PHI * LANES]
            y = p_i * row[t + (_PHI + 1) * LANES]
            acc[t + _SUF * LANES] = re * x - im * y
            acc[t + (_SUF + 1) * LANES] = re * y + im * x
    for i in range(len(tapered)):
        row = buf[i]
        soft = tapered[i]
        for t in range(LANES):
            soft[t] += acc[t + TAPER * LANES] * row[t + _PRE * LANES]


@compiled()
def own_transforms(law, t):
    """E e^{itx}, E x e^{itx}, E x² e^{itx} of an active feature: real and imaginary parts."""
    c = math.cos(t)
    s = math.sin(t)
    if law == POINT:
        return c, s, c, s, c, s
    if abs(t) < 1.0:
        # Σ (it)^m / (m! (m + 1 + q))
        r0 = i0 = r1 = i1 = r2 = i2 = 0.0
        term = 1.0
        for m in range(24):
            sign = -1.0 if m & 2 else 1.0
            if m & 1:
                i0 += sign * term / (m + 1)
                i1 += sign * term / (m + 2)
                i2 += sign * term / (m + 3)
            else:
                r0 += sign * term / (m + 1)
                r1 += sign * term / (m + 2)
                r2 += sign * term / (m + 3)
            term *= t / (m + 1)
        return r0, i0, r1, i1, r2, i2
    # ∫ x^q e^{itx} = (e^{it} − q ∫ x^{q−1} e^{itx}) / (it); division by i turns (x, y) to (y, −x).
    r0 = s / t
    i0 = (1.0 - c) / t
    r1 = (s - i0) / t
    i1 = -(c - r0) / t
    r2 = (s - 2.0 * i1) / t
    i2 = -(c - 2.0 * r1) / t
    return r0, i0, r1, i1, r2, i2
