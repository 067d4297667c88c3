"""Which landscape a source means."""

from __future__ import annotations

from ..kernel.compiled.cube import MAX_DIRECTIONS
from ..model import refuse_variant
from .branch import GlobalLandscape, Landscape
from .plane import Plane
from .relaxed import RelaxedLandscape
from .settings import DEFAULT, ContinuationSettings


def landscape_of(plane: Plane, source: str, settings: ContinuationSettings = DEFAULT) -> Landscape:
    """The landscape of "relaxed" or "global" minima over a plane.

    Raises `ValueError` for a model of more features than can be minimised, whose law has no
    compiled kernel or whose minima are not isolated, and for one with a bias mode or penalty that
    the source does not have.
    """
    if plane.model.n_features > MAX_DIRECTIONS:
        raise ValueError(
            f"n_features = {plane.model.n_features}: source = {source!r} takes at most "
            f"{MAX_DIRECTIONS} features, since minima of more cannot be searched for"
        )
    law = plane.model.law
    if law.kernel is None:
        raise ValueError(f"law = {law}: source = {source!r} needs a law with a compiled kernel")
    if law.kernel == "point":
        raise ValueError(
            f"law = {law}: source = {source!r} needs minima that are isolated; under the point law "
            "the loss is piecewise quadratic in G and b, and its minima are whole polytopes"
        )
    if source == "global":
        return GlobalLandscape(plane, settings)
    refuse_variant(plane.model, source)
    return RelaxedLandscape(plane, settings)
