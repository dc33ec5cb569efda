"""Moodle XML, read back as Moodle's importer reads it."""

import base64
import re
from dataclasses import replace

import pytest
from lxml import etree, html

from plotbank.exporters import PART_BYTES, moodle_elements
from plotbank.exporters.moodle import EXPORTER


def parse(path):
    return etree.parse(path).getroot()


def questions(root):
    return [element for element in root if element.get("type") != "category"]


def categories(root):
    return [element.findtext("category/text") for element in root if element.get("type") == "category"]


def split_category_path(path):
    """As Moodle does: single slashes separate, double ones stand for one, white space is trimmed."""
    return [step.replace("//", "/").strip() for step in re.split("(?<!/)/(?!/)", path)]


def matching_answer(question, response):
    """Moodle's rule for numbers: the first answer within its tolerance wins, and `*` fits even what is no number."""
    for answer in question.findall("answer"):
        key = answer.findtext("text")
        if key == "*" or (
            response is not None and abs(response - float(key)) <= float(answer.findtext("tolerance")) + 1e-14
        ):
            return answer
    return None


def fraction(question, response):
    answer = matching_answer(question, response)
    return 0 if answer is None else float(answer.get("fraction")) / 100


def told(question, response):
    """What Moodle tells to who gives a number, or anything else (None)."""
    answer = matching_answer(question, response)
    return None if answer is None else answer.findtext("feedback/text")


def told_in_all(question, share):
    """What Moodle tells to who earns a share of a choice or of pairs."""
    kind = "correct" if share == 1 else "incorrect" if share == 0 else "partiallycorrect"
    return question.findtext(f"{kind}feedback/text")


@pytest.fixture
def written(make, tmp_path):
    """The one question that comes of one item, parsed."""

    def write(**changes):
        bank = make.bank()
        of = changes.pop("of", make.slope)
        (path,) = make.write(EXPORTER, tmp_path, [make.item(of=of, **changes)], bank)
        (question,) = questions(parse(path))
        return question

    return write


def test_one_file_holds_every_variant_after_the_category_of_its_question(make, tmp_path):
    (path,) = make.write(EXPORTER, tmp_path, make.items())

    root = parse(path)

    assert path.name == "stat101-quiz.2.xml"
    assert [element.get("type") for element in root] == [
        "category", "numerical", "numerical", "numerical",
        "category", "multichoice", "multichoice", "multichoice",
    ]  # fmt: skip
    assert categories(root) == ["top/Reading plots/Estimate r", "top/Reading plots/Pick the median"]


def test_the_picture_stands_in_the_question_text_that_links_it(make, written):
    picture = make.picture(name="p_1.png", png=make.png(7), alt='5 < 6 & "x"', width=320, height=240)
    question = written(picture=picture)

    (file,) = question.findall(".//file")
    (image,) = html.fromstring(question.findtext("questiontext/text")).iter("img")

    assert file.getparent().tag == "questiontext"
    assert dict(file.attrib) == {"name": "p_1.png", "path": "/", "encoding": "base64"}
    assert base64.b64decode(file.text, validate=True) == picture.png
    assert dict(image.attrib) == {
        "src": "@@PLUGINFILE@@/p_1.png",
        "alt": '5 < 6 & "x"',
        "width": "320",
        "height": "240",
        "style": "max-width:100%;height:auto",
    }


def test_what_is_common_to_all_types(written):
    question = written(points=2.5)

    assert question.findtext("name/text") == "Estimate r"
    assert question.find("questiontext").get("format") == "html"
    assert question.find("generalfeedback").get("format") == "html"
    assert question.findtext("generalfeedback/text") == "<p>It is 0.72.</p>"
    assert float(question.findtext("defaultgrade")) == 2.5
    assert float(question.findtext("penalty")) == 0.3333333
    assert question.findtext("idnumber") == "stat101-quiz.2-slope_00000"
    assert [tag.findtext("text") for tag in question.findall("tags/tag")] == [
        "plotbank",
        "kind: scatter",
        "template: scatter/estimate-r",
        "difficulty: medium",
    ]


@pytest.mark.parametrize(
    ("response", "mark"),
    [(0.72, 1), (0.63, 1), (0.81, 1), (0.62, 0), (0.82, 0), (-0.72, 0), (0.625, 1), (0.8151, 0)],
)
def test_a_number_earns_the_mark_within_its_tolerance(written, response, mark):
    question = written()

    assert question.get("type") == "numerical"
    assert fraction(question, response) == mark


@pytest.mark.parametrize(
    ("value", "tolerance", "decimals", "texts"),
    [
        (0.72, 0.095, 2, ("0.72", "0.095")),
        (0.7199999999999999, 0.09500000000000003, 2, ("0.72", "0.095")),
        (-0.5, 0.005, 2, ("-0.50", "0.005")),
        (1250000.0, 500.5, 0, ("1250000", "500.5")),
    ],
)
def test_numbers_are_written_without_noise(make, written, value, tolerance, decimals, texts):
    (answer,) = written(key=make.numeric(value, tolerance, decimals)).findall("answer")

    assert (answer.findtext("text"), answer.findtext("tolerance")) == texts


def test_a_number_has_no_unit(written):
    question = written()

    assert question.findtext("unitgradingtype") == "0"
    assert question.findtext("showunits") == "3"
    assert question.find("units") is None


@pytest.mark.parametrize("correct", [0, 1, 2])
def test_single_choice_keeps_the_order_and_one_right_option(make, written, correct):
    question = written(of=make.pick, key=make.choice("1.5", "<b>2.5</b>", "4", correct=correct))

    answers = question.findall("answer")

    assert question.get("type") == "multichoice"
    assert [answer.findtext("text") for answer in answers] == ["1.5", "<b>2.5</b>", "4"]
    assert [answer.get("fraction") for answer in answers] == ["100" if n == correct else "0" for n in range(3)]
    assert {answer.get("format") for answer in answers} == {"html"}
    assert question.findtext("single") == "true"
    assert question.findtext("shuffleanswers") == "false"
    assert question.findtext("answernumbering") == "abc"


def test_every_text_is_in_cdata(make, tmp_path):
    nasty = {"title": make.nasty, "stem": f"<p>{make.nasty}</p>", "feedback": f"<p>{make.nasty}</p>"}
    (path,) = make.write(EXPORTER, tmp_path, make.items(**nasty), make.bank(title=make.nasty))
    written = path.read_bytes()

    begun = re.findall(rb"<text[^>]*>(.{9})", written, re.DOTALL)

    assert len(begun) == len(list(parse(path).iter("text")))
    assert set(begun) == {b"<![CDATA["}


def test_no_element_is_empty(make, tmp_path):
    (path,) = make.write(EXPORTER, tmp_path, make.items(feedback=" "))

    assert [element.tag for element in parse(path).iter() if not len(element) and not element.text] == []
    assert b"generalfeedback" not in path.read_bytes()


def test_nasty_text_survives(make, written):
    question = written(
        title=make.nasty, stem=make.nasty, feedback=make.nasty, picture=make.picture(alt=make.nasty),
        of=make.pick, key=make.choice(make.nasty, "2"),
    )  # fmt: skip

    stem = question.findtext("questiontext/text")

    assert stem.startswith(make.nasty + "<p><img ")
    assert html.fromstring(stem).xpath("//img/@alt") == [make.nasty]
    assert question.findtext("generalfeedback/text") == make.nasty
    assert question.findtext("answer/text") == make.nasty


def test_names_hold_nothing_that_moodle_takes_for_a_tag(written):
    assert written(title=" Is p<0.05\n& R>r? ").findtext("name/text") == "Is p&lt;0.05 & R>r?"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("x" * 255, "x" * 255),
        ("x" * 256, "x" * 254 + "…"),
        ("word " * 60, "word " * 50 + "word…"),
        ("word " * 50 + "12345 more", "word " * 50 + "…"),
        ("x" * 253 + "<<", "x" * 253 + "…"),
    ],
)
def test_only_a_long_name_is_cut_and_at_a_word(written, title, name):
    text = written(title=title).findtext("name/text")

    assert len(text) <= 255
    assert text == name.replace(" …", "…")


def test_slashes_in_titles_make_no_categories(make, tmp_path):
    titles = ["km/h/", "/a//b/", "1/n"]
    slope = replace(make.slope, title=titles[1])
    pick = replace(make.pick, title=titles[2])
    bank = make.bank(title=titles[0], questions=(slope, pick))
    (path,) = make.write(EXPORTER, tmp_path, make.items(1), bank)

    paths = categories(parse(path))

    assert paths[0].startswith("top/km//h// /")
    assert [split_category_path(path) for path in paths] == [
        ["top", "km/h/", "/a//b/"],
        ["top", "km/h/", "1/n"],
    ]


def test_no_two_questions_share_a_category(make, tmp_path):
    titles = ["Estimate R", "Estimate r", "Estimate  r", "w " * 200, "w " * 200 + "!"]
    asked = tuple(replace(make.slope, id=f"q{n}", title=title) for n, title in enumerate(titles))
    items = [make.item(of=question) for question in asked]
    (path,) = make.write(EXPORTER, tmp_path, items, make.bank(questions=asked))

    names = [split_category_path(path)[-1] for path in categories(parse(path))]

    assert names[:3] == ["Estimate R", "Estimate r (2)", "Estimate r (3)"]
    assert names[4].endswith("… (2)")
    assert len({name.casefold() for name in names}) == len(asked)
    assert max(map(len, names)) <= 255


def test_parts_stay_within_the_budget_and_name_their_categories(make, tmp_path):
    items = make.items(8)
    paths = make.write(EXPORTER, tmp_path, items, part_bytes=5_000)
    parts = [parse(path) for path in paths]

    sizes = [path.stat().st_size for path in paths]
    numbers = [question.findtext("idnumber") for part in parts for question in questions(part)]

    assert [path.name for path in paths] == [f"stat101-quiz.2-{n}.xml" for n in range(1, len(paths) + 1)]
    assert len(paths) > 3
    assert max(sizes) <= 5_000
    assert min(sizes[:-1]) > 3_000
    assert numbers == [f"stat101-quiz.2-{item.id}" for item in items]
    for part in parts:
        asked = None
        for element in part:
            if element.get("type") == "category":
                asked = element.findtext("category/text").rpartition("/")[2]
            else:
                assert element.findtext("name/text") == asked


def test_a_question_larger_than_a_part_gets_one_of_its_own(make, tmp_path):
    paths = make.write(EXPORTER, tmp_path, make.items(2), part_bytes=100)

    assert [len(questions(parse(path))) for path in paths] == [1, 1, 1, 1]


def test_ids_too_long_for_moodle_are_refused(make):
    bank = make.bank(id="b" * 50)

    fits, too_long = (EXPORTER.check(bank, make.item(id="i" * length)) for length in (49, 50))

    assert fits == []
    assert len(too_long) == 1
    assert "has more than the 100 characters Moodle takes" in too_long[0]


def test_pictures_too_large_for_a_part_are_refused(make):
    fits, too_large = (
        EXPORTER.check(make.bank(), make.item(picture=make.picture(png=bytes(size)))) for size in (4_000_000, 4_000_001)
    )

    assert fits == []
    assert too_large == ["the picture takes 4,000,001 bytes; Moodle can import 4,000,000"]
    assert moodle_elements.PICTURE_BYTES * 4 / 3 < PART_BYTES


def mark(question, ticked):
    """Moodle's rule for multiple answers: what is ticked adds up, and nothing costs more than the mark."""
    answers = question.findall("answer")
    return min(1, max(0, sum(float(answers[place].get("fraction")) for place in ticked) / 100))


def test_bands_earn_less_and_less(make, written):
    question = written(key=make.banded((0.145, 0.5), (0.195, 1 / 3)))

    marks = [fraction(question, response) for response in (0.72, 0.63, 0.62, 0.58, 0.57, 0.53, 0.52)]

    assert [answer.get("fraction") for answer in question.findall("answer")] == ["100", "50", "33.33333"]
    assert marks == pytest.approx([1, 1, 0.5, 0.5, 1 / 3, 1 / 3, 0], abs=1e-5)


@pytest.mark.parametrize("right", range(1, 11))
@pytest.mark.parametrize("wrong", range(1, 11))
def test_ticking_the_right_options_earns_the_mark_and_ticking_all_earns_nothing(make, written, right, wrong):
    key = make.multiple(*(f"option {n}" for n in range(right + wrong)), correct=range(right))

    question = written(key=key)

    assert EXPORTER.check(make.bank(), make.item(key=key)) == []
    assert question.findtext("single") == "false"
    assert mark(question, range(right)) == pytest.approx(1, abs=1e-6)  # Moodle calls this right
    assert mark(question, range(right + wrong)) == pytest.approx(0, abs=1e-6)
    assert mark(question, range(right - 1)) < 0.95
    assert mark(question, range(right + 1)) < 0.95


def test_true_and_false_have_no_second_try(make, written):
    question = written(key=make.truth(False, if_true="No."))

    assert question.get("type") == "truefalse"
    assert [(one.findtext("text"), one.get("fraction")) for one in question.findall("answer")] == [
        ("true", "0"),
        ("false", "100"),
    ]
    assert [one.findtext("feedback/text") for one in question.findall("answer")] == ["No.", None]
    assert question.findtext("penalty") == "1"


def test_answers_that_belong_to_no_prompt_stand_beside_an_empty_one(make, written):
    question = written(key=make.matching())
    lines = [(one.findtext("text"), one.findtext("answer/text")) for one in question.findall("subquestion")]

    assert question.get("type") == "matching"
    assert question.findtext("shuffleanswers") == "false"
    assert lines == [("Plot A", "r &gt; 0"), ("Plot <em>B</em>", "no relation"), ("", "r = −0.8")]


def test_the_picture_of_an_option_stands_in_its_answer(make, written):
    question = written(key=make.pictured())

    assert [[file.get("name") for file in one.findall("file")] for one in question.findall("answer")] == [
        ["p_o000_0.png"], ["p_o000_1.png"], ["p_o000_2.png"],
    ]  # fmt: skip
    assert question.findtext("answer/text").startswith('A<p><img src="@@PLUGINFILE@@/p_o000_0.png"')


def test_captions_stand_above_several_pictures(make, written):
    pictures = [make.picture(name=f"p{n}.png", caption=f"Plot {n} & co") for n in range(2)]
    stem = written(pictures=tuple(pictures)).findtext("questiontext/text")

    shown = [(p.findtext("strong"), [image.get("src") for image in p.findall("img")]) for p in html.fromstring(stem)]
    assert shown[-4:] == [
        ("Plot 0 & co", []),
        (None, ["@@PLUGINFILE@@/p0.png"]),
        ("Plot 1 & co", []),
        (None, ["@@PLUGINFILE@@/p1.png"]),
    ]


@pytest.mark.parametrize(
    ("shares", "weights"),
    [
        ((0.5, 0.5), ["1", "1"]),
        ((0.25, 0.25, 0.5), ["1", "1", "2"]),
        ((1 / 3, 1 / 6, 1 / 2), ["2", "1", "3"]),
        ((0.6, 0.4), ["3", "2"]),
        ((0.37, 0.63), ["37", "63"]),
    ],
)
def test_weights_of_parts_are_the_smallest_whole_numbers(make, written, shares, weights):
    key = make.parts(*(make.numeric() for _ in shares), shares=shares)
    text = written(key=key).findtext("questiontext/text")

    assert EXPORTER.check(make.bank(), make.item(key=key)) == []
    assert re.findall(r"\{([0-9]+):NUMERICAL:=0\.72:0\.095\}", text) == weights


@pytest.mark.parametrize("language", ["de", "pt-BR"])
def test_true_and_false_of_a_part_are_in_the_language_of_the_bank(make, tmp_path, language):
    bank = make.bank(language=language)
    (path,) = make.write(EXPORTER, tmp_path, [make.item(key=make.parts(make.truth(), make.truth(False)))], bank)
    (question,) = questions(parse(path))

    words = {"de": ("Wahr", "Falsch"), "pt-BR": ("Verdadeiro", "Falso")}[language]
    assert re.findall("{1:MULTICHOICE_H:(.*?)}", question.findtext("questiontext/text")) == [
        f"={words[0]}~{words[1]}",
        f"{words[0]}~={words[1]}",
    ]


def refused(make, key):
    return EXPORTER.check(make.bank(), make.item(key=key))


def test_shares_that_moodle_does_not_know_are_refused(make):
    (problem,) = refused(make, make.banded((0.145, 0.55)))
    (among_parts,) = refused(make, make.parts(make.truth(), make.banded((0.145, 0.55))))

    assert problem.startswith("a band earns 55 percent of the mark, which Moodle does not know: use 90,")
    assert among_parts == f"part 2: {problem}"


@pytest.mark.parametrize(("right", "wrong"), [(11, 1), (1, 11)])
def test_numbers_of_options_that_cannot_share_the_mark_are_refused(make, right, wrong):
    key = make.multiple(*(f"option {n}" for n in range(right + wrong)), correct=range(right))
    kind = "right" if right == 11 else "wrong"

    assert refused(make, key) == [f"11 options are {kind}: Moodle cannot share the mark among so many"]


@pytest.mark.parametrize("shares", [(0.333, 0.667), (1 / 101, 100 / 101), (1 / 97, 1 / 89, 1 - 1 / 97 - 1 / 89)])
def test_shares_of_parts_in_no_simple_ratio_are_refused(make, shares):
    assert refused(make, make.parts(*(make.truth() for _ in shares), shares=shares)) == [
        "the shares of the parts are in no ratio of whole numbers up to 100, which is what Moodle knows"
    ]


def test_answers_too_long_to_be_matched_are_refused(make):
    fits, too_long = (make.matching(answers=("a", "x" * length, "&" * 51)) for length in (255, 256))

    assert refused(make, fits) == []
    assert refused(make, too_long) == ["answer 2 is longer than the 255 characters Moodle keeps"]


def test_pictures_too_large_together_are_refused(make):
    pictures = tuple(make.picture(name=f"p{n}.png", png=bytes(2_750_000)) for n in range(2))
    larger = (replace(pictures[0], png=bytes(2_750_001)), pictures[1])

    assert EXPORTER.check(make.bank(), make.item(pictures=pictures)) == []
    assert EXPORTER.check(make.bank(), make.item(pictures=larger)) == [
        "the pictures take 5,500,001 bytes; Moodle can import 5,500,000"
    ]
    assert moodle_elements.ALL_PICTURES_BYTES * 4 / 3 < PART_BYTES


BOTH = {"if_correct": "<p>Well <b>seen</b> <i>indeed</i>.</p>", "if_incorrect": "<p>Look &lt;again&gt;.</p>"}


def test_a_right_number_is_told_one_thing_and_everything_else_another(make, written):
    question = written(key=make.banded((0.145, 0.5)), **BOTH)

    assert [answer.findtext("text") for answer in question.findall("answer")] == ["0.72", "0.72", "*"]
    assert [fraction(question, response) for response in (0.72, 0.8, 0.85, 0.9, -0.72, None)] == [1, 1, 0.5, 0, 0, 0]
    assert [told(question, response) for response in (0.72, 0.8)] == [BOTH["if_correct"]] * 2
    assert [told(question, response) for response in (0.85, 0.9, -0.72, None)] == [BOTH["if_incorrect"]] * 4


def test_nobody_else_is_an_answer_where_nothing_is_told_to_them(make, written):
    question = written(if_correct="<p>Yes.</p>", if_incorrect=" ")

    assert [answer.findtext("text") for answer in question.findall("answer")] == ["0.72"]
    assert (told(question, 0.72), told(question, 0.9)) == ("<p>Yes.</p>", None)


@pytest.mark.parametrize("key", ["choice", "multiple", "matching"])
def test_who_earns_less_than_the_whole_mark_is_told_the_same(make, written, key):
    question = written(key=getattr(make, key)(), **BOTH)

    assert [told_in_all(question, share) for share in (1, 0.5, 0)] == [BOTH["if_correct"]] + [BOTH["if_incorrect"]] * 2
    assert {element.get("format") for element in question if element.tag.endswith("correctfeedback")} == {"html"}


@pytest.mark.parametrize("key", ["numeric", "choice", "multiple", "matching", "truth"])
def test_nothing_told_is_nothing_written(make, written, key):
    question = written(key=getattr(make, key)())

    assert [element for element in question.iter() if element.tag.endswith(("correctfeedback", "feedback"))] == [
        question.find("generalfeedback")
    ]


@pytest.mark.parametrize("truth", [True, False])
def test_what_is_told_to_who_is_right_stands_before_what_is_told_to_an_answer(make, written, truth):
    question = written(key=make.truth(truth, if_true="<p>T.</p>", if_false="<p>F.</p>"), **BOTH)
    said = {one.findtext("text"): one.findtext("feedback/text") for one in question.findall("answer")}

    right, wrong = ("true", "false") if truth else ("false", "true")
    assert said[right].startswith(BOTH["if_correct"] + "<p>")
    assert said[wrong].startswith(BOTH["if_incorrect"] + "<p>")
    assert (said["true"][-9:], said["false"][-9:]) == ("<p>T.</p>", "<p>F.</p>")


def test_parts_tell_everybody_the_same_or_are_refused(make, written):
    item = make.item(key=make.parts(), **BOTH)
    (problem,) = EXPORTER.check(make.bank(), item)
    (downgrade,) = EXPORTER.downgrades

    less = downgrade.of(item)

    assert problem.startswith("several parts in one text cannot tell")
    assert (downgrade.name, less) == ("feedback", make.item(key=make.parts()))
    assert EXPORTER.check(make.bank(), less) == []


def test_only_parts_lose_what_they_tell(make):
    (downgrade,) = EXPORTER.downgrades

    assert downgrade.of(make.item(**BOTH)) == make.item(**BOTH)
    assert downgrade.of(make.item(key=make.parts())) == make.item(key=make.parts())


def test_long_tags_are_cut_where_moodle_would_cut_them(make, tmp_path):
    long = replace(make.slope, template="t" * 60)
    (path,) = make.write(EXPORTER, tmp_path, [make.item(of=long)], make.bank(questions=(long,)))

    assert [tag.findtext("text") for tag in parse(path).iter("tag")][2] == "template: " + "t" * 40


def test_the_same_items_give_the_same_bytes(make, tmp_path):
    first, second = (
        [path.read_bytes() for path in make.write(EXPORTER, tmp_path / name, make.items(8, **BOTH), part_bytes=5_000)]
        for name in ("first", "second")
    )

    assert first == second
    assert len(first) > 1
