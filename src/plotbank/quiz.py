"""The quiz file: TOML, checked key by key, so that every mistake is named with what would be right."""

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from . import item_templates
from .errors import ImpossibleRequest, ModelError, QuizFileError
from .generator.conditions import Alike, Grid, natural_rows, steps, tidy
from .generator.kinds import Feature, Kind, Plot, kinds
from .item_templates import Template, difficulty
from .item_templates.contexts import Context, context, contexts
from .item_templates.numerals import Numerals, numerals
from .item_templates.words import words
from .items import Axis, Bank, PictureSpec, Question
from .leaks import told
from .making import Made
from .models import Card, latest, read_natural
from .proof.readers import READERS
from .question import QuizQuestion, Setting
from .rehearsal import of_values, rehearse

_QUIZ_KEYS = ("title", "id", "locale", "picture")
_QUESTION_KEYS = ("template", "id", "title", "points", "distinct", "x", "y", "story", "context")
_REHEARSED = 12  # stand-ins of a question that no feature decides
_SEVERAL = 0.7  # of a single picture's sides
_OF_VALUE = 3  # of each value of a feature that decides
_MOST_TRIED = 15
_MOST_IN_BAND = 0.6  # of the trials: a band that holds fewer is none
_MOST_PARTS = 8
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")
_QUESTION_ID = re.compile(r"[a-z][a-z0-9]{0,19}")
_LARGEST = 1_000_000  # bytes of a quiz file


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """A quiz file that has been read and found possible; `file` is its name, `source` its text to the byte."""

    file: str
    source: str
    id: str
    title: str
    numerals: Numerals
    questions: tuple[QuizQuestion, ...]

    @property
    def language(self) -> str:
        """The language of stems, feedback and text alternatives."""
        return self.numerals.language

    def bank(self, variants: int) -> Bank:
        """The quiz as exporters see it."""
        return Bank(
            id=self.id,
            title=self.title,
            language=self.language,
            questions=tuple(
                Question(
                    id=question.id,
                    title=question.title,
                    points=question.points,
                    template=", ".join(template.name for template in question.templates),
                    kind=question.kind.name,
                )
                for question in self.questions
            ),
            variants=variants,
        )


def read_quiz(path: Path) -> Quiz:
    """Read and check a quiz file.

    Raises:
        QuizFileError: one line with the file, the place, what is wrong and what would be right.
    """
    reader = _Reader(path)
    source, text = reader.load()
    reader.only(text, ("quiz", "question"), "the file")
    head = reader.table(text, "quiz", "the file")
    reader.only(head, _QUIZ_KEYS, "[quiz]")
    title, identifier = (reader.text(head, key, "[quiz]") for key in ("title", "id"))
    if not _IDENTIFIER.fullmatch(identifier):
        reader.refuse("[quiz]", f"id = {identifier!r}", "write a letter, then letters, digits and hyphens, 60 at most")
    try:
        written = numerals(reader.text(head, "locale", "[quiz]", default="en"))
    except ValueError as error:
        reader.refuse("[quiz]", "locale", str(error))
    entries = text.get("question")
    if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
        reader.refuse("the file", "no question", "add at least one table that begins with [[question]]")
    picture = _picture(reader, head)
    questions = tuple(
        _question(
            reader,
            entry,
            f"question {number}",
            f"q{number}",
            _templates(reader, entry, f"question {number}"),
            picture,
            written,
        )
        for number, entry in enumerate(entries, start=1)
    )
    taken: set[str] = set()
    for question in questions:
        if question.id in taken:
            reader.refuse("[[question]]", f"id = {question.id!r} stands twice", "give every question an id of its own")
        taken.add(question.id)
    return Quiz(file=path.name, source=source, id=identifier, title=title, numerals=written, questions=questions)


def refuse_impossible(quiz: Quiz, students: int) -> None:
    """Refuse before any work what cannot be had: more distinct answers than a question's conditions allow.

    Raises:
        ImpossibleRequest: with the arithmetic.
    """
    for question in quiz.questions:
        most = question.fixed_answers()
        if question.distinct == "answer" and most is not None and most < students:
            values = question.values
            span = f"{question.reads} from {values[0]:g} to {values[-1]:g}" if values else question.template.name
            left_out = f", {len(question.left_out)} left out as easier or harder" if question.left_out else ""
            raise ImpossibleRequest(
                f"question {question.id!r}: {span} allows {most} different answers{left_out}, and {students} students "
                f"are to have one each ({students} - {most} = {students - most} too few): widen the range, or "
                'write distinct = "picture"'
            )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes values out of tables, and says what is wrong with them and where."""

    path: Path

    def load(self) -> tuple[str, dict[str, Any]]:
        """The text, and what it says."""
        name = self.path.name
        try:
            if self.path.stat().st_size > _LARGEST:
                raise QuizFileError(f"{name}: a quiz file has at most {_LARGEST:,} bytes; this is something else")
            source = self.path.read_bytes().decode()
            return source, tomllib.loads(source.removeprefix("\ufeff"))
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
        if not value.strip() or not _is_visible(value):
            self.refuse(place, f"{key} = {value!r}", "write one line of visible text")
        return value.strip()

    def number(self, value: Any, key: str, place: str, right: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.refuse(place, f"{key} = {value!r}", right)
        return float(value)


def _picture(reader: _Reader, head: Mapping[str, Any], place: str = "[quiz]") -> PictureSpec:
    right = "write for example picture = { size = [600, 450], density = 2 }"
    table = head.get("picture", {})
    if not isinstance(table, dict):
        reader.refuse(place, f"picture = {table!r}", right)
    reader.only(table, ("size", "density"), f"{place} picture")
    size = table.get("size", [600, 450])
    if not (isinstance(size, list) and len(size) == 2 and all(type(s) is int and 300 <= s <= 1200 for s in size)):
        reader.refuse(
            place, f"picture: size = {size!r}", "write two whole numbers from 300 to 1200, such as [600, 450]"
        )
    density = table.get("density", 2)
    if type(density) is not int or not 1 <= density <= 3:
        reader.refuse(place, f"picture: density = {density!r}", "write 1, 2 or 3")
    return PictureSpec(width=size[0], height=size[1], density=density)


def question_of_template(template: Template, written: Numerals | None = None) -> QuizQuestion:
    """The question that a template asks where a quiz file says nothing more.

    Raises:
        QuizFileError: the template cannot be used; with its line.
    """
    table = {"context": "any"} if contexts(template.kind) else {}
    reader = _Reader(Path(template.name))
    return _question(reader, table, "defaults", "q1", (template,), PictureSpec(), written or numerals("en"))


def plot_asked(name: str, table: Mapping[str, Any]) -> tuple[Kind, Card, Grid, Setting]:
    """A plot of this kind without any question: what draws it, what it may be, and its axes.

    The table may have the axes and features of a question, and the picture of a quiz.

    Raises:
        QuizFileError: there is no such kind, or it is asked for what it cannot be.
    """
    reader, known = _Reader(Path("plot")), {one: kind for one, kind in kinds().items() if one in READERS}
    if name not in known:
        reader.refuse("kind", repr(name), _nearest(name, known))
    kind, written = known[name], numerals("en")
    card = latest(name)
    _refuse_other_features(kind, card)
    families = dict.fromkeys(feature.family for feature in kind.features if feature.family)
    reader.only(table, ("x", "y", "picture", *(feature.name for feature in kind.features), *families), name)
    settings = _settings(reader, table, kind, _picture(reader, table, name), written, name)
    cases = tuple(_grids(reader, kind, card, [_asked(reader, table, kind, card, name)], "", name))
    _refuse_too_few_names(reader, kind, cases, settings, name)
    (setting,) = _with_bins(settings, cases)
    return kind, card, cases[0], setting


def _question(
    reader: _Reader,
    table: Mapping[str, Any],
    place: str,
    default_id: str,
    templates: tuple[Template, ...],
    picture: PictureSpec,
    written: Numerals,
) -> QuizQuestion:
    kind = _kind(reader, templates, written, place)
    card = latest(kind.name)
    _refuse_other_features(kind, card)
    families = dict.fromkeys(feature.family for feature in kind.features if feature.family)
    reader.only(table, (*_QUESTION_KEYS, *(feature.name for feature in kind.features), *families), place)
    identifier = reader.text(table, "id", place, default=default_id)
    if not _QUESTION_ID.fullmatch(identifier):
        reader.refuse(place, f"id = {identifier!r}", "write a small letter, then small letters and digits, 20 at most")
    points = reader.number(table.get("points", 1), "points", place, "write a number above 0, such as 1")
    if not 0 < points <= 1000:
        reader.refuse(place, f"points = {points:g}", "write a number above 0 and at most 1000")
    distinct = table.get("distinct", "picture")
    if distinct not in ("picture", "answer"):
        reader.refuse(place, f"distinct = {distinct!r}", 'write "picture" or "answer"')
    size = _smaller(picture) if templates[0].plots or templates[0].boxes else picture
    settings = _settings(reader, table, kind, size, written, place)
    reads = templates[0].reads if len(templates) == 1 else ""
    cases = tuple(_grids(reader, kind, card, _cases(reader, table, kind, card, templates, place), reads, place))
    if "r" not in table:
        cases = _of_signs(cases, settings)
    title = templates[0].words(written.language).title if len(templates) == 1 else None
    question = QuizQuestion(
        id=identifier,
        title=reader.text(table, "title", place, default=title),
        points=points,
        distinct=distinct,
        templates=templates,
        kind=kind,
        card=card,
        cases=cases,
        settings=_with_bins(settings, cases),
        numerals=written,
    )
    _refuse_unfitting_contexts(reader, question, place)
    return _rehearsed(reader, question, place)


def _templates(reader: _Reader, table: Mapping[str, Any], place: str) -> tuple[Template, ...]:
    """The template, or the parts about one plot."""
    given = table.get("template")
    if not isinstance(given, list):
        return (_template(reader, reader.text(table, "template", place), place),)
    if not 2 <= len(given) <= _MOST_PARTS or not all(isinstance(name, str) for name in given):
        reader.refuse(place, f"template = {given!r}", f"write the names of 2 to {_MOST_PARTS} templates about one plot")
    templates = tuple(_template(reader, name, place) for name in given)
    for template in templates:
        if template.kind != templates[0].kind:
            reader.refuse(
                place,
                f"{template.name} is about plots of the kind {template.kind!r}, {templates[0].name} about those of the "
                f"kind {templates[0].kind!r}",
                "the parts of a question are about one plot",
            )
        if template.plots or template.boxes or template.type in ("multiple", "matching"):
            reader.refuse(place, f"{template.name} cannot be one of several parts", "ask it in a question of its own")
    if len({template.show for template in templates}) > 1:
        shows = ", ".join(f"{template.name}: {template.show or 'nothing'}" for template in templates)
        reader.refuse(place, f"the parts show different things besides the data ({shows})", "one plot shows one thing")
    return templates


def _kind(reader: _Reader, templates: Sequence[Template], written: Numerals, place: str) -> Kind:
    name = templates[0].kind
    kind = kinds().get(name)
    if kind is None:
        reader.refuse(place, f"the template is about plots of the kind {name!r}", _nearest(name, kinds()))
    if kind.name not in READERS:
        reader.refuse(
            place,
            f"the template is about plots of the kind {kind.name!r}",
            f"nothing here can prove keys from their pictures: choose a template about {', '.join(READERS)}",
        )
    for template in templates:
        refuse_unprovable(template, kind)
        if not {"", written.language} & set(template.texts):
            reader.refuse(
                place,
                f"{template.name} has no words in the language {written.language!r}",
                f"choose another template, or a locale of {', '.join(template.texts)}",
            )
    return kind


def refuse_unprovable(template: Template, kind: Kind) -> None:
    """Refuse a template whose key hangs on what cannot be measured in a picture.

    Raises:
        QuizFileError: with the place of the expression.
    """
    features = [feature.name for feature in kind.features]
    for what, name in (("reads", template.reads), ("plots", template.plots)):
        if name and name not in features:
            raise QuizFileError(
                f"{template.name}: header: {what} = {name!r}: the features of plots of the kind {kind.name!r} are "
                f"{', '.join(features)}"
            )
    if template.show and template.show not in kind.shows:
        raise QuizFileError(f"{template.name}: header: show = {template.show!r}: plots of the kind {kind.name!r} show "
                            f"{', '.join(kind.shows) or 'nothing'} besides the data")  # fmt: skip
    known = {
        *item_templates.grading.FUNCTIONS,
        *READERS[kind.name].measures,
        "key",
        *(name for name, _ in template.let),
    }
    for formula in template.keyed:
        for name in sorted(formula.names - known):
            near = get_close_matches(name, known, n=1, cutoff=0.6)
            raise QuizFileError(
                f"{formula.place}: {name!r} cannot be measured in a picture"
                + (
                    f": did you mean {near[0]!r}?"
                    if near
                    else f": what can is {', '.join(READERS[kind.name].measures)}"
                )
            )


def _cases(
    reader: _Reader, table: Mapping[str, Any], kind: Kind, card: Card, templates: Sequence[Template], place: str
) -> list[dict[str, tuple[float, ...]]]:
    """The values of each feature that is asked for, case by case.

    The quiz file's word counts before the templates'.  Of several parts each case has what all of them ask for; where
    that is nothing in every case, what the first of them asks for.
    """
    own = _asked(reader, table, kind, card, place)
    asked = [
        [_asked(reader, case, kind, card, f"{template.name}: conditions") for case in template.conditions]
        for template in templates
    ]
    for template in templates:
        _refuse_unknown(template, kind)
    found = []
    for combination in product(*asked):
        shared: dict[str, tuple[float, ...]] = {}
        for conditions in combination:
            for name, values in conditions.items():
                both = tuple(value for value in values if value in shared[name]) if name in shared else values
                shared[name] = both
        found.append({**shared, **own})
    for name in {name for case in found for name in case if not any(other.get(name) for other in found)}:
        for case, combination in zip(found, product(*asked), strict=True):
            case[name] = next(conditions[name] for conditions in combination if name in conditions)
    return [case for case in found if all(case.values())] or found


def _asked(
    reader: _Reader, table: Mapping[str, Any], kind: Kind, card: Card, place: str
) -> dict[str, tuple[float, ...]]:
    """The values of each feature that a table asks for, by its own name or its family's."""
    found = {}
    for feature in kind.features:
        key = feature.name if feature.name in table else feature.family  # the member wins over its family
        if key and key in table:
            found[feature.name] = _values(reader, table[key], key, feature, card, place)
    return found


def _refuse_unknown(template: Template, kind: Kind) -> None:
    known = {name for feature in kind.features for name in (feature.name, feature.family) if name}
    for case in template.conditions:
        for name in case:
            if name not in known:
                lines = enumerate(template.source.splitlines(), start=1)
                at = next((line for line, text in lines if re.search(rf"\b{re.escape(name)}\b", text)), 1)
                raise QuizFileError(
                    f"{template.name}: line {at}: conditions: {name!r} is no condition of the kind {kind.name!r}: "
                    f"{_nearest(name, known)}"
                )


def _template(reader: _Reader, name: str, place: str) -> Template:
    if name.endswith(".md"):
        path = (reader.path.parent / name).resolve()
        if not path.is_relative_to(reader.path.parent.resolve()):
            reader.refuse(
                place, f"template = {name!r}", "a template of one's own lies beside the quiz file or below it"
            )
        return item_templates.load(path)
    known = item_templates.installed()
    if name not in known:
        reader.refuse(place, f"template = {name!r} does not exist", _nearest(name, known))
    return item_templates.built_in(name)


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


def _grids(
    reader: _Reader,
    kind: Kind,
    card: Card,
    cases: Iterable[Mapping[str, tuple[float, ...]]],
    reads: str,
    place: str,
) -> Iterator[Grid]:
    """The values of what is asked for and of what the template reads, and natural ones of everything else."""
    natural: dict[frozenset[str], tuple[Alike, ...]] = {}  # cases that ask for the same features share them
    for asked in cases:
        values = dict(asked)
        for feature in kind.features:
            if feature.name == reads and reads not in values:
                values[reads] = steps(feature, *_offered(feature, card))
        names = frozenset(values)
        if names not in natural:
            natural[names] = _natural(kind, card, tuple(values))
        if not natural[names] and len(values) < len(kind.features):
            unasked = [f"{f.name} from {f.usual[0]:g} to {f.usual[1]:g}" for f in kind.features if f.name not in values]
            reader.refuse(
                place,
                f"{card.name} knows no plot of real data with {', '.join(unasked)}",
                "say in the question what you want of these",
            )
        yield Grid(kind=kind, values=values, natural=natural[names], reads=reads)


def _natural(kind: Kind, card: Card, asked: tuple[str, ...]) -> tuple[Alike, ...]:
    return natural_rows(kind, read_natural(card), card.conditions, asked)


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


def _settings(
    reader: _Reader, table: Mapping[str, Any], kind: Kind, picture: PictureSpec, written: Numerals, place: str
) -> tuple[Setting, ...]:
    """What the data are said to be about: the quiz file's own words, or built-in contexts."""
    if "context" not in table:
        x, y = (_axis(reader, table, name, kind, written, place) for name in ("x", "y"))
        story = reader.text(table, "story", place) if "story" in table else ""
        return (Setting(context="", plot=Plot(x=x, y=y, picture=picture), story=story),)
    for key in ("x", "y", "story"):
        if key in table:
            reader.refuse(place, f"{key} beside context", f"leave out {key}: the context says it, or leave out context")
    given = table["context"]
    names = given if isinstance(given, list) else [given]
    known = {own.id: own for own in contexts(kind.name)}
    if not names or not all(isinstance(name, str) for name in names):
        reader.refuse(place, f"context = {given!r}", 'write "any", a name, or a list of names')
    chosen = list(known.values()) if names == ["any"] else []
    for name in names if names != ["any"] else []:
        if name not in known:
            try:
                of_kind = context(name).kind
            except QuizFileError as unknown:
                reader.refuse(place, f"context = {name!r}", str(unknown))
            reader.refuse(place, f"context = {name!r} is for plots of the kind {of_kind!r}", _nearest(name, known))
        chosen.append(known[name])
    if not chosen:
        reader.refuse(
            place, f"context = {given!r}", f"there are none for plots of the kind {kind.name!r}: write x and y"
        )
    return tuple(_of_context(own, picture, written.language) for own in chosen)


def _of_context(own: Context, picture: PictureSpec, language: str) -> Setting:
    text = own.texts[language]
    if own.x is None:
        x = Axis(label=text.x, low=0, high=len(text.categories), categories=text.categories)
    else:
        x = Axis(label=text.x, low=own.x.low, high=own.x.high, whole=own.x.whole)
    if own.y is None:
        y = Axis(label=text.y, low=0, high=math.inf)
    else:
        y = Axis(label=text.y, low=own.y.low, high=own.y.high, whole=own.y.whole)
    return Setting(context=own.id, plot=Plot(x=x, y=y, picture=picture), story=text.story, sign=own.sign, bins=own.bins)


def _axis(reader: _Reader, table: Mapping[str, Any], name: str, kind: Kind, written: Numerals, place: str) -> Axis:
    """One axis in the quiz file's words: of numbers, of groups (a box plot's x), or of counts (a histogram's y)."""
    known = words(written.language)
    if kind.name == "boxplot" and name == "x":
        return _groups(reader, table.get(name, {}), known["group"], place)
    counts = kind.name == "histogram" and name == "y"
    right = f'write {name} = {{ label = "Study time (hours per week)", range = [0, 30] }}'
    default = {"label": known["observations"]} if counts else {"label": name, "range": [0, 10]}
    given = table.get(name, default)
    if not isinstance(given, dict):
        reader.refuse(place, f"{name} = {given!r}", right)
    reader.only(given, ("label", "range"), f"{place}: {name}")
    label = reader.text(given, "label", f"{place}: {name}")
    ends = given.get("range")
    if counts and ends is None:
        return Axis(label=label, low=0, high=math.inf)
    if not isinstance(ends, list) or len(ends) != 2:
        reader.refuse(place, f"{name}: range = {ends!r}", right)
    low, high = (reader.number(end, f"{name}: range", place, right) for end in ends)
    if not low < high:
        reader.refuse(place, f"{name}: range = [{low:g}, {high:g}]", "the lower end comes first")
    if counts and low != 0:
        reader.refuse(place, f"{name}: range = [{low:g}, {high:g}]", "bars are counted from 0")
    if not (1e-6 <= high - low <= 1e9 and max(abs(low), abs(high)) <= 1e3 * (high - low)):
        reader.refuse(place, f"{name}: range = [{low:g}, {high:g}]", "choose units in which the numbers are handier")
    return Axis(label=label, low=low, high=high)


def _groups(reader: _Reader, given: Any, label: str, place: str) -> Axis:
    """The axis of a box plot's groups: a label, and a name for each; letters where the quiz file gives none."""
    right = 'write x = { label = "Transport", categories = ["Bus", "Bike", "Train", "Car"] }'
    if not isinstance(given, dict):
        reader.refuse(place, f"x = {given!r}", right)
    reader.only(given, ("label", "categories"), f"{place}: x")
    names = given.get("categories", ["A", "B", "C", "D"])
    if not isinstance(names, list) or not 1 <= len(names) <= 4 or not all(isinstance(n, str) for n in names):
        reader.refuse(place, f"x: categories = {names!r}", right)
    stripped = [name.strip() for name in names]
    if len(set(stripped)) != len(stripped) or not all(name and _is_visible(name) for name in stripped):
        reader.refuse(place, f"x: categories = {names!r}", "give every group a name of its own")
    return Axis(
        label=reader.text(given, "label", f"{place}: x", default=label),
        low=0,
        high=len(stripped),
        categories=tuple(stripped),
    )


def _smaller(picture: PictureSpec) -> PictureSpec:
    """The size of several pictures that are looked at together."""
    width, height = (max(300, round(_SEVERAL * side)) for side in (picture.width, picture.height))
    return replace(picture, width=width, height=height)


def _with_bins(settings: Sequence[Setting], cases: Sequence[Grid]) -> tuple[Setting, ...]:
    """Classes of round width for histograms of which no number of bins is asked for."""
    if not any("bins" in case.unasked for case in cases):
        return tuple(replace(setting, bins=None) for setting in settings)
    return tuple(replace(s, bins=s.bins or _round_bins(s.plot.x)) for s in settings)


def _round_bins(axis: Axis) -> int | None:
    """The number of bins from 6 to 16, nearest to 10, that divide the axis into classes of round width."""

    def is_round(bins: int) -> bool:
        width = axis.span / bins
        leading = width / 10 ** math.floor(math.log10(width) + 1e-9)
        return any(abs(leading - one) < 1e-9 for one in (1, 2, 2.5, 4, 5, 10)) and _whole(axis.low / width)

    return next((bins for bins in sorted(range(6, 17), key=lambda b: (abs(b - 10), b)) if is_round(bins)), None)


def _whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-9


def _of_signs(cases: tuple[Grid, ...], settings: Sequence[Setting]) -> tuple[Grid, ...]:
    """Of the correlations that a template asks for by itself, those of a sign that goes with one of the contexts; all,
    where none does."""
    found = []
    for case in cases:
        fitting = tuple(r for r in case.values.get("r", ()) if any(setting.sign * r >= 0 for setting in settings))
        if "r" not in case.values:
            found.append(case)
        elif fitting:
            found.append(replace(case, values={**case.values, "r": fitting}))
    return tuple(found) or cases


def _refuse_unfitting_contexts(reader: _Reader, question: QuizQuestion, place: str) -> None:
    """Refuse contexts of which none goes with a sign of r that is asked for, or with so many groups."""
    settings = question.settings
    if question.template.plots == "r" and all(setting.sign for setting in settings):
        several = [one.id for one in contexts(question.kind.name) if one.sign == 0]
        reader.refuse(
            place,
            f"{question.template.name} shows plots that rise and that fall, and this context goes with one of them",
            f'write context = "any", or one of {", ".join(several)}',
        )
    for case in question.cases:
        for value in case.values.get("r", ()):
            if not any(setting.sign * value >= 0 for setting in settings):
                direction = "falls" if value < 0 else "rises"
                reader.refuse(
                    place,
                    f"r = {value:g}, but no context has a relationship that {direction}",
                    'write context = "any", another one, or other values of r',
                )
    _refuse_too_few_names(reader, question.kind, question.cases, settings, place)


def _refuse_too_few_names(
    reader: _Reader, kind: Kind, cases: Sequence[Grid], settings: Sequence[Setting], place: str
) -> None:
    natural = tuple(feature.usual[1] for feature in kind.features if feature.name == "groups")
    for case in cases:
        if most := max(case.values.get("groups", natural), default=0):
            for setting in settings:
                if len(setting.plot.x.categories) < most:
                    reader.refuse(
                        place,
                        f"{most:g} groups, but x has {len(setting.plot.x.categories)} categories",
                        "give as many names, or ask for fewer groups",
                    )


def _rehearsed(reader: _Reader, question: QuizQuestion, place: str) -> QuizQuestion:
    """The question with the difficulties between which its variants lie.

    Refuses a template that fails, conditions under which its item would be ambiguous whatever is drawn, and titles,
    labels and texts in which the key stands.
    """
    if question.values:
        return _rehearsed_values(reader, question, place)
    found = rehearse(question, _REHEARSED)
    if not found.made:
        reader.refuse(
            place,
            f"none of {_REHEARSED} trials of {question.template.name} made an item (most often: {found.reason})",
            "choose other conditions or another template",
        )
    if len(found.made) == sum(bool(_told(question, made)) for made in found.made):
        reader.refuse(place, _told(question, found.made[0])[0], "change the words")
    return replace(question, band=_band([made.difficulty for made in found.made]))


def _rehearsed_values(reader: _Reader, question: QuizQuestion, place: str) -> QuizQuestion:
    """The same, where a feature decides: each of its values is tried."""
    template, name = question.template, question.reads
    good: dict[float, Made] = {}
    bad: list[tuple[float, str]] = []
    for value, made, reason in of_values(
        question, _tried(question), _OF_VALUE, lambda made: bool(_told(question, made))
    ):
        if not made:
            bad.append((value, reason))
            continue
        good[value] = made[0]
        telling = [what for one in made for what in _told(question, one)[:1]]
        if len(telling) == len(made):  # by chance a text may hold the key: then another plot is drawn
            right = f"change the words, or leave {name} = {value:g} out"
            reader.refuse(place, f"with {name} = {value:g} {telling[0]}", right)
    if bad:
        span = (
            f"ask for {name} from {min(good):g} to {max(good):g}" if good else "choose another template or conditions"
        )
        reader.refuse(place, f"{template.name} cannot ask about {name} = {bad[0][0]:g} ({bad[0][1]})", span)
    low, high = _band([made.difficulty for made in good.values()])
    if template.type != "numerical" or not template.law:  # then difficulty does not hang on the value
        return replace(question, band=(low, high))
    left_out = tuple(value for value, made in good.items() if not low <= made.difficulty <= high)
    cases = [
        replace(case, values={**case.values, name: kept})
        for case in question.cases
        if (kept := tuple(value for value in case.values[name] if value not in left_out))
    ]
    return replace(question, band=(low, high), cases=tuple(cases), left_out=left_out)


def _tried(question: QuizQuestion) -> tuple[float, ...]:
    """The values that are tried: all, where a tolerance grows with the value, or else some from end to end."""
    values = question.values
    if question.template.law or len(values) <= _MOST_TRIED:
        return values
    return tuple(values[round(k * (len(values) - 1) / (_MOST_TRIED - 1))] for k in range(_MOST_TRIED))


def _band(difficulties: Sequence[float]) -> tuple[float, float]:
    """The band of a fixed width in which the most of these lie, or no limits where it would leave out too many.

    The template decides then how difficulty varies, and `check` tells by how much.
    """
    ordered, width = np.sort(np.array(difficulties)), 2 * difficulty.BAND
    median = float(np.median(ordered))
    inside = {low: ordered[(ordered >= low) & (ordered <= low + width)] for low in ordered.tolist()}
    best = max(inside.values(), key=lambda within: (len(within), -abs(float(within[0] + within[-1]) / 2 - median)))
    if len(best) < _MOST_IN_BAND * len(ordered):
        return -math.inf, math.inf
    middle = float(best[0] + best[-1]) / 2
    # Rounded, so that no last bit of a rehearsal matters.
    return round(middle - difficulty.BAND - 0.001, 3), round(middle + difficulty.BAND + 0.001, 3)


def _told(question: QuizQuestion, made: Made) -> list[str]:
    return told(
        made.key,
        stem=made.stem,
        feedback=made.feedback,
        alts=[shown.alternative.whole for shown in made.shown],
        title=question.title,
        identifier=question.id,
        label="0" * 16,
        captions=[shown.caption for shown in made.shown],
        ends=[shown.ends for shown in made.shown],
    )


def _is_visible(text: str) -> bool:
    """Whether a text is one line without control characters; spaces that do not break, as in French, are visible."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ").isprintable()


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}"
