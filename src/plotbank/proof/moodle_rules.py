"""What Moodle's import drops, rewrites or misreads in a question file without a word."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from . import Finding, Unreadable
from .markup import Element, Fragment
from .packages import PLUGINFILE, decimal, decoded_png, moodle_questions, stem_image

PART_BUDGET = 8 * 2**20  # bytes: upload limits are often small, and large text nodes parse in quadratic time

_LONGEST_NAME = 255
_LONGEST_IDNUMBER = 100
_MOST_DIGITS = 14
_FORBIDDEN_IN_FILE_NAMES = re.compile(r"""[&:"'\\/<>\s]""")

# question_bank::fraction_options_full() in percent, as far as it concerns marks that are not negative
_FRACTIONS = (
    *(100, 90, 83.33333, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20),
    *(16.66667, 14.28571, 12.5, 11.11111, 10, 5, 0),
)
_FRACTION_SLACK = 0.001  # percent: Moodle matches fractions within 0.00001

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


def _stem_picture(question: Element) -> Iterator[str]:
    try:
        stem_image(question.text_at("questiontext", "text"))
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


def _numerical_answer(question: Element) -> Iterator[str]:
    answers = list(question.each("answer"))
    if len(answers) != 1 or decimal(answers[0].attributes.get("fraction", "")) != 100:
        yield "a number needs one answer that earns 100 percent: of several, the first that matches wins"
        return
    answer = answers[0]
    yield from _number("answer", answer.text_at("text").strip())
    tolerance = answer.text_at("tolerance").strip()
    if not tolerance:
        yield "the tolerance is missing: Moodle takes 0"
    else:
        yield from _number("tolerance", tolerance)
        if (number := decimal(tolerance)) is not None and number <= 0:
            yield f"the tolerance {tolerance} is not greater than 0"
    if any(True for _ in question.inside("tolerancetype")):
        yield "a tolerance type is given: Moodle ignores it and takes every tolerance as absolute"


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
    if question.text_at("single").strip() not in ("true", "1"):
        yield "it is not marked as a single choice"
    if question.text_at("shuffleanswers").strip() not in ("true", "1", "false", "0"):
        yield "shuffleanswers is not written: Moodle does not shuffle the options"
    right = 0
    for answer in question.each("answer"):
        written = answer.attributes.get("fraction", "")
        fraction = decimal(written)
        if fraction is None or not _is_listed(float(fraction)):
            yield f"the fraction {written!r} is not on Moodle's list: the question is not imported"
        elif fraction not in (0, 100):
            yield f"an option earns {written} percent: in a single choice one earns 100 and the others 0"
        right += fraction == 100
    if right != 1:
        yield f"{right} options earn full marks instead of one"


def _is_listed(fraction: float) -> bool:
    return any(abs(abs(fraction) - listed) <= _FRACTION_SLACK for listed in _FRACTIONS)


def _positive(text: str) -> bool:
    number = decimal(text)
    return number is not None and number > 0


_COMMON: tuple[Rule, ...] = (_texts, _tags, _names, _grade, _stem_picture, _files)
_RULES: dict[str, tuple[Rule, ...]] = {
    "category": (_texts, _category_path),
    "numerical": (*_COMMON, _numerical_answer, _units),
    "multichoice": (*_COMMON, _choice_answers),
}
