"""Packages of QTI 1.2: zip files with pictures, items and a manifest, in parts under a budget.

A zip file has one entry open at a time, and what stands around the items depends on whether the package is the only one
of its bank.  So pictures go in as they come, and items wait in a temporary file.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from lxml import etree
from lxml.builder import E

from ..items import Bank, Item, Question
from .markup import XmlStream
from .zips import ZipWriter

_PICTURE_BYTES = 200  # besides its name: what the zip file and the manifest say of a picture
_FRAME_BYTES = 3_000  # manifest and settings without pictures
_QUESTION_BYTES = 400  # what stands around the items of a question


class Package:
    """A zip file being written: its pictures, and its items until a format has put them into documents."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        with ExitStack() as stack:
            self._zip = stack.enter_context(ZipWriter(path))
            self._items, self._pictures = (
                _Records(stack.enter_context(TemporaryFile("w+", dir=path.parent, encoding="utf-8"))) for _ in range(2)
            )
            self._stack = stack.pop_all()

    def add(self, item: Item, xml: str) -> None:
        """Take the pictures of an item, and the item as it will be written."""
        for picture in item.every_picture:
            path = f"images/{picture.name}"
            self._zip.add(path, picture.png)
            self._pictures.add([path])
        self._items.add([item.question, xml])

    def questions(self) -> Iterator[tuple[str, Iterator[etree._Element]]]:
        """Each question's id with its items, in order; they are read before the next question is asked for."""
        for question, records in groupby(self._items, key=itemgetter(0)):
            yield question, (etree.fromstring(xml) for _, xml in records)

    def pictures(self) -> Iterator[str]:
        """The paths of the pictures in the zip file."""
        return (path for (path,) in self._pictures)

    @contextmanager
    def document(self, name: str) -> Iterator[XmlStream]:
        """An XML document to be written; it stands in the zip file when the `with` block is left."""
        with TemporaryFile(dir=self._folder) as file:
            stream = XmlStream(file)
            yield stream
            stream.close()
            self._zip.add_file(name, file)

    def add_file(self, name: str, content: bytes) -> None:
        """Put a small file into the zip file."""
        self._zip.add(name, content)

    def close(self) -> None:
        """Write the table of contents and let go of every file."""
        self._stack.close()


class PackagePart:
    """A package under a budget, for a `PartedWriter`.

    `write` gives the `<item>` of an item, and `finish` writes the documents: it is told whether the package is the only
    one of its bank.  With `one_question` another question begins another package.
    """

    def __init__(
        self,
        write: Callable[[Item], etree._Element],
        finish: Callable[[Package, bool], None],
        part_bytes: int,
        path: Path,
        *,
        one_question: bool = False,
    ) -> None:
        self._write = write
        self._finish = finish
        self._budget = part_bytes
        self._one_question = one_question
        self._questions: list[str] = []
        self._size = _FRAME_BYTES
        self._package = Package(path)

    def add(self, item: Item) -> bool:
        """Write an item and its pictures; False when they do not fit any more."""
        changes = item.question not in self._questions[-1:]
        if changes and item.question in self._questions:
            raise ValueError(f"the variants of {item.question!r} must follow each other")
        xml = etree.tostring(self._write(item), encoding="unicode")
        size = self._size + _size(item, xml) + (_QUESTION_BYTES if changes else 0)
        if self._questions and (size > self._budget or (changes and self._one_question)):
            return False
        self._package.add(item, xml)
        self._size = size
        if changes:
            self._questions.append(item.question)
        return True

    def close(self, *, alone: bool) -> None:
        """Write the documents around the items, and the manifest."""
        self._finish(self._package, alone)
        self._package.close()

    def abort(self) -> None:
        """Let go of the files as they are."""
        self._package.close()


def resource(identifier: str, kind: str, path: str, **attributes: str) -> etree._Element:
    """A resource of a manifest that consists of one file."""
    return E.resource(E.file(href=path), identifier=identifier, type=kind, **attributes)


def write_manifest(
    manifest: XmlStream,
    package: Package,
    ident: str,
    head: etree._Element,
    main: etree._Element,
    others: Sequence[etree._Element] = (),
    *,
    depend: bool,
) -> None:
    """What stands in the root of a manifest: the metadata, the main resource, others, and one for each picture.

    With `depend` the main resource says that it depends on every picture.
    """
    manifest.write(head)
    manifest.write(E.organizations())
    manifest.begin("resources")
    manifest.begin("resource", {str(name): str(value) for name, value in main.attrib.items()})
    for child in main:
        manifest.write(child)
    for number, _ in enumerate(package.pictures() if depend else (), start=1):
        manifest.write(E.dependency(identifierref=_picture_ident(ident, number)))
    manifest.end()
    for other in others:
        manifest.write(other)
    for number, path in enumerate(package.pictures(), start=1):
        manifest.write(resource(_picture_ident(ident, number), "webcontent", path, href=path))


def bank_ident(bank: Bank) -> str:
    """The bank's id as every platform keeps it: in Canvas a dot would lose the key, other signs would be rewritten."""
    ident = re.sub("[^A-Za-z0-9_]", "_", bank.id)
    return ident if re.match("[a-z]", ident) else f"quiz_{ident}"


def item_ident(bank: Bank, item: Item) -> str:
    """Different in every quiz of a course, where two items of one ident would be taken for the same."""
    return f"{bank_ident(bank)}_{item.id}"


def numbered_questions(bank: Bank) -> dict[str, tuple[int, Question]]:
    """Each question by its id, with its number in the quiz, from 1."""
    return {question.id: (number, question) for number, question in enumerate(bank.questions, start=1)}


class _Records:
    """Lists of texts in a temporary file, in the order they came, so that memory does not grow with them."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, record: list[str]) -> None:
        """Append one."""
        self._file.write(json.dumps(record) + "\n")

    def __iter__(self) -> Iterator[list[str]]:
        self._file.seek(0)
        return map(json.loads, self._file)


def _size(item: Item, xml: str) -> int:
    """About the bytes that an item adds to a package, rather more than fewer: texts pack better together than alone."""
    pictures = (len(picture.png) + _PICTURE_BYTES + 2 * len(picture.name) for picture in item.every_picture)
    return len(zlib.compress(xml.encode())) + sum(pictures)


def _picture_ident(ident: str, number: int) -> str:
    return f"{ident}_picture_{number}"
