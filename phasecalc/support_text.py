"""Supports as text: what the command line reads."""

from __future__ import annotations

import re

from .inputs import parse_scalar, shown
from .supports import ExactlyActive, Groups, Independent, Pair, Support, Table

_SET = r"\{[0-9,\s]*\}"
_GROUPS = re.compile(rf"\s*(correlated|anticorrelated)\s*=\s*((?:{_SET}\s*)+),?\s*")
_ROW = re.compile(rf"\s*({_SET})\s*:([^{{}}]*?)(?:,\s*(?=\{{)|$)")


def support_of(text: str, argument: str = "support") -> Support:
    """The support of a text such as "exactly-active(1)" or "groups(correlated={0, 1}{2, 3})".

    independent(1/2, 1/3) gives every feature a probability of its own, table({}: 1/2, {0}: 1/2) is
    any π(A), and pair(c) is two features of which both are active with probability c. Probabilities
    are exact numbers, or formulas in p and other symbols.

    >>> support_of("groups(correlated={0, 1}, anticorrelated={2, 3}{4, 5})")
    Groups(correlated=((0, 1),), anticorrelated=((2, 3), (4, 5)))

    Raises `ValueError` for anything else; the text is matched, never evaluated.
    """
    match = re.fullmatch(r"\s*(?P<name>[a-z-]+)\s*(?:\((?P<inside>.*)\))?\s*", text, re.DOTALL)
    readers = {
        "independent": _independent,
        "exactly-active": _exactly_active,
        "groups": _groups,
        "table": _table,
        "pair": _pair,
    }
    if match is None or match["name"] not in readers:
        raise ValueError(f"{argument} = {shown(text)}: it must be one of {', '.join(readers)}")
    try:
        return readers[match["name"]](match["inside"] or "")
    except ValueError as error:
        raise ValueError(f"{argument} = {shown(text)}: {error}") from None


def _independent(inside: str) -> Support:
    if not inside.strip():
        return Independent()
    entries = inside.split(",")
    return Independent([parse_scalar(q, f"probabilities[{i}]") for i, q in enumerate(entries)])


def _exactly_active(inside: str) -> Support:
    digits = re.sub(r"^\s*k\s*=", "", inside).strip() or "1"
    if not digits.isdecimal():
        raise ValueError(f"k = {shown(digits)}: it must be an integer, at least 1")
    return ExactlyActive(int(digits))


def _groups(inside: str) -> Support:
    found: dict[str, list[tuple[int, ...]]] = {}
    rest = inside
    while rest.strip():
        match = _GROUPS.match(rest)
        if match is None or match[1] in found:
            raise ValueError("write groups(correlated={0, 1}{2, 3}, anticorrelated={4, 5})")
        found[match[1]] = [_features(group) for group in re.findall(_SET, match[2])]
        rest = rest[match.end() :]
    return Groups(**found)


def _table(inside: str) -> Support:
    rows: list[tuple[tuple[int, ...], object]] = []
    rest = inside
    while rest.strip():
        match = _ROW.match(rest)
        if match is None:
            raise ValueError("write table({}: 1/2, {0}: 1/4, {0, 1}: 1/4)")
        rows.append((_features(match[1]), parse_scalar(match[2], f"probabilities[{match[1]}]")))
        rest = rest[match.end() :]
    return Table(rows)


def _pair(inside: str) -> Support:
    text = re.sub(r"^\s*both\s*=", "", inside)
    return Pair(parse_scalar(text, "both")) if text.strip() else Pair()


def _features(group: str) -> tuple[int, ...]:
    entries = [entry.strip() for entry in group.strip("{} \n").split(",")]
    if entries == [""]:
        return ()
    if not all(entry.isdecimal() for entry in entries):
        raise ValueError(f"{group} is no set of features, such as {{0, 1}}")
    return tuple(int(entry) for entry in entries)
