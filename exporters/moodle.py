"""Moodle XML: numbered parts of questions, in one category per question of the quiz."""

import base64
import html
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import assert_never

from lxml import etree
from lxml.builder import E

from ..items import (
    Bank,
    ChoiceKey,
    Item,
    Key,
    MatchingKey,
    MultipleKey,
    NumericKey,
    Option,
    PartsKey,
    Picture,
    Question,
    TrueFalseKey,
)
from . import PART_BYTES, Downgrade, Exporter, cloze
from .decimals import key_text, plain
from .fractions import percent
from .limits import shared_problems
from .markup import XmlStream, part, with_pictures
from .parts import PartedWriter
from .words import true_false

PICTURE_BYTES = 4_000_000  # Moodle's parser is quadratic in the length of one
ALL_PICTURES_BYTES = 5_500_000  # as base64 they still fit into a part
NAME_LENGTH = 255
IDNUMBER_LENGTH = 100
ANSWER_LENGTH = 255  # of an answer that is matched

_PENALTY = "0.3333333"  # of the mark, for each wrong try where a quiz allows several: Moodle's default
_WHOLE_PENALTY = "1"  # where the second try cannot be wrong
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
    downgrades: tuple[Downgrade, ...] = ()

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item Moodle XML cannot say."""
        problems = shared_problems(bank, item)
        if len(idnumber := _idnumber(bank, item)) > IDNUMBER_LENGTH:
            problems.append(f"the ID number {idnumber!r} has more than the {IDNUMBER_LENGTH} characters Moodle takes")
        sizes = [len(picture.png) for picture in item.every_picture]
        for size in sizes:
            if size > PICTURE_BYTES:
                problems.append(f"the picture takes {size:,} bytes; Moodle can import {PICTURE_BYTES:,}")
        if sum(sizes) > ALL_PICTURES_BYTES:
            problems.append(f"the pictures take {sum(sizes):,} bytes; Moodle can import {ALL_PICTURES_BYTES:,}")
        problems += _key_problems(item.key)
        return problems

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> PartedWriter:
        """Begin `<bank id>.xml`, or as many numbered parts as it takes."""
        return PartedWriter(folder, bank.id, ".xml", partial(_Part, bank, part_bytes))


EXPORTER: Exporter = MoodleExporter()


class _Part:
    """One file, and how full it is; it names its categories itself, so that parts can be imported in any order."""

    def __init__(self, bank: Bank, part_bytes: int, path: Path) -> None:
        self._bank = bank
        self._questions = {question.id: question for question in bank.questions}
        self._categories = _categories(bank)
        self._budget = part_bytes
        with ExitStack() as stack:
            file = stack.enter_context(path.open("wb"))
            self._stream = XmlStream(file)
            self._stream.begin("quiz")
            stack.callback(self._stream.close)
            self._stack = stack.pop_all()
        self._size = 100  # the frame: declaration, begin and end of the root
        self._question: str | None = None

    def add(self, item: Item) -> bool:
        """Write a question, after its category where that changes; False when it does not fit any more."""
        question = _question(self._bank, self._questions[item.question], item)
        category = _category(self._categories[item.question])
        elements = (question,) if item.question == self._question else (category, question)
        size = self._size + sum(len(etree.tostring(element, encoding="UTF-8")) for element in elements)
        if size > self._budget and self._question is not None:
            return False
        for element in elements:
            self._stream.write(element)
        self._size, self._question = size, item.question
        return True

    def close(self, *, alone: bool) -> None:  # noqa: ARG002
        """Finish the document and let go of the file."""
        self._stack.close()

    def abort(self) -> None:
        """Let go of the file as it is."""
        self._stack.close()


def _key_problems(key: Key) -> Iterator[str]:
    """What of a key Moodle cannot say."""
    match key:
        case NumericKey():
            for band in key.bands:
                if percent(band.share) is None:
                    yield (
                        f"a band earns {100 * band.share:.5g} percent of the mark, which Moodle does not know: "
                        "use 90, 80, 75, 70, 60, 50, 40, 30, 25, 20, 10 or 5, or thirds, sixths, sevenths or ninths"
                    )
        case MultipleKey():
            right = len(key.correct)
            for count, kind in ((right, "right"), (len(key.options) - right, "wrong")):
                if percent(1 / count) is None:
                    yield f"{count} options are {kind}: Moodle cannot share the mark among so many"
        case MatchingKey():
            for number, answer in enumerate(key.answers, start=1):
                if len(_answer_text(answer)) > ANSWER_LENGTH:
                    yield f"answer {number} is longer than the {ANSWER_LENGTH} characters Moodle keeps"
        case PartsKey():
            if cloze.weights(key) is None:
                yield (
                    "the shares of the parts are in no ratio of whole numbers up to "
                    f"{cloze.LARGEST_WEIGHT}, which is what Moodle knows"
                )
            for number, one in enumerate(key.parts, start=1):
                yield from (f"part {number}: {problem}" for problem in _key_problems(one.key))
        case ChoiceKey() | TrueFalseKey():
            return
        case _:
            assert_never(key)


def _text(text: str) -> etree._Element:
    """A text in CDATA: Moodle's parser loses white space between tags that are escaped."""
    return E.text(etree.CDATA(text))


def _category(path: str) -> etree._Element:
    element = E.question(E.category(_text(path)), type="category")
    element.tail = "\n"
    return element


def _question(bank: Bank, question: Question, item: Item) -> etree._Element:
    element = E.question(
        E.name(_text(_name(item.title))),
        E.questiontext(_text(_stem(bank, item)), *_files(item.pictures), format="html"),
    )
    if item.feedback.strip():
        element.append(E.generalfeedback(_text(item.feedback), format="html"))
    element.extend(
        (
            E.defaultgrade(plain(item.points)),
            E.penalty(_WHOLE_PENALTY if isinstance(item.key, TrueFalseKey) else _PENALTY),
            E.hidden("0"),
            E.idnumber(_idnumber(bank, item)),
        )
    )
    kind, answers = _answers(item.key)
    element.set("type", kind)
    element.extend(answers)
    element.append(E.tags(*(E.tag(_text(tag)) for tag in _tags(question, item))))
    element.tail = "\n"
    return element


def _tags(question: Question, item: Item) -> Iterator[str]:
    yield "plotbank"
    yield f"kind: {question.kind}"
    yield from (f"template: {template}" for template in question.template.split(", "))
    yield f"difficulty: {item.difficulty_word}"


def _stem(bank: Bank, item: Item) -> str:
    """The text with its pictures; and with the questions in it, where it is one of several parts."""
    stem = with_pictures(item.stem, item.pictures, _link)
    if not isinstance(item.key, PartsKey):
        return stem
    weights, words = cloze.weights(item.key), true_false(bank.language)
    assert weights is not None  # `check` has said so
    parts = zip(item.key.parts, weights, strict=True)
    return cloze.around(stem) + "".join(
        part(cloze.around(one.stem), cloze.field(one, weight, words)) for one, weight in parts
    )


def _link(picture: Picture) -> str:
    return f"@@PLUGINFILE@@/{picture.name}"


def _files(pictures: Sequence[Picture]) -> Iterator[etree._Element]:
    """The pictures, which Moodle looks for inside the element that links them."""
    for picture in pictures:
        content = base64.b64encode(picture.png).decode("ascii")
        yield E.file(content, name=picture.name, path="/", encoding="base64")


def _answers(key: Key) -> tuple[str, Sequence[etree._Element]]:
    """Moodle's type of question, and the elements that belong to it alone."""
    match key:
        case NumericKey():
            return "numerical", _numerical(key)
        case ChoiceKey():
            return "multichoice", _single_choice(key)
        case MultipleKey():
            return "multichoice", _multiple_answers(key)
        case TrueFalseKey():
            return "truefalse", _true_false(key)
        case MatchingKey():
            return "matching", _matching(key)
        case PartsKey():
            return "cloze", ()
        case _:
            assert_never(key)


def _numerical(key: NumericKey) -> tuple[etree._Element, ...]:
    """A plain number without a unit; the first answer that matches wins, and every tolerance is absolute."""
    bands = ((band.tolerance, _percent(band.share)) for band in key.bands)
    return (
        *(
            E.answer(_text(key_text(key)), E.tolerance(plain(tolerance)), fraction=fraction, format="html")
            for tolerance, fraction in ((key.tolerance, "100"), *bands)
        ),
        E.unitgradingtype("0"),
        E.unitpenalty("0.1"),
        E.showunits("3"),
        E.unitsleft("0"),
    )


def _single_choice(key: ChoiceKey) -> tuple[etree._Element, ...]:
    """One of several, never shuffled: options stand in their natural order, and the key anywhere in it."""
    options = enumerate(key.options)
    answers = (_option(option, "100" if position == key.correct else "0") for position, option in options)
    return (E.single("true"), *_in_order(), *answers)


def _multiple_answers(key: MultipleKey) -> tuple[etree._Element, ...]:
    """Some of several: who ticks the right ones only earns the mark, and who ticks everything earns nothing."""
    count = len(key.correct)
    right, wrong = _percent(1 / count), f"-{_percent(1 / (len(key.options) - count))}"
    answers = (
        _option(option, right if position in key.correct else wrong) for position, option in enumerate(key.options)
    )
    return (E.single("false"), *_in_order(), *answers)


def _percent(share: float) -> str:
    listed = percent(share)
    assert listed is not None  # `check` has said so
    return listed


def _in_order() -> tuple[etree._Element, ...]:
    return (E.shuffleanswers("false"), E.answernumbering("abc"))


def _option(option: Option, fraction: str) -> etree._Element:
    pictures = () if option.picture is None else (option.picture,)
    text = with_pictures(option.text, pictures, _link)
    return E.answer(_text(text), *_files(pictures), *_feedback(option.feedback), fraction=fraction, format="html")


def _true_false(key: TrueFalseKey) -> tuple[etree._Element, ...]:
    """The words are for Moodle alone, which shows them in the reader's language."""
    said = (("true", key.if_true, key.truth), ("false", key.if_false, not key.truth))
    return tuple(
        E.answer(_text(word), *_feedback(feedback), fraction="100" if right else "0", format="moodle_auto_format")
        for word, feedback, right in said
    )


def _matching(key: MatchingKey) -> tuple[etree._Element, ...]:
    """Every prompt with its answer; then the answers that belong to none, beside an empty prompt."""
    others = (answer for place, answer in enumerate(key.answers) if place not in key.pairs)
    pairs = [(prompt, key.answers[place]) for prompt, place in zip(key.prompts, key.pairs, strict=True)]
    return (
        E.shuffleanswers("false"),
        *(
            E.subquestion(_text(prompt), E.answer(_text(_answer_text(answer))), format="html")
            for prompt, answer in (*pairs, *(("", answer) for answer in others))
        ),
    )


def _answer_text(answer: str) -> str:
    """A plain answer as Moodle shows it: it strips whatever looks like a tag, and then takes entities for signs."""
    return html.escape(" ".join(answer.split()), quote=False)


def _feedback(text: str) -> Sequence[etree._Element]:
    return (E.feedback(_text(text), format="html"),) if text.strip() else ()


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
