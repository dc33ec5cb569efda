"""Replay: what a student was given, proved again from the folder alone; and what has been changed since."""

import base64
import csv
import hashlib
import json
import re
import shutil
import sys

import pytest
from click.testing import CliRunner
from lxml import html

from plotbank.cli import main
from plotbank.errors import BankError
from plotbank.evidence_page import evidence_page
from plotbank.replay import replay
from plotbank.replay_page import file_name, replay_lines, replay_page

from .conftest import EVERY, WHOLE, evidence, records, rows

STUDENT = "s1016"
MOODLE, CANVAS = "moodle/intro-statistics-1.xml", "canvas/intro-statistics-1.zip"


@pytest.fixture
def bank(example_bank, copied):
    """Two questions for forty students that a test may damage."""
    return copied(example_bank)


def of_student(bank, student):
    return {row["question"]: row for row in rows(bank) if row["student"] == student}


def run(tmp_path, monkeypatch, *arguments):
    monkeypatch.chdir(tmp_path)
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


def only(bank, forms):
    """The bank as if it had been built for these formats alone."""
    said = evidence(bank)
    for form in {name.partition("/")[0] for name in said["packages"]} - set(forms):
        shutil.rmtree(bank / form)
    said["packages"] = {n: sha256 for n, sha256 in said["packages"].items() if n.partition("/")[0] in forms}
    seal(bank, said)
    return bank


def seal(bank, said):
    """Write the evidence, and its page."""
    text = json.dumps(said)
    (bank / "private" / "evidence.json").write_text(text, encoding="utf-8")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    (bank / "private" / "evidence.html").write_text(evidence_page(said, sha256), encoding="utf-8")


def edit(path, old, new):
    text = path.read_text(encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8")


def words(page):
    """What a page says, without its style."""
    return " ".join(html.document_fromstring(page).find("body").text_content().split())


def test_every_type_is_proved_again(every_bank):
    found, known = replay(every_bank, "student-2"), records(every_bank)

    assert found.agrees
    assert found.changed == ()
    assert [item.question for item in found.items] == list(EVERY)
    given = of_student(every_bank, "student-2")
    for item in found.items:
        assert item.proved
        assert item.forms == {"moodle": ()}
        assert item.variant == given[item.question]["variant"]
        assert item.key == given[item.question]["key"]
        assert [p.record.picture for p in item.pictures] == [p["picture"] for p in known[item.variant]["plots"]]
        delivered = [hashlib.sha256(picture.png).hexdigest() for picture in item.delivered.pictures]
        assert delivered == [picture.record.picture for picture in item.pictures]
        for picture in item.pictures:
            assert picture.quantities
            for one in picture.quantities:
                assert one.measured == pytest.approx(one.drawn, rel=0.02, abs=0.02), (item.variant, one)


@pytest.mark.parametrize("question", ["match", "parts"])
def test_every_format_is_proved(whole_bank, question):
    (item,) = replay(whole_bank, "student-2", question).items

    assert item.proved
    assert dict.fromkeys(WHOLE, ()) == item.forms


def test_what_was_measured_stands_beside_what_was_drawn(example_bank):
    (item,) = replay(example_bank, STUDENT, "q1").items
    (plot,) = records(example_bank)[item.variant]["plots"]
    (picture,) = item.pictures
    shown = {one.name: one for one in picture.quantities}

    assert shown["n"].drawn == shown["n"].measured == len(plot["values"])
    assert float(item.key) == pytest.approx(shown["r"].drawn, abs=0.0005)
    assert shown["r"].measured == pytest.approx(shown["r"].drawn, abs=0.001)
    assert [one.name for one in picture.quantities if one.asked] == ["r"]
    assert item.refused == tuple(records(example_bank)[item.variant]["attempts"])


def test_the_data_of_an_accommodated_student_come_out_of_their_own_packages(accommodating_bank):
    found = replay(accommodating_bank, "student-2")

    assert found.agrees
    assert {item.delivered.package for item in found.items} == {"moodle/every-data.xml"}
    assert all("<table" in item.delivered.stem for item in found.items)
    assert {i.delivered.package for i in replay(accommodating_bank, "student-1").items} == {"moodle/every.xml"}


@pytest.mark.parametrize("form", ["html", "qti21", "qti12"])
def test_one_format_alone_is_enough(whole_bank, copied, form):
    """Practice pages keep pictures beside the texts; they are shown in their places all the same."""
    found = replay(only(copied(whole_bank), [form]), "student-1", "which")

    assert found.agrees
    assert [list(item.forms) for item in found.items] == [[form]]
    page = html.document_fromstring(replay_page(found))
    pictures = {
        f"data:image/png;base64,{base64.b64encode(p.png).decode()}" for i in found.items for p in i.delivered.pictures
    }
    assert pictures <= set(page.xpath("//img/@src"))


def test_canvas_alone_is_enough(bank):
    found = replay(only(bank, ["canvas"]), STUDENT)

    assert found.agrees
    assert [item.delivered.package for item in found.items] == [CANVAS, CANVAS]


def test_it_needs_no_model_no_network_runtime_and_no_secret(bank, monkeypatch):
    import plotbank.models

    def refuse(*_):
        raise AssertionError("a model was asked for")

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for name in ("open_model", "read_card", "latest", "read_natural", "shipped"):
        monkeypatch.setattr(plotbank.models, name, refuse)

    assert replay(bank, STUDENT).agrees


def test_no_file_of_the_bank_is_touched(bank):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in bank.rglob("*") if path.is_file()}
    replay(bank, STUDENT)

    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in bank.rglob("*") if path.is_file()} == before


# Who is meant


@pytest.mark.parametrize("who", ["s1016", "S1016", "lukasz.wisniewski@example.edu", "łukasz wiśniewski"])
def test_a_student_is_found_by_id_address_or_name(example_bank, who):
    assert replay(example_bank, who, "q1").student.id == STUDENT


def test_an_unknown_student_is_refused_with_near_ones(example_bank):
    with pytest.raises(BankError) as caught:
        replay(example_bank, "s101")
    assert str(caught.value).startswith("none of the bank's 40 students is 's101': did you mean 's1")
    assert "\n" not in str(caught.value)


def test_a_name_that_two_students_have_is_refused(bank):
    edit(bank / "private" / "answer_key.csv", "Chidi Okonkwo", "Łukasz Wiśniewski")
    with pytest.raises(BankError, match=r"'Łukasz Wiśniewski' are 2 students: name one by the id: s10\d\d, s10\d\d"):
        replay(bank, "Łukasz Wiśniewski")


def test_an_id_that_a_spreadsheet_would_take_for_a_formula_is_found(bank):
    path = bank / "private" / "answer_key.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("s1016", "'=s1016"), encoding="utf-8-sig")

    assert replay(bank, "=s1016", "q1").student.id == "=s1016"


def test_an_unknown_question_is_refused(example_bank):
    with pytest.raises(BankError, match="there is no question 'q9': known are q1, q2"):
        replay(example_bank, STUDENT, "q9")


def test_a_folder_that_is_no_bank_is_refused(tmp_path):
    with pytest.raises(BankError, match=r"private/evidence\.json is missing"):
        replay(tmp_path, STUDENT)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("plots.jsonl", '"clarity":', '"clearness":', r"plots\.jsonl cannot be used: KeyError\('clarity'\)"),
        ("evidence.json", '"versions": {', '"version": {', r"evidence\.json cannot be used: KeyError\('versions'\)"),
    ],
)
def test_private_files_that_lack_something_are_refused(bank, name, old, new, message):
    path = bank / "private" / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(BankError, match=message):
        replay(bank, STUDENT)


# What has been changed since


def test_a_changed_key_in_a_package_is_told_from_the_other_format(bank):
    key = of_student(bank, STUDENT)["q1"]["key"]
    variant = of_student(bank, STUDENT)["q1"]["variant"]
    path = bank / MOODLE
    text = path.read_text(encoding="utf-8")
    (one,) = [q for q in re.findall(r"<question type=.*?</question>", text, flags=re.DOTALL) if f"-{variant}<" in q]
    path.write_text(
        text.replace(one, one.replace(f"[{key}]]></text><tolerance>", "[0.13]]></text><tolerance>")), encoding="utf-8"
    )

    found = replay(bank, STUDENT)
    first, second = found.items

    assert not found.agrees
    assert f"the key is 0.13, but private/answer_key.csv says {key}" in first.forms["moodle"]
    assert first.forms["canvas"] == ()
    assert second.proved
    assert found.changed == (f"{MOODLE} has been changed since the bank was built",)
    lines = "\n".join(replay_lines(found))
    assert "NOT PROVED, but for canvas everything agrees:" in lines
    assert f"CHANGED: {MOODLE} has been changed since the bank was built" in lines
    assert "All files are as they were built" not in lines


def test_a_change_elsewhere_in_a_package_is_told_though_the_item_is_proved(bank):
    with (bank / MOODLE).open("a", encoding="utf-8") as file:
        file.write("\n")
    found = replay(bank, STUDENT)

    assert all(item.proved for item in found.items)
    assert found.changed == (f"{MOODLE} has been changed since the bank was built",)
    assert not found.agrees


def test_changed_words_are_told(bank):
    path = bank / MOODLE
    path.write_text(path.read_text(encoding="utf-8").replace("by eye", "by ear"), encoding="utf-8")

    (only,) = replay(bank, STUDENT, "q1").items[0].forms["moodle"]
    assert re.fullmatch(r"the stem says .*by ear.*, but .*by eye.* was built", only)


def test_another_key_in_the_answer_key_is_told(bank):
    row = of_student(bank, STUDENT)["q1"]
    edit(bank / "private" / "answer_key.csv", f"{row['variant']},{row['key']},", f"{row['variant']},0.11,")
    found = replay(bank, STUDENT, "q1")

    assert found.changed == ("private/answer_key.csv has been changed since the bank was built",)
    assert all(any("says 0.11" in said for said in messages) for messages in found.items[0].forms.values())


def test_moved_data_in_private_are_told(bank):
    variant = of_student(bank, STUDENT)["q1"]["variant"]
    x, y = records(bank)[variant]["plots"][0]["values"][0]
    edit(bank / "private" / "plots.jsonl", f"[[{x},{y}]", f"[[{x},{y + 5:g}]")
    found = replay(bank, STUDENT, "q1")

    assert found.changed == ("private/plots.jsonl has been changed since the bank was built",)
    assert not found.items[0].proved


def test_another_secret_file_of_the_evidence_is_told(bank):
    edit(bank / "private" / "evidence.json", '"students": 40', '"students": 41')

    assert replay(bank, STUDENT, "q1").changed == (
        "private/evidence.html was not made from private/evidence.json: one of them has been changed",
    )


def test_a_student_who_was_given_anothers_variant_is_told(bank):
    """Two rows of the answer key with their variants exchanged."""
    path = bank / "private" / "answer_key.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    one, other = [row for row in table if row["question"] == "q1"][:2]
    one["variant"], other["variant"] = other["variant"], one["variant"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(one))
        writer.writeheader()
        writer.writerows(table)
    found = replay(bank, one["student"], "q1")

    assert not found.agrees
    assert any("says" in said for said in found.items[0].forms["moodle"])


def test_a_missing_package_is_told_and_the_other_format_shows_the_item(bank):
    (bank / MOODLE).unlink()
    found = replay(bank, STUDENT)

    assert found.changed == (f"{MOODLE} is missing",)
    for item in found.items:
        assert item.delivered.package == CANVAS
        assert item.forms == {"moodle": (f"{MOODLE} is missing", "the item is not there"), "canvas": ()}


def test_without_packages_what_private_knows_is_shown(bank, tmp_path, monkeypatch):
    for form in ("moodle", "canvas"):
        shutil.rmtree(bank / form)
    key = of_student(bank, STUDENT)["q1"]["key"]
    done = run(tmp_path, monkeypatch, bank, "--student", STUDENT, "--question", "q1")

    assert done.exit_code == 1
    assert "The picture is missing: no package of the bank has the item." in done.output
    assert f"Key: {key} (as private/answer_key.csv has it)" in done.output
    assert "Not proved: there is no picture." in done.output
    page = (tmp_path / "replay-s1016.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert f"the answer key has it: {key}" in words(page)


def test_half_a_package_is_told(bank):
    content = (bank / CANVAS).read_bytes()
    (bank / CANVAS).write_bytes(content[: len(content) // 2])
    found = replay(bank, STUDENT)

    assert found.changed == (f"{CANVAS} has been changed since the bank was built",)
    assert all(any(f"{CANVAS} cannot be read: " in said for said in item.forms["canvas"]) for item in found.items)
    assert all(item.forms["moodle"] == () for item in found.items)


# The command and its page


def test_the_command_says_what_was_proved_and_writes_a_page(bank, tmp_path, monkeypatch):
    done = run(tmp_path, monkeypatch, bank, "--student", STUDENT)
    given = of_student(bank, STUDENT)

    assert done.exit_code == 0
    assert f"Key: {given['q1']['key']} (right from " in done.output
    n = len(records(bank)[given["q1"]["variant"]]["plots"][0]["values"])
    assert f"n = {n} (measured {n})" in done.output
    assert done.output.count("Proved again from the picture, as delivered for moodle and canvas.") == 2
    assert "All files are as they were built." in done.output
    assert hashlib.sha256((bank / "private" / "evidence.json").read_bytes()).hexdigest() in done.output
    path = tmp_path / "replay-s1016.html"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_page_holds_the_students_items_and_nobody_elses(bank, tmp_path, monkeypatch):
    run(tmp_path, monkeypatch, bank, "--student", STUDENT)
    text = (tmp_path / "replay-s1016.html").read_text(encoding="utf-8")
    said, given, known = words(text), of_student(bank, STUDENT), records(bank)

    for row in given.values():
        assert row["variant"] in said
        assert known[row["variant"]]["plots"][0]["picture"] in said
        assert f"Key: {row['key']}" in said
        for x, y in known[row["variant"]]["plots"][0]["values"]:
            assert f"{x:.10g}, {y:.10g}" in said
    for row in rows(bank):
        if row["student"] != STUDENT:
            assert not any(row[column] in text for column in ("student", "name", "email", "variant"))
    for sum_ in evidence(bank)["packages"].values():
        assert (sum_ in said) == (sum_ == evidence(bank)["packages"][MOODLE])


def test_the_page_lets_nothing_in(example_bank):
    text = replay_page(replay(example_bank, STUDENT))
    tree = html.document_fromstring(text)
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = tree.xpath("//style/text()")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not tree.xpath("//script | //iframe | //object | //form | //@style")
    assert all(link.startswith("data:") for link in (*tree.xpath("//@href"), *tree.xpath("//@src")))
    assert all(image.get("alt") for image in tree.iter("img"))
    for tag in ("section", "div", "table", "dl", "ol", "ul", "tr", "td"):
        assert len(re.findall(rf"<{tag}\b", text)) == text.count(f"</{tag}>")


@pytest.mark.parametrize("student", ["../x", "<script>alert(1)</script>", "a/b\\c", "..", "-rf", "x" * 300, "ü"])
def test_ids_that_are_no_file_names(bank, tmp_path, monkeypatch, student):
    path = bank / "private" / "answer_key.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = [row | {"student": student} if row["student"] == STUDENT else row for row in csv.DictReader(file)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    inside = tmp_path / "inside"
    inside.mkdir()
    done = run(inside, monkeypatch, bank, "--question", "q1", f"--student={student}")

    assert done.exit_code == 1, "the answer key was changed"
    (page,) = inside.iterdir()
    assert re.fullmatch(r"replay-[A-Za-z0-9][A-Za-z0-9.-]*\.html", page.name)
    assert len(page.name) < 80
    assert page.name == file_name(student)
    assert "<script" not in page.read_text(encoding="utf-8")


def test_a_page_takes_the_place_of_an_earlier_one_and_of_nothing_else(bank, tmp_path, monkeypatch):
    page, other = tmp_path / "page.html", tmp_path / "other.html"
    other.write_text("mine")
    arguments = (bank, "--student", STUDENT, "--question", "q1", "-o")

    assert run(tmp_path, monkeypatch, *arguments, page).exit_code == 0
    assert run(tmp_path, monkeypatch, *arguments, page).exit_code == 0
    refused = run(tmp_path, monkeypatch, *arguments, other)
    assert refused.exit_code == 2
    assert "other.html: this is there already, and is not a page of plotbank replay" in refused.output
    assert other.read_text() == "mine"
    nowhere = run(tmp_path, monkeypatch, *arguments, tmp_path / "no" / "page.html")
    assert nowhere.exit_code == 2
    assert "does not exist: make it first" in nowhere.output
    assert run(tmp_path, monkeypatch, *arguments, tmp_path).exit_code == 2


def test_an_unknown_student_writes_nothing(bank, tmp_path, monkeypatch):
    done = run(tmp_path, monkeypatch, bank, "--student", "nobody")

    assert done.exit_code == 2
    assert "plotbank: none of the bank's 40 students is 'nobody'" in done.output
    assert not list(tmp_path.glob("replay*"))
