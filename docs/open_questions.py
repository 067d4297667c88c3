"""Write open-questions.md and its picture: every number in them comes from here.

    python docs/open_questions.py            all questions (about a quarter of an hour of one processor)
    python docs/open_questions.py O49 O51    only these; the others keep what was written before

Questions are from the list of open problems of the repository lionellevine/MAIS, in our words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.optimize import minimize as constrained
from tabulate import tabulate

import phasecalc as pc
from phasecalc.certify.polygons import certified_polygon
from phasecalc.exact.onset import onset_importance
from phasecalc.minima.problem import Problem

Floats = NDArray[np.float64]

HERE = Path(__file__).parent
PAGE = HERE / "open-questions.md"
PICTURE = HERE / "open-questions-penalty.png"
TRIAD = ((Fraction(2, 5), Fraction(21, 20), Fraction(-1)),)
TRIAD_BIAS = (Fraction(1, 100), Fraction(-3, 20), Fraction(0))
SPARSITIES = ("1/20", "1/5", "2/5", "3/5", "4/5", "9/10", "19/20", "99/100")
HEAD = """# Open questions

Six questions from the list of open problems of the repository [lionellevine/MAIS](https://github.com/lionellevine/MAIS) (folder `open-problems`, commit 2003f10) that phasecalc can answer, in whole or in part. There m is the number of features and n that of dimensions; here, as everywhere in phasecalc, n features are in m dimensions. S is the sparsity, p = 1 − S, v = p/3 − p²/4. Each section says what was asked, what is proved, and what is evidence from searches. The page is written by `python docs/open_questions.py`, which computes every number in it.

*Proved* is: an exact rational number, algebra, or an enclosure of [certify](certificates.md). *Evidence* is: `minimize`, that is float64 and many starts.
"""


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def variance(S: Fraction) -> Fraction:
    return (1 - S) * (1 + 3 * S) / 12


# O49 ----------------------------------------------------------------------------------------------


@lru_cache
def axis_loss(features: int, S: str) -> float:
    """M_k(S): the least loss of k features in one dimension that was found."""
    return pc.minimize(pc.ToyModel(features, 1), S, 1, random_starts=40).loss


def partitions(features: int, axes: int, most: int | None = None) -> list[tuple[int, ...]]:
    """Ways to put all features on the axes, the largest group first; none may be empty."""
    most = features if most is None else most
    if axes == 0:
        return [()] if features == 0 else []
    return [
        (k, *rest)
        for k in range(min(most, features - axes + 1), 0, -1)
        for rest in partitions(features - k, axes - 1, k)
    ]


def o49() -> str:
    S = Fraction(19, 20)
    exact = pc.decompose(TRIAD, TRIAD_BIAS).at(sparsity=S)
    conjectured = min(2 * variance(S), (1 - S) ** 2 / 3 + variance(S))
    relaxed = pc.certify(pc.ToyModel(2, 1), sparsity=S, gap="1e-9")
    pair = pc.certify(pc.ToyModel(2, 1), sparsity="3/5", gap="1e-9")
    triads = {
        at: pc.certify(pc.ToyModel(3, 1), sparsity=at, gap="1e-4")
        for at in ("1/20", "2/5", "4/5", S)
    }
    triad = triads[S]
    at_pair = Fraction(2, 5) ** 2 / 3
    rows = []
    for sparsity in SPARSITIES:
        best = [axis_loss(k, sparsity) for k in range(2, 6)]
        rows.append((sparsity, *(f"{loss:.10f}" for loss in best)))
    proved = []
    for sparsity in SPARSITIES:
        found = pc.certify(pc.ToyModel(2, 1), sparsity=sparsity, gap="1e-9")
        simple = min(variance(Fraction(sparsity)), (1 - Fraction(sparsity)) ** 2 / 3)
        proved.append(
            (
                sparsity,
                f"{float(found.lower):.11f}",
                f"{float(found.upper):.11f}",
                found.phase,
                f"{float(simple):.11f}",
                f"{float(1 - found.upper / simple) * 100:.2f} %",
            )
        )
    thirds = []
    for at, found in triads.items():
        with_pair = pc.certify(pc.ToyModel(2, 1), sparsity=at, gap="1e-9")
        v = variance(Fraction(at))
        fewer = (with_pair.lower + v, with_pair.upper + v)
        thirds.append(
            (
                str(at),
                *(f"{float(x):.9f}" for x in (found.lower, found.upper)),
                *(f"{float(x):.9f}" for x in fewer),
                ", ".join(name or "unnamed" for name in found.phases)
                if found.proved
                else "not proved",
                "yes" if found.upper < fewer[0] else "within the gap",
            )
        )
    winners = []
    for n, m in ((4, 2), (5, 2), (6, 2), (6, 3)):
        row = [f"{n} in {m}"]
        for sparsity in SPARSITIES:
            losses = {
                parts: sum((axis_loss(k, sparsity) for k in parts if k > 1), 0.0)
                for parts in partitions(n, m)
                if max(parts) <= 5
            }
            lowest = min(losses, key=lambda parts: losses[parts])
            row.append("+".join(map(str, lowest)))
        winners.append(tuple(row))
    return f"""## O49: weights with one entry a column

*Asked* (MAIS-O49): n features in m dimensions with at most one non-zero entry in each column of W: is the least loss always min{{(n − m) v, m p²/3 + (n − 2m) v}}, orthogonal storage below S = 3/7 and antipodal pairs above? The content would be to rule out three features on one axis.

*Proved*: no, and in both respects.

- The loss splits over axes. Columns on different axes are orthogonal, so G is block-diagonal, and output j sees the features of its own axis only: L = Σ_axes L(axis). With M_k(S) the least loss of k features in one dimension (M_1 = 0, dropped features included), the least loss is **min over k_1 + … + k_m = n of Σ M_(k_i)(S)**. M_k ≤ M_(k−1) + v, by dropping one.
- Three features on one axis: W = (2/5, 21/20, −1), b = (1/100, −3/20, 0) at S = 19/20 has the loss {exact} ≈ {float(exact):.10f}, exactly. The conjecture says {conjectured} = {float(conjectured):.10f} for three features in one dimension.
- It also beats the best pair with one dropped: M_2(19/20) + v ≥ {float(relaxed.lower + variance(S)):.10f} by the enclosure of M_2.
- The least loss of three in one dimension at S = 19/20 {"is enclosed" if triad.proved else "has the proved bounds"}: {float(triad.lower):.12f} ≤ M_3 ≤ {float(triad.upper):.12f}{f" ({triad.boxes} boxes)" if triad.proved else ""}.
- A pair does better than p²/3 as well: at S = 3/5, {float(pair.lower):.12f} ≤ M_2 ≤ {float(pair.upper):.12f} < {at_pair} = {float(at_pair):.6f}; and it pays below S = 3/7, where the conjecture drops a feature:

{table(("S", "M_2 at least", "at most", "phase", "conjectured", "lower by"), proved)}

- M_3 itself, and whether three features on one axis are proved to beat a pair with one dropped (phases: the minima within the gap; unnamed: boxes within the gap that hold no minimum that was found):

{table(("S", "M_3 at least", "at most", "M_2 + v at least", "at most", "phases", "three beat two"), thirds)}

*Evidence*: M_k(S) by search, and the best way to distribute the features (the sizes of the groups on each axis; a group of three with a weak or dropped third feature counts as three):

{table(("S", "M_2", "M_3", "M_4", "M_5"), rows)}

{table(("features", *SPARSITIES), winners)}

`python docs/open_questions.py O49`; one enclosure: `phasecalc certify -n 3 -m 1 -S 19/20 --gap 1e-4`. The recovery-constrained frontiers of the question are not treated.
"""


# O51 ----------------------------------------------------------------------------------------------


def penalised(S: object, r: object, penalty: float | Fraction) -> pc.Minimum:
    model = pc.ToyModel(2, 1, interference_penalty=Fraction(penalty).limit_denominator(10**12))
    return pc.minimize(model, S, r, random_starts=8)


@lru_cache
def onset_at(p: float) -> float:
    """The importance at which a dropped feature begins to be represented without a penalty."""
    return float(onset_importance().subs(pc.p, p))


def critical_penalty(S: float, r: float) -> tuple[float, str]:
    """λ_c = sup (min(v, r v) − L)/R over all W and b with w_1 w_2 ≠ 0, for r ≤ 1.

    By Dinkelbach's iteration; as w_2 → 0 the quotient tends to (r v − q)/2, which is λ_c where
    nothing at w_2 ≠ 0 exceeds it: then the transition is continuous.
    """
    p = 1 - S
    v = p / 3 - p * p / 4
    limit = v * (r - onset_at(p)) / 2
    alone = min(1.0, r) * (p / 3 - p * p / 4)
    penalty, name = 0.0, "none"
    for _ in range(12):
        best = penalty
        for minimum in penalised(S, r, penalty).minima:
            R = 2 * minimum.gram[0, 1] ** 2
            if minimum.gram[0, 1] < 0 and R > 1e-9:
                gain = (alone - (minimum.loss - penalty * R)) / R
                if gain > best:
                    best, name = gain, minimum.name
        if best <= penalty + 1e-11:
            break
        penalty = best
    return (limit, "continuous") if limit >= penalty - 1e-9 and limit > 0 else (penalty, name)


def critical_penalties() -> tuple[Floats, Floats, Floats]:
    """λ_c on a grid: (sparsities, importances, values[importance, sparsity])."""
    sparsities = np.linspace(0.02, 0.98, 81)
    importances = np.geomspace(0.05, 1.0, 49)
    values = np.array(
        [[critical_penalty(float(S), float(r))[0] for S in sparsities] for r in importances]
    )
    return sparsities, importances, values


def _continued(importances: Floats, values: Floats) -> Floats:
    """λ_c continued below 0 along each column, linearly in I: next to 0 its level lines are smooth.

    Where the transition is continuous λ_c is linear in I.
    """
    found = values.copy()
    for column in found.T:
        k = int(np.argmax(column > 0))
        if 0 < k < len(column) - 1:
            slope = (column[k + 1] - column[k]) / (importances[k + 1] - importances[k])
            column[:k] = column[k] + slope * (importances[:k] - importances[k])
    return found


def draw_penalties(sparsities: Floats, importances: Floats, values: Floats) -> Figure:
    """Level lines of λ_c."""
    values = _continued(importances, values)
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    levels = [0.0005, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.039]
    filled = axes.contourf(
        sparsities, importances, values, levels=[0.0, *levels, 0.041], cmap="viridis"
    )
    axes.set_facecolor(filled.to_rgba(np.array(levels[0] / 2)))  # λ_c = 0
    lines = axes.contour(sparsities, importances, values, levels=levels, colors="k", linewidths=0.5)
    # Where the lines are far from each other, and clear of the edges.
    places = [(0.86 if level <= 0.025 else 0.75, level) for level in levels[:-1]]
    columns = [(S, level, values[:, np.abs(sparsities - S).argmin()]) for S, level in places]
    manual = [(S, float(np.interp(level, column, importances))) for S, level, column in columns]
    shown = axes.clabel(lines, levels=levels[:-1], fmt="%g", fontsize=7, manual=manual)
    for text in shown:
        # Black is lost on the dark end of the colours.
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])
    axes.set_yscale("log")
    axes.set_yticks([0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("sparsity, S")
    axes.set_ylabel("importance of the second feature, I")
    axes.set_title(
        "2 features in 1 dimension, all weights and biases free (numeric)\n"
        "the penalty above which no superposition is lowest",
        fontsize=10,
    )
    figure.colorbar(filled, label="critical penalty, $\\lambda_c$", ticks=[0, *levels], format="%g")
    return figure


def o51() -> str:
    rows, brackets = [], []
    for S in ("1/10", "1/5", "2/5", "1/2", "3/5", "4/5", "19/20"):
        for r in ("1/4", "1/2", "1"):
            found, name = critical_penalty(float(Fraction(S)), float(Fraction(r)))
            v = float(variance(Fraction(S)))
            formula = v * (float(Fraction(r)) - onset_at(1 - float(Fraction(S)))) / 2
            known = name if name == "continuous" else "first order"
            if found == 0:
                known = "never lower"
            shown = name if known == "first order" else ""
            rows.append((S, r, f"{found:.9f}", shown, known, f"{formula:.9f}"))
            if known == "first order":
                step = Fraction(1, 10**5)
                centre = Fraction(found).limit_denominator(10**6)
                low, high = (
                    pc.certify(
                        pc.ToyModel(2, 1, interference_penalty=centre + sign * step),
                        sparsity=S,
                        importance=r,
                        gap="1e-9",
                    )
                    for sign in (-1, 1)
                )
                brackets.append(
                    (S, r, str(centre - step), low.phase, str(centre + step), high.phase)
                )
    sparsities, importances, values = critical_penalties()
    draw_penalties(sparsities, importances, values).savefig(
        PICTURE, dpi=160, metadata={"Software": None}
    )
    top = np.unravel_index(int(values.argmax()), values.shape)
    return f"""## O51: the smallest model with an interference penalty

*Asked* (MAIS-O51): the global minima of L + λ · 2 w_1² w_2² for two features in one dimension, importances (1, I), all over the octant (I, S, λ), and the surface λ_c(I, S) above which antipodal storage is never lowest. This is `ToyModel(2, 1, interference_penalty=λ)`.

*Proved*:

- The penalty vanishes for `ignore` and `dedicated`, whose losses stay I v and v. Hence superposition is lowest exactly for λ < λ_c with **λ_c(I, S) = sup over w_1 w_2 ≠ 0 of (min(1, I) v − L(W, b))/(2 w_1² w_2²)**, and below λ_c it stays lowest: one surface, no re-entrance. Exchanging the features, λ_c(I, S) = I λ_c(1/I, S), so I ≤ 1 is enough.
- Between `ignore` and `dedicated` the surface is the plane I = 1 above λ_c.
- Where the transition is continuous, w_2 → 0, the surface is a formula: λ_c = (I v − q)/2, with q(p) from the exact onset (`phasecalc.exact.onset`, I = (q + 2λ)/v); its tricritical lines are roots of an exact polynomial for every λ ([variants](variants.md)).
- At the rational points below the phase on both sides of a first-order transition is certified, so λ_c lies in between:

{table(("S", "I", "λ", "phase, proved", "λ", "phase, proved"), brackets)}

*Evidence*: λ_c by Dinkelbach's iteration on the minima that `minimize` finds (where nothing beyond the limit w_2 → 0 is better the transition is continuous and λ_c is the formula):

{table(("S", "I", "λ_c", "last superposition", "transition", "(I v − q)/2"), rows)}

![The critical penalty over sparsity and importance]({PICTURE.name})

The largest value of this grid is {values[top]:.5f}, at S = {sparsities[top[1]]:.3f}, I = {importances[top[0]]:.3f}: above λ = 0.0396 (0.03955… is traced in [variants](variants.md)) no importance and no sparsity has superposition. The paper's formulas with unit weights are no guide here: the lengths shrink as λ grows.

`python docs/open_questions.py O51`; one point: `phasecalc certify -S 1/2 -r 1/2 --interference-penalty 1/100`.
"""


# O4 -----------------------------------------------------------------------------------------------


def frontier(features: int, S: float, cap: float, seed: int = 0) -> tuple[float, int]:
    """The least loss with all |cos| ≤ cap between non-zero columns in two dimensions, and how many."""
    p = 1 - S
    v = p / 3 - p * p / 4
    best = (max(0, features - 2) * v, 2)
    rng = np.random.default_rng(seed)
    for k in range(3, features + 1):
        if cap < np.cos(np.pi / k) - 1e-12:  # k lines have an angle of at most π/k somewhere
            break
        pairs = list(combinations(range(k), 2))

        def both(x: np.ndarray, k: int = k) -> tuple[float, np.ndarray]:
            rho, phi, b = x[:k], x[k : 2 * k], x[2 * k :]
            W = rho * np.array([np.cos(phi), np.sin(phi)])
            loss, dW, db = pc.expected_loss_and_grad(W, b, np.ones(k), S)
            turned = rho * np.array([-np.sin(phi), np.cos(phi)])
            along = (dW * W).sum(axis=0) / rho
            return float(loss), np.concatenate([along, (dW * turned).sum(axis=0), db])

        def slack(x: np.ndarray, k: int = k, pairs: list[tuple[int, int]] = pairs) -> np.ndarray:
            return np.array([cap**2 - np.cos(x[k + i] - x[k + j]) ** 2 for i, j in pairs])

        def slopes(x: np.ndarray, k: int = k, pairs: list[tuple[int, int]] = pairs) -> np.ndarray:
            J = np.zeros((len(pairs), 3 * k))
            for row, (i, j) in enumerate(pairs):
                J[row, k + i] = np.sin(2 * (x[k + i] - x[k + j]))
                J[row, k + j] = -J[row, k + i]
            return J

        starts = []
        for turn in (1, 2):
            even = turn * np.pi * np.arange(k) / k
            starts += [even + np.pi * rng.integers(0, 2, k) * (t > 0) for t in range(5)]
        for phi in starts:
            x = np.concatenate([rng.uniform(0.7, 1.15, k), phi, rng.uniform(-0.2, 0.3, k)])
            found = constrained(
                both,
                x,
                jac=True,
                method="SLSQP",
                constraints={"type": "ineq", "fun": slack, "jac": slopes},
                bounds=[(0.05, 2.0)] * k + [(-20.0, 20.0)] * k + [(-2.0, 2.0)] * k,
                options={"maxiter": 300, "ftol": 1e-14},
            )
            if slack(found.x).min() > -1e-9 and np.isfinite(found.fun):
                best = min(best, (float(found.fun) + (features - k) * v, k))
    return best


def cap_kink(features: int, S: float, low: float, high: float) -> tuple[float, float]:
    """The cap from which on P falls below its value at `low`, and its slope beyond that cap."""
    flat = frontier(features, S, low)[0]
    if not frontier(features, S, high)[0] < flat - 1e-9:
        return np.nan, np.nan
    start = high
    while high - low > 1e-6:
        middle = (low + high) / 2
        if frontier(features, S, middle)[0] < flat - 1e-9:
            high = middle
        else:
            low = middle
    step = (start - high) / 4
    return high, (frontier(features, S, high + step)[0] - flat) / step


def o4() -> str:
    caps = (0.0, 0.49, 0.5, 0.6, 0.7, 0.7072, 0.75, 0.8, 0.8091, 0.85, 0.9, 0.95, 0.99, 0.999)
    sections, free = [], []
    for features, sparsities in ((3, (0.2, 0.5, 0.8, 0.95)), (5, (0.8, 0.95))):
        rows = []
        curves = [[frontier(features, S, cap) for cap in caps] for S in sparsities]
        lowest = [pc.minimize(pc.ToyModel(features, 2), S, 1, random_starts=20) for S in sparsities]
        for k, cap in enumerate(caps):
            rows.append((f"{cap:g}", *(f"{curve[k][0]:.8f} ({curve[k][1]})" for curve in curves)))
        rows.append(("1", *(f"{found.loss:.8f}" for found in lowest)))
        sections.append(
            f"P for {features} features in 2 dimensions; in brackets the number of non-zero columns:\n\n"
            + table(("c", *(f"S = {S:g}" for S in sparsities)), rows)
        )
        for S, found in zip(sparsities, lowest, strict=True):
            length = np.sqrt(np.diag(found.gram))
            there = np.flatnonzero(length > 1e-5)
            cosine = np.abs(
                found.gram[np.ix_(there, there)] / np.outer(length[there], length[there])
            )
            coherence = float(np.max(cosine - np.eye(len(there))))
            free.append((str(features), f"{S:g}", found.name, f"{coherence:.6f}"))
    bends = []
    for S in (0.2, 0.5, 0.8, 0.95):
        cap, slope = cap_kink(3, S, 0.95, 0.9999)
        bends.append(
            (f"{S:g}", "none", "") if np.isnan(cap) else (f"{S:g}", f"{cap:.5f}", f"{slope:.3g}")
        )
    jumps = []
    for sparsity in ("1/2", "4/5", "19/20"):
        # The regular triangle with unit lengths and b = 0: overlaps −1/2, loss exact.
        half = Fraction(-1, 2)
        gram = [[Fraction(int(i == j)) or half for j in range(3)] for i in range(3)]
        triangle = Fraction(
            str(pc.decompose(gram=gram, bias=[0, 0, 0]).at(sparsity=Fraction(sparsity)))
        )
        v = variance(Fraction(sparsity))
        jumps.append((sparsity, str(v), str(triangle), "jumps" if triangle < v else "not shown"))
    return f"""## O4: the price of low coherence in two dimensions

*Asked* (MAIS-O4): P(c) = inf of the loss over all W, b whose non-zero columns have |cos| ≤ c with each other, for 3 and for 5 features in 2 dimensions; is it piecewise analytic, is it continuous; from which c* on does the cap cost nothing?

*Proved*:

- k lines in the plane have an angle of at most π/k between two of them, so k non-zero columns need c ≥ cos(π/k) = 0, 1/2, 0.7071…, 0.8090… for k = 2, 3, 4, 5. For c < 1/2 at most two columns are not zero and each of the others costs v: **P(c) = (n − 2) v on the whole of [0, 1/2)**.
- **P is not continuous**: at c = 1/2 the regular triangle is allowed, with n − 3 features dropped; already with unit lengths and b = 0 its exact loss is below v at

{table(("S", "v", "loss of the unit triangle", "P at c = 1/2"), jumps)}

- P is piecewise analytic on finitely many open intervals: the loss is a semialgebraic function of (W, b) (piecewise rational, with finitely many sign regimes), so P is a semialgebraic function of c, and these are analytic up to finitely many points. At the ends of the pieces fractional powers may appear; the question's stronger form, analytic beyond the ends, is not settled here.

*Evidence* (SLSQP from ten starts for each number of columns; each value is an upper bound of P):

{(chr(10) * 2).join(sections)}

Kinks: for three features P is constant from c = 1/2 on, and from the cap c_k on another figure of three columns, on which the cap bears, is lower (bisection in c, to 1e-6); there P has a kink, with slope 0 before it. The slope is the mean one over the first quarter of the way from c_k to 1:

{table(("S", "c_k", "slope beyond"), bends)}

For five features nothing else changes on this grid of caps than at the thresholds, where P jumps.

c* is the coherence of the global minimum (an antipodal pair has 1, the pentagon cos 36° = 0.809017):

{table(("n", "S", "global minimum", "c*"), free)}

So between the thresholds P is constant wherever the optimum is a regular figure that the cap does not touch, it falls where the cap is active, and it jumps where one more line fits.

`python docs/open_questions.py O4`.
"""


# O44 ----------------------------------------------------------------------------------------------


def coherence(found: pc.LocalMinimum) -> float:
    length = np.sqrt(np.diag(found.gram))
    there = np.flatnonzero(length > 1e-5)
    cosine = np.abs(found.gram[np.ix_(there, there)] / np.outer(length[there], length[there]))
    return float(np.max(cosine - np.eye(len(there)), initial=0.0))


def o44() -> str:
    S = "999/1000"

    @lru_cache
    def at(penalty: str) -> pc.LocalMinimum:
        model = pc.ToyModel(5, 2, interference_penalty=penalty)
        return pc.minimize(model, S, 1, random_starts=10).lowest

    grid = ["0", *(f"{m}e-{e}" for e in (6, 5, 4) for m in (1, 2, 5)), "1e-3", "1e-2"]
    rows = []
    for penalty in grid:
        found = at(penalty)
        R = float((found.gram**2).sum() - (np.diag(found.gram) ** 2).sum())
        rows.append(
            (
                penalty,
                found.name,
                f"{found.loss - float(penalty) * R:.4e}",
                f"{R:.5f}",
                f"{coherence(found):.6f}",
            )
        )
    changes = []
    for before, after in pairwise(grid):
        if at(before).name == at(after).name:
            continue
        low, high = Fraction(before), Fraction(after)
        first, last = at(before), at(after)
        for _ in range(14):
            middle = (low + high) / 2
            found = at(str(middle))
            if found.name == first.name:
                low = middle
            else:
                high, last = middle, found
        changes.append(
            (
                f"{float(low):.6e}",
                f"{float(high):.6e}",
                f"{first.name} ({coherence(first):.4f})",
                f"{last.name} ({coherence(last):.4f})",
            )
        )
    v = float(variance(Fraction(S)))
    return f"""## O44: does penalising average interference lower the worst?

*Asked* (MAIS-O44): for 5 features in 2 dimensions at S = 0.999, the coherence μ (the largest |cos| between two columns of W that are not zero) of the minimisers of L + λ Σ_(i≠j) (W_i·W_j)² as a function of λ; and whether a strictly positive λ can lower μ while the task loss stays below 3 v.

*Proved*: nothing; the certified search is for at most three features.

*Evidence* (ten random starts and all structured ones at each λ; 3 v = {3 * v:.4e}):

{table(("λ", "minimum", "task loss L", "R = Σ_(i≠j) (W_i·W_j)²", "μ"), rows)}

Changes of the minimum, by bisection in λ (μ in brackets):

{table(("λ from", "to", "below", "above"), changes)}

Here the answer to the second part is the table: as λ grows the minimum does not move through figures of lower and lower coherence. A pair has the coherence 1, more than the pentagon's cos 36°, although its interference is smaller: the average and the worst case part. Only when everything that overlaps is dropped does μ fall to 0, and then the task loss is the 3 v of orthogonality, which the question excludes. That is one (n, m, S); the first part, for all of them, is open.

`python docs/open_questions.py O44`.
"""


# O40 and O47 --------------------------------------------------------------------------------------


def branch(S: float, x: np.ndarray) -> tuple[np.ndarray, float]:
    """The stationary point near x at sparsity S, and its loss."""
    end, loss, size = Problem.of(pc.ToyModel(5, 2), S).stationary(x)
    if size > 1e-11:
        raise ArithmeticError(f"no stationary point at S = {S}")
    return end, loss


def o40() -> str:
    model = pc.ToyModel(5, 2)
    found = pc.minimize(model, 0.775, 1, random_starts=24)
    problem = Problem.of(model, 0.775)
    pentagon = next(m for m in found.minima if np.diag(m.gram).min() > 0.1 and coherence(m) < 0.81)
    pairs = next(m for m in found.minima if m.name == "extra-dropped+2-pairs")
    ends = [problem.parameters(m.weights, m.bias) for m in (pentagon, pairs)]
    crossing = brentq(
        lambda S: branch(S, ends[0])[1] - branch(S, ends[1])[1], 0.774, 0.776, xtol=1e-13
    )
    rows = []
    for S in ("4/5", "9/10", "19/20", "99/100", "999/1000"):
        lowest = pc.minimize(model, S, 1, random_starts=8).lowest
        start = (float(np.diag(lowest.gram).mean()), float(lowest.bias.mean()))
        curvature = float(lowest.hessian_spectrum[0]) * (1 - 1e-4)
        proof = certified_polygon(5, Fraction(S), start, curvature)
        rows.append(
            (
                S,
                lowest.name,
                f"{proof.loss.str(14)}" if proof else "",
                f"{curvature:.6f}" if proof else "not proved",
                f"{lowest.hessian_spectrum[-1]:.6f}",
                f"{lowest.learning_coefficient:g}",
            )
        )
    return f"""## O40 and O47: the regular pentagon

*Asked* (MAIS-O40): is there an interval of p in which the regular pentagon is the only global minimum of 5 features in 2 dimensions; (MAIS-O47): is it so for all S close enough to 1?

*Proved*: at the sparsities below the pentagon is a strict local minimum modulo rotation, reflection and permutation. Existence of the stationary point (Krawczyk's test in its length and bias; the other components of the gradient vanish by symmetry) and the positive Hessian across the rotation (Cholesky) are proved in ball arithmetic (`phasecalc.certify.polygons`). Its 14 curvatures make the learning coefficient 7:

{table(("S", "lowest found", "loss of the pentagon, proved", "every curvature above, proved", "largest", "learning coefficient"), rows)}

*Evidence*: it is the lowest minimum that any search has found from p = {1 - crossing:.10f} (S = {crossing:.10f}, where two pairs with one feature dropped have the same loss; the root of the difference of the two branches, to 1e-9) down to p = 1/1000, the smallest that was tried. Global minimality is not proved: the certified search is for three features.

`python docs/open_questions.py O40`.
"""


# O50 ----------------------------------------------------------------------------------------------

FLOWS = (
    ("9/10", "1", "0", "1"),
    ("9/10", "1", "0", "1/10"),
    ("1/2", "1/2", "0", "1"),
    ("1/2", "1/2", "0", "1/10"),
    ("1/2", "1/2", "1/50", "1"),
    ("1/5", "1/2", "0", "1"),
    ("4/5", "1/2", "0", "1"),
    ("4/5", "1/2", "1/50", "1"),
)


def o50(trajectories: int = 1_000_000) -> str:
    rows = []
    for k, (S, r, penalty, sigma) in enumerate(FLOWS):
        model = pc.ToyModel(2, 1, interference_penalty=penalty)
        count = trajectories if k == 0 else trajectories // 20
        found = pc.gradient_flow(model, S, r, sigma=sigma, trajectories=count, seed=k)
        parts = [
            f"{q:.5f} ± {e:.5f}"
            for q, e in zip(found.probabilities, found.standard_errors, strict=True)
        ]
        reached = ", ".join(f"{name} {number}" for name, number in found.at_minima if number)
        left = f"{found.elsewhere} elsewhere, {found.unfinished} unfinished"
        rows.append((r, S, penalty, sigma, str(count), *parts, f"{reached}; {left}"))
    return f"""## O50, first part: where gradient flow ends

*Asked* (MAIS-O50): two features in one dimension, W ~ N(0, σ²), b = 0, gradient flow on L + λ · 2 w_1² w_2² with importances (1, I): the probabilities of D_2 (w_2 = 0 ≠ w_1: drop), A_2 (w_1 = 0 ≠ w_2: dedicate), S_± (w_1 w_2 < 0: antipodal) and O (all else), as functions of (I, S, λ, σ).

*Proved*: on the quadrants w_1 w_2 > 0 and < 0 the start has probability 1/2 each, whatever σ. For I = 1 the two features are alike, so P(D_2) = P(A_2).

*Evidence*: trajectories on the exact loss, not on samples (`pc.gradient_flow`; an embedded Runge-Kutta rule with error control; an end belongs to the strict minimum that it comes within 0.01 of), with the standard error √(q (1 − q)/N):

{table(("I", "S", "λ", "σ", "trajectories", "D_2", "A_2", "S_±", "O", "minima reached"), rows)}

At high sparsity a start with w_1 w_2 > 0 mostly ends in the `aligned` minimum, which belongs to O and is not the global minimum at any of these points: half of all runs at S = 9/10, I = 1 go there, for both σ. With smaller I or S the flow leaves that quadrant through w_2 = 0, and σ matters.

`python docs/open_questions.py O50` (a million trajectories for the first row).
"""


QUESTIONS: dict[str, Callable[[], str]] = {
    "O49": o49,
    "O51": o51,
    "O4": o4,
    "O44": o44,
    "O40": o40,
    "O50": o50,
}


def written() -> dict[str, str]:
    """The sections of the page as it is."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    parts = old.split("\n## ")[1:]
    return {part.split(":")[0].split()[0].rstrip(","): f"## {part.strip()}" for part in parts}


def main(wanted: list[str]) -> None:
    """Write the page; sections that are not wanted are kept as they are."""
    for name in wanted or list(QUESTIONS):
        new = QUESTIONS[name]().strip()
        sections = {**written(), name: new}
        text = "\n\n".join([HEAD.strip(), *(sections[k] for k in QUESTIONS if k in sections)])
        PAGE.write_text(text + "\n", encoding="utf-8")
        print(name, "done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
