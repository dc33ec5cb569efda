"""Verify: a bank proved again from the files alone, package by package and picture by picture."""

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, cast

import numpy as np

from .errors import BankError
from .proof import Finding, Unreadable
from .proof.keys import disagreements, misplaced
from .proof.packages import Delivered, NumericDelivered, open_package
from .proof.pictures import ScatterReading, metadata, read_scatter
from .proof.rules import check_package, leaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was looked at, and everything that is wrong; a proved bank has no findings."""

    packages: int
    items: int
    proved: int
    findings: tuple[Finding, ...]


def verify(folder: Path, advance: Callable[[str], None] = lambda package: None) -> Verdict:
    """Open every package of a bank, measure its pictures, and compare with its keys and with `private/`.

    No file is changed.

    Raises:
        BankError: the folder is not a bank, or `private/` is missing or damaged.
    """
    evidence, records, (keys, people) = _evidence(folder), _records(folder), _answer_key(folder)
    bank = _Bank(evidence=evidence, records=records, keys=keys, people=people)
    findings: list[Finding] = []
    items = proved = 0
    for name in evidence["packages"]:
        path = folder / name
        if not path.is_file():
            findings.append(Finding(package=name, item="", message="the package is missing"))
            continue
        findings += _package_findings(folder, name, evidence)
        try:
            for delivered in open_package(path, folder):
                found = [
                    Finding(package=name, item=delivered.id, message=message) for message in _messages(delivered, bank)
                ]
                items += 1
                proved += not found
                findings += found
                advance(name)
        except Unreadable as reason:
            findings.append(Finding(package=name, item="", message=str(reason)))
    wanted = len(records) * len({name.partition("/")[0] for name in evidence["packages"]})
    if items != wanted:
        findings.append(Finding(package="", item="", message=f"{items} items were found, but {wanted} were built"))
    once = tuple(dict.fromkeys(findings))
    return Verdict(packages=len(evidence["packages"]), items=items, proved=proved, findings=once)


@dataclass(slots=True, kw_only=True)
class _Bank:
    """What `private/` says of a bank, and what has been seen of it so far."""

    evidence: Mapping[str, Any]
    records: Mapping[str, Mapping[str, Any]]
    keys: Mapping[str, str]
    people: frozenset[str]
    owners: dict[tuple[str, str], str] = field(default_factory=dict)  # (format, picture) -> the item that has it
    items: set[tuple[str, str]] = field(default_factory=set)  # (format, item)
    readings: dict[str, ScatterReading | str] = field(default_factory=dict)  # picture -> reading, or why there is none


def _package_findings(folder: Path, name: str, evidence: Mapping[str, Any]) -> Iterator[Finding]:
    with (folder / name).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != evidence["packages"][name]:
        yield Finding(package=name, item="", message="the file has been changed since the bank was built")
    yield from check_package(folder / name, folder)


def _messages(delivered: Delivered, bank: _Bank) -> Iterator[str]:
    """Everything that is wrong with one item."""
    yield from (finding.message for finding in leaks(delivered))
    try:
        for chunk in metadata(delivered.png):
            yield f"the picture carries metadata ({chunk})"
    except Unreadable as reason:
        yield f"the picture cannot be read: {reason}"
        return
    for person in _named(delivered, bank.people):
        yield f"a student can be recognised: {person!r} stands in the item"
    form, picture = delivered.package.partition("/")[0], hashlib.sha256(delivered.png).hexdigest()
    if (owner := bank.owners.setdefault((form, picture), delivered.id)) != delivered.id:
        yield f"the picture is also that of {owner}"
    variant = _variant(delivered.id, bank.records)
    if variant is None:
        yield "private/ knows no such variant"
        return
    if (form, variant) in bank.items:
        yield "this variant has been delivered before"
    bank.items.add((form, variant))
    record, question = bank.records[variant], bank.evidence["questions"][variant.partition("_")[0]]
    if picture != record["picture"]:
        yield "the picture is not the one that was built for this variant"
    reading = _read(delivered.png, picture, bank)
    if isinstance(reading, str):
        yield f"the picture cannot be read: {reading}"
        return
    measured = {"r": reading.r, "n": float(reading.n)}
    key, answers = _key(delivered, question["decimals"])
    yield from disagreements(question["reads"], question["decimals"], measured, answers, key)
    if bank.keys.get(variant) != key:
        yield f"the key is {key}, but private/answer_key.csv says {bank.keys.get(variant, 'nothing')}"
    yield from misplaced(reading, np.array(record["values"]), question["x"], question["y"])


def _read(png: bytes, picture: str, bank: _Bank) -> ScatterReading | str:
    """The reading of a picture; every format delivers the same pictures, and reading is what takes time."""
    if picture not in bank.readings:
        try:
            bank.readings[picture] = read_scatter(png)
        except Unreadable as reason:
            bank.readings[picture] = str(reason)
    return bank.readings[picture]


def _key(delivered: Delivered, decimals: int) -> tuple[str, dict[str, tuple[float, float]]]:
    """The key as delivered, in the form that `disagreements` takes."""
    if isinstance(delivered.key, NumericDelivered):
        key = f"{delivered.key.value:.{decimals}f}"
        return key, {key: (delivered.key.low, delivered.key.high)}
    options = [
        re.sub(r"<[^>]*>", "", unescape(o)).strip().replace("\N{MINUS SIGN}", "-") for o in delivered.key.options
    ]
    answers = {option: (_number(option), _number(option)) for option in options}
    right = [options[i] for i in delivered.key.correct]
    return " and ".join(right) or "missing", answers


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _variant(identifier: str, records: Mapping[str, Any]) -> str | None:
    """The variant that a platform's identifier stands for: exporters may put the bank's name before it."""
    match = re.search(r"[a-z][a-z0-9]*_[0-9a-f]{16}$", identifier)
    return match[0] if match and match[0] in records else None


def _named(delivered: Delivered, people: frozenset[str]) -> Iterator[str]:
    shown = " ".join(
        (
            delivered.id,
            delivered.title,
            delivered.pool,
            delivered.stem,
            delivered.feedback,
            delivered.alt,
            delivered.picture_name,
        )
    ).casefold()
    return (person for person in sorted(people) if person in shown)


def _evidence(folder: Path) -> dict[str, Any]:
    path = folder / "private" / "evidence.json"
    if not folder.is_dir():
        raise BankError(f"{folder}: there is no such folder")
    try:
        evidence = json.loads(path.read_text(encoding="utf-8"))
        questions, packages = evidence["questions"], evidence["packages"]
        if lacking := [q for q in questions.values() if not {"reads", "decimals", "x", "y"} <= q.keys()]:
            raise KeyError(*lacking)
        for name in packages:
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise BankError(f"{folder}: private/evidence.json names a file outside the bank: {name}")
    except FileNotFoundError:
        raise BankError(f"{folder}: this is not a whole bank: private/evidence.json is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BankError(f"{folder}: private/evidence.json cannot be used: {error!r}") from None
    return cast("dict[str, Any]", evidence)


def _records(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / "private" / "plots.jsonl"
    try:
        with path.open(encoding="utf-8") as lines:
            records = {record["variant"]: record for record in map(json.loads, lines)}
            if not all({"picture", "values"} <= record.keys() for record in records.values()):
                raise KeyError("picture, values")
            return records
    except FileNotFoundError:
        raise BankError(f"{folder}: this is not a whole bank: private/plots.jsonl is missing") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BankError(f"{folder}: private/plots.jsonl cannot be used: {error!r}") from None


def _answer_key(folder: Path) -> tuple[dict[str, str], frozenset[str]]:
    """The keys by variant, and every name, e-mail and long id by which a student could be recognised."""
    path = folder / "private" / "answer_key.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if missing := {"student", "name", "email", "variant", "key"} - set(table.fieldnames or ()):
                raise KeyError(*sorted(missing))
            rows = list(table)
        keys = {row["variant"]: row["key"] for row in rows}
        people = {row[column].casefold() for row in rows for column in ("student", "name", "email")}
    except FileNotFoundError:
        raise BankError(f"{folder}: this is not a whole bank: private/answer_key.csv is missing") from None
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise BankError(f"{folder}: private/answer_key.csv cannot be used: {error!r}") from None
    # A short id such as 7 stands in every text by chance.
    return keys, frozenset(person for person in people if len(person) >= 5)
