"""What Moodle makes of calculated questions: their wildcards, datasets and answers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from . import moodle_answer_rules as answer_rules
from .contents import decimal
from .markup import Element
from .moodle_calculated import Dataset, datasets

_LONGEST_WILDCARD = 27  # an attempt keeps its value as _var_NAME, in a field of 32 characters
_LONGEST_TOLERANCE = 20
_NAME = "[A-Za-z][A-Za-z0-9_ -]*"
_WILDCARD = re.compile(rf"\{{({_NAME})\}}")
_FORMULA = re.compile(r"\{=[^{}]*(?:\{[^{}]+\}[^{}]*)*\}")
_ANSWER_FIELDS = ("tolerance", "tolerancetype", "correctanswerformat", "correctanswerlength")
_FIELDS = ("type", "itemcount", "number_of_items")
_TEXT_FIELDS = ("status", "name", "distribution", "minimum", "maximum", "decimals")
_DROPPED = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")


def calculated(question: Element) -> Iterator[str]:
    """Everything that a question alone shows."""
    known = datasets(question)
    yield from _fields(question)
    yield from _datasets(known, question)
    yield from _texts(question, known)
    yield from _answers(question, known)
    for tag in _DROPPED:
        if question.text_at(tag, "text").strip():
            yield f"<{tag}> says something, which Moodle drops from calculated questions"


@dataclass(slots=True)
class Together:
    """The calculated questions of one category, which show a student the same variant if nothing here is found."""

    questions: list[tuple[bool, str]] = field(default_factory=list)  # synchronised or not, how many variants
    datasets: dict[str, Dataset] = field(default_factory=dict)

    def messages(self, question: Element) -> Iterator[str]:
        """What the next question does to those before it."""
        known = datasets(question)
        synchronised = question.text_at("synchronize").strip() not in ("", "0") and all(one.shared for one in known)
        own = (synchronised, known[0].count if known else "")
        self.questions.append(own)
        if len(self.questions) > 1 and not (synchronised and self.questions[0] == own):
            yield (
                "it is not synchronised with the calculated questions before it in the category, or has more variants "
                "or fewer: a student gets another variant"
            )
        for one in known:
            if one.shared and self.datasets.setdefault(one.name, one) != one:
                yield f"the wildcard {{{one.name}}} has other values in a question before: Moodle does not read these"


def _fields(question: Element) -> Iterator[str]:
    for answer in question.each("answer"):
        for what in _ANSWER_FIELDS:
            if not answer.text_at(what).strip():
                yield f"an answer has no <{what}>, which Moodle needs"
    for one in question.each("dataset_definitions", "dataset_definition"):
        missing = [what for what in _TEXT_FIELDS if not one.text_at(what, "text").strip()]
        for what in (*missing, *(what for what in _FIELDS if not one.text_at(what).strip())):
            yield f"a dataset has no <{what}>, which Moodle needs"


def _datasets(known: Sequence[Dataset], question: Element) -> Iterator[str]:
    if not known:
        yield "it has no dataset: Moodle cannot begin an attempt"
    if len({one.name for one in known}) != len(known):
        yield "two datasets have the same name"
    counts = {len(list(one.each("dataset_items", "dataset_item"))) for one in _definitions(question)}
    if len(counts) > 1:
        yield "the datasets differ in length: Moodle uses no more than the shortest has"
    for one, definition in zip(known, _definitions(question), strict=True):
        yield from (f"the wildcard {{{one.name}}}: {message}" for message in _dataset(one, definition))


def _definitions(question: Element) -> list[Element]:
    return list(question.each("dataset_definitions", "dataset_definition"))


def _dataset(one: Dataset, definition: Element) -> Iterator[str]:
    if not re.fullmatch(_NAME, one.name):
        yield "its name is not a letter, then letters, digits, spaces, hyphens and underscores"
    if len(one.name) > _LONGEST_WILDCARD:
        yield f"its name is longer than {_LONGEST_WILDCARD} characters: Moodle cannot begin an attempt"
    if definition.text_at("status", "text").strip() not in ("shared", "private"):
        yield "it is neither shared nor private: the import ends with an error"
    written = [item.text_at("number").strip() for item in definition.each("dataset_items", "dataset_item")]
    if written != [str(number) for number in range(1, len(written) + 1)]:
        yield "its values are not numbered from 1 on"
    if one.count != str(len(written)):
        yield f"its itemcount is {one.count}, but it has {len(written)} values"
    for value in one.values.values():
        if decimal(value) is None:
            yield f"the value {value!r} is no plain number: Moodle cannot begin an attempt"


def _texts(question: Element, known: Sequence[Dataset]) -> Iterator[str]:
    """Wildcards that stand for nothing, and formulas."""
    names = {one.name for one in known}
    holders = [*question.each("questiontext"), *question.each("generalfeedback"), *question.each("answer", "feedback")]
    for text in (holder.text_at("text") for holder in holders):
        if found := _FORMULA.search(text):
            yield f"{found[0][:40]!r} looks like a formula: Moodle calculates it, or the import ends with an error"
        for name in dict.fromkeys(_WILDCARD.findall(text)):
            if name not in names:
                yield f"'{{{name}}}' looks like a wildcard, but has no dataset"


def _answers(question: Element, known: Sequence[Dataset]) -> Iterator[str]:
    """The same checks as for a number, in which several intervals may earn the same."""
    names = {f"{{{one.name}}}" for one in known}
    answers = answer_rules.fixed(question)
    yield from answer_rules.shares(list(dict.fromkeys(answer.attributes.get("fraction", "") for answer in answers)))
    for answer in answers:
        formula, width = answer.text_at("text").strip(), answer.text_at("tolerance").strip()
        if formula not in names:
            yield f"the answer {formula!r} is not the wildcard of a dataset"
        if width:
            yield from answer_rules.tolerance(width)
        if len(width) > _LONGEST_TOLERANCE:
            yield f"the tolerance {width} is longer than {_LONGEST_TOLERANCE} characters: the import ends with an error"
        kind = answer.text_at("tolerancetype").strip()
        if kind not in ("", "2", "nominal"):
            yield f"the tolerance type {kind!r} is not 2: Moodle takes the tolerance as relative, or not at all"
        shown = answer.text_at("correctanswerformat").strip()
        if shown not in ("", "1"):
            yield f"correctanswerformat is {shown!r}, not 1: the key is shown with significant figures"
        if not re.fullmatch("[0-9]?", answer.text_at("correctanswerlength").strip()):
            yield "correctanswerlength is not a number of decimal places"
    yield from answer_rules.any_other(question)
