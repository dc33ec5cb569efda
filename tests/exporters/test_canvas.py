"""Canvas packages, read back and graded as Canvas does."""

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree, html

from plotbank.exporters.canvas import EXPORTER

QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
META = "{http://canvas.instructure.com/xsd/cccv1p0}"
PACKAGE = "{http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1}"
IDENT = "stat101_quiz_2"
VALIDATOR = Path(__file__).parents[2].parent / "shared" / "conformance" / "validate.py"


class Package:
    """What a written package holds."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as file:
            self.entries = file.infolist()
            self.files = {entry.filename: file.read(entry) for entry in self.entries}
        self.quiz = etree.fromstring(self.files[f"{IDENT}/{IDENT}.xml"])
        self.meta = etree.fromstring(self.files[f"{IDENT}/assessment_meta.xml"])
        self.manifest = etree.fromstring(self.files["imsmanifest.xml"])
        self.items = list(self.quiz.iter(f"{QTI}item"))


@pytest.fixture
def package(make, tmp_path):
    def write(items, bank=None):
        (path,) = make.write(EXPORTER, tmp_path, items, bank)
        return Package(path)

    return write


def find(element, name):
    (found,) = element.iter(QTI + name)
    return found


def stem(item):
    return item.findtext(f"{QTI}presentation/{QTI}material/{QTI}mattext")


def score(item, response):
    """Runs the response processing, on numbers rounded to four places as Canvas rounds them."""

    def holds(condition):
        bound = condition.text
        match etree.QName(condition).localname:
            case "conditionvar" | "and":
                return all(map(holds, condition))
            case "or":
                return any(map(holds, condition))
            case "other":
                return True
            case "varequal" if condition.get("margintype") == "absolute":
                return abs(number - Decimal(bound)) <= Decimal(condition.get("margin"))
            case "varequal":
                return response == bound
            case "vargte":
                return number >= Decimal(bound)
            case "varlte":
                return number <= Decimal(bound)

    number = round(Decimal(response), 4) if re.fullmatch(r"-?\d+(\.\d+)?", response) else None
    points = 0
    for block in item.iter(f"{QTI}respcondition"):
        if holds(block.find(f"{QTI}conditionvar")):
            points = max([points, *(float(setvar.text) for setvar in block.iter(f"{QTI}setvar"))])
            if block.get("continue") == "No":
                break
    return points


def test_the_package_holds_what_the_manifest_lists(make, package):
    written = package(make.items())
    resources = {
        resource.get("identifier"): (
            resource.get("type"),
            [file.get("href") for file in resource.iter(f"{PACKAGE}file")],
        )
        for resource in written.manifest.iter(f"{PACKAGE}resource")
    }

    assert resources.pop(IDENT) == ("imsqti_xmlv1p2", [f"{IDENT}/{IDENT}.xml"])
    kind, files = resources.pop(f"{IDENT}_meta")
    assert kind.endswith("learning-application-resource")
    assert files == [f"{IDENT}/assessment_meta.xml"]
    assert list(resources.values()) == [("webcontent", [f"images/{item.pictures[0].name}"]) for item in make.items()]
    listed = {file.get("href") for file in written.manifest.iter(f"{PACKAGE}file")}
    assert set(written.files) == listed | {"imsmanifest.xml"}
    assert [d.get("identifierref") for d in written.manifest.iter(f"{PACKAGE}dependency")] == [f"{IDENT}_meta"]


def test_pictures_are_stored_and_text_is_compressed_with_fixed_dates_and_permissions(make, package):
    written = package(make.items())

    assert {entry.date_time for entry in written.entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {(entry.create_system, entry.external_attr >> 16) for entry in written.entries} == {(3, 0o100644)}
    for entry in written.entries:
        stored = entry.compress_type == zipfile.ZIP_STORED
        assert stored == entry.filename.endswith(".png")
    for item in make.items():
        assert written.files[f"images/{item.pictures[0].name}"] == item.pictures[0].png


def test_the_quiz_is_worth_the_sum_of_its_questions(make, package):
    meta = package(make.items()).meta

    assert meta.get("identifier") == IDENT
    assert meta.findtext(f"{META}title") == "Reading plots"
    assert meta.findtext(f"{META}quiz_type") == "assignment"
    assert meta.findtext(f"{META}shuffle_answers") == "false"
    assert float(meta.findtext(f"{META}points_possible")) == 3.5


def test_each_question_is_a_group_that_picks_one_variant(make, package):
    root = find(package(make.items(4)).quiz, "assessment").find(f"{QTI}section")
    groups = root.findall(f"{QTI}section")

    assert [group.get("title") for group in groups] == ["Estimate r", "Pick the median"]
    assert [float(find(group, "points_per_item").text) for group in groups] == [2, 1.5]
    assert [find(group, "selection_number").text for group in groups] == ["1", "1"]
    assert [[item.get("ident") for item in group.findall(f"{QTI}item")] for group in groups] == [
        [f"{IDENT}_slope_{n:05d}" for n in range(4)],
        [f"{IDENT}_pick_{n:05d}" for n in range(4)],
    ]


def test_identifiers_are_unique_and_kept_by_canvas(make, package):
    quiz = package(make.items()).quiz
    idents = [element.get("ident") for element in quiz.iter() if element.get("ident")]
    outer = [e.get("ident") for e in quiz.iter(f"{QTI}assessment", f"{QTI}section", f"{QTI}item")]

    assert [ident for ident in idents if not re.fullmatch("[a-z][A-Za-z0-9_]{0,254}", ident)] == []
    assert len(set(outer)) == len(outer) == 1 + 3 + 6


@pytest.mark.parametrize(("bank_id", "ident"), [("2026-quiz", "quiz_2026_quiz"), ("Quiz", "quiz_Quiz"), ("q", "q")])
def test_the_quiz_has_an_identifier_whatever_the_bank_is_called(make, tmp_path, bank_id, ident):
    (path,) = make.write(EXPORTER, tmp_path, make.items(), make.bank(id=bank_id))

    assert path.name == f"{bank_id}.zip"
    with zipfile.ZipFile(path) as file:
        assert f"{ident}/{ident}.xml" in file.namelist()


def test_items_say_their_type_and_points(make, package):
    items = package(make.items(1)).items
    metadata = [{field[0].text: field[1].text for field in item.iter(f"{QTI}qtimetadatafield")} for item in items]

    assert metadata == [
        {"question_type": "numerical_question", "points_possible": "2"},
        {"question_type": "multiple_choice_question", "points_possible": "1.5"},
    ]


def test_the_picture_is_linked_in_the_stem(make, package):
    picture = make.picture(name="p_1.png", alt='5 < 6 & "x"', width=320, height=240)
    written = package([make.item(picture=picture)])

    (image,) = html.fromstring(stem(written.items[0])).iter("img")

    assert dict(image.attrib) == {
        "src": "$IMS-CC-FILEBASE$/images/p_1.png",
        "alt": '5 < 6 & "x"',
        "width": "320",
        "height": "240",
        "style": "max-width:100%;height:auto",
    }
    assert written.files["images/p_1.png"] == picture.png


@pytest.mark.parametrize(
    ("response", "points"),
    [("0.72", 100), ("0.63", 100), ("0.81", 100), ("0.62", 0), ("0.82", 0), ("-0.72", 0),
     ("0.6251", 100), ("0.6249", 0), ("0.8149", 100), ("0.8151", 0)],
)  # fmt: skip
def test_a_number_earns_the_mark_within_its_tolerance(make, package, response, points):
    (item,) = package([make.item()]).items

    assert score(item, response) == points


@pytest.mark.parametrize(
    "key", [(0.72, 0.095, 2), (0.1234, 0.00055, 4), (-0.5, 0.15, 1), (120.0, 2.5, 0), (0.3, 0.1, 1)]
)
def test_both_forms_of_the_rule_say_what_the_key_says(make, package, key):
    """Classic takes the margin, New Quizzes the bounds; each response with the key's places, beyond both."""
    key = make.numeric(*key)
    (item,) = package([make.item(key=key)]).items
    margin, lower, upper = (find(find(item, "or"), name) for name in ("varequal", "vargte", "varlte"))
    step = Decimal(1).scaleb(-key.decimals)

    assert margin.text == f"{key.value:.{key.decimals}f}"
    assert Decimal(margin.text) - Decimal(lower.text) == Decimal(margin.get("margin"))
    assert Decimal(upper.text) - Decimal(margin.text) == Decimal(margin.get("margin"))
    for number in range(-30, 31):
        response = Decimal(margin.text) + number * step
        right = abs(number * step) <= Decimal(str(key.tolerance))
        assert score(item, str(response)) == (100 if right else 0)


@pytest.mark.parametrize("correct", [0, 1, 2])
def test_single_choice_keeps_the_order_and_one_right_option(make, package, correct):
    key = make.choice("1.5", "<b>2.5</b>", "4", correct=correct)
    (item,) = package([make.item(of=make.pick, key=key)]).items
    labels = {label.get("ident"): find(label, "mattext").text for label in item.iter(f"{QTI}response_label")}

    assert list(labels.values()) == [option.text for option in key.options]
    assert [score(item, ident) for ident in labels] == [100 if n == correct else 0 for n in range(3)]
    assert find(item, "response_lid").get("rcardinality") == "Single"


def test_feedback_is_shown_whatever_the_response(make, package):
    (item,) = package([make.item()]).items
    feedback = find(item, "itemfeedback")
    block = find(item, "displayfeedback").getparent()

    assert feedback.get("ident") == find(item, "displayfeedback").get("linkrefid") == "general_fb"
    assert find(feedback, "mattext").text == "<p>It is 0.72.</p>"
    assert find(block, "other") is not None
    assert block.get("continue") == "Yes"


@pytest.mark.parametrize("case", ["number", "commented choice", "multiple answers", "true", "matching", "parts"])
def test_feedback_to_right_and_wrong_answers_is_known_by_its_name(make, package, case):
    """A condition that named the right answer would show it there as well (choice_interaction.rb)."""
    item = make.item(key=make.every_key()[case], if_correct="<p>Yes.</p>", if_incorrect="<p>No.</p>")
    (item,) = package([item]).items
    said = {one.get("ident"): find(one, "mattext").text for one in item.iter(f"{QTI}itemfeedback")}
    blocks = [one.getparent() for one in item.iter(f"{QTI}displayfeedback")]
    linked = {find(block, "displayfeedback").get("linkrefid"): block for block in blocks}

    assert (said["correct_fb"], said["general_incorrect_fb"]) == ("<p>Yes.</p>", "<p>No.</p>")
    for name in ("general_fb", "correct_fb", "general_incorrect_fb"):
        assert [etree.QName(one).localname for one in linked[name][0]] == ["other"]
        assert linked[name].get("continue") == "Yes"
    assert all(block.find(f"{QTI}setvar") is None for block in blocks)


def test_no_feedback_leaves_no_trace(make, package):
    (item,) = package([make.item(feedback="")]).items

    assert list(item.iter(f"{QTI}itemfeedback", f"{QTI}displayfeedback")) == []
    assert score(item, "0.72") == 100


PARTS = 12_000


@pytest.fixture
def parts(make, tmp_path):
    """The packages of a bank that does not fit into one, and their paths."""
    paths = make.write(EXPORTER, tmp_path, make.items(12), part_bytes=PARTS)
    return [Package(path) for path in paths], paths


def bank_files(part):
    return {name: etree.fromstring(file) for name, file in part.files.items() if "_bank_" in name}


def test_parts_are_numbered_and_within_the_budget(make, parts):
    written, paths = parts
    idents = [
        item.get("ident") for part in written for bank in bank_files(part).values() for item in bank.iter(f"{QTI}item")
    ]

    assert [path.name for path in paths] == [f"stat101-quiz.2-{n}.zip" for n in range(1, len(paths) + 1)]
    assert len(paths) > 2
    assert max(path.stat().st_size for path in paths) <= PARTS
    assert idents == [f"{IDENT}_{item.id}" for item in make.items(12)]


def test_each_part_holds_the_whole_quiz_whose_groups_link_banks(parts):
    written, _ = parts

    for part in written:
        groups = find(part.quiz, "assessment").find(f"{QTI}section").findall(f"{QTI}section")
        assert part.items == []
        assert [(group.get("ident"), group.get("title")) for group in groups] == [
            (f"{IDENT}_group_1", "Estimate r"),
            (f"{IDENT}_group_2", "Pick the median"),
        ]
        assert [find(group, "sourcebank_ref").text for group in groups] == [f"{IDENT}_bank_1", f"{IDENT}_bank_2"]
        assert [find(group, "selection_number").text for group in groups] == ["1", "1"]
        assert [float(find(group, "points_per_item").text) for group in groups] == [2, 1.5]
        assert float(part.meta.findtext(f"{META}points_possible")) == 3.5


def test_a_bank_has_one_ident_and_title_in_all_parts(parts):
    written, _ = parts
    banks = [bank for part in written for bank in bank_files(part).values()]
    found = [(bank[0].get("ident"), next(bank.iter(f"{QTI}fieldentry")).text) for bank in banks]

    assert len(found) > 2
    assert set(found) == {
        (f"{IDENT}_bank_1", "Reading plots, 1: Estimate r"),
        (f"{IDENT}_bank_2", "Reading plots, 2: Pick the median"),
    }


def test_banks_are_listed_with_their_pictures(parts):
    written, _ = parts

    for part in written:
        listed = {file.get("href"): file.getparent().get("type") for file in part.manifest.iter(f"{PACKAGE}file")}
        assert set(listed) | {"imsmanifest.xml"} == set(part.files)
        assert {kind for name, kind in listed.items() if name in bank_files(part)} == {
            "associatedcontent/learning-application-resource"
        }


def test_the_title_of_a_bank_is_not_cut(make, tmp_path):
    """Canvas keeps 255 characters: 236 of the quiz, ", 1: " and 14 of the question."""

    def title(length):
        bank = make.bank(title="x" * length, questions=(replace(make.slope, title="y" * 14),))
        paths = make.write(EXPORTER, tmp_path / str(length), make.items(2)[:2], bank, part_bytes=100)
        (file,) = bank_files(Package(paths[0])).values()
        return next(file.iter(f"{QTI}fieldentry")).text

    assert title(236) == f"{'x' * 236}, 1: {'y' * 14}"
    assert title(237) == "y" * 14


def test_the_same_bank_gives_the_same_bytes(make, tmp_path):
    first, second = (
        make.write(EXPORTER, tmp_path / name, make.items(12), part_bytes=PARTS) for name in ("first", "second")
    )

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_groups_are_numbered_as_in_the_quiz(make, package):
    """So that a group is found again, whichever questions are in a file."""
    groups = list(package([make.item(of=make.pick)]).quiz.iter(f"{QTI}section"))[1:]

    assert [group.get("ident") for group in groups] == [f"{IDENT}_group_2"]


def test_nasty_text_survives(make, package):
    item = make.item(
        title=make.nasty, stem=make.nasty, feedback=make.nasty, picture=make.picture(alt=make.nasty),
        of=make.pick, key=make.choice(make.nasty, "2"),
    )  # fmt: skip
    written = package([item], make.bank(title=make.nasty))
    (read,) = written.items

    assert read.get("title") == make.nasty
    assert stem(read).startswith(make.nasty + "<p><img ")
    assert html.fromstring(stem(read)).xpath("//img/@alt") == [make.nasty]
    assert find(find(read, "itemfeedback"), "mattext").text == make.nasty
    assert next(read.iter(f"{QTI}response_label")).findtext(f"{QTI}material/{QTI}mattext") == make.nasty
    assert find(written.quiz, "assessment").get("title") == make.nasty
    assert written.meta.findtext(f"{META}title") == make.nasty


def test_the_namespace_is_declared_once(make, package):
    files = package(make.items()).files

    assert [files[name].count(b"xmlns") for name in files if name.endswith(".xml")] == [1, 1, 1]


def test_two_pictures_of_one_name_are_a_fault(make, tmp_path):
    items = [make.item(0, picture=make.picture()), make.item(1, picture=make.picture())]

    with pytest.raises(ValueError, match=r"'images/p\.png' is in the zip file already"):
        make.write(EXPORTER, tmp_path, items)


def test_variants_that_do_not_follow_each_other_are_a_fault(make, tmp_path):
    items = [make.item(0), make.item(0, make.pick), make.item(1)]

    with pytest.raises(ValueError, match="the variants of 'slope' must follow each other"):
        make.write(EXPORTER, tmp_path, items)


def test_points_that_differ_from_the_question_are_refused(make):
    assert EXPORTER.check(make.bank(), make.item(points=3)) == [
        "the item is worth 3 points, its question 2; in Canvas all variants are worth the same"
    ]


@pytest.mark.parametrize("what", ["the title of the quiz", "the title of the question", "the title"])
def test_titles_too_long_for_canvas_are_refused(make, what):
    def check(length):
        long = {what: "x" * length}
        asked = replace(make.slope, title=long.get("the title of the question", "Estimate r"))
        bank = make.bank(title=long.get("the title of the quiz", "Quiz"), questions=(asked,))
        return EXPORTER.check(bank, make.item(title=long.get("the title", "Estimate r")))

    assert check(255) == []
    assert check(256) == [f"{what} is longer than the 255 characters Canvas keeps"]


def test_texts_too_long_for_canvas_are_refused(make, package):
    bare = len(stem(package([make.item(stem="x")]).items[0])) - 1

    def check(**changes):
        return EXPORTER.check(make.bank(), make.item(**changes))

    assert check(stem="x" * (16_384 - bare)) == []
    assert check(stem="x" * (16_385 - bare)) == [
        "the text with the picture is longer than the 16,384 characters Canvas keeps"
    ]
    assert check(if_correct="x" * 16_385, if_incorrect="x" * 16_385) == [
        "the feedback to the right answer is longer than the 16,384 characters Canvas keeps",
        "the feedback to a wrong answer is longer than the 16,384 characters Canvas keeps",
    ]
    assert check(feedback="𝑥" * 16_384) == []
    assert check(feedback="𝑥" * 16_385) == ["the feedback is longer than the 16,384 characters Canvas keeps"]
    assert check(key=make.choice("1", "x" * 16_385)) == ["option 2 is longer than the 16,384 characters Canvas keeps"]


def test_ids_too_long_for_canvas_are_refused(make):
    fits, too_long = (EXPORTER.check(make.bank(id="b" * n), make.item(id="i" * 50)) for n in (204, 205))

    assert fits == []
    assert too_long == ["the ids of quiz and item have more than the 255 characters Canvas keeps"]


@pytest.mark.skipif(not VALIDATOR.exists(), reason="needs the conformance checker beside the repository")
def test_the_package_passes_an_independent_check(make, tmp_path):
    said = {"if_correct": "<p>Yes.</p>", "if_incorrect": "<p>No.</p>"}
    plain = make.write(EXPORTER, tmp_path / "plain", make.items())
    keys = enumerate(make.every_key().values())
    every = make.write(
        EXPORTER,
        tmp_path / "every",
        [make.item(number, make.mixed, key=key, **said) for number, key in keys],
        make.bank(questions=(make.mixed,)),
    )
    parts = make.write(EXPORTER, tmp_path / "parts", make.items(12, **said), part_bytes=PARTS)
    nasty = make.write(
        EXPORTER,
        tmp_path / "nasty",
        make.items(title=make.nasty, stem=f"<p>{make.nasty}</p>", feedback=f"<p>{make.nasty}</p>"),
        make.bank(title=make.nasty),
    )

    checked = subprocess.run(
        [sys.executable, VALIDATOR, "--strict", "--dialect", "canvas", *plain, *nasty, *every, *parts],
        capture_output=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    reports = json.loads(checked.stdout)
    assert [(report["info"]["items"], report["info"]["images"]) for report in reports[:3]] == [(6, 6), (6, 6), (11, 14)]
    assert sum(report["info"]["items"] for report in reports[3:]) == 24
    scores = [score for report in reports for score in report["info"]["scoring12"]]
    assert {(round(score["best"], 6), score["worst"]) for score in scores} == {(100.0, 0.0)}


def chosen(item, *responses):
    """The score of answers chosen: `ident` of the only response, or `list=ident` of one of several."""
    given = {tuple(one.split("=")) if "=" in one else ("response1", one) for one in responses}

    def holds(condition):
        match etree.QName(condition).localname:
            case "conditionvar" | "and":
                return all(map(holds, condition))
            case "not":
                return not any(map(holds, condition))
            case "other":
                return True
            case "varequal":
                return (condition.get("respident"), condition.text) in given

    total = 0
    for block in item.iter(f"{QTI}respcondition"):
        if holds(block.find(f"{QTI}conditionvar")):
            for setvar in block.iter(f"{QTI}setvar"):
                total = float(setvar.text) + (total if setvar.get("action") == "Add" else 0)
            if block.get("continue") == "No":
                break
    return total


def test_multiple_answers_earn_the_mark_together_only(make, package):
    (item,) = package([make.item(key=make.multiple())]).items

    assert chosen(item, "choice_1", "choice_3") == 100
    for wrong in (("choice_1",), ("choice_1", "choice_2", "choice_3"), ("choice_2",), ()):
        assert chosen(item, *wrong) == 0
    assert find(item, "response_lid").get("rcardinality") == "Multiple"


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize(("language", "words"), [("en", ["True", "False"]), ("fr", ["Vrai", "Faux"])])
def test_true_and_false_are_in_the_language_of_the_bank(make, package, truth, language, words):
    (item,) = package([make.item(key=make.truth(truth))], make.bank(language=language)).items
    labels = [find(label, "mattext").text for label in item.iter(f"{QTI}response_label")]

    assert labels == words
    assert (chosen(item, "choice_true"), chosen(item, "choice_false")) == ((100, 0) if truth else (0, 100))


def test_each_prompt_earns_its_part(make, package):
    (item,) = package([make.item(key=make.matching())]).items
    lists = list(item.iter(f"{QTI}response_lid"))

    assert [find(one.find(f"{QTI}material"), "mattext").text for one in lists] == ["Plot A", "Plot B"]
    for one in lists:
        assert [label.get("ident") for label in one.iter(f"{QTI}response_label")] == ["match_1", "match_2", "match_3"]
    assert chosen(item, "response_1=match_3", "response_2=match_1") == 100
    assert chosen(item, "response_1=match_3", "response_2=match_2") == 50


def test_each_part_has_a_list_in_its_place(make, package):
    (item,) = package([make.item(key=make.parts())]).items

    assert re.findall(r"<p>\[(\w+)\]</p>", stem(item)) == ["part1", "part2"]
    assert [one.get("ident") for one in item.iter(f"{QTI}response_lid")] == ["response_part1", "response_part2"]
    assert [find(label, "mattext").text for label in item.iter(f"{QTI}response_label")] == [
        "1.5", "2.5", "4", "True", "False",
    ]  # fmt: skip
    assert chosen(item, "response_part1=part1_choice_2", "response_part2=part2_choice_2") == 100
    assert chosen(item, "response_part1=part1_choice_1", "response_part2=part2_choice_2") == 50


def test_feedback_to_an_option_stands_before_what_scores(make, package):
    (item,) = package([make.item(key=make.commented())]).items
    blocks = list(item.iter(f"{QTI}respcondition"))

    assert [find(one, "displayfeedback").get("linkrefid") for one in blocks[:-1]] == [
        "general_fb", "choice_1_fb", "choice_3_fb",
    ]  # fmt: skip
    assert find(blocks[-1], "setvar").text == "100"
    assert [chosen(item, f"choice_{n}") for n in (1, 2, 3)] == [0, 100, 0]


def test_the_pictures_of_options_are_in_the_zip_and_the_manifest(make, package):
    written = package([make.item(key=make.pictured())])
    listed = [file.get("href") for file in written.manifest.iter(f"{PACKAGE}file")]

    for number in range(3):
        name = f"images/p_o000_{number}.png"
        assert listed.count(name) == 1
        assert written.files[name] == make.png(1000 + number)
    labels = [find(label, "mattext").text for label in written.items[0].iter(f"{QTI}response_label")]
    assert [html.fromstring(label).xpath("//img/@src") for label in labels] == [
        [f"$IMS-CC-FILEBASE$/images/p_o000_{number}.png"] for number in range(3)
    ]


def refused(make, key, **changes):
    return EXPORTER.check(make.bank(), make.item(key=key, **changes))


def test_a_near_miss_earns_nothing_in_canvas(make):
    assert refused(make, make.banded()) == [
        "Canvas gives no part of the mark for a near miss: leave the bands out, or build with --to moodle"
    ]


def test_parts_that_canvas_does_not_know_are_refused(make):
    assert refused(make, make.parts(make.numeric(), make.truth())) == [
        "Canvas has no question that asks for several numbers about one picture: "
        "build with --to moodle, or make each part a question of its own"
    ]
    assert refused(make, make.parts(make.choice(), make.truth(), shares=(0.4, 0.6))) == [
        "Canvas gives every part the same share of the mark"
    ]
    assert refused(make, make.parts(make.commented(), make.truth(if_false="No."))) == [
        "part 1 has feedback to single answers, which Canvas does not show there",
        "part 2 has feedback to single answers, which Canvas does not show there",
    ]
    assert refused(make, make.parts(make.choice("x<sub>1</sub>", "x"), make.truth())) == [
        "option 1 of part 1 has <sub>, but Canvas shows plain text there"
    ]


@pytest.mark.parametrize("where", ["stem", "part", "alternative", "description"])
def test_square_brackets_around_lists_are_refused(make, where):
    key = make.parts()
    if where == "part":
        key = replace(key, parts=(replace(key.parts[0], stem="<p>In [0, 1]?</p>"), key.parts[1]))
    changes = {"stem": {"stem": "In [0, 1]"}, "alternative": {"picture": make.picture(alt="From [0, 1]")}}
    changes["description"] = {"picture": make.picture(description="The axis spans [0, 1].")}

    assert refused(make, key, **changes.get(where, {})) == [
        "the text holds square brackets, which Canvas takes for the place of a list to choose from"
    ]
    assert refused(make, make.choice(), **changes.get(where, {})) == []


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ('<img src="x.png">A', "prompt 1 has <img>, but Canvas shows plain text there"),
        ("x<sub>1</sub><br>", "prompt 1 has <br>, <sub>, but Canvas shows plain text there"),
        ("&amp;lt;", "prompt 1 holds an entity such as &lt;, which Canvas takes for the sign itself"),
        ("p&lt;q", "prompt 1 holds '<q', which Canvas takes for the beginning of a tag: put a space behind the <"),
    ],
)
def test_prompts_that_are_no_plain_text_are_refused(make, prompt, problem):
    assert refused(make, make.matching(prompts=(prompt, "B"))) == [problem]
    assert refused(make, make.matching(prompts=("<p><strong>A</strong> &lt; <em>b</em> &amp; c</p>", "B"))) == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("&lt;", "answer 2 holds an entity such as &lt;, which Canvas takes for the sign itself"),
        ("p<q", "answer 2 holds '<q', which Canvas takes for the beginning of a tag: put a space behind the <"),
    ],
)
def test_answers_that_canvas_would_misread_are_refused(make, answer, problem):
    assert refused(make, make.matching(answers=("a", answer, "p < q & r"))) == [problem]
