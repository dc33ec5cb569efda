"""Canvas's dialect of QTI 1.2, which Classic and New Quizzes import: a zip file with a quiz.

    imsmanifest.xml
    <quiz>/<quiz>.xml              a group per question that picks one of its variants
    <quiz>/assessment_meta.xml     the settings of the quiz
    <quiz>/<quiz>_bank_<n>.xml     the variants of question n, where the bank comes in several zip files
    images/*.png

An only zip file holds the variants inside the groups.  Several cannot: each holds banks instead, and the whole quiz,
whose groups link banks by their idents.  Canvas's importers (app/models/importers: `quiz_importer`,
`quiz_group_importer`, `assessment_question_importer`) look for what was imported under the same ident, where
“Overwrite assessment content with matching IDs” is ticked: quiz and groups are found again, questions join the bank
that is there, and a group whose bank comes later is linked then.  So the order does not matter.  Where the box is not
ticked, idents that the course knows get a prefix (`content_importer_helper`): a second quiz arrives beside the first.

The same holds for importing anything again: ticked, a question of the same ident is replaced; else there are two.
What New Quizzes makes of several imports, its public code (the gem `qti`) does not show: the Classic quiz is migrated
when it is whole.
"""

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from lxml import etree
from lxml.builder import E, ElementMaker

from ..items import Bank, Item
from . import PART_BYTES, Downgrade, Exporter
from .canvas_items import canvas_item
from .canvas_limits import TITLE_LENGTH, canvas_problems
from .decimals import plain
from .downgrades import BANDS, PART_COMMENTS, SHARES
from .markup import NAMESPACES, XmlStream
from .parts import PartedWriter
from .qti12_items import metadata
from .qti12_packages import (
    Package,
    PackagePart,
    bank_ident,
    numbered_questions,
    resource,
    write_manifest,
)

_META_TYPE = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
_BANK_TYPE = "associatedcontent/learning-application-resource"  # “imscc” would promise a profile that no bank keeps


class CanvasExporter:
    """A quiz whose question groups hold the variants, for Canvas's course import."""

    name = "canvas"
    title = "Canvas QTI"
    how_to_import = (
        "In the course, open Settings > Import Course Content, choose “QTI .zip file” and upload the file "
        "(tick “Import existing quizzes as New Quizzes” if you use those). The quiz arrives unpublished, "
        "with a question group for each question; Canvas draws a variant for each student. Several files fill one "
        "quiz: import each, in any order, with “Overwrite assessment content with matching IDs” ticked and not as New "
        "Quizzes; if you use those, choose “Migrate” in the quiz's menu in the end."
    )
    downgrades: tuple[Downgrade, ...] = (BANDS, SHARES, PART_COMMENTS)

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item Canvas would not keep."""
        return canvas_problems(bank, item)

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> PartedWriter:
        """Begin `<bank id>.zip`, or as many numbered zip files as it takes."""
        begin = partial(PackagePart, partial(canvas_item, bank), partial(_finish, bank), part_bytes)
        return PartedWriter(folder, bank.id, ".zip", begin)


EXPORTER: Exporter = CanvasExporter()


def _finish(bank: Bank, package: Package, alone: bool) -> None:
    """Write the quiz, its settings, the banks of one zip file of several, and the manifest."""
    quiz = bank_ident(bank)
    with package.document(f"{quiz}/{quiz}.xml") as stream:
        _begin_quiz(stream, bank)
        if alone:
            for question, items in package.questions():
                _write_group(stream, bank, question, items)
        else:
            for question in numbered_questions(bank):
                _write_group(stream, bank, question)
    package.add_file(f"{quiz}/assessment_meta.xml", _settings(bank))
    banks = [] if alone else [_write_bank(package, bank, question, items) for question, items in package.questions()]
    with package.document("imsmanifest.xml") as manifest:
        _write_manifest(manifest, package, quiz, banks)


def _begin_quiz(quiz: XmlStream, bank: Bank) -> None:
    quiz.begin("questestinterop", namespace=NAMESPACES["qti12"])
    quiz.begin("assessment", {"ident": bank_ident(bank), "title": bank.title})
    quiz.write(metadata({"cc_maxattempts": "1"}))
    quiz.begin("section", {"ident": "root_section"})


def _write_group(quiz: XmlStream, bank: Bank, question_id: str, items: Iterable[etree._Element] | None = None) -> None:
    """A group that picks one of the items in it, or of its bank; its ident is the same in every zip file."""
    place, question = numbered_questions(bank)[question_id]
    source = [E.sourcebank_ref(_pool_ident(bank, question_id))] if items is None else []
    points = E.selection_extension(E.points_per_item(plain(question.points)))
    quiz.begin("section", {"ident": f"{bank_ident(bank)}_group_{place}", "title": question.title})
    quiz.write(E.selection_ordering(E.selection(*source, E.selection_number("1"), points)))
    for item in items or ():
        quiz.write(item)
    quiz.end()


def _write_bank(package: Package, bank: Bank, question_id: str, items: Iterable[etree._Element]) -> etree._Element:
    """The bank with a question's variants; gives its resource for the manifest."""
    ident = _pool_ident(bank, question_id)
    path = f"{bank_ident(bank)}/{ident}.xml"
    with package.document(path) as stream:
        stream.begin("questestinterop", namespace=NAMESPACES["qti12"])
        stream.begin("objectbank", {"ident": ident})
        stream.write(metadata({"bank_title": _pool_title(bank, question_id)}))
        for item in items:
            stream.write(item)
    return resource(ident, _BANK_TYPE, path, href=path)


def _pool_ident(bank: Bank, question_id: str) -> str:
    return f"{bank_ident(bank)}_bank_{numbered_questions(bank)[question_id][0]}"


def _pool_title(bank: Bank, question_id: str) -> str:
    """The name of a bank among all those of the course; without that of the quiz where it would be cut."""
    place, question = numbered_questions(bank)[question_id]
    title = f"{bank.title}, {place}: {question.title}"
    return title if len(title) <= TITLE_LENGTH else question.title


def _write_manifest(manifest: XmlStream, package: Package, quiz: str, banks: list[etree._Element]) -> None:
    meta, path = f"{quiz}_meta", f"{quiz}/assessment_meta.xml"
    main = resource(quiz, "imsqti_xmlv1p2", f"{quiz}/{quiz}.xml")
    main.append(E.dependency(identifierref=meta))
    manifest.begin("manifest", {"identifier": f"{quiz}_manifest"}, NAMESPACES["cc11"])
    head = E.metadata(E.schema("IMS Content"), E.schemaversion("1.1.3"))
    write_manifest(
        manifest, package, quiz, head, main, [resource(meta, _META_TYPE, path, href=path), *banks], depend=False
    )


def _settings(bank: Bank) -> bytes:
    """Where alone Canvas looks for the settings of a quiz; it arrives unpublished."""
    namespace = NAMESPACES["canvas"]
    make = ElementMaker(namespace=namespace, nsmap={None: namespace})
    settings = {
        "title": bank.title,
        "shuffle_answers": "false",
        "scoring_policy": "keep_highest",
        "quiz_type": "assignment",
        "points_possible": plain(math.fsum(question.points for question in bank.questions)),
        "show_correct_answers": "true",
        "allowed_attempts": "1",
        "one_question_at_a_time": "false",
        "cant_go_back": "false",
        "available": "false",
        "only_visible_to_overrides": "false",
    }
    elements = (make(name, value) for name, value in settings.items())
    quiz = make("quiz", *elements, identifier=bank_ident(bank))
    return etree.tostring(quiz, encoding="UTF-8", xml_declaration=True)
