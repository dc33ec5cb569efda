"""Packages of pure QTI 1.2, read back and graded as the standard says."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree, html

from plotbank.exporters.qti12 import EXPORTER

QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
PACKAGE = "{http://www.imsglobal.org/xsd/imscp_v1p1}"
IDENT = "stat101_quiz_2"
VALIDATOR = Path(__file__).parents[2].parent / "shared" / "conformance" / "validate.py"


class Package:
    """What a written package holds."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as file:
            self.entries = file.infolist()
            self.files = {entry.filename: file.read(entry) for entry in self.entries}
        self.questions = etree.fromstring(self.files["questions.xml"])
        self.manifest = etree.fromstring(self.files["imsmanifest.xml"])
        self.items = list(self.questions.iter(f"{QTI}item"))


@pytest.fixture
def package(make, tmp_path):
    def write(items, bank=None):
        (path,) = make.write(EXPORTER, tmp_path, items, bank)
        return Package(path)

    return write


@pytest.fixture
def item_of(make, package):
    """The one item that comes of one key, worth three points."""

    def write(key, **changes):
        (item,) = package([make.item(of=make.mixed, key=key, **changes)], make.bank(questions=(make.mixed,))).items
        return item

    return write


def texts(element):
    return [text.text for text in element.iter(f"{QTI}mattext")]


def run(item, **answers):
    """What answers (a text or a set of idents, by response) earn, and the idents of the feedback that is shown."""

    def given(test):
        answer = answers.get(test.get("respident"), ())
        return {answer} if isinstance(answer, str) else set(answer)

    def number(text):
        try:
            return Decimal(text)
        except ArithmeticError:
            return None

    def holds(test):
        match etree.QName(test).localname:
            case "conditionvar" | "and":
                return all(map(holds, test))
            case "or":
                return any(map(holds, test))
            case "not":
                return not all(map(holds, test))
            case "other":
                return True
            case "varequal":
                return test.text in given(test)
            case "vargte":
                return any(n is not None and n >= Decimal(test.text) for n in map(number, given(test)))
            case "varlte":
                return any(n is not None and n <= Decimal(test.text) for n in map(number, given(test)))

    score, shown = Decimal(0), []
    for block in item.iter(f"{QTI}respcondition"):
        if holds(block.find(f"{QTI}conditionvar")):
            for setvar in block.iter(f"{QTI}setvar"):
                score = Decimal(setvar.text) + (score if setvar.get("action") == "Add" else 0)
            shown += [link.get("linkrefid") for link in block.iter(f"{QTI}displayfeedback")]
            if block.get("continue") == "No":
                break
    return float(score), shown


def score(item, **answers):
    return run(item, **answers)[0]


def test_an_only_package_is_a_test_that_picks_one_variant_of_each_question(make, package):
    written = package(make.items(4))
    (assessment,) = written.questions
    (root,) = assessment

    assert dict(assessment.attrib) == {"ident": IDENT, "title": "Reading plots"}
    assert [section.get("title") for section in root] == ["Estimate r", "Pick the median"]
    assert [section.findtext(f".//{QTI}selection_number") for section in root] == ["1", "1"]
    assert [[item.get("ident") for item in section.findall(f"{QTI}item")] for section in root] == [
        [f"{IDENT}_slope_{n:05d}" for n in range(4)],
        [f"{IDENT}_pick_{n:05d}" for n in range(4)],
    ]


def test_the_questions_depend_on_the_pictures_that_the_manifest_lists(make, package):
    written = package(make.items(2))
    questions, *pictures = written.manifest.iter(f"{PACKAGE}resource")
    hrefs = {one.get("identifier"): one.get("href") for one in pictures}

    assert (questions.get("type"), questions.get("href")) == ("imsqti_xmlv1p2", "questions.xml")
    assert [hrefs[one.get("identifierref")] for one in questions.iter(f"{PACKAGE}dependency")] == list(hrefs.values())
    assert list(hrefs.values()) == [f"images/{item.pictures[0].name}" for item in make.items(2)]
    assert {one.get("type") for one in pictures} == {"webcontent"}
    assert set(written.files) == {"imsmanifest.xml", "questions.xml", *hrefs.values()}


def test_several_packages_are_item_banks_with_a_section_for_each_question(make, tmp_path):
    items = make.items(8)
    paths = make.write(EXPORTER, tmp_path, items, part_bytes=8_000)
    parts = [Package(path) for path in paths]

    assert [path.name for path in paths] == [f"stat101-quiz.2-{n}.zip" for n in range(1, len(paths) + 1)]
    assert len(paths) > 2
    assert max(path.stat().st_size for path in paths) <= 8_000
    assert [item.get("ident") for part in parts for item in part.items] == [f"{IDENT}_{item.id}" for item in items]
    for number, part in enumerate(parts, start=1):
        (bank,) = part.questions
        assert (bank.tag, bank.get("ident")) == (f"{QTI}objectbank", f"{IDENT}_{number}")
        for section in bank:
            (question,) = {item.get("ident").removeprefix(f"{IDENT}_")[:4] for item in section}
            assert (section.get("ident"), section.get("title")) == {
                "slop": (f"{IDENT}_section_1", "Estimate r"),
                "pick": (f"{IDENT}_section_2", "Pick the median"),
            }[question]
        linked = {image for text in texts(bank) for image in html.fromstring(text).xpath("//img/@src")}
        assert linked == {name for name in part.files if name.endswith(".png")}


def test_an_item_larger_than_a_package_gets_one_of_its_own(make, tmp_path):
    paths = make.write(EXPORTER, tmp_path, make.items(2), part_bytes=100)

    assert [len(Package(path).items) for path in paths] == [1, 1, 1, 1]


def test_the_same_bank_gives_the_same_bytes(make, tmp_path):
    first, second = (
        make.write(EXPORTER, tmp_path / name, make.items(8), part_bytes=8_000) for name in ("first", "second")
    )

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_variants_that_do_not_follow_each_other_are_a_fault(make, tmp_path):
    with pytest.raises(ValueError, match="the variants of 'slope' must follow each other"):
        make.write(EXPORTER, tmp_path, [make.item(0), make.item(0, make.pick), make.item(1)])


def test_nothing_is_left_open_or_behind_where_writing_stops(make, tmp_path):
    with EXPORTER.open(make.bank(), tmp_path) as writer:
        writer.add(make.item())

    assert [path.name for path in tmp_path.iterdir()] == ["stat101-quiz.2-1.zip"]


def test_metadata_say_type_kind_template_and_difficulty(make, package):
    (item, *_) = package(make.items(1, difficulty=1.5)).items
    fields = [(field[0].text, field[1].text) for field in item.iter(f"{QTI}qtimetadatafield")]

    assert fields == [
        ("qmd_itemtype", "Numeric Response"),
        ("kind", "scatter"),
        ("template", "scatter/estimate-r"),
        ("difficulty", "easy"),
    ]
    assert item.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("choice", "Multiple Choice"),
        ("multiple answers", "Multiple Correct Answer"),
        ("true", "True False"),
        ("matching", "Matching"),
        ("parts", None),
    ],
)
def test_every_type_has_its_word(make, item_of, case, kind):
    item = item_of(make.every_key()[case])
    fields = {field[0].text: field[1].text for field in item.iter(f"{QTI}qtimetadatafield")}

    assert fields.get("qmd_itemtype") == kind


@pytest.mark.parametrize(
    ("response", "points"),
    [("0.72", 3), ("0.625", 3), ("0.815", 3), ("0.6249", 0), ("0.8151", 0), ("-0.72", 0), ("abc", 0), ("", 0)],
)
def test_a_number_earns_its_points_within_the_tolerance(make, item_of, response, points):
    item = item_of(make.numeric())

    assert score(item, response1=response) == points
    assert score(item) == 0
    (field,) = item.iter(f"{QTI}render_fib")
    assert (field.get("fibtype"), field.getparent().tag) == ("Decimal", f"{QTI}response_str")
    (outcome,) = item.iter(f"{QTI}decvar")
    assert (outcome.get("minvalue"), outcome.get("maxvalue")) == ("0", "3")


@pytest.mark.parametrize(
    ("response", "points"),
    [("0.72", 3), ("0.8151", 1.5), ("0.865", 1.5), ("0.575", 1.5), ("0.8651", 1), ("0.525", 1), ("0.9151", 0), ("", 0)],
)
def test_bands_earn_their_share(make, item_of, response, points):
    """Half the mark within 0.145, a third within 0.195."""
    assert score(item_of(make.banded()), response1=response) == pytest.approx(points)


@pytest.mark.parametrize("correct", [0, 1, 2])
def test_one_option_is_right_and_the_order_stays(make, item_of, correct):
    key = make.choice("1.5", "<b>2.5</b>", "4", correct=correct)
    item = item_of(key)
    labels = {label.get("ident"): texts(label) for label in item.iter(f"{QTI}response_label")}

    assert list(labels.values()) == [["1.5"], ["<b>2.5</b>"], ["4"]]
    assert [score(item, response1={ident}) for ident in labels] == [3 if n == correct else 0 for n in range(3)]
    assert score(item) == 0


def test_multiple_answers_earn_the_mark_together_only(make, item_of):
    item = item_of(make.multiple())

    assert score(item, response1={"choice_1", "choice_3"}) == 3
    for wrong in ({"choice_1"}, {"choice_1", "choice_2", "choice_3"}, {"choice_2"}, set()):
        assert score(item, response1=wrong) == 0


@pytest.mark.parametrize("truth", [True, False])
def test_true_and_false_are_in_the_language_of_the_bank(make, package, truth):
    bank = make.bank(language="fr", questions=(make.mixed,))
    (item,) = package([make.item(of=make.mixed, key=make.truth(truth))], bank).items

    assert [texts(label) for label in item.iter(f"{QTI}response_label")] == [["Vrai"], ["Faux"]]
    earned = score(item, response1={"choice_true"}), score(item, response1={"choice_false"})
    assert earned == ((3, 0) if truth else (0, 3))


def test_each_prompt_earns_its_part(make, item_of):
    item = item_of(make.matching())
    lists = list(item.iter(f"{QTI}response_lid"))

    assert [texts(one.find(f"{QTI}material")) for one in lists] == [["Plot A"], ["Plot <em>B</em>"]]
    assert texts(lists[0].find(f"{QTI}render_choice")) == ["no relation", "r = −0.8", "r > 0"]
    assert score(item, response_1={"match_3"}, response_2={"match_1"}) == 3
    assert score(item, response_1={"match_3"}, response_2={"match_2"}) == 1.5
    assert score(item, response_1={"match_1"}, response_2={"match_3"}) == score(item) == 0


@pytest.fixture
def mixed_parts(make, item_of):
    """A number with bands that earns half of three points, a choice 0.9 and a statement 0.6."""
    key = make.parts(make.banded(), make.commented(), make.truth(False), shares=(0.5, 0.3, 0.2))
    return item_of(key, if_correct="<p>All.</p>", if_incorrect="<p>Not all.</p>")


def test_parts_stand_between_their_responses(mixed_parts):
    presentation = mixed_parts.find(f"{QTI}presentation")

    assert [etree.QName(child).localname for child in presentation] == [
        "material", "material", "response_str", "material", "response_lid", "material", "response_lid",
    ]  # fmt: skip
    assert "part" not in texts(presentation[0])[0]
    assert [texts(presentation[place]) for place in (1, 3, 5)] == [
        [f'<div class="part"><p>Part <b>{n}</b>: what?</p></div>'] for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("number", "choice", "truth", "points"),
    [
        ("0.72", 2, 2, 3),
        ("0.72", 1, 1, 1.5),
        ("0.865", 1, 1, 0.75),
        ("0.9", 1, 1, 0.5),
        ("0.92", 1, 1, 0),
        ("", 2, 1, 0.9),
        ("abc", 1, 2, 0.6),
        ("0.9", 2, 2, 2),
    ],
)
def test_parts_earn_their_shares_and_add_up(mixed_parts, number, choice, truth, points):
    answers = {
        "response_part1": number,
        "response_part2": {f"part2_choice_{choice}"},
        "response_part3": {f"part3_choice_{truth}"},
    }

    assert score(mixed_parts, **answers) == pytest.approx(points)
    _, shown = run(mixed_parts, **answers)
    assert ("correct_fb" in shown, "general_incorrect_fb" in shown) == (points == 3, points != 3)
    assert ("part2_choice_1_fb" in shown) == (choice == 1)


@pytest.mark.parametrize(
    ("response", "answer", "told"),
    [
        ("response_part1", "part1_choice_1", "<p>Too low.</p>"),
        ("response_part1", "part1_choice_2", None),
        ("response_part1", "part1_choice_3", "<p>No, <i>far</i> too high.</p>"),
        ("response_part2", "part2_choice_1", "<p>True.</p>"),
        ("response_part2", "part2_choice_2", "<p>False.</p>"),
    ],
)
def test_each_answer_to_a_part_has_its_own_feedback(make, item_of, response, answer, told):
    key = make.parts(make.commented(), make.truth(if_true="<p>True.</p>", if_false="<p>False.</p>"))
    item = item_of(key, feedback="")
    said = {one.get("ident"): texts(one)[0] for one in item.iter(f"{QTI}itemfeedback")}

    assert [said[ident] for ident in run(item, **{response: {answer}})[1]] == ([told] if told else [])


SAID = {"feedback": "<p>All.</p>", "if_correct": "<p>Yes.</p>", "if_incorrect": "<p>No.</p>"}


@pytest.mark.parametrize(
    ("case", "right", "wrong"),
    [
        ("number", {"response1": "1"}, {"response1": "7"}),
        ("banded", {"response1": "0.72"}, {"response1": "0.86"}),
        ("commented", {"response1": {"choice_2"}}, {"response1": {"choice_1"}}),
        ("multiple", {"response1": {"choice_1", "choice_3"}}, {"response1": {"choice_1"}}),
        ("true", {"response1": {"choice_true"}}, {"response1": {"choice_false"}}),
        ("matching", {"response_1": {"match_3"}, "response_2": {"match_1"}}, {"response_1": {"match_3"}}),
    ],
)
def test_feedback_is_told_to_whom_it_belongs(make, item_of, case, right, wrong):
    keys = {
        "number": make.numeric(1, 0.5, 0),
        "banded": make.banded(),
        "commented": make.commented(),
        "multiple": make.multiple(),
        "true": make.truth(),
        "matching": make.matching(),
    }
    item = item_of(keys[case], **SAID)
    said = {one.get("ident"): texts(one) for one in item.iter(f"{QTI}itemfeedback")}
    comment = ["choice_1_fb"] if case == "commented" else []

    assert run(item, **right)[1] == ["general_fb", "correct_fb"]
    assert run(item, **wrong)[1] == ["general_fb", *comment, "general_incorrect_fb"]
    assert run(item)[1] == ["general_fb", "general_incorrect_fb"]
    assert {said.pop(ident)[0] for ident in ("general_fb", "correct_fb", "general_incorrect_fb")} == set(SAID.values())
    assert set(said) == ({"choice_1_fb", "choice_3_fb"} if case == "commented" else set())


def test_no_feedback_leaves_no_trace(make, item_of):
    item = item_of(make.numeric(), feedback=" ")

    assert list(item.iter(f"{QTI}itemfeedback", f"{QTI}displayfeedback")) == []


def test_pictures_are_linked_beside_the_questions(make, package):
    written = package([make.item(of=make.mixed, key=make.pictured())], make.bank(questions=(make.mixed,)))
    (item,) = written.items
    labels = [html.fromstring(texts(label)[0]) for label in item.iter(f"{QTI}response_label")]

    assert html.fromstring(texts(item)[0]).xpath("//img/@src") == ["images/p_mixed_00000.png"]
    assert [label.xpath("//img/@src") for label in labels] == [[f"images/p_o000_{n}.png"] for n in range(3)]
    assert [written.files[f"images/p_o000_{n}.png"] for n in range(3)] == [make.png(1000 + n) for n in range(3)]


def test_nasty_text_and_long_titles_survive(make, package):
    long = f"{make.nasty} {'x' * 300}"
    item = make.item(title=long, stem=make.nasty, feedback=make.nasty, if_correct=make.nasty, if_incorrect=make.nasty)
    written = package([item], make.bank(title=long, questions=(replace(make.slope, title=long),)))
    (read,) = written.items

    assert EXPORTER.check(make.bank(title=long), item) == []
    assert read.get("title") == read.getparent().get("title") == written.questions[0].get("title") == long
    assert texts(read)[0].startswith(make.nasty)
    assert texts(read)[1:] == [make.nasty] * 3


def test_questions_of_one_title_stay_apart(make, package):
    twins = (make.slope, replace(make.pick, title="Estimate r"))
    written = package(make.items(1), make.bank(questions=twins))
    sections = written.questions.findall(f".//{QTI}section[@title='Estimate r']")

    assert [section.get("ident") for section in sections] == [f"{IDENT}_section_1", f"{IDENT}_section_2"]


def test_bank_ids_that_are_no_idents_become_some(make, package):
    (item, *_) = package(make.items(1), make.bank(id="2026.quiz-1")).items

    assert item.get("ident") == "quiz_2026_quiz_1_slope_00000"


def test_what_no_format_can_carry_is_refused(make):
    assert EXPORTER.check(make.bank(), make.item(stem=" ")) == ["the text is empty"]


@pytest.mark.skipif(not VALIDATOR.exists(), reason="needs the conformance checker beside the repository")
def test_the_packages_pass_an_independent_check(make, tmp_path):
    said = {"if_correct": "<p>Yes.</p>", "if_incorrect": "<p>No.</p>"}
    keys = [*make.every_key().values(), make.banded(), make.parts(make.banded(), make.commented(), make.truth())]
    every = [make.item(number, make.mixed, key=key, **said) for number, key in enumerate(keys)]
    nasty = make.items(8, title=make.nasty, stem=f"<p>{make.nasty}</p>", feedback=f"<p>{make.nasty}</p>", **said)
    paths = [
        *make.write(EXPORTER, tmp_path / "every", every, make.bank(questions=(make.mixed,))),
        *make.write(EXPORTER, tmp_path / "parts", nasty, make.bank(title=make.nasty), part_bytes=12_000),
    ]

    checked = subprocess.run([sys.executable, VALIDATOR, "--strict", *paths], capture_output=True, check=False)

    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    reports = json.loads(checked.stdout)
    assert len(reports) > 2
    assert sum(report["info"]["items"] for report in reports) == len(every) + len(nasty)
    assert {round(one["best"], 6) for report in reports for one in report["info"]["scoring12"]} == {1.5, 2, 3}
