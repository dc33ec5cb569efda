"""Items as a build hands them to exporters, kept beside the bank: what faults are planted into."""

import pickle
from dataclasses import dataclass, field
from pathlib import Path

from plotbank.exporters import PART_BYTES
from plotbank.items import Bank, Item

NAME = "items.pickle"


@dataclass(kw_only=True)
class Recording:
    """An exporter that also writes, into a file outside the bank, everything that it was given."""

    exporter: object
    folder: Path
    written: list[tuple[Bank, list[Item]]] = field(default_factory=list)

    def __getattr__(self, name):
        return getattr(self.exporter, name)

    def open(self, bank, folder, part_bytes=PART_BYTES):
        items = []
        self.written.append((bank, items))
        return _Writer(recording=self, writer=self.exporter.open(bank, folder, part_bytes), items=items)


@dataclass(kw_only=True)
class _Writer:
    recording: Recording
    writer: object
    items: list[Item]

    def add(self, item):
        self.items.append(item)
        self.writer.add(item)

    def close(self):
        (self.recording.folder / NAME).write_bytes(pickle.dumps(self.recording.written))
        return self.writer.close()

    def __enter__(self):
        self.writer.__enter__()
        return self

    def __exit__(self, *error):
        return self.writer.__exit__(*error)


def recorded(bank):
    """The banks (that of those who get data in tables is one of its own) with their items, that a build in this folder
    wrote."""
    return pickle.loads((bank.parent / NAME).read_bytes())
