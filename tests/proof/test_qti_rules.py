"""One planted fault gives exactly the finding it should; good QTI packages give none."""

from pathlib import Path

import pytest

from plotbank.proof import Finding
from plotbank.proof.qti_rules import check_qti

from . import qti_samples as samples
from .qti_samples import between, image, near, right, said, set_to

ACCEPTED = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "accepted"
MANIFEST, TEST = "imsmanifest.xml", "test.xml"
NUMBER, CHOICE, TRUTH = (f"items/{name}_k3x.xml" for name in ("number", "choice", "truth"))
PLOT = f"images/{samples.PICTURES['a']}"

every_version = pytest.mark.parametrize("version", samples.VERSIONS)


@pytest.fixture
def found(png, tmp_path):
    """The findings in a package, changed in some way."""

    def check(version="2.1", *, with_test=True, change=lambda files: None) -> list[Finding]:
        files = samples.package(png, version, with_test=with_test)
        change(files)
        return list(check_qti(samples.packed(files, tmp_path), "qti/intro.zip"))

    return check


@pytest.fixture
def found_in(found):
    """The findings after something in one file is replaced."""

    def check(name: str, old: str, new: str, version="2.1", *, with_test=True) -> list[Finding]:
        def change(files):
            text = files[name].decode()
            assert old in text
            files[name] = text.replace(old, new, 1).encode()

        return found(version, with_test=with_test, change=change)

    return check


@every_version
@pytest.mark.parametrize("with_test", [True, False])
def test_a_good_package_has_no_findings(version, with_test, found):
    assert found(version, with_test=with_test) == []


def resource(identifier: str) -> str:
    """Where a resource of the sample begins."""
    return f'<resource identifier="{identifier}"'


SUM = '<sum><testVariables variableIdentifier="SCORE"/></sum>'
PLOT_A = 'identifier="paaaaaaaaaaaaaaaa" type="webcontent"'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("xsd/imscp_v1p1", "xsd/imscp_v1p2", "the manifest's namespace is 'http://www.imsglobal.org/xsd/imscp_v1p2'"),
        ("QTIv2.1 Package", "QTIv2.1 Item Bank Package", "calls itself 'QTIv2.1 Item Bank Package' '1.0.0', not"),
        ("1.0.0", "1.1", "calls itself 'QTIv2.1 Package' '1.1', not 'QTIv2.1 Package' '1.0.0'"),
        (PLOT_A, PLOT_A.replace("webcontent", "picture"), "is of the type 'picture', not one of QTI 2.1"),
        ('href="items/truth_k3x.xml"><m', 'href="truth.xml"><m', "does not list its own file 'truth.xml'"),
        (
            '<dependency identifierref="i_truth"/>',
            '<dependency identifierref="i_x"/><dependency identifierref="i_truth"/>',
            "depends on 'i_x', which does not exist",
        ),
        (
            f'<file href="{PLOT}"/>',
            f'<file href="{PLOT}"/><file href="images/x.png"/>',
            "lists images/x.png, which the zip does not hold",
        ),
        (f'<file href="{PLOT}"/>', f'<file href="{PLOT}"/>' * 2, f"lists {PLOT} 2 times"),
    ],
)
def test_a_fault_in_the_manifest(old, new, message, found_in):
    findings = found_in(MANIFEST, old, new)

    assert message in findings[0].message
    assert findings[0] == Finding(package="qti/intro.zip", item="", message=findings[0].message)


@pytest.mark.parametrize("version", ["2.2", "3.0"])
def test_every_version_has_its_own_name_for_a_package(version, found_in):
    schema = {"2.2": "QTIv2.2 Item Bank Package", "3.0": "QTI Item Bank"}[version]
    (finding,) = found_in(MANIFEST, schema, "QTIv2.1 Item Bank Package", version, with_test=False)

    assert f"calls itself 'QTIv2.1 Item Bank Package' '{'3.0.0' if version == '3.0' else '1.0.0'}'" in finding.message


def test_identifiers_of_resources_are_unique(found_in):
    messages = [finding.message for finding in found_in(MANIFEST, resource("test"), resource("m1"))]

    assert messages == ["the manifest gives the identifier 'm1' 2 times"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("__MACOSX/._test.xml", b"x", "is litter"),
        ("images/.DS_Store", b"x", "is litter"),
        ("notes.xml", b"<x/>", "notes.xml is not in the manifest"),
        ("images/", b"", "images/ is not in the manifest"),
    ],
)
def test_files_that_nobody_listed(name, data, message, found):
    (finding,) = found(change=lambda files: files.update({name: data}))

    assert message in finding.message


def listed(files: dict[str, bytes], name: str, data: bytes) -> None:
    """Add a file, and list it as what it is not."""
    more = f'<resource identifier="more" type="webcontent" href="{name}"><file href="{name}"/></resource></resources>'
    files[MANIFEST] = files[MANIFEST].replace(b"</resources>", more.encode())
    files[name] = data


def test_a_stray_document(found, png):
    messages = [one.message for one in found(change=lambda files: listed(files, "notes.xml", b"<x/>"))]

    assert messages[0] == "notes.xml is neither an item nor the test"


def test_a_picture_that_nobody_sees(found, png):
    (finding,) = found(change=lambda files: listed(files, "images/more.png", png))

    assert finding.message == "images/more.png is shown by no item"


def test_a_picture_that_is_no_whole_png(found):
    def change(files):
        files[PLOT] = files[PLOT][:-9]

    messages = [finding.message for finding in found(change=change)]

    assert messages == [f"{name}_k3x: the picture {PLOT}: it is a PNG that breaks off" for name in ("number", "parts")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('select="1"', 'select="2"', "the section 'Section number' does not draw exactly one of its items"),
        ('<selection select="1"/>', "", "the section 'Section number' does not draw exactly one of its items"),
        ('title="Section number"', 'title=" "', "a section of the test has no title"),
        ('variableIdentifier="SCORE"', 'variableIdentifier="GRADE"', "does not sum the SCORE of its items"),
        (SUM, '<testVariables variableIdentifier="SCORE"/>', "does not sum the SCORE of its items"),
        ('identifier="choice_k3x"', 'identifier="number_k3x"', "the identifier 'number_k3x' stands 2 times in the test"),
        ("</testPart>", '<assessmentSection identifier="s" title="S"><selection select="1"/></assessmentSection></testPart>', "the section 'S' holds no item to draw"),
        ("</testPart>", '<assessmentSection identifier="s" title="S"><selection select="1"/><assessmentItemRef identifier="n" href="items/number_k3x.xml"/></assessmentSection></testPart>', "items/number_k3x.xml stands 2 times in the test instead of once"),
    ],
)  # fmt: skip
def test_a_fault_in_the_test(old, new, message, found_in):
    (finding,) = found_in(TEST, old, new)

    assert message in finding.message


def test_a_test_refers_to_items_of_the_package(found_in):
    messages = [one.message for one in found_in(TEST, "items/number_k3x.xml", "items/x.xml")]
    assert messages == [
        "it links items/x.xml, which the zip does not hold",
        "items/number_k3x.xml stands 0 times in the test instead of once",
    ]

    messages = [one.message for one in found_in(TEST, "items/number_k3x.xml", PLOT)]
    assert messages[0] == f"its resource neither lists {PLOT} nor depends on the resource that does"


def test_a_test_refers_to_items_alone(found):
    def change(files):
        files[TEST] = files[TEST].replace(b"items/number_k3x.xml", PLOT.encode())
        begin = files[MANIFEST].index(b"<dependency", files[MANIFEST].index(resource("test").encode()))
        more = b'<dependency identifierref="paaaaaaaaaaaaaaaa"/>'
        files[MANIFEST] = files[MANIFEST][:begin] + more + files[MANIFEST][begin:]

    messages = [finding.message for finding in found(change=change)]

    assert messages == [
        f"the test refers to {PLOT}, which is no item of the manifest",
        "items/number_k3x.xml stands 0 times in the test instead of once",
    ]


def test_a_package_has_one_test(found):
    def change(files):
        text = files[MANIFEST].decode()
        begin, end = text.index(resource("test")), text.index(resource("i_number"))
        second = text[begin:end].replace('"test"', '"test2"').replace("test.xml", "test2.xml")
        files[MANIFEST] = (text[:begin] + second + text[begin:]).encode()
        files["test2.xml"] = files[TEST]

    assert [finding.message for finding in found(change=change)] == ["the manifest lists 2 tests"]


def test_a_test_depends_on_its_items(found_in):
    messages = [one.message for one in found_in(MANIFEST, '<dependency identifierref="i_truth"/>', "")]

    assert messages[0] == "its resource neither lists items/truth_k3x.xml nor depends on the resource that does"


PICTURE = image("b")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('xml:lang="en"', "", "the item has no xml:lang"),
        ('title="Title of choice_k3x"', 'title=" "', "the item has no title"),
        ('<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="choice_k3x"', '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1"', "the item has no identifier"),
        ('identifier="choice_k3x"', 'identifier="number_k3x"', "the identifier 'number_k3x' belongs to two items"),
        (' normalMaximum="2"', "", "SCORE has no normalMaximum greater than 0"),
        (' normalMaximum="2"', ' normalMaximum="0"', "SCORE has no normalMaximum greater than 0"),
        ('"SCORE" cardinality="single" baseType="float"', '"SCORE" cardinality="single" baseType="integer"', "SCORE is not a single float"),
        ('<outcomeDeclaration identifier="FEEDBACK"', '<outcomeDeclaration identifier="SCORE"', "the variable 'SCORE' is declared 2 times"),
        ("<value>B</value>", "", "the response 'RESPONSE' has no correct response"),
        (right(), right().replace('correct identifier="RESPONSE"', 'correct identifier="SCORE"'), "<qti-correct> names 'SCORE', which is not declared"),
        (right(), right().replace('variable identifier="RESPONSE"', 'variable identifier="OTHER"'), "<qti-variable> names 'OTHER', which is not declared"),
        (set_to("SCORE", "2"), set_to("OTHER", "2"), "<qti-set-outcome-value> names 'OTHER', which is not declared"),
        ("<outcomeDeclaration", samples.response("R", "float", "1") + "<outcomeDeclaration", "the response 'R' has no interaction"),
        ('shuffle="false"', 'shuffle="true"', 'does not say shuffle="false"'),
        (' shuffle="false"', "", 'does not say shuffle="false"'),
        ("</assessmentItem>", said("FEEDBACK", "x", "X") + "</assessmentItem>", "the outcome 'FEEDBACK', on which feedback depends, is never set"),
        ("</assessmentItem>", said("OTHER", "x", "X") + "</assessmentItem>", "feedback is bound to 'OTHER', which is no declared outcome"),
        (set_to("SCORE", "2"), set_to("SCORE", "2e0"), "'2e0' is no plain decimal number"),
        (set_to("SCORE", "2"), set_to("SCORE", "+2"), "'+2' is no plain decimal number"),
        (' alt="Plot b of 40 values."', ' alt=" "', "a picture has no text alternative"),
        (' alt="Plot b of 40 values."', ' alt="plot.png"', "the text alternative 'plot.png' is a file name"),
        (' width="60"', ' width="60%"', "a picture has no width in pixels"),
        (' height="45"', "", "a picture has no height in pixels"),
        (' height="45"', ' height="45" aria-describedby="x"', "a picture is described by 'x', of which there is not exactly one"),
        (' height="45"', ' height="45" data-catalog-idref="x"', "a picture is described by 'x', of which there is not exactly one"),
        ("<p>Which", "<p id='x'/><p id='x'>Which", "the id 'x' stands 2 times"),
        ("../images/p", "https://a.org/p", "it links 'https://a.org/p"),
        ("../images/p", "//a.org/p", "it links '//a.org/p"),
        (f'"../images/{samples.PICTURES["b"]}"', '"data:image/png;base64,AA=="', "it links 'data:image/png;base64,AA=='"),
        ("<p>Which", '<object data="https://a.org/a.svg"/><p>Which', "it links 'https://a.org/a.svg'"),
        ("../images/p", "../pictures/p", "which the zip does not hold"),
        ("<responseDeclaration", samples.response("RESPONSE", "identifier", "B") + "<responseDeclaration", "the variable 'RESPONSE' is declared 2 times"),
        ("<p>Which", '<p class="x" longdesc="../notes.html">Which', "it links notes.html, which the zip does not hold"),
    ],
)  # fmt: skip
def test_a_fault_in_an_item(old, new, message, found_in):
    first, *others = found_in(CHOICE, old, new)

    assert message in first.message
    assert first.item == (
        "" if "no identifier" in message else "number_k3x" if "two items" in message else "choice_k3x"
    )
    assert all("is shown by no item" in finding.message for finding in others)


def test_no_response_processing(found):
    def change(files):
        before, rest = files[TRUTH].split(b"<responseProcessing>")
        files[TRUTH] = before + rest.partition(b"</responseProcessing>")[2]

    (finding,) = found(change=change)

    assert (finding.item, finding.message) == (
        "truth_k3x",
        "the item has no response processing: it would not be marked",
    )


def test_an_interaction_has_a_declared_response(found_in):
    messages = [
        one.message
        for one in found_in(CHOICE, 'Interaction responseIdentifier="RESPONSE"', 'Interaction responseIdentifier="R"')
    ]

    assert messages == [
        "an interaction is bound to 'R', which is no declared response",
        "the response 'RESPONSE' has no interaction",
    ]


def test_an_item_has_a_score(found):
    def change(files):
        files[CHOICE] = files[CHOICE].replace(b'"SCORE"', b'"GRADE"')

    messages = [finding.message for finding in found(change=change)]

    assert messages == ["the item declares no SCORE"]


def test_two_interactions_have_a_response_each(found_in):
    messages = [
        one.message for one in found_in("items/drops_k3x.xml", 'responseIdentifier="R2"', 'responseIdentifier="R1"')
    ]

    assert messages == ["2 interactions are bound to the response 'R1'", "the response 'R2' has no interaction"]


def test_an_item_depends_on_its_pictures(found_in):
    (finding,) = found_in(MANIFEST, '<dependency identifierref="pdddddddddddddddd"/>', "")

    assert (finding.item, finding.message) == (
        "truth_k3x",
        f"its resource neither lists images/{samples.PICTURES['d']} nor depends on the resource that does",
    )


def test_a_link_that_a_person_may_follow_is_no_picture(found_in):
    assert found_in(CHOICE, "<p>Which", '<p><a href="https://a.org/">More.</a> Which') == []


def test_a_map_has_plain_numbers(found_in):
    (finding,) = found_in("items/pairs_k3x.xml", 'mappedValue="1"', 'mappedValue="1,0"')

    assert (finding.item, finding.message) == ("pairs_k3x", "'1,0' is no plain decimal number")


def test_3_has_no_equal_with_a_tolerance(found_in):
    bounds = '<qti-and><qti-gte><qti-variable identifier="RESPONSE"/><qti-base-value base-type="float">0.645<'
    equal = """<qti-equal tolerance-mode="absolute" tolerance="0.055"><qti-variable identifier="RESPONSE"/>
    <qti-correct identifier="RESPONSE"/></qti-equal>"""
    (finding,) = found_in(NUMBER, bounds, equal + bounds, "3.0")

    assert finding.item == "number_k3x"
    assert finding.message.startswith("<qti-equal> has a tolerance: one player gives any text the whole mark")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (between("0.645", "0.755"), between("0.755", "0.645")),
        (between("0.645", "0.755"), between("0.645", "0.765")),
        (between("0.645", "0.755"), between("0.65", "0.75")),
        (near("0.055"), near("0.05")),
    ],
)
@pytest.mark.parametrize("version", ["2.1", "2.2"])
def test_2_says_the_same_tolerance_twice(version, old, new, found_in):
    (finding,) = found_in(NUMBER, old, new, version)

    assert (finding.item, finding.message) == (
        "number_k3x",
        "<qti-equal> and the bounds beside it accept different numbers: engines would differ",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id="d1"', 'id="d2"', "a picture is described by 'd1', of which there is not exactly one"),
        ('id="c1"', 'id="c2"', "a picture is described by 'c1', of which there is not exactly one"),
        ('support="long-description"', 'support="glossary"', "a picture is described by 'c1'"),
    ],
)
def test_descriptions_exist(old, new, message, found_in):
    (finding,) = found_in(NUMBER, old, new, "3.0")

    assert finding.item == "number_k3x"
    assert message in finding.message


def test_keys_are_proved_with_the_reason_that_the_reader_gives(found_in):
    is_true = right().replace('<correct identifier="RESPONSE"/>', '<baseValue baseType="identifier">true</baseValue>')

    assert found_in(TRUTH, right(), is_true) == [
        Finding(
            package="qti/intro.zip",
            item="",
            message="truth_k3x: what the item calls correct (false) earns 0 of 2",
        )
    ]


def test_feedback_that_nobody_is_shown(found_in):
    (finding,) = found_in(NUMBER, samples.CORRECT, "")

    assert finding.message == "number_k3x: the feedback 'correct' is never shown"


def test_a_document_that_cannot_be_read_is_found_and_the_others_are_read_on(found):
    def change(files):
        files[NUMBER] = b"<damaged"
        files[TRUTH] = files[TRUTH].replace(b' xml:lang="en"', b"")

    messages = [finding.message for finding in found(change=change)]

    assert messages[0].startswith("items/number_k3x.xml: the XML is damaged")
    assert messages[1:] == ["the item has no xml:lang: a screen reader guesses its language"]


@pytest.mark.skipif(not ACCEPTED.is_dir(), reason="the accepted packages are not here")
@pytest.mark.parametrize("name", ["qti21-test", "qti21-bank", "qti22-test", "qti22-bank", "qti30-test", "qti30-bank"])
def test_accepted_packages_break_only_rules_of_our_own(name):
    findings = list(check_qti(ACCEPTED / f"{name}.zip", "p"))

    assert {finding.item for finding in findings} <= {"", "choice1", "template1"}
    assert ["shuffle" in finding.message for finding in findings if finding.item == "choice1"] == [True]
    assert [finding.message for finding in findings if not finding.item] == (
        ["the section 'Rest' does not draw exactly one of its items"] if "test" in name else []
    )
