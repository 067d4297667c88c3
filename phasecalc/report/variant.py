"""How text, documents and pictures say that b is held at 0 or that a penalty is added."""

from __future__ import annotations

from typing import Any


def variant_entries(no_bias: bool, penalty: float) -> dict[str, Any]:
    """The entries of a JSON document."""
    return {"bias_held_at_zero": no_bias, "interference_penalty": penalty}


def variant_lines(no_bias: bool, penalty: float) -> list[str]:
    """Lines below the conventions of a table; none for the plain loss.

    >>> variant_lines(True, 0.0)
    ['  b is held at 0']
    """
    lines = ["  b is held at 0"] if no_bias else []
    if penalty:
        lines.append(f"  L includes {penalty:g} Σ_{{i≠j}} (W_i·W_j)²")
    return lines


def variant_title(source: str, no_bias: bool, penalty: float) -> str:
    """The source and its variant, for the title of a picture.

    >>> variant_title("global", True, 0.01)
    'global, b = 0, λ = 0.01'
    """
    parts = [source, *(["b = 0"] if no_bias else []), *([f"λ = {penalty:g}"] if penalty else [])]
    return ", ".join(parts)
