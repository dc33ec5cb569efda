"""The build: from a quiz, a roster and a secret to a bank's folder, whole or not at all."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from .bank_folder import appearing, refuse_unless_free
from .errors import RosterError
from .exporters import PART_BYTES, Exporter
from .item_templates.words import words
from .items import Bank
from .models import Device, open_model
from .private_files import keeping, write_evidence
from .proof.likeness import neighbours
from .quiz import Quiz, refuse_impossible
from .roster import Roster
from .sayable import Sayable
from .variants import Frames, Statistics, variants


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a person should know of a finished bank; `packages` are, by format, files in its folder."""

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
    accommodate: Sequence[str] = (),
    part_bytes: int = PART_BYTES,
    allow_downgrade: bool = False,
    advance: Callable[[str], None] = lambda stage: None,
) -> Summary:
    """Build a bank in `folder`: the packages to import, and `private/` with keys, data and evidence.

    Students whose ids are in `accommodate` get their variants with the data in a table, in packages of their own.
    A file to import has at most `part_bytes` bytes unless a single item has more.  What a format cannot say is left out
    with `allow_downgrade`, where something can be, and refused without.
    `advance` is called once for every finished item with the question's title.  The folder appears when it is
    complete; whatever goes wrong before leaves nothing behind.

    Raises:
        PlotbankError: the request is impossible, the folder may not be written, or a model cannot run.
    """
    students = roster.students
    refuse_impossible(quiz, len(students))
    refuse_unless_free(folder, overwrite=overwrite)
    remarks = [_changed_ids(folder, roster)]
    unknown = sorted(set(accommodate) - {student.id for student in students})
    if unknown:
        raise RosterError(f"no student has the id {unknown[0]!r} (students are told apart by {roster.id_column!r})")
    frames = Frames(quiz.numerals)
    models = {question.card.name: question.card for question in quiz.questions}
    running = {name: open_model(card, device) for name, card in models.items()}
    bank = quiz.bank(len(students) - len(set(accommodate)))
    banks = {False: bank, True: _accommodated(bank, len(set(accommodate)), quiz.language)}
    statistics = {question.id: Statistics() for question in quiz.questions}
    sayable = Sayable(allow_downgrade)
    with appearing(folder) as scratch:
        with ExitStack() as stack:
            folders = {exporter.name: scratch / exporter.name for exporter in exporters}
            for path in folders.values():
                path.mkdir()
            writers = {
                (exporter.name, special): stack.enter_context(
                    exporter.open(banks[special], folders[exporter.name], part_bytes)
                )
                for exporter in exporters
                for special in banks
                if banks[special].variants
            }
            private = stack.enter_context(keeping(scratch))
            for question in quiz.questions:
                model, counts = running[question.card.name], statistics[question.id]
                for variant in variants(quiz.id, question, students, secret, model, frames, counts, accommodate):
                    own = banks[variant.accommodated]
                    for exporter in exporters:
                        item = sayable.of(exporter, own, variant.item)
                        writers[exporter.name, variant.accommodated].add(item)
                    private(variant)
                    advance(question.title)
            packages: dict[str, tuple[Path, ...]] = {}
            for (name, _), writer in writers.items():
                packages[name] = (*packages.get(name, ()), *writer.close())
        alike = {name: neighbours(counts.copies, counts.owners) for name, counts in statistics.items()}
        relative = {name: tuple(p.relative_to(scratch) for p in paths) for name, paths in packages.items()}
        write_evidence(scratch, quiz, roster, secret, running, statistics, relative, sayable.left_out, alike)
    remarks += [model.remark for model in running.values()] + sayable.remarks
    return Summary(
        folder=folder,
        packages=relative,
        students=len(students),
        statistics=statistics,
        remarks=tuple(dict.fromkeys(filter(None, remarks))),
    )


def _accommodated(bank: Bank, variants: int, language: str) -> Bank:
    """The bank of those who get their data in a table too."""
    title = f"{bank.title} ({words(language)['with data']})"
    return replace(bank, id=f"{bank.id}-data", title=title, variants=variants)


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
