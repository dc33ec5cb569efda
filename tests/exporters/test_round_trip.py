"""Every type of item is written, kept by the rules, and read back as what it was."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from lxml.html import fragment_fromstring

from plotbank.exporters import canvas, exporters, moodle
from plotbank.items import Option, PartsKey
from plotbank.proof.delivered import (
    ChoiceDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    printed,
)
from plotbank.proof.packages import check_package, open_package

VALIDATOR = Path(__file__).parents[2].parent / "shared" / "conformance" / "validate.py"
CASES = (
    *("number", "whole number", "negative number", "choice", "commented choice", "choice of pictures"),
    *("multiple answers", "true", "false", "matching", "parts"),
)

CHOICES = {"choice", "commented choice", "choice of pictures", "multiple answers", "true", "false"}
NUMBERS = {"number", "whole number", "negative number"}
# What the formats cannot say of these; all others say them all.
CANNOT = {
    "blackboard": set(CASES) - CHOICES,
    "brightspace": set(CASES) - CHOICES,
    "inspera": {"commented choice", "true"},  # what is said to single answers
    "moodle-synchronised": set(CASES) - NUMBERS,
}
ALL = exporters()
SAID = [(exporter, case) for name, exporter in ALL.items() for case in CASES if case not in CANNOT.get(name, ())]
TITLES = {"canvas"}  # where a long title is cut by the platform; Moodle's is cut here, at a word
# Those that say every type of key.
WHOLE = [exporter for name, exporter in ALL.items() if name not in CANNOT]

every_case = pytest.mark.parametrize(("exporter", "case"), SAID, ids=[f"{one.name}-{case}" for one, case in SAID])
every_format = pytest.mark.parametrize("exporter", WHOLE, ids=lambda exporter: exporter.name)


def canonical(html):
    """HTML as one writes it who writes XML: the same whether `>` is escaped."""
    return re.sub(
        r"\A<div>|</div>\Z", "", etree.tostring(fragment_fromstring(html, create_parent="div"), encoding="unicode")
    )


@pytest.fixture
def delivered(make, tmp_path):
    """The one item that comes of one key, as the platform keeps it; nothing may be found or refused."""

    def write(exporter, key, of=None, bank=None, **changes):
        item = make.item(of=of or make.mixed, key=key, **changes)
        bank = bank or make.bank(questions=(of or make.mixed,))
        assert exporter.check(bank, item) == []
        (path,) = make.write(exporter, tmp_path / exporter.name, [item], bank)
        assert list(check_package(path, tmp_path)) == []
        (read,) = open_package(path, tmp_path)
        return read

    return write


@pytest.mark.parametrize("name", CANNOT)
def test_what_a_format_cannot_say_is_refused(name, make):
    bank = make.bank(questions=(make.mixed,))
    refused = {case for case in CASES if ALL[name].check(bank, make.item(of=make.mixed, key=make.every_key()[case]))}

    assert refused == CANNOT[name]


@every_case
def test_a_key_of_every_type_is_read_back_as_it_is_printed(exporter, case, make, delivered):
    key = make.every_key()[case]

    read = delivered(exporter, key)

    assert printed(read.key) == key.printed
    assert read.stem.startswith("<p>Estimate <i>r</i> <b>well</b>.</p>")
    assert read.feedback == "<p>It is 0.72.</p>"


@every_case
def test_every_picture_comes_back_with_its_place(exporter, case, make, delivered):
    key = make.every_key()[case]
    pictures = [
        make.picture(name="p_1.png", png=make.png(1), alt="A plot", caption="Plot A"),
        make.picture(name="p_2.png", png=make.png(2), alt="5 < 6", width=320, height=240, caption="Plot <B>"),
    ]

    read = delivered(exporter, key, pictures=tuple(pictures))

    wanted = make.item(of=make.mixed, key=key, pictures=tuple(pictures)).every_picture
    if exporter.name == "moodle-synchronised":  # where a number stands for the picture
        wanted = [replace(one, name=name.name) for one, name in zip(wanted, read.pictures, strict=True)]
    assert [(one.name, one.png, one.alt, one.width, one.height) for one in read.pictures] == [
        (one.name, one.png, one.alt, one.width, one.height) for one in wanted
    ]
    assert [one.caption for one in read.pictures[:2]] == ["Plot A", "Plot <B>"]
    assert [one.option for one in read.pictures] == [None, None, *range(len(wanted) - 2)]


@every_format
def test_the_caption_of_an_only_picture_is_not_shown(exporter, make, delivered):
    read = delivered(exporter, make.numeric(), picture=make.picture(caption="Plot A"))

    assert "Plot A" not in read.stem


def test_options_alone_may_have_pictures(make, delivered):
    for exporter in WHOLE:
        read = delivered(exporter, make.pictured(), pictures=())

        assert [one.option for one in read.pictures] == [0, 1, 2]
        assert [one.alt for one in read.pictures] == [
            f"Histogram of 40 values, rising, number {place}" for place in range(3)
        ]


@every_format
def test_what_is_said_to_single_answers_comes_back(exporter, make, delivered):
    choice = delivered(exporter, make.commented()).key
    said = delivered(exporter, make.truth(if_true="<p>Yes.</p>", if_false="<p>No &amp; no.</p>")).key

    assert isinstance(choice, ChoiceDelivered)
    assert choice.feedback == ("<p>Too low.</p>", "", "<p>No, <i>far</i> too high.</p>")
    assert said == TrueFalseDelivered(truth=True, if_true="<p>Yes.</p>", if_false="<p>No &amp; no.</p>")


@every_format
def test_the_feedback_of_multiple_answers_comes_back(exporter, make, delivered):
    options = (Option(text="1", feedback="<p>a</p>"), Option(text="2"), Option(text="3", feedback="<p>c</p>"))
    read = delivered(exporter, replace(make.multiple(), options=options)).key

    assert read == MultipleDelivered(options=("1", "2", "3"), correct=(0, 2), feedback=("<p>a</p>", "", "<p>c</p>"))


@every_format
def test_every_answer_of_a_matching_question_comes_back(exporter, make, delivered):
    key = make.matching()
    read = delivered(exporter, key).key

    assert sorted(read.answers) == sorted(key.answers)
    assert [read.answers[place] for place in read.pairs] == ["r > 0", "no relation"]


@every_format
@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "pt", "pt-BR", "xx"])
def test_true_and_false_are_read_in_every_language(exporter, language, make, delivered):
    bank = make.bank(questions=(make.mixed,), language=language)

    assert printed(delivered(exporter, make.truth(False), bank=bank).key) == "false"
    assert (
        printed(delivered(exporter, make.parts(make.truth(), make.truth(False)), bank=bank).key) == "1) true; 2) false"
    )


@every_format
def test_parts_come_back_with_their_texts_and_shares(exporter, make, delivered):
    read = delivered(exporter, make.parts(make.choice("a", "b", correct=0), make.truth(False)))

    assert isinstance(read.key, PartsDelivered)
    assert [part.stem for part in read.key.parts] == ["<p>Part <b>1</b>: what?</p>", "<p>Part <b>2</b>: what?</p>"]
    assert [part.share for part in read.key.parts] == [0.5, 0.5]
    assert [printed(part.key) for part in read.key.parts] == ["a", "false"]
    assert read.stem.endswith("</p>")
    assert "Part" not in read.stem


@pytest.mark.parametrize("name", ["moodle", "qti12", "qti21", "qti22", "qti30", "html"])
def test_what_is_said_to_single_answers_in_parts_comes_back(name, make, delivered):
    """Also where two parts have the same answers, of which nobody or everybody is told something."""
    truth = make.truth(if_true="<p>Yes.</p>", if_false="<p>No.</p>")
    alike = replace(truth, if_true="<p>Again.</p>", truth=False)
    read = delivered(ALL[name], make.parts(truth, make.commented(), alike, make.numeric())).key

    one, two, three, _ = (part.key for part in read.parts)
    assert (one.if_true, one.if_false) == ("<p>Yes.</p>", "<p>No.</p>")
    assert two.feedback == ("<p>Too low.</p>", "", "<p>No, <i>far</i> too high.</p>")
    assert (three.if_true, three.if_false) == ("<p>Again.</p>", "<p>No.</p>")


def test_bands_come_back_from_moodle(make, delivered):
    whole = delivered(moodle.EXPORTER, make.banded()).key
    part = delivered(moodle.EXPORTER, make.parts(make.banded(), make.truth())).key.parts[0].key

    assert whole == part
    assert isinstance(whole, NumericDelivered)
    assert (whole.value, whole.low, whole.high, whole.decimals) == (0.72, 0.625, 0.815, 2)
    assert [(band.low, band.high) for band in whole.bands] == [(0.575, 0.865), (0.525, 0.915)]
    assert [band.share for band in whole.bands] == pytest.approx([0.5, 1 / 3], abs=1e-5)


def test_numbers_among_parts_come_back_from_moodle(make, delivered):
    key = make.parts(make.numeric(), make.numeric(-0.5, 0.15, 1), make.choice(), shares=(0.5, 0.25, 0.25))
    read = delivered(moodle.EXPORTER, key)

    assert printed(read.key) == key.printed == "1) 0.72; 2) -0.5; 3) 2.5"
    assert [part.share for part in read.key.parts] == [0.5, 0.25, 0.25]
    assert read.points == 4  # which the quiz scales


HARD = (
    "a}b~c#d=e%50%f:g/h\"i'j\\k\\}l\\#m",
    "=b",
    "%50%c",
    "\\(\\frac{1}{2}\\)",
    "ends in &amp;",
    "&amp;lt; and &lt;b&gt;",
    "{1:MULTICHOICE:=a~b}",
    "{#1}",
    "😀 مرحبا ]]> \\",
    "<sub>i</sub> <b>x</b> <i>y</i>",
)


@pytest.mark.parametrize("text", HARD)
def test_signs_of_cloze_survive_in_options_and_their_feedback(text, make, delivered):
    options = (Option(text=f"x{text}", feedback=text), Option(text=text), Option(text="other"))
    read = delivered(moodle.EXPORTER, make.parts(replace(make.choice(), options=options), make.truth()))

    choice = read.key.parts[0].key
    assert choice == ChoiceDelivered(options=(f"x{text}", text, "other"), correct=(1,), feedback=(text, "", ""))


def test_what_looks_like_cloze_around_the_questions_is_text(make, delivered):
    nasty = "<p>{1:NUMERICAL:=1:0.5} {#1} {2:SA:=x} {n} \\frac{1}{2} ~ # } {</p>"
    key = make.parts()
    key = PartsKey(parts=(replace(key.parts[0], stem=nasty), key.parts[1]))
    read = delivered(moodle.EXPORTER, key, stem=nasty, picture=make.picture(alt="{#2} {1:MC:=a~b}"))

    shown = nasty.replace("{1:N", "&#123;1:N").replace("{#", "&#123;#").replace("{2:", "&#123;2:")
    assert read.key.parts[0].stem == shown
    assert read.stem.startswith(shown)
    assert read.pictures[0].alt == "{#2} {1:MC:=a~b}"


@every_format
def test_nasty_text_survives_in_every_key(exporter, make, delivered):
    nasty = make.nasty
    choice = delivered(exporter, make.choice(nasty, "2")).key
    multiple = delivered(exporter, make.multiple(nasty, "2", correct={0})).key
    truth = delivered(exporter, make.truth(if_true=f"<p>{nasty}</p>")).key
    plain = nasty.replace("&lt;", "<").replace("&amp;", "&").replace("<b>x</b> <i>y</i>", "x y")
    matching = delivered(exporter, make.matching(prompts=(nasty, "B"), answers=(plain, "x < y & z"), pairs=(1, 0))).key

    assert canonical(choice.options[0]) == canonical(multiple.options[0]) == canonical(nasty)
    assert canonical(truth.if_true) == canonical(f"<p>{nasty}</p>")
    assert matching.answers[matching.pairs[1]] == plain
    assert matching.answers[matching.pairs[0]] == "x < y & z"
    assert printed(matching).endswith(f"x < y & z; B -> {plain}")


@every_format
def test_nasty_text_survives_around_parts(exporter, make, delivered):
    nasty = make.nasty if exporter is moodle.EXPORTER else make.nasty.replace("]", "")  # which Canvas cannot say there
    key = make.parts(make.choice(nasty, "2"), make.truth())
    key = PartsKey(parts=tuple(replace(part, stem=f"<p>{nasty}</p>") for part in key.parts))
    read = delivered(exporter, key, stem=f"<p>{nasty}</p>", feedback=f"<p>{make.nasty}</p>")

    assert [canonical(part.stem) for part in read.key.parts] == [canonical(f"<p>{nasty}</p>")] * 2
    assert canonical(read.stem).startswith(canonical(f"<p>{nasty}</p>"))
    assert canonical(read.feedback) == canonical(f"<p>{make.nasty}</p>")
    assert printed(read.key) == key.printed


@every_format
def test_nasty_words_survive_everywhere_else(exporter, make, delivered):
    """In titles of quiz, question and item, and in what is said in place of pictures or besides."""
    nasty, long = make.nasty, f"{make.nasty} " + "x" * 255
    same = replace(make.mixed, title=nasty)
    bank = make.bank(id="a.b-c_d", title=nasty, questions=(same,))
    picture = make.picture(name="p_1.png", alt=nasty, description=f"{nasty} 2")
    said = {"if_correct": f"<p>{nasty} 3</p>", "if_incorrect": f"<p>{nasty} 4</p>"}
    read = delivered(exporter, make.choice(), of=same, bank=bank, title=nasty, picture=picture, **said)

    # As a name Moodle keeps &lt; for the sign; a page shows no other titles than those of questions.
    assert read.title.replace("&lt;", "<") == nasty.replace("&lt;", "<")
    assert read.pictures[0].alternative == f"{nasty} {nasty} 2"
    assert [canonical(text) for text in (read.if_correct, read.if_incorrect)] == [*map(canonical, said.values())]
    assert (exporter.check(bank, make.item(of=same, title=long)) == []) == (exporter.name not in TITLES)


@pytest.mark.skipif(not VALIDATOR.exists(), reason="needs the conformance checker beside the repository")
def test_canvas_packages_of_every_type_pass_an_independent_check(make, tmp_path):
    keys = list(make.every_key().values())
    items = [make.item(number, make.mixed, key=key) for number, key in enumerate(keys)]
    (path,) = make.write(canvas.EXPORTER, tmp_path, items, make.bank(questions=(make.mixed,)))

    checked = subprocess.run(
        [sys.executable, VALIDATOR, "--strict", "--dialect", "canvas", path], capture_output=True, check=False
    )

    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    report = json.loads(checked.stdout)
    assert report["info"]["items"] == len(items)
    assert {score["worst"] for score in report["info"]["scoring12"]} == {0.0}
    assert [score["best"] for score in report["info"]["scoring12"]] == pytest.approx([100.0] * len(items))


@pytest.mark.parametrize("exporter", ALL.values(), ids=lambda exporter: exporter.name)
def test_questions_of_one_title_stay_two(exporter, make, tmp_path):
    """However they are told apart: no item is lost, and none comes twice."""
    key = make.numeric() if exporter.name == "moodle-synchronised" else make.choice()
    questions = [replace(make.mixed, id=name, title="The same / title") for name in ("one", "two")]
    items = [
        make.item(number, question, key=key, picture=make.picture(name=f"p{question.id}{number}.png"))
        for question in questions
        for number in range(2)
    ]
    bank = make.bank(questions=tuple(questions), variants=2)
    paths = make.write(exporter, tmp_path / exporter.name, items, bank)
    read = [item for path in paths for item in open_package(path, tmp_path)]

    assert [finding for path in paths for finding in check_package(path, tmp_path)] == []
    assert len({item.id for item in read}) == len(read) == 4
    if exporter.name.startswith("moodle"):  # where variants are drawn from the category of that name
        assert len({item.pool for item in read}) == 2
