"""What only one of Canvas's engines misreads, and what goes wrong in banks: one planted fault, the finding it should."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from plotbank.proof import Finding, Unreadable
from plotbank.proof.canvas_package import canvas_items
from plotbank.proof.canvas_rules import check_canvas
from plotbank.proof.delivered import Delivered
from plotbank.proof.zips import open_archive

ACCEPTED = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "accepted"

Files = dict[str, bytes]
Zipped = Callable[[Mapping[str, bytes]], Path]

QUIZ, META, MANIFEST = "quiz1/quiz1.xml", "quiz1/assessment_meta.xml", "imsmanifest.xml"
BANKS = ("quiz1/quiz1_bank_1.xml", "quiz1/quiz1_bank_2.xml")
ITEM = re.compile(rb"<item .*?</item>", re.DOTALL)


def found(path: Path) -> list[Finding]:
    return list(check_canvas(path, "canvas/intro-1.zip"))


def messages(path: Path) -> list[str]:
    return [finding.message for finding in found(path)]


def opened(path: Path) -> list[Delivered]:
    with open_archive(path) as archive:
        return list(canvas_items(archive, "canvas/intro-1.zip"))


def changed(files: Files, file: str, old: str, new: str, behind: str = "") -> Files:
    """A package with the first of the old words of a file, somewhere behind others, replaced."""
    before, begin, after = files[file].decode().partition(behind) if behind else ("", "", files[file].decode())
    assert old in after
    return {**files, file: (before + begin + after.replace(old, new, 1)).encode()}


@pytest.fixture
def banks(canvas: Files) -> Files:
    """The good package in several banks: its groups draw from two, which hold the items."""
    items = ITEM.findall(canvas[QUIZ])
    quiz = canvas[QUIZ]
    manifest = canvas[MANIFEST]
    for number, (name, item) in enumerate(zip(BANKS, items, strict=True), start=1):
        source = b"<selection><sourcebank_ref>quiz1_bank_%d</sourcebank_ref>" % number
        begin = quiz.index(b"<selection>\n")
        quiz = quiz[:begin] + source + quiz[begin + len(b"<selection>") :].replace(item, b"", 1)
        canvas[name] = (
            b'<questestinterop><objectbank ident="quiz1_bank_%d"><qtimetadata><qtimetadatafield><fieldlabel>bank_title'
            b"</fieldlabel><fieldentry>Bank %d</fieldentry></qtimetadatafield></qtimetadata>%s</objectbank>"
            b"</questestinterop>" % (number, number, item)
        )
        listed = (
            f'<resource identifier="b{number}" type="associatedcontent/imscc_xmlv1p1/learning-application-resource">'
            f'<file href="{name}"/></resource></resources>'
        )
        manifest = manifest.replace(b"</resources>", listed.encode())
    return {**canvas, QUIZ: quiz, MANIFEST: manifest}


SCORED = '<setvar action="Set" varname="SCORE">100</setvar>'
WITH_MARGIN = '<varequal respident="response1" margin="0.055" margintype="absolute">0.70</varequal>'
LOWEST = '<vargte respident="response1">0.645</vargte>'
BOUNDS = f'<and>{LOWEST}<varlte respident="response1">0.755</varlte></and>'
TITLE = 'title="Estimate the mean 1"'


def scoring(test: str, score: str) -> str:
    """The end of the outcomes, and behind it one more condition that changes the score."""
    change = f'<setvar action="Set" varname="SCORE">{score}</setvar>'
    return f'</outcomes><respcondition continue="Yes"><conditionvar>{test}</conditionvar>{change}</respcondition>'


@pytest.mark.parametrize(
    ("item", "old", "new", "message"),
    [
        ("mean_k3x", "Why mean_k3x.", "&lt;kbd&gt;Enter&lt;/kbd&gt;", "a text has a <kbd>: Canvas removes it"),
        ("mean_k3x", "Why mean_k3x.", "&lt;form&gt;&lt;input&gt;&lt;/form&gt;", "a text has a <input>: Canvas removes"),
        ("mean_k3x", 'width="60"', 'width="60" aria-describedby="d"', "attribute aria-describedby: New Quizzes drops"),
        ("mean_k3x", "Histogram of 40 values.", "r > 0.", "a < or > in an attribute: Classic takes it apart"),
        ("mean_k3x", "Histogram of 40 values.", "r < 0.", "a < or > in an attribute: Classic takes it apart"),
        ("mean_k3x", "The mean of", "The &lt; mean of", "entities stands in CDATA: New Quizzes takes them"),
        ("mean_k3x", SCORED, SCORED.replace("SCORE", "MARK"), "not marked SCORE: New Quizzes does not see it"),
        ("mean_k3x", SCORED, SCORED.replace(' varname="SCORE"', ""), "not marked SCORE: New Quizzes does not see it"),
        ("mean_k3x", 'vartype="Decimal"', 'vartype="String"', "SCORE is declared as String, not as Decimal: Classic"),
        ("mean_k3x", "</outcomes>", scoring("<other/>", "0"), "2 conditions change the score instead of one: Classic"),
        (
            "choose_k3x",
            "</outcomes>",
            scoring('<varequal respident="response1">c1</varequal>', "50"),
            "2 conditions change the score instead of one: Classic",
        ),
        (
            "mean_k3x",
            f"<or>{WITH_MARGIN}{BOUNDS}</or>",
            WITH_MARGIN,
            "has no bounds: Classic keeps no answer, New Quiz",
        ),
        ("mean_k3x", f"<or>{WITH_MARGIN}{BOUNDS}</or>", BOUNDS, "Canvas keeps no or another key"),
        ("mean_k3x", "margintype=", 'precision="2" margintype=', "the answer is one of so many digits"),
        ("mean_k3x", LOWEST, LOWEST.replace("gte", "gt"), "the answer is one of so many digits"),
        ("mean_k3x", TITLE, f'title="{"t" * 256}"', "the title of <item> is longer than 255 characters"),
    ],
)
def test_finding(canvas: Files, zipped: Zipped, item: str, old: str, new: str, message: str) -> None:
    findings = found(zipped(changed(canvas, QUIZ, old, new, f'item ident="{item}"')))

    assert any(message in finding.message for finding in findings), findings
    assert {finding.item for finding in findings} == {item}


WRONG_C2 = '<not><varequal respident="response1">c2</varequal></not>'


@pytest.mark.parametrize(
    ("item", "old", "new", "message"),
    [
        (
            "several",
            "</outcomes>",
            scoring(f"<and>{WRONG_C2}</and>", "0"),
            "an <and> stands before",
        ),
        ("truth", '<mattext texttype="text/plain">True', "<mattext>True", "is not marked text/plain"),
        ("parts", 'response_lid ident="response_two"', 'response_lid ident="two_str"', "Classic takes the ending off"),
    ],
)
def test_finding_of_every_type(
    canvas_types: Files, zipped: Zipped, item: str, old: str, new: str, message: str
) -> None:
    findings = found(zipped(changed(canvas_types, QUIZ, old, new, f'item ident="{item}"')))

    assert any(message in finding.message for finding in findings), findings
    assert {finding.item for finding in findings} == {item}


def test_a_sign_outside_of_tags_or_in_a_pair_does_no_harm(canvas: Files, zipped: Zipped) -> None:
    assert messages(zipped(changed(canvas, QUIZ, "The mean of", "The > mean of"))) == []
    assert messages(zipped(changed(canvas, QUIZ, "Histogram of 40 values.", "a <b> c"))) == []


def test_signs_in_the_wrong_order_are_no_pair(canvas: Files, zipped: Zipped) -> None:
    quiz = changed(canvas, QUIZ, "The mean of", "The > mean of")

    assert [message[:44] for message in messages(zipped(changed(quiz, QUIZ, "Histogram of 40 values.", "a < b")))] == [
        "a tag has a < or > in an attribute: Classic "
    ]


def renamed(files: Files, old: str, new: str) -> Files:
    """A package with all the old words of the quiz replaced."""
    return {**files, QUIZ: files[QUIZ].replace(old.encode(), new.encode())}


@pytest.mark.parametrize("ident", ["RESP_MC", "response", "TF1"])
def test_idents_of_a_response_that_mean_something_to_classic(ident: str, canvas: Files, zipped: Zipped) -> None:
    assert [message[:40] for message in messages(zipped(renamed(canvas, "response1", ident)))] == [
        "Classic has a meaning of its own for a r"
    ] * 2


@pytest.mark.parametrize("ident", ["c_ans", "c_STR"])
def test_endings_that_classic_takes_off(ident: str, canvas: Files, zipped: Zipped) -> None:
    quiz = renamed(renamed(canvas, ">c2<", f">{ident}<"), '"c2"', f'"{ident}"')

    assert messages(zipped(quiz)) == [f"Classic takes the ending off the choice ident {ident!r}: the key is lost"]


@pytest.mark.parametrize("ident", ["wrong_1", "incorrect", "my_solution", "not_all_x"])
def test_feedback_whose_name_says_something_else(ident: str, canvas_types: Files, zipped: Zipped) -> None:
    quiz = canvas_types[QUIZ].replace(b'"c_true"', f'"{ident}"'.encode()).replace(b">c_true<", f">{ident}<".encode())
    quiz = quiz.replace(b"c_true_fb", f"{ident}_fb".encode())

    assert messages(zipped({**canvas_types, QUIZ: quiz})) == [
        f"Classic takes the feedback {ident}_fb, because of its name, for feedback on the whole question"
    ]


def test_feedback_that_new_quizzes_does_not_find(canvas: Files, zipped: Zipped) -> None:
    quiz = changed(changed(canvas, QUIZ, "<flow_mat>", ""), QUIZ, "</flow_mat>", "")

    assert messages(zipped(quiz)) == [
        "the text of the feedback general_fb does not stand in <flow_mat><material>: New Quizzes drops it"
    ]


def test_a_stem_behind_its_response(canvas: Files, zipped: Zipped) -> None:
    item = ITEM.findall(canvas[QUIZ])[1]
    stem = re.findall(rb"<presentation>(<material>.*?</material>)", item, re.DOTALL)[0]
    moved = item.replace(stem, b"").replace(b"</presentation>", stem + b"</presentation>")

    assert messages(zipped({**canvas, QUIZ: canvas[QUIZ].replace(item, moved)})) == [
        "the stem stands behind the response: New Quizzes takes the first option for it"
    ]


def test_a_number_that_is_no_text(canvas: Files, zipped: Zipped) -> None:
    (message,) = messages(zipped(renamed(canvas, "response_str", "response_num")))

    assert message.endswith("Classic keeps a range without its value")


def test_dropdowns_in_a_flow(canvas_types: Files, zipped: Zipped) -> None:
    begin, item, rest = canvas_types[QUIZ].partition(b'<item ident="parts"')
    rest = rest.replace(b"<presentation>", b"<presentation><flow>", 1).replace(
        b"<response_lid", b"</flow><response_lid", 1
    )

    assert messages(zipped({**canvas_types, QUIZ: begin + item + rest})) == [
        "the text is not <presentation><material><mattext>: New Quizzes' import ends with an exception"
    ]


@pytest.mark.parametrize("name", ["quiz1/draft.qti", "notes.dat", "old.XML"])
def test_files_that_canvas_reads_though_nobody_lists_them(name: str, canvas: Files, zipped: Zipped) -> None:
    assert messages(zipped({**canvas, name: b"<x/>"})) == [
        f"{name} is neither the quiz nor its settings: Canvas reads .xml, .qti and .dat, listed or not"
    ]


def test_settings_that_shuffle(canvas: Files, zipped: Zipped) -> None:
    quiz = changed(canvas, META, "</quiz_type>", "</quiz_type><shuffle_answers>true</shuffle_answers>")

    assert messages(zipped(quiz)) == ["shuffle_answers is true: Canvas would shuffle the options"]


@pytest.mark.parametrize("tag", ["assessment", "section"])
def test_titles_that_are_too_long(tag: str, canvas: Files, zipped: Zipped) -> None:
    title = {"assessment": "Reading plots", "section": "Estimate the mean"}[tag]
    quiz = changed(canvas, QUIZ, f'title="{title}"', f'title="{"t" * 256}"')

    assert messages(zipped(quiz)) == [f"the title of <{tag}> is longer than 255 characters: Canvas cuts or refuses it"]


def test_what_is_said_to_who_is_right_or_wrong_is_read(canvas: Files, zipped: Zipped) -> None:
    said = "".join(
        f'<itemfeedback ident="{ident}"><flow_mat><material><mattext texttype="text/html">{ident}</mattext></material>'
        "</flow_mat></itemfeedback>"
        for ident in ("correct_fb", "general_incorrect_fb")
    )
    links = (
        '<displayfeedback linkrefid="correct_fb"/><displayfeedback linkrefid="general_incorrect_fb"/></respcondition>'
    )
    quiz = changed(changed(canvas, QUIZ, "</item>", f"{said}</item>"), QUIZ, "</respcondition>", links)
    number, choice = opened(zipped(quiz))

    assert messages(zipped(quiz)) == []
    assert (number.if_correct, number.if_incorrect) == ("correct_fb", "general_incorrect_fb")
    assert (choice.if_correct, choice.if_incorrect) == ("", "")


def test_items_in_banks_are_read(canvas: Files, banks: Files, zipped: Zipped) -> None:
    number, choice = opened(zipped(banks))

    assert messages(zipped(banks)) == []
    assert [(one.id, one.pool, one.points) for one in (number, choice)] == [
        ("mean_k3x", "Bank 1", 2),
        ("choose_k3x", "Bank 2", 1.5),
    ]
    assert number.key == opened(zipped(canvas))[0].key


def test_banks_need_no_quiz_beside_them(banks: Files, zipped: Zipped) -> None:
    begin = banks[MANIFEST].index(b'<resource identifier="quiz1"')
    end = banks[MANIFEST].index(b'<resource identifier="i1"')
    alone = {name: data for name, data in banks.items() if name not in (QUIZ, META)}
    alone[MANIFEST] = banks[MANIFEST][:begin] + banks[MANIFEST][end:]

    assert messages(zipped(alone)) == []
    assert len(opened(zipped(alone))) == 2


def test_a_bank_may_come_in_another_package(banks: Files, zipped: Zipped) -> None:
    listed = f'<file href="{BANKS[1]}"/>'.encode()
    picture = next(name for name in banks if name.startswith("images/") and "p0123" not in name)
    first = {name: data for name, data in banks.items() if name not in (BANKS[1], picture)}
    first[MANIFEST] = banks[MANIFEST].replace(listed, b"").replace(f'<file href="{picture}"/>'.encode(), b"")

    assert messages(zipped(first)) == []
    assert [item.id for item in opened(zipped(first))] == ["mean_k3x"]


BANK_TITLE = "<fieldlabel>bank_title</fieldlabel>"
SOURCE = "<sourcebank_ref>quiz1_bank_1</sourcebank_ref>"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (BANKS[0], BANK_TITLE, "<fieldlabel>title</fieldlabel>", "'quiz1_bank_1' has no bank_title: Classic names it"),
        (BANKS[0], "Bank 1", "B" * 256, "the title of the bank 'quiz1_bank_1' is longer than 255 characters"),
        (BANKS[0], 'ident="quiz1_bank_1"', 'ident="bank.1"', "the ident 'bank.1' of <objectbank> is not a letter"),
        (BANKS[0], 'ident="quiz1_bank_1"', 'ident="bank_1"', "no group draws from the bank 'bank_1'"),
        (QUIZ, SOURCE, "<sourcebank_ref>bank_9</sourcebank_ref>", "no group draws from the bank 'quiz1_bank_1'"),
        (BANKS[1], "choose_k3x", "mean_k3x", "the ident 'mean_k3x' of <item> stands twice"),
        (BANKS[0], "<fieldentry>2<", "<fieldentry>3<", "items of the bank 'quiz1_bank_1' differ from its group's"),
        (BANKS[0], "<fieldentry>2<", "<fieldentry>0<", "the item has no positive points_possible"),
        (QUIZ, "<points_per_item>2<", "<points_per_item>0<", "has no positive points_per_item"),
        (QUIZ, "<selection_number>1<", "<selection_number>2<", "does not draw exactly one of its items"),
        (META, "3.5", "1.5", "points_possible of the quiz is not 3.5"),
    ],
)
def test_finding_in_banks(banks: Files, zipped: Zipped, file: str, old: str, new: str, message: str) -> None:
    findings = messages(zipped(changed(banks, file, old, new)))

    assert any(message in one for one in findings), findings


def test_a_bank_without_items(banks: Files, zipped: Zipped) -> None:
    empty = ITEM.sub(b"", banks[BANKS[0]])

    assert "the bank 'quiz1_bank_1' holds no item" in messages(zipped({**banks, BANKS[0]: empty}))


def test_a_section_in_a_bank_gives_it_its_name(banks: Files, zipped: Zipped) -> None:
    inside = (
        banks[BANKS[0]]
        .replace(b"<item ident", b'<section ident="s1" title="S"><item ident')
        .replace(b"</item>", b"</item></section>")
    )

    assert "the section 'S' stands in a bank: Classic names the bank after it" in messages(
        zipped({**banks, BANKS[0]: inside})
    )


def test_a_group_holds_items_or_draws_from_a_bank(banks: Files, zipped: Zipped) -> None:
    item = ITEM.findall(banks[BANKS[0]])[0].replace(b"mean_k3x", b"mean_other")
    both = changed(banks, QUIZ, "</selection_ordering>", "</selection_ordering>" + item.decode())

    assert messages(zipped(both)) == [
        "the group 'Estimate the mean' holds items and draws from a bank: Canvas takes the bank's only"
    ]


def test_a_file_with_two_banks_or_none(banks: Files, zipped: Zipped) -> None:
    second = banks[BANKS[1]].partition(b"<objectbank")[2].partition(b"</questestinterop>")[0]
    both = banks[BANKS[0]].replace(b"</questestinterop>", b"<objectbank" + second + b"</questestinterop>")
    empty = {**banks, BANKS[0]: both, BANKS[1]: b"<questestinterop/>"}

    assert messages(zipped(empty)) == [
        f"{BANKS[0]} holds 0 quizzes and 2 banks: New Quizzes reads one of either only",
        f"{BANKS[1]} holds 0 quizzes and 0 banks: New Quizzes reads one of either only",
    ]


def test_an_item_in_a_bank_that_cannot_be_read_is_named(banks: Files, zipped: Zipped) -> None:
    with pytest.raises(Unreadable, match="^mean_k3x: "):
        opened(zipped(changed(banks, BANKS[0], ">0.70<", ">7e-1<")))


@pytest.mark.skipif(not ACCEPTED.is_dir(), reason="the packages that real importers accepted are not at hand")
def test_what_canvas_accepted_differs_from_the_conventions_in_known_ways_only() -> None:
    """Its pictures have no height, its options are shuffled, and it has ranges and numbers of so many digits."""
    known = (
        *("the picture has no height in pixels", "shuffle_answers is true", "the answer is one of so many digits"),
        *(
            "a response with as many decimals as the key can fall exactly on a bound",
            "the answer is not <or> of a value",
        ),
    )
    said = messages(ACCEPTED / "canvas-classic-and-new.zip")

    assert [message for message in said if not message.startswith(known)] == []
    assert len(said) == 22
