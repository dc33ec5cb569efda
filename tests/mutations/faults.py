"""What a fault is, and the list of them that the modules of faults add to."""

from collections.abc import Callable
from dataclasses import dataclass

FORMATS = ("moodle", "canvas", "qti12", "qti21", "qti30", "html")
ZIPPED = ("canvas", "qti12", "qti21", "qti30")
UNSAYABLE = {"canvas": {"estimate", "parts"}}  # partial credit; a number as one of several parts
FAULTS = {}

IN_DRAFT, IN_FILES, AFTERWARDS = "draft", "files", "afterwards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A kind of fault: how it is planted, and what a finding about it says (a regular expression).

    It is planted into a `Draft` of these questions before it is written; or into each package (`Written`) before its
    hash is taken; or into the package afterwards.  `bank` names the recorded bank that has what it needs.
    """

    name: str
    about: str
    plant: Callable
    stage: str
    questions: tuple[str, ...]
    finding: str
    formats: tuple[str, ...]
    bank: str

    def formats_among(self, wanted):
        """The formats in which it is planted, of those wanted: one that cannot say a question does not get it."""
        return tuple(
            form
            for form in self.formats
            if form in wanted and UNSAYABLE.get(form, frozenset()).isdisjoint(self.questions)
        )


def _adding(stage):
    def fault(*questions, finding, formats=FORMATS, bank="every"):
        def add(plant):
            name = plant.__name__
            assert name not in FAULTS, f"two faults are called {name}"
            FAULTS[name] = Fault(
                name=name,
                about=" ".join((plant.__doc__ or name.replace("_", " ")).split()),
                plant=plant,
                stage=stage,
                questions=questions,
                finding=finding,
                formats=formats,
                bank=bank,
            )
            return plant

        return add

    return fault


in_draft, in_files, afterwards = map(_adding, (IN_DRAFT, IN_FILES, AFTERWARDS))
