"""A diagram held against a stored one: every line and special point, solved again where it was.

The stored diagrams (tests/fixtures/traced-*.json) are those of an earlier program, which found the
same curves by other means: spinodals along rays, junctions by distance. A few points of each line
are kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import phasecalc as pc
from phasecalc.continuation.equations import Meeting, coexistence
from phasecalc.continuation.field import branch_of
from phasecalc.continuation.onset import onset_near
from phasecalc.continuation.polyline import distance
from phasecalc.landscapes.branch import Landscape
from phasecalc.landscapes.sources import landscape_of

FOLDER = Path(__file__).parent / "fixtures"
CLOSE = 1e-9
"""In θ = (ln p, ln r), beside the errors that both diagrams state."""


def stored(name: str) -> dict[str, Any]:
    """A stored diagram."""
    found: dict[str, Any] = json.loads((FOLDER / f"traced-{name}.json").read_text(encoding="utf-8"))
    return found


def model_of(document: dict[str, Any]) -> pc.ToyModel:
    """Its model."""
    return pc.ToyModel(
        document["n_features"],
        document["d_hidden"],
        bias="zero" if document["bias_held_at_zero"] else "free",
        interference_penalty=document["interference_penalty"],
    )


def differences(diagram: pc.TracedDiagram, document: dict[str, Any]) -> list[str]:
    """What the diagram does not have of the stored one, in words; empty where it has everything."""
    land = landscape_of(diagram.plane, diagram.source, diagram.settings)
    return [
        *_points(diagram, document),
        *(text for line in document["lines"] for text in _line(land, diagram, line)),
        *_spinodals(diagram, document),
        *(f"loose end at {p.sparsity}, {p.importance}" for p in diagram.special_points
          if p.kind == "end of a branch"),
        *(f"unexplained {place}" for place in diagram.unexplained),
    ]  # fmt: skip


def _points(diagram: pc.TracedDiagram, document: dict[str, Any]) -> list[str]:
    found = []
    for kind, phases, S, r, loss, error in document["special_points"]:
        here = diagram.plane.theta(max(S, 0.0), r)
        near = min(
            diagram.special_points,
            key=lambda p: float(np.abs(diagram.plane.theta(p.sparsity, p.importance) - here).max()),
        )
        gap = float(np.abs(diagram.plane.theta(near.sparsity, near.importance) - here).max())
        if kind == "end of a branch":  # it was never solved; now it is the point where it goes
            good = gap < 1e-4 and near.kind == "critical end point"
        else:
            good = gap < CLOSE + 5 * (error + near.error) and set(phases) <= set(near.phases)
            good = (
                good
                # Losses of two places differ: no loss changes by more than θ does.
                and abs(loss - near.loss) < 1e-9 + gap
                and near.kind in (kind, "junction", "critical end point")
            )
        if not good:
            found.append(
                f"{kind} of {phases} at {S}, {r}: nearest {near.kind} {near.phases}, {gap:.1e} away"
            )
    return found


def _line(land: Landscape, diagram: pc.TracedDiagram, line: dict[str, Any]) -> list[str]:
    mine = [
        b
        for b in diagram.boundaries
        if set(b.phases) == set(line["phases"]) and (b.order == line["order"] or not line["order"])
    ]
    if not mine:
        return [f"no line {line['phases']} of order {line['order']}"]
    found = []
    for S, r, loss in line["points"][1:-1]:
        gaps = [_distance(land, b, max(S, 0.0), r) for b in mine]
        gap, F = min(gaps, key=lambda item: item[0])
        if gap > CLOSE + 5 * (line["error"] + max(b.error for b in mine)) or abs(F - loss) > 1e-9:
            found.append(f"{line['phases']} at {S}, {r}: {gap:.1e} away, loss {F - loss:.1e} off")
    return found


def _distance(land: Landscape, line: pc.TracedBoundary, S: float, r: float) -> tuple[float, float]:
    """How far a point is from a line, solved from the minima that the line keeps; and F there."""
    theta = land.plane.theta(S, r)
    places = np.array(
        [land.plane.theta(*at) for at in zip(line.sparsities, line.importances, strict=True)]
    )
    order = np.abs(places - theta).max(axis=1).argsort()
    best = (np.inf, np.inf)
    inner = [k for k in order if 0 < k < len(places) - 1]
    # From the points around it, in one step and in many: where the phases are nearly alike Newton's
    # method fails here and there on the way, and rounding decides where.
    for k, steps in [(k, 8) for k in inner[:4]] + [(k, 1) for k in inner[:4]]:
        if best[0] < CLOSE:
            break
        one, two = (branch_of(land, line, side, int(k)) for side in (0, 1))
        if line.order == 1 or line.order is None:
            # Along the line: beside it one of the branches may not exist.
            pair: Meeting | None = Meeting((one, two), 0.0)
            for t in np.arange(1, steps + 1) / steps:
                if pair is not None:
                    guess = (1 - t) * places[k] + t * theta
                    pair = coexistence(land, pair.branches, guess)
            if pair is not None:
                best = min(best, (float(np.abs(pair.theta - theta).max()), pair.a.loss))
            continue
        for parent, daughter in ((one, two), (two, one)):
            for across in ((0.0, 1.0), (1.0, 0.0)):
                onset = onset_near(land, parent, daughter, theta, np.array(across))
                if onset is not None:
                    gap = float(np.abs(onset.theta - theta).max())
                    best = min(best, (gap, onset.parent.loss))
    return best


def _spinodals(diagram: pc.TracedDiagram, document: dict[str, Any]) -> list[str]:
    """Stored ends of phases beside the continued curves, as close as their chords are."""
    found = []
    for phase, cause, _, points in document["spinodals"]:
        for S, r in points[1:-1]:
            here = diagram.plane.theta(max(S, 0.0), r)
            gaps = {"fold": np.inf, "onset": np.inf}
            for curve in diagram.spinodals:
                if curve.phase == phase and curve.cause is not None:
                    places = zip(curve.sparsities, curve.importances, strict=True)
                    at = np.array([diagram.plane.theta(*place) for place in places])
                    gaps[curve.cause] = min(gaps[curve.cause], distance(at, here))
            other = "onset" if cause == "fold" else "fold"
            if gaps[cause] > 5e-3 >= gaps[other]:
                found.append(f"{other} of {phase} at {S}, {r}, stored as {cause}")
            elif gaps[cause] > 5e-3:
                found.append(f"spinodal of {phase} ({cause}) at {S}, {r}: {gaps[cause]:.1e} away")
    return found
