"""Items in Canvas's dialect of QTI 1.2."""

from collections.abc import Sequence
from typing import assert_never

from lxml import etree

from ..items import Bank, ChoiceKey, Item, MatchingKey, MultipleKey, NumericKey, Part, PartsKey, Picture, TrueFalseKey
from .decimals import plain
from .markup import part, plain_text, with_pictures
from .qti12_items import (
    RESPONSE,
    Asked,
    Mark,
    ask_choice,
    ask_matches,
    choices,
    equal,
    item_element,
    number_field,
    part_choice,
    part_name,
    part_response,
    part_right,
    plain_mattext,
    within,
)
from .qti12_packages import item_ident, numbered_questions
from .words import true_false

_WHOLE = 100.0  # Canvas reads scores as percentages of the question's points


def canvas_item(bank: Bank, item: Item) -> etree._Element:
    """The `<item>` of a variant."""
    _, question = numbered_questions(bank)[item.question]
    kind, asked = _asked(item, true_false(bank.language))
    return item_element(
        item,
        attributes={"ident": item_ident(bank, item), "title": item.title},
        fields={"question_type": kind, "points_possible": plain(question.points)},
        stem=stem_html(item),
        asked=asked,
        greatest=_WHOLE,
        # In its other conditions Canvas would take feedback for a comment on the answer that they name as well
        # (gems/plugins/qti_exporter/lib/qti/choice_interaction.rb), and show it twice.
        by_name=True,
    )


def _asked(item: Item, words: tuple[str, str]) -> tuple[str, Asked]:
    """Canvas's type of question, and what is asked.

    True and false in other languages than English become an ordinary choice, with the words as they are.
    """
    match item.key:
        case NumericKey() as key:
            return "numerical_question", _ask_number(key)
        case ChoiceKey() as key:
            return "multiple_choice_question", ask_choice(key, picture_link, words, _WHOLE)
        case MultipleKey() as key:
            return "multiple_answers_question", ask_choice(key, picture_link, words, _WHOLE)
        case TrueFalseKey() as key:
            return "true_false_question", ask_choice(key, picture_link, words, _WHOLE)
        case MatchingKey() as key:
            prompts = (plain_mattext(plain_text(prompt)) for prompt in key.prompts)
            return "matching_question", ask_matches(key, prompts, _WHOLE)
        case PartsKey() as key:
            return "multiple_dropdowns_question", _ask_lists(key, words)
        case _:
            assert_never(item.key)


def _ask_number(key: NumericKey) -> Asked:
    """A number that is right within the margin.

    Canvas rounds a response to four places.  A key's tolerance ends in half a unit beyond its last place, so
    no response with as many places as the key, and none of four places to a key of four, falls on a bound.
    """
    right = within(key, RESPONSE, margin=plain(key.tolerance), margintype="absolute")
    return Asked(content=[number_field()], marks=[Mark(condition=right, score=plain(_WHOLE))])


def _ask_lists(key: PartsKey, words: tuple[str, str]) -> Asked:
    """For each part the list that is chosen from, under the name that holds its place in the text."""
    score = plain(_WHOLE / len(key.parts))
    lists = (
        [(part_choice(place, position), plain_mattext(text)) for position, text in enumerate(_list_texts(one, words))]
        for place, one in enumerate(key.parts)
    )
    return Asked(
        content=[
            choices(part_response(place), labels, prompt=plain_mattext(part_name(place)))
            for place, labels in enumerate(lists)
        ],
        marks=[
            Mark(condition=equal(part_choice(place, part_right(one)), part_response(place)), score=score)
            for place, one in enumerate(key.parts)
        ],
        add=True,
    )


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


def stem_html(item: Item) -> str:
    """The text with its pictures; and with the places of the lists, where it is one of several parts."""
    stem = with_pictures(item.stem, item.pictures, picture_link)
    match item.key:
        case PartsKey(parts=parts):
            return stem + "".join(part(one.stem, f"[{part_name(place)}]") for place, one in enumerate(parts))
        case NumericKey() | ChoiceKey() | MultipleKey() | TrueFalseKey() | MatchingKey():
            return stem
        case _:
            assert_never(item.key)


def picture_link(picture: Picture) -> str:
    """Where Canvas looks for a picture."""
    return f"$IMS-CC-FILEBASE$/images/{picture.name}"
