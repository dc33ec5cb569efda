"""A package of QTI: a zip file of items, pictures, a manifest, and the test that draws them where it is the only one.

    imsmanifest.xml
    test.xml              a section per question, of whose variants everybody gets one; in the only part of a bank
    items/*.xml
    images/*.png

A zip file has one entry open at a time, and whether a part is the only one is known at its end: while items and
pictures go in, the test is spooled, and the manifest of a package with a test and that of one without.
"""

import math
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from lxml import etree
from lxml.builder import E, ElementMaker

from ..items import Bank, Item, Question
from .decimals import plain
from .markup import XmlStream
from .qti_dialects import Dialect
from .qti_items import (
    IMAGES,
    TOOL,
    bank_identifier,
    interactions,
    item_identifier,
    item_xml,
    schema_location,
    schema_prefixes,
)
from .zips import ZipWriter

_TEST = "test.xml"
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_ENTRY = 30 + 46  # what a zip file holds of each file besides its bytes and, twice, its name
_FRAME = 2_000  # manifest and test without items


class Package:
    """One part of a bank, and how full it is."""

    def __init__(self, dialect: Dialect, bank: Bank, part_bytes: int, path: Path) -> None:
        self._dialect = dialect
        self._bank = bank
        self._questions = {question.id: question for question in bank.questions}
        self._budget = part_bytes
        self._size = _FRAME
        self._items: list[str] = []
        with ExitStack() as stack:
            self._zip = stack.enter_context(ZipWriter(path))
            test, *manifests = (stack.enter_context(TemporaryFile(dir=path.parent)) for _ in range(3))
            self._test = _Test(test, dialect, bank)
            self._test_manifest = _Manifest(manifests[0], dialect, bank, dialect.test or dialect.bank)
            self._bank_manifest = _Manifest(manifests[1], dialect, bank, dialect.bank)
            self._stack = stack.pop_all()

    def add(self, item: Item) -> bool:
        """Write an item with its pictures; False when they do not fit any more."""
        question, identifier = self._questions[item.question], item_identifier(self._bank, item)
        path = f"items/{identifier}.xml"
        files = {path: item_xml(self._dialect, self._bank, item)}
        files |= {f"{IMAGES}/{picture.name}": picture.png for picture in item.every_picture}
        resources = list(_resources(self._dialect, self._bank, question, item, path))
        size = self._size + _zipped(files, resources)
        if size > self._budget and self._items:
            return False
        for name, content in files.items():
            self._zip.add(name, content)
        for resource in resources:
            self._bank_manifest.write(resource)
            self._test_manifest.write(resource)
        self._test.refer(question, identifier, path)
        self._items.append(identifier)
        self._size = size
        return True

    def close(self, *, alone: bool) -> None:
        """Put the manifest beside the items, and the test where this is the only part."""
        manifest = self._bank_manifest
        if alone and self._dialect.test is not None:
            manifest = self._test_manifest
            kind = f"imsqti_test_{self._dialect.release}"
            manifest.write(_resource("_test", kind, _TEST, *self._items))
            self._zip.add_file(_TEST, self._test.finished())
        self._zip.add_file("imsmanifest.xml", manifest.finished())
        self._stack.close()

    def abort(self) -> None:
        """Let go of the file as it is."""
        self._stack.close()


class _Document(XmlStream):
    """A document, written element by element, whose root says where its schema is."""

    def __init__(self, file: IO[bytes], tag: str, attributes: dict[str, str], namespace: str, schema: str) -> None:
        super().__init__(file)
        self._file = file
        named = attributes | dict((schema_location(namespace, schema),))
        root = self._xml.element(etree.QName(namespace, tag), named, nsmap=schema_prefixes(namespace))
        root.__enter__()
        self._open.append(root)

    def finished(self) -> IO[bytes]:
        """The file with the whole document."""
        self.close()
        return self._file


class _Manifest(_Document):
    """What lies in a package."""

    def __init__(self, file: IO[bytes], dialect: Dialect, bank: Bank, kind: tuple[str, str]) -> None:
        super().__init__(file, "manifest", {"identifier": "_manifest"}, dialect.package, dialect.package_schema)
        schema, version = kind
        lom = _lom(bank.language, bank.title)
        self.write(E.metadata(E.schema(schema), E.schemaversion(version), lom))
        self.write(E.organizations())
        self.begin("resources")


class _Test(_Document):
    """A test that draws one variant of every question, and sums what they earn."""

    def __init__(self, file: IO[bytes], dialect: Dialect, bank: Bank) -> None:
        root = dialect.element("assessmentTest", identifier=bank_identifier(bank), title=bank.title, **TOOL)
        super().__init__(file, str(root.tag), dict(root.attrib), dialect.namespace, dialect.schema)
        self._dialect = dialect
        self._sections: list[str] = []
        for outcome, value in (("SCORE", "0"), ("MAXSCORE", plain(math.fsum(q.points for q in bank.questions)))):
            default = dialect.element("defaultValue", dialect.element("value", value))
            self.write(
                dialect.element(
                    "outcomeDeclaration", default, identifier=outcome, cardinality="single", baseType="float"
                )
            )
        self._begin("testPart", identifier="_part", navigationMode="nonlinear", submissionMode="individual")

    def refer(self, question: Question, identifier: str, path: str) -> None:
        """Write a variant into the section of its question."""
        if not self._sections or self._sections[-1] != question.id:
            self._begin_section(question)
        self.write(self._dialect.element("assessmentItemRef", identifier=identifier, href=path))

    def finished(self) -> IO[bytes]:
        """The file with the whole test."""
        self.end()
        self.end()
        scores = self._dialect.element("testVariables", variableIdentifier="SCORE")
        total = self._dialect.element("setOutcomeValue", self._dialect.element("sum", scores), identifier="SCORE")
        self.write(self._dialect.element("outcomeProcessing", total))
        return super().finished()

    def _begin_section(self, question: Question) -> None:
        if question.id in self._sections:
            raise ValueError(f"the variants of {question.id!r} must follow each other")
        if self._sections:
            self.end()
        self._sections.append(question.id)
        self._begin("assessmentSection", identifier=question.id, title=question.title, visible="true")
        self.write(self._dialect.element("selection", select="1"))

    def _begin(self, name: str, **attributes: str) -> None:
        element = self._dialect.element(name, **attributes)
        self.begin(str(element.tag), dict(element.attrib))


def _resources(dialect: Dialect, bank: Bank, question: Question, item: Item, path: str) -> Iterator[etree._Element]:
    """An item with what is known of it, and its pictures."""
    pictures = {f"_image-{picture.name}": f"{IMAGES}/{picture.name}" for picture in item.every_picture}
    resource = _resource(item_identifier(bank, item), f"imsqti_item_{dialect.release}", path, *pictures)
    resource.insert(0, _metadata(dialect, bank, question, item))
    yield resource
    for identifier, name in pictures.items():
        yield _resource(identifier, "webcontent", name)


def _resource(identifier: str, kind: str, path: str, *needed: str) -> etree._Element:
    return E.resource(
        E.file(href=path),
        *(E.dependency(identifierref=other) for other in needed),
        identifier=identifier,
        type=kind,
        href=path,
    )


def _metadata(dialect: Dialect, bank: Bank, question: Question, item: Item) -> etree._Element:
    make = ElementMaker(namespace=dialect.metadata, nsmap={None: dialect.metadata})
    keywords = ("plotbank", question.kind, *question.template.split(", "))
    return E.metadata(
        make.qtiMetadata(*(make.interactionType(name) for name in interactions(item))),
        _lom(bank.language, item.title, keywords, item.difficulty_word),
    )


def _lom(language: str, title: str, keywords: tuple[str, ...] = (), difficulty: str = "") -> etree._Element:
    """What IEEE 1484.12.1 says of a learning object; the words that people read are in the bank's language."""
    make = ElementMaker(namespace=_LOM, nsmap={None: _LOM})
    general = make.general(make.title(make.string(title, language=language)), make.language(language))
    general.extend(make.keyword(make.string(keyword)) for keyword in keywords)
    lom = make.lom(general)
    if difficulty:
        lom.append(make.educational(make.difficulty(make.source("LOMv1.0"), make.value(difficulty))))
    return lom


def _zipped(files: dict[str, bytes], resources: list[etree._Element]) -> int:
    """How many bytes a zip file grows by: at most, since what is compressed here bit by bit is one stream there."""
    entries = sum(
        _ENTRY + 2 * len(name) + (len(content) if name.endswith(".png") else len(zlib.compress(content)))
        for name, content in files.items()
    )
    return entries + len(zlib.compress(b"".join(etree.tostring(resource) for resource in resources)))
