"""Certificates as plain text and as JSON documents."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np

from ..symbols import r as symbol
from .sizes import importances, model_entries, sizes
from .variant import variant_entries, variant_lines

if TYPE_CHECKING:
    from ..certify.records import Certificate, Minimiser

_ALIKE = 1e-7
"""Gram matrices and biases of one minimiser in two places differ by rounding."""


def certificate_document(found: Certificate) -> dict[str, Any]:
    """The enclosure as texts that `fractions.Fraction` reads, without the steps of the proof."""
    return {
        "model": model_entries(found.model),
        "sparsity": str(found.sparsity),
        "importance": str(found.importance),
        **{name: str(value) for name, value in found.symbols},
        **variant_entries(found.model),
        "gap": str(found.gap),
        "lower": str(found.lower),
        "upper": str(found.upper),
        "proved": found.proved,
        "phase": found.phase,
        "phases": list(found.phases),
        "minimisers": [_entries(minimiser) for minimiser in found.minimisers],
        "boxes": found.boxes,
        "most_boxes": found.most_boxes,
    }


def _entries(minimiser: Minimiser) -> dict[str, Any]:
    return {
        "name": minimiser.name,
        "weights": minimiser.weights.tolist(),
        "bias": minimiser.bias.tolist(),
        "radius": minimiser.radius,
        "unique": minimiser.unique,
    }


def certificate_text(found: Certificate) -> str:
    """The enclosure and where the global minimisers are."""
    lines = [
        f"{sizes(found.model)}, S = {found.sparsity}, "
        f"{importances(found.model, found.importance)}, magnitudes {found.model.law.text}",
        "  y = ReLU(WᵀWx + b), L = E Σ_j I_j (x_j − y_j)², a sum over features",
        *variant_lines(found.model),
        "",
        f"{bound(found.lower, up=False)} ≤ F ≤ {bound(found.upper, up=True)}"
        f"   (width {float(found.width):.2g}, proved)",
    ]
    if not found.proved:
        lines.append(
            f"not proved to the gap {float(found.gap):g}: {found.boxes} boxes left the width at "
            f"{float(found.width):.2g}"
        )
        return "\n".join(lines)
    lines.append(f"all global minimisers, up to symmetry, after {found.boxes} boxes:")
    for minimiser, others in _up_to_symmetry(found):
        kind = "the only stationary point there" if minimiser.unique else "not proved to be the one"
        lines += [
            f"  {minimiser.name or 'no minimum was found here'}: within {minimiser.radius:.1e}, "
            f"{kind}",
            *(
                f"    {'W = ' if row == 0 else '    '}{_row(values)}"
                for row, values in enumerate(minimiser.weights)
            ),
            f"    b = {_row(minimiser.bias)}",
        ]
        if others:
            images = "its mirror image" if others == 1 else f"{others} images of it"
            lines.append(f"    and {images}, of the same loss")
    return "\n".join(lines)


def _up_to_symmetry(found: Certificate) -> list[tuple[Minimiser, int]]:
    """The minimisers with different Gram matrices, and how many others share each one's.

    W enters the loss by G = WᵀW alone, and features of equal importance may change places. The
    proof lists every place in its box: where a diagonal entry is 0, both signs of its row.
    """
    classes = found.model.at({"r": found.importance} if symbol in found.model.symbols else {})
    known: list[tuple[Minimiser, int]] = []
    for minimiser in found.minimisers:
        for k, (other, others) in enumerate(known):
            if minimiser.name and _are_images(minimiser, other, classes.importance):
                wider = max(minimiser, other, key=lambda m: m.radius)
                known[k] = (replace(other, radius=wider.radius), others + 1)
                break
        else:
            known.append((minimiser, 0))
    return known


def _are_images(one: Minimiser, two: Minimiser, importance: tuple[Any, ...]) -> bool:
    """Whether a turn, a mirror or an exchange of equal features carries one into the other."""
    if (one.name, one.unique) != (two.name, two.unique):
        return False
    G, H = (m.weights.T @ m.weights for m in (one, two))
    return any(
        all(importance[i] == importance[k] for i, k in enumerate(order))
        and np.abs(G[np.ix_(order, order)] - H).max() < _ALIKE
        and np.abs(one.bias[list(order)] - two.bias).max() < _ALIKE
        for order in permutations(range(len(importance)))
    )


def bound(value: Fraction, *, up: bool) -> str:
    """A decimal of 15 places on the safe side of an exact number.

    >>> bound(Fraction(1, 3), up=False), bound(Fraction(1, 3), up=True)
    ('0.333333333333333', '0.333333333333334')
    """
    scaled = value * 10**15
    number = ceil(scaled) if up else floor(scaled)
    sign = "-" if number < 0 else ""
    whole, part = divmod(abs(number), 10**15)
    return f"{sign}{whole}.{part:015d}"


def _row(values: Any) -> str:
    return " ".join(f"{value + 0.0:15.11f}" for value in values)
