"""Laws as text: what the command line and files read."""

from __future__ import annotations

import re
from dataclasses import fields
from fractions import Fraction

from .inputs import parse_number, shown
from .laws import LAWS, Law


def law_of(text: str, argument: str = "law") -> Law:
    """The law of a text such as "uniform", "point" or "uniform(high=2)".

    >>> law_of("uniform(high=2)"), law_of("point")
    (Uniform(high=2), Point())

    Raises `ValueError` for anything else; the text is matched, never evaluated.
    """
    match = re.fullmatch(r"\s*(?P<name>[a-z-]+)\s*(?:\((?P<parameters>[^()]*)\))?\s*", text)
    if match is None or match["name"] not in LAWS:
        raise ValueError(f"{argument} = {shown(text)}: it must be one of {', '.join(LAWS)}")
    kind = LAWS[match["name"]]
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    values: dict[str, Fraction] = {}
    written = [part for part in (match["parameters"] or "").split(",") if part.strip()]
    for k, part in enumerate(written):
        key, equals, number = part.partition("=")
        name = key.strip() if equals else (names[k] if k < len(names) else "")
        if name not in names or name in values:
            allowed = ", ".join(names) or "nothing"
            raise ValueError(f"{argument} = {shown(text)}: {kind.name} takes {allowed}")
        values[name] = parse_number(number if equals else key, f"{argument}: {name}")
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{argument} = {shown(text)}: {error}") from None
