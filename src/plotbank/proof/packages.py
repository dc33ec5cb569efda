"""Delivered packages, opened again: every item as the platform would keep it after an import.

This is written from what Moodle and Canvas do, not from what wrote the package.
"""

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from . import Unreadable
from .markup import Element, Fragment, elements
from .zips import LARGEST_ENTRY, Archive, open_archive

PLUGINFILE = "@@PLUGINFILE@@/"
FILEBASE = "$IMS-CC-FILEBASE$/"
MANIFEST = "imsmanifest.xml"
QUIZ_TYPE = "imsqti_xmlv1p2"

_LARGEST_PICTURE = 20 * 2**20
_CHUNK = 2**16
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericDelivered:
    """A number: `value` is the key, and every response from `low` to `high` (both included) earns full marks."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceDelivered:
    """The options (HTML) in the order delivered, and the positions of those that earn full marks."""

    options: tuple[str, ...]
    correct: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One item as a platform keeps it.

    `package` is the path in the bank's folder; `id` is Moodle's idnumber or Canvas's item ident; `pool` is
    Moodle's category path or the title of Canvas's section; `stem` and `feedback` are HTML.  The stem shows
    one picture: its name, bytes and text alternative, `width` x `height` CSS pixels.
    """

    package: str
    id: str
    pool: str
    title: str
    stem: str
    feedback: str
    alt: str
    picture_name: str
    png: bytes
    width: int
    height: int
    points: float
    key: NumericDelivered | ChoiceDelivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a Canvas package's manifest: its type and the files that it lists."""

    identifier: str
    type: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StemImage:
    """The one picture in a stem, as its `<img>` says: where it is, its text alternative, its CSS pixels."""

    link: str
    alt: str
    width: int
    height: int


def open_package(path: Path, folder: Path) -> Iterator[Delivered]:
    """The items of a package (Moodle XML, or a Canvas zip) below a bank's folder, one at a time.

    Raises:
        Unreadable: while iterating, where the package or an item in it cannot be read; says why.
    """
    package = path.relative_to(folder).as_posix()
    if path.suffix == ".xml":
        yield from _moodle(path, package)
    elif path.suffix == ".zip":
        yield from _canvas(path, package)
    else:
        raise Unreadable("the file is neither Moodle XML (.xml) nor a Canvas package (.zip)")


def moodle_questions(path: Path) -> Generator[Element, None, None]:
    """Every `<question>` of a Moodle XML file, categories included.

    Raises:
        Unreadable: the file is damaged, too large, or no quiz.
    """
    found = False
    with _opened(path) as file:
        for around, question in elements(iter(partial(file.read, _CHUNK), b""), ("question",)):
            if [element.tag for element in around] != ["quiz"]:
                raise Unreadable("a <question> does not stand directly in <quiz>: Moodle would not find it")
            found = True
            yield question
    if not found:
        raise Unreadable("the file holds no question of a Moodle quiz")


def manifest(archive: Archive) -> list[Resource]:
    """What a Canvas package lists; raises Unreadable where there is no manifest or no quiz in it."""
    resources = [
        Resource(
            identifier=resource.attributes.get("identifier", ""),
            type=resource.attributes.get("type", ""),
            files=tuple(file.attributes.get("href", "") for file in resource.each("file")),
        )
        for _, resource in elements(archive.chunks(MANIFEST), ("resource",))
    ]
    if not quiz_files(resources):
        raise Unreadable(f"the manifest lists no quiz (a resource of the type {QUIZ_TYPE})")
    return resources


def quiz_files(resources: list[Resource]) -> list[str]:
    """The files that hold the questions."""
    return [name for resource in resources if resource.type == QUIZ_TYPE for name in resource.files]


def metadata(item: Element) -> dict[str, str]:
    """The labelled fields of a Canvas item (question_type, points_possible, ...)."""
    fields = item.each("itemmetadata", "qtimetadata", "qtimetadatafield")
    return {field.text_at("fieldlabel"): field.text_at("fieldentry").strip() for field in fields}


def stem_texts(item: Element) -> list[Element]:
    """Every `<mattext>` of a Canvas item's stem, which is what stands outside the response."""
    presentation = item.first("presentation")
    parts = presentation.children if presentation is not None else []
    return [text for part in parts if not part.tag.startswith("response_") for text in part.inside("mattext")]


def full_marks(item: Element) -> list[Element]:
    """The conditions of a Canvas item under which it sets the score to 100 percent."""
    return [
        condition
        for condition in item.each("resprocessing", "respcondition")
        if any(decimal(score.text) == 100 for score in condition.each("setvar"))
    ]


def decimal(text: str) -> Decimal | None:
    """A plain decimal number (no exponent, no comma, ASCII minus), exactly; None for anything else."""
    text = text.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def stem_image(stem: str) -> StemImage:
    """The one picture that a stem shows; raises Unreadable where it is not one, or has no size."""
    images = Fragment(stem).images
    if len(images) != 1:
        raise Unreadable(f"the stem shows {len(images)} pictures instead of one")
    (image,) = images
    return StemImage(
        link=image.get("src", ""),
        alt=image.get("alt", ""),
        width=_pixels(image, "width"),
        height=_pixels(image, "height"),
    )


def decoded_png(file: Element) -> bytes:
    """The picture in a Moodle `<file>`.

    Raises:
        Unreadable: it is not strictly base64, or not a whole PNG.
    """
    try:
        png = base64.b64decode("".join(file.text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("it is not valid base64: Moodle would keep a broken picture without a word") from None
    return whole_png(png)


def whole_png(png: bytes) -> bytes:
    """The same bytes, if they are a PNG with all its chunks undamaged; Unreadable otherwise."""
    if not png.startswith(_PNG_SIGNATURE):
        raise Unreadable("it is not a PNG")
    position, kind = len(_PNG_SIGNATURE), b""
    while kind != b"IEND" and position + 12 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        end = position + 12 + length
        body = png[position + 4 : end - 4]
        if end > len(png) or zlib.crc32(body) != int.from_bytes(png[end - 4 : end]):
            raise Unreadable("it is a damaged PNG")
        position = end
    if kind != b"IEND":
        raise Unreadable("it is a PNG that breaks off")
    return png


def zipped_png(archive: Archive, name: str) -> bytes:
    """A picture in a zip; raises Unreadable where it is missing, or not a whole PNG."""
    with _within(f"the picture {name}"):
        return whole_png(archive.read(name, _LARGEST_PICTURE))


def _opened(path: Path) -> BinaryIO:
    try:
        if path.stat().st_size > LARGEST_ENTRY:
            raise Unreadable(f"the file is larger than {LARGEST_ENTRY:,} bytes")
        return path.open("rb")
    except OSError as error:
        raise Unreadable(f"the file cannot be read: {error.strerror}") from None


@contextmanager
def _within(item: str) -> Iterator[None]:
    """Say in which item something is unreadable."""
    try:
        yield
    except Unreadable as error:
        raise Unreadable(f"{item}: {error}") from None


def _moodle(path: Path, package: str) -> Iterator[Delivered]:
    pool = ""
    with closing(moodle_questions(path)) as questions:
        for question in questions:
            if question.attributes.get("type") == "category":
                pool = question.text_at("category", "text")
            else:
                with _within(question.text_at("idnumber") or question.text_at("name", "text")):
                    delivered = _moodle_item(question, package, pool)
                yield delivered


def _moodle_item(question: Element, package: str, pool: str) -> Delivered:
    kind = question.attributes.get("type", "")
    if kind not in _MOODLE_KEYS:
        raise Unreadable(f"a question of the type {kind!r} is not one that can be proved")
    identifier = question.text_at("idnumber").strip()
    if not identifier:
        raise Unreadable("the question has no idnumber")
    stem = question.text_at("questiontext", "text")
    image = stem_image(stem)
    name = unquote(_after(PLUGINFILE, image.link))
    files = [file for file in question.each("questiontext", "file") if file.attributes.get("name") == name]
    if len(files) != 1:
        raise Unreadable(f"its stem links the picture {name}, but {len(files)} files of that name stand beside it")
    with _within(f"the picture {name}"):
        png = decoded_png(files[0])
    return Delivered(
        package=package,
        id=identifier,
        pool=pool,
        title=question.text_at("name", "text"),
        stem=stem,
        feedback=question.text_at("generalfeedback", "text"),
        alt=image.alt,
        picture_name=name,
        png=png,
        width=image.width,
        height=image.height,
        points=float(_number(question.text_at("defaultgrade"), "the default grade")),
        key=_MOODLE_KEYS[kind](question),
    )


def _moodle_number(question: Element) -> NumericDelivered:
    answers = list(question.each("answer"))
    if len(answers) != 1 or _fraction(answers[0]) != 100:
        raise Unreadable("a number that can be proved has one answer, and that earns 100 percent")
    value = _number(answers[0].text_at("text"), "the answer")
    tolerance = _number(answers[0].text_at("tolerance"), "the tolerance")
    return NumericDelivered(value=float(value), low=float(value - tolerance), high=float(value + tolerance))


def _moodle_choice(question: Element) -> ChoiceDelivered:
    if question.text_at("single").strip() not in ("true", "1"):
        raise Unreadable("it is not a single choice")
    answers = list(question.each("answer"))
    return ChoiceDelivered(
        options=tuple(answer.text_at("text") for answer in answers),
        correct=tuple(place for place, answer in enumerate(answers) if _fraction(answer) == 100),
    )


_MOODLE_KEYS: dict[str, Callable[[Element], NumericDelivered | ChoiceDelivered]] = {
    "numerical": _moodle_number,
    "multichoice": _moodle_choice,
}


def _fraction(answer: Element) -> Decimal:
    return _number(answer.attributes.get("fraction", ""), "the fraction of an answer")


def _canvas(path: Path, package: str) -> Iterator[Delivered]:
    with open_archive(path) as archive:
        for quiz in quiz_files(manifest(archive)):
            for around, item in elements(archive.chunks(quiz), ("item",)):
                if not around or around[-1].tag != "section":
                    raise Unreadable("an item does not stand in a section")
                with _within(item.attributes.get("ident", "")):
                    delivered = _canvas_item(archive, around, item, package)
                yield delivered


def _canvas_item(archive: Archive, around: tuple[Element, ...], item: Element, package: str) -> Delivered:
    fields = metadata(item)
    kind = fields.get("question_type", "")
    if kind not in _CANVAS_KEYS:
        raise Unreadable(f"a question of the type {kind!r} is not one that can be proved")
    stems = stem_texts(item)
    if not stems:
        raise Unreadable("the item has no text")
    stem = stems[0].text
    image = stem_image(stem)
    file_name = _after(FILEBASE, image.link)
    png = zipped_png(archive, file_name)
    section = around[-1]
    # In a group Canvas counts the group's points, whatever its items say.
    points = points_per_item(section) or fields.get("points_possible", "")
    return Delivered(
        package=package,
        id=item.attributes.get("ident", ""),
        pool=section.attributes.get("title", ""),
        title=item.attributes.get("title", ""),
        stem=stem,
        feedback=_canvas_feedback(item),
        alt=image.alt,
        picture_name=file_name.removeprefix("images/"),
        png=png,
        width=image.width,
        height=image.height,
        points=float(_number(points, "the points")),
        key=_CANVAS_KEYS[kind](item),
    )


def points_per_item(section: Element) -> str:
    """What each item drawn from a Canvas group counts, as written; empty where there is no such group."""
    return section.text_at("selection_ordering", "selection", "selection_extension", "points_per_item").strip()


def _canvas_feedback(item: Element) -> str:
    general = (one for one in item.each("itemfeedback") if one.attributes.get("ident") == "general_fb")
    return next((text.text for one in general for text in one.inside("mattext")), "")


def _canvas_number(item: Element) -> NumericDelivered:
    condition = _only_condition(item)
    texts = {tag: [found.text for found in condition.inside(tag)] for tag in ("varequal", "vargte", "varlte")}
    if any(len(found) != 1 for found in texts.values()):
        raise Unreadable("the accepted answers are not one value between one lower and one upper bound")
    value, low, high = (float(_number(found[0], f"the text of <{tag}>")) for tag, found in texts.items())
    return NumericDelivered(value=value, low=low, high=high)


def _canvas_choice(item: Element) -> ChoiceDelivered:
    labels = [label for response in item.each("presentation") for label in response.inside("response_label")]
    accepted = {found.text for found in _only_condition(item).inside("varequal")}
    return ChoiceDelivered(
        options=tuple(next((text.text for text in label.inside("mattext")), "") for label in labels),
        correct=tuple(place for place, label in enumerate(labels) if label.attributes.get("ident") in accepted),
    )


_CANVAS_KEYS: dict[str, Callable[[Element], NumericDelivered | ChoiceDelivered]] = {
    "numerical_question": _canvas_number,
    "multiple_choice_question": _canvas_choice,
}


def _only_condition(item: Element) -> Element:
    conditions = full_marks(item)
    if len(conditions) != 1 or any(True for _ in conditions[0].inside("not")):
        raise Unreadable("the item does not have one plain condition that earns full marks")
    return conditions[0]


def _after(prefix: str, link: str) -> str:
    if not link.startswith(prefix):
        raise Unreadable(f"its picture is linked as {link[:80]!r}, not inside the package")
    return link.removeprefix(prefix)


def _pixels(image: dict[str, str], side: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", image.get(side, "")):
        raise Unreadable(f"the picture has no {side} in pixels")
    return int(image[side])


def _number(text: str, what: str) -> Decimal:
    number = decimal(text)
    if number is None:
        raise Unreadable(f"{what} is {text[:40]!r}, not a plain decimal number")
    return number
