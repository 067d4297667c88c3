"""A row taken apart where its overlaps are of very different size.

The inputs are divided by the largest active feature: overlaps fall into bands, each up to RATIO
wide, and a part holds the inputs whose largest active feature is in one band. Where no feature of
the bands above is active, z has a smaller range, and its series a period of its own. The own
feature is one of the others as long as its overlap is no larger; below that the inputs are divided
by whether it is active.
"""

from __future__ import annotations

import numpy as np

from .jit import compiled

RATIO = 64.0
"""Of the largest overlap to the smallest of a band."""
OWN = 8.0
"""The own overlap is much larger than others from this ratio on."""
BOTH, ACTIVE, INACTIVE = 0.0, 1.0, 2.0


@compiled()
def parts(g, s, a, p_x, s_x):
    """Rows (first feature, end of its band, own feature, weight), overlaps falling in size.

    The weight is the probability that all features before the first one are inactive.
    """
    n = len(g)
    out = np.empty((2 * n + 1, 4))
    count = 0
    weight = 1.0
    split = False
    begin = 0
    while begin < n and weight > 0.0:
        end = begin + 1
        while end < n and RATIO * abs(g[end]) >= abs(g[begin]):
            end += 1
        if not split and p_x > 0.0 and abs(a) > OWN * abs(g[begin]):
            split = True
            out[count, 0], out[count, 1], out[count, 2], out[count, 3] = begin, n, ACTIVE, weight
            count += 1
        if split and s_x == 0.0:
            break
        own = INACTIVE if split else BOTH
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = begin, end, own, weight
        count += 1
        for i in range(begin, end):
            weight *= s[i]
        begin = end
    return out[:count]
