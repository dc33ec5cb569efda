"""Replay: what one student was given, read out of the packages of a bank and proved again.

It needs the bank's folder alone: no model, no secret, no roster, and not the machine on which the bank was built.
"""

import csv
import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path
from typing import assert_never

from .bank_records import BankRecords, PictureRecord, VariantRecord, read_records
from .data_tables import of_tables
from .errors import BankError
from .generator.kinds import Plot, kinds
from .item_templates.grading import Answer, Choices, Matches, Number, Statement
from .items import PictureSpec, Student
from .picture_proof import Pictured, proved
from .private_files import as_given
from .proof import Unreadable
from .proof.delivered import Delivered, DeliveredPicture, printed
from .proof.packages import open_package
from .proof.readers import READERS
from .proving import of_delivered
from .question import view
from .wording_record import changed, words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What can be read off a plot: its value in the data drawn, as measured in the picture, and whether the question
    is about it."""

    name: str
    drawn: float
    measured: float
    asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureReplay:
    """One picture of an item: what it was built from, and what it shows.

    There are no `quantities` where the picture is missing or cannot be read.
    """

    caption: str
    record: PictureRecord
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReplay:
    """One item as it was delivered.

    `delivered` is that of the first format which has it, or None where none has; `key` is that of the answer key.
    `forms` says, by format, what disagrees with what was built.  `refused` are the draws made before, for each plot.
    """

    question: str
    title: str
    variant: str
    key: str
    delivered: Delivered | None
    forms: Mapping[str, tuple[str, ...]]
    pictures: tuple[PictureReplay, ...]
    clarity: float
    difficulty: float
    refused: tuple[int, ...]

    @property
    def proved(self) -> bool:
        """Whether all formats deliver the item, and the pictures prove its key."""
        return self.delivered is not None and not any(self.forms.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What one student was given; `packages` are the files to import with their SHA-256 as built, and `changed` says of
    which files of the bank that they are not as they were."""

    quiz: str
    student: Student
    items: tuple[ItemReplay, ...]
    packages: Mapping[str, str]
    changed: tuple[str, ...]
    evidence_sha256: str
    versions: Mapping[str, str]

    @property
    def agrees(self) -> bool:
        """Whether everything is proved and nothing has been changed."""
        return not self.changed and all(item.proved for item in self.items)


@dataclass(frozen=True, slots=True)
class _Given:
    """A row of the answer key."""

    question: str
    variant: str
    key: str


@dataclass(frozen=True, slots=True)
class _Made:
    """How a variant came about: its clarity, its difficulty, and for each plot the draws refused before."""

    clarity: float = math.nan
    difficulty: float = math.nan
    refused: tuple[int, ...] = ()


def replay(folder: Path, who: str, question: str | None = None) -> Replay:
    """What this student was given of a bank: all of it, or one question.

    `who` is the id by which the roster told students apart, or the e-mail address or name of one student alone.  No
    file is changed.

    Raises:
        BankError: the folder is no bank, there is no such student or question, or `private/` is damaged; in one line.
    """
    records = read_records(folder)
    student, given = _student(folder, who)
    quiz, titles, versions = _evidence(folder)
    if question is not None:
        if question not in titles:
            raise BankError(f"there is no question {question!r}: known are {', '.join(titles)}")
        given = [row for row in given if row.question == question]
        if not given:
            raise BankError(f"private/answer_key.csv has no item of the question {question!r} for {student.id!r}")
    given.sort(key=lambda row: list(titles).index(row.question) if row.question in titles else len(titles))
    variants = {row.variant for row in given}
    made = _made(folder, variants)
    found, trouble = _found(folder, records, variants)
    return Replay(
        quiz=quiz,
        student=student,
        items=tuple(
            _item(row, records, titles, made.get(row.variant, _Made()), found[row.variant], trouble) for row in given
        ),
        packages=records.packages,
        changed=tuple(_changed(folder, records)),
        evidence_sha256=_sha256(folder / "private" / "evidence.json"),
        versions=versions,
    )


def _student(folder: Path, who: str) -> tuple[Student, list[_Given]]:
    """The student who is meant, and the rows of the answer key about them."""
    people: dict[str, tuple[Student, list[_Given]]] = {}
    with (folder / "private" / "answer_key.csv").open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            given = {column: as_given(cell) for column, cell in row.items() if isinstance(cell, str)}
            if not {"student", "name", "email", "variant", "key"} <= set(given):
                raise BankError(f"{folder}: private/answer_key.csv cannot be used: row {number} is too short")
            student = Student(id=given["student"], name=given["name"], email=given["email"])
            _, rows = people.setdefault(student.id, (student, []))
            rows.append(_Given(given["variant"].partition("_")[0], given["variant"], given["key"]))
    if who in people:
        return people[who]
    wanted = who.casefold()
    named = [one for one in people.values() if wanted in (said.casefold() for said in _said(one[0]) if said)]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(student.id for student, _ in named)
        raise BankError(f"{who!r} are {len(named)} students: name one by the id: {ids}")
    near = get_close_matches(who, [text for one, _ in people.values() for text in _said(one) if text], n=3)
    hint = f": did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise BankError(f"none of the bank's {len(people)} students is {who!r}{hint}")


def _said(student: Student) -> tuple[str, str, str]:
    return student.id, student.email, student.name


def _evidence(folder: Path) -> tuple[str, dict[str, str], dict[str, str]]:
    """The quiz's title, those of its questions, and the versions that it was built with."""
    try:
        evidence = json.loads((folder / "private" / "evidence.json").read_text(encoding="utf-8"))
        titles = {str(name): str(entry["title"]) for name, entry in evidence["questions"].items()}
        versions = {str(name): str(version) for name, version in evidence["versions"].items()}
        return str(evidence["quiz"]["title"]), titles, versions
    except (KeyError, TypeError, AttributeError) as error:
        raise BankError(f"{folder}: private/evidence.json cannot be used: {error!r}") from None


def _made(folder: Path, variants: Iterable[str]) -> dict[str, _Made]:
    """How these variants came about."""
    wanted, made = set(variants), {}
    try:
        with (folder / "private" / "plots.jsonl").open(encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                if record["variant"] in wanted:
                    made[str(record["variant"])] = _Made(
                        float(record["clarity"]),
                        float(record["difficulty"]),
                        tuple(int(attempt) for attempt in record["attempts"]),
                    )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BankError(f"{folder}: private/plots.jsonl cannot be used: {error!r}") from None
    return made


_Found = dict[str, dict[str, Delivered]]  # by variant and format


def _found(folder: Path, records: BankRecords, variants: Iterable[str]) -> tuple[_Found, dict[str, list[str]]]:
    """These variants as each format delivers them; and, by format, why packages could not be read."""
    wanted = set(variants)
    found: _Found = {variant: {} for variant in wanted}
    trouble: dict[str, list[str]] = {}
    for form in dict.fromkeys(map(_form, records.packages)):
        names = [name for name in records.packages if _form(name) == form]
        trouble[form], left = [], set(wanted)
        for name in names:
            if not left:
                break
            if not (folder / name).is_file():
                trouble[form].append(f"{name} is missing")
                continue
            try:
                for delivered in open_package(folder / name, folder):
                    if (variant := records.variant_of(delivered.id, _hashes(delivered))) in left:
                        found[variant][form] = delivered
                        left.remove(variant)
                    if not left:
                        break
            except Unreadable as reason:
                trouble[form].append(f"{name} cannot be read: {reason}")
    return found, trouble


def _form(package: str) -> str:
    return package.partition("/")[0]


def _item(
    given: _Given,
    records: BankRecords,
    titles: Mapping[str, str],
    made: _Made,
    delivered: Mapping[str, Delivered],
    trouble: Mapping[str, Sequence[str]],
) -> ItemReplay:
    """One item proved again in every format."""
    variant = records.variants.get(given.variant)
    proofs: _Proofs = {}
    forms = {
        form: tuple(_disagreements(delivered[form], given, variant, records, proofs))
        if form in delivered
        else (*why, "the item is not there")
        for form, why in trouble.items()
    }
    first = next(iter(delivered.values()), None)
    shown = first.pictures if first else ()
    asked = _asked(variant, records) if variant else frozenset()
    return ItemReplay(
        question=given.question,
        title=first.title if first else titles.get(given.question, given.question),
        variant=given.variant,
        key=given.key,
        delivered=first,
        forms=forms,
        pictures=tuple(
            _picture(record, picture, asked)
            for record, picture in zip_longest(variant.plots, shown[: len(variant.plots)])
        )
        if variant
        else (),
        clarity=made.clarity,
        difficulty=made.difficulty,
        refused=made.refused,
    )


_Proofs = dict[tuple[str, ...], tuple[str, ...]]  # what is wrong with pictures, by their SHA-256: formats share them


def _disagreements(
    delivered: Delivered, given: _Given, variant: VariantRecord | None, records: BankRecords, proofs: _Proofs
) -> Iterator[str]:
    """Where what was delivered, its pictures and what was built disagree."""
    if variant is None:
        yield "private/plots.jsonl knows no such variant"
        return
    pictures = _hashes(delivered)
    if pictures != tuple(plot.picture for plot in variant.plots):
        yield "the pictures are not those that were built"
    if pictures not in proofs:
        proofs[pictures] = _of_pictures(delivered, variant, records)
    yield from proofs[pictures]
    left_out = records.left_out.get(_form(delivered.package), {}).get(variant.question, frozenset())
    yield from changed(variant.words, words_of(delivered), left_out)
    yield from of_delivered(delivered.key, variant.answers(left_out))
    if (key := printed(delivered.key)) != given.key:
        yield f"the key is {key}, but private/answer_key.csv says {given.key}"
    if given.variant in records.accommodated:
        yield from of_tables(delivered.stem, variant.plots)


def _of_pictures(delivered: Delivered, variant: VariantRecord, records: BankRecords) -> tuple[str, ...]:
    """Where pictures, data and key disagree."""
    first = variant.plots[0]
    frame = Plot(x=first.x, y=first.y, picture=PictureSpec(width=first.size[0], height=first.size[1]))
    templates = records.questions[variant.question].templates
    one = Pictured(
        variant=variant,
        templates={name: template.source for name, template in templates.items()},
        view=view(frame),
        pictures=tuple(picture.png for picture in delivered.pictures),
    )
    (found,) = proved([one])
    return found.messages


def _asked(variant: VariantRecord, records: BankRecords) -> frozenset[str]:
    """The readings that decide what is right."""
    templates = records.questions[variant.question].templates
    names: set[str] = set()
    for claim in variant.claims:
        template, offered = templates[claim.template], _offered(claim.answer)
        decide = [of.right for of in template.claims if of.id in offered]
        if template.key is not None:
            decide.append(template.key)
        names |= {template.reads, template.plots, *(name for formula in decide for name in formula.names)}
    return frozenset(names)


def _offered(answer: Answer) -> frozenset[str]:
    """The ids of the options or statements in words."""
    match answer:
        case Choices():
            return frozenset(entry.id for entry in answer.entries)
        case Statement():
            return frozenset((answer.id,))
        case Number() | Matches():
            return frozenset()
        case _:
            assert_never(answer)


def _picture(record: PictureRecord, delivered: DeliveredPicture | None, asked: frozenset[str]) -> PictureReplay:
    """What a picture shows, beside what it was built from."""
    caption = delivered.caption if delivered else ""
    if delivered is None:
        return PictureReplay(caption=caption, record=record, quantities=())
    size = PictureSpec(width=record.size[0], height=record.size[1])
    drawn = kinds()[record.kind].readings(record.values, record.condition, Plot(x=record.x, y=record.y, picture=size))
    try:
        measured = READERS[record.kind].read(delivered.png).measured(*record.ends)
    except Unreadable:
        return PictureReplay(caption=caption, record=record, quantities=())
    return PictureReplay(
        caption=caption,
        record=record,
        quantities=tuple(
            Quantity(name=name, drawn=float(drawn[name]), measured=value, asked=name in asked)
            for name, value in measured.items()
            if math.isfinite(drawn.get(name, math.nan)) and math.isfinite(value) and _is_there(name, measured)
        ),
    )


def _is_there(name: str, measured: Mapping[str, float]) -> bool:
    """Whether a reading is one of a group or bar that the plot has."""
    place = re.search(r"\d+$", name)
    return place is None or int(place[0]) <= measured.get("groups", measured.get("bins", math.inf))


def _changed(folder: Path, records: BankRecords) -> Iterator[str]:
    """The files of a bank that are not as they were built, in words."""
    private = {f"private/{name}": sha256 for name, sha256 in records.private_files.items()}
    for name, sha256 in {**records.packages, **private}.items():
        if not (folder / name).is_file():
            yield f"{name} is missing"
        elif _sha256(folder / name) != sha256:
            yield f"{name} has been changed since the bank was built"
    page = folder / "private" / "evidence.html"
    if page.is_file() and _sha256(folder / "private" / "evidence.json").encode() not in page.read_bytes():
        yield "private/evidence.html was not made from private/evidence.json: one of them has been changed"


def _hashes(delivered: Delivered) -> tuple[str, ...]:
    return tuple(_hash(picture.png) for picture in delivered.pictures)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
