"""The yardstick of kernel_speed.py: the loss and gradient for n = 2, m = 1 in plain NumPy.

The same integrals as the kernel's, one array operation at a time over the whole batch, both rows of
a model stacked; uniform law, one sparsity for both features.
"""

from __future__ import annotations

import numpy as np

NODE = 0.5 / np.sqrt(3)


def clip(x):
    return np.minimum(np.maximum(x, 0.0), 1.0)


def loss_and_grad(W, b, importance, sparsity):  # noqa: PLR0915
    """W (B, 1, 2), b (B, 2), importance (2,) or (B, 2), sparsity (B,) -> loss, dW, db."""
    w = W[:, 0].T
    s = np.asarray(sparsity)
    p = 1.0 - s
    a = w * w
    q = np.broadcast_to(w[0] * w[1], a.shape)
    c = np.ascontiguousarray(b.T)
    on = c > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        xi = np.where(a > 0.0, clip(-c / a), ~on)
        root = np.where(q != 0.0, clip(-c / q), ~on)
        positive = q > 0.0
        y0 = np.where(positive | (q == 0.0), root, 0.0)
        y1 = np.where(q < 0.0, root, 1.0)
        swap = np.abs(q) > a
        big = np.where(swap, q, a)
        small = np.where(swap, a, q)
        small = np.where(small == 0.0, 1e-300, small)
        top = np.where((big == 0.0) & ~on & (c == 0.0), -1.0, c)
        t0 = clip(-top / small)
        t1 = clip(-(top + big) / small)
        inv = np.where(big != 0.0, 1.0 / big, 0.0)
    up = big >= 0.0
    rising = up != (small > 0.0)
    rising &= big != 0.0
    lo = np.minimum(t0, t1)
    width = np.abs(t1 - t0)
    half = 0.5 * width
    centre = lo + half
    step = NODE * width
    m = centre - step
    n = centre + step
    xm = clip((top + small * m) * -inv)
    xn = clip((top + small * n) * -inv)
    o0 = np.where(rising, t1, 0.0)
    o1 = np.where(rising, 1.0, t1)
    o00, o11 = o0 * o0, o1 * o1
    stretch = o1 - o0
    stretch1 = 0.5 * (o11 - o00)
    stretch2 = (o1 * o11 - o0 * o00) / 3.0
    mx, nx = m * xm, n * xn
    xm2, xn2 = xm * xm, xn * xn
    sign = np.where(up, -1.0, 1.0)
    full = np.where(up, 1.0, 0.0)
    xy_1 = full + sign * (half * (xm + xn) + stretch)
    y_1 = 0.5 * full + sign * (half * (mx + nx) + stretch1)
    y_2 = full / 3.0 + sign * (half * (m * mx + n * nx) + stretch2)
    x_1 = 0.5 * (full + sign * (half * (xm2 + xn2) + stretch))
    x_y = 0.5 * (0.5 * full + sign * (half * (m * xm2 + n * xn2) + stretch1))
    x_2 = (full + sign * (half * (xm * xm2 + xn * xn2) + stretch)) / 3.0
    one = p * s
    two = p * p
    xi2 = xi * xi
    y00, y11 = y0 * y0, y1 * y1
    m_1 = s * s * on + one * (1.0 - xi + y1 - y0) + two * xy_1
    m_x = 0.5 * one * (1.0 - xi2) + two * np.where(swap, y_1, x_1)
    m_y = 0.5 * one * (y11 - y00) + two * np.where(swap, x_1, y_1)
    m_xx = one / 3.0 * (1.0 - xi * xi2) + two * np.where(swap, y_2, x_2)
    m_yy = one / 3.0 * (y1 * y11 - y0 * y00) + two * np.where(swap, x_2, y_2)
    m_xy = two * x_y
    e = a - 1.0
    d_a = e * m_xx + q * m_xy + c * m_x
    d_q = e * m_xy + q * m_yy + c * m_y
    d_c = e * m_x + q * m_y + c * m_1
    importance = np.asarray(importance).T
    if importance.ndim == 1:
        importance = importance[:, None]
    loss = (importance * (e * d_a + q * d_q + c * d_c + p / 3.0 - m_xx)).sum(axis=0)
    importance = 2.0 * importance
    d_01 = (importance * d_q).sum(axis=0)
    dw = 2.0 * w * importance * d_a + w[::-1] * d_01
    return loss, dw.T[:, None], (importance * d_c).T
