"""The sandbox: nothing dangerous can be reached, nothing takes long, and every mistake is named with file and line."""

import math
import re
import time

import pytest
from markdown_it import MarkdownIt

from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.item_templates import grading, wording
from plotbank.item_templates.numerals import numerals
from plotbank.item_templates.sandbox import LONGEST_TEXT, Markdown
from plotbank.item_templates.sandbox import expression as compiled
from plotbank.item_templates.sandbox import wording as compiled_text
from plotbank.items import Axis

NASTY = "*Time* _spent_ <b>in</b> h & `c` [min](x) ![i](y) | ~a~ # \\"
VIEW = grading.View(x=Axis(label=NASTY, low=0, high=30), y=Axis(label="y", low=0, high=1), x_error=0.3, y_error=0.01)
READINGS = {"r": 0.53, "n": 40.0, "missing": math.nan}
PLACE = "mine.md: line 7: key"


def known(locale="en"):
    scene = wording.Scene(kind="scatter", view=VIEW, story="", numerals=numerals(locale))
    more = {"text": "abc", "several": [1.5, 2], "listed": wording.listed, "intro": Markdown("**bold**")}
    return {**grading.known(READINGS, VIEW), "numerals": scene.numerals, **more}


def value(text):
    return compiled(text, PLACE).value(known())


def shown(text, locale="en", markdown=True):
    return compiled_text(text, "mine.md", 1, markdown=markdown).render(known(locale))


def refused(call, *message):
    """What is refused quickly, in one line, and at its place."""
    start = time.process_time()
    with pytest.raises(QuizFileError, match=".*".join(map(re.escape, message))) as caught:
        call()
    assert time.process_time() - start < 1
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


# What expressions can do


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 - 4 / 8", 6.5),
        ("7 // 2 + 7 % 4", 6),
        ("2 ** 10", 1024),
        ("-r", -0.53),
        ("r if n > 50 else n", 40),
        ("r > 0.5 and not n == 41", True),
        ("x.span", 30),
        ("x.high - x.low", 30),
        ("y.label", "y"),
        ("several[1]", 2),
        ("[3, 1, 2] | sort", [1, 2, 3]),
        ("[3, 1, 2] | max - [3, 1, 2] | min", 2),
        ("range(1, 4) | sum", 6),
        ("(0.1 + 0.2) | round(6)", 0.3),
        ("-3 | abs", 3),
        ("abs(-3) + min(1, 2) + max([1, 5]) + sum(several) + len(several) + sqrt(9) + floor(1.5) + ceil(1.5)", 20.5),
        ("round(2.6) + round(0.123, 2) + log10(1000)", 6.12),
        ("jnd(0.5)", math.exp(-1.313 - 1.2075)),
        ("apart(at(3), at(-2))", 5),
        ("position(at(3))", 3),
        ("[places(1), places(0.3), places(0.05), places(20), places(0.0000001)]", [0, 1, 2, 0, 4]),
    ],
)
def test_expressions_work_out(text, expected):
    assert value(text) == pytest.approx(expected)


def test_expressions_know_which_names_they_use():
    """What the quiz file compares with what can be measured in a picture; loops over a range are no name."""
    assert compiled("[slope | round(2), r] if n > range(3) | sum else x.low", PLACE).names == {"slope", "r", "n", "x"}
    assert compiled_text("{% for i in range(3) %}{{ i }}{{ r }}{% endfor %}", "", 1, markdown=True).names == {"r"}


# What they cannot reach


@pytest.mark.parametrize(
    "text",
    [
        "''.__class__",
        "().__class__.__bases__[0].__subclasses__()",
        "text['__class__']",
        "x.__class__",
        "x['__class__']",
        "x.__init__.__globals__",
        "x.__dataclass_fields__",
        "r.real",
        "r.is_integer()",
        "several.append(3)",
        "several.__len__",
        "text.upper()",
        "text.format(1)",
        "'{0.__class__}'.format(x)",
        "text.format_map",
        "text.join(several)",
        "jnd.__globals__",
        "jnd.__code__",
        "relationship.func",
        "numerals.number(1, 2)",
        "self._TemplateReference__context",
        "self.__init__",
        "{}.items()",
    ],
)
def test_attributes_and_methods_cannot_be_reached(text):
    refused(lambda: value(text), PLACE)
    refused(lambda: shown("{{ " + text + " }}"), "mine.md: line 1: ")


@pytest.mark.parametrize(
    "name", ["lipsum", "dict", "cycler", "joiner", "namespace", "open", "eval", "__import__", "loop"]
)
def test_there_are_no_globals_but_range(name):
    refused(lambda: value(name), f"{PLACE}: '{name}' is undefined")
    refused(lambda: shown("{{ " + name + "() }}"), f"mine.md: line 1: '{name}' is undefined")


@pytest.mark.parametrize(
    "text",
    [
        "{% include 'mine.md' %}",
        "{% import 'a' as b %}",
        "{% from 'a' import b %}",
        "{% extends 'a' %}",
        "{% block a %}{% endblock %}",
        "{% macro a() %}{{ a() }}{% endmacro %}",
        "{% call a() %}{% endcall %}",
        "{% set a = 1 %}",
        "{% set a %}x{% endset %}",
        "{% with a = 1 %}{% endwith %}",
        "{% filter max %}{% endfilter %}",
        "{{ 'a' ~ 'b' }}",
    ],
)
def test_statements_that_could_go_on_for_ever_are_refused(text):
    refused(lambda: shown(f"one\n\n{text}"), "mine.md: line 3: ", " is not for item templates")


@pytest.mark.parametrize(
    "name", ["format", "join", "list", "attr", "map", "safe", "string", "replace", "indent", "center"]
)
def test_filters_that_make_long_texts_or_reach_out_are_unknown(name):
    refused(lambda: value(f"text | {name}"), f"{PLACE}: 'text | {name}' is not understood: No filter named '{name}'")


# What they cannot do for long


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("range(10 ** 9)", "a range has at most 1000 numbers"),
        ("range(1001)", "a range has at most 1000 numbers"),
        ("'x' * 10 ** 9", "* takes numbers of at most 1e+15"),
        ("[1] * 1000", "* takes numbers of at most 1e+15"),
        ("text + text", "+ takes numbers of at most 1e+15"),
        ("several + several", "+ takes numbers of at most 1e+15"),
        ("'%1000000000d' % 1", "% takes numbers of at most 1e+15"),
        ("9 ** 9 ** 9 ** 9", "** takes numbers of at most 1e+15"),
        ("9 ** 101", "a power is at most 100"),
        ("9.0 ** -101", "a power is at most 100"),
        ("10 ** 15 * 10 * 10", "* takes numbers of at most 1e+15"),
        ("1 | round(10 ** 9, 'ceil')", "rounded() takes"),
        ("1 | round(10 ** 9)", "round takes at most 15 places"),
        ("round(10 ** 15, -10 ** 9)", "round takes at most 15 places"),
        ("ladder(r, 10 ** 9, 2)", "a ladder has 2 to 8 correlations, not 1000000000"),
        ("text ~ text", "concat is not for item templates"),
        ("9" * 5000, "a number is too long"),
        ("1e999", "a number is too large"),
        ("(" * 60 + "r" + ")" * 60 + "+ 1" * 60, "too many brackets in brackets, or terms of a sum"),
        ("(" * 5000 + "r" + ")" * 5000, "too many brackets in brackets, or terms of a sum"),
        ("-" * 60 + "r", "too many brackets in brackets, or terms of a sum"),
        ("r" + "+ 0" * 10_000, "a text has at most 20,000 characters"),
    ],
)
def test_expressions_are_quick(text, message):
    refused(lambda: value(text), f"{PLACE}: ", message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% for i in range(2) %}{% for j in range(2) %}{% endfor %}{% endfor %}", "a loop in a loop"),
        (
            "{% for i in range(2) %}{% if i %}{% for j in range(2) %}{% endfor %}{% endif %}{% endfor %}",
            "a loop in a loop",
        ),
        ("{% for i in range(9) recursive %}{{ loop(range(9)) }}{% endfor %}", "a loop in a loop"),
        ("{% for i in range(10 ** 8) %}{% endfor %}", "a range has at most 1000 numbers"),
        ("{% for i in range(1000) %}" + "x" * 1000 + "{% endfor %}", "a text has at most 20,000 characters"),
        ("{{ " + "listed(" * 40 + "text" + ", 'en')" * 40 + " }}", "a text has at most 20,000 characters"),
        ("{{ '{:>1000000000}'.format(r) }}", "access to attribute 'format' of 'str' object is unsafe"),
        ("{{ r | number(10 ** 9) }}", "a number is written with 0 to 15 places, not 1000000000"),
        ("{{ r | significant(10 ** 9) }}", "a number is written with 0 to 15 places, not 1000000000"),
        ("{{ r | percent(-1) }}", "a number is written with 0 to 15 places, not -1"),
        ("x" * (LONGEST_TEXT + 1), "a text has at most 20,000 characters"),
        ("{% if r %}" * 60 + "{% endif %}" * 60, "too many brackets in brackets"),
        ("{{ loop.cycle(1, 2) }}", "'loop' is undefined"),
        ("{% for i in range(3) %}{{ loop.cycle(1, 2) }}{% endfor %}", "access to attribute 'cycle'"),
    ],
)
def test_texts_are_quick_and_short(text, message):
    refused(lambda: shown(text), "mine.md: line 1: ", message)


def test_nothing_is_worked_out_when_a_template_is_read():
    start = time.process_time()
    compiled("[range(1000) | sum, 'a' * 10 ** 9, 9 ** 9 ** 9]", PLACE)
    assert time.process_time() - start < 1
    with pytest.raises(UnsuitableDraw):
        compiled("1e308 - -1e308", PLACE).number(known())


def test_loops_over_short_lists_are_fine():
    text = "{% for v in several %}{{ loop.index }}: {{ v }}{% if not loop.last %}; {% endif %}{% endfor %}"
    assert shown(text, markdown=False) == "1: 1.5; 2: 2"
    assert shown("{% for i in range(1000) %}x{% endfor %}") == "x" * 1000


# Mistakes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rr", ": 'rr' is undefined: did you mean 'r'?"),
        ("mising + 1", ": 'mising' is undefined: did you mean 'missing'?"),
        ("jnd(mising)", ": 'mising' is undefined: did you mean 'missing'?"),
        ("mising | abs", ": 'mising' is undefined: did you mean 'missing'?"),
        ("mising > 1", ": 'mising' is undefined: did you mean 'missing'?"),
        ("zzz", ": 'zzz' is undefined"),
        ("x.lable", ": 'plotbank.items.Axis object' has no attribute 'lable'"),
        ("several[2]", ": list object has no element 2"),
        ("r +", ": 'r +' is not understood: "),
        ("r }}{{ n", ": 'r }}{{ n' is not understood: "),
        ("", ": '' is not understood: "),
        ("sqrt(text)", ": 'sqrt(text)': "),
        ("r(1)", ": 'r(1)': 'float' object is not callable"),
    ],
)
def test_mistakes_in_expressions(text, message):
    refused(lambda: value(text), PLACE + message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\n{{ rr }}", "line 9: 'rr' is undefined: did you mean 'r'?"),
        ("a\n\n{{ rr | number(2) }}", "line 9: 'rr' is undefined: did you mean 'r'?"),
        ("a\n{% if r > 0 %}\n\n{{ jnd(rr) }}{% endif %}", "line 10: 'rr' is undefined: did you mean 'r'?"),
        ("a\n{{ text | number(2) }}", "line 8: 'abc' is not a number"),
        ("a\n{{ several }}", "line 8: [1.5, 2] is neither a number nor a text"),
        ("{{ r > 0 }}", "line 7: True is neither a number nor a text"),
        ("{{ x }}", "line 7: Axis(label='*Time*"),
        ("{{ jnd }}", "line 7: <function jnd"),
        ("{{ none }}", "line 7: None is neither a number nor a text"),
        ("a\n\n{{ n", "line 9: unexpected end of template"),
        ("a\n{% if %}", "line 8: Expected an expression"),
        ("a\n{% if r %}", "line 8: Unexpected end of template"),
        ("a\n{{ r | nmber(2) }}", "line 8: No filter named 'nmber'"),
        ("a\n{{ [] | max }}", "line 8: No aggregated item, sequence was empty."),
    ],
)
def test_mistakes_in_texts_are_named_with_the_line_of_the_file(text, message):
    refused(lambda: compiled_text(text, "mine.md", 7, markdown=True).render(known()), f"mine.md: {message}")


@pytest.mark.parametrize(
    ("text", "found"),
    [("text", "'abc'"), ("several", "[1.5, 2]"), ("r > 0", "True"), ("none", "None"), ("x", "Axis(")],
)
def test_a_key_is_a_number(text, found):
    message = f"{PLACE}: {text!r} works out to {found}", "which is not a number"
    refused(lambda: compiled(text, PLACE).number(known()), *message)
    assert compiled("n", PLACE).number(known()) == 40


@pytest.mark.parametrize("text", ["r", "text", "['a']", "[true]", "[several]", "range(3)"])
def test_options_are_a_list_of_numbers(text):
    refused(lambda: compiled(text, PLACE).numbers(known()), PLACE, "which is not a list of numbers")
    assert compiled("[r, 2]", PLACE).numbers(known()) == [0.53, 2.0]


@pytest.mark.parametrize("text", ["r", "text", "several", "none", "2"])
def test_a_requirement_is_true_or_false(text):
    refused(lambda: compiled(text, PLACE).truth(known()), PLACE, "which is neither true nor false")
    assert [compiled(t, PLACE).truth(known()) for t in ("r > 0", "r < 0", "1", "0 * r")] == [True, False, True, False]


# Readings that a plot does not have


@pytest.mark.parametrize("text", ["missing", "missing + 1", "1 - missing * 2", "missing ** 2", "-missing", "sqrt(missing)",
                                  "missing | round(2)", "round(missing)", "floor(missing)", "places(missing)",
                                  "jnd(missing)", "1 / (r - r)", "1 % 0", "0 ** -1", "range(missing) | sum"])  # fmt: skip
def test_a_missing_reading_or_a_division_by_zero_is_another_draw(text):
    with pytest.raises(UnsuitableDraw):
        compiled(text, PLACE).number(known())
    with pytest.raises(UnsuitableDraw):
        compiled(f"[r, {text}]", PLACE).numbers(known())
    with pytest.raises(UnsuitableDraw):
        shown("{{ " + text + " }}")


@pytest.mark.parametrize(
    "text", ["missing | number(2)", "missing | significant(2)", "missing | percent", "missing | plain"]
)
def test_a_missing_reading_is_never_printed(text):
    with pytest.raises(UnsuitableDraw, match="a reading that the plot does not have"):
        shown("{{ " + text + " }}")


def test_a_missing_truth_is_another_draw():
    with pytest.raises(UnsuitableDraw):
        compiled("missing", PLACE).truth(known())


# Numbers and texts as students read them


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        ("{{ r }}", "0.53", "0,53"),
        ("{{ -r }}", "−0.53", "−0,53"),
        ("{{ n }}", "40", "40"),
        ("{{ r | number(3) }}", "0.530", "0,530"),
        ("{{ 12345.678 | significant(7) }}", "12,345.68", "12.345,68"),
        ("{{ 0.1 + 0.2 }}", "0.3", "0,3"),
        ("{{ 36.4 | percent }}", "36%", "36\N{NO-BREAK SPACE}%"),
        ("{{ 36.4 | percent(1) }}", "36.4%", "36,4\N{NO-BREAK SPACE}%"),
        ("{{ 0.5 | plain }}", "0.5", "0,5"),
        ("{{ -0.0 }}", "0", "0"),
    ],
)
def test_numbers_are_written_as_the_locale_does(text, english, german):
    assert shown(text, "en", markdown=False) == english
    assert shown(text, "de", markdown=False) == german


def html(markdown):
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)


def test_what_is_filled_in_stands_as_it_is():
    """Every mark of Markdown and HTML in a label is shown, not obeyed."""
    literal = "*Time* _spent_ &lt;b&gt;in&lt;/b&gt; h &amp; `c` [min](x) ![i](y) | ~a~ # \\"  # as HTML shows exactly this text

    assert html(shown("{{ x.label }}")) == f"<p>{literal}</p>\n"
    assert html(shown("- {{ x.label }}")) == f"<ul>\n<li>{literal}</li>\n</ul>\n"
    assert shown("{{ x.label }}", markdown=False) == NASTY


@pytest.mark.parametrize(
    "mark", ["# a", "1. a", "- a", "+ a", "> a", "```", "---", "***", "[a]: b", "&lt;", "a  ", "<http://a.b>"]
)
def test_no_text_begins_a_heading_or_a_list(mark):
    environment = known() | {"text": mark}
    rendered = compiled_text("{{ text }}", "", 1, markdown=True).render(environment)
    escaped = mark.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()

    assert html(rendered) == f"<p>{escaped}</p>\n"


def test_a_label_stays_in_its_cell_of_a_table():
    found = html(shown("| a | b |\n|---|---|\n| {{ x.label }} | {{ r }} |"))
    assert found.count("<td>") == 2
    assert "<td>0.53</td>" in found


def test_markdown_passes_but_not_a_part_of_it():
    assert shown("{{ intro }}") == "**bold**"
    assert shown("{{ intro[0:3] }}") == r"\*\*b"


def test_an_if_without_else_may_be_empty():
    assert shown("a{{ 'b' if r > 0 }}{{ 'c' if r < 0 }}d") == "abd"


@pytest.mark.parametrize("text", ["sqrt(r)", "log10(r)"])
def test_outside_what_a_function_takes_another_plot_is_drawn(text):
    with pytest.raises(UnsuitableDraw, match="outside what a function takes"):
        compiled(text, PLACE).value({"r": -0.5, "sqrt": math.sqrt, "log10": math.log10})
