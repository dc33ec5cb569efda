"""What no format here can say: the part of every exporter's `check` that they share."""

import re
from collections.abc import Iterator, Mapping
from typing import assert_never

from ..items import (
    Bank,
    ChoiceKey,
    Item,
    Key,
    MatchingKey,
    MultipleKey,
    NumericKey,
    Option,
    PartsKey,
    Question,
    TrueFalseKey,
)
from .decimals import key_problem
from .markup import forbidden_character

# Safe in every file system, in a URL without quoting, and in every LMS's file store.
_PICTURE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.png")
_BANK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Texts = dict[str, str]


def question_of(bank: Bank, item: Item) -> Question | None:
    """The question that an item is a variant of."""
    return next((question for question in bank.questions if question.id == item.question), None)


def shared_problems(bank: Bank, item: Item) -> list[str]:
    """What of an item no format can carry, in words for people."""
    problems = []
    question = question_of(bank, item)
    titles = {"the title of the quiz": bank.title, "the title": item.title}
    if question is None:
        problems.append(f"the quiz has no question {item.question!r}")
    else:
        titles["the title of the question"] = question.title
    needed, others = key_texts(item.key)
    required = titles | {"the text": item.stem} | _alternatives(item) | needed
    problems += [f"{what} is empty" for what, text in required.items() if not text.strip()]
    said = {
        "the feedback": item.feedback,
        "the feedback to who is right": item.if_correct,
        "the feedback to who is not right": item.if_incorrect,
    }
    for what, text in (required | said | _captions(item) | others).items():
        if forbidden := forbidden_character(text):
            problems.append(f"{what} holds the character {forbidden}, which XML cannot carry")
    if not _BANK_ID.fullmatch(bank.id):
        problems.append(f"the quiz's id {bank.id!r} is no safe file name: use letters, digits, hyphens and underscores")
    problems += _name_problems(item)
    problems += _key_problems(item.key)
    return problems


def key_texts(key: Key) -> tuple[Texts, Texts]:
    """The texts that a key consists of, by what they are called: those that may not be empty, and the others."""
    match key:
        case NumericKey():
            return {}, {}
        case ChoiceKey() | MultipleKey():
            return _option_texts(key.options)
        case TrueFalseKey():
            return {}, {"the feedback to true": key.if_true, "the feedback to false": key.if_false}
        case MatchingKey():
            prompts = {f"prompt {number}": text for number, text in enumerate(key.prompts, start=1)}
            return prompts | {f"answer {number}": text for number, text in enumerate(key.answers, start=1)}, {}
        case PartsKey():
            needed: Texts = {}
            others: Texts = {}
            for number, part in enumerate(key.parts, start=1):
                inner_needed, inner_others = key_texts(part.key)
                needed |= {f"the text of part {number}": part.stem} | _of_part(number, inner_needed)
                others |= _of_part(number, inner_others)
            return needed, others
        case _:
            assert_never(key)


def _option_texts(options: tuple[Option, ...]) -> tuple[Texts, Texts]:
    numbered = list(enumerate(options, start=1))
    return (
        {f"option {number}": option.text for number, option in numbered},
        {f"the feedback to option {number}": option.feedback for number, option in numbered},
    )


def _of_part(number: int, texts: Mapping[str, str]) -> Texts:
    return {f"{what} of part {number}": text for what, text in texts.items()}


def _alternatives(item: Item) -> Texts:
    pictures = item.every_picture
    if len(pictures) == 1:
        return {"the text alternative of the picture": pictures[0].alt}
    return {f"the text alternative of picture {number}": one.alt for number, one in enumerate(pictures, start=1)}


def _captions(item: Item) -> Texts:
    captions = {f"the caption of picture {number}": one.caption for number, one in enumerate(item.pictures, start=1)}
    every = enumerate(item.every_picture, start=1)
    return captions | {f"the description of picture {number}": one.description for number, one in every}


def _name_problems(item: Item) -> Iterator[str]:
    names = [picture.name for picture in item.every_picture]
    for name in names:
        if not _PICTURE_NAME.fullmatch(name):
            yield (
                f"the picture's name {name!r} is not safe in a link: "
                "use letters, digits, hyphens and underscores, then .png"
            )
    if len({name.casefold() for name in names}) != len(names):
        yield "two pictures have the same name"


def _key_problems(key: Key) -> Iterator[str]:
    match key:
        case NumericKey():
            if problem := key_problem(key):
                yield problem
        case PartsKey():
            for number, part in enumerate(key.parts, start=1):
                if isinstance(part.key, ChoiceKey) and any(option.picture for option in part.key.options):
                    yield f"part {number} has options with pictures, which no platform shows there"
                yield from (f"part {number}: {problem}" for problem in _key_problems(part.key))
        case ChoiceKey() | MultipleKey() | TrueFalseKey() | MatchingKey():
            return
        case _:
            assert_never(key)
