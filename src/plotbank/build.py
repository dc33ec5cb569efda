"""The build: from a quiz, a roster and a secret to a bank's folder, whole or not at all."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from .bank_folder import appearing, refuse_unless_free
from .bans import owners
from .errors import RosterError
from .exporters import PART_BYTES, Exporter
from .item_templates.words import words
from .items import Bank
from .models import Device, open_model
from .private_files import BuiltWith, Kept, keeping, write_evidence
from .proof.likeness import neighbours
from .quiz import Quiz, refuse_impossible
from .report import most_alike, reporting
from .roster import Roster
from .sayable import Sayable
from .variants import Frames, Statistics, variants


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a person should know of a finished bank; `packages` are, by format, files in its folder, and `evidence` is
    the SHA-256 of `private/evidence.json`."""

    folder: Path
    packages: Mapping[str, tuple[Path, ...]]
    students: int
    statistics: Mapping[str, Statistics]
    evidence: str
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
    banned: Sequence[str] = (),
    part_bytes: int = PART_BYTES,
    allow_downgrade: bool = False,
    advance: Callable[[str], None] = lambda stage: None,
) -> Summary:
    """Build a bank in `folder`: the packages to import, and `private/` with keys, data and evidence.

    Students whose ids are in `accommodate` get their variants with the data in a table, in packages of their own.
    Items whose ids are `banned`, in the order of the bans, are drawn again, and nothing else is.
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
    redrawn = owners(banned, quiz, students, secret)
    frames = Frames(quiz.numerals)
    models = {question.card.name: question.card for question in quiz.questions}
    running = {name: open_model(card, device) for name, card in models.items()}
    bank = quiz.bank(len(students) - len(set(accommodate)))
    banks = {False: bank, True: _accommodated(bank, len(set(accommodate)), quiz.language)}
    statistics = {question.id: Statistics() for question in quiz.questions}
    kept = {question.id: Kept() for question in quiz.questions}
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
            private = stack.enter_context(keeping(scratch, kept))
            report = stack.enter_context(reporting(scratch))
            for question in quiz.questions:
                model, counts = running[question.card.name], statistics[question.id]
                again = redrawn[question.id]
                for variant in variants(quiz.id, question, students, secret, model, frames, counts, accommodate, again):
                    own = banks[variant.accommodated]
                    for exporter in exporters:
                        item = sayable.of(exporter, own, variant.item)
                        writers[exporter.name, variant.accommodated].add(item)
                    private(variant)
                    report.add(variant)
                    advance(question.title)
            packages: dict[str, tuple[Path, ...]] = {}
            for (name, _), writer in writers.items():
                packages[name] = (*packages.get(name, ()), *writer.close())
            alike = {name: neighbours(counts.copies, counts.owners) for name, counts in statistics.items()}
            pairs = [pair for name, found in alike.items() for pair in most_alike(name, statistics[name].owners, found)]
            report.write(scratch / "private" / "report.html", quiz, pairs, banned=banned)
        relative = {name: tuple(p.relative_to(scratch) for p in paths) for name, paths in packages.items()}
        built_with = BuiltWith(
            formats=tuple(exporter.name for exporter in exporters),
            part_bytes=part_bytes,
            accommodated=len(set(accommodate)),
            allow_downgrade=allow_downgrade,
        )
        evidence = write_evidence(
            scratch,
            quiz,
            roster,
            secret,
            running,
            built_with,
            statistics,
            kept,
            relative,
            sayable.left_out,
            alike,
            banned,
        )
    remarks += [model.remark for model in running.values()] + sayable.remarks
    return Summary(
        folder=folder,
        packages=relative,
        students=len(students),
        statistics=statistics,
        evidence=evidence,
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
