"""What stays in `private/`: the answer key, the data of every variant, and the evidence."""

import csv
import hashlib
import json
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .bank_folder import owned
from .generator import seeds
from .items import NumericKey
from .models import Model
from .quiz import Quiz, QuizQuestion
from .roster import Roster
from .variants import Statistics, Variant

KEY_COLUMNS = ("student", "name", "email", "question", "variant", "key", "tolerance", "condition", "measured")


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
    item, condition = variant.item, variant.draw.request.condition
    tolerance = f"{item.key.tolerance:g}" if isinstance(item.key, NumericKey) else ""
    return [
        *map(harmless, (variant.student.id, variant.student.name, variant.student.email)),
        item.question,
        item.id,
        item.key.printed,
        tolerance,
        "; ".join(f"{name} = {value:g}" for name, value in condition.items()),
        f"r = {variant.measured.r:.4f}; n = {variant.measured.n}",
    ]


def _plot_record(variant: Variant) -> dict[str, Any]:
    item, drawn = variant.item, variant.draw
    return {
        "variant": item.id,
        "condition": dict(drawn.request.condition),
        "attempt": drawn.attempt,
        "picture": hashlib.sha256(item.picture.png).hexdigest(),
        "key": item.key.printed,
        "clarity": round(item.clarity, 4),
        "values": drawn.values.tolist(),
    }


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
) -> None:
    """Write `private/evidence.json`: how the bank came about, what was checked, and what its files were."""
    evidence = {
        "quiz": {"id": quiz.id, "title": quiz.title, "locale": quiz.locale},
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
            question.id: _question_evidence(question, statistics[question.id]) for question in quiz.questions
        },
        "checks": [
            "the key equals the condition and the statistic of the data drawn",
            "the key was measured again in the picture by independent code",
            "no two students share a picture or a data set",
            "no text or alternative text tells the key",
        ],
        "packages": {str(path): _sha256(scratch / path) for paths in packages.values() for path in paths},
    }
    with owned(scratch / "private" / "evidence.json", encoding="utf-8") as file:
        json.dump(evidence, file, indent=2, ensure_ascii=False)
        file.write("\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _question_evidence(question: QuizQuestion, counts: Statistics) -> dict[str, Any]:
    plot = question.plot
    return {
        "title": question.title,
        "template": question.template.name,
        "template_sha256": hashlib.sha256(question.template.source.encode()).hexdigest(),
        "kind": question.kind.name,
        "reads": question.template.reads,
        "decimals": question.template.decimals,
        "model": question.card.name,
        "x": [plot.x.low, plot.x.high],
        "y": [plot.y.low, plot.y.high],
        "draws": counts.tally.drawn,
        "kept": counts.tally.kept,
        "redraws": dict(sorted(counts.tally.refused.items())),
        "largest_displacement": round(counts.displacement, 5),
        "clarity": [round(min(counts.clarity), 3), round(max(counts.clarity), 3)],
        "different_keys": len(counts.keys),
        "largest_group_with_one_key": max(counts.keys.values()),
    }


def _versions() -> dict[str, str]:
    names = (
        "plotbank",
        "numpy",
        "matplotlib",
        "pillow",
        "lxml",
        "jinja2",
        "markdown-it-py",
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
