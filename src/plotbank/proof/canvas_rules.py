"""What Canvas's import (Classic and New Quizzes) drops, rewrites or misreads in a QTI 1.2 package without a word."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from . import Finding, Unreadable
from .markup import Element, Fragment, elements, root
from .packages import (
    FILEBASE,
    MANIFEST,
    Resource,
    decimal,
    full_marks,
    manifest,
    metadata,
    points_per_item,
    quiz_files,
    stem_image,
    stem_texts,
    zipped_png,
)
from .zips import Archive, open_archive

_META_TYPE = "learning-application-resource"
_LONGEST_IDENT = 255
_LONGEST_TEXT = 16_384
_MOST_PLACES = 4

_IDENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CHOICE_IDENT = re.compile(r"[A-Za-z0-9_]+")
_PICTURE = re.compile(r"images/[A-Za-z0-9._-]+\.png")
_REMOVED_TAGS = frozenset(("svg", "script", "details"))
_FEEDBACK_IDENTS = frozenset(("general_fb", "correct_fb", "general_incorrect_fb"))


def check_canvas(path: Path, package: str) -> Iterator[Finding]:
    """What Canvas would change in this package; raises Unreadable where it is damaged or could do harm."""
    with open_archive(path) as archive:
        resources = manifest(archive)
        known = {MANIFEST}
        pictures: set[str] = set()
        for name in quiz_files(resources):
            if name not in archive:
                continue  # said below, with every other listed file that is missing
            quiz = _Quiz(archive, name)
            for item, message in quiz.messages(resources):
                yield Finding(package=package, item=item, message=message)
            known |= {name, quiz.meta}
            pictures |= quiz.pictures
        for message in _files(archive, resources, known, pictures):
            yield Finding(package=package, item="", message=message)


def _files(archive: Archive, resources: list[Resource], known: set[str], pictures: set[str]) -> Iterator[str]:
    """Each file of the zip has its place and its line in the manifest; each line of the manifest has its file."""
    listed = Counter(file for resource in resources for file in resource.files)
    for file, count in listed.items():
        if count > 1:
            yield f"the manifest lists {file} {count} times"
        if file not in archive:
            yield f"the manifest lists {file}, which the zip does not hold"
    identifiers = Counter(resource.identifier for resource in resources)
    for identifier, count in identifiers.items():
        if count > 1:
            yield f"the manifest gives the identifier {identifier!r} to {count} resources"
    for name in archive.names:
        if name.startswith("__MACOSX"):
            yield f"{name} is litter that macOS left: Canvas reads it as part of the package"
        elif name.casefold().endswith(".xml"):
            if name not in known:
                yield f"{name} is neither the quiz nor its settings: Canvas reads every .xml, listed or not"
        elif name not in listed:
            yield f"{name} is not in the manifest: Canvas does not import it"
        elif not _PICTURE.fullmatch(name):
            yield f"{name} is no PNG in images/ with a name of plain letters, digits, '.', '_' and '-'"
        elif name not in pictures:
            yield f"{name} is shown by no item"
        else:
            try:
                zipped_png(archive, name)
            except Unreadable as error:
                yield str(error)


class _Quiz:
    """One quiz file, read once from beginning to end; gathers what the package as a whole is judged by."""

    def __init__(self, archive: Archive, name: str) -> None:
        self._archive = archive
        self._name = name
        self._idents: set[str] = set()
        self._sections_with_items: set[Element] = set()
        self._points = Decimal(0)
        self.pictures: set[str] = set()
        self.meta = ""

    def messages(self, resources: list[Resource]) -> Iterator[tuple[str, str]]:
        """What is wrong, with the ident of the item where there is one."""
        for around, element in elements(self._archive.chunks(self._name), ("item", "section", "assessment")):
            ident = element.attributes.get("ident", "")
            place = ident if element.tag == "item" else ""
            faults = [*self._ident(element.tag, ident)]
            if element.tag == "item":
                faults += self._item(around, element)
            elif element.tag == "section":
                faults += self._section(element)
            else:
                self.meta = f"{ident}/assessment_meta.xml"
            for fault in faults:
                yield place, fault
        for fault in self._settings(resources):
            yield "", fault

    def _ident(self, tag: str, ident: str) -> Iterator[str]:
        if not _IDENT.fullmatch(ident) or len(ident) > _LONGEST_IDENT:
            yield (
                f"the ident {ident[:60]!r} of <{tag}> is not a letter with letters, digits and '_' behind it, "
                f"at most {_LONGEST_IDENT}: Canvas rewrites it"
            )
        if ident in self._idents:
            yield f"the ident {ident[:60]!r} of <{tag}> stands twice"
        self._idents.add(ident)

    def _section(self, section: Element) -> Iterator[str]:
        number = section.text_at("selection_ordering", "selection", "selection_number").strip()
        points = _positive(points_per_item(section))
        if section not in self._sections_with_items:
            if number:
                yield f"the group {section.attributes.get('title', '')!r} holds no item to draw"
            return
        if number != "1":
            yield f"the section {section.attributes.get('title', '')!r} does not draw exactly one of its items"
        if points is None:
            yield f"the section {section.attributes.get('title', '')!r} has no positive points_per_item"
        self._points += points or 0

    def _settings(self, resources: list[Resource]) -> Iterator[str]:
        if self.meta not in self._archive:
            yield f"{self.meta} is missing: Canvas takes the quiz's settings from there only"
            return
        if not any(self.meta in one.files for one in resources if one.type.endswith(_META_TYPE)):
            yield f"no resource of the type {_META_TYPE} lists {self.meta}: Canvas does not read it"
        settings = root(self._archive.chunks(self.meta), "quiz")
        if settings.text_at("quiz_type").strip() != "assignment":
            yield "quiz_type is not assignment: the quiz would not be graded"
        if decimal(settings.text_at("points_possible")) != self._points:
            yield f"points_possible of the quiz is not {self._points.normalize():f}, the sum of its groups' points"

    def _item(self, around: tuple[Element, ...], item: Element) -> Iterator[str]:
        if not around or around[-1].tag != "section":
            yield "the item does not stand in a section"
            return
        section = around[-1]
        self._sections_with_items.add(section)
        yield from _metadata(item, section)
        yield from _texts(item)
        for text in item.inside("mattext"):
            yield from self._html(text)
        yield from _feedback(item)
        yield from _responses(item)

    def _html(self, text: Element) -> Iterator[str]:
        if text.attributes.get("texttype") != "text/html" or text.children:
            yield "a <mattext> is not escaped HTML marked text/html"
        if len(text.text) > _LONGEST_TEXT:
            yield f"a text is longer than {_LONGEST_TEXT:,} characters: Canvas replaces it"
        fragment = Fragment(text.text)
        for tag in sorted(fragment.tags & _REMOVED_TAGS):
            yield f"a text has a <{tag}>: Canvas removes it"
        for link in fragment.links:
            name = link.removeprefix(FILEBASE)
            self.pictures.add(name)
            if link.startswith("data:"):
                yield "a picture is a data: URI: Canvas drops it"
            elif name == link or not name.startswith("images/"):
                yield f"a text links {link[:60]!r}, not {FILEBASE}images/..."
            elif name not in self._archive:
                yield f"a text shows {name}, which the zip does not hold"


def _metadata(item: Element, section: Element) -> Iterator[str]:
    fields = metadata(item)
    if fields.get("question_type") not in _RESPONSES:
        yield f"the question_type is {fields.get('question_type', '')!r}, which is not one that plotbank writes"
    points = _positive(fields.get("points_possible", ""))
    if points is None:
        yield "the item has no positive points_possible"
    elif points != (_positive(points_per_item(section)) or points):
        yield "the item's points_possible differ from its group's points_per_item, which Canvas counts"
    if "assessment_question_identifierref" in fields:
        yield "the item refers to a question in a bank: Canvas would show that one instead"


def _texts(item: Element) -> Iterator[str]:
    stems = stem_texts(item)
    if len(stems) != 1:
        yield f"the stem has {len(stems)} <mattext>: Canvas reads the first only"
    else:
        try:
            stem_image(stems[0].text)
        except Unreadable as error:
            yield str(error)
    for tag in ("response_label", "itemfeedback"):
        if any(len(list(part.inside("mattext"))) > 1 for part in item.inside(tag)):
            yield f"a <{tag}> has more than one <mattext>: Canvas reads the first only"
    if any(True for _ in item.inside("matimage")):
        yield "a picture stands in a <matimage>: Canvas drops it"


def _feedback(item: Element) -> Iterator[str]:
    shown = [feedback.attributes.get("ident", "") for feedback in item.each("itemfeedback")]
    linked = {link.attributes.get("linkrefid", "") for link in item.inside("displayfeedback")}
    choices = {f"{label.attributes.get('ident', '')}_fb" for label in item.inside("response_label")}
    for ident in shown:
        if ident not in _FEEDBACK_IDENTS | choices:
            yield f"the feedback ident {ident!r} is not one that Canvas knows"
        elif ident not in linked:
            yield f"no <displayfeedback> links the feedback {ident}: Canvas does not show it"
    for ident in sorted(linked - set(shown)):
        yield f"a <displayfeedback> links {ident!r}, which does not exist"


def _responses(item: Element) -> Iterator[str]:
    kind = metadata(item).get("question_type", "")
    conditions = [part for found in full_marks(item) for part in found.each("conditionvar")]
    if len(conditions) != 1:
        yield f"{len(conditions)} conditions set the score to 100 instead of one"
        return
    asked = {
        part.attributes.get("ident", "")
        for part in item.walk()
        if part.tag.startswith("response_") and part.tag != "response_label"
    }
    answered = {part.attributes["respident"] for part in conditions[0].walk() if "respident" in part.attributes}
    if len(asked) != 1 or answered != asked:
        yield "the answer's respident is not the ident of the one response: the key is lost"
    if kind in _RESPONSES:
        yield from _RESPONSES[kind](item, conditions[0])


def _numeric_response(_item: Element, condition: Element) -> Iterator[str]:
    if _shape(condition) != _NUMERIC_SHAPE:
        yield "the answer is not <or> of a value with a margin and its two bounds: Canvas keeps no or another key"
        return
    exact, lowest, highest = (next(condition.inside(tag)) for tag in ("varequal", "vargte", "varlte"))
    if exact.attributes.get("margintype") != "absolute":
        yield "the margin is not marked absolute"
    texts = [exact.text, exact.attributes.get("margin", ""), lowest.text, highest.text]
    value, margin, low, high = map(decimal, texts)
    if value is None or margin is None or low is None or high is None:
        wrong = next(text for text in texts if decimal(text) is None)
        yield f"{wrong[:40]!r} is no plain decimal number: Canvas cuts it silently"
        return
    if _places(value) > _MOST_PLACES:
        yield f"the key {value} has more than {_MOST_PLACES} decimals: Canvas's answer box rounds responses to them"
    if (low, high) != (value - margin, value + margin):
        yield f"the bounds {low} and {high} are not {value} with a margin of {margin}: the two engines would differ"
    if any(bound % Decimal(1).scaleb(-_places(value)) == 0 for bound in (low, high)):
        yield f"a response with as many decimals as the key can fall exactly on a bound, {low} or {high}"


def _choice_response(item: Element, condition: Element) -> Iterator[str]:
    idents = [label.attributes.get("ident", "") for label in item.inside("response_label")]
    for ident in idents:
        if not _CHOICE_IDENT.fullmatch(ident) or len(ident) > _LONGEST_IDENT:
            yield f"the choice ident {ident[:60]!r} has other characters than letters, digits and '_': the key is lost"
    if len(set(idents)) != len(idents):
        yield "two choices have the same ident"
    if _shape(condition) != ("conditionvar", (("varequal", ()),)):
        yield "the answer is not one <varequal>: it does not name exactly one right choice"
    elif condition.text_at("varequal") not in idents:
        yield f"the right choice is {condition.text_at('varequal')!r}, which is not among the choices"


_RESPONSES = {"numerical_question": _numeric_response, "multiple_choice_question": _choice_response}

Shape = tuple[str, tuple["Shape", ...]]

_NUMERIC_SHAPE: Shape = (
    "conditionvar",
    (("or", (("varequal", ()), ("and", (("vargte", ()), ("varlte", ()))))),),
)


def _shape(element: Element) -> Shape:
    """The tags of an element and of everything in it."""
    return element.tag, tuple(_shape(child) for child in element.children)


def _positive(text: str) -> Decimal | None:
    number = decimal(text)
    return number if number is not None and number > 0 else None


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # what `decimal` returns is finite
    return max(0, -exponent)
