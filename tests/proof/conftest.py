"""Small good packages, written by hand from what the platforms read; tests plant one fault at a time in them."""

import base64
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

NUMERICAL, CHOICE = "p0123456789abcdef.png", "pfedcba9876543210.png"
PICTURES = {letter: f"p{letter * 16}.png" for letter in "abcdef"}

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


def _question(kind: str, ident: str, text: str, rest: str, letter: str) -> str:
    return f"""<question type="{kind}">
<name><text><![CDATA[Question {ident}]]></text></name>
<questiontext format="html"><text><![CDATA[<p>See.</p>
<p><img src="@@PLUGINFILE@@/{PICTURES[letter]}" alt="Plot." width="60" height="45"></p>{text}]]></text>
{_file(letter)}</questiontext>
<defaultgrade>2</defaultgrade><penalty>1</penalty><idnumber>{ident}</idnumber>
{rest}
</question>
"""


def _file(letter: str) -> str:
    return f'<file name="{PICTURES[letter]}" path="/" encoding="base64">PNG</file>'


def _answer(fraction: str, text: str, inside: str = "") -> str:
    return f'<answer fraction="{fraction}" format="html"><text><![CDATA[{text}]]></text>{inside}</answer>\n'


def _said(text: str) -> str:
    return f'<feedback format="html"><text><![CDATA[{text}]]></text></feedback>'


def _pair(prompt: str, answer: str) -> str:
    text = f"<![CDATA[{prompt}]]>" if prompt else ""
    return (
        f'<subquestion format="html"><text>{text}</text>'
        f"<answer><text><![CDATA[{answer}]]></text></answer></subquestion>\n"
    )


_SHOWN = f'B <img src="@@PLUGINFILE@@/{PICTURES["f"]}" alt="Plot B." width="30" height="20">'
_FIXED = "<shuffleanswers>false</shuffleanswers>"
_UNIT = "<unitgradingtype>0</unitgradingtype><showunits>3</showunits>"

MOODLE_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
    "<question type='category'><category><text><![CDATA[top/Types]]></text></category></question>\n"
    + _question(
        "numerical",
        "bands",
        "",
        _answer("100", "0.70", "<tolerance>0.055</tolerance>")
        + _answer("50", "0.70", "<tolerance>0.105</tolerance>")
        + _answer("33.33333", "0.70", "<tolerance>0.155</tolerance>")
        + _UNIT,
        "a",
    )
    + _question(
        "multichoice",
        "pictures",
        "",
        "<single>true</single>"
        + _FIXED
        + _answer("0", "A", _said("Too low."))
        + _answer("100", _SHOWN, _file("f") + _said("")),
        "b",
    )
    + _question(
        "multichoice",
        "several",
        "",
        "<single>false</single>"
        + _FIXED
        + "".join(_answer("33.33333", f"right {n}") for n in range(3))
        + "".join(_answer("-50", f"wrong {n}") for n in range(2)),
        "c",
    )
    + _question(
        "truefalse", "truth", "", _answer("0", "true", _said("No.")) + _answer("100", "false", _said("Yes.")), "d"
    )
    + _question(
        "matching",
        "pairs",
        "",
        _FIXED + _pair("Plot <b>A</b>", "r &lt; 0") + _pair("Plot B", "r &gt; 0 &amp; n = 5") + _pair("", "neither"),
        "e",
    )
    + _question(
        "cloze",
        "parts",
        '<div class="part"><p>First?</p><p>{2:NUMERICAL:=0.70:0.055~%50%0.70:0.105}</p></div>'
        '<div class="part"><p>Second?</p><p>{1:MULTICHOICE_V:&#60;b&#62;a&#60;/b&#62;#low~=b~c \\} d}</p></div>'
        '<div class="part"><p>Third?</p><p>{1:MULTICHOICE_H:True~=False#yes}</p></div>',
        "",
        "a",
    )
    + "</quiz>\n"
)

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


def _scored(
    ident: str, kind: str, text: str, responses: str, conditions: str, letter: str, feedback: tuple[str, ...] = ()
) -> str:
    said = "".join(
        f"""<itemfeedback ident="{name}_fb"><flow_mat><material>
<mattext texttype="text/html">Said {name}.</mattext></material></flow_mat></itemfeedback>"""
        for name in feedback
    )
    return f"""<item ident="{ident}" title="Question {ident}"><itemmetadata><qtimetadata>
<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>
<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>1</fieldentry></qtimetadatafield>
</qtimetadata></itemmetadata>
<presentation><material><mattext texttype="text/html"><![CDATA[<p>See.</p>{_image(PICTURES[letter], "Plot.")}{text}]]>
</mattext></material>{responses}</presentation>
<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>
{conditions}</resprocessing>{said}</item>"""


def _condition(test: str, *, score: str = "", action: str = "Set", feedback: str = "") -> str:
    shown = f'<displayfeedback feedbacktype="Response" linkrefid="{feedback}_fb"/>' if feedback else ""
    scored = f'<setvar action="{action}" varname="SCORE">{score}</setvar>' if score else ""
    return f"<respcondition continue='Yes'><conditionvar>{test}</conditionvar>{scored}{shown}</respcondition>"


def _is(response: str, answer: str) -> str:
    return f'<varequal respident="{response}">{answer}</varequal>'


def _label(ident: str, text: str) -> str:
    return f"""<response_label ident="{ident}"><material>
<mattext texttype="text/plain">{text}</mattext></material></response_label>"""


def _list(ident: str, text: str, labels: str, cardinality: str = "Single") -> str:
    material = f'<material><mattext texttype="text/plain">{text}</mattext></material>' if text else ""
    return f"""<response_lid ident="{ident}" rcardinality="{cardinality}">{material}
<render_choice>{labels}</render_choice></response_lid>"""


_ANSWERS = _label("match_1", "r &lt; 0") + _label("match_2", "r &gt; 0") + _label("match_3", "neither")
_SHOWN_B = f'B &lt;img src="$IMS-CC-FILEBASE$/images/{PICTURES["f"]}" alt="Plot B." width="30" height="20"&gt;'

CANVAS_TYPES = {
    "pictures": _scored(
        "pictures",
        "multiple_choice_question",
        "",
        _list("response1", "", _option("c1", "A") + _option("c2", _SHOWN_B)),
        _condition(_is("response1", "c1"), feedback="c1") + _condition(_is("response1", "c2"), score="100"),
        "b",
        ("c1",),
    ),
    "several": _scored(
        "several",
        "multiple_answers_question",
        "",
        _list("response1", "", "".join(_option(f"c{n}", f"option {n}") for n in range(1, 4)), "Multiple"),
        _condition(
            f"<and>{_is('response1', 'c1')}<not>{_is('response1', 'c2')}</not>{_is('response1', 'c3')}</and>",
            score="100",
        ),
        "c",
    ),
    "truth": _scored(
        "truth",
        "true_false_question",
        "",
        _list("response1", "", _label("c_true", "True") + _label("c_false", "False")),
        _condition(_is("response1", "c_true"), feedback="c_true")
        + _condition(_is("response1", "c_false"), score="100"),
        "d",
        ("c_true",),
    ),
    "pairs": _scored(
        "pairs",
        "matching_question",
        "",
        _list("response_1", "Plot A", _ANSWERS) + _list("response_2", "Plot B", _ANSWERS),
        _condition(_is("response_1", "match_2"), score="50", action="Add")
        + _condition(_is("response_2", "match_1"), score="50", action="Add"),
        "e",
    ),
    "parts": _scored(
        "parts",
        "multiple_dropdowns_question",
        '<div class="part"><p>First?</p><p>[one]</p></div><div class="part"><p>Second?</p><p>[two]</p></div>',
        _list("response_one", "one", _label("o1", "a") + _label("o2", "b"))
        + _list("response_two", "two", _label("t1", "True") + _label("t2", "False")),
        _condition(_is("response_one", "o2"), score="50", action="Add")
        + _condition(_is("response_two", "t1"), score="50", action="Add"),
        "a",
    ),
}


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


@pytest.fixture(scope="session")
def moodle_types(png: bytes) -> str:
    """A good Moodle file with one question of every other type."""
    return MOODLE_TYPES.replace("PNG", base64.b64encode(png).decode())


@pytest.fixture
def canvas_types(png: bytes) -> dict[str, bytes]:
    """The files of a good Canvas package with one question of every other type."""
    names = [PICTURES[letter] for letter in "abcdef"]
    resources = "".join(
        f'<resource identifier="t{number}" type="webcontent"><file href="images/{name}"/></resource>'
        for number, name in enumerate(names)
    )
    end = MANIFEST.index('<resource identifier="i1"')
    groups = "".join(_group(f"g_{name}", name, "1", item) for name, item in CANVAS_TYPES.items())
    begin = QUIZ.index('<section ident="g1"')
    quiz = QUIZ[:begin] + groups + "</section></assessment></questestinterop>"
    return {
        "imsmanifest.xml": f"{MANIFEST[:end]}{resources}</resources></manifest>".encode(),
        "quiz1/quiz1.xml": quiz.encode(),
        "quiz1/assessment_meta.xml": META.replace("3.5", "5").encode(),
        **{f"images/{name}": png for name in names},
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
