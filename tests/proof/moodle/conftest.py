"""A good file of synchronised calculated questions, written by hand from what Moodle reads."""

import base64
import io
from collections.abc import Callable, Sequence

import pytest
from PIL import Image


def _definition(name: str, first: str, second: str, decimals: int = 0) -> str:
    """A dataset of two values."""
    return f"""<dataset_definition><status><text><![CDATA[shared]]></text></status>
<name><text><![CDATA[{name}]]></text></name><type>calculated</type>
<distribution><text><![CDATA[uniform]]></text></distribution><minimum><text><![CDATA[{first}]]></text></minimum>
<maximum><text><![CDATA[{second}]]></text></maximum><decimals><text><![CDATA[{decimals}]]></text></decimals>
<itemcount>2</itemcount><dataset_items>
<dataset_item><number>1</number><value>{first}</value></dataset_item>
<dataset_item><number>2</number><value>{second}</value></dataset_item>
</dataset_items><number_of_items>2</number_of_items></dataset_definition>
"""


def _answer(formula: str, tolerance: str, fraction: str = "100", told: str = "") -> str:
    return f"""<answer fraction="{fraction}" format="html"><text><![CDATA[{formula}]]></text>
<feedback format="html"><text><![CDATA[{told}]]></text></feedback>
<tolerance>{tolerance}</tolerance><tolerancetype>2</tolerancetype>
<correctanswerformat>1</correctanswerformat><correctanswerlength>1</correctanswerlength></answer>
"""


def _question(number: int, points: int, asks: str, rest: str, definitions: str) -> str:
    return f"""<question type="calculated"><name><text><![CDATA[Spread {number}]]></text></name>
<questiontext format="html"><text><![CDATA[<p>See {{n}} values.</p><p><img src="@@PLUGINFILE@@/{{p}}.png" alt="Plot of {{n}}." width="60" height="45"></p><div class="part"><p>{asks}</p></div>]]></text>
<file name="100000000001.png" path="/" encoding="base64">PNG1</file>
<file name="100000000002.png" path="/" encoding="base64">PNG2</file></questiontext>
<defaultgrade>{points}</defaultgrade><idnumber>spread-{number}</idnumber><synchronize>1</synchronize>
{rest}
<unitgradingtype>0</unitgradingtype><unitpenalty>0.1</unitpenalty><showunits>3</showunits>
<dataset_definitions>{definitions}</dataset_definitions></question>
"""


_PLOTS = _definition("n", "40", "41") + _definition("p", "100000000001", "100000000002")
_FEEDBACK = (
    '<generalfeedback format="html"><text><![CDATA[<p>It is {f} of {n}.</p>]]></text></generalfeedback>'
    "<tags><tag><text><![CDATA[plots]]></text></tag></tags>"
)

CALCULATED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
    '<question type="category"><category><text><![CDATA[top/Spread/Set 1]]></text></category></question>\n'
    + _question(
        1,
        1,
        "One?",
        _answer("{k}", "0.05", told="Yes, {n}.")
        + _answer("{low}", "0.05")
        + _answer("{high}", "0.05")
        + "<!-- bands -->"
        + _answer("*", "0", "0", told="No."),
        _PLOTS
        + _definition("k", "0.4", "0.5", 1)
        + _definition("low", "0.4", "0.45", 2)
        + _definition("high", "0.4", "0.55", 2),
    )
    + "<!-- 2 -->"
    + _question(
        2,
        2,
        "Two?",
        _FEEDBACK + _answer("{m}", "1.5"),
        _PLOTS + _definition("m", "-3", "-2.5", 1) + _definition("f", "4", "5"),
    )
    + "</quiz>\n"
)


@pytest.fixture(scope="session")
def pngs() -> Sequence[bytes]:
    """Two small PNGs."""
    pictures = []
    for grey in (10, 20):
        buffer = io.BytesIO()
        Image.new("L", (60, 45), grey).save(buffer, "PNG")
        pictures.append(buffer.getvalue())
    return pictures


@pytest.fixture(scope="session")
def encoded() -> Callable[[bytes], str]:
    """A picture as it stands in a file."""
    return lambda png: base64.b64encode(png).decode()


@pytest.fixture(scope="session")
def calculated(pngs: Sequence[bytes], encoded: Callable[[bytes], str]) -> str:
    """A good Moodle file: two synchronised questions about one plot, in two variants.

    In the second variant the tolerance of the first key is twice as wide, which takes three answers.
    """
    return CALCULATED.replace("PNG1", encoded(pngs[0])).replace("PNG2", encoded(pngs[1]))
