"""What is right about a plot: a template's expressions worked out for the plot's readings.

`grade` decides; `prove` works the same out again from what was measured in the delivered pictures.
"""

import math
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import QuizFileError, UnsuitableDraw
from ..items import Axis
from . import difficulty, perception, sandbox
from .header import Claim, Template
from .sandbox import Expression
from .words import LETTERS

Readings = Mapping[str, float]
Names = ChainMap[str, Any]
SURE = 4.0
"""So many standard errors a reading may be off: one in 16,000 is further, if errors are normal."""

_SHARE_OF_TOLERANCE = 0.1  # of the tolerance of a key: how uncertain it may be at most when it is read
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a plot is seen: its axes, and with what error a value is read off each (axis units)."""

    x: Axis
    y: Axis
    x_error: float
    y_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number that is right within a tolerance; `bands` are (tolerance, share of the mark)."""

    value: float
    decimals: int
    tolerance: float
    bands: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An option: a claim's id, a number, or the feature's value of a plot; and the misconception behind a wrong one."""

    id: str
    value: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Options in the order shown, and the places of the right ones; numbers have `decimals` places."""

    entries: tuple[Entry, ...]
    right: tuple[int, ...]
    decimals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One claim, true or false."""

    id: str
    truth: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Plots by the values of their feature in the order shown, and all values ascending."""

    shown: tuple[float, ...]
    values: tuple[float, ...]
    decimals: int


Answer = Number | Choices | Statement | Matches
"""Closed: who handles answers matches them all and ends with `assert_never`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What is right, how clear it is (units), the predicted logit of a right answer, and the names drawn by `let`."""

    answer: Answer
    clarity: float
    difficulty: float
    drawn: Mapping[str, Any] = field(default_factory=dict)


def let(template: Template, readings: Readings, view: View, rng: np.random.Generator) -> dict[str, Any]:
    """The names that a template's `let` gives to draws and interim results, in their order."""
    drawn: dict[str, Any] = {}
    names = known(readings, view, rng).new_child({"pick": _picker(rng)})
    for name, formula in template.let:
        found = formula.value(names.new_child(drawn))
        if not _is_number_or_list(found):
            raise QuizFileError(f"{formula.place}: {formula.text!r} works out to {found!r}: write numbers, or a list")
        drawn[name] = found
    return drawn


def known(readings: Readings, view: View, rng: np.random.Generator | None = None) -> Names:
    """Every name that an expression may use.  A reading is looked up when an expression uses it, and not before."""
    functions: dict[str, Any] = {
        "jnd": perception.jnd,
        "position": perception.position,
        "at": perception.at_position,
        "apart": perception.apart,
        "ladder": lambda r, count, jnds: _ladder(r, int(count), jnds, rng or np.random.default_rng(0)),
        "pairs": lambda r, jnds: _pairs(r, jnds, rng or np.random.default_rng(0)),
        "places": places,
        "sqrt": math.sqrt,
        "log10": math.log10,
        "floor": lambda value: math.floor(sandbox.finite(value)),
        "ceil": lambda value: math.ceil(sandbox.finite(value)),
        "round": sandbox.rounded,
        "abs": abs,
        "min": min,
        "max": max,
        "sum": sum,
        "len": len,
    }
    axes = {"x": view.x, "y": view.y, "x_error": view.x_error, "y_error": view.y_error}
    # The readings of a histogram have a min and a max too.
    return ChainMap({**axes, **functions}, readings)  # type: ignore[arg-type]  # only the first is written to


def places(error: float) -> int:
    """The decimal places with which a value is given that is read with this error: 0 for 1, 1 for 0.3, 2 for 0.05."""
    return min(4, max(0, math.ceil(-math.log10(sandbox.finite(error)) - 1e-9)))


_ANY = Axis(label="any", low=0, high=1)
FUNCTIONS = frozenset(known({}, View(x=_ANY, y=_ANY, x_error=1, y_error=1)))
"""Names that every expression knows, whatever the kind of plot."""


def grade(
    template: Template,
    readings: Readings,
    view: View,
    picks: np.random.Generator,
    order: np.random.Generator,
) -> Graded:
    """What is right about a plot with these readings.

    `picks` draws what `let` picks, `order` where the right option stands and which wrong ones stand beside it.  For a
    template of several plots the readings are the features that the plots have in common, before they are drawn; `suit`
    is asked of each afterwards.

    Raises:
        UnsuitableDraw: the plot would make an ambiguous item, or is not what the template requires.
        QuizFileError: an expression fails, whatever the plot.
    """
    drawn = let(template, readings, view, picks)
    names = known(readings, view, order).new_child(drawn)
    if template.key is not None:
        names = names.new_child({"key": template.key.number(names)})
    match template:
        case _ if template.type == "numerical":
            graded = _number(template, names)
        case _ if template.type == "matching":
            graded = _matching(template, names, order)
        case _ if template.type == "multiple":
            graded = _statements(template, names, order)
        case _ if template.type == "truefalse":
            graded = _statement(template, names, order)
        case _ if template.claims:
            graded = _worded(template, names, order)
        case _:
            graded = _numeric_choice(template, names, order)
    if not template.plots:
        extra = {"tolerance": graded.answer.tolerance} if isinstance(graded.answer, Number) else {}
        _require(template, names.new_child(extra))
    if graded.clarity < template.clarity - _SLACK:
        raise UnsuitableDraw(f"clarity below {template.clarity:g}")
    return Graded(answer=graded.answer, clarity=graded.clarity, difficulty=graded.difficulty, drawn=drawn)


def suit(template: Template, readings: Readings, view: View, drawn: Mapping[str, Any]) -> None:
    """Refuse one of several plots that is not what the template requires.

    Raises:
        UnsuitableDraw: it is not.
    """
    _require(template, known(readings, view).new_child(dict(drawn)))


def _require(template: Template, names: Names) -> None:
    if template.require is not None and not template.require.truth(names):
        raise UnsuitableDraw("not what the template requires")


def prove(
    template: Template,
    answer: Answer,
    readings: Readings,
    view: View,
    drawn: Mapping[str, Any],
    errors: Readings | None = None,
) -> Iterator[str]:
    """What contradicts an answer, in words, when a template of one plot is worked out for readings measured in it.

    `errors` are standard errors of the readings, 0 for those that are not named.  A number agrees when it is right to
    within half a unit of its last place and `SURE` standard errors of what is shown; a statement is as true as keyed
    when it stays so wherever within `SURE` standard errors each reading lies.  Without errors, numbers are taken to be
    as uncertain as they may be at most.

    Raises:
        UnsuitableDraw: the template cannot be worked out for what was measured.
        QuizFileError: the template fails.
    """
    names = known(readings, view).new_child(dict(drawn))
    match answer:
        case Number():
            yield from _prove_number(template, answer, names, errors)
        case Statement():
            claim = next(claim for claim in template.claims if claim.id == answer.id)
            yield from _prove_claim(claim, answer.truth, names, errors, f"the statement {answer.id!r}")
        case Choices() if template.claims:
            claims = {claim.id: claim for claim in template.claims}
            for place, entry in enumerate(answer.entries):
                right = place in answer.right
                yield from _prove_claim(claims[entry.id], right, names, errors, f"the option {entry.id!r}")
        case Choices():
            yield from _prove_choice(template, answer, names, errors)
        case Matches():
            raise AssertionError("matching is proved plot by plot")


def _prove_number(template: Template, answer: Number, names: Names, errors: Readings | None) -> Iterator[str]:
    assert template.key is not None, "a template of numbers has a key"
    most = _SHARE_OF_TOLERANCE * answer.tolerance
    shown, reach = _shown(template.key, names, errors, most)
    if reach > most:
        yield f"the picture cannot prove the key: it shows {shown:.5g} to within {reach:.2g}, more than {most:.2g}"
    elif not abs(shown - answer.value) <= 0.5 * 10.0**-answer.decimals + reach + _SLACK:
        yield f"the key is {answer.value:g}, but the picture shows {shown:.5g}"
    yield from _prove_widths(template, answer, names, errors)


def _prove_widths(template: Template, answer: Number, names: Names, errors: Readings | None) -> Iterator[str]:
    """The tolerance and the bands are those of the template, rounded as it rounds them."""
    assert template.tolerance is not None, "the form of a numerical template has a tolerance"
    names = names.new_child({"key": answer.value})
    wanted = [(template.tolerance, 1.0), *((band.tolerance, band.share) for band in template.bands)]
    found = [(answer.tolerance, 1.0), *answer.bands]
    if len(found) != len(wanted):
        yield f"{len(found) - 1} bands of partial credit were made, but the template has {len(wanted) - 1}"
        return
    unit = 10.0**-answer.decimals
    for (width, share), (expression, share_wanted) in zip(found, wanted, strict=True):
        shown, reach = _shown(expression, names, errors, _SHARE_OF_TOLERANCE * width)
        # that of the exact key may round to the next width
        if abs(width - max(shown, 0.5 * unit)) > unit + reach + _SLACK or share != share_wanted:
            yield f"the tolerance {width:g} earns {share:.0%}, but by the template {shown:.3g} earns {share_wanted:.0%}"


def _prove_choice(template: Template, answer: Choices, names: Names, errors: Readings | None) -> Iterator[str]:
    """Of numbers the one shown is the nearest, and by more than what is not sure."""
    assert template.key is not None, "a template of numbers has a key"
    half = 0.5 * 10.0**-answer.decimals
    shown, reach = _shown(template.key, names, errors, half)
    values = [entry.value for entry in answer.entries if entry.value is not None]
    off = [abs(value - shown) for value in values]
    nearest = int(np.argmin(off))
    if (nearest,) != answer.right:
        yield f"the option {values[nearest]:g} is what the picture shows, {shown:.5g}"
    elif len(off) > 1 and sorted(off)[1] - off[nearest] <= 2 * reach:
        yield f"the picture cannot prove the option {values[nearest]:g}: it shows {shown:.5g} to within {reach:.2g}"
    elif not off[nearest] <= half + reach + _SLACK:
        yield f"the key is {values[nearest]:g}, but the picture shows {shown:.5g}"


def _prove_claim(claim: Claim, truth: bool, names: Names, errors: Readings | None, what: str) -> Iterator[str]:
    if claim.right.truth(names) != truth:
        yield f"{what} is keyed {truth}, but the picture shows otherwise"
    elif any(claim.right.truth(shifted) != truth for shifted in _shifted(claim.right, names, errors or {})):
        yield f"the picture cannot prove that {what} is {str(truth).lower()}: it is too close to be read"


def _shown(key: Expression, names: Names, errors: Readings | None, most: float) -> tuple[float, float]:
    """The key that readings give, and `SURE` of its standard errors (`most` where there are none): those of the
    readings, carried through the expression one by one and added in quadrature, as if they were independent."""
    shown = key.number(names)
    if errors is None:
        return shown, most
    sides = list(_shifted(key, names, errors))
    ends = [abs(key.number(shifted) - shown) for shifted in sides]
    return shown, math.sqrt(sum(max(pair) ** 2 for pair in zip(ends[::2], ends[1::2], strict=True)))


def _shifted(expression: Expression, names: Names, errors: Readings) -> Iterator[Names]:
    """The names with one reading that the expression hangs on `SURE` standard errors lower, then higher; and so on."""
    for name in sorted(expression.names & errors.keys()):
        if errors[name] > 0:
            for side in (-SURE, SURE):
                yield names.new_child({name: names[name] + side * errors[name]})


def distance(template: Template, names: Names) -> Callable[[float, float], float]:
    """How many units two values of the key are apart."""
    if template.law:
        return perception.LAWS[template.law]
    assert template.unit is not None, "a template with a key has a unit"
    unit = template.unit.number(names)
    if unit <= 0:
        raise QuizFileError(f"{template.unit.place}: a unit is above 0, not {unit:g}")
    return lambda one, other: abs(one - other) / unit


def rounded(value: float, decimals: int) -> float:
    """The value with so many decimal places, and no negative zero."""
    return round(value, decimals) + 0.0


def _decimals(template: Template, names: Names) -> int:
    assert template.decimals is not None, "the form of a template with a key has decimals"
    found = template.decimals.number(names)
    if found not in range(5):
        raise QuizFileError(f"{template.decimals.place}: {found:g}: write 0 to 4")
    return int(found)


def _number(template: Template, names: Names) -> Graded:
    assert template.tolerance is not None, "the form of a numerical template has a tolerance"
    decimals, apart = _decimals(template, names), distance(template, names)
    value = rounded(names["key"], decimals)
    wanted = template.tolerance.number(names)
    if wanted <= 0:
        raise QuizFileError(f"{template.tolerance.place}: a tolerance is above 0, not {wanted:g}")
    tolerance = _tolerance(wanted, decimals)
    bands = tuple((_tolerance(band.tolerance.number(names), decimals), band.share) for band in template.bands)
    if any(wider <= width for width, wider in pairwise([tolerance, *(width for width, _ in bands)])):
        raise UnsuitableDraw("a band is no wider than the tolerance, or than the band before it")
    edges = [apart(names["key"], value + side * tolerance) for side in (-1, 1)]
    unit = tolerance / perception.jnd(names["key"]) if template.law else min(edges)
    return Graded(
        answer=Number(value=value, decimals=decimals, tolerance=tolerance, bands=bands),
        clarity=min(edges),
        difficulty=difficulty.logit(difficulty.of_number(unit), 0.0),
    )


def _tolerance(wanted: float, decimals: int) -> float:
    """The nearest that ends in half a unit: no response with as many places falls on its edge."""
    unit = 10.0**-decimals
    return round((max(0, math.floor(round(wanted / unit, 6))) + 0.5) * unit, decimals + 1)


def _numeric_choice(template: Template, names: Names, order: np.random.Generator) -> Graded:
    decimals, apart = _decimals(template, names), distance(template, names)
    key = rounded(names["key"], decimals)
    reasons: dict[float, str] = {}
    if template.options is not None:
        values = [rounded(v, decimals) for v in template.options.numbers(names)]
        if len(set(values)) != len(values):
            raise UnsuitableDraw(f"{template.options.place}: two options are alike")
        if values.count(key) != 1:
            raise UnsuitableDraw(f"{template.options.place}: the key is not exactly one of the options")
    else:
        for distractor in template.distractors:
            reasons.setdefault(rounded(distractor.value.number(names), decimals), distractor.misconception)
        values = _beside(key, list(reasons), template, names, order, decimals)
    _check_count(template, values)
    values = [values[i] for i in order.permutation(len(values))] if template.plots else sorted(values)
    right = values.index(key)
    below = min((apart(key, v) for v in values if v < key), default=math.inf)
    above = min((apart(key, v) for v in values if v > key), default=math.inf)
    among = [apart(one, other) for i, one in enumerate(values) for other in values[:i]]
    return Graded(
        answer=Choices(
            entries=tuple(Entry(id=str(i), value=v, why=reasons.get(v, "")) for i, v in enumerate(values)),
            right=(right,),
            decimals=decimals,
        ),
        clarity=min(among),
        difficulty=difficulty.logit(difficulty.of_nearest(below, above), 1 / len(values)),
    )


def _check_count(template: Template, options: Sequence[float]) -> None:
    if not 2 <= len(options) <= len(LETTERS):
        place = template.options.place if template.options is not None else template.name
        raise QuizFileError(f"{place}: write 2 to {len(LETTERS)} options, not {len(options)}")


def _beside(
    key: float,
    wrong: list[float],
    template: Template,
    names: Names,
    order: np.random.Generator,
    decimals: int,
) -> list[float]:
    """The key and wrong numbers, of which as many are smaller as chance has it: its rank among them tells nothing.

    Misconceptions go first; where they are too few on a side, steps of the template's clarity fill up.  Beside a key
    above 0 all numbers are above 0, and correlations are below 1.
    """

    def fits(value: float) -> bool:
        return (value > 0 or key <= 0) and (not template.law or abs(value) <= perception.STRONGEST)

    apart = distance(template, names)
    for side in (-1, 1):  # room for every rank, or it would tell the value
        furthest = key
        for _ in range(template.choices - 1):
            furthest = _further(furthest, side, template.clarity, apart, decimals)
        if not fits(furthest):
            raise UnsuitableDraw("no room for options")
    lower = int(order.integers(template.choices))
    candidates = [wrong[i] for i in order.permutation(len(wrong)) if fits(wrong[i])]
    chosen = [key]
    for wanted, side in ((lower, -1), (template.choices - 1 - lower, 1)):
        own = [value for value in candidates if (value - key) * side > 0]
        chosen += _on_one_side(key, side, wanted, own, template.clarity, apart, fits, order, decimals)
    return chosen


def _on_one_side(
    key: float,
    side: int,
    wanted: int,
    candidates: list[float],
    clarity: float,
    apart: Callable[[float, float], float],
    fits: Callable[[float], bool],
    order: np.random.Generator,
    decimals: int,
) -> list[float]:
    """So many wrong numbers on one side of the key; a misconception that leaves no room for the others is left out.

    Misconceptions lie far from the key and near each other.  So that the key is not the odd one out, one time in two a
    step away from it is a number that nobody may take for right.
    """
    stretches = order.uniform(1.05, 1.6, wanted).tolist()
    taken: list[float] = []
    if wanted > 1 and order.integers(2):
        taken.append(_further(key, side, clarity * stretches[0], apart, decimals))
    for value in candidates:
        if len(taken) < wanted and min(apart(value, other) for other in (key, *taken)) >= clarity - _SLACK:
            taken.append(value)
    while True:
        found = [key, *taken]
        for left in range(wanted - len(taken), 0, -1):
            furthest = max(found, key=lambda value: (value - key) * side)
            stretch = stretches[left - 1]
            if side < 0 < key:
                stretch = min(stretch, apart(furthest, 10.0**-decimals) / left / clarity)
            found.append(_further(furthest, side, clarity * max(1.0, stretch), apart, decimals))
        if all(map(fits, found[1:])):
            return found[1:]
        if taken:
            taken.remove(max(taken, key=lambda value: (value - key) * side))
        else:
            stretches = [1.0] * wanted  # for which there is room


def _further(value: float, side: int, units: float, apart: Callable[[float, float], float], decimals: int) -> float:
    """The nearest number on one side that is so many units away, with so many decimal places."""
    step = side * 10.0**-decimals
    for k in range(1, 100_000):
        found = rounded(value + k * step, decimals)
        if apart(found, value) >= units - _SLACK:
            return found
    raise UnsuitableDraw("no room for options")


def _worded(template: Template, names: Names, order: np.random.Generator) -> Graded:
    offered = [claim for claim in template.claims if claim.when is None or claim.when.truth(names)]
    truths = [claim.right.truth(names) for claim in offered]
    if truths.count(True) != 1:
        raise UnsuitableDraw(f"{truths.count(True)} options are right")
    if len(offered) < 2:
        raise UnsuitableDraw("there is only one option")
    margin = min(_margin(claim, names) for claim in offered)
    shuffled = [int(i) for i in order.permutation(len(offered))]
    return Graded(
        answer=Choices(
            entries=tuple(Entry(id=offered[i].id) for i in shuffled), right=(shuffled.index(truths.index(True)),)
        ),
        clarity=margin,
        difficulty=difficulty.logit(difficulty.of_side(margin), 1 / len(offered)),
    )


def _clear(template: Template, names: Names) -> list[tuple[Claim, bool, float]]:
    """The claims that are clearly true or clearly false."""
    offered = [claim for claim in template.claims if claim.when is None or claim.when.truth(names)]
    judged = [(claim, claim.right.truth(names), _margin(claim, names)) for claim in offered]
    return [(claim, truth, margin) for claim, truth, margin in judged if margin >= template.clarity - _SLACK]


def _statements(template: Template, names: Names, order: np.random.Generator) -> Graded:
    """Some of the clear statements: how many are true is drawn first, so that no number of ticks is the likeliest."""
    wanted = template.statements
    found = _clear(template, names)
    clear = [found[i] for i in order.permutation(len(found))]
    true, false = [c for c in clear if c[1]], [c for c in clear if not c[1]]
    many = int(order.integers(1, wanted))
    if len(true) < many or len(false) < wanted - many:
        raise UnsuitableDraw("too few clear statements")
    chosen = true[:many] + false[: wanted - many]
    chosen = [chosen[i] for i in order.permutation(wanted)]
    margins = [margin for _, _, margin in chosen]
    chance = math.prod(difficulty.of_side(margin) for margin in margins)
    return Graded(
        answer=Choices(
            entries=tuple(Entry(id=claim.id) for claim, _, _ in chosen),
            right=tuple(place for place, (_, truth, _) in enumerate(chosen) if truth),
        ),
        clarity=min(margins),
        difficulty=difficulty.logit(chance, 0.5**wanted),
    )


def _statement(template: Template, names: Names, order: np.random.Generator) -> Graded:
    """One clear statement; whether it is true is drawn first."""
    wanted = bool(order.integers(2))
    fitting = [c for c in _clear(template, names) if c[1] == wanted]
    if not fitting:
        raise UnsuitableDraw("no clear statement")
    claim, truth, margin = fitting[int(order.integers(len(fitting)))]
    return Graded(
        answer=Statement(id=claim.id, truth=truth),
        clarity=margin,
        difficulty=difficulty.logit(difficulty.of_side(margin), 0.5),
    )


def _matching(template: Template, names: Names, order: np.random.Generator) -> Graded:
    assert template.options is not None, "the form of a matching template has options"
    decimals, apart = _decimals(template, names), distance(template, names)
    values = sorted(rounded(v, decimals) for v in template.options.numbers(names))
    _check_count(template, values)
    gaps = [apart(one, other) for one, other in pairwise(values)]
    chance = math.prod(
        difficulty.of_nearest(below, above) for below, above in zip([math.inf, *gaps], [*gaps, math.inf], strict=True)
    )
    shown = tuple(values[i] for i in order.permutation(len(values)))
    return Graded(
        answer=Matches(shown=shown, values=tuple(values), decimals=decimals),
        clarity=min(gaps),
        difficulty=difficulty.logit(chance, 1 / math.factorial(len(values))),
    )


def _margin(claim: Claim, names: Names) -> float:
    return claim.margin.number(names)


def _picker(rng: np.random.Generator) -> Callable[..., Any]:
    """`pick(a, b, c)` or `pick([a, b, c])`: one of them, each as likely as any other."""

    def pick(*given: Any) -> Any:
        several: Sequence[Any] = given[0] if len(given) == 1 and isinstance(given[0], list | tuple | range) else given
        return several[int(rng.integers(len(several)))]

    return pick


def _is_number_or_list(found: Any) -> bool:
    several = found if isinstance(found, list | tuple) else [found]
    return len(several) <= 100 and all(isinstance(v, bool | int | float) for v in several)


def _ladder(r: float, count: int, jnds: float, order: np.random.Generator) -> list[float]:
    """Correlations of which r is as likely the lowest as any other: a ladder of so many, so far apart at least."""
    if not 2 <= count <= len(LETTERS):
        raise ValueError(f"a ladder has 2 to {len(LETTERS)} correlations, not {count}")
    above = int(order.integers(count))
    try:
        for room in (0, count - 1):  # for every place, or places would tell the value
            perception.ladder(r, count - 1 - room, room, jnds, places=2)
        return perception.ladder(r, count - 1 - above, above, jnds, places=2)
    except ValueError as error:
        raise UnsuitableDraw(str(error)) from None


def _pairs(r: float, jnds: float, order: np.random.Generator) -> list[float]:
    """Four correlations: r, one of its sign so far away, and both with the other sign.

    So r has one near neighbour wherever it stands, and is equally hard to tell from it; of four numbers on a line this
    is the only such pattern.  The other is as likely the weaker as the stronger: where there is room for one only, it
    would tell which is right.
    """
    others = []
    for below, above in ((0, 1), (1, 0)):
        try:
            (other,) = set(perception.ladder(abs(r), below, above, jnds, places=2)) - {round(abs(r), 2)}
        except ValueError:
            continue
        if other > 0 and perception.apart(other, -other) >= jnds:
            others.append(other)
    if len(others) < 2:
        raise UnsuitableDraw(f"no room for another correlation {jnds:g} just-noticeable differences from {r:g}")
    other = others[int(order.integers(len(others)))]
    return [-abs(r), abs(r), -other, other]
