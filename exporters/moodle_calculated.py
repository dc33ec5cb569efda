"""Moodle XML with synchronised calculated questions: several numbers about one plot, the same plot in each of them.

Moodle keeps a pool of variants as one question per number that is asked for.  Its text holds wildcards, `{n_...}`,
and a dataset says what stands for each of them in every variant: the name of the picture's file, numbers in the text,
the key.  Moodle finds shared datasets again by name, within a category; so a name is made of the values, and a dataset
of another import is never taken for this one.  Questions of one category that are synchronised show a student the same
variant.

Only numbers can be wildcards.  Variants whose texts differ in words make another set, in a category of its own.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path

from lxml import etree
from lxml.builder import E

from ..items import Bank, Item, NumericKey, PartsKey, Picture, Question
from . import PART_BYTES, Downgrade, Exporter
from .decimals import key_text, plain
from .limits import shared_problems
from .markup import with_pictures
from .moodle_elements import (
    ANY,
    PENALTY,
    TOLD_ALIKE,
    Document,
    band_problems,
    category,
    category_paths,
    file,
    idnumber_problems,
    name,
    no_unit,
    on_a_line,
    percent_of,
    picture_problems,
    said,
    size,
    tags,
    text,
    told_apart,
)
from .parts import PartedWriter

MOST_VARIANTS = 500  # of one set: Moodle is known to draw from so many

_ABSOLUTE = "2"  # tolerances, "nominal" in Moodle
_DECIMAL_PLACES = "1"  # count the digits of the key that is shown, not significant figures
_NUMBER = re.compile("([0-9]+)")  # without a point or a sign: what stands around a number stays as it is written
_WILDCARD_LIKE = re.compile("{(?=[A-Za-z=])")
_DEFINITION_BYTES = 600  # at most, of a dataset without its values
_VALUE_BYTES = 80  # at most, of a value in a dataset
_QUESTION_BYTES = 3_000  # at most, of what is the same in every question


class SynchronisedExporter:
    """Calculated questions that share datasets, for Moodle's question bank."""

    name = "moodle-synchronised"
    title = "Moodle XML, synchronised"
    how_to_import = (
        "Import every file as for --to moodle. Then, on the Questions page of a quiz, choose Add > from question bank, "
        "and add all questions of the category “Set 1” of each question of the quiz: a student gets the same plot in "
        "all of them. Where there is a “Set 2”, it is as complete; do not mix sets, and do not draw at random."
    )
    downgrades: tuple[Downgrade, ...] = (TOLD_ALIKE,)

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item synchronised questions cannot say."""
        problems = shared_problems(bank, item)
        keys = _keys(item)
        if not keys:
            problems.append("only questions that ask for numbers can be synchronised: build it with --to moodle")
        problems += idnumber_problems(_idnumber(bank, item.question, bank.variants, len(keys)))
        problems += picture_problems(item, copies=max(1, len(keys)))
        problems += [problem for key in keys for problem in band_problems(key)]
        if told_apart(item):
            problems.append("several questions about a plot cannot tell one thing to who is right in all of them")
        return problems

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> PartedWriter:
        """Begin `<bank id>.xml`, or as many numbered parts as it takes."""
        return PartedWriter(folder, bank.id, ".xml", partial(_Part, bank, part_bytes, Counter()))


EXPORTER: Exporter = SynchronisedExporter()


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One of the questions about a plot: its key, and texts (HTML) whose numbers may differ between variants."""

    key: NumericKey
    points: float
    stem: str
    feedback: str = ""
    if_correct: str = ""
    if_incorrect: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.stem, self.feedback, self.if_correct, self.if_incorrect)

    @cached_property
    def common(self) -> tuple[object, ...]:
        """What the variants of a set have in common: everything but numbers in texts, the key and its tolerances."""
        words = tuple(tuple(_NUMBER.split(html)[::2]) for html in self.texts)
        return (words, self.points, self.key.decimals, tuple(band.share for band in self.key.bands))

    @cached_property
    def tolerances(self) -> tuple[Decimal, ...]:
        """Those of the key and of its bands."""
        return tuple(Decimal(plain(one)) for one in (self.key.tolerance, *(band.tolerance for band in self.key.bands)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """An item as the questions it becomes, with its pictures and what the files of them are called."""

    asked: tuple[_Asked, ...]
    pictures: tuple[tuple[str, Picture], ...]
    difficulty: str

    @property
    def size(self) -> int:
        """How many bytes it takes at most, but for what it shares with the others of its set."""
        files = sum(size(file(picture, name)) for name, picture in self.pictures)
        return len(self.asked) * files + _VALUE_BYTES * self.numbers

    @property
    def shared_size(self) -> int:
        """How many bytes its set takes at most besides its variants."""
        texts = sum(size(text(html)) for asked in self.asked for html in asked.texts)
        return texts + _QUESTION_BYTES * len(self.asked) + _DEFINITION_BYTES * self.numbers

    @property
    def numbers(self) -> int:
        """How many wildcards it takes at most: the numbers in its texts, the key, and two for each tolerance."""
        return sum(len(_NUMBER.findall("".join(asked.texts))) + 1 + 2 * len(asked.tolerances) for asked in self.asked)


class _Part:
    """One file.  It holds the sets of a question until all of its variants are there, or no more of them fit."""

    def __init__(self, bank: Bank, part_bytes: int, numbers: Counter[str], path: Path) -> None:
        self._bank = bank
        self._questions = {question.id: question for question in bank.questions}
        self._categories = category_paths(bank)
        self._budget = part_bytes
        self._numbers = numbers  # of the sets of each question, in all parts
        self._document = Document(path)
        self._question: Question | None = None
        self._sets: list[list[_Variant]] = []
        self._held = 0

    def add(self, item: Item) -> bool:
        """Take a variant; False when it does not fit any more."""
        question = self._questions[item.question]
        if question != self._question:
            self._write_sets()
        variant = _variant(self._bank, item)
        own = next((one for one in self._sets if _belongs(variant, one)), None)
        held = self._held + variant.size + (variant.shared_size if own is None else 0)
        if self._question is not None and self._document.size + held > self._budget:
            return False
        if own is None:
            self._sets.append([variant])
        else:
            own.append(variant)
        self._question, self._held = question, held
        return True

    def close(self, *, alone: bool) -> None:  # noqa: ARG002
        """Write what is held, and finish the document."""
        self._write_sets()
        self._document.close()

    def abort(self) -> None:
        """Let go of the file as it is."""
        self._document.close()

    def _write_sets(self) -> None:
        for variants in sorted(self._sets, key=len, reverse=True):  # who needs one set takes the first
            question = self._question
            assert question is not None
            self._numbers[question.id] += 1
            number = self._numbers[question.id]
            self._document.write(category(f"{self._categories[question.id]}/Set {number}"))
            for place in range(len(variants[0].asked)):
                self._document.write(_question(self._bank, question, number, place, variants))
        self._sets, self._held = [], 0


def _keys(item: Item) -> tuple[NumericKey, ...]:
    """The keys of an item that asks for numbers alone; none where it does not."""
    keys = [part.key for part in item.key.parts] if isinstance(item.key, PartsKey) else [item.key]
    numbers = tuple(key for key in keys if isinstance(key, NumericKey))
    return numbers if len(numbers) == len(keys) else ()


def _variant(bank: Bank, item: Item) -> _Variant:
    names = {picture.name: _file_name(f"{bank.id}/{item.id}/{picture.name}") for picture in item.pictures}
    return _Variant(
        asked=tuple(_asked(item, with_pictures(item.stem, item.pictures, lambda one: _link(names[one.name])))),
        pictures=tuple((names[picture.name], picture) for picture in item.pictures),
        difficulty=item.difficulty_word,
    )


def _asked(item: Item, stem: str) -> Iterator[_Asked]:
    """The questions that an item becomes; what everybody is told tells the keys of all parts, so it stands last."""
    feedback = _around(item.feedback)
    if isinstance(item.key, PartsKey):
        for place, part in enumerate(item.key.parts, start=1):
            assert isinstance(part.key, NumericKey)  # `check` has said so
            yield _Asked(
                key=part.key,
                points=item.points * part.share,
                stem=_around(f'{stem}<div class="part">{part.stem}</div>'),
                feedback=feedback if place == len(item.key.parts) else "",
            )
    else:
        assert isinstance(item.key, NumericKey)  # `check` has said so
        yield _Asked(
            key=item.key,
            points=item.points,
            stem=_around(stem),
            feedback=feedback,
            if_correct=_around(item.if_correct),
            if_incorrect=_around(item.if_incorrect),
        )


def _around(html: str) -> str:
    """HTML in which what only looks like a wildcard or a formula is no longer taken for one."""
    return _WILDCARD_LIKE.sub("&#123;", html)


def _link(file_name: str) -> str:
    return f"@@PLUGINFILE@@/{file_name}"


def _file_name(seed: str) -> str:
    """Twelve digits that nobody can guess from those of another variant."""
    return f"{10**11 + int(hashlib.sha256(seed.encode()).hexdigest(), 16) % (9 * 10**11)}.png"


def _belongs(variant: _Variant, variants: Sequence[_Variant]) -> bool:
    """Whether a variant can be another one of a set."""
    first = variants[0]
    return (
        len(variants) < MOST_VARIANTS
        and [asked.common for asked in variant.asked] == [asked.common for asked in first.asked]
        and {name for name, _ in variant.pictures}.isdisjoint(name for one in variants for name, _ in one.pictures)
        and all(
            max(tolerances) <= 3 * min(tolerances)
            for place in range(len(first.asked))
            for tolerances in zip(*(one.asked[place].tolerances for one in (*variants, variant)), strict=True)
        )
    )


class _Datasets:
    """The values of a question's wildcards, by name, in every variant."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[str, ...]] = {}

    def wildcard(self, kind: str, values: Sequence[str]) -> str:
        """What stands for values in texts and answers.  Its name tells other datasets apart, and nothing more."""
        digest = hashlib.sha256("\n".join(values).encode()).hexdigest()
        self._values[f"{kind}_{digest[:12]}"] = tuple(values)
        return f"{{{kind}_{digest[:12]}}}"

    def text(self, variants: Sequence[str]) -> str:
        """The text of all variants, in which wildcards stand where their numbers differ."""
        columns = zip(*map(_NUMBER.split, variants), strict=True)
        return "".join(column[0] if len(set(column)) == 1 else self.wildcard("n", column) for column in columns)

    def definitions(self) -> etree._Element:
        """The datasets, in the order in which they were first asked for."""
        return E.dataset_definitions(*(_definition(name, values) for name, values in self._values.items()))


def _definition(name: str, values: Sequence[str]) -> etree._Element:
    """Least, greatest and decimals are those of values that an instructor might have Moodle draw instead."""
    numbers = [Decimal(value) for value in values]
    places = max(len(value.partition(".")[2]) for value in values)
    items = (E.dataset_item(E.number(str(place)), E.value(value)) for place, value in enumerate(values, start=1))
    return E.dataset_definition(
        E.status(text("shared")),
        E.name(text(name)),
        E.type("calculated"),
        E.distribution(text("uniform")),
        E.minimum(text(format(min(numbers), "f"))),
        E.maximum(text(format(max(numbers), "f"))),
        E.decimals(text(str(places))),
        E.itemcount(str(len(values))),
        E.dataset_items(*items),
        E.number_of_items(str(len(values))),
    )


def _question(bank: Bank, question: Question, number: int, place: int, variants: Sequence[_Variant]) -> etree._Element:
    """One question of a set, in all its variants."""
    datasets = _Datasets()
    asked = [variant.asked[place] for variant in variants]
    stem, feedback, *told = (datasets.text(texts) for texts in zip(*(one.texts for one in asked), strict=True))
    answers = tuple(_answers(asked, datasets, *told))
    several = f", part {place + 1}" if len(variants[0].asked) > 1 else ""
    return on_a_line(
        E.question(
            E.name(text(name(question.title, f", set {number}{several}"))),
            E.questiontext(
                text(stem),
                *(file(picture, name) for variant in variants for name, picture in variant.pictures),
                format="html",
            ),
            *said("generalfeedback", feedback),
            E.defaultgrade(plain(asked[0].points)),
            E.penalty(PENALTY),
            E.hidden("0"),
            E.idnumber(_idnumber(bank, question.id, number, place + 1)),
            E.synchronize("1"),
            E.single("0"),
            E.answernumbering("abc"),
            E.shuffleanswers("0"),
            *answers,
            *no_unit(),
            datasets.definitions(),
            tags(question, *sorted({variant.difficulty for variant in variants})),
            type="calculated",
        )
    )


def _answers(
    asked: Sequence[_Asked], datasets: _Datasets, if_correct: str, if_incorrect: str
) -> Iterator[etree._Element]:
    """The key with its tolerance, then the bands; the first that matches wins."""
    shares = ["100", *(percent_of(band.share) for band in asked[0].key.bands)]
    decimals = asked[0].key.decimals
    for level, share in enumerate(shares):
        narrowest = min(one.tolerances[level] for one in asked)
        for centre in _centres(asked, level, narrowest, datasets):
            yield _answer(centre, format(narrowest, "f"), share, decimals, if_incorrect if level else if_correct)
    if if_incorrect.strip():
        yield _answer(ANY, "0", "0", decimals, if_incorrect)


def _centres(asked: Sequence[_Asked], level: int, narrowest: Decimal, datasets: _Datasets) -> Iterator[str]:
    """Where the intervals stand that earn a share of the mark: about the key, and on either side of it.

    Moodle knows one tolerance for all variants.  An interval as narrow as the narrowest of them, and two that end
    where the variant's own tolerance ends, cover exactly what that tolerance covers: it is at most three times as wide.
    """
    keys = [Decimal(key_text(one.key)) for one in asked]
    further = [one.tolerances[level] - narrowest for one in asked]
    yield datasets.wildcard("key", [key_text(one.key) for one in asked])
    if any(further):
        for name, side in (("low", -1), ("high", 1)):
            edges = [format(key + side * far, "f") for key, far in zip(keys, further, strict=True)]
            yield datasets.wildcard(name, edges)


def _answer(answer: str, tolerance: str, fraction: str, decimals: int, feedback: str) -> etree._Element:
    return E.answer(
        text(answer),
        *said("feedback", feedback),
        E.tolerance(tolerance),
        E.tolerancetype(_ABSOLUTE),
        E.correctanswerformat(_DECIMAL_PLACES),
        E.correctanswerlength(str(decimals)),
        fraction=fraction,
        format="html",
    )


def _idnumber(bank: Bank, question: str, number: int, place: int) -> str:
    return f"{bank.id}-{question}-set{number}-{place}"
