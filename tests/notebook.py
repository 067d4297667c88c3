"""Runs a notebook and compares, or writes, what its cells show.

python tests/notebook.py    writes the outputs of examples/*.ipynb
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples"


def run_cell(source: str, namespace: dict[str, Any]) -> tuple[str, object]:
    """What a cell prints, and the value of its last expression."""
    body = ast.parse(source).body
    last = body[-1] if body and isinstance(body[-1], ast.Expr) else None
    body = body if last is None else body[:-1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "<cell>", "exec"), namespace)
        value = None
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
    return printed.getvalue(), value


def shown(value: Any) -> dict[str, str]:
    """What IPython keeps of a value: its bundle, then every other form that it has."""
    found = dict(value._repr_mimebundle_()) if hasattr(value, "_repr_mimebundle_") else {}
    found.setdefault("text/plain", str(value) if hasattr(value, "_repr_pretty_") else repr(value))
    for mime, name in (
        ("text/html", "html"), ("text/latex", "latex"), ("text/markdown", "markdown"),
        ("image/png", "png"),
    ):  # fmt: skip
        method = getattr(value, f"_repr_{name}_", None)
        if mime not in found and method is not None:
            form = method()
            found[mime] = b64encode(form).decode("ascii") if isinstance(form, bytes) else form
    return found


def outputs(notebook: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each code cell with what it gives today."""
    namespace: dict[str, Any] = {}
    number = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        number += 1
        printed, value = run_cell("".join(cell["source"]), namespace)
        found: list[dict[str, Any]] = []
        if printed:
            text = printed.splitlines(keepends=True)
            found.append({"name": "stdout", "output_type": "stream", "text": text})
        if value is not None:
            data = {
                mime: form if mime.startswith("image") else form.splitlines(keepends=True)
                for mime, form in sorted(shown(value).items())
            }
            found.append(
                {
                    "data": data,
                    "execution_count": number,
                    "metadata": {},
                    "output_type": "execute_result",
                }
            )
        yield cell, found


if __name__ == "__main__":
    for path in FOLDER.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for number, (cell, found) in enumerate(outputs(notebook), start=1):
            cell["outputs"], cell["execution_count"] = found, number
        text = json.dumps(notebook, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
