"""XML and HTML, built with lxml and never pasted together."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import IO

from lxml import etree
from lxml.builder import E

from ..items import Picture

NAMESPACES = {
    "qti12": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2",
    "canvas": "http://canvas.instructure.com/xsd/cccv1p0",
    "cc11": "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1",
}

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def forbidden_character(text: str) -> str | None:
    """The first character that no XML document can carry, as U+0001, or None."""
    found = _FORBIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def with_picture(stem: str, picture: Picture, source: str) -> str:
    """The HTML of a stem, followed by its picture, linked as `source`."""
    image = E.img(
        src=source,
        alt=picture.alt,
        width=str(picture.width),
        height=str(picture.height),
        style="max-width:100%;height:auto",
    )
    return stem + etree.tostring(E.p(image), encoding="unicode")


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
