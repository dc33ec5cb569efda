"""The key of a QTI item, found by running its response processing on responses.

What an item calls correct must earn the whole mark, an empty response nothing, and no response more.  Of numbers all
that could earn something else are tried: those that the processing compares with, those between them, and beyond.
Of choices all sets of options are tried; of more than eight, those that differ from the right ones, or from none, in
up to two options.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise

from lxml import etree

from . import Unreadable
from .contents import number_of
from .delivered import (
    BandDelivered,
    ChoiceDelivered,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    is_truths,
)
from .markup import fragment
from .qti_document import html_before, html_of, interactions, tag_of
from .qti_processing import SCORE, Declaration, Grader, Single, Value, exact

_MOST_OPTIONS = 8  # of multiple answers, of which all sets are tried: 256
_SLACK = Fraction(1, 10**6)  # of the mark: shares such as thirds are rounded
_MOST_NAMED = 5  # sets of options, in a message
_PLACES = 9  # of the share of a band
_TRUTHS = ("true", "false")

Given = Mapping[str, Value]
Earned = Callable[[Value], Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a student answered (by the names of the responses), what that earned, and the outcomes."""

    given: Given
    earned: Fraction
    outcomes: Mapping[str, Value]

    def chosen(self, response: str) -> frozenset[Single]:
        """Every single value that was given to a response."""
        value = self.given.get(response)
        return frozenset(one for one in (value if isinstance(value, tuple) else (value,)) if one is not None)


class Trials:
    """An item, answered again and again; `made` keeps every trial.

    Raises:
        Unreadable: the item has no mark, or a response earns less than nothing or more than the mark.
    """

    def __init__(self, item: etree._Element) -> None:
        if item.find("qti-template-declaration") is not None or item.get("adaptive") == "true":
            raise Unreadable(
                "the item changes while it is answered (a template or adaptive item): no key can be proved"
            )
        self.grader = Grader(item)
        score = item.find(f"qti-outcome-declaration[@identifier='{SCORE}']")
        if score is None:
            raise Unreadable(f"the item declares no {SCORE}")
        self.points = exact(score.get("normal-maximum", ""), f"the normal maximum of {SCORE}")
        if self.points <= 0:
            raise Unreadable(f"the normal maximum of {SCORE} is not greater than 0")
        self.made: list[Trial] = []

    @property
    def correct(self) -> dict[str, Value]:
        """What the item calls correct."""
        return {name: response.value for name, response in self.grader.responses.items()}

    def earned(self, given: Given) -> Fraction:
        """What a student earns who gives these responses and no others."""
        outcomes = self.grader.run(given)
        score = outcomes[SCORE]
        if not isinstance(score, Fraction):
            raise Unreadable(f"{_said(given)} leaves {SCORE} without a number")
        if not 0 <= score <= self.points:
            raise Unreadable(f"{_said(given)} earns {_plain(score)} of {_plain(self.points)}")
        self.made.append(Trial(given=given, earned=score, outcomes=outcomes))
        return score


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One interaction with its response: `earned` says what a value of it earns, `full` what the correct one does."""

    interaction: etree._Element
    response: Declaration
    thresholds: Callable[[str], list[Fraction]]
    earned: Earned
    full: Fraction


def places(body: etree._Element) -> list[etree._Element]:
    """The elements of an item's body in which students answer: parts, drop-downs with their prompts, an interaction.

    The stem is what stands before them.
    """
    parts = [one for one in body.iter("div") if "part" in one.get("class", "").split()]
    found = interactions(body)
    if not found:
        raise Unreadable("the item has no interaction")
    if parts or len(found) == 1:
        return parts or found
    if {one.tag for one in found} != {"qti-inline-choice-interaction"}:
        raise Unreadable(f'{len(found)} interactions do not each stand in a part (<div class="part">)')
    return [_alone(one, body) for one in found]


def key_of(body: etree._Element, trials: Trials, hidden: Sequence[etree._Element]) -> KeyDelivered:
    """The key of an item; options have no feedback yet.  `hidden` elements of its body are no text.

    Raises:
        Unreadable: the processing contradicts what the item calls correct, or itself, or is not understood.
    """
    if trials.earned({}) != 0:
        raise Unreadable("an empty response earns points")
    claimed = trials.earned(trials.correct)
    if claimed != trials.points:
        raise Unreadable(
            f"what the item calls correct ({_said(trials.correct)}) earns {_plain(claimed)} of {_plain(trials.points)}"
        )
    where = places(body)
    match tag_of(where[0]):
        case "qti-match-interaction":
            return _matching(where[0], trials)
        case tag if tag.endswith("-interaction"):
            return _key(_question(where[0], trials, {}))
        case "div" if "part" in where[0].get("class", "").split():
            return _parts(body, where, trials, hidden)
        case _:
            return _drop_downs(where, trials, hidden)


def _alone(interaction: etree._Element, body: etree._Element) -> etree._Element:
    """The outermost element that holds this interaction and no other."""
    found = interaction
    for around in interaction.iterancestors():
        if around is body or len(interactions(around)) > 1:
            break
        found = around
    return found


def _question(interaction: etree._Element, trials: Trials, others: Given) -> _Question:
    """An interaction, while the others are answered so."""
    name = interaction.get("response-identifier", "")
    response = trials.grader.responses.get(name)
    if response is None:
        raise Unreadable(f"<{tag_of(interaction)}> is bound to {name!r}, which is no declared response")
    if response.value is None:
        raise Unreadable(f"the response {name!r} has no correct response")
    without = trials.earned(others)

    def earned(value: Value) -> Fraction:
        return trials.earned({**others, name: value}) - without

    return _Question(
        interaction=interaction,
        response=response,
        thresholds=trials.grader.thresholds,
        earned=earned,
        full=earned(response.value),
    )


def _key(question: _Question) -> NumericDelivered | ChoiceDelivered | MultipleDelivered | TrueFalseDelivered:
    match tag_of(question.interaction), question.response:
        case "qti-text-entry-interaction", Declaration(multiple=False, base_type="float"):
            return _number(question)
        case "qti-choice-interaction" | "qti-inline-choice-interaction", Declaration(
            multiple=False, base_type="identifier"
        ):
            return _choice(question)
        case "qti-choice-interaction", Declaration(multiple=True, base_type="identifier"):
            return _multiple(question)
        case tag, response:
            raise Unreadable(f"<{tag}> with a response of the type {response.base_type} is not one that can be proved")


def _number(question: _Question) -> NumericDelivered:
    bounds = question.thresholds(question.response.identifier)
    value = question.response.value
    assert isinstance(value, Fraction)
    if not bounds:
        raise Unreadable("the number is compared with nothing")
    line = [bounds[0] - 1, bounds[0]]
    for one, other in pairwise(bounds):
        line += [(one + other) / 2, other]
    line.append(bounds[-1] + 1)
    marks = [question.earned(number) for number in line]
    if marks[0] or marks[-1]:
        raise Unreadable("numbers however far from the key earn points")
    levels = sorted({mark for mark in marks if mark}, reverse=True)
    if levels[:1] != [question.full]:
        raise Unreadable(f"no number earns exactly {_plain(question.full)}")
    (low, high), *wider = (_interval(line, marks, level) for level in levels)
    return NumericDelivered(
        value=float(value),
        low=float(low),
        high=float(high),
        bands=tuple(
            BandDelivered(low=float(low), high=float(high), share=float(round(level / question.full, _PLACES)))
            for level, (low, high) in zip(levels[1:], wider, strict=True)
        ),
    )


def _interval(line: Sequence[Fraction], marks: Sequence[Fraction], level: Fraction) -> tuple[Fraction, Fraction]:
    """The bounds of the numbers that earn so much at least; bounds stand at the odd places of the line."""
    reached = [place for place, mark in enumerate(marks) if mark >= level]
    first, last = reached[0], reached[-1]
    if len(reached) != last - first + 1:
        raise Unreadable(f"the numbers that earn at least {_plain(level)} are not one interval")
    for inside, bound in ((first, first - 1), (last, last + 1)):
        if inside % 2 == 0:
            raise Unreadable(f"the bound {_plain(line[bound])} does not earn {_plain(level)}, but what lies by it does")
    return line[first], line[last]


def options_of(interaction: etree._Element) -> list[etree._Element]:
    """The options of a choice, in their order."""
    return list(interaction.iter("qti-simple-choice", "qti-inline-choice"))


def _named(elements: Sequence[etree._Element]) -> list[str]:
    """The identifiers of options; raises Unreadable where they are not unique."""
    names = [one.get("identifier", "") for one in elements]
    if len(set(names)) != len(names) or not all(names):
        raise Unreadable("the identifiers of the options are not unique")
    return names


def _choice(question: _Question) -> ChoiceDelivered | TrueFalseDelivered:
    options = options_of(question.interaction)
    names = _named(options)
    marks = [question.earned(name) for name in names]
    right = [place for place, mark in enumerate(marks) if mark == question.full]
    if len(right) != 1 or len([mark for mark in marks if mark]) != 1:
        earning = [name for name, mark in zip(names, marks, strict=True) if mark]
        raise Unreadable(f"not exactly one option earns points, and the whole mark: {', '.join(earning) or 'none'}")
    if names[right[0]] != question.response.value:
        raise Unreadable(f"the correct response {question.response.value!r} is none of the options")
    texts = tuple(html_of(option) for option in options)
    if set(names) != set(_TRUTHS):
        return ChoiceDelivered(options=texts, correct=(right[0],))
    if tuple(names) != _TRUTHS or not is_truths(texts):
        raise Unreadable("the options true and false do not say so, in this order")
    return TrueFalseDelivered(truth=right[0] == 0)


def _multiple(question: _Question) -> MultipleDelivered:
    options = options_of(question.interaction)
    names = _named(options)
    value = question.response.value
    assert isinstance(value, tuple)
    full = [chosen for chosen in _sets(names, value) if question.earned(chosen) == question.full]
    if full != [tuple(name for name in names if name in value)]:
        earning = "; ".join(" and ".join(chosen) for chosen in full[:_MOST_NAMED])
        raise Unreadable(f"not exactly the options called correct earn the whole mark, but {earning or 'none'}")
    for name in set(names) - set(full[0]):
        if question.earned((name,)):
            raise Unreadable(f"the option {name!r} is wrong, but earns points alone")
    most = question.interaction.get("max-choices", "1")
    if most != "0" and int(number_of(most, "the number of choices")) < len(full[0]):
        raise Unreadable(f"{len(full[0])} options are right, but only {most} can be chosen")
    return MultipleDelivered(options=tuple(html_of(option) for option in options), correct=_places(full[0], names))


def _sets(names: Sequence[str], right: Collection[Single]) -> list[tuple[str, ...]]:
    """Sets of options, each in the order of the options: all, or where they are many, those near the right ones and
    near none."""
    sizes = range(len(names) + 1)
    if len(names) > _MOST_OPTIONS:
        sizes = range(3)
    changes = [frozenset(changed) for size in sizes for changed in combinations(names, size)]
    sets = (
        tuple(name for name in names if (name in near) != (name in changed))
        for near in ((), right)
        for changed in changes
    )
    return list(dict.fromkeys(sets))


def _places(chosen: Sequence[str], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in chosen)


def _matching(interaction: etree._Element, trials: Trials) -> MatchingDelivered:
    name = interaction.get("response-identifier", "")
    response = trials.grader.responses.get(name)
    sets = [list(one.iterfind("qti-simple-associable-choice")) for one in interaction.iterfind("qti-simple-match-set")]
    if len(sets) != 2 or response is None or (response.multiple, response.base_type) != (True, "directedPair"):
        raise Unreadable("<qti-match-interaction> does not match two sets by directed pairs")
    prompts, answers = sets
    if any(prompt.get("match-max", "1") != "1" for prompt in prompts):
        raise Unreadable("a prompt can be matched with several answers")
    _named([*prompts, *answers])
    value = response.value if isinstance(response.value, tuple) else ()
    pairs = [tuple(str(pair).split()) for pair in value]
    for number, answer in enumerate(answers, start=1):
        most, used = answer.get("match-max", "1"), [pair[-1] for pair in pairs].count(answer.get("identifier", ""))
        if most != "0" and int(number_of(most, "how often an answer can be matched")) < used:
            raise Unreadable(f"answer {number} cannot be matched with each prompt that it belongs to")
    most = interaction.get("max-associations", "1")
    if most != "0" and int(number_of(most, "the number of associations")) < len(prompts):
        raise Unreadable("not every prompt can be matched")
    return _matched(
        _named(prompts),
        _named(answers),
        dict(pair for pair in pairs if len(pair) == 2),
        lambda given: trials.earned({name: tuple(f"{prompt} {answer}" for prompt, answer in given.items())}),
        prompts=tuple(html_of(prompt) for prompt in prompts),
        answers=tuple(fragment(html_of(answer)).text for answer in answers),
    )


def _drop_downs(where: Sequence[etree._Element], trials: Trials, hidden: Sequence[etree._Element]) -> MatchingDelivered:
    lists = [one for place in where for one in interactions(place)]
    names = [one.get("response-identifier", "") for one in lists]
    offered = [
        [(option.get("identifier", ""), fragment(html_of(option)).text) for option in options_of(one)] for one in lists
    ]
    if any(one != offered[0] for one in offered):
        raise Unreadable("the drop-downs do not all offer the same answers")
    correct = {name: value for name, value in trials.correct.items() if isinstance(value, str)}
    return _matched(
        names,
        [identifier for identifier, _ in offered[0]],
        correct,
        trials.earned,
        prompts=tuple(html_before(place, one, hidden) for place, one in zip(where, lists, strict=True)),
        answers=tuple(text for _, text in offered[0]),
    )


def _matched(
    names: Sequence[str],
    offered: Sequence[str],
    correct: Mapping[str, str],
    earned: Callable[[Mapping[str, str]], Fraction],
    *,
    prompts: tuple[str, ...],
    answers: tuple[str, ...],
) -> MatchingDelivered:
    """A matching key, of the identifiers of prompts and answers: any other answer earns nothing, and costs."""
    if correct.keys() != set(names) or not set(correct.values()) <= set(offered):
        raise Unreadable("the correct response does not give each prompt one of the answers")
    full = earned(correct)
    for name, answer in ((name, answer) for name in names for answer in offered if answer != correct[name]):
        if earned({name: answer}) or earned({**correct, name: answer}) >= full:
            raise Unreadable(f"{name!r} with {answer!r} earns points, which is not what the item calls correct")
    for name in names:
        if earned({other: answer for other, answer in correct.items() if other != name}) >= full:
            raise Unreadable(f"the whole mark is earned without an answer to {name!r}")
    return MatchingDelivered(
        prompts=prompts, answers=answers, pairs=_places([correct[name] for name in names], offered)
    )


def _parts(
    body: etree._Element, parts: Sequence[etree._Element], trials: Trials, hidden: Sequence[etree._Element]
) -> PartsDelivered:
    found = [interactions(part) for part in parts]
    if [len(inside) for inside in found] != [1] * len(parts) or len(interactions(body)) != len(parts):
        raise Unreadable("the item does not have one interaction in each of its parts")
    names = [inside[0].get("response-identifier", "") for inside in found]
    correct = trials.correct
    if set(names) != correct.keys() or len(set(names)) != len(names):
        raise Unreadable("the parts do not have a response each")
    shares = [trials.earned({name: correct[name]}) for name in names]
    if abs(sum(shares, Fraction(0)) - trials.points) > _SLACK * trials.points:
        raise Unreadable(f"the parts earn {_plain(sum(shares, Fraction(0)))} together, not {_plain(trials.points)}")
    read = []
    for number, (part, (interaction,), name, share) in enumerate(
        zip(parts, found, names, shares, strict=True), start=1
    ):
        others = {other: value for other, value in correct.items() if other != name}
        questions = [_question(interaction, trials, given) for given in ({}, others)]
        alone, beside = (_key(question) for question in questions)
        if alone != beside or abs(questions[1].full - share) > _SLACK * trials.points:
            raise Unreadable(f"what part {number} earns depends on the answers to others")
        if isinstance(alone, MultipleDelivered):
            raise Unreadable("a part asks for multiple answers")
        stem = html_before(part, interaction, hidden) + prompt_of(interaction)
        read.append(PartDelivered(stem=stem, key=alone, share=float(share / trials.points)))
    return PartsDelivered(parts=tuple(read))


def prompt_of(interaction: etree._Element) -> str:
    """What an interaction asks itself, as HTML; empty where it does not."""
    prompt = interaction.find("qti-prompt")
    return "" if prompt is None else html_of(prompt)


def _said(given: Given) -> str:
    """A response, in words."""
    values = [value for value in given.values() if value is not None]
    return "; ".join(_words(value) for value in values) or "an empty response"


def _words(value: Single | tuple[Single, ...]) -> str:
    if isinstance(value, tuple):
        return " and ".join(_words(one) for one in value)
    return _plain(value) if isinstance(value, Fraction) else str(value)


def _plain(number: Fraction) -> str:
    return f"{Decimal(number.numerator) / Decimal(number.denominator):.12g}"
