"""Moodle's calculated questions, variant by variant: their wildcards replaced by what a dataset holds for one of them.

Calculated questions of one category that are synchronised show a student the same variant: they are one item.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from . import Unreadable
from .contents import number_of, within
from .delivered import BandDelivered, NumericDelivered
from .markup import Element

ANY = "*"  # as an answer it fits every response

_ABSOLUTE = ("2", "nominal")
_DEFINITIONS = ("dataset_definitions", "dataset_definition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The values of a wildcard as written, by the number of the variant; `shared` by the questions of a category.

    `options` are what Moodle would draw other values from, `count` how many of these it draws from.
    """

    name: str
    shared: bool
    options: str
    count: str
    values: Mapping[str, str]


def datasets(question: Element) -> list[Dataset]:
    """The datasets of a calculated question, as they are written."""
    return [
        Dataset(
            name=one.text_at("name", "text").strip(),
            shared=one.text_at("status", "text").strip() == "shared",
            options=":".join(
                one.text_at(what, "text").strip() for what in ("distribution", "minimum", "maximum", "decimals")
            ),
            count=one.text_at("itemcount").strip(),
            values={
                item.text_at("number").strip(): item.text_at("value").strip()
                for item in one.each("dataset_items", "dataset_item")
            },
        )
        for one in question.each(*_DEFINITIONS)
    ]


def replaced(text: str, values: Mapping[str, str]) -> str:
    """A text with the values in place of the wildcards, as Moodle puts them there."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def of_each_variant(question: Element, texts: Sequence[str]) -> list[str]:
    """Texts as they are in every variant of a question, each of them once; the same texts if it has no datasets."""
    if not any("{" in text for text in texts):
        return list(texts)
    known = datasets(question)
    numbers = known[0].values if known else [""]
    settings = [{one.name: one.values.get(number, "") for one in known} for number in numbers]
    return list(dict.fromkeys(replaced(text, values) for text in texts for values in settings))


def variants(questions: Sequence[Element]) -> Iterator[tuple[Element, ...]]:
    """The questions of one category in each of their variants: as if they had been written for it alone.

    Raises:
        Unreadable: a student would not get the same variant in each of them, or a value is missing.
    """
    known = [datasets(question) for question in questions]
    numbers = _numbers([one for each in known for one in each])
    if len(questions) > 1:
        _refuse_apart(questions, known)
    for number in numbers:
        values = [{one.name: one.values[number] for one in each} for each in known]
        yield tuple(_of_variant(question, own) for question, own in zip(questions, values, strict=True))


def numeric(answers: Sequence[Element]) -> NumericDelivered:
    """The key of a calculated question in one variant, from intervals that together earn each share of the mark.

    Raises:
        Unreadable: the answers are no number with tolerances, one inside the other.
    """
    if any(answer.text_at("tolerancetype").strip() not in _ABSOLUTE for answer in answers):
        raise Unreadable("a number that can be proved has absolute tolerances")
    spans: dict[Decimal, list[tuple[Decimal, Decimal]]] = {}
    for answer in answers:
        share = number_of(answer.attributes.get("fraction", ""), "the fraction of an answer")
        centre = number_of(answer.text_at("text"), "the answer")
        tolerance = number_of(answer.text_at("tolerance"), "the tolerance")
        spans.setdefault(share, []).append((centre - tolerance, centre + tolerance))
    if next(iter(spans), None) != 100 or any(one <= other for one, other in pairwise(spans)) or min(spans) <= 0:
        raise Unreadable("a number that can be proved has an answer that earns 100 percent, and others that earn less")
    (low, high), *further = _widening(list(spans.values()))
    return NumericDelivered(
        value=float(number_of(answers[0].text_at("text"), "the answer")),
        low=float(low),
        high=float(high),
        bands=tuple(
            BandDelivered(low=float(low), high=float(high), share=float(share / 100))
            for share, (low, high) in zip(list(spans)[1:], further, strict=True)
        ),
    )


def _numbers(known: Sequence[Dataset]) -> list[str]:
    """The numbers of the variants, which all datasets have."""
    if not known:
        raise Unreadable("a calculated question has no dataset")
    count = len(known[0].values)
    numbers = [str(number) for number in range(1, count + 1)]
    for one in known:
        with within(f"the wildcard {{{one.name}}}"):
            if list(one.values) != numbers or one.count != str(count):
                raise Unreadable(f"it does not have the values 1 to {count}, one for each variant")
            for value in one.values.values():
                number_of(value, "a value")
    return numbers


def _refuse_apart(questions: Sequence[Element], known: Sequence[Sequence[Dataset]]) -> None:
    """Refuse questions in which a student gets different variants."""
    seen: dict[str, Dataset] = {}
    for question, own in zip(questions, known, strict=True):
        if question.text_at("synchronize").strip() in ("", "0") or not all(one.shared for one in own):
            raise Unreadable("the calculated questions of the category are not synchronised, or share no datasets")
        for one in own:
            if seen.setdefault(one.name, one) != one:
                raise Unreadable(f"the wildcard {{{one.name}}} has other values in another question of the category")


def _of_variant(question: Element, values: Mapping[str, str]) -> Element:
    """A copy of an element with the values in its texts; files and datasets are left as they are."""
    if question.tag in ("file", "dataset_definitions"):
        return question
    return Element(
        question.tag,
        question.attributes,
        [_of_variant(child, values) for child in question.children],
        replaced(question.text, values) if question.tag == "text" else question.text,
        question.bare,
    )


def _widening(levels: Sequence[Sequence[tuple[Decimal, Decimal]]]) -> list[tuple[Decimal, Decimal]]:
    """What the intervals of each level cover together with those before it: one interval, wider than the last."""
    covered: list[tuple[Decimal, Decimal]] = []
    for spans in levels:
        merged = sorted([*covered[-1:], *spans])
        low, high = merged[0]
        for begin, end in merged[1:]:
            if begin > high:
                raise Unreadable("between two answers that earn the same lies a gap")
            high = max(high, end)
        if covered and not (low < covered[-1][0] and high > covered[-1][1]):
            raise Unreadable("a number that can be proved has one value, with one tolerance inside the other")
        covered.append((low, high))
    return covered
