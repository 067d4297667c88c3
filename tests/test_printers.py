"""Formulas look as a person would write them, and mean what they meant."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import phasecalc as pc
from phasecalc.display import Large, Listed
from phasecalc.proofs import language as lang
from phasecalc.report.forms import tidy
from phasecalc.report.latex import latex
from phasecalc.report.plain import plain
from phasecalc.report.rows import number, tables
from phasecalc.report.text import loss_text

P, R = pc.p, pc.r
PAIR = pc.decompose([[1, -1]], [0, 0])
W = sympy.Symbol("w")

COEFFICIENTS = st.lists(st.fractions(-3, 3, max_denominator=12), min_size=1, max_size=4)


def poly(coefficients, symbol=P):
    return sum((sympy.Rational(c) * symbol**k for k, c in enumerate(coefficients)), sympy.S.Zero)


@given(COEFFICIENTS, COEFFICIENTS, COEFFICIENTS)
def test_tidy_keeps_the_value(base, slope, under):
    expr = sympy.expand(poly(base) + R * poly(slope))
    bottom = poly(under) or sympy.Integer(1)
    for formula in (expr, expr / bottom):
        assert sympy.cancel(tidy(formula) - formula) == 0
        assert sympy.cancel(tidy(formula, sparsity=True).subs(pc.S, 1 - P) - formula) == 0


def test_plain_formulas():
    for expr, in_p, in_s in [
        (P / 3 - P**2 / 4, "p/3 − p²/4", "(1 − S) (1 + 3 S)/12"),
        (R * (P / 3 - P**2 / 4), "r (p/3 − p²/4)", "r (1 − S) (1 + 3 S)/12"),
        ((1 + R) * P**2 / 6, "p² (1 + r)/6", "(1 − S)² (1 + r)/6"),
        (2 * P / (4 - 5 * P), "2 p/(4 − 5 p)", "2 (1 − S)/(5 S − 1)"),
        ((4 - 5 * P) / (2 * P), "(4 − 5 p)/(2 p)", "(5 S − 1)/(2 (1 − S))"),
        (-8 / (4 - 5 * P) ** 2, "−8/(4 − 5 p)²", "−8/(1 − 5 S)²"),
        (P**2 / 3 + R * (P / 3 - P**2 / 4), "p²/3 + r (p/3 − p²/4)", None),
        (sympy.Rational(16, 147), "16/147", "16/147"),
        (pc.TruncatedPower(W - 1, 3) / 6, "(w − 1)_+^3/6", None),
        (sympy.sqrt(5) / 4, "√5/4", None),
    ]:
        assert plain(sympy.expand(expr) if expr.is_polynomial() else expr) == in_p
        if in_s is not None:
            assert plain(expr, sparsity=True) == in_s


def test_latex_formulas():
    assert latex(P / 3 - P**2 / 4) == r"\frac{p}{3} - \frac{p^{2}}{4}"
    assert latex(lang.equal(P, sympy.Rational(4, 7)), sparsity=True) == r"S = \frac{3}{7}"
    assert latex(lang.Norm(lang.i) ** 2) == r"\lVert W_{i} \rVert^{2}"
    assert latex(pc.TruncatedPower(W, 2)) == r"\left(w\right)_{+}^{2}"
    assert latex(lang.Between(0, R, sympy.oo)) == "r > 0"


def test_no_piecewise_soup():
    """A symbolic loss prints as a sum over truncated powers, each of them once."""
    total = pc.decompose([[W, -W]], [sympy.Symbol("b"), 0]).terms[2]
    text = latex(total)
    assert "cases" not in text and "Piecewise" not in text and "TruncatedPower" not in text
    assert sympy.simplify(tidy(total) - total) == 0


def test_foreign_formulas_are_left_to_sympy():
    x = sympy.Symbol("x")
    assert plain(sympy.exp(x)) == "exp(x)"
    assert latex(sympy.sin(x) + 1) == r"\sin{\left(x \right)} + 1"


def test_records_show_themselves():
    diagram = pc.phase_diagram(pc.ToyModel(3, 2))
    joint = pc.candidates(pc.ToyModel(3, 2))[-1]
    records = (PAIR, joint, *diagram.boundaries, *diagram.junctions, diagram)
    for record in records:
        assert record._repr_latex_().strip("$").count("{") == record._repr_latex_().count("}")
        assert record._repr_html_().count("<td>") == record._repr_html_().count("</td>") > 0
        assert "Poly(" not in str(record) and "\n" in str(record)
        assert repr(record).startswith(type(record).__name__)
        for sparsity in (False, True):
            text = record.to_latex(sparsity=sparsity)
            assert text and "$$" not in text and text.count("{") == text.count("}")
    assert "p = 4/7" in str(diagram.boundaries[-1])
    assert r"$r = \frac{2 p}{4 - 5 p}$" in diagram.boundaries[0]._repr_html_()
    assert r"L_{\text{joint}}" in joint._repr_latex_()


def test_terminal_and_notebook_say_the_same():
    """One source of rows: conventions, formulas, what is nowhere lowest, and p ≤ 1."""
    diagram = pc.phase_diagram(pc.ToyModel(3, 2))
    html, text = diagram._repr_html_(), str(diagram)
    for words in ("a sum over features", "Nowhere lowest: joint", "3 features in 2 dimensions"):
        assert words in html and words in text
    assert "4/7 < p ≤ 1" in text and r"\leq 1" in html
    assert "1 dimension," in pc.phase_diagram(pc.ToyModel(2, 1))._repr_html_()
    for boundary in diagram.boundaries:
        heat = plain(-boundary.gradient_jump[1])
        assert heat in text and heat in str(boundary)
    assert "**" not in text


def test_long_formulas_are_folded():
    b = sympy.Symbol("b")
    text = str(pc.decompose([[W, -W]], [b, b]))
    assert "TruncatedPower" not in text and "(b + w²)_+^3" in text
    assert max(map(len, text.splitlines())) <= 125


def test_html_is_escaped():
    evil = pc.Candidate.from_weights("<script>alert(1)</script>", [[1, 1]], [0, 0], "superposition")
    assert "<script>" not in evil._repr_html_()
    named = pc.decompose([[sympy.Symbol("<img src=x>"), 1]], [0, 0])
    assert "<img" not in named._repr_html_()


def test_derivations_show_themselves():
    found = pc.derivation("two-in-one")
    assert "[antipodal]" in found.to_text() and "L_antipodal = p² (1 + r)/6" in str(found)
    assert r"\tag{antipodal}" in found._repr_latex_() and "$$" not in found._repr_latex_()
    assert "**antipodal**" in found._repr_markdown_()
    assert "S" in found.to_text(sparsity=True) and "p²" not in found.to_text(sparsity=True)


def test_large_records_are_short():
    """A record of many numbers says what it is; it never pours them out."""
    grid = pc.phase_diagram(pc.ToyModel(2, 1)).grid(*pc.paper_axes(12))
    found = pc.minimize(pc.ToyModel(2, 1), 0.6, random_starts=4)
    line = pc.slice_along(pc.ToyModel(2, 1), sparsity=0.6, source="relaxed")
    for record in (grid, found, found.lowest, line, line.branches[0]):
        assert repr(record).startswith(type(record).__name__ + "(") and len(repr(record)) < 300
        assert len(str(record)) < 20_000 and "array(" not in str(record)
        assert "<table>" in record._repr_html_() or "<pre>" in record._repr_html_()
    assert "antipodal" in str(grid) and "12 × 12 cells" in repr(grid)
    assert line._repr_png_().startswith(b"\x89PNG")


def test_every_large_record_has_the_short_repr():
    for cls in subclasses(Large):
        assert cls.__repr__ in (Large.__repr__, pc.TrainedGrid.__repr__), cls


def subclasses(cls):
    for name in dir(pc):
        getattr(pc, name)
    found = cls.__subclasses__()
    return [*found, *(below for each in found for below in subclasses(each))]


def test_a_traced_diagram_in_a_notebook_has_no_formula_and_no_error():
    diagram = pc.phase_diagram(pc.ToyModel(2, 1), "relaxed", cells=(8, 8), progress=False)
    assert diagram._repr_latex_() is None
    line = next(line for line in diagram.boundaries if line.order == 1)
    assert line._repr_latex_() is None
    with pytest.raises(TypeError, match="no formula: it is known by its points"):
        line.to_latex()
    for records in (diagram.special_points, diagram.junctions, diagram.spinodals):
        assert isinstance(records, Listed)
        assert str(records).count("\n") == len(records) + 1 > 2


def test_radicals_have_their_decimals_beside_them():
    loss = pc.decompose([[1, "-sqrt(2)/2"]])
    assert "13/54 − √2/24               0.181815" in loss_text(loss, Fraction(1, 3))
    assert "0.284084 p²" in str(loss) and "0.284084" in loss._repr_html_()
    assert "decimals" not in str(pc.decompose([[1, -1]]))
    assert plain(number(2 - sympy.sqrt(3))) == "2 − √3 ≈ 0.267949"
    assert latex(number(2 - sympy.sqrt(3))) == r"2 - \sqrt{3} \approx 0.267949"


def test_tuples_of_candidates_are_tables():
    listed = pc.candidates(pc.ToyModel(3, 2))
    assert isinstance(listed, tuple) and listed == tuple(listed)
    assert str(listed).count("\n") == len(listed) + 1
    page = listed._repr_html_()  # type: ignore[attr-defined]  # a tuple that can show itself
    assert page.count("<tr>") == len(listed) + 1


def test_a_diagram_is_its_picture():
    bundle = pc.phase_diagram(pc.ToyModel(2, 1))._repr_mimebundle_()
    assert bundle.keys() == {"image/png", "text/html", "text/plain"}
    assert bundle["image/png"] in bundle["text/html"]
    assert "<details>" in bundle["text/html"] and "<table>" in bundle["text/html"]


def test_steps_show_themselves():
    step = pc.derivation("two-in-one").step("antipodal")
    assert "L_antipodal = p² (1 + r)/6" in str(step)
    assert step.to_latex() == r"L_{\text{antipodal}} = \frac{p^{2} \left(1 + r\right)}{6}"
    assert "antipodal" in step._repr_html_()


def test_tuples_of_records_are_tables():
    model = pc.ToyModel(2, 1)
    diagram = pc.phase_diagram(model)
    found = pc.minimize(model, 0.6, 1)
    line = pc.slice_along(model, sparsity=0.6, values=[0.2, 0.4])
    for records in (
        diagram.boundaries,
        diagram.junctions,
        diagram.phases,
        diagram.boundaries[0].ends,
        found.minima,
        line.branches,
        line.crossings,
        pc.derivation("two-in-one").steps,
        pc.derivations(),
        pc.limit_diagram().invariants,
    ):
        assert isinstance(records, Listed)
        page = records._repr_html_()
        assert page.count("<tr>") == len(records) + 1
        assert f"{type(records[0]).__name__}(" not in str(records) and "=(" not in page
    assert "W = " in str(found.lowest) and "1.001834" in found.lowest._repr_html_()


def test_decimals_of_truncated_powers_are_bare():
    (found,) = tables(pc.decompose([["1", "-sqrt(2)/2"]], ["p", "p"]))
    last = plain(found.rows[3][2])
    assert last == "0.942809 (p)_+^3 − 0.942809 (p − 0.707107)_+^3"
