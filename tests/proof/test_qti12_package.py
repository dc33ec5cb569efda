"""Items of QTI 1.2 are what their response processing does: it is run, and what contradicts itself is refused."""

import zipfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from plotbank.proof import Unreadable
from plotbank.proof.delivered import (
    BandDelivered,
    ChoiceDelivered,
    Delivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from plotbank.proof.markup import root
from plotbank.proof.qti12_package import qti12_items
from plotbank.proof.qti12_rules import check_qti12
from plotbank.proof.qti12_scoring import outcome
from plotbank.proof.zips import open_archive

from .qti12_samples import MANIFEST, QUESTIONS, cartridge, pure_bank, pure_test

ACCEPTED = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "accepted"

Zipped = Callable[[Mapping[str, bytes]], Path]


def opened(path: Path) -> list[Delivered]:
    with open_archive(path) as archive:
        return list(qti12_items(archive, "qti12/intro-1.zip"))


def refusal(path: Path) -> str:
    """Why the package cannot be opened."""
    with pytest.raises(Unreadable) as caught:
        opened(path)
    return str(caught.value)


def changed(files: Mapping[str, bytes], item: str, old: str, new: str, count: int = 1) -> dict[str, bytes]:
    """A package in which words of one item, as often as they are told, stand differently."""
    before, begin, after = files[QUESTIONS].decode().partition(f'<item ident="{item}"')
    inside, end, behind = after.partition("</item>")
    assert old in inside
    return {**files, QUESTIONS: (before + begin + inside.replace(old, new, count) + end + behind).encode()}


def test_every_type_is_read_by_running_its_conditions(png: bytes, zipped: Zipped) -> None:
    mean, choose, several, truth, pairs, parts = opened(zipped(pure_test(png)))

    assert mean.key == NumericDelivered(
        value=0.7, low=0.645, high=0.755, bands=(BandDelivered(low=0.595, high=0.805, share=0.5),)
    )
    assert isinstance(choose.key, ChoiceDelivered)
    assert choose.key.options[:2] == ("A", "B")
    assert (choose.key.correct, choose.key.feedback) == ((2,), ("<p>Said c1_fb.</p>", "", ""))
    assert several.key == MultipleDelivered(
        options=("option 1", "option 2", "option 3"), correct=(0, 2), feedback=("", "", "")
    )
    assert truth.key == TrueFalseDelivered(truth=False, if_true="<p>Said yes_fb.</p>")
    assert pairs.key == MatchingDelivered(
        prompts=("Plot <b>A</b>", "Plot B"), answers=("r < 0", "r > 0", "neither"), pairs=(1, 0)
    )
    assert parts.key == PartsDelivered(
        parts=(
            PartDelivered(stem="<p>First?</p>", key=NumericDelivered(value=12, low=11.5, high=12.5), share=0.5),
            PartDelivered(
                stem="<p>Second?</p>",
                key=ChoiceDelivered(options=("a", "b"), correct=(1,), feedback=("<p>Said o1_fb.</p>", "")),
                share=0.25,
            ),
            PartDelivered(stem="<p>Third?</p>", key=TrueFalseDelivered(truth=True), share=0.25),
        )
    )


def test_what_stands_around_a_key_is_read(png: bytes, zipped: Zipped) -> None:
    mean, choose, _, truth, _, parts = opened(zipped(pure_test(png)))

    assert (mean.package, mean.id, mean.pool, mean.title) == ("qti12/intro-1.zip", "mean", "Pool mean", "Question mean")
    assert mean.stem.startswith("<p>The mean?</p><img")
    assert (mean.feedback, mean.if_correct) == ("<p>Said general_fb.</p>", "<p>Said correct_fb.</p>")
    assert mean.if_incorrect == "<p>Said general_incorrect_fb.</p>"
    assert (truth.feedback, truth.if_correct, truth.if_incorrect) == ("<p>Said general_fb.</p>", "", "")
    assert (parts.if_correct, parts.if_incorrect) == ("<p>Said correct_fb.</p>", "")
    assert parts.stem.endswith('height="45">')
    assert [(one.option, one.name, one.alt, one.width) for one in choose.pictures] == [
        (None, "pbbbbbbbbbbbbbbbb.png", "Plot b.", 60),
        (2, "pffffffffffffffff.png", "Plot f.", 60),
    ]
    assert choose.pictures[0].png == png


def test_points_are_those_of_a_field_or_the_highest_score(png: bytes, zipped: Zipped) -> None:
    percent = opened(zipped(pure_test(png)))
    field = "<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>2</fieldentry></qtimetadatafield>"
    without = opened(zipped(changed(pure_test(png), "pairs", field, "")))

    assert [item.points for item in percent] == [2] * 6
    assert without[4].points == 2
    assert opened(zipped(changed(pure_test(png), "mean", field, "")))[0].points == 100


def test_the_pool_of_a_bank_is_its_title_or_else_its_ident(png: bytes, zipped: Zipped) -> None:
    files = pure_bank(png)
    nameless = files[QUESTIONS].replace(b"bank_title", b"bank_owner")

    assert {item.pool for item in opened(zipped(files))} == {"Means"}
    assert {item.pool for item in opened(zipped({**files, QUESTIONS: nameless}))} == {"bank"}


def test_the_pool_of_a_cartridge_is_the_category_of_its_items(png: bytes, zipped: Zipped) -> None:
    files = cartridge("1.3", png)
    category = "<qtimetadatafield><fieldlabel>cc_question_category</fieldlabel><fieldentry>Means</fieldentry>"
    named = changed(files, "choose", "<qtimetadatafield>", f"{category}</qtimetadatafield><qtimetadatafield>")

    assert [item.pool for item in opened(zipped(named))] == ["Means", "bank", "bank"]


@pytest.mark.parametrize("version", ["1.1", "1.3"])
def test_a_bank_of_common_cartridge_is_read(version: str, png: bytes, zipped: Zipped) -> None:
    choose, several, truth = opened(zipped(cartridge(version, png)))

    assert isinstance(choose.key, ChoiceDelivered)
    assert isinstance(several.key, MultipleDelivered)
    assert truth.key == TrueFalseDelivered(truth=False, if_true="<p>Said yes_fb.</p>")
    assert [item.points for item in (choose, several, truth)] == [2, 2, 2]


def test_an_item_of_common_cartridge_without_a_weighting_counts_1(png: bytes, zipped: Zipped) -> None:
    files = changed(cartridge("1.3", png), "choose", "cc_weighting", "other")
    assert opened(zipped(files))[0].points == 1


def test_links_are_relative_to_the_file_or_begin_at_the_base(png: bytes, zipped: Zipped) -> None:
    def moved(files: dict[str, bytes], old: str, new: str) -> dict[str, bytes]:
        manifest = files[MANIFEST].replace(f'"{QUESTIONS}"'.encode(), f'"qti/{QUESTIONS}"'.encode())
        questions = files.pop(QUESTIONS).replace(old.encode(), new.encode())
        return {**files, MANIFEST: manifest, f"qti/{QUESTIONS}": questions}

    assert len(opened(zipped(moved(pure_test(png), "images/", "../images/")))) == 6
    assert len(opened(zipped(moved(cartridge("1.1", png), "images/", "../images/")))) == 3
    assert "does not hold qti/images/" in refusal(zipped(moved(pure_test(png), "images/", "images/")))


def test_flows_only_lay_out(png: bytes, zipped: Zipped) -> None:
    files = pure_test(png)
    flowed = files[QUESTIONS].replace(b"<presentation>", b"<presentation><flow>")
    flowed = flowed.replace(b"</presentation>", b"</flow></presentation>")

    assert opened(zipped({**files, QUESTIONS: flowed})) == opened(zipped(files))


def earned(conditions: str, *chosen: str, declared: str = "") -> tuple[Decimal, frozenset[str]]:
    """What such an item gives to who answers this to its response r."""
    item = root(
        [f'<item><resprocessing><outcomes><decvar varname="SCORE"{declared}/></outcomes>{conditions}'
         "</resprocessing></item>".encode()],
        "item",
    )  # fmt: skip
    found = outcome(item, {"r": frozenset(chosen)})
    return found.score, found.shown


def condition(test: str, rest: str, mark: str = "") -> str:
    return f"<respcondition{mark}><conditionvar>{test}</conditionvar>{rest}</respcondition>"


A, B = '<varequal respident="r">a</varequal>', '<varequal respident="r">b</varequal>'
ONE, TWO = "<setvar>1</setvar>", '<setvar action="Add">2</setvar>'


def test_conditions_are_tried_in_order_and_end_with_the_first_that_holds_and_does_not_go_on() -> None:
    goes_on = condition(A, ONE, ' continue="Yes"') + condition(A, TWO) + condition("<other/>", "<setvar>9</setvar>")
    stops = condition(A, ONE) + condition(A, TWO)

    assert earned(goes_on, "a") == (3, frozenset())
    assert earned(goes_on, "b") == (9, frozenset())
    assert earned(stops, "a") == (1, frozenset())


def test_conditions_are_joined_as_the_standard_says() -> None:
    for test, given, score in [
        (A + B, ("a",), 0),
        (A + B, ("a", "b"), 1),
        (f"<or>{A}{B}</or>", ("b",), 1),
        (f"<not>{A}</not>", (), 1),
        (f"<not>{A}{B}</not>", ("a",), 1),
        (f"<not>{A}{B}</not>", ("a", "b"), 0),
        (f"<and><not>{A}</not>{B}</and>", ("b",), 1),
        ('<unanswered respident="r"/>', (), 1),
        ('<unanswered respident="r"/>', ("a",), 0),
        (A, ("A",), 1),
        ('<vargt respident="r">1.5</vargt>', ("1.50",), 0),
        ('<vargte respident="r">1.5</vargte>', ("1.50",), 1),
        ('<varlt respident="r">-1</varlt>', ("-1.01",), 1),
        ('<varlte respident="r">-1</varlte>', ("-0.99",), 0),
        ('<varlte respident="r">9</varlte>', ("abc",), 0),
        ('<varlte respident="r">9</varlte>', (), 0),
    ]:
        assert earned(condition(test, ONE), *given) == (score, frozenset()), (test, given)


def test_a_score_begins_at_its_default_and_stays_within_its_bounds() -> None:
    assert earned("", declared=' defaultval="4"')[0] == 4
    assert earned("", declared=' minvalue="5"')[0] == 5
    assert earned(condition(A, TWO), "a", declared=' defaultval="4" maxvalue="5"')[0] == 5


def test_what_is_shown_is_what_the_conditions_that_hold_link() -> None:
    shown = '<displayfeedback linkrefid="one"/><displayfeedback linkrefid="two"/>'

    assert earned(condition(A, shown) + condition(B, shown), "a")[1] == {"one", "two"}
    assert earned(condition(A, shown), "b")[1] == frozenset()


NOT_C2 = '<not><varequal respident="r">c2</varequal></not>'
NO = '<varequal respident="r">no</varequal>'
FIRST_BOUND = '<vargte respident="r">0.645</vargte>'
DEAD = '<and><varequal respident="r">0.9</varequal><not><other/></not></and>'
BEGIN = "</outcomes>"
SECOND_PART = '&lt;div class="part"&gt;&lt;p&gt;Second'


def earning(test: str, score: str, action: str = "Set") -> str:
    """The begin of a processing with one more condition."""
    scored = f'<setvar varname="SCORE" action="{action}">{score}</setvar>'
    goes_on = "Yes" if action == "Add" else "No"
    return f'{BEGIN}<respcondition continue="{goes_on}"><conditionvar>{test}</conditionvar>{scored}</respcondition>'


@pytest.mark.parametrize(
    ("item", "old", "new", "reason"),
    [
        ("mean", BEGIN, earning('<unanswered respident="r"/>', "10"), "who answers nothing earns 10"),
        (
            "mean",
            BEGIN,
            earning('<not><or><unanswered respident="r"/><vargte respident="r">0.6</vargte></or></not>', "5"),
            "a number far off earns marks",
        ),
        ("mean", BEGIN, earning('<varequal respident="r">ABC</varequal>', "0"), "'ABC' is not a plain decimal number"),
        (
            "mean",
            BEGIN,
            earning(
                '<not><or><unanswered respident="r"/><vargte respident="r">0.6</vargte>'
                '<varlt respident="r">0.6</varlt></or></not>',
                "5",
            ),
            "an answer that is no number earns marks",
        ),
        ("mean", ">0.70<", ">0.90<", "name 2 numbers as the answer instead of one"),
        ("mean", FIRST_BOUND, FIRST_BOUND.replace("gte", "gt"), "a bound of the numbers that earn 100 is not among"),
        ("mean", f"<and>{FIRST_BOUND}", '<and><other/><vargte respident="r">0.72</vargte>', "0.70 earns"),
        (
            "mean",
            BEGIN,
            earning('<vargte respident="r">0.85</vargte><varlte respident="r">0.9</varlte>', "100"),
            "not every number from 0.645 to 0.9 earns 100, though both do",
        ),
        ("mean", ">0.645<", ">0,645<", "the text of <vargte> is '0,645', not a plain"),
        ("mean", ">0.755<", ">7e-1<", "'7e-1' is not a plain decimal number"),
        ("mean", ">100</setvar>", ">1e2</setvar>", "what a condition earns is '1e2'"),
        ("mean", ">100</setvar>", ">90</setvar>", "right answers earn 90 of 100"),
        ("mean", 'maxvalue="100"', 'maxvalue="x"', "the maxvalue of SCORE is 'x'"),
        ("mean", 'respident="r">0.645', 'respident="s">0.645', "asks for the response 's', which the item does not"),
        ("mean", 'linkrefid="general_fb"', 'linkrefid="correct_fb"', "the feedback general_fb is said to some"),
        ("choose", ">c3</varequal>", ">c9</varequal>", "no answer earns a mark"),
        ("choose", 'ident="c2"', 'ident="c1"', "two things that can be chosen have the same ident"),
        ("choose", '<varequal respident="r">c1', '<varequal respident="r">c2', "c1_fb is not said to those"),
        ("choose", BEGIN, earning('<varequal respident="r">c2</varequal>', "50"), "the option 'c2' earns 50"),
        (
            "choose",
            f'minvalue="0" maxvalue="100"/>{BEGIN}',
            'minvalue="-50" maxvalue="100"/>' + earning('<varequal respident="r">c2</varequal>', "-50"),
            "an answer costs marks",
        ),
        ("choose", ' width="60"', "", "no width in pixels"),
        ("choose", 'src="images/', 'src="https://example.org/', "not inside the package"),
        ("choose", 'src="images/', 'src="../images/', "not inside the package"),
        ("choose", 'src="images/pb', 'src="images/pq', "the zip does not hold images/pq"),
        ("several", "&lt;img", "&lt;b", "the item shows no picture"),
        ("several", NOT_C2, "", "2 different sets of options earn marks"),
        ("several", NOT_C2, '<durequal respident="r">5</durequal>', "the condition <durequal> cannot be run"),
        ("several", 'rcardinality="Multiple"', 'rcardinality="Ordered"', "of the cardinality Ordered"),
        ("several", 'rcardinality="Multiple"', 'rcardinality="Single"', "no answer earns a mark"),
        ("truth", NO, f"<or>{NO}{NO.replace('no', 'yes')}</or>", "both true and false earn full marks"),
        ("pairs", ">m1</varequal>", ">m9</varequal>", "no answer earns a mark"),
        ("pairs", 'action="Add">1<', 'action="Add">0.5<', "the pairs do not earn equal parts"),
        ("pairs", 'continue="Yes"', 'continue="No"', "right answers earn 2 one by one, but 1 together"),
        (
            "pairs",
            BEGIN,
            earning('<varequal respident="p1">m1</varequal><varequal respident="p2">m1</varequal>', "1", "Add"),
            "what the response 'p1' earns hangs on the answers to others",
        ),
        ("pairs", 'action="Add"', 'action="Multiply"', "by 'Multiply', which cannot be run"),
        ("pairs", ">neither", ">none", "do not all offer the same answers"),
        ("pairs", 'response_lid ident="p2"', 'response_lid ident="p1"', "two responses have the ident 'p1'"),
        (
            "pairs",
            BEGIN,
            earning('<varequal respident="p1">m3</varequal>', "1", "Add"),
            "a prompt does not have one answer that is right",
        ),
        ("parts", 'action="Add">25<', 'action="Add">20<', "right answers earn 95 of 100"),
        ("parts", 'action="Add">25<', 'action="Add">30<', "right answers earn 105 one by one, but 100 together"),
        ("parts", SECOND_PART, "&lt;p&gt;Second", "a text stands behind the first part, but is none"),
        ("parts", SECOND_PART, f"&lt;/p&gt;</mattext></material><material><mattext>{SECOND_PART}", "behind the first"),
        ("parts", 'decvar varname="SCORE"', 'decvar varname="MARK"', "declares MARK, not SCORE alone"),
        ("parts", 'setvar varname="SCORE"', 'setvar varname="MARK"', "sets MARK, which it does not declare"),
        ("parts", "<resprocessing>", "<resprocessing/><resprocessing>", "2 <resprocessing> instead of one"),
    ],
)
def test_what_contradicts_itself_is_refused(
    png: bytes, zipped: Zipped, item: str, old: str, new: str, reason: str
) -> None:
    said = refusal(zipped(changed(pure_test(png), item, old, new)))

    assert reason in said
    assert said.startswith(f"{item}: ")


def test_a_key_outside_its_bounds_is_refused(png: bytes, zipped: Zipped) -> None:
    outside = changed(pure_test(png), "mean", ">0.70<", ">0.9<", count=2)
    ignored = changed(outside, "mean", '<varequal respident="r">0.9</varequal>', DEAD, count=2)

    assert "mean: 0.9 earns 100, but 0.90 earns 0" in refusal(zipped(outside))
    assert "mean: the key 0.9 does not lie between the bounds 0.645 and 0.755" in refusal(zipped(ignored))


@pytest.mark.parametrize("third", ["33.33", "33.3333333334"])
def test_shares_that_decimals_cannot_say_add_up(third: str, png: bytes, zipped: Zipped) -> None:
    files = changed(pure_test(png), "parts", 'action="Add">50<', f'action="Add">{third}<')
    parts = opened(zipped(changed(files, "parts", 'action="Add">25<', f'action="Add">{third}<', count=2)))[-1]

    assert isinstance(parts.key, PartsDelivered)
    assert [part.share for part in parts.key.parts] == pytest.approx([1 / 3] * 3)
    assert (parts.points, parts.if_correct) == (2, "<p>Said correct_fb.</p>")


def test_two_right_options_are_both_in_the_key(png: bytes, zipped: Zipped) -> None:
    also = earning('<varequal respident="r">c2</varequal>', "100")
    choose = opened(zipped(changed(pure_test(png), "choose", BEGIN, also)))[1]

    assert isinstance(choose.key, ChoiceDelivered)
    assert choose.key.correct == (1, 2)


def test_what_would_take_for_ever_is_refused(png: bytes, zipped: Zipped) -> None:
    many = "<qticomment/>" * 2_000
    options = "".join(f'<response_label ident="x{number}"/>' for number in range(8))

    assert "more than 2,000 elements" in refusal(zipped(changed(pure_test(png), "mean", BEGIN, BEGIN + many)))
    assert "the item has 11 options" in refusal(
        zipped(changed(pure_test(png), "several", "<render_choice>", "<render_choice>" + options))
    )


def test_what_is_no_package_of_qti_1_2_is_refused(png: bytes, zipped: Zipped) -> None:
    files = pure_test(png)
    other = files[MANIFEST].replace(b'"imsqti_xmlv1p2"', b'"imsqti_item_xmlv2p1"')
    stray = b'<questestinterop><item ident="stray"/></questestinterop>'

    assert "no questions of QTI 1.2" in refusal(zipped({**files, MANIFEST: other}))
    assert refusal(zipped({**files, QUESTIONS: stray})) == "stray: the item does not stand in a section or a bank"


@pytest.fixture
def sized(tmp_path: Path) -> Callable[[str], Path]:
    """An accepted package, whose pictures get the size that those of plotbank have."""

    def write(name: str) -> Path:
        with zipfile.ZipFile(ACCEPTED / name) as given, zipfile.ZipFile(tmp_path / name, "w") as written:
            for entry in given.namelist():
                data = given.read(entry)
                written.writestr(entry, data.replace(b'.png" alt=', b'.png" width="60" height="45" alt='))
        return tmp_path / name

    return write


@pytest.mark.skipif(not ACCEPTED.is_dir(), reason="the packages that the official schemas accepted are not at hand")
@pytest.mark.parametrize(
    ("name", "idents"),
    [
        ("qti12-bank.zip", ["num_v1", "num_v2", "choice1"]),
        ("qti12-test.zip", ["num_v1", "num_v2", "choice1"]),
        ("cc11-bank.zip", ["choice1"]),
        ("cc11-test.zip", ["choice1"]),
        ("cc13-bank.zip", ["choice1"]),
        ("cc13-test.zip", ["choice1"]),
    ],
)
def test_accepted_packages_are_read_without_findings(
    name: str, idents: list[str], sized: Callable[[str], Path]
) -> None:
    items = opened(sized(name))

    assert [item.id for item in items] == idents
    assert all(item.key == NumericDelivered(value=0.5, low=0.49, high=0.51) for item in items[:-1])
    assert isinstance(items[-1].key, ChoiceDelivered)
    assert items[-1].key.correct == (1,)
    assert list(check_qti12(sized(name), name)) == []
