"""The boxes of all steps, from the domain down; what the numbers of the steps stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from .jit import compiled

Array = Any

DOMAIN_LOW, DOMAIN_HIGH, SLOPE_LOW, SLOPE_HIGH = 1, 2, 3, 4
EMPTY, SYMMETRY, LENGTH, ROW, VALUE, SLOPE, CONVEX, SECANT = range(10, 18)
SPLIT = 20

WRONG = (
    "",
    "there are more steps than boxes",
    "a box is split outside itself",
    "boxes are missing: the steps end too early or too late",
)


@compiled
def unfold(codes: Array, indices: Array, values: Array, domain: Array, biases: int,
           boxes: Array, intervals: Array, owner: Array) -> int:  # fmt: skip
    """Write each node's box (2, size, nodes), and each cut's interval before it and its node.

    The steps are in preorder. Cuts come before the step that splits or closes their box; the first
    half of a box that is split comes next, with all its steps, and then the second one. Biases are
    the entries from `biases` on. Returns a place in `WRONG`, 0 where every half of every split is
    there once.
    """
    size = domain.shape[1]
    stack = np.empty((64, 2, size))
    stack[0] = domain
    open_boxes, node, cut = 1, 0, 0
    for step in range(len(codes)):
        if open_boxes == 0:
            return 1
        box = stack[open_boxes - 1]
        code, s, at = codes[step], indices[step], values[step]
        if code <= SLOPE_HIGH:
            s += biases
            owner[cut] = node
            intervals[0, cut], intervals[1, cut] = box[0, s], box[1, s]
            box[0 if code in (DOMAIN_LOW, SLOPE_LOW) else 1, s] = at
            cut += 1
            continue
        for k in range(size):
            boxes[0, k, node], boxes[1, k, node] = box[0, k], box[1, k]
        node += 1
        if code != SPLIT:
            open_boxes -= 1
            continue
        if not (s < size and box[0, s] < at < box[1, s]):
            return 2
        if open_boxes == len(stack):
            stack = np.concatenate((stack, np.empty_like(stack)))
        first, second = stack[open_boxes], stack[open_boxes - 1]
        first[:] = second
        first[1, s] = second[0, s] = at
        open_boxes += 1
    return 0 if open_boxes == 0 else 3
