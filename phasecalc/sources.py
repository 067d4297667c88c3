"""The phase diagram of a model from any source."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import sympy

from .blocks.candidate import Candidate
from .diagram.pair import PairDiagram, pair_diagram
from .diagram.phase_diagram import PhaseDiagram
from .diagram.phase_diagram import phase_diagram as exact_diagram
from .inputs import shown
from .model import ToyModel, checked_model, refuse_variant
from .progress import Bar, shows, warned
from .symbols import S, c, p, r

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from .continuation.records import TracedDiagram
    from .landscapes.settings import ContinuationSettings

SOURCES = ("candidates", "relaxed", "global")

MOST_CELLS = 1000
"""Of a scan, along each axis: a million searches take days."""
SCANNED = {2: (24, 24), 5: (48, 16)}
"""Cells of the scan by number of features, else 16 by 16: of five, phases end below S = 0.07."""
_MINUTES = 3
"""Features whose traced diagrams take minutes."""


@overload
def phase_diagram(
    model: ToyModel,
    source: Literal["candidates"] = "candidates",
    *,
    candidates: Iterable[Candidate] | None = None,
    x: None = None,
    y: None = None,
    cells: tuple[int, int] | None = None,
    settings: None = None,
    progress: bool | None = None,
    executor: None = None,
    checkpoint: None = None,
) -> PhaseDiagram: ...
@overload
def phase_diagram(
    model: ToyModel,
    source: Literal["candidates"] = "candidates",
    *,
    candidates: Iterable[Candidate] | None = None,
    x: sympy.Symbol,
    y: sympy.Symbol,
    cells: tuple[int, int] | None = None,
    settings: None = None,
    progress: bool | None = None,
    executor: None = None,
    checkpoint: None = None,
) -> PhaseDiagram | PairDiagram: ...
@overload
def phase_diagram(
    model: ToyModel,
    source: Literal["relaxed", "global"],
    *,
    candidates: Iterable[Candidate] | None = None,
    x: sympy.Symbol | None = None,
    y: sympy.Symbol | None = None,
    cells: tuple[int, int] | None = None,
    settings: ContinuationSettings | None = None,
    progress: bool | None = None,
    executor: Executor | None = None,
    checkpoint: str | Path | None = None,
) -> TracedDiagram: ...
def phase_diagram(
    model: ToyModel,
    source: str = "candidates",
    *,
    candidates: Iterable[Candidate] | None = None,
    x: sympy.Symbol | None = None,
    y: sympy.Symbol | None = None,
    cells: tuple[int, int] | None = None,
    settings: ContinuationSettings | None = None,
    progress: bool | None = None,
    executor: Executor | None = None,
    checkpoint: str | Path | None = None,
) -> PhaseDiagram | PairDiagram | TracedDiagram:
    """The phase diagram of a model: phases, boundaries and junctions.

    F(S, r) = min L over the candidates (exact), over the candidates with their lengths and biases
    optimised (relaxed), or over all weights and biases (global). The exact diagram covers
    0 ≤ S < 1, r > 0 and is a lower envelope in which every decision is an exact sign. The other two
    cover the paper's axes, 1 − S from 1 to 0.01 and r from 0.1 to 10: a grid is minimised from many
    starts, and every line that separates its cells is followed with both branches polished.

    Parameters
    ----------
    model : a `ToyModel` with n_features > d_hidden. Only the global source takes models with
        bias = "zero" or an interference penalty.
    source : "candidates" (the paper's theory), "relaxed" or "global".
    candidates : for the exact diagram, those to compare; by default `phasecalc.candidates(model)`.
        Of candidates with the same loss the first is kept.
    cells : of the scan, along p and along r; by default 24 by 24 for two features, 48 by 16
        for five, else 16 by 16.
    x, y : two symbols of the model over which a relaxed or global diagram is drawn: S and r, S and
        rho where the importances are 1, rho, rho², …, S and the symbol of the penalty, …; any other
        symbol of the model must have a value (`ToyModel.at`). By default S, and r or the one other
        symbol. Exact diagrams are over S and r, or over p and c = P(both are active) for two
        features in one dimension with the support `Pair` (a `PairDiagram`).
    settings : the tolerances of a relaxed or global diagram, a `ContinuationSettings`.
    progress : a bar of the whole work on stderr; None shows it on a terminal only.
    executor : any `concurrent.futures.Executor` for the tasks of a relaxed or global diagram, for
        example a `ProcessPoolExecutor`; the result is the same as without.
    checkpoint : a file in which a relaxed or global diagram keeps every task that is done. If it
        exists, the work goes on from there; a file of another diagram is refused.

    >>> import phasecalc as pc
    >>> diagram = pc.phase_diagram(pc.ToyModel(n_features=2, d_hidden=1))
    >>> for boundary in diagram.boundaries:
    ...     print(*boundary.phases, "r =", boundary.importance)
    ignore antipodal r = 2*p/(4 - 5*p)
    antipodal dedicated r = (4 - 5*p)/(2*p)
    ignore dedicated r = 1
    >>> [(j.sparsity, j.importance, j.loss) for j in diagram.junctions]
    [(3/7, 1, 16/147)]

    Raises `ValueError` for an unknown source, a model without candidates, unusable cells or
    checkpoint, or a model with a bias mode or a penalty that is not for this source.

    Source: Elhage et al. 2022, "Superposition as a Phase Change".
    """
    if source not in SOURCES:
        raise ValueError(f'source = {source!r}: it must be "candidates", "relaxed" or "global"')
    checked_model(model)
    if source == "candidates":
        file = None if checkpoint is None else str(checkpoint)
        nothing = 'for source = "candidates", which scans and traces nothing'
        _refuse_given(nothing, cells=cells, settings=settings, checkpoint=file, executor=executor)
        return _exact(model, candidates, x, y)
    if candidates is not None:
        raise ValueError(f'candidates can be given for source = "candidates" only, not {source!r}')
    if model.n_features <= model.d_hidden:
        raise ValueError(
            f"n_features = {model.n_features}, d_hidden = {model.d_hidden}: a phase diagram needs "
            "more features than dimensions (n_features > d_hidden)"
        )
    if cells is None:
        cells = SCANNED.get(model.n_features, (16, 16))
    good = isinstance(cells, tuple) and len(cells) == 2
    if not good or not all(type(k) is int and 2 <= k <= MOST_CELLS for k in cells):
        raise ValueError(
            f"cells = {cells!r}: it must be a tuple of two integers, 2 to {MOST_CELLS}"
        )
    # The compiled code is not needed for formulas.
    from .continuation.whole import traced_diagram  # noqa: PLC0415
    from .landscapes.plane import Plane  # noqa: PLC0415
    from .landscapes.point_pair import PointPairLandscape  # noqa: PLC0415
    from .landscapes.settings import DEFAULT, ContinuationSettings  # noqa: PLC0415
    from .landscapes.sources import landscape_of  # noqa: PLC0415
    from .point_law.diagram import point_pair_diagram  # noqa: PLC0415

    if settings is not None and not isinstance(settings, ContinuationSettings):
        raise TypeError(f"settings = {settings!r}: it must be a phasecalc.ContinuationSettings")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"executor = {executor!r}: it must be a concurrent.futures.Executor")
    if not isinstance(checkpoint, str | PathLike | None):
        raise TypeError(f"checkpoint = {checkpoint!r}: it must be the name of a file, or None")
    plane = Plane.of(model, x or S, y or _second(model))
    landscape = landscape_of(plane, source, settings or DEFAULT)
    kept = None if checkpoint is None else _checked_file(checkpoint)
    if model.n_features > _MINUTES:
        warned(
            f"a {source} diagram of {model.n_features} features can take hours; fewer cells= make "
            "it smaller, and with a checkpoint= a stopped one goes on",
            progress,
        )
    if isinstance(landscape, PointPairLandscape):
        soon = f"for law = {model.law}, whose diagram is soon made"
        file = None if kept is None else str(checkpoint)
        _refuse_given(soon, checkpoint=file, executor=executor)
        return point_pair_diagram(landscape, source, cells)
    bar = Bar(shows(progress))
    try:
        return traced_diagram(
            landscape, source, cells, executor=executor, progress=bar, checkpoint=kept
        )
    finally:
        bar.close()


def _exact(
    model: ToyModel,
    candidates: Iterable[Candidate] | None,
    x: sympy.Symbol | None,
    y: sympy.Symbol | None,
) -> PhaseDiagram | PairDiagram:
    """The diagram of the candidates, over either of its two planes."""
    source = "candidates"
    if (x, y) == (p, c):
        if candidates is not None:
            raise ValueError("candidates: a diagram over p and c has those of its own")
        return pair_diagram(model)
    if (x or S, y or r) != (S, r):
        raise ValueError(
            f'x = {x}, y = {y}: source = "candidates" is drawn over S and r, or over p and c'
        )
    if c in model.support.symbols(model.n_features):
        raise ValueError(f"support = {model.support.text}: its diagram is that of x = p, y = c")
    refuse_variant(model, source)
    return exact_diagram(model, candidates=candidates)


def _refuse_given(beside: str, **arguments: object) -> None:
    """ValueError for an argument of a scan or a trace, of which a diagram has none."""
    for name, value in arguments.items():
        if value is not None:
            # An executor's own text is an address.
            said = type(value).__name__ if hasattr(value, "submit") else shown(value)
            raise ValueError(f"{name} = {said}: it must be None {beside}")


def _second(model: ToyModel) -> sympy.Symbol:
    """r, or the one symbol that the model has in its place."""
    if r in model.symbols:
        return r
    if len(model.symbols) != 1:
        named = ", ".join(map(str, model.symbols)) or "none"
        raise ValueError(
            f"importance = {_words(model.importance)}, interference_penalty = "
            f"{model.interference_penalty}: a diagram needs one symbol beside S, and the model has "
            f'{named}; write for example importance = "rho^i", or draw a slice (slice_along)'
        )
    return model.symbols[0]


def _words(importance: tuple[sympy.Expr, ...]) -> str:
    return f"({', '.join(map(str, importance))})"


def _checked_file(checkpoint: str | Path) -> Path:
    path = Path(checkpoint)
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(
            f"checkpoint = {str(checkpoint)!r}: it must be a file in a folder that exists, for "
            "example trace.jsonl"
        )
    return path
