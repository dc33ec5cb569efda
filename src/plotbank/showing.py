"""An item as HTML, with its pictures in it: what a student saw, and what is right.

Texts come from packages that anybody may have changed, so only tags and attributes for text are let through.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import assert_never

from lxml import html

from .proof.delivered import (
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    printed,
)

_TAGS = frozenset(
    (
        *("a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "div", "dl", "dt", "em", "figure", "h1", "h2"),
        *("h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "q", "s", "small", "span", "strong"),
        *("sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"),
    )
)
_ATTRIBUTES = frozenset(
    ("alt", "class", "colspan", "dir", "height", "lang", "rowspan", "scope", "src", "start", "width")
)
_WITH_TEXT_LOST = frozenset(("script", "style", "iframe", "object", "template", "noscript"))


def item_html(delivered: Delivered, *, answers: bool) -> str:
    """The item: its stem and pictures, what can be answered, and with `answers` the key and all feedback.

    The HTML stands for itself: pictures are data URIs, and there are no scripts, styles, or links to elsewhere.  Right
    options have the class `right`, the key `key`, feedback `feedback`.
    """
    pictures = delivered.pictures
    parts = [f'<div class="stem">{shown(delivered.stem, pictures)}</div>', _asked(delivered.key, pictures, answers)]
    if answers:
        parts.append(f'<p class="key">Key: <strong>{escape(said(delivered.key))}</strong></p>')
        feedback = (
            ("", delivered.feedback),
            ("To who is right: ", delivered.if_correct),
            ("To who is not: ", delivered.if_incorrect),
        )
        parts += (f'<div class="feedback">{escape(to)}{shown(text, pictures)}</div>' for to, text in feedback if text)
    return "".join(parts)


def said(key: KeyDelivered) -> str:
    """The key for people: a number with the bounds of the whole mark, and those of parts of it."""
    if isinstance(key, PartsDelivered):
        return "; ".join(f"{number}) {said(part.key)}" for number, part in enumerate(key.parts, start=1))
    if not isinstance(key, NumericDelivered):
        return printed(key)
    whole = f"{printed(key)} (right from {key.low:g} to {key.high:g}"
    bands = (f"; {band.share:.0%} from {band.low:g} to {band.high:g}" for band in key.bands)
    return f"{whole}{''.join(bands)})"


def picture_uri(png: bytes) -> str:
    """A picture as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def shown(text: str, pictures: Iterable[DeliveredPicture] = ()) -> str:
    """HTML from a package, harmless, with its pictures as data URIs; a picture that the item lacks is left out."""
    known = {picture.name: picture for picture in pictures}
    root = html.fragment_fromstring(text, create_parent="div")
    for element in list(root.iter()):
        if element is root:
            continue
        if not isinstance(element.tag, str) or element.tag in _WITH_TEXT_LOST:
            element.drop_tree()
        elif element.tag not in _TAGS:
            element.drop_tag()
        else:
            _tidy(element, known)
    inner = escape(root.text or "", quote=False)
    return inner + "".join(html.tostring(child, encoding="unicode") for child in root)


def _tidy(element: html.HtmlElement, known: Mapping[str, DeliveredPicture]) -> None:
    """Keep the attributes that are for text, and turn the link to a picture into the picture."""
    source = element.attrib.get("src", "").rpartition("/")[2]
    for name in element.attrib:
        if name not in _ATTRIBUTES:
            del element.attrib[name]
    if element.tag != "img":
        element.attrib.pop("src", None)
    elif source in known:
        element.set("src", picture_uri(known[source].png))
    else:
        element.drop_tree()


def _asked(key: KeyDelivered, pictures: Sequence[DeliveredPicture], answers: bool) -> str:
    """What can be answered."""
    match key:
        case NumericDelivered():
            return '<p class="asked">Answer: a number.</p>'
        case TrueFalseDelivered():
            feedback = (key.if_true, key.if_false)
            return _options(("true", "false"), (0 if key.truth else 1,), feedback, pictures, answers)
        case ChoiceDelivered() | MultipleDelivered():
            return _options(key.options, key.correct, key.feedback, pictures, answers)
        case MatchingDelivered():
            rows = "".join(
                f"<tr><td>{shown(prompt, pictures)}</td><td>"
                f"{escape(key.answers[pair]) if answers else 'one of the answers below'}</td></tr>"
                for prompt, pair in zip(key.prompts, key.pairs, strict=True)
            )
            offered = ", ".join(map(escape, key.answers))
            return f'<table class="matches"><tbody>{rows}</tbody></table><p class="asked">Answers: {offered}</p>'
        case PartsDelivered():
            return "".join(
                f'<div class="part">{shown(part.stem, pictures)}{_asked(part.key, pictures, answers)}</div>'
                for part in key.parts
            )
        case _:
            assert_never(key)


def _options(
    options: Sequence[str],
    correct: Sequence[int],
    feedback: Sequence[str],
    pictures: Sequence[DeliveredPicture],
    answers: bool,
) -> str:
    rows = []
    for place, option in enumerate(options):
        right = answers and place in correct
        mark = ' class="right"' if right else ""
        told = feedback[place] if answers and place < len(feedback) and feedback[place] else ""
        rows.append(
            f"<li{mark}>{shown(option, pictures)}"
            + (" <strong>(right)</strong>" if right else "")
            + (f'<div class="feedback">{shown(told, pictures)}</div>' if told else "")
            + "</li>"
        )
    return f'<ol class="options" type="A">{"".join(rows)}</ol>'
