"""Banned items: drawn again in their places, while everybody else's stay what they are, byte for byte."""

import json
import re
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner
from lxml import etree

from plotbank import models
from plotbank.bans import owners, read_bans
from plotbank.cli import main
from plotbank.errors import BanFileError
from plotbank.generator import seeds
from plotbank.quiz import read_quiz
from plotbank.variants import Frames, Statistics, redrawn, variant_id, variants
from plotbank.verify import verify

from .conftest import SECRET, SMALL, built, evidence, packages, records, rows, students_of

STUDENTS = students_of(4)
ACCOMMODATED, BANNED_TWICE = "student-2", "student-3"
QUIZ = SMALL.replace("r = [0.5, 0.7]\nn = [20, 25]", "r = { values = [0.6, 0.7] }\nn = 40")


@pytest.fixture(scope="module")
def quiz(tmp_path_factory):
    path = tmp_path_factory.mktemp("bans") / "quiz.toml"
    path.write_text(QUIZ, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def banks(quiz):
    """The bank without bans; with two of its items banned, one of them in an accommodated student's package; and with
    one that came in their places banned as well."""
    folder = quiz.parent

    def bank(name, banned):
        return built(quiz, STUDENTS, folder / name, accommodate=[ACCOMMODATED], banned=banned)

    before = bank("before", ())
    first = [of(before, ACCOMMODATED), of(before, BANNED_TWICE)]
    after = bank("after", first)
    again = bank("again", [*first, of(after, BANNED_TWICE)])
    return before, after, again


def of(bank, student, question="q1"):
    """The id of a student's item."""
    (found,) = (row["variant"] for row in rows(bank) if (row["student"], row["question"]) == (student, question))
    return found


def delivered(bank):
    """Every item of both formats, in their order: what stands in the package, with pictures, by the student."""
    owner = {row["variant"]: row["student"] for row in rows(bank)}
    found = {}
    for path in sorted((bank / "moodle").iterdir()):
        for text in re.findall(r"<question type=.*?</question>", path.read_text(encoding="utf-8"), flags=re.DOTALL):
            if name := re.search(r"<idnumber>[^<]*-([a-z0-9]+_[0-9a-f]{16})<", text):
                found["moodle", owner[name[1]]] = text
    for path in sorted((bank / "canvas").iterdir()):
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        pictures = {name.rpartition("/")[2]: content for name, content in files.items() if name.endswith(".png")}
        for name, content in files.items():
            if not name.endswith(".xml"):
                continue
            for item in etree.fromstring(content).iter("{*}item"):
                text = etree.tostring(item)
                if match := re.search(r"q1_[0-9a-f]{16}", item.get("ident", "")):
                    own = [picture for picture in pictures if picture.encode() in text]
                    assert len(own) == 1
                    found["canvas", owner[match[0]]] = text, pictures[own[0]]
    return found


def test_only_banned_items_are_drawn_again_and_keep_their_places(banks):
    before, after, _ = banks
    was, now = delivered(before), delivered(after)
    banned = {ACCOMMODATED, BANNED_TWICE}

    assert len(was) == 8
    assert list(now) == list(was)
    assert {student for key, student in was if was[key, student] != now[key, student]} == banned
    assert all(was["moodle", student] != now["moodle", student] for student in banned)
    kept, other = records(before), records(after)
    assert list(map(str, kept)) != list(map(str, other))
    for student in (student.id for student in STUDENTS):
        old, new = of(before, student), of(after, student)
        if student in banned:
            (mine,), (theirs,) = kept[old]["plots"], other[new]["plots"]
            assert old != new
            assert mine["picture"] != theirs["picture"]
            assert sorted(mine["values"]) != sorted(theirs["values"])
        else:
            assert (old, kept[old]) == (new, other[new])


def test_what_takes_a_banned_items_place_is_an_item_like_any_other(banks):
    _, after, again = banks

    for bank in (after, again):
        assert verify(bank).findings == ()
        assert [row["accommodated"] for row in rows(bank) if row["student"] == ACCOMMODATED] == ["yes"]
    for row in rows(again):
        (plot,) = records(again)[row["variant"]]["plots"]
        assert abs(np.corrcoef(np.array(plot["values"]).T)[0, 1] - float(row["key"])) <= 0.0005


def test_an_item_that_took_a_banned_ones_place_can_be_banned(banks):
    before, after, again = banks
    was, now = delivered(after), delivered(again)

    assert {student for key, student in was if was[key, student] != now[key, student]} == {BANNED_TWICE}
    assert list(now) == list(was)
    assert len({of(bank, BANNED_TWICE) for bank in banks}) == 3
    assert of(again, ACCOMMODATED) == of(after, ACCOMMODATED) != of(before, ACCOMMODATED)


def test_the_new_item_comes_of_a_seed_of_its_own(banks):
    own = seeds.seed(SECRET, "small", "q1", BANNED_TWICE)
    names = [variant_id("q1", redrawn(own, times)) for times in range(3)]

    assert [of(bank, BANNED_TWICE) for bank in banks] == names
    assert redrawn(own, 2) == own.child("redraw 2")


def test_the_evidence_names_what_was_banned_and_counts_its_draws(banks):
    before, after, again = banks
    was, now, last = (evidence(bank)["questions"]["q1"] for bank in banks)

    assert "banned" not in was["redraws"]
    assert (now["redraws"]["banned"], last["redraws"]["banned"]) == (2, 3)
    assert evidence(before)["bans"] == []
    assert set(evidence(again)["bans"]) == {
        of(before, ACCOMMODATED),
        of(before, BANNED_TWICE),
        of(after, BANNED_TWICE),
    }
    for said in (was, now, last):
        assert said["kept"] == 4 == said["draws"] - sum(said["redraws"].values())


def test_the_same_ban_file_gives_the_same_bytes(banks, quiz, tmp_path):
    """By the command line."""
    before, after, again = banks
    (tmp_path / "roster.csv").write_text("id,name,email\n" + "".join(f"{s.id},{s.name},{s.email}\n" for s in STUDENTS))
    (tmp_path / "given.secret").write_text(SECRET.hex() + "\n")
    bans = written(
        tmp_path, [of(before, ACCOMMODATED), of(before, BANNED_TWICE), of(after, BANNED_TWICE), of(after, BANNED_TWICE)]
    )
    words = ["build", quiz, "--roster", tmp_path / "roster.csv", "-o", tmp_path / "bank", "--ban", bans]
    words += ["--secret", tmp_path / "given.secret", "--accommodate", ACCOMMODATED]
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    assert result.exit_code == 0, result.output
    assert "banned: 3" in result.output
    assert packages(tmp_path / "bank") == packages(again)
    assert (tmp_path / "bank/private/plots.jsonl").read_bytes() == (again / "private/plots.jsonl").read_bytes()


# Answers that must differ: the others keep theirs.

HEAD = (
    '[quiz]\ntitle = "T"\nid = "t-2"\npicture = { size = [400, 300], density = 1 }\n[[question]]\ndistinct = "answer"\n'
)


def made(question, students, banned=()):
    frames, counts = Frames(question.numerals), Statistics()
    model = models.open_model(question.card, "cpu", threads=1)
    found = variants("t-2", question, students_of(students), SECRET, model, frames, counts, banned=banned)
    return {variant.student.id: variant.item for variant in found}


@pytest.mark.parametrize(
    ("asked", "students"),
    [
        ('template = "scatter/estimate-r"\nr = { values = [0.6, 0.7] }\nn = 40\n', 2),
        ('template = "scatter/estimate-r"\nr = { values = [0.6, 0.65, 0.7, 0.75] }\nn = 40\n', 2),
        ('template = "boxplot/true-false"\n', 2),
    ],
    ids=["no value is left", "values are left", "true or false"],
)
def test_the_others_keep_answers_that_must_differ(quiz_file, asked, students):
    """A later ban changes no item that an earlier one led to.  Of the truths, the first student would get by themselves
    the one of the second, who is delivered later."""
    (question,) = read_quiz(quiz_file(HEAD + asked)).questions
    was, order = made(question, students), []
    for student in ("student-1", "student-2"):
        order.append(student)
        now = made(question, students, order)

        assert [name for name in was if was[name] != now[name]] == [student]
        assert list(now) == list(was)
        assert len({item.key.equivalence for item in now.values()}) == students
        was = now


# Ban files that are refused.


def written(folder, items, quiz="small", **more):
    path = folder / "bans.json"
    path.write_text(json.dumps({"plotbank": "banned items", "quiz": quiz, "items": items, **more}), encoding="utf-8")
    return path


def test_a_ban_file_is_read_in_its_order_and_once(tmp_path):
    one, two = "q1_00000000000000ff", "q1_00000000000000aa"

    assert read_bans(written(tmp_path, [one, two, one]), "small") == (one, two)
    assert read_bans(written(tmp_path, []), "small") == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "this is not JSON, as a ban file is"),
        ("[" * 100_000, "this is not JSON, as a ban file is"),
        ("\x00\xff", "this is not JSON, as a ban file is"),
        ("[]", 'this is no file of banned items: one begins with {"plotbank": "banned items"'),
        ('{"plotbank": "evidence"}', 'this is no file of banned items: one begins with {"plotbank": "banned items"'),
        (
            '{"plotbank": "banned items", "quiz": "other", "items": []}',
            "its items are of the quiz 'other', this one is 'small': name the ban file of this quiz",
        ),
        (
            '{"plotbank": "banned items", "quiz": "small"}',
            'the list "items" is missing: write the ids of the banned items there',
        ),
        (
            '{"plotbank": "banned items", "quiz": "small", "items": ["../q1"]}',
            "\"../q1\" is no item: write ids as in the column 'variant' of private/answer_key.csv",
        ),
        (
            '{"plotbank": "banned items", "quiz": "small", "items": [{"id": "q1_00000000000000ff"}]}',
            '{"id": "q1_00000000000000ff"} is no item: write ids as in the column \'variant\' of private/answer_key.csv',
        ),
        ("[" + " " * 5_000_000, "a ban file has at most 5,000,000 bytes; this is something else"),
    ],
)
def test_what_is_no_ban_file_of_this_quiz_is_refused_in_a_line(tmp_path, content, message):
    path = tmp_path / "bans.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BanFileError) as caught:
        read_bans(path, "small")
    assert str(caught.value) == f"{path}: {message}"


def test_a_ban_file_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(BanFileError, match=r"there is no such ban file \(the page report.html of a bank writes one\)"):
        read_bans(tmp_path / "bans.json", "small")
    with pytest.raises(BanFileError, match="the ban file cannot be read: Is a directory"):
        read_bans(tmp_path, "small")


def test_items_that_nobody_has_are_refused_before_any_work(banks, quiz, tmp_path):
    """Of another secret, of another roster, or without the ban that it follows."""
    before, after, _ = banks
    known, plan = of(before, BANNED_TWICE), read_quiz(quiz)
    own = of(after, BANNED_TWICE)

    assert owners([known, own], plan, STUDENTS, SECRET) == {"q1": (BANNED_TWICE, BANNED_TWICE)}
    assert owners([], plan, STUDENTS, SECRET) == {"q1": ()}
    for banned, students, secret in (
        ([known], STUDENTS, bytes(32)),
        ([known], STUDENTS[:2], SECRET),
        ([own], STUDENTS, SECRET),
        ([own, "q1_0123456789abcdef"], STUDENTS, SECRET),
        ([known.replace("q1", "q2")], STUDENTS, SECRET),
    ):
        with pytest.raises(BanFileError) as caught:
            owners(banned, plan, students, secret)
        assert str(caught.value) == (
            f"nobody has the banned item {banned[0]!r}: build with the quiz, roster and secret of the bank in which it "
            "was banned and with all items banned before it, or take it out of the ban file"
        )
    with pytest.raises(BanFileError):
        built(quiz, STUDENTS, tmp_path / "bank", banned=["q1_0123456789abcdef"])
    assert list(tmp_path.iterdir()) == []


def test_the_command_refuses_a_ban_file_in_one_line_and_leaves_nothing(quiz, tmp_path):
    (tmp_path / "roster.csv").write_text("id\nstudent-1\n")
    bans = written(tmp_path, [], quiz="other")
    words = ["build", quiz, "--roster", tmp_path / "roster.csv", "-o", tmp_path / "bank", "--ban", bans]
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    assert result.exit_code == 2
    assert re.fullmatch(r"plotbank: .*its items are of the quiz 'other'.*\n", result.stderr)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bans.json", "roster.csv"]
