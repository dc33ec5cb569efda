"""The report: pages for the instructor alone that show every item of a bank before it reaches students.

A page opens from the disk and holds everything in itself: a list of its items in `<script type="application/json"
id="items">`, the most alike pairs of pictures in `id="pairs"`, and for each item a script element of its own with its
pictures and its text, which `report.js` reads when they come into sight.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from PIL import Image

from .as_delivered import delivered_item
from .bank_folder import owned
from .items import Item, PartsKey
from .pages import block, embedded, policy
from .proof.likeness import Neighbour
from .quiz import Quiz
from .showing import item_html, picture_uri
from .variants import Variant

GENERATOR = "plotbank report"
"""What a page says in its head that it is."""

MOST_ITEMS = 5_000  # in a page
MOST_BYTES = 30_000_000  # of pictures in a page: where there are more, it holds smaller copies
_WIDTH = 300  # pixels of a smaller copy, about
_COLOURS = 32
_PAIRS = 12  # the most alike ones of a question


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two pictures of different items that are much alike: of each the variant and the place among its pictures."""

    question: str
    first: tuple[str, int]
    second: tuple[str, int]
    apart: float


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where an item lies in the spool: a line for the list of items, then a line with its pictures and texts."""

    id: str
    question: str
    start: int
    pictures: int  # their bytes


class Report:
    """Takes the items of a bank one by one, and writes the pages in the end; in between they lie in a file."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self._entries: list[_Entry] = []

    def add(self, variant: Variant) -> None:
        """Take an item; those of a question come one after another."""
        item = variant.item
        pictures = sum(len(picture.png) for picture in item.every_picture)
        self._entries.append(_Entry(item.id, item.question, self._spool.tell(), pictures))
        for data in (_listed(variant), _content(item)):
            self._spool.write(embedded(data).encode() + b"\n")

    def write(
        self, path: Path, quiz: Quiz, alike: Sequence[Alike], *, banned: Sequence[str] = (), sample: bool = False
    ) -> tuple[Path, ...]:
        """Write the page, or as many as it takes: `report.html`, `report-2.html`, ...

        The file of banned items that a page writes begins with those `banned` already, in their order.  `sample` pages
        show items that no student will get, so that there is nothing to ban.
        """
        pages = _paged([entry.question for entry in self._entries])
        paths = [
            path.with_stem(f"{path.stem}-{number}" if number > 1 else path.stem) for number in range(1, len(pages) + 1)
        ]
        place_of = {entry.id: place for place, entry in enumerate(self._entries)}
        style, script = _source("report.css"), _source("report.js")
        for own, places in zip(paths, pages, strict=True):
            pairs = [pair for pair in alike if place_of[pair.first[0]] in places]
            elsewhere = dict.fromkeys(place_of[pair.second[0]] for pair in pairs)
            shown = [*places, *(place for place in elsewhere if place not in places)]
            whole = sum(self._entries[place].pictures for place in shown) <= MOST_BYTES
            head = {
                "title": quiz.title,
                "language": quiz.language,
                "generator": f"{GENERATOR} of samples" if sample else GENERATOR,
                "policy": policy(style, script),
                "style": style,
                "items": len(self._entries),
                "sample": sample,
                "whole": whole,
                "pages": [
                    (other.name, self._said(of_other), other == own)
                    for other, of_other in zip(paths, pages, strict=True)
                ],
            }
            about = {
                "quiz": quiz.id,
                "language": quiz.language,
                "questions": [{"id": question.id, "title": question.title} for question in quiz.questions],
                "items": len(places),  # those that follow in the list are shown beside one of them only
                "banned": list(banned),
                "whole": whole,
            }
            local = {self._entries[place].id: number for number, place in enumerate(shown)}
            with owned(own, encoding="utf-8") as file:
                file.write(_block("head", **head))
                file.write(_block("data", id="about", data=embedded(about)))
                file.write(_block("data", id="pairs", data=embedded([_pair(pair, local) for pair in pairs])))
                file.write(_block("data", id="items", data=f"[{','.join(self._lines(place)[0] for place in shown)}]"))
                for number, place in enumerate(shown):
                    content = self._lines(place)[1]
                    file.write(_block("data", id=f"item-{number}", data=content if whole else _with_smaller(content)))
                file.write(_block("tail", script=script))
        return tuple(paths)

    def _lines(self, place: int) -> tuple[str, str]:
        """What the spool holds of an item: its line in the list, and its content."""
        self._spool.seek(self._entries[place].start)
        return self._spool.readline().decode().rstrip("\n"), self._spool.readline().decode().rstrip("\n")

    def _said(self, places: range) -> str:
        """What a page holds, in words."""
        questions = dict.fromkeys(self._entries[place].question for place in places)
        return f"{', '.join(questions)} ({len(places):,} items)"


@contextmanager
def reporting(folder: Path) -> Iterator[Report]:
    """A report that keeps what it needs in a nameless file in this folder."""
    with TemporaryFile(dir=folder) as spool:
        yield Report(spool)


def most_alike(question: str, owners: Sequence[str], found: Sequence[Neighbour]) -> list[Alike]:
    """The pairs of pictures of a question that are most alike; `owners` are the variants that pictures belong to."""

    def picture(place: int) -> tuple[str, int]:
        return owners[place], place - owners.index(owners[place])

    pairs: dict[tuple[int, int], float] = {}
    for one in sorted(found, key=lambda one: one.apart):
        pairs.setdefault((min(one.of, one.other), max(one.of, one.other)), one.apart)
        if len(pairs) == _PAIRS:
            break
    return [
        Alike(question=question, first=picture(first), second=picture(second), apart=apart)
        for (first, second), apart in pairs.items()
    ]


def _paged(questions: Sequence[str]) -> list[range]:
    """Which items stand on which page, by the question of each: all of a question on one page where they fit."""
    pages: list[range] = []
    for _, group in groupby(range(len(questions)), key=questions.__getitem__):
        of_question = list(group)
        for first in range(of_question[0], of_question[-1] + 1, MOST_ITEMS):
            part = range(first, min(first + MOST_ITEMS, of_question[-1] + 1))
            if pages and part.stop - pages[-1].start <= MOST_ITEMS:
                part = range(pages.pop().start, part.stop)
            pages.append(part)
    return pages


def _listed(variant: Variant) -> dict[str, Any]:
    """What the list of a page says of an item."""
    item = variant.item
    return {
        "id": item.id,
        "question": item.question,
        "student": variant.student.id,
        "name": variant.student.name,
        "keys": [part.key.printed for part in item.key.parts] if isinstance(item.key, PartsKey) else [item.key.printed],
        "clarity": round(item.clarity, 2),
        "difficulty": round(item.difficulty, 3),
        "word": item.difficulty_word,
        "pictures": len(item.every_picture),
        "table": variant.accommodated,
    }


def _content(item: Item) -> dict[str, Any]:
    """The pictures of an item, and what a student sees of it, without and with the answers.

    In the texts, the place of a picture stands where its bytes would: they are long, and would stand there twice.
    """
    delivered = delivered_item(item)
    numbered = tuple(replace(picture, png=str(place).encode()) for place, picture in enumerate(delivered.pictures))
    short = replace(delivered, pictures=numbered)
    return {
        "pictures": [picture_uri(picture.png) for picture in delivered.pictures],
        "asked": item_html(short, answers=False),
        "answered": item_html(short, answers=True),
    }


def _with_smaller(content: str) -> str:
    """The same content with smaller copies of its pictures."""
    data = json.loads(content)
    data["pictures"] = [picture_uri(_smaller(base64.b64decode(uri.partition(",")[2]))) for uri in data["pictures"]]
    return embedded(data)


def _smaller(png: bytes) -> bytes:
    """A copy of a picture that is about 300 pixels wide."""
    with Image.open(BytesIO(png)) as picture:
        reduced = picture.convert("RGB").reduce(max(1, round(picture.width / _WIDTH)))
    file = BytesIO()
    reduced.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def _pair(pair: Alike, local: Mapping[str, int]) -> dict[str, Any]:
    """A pair as the page has it, its items by their numbers in the page."""
    (first, first_picture), (second, second_picture) = pair.first, pair.second
    return {
        "question": pair.question,
        "items": [local[first], local[second]],
        "pictures": [first_picture, second_picture],
        "apart": round(pair.apart, 4),
    }


def _block(name: str, /, **context: object) -> str:
    return block(_source("report.html.jinja"), name, **context)


@cache
def _source(name: str) -> str:
    return files("plotbank").joinpath(name).read_text(encoding="utf-8")
