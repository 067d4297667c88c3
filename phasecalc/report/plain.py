"""Formulas as one line of plain text: the typography that `FormulaPrinter` asks for."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from ..proofs import language as lang
from .formula import ATOM, BIG, POWER, PRODUCT, SUM, FormulaPrinter, Printed

_TEMPLATES: dict[type, tuple[str, int]] = {
    lang.Indicator: ("[{0} ∈ {1}]", ATOM),
    lang.Size: ("|{0}|", ATOM),
    lang.LocalError: ("ℓ_{0}({1})", ATOM),
    lang.Norm: ("‖W_{0}‖", ATOM),
    lang.Overlap: ("W_{0}·W_{1}", PRODUCT),
    lang.Partial: ("∂_{1} {0}", PRODUCT),
    lang.Least: ("min_{1} {0}", PRODUCT),
    lang.Perpendicular: ("W ⊥ {0}", SUM),
    lang.Total: ("d{0}/d{1}", PRODUCT),
    lang.Decimal: ("{0} ≈ {1}", SUM),
    lang.UpTo: ("{{1, …, {0}}}", ATOM),
    lang.Singleton: ("{{{0}}}", ATOM),
    lang.Without: ("{0}∖{{{1}}}", ATOM),
    lang.Neighbourhood: ("N({0})", ATOM),
    lang.Expectation: ("E[{0}]", ATOM),
    sympy.factorial: ("{0}!", ATOM),
    sympy.binomial: ("C({0}, {1})", ATOM),
    sympy.KroneckerDelta: ("δ_{0}{1}", ATOM),
    sympy.Min: ("min({0}, {1})", ATOM),
    sympy.Max: ("max({0}, {1})", ATOM),
}
"""A node with its arguments filled in, and how tightly the result binds."""

_DOMAINS: dict[type, str] = {
    lang.Range: "{0}={1}..{2}",
    lang.MemberOf: "{0} ∈ {1}",
    lang.SubsetOf: "{0} ⊆ {1}",
    lang.OfSize: "|{0}| = {1}",
    lang.Distinct: "{0} ≠ {1}",
    lang.Pairs: "{0},{1}=1..{2}",
}
_RELATIONS = {"==": "=", "<=": "≤", ">=": "≥", "<": "<", ">": ">", "!=": "≠"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_GREEK = {
    "mu": "μ",
    "ell": "ℓ",
    "lambda": "λ",
    "epsilon": "ε",
    "delta": "δ",
    "alpha": "α",
    "beta": "β",
    "rho": "ρ",
    "nu": "ν",
    "nu_a": "ν_a",
    "nu_b": "ν_b",
    "lambda_b": "λ_b",
}


class PlainPrinter(FormulaPrinter):
    """A formula as one line of Unicode text.

    >>> from phasecalc.symbols import p, r
    >>> PlainPrinter().formula(p**2 * r / 6 + p**2 / 6)
    'p² (1 + r)/6'
    """

    templates = _TEMPLATES
    minus = "−"

    def brackets(self, text: str) -> str:
        return f"({text})"

    def fraction(self, over: Printed, under: Printed) -> str:
        above = over[0] if over[1] > BIG else self.brackets(over[0])
        below = under[0] if under[1] >= POWER else self.brackets(under[0])
        return f"{above}/{below}"

    def power(self, base: str, exponent: str) -> str:
        if exponent.isdigit():
            return base + exponent.translate(_SUPERSCRIPTS)
        return f"{base}^{exponent}" if " " not in exponent else f"{base}^({exponent})"

    def root(self, text: str) -> str:
        return f"√{text}" if text.isalnum() else f"√({text})"

    def joined(self, texts: Sequence[str]) -> str:
        return " ".join(texts)

    def relation(self, expr: sympy.Basic) -> str:
        return _RELATIONS[expr.rel_op]

    def unknown(self, expr: sympy.Basic) -> str:
        return str(expr)

    def rational(self, expr: sympy.Rational) -> Printed:
        text = str(abs(expr.p)) if expr.q == 1 else f"{abs(expr.p)}/{expr.q}"
        if expr.p < 0:
            return self.minus + text, SUM
        return text, ATOM if expr.q == 1 else PRODUCT

    def symbol(self, expr: sympy.Symbol) -> Printed:
        return _GREEK.get(expr.name, expr.name), ATOM

    def indexed(self, expr: sympy.Indexed) -> Printed:
        indices = "".join(self.show(index) for index in expr.indices)
        label = indices if len(indices) < 3 else f"{{{indices}}}"
        name = expr.base.label.name
        return f"{_GREEK.get(name, name)}_{label}", ATOM

    def infinity(self, expr: sympy.Basic) -> Printed:
        return "∞", ATOM

    def truncated(self, expr: sympy.Expr) -> Printed:
        base, power = expr.args
        text = f"({self.show(base)})_+"
        return (text, ATOM) if power == 1 else (f"{text}^{self.within(power, ATOM)}", POWER)

    def between(self, expr: sympy.Expr) -> Printed:
        low, middle, high = (self.show(arg) for arg in expr.args[:3])
        upper = "≤" if len(expr.args) > 3 else "<"
        return (
            f"{middle} > {low}" if expr.args[2] == sympy.oo else f"{low} < {middle} {upper} {high}"
        ), SUM

    def big_sum(self, expr: sympy.Expr) -> Printed:
        return self._big("Σ", expr)

    def big_product(self, expr: sympy.Expr) -> Printed:
        return self._big("∏", expr)

    def _big(self, sign: str, expr: sympy.Expr) -> Printed:
        body, domain = expr.args
        return (
            f"{sign}_{{{self.filled(_DOMAINS[type(domain)], domain)}}} {self.within(body, BIG)}",
            BIG,
        )

    def cube_integral(self, expr: sympy.Expr) -> Printed:
        body, active = expr.args
        side = active.args[0] if isinstance(active, lang.UpTo) else active
        return f"∫_{{{self.power('[0,1]', self.show(side))}}} {self.within(body, BIG)} dx", BIG

    def integral(self, expr: sympy.Integral) -> Printed:
        body, (variable, low, high) = expr.args
        limits = f"{self.show(low)}..{self.show(high)}"
        return f"∫_{{{limits}}} {self.within(body, BIG)} d{self.show(variable)}", BIG


def plain(expr: sympy.Basic, *, sparsity: bool = False) -> str:
    """A formula or a claim as one line of text, in p or, with `sparsity`, in S.

    >>> from phasecalc.symbols import p
    >>> plain(p / 3 - p**2 / 4), plain(p / 3 - p**2 / 4, sparsity=True)
    ('p/3 − p²/4', '(1 − S) (1 + 3 S)/12')
    """
    return PlainPrinter(sparsity=sparsity).formula(expr)
