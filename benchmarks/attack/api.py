"""The library's float functions on arrays of every size, shape, stride and type.

Held: a call gives numbers of the right shape, or raises TypeError or ValueError in one line; it
never warns; what it gives does not depend on strides, byte order or type of the same numbers; and
where all numbers are moderate it is the exact rational loss within rounding.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

import phasecalc as pc

from .report import Attack

MAGNITUDES = [0.0, 1e-300, 5e-324, 1e-160, 1e-30, 1e-12, 1e-3, 0.5, 1.0, 3.0, 1e3, 1e12, 1e100]
WILD = [1e155, 1e300, -1e300, np.inf, -np.inf, np.nan]
ROUNDING = 1e-13
"""Of the loss, relative to its scale; benchmarks/kernel_accuracy.py measures 5e-16."""
TYPES = [
    np.float64,
    np.float32,
    np.float16,
    np.int64,
    np.int8,
    np.bool_,
    np.complex128,
    object,
    str,
]


def numbers(rng: np.random.Generator, shape: tuple[int, ...], wild: float) -> Any:
    """Numbers of all sizes, a part of them beyond what can be computed with."""
    sizes = rng.choice(MAGNITUDES[: rng.integers(2, len(MAGNITUDES) + 1)], shape)
    found = sizes * rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 2, shape)
    return np.where(rng.random(shape) < wild, rng.choice(WILD, shape), found)


def views(rng: np.random.Generator, array: Any) -> Any:
    """The same numbers with other strides, another order of bytes, or read-only."""
    kind = rng.integers(6)
    if kind == 0:
        return np.asfortranarray(array)
    if kind == 1:
        wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan)
        wide[..., ::2] = array
        return wide[..., ::2]
    if kind == 2:
        return array[..., ::-1].copy()[..., ::-1]
    if kind == 3:
        return array.astype(">f8")
    if kind == 4:
        array = array.copy()
        array.flags.writeable = False
        return array
    return array.tolist()


def attack(inputs: int, seed: int) -> list[Attack]:
    """Extreme numbers, shapes and types; then the same numbers in other forms."""
    rng = np.random.default_rng(seed)
    plain = random.Random(seed)
    extreme, forms = (
        Attack("arrays: extreme numbers, shapes, types"),
        Attack("arrays: same numbers"),
    )
    exact = Attack("arrays: against exact rationals")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(inputs):
            _wild(rng, plain, extreme, f"seed {seed}, input {k}")
            _forms(rng, forms, f"seed {seed}, input {k}")
            if k % 4 == 0:
                _exact(rng, exact, f"seed {seed}, input {k}")
    return [extreme, forms, exact]


def _sizes(rng: np.random.Generator) -> tuple[int, int, tuple[int, ...]]:
    n = int(rng.integers(1, 5))
    m = int(rng.integers(1, 4))
    batch = tuple(int(x) for x in rng.integers(0, 4, rng.integers(0, 3)))
    return n, m, batch


def _wild(rng: np.random.Generator, plain: random.Random, found: Attack, place: str) -> None:
    n, m, batch = _sizes(rng)
    wild = float(rng.choice([0.0, 0.0, 0.1, 0.5]))
    W = numbers(rng, (*batch, m, n), wild)
    b, importance = numbers(rng, (*batch, n), wild), np.abs(numbers(rng, (n,), wild))
    S = rng.choice([0.0, 1.0, 0.5, 1e-300, 1 - 1e-16, 1.5, -0.0, np.nan], batch)
    given: list[Any] = [W, b, importance, S]
    if plain.random() < 0.3:
        at = plain.randrange(4)
        given[at] = plain.choice(
            [None, "text", [], [[]], np.zeros((0,)), np.zeros((2, 3, 4, 5)), object(), 1, {}, True,
             np.array(given[at]).ravel()[:1], [[1.0], [1.0, 2.0]], np.array(None)]
        )  # fmt: skip
    elif plain.random() < 0.3:
        at = plain.randrange(4)
        kind = plain.choice(TYPES)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given[at] = np.nan_to_num(np.asarray(given[at])).astype(kind)
    functions: list[Callable[..., object]] = [
        pc.expected_loss, pc.expected_loss_and_grad, pc.expected_hessian, pc.one_sparse_loss,
    ]  # fmt: skip
    function: Any = plain.choice(functions)
    if function is pc.one_sparse_loss:
        given = given[:3]
    law = plain.choice([None, pc.Uniform(), pc.Point()])
    try:
        result = function(*given) if law is None else function(*given, law=law)
    except (TypeError, ValueError) as error:
        found.expect("\n" not in str(error) and str(error) != "", f"{place}: message {error!r}")
        return
    except Exception as error:
        found.expect(False, f"{place}: {function.__name__} {type(error).__name__}: {error}")
        return
    parts = result if isinstance(result, tuple) else (result,)
    sane = all(np.asarray(part).dtype == np.float64 for part in parts)
    found.expect(sane, f"{place}: {function.__name__} gave {[type(part) for part in parts]}")


def _forms(rng: np.random.Generator, found: Attack, place: str) -> None:
    n, m, batch = _sizes(rng)
    W, b = numbers(rng, (*batch, m, n), 0.0), numbers(rng, (*batch, n), 0.0)
    W, b = np.clip(W, -1e3, 1e3), np.clip(b, -1e3, 1e3)
    importance, S = rng.uniform(0, 3, n), rng.uniform(0, 1, batch)
    one = pc.expected_loss_and_grad(W, b, importance, S)
    shaped = [views(rng, x) if x.ndim else x for x in (W, b, importance, S)]
    if any(np.asarray(x).size == 0 for x in shaped):
        shaped = [W, b, importance, S]
    two = pc.expected_loss_and_grad(shaped[0], shaped[1], shaped[2], shaped[3])
    same = all(np.array_equal(x, y) for x, y in zip(one, two, strict=True))
    shapes = [np.shape(x) for x in one] == [batch, (*batch, m, n), (*batch, n)]
    found.expect(same and shapes, f"{place}: {[np.shape(x) for x in one]} of {W.shape}")


def _exact(rng: np.random.Generator, found: Attack, place: str) -> None:
    n, m = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    W = np.clip(numbers(rng, (m, n), 0.0), -3, 3)
    b = np.clip(numbers(rng, (n,), 0.0), -3, 3)
    importance, S = rng.uniform(0, 3, n), float(rng.uniform(0, 1))
    value = float(pc.expected_loss(W, b, importance, S))
    truth = pc.decompose(
        [[Fraction(float(w)) for w in row] for row in W],
        [Fraction(float(x)) for x in b],
        [Fraction(float(x)) for x in importance],
    )
    exact = float(sum(
        Fraction(int(term.p), int(term.q)) * (1 - Fraction(S)) ** k * Fraction(S) ** (n - k)
        for k, term in enumerate(truth.terms)
    ))  # fmt: skip
    scale = 1 + float((importance * (1 + np.abs(W.T @ W).sum(1) + np.abs(b)) ** 2).sum())
    found.expect(abs(value - exact) <= ROUNDING * scale, f"{place}: {value} and {exact}")
