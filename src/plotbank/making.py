"""An item made of data drawn: what is right, in words, and what its pictures show; the pictures come later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from statistics import fmean
from typing import Any

import numpy as np

from . import item_templates
from .errors import UnsuitableDraw
from .generator.kinds import Area, Condition, Floats, Kind, Plot, kinds, precision
from .generator.seeds import Seed
from .item_templates import Alternative, Graded, Scene, Text, grading, wording
from .item_templates.grading import Choices, Matches
from .item_templates.numerals import Numerals
from .item_templates.words import LETTERS, caption, labelled, words
from .items import Axis, ChoiceKey, Key, NumericKey, Part, PartsKey, TrueFalseKey
from .question import QuizQuestion, Setting, view

Areas = Callable[[Kind, Plot, Condition], Area]
"""The CSS pixels between the ends of the axes of a plot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one picture shows: data on a plot, with what is drawn besides in the condition.

    `option` is the place of the option that the picture belongs to, None for the stem's; `caption` stands above it.
    """

    kind: Kind
    plot: Plot
    values: Floats
    condition: Condition
    alternative: Alternative
    caption: str = ""
    option: int | None = None

    @property
    def ends(self) -> tuple[float, ...]:
        """The ends of the axes, but for those of groups."""
        axes = (axis for axis in (self.plot.x, self.plot.y) if not axis.categories)
        return tuple(end for axis in axes for end in (axis.low, axis.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a template said of the plots, for the proof: its name, the answer, the names that `let` drew."""

    template: str
    answer: Any
    drawn: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An item without its pictures: texts as HTML, the key, what is shown, and how clear and difficult it is."""

    stem: str
    feedback: str
    key: Key
    shown: tuple[Shown, ...]
    clarity: float
    difficulty: float
    claims: tuple[Claimed, ...]
    if_correct: str = ""
    if_incorrect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a student's item takes: the condition of each plot, in the order shown, and the axes before any data.

    Where a condition gives no item, another `turn` begins, with another one.

    `graded` says already what is right, where several plots are compared.
    """

    turn: int
    condition: Condition
    setting: Setting
    plots: tuple[tuple[Condition, Plot], ...]
    graded: Graded | None

    def rng(self, own: Seed, stream: str, part: int = 0) -> np.random.Generator:
        """What is drawn for one part of the item, whatever the attempt: only a new turn changes it."""
        return own.rng(stream, self.turn << 8 | part)


def plan(question: QuizQuestion, own: Seed, condition: Condition, setting: Setting, turn: int = 0) -> Planned:
    """Which plots an item of this condition takes.

    Raises:
        UnsuitableDraw: the options of several plots have no room.
    """
    template, plot = question.template, question.kind.fitted(setting.plot, condition)
    one = Planned(turn=turn, condition=condition, setting=setting, plots=((condition, plot),), graded=None)
    if not template.plots:
        return one
    graded = grading.grade(template, condition, view(plot), one.rng(own, "pick"), one.rng(own, "order"))
    several = [{**condition, template.plots: value} for value in _values(graded)]
    for asked in several:
        if reason := question.kind.impossible(asked):
            raise UnsuitableDraw(reason)
    return replace(one, plots=tuple((asked, plot) for asked in several), graded=graded)


def make(
    question: QuizQuestion,
    own: Seed,
    planned: Planned,
    values: Sequence[Floats],
    areas: Areas,
    *,
    with_data: bool = False,
) -> Made:
    """The item of the data drawn for what was planned; `with_data` gives the data as a table too.

    Raises:
        UnsuitableDraw: the data would make an ambiguous item, one of another difficulty, or not what the template
            requires.
    """
    if planned.graded is not None:
        made = _of_several(question, planned, planned.graded, values)
    elif question.template.boxes:
        made = _with_boxes(question, own, planned, values[0])
    else:
        made = _of_one(question, own, planned, values[0], areas)
    low, high = question.band
    if not low <= made.difficulty <= high:
        raise UnsuitableDraw("easier or harder than the others")
    return _with_tables(made, own, question.numerals) if with_data else made


def _values(graded: Graded) -> list[float]:
    """The feature's value of each plot, in the order shown."""
    match graded.answer:
        case Choices():
            return [entry.value for entry in graded.answer.entries if entry.value is not None]
        case Matches():
            return list(graded.answer.shown)
        case _:
            raise AssertionError("several plots are options or prompts")


def _of_one(question: QuizQuestion, own: Seed, planned: Planned, values: Floats, areas: Areas) -> Made:
    kind = question.kind
    plot = kind.fitted(planned.setting.plot, planned.condition, values)
    condition = dict(planned.condition)
    for what in sorted({template.show for template in question.templates if template.show}):
        choice = int(planned.rng(own, "show").integers(3))
        condition |= kind.show(what, values, plot, areas(kind, plot, condition), choice)
    readings = kind.readings(values, condition, plot)
    scene = question.scene(planned.setting, plot)
    graded = [
        grading.grade(template, readings, scene.view, planned.rng(own, "pick", place), planned.rng(own, "order", place))
        for place, template in enumerate(question.templates)
    ]
    intro = wording.introduction(scene, readings, several=1)
    parts = len(question.templates) > 1
    texts = [
        item_templates.word(template, one, readings, scene, "" if parts else intro)
        for template, one in zip(question.templates, graded, strict=True)
    ]
    alternative = wording.alternative(question.template, scene, readings)
    return Made(
        stem=wording.html(intro) if parts else texts[0].stem,
        feedback="".join(text.feedback for text in texts),
        key=_parts(texts) if parts else texts[0].key,
        shown=(Shown(kind=kind, plot=plot, values=values, condition=condition, alternative=alternative),),
        clarity=min(one.clarity for one in graded),
        difficulty=fmean(one.difficulty for one in graded),
        claims=tuple(
            Claimed(template=template.name, answer=one.answer, drawn=one.drawn)
            for template, one in zip(question.templates, graded, strict=True)
        ),
        if_correct="" if parts else texts[0].if_correct,
        if_incorrect="" if parts else texts[0].if_incorrect,
    )


def _parts(texts: Sequence[Text]) -> PartsKey:
    """The parts, without what is said to single answers, or to who is right: not every platform shows that in parts,
    and the feedback that follows all of them says it too."""
    parts = []
    for text in texts:
        assert isinstance(text.key, NumericKey | ChoiceKey | TrueFalseKey), "the quiz file refuses other parts"
        key: NumericKey | ChoiceKey | TrueFalseKey = text.key
        if isinstance(key, ChoiceKey):
            key = replace(key, options=tuple(replace(option, feedback="") for option in key.options))
        elif isinstance(key, TrueFalseKey):
            key = replace(key, if_true="", if_false="")
        parts.append(Part(stem=text.stem, key=key, share=1 / len(texts)))
    return PartsKey(parts=tuple(parts))


def _of_several(question: QuizQuestion, planned: Planned, graded: Graded, values: Sequence[Floats]) -> Made:
    kind, template = question.kind, question.template
    plots = [kind.fitted(plot, condition, own) for (condition, plot), own in zip(planned.plots, values, strict=True)]
    scene = question.scene(planned.setting, plots[0])
    shown = []
    for place, ((condition, _), plot, own) in enumerate(zip(planned.plots, plots, values, strict=True)):
        readings = kind.readings(own, condition, plot)
        grading.suit(template, readings, scene.view, graded.drawn)
        letter = caption(LETTERS[place], scene.language)
        shown.append(
            Shown(
                kind=kind,
                plot=plot,
                values=own,
                condition=condition,
                alternative=_labelled(letter, wording.alternative(template, scene, readings), scene),
                caption=letter if template.type == "matching" else "",
                option=None if template.type == "matching" else place,
            )
        )
    intro = wording.introduction(scene, planned.condition, several=len(plots))
    text = item_templates.word(template, graded, planned.condition, scene, intro)
    return _made(template.name, text, graded, tuple(shown))


def _with_boxes(question: QuizQuestion, own: Seed, planned: Planned, values: Floats) -> Made:
    """A histogram in the stem, box plots as options: their value axis is the histogram's x axis."""
    kind, template, boxplot = question.kind, question.template, kinds()["boxplot"]
    plot = kind.fitted(planned.setting.plot, planned.condition, values)
    readings = kind.readings(values, planned.condition, plot)
    scene = question.scene(planned.setting, plot)
    bins = int(planned.condition["bins"])
    graded, data = item_templates.boxes.grade(template, values[:, 0], bins, scene.view, planned.rng(own, "order"))
    grading.suit(template, readings, scene.view, graded.drawn)
    of_box = Plot(x=Axis(label="", low=0, high=1, categories=("",)), y=plot.x, picture=plot.picture)
    box_scene = Scene(kind=boxplot.name, view=view(of_box), story="", numerals=question.numerals)
    shown = [
        Shown(
            kind=kind,
            plot=plot,
            values=values,
            condition=planned.condition,
            alternative=wording.alternative(template, scene, readings),
        )
    ]
    for place, x in enumerate(data):
        # All to the axis' precision: in a table the data that somebody invented must not have more places.
        box = np.column_stack([np.zeros(len(x)), np.round(x, precision(plot.x)) + 0.0])
        letter = caption(LETTERS[place], scene.language)
        said = wording.described(box_scene, boxplot.readings(box, {"groups": 1.0}, of_box))
        shown.append(
            Shown(
                kind=boxplot,
                plot=of_box,
                values=box,
                condition={"groups": 1.0},
                alternative=_labelled(letter, said, scene),
                option=place,
            )
        )
    intro = wording.introduction(scene, readings, several=1)
    text = item_templates.word(template, graded, readings, scene, intro)
    return _made(template.name, text, graded, tuple(shown))


def _labelled(letter: str, alternative: Alternative, scene: Scene) -> Alternative:
    """The text alternative of one of several plots."""
    return replace(alternative, brief=labelled(letter, alternative.brief, scene.language))


def _made(name: str, text: Text, graded: Graded, shown: tuple[Shown, ...]) -> Made:
    return Made(
        stem=text.stem,
        feedback=text.feedback,
        key=text.key,
        shown=shown,
        clarity=graded.clarity,
        difficulty=graded.difficulty,
        claims=(Claimed(template=name, answer=graded.answer, drawn=graded.drawn),),
        if_correct=text.if_correct,
        if_incorrect=text.if_incorrect,
    )


def _with_tables(made: Made, own: Seed, numerals: Numerals) -> Made:
    """The same item with the data in tables below the stem, in an order that tells nothing."""
    tables = []
    for place, shown in enumerate(made.shown):
        order = own.rng("table", place).permutation(len(shown.values))
        title = shown.caption or (caption(LETTERS[shown.option], numerals.language) if shown.option is not None else "")
        tables.append(_table(shown, shown.values[order], title, numerals))
    return replace(made, stem=made.stem + "".join(tables))


def _table(shown: Shown, rows: Floats, title: str, numerals: Numerals) -> str:
    """What the picture shows as an HTML table: points, the values of each group, or the classes and their counts.

    Of a box plot that is an option, the five numbers: the question is which one it is, not where its lines are.
    """
    plot, known, plain = shown.plot, words(numerals.language), numerals.plain
    what = labelled(title, known["data"], numerals.language) if title else known["data"]
    readings = shown.kind.readings(shown.values, shown.condition, plot)
    if shown.kind.name == "scatter":
        head = [plot.x.label, plot.y.label]
        body = [[plain(value) for value in row] for row in rows.tolist()]
    elif shown.kind.name == "histogram":
        bins = int(readings["bins"])
        edges = [plot.x.low + plot.x.span * k / bins for k in range(bins + 1)]
        head = [plot.x.label, plot.y.label]
        body = [
            [f"{plain(low)} – {plain(high)}", plain(readings[f"count_{bar}"])]
            for bar, (low, high) in enumerate(pairwise(edges), start=1)
        ]
    elif shown.option is not None:
        head, lines = [known["summary"]], ("whisker_low_1", "q1_1", "q2_1", "q3_1", "whisker_high_1")
        body = [["; ".join(plain(readings[line]) for line in lines)]]
    else:
        head = [plot.x.label or known["group"], plot.y.label]
        several = [[plain(v) for g, v in rows.tolist() if g == group] for group in range(len(plot.x.categories))]
        body = [[name, "; ".join(own)] for name, own in zip(plot.x.categories, several, strict=True)]
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    rows_of_table = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body)
    return (
        f"<table><caption>{escape(what)}</caption><thead><tr>{cells}</tr></thead><tbody>{rows_of_table}</tbody></table>"
    )
