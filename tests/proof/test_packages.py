"""Delivered packages are opened as platforms keep them, and refused in words where they are damaged or do harm."""

import base64
import struct
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from plotbank.proof import Unreadable, markup
from plotbank.proof.delivered import (
    BandDelivered,
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    printed,
)
from plotbank.proof.packages import check_package, open_package

ACCEPTED = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "accepted"

Zipped = Callable[[Mapping[str, bytes]], Path]
Written = Callable[[str | bytes], Path]


def opened(path: Path) -> list[Delivered]:
    return list(open_package(path, path.parents[1]))


def refusal(path: Path) -> str:
    """Why the package cannot be opened."""
    with pytest.raises(Unreadable) as caught:
        opened(path)
    return str(caught.value)


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_moodle_items_are_read_as_moodle_keeps_them(moodle: str, written: Written, png: bytes) -> None:
    number, choice = opened(written(moodle))
    assert (number.package, number.id) == ("moodle/intro-1.xml", "mean_k3x")
    assert (number.pool, number.title) == ("top/Reading plots/Intro", "Estimate the mean 1")
    assert number.stem.startswith("<p>The <b>mean</b> <i>x</i> of 40 values")
    assert number.feedback == "<p>It is 0.70.</p>"
    assert number.pictures == (
        DeliveredPicture(name="p0123456789abcdef.png", png=png, alt="Histogram of 40 values.", width=60, height=45),
    )
    assert number.points == 2
    assert number.key == NumericDelivered(value=0.7, low=0.645, high=0.755)
    assert choice.key == ChoiceDelivered(options=("0.58", "−0.31", "0.93"), correct=(1,), feedback=("", "", ""))
    assert choice.points == 1.5


def test_canvas_items_are_read_as_canvas_keeps_them(canvas: dict[str, bytes], zipped: Zipped, png: bytes) -> None:
    number, choice = opened(zipped(canvas))
    assert (number.package, number.id) == ("canvas/intro-1.zip", "mean_k3x")
    assert (number.pool, number.title) == ("Estimate the mean", "Estimate the mean 1")
    assert number.stem.startswith("<p>The mean of 40 values?</p><img")
    assert number.feedback == "<p>Why mean_k3x.</p>"
    assert number.pictures == (
        DeliveredPicture(name="p0123456789abcdef.png", png=png, alt="Histogram of 40 values.", width=60, height=45),
    )
    assert number.points == 2
    assert number.key == NumericDelivered(value=0.7, low=0.645, high=0.755)
    assert choice.key == ChoiceDelivered(options=("0.58", "−0.31", "0.93"), correct=(1,), feedback=("", "", ""))


def test_every_type_of_moodle_is_read(moodle_types: str, written: Written) -> None:
    bands, pictures, several, truth, pairs, parts = opened(written(moodle_types))
    number = NumericDelivered(
        value=0.7, low=0.645, high=0.755, bands=(BandDelivered(low=0.595, high=0.805, share=0.5),)
    )

    assert bands.key == replace(number, bands=(*number.bands, BandDelivered(low=0.545, high=0.855, share=0.3333333)))
    assert isinstance(pictures.key, ChoiceDelivered)
    assert (pictures.key.correct, pictures.key.feedback) == ((1,), ("Too low.", ""))
    assert [(one.option, one.alt, one.width) for one in pictures.pictures] == [(None, "Plot.", 60), (1, "Plot B.", 30)]
    assert isinstance(several.key, MultipleDelivered)
    assert several.key.correct == (0, 1, 2)
    assert truth.key == TrueFalseDelivered(truth=False, if_true="No.", if_false="Yes.")
    assert pairs.key == MatchingDelivered(
        prompts=("Plot <b>A</b>", "Plot B"), answers=("neither", "r < 0", "r > 0 & n = 5"), pairs=(1, 2)
    )
    assert parts.key == PartsDelivered(
        parts=(
            PartDelivered(stem="<p>First?</p>", key=number, share=0.5),
            PartDelivered(
                stem="<p>Second?</p>",
                key=ChoiceDelivered(options=("<b>a</b>", "b", "c } d"), correct=(1,), feedback=("low", "", "")),
                share=0.25,
            ),
            PartDelivered(stem="<p>Third?</p>", key=TrueFalseDelivered(truth=False, if_false="yes"), share=0.25),
        )
    )
    assert (parts.points, truth.points) == (4, 2)
    assert parts.stem.endswith("</p>")


def test_every_type_of_canvas_is_read(canvas_types: dict[str, bytes], zipped: Zipped) -> None:
    pictures, several, truth, pairs, parts = opened(zipped(canvas_types))

    assert isinstance(pictures.key, ChoiceDelivered)
    assert (pictures.key.correct, pictures.key.feedback) == ((1,), ("Said c1.", ""))
    assert [(one.option, one.alt, one.width) for one in pictures.pictures] == [(None, "Plot.", 60), (1, "Plot B.", 30)]
    assert several.key == MultipleDelivered(
        options=("option 1", "option 2", "option 3"), correct=(0, 2), feedback=("", "", "")
    )
    assert truth.key == TrueFalseDelivered(truth=False, if_true="Said c_true.")
    assert pairs.key == MatchingDelivered(
        prompts=("Plot A", "Plot B"), answers=("r < 0", "r > 0", "neither"), pairs=(1, 0)
    )
    assert parts.key == PartsDelivered(
        parts=(
            PartDelivered(stem="<p>First?</p>", key=ChoiceDelivered(options=("a", "b"), correct=(1,)), share=0.5),
            PartDelivered(stem="<p>Second?</p>", key=TrueFalseDelivered(truth=True), share=0.5),
        )
    )
    assert "part" not in parts.stem


def test_keys_in_print(moodle_types: str, written: Written) -> None:
    assert [printed(item.key) for item in opened(written(moodle_types))] == [
        "0.70",
        "B",
        "right 0; right 1; right 2",
        "false",
        "Plot A -> r < 0; Plot B -> r > 0 & n = 5",
        "1) 0.70; 2) b; 3) false",
    ]


def test_keys_without_a_right_option_in_print() -> None:
    assert printed(ChoiceDelivered(options=("a", "b"), correct=())) == "missing"
    assert printed(ChoiceDelivered(options=("a", "b"), correct=(0, 1))) == "a and b"
    assert printed(MultipleDelivered(options=("a", "b"), correct=())) == "missing"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (NumericDelivered(value=0.7, low=0.645, high=0.755), "0.70"),
        (NumericDelivered(value=1200, low=1199.5, high=1200.5), "1200"),
        (NumericDelivered(value=-3.0, low=-3.15, high=-2.85), "-3.0"),
        (NumericDelivered(value=0.1234, low=0.12285, high=0.12395), "0.1234"),
    ],
)
def test_the_places_of_a_number_are_told_by_its_bounds(key: NumericDelivered, text: str) -> None:
    assert printed(key) == text


def test_everything_shown_is_at_hand(moodle_types: str, written: Written) -> None:
    shown = [" ".join(item.shown) for item in opened(written(moodle_types))]

    for number, words in enumerate(["Question bands", "Too low.", "wrong 1", "Yes.", "neither", "Second?"]):
        assert words in shown[number]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('fraction="50"', 'fraction="110"', "others that earn less"),
        ('fraction="50"', 'fraction="0"', "others that earn less"),
        (">0.105<", ">0.055<", "one tolerance inside the other"),
        ("[0.70]]></text><tolerance>0.105", "[0.71]]></text><tolerance>0.105", "one tolerance inside the other"),
        ("[true]", "[wahr]", "the two answers true and false"),
        ("[true]", "[false]", "the two answers true and false"),
        (
            '<answer fraction="0" format="html"><text><![CDATA[true',
            '<answer fraction="100"><text><![CDATA[true',
            "one earns",
        ),
        ("[neither]", "[ ]", "an answer is missing"),
        ("<answer><text><![CDATA[neither]]></text></answer>", "", "an answer is missing"),
        ("=0.70:0.055", "=0.70", "the tolerance is ''"),
        ("=0.70:0.055", "=0,70:0.055", "not a plain decimal number"),
        ("{2:NUMERICAL:", "{2:NUMERAL:", "one embedded question in each of its parts"),
        ("{1:MULTICHOICE_V:", "{1:SHORTANSWER:", "the type SHORTANSWER"),
        ("{1:MULTICHOICE_V:", "{1:MULTIRESPONSE:", "the type MULTIRESPONSE"),
        ('<div class="part"><p>Second?', "<div><p>Second?", "one embedded question in each of its parts"),
        (f'file name="p{"f" * 16}.png"', 'file name="other.png"', "0 files of that name"),
        ('width="30"', 'width="3em"', "no width in pixels"),
    ],
)
def test_damaged_questions_of_moodle_are_refused(
    moodle_types: str, written: Written, old: str, new: str, reason: str
) -> None:
    assert reason in refusal(written(replaced(moodle_types, old, new)))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<and>", "<or>", "damaged"),
        ('<not><varequal respident="response1">c2</varequal></not>', "", "say of each option"),
        (">c3</varequal></and>", ">c2</varequal></and>", "say of each option"),
        ("True</mattext>", "Right</mattext>", "the two options true and false"),
        (">match_2</varequal>", ">match_9</varequal>", "one answer that adds to the score"),
        ('respident="response_2"', 'respident="response_1"', "one answer that adds to the score"),
        ('"text/plain">neither', '"text/plain">none', "do not all offer the same answers"),
        ("[two]", "(two)", "one list to choose from in each of its parts"),
        ('<div class="part"><p>Second', "<div><p>Second", "one list to choose from in each of its parts"),
        (">o2</varequal>", ">t2</varequal>", "one answer that adds to the score"),
        ('alt="Plot B." width="30"', 'alt="Plot B."', "no width in pixels"),
    ],
)
def test_damaged_questions_of_canvas_are_refused(
    canvas_types: dict[str, bytes], zipped: Zipped, old: str, new: str, reason: str
) -> None:
    quiz = replaced(canvas_types["quiz1/quiz1.xml"].decode(), old, new)
    assert reason in refusal(zipped(canvas_types | {"quiz1/quiz1.xml": quiz.encode()}))


def test_canvas_counts_the_points_of_the_group(canvas: dict[str, bytes], zipped: Zipped) -> None:
    quiz = canvas["quiz1/quiz1.xml"].decode()
    old, new = "<points_per_item>2</points_per_item>", "<points_per_item>3</points_per_item>"
    assert opened(zipped(canvas | {"quiz1/quiz1.xml": replaced(quiz, old, new).encode()}))[0].points == 3


def test_items_come_one_at_a_time(moodle: str, written: Written) -> None:
    """What stands before a damaged place is delivered: nothing waits for the end of the file."""
    padding = "<!--" + "x" * 200_000 + "-->"
    at = moodle.index('<question type="multichoice">')
    items = open_package(path := written(moodle[:at] + padding + "<broken"), path.parents[1])
    assert next(items).id == "mean_k3x"
    with pytest.raises(Unreadable, match="damaged"):
        next(items)


def test_a_byte_order_mark_is_no_damage(moodle: str, written: Written) -> None:
    assert len(opened(written(b"\xef\xbb\xbf" + moodle.encode()))) == 2


LAUGHS = '<!DOCTYPE quiz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>\n<quiz>'
EXTERNAL = '<!DOCTYPE quiz [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n<quiz>'


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<quiz>", LAUGHS, "DOCTYPE"),
        ("<quiz>", EXTERNAL, "DOCTYPE"),
        ("<quiz>", '<!DOCTYPE quiz SYSTEM "http://localhost/quiz.dtd">\n<quiz>', "DOCTYPE"),
        ("<name>", "<name>&nbsp;", "undefined entity"),
        ("<name>", "<name>&#1;", "invalid character number"),
        ("Estimate", "Estimate\x0b", "not well-formed"),
        ("</quiz>", "", "no element found"),
        ("UTF-8", "ISO-8859-1", "declared as ISO-8859-1"),
        ("<defaultgrade>", "<x>" * 64 + "</x>" * 64 + "<defaultgrade>", "nested deeper"),
        ("<defaultgrade>", "<x/>" * 100_001 + "<defaultgrade>", "more than 100,000 elements"),
        ("Estimate", "E" * (20 * 2**20 + 1), "larger than"),
        ("<name>", '<question type="numerical"/><name>', "directly in <quiz>"),
        ("numerical", "essay", "type 'essay'"),
        ("mean_k3x", "", "no idnumber"),
        ('<img src="@@PLUGINFILE@@/p0123456789abcdef.png"', "<b ", "shows no picture"),
        ('<file name="p0', '<file name="q0', "0 files of that name"),
        ("@@PLUGINFILE@@/", "https://example.org/", "not inside the package"),
        (' width="60"', ' width="80%"', "no width in pixels"),
        ('encoding="base64">', 'encoding="base64">!', "not valid base64"),
        ('encoding="base64">', 'encoding="base64">AAAA', "not a PNG"),
        ("[0.7]", "[0,7]", "not a plain decimal number"),
        ("<tolerance>0.055</tolerance>", "", "the tolerance is ''"),
        ('fraction="100"', 'fraction="50"', "earns 100 percent"),
        ("<defaultgrade>2<", "<defaultgrade>1e3<", "not a plain decimal number"),
    ],
)
def test_a_damaged_moodle_file_is_refused(moodle: str, written: Written, old: str, new: str, reason: str) -> None:
    assert reason in refusal(written(replaced(moodle, old, new)))


@pytest.mark.parametrize("piece", ["<!--{}", '<quiz name="{}"', "<?x {}"])
def test_a_piece_that_does_not_end_is_refused_before_it_takes_for_ever(
    moodle: str, written: Written, monkeypatch: pytest.MonkeyPatch, piece: str
) -> None:
    monkeypatch.setattr(markup, "LARGEST_TEXT", 200_000)
    assert refusal(written(replaced(moodle, "<quiz>", piece.format("x" * 10**6)))) == (
        "a piece of the XML is larger than 200,000 bytes"
    )
    assert len(opened(written(replaced(moodle, "<quiz>", "<quiz>" + f"<!--{'x' * 10**5}-->" * 3)))) == 2


def test_a_broken_picture_is_refused(moodle: str, written: Written, png: bytes) -> None:
    good = base64.b64encode(png).decode()
    cut = base64.b64encode(png[:-12]).decode()
    changed = base64.b64encode(png[:40] + bytes([png[40] ^ 1]) + png[41:]).decode()
    assert "breaks off" in refusal(written(replaced(moodle, good, cut)))
    assert "damaged PNG" in refusal(written(replaced(moodle, good, changed)))


@pytest.mark.parametrize("data", [b"", b"not XML", b"<html/>", b"<quiz></quiz>", "<quiz/>".encode("utf-16")])
def test_what_is_no_moodle_quiz_is_refused(written: Written, data: bytes) -> None:
    assert refusal(written(data))


def test_only_xml_and_zip_are_packages(tmp_path: Path) -> None:
    path = tmp_path / "moodle" / "intro.txt"
    assert "neither" in refusal(path)
    assert "No such file" in refusal(path.with_suffix(".xml"))
    assert "No such file" in refusal(path.with_suffix(".zip"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.png", "leads out of the folder"),
        ("images/../../evil.png", "leads out of the folder"),
        ("images/./evil.png", "leads out of the folder"),
        ("/etc/evil.png", "absolute name"),
        ("C:/evil.png", "absolute name"),
        ("images\\evil.png", "backslash"),
    ],
)
def test_a_zip_that_leaves_its_folder_is_refused(
    canvas: dict[str, bytes], zipped: Zipped, name: str, reason: str
) -> None:
    assert reason in refusal(zipped(canvas | {name: b"evil"}))


def test_a_symbolic_link_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    path = zipped(canvas)
    link = zipfile.ZipInfo("images/link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "symbolic link" in refusal(path)


def test_a_name_that_stands_twice_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    path = zipped(canvas | {"imsmanifest.xmk": b"<other/>"})
    path.write_bytes(path.read_bytes().replace(b"imsmanifest.xmk", b"imsmanifest.xml"))
    assert "twice" in refusal(path)


@pytest.mark.parametrize(("flags", "reason"), [(0x01, "is encrypted"), (0x20, "is damaged"), (0x40, "is damaged")])
def test_an_encrypted_or_patched_file_is_refused(
    canvas: dict[str, bytes], zipped: Zipped, flags: int, reason: str
) -> None:
    path = zipped(canvas)
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 8, flags)
    path.write_bytes(data)
    assert reason in refusal(path)


def test_an_unusual_compression_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    path = zipped(canvas)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("images/more.png", b"more")
    assert "do not read" in refusal(path)


def test_a_bomb_is_refused_before_it_is_read(canvas: dict[str, bytes], zipped: Zipped) -> None:
    assert "100 times" in refusal(zipped(canvas | {"images/bomb.png": bytes(5_000_000)}))


def test_a_bomb_that_lies_about_its_size_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    """The directory declares a small size; reading stops at it instead of inflating what follows."""
    path = zipped(canvas | {"quiz1/quiz1.xml": canvas["quiz1/quiz1.xml"] + b" " * 5_000_000})
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"quiz1/quiz1.xml") - 46
    struct.pack_into("<I", data, entry + 24, 4_000)
    path.write_bytes(data)
    assert "quiz1/quiz1.xml" in refusal(path)


def test_a_size_that_is_not_the_declared_one_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    path = zipped(canvas)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"quiz1/quiz1.xml") - 46
    struct.pack_into("<I", data, entry + 24, len(canvas["quiz1/quiz1.xml"]) + 7)
    path.write_bytes(data)
    assert "does not have the size" in refusal(path)


def test_files_that_overlap_are_refused(canvas: dict[str, bytes], zipped: Zipped, tmp_path: Path) -> None:
    """Several lines of the directory point at the same compressed bytes."""
    path = zipped(canvas)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("images/big.png", bytes(range(256)) * 40)
        first = archive.infolist()[-1]
        for number in range(3):
            again = zipfile.ZipInfo(f"images/big{number}.png")
            again.header_offset, again.CRC = first.header_offset, first.CRC
            again.compress_size, again.file_size = first.compress_size, first.file_size
            archive.filelist.append(again)
    assert "overlap" in refusal(path)


def test_a_zip_with_too_many_files_is_refused(tmp_path: Path) -> None:
    (folder := tmp_path / "canvas").mkdir()
    with zipfile.ZipFile(folder / "many.zip", "w") as archive:
        archive.writestr("first", b"")
        archive.filelist *= 100_001
    assert "at most 100,000" in refusal(folder / "many.zip")


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_truncated_zip_is_refused(canvas: dict[str, bytes], zipped: Zipped, share: float) -> None:
    path = zipped(canvas)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "damaged" in refusal(path)


def test_a_damaged_file_in_the_zip_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    path = zipped(canvas)
    data = bytearray(path.read_bytes())
    data[data.index(b"quiz1/quiz1.xml") + 400] ^= 0xFF
    path.write_bytes(data)
    assert "quiz1/quiz1.xml is damaged" in refusal(path)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("imsmanifest.xml", "<manifest", "<!DOCTYPE manifest>\n<manifest", "DOCTYPE"),
        ("imsmanifest.xml", "imsqti_xmlv1p2", "imsqti_xmlv9", "lists no quiz"),
        ("imsmanifest.xml", "quiz1/quiz1.xml", "quiz1/other.xml", "does not hold quiz1/other.xml"),
        ("quiz1/quiz1.xml", "<questestinterop", LAUGHS + "<questestinterop", "DOCTYPE"),
        ("quiz1/quiz1.xml", "</questestinterop>", "", "no element found"),
        ("quiz1/quiz1.xml", "numerical_question", "essay_question", "type 'essay_question'"),
        ("quiz1/quiz1.xml", "images/p0123", "images/p9123", "does not hold images/p9123"),
        ("quiz1/quiz1.xml", "$IMS-CC-FILEBASE$/images/p0", "data:image/png;base64,p0", "not inside the package"),
        ("quiz1/quiz1.xml", ' height="45"', "", "no height in pixels"),
        ("quiz1/quiz1.xml", ">0.70<", ">7e-1<", "'7e-1', not a plain decimal number"),
        ("quiz1/quiz1.xml", "vargte", "vargt", "damaged"),
        ("quiz1/quiz1.xml", '<vargte respident="response1">0.645</vargte>', "", "one lower and one upper bound"),
        ("quiz1/quiz1.xml", ">100</setvar>", ">50</setvar>", "earns full marks"),
        ("quiz1/quiz1.xml", "<or>", "<not/><or>", "earns full marks"),
        ("quiz1/quiz1.xml", "<presentation><material>", "<presentation><x>", "damaged"),
    ],
)
def test_a_damaged_canvas_package_is_refused(
    canvas: dict[str, bytes], zipped: Zipped, file: str, old: str, new: str, reason: str
) -> None:
    text = replaced(canvas[file].decode(), old, new)
    assert reason in refusal(zipped(canvas | {file: text.encode()}))


def test_a_canvas_item_outside_sections_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    quiz = b'<questestinterop><item ident="a"/></questestinterop>'
    assert "does not stand in a section" in refusal(zipped(canvas | {"quiz1/quiz1.xml": quiz}))


def test_a_picture_in_the_zip_that_is_no_png_is_refused(canvas: dict[str, bytes], zipped: Zipped) -> None:
    reason = refusal(zipped(canvas | {"images/p0123456789abcdef.png": b"GIF89a"}))
    assert reason == "mean_k3x: the picture images/p0123456789abcdef.png: it is not a PNG"


def test_html_with_a_broken_declaration_is_read_as_browsers_do(moodle: str, written: Written) -> None:
    """Python's HTML parser may fail on a `<![`, which a browser takes for a comment."""
    number, _ = opened(written(replaced(moodle, "such as 0.10?", "such as <![x[ 0.10?")))
    assert number.pictures[0].alt == "Histogram of 40 values."


def test_checking_a_damaged_package_is_a_finding(written: Written) -> None:
    (finding,) = check_package(path := written(b"<quiz>"), path.parents[1])
    assert (finding.package, finding.item) == ("moodle/intro-1.xml", "")
    assert finding.message.startswith("the XML is damaged at line 1")


@pytest.mark.skipif(not ACCEPTED.is_dir(), reason="the packages that real importers accepted are not at hand")
@pytest.mark.parametrize("name", ["moodle-4.5-all-types.xml", "canvas-classic-and-new.zip", "qti21-test.zip"])
def test_what_other_tools_write_is_opened_or_refused_in_words(name: str) -> None:
    """These hold forms that plotbank does not write; no fault other than `Unreadable` may come out."""
    with suppress(Unreadable):
        assert all(item.pictures for item in open_package(ACCEPTED / name, ACCEPTED))
    assert all(finding.message for finding in check_package(ACCEPTED / name, ACCEPTED))
