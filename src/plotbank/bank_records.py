"""What `private/` says of a bank, read and checked, for those who prove the bank against it."""

import csv
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .errors import BankError, QuizFileError, UnsuitableDraw
from .item_templates import Template, parse
from .item_templates.grading import Answer, Number
from .items import Axis
from .proof.readers import READERS
from .proving import answer_of
from .wording_record import Words

T = TypeVar("T")

_SHORTEST = 5  # characters: a shorter name or id stands in texts by chance
_LARGEST = 4 * 2**30  # bytes of a file in private/: a hundred times those of the largest bank that anybody needs
VARIANT_ID = re.compile(r"[a-z][a-z0-9]*_[0-9a-f]{16}$")  # exporters may put the bank's name before it
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_-]*\.[a-z]+")
_WIDTHS = {"scatter": 2, "boxplot": 2, "histogram": 1}  # numbers of one value: x and y, group and value, value


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRecord:
    """A picture as it was built: its kind, SHA-256, axes, size in CSS pixels, data in the kind's shape (n, W), and the
    condition with what was drawn besides."""

    kind: str
    picture: str
    x: Axis
    y: Axis
    size: tuple[int, int]
    condition: Mapping[str, float]
    values: npt.NDArray[np.float64]

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ends of the axes."""
        return (self.x.low, self.x.high), (self.y.low, self.y.high)

    @property
    def told_ends(self) -> tuple[float, ...]:
        """The ends that a text alternative may say: those of groups are no numbers."""
        return tuple(end for axis in (self.x, self.y) if not axis.categories for end in (axis.low, axis.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRecord:
    """What a template said of a variant's pictures: its name, its answer, the names that it drew."""

    template: str
    answer: Answer
    drawn: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRecord:
    """A variant as it was built, in words (`wording_record.words_of`), claims and plots."""

    question: str
    words: Words
    claims: tuple[ClaimRecord, ...]
    plots: tuple[PictureRecord, ...]

    def answers(self, left_out: frozenset[str]) -> list[Answer]:
        """What the templates said, without what a format was allowed to leave out."""
        answers = (claim.answer for claim in self.claims)
        if "bands" not in left_out:
            return list(answers)
        return [replace(answer, bands=()) if isinstance(answer, Number) else answer for answer in answers]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRecord:
    """A question as it was built: its templates by name, its points, and whether answers were to be "distinct"."""

    templates: Mapping[str, Template]
    points: float
    distinct_answers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRecords:
    """All of it.

    `packages` maps the files to import to their SHA-256, and `private_files` the other files of `private/`; `left_out`
    says what formats could not say, by format and question; `owners` maps pictures, by their SHA-256, to variants;
    `keys` variants to keys; `accommodated` are the variants that stand in packages of their own.  `people` holds names,
    e-mail addresses and ids in small letters.
    """

    packages: Mapping[str, str]
    private_files: Mapping[str, str]
    left_out: Mapping[str, Mapping[str, frozenset[str]]]
    questions: Mapping[str, QuestionRecord]
    variants: Mapping[str, VariantRecord]
    owners: Mapping[str, str]
    keys: Mapping[str, str]
    accommodated: frozenset[str]
    people: frozenset[str]

    def variant_of(self, identifier: str, pictures: Sequence[str]) -> str:
        """The variant that an item with this id and pictures (SHA-256) is, perhaps none that is known: its id says so,
        or where a format has no ids for variants, its picture."""
        match = VARIANT_ID.search(identifier)
        return match[0] if match else next((self.owners.get(picture, "") for picture in pictures), "")


def read_records(folder: Path) -> BankRecords:
    """Read `private/` of the bank in this folder.

    Raises:
        BankError: the folder is no bank, or a file of `private/` is missing or damaged; in one line.
    """
    if not folder.is_dir():
        raise BankError(f"{folder}: there is no such folder")
    evidence = _reading(folder, "evidence.json", _evidence)
    variants = _reading(folder, "plots.jsonl", _variants)
    for variant in variants.values():
        question = evidence.questions.get(variant.question)
        for claim in variant.claims:
            if question is None or claim.template not in question.templates:
                raise BankError(
                    f"{folder}: private/evidence.json cannot be used: it lacks the template {claim.template!r} of the "
                    f"question {variant.question!r}"
                )
    keys, accommodated, people = _reading(folder, "answer_key.csv", _answer_key)
    return BankRecords(
        packages=evidence.packages,
        private_files=evidence.private_files,
        left_out=evidence.left_out,
        questions=evidence.questions,
        variants=variants,
        owners={plot.picture: name for name, variant in variants.items() for plot in variant.plots},
        keys=keys,
        accommodated=accommodated,
        people=people,
    )


@lru_cache(maxsize=256)
def read_template(name: str, source: str) -> Template:
    """A template as the evidence has it; raises QuizFileError where it is none."""
    return parse(name, source)


def _reading(folder: Path, name: str, read: Callable[[Path], T]) -> T:
    path = folder / "private" / name
    try:
        if not path.is_file():
            raise BankError(f"{folder}: this is not a whole bank: private/{name} is missing")
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST:,} bytes")
        return read(path)
    except RecursionError:
        raise BankError(f"{folder}: private/{name} cannot be used: it is nested too deeply") from None
    except (
        *(OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
        *(csv.Error, QuizFileError, UnsuitableDraw),
    ) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BankError(f"{folder}: private/{name} cannot be used: {what}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    packages: Mapping[str, str]
    private_files: Mapping[str, str]
    left_out: Mapping[str, Mapping[str, frozenset[str]]]
    questions: Mapping[str, QuestionRecord]


def _evidence(path: Path) -> _Evidence:
    evidence = json.loads(path.read_text(encoding="utf-8"))
    packages, private = ({str(name): str(sha256) for name, sha256 in evidence[of].items()}
                         for of in ("packages", "private_files"))  # fmt: skip
    if not packages:
        raise ValueError("it names no packages")
    for name in packages:
        if Path(name).is_absolute() or ".." in Path(name).parts or not name.isprintable():
            raise ValueError(f"it names a file outside the bank: {name}")
    for name in private:
        if not _PLAIN_NAME.fullmatch(name):
            raise ValueError(f"it names a file outside private/: {name}")
    return _Evidence(
        packages=packages,
        private_files=private,
        left_out={
            str(form): {str(question): frozenset(names) for question, names in questions.items()}
            for form, questions in evidence["left_out"].items()
        },
        questions={
            str(question): QuestionRecord(
                templates={str(one["name"]): _template(one) for one in entry["templates"]},
                points=float(entry["points"]),
                distinct_answers=entry["distinct"] == "answer",
            )
            for question, entry in evidence["questions"].items()
        },
    )


def _template(record: Mapping[str, Any]) -> Template:
    name, source = str(record["name"]), str(record["source"])
    if hashlib.sha256(source.encode()).hexdigest() != record["sha256"]:
        raise ValueError(f"the template {name!r} is not the one of its hash")
    return read_template(name, source)


def _variants(path: Path) -> dict[str, VariantRecord]:
    variants = {}
    with path.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            name = str(record["variant"])
            if name in variants:
                raise ValueError(f"{name} stands in it twice")
            variants[name] = VariantRecord(
                question=name.partition("_")[0],
                words=_words(record["words"]),
                claims=tuple(
                    ClaimRecord(
                        template=str(claim["template"]), answer=answer_of(claim["answer"]), drawn=dict(claim["drawn"])
                    )
                    for claim in record["claims"]
                ),
                plots=tuple(_picture(name, plot) for plot in record["plots"]),
            )
            if not variants[name].plots or not variants[name].claims:
                raise ValueError(f"{name} has no plots or no claims")
    if not variants:
        raise ValueError("it has no plots")
    return variants


def _words(record: Any) -> Words:
    """Words as `words_of` has them: texts, lists of texts, and of parts."""
    words = {str(name): said for name, said in record.items()}
    for name, said in words.items():
        if name == "parts":
            words[name] = [_words(part) for part in said]
        elif not isinstance(said, str) and not (isinstance(said, list) and all(isinstance(one, str) for one in said)):
            raise ValueError(f"its words {name!r} are neither a text nor a list of texts")
    return words


def _picture(variant: str, plot: Mapping[str, Any]) -> PictureRecord:
    values = np.array(plot["values"], dtype=np.float64)
    kind = str(plot["kind"])
    if kind not in READERS:
        raise ValueError(f"nothing here reads pictures of the kind {kind!r}")
    if values.ndim != 2 or not len(values) or values.shape[1] != _WIDTHS[kind] or not np.isfinite(values).all():
        raise ValueError(f"the values of {variant} are not data")
    width, height = (int(side) for side in plot["size"])
    return PictureRecord(
        kind=kind,
        picture=str(plot["picture"]),
        x=_axis(plot["x"]),
        y=_axis(plot["y"]),
        size=(width, height),
        condition={str(name): float(value) for name, value in plot["condition"].items()},
        values=values,
    )


def _axis(record: Mapping[str, Any]) -> Axis:
    low, high = float(record["low"]), float(record["high"])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{low:g} and {high:g} are not the ends of an axis")
    return Axis(label=str(record["label"]), low=low, high=high, categories=tuple(map(str, record["categories"])))


def _answer_key(path: Path) -> tuple[dict[str, str], frozenset[str], frozenset[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if missing := {"student", "name", "email", "variant", "key", "accommodated"} - set(table.fieldnames or ()):
            raise KeyError(*sorted(missing))
        rows = list(table)
    people = {row[column].casefold() for row in rows for column in ("student", "name", "email")}
    keys = {row["variant"]: row["key"] for row in rows}
    accommodated = frozenset(row["variant"] for row in rows if row["accommodated"])
    return keys, accommodated, frozenset(p for p in people if len(p) >= _SHORTEST)
