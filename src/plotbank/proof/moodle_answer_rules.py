"""What Moodle makes of the answers to a question: what each earns, and numbers with their tolerances."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from .contents import decimal
from .markup import Element
from .moodle_calculated import ANY

_MOST_DIGITS = 14

# question_bank::fraction_options_full() in percent; it has the negative ones too
_FRACTIONS = (
    *(100, 90, 83.33333, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20),
    *(16.66667, 14.28571, 12.5, 11.11111, 10, 5, 0),
)
_FRACTION_SLACK = 0.001  # percent: Moodle matches fractions within 0.00001


def is_listed(fraction: Decimal) -> bool:
    """Whether Moodle knows this share of the mark, in percent."""
    return any(abs(abs(float(fraction)) - listed) <= _FRACTION_SLACK for listed in _FRACTIONS)


def number(what: str, text: str) -> Iterator[str]:
    """A number that Moodle would misread."""
    if decimal(text) is None:
        yield f"the {what} {text!r} is no plain number with an ASCII minus and a decimal point: Moodle misreads it"
    elif len(text.lstrip("-0.").replace(".", "")) > _MOST_DIGITS:
        yield f"the {what} {text} has more than {_MOST_DIGITS} significant digits: Moodle rounds it"


def tolerance(text: str) -> Iterator[str]:
    """A tolerance that Moodle would misread."""
    if not text:
        yield "the tolerance is missing: Moodle takes 0"
    else:
        yield from number("tolerance", text)
        if (width := decimal(text)) is not None and width <= 0:
            yield f"the tolerance {text} is not greater than 0"


def shares(fractions: Sequence[str]) -> Iterator[str]:
    """What the answers to a number earn, in percent; the first that matches wins."""
    earned = [decimal(fraction) for fraction in fractions]
    if not earned or earned[0] != 100:
        yield "the first answer of a number does not earn 100 percent: of several, the first that matches wins"
    known = [share for share in earned if share is not None]
    if len(known) != len(earned) or not all(map(is_listed, known)):
        yield "an answer earns what is not on Moodle's list: the question is not imported"
    elif any(one <= other for one, other in pairwise(known)) or min(known, default=Decimal(1)) <= 0:
        yield "the answers of a number do not earn less and less, and more than nothing"


def numbers(answers: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Answers to a number, each with what it earns and its tolerance."""
    yield from shares([fraction for fraction, _, _ in answers])
    if len({decimal(value) for _, value, _ in answers}) > 1:
        yield "the answers of a number differ: only their tolerances should"
    for _, value, width_text in answers:
        yield from number("answer", value)
        yield from tolerance(width_text)
    widths = [width for _, _, width_text in answers if (width := decimal(width_text)) is not None]
    if all(width > 0 for width in widths) and any(one >= other for one, other in pairwise(widths)):
        yield "a tolerance is not wider than that of the answer before it, which wins"


def fixed(question: Element) -> list[Element]:
    """The answers to a number, without those that fit every response."""
    return [answer for answer in question.each("answer") if answer.text_at("text").strip() != ANY]


def any_other(question: Element) -> Iterator[str]:
    """An answer that fits every response where it should not; and who is wrong, but told something else."""
    answers = list(question.each("answer"))
    others = [answer for answer in answers if answer.text_at("text").strip() == ANY]
    if not others:
        told = ""
    elif others != answers[-1:] or decimal(others[0].attributes.get("fraction", "")) != 0:
        yield f"the answer {ANY} fits every response, but is not the last one or earns something"
        return
    else:
        told = others[0].text_at("feedback", "text")
    if any(answer.text_at("feedback", "text") != told for answer in fixed(question) if not _earns_all(answer)):
        yield "who earns part of the mark is told something else than who earns nothing"


def _earns_all(answer: Element) -> bool:
    return decimal(answer.attributes.get("fraction", "")) == 100
