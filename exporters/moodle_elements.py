"""What all of Moodle's questions consist of, as elements of Moodle XML."""

import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from lxml import etree
from lxml.builder import E

from ..items import Bank, Item, NumericKey, PartsKey, Picture, Question
from . import Downgrade
from .fractions import percent
from .markup import XmlStream

PICTURE_BYTES = 4_000_000  # Moodle's parser is quadratic in the length of one
ALL_PICTURES_BYTES = 5_500_000  # as base64 they still fit into a part
NAME_LENGTH = 255
IDNUMBER_LENGTH = 100
PENALTY = "0.3333333"  # of the mark, for each wrong try where a quiz allows several: Moodle's default
ANY = "*"  # as an answer it fits every response, also one that is no number

_TAG_LENGTH = 50
_HALF_ENTITY = re.compile("&[lt]*$")


def told_apart(item: Item) -> bool:
    """Whether several parts are to tell something to who earns the mark of all, or to everybody else."""
    return isinstance(item.key, PartsKey) and bool(item.if_correct.strip() or item.if_incorrect.strip())


def _told_alike(item: Item) -> Item:
    return replace(item, if_correct="", if_incorrect="") if told_apart(item) else item


TOLD_ALIKE = Downgrade(
    name="feedback", says="several parts tell everybody the same, whether right or wrong", of=_told_alike
)


class Document:
    """A Moodle XML file into which questions are streamed; `size` counts its bytes."""

    def __init__(self, path: Path) -> None:
        with ExitStack() as stack:
            file = stack.enter_context(path.open("wb"))
            self._stream = XmlStream(file)
            self._stream.begin("quiz")
            stack.callback(self._stream.close)
            self._stack = stack.pop_all()
        self.size = 100  # the frame: declaration, begin and end of the root

    def write(self, *elements: etree._Element) -> None:
        """Write whole questions, or categories."""
        for element in elements:
            self.size += size(element)
            self._stream.write(element)

    def close(self) -> None:
        """Finish the document, whatever is in it, and let go of the file."""
        self._stack.close()


def size(element: etree._Element) -> int:
    """How many bytes an element takes."""
    return len(etree.tostring(element, encoding="UTF-8"))


def text(content: str) -> etree._Element:
    """A text in CDATA: Moodle's parser loses white space between tags that are escaped."""
    return E.text(etree.CDATA(content))


def said(tag: str, html: str) -> Sequence[etree._Element]:
    """What is told to somebody; nothing where there is nothing to tell, because no element is empty."""
    return (E(tag, text(html), format="html"),) if html.strip() else ()


def category(path: str) -> etree._Element:
    """What puts the questions behind it into a category."""
    return on_a_line(E.question(E.category(text(path)), type="category"))


def on_a_line(element: etree._Element) -> etree._Element:
    """The same element, with a new line behind it."""
    element.tail = "\n"
    return element


def file(picture: Picture, name: str) -> etree._Element:
    """A picture under a name.  It stands inside the element that links it, where Moodle looks for it."""
    return E.file(base64.b64encode(picture.png).decode("ascii"), name=name, path="/", encoding="base64")


def no_unit() -> tuple[etree._Element, ...]:
    """What makes the answer to a number a plain number."""
    return (E.unitgradingtype("0"), E.unitpenalty("0.1"), E.showunits("3"), E.unitsleft("0"))


def tags(question: Question, *difficulties: str) -> etree._Element:
    """What a question is about, for who looks for it in the question bank."""
    said = (
        "plotbank",
        f"kind: {question.kind}",
        *(f"template: {template}" for template in question.template.split(", ")),
        *(f"difficulty: {word}" for word in difficulties),
    )
    return E.tags(*(E.tag(text(tag[:_TAG_LENGTH])) for tag in said))


def band_problems(key: NumericKey) -> Iterator[str]:
    """The shares of the mark that Moodle does not know."""
    for band in key.bands:
        if percent(band.share) is None:
            yield (
                f"a band earns {100 * band.share:.5g} percent of the mark, which Moodle does not know: "
                "use 90, 80, 75, 70, 60, 50, 40, 30, 25, 20, 10 or 5, or thirds, sixths, sevenths or ninths"
            )


def picture_problems(item: Item, copies: int = 1) -> Iterator[str]:
    """The pictures that are too large for Moodle's import, which gets so many copies of them."""
    sizes = [len(picture.png) for picture in item.every_picture]
    for bytes_ in sizes:
        if bytes_ > PICTURE_BYTES:
            yield f"the picture takes {bytes_:,} bytes; Moodle can import {PICTURE_BYTES:,}"
    if (together := copies * sum(sizes)) > ALL_PICTURES_BYTES:
        yield f"the pictures take {together:,} bytes; Moodle can import {ALL_PICTURES_BYTES:,}"


def idnumber_problems(idnumber: str) -> Iterator[str]:
    """Why Moodle would not take an ID number."""
    if len(idnumber) > IDNUMBER_LENGTH:
        yield f"the ID number {idnumber!r} has more than the {IDNUMBER_LENGTH} characters Moodle takes"


def percent_of(share: float) -> str:
    """A share of the mark, in percent, that Moodle knows: a `check` has seen to it."""
    listed = percent(share)
    assert listed is not None
    return listed


def name(title: str, suffix: str = "") -> str:
    """A title as Moodle stores it, cut at a word where it is too long.

    Moodle strips from names whatever looks like a tag: "p<0.05" would become "p".
    """
    whole = " ".join(title.split()).replace("<", "&lt;")
    room = NAME_LENGTH - len(suffix)
    if len(whole) > room:
        whole = (whole[:room].rpartition(" ")[0] or _HALF_ENTITY.sub("", whole[: room - 1])) + "…"
    return whole + suffix


def category_paths(bank: Bank) -> dict[str, str]:
    """The path of every question's category: a random question draws from one, so no two share any."""
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for question in bank.questions:
        step, count = name(question.title), 1
        while step.casefold() in taken:  # some of Moodle's databases take "R" and "r" for the same
            count += 1
            step = name(question.title, f" ({count})")
        taken.add(step.casefold())
        paths[question.id] = "/".join(("top", _path_step(name(bank.title)), _path_step(step)))
    return paths


def _path_step(title: str) -> str:
    """A name inside a path: a slash is doubled, and kept off the ends by a space that Moodle trims."""
    step = title.replace("/", "//")
    return f"{' ' if step.startswith('/') else ''}{step}{' ' if step.endswith('/') else ''}"
