"""Synchronised calculated questions, drawn and graded by Moodle's rules."""

import base64
import random
import re
from dataclasses import replace
from io import BytesIO

import pytest
from lxml import etree, html
from PIL import Image

from plotbank.exporters import moodle_calculated
from plotbank.exporters.moodle_calculated import EXPORTER
from plotbank.items import PartsKey
from plotbank.proof.delivered import NumericDelivered, PartsDelivered, printed
from plotbank.proof.moodle_package import moodle_items
from plotbank.proof.moodle_rules import check_moodle


def sets(path):
    """The questions of every category, in order."""
    found = {}
    for element in etree.parse(path).getroot():
        if element.get("type") == "category":
            questions = found.setdefault(element.findtext("category/text"), [])
        else:
            questions.append(element)
    return found


def datasets(question):
    return {
        one.findtext("name/text"): {int(item.findtext("number")): item.findtext("value") for item in one.iter("dataset_item")}
        for one in question.iter("dataset_definition")
    }  # fmt: skip


def count(question):
    """How many variants Moodle draws from."""
    return min(int(one.findtext("itemcount")) for one in question.iter("dataset_definition"))


def shown(question, variant, place="questiontext/text"):
    """A text as Moodle shows it: formulas first, then every wildcard that has a dataset."""
    text = question.findtext(place)
    assert not re.search(r"\{=", text)
    for name, values in datasets(question).items():
        text = text.replace(f"{{{name}}}", values[variant])
    return text


def matching_answer(question, variant, response):
    for answer in question.findall("answer"):
        formula = answer.findtext("text")
        if formula == "*":
            return answer
        assert re.fullmatch(r"\{[a-z]+_[0-9a-f]{12}\}", formula)
        centre = float(datasets(question)[formula[1:-1]][variant])
        tolerance = float(answer.findtext("tolerance")) + 1e-14 * max(1, abs(centre))  # "nominal": as wide everywhere
        assert answer.findtext("tolerancetype") == "2"
        if response is not None and centre - tolerance <= response <= centre + tolerance:
            return answer
    return None


def fraction(question, variant, response):
    answer = matching_answer(question, variant, response)
    return 0 if answer is None else float(answer.get("fraction")) / 100


def picture(question, variant):
    """The bytes that a student of this variant sees."""
    (image,) = html.fromstring(shown(question, variant)).iter("img")
    name = image.get("src").removeprefix("@@PLUGINFILE@@/")
    (file,) = [file for file in question.findall("questiontext/file") if file.get("name") == name]
    return base64.b64decode(file.text)


def noise(number):
    """A picture of some thousand bytes of its own."""
    buffer = BytesIO()
    Image.frombytes("L", (60, 50), random.Random(number).randbytes(3_000)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def two_parts(make):
    """Items that ask for two numbers, which differ between variants as the texts do in a number."""

    def items(variants, **changes):
        made = []
        for n in range(variants):
            key = make.parts(make.numeric(0.6 + n / 100), make.numeric(-1.5 - n, 0.15, 1), shares=(0.25, 0.75))
            texts = {"stem": f"<p>The {40 + n} points.</p>", "feedback": f"<p>{n}.5 of {40 + n}</p>"}
            made.append(make.item(n, make.mixed, key=key, **texts | changes))
        return made

    return items


@pytest.fixture
def bank(make):
    return make.bank(questions=(make.mixed, make.slope, make.pick))


@pytest.fixture
def written(make, bank, tmp_path):
    """The sets that come of items, in one file, after Moodle's rules have been asked."""

    def write(items):
        assert [problem for item in items for problem in EXPORTER.check(bank, item)] == []
        (path,) = make.write(EXPORTER, tmp_path, items, bank)
        assert list(check_moodle(path, "x")) == []
        return sets(path)

    return write


def test_a_student_gets_one_variant_in_every_question_of_a_set(make, written, two_parts):
    items = two_parts(3)

    ((category, questions),) = written(items).items()

    assert category == "top/Reading plots/All about it/Set 1"
    assert [question.findtext("name/text") for question in questions] == [
        "All about it, set 1, part 1",
        "All about it, set 1, part 2",
    ]
    for number, item in enumerate(items, start=1):
        for question in questions:
            assert count(question) == 3
            assert picture(question, number) == item.pictures[0].png
            assert shown(question, number).startswith(f"<p>The {39 + number} points.</p><p><img ")
        assert [shown(question, number)[-51:] for question in questions] == [
            f'<div class="part"><p>Part <b>{n}</b>: what?</p></div>' for n in (1, 2)
        ]


@pytest.mark.parametrize("variant", [1, 2, 3])
def test_every_part_is_graded_by_the_key_of_the_variant(written, two_parts, variant):
    ((first, second),) = written(two_parts(3)).values()
    keys = 0.59 + variant / 100, -0.5 - variant

    assert [fraction(first, variant, keys[0] + far) for far in (-0.1, -0.09, 0, 0.09, 0.1)] == [0, 1, 1, 1, 0]
    assert [fraction(second, variant, keys[1] + far) for far in (-0.2, -0.1, 0, 0.1, 0.2)] == [0, 1, 1, 1, 0]


def test_all_that_moodle_reads_of_a_calculated_question(written, two_parts):
    ((first, second),) = written(two_parts(3)).values()

    assert first.get("type") == "calculated"
    assert [first.findtext(tag) for tag in ("synchronize", "single", "shuffleanswers", "answernumbering")] == [
        "1", "0", "0", "abc",
    ]  # fmt: skip
    assert [first.findtext(tag) for tag in ("unitgradingtype", "showunits", "penalty", "hidden")] == [
        "0", "3", "0.3333333", "0",
    ]  # fmt: skip
    assert [float(question.findtext("defaultgrade")) for question in (first, second)] == [0.75, 2.25]
    assert [question.findtext("idnumber") for question in (first, second)] == [
        "stat101-quiz.2-mixed-set1-1",
        "stat101-quiz.2-mixed-set1-2",
    ]
    assert [tag.findtext("text") for tag in first.iter("tag")] == [
        "plotbank", "kind: scatter", "template: scatter/all", "difficulty: medium",
    ]  # fmt: skip
    (answer,) = second.findall("answer")
    assert [element.tag for element in answer] == [
        "text", "tolerance", "tolerancetype", "correctanswerformat", "correctanswerlength",
    ]  # fmt: skip
    assert [answer.findtext(tag) for tag in ("tolerance", "correctanswerformat", "correctanswerlength")] == [
        "0.15", "1", "1",
    ]  # fmt: skip
    definition = second.findall("dataset_definitions/dataset_definition")[-1]
    assert [element.tag for element in definition] == [
        "status", "name", "type", "distribution", "minimum", "maximum", "decimals", "itemcount", "dataset_items",
        "number_of_items",
    ]  # fmt: skip
    assert [definition.findtext(f"{tag}/text") for tag in ("status", "distribution", "minimum", "maximum", "decimals")] == [
        "shared", "uniform", "-3.5", "-1.5", "1",
    ]  # fmt: skip
    assert [(one.findtext("number"), one.findtext("value")) for one in definition.iter("dataset_item")] == [
        ("1", "-1.5"), ("2", "-2.5"), ("3", "-3.5"),
    ]  # fmt: skip


def test_the_name_of_a_picture_tells_nothing_and_stays_the_same(make, written, two_parts):
    ((question, _),) = written(two_parts(30)).values()

    names = [file.get("name") for file in question.findall("questiontext/file")]

    assert all(re.fullmatch(r"[1-9][0-9]{11}\.png", name) for name in names)
    assert len(set(names)) == 30
    assert names != sorted(names)
    assert names[0] == "518114502303.png"


def test_datasets_of_other_values_have_other_names(written, two_parts):
    known = [
        set(datasets(written(two_parts(3, title=title))["top/Reading plots/All about it/Set 1"][0])) for title in "ab"
    ]
    other = set(datasets(written(two_parts(4))["top/Reading plots/All about it/Set 1"][0]))

    assert known[0] == known[1]
    assert known[0].isdisjoint(other)
    assert max(map(len, known[0] | other)) <= 27  # more do not fit into what an attempt keeps


def test_a_dataset_holds_a_number_once_however_often_it_is_said(written, two_parts):
    ((first, second),) = written(two_parts(3)).values()

    assert {name.partition("_")[0]: len(values) for name, values in datasets(first).items()} == {"n": 3, "key": 3}
    assert [sorted(map(str, values.values())) for values in datasets(second).values()].count(["40", "41", "42"]) == 1
    assert set(datasets(first)) - set(datasets(second)) == {name for name in datasets(first) if name.startswith("key_")}


def test_what_everybody_is_told_stands_with_the_last_question(written, two_parts):
    ((first, second),) = written(two_parts(3)).values()

    assert first.find("generalfeedback") is None
    assert [shown(second, n, "generalfeedback/text") for n in (1, 2, 3)] == [
        "<p>0.5 of 40</p>", "<p>1.5 of 41</p>", "<p>2.5 of 42</p>",
    ]  # fmt: skip


def test_a_number_alone_is_one_question(make, written):
    items = [make.item(n, key=make.numeric(0.7 + n / 100)) for n in range(3)]

    ((question,),) = written(items).values()

    assert question.findtext("name/text") == "Estimate r, set 1"
    assert float(question.findtext("defaultgrade")) == 2
    assert [fraction(question, 2, response) for response in (0.61, 0.62, 0.71, 0.8, 0.81)] == [0, 1, 1, 1, 0]
    assert shown(question, 2, "generalfeedback/text") == "<p>It is 0.72.</p>"


@pytest.mark.parametrize(
    ("variant", "full", "half"),
    [
        (1, (0.63, 0.81), (0.48, 0.96)),  # 0.72 within 0.095, and within 0.245
        (2, (0.44, 1.00), (0.38, 1.06)),  # 0.72 within 0.285, three times as wide, and within 0.345
    ],
)
def test_tolerances_that_differ_are_covered_exactly(make, written, variant, full, half):
    narrow, wide = make.banded((0.245, 0.5)), make.banded((0.345, 0.5))
    items = [make.item(1, key=narrow), make.item(2, key=replace(wide, tolerance=0.285))]

    ((question,),) = written(items).values()
    earned = [fraction(question, variant, hundredths / 100) for hundredths in range(145)]

    assert earned == [
        1 if full[0] <= n / 100 <= full[1] else 0.5 if half[0] <= n / 100 <= half[1] else 0 for n in range(145)
    ]
    assert [answer.findtext("tolerance") for answer in question.findall("answer")] == ["0.095"] * 3 + ["0.245"] * 3


def test_tolerances_that_differ_too_much_make_another_set(make, written):
    items = [make.item(n, key=make.numeric(0.72, tolerance)) for n, tolerance in enumerate((0.095, 0.285, 0.2855))]

    found = written(items)

    assert [count(question) for (question,) in found.values()] == [2, 1]
    assert [path.rpartition("/")[2] for path in found] == ["Set 1", "Set 2"]


@pytest.mark.parametrize(
    ("of_other", "change"),
    [
        ("stem", {"stem": "<p>Another story.</p>"}),
        ("feedback", {"feedback": "<p>It is much.</p>"}),
        ("if_correct", {"if_correct": "<p>Yes.</p>"}),
        ("if_incorrect", {"if_incorrect": "<p>No.</p>"}),
    ],
)
def test_texts_that_differ_in_words_make_another_set(make, written, of_other, change):
    items = [make.item(0, **change), make.item(1), make.item(2), make.item(3, **change), make.item(4)]

    found = written(items)

    assert [count(question) for (question,) in found.values()] == [3, 2]  # the largest is the first
    assert [picture(question, 1) for (question,) in found.values()] == [
        items[1].pictures[0].png,
        items[0].pictures[0].png,
    ]


def test_alternatives_decimals_and_bands_that_differ_make_another_set(make, written):
    items = [
        make.item(0),
        make.item(1, picture=make.picture(alt="A bent cloud")),
        make.item(2, key=make.numeric(0.7, 0.15, 1)),
        make.item(3, key=make.banded((0.145, 0.5))),
        make.item(4, key=make.banded((0.145, 0.25))),
    ]

    assert len(written(items)) == 5


def test_who_is_right_is_told_one_thing_and_everybody_else_another(make, written):
    items = [
        make.item(n, key=make.banded((0.145, 0.5)), if_correct=f"<p>{n}!</p>", if_incorrect=f"<p>Not {n}.</p>")
        for n in (5, 6)
    ]

    ((question,),) = written(items).values()
    said = [matching_answer(question, 2, response) for response in (0.72, 0.85, 0.95, None)]

    assert [float(answer.get("fraction")) for answer in said] == [100, 50, 0, 0]
    assert shown(question, 2, "answer/feedback/text") == "<p>6!</p>"
    assert {answer.findtext("feedback/text") for answer in said[1:]} == {
        question.findall("answer")[-1].findtext("feedback/text")
    }
    assert question.findtext("answer[last()]/text") == "*"


def test_a_set_holds_no_more_variants_than_moodle_is_known_to_draw_from(make, written, monkeypatch):
    monkeypatch.setattr(moodle_calculated, "MOST_VARIANTS", 3)

    assert [count(question) for (question,) in written([make.item(n) for n in range(7)]).values()] == [3, 3, 1]


def test_braces_are_not_taken_for_wildcards(make, written):
    text = r"<p>\(\frac{a}{b}\) {n} {=1+1} {key} {5} { x} }{</p>"
    picture = make.picture(alt="{n} {=2}")
    items = [make.item(n, stem=text, feedback=text, if_correct=text, if_incorrect=text, picture=replace(picture, name=f"p{n}.png")) for n in (1, 2)]  # fmt: skip

    ((question,),) = written(items).values()

    for place in ("questiontext", "generalfeedback", "answer[1]/feedback", "answer[2]/feedback"):
        written_text = question.findtext(f"{place}/text")
        assert re.findall(r"\{[A-Za-z=][^{}]*\}", re.sub(r"\{n_[0-9a-f]{12}\}", "", written_text)) == []
        assert html.fromstring(shown(question, 1, f"{place}/text")).xpath("string(//p)") == html.fromstring(text).text
    assert html.fromstring(shown(question, 1)).xpath("//img/@alt") == ["{n} {=2}"]


def test_nasty_text_survives_in_every_variant(make, written, tmp_path):
    items = [
        make.item(n, stem=f"<p>{make.nasty} {n}</p>", feedback=f"{n}{make.nasty}", title=make.nasty, picture=make.picture(alt=make.nasty, png=make.png(n), name=f"p{n}.png"))
        for n in range(3)
    ]  # fmt: skip

    ((question,),) = written(items).values()

    for variant in (1, 2, 3):
        document = html.fromstring(shown(question, variant))
        assert document.xpath("string(//p)") == html.fromstring(f"<p>{make.nasty} {variant - 1}</p>").text_content()
        assert document.xpath("//img/@alt") == [make.nasty]
    assert question.findtext("generalfeedback/text").endswith(
        make.nasty.replace("{n}", "&#123;n}").replace("{i", "&#123;i")
    )


@pytest.mark.parametrize("case", ["choice", "multiple", "truth", "matching", "parts"])
def test_what_is_no_number_is_refused(make, bank, case):
    assert EXPORTER.check(bank, make.item(key=getattr(make, case)())) == [
        "only questions that ask for numbers can be synchronised: build it with --to moodle"
    ]


def test_one_part_that_is_no_number_is_enough_to_refuse(make, bank):
    (problem,) = EXPORTER.check(bank, make.item(key=make.parts(make.numeric(), make.truth())))

    assert problem.startswith("only questions that ask for numbers")


def test_what_is_told_to_who_is_right_in_all_parts_is_refused_or_left_out(make, bank):
    item = make.item(key=make.parts(make.numeric(), make.numeric()), if_correct="<p>Yes.</p>")
    (problem,) = EXPORTER.check(bank, item)
    (downgrade,) = EXPORTER.downgrades

    assert problem.startswith("several questions about a plot cannot tell")
    assert EXPORTER.check(bank, downgrade.of(item)) == []


def test_shares_of_the_mark_that_moodle_does_not_know_are_refused(make, bank):
    (problem,) = EXPORTER.check(bank, make.item(key=make.banded((0.145, 0.55))))

    assert problem.startswith("a band earns 55 percent")


def test_ids_too_long_for_moodle_are_refused(make):
    fits, too_long = (
        EXPORTER.check(make.bank(id="b" * length), make.item(key=make.parts(make.numeric(), make.numeric())))
        for length in (87, 88)  # and "-slope-set3-2" behind it
    )

    assert fits == []
    assert "has more than the 100 characters Moodle takes" in too_long[0]


def test_pictures_too_large_for_every_question_of_a_set_are_refused(make, bank):
    fits, too_large = (
        EXPORTER.check(
            bank, make.item(key=make.parts(make.numeric(), make.numeric()), picture=make.picture(png=bytes(size)))
        )
        for size in (2_750_000, 2_750_001)
    )

    assert fits == []
    assert too_large == ["the pictures take 5,500,002 bytes; Moodle can import 5,500,000"]


def test_parts_stay_within_the_budget_and_every_set_is_whole(make, bank, tmp_path, two_parts):
    items = [*two_parts(40), *(make.item(n, key=make.numeric(0.1 + n / 100)) for n in range(40))]
    items = [replace(item, pictures=(make.picture(png=noise(n)),)) for n, item in enumerate(items)]

    paths = make.write(EXPORTER, tmp_path, items, bank, part_bytes=100_000)
    found = [sets(path) for path in paths]

    assert [path.name for path in paths] == [f"stat101-quiz.2-{n}.xml" for n in range(1, len(paths) + 1)]
    assert len(paths) > 3
    assert max(path.stat().st_size for path in paths) <= 100_000
    assert min(path.stat().st_size for path in paths[:-1]) > 60_000
    numbers = [path.rpartition("/")[2] for part in found for path in part]
    assert numbers[: numbers.index("Set 1", 1)] == [f"Set {n}" for n in range(1, numbers.index("Set 1", 1) + 1)]
    for part in found:
        for path, questions in part.items():
            assert len(questions) == (2 if "All about it" in path else 1)
            assert {count(question) for question in questions} == {len(questions[0].findall("questiontext/file"))}
    read = [item for path in paths for item in moodle_items(path, "x")]
    assert sorted(one.pictures[0].png for one in read) == sorted(item.pictures[0].png for item in items)


def test_an_item_larger_than_a_part_gets_one_of_its_own(make, bank, tmp_path, two_parts):
    paths = make.write(EXPORTER, tmp_path, two_parts(2), bank, part_bytes=100)

    assert [[len(questions) for questions in sets(path).values()] for path in paths] == [[2], [2]]


def test_the_same_items_give_the_same_bytes(make, bank, tmp_path, two_parts):
    first, second = (
        [path.read_bytes() for path in make.write(EXPORTER, tmp_path / name, two_parts(20), bank, part_bytes=20_000)]
        for name in ("first", "second")
    )

    assert first == second
    assert len(first) > 1


def test_no_element_is_empty(make, bank, tmp_path, two_parts):
    (path,) = make.write(EXPORTER, tmp_path, two_parts(2, feedback=" "), bank)

    assert [element.tag for element in etree.parse(path).iter() if not len(element) and not element.text] == []


def test_every_variant_is_read_back_with_its_picture_and_keys(make, bank, tmp_path, two_parts):
    items = two_parts(3)
    (path,) = make.write(EXPORTER, tmp_path, items, bank)

    read = list(moodle_items(path, "x"))

    assert [one.pictures[0].png for one in read] == [item.pictures[0].png for item in items]
    assert [printed(one.key) for one in read] == [item.key.printed for item in items]
    assert [one.feedback for one in read] == [item.feedback for item in items]
    assert [one.id.partition(":")[0] for one in read] == ["stat101-quiz.2-mixed-set1-1"] * 3
    assert [one.id.partition(":")[2] + ".png" for one in read] == [one.pictures[0].name for one in read]
    assert {one.points for one in read} == {3}
    one = read[1]
    assert one.stem.startswith("<p>The 41 points.</p><p><img ")
    assert isinstance(one.key, PartsDelivered)
    assert [part.stem for part in one.key.parts] == ["<p>Part <b>1</b>: what?</p>", "<p>Part <b>2</b>: what?</p>"]
    assert [part.share for part in one.key.parts] == [0.25, 0.75]
    assert one.key.parts[1].key == NumericDelivered(value=-2.5, low=-2.65, high=-2.35)


def test_a_number_alone_is_read_back_with_its_tolerances_and_what_is_told(make, bank, tmp_path):
    narrow, wide = make.banded((0.245, 0.5)), replace(make.banded((0.345, 0.5)), tolerance=0.285)
    told = {"if_correct": "<p>Yes.</p>", "if_incorrect": "<p>No.</p>"}
    (path,) = make.write(EXPORTER, tmp_path, [make.item(1, key=narrow, **told), make.item(2, key=wide, **told)], bank)

    first, second = moodle_items(path, "x")

    assert (first.key.value, first.key.low, first.key.high, first.key.decimals) == (0.72, 0.625, 0.815, 2)
    assert (second.key.value, second.key.low, second.key.high, second.key.decimals) == (0.72, 0.435, 1.005, 2)
    assert [(band.low, band.high, band.share) for band in second.key.bands] == [(0.375, 1.065, 0.5)]
    assert (second.if_correct, second.if_incorrect) == ("<p>Yes.</p>", "<p>No.</p>")


def test_several_pictures_stand_in_every_variant_under_their_captions(make, bank, tmp_path):
    items = [
        make.item(n, pictures=tuple(make.picture(name=f"p{n}{letter}.png", png=make.png(2 * n + place), caption=f"Plot {letter}") for place, letter in enumerate("AB")))
        for n in range(2)
    ]  # fmt: skip
    (path,) = make.write(EXPORTER, tmp_path, items, bank)

    read = list(moodle_items(path, "x"))

    assert list(check_moodle(path, "x")) == []
    assert [[picture.png for picture in one.pictures] for one in read] == [
        [picture.png for picture in item.pictures] for item in items
    ]
    assert [picture.caption for picture in read[1].pictures] == ["Plot A", "Plot B"]


def test_a_single_part_key_is_not_taken_for_a_number(make, bank):
    key = PartsKey(parts=tuple(replace(part, key=make.numeric()) for part in make.parts().parts))

    assert EXPORTER.check(bank, make.item(key=key)) == []
