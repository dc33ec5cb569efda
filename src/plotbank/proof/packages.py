"""Delivered packages, opened again: every item as the platform would keep it after an import.

This is written from what Moodle and Canvas do, not from what wrote the package.
"""

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from html import escape, unescape
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, assert_never
from urllib.parse import unquote

from . import Unreadable
from .markup import ClozeField, Element, Fragment, cloze_fields, elements
from .zips import LARGEST_ENTRY, Archive, open_archive

PLUGINFILE = "@@PLUGINFILE@@/"
FILEBASE = "$IMS-CC-FILEBASE$/"
MANIFEST = "imsmanifest.xml"
QUIZ_TYPE = "imsqti_xmlv1p2"
PART = '<div class="part">'  # begins each of several questions about the same picture
# What stands for true and for false where a platform knows no other way to say it.
TRUTHS = (
    ("true", "false"),
    ("wahr", "falsch"),
    ("verdadero", "falso"),
    ("verdadeiro", "falso"),
    ("vrai", "faux"),
)

_LARGEST_PICTURE = 20 * 2**20
_CHUNK = 2**16
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class BandDelivered:
    """Every response from `low` to `high` (both included) that earns no more earns this share of the mark."""

    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericDelivered:
    """A number: `value` is the key, and every response from `low` to `high` (both included) earns full marks.

    The `bands` further out earn a part of them, each less than the one before it.
    """

    value: float
    low: float
    high: float
    bands: tuple[BandDelivered, ...] = ()

    @property
    def decimals(self) -> int:
        """The places of the key: those of its bounds but one, because bounds end in half a unit."""
        return max(_places(self.value), _places(self.low) - 1, _places(self.high) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceDelivered:
    """The options (HTML) in the order delivered, and the positions of those that earn full marks.

    `feedback` (HTML) is what is said to each option.
    """

    options: tuple[str, ...]
    correct: tuple[int, ...]
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleDelivered:
    """The options (HTML) in the order delivered, and the positions of those that must all be chosen, alone."""

    options: tuple[str, ...]
    correct: tuple[int, ...]
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFalseDelivered:
    """Whether the statement in the stem is true, and what is said (HTML) to who says either."""

    truth: bool
    if_true: str = ""
    if_false: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingDelivered:
    """Prompts (HTML) and answers (plain text); `pairs[i]` is the position of the answer that belongs to prompt i."""

    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    pairs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDelivered:
    """One of several questions about the same picture: its text (HTML), its key, its share of the mark."""

    stem: str
    key: NumericDelivered | ChoiceDelivered | TrueFalseDelivered
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsDelivered:
    """Several questions about the same picture, in their order; their shares add up to 1."""

    parts: tuple[PartDelivered, ...]


KeyDelivered = (
    NumericDelivered | ChoiceDelivered | MultipleDelivered | TrueFalseDelivered | MatchingDelivered | PartsDelivered
)


def printed(key: KeyDelivered) -> str:
    """A key as a machine reads it; `missing` where a choice has no right option."""
    match key:
        case NumericDelivered():
            return f"{key.value:.{key.decimals}f}"
        case ChoiceDelivered():
            return " and ".join(_words(key.options[place]) for place in key.correct) or "missing"
        case MultipleDelivered():
            return "; ".join(_words(key.options[place]) for place in key.correct) or "missing"
        case TrueFalseDelivered():
            return "true" if key.truth else "false"
        case MatchingDelivered():
            pairs = zip(key.prompts, key.pairs, strict=True)
            return "; ".join(f"{_words(prompt)} -> {_plain_words(key.answers[place])}" for prompt, place in pairs)
        case PartsDelivered():
            return "; ".join(f"{number}) {printed(part.key)}" for number, part in enumerate(key.parts, start=1))
        case _:
            assert_never(key)


def key_texts(key: KeyDelivered) -> list[str]:
    """Everything in a key that students may see: options, prompts and answers, the parts' texts, feedback."""
    match key:
        case NumericDelivered():
            return []
        case ChoiceDelivered() | MultipleDelivered():
            return [*key.options, *key.feedback]
        case TrueFalseDelivered():
            return [key.if_true, key.if_false]
        case MatchingDelivered():
            return [*key.prompts, *key.answers]
        case PartsDelivered():
            return [text for part in key.parts for text in (part.stem, *key_texts(part.key))]
        case _:
            assert_never(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredPicture:
    """A picture as an item shows it: `width` x `height` CSS pixels.

    `option` is the position of the option that shows it, or None where the stem does; `caption` are the bold
    words directly above it.
    """

    name: str
    png: bytes
    alt: str
    width: int
    height: int
    option: int | None = None
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One item as a platform keeps it.

    `package` is the path in the bank's folder; `id` is Moodle's idnumber or Canvas's item ident; `pool` is
    Moodle's category path or the title of Canvas's section; `stem` and `feedback` are HTML, and the stem of
    several parts ends before the first of them.  `pictures` are those of the stem, then those of the options.
    `points` of several parts are in Moodle the sum of their weights, which each quiz scales.
    """

    package: str
    id: str
    pool: str
    title: str
    stem: str
    feedback: str
    pictures: tuple[DeliveredPicture, ...]
    points: float
    key: KeyDelivered

    @property
    def shown(self) -> tuple[str, ...]:
        """Every text that students may see, as HTML or plain."""
        alternatives = (picture.alt for picture in self.pictures)
        return (self.title, self.stem, self.feedback, *alternatives, *key_texts(self.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a Canvas package's manifest: its type and the files that it lists."""

    identifier: str
    type: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as an `<img>` says: where it is, its text alternative, its CSS pixels, the caption above it."""

    link: str
    alt: str
    width: int
    height: int
    caption: str


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
        if any(decimal(score.text) == 100 and not _adds(score) for score in condition.each("setvar"))
    ]


def part_marks(item: Element) -> list[tuple[Element, Decimal]]:
    """The conditions of a Canvas item under which it adds to the score, and how much."""
    return [
        (condition, amount)
        for condition in item.each("resprocessing", "respcondition")
        for score in condition.each("setvar")
        if _adds(score) and (amount := decimal(score.text)) is not None
    ]


def _adds(score: Element) -> bool:
    return score.attributes.get("action") == "Add"


def decimal(text: str) -> Decimal | None:
    """A plain decimal number (no exponent, no comma, ASCII minus), exactly; None for anything else."""
    text = text.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def images(html: str) -> list[Image]:
    """The pictures that some HTML shows; raises Unreadable where one has no size."""
    fragment = Fragment(html)
    return [
        Image(
            link=image.get("src", ""),
            alt=image.get("alt", ""),
            width=_pixels(image, "width"),
            height=_pixels(image, "height"),
            caption=caption,
        )
        for image, caption in zip(fragment.images, fragment.captions, strict=True)
    ]


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
    text = question.text_at("questiontext", "text")
    key = _MOODLE_KEYS[kind](question)
    if isinstance(key, PartsDelivered):
        stem = text.partition(PART)[0]
        points = Decimal(sum(int(field.weight or 1) for field in cloze_fields(text)))
    else:
        stem, points = text, _number(question.text_at("defaultgrade"), "the default grade")
    return Delivered(
        package=package,
        id=identifier,
        pool=pool,
        title=question.text_at("name", "text"),
        stem=stem,
        feedback=question.text_at("generalfeedback", "text"),
        pictures=_some(_moodle_pictures(question)),
        points=float(points),
        key=key,
    )


def _some(pictures: Iterator[DeliveredPicture]) -> tuple[DeliveredPicture, ...]:
    found = tuple(pictures)
    if not found:
        raise Unreadable("the item shows no picture")
    return found


def _moodle_pictures(question: Element) -> Iterator[DeliveredPicture]:
    holders = [(None, holder) for holder in question.each("questiontext")]
    for option, holder in (*holders, *enumerate(question.each("answer"))):
        for image in images(holder.text_at("text")):
            name = unquote(_after(PLUGINFILE, image.link))
            files = [file for file in holder.each("file") if file.attributes.get("name") == name]
            if len(files) != 1:
                raise Unreadable(f"it links the picture {name}, but {len(files)} files of that name stand beside it")
            with _within(f"the picture {name}"):
                png = decoded_png(files[0])
            yield _picture(image, name, png, option)


def _picture(image: Image, name: str, png: bytes, option: int | None) -> DeliveredPicture:
    return DeliveredPicture(
        name=name,
        png=png,
        alt=image.alt,
        width=image.width,
        height=image.height,
        option=option,
        caption=image.caption,
    )


def _moodle_number(question: Element) -> NumericDelivered:
    return _numeric(
        [
            (
                answer.attributes.get("fraction", ""),
                _number(answer.text_at("text"), "the answer"),
                _number(answer.text_at("tolerance"), "the tolerance"),
            )
            for answer in question.each("answer")
        ]
    )


def _numeric(answers: list[tuple[str, Decimal, Decimal]]) -> NumericDelivered:
    """A number of Moodle's answers: what each earns in percent, the value, the tolerance.  The first that fits wins."""
    shares = [_number(percent, "the fraction of an answer") for percent, _, _ in answers]
    if not answers or shares[0] != 100 or any(one <= other for one, other in pairwise(shares)) or shares[-1] <= 0:
        raise Unreadable("a number that can be proved has an answer that earns 100 percent, and others that earn less")
    if len({value for _, value, _ in answers}) != 1:
        raise Unreadable("a number that can be proved has one value, with one tolerance inside the other")
    tolerances = [tolerance for _, _, tolerance in answers]
    if any(one >= other for one, other in pairwise(tolerances)):
        raise Unreadable("a number that can be proved has one value, with one tolerance inside the other")
    _, value, tolerance = answers[0]
    return NumericDelivered(
        value=float(value),
        low=float(value - tolerance),
        high=float(value + tolerance),
        bands=tuple(
            BandDelivered(low=float(value - wider), high=float(value + wider), share=float(share / 100))
            for share, wider in zip(shares[1:], tolerances[1:], strict=True)
        ),
    )


def _moodle_choice(question: Element) -> ChoiceDelivered | MultipleDelivered:
    answers = list(question.each("answer"))
    options = tuple(answer.text_at("text") for answer in answers)
    feedback = tuple(answer.text_at("feedback", "text") for answer in answers)
    if question.text_at("single").strip() in ("true", "1"):
        right = tuple(place for place, answer in enumerate(answers) if _fraction(answer) == 100)
        return ChoiceDelivered(options=options, correct=right, feedback=feedback)
    right = tuple(place for place, answer in enumerate(answers) if _fraction(answer) > 0)
    return MultipleDelivered(options=options, correct=right, feedback=feedback)


def _moodle_truth(question: Element) -> TrueFalseDelivered:
    answers = {answer.text_at("text").strip(): answer for answer in question.each("answer")}
    if answers.keys() != {"true", "false"} or len(list(question.each("answer"))) != 2:
        raise Unreadable("a statement that can be proved has the two answers true and false")
    shares = {word: _fraction(answer) for word, answer in answers.items()}
    if sorted(shares.values()) != [0, 100]:
        raise Unreadable("of true and false, one earns 100 percent and the other nothing")
    return TrueFalseDelivered(
        truth=shares["true"] == 100,
        if_true=answers["true"].text_at("feedback", "text"),
        if_false=answers["false"].text_at("feedback", "text"),
    )


def _moodle_matching(question: Element) -> MatchingDelivered:
    """The answers in the order of the prompts, then those that belong to none."""
    lines = [
        (line.text_at("text"), unescape(line.text_at("answer", "text")).strip())
        for line in question.each("subquestion")
    ]
    if any(not answer for _, answer in lines):
        raise Unreadable("an answer is missing: Moodle's import would end here and say nothing")
    prompts = [(prompt, answer) for prompt, answer in lines if prompt.strip()]
    answers = list(dict.fromkeys([answer for _, answer in prompts] + [answer for _, answer in lines]))
    return MatchingDelivered(
        prompts=tuple(prompt for prompt, _ in prompts),
        answers=tuple(answers),
        pairs=tuple(answers.index(answer) for _, answer in prompts),
    )


def _moodle_parts(question: Element) -> PartsDelivered:
    text = question.text_at("questiontext", "text")
    fields = cloze_fields(text)
    whole = sum(int(field.weight or 1) for field in fields)
    starts = [found.start() for found in re.finditer(re.escape(PART), text)]
    if not fields or not whole or len(starts) != len(fields):
        raise Unreadable("the text does not have one embedded question in each of its parts")
    parts = []
    for start, end, field in zip(starts, [*starts[1:], len(text)], fields, strict=True):
        if not start < field.start < field.end <= end:
            raise Unreadable("the text does not have one embedded question in each of its parts")
        parts.append(
            PartDelivered(
                stem=text[start + len(PART) : field.start].removesuffix("<p>"),
                key=_cloze_key(field),
                share=int(field.weight or 1) / whole,
            )
        )
    return PartsDelivered(parts=tuple(parts))


def _cloze_key(field: ClozeField) -> NumericDelivered | ChoiceDelivered | TrueFalseDelivered:
    if field.kind == "NUMERICAL":
        answers = ((answer.percent, answer.text.partition(":")) for answer in field.answers)
        return _numeric(
            [
                (percent, _number(value, "the answer"), _number(tolerance, "the tolerance"))
                for percent, (value, _, tolerance) in answers
            ]
        )
    options = tuple(answer.text for answer in field.answers)
    feedback = tuple(answer.feedback for answer in field.answers)
    right = tuple(place for place, answer in enumerate(field.answers) if decimal(answer.percent) == 100)
    if field.kind == "MULTICHOICE_H" and len(right) == 1 and is_truths(options):
        return TrueFalseDelivered(truth=right == (0,), if_true=feedback[0], if_false=feedback[1])
    if field.kind in ("MULTICHOICE", "MULTICHOICE_H", "MULTICHOICE_V"):
        return ChoiceDelivered(options=options, correct=right, feedback=feedback)
    raise Unreadable(f"an embedded question of the type {field.kind} is not one that can be proved")


def is_truths(options: Sequence[str]) -> bool:
    """Whether the options are the words for true and for false, in this order."""
    return tuple(_words(option).casefold() for option in options) in TRUTHS


_MOODLE_KEYS: dict[str, Callable[[Element], KeyDelivered]] = {
    "numerical": _moodle_number,
    "multichoice": _moodle_choice,
    "truefalse": _moodle_truth,
    "matching": _moodle_matching,
    "cloze": _moodle_parts,
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
    section = around[-1]
    # In a group Canvas counts the group's points, whatever its items say.
    points = points_per_item(section) or fields.get("points_possible", "")
    key = _CANVAS_KEYS[kind](item)
    return Delivered(
        package=package,
        id=item.attributes.get("ident", ""),
        pool=section.attributes.get("title", ""),
        title=item.attributes.get("title", ""),
        stem=stem.partition(PART)[0] if isinstance(key, PartsDelivered) else stem,
        feedback=_canvas_feedback(item, "general_fb"),
        pictures=_some(_canvas_pictures(archive, item, stem)),
        points=float(_number(points, "the points")),
        key=key,
    )


def _canvas_pictures(archive: Archive, item: Element, stem: str) -> Iterator[DeliveredPicture]:
    labels = (_canvas_text(label) for label in canvas_labels(item))
    for option, html in ((None, stem), *enumerate(labels)):
        for image in images(html):
            name = _after(FILEBASE, image.link)
            yield _picture(image, name.removeprefix("images/"), zipped_png(archive, name), option)


def points_per_item(section: Element) -> str:
    """What each item drawn from a Canvas group counts, as written; empty where there is no such group."""
    return section.text_at("selection_ordering", "selection", "selection_extension", "points_per_item").strip()


def _canvas_feedback(item: Element, ident: str) -> str:
    found = (one for one in item.each("itemfeedback") if one.attributes.get("ident") == ident)
    return next((text.text for one in found for text in one.inside("mattext")), "")


def _canvas_number(item: Element) -> NumericDelivered:
    condition = _only_condition(item)
    texts = {tag: [found.text for found in condition.inside(tag)] for tag in ("varequal", "vargte", "varlte")}
    if any(len(found) != 1 for found in texts.values()):
        raise Unreadable("the accepted answers are not one value between one lower and one upper bound")
    value, low, high = (float(_number(found[0], f"the text of <{tag}>")) for tag, found in texts.items())
    return NumericDelivered(value=value, low=low, high=high)


def canvas_labels(item: Element) -> list[Element]:
    """What can be chosen in a Canvas item, in the order of the file."""
    return [label for response in item.each("presentation") for label in response.inside("response_label")]


def _canvas_text(label: Element) -> str:
    """What a label says, as HTML."""
    return next(
        (
            text.text if text.attributes.get("texttype") == "text/html" else escape(text.text, quote=False)
            for text in label.inside("mattext")
        ),
        "",
    )


def canvas_responses(item: Element) -> list[Element]:
    """The lists of a Canvas item from which one answer each is chosen."""
    return list(item.each("presentation", "response_lid"))


def _canvas_options(item: Element) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    """The idents of the options, the options, and what is said to each."""
    labels = canvas_labels(item)
    idents = [label.attributes.get("ident", "") for label in labels]
    return (
        idents,
        tuple(_canvas_text(label) for label in labels),
        tuple(_canvas_feedback(item, f"{ident}_fb") for ident in idents),
    )


def _canvas_choice(item: Element) -> ChoiceDelivered:
    idents, options, feedback = _canvas_options(item)
    accepted = {found.text for found in _only_condition(item).inside("varequal")}
    right = tuple(place for place, ident in enumerate(idents) if ident in accepted)
    return ChoiceDelivered(options=options, correct=right, feedback=feedback)


def _canvas_multiple(item: Element) -> MultipleDelivered:
    idents, options, feedback = _canvas_options(item)
    conditions = full_marks(item)
    together = list(conditions[0].each("conditionvar", "and")) if len(conditions) == 1 else []
    if len(together) != 1:
        raise Unreadable("the item does not have one condition that earns full marks, for all its options together")
    accepted = {found.text for found in together[0].each("varequal")}
    refused = {found.text for found in together[0].each("not", "varequal")}
    if accepted & refused or accepted | refused != set(idents):
        raise Unreadable("the condition that earns full marks does not say of each option whether it is right")
    right = tuple(place for place, ident in enumerate(idents) if ident in accepted)
    return MultipleDelivered(options=options, correct=right, feedback=feedback)


def _canvas_truth(item: Element) -> TrueFalseDelivered:
    choice = _canvas_choice(item)
    if not is_truths(choice.options) or len(choice.correct) != 1:
        raise Unreadable("the item does not have the two options true and false, of which one is right")
    if_true, if_false = choice.feedback
    return TrueFalseDelivered(truth=choice.correct == (0,), if_true=if_true, if_false=if_false)


def _canvas_right(item: Element, response: Element) -> int:
    """The position of the one answer in a list that adds to the score."""
    ident = response.attributes.get("ident", "")
    idents = [label.attributes.get("ident", "") for label in response.inside("response_label")]
    right = [
        found.text
        for condition, _ in part_marks(item)
        for found in condition.inside("varequal")
        if found.attributes.get("respident") == ident
    ]
    if len(right) != 1 or idents.count(right[0]) != 1:
        raise Unreadable(f"the list {ident!r} does not have one answer that adds to the score")
    return idents.index(right[0])


def _canvas_matching(item: Element) -> MatchingDelivered:
    responses = canvas_responses(item)
    listed = {tuple(_plain_text(label) for label in response.inside("response_label")) for response in responses}
    if len(listed) != 1:
        raise Unreadable("the prompts do not all offer the same answers")
    return MatchingDelivered(
        prompts=tuple(" ".join(_canvas_text(material) for material in one.each("material")) for one in responses),
        answers=listed.pop(),
        pairs=tuple(_canvas_right(item, response) for response in responses),
    )


def _canvas_parts(item: Element) -> PartsDelivered:
    _, *texts = stem_texts(item)[0].text.split(PART)
    responses = canvas_responses(item)
    if not responses or len(texts) != len(responses):
        raise Unreadable("the text does not have one list to choose from in each of its parts")
    parts = []
    for text, response in zip(texts, responses, strict=True):
        stem, place, _ = text.partition(f"[{' '.join(_plain_text(one) for one in response.each('material'))}]")
        if not place:
            raise Unreadable("the text does not have one list to choose from in each of its parts")
        right = _canvas_right(item, response)
        options = tuple(_canvas_text(label) for label in response.inside("response_label"))
        key = (
            TrueFalseDelivered(truth=right == 0)
            if is_truths(options)
            else ChoiceDelivered(options=options, correct=(right,))
        )
        parts.append(PartDelivered(stem=stem.removesuffix("<p>"), key=key, share=1 / len(responses)))
    return PartsDelivered(parts=tuple(parts))


def _plain_text(holder: Element) -> str:
    return next((text.text.strip() for text in holder.inside("mattext")), "")


_CANVAS_KEYS: dict[str, Callable[[Element], KeyDelivered]] = {
    "numerical_question": _canvas_number,
    "multiple_choice_question": _canvas_choice,
    "multiple_answers_question": _canvas_multiple,
    "true_false_question": _canvas_truth,
    "matching_question": _canvas_matching,
    "multiple_dropdowns_question": _canvas_parts,
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


def _places(number: float) -> int:
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # a delivered number is finite
    return max(0, -exponent)


def _words(html: str) -> str:
    return Fragment(html).words


def _plain_words(text: str) -> str:
    return " ".join(text.replace("\N{MINUS SIGN}", "-").split())
