"""QTI packages are opened as engines show and mark them; keys are what the processing does, not what items claim."""

import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

from plotbank.proof import Unreadable
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
)
from plotbank.proof.qti_package import qti_items
from plotbank.proof.qti_processing import Grader
from plotbank.proof.zips import open_archive

from . import qti_samples as samples
from .qti_samples import between, image, item, near, response, right, said, set_to, when

ACCEPTED = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "accepted"

every_version = pytest.mark.parametrize("version", samples.VERSIONS)


def opened(path: Path) -> list[Delivered]:
    with open_archive(path) as archive:
        return list(qti_items(archive, "qti/intro.zip"))


@pytest.fixture
def read(png, tmp_path):
    """The items of a package, by what they are called in the samples."""

    def write(version: str = "2.1", items: Mapping[str, str] = samples.ITEMS, *, with_test: bool = True):
        path = samples.packed(samples.package(png, version, items, with_test=with_test), tmp_path)
        return {one.id.removesuffix("_k3x"): one for one in opened(path)}

    return write


@pytest.fixture
def refusal(read):
    """Why an item, or one of the samples with something in it replaced, cannot be read."""

    def why(name: str, *changes: tuple[str, str], version: str = "2.1", text: str = "") -> str:
        text = text or samples.ITEMS[name]
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        with pytest.raises(Unreadable) as caught:
            read(version, {name: text})
        return str(caught.value)

    return why


@every_version
def test_an_item_of_every_type_is_read_with_the_key_that_the_processing_rewards(version, read):
    keys = {name: one.key for name, one in read(version).items()}

    assert keys == {
        "number": NumericDelivered(
            value=0.7, low=0.645, high=0.755, bands=(BandDelivered(low=0.595, high=0.805, share=0.5),)
        ),
        "choice": ChoiceDelivered(
            options=("0.58", keys["choice"].options[1], "<p>0.93</p>"),
            correct=(1,),
            feedback=("<p>Too low.</p>", "", ""),
        ),
        "several": MultipleDelivered(options=("a", "b", "c"), correct=(0, 2), feedback=("", "<p>Not b.</p>", "")),
        "truth": TrueFalseDelivered(truth=False, if_true="<p>It falls.</p>"),
        "pairs": MatchingDelivered(
            prompts=("Plot <b>A</b>", "Plot B"), answers=("r < 0", "r > 0", "neither"), pairs=(1, 0)
        ),
        "drops": MatchingDelivered(prompts=("<b>Plot A</b>", "Plot B"), answers=("r < 0", "r > 0"), pairs=(1, 0)),
        "parts": PartsDelivered(
            parts=(
                PartDelivered(stem="<p>First?</p>", key=NumericDelivered(value=-3, low=-3.5, high=-2.5), share=0.5),
                PartDelivered(
                    stem="<p>Second?</p>",
                    key=ChoiceDelivered(options=("a", "b"), correct=(0,), feedback=("", "")),
                    share=0.25,
                ),
                PartDelivered(stem="<p>Third?</p>", key=TrueFalseDelivered(truth=True), share=0.25),
            )
        ),
    }


@every_version
def test_what_stands_around_a_key_is_read(version, read):
    number = read(version)["number"]

    assert (number.package, number.id, number.title) == ("qti/intro.zip", "number_k3x", "Title of number_k3x")
    assert number.points == 2
    assert number.stem == (f"<p>The mean of 5 &lt; 6 <b>values</b>?</p><p>{image('a').replace('/>', '>')}</p>")
    assert (number.feedback, number.if_correct, number.if_incorrect) == (
        "<p>It is 0.70.</p>",
        "<p>Yes.</p>",
        "<p>No.</p>",
    )


@every_version
def test_pictures_are_read_with_their_places_captions_and_descriptions(version, read, png):
    items = read(version)

    shown = DeliveredPicture(name="p" + "a" * 16 + ".png", png=png, alt="Plot a of 40 values.", width=60, height=45)
    (described,) = items["number"].pictures
    assert described.description == ("It is long." if version == "3.0" else "")
    assert items["parts"].pictures == (shown,)
    first, second = items["choice"].pictures
    assert (first.caption, first.option, second.caption, second.option) == ("Plot A", None, "", 1)


def test_a_description_may_stand_in_the_catalogue_alone(read):
    text = samples.NUMBER.replace(' aria-describedby="d1"', "").replace("It is long.</div>", "</div>")
    text = text.replace('<div id="d1" class="qti-visually-hidden"></div>', "")

    assert read("3.0", {"number": text})["number"].pictures[0].description == "It is long."


def test_hidden_text_that_describes_no_picture_is_part_of_the_stem(read):
    text = samples.NUMBER.replace(' aria-describedby="d1"', "")

    assert "It is long." in read("3.0", {"number": text})["number"].stem


def test_a_pool_is_the_section_of_a_test_or_the_title_in_an_item_bank(read):
    assert read()["truth"].pool == "Section truth"
    assert read(with_test=False)["truth"].pool == "Pool truth"


def test_the_title_of_the_whole_bank_is_the_pool_of_items_without_one(png, tmp_path):
    files = samples.package(png, items={"truth": samples.TRUTH}, with_test=False)
    text = files["imsmanifest.xml"].decode()
    lom = text[text.index("<lom") : text.index("</lom>") + 6]
    text = text.replace(f"<metadata>{lom}</metadata>", "").replace("</schemaversion>", f"</schemaversion>{lom}")

    (one,) = opened(samples.packed(files | {"imsmanifest.xml": text.encode()}, tmp_path))

    assert one.pool == "Pool truth"


def test_a_prompt_belongs_to_the_stem(read):
    assert read()["choice"].stem.endswith("</p>Choose.")


def test_items_are_read_one_at_a_time(png, tmp_path):
    files = samples.package(png)
    files["items/choice_k3x.xml"] = b"<damaged"
    with open_archive(samples.packed(files, tmp_path)) as archive:
        items = qti_items(archive, "p")
        assert next(items).id == "number_k3x"
        with pytest.raises(Unreadable, match=r"items/choice_k3x.xml: the XML is damaged"):
            next(items)


@pytest.mark.skipif(not ACCEPTED.is_dir(), reason="the accepted packages are not here")
@pytest.mark.parametrize("name", ["qti21-test", "qti21-bank", "qti22-test", "qti22-bank", "qti30-test", "qti30-bank"])
def test_accepted_packages_are_read_up_to_their_template_item(name):
    read = []
    with open_archive(ACCEPTED / f"{name}.zip") as archive, pytest.raises(Unreadable) as caught:
        read.extend(one for one in qti_items(archive, "p"))
    assert "template1: the item changes while it is answered" in str(caught.value)
    with open_archive(ACCEPTED / f"{name}.zip") as archive:
        items = qti_items(archive, "p")
        first, second, third = next(items), next(items), next(items)
    assert first.key == second.key == NumericDelivered(value=0.5, low=0.49, high=0.51)
    assert (first.if_correct, first.pictures[0].width) == ("<p>Yes: 2 / 4 = 0.5.</p>", 320)
    assert third.key == ChoiceDelivered(
        options=("It falls.", "It rises.", "Neither."),
        correct=(1,),
        feedback=("<p>No: y grows with x.</p>", "<p>Yes: y grows with x.</p>", ""),
    )


IS_A = '<match><variable identifier="RESPONSE"/><baseValue baseType="identifier">A</baseValue></match>'
TEXT_ENTRY = '<textEntryInteraction responseIdentifier="RESPONSE" expectedLength="10"/>'
NUMBER = '<variable identifier="RESPONSE"/>'
FULL = f"<or>{near('0.055')}{between('0.645', '0.755')}</or>"
BAND = between("0.595", "0.805")
UNANSWERED = f"<isNull>{NUMBER}</isNull>"
A_EARNS_1 = f"<responseElseIf>{IS_A}{set_to('SCORE', '1')}</responseElseIf>"
B_EARNS_1 = when(
    '<match><variable identifier="RESPONSE"/><multiple><baseValue baseType="identifier">B</baseValue></multiple></match>',
    set_to("SCORE", "1"),
)
MAPPED = when(
    UNANSWERED,
    set_to("SCORE", "0"),
    '<setOutcomeValue identifier="SCORE"><mapResponse identifier="RESPONSE"/></setOutcomeValue>',
)
MORE_OPTIONS = "".join(f'<simpleChoice identifier="X{number}">{number}</simpleChoice>' for number in range(8))
MAP = 'defaultValue="0"><mapEntry'
MAP_OF_X7 = 'defaultValue="-1"><mapEntry mapKey="X7" mappedValue="1"/><mapEntry'
P1_IS_A3 = '<mapEntry mapKey="P1 A3" mappedValue="1"/>'
P1_IS_HALF_A3 = P1_IS_A3.replace('"1"', '"0.5"')
ANSWER = '<inlineChoice identifier="A2">r &gt; 0</inlineChoice>'
R1_AND_NOT_R2_IS_A2 = f'<and>{right("R1")}<or><isNull><variable identifier="R2"/></isNull>{right("R2")}</or></and>'
R2_AND_R3 = f"<and>{right('R2')}{right('R3')}</and>"
FIRST = samples.adds("R1", "0.5", between("-3.5", "-2.5", "R1"))
WIDER_WITH_R2 = samples.adds(
    "R1", "0.5", f"<or>{between('-3.5', '-2.5', 'R1')}<and>{right('R2')}{between('-4', '-2', 'R1')}</and></or>"
)

# fmt: off
WRONG_KEYS = [
    # The processing contradicts what is called correct.
    ("choice", [(right(), IS_A)], "what the item calls correct (B) earns 0 of 2"),
    ("choice", [(right(), f"<or>{IS_A}{right()}</or>")], "points, and the whole mark: A, B"),
    ("choice", [(right(), f"<not>{IS_A}</not>")], "points, and the whole mark: B, C"),
    ("choice", [(right(), f"<or>{right()}{UNANSWERED}</or>")], "an empty response earns points"),
    ("choice", [("<responseElse>", f"{A_EARNS_1}<responseElse>")], "points, and the whole mark: A, B"),
    ("choice", [(set_to("SCORE", "2"), set_to("SCORE", "1"))], "what the item calls correct (B) earns 1 of 2"),
    ("choice", [(set_to("SCORE", "2"), set_to("SCORE", "3"))], "B earns 3 of 2"),
    ("choice", [("<value>B<", "<value>D<")], "points, and the whole mark: none"),
    ("choice", [("<value>B<", "<value>D<"), (right(), f"<or>{right()}{IS_A}</or>")], "response 'D' is none of the options"),
    ("choice", [('identifier="C"', 'identifier="A"')], "identifiers of the options are not unique"),
    ("choice", [("<value>B</value>", "")], "what the item calls correct (an empty response) earns 0 of 2"),
    # Numbers.
    ("number", [(FULL, between("0.755", "0.645"))], "what the item calls correct (0.7) earns 1 of 2"),
    ("number", [(FULL, f"<or>{between('0.64', '0.68')}{between('0.69', '0.71')}</or>")], "at least 2 are not one"),
    ("number", [(set_to("SCORE", "1"), set_to("SCORE", "3"))], "0.595 earns 3 of 2"),
    ("number", [(set_to("SCORE", "1"), set_to("SCORE", "-1"))], "0.595 earns -1 of 2"),
    ("number", [(BAND, between("0.5", "0.6"))], "the numbers that earn at least 1 are not one interval"),
    ("number", [(BAND, BAND.replace("gte>", "gt>"))], "the bound 0.595 does not earn 1, but what lies by it does"),
    ("number", [(BAND, BAND.partition("<lte>")[0] + "</and>")], "numbers however far from the key earn points"),
    ("number", [(FULL, between("0.645", "0.755")), ("<value>0.70<", "<value>0.80<")], "(0.8) earns 1 of 2"),
    ("number", [("<value>0.70<", "<value>7e-1<")], "'7e-1', not a plain decimal number"),
    ("number", [("<value>0.70<", "<value>0.7" + "0" * 40 + "<")], "longer than 40 characters"),
    ("number", [(set_to("SCORE", "0"), set_to("SCORE", "0.5"))], "an empty response earns points"),
    ("number", [(FULL, near("5").replace("absolute", "relative"))], "not one or two absolute numbers"),
    ("number", [(BAND, BAND.replace(NUMBER, f"<sum>{NUMBER}{NUMBER}</sum>"))], "not only compared with other numbers"),
    ("number", [(BAND, f"<gte>{NUMBER}{NUMBER}</gte>")], "not only compared with other numbers"),
    ("number", [('baseType="float"><correct', 'baseType="identifier"><correct')], "something that is no number"),
    ("number", [(FULL, f"<not>{UNANSWERED}</not>"), (BAND, UNANSWERED), (set_to("SCORE", "1"), "")], "compared with nothing"),
    # Several right answers.
    ("several", [('"B" mappedValue="-1"', '"B" mappedValue="0"')], "but A and C; A and B and C"),
    ("several", [('"B" mappedValue="-1"', '"B" mappedValue="1"')], "but A and B; A and C; B and C; A and B and C"),
    ("several", [(MAPPED, when(right(), set_to("SCORE", "2"), B_EARNS_1))], "'B' is wrong, but earns points alone"),
    ("several", [('lowerBound="0" ', "")], "B earns -1 of 2"),
    ("several", [("<value>C</value>", "")], "what the item calls correct (A) earns 1 of 2"),
    ("several", [('maxChoices="0"', 'maxChoices="1"')], "2 options are right, but only 1 can be chosen"),
    ("several", [(' upperBound="2"', ""), ('"A" mappedValue="1"', '"A" mappedValue="2"')], "A and C earns 3 of 2"),
    ("several", [("</choiceInteraction>", f"{MORE_OPTIONS}</choiceInteraction>"), (MAP, MAP_OF_X7)], "but A and C; A and X7; C and X7; A and C and X7"),
    # True or false.
    ("truth", [("True<", "Yes<")], "do not say so, in this order"),
    ("truth", [(">True<", ">?<"), (">False<", ">True<"), (">?<", ">False<")], "do not say so, in this order"),
    # Matching.
    ("pairs", [('mapKey="P1 A2"', 'mapKey="P1 A1"')], "(P1 A2 and P2 A1) earns 1 of 2"),
    ("pairs", [("</mapping>", f"{P1_IS_A3}</mapping>")], "'P1' with 'A3' earns points"),
    ("pairs", [("</mapping>", P1_IS_HALF_A3 + "</mapping>")], "'P1' with 'A3' earns points"),
    ("pairs", [('matchMax="1">Plot B', 'matchMax="2">Plot B')], "a prompt can be matched with several answers"),
    (
        "pairs",
        [('matchMax="2">r', 'matchMax="1">r'), ("P2 A1", "P2 A2")],
        "answer 2 cannot be matched with each prompt",
    ),
    ("pairs", [('maxAssociations="2"', 'maxAssociations="1"')], "not every prompt can be matched"),
    (
        "pairs",
        [("<value>P2 A1</value>", ""), ('A2" mappedValue="1"', 'A2" mappedValue="2"')],
        "give each prompt one of",
    ),
    (
        "pairs",
        [
            ('"P1 A2" mappedValue="1"', '"P1 A2" mappedValue="2"'),
            ('"P2 A1" mappedValue="1"', '"P2 A1" mappedValue="0"'),
        ],
        "'P2' with 'A2' earns points",
    ),
    ("drops", [('A1">r', 'A3">r')], "does not give each prompt one of the answers"),
    (
        "drops",
        [(f"{ANSWER}</inlineChoiceInteraction></p><p>", "</inlineChoiceInteraction></p><p>")],
        "all offer the same",
    ),
    ("drops", [(samples.adds("R2", "1"), samples.adds("R1", "1"))], "'R2' with 'A2' earns points"),
    ("drops", [(samples.adds("R2", "1"), samples.adds("R2", "1", R1_AND_NOT_R2_IS_A2))], "without an answer to 'R2'"),
    # Parts.
    ("parts", [(samples.adds("R3", "0.25"), samples.adds("R3", "0.2"))], "(-3; A; true) earns 0.95 of 1"),
    ("parts", [(samples.adds("R3", "0.25"), samples.adds("R3", "0.25", R2_AND_R3))], "earn 0.75 together, not 1"),
    ("parts", [(FIRST, FIRST + samples.adds("R1", "0.75", between("8", "9", "R1")))], "no number earns exactly 0.5"),
    ("parts", [(FIRST, WIDER_WITH_R2)], "what part 1 earns depends on the answers to others"),
]
# fmt: on


@pytest.mark.parametrize(("name", "changes", "message"), WRONG_KEYS)
def test_a_key_that_contradicts_itself_is_refused(name, changes, message, refusal):
    assert message in refusal(name, *changes)


@pytest.mark.parametrize("version", ["2.2", "3.0"])
def test_a_wrong_key_is_refused_in_every_version(version, refusal):
    assert "(B) earns 0 of 2" in refusal("choice", (right(), IS_A), version=version)


def test_a_key_that_is_not_correct_but_earns_the_whole_mark_is_refused(refusal):
    wider = [(f"<or>{near('0.055')}", "<or>"), ("<value>0.70<", "<value>0.60<")]

    assert "(0.6) earns 1 of 2" in refusal("number", *wider)


def test_bounds_need_no_equal_and_equal_needs_no_bounds(read):
    bounds = samples.NUMBER.replace(near("0.055"), "")
    equal = samples.NUMBER.replace(between("0.645", "0.755"), "")
    exact = samples.NUMBER.replace(f"<or>{near('0.055')}{between('0.645', '0.755')}</or>", right())

    assert read(items={"number": bounds})["number"].key == read(items={"number": equal})["number"].key
    key = read(items={"number": exact})["number"].key
    assert (key.low, key.high) == (0.7, 0.7)


def test_the_tolerance_of_equal_may_leave_out_a_bound_which_is_then_refused(refusal):
    text = samples.NUMBER.replace(between("0.645", "0.755"), "").replace(
        "tolerance=", 'includeLowerBound="false" tolerance='
    )

    assert "the bound 0.755 does not earn 2" in refusal("number", text=text)


@pytest.mark.parametrize(
    ("template", "mapping", "points"),
    [
        ("match_correct", "", "1"),
        ("map_response", '<mapping defaultValue="0"><mapEntry mapKey="B" mappedValue="2"/></mapping>', "2"),
    ],
)
def test_the_templates_of_the_standard_are_known(template, mapping, points, read):
    text = item(
        "choice_k3x",
        response("RESPONSE", "identifier", "B", mapping=mapping),
        samples.CHOICE[samples.CHOICE.index("<itemBody>") + 10 : samples.CHOICE.index("</itemBody>")],
        "",
        points=points,
    )
    address = f"http://www.imsglobal.org/question/qti_v2p1/rptemplates/{template}"
    text = text.replace("<responseProcessing></responseProcessing>", f'<responseProcessing template="{address}"/>')

    assert read(items={"choice": text})["choice"].key.correct == (1,)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "choice",
            [("<responseProcessing>", "<responseProcessing><exitResponse/>")],
            "the rule <qti-exit-response> is not one",
        ),
        (
            "choice",
            [("<responseProcessing>", "<other>"), ("</responseProcessing>", "</other>")],
            "no response processing",
        ),
        (
            "choice",
            [
                (samples.GENERAL, ""),
                (
                    samples.CHOICE[
                        samples.CHOICE.index("<responseCondition>") : samples.CHOICE.index("</responseProcessing>")
                    ],
                    "",
                ),
                ("<responseProcessing>", '<responseProcessing template="http://a.org/my_own">'),
            ],
            "the response processing template 'my_own'",
        ),
        ("choice", [(right(), "<random/>")], "the expression <qti-random> is not one"),
        ("choice", [(right(), f"<not>{right()}{right()}</not>")], "<qti-not> has 2 operands"),
        ("choice", [(right(), '<variable identifier="RESPONSE"/>')], "neither true nor false"),
        (
            "choice",
            [(right(), '<match><variable identifier="RESPONSE"/><baseValue baseType="float">1</baseValue></match>')],
            "values of different types",
        ),
        ("choice", [(right(), right("OTHER"))], "<qti-variable> names 'OTHER'"),
        ("choice", [(set_to("SCORE", "2"), set_to("SCORE", "A", "identifier"))], "set to a value of another type"),
        (
            "choice",
            [
                (
                    set_to("SCORE", "2"),
                    set_to("SCORE", "2").replace("<base", "<multiple><base").replace("</set", "</multiple></set"),
                )
            ],
            "set to a value of another type",
        ),
        ("choice", [(set_to("SCORE", "2"), set_to("OTHER", "2"))], "sets 'OTHER', which is no declared outcome"),
        (
            "choice",
            [
                (
                    '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue>',
                    '<setOutcomeValue identifier="SCORE"><null/>',
                )
            ],
            "an empty response leaves SCORE without a number",
        ),
        ("choice", [("responseElse>", "responseOtherwise>")], "the branch <qti-response-otherwise> is not one"),
        (
            "choice",
            [("<responseProcessing>", "<responseProcessing>" + "<setOutcomeValue/>" * 2001)],
            "more than 2,000 elements",
        ),
        ("choice", [(' normalMaximum="2"', "")], "normal maximum of SCORE is ''"),
        ("choice", [(' normalMaximum="2"', ' normalMaximum="0"')], "not greater than 0"),
        (
            "choice",
            [('<outcomeDeclaration identifier="SCORE"', '<outcomeDeclaration identifier="GRADE"')],
            "declares no SCORE",
        ),
        (
            "choice",
            [('"FEEDBACK" cardinality="single"', '"FEEDBACK" cardinality="ordered"')],
            "type or cardinality that cannot be proved",
        ),
        (
            "choice",
            [('identifier="FEEDBACK_GENERAL" card', 'identifier="FEEDBACK" card')],
            "'FEEDBACK' is declared twice",
        ),
        ("choice", [("<value>B</value>", "<value>B</value><value>C</value>")], "is single but has 2 values"),
        ("choice", [('adaptive="false"', 'adaptive="true"')], "changes while it is answered"),
        ("choice", [("itemBody>", "itemText>")], "the item has no body"),
        (
            "choice",
            [("choiceInteraction", "hottextInteraction")],
            "<qti-hottext-interaction> with a response of the type identifier",
        ),
        (
            "choice",
            [('Interaction responseIdentifier="RESPONSE"', 'Interaction responseIdentifier="OTHER"')],
            "'OTHER', which is no declared response",
        ),
        ("number", [(TEXT_ENTRY, "")], "the item has no interaction"),
        ("number", [(TEXT_ENTRY, TEXT_ENTRY + " or more")], "stands behind the place of an answer"),
        ("number", [(TEXT_ENTRY, TEXT_ENTRY * 2)], "2 interactions do not each stand in a part"),
        ("number", [("6 <b>", '6 <printedVariable identifier="X"/><b>')], "<qti-printed-variable> stands in a text"),
        ("number", [(image("a", samples.DESCRIBED), "")], "the item shows no picture"),
        ("number", [(' width="60"', "")], "the picture has no width in pixels"),
        ("number", [("../images/", "https://a.org/")], "not a file of the package"),
        ("number", [("../images/", "//[")], "not a file of the package"),
        ("number", [("../images/", "../../")], "not a file of the package"),
        ("number", [("../images/", "../pictures/")], "the zip does not hold pictures/paaa"),
        ("parts", [('</div><div class="part"><p>Third?', "<p>Third?")], "one interaction in each of its parts"),
        ("pairs", [("<simpleMatchSet>", "<simpleMatchSet/><simpleMatchSet>")], "does not match two sets"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_item(name, changes, message, refusal):
    why = refusal(name, *changes)

    assert message in why
    assert why.startswith(f"{name}_k3x: ")


# Every response but a correct one leaves FEEDBACK at NULL, or says that it was unanswered.
WRONG_WHERE_NOTHING = when(
    '<and><isNull><variable identifier="FEEDBACK"/></isNull><lt><variable identifier="SCORE"/>'
    '<baseValue baseType="float">2</baseValue></lt></and>',
    set_to("FEEDBACK", "wrong", "identifier"),
)
WRONG_IN_THREE_WAYS = "".join(
    said("FEEDBACK", name, "<p>It is 0.70.</p><p>No.</p>") for name in ("wrong", "unanswered", "partly")
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([(samples.CORRECT, samples.INCORRECT)], "the feedback 'correct' is never shown"),
        ([(samples.GENERAL, "")], "the feedback 'general' is never shown"),
        ([(set_to("SCORE", "1") + samples.INCORRECT, set_to("SCORE", "1"))], "'incorrect' is shown neither to all"),
        (
            [('showHide="show" identifier="correct"', 'showHide="hide" identifier="correct"'), (samples.INCORRECT, "")],
            "the feedback 'incorrect' is never shown",
        ),
    ],
)
def test_feedback_that_is_shown_to_others_is_refused(changes, message, refusal):
    assert message in refusal("number", *changes)


def test_feedback_to_an_option_is_for_those_who_choose_it(refusal):
    text = samples.TRUTH.replace(
        '<baseValue baseType="identifier">true</baseValue></match>',
        '<baseValue baseType="identifier">false</baseValue></match>',
    )

    assert "'true' is not shown to exactly those who choose that option" in refusal("truth", text=text)


def test_feedback_may_be_whole_texts_by_outcome_as_in_inspera(read):
    text = samples.NUMBER
    for old, new in (
        (samples.GENERAL, when(UNANSWERED, set_to("FEEDBACK", "unanswered", "identifier"))),
        (samples.INCORRECT, ""),
        ("</responseProcessing>", f"{WRONG_WHERE_NOTHING}</responseProcessing>"),
        (said("FEEDBACK_GENERAL", "general", "<p>It is 0.70.</p>"), ""),
        ("<p>Yes.</p>", "<p>It is 0.70.</p><p>Yes.</p>"),
        (said("FEEDBACK", "incorrect", "<p>No.</p>"), WRONG_IN_THREE_WAYS),
    ):
        assert old in text
        text = text.replace(old, new)
    number = read(items={"number": text})["number"]

    assert (number.feedback, number.if_correct, number.if_incorrect) == (
        "<p>It is 0.70.</p>",
        "<p>Yes.</p>",
        "<p>No.</p>",
    )


def test_shares_may_be_rounded_thirds_if_the_whole_is_whole(read):
    text = samples.PARTS
    for name, share in (("R1", "0.5"), ("R2", "0.25"), ("R3", "0.25")):
        condition = between("-3.5", "-2.5", "R1") if name == "R1" else right(name)
        text = text.replace(samples.adds(name, share, condition), samples.adds(name, "0.3333333333", condition))
    all_right = f"<and>{between('-3.5', '-2.5', 'R1')}{R2_AND_R3}</and>"
    text = text.replace("</responseProcessing>", when(all_right, set_to("SCORE", "1")) + "</responseProcessing>")

    key = read(items={"parts": text})["parts"].key

    assert [part.share for part in key.parts] == pytest.approx([1 / 3] * 3)


def test_of_many_options_those_near_the_right_ones_are_tried(read):
    text = samples.SEVERAL.replace("</choiceInteraction>", f"{MORE_OPTIONS}</choiceInteraction>")
    text = text.replace(MAP, MAP.replace("0", "-1"))

    assert read(items={"several": text})["several"].key.correct == (0, 2)


def test_feedback_may_stand_in_the_text_and_hide_from_some(read):
    block = (
        '<feedbackBlock outcomeIdentifier="FEEDBACK" showHide="hide" identifier="correct"><p>Hm.</p></feedbackBlock>'
    )
    number = read(items={"number": samples.NUMBER.replace("</itemBody>", f"{block}</itemBody>")})["number"]

    assert number.if_incorrect == "<p>Hm.</p><p>No.</p>"
    assert "Hm." not in number.stem


def grader(processing: str, declarations: str = "") -> Grader:
    """A grader in the names of 3.0, of a number X, a choice Y and several choices Z; outcomes are SCORE and SAID."""
    return Grader(
        etree.fromstring(
            f"""<qti-assessment-item>
            <qti-response-declaration identifier="X" cardinality="single" base-type="float"/>
            <qti-response-declaration identifier="Y" cardinality="single" base-type="identifier">{declarations}
            </qti-response-declaration>
            <qti-response-declaration identifier="Z" cardinality="multiple" base-type="identifier">
            <qti-correct-response><qti-value>a</qti-value><qti-value>b</qti-value></qti-correct-response>
            {declarations}</qti-response-declaration>
            <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>
            <qti-outcome-declaration identifier="SAID" cardinality="single" base-type="boolean"/>
            <qti-response-processing>{processing}</qti-response-processing></qti-assessment-item>"""
        )
    )


X, Y, Z = (f'<qti-variable identifier="{name}"/>' for name in "XYZ")
YES, NO, NULL = (
    *(f'<qti-base-value base-type="boolean">{truth}</qti-base-value>' for truth in ("true", "false")),
    "<qti-null/>",
)


def base(value: object, base_type: str = "float") -> str:
    return f'<qti-base-value base-type="{base_type}">{value}</qti-base-value>'


def many(*values: str) -> str:
    return "<qti-multiple>" + "".join(base(value, "identifier") for value in values) + "</qti-multiple>"


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        (f"<qti-and>{YES}{NULL}</qti-and>", None),
        (f"<qti-and>{NO}{NULL}</qti-and>", False),
        (f"<qti-and>{YES}{YES}</qti-and>", True),
        (f"<qti-or>{NO}{NULL}</qti-or>", None),
        (f"<qti-or>{YES}{NULL}</qti-or>", True),
        (f"<qti-or>{NO}{NO}</qti-or>", False),
        (f"<qti-not>{NULL}</qti-not>", None),
        (f"<qti-not>{NO}</qti-not>", True),
        (f"<qti-is-null>{X}</qti-is-null>", True),
        ("<qti-is-null><qti-multiple><qti-null/></qti-multiple></qti-is-null>", True),
        (f"<qti-match>{X}{base(1)}</qti-match>", None),
        (f"<qti-match>{many('a', 'b')}{many('b', 'a')}</qti-match>", True),
        (f"<qti-match>{many('a', 'a')}{many('a')}</qti-match>", False),
        (f"<qti-gte>{X}{base(1)}</qti-gte>", None),
        (f"<qti-gte>{base(1)}{base(1)}</qti-gte>", True),
        (f"<qti-gt>{base(1)}{base(1)}</qti-gt>", False),
        (f"<qti-lte>{base(1)}{base(1)}</qti-lte>", True),
        (f"<qti-lt>{base(1)}{base(1)}</qti-lt>", False),
        (f"<qti-member>{base('a', 'identifier')}{many('b', 'a')}</qti-member>", True),
        (f"<qti-member>{Y}{many('b')}</qti-member>", None),
        (f"<qti-contains>{many('b', 'a')}{many('a')}</qti-contains>", True),
        (f"<qti-contains>{many('a')}{many('a', 'a')}</qti-contains>", False),
        (f"<qti-contains>{Z}{many('a')}</qti-contains>", None),
        (f"<qti-equal>{base('0.10')}{base('0.1')}</qti-equal>", True),
        (f'<qti-equal tolerance-mode="absolute" tolerance="1 2">{base(5)}{base(7)}</qti-equal>', True),
        (f'<qti-equal tolerance-mode="absolute" tolerance="1 2">{base(7)}{base(5)}</qti-equal>', False),
        (f'<qti-equal tolerance-mode="absolute" tolerance="2">{base(7)}{base(5)}</qti-equal>', True),
        (f'<qti-equal tolerance-mode="absolute" tolerance="2">{X}{base(5)}</qti-equal>', None),
    ],
)
def test_operators_and_nulls_are_those_of_the_specification(expression, truth):
    processing = f'<qti-set-outcome-value identifier="SAID">{expression}</qti-set-outcome-value>'

    assert grader(processing).run({})["SAID"] is truth


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        (f"<qti-sum>{base('0.1')}{base('0.2')}</qti-sum>", Fraction(3, 10)),
        (f"<qti-sum>{base(1)}{X}</qti-sum>", None),
        (f"<qti-product>{base(3)}{base('0.5')}</qti-product>", Fraction(3, 2)),
        (f"<qti-subtract>{base(1)}{base(3)}</qti-subtract>", Fraction(-2)),
        (f"<qti-divide>{base(1)}{base(3)}</qti-divide>", Fraction(1, 3)),
        (f"<qti-divide>{base(1)}{base(0)}</qti-divide>", None),
        (f"<qti-max>{base(1)}{base(3)}</qti-max>", Fraction(3)),
        (f"<qti-min>{base(1)}{base(3)}</qti-min>", Fraction(1)),
    ],
)
def test_arithmetic_is_exact(expression, number):
    processing = f'<qti-set-outcome-value identifier="SCORE">{expression}</qti-set-outcome-value>'

    assert grader(processing).run({})["SCORE"] == number


@pytest.mark.parametrize(
    ("name", "value", "worth"),
    [
        ("Y", "a", 2),
        ("Y", "x", Fraction(-1, 2)),
        ("Y", None, Fraction(-1, 2)),
        ("Z", ("a", "a"), 2),
        ("Z", ("a", "b"), 3),
        ("Z", ("x", "y", "z", "w"), -1),
        ("Z", (), 0),
    ],
)
def test_maps_count_each_value_once_and_keep_their_bounds(name, value, worth):
    mapping = """<qti-mapping default-value="-0.5" lower-bound="-1" upper-bound="3">
    <qti-map-entry map-key="a" mapped-value="2"/><qti-map-entry map-key="b" mapped-value="2"/></qti-mapping>"""
    processing = f"""<qti-set-outcome-value identifier="SCORE"><qti-map-response identifier="{name}"/>
    </qti-set-outcome-value>"""

    assert grader(processing, mapping).run({name: value})["SCORE"] == worth


def test_the_numbers_at_which_marks_may_change_are_those_of_the_comparisons():
    value = base(5)
    conditions = (
        f"<qti-gte>{X}{base('-0.5')}</qti-gte>",
        f"<qti-lt>{base(9)}{X}</qti-lt>",
        f'<qti-equal tolerance-mode="absolute" tolerance="1 2">{X}{value}</qti-equal>',
        f"<qti-match>{X}<qti-sum>{base(1)}{base('1.5')}</qti-sum></qti-match>",
        f"<qti-is-null>{X}</qti-is-null>",
        f"<qti-match>{Y}{base('a', 'identifier')}</qti-match>",
    )
    processing = (
        f'<qti-set-outcome-value identifier="SAID"><qti-or>{"".join(conditions)}</qti-or></qti-set-outcome-value>'
    )

    assert grader(processing).thresholds("X") == [Fraction(-1, 2), Fraction(5, 2), 3, 4, 5, 6, 7, 9]


@pytest.mark.parametrize(
    "compared",
    [
        f"<qti-gte>{X}</qti-gte>",
        f"<qti-gte>{X}{base(1)}{base(2)}</qti-gte>",
        f"<qti-gte>{X}{Y}</qti-gte>",
        f"<qti-gte><qti-sum>{X}{base(1)}</qti-sum>{base(2)}</qti-gte>",
        f'<qti-gte><qti-map-response identifier="X"/>{base(1)}</qti-gte>',
    ],
)
def test_a_number_that_is_computed_with_may_change_marks_anywhere(compared):
    processing = f'<qti-set-outcome-value identifier="SAID">{compared}</qti-set-outcome-value>'
    with pytest.raises(Unreadable, match="the number 'X' is not only compared with other numbers"):
        grader(processing).thresholds("X")


def test_numeric_outcomes_begin_at_zero_and_others_at_null():
    assert grader("").run({}) == {"SCORE": 0, "SAID": None}


def test_a_condition_that_is_null_is_not_true():
    outcome = '<qti-set-outcome-value identifier="SCORE">{}</qti-set-outcome-value>'
    processing = f"""<qti-response-condition>
    <qti-response-if><qti-gte>{X}{base(1)}</qti-gte>{outcome.format(base(1))}</qti-response-if>
    <qti-response-else-if><qti-lt>{X}{base(1)}</qti-lt>{outcome.format(base(2))}</qti-response-else-if>
    <qti-response-else>{outcome.format(base(3))}</qti-response-else></qti-response-condition>"""

    assert [grader(processing).run({"X": x})["SCORE"] for x in (Fraction(1), Fraction(0), None)] == [1, 2, 3]


BOMB = (
    """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>"""
)
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>"""
DEEP = samples.CHOICE.replace("<p>Which", "<div>" * 64 + "</div>" * 64 + "<p>Which")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "DOCTYPE"),
        (OUTSIDE, "DOCTYPE"),
        (DEEP, "nested deeper than 64"),
        (
            samples.CHOICE.replace("imsqti_v2p1", "imsqti_v2p2"),
            "is of the namespace 'http://www.imsglobal.org/xsd/imsqti_v2p2'",
        ),
        (samples.CHOICE.replace("assessmentItem", "assessmentTest"), "the root element is <qti-assessment-test>"),
        (samples.CHOICE.replace("<itemBody>", '<itemBody xml:base="https://a.org/">'), "xml:base changes"),
        (
            samples.CHOICE.replace("Which", '<math xmlns="http://www.w3.org/1998/Math/MathML"/>'),
            "<math> is of the namespace",
        ),
        (samples.CHOICE.replace('encoding="UTF-8"', 'encoding="UTF-16"'), "platforms read UTF-8"),
        (samples.CHOICE.replace("</p>", "", 1), "the XML is damaged at line"),
        (samples.CHOICE + " " * 20 * 2**20, "larger than 20,971,520 bytes"),
    ],
)
def test_documents_that_could_do_harm_are_refused(text, message, png, tmp_path):
    files = samples.package(png, items={"choice": samples.CHOICE})
    # What cannot be compressed keeps the zip from looking like a bomb.
    files |= {"items/choice_k3x.xml": text.encode(), "images/noise": bytes(range(256)) * 4096}
    path = tmp_path / "qti.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)

    with pytest.raises(Unreadable) as caught:
        opened(path)
    assert message in str(caught.value)


@pytest.mark.parametrize("plain", ["<choiceInteraction/>", "<and/>", "<script/>"])
def test_3_has_no_names_of_2(plain, png, tmp_path):
    files = samples.package(png, "3.0", {"choice": samples.CHOICE})
    text = files["items/choice_k3x.xml"].replace(b"<p>Which", plain.encode() + b"<p>Which")

    with pytest.raises(Unreadable, match="is neither QTI 3.0 nor HTML"):
        opened(samples.packed(files | {"items/choice_k3x.xml": text}, tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("manifest", "package", "the root element is not <manifest>"),
        ("imsqti_item_xmlv2p1", "imsqti_item_xmlv2p0", "does not list items of one version"),
        (
            'imsqti_item_xmlv2p1" href="items/truth',
            'imsqti_item_xmlv2p2" href="items/truth',
            "does not list items of one version",
        ),
    ],
)
def test_a_manifest_lists_items_of_one_version(old, new, message, png, tmp_path):
    files = samples.package(png)
    text = files["imsmanifest.xml"].decode()
    assert old in text

    with pytest.raises(Unreadable, match=message):
        opened(samples.packed(files | {"imsmanifest.xml": text.replace(old, new).encode()}, tmp_path))


def test_a_package_without_a_manifest_is_refused(png, tmp_path):
    files = samples.package(png)
    del files["imsmanifest.xml"]

    with pytest.raises(Unreadable, match="does not hold imsmanifest.xml"):
        opened(samples.packed(files, tmp_path))
