"""Weights that other programs trained: files and conventions.

A file is .npz, .safetensors, or a PyTorch state dict (.pt, .pth, .bin), which PyTorch reads with
weights_only=True. Nothing is ever unpickled, and no text is evaluated.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from ..display import Large
from ..files import MissingPackage, readable
from ..kernel.memory import checked_memory
from ..records import Record

Floats = NDArray[np.float64]

TIED = 1e-6
"""How far a decoder may be from its encoder's transpose, in parts of the largest entry."""
_MOST_HEADER = 1 << 24


@dataclass(frozen=True, slots=True)
class Convention:
    """How a code names and shapes the weights, and what its loss and its probability are."""

    name: str
    weights: str
    transposed: bool
    """Whether the weights are (…, n, m)."""
    bias: str
    decoder: str | None
    """A decoder's matrix (n, m), which must be the transpose of the weights."""
    refused: tuple[str, ...]
    """Beginnings of names that stand for a different model."""
    mean: bool
    """Whether the loss is a mean over features: n times it is the sum that phasecalc has."""
    probability: str
    source: str


CONVENTIONS = {
    convention.name: convention
    for convention in (
        Convention(
            "phasecalc", "weights", False, "bias", None, (), False,
            "sparsity S = P(x_i = 0)", "phasecalc train",
        ),
        Convention(
            "elhage", "W", True, "b_final", None, (), True,
            "feature_probability p = 1 - S",
            "Elhage et al. 2022, github.com/anthropics/toy-models-of-superposition",
        ),
        Convention(
            "arena", "W", False, "b_final", None, (), True,
            "feature_probability p = 1 - S",
            "ARENA 3.0, chapter 1.3.1, github.com/callummcdougall/ARENA_3.0",
        ),
        Convention(
            "devinterp", "embedding.weight", False, "unembedding.bias", "unembedding.weight",
            ("embedding.bias", "scale_factor"), True,
            "sparsity S = P(x_i = 0) if a float, the number of active features if an integer",
            "devinterp, examples/tms.ipynb, github.com/timaeus-research/devinterp",
        ),
        Convention(
            "spd", "linear1.weight", False, "linear2.bias", "linear2.weight",
            ("hidden_layers", "linear1.bias"), True,
            "feature_probability p = 1 - S",
            "SPD, spd/experiments/tms, github.com/goodfire-ai/spd",
        ),
    )
}  # fmt: skip
"""The conventions that `read_weights` knows, by name; docs/weights.md explains them."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FoundWeights(Record, Large):
    """Weights of y = ReLU(WᵀWx + b) out of a file, in phasecalc's shapes; by `read_weights`.

    weights (m, n) or (instances, m, n), bias (n,) or (instances, n). loss_factor: by what a loss
    that their own code has is to be multiplied to be the sum that phasecalc has, at the same
    importances. probability: what their sparsity or probability means.
    """

    weights: Floats
    bias: Floats
    convention: str
    loss_factor: float
    probability: str
    source: str

    @property
    def d_hidden(self) -> int:
        return int(self.weights.shape[-2])

    @property
    def n_features(self) -> int:
        return int(self.weights.shape[-1])


def read_weights(path: str | PathLike[str], convention: str = "phasecalc") -> FoundWeights:
    """Read the weights of y = ReLU(WᵀWx + b) that another program trained.

    ======== ================================= =================== ================ ============
    name     weights                           bias                loss             probability
    ======== ================================= =================== ================ ============
    phasecalc ``weights`` (…, m, n), or ``W``  ``bias``, or ``b``  sum              S
    elhage   ``W`` (instances, n, m)           ``b_final``         mean             p
    arena    ``W`` (instances, m, n)           ``b_final``         mean             p
    devinterp ``embedding.weight`` (m, n)      ``unembedding.bias`` mean            S
    spd      ``linear1.weight`` (m, n)         ``linear2.bias``    mean             p
    ======== ================================= =================== ================ ============

    The last two have a decoder of their own, which must be the encoder's transpose. docs/weights.md
    gives the source of each. A missing bias is 0.

    path : .npz, .safetensors, or a PyTorch state dict (.pt, .pth, .bin; needs PyTorch, and is read
        with weights_only=True). Floats of 16 to 64 bits.

    >>> import numpy as np, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "pair.npz"
    ...     np.savez(path, W=[[[1.0], [-1.0]]], b_final=[[0.0, 0.0]])
    ...     found = read_weights(path, convention="elhage")
    >>> found.weights.shape, found.loss_factor
    ((1, 1, 2), 2.0)

    Raises `ValueError` for a file of another kind, names or shapes that do not fit, untied
    decoders, hidden layers, NaN and infinities; `OSError` where it cannot be read; `ImportError`
    for a state dict without PyTorch.
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"convention = {convention!r}: it must be one of {', '.join(CONVENTIONS)}")
    rule = CONVENTIONS[convention]
    path = Path(path)
    arrays = _arrays(path)
    where = f"{str(path)!r} ({convention})"
    for name in arrays:
        if name.startswith(rule.refused) and rule.refused:
            raise ValueError(f"{where}: {name} is not part of y = ReLU(W'Wx + b)")
    weights_name, bias_name = _names(arrays, rule)
    if weights_name not in arrays:
        raise ValueError(f"{where}: there is no {weights_name}; it holds {_held(arrays)}")
    weights = _floats(arrays[weights_name], weights_name, where)
    if weights.ndim < 2 or 0 in weights.shape:
        raise ValueError(f"{where}: {weights_name} has the shape {weights.shape}, not (…, m, n)")
    if rule.transposed:
        weights = np.ascontiguousarray(np.swapaxes(weights, -1, -2))
    if bias_name in arrays:
        bias = _floats(arrays[bias_name], bias_name, where)
    else:
        bias = np.zeros((*weights.shape[:-2], weights.shape[-1]))
    if bias.shape != (*weights.shape[:-2], weights.shape[-1]):
        raise ValueError(
            f"{where}: {bias_name} has the shape {bias.shape}; with weights of "
            f"{weights.shape[-1]} features in {weights.shape[-2]} dimensions it must be "
            f"{(*weights.shape[:-2], weights.shape[-1])}"
        )
    if rule.decoder is not None and rule.decoder in arrays:
        _require_tied(weights, _floats(arrays[rule.decoder], rule.decoder, where), rule, where)
    factor = float(weights.shape[-1]) if rule.mean else 1.0
    return FoundWeights(weights, bias, convention, factor, rule.probability, rule.source)


def _names(arrays: Mapping[str, NDArray[Any]], rule: Convention) -> tuple[str, str]:
    """Names of weights and bias; phasecalc's own are also "biases", and W with b."""
    if rule.name != "phasecalc":
        return rule.weights, rule.bias
    if "weights" not in arrays and "W" in arrays and set(arrays) <= {"W", "b"}:
        return "W", "b"
    return rule.weights, "biases" if "biases" in arrays else rule.bias


def _held(arrays: Mapping[str, NDArray[Any]]) -> str:
    """What a file holds, and of which conventions that is."""
    fitting = [
        name for name, rule in CONVENTIONS.items() if {rule.weights, rule.bias} <= set(arrays)
    ]
    listed = ", ".join(sorted(arrays)) or "nothing"
    return listed + (f", as the convention {' or '.join(fitting)} has it" if fitting else "")


def _require_tied(weights: Floats, decoder: Floats, rule: Convention, where: str) -> None:
    wanted = np.swapaxes(weights, -1, -2)
    if decoder.shape != wanted.shape:
        raise ValueError(
            f"{where}: {rule.decoder} has the shape {decoder.shape}, not {wanted.shape}"
        )
    apart = np.abs(decoder - wanted).max()
    if apart > TIED * np.abs(weights).max():
        raise ValueError(
            f"{where}: the decoder {rule.decoder} is not the encoder's transpose (they differ by "
            f"{apart:.2g}): untied weights are another model than y = ReLU(W'Wx + b)"
        )


def _floats(array: NDArray[Any], name: str, where: str) -> Floats:
    if array.dtype.kind != "f":
        raise ValueError(f"{where}: {name} has the type {array.dtype}; it must be floats")
    if not np.isfinite(array).all():
        raise ValueError(f"{where}: {name} holds NaN or infinities")
    return array.astype(np.float64)


def _arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    readers = {".npz": _npz, ".safetensors": _safetensors}
    readers |= dict.fromkeys((".pt", ".pth", ".bin"), _state_dict)
    if path.suffix.lower() not in readers:
        raise ValueError(f"{str(path)!r}: the name must end in {', '.join(readers)}")
    try:
        return readers[path.suffix.lower()](readable(path))
    except ImportError:
        raise
    except OSError as error:
        if error.strerror is None:
            raise _foreign(path, error) from None
        raise OSError(f"{str(path)!r} cannot be read: {error.strerror}") from None
    except Exception as error:
        # Foreign and truncated files make zipfile, json, NumPy and PyTorch stumble in many ways.
        raise _foreign(path, error) from None


def _foreign(path: Path, error: Exception) -> ValueError:
    reason = (str(error).split("\n")[0] or type(error).__name__)[:200]
    return ValueError(f"{str(path)!r} is no complete {path.suffix.lower()} file: {reason}")


def _npz(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as opened:
        if not is_zipfile(opened):
            raise ValueError("it is no archive of arrays")
        opened.seek(0)
        file = np.load(opened, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("it is no archive of arrays")
        with file:
            return {name: file[name] for name in file.files if file[name].dtype.kind in "fiub"}


_SAFE_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


def _safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """The format: 8 bytes that say how long a JSON header is, the header, then the numbers."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    if length > min(len(content) - 8, _MOST_HEADER):
        raise ValueError(f"its header would be {length} bytes long")
    header = json.loads(content[8 : 8 + length])
    body = memoryview(content)[8 + length :]
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        shape = tuple(entry["shape"])
        if entry["dtype"] == "BF16":
            raw = np.frombuffer(body[start:end], "<u2").astype("<u4") << 16
            array = raw.view("<f4")
        elif entry["dtype"] in _SAFE_TYPES:
            array = np.frombuffer(body[start:end], _SAFE_TYPES[entry["dtype"]])
        else:
            continue
        if array.size != math.prod(shape):
            raise ValueError(f"{name} has {array.size} entries, not those of the shape {shape}")
        arrays[name] = array.reshape(shape)
    return arrays


def _state_dict(path: Path) -> dict[str, NDArray[Any]]:
    path.open("rb").close()
    try:
        import torch  # noqa: PLC0415 an optional dependency, and a heavy one
    except ImportError:
        raise MissingPackage(
            f"{str(path)!r}: PyTorch is needed to read a state dict (pip install "
            "'phasecalc[torch]'), or save the weights as .safetensors or .npz"
        ) from None
    checked_memory(2.0 * path.stat().st_size, str(path))
    content = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(content, Mapping):
        raise ValueError(f"it holds a {type(content).__name__}, not a state dict")
    return {
        str(name): tensor.detach().double().numpy()
        for name, tensor in content.items()
        if hasattr(tensor, "detach") and tensor.is_floating_point()
    }
