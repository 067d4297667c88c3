"""The one-way flow of imports, read from the source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from . import marks

ROOT = Path(__file__).parents[1] / "phasecalc"

LAYERS = [
    ["_version", "files", "progress", "symbols", "display", "encoding", "records"],
    ["expressions"],
    ["inputs"],
    ["transforms", "law_checks"],
    ["laws", "law_text"],
    ["active_sets"],
    ["supports", "support_text"],
    ["model"],
    ["exact"],
    ["blocks"],
    ["diagram"],
    ["proofs"],
    ["kernel"],
    ["minima"],
    ["landscapes"],
    ["certify"],
    ["continuation", "experiment", "limit"],
    ["polishing", "slices", "point_law"],
    ["sources"],
    ["report"],
    ["cli"],
    ["__main__"],
]
"""Each part may import from its own line and from lines above it."""

RANK = {part: rank for rank, line in enumerate(LAYERS) for part in line}


def imports(path: Path) -> set[str]:
    """Absolute dotted names of what a module imports, inside functions too."""
    tree = ast.parse(path.read_text())
    package = ["phasecalc", *path.relative_to(ROOT).parts[:-1]]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            found.add(".".join([*base, *([node.module] if node.module else [])]))
    return found


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def part_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_flow_one_way(path):
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for name in imports(path):
        if name.startswith("phasecalc") and part_of(name):
            assert RANK[part_of(name)] <= RANK[own], f"{own} imports {name}"


def test_the_page_lists_all_parts_in_their_order():
    """Each imports only from its own row of docs/architecture.md and from rows above it."""
    page = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = page.split("## The flow")[0].split("|---|---|")[1].splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("|")]
    named = [re.findall(r"`(\w+)(?:/|\.py)`", cell) for cell in cells]
    row_of = {part: number for number, parts in enumerate(named) for part in parts}
    assert row_of.keys() == RANK.keys() - {"_version", "__main__"}
    for path in modules():
        own = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for name in imports(path) if own in row_of else ():
            if name.startswith("phasecalc.") and part_of(name) in row_of:
                assert row_of[part_of(name)] <= row_of[own], f"{own} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_library_enters_a_proof(path):
    relative = path.relative_to(ROOT)
    proof = relative.parts[0] in ("exact", "blocks") or relative.name in (
        "envelope.py", "assembly.py", "transition.py",
    )  # fmt: skip
    if proof:
        for name in imports(path):
            assert name.split(".")[0] not in ("numpy", "scipy", "numba"), name
            assert part_of(name) not in ("kernel", "minima", "experiment"), name
        tree = ast.parse(path.read_text())
        floats = [
            n for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is float
        ]
        assert floats == []


def test_only_plotting_modules_import_matplotlib():
    users = {
        str(path.relative_to(ROOT))
        for path in modules()
        if any(name.split(".")[0] == "matplotlib" for name in imports(path))
    }
    assert all(user.startswith("report/plot") for user in users), users


def test_nobody_imports_the_command_line():
    for path in modules():
        if path.relative_to(ROOT).parts[0] not in ("cli", "__main__.py"):
            assert not any(name.startswith("phasecalc.cli") for name in imports(path))


def test_measured_tests_are_in_files_that_exist():
    root = ROOT.parent
    assert all((root / name.split("::")[0]).is_file() for name in marks.times())


def test_importing_phasecalc_is_light():
    code = (
        "import phasecalc, sys\n"
        "heavy = {'matplotlib', 'scipy.optimize', 'sympy', 'numba', 'xarray'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_exists_and_is_documented():
    import phasecalc as pc

    for name in pc.__all__:  # type: ignore[attr-defined]  # made from the stub
        value = getattr(pc, name)
        if callable(value):
            assert value.__doc__, name
