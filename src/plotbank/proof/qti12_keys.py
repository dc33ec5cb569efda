"""Keys found by running an item's response processing: what earns marks is right, whatever else the file says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import chain, combinations, pairwise

from . import Unreadable
from .contents import decimal
from .delivered import BandDelivered, ChoiceDelivered, MultipleDelivered, NumericDelivered
from .markup import Element
from .qti12_elements import labels
from .qti12_scoring import Answers, Outcome, outcome

_LARGEST_ITEM = 2_000  # elements: each answer is tried on all of them
_MOST_OPTIONS = 10  # of multiple answers, of which every set is tried
_SLACK = Decimal("0.0005")  # of the whole mark: that much may seven times 14.28 be off

SingleKey = NumericDelivered | ChoiceDelivered | MultipleDelivered
Marks = Callable[[frozenset[str]], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Answers that were tried, and what came of them."""

    answers: Answers
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """The key of one response, its full marks, a right answer, and one that earns nothing."""

    key: SingleKey
    marks: Decimal
    right: frozenset[str]
    wrong: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What was found out about an item: its responses in their order, its full marks, and everything that was tried."""

    responses: tuple[Keyed, ...]
    marks: Decimal
    attempts: tuple[Attempt, ...]

    @property
    def shares(self) -> tuple[Decimal, ...]:
        """What each response earns of the whole mark."""
        return tuple(one.marks / self.marks for one in self.responses)


def run_item(item: Element, responses: Mapping[str, Element]) -> Scored:
    """Find the keys of an item's responses (by ident), each while the others are blank; then try them together.

    Raises:
        Unreadable: the processing cannot be run; a blank answer earns marks, or nothing does; what is right is
            neither one interval nor certain options; or the responses do not earn marks independently of each other.
    """
    if sum(1 for _ in item.walk()) > _LARGEST_ITEM:
        raise Unreadable(f"the item has more than {_LARGEST_ITEM:,} elements: too many to try every answer")
    attempts: list[Attempt] = []

    def run(answers: Answers) -> Decimal:
        complete = {ident: answers.get(ident, frozenset()) for ident in responses}
        attempts.append(Attempt(answers=complete, outcome=outcome(item, complete)))
        return attempts[-1].outcome.score

    def alone(ident: str, answer: frozenset[str]) -> Decimal:
        return run({ident: answer})

    if blank := run({}):
        raise Unreadable(f"who answers nothing earns {blank}")
    keyed = {ident: _keyed(item, response, partial(alone, ident)) for ident, response in responses.items()}
    marks = sum((one.marks for one in keyed.values()), Decimal())
    right = {ident: one.right for ident, one in keyed.items()}
    if not near(together := run(right), marks):
        raise Unreadable(f"right answers earn {marks} one by one, but {together} together")
    for ident, one in keyed.items():
        for other in (one.wrong, frozenset()):
            if abs(run({**right, ident: other}) - (marks - one.marks)) > marks * _SLACK:
                raise Unreadable(f"what the response {ident!r} earns hangs on the answers to others")
    return Scored(responses=tuple(keyed.values()), marks=marks, attempts=tuple(attempts))


def near(score: Decimal, whole: Decimal) -> bool:
    """Whether a score is the whole mark, as far as decimals can say the parts that it consists of."""
    return abs(score - whole) <= whole * _SLACK


def _keyed(item: Element, response: Element, marks: Marks) -> Keyed:
    kind = response.tag, response.attributes.get("rcardinality", "Single")
    idents = [label.attributes.get("ident", "") for label in labels(response)]
    if len(set(idents)) != len(idents):
        raise Unreadable("two things that can be chosen have the same ident")
    match kind:
        case ("response_str" | "response_num", "Single"):
            return _number(item, response.attributes.get("ident", ""), marks)
        case ("response_lid", "Single"):
            return _choice(idents, marks)
        case ("response_lid", "Multiple"):
            return _multiple(idents, marks)
        case _:
            raise Unreadable(f"a <{kind[0]}> of the cardinality {kind[1]} is not one that can be proved")


def _choice(idents: list[str], marks: Marks) -> Keyed:
    earned = [marks(frozenset((ident,))) for ident in idents]
    full = _full(earned)
    for ident, mark in zip(idents, earned, strict=True):
        if mark not in (0, full):
            raise Unreadable(f"the option {ident!r} earns {mark}, which is neither nothing nor {full}")
    right = tuple(place for place, mark in enumerate(earned) if mark)
    wrong = [ident for ident, mark in zip(idents, earned, strict=True) if not mark]
    return Keyed(
        key=ChoiceDelivered(options=tuple(idents), correct=right),
        marks=full,
        right=frozenset((idents[right[0]],)),
        wrong=frozenset(wrong[:1]),
    )


def _multiple(idents: list[str], marks: Marks) -> Keyed:
    if len(idents) > _MOST_OPTIONS:
        raise Unreadable(f"the item has {len(idents)} options; sets of more than {_MOST_OPTIONS} cannot all be tried")
    sets = [frozenset(some) for count in range(len(idents) + 1) for some in combinations(idents, count)]
    earned = {some: marks(some) for some in sets}
    full = _full(list(earned.values()))
    paid = [some for some, mark in earned.items() if mark]
    if len(paid) != 1:
        raise Unreadable(f"{len(paid)} different sets of options earn marks instead of one")
    (right,) = paid
    return Keyed(
        key=MultipleDelivered(
            options=tuple(idents), correct=tuple(place for place, ident in enumerate(idents) if ident in right)
        ),
        marks=full,
        right=right,
        wrong=frozenset(idents) - right,
    )


def _number(item: Element, ident: str, marks: Marks) -> Keyed:
    value, places = _named_numbers(item, ident)
    between = [(low + high) / 2 for low, high in pairwise(places)]
    tried = [places[0] - 1, *chain.from_iterable(zip(places, between, strict=False)), places[-1], places[-1] + 1]
    earned = [_spelled(number, marks) for number in tried]
    if earned[0] or earned[-1]:
        raise Unreadable("a number far off earns marks")
    if marks(frozenset(("abc",))):
        raise Unreadable("an answer that is no number earns marks")
    full = _full(earned)
    levels = sorted({mark for mark in earned if mark > 0}, reverse=True)
    (low, high), *wider = (_interval(tried, earned, level, places) for level in levels)
    if not low <= value <= high:
        raise Unreadable(f"the key {value} does not lie between the bounds {low} and {high}")
    bands = (
        BandDelivered(low=float(lowest), high=float(highest), share=float(level / full))
        for level, (lowest, highest) in zip(levels[1:], wider, strict=True)
    )
    return Keyed(
        key=NumericDelivered(value=float(value), low=float(low), high=float(high), bands=tuple(bands)),
        marks=full,
        right=frozenset((f"{value:f}",)),
        wrong=frozenset((f"{tried[0]:f}",)),
    )


def _named_numbers(item: Element, ident: str) -> tuple[Decimal, list[Decimal]]:
    """The one number that is named as the answer, and in ascending order all at which marks may change."""
    tests = [
        (test.tag, decimal(test.text), test.text)
        for processing in item.each("resprocessing")
        for test in processing.walk()
        if test.attributes.get("respident") == ident and test.tag.startswith("var")
    ]
    if wrong := [text for _, number, text in tests if number is None]:
        raise Unreadable(f"{wrong[0][:40]!r} is not a plain decimal number")
    places = sorted({number for _, number, _ in tests if number is not None})
    values = {number for tag, number, _ in tests if tag == "varequal" and number is not None}
    if len(values) != 1:
        raise Unreadable(f"the conditions name {len(values)} numbers as the answer instead of one")
    return values.pop(), places


def _spelled(number: Decimal, marks: Marks) -> Decimal:
    """What a number earns, however many zeros stand behind it."""
    short = f"{number:f}"
    long = f"{short}0" if "." in short else f"{short}.0"
    earned, again = marks(frozenset((short,))), marks(frozenset((long,)))
    if earned != again:
        raise Unreadable(f"{short} earns {earned}, but {long} earns {again}")
    return earned


def _interval(
    tried: list[Decimal], earned: list[Decimal], level: Decimal, places: list[Decimal]
) -> tuple[Decimal, Decimal]:
    """From where to where at least so much is earned, both included."""
    inside = [place for place, mark in enumerate(earned) if mark >= level]
    low, high = tried[inside[0]], tried[inside[-1]]
    if len(inside) != inside[-1] - inside[0] + 1:
        raise Unreadable(f"not every number from {low} to {high} earns {level}, though both do")
    if low not in places or high not in places:
        raise Unreadable(f"a bound of the numbers that earn {level} is not among them")
    return low, high


def _full(earned: list[Decimal]) -> Decimal:
    if min(earned, default=Decimal()) < 0:
        raise Unreadable("an answer costs marks")
    if not (full := max(earned, default=Decimal())):
        raise Unreadable("no answer earns a mark")
    return full
