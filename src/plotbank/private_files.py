"""What stays in `private/`: the answer key, the data of every variant, and the evidence."""

import csv
import hashlib
import json
import math
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, pstdev
from typing import Any

from .bank_folder import owned
from .generator import seeds
from .items import Axis, NumericKey
from .models import Model
from .proof.likeness import Neighbour
from .proving import answer_record
from .question import QuizQuestion
from .quiz import Quiz
from .roster import Roster
from .variants import Statistics, Variant

KEY_COLUMNS = (
    *("student", "name", "email", "question", "variant", "key", "tolerance", "condition", "measured"),
    "accommodated",
)


@contextmanager
def keeping(scratch: Path) -> Iterator[Callable[[Variant], None]]:
    """Writes who got what: the answer key for people, the data and measurements for `verify` and replay."""
    folder = scratch / "private"
    folder.mkdir(mode=0o700)
    with (
        owned(folder / "answer_key.csv", encoding="utf-8-sig") as keys,
        owned(folder / "plots.jsonl", encoding="utf-8") as plots,
    ):
        table = csv.writer(keys)
        table.writerow(KEY_COLUMNS)

        def write(variant: Variant) -> None:
            table.writerow(_key_row(variant))
            plots.write(json.dumps(_plot_record(variant), separators=(",", ":")) + "\n")

        yield write


def _key_row(variant: Variant) -> list[str]:
    item = variant.item
    tolerance = f"{item.key.tolerance:g}" if isinstance(item.key, NumericKey) else ""
    return [
        *map(harmless, (variant.student.id, variant.student.name, variant.student.email)),
        item.question,
        item.id,
        item.key.printed,
        tolerance,
        " | ".join(_said(shown.condition) for shown in variant.made.shown),
        " | ".join(_said(measured, 4) for measured in variant.measured),
        "yes" if variant.accommodated else "",
    ]


def _said(readings: Mapping[str, float], places: int | None = None) -> str:
    """Readings that a plot has, in a row."""
    numbers = {name: value for name, value in readings.items() if math.isfinite(value)}
    return "; ".join(
        f"{name} = {value:g}" if places is None else f"{name} = {round(value, places):g}"
        for name, value in numbers.items()
    )


def _plot_record(variant: Variant) -> dict[str, Any]:
    item, made = variant.item, variant.made
    return {
        "variant": item.id,
        "key": item.key.printed,
        "clarity": round(item.clarity, 4),
        "difficulty": round(item.difficulty, 4),
        "attempts": [drawn.attempt for drawn in variant.draws],
        "claims": [
            {"template": claim.template, "answer": answer_record(claim.answer), "drawn": dict(claim.drawn)}
            for claim in made.claims
        ],
        "plots": [
            {
                "kind": shown.kind.name,
                "picture": hashlib.sha256(picture.png).hexdigest(),
                "x": _axis(shown.plot.x),
                "y": _axis(shown.plot.y),
                "size": [shown.plot.picture.width, shown.plot.picture.height],
                "condition": dict(shown.condition),
                "values": shown.values.tolist(),
            }
            for shown, picture in zip(made.shown, item.every_picture, strict=True)
        ],
    }


def _axis(axis: Axis) -> dict[str, Any]:
    return {"label": axis.label, "low": axis.low, "high": axis.high, "categories": list(axis.categories)}


def harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before the characters that begin one."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else cell


def write_evidence(
    scratch: Path,
    quiz: Quiz,
    roster: Roster,
    secret: bytes,
    models: Mapping[str, Model],
    statistics: Mapping[str, Statistics],
    packages: Mapping[str, Sequence[Path]],
    left_out: Mapping[str, Mapping[str, Mapping[str, str]]],
    alike: Mapping[str, Sequence[Neighbour]],
) -> None:
    """Write `private/evidence.json`: how the bank came about, what was checked, and what its files were.

    `left_out` is what formats could not say, by format, question and the downgrade's name; `alike` holds, by
    question, for each of its pictures the most alike one of another student.
    """
    evidence = {
        "quiz": {"id": quiz.id, "title": quiz.title, "locale": quiz.numerals.locale},
        "roster": {"students": len(roster.students), "source": roster.source, "id_column": roster.id_column},
        "versions": _versions(),
        "models": {
            name: {
                "sha256": model.card.sha256,
                "conditions_sha256": model.card.conditions_sha256,
                "device": model.device,
            }
            for name, model in models.items()
        },
        "seeds": {"scheme": seeds.SCHEME, "secret_sha256": hashlib.sha256(secret).hexdigest()},
        "questions": {
            question.id: _question_evidence(question, statistics[question.id], alike[question.id])
            for question in quiz.questions
        },
        "checks": [
            "every feature asked for is exactly that of the data drawn",
            "the data and the key were measured again in the pictures by independent code",
            "the key holds under all nine definitions of a quartile and Tukey's hinges, where it is about quartiles",
            "no two students share a picture or a data set",
            "no text or alternative text tells the key",
        ],
        "left_out": left_out,
        "packages": {str(path): _sha256(scratch / path) for paths in packages.values() for path in paths},
    }
    with owned(scratch / "private" / "evidence.json", encoding="utf-8") as file:
        json.dump(evidence, file, indent=2, ensure_ascii=False)
        file.write("\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _question_evidence(question: QuizQuestion, counts: Statistics, alike: Sequence[Neighbour]) -> dict[str, Any]:
    nearest = min(alike, key=lambda pair: pair.apart, default=None)
    return {
        "title": question.title,
        "kind": question.kind.name,
        "templates": [
            {
                "name": template.name,
                "sha256": hashlib.sha256(template.source.encode()).hexdigest(),
                "source": template.source,
            }
            for template in question.templates
        ],
        "contexts": [setting.context for setting in question.settings if setting.context],
        "model": question.card.name,
        "draws": counts.tally.drawn,
        "kept": counts.tally.kept,
        "redraws": dict(sorted(counts.tally.refused.items())),
        "largest_displacement": round(counts.displacement, 5),
        "clarity": quantiles(counts.clarity),
        "predicted_difficulty": {
            **quantiles(counts.difficulty),
            "standard_deviation": round(pstdev(counts.difficulty), 4),
        },
        "nearest_pair": None
        if nearest is None
        else {
            "variants": sorted((counts.owners[nearest.of], counts.owners[nearest.other])),
            "apart": round(nearest.apart, 4),
        },
        "different_keys": len(counts.keys),
        "largest_group_with_one_key": max(counts.keys.values()),
        "different_answers": len(counts.answers),
        "largest_group_with_one_answer": max(counts.answers.values()),
    }


def quantiles(numbers: Sequence[float]) -> dict[str, float]:
    """The least, the median and the greatest of some numbers."""
    return {"least": round(min(numbers), 3), "median": round(median(numbers), 3), "greatest": round(max(numbers), 3)}


def _versions() -> dict[str, str]:
    names = (
        "plotbank",
        "numpy",
        "matplotlib",
        "pillow",
        "lxml",
        "jinja2",
        "markdown-it-py",
        "babel",
        "onnxruntime",
        "onnxruntime-gpu",
    )
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
