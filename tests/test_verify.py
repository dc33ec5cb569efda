"""Verify proves good banks and catches planted faults, even where the hashes were made to fit."""

import base64
import csv
import hashlib
import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from plotbank.errors import BankError
from plotbank.generator.kinds.scatter import KIND
from plotbank.generator.rendering import Frame
from plotbank.quiz import read_quiz
from plotbank.verify import verify

from .conftest import EXAMPLE

MOODLE, CANVAS = "moodle/intro-statistics-1.xml", "canvas/intro-statistics-1.zip"
FILE = re.compile(r'<file name="([^"]+)"[^>]*>([^<]+)</file>')


def messages(bank, package=""):
    return [f.message for f in verify(bank).findings if f.package.startswith(package)]


def seal(bank):
    """Make the hashes in the evidence fit the packages, so that only what is in them can give a fault away."""
    path = bank / "private" / "evidence.json"
    evidence = json.loads(path.read_text(encoding="utf-8"))
    for name in evidence["packages"]:
        evidence["packages"][name] = hashlib.sha256((bank / name).read_bytes()).hexdigest()
    path.write_text(json.dumps(evidence), encoding="utf-8")


def edit_moodle(bank, change):
    path = bank / MOODLE
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")
    seal(bank)


def edit_canvas(bank, change):
    """`change` takes and returns the entries of the zip, by name."""
    path = bank / CANVAS
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    after = change(dict(entries))
    assert after != entries
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in after.items():
            archive.writestr(name, content)
    seal(bank)


def first(bank):
    lines = (bank / "private" / "plots.jsonl").read_text().splitlines()
    return json.loads(lines[0])


def replace_record(bank, record):
    path = bank / "private" / "plots.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(record), *lines[1:]]) + "\n")


def redrawn(values):
    question = read_quiz(EXAMPLE / "quiz.toml").questions[0]
    return Frame(KIND, question.plot).picture(values, {})


def put_picture(bank, png):
    """The first variant's picture, in both packages and in private/."""
    record = first(bank)
    name = f"p{record['variant'].rpartition('_')[2]}.png"
    replace_record(bank, {**record, "picture": hashlib.sha256(png).hexdigest()})
    edit_moodle(
        bank, lambda text: re.sub(rf'(<file name="{name}"[^>]*>)[^<]+', rf"\g<1>{base64.b64encode(png).decode()}", text)
    )
    edit_canvas(bank, lambda entries: {**entries, f"images/{name}": png})


def test_a_good_bank_is_proved(example_bank):
    verdict = verify(example_bank)

    assert verdict.findings == ()
    assert (verdict.packages, verdict.items, verdict.proved) == (2, 160, 160)


def test_verify_changes_no_file(bank):
    before = {path: path.read_bytes() for path in bank.rglob("*") if path.is_file()}
    verify(bank)

    assert {path: path.read_bytes() for path in bank.rglob("*") if path.is_file()} == before


def test_a_changed_file_is_noticed_by_its_hash(bank):
    path = bank / MOODLE
    path.write_bytes(path.read_bytes() + b"\n")

    assert messages(bank) == ["the file has been changed since the bank was built"]


def test_a_wrong_numeric_key_by_one_hundredth(bank):
    key = first(bank)["key"]
    wrong = f"{float(key) + 0.01:.2f}"
    edit_moodle(
        bank, lambda text: text.replace(f"<text><![CDATA[{key}]]></text>", f"<text><![CDATA[{wrong}]]></text>", 1)
    )
    found = messages(bank, "moodle")

    assert any(re.fullmatch(rf"the key is {wrong}, but the picture shows r = {key[:3]}\d*", m) for m in found)
    assert f"the key is {wrong}, but private/answer_key.csv says {key}" in found
    assert messages(bank, "canvas") == []


def test_a_wrong_numeric_key_in_canvas(bank):
    def change(entries):
        name = next(n for n in entries if n.endswith(".xml") and b"varequal" in entries[n])
        entries[name] = re.sub(rb"(<varequal[^>]*margintype[^>]*>)(0\.\d\d)", rb"\g<1>0.11", entries[name], count=1)
        return entries

    edit_canvas(bank, change)

    assert any(m.startswith("the key is 0.11, but the picture shows r = ") for m in messages(bank, "canvas"))


def test_another_option_marked_right(bank):
    def change(text):
        start = text.index('type="multichoice"')
        end = text.index("</question>", start)
        item = text[start:end].replace('fraction="100"', 'fraction="WAS"').replace('fraction="0"', 'fraction="100"', 1)
        return text[:start] + item.replace('fraction="WAS"', 'fraction="0"') + text[end:]

    edit_moodle(bank, change)

    assert any(re.match(r"the key is -0\.\d\d, but the picture shows r = ", m) for m in messages(bank, "moodle"))


def test_two_right_options(bank):
    def change(text):
        start = text.index('type="multichoice"')
        return text[:start] + text[start:].replace('fraction="0"', 'fraction="100"', 1)

    edit_moodle(bank, change)

    assert messages(bank, "moodle")


def test_a_tolerance_that_leaves_the_truth_out(bank):
    edit_moodle(bank, lambda text: re.sub(r"<tolerance>[^<]+", "<tolerance>0.0000001", text))

    assert any("leaves out what the picture shows" in m for m in messages(bank, "moodle"))


def test_pictures_swapped_in_moodle(bank):
    def change(text):
        (one, two) = list(FILE.finditer(text))[:2]
        return text[: one.start(2)] + two[2] + text[one.end(2) : two.start(2)] + one[2] + text[two.end(2) :]

    edit_moodle(bank, change)

    assert messages(bank, "moodle").count("the picture is not the one that was built for this variant") == 2


def test_pictures_swapped_in_canvas(bank):
    def change(entries):
        one, two = [name for name in entries if name.startswith("images/")][:2]
        entries[one], entries[two] = entries[two], entries[one]
        return entries

    edit_canvas(bank, change)

    assert messages(bank, "canvas").count("the picture is not the one that was built for this variant") == 2


def test_a_duplicated_picture(bank):
    def change(entries):
        one, two = [name for name in entries if name.startswith("images/")][:2]
        entries[one] = entries[two]
        return entries

    edit_canvas(bank, change)

    assert any(m.startswith("the picture is also that of ") for m in messages(bank, "canvas"))


def test_a_point_moved_by_one_percent_with_every_hash_made_to_fit(bank):
    values = np.array(first(bank)["values"])
    values[3, 0] += 0.3 if values[3, 0] < 15 else -0.3
    put_picture(bank, redrawn(values))
    found = messages(bank)

    assert len(found) == 2
    assert all(
        re.fullmatch(r"a point of the picture lies (0\.9|1\.0|1\.1)% of an axis from where .*", m) for m in found
    )


def test_a_point_taken_away_with_every_hash_made_to_fit(bank):
    values = np.array(first(bank)["values"])
    put_picture(bank, redrawn(values[1:]))

    assert any(
        re.fullmatch(r"the picture shows \d+ points, but the data have \d+", m) for m in messages(bank, "moodle")
    )


def test_the_same_data_drawn_again_are_no_fault(bank):
    """What the faults above are told from: replacing a picture is not itself found wrong."""
    values = np.array(first(bank)["values"])
    values[0, 0] += 0.01
    put_picture(bank, redrawn(values))

    assert messages(bank) == []


def test_a_key_in_a_file_name(bank):
    record = first(bank)
    name = f"p{record['variant'].rpartition('_')[2]}.png"
    edit_moodle(bank, lambda text: text.replace(name, f"r{record['key']}.png"))

    assert any("name" in m for m in messages(bank, "moodle"))


def test_metadata_in_a_picture(bank):
    with zipfile.ZipFile(bank / CANVAS) as archive:
        image = Image.open(io.BytesIO(archive.read(f"images/p{first(bank)['variant'].rpartition('_')[2]}.png")))
    note, out = PngImagePlugin.PngInfo(), io.BytesIO()
    note.add_text("r", first(bank)["key"])
    image.save(out, "png", pnginfo=note)
    put_picture(bank, out.getvalue())

    assert sum("metadata" in m for m in messages(bank)) == 2


def test_a_key_in_the_alternative_text(bank):
    key = first(bank)["key"]
    edit_moodle(bank, lambda text: text.replace('alt="Scatter plot of', f'alt="Scatter plot (r = {key}) of', 1))

    assert messages(bank, "moodle")


def test_a_name_in_a_question(bank):
    edit_moodle(
        bank, lambda text: text.replace("The scatter plot shows", "Dear Tomáš Dvořák, the scatter plot shows", 1)
    )

    assert "a student can be recognised: 'tomáš dvořák' stands in the item" in messages(bank, "moodle")


def test_a_question_delivered_twice(bank):
    def again(text):
        question = re.search(r'<question type="numerical">.*?</question>', text, flags=re.S)
        return text.replace(question[0], question[0] * 2, 1)

    edit_moodle(bank, again)

    assert "this variant has been delivered before" in messages(bank, "moodle")
    assert "161 items were found, but 160 were built" in messages(bank)


def test_a_question_left_out(bank):
    edit_moodle(
        bank, lambda text: re.sub(r'<question type="numerical">.*?</question>\n?', "", text, count=1, flags=re.S)
    )

    assert "159 items were found, but 160 were built" in messages(bank)


def test_a_truncated_package(bank):
    path = bank / MOODLE
    path.write_bytes(path.read_bytes()[:-2000])
    seal(bank)
    zipped = bank / CANVAS
    zipped.write_bytes(zipped.read_bytes()[:-2000])
    seal(bank)

    assert messages(bank, "moodle")
    assert messages(bank, "canvas")


def test_a_missing_package(bank):
    (bank / MOODLE).unlink()

    assert messages(bank, "moodle") == ["the package is missing"]


def test_a_package_that_nobody_built(bank):
    (bank / "moodle" / "extra.xml").write_bytes((bank / MOODLE).read_bytes())
    (bank / "answers.txt").write_text("0.72")

    assert [(f.package, f.message) for f in verify(bank).findings] == [
        ("answers.txt", "the file was not built with this bank"),
        ("moodle/extra.xml", "the file was not built with this bank"),
    ]


def rename_first_student(bank, **columns):
    path = bank / "private" / "answer_key.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0].update(columns)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def test_digits_inside_a_label_and_numbers_on_an_axis_name_nobody(bank):
    """Canvas's ids are plain numbers, and such a number stands in some sixteen hexadecimal digits by chance."""
    label = first(bank)["variant"].rpartition("_")[2]
    rename_first_student(bank, student=label[3:8], name=label[1:9])
    assert messages(bank) == []
    rename_first_student(bank, student="10000", name="x")
    edit_moodle(bank, lambda text: text.replace("from 0 to 30.", "from 0 to 10000.", 1))
    assert messages(bank) == []


@pytest.mark.parametrize("place", ["<p>The scatter plot", "<p>The correlation of"])
def test_an_address_in_an_item_names_somebody(bank, place):
    rename_first_student(bank, email="ann@example.edu")
    edit_moodle(bank, lambda text: text.replace(place, place.replace("<p>", "<p>To ANN@example.edu: "), 1))

    assert messages(bank) == ["a student can be recognised: 'ann@example.edu' stands in the item"]


def test_a_number_in_a_title_names_somebody(bank):
    rename_first_student(bank, student="1234567")
    edit_moodle(bank, lambda text: text.replace("<name><text><![CDATA[", "<name><text><![CDATA[1234567 ", 1))

    assert messages(bank) == ["a student can be recognised: '1234567' stands in the item"]


def damage(bank, change):
    path = bank / "private" / "evidence.json"
    evidence = json.loads(path.read_text(encoding="utf-8"))
    change(evidence)
    path.write_text(json.dumps(evidence), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e["packages"].clear(), "it names no packages"),
        (lambda e: e["questions"].pop("q2"), "it lacks the question 'q2'"),
        (lambda e: e["questions"]["q1"].pop("x"), "it lacks 'x'"),
        (lambda e: e["questions"]["q1"].update(x=[30, 0]), "are not the ends of an axis"),
        (lambda e: e["questions"]["q1"].update(y=["a", "b"]), "could not convert"),
        (lambda e: e["questions"]["q1"].update(reads="slope"), "is nothing that can be measured"),
        (lambda e: e["questions"]["q1"].update(decimals=9), "is nothing that can be measured"),
        (lambda e: e["questions"]["q1"].update(kind="pie"), "nothing here reads pictures of the kind 'pie'"),
    ],
)
def test_evidence_edited_by_hand_is_refused(bank, change, message):
    damage(bank, change)
    with pytest.raises(BankError, match=r"private/evidence\.json cannot be used: ") as caught:
        verify(bank)
    assert message in str(caught.value)


@pytest.mark.parametrize("values", [[], [1, 2], [[1, 2, 3]], [["a", "b"]], [[1, None]]])
def test_data_that_are_no_points_are_refused(bank, values):
    replace_record(bank, {**first(bank), "values": values})
    with pytest.raises(BankError, match=r"private/plots\.jsonl cannot be used: "):
        verify(bank)


def test_no_data_at_all_are_refused(bank):
    (bank / "private" / "plots.jsonl").write_text("")
    with pytest.raises(BankError, match="it has no plots"):
        verify(bank)


@pytest.mark.parametrize("name", ["evidence.json", "plots.jsonl", "answer_key.csv"])
def test_a_bank_without_its_private_files_is_refused(bank, name):
    (bank / "private" / name).unlink()
    with pytest.raises(BankError, match=f"not a whole bank: private/{name} is missing"):
        verify(bank)


@pytest.mark.parametrize("name", ["evidence.json", "plots.jsonl", "answer_key.csv"])
@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b"[1]\n", b"a,b\n1,2\n"])
def test_damaged_private_files_are_refused(bank, name, content):
    (bank / "private" / name).write_bytes(content)
    with pytest.raises(BankError, match=f"private/{name} cannot be used"):
        verify(bank)


def test_what_is_no_bank_is_refused(tmp_path):
    with pytest.raises(BankError, match="there is no such folder"):
        verify(tmp_path / "none")
    with pytest.raises(BankError, match="not a whole bank"):
        verify(tmp_path)


def test_evidence_that_points_outside_the_bank_is_refused(bank):
    path = bank / "private" / "evidence.json"
    evidence = json.loads(path.read_text())
    evidence["packages"]["../outside.xml"] = "0"
    path.write_text(json.dumps(evidence))
    with pytest.raises(BankError, match="names a file outside the bank"):
        verify(bank)
