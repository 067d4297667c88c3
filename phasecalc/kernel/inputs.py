"""Checks of what users hand over, and its layout for the compiled code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from ..inputs import (
    importance_vector,
    is_one_importance,
    parse_matrix,
    parse_number,
    parse_scalar,
    shown,
    sparsity_of,
    turned,
)
from ..laws import Law, checked_law
from .compiled.rows import POINT, UNIFORM

Floats = NDArray[np.float64]
_KERNELS = {"uniform": UNIFORM, "point": POINT}
NO_KERNEL = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """Arguments that fit: leading axes flattened, an axis of length 1 for what is shared."""

    shape: tuple[int, ...]
    arrays: tuple[Floats, Floats, Floats, Floats]
    """weights (·, m, n), bias (·, n), importance (·, n), sparsity of each feature (·, n).

    In any layout: one sparsity of all features takes no more memory than it is.
    """
    law: int
    unit: float = 1.0
    """Of the biases, which are divided by it; importances are multiplied by its square."""
    source: Law | None = None
    """The law itself where it has no compiled kernel and `law` is NO_KERNEL."""

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def model(self, index: int) -> tuple[Floats, Floats, Floats, Floats]:
        """weights (m, n), bias, importance and sparsity (n,) of one model, for compiled code."""
        W, b, I, S = (laid_out(a[index % len(a)]) for a in self.arrays)  # noqa: E741 the paper's
        return W, b, I, S

    @property
    def m(self) -> int:
        return int(self.arrays[0].shape[-2])

    @property
    def n(self) -> int:
        return int(self.arrays[0].shape[-1])


def kernel_of(law: Law) -> tuple[int, float]:
    """The compiled kernel of a law, and the unit in which it is right.

    With x = unit · t the loss is unit² times that of (W, b/unit) with magnitudes t.

    Raises `ValueError` for a law without a kernel.
    """
    if law.kernel not in _KERNELS:
        raise ValueError(f"law = {law}: the closed form takes {' and '.join(_KERNELS)}")
    return _KERNELS[law.kernel], float(law.scale)


def real_array(name: str, value: ArrayLike) -> Floats:
    """The value as finite float64; TypeError or ValueError that names the argument."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: a masked array; fill in or leave out what is masked")
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: lists of different lengths; it must be rectangular") from None
    if array.dtype.kind in "OU":
        try:
            array = _from_objects(name, array)
        except OverflowError:
            raise ValueError(f"{name}: an entry is beyond the largest float") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: entries of type {array.dtype}; they must be real numbers")
    array = np.asarray(array, dtype=np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        where = np.argwhere(~finite)[0]
        at = f"[{', '.join(map(str, where))}]" if len(where) else ""
        raise ValueError(f"{name}{at} = {array[tuple(where)]}: every entry must be finite")
    return array


def _from_objects(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Numbers of Python and SymPy, and texts as the exact functions and the commands read them."""
    numbers = [parse_scalar(str(x), name) if isinstance(x, str) else x for x in array.flat]
    for x in numbers:
        symbols = getattr(x, "free_symbols", None)
        if symbols:
            raise ValueError(f"{name}: {shown(x)} is no number; it needs a value for {symbols}")
        if not isinstance(x, Real | Decimal | sympy.Expr):
            return array  # whose type is named by the caller
    return np.array([float(x) for x in numbers], dtype=np.float64).reshape(array.shape)


def _require(name: str, array: Floats, good: NDArray[np.bool_], allowed: str) -> None:
    if not good.all():
        where = np.argwhere(~good)[0]
        at = f"[{', '.join(map(str, where))}]" if len(where) else ""
        raise ValueError(f"{name}{at} = {array[tuple(where)]}: it must be {allowed}")


def weights_of(value: ArrayLike) -> Floats:
    """Weights (…, m, n); a text has rows separated by ";" and entries by ",".

    >>> weights_of("1, 0; 0, -1/2").tolist()
    [[1.0, 0.0], [0.0, -0.5]]
    """
    rows: Any = parse_matrix(value, "weights") if isinstance(value, str) else value
    return real_array("weights", rows)


def biases_of(value: ArrayLike | None, n: int) -> Floats:
    """Biases (…, n); one number stands for all of them, None for 0, a text with commas for a row.

    >>> biases_of("1/2", 2), biases_of("0, -1/2", 2)
    (array([0.5, 0.5]), array([ 0. , -0.5]))
    """
    row: Any = value.split(",") if isinstance(value, str) and "," in value else value
    array = real_array("bias", 0.0 if row is None else row)
    return np.full(n, float(array)) if array.ndim == 0 else array


def importances_of(value: ArrayLike | None, n: int) -> Floats:
    """Importances (…, n) as `importance_vector` reads them: one number is that of the last feature.

    >>> importances_of(0.5, 3), importances_of("0.5^i", 3)
    (array([1. , 1. , 0.5]), array([1.  , 0.5 , 0.25]))
    """
    if isinstance(value, str) and not is_one_importance(value):
        return real_array("importance", importance_vector(value, n))
    array = real_array("importance", 1.0 if value is None else value)
    return np.append(np.ones(n - 1), array) if array.ndim == 0 else array


def checked_batch(
    weights: ArrayLike,
    bias: ArrayLike | None,
    importance: ArrayLike | None,
    sparsity: ArrayLike | None,
    sparsity_per_feature: ArrayLike | None,
    law: Law | None,
    *,
    any_law: bool = False,
) -> Batch:
    """All arguments checked and broadcast against each other.

    any_law: whether a law without a compiled kernel will do.
    """
    magnitudes = checked_law(law)
    bare = any_law and magnitudes.kernel not in _KERNELS
    code, unit = (NO_KERNEL, 1.0) if bare else kernel_of(magnitudes)
    W = weights_of(weights)
    if W.ndim < 2 or 0 in W.shape[-2:]:
        raise ValueError(f"weights: shape {W.shape}; it must be (..., m, n), with m, n at least 1")
    n = W.shape[-1]
    vectors = {
        "bias": biases_of(bias, n),
        "importance": importances_of(importance, n),
    }
    if (sparsity is None) == (sparsity_per_feature is None):
        raise TypeError(
            "exactly one of sparsity, feature_probability and sparsity_per_feature must be given"
        )
    if sparsity is None:
        name = "sparsity_per_feature"
        vectors[name] = real_array(name, sparsity_per_feature)  # type: ignore[arg-type]
    for key, array in vectors.items():
        if array.ndim < 1 or array.shape[-1] != n:
            hint = turned(array.shape[-1], W.shape[-2], n) if array.ndim else ""
            raise ValueError(
                f"{key}: shape {array.shape}; it must be (..., {n}), as weights has n = {n}{hint}"
            )
    if sparsity is not None:
        name = "sparsity"
        scalar = real_array(name, sparsity)
        vectors[name] = np.broadcast_to(scalar[..., None], (*scalar.shape, n))
        _require(name, scalar, (scalar >= 0) & (scalar <= 1), "between 0 and 1")
    else:
        S = vectors[name]
        _require(name, S, (S >= 0) & (S <= 1), "between 0 and 1")
    _require("importance", vectors["importance"], vectors["importance"] >= 0, "0 or more")
    leads = {"weights": W.shape[:-2], **{key: array.shape[:-1] for key, array in vectors.items()}}
    try:
        shape = np.broadcast_shapes(*leads.values())
    except ValueError:
        listed = ", ".join(f"{key} {lead}" for key, lead in leads.items())
        raise ValueError(f"leading axes that do not broadcast: {listed}") from None
    if unit != 1.0:
        vectors["bias"] = vectors["bias"] / unit
        vectors["importance"] = vectors["importance"] * unit**2
    arrays = (
        _flat(W, shape, 2),
        _flat(vectors["bias"], shape, 1),
        _flat(vectors["importance"], shape, 1),
        _flat(vectors[name], shape, 1),
    )
    return Batch(shape, arrays, code, unit, magnitudes if bare else None)


def _flat(array: Floats, shape: tuple[int, ...], core: int) -> Floats:
    """(k, …) with k = 1 for what the whole batch shares."""
    lead, tail = array.shape[: array.ndim - core], array.shape[array.ndim - core :]
    if lead != shape and any(length != 1 for length in lead):
        array = np.broadcast_to(array, (*shape, *tail))
    if not lead:
        return array[None]
    return array if array.ndim == 1 + core else array.reshape(-1, *tail)


def laid_out(array: Floats) -> Floats:
    """As compiled code takes it: in C order and writeable."""
    flags = array.flags
    return array if flags.c_contiguous and flags.writeable else array.copy(order="C")


LEAST_PROBABILITY = 2.0**-53
"""The least p that 1 − S can be in float64."""


def sparsity_in(sparsity: object, feature_probability: object = None) -> float:
    """S in [0, 1), from S or p; p is then known to 2⁻⁵³, as 1 − S is."""

    def read(value: object, argument: str, never: int) -> float:
        if never == 0:
            return scalar_in(value, argument, LEAST_PROBABILITY, 1.0)
        return scalar_in(value, argument, 0.0, 1.0, open_end=True)

    return sparsity_of(sparsity, feature_probability, read)


def sparsities_in(sparsity: ArrayLike | None, feature_probability: ArrayLike | None) -> Any:
    """Sparsities of a batch as they are given, or from its probabilities; None for neither."""

    def read(value: ArrayLike, argument: str, never: int) -> Any:
        if never == 1:
            return value  # checked_batch reads it
        p = real_array(argument, value)
        _require(argument, p, (p >= 0) & (p <= 1), "between 0 and 1")
        return p

    return sparsity_of(sparsity, feature_probability, read, optional=True)


def any_number(value: object, argument: str) -> float:
    """A finite float."""
    return scalar_in(value, argument, -np.inf, np.inf)


def scalar_in(
    value: object, argument: str, low: float, high: float, *, open_end: bool = False
) -> float:
    """A finite float in [low, high], or in [low, high) with `open_end`."""
    if isinstance(value, str):
        value = parse_number(value, argument)
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"{argument} = {value!r}: it must be a number") from None
    except OverflowError:
        number = np.inf
    good = np.isfinite(number) and low <= number and (number < high or not open_end)
    if isinstance(value, bool) or not good or number > high:
        if not np.isfinite(high):
            allowed = f"a finite number, {low:g} or more"
        else:
            allowed = f"in [{low:g}, {high:g}{')' if open_end else ']'}"
        text = str(value)
        text = text if len(text) <= 40 else f"{text[:39]}…"
        raise ValueError(f"{argument} = {text}: it must be {allowed}")
    return number
