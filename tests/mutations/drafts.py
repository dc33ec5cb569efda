"""A bank before it is written: what exporters and `private/` are made of, so that a fault can be a builder's."""

import csv
import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from plotbank.exporters import exporters
from plotbank.items import Bank, ChoiceKey, Item, MultipleKey

from .recording import recorded

PRIVATE = "private"
KEYS, PLOTS, EVIDENCE = "answer_key.csv", "plots.jsonl", "evidence.json"


@dataclass(kw_only=True)
class Draft:
    """Banks with their items, and the contents of `private/`; `touched` are the variants that were made wrong.

    `files` are the other files of `private/`, by name.
    """

    banks: list[tuple[Bank, list[Item]]]
    records: dict[str, dict]
    rows: list[dict[str, str]]
    evidence: dict
    files: dict[str, bytes]
    touched: set[str] = field(default_factory=set)

    @property
    def items(self):
        return [item for _, items in self.banks for item in items]

    @property
    def first(self):
        return self.items[0]

    def current(self, item):
        """An item as it is by now."""
        return next(one for one in self.items if one.id == item.id)

    def change(self, item, **changes):
        """Change fields of an item; it counts as touched, and is returned as it is now."""
        changed = replace(self.current(item), **changes)
        self.touched |= {item.id, changed.id}
        for _, items in self.banks:
            items[:] = [changed if one.id == item.id else one for one in items]
        return changed

    def keep(self, count):
        """Only so many items, as if the bank had been built for fewer students."""
        ((bank, items),) = self.banks
        self.banks = [(bank, items[:count])]
        ids = {item.id for item in items[:count]}
        self.records = {name: record for name, record in self.records.items() if name in ids}
        self.rows = [row for row in self.rows if row["variant"] in ids]

    def rekey(self, item, **changes):
        """Change fields of an item's key."""
        return self.change(item, key=replace(item.key, **changes))

    def record(self, item):
        """What `private/plots.jsonl` says of an item, to be changed in place."""
        self.touched.add(item.id)
        return self.records[item.id]

    def row(self, item):
        """What the answer key says of an item, to be changed in place."""
        self.touched.add(item.id)
        return next(row for row in self.rows if row["variant"] == item.id)

    def claim(self, item, part=0):
        """What a template answered, to be changed in place."""
        return self.record(item)["claims"][part]["answer"]

    def everywhere(self, item):
        """Write the key that an item has now into `private/` too, as if that had been right."""
        key = self.current(item).key.printed
        self.record(item)["key"] = key
        self.row(item)["key"] = key

    def show(self, item, png, place=0):
        """Give an item another picture, with its hash in `private/`; the picture's place is among all of the item."""
        self.put(item, png, place)
        self.record(item)["plots"][place]["picture"] = hashlib.sha256(png).hexdigest()

    def put(self, item, png, place=0):
        """Give an item another picture that `private/` knows nothing about."""
        item = self.current(item)
        self.repicture(item, place, png=png)

    def repicture(self, item, place=0, **changes):
        """Change fields of one of an item's pictures: those of the stem come before those of the options."""
        item = self.current(item)
        stem = len(item.pictures)
        if place < stem:
            pictures = [*item.pictures]
            pictures[place] = replace(pictures[place], **changes)
            return self.change(item, pictures=tuple(pictures))
        assert isinstance(item.key, ChoiceKey | MultipleKey), "only options have pictures besides"
        options = [*item.key.options]
        old = options[place - stem]
        options[place - stem] = replace(old, picture=replace(old.picture, **changes))
        return self.rekey(item, options=tuple(options))

    def write(self, folder, formats):
        """Write the bank in these formats."""
        names = []
        for form in formats:
            (folder / form).mkdir(parents=True)
            for bank, items in self.banks:
                with _exporters()[form].open(bank, folder / form) as writer:
                    for item in items:
                        writer.add(item)
                    names += [path.relative_to(folder).as_posix() for path in writer.close()]
        self.evidence["packages"] = dict.fromkeys(names, "")
        private = folder / PRIVATE
        private.mkdir()
        for name, content in self.files.items():
            (private / name).write_bytes(content)
        lines = (json.dumps(record, separators=(",", ":")) for record in self.records.values())
        (private / PLOTS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        with (private / KEYS).open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.DictWriter(file, list(self.rows[0]))
            table.writeheader()
            table.writerows(self.rows)
        (private / EVIDENCE).write_text(json.dumps(self.evidence), encoding="utf-8")


_exporters = cache(exporters)


def seal(folder):
    """Make every hash in the evidence again, as a builder does at the end."""
    path = folder / PRIVATE / EVIDENCE
    evidence = json.loads(path.read_text(encoding="utf-8"))
    for name in evidence["packages"]:
        evidence["packages"][name] = _sha256(folder / name)
    for name in evidence.get("private_files", {}):
        evidence["private_files"][name] = _sha256(folder / PRIVATE / name)
    path.write_text(json.dumps(evidence), encoding="utf-8")


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "0" * 64


def draft_of(bank: Path):
    """The draft of a recorded bank."""
    private = bank / PRIVATE
    lines = (private / PLOTS).read_text(encoding="utf-8").splitlines()
    with (private / KEYS).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    others = (path for path in sorted(private.iterdir()) if path.name not in (KEYS, PLOTS, EVIDENCE))
    return Draft(
        banks=recorded(bank),
        records={record["variant"]: record for record in map(json.loads, lines)},
        rows=rows,
        evidence=json.loads((private / EVIDENCE).read_text(encoding="utf-8")),
        files={path.name: path.read_bytes() for path in others},
    )


def only(draft, questions):
    """A copy of a draft with some of its questions, or all of them where none is named."""
    named = set(questions) or set(draft.evidence["questions"])
    banks = [
        (
            replace(bank, questions=tuple(one for one in bank.questions if one.id in named)),
            [item for item in items if item.question in named],
        )
        for bank, items in draft.banks
    ]
    ids = {item.id for _, items in banks for item in items}
    questions = {name: one for name, one in draft.evidence["questions"].items() if name in named}
    evidence = deepcopy(draft.evidence | {"questions": questions})
    return Draft(
        banks=banks,
        records={name: deepcopy(record) for name, record in draft.records.items() if name in ids},
        rows=[dict(row) for row in draft.rows if row["variant"] in ids],
        evidence=evidence,
        files=draft.files,
    )
