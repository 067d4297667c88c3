"""An independent check of a certificate file, with none of the code of the search.

The file is read as plain JSON, and nothing is imported from the rest of phasecalc. Every claim is
proved again from the formulas of docs/certificates.md: the box that holds a global minimiser, the
upper bound at the witness, convexity in the neighbourhoods, every step down the tree of boxes, and
that all that is left open lies in the stated regions.

Numbers are python-flint's balls of `PRECISION` bits. The steps of the tree, of which there may be
millions, are checked many at a time in arrays: of float64, whose rounding errors that page bounds,
or of balls where they are asked for.
"""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

try:
    from flint import ctx
except ImportError as error:
    raise ImportError(
        "checking certificates needs python-flint: pip install 'phasecalc[check]'"
    ) from error

from .arrays import Balls, Floats
from .claim import Claim, Rejected
from .tree import Tree

__all__ = ["Rejected", "check_certificate"]

PRECISION = 333
"""Bits: truncated powers divided by small overlaps lose some hundred of them."""


def check_certificate(path: str | PathLike[str], *, balls: bool = False) -> dict[str, Any]:
    """Prove a certificate file again, with none of the code that made it.

    With ``balls`` the steps of the tree are checked in balls too, a hundred times as slowly.
    Returns {"lower", "upper", "leaves", "neighbourhoods", "regions"}. Needs python-flint. Raises
    `Rejected` with the first claim that cannot be proved, `ValueError` for a file that is no
    finished certificate, `OSError` where there is none.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        # To open a pipe waits for somebody who writes into it; a device may have no end.
        raise OSError(f"{str(path)!r} cannot be read: it is no regular file")
    text = path.read_text(encoding="utf-8")
    before = ctx.prec
    ctx.prec = PRECISION
    try:
        try:
            record = json.loads(text)["record"]
            if record["record"] != "Certificate":
                raise KeyError("Certificate")
            claim = Claim(record)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"{str(path)!r} is no certificate: {error}") from None
        if not record["proved"]:
            raise ValueError(f"{str(path)!r}: the search did not end, only its bounds are known")
        claim.check()
        return {
            "lower": claim.lower,
            "upper": claim.upper,
            "leaves": Tree(claim, Balls if balls else Floats).leaves(),
            "neighbourhoods": len(claim.balls),
            "regions": len(claim.regions),
        }
    finally:
        ctx.prec = before
