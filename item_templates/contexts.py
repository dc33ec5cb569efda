"""Where data may come from: stories, axis labels and plausible ranges; they stand in `contexts.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from ..errors import QuizFileError
from .numerals import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What an axis measures: the axis runs from `low` to `high`; no value below `least` or above `most` makes sense.

    `whole` values are counted, not measured.
    """

    low: float
    high: float
    whole: bool = False
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextText:
    """A context in one language: its story in one sentence, and what stands beside and along the axes."""

    story: str
    x: str
    y: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A setting for plots of one kind, with `texts` by language.

    Of a scatter plot, `sign` is the direction that is plausible: 1, -1, or 0 for either.  Of a histogram, `bins` is a
    number of classes with round widths.  The measure of an axis is None where the axis measures nothing: x of a box
    plot holds categories, y of a histogram counts.
    """

    id: str
    kind: str
    sign: int
    bins: int | None
    x: Measure | None
    y: Measure | None
    texts: Mapping[str, ContextText]


@cache
def contexts(kind: str) -> tuple[Context, ...]:
    """The contexts for plots of a kind, in the file's order; none for a kind that has none."""
    return tuple(found for found in _every_context().values() if found.kind == kind)


def context(identifier: str) -> Context:
    """The context of this id.

    Raises:
        QuizFileError: there is none; the message names the nearest.
    """
    known = _every_context()
    if identifier not in known:
        near = get_close_matches(identifier, known, n=3, cutoff=0.5)
        right = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(known)}"
        raise QuizFileError(f"there is no context {identifier!r}: {right}")
    return known[identifier]


@cache
def _every_context() -> Mapping[str, Context]:
    text = files("plotbank.item_templates").joinpath("contexts.toml").read_text(encoding="utf-8")
    return {entry["id"]: _context(entry) for entry in tomllib.loads(text)["context"]}


def _context(entry: Mapping[str, Any]) -> Context:
    return Context(
        id=entry["id"],
        kind=entry["kind"],
        sign=entry.get("sign", 0),
        bins=entry.get("bins"),
        x=_measure(entry.get("x")),
        y=_measure(entry.get("y")),
        texts=MappingProxyType({language: _text(entry[language]) for language in LANGUAGES}),
    )


def _measure(entry: Mapping[str, Any] | None) -> Measure | None:
    if entry is None:
        return None
    low, high = map(float, entry["range"])
    return Measure(
        low=low, high=high, whole=entry.get("whole", False), least=entry.get("least"), most=entry.get("most")
    )


def _text(entry: Mapping[str, Any]) -> ContextText:
    return ContextText(story=entry["story"], x=entry["x"], y=entry["y"], categories=tuple(entry.get("categories", ())))
