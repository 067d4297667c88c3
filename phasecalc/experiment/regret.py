"""How far weights are from the least known loss, and from the nearest local minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..display import Large
from ..inputs import count_of, is_single, sparsity_of, turned
from ..kernel.conditions import evaluated, supported
from ..kernel.inputs import (
    LEAST_PROBABILITY,
    any_number,
    biases_of,
    real_array,
    scalar_in,
    weights_of,
)
from ..kernel.loss import expected_loss
from ..minima.minimize import minimize
from ..minima.naming import name_of
from ..minima.problem import Problem
from ..minima.wide import is_wide, train_one, wide_starts
from ..model import ToyModel, checked_model, sizes, symbol_values, weighted
from ..progress import told
from ..records import Record
from ..supports import Independent
from ..symbols import r as EXTRA

Floats = NDArray[np.float64]
_TOLERANCE = 1e-7
_MOST_ITERATIONS = 3000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Regret(Record, Large):
    """Losses of weights beside the least known ones; made by `regret`.

    Arrays of the shape (…) of the instances. loss: the exact loss of the weights; minimum: the
    least known loss at their sparsity; phases: what the weights are, by the rules of
    `phasecalc.minima.naming`; least_phases: what the least known minimum is. The nearest local
    minimum is where a descent from the weights ends: nearest_loss, nearest_phases, nearest_weights
    (…, m, n), nearest_bias (…, n); distance is the length of the way there in (W, b), and `step`
    the way itself. That nothing lower exists is evidence from many starts, not a proof.
    """

    model: ToyModel
    sparsity: Floats
    importance: float
    loss: Floats
    minimum: Floats
    phases: NDArray[np.str_]
    least_phases: NDArray[np.str_]
    weights: Floats
    bias: Floats
    nearest_loss: Floats
    nearest_phases: NDArray[np.str_]
    nearest_weights: Floats
    nearest_bias: Floats
    symbols: tuple[tuple[str, float], ...] = ()

    @property
    def regret(self) -> Floats:
        """loss − minimum, 0 or more but for rounding."""
        return np.asarray(self.loss - self.minimum)

    @property
    def relative(self) -> Floats:
        """(loss − minimum)/minimum; inf or NaN where the least known loss is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.regret / self.minimum)

    @property
    def phase(self) -> NDArray[np.str_] | str:
        """What the weights are: a name, or an array of them."""
        return self.phases if self.phases.ndim else str(self.phases)

    @property
    def nearest(self) -> NDArray[np.str_] | str:
        """What the nearest local minimum is."""
        return self.nearest_phases if self.nearest_phases.ndim else str(self.nearest_phases)

    @property
    def step(self) -> tuple[Floats, Floats]:
        """(ΔW, Δb): from the weights to the nearest local minimum."""
        return self.nearest_weights - self.weights, self.nearest_bias - self.bias

    @property
    def distance(self) -> Floats:
        """√(‖ΔW‖² + ‖Δb‖²) of the step."""
        dW, db = self.step
        return np.asarray(np.sqrt((dW**2).sum(axis=(-2, -1)) + (db**2).sum(axis=-1)))

    def to_xarray(self) -> Any:
        """An `xarray.Dataset` over the axis "instance", for weights (instances, m, n)."""
        import xarray  # noqa: PLC0415 (heavy, and only needed here)

        columns = ("loss", "minimum", "regret", "relative", "nearest_loss", "distance")
        data: dict[str, Any] = {
            name: ("instance", np.ravel(getattr(self, name)).astype(float)) for name in columns
        }
        for name in ("phases", "least_phases", "nearest_phases"):
            data[name.replace("phases", "phase")] = ("instance", np.ravel(getattr(self, name)))
        data["sparsity"] = ("instance", np.ravel(self.sparsity))
        m, n = self.weights.shape[-2:]
        data["weights"] = (("instance", "dimension", "feature"), self.weights.reshape(-1, m, n))
        data["bias"] = (("instance", "feature"), self.bias.reshape(-1, n))
        return xarray.Dataset(data, attrs={"model": repr(self.model)})


def regret(
    model: ToyModel | None,
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    sparsity: ArrayLike | None = None,
    importance: object = None,
    *,
    feature_probability: ArrayLike | None = None,
    random_starts: int | None = None,
    seed: int = 0,
    progress: bool | None = None,
    **symbols: object,
) -> Regret:
    """Hold weights against the least known loss of their model.

    regret = L(W, b) − min L, at each instance's sparsity. For up to 9 features and a law with a
    closed form the minimum is that of `minimize`; else the lowest of descents from the weights,
    from antipodal pairs and from ``random_starts`` random ones.

    model : a `ToyModel` of the weights' sizes; None for importances (1, …, 1, r). Its penalty is
        part of both losses. Where it holds biases at 0, those of the weights must be 0.
    weights : (…, m, n); bias (…, n) or one number, 0 by default.
    sparsity : (…), which is broadcast to them; or p = 1 − S as ``feature_probability``.
    importance : one number, the value of r, by default 1; or the importances of all features, in
        numbers.
    symbols : values of the model's other symbols.
    random_starts : their number, by default those of `minimize`, or 4.
    progress : words on stderr where it takes longer than two seconds; None on a terminal only.

    >>> import phasecalc as pc
    >>> found = pc.regret(pc.ToyModel(2, 1), [[1.0, -1.0]], [0.0, 0.0], sparsity=0.6)
    >>> found.phase, found.nearest, round(float(found.regret), 9)
    ('antipodal', 'antipodal', 0.002340315)

    Raises `ValueError` for shapes and values that do not fit and for a value of a symbol that the
    model does not have, `TypeError` for what are no numbers.
    """
    W = weights_of(weights)
    if W.ndim < 2 or 0 in W.shape:
        raise ValueError(f"weights: shape {W.shape}; it must be (..., m, n), with m, n at least 1")
    lead, (m, n) = W.shape[:-2], W.shape[-2:]
    model = ToyModel(n, m) if model is None else checked_model(model)
    if (model.d_hidden, model.n_features) != (m, n):
        hint = turned(model.n_features, m, n) and turned(n, model.d_hidden, model.n_features)
        raise ValueError(
            f"weights: {n} features in {m} dimensions; the model has {model.n_features} in "
            f"{model.d_hidden}{hint}"
        )
    b = biases_of(bias, n)
    if bias is None or is_single(bias):
        b = np.broadcast_to(b, (*lead, n)).copy()
    if b.shape != (*lead, n):
        hint = turned(b.shape[-1], m, n)
        raise ValueError(f"bias: shape {b.shape}; it must be {(*lead, n)}, as weights has{hint}")
    if model.bias == "zero" and b.any():
        raise ValueError(
            f"bias = 'zero': the weights have a bias of {np.abs(b).max():g}; a model with "
            'bias = "free" takes it'
        )
    S = sparsity_of(sparsity, feature_probability, _checked)
    try:
        S = np.broadcast_to(S, lead).copy()
    except ValueError:
        raise ValueError(f"sparsity: shape {S.shape}; weights has the instances {lead}") from None
    model, given = weighted(model, importance)
    r = scalar_in(given, "importance", 0.0, np.inf)
    values = symbol_values(model, symbols, any_number)
    count = None if random_starts is None else count_of(random_starts, "random_starts")
    search = _Search(model, r, values, count, count_of(seed, "seed"))
    with told(f"searching for the least losses of {sizes(n, m)}", progress):
        rows = [search.one(W[k], b[k], float(S[k])) for k in np.ndindex(lead)]

    def column(name: str, tail: tuple[int, ...] = ()) -> NDArray[Any]:
        return np.array([row[name] for row in rows]).reshape((*lead, *tail))

    return Regret(
        model=model,
        sparsity=S,
        importance=r,
        loss=column("loss"),
        minimum=column("minimum"),
        phases=column("phase"),
        least_phases=column("least_phase"),
        weights=W,
        bias=b,
        nearest_loss=column("nearest_loss"),
        nearest_phases=column("nearest_phase"),
        nearest_weights=column("nearest_weights", (m, n)),
        nearest_bias=column("nearest_bias", (n,)),
        symbols=tuple(values.items()),
    )


def _checked(value: ArrayLike, argument: str, never: int) -> Floats:
    """S in [0, 1), or p in (0, 1] that S = 1 − p can tell from 0."""
    array = real_array(argument, value)
    inside = array < 1 if never == 1 else array >= LEAST_PROBABILITY
    if not (inside & (array >= 0) & (array <= 1)).all():
        allowed = "0 or more and below 1" if never == 1 else "above 1e-16 and at most 1"
        raise ValueError(f"{argument}: every entry must be {allowed}")
    return array


class _Search:
    """The least known loss by sparsity, kept for instances that share it."""

    def __init__(
        self, model: ToyModel, r: float, values: dict[str, float], starts: int | None, seed: int
    ) -> None:
        self.importance, penalty = evaluated(model, {"r": r, **values})
        model = supported(model, values)
        self.model, self.r, self.values, self.starts, self.seed = model, r, values, starts, seed
        self.wide = is_wide(model)
        if self.wide and (penalty or model.bias != "free"):
            raise ValueError(
                f"bias = {model.bias!r}, interference_penalty = {model.interference_penalty}: "
                "beyond 9 features, and where the law or the support has no closed form, there is "
                "no penalty and biases are free"
            )
        self.known: dict[float, tuple[float, str]] = {}

    def one(self, W: Floats, b: Floats, S: float) -> dict[str, Any]:
        if self.wide:
            return self._wide(W, b, S)
        problem = Problem.of(self.model, S, self.r, **self.values)
        x = problem.parameters(W, b)
        end, losses = problem.descend(x[None])
        nearest, nearest_loss, _ = problem.stationary(end[0], downhill=True)
        if not nearest_loss <= float(losses[0]):
            nearest, nearest_loss = end[0], float(losses[0])
        near_W, near_b = problem.split(nearest)
        if S not in self.known:
            found = minimize(
                self.model,
                S,
                self.r if EXTRA in self.model.symbols else None,
                random_starts=self.starts,
                seed=self.seed,
                progress=False,
                **self.values,
            )
            self.known[S] = (found.loss, found.name)
        least, phase = self.known[S]
        if nearest_loss < least:
            least, phase = nearest_loss, name_of(problem.gram(nearest), problem.named_bias(nearest))
            self.known[S] = (least, phase)
        return {
            "loss": problem.loss(x),
            "minimum": least,
            "phase": name_of(problem.gram(x), problem.named_bias(x)),
            "least_phase": phase,
            "nearest_loss": nearest_loss,
            "nearest_phase": name_of(problem.gram(nearest), problem.named_bias(nearest)),
            "nearest_weights": near_W,
            "nearest_bias": problem.unit * near_b,
        }

    def _wide(self, W: Floats, b: Floats, S: float) -> dict[str, Any]:
        near_W, near_b = self._descent(W, b, S)
        nearest_loss = self._loss(near_W, near_b, S)
        if S not in self.known:
            count = 4 if self.starts is None else self.starts
            starts = wide_starts(self.model, self.importance, S, count, self.seed)
            ends = [self._descent(*start, S) for start in starts]
            losses = [self._loss(*end, S) for end in ends]
            best = int(np.argmin(losses))
            self.known[S] = (losses[best], _name(*ends[best]))
        least, phase = self.known[S]
        if nearest_loss < least:
            least, phase = nearest_loss, _name(near_W, near_b)
            self.known[S] = (least, phase)
        return {
            "loss": self._loss(W, b, S),
            "minimum": least,
            "phase": _name(W, b),
            "least_phase": phase,
            "nearest_loss": nearest_loss,
            "nearest_phase": _name(near_W, near_b),
            "nearest_weights": near_W,
            "nearest_bias": near_b,
        }

    def _descent(self, W: Floats, b: Floats, S: float) -> tuple[Floats, Floats]:
        stop = np.zeros(1, np.bool_)
        end_W, end_b, _, _ = train_one(
            self.model, W, b, self.importance, S, _TOLERANCE, _MOST_ITERATIONS, stop
        )
        return end_W, end_b

    def _loss(self, W: Floats, b: Floats, S: float) -> float:
        support = self.model.support
        if isinstance(support, Independent):
            plain = support == Independent()
            given, support = (S if plain else None), (None if plain else support)
        else:
            given = S
        return float(expected_loss(W, b, self.importance, given, self.model.law, support=support))


def _name(W: Floats, b: Floats) -> str:
    return name_of(W.T @ W, b)
