"""One loss to be minimised, as a function of the parameter vector x = (W by rows, b)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..kernel.compiled.rows import UNIFORM
from ..kernel.conditions import evaluated
from ..kernel.inputs import kernel_of
from ..kernel.kernels import kernel, second_kernel
from ..model import ToyModel
from ..supports import Independent
from .compiled.bfgs import bfgs
from .compiled.newton import HESSIAN_STEP, newton
from .compiled.objective import objectives
from .curvature import least_one_sided
from .naming import groups_of
from .orbits import orbit

Floats = NDArray[np.float64]

GRADIENT_TOLERANCE = 1e-12
_AIM = 1e-14
_DESCENDED = 1e-7
"""Gradient at which BFGS hands over to Newton's method, in parts of min(1, Σ I_j p)."""
_MOST = 300
"""Steps of BFGS: some tens are enough where it does not creep along a kink."""
_SNAP = 3e-6
"""Overlaps and biases below this are tried at exactly zero, where the loss has its kinks."""
_ZERO = 1e-9
"""Biases and overlaps up to this are rounding."""
_REACH = 1e-5
"""A snapped minimum further away than this, in Gram matrix or bias, is another one."""
_ANYWHERE = np.empty((0, 0))
"""In place of a projector: no direction is held."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """The exact loss of a model at one point of its plane, its penalty included.

    Biases in x are in units of ``unit``, the scale of the magnitude law.
    """

    m: int
    n: int
    I: Floats  # noqa: E741  (the paper's letter)
    S: Floats
    law: int
    penalty: float = 0.0
    no_bias: bool = False
    unit: float = 1.0
    spare: int = 0
    """Rows of zeros that the weights have besides those of x."""
    ordered: bool = True
    """Whether equally important features are sorted; else they stay where they are."""

    @classmethod
    def of(
        cls, model: ToyModel, sparsity: float, importance: float = 1.0, **symbols: float
    ) -> Problem:
        """The problem of a model at sparsity S, with values for r and its other symbols."""
        n = model.n_features
        if model.support != Independent():
            raise ValueError(f"support = {model.support}: it must be independent here")
        law, unit = kernel_of(model.law)
        weighting, penalty = evaluated(model, {"r": importance, **symbols})
        S = np.full(n, float(sparsity))
        no_bias = model.bias == "zero"
        return cls(model.d_hidden, n, unit**2 * weighting, S, law, penalty, no_bias, unit)

    def narrowed(self) -> Problem:
        """The same problem in at most n rows of weights, as n features span no more dimensions.

        The loss depends on W by G = WᵀW alone, and each G has a W whose rows beyond the n-th are
        zero. Nothing is lost: at a stationary point of rank n the slope A = ∂L/∂G is 0, as WA = 0,
        and of lower rank a row of zeros is left, along which L grows as it does along the others.
        """
        rows = min(self.m, self.n)
        return replace(self, m=rows, spare=self.spare + self.m - rows)

    def at(self, sparsity: float, importance: float) -> Problem:
        """The same problem at another point of the diagram."""
        weighting = self.I.copy()
        weighting[-1] = self.unit**2 * importance
        return replace(self, I=weighting, S=np.full(self.n, float(sparsity)))

    @property
    def _arguments(self) -> tuple[object, ...]:
        which = kernel(self.n, self.law)
        return (self.m, self.n, self.I, self.S, which, self.penalty, self.no_bias)

    def parameters(self, weights: Floats, bias: Floats) -> Floats:
        """The parameter vector x = (W by rows, b), from biases in the units of the model."""
        return np.concatenate([weights.ravel(), bias / self.unit])

    def split(self, x: Floats) -> tuple[Floats, Floats]:
        """(W, b) of a parameter vector, b in the unit of the law."""
        return x[: self.m * self.n].reshape(self.m, self.n), x[self.m * self.n :]

    def named_bias(self, x: Floats) -> Floats:
        """The bias that names go by: where it is held at 0 every output counts as just on."""
        bias = self.split(x)[1]
        return np.full_like(bias, 1e-6) if self.no_bias else bias

    def gram(self, x: Floats) -> Floats:
        """WᵀW."""
        weights = self.split(x)[0]
        return weights.T @ weights

    def at_all(self, X: Floats) -> tuple[Floats, Floats]:
        """Losses and gradients at every row of X."""
        X = np.ascontiguousarray(X, dtype=np.float64)
        losses, gradients = np.empty(len(X)), np.empty_like(X)
        objectives(X, *self._arguments, losses, gradients)
        return losses, gradients

    def loss(self, x: Floats) -> float:
        return float(self.at_all(x[None])[0][0])

    def gradient(self, x: Floats) -> Floats:
        gradient: Floats = self.at_all(x[None])[1][0]
        return gradient

    def hessian(self, x: Floats, side: int = 0) -> Floats:
        """Second derivatives by differences of the exact gradient; one-sided for side = ±1.

        Rows and columns of a bias that is held are those of the identity.
        """
        d = len(x)
        last = self.m * self.n if self.no_bias else d
        small = 3e-3 * np.abs(x[x != 0])
        h = max(min(HESSIAN_STEP, small.min(initial=np.inf)), 1e-9)
        steps = h * np.eye(d)[:last]
        ends = np.concatenate([x + (side >= 0) * steps, x - (side <= 0) * steps])
        gradients = self.at_all(ends)[1]
        H = np.eye(d)
        H[:last] = (gradients[:last] - gradients[last:]) / (h if side else 2.0 * h)
        return np.asarray(0.5 * (H + H.T))

    def exact_hessian(self, x: Floats) -> Floats:
        """Second derivatives by their own formula; those of one side where the gradient has a kink.

        Entries of a bias that is held count as free.
        """
        weights, bias = self.split(x)
        from ..kernel.compiled.hessian import batch_hessian  # noqa: PLC0415 compiled only here

        H = np.empty((1, len(x), len(x)))
        model = (np.ascontiguousarray(a)[None] for a in (weights, bias, self.I, self.S))
        batch_hessian(second_kernel(self.n, self.law), *model, 0, 1, H)
        H = H[0]
        if self.penalty:
            size = self.m * self.n
            # Σ_{i≠j} G_ij²: 4 (W_i W_jᵀ + G_ij 1) off the diagonal, 4 Σ_{k≠i} W_k W_kᵀ on it.
            outer = weights @ weights.T
            blocks = np.zeros((self.m, self.n, self.m, self.n))
            for i in range(self.n):
                for j in range(self.n):
                    if i == j:
                        block = outer - np.outer(weights[:, i], weights[:, i])
                    else:
                        block = np.outer(weights[:, j], weights[:, i])
                        block = block + weights[:, i] @ weights[:, j] * np.eye(self.m)
                    blocks[:, i, :, j] = 4.0 * self.penalty * block
            H[:size, :size] += blocks.reshape(size, size)
        return np.asarray(H)

    def descend(self, rows: Floats) -> tuple[Floats, Floats]:
        """Where BFGS and a few Newton steps end from every row: (x, losses)."""
        ends = np.array(rows, dtype=np.float64, order="C")
        many, (m, n, _, _, *loss) = len(ends), self._arguments
        conditions = np.tile(self.I, (many, 1)), np.tile(self.S, (many, 1))
        first, never = np.ones(many), np.zeros(1, np.bool_)
        steps, reasons = np.empty(many, np.int64), np.empty(many, np.uint8)
        bfgs(ends, m, n, *conditions, *loss, first, _DESCENDED, _MOST, never, steps, reasons)
        ends, losses, _ = self._newton(ends, 5, GRADIENT_TOLERANCE, downhill=True, hold=False)
        return ends, losses

    def stationary(self, x: Floats, *, downhill: bool = False) -> tuple[Floats, float, float]:
        """Newton's method from x to the nearest stationary point: (x, loss, gradient).

        Entries that are exactly zero are held there, unless that leaves a gradient.
        """
        if (x == 0).any():
            ends, losses, sizes = self._newton(x[None], 30, _AIM, downhill=downhill, hold=True)
            if sizes[0] <= GRADIENT_TOLERANCE:
                return ends[0], float(losses[0]), float(sizes[0])
        ends, losses, sizes = self._newton(x[None], 60, _AIM, downhill=downhill, hold=False)
        return ends[0], float(losses[0]), float(sizes[0])

    def settled_within(
        self, rows: Floats, projector: Floats, *, downhill: bool = True
    ) -> tuple[Floats, Floats, Floats]:
        """Newton's method from every row, with steps in the image of a projector.

        Returns (x, losses, gradients); of a gradient only the part in that image is counted.
        """
        return self._newton(rows, 60, _AIM, downhill=downhill, hold=False, within=projector)

    def _newton(
        self, rows: Floats, most: int, tolerance: float, *, downhill: bool, hold: bool,
        within: Floats = _ANYWHERE,
    ) -> tuple[Floats, Floats, Floats]:  # fmt: skip
        ends = np.array(rows, dtype=np.float64, order="C")
        losses, sizes = np.empty(len(ends)), np.empty(len(ends))
        newton(ends, *self._arguments, tolerance, most, downhill, hold, within, losses, sizes)
        return ends, losses, sizes

    def settled(self, x: Floats) -> tuple[Floats, float, float]:
        """x polished downhill, in canonical form, with vanishing overlaps at exactly zero.

        Kinks of the loss lie where an overlap and a bias vanish together; Newton's method creeps
        towards such a minimum, so the exact zero is tried and kept when it is no worse.
        """
        best = self.stationary(x, downhill=True)
        trials = [self._measured(self.canonical(best[0], _SNAP))]
        if trials[0][2] > _AIM:
            moved = self.stationary(trials[0][0], downhill=True)
            trials += [moved, self._measured(self.canonical(moved[0], _SNAP))]
        for trial in trials:
            no_worse = trial[1] <= best[1] + 1e-15 and trial[2] <= max(best[2], _AIM)
            if no_worse and self._distance(trial[0], best[0]) < _REACH:
                best = trial
        x, loss, size = best
        plain = self.canonical(x, 0.0)
        return plain, loss, size

    def _distance(self, x: Floats, y: Floats) -> float:
        """Largest difference of Gram matrix or bias; y in the order of features that x has."""
        weights, bias = self.split(y)
        order = self._order(weights)
        gram = weights.T @ weights
        return float(
            max(
                np.abs(self.gram(x) - gram[np.ix_(order, order)]).max(),
                np.abs(self.split(x)[1] - bias[order]).max(),
            )
        )

    def _measured(self, x: Floats) -> tuple[Floats, float, float]:
        losses, gradients = self.at_all(x[None])
        size = np.abs(gradients[0]).max()
        return x, float(losses[0]), float(size) if np.isfinite(size) else np.inf

    def canonical(self, x: Floats, snap: float) -> Floats:
        """The same Gram matrix from weights in a standard position, small numbers set to zero.

        Of equally important features the longest comes first, if they are ``ordered``. Each group
        of interfering features takes its own rows, upper triangular with a positive first entry
        each. Overlaps, lengths and biases of at most `snap` become zero.
        """
        weights, bias = self.split(x)
        order = self._order(weights)
        weights, bias = weights[:, order], bias[order]
        gram = weights.T @ weights
        length = np.sqrt(np.diag(gram))
        gram = np.where(np.abs(gram) <= snap * np.maximum(1.0, np.outer(length, length)), 0.0, gram)
        dropped = length <= snap
        gram[dropped] = 0.0
        gram[:, dropped] = 0.0
        if snap:
            bias = np.where(np.abs(bias) <= snap, 0.0, bias)
        new = np.zeros_like(weights)
        row = 0
        groups = groups_of(gram) if snap else _groups_in(weights)
        for group in groups:
            block = np.asarray(np.linalg.qr(weights[:, group], mode="r"))
            block = block[np.abs(block).max(axis=1) > 1e-9]
            first = np.argmax(np.abs(block) > 1e-9, axis=1)
            block *= np.sign(np.take_along_axis(block, first[:, None], axis=1))
            if row + len(block) > self.m:  # a snap that would need more dimensions
                return np.concatenate([weights.ravel(), bias])
            new[row : row + len(block), group] = block
            row += len(block)
        return np.concatenate([new.ravel(), bias])

    def _order(self, weights: Floats) -> NDArray[np.intp]:
        """Equally important features by falling length; equal lengths stay as they are."""
        if not self.ordered:
            return np.arange(self.n)
        length = np.sqrt((weights**2).sum(axis=0)).round(8)
        order = np.arange(self.n)
        for value in np.unique(self.I):
            group = np.flatnonzero(self.I == value)
            order[group] = group[np.argsort(-length[group], kind="stable")]
        return order

    def lowest_curvature(self, x: Floats) -> float:
        """The least one-sided second derivative over unit directions, rotations left out."""
        return self.softest(x)[0]

    def has_kink(self, x: Floats) -> bool:
        """Whether the gradient has a kink at x, so that second derivatives are one-sided.

        Under a continuous law there is one where an output is exactly 0 with some probability: its
        bias is 0 and no feature is active, or, with biases held at 0, one that it does not overlap.
        """
        if self.law != UNIFORM:
            return bool(np.abs(self.hessian(x, 1) - self.hessian(x, -1)).max() >= 1e-3)
        if self.no_bias:
            apart = np.abs(self.gram(x)) <= _ZERO
            np.fill_diagonal(apart, False)
            return bool(apart.any())
        return bool((np.abs(self.split(x)[1]) <= _ZERO).any() and self.S.all())

    def softest(self, x: Floats, starts: Floats | None = None) -> tuple[float, Floats]:
        """The least one-sided second derivative, and the unit direction that has it.

        At a kink it is searched for from the rows of ``starts``, by default from many.
        """
        values, directions = self.soft_directions(x, starts)
        return float(values[0]), directions[0]

    def soft_directions(self, x: Floats, starts: Floats | None = None) -> tuple[Floats, Floats]:
        """Every local minimum of the one-sided second derivative that the search finds, rising.

        Where there is no kink only the lowest curvature and its direction.
        """
        H = self.hessian(x)
        T, count = orbit(x, self.m, self.n)
        top = float(np.abs(H).max()) + 1.0
        values, vectors = np.linalg.eigh(H + top * T[:count].T @ T[:count])
        if not self.has_kink(x):
            if self.no_bias:
                free = np.abs(vectors[self.m * self.n :]).max(axis=0) < 0.5
                values, vectors = values[free], vectors[:, free]
            return values[:1], vectors[:, :1].T
        d = len(x)
        if starts is None:
            rng = np.random.default_rng(0)
            starts = np.concatenate([vectors.T, -vectors.T, rng.normal(size=(6 * d, d))])
        fixed = T[:count]
        if self.no_bias:
            fixed = np.concatenate([fixed, np.eye(d)[self.m * self.n :]])
        return least_one_sided(self.at_all, x, starts, fixed)


def _groups_in(weights: Floats) -> tuple[tuple[int, ...], ...]:
    """Sets of features that share rows of W with non-zero entries."""
    support = (weights != 0).astype(float)
    return groups_of(support.T @ support)
