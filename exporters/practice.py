"""HTML: practice pages that open from the disk, with every plot, key and feedback inside, and need no server.

A page holds a `<section class="question">` for each question, with its title in the `<h2>`, and in it a
`<script type="application/json" class="item" id="ITEM">` for each variant; `practice_items` says what stands there.
Its content security policy lets nothing in from outside, and no script run but the page's own, `practice.js`.
"""

import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from importlib.resources import files
from itertools import count
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol

from ..items import Bank, Item, MatchingKey
from ..pages import block, embedded, policy
from . import PART_BYTES, Downgrade, Exporter
from .limits import Texts, key_texts, shared_problems
from .parts import PartedWriter
from .practice_html import unshown
from .practice_items import item_json
from .words import true_false


class PracticeExporter:
    """Practice pages for students, which check answers in the browser."""

    name = "html"
    title = "HTML practice page"
    how_to_import = (
        "Open a page in any browser, put it on any web space, or add it to a course as a file. It is for practice, not "
        "for marks: who works at its source finds the keys, so give away no page of a bank that a test draws from."
    )
    downgrades: tuple[Downgrade, ...] = ()

    def check(self, bank: Bank, item: Item) -> list[str]:
        """What of this item a practice page does not show."""
        problems = shared_problems(bank, item)
        for what, html in _texts(item).items():
            problems += (f"{what} holds {found}, which a practice page does not show" for found in unshown(html))
        return problems

    def open(self, bank: Bank, folder: Path, part_bytes: int = PART_BYTES) -> PartedWriter:
        """Begin `<bank id>.html`, or as many numbered pages as it takes."""
        numbers = count(1)
        return PartedWriter(folder, bank.id, ".html", lambda path: _Page(bank, part_bytes, path, next(numbers)))


EXPORTER: Exporter = PracticeExporter()


class _Page:
    """One page, and how full it is."""

    def __init__(self, bank: Bank, part_bytes: int, path: Path, number: int) -> None:
        self._titles = {question.id: (place, question.title) for place, question in enumerate(bank.questions, start=1)}
        self._words = _words(bank.language)
        self._budget = part_bytes
        head = _block(
            "head",
            language=bank.language,
            title=bank.title if number == 1 else f"{bank.title} ({number})",
            words=self._words,
            policy=policy(_source("practice.css"), _source("practice.js")),
            style=_source("practice.css"),
        )
        settings = {"words": self._words, "decimal": _decimal_mark(bank.language)}
        self._tail = _block("tail", settings=embedded(settings), script=_source("practice.js"))
        self._size = len(head + _block("end_of_question") + self._tail)
        self._question: str | None = None
        with ExitStack() as stack:
            self._file = stack.enter_context(path.open("wb"))
            self._file.write(head)
            self._stack = stack.pop_all()

    def add(self, item: Item) -> bool:
        """Write a variant, in a new section where the question changes; False when it does not fit any more."""
        variant = _block("item", id=item.id, data=embedded(item_json(item)))
        if item.question != self._question:
            variant = self._end_of_question() + self._beginning(item.question) + variant
        if self._question is not None and self._size + len(variant) > self._budget:
            return False
        self._file.write(variant)
        self._size, self._question = self._size + len(variant), item.question
        return True

    def close(self, *, alone: bool) -> None:  # noqa: ARG002
        """Finish the page and let go of the file."""
        self._file.write(self._end_of_question() + self._tail)
        self._stack.close()

    def abort(self) -> None:
        """Let go of the file as it is."""
        self._stack.close()

    def _beginning(self, question: str) -> bytes:
        place, title = self._titles[question]
        return _block("question", number=place, title=title, words=self._words)

    def _end_of_question(self) -> bytes:
        return b"" if self._question is None else _block("end_of_question")


def _texts(item: Item) -> Texts:
    """The texts of an item that are HTML, by what they are called."""
    if isinstance(item.key, MatchingKey):
        of_key = {f"prompt {number}": prompt for number, prompt in enumerate(item.key.prompts, start=1)}
    else:
        needed, others = key_texts(item.key)
        of_key = needed | others
    return {
        "the text": item.stem,
        "the feedback": item.feedback,
        "the feedback to right answers": item.if_correct,
        "the feedback to wrong answers": item.if_incorrect,
    } | of_key


@cache
def _words(language: str) -> Mapping[str, str]:
    """What the page itself says, in this language; in English where that is unknown."""
    every = tomllib.loads(_source("practice.toml"))
    true, false = true_false(language)
    return {**every.get(language.partition("-")[0].casefold(), every["en"]), "true": true, "false": false}


def _decimal_mark(language: str) -> str:
    """The decimal mark of a language (`de`, `pt-BR`): a comma, or else a point."""
    try:
        mark = get_decimal_symbol(Locale.parse(language, sep="-"))
    except (UnknownLocaleError, ValueError):
        return "."
    return mark if mark == "," else "."


def _block(name: str, /, **context: object) -> bytes:
    """A block of the page's template, filled in."""
    return block(_source("practice.html.jinja"), name, **context).encode()


@cache
def _source(name: str) -> str:
    return files("plotbank.exporters").joinpath(name).read_text(encoding="utf-8")
