"""Banned items: the file that names them, and whose they are.

The file is JSON: `{"plotbank": "banned items", "quiz": "<the quiz's id>", "items": ["q1_0123456789abcdef", ...]}`.  It
holds all that were ever banned, in the order in which they were: with it a build gives the same bank again, and an item
that took the place of a banned one may be banned as well.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .errors import BanFileError
from .generator import seeds
from .items import Student
from .quiz import Quiz
from .variants import redrawn, variant_id

_HEAD = "banned items"
_LARGEST = 5_000_000  # bytes of a ban file
_VARIANT = re.compile(r"[a-z][a-z0-9]{0,19}_[0-9a-f]{16}")


def read_bans(path: Path, quiz_id: str) -> tuple[str, ...]:
    """The ids of the items that a ban file of this quiz names, in its order.

    Raises:
        BanFileError: the file is missing, too large, no ban file, of another quiz, or names what is no id; in one line.
    """
    content = _loaded(path)
    if not isinstance(content, dict) or content.get("plotbank") != _HEAD:
        _refuse(path, f'this is no file of banned items: one begins with {{"plotbank": "{_HEAD}"')
    if (of := content.get("quiz")) != quiz_id:
        _refuse(path, f"its items are of the quiz {of!r}, this one is {quiz_id!r}: name the ban file of this quiz")
    items = content.get("items")
    if not isinstance(items, list):
        _refuse(path, 'the list "items" is missing: write the ids of the banned items there')
    for item in items:
        if not isinstance(item, str) or not _VARIANT.fullmatch(item):
            said = json.dumps(item)[:60]
            _refuse(path, f"{said} is no item: write ids as in the column 'variant' of private/answer_key.csv")
    return tuple(dict.fromkeys(items))


def owners(banned: Sequence[str], quiz: Quiz, students: Sequence[Student], secret: bytes) -> dict[str, tuple[str, ...]]:
    """By question, the ids of the students whose items are banned, in the order of the bans; who has had several banned
    stands there as often.

    Raises:
        BanFileError: nobody has such an item, nor would have it after the other bans; in one line.
    """
    known: dict[str, tuple[str, str]] = {}  # banned item -> question and student
    wanted = frozenset(banned)
    for question in quiz.questions if banned else ():
        for student in students:
            own, times = seeds.seed(secret, quiz.id, question.id, student.id), 0
            while (item := variant_id(question.id, redrawn(own, times))) in wanted:
                known[item] = question.id, student.id
                times += 1
    for item in banned:
        if item not in known:
            raise BanFileError(
                f"nobody has the banned item {item!r}: build with the quiz, roster and secret of the bank in which it "
                "was banned and with all items banned before it, or take it out of the ban file"
            )
    return {
        question.id: tuple(student for of, student in map(known.__getitem__, banned) if of == question.id)
        for question in quiz.questions
    }


def _loaded(path: Path) -> object:
    try:
        if path.stat().st_size > _LARGEST:
            _refuse(path, f"a ban file has at most {_LARGEST:,} bytes; this is something else")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        _refuse(path, "there is no such ban file (the page report.html of a bank writes one)")
    except OSError as error:
        _refuse(path, f"the ban file cannot be read: {error.strerror}")
    except (ValueError, RecursionError):
        _refuse(path, "this is not JSON, as a ban file is")


def _refuse(path: Path, why: str) -> NoReturn:
    raise BanFileError(f"{path}: {why}") from None
