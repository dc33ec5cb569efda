"""Canvas's dialect of QTI 1.2, which Classic and New Quizzes import: one zip file with one quiz.

    imsmanifest.xml
    <quiz>/<quiz>.xml              a group per question that picks one of its variants
    <quiz>/assessment_meta.xml     the settings of the quiz
    images/*.png

A zip file has one entry open at a time: while the pictures go in, the quiz and the manifest are spooled.
"""

import math
import re
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self, assert_never

from lxml import etree
from lxml.builder import E, ElementMaker

from ..items import Bank, ChoiceKey, Item, NumericKey
from . import Exporter
from .decimals import bounds, key_text, plain
from .limits import question_of, shared_problems
from .markup import NAMESPACES, XmlStream, with_picture
from .zips import ZipWriter

TEXT_LENGTH = 16_384
TITLE_LENGTH = 255
IDENT_LENGTH = 255

_META_TYPE = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
_RESPONSE = "response1"
_FEEDBACK = "general_fb"


class CanvasExporter:
    """A quiz whose question groups hold the variants, for Canvas's course import."""

    name = "canvas"
    title = "Canvas QTI"
    how_to_import = (
        "In the course, open Settings > Import Course Content, choose “QTI .zip file” and upload the file "
        "(tick “Import existing quizzes as New Quizzes” if you use those). The quiz arrives unpublished, "
        "with a question group for each question; Canvas draws a variant for each student."
    )

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item Canvas would not keep."""
        problems = shared_problems(bank, item)
        question = question_of(bank, item)
        if problems or question is None:  # such text cannot even be measured
            return problems
        if item.points != question.points:
            problems.append(
                f"the item is worth {plain(item.points)} points, its question {plain(question.points)}; "
                "in Canvas all variants are worth the same"
            )
        titles = {
            "the title of the quiz": bank.title,
            "the title of the question": question.title,
            "the title": item.title,
        }
        for what, title in titles.items():
            if len(title) > TITLE_LENGTH:
                problems.append(f"{what} is longer than the {TITLE_LENGTH} characters Canvas keeps")
        texts = {"the text with the picture": _stem(item), "the feedback": item.feedback}
        if isinstance(item.key, ChoiceKey):
            texts |= {f"option {number}": option for number, option in enumerate(item.key.options, start=1)}
        for what, text in texts.items():
            if len(text) > TEXT_LENGTH:
                problems.append(f"{what} is longer than the {TEXT_LENGTH:,} characters Canvas keeps")
        if len(_item_ident(bank, item)) > IDENT_LENGTH:
            problems.append(f"the ids of quiz and item have more than the {IDENT_LENGTH} characters Canvas keeps")
        return problems

    def open(self, bank: Bank, folder: Path) -> "CanvasWriter":
        """Begin `<bank id>.zip`."""
        return CanvasWriter(bank, folder)


EXPORTER: Exporter = CanvasExporter()


class CanvasWriter:
    """Writes pictures into the zip file as they come, and the quiz around them."""

    def __init__(self, bank: Bank, folder: Path) -> None:
        self._bank = bank
        self._ident = _quiz_ident(bank)
        self._path = folder / f"{bank.id}.zip"
        self._questions = {question.id: question for question in bank.questions}
        self._groups: list[str] = []
        self._pictures = 0
        with ExitStack() as stack:
            self._zip = stack.enter_context(ZipWriter(self._path))
            self._quiz_file = stack.enter_context(TemporaryFile(dir=folder))
            self._manifest_file = stack.enter_context(TemporaryFile(dir=folder))
            self._quiz = XmlStream(self._quiz_file)
            self._manifest = XmlStream(self._manifest_file)
            self._begin_quiz()
            self._begin_manifest()
            self._stack = stack.pop_all()

    def add(self, item: Item) -> None:
        """Write one item into the group of its question."""
        if not self._groups or self._groups[-1] != item.question:
            self._begin_group(item.question)
        self._quiz.write(_item(self._bank, item))
        path = f"images/{item.picture.name}"
        self._zip.add(path, item.picture.png)
        self._pictures += 1
        identifier = f"{self._ident}_picture_{self._pictures}"
        self._manifest.write(_resource(identifier, "webcontent", path, href=path))

    def close(self) -> list[Path]:
        """Put quiz, settings and manifest beside the pictures."""
        self._quiz.close()
        self._manifest.close()
        self._zip.add_file(f"{self._ident}/{self._ident}.xml", self._quiz_file)
        self._zip.add(f"{self._ident}/assessment_meta.xml", _settings(self._bank))
        self._zip.add_file("imsmanifest.xml", self._manifest_file)
        self._stack.close()
        return [self._path]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _begin_quiz(self) -> None:
        self._quiz.begin("questestinterop", namespace=NAMESPACES["qti12"])
        self._quiz.begin("assessment", {"ident": self._ident, "title": self._bank.title})
        self._quiz.write(_metadata(cc_maxattempts="1"))
        self._quiz.begin("section", {"ident": "root_section"})

    def _begin_group(self, question_id: str) -> None:
        if question_id in self._groups:
            raise ValueError(f"the variants of {question_id!r} must follow each other")
        question = self._questions[question_id]
        if self._groups:
            self._quiz.end()
        self._groups.append(question_id)
        ident = f"{self._ident}_group_{len(self._groups)}"
        self._quiz.begin("section", {"ident": ident, "title": question.title})
        self._quiz.write(
            E.selection_ordering(
                E.selection(
                    E.selection_number("1"),
                    E.selection_extension(E.points_per_item(plain(question.points))),
                )
            )
        )

    def _begin_manifest(self) -> None:
        quiz, meta = self._ident, f"{self._ident}_meta"
        self._manifest.begin("manifest", {"identifier": f"{quiz}_manifest"}, NAMESPACES["cc11"])
        self._manifest.write(E.metadata(E.schema("IMS Content"), E.schemaversion("1.1.3")))
        self._manifest.write(E.organizations())
        self._manifest.begin("resources")
        resource = _resource(quiz, "imsqti_xmlv1p2", f"{quiz}/{quiz}.xml")
        resource.append(E.dependency(identifierref=meta))
        self._manifest.write(resource)
        path = f"{quiz}/assessment_meta.xml"
        self._manifest.write(_resource(meta, _META_TYPE, path, href=path))


def _resource(identifier: str, kind: str, path: str, **attributes: str) -> etree._Element:
    return E.resource(E.file(href=path), identifier=identifier, type=kind, **attributes)


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
    quiz = make("quiz", *elements, identifier=_quiz_ident(bank))
    return etree.tostring(quiz, encoding="UTF-8", xml_declaration=True)


def _item(bank: Bank, item: Item) -> etree._Element:
    match item.key:
        case NumericKey():
            kind, response, right = "numerical_question", _number_response(), _within(item.key)
        case ChoiceKey():
            kind, response, right = "multiple_choice_question", _choice_response(item.key), _chosen(item.key)
        case _:
            assert_never(item.key)
    processing = E.resprocessing(
        E.outcomes(E.decvar(maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")),
    )
    element = E.item(
        E.itemmetadata(_metadata(question_type=kind, points_possible=plain(item.points))),
        E.presentation(E.material(_html(_stem(item))), response),
        processing,
        ident=_item_ident(bank, item),
        title=item.title,
    )
    if item.feedback.strip():
        shown = E.displayfeedback(feedbacktype="Response", linkrefid=_FEEDBACK)
        processing.append(E.respcondition(E.conditionvar(E.other()), shown, {"continue": "Yes"}))
        element.append(E.itemfeedback(E.flow_mat(E.material(_html(item.feedback))), ident=_FEEDBACK))
    score = E.setvar("100", action="Set", varname="SCORE")
    processing.append(E.respcondition(E.conditionvar(right), score, {"continue": "No"}))
    return element


def _metadata(**fields: str) -> etree._Element:
    return E.qtimetadata(
        *(E.qtimetadatafield(E.fieldlabel(label), E.fieldentry(entry)) for label, entry in fields.items())
    )


def _html(html: str) -> etree._Element:
    return E.mattext(html, texttype="text/html")


def _stem(item: Item) -> str:
    return with_picture(item.stem, item.picture, f"$IMS-CC-FILEBASE$/images/{item.picture.name}")


def _number_response() -> etree._Element:
    field = E.render_fib(E.response_label(ident="answer1"), fibtype="Decimal")
    return E.response_str(field, ident=_RESPONSE, rcardinality="Single")


def _within(key: NumericKey) -> etree._Element:
    """Right within the margin.

    Canvas rounds a response to four places.  A key's tolerance ends in half a unit beyond its last place, so
    no response with as many places as the key, and none of four places to a key of four, falls on a bound.
    """
    value = key_text(key)
    low, high = bounds(key)
    exact = E.varequal(value, respident=_RESPONSE, margin=plain(key.tolerance), margintype="absolute")
    inside = E("and", E.vargte(low, respident=_RESPONSE), E.varlte(high, respident=_RESPONSE))
    return E("or", exact, inside)


def _choice_response(key: ChoiceKey) -> etree._Element:
    labels = (
        E.response_label(E.material(_html(option)), ident=_choice_ident(position))
        for position, option in enumerate(key.options)
    )
    return E.response_lid(E.render_choice(*labels), ident=_RESPONSE, rcardinality="Single")


def _chosen(key: ChoiceKey) -> etree._Element:
    return E.varequal(_choice_ident(key.correct), respident=_RESPONSE)


def _choice_ident(position: int) -> str:
    return f"choice_{position + 1}"


def _quiz_ident(bank: Bank) -> str:
    """The bank's id as Canvas keeps it: a dot would lose the key, other signs would be rewritten."""
    ident = re.sub("[^A-Za-z0-9_]", "_", bank.id)
    return ident if re.match("[a-z]", ident) else f"quiz_{ident}"


def _item_ident(bank: Bank, item: Item) -> str:
    """Different in every quiz of a course: Canvas would take two questions of one ident for the same."""
    return f"{_quiz_ident(bank)}_{item.id}"
