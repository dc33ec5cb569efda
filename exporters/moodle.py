"""Moodle XML: numbered parts of questions, in one category per question of the quiz."""

import base64
import re
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, assert_never

from lxml import etree
from lxml.builder import E

from ..items import Bank, ChoiceKey, Item, NumericKey, Question
from . import Exporter
from .decimals import key_text, plain
from .limits import shared_problems
from .markup import XmlStream, with_picture

PART_BYTES = 8_000_000  # upload limits bite first, and Moodle holds a whole file in memory
PICTURE_BYTES = 4_000_000  # as base64 it still fits into a part; Moodle's parser is quadratic in its length
NAME_LENGTH = 255
IDNUMBER_LENGTH = 100

_PENALTY = "0.3333333"  # of the mark, for each wrong try where a quiz allows several: Moodle's default
_HALF_ENTITY = re.compile("&[lt]*$")


class MoodleExporter:
    """Questions with embedded pictures, for Moodle's question bank."""

    name = "moodle"
    title = "Moodle XML"
    how_to_import = (
        "In the course, open Question bank > Import, choose “Moodle XML format”, leave “Get category from "
        "file” ticked, and upload every file. Then, in a quiz, choose Add > a random question, once from the "
        "category of each question."
    )

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item Moodle XML cannot say."""
        problems = shared_problems(bank, item)
        if len(idnumber := _idnumber(bank, item)) > IDNUMBER_LENGTH:
            problems.append(f"the ID number {idnumber!r} has more than the {IDNUMBER_LENGTH} characters Moodle takes")
        if (size := len(item.picture.png)) > PICTURE_BYTES:
            problems.append(f"the picture takes {size:,} bytes; Moodle can import {PICTURE_BYTES:,}")
        return problems

    def open(self, bank: Bank, folder: Path) -> "MoodleWriter":
        """Begin `<bank id>.xml`, or as many numbered parts as it takes."""
        return MoodleWriter(bank, folder)


EXPORTER: Exporter = MoodleExporter()


class MoodleWriter:
    """Writes parts of limited size that can be imported in any order: each names its categories itself."""

    def __init__(self, bank: Bank, folder: Path) -> None:
        self._bank = bank
        self._folder = folder
        self._questions = {question.id: question for question in bank.questions}
        self._categories = _categories(bank)
        self._paths: list[Path] = []
        self._part: _Part | None = None

    def add(self, item: Item) -> None:
        """Write one item, in a new part when this one is full."""
        category = _category(self._categories[item.question])
        question = _question(self._bank, self._questions[item.question], item)
        if self._part is None or not self._part.add(item.question, category, question):
            self._next_part().add(item.question, category, question)

    def close(self) -> list[Path]:
        """Finish the last part; an only part carries no number."""
        self._close_part()
        if len(self._paths) == 1:
            self._paths = [self._paths[0].replace(self._folder / f"{self._bank.id}.xml")]
        return self._paths

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_part()

    def _next_part(self) -> "_Part":
        self._close_part()
        path = self._folder / f"{self._bank.id}-{len(self._paths) + 1}.xml"
        self._part = _Part(path)
        self._paths.append(path)
        return self._part

    def _close_part(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.close()


class _Part:
    """One file, and how full it is."""

    def __init__(self, path: Path) -> None:
        with ExitStack() as stack:
            file = stack.enter_context(path.open("wb"))
            self._stream = XmlStream(file)
            self._stream.begin("quiz")
            stack.callback(self._stream.close)
            self._stack = stack.pop_all()
        self._size = 100  # the frame: declaration, begin and end of the root
        self._question: str | None = None

    def add(self, question_id: str, category: etree._Element, question: etree._Element) -> bool:
        """Write a question, after its category where that changes; False when it does not fit any more."""
        elements = (question,) if question_id == self._question else (category, question)
        size = self._size + sum(len(etree.tostring(element, encoding="UTF-8")) for element in elements)
        if size > PART_BYTES and self._question is not None:
            return False
        for element in elements:
            self._stream.write(element)
        self._size, self._question = size, question_id
        return True

    def close(self) -> None:
        """Finish the document and let go of the file."""
        self._stack.close()


def _text(text: str) -> etree._Element:
    """A text in CDATA: Moodle's parser loses white space between tags that are escaped."""
    return E.text(etree.CDATA(text))


def _category(path: str) -> etree._Element:
    element = E.question(E.category(_text(path)), type="category")
    element.tail = "\n"
    return element


def _question(bank: Bank, question: Question, item: Item) -> etree._Element:
    picture = item.picture
    stem = with_picture(item.stem, picture, f"@@PLUGINFILE@@/{picture.name}")
    content = base64.b64encode(picture.png).decode("ascii")
    element = E.question(
        E.name(_text(_name(item.title))),
        E.questiontext(_text(stem), E.file(content, name=picture.name, path="/", encoding="base64"), format="html"),
    )
    if item.feedback.strip():
        element.append(E.generalfeedback(_text(item.feedback), format="html"))
    element.extend(
        (
            E.defaultgrade(plain(item.points)),
            E.penalty(_PENALTY),
            E.hidden("0"),
            E.idnumber(_idnumber(bank, item)),
        )
    )
    match item.key:
        case NumericKey():
            element.set("type", "numerical")
            element.extend(_numerical(item.key))
        case ChoiceKey():
            element.set("type", "multichoice")
            element.extend(_multichoice(item.key))
        case _:
            assert_never(item.key)
    element.append(E.tags(E.tag(_text("plotbank")), E.tag(_text(question.template))))
    element.tail = "\n"
    return element


def _numerical(key: NumericKey) -> tuple[etree._Element, ...]:
    """A plain number without a unit; Moodle takes the tolerance as absolute."""
    return (
        E.answer(_text(key_text(key)), E.tolerance(plain(key.tolerance)), fraction="100", format="html"),
        E.unitgradingtype("0"),
        E.unitpenalty("0.1"),
        E.showunits("3"),
        E.unitsleft("0"),
    )


def _multichoice(key: ChoiceKey) -> tuple[etree._Element, ...]:
    """One of several, never shuffled: options stand in their natural order, and the key anywhere in it."""
    answers = (
        E.answer(_text(option), fraction="100" if position == key.correct else "0", format="html")
        for position, option in enumerate(key.options)
    )
    return (E.single("true"), E.shuffleanswers("false"), E.answernumbering("abc"), *answers)


def _idnumber(bank: Bank, item: Item) -> str:
    return f"{bank.id}-{item.id}"


def _name(title: str, suffix: str = "") -> str:
    """A title as Moodle stores it, cut at a word where it is too long.

    Moodle strips from names whatever looks like a tag: "p<0.05" would become "p".
    """
    name = " ".join(title.split()).replace("<", "&lt;")
    room = NAME_LENGTH - len(suffix)
    if len(name) > room:
        name = (name[:room].rpartition(" ")[0] or _HALF_ENTITY.sub("", name[: room - 1])) + "…"
    return name + suffix


def _categories(bank: Bank) -> dict[str, str]:
    """The path of every question's category: a random question draws from one, so no two share any."""
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for question in bank.questions:
        name, count = _name(question.title), 1
        while name.casefold() in taken:  # some of Moodle's databases take "R" and "r" for the same
            count += 1
            name = _name(question.title, f" ({count})")
        taken.add(name.casefold())
        paths[question.id] = "/".join(("top", _path_step(_name(bank.title)), _path_step(name)))
    return paths


def _path_step(name: str) -> str:
    """A name inside a path: a slash is doubled, and kept off the ends by a space that Moodle trims."""
    step = name.replace("/", "//")
    return f"{' ' if step.startswith('/') else ''}{step}{' ' if step.endswith('/') else ''}"
