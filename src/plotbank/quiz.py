"""The quiz file: TOML, checked key by key, so that every mistake is named with what would be right."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from . import item_templates
from .errors import ImpossibleRequest, ModelError, QuizFileError, UnsuitableDraw
from .generator.conditions import Grid, natural_rows, steps, tidy
from .generator.kinds import UNIT, Feature, Kind, Plot, kinds
from .item_templates import Template
from .items import Axis, NumericKey, PictureSpec
from .leaks import told
from .models import Card, latest, read_natural
from .proof.readers import READERS

Distinct = Literal["picture", "answer"]
_QUIZ_KEYS = ("title", "id", "locale", "picture")
_QUESTION_KEYS = ("template", "id", "title", "points", "distinct", "x", "y")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")
_QUESTION_ID = re.compile(r"[a-z][a-z0-9]{0,19}")
_LARGEST = 1_000_000  # bytes of a quiz file
_TRIES = 50  # conditions and data of which one makes a stand-in; most of the first do


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizQuestion:
    """One question of the quiz file, with everything it names looked up."""

    id: str
    title: str
    points: float
    distinct: Distinct
    template: Template
    kind: Kind
    card: Card
    grid: Grid
    plot: Plot

    @property
    def answers(self) -> int:
        """How many different keys the question's conditions allow."""
        return len(self.grid.values[self.template.reads])


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """A quiz file that has been read and found possible."""

    id: str
    title: str
    locale: str
    questions: tuple[QuizQuestion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a question's conditions lead to, known before anything is drawn.

    `combinations` is of the features that the question asks for; `natural` names the others, which are as in plots of
    real data, or their families.
    """

    answers: int
    combinations: int
    natural: tuple[str, ...]
    clarity: tuple[float, float]
    tolerance: tuple[float, float] | None


def read_quiz(path: Path) -> Quiz:
    """Read and check a quiz file.

    Raises:
        QuizFileError: one line with the file, the place, what is wrong and what would be right.
    """
    reader = _Reader(path)
    text = reader.load()
    reader.only(text, ("quiz", "question"), "the file")
    head = reader.table(text, "quiz", "the file")
    reader.only(head, _QUIZ_KEYS, "[quiz]")
    identifier = reader.text(head, "id", "[quiz]")
    if not _IDENTIFIER.fullmatch(identifier):
        reader.refuse("[quiz]", f"id = {identifier!r}", "write a letter, then letters, digits and hyphens, 60 at most")
    locale = reader.text(head, "locale", "[quiz]", default="en")
    if locale != "en":
        reader.refuse("[quiz]", f"locale = {locale!r}", 'the locale must be "en"')
    entries = text.get("question")
    if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
        reader.refuse("the file", "no question", "add at least one table that begins with [[question]]")
    picture = _picture(reader, head)
    questions = tuple(_question(reader, entry, number, picture) for number, entry in enumerate(entries, start=1))
    taken: set[str] = set()
    for question in questions:
        if question.id in taken:
            reader.refuse("[[question]]", f"id = {question.id!r} stands twice", "give every question an id of its own")
        taken.add(question.id)
    return Quiz(id=identifier, title=reader.text(head, "title", "[quiz]"), locale=locale, questions=questions)


def refuse_impossible(quiz: Quiz, students: int) -> None:
    """Refuse before any work what cannot be had: more distinct answers than a question's conditions allow.

    Raises:
        ImpossibleRequest: with the arithmetic.
    """
    for question in quiz.questions:
        if question.distinct == "answer" and question.answers < students:
            values = question.grid.values[question.template.reads]
            raise ImpossibleRequest(
                f"question {question.id!r}: {question.template.reads} from {values[0]:g} to {values[-1]:g} allows "
                f"{question.answers} different answers, and {students} students are to have one each "
                f"({students} - {question.answers} = {students - question.answers} too few): widen the range, or "
                'write distinct = "picture"'
            )


def outlook(question: QuizQuestion) -> Outlook:
    """Try the template on every key that the conditions allow."""
    clarities, tolerances = [], []
    for value in question.grid.values[question.template.reads]:
        key, clarity = item_templates.grade(question.template, _stand_in(question, value), np.random.default_rng(0))
        clarities.append(clarity)
        if isinstance(key, NumericKey):
            tolerances.append(key.tolerance)
    features, unasked = question.kind.features, question.grid.unasked
    split = {feature.family for feature in features if feature.name not in unasked}
    natural = [f.name if f.family in split else f.family or f.name for f in features if f.name in unasked]
    return Outlook(
        answers=question.answers,
        combinations=question.grid.count(),
        natural=tuple(dict.fromkeys(natural)),
        clarity=(min(clarities), max(clarities)),
        tolerance=(min(tolerances), max(tolerances)) if tolerances else None,
    )


def _stand_in(question: QuizQuestion, value: float, seed: int = 0) -> dict[str, float]:
    """The readings of a plot with this value of what the template reads, from a plain formula instead of a network.

    Raises:
        ImpossibleRequest: no plot that the question allows has this value.
    """
    rng, kind, plot = np.random.default_rng(seed), question.kind, question.plot
    area = (0.8 * plot.picture.width, 0.8 * plot.picture.height)
    for _ in range(_TRIES):
        condition = question.grid.draw(rng, value)
        with suppress(UnsuitableDraw):
            snapped = kind.snap(kind.plain(condition, rng), condition, plot, area, rng)
            return kind.readings(snapped.values, condition, plot)
    condition = question.grid.draw(rng, value)
    return kind.readings(kind.values(kind.plain(condition, rng), condition), condition, UNIT)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes values out of tables, and says what is wrong with them and where."""

    path: Path

    def load(self) -> dict[str, Any]:
        name = self.path.name
        try:
            if self.path.stat().st_size > _LARGEST:
                raise QuizFileError(f"{name}: a quiz file has at most {_LARGEST:,} bytes; this is something else")
            return tomllib.loads(self.path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise QuizFileError(f"{self.path}: there is no such quiz file ('plotbank init DIR' makes one)") from None
        except OSError as error:
            raise QuizFileError(f"{self.path}: the quiz file cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise QuizFileError(f"{name}: the quiz file is not UTF-8 text: save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise QuizFileError(f"{name}: this is not TOML: {error}") from None

    def refuse(self, place: str, what: str, right: str) -> NoReturn:
        raise QuizFileError(f"{self.path.name}: {place}: {what}: {right}")

    def only(self, table: Mapping[str, Any], known: Iterable[str], place: str) -> None:
        for key in table:
            if key not in known:
                self.refuse(place, f"unknown key {key!r}", _nearest(key, known))

    def table(self, table: Mapping[str, Any], key: str, place: str) -> dict[str, Any]:
        value = table.get(key)
        if not isinstance(value, dict):
            self.refuse(place, f"[{key}] is missing" if value is None else f"{key} is not a table", f"write [{key}]")
        return value

    def text(self, table: Mapping[str, Any], key: str, place: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if value is None:
            self.refuse(place, f"{key} is missing", f'write {key} = "..."')
        if not isinstance(value, str):
            self.refuse(place, f"{key} = {value!r}", "write text between quotes")
        if not value.strip() or not value.isprintable():
            self.refuse(place, f"{key} = {value!r}", "write one line of visible text")
        return value.strip()

    def number(self, value: Any, key: str, place: str, right: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.refuse(place, f"{key} = {value!r}", right)
        return float(value)


def _picture(reader: _Reader, head: Mapping[str, Any]) -> PictureSpec:
    place, right = "[quiz]", "write for example picture = { size = [600, 450], density = 2 }"
    table = head.get("picture", {})
    if not isinstance(table, dict):
        reader.refuse(place, f"picture = {table!r}", right)
    reader.only(table, ("size", "density"), "[quiz] picture")
    size = table.get("size", [600, 450])
    if not (isinstance(size, list) and len(size) == 2 and all(type(s) is int and 300 <= s <= 1200 for s in size)):
        reader.refuse(
            place, f"picture: size = {size!r}", "write two whole numbers from 300 to 1200, such as [600, 450]"
        )
    density = table.get("density", 2)
    if type(density) is not int or not 1 <= density <= 3:
        reader.refuse(place, f"picture: density = {density!r}", "write 1, 2 or 3")
    return PictureSpec(width=size[0], height=size[1], density=density)


def _question(reader: _Reader, table: Mapping[str, Any], number: int, picture: PictureSpec) -> QuizQuestion:
    place = f"question {number}"
    template = _template(reader, reader.text(table, "template", place), place)
    kind = kinds().get(template.kind)
    if kind is None:
        reader.refuse(
            place,
            f"the template is about plots of the kind {template.kind!r}",
            _nearest(template.kind, kinds()),
        )
    if kind.name not in READERS:
        reader.refuse(
            place,
            f"the template is about plots of the kind {kind.name!r}",
            f"nothing here can prove keys from their pictures yet: choose a template about {', '.join(READERS)}",
        )
    if template.reads not in [feature.name for feature in kind.features]:
        reader.refuse(
            place,
            f"{template.name} reads {template.reads!r}",
            f"the features of plots of the kind {kind.name!r} are {', '.join(f.name for f in kind.features)}",
        )
    card = latest(kind.name)
    _refuse_other_features(kind, card)
    families = dict.fromkeys(feature.family for feature in kind.features if feature.family)
    reader.only(table, (*_QUESTION_KEYS, *(feature.name for feature in kind.features), *families), place)
    identifier = reader.text(table, "id", place, default=f"q{number}")
    if not _QUESTION_ID.fullmatch(identifier):
        reader.refuse(place, f"id = {identifier!r}", "write a small letter, then small letters and digits, 20 at most")
    points = reader.number(table.get("points", 1), "points", place, "write a number above 0, such as 1")
    if not 0 < points <= 1000:
        reader.refuse(place, f"points = {points:g}", "write a number above 0 and at most 1000")
    distinct = table.get("distinct", "picture")
    if distinct not in ("picture", "answer"):
        reader.refuse(place, f"distinct = {distinct!r}", 'write "picture" or "answer"')
    question = QuizQuestion(
        id=identifier,
        title=reader.text(table, "title", place, default=template.title),
        points=points,
        distinct=distinct,
        template=template,
        kind=kind,
        card=card,
        grid=_grid(reader, table, kind, card, template.reads, place),
        plot=Plot(x=_axis(reader, table, "x", place), y=_axis(reader, table, "y", place), picture=picture),
    )
    _refuse_unclear(reader, question, place)
    return question


def _template(reader: _Reader, name: str, place: str) -> Template:
    if name.endswith(".md"):
        path = (reader.path.parent / name).resolve()
        if not path.is_relative_to(reader.path.parent.resolve()):
            reader.refuse(
                place, f"template = {name!r}", "a template of one's own lies beside the quiz file or below it"
            )
        return item_templates.load(path)
    known = item_templates.built_in()
    if name not in known:
        reader.refuse(place, f"template = {name!r} does not exist", _nearest(name, known))
    return item_templates.parse(name, known[name])


def _refuse_other_features(kind: Kind, card: Card) -> None:
    """Refuse a model of another version of the kind.

    Raises:
        ModelError: it takes other conditions than the kind's features, or draws arrays of another shape.
    """
    features = [feature.name for feature in kind.features]
    if list(card.conditions) != features or (card.parts, card.width) != (kind.parts, kind.width):
        raise ModelError(
            f"{card.name}: the model draws {card.parts} x {card.width} numbers from {', '.join(card.conditions)}, but "
            f"the kind {kind.name!r} wants {kind.parts} x {kind.width} from {', '.join(features)}: install versions "
            "that belong together"
        )


def _grid(reader: _Reader, table: Mapping[str, Any], kind: Kind, card: Card, reads: str, place: str) -> Grid:
    """The values of what the question asks for and its template reads, and natural ones of everything else."""
    values: dict[str, tuple[float, ...]] = {}
    for feature in kind.features:
        key = feature.name if feature.name in table else feature.family  # the member wins over its family
        if key and key in table:
            values[feature.name] = _values(reader, table[key], key, feature, card, place)
        elif feature.name == reads:
            values[feature.name] = steps(feature, *_offered(feature, card))
    natural = natural_rows(kind, read_natural(card), card.conditions, values)
    if not natural and len(values) < len(kind.features):
        unasked = [f"{f.name} from {f.usual[0]:g} to {f.usual[1]:g}" for f in kind.features if f.name not in values]
        reader.refuse(
            place,
            f"{card.name} knows no plot of real data with {', '.join(unasked)}",
            "say in the question what you want of these",
        )
    return Grid(kind=kind, values=values, natural=natural, reads=reads)


def _offered(feature: Feature, card: Card) -> tuple[float, float]:
    """Lowest and highest value that may be asked for: the kind's limits, as far as the network was trained."""
    low, high = card.conditions[feature.name]
    return max(low, feature.low), min(high, feature.high)


def _values(reader: _Reader, given: Any, name: str, feature: Feature, card: Card, place: str) -> tuple[float, ...]:
    """The values that one feature may take: from a value, a range [low, high], or a list, given under this name."""
    low, high = _offered(feature, card)
    right = f"write a value, a range such as {name} = [{low:g}, {high:g}], or {name} = {{ values = [...] }}"
    listed = given["values"] if isinstance(given, dict) and list(given) == ["values"] else given
    if not isinstance(listed, list):
        listed = [listed]
    if not listed:
        reader.refuse(place, f"{name} = []", right)
    numbers = [reader.number(value, name, place, right) for value in listed]
    for value in numbers:
        if not low - 1e-9 <= value <= high + 1e-9:
            reader.refuse(
                place,
                f"{name} = {value:g} ({feature.meaning})",
                f"the model {card.name} was trained for {name} from {low:g} to {high:g}",
            )
    if isinstance(given, list) and len(numbers) == 2:
        if numbers[0] > numbers[1]:
            reader.refuse(place, f"{name} = [{numbers[0]:g}, {numbers[1]:g}]", "the lower end of a range comes first")
        values = steps(feature, *numbers)
        if not values:
            reader.refuse(place, f"{name} = {given!r}", f"no multiple of {feature.step:g} lies in this range")
        return values
    for value in numbers:
        if abs(tidy(feature, value) - value) > 1e-9:
            reader.refuse(place, f"{name} = {value:g}", f"write whole multiples of {feature.step:g}")
    return tuple(sorted({tidy(feature, value) for value in numbers}))


def _axis(reader: _Reader, table: Mapping[str, Any], name: str, place: str) -> Axis:
    right = f'write {name} = {{ label = "Study time (hours per week)", range = [0, 30] }}'
    given = table.get(name, {"label": name, "range": [0, 10]})
    if not isinstance(given, dict):
        reader.refuse(place, f"{name} = {given!r}", right)
    reader.only(given, ("label", "range"), f"{place}: {name}")
    label = reader.text(given, "label", f"{place}: {name}")
    ends = given.get("range")
    if not isinstance(ends, list) or len(ends) != 2:
        reader.refuse(place, f"{name}: range = {ends!r}", right)
    low, high = (reader.number(end, f"{name}: range", place, right) for end in ends)
    if not low < high:
        reader.refuse(place, f"{name}: range = [{low:g}, {high:g}]", "the lower end comes first")
    if not (1e-6 <= high - low <= 1e9 and max(abs(low), abs(high)) <= 1e3 * (high - low)):
        reader.refuse(place, f"{name}: range = [{low:g}, {high:g}]", "choose units in which the numbers are handier")
    return Axis(label=label, low=low, high=high)


def _refuse_unclear(reader: _Reader, question: QuizQuestion, place: str) -> None:
    """Refuse a template that fails, and conditions under which its item would be ambiguous, whatever is drawn."""
    template, name = question.template, question.template.reads
    good: list[float] = []
    bad: list[tuple[float, str]] = []
    for value in question.grid.values[name]:
        try:
            readings = _stand_in(question, value)
            for k in range(12):  # the places of the options are drawn: try several
                item_templates.grade(template, readings, np.random.default_rng(k))
            good.append(value)
            _refuse_telling(reader, question, value, place)
        except (UnsuitableDraw, ImpossibleRequest) as reason:
            bad.append((value, str(reason)))
    if bad:
        right = f"ask for {name} from {good[0]:g} to {good[-1]:g}" if good else "choose another template or conditions"
        reader.refuse(place, f"{template.name} cannot ask about {name} = {bad[0][0]:g} ({bad[0][1]})", right)


def _refuse_telling(reader: _Reader, question: QuizQuestion, value: float, place: str) -> None:
    """Refuse a template whose text fails, and titles, labels and texts in which this value's key stands."""
    name, axes = question.template.reads, {"x": question.plot.x, "y": question.plot.y}
    for seed in range(20):  # a stand-in may not be what the template requires; another one is
        readings = _stand_in(question, value, seed)
        try:
            text = item_templates.write(question.template, readings, axes, np.random.default_rng(seed))
        except UnsuitableDraw:
            continue
        for what in told(text, title=question.title, identifier=question.id, label="0" * 16):
            right = f"change the words, or leave {name} = {value:g} out"
            reader.refuse(place, f"with {name} = {value:g} {what}", right)
        return


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}"
