"""XML and HTML, built with lxml and never pasted together."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from html.parser import HTMLParser
from typing import IO

from lxml import etree
from lxml.builder import E

from ..items import Picture

NAMESPACES = {
    "qti12": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2",
    "canvas": "http://canvas.instructure.com/xsd/cccv1p0",
    "cc11": "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1",
}

Link = Callable[[Picture], str]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Without these a text says the same.
_NEUTRAL_TAGS = frozenset(("b", "div", "em", "i", "p", "span", "strong", "u"))


def forbidden_character(text: str) -> str | None:
    """The first character that no XML document can carry, as U+0001, or None."""
    found = _FORBIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def with_pictures(html: str, pictures: Sequence[Picture], link: Link) -> str:
    """HTML, followed by its pictures; where there are several, each stands under its caption."""
    captions = len(pictures) > 1
    return html + "".join(
        etree.tostring(paragraph, encoding="unicode")
        for picture in pictures
        for paragraph in _paragraphs(picture, link, captions)
    )


def part(html: str, place: str) -> str:
    """One of several questions about a picture: its text, and below it the HTML that holds the place of its answer."""
    return f'<div class="part">{html}<p>{place}</p></div>'


def plain_text(html: str) -> str:
    """What HTML says where only plain text can stand."""
    return " ".join("".join(_Reduced(html).texts).split())


def lost_tags(html: str) -> list[str]:
    """The tags without which a text would not say the same."""
    return sorted(_Reduced(html).tags - _NEUTRAL_TAGS)


def _paragraphs(picture: Picture, link: Link, captions: bool) -> Iterator[etree._Element]:
    if captions and picture.caption.strip():
        yield E.p(E.strong(picture.caption))
    yield E.p(
        E.img(
            src=link(picture),
            alt=picture.alternative,
            width=str(picture.width),
            height=str(picture.height),
            style="max-width:100%;height:auto",
        )
    )


class _Reduced(HTMLParser):
    """The text of some HTML, and the tags in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Note a tag."""
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.texts.append(data)

    def parse_marked_section(self, i: int, report: bool | int = True) -> int:
        """Take `<![...` as the comment that browsers see in it; the standard parser may fail there."""
        return self.parse_bogus_comment(i, bool(report))


class XmlStream:
    """An XML document that goes into a binary file element by element.

    Elements handed to `write` carry no namespace: what they are written into has declared the default one.
    (lxml would repeat the declaration on each of them.)
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._document = etree.xmlfile(file, encoding="UTF-8")
        self._xml = self._document.__enter__()
        self._xml.write_declaration()
        self._open: list[AbstractContextManager[object]] = []

    def begin(self, tag: str, attributes: Mapping[str, str] | None = None, namespace: str | None = None) -> None:
        """Begin an element that stays open for others; with a namespace, that becomes the default inside."""
        if namespace is None:
            element = self._xml.element(tag, attributes)
        else:
            element = self._xml.element(etree.QName(namespace, tag), attributes, nsmap={None: namespace})
        element.__enter__()
        self._open.append(element)

    def end(self) -> None:
        """End the element that was begun last."""
        self._open.pop().__exit__(None, None, None)

    def write(self, element: etree._Element) -> None:
        """Write a whole element, and what follows it as its tail."""
        self._xml.write(element)

    def close(self) -> None:
        """End every open element and hand the last bytes to the file, which stays open."""
        while self._open:
            self.end()
        self._document.__exit__(None, None, None)
