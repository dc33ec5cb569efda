"""`plotbank preview`: the page of a bank's report for a dozen sample items, before there is any roster."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from .errors import BankError
from .items import Student
from .models import Device, open_model
from .proof.likeness import neighbours
from .quiz import Quiz
from .report import GENERATOR, most_alike, reporting
from .variants import Frames, Statistics, variants

_ITEMS = 12  # about
_FEWEST = 2  # of each question
_SECRET = bytes(32)  # known to everybody: nobody's items come of it
_HEAD = 4_096  # bytes in which a page says what made it


def samples(quiz: Quiz) -> int:
    """How many items of each question a preview shows."""
    return max(_FEWEST, -(-_ITEMS // len(quiz.questions)))


def preview(
    quiz: Quiz, path: Path, *, device: Device = "auto", advance: Callable[[str], None] = lambda stage: None
) -> None:
    """Write a page of sample items, which no student will get: they are the same at every preview.

    A preview that is there already is replaced.  `advance` is called once for every item with the question's title.

    Raises:
        PlotbankError: something else is there, it cannot be written, or a model cannot run.
    """
    _refuse_unless_preview(path)
    students = [Student(id=f"sample-{number}", name=f"Sample {number}") for number in range(1, samples(quiz) + 1)]
    frames = Frames(quiz.numerals)
    try:
        with (
            TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as scratch,
            reporting(Path(scratch)) as report,
        ):
            alike = []
            for question in quiz.questions:
                most, counts = question.fixed_answers(), Statistics()
                some = students[:most] if question.distinct == "answer" else students
                model = open_model(question.card, device)
                for variant in variants(quiz.id, question, some, _SECRET, model, frames, counts):
                    report.add(variant)
                    advance(question.title)
                alike += most_alike(question.id, counts.owners, neighbours(counts.copies, counts.owners))
            page, *_ = report.write(Path(scratch) / path.name, quiz, alike, sample=True)
            page.replace(path)
    except OSError as error:
        raise BankError(f"{path}: cannot be written: {error.strerror}: choose another place with -o") from None


def _refuse_unless_preview(path: Path) -> None:
    """Refuse a place where something else lies than an earlier preview."""
    try:
        with path.open("rb") as file:
            mine = f'content="{GENERATOR} of samples"'.encode() in file.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise BankError(f"{path}: cannot be read: {error.strerror}: choose another name with -o") from None
    if not mine:
        raise BankError(f"{path}: this is there already, and is no preview: choose another name with -o")
