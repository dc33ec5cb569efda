"""A question as it is asked: what its plots may be, in which settings they are seen, and what a student gets."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from .errors import ImpossibleRequest
from .generator.conditions import Grid
from .generator.kinds import Kind, Plot
from .generator.rendering import ticks
from .generator.seeds import Seed
from .item_templates import Scene, Template, View
from .item_templates.numerals import Numerals
from .items import Axis
from .models import Card

Distinct = Literal["picture", "answer"]
_SIGNED = "r"  # the feature whose sign must be plausible in a context


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the data are said to be about: the axes, and a sentence before the question (plain text, perhaps none).

    `context` names a built-in one.  `sign` is the direction of relationship that is plausible in it, 0 for either;
    `bins` divide its axis into classes of round width.
    """

    context: str
    plot: Plot
    story: str
    sign: int = 0
    bins: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizQuestion:
    """One question of the quiz file, with everything it names looked up.

    Several `templates` are parts about one plot.  `cases` are what plots may be; each student gets one case, and each
    setting that goes with it, as likely as any other.  `band` holds the predicted difficulties (logits) between which
    all variants lie; `left_out` the values that were asked for and are not in it.
    """

    id: str
    title: str
    points: float
    distinct: Distinct
    templates: tuple[Template, ...]
    kind: Kind
    card: Card
    cases: tuple[Grid, ...]
    settings: tuple[Setting, ...]
    numerals: Numerals
    band: tuple[float, float] = (-math.inf, math.inf)
    left_out: tuple[float, ...] = ()

    @property
    def template(self) -> Template:
        """The only template, or the first of several parts."""
        return self.templates[0]

    @property
    def reads(self) -> str:
        """The feature that decides the key, where one does."""
        return self.template.reads if len(self.templates) == 1 else ""

    @property
    def values(self) -> tuple[float, ...]:
        """The values of that feature, ascending; none where no feature decides."""
        return tuple(sorted({value for case in self.cases for value in case.values[self.reads]})) if self.reads else ()

    @property
    def valued(self) -> bool:
        """Whether the key is the value of that feature, so that there are as many answers as values."""
        key = self.template.key
        return self.template.type == "numerical" and key is not None and key.text == self.reads

    @property
    def combinations(self) -> int:
        """How many different combinations of the features asked for there are, in all cases."""
        return sum(case.count() for case in self.cases)

    def fixed_answers(self) -> int | None:
        """The most different answers there can be, where that is known without a try.

        A key that is a feature has as many as the feature has values; options in words have one for each.
        """
        if len(self.templates) > 1 or self.template.plots or self.template.boxes:
            return None
        if self.valued:
            return len(self.values)
        if self.template.type == "truefalse":
            return 2
        if self.template.type == "choice" and self.template.claims:
            return len(self.template.claims)
        return None

    def scene(self, setting: Setting, plot: Plot) -> Scene:
        """What the texts about a plot share."""
        return Scene(kind=self.kind.name, view=view(plot), story=setting.story, numerals=self.numerals)


def decide(
    question: QuizQuestion, own: Seed, taken: set[float] | None = None, turn: int = 0
) -> tuple[dict[str, float], Setting]:
    """The condition and the setting of one student, from their seed alone.

    With `taken`, the condition's value of what the template reads is not among them, and is added to them.  Another
    `turn` gives another condition.

    Raises:
        ImpossibleRequest: there is none, or none is left.
    """
    rng = own.rng("condition", turn)
    condition = _condition(question, rng, taken)
    for setting in _fitting(question, condition, rng):
        if setting.bins is None:
            return condition, setting
        with_bins = {**condition, "bins": float(setting.bins)}
        if not question.kind.impossible(with_bins):
            return with_bins, setting
    raise ImpossibleRequest(f"question {question.id!r}: no setting goes with {_said(condition)}")


def with_value(question: QuizQuestion, value: float) -> QuizQuestion:
    """The question with this one value of what its template reads."""
    cases = tuple(
        replace(case, values={**case.values, question.reads: (value,)})
        for case in question.cases
        if value in case.values[question.reads]
    )
    return replace(question, cases=cases)


def _condition(question: QuizQuestion, rng: np.random.Generator, taken: set[float] | None) -> dict[str, float]:
    cases = [question.cases[int(i)] for i in rng.permutation(len(question.cases))]
    if taken is None:
        return cases[0].draw(rng)
    for case in cases:
        if set(case.values[question.reads]) - taken:
            return case.draw_new(rng, taken)
    raise ImpossibleRequest(f"question {question.id!r}: all {len(taken)} values of {question.reads} are taken")


def _fitting(question: QuizQuestion, condition: Mapping[str, float], rng: np.random.Generator) -> Iterator[Setting]:
    """The settings that go with a condition, in an order drawn; plots side by side may rise and fall."""
    several = question.template.plots == _SIGNED
    for i in rng.permutation(len(question.settings)):
        setting = question.settings[i]
        if setting.sign == 0 or (not several and setting.sign * condition.get(_SIGNED, 0.0) >= 0):
            yield setting


def view(plot: Plot) -> View:
    """How a plot is seen.  A value is read off an axis with an error of a twentieth of the distance of its ticks, or a
    hundredth of the axis where that is more (Cleveland and McGill 1984: people misjudge positions by 1 to 2 %)."""
    size = plot.picture
    return View(
        x=plot.x,
        y=plot.y,
        x_error=_error(plot.x, size.width),
        y_error=_error(plot.y, size.height),
    )


def most_ticks(side: int) -> int:
    """How many ticks an axis of so many CSS pixels has at most."""
    return max(4, side // 75)


@lru_cache(maxsize=1024)
def _error(axis: Axis, side: int) -> float:
    if axis.categories:
        return 1.0
    marks = ticks(axis, most_ticks(side))
    return max((marks[1] - marks[0]) / 20, axis.span / 100)


def _said(condition: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in condition.items())
