"""Variants: one student's item of one question, drawn, pictured, worded, and proved before it may leave."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from .errors import ImpossibleRequest, UnsuitableDraw
from .generator import seeds
from .generator.draws import Draw, GivenUp, Request, Tally, draw
from .generator.kinds import Area, Condition, Floats, Kind, Plot
from .generator.rendering import Frame
from .generator.seeds import Seed
from .item_templates.numerals import Numerals
from .items import ChoiceKey, Item, Key, MultipleKey, Picture, Student
from .leaks import told
from .making import Made, Planned, Shown, make, plan
from .models import Model
from .proof import Unreadable
from .proof.likeness import Bytes
from .proof.readers import Reading, read_each
from .proving import of_claim
from .question import QuizQuestion, decide, view, with_value

_MOST_TURNS = 20  # conditions of which one makes an item
_ATTEMPTS = 60  # items tried of one condition before another is drawn
_TOGETHER = 16  # variants whose pictures are read at once
_BANNED = "banned"  # the reason for a redraw


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One finished item, with what stays in `private/`: whose it is, its data, and what was measured in its pictures.

    `coarse` are coarse copies of its pictures, in their order, for the search for look-alikes.  `accommodated` variants
    have their data in a table too, and go into packages of their own.
    """

    student: Student
    item: Item
    made: Made
    draws: tuple[Draw, ...]
    measured: tuple[Mapping[str, float], ...]
    coarse: tuple[Bytes, ...]
    accommodated: bool


@dataclass(slots=True)
class Statistics:
    """What a build counts for the evidence, question by question."""

    tally: Tally = field(default_factory=Tally)
    keys: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    clarity: list[float] = field(default_factory=list)
    difficulty: list[float] = field(default_factory=list)
    displacement: float = 0.0
    copies: list[Bytes] = field(default_factory=list)  # coarse ones, of all pictures
    owners: list[str] = field(default_factory=list)  # the variant that each of them belongs to


class Frames:
    """The frames of a bank's pictures: one for every kind, plot and number of bins."""

    def __init__(self, numerals: Numerals) -> None:
        self._numerals = numerals
        self._frames: dict[tuple[str, Plot, int | None], Frame] = {}

    def of(self, kind: Kind, plot: Plot, condition: Condition) -> Frame:
        """The frame of a plot, drawn when it is first asked for.

        Raises:
            QuizFileError: a label does not fit.
        """
        bins = int(condition["bins"]) if "bins" in condition else None
        key = (kind.name, plot, bins)
        if key not in self._frames:
            self._frames[key] = Frame(kind, plot, bins, self._numerals.number)
        return self._frames[key]

    def area(self, kind: Kind, plot: Plot, condition: Condition) -> Area:
        """The CSS pixels between the ends of the axes."""
        return self.of(kind, plot, condition).area


class _Seen:
    """Hashes of what one question's students have been given, and its answers, so that nobody is given it again."""

    def __init__(self) -> None:
        self._hashes: set[bytes] = set()
        self.answers: set[str] = set()

    def refuse_twice(self, things: Sequence[bytes]) -> None:
        hashes = [hashlib.sha256(thing).digest() for thing in things]
        if any(h in self._hashes for h in hashes) or len(set(hashes)) != len(hashes):
            raise UnsuitableDraw("another student has the same")
        self._hashes.update(hashes)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one student is to get: their seed, and what is planned on the condition of this turn."""

    student: Student
    own: Seed
    planned: Planned


@dataclass(frozen=True, slots=True)
class _Pictured:
    """What is made of a student's draws: texts and key, and all pictures; none where the text tells the key."""

    made: Made
    identifier: str
    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """The same, and what was found in each picture."""

    pictured: _Pictured
    readings: tuple[Reading | Unreadable, ...]


def variants(
    quiz_id: str,
    question: QuizQuestion,
    students: Sequence[Student],
    secret: bytes,
    model: Model,
    frames: Frames,
    statistics: Statistics,
    accommodated: Collection[str] = (),
    banned: Sequence[str] = (),
) -> Iterator[Variant]:
    """Every student's variant of one question, in an order that tells nothing of the roster's.

    The students whose ids are `accommodated` get their data in a table too.  Those whose ids are `banned` get another
    variant, in the place of the one they had; who stands there twice gets the third.  Everybody else's stays what it
    is without.
    """
    taken: set[float] | None = set() if question.distinct == "answer" and question.valued else None
    wanted = sorted(_wanted(quiz_id, question, students, secret, taken), key=lambda one: one.own.label)
    maker = _Maker(quiz_id, question, model, frames, _Seen(), statistics.tally, frozenset(accommodated))
    others = _others(maker, wanted, banned, taken) if banned else {}
    for one, variant in zip(wanted, maker.every(wanted), strict=True):
        if one.student.id in others:
            maker.refused(_BANNED, variant.draws)
            variant = others[one.student.id]
        statistics.keys[variant.item.key.printed] += 1
        statistics.answers[variant.item.key.equivalence] += 1
        statistics.clarity.append(variant.item.clarity)
        statistics.difficulty.append(variant.item.difficulty)
        statistics.copies += variant.coarse
        statistics.owners += [variant.item.id] * len(variant.coarse)
        statistics.displacement = max(statistics.displacement, *(one.displacement for one in variant.draws))
        yield variant


def redrawn(own: Seed, times: int) -> Seed:
    """The seed of the variant that a student gets who has been given another one so many times."""
    return own.child(f"redraw {times}") if times else own


def variant_id(question: str, own: Seed) -> str:
    """The name of the variant of a question, by its id, that comes of this seed."""
    return f"{question}_{own.label}"


def _others(
    maker: "_Maker", wanted: Sequence[_Wanted], banned: Sequence[str], taken: set[float] | None
) -> dict[str, Variant]:
    """The variants that take the place of banned ones, by student.

    To differ from everybody's they must come last, but their places are among the others'.  So everybody's variant is
    made here, and let go, before the first is delivered; only those that are returned are kept in memory.  They are
    made in the order in which they were banned, each in the bank as it was then: a later ban changes no earlier one.
    """
    first = replace(maker, seen=_Seen(), tally=Tally())
    names = frozenset(banned)
    latest = {
        one.student.id: (one, variant)
        for one, variant in zip(wanted, first.every(wanted), strict=True)
        if one.student.id in names
    }
    seeds_of = {name: one.own for name, (one, _) in latest.items()}
    further, times = replace(maker, seen=first.seen), Counter[str]()
    for name in banned:
        old, variant = latest[name]
        if times[name]:  # what was made first is counted where it is left out
            further.refused(_BANNED, variant.draws)
        times[name] += 1
        first.seen.answers.discard(variant.item.key.equivalence)
        if taken is not None:
            taken.discard(old.planned.condition[maker.question.reads])
        new = _planned(maker.question, old.student, redrawn(seeds_of[name], times[name]), taken)
        latest[name] = new, further.finish(new, further.draw(new))
    return {name: variant for name, (_, variant) in latest.items()}


def _wanted(
    quiz_id: str, question: QuizQuestion, students: Sequence[Student], secret: bytes, taken: set[float] | None
) -> Iterator[_Wanted]:
    """What each student is to get.  It depends on nobody else, unless answers must differ: then on those who stand
    earlier in the roster, whose values are `taken`."""
    for student in students:
        own = seeds.seed(secret, quiz_id, question.id, student.id)
        yield _planned(question, student, own, taken)


def _planned(
    question: QuizQuestion, student: Student, own: Seed, taken: set[float] | None = None, turn: int = 0
) -> _Wanted:
    reason = ""
    for further in range(turn, turn + _MOST_TURNS):
        condition, setting = decide(question, own, taken, further)
        try:
            return _Wanted(student, own, plan(question, own, condition, setting, further))
        except UnsuitableDraw as refused:
            reason = str(refused)
    raise ImpossibleRequest(f"question {question.id!r}: no item in {_MOST_TURNS} conditions (last reason: {reason})")


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the items of one question."""

    quiz_id: str
    question: QuizQuestion
    model: Model
    frames: Frames
    seen: _Seen
    tally: Tally
    accommodated: frozenset[str]

    def every(self, wanted: Sequence[_Wanted]) -> Iterator[Variant]:
        """The items of all of them, in this order; what they take is drawn in batches."""
        requests = [request for one in wanted for request in self.requests(one)]
        drawn = draw(requests, self.model, self.question.kind, self.tally)
        waiting = iter(wanted)
        while several := list(islice(waiting, _TOGETHER)):
            first = [[next(drawn) for _ in one.planned.plots] for one in several]
            for one, draws, found in zip(several, first, self._read(several, first), strict=True):
                yield self.finish(one, draws, found)

    def requests(self, wanted: _Wanted, attempts: Sequence[int] = ()) -> list[Request]:
        """The draws that an item takes, one for each plot, from these attempts on."""
        kind, plots = self.question.kind, wanted.planned.plots
        return [
            Request(
                seed=wanted.own.child(f"plot {place}") if len(plots) > 1 else wanted.own,
                condition=condition,
                plot=plot,
                area=self.frames.area(kind, plot, condition),
                attempt=attempts[place] if attempts else 0,
            )
            for place, (condition, plot) in enumerate(plots)
        ]

    def finish(
        self, wanted: _Wanted, drawn: Sequence[Draw | GivenUp], found: _Read | UnsuitableDraw | None = None
    ) -> Variant:
        """The item of what was drawn, if it is `found` to be proved and is nobody else's; where it is refused, of the
        next draws.

        Where draws of one condition are refused again and again, the student gets another one.

        Raises:
            ImpossibleRequest: neither more draws nor other conditions made an item.
        """
        question, reason = self.question, ""
        if question.distinct == "answer" and question.valued:  # the other values are for the other students
            question = with_value(question, wanted.planned.condition[question.reads])
        for turn in range(_MOST_TURNS):
            if turn:
                wanted = _planned(question, wanted.student, wanted.own, turn=wanted.planned.turn + 1)
                drawn, found = self.draw(wanted), None
            for attempt in range(_ATTEMPTS):
                if attempt:
                    drawn, found = self.draw(wanted, drawn), None
                if found is None:
                    (found,) = self._read([wanted], [drawn])
                try:
                    return self._accepted(wanted, drawn, found)
                except UnsuitableDraw as refused:
                    reason = str(refused)
                    self.refused(reason, drawn)
                    if isinstance(refused, _NewTurn):
                        break
        raise ImpossibleRequest(
            f"question {question.id!r}: no usable item for a student (last reason: {reason}): ask for less that is "
            "extreme at once, or a larger picture"
        )

    def refused(self, reason: str, drawn: Sequence[Draw | GivenUp]) -> None:
        """Count what an item that was refused had kept; draws given up are counted already."""
        dropped = sum(isinstance(one, Draw) for one in drawn)
        if dropped:
            self.tally.kept -= dropped
            self.tally.refused[reason] += dropped

    def draw(self, wanted: _Wanted, before: Sequence[Draw | GivenUp] = ()) -> list[Draw | GivenUp]:
        """The first draws of an item, or those that follow the ones `before`."""
        attempts = [one.attempt + 1 for one in before if isinstance(one, Draw)]
        requests = self.requests(wanted, attempts)
        return list(draw(requests, self.model, self.question.kind, self.tally))

    def _read(
        self, several: Sequence[_Wanted], drawn: Sequence[Sequence[Draw | GivenUp]]
    ) -> list[_Read | UnsuitableDraw]:
        """The pictures of what was drawn for each of several, and what a reader finds in them (faster for all at once);
        or why there is no such picture.  That depends on nobody else."""
        made = [self._made(one, of) for one, of in zip(several, drawn, strict=True)]
        pictured = [
            (shown.kind.name, picture.png)
            for one in made
            if isinstance(one, _Pictured)
            for shown, picture in zip(one.made.shown, one.pictures, strict=False)  # where a text tells, none
        ]
        found = iter(read_each(pictured))
        return [
            _Read(one, tuple(islice(found, len(one.pictures)))) if isinstance(one, _Pictured) else one for one in made
        ]

    def _made(self, wanted: _Wanted, drawn: Sequence[Draw | GivenUp]) -> _Pictured | UnsuitableDraw:
        question, own = self.question, wanted.own
        for one in drawn:
            if isinstance(one, GivenUp):
                return _NewTurn(one.reason)
        values = [one.values for one in drawn if isinstance(one, Draw)]
        accommodated = wanted.student.id in self.accommodated
        try:
            made = make(question, own, wanted.planned, values, self.frames.area, with_data=accommodated)
        except UnsuitableDraw as refused:
            return refused
        identifier = variant_id(question.id, own)
        title = f"{question.title} {own.label[:8]}"  # tells an instructor which variant it is
        tells = told(
            made.key,
            stem=made.stem,
            feedback=made.feedback,
            alts=[shown.alternative.whole for shown in made.shown],
            title=title,
            identifier=f"{self.quiz_id}-{identifier}",
            label=own.label,
            captions=[shown.caption for shown in made.shown],
            ends=[shown.ends for shown in made.shown],
        )
        pictures = () if tells else tuple(self._picture(own, place, shown) for place, shown in enumerate(made.shown))
        return _Pictured(made, identifier, title, pictures)

    def _accepted(self, wanted: _Wanted, drawn: Sequence[Draw | GivenUp], found: _Read | UnsuitableDraw) -> Variant:
        """The item.

        Raises:
            UnsuitableDraw: a picture does not prove it, or another student has the same.
        """
        if isinstance(found, UnsuitableDraw):
            raise found
        question, of = self.question, found.pictured
        made, pictures = of.made, of.pictures
        self._refuse_same_answer(made)
        if not pictures:
            raise _NewTurn("the text tells the key")  # by chance, such as when there are as many points
        read = [
            shown_by(reading, shown.plot, shown.values, shown.condition)
            for shown, reading in zip(made.shown, found.readings, strict=True)
        ]
        measured = tuple(readings for _, readings in read)
        seen = view(made.shown[0].plot)
        errors = [reading.uncertain(*_ends(shown.plot)) for shown, (reading, _) in zip(made.shown, read, strict=True)]
        for template, claim in zip(question.templates, made.claims, strict=True):
            if any(of_claim(template, claim.answer, claim.drawn, measured, seen, errors)):
                raise UnsuitableDraw("the picture does not prove the key")
        draws = tuple(one for one in drawn if isinstance(one, Draw))
        self.seen.refuse_twice(
            [question.kind.distinct(one.values) for one in draws] + [picture.png for picture in pictures]
        )
        self.seen.answers.add(made.key.equivalence)
        return Variant(
            student=wanted.student,
            item=item_of(question, made, pictures, of.identifier, of.title),
            made=made,
            draws=draws,
            measured=measured,
            coarse=tuple(reading.coarse for reading, _ in read),
            accommodated=wanted.student.id in self.accommodated,
        )

    def _refuse_same_answer(self, made: Made) -> None:
        if self.question.distinct == "answer" and made.key.equivalence in self.seen.answers:
            raise _NewTurn("another student has the same answer")

    def _picture(self, own: Seed, place: int, shown: Shown) -> Picture:
        """A picture, under a name that tells nothing; every picture has one of its own."""
        label = own.label if place == 0 else own.child(f"picture {place}").label
        png = self.frames.of(shown.kind, shown.plot, shown.condition).picture(shown.values, shown.condition)
        return picture_of(shown, f"p{label}.png", png)


class _NewTurn(UnsuitableDraw):
    """No further draw of this condition helps: another student has its answer, a text tells it, or too many were
    refused."""


def picture_of(shown: Shown, name: str, png: bytes) -> Picture:
    """The picture of what is shown, under this name."""
    return Picture(
        name=name,
        png=png,
        alt=shown.alternative.brief,
        description=shown.alternative.description,
        width=shown.plot.picture.width,
        height=shown.plot.picture.height,
        caption=shown.caption,
    )


def item_of(question: QuizQuestion, made: Made, pictures: Sequence[Picture], identifier: str, title: str) -> Item:
    """What was made, with a picture of all that it shows."""
    return Item(
        id=identifier,
        question=question.id,
        title=title,
        stem=made.stem,
        feedback=made.feedback,
        pictures=tuple(p for p, shown in zip(pictures, made.shown, strict=True) if shown.option is None),
        key=_pictured(made, pictures),
        points=question.points,
        clarity=made.clarity,
        difficulty=made.difficulty,
        if_correct=made.if_correct,
        if_incorrect=made.if_incorrect,
    )


def _pictured(made: Made, pictures: Sequence[Picture]) -> Key:
    """The key, its options with their pictures."""
    of_options = {
        shown.option: picture for shown, picture in zip(made.shown, pictures, strict=True) if shown.option is not None
    }
    if not of_options:
        return made.key
    assert isinstance(made.key, ChoiceKey | MultipleKey), "only options have pictures of their own"
    options = tuple(replace(option, picture=of_options[place]) for place, option in enumerate(made.key.options))
    return replace(made.key, options=options)


def read_back(
    kind: Kind, plot: Plot, values: Floats, condition: Condition, png: bytes
) -> tuple[Reading, Mapping[str, float]]:
    """A picture read, and what it shows by name.

    Raises:
        UnsuitableDraw: it cannot be read, or does not show the data.
    """
    (found,) = read_each([(kind.name, png)])
    return shown_by(found, plot, values, condition)


def shown_by(
    found: Reading | Unreadable, plot: Plot, values: Floats, condition: Condition
) -> tuple[Reading, Mapping[str, float]]:
    """A picture's reading, and what it shows by name.

    Raises:
        UnsuitableDraw: it cannot be read, or does not show the data.
    """
    x, y = _ends(plot)
    try:
        if isinstance(found, Unreadable):
            raise found
        if any(found.contradictions(values, condition, x, y)):
            raise UnsuitableDraw("the picture does not show the data")
        return found, found.measured(x, y)
    except Unreadable:
        raise UnsuitableDraw("the picture cannot be read") from None


def _ends(plot: Plot) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of the axes."""
    return (plot.x.low, plot.x.high), (plot.y.low, plot.y.high)
