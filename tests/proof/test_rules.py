"""One planted fault gives exactly the finding it should; good packages give none."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plotbank.proof import Finding, moodle_rules
from plotbank.proof.delivered import (
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from plotbank.proof.packages import check_package
from plotbank.proof.rules import leaks

Zipped = Callable[[Mapping[str, bytes]], Path]
Written = Callable[[str | bytes], Path]

NUMERICAL = "p0123456789abcdef.png"
QUIZ, META, MANIFEST = "quiz1/quiz1.xml", "quiz1/assessment_meta.xml", "imsmanifest.xml"


def found(path: Path) -> list[Finding]:
    return list(check_package(path, path.parents[1]))


def replaced(text: str, old: str, new: str, behind: str = "") -> str:
    """The text with the first of the old words, somewhere behind others, replaced."""
    before, found_behind, after = text.partition(behind) if behind else ("", "", text)
    assert old in after
    return before + found_behind + after.replace(old, new, 1)


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
        ('<img src="@@PLUGINFILE@@/p0', '<embed src="@@PLUGINFILE@@/p0', "shows no picture"),
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
        ('fraction="100"', 'fraction="50"', "does not earn 100 percent"),
        ("<unitgradingtype>0", "<unitgradingtype>1", "may ask for a unit"),
        ("<showunits>3</showunits>", "", "may ask for a unit"),
        ("<tags>", "<units><unit><multiplier>2</multiplier></unit></units><tags>", "multiplies responses"),
        ("<single>true</single>", "", "it is not marked as a single choice"),
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


def test_a_moodle_file_that_hardly_any_site_takes(
    moodle: str, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(moodle)
    monkeypatch.setattr(moodle_rules, "_LARGEST_FILE", path.stat().st_size)
    assert found(path) == []
    monkeypatch.setattr(moodle_rules, "_LARGEST_FILE", 1_000)
    (finding,) = found(path)
    assert (finding.package, finding.item) == ("moodle/intro-1.xml", "")
    assert "larger than 1,000 bytes" in finding.message


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
        (QUIZ, ' width="60"', ' width="100%"', "the picture has no width in pixels"),
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


def test_good_packages_of_every_type_have_no_findings(
    moodle_types: str, written: Written, canvas_types: dict[str, bytes], zipped: Zipped
) -> None:
    assert found(written(moodle_types)) == []
    assert found(zipped(canvas_types)) == []


@pytest.mark.parametrize(
    ("item", "old", "new", "message"),
    [
        ("bands", 'fraction="50"', 'fraction="55"', "what is not on Moodle's list"),
        ("bands", 'fraction="50"', 'fraction="x"', "what is not on Moodle's list"),
        ("bands", 'fraction="50"', 'fraction="25"', "earn less and less"),
        ("bands", 'fraction="33.33333"', 'fraction="0"', "earn less and less"),
        (
            "bands",
            "[0.70]]></text><tolerance>0.105",
            "[0.71]]></text><tolerance>0.105",
            "the answers of a number differ",
        ),
        ("bands", ">0.105<", ">0.050<", "not wider than that of the answer before it"),
        ("bands", ">0.055<", ">-1<", "the tolerance -1 is not greater than 0"),
        ("pictures", "<single>true", "<single>maybe", "nor as one of several answers"),
        ("pictures", 'name="pffffffffffffffff.png"', 'name="other.png"', "links pffffffffffffffff.png, but no <file>"),
        ("pictures", 'width="30"', "", "no width in pixels"),
        ("several", 'fraction="33.33333"', 'fraction="33.3"', "'33.3' is not on Moodle's list"),
        ("several", 'fraction="33.33333"', 'fraction="30"', "earn 96.66666 percent together"),
        ("several", 'fraction="-50"', 'fraction="-25"', "who ticks every option earns 24.99999 percent"),
        ("several", 'fraction="-50"', 'fraction="0"', "a wrong option costs nothing"),
        ("several", "<single>false", "<single>true", "0 options earn full marks"),
        ("truth", "[true]", "[wahr]", "not the words true and false"),
        ("truth", 'fraction="100"', 'fraction="90"', "Moodle takes false for right"),
        ("truth", "<penalty>1", "<penalty>0.3333333", "the penalty is not the whole mark"),
        ("pairs", "[neither]", "[ ]", "the import ends here and reports success"),
        ("pairs", "<answer><text><![CDATA[neither]]></text></answer>", "", "the import ends here and reports success"),
        ("pairs", "[neither]", "[r &lt; 0]", "an answer stands twice"),
        ("pairs", "[neither]", "[p<0.05]", "Moodle strips what looks like a tag"),
        ("pairs", "[neither]", "[" + "x" * 256 + "]", "longer than 255 characters"),
        ("pairs", "<![CDATA[Plot B]]>", "", "fewer than two prompts"),
        ("pairs", "<shuffleanswers>false</shuffleanswers>", "", "Moodle shuffles the prompts"),
        ("parts", "{2:NUMERICAL:", "{2:NUMERAL:", "'{2:NUMERAL:=0.70"),
        ("parts", "{2:NUMERICAL:", "{0:NUMERICAL:", "part 1: the weight '0'"),
        ("parts", "{2:NUMERICAL:", "{:NUMERICAL:", "part 1: the weight ''"),
        ("parts", "<p>First?", "<p>First {#1}?", "'{#1}?"),
        ("parts", "=0.70:0.055", "0.70:0.055", "part 1: the first answer of a number"),
        ("parts", "%50%", "%55%", "part 1: an answer earns what is not on Moodle's list"),
        ("parts", "=0.70:0.055", "=0,70:0.055", "part 1: the answers of a number differ"),
        ("parts", ":0.055~", "~", "part 1: the tolerance is missing"),
        ("parts", "{1:MULTICHOICE_V:", "{1:SHORTANSWER:", "part 2: an embedded question of the type SHORTANSWER"),
        ("parts", "~=b~", "~b~", "part 2: 0 options earn full marks"),
        ("parts", "~=b~", "~%50%x~=b~", "part 2: an option earns 50 percent"),
        ("parts", "True~=False", "=False", "part 3: there are fewer than two options"),
        ("parts", "True~=False", "False~=False", "part 3: two options are alike"),
        ("parts", "~=b~", "~=b&#60;img src='x'&#62;~", "part 2: an option shows a picture"),
    ],
)
def test_moodle_finding_of_every_type(
    moodle_types: str, written: Written, item: str, old: str, new: str, message: str
) -> None:
    findings = found(written(replaced(moodle_types, old, new, f"Question {item}]")))

    assert any(message in finding.message for finding in findings), findings
    assert {finding.item for finding in findings} == {item}


def test_a_cloze_text_without_questions(moodle_types: str, written: Written) -> None:
    begin = moodle_types.index('<div class="part">')
    end = moodle_types.index("]]></text>", begin)
    (finding,) = found(written(moodle_types[:begin] + moodle_types[end:]))
    assert (finding.item, finding.message[:40]) == ("parts", "the text holds no embedded question that")


WRONG = '<varequal respident="response1">c2</varequal>'
ADDS = '<setvar action="Add" varname="SCORE">50</setvar>'
BEHIND = "<respcondition><conditionvar><varequal respident='response1'>c2</varequal></conditionvar></respcondition>"
LINK = '<displayfeedback feedbacktype="Response" linkrefid="c1_fb"/>'


@pytest.mark.parametrize(
    ("item", "old", "new", "message"),
    [
        ("pictures", 'alt="Plot B." width="30"', 'alt="Plot B."', "no width in pixels"),
        ("pictures", ">A</mattext>", "> </mattext>", "the answer 'c1' says nothing"),
        ("pictures", 'linkrefid="c1_fb"', 'linkrefid="c2_fb"', "'c2_fb', which does not exist"),
        ("pictures", ">c1</varequal>", ">c2</varequal>", "the feedback c1_fb is shown to those who chose 'c2'"),
        ("pictures", "</resprocessing>", BEHIND + "</resprocessing>", "stands behind the one that scores"),
        ("several", 'rcardinality="Multiple"', 'rcardinality="Single"', "not marked Multiple"),
        ("several", f"<not>{WRONG}</not>", "", "say of each choice once"),
        ("several", f"<not>{WRONG}</not>", f"<or>{WRONG}</or>", "Canvas keeps another key"),
        ("several", f"<not>{WRONG}</not>", WRONG, "all right or all wrong"),
        ("truth", ">True<", ">Right<", "not the words for true and for false"),
        ("truth", '"text/plain">True', '"text/html">True', "not marked text/plain"),
        ("truth", ">c_false</varequal>", ">c_none</varequal>", "'c_none', which is not among the choices"),
        ("pairs", ">Plot A</mattext>", "> </mattext>", "the list 'response_1' has no prompt"),
        ("pairs", ">Plot A</mattext>", ">&lt;b&gt;A&lt;/b&gt;</mattext>", "holds what looks like a tag"),
        ("pairs", ">Plot A</mattext>", ">A &amp;lt; B</mattext>", "holds an entity"),
        ("pairs", ">neither</mattext>", ">none</mattext>", "do not all offer the same answers"),
        ("pairs", ">neither</mattext>", "></mattext>", "the answer 'match_3' says nothing"),
        ("pairs", ">match_1</varequal>", ">match_2</varequal>", "an answer belongs to two prompts"),
        ("pairs", ">match_1</varequal>", ">match_9</varequal>", "'match_9', which is not in the list 'response_2'"),
        ("pairs", 'respident="response_2"', 'respident="response_1"', "2 answers of the list 'response_1' are right"),
        ("pairs", 'respident="response_2"', 'respident="response_3"', "the list 'response_3', which does not exist"),
        ("pairs", ADDS, '<setvar action="Add" varname="SCORE">30</setvar>', "do not add up to 100"),
        ("pairs", ADDS, '<setvar action="Set" varname="SCORE">100</setvar>', "counts the lists one by one"),
        ("pairs", 'ident="response_2"', 'ident="response_1"', "the ident 'response_1' of a list stands 2 times"),
        ("pairs", 'ident="response_2"', 'ident="response.2"', "has other characters than letters"),
        ("parts", "[two]", "(two)", "[two], the place of a list, stands 0 times"),
        ("parts", "[two]", "[two] [two]", "[two], the place of a list, stands 2 times"),
        ("parts", "[two]", "[two] [0, 1]", "[0, 1] stands in the text"),
        ("parts", 'ident="response_two"', 'ident="two"', "does not have its ident, without response_, for its name"),
        ("parts", 'ident="t1"', 'ident="o1"', "two lists have choices of the same ident"),
        ("parts", 'ident="t2"', 'ident="t1"', "two choices have the same ident"),
        ("parts", ">b</mattext>", ">p<![CDATA[<]]>q</mattext>", "holds what looks like a tag"),
        ("parts", 'respident="response_one">o2', 'respident="response_one">t1', "'t1', which is not in the list"),
    ],
)
def test_canvas_finding_of_every_type(
    canvas_types: dict[str, bytes], zipped: Zipped, item: str, old: str, new: str, message: str
) -> None:
    quiz = replaced(canvas_types[QUIZ].decode(), old, new, f'<item ident="{item}"')
    findings = found(zipped(canvas_types | {QUIZ: quiz.encode()}))

    assert any(message in finding.message for finding in findings), findings
    assert {finding.item for finding in findings} == {item}


def test_answers_that_canvas_cannot_tell_apart(canvas_types: dict[str, bytes], zipped: Zipped) -> None:
    quiz = canvas_types[QUIZ].decode()
    same_number = found(zipped(canvas_types | {QUIZ: quiz.replace("match_3", "match_1_b").encode()}))
    same_text = found(zipped(canvas_types | {QUIZ: quiz.replace(">neither<", ">r &gt; 0<").encode()}))

    assert ["a number each" in finding.message for finding in same_number] == [True]
    assert [finding.message for finding in same_text] == ["two answers are alike"]


def test_feedback_in_lists_is_dropped(canvas_types: dict[str, bytes], zipped: Zipped) -> None:
    shown = '<conditionvar><other/></conditionvar><displayfeedback linkrefid="o1_fb"/>'
    said = '<itemfeedback ident="o1_fb"><material><mattext texttype="text/html">No.</mattext></material></itemfeedback>'
    end = f"<respcondition>{shown}</respcondition></resprocessing>{said}"
    quiz = replaced(canvas_types[QUIZ].decode(), "</resprocessing>", end, "response_two")
    (finding,) = found(zipped(canvas_types | {QUIZ: quiz.encode()}))

    assert (finding.item, "where Canvas drops it" in finding.message) == ("parts", True)


def test_findings_name_the_package_and_the_item(canvas: dict[str, bytes], zipped: Zipped) -> None:
    text = replaced(canvas[QUIZ].decode(), 'margintype="absolute"', "")
    (finding,) = found(zipped(canvas | {QUIZ: text.encode()}))
    assert finding == Finding(
        package="canvas/intro-1.zip", item="mean_k3x", message="the margin is not marked absolute"
    )


def test_an_item_outside_the_sections(canvas: dict[str, bytes], zipped: Zipped) -> None:
    text = replaced(canvas[QUIZ].decode(), "</assessment>", '<item ident="stray"/></assessment>')
    (finding,) = found(zipped(canvas | {QUIZ: text.encode()}))
    assert (finding.item, finding.message) == ("stray", "the item does not stand in a section or a bank")


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


PICTURE = DeliveredPicture(
    name=NUMERICAL,
    png=b"",
    alt="Histogram of 40 values. Horizontal axis: from 0.7 to 70.",
    width=60,
    height=45,
)
NUMBER = Delivered(
    package="moodle/intro-1.xml",
    id="mean_k3x",
    pool="top/Intro",
    title="Estimate the mean 1",
    stem=f'<p>The mean of 40 values, such as 0.10?</p><img src="{NUMERICAL}" alt="0.70" width="70" height="45">',
    feedback="<p>It is 0.70.</p>",
    pictures=(PICTURE,),
    points=1.0,
    key=NumericDelivered(value=0.7, low=0.645, high=0.755),
)
CHOICE = replace(NUMBER, key=ChoiceDelivered(options=("<b>skewed</b> left", "symmetric", "flat"), correct=(0,)))
SEVERAL = MultipleDelivered(options=("skewed left", "symmetric", "flat"), correct=(0, 1))
WHOLE = NumericDelivered(value=40, low=37.5, high=42.5)
THOUSANDS = NumericDelivered(value=1200, low=1199.5, high=1200.5)
LARGE = NumericDelivered(value=1234.5, low=1234.35, high=1234.65)
LETTERS = ChoiceDelivered(options=("A", "B", "neither"), correct=(1,))
PLOTS = ChoiceDelivered(options=("Plot A", "Plot B", "both"), correct=(1,))
PAIRS = MatchingDelivered(prompts=("Plot A", "Plot B"), answers=("skewed", "flat", "r = 0.5"), pairs=(2, 0))
PARTS = PartsDelivered(
    parts=(
        PartDelivered(stem="<p>How large?</p>", key=NUMBER.key, share=0.5),
        PartDelivered(stem="<p>Is it true?</p>", key=TrueFalseDelivered(truth=True), share=0.5),
    )
)


def changed(*, alt: str = "", name: str = "", caption: str = "", **changes: object) -> Delivered:
    """The item with its one picture changed, or in other ways."""
    picture = replace(PICTURE, alt=alt or PICTURE.alt, name=name or PICTURE.name, caption=caption)
    return replace(NUMBER, **{"pictures": (picture,), **changes})  # type: ignore[arg-type]


def messages(delivered: Delivered) -> list[str]:
    return [finding.message for finding in leaks(delivered)]


@pytest.mark.parametrize(
    "key", [NUMBER.key, CHOICE.key, SEVERAL, WHOLE, THOUSANDS, TrueFalseDelivered(truth=True), PLOTS, PAIRS, PARTS]
)
def test_a_good_item_tells_nothing(key: KeyDelivered) -> None:
    """The feedback may hold the key, and so may numbers that only look like a part of it."""
    alt = "Histogram of 50 values. Horizontal axis: from 0.7 to 70."
    assert messages(changed(alt=alt, key=key)) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "plot.png"}, "the picture's name 'plot.png'"),
        ({"name": "p0123456789ABCDEF.png"}, "16 hexadecimal digits"),
        ({"name": NUMERICAL + "\n"}, "16 hexadecimal digits"),
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
        ({"key": WHOLE}, "the text alternative tells the key"),
        ({"key": WHOLE, "alt": "From 0 to 40"}, "the text alternative tells the key"),
        ({"key": WHOLE, "alt": "Plot.", "title": "Mean of 40"}, "the title tells the key"),
        ({"key": WHOLE, "alt": "Plot.", "id": "q_40"}, "the id tells the key"),
        ({"key": THOUSANDS, "alt": "1,200 g"}, "the text alternative tells the key"),
        ({"key": THOUSANDS, "alt": "1.200 g"}, "the text alternative tells the key"),
        ({"key": THOUSANDS, "alt": "1\u00a0200 g"}, "the text alternative tells the key"),
        ({"key": THOUSANDS, "alt": "1\u202f200 g"}, "the text alternative tells the key"),
        ({"key": THOUSANDS, "alt": "1'200 g"}, "the text alternative tells the key"),
        ({"key": THOUSANDS, "alt": "1’200 g"}, "the text alternative tells the key"),
        ({"key": LARGE, "alt": "It is 1.234,5."}, "the text alternative tells the key"),
        ({"key": LARGE, "alt": "It is 1,234.5."}, "the text alternative tells the key"),
        ({"key": LARGE, "stem": "It is 1\u202f234,5."}, "the stem tells the key"),
        ({"key": CHOICE.key, "alt": "The values are Skewed left."}, "the text alternative tells the key"),
        ({"key": CHOICE.key, "title": "Skewed left?"}, "the title tells the key"),
        ({"key": CHOICE.key, "id": "skewed_left_k3x"}, "the id tells the key"),
        ({"key": ChoiceDelivered(options=("0.58", "−0.31"), correct=(1,)), "stem": "-0.31"}, "the stem tells the key"),
        ({"key": SEVERAL, "alt": "It is symmetric."}, "the text alternative tells the key"),
        ({"key": SEVERAL, "title": "Skewed left and symmetric"}, "the title tells the key"),
        ({"key": LETTERS, "alt": "B: nothing, neither", "title": "x"}, ""),
        ({"key": PLOTS, "alt": "both"}, ""),
        ({"key": replace(PLOTS, correct=(2,)), "alt": "Both."}, "the text alternative tells the key"),
        ({"key": PAIRS, "alt": "Plot A: with r = 0.5"}, "the text alternative tells the key"),
        ({"key": PAIRS, "alt": "A skewed plot", "caption": "Plot B"}, "the text alternative tells the key"),
        ({"key": PAIRS, "title": "Plot B is skewed"}, "the title tells the key"),
        ({"key": PARTS, "alt": "The mean is 0.70."}, "the text alternative tells the key of part 1"),
        ({"key": PARTS, "title": "Mean 0.70"}, "the title tells the key of part 1"),
        (
            {"key": PartsDelivered(parts=(PARTS.parts[0], replace(PARTS.parts[1], stem="<p>Is 0.70 large?</p>")))},
            "the text of part 2 tells the key of part 1",
        ),
    ],
)
def test_leak(changes: dict[str, Any], message: str) -> None:
    found = list(leaks(changed(**changes)))
    assert [message in finding.message for finding in found] == ([True] if message else [])
    assert {finding.package for finding in found} <= {"moodle/intro-1.xml"}


def test_a_picture_named_after_the_key_tells_it() -> None:
    found = messages(changed(name="r-0.70.png"))
    assert len(found) == 2
    assert found[1] == "the picture's name tells the key"


def test_every_picture_is_looked_at() -> None:
    second = replace(PICTURE, name="other.png", alt="The mean is 0.70.", option=2)
    assert messages(replace(NUMBER, pictures=(PICTURE, second, second))) == [
        *["the picture's name 'other.png' is neither p and 16 hexadecimal digits nor 12 digits, and .png"] * 2,
        "the text alternative tells the key",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"key": NumericDelivered(value=-0.7, low=-0.755, high=-0.645), "alt": "At 0.70."},
        {"alt": "From 0.65 to 10.70 and 0.705, at version 0.7."},
        {"id": "mean_070_7_0"},
        {"key": WHOLE, "alt": "Plot.", "stem": "<p>40 values from 0 to 40</p>"},
        {"key": THOUSANDS, "alt": "1200.5, 11,200, 1,2000 and 1,200,000"},
        {"key": CHOICE.key, "alt": "Is it skewed left, symmetric or flat?"},
        {"key": CHOICE.key, "alt": "The unskewed leftovers."},
        {"key": CHOICE.key, "stem": "<p>Is it skewed left?</p>"},
        {"key": SEVERAL, "alt": "Is it skewed left or flat?"},
        {"key": SEVERAL, "alt": "Is it flat?"},
        {"key": TrueFalseDelivered(truth=True), "alt": "It is true.", "title": "True", "id": "true"},
        {"key": LETTERS, "alt": "B: a plot"},
        {"key": PLOTS, "alt": "Plot B: a plot"},
        {
            "key": ChoiceDelivered(options=("Before", "After", "both"), correct=(0,)),
            "caption": "Before",
            "alt": "Before:",
        },
        {"key": PAIRS, "alt": "Plot B: skewed or flat, with r = 0.5"},
        {"key": PAIRS, "alt": "Plot A: flat"},
        {"key": PAIRS, "alt": "A skewed plot", "caption": "Plot A"},
        {"key": PAIRS, "alt": "Plot B", "stem": "Plot B is skewed"},
        {"key": PARTS, "alt": "It is true."},
    ],
)
def test_what_is_no_leak(changes: dict[str, Any]) -> None:
    assert messages(changed(**changes)) == []
