"""Whether pictures prove a key: a template worked out again for the readings that were measured in them.

    picture ── measured ──► claim (what the template said) ◄── delivered key

`of_claim` compares a claim with what was measured, `of_delivered` a delivered key with the claim.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .item_templates import Template, View, boxes, grading
from .item_templates.grading import Answer, Choices, Entry, Matches, Number, Statement
from .proof.delivered import (
    ChoiceDelivered,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from .proof.markup import fragment

_DRAWN = 0.0005
"""How far a feature of the data drawn for one of several plots is from the value asked for, at most."""

_LARGEST_REACH = 0.001
"""How sure such a feature must be when it is measured: a tenth of the step between values that can be asked for."""

_ANSWERS: Mapping[str, type[Answer]] = {
    "number": Number,
    "choices": Choices,
    "statement": Statement,
    "matches": Matches,
}


def of_claim(
    template: Template,
    answer: Answer,
    drawn: Mapping[str, Any],
    measured: Sequence[Mapping[str, float]],
    seen: View,
    errors: Sequence[Mapping[str, float]] | None = None,
) -> Iterator[str]:
    """What contradicts an answer, in words; `measured` holds the readings of each of the item's pictures, and `errors`
    their standard errors, of which a reading may be off by `grading.SURE`.

    Without errors, readings are taken to be as uncertain as they may be at most.

    Raises:
        UnsuitableDraw: the template cannot be worked out for what was measured.
        QuizFileError: the template fails.
    """
    if template.plots:
        yield from _of_plots(template.plots, answer, measured, errors)
    elif template.boxes:
        assert isinstance(answer, Choices), "box plots are options"
        yield from boxes.prove(answer, measured[0], measured[1:], seen, errors[1:] if errors else ())
    else:
        yield from grading.prove(template, answer, measured[0], seen, drawn, errors[0] if errors else None)


def _of_plots(
    feature: str,
    answer: Answer,
    measured: Sequence[Mapping[str, float]],
    errors: Sequence[Mapping[str, float]] | None,
) -> Iterator[str]:
    """Whether each of several plots has its value of the feature in which they differ."""
    values = answer.shown if isinstance(answer, Matches) else _values(answer)
    for place, (value, readings) in enumerate(zip(values, measured, strict=True), start=1):
        found = readings[feature]
        reach = _LARGEST_REACH if errors is None else grading.SURE * errors[place - 1].get(feature, 0.0)
        if reach > _LARGEST_REACH:
            yield f"plot {place} cannot prove its {feature}: it shows {found:.4f} to within {reach:.2g}"
        elif not abs(found - value) <= _DRAWN + reach:
            yield f"plot {place} is said to have {feature} = {value:g}, but it shows {found:.4f}"


def of_delivered(key: KeyDelivered, answers: Sequence[Answer]) -> Iterator[str]:
    """What in a delivered key is not what the templates said, in words."""
    if isinstance(key, PartsDelivered):
        if len(key.parts) != len(answers):
            yield f"{len(key.parts)} parts are delivered, but {len(answers)} were made"
            return
        for place, (part, answer) in enumerate(zip(key.parts, answers, strict=True), start=1):
            for message in _of_one(part.key, answer):
                yield f"part {place}: {message}"
    elif len(answers) != 1:
        yield f"one question is delivered, but {len(answers)} were made"
    else:
        yield from _of_one(key, answers[0])


def _of_one(key: KeyDelivered, answer: Answer) -> Iterator[str]:
    match key, answer:
        case NumericDelivered(), Number():
            yield from _number(key, answer)
        case ((ChoiceDelivered() | MultipleDelivered()), Choices()):
            if sorted(key.correct) != sorted(answer.right):
                yield f"the options {_places(key.correct)} are keyed right, not {_places(answer.right)}"
            yield from _options(key.options, answer)
        case TrueFalseDelivered(), Statement():
            if key.truth != answer.truth:
                yield f"the statement is keyed {str(key.truth).lower()}, but it is {str(answer.truth).lower()}"
        case MatchingDelivered(), Matches():
            for place, (pair, value) in enumerate(zip(key.pairs, answer.shown, strict=False), start=1):
                if not stands_for(key.answers[pair], value):
                    yield f"plot {place} is matched with {key.answers[pair]}, but it has {value:g}"
            if len(key.pairs) != len(answer.shown):
                yield f"{len(key.pairs)} plots are matched, but {len(answer.shown)} were made"
        case _:
            yield "the question is of another type than the one that was made"


def _number(key: NumericDelivered, answer: Number) -> Iterator[str]:
    wanted = [(answer.value - answer.tolerance, answer.value + answer.tolerance, 1.0)]
    wanted += [(answer.value - width, answer.value + width, share) for width, share in answer.bands]
    found = [(key.low, key.high, 1.0), *((band.low, band.high, band.share) for band in key.bands)]
    if not math.isclose(key.value, answer.value, abs_tol=1e-9):
        yield f"the key is {key.value:g}, but {answer.value:g} is right"
    for (low, high, share), (low_wanted, high_wanted, share_wanted) in zip(found, wanted, strict=False):
        if max(abs(low - low_wanted), abs(high - high_wanted)) > 1e-9 or abs(share - share_wanted) > 0.001:
            yield f"{low:g} to {high:g} earns {share:.0%}, not {low_wanted:g} to {high_wanted:g} {share_wanted:.0%}"
    if len(found) != len(wanted):
        yield f"{len(found) - 1} bands of partial credit are delivered, but {len(wanted) - 1} were made"


def _options(options: Sequence[str], answer: Choices) -> Iterator[str]:
    if len(options) != len(answer.entries):
        yield f"{len(options)} options are delivered, but {len(answer.entries)} were made"
        return
    for option, entry in zip(options, answer.entries, strict=True):
        text = fragment(option).text
        if entry.value is not None and any(c.isdigit() for c in text) and not stands_for(text, entry.value):
            yield f"the option {text!r} is not {entry.value:g}"


def stands_for(text: str, value: float) -> bool:
    """Whether a number as some locale prints it is this value: a comma or a point may part decimals or groups."""
    written = "".join(c for c in text.replace("\N{MINUS SIGN}", "-") if c.isdigit() or c in "-.,")
    for mark, group in (",.", ".,"):
        whole, _, decimals = written.partition(mark)
        if re.fullmatch(rf"-?\d{{1,3}}(\{group}\d{{2,3}})*\{group}\d{{3}}", whole):
            whole = whole.replace(group, "")
        if math.isclose(_float(f"{whole}.{decimals}"), value, abs_tol=1e-9):
            return True
    return False


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _places(positions: Sequence[int]) -> str:
    return ", ".join(str(position + 1) for position in sorted(positions)) or "none"


def _values(answer: Answer) -> list[float]:
    assert isinstance(answer, Choices), "plots are options where they are not matched"
    return [entry.value for entry in answer.entries if entry.value is not None]


def answer_record(answer: Answer) -> dict[str, Any]:
    """An answer as JSON has it."""
    name = next(name for name, form in _ANSWERS.items() if isinstance(answer, form))
    return {"type": name, **asdict(answer)}


def answer_of(record: Mapping[str, Any]) -> Answer:
    """The answer that a record of `answer_record` is of.

    Raises:
        ValueError, KeyError, TypeError: it is of none.
    """
    fields = {name: value for name, value in record.items() if name != "type"}
    match record["type"]:
        case "number":
            bands = tuple((float(width), float(share)) for width, share in fields.pop("bands"))
            return Number(bands=bands, **fields)
        case "choices":
            entries = tuple(Entry(**entry) for entry in fields.pop("entries"))
            return Choices(
                entries=entries, right=tuple(int(place) for place in fields["right"]), decimals=fields["decimals"]
            )
        case "statement":
            return Statement(**fields)
        case "matches":
            return Matches(shown=tuple(fields["shown"]), values=tuple(fields["values"]), decimals=fields["decimals"])
        case other:
            raise ValueError(f"there is no answer of the type {other!r}")
