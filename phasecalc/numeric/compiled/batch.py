"""Many models, one after another in compiled code that lets go of the interpreter lock.

Models lo … hi − 1 of a batch; an argument whose first axis is 1 is shared by all of them.
"""

from __future__ import annotations

import numpy as np

from .jit import compiled
from .model import model_loss_grad, pair_loss
from .sparse import sparse_loss_grad


@compiled(nogil=True)
def batch_loss_grad(W, b, I, S, law, lo, hi, loss, dW, db):
    """Models of at most MAX_DIRECTIONS features."""
    w, v, i, s = len(W) > 1, len(b) > 1, len(I) > 1, len(S) > 1
    for e in range(lo, hi):
        loss[e] = model_loss_grad(W[e * w], b[e * v], I[e * i], S[e * s], law, dW[e], db[e])


@compiled(nogil=True)
def batch_sparse_loss_grad(W, b, I, S, law, lo, hi, loss, dW, db):
    """Models of any number of features."""
    w, v, i, s = len(W) > 1, len(b) > 1, len(I) > 1, len(S) > 1
    for e in range(lo, hi):
        loss[e] = sparse_loss_grad(W[e * w], b[e * v], I[e * i], S[e * s], law, dW[e], db[e])


@compiled(nogil=True)
def batch_pair_loss_grad(W, b, I, S, law, lo, hi, loss, dW, db):
    """Models of two features in one dimension, under the uniform law (law is not read)."""
    w, v, i, s = len(W) > 1, len(b) > 1, len(I) > 1, len(S) > 1
    for e in range(lo, hi):
        w_0 = W[e * w, 0, 0]
        w_1 = W[e * w, 0, 1]
        value, d_00, d_11, d_01, d_b0, d_b1 = pair_loss(
            w_0 * w_0,
            w_1 * w_1,
            w_0 * w_1,
            b[e * v, 0],
            b[e * v, 1],
            I[e * i, 0],
            I[e * i, 1],
            S[e * s, 0],
            S[e * s, 1],
        )
        loss[e] = value if np.isfinite(value) else np.inf
        dW[e, 0, 0] = 2.0 * w_0 * d_00 + w_1 * d_01
        dW[e, 0, 1] = 2.0 * w_1 * d_11 + w_0 * d_01
        db[e, 0] = d_b0
        db[e, 1] = d_b1
