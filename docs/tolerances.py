"""Write the table of tolerances into continuation.md: python docs/tolerances.py"""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from pathlib import Path

from phasecalc.landscapes.settings import DEFAULT, ContinuationSettings

PAGE = Path(__file__).parent / "continuation.md"
BEGIN, END = "<!-- tolerances: written by tolerances.py -->", "<!-- end of tolerances -->"


def table() -> str:
    """Every setting with its default and its reason, which is the text below it in the source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(ContinuationSettings))).body[0].body  # type: ignore[attr-defined]
    rows = ["| setting | default | reason |", "|---|---|---|"]
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            name = field.target.id  # type: ignore[union-attr]
            reason = " ".join(ast.literal_eval(text.value).split())
            rows.append(f"| `{name}` | {getattr(DEFAULT, name)} | {reason} |")
    return "\n".join(rows)


def page(text: str) -> str:
    """The page with today's table between its marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
