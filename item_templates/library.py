"""Where templates come from: this package, other installed packages, and an instructor's own files.

A package offers templates through an entry point of the group `plotbank.templates` whose value is a package with files
`KIND.WHAT.md` in English, and their words in other languages in `LANGUAGE/KIND.WHAT.md`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..errors import PlotbankError, QuizFileError
from .header import Template, parse
from .numerals import LANGUAGES

GROUP = "plotbank.templates"
_LARGEST = 1_000_000  # bytes of a template file


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An installed template as it was written: in English, and its words by language."""

    english: str
    translations: Mapping[str, str]


@cache
def installed() -> dict[str, Source]:
    """Every installed template by its name (`kind/what-it-asks`).

    Raises:
        PlotbankError: two installed packages have a template of the same name.
    """
    found: dict[str, Source] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        folder = files(entry.value)
        for name, text in _sources(folder):
            if name in found:
                raise PlotbankError(f"two installed packages both have the template {name!r}: remove one")
            found[name] = Source(english=text, translations=dict(_translations(folder, name)))
    return dict(sorted(found.items()))


@cache
def built_in(name: str) -> Template:
    """The installed template of this name, compiled.

    Raises:
        KeyError: there is none.
        QuizFileError: it is faulty.
    """
    source = installed()[name]
    return parse(name, source.english, source.translations)


def load(path: Path) -> Template:
    """Read an instructor's own template file.

    Raises:
        QuizFileError: it cannot be read, is too large, or is not a template; the message names the line.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise QuizFileError(f"{path.name}: a template has at most {_LARGEST:,} bytes")
        return parse(path.name, path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise QuizFileError(f"{path}: there is no such template file ('plotbank templates new' makes one)") from None
    except OSError as error:
        raise QuizFileError(f"{path.name}: the template cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise QuizFileError(f"{path.name}: the template is not UTF-8 text: save it as UTF-8") from None


def _sources(folder: Traversable) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".md"):
            yield _name(entry.name), entry.read_text(encoding="utf-8")


def _translations(folder: Traversable, name: str) -> Iterator[tuple[str, str]]:
    for language in LANGUAGES:
        entry = folder.joinpath(language, name.replace("/", ".") + ".md")
        if entry.is_file():
            yield language, entry.read_text(encoding="utf-8")


def _name(file: str) -> str:
    return file.removesuffix(".md").replace(".", "/", 1)
