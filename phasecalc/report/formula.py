"""How a formula is read aloud: the order of terms and factors, signs, fractions and brackets.

`FormulaPrinter` walks a SymPy expression and asks a dialect (`LatexPrinter`, `PlainPrinter`) for
the typography. Terms come in ascending powers of p (or S) and r; where there are other names,
numbers come first and negative terms last. A node without a rule goes to SymPy's own printer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import ClassVar

import sympy

from ..exact.forms import is_rational_form
from ..exact.truncated import TruncatedPower
from ..proofs import language as lang
from ..symbols import S, p, r
from .forms import product, tidy

SUM, BIG, PRODUCT, POWER, ATOM = range(5)
"""How tightly the outermost operation of a printed formula binds."""

Printed = tuple[str, int]

_BIG_NODES = (lang.SumOver, lang.ProductOver, lang.CubeIntegral, sympy.Integral, sympy.Sum)
_LAST = {"t", "x", "y"}
"""Variables of integration stand last in a product: ‖W_i‖² t."""


def flat_factors(expr: sympy.Expr) -> list[sympy.Expr]:
    """The factors of a product, nested products opened."""
    if not isinstance(expr, sympy.Mul):
        return [expr]
    return list(chain.from_iterable(map(flat_factors, expr.args)))


def is_negative(expr: sympy.Expr) -> bool:
    """Whether a term is printed with a minus sign in front."""
    return any(f.is_Number and f.is_negative for f in flat_factors(expr))


def negated(expr: sympy.Expr) -> sympy.Expr:
    """−expr, a product staying as it is written."""
    factors = flat_factors(expr)
    index = next(i for i, f in enumerate(factors) if f.is_Number and f.is_negative)
    rest = (-factors[index], *factors[:index], *factors[index + 1 :])
    return product(rest)


def ordered_terms(expr: sympy.Expr) -> list[sympy.Expr]:
    """The terms of a sum as they are written."""
    terms = list(sympy.Add.make_args(expr))
    symbols = {p, S, r}
    free = expr.free_symbols
    if free & symbols and _is_polynomial(expr):
        others = sorted(free - symbols, key=str)
        terms.sort(key=lambda term: _degrees(term, *others, r, p, S))
        if is_negative(terms[0]):
            if not is_negative(terms[-1]):
                terms.reverse()
            else:
                terms.sort(key=is_negative)
        return terms
    # A fraction leads, as in 1/3 − 2 ∫ …; an integer trails, as in k + 1.
    return sorted(terms, key=lambda term: (not _leads(term), *_term_key(term)))


def _is_polynomial(expr: sympy.Expr) -> bool:
    return bool(expr.is_polynomial()) and not expr.has(
        lang.Node, sympy.Indexed, sympy.Function, sympy.Integral
    )


def _leads(term: sympy.Expr) -> bool:
    return bool(term.is_Rational and not term.is_Integer and term > 0)


def _degrees(term: sympy.Expr, *symbols: sympy.Symbol) -> tuple[int, ...]:
    powers = term.as_powers_dict()
    # Degrees of a product of powers are read off: SymPy's polynomials are slow to build.
    if any(base.is_Add for base in powers) and is_rational_form(term):
        return tuple(int(sympy.degree(sympy.expand(term), symbol)) for symbol in symbols)
    return tuple(int(powers.get(symbol, 0)) for symbol in symbols)


def _term_key(term: sympy.Expr) -> tuple[object, ...]:
    factors = flat_factors(term)
    numbers = sum(1 for f in factors if f.is_Number)
    return (
        is_negative(term),
        -(len(factors) - numbers),
        not any(isinstance(f, _BIG_NODES) for f in factors),
        not term.has(lang.Norm, lang.Overlap),
        not term.has(sympy.Indexed),
        sympy.default_sort_key(term),
    )


def _factor_rank(factor: sympy.Expr) -> int:
    """Place of a factor in a product: numbers first, sums and integrals last."""
    base = factor.base if isinstance(factor, sympy.Pow) else factor
    return next(rank for rank, test in _RANKS if test(base))


def _variable(base: sympy.Expr) -> bool:
    name = base.base.label.name if isinstance(base, sympy.Indexed) else getattr(base, "name", "")
    return bool(name in _LAST)


def _has_structure(base: sympy.Expr) -> bool:
    kinds = (sympy.Indexed, lang.Norm, lang.PositivePart, TruncatedPower)
    return bool(base.has(*kinds, *_BIG_NODES))


_BRACKETS = (lang.PositivePart, TruncatedPower, lang.Expectation)
_RANKS: tuple[tuple[int, Callable[[sympy.Expr], bool]], ...] = (
    (0, lambda base: base.is_number or isinstance(base, sympy.binomial)),
    (6, lambda base: isinstance(base, _BIG_NODES)),
    (4, _variable),
    (1, lambda base: isinstance(base, sympy.Symbol)),
    (5, lambda base: isinstance(base, _BRACKETS)),
    (5, lambda base: isinstance(base, sympy.Add) and _has_structure(base)),
    (2, lambda base: isinstance(base, sympy.Add)),
    (3, lambda base: True),
)


_MANY_TERMS = 100
"""Terms beyond which a sum that is too long to be collected is not tidied term by term either."""


class FormulaPrinter:
    """The traversal that both dialects share."""

    rules: ClassVar[dict[type, str]] = {
        sympy.Add: "add",
        sympy.Mul: "mul",
        sympy.Pow: "power_of",
        sympy.Rational: "rational",
        sympy.Symbol: "symbol",
        sympy.Indexed: "indexed",
        type(sympy.oo): "infinity",
        sympy.Tuple: "pair",
        lang.PositivePart: "truncated",
        TruncatedPower: "truncated",
        lang.SumOver: "big_sum",
        lang.ProductOver: "big_product",
        lang.CubeIntegral: "cube_integral",
        sympy.Integral: "integral",
        lang.Between: "between",
    }
    """The method that prints a kind of node."""
    templates: ClassVar[dict[type, tuple[str, int]]] = {}
    """Other kinds: the text that their arguments are filled into, and how tightly it binds."""

    def __init__(self, *, sparsity: bool = False) -> None:
        self.sparsity = sparsity

    def formula(self, expr: sympy.Basic) -> str:
        """The formula in the form a person would write."""
        if isinstance(expr, sympy.core.relational.Relational):
            left, right = self.sides(expr)
            return f"{left} {self.relation(expr)} {right}"
        return self.show(self.shaped(expr))

    def sides(self, claim: sympy.core.relational.Relational) -> tuple[str, str]:
        """Left and right side; p = a is S = 1 − a where S is wanted."""
        left, right = claim.args
        if self.sparsity and left == p and right.is_number:
            left, right = S, 1 - right
        return self.show(self.shaped(left)), self.show(self.shaped(right))

    def shaped(self, expr: sympy.Basic) -> sympy.Basic:
        """Formulas of p and r in their tidy form, p replaced by 1 − S where S is wanted."""
        if isinstance(expr, lang.Between) and self.sparsity and expr.args[1] == p:
            low, _, high = expr.args[:3]
            return lang.Between(1 - high, S, 1 - low)
        if isinstance(expr, sympy.Tuple):
            return sympy.Tuple(*(self.shaped(arg) for arg in expr.args))
        if not isinstance(expr, sympy.Expr):
            return expr
        shaped = tidy(expr, sparsity=self.sparsity)
        if shaped != expr or not isinstance(expr, sympy.Add) or len(expr.args) > _MANY_TERMS:
            return shaped
        if not expr.free_symbols <= {p, S, r}:
            terms = (self.shaped(term) for term in expr.args)
            return sympy.Add(*terms, evaluate=False)
        return shaped

    def show(self, expr: sympy.Basic) -> str:
        """The formula as it stands."""
        return self.piece(expr)[0]

    def piece(self, expr: sympy.Basic) -> Printed:
        """The formula and how tightly it binds."""
        for kind in type(expr).__mro__:
            if kind in self.rules:
                method: Callable[[sympy.Basic], Printed] = getattr(self, self.rules[kind])
                return method(expr)
            if kind in self.templates:
                template, binding = self.templates[kind]
                # The argument of n! stands in brackets unless it is an atom.
                if kind is sympy.factorial:
                    return template.format(self.within(expr.args[0], ATOM)), binding
                return self.filled(template, expr), binding
        closed = isinstance(expr, sympy.Function | sympy.Order)
        return self.unknown(expr), ATOM if closed else SUM

    def within(self, expr: sympy.Basic, level: int) -> str:
        """The formula, in brackets where it binds less tightly than `level`."""
        text, binding = self.piece(expr)
        return text if binding >= level else self.brackets(text)

    def filled(self, template: str, expr: sympy.Basic) -> str:
        """A template with the arguments of a node."""
        return template.format(*(self.show(arg) for arg in expr.args))

    def pair(self, expr: sympy.Tuple) -> Printed:
        return self.brackets(", ".join(self.show(arg) for arg in expr.args)), ATOM

    # The order of terms and factors

    def add(self, expr: sympy.Expr) -> Printed:
        terms = ordered_terms(expr)
        text = ""
        for index, term in enumerate(terms):
            minus = is_negative(term)
            body = self.within(negated(term) if minus else term, BIG)
            if index == 0:
                text = self.minus + body if minus else body
            else:
                text += f" {self.minus if minus else '+'} {body}"
        return text, SUM

    def mul(self, expr: sympy.Expr) -> Printed:
        if is_negative(expr):
            return self.minus + self.within(negated(expr), BIG), SUM
        above: list[sympy.Expr] = []
        below: list[sympy.Expr] = []
        for factor in flat_factors(expr):
            if factor.is_Rational:
                above.append(sympy.Integer(factor.p))
                below.append(sympy.Integer(factor.q))
            elif isinstance(factor, sympy.Pow) and _is_minus(factor.exp):
                below.append(sympy.Pow(factor.base, -factor.exp))
            else:
                above.append(factor)
        above, below = _sorted_factors(above), _sorted_factors(below)
        if not below:
            return self.juxtaposed(above), self._binding(above)
        # Sums and integrals stand beside a fraction, not in it.
        big = [f for f in above if _factor_rank(f) == 6]
        small = [f for f in above if _factor_rank(f) != 6]
        if not big and len(above) == 1 and isinstance(above[0], sympy.Add) and self.tall(above[0]):
            big, small = above, []
        top = self.juxtaposed(small) if small else "1"
        text = self.fraction(
            (top, self._binding(small) if small else ATOM),
            (self.juxtaposed(below), self._binding(below)),
        )
        if not big:
            return text, PRODUCT
        beside = self.within(big[0], BIG) if len(big) == 1 else self.juxtaposed(big)
        return f"{text}{self.space}{beside}", max(self._binding(big), BIG)

    def tall(self, expr: sympy.Expr) -> bool:
        """Whether a sum would make an ugly numerator."""
        return bool(expr.atoms(*_BIG_NODES))

    def _binding(self, factors: Sequence[sympy.Expr]) -> int:
        if len(factors) == 1:
            return self.piece(factors[0])[1]
        return BIG if factors and isinstance(factors[-1], _BIG_NODES) else PRODUCT

    def juxtaposed(self, factors: Sequence[sympy.Expr]) -> str:
        """Factors side by side; the last one may be an open sum or integral."""
        if len(factors) == 1:
            return self.show(factors[0])
        *front, last = factors
        texts = [self.within(factor, PRODUCT) for factor in front]
        texts.append(self.within(last, BIG))
        return self.joined(texts)

    def power_of(self, expr: sympy.Expr) -> Printed:
        base, exponent = expr.args
        if _is_minus(exponent):
            below = sympy.Pow(base, -exponent)
            return self.fraction(("1", ATOM), self.piece(below)), PRODUCT
        if exponent == sympy.Rational(1, 2):
            return self.root(self.show(base)), ATOM
        # A number or fraction as base needs brackets, as a negative one does.
        bare = self.within(base, ATOM)
        if base.is_Rational and not (base.is_Integer and base >= 0):
            bare = self.brackets(self.show(base))
        return self.power(bare, self.show(exponent)), POWER

    # Typography, to be given by the dialect

    minus = "-"
    space = " "

    def brackets(self, text: str) -> str:
        raise NotImplementedError

    def fraction(self, over: Printed, under: Printed) -> str:
        raise NotImplementedError

    def power(self, base: str, exponent: str) -> str:
        raise NotImplementedError

    def root(self, text: str) -> str:
        raise NotImplementedError

    def joined(self, texts: Sequence[str]) -> str:
        raise NotImplementedError

    def relation(self, expr: sympy.Basic) -> str:
        raise NotImplementedError

    def unknown(self, expr: sympy.Basic) -> str:
        raise NotImplementedError


def _is_minus(exponent: sympy.Expr) -> bool:
    return not isinstance(exponent, sympy.Add) and is_negative(exponent)


def _sorted_factors(factors: list[sympy.Expr]) -> list[sympy.Expr]:
    kept = [f for f in factors if f != 1]
    return sorted(kept, key=lambda f: (_factor_rank(f), sympy.default_sort_key(f)))
