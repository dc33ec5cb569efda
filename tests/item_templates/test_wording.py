"""What is right, in words: keys of every type, feedback, introductions and text alternatives, in every language."""

import tomllib
from importlib.resources import files

import pytest

from plotbank.errors import QuizFileError, UnsuitableDraw
from plotbank.item_templates import parse, wording
from plotbank.item_templates.grading import Choices, Entry, Graded, Matches, Number, Statement, View
from plotbank.item_templates.misconceptions import EXPRESSIONS
from plotbank.item_templates.numerals import LANGUAGES, numerals
from plotbank.items import Axis, Band, ChoiceKey, MatchingKey, MultipleKey, NumericKey, Option, TrueFalseKey

LABEL = "*Time* <b>in</b> h & [min](x) `c` 1_2_3"
LITERAL = "*Time* &lt;b&gt;in&lt;/b&gt; h &amp; [min](x) `c` 1_2_3"
VIEW = View(
    x=Axis(label=LABEL, low=0, high=30),
    y=Axis(label="Score", low=-5, high=12500, categories=()),
    x_error=0.3,
    y_error=100,
)
READINGS = {"r": 0.53, "n": 40.0, "missing": float("nan")}
HEADER = {
    "numerical": 'key = "r"\ndecimals = 2\nunit = "0.1"\ntolerance = "0.1"\n',
    "numbers": 'key = "r"\ndecimals = 2\nunit = "0.1"\noptions = "[r]"\n',
    "plots": 'key = "r"\ndecimals = 2\nunit = "0.1"\noptions = "[r]"\nplots = "r"\n',
    "boxes": 'boxes = ["wide", "narrow"]\n',
    "sentences": "{option}",
    "multiple": "statements = 2\n{statement}",
    "truefalse": "{statement}",
    "matching": 'decimals = 2\nunit = "0.1"\noptions = "[r]"\nplots = "r"\n',
}
CLAIMS = """
[{what}.a]
text = "Strong & *steep* at {{{{ r | number(1) }}}}"
right = "1"
margin = "1"
why = "No: it is <weak> along {{{{ x.label }}}}."
[{what}.b]
text = "{{{{ x.label }}}}"
right = "1"
margin = "1"
[{what}.c]
text = "{{{{ missing }}}}"
right = "1"
margin = "1"
"""


def template(form, stem="What?", feedback="{{ key }}", alt=None, extra="", kind="scatter"):
    name = {"numbers": "choice", "plots": "choice", "boxes": "choice", "sentences": "choice"}.get(form, form)
    claims = {what: CLAIMS.format(what=what) for what in ("option", "statement")}
    own = HEADER[form].format(**claims) if "{" in HEADER[form] else HEADER[form]
    head = f'kind = "{kind}"\ntype = "{name}"\ntitle = "T"\nclarity = 1\n{extra}{own}'
    more = "" if alt is None else f"\n# Alt text\n\n{alt}\n"
    return parse("mine.md", f"+++\n{head}\n+++\n\n# Stem\n\n{stem}\n\n# Feedback\n\n{feedback}\n{more}")


def scene(locale="en", story="", kind="scatter"):
    return wording.Scene(kind=kind, view=VIEW, story=story, numerals=numerals(locale))


def worded(form, answer, locale="en", intro="", drawn=None, readings=READINGS, **texts):
    graded = Graded(answer=answer, clarity=2.0, difficulty=0.0, drawn=drawn or {})
    return wording.word(template(form, **texts), graded, readings, scene(locale), intro)


def choices(*entries, right, decimals=0):
    return Choices(entries=entries, right=right, decimals=decimals)


# Keys


NUMBER = Number(value=-0.53, decimals=2, tolerance=0.085, bands=((0.165, 0.5),))


def test_what_is_said_to_who_is_right_and_to_who_is_not():
    """They are Markdown with the same names as the feedback."""
    said = "It is so.\n\n# If correct\n\nYes, **{{ key }}**.\n\n# If incorrect\n\nNo: see *{{ accepted_low }}*."
    text = worded("numerical", NUMBER, feedback=said)

    assert (text.feedback, text.if_correct, text.if_incorrect) == (
        "<p>It is so.</p>",
        "<p>Yes, <strong>−0.53</strong>.</p>",
        "<p>No: see <em>−0.61</em>.</p>",
    )
    assert (worded("numerical", NUMBER).if_correct, worded("numerical", NUMBER).if_incorrect) == ("", "")


def test_the_key_of_a_number():
    """Accepted is what lies half a unit inside the tolerance."""
    text = worded("numerical", NUMBER, feedback="{{ key }} ({{ accepted_low }} to {{ accepted_high }})")

    bands = (Band(tolerance=0.165, share=0.5),)
    assert text.key == NumericKey(value=-0.53, tolerance=0.085, decimals=2, bands=bands)
    assert text.feedback == "<p>−0.53 (−0.61 to −0.45)</p>"
    assert text.key.accepts(-0.61)
    assert text.key.accepts(-0.45)
    assert not text.key.accepts(-0.62)
    assert not text.key.accepts(-0.44)


@pytest.mark.parametrize(
    ("decimals", "tolerance", "shown"), [(0, 2.5, "12 (10 to 14)"), (1, 0.05, "12.0 (12.0 to 12.0)")]
)
def test_what_is_accepted(decimals, tolerance, shown):
    answer = Number(value=12, decimals=decimals, tolerance=tolerance, bands=())
    assert worded("numerical", answer, feedback="{{ key }} ({{ accepted_low }} to {{ accepted_high }})").feedback == (
        f"<p>{shown}</p>"
    )


def test_the_key_of_several_numbers():
    answer = choices(
        Entry(id="0", value=-0.53, why="sign dropped"),
        Entry(id="1", value=0.28, why="squared"),
        Entry(id="2", value=0.53, why=""),
        Entry(id="3", value=0.75),
        right=(2,),
        decimals=2,
    )
    text = worded("numbers", answer, feedback="{{ key }}, {{ letter }}")

    assert text.key == ChoiceKey(
        options=(
            Option(
                text="−0.53",
                feedback="The size is right, but the points go the other way: look at the sign.",
            ),
            Option(text="0.28", feedback="This is the square of <em>r</em>."),
            Option(text="0.53"),
            Option(text="0.75"),
        ),
        correct=2,
    )
    assert text.feedback == "<p>0.53, Plot C</p>"


def test_the_right_number_says_no_misconception():
    answer = choices(Entry(id="0", value=0.28), Entry(id="1", value=0.53, why="squared"), right=(1,), decimals=2)
    assert [option.feedback for option in worded("numbers", answer).key.options] == ["", ""]


def test_options_are_written_as_the_locale_does():
    answer = choices(Entry(id="0", value=-1.5, why="squared"), Entry(id="1", value=12345.5), right=(1,), decimals=1)
    text = worded("numbers", answer, "pt-BR")

    assert [option.text for option in text.key.options] == ["−1,5", "12.345,5"]
    assert text.key.options[0].feedback == wording.html(wording.misreading("squared", "pt"))[3:-4]
    assert text.feedback == "<p>12.345,5</p>"


def test_the_key_of_sentences():
    """Markdown works in the template's words, not in what is filled in; the reason is said to who is wrong."""
    answer = choices(Entry(id="a"), Entry(id="b"), right=(1,))
    text = worded("sentences", answer, feedback="{{ key }}")

    assert text.key == ChoiceKey(
        options=(
            Option(
                text="Strong &amp; <em>steep</em> at 0.5",
                feedback=f"No: it is &lt;weak&gt; along {LITERAL}.",
            ),
            Option(text=LITERAL),
        ),
        correct=1,
    )
    assert text.feedback == f"<p>{LITERAL}</p>"


def test_the_right_sentence_has_no_reason():
    right = worded("sentences", choices(Entry(id="b"), Entry(id="a"), right=(1,)), feedback="It is: {{ key }}.")
    assert [option.feedback for option in right.key.options] == ["", ""]
    assert right.feedback == "<p>It is: Strong &amp; <em>steep</em> at 0.5.</p>"


def test_sentences_that_are_not_shown_are_not_worked_out():
    """The text of c takes a reading that the plot does not have."""
    with pytest.raises(UnsuitableDraw):
        worded("sentences", choices(Entry(id="a"), Entry(id="c"), right=(0,)))


def test_sentences_that_read_alike_are_refused():
    own = template("sentences", extra='[let]\nz = "1"\n').source.replace("{{ x.label }}", "Strong &amp; *steep* at 0.5")
    graded = Graded(answer=choices(Entry(id="a"), Entry(id="b"), right=(0,)), clarity=2.0, difficulty=0.0)
    with pytest.raises(QuizFileError, match="mine.md: a choice needs two or more different options"):
        wording.word(parse("mine.md", own), graded, READINGS, scene(), "")


def test_the_key_of_statements():
    answer = choices(Entry(id="b"), Entry(id="a"), right=(0,))
    text = worded("multiple", answer, feedback="{% for said in keys %}- {{ said }}\n{% endfor %}")

    assert text.key == MultipleKey(
        options=(
            Option(text=LITERAL),
            Option(
                text="Strong &amp; <em>steep</em> at 0.5",
                feedback=f"No: it is &lt;weak&gt; along {LITERAL}.",
            ),
        ),
        correct=frozenset({0}),
    )
    assert text.feedback == f"<ul>\n<li>{LITERAL}</li>\n</ul>"


def test_statements_in_a_row_keep_their_markdown():
    answer = choices(Entry(id="b"), Entry(id="a"), Entry(id="c"), right=(0, 1))
    readings = {**READINGS, "missing": 0.0}
    text = worded("multiple", answer, readings=readings, feedback="{{ listed(keys) }}; {{ listed([x.label]) }}")
    assert text.feedback == f"<p>{LITERAL} and Strong &amp; <em>steep</em> at 0.5; {LITERAL}</p>"


@pytest.mark.parametrize("truth", [True, False])
def test_the_key_of_a_statement(truth):
    reason = f"No: it is &lt;weak&gt; along {LITERAL}."
    text = worded("truefalse", Statement(id="a", truth=truth), stem="True or false? {{ statement }}")

    assert text.stem == "<p>True or false? Strong &amp; <em>steep</em> at 0.5</p>"
    assert text.feedback == f"<p>{'true' if truth else 'false'}</p>"
    assert text.key == TrueFalseKey(truth=truth, if_true="" if truth else reason, if_false=reason if truth else "")


def test_a_statement_without_a_reason():
    assert worded("truefalse", Statement(id="b", truth=True)).key == TrueFalseKey(truth=True)


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "true"), ("pt", "verdadeiro"), ("de", "wahr"), ("es", "verdadero"), ("fr", "vrai")]
)
def test_true_in_every_language(locale, said):
    assert worded("truefalse", Statement(id="a", truth=True), locale).feedback.lower() == f"<p>{said}</p>"


def test_the_key_of_matching():
    answer = Matches(shown=(0.5, -0.25, 0.0), values=(-0.25, 0.0, 0.5), decimals=2)
    text = worded("matching", answer, "de", feedback="{{ key }}\n\n{% for said in keys %}- {{ said }}\n{% endfor %}")

    assert text.key == MatchingKey(
        prompts=("Grafik A", "Grafik B", "Grafik C"), answers=("−0,25", "0,00", "0,50"), pairs=(2, 0, 1)
    )
    assert text.feedback == (
        "<p>Grafik A: 0,50; Grafik B: −0,25 und Grafik C: 0,00</p>\n"
        "<ul>\n<li>Grafik A: 0,50</li>\n<li>Grafik B: −0,25</li>\n<li>Grafik C: 0,00</li>\n</ul>"
    )


def test_the_key_of_plots():
    answer = choices(Entry(id="0", value=0.9), Entry(id="1", value=0.53), right=(1,), decimals=2)
    text = worded("plots", answer, "fr", stem="Où est *r* = {{ key }} ?", feedback="{{ letter }}")

    assert text.key == ChoiceKey(options=(Option(text="Graphique A"), Option(text="Graphique B")), correct=1)
    assert text.stem == "<p>Où est <em>r</em> = 0,53 ?</p>"
    assert text.feedback == "<p>Graphique B</p>"


def test_the_key_of_box_plots():
    answer = choices(Entry(id="wide"), Entry(id="own"), Entry(id="narrow"), right=(1,))
    text = worded("boxes", answer, feedback="It is **{{ letter }}**.")

    assert text.key == ChoiceKey(options=tuple(Option(text=f"Plot {letter}") for letter in "ABC"), correct=1)
    assert text.feedback == "<p>It is <strong>Plot B</strong>.</p>"


# Texts


def test_texts_know_readings_what_was_drawn_and_the_introduction():
    stem = "{{ intro }} {{ x.label }} at {{ place }}: {{ r | number(1) }}, {{ relationship(r) }}?"
    text = worded("numerical", NUMBER, intro="All **bold**.", drawn={"place": 12.5}, stem=stem)
    assert text.stem == f"<p>All <strong>bold</strong>. {LITERAL} at 12.5: 0.5, a moderate positive relationship?</p>"


def test_html_in_a_template_is_shown_not_obeyed():
    text = worded("numerical", NUMBER, stem="<script>alert(1)</script>", feedback="a < b & c")
    assert text.stem == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert text.feedback == "<p>a &lt; b &amp; c</p>"


def test_a_template_may_have_a_table():
    stem = "| {{ x.label }} | r |\n|---|---|\n| a\\|b | {{ r }} |"
    text = worded("numerical", NUMBER, stem=stem)
    assert text.stem.count("<td>") == text.stem.count("<th>") == 2
    assert f"<th>{LITERAL}</th>" in text.stem


def test_a_faulty_text_is_named_with_its_line():
    with pytest.raises(QuizFileError, match="mine.md: line 20: 'rr' is undefined: did you mean 'r'?"):
        worded("numerical", NUMBER, feedback="It is\n{{ rr }}.")


def test_a_missing_reading_is_another_draw():
    with pytest.raises(UnsuitableDraw, match="a reading that the plot does not have"):
        worded("numerical", NUMBER, feedback="{{ missing | number(2) }}")


# Introductions and text alternatives


STORY = "Who *really* works_hard_ for <10> h? 1. All [of](them) & `more`."


def test_the_introduction_tells_the_story_as_it_is():
    shown = wording.html(wording.introduction(scene(story=STORY), READINGS, several=1))
    assert shown == (
        "<p>Who *really* works_hard_ for &lt;10&gt; h? 1. All [of](them) &amp; `more`. The scatter plot shows "
        f"<strong>Score</strong> against <strong>{LITERAL}</strong> for 40 observations.</p>"
    )


def test_the_introduction_of_several_plots():
    assert wording.introduction(scene(), READINGS, several=4).startswith("Each of the scatter plots shows **Score**")
    assert wording.introduction(scene(), READINGS, several=1).startswith("The scatter plot shows **Score**")


def test_the_introduction_of_an_unknown_kind_is_its_story():
    shown = wording.introduction(scene(story=STORY, kind="mystery"), READINGS, several=1)
    assert wording.html(shown) == ("<p>Who *really* works_hard_ for &lt;10&gt; h? 1. All [of](them) &amp; `more`.</p>")


def test_the_text_alternative_is_that_of_the_kind():
    found = wording.alternative(template("numerical"), scene("de"), READINGS)
    assert found.brief == "Streudiagramm mit 40 Punkten."
    assert found.description == f"Waagerechte Achse: {LABEL}, von 0 bis 30. Senkrechte Achse: Score, von −5 bis 12.500."
    assert found.whole == f"{found.brief} {found.description}"
    assert wording.alternative(template("numerical"), scene(), READINGS) == wording.described(scene(), READINGS)


@pytest.mark.parametrize(
    ("show", "said"), [("line", " with their least-squares line."), ("marked", ", one of them marked by a ring.")]
)
def test_the_text_alternative_tells_what_is_shown_besides(show, said):
    own = template("numerical", extra=f'show = "{show}"\n')
    assert wording.alternative(own, scene(), READINGS).brief == f"Scatter plot of 40 points{said}"
    assert said not in wording.described(scene(), READINGS).brief


def test_a_template_may_have_its_own_text_alternative():
    """One line of plain text."""
    own = template("numerical", alt="A *cloud* of\n{{ n }} points:\n\n{{ x.label }}.")
    for kind in ("scatter", "mystery"):
        found = wording.alternative(own, scene(kind=kind), READINGS)
        assert found.whole == found.brief == f"A *cloud* of 40 points: {LABEL}."


def test_without_any_text_alternative_a_template_is_refused():
    own = template("numerical", kind="mystery")
    message = "mine.md: the section # Alt text is missing: plots of the kind 'mystery' have no description of their own"
    with pytest.raises(QuizFileError, match=message):
        wording.alternative(own, scene(kind="mystery"), READINGS)


# Every language


def tables(name):
    return tomllib.loads(files("plotbank.item_templates").joinpath(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["scatter", "boxplot", "histogram"])
def test_every_language_says_the_same_of_every_plot(kind):
    found = tables("plots.toml")[kind]

    assert set(found) == set(LANGUAGES)
    for texts in found.values():
        assert set(texts) == {"intro", "intro_many", "alt", "description"}
    assert len({text for texts in found.values() for text in texts.values()}) == 4 * len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["scatter", "boxplot", "histogram"])
def test_every_plot_is_described_in_every_language(kind, language):
    """With the same labels and numbers as in English, for one group and for several."""
    axes = View(
        x=Axis(label="Gruppe", low=0, high=3, categories=("Eins", "Zwei", "Drei")) if kind == "boxplot" else VIEW.x,
        y=VIEW.y,
        x_error=1,
        y_error=100,
    )
    for groups in (1.0, 3.0):
        readings = {"n": 40.0, "groups": groups, "bins": 8.0}
        own = wording.Scene(kind=kind, view=axes, story="", numerals=numerals(language))
        english = wording.Scene(kind=kind, view=axes, story="", numerals=numerals("en"))
        for words, theirs in (
            (wording.described(own, readings).brief, wording.described(english, readings).brief),
            (wording.described(own, readings).description, wording.described(english, readings).description),
            (wording.introduction(own, readings, 1), wording.introduction(english, readings, 1)),
            (wording.introduction(own, readings, 2), wording.introduction(english, readings, 2)),
        ):
            for part in ("Score", "Gruppe", "Eins", "Zwei", "Drei", "40", "8", "**", "12"):
                assert (part in words) == (part in theirs), part
            assert "{" not in words


def test_every_language_has_words_for_every_misconception():
    found = tables("misconceptions.toml")

    assert set(found) == set(LANGUAGES)
    for language, said in found.items():
        assert set(said) == set(EXPRESSIONS), language
        assert all(text == " ".join(text.split(" ")) and text.endswith(".") for text in said.values()), language
    for name in EXPRESSIONS:
        assert len({said[name] for said in found.values()}) == len(LANGUAGES), name


def test_misconceptions_are_told_apart():
    for said in tables("misconceptions.toml").values():
        assert len(set(said.values())) == len(said)
