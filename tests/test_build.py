"""Banks as a whole: the same bytes again, nobody's variant touched by others, nothing left behind."""

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
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from lxml import etree, html
from PIL import Image

import plotbank.variants as variants
from plotbank.build import build
from plotbank.errors import BankError, ImpossibleRequest, RosterError, UnsuitableDraw
from plotbank.exporters import exporters
from plotbank.generator import seeds
from plotbank.generator.kinds import precision
from plotbank.items import Axis, Student
from plotbank.models import Model
from plotbank.private_files import harmless
from plotbank.proving import stands_for
from plotbank.quiz import read_quiz
from plotbank.roster import Roster, read_roster
from plotbank.verify import verify

from .conftest import (
    EVERY,
    EXAMPLE,
    ROOT,
    SECRET,
    SMALL,
    built,
    every_quiz,
    evidence,
    packages,
    records,
    rows,
    students_of,
)

VALIDATOR = ROOT.parent / "shared" / "conformance" / "validate.py"
STUDENTS = tuple(Student(id=f"s{i}", name=f"Student {i}", email=f"s{i}@example.edu") for i in range(6))
ABOUT_R = ("scatter/estimate-r", "scatter/choose-r")


@cache
def quiz_of(text):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quiz.toml"
        path.write_text(text, encoding="utf-8")
        return read_quiz(path)


def small(tmp_path, name="bank", students=STUDENTS, secret=SECRET, text=SMALL, id_column="id", **options):
    folder = tmp_path / name
    roster = Roster(students=tuple(students), source="plain columns", id_column=id_column, left_out=())
    build(quiz_of(text), roster, secret, folder, [exporters()[name] for name in ("moodle", "canvas")], **options)
    return folder


def questions(path):
    """The questions of a Moodle package as they stand there, by variant."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"<question type=.*?</question>", text, flags=re.DOTALL)
    return {name[1]: one for one in found if (name := re.search(r"<idnumber>[^<]*-([a-z0-9]+_[0-9a-f]{16})<", one))}


def test_the_example_has_a_variant_of_every_question_for_everybody(example_bank):
    answers, asked = rows(example_bank), evidence(example_bank)["questions"]
    students = read_roster(EXAMPLE / "roster.csv").students

    assert len(students) == 40
    assert Counter(row["student"] for row in answers) == {student.id: len(asked) for student in students}
    assert Counter(row["question"] for row in answers) == dict.fromkeys(asked, 40)
    assert len({row["variant"] for row in answers}) == len(answers)


def test_every_key_is_the_condition_the_data_and_the_measurement(example_bank):
    known, asked = records(example_bank), evidence(example_bank)["questions"]
    about_r = [name for name, entry in asked.items() if [t["name"] for t in entry["templates"]] < [*ABOUT_R]]
    answers = [row for row in rows(example_bank) if asked[row["question"]]["templates"][0]["name"] in ABOUT_R]
    assert about_r
    assert len(answers) >= 40
    for row in answers:
        (plot,) = known[row["variant"]]["plots"]
        r = np.corrcoef(np.array(plot["values"]).T)[0, 1]
        measured = dict(part.split(" = ") for part in row["measured"].split("; "))

        assert float(row["key"]) == plot["condition"]["r"]
        assert abs(r - float(row["key"])) <= 0.0005
        assert abs(float(measured["r"]) - r) < 0.001
        assert int(measured["n"]) == len(plot["values"]) == plot["condition"]["n"]
        assert row["condition"] == "; ".join(f"{name} = {value:g}" for name, value in plot["condition"].items())


@pytest.mark.parametrize("which", ["example_bank", "every_bank"])
def test_nobody_shares_a_picture_or_data(request, which):
    known = records(request.getfixturevalue(which)).values()
    pictures = [plot["picture"] for record in known for plot in record["plots"]]
    data = [json.dumps(sorted(plot["values"])) for record in known for plot in record["plots"]]

    assert len(pictures) >= len(known)
    assert len(set(pictures)) == len(pictures)
    assert len(set(data)) == len(data)


def test_no_two_plots_are_nearly_the_same(example_bank):
    """The mean distance from each point to the nearest of the other plot, as a share of the axes."""
    first = next(iter(evidence(example_bank)["questions"]))
    clouds = []
    for record in records(example_bank).values():
        (plot, *_) = record["plots"]
        if record["variant"].startswith(f"{first}_"):
            low, high = ([plot[axis][end] for axis in "xy"] for end in ("low", "high"))
            clouds.append((np.array(plot["values"]) - low) / np.subtract(high, low))
    assert len(clouds) == 40
    for i, one in enumerate(clouds):
        for other in clouds[:i]:
            gaps = np.linalg.norm(one[:, None] - other[None], axis=2)
            assert gaps.min(axis=1).mean() + gaps.min(axis=0).mean() > 0.01


def everything(folder):
    """All that lies outside private/, zips opened, as one text."""
    text = b""
    for name, content in packages(folder).items():
        text += name.encode() + content
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                text += b"".join(entry.encode() + archive.read(entry) for entry in archive.namelist())
    return text


def test_nothing_outside_private_names_a_student(example_bank, every_bank):
    for folder, students in (
        (example_bank, read_roster(EXAMPLE / "roster.csv").students),
        (every_bank, students_of(3)),
    ):
        text = everything(folder)
        for student in students:
            for word in (student.id, student.name, student.email):
                assert word.encode() not in text


def test_the_order_in_packages_is_not_the_rosters(example_bank):
    tree = etree.parse(next((example_bank / "moodle").iterdir()))
    first = next(iter(evidence(example_bank)["questions"]))
    order = [e.text.rpartition("_")[2] for e in tree.iter("idnumber") if e.text and f"-{first}_" in e.text]
    owner = {row["variant"].rpartition("_")[2]: row["student"] for row in rows(example_bank)}

    assert len(order) == 40
    assert order == sorted(order)
    assert [owner[label] for label in order] != sorted(owner[label] for label in order)


def test_private_is_its_owners_alone(example_bank):
    assert stat.S_IMODE((example_bank / "private").stat().st_mode) == 0o700
    for path in (example_bank / "private").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_evidence_counts_what_happened(example_bank):
    said = evidence(example_bank)
    question = said["questions"]["q1"]

    assert said["quiz"]["locale"] == "en"
    assert said["roster"] == {"students": 40, "source": "plain columns", "id_column": "id"}
    assert question["kept"] == 40
    assert question["draws"] == 40 + sum(question["redraws"].values())
    assert said["seeds"]["secret_sha256"] == hashlib.sha256(SECRET).hexdigest()
    assert said["versions"]["plotbank"] == "0.1.0"
    assert said["packages"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in packages(example_bank).items()
    }
    assert question["largest_group_with_one_key"] == max(
        Counter(row["key"] for row in rows(example_bank) if row["question"] == "q1").values()
    )
    (template,) = question["templates"]
    assert template["sha256"] == hashlib.sha256(template["source"].encode()).hexdigest()


def test_the_evidence_says_of_every_question_what_it_was_made_from(every_bank):
    said = evidence(every_bank)["questions"]

    assert [t["name"] for t in said["parts"]["templates"]] == ["boxplot/median", "boxplot/skew"]
    assert said["estimate"]["templates"][0]["name"] == "banded.md"
    assert said["parts"]["kind"] == "boxplot"
    assert said["parts"]["model"].startswith("boxplot-v")
    assert len(said["truth"]["contexts"]) >= 10
    for name, entry in said.items():
        several = 4 if name in ("which", "match") else 1
        assert entry["kept"] == 3 * several == entry["draws"] - sum(entry["redraws"].values())
        assert entry["predicted_difficulty"]["greatest"] - entry["predicted_difficulty"]["least"] <= 0.35


def test_every_kind_of_item_is_recorded_with_what_it_claims(every_bank):
    known = records(every_bank)
    types = {name.partition("_")[0]: record["claims"][0]["answer"]["type"] for name, record in known.items()}
    plots = {name.partition("_")[0]: len(record["plots"]) for name, record in known.items()}
    wanted = {"estimate": "number", "slope": "number", "choose": "choices", "which": "choices", "match": "matches"}
    wanted |= {"statements": "choices", "truth": "statement", "medians": "choices", "parts": "number"}
    several = {"which": 4, "match": 4}

    assert {name: types[name] for name in wanted} == wanted
    assert {name: plots[name] for name in wanted} == {name: several.get(name, 1) for name in wanted}
    assert {len(record["claims"]) for name, record in known.items() if name.startswith("parts_")} == {2}
    for name, record in known.items():
        if name.startswith(("which_", "match_")):
            for plot in record["plots"]:
                r = np.corrcoef(np.array(plot["values"]).T)[0, 1]
                assert abs(r - plot["condition"]["r"]) <= 0.0005


def test_the_same_request_gives_the_same_bytes_elsewhere(every_bank, tmp_path):
    """In another process, time zone and locale, with other hash seeds and in a folder of another name."""
    secret, roster = tmp_path / "given.secret", tmp_path / "roster.csv"
    secret.write_text(SECRET.hex() + "\n")
    roster.write_text("id,name,email\n" + "".join(f"{s.id},{s.name},{s.email}\n" for s in students_of(3)))
    environment = {
        **os.environ,
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "de_DE.UTF-8",
        "LANG": "de_DE.UTF-8",
        "PYTHONHASHSEED": "7",
    }
    words = ["build", every_quiz(tmp_path), "--roster", roster, "-o", tmp_path / "other", "--secret", secret]
    subprocess.run(
        [sys.executable, "-m", "plotbank", *map(str, words), "--to", "moodle"],
        env=environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    assert packages(tmp_path / "other") == packages(every_bank)
    assert (tmp_path / "other/private/plots.jsonl").read_bytes() == (every_bank / "private/plots.jsonl").read_bytes()


def test_a_variant_depends_on_no_other_student_and_no_other_question(every_bank, tmp_path):
    """One student alone, and each third question of the quiz alone, in another order."""
    names = list(EVERY)
    alone = built(every_quiz(tmp_path, names[::-3]), students_of(3)[1:2], tmp_path / "bank", ["moodle"])
    (mine, theirs), known = (
        map(questions, (alone / "moodle/every.xml", every_bank / "moodle/every.xml")),
        records(alone),
    )

    assert len(known) == len(names[::-3])
    assert {name: records(every_bank)[name] for name in known} == known
    assert {name: theirs[name] for name in mine} == mine
    assert set(mine) == set(known)


def test_another_secret_gives_none_of_the_same_pictures(tmp_path):
    one = records(small(tmp_path, "one"))
    two = records(small(tmp_path, "two", secret=b"x" * 32))

    assert not {r["plots"][0]["picture"] for r in one.values()} & {r["plots"][0]["picture"] for r in two.values()}
    assert not set(one) & set(two)


def test_adding_and_reordering_students_changes_nobody_elses(tmp_path):
    one = records(small(tmp_path, "one", students=STUDENTS[:4]))
    two = records(small(tmp_path, "two", students=(STUDENTS[5], *STUDENTS[3::-1], STUDENTS[4])))

    assert len(two) == 6
    assert {variant: two[variant] for variant in one} == one


def test_a_student_is_told_apart_by_id_alone(tmp_path):
    renamed = tuple(Student(id=s.id, name="Somebody", email="") for s in STUDENTS)

    assert records(small(tmp_path, "one")) == records(small(tmp_path, "two", students=renamed))


def test_distinct_answers(tmp_path):
    text = SMALL + 'distinct = "answer"\n'
    students = tuple(Student(id=str(i)) for i in range(21))
    keys = [row["key"] for row in rows(small(tmp_path, students=students, text=text))]

    assert sorted(keys) == [f"{0.5 + k / 100:.2f}" for k in range(21)]


def test_more_distinct_answers_than_exist_are_refused_before_any_work(tmp_path):
    with pytest.raises(ImpossibleRequest, match=r"22 - 21 = 1 too few"):
        small(
            tmp_path,
            text=SMALL + 'distinct = "answer"\n',
            students=tuple(Student(id=str(i)) for i in range(22)),
        )
    assert [p.name for p in tmp_path.iterdir()] == []


@pytest.mark.parametrize("off", [1e-4, 1e-2])
def test_no_device_can_change_a_key(tmp_path, monkeypatch, off):
    """A network that draws other numbers, as a GPU does in the last digits, or far worse: the keys stay those asked for,
    and what is drawn has them."""
    honest = small(tmp_path, "honest")
    draw = Model.draw

    def elsewhere(self, noise, condition):
        data = draw(self, noise, condition)
        moved = data + off * np.random.default_rng(0).uniform(-1, 1, data.shape).astype(np.float32)
        return np.where(data > 0, moved.clip(0, 1), data)

    monkeypatch.setattr(Model, "draw", elsewhere)
    other = small(tmp_path, "other")

    keys = [{row["student"]: row["key"] for row in rows(folder)} for folder in (honest, other)]
    assert keys[0] == keys[1]
    before, after = ({n: r["plots"][0]["values"] for n, r in records(folder).items()} for folder in (honest, other))
    assert all(before[name] != after[name] for name in before)
    for row in rows(other):
        assert abs(np.corrcoef(np.array(after[row["variant"]]).T)[0, 1] - float(row["key"])) <= 0.0005


def test_a_picture_that_somebody_has_is_drawn_again(tmp_path, monkeypatch):
    """Everybody is made to draw the same at their first attempts."""
    true = seeds.Seed.rng
    same = seeds.seed(SECRET, "", "", "")
    monkeypatch.setattr(
        seeds.Seed, "rng", lambda self, stream, attempt=0: true(same if attempt < 20 else self, stream, attempt)
    )
    folder = small(tmp_path, text=SMALL.replace("[0.5, 0.7]", "0.6").replace("[20, 25]", "22"))

    assert len({record["plots"][0]["picture"] for record in records(folder).values()}) == 6
    assert evidence(folder)["questions"]["q1"]["redraws"]["another student has the same"] >= 5


def test_an_item_that_the_reader_does_not_confirm_is_not_shipped(tmp_path, monkeypatch):
    """The renderer is made to lose a point at the first attempt of every variant."""
    true = variants.Frame.picture
    shown = Counter()

    def losing(self, values, condition):
        shown[values.tobytes()] += 1
        return true(self, values[:-1] if len(shown) <= 3 else values, condition)

    monkeypatch.setattr(variants.Frame, "picture", losing)
    folder = small(tmp_path)
    redraws = evidence(folder)["questions"]["q1"]["redraws"]

    assert redraws["the picture does not show the data"] == 3


def test_an_item_whose_words_tell_the_key_is_not_shipped(tmp_path, monkeypatch):
    """Asked for every item with the names under which it will be delivered."""
    asked = []

    def told(key, *, title, identifier, label, **words):
        asked.append((title, identifier, label))
        return ["the stem tells the key"] if len(asked) <= 3 else []

    monkeypatch.setattr(variants, "told", told)
    folder = small(tmp_path)
    redraws = evidence(folder)["questions"]["q1"]["redraws"]

    assert redraws["the text tells the key"] == 3
    for variant in records(folder):
        label = variant.removeprefix("q1_")
        assert (f"Estimate the correlation {label[:8]}", f"small-{variant}", label) in asked


def test_a_request_that_never_works_is_refused(tmp_path, monkeypatch):
    def never(*_):
        raise UnsuitableDraw("never good enough")

    monkeypatch.setattr(variants._Maker, "_accepted", never)
    monkeypatch.setattr(variants, "_MOST_TURNS", 2)
    monkeypatch.setattr(variants, "_ATTEMPTS", 3)
    with pytest.raises(
        ImpossibleRequest, match=r"question 'q1': no usable item .*\(last reason: never good enough\): ask"
    ):
        small(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == []


def test_a_student_whose_draws_are_refused_again_and_again_gets_another_condition(tmp_path, monkeypatch):
    """All that is drawn of everybody's first condition is refused."""
    true, first = variants._Maker._accepted, {}

    def choosy(self, wanted, drawn, found):
        label, r = wanted.own.label, wanted.planned.condition["r"]
        if first.setdefault(label, r) == r:
            raise UnsuitableDraw("not this one")
        return true(self, wanted, drawn, found)

    monkeypatch.setattr(variants._Maker, "_accepted", choosy)
    monkeypatch.setattr(variants, "_ATTEMPTS", 3)
    folder = small(tmp_path)

    for name, record in records(folder).items():
        assert record["plots"][0]["condition"]["r"] != first[name.removeprefix("q1_")]
    assert evidence(folder)["questions"]["q1"]["redraws"]["not this one"] >= 18


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device"), RuntimeError])
def test_whatever_goes_wrong_leaves_nothing_behind(tmp_path, error):
    seen = []

    def advance(stage):
        seen.append(stage)
        if len(seen) == 4:
            raise error

    with pytest.raises(BankError if isinstance(error, OSError) else error):
        small(tmp_path, advance=advance)
    assert len(seen) == 4
    assert [p.name for p in tmp_path.iterdir()] == []


def test_what_a_format_cannot_say_is_refused(tmp_path, monkeypatch):
    moodle = exporters()["moodle"]
    monkeypatch.setattr(type(moodle), "check", lambda self, bank, item: ["the picture is too large"])
    with pytest.raises(BankError, match="Moodle XML cannot say question 'q1': the picture is too large"):
        small(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == []


def test_the_old_bank_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    before = packages(small(tmp_path))
    true = Path.rename

    def rename(self, target):
        if self.name.endswith(".partial"):
            raise OSError(28, "No space left on device")
        return true(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(BankError, match="cannot be written: No space left on device"):
        small(tmp_path, overwrite=True, secret=b"x" * 32)
    assert packages(tmp_path / "bank") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bank"]


def test_a_failed_build_leaves_the_old_bank_as_it_was(tmp_path):
    folder = small(tmp_path)
    before = packages(folder)

    def fail(stage):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path, overwrite=True, secret=b"x" * 32, advance=fail)
    assert packages(folder) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bank"]


def test_a_bank_is_replaced_only_when_told_to(tmp_path):
    folder = small(tmp_path)
    before = packages(folder)
    with pytest.raises(BankError, match="there is a bank here already: choose another name, or say --overwrite"):
        small(tmp_path)
    small(tmp_path, overwrite=True, secret=b"x" * 32)

    assert packages(folder).keys() == before.keys()
    assert packages(folder) != before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bank"]


def test_a_changed_id_column_is_remarked_on(tmp_path):
    """A late enrolment without an ID number turns a Moodle export's ids into e-mail addresses for everybody."""
    small(tmp_path)
    quiz, roster = quiz_of(SMALL), Roster(students=STUDENTS, source="", id_column="Email", left_out=())
    moodle = [exporters()["moodle"]]
    changed = build(quiz, roster, SECRET, tmp_path / "bank", moodle, overwrite=True)
    same = build(quiz, roster, SECRET, tmp_path / "bank", moodle, overwrite=True)

    assert changed.remarks == (
        "the bank that was here told students apart by 'id', this one by 'Email', so everybody has other variants than before",
    )
    assert same.remarks == ()


def test_a_folder_that_is_no_bank_is_never_replaced(tmp_path):
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "thesis.txt").write_text("years of work")
    with pytest.raises(BankError, match="is not a bank: choose another name"):
        small(tmp_path, overwrite=True)
    assert (tmp_path / "bank" / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "bank").mkdir()

    assert len(records(small(tmp_path))) == 6


def test_a_folder_in_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(BankError, match="does not exist: make it first"):
        small(tmp_path, "none/bank")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_that_a_spreadsheet_would_run_are_defused(cell):
    assert harmless(cell) == "'" + cell


def test_ordinary_cells_stay():
    assert harmless("O'Brien = 3") == "O'Brien = 3"


def test_hostile_names_are_defused_in_the_answer_key(tmp_path):
    students = (Student(id="=cmd|' /C calc'!A0", name='@x","y', email="-2+3"),)
    row = rows(small(tmp_path, students=students))[0]

    assert (row["student"], row["name"], row["email"]) == ("'=cmd|' /C calc'!A0", '\'@x","y', "'-2+3")


def test_pictures_have_the_size_asked_for(tmp_path):
    folder = small(tmp_path)
    with zipfile.ZipFile(folder / "canvas" / "small.zip") as archive:
        images = [archive.read(name) for name in archive.namelist() if name.startswith("images/")]

    assert len(images) == 6
    assert {Image.open(io.BytesIO(png)).size for png in images} == {(400, 300)}


@pytest.mark.skipif(not VALIDATOR.is_file(), reason="the conformance checks do not lie beside this checkout")
def test_the_canvas_package_passes_the_conformance_checks(example_bank):
    (package,) = (example_bank / "canvas").iterdir()
    command = [sys.executable, VALIDATOR, "--strict", "--dialect", "canvas", package]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:]


def number_of(cell):
    """A number as an English table has it."""
    return float(cell.replace("\N{MINUS SIGN}", "-").replace(",", ""))


def tables(stem):
    """The tables of a stem: caption, head, rows."""
    found = html.fragment_fromstring(stem, create_parent="div").iter("table")
    return [
        (
            table.findtext("caption"),
            [cell.text_content() for cell in table.iter("th")],
            [
                [cell.text_content() for cell in row.iter("td")]
                for row in table.iter("tr")
                if row.find("td") is not None
            ],
        )
        for table in found
    ]


def stems(path):
    tree = etree.parse(path)
    return {
        e.findtext("idnumber").partition("-")[2].removeprefix("data-"): e.findtext("questiontext/text")
        for e in tree.getroot()
        if e.findtext("idnumber")
    }


def test_who_is_accommodated_has_variants_in_packages_of_their_own(accommodating_bank):
    known = rows(accommodating_bank)
    special = {row["variant"] for row in known if row["accommodated"] == "yes"}
    others = {row["variant"] for row in known if row["accommodated"] == ""}

    assert sorted(packages(accommodating_bank)) == ["moodle/every-data.xml", "moodle/every.xml"]
    assert special == {row["variant"] for row in known if row["student"] == "student-2"}
    assert set(stems(accommodating_bank / "moodle/every-data.xml")) == special
    assert set(stems(accommodating_bank / "moodle/every.xml")) == others
    assert len(others) == 2 * len(special)
    assert b"(with data tables)" in (accommodating_bank / "moodle/every-data.xml").read_bytes()


def test_the_tables_hold_the_data_and_nobody_else_has_one(accommodating_bank):
    known = records(accommodating_bank)
    for stem in stems(accommodating_bank / "moodle/every.xml").values():
        assert "<table" not in stem
    for variant, stem in stems(accommodating_bank / "moodle/every-data.xml").items():
        shown, found = known[variant]["plots"], tables(stem)
        assert len(found) == len(shown)
        for plot, (caption, head, body) in zip(shown, found, strict=True):
            values = np.array(plot["values"])
            if len(shown) > 1 and variant.startswith("match_"):
                assert caption.startswith("Plot ")
            if plot["kind"] == "scatter":
                assert head == [plot["x"]["label"], plot["y"]["label"]]
                got = np.array([[number_of(cell) for cell in row] for row in body])
                assert sorted(got.tolist()) == sorted(values.tolist())
                assert got.tolist() != sorted(got.tolist()), "the order would tell the lowest point"
            elif plot["kind"] == "boxplot" and len(shown) == 1:
                assert [row[0] for row in body] == plot["x"]["categories"]
                for group, (_, cells) in enumerate(body):
                    got = [number_of(cell) for cell in cells.split("; ")]
                    assert sorted(got) == sorted(values[values[:, 0] == group, 1].tolist())
            elif plot["kind"] == "boxplot":
                five = [number_of(cell) for cell in body[0][0].split("; ")]
                assert five[1:4] == pytest.approx(np.quantile(values[:, 1], [0.25, 0.5, 0.75]).tolist())
                assert five[0] in values[:, 1]
                assert five[4] in values[:, 1]
                places = precision(Axis(label="", low=plot["y"]["low"], high=plot["y"]["high"]))
                assert (values[:, 1] == np.round(values[:, 1], places)).all(), "the right one has no fewer places"
            else:
                low, high, bins = plot["x"]["low"], plot["x"]["high"], int(plot["condition"]["bins"])
                counts, edges = np.histogram(values[:, 0], bins=bins, range=(low, high))
                assert [int(row[1]) for row in body] == counts.tolist()
                for row, start, end in zip(body, edges[:-1], edges[1:], strict=True):
                    one, other = row[0].split(" – ")
                    assert stands_for(one, round(start, 9))
                    assert stands_for(other, round(end, 9))


def test_a_bank_with_accommodated_variants_is_proved(accommodating_bank):
    verdict = verify(accommodating_bank)

    assert verdict.findings == ()
    assert verdict.packages == 2
    assert verdict.proved == verdict.items == len(rows(accommodating_bank))


def test_accommodation_changes_no_picture_and_no_key(accommodating_bank, every_bank):
    """The same secret, quiz and students: only the table is added."""
    known, before = records(accommodating_bank), records(every_bank)
    shared = set(known) & set(before)

    assert len(shared) == len(known)
    assert {name: known[name] for name in shared} == {name: before[name] for name in shared}


def test_canvas_gets_the_accommodated_in_a_package_of_their_own_too(tmp_path):
    folder = small(tmp_path, accommodate=["s3", "s3"])

    assert sorted(packages(folder)) == [
        *("canvas/small-data.zip", "canvas/small.zip", "moodle/small-data.xml", "moodle/small.xml")
    ]
    assert verify(folder).findings == ()
    assert verify(folder).items == 12


def test_everybody_may_be_accommodated(tmp_path):
    folder = small(tmp_path, students=STUDENTS[:2], accommodate=["s0", "s1"])

    assert sorted(packages(folder)) == ["canvas/small-data.zip", "moodle/small-data.xml"]
    assert verify(folder).findings == ()


def test_an_unknown_id_to_accommodate_is_refused(tmp_path):
    with pytest.raises(RosterError) as caught:
        small(tmp_path, accommodate=["s1", "s9"])
    assert str(caught.value) == "no student has the id 's9' (students are told apart by 'id')"
    assert [p.name for p in tmp_path.iterdir()] == []


def test_a_quiz_in_german_has_german_words_and_numbers(once):
    """Stems, options and axes; the numbers that machines read keep their point."""

    def make(folder):
        quiz = every_quiz(folder, ("choose", "truth", "medians", "match"), locale="de")
        built(quiz, students_of(2), folder / "bank", ["moodle"], accommodate=["student-1"])

    bank = once("german", make)
    text = (bank / "moodle/every.xml").read_text(encoding="utf-8")

    assert verify(bank).findings == ()
    assert "Streudiagramm" in text
    assert "Boxplot" in text
    assert re.search(r"<text><!\[CDATA\[−?0,\d\d\]\]></text>", text), "options with a decimal comma"
    assert not re.search(r"<text><!\[CDATA\[−?0\.\d\d\]\]></text>", text)
    assert evidence(bank)["quiz"]["locale"] == "de"


def test_distinct_answers_of_a_template_that_no_feature_decides(tmp_path):
    """True or false has two answers only; of several statements there are many, and everybody gets others."""
    text = SMALL[: SMALL.index("[[question]]")].replace("[400, 300]", "[600, 450]")
    with pytest.raises(ImpossibleRequest, match=r"allows 2 different answers, and 6 students .*\(6 - 2 = 4 too few\)"):
        small(tmp_path, text=text + '[[question]]\ntemplate = "boxplot/true-false"\ndistinct = "answer"\n')
    folder = small(tmp_path, text=text + '[[question]]\ntemplate = "boxplot/outliers"\nn1 = 40\noutliers1 = [1, 4]\n'
                   'distinct = "answer"\n', students=STUDENTS[:4])  # fmt: skip

    assert sorted(row["key"] for row in rows(folder)) == ["1", "2", "3", "4"]


def test_answers_are_really_distinct_where_the_data_or_the_options_decide_them(tmp_path):
    """No feature of the condition is the slope; and who chooses among other numbers has another answer."""
    text = (
        SMALL.replace("scatter/estimate-r", "scatter/slope").replace("r = [0.5, 0.7]", "r = 0.8")
        + 'distinct = "answer"\n'
    )
    students = tuple(Student(id=str(i)) for i in range(12))
    folder = small(tmp_path, text=text, students=students)

    assert len({row["key"] for row in rows(folder)}) == 12
    text = SMALL.replace("scatter/estimate-r", "scatter/choose-r").replace("[0.5, 0.7]", "{ values = [0.6, 0.65] }")
    folder = small(tmp_path, "choices", text=text + 'distinct = "answer"\n', students=students[:4])
    answers = [record["claims"][0]["answer"] for record in records(folder).values()]

    assert len({row["key"] for row in rows(folder)}) == 2
    assert len({(a["right"][0], *(entry["value"] for entry in a["entries"])) for a in answers}) == 4
