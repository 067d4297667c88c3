"""The lines of traced diagrams as CSV and as an xarray dataset."""

from __future__ import annotations

import csv
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..files import replacing

COLUMNS = (
    "kind",
    "line",
    "point",
    "phases",
    "sparsity",
    "feature_probability",
    "importance",
    "loss",
    "latent_heat",
    "order",
    "status",
    "error",
)


def write_csv(diagram: Any, path: str | PathLike[str]) -> None:
    """One row a point: of the boundaries, then of the spinodals, then the special points."""
    path = Path(path)
    if path.suffix.lower() != ".csv":
        raise ValueError(f"path = {str(path)!r}: the name must end in .csv")
    with (
        replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(_rows(diagram))


def _rows(diagram: Any) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for k, line in enumerate(diagram.boundaries):
        points = zip(
            line.sparsities, line.importances, line.losses, line.latent_heat(), strict=True
        )
        for i, (S, r, loss, heat) in enumerate(points):
            rows.append(
                ("boundary", k, i, " | ".join(line.phases), float(S), 1.0 - float(S), float(r),
                 float(loss), float(heat), line.order, line.status, float(line.error))
            )  # fmt: skip
    for k, curve in enumerate(diagram.spinodals):
        for i, (S, r) in enumerate(zip(curve.sparsities, curve.importances, strict=True)):
            rows.append(
                ("spinodal", k, i, curve.phase, float(S), 1.0 - float(S), float(r),
                 "", "", "", "numeric", float(curve.error))
            )  # fmt: skip
    for point in diagram.special_points:
        rows.append(
            (point.kind, "", "", " | ".join(point.phases), float(point.sparsity),
             1.0 - float(point.sparsity), float(point.importance), float(point.loss), "", "",
             point.status, float(point.error))
        )  # fmt: skip
    return rows


def lines_dataset(diagram: Any) -> Any:
    """Variables sparsity, importance, loss, latent_heat over (line, point); a coordinate a line."""
    import xarray  # noqa: PLC0415  (heavy, and only needed here)

    lines = diagram.boundaries
    longest = max((len(line.sparsities) for line in lines), default=0)
    padded: dict[str, Any] = {}
    for name, values in (
        ("sparsity", [line.sparsities for line in lines]),
        ("importance", [line.importances for line in lines]),
        ("loss", [line.losses for line in lines]),
        ("latent_heat", [line.latent_heat() for line in lines]),
    ):
        table = np.full((len(lines), longest), np.nan)
        for k, row in enumerate(values):
            table[k, : len(row)] = row
        padded[name] = (("line", "point"), table)
    return xarray.Dataset(
        padded,
        coords={
            "phases": ("line", [" | ".join(line.phases) for line in lines]),
            "order": ("line", [line.order for line in lines]),
            "status": ("line", [line.status for line in lines]),
            "error": ("line", [float(line.error) for line in lines]),
        },
        attrs={"source": diagram.source, "law": str(diagram.model.law)},
    )
