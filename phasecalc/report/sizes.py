"""A model in words and in the entries of a JSON document."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from ..model import ToyModel
from ..model import sizes as sizes_in_words
from ..supports import Independent
from ..symbols import p
from ..symbols import r as symbol

_MOST_ENTRIES = 4


def sizes(model: ToyModel) -> str:
    """The sizes in words.

    >>> sizes(ToyModel(3, 2)), sizes(ToyModel(2, 1))
    ('3 features in 2 dimensions', '2 features in 1 dimension')
    """
    return sizes_in_words(model.n_features, model.d_hidden)


def importances(model: ToyModel, r: float | Fraction | None = None) -> str:
    """What the importances are; with the value of r where the model has it, exact if it is.

    >>> importances(ToyModel(2, 1), 0.5), importances(ToyModel(5, 2, importance="0.9^i"))
    ('r = 0.5', 'importance (1, 9/10, …, 6561/10000)')
    """
    has_r = symbol in model.symbols
    usual = (*(sympy.Integer(1),) * (model.n_features - 1), symbol)
    parts = []
    if model.importance != usual:
        entries = [str(weight) for weight in model.importance]
        if len(entries) > _MOST_ENTRIES:
            entries = [*entries[:2], "…", entries[-1]]
        parts.append(f"importance ({', '.join(entries)})")
    if has_r and r is not None:
        parts.append(f"r = {r}" if isinstance(r, Fraction) else f"r = {r:g}")
    return ", ".join(parts)


def others(model: ToyModel) -> str:
    """The importances after a comma, where they are not the usual (1, …, 1, r).

    >>> others(ToyModel(2, 1)), others(ToyModel(2, 1, importance=("1/2", symbol)))
    ('', ', importance (1/2, r)')
    """
    words = importances(model)
    return f", {words}" if words else ""


def support_lines(model: ToyModel) -> list[str]:
    """A line that says which features are active together; none where they are independent.

    Where no probability of the support is a formula in p, S is without effect: the line says so.

    >>> from phasecalc.supports import ExactlyActive
    >>> support_lines(ToyModel(2, 1, support=ExactlyActive(1)))
    ['active together: exactly 1 active, at every S']
    """
    if model.support == Independent():
        return []
    always = "" if p in model.support.symbols(model.n_features) else ", at every S"
    return [f"active together: {model.support.text}{always}"]


def magnitudes(model: ToyModel) -> str:
    """The magnitude law in words.

    >>> magnitudes(ToyModel(2, 1))
    'magnitudes uniform on [0, 1]'
    """
    return f"magnitudes {model.law.text}"


def model_entries(model: ToyModel) -> dict[str, Any]:
    """The model as documents hold it; importances are strings, exact and symbolic.

    >>> model_entries(ToyModel(2, 1))["importance"]
    ['1', 'r']
    """
    return {
        "n_features": model.n_features,
        "d_hidden": model.d_hidden,
        "law": str(model.law),
        "importance": [str(weight) for weight in model.importance],
        **({} if model.support == Independent() else {"support": str(model.support)}),
    }
