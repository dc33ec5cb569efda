"""Moodle XML, opened again: every question as Moodle would keep it after an import.

This is written from what Moodle does, not from what wrote the file.
"""

import base64
import binascii
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from functools import partial
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from . import Unreadable, moodle_calculated
from .contents import PART, after, decimal, images, number_of, picture_of, some, whole_png, within
from .delivered import (
    BandDelivered,
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    is_truths,
)
from .markup import ClozeField, Element, cloze_fields, elements
from .moodle_calculated import ANY
from .zips import LARGEST_ENTRY

PLUGINFILE = "@@PLUGINFILE@@/"

_CHUNK = 2**16


def moodle_questions(path: Path) -> Generator[Element, None, None]:
    """Every `<question>` of a Moodle XML file, categories included.

    Raises:
        Unreadable: the file is damaged, too large, or no quiz.
    """
    found = False
    with _opened(path) as file:
        for around, question in elements(iter(partial(file.read, _CHUNK), b""), ("question",)):
            if [element.tag for element in around] != ["quiz"]:
                raise Unreadable("a <question> does not stand directly in <quiz>: Moodle would not find it")
            found = True
            yield question
    if not found:
        raise Unreadable("the file holds no question of a Moodle quiz")


def decoded_png(file: Element) -> bytes:
    """The picture in a Moodle `<file>`.

    Raises:
        Unreadable: it is not strictly base64, or not a whole PNG.
    """
    try:
        png = base64.b64decode("".join(file.text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("it is not valid base64: Moodle would keep a broken picture without a word") from None
    return whole_png(png)


def _opened(path: Path) -> BinaryIO:
    try:
        if path.stat().st_size > LARGEST_ENTRY:
            raise Unreadable(f"the file is larger than {LARGEST_ENTRY:,} bytes")
        return path.open("rb")
    except OSError as error:
        raise Unreadable(f"the file cannot be read: {error.strerror}") from None


def moodle_items(path: Path, package: str) -> Iterator[Delivered]:
    """Every question of a file but its categories; raises Unreadable where one cannot be read.

    Calculated questions that follow each other in a category are the parts of one item, in each of their variants.
    """
    pool, together = "", list[Element]()
    with closing(moodle_questions(path)) as questions:
        for question in questions:
            kind = question.attributes.get("type")
            if kind == "calculated":
                together.append(question)
                continue
            yield from _calculated_items(together, package, pool)
            together = []
            if kind == "category":
                pool = question.text_at("category", "text")
            else:
                with within(_name(question)):
                    delivered = _moodle_item(question, package, pool)
                yield delivered
    yield from _calculated_items(together, package, pool)


def _name(question: Element) -> str:
    return question.text_at("idnumber") or question.text_at("name", "text")


def _identifier(question: Element) -> str:
    identifier = question.text_at("idnumber").strip()
    if not identifier:
        raise Unreadable("the question has no idnumber")
    return identifier


def _text(question: Element) -> str:
    return question.text_at("questiontext", "text")


def _points(question: Element) -> Decimal:
    return number_of(question.text_at("defaultgrade"), "the default grade")


def _told(question: Element) -> tuple[str, str]:
    """What is told to who earns the whole mark, and to who does not."""
    if question.attributes.get("type") in ("numerical", "calculated"):
        answers = list(question.each("answer"))
        others = [answer for answer in answers if answer.text_at("text").strip() == ANY]
        right, wrong = ("".join(one.text_at("feedback", "text") for one in those) for those in (answers[:1], others))
        return right, wrong
    return question.text_at("correctfeedback", "text"), question.text_at("incorrectfeedback", "text")


def _moodle_item(question: Element, package: str, pool: str) -> Delivered:
    kind = question.attributes.get("type", "")
    if kind not in _MOODLE_KEYS:
        raise Unreadable(f"a question of the type {kind!r} is not one that can be proved")
    text = _text(question)
    key = _MOODLE_KEYS[kind](question)
    if isinstance(key, PartsDelivered):
        stem = text.partition(PART)[0]
        points = Decimal(sum(int(field.weight or 1) for field in cloze_fields(text)))
    else:
        stem, points = text, _points(question)
    if_correct, if_incorrect = _told(question)
    return Delivered(
        package=package,
        id=_identifier(question),
        pool=pool,
        title=question.text_at("name", "text"),
        stem=stem,
        feedback=question.text_at("generalfeedback", "text"),
        pictures=some(_moodle_pictures(question)),
        points=float(points),
        key=key,
        if_correct=if_correct,
        if_incorrect=if_incorrect,
    )


def _calculated_items(questions: Sequence[Element], package: str, pool: str) -> Iterator[Delivered]:
    """One item for each variant of calculated questions about the same plots."""
    if not questions:
        return
    with within(_name(questions[0])):
        variants = moodle_calculated.variants(questions)
        for variant in variants:
            yield _calculated_item(variant, package, pool)


def _calculated_item(questions: Sequence[Element], package: str, pool: str) -> Delivered:
    """The questions of one variant.  Its id is that of the first question and the name of the first picture."""
    first, *others = questions
    pictures = some(_moodle_pictures(first))
    if any(some(_moodle_pictures(question)) != pictures for question in others):
        raise Unreadable("the calculated questions of the category show different pictures")
    stem, key = _calculated_parts(questions) if others else (_text(first), _calculated_number(first))
    if_correct, if_incorrect = ("", "") if others else _told(first)
    return Delivered(
        package=package,
        id=f"{_identifier(first)}:{pictures[0].name.removesuffix('.png')}",
        pool=pool,
        title=first.text_at("name", "text"),
        stem=stem,
        feedback="".join(question.text_at("generalfeedback", "text") for question in questions),
        pictures=pictures,
        points=float(sum(map(_points, questions))),
        key=key,
        if_correct=if_correct,
        if_incorrect=if_incorrect,
    )


def _moodle_pictures(question: Element) -> Iterator[DeliveredPicture]:
    holders = [(None, holder) for holder in question.each("questiontext")]
    for option, holder in (*holders, *enumerate(question.each("answer"))):
        for image in images(holder.text_at("text")):
            name = unquote(after(PLUGINFILE, image.link))
            files = [file for file in holder.each("file") if file.attributes.get("name") == name]
            if len(files) != 1:
                raise Unreadable(f"it links the picture {name}, but {len(files)} files of that name stand beside it")
            with within(f"the picture {name}"):
                png = decoded_png(files[0])
            yield picture_of(image, name, png, option)


def _moodle_number(question: Element) -> NumericDelivered:
    return _numeric(
        [
            (
                answer.attributes.get("fraction", ""),
                number_of(answer.text_at("text"), "the answer"),
                number_of(answer.text_at("tolerance"), "the tolerance"),
            )
            for answer in _answers(question)
        ]
    )


def _calculated_number(question: Element) -> NumericDelivered:
    return moodle_calculated.numeric(_answers(question))


def _answers(question: Element) -> list[Element]:
    """The answers to a number, without the one that fits every response: it is the last, and earns nothing."""
    answers = list(question.each("answer"))
    fitting = [place for place, answer in enumerate(answers) if answer.text_at("text").strip() == ANY]
    if fitting and (fitting != [len(answers) - 1] or _fraction(answers[-1]) != 0):
        raise Unreadable(f"the answer {ANY}, which fits every response, is not the last one or earns something")
    return answers[: len(answers) - len(fitting)]


def _numeric(answers: list[tuple[str, Decimal, Decimal]]) -> NumericDelivered:
    """A number of Moodle's answers: what each earns in percent, the value, the tolerance.  The first that fits wins."""
    shares = [number_of(percent, "the fraction of an answer") for percent, _, _ in answers]
    if not answers or shares[0] != 100 or any(one <= other for one, other in pairwise(shares)) or shares[-1] <= 0:
        raise Unreadable("a number that can be proved has an answer that earns 100 percent, and others that earn less")
    if len({value for _, value, _ in answers}) != 1:
        raise Unreadable("a number that can be proved has one value, with one tolerance inside the other")
    tolerances = [tolerance for _, _, tolerance in answers]
    if any(one >= other for one, other in pairwise(tolerances)):
        raise Unreadable("a number that can be proved has one value, with one tolerance inside the other")
    _, value, tolerance = answers[0]
    return NumericDelivered(
        value=float(value),
        low=float(value - tolerance),
        high=float(value + tolerance),
        bands=tuple(
            BandDelivered(low=float(value - wider), high=float(value + wider), share=float(share / 100))
            for share, wider in zip(shares[1:], tolerances[1:], strict=True)
        ),
    )


def _moodle_choice(question: Element) -> ChoiceDelivered | MultipleDelivered:
    answers = list(question.each("answer"))
    options = tuple(answer.text_at("text") for answer in answers)
    feedback = tuple(answer.text_at("feedback", "text") for answer in answers)
    if question.text_at("single").strip() in ("true", "1"):
        right = tuple(place for place, answer in enumerate(answers) if _fraction(answer) == 100)
        return ChoiceDelivered(options=options, correct=right, feedback=feedback)
    right = tuple(place for place, answer in enumerate(answers) if _fraction(answer) > 0)
    return MultipleDelivered(options=options, correct=right, feedback=feedback)


def _moodle_truth(question: Element) -> TrueFalseDelivered:
    answers = {answer.text_at("text").strip(): answer for answer in question.each("answer")}
    if answers.keys() != {"true", "false"} or len(list(question.each("answer"))) != 2:
        raise Unreadable("a statement that can be proved has the two answers true and false")
    shares = {word: _fraction(answer) for word, answer in answers.items()}
    if sorted(shares.values()) != [0, 100]:
        raise Unreadable("of true and false, one earns 100 percent and the other nothing")
    return TrueFalseDelivered(
        truth=shares["true"] == 100,
        if_true=answers["true"].text_at("feedback", "text"),
        if_false=answers["false"].text_at("feedback", "text"),
    )


def _moodle_matching(question: Element) -> MatchingDelivered:
    """The prompts, and all answers in an order of their own: Moodle shuffles them, so the file's tells nothing."""
    lines = [
        (line.text_at("text"), unescape(line.text_at("answer", "text")).strip())
        for line in question.each("subquestion")
    ]
    if any(not answer for _, answer in lines):
        raise Unreadable("an answer is missing: Moodle's import would end here and say nothing")
    prompts = [(prompt, answer) for prompt, answer in lines if prompt.strip()]
    answers = sorted({answer for _, answer in lines})
    return MatchingDelivered(
        prompts=tuple(prompt for prompt, _ in prompts),
        answers=tuple(answers),
        pairs=tuple(answers.index(answer) for _, answer in prompts),
    )


def _moodle_parts(question: Element) -> PartsDelivered:
    text = question.text_at("questiontext", "text")
    fields = cloze_fields(text)
    whole = sum(int(field.weight or 1) for field in fields)
    starts = [found.start() for found in re.finditer(re.escape(PART), text)]
    if not fields or not whole or len(starts) != len(fields):
        raise Unreadable("the text does not have one embedded question in each of its parts")
    parts = []
    for start, end, field in zip(starts, [*starts[1:], len(text)], fields, strict=True):
        if not start < field.start < field.end <= end:
            raise Unreadable("the text does not have one embedded question in each of its parts")
        parts.append(
            PartDelivered(
                stem=text[start + len(PART) : field.start].removesuffix("<p>"),
                key=_cloze_key(field),
                share=int(field.weight or 1) / whole,
            )
        )
    return PartsDelivered(parts=tuple(parts))


def _calculated_parts(questions: Sequence[Element]) -> tuple[str, PartsDelivered]:
    """The text that the questions of one variant have in common, and what each of them asks."""
    texts = [_text(question).split(PART) for question in questions]
    if any(len(text) != 2 for text in texts) or len({stem for stem, _ in texts}) != 1:
        raise Unreadable("the calculated questions of the category do not have one text, and one part each")
    points = [_points(question) for question in questions]
    parts = (
        PartDelivered(
            stem=asked.strip().removesuffix("</div>"),
            key=_calculated_number(question),
            share=float(share / sum(points)),
        )
        for question, (_, asked), share in zip(questions, texts, points, strict=True)
    )
    return texts[0][0], PartsDelivered(parts=tuple(parts))


def _cloze_key(field: ClozeField) -> NumericDelivered | ChoiceDelivered | TrueFalseDelivered:
    if field.kind == "NUMERICAL":
        answers = ((answer.percent, answer.text.partition(":")) for answer in field.answers)
        return _numeric(
            [
                (percent, number_of(value, "the answer"), number_of(tolerance, "the tolerance"))
                for percent, (value, _, tolerance) in answers
            ]
        )
    options = tuple(answer.text for answer in field.answers)
    feedback = tuple(answer.feedback for answer in field.answers)
    right = tuple(place for place, answer in enumerate(field.answers) if decimal(answer.percent) == 100)
    if field.kind == "MULTICHOICE_H" and len(right) == 1 and is_truths(options):
        return TrueFalseDelivered(truth=right == (0,), if_true=feedback[0], if_false=feedback[1])
    if field.kind in ("MULTICHOICE", "MULTICHOICE_H", "MULTICHOICE_V"):
        return ChoiceDelivered(options=options, correct=right, feedback=feedback)
    raise Unreadable(f"an embedded question of the type {field.kind} is not one that can be proved")


_MOODLE_KEYS: dict[str, Callable[[Element], KeyDelivered]] = {
    "numerical": _moodle_number,
    "multichoice": _moodle_choice,
    "truefalse": _moodle_truth,
    "matching": _moodle_matching,
    "cloze": _moodle_parts,
}


def _fraction(answer: Element) -> Decimal:
    return number_of(answer.attributes.get("fraction", ""), "the fraction of an answer")
