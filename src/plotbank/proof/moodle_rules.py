"""What Moodle's import drops, rewrites or misreads in a question file without a word."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from . import Finding, Unreadable
from . import moodle_answer_rules as answer_rules
from .contents import decimal, images
from .markup import ClozeField, Element, cloze_fields, fragment
from .moodle_calculated import of_each_variant
from .moodle_calculated_rules import Together, calculated
from .moodle_package import PLUGINFILE, decoded_png, moodle_questions

_LARGEST_FILE = 100_000_000  # bytes: what sites that are generous let anybody upload

_LONGEST_NAME = 255
_LONGEST_IDNUMBER = 100
_LONGEST_TAG = 50
_LONGEST_ANSWER = 255
_LONGEST_TEXT = 5_500_000  # characters; a text node takes a time that grows with the square of its length
_FORBIDDEN_IN_FILE_NAMES = re.compile(r"""[&:"'\\/<>\s]""")
_FORBIDDEN_IN_TAGS = re.compile("[<>`]")
_SEVERAL = frozenset(("answer", "subquestion", "hint"))  # of which a question may have any number
_NUMBERINGS = frozenset(("abc", "ABCD", "123", "iii", "IIII", "none"))
_SUM_SLACK = 0.01  # percent: that much may seven times 14.28571 be off

# What looks like an embedded question, or like the mark that Moodle puts in its place.
_CLOZE_LIKE = re.compile(r"\{(?:[0-9]*:\s*[A-Za-z]|#[0-9]+\})")
_CLOZE_KINDS = frozenset(("NUMERICAL", "MULTICHOICE", "MULTICHOICE_V", "MULTICHOICE_H"))

_COMBINED = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")

Rule = Callable[[Element], Iterator[str]]


def check_moodle(path: Path, package: str) -> Iterator[Finding]:
    """What Moodle would change in this file; raises Unreadable where the file is damaged."""
    if path.is_file() and path.stat().st_size > _LARGEST_FILE:
        message = f"the file is larger than {_LARGEST_FILE:,} bytes, which hardly any site lets anybody upload"
        yield Finding(package=package, item="", message=message)
    seen = _Seen()
    with closing(moodle_questions(path)) as questions:
        for question in questions:
            item = question.text_at("idnumber").strip() or question.text_at("name", "text")
            for message in [*_messages(question), *seen.messages(question)]:
                yield Finding(package=package, item=item, message=message)


@dataclass(slots=True)
class _Seen:
    """What only several questions together show, by their category."""

    category: str = ""
    idnumbers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    together: defaultdict[str, Together] = field(default_factory=lambda: defaultdict(Together))

    def messages(self, question: Element) -> Iterator[str]:
        """What is found of the next question because of those before it."""
        kind = question.attributes.get("type")
        if kind == "category":
            self.category = question.text_at("category", "text")
            return
        if not self.category:
            yield "it stands before any category: Moodle puts it where the import was begun"
        identifier, known = question.text_at("idnumber").strip(), self.idnumbers[self.category]
        if identifier and identifier in known:
            yield "the idnumber stands twice: Moodle drops the second one silently"
        known.add(identifier)
        if kind == "calculated":
            yield from self.together[self.category].messages(question)


def _messages(question: Element) -> Iterator[str]:
    kind = question.attributes.get("type", "")
    if kind not in _RULES:
        yield f"a question of the type {kind!r} is not one that plotbank writes"
        return
    for rule in _RULES[kind]:
        yield from rule(question)


def _category_path(question: Element) -> Iterator[str]:
    path = question.text_at("category", "text")
    if not path.strip():
        yield "the category has no path"
    if "$course$" in path:
        yield "the category path holds $course$: Moodle 5 puts the questions into a system bank"
    if any(len(step.replace("//", "/").strip()) > _LONGEST_NAME for step in re.split("(?<!/)/(?!/)", path)):
        yield f"a name in the category path is longer than {_LONGEST_NAME} characters: the import ends with an error"
    if question.text_at("idnumber").strip():
        yield "the category has an idnumber: where another one has it, the import ends with an error"


def _texts(question: Element) -> Iterator[str]:
    for text in question.inside("text"):
        if text.bare:
            yield "a <text> is not in CDATA: Moodle loses the white space between its tags"
        if text.children:
            yield "a <text> holds XML elements instead of text"
    if any(len(element.text) > _LONGEST_TEXT for element in question.walk()):
        yield f"a text is longer than {_LONGEST_TEXT:,} characters: Moodle takes minutes to read it, or gives up"


def _once(question: Element) -> Iterator[str]:
    """Elements of which Moodle reads the first."""
    for element in question.walk():
        for tag, count in Counter(child.tag for child in element.children).items():
            if count > 1 and (tag == "text" or (element is question and tag not in _SEVERAL)):
                yield f"<{element.tag}> holds {count} <{tag}>: Moodle reads the first"


def _formats(question: Element) -> Iterator[str]:
    """Texts that are HTML, but marked as something else."""
    holders = (*("questiontext", "generalfeedback", "feedback", "subquestion"), *_COMBINED)
    marked = [element for element in question.walk() if element.tag in holders]
    if question.attributes.get("type") == "multichoice":
        marked += question.each("answer")
    for element in marked:
        if (name := element.attributes.get("format", "html")) != "html":
            yield f"<{element.tag}> is marked as {name!r}: Moodle does not show it as HTML"


def _tags(question: Element) -> Iterator[str]:
    for tag in question.inside("tag"):
        text = tag.text_at("text").strip()
        if not text:
            yield "a <tag> is empty: Moodle's import ends with an exception"
        if len(text) > _LONGEST_TAG:
            yield f"a <tag> is longer than {_LONGEST_TAG} characters: Moodle cuts it silently"
        if _FORBIDDEN_IN_TAGS.search(text):
            yield "a <tag> holds <, > or `, which Moodle drops"


def _names(question: Element) -> Iterator[str]:
    name, identifier = question.text_at("name", "text"), question.text_at("idnumber").strip()
    if not name.strip():
        yield "the question has no name"
    if len(name) > _LONGEST_NAME:
        yield f"the name is longer than {_LONGEST_NAME} characters: Moodle cuts it silently"
    if "<" in name:
        yield "the name holds a <: Moodle strips what looks like a tag"
    if not identifier:
        yield "the question has no idnumber: nobody can find it again after the import"
    if len(identifier) > _LONGEST_IDNUMBER:
        yield f"the idnumber is longer than {_LONGEST_IDNUMBER} characters: the import ends with an exception"


def _grade(question: Element) -> Iterator[str]:
    if not _positive(question.text_at("defaultgrade")):
        yield "defaultgrade is not a positive plain number"
    penalty = decimal(question.text_at("penalty") or "0")
    if penalty is None or not 0 <= penalty <= 1:
        yield "the penalty is not a plain number from 0 to 1"


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
        linked = of_each_variant(question, fragment(holder.text_at("text")).links)
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
    yield from answer_rules.numbers(
        [
            (
                answer.attributes.get("fraction", ""),
                answer.text_at("text").strip(),
                answer.text_at("tolerance").strip(),
            )
            for answer in answer_rules.fixed(question)
        ]
    )
    yield from answer_rules.any_other(question)
    if any(True for _ in question.inside("tolerancetype")):
        yield "a tolerance type is given: Moodle ignores it and takes every tolerance as absolute"


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
    if question.text_at("answernumbering").strip() not in ("", *_NUMBERINGS):
        yield "answernumbering is none that Moodle knows: it cannot show the question"
    if any(not answer.text_at("text").strip() for answer in question.each("answer")):
        yield "an option is empty: Moodle drops it"
    earned = []
    for answer in question.each("answer"):
        written = answer.attributes.get("fraction", "")
        fraction = decimal(written)
        if fraction is None or not answer_rules.is_listed(fraction):
            yield f"the fraction {written!r} is not on Moodle's list: the question is not imported"
        else:
            earned.append(fraction)
    if len(list(question.each("answer"))) < 2:
        yield "there are fewer than two options to choose from"
    yield from _several(earned) if single in ("false", "0") else _one(earned)


def _combined(question: Element) -> Iterator[str]:
    """What is told to who is right, partly right or wrong."""
    partly, wrong = (question.text_at(f"{kind}feedback", "text") for kind in ("partiallycorrect", "incorrect"))
    if partly != wrong:
        yield "who earns part of the mark is told something else than who earns nothing"
    shown = question.first("shownumcorrect")
    if shown is not None and shown.text.strip() in ("0", "false"):
        yield f"<shownumcorrect> holds {shown.text.strip()}: Moodle takes it for yes, whatever it holds"


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
    for one in fields:
        around.append(text[position : one.start])
        position = one.end
    for piece in (*around, text[position:]):
        if found := _CLOZE_LIKE.search(piece):
            shown = piece[found.start() : found.start() + 40]
            yield f"{shown!r} looks like an embedded question, but is none that Moodle understands"
    for number, one in enumerate(fields, start=1):
        yield from (f"part {number}: {message}" for message in _cloze_field(one))


def _cloze_field(field: ClozeField) -> Iterator[str]:
    if field.kind not in _CLOZE_KINDS:
        yield f"an embedded question of the type {field.kind} is not one that plotbank writes"
        return
    if not _positive(field.weight):
        yield f"the weight {field.weight!r} is not a positive whole number: Moodle takes 1, or nothing counts"
    if field.kind == "NUMERICAL":
        numbers = ((one.percent, one.text.partition(":")) for one in field.answers)
        yield from answer_rules.numbers([(percent, value, tolerance) for percent, (value, _, tolerance) in numbers])
        return
    if len([one for one in field.answers if one.text.strip()]) < 2:
        yield "there are fewer than two options: the question is not imported"
    if len({one.text for one in field.answers}) != len(field.answers):
        yield "two options are alike"
    yield from _one([decimal(one.percent) or Decimal(0) for one in field.answers])
    if any(fragment(one.text).images for one in field.answers):
        yield "an option shows a picture, which Moodle does not find there"


def _positive(text: str) -> bool:
    number = decimal(text)
    return number is not None and number > 0


_COMMON: tuple[Rule, ...] = (_texts, _once, _formats, _tags, _names, _grade, _pictures, _files)
_RULES: dict[str, tuple[Rule, ...]] = {
    "category": (_texts, _category_path),
    "numerical": (*_COMMON, _numerical_answers, _units),
    "calculated": (*_COMMON, calculated, _units),
    "multichoice": (*_COMMON, _choice_answers, _combined),
    "truefalse": (*_COMMON, _truth),
    "matching": (*_COMMON, _matching, _combined),
    "cloze": (*_COMMON, _cloze),
}
