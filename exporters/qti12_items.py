"""Items of QTI 1.2, as far as Canvas, Common Cartridge and platforms that keep to the standard share them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import assert_never

from lxml import etree
from lxml.builder import E

from ..items import ChoiceKey, Item, Key, MatchingKey, MultipleKey, NumericKey, Option, Part, PartsKey, TrueFalseKey
from .decimals import bounds, key_text, plain
from .markup import Link, with_pictures

RESPONSE = "response1"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

# The names under which Canvas and Common Cartridge know the feedback of an item.
_GENERAL, _CORRECT, _INCORRECT = "general_fb", "correct_fb", "general_incorrect_fb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What earns how much: a condition, and the score as it is written."""

    condition: etree._Element
    score: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands below the stem of an item, and the marks that answers earn.

    Of the marks the first whose condition holds is given, and it is the whole one; where they `add` up, each is given
    whose condition holds.
    """

    content: Sequence[etree._Element]
    marks: Sequence[Mark]
    add: bool = False


def item_element(
    item: Item,
    *,
    attributes: Mapping[str, str],
    fields: Mapping[str, str],
    stem: str,
    asked: Asked,
    greatest: float,
    by_name: bool = False,
) -> etree._Element:
    """An `<item>` without namespace.

    `attributes` are those of the item, `fields` its metadata, `stem` is HTML, and `greatest` is the score of the
    whole mark.  `by_name` is for a platform that knows by its name to whom feedback is shown (Canvas): its conditions
    name no answers then.
    """
    said = _said(item)
    outcome = E.decvar(maxvalue=plain(greatest), minvalue="0", varname="SCORE", vartype="Decimal")
    return E.item(
        E.itemmetadata(metadata(fields)),
        E.presentation(E.material(html_text(stem)), *asked.content),
        E.resprocessing(E.outcomes(outcome), *_conditions(item.key, asked, said, by_name)),
        *(E.itemfeedback(E.flow_mat(E.material(html_text(text))), ident=ident) for ident, text in said.items()),
        dict(attributes),
    )


def metadata(fields: Mapping[str, str]) -> etree._Element:
    """Labelled fields."""
    return E.qtimetadata(
        *(E.qtimetadatafield(E.fieldlabel(label), E.fieldentry(entry)) for label, entry in fields.items())
    )


def html_text(html: str) -> etree._Element:
    """HTML, escaped."""
    return E.mattext(html, texttype="text/html")


def plain_mattext(text: str) -> etree._Element:
    """Plain text."""
    return E.mattext(text, texttype="text/plain")


def choices(
    response: str,
    labels: Iterable[tuple[str, etree._Element]],
    *,
    cardinality: str = "Single",
    prompt: etree._Element | None = None,
) -> etree._Element:
    """A response chosen from labels (ident and text each), perhaps behind a text of its own; never shuffled."""
    before = [] if prompt is None else [E.material(prompt)]
    offered = (E.response_label(E.material(text), ident=ident) for ident, text in labels)
    return E.response_lid(*before, E.render_choice(*offered), ident=response, rcardinality=cardinality)


def number_field(response: str = RESPONSE, label: str = "answer1") -> etree._Element:
    """A field for a decimal number."""
    field = E.render_fib(E.response_label(ident=label), fibtype="Decimal")
    return E.response_str(field, ident=response, rcardinality="Single")


def equal(answer: str, response: str = RESPONSE) -> etree._Element:
    """The condition that an answer is chosen."""
    return E.varequal(answer, respident=response)


def within(key: NumericKey, response: str = RESPONSE, **margin: str) -> etree._Element:
    """The condition that a number lies within a key's tolerance; `margin` are Canvas's attributes that say it too."""
    low, high = bounds(key)
    inside = E("and", E.vargte(low, respident=response), E.varlte(high, respident=response))
    return E("or", E.varequal(key_text(key), margin, respident=response), inside)


def steps(key: NumericKey) -> list[tuple[NumericKey, float]]:
    """A key with its tolerance and its bands, the narrowest first, each with the share of the mark that it earns."""
    bands = ((replace(key, tolerance=band.tolerance, bands=()), band.share) for band in key.bands)
    return [(key, 1.0), *bands]


def ask_choice(
    key: ChoiceKey | MultipleKey | TrueFalseKey, link: Link, words: tuple[str, str], greatest: float
) -> Asked:
    """One or some of several options, or true or false in these `words`."""
    cardinality = "Single"
    match key:
        case ChoiceKey(options=options, correct=correct):
            labels, right = _labels(options, link), equal(choice_ident(correct))
        case MultipleKey(options=options):
            labels, right, cardinality = _labels(options, link), _exactly(key), "Multiple"
        case TrueFalseKey(truth=truth):
            right = equal(_truth_ident(truth))
            labels = [(_truth_ident(one), plain_mattext(word)) for word, one in zip(words, (True, False), strict=True)]
        case _:
            assert_never(key)
    response = choices(RESPONSE, labels, cardinality=cardinality)
    return Asked(content=[response], marks=[Mark(condition=right, score=plain(greatest))])


def ask_matches(key: MatchingKey, prompts: Iterable[etree._Element], greatest: float) -> Asked:
    """Each of the prompts, as it is written, with all the answers to choose from; each earns an equal part."""
    answers = [" ".join(answer.split()) for answer in key.answers]
    score = plain(greatest / len(key.prompts))
    return Asked(
        content=[
            choices(
                _prompt_ident(number),
                ((_answer_ident(place), plain_mattext(answer)) for place, answer in enumerate(answers)),
                prompt=prompt,
            )
            for number, prompt in enumerate(prompts)
        ],
        marks=[
            Mark(condition=equal(_answer_ident(place), _prompt_ident(number)), score=score)
            for number, place in enumerate(key.pairs)
        ],
        add=True,
    )


def option_html(option: Option, link: Link) -> str:
    """The text of an option with its picture."""
    return with_pictures(option.text, () if option.picture is None else (option.picture,), link)


def choice_ident(position: int) -> str:
    """The ident of an option."""
    return f"choice_{position + 1}"


def part_name(place: int) -> str:
    """The name of one of several parts."""
    return f"part{place + 1}"


def part_response(place: int) -> str:
    """The ident of a part's response."""
    return f"response_{part_name(place)}"


def part_choice(place: int, position: int) -> str:
    """An ident different from those of the other parts: Canvas keeps the answers to all of them together."""
    return f"{part_name(place)}_choice_{position + 1}"


def part_right(one: Part) -> int:
    """The position of the right answer to a part that is chosen from a list, in which true stands before false."""
    match one.key:
        case ChoiceKey(correct=correct):
            return correct
        case TrueFalseKey(truth=truth):
            return 0 if truth else 1
        case NumericKey():
            raise ValueError("a number is not chosen from a list")
        case _:
            assert_never(one.key)


def _labels(options: Sequence[Option], link: Link) -> list[tuple[str, etree._Element]]:
    return [(choice_ident(position), html_text(option_html(option, link))) for position, option in enumerate(options)]


def _exactly(key: MultipleKey) -> etree._Element:
    """Every right option, and no wrong one."""
    named = ((position, equal(choice_ident(position))) for position in range(len(key.options)))
    return E("and", *(option if position in key.correct else E("not", option) for position, option in named))


def _conditions(key: Key, asked: Asked, said: Mapping[str, str], by_name: bool) -> Iterator[etree._Element]:
    """The response processing: first what is told besides the marks, then the marks.

    Not the other way round: Canvas would take the right answer that is only commented on for a wrong one.
    """
    if _GENERAL in said:
        yield _condition(E.other(), [_GENERAL], proceed=True)
    for response, answer, _ in _comments(key):
        if f"{answer}_fb" in said:
            yield _condition(equal(answer, response), [f"{answer}_fb"], proceed=True)
    if by_name:
        yield from (_condition(E.other(), [ident], proceed=True) for ident in (_CORRECT, _INCORRECT) if ident in said)
    elif asked.add:
        yield from _all_or_not(asked.marks, said)
    for place, mark in enumerate(asked.marks):
        told = _CORRECT if place == 0 else _INCORRECT
        shown = [told] if told in said and not (by_name or asked.add) else []
        yield _condition(mark.condition, shown, proceed=asked.add, score=mark.score)
    if _INCORRECT in said and not (by_name or asked.add):
        yield _condition(E.other(), [_INCORRECT], proceed=False)


def _all_or_not(marks: Sequence[Mark], said: Mapping[str, str]) -> Iterator[etree._Element]:
    """What is told to who misses a mark, and to who earns them all."""
    every = E("and", *(deepcopy(mark.condition) for mark in marks))
    if _INCORRECT in said:
        yield _condition(E("not", deepcopy(every)), [_INCORRECT], proceed=True)
    if _CORRECT in said:
        yield _condition(every, [_CORRECT], proceed=True)


def _condition(
    condition: etree._Element, shown: Iterable[str], *, proceed: bool, score: str | None = None
) -> etree._Element:
    """What follows where a condition holds; with `proceed` the next ones are looked at too, and a score is added."""
    action = "Add" if proceed else "Set"
    scores = [] if score is None else [E.setvar(score, action=action, varname="SCORE")]
    told = (E.displayfeedback(feedbacktype="Response", linkrefid=ident) for ident in shown)
    return E.respcondition(E.conditionvar(condition), *scores, *told, {"continue": "Yes" if proceed else "No"})


def _said(item: Item) -> dict[str, str]:
    """What is said, by its ident: to everybody, to who is right or not, and to single answers."""
    texts = {_GENERAL: item.feedback, _CORRECT: item.if_correct, _INCORRECT: item.if_incorrect}
    texts |= {f"{answer}_fb": text for _, answer, text in _comments(item.key)}
    return {ident: text for ident, text in texts.items() if text.strip()}


def _comments(key: Key) -> Iterator[tuple[str, str, str]]:
    """What is said to single answers: the idents of response and answer, and the text."""
    match key:
        case ChoiceKey(options=options) | MultipleKey(options=options):
            for position, option in enumerate(options):
                yield RESPONSE, choice_ident(position), option.feedback
        case TrueFalseKey(if_true=if_true, if_false=if_false):
            yield RESPONSE, _truth_ident(True), if_true
            yield RESPONSE, _truth_ident(False), if_false
        case PartsKey(parts=parts):
            for place, one in enumerate(parts):
                texts = (text for _, _, text in _comments(one.key))
                for position, text in enumerate(texts):
                    yield part_response(place), part_choice(place, position), text
        case NumericKey() | MatchingKey():
            return
        case _:
            assert_never(key)


def _truth_ident(truth: bool) -> str:
    return "choice_true" if truth else "choice_false"


def _prompt_ident(place: int) -> str:
    return f"response_{place + 1}"


def _answer_ident(place: int) -> str:
    """Canvas takes the number in it for the answer's own."""
    return f"match_{place + 1}"
