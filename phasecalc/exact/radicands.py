"""Which roots and cosines a list of algebraic numbers takes: coprime radicands and one order.

Square roots that lie in the field of the cosines (Gauss's sums) are counted among these.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import gcd, lcm, prod

import sympy
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from ..inputs import Scalar

_SMALL_PRIMES = tuple(sympy.primerange(2, 1000))


def turns_of(angle: sympy.Expr) -> Fraction | None:
    """The angle over 2π where that is rational."""
    ratio = angle / (2 * sympy.pi)
    return Fraction(int(ratio.p), int(ratio.q)) if ratio.is_Rational else None


def atoms(expressions: Iterable[Scalar]) -> tuple[int, dict[int, int]]:
    """N of the cosines, and the coprime integers whose roots occur, with the index of each."""
    order = 1
    found: list[tuple[int, int]] = []
    numbers = (v for v in expressions if isinstance(v, sympy.Expr) and not v.free_symbols)
    for value in (v.expand(func=True) for v in numbers):  # the golden ratio has a root in it
        for trig in value.atoms(TrigonometricFunction):
            turns = turns_of(trig.args[0])
            if turns is not None:
                # A tangent is a sine over a cosine.
                orders = {sympy.cos: [turns], sympy.sin: [turns - Fraction(1, 4)]}
                both = [turns, turns - Fraction(1, 4)]
                order = lcm(order, *(t.denominator for t in orders.get(trig.func, both)))
        for power in value.atoms(sympy.Pow):
            if power.base.is_Rational and power.exp.is_Rational and power.exp.q > 1:
                if power.base > 0:
                    index = int(power.exp.q)
                    radicand = int(power.base.p) * int(power.base.q) ** (index - 1)
                    found.append((radicand, index))
    return order, coprime_roots(found)


def coprime_roots(wanted: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Pairwise coprime n > 1, no perfect powers that the index divides, and the index of each.

    Roots n^(1/m) of such numbers are independent over ℚ (Besicovitch 1940).
    """
    pieces: dict[int, int] = {}
    rest: list[tuple[int, int]] = []
    for n, index in wanted:
        left = n
        for q in _SMALL_PRIMES:
            power = 0
            while left % q == 0:
                left //= q
                power += 1
            if power % index:
                pieces[q] = lcm(pieces.get(q, 1), index // gcd(power, index))
        if left > 1:
            rest.append((left, index))
    base: list[int] = []
    for n, _ in rest:
        base = _refined(base, n)
    for n, index in rest:
        for q in base:
            power, left = 0, n
            while left % q == 0:
                left //= q
                power += 1
            if power % index:
                pieces[q] = lcm(pieces.get(q, 1), index // gcd(power, index))
    return pieces


def _refined(base: list[int], n: int) -> list[int]:
    """A coprime basis that also n is a product of; perfect powers are replaced by their roots."""
    pending = [*base, n]
    found: list[int] = []
    while pending:
        a = _root_of_power(pending.pop())
        if a == 1:
            continue
        for i, b in enumerate(found):
            shared = gcd(a, b)
            if shared > 1:
                found.pop(i)
                pending += [shared, a // shared, b // shared]
                break
        else:
            found.append(a)
    return found


def _root_of_power(n: int) -> int:
    for k in range(n.bit_length(), 1, -1):
        whole, is_exact = sympy.integer_nthroot(n, k)
        if is_exact:
            return int(whole)
    return n


@lru_cache(maxsize=256)
def prime_factors(n: int) -> tuple[int, ...]:
    """The primes of a squarefree number that are below 1000; what is left over comes last."""
    found = []
    for q in _SMALL_PRIMES:
        if n % q == 0:
            found.append(q)
            n //= q
    return (*found, n) if n > 1 else tuple(found)


def conductor(n: int) -> int:
    """The least N with √n in ℚ(e^{2πi/N}), for a squarefree n > 0: its discriminant."""
    return n if n % 4 == 1 else 4 * n


def with_square_roots(order: int, radicands: list[int]) -> int:
    """N so large that a square root that ℚ(cos 2π/N) shares with the others is in it.

    √d lies in ℚ(cos 2π/N) exactly where the discriminant of ℚ(√d) divides N. Where the root of
    some product of radicands does, all those whose primes divide N are taken into the cosines.
    """
    if order <= 2:
        return order
    inside = [n for n in radicands if n < _SMALL_PRIMES[-1] and order % n == 0]
    shared = any(
        order % conductor(prod(some)) == 0
        for size in range(1, len(inside) + 1)
        for some in combinations(inside, size)
    )
    return lcm(order, *map(conductor, inside)) if shared else order
