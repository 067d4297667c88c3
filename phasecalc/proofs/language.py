"""The language of the claims: SymPy's, and the few nodes that it lacks.

A claim is written with sums over sets, integrals over cubes and expectations, which SymPy can
neither print as a person would nor evaluate. Each node here is a plain SymPy expression with
arguments; what it is worth is in `evaluate`, how it looks is the printers' business.
"""

from __future__ import annotations

from typing import Any

import sympy

from ..symbols import S, p, r


class Node(sympy.Expr):  # type: ignore[misc]
    """An expression that is known by its type and its arguments."""

    is_commutative = True

    def __new__(cls, *args: Any) -> Node:
        return super().__new__(cls, *map(sympy.sympify, args))  # type: ignore[no-any-return]


class PositivePart(Node):
    """(u)_+^q, arguments u and q; unlike `TruncatedPower` with any formula as power."""


class SumOver(Node):
    """Σ over a domain, arguments body and domain."""


class ProductOver(Node):
    """∏ over a domain, arguments body and domain."""


class CubeIntegral(Node):
    """∫_{[0,1]^A} body dx over the magnitudes x_i, i ∈ A; arguments body and A."""


class Expectation(Node):
    """E body over the features x_1, …, x_n, zero or not; argument body."""


class Indicator(Node):
    """[j ∈ A]: 1 or 0; arguments j and A."""


class Size(Node):
    """|A|, argument A."""


class LocalError(Node):
    """ℓ_j(A), the squared error of feature j with the active set A; arguments j and A."""


class Norm(Node):
    """‖W_i‖, argument i."""


class Overlap(Node):
    """W_i · W_j, arguments i and j."""


class Partial(Node):
    """∂_s L, the partial derivative; arguments L and s."""


class Least(Node):
    """min_b L, the lowest value over all biases; arguments L and b."""


class Perpendicular(Node):
    """W ⊥ v, argument the vector v."""


class Total(Node):
    """dr/dS, arguments r and S."""


class Between(Node):
    """low < x < high, arguments low, x, high; high may be infinite. A fourth one: x ≤ high."""


class Decimal(Node):
    """value ≈ its decimals, arguments value and a symbol that is the decimals."""


class UpTo(Node):
    """The set {1, …, k}, argument k."""


class Singleton(Node):
    """The set {j}, argument j."""


class Without(Node):
    """The set A without the element j, arguments A and j."""


class Neighbourhood(Node):
    """N(j): feature j and all i with G_ji ≠ 0; argument j."""


class Range(Node):
    """Domain low ≤ j ≤ high; arguments j, low, high."""


class MemberOf(Node):
    """Domain i ∈ A; arguments i and A."""


class SubsetOf(Node):
    """Domain B ⊆ A; arguments B and A."""


class OfSize(Node):
    """Domain A ⊆ {1, …, n} with |A| = k; arguments A and k."""


class Distinct(Node):
    """Domain of the pairs i ≠ j of features; arguments i and j."""


class Pairs(Node):
    """Domain of all pairs 1 ≤ i, j ≤ high; arguments i, j and high."""


n, m, k, q, s = sympy.symbols("n m k q s")
i, j = sympy.symbols("i j")
A, B = sympy.symbols("A B")
t, a, c, g, u = sympy.symbols("t a c g u")
mu, v = sympy.symbols("mu v")
loss = sympy.Symbol("L")
free_energy = sympy.Symbol("F")
W, G, H, P, b, x, importance, term, feature_loss, slope, block_error = map(
    sympy.IndexedBase, ("W", "G", "H", "P", "b", "x", "I", "L", "E", "g", "epsilon")
)
"""I_j is written `importance[j]`, L_k `term[k]`, E_j `feature_loss[j]`, g_i `slope[i]`,
ε_s `block_error[s]`."""


def features(index: sympy.Symbol = j) -> Range:
    """The domain j = 1, …, n."""
    return Range(index, 1, n)


def positive(base: sympy.Expr, power: sympy.Expr | int = 1) -> sympy.Expr:
    """(base)_+^power."""
    return PositivePart(base, power)


def pre_activation(active: sympy.Expr | None = None) -> sympy.Expr:
    """Σ_i G_ji x_i + b_j over the features, or over an active set."""
    domain = features(i) if active is None else MemberOf(i, active)
    return SumOver(G[j, i] * x[i], domain) + b[j]


def equal(left: Any, right: Any) -> sympy.Eq:
    """The claim left = right, not evaluated."""
    return sympy.Eq(sympy.sympify(left), sympy.sympify(right), evaluate=False)


def error_of(index: Any) -> sympy.Expr:
    """E (x_j − (Σ_i G_ji x_i + b_j)_+)²."""
    bare = SumOver(G[index, i] * x[i], features(i)) + b[index]
    return Expectation((x[index] - positive(bare)) ** 2)


def named_loss(name: str) -> sympy.Symbol:
    """L with the name of a configuration as its subscript."""
    return sympy.Symbol(f"L_{name}")


__all__ = [name for name in dir() if not name.startswith("_") and name not in ("Any", "sympy")]
__all__ += ["S", "p", "r"]
