"""How QTI scores a response: what is declared, how the score is found, and what is said afterwards.

An empty response is null, and so is whatever compares it; a condition that is null counts as false, so every score ends
in an `else`.  A mapping makes 0 of an empty response.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import assert_never

from lxml import etree

from ..items import ChoiceKey, Item, MatchingKey, MultipleKey, NumericKey, PartsKey, SimpleKey, TrueFalseKey
from .decimals import DIGITS, bounds, key_text, plain
from .qti_dialects import Dialect

_MAP_STEP = Decimal(1).scaleb(2 - DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One of an item's questions with the points it is worth; `suffix` tells its variables from those of the others."""

    key: SimpleKey
    points: float
    suffix: str = ""

    @property
    def response(self) -> str:
        """The variable that holds the response."""
        return f"RESPONSE{self.suffix}"

    @property
    def score(self) -> str:
        """The variable that holds the points earned."""
        return f"SCORE{self.suffix}"

    @property
    def chosen(self) -> str:
        """The variable that feedback to single answers hangs on."""
        return f"FEEDBACK_CHOICE{self.suffix}"

    @property
    def several(self) -> bool:
        """Whether a response has several values."""
        return isinstance(self.key, MultipleKey | MatchingKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What is said (HTML) when an outcome has, or contains, an identifier."""

    outcome: str
    identifier: str
    text: str


def asked(item: Item) -> tuple[Asked, ...]:
    """The questions of an item: one, or those about its parts."""
    match item.key:
        case PartsKey(parts=parts):
            numbered = enumerate(parts, start=1)
            return tuple(Asked(key=one.key, points=item.points * one.share, suffix=f"_{n}") for n, one in numbered)
        case _:
            return (Asked(key=item.key, points=item.points),)


def choice(position: int) -> str:
    """The identifier of an option."""
    return f"choice_{position + 1}"


def truth(value: bool) -> str:
    """The identifier of what stands for true, or for false."""
    return "true" if value else "false"


def prompt(position: int) -> str:
    """The identifier of what an answer is to be found for."""
    return f"prompt_{position + 1}"


def answer(position: int) -> str:
    """The identifier of what may belong to a prompt."""
    return f"answer_{position + 1}"


def feedbacks(dialect: Dialect, item: Item) -> list[Feedback]:
    """Everything that is said after a response, where there is something to say, in the order of reading."""
    said = [*_verdict_feedbacks(dialect, item)]
    if not dialect.verdicts.alone:
        said += (one for question in asked(item) for one in _answer_feedbacks(question))
        said.append(Feedback(outcome="FEEDBACK_GENERAL", identifier="general", text=item.feedback))
    return [one for one in said if one.text.strip()]


def declarations(dialect: Dialect, item: Item) -> Iterator[etree._Element]:
    """The variables: responses with their keys, scores, and what feedback hangs on."""
    questions = asked(item)
    yield from (_response(dialect, question) for question in questions)
    yield _score(dialect, "SCORE", item.points)
    if isinstance(item.key, PartsKey):
        yield from (_score(dialect, question.score, question.points) for question in questions)
    # Several platforms, OpenOLAT among them, look here for what an item is worth.
    yield _outcome(dialect, "MAXSCORE", "float", plain(item.points))
    outcomes = dict.fromkeys(one.outcome for one in feedbacks(dialect, item))
    if dialect.verdicts.alone:
        outcomes = {"FEEDBACK": None}
    several = {question.chosen for question in questions if question.several}
    for outcome in outcomes:
        if outcome in several:  # with a value of its own: a player fails over a container that is null
            yield _outcome(dialect, outcome, "identifier", "none", cardinality="multiple")
        else:
            yield _outcome(dialect, outcome, "identifier")


def processing(dialect: Dialect, item: Item) -> etree._Element:
    """Finds the score, and sets what feedback hangs on."""
    questions = asked(item)
    rules = [_scored(dialect, question) for question in questions]
    if isinstance(item.key, PartsKey):
        rules.append(_total(dialect, item.points, questions))
    outcomes = {one.outcome for one in feedbacks(dialect, item)}
    if "FEEDBACK" in outcomes or dialect.verdicts.alone:
        rules.append(_verdict(dialect, questions))
    if "FEEDBACK_GENERAL" in outcomes:
        rules.append(_set(dialect, "FEEDBACK_GENERAL", _value(dialect, "identifier", "general")))
    rules += (_choose(dialect, question) for question in questions if question.chosen in outcomes)
    return dialect.element("responseProcessing", *rules)


def _verdict_feedbacks(dialect: Dialect, item: Item) -> Iterator[Feedback]:
    verdicts = dialect.verdicts
    general = item.feedback if verdicts.alone else ""
    for verdict in filter(None, (verdicts.correct, verdicts.incorrect, verdicts.partial, verdicts.unanswered)):
        own = item.if_correct if verdict == verdicts.correct else item.if_incorrect
        yield Feedback(outcome="FEEDBACK", identifier=verdict, text=general + own)


def _answer_feedbacks(question: Asked) -> Iterator[Feedback]:
    said: list[tuple[str, str]]
    match question.key:
        case ChoiceKey(options=options) | MultipleKey(options=options):
            said = [(choice(position), option.feedback) for position, option in enumerate(options)]
        case TrueFalseKey(if_true=if_true, if_false=if_false):
            said = [(truth(True), if_true), (truth(False), if_false)]
        case NumericKey() | MatchingKey():
            said = []
        case _:
            assert_never(question.key)
    yield from (Feedback(outcome=question.chosen, identifier=identifier, text=text) for identifier, text in said)


def _response(dialect: Dialect, question: Asked) -> etree._Element:
    mapped: dict[str, str] = {}
    match question.key:
        case NumericKey():
            kind, right = "float", [key_text(question.key)]
        case ChoiceKey(correct=correct):
            kind, right = "identifier", [choice(correct)]
        case TrueFalseKey(truth=value):
            kind, right = "identifier", [truth(value)]
        case MultipleKey():
            kind, right = "identifier", [choice(position) for position in sorted(question.key.correct)]
            mapped = _ticks(question.key, question.points)
        case MatchingKey(pairs=pairs):
            kind, right = "directedPair", [f"{prompt(place)} {answer(one)}" for place, one in enumerate(pairs)]
            mapped = dict.fromkeys(right, _part_of(question.points, len(pairs)))
        case _:
            assert_never(question.key)
    values = (dialect.element("value", value) for value in right)
    declaration = dialect.element(
        "responseDeclaration",
        dialect.element("correctResponse", *values),
        identifier=question.response,
        cardinality="multiple" if question.several else "single",
        baseType=kind,
    )
    if mapped:
        entries = (dialect.element("mapEntry", mapKey=key, mappedValue=value) for key, value in mapped.items())
        declaration.append(dialect.element("mapping", *entries, lowerBound="0", defaultValue="0"))
    return declaration


def _ticks(key: MultipleKey, points: float) -> dict[str, str]:
    """Right options share the points; the wrong ones cost them, so that who ticks everything earns nothing."""
    right, wrong = len(key.correct), len(key.options) - len(key.correct)
    return {
        choice(position): _part_of(points, right if position in key.correct else -wrong)
        for position in range(len(key.options))
    }


def _part_of(points: float, count: int) -> str:
    """Points divided by a count, rounded down: what should add up to nothing, or to all, is never above it."""
    share = (Decimal(plain(points)) / count).quantize(_MAP_STEP, ROUND_FLOOR)
    return format(share.normalize(), "f")


def _score(dialect: Dialect, identifier: str, points: float) -> etree._Element:
    return _outcome(dialect, identifier, "float", "0", normalMaximum=plain(points), normalMinimum="0")


def _outcome(
    dialect: Dialect, identifier: str, kind: str, default: str | None = None, **attributes: str
) -> etree._Element:
    defaults = () if default is None else (dialect.element("defaultValue", dialect.element("value", default)),)
    named = {"identifier": identifier, "cardinality": "single", "baseType": kind} | attributes
    return dialect.element("outcomeDeclaration", *defaults, **named)


def _scored(dialect: Dialect, question: Asked) -> etree._Element:
    """The points of one question: all of them first, so that they are never a sum of rounded shares."""
    key, points = question.key, question.points
    earned = [(_right(dialect, question), plain(points))]
    if isinstance(key, NumericKey):
        for band in key.bands:
            within = _between(dialect, question, replace(key, tolerance=band.tolerance, bands=()))
            earned.append((within, plain(points * band.share)))
    otherwise = (
        dialect.element("mapResponse", identifier=question.response)
        if question.several
        else _value(dialect, "float", "0")
    )
    return _condition(
        dialect,
        [(held, _set(dialect, question.score, _value(dialect, "float", score))) for held, score in earned],
        _set(dialect, question.score, otherwise),
    )


def _total(dialect: Dialect, points: float, questions: Sequence[Asked]) -> etree._Element:
    """The points of an item of several parts."""
    scores = (_variable(dialect, question.score) for question in questions)
    return _condition(
        dialect,
        [(_all_right(dialect, questions), _set(dialect, "SCORE", _value(dialect, "float", plain(points))))],
        _set(dialect, "SCORE", dialect.element("sum", *scores)),
    )


def _verdict(dialect: Dialect, questions: Sequence[Asked]) -> etree._Element:
    verdicts = dialect.verdicts
    cases = [(_all_right(dialect, questions), verdicts.correct)]
    if verdicts.unanswered:
        empty = [dialect.element("isNull", _variable(dialect, question.response)) for question in questions]
        cases.insert(0, (_both(dialect, empty), verdicts.unanswered))
    if verdicts.partial:
        some = dialect.element("gt", _variable(dialect, "SCORE"), _value(dialect, "float", "0"))
        cases.append((some, verdicts.partial))
    return _condition(
        dialect,
        [(held, _set(dialect, "FEEDBACK", _value(dialect, "identifier", verdict))) for held, verdict in cases],
        _set(dialect, "FEEDBACK", _value(dialect, "identifier", verdicts.incorrect)),
    )


def _choose(dialect: Dialect, question: Asked) -> etree._Element:
    """What was chosen, where anything was."""
    empty = dialect.element("isNull", _variable(dialect, question.response))
    given = _set(dialect, question.chosen, _variable(dialect, question.response))
    return _condition(dialect, [(dialect.element("not", empty), given)])


def _all_right(dialect: Dialect, questions: Sequence[Asked]) -> etree._Element:
    return _both(dialect, [_right(dialect, question) for question in questions])


def _both(dialect: Dialect, conditions: Sequence[etree._Element]) -> etree._Element:
    return conditions[0] if len(conditions) == 1 else dialect.element("and", *conditions)


def _right(dialect: Dialect, question: Asked) -> etree._Element:
    """Whether a response earns all the points."""
    if not isinstance(question.key, NumericKey):
        return dialect.element("match", *_response_and_key(dialect, question))
    between = _between(dialect, question, question.key)
    if not dialect.tolerances or question.key.bands:
        return between
    # `equal` names the tolerance; but OpenOLAT leaves its bounds out, whatever it says, and sums of binary fractions
    # miss them, so a range says it again.  A key with bands has several tolerances, and is told by ranges alone.
    tolerance = plain(question.key.tolerance)
    equal = dialect.element(
        "equal",
        *_response_and_key(dialect, question),
        toleranceMode="absolute",
        tolerance=f"{tolerance} {tolerance}",
        includeLowerBound="true",
        includeUpperBound="true",
    )
    return dialect.element("or", equal, between)


def _between(dialect: Dialect, question: Asked, key: NumericKey) -> etree._Element:
    low, high = (_value(dialect, "float", bound) for bound in bounds(key))
    response = question.response
    return dialect.element(
        "and",
        dialect.element("gte", _variable(dialect, response), low),
        dialect.element("lte", _variable(dialect, response), high),
    )


def _response_and_key(dialect: Dialect, question: Asked) -> tuple[etree._Element, etree._Element]:
    return _variable(dialect, question.response), dialect.element("correct", identifier=question.response)


def _condition(
    dialect: Dialect,
    cases: Sequence[tuple[etree._Element, etree._Element]],
    otherwise: etree._Element | None = None,
) -> etree._Element:
    """The rule of the first condition that holds, or else another one."""
    names = ("responseIf", *("responseElseIf",) * (len(cases) - 1))
    condition = dialect.element(
        "responseCondition",
        *(dialect.element(name, *case) for name, case in zip(names, cases, strict=True)),
    )
    if otherwise is not None:
        condition.append(dialect.element("responseElse", otherwise))
    return condition


def _set(dialect: Dialect, outcome: str, value: etree._Element) -> etree._Element:
    return dialect.element("setOutcomeValue", value, identifier=outcome)


def _variable(dialect: Dialect, identifier: str) -> etree._Element:
    return dialect.element("variable", identifier=identifier)


def _value(dialect: Dialect, kind: str, value: str) -> etree._Element:
    return dialect.element("baseValue", value, baseType=kind)
