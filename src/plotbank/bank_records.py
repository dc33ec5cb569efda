"""What `private/` says of a bank, read and checked, for those who prove the bank against it."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import BankError
from .proof.readers import MEASURED

_SHORTEST = 5  # characters: a shorter name or id stands in texts by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRecord:
    """What a question's keys say: a reading of a kind of plot, with how many places, on axes with which ends."""

    kind: str
    reads: str
    decimals: int
    x: tuple[float, float]
    y: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotRecord:
    """A variant as it was built: its question, the SHA-256 of its picture, its data of shape (n, 2)."""

    question: str
    picture: str
    values: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRecords:
    """All of it.

    `packages` maps the files to import to their SHA-256; `keys` maps variants to keys.  `people` holds names, e-mail
    addresses and ids in small letters.
    """

    packages: Mapping[str, str]
    questions: Mapping[str, QuestionRecord]
    plots: Mapping[str, PlotRecord]
    keys: Mapping[str, str]
    people: frozenset[str]


def read_records(folder: Path) -> BankRecords:
    """Read `private/` of the bank in this folder.

    Raises:
        BankError: the folder is no bank, or a file of `private/` is missing or damaged; in one line.
    """
    if not folder.is_dir():
        raise BankError(f"{folder}: there is no such folder")
    packages, questions = _reading(folder, "evidence.json", _evidence)
    plots = _reading(folder, "plots.jsonl", _plots)
    if unknown := sorted({plot.question for plot in plots.values()} - questions.keys()):
        raise BankError(f"{folder}: private/evidence.json cannot be used: it lacks the question {unknown[0]!r}")
    keys, people = _reading(folder, "answer_key.csv", _answer_key)
    return BankRecords(packages=packages, questions=questions, plots=plots, keys=keys, people=people)


def _reading(folder: Path, name: str, parse: Any) -> Any:
    try:
        return parse(folder / "private" / name)
    except FileNotFoundError:
        raise BankError(f"{folder}: this is not a whole bank: private/{name} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BankError(f"{folder}: private/{name} cannot be used: {what}") from None


def _evidence(path: Path) -> tuple[dict[str, str], dict[str, QuestionRecord]]:
    evidence = json.loads(path.read_text(encoding="utf-8"))
    packages = {str(name): str(sha256) for name, sha256 in evidence["packages"].items()}
    if not packages:
        raise ValueError("it names no packages")
    for name in packages:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"it names a file outside the bank: {name}")
    return packages, {str(name): _question(entry) for name, entry in evidence["questions"].items()}


def _question(entry: Mapping[str, Any]) -> QuestionRecord:
    record = QuestionRecord(
        kind=str(entry["kind"]),
        reads=str(entry["reads"]),
        decimals=int(entry["decimals"]),
        x=_ends(entry["x"]),
        y=_ends(entry["y"]),
    )
    if record.kind not in MEASURED:
        raise ValueError(f"nothing here reads pictures of the kind {record.kind!r}")
    if record.reads not in MEASURED[record.kind] or not 0 <= record.decimals <= 4:
        raise ValueError(f"reads = {record.reads!r} with {record.decimals} decimals is nothing that can be measured")
    return record


def _ends(pair: Any) -> tuple[float, float]:
    low, high = (float(end) for end in pair)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{pair!r} are not the ends of an axis")
    return low, high


def _plots(path: Path) -> dict[str, PlotRecord]:
    plots = {}
    with path.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            variant, values = str(record["variant"]), np.array(record["values"], dtype=np.float64)
            if values.ndim != 2 or values.shape[1] != 2 or not np.isfinite(values).all():
                raise ValueError(f"the values of {variant} are not points")
            plots[variant] = PlotRecord(
                question=variant.partition("_")[0], picture=str(record["picture"]), values=values
            )
    if not plots:
        raise ValueError("it has no plots")
    return plots


def _answer_key(path: Path) -> tuple[dict[str, str], frozenset[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if missing := {"student", "name", "email", "variant", "key"} - set(table.fieldnames or ()):
            raise KeyError(*sorted(missing))
        rows = list(table)
    people = {row[column].casefold() for row in rows for column in ("student", "name", "email")}
    return {row["variant"]: row["key"] for row in rows}, frozenset(p for p in people if len(p) >= _SHORTEST)
