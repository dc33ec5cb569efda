"""The words of an item in one plain form, whatever format they were delivered in: so words can be proved too.

`private/plots.jsonl` holds them as they were built, and `verify` compares those that the packages deliver.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, assert_never

from .proof.delivered import (
    ChoiceDelivered,
    Delivered,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)
from .proof.markup import fragment

Words = dict[str, Any]
"""Plain texts, and lists of them, by what they are; `parts` is a list of such records."""

_CALLED = {
    "stem": "the stem says",
    "feedback": "the feedback says",
    "if_correct": "who is right is told",
    "if_incorrect": "who is not right is told",
    "alts": "the text alternative is",
    "captions": "the captions are",
    "options": "the options say",
    "option_feedback": "the options are commented",
    "prompts": "the prompts say",
    "answers": "the answers say",
    "parts": "the parts say",
}
_LEFT_OUT = {"comments": ("option_feedback",), "feedback": ("if_correct", "if_incorrect")}  # by downgrade
_LONGEST = 120  # characters of a text that a message repeats
_BEFORE = 20  # of them before the first that differs
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)


def words_of(delivered: Delivered) -> Words:
    """All that an item says to students, as plain text: without pictures, their captions, and tables of data.

    The names: `stem`, `feedback`, `if_correct`, `if_incorrect`; `alts` and `captions` of the pictures in their order;
    `options` and `option_feedback`, `prompts` and `answers` (sorted: some platforms shuffle them) as the type of
    question has them; `parts` with the same names.  What is empty is left out.
    """
    found = {
        "stem": plain(delivered.stem),
        "feedback": plain(delivered.feedback),
        "if_correct": plain(delivered.if_correct),
        "if_incorrect": plain(delivered.if_incorrect),
        "alts": [_tidy(picture.alternative) for picture in delivered.pictures],
        "captions": [_tidy(picture.caption) for picture in delivered.pictures],
        **_of_key(delivered.key),
    }
    return _without_empty(found)


def changed(built: Mapping[str, Any], found: Mapping[str, Any], left_out: Collection[str] = ()) -> Iterator[str]:
    """Where words differ from those that were built, in a sentence each.

    `left_out` names the downgrades of the format: with "comments" it says nothing to single answers, with "feedback"
    nothing special to who is right or wrong.  White space counts for nothing: formats keep it in different ways.
    """
    for name in dict.fromkeys((*built, *found)):
        if name in {wanted for downgrade in left_out for wanted in _LEFT_OUT.get(downgrade, ())}:
            continue
        was, now = built.get(name, ""), found.get(name, "")
        if name == "parts" and isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
            for number, (one, other) in enumerate(zip(was, now, strict=True), start=1):
                for message in changed(one, other, left_out):
                    yield f"part {number}: {message}"
        elif _squeezed(was) != _squeezed(now):
            yield f"{_CALLED.get(name, name)} {_cut(now, was)}, but {_cut(was, now)} was built"


def plain(html: str) -> str:
    """What some HTML says: its words with single spaces, an ASCII hyphen for a minus; no tables, no captions."""
    return _tidy(fragment(_TABLE.sub(" ", html)).said)


def _of_key(key: KeyDelivered) -> Words:
    match key:
        case NumericDelivered():
            return {}
        case ChoiceDelivered() | MultipleDelivered():
            return {"options": list(map(plain, key.options)), "option_feedback": list(map(plain, key.feedback))}
        case TrueFalseDelivered():
            return {"option_feedback": [plain(key.if_true), plain(key.if_false)]}
        case MatchingDelivered():
            return {"prompts": list(map(plain, key.prompts)), "answers": sorted(map(_tidy, key.answers))}
        case PartsDelivered():
            return {"parts": [_of_part(part) for part in key.parts]}
        case _:
            assert_never(key)


def _of_part(part: PartDelivered) -> Words:
    return _without_empty({"stem": plain(part.stem), **_of_key(part.key)})


def _without_empty(words: Words) -> Words:
    return {name: said for name, said in words.items() if said and said != [""] * len(said)}


def _tidy(text: str) -> str:
    return " ".join(text.replace("\N{MINUS SIGN}", "-").split())


def _squeezed(said: Any) -> Any:
    """Texts, alone or in a list, without white space."""
    if isinstance(said, list):
        return [_squeezed(one) for one in said]
    return "".join(said.split()) if isinstance(said, str) else said


def _cut(said: Any, other: Any) -> str:
    """A text to repeat: a long one from shortly before it differs from the other."""
    shown, beside = (repr(one) if one else "nothing" for one in (said, other))
    if len(shown) <= _LONGEST:
        return shown
    same = next((place for place, pair in enumerate(zip(shown, beside, strict=False)) if len({*pair}) > 1), 0)
    first = max(0, min(same, len(shown) - _LONGEST) - _BEFORE)
    last = first + _LONGEST
    return f"{'...' if first else ''}{shown[first:last]}{'...' if last < len(shown) else ''}"
