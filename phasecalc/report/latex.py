r"""Formulas in LaTeX: the typography that `FormulaPrinter` asks for, as templates.

The packages amsmath and amssymb are all that the output needs; truncated powers print as (u)_+^k.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from ..proofs import language as lang
from .formula import ATOM, BIG, POWER, PRODUCT, SUM, FormulaPrinter, Printed

_TEMPLATES: dict[type, tuple[str, int]] = {
    lang.Indicator: (r"\left[{0} \in {1}\right]", ATOM),
    lang.Size: (r"\lvert {0} \rvert", ATOM),
    lang.LocalError: (r"\ell_{{{0}}}({1})", ATOM),
    lang.Norm: (r"\lVert W_{{{0}}} \rVert", ATOM),
    lang.Overlap: (r"W_{{{0}}} \cdot W_{{{1}}}", PRODUCT),
    lang.Partial: (r"\partial_{{{1}}} {0}", PRODUCT),
    lang.Least: (r"\min_{{{1}}} {0}", PRODUCT),
    lang.Perpendicular: (r"W \perp {0}", SUM),
    lang.Total: (r"\frac{{d {0}}}{{d {1}}}", PRODUCT),
    lang.Decimal: (r"{0} \approx {1}", SUM),
    lang.UpTo: (r"\{{1, \dots, {0}\}}", ATOM),
    lang.Singleton: (r"\{{{0}\}}", ATOM),
    lang.Without: (r"{0} \setminus \{{{1}\}}", ATOM),
    lang.Neighbourhood: (r"N({0})", ATOM),
    lang.Expectation: (r"\mathbb{{E}}\left[{0}\right]", ATOM),
    sympy.factorial: (r"{0}!", ATOM),
    sympy.binomial: (r"\binom{{{0}}}{{{1}}}", ATOM),
    sympy.KroneckerDelta: (r"\delta_{{{0}{1}}}", ATOM),
    sympy.Min: (r"\min\left({0}, {1}\right)", ATOM),
    sympy.Max: (r"\max\left({0}, {1}\right)", ATOM),
}
"""A node with its arguments filled in, and how tightly the result binds."""

_DOMAINS: dict[type, tuple[str, str]] = {
    lang.Range: ("{0}={1}", "{2}"),
    lang.MemberOf: (r"{0} \in {1}", ""),
    lang.SubsetOf: (r"{0} \subseteq {1}", ""),
    lang.OfSize: (r"\lvert {0} \rvert = {1}", ""),
    lang.Distinct: (r"{0} \neq {1}", ""),
    lang.Pairs: ("{0},{1}=1", "{2}"),
}
"""What stands below and above a sum sign."""

_RELATIONS = {"==": "=", "<=": r"\leq", ">=": r"\geq", "<": "<", ">": ">", "!=": r"\neq"}

_NAMES = {"epsilon": r"\varepsilon"}


class LatexPrinter(FormulaPrinter):
    r"""LaTeX of a formula, without dollar signs.

    >>> from phasecalc.symbols import p, r
    >>> LatexPrinter().formula(-p**2 * r / 4 + p * r / 3)
    'r \\left(\\frac{p}{3} - \\frac{p^{2}}{4}\\right)'
    """

    templates = _TEMPLATES
    space = r"\, "

    def brackets(self, text: str) -> str:
        return rf"\left({text}\right)"

    def fraction(self, over: Printed, under: Printed) -> str:
        return rf"\frac{{{over[0]}}}{{{under[0]}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def root(self, text: str) -> str:
        return rf"\sqrt{{{text}}}"

    def joined(self, texts: Sequence[str]) -> str:
        text = texts[0]
        for following in texts[1:]:
            gap = r" \cdot " if text[-1].isdigit() and following[:1].isdigit() else " "
            text += gap + following
        return text

    def relation(self, expr: sympy.Basic) -> str:
        return _RELATIONS[expr.rel_op]

    def unknown(self, expr: sympy.Basic) -> str:
        return str(sympy.latex(expr))

    def rational(self, expr: sympy.Rational) -> Printed:
        if expr.q == 1:
            return str(expr.p), ATOM if expr.p >= 0 else SUM
        text = rf"\frac{{{abs(expr.p)}}}{{{expr.q}}}"
        return (text, PRODUCT) if expr.p > 0 else (f"-{text}", SUM)

    def symbol(self, expr: sympy.Symbol) -> Printed:
        base, _, label = expr.name.partition("_")
        if base in ("L", "F") and len(label) > 1:
            label = label.replace("#", r"\#")
            return rf"{base}_{{\text{{{label}}}}}", ATOM
        return str(sympy.latex(expr)), ATOM

    def indexed(self, expr: sympy.Indexed) -> Printed:
        indices = "".join(self.show(index) for index in expr.indices)
        return f"{_NAMES.get(expr.base.label.name, expr.base.label.name)}_{{{indices}}}", ATOM

    def infinity(self, expr: sympy.Basic) -> Printed:
        return r"\infty", ATOM

    def truncated(self, expr: sympy.Expr) -> Printed:
        base, power = expr.args
        exponent = "" if power == 1 else f"^{{{self.show(power)}}}"
        # The exponent is part of the symbol: a further power needs brackets.
        return rf"\left({self.show(base)}\right)_{{+}}{exponent}", ATOM if power == 1 else POWER

    def between(self, expr: sympy.Expr) -> Printed:
        low, middle, high = (self.show(arg) for arg in expr.args[:3])
        upper = "\\leq" if len(expr.args) > 3 else "<"
        return (
            f"{middle} > {low}" if expr.args[2] == sympy.oo else f"{low} < {middle} {upper} {high}"
        ), SUM

    def big_sum(self, expr: sympy.Expr) -> Printed:
        return self._big(r"\sum", expr)

    def big_product(self, expr: sympy.Expr) -> Printed:
        return self._big(r"\prod", expr)

    def _big(self, sign: str, expr: sympy.Expr) -> Printed:
        body, domain = expr.args
        below, above = (self.filled(part, domain) for part in _DOMAINS[type(domain)])
        limits = f"_{{{below}}}" + (f"^{{{above}}}" if above else "")
        return f"{sign}{limits} {self.within(body, BIG)}", BIG

    def cube_integral(self, expr: sympy.Expr) -> Printed:
        body, active = expr.args
        side = active.args[0] if isinstance(active, lang.UpTo) else active
        text = self.within(body, BIG)
        return rf"\int_{{[0,1]^{{{self.show(side)}}}}} {text} \, dx", BIG

    def integral(self, expr: sympy.Integral) -> Printed:
        body, (variable, low, high) = expr.args
        low, high = self.show(low), self.show(high)
        text = self.within(body, BIG)
        return rf"\int_{{{low}}}^{{{high}}} {text} \, d{self.show(variable)}", BIG


def latex(expr: sympy.Basic, *, sparsity: bool = False) -> str:
    r"""LaTeX of a formula or a claim, in p or, with `sparsity`, in S.

    >>> from phasecalc.symbols import p
    >>> latex(2 * p / (4 - 5 * p)), latex(2 * p / (4 - 5 * p), sparsity=True)
    ('\\frac{2 p}{4 - 5 p}', '\\frac{2 \\left(1 - S\\right)}{5 S - 1}')
    """
    return LatexPrinter(sparsity=sparsity).formula(expr)
