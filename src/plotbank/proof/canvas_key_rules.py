"""What Canvas's import drops, rewrites or misreads in what is answered and scored: no key may get lost, or change."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from .canvas_package import canvas_responses, full_marks, part_marks, question_type, stem_texts
from .canvas_text_rules import says
from .contents import decimal
from .delivered import is_truths
from .markup import Element
from .qti12_elements import labels

LONGEST_IDENT = 255

_MOST_PLACES = 4
_CHOICE_IDENT = re.compile(r"[A-Za-z0-9_]+")
_CUT_ENDING = re.compile(r"_(ans|str)$", re.IGNORECASE)  # taken off by Classic: a habit of another platform
_BLANK = re.compile(r"\[([^\[\]]*)\]")
_BLANK_NAME = re.compile(r"[A-Za-z0-9_]+")
_SHARE_SLACK = Decimal("0.01")  # percent: that much may three times 33.33 be off
_NUMERIC_TYPES = frozenset(("Decimal", "Integer", "Scientific"))


def key_faults(item: Element) -> Iterator[str]:
    """What is wrong with an item's responses and its scores."""
    kind = question_type(item)
    yield from _scores(item)
    if kind in _LISTS:
        yield from _lists(item)
        yield from _LISTS[kind](item)
        return
    conditions = [part for found in full_marks(item) for part in found.each("conditionvar")]
    if len(conditions) != 1:
        yield f"{len(conditions)} conditions set the score to 100 instead of one"
        return
    scored = [one for one in item.each("resprocessing", "respcondition") if one.first("setvar") is not None]
    if len(scored) != 1:
        yield (
            f"{len(scored)} conditions change the score instead of one: "
            "Classic takes every answer that they name for right, New Quizzes' import may end with an exception"
        )
    asked = {
        part.attributes.get("ident", "")
        for part in item.walk()
        if part.tag.startswith("response_") and part.tag != "response_label"
    }
    answered = {part.attributes["respident"] for part in conditions[0].walk() if "respident" in part.attributes}
    if len(asked) != 1 or answered != asked:
        yield "the answer's respident is not the ident of the one response: the key is lost"
    for ident in sorted(asked):
        if ident in ("response", "RESP_MC") or ident.startswith("TF"):
            yield f"Classic has a meaning of its own for a response of the ident {ident!r}: the key may be lost"
    if kind in _RESPONSES:
        yield from _RESPONSES[kind](item, conditions[0])


def is_known(kind: str) -> bool:
    """Whether a type of question is one that plotbank writes."""
    return kind in _RESPONSES or kind in _LISTS


def _scores(item: Element) -> Iterator[str]:
    for declared in item.each("resprocessing", "outcomes", "decvar"):
        kind = declared.attributes.get("vartype", "Integer")
        if kind not in _NUMERIC_TYPES:
            yield f"SCORE is declared as {kind}, not as Decimal: Classic loses the key"
    for score in item.inside("setvar"):
        if score.attributes.get("varname") != "SCORE":
            yield "a score is not marked SCORE: New Quizzes does not see it"


def _numeric_response(item: Element, condition: Element) -> Iterator[str]:
    if any(True for _ in condition.inside("vargt")) or any("precision" in one.attributes for one in condition.walk()):
        yield "the answer is one of so many digits: Canvas rounds responses before it compares them"
        return
    if _shape(condition) == ("conditionvar", (("varequal", ()),)):
        yield "the answer has no bounds: Classic keeps no answer, New Quizzes' import ends with an exception"
        return
    if _shape(condition) != _NUMERIC_SHAPE:
        yield "the answer is not <or> of a value with a margin and its two bounds: Canvas keeps no or another key"
        return
    if not list(item.each("presentation", "response_str", "render_fib")):
        yield "the response is not a <response_str> with a <render_fib>: Classic keeps a range without its value"
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
    idents = [label.attributes.get("ident", "") for label in labels(item)]
    yield from _choice_idents(idents)
    if _shape(condition) != ("conditionvar", (("varequal", ()),)):
        yield "the answer is not one <varequal>: it does not name exactly one right choice"
    elif condition.text_at("varequal") not in idents:
        yield f"the right choice is {condition.text_at('varequal')!r}, which is not among the choices"


def _choice_idents(idents: Sequence[str]) -> Iterator[str]:
    for ident in idents:
        if not _CHOICE_IDENT.fullmatch(ident) or len(ident) > LONGEST_IDENT:
            yield f"the choice ident {ident[:60]!r} has other characters than letters, digits and '_': the key is lost"
        if _CUT_ENDING.search(ident):
            yield f"Classic takes the ending off the choice ident {ident[:60]!r}: the key is lost"
    if len(set(idents)) != len(idents):
        yield "two choices have the same ident"


def _multiple_response(item: Element, condition: Element) -> Iterator[str]:
    first = next((one for part in item.each("resprocessing", "respcondition") for one in part.inside("and")), None)
    if first is not None and not any(first is one for one in condition.walk()):
        yield "an <and> stands before the one that scores: New Quizzes takes it for the key"
    idents = [label.attributes.get("ident", "") for label in labels(item)]
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
    if not is_truths([text.text for label in labels(item) for text in label.inside("mattext")]):
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
        if not _CHOICE_IDENT.fullmatch(name) or len(name) > LONGEST_IDENT:
            yield f"the ident {name[:60]!r} of a list has other characters than letters, digits and '_'"
        if _CUT_ENDING.search(name):
            yield f"Classic takes the ending off the ident {name[:60]!r} of a list"
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
        idents = [label.attributes.get("ident", "") for label in labels(response)]
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
        if not any(says(text) for material in response.each("material") for text in material.inside("mattext")):
            yield f"the list {response.attributes.get('ident', '')!r} has no prompt"
    offered = [
        [
            (label.attributes.get("ident", ""), next((text.text.strip() for text in label.inside("mattext")), ""))
            for label in labels(response)
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
    if item.first("presentation", "material", "mattext") is None:
        yield "the text is not <presentation><material><mattext>: New Quizzes' import ends with an exception"
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
    idents = [label.attributes.get("ident", "") for label in labels(item)]
    if len(set(idents)) != len(idents) and all(
        len(set(own)) == len(own)
        for own in ([label.attributes.get("ident", "") for label in labels(one)] for one in responses)
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


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # what `decimal` returns is finite
    return max(0, -exponent)
