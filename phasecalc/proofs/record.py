"""What a derivation is: an ordered list of steps, each a claim, its reason and its check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Protocol, TypeAlias

import sympy

from ..display import Written, list_records, printers

_LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


Claim: TypeAlias = sympy.core.relational.Relational
"""An equation or an inequality."""


class CheckFailed(AssertionError):
    """A claim is not what its check finds."""


class Check(Protocol):
    """A test of a claim: returns for a true one, raises `CheckFailed` for a false one."""

    @property
    def description(self) -> str:
        """How the claim is tested, in a few words."""
        ...

    def __call__(self, claim: Claim) -> None: ...


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence with formulas in it: `{}` stands for the next formula, `{eq:label}` for a step.

    `{eq:name/label}` is a step of another derivation. The printers fill both in.

    >>> prose("The bias enters as {}.", sympy.Symbol("b")).values
    (b,)
    """

    text: str
    values: tuple[sympy.Basic, ...] = ()

    def __post_init__(self) -> None:
        fields = [field for _, field, _, _ in Formatter().parse(self.text) if field is not None]
        found = fields.count("")
        if found != len(self.values) or set(fields) - {"", "eq"}:
            raise ValueError(f"{self.text!r} has {found} formulas, not {len(self.values)}")

    def parts(self) -> Iterator[tuple[str, sympy.Basic | None, str | None]]:
        """Pieces of (text, the formula after it, the label referred to after it)."""
        values = iter(self.values)
        for text, name, spec, _ in Formatter().parse(self.text):
            if name == "eq":
                yield text, None, spec
            elif name is None:
                yield text, None, None
            else:
                yield text, next(values, None), None

    def references(self) -> tuple[str, ...]:
        """Labels of the steps that the sentence refers to."""
        return tuple(
            spec or "" for _, field, spec, _ in Formatter().parse(self.text) if field == "eq"
        )


def prose(text: str, *values: object) -> Prose:
    """A `Prose` of a text and its formulas."""
    return Prose(text, tuple(sympy.sympify(value) for value in values))


@dataclass(frozen=True, slots=True)
class Step(Written):
    """One step: the claim, a SymPy relation; why it holds; and the check that is run."""

    label: str
    reason: Prose
    claim: Claim
    check: Check = field(repr=False)

    def __post_init__(self) -> None:
        if not _LABEL.fullmatch(self.label):
            raise ValueError(f"label = {self.label!r}: use lower-case words joined by hyphens")
        if not isinstance(self.claim, sympy.core.relational.Relational):
            raise TypeError(f"step {self.label}: the claim {self.claim!r} is no equation")

    def verify(self) -> None:
        """Run the check; `CheckFailed` where the claim is false."""
        try:
            self.check(self.claim)
        except CheckFailed as error:
            raise CheckFailed(f"{self.label}: {error}") from None


@dataclass(frozen=True, slots=True)
class Derivation:
    """A result with its proof, step by step; made by `phasecalc.derivation`.

    ``name`` is also the name of its file, and ``labels`` are those of its equations. It shows
    itself in a notebook, and as LaTeX or text by `to_latex` and `to_text`.

    Raises `ValueError` where two steps have one label, or a reason refers to a step that is not
    there.
    """

    name: str
    title: str
    opening: Prose
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        labels = self.labels
        if len(set(labels)) != len(labels):
            raise ValueError(f"{self.name}: two steps have one label")
        for text in (self.opening, *(step.reason for step in self.steps)):
            for reference in text.references():
                if "/" not in reference and reference not in labels:
                    raise ValueError(f"{self.name}: there is no step {reference!r}")
        list_records(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Checks hold functions, which no pickle takes: the library's own proofs travel by name.
        from .registry import derivation, is_known  # noqa: PLC0415  (it is made of these records)

        if is_known(self.name) and derivation(self.name) is self:
            return derivation, (self.name,)
        return type(self), (self.name, self.title, self.opening, self.steps)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the steps, in order."""
        return tuple(step.label for step in self.steps)

    def step(self, label: str) -> Step:
        """The step with this label; `KeyError` where there is none."""
        for step in self.steps:
            if step.label == label:
                return step
        raise KeyError(f"{self.name} has no step {label!r}; it has {', '.join(self.labels)}")

    def verify(self) -> None:
        """Run every step's check; `CheckFailed` names the first step that is wrong."""
        for step in self.steps:
            try:
                step.verify()
            except CheckFailed as error:
                raise CheckFailed(f"{self.name}, {error}") from None

    def to_latex(self, *, sparsity: bool = False) -> str:
        """A LaTeX file of this derivation, with formulas in p or, with `sparsity`, in S."""
        return str(printers("article").derivation_file(self, sparsity=sparsity))

    def to_text(self, *, sparsity: bool = False) -> str:
        """The derivation as text, with formulas in p or, with `sparsity`, in S."""
        return str(printers("article").derivation_text(self, sparsity=sparsity))

    def __str__(self) -> str:
        return self.to_text()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython's terminal."""
        printer.text("…" if cycle else str(self))

    def _repr_latex_(self) -> str:
        return str(printers("article").derivation_cell(self))

    def _repr_markdown_(self) -> str:
        return str(printers("article").derivation_cell(self, markdown=True))


Builder = Callable[[], tuple[Prose, tuple[Step, ...]]]
"""What a module of this package gives for a derivation: its opening and its steps."""
