"""What the names of phases, outcomes and special points mean; the one source of the glossary."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A name, and what it means in one or two sentences."""

    name: str
    meaning: str


class Section(NamedTuple):
    """Entries of one kind under a title, with a sentence on how they are made."""

    title: str
    opening: str
    entries: tuple[Entry, ...]


GLOSSARY = (
    Section(
        "Outcomes: what happens to the extra feature",
        "The extra feature is the last one, whose importance is r. The colours of pictures are "
        "those of outcomes.",
        (
            Entry("not represented", "Its column of W is zero; its output is a constant."),
            Entry("dedicated", "It has a dimension of its own, orthogonal to all others."),
            Entry("superposition", "It shares dimensions with other features: it interferes."),
            Entry(
                "measured",
                "Of weights (`train`, `check`, `describe`), not of a phase: not represented with a "
                "norm below 1/2, else in superposition with an overlap of at least 1/4 (1/(2m) for "
                "m > 2), else dedicated. `check` measures trained weights and those of a traced "
                "theory alike; a phase has the outcome of its structure, whatever the sizes.",
            ),
        ),
    ),
    Section(
        "Phases of two features in one dimension",
        "W = (w_1, w_2); the second feature is the extra one.",
        (
            Entry("ignore", "The extra feature is not represented: W = (1, 0)."),
            Entry("dedicated", "The extra feature has the dimension: W = (0, 1)."),
            Entry("antipodal", "The two share the dimension with opposite signs: W = (1, -1)."),
            Entry(
                "aligned",
                "The two share it with one sign; a phase where biases are zero, and under the "
                "point law.",
            ),
        ),
    ),
    Section(
        "Phases of three features",
        'The extra feature\'s part comes first; parts are joined by "+"; dedicated features go '
        'without saying. "2x-" means two of a kind.',
        (
            Entry("ignore-extra", "The extra feature is dropped."),
            Entry("ignore-other", "One of the other features is dropped."),
            Entry("extra-antipodal", "The extra feature and one other are an antipodal pair."),
            Entry("others-antipodal", "The two other features are an antipodal pair."),
            Entry("joint", "All three are one triangle: the case that the paper sets aside."),
            Entry("all-dedicated", "Every feature has a dimension of its own."),
        ),
    ),
    Section(
        "Phases of more features",
        'A name lists the figures that features form, the extra feature\'s first, joined by "+". '
        "Features of one figure interfere with each other and with no others.",
        (
            Entry("dropped", "Not represented: extra-dropped, 2-dropped."),
            Entry("dedicated", "With a dimension of its own: extra-dedicated, 3-dedicated."),
            Entry("pair", "Two features of opposite sign in one dimension: extra-pair, 2-pairs."),
            Entry("triangle", "Three features at 120 degrees in two dimensions."),
            Entry("tetrahedron", "Four features, a regular tetrahedron in three dimensions."),
            Entry("4-simplex", "Five features, a regular simplex in four dimensions; and so on."),
            Entry("pentagon", "Five features at 72 degrees in two dimensions; hexagon: six."),
            Entry("square-antiprism", "Eight features in three dimensions."),
            Entry("three-on-a-line", "Three features in one dimension."),
            Entry("deformed-pentagon", "A pentagon by the signs of its overlaps, not regular."),
            Entry(
                "5-in-2(1-x:3=)",
                "An irregular figure: five features that span two dimensions. In brackets are the "
                "sizes of the sets of features that are alike, from long to short; x is the extra "
                "feature.",
            ),
            Entry(
                "alike",
                "Of one length and bias, with the same overlaps: 3= are three in one direction, "
                "3' three with positive overlaps among them, 3 any other three.",
            ),
            Entry(
                ":",
                "What follows is shorter: squared lengths below half of the largest. Sets before "
                "it go by size, the extra feature last; sets after it by length.",
            ),
            Entry("24-in-8(57)", "More than nine features: 57 overlaps are positive."),
            Entry("#2", "The extra feature has the second of the places that differ in a figure."),
        ),
    ),
    Section(
        "Parts of names of optimised minima",
        "Lengths and biases are optimised, and a name says what is special about them.",
        (
            Entry(
                "weak",
                "A block with a feature that has only just begun to be represented: its bias "
                "keeps its output on, above 3/4 of the sum of its negative overlaps. A part of "
                "names, and nothing else: where the extra feature is in such a block its outcome "
                "is superposition, as in any other.",
            ),
            Entry("weak-other", "The same of a feature other than the extra one."),
            Entry("dead", "Some output is 0 for every input though its feature is not."),
            Entry(
                "mixed",
                "Three features that span two dimensions, with positive and negative overlaps. "
                "mixed-others-antipodal: the largest cosine is that of the two others, and "
                "negative; mixed-extra-aligned: that of the extra feature and another, positive.",
            ),
        ),
    ),
    Section(
        "Lines and points of a diagram",
        "F(S, r) is the lowest loss. The words are those of thermodynamics.",
        (
            Entry("boundary", "A line on which two phases have the same, lowest, loss."),
            Entry("first order", "The gradient of F jumps across the boundary."),
            Entry("continuous", "The gradient of F does not jump, a higher derivative does."),
            Entry("latent heat", "The drop of dF/dr, the extra feature's own squared error."),
            Entry("junction", "A point in which three or more phases meet."),
            Entry("onset", "Where a dropped feature starts to be represented, continuously."),
            Entry("tricritical point", "Where a first-order line turns continuous."),
            Entry("critical point", "Where a first-order line ends: its two phases become one."),
            Entry("Landau point", "Where minima that break a symmetry differently become one."),
            Entry("bicritical point", "Where another phase takes over beyond a continuous line."),
            Entry("critical end point", "Where a continuous line ends on a first-order one."),
            Entry("border", "A line leaves the window of the diagram."),
            Entry("end of a branch", "A traced line could not be followed further: not resolved."),
            Entry("spinodal", "Where a phase stops being a local minimum."),
            Entry("metastable", "Between boundary and spinodal: a local, not the lowest, minimum."),
            Entry("crossover", "One minimum changes its name along a line; no transition."),
        ),
    ),
    Section(
        "How a result is known",
        "The `status` of boundaries and points says how it is known and never more.",
        (
            Entry("exact", "A proved formula or an exact number."),
            Entry("isolated", "An algebraic number with a certified rational interval."),
            Entry("certified", "A rigorous enclosure."),
            Entry("matched", "Numbers that agree with a formula to the digits said: no proof."),
            Entry("numeric", "Floating point, with an error that is given."),
        ),
    ),
    Section(
        "Sources of diagrams",
        "What F is the minimum over.",
        (
            Entry("candidates", "The paper's configurations, exactly; other weights may be lower."),
            Entry("relaxed", "The same with their lengths and biases optimised."),
            Entry("global", "All weights and biases."),
            Entry("trained", "The lowest of the models that were trained in a cell."),
        ),
    ),
)


def glossary_text(words: str = "") -> str:
    """The glossary as text; with `words`, the entries whose name has them.

    >>> print(glossary_text("tricritical"))
    Lines and points of a diagram
      tricritical point  Where a first-order line turns continuous.

    Raises `ValueError` where no name has the words.
    """
    import textwrap  # noqa: PLC0415

    found = [
        (section, kept)
        for section in GLOSSARY
        if (kept := [entry for entry in section.entries if words.lower() in entry.name])
    ]
    if not found:
        raise ValueError(
            f"name = {words!r}: no entry has it; phasecalc names prints all, and a name such as "
            '"weak-antipodal" is made of parts, joined by "-"'
        )
    parts = []
    for section, entries in found:
        lines = [section.title]
        if not words:
            lines += textwrap.wrap(section.opening, 96, initial_indent="  ", subsequent_indent="  ")
        width = max(len(entry.name) for entry in entries)
        for entry in entries:
            lines += textwrap.wrap(
                entry.meaning,
                96,
                initial_indent=f"  {entry.name:<{width}}  ",
                subsequent_indent=" " * (width + 4),
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def glossary_markdown() -> str:
    """The glossary as a page of the site."""
    lines = [
        "# Glossary",
        "",
        "Every name that phasecalc prints. `phasecalc names` shows this page in the terminal,",
        "`phasecalc names weak` the entries with a word.",
    ]
    for section in GLOSSARY:
        lines += ["", f"## {section.title}", "", section.opening, "", "| name | meaning |"]
        lines += ["|---|---|", *(f"| {e.name} | {e.meaning} |" for e in section.entries)]
    return "\n".join(lines) + "\n"


def document() -> list[dict[str, object]]:
    """The glossary as a JSON document."""
    return [
        {
            "title": section.title,
            "opening": section.opening,
            "entries": [entry._asdict() for entry in section.entries],
        }
        for section in GLOSSARY
    ]
