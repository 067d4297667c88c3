"""Functions that take records, files and settings, on arguments of every kind.

Held: a call gives its record, or raises TypeError, ValueError or OSError in one line; it does not
warn, and takes no more than `SECONDS` of processor time. Most arguments are valid, one or two of a
call are anything.
"""

from __future__ import annotations

import json
import random
import tempfile
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import sympy

import phasecalc as pc
from phasecalc.report.explorer import explorer_page

from .report import Attack, Slow, within

SECONDS = 20.0

ANYTHING: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 10**30, -(10**30), 0.5, -0.0, 1e-300, 5e-324, 1e300,
    float("inf"), float("-inf"), float("nan"), 1 + 2j, "", "1/2", "0.3", "1/0", "x", "é" * 50,
    "a\nb", b"1", [], [[]], [1, 2], [[1.0, -1.0]], [[1.0], [1.0, 2.0]], (), {}, {1}, object(), len,
    np.float64(0.5), np.int8(3), np.zeros((0, 2)), np.zeros((2, 3, 4, 5)), np.array("x"),
    np.full((1, 2), np.nan), np.full((1, 2), 1e300), np.array([[1, None]], dtype=object),
    Fraction(3, 7), sympy.Rational(1, 3), sympy.sqrt(2), sympy.oo, sympy.nan, pc.p, pc.r, pc.S,
    sympy.Symbol("unknown"), pc.Uniform, pc.Uniform(), pc.Point(), pc.Beta(2, 3), pc.Exponential(),
    pc.SignedUniform(), pc.ToyModel, pc.ToyModel(2, 1), pc.ToyModel(3, 2, pc.Point()),
    pc.ToyModel(2, 1, bias="zero"), pc.ToyModel(12, 3), pc.Block(gram=[[1, -1], [-1, 1]]),
    Path("nothing"), "/dev/null", "/", "\0", "x" * 5000,
]  # fmt: skip


class Draw:
    """Arguments for one call, now and then anything in place of what is wanted."""

    def __init__(self, seed: int, folder: Path, wild: float) -> None:
        self.rng, self.folder, self.wild = random.Random(seed), folder, wild
        self.numbers = np.random.default_rng(seed)

    def one(self, *usual: Any) -> Any:
        return (
            self.rng.choice(ANYTHING) if self.rng.random() < self.wild else self.rng.choice(usual)
        )

    def array(self, *shape: int) -> Any:
        if self.rng.random() < self.wild:
            return self.rng.choice(ANYTHING)
        sizes = self.numbers.choice([0.0, 1e-8, 0.3, 1.0, 1.0, 3.0, 1e6], shape)
        found = sizes * self.numbers.choice([-1.0, 1.0], shape)
        return found.tolist() if self.rng.random() < 0.3 else found

    def some(self, **given: Callable[[], Any]) -> dict[str, Any]:
        """A part of the keywords."""
        return {name: make() for name, make in given.items() if self.rng.random() < 0.5}


def _limit(d: Draw) -> Any:
    # Seconds each time, so seldom; once computed they are kept.
    others = [pc.Beta(2, 3), pc.Beta(2, 1)] if d.rng.random() < 0.03 else []
    source = d.one("blocks", "blocks", "optimised") if d.rng.random() < d.wild else "blocks"
    given = d.some(
        law=lambda: d.rng.choice([pc.Uniform(), pc.Point(), "uniform", None, 3, *others]),
        blocks=lambda: d.one((), [pc.Block(gram=[[1, -1], [-1, 1]], name="mine")]),
    )
    if source == "optimised" and given.get("law") in (None, pc.Uniform()):
        given["blocks"] = [0]  # valid, it takes long: refused
    diagram = pc.limit_diagram(source=source, **given)
    return diagram.at(d.one("0.9", Fraction(1, 3), 0.5), d.one(3, "5/2", 1, 0.7))


def _geometry(d: Draw) -> Any:
    k, dimensions = d.one(1, 2, 3, 5), d.one(1, 2, 3)
    given = d.some(law=lambda: d.one(None, pc.Uniform()), seed=lambda: d.one(0))
    if d.rng.random() < d.wild:
        given["sparsities"] = d.one([0.3, 0.6])
        given["random_starts"] = d.one(2)
        k, dimensions = d.one(1, 2), d.one(1)
    found = pc.geometry(k, dimensions, **given)
    S = d.one(0.3, 0.9, 0, "1/2")
    return found.label(S), found.loss(S), found.is_block(S)


def _certify(d: Draw) -> Any:
    model = d.one(pc.ToyModel(2, 1), pc.ToyModel(2, 1, bias="zero"), pc.ToyModel(3, 2))
    # The gap is wide and the boxes are few, so that a valid call ends.
    most = d.one(1, 10, 1000) if d.rng.random() < d.wild else 1000
    if isinstance(most, int) and most > 10**6:
        most = 0
    return pc.certify(
        model, d.one("3/5", Fraction(1, 2), 0), d.one(1, "1/3", 2), gap=d.one("1e-3", "1/100"),
        most_boxes=most, **d.some(checkpoint=lambda: d.one(d.folder / "certify.npz", None)),
    )  # fmt: skip


def _cells(d: Draw) -> Any:
    levels = d.one(-1, 1.5, "2", 10**9, None) if d.rng.random() < 0.7 else d.rng.choice(ANYTHING)
    if levels is True or (isinstance(levels, int | np.integer) and 1 <= levels <= 12):
        levels = 0  # a valid map takes minutes
    return pc.certify_cells(d.one(pc.ToyModel(2, 1), None), levels=levels)


def _regret(d: Draw) -> Any:
    n, m = d.one(2, 3), d.one(1, 2)
    if not all(type(x) is int and 1 <= x <= 3 for x in (n, m)):
        n, m = 2, 1
    lead = d.rng.choice([(), (), (2,), (0,)])
    return pc.regret(
        d.one(pc.ToyModel(n, m), None), d.array(*lead, m, n), d.one(0.0, d.array(*lead, n), None),
        d.one(0.5, 0.9, "1/2"), d.one(1.0, 0.3), random_starts=d.one(0, 1), seed=d.one(0, 1),
    )  # fmt: skip


def _describe(d: Draw) -> Any:
    n, m = d.rng.randint(1, 4), d.rng.randint(1, 3)
    given = d.some(
        importance=lambda: d.one(1.0, [1.0] * n), sparsity=lambda: d.one(0.5, 0.9, 0.0),
        law=lambda: d.one(pc.Uniform(), pc.Point(), pc.SignedUniform()),
    )  # fmt: skip
    found = pc.describe(d.array(m, n), d.one(0.0, None, d.array(n)), **given)
    return repr(found), found._repr_html_() if hasattr(found, "_repr_html_") else ""


def _read(d: Draw) -> Any:
    path = d.folder / "weights.npz"
    convention = d.rng.choice(["phasecalc", "elhage", "arena"])
    names = ("weights", "bias") if convention == "phasecalc" else ("W", "b_final")
    arrays = (d.array(2, 2, 2), d.array(2, 2))
    if d.rng.random() < d.wild:
        names = d.rng.choice([("weights", "bias"), ("a", "b"), ("weights", "W"), ("W", "a")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            held: dict[str, Any] = {n: np.asarray(a) for n, a in zip(names, arrays, strict=True)}
            np.savez(path, **held)
        except (ValueError, TypeError, AttributeError):
            path.write_bytes(b"none")
    found = pc.read_weights(d.one(path, str(path)), d.one(convention))
    return found.n_features


def _load(d: Draw) -> Any:
    """A document with parts of it changed, or any file."""
    path = d.folder / "record.json"
    documents = _documents(d.folder)
    document = json.loads(d.rng.choice(documents))
    for _ in range(d.rng.randint(0, 3)):
        _changed(d, document)
    path.write_text(json.dumps(document, default=str))
    return repr(pc.load(d.one(path, str(path))))


_KEPT: dict[Path, list[str]] = {}


def _documents(folder: Path) -> list[str]:
    if folder not in _KEPT:
        made: list[Any] = [
            pc.phase_diagram(pc.ToyModel(2, 1)), pc.decompose([[1, "-1/2"]], [0, 0], [1, pc.r]),
            pc.limit_diagram(), pc.geometry(2, 1), pc.minimize(pc.ToyModel(2, 1), 0.6),
            pc.describe([[1.0, -1.0]], sparsity=0.6), pc.ToyModel(3, 2, pc.Beta(2, 3)),
        ]  # fmt: skip
        _KEPT[folder] = []
        for record in made:
            if hasattr(record, "save"):
                record.save(folder / "made.json")
                _KEPT[folder].append((folder / "made.json").read_text())
    return _KEPT[folder]


def _changed(d: Draw, document: Any) -> None:
    """Something somewhere in a document is left out, or is another thing."""
    here = document
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = d.rng.choice(keys)
        if isinstance(here[key], dict | list) and d.rng.random() < 0.8:
            here = here[key]
            continue
        if d.rng.random() < 0.3:
            del here[key]
        else:
            here[key] = d.rng.choice(
                [None, True, -1, 0, 3, 1e308, "", "x", "1/0", "p**p", "nan", [], {}, [[1], [2, 3]],
                 "9" * 5000, {"type": "Uniform"}, "__import__('os')", "p" * 100]
            )  # fmt: skip
        return


def _explore(d: Draw) -> Any:
    exact = d.one(*(pc.phase_diagram(pc.ToyModel(*size)) for size in ((2, 1), (3, 2))))
    if not isinstance(exact, pc.PhaseDiagram):
        exact = pc.phase_diagram(pc.ToyModel(2, 1, pc.Point()))
    names = d.one("own", "</script><b>", "\u2028", "'\"\\")
    own = pc.Candidate.from_weights(str(names), [[1, 1]], [0, 0])
    page = explorer_page(pc.phase_diagram(pc.ToyModel(2, 1), candidates=[own]))
    assert "<b>" not in page, "a name became a tag"
    return explorer_page(exact)


CALLS: dict[str, Callable[[Draw], Any]] = {
    "limit_diagram": _limit,
    "geometry": _geometry,
    "certify": _certify,
    "certify_cells": _cells,
    "regret": _regret,
    "describe": _describe,
    "read_weights": _read,
    "load": _load,
    "explore": _explore,
}


def attack(inputs: int, seed: int) -> list[Attack]:
    """So many calls of each function."""
    attacks = []
    pc.minimize(pc.ToyModel(2, 1), 0.5, random_starts=0)  # compiled before anything is timed
    pc.certify(pc.ToyModel(2, 1), "1/2", gap="1/10", most_boxes=1)
    for name, call in CALLS.items():
        found = Attack(f"arguments: {name}")
        given = slowest = 0.0
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("error")
            for k in range(inputs):
                place = f"seed {seed}, input {k}"
                draw = Draw(seed * 1_000_003 + k, Path(folder), wild=(0.0, 0.2, 0.5)[k % 3])
                reason = ""
                try:
                    with within(SECONDS) as clock:
                        call(draw)
                    given += 1
                    slowest = max(slowest, clock.took)
                except (TypeError, ValueError, OSError, ImportError) as error:
                    if "\n" in str(error) or not str(error):
                        reason = f"message {error!r}"
                except Slow:
                    reason = f"took more than {SECONDS} s"
                except Exception as error:
                    reason = f"{type(error).__name__}: {error}"
                found.expect(not reason, f"{place}: {reason}")
        found.note = f"{given:.0f} answered; slowest {slowest:.1f} s"
        attacks.append(found)
    return attacks
