"""The rules that delivered packages keep: what platforms would change, and what would tell students the key."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from . import Finding, Unreadable
from .canvas_rules import check_canvas
from .markup import Fragment
from .moodle_rules import check_moodle
from .packages import ChoiceDelivered, Delivered, NumericDelivered

_LONGEST_ALT = 500
_CHECKS = {".xml": check_moodle, ".zip": check_canvas}

_MEANINGLESS = re.compile(r"p[0-9a-f]{16}\.png")
_FILE_NAME = re.compile(r"\S+\.(png|jpe?g|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_MINUS = "\N{MINUS SIGN}"
# A hyphen behind a letter or digit joins or spans ("0.65-0.75"); elsewhere it is a minus.
_NUMBER = re.compile(rf"(?:(?<![0-9A-Za-z])[-{_MINUS}])?(?<![0-9A-Za-z])(?:[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2},[0-9]{3}")

Place = Callable[[str], bool]


def check_package(path: Path, folder: Path) -> Iterator[Finding]:
    """Everything that a platform would drop, rewrite or misread silently in a package below a bank's folder.

    A package that cannot be read at all is a finding too; nothing is raised.
    """
    package = path.relative_to(folder).as_posix()
    check = _CHECKS.get(path.suffix)
    if check is None:
        yield Finding(package=package, item="", message="the file is neither Moodle XML nor a Canvas zip")
        return
    try:
        yield from check(path, package)
    except Unreadable as error:
        yield Finding(package=package, item="", message=str(error))


def leaks(delivered: Delivered) -> Iterator[Finding]:
    """What would tell a student the key: names, titles, identifiers, the text alternative, the stem."""
    for message in _messages(delivered):
        yield Finding(package=delivered.package, item=delivered.id, message=message)


def _messages(delivered: Delivered) -> Iterator[str]:
    if not _MEANINGLESS.fullmatch(delivered.picture_name):
        yield f"the picture's name {delivered.picture_name!r} is not p, 16 hexadecimal digits and .png"
    yield from _alternative(delivered.alt)
    stem = Fragment(delivered.stem).text
    places: dict[str, Place] = {
        "text alternative": lambda answer: _stands_in_prose(answer, delivered.alt),
        "title": lambda answer: _stands_in_prose(answer, delivered.title),
        "picture's name": lambda answer: _stands_in_name(answer, delivered.picture_name.removesuffix(".png")),
        "id": lambda answer: _stands_in_name(answer, delivered.id),
        "stem": lambda answer: _is_number(answer) and _stands_in_prose(answer, stem),
    }
    for name, place in places.items():
        if _tells(delivered.key, place):
            yield f"the {name} tells the key"


def _alternative(alt: str) -> Iterator[str]:
    if not alt.strip():
        yield "the picture has no text alternative"
    if _FILE_NAME.fullmatch(alt.strip()):
        yield "the text alternative is a file name"
    if len(alt) > _LONGEST_ALT:
        yield f"the text alternative is longer than {_LONGEST_ALT} characters"


def _tells(key: NumericDelivered | ChoiceDelivered, place: Place) -> bool:
    """Whether the right answer stands in a place; all options standing there together tell nothing."""
    if isinstance(key, NumericDelivered):
        return place(_printed(key))
    options = [_plain(Fragment(option).text) for option in key.options]
    named = {number for number, option in enumerate(options) if option and place(option)}
    return not named.isdisjoint(key.correct) and len(named) < len(options)


def _printed(key: NumericDelivered) -> str:
    """The key with its decimals: those of its bounds but one, because bounds end in half a unit."""
    places = max(_places(key.value), _places(key.low) - 1, _places(key.high) - 1)
    return f"{key.value:.{places}f}"


def _places(number: float) -> int:
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # a delivered number is finite
    return max(0, -exponent)


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


def _readings(token: str) -> dict[Decimal, int]:
    """The values that a printed number may have, with their decimals: a comma may part decimals or thousands."""
    token = _plain(token)
    point = token.replace(",", ".")
    readings = {Decimal(point): len(point.partition(".")[2])}
    if _THOUSANDS.fullmatch(token):
        readings[Decimal(token.replace(",", ""))] = 0
    return readings


def _stands_in_name(answer: str, name: str) -> bool:
    """Whether an answer stands in a name, where other marks may replace points, spaces and a minus."""
    words = [re.escape(word) for word in re.split(r"[^0-9a-z]+", _plain(answer)) if word]
    pattern = r"(?<![0-9a-z])" + "[^0-9a-z]+".join(words) + r"(?![0-9a-z])"
    return bool(words) and re.search(pattern, _plain(name)) is not None
