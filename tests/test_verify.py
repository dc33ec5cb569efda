"""Verify proves good banks and catches planted faults, even where the hashes were made to fit."""

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from plotbank.errors import BankError
from plotbank.generator.kinds import Plot
from plotbank.generator.kinds.scatter import KIND
from plotbank.generator.rendering import Frame
from plotbank.items import Axis, PictureSpec, Student
from plotbank.verify import verify

from .conftest import EVERY as QUESTIONS
from .conftest import WHOLE, built, every_quiz, evidence, packages, records, rows, students_of

PAIR = """
[quiz]
title = "Pair"
id = "pair"
picture = { size = [400, 300], density = 1 }
[[question]]
template = "scatter/estimate-r"
r = [0.55, 0.85]
n = [30, 40]
x = { label = "Study time (hours per week)", range = [0, 30] }
y = { label = "Exam score", range = [0, 100] }
[[question]]
template = "scatter/choose-r"
n = [30, 40]
"""
STUDENTS = (
    Student(id="student-1", name="Tomáš Dvořák", email="tomas@example.edu"),
    Student(id="student-2", name="Seán O’Brien", email="sean@example.edu"),
)
MOODLE, CANVAS, EVERY = "moodle/pair.xml", "canvas/pair.zip", "moodle/every.xml"
FILE = re.compile(r'<file name="([^"]+)"[^>]*>([^<]+)</file>')


@pytest.fixture(scope="session")
def pair_bank(once):
    """Two questions about correlations for two students, for both platforms."""

    def make(folder):
        (folder / "quiz.toml").write_text(PAIR, encoding="utf-8")
        built(folder / "quiz.toml", STUDENTS, folder / "bank")

    return once("pair", make)


@pytest.fixture
def bank(pair_bank, copied):
    """Two questions about correlations that a test may damage."""
    return copied(pair_bank)


@pytest.fixture
def every(every_bank, copied):
    """A question of every type that a test may damage."""
    return copied(every_bank)


def messages(bank, package=""):
    return [f.message for f in verify(bank).findings if f.package.startswith(package)]


def found_in(bank):
    """The messages by question."""
    found = {}
    for finding in verify(bank).findings:
        question = finding.item.partition("-")[2].partition("_")[0]
        found.setdefault(question, []).append(finding.message)
    return found


def seal(bank):
    """Make the hashes in the evidence fit the files, so that only what is in them can give a fault away."""
    said = evidence(bank)
    for name in said["packages"]:
        said["packages"][name] = hashlib.sha256((bank / name).read_bytes()).hexdigest()
    for name in said["private_files"]:
        said["private_files"][name] = hashlib.sha256((bank / "private" / name).read_bytes()).hexdigest()
    (bank / "private" / "evidence.json").write_text(json.dumps(said), encoding="utf-8")


def edit_moodle(bank, change, package=MOODLE):
    path = bank / package
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")
    seal(bank)


def edit_item(bank, question, change):
    """`change` takes and returns the first variant of a question in the bank of every type."""

    def edit(text):
        for one in re.findall(r"<question type=.*?</question>", text, flags=re.DOTALL):
            if f"<idnumber>every-{question}_" in one:
                return text.replace(one, change(one), 1)
        raise AssertionError(question)

    edit_moodle(bank, edit, EVERY)


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


def first(bank, question=""):
    """The record of the first variant of a question."""
    return next(record for name, record in records(bank).items() if name.startswith(question))


def replace_record(bank, record):
    path = bank / "private" / "plots.jsonl"
    known = {**records(bank), record["variant"]: record}
    path.write_text("".join(json.dumps(one) + "\n" for one in known.values()))
    seal(bank)


def with_plot(record, place=0, **changes):
    plots = [*record["plots"]]
    plots[place] = plots[place] | changes
    return record | {"plots": plots}


def edit_key(bank, variant, **columns):
    """Change cells of a row of the answer key."""
    path, known = bank / "private" / "answer_key.csv", rows(bank)
    for row in known:
        if row["variant"] == variant:
            row.update(columns)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(known[0]))
        table.writeheader()
        table.writerows(known)
    seal(bank)


def edit_evidence(bank, change):
    said = evidence(bank)
    change(said)
    (bank / "private" / "evidence.json").write_text(json.dumps(said), encoding="utf-8")


def edit_template(bank, question, old, new, place=0):
    def change(said):
        entry = said["questions"][question]["templates"][place]
        assert old in entry["source"]
        entry["source"] = entry["source"].replace(old, new)
        entry["sha256"] = hashlib.sha256(entry["source"].encode()).hexdigest()

    edit_evidence(bank, change)


def points(bank):
    return np.array(first(bank)["plots"][0]["values"])


def redrawn(bank, values):
    plot = first(bank)["plots"][0]
    x, y = (Axis(label=plot[axis]["label"], low=plot[axis]["low"], high=plot[axis]["high"]) for axis in "xy")
    size = PictureSpec(width=400, height=300, density=1)
    return Frame(KIND, Plot(x=x, y=y, picture=size)).picture(values, {})


def put_picture(bank, png):
    """The first variant's picture, in both packages and in private/."""
    record = first(bank)
    name = f"p{record['variant'].rpartition('_')[2]}.png"
    replace_record(bank, with_plot(record, picture=hashlib.sha256(png).hexdigest()))
    edit_moodle(
        bank, lambda text: re.sub(rf'(<file name="{name}"[^>]*>)[^<]+', rf"\g<1>{base64.b64encode(png).decode()}", text)
    )
    edit_canvas(bank, lambda entries: {**entries, f"images/{name}": png})


def test_a_good_bank_is_proved(example_bank):
    verdict = verify(example_bank)

    assert verdict.findings == ()
    assert verdict.packages == 2
    assert verdict.proved == verdict.items == 2 * len(rows(example_bank))


def test_a_good_bank_of_every_type_is_proved(every_bank):
    verdict = verify(every_bank)

    assert verdict.findings == ()
    assert verdict.packages == 1
    assert verdict.proved == verdict.items == len(rows(every_bank)) == 3 * len(evidence(every_bank)["questions"])


def test_canvas_says_the_same_of_every_type_that_it_knows(once):
    from .conftest import EVERY, UNSAYABLE_IN_CANVAS

    def make(folder):
        quiz = every_quiz(folder, [name for name in EVERY if name not in UNSAYABLE_IN_CANVAS])
        built(quiz, students_of(1), folder / "bank", ["canvas"])

    bank = once("every-canvas", make)
    verdict = verify(bank)

    assert list(packages(bank)) == ["canvas/every.zip"]
    assert verdict.findings == ()
    assert verdict.proved == len(rows(bank)) >= 7


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

    assert f"the key is {float(wrong):g}, but {float(key):g} is right" in found
    assert f"the key is {wrong}, but private/answer_key.csv says {key}" in found
    assert messages(bank, "canvas") == []


def test_a_wrong_numeric_key_in_canvas(bank):
    def change(entries):
        name = next(n for n in entries if n.endswith(".xml") and b"varequal" in entries[n])
        entries[name] = re.sub(rb"(<varequal[^>]*margintype[^>]*>)(0\.\d\d)", rb"\g<1>0.11", entries[name], count=1)
        return entries

    edit_canvas(bank, change)

    assert any(re.fullmatch(r"the key is 0\.11, but 0\.\d+ is right", m) for m in messages(bank, "canvas"))


def test_a_wrong_key_that_is_written_everywhere_is_given_away_by_the_picture(bank):
    """In both packages, in the claim, in the record and in the answer key: one hundredth more than is right."""
    record = first(bank, "q1_")
    right, claim = record["key"], record["claims"][0]
    wrong = f"{float(right) + 0.03:.2f}"
    answer = {**claim["answer"], "value": float(wrong)}
    replace_record(bank, {**record, "key": wrong, "claims": [{**claim, "answer": answer}]})
    edit_key(bank, record["variant"], key=wrong)

    def moodle(text):
        item = next(q for q in re.findall(r"<question type=.*?</question>", text, re.DOTALL) if record["variant"] in q)
        return text.replace(
            item, item.replace(f"<text><![CDATA[{right}]]></text>", f"<text><![CDATA[{wrong}]]></text>")
        )

    edit_moodle(bank, moodle)
    (bank / CANVAS).unlink()
    edit_evidence(bank, lambda said: said["packages"].pop(CANVAS))

    assert all(re.fullmatch(rf"the key is {wrong}, but the picture shows {right[:3]}\d+", m) for m in messages(bank))
    assert len(messages(bank)) == 1


def test_another_option_marked_right(bank):
    def change(text):
        start = text.index('type="multichoice"')
        end = text.index("</question>", start)
        item = text[start:end].replace('fraction="100"', 'fraction="WAS"')
        item = item.replace('fraction="0"', 'fraction="100"', 1).replace('fraction="WAS"', 'fraction="0"')
        return text[:start] + item + text[end:]

    edit_moodle(bank, change)

    assert any(re.fullmatch(r"the options [12] are keyed right, not [1-4]", m) for m in messages(bank, "moodle"))


def test_two_right_options(bank):
    def change(text):
        start = text.index('type="multichoice"')
        return text[:start] + text[start:].replace('fraction="0"', 'fraction="100"', 1)

    edit_moodle(bank, change)

    assert messages(bank, "moodle")


@pytest.mark.parametrize("tolerance", ["0.0000001", "0.3"])
def test_another_tolerance(bank, tolerance):
    edit_moodle(bank, lambda text: re.sub(r"<tolerance>[^<]+", f"<tolerance>{tolerance}", text))
    pattern = r"0\.\d+ to 0\.\d+ earns 100%, not 0\.\d+ to 0\.\d+ 100%|0.\d+ to 1.\d+ earns 100%, not .*"

    assert sum(bool(re.fullmatch(pattern, m)) for m in messages(bank, "moodle")) == 2


SWAPPED = "the pictures are not those that were built for this variant"


def test_pictures_swapped_in_moodle(bank):
    def change(text):
        (one, two) = list(FILE.finditer(text))[:2]
        return text[: one.start(2)] + two[2] + text[one.end(2) : two.start(2)] + one[2] + text[two.end(2) :]

    edit_moodle(bank, change)

    assert messages(bank, "moodle").count(SWAPPED) == 2


def test_pictures_swapped_in_canvas(bank):
    def change(entries):
        one, two = [name for name in entries if name.startswith("images/")][:2]
        entries[one], entries[two] = entries[two], entries[one]
        return entries

    edit_canvas(bank, change)

    assert messages(bank, "canvas").count(SWAPPED) == 2


def test_a_duplicated_picture(bank):
    def change(entries):
        one, two = [name for name in entries if name.startswith("images/")][:2]
        entries[one] = entries[two]
        return entries

    edit_canvas(bank, change)

    assert any(m.startswith("the picture is also that of ") for m in messages(bank, "canvas"))


def test_a_point_moved_by_one_percent_with_every_hash_made_to_fit(bank):
    values = points(bank)
    values[3, 0] += 0.3 if values[3, 0] < 15 else -0.3
    put_picture(bank, redrawn(bank, values))
    found = [m for m in messages(bank) if "point of the picture" in m]

    assert len(found) == 2
    assert all(
        re.fullmatch(r"a point of the picture lies (0\.9|1\.0|1\.1)% of an axis from where .*", m) for m in found
    )


def test_a_point_taken_away_with_every_hash_made_to_fit(bank):
    put_picture(bank, redrawn(bank, points(bank)[1:]))

    assert any(
        re.fullmatch(r"the picture shows \d+ points, but the data have \d+", m) for m in messages(bank, "moodle")
    )


def test_the_same_data_drawn_again_are_no_fault(bank):
    """What the faults above are told from: replacing a picture is not itself found wrong."""
    values = points(bank)
    values[0, 0] += 0.002
    put_picture(bank, redrawn(bank, values))

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

    assert "the text alternative tells the key" in messages(bank, "moodle")


def test_a_name_in_a_question(bank):
    edit_moodle(
        bank, lambda text: text.replace("The scatter plot shows", "Dear Tomáš Dvořák, the scatter plot shows", 1)
    )

    assert "a student can be recognised: 'tomáš dvořák' stands in the item" in messages(bank, "moodle")


# Faults in every type of question; each is told from the others by what is said of its question alone.


def swapped(text, one, other):
    """The text with its first occurrences of two parts changed for each other."""
    return text.replace(one, "\0", 1).replace(other, one, 1).replace("\0", other, 1)


def test_another_statement_marked_true(every):
    """A right and a wrong one of several statements take each other's mark."""

    def change(item):
        right = re.search(r'fraction="[\d.]+"', item)[0]
        wrong = re.search(r'fraction="-[\d.]+"', item)[0]
        return swapped(item, right, wrong)

    edit_item(every, "statements", change)
    found = found_in(every)

    assert set(found) == {"statements"}
    assert any(re.fullmatch(r"the options [\d, ]+ are keyed right, not [\d, ]+", m) for m in found["statements"])


def test_a_pair_swapped_in_matching(every):
    one, other = re.findall(r"(Plot [A-D]) -> (\S+?)(?:;|$)", first(every, "match_")["key"])[:2]
    edit_item(
        every,
        "match",
        lambda item: swapped(
            item,
            f"<answer><text><![CDATA[{one[1].replace('-', '−')}",
            f"<answer><text><![CDATA[{other[1].replace('-', '−')}",
        ),
    )
    found = found_in(every)

    assert set(found) == {"match"}
    assert f"plot 1 is matched with {other[1].replace('-', '−')}, but it has {float(one[1]):g}" in found["match"]
    assert f"plot 2 is matched with {one[1].replace('-', '−')}, but it has {float(other[1]):g}" in found["match"]


def test_true_and_false_turned(every):
    edit_item(every, "truth", lambda item: swapped(item, 'answer fraction="100"', 'answer fraction="0"'))
    found, truth = found_in(every), first(every, "truth_")["key"]

    assert set(found) == {"truth"}
    turned = "false" if truth == "true" else "true"
    assert f"the statement is keyed {turned}, but it is {truth}" in found["truth"]


def test_the_key_of_a_part_changed(every):
    """The number of the first part a little, and another option of the second."""
    value = re.search(r"1\) ([-\d.]+);", first(every, "parts_")["key"])[1]
    wrong = f"{float(value) + 10 ** -(len(value.partition('.')[2])):.{len(value.partition('.')[2])}f}"
    edit_item(every, "parts", lambda item: item.replace(f"NUMERICAL:={value}:", f"NUMERICAL:={wrong}:"))
    found = found_in(every)

    assert set(found) == {"parts"}
    assert f"part 1: the key is {float(wrong):g}, but {float(value):g} is right" in found["parts"]


def test_another_option_of_a_part_marked_right(every):
    def change(item):
        (options,) = re.findall(r"MULTICHOICE_V:([^}]*)}", item)
        marked = [option.removeprefix("=") for option in options.split("~")]
        right = next(i for i, option in enumerate(options.split("~")) if option.startswith("="))
        marked[(right + 1) % len(marked)] = "=" + marked[(right + 1) % len(marked)]
        return item.replace(options, "~".join(marked))

    edit_item(every, "parts", change)
    found = found_in(every)

    assert set(found) == {"parts"}
    assert any(re.fullmatch(r"part 2: the options [123] are keyed right, not [123]", m) for m in found["parts"])


def test_a_part_left_out(every):
    edit_item(
        every,
        "parts",
        lambda item: re.sub(r'<div class="part">(?:(?!<div).)*?NUMERICAL.*?</div>', "", item, flags=re.DOTALL),
    )

    assert any("1 parts are delivered, but 2 were made" in m for m in found_in(every)["parts"])


@pytest.mark.parametrize("question", ["which", "boxes"])
def test_pictures_of_options_swapped(every, question):
    """Also in private/, so that every hash fits: the pictures themselves show which one is right."""
    record = first(every, f"{question}_")
    right = record["claims"][0]["answer"]["right"][0]
    options = record["plots"][-len(record["claims"][0]["answer"]["entries"]) :]
    shown = len(record["plots"]) - len(options)
    other = (right + 1) % len(options)

    def change(item):
        files = list(FILE.finditer(item))
        one, two = sorted((files[shown + right], files[shown + other]), key=lambda match: match.start())
        return item[: one.start(2)] + two[2] + item[one.end(2) : two.start(2)] + one[2] + item[two.end(2) :]

    edit_item(every, question, change)
    assert found_in(every) == {question: [SWAPPED, *found_in(every)[question][1:]]}
    plots = [*record["plots"]]
    plots[shown + right], plots[shown + other] = plots[shown + other], plots[shown + right]
    replace_record(every, {**record, "plots": plots})
    found = found_in(every)

    assert set(found) == {question}
    if question == "boxes":
        assert found[question] == [f"the box plot {other + 1} is that of the histogram, not {right + 1}"]
    else:
        assert len(found[question]) == 2
        assert all(re.fullmatch(r"plot [1-4] is said to have r = \S+, but it shows \S+", m) for m in found[question])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r'fraction="50"', 'fraction="80"', r"\S+ to \S+ earns 80%, not \S+ to \S+ 50%"),
        (r'(fraction="50".*?<tolerance>)[^<]+', r"\g<1>0.295", r"\S+ to \S+ earns 50%, not \S+ to \S+ 50%"),
        (
            r'<answer fraction="50".*?</answer>',
            "",
            "0 bands of partial credit are delivered, but 1 were made",
        ),
    ],
)
def test_a_band_of_partial_credit_changed(every, old, new, message):
    edit_item(every, "estimate", lambda item: re.sub(old, new, item, count=1, flags=re.DOTALL))
    found = found_in(every)

    assert set(found) == {"estimate"}
    assert any(re.fullmatch(message, m) for m in found["estimate"])


def changed_claim(record, place=0, **changes):
    claims = [*record["claims"]]
    claims[place] = {**claims[place], "answer": {**claims[place]["answer"], **changes}}
    return {**record, "claims": claims}


@pytest.mark.parametrize(
    ("question", "change", "delivered", "shown"),
    [
        (
            "slope",
            lambda answer: {"value": answer["value"] + 2 * answer["tolerance"]},
            r"the key is \S+, but \S+ is right",
            r"the key is \S+, but the picture shows \S+",
        ),
        (
            "choose",
            lambda answer: {"right": [(answer["right"][0] + 1) % 4]},
            r"the options [1-4] are keyed right, not [1-4]",
            r"the option \S+ is what the picture shows, \S+",
        ),
        (
            "match",
            lambda answer: {"shown": answer["shown"][::-1]},
            r"plot 1 is matched with \S+, but it has \S+",
            r"plot 1 is said to have r = \S+, but it shows \S+",
        ),
        (
            "statements",
            lambda answer: {"right": [place for place in range(4) if place not in answer["right"]]},
            r"the options [\d, ]+ are keyed right, not [\d, ]+",
            r"the option '\w+' is keyed (True|False), but the picture shows otherwise",
        ),
        (
            "truth",
            lambda answer: {"truth": not answer["truth"]},
            r"the statement is keyed (true|false), but it is (true|false)",
            r"the statement '\w+' is keyed (True|False), but the picture shows otherwise",
        ),
        (
            "medians",
            lambda answer: {"right": [(answer["right"][0] + 1) % 4]},
            r"the options [1-4] are keyed right, not [1-4]",
            r"the option '[abcd]' is keyed (True|False), but the picture shows otherwise",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
def test_a_claim_in_private_changed(every, question, change, delivered, shown):
    """It contradicts both what is delivered and what the pictures show."""
    record = first(every, f"{question}_")
    replace_record(every, changed_claim(record, **change(record["claims"][0]["answer"])))
    found = found_in(every)

    assert set(found) == {question}
    assert any(re.fullmatch(delivered, m) for m in found[question])
    assert any(re.fullmatch(shown, m) for m in found[question])


@pytest.mark.parametrize(
    ("question", "old", "new", "message"),
    [
        ("slope", 'key = "slope"', 'key = "-slope"', r"the key is \S+, but the picture shows \S+"),
        ("choose", 'key = "r"', 'key = "-r"', r"the option \S+ is what the picture shows, \S+"),
        ("which", 'plots = "r"', 'plots = "bend"', r"plot \d is said to have bend = \S+, but it shows \S+"),
        ("medians", "max(q2_1, q2_2, q2_3, q2_4)", "0", r"the option '[abcd]' is keyed (True|False), but .* otherwise"),
        ("truth", 'right = "true"', 'right = "false"', r"the statement '\w+' is keyed True, but .* otherwise"),
        ("statements", 'right = "true"', 'right = "false"', r"the option '\w+' is keyed True, but .* otherwise"),
    ],
)
def test_a_template_in_the_evidence_that_says_something_else(every, question, old, new, message):
    edit_template(every, question, old, new)
    found = found_in(every)

    assert set(found) <= {question}
    answers = [record["claims"][0]["answer"] for name, record in records(every).items() if name.startswith(question)]
    if question == "truth" and not any(a["truth"] and a["id"].count("_") for a in answers):
        return  # by chance no statement that is always true was asked about
    assert any(re.fullmatch(message, m) for m in found[question])


def test_a_template_of_a_part_that_says_something_else(every):
    edit_template(every, "parts", 'key = "q2_1"', 'key = "q1_1"')
    found = found_in(every)

    assert set(found) == {"parts"}
    assert len(found["parts"]) == 3
    assert all(re.fullmatch(r"the key is \S+, but the picture shows \S+", m) for m in found["parts"])


def test_a_template_that_cannot_be_worked_out_is_a_finding(every):
    edit_template(every, "slope", 'key = "slope"', 'key = "slope / 0"')

    assert set(found_in(every)["slope"]) == {
        "scatter/slope cannot be worked out for what the picture shows: a division by zero in the template"
    }


def test_other_names_drawn_than_those_of_the_item(every):
    """Whether the largest or the smallest median is asked for was drawn, and stands in private/."""
    record = first(every, "medians_")
    claim = record["claims"][0]
    drawn = {**claim["drawn"], "smallest": not claim["drawn"]["smallest"]}
    replace_record(every, {**record, "claims": [{**claim, "drawn": drawn}]})

    assert any("is keyed True, but the picture shows otherwise" in m for m in found_in(every)["medians"])


# Data in tables, which some students get.

DATA = "moodle/every-data.xml"


@pytest.fixture
def accommodating(accommodating_bank, copied):
    """A bank in which one student has the data in tables, that a test may damage."""
    return copied(accommodating_bank)


def in_tables(question, change):
    """Changes the tables of a question in a package."""

    def edit(text):
        for one in re.findall(r"<question type=.*?</question>", text, flags=re.DOTALL):
            if f"-{question}_" in one:
                return text.replace(one, re.sub(r"<table>.*?</table>", change, one, flags=re.DOTALL), 1)
        raise AssertionError(question)

    return edit


def a_digit_more(match):
    """The last number of the table with another last digit."""
    before, number, after = re.split(r"([\d.]*\d)(?=</td></tr></tbody>)", match[0])
    return before + number[:-1] + str((int(number[-1]) + 1) % 10) + after


@pytest.mark.parametrize("question", ["slope", "match", "medians", "boxes", "bars"])
def test_a_number_in_a_table_changed(accommodating, question):
    edit_moodle(accommodating, in_tables(question, a_digit_more), DATA)
    plots = len(first(accommodating, f"{question}_")["plots"])

    assert messages(accommodating) == [
        f"the table of plot {place} does not hold its data" for place in range(1, plots + 1)
    ]


def test_a_row_of_a_table_left_out_or_written_twice(accommodating):
    row = r"<tr><td>.*?</tr>"
    edit_moodle(accommodating, in_tables("slope", lambda table: re.sub(row, "", table[0], count=1)), DATA)
    assert messages(accommodating) == ["the table of plot 1 does not hold its data"]
    edit_moodle(accommodating, in_tables("slope", lambda table: re.sub(row, r"\g<0>\g<0>", table[0], count=1)), DATA)
    assert messages(accommodating) == ["the table of plot 1 does not hold its data"]


def test_tables_left_out(accommodating):
    edit_moodle(accommodating, in_tables("match", ""), DATA)

    assert messages(accommodating) == ["the data of 4 plots are to stand in tables, but there are 0"]


def test_tables_for_whom_they_are_not_meant(accommodating):
    for row in rows(accommodating):
        edit_key(accommodating, row["variant"], accommodated="")

    assert set(messages(accommodating)) == {"the data stand in a table, though not for this student"}


def test_who_has_the_data_among_those_who_have_not(accommodating):
    """A question is moved from one package into the other."""
    moved = []

    def out(text):
        moved.extend(re.findall(r'<question type="matching">.*?</question>', text, flags=re.DOTALL))
        return text.replace(moved[0], "")

    edit_moodle(accommodating, out, DATA)
    edit_moodle(accommodating, lambda text: text.replace("</quiz>", f"{moved[0]}</quiz>"), EVERY)

    assert "variants with and without the data in tables stand in one package" in messages(accommodating)


def test_a_question_delivered_twice(bank):
    def again(text):
        question = re.search(r'<question type="numerical">.*?</question>', text, flags=re.S)
        return text.replace(question[0], question[0] * 2, 1)

    edit_moodle(bank, again)

    assert "this variant has been delivered before" in messages(bank, "moodle")
    assert "9 items were found, but 8 were built" in messages(bank)


def test_a_question_left_out(bank):
    edit_moodle(
        bank, lambda text: re.sub(r'<question type="numerical">.*?</question>\n?', "", text, count=1, flags=re.S)
    )

    assert "7 items were found, but 8 were built" in messages(bank)


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
    edit_key(bank, rows(bank)[0]["variant"], **columns)


def test_digits_inside_a_label_and_numbers_on_an_axis_name_nobody(bank):
    """Canvas's ids are plain numbers, and such a number stands in some sixteen hexadecimal digits by chance."""
    label = first(bank)["variant"].rpartition("_")[2]
    rename_first_student(bank, student=label[3:8], name=label[1:9])
    assert messages(bank) == []
    rename_first_student(bank, student="10000", name="x")
    edit_moodle(bank, lambda text: text.replace("from 0 to 30.", "from 0 to 10000.", 1))
    assert not any("recognised" in message for message in messages(bank))


@pytest.mark.parametrize("place", ["<p>The scatter plot", "<p>The correlation of"])
def test_an_address_in_an_item_names_somebody(bank, place):
    rename_first_student(bank, email="ann@example.edu")
    edit_moodle(bank, lambda text: text.replace(place, place.replace("<p>", "<p>To ANN@example.edu: "), 1))

    known, worded = messages(bank)
    assert known == "a student can be recognised: 'ann@example.edu' stands in the item"
    assert re.fullmatch(r"the (stem|feedback) says .To ANN@example\.edu: .*, but .The .* was built", worded)


def test_a_number_in_a_title_names_somebody(bank):
    rename_first_student(bank, student="1234567")
    edit_moodle(bank, lambda text: text.replace("<name><text><![CDATA[", "<name><text><![CDATA[1234567 ", 1))

    assert messages(bank) == ["a student can be recognised: '1234567' stands in the item"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e["packages"].clear(), "it names no packages"),
        (lambda e: e["questions"].pop("q2"), "it lacks the template 'scatter/choose-r' of the question 'q2'"),
        (lambda e: e["questions"]["q1"].pop("templates"), "it lacks 'templates'"),
        (lambda e: e["questions"]["q1"]["templates"].clear(), "it lacks the template 'scatter/estimate-r'"),
        (lambda e: e["questions"]["q1"]["templates"][0].update(name="x"), "it lacks the template 'scatter/estimate-r'"),
        (lambda e: e["questions"]["q1"]["templates"][0].pop("source"), "it lacks 'source'"),
        (
            lambda e: e["questions"]["q1"]["templates"][0].update(source="x", sha256=hashlib.sha256(b"x").hexdigest()),
            "scatter/estimate-r: line 1: a template",
        ),
        (
            lambda e: e["questions"]["q1"]["templates"][0].update(source="x"),
            "the template 'scatter/estimate-r' is not the one of its hash",
        ),
    ],
)
def test_evidence_edited_by_hand_is_refused(bank, change, message):
    edit_evidence(bank, change)
    with pytest.raises(BankError, match=r"private/evidence\.json cannot be used: ") as caught:
        verify(bank)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: with_plot(r, kind="pie"), "nothing here reads pictures of the kind 'pie'"),
        (lambda r: with_plot(r, x={"label": "", "low": 30, "high": 0, "categories": []}), "30 and 0 are not the ends"),
        (lambda r: with_plot(r, y={"label": "", "low": "a", "high": 1, "categories": []}), "could not convert"),
        (
            lambda r: with_plot(r, x={"label": "", "low": 0, "high": 1, "categories": ["A", "B"]}),
            "an axis of 2 categories",
        ),
        (lambda r: with_plot(r, x={"low": 0, "high": 1}), "it lacks 'label'"),
        (lambda r: with_plot(r, size=[1]), "not enough values"),
        (lambda r: with_plot(r, condition={"r": "high"}), "could not convert"),
        (lambda r: {**r, "plots": []}, "has no plots or no claims"),
        (lambda r: {**r, "claims": []}, "has no plots or no claims"),
        (lambda r: changed_claim(r, type="essay"), "there is no answer of the type 'essay'"),
        (lambda r: changed_claim(r, mood="good"), "unexpected keyword argument 'mood'"),
        (lambda r: changed_claim(r, type="statement"), "unexpected keyword argument"),
    ],
)
def test_records_edited_by_hand_are_refused(bank, change, message):
    replace_record(bank, change(first(bank)))
    with pytest.raises(BankError, match=r"private/plots\.jsonl cannot be used: ") as caught:
        verify(bank)
    assert message in str(caught.value)


@pytest.mark.parametrize("values", [[], [1, 2], [[1, 2, 3]], [["a", "b"]], [[1, None]]])
def test_data_that_are_no_points_are_refused(bank, values):
    replace_record(bank, with_plot(first(bank), values=values))
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
    edit_evidence(bank, lambda said: said["packages"].update({"../outside.xml": "0"}))
    with pytest.raises(BankError, match="names a file outside the bank"):
        verify(bank)


# Every format

CHOICES = ("choose", "which", "medians", "statements", "truth")


def test_a_bank_is_proved_in_every_format_that_says_it_all(whole_bank):
    verdict = verify(whole_bank)

    assert [finding.message for finding in verdict.findings] == []
    assert verdict.items == verdict.proved == 2 * len(QUESTIONS) * len(WHOLE)
    assert evidence(whole_bank)["left_out"] == {}


@pytest.mark.parametrize(
    ("formats", "questions", "left_out"),
    [
        (("canvas",), ("estimate", "match"), {"estimate": {"bands"}}),
        (("inspera",), ("estimate", "truth", "parts"), {"truth": {"comments"}}),
        (("blackboard", "brightspace"), CHOICES, {}),
        (("moodle-synchronised",), ("slope", "bars"), {}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_bank_is_proved_in_the_other_formats(tmp_path, formats, questions, left_out):
    quiz = every_quiz(tmp_path, questions)
    folder = built(quiz, students_of(2), tmp_path / "bank", formats, allow_downgrade=True)
    verdict = verify(folder)

    assert [finding.message for finding in verdict.findings] == []
    assert verdict.items == verdict.proved == 2 * len(questions) * len(formats)
    found = {name: set(names) for form in evidence(folder)["left_out"].values() for name, names in form.items()}
    assert found == left_out


def test_what_was_left_out_is_missed_where_nobody_allowed_it(tmp_path):
    folder = built(
        every_quiz(tmp_path, ("estimate",)), students_of(1), tmp_path / "bank", ["canvas"], allow_downgrade=True
    )
    record = evidence(folder)
    record["left_out"] = {}
    (folder / "private" / "evidence.json").write_text(json.dumps(record), encoding="utf-8")

    assert messages(folder) == ["0 bands of partial credit are delivered, but 1 were made"]


# What is right in itself, and wrong in private/ or among other things


def test_verify_changes_neither_files_nor_dates(bank):
    state = lambda: {p: (p.lstat().st_mtime_ns, p.is_file() and p.read_bytes()) for p in bank.rglob("*")}  # noqa: E731
    before = state()
    verify(bank)

    assert state() == before


def test_the_findings_are_the_same_whatever_the_number_of_processes(bank):
    values = points(bank)
    values[3, 0] += 0.3 if values[3, 0] < 15 else -0.3
    put_picture(bank, redrawn(bank, values))
    edit_moodle(bank, lambda text: text.replace("</quiz>", ""))
    alone, together = verify(bank, processes=1), verify(bank, processes=2)

    assert len(alone.findings) >= 3
    assert alone == together


def test_how_different_the_variants_are(bank):
    one, two = verify(bank).uniqueness

    assert (one.question, one.variants, one.shared_by) == ("q1", 2, 1)
    assert {*one.nearest} == {name for name in records(bank) if name.startswith("q1_")}
    assert 0 < one.apart < 1
    assert two.question == "q2"


def test_a_private_file_that_was_changed(bank):
    path = bank / "private" / "answer_key.csv"
    path.write_bytes(path.read_bytes() + b"\r\n")
    edit_evidence(bank, lambda said: said["private_files"].update({"other.csv": "0"}))

    assert [(f.package, f.message) for f in verify(bank).findings] == [
        ("private/answer_key.csv", "the file has been changed since the bank was built"),
        ("private/other.csv", "the file is missing, or cannot be read"),
    ]


def test_private_files_of_another_bank(bank, example_bank):
    for name in ("answer_key.csv", "plots.jsonl"):
        (bank / "private" / name).write_bytes((example_bank / "private" / name).read_bytes())
    found = messages(bank)

    assert found.count("private/ knows no such variant") == 8
    assert found.count("the file has been changed since the bank was built") == 2
    assert "8 items were found, but 160 were built" in found


def test_an_answer_key_without_a_variant(bank):
    path = bank / "private" / "answer_key.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    seal(bank)

    assert "its variants are not those of plots.jsonl" in messages(bank, "private")


def test_a_variant_that_stands_twice_in_private(bank):
    path = bank / "private" / "plots.jsonl"
    path.write_text(path.read_text() + json.dumps(first(bank)) + "\n")
    with pytest.raises(BankError, match="stands in it twice"):
        verify(bank)


@pytest.mark.parametrize("words", [5, {"stem": 5}, {"options": [5]}, {"parts": [5]}, {"parts": 5}])
def test_words_that_are_none_are_refused(bank, words):
    replace_record(bank, {**first(bank), "words": words})
    with pytest.raises(BankError, match=r"private/plots\.jsonl cannot be used: "):
        verify(bank)


def test_a_word_of_a_stem_changed(bank):
    edit_moodle(bank, lambda text: text.replace("Estimate Pearson", "Guess Pearson", 1))
    (only,) = messages(bank)

    assert re.fullmatch(r"the stem says \.\.\..* Guess Pearson.*, but \.\.\..* Estimate Pearson.* was built", only)


def test_axes_in_a_text_alternative_changed(bank):
    edit_canvas(
        bank,
        lambda entries: {name: content.replace(b"Study time", b"Leisure", 1) for name, content in entries.items()},
    )

    assert all("the text alternative is" in m or "the stem says" in m for m in messages(bank))
    assert messages(bank)


def test_a_missing_text_alternative(bank):
    edit_moodle(bank, lambda text: re.sub(r'alt="[^"]+"', 'alt=""', text, count=1))

    assert "the picture has no text alternative" in messages(bank)


def test_words_changed_in_the_package_and_in_private_are_given_away_by_other_items(every):
    """An option whose words are the same in all items."""
    record = first(every, "boxes_") if "options" in first(every, "parts_")["words"] else first(every, "parts_")
    options = record["words"]["parts"][1]["options"]
    new = "None of these."
    edit_item(every, "parts", lambda item: item.replace(options[0].rstrip("."), new.rstrip("."), 1))
    parts = [record["words"]["parts"][0], {**record["words"]["parts"][1], "options": [new, *options[1:]]}]
    replace_record(every, {**record, "words": {**record["words"], "parts": parts}})
    found = [f.message for f in verify(every).findings]

    assert any(re.fullmatch(rf"the option '\w+' says '{new}', but '.*' in other items", m) for m in found)


def test_answers_that_were_to_be_different(bank):
    """Both students are given the same key, in every file; that the picture shows another is found besides."""
    one, other = (record for name, record in records(bank).items() if name.startswith("q1_"))
    edit_moodle(
        bank, lambda text: text.replace(f"<![CDATA[{other['key']}]]></text>", f"<![CDATA[{one['key']}]]></text>")
    )
    (bank / CANVAS).unlink()

    def only_moodle(said):
        said["packages"].pop(CANVAS)
        said["questions"]["q1"]["distinct"] = "answer"

    edit_evidence(bank, only_moodle)

    assert "though answers were to be different" in " ".join(messages(bank))
    edit_evidence(bank, lambda said: said["questions"]["q1"].update(distinct="picture"))
    assert "though answers were to be different" not in " ".join(messages(bank))


def test_files_in_a_zip_with_different_dates(bank):
    """Its entries had one date each, but for one that is written anew."""
    with zipfile.ZipFile(bank / CANVAS) as archive:
        entries = {entry: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(bank / CANVAS, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (entry, content) in enumerate(entries.items()):
            entry.date_time = (2020, 1, 1 + place % 2, 0, 0, 0)
            archive.writestr(entry, content)
    seal(bank)

    assert "the files in the zip have different dates or remarks, which could tell keys" in messages(bank, "canvas")


@pytest.mark.parametrize("what", ["folder", "link", "empty", "binary", "html"])
def test_something_else_where_a_package_was(bank, what):
    path = bank / CANVAS
    content = path.read_bytes()
    path.unlink()
    if what == "folder":
        path.mkdir()
    elif what == "link":
        (bank / "elsewhere").write_bytes(content)
        path.symlink_to(bank / "elsewhere")
    else:
        path.write_bytes({"empty": b"", "binary": bytes(range(256)) * 40, "html": b"<!doctype html><p>x"}[what])
    found = messages(bank, "canvas")

    assert found
    if what == "link":
        assert found == ["the package is a link to another file"]
    if what == "folder":
        assert "the package cannot be read" in found


def test_a_link_that_leads_nowhere_or_round_in_circles(bank):
    (bank / "moodle" / "round").symlink_to(bank)
    (bank / "gone.xml").symlink_to(bank / "nothing")

    assert [(f.package, f.message) for f in verify(bank).findings] == [
        ("gone.xml", "the file was not built with this bank"),
        ("moodle/round", "the file was not built with this bank"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"packages": {"a\\u0000b": "0"}, "private_files": {}}', "names a file outside the bank"),
        (b'{"packages": {"a": "0"}, "private_files": {"../x": "0"}}', "names a file outside private/"),
        (b'{"packages": []}', "cannot be used"),
        (b'"text"', "cannot be used"),
        (b'{"packages": {"a": "0"}}', "it lacks 'private_files'"),
    ],
)
def test_evidence_of_any_shape_is_refused_in_a_line(bank, content, message):
    (bank / "private" / "evidence.json").write_bytes(content)
    with pytest.raises(BankError, match=message) as caught:
        verify(bank)
    assert "\n" not in str(caught.value)


def test_a_folder_in_the_place_of_a_private_file(bank):
    (bank / "private" / "plots.jsonl").unlink()
    (bank / "private" / "plots.jsonl").mkdir()
    with pytest.raises(BankError, match=r"not a whole bank: private/plots\.jsonl is missing"):
        verify(bank)


def said_of(bank):
    """What is found in a bank, or why it cannot be looked at."""
    try:
        return "; ".join(messages(bank))
    except BankError as error:
        return str(error)


def test_damage_at_random_is_found_or_refused(pair_bank, tmp_path):
    """Bytes changed, left out, and written twice, in any file: a longer run is `tests/mutations`."""
    rng = np.random.default_rng(5)
    names = [MOODLE, CANVAS, "private/plots.jsonl", "private/answer_key.csv", "private/evidence.json"]
    for turn in range(10):
        bank = shutil.copytree(pair_bank, tmp_path / str(turn))
        path = bank / names[turn % len(names)]
        content = bytearray(path.read_bytes())
        start, length = int(rng.integers(len(content))), int(rng.integers(1, 200))
        content[start : start + length] = bytes(rng.integers(0, 256, int(rng.integers(0, 50)), dtype=np.uint8))
        path.write_bytes(content)
        assert path.name == "evidence.json" or said_of(bank)
        assert "\n" not in said_of(bank)
