"""Write variants.md and its pictures: every number in them comes from here.

    python docs/variants.py            (some minutes)
    python docs/variants.py --kept DIR (goes on from what a stopped run left in a folder)

Without biases the scan is repeated in rational arithmetic, which proves each cell's label. With the
penalty λ Σ_{i≠j} (W_i·W_j)² special points are those of `phasecalc.polishing.penalty`, to 30 digits.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import sympy
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from tabulate import tabulate

import phasecalc as pc
from phasecalc.continuation.equations import coexistence as on_line
from phasecalc.continuation.scan import cell_centres
from phasecalc.exact.no_bias import no_bias_crossing, no_bias_minimum
from phasecalc.landscapes.free import GlobalLandscape
from phasecalc.landscapes.plane import Plane
from phasecalc.polishing.penalty import penalty_points, thresholds
from phasecalc.report.plot_traced import plot_traced

HERE = Path(__file__).parent
PLANE = Plane.of(pc.ToyModel(2, 1))
theta_of = PLANE.theta
PAIR = pc.ToyModel(2, 1)
CELLS = (24, 24)
PENALTIES = ("3/1000", "1/100", "1/50", "3/100")

BOUNDARY_HEADERS = ("phases", "points", "S", "r", "order", "latent heat", "how")


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def boundary_rows(diagram: pc.TracedDiagram) -> list[tuple[str, ...]]:
    return [
        (
            " / ".join(boundary.phases),
            str(len(boundary.sparsities)),
            f"{min(boundary.sparsities) + 0.0:.8f} … {max(boundary.sparsities):.8f}",
            f"{boundary.importance_interval[0]:.8f} … {boundary.importance_interval[1]:.8f}",
            str(boundary.order),
            f"{min(boundary.latent_heat()):.2g} … {max(boundary.latent_heat()):.3g}",
            ("formula matched, " if boundary.formula is not None else "traced, ")
            + f"{boundary.error:.0e}",
        )
        for boundary in diagram.boundaries
    ]


def digits(value: object, count: int = 10) -> str:
    return f"{float(value):.{count}f}"  # type: ignore[arg-type]


# Without biases -----------------------------------------------------------------------------------


def certified_cells() -> tuple[int, dict[str, int]]:
    """How many cells agree with the numeric search, and the certified phases of all."""
    land = GlobalLandscape(Plane.of(pc.ToyModel(2, 1, bias="zero")))
    agree, counts = 0, dict[str, int]()
    for theta in cell_centres(land.plane, CELLS):
        density, weight = (Fraction(float(np.exp(t))).limit_denominator(10**6) for t in theta)
        found = no_bias_minimum(density, weight)
        counts[found.name] = counts.get(found.name, 0) + 1
        state = land.lowest(theta_of(1 - float(density), float(weight)), thorough=False)
        agree += state.name == found.name and abs(state.loss - float(found.loss[0])) < 1e-13
    return agree, counts


def no_bias_rows() -> list[tuple[str, ...]]:
    """The line at some r: certified bracket, traced, and the ratios of both minima."""
    land = GlobalLandscape(Plane.of(pc.ToyModel(2, 1, bias="zero")))
    rows = []
    for text in ("1/10", "1/5", "1/2", "1", "2", "10"):
        weight = Fraction(text)
        low, high = no_bias_crossing(weight)
        start = theta_of(float(1 - low), float(weight))
        states = {state.name: state for state in land.minima(start)}
        found = on_line(land, (states["aligned"], states["antipodal"]), start, np.array([1.0, 0.0]))
        ratios = [float(no_bias_minimum(density, weight).ratio[0]) for density in (high, low)]
        assert found is not None
        rows.append(
            (
                text,
                f"{float(1 - high):.12f} … {float(1 - low):.12f}",
                digits(land.plane.point(found.theta)[0], 12),
                *(f"{ratio:.8f}" for ratio in ratios),
            )
        )
    return rows


# With a penalty -----------------------------------------------------------------------------------


def threshold_rows() -> list[tuple[str, ...]]:
    """Penalties at which the diagram changes its shape: (λ, S, r, what, how)."""
    strong = next(q for q in pc.minimize(PAIR, 0.489, 0.565).minima if q.name == "antipodal")
    return [
        (digits(q.penalty, 12), digits(q.sparsity, 12), place(q.importance), q.what, q.how)
        for q in thresholds((strong.weights, strong.bias))
    ]


def special_rows(diagram: pc.TracedDiagram) -> list[tuple[str, ...]]:
    """The special points of one λ, from exact equations; traced ones only tell where to look."""
    return [
        (q.kind, ", ".join(q.phases), digits(q.sparsity, 12), place(q.importance), q.how)
        for q in penalty_points(diagram)
    ]


def place(importance: sympy.Float) -> str:
    """r, which is exactly 1 on the line of equal importances."""
    return "1" if float(importance) == 1.0 else digits(importance, 12)


def shares(diagram: pc.TracedDiagram) -> tuple[float, float]:
    """Parts of the window (logarithmic in p and r) that any pair and the strong pair cover."""
    theta = np.linspace(0.5 / 48, 1 - 0.5 / 48, 48)
    S, r = 1 - np.exp(theta * np.log(0.01)), np.exp(np.log(0.1) + theta * np.log(100))
    labels = diagram.grid(S, r).labels
    pair = np.char.find(labels.astype(str), "antipodal") >= 0
    return float(pair.mean()), float((labels == "antipodal").mean())


def four_panels(diagrams: dict[str, pc.TracedDiagram]) -> Figure:
    figure = Figure(figsize=(11.4, 9.6), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    handles = dict[str, Artist]()
    for ax, (text, diagram) in zip(axes.flat, diagrams.items(), strict=True):
        plot_traced(diagram, ax=ax)
        legend = ax.get_legend()
        for handle, entry in zip(legend.legend_handles, legend.get_texts(), strict=True):
            handles.setdefault(entry.get_text(), handle)
        legend.remove()
        # The key of the numbered regions stands in the corner of its panel.
        for key in ax.texts:
            if isinstance(key, Annotation):
                key.set_horizontalalignment("left")
                key.set_position((0.03, 0.045))
        ax.set_title(f"λ = {float(Fraction(text)):g}", fontsize=11)
        ax.label_outer()
    figure.legend(
        handles.values(), handles, loc="outside lower center", ncols=len(handles), frameon=False
    )
    figure.suptitle(
        "2 features in 1 dimension, all weights and biases free, penalty λ Σ (W_i·W_j)²"
    )
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kept", type=Path, help="folder for what a stopped run can go on from")
    kept = parser.parse_args().kept

    def traced(model: pc.ToyModel, name: str) -> pc.TracedDiagram:
        file = None if kept is None else kept / f"{name.replace('/', '_')}.jsonl"
        return pc.phase_diagram(model, "global", cells=CELLS, progress=True, checkpoint=file)

    no_bias = traced(pc.ToyModel(2, 1, bias="zero"), "no-bias")
    free = traced(PAIR, "free")
    diagrams = {
        text: traced(pc.ToyModel(2, 1, interference_penalty=text), f"penalty-{text}")
        for text in PENALTIES
    }
    four_panels(diagrams).savefig(HERE / "penalty-2-1.png", dpi=110)
    (HERE / "variants.md").write_text(page(no_bias, free, diagrams), encoding="utf-8")


def no_bias_part(diagram: pc.TracedDiagram) -> list[str]:
    agree, counts = certified_cells()
    crossing = (3 + 4 * sympy.sqrt(14)) / 43
    return [
        "## No bias",
        "",
        "![The diagram with b = 0](no-bias-2-1.png)",
        "",
        f"Two phases and one line: {', '.join('`' + phase.name + '`' for phase in diagram.phases)}. "
        f"{diagram.cells_scanned} cells scanned, {len(diagram.unexplained)} pairs of neighbours with "
        "different phases and no line between them.",
        "",
        table(BOUNDARY_HEADERS, boundary_rows(diagram)),
        "",
        "`aligned` is W = (w_1, w_2) with both entries of one sign: the extra feature is "
        "represented by a *positive* overlap, because an output that cannot use a bias has no other "
        "way to come near its mean. `antipodal` is the pair of the paper.",
        "",
        "### Proved",
        "",
        "- `ignore` and `dedicated` are nowhere minima, and there is no onset of superposition: at "
        "W = (1, 0) the loss falls with slope −r p²/2 in w_2 > 0 (module `phasecalc.exact.no_bias`).",
        "- The best length leaves one ratio z = |w_2/w_1|, and in each of three sectors the loss is "
        "(1 + r) p/3 minus a rational function of z, p and r. So at rational p and r the global "
        "minimum over all W is decided exactly (`no_bias_minimum`): every stationary ratio is "
        "isolated and its loss bounded to 10⁻³⁰.",
        f"- At every one of the {sum(counts.values())} cells of the scan (p and r rounded to "
        "fractions with denominators up to 10⁶) this certifies the phase: "
        + ", ".join(f"`{name}` {count}" for name, count in sorted(counts.items()))
        + f". The numeric search has the same phase and loss (to 10⁻¹³) in {agree} of them.",
        "- At r = 1: the best `aligned` weights are (1, 1)/√2 with L = v; the best symmetric "
        "`antipodal` ones have w² = (3 + 5S)/(2 + 6S), "
        "L = (1 − S)² (7 + 25S)/(24 (1 + 3S)); they cross at S = (3 + 4√14)/43 = "
        f"{sympy.N(crossing, 15)}, a root of 43 S² − 6 S − 5. "
        "The tests derive all three from the decomposed loss.",
        "",
        "Each row below: at the larger S of the bracket `antipodal` is proved to be the global "
        "minimum, at the smaller one `aligned`.",
        "",
        table(
            ("r", "S, certified bracket", "S traced", "z of aligned", "z of antipodal"),
            no_bias_rows(),
        ),
        "",
        "### Numerical",
        "",
        "That the line is one smooth curve between its proved points, and that no third phase "
        "hides between the proved cells.",
        "",
    ]


def penalty_part(free: pc.TracedDiagram, diagrams: dict[str, pc.TracedDiagram]) -> list[str]:
    rows = []
    for text, diagram in {"0": free, **diagrams}.items():
        pair, strong = shares(diagram)
        loose = sum(end.kind == "end of a branch" for q in diagram.boundaries for end in q.ends)
        rows.append(
            (
                f"{float(Fraction(text)):g}",
                str(len(diagram.phases)),
                str(len(diagram.boundaries)),
                str(len(diagram.unexplained)),
                str(loose),
                f"{100 * pair:.1f} %",
                f"{100 * strong:.1f} %",
            )
        )
    parts = [
        "## Interference penalty",
        "",
        "![The diagram for four penalties](penalty-2-1.png)",
        "",
        "λ Σ_{i≠j} (W_i·W_j)² is added to the loss; for two features in one dimension that is "
        "2 λ w_1² w_2².",
        "",
        table(
            (
                "λ",
                "phases",
                "lines",
                "unexplained neighbours",
                "loose ends",
                "window in superposition",
                "strong pair",
            ),
            rows,
        ),
        "",
        "(Shares of the window in ln p and ln r, from a grid of 48 by 48 minima. A loose end is one "
        "that was not joined to a special point or the border.)",
        "",
        "### What the penalty does",
        "",
        "- *Proved:* the onset from `ignore` moves to r = (q + 2λ)/v, that from `dedicated` to "
        "r = (v − 2λ)/q, with q and β as on [the page on global minima](global-minima.md). With "
        "λ > 0 the diagram is not its own mirror image: L(S, r, λ) = r L(S, 1/r, λ/r).",
        "- *Proved:* the tricritical points of all λ lie on one curve that does not depend on λ, "
        "r = p² (1 − β)⁴/(12 α v) with α = (3/2)(p/2 − β), and λ = (r v − q)/2 there; on the side of "
        "`dedicated` on its mirror image.",
        "- *Proved:* at a given S superposition is lowest at some r only if it is at r = 1. F is "
        "concave in r (a minimum of functions that are linear in r), F ≤ r v and F ≤ v; were "
        "F(1) = v, concavity with F(0) = 0 would give F = r v below r = 1, and F, which never falls as r "
        "grows, would be v above. So superposition vanishes from the whole diagram when it does on "
        "the line r = 1.",
        "- At large S both losses shrink with p but the penalty does not: superposition ends "
        "there too, near p = 3λ, where to leading order in p all pairs with w_1² + w_2² = 1 have one "
        "loss. Corrections break the symmetry: from a triple point on r = 1 on, the pair "
        "has one feature longer than the other, and r = 1 is a first-order line between a pair and "
        "its mirror image. From there two short lines, between a pair of about equal lengths and one of "
        "the two others, lead to critical points, on which the shorter feature's output is just not "
        "clipped where both features are 1. All of them have the name `antipodal` and are one phase "
        "around the critical points. *Numerical, 30 digits.*",
        "",
        "### Where the diagram changes its shape",
        "",
        table(("λ", "S", "r", "what happens", "how it is known"), threshold_rows()),
        "",
        "Each of these is a solution near the given digits; that nothing else happens in between is "
        "numerical evidence from the diagrams.",
        "",
    ]
    for text, diagram in diagrams.items():
        parts += [
            f"### λ = {float(Fraction(text)):g}",
            "",
            table(("kind", "phases", "S", "r", "how it is known"), special_rows(diagram)),
            "",
            table(BOUNDARY_HEADERS, boundary_rows(diagram)),
            "",
        ]
    return parts


def page(
    no_bias: pc.TracedDiagram, free: pc.TracedDiagram, diagrams: dict[str, pc.TracedDiagram]
) -> str:
    parts = [
        "# Variants of the global diagram: no bias, and an interference penalty",
        "",
        "This page is written by `docs/variants.py`; do not edit it.",
        "y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features; S = P(x_j = 0), "
        "p = 1 − S, v = p/3 − p²/4, magnitudes uniform on [0, 1], importance (1, r). Two features in "
        "one dimension; all weights are free.",
        "",
        "The pictures have no dashed lines of the paper's candidates: those have biases from "
        "dL/db = 0 and no penalty, so beneath these diagrams they would compare different losses.",
        "",
        "    phasecalc diagram --source global --bias zero -o no-bias.png",
        "    phasecalc boundaries --source global --interference-penalty 0.01",
        "",
        "Lines that say `formula matched` agree with the proved onsets; all are traced: both "
        "branches are polished at every point, to the error given. That no lower minimum exists "
        "is evidence from many starts, except without bias, where it is proved point by point.",
        "",
        *no_bias_part(no_bias),
        *penalty_part(free, diagrams),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    main()
