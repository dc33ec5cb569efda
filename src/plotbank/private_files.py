"""What stays in `private/`: the answer key, the data of every variant, and the evidence."""

import csv
import hashlib
import json
import math
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, pstdev
from typing import Any

from .as_delivered import delivered_item
from .bank_folder import owned
from .evidence_page import evidence_page
from .generator import seeds
from .item_templates import Template
from .items import Axis, NumericKey
from .models import Model
from .proof.likeness import Neighbour
from .proving import answer_record
from .question import QuizQuestion
from .quiz import Quiz
from .roster import Roster
from .variants import Statistics, Variant
from .wording_record import words_of

KEY_COLUMNS = (
    *("student", "name", "email", "question", "variant", "key", "tolerance", "condition", "measured"),
    "accommodated",
)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ABOUT_QUARTILES = re.compile(r"_(?:apart|agreed)_[1-4]\b")  # readings that compare the definitions of a quartile


@dataclass(slots=True)
class Kept:
    """What was kept of one question, counted for the evidence as its variants are written.

    `keys` counts those of parts one by one, `values` what is drawn: points, or values; `different_pictures` and
    `different_data` are SHA-256 sums.
    """

    variants: int = 0
    pictures: int = 0
    keys: int = 0
    values: int = 0
    different_pictures: set[bytes] = field(default_factory=set)
    different_data: set[bytes] = field(default_factory=set)

    def count(self, variant: Variant) -> None:
        """Count a variant that is kept."""
        shown = variant.made.shown
        self.variants += 1
        self.pictures += len(shown)
        self.keys += len(variant.made.claims)
        self.values += sum(len(one.values) for one in shown)
        self.different_pictures.update(hashlib.sha256(one.png).digest() for one in variant.item.every_picture)
        self.different_data.update(
            hashlib.sha256(one.kind.name.encode() + one.kind.distinct(one.values)).digest() for one in shown
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWith:
    """What a build was asked for besides the quiz and the roster; `accommodated` is a number of students."""

    formats: tuple[str, ...]
    part_bytes: int
    accommodated: int
    allow_downgrade: bool


@contextmanager
def keeping(scratch: Path, kept: Mapping[str, Kept]) -> Iterator[Callable[[Variant], None]]:
    """Writes who got what: the answer key for people, the data and measurements for `verify` and replay.

    What is written is counted in `kept`, question by question.
    """
    folder = scratch / "private"
    folder.mkdir(mode=0o700)
    with (
        owned(folder / "answer_key.csv", encoding="utf-8-sig") as keys,
        owned(folder / "plots.jsonl", encoding="utf-8") as plots,
    ):
        table = csv.writer(keys)
        table.writerow(KEY_COLUMNS)

        def write(variant: Variant) -> None:
            kept[variant.item.question].count(variant)
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
        " | ".join(
            _said({name: measured[name] for name in shown.condition if name in measured}, 4)
            for shown, measured in zip(variant.made.shown, variant.measured, strict=True)
        ),
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
        "words": words_of(delivered_item(item)),
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
    return "'" + cell if cell.startswith(_FORMULA) else cell


def as_given(cell: str) -> str:
    """The text that `harmless` was given."""
    return cell[1:] if cell.startswith("'") and cell.startswith(_FORMULA, 1) else cell


def write_evidence(
    scratch: Path,
    quiz: Quiz,
    roster: Roster,
    secret: bytes,
    models: Mapping[str, Model],
    built_with: BuiltWith,
    statistics: Mapping[str, Statistics],
    kept: Mapping[str, Kept],
    packages: Mapping[str, Sequence[Path]],
    left_out: Mapping[str, Mapping[str, Mapping[str, str]]],
    alike: Mapping[str, Sequence[Neighbour]],
    banned: Sequence[str] = (),
) -> str:
    """Write `private/evidence.json`, how the bank came about, what was checked, and what its files were; and a page of
    it for people, `evidence.html`.  The other files of `private/` are there already.

    `left_out` is what formats could not say, by format, question and the downgrade's name; `alike` holds, by
    question, for each of its pictures the most alike one of another student; `banned` are items that were not to come
    up again.  Returns the SHA-256 of `evidence.json`.
    """
    private = scratch / "private"
    evidence = {
        "quiz": {"id": quiz.id, "title": quiz.title, "locale": quiz.numerals.locale},
        "quiz_file": {
            "name": quiz.file,
            "sha256": hashlib.sha256(quiz.source.encode()).hexdigest(),
            "source": quiz.source,
        },
        "roster": {"students": len(roster.students), "source": roster.source, "id_column": roster.id_column},
        "built_with": asdict(built_with),
        "bans": list(banned),
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
        "counts": {
            "questions": len(quiz.questions),
            "items": sum(one.variants for one in kept.values()),
            "pictures": sum(one.pictures for one in kept.values()),
            "keys": sum(one.keys for one in kept.values()),
            "values": sum(one.values for one in kept.values()),
        },
        "checks": _checks(quiz, kept),
        "questions": {
            question.id: _question_evidence(question, statistics[question.id], kept[question.id], alike[question.id])
            for question in quiz.questions
        },
        "left_out": left_out,
        "packages": {str(path): _sha256(scratch / path) for paths in packages.values() for path in paths},
        "private_files": {path.name: _sha256(path) for path in sorted(private.iterdir())},
    }
    text = json.dumps(evidence, indent=2, ensure_ascii=False) + "\n"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    for name, content in (("evidence.json", text), ("evidence.html", evidence_page(evidence, sha256))):
        with owned(private / name, encoding="utf-8") as file:
            file.write(content)
    return sha256


def _checks(quiz: Quiz, kept: Mapping[str, Kept]) -> list[dict[str, Any]]:
    """What every item has passed, and how often that was looked at."""
    every = kept.values()
    pictures, items = sum(one.pictures for one in every), sum(one.variants for one in every)
    keys = sum(one.keys for one in every)
    about_quartiles = sum(
        kept[question.id].variants
        for question in quiz.questions
        for template in question.templates
        if _compares_definitions(template)
    )
    made = (
        ("Every feature asked for, such as the correlation, is exactly that of the data drawn.", pictures, "plots"),
        (
            "An independent program measured the picture: it shows the data, point by point.",
            pictures,
            "pictures",
        ),
        ("The key was worked out once more from what was measured, and it is the same.", keys, "keys"),
        (
            "The key holds for all nine definitions of a quartile and for Tukey's hinges.",
            about_quartiles,
            "keys",
        ),
        ("No two students have the same picture or the same data.", pictures, "pictures"),
        ("No text, text alternative, title or file name tells the key.", items, "items"),
    )
    return [{"check": check, "made": times, "of": of} for check, times, of in made if times]


def _compares_definitions(template: Template) -> bool:
    """Whether the template's key hangs on quartiles, of which there are several definitions."""
    return _ABOUT_QUARTILES.search(template.source) is not None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _question_evidence(
    question: QuizQuestion, counts: Statistics, kept: Kept, alike: Sequence[Neighbour]
) -> dict[str, Any]:
    nearest = min(alike, key=lambda pair: pair.apart, default=None)
    return {
        "title": question.title,
        "points": question.points,
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
        "distinct": question.distinct,
        "variants": kept.variants,
        "pictures": kept.pictures,
        "different_pictures": len(kept.different_pictures),
        "different_data_sets": len(kept.different_data),
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
