"""The rules that delivered packages keep: what platforms would change, and what would tell students the key."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from typing import assert_never

from . import Finding
from .delivered import (
    ChoiceDelivered,
    Delivered,
    DeliveredPicture,
    KeyDelivered,
    MatchingDelivered,
    MultipleDelivered,
    NumericDelivered,
    PartsDelivered,
    TrueFalseDelivered,
    printed,
)
from .markup import fragment

_LONGEST_ALT = 500

_MEANINGLESS = re.compile(r"p[0-9a-f]{16}\.png|[1-9][0-9]{11}\.png")  # the latter where Moodle puts a number
_FILE_NAME = re.compile(r"\S+\.(png|jpe?g|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_MINUS = "\N{MINUS SIGN}"
# A hyphen behind a letter or digit joins or spans ("0.65-0.75"); elsewhere it is a minus.
_SIGN = rf"(?:(?<![0-9A-Za-z])[-{_MINUS}])?(?<![0-9A-Za-z])"
_THOUSANDS = r"[1-9][0-9]{0,2}(?:[.,'’\u00a0\u2009\u202f][0-9]{3})+(?:[.,][0-9]+)?(?![0-9])"
_NUMBER = re.compile(rf"{_SIGN}(?:{_THOUSANDS}|[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)")
_GROUPS = re.compile(r"-?[1-9][0-9]{0,2}(?P<sign>[.,'’\u00a0\u2009\u202f])[0-9]{3}(?:(?P=sign)[0-9]{3})*([.,][0-9]+)?")
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_ASIDE = re.compile(r"<!--(?!\s*-->)|<[^>]*\sdata-(?!catalog-idref|first-column-header)", re.IGNORECASE)
_VARIANT = re.compile(r" [0-9a-f]{8}$")  # tells an instructor which variant a title is of
# Names a picture and says nothing about it: "A", "Plot B".
_LABEL = re.compile(r"(?:[^\W\d_]+ )?[^\W\d_]")

Stands = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Somewhere students look before they answer: its text, and what it takes for an answer to stand in it.

    `about` says what the text is about: the caption of a picture.
    """

    name: str
    text: str
    stands: Stands
    about: str = ""

    def holds(self, answer: str) -> bool:
        """Whether an answer stands here."""
        return bool(answer) and self.stands(answer, self.text)


def leaks(delivered: Delivered, ends: Sequence[Sequence[float]] = ()) -> Iterator[Finding]:
    """What would tell a student the key: names, titles, identifiers, the text alternative, the stem.

    `ends` are those of the axes of each picture, which its text alternative may say: a whole number that is the key
    may by chance be one of them too.  Tables of data, which some students get instead of the picture, may hold it.
    """
    for message in _messages(delivered, ends):
        yield Finding(package=delivered.package, item=delivered.id, message=message)


def _messages(delivered: Delivered, ends: Sequence[Sequence[float]]) -> Iterator[str]:
    for picture in delivered.pictures:
        if not _MEANINGLESS.fullmatch(picture.name):
            yield f"the picture's name {picture.name!r} is neither p and 16 hexadecimal digits nor 12 digits, and .png"
        yield from _alternative(picture.alternative)
    if any(_ASIDE.search(text) for text in delivered.shown):
        yield "a text has a comment or data that no platform shows, but students may find"
    captions = frozenset(_plain(picture.caption) for picture in delivered.pictures if picture.caption)
    told = (message for place in _places_of(delivered, ends) for message in _told(delivered.key, place, captions))
    yield from dict.fromkeys(told)


def _places_of(delivered: Delivered, ends: Sequence[Sequence[float]]) -> Iterator[_Place]:
    for picture, own in zip_longest(delivered.pictures, ends[: len(delivered.pictures)], fillvalue=()):
        assert isinstance(picture, DeliveredPicture), "there are no more ends than pictures"
        alt = _without(picture.alternative, own)
        yield _Place(name="text alternative", text=alt, stands=_stands_in_prose, about=picture.caption)
    yield _Place(name="title", text=_VARIANT.sub("", delivered.title), stands=_stands_in_prose)
    for picture in delivered.pictures:
        yield _Place(name="picture's name", text=picture.name.removesuffix(".png"), stands=_stands_in_name)
    yield _Place(name="id", text=delivered.id, stands=_stands_in_name)
    yield _Place(name="stem", text=fragment(_TABLE.sub("", delivered.stem)).text, stands=_stands_in_stem)
    if isinstance(delivered.key, PartsDelivered):  # what one part says, another may ask
        for number, part in enumerate(delivered.key.parts, start=1):
            yield _Place(name=f"text of part {number}", text=fragment(part.stem).text, stands=_stands_in_stem)


def _without(text: str, numbers: Sequence[float]) -> str:
    """A text in which each of these numbers no longer stands where it stood first."""
    for number in numbers:
        wanted = Decimal(repr(float(number)))
        for token in _NUMBER.finditer(text):
            if wanted in _readings(token[0]):
                text = text[: token.start()] + text[token.end() :]
                break
    return text


def _told(key: KeyDelivered, place: _Place, captions: frozenset[str]) -> Iterator[str]:
    """What a place tells, in words."""
    if isinstance(key, PartsDelivered):
        for number, part in enumerate(key.parts, start=1):
            if _tells(part.key, place, captions):
                yield f"the {place.name} tells the key of part {number}"
    elif _tells(key, place, captions):
        yield f"the {place.name} tells the key"


def _alternative(alt: str) -> Iterator[str]:
    if not alt.strip():
        yield "the picture has no text alternative"
    if _FILE_NAME.fullmatch(alt.strip()):
        yield "the text alternative is a file name"
    if len(alt) > _LONGEST_ALT:
        yield f"the text alternative is longer than {_LONGEST_ALT} characters"


def _tells(key: KeyDelivered, place: _Place, captions: frozenset[str]) -> bool:
    """Whether the right answer stands in a place; all options standing there together tell nothing."""
    match key:
        case NumericDelivered():
            answer = printed(key)
            # Elsewhere a digit stands by chance, and for all students alike: "Quiz 1".
            return (len(answer) > 1 or place.name == "text alternative") and place.holds(answer)
        case ChoiceDelivered():
            named = _named(key.options, place, captions)
            return not named.isdisjoint(key.correct) and len(named) < len(key.options)
        case MultipleDelivered():
            named = _named(key.options, place, captions)
            return bool(named) and named <= set(key.correct)
        case TrueFalseDelivered():
            return False  # true and false are ordinary words
        case MatchingDelivered():
            return _tells_pair(key, place)
        case PartsDelivered():
            return any(_tells(part.key, place, captions) for part in key.parts)
        case _:
            assert_never(key)


def _named(options: Sequence[str], place: _Place, captions: frozenset[str]) -> set[int]:
    """The positions of the options that stand in a place; what only names a picture is none."""
    answers = [_plain(fragment(option).text) for option in options]
    return {
        number
        for number, answer in enumerate(answers)
        if answer not in captions and not _LABEL.fullmatch(answer) and place.holds(answer)
    }


def _tells_pair(key: MatchingDelivered, place: _Place) -> bool:
    """Whether a prompt, or what the place is about, stands there with its answer, and not with every answer."""
    answers = [_plain(answer) for answer in key.answers]
    named = {number for number, answer in enumerate(answers) if place.holds(answer)}
    if len(named) == len(answers):
        return False
    prompts = (_plain(fragment(prompt).text) for prompt in key.prompts)
    return any(
        pair in named and (prompt == _plain(place.about) or place.holds(prompt))
        for prompt, pair in zip(prompts, key.pairs, strict=True)
    )


def _plain(text: str) -> str:
    return text.replace(_MINUS, "-").casefold()


def _is_number(answer: str) -> bool:
    return _NUMBER.fullmatch(answer) is not None


def _stands_in_prose(answer: str, text: str) -> bool:
    """Whether an answer stands in a text: a number by its value with its decimals, words as words."""
    if not _is_number(answer):
        return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", _plain(text)) is not None
    wanted = _readings(answer)
    return any(
        value in wanted and places >= wanted[value]
        for token in _NUMBER.findall(text)
        for value, places in _readings(token).items()
    )


def _stands_in_stem(answer: str, text: str) -> bool:
    """Whether a number with decimals stands in a stem: there whole numbers, and words, may stand by chance."""
    return (
        _is_number(answer) and any(places for places in _readings(answer).values()) and _stands_in_prose(answer, text)
    )


@lru_cache(maxsize=4096)
def _readings(token: str) -> Mapping[Decimal, int]:
    """The values that a printed number may have, with their decimals: some signs may part decimals or thousands."""
    token = _plain(token)
    readings: dict[Decimal, int] = {}
    point = token.replace(",", ".")
    if re.fullmatch(r"-?[0-9]*(\.[0-9]+)?", point):
        readings[Decimal(point)] = len(point.partition(".")[2])
    if grouped := _GROUPS.fullmatch(token):
        decimals = grouped[2] or ""
        whole = token.removesuffix(decimals).replace(grouped["sign"], "")
        readings[Decimal(f"{whole}{decimals.replace(',', '.')}")] = max(0, len(decimals) - 1)
    return readings


def _stands_in_name(answer: str, name: str) -> bool:
    """Whether an answer stands in a name, where other marks may replace points, spaces and a minus."""
    words = [re.escape(word) for word in re.split(r"[^0-9a-z]+", _plain(answer)) if word]
    pattern = r"(?<![0-9a-z])" + "[^0-9a-z]+".join(words) + r"(?![0-9a-z])"
    return bool(words) and re.search(pattern, _plain(name)) is not None
