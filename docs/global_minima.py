"""Write global-minima.md and its pictures: every number in them comes from here.

    python docs/global_minima.py            two features in one dimension (a minute)
    python docs/global_minima.py --three    also points of three features in two (minutes)
    python docs/global_minima.py --trace    first trace three features in two (a quarter of an hour)

The traced diagram of three features is kept in global-3-2.json, from which its table is written.

Special points of the two-feature diagram are polished to 30 digits on polynomials that the exact
half derives: the loss has no truncated powers inside a sign regime.
"""

from __future__ import annotations

import argparse
import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from tabulate import tabulate

import phasecalc as pc
from phasecalc.exact.onset import (
    onset_bias,
    onset_importance,
    tricritical_points,
    tricritical_polynomial,
)
from phasecalc.numeric.naming import strong_name
from phasecalc.report.plot_traced import plot_traced
from phasecalc.report.traced import traced_document
from phasecalc.tracing.arcs import on_line
from phasecalc.tracing.landscape import GlobalLandscape, State, theta_of
from phasecalc.tracing.seeds import Continuous, between

HERE = Path(__file__).parent
THREE = HERE / "global-3-2.json"
PAIR = pc.ToyModel(2, 1)
LAND = GlobalLandscape(PAIR)
LETTERS = sympy.symbols("w1 w2 b1 b2")
RATIOS = np.geomspace(0.1, 10, 14)
TABLE = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8]


def regime(x: np.ndarray) -> sympy.Expr:
    """The exact loss in the sign regime of a point, in w1, w2, b1, b2, p and r."""
    w1, w2, b1, b2 = LETTERS
    point = dict(zip(LETTERS, (Fraction(float(value)) for value in x), strict=True))
    return pc.decompose([[w1, w2]], [b1, b2], [1, pc.r]).in_regime(point).total


def unknowns(loss: sympy.Expr, tag: str) -> tuple[list[sympy.Expr], list[sympy.Symbol], sympy.Expr]:
    """Stationarity equations of a loss with its parameters renamed; (equations, names, loss)."""
    names = list(sympy.symbols(f"{tag}1:5"))
    renamed = dict(zip(LETTERS, names, strict=True))
    equations = [sympy.diff(loss, letter).subs(renamed) for letter in LETTERS]
    return equations, names, loss.subs(renamed)


def polished(states: list[State], fixed: dict[sympy.Symbol, object]) -> dict[str, sympy.Float]:
    """(S, r, loss) where the given minima have one loss, to 30 digits; `ignore` is r·v."""
    equations: list[sympy.Expr] = []
    names: list[sympy.Symbol] = []
    start: list[float] = []
    losses = []
    for k, state in enumerate(states):
        if state.name == "ignore":
            losses.append(pc.r * pc.Uniform().variance)
            continue
        own, letters, loss = unknowns(regime(state.x), "uvw"[k])
        equations += own
        names += letters
        start += list(state.x)
        losses.append(loss)
    equations += [loss - losses[0] for loss in losses[1:]]
    S, r = states[0].point
    for symbol, value in ((pc.p, 1 - S), (pc.r, r)):
        if symbol not in fixed:
            names.append(symbol)
            start.append(value)
    equations = [equation.subs(fixed) for equation in equations]
    solution = dict(
        zip(names, sympy.nsolve(equations, names, start, prec=40, maxsteps=60), strict=True)
    )
    solution.update({key: sympy.nsimplify(value) for key, value in fixed.items()})
    return {
        "S": sympy.N(1 - solution[pc.p], 25),
        "r": sympy.N(solution[pc.r], 25),
        "loss": sympy.N(losses[0].subs(solution), 25),
    }


def states_at(S: float, r: float, names: tuple[str, ...], near: tuple[float, float]) -> list[State]:
    """Named branches, taken at a place where all exist and followed to (S, r)."""
    found = []
    for name in names:
        state = next(s for s in LAND.minima(theta_of(*near)) if s.name == name)
        moved = LAND.follow(state, theta_of(S, r))
        found.append(state if moved is None else moved)
    return found


def special_rows() -> list[tuple[str, str, str, str, str]]:
    rows = []
    for root in reversed(tricritical_points()):
        narrow = root.within(Fraction(1, 10**30))
        middle = (narrow.low + narrow.high) / 2
        density = sympy.Rational(middle.numerator, middle.denominator)
        S = sympy.N(1 - density, 20)
        r = sympy.N(onset_importance().subs(pc.p, density), 20)
        rows.append(("tricritical point", "ignore, weak-antipodal", S, r, "isolated root"))
    weak = ("ignore", "weak-antipodal", "antipodal")
    junction = states_at(0.4882619679, 0.5641313653, weak[::2], (0.4882, 0.5642))
    walker = next(s for s in LAND.minima(theta_of(0.486, 0.5675)) if s.name == weak[1])
    for S, r in ((0.4875, 0.5652), (0.4881, 0.5644), (0.4882619679, 0.5641313653)):
        walker = LAND.follow(walker, theta_of(S, r)) or walker
    point = polished([junction[0], walker, junction[1]], {})
    rows.append(("triple point", ", ".join(weak), point["S"], point["r"], "40-digit Newton"))
    names = ("weak-antipodal", "antipodal")
    point = polished(states_at(0.2935963, 1.0, names, (0.294, 0.9999)), {pc.r: 1})
    rows.append(
        (
            "triple point",
            "weak-antipodal, antipodal, weak-other-antipodal",
            point["S"],
            point["r"],
            "40-digit Newton; r = 1 by symmetry",
        )
    )
    point = polished(
        states_at(0.0, 0.98884648, ("ignore", "weak-antipodal"), (0.0, 0.989)), {pc.p: 1}
    )
    rows.append(
        ("end at S = 0", "ignore, weak-antipodal", point["S"], point["r"], "40-digit Newton")
    )
    return [
        (kind, phases, f"{float(S):.14f}", f"{float(r):.14f}", how)
        for kind, phases, S, r, how in rows
    ]


def coexistence_rows() -> list[tuple[str, ...]]:
    """ignore | antipodal: r with the candidates' formula, traced, and by 40 digits."""
    formula = 2 * pc.p / (4 - 5 * pc.p)
    rows = []
    guess = dict(zip(TABLE, (0.5357, 0.4267, 0.3373, 0.2644, 0.2047, 0.1552, 0.1138), strict=True))
    for S in TABLE:
        start = theta_of(S, guess[S])
        states = {s.name: s for s in LAND.minima(start)}
        found = on_line(LAND, states["ignore"], states["antipodal"], start, np.array([0.0, 1.0]))
        exact = polished([found.a, found.b], {pc.p: sympy.nsimplify(1 - sympy.Rational(str(S)))})
        candidate = float(formula.subs(pc.p, 1 - S))
        rows.append(
            (
                f"{S}",
                f"{candidate:.6f}",
                f"{found.a.point[1]:.12f}",
                f"{float(exact['r']):.12f}",
                f"{100 * (1 - float(exact['r']) / candidate):.2f} %",
            )
        )
    return rows


def three_traced(document: dict[str, Any]) -> list[str]:
    """The section on the traced diagram of three features, from its document."""
    rows = [
        (
            " / ".join(line["phases"]),
            f"{min(q['sparsity'] for q in line['points']) + 0.0:.8f} … "
            f"{max(q['sparsity'] for q in line['points']):.8f}",
            "{:.8f} … {:.8f}".format(*line["r_interval"]),
            str(line["order"]),
            "; ".join(end["kind"] for end in line["ends"]),
        )
        for line in document["boundaries"]
    ]
    places = [
        (
            ", ".join(q["phases"]),
            f"{q['sparsity']:.8f}",
            f"{q['importance']:.8f}",
            f"{q['loss']:.8f}",
        )
        for q in document["junctions"]
    ]
    loose = sum(end["kind"] == "end of a branch" for end in document["special_points"])
    return [
        "## Three features in two dimensions",
        "",
        "![The traced diagram of three features](global-3-2.png)",
        "",
        f"Phases found: {', '.join('`' + phase['name'] + '`' for phase in document['phases'])}; "
        f"{document['cells_scanned']} cells scanned. This diagram is not complete: {loose} ends of "
        'lines were not joined to anything ("end of a branch": the solver lost one of the two '
        "minima), short lines at small S that the table below shows are missing, and whether `joint` "
        "and `weak-joint` are one phase there is open. All of it is numerical evidence.",
        "",
        table(("phases", "S", "r", "order", "ends"), rows),
        "",
        table(("junction of", "S", "r", "loss"), places),
        "",
    ]


def three_rows() -> list[tuple[str, ...]]:
    """Transitions of three features in two dimensions along lines of constant S."""
    land = GlobalLandscape(pc.ToyModel(3, 2))
    rows = []
    for S in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        states = [land.lowest(theta_of(S, r), thorough=False) for r in RATIOS]
        for one, two in pairwise(states):
            if one.name == two.name:
                continue
            for found in between(land, one, two):
                if isinstance(found, Continuous):
                    a, b = found.low, found.high
                    same = strong_name(a.name) == strong_name(b.name)
                    what = "crossover" if same else "continuous onset"
                    rows.append((f"{S}", a.name, b.name, f"{b.point[1]:.4f}", what))
                else:
                    r = f"{found.a.point[1]:.10f}"
                    rows.append((f"{S}", found.a.name, found.b.name, r, "coexistence"))
    return rows


def boundary_rows(diagram: pc.TracedDiagram) -> list[tuple[str, ...]]:
    return [
        (
            " / ".join(boundary.phases),
            str(len(boundary.sparsities)),
            f"{min(boundary.sparsities) + 0.0:.8f} … {max(boundary.sparsities):.8f}",
            f"{boundary.importance_interval[0]:.8f} … {boundary.importance_interval[1]:.8f}",
            str(boundary.order),
            f"{boundary.latent_heat[0]:.2g} … {boundary.latent_heat[1]:.3g}",
            "formula" if boundary.importance is not None else f"traced, {boundary.error:.0e}",
        )
        for boundary in diagram.boundaries
    ]


def table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


BOUNDARY_HEADERS = ("phases", "points", "S", "r", "order", "latent heat", "how")


def page(diagram: pc.TracedDiagram, three: list[tuple[str, ...]]) -> str:
    polynomial = str(tricritical_polynomial().as_expr()).replace("**", "^").replace("*", " ")
    parts = [
        "# Global minima: the diagrams with every weight and bias free",
        "",
        "This page is written by `docs/global_minima.py`; do not edit it.",
        "y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features; S = P(x_j = 0), "
        "p = 1 − S, magnitudes uniform on [0, 1], importance (1, …, 1, r), bias added.",
        "",
        "## Two features in one dimension",
        "",
        "![The traced diagram; the candidates' boundaries are dashed](global-2-1.png)",
        "",
        f"Five phases, {len(diagram.boundaries)} lines. {diagram.cells_scanned} cells of the paper's "
        f"axes were minimised from many starts; {len(diagram.unexplained)} pairs of neighbours with "
        "different phases have no traced line between them.",
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
        table(("kind", "phases", "S", "r", "how it is known"), special_rows()),
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
        table(BOUNDARY_HEADERS, boundary_rows(diagram)),
        "",
        "### ignore / antipodal, against the candidates",
        "",
        table(
            ("S", "r = 2p/(4−5p)", "r traced", "r, 40 digits rounded", "below the formula by"),
            coexistence_rows(),
        ),
        "",
        "### What is known how",
        "",
        "- *Proved (algebra):* the expansion at `ignore`, its line r = q/v as the limit of local "
        "stability, the sign of c, the polynomial of the tricritical points; the mirror law.",
        "- *Isolated:* the tricritical points, by certified intervals around the polynomial's roots.",
        "- *Numerical, two ways:* junctions and coexistence points. The traced values come from the "
        "float64 kernel; the polynomials of each sign regime, from the exact half, give the same "
        "digits in 40-digit arithmetic. That these are solutions near the given digits is not "
        "certified by interval arithmetic.",
        "- *Numerical evidence:* that no other minimum is lower anywhere. It rests on random starts.",
        "",
    ]
    if THREE.exists():
        parts += three_traced(json.loads(THREE.read_text(encoding="utf-8")))
    if three:
        parts += [
            "### Along lines of constant S",
            "",
            "Along lines of constant S the lowest minimum was found at "
            f"{len(RATIOS)} values of r, and what separates neighbours was solved for. A coexistence "
            "is polished on both branches to 1e-12; an onset is bracketed to 1e-5 in ln r. All of "
            "it is numerical evidence; thin phases between two values of r can have been missed.",
            "",
            table(("S", "below", "above", "r", "what"), three),
            "",
            "Where `ignore-extra` ends continuously it does so on the same line r = q/v as above, "
            "since the extra feature meets dedicated features only. The line of `others-antipodal` "
            "and `others-weak-antipodal` does not depend on r and lies at the S of the triple point "
            "at r = 1 of two features.",
            "",
        ]
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--three", action="store_true", help="also three features in two")
    parser.add_argument("--trace", action="store_true", help="trace three features in two first")
    given = parser.parse_args()
    if given.trace:
        model = pc.ToyModel(3, 2)
        traced = pc.phase_diagram(model, "global", cells=(12, 12), progress=True)
        THREE.write_text(json.dumps(traced_document(traced)), encoding="utf-8")
        plot_traced(traced, pc.phase_diagram(model)).savefig(HERE / "global-3-2.png", dpi=130)
    diagram = pc.phase_diagram(PAIR, "global", progress=True)
    plot_traced(diagram, pc.phase_diagram(PAIR)).savefig(HERE / "global-2-1.png", dpi=120)
    three = three_rows() if given.three else []
    (HERE / "global-minima.md").write_text(page(diagram, three), encoding="utf-8")


if __name__ == "__main__":
    main()
