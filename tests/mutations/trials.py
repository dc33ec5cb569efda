"""Whether `verify` finds a fault: where it was planted, in every format, and nowhere else."""

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from plotbank.errors import PlotbankError
from plotbank.proof import Finding, Unreadable
from plotbank.proof.readers import READERS
from plotbank.verify import verify

from . import key_faults, leak_faults, package_faults, picture_faults, private_faults, word_faults  # noqa: F401
from .drafts import only, seal
from .faults import AFTERWARDS, IN_DRAFT, IN_FILES
from .written import Written

VARIANT = re.compile(r"[a-z][a-z0-9]*_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a fault: the formats that it was planted in, those in which it was missed, what is about it, and what
    was found about items that nobody touched."""

    formats: tuple[str, ...]
    missed: tuple[str, ...]
    about: tuple[Finding, ...]
    beside: tuple[Finding, ...]
    others: tuple[Finding, ...]

    @property
    def caught(self):
        return bool(self.formats) and not self.missed and not self.beside


def tried(fault, good, folder: Path, formats):
    """Plant a fault into a draft of a good bank, written in these formats into this folder, and verify it."""
    wanted = fault.formats_among(formats)
    draft = only(good, fault.questions)
    if folder.exists():
        shutil.rmtree(folder)
    if fault.stage == IN_DRAFT:
        fault.plant(draft)
    draft.write(folder, wanted)
    if fault.stage == IN_FILES:
        _damage(fault, draft, folder, wanted)
    seal(folder)
    if fault.stage == AFTERWARDS:
        _damage(fault, draft, folder, wanted)
    try:
        findings = verify(folder).findings
    except PlotbankError as error:
        findings = (Finding(package="", item="", message=str(error)),)
    return judged(fault, findings, draft.touched, wanted)


def _damage(fault, draft, folder, formats):
    for form in formats:
        fault.plant(Written(draft=draft, form=form, paths=tuple(sorted((folder / form).iterdir()))))


def judged(fault, findings, touched, formats):
    """What the findings of a bank with a fault say of it."""
    named = [(VARIANT.search(finding.item), finding) for finding in findings]
    own = [finding for match, finding in named if match is None or match[0] in touched]
    about = tuple(finding for finding in own if re.search(fault.finding, finding.message))
    everywhere = any(not finding.package or finding.package.startswith("private/") for finding in about)
    found = {finding.package.partition("/")[0] for finding in about}
    return Trial(
        formats=formats,
        missed=() if everywhere else tuple(form for form in formats if form not in found),
        about=about,
        beside=tuple(finding for finding in findings if finding not in own),
        others=tuple(finding for finding in own if finding not in about),
    )


@contextmanager
def remembered_readings():
    """Each picture is read once: thousands of banks that are verified here show the same ones."""
    before = dict(READERS)

    def remembering(reader):
        @cache
        def read(png):
            try:
                return reader.read(png)
            except Unreadable as reason:
                return reason

        return replace(reader, each=lambda pngs: [read(png) for png in pngs])

    READERS.update({name: remembering(reader) for name, reader in before.items()})
    try:
        yield
    finally:
        READERS.update(before)
