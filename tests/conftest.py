"""What several tests share: banks to look at, each made once, and small helpers."""

import csv
import fcntl
import json
import os
import shutil
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side: threads of each would only be in the way
ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "intro-statistics"
SECRET = bytes(range(32))
# A question of every type, with plots of every kind; each of the tests that plant a fault names the one that it needs.
EVERY = {
    "estimate": 'template = "banded.md"\nr = { values = [0.6, 0.7, 0.8] }\nn = [30, 40]',
    "slope": 'template = "scatter/slope"\nn = [30, 40]',
    "choose": 'template = "scatter/choose-r"\nn = [30, 40]',
    "which": 'template = "scatter/which-has-r"\nn = [30, 40]',
    "match": 'template = "scatter/match-r"\nr = { values = [-0.2, -0.1, 0.1, 0.2] }\nn = [30, 40]',
    "statements": 'template = "boxplot/statements"',
    "truth": 'template = "boxplot/true-false"',
    "medians": 'template = "boxplot/compare-medians"',
    "parts": 'template = ["boxplot/median", "boxplot/skew"]\ntitle = "Centre and shape"',
    "boxes": 'template = "histogram/which-boxplot"',
    "bars": 'template = "histogram/count-above"',
}
WHOLE = ("moodle", "qti12", "qti21", "qti22", "qti30", "html")  # formats that can say all of them
UNSAYABLE_IN_CANVAS = ("estimate", "parts")  # partial credit; a number as one of several parts
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


def pytest_addoption(parser):
    parser.addoption("--write-golden", action="store_true", help="write the files in tests/golden/ again")


def students_of(count):
    from plotbank.items import Student

    return tuple(
        Student(id=f"student-{i}", name=f"Ann{i} Bell{i}", email=f"s{i}@example.edu") for i in range(1, count + 1)
    )


def built(quiz, students, folder, formats=("moodle", "canvas"), secret=SECRET, id_column="id", **options):
    """A bank of this quiz file; formats are names, or exporters."""
    from plotbank.build import build
    from plotbank.exporters import exporters
    from plotbank.quiz import read_quiz
    from plotbank.roster import Roster

    roster = Roster(students=tuple(students), source="plain columns", id_column=id_column, left_out=())
    chosen = [exporters()[one] if isinstance(one, str) else one for one in formats]
    build(read_quiz(quiz), roster, secret, folder, chosen, **options)
    return folder


def recorded(quiz, students, folder, formats, **options):
    """A bank in this folder, with its items beside it, which tests/mutations can make wrong."""
    from plotbank.exporters import exporters

    from .mutations.recording import Recording

    first, *others = formats
    recording = Recording(exporter=exporters()[first], folder=folder)
    return built(quiz, students, folder / "bank", [recording, *others], **options)


def packages(folder):
    """Every file outside private/, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "private" not in path.parts
    }


def records(folder):
    """What private/ says of the plots, by variant."""
    lines = (folder / "private" / "plots.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["variant"]: record for record in map(json.loads, lines)}


def rows(folder):
    """The answer key."""
    with (folder / "private" / "answer_key.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def evidence(folder):
    return json.loads((folder / "private" / "evidence.json").read_text(encoding="utf-8"))


def every_quiz(folder, names=tuple(EVERY), locale="en"):
    """A quiz file with these questions of `EVERY`, and the template that it needs beside it: an estimate of r that gives
    half of the mark for a near miss."""
    from plotbank.item_templates import installed

    source = installed()["scatter/estimate-r"].english
    band = '\nbands = [{ tolerance = "4 * jnd(r)", share = 0.5 }]\n'
    (folder / "banded.md").write_text(source.replace("\nclarity", band + "clarity"), encoding="utf-8")
    head = f'[quiz]\ntitle = "Every type"\nid = "every"\nlocale = "{locale}"\npicture = {{ density = 1 }}\n'
    questions = "".join(f'[[question]]\nid = "{name}"\ncontext = "any"\n{EVERY[name]}\n' for name in names)
    (folder / "quiz.toml").write_text(head + questions, encoding="utf-8")
    return folder / "quiz.toml"


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Makes a folder once, by whichever of the processes side by side comes first.  Do not change it: copy it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name, of):
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                folder.mkdir(exist_ok=True)
                of(folder)
                (folder / "done").touch()
        return folder / "bank"

    return make


@pytest.fixture(scope="session")
def example_bank(once):
    """The example quiz for its students."""
    from plotbank.roster import read_roster

    students = read_roster(EXAMPLE / "roster.csv").students
    return once("example", lambda folder: recorded(EXAMPLE / "quiz.toml", students, folder, ["moodle", "canvas"]))


@pytest.fixture(scope="session")
def every_bank(once):
    """A question of every type and kind for three students, for Moodle."""
    return once("every", lambda folder: recorded(every_quiz(folder), students_of(3), folder, ["moodle"]))


@pytest.fixture(scope="session")
def whole_bank(once):
    """A question of every type and kind for two students, in every format that can say them all."""
    return once("whole", lambda folder: built(every_quiz(folder), students_of(2), folder / "bank", WHOLE))


@pytest.fixture(scope="session")
def accommodating_bank(once):
    """The second of three students gets the data of every kind of plot in tables."""

    def make(folder):
        quiz = every_quiz(folder, ("slope", "match", "medians", "boxes", "bars"))
        recorded(quiz, students_of(3), folder, ["moodle"], accommodate=["student-2"])

    return once("accommodating", make)


@pytest.fixture
def quiz_file(tmp_path):
    """Write a quiz file and return its path."""

    def write(text, name="quiz.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def copied(tmp_path):
    """Copies a bank, so that a test may damage it."""
    return lambda bank: Path(shutil.copytree(bank, tmp_path / "bank"))
