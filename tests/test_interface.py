"""One interface: the same idea has the same name, type and meaning in every record."""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.display import Shown, Written
from phasecalc.encoding import PLACES
from phasecalc.laws import LAWS
from phasecalc.records import Record, document_of, record_of

from .lands import traced as traced_in
from .lands import window

PAIR = pc.ToyModel(2, 1)
W, B = np.array([[1.0, -0.9]]), np.array([0.05, 0.02])
PARTS = {
    "Crossing", "TracedPhase", "ContinuationSettings", "ToyModel", "Independent", "Groups",
    "ExactlyActive", "Table", "Pair", *(law.__name__ for law in LAWS.values()),
}  # fmt: skip
"""Plain dataclasses that are kept inside records: docs/records.md."""
ELSEWHERE = {"TrainedGrid", "TrainingSettings", "Derivation", "Step"}
"""Kept in other files, or made again from the library: docs/records.md says which and why."""


@cache
def traced() -> pc.TracedDiagram:
    """ignore | antipodal in a small window."""
    return traced_in(window((0.6, 0.7), (0.2, 0.5)), (3, 3))


def pair() -> pc.PairDiagram:
    """Two features over (p, c) whose line ends at a quadratic surd."""
    model = pc.ToyModel(2, 1, importance=[1, "1/2"], support=pc.Pair())
    found = pc.phase_diagram(model, x=pc.p, y=pc.c)
    assert isinstance(found, pc.PairDiagram)
    return found


MADE: dict[str, Callable[[], Any]] = {
    "PhaseDiagram": lambda: pc.phase_diagram(PAIR),
    "Boundary": lambda: pc.phase_diagram(PAIR).boundaries[0],
    "PairDiagram": pair,
    "PairPhase": lambda: pair().phases[1],
    "PairBoundary": lambda: pair().boundaries[0],
    "PairPoint": lambda: pair().special_points[1],
    "Junction": lambda: pc.phase_diagram(PAIR).junctions[0],
    "Candidate": lambda: pc.candidates(PAIR)[0],
    "Block": lambda: pc.Block(gram=[[1, "-1/2"], ["-1/2", 1]], bias=[0, "1/10"], name="own"),
    "SparseLoss": lambda: pc.decompose([[1, -1]], [0, 0]),
    "GridDiagram": lambda: pc.phase_diagram(PAIR).grid([0.1, 0.9], [0.5, 2.0]),
    "TracedDiagram": traced,
    "TracedBoundary": lambda: traced().boundaries[0],
    "SpecialPoint": lambda: traced().special_points[0],
    "Spinodal": lambda: traced().spinodals[0],
    "MetastableRegion": lambda: traced().metastable[0],
    "Slice": lambda: pc.slice_along(PAIR, sparsity=0.6, values=[0.2, 0.3, 0.4]),
    "Branch": lambda: pc.slice_along(PAIR, sparsity=0.6, values=[0.2, 0.3, 0.4]).branches[0],
    "Minimum": lambda: pc.minimize(PAIR, 0.6),
    "LocalMinimum": lambda: pc.minimize(PAIR, 0.6).lowest,
    "PolishedPoint": lambda: pc.PolishedPoint(
        sympy.Float("0.6", 30), sympy.Float("0.25", 30), sympy.Float("1e-3", 30), 1e-12
    ),
    "Certificate": lambda: pc.certify(PAIR, sparsity="3/5", gap="1/100"),
    "CellMap": lambda: pc.CellMap(
        PAIR,
        3,
        np.array([[0.0, 0.5], [0.5, 1.0]]),
        np.array([[0.1, 1.0], [1.0, 10.0]]),
        np.array([0, 2], dtype=np.int8),
    ),
    "Regret": lambda: pc.regret(PAIR, W, B, sparsity=0.6),
    "Description": lambda: pc.describe(W, B, sparsity=0.6),
    "FoundWeights": lambda: pc.FoundWeights(W, B, "phasecalc", 1.0, "S", "by hand"),
    "FlowCounts": lambda: pc.gradient_flow(PAIR, 0.6, trajectories=100),
    "Geometry": lambda: pc.geometry(3, 2),
    "LimitDiagram": pc.limit_diagram,
    "LimitState": lambda: pc.limit_diagram().at("4/5", "3/2"),
    "CrossCheck": lambda: pc.crosscheck(
        pc.phase_diagram(PAIR), pc.train(PAIR, [0.3, 0.9], [0.2, 5.0], seed=1)
    ),
}


def test_every_public_record_is_tested_here() -> None:
    public = {name for name in dir(pc) if is_dataclass(getattr(pc, name))}
    assert public == {*MADE, *PARTS, *ELSEWHERE}
    for name in MADE:
        assert issubclass(getattr(pc, name), Record) and issubclass(getattr(pc, name), Shown), name
        assert name in PLACES
    for name in public:
        assert getattr(pc, name).__dataclass_params__.frozen, name


@pytest.mark.parametrize("name", MADE)
def test_it_shows_itself_and_is_kept(name: str, tmp_path) -> None:
    record: Any = MADE[name]()
    assert type(record) is getattr(pc, name)
    assert str(record).strip()
    assert len(record._repr_html_()) > 20
    unknown = name == "TracedBoundary" and record.formula is None
    if issubclass(getattr(pc, name), Written) and not unknown:
        assert record.to_latex()
    assert pickle.loads(pickle.dumps(record)) == record
    record.save(tmp_path / "a.json")
    again = pc.load(tmp_path / "a.json")
    assert again == record and type(again) is type(record)
    again.save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert record_of(json.loads(json.dumps(document_of(record)))) == record


def test_exact_and_traced_boundaries_have_one_interface() -> None:
    diagrams: tuple[Any, ...] = pc.phase_diagram(PAIR), traced()
    for diagram in diagrams:
        assert diagram.boundaries and diagram.special_points
        assert set(diagram.junctions) <= set(diagram.special_points)
        for line in diagram.boundaries:
            assert len(line.phases) == 2 and line.order in (1, 3)
            assert line.formula is None or line.formula.free_symbols <= {pc.p}
            assert line.status in ("exact", "numeric", "matched")
            assert len(line.sparsities) == len(line.importances) == len(line.latent_heat()) >= 2
            for end, k in zip(line.ends, (0, -1), strict=True):
                assert end in diagram.special_points
                if diagram is not traced():  # a traced line stops within the error of its end
                    assert (end.sparsity, end.importance) == (
                        line.sparsities[k], line.importances[k],
                    )  # fmt: skip
        for point in diagram.special_points:
            assert point.kind in ("junction", "border")
            assert set(point.phases) <= {phase.name for phase in diagram.phases}
            assert 0 <= point.sparsity <= 1 and point.importance >= 0 and point.loss >= 0
            assert 0 <= point.error < 1e-6 and point.status in ("exact", "numeric")


def test_latent_heat_is_the_jump_of_the_extra_features_error() -> None:
    """On both kinds of lines, against differences of F in r on either side."""
    (exact,) = (
        line for line in pc.phase_diagram(PAIR).boundaries if line.phases == ("ignore", "antipodal")
    )
    losses = [pc.phase_diagram(PAIR).minimum]
    h = sympy.Rational(1, 1000)
    S = sympy.Rational(3, 5)
    assert exact.formula is not None
    r = exact.formula.subs(pc.p, 1 - S)
    (F,) = losses
    # F is linear in r inside a phase: two differences are its slopes exactly.
    below = (F(S, r) - F(S, r - h)) / h
    above = (F(S, r + h) - F(S, r)) / h
    assert exact.latent_heat(S) == exact.latent_heat("3/5") == below - above > 0
    assert exact.latent_heat(pc.S).subs(pc.S, S) == below - above
    assert float(exact.latent_heat(0.6)) == pytest.approx(float(below - above), abs=1e-15)

    (line,) = traced().boundaries
    middle = len(line.sparsities) // 2
    at, where = line.sparsities[middle], line.importances[middle]
    heat = line.latent_heat(at)
    assert heat == line.latent_heat()[middle]
    step = 1e-4 * where
    slopes = []
    for side in (-1, 1):
        near = [traced().minimum(at, where + side * k * step) for k in (1, 2, 3)]
        # One-sided derivative at the line, to the third order of the step.
        slopes.append(side * (-5 * near[0] + 8 * near[1] - 3 * near[2]) / (2 * step))
    assert heat == pytest.approx(slopes[0] - slopes[1], rel=1e-5)
    between = 0.5 * (at + line.sparsities[middle + 1])
    assert line.latent_heat(between) == pytest.approx(
        0.5 * sum(line.latent_heat()[middle : middle + 2])
    )


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("sparsity", "error", "says"),
    [
        (0.01, ValueError, r"sparsity = 0.01: the boundary of .*pass"),
        ("x", ValueError, "sparsity = 'x' is not a number"),
        ([0.5], TypeError, r"sparsity"),
        (float("nan"), ValueError, "sparsity = nan: it must be a finite number"),
    ],
)
def test_where_no_line_passes_there_is_no_latent_heat(
    which: int, sparsity: Any, error: type[Exception], says: str
) -> None:
    line = (pc.phase_diagram(PAIR), traced())[which].boundaries[0]
    with pytest.raises(error, match=says):
        line.latent_heat(sparsity)


def test_the_same_idea_has_the_same_name() -> None:
    """Results at one point: model, sparsity, importance, loss or its bounds, phase."""
    for name in ("Minimum", "Regret", "Certificate"):
        record = MADE[name]()
        for attribute in ("model", "sparsity", "importance", "phase"):
            assert hasattr(record, attribute), (name, attribute)
    minimum, enclosed, lost = (MADE[name]() for name in ("Minimum", "Certificate", "Regret"))
    assert minimum.phase == minimum.name == "antipodal"
    assert enclosed.lower <= minimum.loss <= enclosed.upper + 1e-12
    assert float(lost.minimum) == pytest.approx(minimum.loss, abs=1e-14)


def test_nothing_in_a_record_is_a_function() -> None:
    for name, make in MADE.items():
        record = make()
        for field in record.__dataclass_fields__:
            assert not inspect.isroutine(getattr(record, field)), (name, field)
