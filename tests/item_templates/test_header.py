"""Template files as they are read: every form is accepted, every mistake is refused with the file's line."""

import re

import pytest

from plotbank.errors import QuizFileError
from plotbank.item_templates import built_in, installed, parse
from plotbank.item_templates.header import TYPES
from plotbank.item_templates.misconceptions import EXPRESSIONS

BODY = "\n# Stem\n\n{{ intro }} What is it?\n\n# Feedback\n\nIt is {{ key }}.\n"
COMMON = {"kind": '"scatter"', "title": '"Own"', "clarity": "1.5"}
NUMBERS = {"key": '"r"', "decimals": "2", "unit": '"correlation"'}
CLAIMS = """
[{what}.up]
text = "Up, at *r* = {{{{ r | number(2) }}}}"
right = "r > 0"
margin = "9"
why = "It is *down*."

[{what}.down]
text = "Down"
right = "r < 0"
margin = "apart(r, 0)"
when = "n > 3"
"""
OPTIONS, STATEMENTS = CLAIMS.format(what="option"), CLAIMS.format(what="statement")
# Every form of every type.
FORMS = {
    "a number": ({"type": '"numerical"', **NUMBERS, "tolerance": '"0.1"'}, ""),
    "a number with bands": (
        {"type": '"numerical"', **NUMBERS, "tolerance": '"0.1"',
         "bands": '[{ tolerance = "2 * 0.1", share = 0.5 }, { tolerance = "0.4", share = 0.25 }]'}, ""),
    "numbers listed": ({"type": '"choice"', **NUMBERS, "options": '"ladder(r, 4, 2)"'}, ""),
    "plots": ({"type": '"choice"', **NUMBERS, "options": '"pairs(r, 3)"', "plots": '"r"'}, ""),
    "numbers beside misreadings": ({"type": '"choice"', **NUMBERS, "distractors": '["sign dropped", "r / 2"]'}, ""),
    "so many choices": ({"type": '"choice"', **NUMBERS, "distractors": '["slope"]', "choices": "3"}, ""),
    "sentences": ({"type": '"choice"'}, OPTIONS),
    "box plots": ({"type": '"choice"', "boxes": '["mirrored", "wide"]'}, ""),
    "statements": ({"type": '"multiple"', "statements": "2"}, STATEMENTS),
    "true or false": ({"type": '"truefalse"'}, STATEMENTS),
    "matching": ({"type": '"matching"', "decimals": "2", "unit": '"correlation"', "options": '"ladder(r, 4, 3)"',
                  "plots": '"r"'}, ""),
}  # fmt: skip


def source(fields, tables="", body=BODY):
    lines = "\n".join(f"{name} = {value}" for name, value in {**COMMON, **fields}.items() if value is not None)
    return f"+++\n{lines}\n{tables}+++\n{body}"


def own(form="a number", tables="", body=BODY, **changed):
    """A template of this form with these keys of the header changed, or left out where they are None."""
    fields, claims = FORMS[form]
    return source({**fields, **changed}, claims + tables, body)


def line(text, what):
    """The number of the only line in which this stands."""
    (found,) = (number for number, line in enumerate(text.split("\n"), start=1) if what in line)
    return found


def refused(text, message, translations=None):
    with pytest.raises(QuizFileError, match=re.escape(message)) as caught:
        parse("mine.md", text, translations)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("mine.md")


# What is accepted


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_accepted(form):
    template = parse("mine.md", own(form))

    assert template.type == FORMS[form][0]["type"].strip('"')
    assert (template.name, template.kind, template.title, template.clarity) == ("mine.md", "scatter", "Own", 1.5)
    assert template.conditions == ({},)
    assert template.words("de") is template.words("en")


def test_every_type_has_a_form():
    assert {FORMS[form][0]["type"].strip('"') for form in FORMS} == set(TYPES)


def test_what_a_template_says_is_read():
    text = own(
        "so many choices",
        '[let]\nside = "pick(-1, 1)"\nmore = "side + 1"\n',
        "\n# Stem\n\nA\n\n# Feedback\n\nB\n\n# Alt text\n\nC\n",
        show='"line"',
        reads='"r"',
        require='"r > 0.1"',
        conditions="{ r = [0.1, 0.9], n = 30 }",
        unit='"2 * y_error"',
        decimals='"places(y_error)"',
        distractors='["slope for r", "r if n > 3 else slope"]',
    )
    template = parse("mine.md", text)

    assert (template.show, template.reads, template.choices, template.law) == ("line", "r", 3, "")
    assert template.conditions == ({"r": [0.1, 0.9], "n": 30},)
    assert [(name, formula.text) for name, formula in template.let] == [("side", "pick(-1, 1)"), ("more", "side + 1")]
    assert [(d.value.text, d.misconception) for d in template.distractors] == [
        ("slope", "slope for r"),
        ("r if n > 3 else slope", ""),
    ]
    assert (template.unit.text, template.decimals.text, template.require.text) == (
        "2 * y_error",
        "places(y_error)",
        "r > 0.1",
    )
    assert [formula.text for formula in template.keyed] == ["r"]
    assert template.words("en").alt is not None


def test_claims_are_read():
    template = parse("mine.md", own("sentences"))
    up, down = template.claims

    assert (up.id, up.right.text, up.margin.text, up.when) == ("up", "r > 0", "9", None)
    assert (down.id, down.when.text) == ("down", "n > 3")
    assert [formula.text for formula in template.keyed] == ["r > 0", "r < 0", "n > 3"]
    texts = template.words("en").claims
    assert texts["up"].why is not None
    assert texts["down"].why is None


def test_cases_are_read():
    text = own(tables="[[conditions]]\nr = 0.5\n[[conditions]]\nr = [0.1, 0.3]\n")
    assert parse("mine.md", text).conditions == ({"r": 0.5}, {"r": [0.1, 0.3]})


def test_a_law_is_no_expression():
    assert (parse("mine.md", own()).law, parse("mine.md", own()).unit) == ("correlation", None)
    assert parse("mine.md", own(unit='"strength"')).law == "strength"


def test_bands_are_read():
    first, second = parse("mine.md", own("a number with bands")).bands
    assert (first.tolerance.text, first.share, second.tolerance.text, second.share) == ("2 * 0.1", 0.5, "0.4", 0.25)


def test_every_misconception_is_an_expression():
    names = ", ".join(f'"{name}"' for name in EXPRESSIONS)
    template = parse("mine.md", own("so many choices", distractors=f"[{names}]"))
    assert {d.misconception: d.value.text for d in template.distractors} == EXPRESSIONS


# What is refused: the whole file


@pytest.mark.parametrize("text", ["", "What is r?", "+++\nkind = 1\n", "What?\n" + own(), own().replace("+++", "---")])
def test_without_a_header(text):
    refused(text, "mine.md: line 1: a template begins with a TOML header between two lines of +++")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (own(decimals=""), "decimals"),
        (own(extra='"open'), "extra"),
        ("\n\n" + own(decimals="two"), "decimals"),
        (own(tables="[let]\nside = 1\nside = 2\n"), "side = 2"),
    ],
)
def test_what_is_not_toml(text, at):
    refused(text, f"mine.md: line {line(text, at)}: this is not TOML: ")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("", "none"),
        ("\n# Stem\n\nA\n", "# Stem"),
        ("\n# Feedback\n\nA\n\n# Stem\n\nB\n", "# Feedback, # Stem"),
        ("\n# Stem\n\nA\n\n# Answer\n\nB\n", "# Stem, # Answer"),
        ("\n# Stem\n\nA\n\n# Alt text\n\nC\n\n# Feedback\n\nB\n", "# Stem, # Alt text, # Feedback"),
        ("\n# Stem\n\nA\n\n# Feedback\n\nB\n\n# More\n\nC\n", "# Stem, # Feedback, # More"),
        ("\n# Stem\n\nA\n\n# Stem\n\nA\n\n# Feedback\n\nB\n", "# Stem, # Stem, # Feedback"),
    ],
)
def test_sections(body, found):
    message = (
        "mine.md: the sections must be # Stem, # Feedback, # If correct, # If incorrect, # Alt text, in this order "
        "(only # Stem and # Feedback are needed)"
    )
    refused(own(body=body), f"{message}, not {found}")


@pytest.mark.parametrize("section", ["Stem", "Feedback", "If correct", "If incorrect", "Alt text"])
def test_a_mistake_in_a_section_is_named_with_its_line(section):
    body = "\n# Stem\n\nA\n\n# Feedback\n\nB\n\n# If correct\n\nD\n\n# If incorrect\n\nE\n\n# Alt text\n\nC\n"
    text = own("sentences", body=body.replace(f"# {section}\n", f"# {section}\n\n\none\n{{{{ here | }}}}"))
    refused(text, f"mine.md: line {line(text, '{{ here')}: ")


# What is refused: the header


@pytest.mark.parametrize("key", ["kind", "type", "title", "clarity"])
def test_what_is_missing_everywhere(key):
    refused(own(**{key: None}), f"mine.md: header: {key!r} is missing")


@pytest.mark.parametrize(
    ("form", "key", "needed"),
    [
        ("a number", "key", "a template of type 'numerical' needs key"),
        ("a number", "tolerance", "a template of type 'numerical' needs tolerance"),
        ("a number", "unit", "a template of type 'numerical' needs unit"),
        ("numbers listed", "decimals", "a template of type 'choice' needs decimals"),
        ("statements", "statements", "a template of type 'multiple' needs statements"),
        ("matching", "plots", "a template of type 'matching' needs plots"),
    ],
)
def test_what_is_missing_for_a_type(form, key, needed):
    refused(own(form, **{key: None}), f"mine.md: header: {needed}")


@pytest.mark.parametrize(
    ("form", "key", "given", "message"),
    [
        ("a number", "clarty", "1", "unknown key: did you mean 'clarity'?"),
        ("a number", "zzz", "1", "unknown key: known are kind, type, "),
        ("a number", "kind", "3", "3 is of the wrong type"),
        ("a number", "title", "[]", "[] is of the wrong type"),
        ("a number", "key", "1", "1 is of the wrong type"),
        ("a number", "unit", "0.1", "0.1 is of the wrong type"),
        ("a number", "decimals", "2.0", "2.0 is of the wrong type"),
        ("a number", "decimals", "true", "True is of the wrong type"),
        ("a number", "tolerance", "0.1", "0.1 is of the wrong type"),
        ("a number", "require", "true", "True is of the wrong type"),
        ("a number", "conditions", '"r"', "'r' is of the wrong type"),
        ("a number", "clarity", '"1"', "'1' is of the wrong type"),
        ("a number", "clarity", "0", "0: write a number above 0"),
        ("a number", "clarity", "-1.5", "-1.5: write a number above 0"),
        ("a number", "clarity", "nan", "nan: write a number above 0"),
        ("a number", "clarity", "inf", "inf: write a number above 0"),
        ("a number", "type", '"essay"', "'essay': write one of numerical, choice, multiple, truefalse, matching"),
        ("a number", "show", '"circle"', "'circle': write one of line, marked"),
        ("a number", "conditions", "[]", "write at least one case"),
        ("a number", "conditions", "[{ r = 1 }, 2]", "case 2 is not a table of conditions"),
        ("a number", "key", '"r +"', "'r +' is not understood: "),
        ("a number", "key", '""', "'' is not understood: "),
        ("a number", "decimals", '"n n"', "'n n' is not understood: "),
        ("a number", "unit", '"y_error *"', "'y_error *' is not understood: "),
        ("a number", "tolerance", '"("', "'(' is not understood: "),
        ("a number", "require", '"r >"', "'r >' is not understood: "),
        ("a number", "plots", '"r"', "is not for a template of type 'numerical' with decimals, key, tolerance, unit"),
        ("a number", "bands", "[1]", 'write for example bands = [{ tolerance = "4 * jnd(r)", share = 0.5 }]'),
        ("a number", "bands", '[{ tolerance = "1" }]', "write for example bands = "),
        ("a number", "bands", '[{ tolerance = "1", share = 1.0 }]', "share = 1.0: write a number between 0 and 1"),
        ("a number", "bands", '[{ tolerance = "1", share = "a" }]', "share = 'a': write a number between 0 and 1"),
        ("a number", "bands", '[{ tolerance = "1", share = true }]', "share = True: write a number between 0 and 1"),
        ("a number", "bands", '[{ tolerance = "r +", share = 0.5 }]', "'r +' is not understood: "),
        ("a number", "bands", '[{ tolerance = "1", share = 0.5 }, { tolerance = "2", share = 0.5 }]',
         "share = 0.5: a band earns less than the one before it"),
        ("numbers listed", "options", "[1, 2]", "[1, 2] is of the wrong type"),
        ("numbers listed", "options", '"[r"', "'[r' is not understood: "),
        ("numbers listed", "tolerance", '"1"', "is not for a template of type 'choice' with decimals, key, options, unit"),
        ("numbers listed", "distractors", '["r"]', "is not for a template of type 'choice' with decimals, "),
        ("so many choices", "choices", "1", "1: write 2 to 6"),
        ("so many choices", "choices", "7", "7: write 2 to 6"),
        ("so many choices", "distractors", '["slope", "sign droped"]',
         "'sign droped' is no misconception: did you mean 'sign dropped'?"),
        ("so many choices", "distractors", '["mean for the median"]',
         "'mean for the median' is no misconception: did you mean 'mean for median'?"),
        ("so many choices", "distractors", '["zzz yyy"]', "'zzz yyy' is no misconception: known are sign dropped, squared, "),
        ("so many choices", "distractors", "[1]", "1: write an expression or the name of a misconception"),
        ("so many choices", "distractors", '["r +"]', "'r +': 'r +' is not understood: "),
        ("box plots", "boxes", "[]", "[]: write two or more different names"),
        ("box plots", "boxes", '["wide"]', "['wide']: write two or more different names"),
        ("box plots", "boxes", '["wide", "wide"]', "['wide', 'wide']: write two or more different names"),
        ("box plots", "boxes", '["wide", []]', "['wide', []]: write two or more different names"),
        ("box plots", "plots", '"r"', "is not for a template of type 'choice' with boxes"),
        ("statements", "statements", "1", "1: write 2 to 2"),
        ("statements", "statements", "3", "3: write 2 to 2"),
        ("statements", "statements", "true", "True is of the wrong type"),
        ("true or false", "key", '"r"', "is not for a template of type 'truefalse' with statement"),
        ("matching", "key", '"r"', "is not for a template of type 'matching' with decimals, options, plots, unit"),
        ("sentences", "let", "{ a = \"r +\" }", "'r +' is not understood: "),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_header(form, key, given, message):
    text = own(form, **{key: given})
    at = f"{key}.a" if key == "let" else key
    refused(text, f"mine.md: line {line(text, f'{key} = {given}')}: {at}: {message}")


@pytest.mark.parametrize(
    ("tables", "at", "message"),
    [
        (OPTIONS.replace('right = "r > 0"\n', ""), "[option.up]", "option.up: 'right' is missing"),
        (OPTIONS.replace('margin = "apart(r, 0)"\n', ""), "[option.down]", "option.down: 'margin' is missing"),
        (OPTIONS.replace('text = "Down"\n', ""), "[option.down]", "option.down: 'text' is missing"),
        (OPTIONS + 'reason = "x"\n', "reason", "option.down.reason: unknown key: known are text, right, margin, when, why"),
        (OPTIONS + 'whe = "x"\n', "whe =", "option.down.whe: unknown key: did you mean 'when'?"),
        (OPTIONS.replace('"r > 0"', "true"), "right = true", "option.up.right: True: write text between quotes"),
        (OPTIONS.replace('"Down"', "7"), "text = 7", "option.down.text: 7: write text between quotes"),
        (OPTIONS.replace("r < 0", "r <"), '"r <"', "option.down.right: 'r <' is not understood: "),
        (OPTIONS.replace("n > 3", "n >"), '"n >"', "option.down.when: 'n >' is not understood: "),
        (OPTIONS.replace("apart(r, 0)", "apart(r"), '"apart(r"', "option.down.margin: 'apart(r' is not understood: "),
        (OPTIONS.replace("Down", "Down {{"), "Down {{", "unexpected 'end of template'"),
        (OPTIONS.replace("*down*", "{% if %}"), "{% if %}", "Expected an expression, got 'end of statement block'"),
        (OPTIONS.replace('"Down"', '"""\none\n{{ here"""'), "{{ here", "unexpected end of template"),
        (OPTIONS.split("[option.down]")[0], "[option.up]", "option: write two or more tables [option.NAME]"),
        ("[option]\n", "[option]", "option: write two or more tables [option.NAME]"),
        ("[option]\na = 1\nb = 2\n", "a = 1", "option.a: write a table [option.a] with text, right and margin"),
        ('[option]\na = "A"\nb = "B"\n', "a = ", "option.a: write a table [option.a] with text, right and margin"),
        ('[option]\na = { text = "A", right = "1", margin = "1" }\nb = { text = "B", right = "1 +", margin = "1" }\n',
         "b = ", "option.b.right: '1 +' is not understood: "),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_claim(tables, at, message):
    """Names that stand elsewhere too, in `let`, do not confuse lines."""
    text = source({"type": '"choice"'}, '[let]\nup = "1"\ndown = "2"\nright = "3"\nwhen = "4"\n' + tables)
    refused(text, f"mine.md: line {line(text, at)}: {message}")


def test_there_is_a_statement():
    text = source({"type": '"truefalse"'}, "[statement]\n")
    refused(text, f"mine.md: line {line(text, '[statement]')}: statement: write a table [statement.NAME]")


def test_an_expression_of_let_is_named_with_its_line():
    text = own(tables='[let]\nside = "1"\nkey = "side side"\n')
    refused(text, f"mine.md: line {line(text, 'side side')}: let.key: 'side side' is not understood: ")


# Translations


GERMAN = {
    "plain": "+++\ntitle = 'Eigene'\n+++\n" + BODY,
    "claims": "+++\ntitle = 'Eigene'\n[option.up]\ntext = 'Auf'\nwhy = 'Nein'\n[option.down]\ntext = 'Ab'\n+++\n"
    + BODY,
}


def test_translations_are_read():
    plain = parse("mine.md", own(), {"de": GERMAN["plain"]})
    claims = parse("mine.md", own("sentences"), {"de": GERMAN["claims"]})

    assert (plain.words("en").title, plain.words("de").title, plain.title) == ("Own", "Eigene", "Own")
    assert claims.words("de").claims["up"].text.render({}).strip() == "Auf"
    assert claims.words("en").claims["down"].text.render({}).strip() == "Down"
    assert claims.words("de").claims["down"].why is None


@pytest.mark.parametrize(
    ("form", "translation", "message"),
    [
        ("a number", "no header", "line 1: a template begins with a TOML header"),
        ("a number", GERMAN["plain"].replace("title = 'Eigene'", ""), "header: 'title' is missing"),
        ("a number", GERMAN["plain"].replace("'Eigene'", "1"), "header: 'title' is missing"),
        ("a number", GERMAN["plain"].replace("+++\n\n", "clarity = 2\n+++\n\n"), "line 3: clarity: a translation holds words only"),
        ("a number", GERMAN["plain"].replace("What is it?", "{{ was"), "line 7: "),
        ("a number", GERMAN["plain"].replace("Feedback", "Rückmeldung"), "the sections must be # Stem, # Feedback"),
        ("a number", GERMAN["plain"] + "\n# Alt text\n\nBild\n", "the section # Alt text is not in both languages"),
        ("a number", GERMAN["plain"] + "\n# If correct\n\nJa\n", "the section # If correct is not in both languages"),
        ("a number", GERMAN["plain"] + "\n# If incorrect\n\nNein\n", "the section # If incorrect is not in both languages"),
        ("a number", GERMAN["claims"], "the option 'down' is not in both languages"),
        ("sentences", GERMAN["plain"], "the option 'down' is not in both languages"),
        ("sentences", GERMAN["claims"].replace("option.up", "option.auf"), "the option 'auf' is not in both languages"),
        ("sentences", GERMAN["claims"].replace("option.", "statement."), "the option 'down' is not in both languages"),
        ("sentences", GERMAN["claims"].replace("why = 'Nein'\n", ""), "option 'up': 'why' is not in both languages"),
        ("sentences", GERMAN["claims"].replace("'Ab'", "'Ab'\nwhy = 'Ja'"), "option 'down': 'why' is not in both languages"),
        ("sentences", GERMAN["claims"].replace("'Ab'", "'Ab'\nright = 'r'"), "line 8: option.down.right: a translation holds words only"),
        ("sentences", GERMAN["claims"].replace("text = 'Ab'", ""), "line 6: option.down: 'text' is missing"),
        ("sentences", GERMAN["claims"].replace("'Ab'", "3"), "line 7: option.down.text: 3: write text between quotes"),
        ("sentences", "+++\ntitle = 'E'\noption = 1\n+++\n" + BODY, "line 3: option: a translation holds words only"),
        ("sentences", "+++\ntitle = 'E'\noption.up = 1\noption.down = 2\n+++\n" + BODY, "line 3: option.up: a translation holds words only"),
    ],
)  # fmt: skip
def test_translations_that_are_refused(form, translation, message):
    refused(own(form), f"mine.md (de): {message}", {"de": translation})


@pytest.mark.parametrize("name", installed())
def test_places_in_installed_templates_are_theirs(name):
    """Every expression's line is the one in which its text stands."""
    template, lines = built_in(name), installed()[name].english.split("\n")
    formulas = [*template.keyed, *(formula for _, formula in template.let)]
    formulas += [template.require] if template.require is not None else []
    for formula in formulas:
        at = int(re.search(r"line (\d+)", formula.place)[1])
        assert f'"{formula.text}"' in lines[at - 1]
