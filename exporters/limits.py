"""What no format here can say: the part of every exporter's `check` that they share."""

import re

from ..items import Bank, ChoiceKey, Item, NumericKey, Question
from .decimals import key_problem
from .markup import forbidden_character

# Safe in every file system, in a URL without quoting, and in every LMS's file store.
_PICTURE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.png")
_BANK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


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
    required = titles | {"the text": item.stem, "the text alternative of the picture": item.picture.alt}
    if isinstance(item.key, ChoiceKey):
        required |= {f"option {number}": option for number, option in enumerate(item.key.options, start=1)}
    for what, text in required.items():
        if not text.strip():
            problems.append(f"{what} is empty")
    for what, text in (required | {"the feedback": item.feedback}).items():
        if forbidden := forbidden_character(text):
            problems.append(f"{what} holds the character {forbidden}, which XML cannot carry")
    if not _BANK_ID.fullmatch(bank.id):
        problems.append(f"the quiz's id {bank.id!r} is no safe file name: use letters, digits, hyphens and underscores")
    if not _PICTURE_NAME.fullmatch(item.picture.name):
        problems.append(
            f"the picture's name {item.picture.name!r} is not safe in a link: "
            "use letters, digits, hyphens and underscores, then .png"
        )
    if isinstance(item.key, NumericKey) and (problem := key_problem(item.key)):
        problems.append(problem)
    return problems
