"""A row taken apart where its overlaps are of very different size. A part is a row of numbers.

The inputs are divided by the largest active feature: overlaps fall into bands, each up to RATIO
wide, and a part holds the inputs whose largest active feature is in one band. Where no feature of
the bands above is active, z has a smaller range, and its series a period of its own. The own
feature is one of the others as long as its overlap is no larger; below that the inputs are divided
by whether it is active. For the uniform law `dense_zones` does better.
"""

from __future__ import annotations

from .jit import compiled

BEGIN, BAND, ALONE, MASS, GONE = 0, 1, 2, 3, 4
"""First feature, features of its band, and `dense_sum.sum_part`'s numbers of these names."""
A, P_X, S_X, X_0, X_D, B = 5, 6, 7, 8, 9, 10
"""The own feature's numbers of `sum_part`, and the bias."""
SURE = 11
"""ALWAYS_ON or ALWAYS_OFF where that is known, else 0."""
HEAD = 12
"""Overlap of one more feature that is always active, after all the others; 0 for none."""
SCALE, SLOPE_SCALE = 13, 14
"""What is added to the row is SCALE times the part; the derivatives' error grows by SLOPE_SCALE."""
RHO, SIDE = 15, 16
COLUMNS = 17
RATIO = 64.0
"""Of the largest overlap to the smallest of a band."""
OWN = 8.0
"""The own overlap is much larger than others from this ratio on."""


@compiled()
def whole(n, none, a, p_x, s_x, b, sure, part):
    """The row itself, less at most one active feature besides its own; nothing less where sure."""
    part[:] = 0.0
    part[BAND] = n if sure == 0.0 else 0.0
    part[GONE] = none if sure == 0.0 else 0.0
    part[ALONE] = part[MASS] = part[X_D] = part[SCALE] = part[SLOPE_SCALE] = 1.0
    part[A] = a
    part[P_X] = p_x
    part[S_X] = s_x
    part[B] = b
    part[SURE] = sure


@compiled()
def split(g, s, a, p_x, s_x, b, out):
    """Write the parts of a row into out, |g| falling; how many there are."""
    n = len(g)
    count = 0
    weight = 1.0
    apart = False
    begin = 0
    while begin < n and weight > 0.0:
        end = begin + 1
        while end < n and RATIO * abs(g[end]) >= abs(g[begin]):
            end += 1
        gone = weight
        for i in range(begin, end):
            gone *= s[i]
        if not apart and p_x > 0.0 and abs(a) > OWN * abs(g[begin]):
            apart = True
            none = gone
            for i in range(end, n):
                none *= s[i]
            whole(n - begin, none, a, p_x, 0.0, b, 0.0, out[count])
            out[count, BEGIN] = begin
            out[count, MASS] = weight
            count += 1
        if apart and s_x == 0.0:
            break
        whole(end - begin, gone, a, 0.0 if apart else p_x, s_x, b, 0.0, out[count])
        out[count, BEGIN] = begin
        out[count, MASS] = weight
        count += 1
        weight = gone
        begin = end
    return count
