"""A row of the uniform law taken apart where its overlaps are of very different size.

All features, the own one among them, fall into bands by the size of their overlaps, and the inputs
are divided by what is active. Two active features of one band smooth the distribution of z at the
band's scale, so that its series ends soon. One alone does not: with |y| ≤ ρ for the sum y of all
smaller ones, the sign of z = s + y is known but in the zone |s| ≤ ρ, where s = b + g_k x_k is
uniform again. There the small features see a feature of their own scale, which is always active.
So the parts are, for every band: at least two of its features active, none above; and for every k
above it that is active alone: at least one of the band's, in the zone and on either side of it.
"""

from __future__ import annotations

import numpy as np

from .dense_parts import (
    ALONE,
    BEGIN,
    HEAD,
    MASS,
    RATIO,
    RHO,
    SCALE,
    SIDE,
    SLOPE_SCALE,
    SURE,
    X_0,
    X_D,
    B,
    whole,
)
from .dense_plan import ALWAYS_OFF, ALWAYS_ON
from .jit import compiled

BELOW, INSIDE, ABOVE = 0, 1, 2
"""Where the own feature is, seen from a band."""
_MARGIN = 1.05
"""The zone is a little wider, so that no kink is at its ends."""


@compiled()
def stretch(b, g, rho, side):
    """(least s, width, x of the least s) of s = b + g x, 0 ≤ x ≤ 1, on one side of the zone.

    side: −1 below the zone, 0 in it, 1 above; the width is 0 where there are no such s. Beside a
    large b a small g is lost in b + g, but not here.
    """
    low = min(b, b + g)
    high = max(b, b + g)
    if (side < 0.0 and low >= -rho) or (side > 0.0 and high <= rho):
        return low, 0.0, 0.0
    least = low if side < 0.0 else max(low, rho if side > 0.0 else -rho)
    most = high if side > 0.0 else min(high, -rho if side < 0.0 else rho)
    width = abs(g) if least == low and most == high else most - least
    if least == low:
        x = 0.0 if g > 0.0 else 1.0
    else:
        x = (least - b) / g
    return least, max(width, 0.0), x


@compiled()
def sign(side):
    return 0.0 if side == 0 else (ALWAYS_ON if side > 0 else ALWAYS_OFF)


@compiled()
def once(p, s, k):
    """How often feature k of these alone is active."""
    product = p[k]
    for i in range(len(s)):
        if i != k:
            product *= s[i]
    return product


@compiled()
def own_zones(band, mass, gone, a, p_x, b, rho, out, count):
    """The own feature alone is active above the band."""
    for side in range(-1, 2):
        low, width, x = stretch(b, a, rho, side)
        if width > 0.0:
            whole(band, gone, width, p_x * width / a, 0.0, low, 0.0, out[count])
            out[count, SURE] = sign(side)
            out[count, MASS] = mass
            out[count, X_0] = x
            out[count, X_D] = width / a
            count += 1
    return count


@compiled()
def zones(g, p, s, begin, band, gone, a, p_x, s_x, b, rho, out, count):
    """One k < begin alone is active above the band.

    Of the features from begin on at least one of the first `band` ones is active; gone: how often
    none of them is. Those k whose stretch of s is the same are done together.
    """
    done = np.empty(begin, np.bool_)
    for side in range(-1, 2):
        done[:] = False
        for k in range(begin):
            low, width, x = stretch(b, g[k], rho, side)
            if done[k] or not width > 0.0:
                continue
            total = 0.0
            largest = 0.0
            for other in range(k, begin):
                its_low, its_width, x = stretch(b, g[other], rho, side)
                if its_low == low and its_width == width:
                    done[other] = True
                    part = once(p[:begin], s[:begin], other) * width / abs(g[other])
                    total += part
                    largest = max(largest, part * (x + width / abs(g[other])))
            if total == 0.0:
                continue
            whole(band, gone, a, p_x, s_x, low, 0.0, out[count])
            out[count, SURE] = sign(side)
            out[count, ALONE] = 0.0
            out[count, HEAD] = width
            out[count, SCALE] = total
            out[count, SLOPE_SCALE] = max(total, largest)
            out[count, RHO] = rho
            out[count, SIDE] = side
            count += 1
    return count


@compiled()
def scatter(g, p, s, b, part, d_b, d_head, d_g):
    """Add a zone's derivatives by the g_k of its k, from 2 E[v; z > 0] and 2 E[t v; z > 0]."""
    begin = int(part[BEGIN])
    for k in range(begin):
        low, width, x = stretch(b, g[k], part[RHO], part[SIDE])
        if low == part[B] and width == part[HEAD]:
            # x_k = x + width t/g_k
            weight = once(p[:begin], s[:begin], k) * width / abs(g[k])
            d_g[k] += weight * (x * d_b + width / g[k] * d_head)


@compiled()
def band_parts(g, p, s, begin, end, place, a, p_x, s_x, b, out, count):
    """Write the parts of the band begin … end − 1; place: of the own feature, seen from it."""
    n = len(g)
    band = end - begin
    old = count
    mass = 1.0
    for i in range(begin):
        mass *= s[i]
    band_gone = all_gone = 1.0
    rho = 0.0
    for i in range(begin, n):
        rho += abs(g[i])
        all_gone *= s[i]
        if i < end:
            band_gone *= s[i]
    if place != ABOVE and p_x > 0.0:
        rho += abs(a)
    rho *= _MARGIN
    p_below = p_x if place == BELOW else 0.0
    if band > 1:
        whole(band, mass * band_gone, a, p_below, s_x, b, 0.0, out[count])
        out[count, ALONE] = 0.0
        out[count, MASS] = mass
        count += 1
    if band > 0:
        if place == INSIDE:
            whole(band, mass * band_gone, a, p_x, 0.0, b, 0.0, out[count])
            out[count, MASS] = mass
            count += 1
        if place == ABOVE:
            count = own_zones(band, mass, mass * band_gone, a, p_x, b, rho, out, count)
        count = zones(g, p, s, begin, band, band_gone, a, p_below, s_x, b, rho, out, count)
    if place == INSIDE:
        count = zones(g, p, s, begin, n - begin, all_gone, a, p_x, 0.0, b, rho, out, count)
    for e in range(old, count):
        out[e, BEGIN] = begin
    return count


@compiled()
def split_by_zones(g, p, s, a, p_x, s_x, b, out):
    """Write the parts of a row into out, |g| falling; how many there are."""
    n = len(g)
    count = 0
    begin = 0
    place = BELOW
    while begin < n:
        top = abs(g[begin])
        if place == INSIDE:
            place = ABOVE
        if place == BELOW and p_x > 0.0:
            top = max(top, abs(a))
            if RATIO * abs(a) >= top:
                place = INSIDE
        end = begin  # the own feature may be a band by itself
        while end < n and RATIO * abs(g[end]) >= top:
            end += 1
        count = band_parts(g, p, s, begin, end, place, a, p_x, s_x, b, out, count)
        begin = end
    return count


@compiled()
def most_parts(n):
    """Of a row: bands, at most 130 in the range of float64, and the stretches above each."""
    return min(n + 1, 130) * (6 * n + 8)
