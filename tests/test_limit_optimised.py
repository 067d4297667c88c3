"""The diagram of many features from optimised blocks, against ways that do not use it."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import brentq

import phasecalc as pc
from docs import many_features
from phasecalc.limit import optimised
from phasecalc.limit.geometry import tabulated
from phasecalc.limit.optimised import stable_at
from phasecalc.minima.naming import groups_of

from .marks import long


@pytest.fixture(scope="module")
def diagram():
    return pc.limit_diagram(source="optimised")


def variance(S):
    return (1 - S) * (1 + 3 * S) / 12


def least(k, d, S):
    """The loss of the block k in d by a search of its own: the table takes no part.

    Only minima in which all features hang together count: beside the crossing a mixture is lower.
    """
    for minimum in pc.minimize(pc.ToyModel(k, d), S, 1.0).minima:
        if groups_of(minimum.weights.T @ minimum.weights) == (tuple(range(k)),):
            return minimum.loss
    raise AssertionError(f"no block {k} in {d} at S = {S}")


@pytest.mark.parametrize(
    ("compound", "stable", "gap"),
    [
        # A compound touches the segment, or the ray, of the two phases that it is made into.
        long("4 in 3", "below", lambda S: least(4, 3, S) - least(2, 1, S)),
        (
            "3 in 2",
            "below",
            lambda S: least(3, 2, S) / 2 - (0.75 * least(4, 3, S) / 3 + 0.25 * least(2, 1, S)),
        ),
        ("5 in 2", "above", lambda S: least(5, 2, S) / 2 - least(2, 1, S) - variance(S) / 2),
    ],
)
def test_crossings_by_searches_of_their_own(diagram, compound, stable, gap):
    (point,) = (q for q in diagram.invariants if (q.compound, q.stable) == (compound, stable))
    S = point.sparsity
    found = brentq(gap, S - 0.002, S + 0.002, xtol=1e-13, rtol=1e-14)
    assert found == pytest.approx(S, abs=1e-10)


@pytest.mark.parametrize("S", [0.15, 0.37, 0.45, 0.6, 0.78, 0.87, 0.95, 0.993])
def test_the_hull_is_the_best_of_all_mixtures_of_three(diagram, S):
    """Brute force over every pair; and no mixture of three blocks, dropped features with them."""
    blocks = [(k / d, pc.geometry(k, d).loss(S) / d) for k, d in tabulated() if k > d]
    points = np.array([(0.0, 0.0), (1.0, 0.0), *blocks])
    v, rng = variance(S), np.random.default_rng(1)
    for nu in (0.5, 1.2, 1.7, 2.2, 2.6, 4.0):
        with_dropped = [y + (nu - x) * v for x, y in points if x <= nu]
        pairs = [
            y0 + (nu - x0) / (x1 - x0) * (y1 - y0)
            for (x0, y0), (x1, y1) in combinations(points, 2)
            if x0 != x1 and min(x0, x1) <= nu <= max(x0, x1)
        ]
        state = diagram.at(S, str(nu))
        assert state.loss == pytest.approx(min(with_dropped + pairs), abs=1e-13)
        shares = rng.dirichlet(np.ones(3), size=2000)
        chosen = points[np.array([rng.choice(len(points), 3, replace=False) for _ in shares])]
        x, y = (shares[:, :, None] * chosen).sum(axis=1).T
        assert (y + (nu - x) * v)[x <= nu].min(initial=np.inf) >= state.loss - 1e-13
        # The lever rule.
        assert sum(share for _, share in state.shares) <= 1
        held = sum(share * diagram.compound(name).ratio for name, share in state.shares)
        assert held + state.dropped == state.ratio


def test_invariant_points_separate_what_is_stable(diagram):
    """Below S = 0.11 blocks fall apart continuously: next to it they tie with their parts."""
    for strip in diagram.strips:
        if strip.low > 0.11:
            assert tuple(c.name for c in stable_at((strip.low + strip.high) / 2)) == strip.compounds
    for low, high in zip(diagram.strips, diagram.strips[1:], strict=False):
        assert low.high == high.low
    for point in diagram.invariants:
        if point.sparsity < 0.11:
            continue
        side = 1e-5 if point.stable == "above" else -1e-5
        assert point.compound in {c.name for c in stable_at(point.sparsity + side)}
        assert point.compound not in {c.name for c in stable_at(point.sparsity - side)}


def test_what_the_table_calls_a_mixture_is_one():
    """Skipped blocks are sums of smaller ones by a search at random S as well."""
    rng = np.random.default_rng(3)
    for k, d in ((3, 1), (4, 2), (5, 2), (5, 3), (7, 3)):
        for low, high in optimised._mixtures(k, d):
            assert not pc.geometry(k, d).is_block(rng.uniform(low, high))


def test_a_bar_where_one_is_asked_for(diagram, capsys):
    again = pc.limit_diagram(source="optimised", progress=True)
    assert "changes" in capsys.readouterr().err
    assert again == diagram


def test_the_page_has_the_table_of_scarce_dimensions(diagram):
    """Row by row: blocks and figures as words, numbers to the error of a continuous change."""

    def parsed(rows):
        return [re.split(r"[|…,]", row) for row in rows if row[:3] not in ("", "| S", "|--")]

    text = many_features.PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- scarce: written by many_features.py -->", "<!-- end of scarce -->"
    shown = parsed(text.partition(begin)[2].partition(end)[0].splitlines())
    found = parsed(many_features.scarce(diagram))
    assert len(shown) == len(found) and float(found[0][1]) == 0 and float(found[-1][2]) == 0.99
    for one, other in zip(shown, found, strict=True):
        for a, b in zip(one, other, strict=True):
            if re.fullmatch(r"\s*[\d.]+\s*", b):
                assert float(a) == pytest.approx(
                    float(b), abs=2e-6 if len(b.strip()) > 6 else 1.1e-4
                )
            else:
                assert a.strip() == b.strip()


@pytest.mark.seconds
@pytest.mark.parametrize(("k", "d", "S"), [(7, 2, 0.99), (7, 2, 0.998), (8, 2, 0.99), (7, 1, 0.05)])
def test_the_search_of_many_features_finds_what_the_table_has(k: int, d: int, S: float) -> None:
    """Regular polygons and groups that agree: random starts seldom lead there."""
    found = pc.minimize(pc.ToyModel(k, d), S, 1.0)
    assert found.loss == pytest.approx(pc.geometry(k, d).loss(S), rel=1e-9)
