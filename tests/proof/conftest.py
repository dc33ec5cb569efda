"""Small good packages, written by hand from what the platforms read; tests plant one fault at a time in them."""

import base64
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

NUMERICAL, CHOICE = "p0123456789abcdef.png", "pfedcba9876543210.png"

MOODLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text><![CDATA[top/Reading plots/Intro]]></text></category></question>
<question type="numerical">
<name><text><![CDATA[Estimate the mean 1]]></text></name>
<questiontext format="html"><text><![CDATA[<p>The <b>mean</b> <i>x</i> of 40 values, such as 0.10?</p>
<p><img src="@@PLUGINFILE@@/{NUMERICAL}" alt="Histogram of 40 values." width="60" height="45"/></p>]]></text>
<file name="{NUMERICAL}" path="/" encoding="base64">PNG</file></questiontext>
<generalfeedback format="html"><text><![CDATA[<p>It is 0.70.</p>]]></text></generalfeedback>
<defaultgrade>2</defaultgrade><idnumber>mean_k3x</idnumber>
<answer fraction="100" format="moodle_auto_format"><text><![CDATA[0.7]]></text>
<feedback format="html"><text></text></feedback><tolerance>0.055</tolerance></answer>
<unitgradingtype>0</unitgradingtype><showunits>3</showunits>
<tags><tag><text><![CDATA[plots]]></text></tag></tags>
</question>
<question type="multichoice">
<name><text><![CDATA[Choose the correlation 1]]></text></name>
<questiontext format="html"><text><![CDATA[<p>Which correlation?</p>
<p><img src="@@PLUGINFILE@@/{CHOICE}" alt="Scatter plot." width="60" height="45"></p>]]></text>
<file name="{CHOICE}" path="/" encoding="base64">PNG</file></questiontext>
<generalfeedback format="html"><text><![CDATA[<p>It is −0.31.</p>]]></text></generalfeedback>
<defaultgrade>1.5</defaultgrade><idnumber>choose_k3x</idnumber>
<single>true</single><shuffleanswers>true</shuffleanswers>
<answer fraction="0" format="html"><text><![CDATA[0.58]]></text></answer>
<answer fraction="100" format="html"><text><![CDATA[−0.31]]></text></answer>
<answer fraction="0" format="html"><text><![CDATA[0.93]]></text></answer>
</question>
</quiz>
"""

MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m1" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"><resources>
<resource identifier="quiz1" type="imsqti_xmlv1p2"><file href="quiz1/quiz1.xml"/></resource>
<resource identifier="meta1" type="associatedcontent/imscc_xmlv1p1/learning-application-resource">
<file href="quiz1/assessment_meta.xml"/></resource>
<resource identifier="i1" type="webcontent"><file href="images/{NUMERICAL}"/></resource>
<resource identifier="i2" type="webcontent"><file href="images/{CHOICE}"/></resource>
</resources></manifest>
"""

META = """<?xml version="1.0" encoding="UTF-8"?>
<quiz identifier="quiz1" xmlns="http://canvas.instructure.com/xsd/cccv1p0"><title>Reading plots</title>
<quiz_type>assignment</quiz_type><points_possible>3.5</points_possible></quiz>
"""


def _group(ident: str, title: str, points: str, item: str) -> str:
    return f"""<section ident="{ident}" title="{title}"><selection_ordering><selection>
<selection_number>1</selection_number>
<selection_extension><points_per_item>{points}</points_per_item></selection_extension>
</selection></selection_ordering>
{item}
</section>"""


def _item(ident: str, title: str, kind: str, points: str, stem: str, response: str, condition: str) -> str:
    return f"""<item ident="{ident}" title="{title}"><itemmetadata><qtimetadata>
<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>
<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>{points}</fieldentry></qtimetadatafield>
</qtimetadata></itemmetadata>
<presentation><material><mattext texttype="text/html"><![CDATA[{stem}]]></mattext></material>{response}</presentation>
<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>
<respcondition continue="Yes"><conditionvar><other/></conditionvar>
<displayfeedback feedbacktype="Response" linkrefid="general_fb"/></respcondition>
<respcondition continue="No"><conditionvar>{condition}</conditionvar>
<setvar action="Set" varname="SCORE">100</setvar></respcondition></resprocessing>
<itemfeedback ident="general_fb"><flow_mat><material>
<mattext texttype="text/html">&lt;p&gt;Why {ident}.&lt;/p&gt;</mattext>
</material></flow_mat></itemfeedback></item>"""


def _option(ident: str, text: str) -> str:
    return f"""<response_label ident="{ident}"><material>
<mattext texttype="text/html">{text}</mattext></material></response_label>"""


def _image(name: str, alt: str) -> str:
    return f'<img src="$IMS-CC-FILEBASE$/images/{name}" alt="{alt}" width="60" height="45">'


_FIRST = _item(
    "mean_k3x",
    "Estimate the mean 1",
    "numerical_question",
    "2",
    f"<p>The mean of 40 values?</p>{_image(NUMERICAL, 'Histogram of 40 values.')}",
    '<response_str ident="response1" rcardinality="Single"><render_fib fibtype="Decimal">'
    '<response_label ident="answer1"/></render_fib></response_str>',
    '<or><varequal respident="response1" margin="0.055" margintype="absolute">0.70</varequal><and>'
    '<vargte respident="response1">0.645</vargte><varlte respident="response1">0.755</varlte></and></or>',
)
_SECOND = _item(
    "choose_k3x",
    "Choose the correlation 1",
    "multiple_choice_question",
    "1.5",
    f"<p>Which correlation?</p>{_image(CHOICE, 'Scatter plot.')}",
    '<response_lid ident="response1" rcardinality="Single"><render_choice>'
    + _option("c1", "0.58")
    + _option("c2", "−0.31")
    + _option("c3", "0.93")
    + "</render_choice></response_lid>",
    '<varequal respident="response1">c2</varequal>',
)
QUIZ = f"""<?xml version="1.0" encoding="UTF-8"?>
<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="quiz1" title="Reading plots">
<section ident="root_section">
{_group("g1", "Estimate the mean", "2", _FIRST)}
{_group("g2", "Choose the correlation", "1.5", _SECOND)}
</section></assessment></questestinterop>
"""


@pytest.fixture(scope="session")
def png() -> bytes:
    """A small PNG."""
    buffer = io.BytesIO()
    Image.new("P", (60, 45), 1).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def moodle(png: bytes) -> str:
    """A good Moodle file: one category, a number and a choice."""
    return MOODLE.replace("PNG", base64.b64encode(png).decode())


@pytest.fixture
def canvas(png: bytes) -> dict[str, bytes]:
    """The files of a good Canvas package: a group with a number, a group with a choice."""
    return {
        "imsmanifest.xml": MANIFEST.encode(),
        "quiz1/quiz1.xml": QUIZ.encode(),
        "quiz1/assessment_meta.xml": META.encode(),
        f"images/{NUMERICAL}": png,
        f"images/{CHOICE}": png,
    }


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    """Write files into a zip below `tmp_path`."""

    def write(files: Mapping[str, bytes]) -> Path:
        path = tmp_path / "canvas" / "intro-1.zip"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return write


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Write a Moodle file below `tmp_path`."""

    def write(text: str | bytes) -> Path:
        path = tmp_path / "moodle" / "intro-1.xml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write
