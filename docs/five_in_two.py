"""Write five-in-two.md and its picture: every number in them comes from here.

    python docs/five_in_two.py --kept FILE.jsonl   (some minutes; goes on from the file if it exists)
    python docs/five_in_two.py --saved FILE.json   (a diagram that was saved)
    … --rho FILE.json                              (that of importances 1, ρ, …, as saved)

The picture of the phases along S at r = 1 is that of `phasecalc.plot_weights`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tabulate import tabulate

import phasecalc as pc
from phasecalc.report.plot_traced import plot_traced

HERE = Path(__file__).parent
MODEL = pc.ToyModel(5, 2)
CLOSE = (0.05, 0.27, 0.98, 1.26)
"""S and r of the close-up."""
TINY = (0.07, 0.09, 0.998, 1.002)
"""S and r of the place where phases differ by less than the tracer can follow."""


def table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def point_rows(diagram: pc.TracedDiagram) -> list[tuple[str, ...]]:
    points = [q for q in diagram.special_points if q.kind != "border"]
    return [
        (
            q.kind,
            ", ".join(dict.fromkeys(q.phases)),
            f"{max(q.sparsity, 0.0):.9f}",
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
                f"{max(min(line.sparsities), 0.0):.6f} … {max(line.sparsities):.6f}",
                f"{low:.6f} … {high:.6f}",
                "not found" if line.order is None else str(line.order),
                f"{line.error:.0e}",
                "; ".join(end.kind for end in line.ends),
            )
        )
    return rows


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
        "can leave the other two, in two senses, and as the loss has a cubic term in how far it does, "
        "the transition is of first order: two lines, one for each sense. They touch in a Landau "
        f"point at (S, r) = ({point.sparsity:.7f}, {point.importance:.7f}), known to "
        f"{point.error:.0e}, where the curvature and the cubic term vanish together (both are solved "
        "for, along the symmetric minimum); from there on the two senses meet in a line of their own.",
        "",
    ]


def within(point: pc.SpecialPoint, window: tuple[float, float, float, float]) -> bool:
    low, high, below, above = window
    return low < point.sparsity < high and below < point.importance < above


def missing(diagram: pc.TracedDiagram) -> list[str]:
    """The ends that join nothing, and why."""
    loose = [q for q in diagram.special_points if q.kind == "end of a branch"]
    if not loose:
        return ["No line ends loose, and no two neighbouring places of the scan are unexplained."]
    where = "; ".join(f"({max(q.sparsity, 0.0):.6f}, {q.importance:.6f})" for q in loose)
    found = [
        f"{len(loose)} ends of lines are joined to nothing, at (S, r) = {where}.",
        "",
    ]
    tiny = [q for q in loose if within(q, TINY)]
    if tiny:
        found.append(
            f"- {len(tiny)} of them lie next to (0.08, 1). There the triangle and its two dropped "
            "features become unstable at S = 0.0818: first one of these grows, then the other, with "
            "lengths of 0.01 to 0.04. At r = 1 the triangle meets the minimum with one faint feature at "
            "S = 0.081801 and that the one with two at 0.081772; the losses of triangle and two faint ones differ by 1.9e-9 at "
            "S = 0.0815 and by 3.7e-8 at 0.08. Within |r − 1| < 0.001 of it onsets are known to 1e-8 only, "
            "as overlaps of 0.01, at which a daughter is solved for, are not small there."
        )
    return found


def page(diagram: pc.TracedDiagram) -> str:
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
            "At r = 1, from dense to sparse inputs, all four figures of the picture below: an "
            "irregular group of all five, triangle + 2 dropped, two pairs + 1 dropped, pentagon. "
            "The exact diagram among candidates of unit length has the pentagon too, but as no "
            "length or bias is optimised there it comes only above S = 0.970744….",
            "",
            "![The phases at r = 1 along S, weight vectors above each](weights-5-2.png)",
            "",
            "Two names are no two phases where one minimum changes the number of its positive overlaps "
            "on its way: a branch keeps which overlaps vanish, not their signs. The other way round, "
            "one name can stand for several phases: `5-in-2(3)` and `5-in-2(5)` are the deformed "
            "pentagon of large S; at small S a minimum in which three of the equal features point in "
            "one direction (below: three alike); and two in which one of these three has left the "
            "others, to be longer or shorter than they are. The number after the line says which.",
            "",
            *landau(diagram),
            "## What is missing",
            "",
            *missing(diagram),
            "",
            "## Special points",
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
    parser.add_argument("--saved", type=Path, help="a diagram that was saved")
    given = parser.parse_args()
    if given.saved is not None:
        diagram = pc.load(given.saved)
    else:
        diagram = pc.phase_diagram(MODEL, "global", progress=True, checkpoint=given.kept)
    plot_traced(diagram, pc.phase_diagram(MODEL), inset=CLOSE).savefig(
        HERE / "five-in-two.png", dpi=130
    )
    (HERE / "five-in-two.md").write_text(page(diagram), encoding="utf-8")


if __name__ == "__main__":
    main()
