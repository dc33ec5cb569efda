"""QTI 2.1, 2.2 and 3.0, the standard of 1EdTech, and platforms that import it with a twist.

Every version is a `Dialect` of one exporter: what differs is said there, and all else is written by the same code.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import assert_never

from ..items import Bank, ChoiceKey, Item, MatchingKey, MultipleKey, NumericKey, PartsKey, TrueFalseKey
from . import PART_BYTES, Downgrade, Exporter, xhtml
from .downgrades import without_part_comments
from .limits import Texts, key_texts, shared_problems
from .parts import PartedWriter
from .qti_dialects import INSPERA as INSPERA_DIALECT
from .qti_dialects import QTI_2_1, QTI_2_2, QTI_3_0, Dialect
from .qti_packages import Package


@dataclass(slots=True, kw_only=True)
class QtiExporter:
    """A test that draws a variant of every question, or, where that is more than one part, banks of items."""

    name: str
    title: str
    how_to_import: str
    dialect: Dialect
    downgrades: tuple[Downgrade, ...] = ()

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item the dialect cannot say."""
        problems = shared_problems(bank, item)
        if problems:  # such text cannot even be read
            return problems
        for what, html in _html_texts(item).items():
            problems += [f"{what} has {problem}, which QTI cannot carry" for problem in xhtml.problems(html)]
        if self.dialect.verdicts.alone and without_comments(item) is not item:
            problems.append(f"there is feedback to single answers, which {self.title} has no place for")
        return problems

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> PartedWriter:
        """Begin `<bank id>.zip`, or `<bank id>-1.zip` and so on."""
        return PartedWriter(folder, bank.id, ".zip", partial(Package, self.dialect, bank, part_bytes))


def without_comments(item: Item) -> Item:
    """The item without feedback to single answers; the very item where there is none."""
    silent: ChoiceKey | MultipleKey | TrueFalseKey
    match item.key:
        case ChoiceKey() | MultipleKey():
            options = tuple(replace(option, feedback="") for option in item.key.options)
            silent = replace(item.key, options=options)
        case TrueFalseKey():
            silent = replace(item.key, if_true="", if_false="")
        case PartsKey():
            return without_part_comments(item)
        case NumericKey() | MatchingKey():
            return item
        case _:
            assert_never(item.key)
    return item if silent == item.key else replace(item, key=silent)


def _html_texts(item: Item) -> Texts:
    """The texts of an item that are HTML, by what they are called."""
    needed, others = key_texts(item.key)
    if isinstance(item.key, MatchingKey):
        needed = {f"prompt {number}": text for number, text in enumerate(item.key.prompts, start=1)}
    said = {
        "the text": item.stem,
        "the feedback": item.feedback,
        "the feedback to who is right": item.if_correct,
        "the feedback to who is not right": item.if_incorrect,
    }
    return said | needed | others


_AS_A_TEST = (
    "It is a test with a section for each question, which draws a variant for everybody; a bank that takes several "
    "files arrives as items instead, to put into a test of your own."
)

QTI21: Exporter = QtiExporter(
    name="qti21",
    title="QTI 2.1",
    how_to_import=(
        "Import the package as a test: in OpenOLAT as a learning resource (Import), in TAO under Tests > Import. "
        f"{_AS_A_TEST}"
    ),
    dialect=QTI_2_1,
)
QTI22: Exporter = QtiExporter(
    name="qti22",
    title="QTI 2.2",
    how_to_import=f"Import the package as a test, in TAO under Tests > Import. {_AS_A_TEST}",
    dialect=QTI_2_2,
)
QTI30: Exporter = QtiExporter(
    name="qti30",
    title="QTI 3.0",
    how_to_import=f"Import the package where the platform says QTI 3. {_AS_A_TEST}",
    dialect=QTI_3_0,
)
INSPERA: Exporter = QtiExporter(
    name="inspera",
    title="Inspera",
    how_to_import=(
        "In Author, open the list of questions, choose Import QTI (Inspera's service desk activates it) and upload "
        "every file. The items arrive as questions: check them, and let a question set draw one variant of each."
    ),
    dialect=INSPERA_DIALECT,
    downgrades=(Downgrade(name="comments", says="there is no feedback to single answers", of=without_comments),),
)
