"""Records as data: equal when their contents are, and kept in JSON files that read back bit by bit.

A record is a frozen dataclass of numbers, texts, tuples, arrays, formulas and other records. Its
document is described in docs/records.md; `VERSION` grows when a file of the older form could not
be read as it is. Files are parsed, never evaluated: only the classes of `PLACES` are made from
them, and each checks its own contents again when it is made.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields, is_dataclass
from fractions import Fraction
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

import sympy
from sympy.printing.str import StrPrinter

from ._version import __version__
from .files import readable, replacing

FORMAT = "phasecalc record"
VERSION = 2

PLACES = {
    "Axis": "continuation.plane.Axis",
    "Beta": "laws.Beta",
    "Block": "blocks.block.Block",
    "Boundary": "diagram.transition.Boundary",
    "Branch": "continuation.slice_records.Branch",
    "BranchEnd": "continuation.slice_records.BranchEnd",
    "Candidate": "blocks.candidate.Candidate",
    "CellMap": "certify.cell_records.CellMap",
    "Certificate": "certify.records.Certificate",
    "ContinuationSettings": "continuation.settings.ContinuationSettings",
    "CrossCheck": "experiment.crosscheck.CrossCheck",
    "Crossing": "continuation.slice_records.Crossing",
    "EnvelopeCrossing": "diagram.envelope.Crossing",
    "Description": "experiment.describe.Description",
    "ExactlyActive": "supports.ExactlyActive",
    "Exponential": "laws.Exponential",
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
    "HalfNormal": "laws.HalfNormal",
    "Independent": "supports.Independent",
    "Junction": "diagram.transition.Junction",
    "LocalMinimum": "minima.minimize.LocalMinimum",
    "MetastableRegion": "continuation.records.MetastableRegion",
    "Minima": "continuation.records.Minima",
    "Minimiser": "certify.records.Minimiser",
    "Minimum": "minima.minimize.Minimum",
    "PolishedPoint": "continuation.polish.PolishedPoint",
    "PhaseDiagram": "diagram.phase_diagram.PhaseDiagram",
    "Plane": "continuation.plane.Plane",
    "Point": "laws.Point",
    "Proof": "certify.records.Proof",
    "RealRoot": "exact.roots.RealRoot",
    "Regret": "experiment.regret.Regret",
    "SignedUniform": "laws.SignedUniform",
    "Slice": "continuation.slice_records.Slice",
    "SparseLoss": "exact.loss.SparseLoss",
    "SpecialPoint": "continuation.records.SpecialPoint",
    "Spinodal": "continuation.records.Spinodal",
    "Strip": "diagram.envelope.Strip",
    "Table": "supports.Table",
    "ToyModel": "model.ToyModel",
    "TracedBoundary": "continuation.records.TracedBoundary",
    "TracedDiagram": "continuation.records.TracedDiagram",
    "TracedPhase": "continuation.records.TracedPhase",
    "Uniform": "laws.Uniform",
}
"""The classes that files may hold, by the name that they have there."""

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
_LONG = 4000
"""Digits from which integers are written in base 16, which Python reads in any length."""


class Record:
    """A record that can be compared, pickled and saved."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in _compared(self))

    def __hash__(self) -> int:
        own = (getattr(self, f.name) for f in _compared(self))
        return hash((type(self), *(value for value in own if _is_plain(value))))

    def __reduce__(self) -> tuple[Any, ...]:
        # SymPy evaluates formulas again when it unpickles them: factored ones would come out other.
        return record_of, (document_of(self),)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the record to a .json file, which `phasecalc.load` reads back bit by bit.

        Raises `ValueError` for another ending, `OSError` for a place that cannot be written.
        """
        save(self, path)


def save(record: object, path: str | PathLike[str]) -> None:
    """Write a record to a .json file; see `Record.save`."""
    path = Path(path)
    if path.suffix.lower() != ".json":
        raise ValueError(f"path = {str(path)!r}: the name must end in .json")
    text = json.dumps(document_of(record), ensure_ascii=False, allow_nan=False, indent=1)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def load(path: str | PathLike[str]) -> Any:
    """Read a record that its `save` wrote: .json, or .npz and .nc for trained models.

    The record is equal to the one that was saved, bit by bit. Nothing in a file is evaluated or
    unpickled.

    Raises `ValueError` for a damaged or foreign file and for one of another version, `OSError`
    where none can be read.
    """
    path = Path(path)
    if path.suffix.lower() in (".npz", ".nc"):
        return import_module("phasecalc.experiment.storage").load_trained(path)
    try:
        text = readable(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{str(path)!r} is no record of phasecalc: it is not text") from None
    try:
        return record_of(json.loads(text))
    except RecursionError:
        raise ValueError(f"{str(path)!r} is no record of phasecalc: nested too deeply") from None
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise ValueError(f"{str(path)!r} is no record of phasecalc: {reason}") from None


def document_of(record: object) -> dict[str, Any]:
    """The JSON document of a record."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "phasecalc": __version__,
        "record": _encoded(record),
    }


def record_of(document: Any) -> Any:
    """The record of a JSON document.

    >>> from phasecalc.model import ToyModel
    >>> record_of(document_of(ToyModel(3, 2))) == ToyModel(3, 2)
    True

    Raises `ValueError` where the document is none, or of another version.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    if document.get("version") != VERSION:
        raise ValueError(f"its version is {document.get('version')!r}, not {VERSION}")
    return _decoded(document["record"], 0)


def _compared(record: Any) -> list[Any]:
    return [f for f in fields(record) if f.compare]


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | str | Fraction | sympy.Basic | None)


def _same(one: Any, two: Any) -> bool:
    numpy = sys.modules.get("numpy")  # not imported for the sake of a comparison
    if numpy is not None and isinstance(one, numpy.ndarray):
        if not isinstance(two, numpy.ndarray) or one.shape != two.shape or one.dtype != two.dtype:
            return False
        return bool(numpy.array_equal(one, two, equal_nan=one.dtype.kind == "f"))
    if isinstance(one, tuple) and isinstance(two, tuple):
        return len(one) == len(two) and all(_same(a, b) for a, b in zip(one, two, strict=True))
    return type(one) is type(two) and bool(one == two or (one != one and two != two))  # noqa: PLR0124 (NaN)


# To JSON ------------------------------------------------------------------------------------------


def _encoded(value: Any) -> Any:  # noqa: PLR0911 (one line a type)
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
        return [_encoded(entry) for entry in value]
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        name = _NAMES.get(f"{kind.__module__}.{kind.__qualname__}")
        if name is None:
            raise TypeError(f"{kind.__name__} is no record that can be saved")
        return {
            "record": name,
            **{f.name: _encoded(getattr(value, f.name)) for f in fields(value) if f.init},
        }
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _array(value)
    raise TypeError(f"a record holds {type(value).__name__}, which is no data")


def _array(value: Any) -> Any:
    if value.shape == () and value.dtype.kind in "iub":
        return bool(value) if value.dtype.kind == "b" else int(value)
    flat = value.ravel().tolist()
    if value.dtype.kind == "f":
        flat = [_encoded(entry) for entry in flat]
    dtype = value.dtype.str.replace("=", "<")
    return {"array": {"dtype": dtype, "shape": list(value.shape), "entries": flat}}


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


def _decoded(value: Any, depth: int) -> Any:  # noqa: PLR0911 (one line a type)
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return tuple(_decoded(entry, depth + 1) for entry in value)
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


def _made(value: dict[str, Any], depth: int) -> Any:
    name = value["record"]
    if name not in PLACES:
        raise ValueError(f"it holds a record {name!r} that this version does not know")
    module, _, attribute = PLACES[name].rpartition(".")
    kind = getattr(import_module(f"phasecalc.{module}"), attribute)
    wanted = {f.name for f in fields(kind) if f.init}
    given = value.keys() - {"record"}
    if given != wanted:
        raise ValueError(f"its {name} has the entries {sorted(given)}, not {sorted(wanted)}")
    return kind(**{key: _decoded(value[key], depth + 1) for key in given})


def _read_array(entries: dict[str, Any]) -> Any:
    numpy = import_module("numpy")
    dtype, shape = entries["dtype"], tuple(entries["shape"])
    if not isinstance(dtype, str) or not _DTYPES.fullmatch(dtype):
        raise ValueError(f"an array has the type {dtype!r}")
    flat = [_decoded(entry, 0) for entry in entries["entries"]]
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
