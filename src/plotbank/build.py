"""The build: from a quiz, a roster and a secret to a bank's folder, whole or not at all."""

import csv
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

from . import item_templates
from .errors import BankError, ImpossibleRequest, UnsuitableDraw
from .exporters import Exporter, Writer
from .generator import seeds
from .generator.draws import MOST_ATTEMPTS, Draw, Request, Tally, draw
from .generator.rendering import Frame
from .generator.seeds import Seed
from .items import Bank, Item, NumericKey, Picture, Question, Student
from .models import Device, Model, open_model
from .proof import Unreadable
from .proof.keys import disagreements
from .proof.pictures import ScatterReading, read_scatter
from .quiz import Quiz, QuizQuestion, refuse_impossible

KEY_COLUMNS = ("student", "name", "email", "question", "variant", "key", "tolerance", "condition", "measured")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One finished item, with what stays in `private/`: whose it is, its data, and what was measured."""

    student: Student
    item: Item
    draw: Draw
    measured: ScatterReading


@dataclass(slots=True)
class Statistics:
    """What a build counts for the evidence, question by question."""

    tally: Tally = field(default_factory=Tally)
    keys: Counter[str] = field(default_factory=Counter)
    clarity: list[float] = field(default_factory=list)
    displacement: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a person should know of a finished bank."""

    folder: Path
    packages: Mapping[str, tuple[Path, ...]]
    students: int
    statistics: Mapping[str, Statistics]
    remarks: tuple[str, ...]


def build(
    quiz: Quiz,
    students: Sequence[Student],
    secret: bytes,
    folder: Path,
    exporters: Sequence[Exporter],
    *,
    device: Device = "auto",
    overwrite: bool = False,
    advance: Callable[[str], None] = lambda stage: None,
) -> Summary:
    """Build a bank in `folder`: the packages to import, and `private/` with keys, data and evidence.

    `advance` is called once for every finished item with the question's title.  The folder appears when it is
    complete; whatever goes wrong before leaves nothing behind.

    Raises:
        PlotbankError: the request is impossible, the folder may not be written, or a model cannot run.
    """
    refuse_impossible(quiz, len(students))
    _refuse_folder(folder, overwrite=overwrite)
    frames = {question.id: Frame(question.kind, question.plot) for question in quiz.questions}
    models = {question.card.name: question.card for question in quiz.questions}
    running = {name: open_model(card, device) for name, card in models.items()}
    bank = Bank(
        id=quiz.id,
        title=quiz.title,
        language=quiz.locale,
        questions=tuple(_question(question) for question in quiz.questions),
        variants=len(students),
    )
    statistics = {question.id: Statistics() for question in quiz.questions}
    with _appearing(folder, overwrite=overwrite) as scratch:
        with ExitStack() as stack:
            writers = {e.name: stack.enter_context(_open(e, bank, scratch)) for e in exporters}
            private = stack.enter_context(_private_files(scratch))
            for question in quiz.questions:
                model, frame = running[question.card.name], frames[question.id]
                seen = _Seen()
                for variant in _variants(quiz, question, students, secret, model, frame, seen, statistics):
                    _refuse_unsayable(exporters, bank, variant.item)
                    for writer in writers.values():
                        writer.add(variant.item)
                    private(variant)
                    advance(question.title)
            packages = {name: tuple(writer.close()) for name, writer in writers.items()}
        relative = {name: tuple(p.relative_to(scratch) for p in paths) for name, paths in packages.items()}
        _write_evidence(scratch, quiz, bank, secret, running, statistics, relative)
    remarks = tuple(dict.fromkeys(model.remark for model in running.values() if model.remark))
    return Summary(folder=folder, packages=relative, students=len(students), statistics=statistics, remarks=remarks)


class _Seen:
    """Hashes of what one question's students have been given, so that nobody is given it again."""

    def __init__(self) -> None:
        self._hashes: set[bytes] = set()

    def refuse_twice(self, *things: bytes) -> None:
        hashes = [hashlib.sha256(thing).digest() for thing in things]
        if any(h in self._hashes for h in hashes):
            raise UnsuitableDraw("another student has the same")
        self._hashes.update(hashes)


def _variants(
    quiz: Quiz,
    question: QuizQuestion,
    students: Sequence[Student],
    secret: bytes,
    model: Model,
    frame: Frame,
    seen: _Seen,
    statistics: Mapping[str, Statistics],
) -> Iterator[Variant]:
    """Every student's variant of one question, in an order that tells nothing of the roster's."""
    counts = statistics[question.id]
    wanted = sorted(_requests(quiz, question, students, secret), key=lambda pair: pair[1].seed.label)
    requests = [request for _, request in wanted]
    for (student, _), drawn in zip(
        wanted, draw(requests, model, question.kind, question.plot, frame.area, counts.tally), strict=True
    ):
        variant = _finish(question, student, drawn, model, frame, seen, counts)
        counts.keys[variant.item.key.printed] += 1
        counts.clarity.append(variant.item.clarity)
        counts.displacement = max(counts.displacement, variant.draw.displacement)
        yield variant


def _requests(
    quiz: Quiz, question: QuizQuestion, students: Sequence[Student], secret: bytes
) -> Iterator[tuple[Student, Request]]:
    """What each student is to get.  A student's condition depends on nobody else, unless answers must differ:
    then on those who stand earlier in the roster."""
    taken: set[float] = set()
    for student in students:
        own = seeds.seed(secret, quiz.id, question.id, student.id)
        rng = own.rng("condition")
        if question.distinct == "answer":
            condition = question.grid.draw_new(rng, question.template.reads, taken)
        else:
            condition = question.grid.draw(rng)
        yield student, Request(seed=own, condition=condition)


def _finish(
    question: QuizQuestion,
    student: Student,
    drawn: Draw,
    model: Model,
    frame: Frame,
    seen: _Seen,
    counts: Statistics,
) -> Variant:
    """Picture, item and proof of one draw; where one of them is refused, of the next draw of the same request."""
    while True:
        try:
            variant = _variant(question, student, drawn, frame)
            seen.refuse_twice(question.kind.distinct(drawn.values), variant.item.picture.png)
            return variant
        except UnsuitableDraw as reason:
            counts.tally.kept -= 1
            counts.tally.refused[str(reason)] += 1
            if drawn.attempt + 1 >= MOST_ATTEMPTS:
                raise ImpossibleRequest(
                    f"question {question.id!r}: no usable item in {MOST_ATTEMPTS} draws (last reason: {reason})"
                ) from None
            again = Request(seed=drawn.request.seed, condition=drawn.request.condition, attempt=drawn.attempt + 1)
            (drawn,) = draw([again], model, question.kind, question.plot, frame.area, counts.tally)


def _variant(question: QuizQuestion, student: Student, drawn: Draw, frame: Frame) -> Variant:
    own: Seed = drawn.request.seed
    text = item_templates.write(
        question.template,
        question.kind.readings(drawn.values),
        {"x": question.plot.x, "y": question.plot.y},
        own.rng("item", drawn.attempt),
    )
    png = frame.picture(drawn.values)
    try:
        measured = read_scatter(png)
    except Unreadable as reason:
        raise UnsuitableDraw(f"the picture cannot be read: {reason}") from None
    read = {"r": measured.r, "n": float(measured.n)}
    if measured.n != len(drawn.values):
        raise UnsuitableDraw("the picture shows another number of points")
    for contradiction in disagreements(
        question.template.reads, question.template.decimals, read, text.key.answers, text.key.printed
    ):
        raise UnsuitableDraw(f"not proved: {contradiction}")
    size = question.plot.picture
    item = Item(
        id=f"{question.id}_{own.label}",
        question=question.id,
        title=f"{question.title} {own.label[:8]}",  # tells an instructor which variant it is
        stem=text.stem,
        feedback=text.feedback,
        picture=Picture(name=f"p{own.label}.png", png=png, alt=text.alt, width=size.width, height=size.height),
        key=text.key,
        points=question.points,
        clarity=text.clarity,
    )
    return Variant(student=student, item=item, draw=drawn, measured=measured)


def _question(question: QuizQuestion) -> Question:
    return Question(
        id=question.id,
        title=question.title,
        points=question.points,
        template=question.template.name,
        kind=question.kind.name,
    )


@contextmanager
def _open(exporter: Exporter, bank: Bank, scratch: Path) -> Iterator[Writer]:
    folder = scratch / exporter.name
    folder.mkdir()
    with exporter.open(bank, folder) as writer:
        yield writer


def _refuse_unsayable(exporters: Sequence[Exporter], bank: Bank, item: Item) -> None:
    for exporter in exporters:
        for problem in exporter.check(bank, item):
            raise BankError(f"{exporter.title} cannot say question {item.question!r}: {problem}")


def _refuse_folder(folder: Path, *, overwrite: bool) -> None:
    if not folder.parent.is_dir():
        raise BankError(f"{folder}: the folder {folder.parent} does not exist: make it first")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / "private" / "evidence.json").is_file():
        raise BankError(f"{folder}: this is there already, and is not a bank: choose another name")
    if not overwrite:
        raise BankError(f"{folder}: there is a bank here already: choose another name, or say --overwrite")


@contextmanager
def _appearing(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """A scratch folder that takes the place of `folder` at the end, or disappears."""
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    except OSError as error:
        raise BankError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        yield scratch
        if overwrite and folder.exists():
            old = scratch.with_suffix(".old")
            folder.rename(old)
            scratch.rename(folder)
            shutil.rmtree(old)
        else:
            scratch.rename(folder)
    except OSError as error:
        raise BankError(f"{folder}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _private_files(scratch: Path) -> Iterator[Callable[[Variant], None]]:
    """Writes who got what: the answer key for people, the data and measurements for `verify` and replay."""
    folder = scratch / "private"
    folder.mkdir(mode=0o700)
    with (
        _owned(folder / "answer_key.csv", encoding="utf-8-sig") as keys,
        _owned(folder / "plots.jsonl", encoding="utf-8") as plots,
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


def _owned(path: Path, *, encoding: str) -> TextIO:
    """A new text file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding=encoding, newline="")


def _write_evidence(
    scratch: Path,
    quiz: Quiz,
    bank: Bank,
    secret: bytes,
    models: Mapping[str, Model],
    statistics: Mapping[str, Statistics],
    packages: Mapping[str, Sequence[Path]],
) -> None:
    evidence = {
        "quiz": {"id": quiz.id, "title": quiz.title, "locale": quiz.locale},
        "students": bank.variants,
        "versions": _versions(),
        "models": {name: {"sha256": model.card.sha256, "device": model.device} for name, model in models.items()},
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
        "packages": {
            str(path): hashlib.sha256((scratch / path).read_bytes()).hexdigest()
            for paths in packages.values()
            for path in paths
        },
    }
    with _owned(scratch / "private" / "evidence.json", encoding="utf-8") as file:
        json.dump(evidence, file, indent=2, ensure_ascii=False)
        file.write("\n")


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
