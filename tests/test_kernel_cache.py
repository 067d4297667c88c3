"""Compiled code that is kept on disk is thrown away when any compiled file changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import phasecalc
from phasecalc.kernel.compiled import jit
from phasecalc.kernel.compiled.batch import batch_loss_grad


def test_numba_still_has_what_the_stamp_is_written_to():
    assert batch_loss_grad._cache._cache_file._source_stamp == jit._STAMP


@pytest.mark.long
def test_a_change_in_a_callee_is_seen(tmp_path):
    package = tmp_path / "phasecalc"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(phasecalc.__file__).parent, package, ignore=ignored)
    code = "import phasecalc as pc; print(pc.expected_loss([[1, 0]], [0, 0], [1, 3], 0.0))"
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    env = {**os.environ, "PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def loss():
        run = [sys.executable, "-c", code]
        return float(subprocess.check_output(run, env=env, cwd=tmp_path, text=True))

    assert loss() == pytest.approx(1.0)
    assert any((tmp_path / "cache").rglob("*.nbi"))
    pair = package / "kernel" / "compiled" / "pair.py"
    text = pair.read_text()
    changed = text.replace("_THIRD = 1.0 / 3.0", "_THIRD = 2.0 / 3.0")
    assert changed != text
    pair.write_text(changed)
    assert loss() == pytest.approx(2.0)
