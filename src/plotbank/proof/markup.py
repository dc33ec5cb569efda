"""XML read in a stream, and HTML fragments, exactly as delivered: nothing is fetched, expanded or repaired."""

import html
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from itertools import chain
from xml.parsers import expat

from . import Unreadable

LARGEST_TEXT = 20 * 2**20  # characters in one text node
_MOST_KEPT = 100_000  # elements in memory at one time
_DEEPEST = 64
_LARGEST_REMEMBERED = 20_000  # characters of HTML that is kept parsed

_INLINE = frozenset(("a", "abbr", "b", "code", "em", "i", "s", "small", "span", "strong", "sub", "sup", "u"))
_LINKING = frozenset(("src", "href", "srcset", "poster", "data"))


@dataclass(slots=True, eq=False)
class Element:
    """An XML element.  `text` is the character data directly inside; `bare` says that some is outside CDATA."""

    tag: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""
    bare: bool = False
    _below: "list[Element] | None" = None

    def each(self, *path: str) -> Iterator["Element"]:
        """The elements that a path of child tags leads to."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.each(*path[1:])

    def first(self, *path: str) -> "Element | None":
        """The first element that a path of child tags leads to."""
        return next(self.each(*path), None)

    def text_at(self, *path: str) -> str:
        """The text of the first element at a path; empty where there is none."""
        found = self.first(*path)
        return "" if found is None else found.text

    def walk(self) -> Iterator["Element"]:
        """This element and everything inside it, in document order.  It must be complete: what is found is kept, for
        many rules ask."""
        if self._below is None:
            found, waiting = list[Element](), self.children[::-1]
            while waiting:
                found.append(element := waiting.pop())
                waiting += reversed(element.children)
            self._below = found
        return chain((self,), self._below)

    def inside(self, tag: str) -> Iterator["Element"]:
        """The elements with this tag at any depth."""
        return (element for element in self.walk() if element.tag == tag)


Streamed = tuple[tuple[Element, ...], Element]


def elements(chunks: Iterable[bytes], wanted: Collection[str]) -> Iterator[Streamed]:
    """Every element with a wanted tag as soon as it is complete, with the elements that it stands in.

    A streamed element is not kept in its parent, so memory does not grow with the file.  Namespaces are dropped.

    Raises:
        Unreadable: not well-formed UTF-8 XML, with a DOCTYPE, or beyond the limits of size and depth.
    """
    builder = _Builder(wanted)
    for chunk in chunks:
        builder.feed(chunk)
        yield from builder.take()
    builder.feed(b"", final=True)
    yield from builder.take()


def root(chunks: Iterable[bytes], tag: str) -> Element:
    """A small document as a whole.

    Raises:
        Unreadable: as `elements`, or its root has another tag.
    """
    for around, element in elements(chunks, (tag,)):
        if not around:
            return element
    raise Unreadable(f"the root element is not <{tag}>")


class _Builder:
    """Builds elements from what the parser reports, within limits."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = wanted
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._sizes: list[int] = []
        self._kept_before: list[int] = []
        self._kept = 0
        self._in_cdata = False
        self._finished: list[Streamed] = []
        self._fed = 0
        # The encoding is imposed: a platform reads UTF-8, whatever a byte order mark would suggest.
        self._parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartCdataSectionHandler = lambda: self._set_cdata(True)
        self._parser.EndCdataSectionHandler = lambda: self._set_cdata(False)

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        self._fed += len(chunk)
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise Unreadable(f"the XML is damaged at line {error.lineno}: {reason}") from None
        # A tag or a comment that does not end is scanned from its beginning with every chunk: quadratic time.
        if self._fed - self._parser.CurrentByteIndex > LARGEST_TEXT:
            raise Unreadable(f"a piece of the XML is larger than {LARGEST_TEXT:,} bytes")

    def take(self) -> list[Streamed]:
        finished, self._finished = self._finished, []
        return finished

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.upper() not in ("UTF-8", "US-ASCII"):
            raise Unreadable(f"the XML is declared as {encoding}, but platforms read UTF-8")

    def _doctype(self, *_: object) -> None:
        raise Unreadable("the XML has a DOCTYPE, which no package needs and which could define harmful entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._kept_before.append(self._kept)
        self._kept += 1
        if self._kept > _MOST_KEPT:
            raise Unreadable(f"the XML has more than {_MOST_KEPT:,} elements in one part of it")
        if len(self._open) == _DEEPEST:
            raise Unreadable(f"the XML is nested deeper than {_DEEPEST} elements")
        if attributes:
            attributes = {_local(key): value for key, value in attributes.items()}
        self._open.append(Element(_local(name), attributes))
        self._texts.append([])
        self._sizes.append(0)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop())
        self._sizes.pop()
        kept_before = self._kept_before.pop()
        if element.tag in self._wanted:
            self._finished.append((tuple(self._open), element))
            self._kept = kept_before
        elif self._open:
            self._open[-1].children.append(element)

    def _characters(self, data: str) -> None:
        self._sizes[-1] += len(data)
        if self._sizes[-1] > LARGEST_TEXT:
            raise Unreadable(f"a text in the XML is larger than {LARGEST_TEXT:,} characters")
        self._texts[-1].append(data)
        if not (self._in_cdata or data.isspace()):
            self._open[-1].bare = True

    def _set_cdata(self, inside: bool) -> None:
        self._in_cdata = inside


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    return name.rpartition(" ")[2]


class Fragment(HTMLParser):
    """What stands in an HTML fragment: its text, its tags, its pictures' attributes, everything it loads.

    `captions` are beside `images`: the bold words that stand directly above each, or nothing.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.images: list[dict[str, str]] = []
        self.captions: list[str] = []
        self.links: list[str] = []
        self._texts: list[str] = []
        self._data: list[str] = []
        self._said: list[str] = []
        self._caption: list[str] = []
        self._before_caption = 0
        self._bold = False
        self.feed(source)
        self.close()

    @property
    def text(self) -> str:
        """What a person reads, with single spaces; what stands in attributes is left out.  Hard spaces stay."""
        return re.sub("[ \t\n\r\f]+", " ", "".join(self._texts)).strip()

    @property
    def said(self) -> str:
        """The text without the captions of pictures."""
        return re.sub("[ \t\n\r\f]+", " ", "".join(self._said)).strip()

    @property
    def words(self) -> str:
        """The text, but what only a tag keeps apart stands together; and a minus is a hyphen."""
        return " ".join("".join(self._data).replace("\N{MINUS SIGN}", "-").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and what it links or shows."""
        self._separate(tag)
        self.tags.add(tag)
        values = {name: value or "" for name, value in attrs}
        if tag != "a":  # a link that a person may follow is text; what a browser loads must be delivered
            self.links += [value for name, value in values.items() if name in _LINKING]
        if tag == "strong":
            self._bold, self._caption, self._before_caption = True, [], len(self._said)
        if tag == "img":
            self.images.append(values)
            self.captions.append(" ".join("".join(self._caption).split()))
            if self._caption:
                del self._said[self._before_caption :]
            self._caption = []

    def handle_endtag(self, tag: str) -> None:
        """Keep the words of neighbouring blocks apart."""
        self._separate(tag)
        if tag == "strong":
            self._bold = False

    def handle_data(self, data: str) -> None:
        """Note text."""
        self._texts.append(data)
        self._data.append(data)
        self._said.append(data)
        if self._bold:
            self._caption.append(data)
        elif not data.isspace():
            self._caption = []

    def updatepos(self, i: int, j: int) -> int:  # noqa: ARG002 (the parser names them)
        """Count no lines: nobody asks where a tag stands, and counting takes a tenth of the time."""
        return j

    def parse_marked_section(self, i: int, report: bool | int = True) -> int:
        """Take `<![...` as the comment that browsers see in it; the standard parser may fail there."""
        return self.parse_bogus_comment(i, bool(report))

    def _separate(self, tag: str) -> None:
        if tag not in _INLINE:
            self._texts.append(" ")
            self._said.append(" ")


def fragment(source: str) -> Fragment:
    """What stands in some HTML; parsed once only where it is asked about again soon.  Do not change it."""
    return _remembered(source) if len(source) <= _LARGEST_REMEMBERED else Fragment(source)


@lru_cache(maxsize=1024)
def _remembered(source: str) -> Fragment:
    return Fragment(source)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClozeAnswer:
    """One answer of an embedded question: what it earns (percent, as written), its HTML, what is said to it."""

    percent: str
    text: str
    feedback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClozeField:
    """A question that Moodle finds in a text: where it stands, its weight, its type as written, its answers."""

    start: int
    end: int
    weight: str
    kind: str
    answers: tuple[ClozeAnswer, ...]


_CLOZE_START = re.compile(
    r"\{([0-9]*):(NUMERICAL|NM|MULTICHOICE(?:_[VH]?S?)?|MC[VH]?S?|SHORTANSWER(?:_C)?|SAC?|MWC?"
    r"|MULTIRESPONSE(?:_H?S?)?|MRH?S?):"
)
_CLOZE_SHARE = re.compile(r"=|%(-?[0-9]+(?:[.,][0-9]*)?)%")
_CLOZE_ANSWER_END = re.compile(r"(?<!\\)(?<!&)(?<!&amp;)[~#}]")
_CLOZE_FEEDBACK_END = re.compile(r"(?<!\\)[~}]")


def cloze_fields(text: str) -> list[ClozeField]:
    """The questions that Moodle's Cloze finds in a text, in their order; what it does not understand stays text."""
    fields: list[ClozeField] = []
    position = 0
    while begun := _CLOZE_START.search(text, position):
        read = _cloze_answers(text, begun.end())
        if read is None:
            position = begun.start() + 1
            continue
        answers, position = read
        fields.append(
            ClozeField(start=begun.start(), end=position, weight=begun[1], kind=begun[2], answers=tuple(answers))
        )
    return fields


def _cloze_answers(text: str, position: int) -> tuple[list[ClozeAnswer], int] | None:
    """The answers from a place on, and where the question ends; None where it does not end."""
    answers: list[ClozeAnswer] = []
    while True:
        percent = "0"
        if share := _CLOZE_SHARE.match(text, position):
            percent, position = share[1] or "100", share.end()
        end = _CLOZE_ANSWER_END.search(text, position + 1)  # an answer has one sign at least
        if end is None:
            return None
        answer, feedback = text[position : end.start()], ""
        if end[0] == "#":
            begin = end.end()
            end = _CLOZE_FEEDBACK_END.search(text, begin)
            if end is None:
                return None
            feedback = text[begin : end.start()]
        answers.append(ClozeAnswer(percent=percent, text=_cloze_text(answer), feedback=_cloze_text(feedback)))
        position = end.end()
        if end[0] == "}":
            return answers, position


def _cloze_text(written: str) -> str:
    return html.unescape(written).replace("\\}", "}").replace("\\#", "#")
