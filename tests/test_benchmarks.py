"""Every benchmark is there to be run: from the repository as a module, from anywhere as a file."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
FILES = sorted(FOLDER.glob("*.py"))

AS_FILES = """
import runpy, sys
for path in sys.argv[1:]:
    runpy.run_path(path, run_name="imported")
"""


def needs_torch(file: Path) -> bool:
    return "import torch" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*(file.stem for file in FILES), "attack.__main__"])
def test_a_benchmark_is_a_module(name):
    if needs_torch(FOLDER / f"{name.replace('.', '/')}.py"):
        pytest.importorskip("torch")
    assert importlib.import_module(f"benchmarks.{name}").__doc__


def test_a_benchmark_is_a_file(tmp_path):
    files = [str(file) for file in FILES if not needs_torch(file)]
    beside = {**os.environ, "PYTHONPATH": str(FOLDER)}  # as `python benchmarks/name.py` has it
    subprocess.run(
        [sys.executable, "-c", AS_FILES, *files], cwd=tmp_path, env=beside, check=True, timeout=120
    )
