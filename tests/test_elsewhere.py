"""Weights out of files of other programs, and their regret."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import types
from typing import Any

import numpy as np
import pytest

import phasecalc as pc
from phasecalc.cli import main
from phasecalc.experiment.elsewhere import CONVENTIONS
from phasecalc.records import document_of, record_of

from .test_cli import run

RNG = np.random.default_rng(0)
W = RNG.normal(size=(2, 5))
B = 0.1 * RNG.normal(size=5)
ARRAYS: dict[str, dict[str, Any]] = {
    "phasecalc": {"weights": W, "bias": B},
    "elhage": {"W": np.stack([W.T, 2 * W.T]), "b_final": np.stack([B, B])},
    "arena": {"W": np.stack([W, 2 * W]), "b_final": np.stack([B, B])},
    "devinterp": {"embedding.weight": W, "unembedding.weight": W.T, "unembedding.bias": B},
    "spd": {"linear1.weight": W, "linear2.weight": W.T, "linear2.bias": B},
}


def safetensors(path, arrays, dtype="F32"):
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, array in arrays.items():
        if dtype == "BF16":
            raw = (np.asarray(array, "<f4").view("<u4") >> 16).astype("<u2").tobytes()
        else:
            raw = np.asarray(array, kinds[dtype]).tobytes()
        offsets = [len(body), len(body) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(np.shape(array)), "data_offsets": offsets}
        body += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


@pytest.mark.parametrize("convention", ARRAYS)
@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_every_convention(tmp_path, convention, kind):
    path = tmp_path / f"weights.{kind}"
    if kind == "npz":
        np.savez(path, **ARRAYS[convention])
    else:
        safetensors(path, ARRAYS[convention], "F64")
    found = pc.read_weights(path, convention=convention)
    many = convention in ("elhage", "arena")
    np.testing.assert_array_equal(found.weights[0] if many else found.weights, W)
    np.testing.assert_array_equal(found.bias, np.stack([B, B]) if many else B)
    assert found.weights.shape == ((2, 2, 5) if many else (2, 5))
    assert found.loss_factor == (1 if convention == "phasecalc" else 5)
    assert found.source == CONVENTIONS[convention].source
    again = record_of(document_of(found))
    np.testing.assert_array_equal(again.weights, found.weights)


@pytest.mark.parametrize(("dtype", "close"), [("F16", 1e-3), ("BF16", 1e-2), ("F32", 1e-7)])
def test_short_floats(tmp_path, dtype, close):
    path = safetensors(tmp_path / "short.safetensors", ARRAYS["spd"], dtype)
    np.testing.assert_allclose(pc.read_weights(path, "spd").weights, W, rtol=close)


def test_their_mean_loss_times_the_factor_is_the_sum(tmp_path):
    np.savez(tmp_path / "w.npz", **ARRAYS["elhage"])
    found = pc.read_weights(tmp_path / "w.npz", "elhage")
    p = 0.3  # as the notebook has it: feature_probability, einsums, mean over batch and features
    rng = np.random.default_rng(1)
    x = rng.random((100_000, 5)) * (rng.random((100_000, 5)) <= p)
    theirs, b_final = ARRAYS["elhage"]["W"][0], ARRAYS["elhage"]["b_final"][0]
    out = np.maximum(np.einsum("bf,fh,gh->bg", x, theirs, theirs) + b_final, 0)
    error = ((np.abs(x) - out) ** 2).mean(axis=1) * found.loss_factor
    loss = pc.expected_loss(found.weights[0], found.bias[0], np.ones(5), 1 - p)
    assert abs(error.mean() - loss) <= 5 * error.std() / np.sqrt(len(error))


def test_state_dicts_are_read_with_weights_only(tmp_path, monkeypatch, capsys):
    path = tmp_path / "model.pth"
    path.write_bytes(b"state")
    asked = {}

    class Tensor:
        def __init__(self, array):
            self.array = np.asarray(array)

        detach = double = lambda self: self

        def is_floating_point(self):
            return True

        def numpy(self):
            return self.array

    def load(place, **options):
        asked.update(options)
        return {name: Tensor(array) for name, array in ARRAYS["spd"].items()}

    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(load=load))
    np.testing.assert_array_equal(pc.read_weights(path, "spd").weights, W)
    assert asked["weights_only"] is True
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="PyTorch is needed to read a state dict"):
        pc.read_weights(path, "spd")
    for command in (["regret", str(path), "-S", "0.9"], ["loss", "--weights", str(path)]):
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code == 2
        out, err = capsys.readouterr()
        assert not out and err.count("\n") == 1 and "pip install 'phasecalc[torch]'" in err


@pytest.mark.parametrize(
    ("convention", "arrays", "says"),
    [
        ("spd", ARRAYS["spd"] | {"linear2.weight": W.T + 0.1}, "not the encoder's transpose"),
        ("spd", ARRAYS["spd"] | {"hidden_layers.0.weight": np.eye(2)}, "hidden_layers.0.weight is"),
        ("devinterp", ARRAYS["devinterp"] | {"embedding.bias": B}, "embedding.bias is not part"),
        ("devinterp", ARRAYS["devinterp"] | {"unembedding.weight": W}, r"has the shape \(2, 5\)"),
        ("elhage", {"b_final": B}, "there is no W; it holds b_final"),
        ("phasecalc", {"W": W, "b_final": B}, "b_final, as the convention elhage or arena has it"),
        ("phasecalc", {"W": W.T, "b": B}, r"b has the shape \(5,\); with weights of 2"),
        ("arena", {"W": W, "b_final": B[:3]}, r"b_final has the shape \(3,\); with weights of 5"),
        ("arena", {"W": B}, r"W has the shape \(5,\), not"),
        ("arena", {"W": W * np.nan}, "W holds NaN or infinities"),
        ("arena", {"W": np.ones((2, 5), int)}, "W has the type int64; it must be floats"),
    ],
)
def test_files_that_do_not_fit(tmp_path, convention, arrays, says):
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(ValueError, match=says):
        pc.read_weights(tmp_path / "w.npz", convention)


def test_the_letters_of_the_formulas_are_names_too(tmp_path):
    np.savez(tmp_path / "w.npz", W=W, b=B)
    found = pc.read_weights(tmp_path / "w.npz")
    np.testing.assert_array_equal(found.weights, W)
    np.testing.assert_array_equal(found.bias, B)


def test_files_that_are_none(tmp_path):
    for name in ("a.npz", "a.safetensors"):
        (tmp_path / name).write_bytes(b"\xff" * 100)
        with pytest.raises(ValueError, match="is no complete"):
            pc.read_weights(tmp_path / name)
    np.savez(tmp_path / "pickled.npz", weights=np.array([{}], object))
    with pytest.raises(ValueError, match="is no complete"):
        pc.read_weights(tmp_path / "pickled.npz")
    with pytest.raises(ValueError, match=r"the name must end in \.npz"):
        pc.read_weights(tmp_path / "weights.txt")
    with pytest.raises(OSError, match="cannot be read"):
        pc.read_weights(tmp_path / "absent.npz")
    with pytest.raises(ValueError, match="convention = 'other': it must be one of phasecalc"):
        pc.read_weights(tmp_path / "a.npz", "other")


def test_regret_of_a_pair():
    model = pc.ToyModel(2, 1)
    found = pc.regret(model, [[1.0, -1.0]], [0.0, 0.0], sparsity=0.6)
    best = pc.minimize(model, 0.6, 1)
    assert found.loss == pytest.approx((1 - 0.6) ** 2 / 3)
    assert found.minimum == pytest.approx(best.loss, abs=1e-15)
    assert found.regret == pytest.approx(0.16 / 3 - best.loss)
    assert (found.phase, found.nearest) == ("antipodal", "antipodal")
    assert found.nearest_loss == pytest.approx(best.loss, abs=1e-14)
    dW, db = found.step
    assert found.distance == pytest.approx(np.sqrt((dW**2).sum() + (db**2).sum()))
    optimal = pc.regret(model, best.weights, best.bias, sparsity=0.6)
    assert abs(optimal.regret) < 1e-14 and optimal.distance < 1e-6
    poor = pc.regret(model, [[1.0, 0.0]], [0.0, 0.2], sparsity=0.6)
    assert poor.phase == "ignore" and poor.relative > 0.1
    assert record_of(document_of(poor)).phase == "ignore"


def test_regret_of_many_instances():
    model = pc.ToyModel(2, 1)
    grid = pc.train(model, [0.2, 0.6], [1.0], 3)
    weights, bias = grid.weights.reshape(6, 1, 2), grid.biases.reshape(6, 2)
    found = pc.regret(model, weights, bias, sparsity=np.repeat([0.2, 0.6], 3))
    assert found.loss.shape == (6,) and (found.regret >= -1e-12).all()
    np.testing.assert_allclose(found.loss, grid.losses.ravel(), rtol=1e-12)
    table = found.to_xarray()
    assert table.sizes["instance"] == 6
    np.testing.assert_array_equal(table["regret"], found.regret)


def test_regret_of_many_features():
    rng = np.random.default_rng(2)
    found = pc.regret(
        None, rng.normal(size=(3, 12)) / np.sqrt(3), np.zeros(12), sparsity=0.9, random_starts=1
    )
    assert found.regret > 0 and found.nearest_loss >= found.minimum - 1e-12


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([[1.0, 1.0, 1.0]], None), "3 features in 1 dimensions; the model has 2 in 1"),
        (([[1.0, 1.0]], [0.0]), r"bias: shape \(1,\); it must be \(2,\)"),
        (([1.0, 1.0], None), r"weights: shape \(2,\)"),
    ],
)
def test_regret_of_what_does_not_fit(arguments, says):
    with pytest.raises(ValueError, match=says):
        pc.regret(pc.ToyModel(2, 1), arguments[0], arguments[1], sparsity=0.5)
    with pytest.raises(ValueError, match="sparsity: every entry must be 0 or more and below 1"):
        pc.regret(pc.ToyModel(2, 1), [[1.0, 1.0]], sparsity=1.0)
    with pytest.raises(ValueError, match=r"the weights have a bias of 0\.1"):
        pc.regret(pc.ToyModel(2, 1, bias="zero"), [[1.0, 1.0]], [0.0, 0.1], sparsity=0.5)


def test_one_value_where_the_model_has_no_r_is_refused_by_every_function():
    fixed = pc.ToyModel(2, 1, importance=[1, "3/5"])
    for function in (
        lambda r: pc.minimize(fixed, 0.6, r),
        lambda r: pc.regret(fixed, [[1.0, -1.0]], sparsity=0.6, importance=r),
        lambda r: pc.gradient_flow(fixed, 0.6, r, trajectories=10),
        lambda r: pc.certify(fixed, "3/5", r, gap="1e-2"),
    ):
        with pytest.raises(ValueError, match="one number is the value of r"):
            function("1/2")
        assert function("3/5").model.importance == fixed.importance


def test_regret_of_variants(capsys, tmp_path):
    """L + λ Σ_{i≠j} (W_i·W_j)² against the least one, biases free or held at 0."""
    path = tmp_path / "w.npz"
    np.savez(path, W=[[1.0, -1.0]], b=np.zeros(2))
    shared = ("regret", str(path), "-S", "0.6", "--interference-penalty", "1/100")
    for bias in ("free", "zero"):
        status, out, _ = run(capsys, *shared, "--bias", bias, "--json")
        assert status == 0
        entries = json.loads(out)
        model = pc.ToyModel(2, 1, bias=bias, interference_penalty="1/100")
        row = entries["instances"][0]
        assert row["minimum"] == pytest.approx(pc.minimize(model, 0.6).loss, abs=1e-12)
        assert row["loss"] == pytest.approx(0.16 / 3 + 2 / 100, abs=1e-12)
        assert entries["bias_held_at_zero"] == (bias == "zero")
    np.savez(path, W=[[1.0, -1.0]], b=[0.1, 0.0])
    status, _, err = run(capsys, *shared, "--bias", "zero")
    assert (
        status == 2
        and err.count("\n") == 1
        and "--bias zero: the weights have a bias of 0.1" in err
    )


def test_the_command(capsys, tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, W=[[[1.0], [-1.0]], [[1.0], [0.0]]], b_final=np.zeros((2, 2)))
    known = ("regret", str(path), "--convention", "elhage")
    status, out, _ = run(capsys, *known, "-S", "0.6")
    assert status == 0 and "antipodal" in out and "ignore" in out
    assert "2 times it is L" in out
    _, out, _ = run(capsys, *known, "-S", "0.6", "-S", "0.7", "--json")
    entries = json.loads(out)["instances"]
    assert [entry["sparsity"] for entry in entries] == [0.6, 0.7]
    unknown = known[:2]
    for bad in (
        ("regret", "absent.npz", "-S", "0.5"),
        (*unknown, "-S", "0.5"),
        ("loss", "--weights", "1,-1", "--convention", "elhage"),
        (*known, "-S", "2"),
        unknown,
    ):
        status, _, err = run(capsys, *bad)
        assert status == 2 and len(err.splitlines()) == 1, err
        assert "Traceback" not in err


STATE_DICTS = ("elhage", "arena", "devinterp", "spd")


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin"])
@pytest.mark.parametrize("convention", STATE_DICTS)
def test_state_dicts_of_pytorch(tmp_path, torch, convention, suffix):
    path = tmp_path / f"model{suffix}"
    torch.save({k: torch.tensor(v) for k, v in ARRAYS[convention].items()}, path)
    found = pc.read_weights(path, convention)
    many = convention in ("elhage", "arena")
    assert found.weights.shape == ((2, 2, 5) if many else (2, 5))
    np.testing.assert_array_equal(found.weights[0] if many else found.weights, W)
    np.testing.assert_array_equal(found.bias[0] if many else found.bias, B)


def test_the_state_dict_of_a_module(tmp_path, torch):
    encoder, decoder = torch.nn.Linear(5, 2, bias=False), torch.nn.Linear(2, 5)
    decoder.weight.data = encoder.weight.data.T
    model = torch.nn.ModuleDict({"linear1": encoder, "linear2": decoder})
    torch.save(model.state_dict(), tmp_path / "tms.pth")
    found = pc.read_weights(tmp_path / "tms.pth", "spd")
    x = torch.rand(7, 5)
    mine = np.maximum(x.numpy() @ found.weights.T @ found.weights + found.bias, 0)
    np.testing.assert_allclose(mine, torch.relu(decoder(encoder(x))).detach().numpy(), atol=1e-6)
    decoder.weight.data = decoder.weight.data + 0.1
    torch.save(model.state_dict(), tmp_path / "untied.pth")
    with pytest.raises(ValueError, match="not the encoder's transpose"):
        pc.read_weights(tmp_path / "untied.pth", "spd")


class Trap:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, place):
        self.place = str(place)

    def __reduce__(self):
        return open, (self.place, "w")


def test_nothing_in_a_state_dict_is_executed(capsys, tmp_path, torch):
    trap = tmp_path / "trapped"
    torch.save({"W": Trap(trap)}, tmp_path / "bad.pt")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(Trap(trap)))
    torch.save(torch.nn.Linear(2, 1), tmp_path / "module.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("bad.pt", "raw.pt", "module.pt", "list.pt"):
        with pytest.raises(ValueError, match=r"is no complete \.pt file"):
            pc.read_weights(tmp_path / name, "arena")
    assert not trap.exists()
    bad = str(tmp_path / "bad.pt")
    status, _, err = run(capsys, "regret", bad, "--convention", "arena", "-S", "0.5")
    assert status == 2 and len(err.splitlines()) == 1, err
    assert not trap.exists()


def test_files_of_the_safetensors_package(tmp_path, torch):
    package = pytest.importorskip("safetensors.torch")
    arrays = {k: torch.tensor(v, dtype=torch.float32) for k, v in ARRAYS["arena"].items()}
    package.save_file(arrays, tmp_path / "w.safetensors", metadata={"format": "pt"})
    found = pc.read_weights(tmp_path / "w.safetensors", "arena")
    np.testing.assert_allclose(found.weights[0], W, rtol=1e-6)


def test_pytorch_is_imported_late():
    code = (
        "import sys, phasecalc as pc; pc.read_weights, pc.regret; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
