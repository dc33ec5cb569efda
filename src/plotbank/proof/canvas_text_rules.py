"""What Canvas's import drops, rewrites or misreads in an item's texts: HTML, plain text, feedback, pictures."""

import re
from collections.abc import Iterator
from html import unescape

from . import Unreadable
from .canvas_package import canvas_responses, question_type, stem_texts
from .contents import images
from .markup import Element, fragment
from .qti12_elements import FILEBASE, labels, presented
from .zips import Archive

_LONGEST_TEXT = 16_384
# What Classic (canvas_sanitize) and New Quizzes (the qti gem) both keep; plotbank writes nothing else.
_KEPT_TAGS = frozenset(
    (
        *("a", "b", "blockquote", "br", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "figcaption", "figure"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "q", "small", "span"),
        *("strong", "sub", "sup", "u", "ul"),
        *("caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
    )
)
_KEPT_OF_PICTURES = frozenset(
    ("src", "alt", "width", "height", "title", "style", "class", "id", "lang", "dir", "align")
)
_FOR_ALL = frozenset(("general_fb", "correct_fb", "general_incorrect_fb"))
_LIKE_FOR_ALL = re.compile("wrong|correct|solution|general_|_all", re.IGNORECASE)
# Canvas's types of questions whose labels it shows as plain text.
_PLAIN_LABELS = frozenset(("true_false_question", "matching_question", "multiple_dropdowns_question"))
_LISTS = frozenset(("matching_question", "multiple_dropdowns_question"))
_LIKE_A_TAG = re.compile("<[A-Za-z/!?]")
_TAG = re.compile(r"""<[A-Za-z/](?:"[^"]*"|'[^']*'|[^"'<>])*>""")


def text_faults(item: Element, archive: Archive) -> Iterator[str]:
    """What is wrong with an item's texts."""
    yield from _stem(item)
    yield from _labels(item)
    plain = _plain_texts(item)
    for text in item.inside("mattext"):
        yield from _plain(text) if any(text is one for one in plain) else _html(text, archive)
    if any(True for _ in item.inside("matimage")):
        yield "a picture stands in a <matimage>: Canvas drops it"
    yield from _feedback(item)


def linked_files(item: Element) -> set[str]:
    """What an item's texts load, as the entries of the zip that it should be."""
    links = (link for text in item.inside("mattext") for link in fragment(text.text).links)
    return {link.removeprefix(FILEBASE) for link in links}


def says(text: Element) -> bool:
    """Whether a `<mattext>` shows words or a picture."""
    shown = fragment(text.text)
    return bool(shown.text or shown.images)


def _stem(item: Element) -> Iterator[str]:
    stems = stem_texts(item)
    if len(stems) != 1:
        yield f"the stem has {len(stems)} <mattext>: Canvas reads the first only"
        return
    first = next((text for piece in presented(item) for text in piece.inside("mattext")), None)
    if first is not stems[0]:
        yield "the stem stands behind the response: New Quizzes takes the first option for it"
    try:
        shown = [*stems, *(text for label in labels(item) for text in label.inside("mattext"))]
        pictures = [image for text in shown for image in images(text.text)]
    except Unreadable as error:
        yield str(error)
        return
    if not pictures:
        yield "the item shows no picture"


def _labels(item: Element) -> Iterator[str]:
    for tag in ("response_label", "itemfeedback"):
        if any(len(list(part.inside("mattext"))) > 1 for part in item.inside(tag)):
            yield f"a <{tag}> has more than one <mattext>: Canvas reads the first only"
    for label in (label for response in canvas_responses(item) for label in labels(response)):
        if not any(says(text) for text in label.inside("mattext")):
            yield f"the answer {label.attributes.get('ident', '')!r} says nothing: Canvas makes up a text"


def _html(text: Element, archive: Archive) -> Iterator[str]:
    if text.attributes.get("texttype") != "text/html" or text.children:
        yield "a <mattext> is not escaped HTML marked text/html"
    if len(text.text) > _LONGEST_TEXT:
        yield f"a text is longer than {_LONGEST_TEXT:,} characters: Canvas replaces it"
    elif _falls_apart(text.text):
        yield "a tag has a < or > in an attribute: Classic takes it apart, and shows a piece of it as text"
    if not text.bare and unescape(text.text) != text.text:
        yield "a text with entities stands in CDATA: New Quizzes takes them for the signs themselves"
    shown = fragment(text.text)
    for tag in sorted(shown.tags - _KEPT_TAGS):
        yield f"a text has a <{tag}>: Canvas removes it"
    for name in sorted({name for image in shown.images for name in image} - _KEPT_OF_PICTURES):
        yield f"a picture has the attribute {name}: New Quizzes drops it"
    for link in shown.links:
        name = link.removeprefix(FILEBASE)
        if link.startswith("data:"):
            yield "a picture is a data: URI: Canvas drops it"
        elif name == link or not name.startswith("images/"):
            yield f"a text links {link[:60]!r}, not {FILEBASE}images/..."
        elif name not in archive:
            yield f"a text shows {name}, which the zip does not hold"


def _falls_apart(html: str) -> bool:
    """Whether Classic escapes a piece of a tag: it does where it counts a > without its <, or the other way round."""
    is_open, balanced = 0, True
    for sign in re.findall("[<>]", html):
        is_open += 1 if sign == "<" else -1
        balanced &= is_open >= 0
    return (not balanced or is_open != 0) and any(re.search("[<>]", tag[1:-1]) for tag in _TAG.findall(html))


def _plain_texts(item: Element) -> list[Element]:
    """The texts that Canvas takes as plain text: the names of lists, prompts, and what is chosen from lists."""
    if question_type(item) not in _PLAIN_LABELS:
        return []
    return [text for response in canvas_responses(item) for text in response.inside("mattext")]


def _plain(text: Element) -> Iterator[str]:
    if text.attributes.get("texttype") != "text/plain" or text.children:
        yield "a text that Canvas shows as plain text is not marked text/plain"
    if unescape(text.text) != text.text:
        yield f"{text.text[:40]!r} holds an entity, which Canvas takes for the sign itself"
    if _LIKE_A_TAG.search(text.text):
        yield f"{text.text[:40]!r} holds what looks like a tag: Canvas drops it"
    if len(text.text) > _LONGEST_TEXT:
        yield f"a text is longer than {_LONGEST_TEXT:,} characters: Canvas replaces it"


def _feedback(item: Element) -> Iterator[str]:
    said = {one.attributes.get("ident", ""): one for one in item.each("itemfeedback")}
    linked = {link.attributes.get("linkrefid", "") for link in item.inside("displayfeedback")}
    choices = {f"{label.attributes.get('ident', '')}_fb" for label in labels(item)}
    for ident, one in said.items():
        if ident not in _FOR_ALL | choices:
            yield f"the feedback ident {ident!r} is not one that Canvas knows"
        elif ident not in linked:
            yield f"no <displayfeedback> links the feedback {ident}: Canvas does not show it"
        elif ident in choices and question_type(item) in _LISTS:
            yield f"the feedback {ident} belongs to an answer of a list, where Canvas drops it"
        elif ident in choices and _LIKE_FOR_ALL.search(ident):
            yield f"Classic takes the feedback {ident}, because of its name, for feedback on the whole question"
        elif one.first("flow_mat", "material", "mattext") is None:
            yield f"the text of the feedback {ident} does not stand in <flow_mat><material>: New Quizzes drops it"
    for ident in sorted(linked - said.keys()):
        yield f"a <displayfeedback> links {ident!r}, which does not exist"
    yield from _feedback_conditions(item)


def _feedback_conditions(item: Element) -> Iterator[str]:
    """Canvas gives the mark of the last condition that names an answer: one without any score takes it away."""
    scored = False
    for condition in item.each("resprocessing", "respcondition"):
        links = [link.attributes.get("linkrefid", "") for link in condition.each("displayfeedback")]
        named = [found.text for found in condition.inside("varequal")]
        if condition.first("setvar") is not None:
            scored = True
        elif scored and named:
            yield "a condition with feedback stands behind the one that scores: the key is lost"
        for link in links:
            if condition.first("setvar") is None and named and link not in {f"{ident}_fb" for ident in named}:
                yield f"the feedback {link} is shown to those who chose {named[0]!r}"
