"""Write five-in-two.md and its pictures: every number in them comes from here.

    python docs/five_in_two.py --kept FILE.jsonl --workers 2    (minutes; goes on from the file)
    python docs/five_in_two.py --saved FILE.json --rho FILE.json   (diagrams that were saved)
    python docs/five_in_two.py --part rho     (only the section over S and rho, and its picture)
    python docs/five_in_two.py --part r       (all but that section)

The picture of the phases along S at r = 1 is that of `phasecalc.plot_weights`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import sympy
from matplotlib.figure import Figure
from tabulate import tabulate

import phasecalc as pc
from phasecalc.cli.options import executor_of
from phasecalc.continuation.assembled import assembled
from phasecalc.continuation.equations import coexistence
from phasecalc.continuation.graph import build
from phasecalc.continuation.work import Work
from phasecalc.landscapes.plane import Axis, Plane
from phasecalc.landscapes.sources import landscape_of
from phasecalc.report.plot_traced import plot_traced

HERE = Path(__file__).parent
PAGE = HERE / "five-in-two.md"
MODEL = pc.ToyModel(5, 2)
CLOSE = (0.05, 0.27, 0.98, 1.26)
"""S and r of the close-up."""
EDGE = 1e-4
WINDOW = (0.1, 0.99), (0.1, 0.96)
"""S and ρ of the diagram over these two."""
CELLS = (20, 16)
"""Of its scan: a coarser one misses short lines, which `incomplete` tells."""
LINES = {"junction": 3, "critical end point": 3, "tricritical point": 2}
"""How many lines meet in a special point."""
RHO, AFTER = "## Importances 1, ρ, ρ², …", "## Special points"
"""Where the section over (S, ρ) begins, and what follows it."""
NEAR_ONE = (0.1, 0.52, 0.52, 0.96)
"""S and ρ of its close-up."""
GRADED = (0.2, 0.5, 0.7, 0.85, 0.95, 0.99), (0.2, 0.4, 0.6, 0.8, 0.95, 0.98)
"""S and ρ of the table of lowest minima."""
NEARLY = 0.01
"""Minima closer than this in G are one at the Landau point."""
LANDAU = 0.02
"""A loose end this close to the Landau point, in S and r, leads to it."""
CORNERS = (
    (((0.066, 0.0772), (0.990, 0.9994)), (4, 4)),
    (((0.0765, 0.0838), (0.9992, 1.0014)), (14, 8)),
)
"""S and r of the corners that are traced by themselves, and the cells of their scans."""
FAINT = (
    "Where the lines of the corners above run, 0.0675 < S < 0.0822 and 0.994 < r < 1.0003, those of the "
    "table of the whole plane below are a sketch: features are faint there, losses differ by 1e-11 over "
    "a distance of 1e-5, steps made for the whole plane lead past short lines, and some are drawn to "
    "the wrong end. The corners' own tables hold."
)


def table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def point_rows(diagram: pc.TracedDiagram) -> list[tuple[str, ...]]:
    points = [q for q in diagram.special_points if q.kind != "border"]
    return [
        (
            q.kind,
            ", ".join(dict.fromkeys(q.phases)),
            f"{max(0.0, q.sparsity):.9f}",
            f"{q.importance:.9f}",
            f"{q.error:.0e}",
        )
        for q in sorted(points, key=lambda q: (q.kind, q.sparsity))
    ]


def line_rows(diagram: pc.TracedDiagram) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for line in sorted(diagram.boundaries, key=lambda line: min(line.sparsities)):
        low, high = line.importance_interval
        rows.append(
            (
                " / ".join(line.phases),
                f"{max(0.0, min(line.sparsities)):.6f} … {max(line.sparsities):.6f}",
                f"{low:.6f} … {high:.6f}",
                "not found" if line.order is None else str(line.order),
                f"{line.error:.0e}",
                "; ".join(end.kind for end in line.ends),
            )
        )
    return rows


def incomplete(diagram: pc.TracedDiagram) -> list[pc.SpecialPoint]:
    """Special points in which not as many lines meet as must, and ends that join nothing.

    A line that no scan came across is missing where it should end.
    """
    met = {id(q): 0 for q in diagram.special_points}
    places = [(q.kind, q.sparsity, q.importance) for q in diagram.special_points]
    for line in diagram.boundaries:
        for end in line.ends:
            place = places.index((end.kind, end.sparsity, end.importance))
            met[id(diagram.special_points[place])] += 1
    return [
        q
        for q in diagram.special_points
        if q.kind == "end of a branch" or met[id(q)] != LINES.get(q.kind, met[id(q)])
    ]


def graded(diagram: pc.TracedDiagram) -> list[str]:
    """The lowest minima at some places, where every feature has an importance of its own."""
    assert not diagram.unexplained and not incomplete(diagram), incomplete(diagram)
    model = pc.ToyModel(5, 2, importance="rho^i")
    places = [(S, weight) for weight in GRADED[1] for S in GRADED[0]]
    found = {
        (S, weight): pc.minimize(model, S, rho=weight, random_starts=24).name
        for S, weight in places
    }
    rows = [
        (f"{weight:g}", *(f"`{found[S, weight]}`" for S in GRADED[0]))
        for weight in reversed(GRADED[1])
    ]
    x, y = diagram.plane.x, diagram.plane.y
    return [
        RHO,
        "",
        f"No feature is equal to another here. For {x.low:g} < S < {x.high:g} and {y.low:g} < ρ < "
        f"{y.high:g} the lowest minima are traced like the diagram above, from a scan of {CELLS[0]} by "
        f"{CELLS[1]} cells: {len(diagram.boundaries)} lines, no loose end, no pair of neighbours "
        "unexplained; in every junction and critical end point three lines meet, in every "
        "tricritical point two.",
        "",
        "Nearer to ρ = 1 all importances become one, where minima that differ by which of the "
        "features is dropped, or the longest, have one loss: lines through the line r = 1 of the diagram "
        "above begin there, and its phases below S = 0.1 differ by faint features. "
        '`pc.phase_diagram(pc.ToyModel(5, 2, importance="rho^i"), "global", x=pc.S, '
        'y=sympy.Symbol("rho"))` takes any window. The last feature is the extra one. '
        "The picture and both tables are written with this page, by "
        "`python docs/five_in_two.py --part rho`.",
        "",
        "![Five features of importances 1, ρ, ρ², ρ³, ρ⁴](five-in-two-rho.png)",
        "",
        table(("phases", "S", "ρ", "order", "error", "ends"), line_rows(diagram)),
        "",
        table(("kind", "phases", "S", "ρ", "error"), point_rows(diagram)),
        "",
        "The lowest minima at some places, in and beyond that window, from many starts:",
        "",
        table(("ρ", *(f"S = {S:g}" for S in GRADED[0])), rows),
        "",
    ]


def traced_in(
    model: pc.ToyModel,
    second: sympy.Symbol,
    window: tuple[tuple[float, float], tuple[float, float]],
    cells: tuple[int, int],
) -> pc.TracedDiagram:
    """The lines over S and another symbol in a window; a minute."""
    plane = Plane(model, Axis(pc.S, *window[0], "log density"), Axis(second, *window[1], "log"))
    land = landscape_of(plane, "global")
    return assembled(build(land, cells, Work(land, {})), "global")


def traced_graded() -> pc.TracedDiagram:
    return traced_in(pc.ToyModel(5, 2, importance="rho^i"), sympy.Symbol("rho"), WINDOW, CELLS)


def corners(diagrams: list[pc.TracedDiagram]) -> list[str]:
    """The lines where the faint features begin, from traces of their corners alone."""
    lines = [
        "## The corners next to S = 0.07 and 0.08",
        "",
        "On r = 1 a minimum and those in which the extra feature has changed places with another have "
        "one loss, so that lines between several of them can lie on each other there. Minima that "
        "differ by the sign of a faint feature have losses nearer than rounding: neighbours that "
        "differ so can stay without a line.",
        "",
    ]
    for diagram, (window, cells) in zip(diagrams, CORNERS, strict=True):
        (low, high), (bottom, top) = window
        lines += [
            f"{low} < S < {high}, {bottom} < r < {top}, traced by itself from a scan of {cells[0]} by "
            f"{cells[1]} cells: {len(diagram.boundaries)} lines, neighbours not explained by them: "
            f"{len(diagram.unexplained)}.",
            "",
            table(("kind", "phases", "S", "r", "error in (ln p, ln r)"), point_rows(diagram)),
            "",
            table(("phases", "S", "r", "order", "error", "ends"), line_rows(diagram)),
            "",
        ]
    return lines


def landau(diagram: pc.TracedDiagram) -> list[str]:
    """Where the symmetry of three equal features is broken."""
    points = [q for q in diagram.special_points if q.kind == "Landau point"]
    if not points:
        return []
    (point,) = points
    return [
        "## Three features that are alike",
        "",
        "In one region three of the equal features have one direction, length and bias. Each of them "
        "can leave the other two, to be shorter or longer than they are, and as the loss has a cubic "
        "term in how far it does, both transitions are of first order. The line of the shorter one ends "
        f"in a Landau point at (S, r) = ({point.sparsity:.7f}, {point.importance:.7f}), known to "
        f"{point.error:.0e}, where the curvature and the cubic term vanish together (both are solved "
        f"for, along the symmetric minimum). The line of the longer one passes {above(point):.2e} in r "
        "above that point, where its feature is longer by a finite step. Lines between minima that are "
        "nearly alike, shorter than that, leave the Landau point and end on this line; they were not "
        "followed. The tracer, which cannot follow a minimum without curvature, ends this line in the "
        "point from both sides.",
        "",
    ]


def above(point: pc.SpecialPoint) -> float:
    """How far in r above a Landau point the line lies on which the lowest minimum changes."""
    land = landscape_of(Plane.of(MODEL), "global")
    theta = land.plane.theta(point.sparsity, point.importance)
    below, *others = land.minima(theta)  # known to few digits there: found more than once
    other = next(b for b in others if np.abs(b.gram - below.gram).max() > NEARLY)
    pair = coexistence(land, (below, other), theta, np.array([0.0, 1.0]))
    assert pair is not None
    return land.plane.point(pair.theta)[1] - point.importance


def exchanges(diagram: pc.TracedDiagram) -> list[str]:
    """Where one daughter of an onset takes over from another."""
    points = [q for q in diagram.special_points if q.kind == "bicritical point"]
    lines = []
    for q in points:
        parent, *daughters = dict.fromkeys(q.phases)
        lines += [
            f"At (S, r) = ({q.sparsity:.7f}, {q.importance:.7f}), known to {q.error:.0e}, two daughters "
            f"of `{parent}` exchange their order, "
            + " and ".join(f"`{name}`" for name in daughters)
            + ". Its two dropped features become unstable together, and begin to be represented "
            "continuously, as the square root of the distance. With amplitudes a and b the loss "
            "beyond the parent's is −½ k s (a² + b²) + u (a⁴ + b⁴) + v a² b² at a distance s beyond "
            "the line: both grow where v < 2u, one alone where v > 2u. The tracer solves for the point "
            "at which the two slopes ds/d(a² + b²) are equal; there the line between the daughters "
            "begins. Daughters in which both grow with one or the other sign differ from the sixth "
            "order on only; the lower one is taken.",
            "",
        ]
    return ["## Which feature comes first", "", *lines] if lines else []


def missing(diagram: pc.TracedDiagram) -> list[str]:
    """The ends that join nothing, and why; and what is not solved for."""
    loose = [q for q in diagram.special_points if q.kind == "end of a branch"]
    landau_points = [q for q in diagram.special_points if q.kind == "Landau point"]
    found = ["No end of a line is joined to nothing."]
    if loose:
        where = "; ".join(f"({max(0.0, q.sparsity):.6f}, {q.importance:.6f})" for q in loose)
        found = [f"{len(loose)} ends of lines are joined to nothing, at (S, r) = {where}.", ""]
    if any(q.sparsity < EDGE for q in loose):
        found.append(
            "- One lies next to S = 0. There no input is ever absent, hardly an output is clipped, and "
            "minima that differ by the signs of a feature have one loss: the two sides of the line "
            "differ by less than rounding."
        )
    for q in loose:
        near = [
            o
            for o in landau_points
            if max(abs(o.sparsity - q.sparsity), abs(o.importance - q.importance)) < LANDAU
        ]
        if near:
            found.append(
                f"- The one at S = {q.sparsity:.6f} stops short of the Landau point: its two minima are "
                "so much alike there that steps become too short."
            )
    return [*found, "", FAINT]


def page(diagram: pc.TracedDiagram, close: list[pc.TracedDiagram], over_rho: str) -> str:
    phases = [f"`{name}`" for name in dict.fromkeys(phase.name for phase in diagram.phases)]
    return "\n".join(
        [
            "<!-- Written by docs/five_in_two.py: edit that. -->",
            "# Five features in two dimensions",
            "",
            "All weights and biases are free, magnitudes are uniform, four features have importance 1 "
            "and the extra feature r. Numeric: minima come from many starts, lines are followed with "
            "both minima polished; errors are estimates.",
            "",
            "![The traced diagram; the candidates' boundaries are dashed](five-in-two.png)",
            "",
            f"{len(diagram.boundaries)} lines, {len(phases)} names, {diagram.cells_scanned} places "
            f"scanned, {len(diagram.unexplained)} pairs of neighbours unexplained. Names: "
            + ", ".join(phases)
            + ".",
            "",
            "At r = 1, from dense to sparse inputs, all five figures of the picture below: an "
            "irregular group of all five, for 0.0793 < S < 0.0818 a triangle with two faint features, "
            "triangle + 2 dropped, two pairs + 1 dropped, pentagon. "
            "The exact diagram among candidates of unit length has the pentagon too, but as no "
            "length or bias is optimised there it comes only above S = 0.970744….",
            "",
            "![The phases at r = 1 along S, weight vectors above each](weights-5-2.png)",
            "",
            "The names of irregular minima say which features are alike, from long to short (see the "
            "glossary). In `5-in-2(1-x:3=)` three of the equal features have one direction. In "
            "`5-in-2(1-x:1-2=)` one of these three has left the others and is longer than they are, "
            "in `5-in-2(1-x:2=-1)` it is shorter; in `5-in-2(2:2=-x)` the extra feature is one of the "
            "three. `deformed-pentagon` is what the pentagon of large S becomes away from r = 1.",
            "",
            *landau(diagram),
            *exchanges(close[-1]),
            *corners(close),
            "## What is missing",
            "",
            *missing(diagram),
            "",
            over_rho + AFTER,
            "",
            table(("kind", "phases", "S", "r", "error in (ln p, ln r)"), point_rows(diagram)),
            "",
            "## Lines",
            "",
            table(("phases", "S", "r", "order", "error", "ends"), line_rows(diagram)),
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kept", type=Path, help="file for what a stopped run can go on from")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--saved", type=Path, help="a diagram that was saved")
    parser.add_argument("--rho", type=Path, help="the diagram over S and rho, as saved")
    parser.add_argument("--part", choices=("r", "rho"), help="only this part of the page")
    given = parser.parse_args()
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(RHO)
    kept, _, after = rest.partition(AFTER)
    over_rho = RHO + kept
    if given.part != "r":
        rho = traced_graded() if given.rho is None else pc.load(given.rho)
        over_rho = "\n".join(graded(rho)) + "\n"
        figure = Figure(figsize=(8.6, 8.4), layout="constrained")
        plot_traced(rho, ax=figure.subplots(), inset=NEAR_ONE)
        figure.savefig(HERE / "five-in-two-rho.png", dpi=110, bbox_inches="tight")
    if given.part == "rho":
        PAGE.write_text(before + over_rho + AFTER + after, encoding="utf-8")
        return
    if given.saved is not None:
        diagram = pc.load(given.saved)
    else:
        with executor_of(given.workers) as executor:
            diagram = pc.phase_diagram(
                MODEL, "global", progress=True, checkpoint=given.kept, executor=executor
            )
    figure = Figure(figsize=(8.6, 8.4), layout="constrained")
    plot_traced(diagram, pc.phase_diagram(MODEL), figure.subplots(), inset=CLOSE)
    figure.savefig(HERE / "five-in-two.png", dpi=110, bbox_inches="tight")
    close = [traced_in(MODEL, pc.r, *corner) for corner in CORNERS]
    PAGE.write_text(page(diagram, close, over_rho), encoding="utf-8")


if __name__ == "__main__":
    main()
