"""Canvas's dialect of QTI 1.2, which Classic and New Quizzes import: one zip file with one quiz.

    imsmanifest.xml
    <quiz>/<quiz>.xml              a group per question that picks one of its variants
    <quiz>/assessment_meta.xml     the settings of the quiz
    images/*.png

A zip file has one entry open at a time: while the pictures go in, the quiz and the manifest are spooled.
"""

import html
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self, assert_never

from lxml import etree
from lxml.builder import E, ElementMaker

from ..items import (
    Bank,
    ChoiceKey,
    Item,
    MatchingKey,
    MultipleKey,
    NumericKey,
    Option,
    Part,
    PartsKey,
    Picture,
    TrueFalseKey,
)
from . import PART_BYTES, Downgrade, Exporter
from .decimals import bounds, key_text, plain
from .limits import Texts, key_texts, question_of, shared_problems
from .markup import NAMESPACES, XmlStream, lost_tags, part, plain_text, with_pictures
from .words import true_false
from .zips import ZipWriter

TEXT_LENGTH = 16_384
TITLE_LENGTH = 255
IDENT_LENGTH = 255

_META_TYPE = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
_RESPONSE = "response1"
_FEEDBACK = "general_fb"
_LIKE_A_TAG = re.compile("<[A-Za-z/!?]")


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
        for what, text in _long_texts(item).items():
            if len(text) > TEXT_LENGTH:
                problems.append(f"{what} is longer than the {TEXT_LENGTH:,} characters Canvas keeps")
        if len(_item_ident(bank, item)) > IDENT_LENGTH:
            problems.append(f"the ids of quiz and item have more than the {IDENT_LENGTH} characters Canvas keeps")
        problems += _key_problems(item)
        return problems

    downgrades: tuple[Downgrade, ...] = ()

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> "CanvasWriter":  # noqa: ARG002
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
        for picture in item.every_picture:
            path = f"images/{picture.name}"
            self._zip.add(path, picture.png)
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


def _long_texts(item: Item) -> Texts:
    """The texts whose length Canvas limits, as they are written."""
    needed, others = key_texts(item.key)
    texts = {"the text with the picture": _stem(item), "the feedback": item.feedback} | needed | others
    if isinstance(item.key, ChoiceKey | MultipleKey):
        texts |= {f"option {number}": _option_html(option) for number, option in enumerate(item.key.options, start=1)}
    return texts


def _key_problems(item: Item) -> Iterator[str]:
    """What of a key Canvas cannot say."""
    match item.key:
        case NumericKey(bands=bands):
            if bands:
                yield "Canvas gives no part of the mark for a near miss: leave the bands out, or build with --to moodle"
        case MatchingKey(prompts=prompts, answers=answers):
            for number, prompt in enumerate(prompts, start=1):
                yield from _plain_problems(f"prompt {number}", prompt)
            for number, answer in enumerate(answers, start=1):
                yield from _sign_problems(f"answer {number}", answer)
        case PartsKey(parts=parts):
            yield from _parts_problems(item, parts)
        case ChoiceKey() | MultipleKey() | TrueFalseKey():
            return
        case _:
            assert_never(item.key)


def _parts_problems(item: Item, parts: Sequence[Part]) -> Iterator[str]:
    """Canvas has several lists to choose from in one text, each worth the same, and nothing else of the kind."""
    if any(isinstance(one.key, NumericKey) for one in parts):
        yield (
            "Canvas has no question that asks for several numbers about one picture: "
            "build with --to moodle, or make each part a question of its own"
        )
    if any(abs(one.share - parts[0].share) > 1e-9 for one in parts):
        yield "Canvas gives every part the same share of the mark"
    shown = (item.stem, *(one.stem for one in parts), *(f"{one.caption}{one.alt}" for one in item.pictures))
    if any(sign in text for text in shown for sign in "[]"):
        yield "the text holds square brackets, which Canvas takes for the place of a list to choose from"
    for number, one in enumerate(parts, start=1):
        match one.key:
            case ChoiceKey(options=options):
                for place, option in enumerate(options, start=1):
                    yield from _plain_problems(f"option {place} of part {number}", option.text)
                said = any(option.feedback.strip() for option in options)
            case TrueFalseKey(if_true=if_true, if_false=if_false):
                said = bool(if_true.strip() or if_false.strip())
            case NumericKey():
                said = False
            case _:
                assert_never(one.key)
        if said:
            yield f"part {number} has feedback to single answers, which Canvas does not show there"


def _plain_problems(what: str, text: str) -> Iterator[str]:
    """What plain text would lose of some HTML."""
    if tags := lost_tags(text):
        yield f"{what} has <{'>, <'.join(tags)}>, but Canvas shows plain text there"
    elif not (plain := plain_text(text)):
        yield f"{what} says nothing as plain text, which is all that Canvas shows there"
    else:
        yield from _sign_problems(what, plain)


def _sign_problems(what: str, plain: str) -> Iterator[str]:
    """Where Canvas takes plain text for HTML after all."""
    if html.unescape(plain) != plain:
        yield f"{what} holds an entity such as &lt;, which Canvas takes for the sign itself"
    if found := _LIKE_A_TAG.search(plain):
        yield f"{what} holds {found[0]!r}, which Canvas takes for the beginning of a tag: put a space behind the <"


def _item(bank: Bank, item: Item) -> etree._Element:
    key = item.key
    words = true_false(bank.language)
    match key:
        case NumericKey():
            kind, responses, scores = "numerical_question", [_number_response()], [_whole(_within(key))]
        case ChoiceKey():
            right = E.varequal(_choice_ident(key.correct), respident=_RESPONSE)
            kind, responses, scores = "multiple_choice_question", [_choices(key.options, "Single")], [_whole(right)]
        case MultipleKey():
            kind, responses = "multiple_answers_question", [_choices(key.options, "Multiple")]
            scores = [_whole(_exactly(key))]
        case TrueFalseKey():
            right = E.varequal(_truth_ident(key.truth), respident=_RESPONSE)
            kind, responses, scores = "true_false_question", [_truths(words)], [_whole(right)]
        case MatchingKey():
            kind, responses, scores = "matching_question", _matches(key), _matched(key)
        case PartsKey():
            kind, responses, scores = "multiple_dropdowns_question", _lists(key.parts, words), _listed(key.parts)
        case _:
            assert_never(key)
    processing = E.resprocessing(
        E.outcomes(E.decvar(maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")),
    )
    element = E.item(
        E.itemmetadata(_metadata(question_type=kind, points_possible=plain(item.points))),
        E.presentation(E.material(_html(_stem(item))), *responses),
        processing,
        ident=_item_ident(bank, item),
        title=item.title,
    )
    # Before any score: Canvas would take the right answer that is only commented on for a wrong one.
    for ident, condition, text in _feedbacks(item):
        shown = E.displayfeedback(feedbacktype="Response", linkrefid=ident)
        processing.append(E.respcondition(E.conditionvar(condition), shown, {"continue": "Yes"}))
        element.append(E.itemfeedback(E.flow_mat(E.material(_html(text))), ident=ident))
    processing.extend(scores)
    return element


def _feedbacks(item: Item) -> Iterator[tuple[str, etree._Element, str]]:
    """What is said, under which name and condition: whatever the response, and to single answers."""
    if item.feedback.strip():
        yield _FEEDBACK, E.other(), item.feedback
    said: list[tuple[str, str]]
    match item.key:
        case ChoiceKey(options=options) | MultipleKey(options=options):
            said = [(_choice_ident(position), option.feedback) for position, option in enumerate(options)]
        case TrueFalseKey(if_true=if_true, if_false=if_false):
            said = [(_truth_ident(True), if_true), (_truth_ident(False), if_false)]
        case NumericKey() | MatchingKey() | PartsKey():
            said = []
        case _:
            assert_never(item.key)
    for ident, text in said:
        if text.strip():
            yield f"{ident}_fb", E.varequal(ident, respident=_RESPONSE), text


def _metadata(**fields: str) -> etree._Element:
    return E.qtimetadata(
        *(E.qtimetadatafield(E.fieldlabel(label), E.fieldentry(entry)) for label, entry in fields.items())
    )


def _html(html: str) -> etree._Element:
    return E.mattext(html, texttype="text/html")


def _plain(text: str) -> etree._Element:
    return E.mattext(text, texttype="text/plain")


def _stem(item: Item) -> str:
    """The text with its pictures; and with the places of the lists, where it is one of several parts."""
    stem = with_pictures(item.stem, item.pictures, _link)
    match item.key:
        case PartsKey(parts=parts):
            return stem + "".join(part(one.stem, f"[{_list_name(place)}]") for place, one in enumerate(parts))
        case NumericKey() | ChoiceKey() | MultipleKey() | TrueFalseKey() | MatchingKey():
            return stem
        case _:
            assert_never(item.key)


def _link(picture: Picture) -> str:
    return f"$IMS-CC-FILEBASE$/images/{picture.name}"


def _whole(condition: etree._Element) -> etree._Element:
    """The whole mark."""
    score = E.setvar("100", action="Set", varname="SCORE")
    return E.respcondition(E.conditionvar(condition), score, {"continue": "No"})


def _share(response: str, answer: str, count: int) -> etree._Element:
    """One of so many equal parts of the mark, beside which the others may be earned too."""
    score = E.setvar(plain(100 / count), action="Add", varname="SCORE")
    right = E.varequal(answer, respident=response)
    return E.respcondition(E.conditionvar(right), score, {"continue": "Yes"})


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


def _choices(options: Sequence[Option], cardinality: str) -> etree._Element:
    labels = (
        E.response_label(E.material(_html(_option_html(option))), ident=_choice_ident(position))
        for position, option in enumerate(options)
    )
    return E.response_lid(E.render_choice(*labels), ident=_RESPONSE, rcardinality=cardinality)


def _option_html(option: Option) -> str:
    return with_pictures(option.text, () if option.picture is None else (option.picture,), _link)


def _exactly(key: MultipleKey) -> etree._Element:
    """Every right option, and no wrong one."""
    named = (
        (position, E.varequal(_choice_ident(position), respident=_RESPONSE)) for position in range(len(key.options))
    )
    return E("and", *(option if position in key.correct else E("not", option) for position, option in named))


def _truths(words: tuple[str, str]) -> etree._Element:
    """Two choices.  Those of other languages than English become an ordinary choice, with the words as they are."""
    labels = (
        E.response_label(E.material(_plain(word)), ident=_truth_ident(truth))
        for word, truth in zip(words, (True, False), strict=True)
    )
    return E.response_lid(E.render_choice(*labels), ident=_RESPONSE, rcardinality="Single")


def _matches(key: MatchingKey) -> list[etree._Element]:
    """Each prompt, with all the answers to choose from."""
    return [
        E.response_lid(
            E.material(_plain(plain_text(prompt))),
            E.render_choice(
                *(
                    E.response_label(E.material(_plain(" ".join(answer.split()))), ident=_answer_ident(place))
                    for place, answer in enumerate(key.answers)
                )
            ),
            ident=_prompt_ident(number),
            rcardinality="Single",
        )
        for number, prompt in enumerate(key.prompts)
    ]


def _matched(key: MatchingKey) -> list[etree._Element]:
    return [
        _share(_prompt_ident(number), _answer_ident(place), len(key.pairs)) for number, place in enumerate(key.pairs)
    ]


def _lists(parts: Sequence[Part], words: tuple[str, str]) -> list[etree._Element]:
    """For each part the list that is chosen from, under the name that holds its place in the text."""
    return [
        E.response_lid(
            E.material(_plain(_list_name(place))),
            E.render_choice(
                *(
                    E.response_label(E.material(_plain(text)), ident=_listed_ident(place, position))
                    for position, text in enumerate(_list_texts(one, words))
                )
            ),
            ident=f"response_{_list_name(place)}",
            rcardinality="Single",
        )
        for place, one in enumerate(parts)
    ]


def _listed(parts: Sequence[Part]) -> list[etree._Element]:
    return [
        _share(f"response_{_list_name(place)}", _listed_ident(place, _right(one)), len(parts))
        for place, one in enumerate(parts)
    ]


def _list_texts(one: Part, words: tuple[str, str]) -> Sequence[str]:
    match one.key:
        case ChoiceKey(options=options):
            return [plain_text(option.text) for option in options]
        case TrueFalseKey():
            return words
        case NumericKey():
            raise ValueError("Canvas has no list to choose a number from")  # `check` has said so
        case _:
            assert_never(one.key)


def _right(one: Part) -> int:
    """The position of the right answer in the list."""
    match one.key:
        case ChoiceKey(correct=correct):
            return correct
        case TrueFalseKey(truth=truth):
            return 0 if truth else 1
        case NumericKey():
            raise ValueError("Canvas has no list to choose a number from")
        case _:
            assert_never(one.key)


def _choice_ident(position: int) -> str:
    return f"choice_{position + 1}"


def _truth_ident(truth: bool) -> str:
    return "choice_true" if truth else "choice_false"


def _prompt_ident(place: int) -> str:
    return f"response_{place + 1}"


def _answer_ident(place: int) -> str:
    """Canvas takes the number in it for the answer's own."""
    return f"match_{place + 1}"


def _list_name(place: int) -> str:
    return f"part{place + 1}"


def _listed_ident(place: int, position: int) -> str:
    """Different from those of the other lists: Canvas keeps the answers to all of them together."""
    return f"part{place + 1}_choice_{position + 1}"


def _quiz_ident(bank: Bank) -> str:
    """The bank's id as Canvas keeps it: a dot would lose the key, other signs would be rewritten."""
    ident = re.sub("[^A-Za-z0-9_]", "_", bank.id)
    return ident if re.match("[a-z]", ident) else f"quiz_{ident}"


def _item_ident(bank: Bank, item: Item) -> str:
    """Different in every quiz of a course: Canvas would take two questions of one ident for the same."""
    return f"{_quiz_ident(bank)}_{item.id}"
