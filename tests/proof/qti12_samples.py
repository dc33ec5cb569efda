"""Good packages of pure QTI 1.2 and of Common Cartridge, written by hand: one item of every type, each with a picture."""

from collections.abc import Sequence

PICTURES = {letter: f"p{letter * 16}.png" for letter in "abcdef"}
QUESTIONS, MANIFEST = "questions.xml", "imsmanifest.xml"

_NAMESPACES = {
    "": "http://www.imsglobal.org/xsd/imscp_v1p1",
    "1.1": "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1",
    "1.3": "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1",
}
_TYPES = {
    "": "imsqti_xmlv1p2",
    "1.1": "imsqti_xmlv1p2/imscc_xmlv1p1/question-bank",
    "1.3": "imsqti_xmlv1p2/imscc_xmlv1p3/question-bank",
}
_SCHEMAS = {
    "": "<schema>IMS Content</schema><schemaversion>1.1.3</schemaversion>",
    "1.1": "<schema>IMS Common Cartridge</schema><schemaversion>1.1.0</schemaversion>",
    "1.3": "<schema>IMS Common Cartridge</schema><schemaversion>1.3.0</schemaversion>",
}


def _html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<material><mattext texttype="text/html">{escaped}</mattext></material>'


def _image(letter: str, base: str = "") -> str:
    return f'<img src="{base}images/{PICTURES[letter]}" alt="Plot {letter}." width="60" height="45">'


def _field(label: str, entry: str) -> str:
    return f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"


def _item(
    ident: str, stem: str, responses: str, conditions: str, said: Sequence[str] = (), fields: str = "", top: str = "100"
) -> str:
    feedback = "".join(
        f'<itemfeedback ident="{name}"><flow_mat>{_html(f"<p>Said {name}.</p>")}</flow_mat></itemfeedback>'
        for name in said
    )
    return f"""<item ident="{ident}" title="Question {ident}"><itemmetadata><qtimetadata>
{fields or _field("points_possible", "2")}</qtimetadata></itemmetadata>
<presentation>{_html(stem)}{responses}</presentation>
<resprocessing><outcomes><decvar varname="SCORE" vartype="Decimal" minvalue="0" maxvalue="{top}"/></outcomes>
{conditions}</resprocessing>{feedback}</item>
"""


def _condition(test: str, score: str = "", action: str = "Set", shown: Sequence[str] = (), goes_on: str = "No") -> str:
    scored = f'<setvar varname="SCORE" action="{action}">{score}</setvar>' if score else ""
    links = "".join(f'<displayfeedback feedbacktype="Response" linkrefid="{name}"/>' for name in shown)
    return f'<respcondition continue="{goes_on}"><conditionvar>{test}</conditionvar>{scored}{links}</respcondition>\n'


def _is(response: str, answer: str) -> str:
    return f'<varequal respident="{response}">{answer}</varequal>'


def _within(response: str, value: str, low: str, high: str) -> str:
    return (
        f'<or>{_is(response, value)}<and><vargte respident="{response}">{low}</vargte>'
        f'<varlte respident="{response}">{high}</varlte></and></or>'
    )


def _number(ident: str) -> str:
    return (
        f'<response_str ident="{ident}" rcardinality="Single"><render_fib fibtype="Decimal">'
        f'<response_label ident="{ident}_answer"/></render_fib></response_str>'
    )


def _label(ident: str, html: str) -> str:
    return f'<response_label ident="{ident}">{_html(html)}</response_label>'


def _list(ident: str, labels: str, *, prompt: str = "", cardinality: str = "Single") -> str:
    before = _html(prompt) if prompt else ""
    return (
        f'<response_lid ident="{ident}" rcardinality="{cardinality}">{before}'
        f"<render_choice>{labels}</render_choice></response_lid>"
    )


_ANSWERS = _label("m1", "r &lt; 0") + _label("m2", "r &gt; 0") + _label("m3", "neither")
_PARTS = (
    _html('<div class="part"><p>First?</p></div>')
    + _number("part1")
    + _html('<div class="part"><p>Second?</p></div>')
    + _list("part2", _label("o1", "a") + _label("o2", "b"))
    + _html('<div class="part"><p>Third?</p></div>')
    + _list("part3", _label("t1", "True") + _label("t2", "False"))
)
_TRUE, _FALSE = _label("yes", "True"), _label("no", "False")


def _choice(base: str, fields: str = "") -> str:
    shown = f"C {_image('f', base)}"
    return _item(
        "choose",
        f"<p>Which?</p>{_image('b', base)}",
        _list("r", _label("c1", "A") + _label("c2", "B") + _label("c3", shown)),
        _condition(_is("r", "c1"), shown=["c1_fb"], goes_on="Yes") + _condition(_is("r", "c3"), "100"),
        ["c1_fb"],
        fields,
    )


def _several(base: str, fields: str = "") -> str:
    return _item(
        "several",
        f"<p>Which ones?</p>{_image('c', base)}",
        _list("r", "".join(_label(f"c{n}", f"option {n}") for n in (1, 2, 3)), cardinality="Multiple"),
        _condition(f"<and>{_is('r', 'c1')}<not>{_is('r', 'c2')}</not>{_is('r', 'c3')}</and>", "100"),
        fields=fields,
    )


def _truth(base: str, fields: str = "") -> str:
    return _item(
        "truth",
        f"<p>It is so.</p>{_image('d', base)}",
        _list("r", _TRUE + _FALSE),
        _condition("<other/>", shown=["general_fb"], goes_on="Yes")
        + _condition(_is("r", "yes"), shown=["yes_fb"], goes_on="Yes")
        + _condition(_is("r", "no"), "100"),
        ["general_fb", "yes_fb"],
        fields,
    )


ITEMS = {
    "mean": _item(
        "mean",
        f"<p>The mean?</p>{_image('a')}",
        _number("r"),
        _condition("<other/>", shown=["general_fb"], goes_on="Yes")
        + _condition(_within("r", "0.70", "0.645", "0.755"), "100", shown=["correct_fb"])
        + _condition(_within("r", "0.70", "0.595", "0.805"), "50", shown=["general_incorrect_fb"])
        + _condition("<other/>", "0", shown=["general_incorrect_fb"]),
        ["general_fb", "correct_fb", "general_incorrect_fb"],
    ),
    "choose": _choice(""),
    "several": _several(""),
    "truth": _truth(""),
    "pairs": _item(
        "pairs",
        f"<p>Match.</p>{_image('e')}",
        _list("p1", _ANSWERS, prompt="Plot <b>A</b>") + _list("p2", _ANSWERS, prompt="Plot B"),
        _condition(_is("p1", "m2"), "1", "Add", goes_on="Yes") + _condition(_is("p2", "m1"), "1", "Add", goes_on="Yes"),
        top="2",
    ),
    "parts": _item(
        "parts",
        f"<p>See.</p>{_image('a')}",
        _PARTS,
        _condition(f"<and>{_within('part1', '12', '11.5', '12.5')}{_is('part2', 'o2')}{_is('part3', 't1')}</and>",
                   shown=["correct_fb"], goes_on="Yes")
        + _condition(_is("part2", "o1"), shown=["o1_fb"], goes_on="Yes")
        + _condition(_within("part1", "12", "11.5", "12.5"), "50", "Add", goes_on="Yes")
        + _condition(_is("part2", "o2"), "25", "Add", goes_on="Yes")
        + _condition(_is("part3", "t1"), "25", "Add", goes_on="Yes"),
        ["correct_fb", "o1_fb"],
    ),
}  # fmt: skip


def _cartridge_fields(profile: str) -> str:
    return _field("cc_profile", profile) + _field("cc_weighting", "2")


def _package(questions: str, letters: str, cartridge: str, png: bytes) -> dict[str, bytes]:
    names = [PICTURES[letter] for letter in letters]
    pictures = "".join(
        f'<resource identifier="p{place}" type="webcontent" href="images/{name}"><file href="images/{name}"/></resource>'
        for place, name in enumerate(names)
    )
    needed = "".join(f'<dependency identifierref="p{place}"/>' for place, _ in enumerate(names))
    manifest = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m" xmlns="{_NAMESPACES[cartridge]}"><metadata>{_SCHEMAS[cartridge]}</metadata><organizations/>
<resources><resource identifier="q" type="{_TYPES[cartridge]}"><file href="{QUESTIONS}"/>{needed}</resource>
{pictures}</resources></manifest>"""
    return {
        MANIFEST: manifest.encode(),
        QUESTIONS: questions.encode(),
        **{f"images/{name}": png for name in names},
    }


def _document(inside: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">{inside}</questestinterop>"""


def pure_test(png: bytes) -> dict[str, bytes]:
    """A test with a section for each item, of which it draws one."""
    sections = "".join(
        f'<section ident="s_{ident}" title="Pool {ident}"><selection_ordering><selection>'
        f"<selection_number>1</selection_number></selection></selection_ordering>{item}</section>"
        for ident, item in ITEMS.items()
    )
    test = (
        f'<assessment ident="test" title="Plots"><section ident="root" title="Plots">{sections}</section></assessment>'
    )
    return _package(_document(test), "abcdef", "", png)


def pure_bank(png: bytes) -> dict[str, bytes]:
    """A bank with a title and two items."""
    inside = f"<qtimetadata>{_field('bank_title', 'Means')}</qtimetadata>{ITEMS['mean']}{ITEMS['choose']}"
    return _package(_document(f'<objectbank ident="bank">{inside}</objectbank>'), "abf", "", png)


def cartridge(version: str, png: bytes) -> dict[str, bytes]:
    """A question bank of Common Cartridge, with an item of each type that it has."""
    base = "$IMS-CC-FILEBASE$/"
    items = (
        _choice(base, _cartridge_fields("cc.multiple_choice.v0p1"))
        + _several(base, _cartridge_fields("cc.multiple_response.v0p1"))
        + _truth(base, _cartridge_fields("cc.true_false.v0p1"))
    )
    return _package(_document(f'<objectbank ident="bank">{items}</objectbank>'), "bcdf", version, png)
