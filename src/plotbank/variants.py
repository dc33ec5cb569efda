"""Variants: one student's item of one question, drawn, pictured, worded, and proved before it may leave."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from . import item_templates
from .errors import ImpossibleRequest, UnsuitableDraw
from .generator import seeds
from .generator.draws import MOST_ATTEMPTS, Draw, Request, Tally, draw
from .generator.rendering import Frame
from .items import Axis, Item, Picture, Student
from .leaks import told
from .models import Model
from .proof import Unreadable
from .proof.keys import disagreements, misplaced
from .proof.pictures import ScatterReading
from .proof.readers import READERS
from .quiz import QuizQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One finished item, with what stays in `private/`: whose it is, its data, and what was measured."""

    student: Student
    item: Item
    draw: Draw
    measured: ScatterReading


@dataclass(slots=True)
class Statistics:
    """What a build counts for the evidence, question by question."""

    tally: Tally = field(default_factory=Tally)
    keys: Counter[str] = field(default_factory=Counter)
    clarity: list[float] = field(default_factory=list)
    displacement: float = 0.0


class _Seen:
    """Hashes of what one question's students have been given, so that nobody is given it again."""

    def __init__(self) -> None:
        self._hashes: set[bytes] = set()

    def refuse_twice(self, *things: bytes) -> None:
        hashes = [hashlib.sha256(thing).digest() for thing in things]
        if any(h in self._hashes for h in hashes):
            raise UnsuitableDraw("another student has the same")
        self._hashes.update(hashes)


def variants(
    quiz_id: str,
    question: QuizQuestion,
    students: Sequence[Student],
    secret: bytes,
    model: Model,
    frame: Frame,
    statistics: Statistics,
) -> Iterator[Variant]:
    """Every student's variant of one question, in an order that tells nothing of the roster's."""
    seen = _Seen()
    wanted = sorted(_requests(quiz_id, question, students, secret), key=lambda pair: pair[1].seed.label)
    requests = [request for _, request in wanted]
    for (student, _), drawn in zip(
        wanted, draw(requests, model, question.kind, question.plot, frame.area, statistics.tally), strict=True
    ):
        variant = _finish(quiz_id, question, student, drawn, model, frame, seen, statistics)
        statistics.keys[variant.item.key.printed] += 1
        statistics.clarity.append(variant.item.clarity)
        statistics.displacement = max(statistics.displacement, variant.draw.displacement)
        yield variant


def _requests(
    quiz_id: str, question: QuizQuestion, students: Sequence[Student], secret: bytes
) -> Iterator[tuple[Student, Request]]:
    """What each student is to get.  A student's condition depends on nobody else, unless answers must differ:
    then on those who stand earlier in the roster."""
    taken: set[float] = set()
    for student in students:
        own = seeds.seed(secret, quiz_id, question.id, student.id)
        rng = own.rng("condition")
        grid = question.grid
        condition = grid.draw_new(rng, taken) if question.distinct == "answer" else grid.draw(rng)
        yield student, Request(seed=own, condition=condition)


def _finish(
    quiz_id: str,
    question: QuizQuestion,
    student: Student,
    drawn: Draw,
    model: Model,
    frame: Frame,
    seen: _Seen,
    statistics: Statistics,
) -> Variant:
    """Picture, item and proof of one draw; where one of them is refused, of the next draw of the same request."""
    while True:
        try:
            variant = _variant(quiz_id, question, student, drawn, frame)
            seen.refuse_twice(question.kind.distinct(drawn.values), variant.item.picture.png)
            return variant
        except UnsuitableDraw as reason:
            statistics.tally.kept -= 1
            statistics.tally.refused[str(reason)] += 1
            if drawn.attempt + 1 >= MOST_ATTEMPTS:
                raise ImpossibleRequest(
                    f"question {question.id!r}: no usable item in {MOST_ATTEMPTS} draws (last reason: {reason})"
                ) from None
            again = Request(seed=drawn.request.seed, condition=drawn.request.condition, attempt=drawn.attempt + 1)
            (drawn,) = draw([again], model, question.kind, question.plot, frame.area, statistics.tally)


def _variant(quiz_id: str, question: QuizQuestion, student: Student, drawn: Draw, frame: Frame) -> Variant:
    own = drawn.request.seed
    text = item_templates.write(
        question.template,
        question.kind.readings(drawn.values, drawn.request.condition, question.plot),
        {"x": question.plot.x, "y": question.plot.y},
        own.rng("item", drawn.attempt),
    )
    identifier = f"{question.id}_{own.label}"
    title = f"{question.title} {own.label[:8]}"  # tells an instructor which variant it is
    if told(text, title=title, identifier=f"{quiz_id}-{identifier}", label=own.label):
        raise UnsuitableDraw("the text tells the key")
    png = frame.picture(drawn.values, drawn.request.condition)
    try:
        measured = READERS[question.kind.name](png)
    except Unreadable:
        raise UnsuitableDraw("the picture cannot be read") from None
    if any(misplaced(measured, drawn.values, _ends(question.plot.x), _ends(question.plot.y))):
        raise UnsuitableDraw("the picture does not show the data")
    read = {"r": measured.r, "n": float(measured.n)}
    if any(
        disagreements(question.template.reads, question.template.decimals, read, text.key.answers, text.key.printed)
    ):
        raise UnsuitableDraw("the picture does not prove the key")
    size = question.plot.picture
    item = Item(
        id=identifier,
        question=question.id,
        title=title,
        stem=text.stem,
        feedback=text.feedback,
        picture=Picture(name=f"p{own.label}.png", png=png, alt=text.alt, width=size.width, height=size.height),
        key=text.key,
        points=question.points,
        clarity=text.clarity,
    )
    return Variant(student=student, item=item, draw=drawn, measured=measured)


def _ends(axis: Axis) -> tuple[float, float]:
    return axis.low, axis.high
