"""What `import plotbank` offers: plots, quizzes, items and banks as objects that a notebook shows.

    p = plotbank.plot("scatter", r=0.8, n=50)

Objects hold what was proved: a plot's `readings` are those of its data, what was `measured` comes from its picture.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from . import quiz as quiz_file
from .as_delivered import delivered_item
from .bank_records import read_records
from .errors import ImpossibleRequest, PlotbankError, UnsuitableDraw
from .generator import kinds, seeds
from .generator.draws import GivenUp, Request, Tally, draw
from .generator.kinds import Condition, Floats, Kind
from .item_templates import Scene, wording
from .item_templates.numerals import numerals
from .items import PictureSpec, Student
from .models import Model, latest, open_model
from .private_files import as_given
from .proof.delivered import Delivered
from .proof.markup import Fragment
from .question import view
from .replay import ItemReplay, replay
from .showing import item_html, said
from .variants import Frames, Statistics, Variant, read_back, variants

_ATTEMPTS = 60  # draws whose pictures are tried
_MOST_STUDENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plot:
    """A plot: its data, what they are, and the picture that shows them.

    `values` has a row for each point or value, (n, W), and `columns` says what stands in it: x and y; the group,
    counted from 0, and the value; the value.  `readings` are computed from the data, `measured` in the picture, both
    by name.  The picture is a PNG, shown in `size` CSS pixels; `alt` says it in words.
    """

    kind: str
    columns: tuple[str, ...]
    values: Floats
    readings: Mapping[str, float]
    measured: Mapping[str, float]
    png: bytes
    size: tuple[int, int]
    alt: str

    def save(self, path: str | Path) -> None:
        """Write the picture to a file.

        Raises:
            PlotbankError: it cannot be written.
        """
        try:
            Path(path).write_bytes(self.png)
        except OSError as error:
            raise PlotbankError(f"{path}: the picture cannot be written: {error.strerror}") from None

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        return self.png, {"width": self.size[0], "height": self.size[1], "alt": self.alt}

    def __repr__(self) -> str:
        return f"Plot({self.kind}, {len(self.values)} rows, {', '.join(self.columns)})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Item:
    """One student's item: as a platform would show it, with the key, and its plots.  `remarks` say what disagrees with
    what was built, where it comes from a bank that somebody has changed."""

    id: str
    student: str
    question: str
    delivered: Delivered
    plots: tuple[Plot, ...]
    remarks: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The question in plain text."""
        return Fragment(self.delivered.stem).words

    @property
    def key(self) -> str:
        """What is right, in words."""
        return said(self.delivered.key)

    def _repr_html_(self) -> str:
        remarks = "".join(f"<p><strong>{escape(remark)}</strong></p>" for remark in self.remarks)
        head = f"<h4>{escape(self.delivered.title)} ({escape(self.student)})</h4>"
        return f"{head}{remarks}{item_html(self.delivered, answers=True)}"

    def __repr__(self) -> str:
        return f"Item({self.id}, {self.student}, key: {self.key})"


class Items(tuple[Item, ...]):
    """Items, shown one below the other."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return "<hr>".join(item._repr_html_() for item in self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """A quiz file that has been read and found possible."""

    plan: quiz_file.Quiz

    def items(self, students: int = 3, *, question: str | None = None, seed: int = 1) -> Items:
        """Sample items of all questions, or of one: for so many students who are not there.

        They are drawn, proved and worded as in a build; another seed gives others.

        Raises:
            PlotbankError: there is no such question, or there are no such items.
        """
        if not 1 <= students <= _MOST_STUDENTS:
            raise PlotbankError(f"students = {students}: ask for 1 to {_MOST_STUDENTS}")
        known = {one.id: one for one in self.plan.questions}
        if question is not None and question not in known:
            raise PlotbankError(f"there is no question {question!r}: known are {', '.join(known)}")
        quiz_file.refuse_impossible(self.plan, students)
        people = [Student(id=f"sample {number}") for number in range(1, students + 1)]
        frames, secret = Frames(self.plan.numerals), f"notebook {seed}".encode()
        return Items(
            _drawn(variant)
            for one in (known.values() if question is None else [known[question]])
            for variant in variants(self.plan.id, one, people, secret, _model(one.kind.name), frames, Statistics())
        )

    def _repr_html_(self) -> str:
        rows = [
            (one.id, one.title, ", ".join(template.name for template in one.templates), f"{one.points:g}")
            for one in self.plan.questions
        ]
        return _table(self.plan.title, ("question", "title", "template", "points"), rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A bank that was built: the ids of its students and questions, and everybody's items out of its files."""

    folder: Path
    students: tuple[str, ...]
    questions: tuple[str, ...]

    def items(self, student: str, *, question: str | None = None) -> Items:
        """What a student was given, by their id, e-mail address or name: all items, or that of one question.

        Raises:
            BankError: there is no such student or question, or a file is damaged.
        """
        found = replay(self.folder, student, question)
        return Items(_replayed(one, found.student.id, found.changed) for one in found.items if one.delivered)

    def _repr_html_(self) -> str:
        rows = [(str(len(self.students)), ", ".join(self.questions))]
        return _table(self.folder.name, ("students", "questions"), rows)


def plot(
    kind: str,
    *,
    x: Mapping[str, Any] | None = None,
    y: Mapping[str, Any] | None = None,
    size: tuple[int, int] = (600, 450),
    density: int = 2,
    seed: int = 1,
    **condition: Any,
) -> Plot:
    """One plot of a kind, such as `plot("scatter", r=0.8, n=50)`: drawn by the network, and proved from its picture.

    The condition has the features that are asked for, as in a quiz file: a value, a range `[low, high]`, or
    `{"values": [...]}`; the others are as in plots of real data.  `x` and `y` are axes as in a quiz file, such as
    `{"label": "Hours", "range": [0, 30]}`.  The same arguments give the same plot, and another seed another one.

    Raises:
        PlotbankError: there is no such plot; the message says what is possible.
    """
    axes = {name: dict(axis) for name, axis in (("x", x), ("y", y)) if axis is not None}
    asked = {name: list(value) if isinstance(value, tuple) else value for name, value in condition.items()}
    table = {"picture": {"size": list(size), "density": density}, **axes, **asked}
    of, _, grid, setting = quiz_file.plot_asked(kind, table)
    own = seeds.seed(b"plotbank.plot", kind, "", str(seed))
    features = grid.draw(own.rng("condition"))
    if setting.bins is not None:
        features["bins"] = float(setting.bins)
    frame, frames = of.fitted(setting.plot, features), Frames(numerals("en"))
    area, attempt, reason = frames.area(of, frame, features), 0, ""
    for _ in range(_ATTEMPTS):
        request = Request(seed=own, condition=features, plot=frame, area=area, attempt=attempt)
        (drawn,) = draw([request], _model(kind), of, Tally())
        if isinstance(drawn, GivenUp):
            raise drawn.error()
        final = of.fitted(setting.plot, features, drawn.values)
        png = frames.of(of, final, features).picture(drawn.values, features)
        try:
            _, measured = read_back(of, final, drawn.values, features, png)
        except UnsuitableDraw as refused:
            attempt, reason = drawn.attempt + 1, str(refused)
            continue
        readings = of.readings(drawn.values, features, final)
        scene = Scene(kind=kind, view=view(final), story="", numerals=numerals("en"))
        return _plot(of, final, drawn.values, features, measured, png, wording.described(scene, readings).whole)
    raise ImpossibleRequest(
        f"no usable plot (last reason: {reason}): ask for less that is extreme, or a larger picture"
    )


def read_quiz(path: str | Path) -> Quiz:
    """Read a quiz file.

    Raises:
        QuizFileError: it says something that cannot be done; in one line.
    """
    return Quiz(plan=quiz_file.read_quiz(Path(path)))


def read_bank(folder: str | Path) -> Bank:
    """A bank from its folder.

    Raises:
        BankError: it is no bank, or a file of it is damaged; in one line.
    """
    folder = Path(folder)
    read_records(folder)
    with (folder / "private" / "answer_key.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [(as_given(row["student"]), row["question"]) for row in csv.DictReader(file)]
    students, questions = (tuple(dict.fromkeys(names)) for names in zip(*rows, strict=True))
    return Bank(folder=folder, students=students, questions=questions)


@cache
def _model(kind: str) -> Model:
    return open_model(latest(kind), "cpu")


def _plot(
    kind: Kind,
    frame: kinds.Plot,
    values: Floats,
    condition: Condition,
    measured: Mapping[str, float],
    png: bytes,
    alt: str,
) -> Plot:
    group = (frame.x.label or "group", frame.y.label)
    columns = {"scatter": (frame.x.label, frame.y.label), "boxplot": group}.get(kind.name, (frame.x.label,))
    return Plot(
        kind=kind.name,
        columns=columns,
        values=values,
        readings=_finite(kind.readings(values, condition, frame)),
        measured=_finite(measured),
        png=png,
        size=(frame.picture.width, frame.picture.height),
        alt=alt,
    )


def _finite(readings: Mapping[str, float]) -> dict[str, float]:
    """The readings that the plot has."""
    return {name: value for name, value in readings.items() if math.isfinite(value)}


def _drawn(variant: Variant) -> Item:
    shown = zip(variant.made.shown, variant.measured, variant.item.every_picture, strict=True)
    return Item(
        id=variant.item.id,
        student=variant.student.id,
        question=variant.item.question,
        delivered=delivered_item(variant.item),
        plots=tuple(
            _plot(one.kind, one.plot, one.values, one.condition, measured, picture.png, picture.alternative)
            for one, measured, picture in shown
        ),
    )


def _replayed(item: ItemReplay, student: str, changed: Sequence[str]) -> Item:
    assert item.delivered is not None
    plots = []
    for one, picture in zip(item.pictures, item.delivered.pictures, strict=False):
        record = one.record
        frame = kinds.Plot(x=record.x, y=record.y, picture=PictureSpec(width=record.size[0], height=record.size[1]))
        measured = {quantity.name: quantity.measured for quantity in one.quantities}
        kind = kinds.kinds()[record.kind]
        plots.append(_plot(kind, frame, record.values, record.condition, measured, picture.png, picture.alternative))
    messages = (message for form in item.forms.values() for message in form)
    return Item(
        id=item.variant,
        student=student,
        question=item.question,
        delivered=item.delivered,
        plots=tuple(plots),
        remarks=tuple(dict.fromkeys((*changed, *messages))),
    )


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
