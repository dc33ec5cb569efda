"""What Canvas's import (Classic and New Quizzes) drops, rewrites or misreads in a QTI 1.2 package without a word."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import unescape
from pathlib import Path

from . import Finding, Unreadable
from .canvas_package import (
    FILEBASE,
    MANIFEST,
    Resource,
    canvas_labels,
    canvas_responses,
    full_marks,
    manifest,
    metadata,
    part_marks,
    points_per_item,
    quiz_files,
    stem_texts,
)
from .contents import decimal, images, zipped_png
from .delivered import is_truths
from .markup import Element, Fragment, elements, root
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
# Where Canvas shows plain text: Canvas's types of questions whose labels it takes without any tags.
_PLAIN_LABELS = frozenset(("true_false_question", "matching_question", "multiple_dropdowns_question"))
_BLANK = re.compile(r"\[([^\[\]]*)\]")
_LIKE_A_TAG = re.compile("<[A-Za-z/!?]")
_BLANK_NAME = re.compile(r"[A-Za-z0-9_]+")
_SHARE_SLACK = Decimal("0.01")  # percent: that much may three times 33.33 be off


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
        plain = _plain_texts(item)
        for text in item.inside("mattext"):
            yield from _plain(text) if any(text is one for one in plain) else self._html(text)
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
    if fields.get("question_type") not in _RESPONSES.keys() | _LISTS.keys():
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
            shown = [*stems, *(text for label in canvas_labels(item) for text in label.inside("mattext"))]
            if not [image for text in shown for image in images(text.text)]:
                yield "the item shows no picture"
        except Unreadable as error:
            yield str(error)
    for tag in ("response_label", "itemfeedback"):
        if any(len(list(part.inside("mattext"))) > 1 for part in item.inside(tag)):
            yield f"a <{tag}> has more than one <mattext>: Canvas reads the first only"
    for label in (label for response in canvas_responses(item) for label in response.inside("response_label")):
        if not any(_says(text) for text in label.inside("mattext")):
            yield f"the answer {label.attributes.get('ident', '')!r} says nothing: Canvas makes up a text"
    if any(True for _ in item.inside("matimage")):
        yield "a picture stands in a <matimage>: Canvas drops it"


def _kind(item: Element) -> str:
    return metadata(item).get("question_type", "")


def _says(text: Element) -> bool:
    fragment = Fragment(text.text)
    return bool(fragment.text or fragment.images)


def _plain_texts(item: Element) -> list[Element]:
    """The texts that Canvas takes as plain text: the names of lists, prompts, and what is chosen from lists."""
    if _kind(item) not in _PLAIN_LABELS:
        return []
    return [text for response in canvas_responses(item) for text in response.inside("mattext")]


def _plain(text: Element) -> Iterator[str]:
    if text.attributes.get("texttype", "text/plain") != "text/plain" or text.children:
        yield "a text that Canvas shows as plain text is not marked text/plain"
    if unescape(text.text) != text.text:
        yield f"{text.text[:40]!r} holds an entity, which Canvas takes for the sign itself"
    if _LIKE_A_TAG.search(text.text):
        yield f"{text.text[:40]!r} holds what looks like a tag: Canvas drops it"
    if len(text.text) > _LONGEST_TEXT:
        yield f"a text is longer than {_LONGEST_TEXT:,} characters: Canvas replaces it"


def _feedback(item: Element) -> Iterator[str]:
    shown = [feedback.attributes.get("ident", "") for feedback in item.each("itemfeedback")]
    linked = {link.attributes.get("linkrefid", "") for link in item.inside("displayfeedback")}
    choices = {f"{label.attributes.get('ident', '')}_fb" for label in canvas_labels(item)}
    for ident in shown:
        if ident not in _FEEDBACK_IDENTS | choices:
            yield f"the feedback ident {ident!r} is not one that Canvas knows"
        elif ident not in linked:
            yield f"no <displayfeedback> links the feedback {ident}: Canvas does not show it"
        elif ident in choices and _kind(item) in ("matching_question", "multiple_dropdowns_question"):
            yield f"the feedback {ident} belongs to an answer of a list, where Canvas drops it"
    for ident in sorted(linked - set(shown)):
        yield f"a <displayfeedback> links {ident!r}, which does not exist"
    yield from _feedback_conditions(item)


def _feedback_conditions(item: Element) -> Iterator[str]:
    """Canvas gives the mark of the last condition that names an answer: one without any score takes it away."""
    scored = False
    for condition in item.each("resprocessing", "respcondition"):
        links = [link.attributes.get("linkrefid", "") for link in condition.each("displayfeedback")]
        named = [found.text for found in condition.inside("varequal")]
        if condition.first("setvar") is not None:
            scored = True
        elif scored and named:
            yield "a condition with feedback stands behind the one that scores: the key is lost"
        for link in links:
            if condition.first("setvar") is None and named and link not in {f"{ident}_fb" for ident in named}:
                yield f"the feedback {link} is shown to those who chose {named[0]!r}"


def _responses(item: Element) -> Iterator[str]:
    kind = _kind(item)
    if kind in _LISTS:
        yield from _lists(item)
        yield from _LISTS[kind](item)
        return
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
    idents = [label.attributes.get("ident", "") for label in canvas_labels(item)]
    yield from _choice_idents(idents)
    if _shape(condition) != ("conditionvar", (("varequal", ()),)):
        yield "the answer is not one <varequal>: it does not name exactly one right choice"
    elif condition.text_at("varequal") not in idents:
        yield f"the right choice is {condition.text_at('varequal')!r}, which is not among the choices"


def _choice_idents(idents: Sequence[str]) -> Iterator[str]:
    for ident in idents:
        if not _CHOICE_IDENT.fullmatch(ident) or len(ident) > _LONGEST_IDENT:
            yield f"the choice ident {ident[:60]!r} has other characters than letters, digits and '_': the key is lost"
    if len(set(idents)) != len(idents):
        yield "two choices have the same ident"


def _multiple_response(item: Element, condition: Element) -> Iterator[str]:
    idents = [label.attributes.get("ident", "") for label in canvas_labels(item)]
    yield from _choice_idents(idents)
    if any(one.attributes.get("rcardinality") != "Multiple" for one in canvas_responses(item)):
        yield "the response is not marked Multiple: one answer only could be chosen"
    together = condition.children[0] if len(condition.children) == 1 else condition
    right = [found.text for found in together.each("varequal")]
    wrong = [found.text for found in together.each("not", "varequal")]
    shapes = {_shape(child) for child in together.children}
    if together.tag != "and" or not shapes <= {("varequal", ()), ("not", (("varequal", ()),))}:
        yield "the answer is not <and> of the right choices and of <not> the wrong ones: Canvas keeps another key"
    elif sorted(right + wrong) != sorted(idents):
        yield "the answer does not say of each choice once whether it is right"
    elif not right or not wrong:
        yield "the choices are all right or all wrong"


def _truth_response(item: Element, condition: Element) -> Iterator[str]:
    yield from _choice_response(item, condition)
    if not is_truths([text.text for label in canvas_labels(item) for text in label.inside("mattext")]):
        yield "the two choices are not the words for true and for false, in this order"


_RESPONSES = {
    "numerical_question": _numeric_response,
    "multiple_choice_question": _choice_response,
    "multiple_answers_question": _multiple_response,
    "true_false_question": _truth_response,
}


def _lists(item: Element) -> Iterator[str]:
    """What holds wherever one answer each is chosen from several lists, and each adds to the score."""
    responses = canvas_responses(item)
    if len(responses) < 2:
        yield f"there are {len(responses)} lists to choose from instead of several"
    names = [response.attributes.get("ident", "") for response in responses]
    for name, count in Counter(names).items():
        if count > 1:
            yield f"the ident {name!r} of a list stands {count} times"
        if not _CHOICE_IDENT.fullmatch(name) or len(name) > _LONGEST_IDENT:
            yield f"the ident {name[:60]!r} of a list has other characters than letters, digits and '_'"
    if full_marks(item):
        yield "a condition sets the score to 100: Canvas counts the lists one by one"
    marks = part_marks(item)
    amounts = [amount for _, amount in marks]
    if amounts and (abs(sum(amounts, Decimal(-100))) > _SHARE_SLACK * len(amounts) or len(set(amounts)) > 1):
        yield "the conditions do not add up to 100 in equal parts, which is how Canvas counts"
    answered = [found for condition, _ in marks for found in condition.inside("varequal")]
    for condition, _ in marks:
        if [_shape(part) for part in condition.each("conditionvar")] != [("conditionvar", (("varequal", ()),))]:
            yield "a condition that adds to the score is not one <varequal>"
    for response in responses:
        name = response.attributes.get("ident", "")
        idents = [label.attributes.get("ident", "") for label in response.inside("response_label")]
        yield from _choice_idents(idents)
        right = [found.text for found in answered if found.attributes.get("respident") == name]
        if len(right) != 1:
            yield f"{len(right)} answers of the list {name!r} are right instead of one"
        elif right[0] not in idents:
            yield f"the right answer is {right[0]!r}, which is not in the list {name!r}"
    for name in sorted({found.attributes.get("respident", "") for found in answered} - set(names)):
        yield f"an answer is right in the list {name!r}, which does not exist"


def _matching_lists(item: Element) -> Iterator[str]:
    responses = canvas_responses(item)
    for response in responses:
        if not any(_says(text) for material in response.each("material") for text in material.inside("mattext")):
            yield f"the list {response.attributes.get('ident', '')!r} has no prompt"
    offered = [
        [
            (label.attributes.get("ident", ""), next((text.text.strip() for text in label.inside("mattext")), ""))
            for label in response.inside("response_label")
        ]
        for response in responses
    ]
    if any(labels != offered[0] for labels in offered):
        yield "the prompts do not all offer the same answers: Canvas keeps those of the first"
    if offered:
        numbers = [re.findall("[0-9]+", ident)[:1] for ident, _ in offered[0]]
        if len({tuple(number) for number in numbers}) != len(numbers) or [] in numbers:
            yield "the idents of the answers do not have a number each that no other has, by which Canvas knows them"
        if len({text for _, text in offered[0]}) != len(offered[0]):
            yield "two answers are alike"
    right = [found.text for condition, _ in part_marks(item) for found in condition.inside("varequal")]
    if len(set(right)) != len(right):
        yield "an answer belongs to two prompts"


def _dropdown_lists(item: Element) -> Iterator[str]:
    responses = canvas_responses(item)
    stem = next((text.text for text in stem_texts(item)), "")
    places = Counter(_BLANK.findall(stem))
    names = []
    for response in responses:
        ident = response.attributes.get("ident", "")
        name = next((text.text for one in response.each("material") for text in one.inside("mattext")), "")
        names.append(name)
        if not _BLANK_NAME.fullmatch(name) or ident != f"response_{name}":
            yield f"the list {ident!r} does not have its ident, without response_, for its name: Canvas loses it"
        if places[name] != 1:
            yield f"[{name}], the place of a list, stands {places[name]} times in the text"
    for name in sorted(set(places) - set(names)):
        yield f"[{name[:40]}] stands in the text: Canvas takes it for the place of a list"
    idents = [label.attributes.get("ident", "") for label in canvas_labels(item)]
    if len(set(idents)) != len(idents) and all(
        len(set(own)) == len(own)
        for own in ([label.attributes.get("ident", "") for label in one.inside("response_label")] for one in responses)
    ):
        yield "two lists have choices of the same ident: Canvas takes them for the same"


_LISTS = {"matching_question": _matching_lists, "multiple_dropdowns_question": _dropdown_lists}

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
