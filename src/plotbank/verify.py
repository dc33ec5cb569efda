"""Verify: a bank proved again from the files alone, package by package and picture by picture."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .bank_records import BankRecords, PlotRecord, read_records
from .proof import Finding, Unreadable
from .proof.keys import disagreements, misplaced, number
from .proof.markup import Fragment
from .proof.packages import Delivered, NumericDelivered, open_package
from .proof.pictures import ScatterReading, metadata
from .proof.readers import READERS
from .proof.rules import check_package, leaks

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
    readings: dict[str, ScatterReading | str] = field(default_factory=dict)  # picture -> reading, or why there is none


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
    wanted = len(records.plots) * len({name.partition("/")[0] for name in records.packages})
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
    yield from (finding.message for finding in leaks(delivered))
    for person in _named(delivered, records.people):
        yield f"a student can be recognised: {person!r} stands in the item"
    form, picture = delivered.package.partition("/")[0], hashlib.sha256(delivered.png).hexdigest()
    if (owner := seen.owners.setdefault((form, picture), delivered.id)) != delivered.id:
        yield f"the picture is also that of {owner}"
    match = _VARIANT.search(delivered.id)
    plot = records.plots.get(match[0]) if match else None
    if match is None or plot is None:
        yield "private/ knows no such variant"
        return
    if (form, match[0]) in seen.items:
        yield "this variant has been delivered before"
    seen.items.add((form, match[0]))
    if picture != plot.picture:
        yield "the picture is not the one that was built for this variant"
    kind = records.questions[plot.question].kind
    yield from _contradictions(delivered, _read(delivered.png, picture, kind, seen), plot, records)
    key, _ = _key(delivered, records.questions[plot.question].decimals)
    if records.keys.get(match[0]) != key:
        yield f"the key is {key}, but private/answer_key.csv says {records.keys.get(match[0], 'nothing')}"


def _contradictions(
    delivered: Delivered, reading: ScatterReading | str, plot: PlotRecord, records: BankRecords
) -> Iterator[str]:
    """Where the picture, its key and its data disagree."""
    if isinstance(reading, str):
        yield f"the picture cannot be read: {reading}"
        return
    for chunk in metadata(delivered.png):
        yield f"the picture carries metadata ({chunk})"
    question = records.questions[plot.question]
    key, answers = _key(delivered, question.decimals)
    measured = {"r": reading.r, "n": float(reading.n)}
    yield from disagreements(question.reads, question.decimals, measured, answers, key)
    yield from misplaced(reading, plot.values, question.x, question.y)


def _read(png: bytes, picture: str, kind: str, seen: _Seen) -> ScatterReading | str:
    """The reading of a picture; every format delivers the same pictures, and reading is what takes time."""
    if picture not in seen.readings:
        try:
            seen.readings[picture] = READERS[kind](png)
        except Unreadable as reason:
            seen.readings[picture] = str(reason)
    return seen.readings[picture]


def _key(delivered: Delivered, decimals: int) -> tuple[str, dict[str, tuple[float, float]]]:
    """The key as delivered, in the form that `disagreements` takes."""
    if isinstance(delivered.key, NumericDelivered):
        key = f"{delivered.key.value:.{decimals}f}"
        return key, {key: (delivered.key.low, delivered.key.high)}
    options = [Fragment(option).text.replace("\N{MINUS SIGN}", "-") for option in delivered.key.options]
    right = [options[i] for i in delivered.key.correct]
    return " and ".join(right) or "missing", {option: (number(option), number(option)) for option in options}


def _named(delivered: Delivered, people: frozenset[str]) -> Iterator[str]:
    """Students whose name, address or id stands in an item, as words of their own.

    A number by itself is looked for in names only: axes and feedback are full of numbers, which mean nobody.
    """
    names = " ".join((delivered.id, delivered.title, delivered.pool, delivered.picture_name)).casefold()
    shown = " ".join((names, delivered.stem, delivered.feedback, delivered.alt)).casefold()
    for person in sorted(people):
        where = names if person.isdecimal() else shown
        if person in where and re.search(rf"(?<!\w){re.escape(person)}(?!\w)", where):
            yield person
