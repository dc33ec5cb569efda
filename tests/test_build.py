"""Banks as a whole: the same bytes again, nobody's variant touched by others, nothing left behind."""

import csv
import hashlib
import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from PIL import Image

import plotbank.variants as variants
from plotbank.build import build
from plotbank.errors import BankError, ImpossibleRequest, UnsuitableDraw
from plotbank.exporters import exporters
from plotbank.generator import seeds
from plotbank.items import Student
from plotbank.models import Model
from plotbank.private_files import harmless
from plotbank.quiz import read_quiz
from plotbank.roster import Roster, read_roster

from .conftest import EXAMPLE, ROOT, SECRET

VALIDATOR = ROOT.parent / "shared" / "conformance" / "validate.py"
SMALL = """
[quiz]
title = "Small"
id = "small"
picture = { size = [400, 300], density = 1 }
[[question]]
template = "scatter/estimate-r"
r = [0.5, 0.7]
n = [20, 25]
"""
STUDENTS = tuple(Student(id=f"s{i}", name=f"Student {i}", email=f"s{i}@example.edu") for i in range(6))


def packages(folder):
    """Every file outside private/, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "private" not in path.parts
    }


def records(folder):
    lines = (folder / "private" / "plots.jsonl").read_text().splitlines()
    return {record["variant"]: record for record in map(json.loads, lines)}


def rows(folder):
    with (folder / "private" / "answer_key.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def small(quiz_file, tmp_path, name="bank", students=STUDENTS, secret=SECRET, text=SMALL, id_column="id", **options):
    folder = tmp_path / name
    roster = Roster(students=tuple(students), source="plain columns", id_column=id_column, left_out=())
    build(read_quiz(quiz_file(text)), roster, secret, folder, list(exporters().values()), **options)
    return folder


def test_the_example_has_a_variant_of_every_question_for_everybody(example_bank):
    answers = rows(example_bank)
    students = read_roster(EXAMPLE / "roster.csv").students

    assert len(answers) == 80
    assert Counter(row["student"] for row in answers) == {student.id: 2 for student in students}
    assert len({row["variant"] for row in answers}) == 80


def test_every_key_is_the_condition_the_data_and_the_measurement(example_bank):
    known = records(example_bank)
    for row in rows(example_bank):
        record = known[row["variant"]]
        r = np.corrcoef(np.array(record["values"]).T)[0, 1]
        measured = re.fullmatch(r"r = (\S+); n = (\d+)", row["measured"])

        assert float(row["key"]) == record["condition"]["r"]
        assert abs(r - float(row["key"])) <= 0.0005
        assert abs(float(measured[1]) - r) < 0.001
        assert int(measured[2]) == len(record["values"]) == record["condition"]["n"]
        assert row["condition"] == "; ".join(f"{name} = {value:g}" for name, value in record["condition"].items())
        assert row["condition"].startswith(f"r = {row['key'].rstrip('0')}; n = {measured[2]}; bend = ")


def test_nobody_shares_a_picture_or_data(example_bank):
    known = records(example_bank).values()

    assert len({record["picture"] for record in known}) == 80
    assert len({json.dumps(sorted(record["values"])) for record in known}) == 80


def test_no_two_plots_are_nearly_the_same(example_bank):
    """The mean distance from each point to the nearest of the other plot, as a share of the axes."""
    clouds = [
        np.array(record["values"]) / [30, 100]
        for record in records(example_bank).values()
        if record["variant"][:2] == "q1"
    ]
    for i, one in enumerate(clouds):
        for other in clouds[:i]:
            gaps = np.linalg.norm(one[:, None] - other[None], axis=2)
            assert gaps.min(axis=1).mean() + gaps.min(axis=0).mean() > 0.01


def test_nothing_outside_private_names_a_student(example_bank):
    text = b""
    for name, content in packages(example_bank).items():
        text += name.encode() + content
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                text += b"".join(entry.encode() + archive.read(entry) for entry in archive.namelist())
    for student in read_roster(EXAMPLE / "roster.csv").students:
        for word in (student.id, student.name, student.email):
            assert word.encode() not in text


def test_the_order_in_packages_is_not_the_rosters(example_bank):
    tree = etree.parse(next((example_bank / "moodle").iterdir()))
    order = [e.text.rpartition("_")[2] for e in tree.iter("idnumber") if e.text and "q1" in e.text]
    owner = {row["variant"].rpartition("_")[2]: row["student"] for row in rows(example_bank)}

    assert order == sorted(order)
    assert [owner[label] for label in order] != sorted(owner[label] for label in order)


def test_private_is_its_owners_alone(example_bank):
    assert stat.S_IMODE((example_bank / "private").stat().st_mode) == 0o700
    for path in (example_bank / "private").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_evidence_counts_what_happened(example_bank):
    evidence = json.loads((example_bank / "private" / "evidence.json").read_text())
    question = evidence["questions"]["q1"]

    assert evidence["roster"] == {"students": 40, "source": "plain columns", "id_column": "id"}
    assert question["kept"] == 40
    assert question["draws"] == 40 + sum(question["redraws"].values())
    assert evidence["seeds"]["secret_sha256"] == hashlib.sha256(SECRET).hexdigest()
    assert evidence["versions"]["plotbank"] == "0.1.0"
    assert evidence["packages"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in packages(example_bank).items()
    }
    assert question["largest_group_with_one_key"] == max(
        Counter(row["key"] for row in rows(example_bank) if row["question"] == "q1").values()
    )


def test_the_same_request_gives_the_same_bytes_elsewhere(example_bank, tmp_path):
    """In another process, time zone and locale, with other hash seeds and in a folder of another name."""
    secret = tmp_path / "given.secret"
    secret.write_text(SECRET.hex() + "\n")
    environment = {
        **os.environ,
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "de_DE.UTF-8",
        "LANG": "de_DE.UTF-8",
        "PYTHONHASHSEED": "7",
    }
    command = [
        sys.executable,
        "-m",
        "plotbank",
        "build",
        str(EXAMPLE / "quiz.toml"),
        "--roster",
        str(EXAMPLE / "roster.csv"),
    ]
    subprocess.run(
        [*command, "-o", str(tmp_path / "other"), "--secret", str(secret)],
        env=environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    assert packages(tmp_path / "other") == packages(example_bank)
    assert (tmp_path / "other/private/plots.jsonl").read_bytes() == (example_bank / "private/plots.jsonl").read_bytes()


def test_another_secret_gives_none_of_the_same_pictures(quiz_file, tmp_path):
    one = records(small(quiz_file, tmp_path, "one"))
    two = records(small(quiz_file, tmp_path, "two", secret=b"x" * 32))

    assert not {r["picture"] for r in one.values()} & {r["picture"] for r in two.values()}
    assert not set(one) & set(two)


def test_adding_and_reordering_students_changes_nobody_elses(quiz_file, tmp_path):
    one = records(small(quiz_file, tmp_path, "one", students=STUDENTS[:4]))
    two = records(small(quiz_file, tmp_path, "two", students=(STUDENTS[5], *STUDENTS[3::-1], STUDENTS[4])))

    assert len(two) == 6
    assert {variant: two[variant] for variant in one} == one


def test_a_student_is_told_apart_by_id_alone(quiz_file, tmp_path):
    renamed = tuple(Student(id=s.id, name="Somebody", email="") for s in STUDENTS)

    assert records(small(quiz_file, tmp_path, "one")) == records(small(quiz_file, tmp_path, "two", students=renamed))


def test_distinct_answers(quiz_file, tmp_path):
    text = SMALL + 'distinct = "answer"\n'
    students = tuple(Student(id=str(i)) for i in range(21))
    keys = [row["key"] for row in rows(small(quiz_file, tmp_path, students=students, text=text))]

    assert sorted(keys) == [f"{0.5 + k / 100:.2f}" for k in range(21)]


def test_more_distinct_answers_than_exist_are_refused_before_any_work(quiz_file, tmp_path):
    with pytest.raises(ImpossibleRequest, match=r"22 - 21 = 1 too few"):
        small(
            quiz_file,
            tmp_path,
            text=SMALL + 'distinct = "answer"\n',
            students=tuple(Student(id=str(i)) for i in range(22)),
        )
    assert [p.name for p in tmp_path.iterdir()] == ["quiz.toml"]


@pytest.mark.parametrize("off", [1e-4, 1e-2])
def test_no_device_can_change_a_key(quiz_file, tmp_path, monkeypatch, off):
    """A network that draws other numbers, as a GPU does in the last digits, or far worse: the keys stay those asked for,
    and what is drawn has them."""
    honest = small(quiz_file, tmp_path, "honest")
    draw = Model.draw

    def elsewhere(self, noise, condition):
        data = draw(self, noise, condition)
        moved = data + off * np.random.default_rng(0).uniform(-1, 1, data.shape).astype(np.float32)
        return np.where(data > 0, moved.clip(0, 1), data)

    monkeypatch.setattr(Model, "draw", elsewhere)
    other = small(quiz_file, tmp_path, "other")

    keys = [{row["student"]: row["key"] for row in rows(folder)} for folder in (honest, other)]
    assert keys[0] == keys[1]
    plots = [records(folder) for folder in (honest, other)]
    assert all(plots[0][name]["values"] != plots[1][name]["values"] for name in plots[0])
    for row in rows(other):
        assert abs(np.corrcoef(np.array(plots[1][row["variant"]]["values"]).T)[0, 1] - float(row["key"])) <= 0.0005


def test_a_picture_that_somebody_has_is_drawn_again(quiz_file, tmp_path, monkeypatch):
    """Everybody is made to draw the same at their first attempts."""
    true = seeds.Seed.rng
    same = seeds.seed(SECRET, "", "", "")
    monkeypatch.setattr(
        seeds.Seed, "rng", lambda self, stream, attempt=0: true(same if attempt < 20 else self, stream, attempt)
    )
    folder = small(quiz_file, tmp_path, text=SMALL.replace("[0.5, 0.7]", "0.6").replace("[20, 25]", "22"))
    evidence = json.loads((folder / "private" / "evidence.json").read_text())

    assert len({record["picture"] for record in records(folder).values()}) == 6
    assert evidence["questions"]["q1"]["redraws"]["another student has the same"] >= 5


def test_an_item_that_the_reader_does_not_confirm_is_not_shipped(quiz_file, tmp_path, monkeypatch):
    """The renderer is made to lose a point at the first attempt of every variant."""
    true = variants.Frame.picture
    shown = Counter()

    def losing(self, values, condition):
        shown[values.tobytes()] += 1
        return true(self, values[:-1] if len(shown) <= 3 else values, condition)

    monkeypatch.setattr(variants.Frame, "picture", losing)
    folder = small(quiz_file, tmp_path)
    redraws = json.loads((folder / "private" / "evidence.json").read_text())["questions"]["q1"]["redraws"]

    assert redraws["the picture does not show the data"] == 3


def test_an_item_whose_words_tell_the_key_is_not_shipped(quiz_file, tmp_path, monkeypatch):
    """Asked for every item with the names under which it will be delivered."""
    asked = []

    def told(text, *, title, identifier, label):
        asked.append((title, identifier, label))
        return ["the stem tells the key"] if len(asked) <= 3 else []

    monkeypatch.setattr(variants, "told", told)
    folder = small(quiz_file, tmp_path)
    redraws = json.loads((folder / "private" / "evidence.json").read_text())["questions"]["q1"]["redraws"]

    assert redraws["the text tells the key"] == 3
    for variant in records(folder):
        label = variant.removeprefix("q1_")
        assert (f"Estimate the correlation {label[:8]}", f"small-{variant}", label) in asked


def test_a_request_that_never_works_is_refused(quiz_file, tmp_path, monkeypatch):
    def never(*_):
        raise UnsuitableDraw("never good enough")

    monkeypatch.setattr(variants, "_variant", never)
    with pytest.raises(
        ImpossibleRequest, match=r"no usable (item|plot with r = 0\.\d+, .*) in 200 draws \(last reason: "
    ):
        small(quiz_file, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["quiz.toml"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device"), RuntimeError])
def test_whatever_goes_wrong_leaves_nothing_behind(quiz_file, tmp_path, error):
    seen = []

    def advance(stage):
        seen.append(stage)
        if len(seen) == 4:
            raise error

    with pytest.raises(BankError if isinstance(error, OSError) else error):
        small(quiz_file, tmp_path, advance=advance)
    assert len(seen) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["quiz.toml"]


def test_what_a_format_cannot_say_is_refused(quiz_file, tmp_path, monkeypatch):
    moodle = exporters()["moodle"]
    monkeypatch.setattr(type(moodle), "check", lambda self, bank, item: ["the picture is too large"])
    with pytest.raises(BankError, match="Moodle XML cannot say question 'q1': the picture is too large"):
        small(quiz_file, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["quiz.toml"]


def test_the_old_bank_comes_back_when_the_new_one_cannot_take_its_place(quiz_file, tmp_path, monkeypatch):
    before = packages(small(quiz_file, tmp_path))
    true = Path.rename

    def rename(self, target):
        if self.name.endswith(".partial"):
            raise OSError(28, "No space left on device")
        return true(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(BankError, match="cannot be written: No space left on device"):
        small(quiz_file, tmp_path, overwrite=True, secret=b"x" * 32)
    assert packages(tmp_path / "bank") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bank", "quiz.toml"]


def test_a_failed_build_leaves_the_old_bank_as_it_was(quiz_file, tmp_path):
    folder = small(quiz_file, tmp_path)
    before = packages(folder)

    def fail(stage):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(quiz_file, tmp_path, overwrite=True, secret=b"x" * 32, advance=fail)
    assert packages(folder) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bank", "quiz.toml"]


def test_a_bank_is_replaced_only_when_told_to(quiz_file, tmp_path):
    folder = small(quiz_file, tmp_path)
    before = packages(folder)
    with pytest.raises(BankError, match="there is a bank here already: choose another name, or say --overwrite"):
        small(quiz_file, tmp_path)
    small(quiz_file, tmp_path, overwrite=True, secret=b"x" * 32)

    assert packages(folder).keys() == before.keys()
    assert packages(folder) != before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bank", "quiz.toml"]


def test_a_changed_id_column_is_remarked_on(quiz_file, tmp_path):
    """A late enrolment without an ID number turns a Moodle export's ids into e-mail addresses for everybody."""
    small(quiz_file, tmp_path)
    quiz, roster = read_quiz(quiz_file(SMALL)), Roster(students=STUDENTS, source="", id_column="Email", left_out=())
    moodle = [exporters()["moodle"]]
    changed = build(quiz, roster, SECRET, tmp_path / "bank", moodle, overwrite=True)
    same = build(quiz, roster, SECRET, tmp_path / "bank", moodle, overwrite=True)

    assert changed.remarks == (
        "the bank that was here told students apart by 'id', this one by 'Email', so everybody has other variants than before",
    )
    assert same.remarks == ()


def test_a_folder_that_is_no_bank_is_never_replaced(quiz_file, tmp_path):
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "thesis.txt").write_text("years of work")
    with pytest.raises(BankError, match="is not a bank: choose another name"):
        small(quiz_file, tmp_path, overwrite=True)
    assert (tmp_path / "bank" / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_taken(quiz_file, tmp_path):
    (tmp_path / "bank").mkdir()

    assert len(records(small(quiz_file, tmp_path))) == 6


def test_a_folder_in_a_folder_that_does_not_exist(quiz_file, tmp_path):
    with pytest.raises(BankError, match="does not exist: make it first"):
        small(quiz_file, tmp_path, "none/bank")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_that_a_spreadsheet_would_run_are_defused(cell):
    assert harmless(cell) == "'" + cell


def test_ordinary_cells_stay():
    assert harmless("O'Brien = 3") == "O'Brien = 3"


def test_hostile_names_are_defused_in_the_answer_key(quiz_file, tmp_path):
    students = (Student(id="=cmd|' /C calc'!A0", name='@x","y', email="-2+3"),)
    row = rows(small(quiz_file, tmp_path, students=students))[0]

    assert (row["student"], row["name"], row["email"]) == ("'=cmd|' /C calc'!A0", '\'@x","y', "'-2+3")


def test_pictures_have_the_size_asked_for(quiz_file, tmp_path):
    folder = small(quiz_file, tmp_path)
    with zipfile.ZipFile(folder / "canvas" / "small.zip") as archive:
        images = [archive.read(name) for name in archive.namelist() if name.startswith("images/")]

    assert len(images) == 6
    assert {Image.open(io.BytesIO(png)).size for png in images} == {(400, 300)}


@pytest.mark.skipif(not VALIDATOR.is_file(), reason="the conformance checks do not lie beside this checkout")
def test_the_canvas_package_passes_the_conformance_checks(example_bank):
    package = example_bank / "canvas" / "intro-statistics-1.zip"
    command = [sys.executable, VALIDATOR, "--strict", "--dialect", "canvas", package]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:]
