"""The paper's experiment: train every cell of a grid of sparsities and importances."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .._version import __version__
from ..diagram.grid import checked_axis
from ..inputs import shown, size_of
from ..kernel.memory import checked_memory
from ..kernel.threads import thread_count
from ..laws import LAWS
from ..model import ToyModel
from ..progress import bar
from ..supports import Independent
from ..symbols import r as pc_r
from .optimize import Chunk, Trained, chunk_size, train_chunks
from .storage import checked_place, load_trained, save_trained
from .trained import NOT_TRAINED, Method, Starts, TrainedGrid, TrainingSettings, used_settings

Floats = NDArray[np.float64]

SAVE_SECONDS = 10.0
"""Time between two checkpoints."""
LEAST_SAMPLED = 1e-8
"""Least feature probability of the method "sampled": 40 of the 2³² random words."""


def train(
    model: ToyModel,
    sparsities: object,
    importances: object,
    models_per_cell: int = 10,
    method: Method = "population",
    seed: int = 0,
    *,
    progress: bool | None = None,
    checkpoint: str | PathLike[str] | None = None,
    starts: Starts = "stratified",
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
    steps: int = 5000,
    batch_size: int = 1024,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.01,
    threads: int | None = None,
) -> TrainedGrid:
    """Train ``models_per_cell`` models from random starts in every cell of a grid.

    Minimises L = E Σ_j I_j (x_j − y_j)², y = ReLU(WᵀWx + b), I = (1, …, 1, r), over W and b.
    "population": BFGS (L-BFGS for many features) on the exact loss and gradient, until the
    gradient's norm is tolerance · min(1, Σ_j I_j (1 − S)).
    "sampled": the paper's way, AdamW on ``batch_size`` fresh samples at each of ``steps`` steps
    (Adam with weight_decay = 0; the default is that of the paper's public notebook).

    Starts: W_ai ~ N(0, 1/m), so that columns have unit length on average, and b = 0. They are
    "stratified" or, as in the paper, "independent". Stratified starts of one cell go in turn
    through how far the features cancel each other and which two oppose each other most, from a
    random place on, so that ten starts miss a minimum less often; each of them has the law of an
    independent one. A start depends on the seed and its place in the grid only.

    Parameters
    ----------
    model : a `ToyModel` of any number of features, law and support (more than 9 features, a law
        without a kernel or another support: L-BFGS on the dense loss), with importances in numbers
        and r, as [Fraction(7, 10)**i for i in range(n)].
    sparsities, importances : ascending; S in [0, 1] and r ≥ 0, or [1] for a model without r.
        `paper_axes` gives the paper's.
    progress : a bar on stderr; None shows it on a terminal only.
    checkpoint : a file, .npz or .nc, that is written every ten seconds, on an interruption and at
        the end. Where it exists already, the same call goes on from it and ends with the same bits
        as an uninterrupted run.
    threads : by default as many as there are processors. No result depends on it.

    >>> import phasecalc as pc
    >>> grid = pc.train(pc.ToyModel(2, 1), [0.6], [1.0])
    >>> grid.losses.shape, grid.weights.shape, grid.best_outcomes.tolist()
    ((1, 1, 10), (1, 1, 10, 1, 2), [['superposition']])
    >>> bool(abs(grid.best_losses[0, 0] - 0.05099301810432651) < 1e-14)
    True

    Raises `TypeError` or `ValueError` for unusable arguments, `ValueError` for a checkpoint of
    another run (it says which setting differs) or one that is no such file, `OSError` where it
    cannot be written. Nothing is overwritten then.

    Source: Elhage et al. 2022, "Superposition as a Phase Change".
    """
    if not isinstance(model, ToyModel):
        raise TypeError(f"model = {model!r}: it must be a phasecalc.ToyModel")
    if model.bias != "free" or model.interference_penalty or set(model.symbols) - {pc_r}:
        raise ValueError(
            f"importance = {model.importance}, support = {model.support}, bias = {model.bias!r}, "
            f"interference_penalty = {model.interference_penalty}: training takes free biases, "
            "importances in numbers and r, supports in p, and no penalty"
        )
    if method == "sampled" and (model.law.kernel is None or model.support != Independent()):
        raise ValueError(
            f"law = {model.law}, support = {model.support}: samples are drawn of independent "
            'features with uniform or equal magnitudes only; use the method "population"'
        )
    settings = TrainingSettings(
        method=method,
        seed=seed,
        models_per_cell=models_per_cell,
        starts=starts,
        tolerance=tolerance,
        max_iterations=max_iterations,
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )
    if threads is not None:
        threads = size_of(threads, "threads")
    S = ascending(checked_axis(sparsities, "sparsities", 1.0), "sparsities")
    r = ascending(checked_axis(importances, "importances"), "importances")
    if pc_r not in model.symbols and r.tolist() != [1.0]:
        raise ValueError(
            f"importances = {shown(r.tolist())}: they are values of r, which the model does not "
            f"have, as its importances are {shown(model.importance)}; give [1]"
        )
    _check_sizes(model, settings, len(S) * len(r), threads)
    if settings.method == "sampled" and ((S < 1) & (1 - S < LEAST_SAMPLED)).any():
        raise ValueError(
            f"sparsities: 1 - S below {LEAST_SAMPLED:g} cannot be sampled, as the random numbers "
            'have 32 bits; use the method "population"'
        )
    state = _State.fresh(model, settings, S, r)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None:
        checked_place(path)
        if type(model.law) not in LAWS.values():
            raise ValueError(
                f"checkpoint = {str(path)!r}: files hold laws by name, and law = {model.law} is "
                "one of your own; train without a file"
            )
        if path.exists():
            state.resume(load_trained(path), path)
    state.run(progress, path, threads)
    return state.grid


def _check_sizes(
    model: ToyModel, settings: TrainingSettings, cells: int, threads: int | None
) -> None:
    """ValueError where the models, or the samples of one step, do not fit into memory."""
    n, m = model.n_features, model.d_hidden
    models = settings.models_per_cell
    checked_memory(cells * models * 8.0 * (m * n + n + 4), f"{cells} cells of {models} models each")
    if settings.method == "sampled":
        size = settings.batch_size
        checked_memory((threads or thread_count()) * size * (12.0 * n + 8), f"batch_size = {size}")


def ascending(axis: Floats, argument: str) -> Floats:
    """The axis itself; ValueError unless every entry is larger than the one before."""
    wrong = np.flatnonzero(np.diff(axis) <= 0)
    if len(wrong):
        i = int(wrong[0])
        raise ValueError(
            f"{argument}[{i + 1}] = {axis[i + 1]} follows {axis[i]}: the entries must ascend"
        )
    return axis


def differences(one: TrainedGrid, two: TrainedGrid) -> list[str]:
    """What differs between two runs, as "name (one's value, two's value)"; empty for the same."""
    pairs: list[tuple[str, object, object]] = [
        (name, getattr(one.model, name), getattr(two.model, name))
        for name in ("n_features", "d_hidden", "importance", "support")
    ]
    pairs.append(("law", str(one.model.law), str(two.model.law)))
    pairs += [
        (field.name, getattr(one.settings, field.name), getattr(two.settings, field.name))
        for field in fields(TrainingSettings)
        if field.name in used_settings(one.method) & used_settings(two.method)
    ]
    pairs.append(("version", one.version, two.version))
    found = [f"{name} ({old} and {new})" for name, old, new in pairs if old != new]
    for name in ("sparsities", "importances"):
        old, new = getattr(one, name), getattr(two, name)
        if old.shape != new.shape:
            found.append(f"{name} ({len(old)} and {len(new)} of them)")
        elif (old != new).any():
            i = int(np.flatnonzero(old != new)[0])
            found.append(f"{name} ([{i}] is {old[i]} and {new[i]})")
    return found


@dataclass(slots=True)
class _State:
    """A grid in the making. Its arrays are written in place, by the main thread only."""

    grid: TrainedGrid

    @classmethod
    def fresh(
        cls, model: ToyModel, settings: TrainingSettings, sparsities: Floats, importances: Floats
    ) -> _State:
        shape = (len(sparsities), len(importances), settings.models_per_cell)
        return cls(
            TrainedGrid(
                model=model,
                settings=settings,
                version=__version__,
                sparsities=sparsities,
                importances=importances,
                weights=np.full((*shape, model.d_hidden, model.n_features), np.nan),
                biases=np.full((*shape, model.n_features), np.nan),
                losses=np.full(shape, np.nan),
                loss_errors=np.full(shape, np.nan),
                gradient_norms=np.full(shape, np.nan),
                iterations=np.zeros(shape, np.int32),
                reasons=np.full(shape, NOT_TRAINED, np.uint8),
            )
        )

    def resume(self, found: TrainedGrid, path: Path) -> None:
        different = differences(found, self.grid)
        if different:
            raise ValueError(
                f"{str(path)!r} holds another run: {', '.join(different)}, in the file and asked "
                "for; ask for the same, or name another file"
            )
        self.grid = found

    def chunks(self) -> Iterator[Chunk]:
        grid = self.grid
        rows, columns, models = np.nonzero(grid.reasons == NOT_TRAINED)
        step = chunk_size(grid.model, grid.settings)
        for lo in range(0, len(rows), step):
            i, j, k = (places[lo : lo + step] for places in (rows, columns, models))
            yield Chunk((i, j, k), grid.sparsities[i], grid.importances[j])

    def accept(self, chunk: Chunk, trained: Trained) -> None:
        # The reasons come last: they say that the rest is there.
        for field in fields(Trained):
            getattr(self.grid, field.name)[chunk.places] = getattr(trained, field.name)

    def run(self, progress: bool | None, path: Path | None, threads: int | None) -> None:
        total = self.grid.reasons.size
        left = int((self.grid.reasons == NOT_TRAINED).sum())
        if not left:
            return
        shown = bar(
            total=total,
            initial=total - left,
            unit="model",
            desc="training",
            progress=progress,
        )
        work = train_chunks(self.grid.model, self.grid.settings, self.chunks(), threads)
        saved = time.monotonic()
        try:
            with shown, closing(work):
                for chunk, trained in work:
                    self.accept(chunk, trained)
                    shown.update(chunk.size)
                    if path is not None and time.monotonic() - saved > SAVE_SECONDS:
                        _try_to_save(self.grid, path)
                        saved = time.monotonic()
        finally:
            if path is not None:
                save_trained(self.grid, path)


def _try_to_save(grid: TrainedGrid, path: Path) -> None:
    """Save; where that fails, as on a full disk, warn: the next checkpoint may succeed."""
    try:
        save_trained(grid, path)
    except OSError as error:
        warnings.warn(
            f"checkpoint: {error}; training goes on, the next attempt is in {SAVE_SECONDS:g} s",
            RuntimeWarning,
            stacklevel=2,
        )
