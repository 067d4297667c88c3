"""Write variants.md and its pictures: every number in them comes from here.

    python docs/variants.py             two features in one dimension (about six minutes)

Without biases the scan is repeated in rational arithmetic, which proves each cell's label. With the
penalty λ Σ_{i≠j} (W_i·W_j)² special points are solved for to 30 digits on polynomials that the exact
half derives; whatever depends on β alone is a root of a polynomial, isolated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import sympy
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from tabulate import tabulate

import phasecalc as pc
from phasecalc.continuation.branch import Branch, GlobalLandscape
from phasecalc.continuation.equations import coexistence as on_line
from phasecalc.continuation.plane import Plane
from phasecalc.continuation.scan import cell_centres
from phasecalc.exact.no_bias import no_bias_minimum
from phasecalc.exact.onset import (
    mirrored_onset_importance,
    onset_importance,
    tricritical_importance,
    tricritical_penalty,
    tricritical_points,
)
from phasecalc.exact.roots import RealRoot, polynomial, real_roots
from phasecalc.report.plot_traced import plot_traced

HERE = Path(__file__).parent
PLANE = Plane.of(pc.ToyModel(2, 1))
theta_of = PLANE.theta
PAIR = pc.ToyModel(2, 1)
LETTERS = sympy.symbols("w1 w2 b1 b2")
CELLS = (24, 24)
PENALTIES = ("3/1000", "1/100", "1/50", "3/100")
P = pc.p
V = pc.Uniform().variance
Q = onset_importance() * V
LAM, W, C, D, T = sympy.symbols("lam w c d t")


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


def regime(x: np.ndarray) -> sympy.Expr:
    """The exact loss in the sign regime of a point, in w1, w2, b1, b2, p and r."""
    w1, w2, b1, b2 = LETTERS
    point = dict(zip(LETTERS, (Fraction(float(value)) for value in x), strict=True))
    return pc.decompose([[w1, w2]], [b1, b2], [1, pc.r]).in_regime(point).total


def digits(value: object, count: int = 10) -> str:
    return f"{float(value):.{count}f}"  # type: ignore[arg-type]


def middle(root: RealRoot) -> sympy.Rational:
    narrow = root.within(Fraction(1, 10**30))
    return sympy.Rational((narrow.low + narrow.high) / 2)


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


def bracketed(weight: Fraction) -> tuple[Fraction, Fraction]:
    """p below which `antipodal` is the minimum and above which `aligned` is, 10⁻¹² apart."""
    low, high = Fraction(1, 100), Fraction(1)
    while high - low > Fraction(1, 10**12):
        half = ((low + high) / 2).limit_denominator(10**14)
        if no_bias_minimum(half, weight).name == "antipodal":
            low = half
        else:
            high = half
    return low, high


def no_bias_rows() -> list[tuple[str, ...]]:
    """The line at some r: certified bracket, traced, and the ratios of both minima."""
    land = GlobalLandscape(Plane.of(pc.ToyModel(2, 1, bias="zero")))
    rows = []
    for text in ("1/10", "1/5", "1/2", "1", "2", "10"):
        weight = Fraction(text)
        low, high = bracketed(weight)
        start = theta_of(float(1 - low), float(weight))
        states = {state.name: state for state in land.minima(start)}
        found = on_line(land, states["aligned"], states["antipodal"], start, np.array([1.0, 0.0]))
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


def algebraic(condition: Callable[[sympy.Symbol], sympy.Expr], sign: sympy.Expr) -> list[RealRoot]:
    """p in (0, 1) with condition(β) = 0: roots of the resultant with the equation of β.

    ``sign`` is the same condition in p; roots at which it does not change belong to the other β.
    """
    b, S = sympy.Symbol("b"), 1 - P
    equation = S * P * b**2 + (P / 2 + 2 * S**2) * b - P**2 / 4
    whole = sympy.resultant(sympy.expand(condition(b)), sympy.expand(equation), b)
    found = []
    for root in real_roots(polynomial(whole), Fraction(0), Fraction(1)):
        narrow = root.within(Fraction(1, 10**9))
        ends = [sign.subs(P, sympy.Rational(end)).evalf(40) for end in (narrow.low, narrow.high)]
        if ends[0] * ends[1] < 0:
            found.append(root)
    return found


def quadratic(b: sympy.Symbol) -> sympy.Expr:
    S = 1 - P
    return P * ((b - P / 2) ** 2 / 4 + V) + S * P * b**3 / 3 + S**2 * b**2


def onset_at_equal_importance(penalty: sympy.Rational) -> list[RealRoot]:
    """p with r_onset = 1: q + 2λ = v."""
    return algebraic(lambda b: quadratic(b) + 2 * penalty - V, Q + 2 * penalty - V)


def upper_tricritical_at_equal_importance() -> RealRoot:
    """p with a tricritical point at r = 1: p² (1 − β)⁴ = 12 α v."""
    roots = algebraic(
        lambda b: P**2 * (1 - b) ** 4 - 18 * (P / 2 - b) * V, tricritical_importance() - 1
    )
    return roots[-1]


@dataclass(frozen=True)
class Symmetric:
    """The pair W = (w, −w), b = (c, c) at r = 1: loss, stationarity, and the odd Hessian's det."""

    loss: sympy.Expr
    stationary: tuple[sympy.Expr, sympy.Expr]
    odd: sympy.Expr


def symmetric() -> Symmetric:
    w1, w2, b1, b2 = LETTERS
    plain = regime(np.array([0.78, -0.77, 0.07, 0.075])).subs(pc.r, 1)
    moved = {w1: W + D, w2: D - W, b1: C + T, b2: C - T}
    loss = plain.subs(moved, simultaneous=True) + 2 * LAM * (W**2 - D**2) ** 2
    still = {D: 0, T: 0}
    even = sympy.factor(loss.subs(still))
    dd, dt, tt = (
        sympy.cancel(sympy.diff(loss, x, y).subs(still)) for x, y in ((D, D), (D, T), (T, T))
    )
    return Symmetric(
        even,
        (sympy.diff(even, W), sympy.diff(even, C)),
        sympy.numer(sympy.together(dd * tt - dt**2)),
    )


PAIRED = symmetric()


def solve(
    equations: list[sympy.Expr], names: tuple[sympy.Symbol, ...], start: tuple[float, ...]
) -> dict[sympy.Symbol, sympy.Float]:
    found = sympy.nsolve(equations, names, start, prec=30)
    return dict(zip(names, found, strict=True))


def thresholds() -> list[tuple[str, str, str, str, str]]:
    """Penalties at which the diagram changes its shape: (λ, S, r, what, how)."""
    rows = []
    tricritical_at_junction = first_meeting()
    for where in tricritical_at_junction:
        rows.append((*where, "30-digit Newton"))
    A = upper_tricritical_at_equal_importance()
    p_A = middle(A)
    rows.append(
        (
            digits(((V - Q) / 2).subs(P, p_A).evalf(30), 12),
            digits(1 - p_A, 12),
            "1",
            "the other two tricritical points reach r = 1 and are gone: the onset of the weak phases "
            "is continuous all along",
            "isolated root",
        )
    )
    p_m = sympy.nsolve(sympy.diff(tricritical_penalty(), P), P, 0.23, prec=30)
    top = tricritical_penalty().subs(P, p_m).evalf(30)
    near = [sympy.Rational(str(top.round(9))) + k * sympy.Rational(1, 10**8) for k in (-1, 1)]
    counted = [len(tricritical_points(penalty)) for penalty in near]
    assert counted == [3, 1], counted
    rows.append(
        (
            digits(top, 12),
            digits(1 - p_m, 12),
            digits(tricritical_importance().subs(P, p_m).evalf(30), 12),
            "the two tricritical points on the metastable part of ignore's onset (beneath "
            "`antipodal`) merge; above, that spinodal is continuous everywhere",
            "30-digit Newton; λ certified to 10⁻⁸ by counting roots",
        )
    )
    weak = solve(
        [*PAIRED.stationary, PAIRED.loss - V, Q + 2 * LAM - V],
        (W, C, P, LAM),
        (0.8, 0.18, 0.5, 0.0235),
    )
    rows.append(
        (
            digits(weak[LAM], 12),
            digits(1 - weak[P], 12),
            "1",
            "both weak phases shrink to this point and are gone",
            "30-digit Newton",
        )
    )
    meets = solve(
        [*PAIRED.stationary, PAIRED.loss - V, PAIRED.odd],
        (W, C, P, LAM),
        (0.76, 0.067, 0.235, 0.039),
    )
    rows.append(
        (
            digits(meets[LAM], 12),
            digits(1 - meets[P], 12),
            "1",
            "the pair no longer breaks its symmetry before it gives way to `ignore` at large S",
            "30-digit Newton",
        )
    )
    end = solve(
        [*PAIRED.stationary, PAIRED.loss - V, sympy.diff(PAIRED.loss - V, P)],
        (W, C, P, LAM),
        (0.769, 0.0775, 0.267, 0.0395),
    )
    rows.append(
        (
            digits(end[LAM], 12),
            digits(1 - end[P], 12),
            "1",
            "superposition is gone: for larger λ the diagram is `ignore` below r = 1 and "
            "`dedicated` above",
            "30-digit Newton",
        )
    )
    return sorted(rows, key=lambda row: float(row[0]))


def first_meeting() -> list[tuple[str, str, str, str]]:
    """Where the tricritical point meets the junction with `antipodal`, on both sides of r = 1."""
    land = GlobalLandscape(Plane.of(pc.ToyModel(2, 1, interference_penalty="1/5000")))
    state = next(s for s in land.minima(theta_of(0.489, 0.565)) if s.name == "antipodal")
    w1, w2, *_ = LETTERS
    ratio, penalty = tricritical_importance(), tricritical_penalty()
    loss = regime(state.x) + 2 * LAM * w1**2 * w2**2
    here = {pc.r: ratio, LAM: penalty}
    equations = [sympy.diff(loss, letter).subs(here) for letter in LETTERS]
    equations.append((loss - pc.r * V).subs(here))
    found = solve(equations, (*LETTERS, P), (*state.x, 0.511))
    r, lam = (f.subs(P, found[P]).evalf(30) for f in (ratio, penalty))
    text = (
        "on the side of {}: the tricritical point next to `antipodal` meets the triple point; above, "
        "a continuous line ends on a first-order one"
    )
    return [
        (digits(lam, 12), digits(1 - found[P], 12), digits(r, 12), text.format("`ignore`")),
        (
            digits(lam / r, 12),
            digits(1 - found[P], 12),
            digits(1 / r, 12),
            text.format("`dedicated`"),
        ),
    ]


def lowest(land: GlobalLandscape, S: float, r: float, name: str) -> Branch:
    return next(state for state in land.minima(theta_of(S, r)) if state.name == name)


def polished(
    state: Branch, lam: sympy.Rational, ratio: sympy.Expr, other: sympy.Expr
) -> tuple[float, float]:
    """(S, r) on the curve r(p) where the minimum's loss equals another expression in p and r."""
    w1, w2, *_ = LETTERS
    loss = regime(state.x) + 2 * lam * w1**2 * w2**2
    equations = [sympy.diff(loss, letter).subs(pc.r, ratio) for letter in LETTERS]
    equations.append((loss - other).subs(pc.r, ratio))
    found = solve(equations, (*LETTERS, P), (*state.x, 1 - PLANE.point(state.theta)[0]))
    return float(1 - found[P]), float(sympy.sympify(ratio).subs(P, found[P]))


def special_rows(text: str, diagram: pc.TracedDiagram) -> list[tuple[str, ...]]:
    """The special points of one λ, from exact equations; traced ones only tell where to look."""
    lam = sympy.Rational(text)
    land = GlobalLandscape(Plane.of(pc.ToyModel(2, 1, interference_penalty=lam)))
    rows = []
    four = "ignore, dedicated, weak-antipodal, weak-other-antipodal"
    kept = [q for q in diagram.special_points if q.kind in ("junction", "critical end point")]
    if any("weak-antipodal" in q.phases for q in kept):
        rows += onset_rows(lam, four)
    for parent, daughter, curve, value in (
        ("ignore", "weak-antipodal", onset_importance(lam), pc.r * V),
        ("dedicated", "weak-other-antipodal", mirrored_onset_importance(lam), V),
    ):
        for point in kept:
            if set(point.phases) == {parent, daughter, "antipodal"} and point.kind != "junction":
                state = lowest(land, point.sparsity, point.importance, "antipodal")
                S, r = polished(state, lam, curve, value)
                phases = f"{parent}, {daughter}, antipodal"
                rows.append(("critical end point", phases, S, r, "30-digit Newton"))
    for point in kept:
        if set(point.phases) == {"antipodal", "weak-antipodal", "weak-other-antipodal"}:
            S = weak_and_strong(land, lam, point.sparsity)
            rows.append(("triple point", ", ".join(point.phases), S, 1.0, "30-digit Newton"))
        if {"ignore", "weak-antipodal", "dedicated"} < set(
            point.phases
        ) and point.kind == "junction":
            state = lowest(land, point.sparsity, 1.0, "weak-antipodal")
            S, r = polished(state, lam, sympy.Integer(1), V)
            rows.append(("four phases meet", four, S, r, "30-digit Newton"))
        at_one = abs(point.importance - 1) < 1e-6
        if {"antipodal", "ignore", "dedicated"} == set(point.phases) and at_one:
            state = lowest(land, point.sparsity, 1.0, "antipodal")
            S, r = polished(state, lam, sympy.Integer(1), V)
            first = ", ".join(point.phases)
            rows.append(("junction", first, S, r, "30-digit Newton"))
    fork = pitchfork(lam)
    if 1 - fork < WINDOW_EDGE:
        phases = "antipodal (extra shorter, extra longer)"
        rows.append(("critical point", phases, 1 - fork, 1.0, "30-digit Newton"))
    rows.sort(key=lambda row: row[2])
    return [(kind, names, digits(S, 12), digits(r, 12), how) for kind, names, S, r, how in rows]


WINDOW_EDGE = 0.99


def weak_and_strong(land: GlobalLandscape, lam: sympy.Rational, S: float) -> float:
    """S at r = 1 where the weak pairs have the loss of the symmetric strong one."""
    w1, w2, *_ = LETTERS
    weak = lowest(land, S, 1.0, "weak-antipodal")
    strong = lowest(land, S, 1.0, "antipodal")
    loss = regime(weak.x).subs(pc.r, 1) + 2 * lam * w1**2 * w2**2
    paired = [e.subs(LAM, lam) for e in (*PAIRED.stationary, PAIRED.loss)]
    equations = [sympy.diff(loss, letter) for letter in LETTERS]
    equations += [*paired[:2], loss - paired[2]]
    start = (*weak.x, abs(float(strong.x[0])), float(strong.x[2]), 1 - S)
    return float(1 - solve(equations, (*LETTERS, W, C, P), start)[P])


def onset_rows(lam: sympy.Rational, four: str) -> list[tuple[str, str, float, float, str]]:
    """Tricritical points on lines that are boundaries, and the four-phase point at r = 1."""
    rows = []
    first = min(onset_at_equal_importance(lam), key=lambda root: -middle(root))
    onset = 1 - float(middle(first))
    for root in tricritical_points(lam):
        density = middle(root)
        r = float(onset_importance(lam).subs(P, density))
        if r < 1 and density > sympy.Rational(3, 5):
            names = "ignore, weak-antipodal"
            rows.append(("tricritical point", names, float(1 - density), r, "isolated root"))
    continuous = not rows
    for root in mirrored_tricritical(lam):
        density = middle(root)
        r = float(mirrored_onset_importance(lam).subs(P, density))
        if r > 1 and density > sympy.Rational(3, 5):
            names = "dedicated, weak-other-antipodal"
            rows.append(("tricritical point", names, float(1 - density), r, "isolated root"))
    if continuous:
        rows.append(("four phases meet", four, onset, 1.0, "isolated root"))
    return rows


def mirrored_tricritical(lam: sympy.Rational) -> list[RealRoot]:
    """Tricritical points on the side of `dedicated`: 18 q (p/2 − β) v = p² (1 − β)⁴ (v − 2λ)."""
    sign = tricritical_importance() * mirrored_onset_importance(lam) - 1
    return algebraic(
        lambda b: 18 * quadratic(b) * (P / 2 - b) * V - P**2 * (1 - b) ** 4 * (V - 2 * lam), sign
    )


def pitchfork(lam: sympy.Rational) -> float:
    """p at which the symmetric pair at r = 1 stops being a minimum, as S grows."""
    equations = [e.subs(LAM, lam) for e in (*PAIRED.stationary, PAIRED.odd)]
    k = float(lam)
    return float(solve(equations, (W, C, P), (0.71, 0.01 + 0.75 * k, 3.4 * k + 30 * k**2))[P])


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
    no_bias = pc.phase_diagram(pc.ToyModel(2, 1, bias="zero"), "global", cells=CELLS, progress=True)
    diagrams = {}
    for text in PENALTIES:
        model = pc.ToyModel(2, 1, interference_penalty=text)
        diagrams[text] = pc.phase_diagram(model, "global", cells=CELLS, progress=True)
    four_panels(diagrams).savefig(HERE / "penalty-2-1.png", dpi=110)
    (HERE / "variants.md").write_text(page(no_bias, diagrams), encoding="utf-8")


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


def penalty_part(diagrams: dict[str, pc.TracedDiagram]) -> list[str]:
    rows = []
    for text, diagram in {"0": pc.phase_diagram(PAIR, "global", progress=True), **diagrams}.items():
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
        "loss. Corrections break the symmetry: from a critical point on r = 1 on, the pair "
        "has one feature longer than the other, and r = 1 is a first-order line between a pair and "
        "its mirror image. Both have the name `antipodal` and are one phase around the critical "
        "point. *Numerical, 30 digits.*",
        "",
        "### Where the diagram changes its shape",
        "",
        table(("λ", "S", "r", "what happens", "how it is known"), thresholds()),
        "",
        "Each of these is a solution near the given digits; that nothing else happens in between is "
        "numerical evidence from the diagrams.",
        "",
    ]
    for text, diagram in diagrams.items():
        parts += [
            f"### λ = {float(Fraction(text)):g}",
            "",
            table(("kind", "phases", "S", "r", "how it is known"), special_rows(text, diagram)),
            "",
            table(BOUNDARY_HEADERS, boundary_rows(diagram)),
            "",
        ]
    return parts


def page(no_bias: pc.TracedDiagram, diagrams: dict[str, pc.TracedDiagram]) -> str:
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
        *penalty_part(diagrams),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    main()
