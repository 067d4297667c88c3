"""What the kernel takes, what it refuses, and how it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.kernel import threads

W = np.array([[1.0, -0.5]])
B = np.array([0.1, 0.0])
ONES = np.ones(2)


def test_shapes_broadcast_as_in_numpy():
    loss, dW, db = pc.expected_loss_and_grad(
        np.ones((4, 1, 2, 3)), np.zeros((5, 3)), np.ones(3), np.linspace(0, 1, 5)
    )
    assert loss.shape == (4, 5) and dW.shape == (4, 5, 2, 3) and db.shape == (4, 5, 3)
    assert np.ndim(pc.expected_loss(W, B, ONES, 0.5)) == 0
    assert pc.expected_loss(np.ones((0, 1, 2)), B, ONES, 0.5).shape == (0,)
    assert pc.expected_hessian(np.ones((3, 1, 2)), B, ONES, 0.5).shape == (3, 4, 4)


def test_a_sparsity_for_each_feature():
    square = np.broadcast_to(W, (2, 1, 2))
    batch = pc.expected_loss(square, B, ONES, [0.2, 0.7])
    each = pc.expected_loss(W, B, ONES, sparsity_per_feature=[0.2, 0.7])
    assert batch.shape == (2,) and np.ndim(each) == 0
    same = pc.expected_loss(W, B, ONES, sparsity_per_feature=[0.2, 0.2])
    assert same == batch[0]


def test_other_types_of_number_are_taken():
    expected = pc.expected_loss([[1.0, -1.0]], [0.0, 0.0], [1.0, 2.0], 0.0)
    assert pc.expected_loss([[1, -1]], [0, 0], [1, 2], 0) == expected
    assert pc.expected_loss(np.array([[1, -1]], np.float32), [0, 0], [1, 2], 0) == expected
    assert pc.expected_loss([[1, -1]], [0, 0], [1, 2], False) == expected
    read_only = np.broadcast_to(np.array([1.0, 2.0]), (2,))
    assert pc.expected_loss([[1, -1]], [0, 0], read_only, 0) == expected
    fortran = np.asfortranarray(np.array([[1.0, 2.0, 3.0], [0.5, 1.0, -1.0]]))
    assert pc.expected_loss(fortran, np.zeros(3), np.ones(3), 0.5) == pc.expected_loss(
        fortran.copy(order="C"), np.zeros(3), np.ones(3), 0.5
    )


def test_arguments_are_not_written_to():
    args = W.copy(), B.copy(), ONES.copy(), np.array(0.5)
    for array in args:
        array.flags.writeable = False
    pc.expected_loss_and_grad(*args)
    pc.expected_hessian(*args)
    pc.one_sparse_loss(args[0], args[1], args[2])
    pc.truncated_loss(*args, max_active=1)


BAD = [
    ((W, B, ONES, 1.5), {}, r"sparsity = 1.5: it must be between 0 and 1"),
    ((W, B, ONES, [0.5, -0.1]), {}, r"sparsity\[1\] = -0.1"),
    ((W, B, [1, -1], 0.5), {}, r"importance\[1\] = -1.0: it must be 0 or more"),
    (([[1, np.nan]], B, ONES, 0.5), {}, r"weights\[0, 1\] = nan"),
    ((W, [np.inf, 0], ONES, 0.5), {}, r"bias\[0\] = inf"),
    ((W, [0, 0, 0], ONES, 0.5), {}, r"bias: shape \(3,\); it must be \(..., 2\)"),
    ((W, B, [1], 0.5), {}, r"importance: shape \(1,\)"),
    (([1, 2], B, ONES, 0.5), {}, r"weights: shape \(2,\); it must be \(..., m, n\)"),
    ((np.ones((0, 2)), B, ONES, 0.5), {}, r"weights: shape \(0, 2\)"),
    ((np.ones((3, 1, 2)), np.ones((2, 2)), ONES, 0.5), {}, r"do not broadcast: weights \(3,\)"),
    ((W, B, ONES), {"sparsity_per_feature": [0.1, 1.1]}, r"sparsity_per_feature\[1\] = 1.1"),
    ((W, B, ONES), {"sparsity_per_feature": 0.1}, r"sparsity_per_feature: shape \(\)"),
]


@pytest.mark.parametrize(("args", "options", "message"), BAD)
def test_bad_values_are_named(args, options, message):
    for function in (pc.expected_loss, pc.expected_loss_and_grad, pc.expected_hessian):
        with pytest.raises(ValueError, match=message):
            function(*args, **options)
    with pytest.raises(ValueError, match=message):
        pc.truncated_loss(*args, **options, max_active=1)


def test_exact_numbers_are_rounded_to_floats():
    exact = [[Fraction(1, 2), Decimal("-0.25")]]
    assert pc.expected_loss(exact, [0, 0], [1, 1], Fraction(1, 2)) == pc.expected_loss(  # type: ignore[arg-type]
        [[0.5, -0.25]], [0, 0], [1, 1], 0.5
    )


def test_ragged_and_masked_arrays_are_named():
    with pytest.raises(ValueError, match="weights: lists of different lengths"):
        pc.expected_loss([[1, 2], [3]], B, ONES, 0.5)
    with pytest.raises(TypeError, match="bias: a masked array"):
        pc.expected_loss(W, np.ma.array([0.0, 1.0], mask=[0, 1]), ONES, 0.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="importance: entries of type object"):
        pc.expected_loss(W, B, [None, 1.0], 0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weights: an entry is beyond the largest float"):
        pc.expected_loss([[10**400, 1]], B, ONES, 0.5)


def test_bad_types_are_named():
    with pytest.raises(TypeError, match="weights: entries of type complex"):
        pc.expected_loss(1j * W, B, ONES, 0.5)
    with pytest.raises(ValueError, match="bias: zero is no number"):
        pc.expected_loss(W, ["zero", "0"], ONES, 0.5)
    with pytest.raises(TypeError, match="exactly one of sparsity, feature_probability and"):
        pc.expected_loss(W, B, ONES)
    with pytest.raises(TypeError, match="exactly one of sparsity, feature_probability and"):
        pc.expected_loss(W, B, ONES, 0.5, sparsity_per_feature=[0.5, 0.5])
    with pytest.raises(TypeError, match="law = 'uniform'"):
        pc.expected_loss(W, B, ONES, 0.5, "uniform")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"max_active = 1.0"):
        pc.truncated_loss(W, B, ONES, 0.5, max_active=1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_active = 9: it must be 0 to 8"):
        pc.truncated_loss(W, B, ONES, 0.5, max_active=9)


def test_too_large_a_neighbourhood_is_named():
    wide = np.zeros((2, 12))
    wide[0, 2:] = 1.0
    wide[1, :2] = 1.0
    message = r'feature 2 interferes with 9 others, at most 8 [a-z =]+"closed"; "dense" takes any'
    with pytest.raises(ValueError, match=message):
        pc.expected_loss(wide, np.zeros(12), np.ones(12), 0.5, method="closed")
    batch = np.stack([np.zeros((2, 12)), wide])
    with pytest.raises(ValueError, match=r"feature 2 of model \[1\] interferes"):
        pc.expected_loss(batch, np.zeros(12), np.ones(12), 0.5, method="closed")
    wide[0, 2] = 0.0  # nine features that all interfere: eight each
    assert np.isfinite(pc.expected_loss(wide, np.zeros(12), np.ones(12), 0.5))
    with pytest.raises(ValueError, match="12 features; the Hessian is for 9 or fewer"):
        pc.expected_hessian(wide, np.zeros(12), np.ones(12), 0.5)


HUGE = [
    np.array([[1e150, 0.0]]),
    np.array([[1e150, -1e150]]),
    np.array([[1e200, 1.0]]),
    np.array([[1e90, -1e100], [1e100, 1e90]]),
    1e155 * np.array([[1.0, -1.0, 0.5], [0.5, 0.5, 1.0]]),
    1e120 * np.eye(12),
    1e200 * np.eye(12),
]


@pytest.mark.parametrize("law", [pc.Uniform(), pc.Point()])
@pytest.mark.parametrize("weights", HUGE)
def test_huge_weights_overflow_to_infinity(weights, law):
    n = weights.shape[1]
    bias = np.full(n, 0.1)
    assert pc.expected_loss(weights, bias, np.ones(n), 0.5, law) == np.inf
    assert pc.one_sparse_loss(weights, bias, np.ones(n), law) == np.inf
    assert pc.truncated_loss(weights, bias, np.ones(n), 0.5, law, max_active=1).bound == np.inf


def test_huge_but_representable():
    loss = pc.expected_loss([[1e70, -1e70]], [0.0, 0.0], [1.0, 1.0], 0.0)
    assert loss == pytest.approx(1e280 / 6, rel=1e-12)  # E (x − y)²: 1e280 times (x₁ − x₂)²
    off = pc.expected_loss([[1e70, 1e70]], [-1e150, -1e150], [1.0, 1.0], 0.5)
    assert off == pytest.approx(1 / 3)


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    everything = threads.thread_count()
    assert everything >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads.thread_count() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "100000")
    assert threads.thread_count() == everything


@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 2)])
def test_threads_do_not_change_the_result(monkeypatch, n, m):
    rng = np.random.default_rng(0)
    args = rng.normal(size=(1001, m, n)), rng.normal(size=n), np.ones(n), rng.random(1001)
    monkeypatch.setattr(threads, "thread_count", lambda: 1)
    one = pc.expected_loss_and_grad(*args)
    monkeypatch.setattr(threads, "thread_count", lambda: 5)
    monkeypatch.setattr(threads, "_WORTH_A_THREAD", 1)
    for a, b in zip(one, pc.expected_loss_and_grad(*args), strict=True):
        assert np.array_equal(a, b)


def test_a_failure_in_a_thread_reaches_the_caller():
    def run(lo, hi):
        if lo > 0:
            raise MemoryError(f"models from {lo}")

    with pytest.raises(MemoryError, match="models from"):
        threads.in_stretches(run, 9, 3)


def test_callers_may_be_threads_themselves():
    rng = np.random.default_rng(1)
    args = [(rng.normal(size=(50, 2, n)), np.zeros(n), np.ones(n), 0.5) for n in (2, 3, 4, 2, 3, 4)]
    expected = [pc.expected_loss_and_grad(*x) for x in args]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda x: pc.expected_loss_and_grad(*x), args))
    for one, other in zip(expected, results, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_large_batches_work_while_the_interpreter_shuts_down():
    code = (
        "import atexit, numpy as np, phasecalc as pc\n"
        "from phasecalc.kernel import threads\n"
        "threads.thread_count, threads._WORTH_A_THREAD = lambda: 4, 1\n"
        "run = lambda: print(pc.expected_loss(np.ones((99, 1, 2)), [0, 0], [1, 1], 0.5).sum())\n"
        "run()\n"
        "atexit.register(run)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    before, after = out.stdout.split()
    assert before == after and not out.stderr


@pytest.mark.parametrize("n", [2, 3, 12])
def test_the_other_losses_do_not_depend_on_how_a_batch_is_split(n):
    rng = np.random.default_rng(n)
    W, b, I, S = rng.normal(size=(5, 2, n)), rng.normal(size=n), np.ones(n), rng.random(5)  # noqa: E741
    whole = [pc.one_sparse_loss(W, b, I), *pc.truncated_loss(W, b, I, S, max_active=2)]
    if n < 10:
        whole.append(pc.expected_hessian(W, b, I, S))
    for e in range(5):
        one = [pc.one_sparse_loss(W[e], b, I), *pc.truncated_loss(W[e], b, I, S[e], max_active=2)]
        if n < 10:
            one.append(pc.expected_hessian(W[e], b, I, S[e]))
        assert all(np.array_equal(a[e], c) for a, c in zip(whole, one, strict=True))


def test_a_row_of_no_importance_may_overflow():
    assert pc.expected_loss([[1e150, 0.0]], [0.0, 0.0], [0.0, 1.0], 0.0) == pytest.approx(1 / 3)
    loss, dW, _ = pc.expected_loss_and_grad([[1e155, 1.0]], [0.0, 0.0], [0.0, 1.0], 0.5)
    assert loss == np.inf and not np.isnan(dW).any()
    assert pc.one_sparse_loss([[1e150]], [0.0], [0.0]) == 0.0
    assert pc.expected_loss([[1e150, 1e-3]], [0.0, 0.0], [1.0, 1.0], 1.0) == 0.0
