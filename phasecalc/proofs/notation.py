"""The names that all derivations share, and what they mean: the notation table of the document."""

from __future__ import annotations

import sympy
from sympy import KroneckerDelta

from .language import (
    A,
    Expectation,
    G,
    H,
    Indicator,
    Least,
    LocalError,
    Neighbourhood,
    Norm,
    Overlap,
    P,
    Partial,
    S,
    W,
    b,
    block_error,
    equal,
    feature_loss,
    free_energy,
    i,
    importance,
    j,
    k,
    loss,
    m,
    mu,
    n,
    named_loss,
    p,
    positive,
    q,
    r,
    term,
    u,
    v,
    x,
)
from .record import Prose, prose

NOTATION: tuple[tuple[sympy.Basic, Prose], ...] = (
    (n, prose("number of features")),
    (m, prose("number of hidden dimensions")),
    (x[j], prose("magnitude of feature {}; zero, or drawn from the magnitude law", j)),
    (S, prose("sparsity: the probability that a feature is zero")),
    (
        equal(p, 1 - sympy.Symbol("S")),
        prose("feature probability: the probability that a feature is active"),
    ),
    (
        W[i],
        prose("column {} of the weights {}, the direction of feature {}", i, sympy.Symbol("W"), i),
    ),
    (b[j], prose("bias of feature {}, added", j)),
    (importance[j], prose("importance of feature {}; 1 for all but the last in the diagrams", j)),
    (r, prose("importance of the last feature, the extra one")),
    (Norm(i), prose("Euclidean norm of {}", W[i])),
    (equal(G[j, i], Overlap(j, i)), prose("overlap of two features, an entry of the Gram matrix")),
    (KroneckerDelta(i, j), prose("1 if {} and {} are equal, else 0", i, j)),
    (
        H[i, j],
        prose("inner product of two rows of {}", sympy.Symbol("W")),
    ),
    (P[i, j], prose("entry of the projection on the span of the rows of {}", sympy.Symbol("W"))),
    (A, prose("set of the active features")),
    (Indicator(j, A), prose("1 if feature {} is in {}, else 0", j, A)),
    (
        positive(u, q),
        prose("truncated power: {} for positive {}, else 0, also for {}", u**q, u, equal(q, 0)),
    ),
    (Expectation(x[j]), prose("expectation over the features")),
    (LocalError(j, A), prose("squared error of feature {} when {} is active", j, A)),
    (feature_loss[j], prose("expected squared error of feature {}", j)),
    (Neighbourhood(j), prose("feature {} and those that interfere with it", j)),
    (term[k], prose("loss on inputs with {} active features, summed over the active sets", k)),
    (loss, prose("loss: a sum over features, never a mean")),
    (Least(loss, b), prose("lowest value over all biases")),
    (named_loss("name"), prose("loss of the configuration of this name")),
    (mu, prose("mean of a feature, zero or not")),
    (v, prose("variance of a feature, zero or not")),
    (
        block_error[sympy.Symbol("s")],
        prose("squared error of one feature in a block of {}", sympy.Symbol("s")),
    ),
    (free_energy, prose("free energy: the lowest loss")),
    (Partial(loss, r), prose("partial derivative of {} in {}", loss, r)),
)
"""Formulas and their meanings, in the order of the table."""
