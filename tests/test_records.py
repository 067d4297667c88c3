"""Records are data: they are compared, pickled, saved, and read back bit by bit."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import phasecalc as pc
from phasecalc.encoding import decoded, encoded
from phasecalc.records import document_of, record_of

PAIR = pc.ToyModel(2, 1)


def records() -> list[object]:
    weak = pc.Candidate.from_weights("weak", [[1, "-1/2"]], [0, "1/10"], "superposition")
    diagram = pc.phase_diagram(PAIR, candidates=[*pc.candidates(PAIR), weak])
    w = sympy.Symbol("w")
    rho = sympy.Symbol("rho")
    return [
        diagram,
        *diagram.boundaries,
        *diagram.junctions,
        pc.phase_diagram(pc.ToyModel(5, 4)),
        pc.decompose([[1, w]], [0, pc.p / 2], [1, pc.r]),
        pc.decompose([[1, -sympy.sqrt(2) / 2]], [sympy.cos(sympy.pi / 7), 0]),
        pc.ToyModel(
            *(3, 2, pc.Uniform("2/3"), [1, rho, rho**2]), bias="zero", interference_penalty="1/7"
        ),
        pc.minimize(PAIR, 0.6, 1, random_starts=0),
        pc.slice_along(PAIR, sparsity=0.6, values=[0.2, 0.3, 0.4]),
        diagram.grid([0.0, 0.5], [0.1, 1.0]),
        pc.crosscheck(pc.phase_diagram(PAIR), pc.train(PAIR, [0.3, 0.9], [0.2, 5.0], seed=1)),
    ]


@pytest.fixture(scope="module")
def made() -> list[object]:
    return records()


def test_the_same_work_gives_equal_records(made: list[object]) -> None:
    again = records()
    assert made == again
    assert [hash(record) for record in made] == [hash(record) for record in again]
    assert all(one != two for k, one in enumerate(made) for two in made[k + 1 :])


def test_pickle(made: list[object]) -> None:
    for record in made:
        assert pickle.loads(pickle.dumps(record)) == record


def test_files(made: list[Any], tmp_path) -> None:
    for k, record in enumerate(made):
        path = tmp_path / f"{k}.json"
        if isinstance(record, pc.ToyModel):
            assert record_of(json.loads(json.dumps(document_of(record)))) == record
            continue
        record.save(path)
        again = pc.load(path)
        assert again == record
        assert type(again) is type(record)
        text = path.read_bytes()
        again.save(path)
        assert path.read_bytes() == text


def test_a_loaded_diagram_works_as_before(made: list[object], tmp_path) -> None:
    made[0].save(tmp_path / "d.json")  # type: ignore[attr-defined]
    again = pc.load(tmp_path / "d.json")
    assert again.label("9/10", 1) == made[0].label("9/10", 1)  # type: ignore[attr-defined]
    assert again.strips == made[0].strips  # type: ignore[attr-defined]
    pc.plot_diagram(again)


def test_trained_models_are_loaded_by_the_same_name(tmp_path) -> None:
    trained = pc.train(PAIR, [0.5], [1.0], seed=3)
    trained.save(tmp_path / "t.npz")
    assert np.array_equal(pc.load(tmp_path / "t.npz").weights, trained.weights)


@pytest.mark.parametrize("dtype", ["<f8", "|i1", "<i2", "<f4", ">f8"])
def test_long_arrays_are_kept_bit_by_bit(dtype: str) -> None:
    """From 1,000 numbers on as bytes, a third as long as the digits."""
    array = np.random.default_rng(1).integers(-99, 99, (3, 2, 5000)).astype(dtype)[:, ::-1]
    if array.dtype.kind == "f":
        array[0, 0, :4] = np.inf, -np.inf, np.nan, -0.0
    document = json.loads(json.dumps(encoded(array), allow_nan=False))
    again = decoded(document)
    assert again.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
    assert again.tobytes() == array.astype(again.dtype).tobytes() and again.flags.writeable
    for name, value in (("base64", "?"), ("base64", ""), ("shape", [30_001]), ("dtype", "O")):
        wrong = {"array": {**document["array"], name: value}}
        with pytest.raises(ValueError):
            decoded(wrong)


def test_comparison_sees_every_entry() -> None:
    one, two = (pc.minimize(PAIR, s, 1, random_starts=0) for s in (0.6, 0.6000001))
    assert one != two
    assert one.lowest != two.lowest
    assert one != "something else"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format="other"), "its format is not"),
        (lambda d: d.update(version=99), "its version is 99"),
        (lambda d: d["record"].update(record="os.system"), "does not know"),
        (lambda d: d["record"].pop("phases"), "has the entries"),
        (lambda d: d["record"].update(losses=["x", "y"]), "no record of phasecalc"),
        (lambda d: d["record"]["importance"].update(formula=["exec", "1"]), "has the head 'exec'"),
        (
            lambda d: d["record"]["importance"].update(formula=["Symbol", "__import__('os')"]),
            "no name of a symbol",
        ),
        (lambda d: d["record"]["importance"].update(formula="1"), "are not equal on the boundary"),
    ],
)
def test_damaged_and_foreign_files(change, says: str, tmp_path) -> None:
    boundary = pc.phase_diagram(PAIR).boundaries[0]
    document = json.loads(json.dumps(document_of(boundary)))
    change(document)
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(document))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=says) as caught:
        pc.load(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[", b"3", b"[" * 100_000, b'{"record": 1}'])
def test_files_that_are_nothing(text: bytes, tmp_path) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(text)
    with pytest.raises(ValueError, match="is no record of phasecalc"):
        pc.load(path)


def test_other_endings_are_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.json"):
        pc.phase_diagram(PAIR).save(tmp_path / "d.txt")
    assert not list(tmp_path.iterdir())


def test_special_floats_and_long_integers() -> None:
    grid = pc.GridDiagram(
        np.array([0.0]), np.array([1.0]), np.array(["a"]), np.array([float("nan")]), ("a",)
    )
    again = record_of(json.loads(json.dumps(document_of(grid))))
    assert again == grid
    root = 10**5000 + 1
    candidate = pc.Uniform(Fraction(1, 3))
    assert record_of(json.loads(json.dumps(document_of(candidate)))) == candidate
    loss = pc.decompose([[1]], [sympy.Integer(0)], [sympy.Integer(7)])
    assert record_of(document_of(loss)) == loss
    assert root > 0


def test_derivative_of_a_truncated_power_in_its_exponent_is_refused_by_name() -> None:
    u = sympy.Symbol("u")
    with pytest.raises(sympy.core.function.ArgumentIndexError):
        pc.TruncatedPower(u, 2).fdiff(2)
