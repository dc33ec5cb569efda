"""Pages of reports and previews, read as files."""

import base64
import hashlib
import json
import re
from io import BytesIO
from types import SimpleNamespace

import pytest
from lxml import html
from PIL import Image

from plotbank import preview, report
from plotbank.errors import BankError
from plotbank.items import Student
from plotbank.proof.likeness import Neighbour
from plotbank.quiz import read_quiz
from plotbank.report import Alike, most_alike, reporting
from plotbank.variants import Variant

from .conftest import EVERY, SMALL, records, rows
from .exporters.conftest import Factory

make = Factory()


def parsed(path):
    """A page's document, and the data in its script elements by their ids."""
    document = html.document_fromstring(path.read_text(encoding="utf-8"))
    scripts = document.xpath("//script[@type='application/json']")
    return document, {script.get("id"): json.loads(script.text) for script in scripts}


def visible(document):
    """What stands in the page itself, with all attributes."""
    for script in document.xpath("//script | //style"):
        script.getparent().remove(script)
    return html.tostring(document, encoding="unicode")


def variant(number, of=make.slope, name="Ann Bell", **item):
    return Variant(
        student=Student(id=f"s{number}", name=name),
        item=make.item(number, of, **item),
        made=None,
        draws=(),
        measured=(),
        coarse=(),
        accommodated=False,
    )


def quiz_of(*questions, title="Reading plots"):
    return SimpleNamespace(id="stat-1", title=title, language="en", numerals=None, questions=questions)


@pytest.fixture
def write(tmp_path):
    """Writes the report of some variants."""

    def pages(variants, *questions, alike=(), title="Reading plots", **options):
        with reporting(tmp_path) as spool:
            for one in variants:
                spool.add(one)
            return spool.write(
                tmp_path / "report.html", quiz_of(*(questions or [make.slope]), title=title), alike, **options
            )

    return pages


def digest(uri):
    assert uri.startswith("data:image/png;base64,")
    return hashlib.sha256(base64.b64decode(uri.partition(",")[2])).hexdigest()


def test_a_page_holds_every_item_of_the_bank(every_bank):
    _, data = parsed(every_bank / "private" / "report.html")
    keyed, plots = {row["variant"]: row for row in rows(every_bank)}, records(every_bank)

    assert data["about"]["quiz"] == "every"
    assert [one["id"] for one in data["about"]["questions"]] == list(EVERY)
    assert data["about"]["items"] == len(data["items"]) == len(keyed) == 3 * len(EVERY)
    for number, item in enumerate(data["items"]):
        row, content = keyed[item["id"]], data[f"item-{number}"]
        assert (item["question"], item["student"], item["name"]) == (row["question"], row["student"], row["name"])
        if row["question"] == "parts":
            assert "; ".join(f"{part}) {key}" for part, key in enumerate(item["keys"], start=1)) == row["key"]
        else:
            assert item["keys"] == [row["key"]]
        record = plots[item["id"]]
        assert item["clarity"] == pytest.approx(record["clarity"], abs=0.006)
        assert item["difficulty"] == pytest.approx(record["difficulty"], abs=0.001)
        assert list(map(digest, content["pictures"])) == [plot["picture"] for plot in record["plots"]]


def test_texts_show_every_picture_once_and_keys_with_the_answers_only(every_bank):
    _, data = parsed(every_bank / "private" / "report.html")

    for number in range(data["about"]["items"]):
        content = data[f"item-{number}"]
        for text in (content["asked"], content["answered"]):
            places = [int(base64.b64decode(uri)) for uri in re.findall(r'src="data:image/png;base64,([^"]*)"', text)]
            assert places == list(range(len(content["pictures"])))
        assert 'class="key"' in content["answered"]
        for told in ('class="key"', 'class="right"', 'class="feedback"'):
            assert told not in content["asked"]


def test_nothing_of_an_item_stands_in_the_page_itself(every_bank):
    document, data = parsed(every_bank / "private" / "report.html")

    shown = visible(document)

    assert "Never upload this page" in shown
    for item in data["items"]:
        assert not any(text in shown for text in (item["id"], item["student"], item["name"]))
        assert not any(f">{key}<" in shown for key in item["keys"])


def test_the_policy_lets_in_the_page_s_own_style_and_script_only(every_bank):
    text = (every_bank / "private" / "report.html").read_text(encoding="utf-8")
    document = html.document_fromstring(text)
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,), (script,) = document.xpath("//style/text()"), document.xpath("//script[@type='module']/text()")

    def hashed(source):
        return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"

    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": hashed(style),
        "script-src": hashed(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not document.xpath("//@style | //@onclick | //@onload | //script/@src | //link[@rel='stylesheet']")


def test_the_most_alike_pairs_of_a_bank_stand_in_its_page(example_bank):
    _, data = parsed(example_bank / "private" / "report.html")
    nearest = json.loads((example_bank / "private" / "evidence.json").read_text())["questions"]

    for question in ("q1", "q2"):
        pairs = [pair for pair in data["pairs"] if pair["question"] == question]
        assert len(pairs) == 12
        assert [pair["apart"] for pair in pairs] == sorted(pair["apart"] for pair in pairs)
        assert len({tuple(pair["items"]) for pair in pairs}) == 12
        variants = sorted(data["items"][number]["id"] for number in pairs[0]["items"])
        assert variants == nearest[question]["nearest_pair"]["variants"]
        assert pairs[0]["apart"] == nearest[question]["nearest_pair"]["apart"]


def test_a_pair_is_found_from_both_sides_and_told_once():
    owners = ["a", "a", "b", "c"]
    found = [
        Neighbour(of=0, other=3, apart=0.5),
        Neighbour(of=1, other=2, apart=0.25),
        Neighbour(of=2, other=1, apart=0.25),
        Neighbour(of=3, other=0, apart=0.5),
    ]

    assert most_alike("q1", owners, found) == [
        Alike(question="q1", first=("a", 1), second=("b", 0), apart=0.25),
        Alike(question="q1", first=("a", 0), second=("c", 0), apart=0.5),
    ]


def test_no_text_ends_a_script_or_becomes_markup(write):
    nasty = "</script><img src=x onerror=alert(1)><!--<script> & \u2028"
    ones = [variant(1, name=nasty, title=nasty, stem="<p>a</p></script><script>alert(1)</script><p onclick='x'>b</p>")]

    (path,) = write(ones, title=nasty)

    text = path.read_text(encoding="utf-8")
    assert text.count("</script>") == 5  # what the page is about, pairs, the list, the item, the page's own
    document, data = parsed(path)
    assert data["items"][0]["name"] == nasty
    assert document.xpath("string(//h1)").split() == nasty.split()
    content = data["item-0"]
    assert "<p>a</p>" in content["asked"]
    assert "script" not in content["asked"]
    assert "onclick" not in content["asked"]


def test_bans_are_carried_over_in_their_order(write):
    banned = ("slope_0000000000000009", "pick_0000000000000001", "slope_0000000000000002")

    (path,) = write([variant(1)], banned=banned)

    assert parsed(path)[1]["about"]["banned"] == list(banned)


def test_many_pictures_are_shown_smaller(write, tmp_path, monkeypatch):
    file = BytesIO()
    Image.new("RGB", (1200, 900), (0, 114, 178)).save(file, "PNG")
    ones = [variant(n, picture=make.picture(png=file.getvalue())) for n in range(3)]
    whole, held = parsed(write(ones)[0])
    (tmp_path / "report.html").unlink()

    monkeypatch.setattr(report, "MOST_BYTES", 3 * len(file.getvalue()) - 1)
    smaller, data = parsed(write(ones)[0])

    assert held["about"]["whole"]
    assert "smaller copies" not in visible(whole)
    assert not data["about"]["whole"]
    assert "plotbank replay" in visible(smaller)
    with Image.open(BytesIO(base64.b64decode(data["item-1"]["pictures"][0].partition(",")[2]))) as picture:
        assert picture.size == (300, 225)
        assert picture.convert("RGB").getpixel((150, 100)) == (0, 114, 178)


def test_a_large_bank_has_several_pages(write, monkeypatch):
    monkeypatch.setattr(report, "MOST_ITEMS", 3)
    ones = [variant(n) for n in range(2)] + [variant(n, make.pick) for n in range(2)]
    ones += [variant(n, make.mixed) for n in range(4)]
    alike = [Alike(question="mixed", first=("mixed_00000", 0), second=("mixed_00003", 0), apart=0.1)]

    paths = write(ones, make.slope, make.pick, make.mixed, alike=alike)

    assert [path.name for path in paths] == ["report.html", "report-2.html", "report-3.html", "report-4.html"]
    held = []
    for path in paths:
        document, data = parsed(path)
        held.append([item["id"] for item in data["items"][: data["about"]["items"]]])
        others = [other.name for other in paths if other != path]
        assert document.xpath("//nav[@class='pages']//a[not(@aria-current)]/@href") == others
    assert held == [  # whole questions where they fit
        ["slope_00000", "slope_00001"],
        ["pick_00000", "pick_00001"],
        ["mixed_00000", "mixed_00001", "mixed_00002"],
        ["mixed_00003"],
    ]
    third = parsed(paths[2])[1]
    assert [item["id"] for item in third["items"]][3:] == ["mixed_00003"]  # which a pair of this page needs
    assert third["pairs"] == [{"question": "mixed", "items": [0, 3], "pictures": [0, 0], "apart": 0.1}]
    assert "asked" in third["item-3"]


def test_small_questions_share_a_page(write, monkeypatch):
    monkeypatch.setattr(report, "MOST_ITEMS", 4)
    ones = [variant(n) for n in range(2)] + [variant(n, make.pick) for n in range(2)]

    (path,) = write(ones, make.slope, make.pick)

    document, data = parsed(path)
    assert data["about"]["items"] == 4
    assert not document.xpath("//nav[@class='pages']")


def test_a_preview_has_a_dozen_items_and_no_bans(quiz_file, tmp_path):
    page, titles = tmp_path / "preview.html", []
    quiz = read_quiz(quiz_file(SMALL))

    preview.preview(quiz, page, device="cpu", advance=titles.append)
    first = page.read_bytes()
    preview.preview(quiz, page, device="cpu")  # an earlier one is replaced

    document, data = parsed(page)
    assert sorted(item["name"] for item in data["items"]) == sorted(f"Sample {n}" for n in range(1, 13))
    assert len(titles) == 12
    assert len(data["pairs"]) > 3
    assert "which no student will get" in visible(document)
    assert not document.xpath("//*[@id='bans' or @id='ban' or @id='save']")
    assert page.read_bytes() == first
    assert {path.name for path in tmp_path.iterdir()} == {"preview.html", "quiz.toml"}


def test_a_preview_shows_no_more_items_than_there_are_answers(quiz_file, tmp_path):
    quiz = read_quiz(quiz_file(SMALL.replace("r = [0.5, 0.7]", 'r = [0.5, 0.53]\ndistinct = "answer"')))

    preview.preview(quiz, tmp_path / "preview.html", device="cpu")

    assert sorted(item["keys"] for item in parsed(tmp_path / "preview.html")[1]["items"]) == [
        ["0.50"],
        ["0.51"],
        ["0.52"],
        ["0.53"],
    ]


@pytest.mark.parametrize(("questions", "each"), [(1, 12), (2, 6), (5, 3), (7, 2), (30, 2)])
def test_a_preview_shows_at_least_two_items_of_a_question(questions, each):
    assert preview.samples(quiz_of(*[make.slope] * questions)) == each


@pytest.mark.parametrize("content", ["", "notes", '<meta name="generator" content="plotbank report">'])
def test_a_preview_replaces_nothing_but_a_preview(content, tmp_path):
    page = tmp_path / "preview.html"
    page.write_text(content)

    with pytest.raises(BankError, match="this is there already, and is no preview: choose another name with -o"):
        preview.preview(quiz_of(make.slope), page)
    assert page.read_text() == content


def test_a_preview_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(BankError, match="absent/preview.html: cannot be written: No such file or directory"):
        preview.preview(quiz_of(make.slope), tmp_path / "absent" / "preview.html")
    with pytest.raises(BankError, match="cannot be read: Is a directory"):
        preview.preview(quiz_of(make.slope), tmp_path)
