"""Question banks for learning platforms: one module per format behind one small interface.

A format is an `Exporter`, found through the entry points of the group `plotbank.exporters`: other packages
can add some.  Items are streamed through its `Writer`, question by question (all variants of the first, then
all of the second, ...), so that memory does not grow with the number of students.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ..errors import PlotbankError
from ..items import Bank, Item

GROUP = "plotbank.exporters"
PART_BYTES = 8_000_000
"""How large a file to import may be unless somebody says more: upload limits bite first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Downgrade:
    """Something that a format cannot say, left out of an item: `of` gives the item without it.

    `name` is what private/ records; `says` tells people what is written instead ("a near miss earns nothing").
    """

    name: str
    says: str
    of: Callable[[Item], Item]


class Writer(Protocol):
    """A bank being written.

    Leaving the `with` block before `close` aborts: no handle stays open, and the caller deletes the folder.
    """

    def add(self, item: Item) -> None:
        """Write one item; those of one question follow each other."""

    def close(self) -> list[Path]:
        """Finish, and say which files to import, in order."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Exporter(Protocol):
    """A format: what it is called, what it cannot say, and how to write it.

    `how_to_import` tells an instructor, in a sentence or two, what to upload where.  `downgrades` are what may be left
    out of an item that the format cannot say, where that is allowed.
    """

    name: str
    title: str
    how_to_import: str
    downgrades: tuple[Downgrade, ...]

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item the format cannot say, in words for people; if none, `add` keeps it all."""

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> Writer:
        """Begin to write a bank into a folder that exists, in files of at most so many bytes where items allow it."""


def exporters() -> dict[str, Exporter]:
    """Every installed format by its name, sorted."""
    found = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
    for one, other in pairwise(found):
        if one.name == other.name:
            raise PlotbankError(
                f"two exporters are called {one.name!r}: {one.value} and {other.value}; "
                "uninstall the package of one of them"
            )
    return {entry.name: entry.load() for entry in found}
