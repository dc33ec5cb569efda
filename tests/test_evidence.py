"""The evidence: its numbers against the other files of a bank, and the page that is made of it."""

import base64
import hashlib
import json
import re
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from lxml import html

from plotbank.evidence_page import evidence_page
from plotbank.private_files import as_given, harmless

from .conftest import EVERY, EXAMPLE, evidence, records, rows, students_of


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def page(bank):
    return (bank / "private" / "evidence.html").read_text(encoding="utf-8")


def words(bank):
    return body(page(bank))


def body(text):
    """What a page says, without its style."""
    return " ".join(html.document_fromstring(text).find("body").text_content().split())


@pytest.mark.parametrize("which", ["example_bank", "every_bank", "accommodating_bank"])
def test_every_file_of_private_but_the_evidence_itself_is_hashed(request, which):
    bank = request.getfixturevalue(which)
    others = [path for path in (bank / "private").iterdir() if path.name not in ("evidence.json", "evidence.html")]

    assert {"answer_key.csv", "plots.jsonl"} <= {path.name for path in others}
    assert evidence(bank)["private_files"] == {path.name: sha256(path) for path in others}


def test_the_quiz_file_is_kept_to_the_byte(example_bank):
    kept = evidence(example_bank)["quiz_file"]

    assert kept["source"].encode() == (EXAMPLE / "quiz.toml").read_bytes()
    assert kept["sha256"] == sha256(EXAMPLE / "quiz.toml")
    assert kept["name"] == "quiz.toml"


def test_what_was_built_with_names_nobody(accommodating_bank):
    said = evidence(accommodating_bank)

    assert said["built_with"] == {
        "formats": ["moodle"],
        "part_bytes": 8_000_000,
        "accommodated": 1,
        "allow_downgrade": False,
    }
    assert said["bans"] == []
    text = json.dumps(said, ensure_ascii=False)
    for student in students_of(3):
        assert not any(word in text for word in (student.id, student.name, student.email))


@pytest.mark.parametrize("which", ["example_bank", "every_bank"])
def test_the_counts_and_checks_are_those_of_the_records(request, which):
    bank = request.getfixturevalue(which)
    known, said = records(bank), evidence(bank)
    pictures = [plot for record in known.values() for plot in record["plots"]]
    keys = sum(len(record["claims"]) for record in known.values())
    made = {check["check"]: check["made"] for check in said["checks"]}

    assert said["counts"] == {
        "questions": len({name.partition("_")[0] for name in known}),
        "items": len(known),
        "pictures": len(pictures),
        "keys": keys,
        "values": sum(len(plot["values"]) for plot in pictures),
    }
    assert [times for check, times in made.items() if "independent" in check] == [len(pictures)]
    assert [times for check, times in made.items() if "once more" in check] == [keys]
    # Templates about quartiles ask how far the definitions are apart.
    about = {
        (question, template["name"])
        for question, entry in said["questions"].items()
        for template in entry["templates"]
        if "_apart_" in template["source"] or "outliers_agreed_" in template["source"]
    }
    hinges = [times for check, times in made.items() if "hinges" in check]
    expected = sum(
        (name.partition("_")[0], claim["template"]) in about
        for name, record in known.items()
        for claim in record["claims"]
    )
    assert hinges == ([expected] if expected else [])


@pytest.mark.parametrize("which", ["example_bank", "every_bank"])
def test_the_certificate_of_uniqueness_is_that_of_the_files(request, which):
    bank = request.getfixturevalue(which)
    known, answers = records(bank), rows(bank)
    for name, entry in evidence(bank)["questions"].items():
        own = [record for variant, record in known.items() if variant.startswith(f"{name}_")]
        plots = [plot for record in own for plot in record["plots"]]
        data = {(plot["kind"], json.dumps(sorted(plot["values"]))) for plot in plots}
        groups = Counter(row["key"] for row in answers if row["question"] == name)

        assert entry["variants"] == len(own)
        assert entry["pictures"] == len(plots) == entry["different_pictures"] == len({p["picture"] for p in plots})
        assert entry["different_data_sets"] == len(data) == len(plots)
        assert (entry["different_keys"], entry["largest_group_with_one_key"]) == (len(groups), max(groups.values()))
        assert entry["distinct"] == "picture"


def test_the_nearest_pair_is_found_by_looking_at_every_pair(every_bank):
    """Coarse copies of every picture, as the reader of the pictures makes them, compared two by two."""
    from plotbank.proof.packages import open_package
    from plotbank.proof.readers import READERS

    known, (package,) = records(every_bank), (every_bank / "moodle").iterdir()
    copies, asked = {}, ("estimate", "which", "bars")
    for item in open_package(package, every_bank):
        name = item.id.partition("-")[2]
        if name.partition("_")[0] not in asked:
            continue
        kinds = [plot["kind"] for plot in known[name]["plots"]]
        read = (READERS[kind].read(picture.png) for kind, picture in zip(kinds, item.pictures, strict=True))
        copies[name] = [reading.coarse.astype(float) / 255 for reading in read]
    for question in asked:
        entry = evidence(every_bank)["questions"][question]["nearest_pair"]
        own = {name: found for name, found in copies.items() if name.startswith(f"{question}_")}
        apart = {
            tuple(sorted((one, other))): min(
                float(np.sqrt(np.mean((a - b) ** 2))) for a in own[one] for b in own[other]
            )
            for one, other in combinations(own, 2)
        }
        nearest = min(apart, key=apart.get)
        assert tuple(entry["variants"]) == nearest
        assert entry["apart"] == pytest.approx(apart[nearest], abs=5e-5)


def test_every_variant_keeps_its_words(every_bank):
    known = records(every_bank)

    assert all(record["words"]["stem"] and record["words"]["alts"] for record in known.values())
    (choice, *_) = [record["words"] for name, record in known.items() if name.startswith("choose_")]
    assert len(choice["options"]) == 4


@pytest.mark.parametrize("cell", ["=1+1", "+49", "-3", "@me", "\tx", "'quoted'", "plain", "", "'=1", "'"])
def test_cells_come_back_as_they_were_given(cell):
    if not cell.startswith("'="):  # which no cell of a spreadsheet can tell from '=
        assert as_given(harmless(cell)) == cell
    assert not harmless(cell).startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.parametrize("which", ["example_bank", "every_bank", "accommodating_bank"])
def test_the_page_is_made_of_the_evidence_alone(request, which):
    bank = request.getfixturevalue(which)
    path = bank / "private" / "evidence.json"

    assert page(bank) == evidence_page(evidence(bank), sha256(path))
    assert sha256(path) in page(bank)


def test_the_page_lets_nothing_in_and_is_well_formed(example_bank):
    text = page(example_bank)
    tree = html.document_fromstring(text)
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = tree.xpath("//style/text()")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script" not in policy
    assert not tree.xpath("//script | //@style | //@onclick | //iframe | //object | //form")
    assert {*tree.xpath("//@href"), *tree.xpath("//@src")} == {"data:,"}
    assert tree.get("lang") == "en"
    for tag in ("section", "table", "dl", "ol", "tr", "td", "main"):
        assert len(re.findall(rf"<{tag}\b", text)) == text.count(f"</{tag}>")
    assert [h.tag for h in tree.iter("h1", "h2")] == ["h1", "h2", "h2", "h2", "h2"]


@pytest.mark.parametrize("which", ["example_bank", "every_bank", "accommodating_bank"])
def test_the_page_names_no_student_and_no_key(request, which):
    bank = request.getfixturevalue(which)
    said = words(bank)
    for row in rows(bank):
        for column in ("student", "name", "email", "variant"):
            assert row[column] not in said
    for row in rows(bank):
        # Keys that are numbers or words of the page stand there by chance; the others must not.
        if len(row["key"]) > 12:
            assert row["key"] not in said
    keys = {row["key"] for row in rows(bank) if re.fullmatch(r"-?0\.\d\d", row["key"])}
    questions = evidence(bank)["questions"].values()
    spread = {f"{entry['predicted_difficulty']['standard_deviation']:.2f}" for entry in questions}
    assert not (keys & set(re.findall(r"-?\d+\.\d+", said))) - spread


def test_the_page_says_what_the_evidence_says(example_bank):
    said, whole = words(example_bank), evidence(example_bank)
    entry = whole["questions"]["q2"]

    assert "a variant of each of 2 questions for each of 40 students: 80 items with 80 pictures" in said
    nearest = f"{100 * entry['nearest_pair']['apart']:.1f} %"
    assert f"40 variants, no two pictures or data sets alike; the two most alike differ by {nearest}." in said
    assert f"{entry['different_keys']} keys, shared by {entry['largest_group_with_one_key']} at most" in said
    assert f"{sum(entry['redraws'].values())} of {entry['draws']} draws:" in said
    assert "the correlation, is exactly that of the data drawn. 80 plots" in said
    for sum_ in (
        *whole["packages"].values(),
        *whole["private_files"].values(),
        whole["models"]["scatter-v3"]["sha256"],
        whole["seeds"]["secret_sha256"],
        whole["quiz_file"]["sha256"],
    ):
        assert sum_ in said
    assert "plotbank verify DIR" in said
    assert "plotbank replay DIR --student ID" in said


def changed(bank, change):
    said = evidence(bank)
    change(said)
    return body(evidence_page(said, "0" * 64))


def test_the_page_says_what_is_out_of_the_ordinary(example_bank):
    def change(said):
        said["built_with"]["accommodated"] = 2
        said["bans"] = ["q1_0123456789abcdef"]
        said["left_out"] = {"canvas": {"q1": {"bands": "a near miss earns nothing"}}}
        entry = said["questions"]["q1"]
        entry.update(different_pictures=39, nearest_pair=None, redraws={}, largest_group_with_one_key=1)

    said = changed(example_bank, change)

    assert "2 students got the data in a table too" in said
    assert "1 item looked at before the exam" in said
    assert "Left out in canvas, question q1: a near miss earns nothing." in said
    assert "40 variants: of 40 pictures 39 differ, of the data sets 40." in said
    assert f"None of {evidence(example_bank)['questions']['q1']['draws']} draws." in said
    assert "keys, none shared" in said


def test_titles_are_text_on_the_page_and_not_markup(example_bank):
    def change(said):
        said["quiz"]["title"] = "<script>alert(1)</script>"
        said["questions"]["q1"]["title"] = "R & <b>D</b>"

    said = evidence(example_bank)
    change(said)
    text = evidence_page(said, "0" * 64)

    assert "<script" not in text
    assert "R &amp; &lt;b&gt;D&lt;/b&gt;" in text


def test_there_is_a_question_of_every_type_in_the_evidence(every_bank):
    assert list(evidence(every_bank)["questions"]) == list(EVERY)
