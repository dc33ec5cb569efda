"""What Moodle's import drops, rewrites or misreads in a question file without a word."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from . import Finding, Unreadable
from .contents import decimal, images
from .markup import ClozeField, Element, Fragment, cloze_fields
from .moodle_package import PLUGINFILE, decoded_png, moodle_questions

PART_BUDGET = 8 * 2**20  # bytes: upload limits are often small, and large text nodes parse in quadratic time

_LONGEST_NAME = 255
_LONGEST_IDNUMBER = 100
_MOST_DIGITS = 14
_LONGEST_ANSWER = 255
_FORBIDDEN_IN_FILE_NAMES = re.compile(r"""[&:"'\\/<>\s]""")

# question_bank::fraction_options_full() in percent; it has the negative ones too
_FRACTIONS = (
    *(100, 90, 83.33333, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20),
    *(16.66667, 14.28571, 12.5, 11.11111, 10, 5, 0),
)
_FRACTION_SLACK = 0.001  # percent: Moodle matches fractions within 0.00001
_SUM_SLACK = 0.01  # percent: that much may seven times 14.28571 be off

# What looks like an embedded question, or like the mark that Moodle puts in its place.
_CLOZE_LIKE = re.compile(r"\{(?:[0-9]*:\s*[A-Za-z]|#[0-9]+\})")
_CLOZE_KINDS = frozenset(("NUMERICAL", "MULTICHOICE", "MULTICHOICE_V", "MULTICHOICE_H"))

Rule = Callable[[Element], Iterator[str]]


def check_moodle(path: Path, package: str) -> Iterator[Finding]:
    """What Moodle would change in this file; raises Unreadable where the file is damaged."""
    if path.is_file() and path.stat().st_size > PART_BUDGET:
        message = f"the file is larger than {PART_BUDGET:,} bytes: many sites refuse the upload"
        yield Finding(package=package, item="", message=message)
    seen: set[str] = set()
    with closing(moodle_questions(path)) as questions:
        for question in questions:
            identifier = question.text_at("idnumber").strip()
            for message in [*_messages(question), *_repeated(identifier, seen)]:
                item = identifier or question.text_at("name", "text")
                yield Finding(package=package, item=item, message=message)


def _messages(question: Element) -> Iterator[str]:
    kind = question.attributes.get("type", "")
    if kind not in _RULES:
        yield f"a question of the type {kind!r} is not one that plotbank writes"
        return
    for rule in _RULES[kind]:
        yield from rule(question)


def _repeated(identifier: str, seen: set[str]) -> Iterator[str]:
    if identifier and identifier in seen:
        yield "the idnumber stands twice: Moodle drops the second one silently"
    seen.add(identifier)


def _category_path(question: Element) -> Iterator[str]:
    path = question.text_at("category", "text")
    if not path.strip():
        yield "the category has no path"
    if "$course$" in path:
        yield "the category path holds $course$: Moodle 5 puts the questions into a system bank"


def _texts(question: Element) -> Iterator[str]:
    for text in question.inside("text"):
        if text.bare:
            yield "a <text> is not in CDATA: Moodle loses the white space between its tags"
        if text.children:
            yield "a <text> holds XML elements instead of text"


def _tags(question: Element) -> Iterator[str]:
    if any(not tag.text_at("text").strip() for tag in question.inside("tag")):
        yield "a <tag> is empty: Moodle's import ends with an exception"


def _names(question: Element) -> Iterator[str]:
    name, identifier = question.text_at("name", "text"), question.text_at("idnumber").strip()
    if not name.strip():
        yield "the question has no name"
    if len(name) > _LONGEST_NAME:
        yield f"the name is longer than {_LONGEST_NAME} characters: Moodle cuts it silently"
    if not identifier:
        yield "the question has no idnumber: nobody can find it again after the import"
    if len(identifier) > _LONGEST_IDNUMBER:
        yield f"the idnumber is longer than {_LONGEST_IDNUMBER} characters: the import ends with an exception"


def _grade(question: Element) -> Iterator[str]:
    if not _positive(question.text_at("defaultgrade")):
        yield "defaultgrade is not a positive plain number"


def _pictures(question: Element) -> Iterator[str]:
    holders = [*question.each("questiontext"), *question.each("answer")]
    try:
        if not [image for holder in holders for image in images(holder.text_at("text"))]:
            yield "the question shows no picture"
    except Unreadable as error:
        yield str(error)


def _files(question: Element) -> Iterator[str]:
    for holder in question.walk():
        if holder.first("text") is None and holder.first("file") is None:
            continue
        linked = Fragment(holder.text_at("text")).links
        names = [file.attributes.get("name", "") for file in holder.each("file")]
        wanted = {unquote(link.removeprefix(PLUGINFILE)) for link in linked if link.startswith(PLUGINFILE)}
        for link in linked:
            if not link.startswith(PLUGINFILE):
                yield f"<{holder.tag}> links {link[:60]!r}, which is not delivered with the question"
        for name in sorted(wanted - set(names)):
            yield f"<{holder.tag}> links {name}, but no <file> of that name stands inside it: a broken picture"
        for name in sorted(set(names) - wanted):
            yield f"<{holder.tag}> holds the file {name}, which nothing in it links"
        if len(set(names)) != len(names):
            yield f"<{holder.tag}> holds two files of the same name"
        for file in holder.each("file"):
            yield from _file(file)


def _file(file: Element) -> Iterator[str]:
    name = file.attributes.get("name", "")
    if not name or _FORBIDDEN_IN_FILE_NAMES.search(name):
        yield f"the file name {name!r} is empty or holds a space or one of & : \" ' \\ / < >"
    if file.attributes.get("path") != "/" or file.attributes.get("encoding") != "base64":
        yield f'the file {name} is not marked path="/" encoding="base64"'
    try:
        decoded_png(file)
    except Unreadable as error:
        yield f"the file {name}: {error}"


def _numerical_answers(question: Element) -> Iterator[str]:
    answers = list(question.each("answer"))
    yield from _numbers(
        [
            (
                answer.attributes.get("fraction", ""),
                answer.text_at("text").strip(),
                answer.text_at("tolerance").strip(),
            )
            for answer in answers
        ]
    )
    if any(True for _ in question.inside("tolerancetype")):
        yield "a tolerance type is given: Moodle ignores it and takes every tolerance as absolute"


def _numbers(answers: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Answers to a number, each with what it earns and its tolerance; the first that matches wins."""
    earned = [decimal(fraction) for fraction, _, _ in answers]
    if not earned or earned[0] != 100:
        yield "the first answer of a number does not earn 100 percent: of several, the first that matches wins"
    shares = [share for share in earned if share is not None]
    if len(shares) != len(earned) or any(not _is_listed(float(share)) for share in shares):
        yield "an answer earns what is not on Moodle's list: the question is not imported"
    elif any(one <= other for one, other in pairwise(shares)) or min(shares, default=1) <= 0:
        yield "the answers of a number do not earn less and less, and more than nothing"
    if len({decimal(value) for _, value, _ in answers}) > 1:
        yield "the answers of a number differ: only their tolerances should"
    for _, value, tolerance in answers:
        yield from _number("answer", value)
        if not tolerance:
            yield "the tolerance is missing: Moodle takes 0"
        else:
            yield from _number("tolerance", tolerance)
    tolerances = [width for _, _, tolerance in answers if (width := decimal(tolerance)) is not None]
    if any(width <= 0 for width in tolerances):
        yield f"the tolerance {min(tolerances)} is not greater than 0"
    elif any(one >= other for one, other in pairwise(tolerances)):
        yield "a tolerance is not wider than that of the answer before it, which wins"


def _number(what: str, text: str) -> Iterator[str]:
    if decimal(text) is None:
        yield f"the {what} {text!r} is no plain number with an ASCII minus and a decimal point: Moodle misreads it"
    elif len(text.lstrip("-0.").replace(".", "")) > _MOST_DIGITS:
        yield f"the {what} {text} has more than {_MOST_DIGITS} significant digits: Moodle rounds it"


def _units(question: Element) -> Iterator[str]:
    if question.text_at("unitgradingtype").strip() != "0" or question.text_at("showunits").strip() != "3":
        yield "unitgradingtype is not 0 or showunits not 3: Moodle may ask for a unit"
    if question.first("units", "unit") is not None:
        yield "a unit is given: Moodle multiplies responses by it"


def _choice_answers(question: Element) -> Iterator[str]:
    single = question.text_at("single").strip()
    if single not in ("true", "1", "false", "0"):
        yield "it is not marked as a single choice, nor as one of several answers"
    if question.text_at("shuffleanswers").strip() not in ("true", "1", "false", "0"):
        yield "shuffleanswers is not written: Moodle does not shuffle the options"
    earned = []
    for answer in question.each("answer"):
        written = answer.attributes.get("fraction", "")
        fraction = decimal(written)
        if fraction is None or not _is_listed(float(fraction)):
            yield f"the fraction {written!r} is not on Moodle's list: the question is not imported"
        else:
            earned.append(fraction)
    if len(list(question.each("answer"))) < 2:
        yield "there are fewer than two options to choose from"
    yield from _several(earned) if single in ("false", "0") else _one(earned)


def _one(earned: Sequence[Decimal]) -> Iterator[str]:
    """A single choice."""
    for fraction in earned:
        if fraction not in (0, 100):
            yield f"an option earns {fraction} percent: in a single choice one earns 100 and the others 0"
    right = sum(fraction == 100 for fraction in earned)
    if right != 1:
        yield f"{right} options earn full marks instead of one"


def _several(earned: Sequence[Decimal]) -> Iterator[str]:
    """Multiple answers, of which Moodle adds up what they earn."""
    right = [fraction for fraction in earned if fraction > 0]
    if abs(float(sum(right)) - 100) > _SUM_SLACK:
        yield f"the right options earn {sum(right)} percent together instead of 100"
    if len(set(right)) > 1:
        yield "the right options do not all earn the same"
    if any(fraction == 0 for fraction in earned):
        yield "a wrong option costs nothing: who ticks everything would earn the mark"
    elif sum(earned) > _SUM_SLACK:
        yield f"who ticks every option earns {sum(earned)} percent"


def _truth(question: Element) -> Iterator[str]:
    answers = [
        (one.text_at("text").strip(), decimal(one.attributes.get("fraction", ""))) for one in question.each("answer")
    ]
    if sorted(word for word, _ in answers) != ["false", "true"]:
        yield "the answers are not the words true and false: Moodle takes the first for true, whatever it says"
    elif sorted(fraction if fraction is not None else -1 for _, fraction in answers) != [0, 100]:
        yield "of true and false, one does not earn 100 percent and the other 0: Moodle takes false for right"
    if decimal(question.text_at("penalty")) != 1:
        yield "the penalty is not the whole mark: who tries again would earn some of it"


def _matching(question: Element) -> Iterator[str]:
    if question.text_at("shuffleanswers").strip() not in ("true", "1", "false", "0"):
        yield "shuffleanswers is not written: Moodle shuffles the prompts"
    lines = [
        (one.text_at("text").strip(), one.text_at("answer", "text").strip()) for one in question.each("subquestion")
    ]
    if any(not answer for _, answer in lines):
        yield "an answer is missing: the import ends here and reports success"
    if sum(bool(prompt) for prompt, _ in lines) < 2:
        yield "there are fewer than two prompts"
    answers = [unescape(answer) for _, answer in lines if answer]
    if len(set(answers)) != len(answers):
        yield "an answer stands twice: Moodle makes one of them, which belongs to both prompts"
    for _, answer in lines:
        if len(answer) > _LONGEST_ANSWER:
            yield f"an answer is longer than {_LONGEST_ANSWER} characters: the import ends with an exception"
        if "<" in answer:
            yield "an answer holds a <: Moodle strips what looks like a tag"


def _cloze(question: Element) -> Iterator[str]:
    text = question.text_at("questiontext", "text")
    fields = cloze_fields(text)
    if not fields:
        yield "the text holds no embedded question that Moodle understands: the question is not imported"
    around, position = [], 0
    for field in fields:
        around.append(text[position : field.start])
        position = field.end
    for piece in (*around, text[position:]):
        if found := _CLOZE_LIKE.search(piece):
            shown = piece[found.start() : found.start() + 40]
            yield f"{shown!r} looks like an embedded question, but is none that Moodle understands"
    for number, field in enumerate(fields, start=1):
        yield from (f"part {number}: {message}" for message in _cloze_field(field))


def _cloze_field(field: ClozeField) -> Iterator[str]:
    if field.kind not in _CLOZE_KINDS:
        yield f"an embedded question of the type {field.kind} is not one that plotbank writes"
        return
    if not _positive(field.weight):
        yield f"the weight {field.weight!r} is not a positive whole number: Moodle takes 1, or nothing counts"
    if field.kind == "NUMERICAL":
        numbers = ((one.percent, one.text.partition(":")) for one in field.answers)
        yield from _numbers([(percent, value, tolerance) for percent, (value, _, tolerance) in numbers])
        return
    if len([one for one in field.answers if one.text.strip()]) < 2:
        yield "there are fewer than two options: the question is not imported"
    if len({one.text for one in field.answers}) != len(field.answers):
        yield "two options are alike"
    yield from _one([decimal(one.percent) or Decimal(0) for one in field.answers])
    if any(Fragment(one.text).images for one in field.answers):
        yield "an option shows a picture, which Moodle does not find there"


def _is_listed(fraction: float) -> bool:
    return any(abs(abs(fraction) - listed) <= _FRACTION_SLACK for listed in _FRACTIONS)


def _positive(text: str) -> bool:
    number = decimal(text)
    return number is not None and number > 0


_COMMON: tuple[Rule, ...] = (_texts, _tags, _names, _grade, _pictures, _files)
_RULES: dict[str, tuple[Rule, ...]] = {
    "category": (_texts, _category_path),
    "numerical": (*_COMMON, _numerical_answers, _units),
    "multichoice": (*_COMMON, _choice_answers),
    "truefalse": (*_COMMON, _truth),
    "matching": (*_COMMON, _matching),
    "cloze": (*_COMMON, _cloze),
}
