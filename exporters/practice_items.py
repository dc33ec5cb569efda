"""Items as a practice page holds them: JSON, of which the key and the feedback are sealed.

An item is {"title", "points", "stem", "pictures", "answer", "sealed"}, a picture {"name", "src", "alt", "description",
"caption", "width", "height"}.  Texts are HTML, but for titles, what is said of pictures, and the answers of a matching
question, which are plain; points and the numbers of keys are decimal text.

`answer` says what is asked for, by its "type": `number`; `truth`; `choice` and `multiple`, with "options" of a "text"
and perhaps a "picture" each; `matching`, with "prompts" and "answers"; `parts`, with "parts" of a "stem", a "share" of
the mark and an "answer" each.

`sealed` hides {"key", "feedback", "if_correct", "if_incorrect"}.  The key of a number is {"value", "bands"}, with
[least, greatest, share] for each band, from the whole mark outwards; of a choice and of multiple answers {"correct",
"feedback"}, the places of right options and what is said to every option; of a statement {"truth", "if_true",
"if_false"}; of a matching question {"pairs"}, the place of each prompt's answer; of parts {"parts"}, a key each.

To seal is no security: it keeps answers from whoever glances at the source, not from whoever works at it.  The JSON in
UTF-8 is XORed with a keystream and written in base64.  The keystream is the low byte of each state of xorshift32 (13,
17, 5), which starts from the FNV-1a hash (32 bits) of the item's id, with its lowest bit set.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, assert_never

from ..items import (
    ChoiceKey,
    Item,
    Key,
    MatchingKey,
    MultipleKey,
    NumericKey,
    Option,
    PartsKey,
    Picture,
    TrueFalseKey,
)
from .decimals import bounds, key_text, plain
from .practice_html import classed

Json = dict[str, Any]


def item_json(item: Item) -> Json:
    """An item as the page holds it."""
    several = len(item.pictures) > 1
    told = {
        "key": _key(item.key),
        "feedback": classed(item.feedback),
        "if_correct": classed(item.if_correct),
        "if_incorrect": classed(item.if_incorrect),
    }
    return {
        "title": item.title,
        "points": plain(item.points),
        "stem": classed(item.stem),
        "pictures": [_picture(picture, picture.caption if several else "") for picture in item.pictures],
        "answer": _answer(item.key),
        "sealed": _sealed(told, item.id),
    }


def _picture(picture: Picture, caption: str = "") -> Json:
    return {
        "name": picture.name,
        "src": f"data:image/png;base64,{_base64(picture.png)}",
        "alt": picture.alt,
        "description": picture.description,
        "caption": caption,
        "width": picture.width,
        "height": picture.height,
    }


def _answer(key: Key) -> Json:
    """What is asked for, without what is right."""
    match key:
        case NumericKey():
            return {"type": "number"}
        case ChoiceKey():
            return {"type": "choice", "options": _options(key.options)}
        case MultipleKey():
            return {"type": "multiple", "options": _options(key.options)}
        case TrueFalseKey():
            return {"type": "truth"}
        case MatchingKey():
            return {"type": "matching", "prompts": [classed(prompt) for prompt in key.prompts], "answers": key.answers}
        case PartsKey():
            return {
                "type": "parts",
                "parts": [
                    {"stem": classed(part.stem), "share": part.share, "answer": _answer(part.key)} for part in key.parts
                ],
            }
        case _:
            assert_never(key)


def _options(options: Sequence[Option]) -> list[Json]:
    return [
        {"text": classed(option.text)} | ({} if option.picture is None else {"picture": _picture(option.picture)})
        for option in options
    ]


def _key(key: Key) -> Json:
    """What is right, and what is said to single answers."""
    match key:
        case NumericKey():
            return {"value": key_text(key), "bands": _bands(key)}
        case ChoiceKey():
            return {"correct": [key.correct], "feedback": _feedback(key.options)}
        case MultipleKey():
            return {"correct": sorted(key.correct), "feedback": _feedback(key.options)}
        case TrueFalseKey():
            return {"truth": key.truth, "if_true": classed(key.if_true), "if_false": classed(key.if_false)}
        case MatchingKey():
            return {"pairs": key.pairs}
        case PartsKey():
            return {"parts": [_key(part.key) for part in key.parts]}
        case _:
            assert_never(key)


def _bands(key: NumericKey) -> list[Sequence[object]]:
    shares = ((key.tolerance, 1.0), *((band.tolerance, band.share) for band in key.bands))
    return [(*bounds(replace(key, tolerance=tolerance, bands=())), share) for tolerance, share in shares]


def _feedback(options: Sequence[Option]) -> list[str]:
    return [classed(option.feedback) for option in options]


def _sealed(told: Json, ident: str) -> str:
    """Hidden from a glance; `unsealed` in practice.js undoes it."""
    content = json.dumps(told, ensure_ascii=False).encode()
    return _base64(bytes(byte ^ hidden for byte, hidden in zip(content, _keystream(ident), strict=False)))


def _keystream(ident: str) -> Iterator[int]:
    state = 0x811C9DC5
    for byte in ident.encode("ascii"):
        state = (state ^ byte) * 0x01000193 & 0xFFFFFFFF
    state |= 1  # xorshift never leaves 0
    while True:
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state & 0xFF


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
