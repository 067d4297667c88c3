"""Rigorous enclosures: every bound against exact rationals, and the whole against the search."""

from __future__ import annotations

import ast
import base64
import copy
import json
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from functools import partial
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from flint import arb, ctx, fmpq

import phasecalc as pc
from phasecalc.certify import cells as map_of_cells
from phasecalc.certify import checker, codes, polygons
from phasecalc.certify.checker import bounds, claim
from phasecalc.certify.checker.arrays import Balls, Floats
from phasecalc.certify.compiled import cells
from phasecalc.certify.compiled.density import density_bounds
from phasecalc.certify.compiled.moments import MOMENT_ERROR, law_between, row_matrix, row_terms
from phasecalc.certify.compiled.quadratic import quadratic_drop
from phasecalc.certify.compiled.rows import hessian_below, loss_box
from phasecalc.certify.compiled.secant import lengths_bound, secant_form
from phasecalc.certify.task import Task
from phasecalc.cli import main
from phasecalc.exact.features import local_errors
from phasecalc.exact.no_bias import no_bias_minimum
from phasecalc.report.certificates import certificate_text

PAIR = pc.ToyModel(2, 1)


def exact_error(g, b, j, p):
    """ℓ_j as a rational, from the formulas of the exact half."""
    g, b = [Fraction(x) for x in g], Fraction(b)
    others = [i for i in range(len(g)) if i != j]
    total = Fraction(0)
    for size in range(len(others) + 1):
        for active in combinations(others, size):
            slopes = Counter(g[i] for i in active if g[i] != 0)
            without, with_own = local_errors(g[j], slopes, b, pc.Uniform())
            weight = p**size * (1 - p) ** (len(others) - size)
            total += weight * ((1 - p) * without + p * with_own)
    return total


def hard_number(rng):
    kind = rng.integers(4)
    if kind == 0:
        return rng.uniform(-2, 2)
    if kind == 1:
        return rng.choice([-1, 1]) * 10 ** rng.uniform(-12, 1)
    if kind == 2:
        return rng.integers(-8, 9) / 8
    return float(rng.choice([0.0, 1e-9, -1e-9, 1.0, -1.0]))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_moments_against_exact_rationals(n):
    rng = np.random.default_rng(n)
    M, out = np.empty((n + 1, n + 1)), np.empty(n + 1)
    for _ in range(150):
        g = [hard_number(rng) for _ in range(n)]
        b = hard_number(rng) if rng.random() < 0.7 else -sum(x for x in g if rng.random() < 0.5)
        p = float(rng.choice([0.5, 0.0625, 0.9375, 1.0]))
        theta = np.array([*g, b])
        row_matrix(theta, n, law_between(p, p, n), M)
        square = Fraction(row_terms(theta, n, M, out))
        j = int(rng.integers(n))
        found = Fraction(p) / 3 - 2 * Fraction(out[j]) + square
        error = abs(found - exact_error(g, b, j, Fraction(p)))
        # Each entry of M is within MOMENT_ERROR; measured errors are a thousandth of that.
        assert error <= MOMENT_ERROR / 100 * (1 + np.abs(theta).sum()) ** 2


@pytest.mark.parametrize("n", [2, 3])
def test_density_lies_between_its_bounds_and_they_close(n):
    rng = np.random.default_rng(n)
    low, high = np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1))
    up, down = np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1))
    law = law_between(0.4, 0.4, n)
    for _ in range(40):
        theta = rng.uniform(-1, 1, n + 1)
        j = int(rng.integers(n))
        for width in (0.05, 1e-9):
            box = theta - width * rng.random(n + 1), theta + width * rng.random(n + 1)
            if not density_bounds(*box, j, n, law, low, high):
                continue
            # ∂/∂b E[x_j 1(u > 0)] is E[x_j δ(u)]: a difference of entries of M.
            h = 1e-6
            shift = np.zeros(n + 1)
            shift[n] = h
            row_matrix(theta + shift, n, law, up)
            row_matrix(theta - shift, n, law, down)
            slope = (up[n, j] - down[n, j]) / (2 * h)
            assert low[n, n] - 1e-4 <= slope <= high[n, n] + 1e-4
        if np.abs(theta[:n]).min() > 0.2:
            assert (high - low).max() < 1e-5


def test_boxes_hold_the_loss_and_gradient_of_their_points():
    rng = np.random.default_rng(5)
    for n, m in ((2, 1), (3, 1), (3, 2)):
        task = Task.of(pc.ToyModel(n, m), "3/8", "3/2", {})
        d = task.size
        gl, gh = np.empty(d), np.empty(d)
        h = np.zeros((2, n, n + 1))
        corners = np.empty((n, 2, n + 1, n + 1))
        for _ in range(60):
            centre = rng.uniform(-1.2, 1.2, d)
            width = 10 ** rng.uniform(-6, -0.5)
            lo, hi = centre - width * rng.random(d), centre + width * rng.random(d)
            low, high = loss_box(
                lo, hi, task.compiled, np.empty((n, 2)), gl, gh, h[0], h[1], corners
            )
            x = rng.uniform(lo, hi, (5, d))
            loss, dW, db = pc.expected_loss_and_grad(
                x[:, : m * n].reshape(-1, m, n), x[:, m * n :], [1] * (n - 1) + [1.5], 0.375
            )
            assert (low <= loss).all() and (loss <= high).all()
            gradient = np.concatenate([dW.reshape(5, -1), db], axis=1)
            assert (gl <= gradient).all() and (gradient <= gh).all()


def test_hessians_lie_above_the_matrix():
    rng = np.random.default_rng(6)
    for n, m in ((2, 1), (3, 1), (3, 2)):
        task = Task.of(pc.ToyModel(n, m), "3/8", "3/2", {})
        d = task.size
        h = np.zeros((2, n, n + 1))
        corners, below = np.empty((n, 2, n + 1, n + 1)), np.empty((d, d))
        tried = 0
        for _ in range(200):
            centre = rng.uniform(0.2, 1.2, d) * rng.choice([-1, 1], d)
            width = 10 ** rng.uniform(-5, -2)
            lo, hi = centre - width, centre + width
            loss_box(lo, hi, task.compiled, np.empty((n, 2)), np.empty(d), np.empty(d), *h, corners)
            if not hessian_below(lo, hi, task.compiled, *h, corners, below):
                continue
            tried += 1
            x = rng.uniform(lo, hi)
            exact = pc.expected_hessian(
                x[: m * n].reshape(m, n), x[m * n :], [1] * (n - 1) + [1.5], 0.375
            )
            assert np.linalg.eigvalsh(exact - below)[0] > -1e-9
            if width < 1e-4:
                assert np.abs(exact - below).max() < 0.1
        assert tried > 50


@pytest.mark.parametrize("held", [False, True])
def test_losses_lie_above_lengths_and_above_tangents(held):
    rng = np.random.default_rng(8)
    close = 0
    for n, m in ((2, 1), (3, 1), (3, 2)):
        model = pc.ToyModel(
            n, m, bias="zero" if held else "free", interference_penalty=Fraction(1, 50)
        )
        task = Task.of(model, "3/8", "3/2", {})
        d, importance = task.size, np.array([1.0] * (n - 1) + [1.5])
        A, L, g, y, share = (
            np.empty((d, d)),
            np.zeros((d, d)),
            np.empty(d),
            np.empty(d),
            np.zeros(1),
        )
        for _ in range(80):
            centre = rng.uniform(-1.3, 1.3, d) * (rng.random(d) < 0.9)
            radius = 10 ** rng.uniform(-4, -0.3) * rng.random(d)
            if held:
                centre[m * n :] = radius[m * n :] = 0.0
            lo, hi = centre - radius, centre + radius
            x = rng.uniform(lo, hi, (20, d))
            x[:8] = np.where(rng.random((8, d)) < 0.5, lo, hi)
            W, b = x[:, : m * n].reshape(-1, m, n), x[:, m * n :]
            G = np.einsum("xai,xaj->xij", W, W)
            off = (G**2).sum(axis=(1, 2)) - np.einsum("xii->xi", G**2).sum(axis=1)
            loss = pc.expected_loss(W, b, importance, 0.375) + off / 50
            assert (loss >= lengths_bound(lo, hi, task.compiled, task.variance) - 1e-15).all()
            start = secant_form(lo, hi, task.compiled, A, g)
            h = x - 0.5 * (lo + hi)
            form = start + h @ g + 0.5 * np.einsum("xi,ij,xj->x", h, A, h)
            assert (loss >= form - 1e-15).all()
            drop = quadratic_drop(A, hi > lo, g, g, radius, L, y, 0.0, share)
            assert (form >= start - drop - 1e-13).all()
            close += radius.max() < 1e-3 and (loss - start + drop).min() < 1e-5
    assert close > 10


POINTS = [("1/2", "1"), ("4/5", "1"), ("1/5", "1"), ("1/2", "2/5"), ("3/10", "13/10")]


@pytest.mark.parametrize("S, r", POINTS)
def test_enclosures_hold_what_minimize_finds(S, r):
    found = pc.certify(PAIR, sparsity=S, importance=r, gap="1e-9")
    best = pc.minimize(PAIR, S, r)
    assert found.proved
    assert found.phase == best.name
    assert found.lower <= Fraction(best.loss) + Fraction(1, 10**13)
    assert Fraction(best.loss) - Fraction(1, 10**13) <= found.upper
    assert found.width <= found.gap


def test_running_out_is_a_value(tmp_path):
    few = pc.certify(PAIR, sparsity="3/5", importance=1, most_boxes=1000)
    assert not few.proved and few.phases == () and few.boxes == 1000
    full = pc.certify(PAIR, sparsity="3/5", importance=1)
    assert few.lower <= full.lower and few.upper == full.upper
    place = tmp_path / "search.npz"
    pc.certify(PAIR, sparsity="3/5", importance=1, most_boxes=1000, checkpoint=place)
    again = pc.certify(PAIR, sparsity="3/5", importance=1, checkpoint=place)
    assert again == full
    with pytest.raises(ValueError, match="another task"):
        pc.certify(PAIR, sparsity="2/5", importance=1, checkpoint=place)
    full.save(tmp_path / "certificate.json")
    assert pc.load(tmp_path / "certificate.json") == full


@pytest.mark.parametrize("S, r", [("1/2", "1"), ("1/10", "1"), ("3/4", "1/2")])
def test_agrees_with_the_exact_minimum_without_biases(S, r):
    found = pc.certify(pc.ToyModel(2, 1, bias="zero"), sparsity=S, importance=r, gap="1e-9")
    exact = no_bias_minimum(1 - Fraction(S), Fraction(r))
    assert found.proved and found.phase == exact.name
    assert found.lower <= exact.loss[1] and exact.loss[0] <= found.upper


def test_scale_and_penalty():
    wide = pc.certify(pc.ToyModel(2, 1, pc.Uniform(high=2)), sparsity="3/5", gap="1e-8")
    plain = pc.certify(PAIR, sparsity="3/5", gap="1e-8")
    assert wide.lower <= 4 * plain.upper and 4 * plain.lower <= wide.upper
    model = pc.ToyModel(2, 1, interference_penalty="1/50")
    penal = pc.certify(model, sparsity="3/5", gap="1e-8")
    best = pc.minimize(model, "3/5", 1)
    assert penal.proved and penal.phase == best.name
    assert float(penal.lower) - 1e-13 <= best.loss <= float(penal.upper) + 1e-13


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({"sparsity": 0.6}, TypeError),
        ({"sparsity": "3/5", "importance": 0.5}, TypeError),
        ({"sparsity": "3/5", "gap": 1e-6}, TypeError),
        ({"sparsity": "3/5", "gap": 0}, ValueError),
        ({"sparsity": "3/5", "gap": "-1/100"}, ValueError),
        ({"sparsity": 1}, ValueError),
        ({"sparsity": "3/5", "importance": 0}, ValueError),
        ({"sparsity": "3/5", "most_boxes": 0}, ValueError),
        ({"sparsity": "3/5", "rho": 1}, ValueError),
        ({"sparsity": pc.S}, ValueError),
    ],
)
def test_bad_input(arguments, error):
    with pytest.raises(error):
        pc.certify(PAIR, **arguments)


def test_too_large_or_another_law():
    with pytest.raises(ValueError, match="n_features = 4"):
        pc.certify(pc.ToyModel(4, 1), sparsity="1/2")
    with pytest.raises(ValueError, match="law"):
        pc.certify(pc.ToyModel(2, 1, pc.Point()), sparsity="1/2")


def test_larger_models_have_bounds_at_any_time():
    for n, m in ((3, 1), (3, 2)):
        model = pc.ToyModel(n, m)
        found = pc.certify(model, sparsity="4/5", gap="1e-3", most_boxes=2000)
        best = pc.minimize(model, "4/5", 1).loss
        assert not found.proved and 0 <= found.lower <= Fraction(best) + Fraction(1, 10**13)
        assert abs(float(found.upper) - best) < 1e-10


@pytest.mark.long
def test_three_in_one_is_proved():
    """At S = 1/2 nothing beats a pair with the third feature dropped."""
    found = pc.certify(pc.ToyModel(3, 1), sparsity="1/2", gap="1e-4")
    assert found.proved and found.phase == "ignore-extra+others-antipodal"
    pair = pc.certify(PAIR, sparsity="1/2", gap="1e-9")
    v = Fraction(5, 48)
    assert found.lower <= pair.upper + v and pair.lower + v <= found.upper + Fraction(1, 10**9)


def test_polygon():
    best = pc.minimize(pc.ToyModel(5, 2), 0.95, 1, random_starts=6).lowest
    start = (float(np.diag(best.gram).mean()), float(best.bias.mean()))
    proof = polygons.certified_polygon(5, Fraction(19, 20), start, 0.0169)
    assert proof is not None and proof.positive == 14
    assert abs(float(proof.loss.mid()) - best.loss) < 1e-14
    # More than the least curvature is not proved, nor is a place without a stationary point.
    assert polygons.certified_polygon(5, Fraction(19, 20), start, 0.0171) is None


def test_command(capsys, tmp_path):
    place = tmp_path / "c.json"
    for arguments, status in (
        (["-S", "3/5", "-q", "-o", str(place)], 0),
        (["-S", "3/5", "-q", "--json", "--bias", "zero"], 0),
        (["-S", "3/5", "-q", "--most-boxes", "50"], 1),
        (["-S", "3/5", "--gap", "0"], 2),
        (["-S", "1"], 2),
        (["-n", "5", "-S", "1/2"], 2),
        (["-S", "1/2", "--law", "point"], 2),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["certify", *arguments])
        assert (stopped.value.code or 0) == status
        captured = capsys.readouterr()
        if status == 2:
            assert captured.err.count("\n") == 1 and not captured.out
        elif "--json" in arguments:
            document = json.loads(captured.out)
            assert document["proved"] and Fraction(document["lower"]) < Fraction(document["upper"])
        else:
            assert "≤ F ≤" in captured.out
    assert pc.load(place).phase == "antipodal"


# The independent checker ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Certificates as JSON documents: b = 0, free biases, a minimum with a kink, an exact one."""
    folder = tmp_path_factory.mktemp("certificates")
    held = pc.certify(pc.ToyModel(2, 1, bias="zero"), sparsity="1/2", gap="1e-6")
    free = pc.certify(PAIR, sparsity="1/2", gap="1e-6")
    kink = pc.certify(PAIR, sparsity="1/10", importance="9/10", gap="1e-3")
    found = {}
    exact = pc.certify(PAIR, sparsity="1/2", importance="2/5", gap="1e-9")
    for name, certificate in (("held", held), ("free", free), ("kink", kink), ("exact", exact)):
        certificate.save(folder / f"{name}.json")
        found[name] = listed(json.loads((folder / f"{name}.json").read_text()))
    return folder, found


def listed(document):
    """The document with the steps as lists, which are read as well as bytes are."""
    for name in ("codes", "indices", "values"):
        parts = document["record"]["proof"][name]["array"]
        if "base64" in parts:
            content = base64.b64decode(parts.pop("base64"))
            parts["entries"] = np.frombuffer(content, parts["dtype"]).tolist()
    return document


def entries(document, name):
    return document["record"]["proof"][name]["array"]["entries"]


def drop(document, at):
    for name in ("codes", "indices", "values"):
        del entries(document, name)[at]
        document["record"]["proof"][name]["array"]["shape"] = [len(entries(document, name))]


def append(document, *step):
    for name, value in zip(("codes", "indices", "values"), step, strict=True):
        entries(document, name).append(value)
        document["record"]["proof"][name]["array"]["shape"] = [len(entries(document, name))]


def first(document, code):
    return entries(document, "codes").index(code)


def shift(document, name, share):
    record = document["record"]
    value = Fraction(record[name]["fraction"]) * (1 + Fraction(share))
    record[name]["fraction"] = f"{value.numerator}/{value.denominator}"


def change(document, name, at, value):
    entries(document, name)[at] = value


def recoded(old, new):
    """The first step of one reason given another one."""
    return lambda document: change(document, "codes", first(document, old), new)


def raised(document):
    """The first step by tangents whose form had to be raised."""
    steps = zip(entries(document, "codes"), entries(document, "values"), strict=True)
    return next(k for k, (code, value) in enumerate(steps) if code == codes.SECANT and value > 0)


def held_radius(document):
    document["record"]["minimisers"][0]["radius"] = 1e-30


def widened(document):
    """A region of convexity far larger in every direction that is not fixed."""
    parts = entries(document, "neighbourhoods")
    d = document["record"]["proof"]["neighbourhoods"]["array"]["shape"][2]
    for s in range(d):
        for end in (0, d):
            parts[end + s] += 30 * (parts[end + s] - parts[2 * d + s])


def hide_a_hole(document):
    """Below the first split one half is shown twice and the other one never."""
    codes_of = entries(document, "codes")

    def end_of(at):
        open_boxes = 1
        while open_boxes:
            open_boxes += (codes_of[at] == codes.SPLIT) - (codes_of[at] >= codes.EMPTY) * (
                codes_of[at] < codes.SPLIT
            )
            at += 1
        return at

    start = first(document, codes.SPLIT) + 1
    middle = end_of(start)
    end = end_of(middle)
    for name in ("codes", "indices", "values"):
        part = entries(document, name)
        part[middle:end] = part[start:middle]
        document["record"]["proof"][name]["array"]["shape"] = [len(part)]


def split_at_the_border(document):
    """The first split, of a weight, whose interval is still that of the domain."""
    at = first(document, codes.SPLIT)
    axis = entries(document, "indices")[at]
    assert axis < 2
    change(document, "values", at, entries(document, "domain")[4 + axis])


def move_minimiser(document):
    weights = document["record"]["minimisers"][0]["weights"]["array"]["entries"]
    weights[0] += 1e-3


def other_model(document):
    document["record"]["proof"]["weighting"][1]["fraction"] = "11/10"


def shrink_bound(document):
    """The lower bound is moved to the upper one: boxes next to the minimum no longer reach it."""
    record = document["record"]
    record["lower"]["fraction"] = record["upper"]["fraction"]


def one_more_region(document):
    regions = document["record"]["minimisers"]
    regions.append({**regions[0], "radius": 1e-30, "unique": True})


FORGERIES = {
    "a region of convexity that is too large": ("held", widened),
    "a box twice, which hides a hole": ("free", hide_a_hole),
    "the place of the minimiser": ("held", move_minimiser),
    "a region that no neighbourhood proves": ("free", one_more_region),
    "another importance": ("held", other_model),
    "another importance in the model alone": (
        "held",
        lambda d: d["record"]["importance"].update(fraction="2/1"),
    ),
    "another unit of the magnitudes": (
        "held",
        lambda d: d["record"]["model"]["law"]["high"].update(fraction="2/1"),
    ),
    "biases free in the model alone": ("held", lambda d: d["record"]["model"].update(bias="free")),
    "a penalty in the model alone": (
        "held",
        lambda d: d["record"]["model"]["interference_penalty"].update(
            formula=["Rational", "1", "2"]
        ),
    ),
    "a penalty that is not there": (
        "held",
        lambda d: d["record"]["proof"]["penalty"].update(fraction="1/2"),
    ),
    "biases that are held": ("free", lambda d: d["record"]["proof"].update(held=True)),
    "a shrunk enclosure": ("held", shrink_bound),
    "a swapped reason, lengths alone": ("free", recoded(codes.SECANT, codes.LENGTH)),
    "a swapped reason, the value alone": ("free", recoded(codes.SECANT, codes.VALUE)),
    "a swapped reason, no slope": ("free", recoded(codes.SECANT, codes.SLOPE)),
    "another row": (
        "free",
        lambda d: change(
            d, "indices", first(d, codes.ROW), 1 - entries(d, "indices")[first(d, codes.ROW)]
        ),
    ),
    "a form that is raised too little": (
        "free",
        lambda d: change(d, "values", raised(d), 0.0),
    ),
    "a negative share": ("free", lambda d: change(d, "values", raised(d), -1.0)),
    "a split elsewhere": (
        "free",
        lambda d: change(d, "values", 0 + first(d, codes.SPLIT), 1e-3),
    ),
    "an entry that is none": ("free", lambda d: change(d, "indices", first(d, codes.SPLIT), 99)),
    "a missing box": ("held", lambda d: drop(d, first(d, codes.SECANT))),
    "the last box is missing": ("held", lambda d: drop(d, -1)),
    "a split is called closed": ("held", lambda d: change(d, "codes", 0, codes.VALUE)),
    "a closed box is called split": ("held", recoded(codes.SECANT, codes.SPLIT)),
    "a box is called empty": ("held", recoded(codes.SECANT, codes.EMPTY)),
    "a box in no neighbourhood": ("held", recoded(codes.SECANT, codes.CONVEX)),
    "a slope that vanishes": ("held", recoded(codes.CONVEX, codes.SLOPE)),
    "an unknown step": ("held", lambda d: change(d, "codes", 5, 99)),
    "a lower bound that is too high": ("held", lambda d: shift(d, "lower", "1/1000000")),
    "an upper bound that is too low": ("held", lambda d: shift(d, "upper", "-1/1000")),
    "another sparsity": ("held", lambda d: shift(d, "sparsity", "1/1000")),
    "a wider gap than asked for": ("held", lambda d: shift(d, "gap", "-99999999/100000000")),
    "a smaller domain": ("held", lambda d: change(d, "domain", 5, 0.5)),
    "a neighbourhood that is not convex": (
        "held",
        lambda d: change(d, "neighbourhoods", 0, -3.0),
    ),
    "a region that is too small": ("held", held_radius),
    "a minimiser is left out": ("held", lambda d: d["record"]["minimisers"].clear()),
    "a bias cut too far below": (
        "free",
        lambda d: change(d, "values", first(d, codes.SLOPE_LOW), 5.0),
    ),
    "a bias cut too far above": (
        "free",
        lambda d: change(d, "values", first(d, codes.DOMAIN_HIGH), 0.0),
    ),
    "an error below the variance": ("free", recoded(codes.VALUE, codes.ROW)),
    "a cut after the last box": ("free", lambda d: append(d, codes.SLOPE_LOW, 0, 0.0)),
    "a box after the last box": ("free", lambda d: append(d, codes.VALUE, 0, 0.0)),
    "the steps end with a split": ("free", lambda d: append(d, codes.SPLIT, 0, 0.0)),
    "a cut at no number": (
        "free",
        lambda d: change(d, "values", first(d, codes.SLOPE_HIGH), float("nan")),
    ),
    "a share that is no number": ("free", lambda d: change(d, "values", raised(d), float("nan"))),
    "a cut on the other side": (
        "free",
        lambda d: change(d, "codes", first(d, codes.SLOPE_LOW), codes.SLOPE_HIGH),
    ),
    "the other bias is cut": (
        "free",
        lambda d: change(
            d,
            "indices",
            first(d, codes.SLOPE_LOW),
            1 - entries(d, "indices")[first(d, codes.SLOPE_LOW)],
        ),
    ),
    "a split at the border of its box": ("free", split_at_the_border),
    "the kink's region is left out": ("kink", lambda d: d["record"]["minimisers"].clear()),
    "a symmetry of unlike features": ("kink", recoded(codes.VALUE, codes.SYMMETRY)),
}


@pytest.mark.parametrize(
    "name, balls",
    [
        ("held", False),
        ("free", False),
        ("kink", False),
        ("exact", False),
        ("held", True),
        ("free", True),
    ],
)
def test_checker_accepts(files, name, balls):
    folder, found = files
    result = pc.check_certificate(folder / f"{name}.json", balls=balls)
    assert result["leaves"] == sum(10 <= c < 20 for c in entries(found[name], "codes"))


@pytest.mark.parametrize("forgery", FORGERIES)
def test_checker_rejects(files, forgery, monkeypatch):
    folder, found = files
    monkeypatch.setattr(claim, "MOST_PIECES", 300)
    name, forge = FORGERIES[forgery]
    document = copy.deepcopy(found[name])
    forge(document)
    assert document != found[name]
    (folder / "forged.json").write_text(json.dumps(document))
    with pytest.raises(checker.Rejected):
        pc.check_certificate(folder / "forged.json")


def packed(document):
    """The document with its steps as bytes, as long ones are saved."""
    document = copy.deepcopy(document)
    for name in ("codes", "indices", "values"):
        parts = document["record"]["proof"][name]["array"]
        content = np.array(parts.pop("entries"), parts["dtype"]).tobytes()
        parts["base64"] = base64.b64encode(content).decode()
    return document


def test_steps_as_bytes_are_read_and_forgeries_in_them_rejected(files):
    folder, found = files
    place = folder / "packed.json"
    place.write_text(json.dumps(packed(found["free"])))
    result = pc.check_certificate(place)
    assert result == pc.check_certificate(folder / "free.json")
    for forgery in (
        "a box twice, which hides a hole",
        "a swapped reason, no slope",
        "a bias cut too far below",
        "a split elsewhere",
        "a negative share",
    ):
        document = copy.deepcopy(found["free"])
        FORGERIES[forgery][1](document)
        place.write_text(json.dumps(packed(document)))
        with pytest.raises(checker.Rejected):
            pc.check_certificate(place)
    for name, value in (("dtype", "<f4"), ("dtype", "O"), ("shape", [7]), ("base64", "!")):
        document = packed(found["free"])
        document["record"]["proof"]["values"]["array"][name] = value
        place.write_text(json.dumps(document))
        with pytest.raises(ValueError, match="no certificate"):
            pc.check_certificate(place)


def test_checker_reads_the_importances_of_a_model(tmp_path):
    """Formulas in symbols, a unit and a penalty."""
    rho = sympy.Symbol("rho")
    model = pc.ToyModel(
        2, 1, pc.Uniform(high=3), importance=["2/3", rho**2 + pc.r / 2], interference_penalty="1/50"
    )
    found = pc.certify(model, sparsity="4/5", importance="3/2", gap="1e-6", rho="1/2")
    assert found.proved
    found.save(tmp_path / "c.json")
    assert pc.check_certificate(tmp_path / "c.json")["regions"] == len(found.minimisers)


def test_checker_refuses_another_size(files):
    folder, found = files
    document = copy.deepcopy(found["held"])
    document["record"]["model"]["n_features"] = 3
    (folder / "forged.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match="sizes"):
        pc.check_certificate(folder / "forged.json")


@pytest.mark.parametrize("entry", ["lower", "upper", "gap"])
def test_checker_takes_numbers_of_any_size(files, entry):
    folder, found = files
    document = copy.deepcopy(found["held"])
    document["record"][entry]["fraction"] = "1" + "0" * 400 + "/1"
    (folder / "forged.json").write_text(json.dumps(document))
    if entry == "gap":
        # A wide gap claims less.
        pc.check_certificate(folder / "forged.json")
        return
    with pytest.raises(checker.Rejected):
        pc.check_certificate(folder / "forged.json")


@pytest.mark.parametrize("which", ["overlap", "bias", "own", "mixed", "square"])
def test_a_wrong_formula_is_caught(which, monkeypatch, tmp_path):
    """One sign of the loss is flipped on one side: search and checker no longer agree.

    At random points the loss of the wrong formula is not the exact one either.
    """
    right, right_slope, right_error = (
        getattr(bounds.Loss, name) for name in ("terms", "bias_slope", "error")
    )
    signs = {"overlap": [1, -1, 1], "bias": [1, 1, -1], "own": [-1, 1, 1]}.get(which, [])

    def flipped(theta):
        return [s * x for s, x in zip(signs, theta, strict=True)]

    def wrong_error(loss, box, j):
        found, theta = right_error(loss, box, j), loss.row(box, j)
        if which == "mixed":
            return found + 4 * loss.terms(theta[1])[1][j]
        return found - 2 * loss.terms(theta[0])[2]

    def spoil():
        if which in ("mixed", "square"):
            monkeypatch.setattr(bounds.Loss, "error", wrong_error)
            return
        monkeypatch.setattr(bounds.Loss, "terms", lambda loss, theta: right(loss, flipped(theta)))
        monkeypatch.setattr(
            bounds.Loss,
            "bias_slope",
            lambda loss, theta, j: right_slope(loss, tuple(map(flipped, theta)), j),
        )

    rng = np.random.default_rng(1)
    for k in range(3):
        S, r = Fraction(int(rng.integers(2, 19)), 20), Fraction(int(rng.integers(5, 20)), 10)
        found = pc.certify(PAIR, sparsity=S, importance=r, gap="1e-6")
        place = tmp_path / f"{k}.json"
        found.save(place)
        spoil()
        with pytest.raises(checker.Rejected):
            pc.check_certificate(place)
        monkeypatch.undo()
        pc.check_certificate(place)


@pytest.mark.parametrize("text", ["{}", "[1, 2]", "{", '{"record": {"record": "ToyModel"}}'])
def test_checker_refuses_what_is_no_certificate(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match="no certificate"):
        pc.check_certificate(tmp_path / "x.json")


def test_checker_imports_nothing_of_the_search():
    for path in Path(checker.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        modules = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        names = {alias.name for n in modules if isinstance(n, ast.Import) for alias in n.names}
        far = [n for n in modules if isinstance(n, ast.ImportFrom) and n.level > 1]
        names |= {str(n.module) for n in modules if isinstance(n, ast.ImportFrom) and not n.level}
        assert not far
        # Numba only where all of it can be done without.
        known = {"phasecalc", "scipy", "sympy"} | ({"numba"} if path.name != "jit.py" else set())
        assert not {name.split(".")[0] for name in names} & known


def test_the_checker_does_without_a_compiler(files):
    """Where Numba is missing the same functions run as Python."""
    folder, _ = files
    script = (
        "import sys; sys.modules['numba'] = None\n"
        "from phasecalc.certify.checker import check_certificate, integrals\n"
        "assert not hasattr(integrals.moments, 'py_func')\n"
        "print(check_certificate(sys.argv[1])['leaves'])"
    )
    place = folder / "held.json"
    found = subprocess.run(
        [sys.executable, "-c", script, str(place)], capture_output=True, text=True, check=True
    )
    assert int(found.stdout) == pc.check_certificate(place)["leaves"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_moments_of_the_checker_against_balls(n, monkeypatch):
    """Rules between kinks, in float64, against closed formulas, and both against rationals."""
    rng = np.random.default_rng(10 + n)
    p = Fraction(5, 16)
    loss = bounds.Loss(SimpleNamespace(
        n=n, m=1, held=False, p=fmpq(5, 16), penalty=fmpq(0), weighting=[fmpq(1)] * n
    ), Floats)  # fmt: skip
    theta = [np.array([hard_number(rng) for _ in range(300)]) for _ in range(n + 1)]
    theta[n][::3] = -sum(theta[i][::3] * rng.integers(0, 2, 100) for i in range(n))
    found = Floats.moments(theta, loss)
    with monkeypatch.context() as patch:
        # Closed formulas divide by small overlaps.
        patch.setattr(ctx, "prec", 2000)
        exact = Balls.moments([Balls.array(x) for x in theta], loss)
    worst = 0.0
    for k, q in ((k, q) for k in range(n + 1) for q in range(n + 1)):
        error = abs(np.array([arb(x) for x in found[k][q]]) - exact[k][q])
        worst = max(worst, *(float(e.upper()) for e in error))
    # Rows may be wrong by 2^-42 (1 + Σ|θ|)², which 2^-43 of each entry make.
    assert worst < 2.0**-43
    for row in range(0, 300, 10):
        at = [x[row : row + 1] for x in theta]
        j = int(rng.integers(n))
        _, P, Q = loss.terms(at)
        square = (1 + sum(abs(x[0]) for x in at)) ** 2
        error = Fraction(p) / 3 - 2 * Fraction(P[j][0]) + Fraction(Q[0])
        error -= exact_error([x[0] for x in at[:-1]], at[-1][0], j, p)
        assert abs(error) < Floats.ROW * square


# Cells --------------------------------------------------------------------------------------------


def test_laws_between_are_polar_forms():
    """Affine in each probability, equal to the law where they agree; v and M follow."""
    p, q = 0.25, 0.75
    ends = law_between(p, p, 2), law_between(p, q, 2), law_between(q, q, 2)
    for t in (0.0, 0.3, 1.0):
        mixed = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * ends[1] + t**2 * ends[2]
        at = (1 - t) * p + t * q
        assert np.allclose(mixed, law_between(at, at, 2), atol=1e-15)


def _cell_loss(density, importance, always_on, x):
    """The loss; with `always_on` at the best bias of output 2, which is linear."""
    W, b = x[:2].reshape(1, 2), x[2:].copy()
    if not always_on:
        return pc.expected_loss(W, b, [1, importance], 1 - density)
    b[1] = density / 2 * (1 - x[1] ** 2 - x[0] * x[1])
    v = density / 3 - density**2 / 4
    rest = pc.expected_loss(W, b, [1, 0], 1 - density)
    return rest + importance * v * ((1 - x[1] ** 2) ** 2 + (x[0] * x[1]) ** 2)


@pytest.mark.parametrize("always_on", [False, True])
def test_vertex_losses_bound_the_losses_of_a_cell(always_on):
    """At random places the loss lies above the combination of the six lower bounds."""
    rng = np.random.default_rng(7)
    p, r = (0.4, 0.6), np.array([0.5, 0.8])
    pairs = [(p[0], p[0]), p, (p[1], p[1])]
    laws = np.array([law_between(a, b, 2) for a, b in pairs])
    variances = np.array([(a + b) / 6 - a * b / 4 for a, b in pairs])
    scratch = [np.empty((2, 2)), np.empty(4), np.empty(4), np.zeros((2, 3)), np.zeros((2, 3))]
    corners, A = np.empty((2, 2, 3, 3)), np.empty((4, 4))
    for _ in range(60):
        at = np.concatenate(
            [rng.uniform(0, 1.2, 1), rng.uniform(-1.2, 1.2, 1), rng.normal(0, 0.3, 2)]
        )
        if always_on:
            at[3] = 3.0
        lo, hi = at - 0.02 * rng.random(4), at + 0.02 * rng.random(4)
        s, t = rng.random(2)
        density, importance = (1 - s) * p[0] + s * p[1], (1 - t) * r[0] + t * r[1]
        weights = np.outer([1 - t, t], [(1 - s) ** 2, 2 * s * (1 - s), s**2]).ravel()
        low, below, slopes, bounded = 0.0, np.zeros((4, 4)), np.zeros((2, 4)), True
        for v in range(6):
            low += weights[v] * cells._bounds(
                lo, hi, (laws, r, 0.0), variances, v, always_on, *scratch, corners
            )
            slopes += weights[v] * np.array(scratch[1:3])
            bounded = bounded and cells._hessian(
                lo, hi, (laws, r, 0.0), variances, v, always_on, *scratch[3:], corners, A
            )
            below += weights[v] * A

        loss = partial(_cell_loss, density, importance, always_on)
        x = rng.uniform(lo, hi)
        value = loss(x)
        assert low <= value + 1e-12
        for k in range(2):
            h = np.eye(4)[k] * 1e-6
            slope = (loss(x + h) - loss(x - h)) / 2e-6
            assert slopes[0, k] - 1e-7 <= slope <= slopes[1, k] + 1e-7
        if bounded:
            d = np.append(rng.normal(0, 1, 3), 0.0)
            inner = 0.5 * (lo + hi)
            bend = loss(inner + 1e-3 * d) + loss(inner - 1e-3 * d) - 2 * loss(inner)
            assert bend / 1e-6 >= d @ below @ d - 1e-2


def test_cells_agree_with_the_search_and_leave_boundaries_open(tmp_path):
    found = pc.certify_cells(levels=3)
    # Next to S = 1 cells are narrow.
    assert found.phase_at("99/100", "1/5") == "antipodal" == found.phase_at("97/100", 5)
    assert 0.1 < found.share < 1 and abs(found.areas.sum() - 1) < 1e-12
    # The boundary of ignore and antipodal at S = 1/2 is r = 0.5357, that of 3/5 is r = 0.3373.
    assert found.phase_at("1/2", "5357/10000") == found.phase_at("3/5", "3373/10000") == ""
    inside = found.phase_at("4/5", 1), found.phase_at("1/2", "1/8"), found.phase_at("1/2", 8)
    assert inside == ("antipodal", "ignore", "dedicated")
    chosen = [k for k, code in enumerate(found.phase) if code]
    rng = np.random.default_rng(3)
    for k in rng.choice(chosen, 12, replace=False):
        S, r = (float(rng.uniform(*ends[k])) for ends in (found.sparsity, found.importance))
        w = pc.minimize(PAIR, S, r).lowest.weights[0]
        sign = {"ignore": w[1] == 0, "dedicated": w[0] == 0, "antipodal": w[0] * w[1] < 0}
        assert sign[found.phases[k]], (S, r, found.phases[k], w)
        assert found.phase_at(Fraction(S), Fraction(r)) == found.phases[k]
    found.save(tmp_path / "cells.json")
    assert pc.load(tmp_path / "cells.json") == found
    assert "% of the window" in str(found)
    assert pc.plot_cells(found).axes[0].collections


@pytest.mark.parametrize("cell", [(3, 3, 2, 1), (3, 3, 7, 1), (3, 6, 60, 2), (4, 7, 127, 0)])
def test_parts_cover_a_cell_once(cell):
    """Quarters of a square, halves of one at S = 1 and of what is narrow; none of the others."""
    whole = map_of_cells._Cell(*cell)
    parts = whole.parts()
    assert sum(part.area for part in parts) == whole.area
    assert len(parts) == (4 if cell[0] == cell[1] and not whole.at_one else 2)
    inside = [whole.sparsity, whole.importance]
    for part in parts:
        for (low, high), (least, most) in zip(
            inside, (part.sparsity, part.importance), strict=True
        ):
            assert low <= least < most <= high
    corners = {(part.sparsity[0], part.importance[0]) for part in parts}
    assert len(corners) == len(parts)
    # Only those at S = 1 are halved in S beyond the levels of the others.
    assert whole.last(cell[0]) == (not whole.at_one)
    assert whole.at_one == (whole.sparsity[1] == 1)


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({"model": pc.ToyModel(3, 1)}, ValueError),
        ({"model": pc.ToyModel(2, 1, pc.Point())}, ValueError),
        ({"model": pc.ToyModel(2, 1, bias="zero")}, ValueError),
        ({"levels": 2}, ValueError),
        ({"levels": 4.0}, TypeError),
    ],
)
def test_cells_refuse(arguments, error):
    with pytest.raises(error):
        pc.certify_cells(**arguments)


def test_a_mirror_image_is_printed_once():
    found = pc.certify(PAIR, sparsity="1/5", importance=3, gap="1e-4")
    first, second = found.minimisers
    assert np.array_equal(first.weights, -second.weights)
    text = certificate_text(found)
    assert text.count("dedicated: within") == 1 and text.count("its mirror image") == 1
