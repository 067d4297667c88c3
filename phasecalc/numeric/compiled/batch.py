"""Many models, one after another in compiled code that lets go of the interpreter lock."""

from __future__ import annotations

import numpy as np
from numba import njit

from .model import model_loss_grad, pair_loss


@njit(cache=True, error_model="numpy", nogil=True)
def batch_loss_grad(W, b, I, S, law, lo, hi, loss, dW, db):
    """Models lo … hi − 1. An argument whose first axis is 1 is shared by all of them."""
    for e in range(lo, hi):
        loss[e] = model_loss_grad(
            W[e % len(W)], b[e % len(b)], I[e % len(I)], S[e % len(S)], law, dW[e], db[e]
        )


@njit(cache=True, error_model="numpy", nogil=True)
def batch_pair_loss_grad(W, b, I, S, lo, hi, loss, dW, db):
    """The same for two features in one dimension and the uniform law."""
    nW, nb, nI, nS = len(W) > 1, len(b) > 1, len(I) > 1, len(S) > 1
    for e in range(lo, hi):
        i, j, k, l = e * nW, e * nb, e * nI, e * nS
        w_0 = W[i, 0, 0]
        w_1 = W[i, 0, 1]
        value, d_00, d_11, d_01, d_b0, d_b1 = pair_loss(
            w_0 * w_0, w_1 * w_1, w_0 * w_1, b[j, 0], b[j, 1], I[k, 0], I[k, 1], S[l, 0], S[l, 1]
        )
        loss[e] = value if np.isfinite(value) else np.inf
        dW[e, 0, 0] = 2.0 * w_0 * d_00 + w_1 * d_01
        dW[e, 0, 1] = 2.0 * w_1 * d_11 + w_0 * d_01
        db[e, 0] = d_b0
        db[e, 1] = d_b1
