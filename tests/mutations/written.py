"""Packages as they lie in a bank's folder, opened to be damaged."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .drafts import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The packages of one format that were made of a draft."""

    draft: Draft
    form: str
    paths: tuple[Path, ...]

    @property
    def path(self):
        return self.paths[0]

    @property
    def zipped(self):
        return self.path.suffix == ".zip"

    def touch(self, *items):
        """These items are wrong now."""
        self.draft.touched.update(item.id for item in items)

    def edit(self, change):
        """`change` takes and returns the text of a package that is one, or the entries of a zip file by name."""
        if self.zipped:
            self.edit_entries(change)
        else:
            self.edit_text(change)

    def edit_text(self, change):
        before = self.path.read_text(encoding="utf-8")
        after = change(before)
        assert after != before, "nothing was changed"
        self.path.write_text(after, encoding="utf-8")

    def edit_entries(self, change, comment=b"", date=None):
        """`change` takes and returns the entries, whose dates and order stay as they were unless one is given."""
        with zipfile.ZipFile(self.path) as archive:
            known = {entry.filename: entry for entry in archive.infolist()}
            before = {name: archive.read(name) for name in known}
        after = change(dict(before))
        assert after != before or comment or date, "nothing was changed"
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.comment = comment
            for name, content in after.items():
                like = known.get(name) or next(iter(known.values()))
                entry = zipfile.ZipInfo(name, date(name) if date else like.date_time)
                entry.create_system, entry.external_attr = like.create_system, like.external_attr
                entry.compress_type = like.compress_type
                archive.writestr(entry, content)

    def edit_item(self, item, change):
        """`change` takes and returns the text of one item."""
        self.touch(item)

        def edit(text):
            for one in re.findall(r"<question type=.*?</question>|<item ident=.*?</item>", text, re.DOTALL) or [text]:
                if item.id in one:
                    return text.replace(one, change(one), 1)
            return text

        if not self.zipped:
            self.edit_text(edit)
            return
        self.edit_entries(
            lambda entries: {
                name: edit(content.decode()).encode()
                if name.endswith(".xml") and name not in ("imsmanifest.xml", "test.xml")
                else content
                for name, content in entries.items()
            }
        )
