"""Common Cartridges with question banks, read back."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree, html

from plotbank.exporters.common_cartridge import BLACKBOARD, BRIGHTSPACE

QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
IDENT = "stat101_quiz_2"
VALIDATOR = Path(__file__).parents[2].parent / "shared" / "conformance" / "validate.py"

both = pytest.mark.parametrize("exporter", [BLACKBOARD, BRIGHTSPACE], ids=lambda exporter: exporter.name)


class Package:
    """What a written package holds."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as file:
            self.files = {entry.filename: file.read(entry) for entry in file.infolist()}
        self.manifest = etree.fromstring(self.files["imsmanifest.xml"])
        self.namespace = etree.QName(self.manifest).namespace
        (name,) = (name for name in self.files if name.endswith(".xml") and name != "imsmanifest.xml")
        self.bank = etree.fromstring(self.files[name])[0]
        self.items = list(self.bank)
        self.resources = list(self.manifest.iter(f"{{{self.namespace}}}resource"))


@pytest.fixture
def packages(make, tmp_path):
    def write(exporter, items, bank=None, part_bytes=8_000_000):
        return [Package(path) for path in make.write(exporter, tmp_path, items, bank, part_bytes)]

    return write


def choices(make, of, count=3, **changes):
    return [make.item(number, of, key=make.choice(), points=2, **changes) for number in range(count)]


def find(element, name):
    (found,) = element.iter(QTI + name)
    return found


def texts(element):
    return [text.text for text in element.iter(f"{QTI}mattext")]


def fields(item):
    return {field[0].text: field[1].text for field in item.iter(f"{QTI}qtimetadatafield")}


@pytest.mark.parametrize(("exporter", "version"), [(BLACKBOARD, "1.1"), (BRIGHTSPACE, "1.3")])
def test_each_question_is_a_bank_in_a_cartridge_of_its_own(make, packages, exporter, version):
    written = packages(exporter, [*choices(make, make.slope), *choices(make, make.pick)])
    short = version.replace(".", "p")

    assert [one.bank.tag for one in written] == [f"{QTI}objectbank"] * 2
    assert [one.bank.get("ident") for one in written] == [f"{IDENT}_slope", f"{IDENT}_pick"]
    assert [[item.get("ident") for item in one.items] for one in written] == [
        [f"{IDENT}_{question}_{number:05d}" for number in range(3)] for question in ("slope", "pick")
    ]
    for one, title in zip(written, ("Estimate r", "Pick the median"), strict=True):
        assert one.namespace == f"http://www.imsglobal.org/xsd/imsccv{short}/imscp_v1p1"
        assert one.manifest.findtext(f".//{{{one.namespace}}}schemaversion") == f"{version}.0"
        assert one.resources[0].get("type") == f"imsqti_xmlv1p2/imscc_xmlv{short}/question-bank"
        assert one.manifest.xpath("//*[local-name()='string']/text()") == [f"Reading plots: {title}"]
        assert {fields(item)["cc_question_category"] for item in one.items} == {title}


@both
def test_the_bank_depends_on_its_pictures(make, packages, exporter):
    (written,) = packages(exporter, [make.item(of=make.mixed, key=make.pictured())], make.bank(questions=(make.mixed,)))
    bank, *pictures = written.resources
    dependencies = [one.get("identifierref") for one in bank.iter(f"{{{written.namespace}}}dependency")]
    linked = [image for text in texts(written.bank) for image in html.fromstring(text).xpath("//img/@src")]

    assert dependencies == [one.get("identifier") for one in pictures]
    assert [one.get("href") for one in pictures] == [
        "images/p_mixed_00000.png", "images/p_o000_0.png", "images/p_o000_1.png", "images/p_o000_2.png",
    ]  # fmt: skip
    assert linked == [f"$IMS-CC-FILEBASE$/{one.get('href')}" for one in pictures]
    assert written.files["images/p_o000_1.png"] == make.png(1001)


@both
@pytest.mark.parametrize(
    ("case", "profile", "cardinality"),
    [
        ("commented choice", "cc.multiple_choice.v0p1", "Single"),
        ("multiple answers", "cc.multiple_response.v0p1", "Multiple"),
        ("false", "cc.true_false.v0p1", "Single"),
    ],
)
def test_each_type_has_its_profile(make, packages, exporter, case, profile, cardinality):
    (written,) = packages(
        exporter, [make.item(of=make.mixed, key=make.every_key()[case])], make.bank(questions=(make.mixed,))
    )
    (item,) = written.items

    assert fields(item) == {"cc_profile": profile, "cc_weighting": "3", "cc_question_category": "All about it"}
    assert find(item, "response_lid").get("rcardinality") == cardinality
    assert find(item, "setvar").text == find(item, "decvar").get("maxvalue") == "100"


@both
def test_the_right_answers_earn_the_mark(make, packages, exporter):
    keys = [make.choice(correct=2), make.multiple(correct={1}), make.truth(False)]
    items = [make.item(number, make.mixed, key=key) for number, key in enumerate(keys)]
    (written,) = packages(exporter, items, make.bank(questions=(make.mixed,), language="de"))
    single, several, truth = (find(item, "setvar").getparent()[0] for item in written.items)

    assert [one.text for one in single] == ["choice_3"]
    assert [(etree.QName(one).localname, "".join(one.itertext())) for one in several[0]] == [
        ("not", "choice_1"), ("varequal", "choice_2"), ("not", "choice_3"),
    ]  # fmt: skip
    assert [one.text for one in truth] == ["choice_false"]
    assert texts(written.items[2])[1:3] == ["Wahr", "Falsch"]


@both
def test_feedback_follows_the_profile(make, packages, exporter):
    item = make.item(
        of=make.mixed, key=make.commented(), feedback="All.", if_correct="Yes.", if_incorrect="No."
    )  # fmt: skip
    (written,) = packages(exporter, [item], make.bank(questions=(make.mixed,)))
    blocks = [
        (
            block.get("continue"),
            [etree.QName(one).localname for one in block[0]],
            find(block, "displayfeedback").get("linkrefid"),
        )
        for block in written.bank.iter(f"{QTI}respcondition")
    ]
    said = {one.get("ident"): texts(one) for one in written.bank.iter(f"{QTI}itemfeedback")}

    assert blocks == [
        ("Yes", ["other"], "general_fb"),
        ("Yes", ["varequal"], "choice_1_fb"),
        ("Yes", ["varequal"], "choice_3_fb"),
        ("No", ["varequal"], "correct_fb"),
        ("No", ["other"], "general_incorrect_fb"),
    ]
    assert said == {
        "general_fb": ["All."],
        "correct_fb": ["Yes."],
        "general_incorrect_fb": ["No."],
        "choice_1_fb": ["<p>Too low.</p>"],
        "choice_3_fb": ["<p>No, <i>far</i> too high.</p>"],
    }


@both
def test_a_large_bank_is_cut_within_its_question(make, tmp_path, exporter):
    items = [*choices(make, make.slope, 12), *choices(make, make.pick, 3)]
    paths = make.write(exporter, tmp_path, items, part_bytes=9_000)
    written = [Package(path) for path in paths]

    assert [path.name for path in paths] == [f"stat101-quiz.2-{n}.zip" for n in range(1, len(paths) + 1)]
    assert [one.bank.get("ident") for one in written] == [*[f"{IDENT}_slope"] * (len(paths) - 1), f"{IDENT}_pick"]
    assert len(paths) > 2
    assert max(path.stat().st_size for path in paths) <= 9_000
    assert [item.get("ident") for one in written for item in one.items] == [f"{IDENT}_{item.id}" for item in items]


@both
def test_the_same_bank_gives_the_same_bytes(make, tmp_path, exporter):
    items = [*choices(make, make.slope), *choices(make, make.pick)]
    first, second = (make.write(exporter, tmp_path / name, items) for name in ("first", "second"))

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@both
def test_nasty_text_and_long_titles_survive(make, packages, exporter):
    long = f"{make.nasty} {'x' * 300}"
    bank = make.bank(title=long, questions=(replace(make.slope, title=long),))
    item = make.item(key=make.choice(make.nasty, "2", "3"), title=long, stem=make.nasty, feedback=make.nasty)
    (written,) = packages(exporter, [item], bank)
    (read,) = written.items

    assert exporter.check(bank, item) == []
    assert read.get("title") == fields(read)["cc_question_category"] == long
    assert written.manifest.xpath("//*[local-name()='string']/text()") == [f"{long}: {long}"]
    assert texts(read)[0].startswith(make.nasty)
    assert (texts(read)[1], texts(read)[-1]) == (make.nasty, make.nasty)


@both
@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (
            "number",
            "Common Cartridge has no question that asks for a number: leave the question out here, or ask it as a choice",
        ),
        (
            "matching",
            "Common Cartridge has no matching question: leave the question out here, or ask it as a choice",
        ),
        ("parts", "Common Cartridge has no question in several parts: make each part a question of its own"),
    ],
)
def test_types_that_the_profile_does_not_know_are_refused(make, tmp_path, exporter, case, problem):
    item = make.item(key=make.every_key()[case])

    assert exporter.check(make.bank(), item) == [problem]
    with pytest.raises(ValueError, match="cannot say this"), exporter.open(make.bank(), tmp_path) as writer:
        writer.add(item)


def test_choices_with_too_few_options_are_refused(make):
    item = make.item(key=make.choice("1", "2"))

    assert BRIGHTSPACE.check(make.bank(), item) == []
    assert BLACKBOARD.check(make.bank(), item) == [
        "the question has 2 options; single choice has 3 at least in Common Cartridge 1.1"
    ]
    assert BLACKBOARD.check(make.bank(), make.item(key=make.multiple("1", "2", correct={0}))) == []


@both
@pytest.mark.parametrize(
    ("points", "known"), [(1, True), (99, True), (100, False), (0.5, False), (1.5, False), (0, False)]
)
def test_points_are_whole_numbers(make, exporter, points, known):
    problem = f"the item is worth {points} points; Common Cartridge knows whole numbers from 1 to 99"

    assert exporter.check(make.bank(), make.item(key=make.choice(), points=points)) == ([] if known else [problem])


@both
def test_what_no_format_can_carry_is_refused(make, exporter):
    assert exporter.check(make.bank(), make.item(stem=" ", key=make.choice())) == ["the text is empty"]


@pytest.mark.skipif(not VALIDATOR.exists(), reason="needs the conformance checker beside the repository")
def test_the_packages_pass_an_independent_check(make, tmp_path):
    said = {"if_correct": "<p>Yes.</p>", "if_incorrect": "<p>No.</p>"}
    cases = ("choice", "commented choice", "choice of pictures", "multiple answers", "true", "false")
    every = [make.item(n, make.mixed, key=make.every_key()[case], **said) for n, case in enumerate(cases)]
    nasty = choices(make, make.slope, 8, title=make.nasty, stem=f"<p>{make.nasty}</p>", **said)
    paths = [
        path
        for exporter in (BLACKBOARD, BRIGHTSPACE)
        for name, items, bank in (
            ("every", every, make.bank(questions=(make.mixed,))),
            ("nasty", nasty, make.bank(title=make.nasty)),
        )
        for path in make.write(exporter, tmp_path / f"{exporter.name}-{name}", items, bank, part_bytes=9_000)
    ]

    checked = subprocess.run([sys.executable, VALIDATOR, "--strict", *paths], capture_output=True, check=False)

    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    reports = json.loads(checked.stdout)
    assert sum(report["info"]["items"] for report in reports) == 2 * (len(every) + len(nasty))
    assert {(one["best"], one["worst"]) for report in reports for one in report["info"]["scoring12"]} == {(100, 0)}
