"""Names of configurations that are made of groups of features: short ones, and sentences.

1. Parts are the figures: `pair`, `triangle`, `pentagon`, `square-antiprism`, …, `dedicated` for a
   feature with a dimension of its own, `dropped` for one without weights. Parts of a kind are
   counted: `2-pairs`, `3-dropped`.
2. The part of the extra feature stands first, as `extra-pair`; the others follow from large to
   small, joined by "+": `extra-dropped+2-pairs`.
   Where the features of a figure differ, `#2` says that the extra one is of the second kind.
3. A figure of all features is its own name: `pentagon`.
4. Where the paper draws diagrams its words are kept. Two features: `ignore`, `dedicated`,
   `antipodal`. Three: `ignore-extra`, `extra-antipodal`, `others-antipodal`, `ignore-other`, and
   `joint` for the triangle of all; "+" joins them, dedicated features go without saying.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_OF_THE_PAPER = 3
"""Up to so many features the paper's words are used."""
_OLD = {"pair": "antipodal"}
_SENTENCES = {
    "pair": ("antipodal pair", "antipodal pairs"),
    "three-on-a-line": ("line of three features", "lines of three features"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A figure of a configuration: its name, plural, number of features, and whether the extra
    feature is in it.

    ``noun`` is what a sentence calls it, the name without hyphens where it is "", and ``detail``
    what it adds about a single one.
    """

    name: str
    plural: str
    size: int
    has_extra: bool = False
    noun: str = ""
    detail: str = ""


def configuration_name(n: int, parts: Sequence[Part], place: int = 0) -> str:
    """The short name of n features in these parts, the extra feature at a place of its figure.

    >>> pairs = [Part("pair", "pairs", 2), Part("pair", "pairs", 2)]
    >>> configuration_name(5, [*pairs, Part("dropped", "dropped", 1, True)])
    'extra-dropped+2-pairs'
    """
    if n > 1 and all(part.name == "dedicated" for part in parts):
        return "all-dedicated"
    mark = f"#{place + 1}" if place else ""
    if len(parts) == 1 and parts[0].size > 2:
        name = parts[0].name + mark
        joint = n <= _OF_THE_PAPER and name.endswith("triangle")
        return name.replace("triangle", "joint") if joint else name
    if n <= _OF_THE_PAPER:
        return _paper_name(n, parts) + mark
    extra = next(part for part in parts if part.has_extra)
    return "+".join([f"extra-{extra.name}{mark}", *(_counted(*item) for item in _others(parts))])


def equal_name(parts: Sequence[Part]) -> str:
    """The short name where no feature is an extra one: all parts counted.

    >>> pairs = [Part("pair", "pairs", 2), Part("pair", "pairs", 2)]
    >>> equal_name([*pairs, Part("dropped", "dropped", 1, True)])
    '2-pairs+1-dropped'
    """
    parts = [_strong(part) for part in parts]
    if len(parts) == 1 and parts[0].size > 1:
        return parts[0].name
    return "+".join(_counted(*item) for item in _others(parts))


def equal_description(parts: Sequence[Part]) -> str:
    """The sentence where no feature is an extra one.

    >>> equal_description([Part("triangle", "triangles", 3), Part("dropped", "dropped", 1, True)])
    'a triangle; one feature dropped'
    """
    clauses = []
    for part, number in _others([_strong(part) for part in parts]):
        if part.size > 1:
            size = f" of {number_word(part.size)} features" if part.noun else ""
            clauses.append(_counted_words(part, number) + size + _details(part, number))
            continue
        noun = "feature" if number == 1 else "features"
        own = "has a dimension of its own" if number == 1 else "have dimensions of their own"
        clauses.append(
            f"{number_word(number)} {noun} {own if part.name == 'dedicated' else 'dropped'}"
        )
    return "; ".join(clauses)


def _strong(part: Part) -> Part:
    """Which of its features is the extra one, or weak, says nothing where all are equal."""
    name, plural = (text.replace("weak-other-", "weak-") for text in (part.name, part.plural))
    noun = part.noun.replace("weak other ", "weak ")
    return Part(name, plural, part.size, noun=noun, detail=part.detail)


def _others(parts: Sequence[Part]) -> list[tuple[Part, int]]:
    """The parts without the extra feature with their number, figures first, from large to small."""
    counts = Counter(part for part in parts if not part.has_extra)
    return sorted(
        counts.items(), key=lambda item: (-item[0].size, item[0].name == "dropped", item[0].name)
    )


def _counted(part: Part, number: int) -> str:
    if number > 1:
        return f"{number}-{part.plural}"
    return f"1-{part.name}" if part.size == 1 else part.name


def _paper_name(n: int, parts: Sequence[Part]) -> str:
    words: list[str] = []
    extra = next(part for part in parts if part.has_extra)
    others = sorted((part for part in parts if not part.has_extra), key=lambda part: part.size)
    if extra.name == "dropped":
        words.append("ignore" if n == 2 else "ignore-extra")
    elif extra.size > 1:
        words.append(_old(extra.name) if n == 2 else f"extra-{_old(extra.name)}")
    pairs = [f"others-{_old(part.name)}" for part in others if part.size > 1]
    count = sum(part.name == "dropped" for part in others)
    if n == 2 and count:
        words.append("ignore-other" if extra.name == "dropped" else "dedicated")
    elif count:
        pairs.insert(0, "ignore-other" if count == 1 else f"{count}x-ignore-other")
    return "+".join([*words, *pairs]) or "all-dedicated"


def _old(name: str) -> str:
    for new, old in _OLD.items():
        name = name.replace(new, old)
    return name


def description(parts: Sequence[Part]) -> str:
    """A sentence that says what happens to the features.

    >>> pairs = [Part("pair", "pairs", 2), Part("pair", "pairs", 2)]
    >>> description([*pairs, Part("dropped", "dropped", 1, True)])
    'two antipodal pairs; the extra feature dropped'
    """
    extra = next(part for part in parts if part.has_extra)
    figures = Counter(replace(part, has_extra=False) for part in parts if part.size > 1)
    clauses = []
    alone = sum(figures.values()) == 1 and len(parts) == 1
    for figure, number in sorted(figures.items(), key=lambda f: (-f[0].size, f[0].name)):
        text = _counted_words(figure, number)
        if alone:
            text += f" of all {number_word(figure.size)} features"
        elif figure.noun:
            text += f" of {number_word(figure.size)} features"
        elif extra.name == figure.name and len(figures) + (number > 1) > 1:
            text += (
                ", the extra feature in one of them" if number > 1 else " with the extra feature"
            )
        clauses.append(text + _details(figure, number))
    for word in ("dedicated", "dropped"):
        others = sum(part.name == word and not part.has_extra for part in parts)
        verb = "has a dimension of its own" if word == "dedicated" else "dropped"
        own = "have dimensions of their own" if word == "dedicated" else "dropped"
        if extra.name == word:
            clauses.append(f"the extra feature {verb}")
        if others:
            noun = "feature" if others == 1 else "features"
            kind = "other " if extra.name == word or not figures else ""
            clauses.append(f"{number_word(others)} {kind}{noun} {verb if others == 1 else own}")
    return "; ".join(clauses)


def _counted_words(part: Part, number: int) -> str:
    one, many = (part.noun, f"{part.noun}s") if part.noun else _words(part.name, part.plural)
    return f"{_article(one)} {one}" if number == 1 else f"{number_word(number)} {many}"


def _details(part: Part, number: int) -> str:
    return f" ({part.detail})" if part.detail and number == 1 else ""


def _words(name: str, plural: str) -> tuple[str, str]:
    for known, (one, many) in _SENTENCES.items():
        if name == known or name.endswith(f"-{known}"):
            prefix = name.removesuffix(known).replace("-", " ")
            return prefix + one, prefix + many
    return name.replace("-", " "), plural.replace("-", " ")


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeio8" else "a"


def number_word(count: int) -> str:
    """A small number in words."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
