"""Five features in two dimensions, traced: what three features do not need."""

from __future__ import annotations

import pytest

import phasecalc as pc
from phasecalc.continuation.events import onset_line
from phasecalc.continuation.onset import Onset
from phasecalc.continuation.scan import seeds_between

from .lands import window


@pytest.mark.slow
def test_a_continuous_line_ends_where_a_third_phase_takes_over_and_soon_ends_itself() -> None:
    """The triangle is lost a little inside the line: its loss is compared as far as it goes."""
    land = window((0.22, 0.5), (1.05, 1.9), pc.ToyModel(5, 2))
    above, below = (land.lowest(land.plane.theta(0.42, r)) for r in (1.6, 1.5))
    (seed,) = seeds_between(land, above, below)
    assert isinstance(seed, Onset)
    line = onset_line(land, seed)
    assert line is not None
    first, last = sorted(line.ends, key=lambda end: end.kind)
    assert (first.kind, last.kind) == ("critical end point", "tricritical point")
    assert first.third is not None and first.third.name == "extra-triangle+2-dropped"
    assert isinstance(first.solved, Onset)
    S, r = land.plane.point(first.solved.theta)
    assert (S, r) == pytest.approx((0.365811, 1.421985), abs=2e-6)
    assert first.third.loss == pytest.approx(first.solved.parent.loss, abs=1e-10)
