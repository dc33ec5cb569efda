"""QTI packages of every version, read back and graded by their own response processing."""

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from plotbank.exporters.qti import INSPERA, QTI21, QTI22, QTI30
from plotbank.items import Option

VALIDATOR = Path(__file__).parents[2].parent / "shared" / "conformance" / "validate.py"
VERSIONS = (QTI21, QTI22, QTI30)
every_version = pytest.mark.parametrize("exporter", VERSIONS, ids=lambda one: one.name)
PACKAGE_WORDS = {
    "qti21": ("xmlv2p1", "QTIv2.1 Package", "QTIv2.1 Item Bank Package", "1.0.0"),
    "qti22": ("xmlv2p2", "QTIv2.2 Package", "QTIv2.2 Item Bank Package", "1.0.0"),
    "qti30": ("xmlv3p0", "QTI Package", "QTI Item Bank", "3.0.0"),
}


def parsed(content):
    """A document without namespaces, its names as QTI 2 has them, whatever its version."""
    root = etree.fromstring(content)
    for element in root.iter("*"):
        name = etree.QName(element).localname
        element.tag = _camel(name.removeprefix("qti-")) if name.startswith("qti-") else name
        for attribute in list(element.attrib):
            if "-" in attribute and not attribute.startswith(("aria", "data")) and not attribute.startswith("{"):
                element.set(_camel(attribute), element.attrib.pop(attribute))
    etree.cleanup_namespaces(root)
    return root


def _camel(name):
    return re.sub("-([a-z])", lambda match: match[1].upper(), name)


def told(item):
    """What is said after a response, in its order: the outcome, its value, the text."""
    return [
        (one.get("outcomeIdentifier"), one.get("identifier"), "".join(one.itertext()))
        for one in item.iter("modalFeedback", "feedbackBlock")
    ]


class Package:
    """What a written package holds."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as file:
            self.entries = file.infolist()
            self.files = {entry.filename: file.read(entry) for entry in self.entries}
        self.manifest = parsed(self.files["imsmanifest.xml"])
        self.items = [parsed(content) for name, content in self.files.items() if name.startswith("items/")]
        self.test = parsed(self.files["test.xml"]) if "test.xml" in self.files else None
        self.resources = {one.get("identifier"): one for one in self.manifest.iter("resource")}

    def schema(self):
        return self.manifest.findtext("metadata/schema"), self.manifest.findtext("metadata/schemaversion")


@pytest.fixture
def written(make, tmp_path):
    """The only package of some items of the mixed question."""

    def write(exporter, items, bank=None):
        (path,) = make.write(exporter, tmp_path / exporter.name, items, bank or make.bank(questions=(make.mixed,)))
        return Package(path)

    return write


@pytest.fixture
def item(make, written):
    """One item with a key, worth 3 points, as it is written."""

    def write(exporter, key, **changes):
        (element,) = written(exporter, [make.item(of=make.mixed, key=key, **changes)]).items
        return element

    return write


class Run:
    """Response processing as the specification has it, null and all."""

    def __init__(self, item, responses):
        self._correct = {}
        self._mapping = {}
        self.values = {}
        for declaration in item.iter("responseDeclaration"):
            name = declaration.get("identifier")
            values = [value.text for value in declaration.findall("correctResponse/value")]
            several = declaration.get("cardinality") == "multiple"
            self._correct[name] = self._typed(values if several else values[0], declaration.get("baseType"))
            self._mapping[name] = declaration.find("mapping")
            self.values[name] = self._typed(responses.get(name), declaration.get("baseType"))
        for declaration in item.iter("outcomeDeclaration"):
            default = declaration.findtext("defaultValue/value")
            value = self._typed(default, declaration.get("baseType"))
            several = declaration.get("cardinality") == "multiple"
            self.values[declaration.get("identifier")] = {value} if several and value is not None else value
        for rule in item.find("responseProcessing"):
            self._apply(rule)

    @staticmethod
    def _typed(value, kind):
        if isinstance(value, (list, set)):
            return set(value) or None
        if kind == "float":
            try:
                return float(value)
            except (TypeError, ValueError):
                return None
        return value

    def _apply(self, rule):
        if rule.tag == "setOutcomeValue":
            assert rule.get("identifier") in self.values
            self.values[rule.get("identifier")] = self._value(rule[0])
            return
        assert rule.tag == "responseCondition"
        for branch in rule:
            rules = branch[0:] if branch.tag == "responseElse" else branch[1:]
            if branch.tag == "responseElse" or self._value(branch[0]) is True:
                for one in rules:
                    self._apply(one)
                return

    def _value(self, expression):
        name, operands = expression.get("identifier"), [self._value(child) for child in expression]
        null = None in operands
        match expression.tag:
            case "variable":
                return self.values[name]
            case "correct":
                return self._correct[name]
            case "baseValue":
                return self._typed(expression.text, expression.get("baseType"))
            case "mapResponse":
                return self._mapped(name)
            case "isNull":
                return operands[0] is None
            case "or":
                return True if True in operands else None if null else False
            case "and":
                return False if False in operands else None if null else True
            case _ if null:
                return None
            case "not":
                return not operands[0]
            case "match":
                return operands[0] == operands[1]
            case "sum":
                return sum(operands)
            case "gte":
                return operands[0] >= operands[1]
            case "lte":
                return operands[0] <= operands[1]
            case "gt":
                return operands[0] > operands[1]
            case "equal":
                assert expression.get("toleranceMode") == "absolute"
                low, high = map(float, expression.get("tolerance").split())
                return operands[1] - low <= operands[0] <= operands[1] + high
        raise AssertionError(expression.tag)

    def _mapped(self, name):
        mapping = self._mapping[name]
        entries = {entry.get("mapKey"): float(entry.get("mappedValue")) for entry in mapping}
        total = sum(entries.get(value, float(mapping.get("defaultValue"))) for value in self.values[name] or ())
        return max(total, float(mapping.get("lowerBound")))


def score(item, response):
    """The points for a response to the only question."""
    return Run(item, {"RESPONSE": response}).values["SCORE"]


@every_version
@pytest.mark.parametrize(
    ("response", "points"),
    [("0.72", 3), ("0.63", 3), ("0.81", 3), ("0.625", 3), ("0.815", 3), ("0.6249", 0), ("0.8151", 0), ("-0.72", 0),
     ("abc", 0), (None, 0)],
)  # fmt: skip
def test_a_number_earns_the_points_within_its_tolerance(exporter, response, points, item, make):
    assert score(item(exporter, make.numeric()), response) == points


@every_version
@pytest.mark.parametrize(
    ("key", "low", "high"),
    [((0.72, 0.095, 2), "0.625", "0.815"), ((1200, 50.5, 0), "1149.5", "1250.5"), ((-0.5, 0.15, 1), "-0.65", "-0.35"),
     ((0.1234, 0.00055, 4), "0.12285", "0.12395")],
)  # fmt: skip
def test_the_bounds_of_a_number_are_decimal_text(exporter, key, low, high, item, make):
    condition = item(exporter, make.numeric(*key)).find("responseProcessing/responseCondition/responseIf")
    (gte,), (lte,) = condition.iter("gte"), condition.iter("lte")

    assert (gte.findtext("baseValue"), lte.findtext("baseValue")) == (low, high)


def test_only_qti_2_names_the_tolerance_which_players_of_qti_3_misread(item, make):
    for exporter in (QTI21, QTI22):
        (equal,) = item(exporter, make.numeric()).iter("equal")
        assert dict(equal.attrib) == {
            "toleranceMode": "absolute",
            "tolerance": "0.095 0.095",
            "includeLowerBound": "true",
            "includeUpperBound": "true",
        }
        assert [one.tag for one in equal.getparent()] == ["equal", "and"]
    assert list(item(QTI30, make.numeric()).iter("equal", "or")) == []


@every_version
def test_bands_are_told_by_their_ranges_alone(exporter, item, make):
    condition = item(exporter, make.banded()).find("responseProcessing/responseCondition")

    assert list(condition.iter("equal")) == []
    assert [branch.tag for branch in condition] == ["responseIf", "responseElseIf", "responseElseIf", "responseElse"]
    assert [one.findtext("baseValue") for one in condition.iter("gte")] == ["0.625", "0.575", "0.525"]


@every_version
@pytest.mark.parametrize(
    ("response", "points"),
    [("0.72", 3), ("0.815", 3), ("0.8151", 1.5), ("0.575", 1.5), ("0.5749", 1), ("0.915", 1), ("0.9151", 0),
     ("abc", 0), (None, 0)],
)  # fmt: skip
def test_bands_earn_their_shares(exporter, response, points, item, make):
    assert score(item(exporter, make.banded()), response) == points


@every_version
def test_a_choice_earns_the_points_for_the_right_option(exporter, item, make):
    element = item(exporter, make.choice())

    assert [score(element, f"choice_{n}") for n in (1, 2, 3)] == [0, 3, 0]
    assert score(element, None) == 0


@every_version
@pytest.mark.parametrize("truth", [True, False])
def test_true_and_false_are_two_choices(exporter, truth, item, make):
    element = item(exporter, make.truth(truth))

    assert [(one.get("identifier"), one.text) for one in element.iter("simpleChoice")] == [
        ("true", "True"),
        ("false", "False"),
    ]
    assert [score(element, said) for said in ("true", "false", None)] == [3 * truth, 3 * (not truth), 0]


@every_version
def test_the_words_for_true_and_false_are_those_of_the_language(exporter, written, make):
    bank = make.bank(questions=(make.mixed,), language="de")
    (element,) = written(exporter, [make.item(of=make.mixed, key=make.truth())], bank).items

    assert [one.text for one in element.iter("simpleChoice")] == ["Wahr", "Falsch"]
    assert element.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"


@every_version
@pytest.mark.parametrize(
    ("ticked", "points"),
    [({1, 3}, 3), ({1}, 1.5), ({3}, 1.5), ({1, 2}, 0), ({2}, 0), ({1, 2, 3}, 0), (set(), 0)],
)
def test_wrong_ticks_cost_as_much_as_right_ones_earn(exporter, ticked, points, item, make):
    assert score(item(exporter, make.multiple()), [f"choice_{n}" for n in ticked]) == points


@every_version
def test_thirds_of_a_mark_add_up_to_it_and_to_nothing(exporter, item, make):
    element = item(exporter, make.multiple(*"abcdef", correct={0, 1, 2}), points=1.0)
    entries = {entry.get("mapKey"): entry.get("mappedValue") for entry in element.iter("mapEntry")}

    assert entries["choice_1"] == "0.333333333333"
    assert entries["choice_4"] == "-0.333333333334"
    assert score(element, ["choice_1", "choice_2", "choice_3"]) == 1
    assert score(element, ["choice_1", "choice_2"]) == 0.666666666666
    assert score(element, [f"choice_{n}" for n in range(1, 7)]) == 0


@every_version
@pytest.mark.parametrize(
    ("pairs", "points"),
    [
        (["prompt_1 answer_3", "prompt_2 answer_1"], 3),
        (["prompt_1 answer_3"], 1.5),
        (["prompt_1 answer_3", "prompt_2 answer_2"], 1.5),
        (["prompt_1 answer_1", "prompt_2 answer_3"], 0),
        ([], 0),
    ],
)
def test_every_right_pair_earns_its_share(exporter, pairs, points, item, make):
    assert score(item(exporter, make.matching()), pairs) == points


@every_version
def test_prompts_and_answers_are_used_once(exporter, item, make):
    (interaction,) = item(exporter, make.matching()).iter("matchInteraction")
    prompts, answers = interaction.findall("simpleMatchSet")

    assert interaction.get("shuffle") == "false"
    assert interaction.get("class") == "qti-match-tabular"
    assert ["".join(one.itertext()) for one in prompts] == ["Plot A", "Plot B"]
    assert [one.text for one in answers] == ["no relation", "r = −0.8", "r > 0"]
    assert {one.get("matchMax") for one in (*prompts, *answers)} == {"1"}
    assert interaction.get("maxAssociations") == "2"


@every_version
@pytest.mark.parametrize(
    ("responses", "points"),
    [
        (("choice_2", "false", "0.72"), 3),
        (("choice_2", "true", "9"), 1.5),
        (("choice_1", "false", "0.8151"), 0.75 + 0.375),
        (("choice_1", "true", "abc"), 0),
        ((None, None, "0.815"), 0.75),
        ((None, None, None), 0),
    ],
)
def test_parts_earn_their_shares(exporter, responses, points, item, make):
    key = make.parts(make.choice(), make.truth(False), make.banded(), shares=(0.5, 0.25, 0.25))
    given = {f"RESPONSE_{n}": response for n, response in enumerate(responses, start=1)}

    run = Run(item(exporter, key), given)

    assert run.values["SCORE"] == points


@every_version
def test_parts_of_a_third_add_up_to_the_points(exporter, item, make):
    element = item(exporter, make.parts(make.truth(), make.truth(), make.truth()), points=0.7)

    assert Run(element, {f"RESPONSE_{n}": "true" for n in (1, 2, 3)}).values["SCORE"] == 0.7
    assert Run(element, {"RESPONSE_1": "true"}).values["SCORE"] == pytest.approx(0.7 / 3)


@every_version
def test_each_part_stands_below_the_picture_with_its_own_text(exporter, item, make):
    body = item(exporter, make.parts(make.numeric(), make.choice())).find("itemBody")
    parts = body.findall("div[@class='part']")

    assert [one.tag for one in body][:4] == ["p", "p", "div", "div"]
    assert ["".join(part[0].itertext()) for part in parts] == ["Part 1: what?", "Part 2: what?"]
    assert parts[0].find("p/textEntryInteraction").get("responseIdentifier") == "RESPONSE_1"
    assert parts[1].find("choiceInteraction").get("responseIdentifier") == "RESPONSE_2"


@every_version
def test_options_stand_in_their_order_and_hold_their_pictures(exporter, item, make):
    (interaction,) = item(exporter, make.pictured(), pictures=()).iter("choiceInteraction")

    assert (interaction.get("shuffle"), interaction.get("maxChoices")) == ("false", "1")
    assert [one.get("identifier") for one in interaction] == ["choice_1", "choice_2", "choice_3"]
    assert [one.text for one in interaction] == ["A", "B", "C"]
    assert [one.find("p/img").get("src") for one in interaction] == [f"../images/p_o000_{n}.png" for n in range(3)]


@every_version
def test_multiple_answers_may_all_be_ticked(exporter, item, make):
    element = item(exporter, make.multiple())
    (interaction,) = element.iter("choiceInteraction")

    assert interaction.get("maxChoices") == "0"
    assert element.find("responseDeclaration").get("cardinality") == "multiple"
    assert [value.text for value in element.iterfind("responseDeclaration/correctResponse/value")] == [
        "choice_1",
        "choice_3",
    ]


@every_version
def test_scores_say_what_an_item_is_worth(exporter, item, make):
    outcomes = {
        one.get("identifier"): one for one in item(exporter, make.numeric(), points=1.5).iter("outcomeDeclaration")
    }

    assert outcomes["SCORE"].get("normalMaximum") == "1.5"
    assert outcomes["SCORE"].get("normalMinimum") == "0"
    assert outcomes["SCORE"].findtext("defaultValue/value") == "0"
    assert outcomes["MAXSCORE"].findtext("defaultValue/value") == "1.5"


@every_version
@pytest.mark.parametrize(("response", "verdict"), [("0.72", "correct"), ("0.83", "incorrect"), (None, "incorrect")])
def test_who_earns_the_whole_mark_is_told_so_and_everybody_the_rest(exporter, response, verdict, item, make):
    element = item(exporter, make.banded(), if_correct="<p>Yes.</p>", if_incorrect="<p>No.</p>")
    values = Run(element, {"RESPONSE": response}).values

    assert values["FEEDBACK"] == verdict
    assert values["FEEDBACK_GENERAL"] == "general"
    assert told(element) == [
        ("FEEDBACK", "correct", "Yes."),
        ("FEEDBACK", "incorrect", "No."),
        ("FEEDBACK_GENERAL", "general", "It is 0.72."),
    ]


@every_version
def test_the_verdict_on_parts_is_about_them_all(exporter, item, make):
    element = item(exporter, make.parts(make.choice(), make.truth()), if_correct="<p>Yes.</p>")

    assert Run(element, {"RESPONSE_1": "choice_2", "RESPONSE_2": "true"}).values["FEEDBACK"] == "correct"
    assert Run(element, {"RESPONSE_1": "choice_2", "RESPONSE_2": "false"}).values["FEEDBACK"] == "incorrect"


@every_version
def test_outcomes_without_feedback_are_left_out(exporter, item, make):
    element = item(exporter, make.commented(), feedback=" ")

    assert [one.get("identifier") for one in element.iter("outcomeDeclaration")] == [
        "SCORE",
        "MAXSCORE",
        "FEEDBACK_CHOICE",
    ]
    assert told(element) == [
        ("FEEDBACK_CHOICE", "choice_1", "Too low."),
        ("FEEDBACK_CHOICE", "choice_3", "No, far too high."),
    ]


@every_version
def test_the_general_feedback_is_said_last(exporter, item, make):
    element = item(exporter, make.truth(if_true="True?"), if_correct="Yes.", if_incorrect="No.")

    assert [text for _, _, text in told(element)] == ["Yes.", "No.", "True?", "It is 0.72."]


def test_qti_2_says_things_in_dialogues_and_qti_3_below_the_question(item, make):
    old, new = (item(exporter, make.truth(if_true="Yes.")) for exporter in (QTI21, QTI30))

    assert [one.tag for one in old][-2:] == ["modalFeedback", "modalFeedback"]
    assert list(old.iter("feedbackBlock")) == list(new.iter("modalFeedback")) == []
    assert [one.tag for one in new.find("itemBody")][-2:] == ["choiceInteraction", "div"]
    said = new.find("itemBody")[-1]
    assert said.attrib == {"aria-live": "polite"}
    assert [(one.tag, one.get("class"), one.get("showHide")) for one in said] == [
        ("feedbackBlock", "qti-well", "show")
    ] * 2
    assert [one.findtext("contentBody/p") for one in said] == ["Yes.", "It is 0.72."]


def test_qti_3_says_nothing_where_there_is_nothing_to_say(item, make):
    assert [one.tag for one in item(QTI30, make.choice(), feedback="").find("itemBody")][-1] == "choiceInteraction"


def test_qti_3_says_what_is_about_a_part_at_its_end(item, make):
    key = make.parts(make.truth(if_true="A."), make.numeric(), make.commented())
    body = item(QTI30, key, if_correct="Yes.").find("itemBody")
    *parts, last = body.findall("div")

    assert [[text for _, _, text in told(part)] for part in parts] == [["A."], [], ["Too low.", "No, far too high."]]
    assert [part[-1].tag for part in parts] == ["div", "p", "div"]
    assert [text for _, _, text in told(last)] == ["Yes.", "It is 0.72."]
    assert body[-1] is last


def test_qti_3_puts_no_letters_before_options_and_pictures_side_by_side(item, make):
    mixed = replace(make.pictured(), options=(*make.pictured().options, Option(text="none of them")))
    keys = (make.choice(), make.multiple(), make.truth(), make.pictured(), mixed)
    looks = [next(item(QTI30, key).iter("choiceInteraction")).get("class") for key in keys]

    assert looks == [*["qti-labels-none"] * 3, "qti-labels-none qti-choices-stacking-2", "qti-labels-none"]
    assert "class" not in next(item(QTI22, make.pictured()).iter("choiceInteraction")).attrib


def test_qti_3_heads_the_prompts_with_the_title_of_the_question(written, make):
    question = replace(make.mixed, title="r < 0 & <b>")
    items = [make.item(of=question, key=make.matching(), title="r < 0 & <b> 1f")]
    new, old = (
        next(written(exporter, items, make.bank(questions=(make.slope, question))).items[0].iter("matchInteraction"))
        for exporter in (QTI30, QTI22)
    )

    assert new.get("data-first-column-header") == "r &lt; 0 &amp; &lt;b&gt;"  # a player takes it for HTML
    assert "data-first-column-header" not in old.attrib


def test_qti_3_names_the_place_of_a_number_by_what_is_asked(item, make):
    table = "<table><tbody><tr><td>1</td></tr></tbody></table>"
    stem = f"<p>There are plots.</p><p>Which <em>r</em>?</p>{table}"
    element = item(QTI30, make.numeric(), stem=stem)
    (entry,) = element.iter("textEntryInteraction")
    (named,) = element.iterfind("itemBody/*[@id]")

    assert "".join(named.itertext()) == "Which r?"
    assert entry.get("aria-labelledby") == named.get("id")
    (unnamed,) = item(QTI30, make.numeric(), stem=table).iter("textEntryInteraction")
    assert "aria-labelledby" not in unnamed.attrib
    old = item(QTI22, make.numeric(), stem=stem)
    assert old.find(".//*[@id]") is old.find(".//*[@aria-labelledby]") is None


def test_qti_3_names_the_place_of_a_number_by_its_part(item, make):
    element = item(QTI30, make.parts(make.numeric(), make.choice(), make.numeric()))
    named = {one.get("id"): "".join(one.itertext()) for one in element.iterfind(".//*[@id]")}

    assert [named[one.get("aria-labelledby")] for one in element.iter("textEntryInteraction")] == [
        "Part 1: what?",
        "Part 3: what?",
    ]


def test_qti_3_never_has_two_braces_together_in_a_text(item, make):
    text = "{{ 1 + 1 }} {{{x}}}"
    pictures = [make.picture(name=name, alt=text, description=text, caption=text) for name in ("a.png", "b.png")]
    key = make.matching(prompts=(text, f"<b>{text}</b>{text}"), answers=(text, "x", "y"))
    new, old = (
        item(exporter, key, stem=f"<p>{text}</p>", feedback=text, pictures=tuple(pictures))
        for exporter in (QTI30, QTI22)
    )

    assert not [one for one in new.xpath("//text()") if "{{" in one]
    assert "".join(new.itertext()).count(text) == 12  # of which four are descriptions
    assert [one.get("alt") for one in new.iter("img")] == [text, text]
    assert old.xpath("//comment()") == []
    assert "".join(old.itertext()).count(text) == 8


@every_version
def test_feedback_to_single_answers_hangs_on_what_was_chosen(exporter, item, make):
    options = tuple(Option(text=text, feedback=text) for text in "abc")
    one, several = item(exporter, make.commented()), item(exporter, replace(make.multiple(), options=options))
    said = item(exporter, make.truth(if_false="No."))

    assert Run(one, {"RESPONSE": "choice_3"}).values["FEEDBACK_CHOICE"] == "choice_3"
    assert Run(several, {"RESPONSE": ["choice_1", "choice_2"]}).values["FEEDBACK_CHOICE"] == {"choice_1", "choice_2"}
    assert Run(several, {}).values["FEEDBACK_CHOICE"] == {"none"}  # a player fails over null here
    assert Run(said, {"RESPONSE": "false"}).values["FEEDBACK_CHOICE"] == "false"
    assert Run(one, {}).values["FEEDBACK_CHOICE"] is None


@every_version
def test_feedback_in_parts_has_outcomes_of_its_own(exporter, item, make):
    element = item(exporter, make.parts(make.truth(if_true="Yes."), make.commented()))

    values = Run(element, {"RESPONSE_1": "true", "RESPONSE_2": "choice_3"}).values

    assert (values["FEEDBACK_CHOICE_1"], values["FEEDBACK_CHOICE_2"]) == ("true", "choice_3")


def test_qti_2_has_the_whole_text_alternative_in_alt(item, make):
    picture = make.picture(alt="A plot", description="x: 0 to 4.")
    for exporter in (QTI21, QTI22):
        (image,) = item(exporter, make.numeric(), picture=picture).iter("img")
        assert dict(image.attrib) == {
            "src": "../images/p.png",
            "alt": "A plot x: 0 to 4.",
            "width": "600",
            "height": "450",
        }


def test_qti_3_describes_pictures_at_length(item, make):
    plain = make.picture(name="a.png", png=make.png(1), alt="A", caption="First")
    long = make.picture(name="b.png", png=make.png(2), alt="B", caption="Second", description="x < 4.")
    element = item(QTI30, make.numeric(), pictures=(plain, long))
    first, second = element.iter("img")
    body = element.find("itemBody")

    assert "aria-describedby" not in first.attrib
    assert (second.get("alt"), second.get("aria-describedby"), second.get("data-catalog-idref")) == (
        "B",
        "description_2",
        "catalog_2",
    )
    assert [one.findtext("strong") for one in body.findall("p")] == [None, "First", None, "Second", None, None]
    hidden, _ = body.findall("div")
    assert (hidden.get("id"), hidden.get("class"), hidden.text) == ("description_2", "qti-visually-hidden", "x < 4.")
    (catalog,) = element.find("catalogInfo")
    assert catalog.get("id") == "catalog_2"
    assert catalog.find("card").get("support") == "long-description"
    assert catalog.findtext("card/htmlContent/p") == "x < 4."


def test_descriptions_of_options_stand_outside_what_is_read_out_as_their_names(item, make):
    key = make.pictured()
    first = key.options[0]
    described = replace(first, picture=replace(first.picture, description="Bars rise."))
    element = item(QTI30, replace(key, options=(described, *key.options[1:])), pictures=())

    assert [one.tag for one in element.find("itemBody")] == ["p", "choiceInteraction", "div", "div"]
    assert element.find("itemBody/div").get("id") == element.find(".//img").get("aria-describedby")


@every_version
def test_an_only_picture_has_no_caption(exporter, item, make):
    body = item(exporter, make.numeric(), picture=make.picture(caption="First")).find("itemBody")

    assert "First" not in "".join(body.itertext())


@every_version
def test_nasty_text_survives_everywhere(exporter, written, make):
    nasty = make.nasty
    plain = nasty.replace("&lt;", "<").replace("&amp;", "&").replace("<b>x</b> <i>y</i>", "x y")
    title = "ت𝑟😀 <b> & \"'" * 40
    choice, matching = (
        written(
            exporter,
            [
                make.item(
                    of=make.mixed,
                    key=key,
                    title=title,
                    stem=f"<p>{nasty}</p>",
                    feedback=nasty,
                    picture=make.picture(alt=plain, description=plain),
                )
            ],
            make.bank(questions=(make.mixed,), title=plain),
        ).items[0]
        for key in (make.choice(nasty, "2"), make.matching(prompts=(nasty, "B"), answers=(plain, "x"), pairs=(1, 0)))
    )

    assert choice.get("title") == title
    assert "".join(choice.find("itemBody/p").itertext()) == plain
    assert "".join(choice.find(".//simpleChoice").itertext()) == plain
    assert told(choice) == [("FEEDBACK_GENERAL", "general", plain)]
    assert choice.find(".//img").get("alt").startswith(plain)
    prompt, _, answer, _ = matching.iter("simpleAssociableChoice")
    assert "".join(prompt.itertext()) == "".join(answer.itertext()) == plain


@every_version
def test_a_table_in_the_text_is_kept(exporter, item, make):
    table = '<table><caption>Data</caption><thead><tr><th scope="col">x</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>'
    kept = item(exporter, make.numeric(), stem=f"<p>What?</p>{table}").find("itemBody/table")
    kept.tail = None

    etree.cleanup_namespaces(kept)
    assert etree.tostring(kept, method="c14n", exclusive=True).decode() == table


@every_version
def test_the_package_holds_what_the_manifest_lists(exporter, written, make):
    package = written(exporter, make.items(2), make.bank())
    release, schema, _, version = PACKAGE_WORDS[exporter.name]
    types = {identifier: one.get("type") for identifier, one in package.resources.items()}

    assert package.schema() == (schema, version)
    assert package.manifest.findtext("metadata/lom/general/title/string") == "Reading plots"
    assert types == {
        "_test": f"imsqti_test_{release}",
        **{f"stat101-quiz.2-{item.id}": f"imsqti_item_{release}" for item in make.items(2)},
        **{f"_image-{item.pictures[0].name}": "webcontent" for item in make.items(2)},
    }
    assert {one.get("href") for one in package.manifest.iter("file")} == set(package.files) - {"imsmanifest.xml"}
    assert [one.get("identifierref") for one in package.resources["_test"].iter("dependency")] == [
        f"stat101-quiz.2-{item.id}" for item in make.items(2)
    ]
    (needed,) = package.resources["stat101-quiz.2-slope_00001"].iter("dependency")
    assert needed.get("identifierref") == "_image-p_slope_00001.png"
    assert package.files["images/p_slope_00001.png"] == make.png(1)


@every_version
def test_the_test_draws_one_variant_of_every_question_and_sums(exporter, written, make):
    test = written(exporter, make.items(2), make.bank()).test
    sections = list(test.iter("assessmentSection"))

    assert (test.get("identifier"), test.get("title")) == ("stat101-quiz.2", "Reading plots")
    assert [one.get("title") for one in sections] == ["Estimate r", "Pick the median"]
    assert [one.find("selection").get("select") for one in sections] == ["1", "1"]
    assert [[ref.get("href") for ref in one.iter("assessmentItemRef")] for one in sections] == [
        [f"items/stat101-quiz.2-{name}_0000{n}.xml" for n in range(2)] for name in ("slope", "pick")
    ]
    total = test.find("outcomeProcessing/setOutcomeValue")
    assert total.get("identifier") == "SCORE"
    assert total.find("sum/testVariables").get("variableIdentifier") == "SCORE"
    worth = {one.get("identifier"): one.findtext("defaultValue/value") for one in test.iter("outcomeDeclaration")}
    assert worth == {"SCORE": "0", "MAXSCORE": "3.5"}


@every_version
def test_metadata_say_what_an_item_is_about(exporter, written, make):
    question = replace(make.mixed, template="scatter/r, scatter/n")
    item = make.item(of=question, key=make.parts(make.numeric(), make.choice()), difficulty=-2.0)
    package = written(exporter, [item], make.bank(questions=(question,), language="fr"))
    metadata = package.resources["stat101-quiz.2-mixed_00000"].find("metadata")

    assert [one.text for one in metadata.iter("interactionType")] == ["choiceInteraction", "textEntryInteraction"]
    title = metadata.find("lom/general/title/string")
    assert (title.text, title.get("language")) == ("All about it", "fr")
    assert metadata.findtext("lom/general/language") == "fr"
    assert [one.text for one in metadata.iterfind("lom/general/keyword/string")] == [
        "plotbank",
        "scatter",
        "scatter/r",
        "scatter/n",
    ]
    difficulty = metadata.find("lom/educational/difficulty")
    assert (difficulty.findtext("source"), difficulty.findtext("value")) == ("LOMv1.0", "very difficult")


@every_version
def test_manifest_and_test_tell_nothing_about_the_key(exporter, written, make):
    one, other = (written(exporter, [make.item(of=make.mixed, key=make.truth(truth))]).files for truth in (True, False))

    assert one["imsmanifest.xml"] == other["imsmanifest.xml"]
    assert one["test.xml"] == other["test.xml"]


@every_version
@pytest.mark.parametrize(("bank_id", "identifier"), [("Quiz", "Quiz-mixed_00000"), ("2026", "_2026-mixed_00000")])
def test_identifiers_are_names_whatever_the_bank_is_called(exporter, bank_id, identifier, written, make):
    package = written(exporter, [make.item(of=make.mixed)], make.bank(id=bank_id, questions=(make.mixed,)))

    assert package.items[0].get("identifier") == identifier
    assert f"items/{identifier}.xml" in package.files


@every_version
def test_items_name_their_tool_and_stand_alone(exporter, item, make):
    element = item(exporter, make.numeric())

    assert (element.get("adaptive"), element.get("timeDependent")) == ("false", "false")
    assert element.get("toolName") == "plotbank"
    assert re.fullmatch(r"\d+\.\d+\.\d+", element.get("toolVersion"))


@every_version
def test_pictures_are_stored_with_fixed_dates_in_a_fixed_order(exporter, written, make):
    entries = written(exporter, make.items(1), make.bank()).entries

    assert [one.filename for one in entries] == [
        "items/stat101-quiz.2-slope_00000.xml",
        "images/p_slope_00000.png",
        "items/stat101-quiz.2-pick_00000.xml",
        "images/p_pick_00000.png",
        "test.xml",
        "imsmanifest.xml",
    ]
    assert {one.date_time for one in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert [one.compress_type == zipfile.ZIP_STORED for one in entries] == [False, True, False, True, False, False]


@every_version
def test_the_same_bank_gives_the_same_bytes(exporter, make, tmp_path):
    one, other = (make.write(exporter, tmp_path / name, make.items(5), part_bytes=9_000) for name in "ab")

    assert len(one) > 1
    assert [path.name for path in one] == [path.name for path in other]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


@every_version
def test_several_parts_are_banks_of_items_under_the_budget(exporter, make, tmp_path):
    items = [replace(item, pictures=(replace(item.pictures[0], png=make.png() * 250),)) for item in make.items(20)]
    paths = make.write(exporter, tmp_path, items, part_bytes=200_000)
    packages = [Package(path) for path in paths]
    _, _, schema, version = PACKAGE_WORDS[exporter.name]

    assert [path.name for path in paths] == [f"stat101-quiz.2-{n}.zip" for n in range(1, len(paths) + 1)]
    assert all(path.stat().st_size <= 200_000 for path in paths)
    assert all(path.stat().st_size > 170_000 for path in paths[:-1])
    assert all(package.test is None and package.schema() == (schema, version) for package in packages)
    assert [item.get("identifier") for package in packages for item in package.items] == [
        f"stat101-quiz.2-{item.id}" for item in items
    ]
    for package in packages:
        linked = {f"images/{Path(image.get('src')).name}" for item in package.items for image in item.iter("img")}
        assert linked <= set(package.files)


@every_version
def test_an_item_beyond_the_budget_has_a_part_of_its_own(exporter, make, tmp_path):
    paths = make.write(exporter, tmp_path, make.items(1), part_bytes=10)

    assert [path.name for path in paths] == ["stat101-quiz.2-1.zip", "stat101-quiz.2-2.zip"]


def test_variants_of_a_question_follow_each_other(make, tmp_path):
    first, second = make.items(1)
    with pytest.raises(ValueError, match="the variants of 'slope' must follow each other"):
        make.write(QTI21, tmp_path, [first, second, make.item(1)])


def test_a_bank_that_fails_leaves_no_file_open(make, tmp_path):
    with pytest.raises(RuntimeError), QTI21.open(make.bank(), tmp_path) as writer:  # noqa: PT012
        writer.add(make.item())
        raise RuntimeError

    assert [path.name for path in tmp_path.iterdir()] == ["stat101-quiz.2-1.zip"]


@pytest.mark.parametrize("exporter", [*VERSIONS, INSPERA], ids=lambda one: one.name)
def test_every_type_of_key_can_be_said(exporter, make):
    keys = make.every_key() | {"bands": make.banded(), "numbers": make.parts(make.numeric(), make.banded())}
    bank = make.bank(questions=(make.mixed,))

    for key in keys.values():
        item = make.item(of=make.mixed, key=key, stem=make.nasty)
        for downgrade in exporter.downgrades:
            item = downgrade.of(item)
        assert exporter.check(bank, item) == []


@every_version
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"stem": "<p>a <s>b</s></p>"}, "the text has <s>, which QTI cannot carry"),
        ({"feedback": '<img src="x">'}, "the feedback has <img>, which QTI cannot carry"),
        ({"if_correct": "<u>a</u>"}, "the feedback to who is right has <u>, which QTI cannot carry"),
        ({"if_incorrect": "<u>a</u>"}, "the feedback to who is not right has <u>, which QTI cannot carry"),
        (
            {"stem": '<ol start="2"><li>a</li></ol>'},
            "the text has the attribute start of <ol>, which QTI cannot carry",
        ),
        ({"title": " "}, "the title is empty"),
    ],
)
def test_what_cannot_be_carried_is_refused(exporter, changes, problem, make):
    assert problem in exporter.check(make.bank(), make.item(**changes))


def test_what_options_prompts_and_parts_cannot_carry_is_refused(make):
    bank = make.bank()

    assert QTI21.check(bank, make.item(key=make.choice("<u>a</u>", "b"))) == [
        "option 1 has <u>, which QTI cannot carry"
    ]
    assert QTI21.check(
        bank, make.item(key=make.matching(prompts=("<u>a</u>", "b"), answers=("a < b", "<u>", "c")))
    ) == ["prompt 1 has <u>, which QTI cannot carry"]
    assert QTI21.check(bank, make.item(key=make.parts(make.choice("<u>a</u>", "b"), make.truth()))) == [
        "option 1 of part 1 has <u>, which QTI cannot carry"
    ]


@pytest.mark.parametrize(
    ("response", "points", "verdict"),
    [
        (["choice_1", "choice_3"], 3, "feedback_correct"),
        (["choice_1"], 1.5, "feedback_partially_correct"),
        (["choice_2"], 0, "feedback_wrong"),
        ([], 0, "feedback_unanswered"),
    ],
)
def test_inspera_is_told_in_its_own_words(response, points, verdict, item, make):
    element = item(INSPERA, make.multiple(), if_correct="<p>Yes.</p>", if_incorrect="<p>No.</p>")
    said = {one.get("identifier"): "".join(one.itertext()) for one in element.iter("modalFeedback")}

    values = Run(element, {"RESPONSE": response}).values

    assert (values["SCORE"], values["FEEDBACK"]) == (points, verdict)
    assert said == {
        "feedback_correct": "It is 0.72.Yes.",
        "feedback_wrong": "It is 0.72.No.",
        "feedback_partially_correct": "It is 0.72.No.",
        "feedback_unanswered": "It is 0.72.No.",
    }


def test_inspera_needs_a_verdict_where_nothing_is_said(item, make):
    element = item(INSPERA, make.parts(), feedback="")

    assert list(element.iter("modalFeedback")) == []
    assert Run(element, {}).values["FEEDBACK"] == "feedback_unanswered"
    assert Run(element, {"RESPONSE_1": "choice_2"}).values["FEEDBACK"] == "feedback_partially_correct"
    assert Run(element, {"RESPONSE_1": "choice_1"}).values["FEEDBACK"] == "feedback_wrong"


def test_inspera_takes_items_without_a_test(written, make):
    package = written(INSPERA, make.items(1), make.bank())

    assert package.test is None
    assert "_test" not in package.resources
    assert package.schema() == ("QTIv2.1 Item Bank Package", "1.0.0")


@pytest.mark.parametrize("case", ["choice", "truth", "multiple", "parts"])
def test_feedback_to_single_answers_is_refused_for_inspera_or_left_out(case, make):
    options = make.commented().options
    key = {
        "choice": make.commented(),
        "truth": make.truth(if_true="Yes."),
        "multiple": replace(make.multiple(), options=options),
        "parts": make.parts(make.commented(), make.truth()),
    }[case]
    item = make.item(key=key)
    (downgrade,) = INSPERA.downgrades

    assert INSPERA.check(make.bank(), item) == ["there is feedback to single answers, which Inspera has no place for"]
    assert INSPERA.check(make.bank(), downgrade.of(item)) == []
    assert downgrade.of(item).key.printed == key.printed
    assert QTI21.check(make.bank(), item) == []


@pytest.mark.parametrize("key", ["numeric", "matching", "choice"])
def test_an_item_without_such_feedback_is_left_as_it_is(key, make):
    item = make.item(key=getattr(make, key)())

    assert INSPERA.downgrades[0].of(item) is item


EVERY_TAG = (
    "<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><h5>e</h5><h6>f</h6><hr><pre><code class='language-r'>a\n</code></pre>"
    "<div class='x'><p lang='fr'>a<br>b</p></div><blockquote><p>a</p>b</blockquote>"
    "<p><a href='https://example.org/'>a</a> <abbr>b</abbr> <b>c</b> <cite>d</cite> <code>e</code> <dfn>f</dfn> "
    "<em>g</em> <i>h</i> <kbd>i</kbd> <q>j</q> <samp>k</samp> <small>l</small> <span>m</span> <strong>n</strong> "
    "x<sub>1</sub><sup>2</sup> <var>o</var></p><ul><li>a</li><li><p>b</p><ol><li>c</li></ol></li></ul>"
    "<table><caption>a</caption><thead><tr><th scope='col' style='text-align:right'>b</th></tr></thead>"
    "<tbody><tr><td colspan='1' rowspan='1'>c</td></tr></tbody></table> loose <b>text</b>"
)


@pytest.mark.skipif(not VALIDATOR.exists(), reason="needs the conformance checker beside the repository")
def test_packages_of_every_type_and_version_pass_an_independent_check(make, tmp_path):
    keys = [*make.every_key().values(), make.banded(), make.parts(make.numeric(), make.banded(), make.commented())]
    keys.append(replace(make.multiple(), options=make.commented().options))
    bank = make.bank(id="2026-quiz", questions=(make.mixed,), title=make.nasty)
    items = [
        make.item(
            number,
            make.mixed,
            key=key,
            stem=EVERY_TAG + make.nasty + "{{{x}}}",
            feedback=EVERY_TAG,
            if_correct="<p>Yes.</p>",
            if_incorrect="No.",
            picture=make.picture(name=f"q_{number}.png", png=make.png(number), description="x < 4."),
        )
        for number, key in enumerate(keys)
    ]
    paths = []
    for exporter in (*VERSIONS, INSPERA):
        written = [exporter.downgrades[0].of(item) for item in items] if exporter.downgrades else items
        paths += make.write(exporter, tmp_path / f"{exporter.name}-test", written, bank)
        paths += make.write(exporter, tmp_path / f"{exporter.name}-parts", make.items(3), part_bytes=8_000)

    checked = subprocess.run([sys.executable, VALIDATOR, "--strict", *paths], capture_output=True, check=False)

    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    assert json.loads(checked.stdout)
    assert len(paths) > 8
