"""Records that are known by numbers, not formulas: in one line, and as a row of a table.

They are told apart by the names of their classes: the modules that define them are heavy, and are
imported by the time that there is such a record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..diagram.grid import GridDiagram
from ..model import sizes as sizes_in_words
from .rows import Cell, Table, counted, tables
from .sizes import importances, sizes


def summary(record: Any) -> str:  # noqa: PLR0911, PLR0912 (one line a kind)
    """A record of many numbers in one line."""
    name = type(record).__name__
    if name == "GridDiagram":
        counts = Counter(record.labels.ravel().tolist())
        inside = ", ".join(f"{phase}: {count}" for phase, count in counts.most_common())
        return "{} × {} cells; {}".format(*record.labels.shape, inside)
    if name == "LocalMinimum":
        return f"{record.name}, L = {record.loss:.12g}, {record.stability}"
    if name in ("TracedBoundary", "Branch"):
        what = " | ".join(record.phases) if name == "TracedBoundary" else record.name
        return f"{what}, {len(record.losses)} points"
    if name in ("Spinodal", "MetastableRegion"):
        beside = " | ".join(record.boundary)
        return f"{record.phase} beside {beside}, {len(record.sparsities)} points"
    if name == "FoundWeights":
        return f"{record.convention}, weights {record.weights.shape}, bias {record.bias.shape}"
    if name == "Geometry":
        return (
            f"{sizes_in_words(record.k, record.d)}, equally important, "
            f"{len(record.phases)} phases over S"
        )
    if name == "LimitDiagram":
        return (
            f"many features, {record.source}: {len(record.compounds)} compounds, "
            f"{len(record.invariants)} invariant points"
        )
    start = f"{sizes(record.model)}, "
    if name == "Regret":
        return start + f"{record.loss.size} of weights, regret up to {record.regret.max():.3g}"
    if name == "Description":
        known = "" if record.loss is None else f", L = {record.loss:.12g}"
        return start + f"{record.phase}{known}"
    if name == "Certificate":
        # A region in which no minimum was found has no name.
        names = (name or "unnamed" for name in record.phases)
        known = ", ".join(names) if record.proved else "not proved"
        return (
            start
            + f"S = {record.sparsity}, {importances(record.model, record.importance)}: {known}, "
            + (f"{float(record.lower):.12g} ≤ F, width {float(record.width):.2g}")
        )
    if name == "CellMap":
        return start + f"{len(record.phase)} cells, phase proved on {record.share:.1%} of the plane"
    if name == "Minimum":
        return (
            start
            + f"S = {record.sparsity:g}, {importances(record.model, record.importance)}: "
            + (f"{record.name}, L = {record.loss:.12g}, {len(record.minima)} minima")
        )
    if name == "Slice":
        letter = {"sparsity": "S", "importance": "r"}[record.fixed]
        return (
            start
            + f"{record.source}, {letter} = {record.at:g}: "
            + (f"{len(record.branches)} branches, {len(record.crossings)} crossings")
        )
    if name == "CrossCheck":
        verdict = "passed" if record.passed else "failed"
        return (
            start
            + f"{record.source}: {verdict}, {record.agreement_away:.1%} of the cells "
            + ("away from boundaries agree")
        )
    return (
        start
        + f"{record.source}: {len(record.phases)} phases, "
        + (f"{len(record.boundaries)} boundaries, {counted(len(record.junctions), 'junction')}")
    )


@tables.register
def _(record: GridDiagram) -> Iterable[Table]:
    counts = Counter(record.labels.ravel().tolist())
    shape = "{} × {}".format(*record.labels.shape)
    rows: list[tuple[Cell, ...]] = [(name, str(count)) for name, count in counts.most_common()]
    return (Table(f"{shape} cells", ("phase", "cells"), rows),)


@tables.register
def _(record: object) -> Iterable[Table]:
    return (numbers_table(record),)


def numbers_table(record: Any) -> Table:  # noqa: PLR0911 (one return a kind)
    """The entries of a record known by numbers, in one row."""
    name = type(record).__name__
    if name in ("SpecialPoint",):
        numbers = (record.sparsity, record.importance, record.loss)
        places = [f"{value + 0.0:.10g}" for value in numbers]  # no "-0"
        row = (record.kind, *places, f"{record.error:.0e}", record.status, ", ".join(record.phases))
        return Table("", ("kind", "S", "r", "loss", "error", "status", "phases"), [row])
    if name == "TracedBoundary":
        heats = record.latent_heat()
        low, high = record.importance_interval
        row = (
            " | ".join(record.phases),
            str(len(record.sparsities)),
            f"{min(record.sparsities) + 0.0:.6f} … {max(record.sparsities):.6f}",
            f"{low:.6f} … {high:.6f}",
            str(record.order),
            f"{min(heats):.3g} … {max(heats):.3g}",
            record.status if record.formula is None else f"{record.status} formula",
        )
        headers = ("phases", "points", "S", "r", "order", "latent heat", "status")
        return Table("", headers, [row])
    if name == "PolishedPoint":
        row = (*map(str, (record.sparsity, record.importance, record.loss)), f"{record.gap:.0e}")
        return Table("", ("S", "r", "loss", "from the traced point"), [row])
    if name == "FlowCounts":
        shares = zip(record.probabilities, record.standard_errors, strict=True)
        row = (
            *(f"{share:.5f} ± {error:.5f}" for share, error in shares),
            ", ".join(f"{minimum} {count}" for minimum, count in record.at_minima if count),
        )
        caption = (
            f"{sizes(record.model)}, S = {record.sparsity:g}, r = {record.importance:g}, "
            f"{record.trajectories} trajectories"
        )
        return Table(caption, ("drop", "dedicate", "antipodal", "other", "minima"), [row])
    if name == "LocalMinimum":
        known = (f"{record.loss:.12g}", f"{record.gradient:.1e}")
        return Table(
            "",
            ("name", "extra feature", "loss", "gradient", "stability"),
            [(record.name, record.outcome, *known, record.stability)],
        )
    if name == "Crossing":
        found = [f"{record.value:.10g}", f"{record.loss:.10g}", f"{record.jump:.4g}"]
        return Table(
            "",
            ("phases", "at", "F", "jump", "nature", "error"),
            [(" | ".join(record.phases), *found, record.nature, f"{record.error:.0e}")],
        )
    if name == "Branch":
        ends = (f"{record.values[0]:.6g}", f"{record.values[-1]:.6g}")
        return Table(
            "",
            ("name", "extra feature", "from", "to", "lowest loss"),
            [(record.name, record.outcome, *ends, f"{record.losses.min():.8g}")],
        )
    if name == "InvariantPoint":
        start = f"{float(record.sparsity):.12g}", record.compound, str(record.ratio)
        mixture = (f"{record.stable} this S", " and ".join(record.products), record.status)
        return Table(
            "",
            ("S", "compound", "ν", "stable", "else a mixture of", "status"),
            [(*start, *mixture)],
        )
    if name == "TracedPhase":
        return Table("", ("name", "extra feature"), [(record.name, record.outcome)])
    return Table("", ("what",), [(summary(record),)])
