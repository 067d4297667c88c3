"""Random starts: columns of W of unit length on average, biases zero, the models of a cell spread.

Every start is normal: W_ai ~ N(0, 1/m), all independent. The starts of one cell are stratified in
two of their features, which is where minima are won and lost: the signs of W_i · W_n, and which two
features oppose each other most. A start is drawn, its columns' signs and order are taken out and
put back from a list that the cell's models go through in turn, from a random place on. The law of
W does not change when columns change sign or order, so each start keeps its law; only the starts
of one cell are no longer independent. What is left to chance is smaller.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import compiled
from .philox import OFFSET, cell_words, model_key, normals


@compiled(nogil=True)
def random_starts(key, row, column, model, lo, hi, W, b):
    """Write W (·, m, n) and b (·, n) of models lo … hi − 1, whose places are in the three lists."""
    m, n = W.shape[1:]
    flat = np.empty(m * n)
    order = np.empty(n, np.int64)
    pairs = n * (n - 1) // 2
    patterns = 1 << (n - 1)
    for e in range(lo, hi):
        i, j, k = row[e], column[e], model[e]
        k0, k1 = model_key(key, i, j, k)
        normals(k0, k1, flat)
        start = flat.reshape(m, n)
        r0, r1, _, _ = cell_words(key, i, j, OFFSET)
        if n > 1:
            pattern = (np.int64(r0) + k) % patterns
            _sign(start, pattern)
            _oppose(start, (np.int64(r1) + k) % pairs, order)
        else:
            order[0] = 0
        for i in range(n):
            for a in range(m):
                W[e, a, i] = start[a, order[i]] / math.sqrt(m)
            b[e, i] = 0.0


@compiled()
def _sign(W, pattern):
    """Turn columns so that W_i · W_n is negative where bit i of the pattern is set."""
    m, n = W.shape
    for i in range(n - 1):
        total = 0.0
        for a in range(m):
            total += W[a, i] * W[a, n - 1]
        if (total < 0.0) != bool((pattern >> i) & 1):
            for a in range(m):
                W[a, i] = -W[a, i]


@compiled()
def _oppose(W, wanted, order):
    """The order of columns that brings the two most opposed ones to the wanted pair of places.

    Most opposed: of the smallest cosine; in one dimension, where every cosine is 1 or −1, of the
    smallest product.
    """
    m, n = W.shape
    least = math.inf
    first = 0
    second = 1
    for j in range(1, n):
        for i in range(j):
            total = 0.0
            square_i = 0.0
            square_j = 0.0
            for a in range(m):
                total += W[a, i] * W[a, j]
                square_i += W[a, i] * W[a, i]
                square_j += W[a, j] * W[a, j]
            if m > 1:
                total /= math.sqrt(square_i * square_j)
            if total < least:
                least = total
                first = i
                second = j
    # Pairs of places in the order (0, 1), (0, 2), (1, 2), (0, 3), …
    high = 1
    while wanted >= high:
        wanted -= high
        high += 1
    low = wanted
    take = 0
    for place in range(n):
        if place == low:
            order[place] = first
        elif place == high:
            order[place] = second
        else:
            while take in (first, second):
                take += 1
            order[place] = take
            take += 1
