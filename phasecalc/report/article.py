r"""Derivations as LaTeX files, as text, and as cells of a notebook.

Every file stands for itself, as in `pdflatex NAME.tex`, and can be read into another document with
`\input{NAME}`: its preamble is skipped inside a document. The main document reads all of them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

import sympy

from .._version import __version__
from ..proofs.notation import NOTATION
from ..proofs.record import Claim, Derivation, Prose, Step
from ..symbols import S, p
from .formula import is_negative, negated, ordered_terms
from .latex import LatexPrinter
from .plain import PlainPrinter

MAIN = "phasecalc-derivations"
"""Name of the main document."""

LINE = 56
"""Characters of plain text that fit on a line of a plain article; longer equations are broken."""

_INDENT = 8
"""A left side shorter than this does not get a line of its own."""

WIDTH = 96
"""Width of the text version."""

_ESCAPES = str.maketrans(
    {c: rf"\{c}" for c in "&%#$_{}"}
    | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}", "<": "$<$", ">": "$>$"}
)

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage{amsmath,amssymb,url}
\usepackage[margin=2.5cm]{geometry}
\numberwithin{equation}{section}
\setlength{\emergencystretch}{4em}
"""

_HEAD = rf"""\makeatletter
\ifx\@nodocument\relax\else
\def\phasecalcstandalone{{}}
{_PREAMBLE}\begin{{document}}
\fi
\makeatother
"""
# \begin{document} makes \@nodocument equal to \relax: inside a document the preamble is skipped.

_BEGIN = r"\begingroup\setlength{\emergencystretch}{6em}"
_END = r"\par\endgroup"
# Names do not hyphenate: in narrow columns the spaces stretch.

_TAIL = r"""\ifdefined\phasecalcstandalone\else\expandafter\endinput\fi
\end{document}
"""

_BREAK = r"-\allowbreak "
"""A hyphen of a label, after which a line may end."""

_WORKS = (("Elhage et al.", 2022, "elhage2022"), ("Saxe et al.", 2014, "saxe2014"))
"""How prose names a work, and its key in the list of references."""

_REFERENCES = r"""\begin{thebibliography}{9}
\bibitem{elhage2022} N. Elhage, T. Hume, C. Olsson, N. Schiefer, T. Henighan, S. Kravec,
  Z. Hatfield-Dodds, R. Lasenby, D. Drain, C. Chen, R. Grosse, S. McCandlish, J. Kaplan, D. Amodei,
  M. Wattenberg and C. Olah. Toy Models of Superposition. \emph{Transformer Circuits Thread}, 2022.
  \url{https://transformer-circuits.pub/2022/toy_model/}
\bibitem{saxe2014} A. M. Saxe, J. L. McClelland and S. Ganguli. Exact solutions to the nonlinear
  dynamics of learning in deep linear neural networks. \emph{ICLR}, 2014.
  \url{https://arxiv.org/abs/1312.6120}
\end{thebibliography}
"""


def derivation_file(
    derivation: Derivation, *, sparsity: bool = False, appendix: bool = False
) -> str:
    """The LaTeX file of one derivation, to be compiled or read into another document.

    As an `appendix` it is running text: without the names of the claims and what checks them.
    """
    option = " --in S" * sparsity + " --appendix" * appendix
    printer = LatexPrinter(sparsity=sparsity)
    parts = [
        f"% Source: phasecalc {__version__}, derivation {derivation.name}; the model is that of\n"
        "% Elhage et al., Toy Models of Superposition (2022)\n"
        f"% Written by: phasecalc derive {derivation.name}{option}\n"
        "% Every equation is checked by the tests of phasecalc. Inside a document that loads\n"
        f"% amsmath and amssymb: \\input{{{derivation.name}}}",
        _HEAD + rf"\section{{{_escaped(derivation.title)}}}",
        rf"\label{{{derivation.name}}}",
        _BEGIN,
        _wrapped(_latex_prose(derivation.opening, derivation.name, printer)),
        *(_latex_step(step, derivation.name, sparsity, appendix) for step in derivation.steps),
    ]
    return "\n".join((*parts, _END)) + "\n" + _TAIL


def main_document(names: Sequence[str], *, sparsity: bool = False, appendix: bool = False) -> str:
    """The document that reads the files of all derivations: contents, notation, references."""
    named = (
        "is checked by the tests of phasecalc"
        if appendix
        else "is a value in the library: its right-hand side is computed, and a check, named in\n"
        "small print below it, is run by the tests. Each equation has a name, by which the\n"
        "documentation of the library cites it, and a number"
    )
    printer = LatexPrinter(sparsity=sparsity)
    rows = "\n".join(
        rf"\({printer.formula(formula)}\) & {_latex_prose(meaning, '', printer)} \\"
        for formula, meaning in NOTATION
        if not (sparsity and isinstance(formula, sympy.Eq) and formula.lhs == p)
    )
    variable = printer.show(S if sparsity else p)
    inputs = "\n".join(rf"\input{{{name}}}" for name in names)
    return rf"""% Written by: phasecalc derive --all{" --in S" * sparsity}{" --appendix" * appendix}
{_PREAMBLE}\title{{Exact losses and phase diagrams of toy models of superposition: derivations}}
\author{{phasecalc, version {__version__}}}
\date{{}}
\begin{{document}}
\maketitle
\noindent
These are the formulas of phasecalc with their proofs. The models and questions are those of Elhage
et al.~\cite{{elhage2022}}; the linear model goes back to Saxe et al.~\cite{{saxe2014}}. Every
equation {named}. Formulas are in \({variable}\).
\tableofcontents
\section*{{Notation}}
\addcontentsline{{toc}}{{section}}{{Notation}}
\noindent
\begin{{tabular}}{{@{{}}lp{{11.5cm}}@{{}}}}
{rows}
\end{{tabular}}
\clearpage
{inputs}
{_REFERENCES}\end{{document}}
"""


def _latex_step(step: Step, name: str, sparsity: bool, appendix: bool) -> str:
    printer = LatexPrinter(sparsity=sparsity)
    named = rf"\paragraph{{\texttt{{{step.label.replace('-', _BREAK)}}}}}"
    check = r"{\footnotesize\noindent Check: " + _escaped(step.check.description) + r".\par}"
    lines = (
        _wrapped(_latex_prose(step.reason, name, printer)),
        rf"\begin{{equation}}\label{{{name}:{step.label}}}",
        equation_body(step.claim, sparsity=sparsity),
        r"\end{equation}",
    )
    return "\n".join(lines if appendix else (named, *lines, check))


def equation_body(claim: Claim, *, sparsity: bool = False) -> str:
    """LaTeX of a claim, broken into lines where it is too long for one."""
    printer, measure = LatexPrinter(sparsity=sparsity), PlainPrinter(sparsity=sparsity)
    text = printer.formula(claim)
    if _length(measure.formula(claim)) <= LINE:
        return text
    left, right = printer.sides(claim)
    wide_left, wide_right = map(_length, measure.sides(claim))
    terms = ordered_terms(measure.shaped(claim.rhs))
    if len(terms) > 1 and wide_left + 3 + wide_right > LINE:
        # One line for as many terms as fit, the first of them beside the left side.
        first = _length(measure.show(terms[0]))
        if wide_left >= _INDENT and wide_left + 3 + first > LINE:
            lines, room = [f"&{left}", rf"&\quad {printer.relation(claim)} "], LINE - 3
        else:
            lines, room = [f"{left} &{printer.relation(claim)} "], LINE - wide_left - 3
        indent = LINE - room - 3
        for index, term in enumerate(terms):
            sign, body = _signed(term, printer, first=index == 0)
            width = _length(measure.show(term)) + 3
            if index and width > room:
                lines.append(r"&\quad ")
                room = LINE - indent
            lines[-1] += sign + body
            room -= width
        if len(lines) > 1:
            return "\\begin{split}\n" + " \\\\\n".join(lines) + "\n\\end{split}"
    if wide_left < _INDENT:
        return text
    return (
        f"\\begin{{split}}\n&{left} \\\\\n&\\quad {printer.relation(claim)} {right}\n\\end{{split}}"
    )


def _signed(term: sympy.Expr, printer: LatexPrinter, *, first: bool) -> tuple[str, str]:
    if is_negative(term):
        return ("-" if first else " - "), printer.show(negated(term))
    return ("" if first else " + "), printer.show(term)


def _length(text: str) -> int:
    """Rough width of a formula: what stands below, above or as a limit is narrow."""
    return len(re.sub(r"[_^{}]", "", re.sub(r"_\{[^}]*\}", "__", text)))


def _latex_prose(text: Prose, name: str, printer: LatexPrinter) -> str:
    result = ""
    for words, value, label in text.parts():
        result += _cited(_escaped(words))
        if value is not None:
            result += rf"\({printer.formula(value)}\)"
        elif label is not None and "/" in label:
            other, there = label.split("/")
            places = (part.replace("-", _BREAK) for part in (there, other))
            named = r"equation \texttt{{{}}} of \texttt{{{}}}".format(*places)
            known = f"{other}:{there}"
            result += rf"\ifcsname r@{known}\endcsname\eqref{{{known}}}\else {named}\fi{{}}"
        elif label is not None:
            result += rf"\eqref{{{name}:{label}}}"
    return result


def _cited(text: str) -> str:
    """A work by its number where the document's list of references has it."""
    for name, year, key in _WORKS:
        known = rf"\ifcsname b@{key}\endcsname"
        text = text.replace(
            f"{name} ({year})", rf"{name}{known}~\cite{{{key}}}\else{{}} ({year})\fi{{}}"
        )
    return re.sub(r"\\fi (?=[^A-Za-z(]|$)", r"\\fi{}", re.sub(r"\\fi  ", r"\\fi{} ", text))


def _escaped(text: str) -> str:
    # Names of many blocks are long: a line may end after their plus signs.
    return re.sub(r"(?<=\w)\+(?=\w)", r"+\\allowbreak ", text.translate(_ESCAPES))


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def derivation_text(derivation: Derivation, *, sparsity: bool = False) -> str:
    """The derivation as plain text."""
    printer = PlainPrinter(sparsity=sparsity)
    parts = [
        derivation.title,
        "=" * len(derivation.title),
        textwrap.fill(_plain_prose(derivation.opening, printer), WIDTH),
    ]
    for step in derivation.steps:
        reason = f"[{step.label}] {_plain_prose(step.reason, printer)}"
        parts += [
            "",
            textwrap.fill(reason, WIDTH),
            f"    {printer.formula(step.claim)}",
            f"    check: {step.check.description}",
        ]
    return "\n".join(parts)


def _plain_prose(text: Prose, printer: PlainPrinter) -> str:
    result = ""
    for words, value, label in text.parts():
        result += words
        if value is not None:
            result += printer.formula(value)
        elif label is not None:
            result += f"[{label}]"
    return result


def step_reason(step: Step) -> str:
    """Why a step holds, as plain text."""
    return _plain_prose(step.reason, PlainPrinter())


def derivation_cell(derivation: Derivation, *, markdown: bool = False) -> str:
    """The derivation for a notebook, in which MathJax sets what stands between dollar signs."""
    printer = LatexPrinter()
    bold = "**" if markdown else ""
    parts = [f"{bold}{derivation.title}{bold}", _cell_prose(derivation.opening, printer)]
    for step in derivation.steps:
        parts += [
            f"{bold}{step.label}{bold}: {_cell_prose(step.reason, printer)}",
            f"\\begin{{equation*}}\n{equation_body(step.claim)}\n\\tag{{{step.label}}}\n"
            "\\end{equation*}",
        ]
    return "\n\n".join(parts)


def _cell_prose(text: Prose, printer: LatexPrinter) -> str:
    result = ""
    for words, value, label in text.parts():
        result += words
        if value is not None:
            result += f"${printer.formula(value)}$"
        elif label is not None:
            result += f"({label})"
    return result
