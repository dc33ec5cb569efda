"""Verify: a bank proved again from the files alone, package by package and picture by picture."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .bank_records import BankRecords, VariantRecord, read_records
from .data_tables import of_tables
from .errors import QuizFileError, UnsuitableDraw
from .generator.kinds import Plot
from .item_templates.grading import Answer, Number
from .items import PictureSpec
from .proof import Finding, Unreadable
from .proof.delivered import Delivered, printed
from .proof.packages import check_package, open_package
from .proof.pictures import metadata
from .proof.readers import READERS, Reading
from .proof.rules import leaks
from .proving import of_claim, of_delivered
from .question import view

_VARIANT = re.compile(r"[a-z][a-z0-9]*_[0-9a-f]{16}$")  # exporters may put the bank's name before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was looked at, and everything that is wrong; a proved bank has no findings."""

    packages: int
    items: int
    proved: int
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Seen:
    """What has been seen of a bank so far; a form is a format's folder."""

    owners: dict[tuple[str, str], str] = field(default_factory=dict)  # (form, picture) -> the item that has it
    items: set[tuple[str, str]] = field(default_factory=set)  # (form, variant)
    readings: dict[str, Reading | str] = field(default_factory=dict)  # picture -> reading, or why there is none
    accommodated: dict[str, bool] = field(default_factory=dict)  # package -> whether its variants have data in tables


def verify(folder: Path, advance: Callable[[str], None] = lambda package: None) -> Verdict:
    """Open every package of a bank, measure its pictures, and compare with its keys and with `private/`.

    No file is changed.

    Raises:
        BankError: the folder is not a bank, or `private/` is missing or damaged.
    """
    records, seen = read_records(folder), _Seen()
    findings = list(_strangers(folder, records))
    items = proved = 0
    for name in records.packages:
        if not (folder / name).is_file():
            findings.append(Finding(package=name, item="", message="the package is missing"))
            continue
        findings += _package_findings(folder, name, records)
        try:
            for delivered in open_package(folder / name, folder):
                messages = list(_messages(delivered, records, seen))
                items += 1
                proved += not messages
                findings += (Finding(package=name, item=delivered.id, message=message) for message in messages)
                advance(name)
        except Unreadable as reason:
            findings.append(Finding(package=name, item="", message=str(reason)))
    wanted = len(records.variants) * len({name.partition("/")[0] for name in records.packages})
    if items != wanted:
        findings.append(Finding(package="", item="", message=f"{items} items were found, but {wanted} were built"))
    # A damaged package is found both by its rules and on reading it.
    once = tuple(dict.fromkeys(findings))
    return Verdict(packages=len(records.packages), items=items, proved=proved, findings=once)


def _strangers(folder: Path, records: BankRecords) -> Iterator[Finding]:
    """Files outside `private/` that somebody might import although nobody built them."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] != "private" and not path.is_dir() and name.as_posix() not in records.packages:
            yield Finding(package=name.as_posix(), item="", message="the file was not built with this bank")


def _package_findings(folder: Path, name: str, records: BankRecords) -> Iterator[Finding]:
    with (folder / name).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != records.packages[name]:
        yield Finding(package=name, item="", message="the file has been changed since the bank was built")
    yield from check_package(folder / name, folder)


def _messages(delivered: Delivered, records: BankRecords, seen: _Seen) -> Iterator[str]:
    """Everything that is wrong with one item."""
    pictures = [hashlib.sha256(picture.png).hexdigest() for picture in delivered.pictures]
    name = _variant(delivered, pictures, records)
    variant = records.variants.get(name)
    ends = [plot.told_ends for plot in variant.plots] if variant else []
    yield from (finding.message for finding in leaks(delivered, ends))
    for person in _named(delivered, records.people):
        yield f"a student can be recognised: {person!r} stands in the item"
    form = delivered.package.partition("/")[0]
    for picture in pictures:
        if (owner := seen.owners.setdefault((form, picture), delivered.id)) != delivered.id:
            yield f"the picture is also that of {owner}"
    if variant is None:
        yield "private/ knows no such variant"
        return
    if (form, name) in seen.items:
        yield "this variant has been delivered before"
    seen.items.add((form, name))
    if pictures != [plot.picture for plot in variant.plots]:
        yield "the pictures are not those that were built for this variant"
    yield from _contradictions(delivered, pictures, variant, records, seen)
    yield from _misplaced(delivered, variant, seen, accommodated=name in records.accommodated)
    if (key := printed(delivered.key)) != records.keys.get(name):
        yield f"the key is {key}, but private/answer_key.csv says {records.keys.get(name, 'nothing')}"


def _variant(delivered: Delivered, pictures: Sequence[str], records: BankRecords) -> str:
    """The variant that an item is: its id says so, or where a format has no ids for variants, its picture."""
    match = _VARIANT.search(delivered.id)
    return match[0] if match else records.owners.get(pictures[0], "")


def _contradictions(
    delivered: Delivered, pictures: Sequence[str], variant: VariantRecord, records: BankRecords, seen: _Seen
) -> Iterator[str]:
    """Where the pictures, the key and the data disagree."""
    measured = []
    for shown, name, plot in zip(delivered.pictures, pictures, variant.plots, strict=False):
        reading = _read(shown.png, name, plot.kind, seen)
        if isinstance(reading, str):
            yield f"the picture cannot be read: {reading}"
            continue
        for chunk in metadata(shown.png):
            yield f"the picture carries metadata ({chunk})"
        x, y = plot.ends
        yield from reading.contradictions(plot.values, plot.condition, x, y)
        try:
            measured.append(reading.measured(x, y))
        except Unreadable as reason:
            yield f"the picture cannot be read: {reason}"
    yield from of_delivered(delivered.key, _answers(delivered, variant, records))
    if len(measured) != len(variant.plots):
        return
    templates = records.templates[variant.question]
    first = variant.plots[0]
    frame = Plot(x=first.x, y=first.y, picture=PictureSpec(width=first.size[0], height=first.size[1]))
    for claim in variant.claims:
        try:
            yield from of_claim(templates[claim.template], claim.answer, claim.drawn, measured, view(frame))
        except (UnsuitableDraw, QuizFileError, KeyError) as reason:
            yield f"{claim.template} cannot be worked out for what the picture shows: {reason}"


def _answers(delivered: Delivered, variant: VariantRecord, records: BankRecords) -> list[Answer]:
    """What the templates said, without what the format was allowed to leave out."""
    form = delivered.package.partition("/")[0]
    left_out = records.left_out.get(form, {}).get(variant.question, frozenset())
    answers = (claim.answer for claim in variant.claims)
    if "bands" not in left_out:
        return list(answers)
    return [replace(answer, bands=()) if isinstance(answer, Number) else answer for answer in answers]


def _misplaced(delivered: Delivered, variant: VariantRecord, seen: _Seen, *, accommodated: bool) -> Iterator[str]:
    """Data in tables that are wrong, missing, or for other students."""
    wrong = list(of_tables(delivered.stem, variant.plots))
    if accommodated:
        yield from wrong
    elif not wrong:
        yield "the data stand in a table, though not for this student"
    if seen.accommodated.setdefault(delivered.package, accommodated) != accommodated:
        yield "variants with and without the data in tables stand in one package"


def _read(png: bytes, picture: str, kind: str, seen: _Seen) -> Reading | str:
    """The reading of a picture; every format delivers the same pictures, and reading is what takes time."""
    if picture not in seen.readings:
        try:
            seen.readings[picture] = READERS[kind].read(png)
        except Unreadable as reason:
            seen.readings[picture] = str(reason)
    return seen.readings[picture]


def _named(delivered: Delivered, people: frozenset[str]) -> Iterator[str]:
    """Students whose name, address or id stands in an item, as words of their own.

    A number by itself is looked for in names only: axes and feedback are full of numbers, which mean nobody.
    """
    pictures = (picture.name for picture in delivered.pictures)
    names = " ".join((delivered.id, delivered.title, delivered.pool, *pictures)).casefold()
    shown = " ".join((names, *delivered.shown)).casefold()
    for person in sorted(people):
        where = names if person.isdecimal() else shown
        if person in where and re.search(rf"(?<!\w){re.escape(person)}(?!\w)", where):
            yield person
