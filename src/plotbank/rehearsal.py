"""A rehearsal: a question's items tried on students who are not there, before a bank is built.

It finds templates that fail, conditions under which items would be ambiguous, and how clear and difficult items are.
Data come from a plain formula, or from a network where the caller has one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .errors import ImpossibleRequest, UnsuitableDraw
from .generator.draws import Request
from .generator.kinds import Area, Condition, Floats, Kind, Plot, inexact
from .generator.seeds import Seed, seed
from .making import Made, Planned, make, plan
from .question import QuizQuestion, decide, with_value

_ROUNDS = 60  # draws of which one makes a stand-in
_SECRET = b"rehearsal"

Raw = Callable[[Kind, Sequence[Request]], Iterator[Floats]]
"""What a network or a formula emits for requests, each (P, W) or shorter, in their order."""


@dataclass(slots=True)
class Rehearsed:
    """What came of a rehearsal: items, and how many draws were refused, and why."""

    made: list[Made] = field(default_factory=list)
    drawn: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def reason(self) -> str:
        """The commonest reason for a refusal."""
        return self.refused.most_common(1)[0][0] if self.refused else "nothing was drawn"

    @property
    def redraws(self) -> float:
        """The share of draws that were refused."""
        return min(1.0, self.refused.total() / self.drawn) if self.drawn else 0.0


@dataclass(slots=True)
class _StandIn:
    """An item in the making: the data of its plots so far, and the attempts that they came from."""

    own: Seed
    planned: Planned
    values: list[Floats | None]
    attempts: list[int]

    @classmethod
    def begun(cls, own: Seed, planned: Planned) -> "_StandIn":
        return cls(own, planned, [None] * len(planned.plots), [0] * len(planned.plots))

    def redraw(self) -> None:
        self.values = [None] * len(self.values)
        self.attempts = [attempt + 1 for attempt in self.attempts]


def area(_kind: Kind, plot: Plot, _condition: Condition) -> Area:
    """About the space between the ends of the axes, without drawing them."""
    return 0.8 * plot.picture.width, 0.8 * plot.picture.height


def plain(kind: Kind, requests: Sequence[Request]) -> Iterator[Floats]:
    """Data of a plain formula."""
    for request in requests:
        yield kind.plain(request.condition, request.seed.rng("plain", request.attempt))


def rehearse(question: QuizQuestion, students: int, raw: Raw = plain, rounds: int = _ROUNDS) -> Rehearsed:
    """The items of so many students who are not there.

    Raises:
        QuizFileError: the template fails, whatever the plot.
        ImpossibleRequest: no plot can have a condition.
    """
    found = Rehearsed()
    stand_ins = []
    for student in range(students):
        own = seed(_SECRET, question.id, "rehearsal", str(student))
        try:
            stand_ins.append(_StandIn.begun(own, plan(question, own, *decide(question, own))))
        except UnsuitableDraw as reason:
            found.drawn += 1
            found.refused[str(reason)] += 1
    found.made = [made for made in _made(question, stand_ins, found, raw, rounds) if made is not None]
    return found


def of_values(
    question: QuizQuestion, values: Sequence[float], several: int, telling: Callable[[Made], bool]
) -> Iterator[tuple[float, list[Made], str]]:
    """For each of these values of what the template reads: items with it, so many at most, and the commonest reason
    why not."""
    for value in values:
        found, made = Rehearsed(), []
        for k in range(several):
            own = seed(_SECRET, question.id, f"value {k}", f"{value:g}")
            try:
                planned = plan(question, own, *decide(with_value(question, value), own))
            except (ImpossibleRequest, UnsuitableDraw) as reason:
                found.refused[str(reason)] += 1
                continue
            stand_in = _StandIn.begun(own, planned)
            made += [one for one in _made(question, [stand_in], found, plain, _ROUNDS) if one is not None]
            if made and not telling(made[-1]):  # the first is nearly always enough
                break
        yield value, made, found.reason


def _made(
    question: QuizQuestion, stand_ins: Sequence[_StandIn], found: Rehearsed, raw: Raw, rounds: int
) -> list[Made | None]:
    """The stand-ins' items in their order, or none where every draw was refused; `found` counts the draws."""
    made: dict[int, Made] = {}
    for _ in range(rounds):
        waiting = [i for i in range(len(stand_ins)) if i not in made]
        if not waiting:
            break
        _draw(question.kind, [stand_ins[i] for i in waiting], found, raw)
        for i in waiting:
            one = stand_ins[i]
            values = [own for own in one.values if own is not None]
            if len(values) < len(one.values):
                continue
            try:
                made[i] = make(question, one.own, one.planned, values, area)
            except UnsuitableDraw as reason:
                found.refused[str(reason)] += 1
                one.redraw()
    return [made.get(i) for i in range(len(stand_ins))]


def _draw(kind: Kind, stand_ins: Sequence[_StandIn], found: Rehearsed, raw: Raw) -> None:
    """One draw of every plot that is still wanted."""
    wanted = [(one, place) for one in stand_ins for place, own in enumerate(one.values) if own is None]
    requests = [_request(kind, one, place) for one, place in wanted]
    for (one, place), request, emitted in zip(wanted, requests, raw(kind, requests), strict=True):
        found.drawn += 1
        try:
            one.values[place] = _snapped(kind, request, emitted)
        except UnsuitableDraw as reason:
            found.refused[str(reason)] += 1
            one.attempts[place] += 1


def _request(kind: Kind, one: _StandIn, place: int) -> Request:
    condition, plot = one.planned.plots[place]
    return Request(
        seed=one.own.child(f"plot {place}"),
        condition=condition,
        plot=plot,
        area=area(kind, plot, condition),
        attempt=one.attempts[place],
    )


def _snapped(kind: Kind, request: Request, emitted: Floats) -> Floats:
    condition, plot = request.condition, request.plot
    snapped = kind.snap(emitted, condition, plot, request.area, request.seed.rng("placement", request.attempt))
    for name in inexact(kind, kind.readings(snapped.values, condition, plot), condition):
        raise UnsuitableDraw(f"{name} not exact")
    return snapped.values
