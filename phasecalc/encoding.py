"""Values of records to JSON and back: numbers, arrays, formulas, polynomials, other records.

Files are parsed, never evaluated: only the classes of `PLACES` are made from them. The document is
described in docs/records.md.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import fields, is_dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import sympy
from sympy.printing.str import StrPrinter

PLACES = {
    "Axis": "landscapes.plane.Axis",
    "Block": "blocks.block.Block",
    "Boundary": "diagram.transition.Boundary",
    "Branch": "slices.records.Branch",
    "BranchEnd": "slices.records.BranchEnd",
    "Candidate": "blocks.candidate.Candidate",
    "CellMap": "certify.cell_records.CellMap",
    "Certificate": "certify.records.Certificate",
    "ContinuationSettings": "landscapes.settings.ContinuationSettings",
    "CrossCheck": "experiment.crosscheck.CrossCheck",
    "Crossing": "slices.records.Crossing",
    "EnvelopeCrossing": "diagram.envelope.Crossing",
    "Description": "experiment.describe.Description",
    "ExactlyActive": "supports.ExactlyActive",
    "FeatureError": "exact.features.FeatureError",
    "Compound": "limit.records.Compound",
    "Geometry": "limit.geometry.Geometry",
    "GeometryPhase": "limit.geometry.GeometryPhase",
    "InvariantPoint": "limit.records.InvariantPoint",
    "LimitDiagram": "limit.records.LimitDiagram",
    "LimitState": "limit.records.LimitState",
    "LimitStrip": "limit.records.LimitStrip",
    "FlowCounts": "experiment.flow.FlowCounts",
    "FoundWeights": "experiment.elsewhere.FoundWeights",
    "GridDiagram": "diagram.grid.GridDiagram",
    "Groups": "supports.Groups",
    "Independent": "supports.Independent",
    "Junction": "diagram.transition.Junction",
    "LocalMinimum": "minima.found.LocalMinimum",
    "MetastableRegion": "continuation.records.MetastableRegion",
    "Minima": "continuation.records.Minima",
    "Minimiser": "certify.records.Minimiser",
    "Minimum": "minima.found.Minimum",
    "Pair": "supports.Pair",
    "PairBoundary": "diagram.pair.PairBoundary",
    "PairDiagram": "diagram.pair.PairDiagram",
    "PairPhase": "diagram.pair.PairPhase",
    "PairPoint": "diagram.pair.PairPoint",
    "PolishedPoint": "polishing.points.PolishedPoint",
    "PhaseDiagram": "diagram.phase_diagram.PhaseDiagram",
    "Plane": "landscapes.plane.Plane",
    "Proof": "certify.records.Proof",
    "RealRoot": "exact.roots.RealRoot",
    "Regret": "experiment.regret.Regret",
    "Slice": "slices.records.Slice",
    "SparseLoss": "exact.loss.SparseLoss",
    "SpecialPoint": "continuation.records.SpecialPoint",
    "Spinodal": "continuation.records.Spinodal",
    "Strip": "diagram.envelope.Strip",
    "Table": "supports.Table",
    "ToyModel": "model.ToyModel",
    "TracedBoundary": "continuation.records.TracedBoundary",
    "TracedDiagram": "continuation.records.TracedDiagram",
    "TracedPhase": "continuation.records.TracedPhase",
    # In checkpoints only.
    "CurveEnd": "continuation.curve.End",
    "Degenerate": "continuation.equations.Degenerate",
    "FollowedBranch": "landscapes.branch.Branch",
    "Instability": "continuation.limits.Instability",
    "Line": "continuation.curve.Line",
    "Meeting": "continuation.equations.Meeting",
    "Onset": "continuation.onset.Onset",
}
"""The classes that files may hold, by the name that they have there; laws are those of `LAWS`."""

_NAMES = {f"phasecalc.{place}": name for name, place in PLACES.items()}
_HEADS = {
    "Add": sympy.Add,
    "Mul": sympy.Mul,
    "Pow": sympy.Pow,
    "cos": sympy.cos,
    "sin": sympy.sin,
    "ComplexRootOf": None,
    "TruncatedPower": None,
}
_CONSTANTS = {"pi": sympy.pi, "oo": sympy.oo, "-oo": -sympy.oo}
_SYMBOL = re.compile(r"[^\W\d]\w*")
_DTYPES = re.compile(r"\|b1|[<|][fiu][1248]|<U\d{1,6}")
_DEEPEST = 200
_MANY = 1_000
"""Entries from which an array of numbers is written as its bytes, little-endian, in base64."""
_LONG = 4000
"""Digits from which integers are written in base 16, which Python reads in any length."""


# To JSON ------------------------------------------------------------------------------------------


def encoded(value: Any) -> Any:  # noqa: PLR0911 (one line a type)
    """A value of a record as JSON.

    Raises `TypeError` for what is no data.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):  # numpy's float64 too
        value = float(value)
        return value if value - value == 0 else {"float": repr(value)}
    if isinstance(value, Fraction):
        return {"fraction": f"{_digits(value.numerator)}/{_digits(value.denominator)}"}
    if isinstance(value, sympy.Poly):
        return _polynomial(value)
    if isinstance(value, sympy.Basic):
        return {"formula": _tree(value), "text": _Text().doprint(value)[:200]}
    if hasattr(value, "__index__") and not hasattr(value, "dtype"):
        return int(value)
    if isinstance(value, tuple):
        return [encoded(entry) for entry in value]
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        name = _NAMES.get(f"{kind.__module__}.{kind.__qualname__}")
        if kind.__module__ == "phasecalc.laws":
            name = kind.__name__
        if name is None:
            raise TypeError(f"{kind.__name__} is no record that can be saved")
        return {
            "record": name,
            **{f.name: encoded(getattr(value, f.name)) for f in fields(value) if f.init},
        }
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _array(value)
    raise TypeError(f"a record holds {type(value).__name__}, which is no data")


def _array(value: Any) -> Any:
    if value.shape == () and value.dtype.kind in "iub":
        return bool(value) if value.dtype.kind == "b" else int(value)
    value = value.astype(value.dtype.newbyteorder("<"), copy=False)
    parts = {"dtype": value.dtype.str, "shape": list(value.shape)}
    if value.size >= _MANY and value.dtype.kind in "fiu":
        return {"array": {**parts, "base64": b64encode(value.tobytes()).decode()}}
    flat = value.ravel().tolist()
    if value.dtype.kind == "f":
        flat = [encoded(entry) for entry in flat]
    return {"array": {**parts, "entries": flat}}


class _Text(StrPrinter):  # type: ignore[misc]
    """Formulas for people; SymPy keeps a root by its polynomial, in whichever variable."""

    def _print_ComplexRootOf(self, root: sympy.CRootOf) -> str:
        polynomial = root.poly.as_expr(sympy.Symbol("x"))
        return f"CRootOf({self._print(polynomial)}, {root.index})"


def _polynomial(value: sympy.Poly) -> Any:
    """A polynomial in one symbol over the rationals or a real number field."""
    extension = value.domain.ext if value.domain.is_Algebraic else None
    entries = {
        "symbol": value.gen.name,
        "coefficients": [_tree(c) for c in value.all_coeffs()],
        "extension": None if extension is None else _tree(extension.as_expr()),
    }
    return {"polynomial": entries}


def _digits(number: int) -> str:
    return hex(number) if number.bit_length() > 3 * _LONG else str(number)


def _tree(formula: sympy.Basic) -> Any:  # noqa: PLR0911 (one line a head)
    """A formula as nested lists [head, argument, …]; numbers and symbols are texts."""
    if formula.is_Integer:
        return _digits(int(formula))
    if formula.is_Float:
        sign, mantissa, exponent, _ = formula._mpf_
        return ["Float", _digits(int(-mantissa if sign else mantissa)), str(exponent),
                str(formula._prec)]  # fmt: skip
    if formula.is_Rational:
        return ["Rational", _digits(int(formula.p)), _digits(int(formula.q))]
    for name, constant in _CONSTANTS.items():
        if formula == constant:
            return [name]
    if isinstance(formula, sympy.Symbol):
        if formula != sympy.Symbol(formula.name) or not _SYMBOL.fullmatch(formula.name):
            raise TypeError(f"the symbol {formula.name} cannot be saved: it carries assumptions")
        return ["Symbol", formula.name]
    if isinstance(formula, sympy.polys.rootoftools.ComplexRootOf):
        coefficients = [_digits(int(c)) for c in formula.poly.all_coeffs()]
        return ["ComplexRootOf", str(int(formula.index)), *coefficients]
    name = type(formula).__name__
    if name not in _HEADS:
        raise TypeError(f"a formula with {name} cannot be saved")
    return [name, *map(_tree, formula.args)]


# From JSON ----------------------------------------------------------------------------------------


def decoded(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 (one line a type)
    """The value that JSON stands for.

    Raises `ValueError` for what `encoded` does not write.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return tuple(decoded(entry, depth + 1) for entry in value)
    if not isinstance(value, dict):
        return value
    if "record" in value:
        return _made(value, depth)
    if "formula" in value:
        return _formula(value["formula"], depth)
    if "fraction" in value:
        numerator, denominator = value["fraction"].split("/")
        return Fraction(_integer(numerator), _integer(denominator))
    if "array" in value:
        return _read_array(value["array"])
    if "polynomial" in value:
        return _read_polynomial(value["polynomial"])
    if value.get("float") in ("nan", "inf", "-inf"):
        return float(value["float"])
    raise ValueError(f"it holds {sorted(value)}, which is no value")


def _class_of(name: str) -> Any:
    """The class that a file means; None where there is none of that name."""
    if name in PLACES:
        module, _, attribute = PLACES[name].rpartition(".")
        return getattr(import_module(f"phasecalc.{module}"), attribute)
    laws = import_module("phasecalc.laws").LAWS.values()
    return next((law for law in laws if law.__name__ == name), None)


def _made(value: dict[str, Any], depth: int) -> Any:
    name = value["record"]
    kind = _class_of(name)
    if kind is None:
        raise ValueError(f"it holds a record {name!r} that this version does not know")
    wanted = {f.name for f in fields(kind) if f.init}
    given = value.keys() - {"record"}
    if given != wanted:
        raise ValueError(f"its {name} has the entries {sorted(given)}, not {sorted(wanted)}")
    return kind(**{key: decoded(value[key], depth + 1) for key in given})


def _read_array(entries: dict[str, Any]) -> Any:
    numpy = import_module("numpy")
    dtype, shape = entries["dtype"], tuple(entries["shape"])
    if not isinstance(dtype, str) or not _DTYPES.fullmatch(dtype):
        raise ValueError(f"an array has the type {dtype!r}")
    if "base64" in entries:
        content = b64decode(entries["base64"], validate=True)
        return numpy.frombuffer(content, numpy.dtype(dtype)).reshape(shape).copy()
    flat = [decoded(entry, 0) for entry in entries["entries"]]
    return numpy.array(flat, dtype=numpy.dtype(dtype)).reshape(shape)


def _read_polynomial(entries: dict[str, Any]) -> sympy.Poly:
    generator = _formula(["Symbol", entries["symbol"]], 0)
    coefficients = [_formula(tree, 0) for tree in entries["coefficients"]]
    if entries["extension"] is None:
        return sympy.Poly(coefficients, generator, domain=sympy.QQ)
    field = sympy.QQ.algebraic_field(_formula(entries["extension"], 0))
    return sympy.Poly(coefficients, generator, domain=field)


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?(0x[0-9a-f]+|[0-9]+)", text):
        raise ValueError(f"{text[:40]!r} is no integer")
    return int(text, 16) if "x" in text else int(text)


def _formula(tree: Any, depth: int) -> sympy.Basic:  # noqa: PLR0911 (one line a head)
    if depth > _DEEPEST:
        raise ValueError("a formula is nested too deeply")
    if isinstance(tree, str):
        return sympy.Integer(_integer(tree))
    head, *arguments = tree
    if head in _CONSTANTS and not arguments:
        return _CONSTANTS[head]
    if head == "Rational":
        return sympy.Rational(*map(_integer, arguments))
    if head == "Float":
        mantissa, exponent, bits = map(_integer, arguments)
        return sympy.Float(sympy.Integer(mantissa) * sympy.Integer(2) ** exponent, precision=bits)
    if head == "Symbol":
        (name,) = arguments
        if not _SYMBOL.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a symbol")
        return sympy.Symbol(name)
    if head == "ComplexRootOf":
        index, *coefficients = map(_integer, arguments)
        polynomial = sympy.Poly(coefficients, sympy.Symbol("x"))
        return sympy.CRootOf(polynomial, index, radicals=False)
    if head not in _HEADS:
        raise ValueError(f"a formula has the head {head!r}")
    parts = [_formula(argument, depth + 1) for argument in arguments]
    if head == "TruncatedPower":
        kind = import_module("phasecalc.exact.truncated").TruncatedPower
        return kind(*parts, evaluate=False)
    # Formulas are built as they were: evaluation would multiply out what was factored.
    return _HEADS[head](*parts, evaluate=False)
