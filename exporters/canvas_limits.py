"""What of an item Canvas would drop, cut or misread."""

import html
import re
from collections.abc import Iterator
from typing import assert_never

from ..items import Bank, ChoiceKey, Item, MatchingKey, MultipleKey, NumericKey, PartsKey, TrueFalseKey
from .canvas_items import picture_link, stem_html
from .decimals import plain
from .downgrades import equal_shares
from .limits import Texts, key_texts, question_of, shared_problems
from .markup import lost_tags, plain_text
from .qti12_items import option_html
from .qti12_packages import item_ident

TEXT_LENGTH = 16_384
TITLE_LENGTH = 255
IDENT_LENGTH = 255

_LIKE_A_TAG = re.compile("<[A-Za-z/!?]")


def canvas_problems(bank: Bank, item: Item) -> list[str]:
    """What of this item Canvas would not keep, in words for people."""
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
    if len(item_ident(bank, item)) > IDENT_LENGTH:
        problems.append(f"the ids of quiz and item have more than the {IDENT_LENGTH} characters Canvas keeps")
    problems += _key_problems(item)
    return problems


def _long_texts(item: Item) -> Texts:
    """The texts whose length Canvas limits, as they are written."""
    needed, others = key_texts(item.key)
    texts = {
        "the text with the picture": stem_html(item),
        "the feedback": item.feedback,
        "the feedback to the right answer": item.if_correct,
        "the feedback to a wrong answer": item.if_incorrect,
    }
    texts |= needed | others
    if isinstance(item.key, ChoiceKey | MultipleKey):
        options = enumerate(item.key.options, start=1)
        texts |= {f"option {place}": option_html(option, picture_link) for place, option in options}
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
        case PartsKey() as key:
            yield from _parts_problems(item, key)
        case ChoiceKey() | MultipleKey() | TrueFalseKey():
            return
        case _:
            assert_never(item.key)


def _parts_problems(item: Item, key: PartsKey) -> Iterator[str]:
    """Canvas has several lists to choose from in one text, each worth the same, and nothing else of the kind."""
    if any(isinstance(one.key, NumericKey) for one in key.parts):
        yield (
            "Canvas has no question that asks for several numbers about one picture: "
            "build with --to moodle, or make each part a question of its own"
        )
    if not equal_shares(key):
        yield "Canvas gives every part the same share of the mark"
    texts = (f"{one.caption}{one.alternative}" for one in item.pictures)
    shown = (item.stem, *(one.stem for one in key.parts), *texts)
    if any(sign in text for text in shown for sign in "[]"):
        yield "the text holds square brackets, which Canvas takes for the place of a list to choose from"
    for number, one in enumerate(key.parts, start=1):
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
