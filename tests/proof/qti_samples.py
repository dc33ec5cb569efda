"""Good QTI packages with one item of every type, written by hand in QTI 2.1; tests plant one fault at a time in them.

What 2.2 and 3.0 call the same things is a table below, written from the specifications.
"""

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

VERSIONS = ("2.1", "2.2", "3.0")
PICTURES = {letter: f"p{letter * 16}.png" for letter in "abcdef"}

_NAMESPACES = {
    "2.1": "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "2.2": "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
}
_MANIFEST_NAMESPACES = {
    "2.1": "http://www.imsglobal.org/xsd/imscp_v1p1",
    "2.2": "http://www.imsglobal.org/xsd/imscp_v1p1",
    "3.0": "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
}
_SCHEMAS = {
    "2.1": ("QTIv2.1 Package", "QTIv2.1 Item Bank Package", "1.0.0"),
    "2.2": ("QTIv2.2 Package", "QTIv2.2 Item Bank Package", "1.0.0"),
    "3.0": ("QTI Package", "QTI Item Bank", "3.0.0"),
}
_ELEMENTS_OF_3 = {
    "and": "qti-and",
    "assessmentItem": "qti-assessment-item",
    "assessmentItemRef": "qti-assessment-item-ref",
    "assessmentSection": "qti-assessment-section",
    "assessmentTest": "qti-assessment-test",
    "baseValue": "qti-base-value",
    "card": "qti-card",
    "catalog": "qti-catalog",
    "catalogInfo": "qti-catalog-info",
    "choiceInteraction": "qti-choice-interaction",
    "contains": "qti-contains",
    "contentBody": "qti-content-body",
    "correct": "qti-correct",
    "correctResponse": "qti-correct-response",
    "defaultValue": "qti-default-value",
    "divide": "qti-divide",
    "equal": "qti-equal",
    "feedbackBlock": "qti-feedback-block",
    "gt": "qti-gt",
    "gte": "qti-gte",
    "htmlContent": "qti-html-content",
    "inlineChoice": "qti-inline-choice",
    "inlineChoiceInteraction": "qti-inline-choice-interaction",
    "isNull": "qti-is-null",
    "itemBody": "qti-item-body",
    "lt": "qti-lt",
    "lte": "qti-lte",
    "mapEntry": "qti-map-entry",
    "mapResponse": "qti-map-response",
    "mapping": "qti-mapping",
    "match": "qti-match",
    "matchInteraction": "qti-match-interaction",
    "member": "qti-member",
    "modalFeedback": "qti-modal-feedback",
    "multiple": "qti-multiple",
    "not": "qti-not",
    "or": "qti-or",
    "outcomeDeclaration": "qti-outcome-declaration",
    "outcomeProcessing": "qti-outcome-processing",
    "product": "qti-product",
    "prompt": "qti-prompt",
    "responseCondition": "qti-response-condition",
    "responseDeclaration": "qti-response-declaration",
    "responseElse": "qti-response-else",
    "responseElseIf": "qti-response-else-if",
    "responseIf": "qti-response-if",
    "responseProcessing": "qti-response-processing",
    "selection": "qti-selection",
    "setOutcomeValue": "qti-set-outcome-value",
    "simpleAssociableChoice": "qti-simple-associable-choice",
    "simpleChoice": "qti-simple-choice",
    "simpleMatchSet": "qti-simple-match-set",
    "subtract": "qti-subtract",
    "sum": "qti-sum",
    "testPart": "qti-test-part",
    "testVariables": "qti-test-variables",
    "textEntryInteraction": "qti-text-entry-interaction",
    "value": "qti-value",
    "variable": "qti-variable",
}
_ATTRIBUTES_OF_3 = {
    "baseType": "base-type",
    "defaultValue": "default-value",
    "expectedLength": "expected-length",
    "includeLowerBound": "include-lower-bound",
    "lowerBound": "lower-bound",
    "mapKey": "map-key",
    "mappedValue": "mapped-value",
    "matchMax": "match-max",
    "maxAssociations": "max-associations",
    "maxChoices": "max-choices",
    "navigationMode": "navigation-mode",
    "normalMaximum": "normal-maximum",
    "outcomeIdentifier": "outcome-identifier",
    "responseIdentifier": "response-identifier",
    "showHide": "show-hide",
    "submissionMode": "submission-mode",
    "timeDependent": "time-dependent",
    "toleranceMode": "tolerance-mode",
    "upperBound": "upper-bound",
    "variableIdentifier": "variable-identifier",
}
_ONLY_IN_3 = re.compile(
    r'<catalogInfo>.*</catalogInfo>|<div id="\w+" class="qti-visually-hidden">.*?</div>|</?contentBody>'
    r'| (?:aria-describedby|data-catalog-idref)="\w+"'
)
_ONLY_IN_2 = re.compile(r"<equal.*?</equal>", re.DOTALL)


def in_version(text: str, version: str) -> str:
    """A document that is written in the names of 2.1, in those of another version."""
    text = text.replace(_NAMESPACES["2.1"], _NAMESPACES[version])
    if version != "3.0":
        return _ONLY_IN_3.sub("", text)
    return re.sub("<[^>?]+>", _tag_of_3, _ONLY_IN_2.sub("", text))


def _tag_of_3(tag: re.Match[str]) -> str:
    named = re.sub(r"(?<=[</])\w+", lambda name: _ELEMENTS_OF_3.get(name[0], name[0]), tag[0], count=1)
    if named == tag[0]:
        return named
    return re.sub(r"(?<= )\w+(?==)", lambda name: _ATTRIBUTES_OF_3.get(name[0], name[0]), named)


def image(letter: str, more: str = "") -> str:
    """A picture in an item."""
    return f'<img src="../images/{PICTURES[letter]}" alt="Plot {letter} of 40 values." width="60" height="45"{more}/>'


def set_to(outcome: str, value: str, base_type: str = "float") -> str:
    """A rule that sets an outcome."""
    return (
        f'<setOutcomeValue identifier="{outcome}"><baseValue baseType="{base_type}">{value}</baseValue>'
        "</setOutcomeValue>"
    )


def item(identifier: str, declarations: str, body: str, processing: str, feedback: str = "", points: str = "2") -> str:
    """An item in 2.1."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="{identifier}" title="Title of {identifier}"\
 adaptive="false" timeDependent="false" xml:lang="en">{declarations}
<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" normalMaximum="{points}"/>
<outcomeDeclaration identifier="FEEDBACK" cardinality="single" baseType="identifier"/>
<outcomeDeclaration identifier="FEEDBACK_GENERAL" cardinality="single" baseType="identifier"/>
<outcomeDeclaration identifier="FEEDBACK_CHOICE" cardinality="multiple" baseType="identifier"/>
<itemBody>{body}</itemBody>
<catalogInfo><catalog id="c1"><card support="long-description"><htmlContent><p>It is long.</p></htmlContent></card>\
</catalog></catalogInfo>
<responseProcessing>{processing}</responseProcessing>
{feedback}</assessmentItem>
"""


def response(identifier: str, base_type: str, *values: str, cardinality: str = "single", mapping: str = "") -> str:
    """A declared response."""
    inside = "".join(f"<value>{value}</value>" for value in values)
    return (
        f'<responseDeclaration identifier="{identifier}" cardinality="{cardinality}" baseType="{base_type}">'
        f"<correctResponse>{inside}</correctResponse>{mapping}</responseDeclaration>"
    )


def said(outcome: str, identifier: str, html: str) -> str:
    """A feedback."""
    return (
        f'<modalFeedback outcomeIdentifier="{outcome}" showHide="show" identifier="{identifier}">'
        f"<contentBody>{html}</contentBody></modalFeedback>"
    )


def between(low: str, high: str, name: str = "RESPONSE") -> str:
    """A condition on a number."""
    return (
        f'<and><gte><variable identifier="{name}"/><baseValue baseType="float">{low}</baseValue></gte>'
        f'<lte><variable identifier="{name}"/><baseValue baseType="float">{high}</baseValue></lte></and>'
    )


def right(name: str = "RESPONSE") -> str:
    """A condition: the response is the correct one."""
    return f'<match><variable identifier="{name}"/><correct identifier="{name}"/></match>'


def near(tolerance: str) -> str:
    """A condition on a number, which only 2.x writes besides the bounds."""
    return (
        f'<equal toleranceMode="absolute" tolerance="{tolerance} {tolerance}"><variable identifier="RESPONSE"/>'
        '<correct identifier="RESPONSE"/></equal>'
    )


def when(condition: str, then: str, otherwise: str = "", between_them: str = "") -> str:
    """A rule with a condition."""
    last = f"<responseElse>{otherwise}</responseElse>" if otherwise else ""
    return f"<responseCondition><responseIf>{condition}{then}</responseIf>{between_them}{last}</responseCondition>"


DESCRIBED = ' aria-describedby="d1" data-catalog-idref="c1"'
GENERAL = set_to("FEEDBACK_GENERAL", "general", "identifier")
CORRECT = set_to("FEEDBACK", "correct", "identifier")
INCORRECT = set_to("FEEDBACK", "incorrect", "identifier")

NUMBER = item(
    "number_k3x",
    response("RESPONSE", "float", "0.70"),
    f"<p>The mean of 5 &lt; 6 <b>values</b>?</p><p>{image('a', DESCRIBED)}</p>"
    '<div id="d1" class="qti-visually-hidden">It is long.</div>'
    '<p><textEntryInteraction responseIdentifier="RESPONSE" expectedLength="10"/></p>',
    GENERAL
    + when(
        f"<or>{near('0.055')}{between('0.645', '0.755')}</or>",
        set_to("SCORE", "2") + CORRECT,
        set_to("SCORE", "0") + INCORRECT,
        f"<responseElseIf>{between('0.595', '0.805')}{set_to('SCORE', '1')}{INCORRECT}</responseElseIf>",
    ),
    said("FEEDBACK_GENERAL", "general", "<p>It is 0.70.</p>")
    + said("FEEDBACK", "correct", "<p>Yes.</p>")
    + said("FEEDBACK", "incorrect", "<p>No.</p>"),
)

CHOICE = item(
    "choice_k3x",
    response("RESPONSE", "identifier", "B"),
    f"<p>Which plot?</p><p><strong>Plot A</strong></p><p>{image('b')}</p>"
    '<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1"><prompt>Choose.</prompt>'
    f'<simpleChoice identifier="A">0.58</simpleChoice><simpleChoice identifier="B">{image("f")}</simpleChoice>'
    '<simpleChoice identifier="C"><p>0.93</p></simpleChoice></choiceInteraction>',
    GENERAL
    + when(
        '<not><isNull><variable identifier="RESPONSE"/></isNull></not>',
        '<setOutcomeValue identifier="FEEDBACK_CHOICE"><multiple><variable identifier="RESPONSE"/></multiple>'
        "</setOutcomeValue>",
    )
    + when(right(), set_to("SCORE", "2"), set_to("SCORE", "0")),
    said("FEEDBACK_CHOICE", "A", "<p>Too low.</p>") + said("FEEDBACK_GENERAL", "general", "<p>It is B.</p>"),
)

SEVERAL = item(
    "several_k3x",
    response(
        "RESPONSE",
        "identifier",
        "A",
        "C",
        cardinality="multiple",
        mapping='<mapping lowerBound="0" upperBound="2" defaultValue="0"><mapEntry mapKey="A" mappedValue="1"/>'
        '<mapEntry mapKey="B" mappedValue="-1"/><mapEntry mapKey="C" mappedValue="1"/></mapping>',
    ),
    f"<p>Which are right?</p><p>{image('c')}</p>"
    '<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="0">'
    '<simpleChoice identifier="A">a</simpleChoice><simpleChoice identifier="B">b</simpleChoice>'
    '<simpleChoice identifier="C">c</simpleChoice></choiceInteraction>',
    '<setOutcomeValue identifier="FEEDBACK_CHOICE"><variable identifier="RESPONSE"/></setOutcomeValue>'
    + when(
        '<isNull><variable identifier="RESPONSE"/></isNull>',
        set_to("SCORE", "0"),
        '<setOutcomeValue identifier="SCORE"><mapResponse identifier="RESPONSE"/></setOutcomeValue>',
    )
    + when(right(), CORRECT, INCORRECT),
    said("FEEDBACK_CHOICE", "B", "<p>Not b.</p>") + said("FEEDBACK", "incorrect", "<p>Look again.</p>"),
)

TRUTH = item(
    "truth_k3x",
    response("RESPONSE", "identifier", "false"),
    f"<p>It rises.</p><p>{image('d')}</p>"
    '<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1">'
    '<simpleChoice identifier="true">True</simpleChoice><simpleChoice identifier="false">False</simpleChoice>'
    "</choiceInteraction>",
    when(right(), set_to("SCORE", "2"), set_to("SCORE", "0"))
    + when(
        '<match><variable identifier="RESPONSE"/><baseValue baseType="identifier">true</baseValue></match>',
        '<setOutcomeValue identifier="FEEDBACK_CHOICE"><multiple><baseValue baseType="identifier">true</baseValue>'
        "</multiple></setOutcomeValue>",
    ),
    said("FEEDBACK_CHOICE", "true", "<p>It falls.</p>"),
)

PAIRS = item(
    "pairs_k3x",
    response(
        "RESPONSE",
        "directedPair",
        "P1 A2",
        "P2 A1",
        cardinality="multiple",
        mapping='<mapping defaultValue="0"><mapEntry mapKey="P1 A2" mappedValue="1"/>'
        '<mapEntry mapKey="P2 A1" mappedValue="1"/></mapping>',
    ),
    f"<p>Match.</p><p>{image('e')}</p>"
    '<matchInteraction responseIdentifier="RESPONSE" shuffle="false" maxAssociations="2"><simpleMatchSet>'
    '<simpleAssociableChoice identifier="P1" matchMax="1">Plot <b>A</b></simpleAssociableChoice>'
    '<simpleAssociableChoice identifier="P2" matchMax="1">Plot B</simpleAssociableChoice></simpleMatchSet>'
    '<simpleMatchSet><simpleAssociableChoice identifier="A1" matchMax="0">r &lt; 0</simpleAssociableChoice>'
    '<simpleAssociableChoice identifier="A2" matchMax="2">r &gt; 0</simpleAssociableChoice>'
    '<simpleAssociableChoice identifier="A3" matchMax="2">neither</simpleAssociableChoice></simpleMatchSet>'
    "</matchInteraction>",
    when(
        '<isNull><variable identifier="RESPONSE"/></isNull>',
        set_to("SCORE", "0"),
        '<setOutcomeValue identifier="SCORE"><mapResponse identifier="RESPONSE"/></setOutcomeValue>',
    ),
)


def adds(name: str, amount: str, condition: str = "") -> str:
    """A rule that adds to the score."""
    return when(
        condition or right(name),
        '<setOutcomeValue identifier="SCORE"><sum><variable identifier="SCORE"/>'
        f'<baseValue baseType="float">{amount}</baseValue></sum></setOutcomeValue>',
    )


def _drop_down(name: str) -> str:
    return (
        f'<inlineChoiceInteraction responseIdentifier="{name}" shuffle="false">'
        '<inlineChoice identifier="A1">r &lt; 0</inlineChoice><inlineChoice identifier="A2">r &gt; 0</inlineChoice>'
        "</inlineChoiceInteraction>"
    )


DROPS = item(
    "drops_k3x",
    response("R1", "identifier", "A2") + response("R2", "identifier", "A1"),
    f"<p>Match.</p><p>{image('e')}</p><p><b>Plot A</b> {_drop_down('R1')}</p><p>Plot B {_drop_down('R2')}</p>",
    adds("R1", "1") + adds("R2", "1"),
)

PARTS = item(
    "parts_k3x",
    response("R1", "float", "-3") + response("R2", "identifier", "A") + response("R3", "identifier", "true"),
    f"<p>See.</p><p>{image('a')}</p>"
    '<div class="part"><p>First?</p><p><textEntryInteraction responseIdentifier="R1"/></p></div>'
    '<div class="part"><p>Second?</p><choiceInteraction responseIdentifier="R2" shuffle="false" maxChoices="1">'
    '<simpleChoice identifier="A">a</simpleChoice><simpleChoice identifier="B">b</simpleChoice></choiceInteraction>'
    '</div><div class="part"><p>Third?</p><choiceInteraction responseIdentifier="R3" shuffle="false" maxChoices="1">'
    '<simpleChoice identifier="true">True</simpleChoice><simpleChoice identifier="false">False</simpleChoice>'
    "</choiceInteraction></div>",
    adds("R1", "0.5", between("-3.5", "-2.5", "R1")) + adds("R2", "0.25") + adds("R3", "0.25"),
    points="1",
)

ITEMS = {
    "number": NUMBER,
    "choice": CHOICE,
    "several": SEVERAL,
    "truth": TRUTH,
    "pairs": PAIRS,
    "drops": DROPS,
    "parts": PARTS,
}

Packed = Callable[[Mapping[str, bytes]], Path]


def package(
    png: bytes, version: str = "2.1", items: Mapping[str, str] = ITEMS, *, with_test: bool = True
) -> dict[str, bytes]:
    """The files of a package: these items, in the names of 2.1, each in a section of its own if there is a test."""
    names = {key: f"items/{key}_k3x.xml" for key in items}
    pictures = sorted({PICTURES[letter] for text in items.values() for letter in _letters(text)})
    files = {
        "imsmanifest.xml": _manifest(version, items, names, pictures, with_test=with_test),
        **({"test.xml": in_version(_test(names), version)} if with_test else {}),
        **{names[key]: in_version(text, version) for key, text in items.items()},
    }
    return {name: text.encode() for name, text in files.items()} | {f"images/{name}": png for name in pictures}


def packed(files: Mapping[str, bytes], folder: Path) -> Path:
    """The files as a zip."""
    path = folder / "qti.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _letters(text: str) -> list[str]:
    return re.findall(r"images/p(\w)", text)


def _manifest(
    version: str, items: Mapping[str, str], names: Mapping[str, str], pictures: list[str], *, with_test: bool
) -> str:
    kind = version.replace(".", "p")
    test, bank, number = _SCHEMAS[version]
    of_test = (
        f'<resource identifier="test" type="imsqti_test_xmlv{kind}" href="test.xml"><file href="test.xml"/>'
        + "".join(f'<dependency identifierref="i_{key}"/>' for key in items)
        + "</resource>"
    )
    of_items = "".join(
        f'<resource identifier="i_{key}" type="imsqti_item_xmlv{kind}" href="{names[key]}">'
        f'<metadata><lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general><title><string language="en">Pool {key}</string>'
        f'</title></general></lom></metadata><file href="{names[key]}"/>'
        + "".join(f'<dependency identifierref="{PICTURES[letter][:-4]}"/>' for letter in _letters(text))
        + "</resource>"
        for key, text in items.items()
    )
    of_pictures = "".join(
        f'<resource identifier="{name[:-4]}" type="webcontent" href="images/{name}"><file href="images/{name}"/>'
        "</resource>"
        for name in pictures
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest xmlns="{_MANIFEST_NAMESPACES[version]}" identifier="m1">'
        f"<metadata><schema>{test if with_test else bank}</schema><schemaversion>{number}</schemaversion></metadata>"
        f"<organizations/><resources>{of_test if with_test else ''}{of_items}{of_pictures}</resources></manifest>"
    )


def _test(names: Mapping[str, str]) -> str:
    sections = "".join(
        f'<assessmentSection identifier="s_{key}" title="Section {key}" visible="true"><selection select="1"/>'
        f'<assessmentItemRef identifier="{key}_k3x" href="{name}"/></assessmentSection>\n'
        for key, name in names.items()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<assessmentTest xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="t1" title="Reading plots">
<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>
<testPart identifier="part1" navigationMode="nonlinear" submissionMode="individual">
{sections}</testPart>
<outcomeProcessing><setOutcomeValue identifier="SCORE"><sum><testVariables variableIdentifier="SCORE"/></sum>\
</setOutcomeValue></outcomeProcessing></assessmentTest>
"""
