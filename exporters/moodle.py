"""Moodle XML: numbered parts of questions, in one category per question of the quiz."""

import html
from collections.abc import Iterator, Sequence
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
from .markup import part, with_pictures
from .moodle_elements import (
    ANY,
    PENALTY,
    TOLD_ALIKE,
    Document,
    band_problems,
    category,
    category_paths,
    file,
    idnumber_problems,
    name,
    no_unit,
    on_a_line,
    percent_of,
    picture_problems,
    said,
    size,
    tags,
    text,
    told_apart,
)
from .parts import PartedWriter
from .words import true_false

ANSWER_LENGTH = 255  # of an answer that is matched

_WHOLE_PENALTY = "1"  # where the second try cannot be wrong


class MoodleExporter:
    """Questions with embedded pictures, for Moodle's question bank."""

    name = "moodle"
    title = "Moodle XML"
    how_to_import = (
        "In the course, open Question bank (in Moodle 5: Question banks, and one of them), choose Import and “Moodle "
        "XML format”, leave “Get category from file” ticked, and upload every file. Then, on the Questions page of a "
        "quiz, choose Add > a random question, and do so once for the category of each question."
    )
    downgrades: tuple[Downgrade, ...] = (TOLD_ALIKE,)

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item Moodle XML cannot say."""
        problems = [
            *shared_problems(bank, item),
            *idnumber_problems(_idnumber(bank, item)),
            *picture_problems(item),
            *_key_problems(item.key),
        ]
        if told_apart(item):
            problems.append("several parts in one text cannot tell one thing to who is right and another to who is not")
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
        self._categories = category_paths(bank)
        self._budget = part_bytes
        self._document = Document(path)
        self._question: str | None = None

    def add(self, item: Item) -> bool:
        """Write a question, after its category where that changes; False when it does not fit any more."""
        elements = [_question(self._bank, self._questions[item.question], item)]
        if item.question != self._question:
            elements.insert(0, category(self._categories[item.question]))
        if self._question is not None and self._document.size + sum(map(size, elements)) > self._budget:
            return False
        self._document.write(*elements)
        self._question = item.question
        return True

    def close(self, *, alone: bool) -> None:  # noqa: ARG002
        """Finish the document and let go of the file."""
        self._document.close()

    def abort(self) -> None:
        """Let go of the file as it is."""
        self._document.close()


def _key_problems(key: Key) -> Iterator[str]:
    """What of a key Moodle cannot say."""
    match key:
        case NumericKey():
            yield from band_problems(key)
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


def _question(bank: Bank, question: Question, item: Item) -> etree._Element:
    kind, answers = _answers(item)
    return on_a_line(
        E.question(
            E.name(text(name(item.title))),
            E.questiontext(text(_stem(bank, item)), *_files(item.pictures), format="html"),
            *said("generalfeedback", item.feedback),
            E.defaultgrade(plain(item.points)),
            E.penalty(_WHOLE_PENALTY if isinstance(item.key, TrueFalseKey) else PENALTY),
            E.hidden("0"),
            E.idnumber(_idnumber(bank, item)),
            *answers,
            tags(question, item.difficulty_word),
            type=kind,
        )
    )


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
    return (file(picture, picture.name) for picture in pictures)


def _answers(item: Item) -> tuple[str, Sequence[etree._Element]]:
    """Moodle's type of question, and the elements that belong to it alone."""
    match item.key:
        case NumericKey():
            return "numerical", _numerical(item.key, item.if_correct, item.if_incorrect)
        case ChoiceKey():
            return "multichoice", (*_single_choice(item.key), *_told(item))
        case MultipleKey():
            return "multichoice", (*_multiple_answers(item.key), *_told(item))
        case TrueFalseKey():
            return "truefalse", _true_false(item.key, item.if_correct, item.if_incorrect)
        case MatchingKey():
            return "matching", (*_matching(item.key), *_told(item))
        case PartsKey():
            return "cloze", ()
        case _:
            assert_never(item.key)


def _told(item: Item) -> tuple[etree._Element, ...]:
    """What is told to who earns the whole mark, and to everybody else, some of the mark or none."""
    return (
        *said("correctfeedback", item.if_correct),
        *said("partiallycorrectfeedback", item.if_incorrect),
        *said("incorrectfeedback", item.if_incorrect),
    )


def _numerical(key: NumericKey, if_correct: str, if_incorrect: str) -> tuple[etree._Element, ...]:
    """A plain number without a unit; the first answer that matches wins, and every tolerance is absolute."""
    levels = (
        (key.tolerance, "100", if_correct),
        *((band.tolerance, percent_of(band.share), if_incorrect) for band in key.bands),
    )
    answers = [_number(key_text(key), plain(tolerance), fraction, feedback) for tolerance, fraction, feedback in levels]
    if if_incorrect.strip():
        answers.append(_number(ANY, "0", "0", if_incorrect))
    return (*answers, *no_unit())


def _number(answer: str, tolerance: str, fraction: str, feedback: str) -> etree._Element:
    return E.answer(text(answer), *said("feedback", feedback), E.tolerance(tolerance), fraction=fraction, format="html")


def _single_choice(key: ChoiceKey) -> tuple[etree._Element, ...]:
    """One of several, never shuffled: options stand in their natural order, and the key anywhere in it."""
    options = enumerate(key.options)
    answers = (_option(option, "100" if position == key.correct else "0") for position, option in options)
    return (E.single("true"), *_in_order(), *answers)


def _multiple_answers(key: MultipleKey) -> tuple[etree._Element, ...]:
    """Some of several: who ticks the right ones only earns the mark, and who ticks everything earns nothing."""
    count = len(key.correct)
    right, wrong = percent_of(1 / count), f"-{percent_of(1 / (len(key.options) - count))}"
    answers = (
        _option(option, right if position in key.correct else wrong) for position, option in enumerate(key.options)
    )
    return (E.single("false"), *_in_order(), *answers)


def _in_order() -> tuple[etree._Element, ...]:
    return (E.shuffleanswers("false"), E.answernumbering("abc"))


def _option(option: Option, fraction: str) -> etree._Element:
    pictures = () if option.picture is None else (option.picture,)
    shown = with_pictures(option.text, pictures, _link)
    return E.answer(
        text(shown), *_files(pictures), *said("feedback", option.feedback), fraction=fraction, format="html"
    )


def _true_false(key: TrueFalseKey, if_correct: str, if_incorrect: str) -> tuple[etree._Element, ...]:
    """The words are for Moodle alone, which shows them in the reader's language; each has one feedback."""
    answers = (("true", key.if_true, key.truth), ("false", key.if_false, not key.truth))
    return tuple(
        E.answer(
            text(word),
            *said("feedback", (if_correct if right else if_incorrect) + feedback),
            fraction="100" if right else "0",
            format="moodle_auto_format",
        )
        for word, feedback, right in answers
    )


def _matching(key: MatchingKey) -> tuple[etree._Element, ...]:
    """Every prompt with its answer; then the answers that belong to none, beside an empty prompt."""
    others = (answer for place, answer in enumerate(key.answers) if place not in key.pairs)
    pairs = [(prompt, key.answers[place]) for prompt, place in zip(key.prompts, key.pairs, strict=True)]
    return (
        E.shuffleanswers("false"),
        *(
            E.subquestion(text(prompt), E.answer(text(_answer_text(answer))), format="html")
            for prompt, answer in (*pairs, *(("", answer) for answer in others))
        ),
    )


def _answer_text(answer: str) -> str:
    """A plain answer as Moodle shows it: it strips whatever looks like a tag, and then takes entities for signs."""
    return html.escape(" ".join(answer.split()), quote=False)


def _idnumber(bank: Bank, item: Item) -> str:
    return f"{bank.id}-{item.id}"
