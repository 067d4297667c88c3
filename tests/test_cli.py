"""The command line: what it prints, and how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction

import pytest
import sympy

import phasecalc as pc
from phasecalc.cli import main


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    captured = capsys.readouterr()
    return int(stopped.value.code or 0), captured.out, captured.err


def read(text: str) -> sympy.Expr:
    """What a user of the JSON would do: let SymPy read our own output."""
    return sympy.sympify(text)


@pytest.mark.parametrize("size", [(2, 1), (3, 2), (4, 2)])
@pytest.mark.parametrize("law", ["uniform", "point"])
def test_boundaries_json_reads_back_to_the_records(capsys, size, law):
    n, m = map(str, size)
    status, out, err = run(capsys, "boundaries", "-n", n, "-m", m, "--law", law, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    diagram = pc.phase_diagram(
        pc.ToyModel(size[0], size[1], {"uniform": pc.Uniform(), "point": pc.Point()}[law])
    )
    assert document["model"]["n_features"] == size[0]
    assert [phase["name"] for phase in document["phases"]] == [c.name for c in diagram.phases]
    for entry, phase in zip(document["phases"], diagram.phases, strict=True):
        assert read(entry["loss"]) == phase.loss
    for entry, boundary in zip(document["boundaries"], diagram.boundaries, strict=True):
        assert entry["phases"] == list(boundary.phases)
        if boundary.is_vertical:
            assert entry["importance"] is None
            assert Fraction(entry["feature_probability"]) == boundary.feature_probability
        else:
            assert read(entry["importance"]) == boundary.importance
        assert [read(end) for end in entry["r_interval"]] == list(boundary.importance_interval)
        assert (entry["order"], entry["status"]) == (1, "exact")
        assert read(entry["latent_heat"]) == -boundary.gradient_jump[1]
    for entry, junction in zip(document["junctions"], diagram.junctions, strict=True):
        assert Fraction(entry["sparsity"]) == junction.sparsity
        assert Fraction(entry["loss"]) == junction.loss


def test_boundaries_of_both_experiments_as_text(capsys):
    _, out, _ = run(capsys, "boundaries")
    for text in ("r = 2 p/(4 − 5 p)", "r = (4 − 5 p)/(2 p)", "3/7", "16/147", "sum over features"):
        assert text in out
    _, out, _ = run(capsys, "boundaries", "-n", "3", "-m", "2")
    for text in ("p = 4/7", "r > 1", "vertical", "Nowhere lowest: joint"):
        assert text in out


def test_loss_prints_terms_and_value(capsys):
    status, out, _ = run(
        capsys, "loss", "--weights", "1,-1", "--bias", "-1/2,0", "--importance", "1,r",
        "-S", "0.5", "--json",
    )  # fmt: skip
    document = json.loads(out)
    exact = pc.decompose([[1, -1]], [Fraction(-1, 2), 0], [1, pc.r])
    assert status == 0
    assert [read(term) for term in document["terms"]] == list(exact.terms)
    assert read(document["loss"]) == exact.at_sparsity(Fraction(1, 2))
    _, out, _ = run(capsys, "loss", "--weights", "1,0,0; 0,1,-1")
    assert "feature benefit" in out


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_diagram_writes_a_picture_and_nothing_else(capsys, tmp_path, ending):
    path = tmp_path / f"out.{ending}"
    status, out, _ = run(capsys, "diagram", "-o", str(path))
    assert (status, out) == (0, f"wrote {path}\n")
    assert list(tmp_path.iterdir()) == [path]
    magic = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(magic)
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["loss", "--weights", "__import__('os').system('id')"], "is not a number"),
        (["loss", "--weights", "1,-1", "--bias", "0,0,0"], "bias has 3 entries: it must have 2"),
        (["loss", "--weights", "1,-1;1"], "weights[1] has 1 entries"),
        (["loss", "--weights", "1,-1", "--importance", "1,-2"], "importance[1] = -2"),
        (["loss", "--weights", "1,-1", "-S", "1.5"], "-S 3/2: it must lie in [0, 1]"),
        (["loss", "--weights", "1,-1", "-S", "half"], "-S half is not a number"),
        (["loss", "--weights", "nan,1"], "is not a number"),
        (["loss", "--weights", "1e999999999,1"], "is not a number"),
        (["loss", "--weights", "1/0,1"], "divides by zero"),
        (["loss", "--weights", "1,1", "-n", "3"], "-n 3, but weights"),
        (["loss"], "--weights"),
        (["boundaries", "-n", "2", "-m", "2"], "-n 2, -m 2: a phase diagram needs more features"),
        (["boundaries", "-n", "0"], "-n 0: it must be at least 1"),
        (["boundaries", "-n", "36", "-m", "18"], "the limit is"),
        (["boundaries", "-n", "1000000", "-m", "7"], "a model has at most 100000"),
        (["boundaries", "-n", "two"], "'two' is not a valid integer"),
        (["boundaries", "--law", "gauss"], "--law gauss: it must be one of uniform, point"),
        (["diagram", "-o", "picture.gif"], "must end in .png, .svg, .pdf"),
        (["diagram", "-o", "no/such/folder/picture.png"], "cannot be written"),
        (["nonsense"], "No such command 'nonsense'"),
        (["boundaries", "--nonsense"], "No such option"),
    ],
)
def test_unusable_input_is_one_line_and_status_two(capsys, arguments, says):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert says in err
    assert err.count("\n") == 1
    assert err.startswith("phasecalc: ")


def test_an_unwritable_place_is_refused_before_the_work(capsys, tmp_path, monkeypatch):
    def work(*_):
        raise AssertionError("the diagram was computed first")

    monkeypatch.setattr("phasecalc.diagram.phase_diagram.phase_diagram", work)
    status, _, err = run(capsys, "diagram", "-o", str(tmp_path / "missing" / "x.png"))
    assert status == 2
    assert "cannot be written" in err


def test_a_failed_run_leaves_no_file(capsys, tmp_path):
    status, _, _ = run(capsys, "diagram", "-n", "2", "-m", "2", "-o", str(tmp_path / "x.png"))
    assert status == 2
    assert list(tmp_path.iterdir()) == []


def test_module_and_help_run_without_heavy_imports():
    code = (
        "import sys\n"
        "from phasecalc.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as stop:\n    assert stop.code == 0\n"
        "heavy = {'sympy', 'numpy', 'matplotlib', 'scipy', 'numba'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    version = subprocess.run(
        [sys.executable, "-m", "phasecalc", "--version"], check=True, capture_output=True, text=True
    )
    assert version.stdout.strip() == f"phasecalc, version {pc.__version__}"


def test_exact_boundaries_need_no_float_library():
    code = (
        "import sys\n"
        "from phasecalc.cli import main\n"
        "try:\n    main(['boundaries'])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'numpy', 'matplotlib', 'scipy', 'numba'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m phasecalc boundaries | head -n 1"
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert "2 features" in done.stdout


def test_a_link_is_followed_and_permissions_are_kept(capsys, tmp_path):
    target, link = tmp_path / "target.svg", tmp_path / "link.svg"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    assert run(capsys, "diagram", "-o", str(link))[0] == 0
    assert link.is_symlink()
    assert target.read_text().startswith("<?xml")
    assert target.stat().st_mode & 0o777 == 0o640


def test_odd_places_are_named(capsys, tmp_path):
    (tmp_path / "folder.png").mkdir()
    for name in ("folder.png", "x" * 300 + ".png"):
        status, _, err = run(capsys, "diagram", "-o", str(tmp_path / name))
        assert status == 2
        assert "-o '" in err
        assert "cannot be written" in err


def test_weights_that_look_transposed(capsys):
    """A hint after the result, where neither -n nor -m says that the shape is meant."""
    for more, says in [((), 1), (("-n", "2"), 0), (("-m", "3"), 0)]:
        with pytest.raises(SystemExit, match="0"):
            main(["loss", "--weights", "1,0;0,1;1,1", *more])
        out, err = capsys.readouterr()
        assert "L_0" in out and err.count("if it is transposed, turn it") == says
    with pytest.raises(SystemExit):
        main(["loss", "--weights", "1,0;0,1;1,1", "--sparsity", "5"])
    assert capsys.readouterr().err.startswith("phasecalc: --sparsity 5")
