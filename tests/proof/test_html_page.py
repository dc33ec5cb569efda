"""Practice pages are opened as a browser shows them, and every fault that is planted in one is found."""

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plotbank.proof import Unreadable, html_page
from plotbank.proof.delivered import (
    BandDelivered,
    ChoiceDelivered,
    DeliveredPicture,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    printed,
)
from plotbank.proof.html_page import page_items
from plotbank.proof.html_rules import check_page

Json = dict[str, Any]
Written = Callable[..., Path]

STYLE, SCRIPT = "p { color: black }", "document.title"
NUMBER, NUMBER_KEY = {"type": "number"}, {"value": "0.70", "bands": [["0.645", "0.755", 1.0], ["0.595", "0.805", 0.5]]}
CHOICE = {"type": "choice", "options": [{"text": "0.58"}, {"text": "<b>−0.31</b>"}]}
CHOICE_KEY = {"correct": [1], "feedback": ["Too high.", ""]}
TRUTH_KEY = {"truth": False, "if_true": "No.", "if_false": ""}
ANSWERS: dict[str, tuple[Json, Json]] = {
    "number": (NUMBER, NUMBER_KEY),
    "choice": (CHOICE, CHOICE_KEY),
    "several": (
        {"type": "multiple", "options": [{"text": "a"}, {"text": "b"}, {"text": "c"}]},
        {"correct": [0, 2], "feedback": ["", "b?", ""]},
    ),
    "truth": ({"type": "truth"}, TRUTH_KEY),
    "pairs": (
        {"type": "matching", "prompts": ["Plot <b>A</b>", "Plot B"], "answers": ["r < 0", "r > 0", "neither"]},
        {"pairs": [1, 0]},
    ),
    "parts": (
        {
            "type": "parts",
            "parts": [
                {"stem": "<p>First?</p>", "share": 0.5, "answer": NUMBER},
                {"stem": "<p>Second?</p>", "share": 0.25, "answer": CHOICE},
                {"stem": "<p>Third?</p>", "share": 0.25, "answer": {"type": "truth"}},
            ],
        },
        {"parts": [NUMBER_KEY, CHOICE_KEY, TRUTH_KEY]},
    ),
}


def sealed(told: Json, ident: str) -> str:
    """FNV-1a starts xorshift32, whose low bytes hide the JSON."""
    state = 0x811C9DC5
    for byte in ident.encode():
        state = (state ^ byte) * 0x01000193 & 0xFFFFFFFF
    state |= 1
    hidden = bytearray()
    for byte in json.dumps(told).encode():
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        hidden.append(byte ^ state & 255)
    return base64.b64encode(hidden).decode()


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def script(item: Json, told: Json, ident: str) -> str:
    data = json.dumps(item | {"sealed": sealed(told, ident)}).replace("<", "\\u003c")
    return f'<script type="application/json" class="item" id="{ident}">{data}</script>\n'


POLICY = (
    f"default-src 'none'; img-src data:; style-src {digest(STYLE)}; script-src {digest(SCRIPT)}; "
    "base-uri 'none'; form-action 'none'"
)
HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>Reading plots</title><link rel="icon" href="data:,"><style>{STYLE}</style></head><body><h1>Reading plots</h1><main>
<section><h2 id="q1">Estimate &lt;r&gt;</h2>
"""
TAIL = f"""</section></main><script type="application/json" id="settings">{{"decimal":"."}}</script>
<script type="module">{SCRIPT}</script></body></html>
"""


@pytest.fixture
def item(png: bytes) -> Json:
    """What is open in every item, and what is told after an answer."""
    return {
        "title": "Estimate r 1",
        "points": "2",
        "stem": "<p>The <b>mean</b>?</p>",
        "pictures": [
            {
                "name": "p0123456789abcdef.png",
                "src": "data:image/png;base64," + base64.b64encode(png).decode(),
                "alt": "Scatter plot.",
                "description": "From 0 to 1.",
                "caption": "",
                "width": 60,
                "height": 45,
            }
        ],
    }


@pytest.fixture
def told() -> Json:
    return {"feedback": "<p>It is 0.70.</p>", "if_correct": "<p>Well done.</p>", "if_incorrect": ""}


@pytest.fixture
def written(tmp_path: Path, item: Json, told: Json) -> Written:
    """Write a page of one item, or of one of every type, in which `change` alters (item, answer, key, told)."""

    def write(
        *names: str,
        change: Callable[[Json, Json, Json, Json], object] = lambda *_: None,
        page: Callable[[str], str] = lambda text: text,
    ) -> Path:
        scripts = []
        for name in names or ANSWERS:
            own, answer, key, said = copy.deepcopy((item, *ANSWERS[name], told))
            change(own, answer, key, said)
            scripts.append(script(own | {"answer": answer}, said | {"key": key}, f"{name}_k3x"))
        text = page(HEAD + "".join(scripts) + TAIL)
        path = tmp_path / "page.html"
        path.write_bytes(text.encode())
        return path

    return write


def opened(path: Path) -> list[Any]:
    return list(page_items(path, "html/page.html"))


def refusal(path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        opened(path)
    return str(caught.value)


def findings(path: Path) -> list[tuple[str, str]]:
    found = list(check_page(path, "html/page.html"))
    assert {finding.package for finding in found} <= {"html/page.html"}
    return [(finding.item, finding.message) for finding in found]


def replaced(old: str, new: str) -> Callable[[str], str]:
    def replace(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return replace


def test_an_item_is_read_as_students_meet_it(written: Written, png: bytes) -> None:
    (number,) = opened(written("number"))

    assert (number.package, number.id) == ("html/page.html", "number_k3x")
    assert (number.pool, number.title) == ("Estimate <r>", "Estimate r 1")
    assert (number.stem, number.feedback) == ("<p>The <b>mean</b>?</p>", "<p>It is 0.70.</p>")
    assert (number.if_correct, number.if_incorrect) == ("<p>Well done.</p>", "")
    assert number.pictures == (
        DeliveredPicture(
            name="p0123456789abcdef.png",
            png=png,
            alt="Scatter plot.",
            description="From 0 to 1.",
            width=60,
            height=45,
        ),
    )
    assert number.points == 2


def test_every_type_is_read(written: Written) -> None:
    number, choice, several, truth, pairs, parts = opened(written())
    key = NumericDelivered(
        value=0.7, low=0.645, high=0.755, bands=(BandDelivered(low=0.595, high=0.805, share=0.5),)
    )  # fmt: skip

    assert number.key == key
    assert choice.key == ChoiceDelivered(options=("0.58", "<b>−0.31</b>"), correct=(1,), feedback=("Too high.", ""))
    assert several.key == MultipleDelivered(options=("a", "b", "c"), correct=(0, 2), feedback=("", "b?", ""))
    assert truth.key == TrueFalseDelivered(truth=False, if_true="No.")
    assert pairs.key == MatchingDelivered(
        prompts=("Plot <b>A</b>", "Plot B"), answers=("r < 0", "r > 0", "neither"), pairs=(1, 0)
    )
    assert parts.key == PartsDelivered(
        parts=(
            PartDelivered(stem="<p>First?</p>", key=key, share=0.5),
            PartDelivered(stem="<p>Second?</p>", key=choice.key, share=0.25),
            PartDelivered(stem="<p>Third?</p>", key=truth.key, share=0.25),
        )
    )
    assert printed(parts.key) == "1) 0.70; 2) -0.31; 3) false"


def test_pictures_of_options_come_after_those_of_the_stem(written: Written, item: Json) -> None:
    def change(own: Json, answer: Json, key: Json, told: Json) -> None:
        answer["options"][1]["picture"] = item["pictures"][0] | {"name": "b.png"}

    (choice,) = opened(written("choice", change=change))

    assert [(picture.name, picture.option) for picture in choice.pictures] == [
        ("p0123456789abcdef.png", None),
        ("b.png", 1),
    ]


def test_nothing_is_found_on_a_good_page(written: Written) -> None:
    assert findings(written()) == []


def test_every_question_has_its_own_pool(written: Written) -> None:
    path = written(
        "number",
        "truth",
        page=replaced(
            '<script type="application/json" class="item" id="truth',
            '<h2 id="q2">Second</h2><script type="application/json" class="item" id="truth',
        ),
    )

    assert [one.pool for one in opened(path)] == ["Estimate <r>", "Second"]


# --- Items that cannot be proved, or tell too much: each is refused by the reader, and found by the rules ---

Change = Callable[[Json, Json, Json, Json], object]


def of_picture(field: str, value: object) -> Change:
    return lambda own, answer, key, told: own["pictures"][0].update({field: value})


def of_key(**changes: object) -> Change:
    return lambda own, answer, key, told: key.update(changes)


def of_answer(**changes: object) -> Change:
    return lambda own, answer, key, told: answer.update(changes)


def of_item(**changes: object) -> Change:
    return lambda own, answer, key, told: own.update(changes)


def of_part(**changes: object) -> Change:
    return lambda own, answer, key, told: answer["parts"][0].update(changes)


OPEN = "which does not belong there: nothing of the key may lie open"
BROKEN: dict[str, tuple[str, Change, str]] = {
    "key": ("number", of_item(key="0.70"), f"the item holds 'key', {OPEN}"),
    "value": ("number", of_answer(value="0.70"), f"the answer holds 'value', {OPEN}"),
    "option": (
        "choice",
        lambda own, answer, key, told: answer["options"][0].update(share=1),
        f"an option holds 'share', {OPEN}",
    ),
    "picture": ("number", of_picture("key", "0.7"), f"a picture holds 'key', {OPEN}"),
    "part": ("parts", of_part(key=1), f"part 1: the part holds 'key', {OPEN}"),
    "missing": ("number", lambda own, *_: own.pop("stem"), "the item has no 'stem'"),
    "untold": ("number", lambda own, answer, key, told: told.pop("feedback"), "what is sealed has no 'feedback'"),
    "no text": ("number", of_item(stem=5), "the stem is no text"),
    "no list": ("number", of_item(pictures={}), "the pictures are no list"),
    "no object": ("number", of_item(pictures=["p"]), "a picture is no JSON object"),
    "points": ("number", of_item(points="2,5"), "the number of points is '2,5', not a plain decimal number"),
    "type": ("number", of_answer(type="essay"), "an answer of the type 'essay' is not one that can be proved"),
    "nested parts": (
        "parts",
        of_part(answer={"type": "matching"}),
        "part 1: an answer of the type 'matching' is not one that can be proved",
    ),
    "no pictures": ("number", of_item(pictures=[]), "the item shows no picture"),
    "no alternative": (
        "number",
        of_picture("alt", " "),
        "the picture p0123456789abcdef.png: it has no text alternative",
    ),
    "no base64": (
        "number",
        of_picture("src", "data:image/png;base64,%"),
        "the picture p0123456789abcdef.png: it is not valid base64",
    ),
    "no PNG": (
        "number",
        of_picture("src", "data:image/png;base64,AAAA"),
        "the picture p0123456789abcdef.png: it is not a PNG",
    ),
    "elsewhere": (
        "number",
        of_picture("src", "https://example.edu/p.png"),
        "the picture p0123456789abcdef.png: it is linked as 'https://example.edu/p.png', not inside the page",
    ),
    "width": (
        "number",
        of_picture("width", "60"),
        "the picture p0123456789abcdef.png: the picture has no width in pixels",
    ),
    "height": (
        "number",
        of_picture("height", 0),
        "the picture p0123456789abcdef.png: the picture has no height in pixels",
    ),
    "comma": ("number", of_key(value="0,7"), "the key is '0,7', not a plain decimal number"),
    "no band": ("number", of_key(bands=[]), "the first band of a number does not earn the whole mark"),
    "half a mark": (
        "number",
        of_key(bands=[["0.645", "0.755", 0.5]]),
        "the first band of a number does not earn the whole mark",
    ),
    "beside the key": (
        "number",
        of_key(bands=[["0.705", "0.755", 1]]),
        "the key 0.70 does not lie between 0.705 and 0.755, which earn the mark",
    ),
    "narrower": (
        "number",
        of_key(bands=[["0.645", "0.755", 1], ["0.65", "0.8", 0.5]]),
        "the bands of a number do not grow wider and earn less, one after the other",
    ),
    "earns more": (
        "number",
        of_key(bands=[["0.645", "0.755", 1], ["0.6", "0.8", 1]]),
        "the bands of a number do not grow wider and earn less, one after the other",
    ),
    "costs": (
        "number",
        of_key(bands=[["0.645", "0.755", 1], ["0.6", "0.8", -0.5]]),
        "the bands of a number do not grow wider and earn less, one after the other",
    ),
    "no share": ("number", of_key(bands=[["0.645", "0.755"]]), "a band is not its two ends and a share of the mark"),
    "true share": (
        "number",
        of_key(bands=[["0.645", "0.755", True]]),
        "a band is not its two ends and a share of the mark",
    ),
    "none right": ("choice", of_key(correct=[]), "0 options are right instead of one"),
    "two right": ("choice", of_key(correct=[0, 1]), "2 options are right instead of one"),
    "right elsewhere": ("choice", of_key(correct=[2]), "the place of a right option is wrong"),
    "right below": ("choice", of_key(correct=[-1]), "the place of a right option is wrong"),
    "right twice": ("several", of_key(correct=[0, 0]), "the place of a right option is wrong"),
    "feedback": ("choice", of_key(feedback=["a"]), "1 texts are said to 2 options"),
    "one option": ("choice", of_answer(options=[{"text": "a"}]), "there are not two or more different options"),
    "same options": (
        "choice",
        of_answer(options=[{"text": "a"}, {"text": "a"}]),
        "there are not two or more different options",
    ),
    "all right": (
        "several",
        of_key(correct=[0, 1, 2]),
        "of multiple answers at least one is right and at least one is wrong",
    ),
    "perhaps": ("truth", of_key(truth=1), "the statement is neither true nor false"),
    "one pair": ("pairs", of_key(pairs=[1]), "2 prompts have 1 answers"),
    "same pair": ("pairs", of_key(pairs=[1, 1]), "the place of the answer of a prompt is wrong"),
    "same answers": ("pairs", of_answer(answers=["a", "a", "b"]), "two answers are alike"),
    "shares": ("parts", of_part(share=0.4), "the shares of the parts do not add up to the mark"),
    "share": ("parts", of_part(share=1.5), "part 1: its share of the mark does not lie between 0 and 1"),
    "keys": ("parts", of_key(parts=[NUMBER_KEY]), "3 parts have 1 keys"),
    "picture in a part": (
        "parts",
        lambda own, answer, key, told: answer["parts"][1].update(
            answer={"type": "choice", "options": [{"text": "a", "picture": {}}, {"text": "b"}]}
        ),
        f"part 2: an option holds 'picture', {OPEN}",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_item_that_cannot_be_proved_is_refused_and_found(case: str, written: Written) -> None:
    name, change, message = BROKEN[case]
    path = written(name, change=change)

    assert refusal(path) == f"{name}_k3x: {message}"
    assert findings(path) == [(f"{name}_k3x", message)]


def test_the_other_items_of_a_page_are_still_looked_at(written: Written) -> None:
    path = written("number", "choice", "truth", change=of_item(points="0"))

    assert [item for item, _ in findings(path)] == ["number_k3x", "choice_k3x", "truth_k3x"]
    assert {message for _, message in findings(path)} == {"the item is worth 0 points"}


def resealed(seal: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        begin = text.index('"sealed": "') + len('"sealed": "')
        return text[:begin] + seal + text[text.index('"', begin) :]

    return change


SEALS = {
    "not base64": ("%%%", "what is sealed is not valid base64"),
    "open": (base64.b64encode(b'{"key": 1}').decode(), "the key is written in base64, but not sealed"),
    "open and deep": (base64.b64encode(b"[" * 100_000).decode(), "the key is written in base64, but not sealed"),
    "another id": (sealed({"key": "é" * 40}, "other"), "what is sealed does not open with the item's id"),
    "no JSON": (sealed({}, "number_k3x")[:2] + "==", "what is sealed is not valid JSON: "),
}


@pytest.mark.parametrize("case", SEALS)
def test_a_seal_that_does_not_hold_or_does_not_open_is_found(case: str, written: Written) -> None:
    seal, message = SEALS[case]
    ((item, found),) = findings(written("number", page=resealed(seal)))

    assert item == "number_k3x"
    assert found.startswith(message)


def test_what_is_sealed_may_begin_as_open_json_does(tmp_path: Path, item: Json, told: Json) -> None:
    """The first byte that hides is 0 for one id in 256."""
    answer, key = ANSWERS["number"]
    names = [name for name in map("number_{:04x}".format, range(4096)) if _first(name) == b"{"]
    assert 8 <= len(names) <= 24
    scripts = [script(item | {"answer": answer}, told | {"key": key}, name) for name in names]
    path = tmp_path / "page.html"
    path.write_text(HEAD + "".join(scripts) + TAIL, encoding="utf-8", newline="")

    assert [one.id for one in opened(path)] == names
    assert findings(path) == []


def _first(name: str) -> bytes:
    return base64.b64decode(sealed({"key": 1}, name))[:1]


JSONS = {
    "deep": ('{"title": ' + "[" * 17 + "]" * 17 + "}", "the item is nested deeper than 16 levels"),
    "deep in a string": ('{"title": "' + "[" * 17 + '"}', "the item has no 'points'"),
    "twice": ('{"title": "a", "title": "b"}', "the item is not valid JSON: a name stands twice in one object"),
    "no number": ('{"points": NaN}', "the item is not valid JSON: NaN is no number"),
    "cut": ('{"title": "a', "the item is not valid JSON: Unterminated string"),
    "list": ("[]", "the item is no JSON object"),
}


@pytest.mark.parametrize("case", JSONS)
def test_json_that_is_no_item_is_found(case: str, written: Written) -> None:
    source, message = JSONS[case]
    tag = '<script type="application/json" class="item" id="x">'

    ((item, found),) = findings(written("number", page=replaced(TAIL, f"{tag}{source}</script>{TAIL}")))

    assert item == "x"
    assert found.startswith(message)


TEXTS = {
    "script": ("<script>a</script>", "a text holds <script>, which a practice page does not show"),
    "field": ("<input value=1>", "a text holds <input>, which a practice page does not show"),
    "handler": ('<p onclick="a()">b</p>', "a text has the attribute 'onclick', which the policy blocks"),
    "style": ('<p style="a:b">b</p>', "a text has the attribute 'style', which the policy blocks"),
    "link": ('<a href="javascript:a()">b</a>', "a text links 'javascript:a()', which leads nowhere"),
    "loaded": ('<table background="//x/y"></table>', "a text loads '//x/y', which does not stand in the page"),
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("place", ["stem", "feedback", "if_correct", "if_incorrect", "option", "prompt"])
def test_what_a_text_does_besides_being_read_is_found(case: str, place: str, written: Written) -> None:
    html, message = TEXTS[case]
    name = {"option": "choice", "prompt": "pairs"}.get(place, "number")

    def change(own: Json, answer: Json, key: Json, told: Json) -> None:
        if place == "option":
            answer["options"][0]["text"] = html
        elif place == "prompt":
            answer["prompts"][0] = html
        else:
            (own if place in own else told)[place] = html

    assert findings(written(name, change=change)) == [(f"{name}_k3x", message)]


def test_signs_in_plain_answers_and_links_for_people_are_no_findings(written: Written) -> None:
    def change(own: Json, answer: Json, key: Json, told: Json) -> None:
        own["stem"] = '<a href="https://example.edu">a</a> <a href="mailto:a@example.edu">b</a> <![CDATA[ x'
        answer["answers"][0] = "<script>"

    assert findings(written("pairs", change=change)) == []


# --- The page around the items ---

PAGES = {
    "language": (replaced(' lang="en"', ""), "the page does not say its language: screen readers would not know how to speak"),
    "title": (replaced("<title>Reading plots</title>", "<title> </title>"), "the page has no title"),
    "question": (replaced("Estimate &lt;r&gt;", " "), "a question has no title"),
    "default": (replaced("default-src 'none'; ", ""), "the content security policy does not close default-src"),
    "base": (replaced("base-uri 'none'; ", ""), "the content security policy does not close base-uri"),
    "form": (replaced("; form-action 'none'", ""), "the content security policy does not close form-action"),
    "inline": (replaced("script-src ", "script-src 'unsafe-inline' "), "the content security policy allows 'unsafe-inline' as script-src"),
    "images": (replaced("img-src data:", "img-src data: https:"), "the content security policy allows https: as img-src"),
    "fetch": (replaced("img-src", "connect-src *; img-src"), "the content security policy allows * as connect-src"),
    "script": (replaced(SCRIPT, "fetch('x')"), "the content security policy does not allow a <script> of the page: browsers would block it"),
    "style": (replaced(STYLE + "</style>", "p { color: red }</style>"), "the content security policy does not allow a <style> of the page: browsers would block it"),
    "before": (replaced('<meta charset="utf-8">', '<meta charset="utf-8"><style></style>'), "a <style> stands before the content security policy"),
    "refresh": (replaced("<title>", '<meta http-equiv="refresh" content="0"><title>'), "a <meta> does what only servers should: 'refresh'"),
    "picture": (replaced("<main>", '<main><img src="https://example.edu/a.png">'), "<img> loads 'https://example.edu/a.png', which does not stand in the page"),
    "sheet": (replaced("data:,", "style.css"), "<link> loads 'style.css', which does not stand in the page"),
    "handler": (replaced("<body>", '<body onload="a()">'), "<body> has the attribute 'onload', which the policy blocks"),
    "styled": (replaced("<main>", '<main style="a:b">'), "<main> has the attribute 'style', which the policy blocks"),
    "id": (replaced("<main>", '<main id="q1">'), "the id 'q1' is empty or stands twice"),
    "data": (replaced("<main>", '<main><script type="application/json" id="keys">{}</script>'), "a <script> is neither the page's own, nor an item, nor its settings"),
    "kind": (replaced('type="application/json" id="settings"', 'type="text/plain" id="settings"'), "a <script> is neither the page's own, nor an item, nor its settings"),
}  # fmt: skip


@pytest.mark.parametrize("case", PAGES)
def test_what_is_wrong_with_a_page_is_found(case: str, written: Written) -> None:
    page, message = PAGES[case]

    assert findings(written("number", page=page)) == [("", message)]


def test_of_two_attributes_or_directives_of_one_name_the_first_counts_as_in_a_browser(written: Written) -> None:
    attribute = written("number", page=replaced('<html lang="en"', '<html lang="" lang="en"'))
    assert [message[:40] for _, message in findings(attribute)] == ["the page does not say its language: scre"]

    directive = written("number", page=replaced("default-src 'none'", "default-src *; default-src 'none'"))
    assert ("", "the content security policy allows * as default-src") in findings(directive)


def test_a_page_without_a_policy_is_found(written: Written) -> None:
    path = written("number", page=replaced(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">', ""))

    assert ("", "the page has no content security policy: something could be fetched, or told, from it") in findings(
        path
    )


def test_a_script_from_elsewhere_is_found(written: Written) -> None:
    path = written("number", page=replaced('type="module"', 'type="module" src="https://example.edu/a.js"'))

    assert ("", "<script> loads 'https://example.edu/a.js', which does not stand in the page") in findings(path)


def test_a_key_in_an_attribute_of_an_item_is_found(written: Written) -> None:
    path = written("number", page=replaced('class="item"', 'class="item" data-key="0.70"'))

    assert findings(path) == [
        ("number_k3x", "a <script> has the attribute 'data-key': nothing of a key may lie open")
    ]  # fmt: skip


def test_two_items_of_one_id_are_found(written: Written) -> None:
    assert findings(written("number", "number")) == [("number_k3x", "the id 'number_k3x' is empty or stands twice")]


def test_an_item_outside_of_all_questions_is_found(written: Written) -> None:
    path = written("number", page=replaced('<h2 id="q1">Estimate &lt;r&gt;</h2>', ""))

    assert findings(path) == [("number_k3x", "the item stands in no question")]


def test_a_page_without_items_is_refused_and_found(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(HEAD + TAIL)

    assert refusal(path) == "the page holds no item"
    assert findings(path) == [("", "the page holds no item")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html lang=en>\xff", "the page is not written in UTF-8"),
        (b"<html lang=en>\xe2\x82", "the page is not written in UTF-8"),
        (b"<html lang=en><script type='application/json'>{", "the page breaks off in a <script>"),
    ],
)
def test_a_damaged_page_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(content)

    assert refusal(path) == message
    with pytest.raises(Unreadable, match=message):
        list(check_page(path, "page.html"))


def test_a_page_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "page.html") == "the page cannot be read: No such file or directory"


def test_a_page_that_is_too_large_is_refused(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "LARGEST_ENTRY", 1_000)

    assert refusal(written("number")) == "the page is larger than 1,000 bytes"


def test_an_item_that_is_too_large_is_refused(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "LARGEST_ELEMENT", 10_000)
    monkeypatch.setattr(html_page, "_CHUNK", 1_000)
    page = replaced('"title": "', '"title": "' + "x" * 20_000)

    assert opened(written("number"))
    assert refusal(written("number", page=page)) == "an element of the page has more than 10,000 characters"


def test_a_page_is_read_in_pieces_of_any_size(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written()
    whole = opened(path)
    monkeypatch.setattr(html_page, "_CHUNK", 7)

    assert opened(path) == whole
