"""One planted fault gives exactly the finding it should; good packages give none."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from plotbank.proof import Finding
from plotbank.proof.packages import ChoiceDelivered, Delivered, NumericDelivered
from plotbank.proof.rules import check_package, leaks

Zipped = Callable[[Mapping[str, bytes]], Path]
Written = Callable[[str | bytes], Path]

NUMERICAL = "p0123456789abcdef.png"
QUIZ, META, MANIFEST = "quiz1/quiz1.xml", "quiz1/assessment_meta.xml", "imsmanifest.xml"


def found(path: Path) -> list[Finding]:
    return list(check_package(path, path.parents[1]))


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_a_good_moodle_file_has_no_findings(moodle: str, written: Written) -> None:
    assert found(written(moodle)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<![CDATA[Estimate the mean 1]]>", "Estimate the mean 1", "not in CDATA"),
        ("<![CDATA[0.7]]>", "0<![CDATA[.7]]>", "not in CDATA"),
        ("<![CDATA[plots]]>", "<![CDATA[plots]]><b/>", "XML elements instead of text"),
        ("<tag><text><![CDATA[plots]]></text></tag>", "<tag/>", "a <tag> is empty"),
        ("Estimate the mean 1", "E" * 256, "longer than 255 characters"),
        ("<![CDATA[Estimate the mean 1]]>", "", "no name"),
        ("mean_k3x", "m" * 101, "longer than 100 characters"),
        ("choose_k3x", "mean_k3x", "stands twice"),
        ("mean_k3x", "", "no idnumber"),
        ("<defaultgrade>2<", "<defaultgrade>0<", "defaultgrade"),
        ("<defaultgrade>2</defaultgrade>", "", "defaultgrade"),
        ('width="60" height="45"/>', "/><img src='@@PLUGINFILE@@/p0123456789abcdef.png'>", "shows 2 pictures"),
        (' height="45"', ' height="45%"', "the picture has no height in pixels"),
        ("numerical", "shortanswer", "'shortanswer' is not one that plotbank writes"),
        ("]]></text></category>", "$course$]]></text></category>", "$course$"),
        ("<p>It is 0.70.</p>", '<img src="@@PLUGINFILE@@/a.png">', "<generalfeedback> links a.png, but no <file>"),
        ("<p>It is 0.70.</p>", '<img src="data:image/png;base64,AA">', "not delivered with the question"),
        ("<p>It is 0.70.</p>", '<img src="https://a.org/a.png">', "not delivered with the question"),
        ("</generalfeedback>", "EXTRA</generalfeedback>", "holds the file a.png, which nothing in it links"),
        ("</file></questiontext>", "</file>TWIN</questiontext>", "two files of the same name"),
        ('path="/" enc', 'path="/x/" enc', 'not marked path="/"'),
        ('encoding="base64">', 'encoding="base64">!', "not valid base64"),
        ('encoding="base64">', 'encoding="base64">AAAA', "not a PNG"),
        ("CDATA[0.7]", "CDATA[0,7]", "the answer '0,7' is no plain number"),
        ("CDATA[0.7]", "CDATA[−0.7]", "the answer '−0.7' is no plain number"),
        ("CDATA[0.7]", "CDATA[7e-1]", "the answer '7e-1' is no plain number"),
        ("CDATA[0.7]", "CDATA[0.123456789012345]", "more than 14 significant digits"),
        ("<tolerance>0.055</tolerance>", "", "tolerance is missing"),
        (">0.055<", ">0.05500000000000001<", "more than 14 significant digits"),
        (">0.055<", ">0<", "not greater than 0"),
        (">0.055<", ">5%<", "the tolerance '5%' is no plain number"),
        ("</tolerance>", "</tolerance><tolerancetype>1</tolerancetype>", "takes every tolerance as absolute"),
        ('fraction="100"', 'fraction="50"', "one answer that earns 100 percent"),
        ("<unitgradingtype>0", "<unitgradingtype>1", "may ask for a unit"),
        ("<showunits>3</showunits>", "", "may ask for a unit"),
        ("<tags>", "<units><unit><multiplier>2</multiplier></unit></units><tags>", "multiplies responses"),
        ("<single>true</single>", "", "not marked as a single choice"),
        ("<shuffleanswers>true</shuffleanswers>", "", "does not shuffle"),
        ('fraction="0"', 'fraction="33.33"', "'33.33' is not on Moodle's list"),
        ('fraction="0"', 'fraction="-25"', "an option earns -25 percent"),
        ('fraction="0"', 'fraction="100"', "2 options earn full marks"),
    ],
)
def test_moodle_finding(moodle: str, written: Written, png_file: str, old: str, new: str, message: str) -> None:
    new = new.replace("EXTRA", png_file.replace(NUMERICAL, "a.png")).replace("TWIN", png_file)
    assert [message in finding.message for finding in found(written(replaced(moodle, old, new)))] == [True]


@pytest.fixture
def png_file(moodle: str) -> str:
    """The first <file> of the good package."""
    return moodle[moodle.index("<file") : moodle.index("</file>")] + "</file>"


@pytest.mark.parametrize("name", ["a&amp;b.png", "a:b.png", "a b.png", "a'b.png", "a\\b.png", "a/b.png", "a&lt;b.png"])
def test_file_names_that_moodle_does_not_take(moodle: str, written: Written, name: str) -> None:
    (finding,) = found(written(moodle.replace(NUMERICAL, name, 1).replace(f'"{NUMERICAL}"', f'"{name}"', 1)))
    assert finding.item == "mean_k3x"
    assert "file name" in finding.message


def test_a_link_may_be_percent_encoded(moodle: str, written: Written) -> None:
    assert found(written(replaced(moodle, f"@@/{NUMERICAL}", f"@@/{NUMERICAL.replace('p', '%70', 1)}"))) == []


def test_a_link_to_read_on_is_no_picture(moodle: str, written: Written) -> None:
    assert found(written(replaced(moodle, "<p>It is", '<p><a href="https://a.org/">More.</a> It is'))) == []


def test_a_moodle_part_over_the_budget(moodle: str, written: Written) -> None:
    padding = "<!--" + "x" * 8 * 2**20 + "-->"
    (finding,) = found(written(replaced(moodle, "<quiz>", padding + "<quiz>")))
    assert (finding.package, finding.item) == ("moodle/intro-1.xml", "")
    assert "8,388,608 bytes" in finding.message


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    assert "neither" in found(tmp_path / "moodle" / "intro.txt")[0].message
    assert "No such file" in found(tmp_path / "moodle" / "intro.xml")[0].message


def test_a_good_canvas_package_has_no_findings(canvas: dict[str, bytes], zipped: Zipped) -> None:
    assert found(zipped(canvas)) == []


RESOURCE = '<resource identifier="i1" type="webcontent">'
BOUNDS = '<vargte respident="response1">0.645</vargte><varlte respident="response1">0.755</varlte>'
PLOT = f'<img src="$IMS-CC-FILEBASE$/images/{NUMERICAL}"'
STEM_END = "</material><response_str"
MORE_TEXT = "<mattext texttype='text/html'>More.</mattext>"
FEEDBACK_LINK = '<displayfeedback feedbacktype="Response" linkrefid="general_fb"/>'
EMPTY_GROUP = (
    '<section ident="g0" title="Nothing"><selection_ordering><selection>'
    "<selection_number>1</selection_number></selection></selection_ordering></section>"
)
BANK_REFERENCE = (
    "<qtimetadatafield><fieldlabel>assessment_question_identifierref</fieldlabel>"
    "<fieldentry>q</fieldentry></qtimetadatafield>"
)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (MANIFEST, RESOURCE, RESOURCE + '<file href="images/p1.png"/>', "lists images/p1.png, which the zip does not"),
        (MANIFEST, RESOURCE, RESOURCE + f'<file href="images/{NUMERICAL}"/>', "2 times"),
        (MANIFEST, 'identifier="i2"', 'identifier="i1"', "the identifier 'i1' to 2 resources"),
        (MANIFEST, f'<file href="images/{NUMERICAL}"/>', "", f"{NUMERICAL} is not in the manifest"),
        (MANIFEST, "application-resource", "application-thing", "Canvas does not read it"),
        (META, "assignment", "practice_quiz", "quiz_type"),
        (META, "3.5", "4", "points_possible of the quiz is not 3.5"),
        (QUIZ, "<selection_number>1<", "<selection_number>2<", "does not draw exactly one"),
        (QUIZ, "mean_k3x", "mean.k3x", "the ident 'mean.k3x' of <item>"),
        (QUIZ, "mean_k3x", "1mean", "the ident '1mean' of <item>"),
        (QUIZ, "mean_k3x", "m" * 256, "of <item> is not a letter"),
        (QUIZ, "choose_k3x", "mean_k3x", "the ident 'mean_k3x' of <item> stands twice"),
        (QUIZ, 'ident="g1"', 'ident="g:1"', "the ident 'g:1' of <section>"),
        (QUIZ, '<section ident="g1"', EMPTY_GROUP + '<section ident="g1"', "holds no item to draw"),
        (QUIZ, "<fieldentry>2<", "<fieldentry>0<", "no positive points_possible"),
        (QUIZ, "<fieldentry>2<", "<fieldentry>3<", "differ from its group's"),
        (QUIZ, "<fieldlabel>points_possible<", "<fieldlabel>points<", "no positive points_possible"),
        (QUIZ, "numerical_question", "essay_question", "the question_type is 'essay_question'"),
        (QUIZ, "</qtimetadata>", BANK_REFERENCE + "</qtimetadata>", "refers to a question in a bank"),
        (QUIZ, STEM_END, MORE_TEXT + STEM_END, "the stem has 2 <mattext>"),
        (QUIZ, "0.58</mattext>", "0.58</mattext>" + MORE_TEXT, "a <response_label> has more"),
        (QUIZ, STEM_END, "<matimage uri='a.png'/>" + STEM_END, "<matimage>"),
        (QUIZ, PLOT, PLOT + ">" + PLOT, "shows 2 pictures"),
        (QUIZ, ' width="60"', "", "the picture has no width in pixels"),
        (QUIZ, 'texttype="text/html"', 'texttype="text/plain"', "not escaped HTML"),
        (QUIZ, "&lt;p&gt;Why mean_k3x.&lt;/p&gt;", "<p>Why.</p>", "not escaped HTML"),
        (QUIZ, "Why mean_k3x.", "y" * 16_384, "longer than 16,384"),
        (QUIZ, "Why mean_k3x.", "&lt;svg&gt;&lt;/svg&gt;", "a <svg>"),
        (QUIZ, "Why mean_k3x.", "&lt;script&gt;&lt;/script&gt;", "a <script>"),
        (QUIZ, "Why mean_k3x.", "&lt;details&gt;&lt;/details&gt;", "a <details>"),
        (QUIZ, "Why mean_k3x.", "&lt;img src='data:image/png;base64,AA'&gt;", "data: URI"),
        (QUIZ, "Why mean_k3x.", "&lt;img src='https://a.org/a.png'&gt;", "links 'https://a.org/a.png'"),
        (QUIZ, "Why mean_k3x.", "&lt;img src='$IMS-CC-FILEBASE$/a.png'&gt;", "links '$IMS-CC-FILEBASE$/a.png'"),
        (
            QUIZ,
            "Why mean_k3x.",
            "&lt;img src='$IMS-CC-FILEBASE$/images/a.png'&gt;",
            "shows images/a.png, which the zip",
        ),
        (QUIZ, FEEDBACK_LINK, "", "no <displayfeedback> links the feedback general_fb"),
        (
            QUIZ,
            FEEDBACK_LINK,
            FEEDBACK_LINK + "<displayfeedback linkrefid='correct_fb'/>",
            "'correct_fb', which does not",
        ),
        (QUIZ, ">100</setvar>", ">50</setvar>", "0 conditions set the score"),
        (QUIZ, 'ident="response1" rcard', 'ident="response2" rcard', "the key is lost"),
        (QUIZ, BOUNDS, "", "Canvas keeps no or another key"),
        (QUIZ, "<or>", "<or><not/>", "Canvas keeps no or another key"),
        (QUIZ, 'margintype="absolute"', 'margintype="percent"', "not marked absolute"),
        (QUIZ, ">0.70<", ">7e-1<", "'7e-1' is no plain decimal number"),
        (QUIZ, ">0.645<", ">0,645<", "'0,645' is no plain decimal number"),
        (QUIZ, ' margin="0.055"', "", "'' is no plain decimal number"),
        (QUIZ, ">0.70<", ">0.700<", "exactly on a bound"),
        (QUIZ, ">0.645<", ">0.635<", "the two engines would differ"),
        (QUIZ, 'margin="0.055"', 'margin="0.005"', "the two engines would differ"),
        (QUIZ, 'ident="c1"', 'ident="c.1"', "the choice ident 'c.1'"),
        (QUIZ, 'ident="c1"', 'ident="c3"', "two choices have the same ident"),
        (QUIZ, ">c2<", ">c9<", "'c9', which is not among the choices"),
        (QUIZ, ">c2</varequal>", ">c2</varequal><varequal respident='response1'>c1</varequal>", "exactly one right"),
    ],
)
def test_canvas_finding(canvas: dict[str, bytes], zipped: Zipped, file: str, old: str, new: str, message: str) -> None:
    text = replaced(canvas[file].decode(), old, new)
    assert [message in finding.message for finding in found(zipped(canvas | {file: text.encode()}))] == [True]


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        (
            [(">0.70<", ">0.70005<"), ('"0.055"', '"0.055005"'), ("0.645", "0.645045"), ("0.755", "0.755055")],
            ["more than 4 decimals"],
        ),
        (
            [
                ('linkrefid="general_fb"', 'linkrefid="why_fb"'),
                ('itemfeedback ident="general_fb"', 'itemfeedback ident="why_fb"'),
            ],
            ["'why_fb' is not one that Canvas knows"],
        ),
        (
            [("<selection_extension><points_per_item>2</points_per_item></selection_extension>", "")],
            ["no positive points_per_item", "points_possible of the quiz is not 1.5"],
        ),
        (
            [('<assessment ident="quiz1"', '<assessment ident="quiz2"')],
            ["quiz2/assessment_meta.xml is missing", "nor its settings"],
        ),
        ([('<section ident="root_section">', ""), ("</section></assessment>", "</assessment>")], []),
    ],
)
def test_canvas_findings_that_take_several_changes(
    canvas: dict[str, bytes], zipped: Zipped, changes: list[tuple[str, str]], messages: list[str]
) -> None:
    text = canvas[QUIZ].decode()
    for old, new in changes:
        text = replaced(text, old, new)
    findings = found(zipped(canvas | {QUIZ: text.encode()}))
    assert len(findings) == len(messages)
    assert all(message in finding.message for message, finding in zip(messages, findings, strict=True))


def test_findings_name_the_package_and_the_item(canvas: dict[str, bytes], zipped: Zipped) -> None:
    text = replaced(canvas[QUIZ].decode(), 'margintype="absolute"', "")
    (finding,) = found(zipped(canvas | {QUIZ: text.encode()}))
    assert finding == Finding(
        package="canvas/intro-1.zip", item="mean_k3x", message="the margin is not marked absolute"
    )


def test_an_item_outside_the_sections(canvas: dict[str, bytes], zipped: Zipped) -> None:
    text = replaced(canvas[QUIZ].decode(), "</assessment>", '<item ident="stray"/></assessment>')
    (finding,) = found(zipped(canvas | {QUIZ: text.encode()}))
    assert (finding.item, finding.message) == ("stray", "the item does not stand in a section")


@pytest.mark.parametrize(
    ("name", "listed", "message"),
    [
        ("quiz1/draft.xml", False, "quiz1/draft.xml is neither the quiz nor its settings"),
        ("quiz1/draft.XML", True, "quiz1/draft.XML is neither the quiz nor its settings"),
        ("images/p1111111111111111.png", False, "is not in the manifest"),
        ("images/p1111111111111111.png", True, "is shown by no item"),
        ("images/p1+1.png", True, "is no PNG in images/"),
        ("images/größe.png", True, "is no PNG in images/"),
        ("images/p1.svg", True, "is no PNG in images/"),
        ("quiz1/p1.png", True, "is no PNG in images/"),
        ("answers.csv", True, "is no PNG in images/"),
        ("images/", False, "is not in the manifest"),
        ("__MACOSX/images/._p1.png", False, "macOS"),
    ],
)
def test_files_without_a_place(canvas: dict[str, bytes], zipped: Zipped, name: str, listed: bool, message: str) -> None:
    line = f'<file href="{name}"/>' if listed else ""
    manifest = replaced(canvas[MANIFEST].decode(), RESOURCE, RESOURCE + line)
    (finding,) = found(zipped(canvas | {MANIFEST: manifest.encode(), name: b""}))
    assert message in finding.message


def test_a_picture_that_is_missing_is_said_of_the_item_and_of_the_manifest(
    canvas: dict[str, bytes], zipped: Zipped
) -> None:
    del canvas[f"images/{NUMERICAL}"]
    assert [finding.item for finding in found(zipped(canvas))] == ["mean_k3x", ""]


def test_a_damaged_picture(canvas: dict[str, bytes], zipped: Zipped) -> None:
    (finding,) = found(zipped(canvas | {f"images/{NUMERICAL}": b"GIF89a"}))
    assert finding.message == f"the picture images/{NUMERICAL}: it is not a PNG"


def test_a_dangerous_zip_is_a_finding(canvas: dict[str, bytes], zipped: Zipped) -> None:
    (finding,) = found(zipped(canvas | {"../evil.png": b"evil"}))
    assert "leads out of the folder" in finding.message


NUMBER = Delivered(
    package="moodle/intro-1.xml",
    id="mean_k3x",
    pool="top/Intro",
    title="Estimate the mean 1",
    stem=f'<p>The mean of 40 values, such as 0.10?</p><img src="{NUMERICAL}" alt="0.70" width="70" height="45">',
    feedback="<p>It is 0.70.</p>",
    alt="Histogram of 40 values. Horizontal axis: from 0.7 to 70.",
    picture_name=NUMERICAL,
    png=b"",
    width=60,
    height=45,
    points=1.0,
    key=NumericDelivered(value=0.7, low=0.645, high=0.755),
)
CHOICE = replace(NUMBER, key=ChoiceDelivered(options=("<b>skewed</b> left", "symmetric", "flat"), correct=(0,)))


@pytest.mark.parametrize("key", [NUMBER.key, CHOICE.key])
def test_a_good_item_tells_nothing(key: NumericDelivered | ChoiceDelivered) -> None:
    """The feedback may hold the key, and so may numbers that only look like a part of it."""
    assert list(leaks(replace(NUMBER, key=key))) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"picture_name": "plot.png"}, "the picture's name 'plot.png'"),
        ({"picture_name": "p0123456789ABCDEF.png"}, "16 hexadecimal digits"),
        ({"picture_name": NUMERICAL + "\n"}, "16 hexadecimal digits"),
        ({"alt": " "}, "no text alternative"),
        ({"alt": "plot-1.PNG"}, "is a file name"),
        ({"alt": "a" * 501}, "longer than 500"),
        ({"alt": "The mean is 0.70."}, "the text alternative tells the key"),
        ({"alt": "The mean is 0,70."}, "the text alternative tells the key"),
        ({"alt": "The mean is 0.700kg."}, "the text alternative tells the key"),
        ({"alt": "The mean (0.65-0.70)."}, "the text alternative tells the key"),
        ({"title": "Mean .70"}, "the title tells the key"),
        ({"id": "mean_0_70"}, "the id tells the key"),
        ({"stem": "<p>It is <b>0</b>.70, is it?</p>"}, "the stem tells the key"),
        ({"key": NumericDelivered(value=-0.7, low=-0.755, high=-0.645), "stem": "r = −0.70"}, "the stem tells"),
        ({"key": NumericDelivered(value=1200, low=1199.5, high=1200.5), "stem": "1,200 g"}, "the stem tells"),
        ({"key": NumericDelivered(value=40, low=37.5, high=42.5), "alt": "Plot."}, "the stem tells the key"),
        ({"key": CHOICE.key, "alt": "The values are Skewed left."}, "the text alternative tells the key"),
        ({"key": CHOICE.key, "title": "Skewed left?"}, "the title tells the key"),
        ({"key": CHOICE.key, "id": "skewed_left_k3x"}, "the id tells the key"),
        ({"key": ChoiceDelivered(options=("0.58", "−0.31"), correct=(1,)), "stem": "-0.31"}, "the stem tells the key"),
    ],
)
def test_leak(changes: dict[str, object], message: str) -> None:
    (finding,) = leaks(replace(NUMBER, **changes))  # type: ignore[arg-type]
    assert message in finding.message
    assert finding.package == "moodle/intro-1.xml"


def test_a_picture_named_after_the_key_tells_it() -> None:
    messages = [finding.message for finding in leaks(replace(NUMBER, picture_name="r-0.70.png"))]
    assert len(messages) == 2
    assert messages[1] == "the picture's name tells the key"


@pytest.mark.parametrize(
    "changes",
    [
        {"key": NumericDelivered(value=-0.7, low=-0.755, high=-0.645), "alt": "At 0.70."},
        {"alt": "From 0.65 to 10.70 and 0.705, at version 0.7."},
        {"id": "mean_070_7_0"},
        {"key": CHOICE.key, "alt": "Is it skewed left, symmetric or flat?"},
        {"key": CHOICE.key, "alt": "The unskewed leftovers."},
        {"key": CHOICE.key, "stem": "<p>Is it skewed left?</p>"},
    ],
)
def test_what_is_no_leak(changes: dict[str, object]) -> None:
    assert list(leaks(replace(NUMBER, **changes))) == []  # type: ignore[arg-type]
