"""A practice page, opened again: its elements as a browser finds them, and every item as students would meet it."""

import codecs
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

from . import Unreadable
from .contents import within
from .delivered import Delivered
from .html_items import read_item
from .zips import LARGEST_ENTRY

LARGEST_ELEMENT = 20 * 2**20
"""How many characters an element, and what comes before it, may have."""

JSON = "application/json"

_CHUNK = 2**20
_WITH_TEXT = frozenset(("title", "h1", "h2", "style", "script"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageElement:
    """An element of a page: its tag, its attributes, and, of titles, styles and scripts, the text inside."""

    tag: str
    attributes: Mapping[str, str]
    text: str = ""

    @property
    def is_item(self) -> bool:
        """Whether it holds a variant of a question."""
        return self.tag == "script" and "item" in self.attributes.get("class", "").split()


def page_elements(path: Path) -> Generator[PageElement, None, None]:
    """Every element of a page, in the order in which they end.

    Raises:
        Unreadable: while iterating, where the page is not UTF-8, too large, or breaks off.
    """
    parser, decoder = _Elements(), codecs.getincrementaldecoder("utf-8")()
    try:
        if path.stat().st_size > LARGEST_ENTRY:
            raise Unreadable(f"the page is larger than {LARGEST_ENTRY:,} bytes")
        with path.open("rb") as file:
            for chunk in iter(partial(file.read, _CHUNK), b""):
                parser.take_in(decoder.decode(chunk))
                yield from parser.taken()
        decoder.decode(b"", final=True)
    except OSError as error:
        raise Unreadable(f"the page cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable("the page is not written in UTF-8") from None
    parser.close()
    yield from parser.taken()
    if parser.unfinished:
        raise Unreadable(f"the page breaks off in a <{parser.unfinished}>")


def page_items(path: Path, package: str) -> Iterator[Delivered]:
    """Every variant on a page; its pool is the title of its question.

    Raises:
        Unreadable: while iterating, where the page or an item cannot be read; says why.
    """
    pool, found = "", False
    with closing(page_elements(path)) as elements:
        for element in elements:
            if element.tag == "h2":
                pool = element.text
            elif element.is_item:
                found, ident = True, element.attributes.get("id", "")
                with within(ident):
                    delivered = read_item(ident, element.text, package, pool)
                yield delivered
    if not found:
        raise Unreadable("the page holds no item")


class _Elements(HTMLParser):
    """Collects elements as they end; those without text of interest end where they begin."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._finished: list[PageElement] = []
        self._open: PageElement | None = None
        self._texts: list[str] = []
        self._waiting = 0  # characters that came in since an element was finished

    @property
    def unfinished(self) -> str:
        """The tag of the element that is not closed yet, if there is one."""
        return "" if self._open is None else self._open.tag

    def take_in(self, text: str) -> None:
        """Read on."""
        if self._waiting > LARGEST_ELEMENT:
            raise Unreadable(f"an element of the page has more than {LARGEST_ELEMENT:,} characters")
        self._waiting += len(text)
        self.feed(text)

    def taken(self) -> list[PageElement]:
        """The elements that are finished since this was called last."""
        finished, self._finished = self._finished, []
        return finished

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; of an attribute that stands twice, browsers take the first."""
        element = PageElement(tag=tag, attributes={name: value or "" for name, value in reversed(attrs)})
        if tag in _WITH_TEXT:
            self._open, self._texts = element, []
        else:
            self._finish(element)

    def handle_endtag(self, tag: str) -> None:
        """Finish an element with its text."""
        if self._open is not None and tag == self._open.tag:
            text = "".join(self._texts)
            self._finish(PageElement(tag=tag, attributes=self._open.attributes, text=text))
            self._open = None

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self._open is not None:
            self._texts.append(data)

    def parse_marked_section(self, i: int, report: bool | int = True) -> int:
        """Take `<![...` as the comment that browsers see in it; the standard parser may fail there."""
        return self.parse_bogus_comment(i, bool(report))

    def _finish(self, element: PageElement) -> None:
        self._finished.append(element)
        self._waiting = 0
