"""An item of a practice page: the JSON that its script element holds, with the sealed key opened.

This is written from the description of the format in `plotbank.exporters.practice_items`, and shares no code with it.
"""

import base64
import binascii
import json
import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any, NoReturn

from . import Unreadable
from .contents import number_of, some, whole_png, within
from .delivered import (
    BandDelivered,
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartDelivered,
    PartsDelivered,
    TrueFalseDelivered,
)

Json = Mapping[str, Any]

_DEEPEST = 16
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_PNG = "data:image/png;base64,"
_LARGEST_SIDE = 99_999  # CSS pixels
_SLACK = 1e-6  # of the mark


def read_item(ident: str, source: str, package: str, pool: str) -> Delivered:
    """The item that a script element holds.

    Raises:
        Unreadable: it is no item that could be proved, or something in it lies open that should be sealed.
    """
    names = ("title", "points", "stem", "pictures", "answer", "sealed")
    item = _fields(_parsed(source, "the item"), names, "the item")
    told = _fields(
        _unsealed(_text(item["sealed"], "the seal"), ident),
        ("key", "feedback", "if_correct", "if_incorrect"),
        "what is sealed",
    )
    answer = _object(item["answer"], "the answer")
    return Delivered(
        package=package,
        id=ident,
        pool=pool,
        title=_text(item["title"], "the title"),
        stem=_text(item["stem"], "the stem"),
        feedback=_text(told["feedback"], "the feedback"),
        if_correct=_text(told["if_correct"], "the feedback to right answers"),
        if_incorrect=_text(told["if_incorrect"], "the feedback to wrong answers"),
        pictures=some(_pictures(item["pictures"], answer)),
        points=float(_decimal(item["points"], "the number of points")),
        key=_key(answer, told["key"]),
    )


def _unsealed(sealed: str, ident: str) -> Json:
    """What was XORed with the keystream of this id."""
    try:
        content = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("what is sealed is not valid base64") from None
    if _is_json(content):
        raise Unreadable("the key is written in base64, but not sealed")
    try:
        opened = bytes(byte ^ hidden for byte, hidden in zip(content, _keystream(ident), strict=False)).decode()
    except UnicodeDecodeError:
        raise Unreadable("what is sealed does not open with the item's id") from None
    return _parsed(opened, "what is sealed")


def _is_json(content: bytes) -> bool:
    """Whether anybody can read it; one sealed text in 256 begins with a brace too."""
    try:
        json.loads(content)
    except ValueError:
        return False
    except RecursionError:
        pass  # nested as nothing sealed is
    return True


def _keystream(ident: str) -> Iterator[int]:
    state = 2166136261
    for byte in ident.encode():
        state = (state ^ byte) * 16777619 % 2**32
    state |= 1
    while True:
        state ^= (state << 13) % 2**32
        state ^= state >> 17
        state ^= (state << 5) % 2**32
        yield state % 256


def _parsed(source: str, what: str) -> Json:
    """A JSON object, as a browser reads it; duplicate names and deep nesting are refused."""
    if _depth(source) > _DEEPEST:
        raise Unreadable(f"{what} is nested deeper than {_DEEPEST} levels")
    try:
        return _object(json.loads(source, parse_constant=_no_number, object_pairs_hook=_once), what)
    except ValueError as error:
        raise Unreadable(f"{what} is not valid JSON: {error}") from None


def _depth(source: str) -> int:
    """How deep the brackets of a JSON text are nested; those in strings do not count."""
    steps = (1 if sign in "[{" else -1 for sign in _STRING.sub("", source) if sign in "[]{}")
    return max(accumulate(steps), default=0)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _pictures(pictures: object, answer: Json) -> Iterator[DeliveredPicture]:
    """Those of the stem, then those of the options."""
    for picture in _list(pictures, "the pictures"):
        yield _picture(picture, None)
    for place, option in enumerate(answer.get("options", ())):
        if "picture" in option:
            yield _picture(option["picture"], place)


def _picture(data: object, option: int | None) -> DeliveredPicture:
    names = ("name", "src", "alt", "description", "caption", "width", "height")
    picture = _fields(data, names, "a picture")
    name, alt, source = (_text(picture[field], f"the {field} of a picture") for field in ("name", "alt", "src"))
    with within(f"the picture {name}"):
        if not alt.strip():
            raise Unreadable("it has no text alternative")
        if not source.startswith(_PNG):
            raise Unreadable(f"it is linked as {source[:80]!r}, not inside the page")
        try:
            png = whole_png(base64.b64decode(source.removeprefix(_PNG), validate=True))
        except (binascii.Error, ValueError):
            raise Unreadable("it is not valid base64") from None
        return DeliveredPicture(
            name=name,
            png=png,
            alt=alt,
            width=_pixels(picture, "width"),
            height=_pixels(picture, "height"),
            option=option,
            caption=_text(picture["caption"], "the caption"),
            description=_text(picture["description"], "the description"),
        )


def _pixels(picture: Json, side: str) -> int:
    size = picture[side]
    if type(size) is not int or not 1 <= size <= _LARGEST_SIDE:
        raise Unreadable(f"the picture has no {side} in pixels")
    return size


def _key(answer: Json, key: object) -> KeyDelivered:
    """What is asked for, together with what is right."""
    match answer.get("type"):
        case "matching":
            return _matching(answer, key)
        case "multiple":
            return _multiple(answer, key)
        case "parts":
            return _parts(answer, key)
        case _:
            return _single(answer, key, ("picture",))


def _single(
    answer: Json, key: object, in_options: Collection[str]
) -> NumericDelivered | ChoiceDelivered | TrueFalseDelivered:
    """What may also be asked for as one of several parts; options may have these fields besides their text."""
    match answer.get("type"):
        case "number":
            _fields(answer, ("type",), "the answer")
            return _number(key)
        case "truth":
            _fields(answer, ("type",), "the answer")
            return _truth(key)
        case "choice":
            options, correct, feedback = _choice(answer, key, in_options)
            if len(correct) != 1:
                raise Unreadable(f"{len(correct)} options are right instead of one")
            return ChoiceDelivered(options=options, correct=correct, feedback=feedback)
        case kind:
            raise Unreadable(f"an answer of the type {kind!r} is not one that can be proved")


def _number(data: object) -> NumericDelivered:
    key = _fields(data, ("value", "bands"), "the key")
    value = _decimal(key["value"], "the key")
    bands = [_band(band) for band in _list(key["bands"], "the bands")]
    if not bands or bands[0][2] != 1:
        raise Unreadable("the first band of a number does not earn the whole mark")
    lows, highs, shares = zip(*bands, strict=True)
    if not lows[0] <= value <= highs[0]:
        raise Unreadable(f"the key {value} does not lie between {lows[0]} and {highs[0]}, which earn the mark")
    if any(share <= 0 for share in shares) or any(
        wider[0] >= inner[0] or wider[1] <= inner[1] or wider[2] >= inner[2] for inner, wider in pairwise(bands)
    ):
        raise Unreadable("the bands of a number do not grow wider and earn less, one after the other")
    return NumericDelivered(
        value=float(value),
        low=float(lows[0]),
        high=float(highs[0]),
        bands=tuple(BandDelivered(low=float(low), high=float(high), share=share) for low, high, share in bands[1:]),
    )


def _band(data: object) -> tuple[Decimal, Decimal, float]:
    match data:
        case [low, high, int() | float() as share] if not isinstance(share, bool):
            return _decimal(low, "the end of a band"), _decimal(high, "the end of a band"), share
        case _:
            raise Unreadable("a band is not its two ends and a share of the mark")


def _truth(data: object) -> TrueFalseDelivered:
    key = _fields(data, ("truth", "if_true", "if_false"), "the key")
    if not isinstance(key["truth"], bool):
        raise Unreadable("the statement is neither true nor false")
    return TrueFalseDelivered(
        truth=key["truth"],
        if_true=_text(key["if_true"], "what is said to true"),
        if_false=_text(key["if_false"], "what is said to false"),
    )


def _choice(
    data: Json, key_data: object, in_options: Collection[str]
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...]]:
    """Texts of the options, places of the right ones, what is said to each."""
    answer = _fields(data, ("type", "options"), "the answer")
    key = _fields(key_data, ("correct", "feedback"), "the key")
    options = tuple(
        _text(_fields(option, ("text",), "an option", in_options)["text"], "an option")
        for option in _list(answer["options"], "the options")
    )
    feedback = _texts(key["feedback"], "what is said to options")
    if len(options) < 2 or len(set(options)) != len(options):
        raise Unreadable("there are not two or more different options")
    if len(feedback) != len(options):
        raise Unreadable(f"{len(feedback)} texts are said to {len(options)} options")
    return options, _places(key["correct"], len(options), "a right option"), feedback


def _multiple(answer: Json, data: object) -> MultipleDelivered:
    options, correct, feedback = _choice(answer, data, ("picture",))
    if not 0 < len(correct) < len(options):
        raise Unreadable("of multiple answers at least one is right and at least one is wrong")
    return MultipleDelivered(options=options, correct=correct, feedback=feedback)


def _matching(data: Json, key_data: object) -> MatchingDelivered:
    answer = _fields(data, ("type", "prompts", "answers"), "the answer")
    prompts, answers = _texts(answer["prompts"], "the prompts"), _texts(answer["answers"], "the answers")
    pairs = _places(_fields(key_data, ("pairs",), "the key")["pairs"], len(answers), "the answer of a prompt")
    if len(prompts) < 2 or len(pairs) != len(prompts):
        raise Unreadable(f"{len(prompts)} prompts have {len(pairs)} answers")
    if len(set(answers)) != len(answers):
        raise Unreadable("two answers are alike")
    return MatchingDelivered(prompts=prompts, answers=answers, pairs=pairs)


def _parts(data: Json, key_data: object) -> PartsDelivered:
    asked = _list(_fields(data, ("type", "parts"), "the answer")["parts"], "the parts")
    keys = _list(_fields(key_data, ("parts",), "the key")["parts"], "the keys of the parts")
    if len(asked) < 2 or len(keys) != len(asked):
        raise Unreadable(f"{len(asked)} parts have {len(keys)} keys")
    parts = []
    for number, (one, key) in enumerate(zip(asked, keys, strict=True), start=1):
        with within(f"part {number}"):
            part = _fields(one, ("stem", "share", "answer"), "the part")
            share = part["share"]
            if not isinstance(share, float) or not 0 < share < 1:
                raise Unreadable("its share of the mark does not lie between 0 and 1")
            answer = _single(_object(part["answer"], "the answer"), key, ())
            parts.append(PartDelivered(stem=_text(part["stem"], "the stem"), key=answer, share=share))
    if abs(sum(part.share for part in parts) - 1) > _SLACK:
        raise Unreadable("the shares of the parts do not add up to the mark")
    return PartsDelivered(parts=tuple(parts))


def _fields(data: object, names: Collection[str], what: str, others: Collection[str] = ()) -> Json:
    """A JSON object with all these fields, perhaps some of the others, and no more."""
    found = _object(data, what)
    for name in sorted(found.keys() - {*names, *others}):
        raise Unreadable(f"{what} holds {name!r}, which does not belong there: nothing of the key may lie open")
    for name in names:
        if name not in found:
            raise Unreadable(f"{what} has no {name!r}")
    return found


def _object(data: object, what: str) -> Json:
    if not isinstance(data, dict):
        raise Unreadable(f"{what} is no JSON object")
    return data


def _list(data: object, what: str) -> list[Any]:
    if not isinstance(data, list):
        raise Unreadable(f"{what} are no list")
    return data


def _text(data: object, what: str) -> str:
    if not isinstance(data, str):
        raise Unreadable(f"{what} is no text")
    return data


def _texts(data: object, what: str) -> tuple[str, ...]:
    return tuple(_text(one, f"one of {what}") for one in _list(data, what))


def _places(data: object, count: int, what: str) -> tuple[int, ...]:
    """Positions among so many, each of them once."""
    places = _list(data, "the places in the key")
    if any(type(place) is not int or not 0 <= place < count for place in places) or len(set(places)) != len(places):
        raise Unreadable(f"the place of {what} is wrong")
    return tuple(places)


def _decimal(data: object, what: str) -> Decimal:
    return number_of(_text(data, what), what)
