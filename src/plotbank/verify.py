"""Verify: a bank proved again from the files alone, package by package and picture by picture."""

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, cast

import numpy as np

from .errors import BankError
from .proof import Finding, Unreadable
from .proof.keys import disagreements
from .proof.packages import Delivered, NumericDelivered, open_package
from .proof.pictures import ScatterReading, metadata, read_scatter
from .proof.rules import check_package, leaks

SAME_POINT = 0.003  # share of an axis: a point measured further than this from where it was put has moved


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
    evidence = _evidence(folder)
    records = _records(folder)
    keys, people = _answer_key(folder)
    findings: list[Finding] = []
    items = proved = 0
    for name in evidence["packages"]:
        findings += _package_findings(folder, name, evidence)
        path = folder / name
        if not path.is_file():
            continue
        seen: dict[str, str] = {}
        try:
            for delivered in open_package(path, folder):
                found = list(_item_findings(delivered, evidence, records, keys, people, seen))
                items += 1
                proved += not found
                findings += found
                advance(name)
        except Unreadable as reason:
            findings.append(Finding(package=name, item="", message=str(reason)))
    findings += _missing(evidence, records, items)
    return Verdict(packages=len(evidence["packages"]), items=items, proved=proved, findings=tuple(findings))


def _package_findings(folder: Path, name: str, evidence: Mapping[str, Any]) -> Iterator[Finding]:
    path = folder / name
    if not path.is_file():
        yield Finding(package=name, item="", message="the package is missing")
        return
    if hashlib.sha256(path.read_bytes()).hexdigest() != evidence["packages"][name]:
        yield Finding(package=name, item="", message="the file has been changed since the bank was built")
    yield from check_package(path, folder)


def _item_findings(
    delivered: Delivered,
    evidence: Mapping[str, Any],
    records: Mapping[str, Mapping[str, Any]],
    keys: Mapping[str, str],
    people: frozenset[str],
    seen: dict[str, str],
) -> Iterator[Finding]:
    def finding(message: str) -> Finding:
        return Finding(package=delivered.package, item=delivered.id, message=message)

    yield from leaks(delivered)
    for chunk in metadata(delivered.png):
        yield finding(f"the picture carries metadata ({chunk})")
    for person in _named(delivered, people):
        yield finding(f"a student can be recognised: {person!r} stands in the item")
    picture = hashlib.sha256(delivered.png).hexdigest()
    if seen.setdefault(picture, delivered.id) != delivered.id:
        yield finding(f"the picture is also that of {seen[picture]}")
    variant = _variant(delivered.id, records)
    if variant is None:
        yield finding("private/ knows no such variant")
        return
    record, question = records[variant], evidence["questions"][variant.partition("_")[0]]
    if picture != record["picture"]:
        yield finding("the picture is not the one that was built for this variant")
    try:
        reading = read_scatter(delivered.png)
    except Unreadable as reason:
        yield finding(f"the picture cannot be read: {reason}")
        return
    measured = {"r": reading.r, "n": float(reading.n)}
    key, answers = _key(delivered, question["decimals"])
    for message in disagreements(question["reads"], question["decimals"], measured, answers, key):
        yield finding(message)
    if keys.get(variant) != key:
        yield finding(f"the key is {key}, but private/answer_key.csv says {keys.get(variant, 'nothing')}")
    for message in _moved(reading, np.array(record["values"]), question):
        yield finding(message)


def _moved(reading: ScatterReading, values: np.ndarray[Any, Any], question: Mapping[str, Any]) -> Iterator[str]:
    """Whether the points measured are the points of the data."""
    low, high = np.array([question["x"], question["y"]]).T
    wanted = (values - low) / (high - low)
    if reading.n != len(wanted):
        yield f"the picture shows {reading.n} points, but the data have {len(wanted)}"
        return
    distance = np.abs(reading.points[:, None, :] - wanted[None, :, :]).max(axis=2)
    furthest = max(distance.min(axis=0).max(), distance.min(axis=1).max())
    if furthest > SAME_POINT:
        yield f"a point of the picture lies {furthest:.1%} of an axis from where the data put it"


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


def _missing(evidence: Mapping[str, Any], records: Mapping[str, Any], items: int) -> Iterator[Finding]:
    formats = {name.partition("/")[0] for name in evidence["packages"]}
    wanted = len(records) * len(formats)
    if items != wanted:
        yield Finding(package="", item="", message=f"{items} items were found, but {wanted} were built")


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
