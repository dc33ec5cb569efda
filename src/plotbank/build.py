"""The build: from a quiz, a roster and a secret to a bank's folder, whole or not at all."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .bank_folder import appearing, refuse_unless_free
from .errors import BankError
from .exporters import Exporter, Writer
from .generator.rendering import Frame
from .items import Bank, Item, Question
from .models import Device, open_model
from .private_files import keeping, write_evidence
from .quiz import Quiz, QuizQuestion, refuse_impossible
from .roster import Roster
from .variants import Statistics, variants


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
    roster: Roster,
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
    students = roster.students
    refuse_impossible(quiz, len(students))
    refuse_unless_free(folder, overwrite=overwrite)
    remarks = [_changed_ids(folder, roster)]
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
    with appearing(folder) as scratch:
        with ExitStack() as stack:
            writers = {e.name: stack.enter_context(_open(e, bank, scratch)) for e in exporters}
            private = stack.enter_context(keeping(scratch))
            for question in quiz.questions:
                model, frame = running[question.card.name], frames[question.id]
                counts = statistics[question.id]
                for variant in variants(quiz.id, question, students, secret, model, frame, counts):
                    _refuse_unsayable(exporters, bank, variant.item)
                    for writer in writers.values():
                        writer.add(variant.item)
                    private(variant)
                    advance(question.title)
            packages = {name: tuple(writer.close()) for name, writer in writers.items()}
        relative = {name: tuple(p.relative_to(scratch) for p in paths) for name, paths in packages.items()}
        write_evidence(scratch, quiz, roster, secret, running, statistics, relative)
    remarks += [model.remark for model in running.values()]
    return Summary(
        folder=folder,
        packages=relative,
        students=len(students),
        statistics=statistics,
        remarks=tuple(dict.fromkeys(filter(None, remarks))),
    )


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


def _changed_ids(folder: Path, roster: Roster) -> str:
    """A remark when the bank that is replaced told students apart by something else."""
    try:
        evidence = json.loads((folder / "private" / "evidence.json").read_text(encoding="utf-8"))
        before = evidence["roster"]["id_column"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    if before == roster.id_column:
        return ""
    return (
        f"the bank that was here told students apart by {before!r}, this one by {roster.id_column!r}, so everybody "
        "has other variants than before"
    )
