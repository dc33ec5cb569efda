"""Words that templates use, in the languages of `numerals.LANGUAGES`; they stand in `words.toml`."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from .numerals import LANGUAGES

LETTERS = "ABCDEFGH"
"""The letters of options and of plots side by side."""

STRENGTHS = ("very weak", "weak", "moderate", "strong", "very strong")
"""Classes of |r|, each 0.2 wide (Evans 1996)."""

_SILENT = 0.05  # |r| below which there is nothing to name
_I_SOUND = re.compile(r"h?[ií](?![aáeéoóu])", re.IGNORECASE)  # not hielo, whose i is a consonant


@cache
def words(language: str) -> Mapping[str, str]:
    """The words of a language by their English keys: `words("pt")["strong positive"]`.

    Raises:
        ValueError: the language is not one of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise ValueError(f"there are no words for the language {language!r}: the languages are {', '.join(LANGUAGES)}")
    return _every_word()[language]


def relationship(r: float, language: str) -> str:
    """A correlation in words: its strength and its direction."""
    known = words(language)
    if abs(r) < _SILENT:
        return known["no linear"]
    strength = STRENGTHS[min(4, int(abs(r) * 5 + 1e-9))]
    return known[f"{strength} {'positive' if r > 0 else 'negative'}"]


def listed(items: Iterable[str], language: str) -> str:
    """Items in a row, as in `1, 2 and 3`; between items with commas of their own stand semicolons."""
    *before, last = items
    if not before:
        return last
    comma = "; " if any("," in item for item in (*before, last)) else ", "
    return f"{comma.join(before)} {_and(last, language)} {last}"


def caption(letter: str, language: str) -> str:
    """What stands above one of several plots: `Plot A`."""
    return words(language)["caption"].format(letter=letter)


def labelled(label: str, text: str, language: str) -> str:
    """A label and what it labels: `Plot A: ...`."""
    return f"{label}{words(language)['colon']}{text}"


def _and(following: str, language: str) -> str:
    """The word between the last two items; in Spanish another one before the sound of an i (`otoño e invierno`)."""
    return "e" if language == "es" and _I_SOUND.match(following) else words(language)["and"]


@cache
def _every_word() -> Mapping[str, Mapping[str, str]]:
    text = files("plotbank.item_templates").joinpath("words.toml").read_text(encoding="utf-8")
    return {language: MappingProxyType(found) for language, found in tomllib.loads(text).items()}
