"""Write global-minima.md and its pictures: every number in them comes from here.

    python docs/global_minima.py            (some minutes)
    python docs/global_minima.py --kept DIR (goes on from what a stopped run left in a folder)

Special points are polished to 30 digits by `phasecalc.polish`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import mpmath as mp
import numpy as np
import sympy
from tabulate import tabulate

import phasecalc as pc
from phasecalc.continuation.equations import coexistence
from phasecalc.continuation.field import branch_of
from phasecalc.continuation.onset import onset_near
from phasecalc.exact.onset import (
    onset_bias,
    onset_importance,
    tricritical_points,
    tricritical_polynomial,
)
from phasecalc.landscapes.branch import walk
from phasecalc.landscapes.sources import landscape_of
from phasecalc.polishing.points import polish_line

HERE = Path(__file__).parent
PAIR, TRIPLE = pc.ToyModel(2, 1), pc.ToyModel(3, 2)
TABLE = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
ALONG = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.47, 0.5, 0.6, 0.7, 0.8)
ACROSS = np.array([0.0, 1.0])
"""In θ = (ln p, ln r): along r at constant S."""


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def digits(value: object, decimals: int = 14) -> str:
    """A number with so many decimals, all of which are right."""
    with mp.workdps(40):
        scaled = mp.nint(mp.mpf(str(value)) * mp.mpf(10) ** decimals)
    whole, rest = divmod(int(scaled), 10**decimals)
    return f"{whole}.{rest:0{decimals}d}"


def special_rows(diagram: pc.TracedDiagram) -> list[Sequence[str]]:
    """Kind, phases, S, r, and how the point is known; those with r ≤ 1 where r and 1/r mirror."""
    rows: list[Sequence[str]] = []
    for point in diagram.special_points:
        mirrored = diagram.model.n_features == 2 and point.importance > 1 + 1e-9
        if (point.kind == "border" and point.sparsity > 1e-9) or mirrored:
            continue
        S, r, how = known(diagram, point)
        kind = "end at S = 0" if point.kind == "border" else point.kind
        rows.append((kind, ", ".join(sorted(point.phases)), S, r, how))
    return sorted(rows, key=lambda row: (row[0], float(row[2])))


def known(diagram: pc.TracedDiagram, point: pc.SpecialPoint) -> tuple[str, str, str]:
    """(S, r, how) of a special point, as precisely as there is a way to know it."""
    if point.status == "matched":
        gaps = [abs(1 - point.sparsity - float(root.exact())) for root in tricritical_points()]
        root = tricritical_points()[int(np.argmin(gaps))]
        narrow = root.within(Fraction(1, 10**30))
        p = sympy.Rational(*((narrow.low + narrow.high) / 2).as_integer_ratio())
        r = onset_importance().subs(pc.p, p)
        r = r if point.importance < 1 else 1 / r
        how = f"isolated root; traced differs by {point.error:.0e}"
        return digits(sympy.N(1 - p, 20)), digits(sympy.N(r, 20)), how
    try:
        exact = pc.polish(diagram, point)
    except ValueError:
        at = digits(max(point.sparsity, 0.0), 11), digits(point.importance, 11)
        return *at, f"float64, {point.error:.0e}"
    how = f"30 digits; traced differs by {exact.gap:.0e}"
    return digits(exact.sparsity), digits(exact.importance), how


def line_rows(diagram: pc.TracedDiagram) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for line in diagram.boundaries:
        order = "not found" if line.order is None else str(line.order)
        if line.exponent is not None:
            order += " (exponent {:.3f} ± {:.3f})".format(*line.exponent)
        heats = line.latent_heat()
        rows.append(
            (
                " / ".join(line.phases),
                f"{min(line.sparsities) + 0.0:.8f} … {max(line.sparsities):.8f}",
                "{:.8f} … {:.8f}".format(*line.importance_interval),
                order,
                f"{min(heats):.2g} … {max(heats):.3g}" if line.order == 1 else "0",
                f"{line.error:.0e}" + (", matches r = q/v" if line.formula is not None else ""),
                "; ".join(end.kind for end in line.ends),
            )
        )
    return rows


LINE_HEADERS = ("phases", "S", "r", "order", "latent heat", "error", "ends")


def along_rows(diagram: pc.TracedDiagram) -> list[Sequence[str]]:
    """Every line at some sparsities, solved there: r to 1e-11."""
    rows: list[Sequence[str]] = []
    for S in ALONG:
        here = [
            (r, line)
            for line in diagram.boundaries
            if max(line.sparsities) - min(line.sparsities) > 1e-6
            for r in at_sparsity(diagram, line, S)
        ]
        for r, line in sorted(here, key=lambda item: item[0]):
            what = "first order" if line.order == 1 else "continuous"
            rows.append((f"{S}", *line.phases, f"{r:.10f}", what))
    return rows


def at_sparsity(diagram: pc.TracedDiagram, line: pc.TracedBoundary, S: float) -> list[float]:
    """r on a line at one S, solved there; several where the line turns back."""
    land, solved = landscape_of(diagram.plane, diagram.source, diagram.settings), []
    points = [(max(s, 0.0), r) for s, r in zip(line.sparsities, line.importances, strict=True)]
    places = np.array([diagram.plane.theta(*point) for point in points])
    for (S1, r1), (S2, r2) in pairwise(points):
        if (S1 - S) * (S2 - S) > 0 or S1 == S2 or S == S2 != points[-1][0]:
            continue
        guess = diagram.plane.theta(S, r1 + (r2 - r1) * (S - S1) / (S2 - S1))
        order = np.abs(places - guess).max(axis=1).argsort()
        k = next(int(k) for k in order if 0 < k < len(points) - 1)
        one, two = (branch_of(land, line, side, k) for side in (0, 1))
        if line.order == 1:
            a, b = (walk(land, branch, guess, 0.01) for branch in (one, two))
            at = None if a is None or b is None else coexistence(land, (a, b), guess, ACROSS)
            solved += [] if at is None else [diagram.plane.point(at.theta)[1]]
            continue
        parent, daughter = sorted((one, two), key=lambda branch: branch.pattern.size)
        across = ACROSS if parent is one else -ACROSS
        onset = onset_near(land, parent, daughter, guess, across)
        solved += [] if onset is None else [diagram.plane.point(onset.theta)[1]]
    return solved


def coexistence_rows(diagram: pc.TracedDiagram) -> list[Sequence[str]]:
    """ignore | antipodal: r with the candidates' formula, traced, and by the exact polynomials."""
    line = next(q for q in diagram.boundaries if set(q.phases) == {"ignore", "antipodal"})
    formula = 2 * pc.p / (4 - 5 * pc.p)
    rows: list[Sequence[str]] = []
    for S in TABLE:
        (traced,) = at_sparsity(diagram, line, S)
        exact = polish_line(line, str(S)).importance
        candidate = float(formula.subs(pc.p, 1 - sympy.Rational(str(S))))
        rows.append(
            (
                f"{S}",
                f"{candidate:.6f}",
                f"{traced:.12f}",
                digits(exact, 14),
                f"{100 * (1 - float(exact) / candidate):.2f} %",
            )
        )
    return rows


def two_section(diagram: pc.TracedDiagram) -> list[str]:
    polynomial = str(tricritical_polynomial().as_expr()).replace("**", "^").replace("*", " ")
    return [
        "## Two features in one dimension",
        "",
        "![The traced diagram; the candidates' boundaries are dashed](global-2-1.png)",
        "",
        "    phasecalc diagram --source global -o global.png",
        "",
        f"{len(diagram.phases)} phases, {len(diagram.boundaries)} lines. {diagram.cells_scanned} "
        "cells of the paper's axes were minimised from many starts; "
        f"{len(diagram.unexplained)} pairs of neighbours differ without a traced line that accounts "
        "for it.",
        "",
        "- `ignore` W = (1, 0), b = (0, p/2), L = r v, and its mirror image `dedicated`, L = v.",
        "- `antipodal`: the strong pair.",
        "- `weak-antipodal`: the extra feature has just begun to be represented and its own output "
        "is still on; `weak-other-antipodal` is its mirror image.",
        "",
        "Swapping the features gives L(S, r) = r L(S, 1/r), so every point below has a mirror image "
        "at (S, 1/r).",
        "",
        "### Special points with r ≤ 1",
        "",
        table(POINT_HEADERS, special_rows(diagram)),
        "",
        "### What happens at the onset of superposition",
        "",
        "`ignore` lies on a kink of the loss. Its expansion in ε = −G_12 is "
        "L = r v + (q − r v) ε² + c ε³ + O(ε⁴) (module `phasecalc.exact.onset`), with",
        "",
        f"    β = {onset_bias()}".replace("**", "^"),
        "    q = p ((β − p/2)²/4 + v) + S p β³/3 + S² β²",
        "    c = 3 q (p/2 − β) − p² (1 − β)⁴/6      on the line r = q/v",
        "",
        "`ignore` is a local minimum for r < q/v and none for r > q/v. Where c > 0 the weak phase "
        "grows from it continuously, with ε ∝ r − q/v; the loss gained is cubic in r − q/v, so the "
        "transition is of third order. Where c < 0 it is first order. c changes its sign at two "
        "tricritical points, roots of",
        "",
        f"    {polynomial}",
        "",
        "Hence along the onset from S = 0 upwards: first order to the weak phase, then continuous, "
        "then again first order to the weak phase over a short stretch, up to the triple point with "
        "the strong pair; beyond it `ignore` goes to the strong pair directly, at first order. The "
        "line between weak and strong runs from that triple point to the one at r = 1, below which "
        "the two weak phases coexist along r = 1.",
        "",
        "### Lines",
        "",
        table(LINE_HEADERS, line_rows(diagram)),
        "",
        "### ignore / antipodal, against the candidates",
        "",
        table(
            ("S", "r = 2p/(4−5p)", "r traced", "r, 30 digits rounded", "below the formula by"),
            coexistence_rows(diagram),
        ),
        "",
    ]


POINT_HEADERS = ("kind", "phases", "S", "r", "how it is known")


def three_section(diagram: pc.TracedDiagram) -> list[str]:
    loose = sum(end.kind == "end of a branch" for line in diagram.boundaries for end in line.ends)
    return [
        "## Three features in two dimensions",
        "",
        "![The traced diagram; the candidates' boundaries are dashed](global-3-2.png)",
        "",
        "    phasecalc diagram -n 3 -m 2 --source global --inset 0,0.55,0.5,2 -o global.png",
        "",
        f"{len(diagram.phases)} names, {len(diagram.boundaries)} lines, "
        f"{diagram.cells_scanned} cells scanned, {len(diagram.unexplained)} pairs of neighbours "
        f"unexplained, {loose} ends of lines joined to nothing. Names: "
        + ", ".join(f"`{phase.name}`" for phase in diagram.phases)
        + ".",
        "",
        "- **One phase with two names.** `weak-joint` and `joint` are divided by two first-order "
        "lines that end in critical points, as the line between a liquid and its vapour does; "
        "between the two points one minimum turns into the other without any transition.",
        "- **A thin phase.** On both first-order parts of the onset the extra feature joins one of "
        "the others first (`extra-weak-antipodal`), and both only across a further line; on the "
        "continuous part it joins both at once. All three phases meet at the tricritical points.",
        "- **A critical end point.** `weak-other-joint` grows continuously from "
        "`others-weak-antipodal`, until that line ends on the first-order line to `joint`.",
        "- Where `ignore-extra` ends continuously it does so on the line r = q/v of two features, "
        "since the extra feature meets dedicated features only. The line between "
        "`others-antipodal` and `others-weak-antipodal` does not depend on r: it lies at the S of "
        "the triple point at r = 1 of two features.",
        "",
        "### Special points",
        "",
        table(POINT_HEADERS, special_rows(diagram)),
        "",
        "### Lines",
        "",
        table(LINE_HEADERS, line_rows(diagram)),
        "",
        "### Along lines of constant S",
        "",
        table(("S", "below", "above", "r", "what"), along_rows(diagram)),
        "",
    ]


def page(sections: list[str]) -> str:
    parts = [
        "# Global minima: the diagrams with every weight and bias free",
        "",
        "This page is written by `docs/global_minima.py`; do not edit it.",
        "y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features; S = P(x_j = 0), "
        "p = 1 − S, magnitudes uniform on [0, 1], importance (1, …, 1, r), bias added.",
        "",
        *sections,
        "## What is known how",
        "",
        "- *Proved (algebra):* the expansion at `ignore`, its line r = q/v as the limit of local "
        "stability, the sign of c, the polynomial of the tricritical points on it; the mirror law.",
        "- *Isolated:* those tricritical points, by certified intervals around the roots.",
        "- *30 digits:* solved twice. The traced value comes from the float64 kernel; the "
        "polynomials of each sign regime, from the exact half, give the printed digits in 110-digit "
        "arithmetic, with residuals below 1e-30. That a solution lies there is not certified by "
        "interval arithmetic.",
        "- *float64:* solved by Newton's method on the kernel, with the error that is given. Onsets "
        "are solved at six small amplitudes and extrapolated to zero; against r = q/v, where that "
        "holds, this is right to 1e-11.",
        "- *Orders* are measured: first order where the gradient of F jumps by more than ten times "
        "the error of the jump; on continuous lines the exponent of the loss that the new phase "
        "gains is extrapolated to the line.",
        "- *Numerical evidence:* that no other minimum is lower anywhere. It rests on random starts "
        "(`benchmarks/minimize_scan.py`: 2,000 points with 200 starts each, for either model).",
        "",
    ]
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kept", type=Path, help="folder for what a stopped run can go on from")
    given = parser.parse_args()
    sections = []
    for model, section in ((PAIR, two_section), (TRIPLE, three_section)):
        name = f"global-{model.n_features}-{model.d_hidden}"
        diagram = pc.phase_diagram(
            model,
            "global",
            progress=True,
            checkpoint=None if given.kept is None else given.kept / f"{name}.jsonl",
        )
        sections += section(diagram)
    (HERE / "global-minima.md").write_text(page(sections), encoding="utf-8")


if __name__ == "__main__":
    main()
