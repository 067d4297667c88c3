"""Write five-in-two.md and its picture: every number in them comes from here.

    python docs/five_in_two.py --kept FILE.jsonl   (some minutes; goes on from the file if it exists)
    python docs/five_in_two.py --saved FILE.json   (a diagram that was saved)

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


def page(diagram: pc.TracedDiagram) -> str:
    loose = [q for q in diagram.special_points if q.kind == "end of a branch"]
    where = "; ".join(f"({max(q.sparsity, 0.0):.6f}, {q.importance:.6f})" for q in loose)
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
            "along its way. The other way round, `5-in-2(5)` names two phases: the deformed pentagon "
            "of large S, and a minimum at small S in which three features stand close together.",
            "",
            "## What is missing",
            "",
            f"This diagram is not complete. {len(loose)} ends of lines are joined to nothing, at "
            f"(S, r) = {where}.",
            "",
            "- The scan has no place below S = 0.13. A finer grid of minima (26 by 40 cells over "
            "0 < S < 0.13, 0.97 < r < 1.10, minimiser only) shows more phases there: from r = 0.97 "
            "to 0.99 `extra-dropped+4-in-2(1)` below S ≈ 0.065 and `extra-dropped+4-in-2(2)` up to "
            "S ≈ 0.08, where the triangle begins, and narrow strips of `5-in-2(3)` and `5-in-2(4)` "
            "next to r = 1. Below S = 0.08 the picture is therefore wrong for r < 1.",
            "- Between S = 0.12 and 0.24 and r = 1.05 and 1.17 overlaps go through zero smoothly "
            "on the way of one minimum; lines are followed with the signs of all overlaps held, and "
            "stop there. The lines along the edge of the region of `5-in-2(3)` and `5-in-2(5)` have "
            "gaps.",
            "- At r = 1 the junction with `5-in-2(4)` lies at S = 0.081791, while in the picture along S "
            "the triangle begins at 0.079: a thin phase between them is not in the picture.",
            "- As the lines around it are not closed, the picture gives the region left of number 1, which is "
            "`extra-dedicated+4-in-1(3)`, the colour of the triangle.",
            "- The importances 1, ρ, ρ², … were not traced.",
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
    plot_traced(diagram, pc.phase_diagram(MODEL)).savefig(HERE / "five-in-two.png", dpi=130)
    (HERE / "five-in-two.md").write_text(page(diagram), encoding="utf-8")


if __name__ == "__main__":
    main()
