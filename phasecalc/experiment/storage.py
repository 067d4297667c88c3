"""Training experiments in files: .npz, or netCDF through xarray. The same arrays in both.

Model, settings and version travel as one JSON text, so that no file is ever unpickled.
"""

from __future__ import annotations

import errno
import json
import math
import warnings
import zipfile
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..blocks.candidate import OUTCOMES
from ..files import checked_place as writable
from ..files import readable, replacing
from ..kernel.memory import checked_memory
from ..law_text import law_of
from ..model import ToyModel
from ..records import document_of, record_of
from .trained import TrainedGrid, TrainingSettings

FORMAT = "phasecalc training 1"
ENDINGS = (".npz", ".nc")

_CELLS = ("sparsity", "importance", "model")
_AXES = {
    "sparsities": ("sparsity",),
    "importances": ("importance",),
    "weights": (*_CELLS, "dimension", "feature"),
    "biases": (*_CELLS, "feature"),
    "losses": _CELLS,
    "loss_errors": _CELLS,
    "gradient_norms": _CELLS,
    "iterations": _CELLS,
    "reasons": _CELLS,
}
_FLOAT = np.dtype(np.float64)
_TYPES: dict[str, np.dtype[Any]] = {"iterations": np.dtype(np.int32), "reasons": np.dtype(np.uint8)}
_COORDINATES = {"sparsities": "sparsity", "importances": "importance"}

CONVENTIONS = (
    "y = ReLU(W'Wx + b); loss = E sum_j I_j (x_j - y_j)^2, a sum over features, with importance "
    "(1, ..., 1, r); sparsity S = P(x_j = 0), feature probability p = 1 - S"
)


def checked_place(path: Path) -> None:
    """ValueError for an ending that cannot be written, OSError for a place that cannot."""
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(
            f"{str(path)!r}: the name must end in {' or '.join(ENDINGS)}, for example "
            f"{path.stem or 'trained'}.npz"
        )
    writable(path)


def save_trained(grid: TrainedGrid, path: str | PathLike[str]) -> None:
    """Write a grid to a temporary file that takes the place of `path`: never half a file."""
    path = Path(path)
    checked_place(path)
    with replacing(path) as temporary:
        if path.suffix.lower() == ".npz":
            arrays = {name: getattr(grid, name) for name in _AXES}
            with temporary.open("wb") as file:
                np.savez(file, header=np.array(_header(grid)), **arrays)
        else:
            trained_dataset(grid).to_netcdf(temporary, engine="scipy")


def load_trained(path: str | PathLike[str]) -> TrainedGrid:
    """Read what `save_trained` wrote; ValueError for any other file, or a part of one."""
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"{str(path)!r}: the name must end in {' or '.join(ENDINGS)}")
    try:
        readable(path)
        return _read_npz(path) if path.suffix.lower() == ".npz" else _read_netcdf(path)
    except OSError as error:
        # A place outside the file that the file itself names is an invalid argument.
        if error.strerror is None or error.errno == errno.EINVAL:
            raise _foreign(path, error) from None
        raise OSError(f"{str(path)!r} cannot be read: {error.strerror}") from None
    except Exception as error:
        # A foreign or truncated file makes zipfile, zlib, json and NumPy stumble in many ways.
        raise _foreign(path, error) from None


def _foreign(path: Path, error: Exception) -> ValueError:
    reason = str(error).split("\n")[0] or type(error).__name__
    return ValueError(f"{str(path)!r} is no complete file of phasecalc train: {reason}")


def _header(grid: TrainedGrid) -> str:
    model = grid.model
    return json.dumps(
        {
            "format": FORMAT,
            "version": grid.version,
            "model": {
                "n_features": model.n_features,
                "d_hidden": model.d_hidden,
                "law": str(model.law),
                "importance": [str(weight) for weight in model.importance],
                **({} if model.is_standard else {"record": document_of(model)}),
            },
            "settings": asdict(grid.settings),
            "conventions": CONVENTIONS,
        }
    )


def _grid(header: str, arrays: dict[str, NDArray[Any]]) -> TrainedGrid:
    document = json.loads(header)
    if document["format"] != FORMAT:
        raise ValueError(f"its format is {document['format']!r}, not {FORMAT!r}")
    model = document["model"]
    for name, array in arrays.items():
        if array.dtype != _TYPES.get(name, _FLOAT):
            raise ValueError(f"{name} has the type {array.dtype}")
    if "record" in model:
        made = record_of(model["record"])
        if not isinstance(made, ToyModel):
            raise ValueError("its model is no model")
    else:
        made = ToyModel(model["n_features"], model["d_hidden"], law_of(model["law"]))
    return TrainedGrid(
        model=made,
        settings=TrainingSettings(**document["settings"]),
        version=document["version"],
        **arrays,
    )


def _read_npz(path: Path) -> TrainedGrid:
    # A file that numpy opens itself stays open when it stumbles.
    with path.open("rb") as opened:
        _check_members(opened)
        opened.seek(0)
        file = np.load(opened, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("it is no archive of arrays")
        with file:
            return _grid(str(file["header"]), {name: file[name] for name in _AXES})


def _check_members(opened: BinaryIO) -> None:
    """ValueError where an array's header asks for more than the archive holds of it."""
    with zipfile.ZipFile(opened) as archive:
        for name in ("header", *_AXES):
            entry = archive.getinfo(f"{name}.npy")
            with archive.open(entry) as member:
                read = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }[np.lib.format.read_magic(member)]
                shape, _, dtype = read(member)
                held = entry.file_size - member.tell()
            if math.prod(shape) * dtype.itemsize != held:
                raise ValueError(f"{name} has the shape {shape}, but {held} bytes")
            checked_memory(held, name)


def _read_netcdf(path: Path) -> TrainedGrid:
    import xarray  # noqa: PLC0415  (heavy, and only needed here)

    with (
        warnings.catch_warnings(action="error"),
        xarray.open_dataset(path, engine="scipy", decode_times=False) as file,
    ):
        arrays = {name: _native(name, file[_COORDINATES.get(name, name)].values) for name in _AXES}
        return _grid(file.attrs["header"], arrays)


def _native(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """A copy in this computer's order of bytes: that of netCDF is another, and it has no uint8."""
    if name in _TYPES and array.dtype.kind == "i":
        return np.array(array, dtype=_TYPES[name])
    return np.array(array, dtype=array.dtype.newbyteorder("="))


def trained_dataset(grid: TrainedGrid) -> Any:
    """An `xarray.Dataset` of the arrays, the measures, and the header as attributes."""
    import xarray  # noqa: PLC0415

    data: dict[str, Any] = {
        name: (axes, getattr(grid, name))
        for name, axes in _AXES.items()
        if name not in _COORDINATES
    }
    per_feature = (*_CELLS, "feature")
    data |= {
        "norms": (per_feature, grid.norms),
        "overlaps": (per_feature, grid.overlaps),
        "dimensionalities": (per_feature, grid.dimensionalities),
        "outcomes": (_CELLS, grid.outcomes),
        "shares": ((*_CELLS[:2], "outcome"), grid.shares),
    }
    return xarray.Dataset(
        data,
        coords={
            "sparsity": grid.sparsities,
            "importance": grid.importances,
            "feature_probability": ("sparsity", 1 - grid.sparsities),
            "outcome": list(OUTCOMES),
        },
        attrs={
            "header": _header(grid),
            "method": grid.method,
            "seed": grid.seed,
            "version": grid.version,
            "conventions": CONVENTIONS,
        },
    )
