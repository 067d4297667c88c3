"""One colour for one phase, the same in every picture, by the parts of its name.

Red is superposition, blue dedicated, pale not represented, as in the paper. Within each the tint is
decided by the blocks: by the extra feature's own block where it shares one, else by what the other
features do. Weak phases are paler. Neighbours stay apart for colour-blind readers too: the tests
simulate protanopia, deuteranopia and tritanopia.
"""

from __future__ import annotations

import re

TINTS = {
    "not represented": ("#eceae6", "#c9c4ba", "#aaa499", "#8c8679"),
    "dedicated": ("#7fa8d9", "#b9d4f3", "#4c79b5", "#2c5488"),
    "superposition": ("#e07a6c", "#d2797e", "#c9604f", "#f2b9a4"),
}
"""Of each outcome: tints by the number of blocks that other features share among themselves."""

_WEAK_OTHERS = {
    "not represented": "#dcd8cf",
    "dedicated": "#dfeafa",
    "superposition": "#f0aa92",
}
_FIGURES = {
    "not represented": ("#dcc9a4", "#c9b081", "#b09563"),
    "dedicated": ("#9d93d6", "#7b6fc0", "#5b4f9e"),
    "superposition": ("#c98a4b", "#b5763a", "#99602c"),
}
"""Of each outcome where the other features have a figure of three or more among them: the next tint
for every block that there is besides, and for a figure without a regular shape."""
_SHAPES = {
    "mixed-extra-antipodal": ("#8f5a1e", "#dfc28d", "#cfa85f"),
    "mixed-others-aligned": ("#e6c479", "#dfc28d", "#cfa85f"),
    "mixed-others-antipodal": ("#d9a441", "#dfc28d", "#cfa85f"),
    "mixed": ("#b98428", "#dfc28d", "#cfa85f"),
    "aligned": ("#e2b04a", "#f3dca6", "#ecca80"),
    "antipodal": ("#e07a6c", "#f8d9b4", "#efae84"),
    "pair": ("#e07a6c", "#f8d9b4", "#efae84"),
    "triangle": ("#b4453a", "#e3a08f", "#d98c77"),
    "tetrahedron": ("#8c3a30", "#cf9a8c", "#bf8070"),
    "simplex": ("#6d2e4a", "#b5899c", "#a3728a"),
    "pentagon": ("#84294f", "#c58aa2", "#b3708d"),
    "hexagon": ("#6b2363", "#b487b0", "#a06d9d"),
    "antiprism": ("#5a2a7a", "#a58bc0", "#8f70ad"),
    "line": ("#9c4a78", "#cf9db9", "#c189a8"),
    "joint": ("#a53152", "#d98fa5", "#f1c8d3"),
}
"""Of the extra feature's block by its shape: plain, weak, weak-other."""
_OTHER_FIGURE = ("#7c3b8f", "#c3a0cc", "#ab85b8")
_IRREGULAR = (_OTHER_FIGURE[0], "#c76bb0", "#e3b5d4", "#441254")
"""One of these for an irregular figure, by its letters: its neighbours mostly get another."""
_ALONE = re.compile(r"ignore|.*ignore-(?:extra|other)|.*dedicated|.*dropped")
"""Parts of a name that are no block of several features."""
_NO_SHAPE = re.compile(r"(?:others-)?\d+-in-\d+\(")


def colour_of(name: str, outcome: str) -> str:
    """The colour of a phase, from its name and what happens to the extra feature in it.

    >>> colour_of("antipodal", "superposition") == colour_of("extra-antipodal", "superposition")
    True
    >>> colour_of("ignore-other", "dedicated"), colour_of("others-antipodal", "dedicated")
    ('#7fa8d9', '#b9d4f3')
    """
    parts = [part for part in name.removeprefix("dead-").split("+") if not _ALONE.fullmatch(part)]
    if outcome == "superposition" and parts:
        own, *parts = parts
        plain, weak, weak_other = next(
            (tints for shape, tints in _SHAPES.items() if shape in own), _OTHER_FIGURE
        )
        if "weak-other-" in own:
            return weak_other
        if "weak-" in own:
            return weak
        if plain != _SHAPES["pair"][0]:
            return _irregular(own) if _NO_SHAPE.search(own) is not None else plain
    if any("weak-" in part for part in parts):
        return _WEAK_OTHERS.get(outcome, "#e6e6e6")
    pairs = [part for part in parts if "pair" in part or "antipodal" in part]
    if len(pairs) < len(parts) and outcome in _FIGURES:
        figures = _FIGURES[outcome]
        darker = len(parts) - 1 + any(_NO_SHAPE.match(part) is not None for part in parts)
        return figures[min(darker, len(figures) - 1)]
    tints = TINTS.get(outcome, ("#e6e6e6",))
    return tints[min(sum(map(_count, parts)), len(tints) - 1)]


def _irregular(name: str) -> str:
    return _IRREGULAR[sum(k * ord(c) for k, c in enumerate(name, 1)) % len(_IRREGULAR)]


def _count(part: str) -> int:
    """How many blocks a part such as "2-pairs" stands for."""
    found = re.match(r"(\d+)x?-(?!simplex|in-)", part)
    return int(found[1]) if found else 1
